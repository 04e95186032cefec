# 893-038: what is refused or fails is in the log although its transaction is rolled back.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Warehouse;

my $node = new_node('audit', shared_preload_libraries => 'dwh_ext', 'dwh_ext.database' => 'work',
	'dwh_ext.audit_ring_size' => 16, 'dwh_ext.audit_wait' => '5s', restart_after_crash => 'on');
my $events = q{SELECT action, decision, session_user_name, detail FROM dwh_log.audit_event WHERE event_id > %d AND action <> 'records_lost'
	ORDER BY event_id};
my $seen = 0;

# The events since the last call, one a line; how many records were lost is asked for by itself.
sub new_events
{
	my $lines = $node->safe_psql('work', sprintf($events, $seen));
	$seen = $node->safe_psql('work', 'SELECT coalesce(max(event_id), 0) FROM dwh_log.audit_event');
	return $lines;
}

sub worker_pid
{
	return $node->safe_psql('postgres', q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'dwh_ext audit'});
}

# The worker outlives a database, an extension and a warehouse that are not there yet.
$node->safe_psql('postgres', 'CREATE DATABASE work; CREATE DATABASE elsewhere; CREATE ROLE plain LOGIN');
ok(wait_for(20, sub { worker_pid() ne '' }), 'the audit worker runs as soon as its database is there');
$node->safe_psql('work', 'CREATE EXTENSION dwh_ext; SELECT dwh.create_warehouse()');
new_events();
my $postmaster = (split /\n/, slurp_file($node->data_dir . '/postmaster.pid'))[0];
like(join("\n", map { eval { slurp_file("/proc/$_/cmdline") } // () } split ' ', slurp_file("/proc/$postmaster/task/$postmaster/children")),
	qr/dwh_ext share/, 'the share worker waits under its name');

# 1. A refusal stays, whatever becomes of the transaction.
my ($status, $out, $err) = $node->psql('work', 'BEGIN; SELECT dwh.create_warehouse(); ROLLBACK', extra_params => [ '-U', 'plain' ], on_error_stop => 0);
like($err, qr/permission denied to call dwh.create_warehouse\(\)/, 'a plain role is refused');
unlike($err, qr/WARNING/, 'the worker answered in time');
is(new_events(), 'create_warehouse|refused|plain|{"reason": "the caller is no superuser"}', 'its refusal is in the log when it returns');

$node->psql('work', 'BEGIN READ ONLY; SELECT dwh.start_warehouse(); COMMIT', extra_params => [ '-U', 'plain' ]);
is(new_events(), 'start_warehouse|refused|plain|{"reason": "the caller is no superuser"}', 'also out of a read-only transaction');

$node->safe_psql('work', q{DO $$BEGIN PERFORM dwh.start_warehouse(); EXCEPTION WHEN OTHERS THEN NULL; END$$}, extra_params => [ '-U', 'plain' ]);
is(new_events(), 'start_warehouse|refused|plain|{"reason": "the caller is no superuser"}', 'and where the caller swallows the error');

# 2. A failure stays: an error inside, a cancel that no plpgsql can catch, a killed session.
$node->psql('work', q{BEGIN; SAVEPOINT s; SELECT dwh.ensure_log_partitions('2999-01-01'); ROLLBACK TO s; COMMIT}, on_error_stop => 0);
ok(wait_for(10, sub { new_events() =~ /ensure_log_partitions\|failed\|\w+\|\{"sqlstate": "22023"\}/ }), 'an error in a subtransaction');
is($node->safe_psql('work', q{DO $$BEGIN PERFORM dwh.ensure_log_partitions('2999-01-01'); EXCEPTION WHEN OTHERS THEN NULL; END$$; SELECT 1}), 1);
ok(wait_for(10, sub { new_events() =~ /ensure_log_partitions\|failed/ }), 'an error that the caller swallowed');

my $holder = session($node, 'work');
$holder->query_safe('BEGIN; SELECT dwh.upgrade_warehouse()');
($status, $out, $err) = $node->psql('work', q{SET statement_timeout = '300ms'; SELECT dwh.create_warehouse()});
like($err, qr/statement timeout/, 'a call runs into its statement_timeout');
ok(wait_for(10, sub { new_events() =~ /create_warehouse\|failed\|\w+\|\{"sqlstate": "57014"\}/ }), 'the cancelled call is in the log');
my $victim = session($node, 'work', on_error_stop => 0);
ask($victim, 'SELECT dwh.create_warehouse()');
ok(blocked($node, 1), 'a session waits');
$node->safe_psql('postgres', q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'});
ok(wait_for(10, sub { new_events() =~ /create_warehouse\|failed\|\w+\|\{"sqlstate": "57P01"\}/ }), 'the ended session is in the log');
$victim->{run}->kill_kill;
$holder->query_safe('ROLLBACK');
$holder->quit;
is(new_events(), '', 'what was rolled back after it had succeeded left no event');

# An act that succeeded is recorded once, in its transaction.
$node->safe_psql('work', q{BEGIN; SELECT dwh.ensure_log_partitions((now() + interval '20 years')::date); ROLLBACK});
is(new_events(), '', 'an act that is rolled back is no act');
$node->safe_psql('work', q{SELECT dwh.ensure_log_partitions((now() + interval '10 years')::date)});
like(new_events(), qr/^ensure_log_partitions\|done\|\w+\|\{"partitions_made": \d+\}$/, 'an act that is done is recorded');

# 3. No worker: the caller waits no longer than it should and is told; the record is written later.
my $offset = -s $node->logfile;
my $old = worker_pid();
kill 'STOP', $old;
$node->safe_psql('postgres', q{ALTER SYSTEM SET dwh_ext.audit_wait = '200ms'; SELECT pg_reload_conf()});
($status, $out, $err) = $node->psql('work', 'SELECT dwh.start_warehouse()', extra_params => [ '-U', 'plain' ]);
like($err, qr/WARNING:  the audit worker did not write this event/, 'a warning when the worker does not answer');
is(count_lines($node, qr/dwh_ext event not in the table: the audit worker did not answer/, $offset), 1, 'and a line in the server log');
# The ring holds 16; one is in it, and a note of who logged in where an hour has just begun. What the watch saw before there was a warehouse was
# dropped and counted.
my ($notes, $dropped) = split /\|/, $node->safe_psql('work', 'SELECT handed - committed - 1, dropped FROM dwh.get_audit_worker()');
my $left = 5 + $notes;
$node->safe_psql('postgres', q{ALTER SYSTEM SET dwh_ext.audit_wait = 0; SELECT pg_reload_conf()});
($status, $out, $err) = $node->psql('work', 'SELECT dwh.start_warehouse();' x 20, extra_params => [ '-U', 'plain' ], on_error_stop => 0);
is(scalar(() = $err =~ /WARNING:  the audit worker is behind/g), $left, 'a full ring is told');
is(count_lines($node, qr/dwh_ext event not in the table: the ring is full/, $offset), $left, 'and its records are in the server log');
kill 'CONT', $old;
ok(wait_for(20, sub { $node->safe_psql('work', "SELECT count(*) FROM dwh_log.audit_event WHERE event_id > $seen AND action <> 'records_lost'") == 16 - $notes }),
	'the sixteen that had a place are written when the worker goes on');
is($node->safe_psql('work', 'SELECT handed - committed, dropped FROM dwh.get_audit_worker()'), '0|' . ($dropped + $left), 'and counted');
ok(wait_for(20, sub { $node->safe_psql('work', q{SELECT decision || detail FROM dwh_log.audit_event WHERE action = 'records_lost'}) eq qq(failed{"count": $left}) }),
	'the log itself says that five are missing');
is($node->safe_psql('work', qq{SELECT state || detail LIKE 'warning%$left records of the last 7 days%' FROM dwh.health() WHERE component = 'worker'}), 't', 'as does health()');
new_events();

# A record that its table refuses goes to the server log alone, and at once.
$offset = -s $node->logfile;
$node->safe_psql('postgres', q{ALTER SYSTEM RESET dwh_ext.audit_wait; SELECT pg_reload_conf()});
$node->safe_psql('work', q{ALTER TABLE dwh_log.audit_event ADD CONSTRAINT refused CHECK (action <> 'start_warehouse') NOT VALID});
($status, $out, $err) = $node->psql('work', 'SELECT dwh.start_warehouse(); SELECT dwh.create_warehouse()', extra_params => [ '-U', 'plain' ], on_error_stop => 0);
like($err, qr/WARNING:  the audit worker did not write this event/, 'who waited for it is told');
like(new_events(), qr/^create_warehouse\|refused\|/m, 'the next one is written');
is(count_lines($node, qr/dwh_ext event not in the table: new row for relation .* violates check constraint "refused"/, $offset), 1, 'the server log has it and why');
is(worker_pid(), $old, 'by the same worker');
$node->safe_psql('work', 'ALTER TABLE dwh_log.audit_event DROP CONSTRAINT refused');
ok(wait_for(10, sub { new_events() =~ /^bypass\|.*DROP CONSTRAINT refused/m }), 'and goes on');
$node->safe_psql('postgres', q{ALTER SYSTEM SET dwh_ext.audit_wait = 0; SELECT pg_reload_conf()});

# 4. The worker ends, kindly and unkindly.
$node->safe_psql('postgres', "SELECT pg_terminate_backend($old)");
$node->psql('work', 'SELECT dwh.start_warehouse()', extra_params => [ '-U', 'plain' ]);
ok(wait_for(30, sub { my $pid = worker_pid(); $pid ne '' && $pid != $old }), 'a new worker starts');
ok(wait_for(20, sub { new_events() eq 'start_warehouse|refused|plain|{"reason": "the caller is no superuser"}' }), 'and writes what waited for it');
$old = worker_pid();
kill 'KILL', $old;
ok(wait_for(60, sub { $node->psql('work', 'SELECT 1') == 0 && worker_pid() =~ /^\d+$/ && worker_pid() != $old }), 'kill -9: the server recovers, a new worker starts');
$node->safe_psql('postgres', q{ALTER SYSTEM SET dwh_ext.audit_wait = '5s'; SELECT pg_reload_conf()});
new_events();
$node->psql('work', 'SELECT dwh.start_warehouse()', extra_params => [ '-U', 'plain' ]);
is(new_events(), 'start_warehouse|refused|plain|{"reason": "the caller is no superuser"}', 'and it works as before');

# A server that is stopped writes what was handed over before.
$old = worker_pid();
kill 'STOP', $old;
$node->safe_psql('postgres', q{ALTER SYSTEM SET dwh_ext.audit_wait = 0; SELECT pg_reload_conf()});
$node->psql('work', 'SELECT dwh.start_warehouse()', extra_params => [ '-U', 'plain' ]);
system_or_bail('pg_ctl', '-D', $node->data_dir, '-m', 'fast', '-W', 'stop');
wait_for(20, sub { -s $node->logfile && slurp_file($node->logfile) =~ /received fast shutdown request(?!.*received fast shutdown request)/s });
kill 'CONT', $old;
ok(wait_for(30, sub { !-e $node->data_dir . '/postmaster.pid' }), 'the server stops');
$node->_update_pid(0);
$node->start;
is(new_events(), 'start_warehouse|refused|plain|{"reason": "the caller is no superuser"}', 'a planned stop loses nothing that was handed over');
$node->safe_psql('postgres', q{ALTER SYSTEM SET dwh_ext.audit_wait = '5s'; SELECT pg_reload_conf()});

# The owner of a database cannot keep its events out of the log by a setting.
$node->safe_psql('work', 'ALTER DATABASE work SET default_transaction_read_only = on');
$old = worker_pid();
$node->safe_psql('postgres', "SELECT pg_terminate_backend($old)");
ok(wait_for(30, sub { my $pid = worker_pid(); $pid ne '' && $pid != $old }), 'a worker starts in a database that is read-only by default');
$node->psql('work', 'SELECT dwh.start_warehouse()', extra_params => [ '-U', 'plain' ]);
is(new_events(), 'start_warehouse|refused|plain|{"reason": "the caller is no superuser"}', 'and writes');
$node->safe_psql('postgres', 'ALTER DATABASE work RESET default_transaction_read_only');

# A record that finds no partition is written all the same: the worker makes the missing ones before it tries again.
$node->safe_psql('work', q{SELECT format('DROP TABLE %s', tableoid::regclass) FROM dwh_log.audit_event ORDER BY event_id DESC LIMIT 1 \gexec});
$node->psql('work', 'SELECT dwh.upgrade_warehouse()', extra_params => [ '-U', 'plain' ]);
ok(wait_for(20, sub { new_events() =~ /^upgrade_warehouse\|refused\|plain\|\{"reason": "the caller is no superuser"\}$/m }),
	'a partition of the log that is missing is made for the record that needs it');

# 5. It writes only where the warehouse is live.
$node->safe_psql('work', 'SET ROLE dwh_owner; UPDATE dwh_catalog.warehouse_instance SET database_oid = 1');
$offset = -s $node->logfile;
my $began = time;
($status, $out, $err) = $node->psql('work', 'SELECT dwh.create_warehouse()', extra_params => [ '-U', 'plain' ]);
like($err, qr/WARNING:  the audit worker did not write this event/, 'a warehouse that is not live has no log, which is told');
cmp_ok(time - $began, '<', 5, 'nobody waits for it');
is(new_events(), '', 'nothing is written to it');
is(count_lines($node, qr/dwh_ext event not in the table: no warehouse is live/, $offset), 1, 'the server log has it');
like($node->safe_psql('work', 'SELECT dwh.start_warehouse()'), qr/live on this server and database/, 'a superuser makes it live');
like(new_events(), qr/^start_warehouse\|done\|/, 'which is an event');

# 6. A second database of the cluster, and the extension dropped under the worker.
$node->safe_psql('elsewhere', 'CREATE EXTENSION dwh_ext; SELECT dwh.create_warehouse()');
($status, $out, $err) = $node->psql('elsewhere', '\set VERBOSITY verbose' . "\nSELECT dwh.get_audit_worker()");
like($err, qr/WH003.*dwh_ext\.database is "work"/s, 'the worker serves one database and says which');
$offset = -s $node->logfile;
$node->psql('elsewhere', 'SELECT dwh.start_warehouse()', extra_params => [ '-U', 'plain' ]);
is(count_lines($node, qr/dwh_ext event not in the table: dwh_ext.database names another database/, $offset), 1, 'elsewhere a refusal is in the server log');
$old = worker_pid();
$node->safe_psql('work', 'DROP EXTENSION dwh_ext CASCADE; CREATE EXTENSION dwh_ext; SELECT dwh.create_warehouse()');
like(new_events(), qr/^rebuild_warehouse\|done\|/, 'the gap is recorded');
$node->psql('work', 'SELECT dwh.start_warehouse()', extra_params => [ '-U', 'plain' ]);
is(new_events(), 'start_warehouse|refused|plain|{"reason": "the caller is no superuser"}', 'the worker works on');
is(worker_pid(), $old, 'it is still the same process');

# 7. Without preloading all but the workers is there.
$node->adjust_conf('postgresql.conf', 'shared_preload_libraries', q{''});
$node->restart;
$offset = -s $node->logfile;
($status, $out, $err) = $node->psql('work', 'SELECT dwh.start_warehouse()', extra_params => [ '-U', 'plain' ]);
like($err, qr/permission denied/, 'without preloading the refusal is the same');
is(new_events(), '', 'it is not in the table');
is(count_lines($node, qr/dwh_ext event not in the table: dwh_ext is not in shared_preload_libraries/, $offset), 1, 'but in the server log');
($status, $out, $err) = $node->psql('work', '\set VERBOSITY verbose' . "\nSELECT dwh.get_audit_worker()");
like($err, qr/WH003.*shared_preload_libraries/s, 'what needs the workers names the setting');
($status, $out, $err) = $node->psql('work', '\set VERBOSITY verbose' . "\nSELECT dwh.push_share(1, 'x', '{n}')");
like($err, qr/WH003.*shared_preload_libraries/s, '2327-046 pushing, too');

# What was archived is gone for everybody: an older snapshot would call it tampering.
($status, $out, $err) = $node->psql('work', 'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT * FROM dwh.audit_verify()');
like($err, qr/the log cannot be verified in this transaction/, 'nothing is verified under an old snapshot');
# A table that has the name of a month and is none of it.
my $name = $node->safe_psql('work', q{SELECT 'dwh_log.audit_event_' || to_char(now() + interval '10 years 3 months', 'YYYY_MM')});
($status, $out, $err) = $node->psql('work', "CREATE TABLE $name (n int); SELECT dwh.ensure_log_partitions((now() + interval '10 years 3 months')::date); DROP TABLE $name");
like($err, qr/WARNING:  table \Q$name\E is there and no partition of the log/, 'a month that is not attached is told');

$node->stop;
done_testing();

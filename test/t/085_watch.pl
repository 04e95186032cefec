# The privilege watch: what changes rights, roles or objects of the warehouse past its own functions is in the log once it is committed, with
# statement and author, without passwords; and nobody waits for it. 893-040 2327-066
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);
use Warehouse;

my $node = new_node('watch', shared_preload_libraries => 'dwh_ext', 'dwh_ext.database' => 'work', 'dwh_ext.audit_ring_size' => 16,
	'dwh_ext.audit_wait' => '60s', max_prepared_transactions => 2);
my $seen = 0;

sub sql
{
	my ($sql, @more) = @_;
	return $node->safe_psql('work', $sql, @more);
}

# Waits until the worker has written what it was handed, and lists what the watch recorded since the last call: command, object, statement.
# One psql does it all, also a statement before.
sub bypasses
{
	my ($before) = @_;
	my $lines = sql(($before // '') . <<SQL);
;
DO \$\$BEGIN WHILE (SELECT handed <> committed FROM dwh.get_audit_worker()) LOOP PERFORM pg_sleep(0.02); END LOOP; END\$\$;
SELECT command, object, statement FROM dwh.bypass_events WHERE event_id > $seen ORDER BY event_id;
SELECT coalesce(max(event_id), 0) FROM dwh_log.audit_event;
SQL
	$lines =~ s/\n?(\d+)\z//;
	$seen = $1;
	return $lines;
}

# One statement, recorded as it stands.
sub recorded
{
	my ($statement, $command, $object) = @_;
	is(bypasses($statement), "$command|$object|$statement", $statement);
}

# What prints nothing and is not recorded.
sub unrecorded
{
	my ($statement, $why) = @_;
	is(bypasses($statement), '', $why);
}

# Nothing is recorded before there is a warehouse, nor what makes it.
$node->safe_psql('postgres', 'CREATE DATABASE work; CREATE DATABASE elsewhere; CREATE ROLE early');
ok(wait_for(20, sub { $node->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'dwh_ext audit'}) == 1 }), 'the worker runs');
sql('CREATE EXTENSION dwh_ext; SELECT dwh.create_warehouse()');
is(bypasses(), '', 'making the warehouse is no bypass');

# Roles.
recorded('CREATE ROLE plain LOGIN', 'CREATE ROLE', 'plain');
recorded('GRANT dwh_central_admin TO plain', 'GRANT ROLE', 'dwh_central_admin');		# 893-040
recorded('ALTER ROLE plain CREATEROLE', 'ALTER ROLE', 'plain');
recorded('ALTER ROLE plain SET statement_timeout = 0', 'ALTER ROLE', 'plain');
recorded('ALTER ROLE plain RENAME TO plainer', 'ALTER ROLE', 'plain');
recorded('REVOKE dwh_central_admin FROM plainer', 'REVOKE ROLE', 'dwh_central_admin');
recorded('DROP ROLE plainer', 'DROP ROLE', 'plainer');
sql('CREATE ROLE anna LOGIN; CREATE ROLE inspector LOGIN; GRANT dwh_auditor TO inspector');
is(scalar(split /\n/, bypasses()), 3, 'several statements are several events');

# Rights, row security, owners, guards, objects.
recorded('GRANT SELECT ON dwh_star.dim_person TO anna', 'GRANT', 'dwh_star.dim_person');
recorded('REVOKE SELECT ON dwh_star.dim_person FROM anna', 'REVOKE', 'dwh_star.dim_person');
recorded('GRANT SELECT ON ALL TABLES IN SCHEMA dwh_log TO anna', 'GRANT', 'dwh_log');
recorded('GRANT EXECUTE ON FUNCTION dwh.audit_seal() TO anna', 'GRANT', 'dwh.audit_seal');
recorded('GRANT USAGE ON SCHEMA dwh_internal TO anna', 'GRANT', 'dwh_internal');
recorded('ALTER DEFAULT PRIVILEGES FOR ROLE dwh_owner GRANT SELECT ON TABLES TO anna', 'ALTER DEFAULT PRIVILEGES', 'default privileges');
recorded('ALTER DEFAULT PRIVILEGES FOR ROLE dwh_owner REVOKE SELECT ON TABLES FROM anna', 'ALTER DEFAULT PRIVILEGES', 'default privileges');
recorded('ALTER TABLE dwh_star.fact_ledger DISABLE ROW LEVEL SECURITY', 'ALTER TABLE', 'dwh_star.fact_ledger');
recorded('ALTER TABLE dwh_star.fact_ledger ENABLE ROW LEVEL SECURITY', 'ALTER TABLE', 'dwh_star.fact_ledger');
recorded('CREATE POLICY open_to_all ON dwh_star.fact_ledger USING (true)', 'CREATE POLICY', 'dwh_star.fact_ledger');
recorded('DROP POLICY open_to_all ON dwh_star.fact_ledger', 'DROP POLICY', 'dwh_star.fact_ledger');
recorded('ALTER TABLE dwh_catalog.gateway OWNER TO anna', 'ALTER TABLE', 'dwh_catalog.gateway');
recorded('ALTER TABLE dwh_catalog.gateway OWNER TO dwh_owner', 'ALTER TABLE', 'dwh_catalog.gateway');
recorded('ALTER TABLE dwh_catalog.gateway RENAME TO gateways', 'ALTER TABLE', 'dwh_catalog.gateway');
recorded('ALTER TABLE dwh_catalog.gateways RENAME TO gateway', 'ALTER TABLE', 'dwh_catalog.gateways');
recorded('ALTER FUNCTION dwh.audit_seal() OWNER TO anna', 'ALTER FUNCTION', 'dwh.audit_seal');
recorded('ALTER FUNCTION dwh.audit_seal() OWNER TO postgres', 'ALTER FUNCTION', 'dwh.audit_seal');
recorded('DROP VIEW dwh.refresh_runs', 'DROP VIEW', 'dwh.refresh_runs');
recorded('DROP TRIGGER before_truncate ON dwh_log.audit_node', 'DROP TRIGGER', 'dwh_log.audit_node');
# Statements that commit inside of themselves; one that is cancelled after its first commit has done half of it.
sql('CREATE INDEX tap_name ON dwh_catalog.account (full_name)');
bypasses();
recorded('DROP INDEX CONCURRENTLY dwh_catalog.tap_name', 'DROP INDEX', 'dwh_catalog.tap_name');
my $detach = 'ALTER TABLE dwh_log.audit_event DETACH PARTITION dwh_log.audit_event_2030_11';
my $attach = q{ALTER TABLE dwh_log.audit_event ATTACH PARTITION dwh_log.audit_event_2030_11 FOR VALUES FROM ('2030-11-01') TO ('2030-12-01')};
recorded("$detach CONCURRENTLY", 'ALTER TABLE', 'dwh_log.audit_event');
recorded($attach, 'ALTER TABLE', 'dwh_log.audit_event');
my $reader = session($node, 'work');
$reader->query_safe('BEGIN; SELECT count(*) FROM dwh_log.audit_event');
my (undef, undef, $cancelled) = $node->psql('work', "SET statement_timeout = '500ms'; $detach CONCURRENTLY", on_error_stop => 0);
like($cancelled, qr/statement timeout/, 'a partition that is read is waited for');
is(bypasses(), "ALTER TABLE|dwh_log.audit_event|$detach CONCURRENTLY", 'and detaching it is recorded although the end was cancelled');
$reader->query_safe('ROLLBACK');
$reader->quit;
recorded("$detach FINALIZE", 'ALTER TABLE', 'dwh_log.audit_event');
sql($attach);
bypasses();
sql('SET search_path = dwh_log; ALTER TABLE audit_node DISABLE TRIGGER ALL; DROP TABLE IF EXISTS nowhere');
is(bypasses(), 'ALTER TABLE|dwh_log.audit_node|ALTER TABLE audit_node DISABLE TRIGGER ALL', 'a name found on the search path');
sql('CREATE SCHEMA aside GRANT SELECT ON dwh_log.audit_tree_head TO anna');
like(bypasses(), qr/^GRANT\|dwh_log.audit_tree_head\|/, 'a GRANT in CREATE SCHEMA');
sql('SET search_path = dwh; ALTER TYPE id_set OWNER TO anna');
is(bypasses(), 'ALTER TYPE|dwh.id_set|ALTER TYPE id_set OWNER TO anna', 'a type found on the search path');
sql(q{SET search_path = aside, dwh; CREATE FUNCTION aside.audit_seal(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
	ALTER FUNCTION audit_seal() OWNER TO anna; DROP FUNCTION aside.audit_seal(int)});
is(bypasses(), 'ALTER FUNCTION|dwh.audit_seal|ALTER FUNCTION audit_seal() OWNER TO anna', 'a function of ours behind another of that name');
sql('ALTER TYPE dwh.id_set OWNER TO postgres; ALTER FUNCTION dwh.audit_seal() OWNER TO postgres; DROP SCHEMA aside');
bypasses();
unrecorded('CREATE TABLE own (a int); GRANT SELECT ON own TO anna; ALTER TABLE own ADD b int; DROP TABLE own', q{what is not the warehouse's is not recorded});
unrecorded(q{DO $$BEGIN PERFORM dwh.ensure_partitions((now() + interval '4 years')::date), dwh.ensure_log_partitions((now() + interval '8 years')::date),
	dwh.start_warehouse(), dwh.audit_seal(), dwh.archive_audit(); END$$}, 'nor what our functions do to it');

# 2327-066: content of the log of sharing younger than 24 months. No role of the warehouse removes it; what a superuser removes, as dwh_owner or
# as himself, is not prevented (the watch blocks nothing) but recorded, and the check finds it.
my $month = sql(q{SELECT to_char(dwh.today(), 'YYYY_MM')});
my $leaf = sql(q{INSERT INTO dwh_log.share_log (month, share_no, stage, occurred_at, direction, kind, requested_at, request_form, agency_identifier,
		session_user_name, outer_user_name, gateway, purpose, frequency, request_content, status)
	VALUES (date_trunc('month', dwh.today())::date, 990001, 'asked', now(), 'out', 'share', now(), 'online', 'G99', 'x', 'x', 'x', 'x', 'daily', '{}', 'asked');
	SELECT dwh.audit_seal() \g /dev/null
	SELECT leaf_index FROM dwh_log.audit_leaf WHERE source = 'share'});
is(sql('SELECT is_intact FROM dwh.audit_verify()'), 't', 'the row is sealed');
bypasses();
my @removals = ('DELETE FROM dwh_log.share_log', 'TRUNCATE dwh_log.share_log', "TRUNCATE dwh_log.share_log_$month");
my @drops = ("DROP TABLE dwh_log.share_log_$month", "ALTER TABLE dwh_log.share_log DETACH PARTITION dwh_log.share_log_$month");
for my $role (split /\n/, sql(q{SELECT rolname FROM pg_roles WHERE rolname ~ '^dwh_' ORDER BY 1}))
{
	my @tried = (@removals, $role eq 'dwh_owner' ? () : @drops);
	my (undef, undef, $error) = $node->psql('work', join(";\n", "\\set VERBOSITY sqlstate\nSET ROLE $role", @tried, ''), on_error_stop => 0);
	is(scalar(() = $error =~ /42501/g), scalar @tried, "2327-066 $role removes nothing");
}
my (undef, undef, $refusal) = $node->psql('work', "\\set VERBOSITY sqlstate\nSELECT dwh.purge_share_log((dwh.today() - interval '23 months')::date)");
like($refusal, qr/22023/, '2327-066 nor does the function that purges, whoever calls it, within 24 months');
is(bypasses(), '', 'what is refused is no bypass');
is(sql(q{SELECT is_intact FROM dwh.audit_verify()}), 't', 'and changed nothing');
recorded("ALTER TABLE dwh_log.share_log DETACH PARTITION dwh_log.share_log_$month", 'ALTER TABLE', 'dwh_log.share_log');
is(sql('SELECT first_bad_leaf, problem FROM dwh.audit_verify()') =~ s/row \d+/row n/r, "$leaf|row n of dwh_log.share_log is missing",
	'2327-066 a partition that a superuser detached is recorded and found');
sql("SET ROLE dwh_owner; DROP TABLE dwh_log.share_log_$month");
is(bypasses(), "DROP TABLE|dwh_log.share_log_$month|DROP TABLE dwh_log.share_log_$month", 'what is dropped as dwh_owner is recorded');
is(sql('SELECT first_bad_leaf FROM dwh.audit_verify()'), $leaf, '2327-066 and found');

# Disabling a trigger and editing the log: the watch has the one, verify finds the other.
sql(q{ALTER TABLE dwh_log.audit_event DISABLE TRIGGER before_change; UPDATE dwh_log.audit_event SET action = 'nothing' WHERE action = 'create_warehouse';
	ALTER TABLE dwh_log.audit_event ENABLE ALWAYS TRIGGER before_change});
like(bypasses(), qr/^ALTER TABLE\|dwh_log.audit_event\|ALTER TABLE dwh_log.audit_event DISABLE TRIGGER before_change$/m, 'who takes the triggers away is recorded');
is(sql('SELECT first_bad_leaf FROM dwh.audit_verify()'), '0', 'what he changed is found');

# Who, and where from; inside of a function, a DO block, under SET ROLE.
sql(q{ALTER ROLE anna CREATEROLE; INSERT INTO dwh_catalog.account (kind, email, full_name, login_role, valid_from)
	VALUES ('sector', 'anna@vss.example', 'Trần Thị Anna', 'anna', '2026-01-01')});
bypasses();
sql(q{DO $$BEGIN EXECUTE 'CREATE ROLE made_inside'; END$$}, extra_params => [ '-U', 'anna' ]);
is(bypasses(), 'CREATE ROLE|made_inside|CREATE ROLE made_inside', 'a statement inside of a DO block');
is(sql(q{SELECT session_user_name, outer_user_name, person, client_address FROM dwh.bypass_events ORDER BY event_id DESC LIMIT 1}),
	'anna|anna|Trần Thị Anna|[local]', 'its author is named');
sql(q{CREATE FUNCTION public.back_door() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$BEGIN GRANT dwh_owner TO anna; END$$});
sql('SELECT public.back_door()', extra_params => [ '-U', 'anna' ]);
is(sql(q{SELECT statement, session_user_name, executed_as FROM dwh.bypass_events WHERE object = 'dwh_owner'}), 'GRANT dwh_owner TO anna|anna|postgres',
	q{somebody's definer function: who called it, and as whom it acted});
sql('SET ROLE dwh_owner; ALTER TABLE dwh_catalog.gateway ADD COLUMN remark text', extra_params => [ '-U', 'anna' ]);
is(sql(q{SELECT session_user_name, outer_user_name FROM dwh.bypass_events ORDER BY event_id DESC LIMIT 1}), 'anna|dwh_owner', 'after SET ROLE both roles');
bypasses();

# Passwords are never written down.
sql(q{CREATE ROLE door LOGIN SUPERUSER PASSWORD 'geheim-1' VALID UNTIL '2031-01-01' CONNECTION LIMIT 3 IN ROLE dwh_analyst});
sql(q{ALTER ROLE door NOSUPERUSER PASSWORD $p$geheim-2$p$});
sql(q{ALTER ROLE door WITH ENCRYPTED PASSWORD E'geheim\055'
	'3' -- geheim-4
	NOLOGIN});
sql(q{ALTER ROLE door SET other.token = 'geheim-5'});
my $written = bypasses();
is($written, <<'EXPECTED' =~ s/\n\z//r, 'a statement with a password is written anew without it');
CREATE ROLE|door|CREATE ROLE door LOGIN SUPERUSER PASSWORD (not recorded) VALID UNTIL '2031-01-01' CONNECTION LIMIT 3 IN ROLE dwh_analyst
ALTER ROLE|door|ALTER ROLE door NOSUPERUSER PASSWORD (not recorded)
ALTER ROLE|door|ALTER ROLE door PASSWORD (not recorded) NOLOGIN
ALTER ROLE|door|ALTER ROLE door SET other.token = (not recorded)
EXPECTED
unlike(sql('SELECT string_agg(e::text, $$ $$) FROM dwh_log.audit_event AS e'), qr/geheim/, 'no event has one');

# Rolled back, and half rolled back.
unrecorded('BEGIN; GRANT dwh_analyst TO door; ROLLBACK', 'what is rolled back is forgotten');
sql('BEGIN; SAVEPOINT a; GRANT dwh_analyst TO anna; ROLLBACK TO a; SAVEPOINT b; GRANT dwh_loader TO anna; RELEASE b; COMMIT');
is(bypasses(), 'GRANT ROLE|dwh_loader|GRANT dwh_loader TO anna', 'a savepoint takes what is its own');
$node->psql('work', 'GRANT dwh_analyst TO nobody_there', on_error_stop => 0);
is(bypasses(), '', 'a statement that fails has done nothing');
sql(q{DO $$BEGIN PERFORM dwh.ensure_log_partitions('2999-01-01'); EXCEPTION WHEN OTHERS THEN GRANT dwh_national TO anna; END$$});
is(bypasses(), 'GRANT ROLE|dwh_national|GRANT dwh_national TO anna', 'one of our functions that fails leaves no door open');
sql(q{BEGIN; REVOKE dwh_national FROM anna; PREPARE TRANSACTION 'later'});
is(bypasses(), 'REVOKE ROLE|dwh_national|REVOKE dwh_national FROM anna', 'a prepared transaction is recorded when it is prepared');
sql(q{COMMIT PREPARED 'later'});

# Another database of the cluster: roles are everybody's, tables are not.
$node->safe_psql('elsewhere', 'CREATE ROLE from_afar; CREATE SCHEMA dwh_log; CREATE TABLE dwh_log.a (a int); DROP TABLE dwh_log.a');
is(bypasses(), 'CREATE ROLE|from_afar|CREATE ROLE from_afar', 'roles are watched in every database');
is(sql('SELECT other_database FROM dwh.bypass_events ORDER BY event_id DESC LIMIT 1'), 'elsewhere', 'which is named');

# A long statement is cut at a character.
sql('GRANT dwh_analyst TO anna /* ' . ('ơ' x 3000) . ' */');
is(sql('SELECT is_cut, length(statement) > 300 FROM dwh.bypass_events ORDER BY event_id DESC LIMIT 1'), 't|t', 'a long statement is cut');
bypasses();

# It neither waits nor fails: the worker stands still, the ring is full.
my $worker = sql('SELECT pid FROM dwh.get_audit_worker()');
my $offset = -s $node->logfile;
kill 'STOP', $worker;
my $start = time;
sql(join ';', map { "CREATE ROLE crowd_$_" } 1 .. 40);
cmp_ok(time - $start, '<', 50, 'nobody waits for the worker');
is(sql(q{SELECT count(*) FROM pg_roles WHERE rolname LIKE 'crowd%'}), 40, 'no statement fails');
is(count_lines($node, qr/dwh_ext event not in the table: the ring is full/, $offset), 24, 'what does not fit into the ring is in the server log');
kill 'CONT', $worker;
is(scalar(split /\n/, bypasses()), 16, 'the rest is in the table');

# Nobody switches it off; who may read it.
for my $set ('SET dwh_ext.database = elsewhere', 'ALTER ROLE anna SET dwh_ext.database = elsewhere')
{
	my ($status) = $node->psql('work', $set);
	isnt($status, 0, "$set is refused");
}
like(sql('SELECT count(*) FROM dwh.bypass_events', extra_params => [ '-U', 'inspector' ]), qr/^\d\d+$/, 'auditors read it');
sql('CREATE ROLE reader LOGIN; GRANT dwh_analyst TO reader');
my ($status, undef, $err) = $node->psql('work', 'SELECT count(*) FROM dwh.bypass_events', extra_params => [ '-U', 'reader' ]);
like($err, qr/permission denied/, 'others do not');
bypasses();

# Taking the extension away is in the server log, since there is no log to write to any more.
$offset = -s $node->logfile;
sql('SET client_min_messages = warning; DROP EXTENSION dwh_ext CASCADE');
ok(wait_for(20, sub { count_lines($node, qr/action=bypass object=dwh_ext .*DROP EXTENSION dwh_ext CASCADE/, $offset) == 1 }), 'dropping the extension is in the server log');

# Without preloading nothing is watched and nothing is in the way.
$node->adjust_conf('postgresql.conf', 'shared_preload_libraries', q{''});
$node->restart;
sql("REVOKE dwh_owner FROM anna; CREATE EXTENSION dwh_ext; SELECT dwh.create_warehouse(); GRANT dwh_analyst TO from_afar");
is(sql(q{SELECT count(*) FROM dwh_log.audit_event WHERE action = 'bypass' AND object = 'dwh_analyst' AND detail ->> 'statement' LIKE '%from_afar%'}), 0,
	'without preloading nothing is recorded');

$node->stop;
done_testing();

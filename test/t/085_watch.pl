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
# What hangs on an extension falls with it, and is named by neither statement.
sql('CREATE EXTENSION pgcrypto');
recorded('ALTER TRIGGER after_change_outside ON dwh_catalog.access_grant DEPENDS ON EXTENSION pgcrypto', 'ALTER TRIGGER', 'dwh_catalog.access_grant');
recorded('ALTER TRIGGER after_change_outside ON dwh_catalog.access_grant NO DEPENDS ON EXTENSION pgcrypto', 'ALTER TRIGGER', 'dwh_catalog.access_grant');
recorded('ALTER FUNCTION dwh.audit_seal() DEPENDS ON EXTENSION pgcrypto', 'ALTER FUNCTION', 'dwh.audit_seal');
recorded('ALTER FUNCTION dwh.audit_seal() NO DEPENDS ON EXTENSION pgcrypto', 'ALTER FUNCTION', 'dwh.audit_seal');
recorded('DROP EXTENSION pgcrypto', 'DROP EXTENSION', 'pgcrypto');
# Statements that commit inside of themselves; one that is cancelled after its first commit has done half of it.
recorded('CREATE INDEX tap_name ON dwh_catalog.account (full_name)', 'CREATE INDEX', 'dwh_catalog.account');
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
# A child's rows are rows of its parent, and pass none of the parent's triggers.
sql('CREATE TABLE public.child (LIKE dwh_catalog.access_grant INCLUDING ALL)');
recorded('ALTER TABLE public.child INHERIT dwh_catalog.access_grant', 'ALTER TABLE', 'dwh_catalog.access_grant');
recorded('ALTER TABLE public.child NO INHERIT dwh_catalog.access_grant', 'ALTER TABLE', 'dwh_catalog.access_grant');
recorded('CREATE TABLE public.checks () INHERITS (dwh_log.audit_check)', 'CREATE TABLE', 'dwh_log.audit_check');
like(sql(q{SELECT detail FROM dwh.health() WHERE component = 'log_guards'}), qr/; public\.checks: a child table that is not ours$/, 'a child of a log is named by health()');
sql('DROP TABLE public.child, public.checks; CREATE TABLE public.years (LIKE dwh_log.audit_event INCLUDING CONSTRAINTS) PARTITION BY RANGE (month)');
recorded(q{CREATE TABLE public.far PARTITION OF dwh_log.audit_event FOR VALUES FROM ('2099-01-01') TO ('2100-01-01')}, 'CREATE TABLE', 'dwh_log.audit_event');
sql('DROP TABLE public.far');
sql("$detach; ALTER TABLE public.years ATTACH PARTITION dwh_log.audit_event_2030_11 FOR VALUES FROM ('2030-11-01') TO ('2030-12-01');
	ALTER TABLE public.years DETACH PARTITION dwh_log.audit_event_2030_11; DROP TABLE public.years; $attach");
like(bypasses(), qr/^ALTER TABLE\|dwh_log.audit_event_2030_11\|ALTER TABLE public.years ATTACH/m, 'a table of ours that becomes a partition of somebody else');

# Event triggers see every statement of ours, and what they add to it is not ours; nor is what a stranger's trigger does.
my $creates = 'CREATE EVENT TRIGGER adds ON ddl_command_end EXECUTE FUNCTION public.adds()';
my $adds = q{CREATE FUNCTION public.adds() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $$BEGIN
	IF current_setting('tap.go', true) = '1' THEN PERFORM set_config('tap.go', '0', false); GRANT dwh_share_officer TO anna;
		DO 'BEGIN ALTER TABLE dwh_catalog.gateway DISABLE TRIGGER ALL; END'; END IF; END$$};
sql($adds);
recorded($creates, 'CREATE EVENT TRIGGER', 'adds');
is(bypasses(qq{SET tap.go = '1'; SELECT dwh.ensure_log_partitions('2031-03-01') \\g /dev/null\n}), "GRANT ROLE|dwh_share_officer|GRANT dwh_share_officer TO anna
ALTER TABLE|dwh_catalog.gateway|ALTER TABLE dwh_catalog.gateway DISABLE TRIGGER ALL", 'what an event trigger adds to our own statements is recorded');
recorded('ALTER EVENT TRIGGER adds DISABLE', 'ALTER EVENT TRIGGER', 'adds');
recorded('DROP EVENT TRIGGER adds', 'DROP EVENT TRIGGER', 'adds');
sql(q{CREATE FUNCTION public.acts() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$BEGIN
	ALTER TABLE dwh_catalog.gateway ENABLE TRIGGER ALL; GRANT dwh_partner TO anna; RETURN NEW; END$$;
	CREATE TRIGGER acts BEFORE INSERT ON dwh_log.audit_event FOR EACH ROW WHEN (NEW.action = 'ensure_log_partitions') EXECUTE FUNCTION public.acts()});
bypasses();
is(bypasses(qq{SELECT dwh.ensure_log_partitions('2031-04-01') \\g /dev/null\n}), "ALTER TABLE|dwh_catalog.gateway|ALTER TABLE dwh_catalog.gateway ENABLE TRIGGER ALL
GRANT ROLE|dwh_partner|GRANT dwh_partner TO anna", q{what a stranger's trigger adds to our own statements is recorded});
like(sql(q{SELECT detail FROM dwh.health() WHERE component = 'log_guards'}), qr/: dwh_log\.audit_event: trigger acts is not ours;/, 'and the trigger is named by health()');
sql('DROP TRIGGER acts ON dwh_log.audit_event; REVOKE dwh_partner, dwh_share_officer FROM anna');
bypasses();

# A trigger that swallows every row of the log: nothing of ours is done without its event, nobody is told that a refusal is in the log.
sql(q{CREATE FUNCTION public.swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
	CREATE TRIGGER aa BEFORE INSERT ON dwh_log.audit_event FOR EACH ROW EXECUTE FUNCTION public.swallow()});
my (undef, undef, $refused) = $node->psql('work', q{SELECT dwh.ensure_log_partitions('2040-01-01')}, extra_params => [ '-U', 'anna' ]);
like($refused, qr/WARNING:  the audit worker did not write this event.*permission denied/s, 'a refusal that was swallowed is told');
my (undef, undef, $undone) = $node->psql('work', qq{\\set VERBOSITY sqlstate\nSELECT dwh.ensure_log_partitions('2031-05-01')});
like($undone, qr/27000/, 'an act whose event was swallowed is not done');
is(sql(q{SELECT to_regclass('dwh_log.audit_event_2031_05') IS NULL}), 't', 'at all');
my (undef, undef, $checked) = $node->psql('work', 'SELECT dwh.audit_check()');
like($checked, qr/WARNING:  the tables of the log are not guarded.*audit_event: trigger aa is not ours.*was not written/s, 'audit_check() names the trigger');
cmp_ok(count_lines($node, qr/dwh_ext event not in the table: the row of dwh_log.audit_event was not written/, 0), '>=', 3, 'CREATE TRIGGER and both calls are in the server log');
is(bypasses('DROP TRIGGER aa ON dwh_log.audit_event'), 'DROP TRIGGER|dwh_log.audit_event|DROP TRIGGER aa ON dwh_log.audit_event', 'then the log goes on');
ok(wait_for(20, sub { sql(q{SELECT detail ->> 'count' FROM dwh_log.audit_event WHERE action = 'records_lost'}) >= 3 }), 'and says how many records it lacks');
is(sql(q{SELECT state FROM dwh.health() WHERE component = 'worker'}), 'warning', 'as does health()');
sql('CREATE RULE nothing AS ON INSERT TO dwh_log.audit_event DO INSTEAD NOTHING');
my (undef, undef, $ruled) = $node->psql('work', "\\set VERBOSITY sqlstate\nSELECT dwh.ensure_log_partitions('2031-05-01');
	DROP RULE nothing ON dwh_log.audit_event; SELECT dwh.ensure_log_partitions('2031-05-01')", on_error_stop => 0);
is(scalar(() = $ruled =~ /\b[0-9A-Z]{5}$/gm), 1, 'a rule that does nothing instead is found; once it is gone the session goes on');
is(sql(q{SELECT to_regclass('dwh_log.audit_event_2031_05') IS NULL}), 'f', 'and what was undone is done');
is(sql(q{SELECT count(*) FROM dwh_internal.log_guard_faults() WHERE fault !~ '^dwh_log.audit_node:'}), 0, 'no other guard is missed');
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

# What anybody may do to his own role is nobody's matter, and of a member of our groups it leaves room for what others do.
sql('CREATE ROLE stranger LOGIN; CREATE ROLE member LOGIN; GRANT dwh_analyst TO member');
sql('SELECT 1', extra_params => [ '-U', 'member' ]);		# his login is noted
bypasses();
my $loop = q{DO $$BEGIN FOR i IN 1 .. 40 LOOP EXECUTE format('ALTER ROLE %I SET work_mem = %s', session_user, 1000 + i); END LOOP; END$$};
$node->safe_psql('elsewhere', "$loop; ALTER ROLE stranger PASSWORD 'x'", extra_params => [ '-U', 'stranger' ]);
is(bypasses(), '', 'settings and password of a stranger, given by himself');
sql("SET ROLE stranger; $loop" =~ s/session_user/current_user/r);
is(bypasses(), '', 'or after SET ROLE');
my $lost = q{SELECT coalesce(sum((detail ->> 'count')::int), 0) FROM dwh_log.audit_event WHERE action = 'records_lost'};
my $lost_before = sql($lost);
kill 'STOP', $worker;
sql("BEGIN; $loop; COMMIT", extra_params => [ '-U', 'member' ]);
sql('GRANT dwh_loader TO stranger');
$node->psql('work', 'SET statement_timeout = 200; SELECT dwh.start_warehouse()', extra_params => [ '-U', 'member' ]);
kill 'CONT', $worker;
my @kept = split /\n/, bypasses();
is(scalar(@kept), 13, 'settings of a member fill three quarters of the ring');
is($kept[-1], 'GRANT ROLE|dwh_loader|GRANT dwh_loader TO stranger', 'who gives rights meanwhile is recorded');
is(sql(q{SELECT count(*) FROM dwh_log.audit_event WHERE action = 'start_warehouse' AND session_user_name = 'member' AND decision = 'refused'}), 1, 'and who is refused');
ok(wait_for(20, sub { sql($lost) == $lost_before + 28 }), 'the log tells how many records it lacks');

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

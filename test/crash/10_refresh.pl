# 893-072: the server dies under writers and refreshes, at any moment. Afterwards no cell and no value is half there, and the next refresh
# makes what comes out from scratch. DWH_CRASH_ROUNDS (50): half of them kill one backend, half every process at once.
#
# Rows come and go by the batch of seven, a batch a transaction: whoever sees a number that is no multiple of seven has seen a part.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);
use Warehouse;

my $rounds = $ENV{DWH_CRASH_ROUNDS} // 50;
my $include = "$FindBin::Bin/../pgtap/include";
my $node = new_node('refresh_crash', restart_after_crash => 'on', shared_buffers => '64MB', checkpoint_timeout => '30s');

$node->safe_psql('postgres', 'CREATE DATABASE work');
$node->safe_psql('work', <<"SQL");
SET client_min_messages = warning;
CREATE EXTENSION dwh_ext;
SELECT dwh.create_warehouse();
BEGIN;
\\set world_seed 0.10
\\i $include/random_world.psql
CREATE SCHEMA tap;
CREATE TABLE tap.place AS SELECT * FROM place WHERE month BETWEEN '2025-01-01' AND '2025-12-01';
CREATE TABLE tap.load AS SELECT :load_id AS load_id;
TRUNCATE dwh_star.fact_participation, dwh_star.fact_collection, dwh_star.fact_book_card, dwh_star.fact_decision, dwh_star.fact_benefit, dwh_star.fact_claim,
	dwh_star.fact_ledger, dwh_star.fact_registration, dwh_star.fact_staff, dwh_star.fact_dossier, dwh_star.fact_identity;
SELECT dwh.create_measure('TAP_PAID', 'fact_collection', 'count'), dwh.create_measure('TAP_PEOPLE', 'fact_participation', 'count');
SELECT dwh.create_indicator(code, 'x', 'x', formula, 'fact_collection', 'analyst', 'x', '2020-01-01', 'test', p_periods => '{month,quarter,year}')
FROM (VALUES ('TAP_ONE', '[TAP_PAID]'), ('TAP_BOTH', 'coalesce([TAP_PAID], 0) + coalesce([TAP_PEOPLE], 0)')) AS v (code, formula);
UPDATE dwh_catalog.indicator SET is_kept = code LIKE 'TAP%', kept_periods = '{month,quarter,year}', kept_levels = '{country,province}';
SELECT dwh.create_summary('fact_collection'), dwh.create_summary('fact_participation');
SELECT dwh.refresh();
COMMIT;

-- A batch comes, or one goes.
CREATE FUNCTION tap.batch() RETURNS void LANGUAGE plpgsql AS \$\$
DECLARE
	v_no	int := floor(random() * 8);
	v_month	date;
	v_unit	int;
BEGIN
	SELECT month, unit_id INTO v_month, v_unit FROM tap.place ORDER BY random() LIMIT 1;
	IF random() < 0.3 THEN
		DELETE FROM dwh_star.fact_collection WHERE month = v_month AND unit_id = v_unit AND payer_id = v_no;
	ELSIF random() < 0.3 THEN
		DELETE FROM dwh_star.fact_participation WHERE month = v_month AND person_id = 970001 + v_no;
	ELSIF random() < 0.6 THEN
		INSERT INTO dwh_star.fact_collection (month, unit_id, payer_kind, payer_id, scheme_id, funding_source, kind, due, paid, arrears, months_late, load_id)
		SELECT v_month, v_unit, 'self', v_no, 1 + i % 5, 'self', CASE WHEN i < 5 THEN 'regular' ELSE 'back_payment' END, 1, 1, 0, 0, load_id
		FROM generate_series(0, 6) AS i, tap.load ON CONFLICT DO NOTHING;
	ELSE
		INSERT INTO dwh_star.fact_participation (month, unit_id, person_id, scheme_id, payer_kind, employer_id, category_id, state, is_main, salary_base, sex, age, load_id)
		SELECT v_month, v_unit, 970001 + v_no, 1 + i % 5, CASE WHEN i < 5 THEN 'self' ELSE 'household' END, 0, 0, 'active', true, 1, 'F', 40, load_id
		FROM generate_series(0, 6) AS i, tap.load ON CONFLICT DO NOTHING;
	END IF;
END
\$\$;

-- Fails where a part of something is to be seen, whatever is pending.
CREATE FUNCTION tap.check() RETURNS bigint LANGUAGE plpgsql AS \$\$
DECLARE
	v_parts	bigint;
BEGIN
	SELECT sum(n) INTO v_parts FROM (
		SELECT count(*) AS n FROM dwh_star.summary_1_collection WHERE tap_paid % 7 <> 0
		UNION ALL SELECT count(*) FROM dwh_star.summary_2_participation WHERE tap_people % 7 <> 0
		UNION ALL SELECT count(*) FROM dwh_star.indicator_value WHERE value % 7 <> 0
		UNION ALL SELECT count(*) FROM (SELECT FROM dwh_star.indicator_value
			GROUP BY indicator_id, period_type, period_start
			HAVING coalesce(sum(value) FILTER (WHERE unit_level = 'country'), 0) <> coalesce(sum(value) FILTER (WHERE unit_level = 'province'), 0)) AS v) AS x;
	IF v_parts > 0 THEN
		RAISE EXCEPTION 'parts are to be seen: %', v_parts;
	END IF;
	RETURN (SELECT count(*) FROM dwh_star.indicator_value);
END
\$\$;
SQL

my $dir = PostgreSQL::Test::Utils::tempdir();
my %scripts = (
	write => 'SELECT tap.batch();',
	refresh => 'SELECT dwh.refresh();',
	one => "BEGIN; SELECT dwh.refresh('fact_collection'); SELECT tap.batch(); COMMIT;",
	read => 'SELECT tap.check();');
append_to_file("$dir/$_.sql", "$scripts{$_}\n") for keys %scripts;

# The server's processes but the postmaster.
sub children
{
	my $postmaster = (split /\n/, slurp_file($node->data_dir . '/postmaster.pid'))[0];
	return split ' ', slurp_file("/proc/$postmaster/task/$postmaster/children");
}

# Kills one backend that is at work, or everything. Returns what it did.
sub kill_some
{
	my ($whole) = @_;

	if ($whole)
	{
		my @children = children();

		$node->kill9;
		kill 'KILL', @children;
		wait_for(30, sub { !grep { kill 0, $_ } @children });
		$node->start;
		return 'everything';
	}
	my $backend = $node->safe_psql('postgres',
		"SELECT pid FROM pg_stat_activity WHERE datname = 'work' AND state = 'active' ORDER BY query LIKE '%refresh%' DESC, random() LIMIT 1");
	return 'nothing' if $backend eq '';
	kill 'KILL', $backend;
	$node->poll_query_until('postgres', 'SELECT true') or die 'the server does not come back';
	return 'a backend';
}

my $compare = <<"SQL";
SET client_min_messages = warning;
\\o /dev/null
\\i $include/refresh.psql
SELECT dwh.refresh();
\\o
SELECT pg_temp.differences_from_scratch(), (SELECT count(*) FROM dwh_log.cell_mark) + (SELECT count(*) FROM dwh_log.value_mark),
	(tap.check() > 0) = (EXISTS (SELECT FROM dwh_star.fact_collection) OR EXISTS (SELECT FROM dwh_star.fact_participation));
SQL
my ($killed, $under_refresh, $seen, $wrong) = (0, 0, 0, 0);
srand($ENV{DWH_CRASH_SEED} // 10);
local %ENV = (%ENV, $node->_get_env());
for my $round (1 .. $rounds)
{
	my ($out, $err) = ('', '');
	my $writers = IPC::Run::start([ 'pgbench', '--no-vacuum', '--client=6', '--jobs=2', '--time=60', '--max-tries=1000', "--random-seed=$round",
		(map { ('-f', "$dir/$_") } 'write.sql@12', 'refresh.sql@2', 'one.sql@1', 'read.sql@2'), 'work' ], '<', \undef, '>', \$out, '2>', \$err);

	$node->poll_query_until('postgres', "SELECT count(*) >= 6 FROM pg_stat_activity WHERE datname = 'work' AND backend_type = 'client backend'")
		or die 'the writers do not begin';
	sleep 0.5 + rand 2;
	my $refreshes = $node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE datname = 'work' AND state = 'active' AND query LIKE '%refresh%'");
	sleep rand 0.3;
	my $what = kill_some($round % 2);
	$writers->kill_kill(grace => 0) if $what eq 'nothing';
	$writers->finish;
	$killed++ if $what ne 'nothing';
	$under_refresh++ if $refreshes > 1;

	# What is to be seen right after, and after the next refresh.
	my ($status, $parts) = $node->psql('work', 'SELECT tap.check()', stderr => \my $refusal);
	my $after = $node->safe_psql('work', $compare);

	$seen++ if $status != 0 || $err =~ /parts are to be seen/;
	$wrong++ if $after ne '0|0|t';
	note("round $round: $what killed, $refreshes sessions refreshing, then $after $refusal");
}
is($seen, 0, 'nobody ever saw a part of a cell or of the values');
is($wrong, 0, "$rounds times killed, the next refresh made what comes out from scratch and left no mark");
cmp_ok($killed, '>=', $rounds * 0.9, "killed at work in $killed rounds, $under_refresh of them while somebody refreshed");
done_testing();

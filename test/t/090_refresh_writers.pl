# 893-072 893-049: sessions that write at READ COMMITTED and at REPEATABLE READ while others refresh: what is kept afterwards is what
# comes out from scratch, row for row. Steps are those of test/pgtap/include/refresh_steps.psql. DWH_PROPERTY_SEQUENCES says how many
# sequences of transactions there are (a long run: 1000 and more), six of them at a time.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use PostgreSQL::Test::Utils;
use Test::More;
use Warehouse;

my $sessions = 6;
my $rounds = int((($ENV{DWH_PROPERTY_SEQUENCES} // 12) + $sessions - 1) / $sessions);
my $include = "$FindBin::Bin/../pgtap/include";
my $node = new_node('writers', shared_buffers => '128MB');

$node->safe_psql('postgres', 'CREATE DATABASE work');
$node->safe_psql('work', <<"SQL");
SET client_min_messages = warning;
CREATE EXTENSION dwh_ext;
SELECT dwh.create_warehouse();
BEGIN;
\\set world_seed 0.66
\\i $include/random_world.psql
\\i $include/refresh_steps.psql
CREATE TABLE tap.participation AS TABLE dwh_star.fact_participation;
CREATE TABLE tap.collection AS TABLE dwh_star.fact_collection;
CREATE TABLE tap.kept AS SELECT indicator_id FROM dwh_catalog.indicator WHERE is_kept;
COMMIT;
SQL

# What earlier rounds took away is there again, and formulas can be revised again.
my $restock = <<'SQL';
INSERT INTO dwh_star.fact_participation TABLE tap.participation ON CONFLICT DO NOTHING;
INSERT INTO dwh_star.fact_collection TABLE tap.collection ON CONFLICT DO NOTHING;
DELETE FROM dwh_catalog.indicator_version AS v USING tap.kept AS k WHERE v.indicator_id = k.indicator_id AND v.version > 1;
UPDATE dwh_catalog.indicator_version AS v SET valid_to = NULL FROM tap.kept AS k WHERE v.indicator_id = k.indicator_id;
UPDATE dwh_catalog.indicator AS i SET is_kept = true FROM tap.kept AS k WHERE i.indicator_id = k.indicator_id;
SQL

# Transactions of one to three steps, with time between them for the others.
sub writes
{
	my ($level, $end) = @_;

	return <<"SQL";
\\set seed random(0, 999999)
\\set pause random(0, 30)
BEGIN ISOLATION LEVEL $level;
SELECT setseed(:seed / 1000000.0);
\\sleep :pause ms
SELECT tap.write();
\\sleep :pause ms
\\if :seed % 2 = 0
SELECT tap.write();
\\sleep :pause ms
SELECT tap.write();
\\endif
$end;
SQL
}
my %scripts = (
	'committed@5' => writes('READ COMMITTED', 'COMMIT'),
	'repeatable@5' => writes('REPEATABLE READ', 'COMMIT'),
	'undone@1' => writes('READ COMMITTED', 'ROLLBACK'),
	'refresh@2' => 'SELECT dwh.refresh();',
	'refresh_one@1' => "SELECT dwh.refresh('fact_collection');",
	'refresh_within@1' => <<'SQL');
\set seed random(0, 999999)
BEGIN;
SELECT setseed(:seed / 1000000.0);
SELECT tap.write();
SELECT dwh.refresh();
\sleep 20 ms
SELECT tap.write();
COMMIT;
SQL

my ($wrong, $changed) = (0, 0);
for my $round (1 .. $rounds)
{
	$node->safe_psql('work', $restock);
	$node->pgbench("--no-vacuum --client=$sessions --jobs=2 --transactions=6 --max-tries=1000 --random-seed=$round work", 0, [qr/number of failed transactions: 0/],
		[], "round $round: six sessions at once", { map { ($_ =~ s/@/_$round@/r => $scripts{$_}) } keys %scripts });
	my $differences = $node->safe_psql('work', <<"SQL");
SET client_min_messages = warning;
\\o /dev/null
\\i $include/refresh.psql
SELECT dwh.refresh();
\\o
SELECT pg_temp.differences_from_scratch();
SQL
	diag("round $round: $differences rows differ from those from scratch") if $differences ne '0';
	$wrong++ if $differences ne '0';
	last if $wrong > 3;
}
is($wrong, 0, "after each of $rounds rounds of $sessions sequences: incremental = from scratch");
cmp_ok($node->safe_psql('work', 'SELECT count(*) FROM dwh_log.refresh_run WHERE values_changed > 0'), '>', $rounds, 'refreshes between the writes had something to do');
done_testing();

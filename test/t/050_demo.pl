# The demo: published figures through landing, generated facts, values equal to plain SQL (2327-018), on the maps of 63 and of 34 provinces (893-003).
# Every figure it prints is computed again here by hand-written SQL over the facts; twice gives the same, in this database and in another.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use IPC::Run;
use Test::More;
use Warehouse;

my $node = new_node('demo', max_wal_size => '256MB');

# Runs the demo small; its output without what a clock says.
sub demo
{
	my ($database) = @_;
	local $ENV{PGHOST} = $node->host;
	local $ENV{PGPORT} = $node->port;
	local $ENV{PGDATABASE} = $database;
	local $ENV{DWH_DEMO_SIZE} = 150000;
	my ($out, $err) = ('', '');

	my $ok = IPC::Run::run([ "$FindBin::Bin/../demo/run.sh" ], q{>}, \$out, q{2>}, \$err);
	utf8::decode($out);
	return ($ok, $out, $err);
}

sub figures
{
	my ($out) = @_;
	$out =~ s/.*?(?=^PUBLISHED)//ms;
	$out =~ s/^time taken.*//m;
	return $out;
}

$node->safe_psql('postgres', 'CREATE DATABASE one');
my ($ok, $out, $err) = demo('one');
ok($ok, 'the demo ends well');
is($err, '', 'and says nothing on stderr');
like($out, qr/^refused: .*\(WH104\)$/m, 'old provinces cannot be told apart after the merger');
unlike($out, qr/DIFFERENT/, 'sums over 63 and 34 are equal');
my $n = $node->safe_psql('one', 'SELECT n FROM demo.param');

# Generated figures, year by year: the cells of the printed tables against plain SQL.
sub cells
{
	my ($title, $columns) = @_;
	my %cell;
	my ($table) = $out =~ /^$title.*?\n(.*?)(?=^[A-Z]{4,} )/ms;
	foreach my $line (split /\n/, $table // '')
	{
		my @fields = map { s/^\s+|\s+$//gr } split /\|/, $line;
		next unless $fields[0] =~ /^\d{4}$/ && @fields == 2 * @$columns + 1;
		foreach my $i (0 .. $#$columns)
		{
			$cell{"$columns->[$i] $fields[0]"} //= $fields[ 2 * $i + 2 ];
		}
	}
	return \%cell;
}

sub compare
{
	my ($what, $shown, $sql) = @_;
	my %plain = map { (split /\|/)[ 0, 1 ] } split /\n/, $node->safe_psql('one', $sql);
	my %got = map { $_ => $shown->{$_} } keys %plain;
	ok(%plain > 0, "$what: there are figures");
	is_deeply(\%got, \%plain, "$what: printed as plain SQL has them");
}

my $people = cells('PARTICIPANTS', [ 'BHXH_BB', 'BHXH_TN', 'BHXH' ]);
compare('compulsory and voluntary insurance', $people, <<SQL);
SELECT s.code || ' ' || extract(year FROM f.month), round(count(DISTINCT person_id) * $n / 1e3)
FROM dwh_star.fact_participation f JOIN dwh_star.dim_scheme s USING (scheme_id)
WHERE extract(month FROM f.month) = 12 AND f.state = 'active' AND s.code IN ('BHXH_BB', 'BHXH_TN') GROUP BY s.code, f.month
SQL
my ($second) = $out =~ /^( year \| BHTN published.*?)\n\n/ms;
my %other;
foreach my $line (split /\n/, $second)
{
	my @fields = map { s/^\s+|\s+$//gr } split /\|/, $line;
	@other{ "BHTN $fields[0]", "TNLD $fields[0]", "BHYT $fields[0]" } = @fields[ 2, 4, 6 ] if $fields[0] =~ /^\d{4}$/;
}
compare('unemployment, work-injury and health insurance', \%other, <<SQL);
SELECT s.code || ' ' || extract(year FROM f.month), round(count(DISTINCT person_id) * $n / 1e3)
FROM dwh_star.fact_participation f JOIN dwh_star.dim_scheme s USING (scheme_id)
WHERE extract(month FROM f.month) = 12 AND f.state = 'active' AND s.code IN ('BHTN', 'TNLD', 'BHYT')
	AND (s.code <> 'BHYT' OR is_main AND f.month + 30 BETWEEN card_from AND card_to)
GROUP BY s.code, f.month
SQL
compare('collection', cells('COLLECTION of the country by year', [qw(B04 B01 B02 B03)]), <<SQL);
SELECT b.code || ' ' || extract(year FROM f.month), round(sum(paid) * $n / 1e9)
FROM dwh_star.fact_collection f
JOIN (VALUES ('B01', 1), ('B01', 2), ('B01', 4), ('B02', 5), ('B03', 3), ('B04', 1), ('B04', 2), ('B04', 3), ('B04', 4), ('B04', 5)) b (code, id)
	ON b.id = f.scheme_id
GROUP BY 1, extract(year FROM f.month), b.code
SQL

# The five largest: plain SQL over facts and successions.
my @largest = $out =~ /^ +[1-5] \| \d\d .*\| (\d\d) [^|]*\|\s*(\d+)\s*\| \d\d [^|]*\|/mg;
is("@largest", join(' ', split(/[|\n]/, $node->safe_psql('one', <<SQL))), 'the five largest of the 34, people of December 2024');
SELECT code, persons FROM (
	SELECT n.code, round(sum(o.persons) * $n / 1e3) AS persons, sum(o.persons) AS exact FROM (
		SELECT coalesce(s2.successor_unit_id, s1.successor_unit_id, f.unit_id) AS unit_id,
			count(DISTINCT person_id) FILTER (WHERE scheme_id = 1) + count(DISTINCT person_id) FILTER (WHERE scheme_id = 2) AS persons
		FROM dwh_star.fact_participation f
		LEFT JOIN dwh_catalog.unit_succession s1 ON s1.predecessor_unit_id = f.unit_id
		LEFT JOIN dwh_catalog.unit_succession s2 ON s2.predecessor_unit_id = s1.successor_unit_id
		WHERE f.month = '2024-12-01' AND f.state = 'active' AND scheme_id IN (1, 2) GROUP BY 1) o
	JOIN dwh_star.dim_unit n USING (unit_id) GROUP BY n.code) x
ORDER BY exact DESC, code COLLATE "C" LIMIT 5
SQL

# Published figures are the ones that were landed: settlement before estimate, nothing where nothing is published.
like($out, qr/^ 2017 \|\s+13591 s\s/m, 'published by settlement');
like($out, qr/^ 2018 \|\s+-\s+\|/m, 'nothing published: -');
like($out, qr/circular, no check/, 'an implied denominator is said to be circular');

# Funds close: opening + revenue - expenditure, and the next month opens with it.
is($node->safe_psql('one', <<'SQL'), 0, 'the funds close, and open with what the month before closed with');
SELECT count(*) FROM (
	SELECT b.month, b.closing - b.opening - sum(f.revenue - f.expenditure) AS gap,
		b.opening - lag(b.closing) OVER (PARTITION BY b.fund_id ORDER BY b.month) AS break
	FROM dwh_star.fact_ledger b JOIN dwh_star.dim_ledger_account a ON a.account_id = b.account_id AND a.nature = 'balance'
	JOIN dwh_star.fact_ledger f ON f.month = b.month AND f.fund_id = b.fund_id
	GROUP BY b.month, b.fund_id, b.closing, b.opening) x WHERE gap <> 0 OR break <> 0
SQL

# Every row lies with a unit that is valid in its month.
foreach my $fact (split /\n/, $node->safe_psql('one', q{SELECT relname FROM pg_class WHERE relnamespace = 'dwh_star'::regnamespace
	AND relkind = 'p' AND relname LIKE 'fact\_%' ORDER BY 1}))
{
	is($node->safe_psql('one', "SELECT count(*) FROM dwh_star.$fact f JOIN dwh_star.dim_unit u USING (unit_id)
		WHERE f.month NOT BETWEEN u.valid_from AND coalesce(u.valid_to, 'infinity')"), 0, "$fact: units valid in the row's month")
		unless $fact eq 'fact_manual';
}

# Sums over the 63 old provinces equal sums over the 34 new ones, for every additive measure and every month before the merger that has
# facts. Measures are asked through indicators of their own, in a transaction that is rolled back.
is($node->safe_psql('one', <<'SQL'), 't|t|t', 'every additive measure, every month: 63 = 34');
BEGIN;
INSERT INTO dwh_catalog.indicator (indicator_id, code, name_vi, name_en, indicator_group, base_unit, display_unit, kind, subject_id, breakdowns,
	periods, source_systems)
SELECT 900000 + m.measure_id, 'T_' || m.code, m.code, m.code, 'test', m.unit_of_measure, m.unit_of_measure, 'flow', m.subject_id, '{}', '{month}', '-'
FROM dwh_catalog.measure m JOIN dwh_catalog.subject s USING (subject_id)
WHERE m.aggregate IN ('sum', 'count') AND m.time_behaviour IN ('flow', 'stock', 'opening', 'cumulative') AND s.code LIKE 'fact\_%'
	AND s.code <> 'fact_manual' AND m.unit_column IS NULL;
INSERT INTO dwh_catalog.indicator_version (indicator_id, version, formula, valid_from, reason)
SELECT indicator_id, 1, '[' || substr(code, 3) || ']', '2010-01-01', 'test' FROM dwh_catalog.indicator WHERE indicator_id > 900000;
WITH old AS (
	SELECT indicator, period_start, sum(value) AS total FROM dwh.indicator_values(
		(SELECT array_agg(code) FROM dwh_catalog.indicator WHERE indicator_id > 900000), '2017-12-01', '2025-06-01', p_map => '2025-06-30')
	GROUP BY 1, 2
), new AS (
	SELECT indicator, period_start, sum(value) AS total FROM dwh.indicator_values(
		(SELECT array_agg(code) FROM dwh_catalog.indicator WHERE indicator_id > 900000), '2017-12-01', '2025-06-01', p_map => '2025-12-31')
	GROUP BY 1, 2
)
SELECT count(DISTINCT indicator) > 20, count(*) FILTER (WHERE old.total > 0) > 800, bool_and(old.total IS NOT DISTINCT FROM new.total)
FROM old FULL JOIN new USING (indicator, period_start);
ROLLBACK;
SQL
is($node->safe_psql('one', <<'SQL'), '65|36|34', 'as many units as there were offices: 63 and 34, defence and police');
SELECT (SELECT count(*) FROM dwh.indicator_values('{B02}', '2025-06-01', '2025-06-01', p_map => '2025-06-30') WHERE value > 0),
	(SELECT count(*) FROM dwh.indicator_values('{B02}', '2025-06-01', '2025-06-01', p_map => '2025-12-31') WHERE value > 0),
	(SELECT count(*) FROM dwh.indicator_values('{B02}', '2025-07-01', '2025-07-01') WHERE value > 0 AND unit_code NOT IN ('QP', 'CA'))
SQL
my ($status, undef, $refused) = $node->psql('one',
	q{\set VERBOSITY verbose
	SELECT count(*) FROM dwh.indicator_values('{B01}', '2025-08-01', '2025-08-01', p_map => '2025-06-30')});
like($refused, qr/WH104/, 'new to old is refused');

# Loading twice changes nothing but the log of the loads of figures, and the landing that keeps each of them.
my $facts = q{SELECT string_agg(t, E'\n' ORDER BY t) FROM (SELECT relname || ' ' || (xpath('/row/sum/text()', query_to_xml(format(
	'SELECT count(*) || '' '' || coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) AS sum FROM dwh_star.%I AS t', relname), false, true, '')))[1]::text AS t
	FROM pg_class WHERE relnamespace = 'dwh_star'::regnamespace AND relkind = 'p' OR relname LIKE 'dim\_%' AND relkind = 'r') x};
my $before = $node->safe_psql('one', $facts);
my ($again, $out2, $err2) = demo('one');
ok($again && $err2 eq '', 'a second run ends well');
is(figures($out2), figures($out), 'a second run prints the same');
is($node->safe_psql('one', $facts), $before, 'a second run changes no row');

# Another database, the same rows but for when and by which load.
$node->safe_psql('postgres', 'CREATE DATABASE two');
my (undef, $out3) = demo('two');
is(figures($out3), figures($out), 'another database prints the same');
my $content = q{SELECT count(*) || ' ' || sum(hashtextextended((to_jsonb(t) - 'load_id')::text, 0)::numeric) FROM dwh_star.%s AS t};
foreach my $fact ('fact_participation', 'fact_collection', 'fact_claim', 'dim_person')
{
	my $sql = sprintf $content, $fact;
	is($node->safe_psql('two', $sql), $node->safe_psql('one', $sql), "another database: $fact is the same");
}

# Another size over the same rows is refused.
{
	local $ENV{DWH_DEMO_SIZE};
	my ($s, $o, $e) = $node->psql('two', "\\set size 300000\n\\i $FindBin::Bin/../demo/generate_base.sql");
	like($e, qr/holds generated facts of another size/, 'another size is refused');
}
$node->stop;
done_testing();

# 893-001: the demo's warehouse, dumped and restored roles first, is the same warehouse and gives the same values; DROP EXTENSION is
# refused, and with CASCADE takes no row and shows none to plain roles; create_warehouse() puts back what it took.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Warehouse;

my $here = new_node('here', max_wal_size => '256MB');
my $there = new_node('there', max_wal_size => '256MB');
my $tmp = PostgreSQL::Test::Utils::tempdir;

$here->safe_psql('postgres', 'CREATE DATABASE work');
{
	local $ENV{PGHOST} = $here->host;
	local $ENV{PGPORT} = $here->port;
	local $ENV{PGDATABASE} = 'work';
	local $ENV{DWH_DEMO_SIZE} = 150000;
	my ($out, $err) = ('', '');

	ok(IPC::Run::run([ "$FindBin::Bin/../demo/run.sh" ], q{>}, \$out, q{2>}, \$err), 'the demo ends well') or diag($err);
}

# Every indicator of the catalogue, by year for the country and the provinces.
my $values = q{
	SET extra_float_digits = 0;
	SELECT md5(string_agg(v::text, E'\n' ORDER BY v.indicator, v.period_start, v.unit_code)), count(*), count(v.value)
	FROM dwh.indicator_values((SELECT array_agg(code) FROM dwh_catalog.indicator), '2019-01-01', '2025-12-01', 'year', '{country,province}') AS v};
my $rows = checksums($here, 'work');
my $answer = $here->safe_psql('work', $values);
like($answer, qr/^[0-9a-f]{32}\|\d{4,}\|\d{4,}$/, 'there are values to compare');

append_to_file("$tmp/roles.sql", $here->safe_psql('work', 'SELECT dwh.export_roles()') . "\n");
my @psql = ('psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-o', '/dev/null');
command_ok([ @psql, '-d', $there->connstr('postgres'), '-f', "$tmp/roles.sql" ], 'roles first');

sub same
{
	my ($database, $what) = @_;
	is(checksums($there, $database), $rows, "$what: every table has the same rows, and no event was written");
	is($there->safe_psql($database, $values), $answer, "$what: every indicator has the same values");
}

$there->safe_psql('postgres', 'CREATE DATABASE plain TEMPLATE template0');
command_ok([ 'pg_dump', '-d', $here->connstr('work'), '-f', "$tmp/plain.sql" ], 'pg_dump');
command_ok([ @psql, '-d', $there->connstr('plain'), '-f', "$tmp/plain.sql" ], 'psql with ON_ERROR_STOP');
same('plain', 'plain');
unlink "$tmp/plain.sql";
$there->safe_psql('postgres', 'DROP DATABASE plain');

# pg_dump takes parallel jobs for folders only; pg_restore for both.
foreach my $format ([ 'custom', '-Fc' ], [ 'folder', '-Fd', '-j2' ])
{
	my ($name, @options) = @$format;

	$there->safe_psql('postgres', "CREATE DATABASE $name TEMPLATE template0");
	command_ok([ 'pg_dump', @options, '-d', $here->connstr('work'), '-f', "$tmp/$name" ], "pg_dump @options");
	command_ok([ 'pg_restore', '-e', '-j2', '-d', $there->connstr($name), "$tmp/$name" ], 'pg_restore -j2');
	same($name, $name);
	$there->safe_psql('postgres', "DROP DATABASE $name");
}

# The extension leaves, the data stays.
my ($status, $out, $err) = $here->psql('work', 'DROP EXTENSION dwh_ext');
isnt($status, 0, 'DROP EXTENSION is refused');
like($err, qr/cannot drop extension dwh_ext because other objects depend on it/, 'by PostgreSQL itself');
$here->safe_psql('work', 'SET client_min_messages = warning; DROP EXTENSION dwh_ext CASCADE');
is(checksums($here, 'work'), $rows, 'CASCADE leaves every row of every table');
$here->safe_psql('work', q{CREATE ROLE regress_plain; GRANT dwh_analyst, dwh_national, dwh_central_admin, dwh_province_admin TO regress_plain});
is($here->safe_psql('work', q{
	SET ROLE regress_plain;
	SELECT string_agg(relname, ' ') FROM pg_class WHERE relnamespace = 'dwh_star'::regnamespace AND relkind IN ('p', 'r')
		AND (relname LIKE 'fact\_%' OR relname = 'dim_person') AND has_table_privilege(oid, 'SELECT')
		AND (xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n FROM %s', oid::regclass), false, true, '')))[1]::text <> '0'}),
	'', 'and shows no fact or person to plain roles');
$here->safe_psql('work', 'CREATE EXTENSION dwh_ext; SET client_min_messages = warning; SELECT dwh.create_warehouse()');
is($here->safe_psql('work', $values), $answer, 'create_warehouse() brings every value back');
is($here->safe_psql('work', q{SET ROLE regress_plain; SELECT count(*) FROM dwh_star.fact_participation}), '0', 'plain roles see nothing still');

done_testing();

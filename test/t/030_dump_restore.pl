# 893-001, 2327-035: a dump restored elsewhere, roles first, is the same warehouse, and writes nothing of its own until it is started.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Warehouse;

# The worker of a database that is not there yet comes back after five seconds: the refusal below waits for it, so that the dump has it.
my $here = new_node('here', shared_preload_libraries => 'dwh_ext', 'dwh_ext.database' => 'work', 'dwh_ext.audit_wait' => '30s',
	'dwh_ext.audit_seal_interval' => 0);
my $there = new_node('there', shared_preload_libraries => 'dwh_ext', 'dwh_ext.database' => 'plain');
my $tmp = PostgreSQL::Test::Utils::tempdir;

$here->safe_psql('postgres', 'CREATE DATABASE work; CREATE ROLE regress_an LOGIN');
$here->safe_psql('work', <<'SQL');
CREATE EXTENSION dwh_ext;
SELECT dwh.create_warehouse();
GRANT dwh_analyst TO regress_an;
INSERT INTO dwh_catalog.account (kind, email, full_name, login_role, valid_from)
	VALUES ('sector', 'an@vss.example', 'Nguyễn Văn An', 'regress_an', '2026-01-01');
INSERT INTO dwh_catalog.access_grant (account_id, user_group_id, valid_from)
	SELECT a.account_id, g.user_group_id, '2026-01-01' FROM dwh_catalog.account AS a, dwh_catalog.user_group AS g WHERE g.code = 'analyst';
-- What a site adds is restored like everything else.
ALTER TABLE dwh_catalog.account ADD COLUMN phone text;
CREATE INDEX account_phone_idx ON dwh_catalog.account (phone);
SQL
# Rows in a partition of a fact, where facts are there already.
$here->safe_psql('work', <<'SQL') if $here->safe_psql('work', q{SELECT to_regclass('dwh_star.fact_ledger') IS NOT NULL}) eq 't';
SET ROLE dwh_owner;
INSERT INTO dwh_log.load_run (source_id, batch, started_at, status) VALUES (4, 'test', '2026-01-01', 'done');
INSERT INTO dwh_star.fact_ledger (month, unit_id, account_id, fund_id, revenue, expenditure, opening, closing, load_id)
SELECT m::date, u.unit_id, a.account_id, f.fund_id, 1000 + extract(month FROM m)::int, 900, 0, 100, l.load_id
FROM generate_series(date '2024-01-01', date '2025-12-01', interval '1 month') AS m,
	(SELECT unit_id FROM dwh_star.dim_unit WHERE level = 'centre' LIMIT 1) AS u,
	(SELECT min(account_id) AS account_id FROM dwh_star.dim_ledger_account) AS a,
	(SELECT min(fund_id) AS fund_id FROM dwh_star.dim_fund) AS f,
	(SELECT max(load_id) AS load_id FROM dwh_log.load_run) AS l
WHERE a.account_id IS NOT NULL;
SQL
$here->psql('work', 'SELECT dwh.start_warehouse()', extra_params => [ '-U', 'regress_an' ]);
$here->safe_psql('work', 'SELECT dwh.audit_seal()');
my $head = $here->safe_psql('work', 'SELECT dwh.export_tree_head()');
my $rows = checksums($here, 'work');
my $guards = guards($here, 'work');
cmp_ok(scalar(split /\n/, $rows), '>', 60, 'there is something to dump');

# The recipe of the README: roles first.
my $roles = $here->safe_psql('work', 'SELECT dwh.export_roles()');
append_to_file("$tmp/roles.sql", "$roles\n");
my @psql = ('psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-o', '/dev/null');
for (1 .. 2)
{
	command_ok([ @psql, '-d', $there->connstr('postgres'), '-f', "$tmp/roles.sql" ], 'export_roles() runs elsewhere' . ($_ > 1 ? ', twice' : ''));
}
$there->safe_psql('postgres', 'CREATE ROLE regress_an LOGIN IN ROLE dwh_analyst');
is($there->safe_psql('postgres', q{SELECT rolname, rolinherit, shobj_description(oid, 'pg_authid') FROM pg_authid WHERE rolname LIKE 'dwh%' ORDER BY 1}),
	$here->safe_psql('postgres', q{SELECT rolname, rolinherit, shobj_description(oid, 'pg_authid') FROM pg_authid WHERE rolname LIKE 'dwh%' ORDER BY 1}),
	'the roles are the same');

# guards() shows oids of relations for nothing but order, so they are compared without.
sub is_same
{
	my ($database, $what) = @_;
	my $without_oid = sub { join "\n", sort map { s/^relation\|\d+/relation/r } split /\n/, shift };

	is(checksums($there, $database), $rows, "$what: every table has the same rows");
	is($without_oid->(guards($there, $database)), $without_oid->($guards), "$what: the same triggers, constraints, views, privileges");
	is($there->safe_psql($database, "SELECT is_intact, dwh.export_tree_head() = E'$head' FROM dwh.audit_verify(NULL, NULL, E'$head')"), 't|t',
		"$what: the logs verify, and have the same head");
	is($there->safe_psql($database, q{SELECT is_live, (SELECT state FROM dwh.health() WHERE component = 'instance') FROM dwh.warehouse_info}), 'f|error',
		"$what: it is not live, and dwh.health() says so");
	like($there->safe_psql($database, 'SELECT dwh.create_warehouse()'), qr/already exists.*nothing changed/, "$what: nothing is to be made");
	is(checksums($there, $database), $rows, "$what: and nothing was");
}

command_ok([ 'pg_dump', '-d', $here->connstr('work'), '-f', "$tmp/plain.sql" ], 'pg_dump as text');
$there->safe_psql('postgres', 'CREATE DATABASE plain');
# What a restore does before the worker is there fills the ring, which would count as records that were lost.
ok(wait_for(30, sub { $there->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'dwh_ext audit' AND datname = 'plain'}) == 1 }), 'the worker finds its database');
command_ok([ @psql, '-d', $there->connstr('plain'), '-f', "$tmp/plain.sql" ], 'restored without an error');
is_same('plain', 'text');

command_ok([ 'pg_dump', '-Fc', '-d', $here->connstr('work'), '-f', "$tmp/custom" ], 'pg_dump -Fc');
command_ok([ 'pg_dump', '-Fd', '-j2', '-d', $here->connstr('work'), '-f', "$tmp/folder" ], 'pg_dump -Fd -j2');
for my $format ('custom', 'folder')
{
	$there->safe_psql('postgres', "CREATE DATABASE $format");
	command_ok([ 'pg_restore', '-e', '-j2', '-d', $there->connstr($format), "$tmp/$format" ], "pg_restore -j2 of $format");
	is_same($format, $format);
}

# Without its owners it is no warehouse, and the hint does not lead to dropping it.
$there->safe_psql('postgres', 'CREATE DATABASE ownerless');
command_ok([ 'pg_restore', '--no-owner', '-d', $there->connstr('ownerless'), "$tmp/custom" ], 'pg_restore --no-owner says nothing');
my ($status, undef, $err) = $there->psql('ownerless', 'SELECT dwh.create_warehouse()');
like($err, qr/schema "dwh_catalog" has a name of the warehouse but is not its own.*restored without its owners, or given away: restore the dump anew/s, 'create_warehouse() says what happened');

# The README's recipe, as it stands there: the two halves on their two servers.
my ($recipe) = slurp_file("$FindBin::Bin/../../README.md") =~ /^## Backup, restore and upgrade.*?^```sh\n(.*?)^```/ms;
my ($save, $restore) = $recipe =~ /^(.*?)(^# Where it is restored.*)$/ms;
for ([ $here, $save, 'saves' ], [ $there, $restore, 'restores' ])
{
	my ($node, $script, $does) = @$_;
	local %ENV = (%ENV, PGHOST => $node->host, PGPORT => $node->port);

	command_ok([ 'bash', '-ec', "cd $tmp\n$script" ], "the README's recipe $does");
}
is_same('work', 'README');

# The worker of the other cluster serves the restored copy, and is silent until a superuser starts it.
ok(wait_for(30, sub { $there->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'dwh_ext audit'}) == 1 }),
	'the worker runs on the copy');
$there->psql('plain', 'SELECT dwh.start_warehouse()', extra_params => [ '-U', 'regress_an' ]);
is(checksums($there, 'plain'), $rows, 'it writes nothing there');
is(count_lines($there, qr/dwh_ext event not in the table: no warehouse is live/), 1, 'the refusal is in the server log');
like($there->safe_psql('plain', 'SELECT dwh.start_warehouse()'), qr/is live on this server/, 'started');
like($there->safe_psql('plain', 'SELECT dwh.start_warehouse()'), qr/nothing changed/, 'once is enough');
$there->psql('plain', 'SELECT dwh.start_warehouse()', extra_params => [ '-U', 'regress_an' ]);
is($there->safe_psql('plain', "SELECT action, decision, person FROM dwh_log.audit_event WHERE action <> 'records_lost' ORDER BY event_id DESC LIMIT 2"),
	"start_warehouse|refused|Nguyễn Văn An\nstart_warehouse|done|", 'from then on its log goes on');
ok(wait_for(30, sub { $there->safe_psql('plain', q{SELECT detail ->> 'count' FROM dwh_log.audit_event WHERE action = 'records_lost'}) eq '1' }),
	'and tells of the one that is in the server log only');
is($here->safe_psql('work', 'SELECT is_live FROM dwh.warehouse_info'), 't', 'the original is live as before');

# 893-041: an old backup put in place of the log is found against a head that was exported after it, and by nothing else.
$here->safe_psql('work', q{SELECT dwh_internal.audit_append('later', NULL, 'done', NULL); SELECT dwh.audit_seal()});
my $later = $here->safe_psql('work', 'SELECT dwh.export_tree_head()');
is($there->safe_psql('custom', 'SELECT is_intact FROM dwh.audit_verify()'), 't', 'an old backup is whole in itself');
like($there->safe_psql('custom', "SELECT is_intact, first_bad_leaf, problem FROM dwh.audit_verify(NULL, NULL, E'$later')"),
	qr/^f\|(\d+)\|the exported head has \d+ leaves, the tree \1: /, 'a head of later finds it, with the first leaf that is missing');

$_->stop for ($here, $there);
done_testing();

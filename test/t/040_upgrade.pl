# 893-001, 893-057: upgrade_warehouse() brings the tables of an older version forward, whole or not at all, and loses no row.
# The newer extension is this one with one more step, embedded by the build's own script.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Warehouse;

my $node = new_node('upgrade');
my $repo = "$FindBin::Bin/../..";
my $tmp = PostgreSQL::Test::Utils::tempdir;
my @parts = split ' ', `make -s --no-print-directory -C $repo list-WAREHOUSE_PARTS`;
my @steps = glob("$repo/sql/warehouse/upgrade/*.sql");
my $version = $node->safe_psql('postgres', 'CREATE DATABASE work; SELECT 1') + @steps;
my $next = $version + 1;

# The statement that makes the function with the embedded parts and these steps.
sub parts_sql
{
	my %steps = @_;
	my $folder = "$tmp/upgrade";

	mkdir $folder;
	unlink glob("$folder/*");
	append_to_file(sprintf("%s/%04d_%s.sql", $folder, @$_), $steps{ $_->[0] }[1]) for map { [ $_, $steps{$_}[0] ] } keys %steps;
	return `cd $repo && awk -f sql/embed.awk @parts @steps @{[ sort glob("$folder/*.sql") ]}`
		. 'REVOKE ALL ON FUNCTION dwh_internal.warehouse_part() FROM PUBLIC;';
}

# Replaces the embedded parts of the installed extension.
sub install_steps
{
	my $sql = parts_sql(@_);

	$node->safe_psql('work', "BEGIN; ALTER EXTENSION dwh_ext DROP FUNCTION dwh_internal.warehouse_part();
		DROP FUNCTION dwh_internal.warehouse_part(); $sql
		ALTER EXTENSION dwh_ext ADD FUNCTION dwh_internal.warehouse_part(); COMMIT");
}

$node->safe_psql('work', <<'SQL');
CREATE EXTENSION dwh_ext;
SELECT dwh.create_warehouse();
INSERT INTO dwh_catalog.account (kind, email, full_name, valid_from) VALUES ('sector', 'an@vss.example', 'Nguyễn Văn An', '2026-01-01');
SQL
like($node->safe_psql('work', 'SELECT dwh.upgrade_warehouse()'), qr/already has schema version $version: nothing changed/, 'nothing to do at first');

my $step = <<'SQL';
-- Accounts know their language.
ALTER TABLE dwh_catalog.account ADD COLUMN language text NOT NULL DEFAULT 'vi'
	CONSTRAINT account_language_check CHECK (language IN ('vi', 'en'));
COMMENT ON COLUMN dwh_catalog.account.language IS 'Ngôn ngữ | Language';
UPDATE dwh_catalog.account SET language = 'en' WHERE kind = 'outside';
SQL

# A step that fails leaves nothing of the ones before it.
install_steps($next => [ 'language', $step ], $next + 1 => [ 'broken', "\n\nALTER TABLE dwh_catalog.nothing ADD COLUMN x int;\n" ]);
my $before = checksums($node, 'work');
my ($status, $out, $err) = $node->psql('work', 'SELECT dwh.upgrade_warehouse()');
like($err, qr/relation "dwh_catalog.nothing" does not exist.*warehouse part "000@{[ $next + 1 ]}_broken.sql", statement at line 3/s,
	'a failing step names itself and its line');
is(checksums($node, 'work'), $before, 'and nothing has changed');

# The right one, by an update script of a newer extension. An older warehouse cannot be rebuilt before it is brought forward.
install_steps();
my $script = `pg_config --sharedir` =~ s/\n\z//r . '/extension/dwh_ext--1.0--1.0.next.sql';
append_to_file($script, 'DROP FUNCTION dwh_internal.warehouse_part(); ' . parts_sql($next => [ 'language', $step ]));
$node->safe_psql('work', q{ALTER EXTENSION dwh_ext UPDATE TO '1.0.next'});
unlink $script;
is(checksums($node, 'work'), $before, 'ALTER EXTENSION UPDATE touches no table');
like($node->safe_psql('work', 'SELECT dwh.create_warehouse()'), qr/already exists, schema version $version/, 'create_warehouse() does not upgrade');
my $guards = guards($node, 'work');
like($node->safe_psql('work', 'SELECT dwh.upgrade_warehouse()'), qr/upgraded from schema version $version to $next/, 'upgraded');
is($node->safe_psql('work', 'SELECT schema_version FROM dwh.warehouse_info'), $next, 'the version is kept');
is($node->safe_psql('work', 'SELECT full_name, language FROM dwh_catalog.account'), 'Nguyễn Văn An|vi', 'the table has changed, the row is there');
my %rows = map { $_ => 1 } split /\n/, checksums($node, 'work');
is(join(' ', map { s/[ |].*//r } grep { !$rows{$_} && !/event_id_seq/ } split /\n/, $before),
	'dwh_catalog.account dwh_catalog.warehouse ' . $node->safe_psql('work', q{SELECT to_char(dwh.today(), '"dwh_log.audit_event_"YYYY_MM')}),
	'893-057 no other row has changed: the version, and the event');
is($node->safe_psql('work', q{SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = 'dwh_catalog.account'::regclass}), 'dwh_owner', 'as dwh_owner');
is($node->safe_psql('work', 'SELECT action, decision, detail FROM dwh_log.audit_event ORDER BY event_id DESC LIMIT 1'),
	qq(upgrade_warehouse|done|{"steps": 1, "to_version": $next, "from_version": $version}), 'it is recorded');
my %was = map { $_ => 1 } split /\n/, $guards;
is(join("\n", grep { !$was{$_} && !/account_language_check|warehouse_part\(\)/ } split /\n/, guards($node, 'work')), '', 'nothing else has changed');
my $after = checksums($node, 'work');
like($node->safe_psql('work', 'SELECT dwh.upgrade_warehouse()'), qr/already has schema version $next: nothing changed/, 'once is enough');
is(checksums($node, 'work'), $after, '893-057 the second time nothing changes');

# An extension older than the tables is refused.
install_steps();
$node->psql('work', 'SELECT dwh.upgrade_warehouse()', stderr => \$err);
like($err, qr/newer than this extension.*version $next, the extension $version/s, 'tables newer than the extension: refused');
$node->safe_psql('work', 'DROP EXTENSION dwh_ext CASCADE; CREATE EXTENSION dwh_ext');
$node->psql('work', 'SELECT dwh.create_warehouse()', stderr => \$err);
like($err, qr/do not have the version of this extension/, 'nor are they rebuilt by it');

# Older tables, extension dropped with CASCADE, newer extension: upgrade brings all back.
$node->safe_psql('postgres', 'DROP DATABASE work');
$node->safe_psql('postgres', 'CREATE DATABASE work');
$node->safe_psql('work', 'CREATE EXTENSION dwh_ext; SELECT dwh.create_warehouse()');
$guards = guards($node, 'work');
%was = map { $_ => 1 } grep { !/^(relation|function)/ } split /\n/, $guards;
$node->safe_psql('work', 'DROP EXTENSION dwh_ext CASCADE; CREATE EXTENSION dwh_ext');
install_steps($next => [ 'language', $step ]);
$node->psql('work', 'SELECT dwh.create_warehouse()', stderr => \$err);
like($err, qr/do not have the version.*HINT:.*dwh.upgrade_warehouse\(\)/s, 'create_warehouse() says what to call');
like($node->safe_psql('work', 'SELECT dwh.upgrade_warehouse()'), qr/upgraded from schema version $version to $next/, 'upgraded');
my %is = map { $_ => 1 } split /\n/, guards($node, 'work');
is(join("\n", grep { !$is{$_} } sort keys %was), '', 'triggers, constraints and policies are back');

$node->stop;
done_testing();

# 893-001: creating the warehouse in a cluster that has none of our roles yet: strangers' objects, atomicity, several sessions.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Warehouse;

my $node = new_node('create');
my $roles = q{SELECT count(*) FROM pg_roles WHERE rolname LIKE 'dwh\_%'};
my $schemas = q{SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'dwh\_%' AND nspname <> 'dwh_internal'};

sub create_database
{
	my ($name) = @_;
	$node->safe_psql('postgres', "CREATE DATABASE $name");
	$node->safe_psql($name, 'CREATE EXTENSION dwh_ext');
}

sub is_refused
{
	my ($before, $pattern, $after, $what) = @_;
	my ($status, $out, $err);

	$node->safe_psql('one', $before);
	my $there = $node->safe_psql('one', $roles);
	($status, $out, $err) = $node->psql('one', '\set VERBOSITY verbose' . "\nSELECT dwh.create_warehouse()");
	like($err, qr/WH002: $pattern/s, "$what: refused by name");
	is($node->safe_psql('one', $roles), $there, "$what: no role made");
	$node->safe_psql('one', $after);
}

create_database('one');

# Strangers, before there is anything of ours in the cluster.
is_refused('CREATE ROLE dwh_owner LOGIN', 'role "dwh_owner".*It can log in', 'DROP ROLE dwh_owner', 'dwh_owner with LOGIN');
is_refused('CREATE ROLE dwh_owner', 'role "dwh_owner".*Its comment does not say', 'DROP ROLE dwh_owner', 'dwh_owner without mark');
is_refused(q{CREATE ROLE dwh_partner SUPERUSER; COMMENT ON ROLE dwh_partner IS '[dwh_ext] ' },
	'role "dwh_partner".*SUPERUSER', 'DROP ROLE dwh_partner', 'a forged mark on a superuser');
is_refused(q{CREATE ROLE eve; CREATE ROLE dwh_national ROLE eve; COMMENT ON ROLE dwh_national IS '[dwh_ext] ' },
	'role "dwh_national".*It has the member "eve"', 'DROP ROLE dwh_national, eve', 'a forged mark and a member');
is_refused(q{CREATE ROLE dwh_loader IN ROLE pg_read_all_data; COMMENT ON ROLE dwh_loader IS '[dwh_ext] ' },
	'role "dwh_loader".*It is a member of the role "pg_read_all_data"', 'DROP ROLE dwh_loader', 'a forged mark and a membership');
is_refused('CREATE ROLE eve; CREATE SCHEMA dwh_catalog AUTHORIZATION eve',
	'schema "dwh_catalog".*It belongs to role "eve"', 'DROP SCHEMA dwh_catalog; DROP ROLE eve', 'a schema dwh_catalog');
is($node->safe_psql('one', $roles) . $node->safe_psql('one', $schemas), '00', 'nothing is left of the refused calls');

# A rollback leaves nothing.
$node->safe_psql('one', 'BEGIN; SELECT dwh.create_warehouse(); ROLLBACK');
is($node->safe_psql('one', $roles) . $node->safe_psql('one', $schemas), '00', 'a rollback leaves nothing');

# Vietnamese names need UTF8.
$node->safe_psql('postgres', q{CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'});
$node->safe_psql('latin', 'CREATE EXTENSION dwh_ext');
my ($status, undef, $err) = $node->psql('latin', '\set VERBOSITY verbose' . "\nSELECT dwh.create_warehouse()");
like($err, qr/0A000: a warehouse needs a database with encoding UTF8.*This one has LATIN1/s, 'another encoding is refused');

# Roles belong to the cluster: two databases at the same moment, and the first one may yet fail.
create_database('two');
create_database('three');
my ($one, $two, $three) = map { session($node, $_) } ('one', 'two', 'three');
$one->query_safe('BEGIN; SELECT dwh.create_warehouse()');
ask($two, 'SELECT dwh.create_warehouse()');
ok(blocked($node, 1), 'the second database waits while the first one makes the roles');
ask($three, 'SELECT dwh.create_warehouse()');
ok(blocked($node, 2), 'so does a third');
$one->query_safe('ROLLBACK');
like($two->query('SELECT 1'), qr/warehouse created.*1$/s, 'after its rollback the second makes roles and warehouse');
like($three->query('SELECT 1'), qr/warehouse created.*1$/s, 'and the third finds the roles');
is($node->safe_psql('two', 'SELECT detail->>\'roles_created\' FROM dwh_log.audit_event')
	  + $node->safe_psql('three', 'SELECT detail->>\'roles_created\' FROM dwh_log.audit_event'), 9, 'each role was made once');

# One database, several sessions, one of them with a snapshot from before.
my $late = session($node, 'one');
$late->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM pg_class');
$one->query_safe('BEGIN; SELECT dwh.create_warehouse()');
my $other = session($node, 'one');
ask($other, 'SELECT dwh.create_warehouse()');
ask($late, 'SELECT dwh.create_warehouse()');
ok(blocked($node, 2), 'two other sessions wait');
$one->query_safe('COMMIT');
my $pattern = qr/already exists, schema version \d+: nothing changed.*1$/s;
like($late->query('SELECT 1'), $pattern, 'the one with an older snapshot finds it made');
$late->query_safe('COMMIT');
like($other->query('SELECT 1'), $pattern, 'and so does the other');
is($node->safe_psql('one', 'SELECT count(*) FROM dwh_log.audit_event'), 1, 'it was made once');

# After the first warehouse of the cluster, members are nobody's business here.
$node->safe_psql('one', 'CREATE ROLE minh LOGIN IN ROLE dwh_analyst');
create_database('four');
like($node->safe_psql('four', 'SELECT dwh.create_warehouse()'), qr/warehouse created/, 'a later database accepts members of the groups');

$_->quit for ($one, $two, $three, $late, $other);

# A crash soon after the creation takes back no number that was given out since, under wal_level = minimal either (a sequence of the
# transaction that made the table is then not in the WAL).
is($node->safe_psql('four', 'SHOW wal_level'), 'minimal', 'this server runs with wal_level = minimal');
my $numbers = q{SELECT n.nspname, c.relname, nextval(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE c.relkind = 'S' AND n.nspname LIKE 'dwh\_%' ORDER BY 1, 2};
my %given = map { /(.*)\|(\d+)$/ } split /\n/, $node->safe_psql('four', $numbers);
$node->stop('immediate');
$node->start;
my %next = map { /(.*)\|(\d+)$/ } split /\n/, $node->safe_psql('four', $numbers);
cmp_ok(keys %given, '>', 30, 'the sequences of the warehouse');
is(join(' ', grep { $next{$_} <= $given{$_} } sort keys %given), '', 'after a crash each goes on behind the numbers it gave out');

$node->stop;
done_testing();

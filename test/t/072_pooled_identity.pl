# 2327-048, 2327-038, 893-030, 893-031: people behind pooled connections. The pooler is Debian's pgbouncer, with one server connection that everybody
# shares: whoever has a transaction is who its token names, nobody is left behind in it, and a person is the same account by every way in.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Token;
use Warehouse;

my ($pgbouncer) = grep { -x } map { "$_/pgbouncer" } split(/:/, $ENV{PATH}), '/usr/sbin', '/usr/local/sbin';
plan skip_all => 'needs pgbouncer' unless $pgbouncer;

my $node = new_node('pooled', shared_preload_libraries => 'dwh_ext', 'dwh_ext.database' => 'work', 'dwh_ext.audit_wait' => '5s');
my $dir = PostgreSQL::Test::Utils::tempdir();
my $issuer = 'https://iam.example';
my $key = new_key($dir, 'ec-1', 'ES256');

$node->safe_psql('postgres', 'CREATE DATABASE work');
$node->safe_psql('work', <<"SQL");
SET client_min_messages = warning;
CREATE EXTENSION dwh_ext;
SELECT dwh.create_warehouse();
CREATE ROLE portal LOGIN IN ROLE dwh_analyst;
CREATE ROLE desk LOGIN IN ROLE dwh_analyst;
CREATE ROLE centre LOGIN IN ROLE dwh_analyst;
INSERT INTO dwh_log.load_run (source_id, batch) VALUES (6, 'pooled');
INSERT INTO dwh_star.fact_staff (month, unit_id, staff_id, position_id, employment_kind, load_id)
SELECT '2025-08-01', u, u, (SELECT min(position_id) FROM dwh_star.dim_position), 'contract', (SELECT max(load_id) FROM dwh_log.load_run)
FROM unnest(ARRAY[231, 101, 224]) AS u;
INSERT INTO dwh_catalog.account (account_id, kind, email, iam_subject, full_name, valid_from) VALUES
	(901, 'sector', 'an\@vss.example', 'an', 'An', '2020-01-01'), (902, 'sector', 'binh\@vss.example', 'binh', 'Bình', '2020-01-01'),
	(903, 'sector', 'chi\@vss.example', 'chi', 'Chi', '2020-01-01');
INSERT INTO dwh_catalog.access_grant (account_id, user_group_id, scope_unit_id, valid_from) VALUES (901, 3, 231, '2020-01-01'), (902, 3, 101, '2020-01-01');
SELECT dwh.register_token_issuer('$issuer', 'dwh'), dwh.register_token_key('$issuer', 'ec-1', '${\ jwk($key)}', 'ES256');
SELECT dwh.register_gateway('portal', 'transaction', 'web portal'), dwh.register_gateway('desk', 'session', 'desktop'),
	dwh.register_gateway('centre', 'transaction', 'operations centre');
SQL
sub admin { return $node->safe_psql('work', $_[0]) }

# The pooler: each gateway has one server connection, so that clients take turns on it.
sub write_file { my ($name, @lines) = @_; open my $file, '>', "$dir/$name" or die; print $file map { "$_\n" } @lines; close $file; return "$dir/$name" }
my $port = $node->port + 1;
my $users = write_file('users.txt', map { qq{"$_" ""} } 'portal', 'desk', 'centre', 'postgres');
my $ini = write_file('pgbouncer.ini', '[databases]', 'work = host=' . $node->host . ' port=' . $node->port . ' dbname=work',
	'[users]', 'desk = pool_mode=session', '[pgbouncer]', 'pool_mode = transaction', 'server_reset_query = DISCARD ALL', 'default_pool_size = 1', 'max_client_conn = 50',
	'listen_addr =', "listen_port = $port", "unix_socket_dir = $dir", 'auth_type = any', "auth_file = $users", "logfile = $dir/pgbouncer.log", "pidfile = $dir/pgbouncer.pid",
	'ignore_startup_parameters = extra_float_digits,options');
# who pools by session is told from who pools by transaction by the name of the database
write_file('pgbouncer.ini', '[databases]', map({ "$_ = host=" . $node->host . ' port=' . $node->port . " dbname=work user=$_ pool_mode=" . ($_ eq 'desk' ? 'session' : 'transaction') } 'portal', 'desk', 'centre'),
	'[pgbouncer]', 'pool_mode = transaction', 'server_reset_query = DISCARD ALL', 'default_pool_size = 1', 'max_client_conn = 50', 'listen_addr =', "listen_port = $port",
	"unix_socket_dir = $dir", 'auth_type = any', "auth_file = $users", "logfile = $dir/pgbouncer.log", "pidfile = $dir/pgbouncer.pid", 'ignore_startup_parameters = extra_float_digits,options');
PostgreSQL::Test::Utils::system_or_bail($pgbouncer, '-d', '-q', $ini);
END { my $status = $?; if (open my $file, '<', "$dir/pgbouncer.pid") { my $pid = <$file>; kill 'TERM', $pid if $pid } $? = $status }

# A client of the pooler, on a gateway.
sub client
{
	my ($gateway) = @_;
	my $client = $node->background_psql('work', extra_params => [ '-d', "host=$dir port=$port dbname=$gateway user=$gateway", '-v', 'VERBOSITY=verbose' ], on_error_stop => 0);
	return $client;
}
sub sign { return "SELECT dwh.authenticate('" . token($key, { iss => $issuer, aud => 'dwh', sub => $_[0], iat => time, exp => time + 600 }) . "')" }
sub refused { my ($client, $sql) = @_; $client->{stderr} = ''; $client->query($sql); return $client->{stderr} }
my $who = q{SELECT coalesce(dwh.current_account()::text, 'nobody') || ':' || coalesce(string_agg(unit_id::text, ' ' ORDER BY unit_id), 'nothing') FROM dwh_star.fact_staff};

my ($one, $two) = (client('portal'), client('portal'));
is($one->query('SELECT pg_backend_pid()'), $two->query('SELECT pg_backend_pid()'), 'two clients share one connection of the server');
is($one->query($who), 'nobody:nothing', 'without a token a client is nobody and sees nothing');
is($one->query('BEGIN; ' . sign('an')), '901', 'one signs in');
is($one->query($who), '901:231', 'and is who the token names');
is($one->query("SAVEPOINT s; SELECT dwh.sign_out(); $who"), "\nnobody:nothing", 'signs out');
is($one->query("ROLLBACK TO s; $who"), '901:231', 'which a savepoint takes back');
$one->query('COMMIT');
is($two->query($who), 'nobody:nothing', 'the next transaction on the same connection is nobody\'s');
is($two->query('BEGIN; ' . sign('binh') . "; $who; COMMIT"), "902\n902:101", 'the other one is somebody else');
is($one->query($who), 'nobody:nothing', 'and the first one nobody, until the next token');
for (1 .. 5)
{
	is($one->query('BEGIN; ' . sign('an') . "; $who; COMMIT"), "901\n901:231", 'in turns: one');
	is($two->query('BEGIN; ' . sign('binh') . "; $who; ROLLBACK"), "902\n902:101", 'and the other');
}
is($one->query('BEGIN; ' . sign('an') . '; SELECT 1/0; ROLLBACK;') . $two->query($who), '901nobody:nothing', 'a transaction that fails leaves nobody behind');
is($one->query('PREPARE p AS ' . $who . '; BEGIN; ' . sign('an') . '; EXECUTE p; COMMIT'), "901\n901:231", 'a prepared statement of one');
is($two->query('BEGIN; ' . sign('binh') . '; EXECUTE p; COMMIT; DEALLOCATE p'), "902\n902:101", 'that the other runs shows the other\'s rows');
like(refused($one, 'BEGIN; ' . sign('chi')), qr/28000.*nothing is granted to its bearer today/s, '893-031 an account without a grant is refused');
$one->query('ROLLBACK');
like(refused($one, 'BEGIN; ' . sign('stranger')), qr/28000.*no account/s, '893-031 and somebody without an account');
$one->query('ROLLBACK');

# A revocation acts on a transaction that is open.
is($one->query('BEGIN; ' . sign('an') . "; $who"), "901\n901:231", 'while one works');
admin('UPDATE dwh_catalog.access_grant SET revoked_at = now(), valid_to = dwh.today() WHERE account_id = 901');
is($one->query($who), '901:nothing', 'the grant is revoked: no row at the next statement');
$one->query('ROLLBACK');
admin('UPDATE dwh_catalog.access_grant SET revoked_at = NULL, valid_to = NULL WHERE account_id = 901');

# By whichever gateway: 2327-048.
my ($centre, $desk) = (client('centre'), client('desk'));
my $scope = 'SELECT dwh.current_account() || dwh.scope_units()::text';
my %seen = (portal => scalar $one->query('BEGIN; ' . sign('an') . "; $scope; COMMIT"), centre => scalar $centre->query('BEGIN; ' . sign('an') . "; $scope; COMMIT"),
	desk => scalar($desk->query(sign('an'))) . "\n" . scalar $desk->query($scope));
like($seen{portal}, qr/^901\n901\{.*\b231\b/, '2327-048 a person has his account and scope by the portal');
is($seen{$_}, $seen{portal}, "2327-048 and the same ones by the $_") for 'centre', 'desk';
is(admin(q{SELECT count(DISTINCT account_id) FROM dwh_catalog.account WHERE iam_subject = 'an'}), '1', '2327-048 which is one row');
is($desk->query($who), '901:231', 'a gateway that pools by session binds the session');
$desk->quit;
$desk = client('desk');
is($desk->query($who), 'nobody:nothing', 'and the pooler\'s DISCARD ALL ends that before the next client has the connection');
is($desk->query('SELECT count(*) FROM pg_cursors'), '0', 'with its cursors');

# Writing asks for an authenticated person, and names him: 2327-038.
my $enter = q{SELECT dwh.enter_value('X01', '2027-01-01', 'year', '31', 5, 'pooled')};
like(refused($one, $enter), qr/42501/, '2327-038 nothing is entered before somebody has signed in');
like($one->query('BEGIN; ' . sign('an') . "; $enter; COMMIT"), qr/^901\n\d+$/, '2327-038 an authenticated person enters a figure');
is(admin(q{SELECT author_account_id || author FROM dwh_star.fact_manual WHERE note = 'pooled'}), '901An', '2327-038 which names him');
is(admin(q{SELECT decision || coalesce(account_id::text, '-') || session_user_name FROM dwh_log.audit_event WHERE action = 'enter_value' ORDER BY event_id}), "refused-portal\ndone901portal",
	'2327-038 and both are in the log');

# 893-030: the warehouse stores no password and no token.
is(admin(q{SELECT count(*) FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
	WHERE n.nspname LIKE 'dwh%' AND c.relkind IN ('r', 'p', 'v') AND attname ~ '(passw|mat_khau|pwd|secret$|^token$)'}), '0', '893-030 no column is for passwords');

$_->quit for $one, $two, $centre, $desk;
$node->stop;
done_testing();

# 893-081 893-089: when a right is taken away, the account's sessions end and what gateways run for it is cancelled, once that has committed;
# connections of gateways live on for others, and what is rolled back ends nothing.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use PostgreSQL::Test::Utils;
use Test::More;
use Token;
use Warehouse;

my $node = new_node('main', shared_preload_libraries => 'dwh_ext', 'dwh_ext.database' => 'work');
my $dir = PostgreSQL::Test::Utils::tempdir;
my $issuer = 'https://iam.example';
my $key = new_key($dir, 'ec-1', 'ES256');

$node->safe_psql('postgres', 'CREATE DATABASE work');
$node->safe_psql('work', <<'SQL');
CREATE EXTENSION dwh_ext;
SET client_min_messages = warning;
SELECT dwh.create_warehouse();
CREATE ROLE portal LOGIN IN ROLE dwh_analyst;
CREATE ROLE desk LOGIN IN ROLE dwh_analyst;
INSERT INTO dwh_catalog.unit_function (unit_id, function, valid_from) SELECT 12, 'it_centre', '2020-07-10'
WHERE NOT EXISTS (SELECT FROM dwh_catalog.unit_function WHERE function = 'it_centre');
INSERT INTO dwh_catalog.office_holder (office_holder_id, person_name, unit_id, office, valid_from, document) VALUES
	(901, 'Leader', 1, 'sector_leadership', '2020-01-01', 'QĐ'), (902, 'Director', 101, 'province_director', '2020-01-01', 'QĐ');
SELECT dwh.create_first_administrator('admin@vss.example', 'Admin', 12, 'civil_servant', 'admin', 'QĐ 1', 901, 'QĐ 2');
INSERT INTO dwh_catalog.account (account_id, kind, email, iam_subject, full_name, home_unit_id, login_role, valid_from) VALUES
	(901, 'sector', 'an@vss.example', 'an', 'An', 101, 'an', dwh.today()), (902, 'sector', 'binh@vss.example', 'binh', 'Bình', 101, NULL, dwh.today());
INSERT INTO dwh_catalog.access_grant (account_id, user_group_id, scope_unit_id, valid_from) SELECT a, 3, 101, dwh.today() FROM unnest(ARRAY[901, 902]) AS a;
SQL
$node->safe_psql('work', "SELECT dwh.register_token_issuer('$issuer', 'dwh'); SELECT dwh.register_token_key('$issuer', 'ec-1', '" . jwk($key) . "', 'ES256');
	SELECT dwh.register_gateway('portal', 'transaction', 'web'), dwh.register_gateway('desk', 'session', 'desktop')");

sub admin { return $node->safe_psql('work', $_[0], extra_params => [ '-U', 'admin' ]); }
sub bind_to { return "SELECT dwh.authenticate('" . token($key, { iss => $issuer, aud => 'dwh', sub => $_[0], iat => time, exp => time + 600 }) . "')"; }
sub connect_as { my ($role) = @_; return session($node, 'work', extra_params => [ '-U', $role ], on_error_stop => 0); }
sub running { return $node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND state = 'active' AND pid <> pg_backend_pid()"); }
my $revoke = q{SELECT dwh.emergency_revoke('%s@vss.example', 'lộ mật khẩu', 'x', 'y')};
my $grant = q{SELECT dwh.grant_access('[{"full_name": "%s", "title": "Chuyên viên", "email": "%s@vss.example", "employment_kind": "civil_servant", "unit": 101,
	"group": "analyst", "reason": "first_join"}]', 'CV', dwh.today(), dwh.today(), 101, 902, 'QĐ 3', dwh.today(), 'TTr', dwh.today())};

# An gets a login role by a grant of another group; his sessions and those of both gateways.
$node->safe_psql('work', 'UPDATE dwh_catalog.access_grant SET valid_to = valid_from - 1 WHERE account_id = 901');
admin(sprintf $grant, 'An', 'an');
my $an = connect_as('an');
my $busy = connect_as('an');
my ($portal, $other, $desk) = (connect_as('portal'), connect_as('portal'), connect_as('desk'));
is($desk->query(bind_to('an')), 901, 'a session gateway binds An');
is($desk->query('SELECT dwh.current_account()'), 901, 'for what follows');
my $pid = $portal->query('SELECT pg_backend_pid()');
$portal->query('BEGIN; ' . bind_to('an'));
$other->query('BEGIN; ' . bind_to('binh'));
ask($portal, 'SELECT pg_sleep(60)');
ask($other, 'SELECT pg_sleep(60)');
ask($busy, 'SELECT pg_sleep(60)');
ok(wait_for(20, sub { running() == 3 }), 'three statements run');

# What is rolled back ends nothing, to a savepoint neither.
admin('BEGIN; ' . sprintf($revoke, 'an') . '; ROLLBACK');
admin('BEGIN; SAVEPOINT s; ' . sprintf($revoke, 'an') . '; ROLLBACK TO s; COMMIT');
is(running(), 3, 'a revocation that is rolled back ends nothing');
is($an->query('SELECT dwh.current_account()'), 901, 'nor a session');

# What commits ends his sessions, and cancels what runs for him.
admin(sprintf $revoke, 'an');
ok(wait_for(20, sub { running() == 1 }), '893-081 his statements end when the revocation has committed');
ok(wait_for(20, sub { $node->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE usename = 'an'}) == 0 }), '893-089 so do his sessions, idle ones too');
isnt($node->psql('work', 'SELECT 1', extra_params => [ '-U', 'an' ]), 0, 'and he begins no other');
$portal->query('SELECT 1');
like($portal->{stderr}, qr/canceling statement due to user request/, 'the gateway is told that it was cancelled');
$portal->{stderr} = '';
$portal->query('ROLLBACK');
is($portal->query('SELECT pg_backend_pid()'), $pid, '893-081 its connection lives on');
is($portal->query('BEGIN; ' . bind_to('binh')), 902, 'and serves the next person');
is($portal->query('SELECT dwh.current_account()'), 902, 'who is bound');
$portal->query('COMMIT');
is($desk->query('SELECT dwh.current_account()'), '', '893-089 an idle binding of a session gateway stands no more');
is($desk->query('SELECT cardinality(dwh.scope_units())'), 0, 'and shows nothing');
is($desk->query(bind_to('binh')), 902, 'the session serves somebody else');

# Another account's statement was left alone; his own right is taken next, though he has no login role at all.
is(running(), 1, 'what runs for others runs on');
admin(sprintf $revoke, 'binh');
ok(wait_for(20, sub { running() == 0 }), '893-081 also of an account that has no login role');
is($desk->query('SELECT dwh.current_account()'), '', 'and the binding of the other gateway is gone');

# Given again, he is bound again.
admin(sprintf $grant, 'Bình', 'binh');
is($desk->query(bind_to('binh')), 902, 'after a new grant he signs in again');
is($desk->query('SELECT cardinality(dwh.scope_units()) > 0'), 't', 'with his scope');

$_->quit for $portal, $desk;
$node->stop;
done_testing();

# 893-030, 893-031: who a token names and who signed it, in every way in which it can be wrong.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Token;
use Warehouse;

my $dir = PostgreSQL::Test::Utils::tempdir();
my $node = new_node('tokens', shared_preload_libraries => 'dwh_ext', 'dwh_ext.database' => 'work', 'dwh_ext.audit_wait' => '5s',
	log_statement => 'none');
my $issuer = 'https://iam.vss.example/realms/vss';
my $rsa = new_key($dir, 'rsa-1', 'RS256');
my $ec = new_key($dir, 'ec-1', 'ES256');
my $pss = new_key($dir, 'pss-1', 'PS256');
my $p384 = new_key($dir, 'ec-3', 'ES384');
my $stranger = new_key($dir, 'stranger', 'RS256');
my $stranger_ec = new_key($dir, 'stranger-ec', 'ES256');

$node->safe_psql('postgres', 'CREATE DATABASE work');
$node->safe_psql('work', <<'SQL');
CREATE EXTENSION dwh_ext;
SELECT dwh.create_warehouse();
CREATE ROLE portal LOGIN IN ROLE dwh_analyst, dwh_central_admin;
CREATE ROLE desk LOGIN IN ROLE dwh_analyst;
CREATE ROLE mallory LOGIN IN ROLE dwh_analyst;
INSERT INTO dwh_catalog.account (account_id, kind, email, iam_subject, full_name, is_enabled, valid_from, valid_to) VALUES
	(901, 'sector', 'an@vss.example', 'sub-an', 'Nguyễn Văn An', true, dwh.today(), NULL),
	(902, 'sector', 'binh@vss.example', 'sub-bình', 'Trần Thị Bình', true, dwh.today(), NULL),
	(903, 'sector', 'chi@vss.example', 'sub-chi', 'Lê Chi', false, dwh.today(), NULL),
	(904, 'outside', NULL, 'sub-dung', 'Phạm Dung', true, dwh.today() - 9, dwh.today() - 1),
	(905, 'sector', 'giang@vss.example', 'sub-giang', 'Đỗ Giang', true, dwh.today(), NULL);
INSERT INTO dwh_catalog.access_grant (account_id, user_group_id, scope_unit_id, valid_from)
SELECT a, 3, 101, dwh.today() FROM unnest(ARRAY[901, 902, 903, 904]) AS a;
SQL

# as(role, statements, parameters): output and errors of one session; parameters are bound, as an application does it.
sub as
{
	my ($role, $sql) = @_;
	my ($status, $out, $err) = $node->psql('work', "\\set VERBOSITY verbose\n$sql", extra_params => [ '-U', $role ], on_error_stop => 0);
	return $out . $err;
}

sub admin { return $node->safe_psql('work', $_[0]); }

# The events of an action since the last call.
my $seen = 0;
sub new_events
{
	my ($action) = @_;
	my $lines = admin("SELECT decision, session_user_name, account_id, detail->>'reason' FROM dwh_log.audit_event
		WHERE event_id > $seen AND action = '$action' ORDER BY event_id");
	$seen = admin('SELECT coalesce(max(event_id), 0) FROM dwh_log.audit_event');
	return $lines;
}

sub claims { return { iss => $issuer, aud => 'dwh', sub => 'sub-an', iat => time, exp => time + 300, @_ }; }

# What a gateway gets for a token in a transaction, always on the same connection.
my $portal;
sub attempt
{
	my ($token) = @_;
	$portal //= $node->background_psql('work', extra_params => [ '-U', 'portal', '-v', 'VERBOSITY=verbose' ], on_error_stop => 0);
	$portal->{stderr} = '';
	my ($out) = $portal->query("BEGIN; SELECT 'account ' || dwh.authenticate('$token'); SELECT 'current ' || dwh.current_account(); COMMIT;");
	return "$out\n$portal->{stderr}" =~ s/^\n//r;
}

sub accepted { my ($token, $what) = @_; like(attempt($token), qr/\Aaccount 901\ncurrent 901\n?\z/, $what); }

sub refused
{
	my ($token, $why, $what) = @_;
	my $answer = attempt($token);
	like($answer, qr/ERROR:  28000: the token is refused.*\QIt cannot be used: $why./s, $what);
	unlike($answer, qr/^(account|current)/m, "$what: nothing is bound");
}

# Keys.
admin("SELECT dwh.register_token_issuer('$issuer', 'dwh')");
sub register { my ($key, $jwk, $algorithm) = @_; return "SELECT dwh.register_token_key('$issuer', '$key->{kid}', '$jwk', " . ($algorithm ? "'$algorithm'" : 'NULL') . ')'; }
admin(register($rsa, jwk($rsa, use => 'sig', alg => 'RS256', kid => 'rsa-1')));
admin(register($ec, jwk($ec), 'ES256'));
admin(register($pss, jwk($pss), 'PS256'));
admin(register($p384, jwk($p384), 'ES384'));
admin("SELECT dwh.register_gateway('portal', 'transaction', 'web portal'), dwh.register_gateway('desk', 'session', 'desktop')");

my %bad = (
	'a secret member' => [ jwk($rsa, d => 'AQAB'), 'RS256', 'it holds a secret' ],
	'an algorithm of another kind' => [ jwk($rsa), 'ES256', 'another kind' ],
	'another curve' => [ jwk($p384), 'ES256', 'another kind' ],
	'a symmetric key' => [ json({ kty => 'oct' }), 'HS256', 'none of RS256' ],
	'no algorithm' => [ json({ kty => 'oct' }), 'none', 'none of RS256' ],
	'RSA of 1024 bits' => [ jwk(new_key($dir, 'short', 'RS256', 1024)), 'RS256', '2048 to 8192 bits' ],
	'exponent 1' => [ jwk($rsa, e => 'AQ'), 'RS256', 'exponent' ],
	'a point off the curve' => [ jwk($ec, y => encode_base64url('x' x 32)), 'ES256', 'no public key' ],
	'another kid' => [ jwk($rsa, kid => 'other'), 'RS256', 'its kid is another one' ],
	'another alg' => [ jwk($rsa, alg => 'RS512'), 'RS256', 'its alg is another one' ],
	'a key for encryption' => [ jwk($rsa, use => 'enc'), 'RS256', 'not meant for signatures' ],
	'an array' => [ '[1]', 'RS256', 'members n and e' ]);
for my $what (sort keys %bad)
{
	like(as('postgres', register({ kid => 'new' }, $bad{$what}[0], $bad{$what}[1])), qr/22023: key "new" cannot be registered.*$bad{$what}[2]/s, "key with $what");
}
like(as('postgres', register($rsa, jwk($rsa), 'RS256')), qr/42710/, 'a key is registered once');
like(as('mallory', register($stranger, jwk($stranger), 'RS256')), qr/42501: permission denied to call dwh.register_token_key/, 'nobody else registers keys');
like(new_events('register_token_key'), qr/^refused\|mallory\|\|the caller is no central administrator$/m, 'and the log says who tried');
unlike(admin('SELECT public_key FROM dwh_catalog.token_key'), qr/"(d|alg|use|kid)"/, 'public members only are kept');

# Tokens that hold.
accepted(token($rsa, claims()), 'RS256');
accepted(token($ec, claims()), 'ES256');
accepted(token($pss, claims()), 'PS256');
accepted(token($p384, claims()), 'ES384');
accepted(token($rsa, claims(aud => [ 'mail', 'dwh' ])), 'one audience of several');
accepted(token($rsa, claims(nbf => time + 10, exp => time - 10 + 300)), 'within the leeway');
accepted(token($rsa, claims(exp => time + 300.5, nested => { iss => 'x', a => [ 1, { exp => 1 } ] }, roles => [ 'a' ])), 'with claims that mean nothing here');
like(attempt(token($rsa, claims(sub => 'sub-bình'))), qr/^account 902$/m, 'a subject that is not ASCII');

# Forged and broken ones.
my $good = token($rsa, claims());
my ($header, $payload, $signature) = split /\./, $good;
my $other = encode_base64url(json(claims(sub => 'sub-bình')));
refused('', 'it is no signed token in compact form', 'empty');
refused('..', 'it is not signed', 'dots only');
refused("$header.$payload", 'it is no signed token in compact form', 'no signature part');
refused("$header.$payload.", 'it is not signed', 'empty signature');
refused("$good.", 'it is no signed token in compact form', 'a part too many');
refused("$good.$signature.$signature", 'it is no signed token in compact form', 'five parts, as an encrypted token has');
refused(substr($good, 0, -1), 'its signature does not hold', 'cut by a character');
refused(substr($good, 0, 40), 'it is no signed token in compact form', 'cut in the header');
refused("$header.$other.$signature", 'its signature does not hold', 'other claims under the signature');
refused("$good=", 'it is no signed token in compact form', 'padding');
refused(" $good", 'it is no signed token in compact form', 'white space');
refused("$header.$payload.+/" . substr($signature, 2), 'it is no signed token in compact form', 'base64 of the other alphabet');
refused("a$header.$payload.$signature", 'it is no signed token in compact form', 'a header that is no base64');
refused('x' x 17000, 'it is longer than 16384 bytes', 'huge');
refused(token($rsa, claims(pad => 'x' x 13000)), 'it is longer than 16384 bytes', 'huge and signed');
refused(token($rsa, '{"a":' x 1000 . '1' . '}' x 1000), 'its issuer is not registered', 'deeply nested');
refused(token({ %$stranger, kid => 'rsa-1' }, claims()), 'its signature does not hold', 'signed with another key under our kid');
refused(token({ %$stranger_ec, kid => 'ec-1' }, claims()), 'its signature does not hold', 'the same with a curve');
refused(token($stranger, claims()), 'its key is not registered or not valid today', 'a key nobody registered');
refused(token($rsa, claims(), { kid => undef }), 'its key is not registered or not valid today', 'no kid');
refused(token($stranger, claims(), { kid => 'rsa-1', jwk => JSON::PP::decode_json(jwk($stranger)), jku => 'https://evil.example' }),
	'its signature does not hold', 'a key that the token brings along');

# None, and confusion of algorithms.
for my $alg ('none', 'None', 'NONE', 'nOnE', '', undef, 'HS256', 'HS512', 'RS512', 'PS256', 'ES256', 'EdDSA', 'RSA1_5', 'dir')
{
	my $h = encode_base64url(json({ alg => $alg, kid => 'rsa-1', typ => 'JWT' }));
	refused("$h.$payload.$signature", 'its algorithm is not that of the registered key', 'alg ' . ($alg // 'null'));
}
my $hs = encode_base64url(json({ alg => 'HS256', kid => 'rsa-1' })) . ".$payload";
open(my $handle, '>', "$dir/hs") or die; print $handle $hs; close $handle;
my $public = Token::run('sh', '-c', "openssl rsa -in $rsa->{file} -pubout 2>/dev/null");
open($handle, '>', "$dir/public") or die; print $handle $public; close $handle;
my $hmac = Token::run('sh', '-c', "openssl dgst -sha256 -binary -mac HMAC -macopt hexkey:\$(od -An -vtx1 $dir/public | tr -d ' \\n') $dir/hs");
refused("$hs." . encode_base64url($hmac), 'its algorithm is not that of the registered key', 'HS256 with the public key as the secret');
refused(signed_parts($rsa, encode_base64url(json({ alg => 'RS512', kid => 'rsa-1' })) . ".$payload", 'RS512'),
	'its algorithm is not that of the registered key', 'RS512 by the right key');
refused(signed_parts($rsa, encode_base64url(json({ alg => 'RS256', kid => 'rsa-1' })) . ".$payload", 'PS256'),
	'its signature does not hold', 'PSS padding under RS256');

# Signatures of curves.
my ($ec_header, $ec_payload, $ec_signature) = split /\./, token($ec, claims());
my $raw = decode_base64url($ec_signature);
my $order = pack('H*', 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');
my %curve = (
	'all zero' => "\0" x 64, 'r zero' => "\0" x 32 . substr($raw, 32), 's zero' => substr($raw, 0, 32) . "\0" x 32,
	'r the order' => $order . substr($raw, 32), 'r and s the order' => $order x 2, 'a byte more' => $raw . "\0", 'a byte less' => substr($raw, 0, 63),
	'padded halves' => "\0" . substr($raw, 0, 32) . "\0" . substr($raw, 32), 'one byte' => 'x', 'swapped halves' => substr($raw, 32) . substr($raw, 0, 32),
	'DER' => "\x30\x44\x02\x20" . substr($raw, 0, 32) . "\x02\x20" . substr($raw, 32), 'of P-384' => decode_base64url((split /\./, token($p384, claims()))[2]));
refused("$ec_header.$ec_payload." . encode_base64url($curve{$_}), 'its signature does not hold', "ES256: $_") for sort keys %curve;
refused("$header.$payload." . encode_base64url("\0" x 256), 'its signature does not hold', 'RS256: all zero');
refused("$header.$payload." . encode_base64url("\0" . decode_base64url($signature)), 'its signature does not hold', 'RS256: a zero in front');

# Claims.
refused(token($rsa, claims(exp => time - 31)), 'it has expired', 'expired');
refused(token($rsa, claims(exp => undef)), 'one of its times is none', 'exp null');
refused(token($rsa, claims(exp => '9999999999')), 'one of its times is none', 'exp a text');
refused(token($rsa, json(claims()) =~ s/"exp":\d+/"exp":1e999/r), 'one of its times is none', 'exp without end');
refused(token($rsa, json(claims()) =~ s/"exp":\d+/"exp":-1/r), 'one of its times is none', 'exp negative');
refused(token($rsa, json(claims()) =~ s/"exp":\d+,//r), 'it has no end', 'no exp');
refused(token($rsa, claims(exp => time + 90000)), 'it lasts longer than its issuer\'s tokens may', 'too long a life');
refused(token($rsa, claims(nbf => time + 60)), 'it is not valid yet', 'nbf in the future');
refused(token($rsa, claims(nbf => 'x')), 'one of its times is none', 'nbf a text');
refused(token($rsa, claims(iat => time + 60)), 'it was issued in the future', 'iat in the future');
refused(token($rsa, claims(aud => $_)), 'it is meant for somebody else', 'aud ' . json($_)) for ('mail', 'DWH', [], [ 'mail' ], [ 'dwh', 1 ], { dwh => 1 }, undef);
refused(token($rsa, json(claims()) =~ s/"aud":"dwh",//r), 'it is meant for somebody else', 'no aud');
refused(token($rsa, claims(iss => $_)), 'its issuer is not registered', 'iss ' . json($_)) for ("$issuer/", 'https://evil.example', [ $issuer ], undef);
refused(token($rsa, claims(sub => $_)), 'it names nobody', 'sub ' . json($_)) for ('', 1, undef, [ 'sub-an' ]);
refused(token($rsa, claims(sub => 'x' x 300)), 'the name in it is too long', 'a long sub');
refused(token($rsa, claims(sub => $_)), 'its bearer has no account that is valid today', "sub $_")
	for ('sub-nobody', 'sub-chi', 'sub-dung', 'SUB-AN', 'an@vss.example', "sub-an' OR 'a' = 'a");
# 893-031: an account alone is not enough, something must be granted to it, today.
my $giang = sub { token($rsa, claims(sub => 'sub-giang')) };
refused($giang->(), 'nothing is granted to its bearer today', 'an account without a grant');
for my $state ("valid_from = dwh.today() + 1", "valid_from = dwh.today() - 9, valid_to = dwh.today() - 1",
	"valid_from = dwh.today() - 9, valid_to = dwh.today(), revoked_at = now(), revoked_by = 'x'")
{
	admin("INSERT INTO dwh_catalog.access_grant (account_id, user_group_id, scope_unit_id, valid_from) VALUES (905, 3, 101, dwh.today())");
	like(attempt($giang->()), qr/^account 905$/m, 'with a grant in force it signs in');
	admin("UPDATE dwh_catalog.access_grant SET $state WHERE account_id = 905");
	refused($giang->(), 'nothing is granted to its bearer today', "a grant with $state");
	admin('DELETE FROM dwh_catalog.access_grant WHERE account_id = 905');
}
refused(token($rsa, json(claims()) =~ s/\}$/,"sub":"sub-bình"}/r), 'it is no signed token in compact form', 'sub twice');
refused(token($rsa, json(claims()) =~ s/\}$/,"\\u0073ub":"x"}/r), 'it is no signed token in compact form', 'sub twice, once in other letters');
refused(token($rsa, claims(), '{"alg":"none","alg":"RS256","kid":"rsa-1"}'), 'it is no signed token in compact form', 'alg twice');
refused(token($rsa, json(claims(sub => 'sub-an')) =~ s/sub-an/sub-an\\u0000/r), 'it is no signed token in compact form', 'a zero character');
refused(token($rsa, json(claims()) =~ s/sub-an/sub\xff/r), 'it is no signed token in compact form', 'no UTF-8');
refused(token($rsa, json(claims()) . 'x'), 'it is no signed token in compact form', 'something after the claims');
refused(token($rsa, '[]'), 'it is no signed token in compact form', 'claims that are an array');
refused(token($rsa, claims(), { crit => [ 'exp' ] }), 'its header asks for something that is not supported', 'crit');
refused(token($rsa, claims(), { typ => 'secevent+jwt' }), 'its header asks for something that is not supported', 'a token of another type');

# Who may call, and what the log has.
like(as('mallory', "SELECT dwh.authenticate('$good')"), qr/42501: permission denied to call dwh.authenticate/, 'only gateways');
like(as('portal', 'SELECT dwh.authenticate(NULL)'), qr/28000/, 'no token at all');
new_events('authenticate');
attempt($good);
as('mallory', "SELECT dwh.authenticate('$good')");
refused(token($rsa, claims(exp => time - 60)), 'it has expired', 'once more expired');
ok(wait_for(10, sub { admin(q{SELECT count(*) FROM dwh_log.audit_event WHERE action = 'authenticate' AND decision = 'done'}) > 0 }), 'a sign-in is recorded');
is(join("\n", sort split /\n/, new_events('authenticate')),
	"done|portal|901|\nrefused|mallory||the login role is no gateway\nrefused|portal||it has expired", 'refusals and the sign-in are in the log');
is(admin("SELECT count(*) FROM dwh_log.audit_event AS e WHERE position('$payload' in e::text) > 0 OR position('$signature' in e::text) > 0"), 0, 'no token is');
is(count_lines($node, qr/\Q$signature\E/), 0, 'nor is one in the server log');

# Keys and gateways that are taken away act at once, also on a session that is bound.
my $session = session($node, 'work', extra_params => [ '-U', 'desk' ]);
is($session->query("SELECT dwh.authenticate('$good')"), 901, 'a session gateway binds its session');
is($session->query('SELECT dwh.current_account()'), 901, 'for the statements that follow');
admin("SELECT dwh.retire_token_key('$issuer', 'rsa-1', 'stolen')");
is($session->query('SELECT dwh.current_account()'), '', 'until the key is retired');
refused($good, 'its key is not registered or not valid today', 'and nobody signs in with it');
like(as('postgres', register($rsa, jwk($rsa), 'RS256')), qr/42710/, 'its name is used up');
is($session->query_safe("SELECT dwh.authenticate('" . token($ec, claims(sub => 'sub-bình')) . "')"), 902, 'another key signs in again');
admin('UPDATE dwh_catalog.account SET is_enabled = false WHERE account_id = 902');
is($session->query('SELECT dwh.current_account()'), '', 'a disabled account is nobody');
admin('UPDATE dwh_catalog.account SET is_enabled = true WHERE account_id = 902');
admin(q{SELECT dwh.retire_gateway('desk', 'test')});
is($session->query('SELECT dwh.current_account()'), '', 'nor is anyone behind a gateway that was retired');
admin(q{SELECT dwh.register_gateway('desk', 'session', 'desktop')});
admin("SELECT dwh.retire_token_issuer('$issuer', 'test')");
is($session->query('SELECT dwh.current_account()'), '', 'or by an issuer that was');
$session->quit;

# 893-037: a second person's token does not pass where somebody is bound, and the connection is over.
admin("SELECT dwh.register_token_issuer('$issuer', 'dwh')");
admin(register({ kid => 'ec-2' }, jwk($ec), 'ES256'));
my $an = token({ %$ec, kid => 'ec-2' }, claims());
my $binh = token({ %$ec, kid => 'ec-2' }, claims(sub => 'sub-bình'));
for my $next ("'$binh'", "'$an.x'", 'NULL')
{
	like(as('portal', "BEGIN; SELECT dwh.authenticate('$an'); SAVEPOINT s; SELECT dwh.authenticate($next); ROLLBACK TO s; SELECT 'still here'"),
		qr/^901.*FATAL:  28000: the token is refused/s, 'a second token that is not the same person\'s ends the connection');
}
is(as('portal', "BEGIN; SELECT dwh.authenticate('$an'); SELECT dwh.authenticate('$an'); SELECT dwh.sign_out(); SELECT dwh.authenticate('$binh')"),
	"901\n901\n\n902", 'the same person may show a token again, and another one after signing out');
like(new_events('authenticate'), qr/^refused\|portal\|901\|somebody else is bound already$/m, 'and it is in the log');
like(as('portal', "SELECT dwh.authenticate('$an')"), qr/WARNING:.*can only be used in transaction blocks/, 'outside of a transaction the identity ends at once, with a warning');
admin("SELECT dwh.retire_token_issuer('$issuer', 'test')");

# By e-mail: sector accounts only, whatever the case.
admin("SELECT dwh.register_token_issuer('$issuer', 'dwh', 'email')");
admin(register($stranger, jwk($stranger), 'RS256'));
like(attempt(token($stranger, claims(email => 'AN@vss.example'))), qr/^account 901$/m, 'the e-mail address names the account');
refused(token($stranger, claims()), 'it names nobody', 'no e-mail address');
refused(token($stranger, claims(email => 'an@vss.example', email_verified => JSON::PP::false)), 'its e-mail address is not verified', 'an address not verified');
admin(q{UPDATE dwh_catalog.account SET email = 'dung@out.example', valid_to = dwh.today() WHERE account_id = 904});
refused(token($stranger, claims(email => 'dung@out.example')), 'its bearer has no account that is valid today', 'nobody from outside by e-mail');

# A session's identity ends with its token; what is expired does not fall back to the rights of the gateway.
$session = session($node, 'work', extra_params => [ '-U', 'desk' ]);
admin("UPDATE dwh_catalog.token_issuer SET leeway = 0");
is($session->query("SELECT dwh.authenticate('" . token($stranger, claims(email => 'an@vss.example', exp => time + 2)) . "')"), 901, 'a token of two seconds');
ok(wait_for(5, sub { $session->query('SELECT dwh.current_account()') eq '' }), 'its identity ends');
$session->quit;

$portal->quit;
$node->stop;
done_testing();

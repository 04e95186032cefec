# Fetching from other agencies into landing, compression, and TLS in both directions.
# 2327-034, 2327-050, 2327-059, ND47-038, ND47-041
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use IPC::Open2;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Push;
use Test::More;
use Warehouse;

my $credentials = make_credentials();
my $node = new_node('pull', shared_preload_libraries => 'dwh_ext', 'dwh_ext.database' => 'work', 'dwh_ext.share_credentials' => $credentials,
	'dwh_ext.audit_wait' => '30s');
my $log = PostgreSQL::Test::Utils::tempdir() . '/received';
my $port = start_receiver($log);

sub sql { return $node->safe_psql('work', join ';', @_) }

sub refusal
{
	my ($sql, @more) = @_;
	my ($status, $out, $err) = $node->psql('work', "\\set VERBOSITY verbose\n$sql", @more);
	return $err;
}

sub stages
{
	my ($no) = @_;
	return join ' ', map { s/\|/:/r } split /\n/, sql("SELECT stage, status FROM dwh_log.share_log WHERE share_no = $no ORDER BY share_id");
}

sub settled { my ($no, $want) = @_; return wait_for(60, sub { stages($no) =~ /outcome:(supplied|received|undelivered)$/ }) && stages($no) =~ /$want$/ }

sub reason { my ($no) = @_; return sql("SELECT reason FROM dwh_log.share_log WHERE share_no = $no ORDER BY share_id DESC LIMIT 1") }

# The n-th partner's address.
sub aim
{
	my ($n, $path, %more) = @_;
	sql(sprintf "SELECT dwh.register_push_target(%d, '%s', %d, '%s', '%s', p_timeout_ms => %d, p_max_attempts => %d, p_retry_base_ms => 50, "
		. 'p_retry_cap_ms => %d, p_is_compressed => %s)', 9000 + $n, $more{host} // '127.0.0.1', $more{port} // $port, $path,
		$more{credential} // 'stub', $more{timeout} // 20000, $more{attempts} // 2, $more{cap} // 100, $more{compressed} // 'false');
}

sub pull { my ($n, $query) = @_; return sql(sprintf q{SELECT dwh.pull_share(%d, '{total}', '%s')}, 9000 + $n, $query // '') }

$node->safe_psql('postgres', 'CREATE DATABASE work');
sql('CREATE EXTENSION dwh_ext', 'SELECT dwh.create_warehouse()');
make_partners($node, 'work', 20, '{in,out}');
sql("CREATE ROLE analyst LOGIN IN ROLE dwh_analyst");
sql("SELECT dwh.register_push_host('127.0.0.1', $port, 'test stub', '{127.0.0.0/8}', 'http')");
aim(1, '/rows');

# 1. Who may, and what is refused before anything is asked for.
like(refusal(q{SELECT dwh.pull_share(9001, '{total}')}, extra_params => [ '-U', 'analyst' ]), qr/42501.*permission denied to call dwh.pull_share/s,
	'an analyst fetches nothing');
like(refusal(q{SELECT dwh.register_push_target(9001, 'elsewhere.example', 443, '/', 'stub')}), qr/23503/, 'a host off the list is refused');
like(refusal(q{SELECT dwh.pull_share(9002, '{total}')}), qr/55000.*has no target/s, 'an agreement without an address is told');
like(refusal(q{SELECT dwh.pull_share(9001, '{total,names}')}), qr/42501.*outside the agreement/s, 'an item outside the agreement is refused');
is(sql(q{SELECT direction, status FROM dwh_log.share_log}), 'in|refused', 'and the refusal stays in the log');
like(refusal(qq{SELECT dwh.pull_share(9001, '{total}', E'a=1\\r\\nHost: other')}), qr/22023.*no query/s, 'a query carries no header');
like(refusal(q{SELECT dwh.pull_share(9001, '{total}', '#x y')}), qr/22023.*no query/s, 'and no blank');
like(refusal(q{SELECT dwh.pull_share(9999, '{total}')}), qr/42704/, 'no agreement, no fetch');

# 2. A fetch lands byte for byte and is logged as inbound.
my $no = pull(1, 'month=2026-10&unit=01');
ok(settled($no, 'outcome:received'), 'a fetch is answered');
is(stages($no), 'asked:asked intent:intent outcome:received', 'with every stage in the log');
is(sql("SELECT direction, byte_count, content_digest = encode(sha256(E'code,total\\n01,17\\n79,19\\n'), 'hex'), request_content ->> 'query'
	FROM dwh_log.share_log WHERE share_no = $no AND status = 'received'"), 'in|23|t|month=2026-10&unit=01', 'direction in, length, digest');
is(sql("SELECT agreement_id, agency_identifier, content_type, convert_from(content, 'UTF8') = E'code,total\\n01,17\\n79,19\\n'
	FROM dwh_landing.share_received WHERE share_no = $no"), '9001|G01.1|text/csv|t', 'the rows are in landing');
is(join(' ', map { "$_->[0] $_->[3]" } received($log)), '/rows?month=2026-10&unit=01 signed', 'the request was signed');
is(sql('SELECT count(*) FROM dwh_log.share_outbox'), 0, 'nothing is left in the queue');
sql(q{BEGIN; SELECT dwh.pull_share(9001, '{total}', 'never'); ROLLBACK});
$no = pull(1, 'after');
ok(settled($no, 'received'), 'the next fetch is answered');
is(scalar(grep { $_->[0] =~ /never/ } received($log)), 0, 'what was rolled back was not asked for');

# What was received is passed on with the number it was received under, and not without.
aim(4, '/ok');
my $onward = q{SELECT dwh.push_share(9004, E'code,total\\n01,17\\n79,19\\n', '{total}', 'text/csv'};
like(refusal("$onward)"), qr/42501.*2327 Art. 13.3/s, '2327-059 received data is not passed on without its link');
is(sql('SELECT status FROM dwh_log.share_log WHERE agreement_id = 9004'), 'refused', 'and the refusal stays in the log');
like(refusal("$onward, p_received_no => 999999999)"), qr/42704.*nothing was received/s, 'nor with one that leads nowhere');
my $passed = sql("$onward, p_received_no => $no)");
ok(settled($passed, 'outcome:supplied'), 'with the link it is passed on');
is(sql("SELECT count(*), count(DISTINCT related_share_no), max(related_share_no) FROM dwh_log.share_log WHERE share_no = $passed"), "3|1|$no",
	'each row of the log is linked to the inbound one');

# 3. Compression.
aim(2, '/zipped');
$no = pull(2);
ok(settled($no, 'outcome:received'), 'a compressed answer');
is(sql("SELECT convert_from(content, 'UTF8') = E'code,total\\n01,17\\n79,19\\n' FROM dwh_landing.share_received WHERE share_no = $no"), 't', 'is unpacked');
aim(3, '/ok', compressed => 'true');
$no = sql(q{SELECT dwh.push_share(9003, repeat('{"total": 1}', 1000), '{total}')});
ok(settled($no, 'outcome:supplied'), 'a compressed message is delivered');
my ($got) = grep { $_->[0] eq '/ok' && $_->[2] !~ /^code/ } received($log);
is($got->[2], '{"total": 1}' x 1000, 'it arrives whole');
is($got->[3], 'signed', 'its signature is that of what travelled');

# 4. Suppliers that misbehave.
my %lying = (4 => [ '/unzipped', qr/compressed content is broken/ ], 5 => [ '/cut', qr/compressed content is broken/ ], 6 => [ '/bomb', qr/too long/ ],
	7 => [ '/short', qr/not fetched/ ], 8 => [ '/redirect', qr/redirects/ ], 9 => [ '/ok', qr/answered 204/ ], 10 => [ '/garbage', qr/not fetched/ ],
	11 => [ '/never', qr/took too long/ ], 12 => [ '/drip', qr/took too long/ ], 17 => [ '/endless', qr/took too long|too long/ ],
	18 => [ '/gone', qr/answered 410/ ]);
my %no;
for my $n (sort { $a <=> $b } keys %lying)
{
	aim($n, $lying{$n}[0], timeout => $n == 11 || $n == 12 ? 1500 : 20000);
	$no{$n} = pull($n);
}
# A supplier that is busy is asked again, when it says; what a receiver answers beside its status does not count.
aim(19, '/flaky/2', attempts => 4);
aim(20, '/busy', attempts => 3);
$no{$_} = pull($_) for 19, 20;
for my $n (sort { $a <=> $b } keys %lying)
{
	ok(settled($no{$n}, 'outcome:undelivered'), "$lying{$n}[0] lands nothing") or diag(stages($no{$n}));
	like(reason($no{$n}), $lying{$n}[1], "$lying{$n}[0]: why");
}
for my $n (19, 20)
{
	ok(settled($no{$n}, 'outcome:undelivered'), 'a supplier that was busy has nothing in the end');
	is(reason($no{$n}), 'nơi nhận trả lời 204 | the receiver answered 204', 'and was asked until it said so');
}
my @busy = map { $_->[4] } grep { $_->[0] eq '/busy' } received($log);
cmp_ok($busy[1] - $busy[0], '>=', 1.95, 'Retry-After is respected by fetches');
for my $path ('/unzipped', '/cut')
{
	aim(19, $path);
	$no = sql(qq{SELECT dwh.push_share(9019, 'to $path', '{total}')});
	ok(settled($no, 'outcome:supplied'), "a message to one that answers $path was delivered") or diag(reason($no));
}
is(sql('SELECT count(*) FROM dwh_landing.share_received'), 3, 'landing has what was whole');

# 5. TLS: a receiver that asks for our certificate; one whose own has expired, or is another's.
my $ca = PostgreSQL::Test::Utils::tempdir();
sub openssl { system("openssl $_[0] >/dev/null 2>&1") == 0 or die "openssl $_[0]" }
openssl("req -x509 -newkey rsa:2048 -nodes -keyout $ca/ca.key -out $ca/ca.crt -days 30 -subj /CN=authority");
sub certificate
{
	my ($name, $subject, $days) = @_;

	open my $ext, '>', "$ca/ext" or die;
	print $ext "subjectAltName=DNS:$subject\n";
	close $ext;
	openssl("req -new -newkey rsa:2048 -nodes -keyout $ca/$name.key -out $ca/$name.csr -subj /CN=$subject");
	openssl("x509 -req -in $ca/$name.csr -CA $ca/ca.crt -CAkey $ca/ca.key -CAcreateserial -days $days -extfile $ca/ext -out $ca/$name.crt");
}
certificate('good', 'localhost', 30);
certificate('expired', 'localhost', -1);
certificate('other', 'other.example', 30);
certificate('client', 'warehouse.example', 30);
for my $name ('known', 'unknown')
{
	system("cp $credentials/stub.hmac $credentials/$name.hmac && cp $ca/ca.crt $credentials/$name.ca") == 0 or die;
}
system("cp $ca/client.crt $credentials/known.crt && cp $ca/client.key $credentials/known.key") == 0 or die;

# Serves one connection at a time, however many handshakes fail before it: answers the request it was sent, remembers it, and begins anew.
my (@servers, %heard);
sub tls_server
{
	my ($name, $more) = @_;
	my $at = PostgreSQL::Test::Cluster::get_free_port();
	my $heard = "$ca/heard.$at";
	my $pid = fork() // die "fork: $!";

	if ($pid == 0)
	{
		setpgrp;
		while (1)
		{
			my ($out, $in);
			my $server = open2($out, $in, "exec openssl s_server -quiet -accept 127.0.0.1:$at -key $ca/$name.key -cert $ca/$name.crt $more 2>/dev/null");
			my $request = '';
			while (sysread $out, $request, 4096, length $request)
			{
				next unless $request =~ /\r\n\r\n/ && length($') >= ($request =~ /^Content-Length: *(\d+)/mi ? $1 : 0);
				syswrite $in, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";
				open my $file, '>>', $heard;
				print $file $request;
				close $file;
				last;
			}
			select undef, undef, undef, 0.2;
			kill 'KILL', $server;
			waitpid $server, 0;
		}
	}
	push @servers, $pid;
	sql("SELECT dwh.register_push_host('localhost', $at, 'test', '{127.0.0.0/8,::1/128}')");
	$heard{$at} = $heard;
	return $at;
}
my $asks = tls_server('good', "-Verify 1 -verify_return_error -CAfile $ca/ca.crt");
my $expired = tls_server('expired', '');
my $other = tls_server('other', '');
aim(13, '/x', host => 'localhost', port => $asks, credential => 'known', attempts => 8, cap => 1000);
aim(14, '/x', host => 'localhost', port => $asks, credential => 'unknown');
aim(15, '/x', host => 'localhost', port => $expired, credential => 'known');
aim(16, '/x', host => 'localhost', port => $other, credential => 'known');
$no = pull(13);
ok(settled($no, 'outcome:received'), 'a supplier that asks for our certificate answers') or diag(reason($no));
$no = sql(q{SELECT dwh.push_share(9013, 'over TLS', '{total}')});
ok(settled($no, 'outcome:supplied'), 'and takes a message') or diag(reason($no));
like(slurp_file($heard{$asks}), qr{^GET /x .*POST /x .*over TLS}s, 'both arrived');
$no{$_} = pull($_) for 14 .. 16;
ok(settled($no{$_}, 'outcome:undelivered'), "partner $_ is not spoken with") for 14 .. 16;
like(reason($no{14}), qr/not fetched/, 'without our certificate the other side ends it');
like(reason($no{$_}), qr/certificate is not valid/, 'its certificate is why') for 15, 16;
for my $n (15, 16)
{
	$no = sql(qq{SELECT dwh.push_share(9000 + $n, 'to nobody', '{total}')});
	ok(settled($no, 'outcome:undelivered'), "nor is partner $n sent a message");
	like(reason($no), qr/certificate is not valid/, 'for the same reason');
}
ok(!-e $heard{$expired} && !-e $heard{$other}, 'nothing was said to those');
kill '-KILL', @servers;
waitpid $_, 0 for @servers;

# 6. Decree 47 Art. 46: a link of our own only while no platform is ready.
sql(q{INSERT INTO dwh_catalog.share_agreement_version (agreement_id, version, directions, items, frequency, method, structure_version, gateway_id,
		direct_reason, use_term, signed_on, decided_by, document_no, valid_from)
	SELECT 9001, 2, '{in}', '{total}', 'on_request', 'sync', 1, 1, 'test', 'immediate', '2026-01-08', 9000, '3/QD', '2026-01-08'});
like(refusal(q{SELECT dwh.pull_share(9001, '{total}')}), qr/42501.*direct link while an intermediary platform is ready \(ND47 Art. 46\)/s, 'a direct link is refused');
sql(q{UPDATE dwh_catalog.share_platform SET is_ready = false WHERE code = 'NDXP'});
$no = pull(1);
ok(settled($no, 'outcome:received'), 'and taken where no platform is ready');
is(sql("SELECT route IS NULL FROM dwh_log.share_log WHERE share_no = $no AND status = 'received'"), 't', 'the log names no route');

# 7. What was agreed to go by a platform goes to its hosts, once they are known; what goes directly goes to none of them.
like(refusal(q{SELECT dwh.register_push_host('a.example', 443, 'test', p_platform => 'PORTAL')}), qr/42704.*no intermediary platform "PORTAL"/s, 'a portal is no platform');
sql("SELECT dwh.register_push_host('127.0.0.1', $port, 'test stub', '{127.0.0.0/8}', 'http', 'NDXP')");
like(refusal(q{SELECT dwh.pull_share(9001, '{total}')}), qr/42501.*no host of the route that was agreed \(ND47 Art. 46\)/s, 'a direct link to a host of the platform');
sql(q{INSERT INTO dwh_catalog.share_agreement_version (agreement_id, version, directions, items, frequency, method, structure_version, gateway_id,
		route_id, use_term, signed_on, decided_by, document_no, valid_from)
	SELECT 9001, 3, '{in}', '{total}', 'on_request', 'sync', 1, 1, 2, 'immediate', '2026-01-09', 9000, '4/QD', '2026-01-09'});
$no = pull(1);
ok(settled($no, 'outcome:received'), 'by the platform, from its host');
sql(q{SELECT dwh.register_push_host('127.0.0.1', 1, 'test', '{127.0.0.0/8}', 'http'), dwh.register_push_target(9001, '127.0.0.1', 1, '/', 'pull')});
like(refusal(q{SELECT dwh.pull_share(9001, '{total}')}), qr/42501.*no host of the route that was agreed/s, 'past the platform');

$node->stop;
done_testing();

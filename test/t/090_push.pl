# Pushing data to other agencies: nothing is lost, nothing leaves without a row in the log, partners that misbehave end in a clear outcome.
# 893-073, 2327-008, 2327-009, 2327-010, 2327-027, 2327-046, 2327-013, 2327-031, 2327-050, 2327-074, 2327-084, ND47-034, ND47-037, ND47-038
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Push;
use Test::More;
use Time::HiRes qw(sleep time);
use Warehouse;

my $credentials = make_credentials();
my $node = new_node('push', shared_preload_libraries => 'dwh_ext', 'dwh_ext.database' => 'work', restart_after_crash => 'on',
	'dwh_ext.share_credentials' => $credentials, 'dwh_ext.audit_wait' => '5s');
my $log = PostgreSQL::Test::Utils::tempdir() . '/received';
my $port = start_receiver($log);

sub sql { return $node->safe_psql('work', join ';', @_) }

sub stages
{
	my ($no) = @_;
	return join ' ', map { s/\|/:/r } split /\n/, sql("SELECT stage, status FROM dwh_log.share_log WHERE share_no = $no ORDER BY share_id");
}

sub settled { my ($no, $want, $seconds) = @_; return wait_for($seconds // 20, sub { stages($no) =~ /$want$/ }) }

# The n-th partner's messages go to this path of the stub.
sub aim
{
	my ($n, $path, %more) = @_;
	my ($host, $to) = ($more{host} // '127.0.0.1', $more{port} // $port);
	sql(sprintf "SELECT dwh.register_push_target(%d, '%s', %d, '%s', '%s', p_timeout_ms => %d, p_max_attempts => %d, p_retry_base_ms => 100, "
		. 'p_retry_cap_ms => 1000)', 9000 + $n, $host, $to, $path, $more{credential} // 'stub', $more{timeout} // 5000, $more{attempts} // 2);
}

# Another version of the n-th agreement, weekly, for a fixed use.
sub sign_next
{
	my ($n, %more) = @_;
	sql(sprintf "INSERT INTO dwh_catalog.share_agreement_version (agreement_id, version, directions, items, frequency, max_calls, method, structure_version, gateway_id, route_id,"
		. ' use_term, use_days, signed_on, decided_by, document_no, valid_from) SELECT agreement_id, version + 1, directions, items, %s, %s, method, structure_version, gateway_id,'
		. ' route_id, %s, %d, signed_on, decided_by, document_no, valid_from FROM dwh_catalog.share_agreement_version WHERE agreement_id = %d',
		"'weekly'", $more{max_calls} // 'NULL', "'fixed'", $more{use_days} // 1, 9000 + $n);
}

sub push_one { my ($n, $body) = @_; return sql(sprintf q{SELECT dwh.push_share(%d, '%s', '{total}')}, 9000 + $n, $body) }

sub reason { my ($no) = @_; return sql("SELECT reason FROM dwh_log.share_log WHERE share_no = $no ORDER BY share_id DESC LIMIT 1") }

$node->safe_psql('postgres', 'CREATE DATABASE work');
sql('CREATE EXTENSION dwh_ext', 'SELECT dwh.create_warehouse()');
make_partners($node, 'work', 30);
sql("CREATE ROLE officer LOGIN IN ROLE dwh_share_officer; CREATE ROLE analyst LOGIN IN ROLE dwh_analyst");

# 1. Who may, and what is refused before anything is queued.
my ($status, $out, $err) = $node->psql('work', q{\set VERBOSITY verbose
	SELECT dwh.push_share(9001, 'x', '{total}')}, extra_params => [ '-U', 'analyst' ]);
like($err, qr/42501.*permission denied to call dwh.push_share/s, 'an analyst pushes nothing');
is(sql(q{SELECT decision, session_user_name FROM dwh_log.audit_event WHERE action = 'push_share'}), 'refused|analyst', 'and that is in the log');
($status, $out, $err) = $node->psql('work', q{\set VERBOSITY verbose
	SELECT dwh.push_share(9001, 'x', '{total}')});
like($err, qr/55000.*has no target/s, 'an agreement without a target is told');
($status, $out, $err) = $node->psql('work', q{\set VERBOSITY verbose
	SELECT dwh.register_push_target(9001, '127.0.0.1', 1, '/', 'stub')});
like($err, qr/23503/, '2327-008 a target is on a registered host');
sql("SELECT dwh.register_push_host('127.0.0.1', $port, 'test stub', '{127.0.0.0/8}', 'http')");
($status, $out, $err) = $node->psql('work', q{\set VERBOSITY verbose
	SELECT dwh.register_push_host('partner.example', 80, 'test', p_scheme => 'http')});
like($err, qr/23514/, 'plain http is for listed private networks only');
aim($_, '/ok') for 1, 2;
($status, $out, $err) = $node->psql('work', q{\set VERBOSITY verbose
	SELECT dwh.push_share(9001, 'x', '{total,names}')});
like($err, qr/42501.*agreement 9001 does not allow.*outside the agreement/s, 'an item outside the agreement is refused');
is(sql(q{SELECT status FROM dwh_log.share_log WHERE agreement_id = 9001}), 'refused', 'and the refusal stays in the log of sharing');

# 2. Delivery; a rollback sends nothing.
my $no = push_one(1, '{"total": 1}');
ok(settled($no, 'outcome:supplied'), 'a message is delivered');
is(stages($no), 'asked:asked intent:intent outcome:supplied', 'with every stage in the log');
is(sql("SELECT count(DISTINCT content_digest), bool_and(content_digest = encode(sha256('{\"total\": 1}'), 'hex')), max(byte_count), max(client_address)
	FROM dwh_log.share_log WHERE share_no = $no"), "1|t|12|http://127.0.0.1:$port", 'with digest, length and receiver');
is(sql("SELECT min(gateway) || max(extract(epoch FROM l.occurred_at - l.requested_at)::int / 10) FROM dwh_log.share_log AS l WHERE share_no = $no"), 'PORTAL0',
	'2327-008 2327-046 by the portal, within ten seconds');
is(sql('SELECT count(*) FROM dwh_log.share_outbox'), 0, 'and it has left the queue');
my @got = received($log);
is(scalar @got, 1, 'the receiver has it once');
is("@{ $got[0] }[0, 2, 3]", '/ok {"total": 1} signed', 'whole and signed');
sql("BEGIN; SELECT dwh.push_share(9001, 'never', '{total}'); ROLLBACK");
$no = push_one(1, 'after');
ok(settled($no, 'supplied'), 'the next one is delivered');
is(scalar(grep { $_->[2] eq 'never' } received($log)), 0, 'what was rolled back was not sent');

# 3. Order, under a load of concurrent sessions.
my @sessions = map { session($node, 'work') } 1 .. 4;
for my $round (1 .. 25)
{
	$_->query_safe(q{SELECT dwh.push_share(9001, 'order ' || nextval('dwh_log.share_no_seq'), '{total}')}) for @sessions;
}
$_->quit for @sessions;
ok(wait_for(180, sub { sql('SELECT count(*) FROM dwh_log.share_outbox') == 0 }), 'a hundred messages are delivered');
my @order = map { $_->[2] =~ /^order (\d+)/ ? $1 : () } received($log);
is(scalar @order, 100, 'each once');
is("@order", join(' ', sort { $a <=> $b } @order), 'in the order in which they were queued');

# 4. Partners that misbehave.
my %lying = (
	3 => [ '/flaky/2', 'supplied', '', 4 ], 4 => [ '/busy', 'supplied', '', 3 ],
	5 => [ '/redirect', 'undelivered', qr/redirects/ ], 6 => [ '/gone', 'undelivered', qr/answered 410/ ],
	7 => [ '/endless', 'undelivered', qr/too long/ ], 8 => [ '/drip', 'undelivered', qr/too long|took too long/ ],
	9 => [ '/short', 'undelivered', qr/not sent/ ], 10 => [ '/garbage', 'undelivered', qr/not sent/ ],
	11 => [ '/never', 'undelivered', qr/took too long/ ]);
my %no;
for my $n (sort { $a <=> $b } keys %lying)
{
	aim($n, $lying{$n}[0], timeout => 1500, attempts => $lying{$n}[3] // 2);
	$no{$n} = push_one($n, "lie $n");
}
# A name that leads to loopback, an address of the metadata service, a closed port, a key that is not there or open to others.
sql("SELECT dwh.register_push_host('localhost', $port, 'test stub')");
sql("SELECT dwh.register_push_host('169.254.169.254', 443, 'test')");
sql("SELECT dwh.register_push_host('127.0.0.1', 1, 'test', '{127.0.0.0/8}', 'http')");
aim(12, '/ok', host => 'localhost');
aim(13, '/ok', host => '169.254.169.254', port => 443);
aim(14, '/ok', port => 1);
aim(15, '/ok', credential => 'missing');
open my $file, '>', "$credentials/open.hmac" or die;
print $file '0123456789abcdef';
close $file;
chmod 0644, "$credentials/open.hmac";
aim(16, '/ok', credential => 'open');
# A key that is longer than what is read of it; a name with an address that is refused (::1) beside one that does not answer.
open $file, '>', "$credentials/long.hmac" or die;
print $file '0' x 2048;
close $file;
chmod 0600, "$credentials/long.hmac";
aim(29, '/ok', credential => 'long');
sql("SELECT dwh.register_push_host('localhost', 1, 'test', '{127.0.0.0/8}')");
aim(30, '/ok', host => 'localhost', port => 1);
$no{$_} = push_one($_, "lie $_") for 12 .. 16, 29, 30;
$lying{29} = [ '', 'undelivered', qr/signing key is too long/ ];
$lying{30} = [ '', 'undelivered', qr/not sent: Failed to connect/ ];
$lying{12} = $lying{13} = [ '', 'undelivered', qr/address is not allowed/ ];
$lying{14} = [ '', 'undelivered', qr/not sent: Failed to connect/ ];
$lying{15} = [ '', 'undelivered', qr/key cannot be read/ ];
$lying{16} = [ '', 'undelivered', qr/open to others/ ];
for my $n (sort { $a <=> $b } keys %lying)
{
	my ($path, $want, $why) = @{ $lying{$n} };
	ok(settled($no{$n}, "outcome:$want"), "partner $n $path: $want") or diag(stages($no{$n}));
	like(reason($no{$n}), $why, "partner $n: why") if $why;
}
my %times;
push @{ $times{ $_->[0] } }, $_ for received($log);
is(scalar @{ $times{'/flaky/2'} }, 3, 'a 503 is tried again');
my %keys = map { $_->[1] => 1 } @{ $times{'/flaky/2'} };
is(scalar keys %keys, 1, 'under the same idempotency key');
cmp_ok($times{'/busy'}[1][4] - $times{'/busy'}[0][4], '>=', 1.95, 'Retry-After is respected');
is(scalar(grep { $_->[2] =~ /^lie 1[2-6]$/ } received($log)), 0, 'nothing went where it must not');
is(sql(q{SELECT sum(dead) FROM dwh.push_queue}), 14, 'what could not be delivered is set aside');

# A certificate nobody vouches for.
my $key = PostgreSQL::Test::Utils::tempdir();
system("openssl req -x509 -newkey rsa:2048 -nodes -keyout $key/key -out $key/crt -days 30 -subj /CN=localhost -addext subjectAltName=DNS:localhost >/dev/null 2>&1") == 0 or die 'openssl req';
my $tls = PostgreSQL::Test::Cluster::get_free_port();
my $tls_pid = open(my $tls_out, '-|', "exec openssl s_server -quiet -accept 127.0.0.1:$tls -key $key/key -cert $key/crt -www 2>/dev/null") // die;
sql("SELECT dwh.register_push_host('localhost', $tls, 'test', '{127.0.0.0/8,::1/128}')");
aim(17, '/ok', host => 'localhost', port => $tls);
$no = push_one(17, 'tls');
ok(settled($no, 'outcome:undelivered'), 'a certificate that nobody vouches for is no partner');
like(reason($no), qr/certificate is not valid/, 'and that is why');
kill 'KILL', $tls_pid;
close $tls_out;

# 5. What was set aside is put back when it can be delivered.
aim(6, '/ok');
sign_next(6, max_calls => 1);
sql("SELECT dwh.requeue_push($no{6}, 'partner moved')");
ok(settled($no{6}, 'outcome:supplied'), 'a message that was put back is delivered, as the one call that it was');
($status, $out, $err) = $node->psql('work', "\\set VERBOSITY verbose\nSELECT dwh.requeue_push($no{6}, 'again')");
like($err, qr/42704/, 'and cannot be put back again');

# 6. A slow partner delays nobody; suspension and cancellation act within a second.
aim($_, '/late/8000', timeout => 20000) for 18 .. 20;
my @slow = map { push_one($_, "slow $_") } 18 .. 20;
ok(wait_for(10, sub { sql(q{SELECT count(*) FROM dwh_log.share_outbox WHERE state = 'sending'}) == 3 }), 'three messages are under way');
my $start = time;
$no = push_one(2, 'quick');
ok(settled($no, 'outcome:supplied', 5), '2327-027 another partner is served meanwhile');
cmp_ok(time - $start, '<', 3, 'without delay');
sql(q{INSERT INTO dwh_catalog.share_suspension (suspension_id, agreement_id, kind, starts_at, noticed_on, reason, decided_by, document_no)
	VALUES (9000, 9018, 'security', clock_timestamp(), '2026-01-01', 'incident', 9000, '3/QD')});
sql("SELECT dwh.cancel_push($slow[1], 'wrong month')");
ok(settled($slow[0], 'outcome:broken_off', 3), 'a suspension breaks off what is under way');
ok(settled($slow[1], 'outcome:undelivered', 3), 'a cancellation too, and settles it');
for ([ $slow[0], 'share_suspension WHERE suspension_id = 9000', 'created_at' ])
{
	my $gap = sql("SELECT extract(epoch FROM (SELECT max(occurred_at) FROM dwh_log.share_log WHERE share_no = $_->[0] AND status = 'broken_off') - (SELECT $_->[2] FROM dwh_catalog.$_->[1]))");
	cmp_ok($gap, '<', 1, 'within a second');
}
like(reason($slow[0]), qr/suspended/, 'the log says why');
sleep 1.5;
is(sql("SELECT state FROM dwh_log.share_outbox WHERE share_no = $slow[0]"), 'waiting', 'the suspended message waits');
aim(18, '/ok');
sign_next(18, use_days => 30);
sql('UPDATE dwh_catalog.share_suspension SET ended_at = clock_timestamp(), end_decided_by = 9000 WHERE suspension_id = 9000');
ok(settled($slow[0], 'outcome:supplied', 5), 'and is delivered when sharing is resumed');
is(sql("SELECT stage, agreement_version, frequency, use_term, use_until - dwh.today() FROM dwh_log.share_log WHERE share_no = $slow[0] ORDER BY share_id DESC LIMIT 2"),
	"outcome|2|weekly|fixed|30\nintent|2|weekly|fixed|30", 'by the terms of that moment, which the log names');
ok(settled($slow[2], 'outcome:supplied', 15), 'the slow partner had its time');

# 7. The worker ends in the middle: nothing is lost, what is sent twice has the same key.
aim(21, '/late/5000', timeout => 20000);
$no = push_one(21, 'crash');
ok(wait_for(10, sub { stages($no) =~ /intent$/ }), 'a message is under way');
kill 'KILL', sql(q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'dwh_ext share'});
ok(wait_for(60, sub { ($node->psql('work', 'SELECT 1'))[0] == 0 }), 'the server recovers');
ok(settled($no, 'outcome:supplied', 30), 'the message is delivered all the same');
is(stages($no), 'asked:asked intent:intent outcome:broken_off intent:intent outcome:supplied', 'and the log tells it all');
my @crash = grep { $_->[2] eq 'crash' } received($log);
%keys = map { $_->[1] => 1 } @crash;
is(scalar keys %keys, 1, 'one idempotency key, however often it was sent');

# 8. The switch as officers use it, with messages in the queue.
aim($_, '/ok') for 22, 23;
sub arrived { my ($what) = @_; return join ' ', map { $_->[2] =~ /^$what (\d+)$/ ? $1 : () } received($log) }
sub push_some { my ($n, $what) = @_; return map { sprintf q{SELECT dwh.push_share(%d, '%s %d', '{total}')}, 9000 + $n, $what, $_ } 1 .. 5 }
sql('BEGIN', push_some(22, 'kept'), push_some(23, 'also'), q{SELECT dwh.suspend_share('force_majeure', 'mất điện', 9000, 'TB 1')}, 'COMMIT');
sleep 1.5;
is(arrived('kept') . arrived('also'), '', 'ND47-034 while all sharing is suspended nothing leaves the queue');
sql('SELECT dwh.resume_share(max(suspension_id), 9000, \'TB 2\') FROM dwh_catalog.share_suspension WHERE ended_at IS NULL');
ok(wait_for(20, sub { arrived('kept') eq '1 2 3 4 5' && arrived('also') eq '1 2 3 4 5' }), 'ND47-034 when it is resumed, the queue leaves in its old order');
sql('BEGIN', push_some(22, 'held'), push_some(23, 'free'),
	q{SELECT dwh.suspend_share('violation', 'lộ dữ liệu', 9000, 'TB 3', 'G01.22', p_handling_plan => 'x', p_restore_conditions => 'y')}, 'COMMIT');
ok(wait_for(20, sub { arrived('free') eq '1 2 3 4 5' }), 'ND47-034 a partner that is suspended stops only its own');
is(arrived('held'), '', '2327-074 what is queued for it is not sent');
for my $act (q{suspend_share('violation', ' ', 9000, 'TB 3', 'G01.22', p_handling_plan => 'x', p_restore_conditions => 'y')}, q{end_share(9022, '', 9000, 'TB 4')})
{
	($status, $out, $err) = $node->psql('work', "\\set VERBOSITY verbose\nSELECT dwh.$act");
	like($err, qr/22023/, '2327-074 without a reason nothing is stopped');
}
sql(q{SELECT dwh.end_share(9022, 'need_ended', 9000, 'TB 4')});
ok(wait_for(20, sub { sql('SELECT count(*) FROM dwh_log.share_outbox WHERE agreement_id = 9022') == 0 }), 'ND47-037 the end cancels what is queued');
is(arrived('held'), '', 'ND47-037 and nothing of it is sent');
is(sql(q{SELECT count(*), min(reason) FROM dwh_log.share_log WHERE agreement_id = 9022 AND status = 'undelivered'}),
	'5|đã chấm dứt chia sẻ | sharing was ended: need_ended', 'ND47-037 the log says why');
is(sql(q{SELECT count(*) FROM dwh_catalog.share_notice WHERE agreement_id = 9022 AND kind = 'end'}), 1, 'ND47-037 the receiver has its notice');

# 9. A person whose transaction holds a message stops neither the worker nor the truth of the log.
aim($_, '/late/4000', timeout => 20000) for 24, 25, 26;
aim(27, '/ok');
my %held = map { $_ => push_one($_, "held $_") } 24, 25, 26;
ok(wait_for(10, sub { sql(q{SELECT count(*) FROM dwh_log.share_outbox WHERE state = 'sending' AND agreement_id IN (9024, 9025, 9026)}) == 3 }),
	'three messages are under way');
my $person = session($node, 'work');
$person->query_safe("BEGIN; SELECT dwh.cancel_push($_, 'too late')") for $held{24};
$person->query_safe("SELECT dwh.cancel_push($held{25}, 'not at all')");
ok(settled($held{26}, 'outcome:supplied', 10), '2327-027 while a transaction holds two messages, another is settled');
$start = time;
$no = push_one(27, 'beside');
ok(settled($no, 'outcome:supplied', 5), '2327-027 and a new one is sent');
cmp_ok(time - $start, '<', 3, 'without delay');
is(stages($held{24}), 'asked:asked intent:intent', 'the outcome of what is held is not written yet');
$person->query_safe('COMMIT');
# Calls are counted one at a time: while a fetch counts those of an agreement, which is until its intent is committed, no message of it leaves.
$person->query_safe('BEGIN; SELECT dwh_internal.share_try_calls(9027)');
$no = push_one(27, 'counted');
sleep 1.5;
is(stages($no), 'asked:asked', 'ND47-020 a push and a fetch of one moment are counted one after the other');
$person->query_safe('COMMIT');
ok(settled($no, 'outcome:supplied', 5), 'ND47-020 then it goes');
$person->quit;
ok(settled($held{$_}, 'outcome:supplied', 5), 'ND47-038 what the receiver has is in the log as supplied, though it was cancelled meanwhile') for 24, 25;
is(sql("SELECT count(*) FROM dwh_log.share_outbox WHERE share_no IN ($held{24}, $held{25})"), 0, 'and out of the queue');
is(scalar(grep { $_->[2] =~ /^held 2[45]$/ } received($log)), 2, 'once each');
# The same of a message that is fetched is in t/091.

# 10. A long reason is cut between characters, so that the log can be read and dumped.
aim(28, '/late/8000', timeout => 20000);
$no = push_one(28, 'long');
ok(wait_for(10, sub { stages($no) =~ /intent$/ }), 'a message is under way');
sql("SELECT dwh.cancel_push($no, repeat('ệ', 300))");
ok(settled($no, 'outcome:undelivered', 5), 'it is cancelled for a long reason');
is(sql("SELECT bool_and(reason IS NULL OR rtrim(reason, 'ệ') = '') FROM dwh_log.share_log WHERE share_no = $no"), 't', 'of whole characters');

# 11. Plain text goes to no public address, whatever is listed.
sql(q{SELECT dwh.register_push_host('93.184.216.34', 80, 'test', '{10.0.0.0/8,93.184.216.0/24}', 'http')});
aim(29, '/ok', host => '93.184.216.34', port => 80, attempts => 1);
$no = push_one(29, 'plain');
ok(settled($no, 'outcome:undelivered', 10), '2327-046 plain text is not sent to a public address');
like(reason($no), qr/address is not allowed/, '2327-046 and that is why');

# 12. What was not supplied is not counted as supplied.
is(sql(q{SELECT count(*) FROM dwh_log.share_log WHERE stage = 'outcome' AND status <> 'supplied' AND coalesce(byte_count, row_count) IS NOT NULL}), 0,
	'2327-064 no outcome but a supply has rows and bytes');
is(sql(q{SELECT sum(byte_count) = (SELECT sum(byte_count) FROM dwh_log.share_log WHERE status = 'supplied') FROM dwh.share_statistics(dwh.today() - 1, dwh.today())}), 't',
	'2327-064 nor do the statistics have more');

# The key that signs stands nowhere in the database or the server log.
unlike(slurp_file($node->logfile), qr/0123456789abcdef0123/, 'no secret in the server log');
is(sql(q{SELECT count(*) FROM dwh_log.share_log AS l WHERE l::text LIKE '%0123456789abcdef0123%'}), 0, 'nor in the log of sharing');

$node->stop;
done_testing();

# Server and workers killed at random moments while messages are queued and sent, against a receiver that counts: nothing is lost, nothing
# arrives that is not in the log, what arrives twice has the same key, and each agreement's order holds.
# 2327-009, 2327-031, 2327-050, ND47-038
#
# DWH_CRASH_ROUNDS: kills (100). DWH_CRASH_SEED: repeats a choice of victims and moments.
use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use FindBin;
use lib "$FindBin::Bin/../lib";
use POSIX ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Push;
use Test::More;
use Time::HiRes qw(sleep time);
use Warehouse;

my $rounds = $ENV{DWH_CRASH_ROUNDS} // 100;
my $seed = $ENV{DWH_CRASH_SEED} // int(time) % 1_000_000;
srand $seed;
note "seed $seed, $rounds rounds";

my $dir = PostgreSQL::Test::Utils::tempdir();
my $log = "$dir/received";
my $node = new_node('push_crash', shared_preload_libraries => 'dwh_ext', 'dwh_ext.database' => 'work', restart_after_crash => 'on',
	'dwh_ext.share_credentials' => make_credentials());
my $port = start_receiver($log);
my $connect = 'host=' . $node->host . ' port=' . $node->port . ' dbname=work';

sub sql { return $node->safe_psql('work', join ';', @_) }

$node->safe_psql('postgres', 'CREATE DATABASE work');
sql('CREATE EXTENSION dwh_ext', 'SELECT dwh.create_warehouse()');
# Receivers that answer at once, late, and with 503 at first.
my @paths = (('/ok') x 4, '/late/50', '/late/200', '/flaky/40', '/flaky/400');
make_partners($node, 'work', scalar @paths);
sql("SELECT dwh.register_push_host('127.0.0.1', $port, 'test stub', '{127.0.0.0/8}', 'http')");
sql(sprintf "SELECT dwh.register_push_target(%d, '127.0.0.1', $port, '%s', 'stub', p_max_attempts => 1000, p_retry_base_ms => 20, "
	. 'p_retry_cap_ms => 100)', 9001 + $_, $paths[$_])
	for 0 .. $#paths;

# Writers: psql, a session after another, each message a transaction of its own, some rolled back. psql prints a line for what committed.
my $stop = "$dir/stop";
my @writers;
for my $writer (1 .. 2)
{
	my $pid = fork() // die "fork: $!";
	if ($pid == 0)
	{
		for (my $batch = 1; !-e $stop; $batch++)
		{
			open my $file, '>', "$dir/batch.$writer" or POSIX::_exit(1);
			for my $n (1 .. 40)
			{
				my $agreement = 9001 + ($n + $writer) % @paths;
				my $body = "w$writer-$batch-$n";
				print $file "BEGIN; SELECT dwh.push_share($agreement, 'never $body', '{total}') \\g /dev/null\nROLLBACK;\n" if $n % 8 == 0;
				print $file "SELECT '$body', dwh.push_share($agreement, '$body', '{total}');\nSELECT FROM pg_sleep(0.01);\n";
			}
			close $file;
			sleep 0.2 if system("psql -XAtq -d '$connect' -f $dir/batch.$writer >>$dir/acked.$writer 2>/dev/null") != 0;
		}
		POSIX::_exit(0);
	}
	push @writers, $pid;
}

# Kills the postmaster and starts another one: it is let in when the old one is gone and its children have noticed.
sub kill_postmaster
{
	my ($pid) = split /\n/, slurp_file($node->data_dir . '/postmaster.pid');

	$node->kill9;
	return wait_for(60, sub { !kill 0, $pid }) && wait_for(60, sub { $node->start(fail_ok => 1) });
}

my %killed;
my $lost = 0;
for my $round (1 .. $rounds)
{
	my $is_up = wait_for(60, sub {
		my ($status, $out) = $node->psql('work', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'dwh_ext share'});
		return $status == 0 && $out eq '1';
	});
	$lost++, last unless $is_up;
	sleep rand(0.8);
	my $what = ('dwh_ext share', 'dwh_ext share', 'dwh_ext share', 'dwh_ext audit', 'client backend', 'walwriter', 'postmaster')[ rand 7 ];
	if ($what eq 'postmaster')
	{
		$lost++, last unless kill_postmaster();
	}
	else
	{
		my ($status, $pid) = $node->psql('work',
			"SELECT pid FROM pg_stat_activity WHERE backend_type = '$what' AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1");
		redo if $status != 0 || $pid eq '';
		kill 'KILL', $pid;
	}
	$killed{$what}++;
}
is($lost, 0, "the server came back after each of $rounds kills");
note join ', ', map { "$_: $killed{$_}" } sort keys %killed;
open my $file, '>', $stop or die;
close $file;
waitpid $_, 0 for @writers;
ok(wait_for(60, sub { ($node->psql('work', 'SELECT 1'))[0] == 0 }), 'the server is up');
ok(wait_for(600, sub { sql('SELECT count(*) FROM dwh_log.share_outbox') == 0 }), 'the queue is drained')
	or diag(sql('SELECT * FROM dwh.push_queue'));

# What was committed, as the writers know; what the log says was asked for, in the order of each agreement; what arrived.
my %acked = map { /^(\S+)\|/ ? ($1 => 1) : () } map { split /\n/, slurp_file($_) } map { "$dir/acked.$_" } 1 .. 2;
my (%place, %agreement, %intents, %supplied, %is_asked);
for (split /\n/, sql(q{SELECT share_no, agreement_id, content_digest FROM dwh_log.share_log WHERE stage = 'asked' ORDER BY share_id}))
{
	my ($no, $agreement, $digest) = split /\|/;
	$is_asked{$digest}++;
	$place{$digest} = keys %place;
	$agreement{$digest} = $agreement;
}
push @{ $intents{ (split /\|/)[0] } }, [ split /\|/ ]
	for split /\n/, sql(q{SELECT content_digest, detail ->> 'idempotency_key', extract(epoch FROM occurred_at) FROM dwh_log.share_log
		WHERE stage = 'intent' ORDER BY share_id});
$supplied{$_}++ for split /\n/, sql(q{SELECT content_digest FROM dwh_log.share_log WHERE status = 'supplied'});

my (%received, %last, %seen_key);
my ($unlogged, $early, $disordered, $rekeyed, $unsigned, $twice) = (0) x 6;
for my $message (received($log))
{
	my ($path, $key, $body, $signed, $at) = @$message;
	my $digest = sha256_hex($body);
	my $n = $received{$digest}++;
	my $intent = ($intents{$digest} // [])->[$n];
	$unlogged++, next unless $intent;
	$early++ if $intent->[2] > $at + 0.001;
	$rekeyed++ if $key ne $intent->[1] || $key ne ($seen_key{$digest} //= $key);
	$unsigned++ if $signed ne 'signed';
	$twice++ if $n > 0 && $path !~ /flaky/;
	my $agreement = $agreement{$digest};
	$disordered++ if $place{$digest} < ($last{$agreement} // -1);
	$last{$agreement} = $place{$digest};
}
note sprintf '%d messages queued, %d known to be committed, %d arrived, %d of them again', scalar keys %is_asked, scalar keys %acked,
	scalar keys %received, $twice;
cmp_ok(scalar keys %acked, '>', $rounds, 'there was a load');
is(scalar(grep { !$is_asked{ sha256_hex($_) } } keys %acked), 0, 'what was committed is in the log');
is(scalar(grep { !$received{$_} } keys %is_asked), 0, 'nothing is lost');
is(scalar(grep { !$is_asked{$_} } keys %received), 0, 'nothing arrived that was rolled back');
is($unlogged, 0, 'nothing arrived without an intent in the log');
is($early, 0, 'nor before it');
is($rekeyed, 0, 'what arrived again has the same key');
is($unsigned, 0, 'all is signed');
is($disordered, 0, 'each agreement has its order');
is(scalar(grep { ($supplied{$_} // 0) != 1 } keys %is_asked), 0, 'each message is supplied once in the log');
is(scalar(grep { $is_asked{$_} != 1 } keys %is_asked), 0, 'and was asked for once');
sql('SELECT dwh.audit_seal()');
is(sql('SELECT is_intact FROM dwh.audit_verify()'), 't', 'the logs verify');

$node->stop;
done_testing();

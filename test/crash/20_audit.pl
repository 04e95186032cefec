# kill -9 of the whole server while 8 clients do audited acts, roll some back, and are refused others: no act without its event, no event without
# its act, none twice; every refusal that a caller was told of is in the log; the logs seal and verify.
#
# DWH_CRASH_ROUNDS: kills (50). DWH_CRASH_SEED: repeats a choice of moments.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);
use Warehouse;

my $rounds = $ENV{DWH_CRASH_ROUNDS} // 50;
my $seed = $ENV{DWH_CRASH_SEED} // int(time) % 1_000_000;
srand $seed;
note "seed $seed, $rounds rounds";

my $dir = PostgreSQL::Test::Utils::tempdir();
my $node = new_node('audit_crash', shared_preload_libraries => 'dwh_ext', 'dwh_ext.database' => 'work', 'dwh_ext.audit_wait' => '60s',
	'dwh_ext.audit_seal_interval' => '1s', 'dwh_ext.audit_check_interval' => '1s');
my @connect = ('psql', '-XAtq', '-d', 'host=' . $node->host . ' port=' . $node->port . ' dbname=work');

$node->safe_psql('postgres', 'CREATE DATABASE work');
$node->safe_psql('work', <<'SQL');
CREATE EXTENSION dwh_ext;
SELECT dwh.create_warehouse();
CREATE ROLE officer LOGIN IN ROLE dwh_share_officer;
CREATE ROLE reader LOGIN IN ROLE dwh_analyst;
CREATE UNLOGGED TABLE told (kind text, host text);
SQL

# What a client does: acts that commit, acts that are rolled back, acts that are refused. psql says after each what it was told.
sub write_script
{
	my ($client, $round) = @_;
	my $name = "$dir/script.$client";
	open my $file, '>', $name or die "$name: $!";
	my $act = sub { "SELECT dwh.register_push_host('$_[0]-$client-$round-$_[1]', 443, 'test') \\g /dev/null\n" };
	for my $n (1 .. 400)
	{
		print $file 'SET ROLE officer;', "\n", $act->('done', $n), "\\echo done done-$client-$round-$n\n";
		print $file "BEGIN;\n", $act->('never', $n), "ROLLBACK;\n" if $n % 3 == 0;
		print $file "BEGIN;\nSAVEPOINT a;\n", $act->('never', "$n-a"), "ROLLBACK TO a;\n", $act->('done', "$n-b"), "COMMIT;\n",
			"\\echo done done-$client-$round-$n-b\n" if $n % 5 == 0;
		# 42501 is the answer to a refusal; a lost connection ends psql.
		print $file "SET ROLE reader;\n", $act->('refused', $n), "\\if :ERROR\n\\echo refused refused-$client-$round-$n\n\\endif\n" if $n % 2 == 0;
	}
	close $file;
	return $name;
}

sub run_client
{
	my ($client, $round) = @_;
	my $script = write_script($client, $round);
	my $pid = fork() // die "fork: $!";
	return $pid if $pid > 0;
	open STDIN, '<', '/dev/null';
	open STDOUT, '>', "$dir/told.$client";
	open STDERR, '>', '/dev/null';
	exec @connect, '-v', 'ON_ERROR_STOP=0', '-c', q{SET client_min_messages = error}, '-f', $script;
	exit 1;
}

# The postmaster and whatever it started, at once.
sub kill_server
{
	my $postmaster = (split /\n/, slurp_file($node->data_dir . '/postmaster.pid'))[0];
	my @children = split ' ', slurp_file("/proc/$postmaster/task/$postmaster/children");

	kill 'KILL', $postmaster, @children;
	wait_for(30, sub { !grep { kill 0, $_ } @children }) or die 'processes of the server do not end';
	$node->{_pid} = undef;
}

my ($acts, $refusals) = (0, 0);
for my $round (1 .. $rounds)
{
	my @clients = map { run_client($_, $round) } 1 .. 8;

	sleep 0.3 + rand 1.5;
	kill_server();
	waitpid $_, 0 for @clients;
	$node->start;
	$node->safe_psql('work', 'TRUNCATE told; ' . join ';', map { "COPY told FROM '$dir/told.$_' (DELIMITER ' ')" } 1 .. 8);
	is($node->safe_psql('work', <<'SQL'), '0|0|0|0|0|0|0', "round $round");
WITH event AS (SELECT decision, object, count(*) AS n FROM dwh_log.audit_event WHERE action = 'register_push_host' GROUP BY 1, 2),
host AS (SELECT host FROM dwh_catalog.share_push_host)
SELECT
	(SELECT count(*) FROM host WHERE NOT EXISTS (SELECT FROM event WHERE object = host AND decision = 'done')) AS acts_without_event,
	(SELECT count(*) FROM event WHERE decision = 'done' AND NOT EXISTS (SELECT FROM host WHERE host = object)) AS events_without_act,
	(SELECT count(*) FROM event WHERE n > 1) AS twice,
	(SELECT count(*) FROM told WHERE kind = 'done' AND NOT EXISTS (SELECT FROM host WHERE host.host = told.host)) AS acts_lost,
	(SELECT count(*) FROM told WHERE kind = 'refused' AND NOT EXISTS (SELECT FROM event WHERE object = told.host AND decision = 'refused'))
		AS refusals_lost,
	(SELECT count(*) FROM host WHERE host LIKE 'never%' OR host LIKE 'refused%') AS acts_not_rolled_back,
	(SELECT count(*) FROM dwh.audit_check() WHERE NOT is_intact) AS tampered
SQL
	my ($done, $refused) = split /\|/, $node->safe_psql('work', q{SELECT count(*) FILTER (WHERE kind = 'done'), count(*) FILTER (WHERE kind = 'refused') FROM told});
	$acts += $done;
	$refusals += $refused;
}
cmp_ok($acts, '>', 0, "acts were done ($acts)");
cmp_ok($refusals, '>', 0, "and refused ($refusals)");
$node->safe_psql('work', 'SELECT dwh.audit_seal()');
is($node->safe_psql('work', 'SELECT is_intact, problem FROM dwh.audit_verify()'), 't|', 'the logs verify');
is($node->safe_psql('work', 'SELECT (SELECT count(*) FROM dwh_log.audit_event) - (SELECT count(*) FROM dwh_log.audit_leaf)'), 0, 'every event has its leaf');

$node->stop;
done_testing();

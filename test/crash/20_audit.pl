# kill -9 of the whole server while 8 clients grant access and do other audited acts, roll some back, and are refused others: no act without its
# event, no event without its act, none twice; every grant has its login role, every login role its grant; every refusal that a caller was told of
# is in the log; the logs seal and verify.
#
# DWH_CRASH_ROUNDS: kills (50). DWH_CRASH_SECONDS: how long a server lives at most (2; more on a machine that is busy otherwise).
# DWH_CRASH_SEED: repeats a choice of moments.
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
my $seconds = $ENV{DWH_CRASH_SECONDS} // 2;
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
CREATE ROLE admin LOGIN IN ROLE dwh_central_admin;
INSERT INTO dwh_catalog.account (account_id, kind, email, full_name, login_role, home_unit_id, valid_from)
VALUES (990001, 'sector', 'admin@example.invalid', 'Admin', 'admin', 12, '2020-07-10');
INSERT INTO dwh_catalog.access_grant (account_id, user_group_id, valid_from) VALUES (990001, 1, '2020-07-10');
INSERT INTO dwh_catalog.office_holder (office_holder_id, person_name, unit_id, office, valid_from, document)
VALUES (990001, 'Head', 11, 'unit_leader', '2020-01-01', 'x');
CREATE UNLOGGED TABLE told (kind text, host text);
SQL

# What a client does: acts that commit, acts that are rolled back, acts that are refused. psql says after each what it was told.
sub write_script
{
	my ($client, $round) = @_;
	my $name = "$dir/script.$client";
	open my $file, '>', $name or die "$name: $!";
	my $act = sub { "SELECT dwh.register_push_host('$_[0]-$client-$round-$_[1]', 443, 'test') \\g /dev/null\n" };
	# A user of a central unit: the letter of its head is the decision.
	my $grant = sub { my $who = "$_[0]-$client-$round-$_[1]"; return <<"SQL" };
SELECT dwh.grant_access('[{"full_name": "$who", "title": "x", "email": "$who\@crash.invalid", "employment_kind": "contract", "unit": 11, "group": "analyst",
	"reason": "first_join"}]', 'L', dwh.today(), dwh.today(), 11, 990001) \\g /dev/null
SQL
	for my $n (1 .. 400)
	{
		print $file 'SET ROLE admin;', "\n", $grant->('granted', $n), "\\if :ERROR\n\\else\n\\echo granted granted-$client-$round-$n\n\\endif\n" if $n % 2 == 0;
		print $file "SET ROLE admin;\nBEGIN;\n", $grant->('never', $n), "ROLLBACK;\n" if $n % 6 == 0;
		print $file "SET ROLE reader;\n", $grant->('ungranted', $n), "\\if :ERROR\n\\echo ungranted ungranted-$client-$round-$n\n\\endif\n" if $n % 8 == 0;
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

my ($acts, $refusals, $grants) = (0, 0, 0);
for my $round (1 .. $rounds)
{
	my @clients = map { run_client($_, $round) } 1 .. 8;

	sleep 0.3 + rand $seconds;
	kill_server();
	waitpid $_, 0 for @clients;
	$node->start;
	$node->safe_psql('work', 'TRUNCATE told; ' . join ';', map { "COPY told FROM '$dir/told.$_' (DELIMITER ' ')" } 1 .. 8);
	is($node->safe_psql('work', <<'SQL'), join('|', (0) x 13), "round $round");
WITH event AS (SELECT decision, object, count(*) AS n FROM dwh_log.audit_event WHERE action = 'register_push_host' GROUP BY 1, 2),
host AS (SELECT host FROM dwh_catalog.share_push_host),
access AS (SELECT decision, object, count(*) AS n FROM dwh_log.audit_event WHERE action = 'grant_access' GROUP BY 1, 2),
given AS (SELECT g.grant_id::text AS id, a.email FROM dwh_catalog.access_grant AS g JOIN dwh_catalog.account AS a USING (account_id)
	WHERE a.email LIKE '%@crash.invalid')
SELECT
	(SELECT count(*) FROM given WHERE NOT EXISTS (SELECT FROM access WHERE object = id AND decision = 'done')) AS grants_without_event,
	(SELECT count(*) FROM access WHERE decision = 'done' AND object ~ '^[0-9]+$' AND NOT EXISTS (SELECT FROM given WHERE id = object))
		AS events_without_grant,
	(SELECT count(*) FROM access WHERE n > 1) AS grants_twice,
	(SELECT count(*) FROM given FULL JOIN (SELECT rolname::text FROM pg_roles WHERE rolname LIKE '%@crash.invalid') AS r ON rolname = email
		WHERE email IS NULL OR rolname IS NULL OR email LIKE 'never%' OR email LIKE 'un%') AS grants_without_role,
	(SELECT count(*) FROM told WHERE kind = 'granted' AND NOT EXISTS (SELECT FROM given WHERE email = host || '@crash.invalid')) AS grants_lost,
	(SELECT count(*) FROM told WHERE kind = 'ungranted' AND NOT EXISTS (SELECT FROM access WHERE decision = 'refused'
		AND object LIKE '%"' || host || '@crash.invalid"%')) AS refused_grants_lost,
	(SELECT count(*) FROM host WHERE NOT EXISTS (SELECT FROM event WHERE object = host AND decision = 'done')) AS acts_without_event,
	(SELECT count(*) FROM event WHERE decision = 'done' AND NOT EXISTS (SELECT FROM host WHERE host = object)) AS events_without_act,
	(SELECT count(*) FROM event WHERE n > 1) AS twice,
	(SELECT count(*) FROM told WHERE kind = 'done' AND NOT EXISTS (SELECT FROM host WHERE host.host = told.host)) AS acts_lost,
	(SELECT count(*) FROM told WHERE kind = 'refused' AND NOT EXISTS (SELECT FROM event WHERE object = told.host AND decision = 'refused'))
		AS refusals_lost,
	(SELECT count(*) FROM host WHERE host LIKE 'never%' OR host LIKE 'refused%') AS acts_not_rolled_back,
	(SELECT count(*) FROM dwh.audit_check() WHERE NOT is_intact) AS tampered
SQL
	my ($done, $refused, $granted) = split /\|/, $node->safe_psql('work', q{SELECT count(*) FILTER (WHERE kind = 'done'),
		count(*) FILTER (WHERE kind LIKE '%refused' OR kind = 'ungranted'), count(*) FILTER (WHERE kind = 'granted') FROM told});
	$acts += $done;
	$refusals += $refused;
	$grants += $granted;
}
cmp_ok($acts, '>', 0, "acts were done ($acts)");
cmp_ok($grants, '>', 0, "access was granted ($grants)");
cmp_ok($refusals, '>', 0, "and refused ($refusals)");
$node->safe_psql('work', 'SELECT dwh.audit_seal()');
is($node->safe_psql('work', 'SELECT is_intact, problem FROM dwh.audit_verify()'), 't|', 'the logs verify');
is($node->safe_psql('work', 'SELECT (SELECT count(*) FROM dwh_log.audit_event) - (SELECT count(*) FROM dwh_log.audit_leaf)'), 0, 'every event has its leaf');

$node->stop;
done_testing();

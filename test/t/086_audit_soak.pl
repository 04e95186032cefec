# 32 clients write to the log, commit, roll back, and are refused, while others seal, check and verify: no false alarm, no event lost.
#
# DWH_SOAK_SECONDS: how long (5).
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);
use Warehouse;

my $seconds = $ENV{DWH_SOAK_SECONDS} // 5;
my $node = new_node('soak', shared_preload_libraries => 'dwh_ext', 'dwh_ext.database' => 'work', max_connections => 60, 'dwh_ext.audit_ring_size' => 16384,
	'dwh_ext.audit_seal_interval' => '1s', 'dwh_ext.audit_check_interval' => '1s', 'dwh_ext.audit_wait' => '60s');
my $script = PostgreSQL::Test::Utils::tempdir() . '/client.sql';

append_to_file($script, <<'SQL');
\set what random(1, 6)
\if :what <= 2
SELECT dwh_internal.audit_append('soak', NULL, 'done', '{"n": 1}');
\elif :what = 3
BEGIN;
SELECT dwh_internal.audit_append('never', NULL, 'done', NULL);
ROLLBACK;
\elif :what = 4
BEGIN;
SAVEPOINT a;
SELECT dwh_internal.audit_append('never', NULL, 'done', NULL);
ROLLBACK TO a;
SELECT dwh_internal.audit_append('soak', NULL, 'done', NULL);
SELECT pg_sleep(random() / 20);
COMMIT;
\elif :what = 5
DO $$BEGIN PERFORM dwh.ensure_log_partitions('2999-01-01'); EXCEPTION WHEN OTHERS THEN NULL; END$$;
\else
BEGIN;
SELECT dwh_internal.audit_append('soak', NULL, 'done', NULL);
INSERT INTO dwh_log.share_log (month, share_no, stage, occurred_at, direction, kind, requested_at, request_form, agency_identifier,
	session_user_name, outer_user_name, gateway, request_content, status)
VALUES (date_trunc('month', dwh.today())::date, nextval('dwh_log.share_no_seq'), 'asked', now(), 'out', 'share', now(), 'online', 'G01', 'x', 'x', 'x', '{}', 'asked');
COMMIT;
\endif
SQL
$node->safe_psql('postgres', 'CREATE DATABASE work');
$node->safe_psql('work', 'CREATE EXTENSION dwh_ext; SELECT dwh.create_warehouse()');

my $pid = fork() // die "fork: $!";
if ($pid == 0)
{
	open STDOUT, '>', '/dev/null';
	open STDERR, '>', "$script.err";
	exec 'pgbench', '-n', '-c', 32, '-j', 2, '-T', $seconds, '-f', $script, $node->connstr('work');
	exit 1;
}
my ($alarms, $looks) = ('', 0);
my $end = time + $seconds;
while (time < $end)
{
	$alarms .= $node->safe_psql('work', q{SELECT dwh.audit_seal() \g /dev/null
		SELECT first_bad_leaf, problem FROM dwh.audit_verify() WHERE NOT is_intact;
		SELECT first_bad_leaf, problem FROM dwh.audit_check() WHERE NOT is_intact;
		SELECT alarm, problem FROM dwh.audit_status WHERE alarm IS NOT NULL});
	$looks++;
}
waitpid $pid, 0;
is($?, 0, 'the clients ran to their end') or diag slurp_file("$script.err");
is($alarms, '', "no false alarm in $looks looks at the log");
ok(wait_for(60, sub { $node->safe_psql('work', 'SELECT handed = committed FROM dwh.get_audit_worker()') eq 't' }), 'the worker has written what it was handed');
$node->safe_psql('work', 'SELECT dwh.audit_seal()');
is($node->safe_psql('work', 'SELECT is_intact, problem FROM dwh.audit_check(true)'), 't|', 'at the end all of it verifies');
is($node->safe_psql('work', 'SELECT (SELECT count(*) FROM dwh_log.audit_event) + (SELECT count(*) FROM dwh_log.share_log) - (SELECT count(*) FROM dwh_log.audit_leaf)'),
	0, 'every row has one leaf');
is($node->safe_psql('work', q{SELECT count(*) FROM dwh_log.audit_event WHERE action = 'never'}), 0, 'what was rolled back left none');
is($node->safe_psql('work', 'SELECT dropped FROM dwh.get_audit_worker()'), 0, 'nothing was dropped');
note $node->safe_psql('work', 'SELECT count(*) || $$ leaves in $$ || (SELECT count(*) FROM dwh_log.audit_tree_head) || $$ heads$$ FROM dwh_log.audit_leaf');

$node->stop;
done_testing();

# Warehouse.pm: what the TAP tests share. Clusters are small, since several may stand at the same time.
package Warehouse;

use strict;
use warnings;

use Exporter 'import';
use PostgreSQL::Test::Cluster;
use Time::HiRes qw(sleep);

our @EXPORT = qw(new_node session ask checksums guards wait_for blocked count_lines);

# new_node(name, setting => value...): a running cluster in UTC.
sub new_node
{
	my ($name, %settings) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);

	$node->init(extra => [ '--locale=C.UTF-8', '--encoding=UTF8' ]);
	%settings = (
		timezone => 'UTC',
		fsync => 'off',
		min_wal_size => '32MB',
		max_wal_size => '64MB',
		%settings);
	$node->append_conf('postgresql.conf', "$_ = '$settings{$_}'") for sort keys %settings;
	$node->start;
	return $node;
}

# A psql in the background that hears no notices.
sub session
{
	my ($node, $database, %more) = @_;
	my $psql = $node->background_psql($database, %more);

	$psql->query_safe('SET client_min_messages = warning');
	return $psql;
}

# Sends a statement that will have to wait; its answer comes with the next query().
sub ask
{
	my ($psql, $sql) = @_;

	$psql->query_until(qr/asked/, "\\echo asked\n$sql;\n");
}

# One line for each table of the four schemas: name, number of rows, sum of the hashes of all rows; and the state of sequences.
sub checksums
{
	my ($node, $database) = @_;

	return $node->safe_psql($database, <<'SQL');
SELECT name || ' ' || (xpath('/row/sum/text()', query_to_xml(format(
	'SELECT count(*) || '' '' || coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) AS sum FROM %s AS t', name), false, true, '')))[1]::text
FROM (SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
	WHERE n.nspname IN ('dwh_catalog', 'dwh_star', 'dwh_landing', 'dwh_log') AND c.relkind = 'r') AS t
ORDER BY name COLLATE "C";
SELECT schemaname, sequencename, last_value FROM pg_sequences WHERE schemaname LIKE 'dwh\_%' ORDER BY 1, 2;
SQL
}

# Everything that guards the rows: triggers, constraints, policies, row security, views, privileges.
sub guards
{
	my ($node, $database) = @_;

	return $node->safe_psql($database, <<'SQL');
SELECT 'trigger', tgrelid::regclass, tgname, tgenabled, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT 'constraint', conrelid::regclass, conname, contype, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid <> 0
UNION ALL SELECT 'policy', polrelid::regclass, polname, polcmd, pg_get_expr(polqual, polrelid) FROM pg_policy
UNION ALL SELECT 'relation', c.oid, relname, relkind, format('%s %s %s %s %s', relrowsecurity, relforcerowsecurity, pg_get_userbyid(relowner),
		(SELECT string_agg(a::text, ',' ORDER BY a::text) FROM unnest(relacl) AS a), CASE WHEN relkind = 'v' THEN pg_get_viewdef(c.oid) END)
	FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname LIKE 'dwh%' AND relkind IN ('r', 'p', 'v', 'S')
UNION ALL SELECT 'function', NULL, p.oid::regprocedure::text, p.prokind,
		(SELECT string_agg(a::text, ',' ORDER BY a::text) FROM unnest(proacl) AS a)
	FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace WHERE n.nspname LIKE 'dwh%'
UNION ALL SELECT 'schema', NULL, nspname, 'n', format('%s %s %s', pg_get_userbyid(nspowner), nspacl, obj_description(oid, 'pg_namespace'))
	FROM pg_namespace WHERE nspname LIKE 'dwh%'
ORDER BY 1, 2, 3, 4, 5
SQL
}

# wait_for(seconds, code): whether the code becomes true in that time.
sub wait_for
{
	my ($seconds, $code) = @_;

	for (my $i = 0; $i < $seconds * 10; $i++)
	{
		return 1 if $code->();
		sleep 0.1;
	}
	return 0;
}

# Waits until so many backends wait for a lock.
sub blocked
{
	my ($node, $count) = @_;

	return wait_for(30, sub {
		$node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'") == $count;
	});
}

# How many lines of the server log match, from an offset on.
sub count_lines
{
	my ($node, $pattern, $offset) = @_;
	my $log = PostgreSQL::Test::Utils::slurp_file($node->logfile, $offset // 0);

	return scalar(() = $log =~ /$pattern/g);
}

1;

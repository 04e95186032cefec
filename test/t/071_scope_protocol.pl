# 893-038, 2327-018: what leaves by the protocol itself: COPY, cursors that outlive their transaction, function calls of the fast path, notices
# and errors; and that a revocation acts on each of them at the next statement.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Socket::UNIX;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Warehouse;

my $node = new_node('protocol', shared_preload_libraries => 'dwh_ext', 'dwh_ext.database' => 'work');
my $dir = PostgreSQL::Test::Utils::tempdir();
$node->safe_psql('postgres', 'CREATE DATABASE work');
$node->safe_psql('work', <<'SQL');
SET client_min_messages = warning;
CREATE EXTENSION dwh_ext;
SELECT dwh.create_warehouse();
CREATE ROLE reader LOGIN IN ROLE dwh_analyst;
CREATE ROLE neighbour LOGIN IN ROLE dwh_analyst;
CREATE ROLE nobody LOGIN IN ROLE dwh_analyst, dwh_national;
CREATE ROLE country LOGIN IN ROLE dwh_national;
CREATE SCHEMA open AUTHORIZATION reader;
INSERT INTO dwh_log.load_run (source_id, batch) VALUES (6, 'protocol');
INSERT INTO dwh_star.fact_staff (month, unit_id, staff_id, position_id, employment_kind, load_id)
SELECT '2025-08-01', u, u * 10 + n, (SELECT min(position_id) FROM dwh_star.dim_position), 'civil_servant', (SELECT max(load_id) FROM dwh_log.load_run)
FROM unnest(ARRAY[231, 101, 224]) AS u, generate_series(1, 3) AS n;
INSERT INTO dwh_star.dim_person (person_id, sex, home_unit_id, valid_from) SELECT 2000000000 + u, 'F', u, '2000-01-01' FROM unnest(ARRAY[231, 101]) AS u;
INSERT INTO dwh_catalog.account (account_id, kind, email, full_name, login_role, valid_from) VALUES
	(901, 'sector', 'reader@example.invalid', 'x', 'reader', '2020-01-01'), (902, 'sector', 'neighbour@example.invalid', 'x', 'neighbour', '2020-01-01'),
	(903, 'sector', 'country@example.invalid', 'x', 'country', '2020-01-01');
INSERT INTO dwh_catalog.access_grant (account_id, user_group_id, scope_unit_id, valid_from)
VALUES (901, 3, 231, '2020-01-01'), (902, 3, 101, '2020-01-01'), (903, 4, 1, '2020-01-01');
SQL

sub admin { return $node->safe_psql('work', $_[0]) }
sub as
{
	my ($role, $sql) = @_;
	my ($status, $out, $err) = $node->psql('work', $sql, extra_params => [ '-U', $role, '-v', 'VERBOSITY=verbose' ], on_error_stop => 0);
	return join("\n", sort split /\n/, $out) . $err;
}
sub revoke { admin('UPDATE dwh_catalog.access_grant SET revoked_at = now(), valid_to = dwh.today() WHERE account_id = ' . ($_[0] // 901)) }
sub grant { admin('UPDATE dwh_catalog.access_grant SET revoked_at = NULL, valid_to = NULL WHERE account_id = ' . ($_[0] // 901)) }
my $own = "231\n231\n231";

# COPY.
is(as('reader', 'COPY (SELECT unit_id FROM dwh_star.fact_staff) TO STDOUT'), $own, 'COPY of a query gives the rows of the scope');
is(as('reader', "COPY dwh_star.dim_person (home_unit_id) TO STDOUT (FORMAT $_)"), '231', "COPY of a table, too, as $_") for 'text', 'csv';
is(as('nobody', 'COPY dwh_star.dim_person (home_unit_id) TO STDOUT'), '', 'and to nobody nothing');
is(as('country', 'COPY dwh_star.dim_person (home_unit_id) TO STDOUT'), "101\n231", 'to a national reader everything');
like(as('reader', 'COPY dwh_star.fact_staff (unit_id) TO STDOUT'), qr/\A(231\s*)*\z/, 'of a partitioned table, which PostgreSQL 15 reads without its partitions, nothing else');
like(as('reader', 'COPY dwh_star.fact_staff_2025 TO STDOUT'), qr/ERROR:  42501/, 'COPY of a partition is refused');
like(as('reader', q{COPY dwh_star.fact_staff TO '/tmp/x'}), qr/ERROR:  42501/, 'so is COPY to a file of the server');
like(as('reader', q{COPY dwh_star.fact_staff TO PROGRAM 'cat'}), qr/ERROR:  42501/, 'and to a program');
$node->command_fails_like([ 'pg_dump', '-U', 'reader', '-a', '-t', 'dwh_star.fact_staff*', '-h', $node->host, '-p', $node->port, 'work' ], qr/permission denied/,
	'pg_dump by a reader is refused');
$node->command_fails_like([ 'pg_dump', '-U', 'reader', '-a', '--enable-row-security', '-t', 'dwh_star.fact_staff*', '-h', $node->host, '-p', $node->port, 'work' ],
	qr/permission denied/, 'also when it asks for row security');

# Cursors. One that is open follows the grants at the next statement; one that was materialised at COMMIT keeps what it held then.
my $session = session($node, 'work', extra_params => [ '-U', 'reader' ], on_error_stop => 0);
$session->query('BEGIN; DECLARE c CURSOR FOR SELECT unit_id FROM dwh_star.fact_staff');
is($session->query('FETCH 1 FROM c'), '231', 'a cursor gives its first row');
revoke();
is($session->query('FETCH ALL FROM c'), '', 'a revocation ends it at the next FETCH');
grant();
is($session->query('SELECT count(*) FROM dwh_star.fact_staff'), '3', 'given again, the next query sees the rows');
$session->query('COMMIT');
$session->query('BEGIN; DECLARE h CURSOR WITH HOLD FOR SELECT unit_id FROM dwh_star.fact_staff; COMMIT');
revoke();
is($session->query('FETCH 2 FROM h'), "231\n231", 'rows that a held cursor took at COMMIT stay with who had the right then');
is($session->query('SELECT count(*) FROM dwh_star.fact_staff'), '0', 'while the same query has none');
grant();
is($session->query('FETCH ALL FROM h; CLOSE h'), '231', 'no more rows than there were');
$session->query('BEGIN; DECLARE h CURSOR WITH HOLD FOR SELECT unit_id FROM dwh_star.fact_staff');
is($session->query('FETCH 1 FROM h'), '231', 'a cursor that is to be held');
revoke();
$session->query('COMMIT');
is($session->query('FETCH ALL FROM h'), '', 'takes at COMMIT what is in the scope then: nothing after a revocation');
$session->query('CLOSE h');
grant();
$session->query('BEGIN; DECLARE h CURSOR WITH HOLD FOR SELECT unit_id FROM dwh_star.fact_staff; COMMIT');
is($session->query('DISCARD ALL; SELECT count(*) FROM pg_cursors'), '0', 'DISCARD ALL takes held cursors away');
$session->query('BEGIN ISOLATION LEVEL REPEATABLE READ; DECLARE c CURSOR FOR SELECT unit_id FROM dwh_star.fact_staff');
is($session->query('FETCH 1 FROM c'), '231', 'the same under REPEATABLE READ');
revoke();
is($session->query('FETCH ALL FROM c'), '', 'ends as well');
$session->query('ROLLBACK');
grant();
$session->quit;

# The fast path: a client of our own, since psql has no way to it.
package Client
{
	sub new
	{
		my ($class, $role) = @_;
		my $socket = IO::Socket::UNIX->new(Type => IO::Socket::UNIX::SOCK_STREAM(), Peer => $node->host . '/.s.PGSQL.' . $node->port) or die $!;
		my $startup = pack('N', 196608) . join("\0", 'user', $role, 'database', 'work', '', '');
		my $self = bless { socket => $socket }, $class;
		print $socket pack('N', 4 + length $startup) . $startup;
		$socket->flush;
		$self->answer;
		return $self;
	}

	sub take
	{
		my ($self, $n) = @_;
		my $data = '';
		while (length $data < $n) { read($self->{socket}, $data, $n - length $data, length $data) or die 'the server closed the connection' }
		return $data;
	}

	# Reads up to ReadyForQuery: the last result of a function, or the fields of an error.
	sub answer
	{
		my ($self) = @_;
		my $result;
		while (1)
		{
			my ($type, $length) = unpack 'aN', $self->take(5);
			my $body = $self->take($length - 4);
			if ($type eq 'V') { my $n = unpack 'N', $body; $result = $n == 0xffffffff ? undef : substr($body, 4) }
			if ($type eq 'E') { my %field = map { (substr($_, 0, 1), substr($_, 1)) } grep { length } split /\0/, $body; $result = "$field{C} $field{M}" }
			die "authentication: " . unpack('N', $body) if $type eq 'R' && unpack('N', $body) != 0;
			return $result if $type eq 'Z';
		}
	}

	sub call
	{
		my ($self, $function, @arguments) = @_;
		my $oid = main::admin("SELECT '$function'::regprocedure::oid");
		my $body = pack('N n n n', $oid, 1, 0, scalar @arguments) . join('', map { defined $_ ? pack('N', length $_) . $_ : pack('N', -1) } @arguments) . pack('n', 0);
		my $socket = $self->{socket};
		print $socket 'F' . pack('N', 4 + length $body) . $body;
		$socket->flush;
		return $self->answer;
	}
}

package main;
my $client = Client->new('reader');
is($client->call('dwh.in_scope(int, int)', 231, 9), 't', 'the fast path: in_scope() of the caller');
is($client->call('dwh.in_scope(int, int)', 101, 9), 'f', "and of a neighbour's unit");
like($client->call('dwh.scope_units(int)', 9), qr/^\{[0-9,]*\b231\b[0-9,]*\}$/, 'scope_units()');
unlike($client->call('dwh.scope_units(int)', 9), qr/\b101\b/, 'without others');
is($client->call('dwh.current_account()'), '901', 'who calls');
for my $call (
	[ 'query_to_xml(text, boolean, boolean, text)', 'SELECT unit_id FROM dwh_star.fact_staff', 't', 'f', '' ],
	[ 'table_to_xml(regclass, boolean, boolean, text)', 'dwh_star.fact_staff', 't', 'f', '' ])
{
	my $xml = $client->call(@$call);
	is(join(' ', $xml =~ m{<unit_id>(\d+)</unit_id>}g), '231 231 231', "$call->[0] runs a query and shows the scope's rows");
}
for my $call (
	[ 'dwh_internal.scoped_unit(int, int)', 101, 9 ], [ 'dwh_internal.check_month(date)', '2025-08-01' ], [ 'dwh_internal.protect_relation(regclass, int, text)', 'dwh_star.fact_staff', 9, 'unit_id' ],
	[ 'dwh_internal.invalidate_cache()' ], [ 'dwh.check_scope()' ], [ 'dwh.export_roles()' ], [ 'pg_read_file(text)', 'postgresql.conf' ],
	[ 'table_to_xml(regclass, boolean, boolean, text)', 'dwh_star.fact_staff_2025', 't', 'f', '' ],
	[ 'table_to_xml(regclass, boolean, boolean, text)', 'dwh_catalog.access_grant', 't', 'f', '' ],
	[ 'set_config(text, text, boolean)', 'dwh_ext.identity', '902 1 10 0', 'f' ], [ 'set_config(text, text, boolean)', 'role', 'neighbour', 'f' ],
	[ 'set_config(text, text, boolean)', 'session_authorization', 'postgres', 'f' ], [ 'dwh.authenticate(text)', 'a.b.c' ])
{
	like($client->call(@$call), qr/^(42501|0A000) /, "the fast path: $call->[0] is refused" . (@$call > 1 ? " for $call->[1]" : ''));
}
is($client->call('set_config(text, text, boolean)', 'row_security', 'off', 'f'), 'off', 'row_security = off is a setting that everyone may make');
like($client->call('query_to_xml(text, boolean, boolean, text)', 'SELECT unit_id FROM dwh_star.fact_staff', 't', 'f', ''), qr/^42501 /, 'and that refuses instead of showing');
is($client->call('set_config(text, text, boolean)', 'row_security', 'on', 'f'), 'on', 'so it is put back');
is($client->call('dwh.get_value(text, date, text, text, timestamptz)', 'F01', '2025-08-01', 'month', '31', undef), '3', "a value of one's own province");
is($client->call('dwh.get_value(text, date, text, text, timestamptz)', 'F01', '2025-08-01', 'month', 'VSS', undef), undef, 'of the country none');

# A function that tells what it is given, called by the server for each row that a query of the caller's own meets.
as('reader', <<'SQL');
CREATE TABLE open.loot (unit_id int);
CREATE FUNCTION open.leak(int) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$BEGIN INSERT INTO open.loot VALUES ($1); RAISE NOTICE 'saw %', $1; RETURN true; END$$;
CREATE FUNCTION open.rob() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM dwh_star.fact_staff WHERE open.leak(unit_id)';
CREATE FUNCTION open.rob_one(int) RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM dwh_star.fact_staff WHERE unit_id = $1 AND open.leak(unit_id)';
SQL
is($client->call('open.rob()'), '3', 'a leaky function by the fast path');
is($client->call('open.rob_one(int)', 101), '0', "and for a neighbour's unit");
is(admin('SELECT string_agg(DISTINCT unit_id::text, $$ $$) FROM open.loot'), '231', 'is given rows of the scope only');
revoke();
is($client->call('open.rob()'), '0', 'a revocation acts at the next call');
is($client->call('dwh.in_scope(int, int)', 231, 9), 'f', 'of in_scope(), too');
grant();
is($client->call('dwh.in_scope(int, int)', 231, 9), 't', 'and so does a grant');
admin('DROP SCHEMA open CASCADE');

# What the server says by itself: no text of errors, plans and notices has a value of a hidden row.
like(as('reader', q{SELECT 1 / (unit_id - 101) FROM dwh_star.fact_staff}), qr/\A0\n0\n0\z/, 'no error comes from a hidden row');
like(as('reader', q{SELECT (unit_id || 'x')::int FROM dwh_star.fact_staff}), qr/22P02.*"231x"/, "one's own row may raise one");
like(as('reader', q{EXPLAIN (ANALYZE, TIMING off, SUMMARY off, COSTS off) SELECT * FROM dwh_star.fact_staff WHERE unit_id = 101 AND month = '2025-08-01'; SET enable_seqscan = off;}),
	qr/rows=0/, "EXPLAIN ANALYZE of a neighbour's rows finds none");
my $plan = as('reader', q{SET enable_seqscan = off; EXPLAIN (ANALYZE, TIMING off, SUMMARY off, COSTS off) SELECT * FROM dwh_star.fact_staff WHERE unit_id = 101});
like($plan, qr/scoped_unit\(101, 9\)/, 'by an index, which is asked for the unit of the scope');
unlike($plan, qr/Rows Removed/, "so that not even the number of a neighbour's rows is told");
$node->stop;
done_testing();

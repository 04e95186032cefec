# The log of sharing under load. The limit on calls of an agreement under parallel calls: exactly as many are supplied as are left, all others
# are refused and told why, and the log has every one of them. And the worker counts what it has sealed, for the statistics.
# 2327-064, ND47-031, ND47-034, ND47-039
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Warehouse;

my $node = new_node('calls', shared_preload_libraries => 'dwh_ext', 'dwh_ext.database' => 'work', 'dwh_ext.audit_wait' => '60s',
	'dwh_ext.audit_seal_interval' => '1s');
my $service = q{'{"name_vi": "Các số", "description": "x", "columns": [{"name": "n"}], "key_columns": ["n"], "technical_document": "TL", "guide": "HD",
	"use_term": "immediate", "responsible": {"collecting": "a", "managing": "b", "connecting": "c", "sharing": "d", "using": "e"},
	"standardised_on": "2020-07-08", "listed_on": "2020-07-09", "built_on": "2020-07-10"}'};
my $database = q{'{"system_vi": "Kho", "name_vi": "Số", "purpose": "p", "scope": "s", "content": "c", "mechanism": "m", "source": "s",
	"items": [{"name": "n", "mark": "special"}], "decision_no": "QĐ 5", "decision_on": "2020-01-01", "regulation": "Quy chế"}'};
my $agreement;

sub sql { return $node->safe_psql('work', join ';', @_) }

# A new version of the agreement, with this limit a year.
sub sign
{
	my ($max_calls) = @_;

	sql('SET ROLE officer', qq{SELECT dwh.sign_agreement($agreement, (SELECT jsonb_object_agg(i, 'x') FROM unnest(ARRAY['parties', 'content', 'place', 'term',
		'method', 'processing', 'conditions', 'commitment', 'security', 'storage', 'deletion']) AS i), 990094, 'TT $max_calls', '{"max_calls": $max_calls}')});
}

# start_calls(n, sql): so many sessions of the partner that begin at once.
sub start_calls
{
	my ($n, $sql) = @_;
	my @calls;

	for my $i (1 .. $n)
	{
		my $call = { in => '', out => '', err => '' };
		$call->{run} = IPC::Run::start([ 'psql', '-XqAt', '-v', 'VERBOSITY=verbose', '-d', $node->connstr('work') . ' user=partner', '-c', $sql ],
			\$call->{in}, \$call->{out}, \$call->{err});
		push @calls, $call;
	}
	return @calls;
}

# What became of them: how many got all lines, and how many the refusal; anything else is named.
sub end_calls
{
	my ($supplied, $refused, @other) = (0, 0);

	for my $call (@_)
	{
		IPC::Run::finish($call->{run});
		if ($call->{out} eq "n\n1\n2\n3\n" && $call->{err} eq '') { $supplied++ }
		elsif ($call->{out} eq '' && $call->{err} =~ /^ERROR:  42501: service "numbers" is not supplied: frequency\nDETAIL:  ND47 Art\. 35\.2: .*calls were made in this period/)
		{
			$refused++;
		}
		else { push @other, "$call->{out}$call->{err}" }
	}
	return join ' ', $supplied, $refused, @other;
}

# The log: transfers with an intent and one outcome that data left, transfers that were refused, and anything else.
sub logged
{
	return sql(q{SELECT count(*) FILTER (WHERE s = 'intent intent,outcome supplied') || ' ' || count(*) FILTER (WHERE s = 'intent intent,outcome broken_off') || ' '
			|| count(*) FILTER (WHERE s = 'outcome refused') || ' ' || count(*)
		FROM (SELECT share_no, string_agg(stage || ' ' || status, ',' ORDER BY share_id) AS s FROM dwh_log.share_log WHERE kind = 'share' GROUP BY share_no) AS t});
}

$node->safe_psql('postgres', 'CREATE DATABASE work');
sql('CREATE EXTENSION dwh_ext', 'SELECT dwh.create_warehouse()', 'CREATE ROLE officer LOGIN IN ROLE dwh_share_officer', 'CREATE ROLE partner LOGIN IN ROLE dwh_partner',
	q{INSERT INTO dwh_catalog.office_holder (office_holder_id, person_name, unit_id, office, valid_from, document)
		VALUES (990094, 'Nguyễn Văn A', 1, 'sector_leadership', '2020-01-01', 'QĐ 1')},
	'CREATE TABLE dwh_star.numbers AS SELECT n FROM generate_series(1, 3) AS n', 'ALTER TABLE dwh_star.numbers ADD PRIMARY KEY (n)', 'ALTER TABLE dwh_star.numbers OWNER TO dwh_owner',
	'SET ROLE officer', q{SELECT dwh.register_agency('unit', 'G24', 'BHXH Việt Nam', NULL, 1), dwh.register_agency('agency', 'G09.85', 'Bộ Y')},
	'RESET ROLE', q{UPDATE dwh_catalog.share_host SET agency_id = (SELECT agency_id FROM dwh_catalog.agency WHERE identifier = 'G24')}, 'SET ROLE officer',
	q{SELECT dwh.register_official('G24', 'Lê B', 'Phó', 'CNTT', '024', 'b@example.invalid')},
	q{SELECT dwh.register_application('G09.85', 'G09.85.APP', 'Ứng dụng', 3, 'QĐ 3', '2024-01-01')},
	"SELECT dwh.register_database('NUMBERS', 1, $database)", "SELECT dwh.create_service('numbers', 'special', 'NUMBERS', 'dwh_star.numbers', $service)",
	q{SELECT dwh.publish_service('numbers')});
$agreement = (split /\n/, sql('SET ROLE officer', q{SELECT dwh.answer_request(dwh.request_share('G09.85', 'numbers', 'đối soát', ARRAY['n'], 1, 'yearly', 'G09.85.APP'), true,
	990094, 'CV 1', p_holder => 'Trần C', p_login_role => 'partner')}))[-1];
my $fetch = q{SELECT dwh.fetch_share('numbers')};

# 1. All are under way before the log has any of them, since the worker that writes it stands still: each would find nothing counted yet.
sign(3);
my $worker;
wait_for(60, sub { ($worker = sql(q{SELECT pid FROM dwh.get_audit_worker()})) =~ /^\d+$/ }) or die 'no worker runs for the database';
kill 'STOP', $worker;
my @calls = start_calls(8, $fetch);
ok(wait_for(60, sub {
	sql(q{SELECT count(*) FROM pg_stat_activity WHERE usename = 'partner' AND state = 'active' AND wait_event_type IN ('Lock', 'Extension', 'IPC')}) == 8;
}), 'eight calls are under way');
kill 'CONT', $worker;
is(end_calls(@calls), '3 5', 'ND47-031 of eight calls three are supplied, as agreed, and five refused');
ok(wait_for(60, sub { logged() eq '3 0 5 8' }), 'ND47-034 ND47-039 the log has all eight') or diag logged();

# 2. As fast as they can, in transactions that are rolled back: what was supplied counts, whatever becomes of the transaction.
sign(8);
@calls = start_calls(12, "BEGIN; $fetch; ROLLBACK");
is(end_calls(@calls), '5 7', 'ND47-031 of twelve calls the five that are left');
ok(wait_for(60, sub { logged() eq '3 5 12 20' }), 'ND47-034 ND47-039 the log has all twenty') or diag logged();

# 3. None is left.
is(end_calls(start_calls(4, $fetch)), '0 4', 'ND47-031 then all are refused');
ok(wait_for(60, sub { logged() eq '3 5 16 24' }), 'ND47-034 and logged') or diag logged();

# 4. The worker counts what is sealed and settled, in slices of 20,000, each row once.
my $counted = q{SELECT rolled_to = (SELECT max(share_id) FROM dwh_log.share_log), (SELECT sum(entry_count) FROM dwh_log.share_daily) = (SELECT count(*) FROM dwh_log.share_log),
	(SELECT sum(entry_count) FROM dwh_log.share_monthly) = (SELECT count(*) FROM dwh_log.share_log) FROM dwh_log.share_rolled};
sql(q{INSERT INTO dwh_log.share_log (month, share_no, stage, occurred_at, direction, kind, requested_at, request_form, agency_identifier, session_user_name,
		outer_user_name, gateway, request_content, status)
	SELECT date_trunc('month', dwh.today())::date, n, 'intent', dwh.today(), 'out', 'share', now(), 'online', 'G01.' || n % 64, 'x', 'x', 'x', '{}', 'intent'
	FROM generate_series(1, 50000) AS n});
ok(wait_for(120, sub { sql($counted) eq 't|t|t' }), '2327-064 the worker counts what it has sealed') or diag sql($counted);
is(sql(q{SELECT sum(connections) FROM dwh.share_statistics(dwh.today() - 1, dwh.today())}), sql(q{SELECT count(*) FROM dwh_log.share_log WHERE stage = 'intent'}),
	'2327-064 and statistics are those of the log');
is($node->safe_psql('work', q{SELECT pid FROM dwh.get_audit_worker()}), $worker, 'by the worker that was there from the start');

$node->stop;
done_testing();

# Push.pm: partners, agreements and a receiver, for the tests of pushing.
package Push;

use strict;
use warnings;

use Exporter 'import';
use File::Temp qw(tempdir);

our @EXPORT = qw(make_credentials start_receiver stop_receiver make_partners partners_sql received);
my @running;

# A folder with the signing key "stub".
sub make_credentials
{
	my $dir = tempdir(CLEANUP => 1);

	open my $file, '>', "$dir/stub.hmac" or die "$dir: $!";
	print $file "0123456789abcdef0123456789abcdef\n";
	close $file;
	chmod 0600, "$dir/stub.hmac";
	return $dir;
}

# start_receiver(log, port, address): the stub in the background. Returns its port.
sub start_receiver
{
	my ($log, $port, $address) = @_;

	local $ENV{STUB_SECRET} = '0123456789abcdef0123456789abcdef';
	my $pid = open(my $out, '-|', $^X, 'test/stub/receiver.pl', $log, $port // 0, $address // '127.0.0.1') // die "receiver: $!";
	push @running, { pid => $pid, out => $out };
	chomp($port = <$out>);
	return $port;
}

sub stop_receiver
{
	while (my $one = shift @running)
	{
		kill 'KILL', $one->{pid};
		close $one->{out};
	}
}
END { my $status = $?; stop_receiver(); $? = $status }

# make_partners(node, database, n, directions): n agencies, each with an active agreement, all for item "total"; numbers 9001 and up.
sub make_partners
{
	my ($node, $database, $n, $directions) = @_;

	$node->safe_psql($database, partners_sql($n, $directions // '{out}'));
}

sub partners_sql
{
	my ($n, $directions) = @_;

	return <<"SQL";
SET ROLE dwh_owner;
INSERT INTO dwh_catalog.office_holder (office_holder_id, person_name, unit_id, office, valid_from, document)
	SELECT 9000, 'Nguyễn Văn A', min(unit_id), 'sector_leadership', '2020-01-01', '1/QD' FROM dwh_star.dim_unit;
INSERT INTO dwh_catalog.agency (agency_id, kind, identifier, name_vi, valid_from)
	SELECT 9000 + i, 'agency', 'G01.' || i, 'Cơ quan ' || i, '2020-01-01' FROM generate_series(1, $n) AS i;
INSERT INTO dwh_catalog.share_request (request_id, path, agency_id, purpose, items, item_count, frequency, form, received_on, legal_basis,
		state, answered_on, decided_by, decision_no)
	SELECT 9000 + i, 'default', 9000 + i, 'test', '{total}', 1, 'on_request', 'online', '2026-01-05', 'Art. 26', 'accepted', '2026-01-06',
		9000, '1/QD' FROM generate_series(1, $n) AS i;
INSERT INTO dwh_catalog.share_agreement (agreement_id, request_id, kind, agency_id, state, activated_at)
	SELECT 9000 + i, 9000 + i, 'default', 9000 + i, 'active', now() FROM generate_series(1, $n) AS i;
INSERT INTO dwh_catalog.share_agreement_version (agreement_id, version, directions, items, frequency, method, structure_version, gateway_id,
		route_id, use_term, signed_on, decided_by, document_no, valid_from)
	SELECT 9000 + i, 1, '$directions', '{total}', 'on_request', 'sync', 1, 1, 2, 'immediate', '2026-01-07', 9000, '2/QD', '2026-01-07'
	FROM generate_series(1, $n) AS i;
SQL
}

# received(log): the messages that arrived, [path, key, body, signed, time].
sub received
{
	my ($log) = @_;
	my @messages;

	open my $file, '<', $log or return ();
	while (my $line = <$file>)
	{
		push @messages, [ $1, $2, $3, $4, $5 ] if $line =~ /^(\S+) (\S+) (.*) (signed|unsigned) ([0-9.]+)$/;
	}
	return @messages;
}

1;

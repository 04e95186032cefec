# A partner's name that changes its address: what counts is the address that is really connected to, for messages and for fetches, on new
# connections and on those that are used again. And a name that no resolver answers for: nobody else waits for it.
# 2327-031, 2327-050, ND47-038
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Push;
use Test::More;
use Time::HiRes qw(sleep);
use Warehouse;

my $dir = PostgreSQL::Test::Utils::tempdir();
my $addresses = "$dir/addresses";
my ($log, $other_log) = ("$dir/received", "$dir/received.other");

# The resolver of this test; a server of its own is the only place it is loaded into.
plan skip_all => 'needs a C compiler' if system("cc -shared -fPIC -o $dir/rebind.so test/stub/rebind.c -ldl 2>$dir/cc") != 0;
sub resolve { open my $file, '>', "$addresses.new" or die; print $file "$_\n" for @_; close $file; rename "$addresses.new", $addresses }
resolve('127.0.0.1');
my $node = do {
	local $ENV{LD_PRELOAD} = "$dir/rebind.so";
	local $ENV{REBIND_FILE} = $addresses;
	new_node('rebind', shared_preload_libraries => 'dwh_ext', 'dwh_ext.database' => 'work', 'dwh_ext.share_credentials' => make_credentials(),
		'dwh_ext.audit_wait' => '30s');
};
my $port = start_receiver($log);
start_receiver($other_log, $port, '127.0.0.2');

sub sql { return $node->safe_psql('work', join ';', @_) }

sub settled
{
	my ($no) = @_;
	my $last = "SELECT status FROM dwh_log.share_log WHERE share_no = $no ORDER BY share_id DESC LIMIT 1";

	wait_for(60, sub { sql($last) =~ /^(supplied|received|undelivered)$/ });
	return sql($last);
}

sub reason { my ($no) = @_; return sql("SELECT reason FROM dwh_log.share_log WHERE share_no = $no ORDER BY share_id DESC LIMIT 1") }

sub allow { my ($networks) = @_; sql("SELECT dwh.register_push_host('rebind.example', $port, 'test', '{$networks}', 'http')") }

sub push_one { my ($body) = @_; return sql("SELECT dwh.push_share(9001, '$body', '{total}')") }

sub pull { return sql(q{SELECT dwh.pull_share(9002, '{total}')}) }

# Both ends of connections that wait are gone, and so is what the worker remembers of the name.
sub forget
{
	stop_receiver();
	start_receiver($log, $port);
	start_receiver($other_log, $port, '127.0.0.2');
	sleep 11;
}

$node->safe_psql('postgres', 'CREATE DATABASE work');
sql('CREATE EXTENSION dwh_ext', 'SELECT dwh.create_warehouse()');
make_partners($node, 'work', 6, '{in,out}');
allow('127.0.0.1/32');
sql("SELECT dwh.register_push_target(9001, 'rebind.example', $port, '/ok', 'stub', p_max_attempts => 2, p_retry_base_ms => 50, p_retry_cap_ms => 50)",
	"SELECT dwh.register_push_target(9002, 'rebind.example', $port, '/rows', 'stub', p_max_attempts => 2, p_retry_base_ms => 50, p_retry_cap_ms => 50)");

# 1. The address that is listed.
is(settled(push_one('first')), 'supplied', 'a message goes to the listed address');
is(settled(pull()), 'received', 'and a fetch');
my $worker = sql(q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'dwh_ext share'});

# 2. The list changes while a connection is open: it is not used again.
allow('127.0.0.3/32');
my ($no, $fetch) = (push_one('closed'), pull());
is(settled($no), 'undelivered', 'an open connection carries nothing to an address that is no longer listed');
is(settled($fetch), 'undelivered', 'nor asks for anything');
like(reason($_), qr/address is not allowed/, 'and that is why') for $no, $fetch;
allow('127.0.0.1/32');

# 3. The name moves to an address that is not listed: loopback, the metadata service, one of IPv4 in the form of IPv6.
for my $address ('127.0.0.2', '169.254.169.254', '::ffff:127.0.0.2', '::1')
{
	resolve($address);
	forget();
	($no, $fetch) = (push_one("to $address"), pull());
	is(settled($no), 'undelivered', "no message to $address");
	is(settled($fetch), 'undelivered', "no fetch from $address");
	like(reason($_), qr/address is not allowed|Failed to connect|not sent|not fetched/, 'and that is why') for $no, $fetch;
}

# 4. Both: the one that is listed is taken.
resolve('127.0.0.2', '127.0.0.1');
forget();
is(settled(push_one('both')), 'supplied', 'of two addresses the listed one is taken');
is(settled(pull()), 'received', 'by a fetch too');

# 5. A resolver that does not answer: while it is silent, its partner's messages end by their own time, and others' messages and fetches go.
resolve('127.0.0.1');
sql("SELECT dwh.register_push_host('slow.rebind.example', $port, 'test', '{127.0.0.1/32}', 'http')",
	map { "SELECT dwh.register_push_target($_, 'slow.rebind.example', $port, '/slow', 'stub', p_timeout_ms => 500, p_max_attempts => 2, p_retry_base_ms => 50, p_retry_cap_ms => 50)" }
		9003 .. 9006);
open my $hold, '>', "$addresses.hold" or die;
close $hold;
my @silent = map { sql("SELECT dwh.push_share($_, 'silent', '{total}')") } 9003 .. 9006;
ok(wait_for(30, sub { sql("SELECT count(*) FROM dwh_log.share_log WHERE stage = 'intent' AND agreement_id BETWEEN 9003 AND 9006") >= 4 }), 'the names of four partners are asked for');
for my $i (1 .. 3)
{
	is(settled(push_one("beside $i")), 'supplied', 'a message goes while a resolver is silent');
	is(settled(pull()), 'received', 'and a fetch');
}
is(join(' ', map { settled($_) } @silent), 'undelivered undelivered undelivered undelivered', 'what waits for the resolver ends by its own time');
like(reason($silent[0]), qr/took too long/, 'and that is why');
ok(-e "$addresses.hold", 'the resolver has been silent all the time');
unlink "$addresses.hold";
sql('SELECT dwh.register_push_target(9003, \'slow.rebind.example\', ' . $port . ", '/slow', 'stub', p_timeout_ms => 30000)");
is(settled(sql("SELECT dwh.push_share(9003, 'later', '{total}')")), 'supplied', 'once it answers, messages go there, too');

is(join(' ', map { $_->[2] } grep { $_->[0] eq '/ok' } received($log)), 'first both beside 1 beside 2 beside 3', 'the listed receiver has what it should have');
is(scalar(() = received($other_log)), 0, 'the other one was never spoken with');
is(sql(q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'dwh_ext share'}), $worker, 'the worker lives');

$node->stop;
done_testing();

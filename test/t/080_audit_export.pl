# 893-041, 2327-090: the worker seals; heads and proofs that were exported are checked without the database.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Warehouse;

my $node = new_node('export', shared_preload_libraries => 'dwh_ext', 'dwh_ext.database' => 'work', 'dwh_ext.audit_seal_interval' => '1s');
my $tmp = PostgreSQL::Test::Utils::tempdir;
my $verifier = "$FindBin::Bin/../verifier/verify_head";

sub check
{
	my ($out, $err) = run_command([ 'python3', $verifier, @_ ]);
	return $out . $err;
}

sub save
{
	my ($name, $text) = @_;
	open my $file, '>:raw', "$tmp/$name" or die;
	print $file $text;
	close $file;
	return "$tmp/$name";
}

sub head
{
	return $node->safe_psql('work', "SELECT dwh.export_tree_head($_[0])");
}

sub hashes
{
	return split /\n/, $node->safe_psql('work', "SELECT encode(h, 'hex') FROM unnest($_[0]) WITH ORDINALITY AS t (h, n) ORDER BY n");
}

$node->safe_psql('postgres', 'CREATE DATABASE work');
$node->safe_psql('work', 'CREATE EXTENSION dwh_ext; SELECT dwh.create_warehouse()');
ok(wait_for(30, sub { $node->safe_psql('work', 'SELECT count(*) FROM dwh_log.audit_leaf') >= 1 }), 'the worker seals');
$node->safe_psql('work', q{SELECT count(dwh_internal.audit_append('export', NULL, 'done', NULL)) FROM generate_series(1, 600)});
ok(wait_for(30, sub { $node->safe_psql('work', 'SELECT count(*) FROM dwh_log.audit_leaf') >= 601 }), 'and what comes later, too');
$node->safe_psql('postgres', 'ALTER SYSTEM SET dwh_ext.audit_seal_interval = 0; SELECT pg_reload_conf()');

# Unsigned, then signed.
my $plain = save('plain', head(300));
is(check('head', $plain), 'good', 'a head without a key');
command_ok([ 'openssl', 'genpkey', '-algorithm', 'ed25519', '-out', "$tmp/key.pem" ], 'a key');
command_ok([ 'openssl', 'pkey', '-in', "$tmp/key.pem", '-pubout', '-out', "$tmp/public.pem" ], 'its public half');
command_ok([ 'openssl', 'genpkey', '-algorithm', 'ed25519', '-out', "$tmp/other.pem" ], 'another key');
command_ok([ 'openssl', 'pkey', '-in', "$tmp/other.pem", '-pubout', '-out', "$tmp/other_public.pem" ], 'its public half');
$node->safe_psql('postgres', "ALTER SYSTEM SET dwh_ext.audit_key_file = '$tmp/key.pem'");
$node->safe_psql('postgres', 'SELECT pg_reload_conf()');
ok(wait_for(10, sub { head(300) =~ /\n\n\xe2\x80\x94 dwh_ext/ || head(300) =~ /\n\n\x{2014} dwh_ext/ }), 'heads are signed once the key is set');
my $old = save('old', head(300));
my $new = save('new', head('NULL'));
is(check('head', $old, "$tmp/public.pem"), 'good', 'the signature is good');
is(check('head', $old, "$tmp/other_public.pem"), 'no signature by this key', 'but not by another key');
my $forged = slurp_file($old);
$forged =~ s/\n300\n/\n301\n/;
is(check('head', save('forged', $forged), "$tmp/public.pem"), 'the signature is wrong', 'an altered head is found');
is($node->safe_psql('work', "SELECT is_intact FROM dwh.audit_verify(NULL, NULL, pg_read_file('$old'))"), 't', 'the database verifies against it');

# Proofs.
my $size = (split /\n/, slurp_file($new))[1];
for my $leaf (0, 255, 256, 299)
{
	my ($hash) = hashes("ARRAY(SELECT leaf_hash FROM dwh_log.audit_leaf WHERE leaf_index = $leaf)");
	my @proof = hashes("dwh.audit_inclusion_proof($leaf, 300)");
	is(check('inclusion', $old, $hash, $leaf, @proof), 'good', "leaf $leaf is in the tree");
	is(check('inclusion', $old, '0' x 64, $leaf, @proof), 'the proof does not lead to the root', 'another is not');
}
my @proof = hashes("dwh.audit_consistency_proof(300, $size)");
is(check('consistency', $old, $new, @proof), 'good', 'the old tree is the beginning of the new one');
is(check('consistency', $old, $new, reverse @proof), 'the proof does not lead to the roots', 'with another proof it is not');

# 2327-090: an event that is a proof, and what one changed byte makes of it.
my ($event) = hashes('ARRAY(SELECT dwh.canonical_event(source_id, source_month) FROM dwh_log.audit_leaf WHERE leaf_index = 256)');
@proof = hashes('dwh.audit_inclusion_proof(256, 300)');
is(check('event', $old, $event, 256, @proof), 'good', 'an event is in the tree');
is(check('event', $old, $event =~ s/^(..)../${1}ff/r, 256, @proof), 'the proof does not lead to the root', 'with one byte changed it is not');
is(check('event', $old, $event, 256, (map { s/^../00/r } $proof[0]), @proof[1 .. $#proof]), 'the proof does not lead to the root', 'nor by a changed proof');
is(check('event', $old, $event, 255, @proof), 'the proof does not lead to the root', 'nor at another place');

# What is not committed is not signed: a rollback would leave a signed head that the log never had.
(undef, undef, my $early) = $node->psql('work', q{BEGIN; SELECT dwh_internal.audit_append('early', NULL, 'done', NULL); SELECT dwh.audit_seal(); SELECT dwh.export_tree_head()});
like($early, qr/the head of a tree that is not committed is not signed/, 'the head of leaves of one\'s own transaction');

# The inspector's page of the README, as it stands there.
my ($page) = slurp_file("$FindBin::Bin/../../README.md") =~ /^### The inspector's page.*?^```sh\n(.*?)^```/ms;
save('head-old', slurp_file($old));
{
	local %ENV = (%ENV, PGHOST => $node->host, PGPORT => $node->port, VERIFY => "python3 $verifier");
	my ($out, $err) = run_command([ 'bash', '-ec', "cd $tmp\n$page" ]);
	is("$out$err", "good\ngood\nt||\ngood", q{the inspector's page: head, consistency, the whole log, one event});
}

# A key that cannot be used is told; nothing of it is shown.
save('bad.pem', "secret words\n");
$node->safe_psql('postgres', "ALTER SYSTEM SET dwh_ext.audit_key_file = '$tmp/bad.pem'");
$node->safe_psql('postgres', 'SELECT pg_reload_conf()');
my $err = '';
ok(wait_for(10, sub { (undef, undef, $err) = $node->psql('work', 'SELECT dwh.export_tree_head()'); $err =~ /cannot be signed/ }), 'a bad key is told');
unlike($err, qr/secret words/, 'and not shown');

# A tampered tree does not stop the worker.
$node->safe_psql('work', 'ALTER TABLE dwh_log.audit_leaf DISABLE TRIGGER ALL; DELETE FROM dwh_log.audit_leaf WHERE leaf_index BETWEEN 512 AND 520;
	SELECT dwh_internal.audit_append($$later$$, NULL, $$done$$, NULL)');
my $worker = $node->safe_psql('work', 'SELECT pid FROM dwh.get_audit_worker()');
$node->safe_psql('postgres', 'ALTER SYSTEM SET dwh_ext.audit_seal_interval = 1');
$node->safe_psql('postgres', 'SELECT pg_reload_conf()');
ok(wait_for(20, sub { count_lines($node, qr/the tree of the log is not complete/) > 0 }), 'a tree with holes is not sealed over');
$node->safe_psql('postgres', 'CREATE ROLE plain LOGIN');
$node->psql('work', 'SELECT dwh.start_warehouse()', extra_params => [ '-U', 'plain' ]);
is($node->safe_psql('work', q{SELECT count(*) FROM dwh_log.audit_event WHERE action = 'start_warehouse' AND decision = 'refused'}), 1, 'refusals are recorded as ever');
is($node->safe_psql('work', 'SELECT pid FROM dwh.get_audit_worker()'), $worker, 'by the same worker');
is($node->safe_psql('work', 'SELECT first_bad_leaf, problem FROM dwh.audit_verify()'), '512|the leaf is missing', 'and verify names the leaf');

$node->stop;
done_testing();

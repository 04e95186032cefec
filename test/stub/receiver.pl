#!/usr/bin/perl
#
# receiver.pl LOG [PORT [ADDRESS]]: an HTTP receiver for tests, on 127.0.0.1. Prints its port, then one line to LOG for each message that
# arrived whole: path, idempotency key, body (decompressed), "signed" or "unsigned" (key in $STUB_SECRET), time. What it answers depends
# on the path:
#
#	/ok			204 at once
#	/late/MS	204 after so many milliseconds
#	/flaky/N	503 to the first N messages, then 204
#	/busy		429 with Retry-After: 2 to the first, then 204
#	/redirect	301 to a metadata address
#	/gone		410
#	/endless	200 and a body without an end
#	/drip		200 and a body of a byte a second
#	/short		200 with a Content-Length that is not kept
#	/garbage	no HTTP at all
#	/never		nothing
#	/rows		200 and three lines of CSV; /zipped the same by gzip
#	/unzipped	200 and something that says to be gzip and is not
#	/cut		200 and the first half of a gzip
#	/bomb		200 and 80 MB in a short gzip
use strict;
use warnings;

use Compress::Zlib qw(memGunzip memGzip);
use Digest::SHA qw(hmac_sha256_hex);
use IO::Select;
use IO::Socket::INET;
use Time::HiRes qw(time);

my ($log, $port, $address) = @ARGV;
my $server = IO::Socket::INET->new(LocalAddr => $address // '127.0.0.1', LocalPort => $port // 0, Listen => 512, ReuseAddr => 1, Blocking => 0)
	or die "cannot listen: $!";
open my $lines, '>>', $log or die "$log: $!";
$lines->autoflush(1);
$| = 1;
$SIG{PIPE} = 'IGNORE';
print $server->sockport . "\n";

my $rows = "code,total\n01,17\n79,19\n";
my $zipped = memGzip($rows);
my $readers = IO::Select->new($server);
my (%client, %seen);

sub answer
{
	my ($c, $status, $more, $body) = @_;

	$c->{out} .= "HTTP/1.1 $status stub\r\nContent-Length: " . length($body // '') . "\r\n" . ($more // '') . "\r\n" . ($body // '')
		if $status != 204;
	$c->{out} .= "HTTP/1.1 204 stub\r\n\r\n" if $status == 204;
}

sub handle
{
	my ($c, $path, $head, $body) = @_;
	my ($key) = $head =~ /^Idempotency-Key: *(\S+)/mi;
	my ($t, $v1) = $head =~ /^Dwh-Signature: *t=(\d+),v1=([0-9a-f]{64})\r?$/mi;
	my $good = defined $v1 && $v1 eq hmac_sha256_hex("$t.$key.$body", $ENV{STUB_SECRET} // '');

	$body = memGunzip($body) // 'broken' if $head =~ /^Content-Encoding: *gzip\r?$/mi;
	printf $lines "%s %s %s %s %.3f\n", $path, $key // '-', $body, $good ? 'signed' : 'unsigned', time;
	my $n = $seen{$path}++;
	if ($path =~ m{^/late/(\d+)}) { $c->{due} = time + $1 / 1000 }
	elsif ($path =~ m{^/flaky/(\d+)}) { answer($c, $n < $1 ? 503 : 204) }
	elsif ($path eq '/busy') { $n ? answer($c, 204) : answer($c, 429, "Retry-After: 2\r\n") }
	elsif ($path eq '/redirect') { answer($c, 301, "Location: http://169.254.169.254/latest/meta-data\r\n") }
	elsif ($path eq '/gone') { answer($c, 410) }
	elsif ($path eq '/endless') { $c->{out} = "HTTP/1.1 200 stub\r\n\r\n"; $c->{endless} = 1 }
	elsif ($path eq '/drip') { $c->{out} = "HTTP/1.1 200 stub\r\nContent-Length: 1000\r\n\r\n"; $c->{drip} = time + 1 }
	elsif ($path eq '/short') { $c->{out} = "HTTP/1.1 200 stub\r\nContent-Length: 1000\r\n\r\nabc"; $c->{close} = 1 }
	elsif ($path eq '/garbage') { $c->{out} = "\0\1\2 hello\r\n\r\n"; $c->{close} = 1 }
	elsif ($path eq '/never') { }
	elsif ($path =~ m{^/rows}) { answer($c, 200, "Content-Type: text/csv\r\n", $rows) }
	elsif ($path eq '/zipped') { answer($c, 200, "Content-Type: text/csv\r\nContent-Encoding: gzip\r\n", $zipped) }
	elsif ($path eq '/unzipped') { answer($c, 200, "Content-Encoding: gzip\r\n", 'no gzip at all, only text that says so') }
	elsif ($path eq '/cut') { answer($c, 200, "Content-Encoding: gzip\r\n", substr $zipped, 0, length($zipped) / 2) }
	elsif ($path eq '/bomb') { answer($c, 200, "Content-Encoding: gzip\r\n", memGzip("\0" x 1_000_000) x 80) }
	else { answer($c, 204) }
}

while (1)
{
	my $writers = IO::Select->new(map { $_->{sock} } grep { length $_->{out} || $_->{endless} } values %client);
	my ($r, $w) = IO::Select->select($readers, $writers, undef, 0.01);
	my $now = time;

	for my $c (values %client)
	{
		if ($c->{due} && $now >= $c->{due}) { delete $c->{due}; answer($c, 204) }
		if ($c->{drip} && $now >= $c->{drip}) { $c->{drip} = $now + 1; $c->{out} .= 'x' }
	}
	for my $sock (@{ $w // [] })
	{
		my $c = $client{$sock} or next;
		$c->{out} .= 'y' x 65536 if $c->{endless} && length $c->{out} < 65536;
		my $n = syswrite $sock, $c->{out};
		if (defined $n) { substr($c->{out}, 0, $n, '') }
		elsif (!$!{EAGAIN}) { $c->{out} = ''; $c->{close} = 1 }
		if ($c->{close} && !length $c->{out}) { $readers->remove($sock); delete $client{$sock}; close $sock }
	}
	for my $sock (@{ $r // [] })
	{
		if ($sock == $server)
		{
			while (my $new = $server->accept)
			{
				$new->blocking(0);
				$readers->add($new);
				$client{$new} = { sock => $new, in => '', out => '' };
			}
			next;
		}
		my $c = $client{$sock} or next;
		my $n = sysread $sock, $c->{in}, 65536, length $c->{in};
		if (!$n && !$!{EAGAIN}) { $readers->remove($sock); delete $client{$sock}; close $sock; next }
		while ($c->{in} =~ /\A(?:POST|GET) (\S+) HTTP.*?\r\n(.*?\r\n)\r\n/s)
		{
			my ($path, $head, $length) = ($1, $2, $+[0]);
			my ($size) = $head =~ /^Content-Length: *(\d+)/mi;
			last if length($c->{in}) < $length + ($size // 0);
			my $body = substr $c->{in}, $length, $size // 0;
			substr $c->{in}, 0, $length + ($size // 0), '';
			handle($c, $path, $head, $body);
		}
	}
}

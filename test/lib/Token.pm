# Token.pm: keys and signed tokens, made by openssl while the test runs.
package Token;

use strict;
use warnings;

use Exporter 'import';
use JSON::PP;
use MIME::Base64 qw(encode_base64url decode_base64url);

our @EXPORT = qw(new_key jwk token signed_parts encode_base64url decode_base64url json);

my %digest = (RS256 => 'sha256', PS256 => 'sha256', ES256 => 'sha256', ES384 => 'sha384', RS512 => 'sha512');
my %bytes = (ES256 => 32, ES384 => 48);
my $json = JSON::PP->new->canonical->allow_nonref;

sub run
{
	my @command = @_;
	open(my $pipe, '-|', @command) or die "$command[0]: $!";
	binmode $pipe;
	local $/;
	my $out = <$pipe>;
	close $pipe or die "@command failed";
	return $out;
}

sub json { return $json->encode($_[0]); }

# new_key(dir, kid, algorithm, bits): a private key in a file.
sub new_key
{
	my ($dir, $kid, $algorithm, $bits) = @_;
	my $file = "$dir/$kid.pem";

	if ($algorithm =~ /^ES/)
	{
		run('openssl', 'ecparam', '-genkey', '-noout', '-name', $algorithm eq 'ES384' ? 'secp384r1' : 'prime256v1', '-out', $file);
	}
	else
	{
		run('sh', '-c', "openssl genrsa -out $file " . ($bits // 2048) . ' 2>/dev/null');
	}
	return { kid => $kid, algorithm => $algorithm, file => $file, dir => $dir };
}

# The public key as RFC 7517 has it; more members can be added.
sub jwk
{
	my ($key, %more) = @_;

	if ($key->{algorithm} =~ /^ES/)
	{
		my $n = $bytes{ $key->{algorithm} };
		my $der = run('sh', '-c', "openssl ec -in $key->{file} -pubout -outform DER 2>/dev/null");
		my $point = substr($der, -2 * $n);
		return json({ kty => 'EC', crv => $n == 32 ? 'P-256' : 'P-384', x => encode_base64url(substr($point, 0, $n)),
			y => encode_base64url(substr($point, $n)), %more });
	}
	my ($hex) = run('openssl', 'rsa', '-in', $key->{file}, '-noout', '-modulus') =~ /Modulus=([0-9A-F]+)/;
	return json({ kty => 'RSA', n => encode_base64url(pack('H*', $hex)), e => 'AQAB', %more });
}

# An ECDSA signature of openssl as the two numbers that a token holds.
sub raw_signature
{
	my ($der, $n) = @_;
	my ($r, $s) = unpack('x2 x C/a x C/a', $der);

	return join '', map { substr(("\0" x $n) . $_, -$n) } ($r, $s);
}

# A token of two encoded parts, signed as the algorithm says.
sub signed_parts
{
	my ($key, $signed, $algorithm) = @_;
	my $file = "$key->{dir}/signed";
	my @options;

	$algorithm //= $key->{algorithm};
	open(my $handle, '>', $file) or die $!;
	print $handle $signed;
	close $handle;
	@options = ('-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:-1') if $algorithm =~ /^PS/;
	my $signature = run('openssl', 'dgst', "-$digest{$algorithm}", '-sign', $key->{file}, @options, $file);
	$signature = raw_signature($signature, $bytes{$algorithm}) if $algorithm =~ /^ES/;
	return "$signed." . encode_base64url($signature);
}

# token(key, claims, header): header and claims are references to hashes, or JSON texts.
sub token
{
	my ($key, $claims, $header) = @_;

	$header = { alg => $key->{algorithm}, kid => $key->{kid}, typ => 'JWT', %{ $header // {} } } unless ref $header eq '' && defined $header;
	return signed_parts($key,
		join('.', map { encode_base64url(ref $_ ? json($_) : $_) } ($header, $claims)));
}

1;

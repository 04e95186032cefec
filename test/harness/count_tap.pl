#!/usr/bin/perl
#
# count_tap.pl COUNTFILE JOBS COMMAND... -- FILE...
#
# Runs "COMMAND FILE" for each file, JOBS at a time, reads what it prints as TAP, shows what failed, and writes "PASSED FAILED"
# over all assertions. A plan that is not kept, a bail-out and an exit status other than 0 are one failure each file.
use strict;
use warnings;
use TAP::Parser;
use TAP::Parser::Multiplexer;

my ($countfile, $jobs) = (shift, shift);
my (@command, $argument);
push @command, $argument while defined($argument = shift) && $argument ne '--';

my ($passed, $failed) = (0, 0);
my $running = TAP::Parser::Multiplexer->new;
$| = 1;

sub begin
{
	my ($file) = @_;

	$running->add(TAP::Parser->new({ exec => [ @command, $file ], merge => 1 }), { file => $file, good => 0, bad => 0, said => [] });
}

# Tells of a file that has ended, and counts it.
sub end
{
	my ($parser, $test) = @_;
	my @said = @{ $test->{said} };
	my @complaints = $parser->parse_errors;

	push @complaints, 'exit status ' . $parser->exit if $parser->exit && !$test->{bad};
	push @complaints, 'nothing was tested' if !$test->{good} && !$test->{bad} && !defined $parser->skip_all;
	if (@complaints)
	{
		$test->{bad}++;
		push @said, @complaints;
	}
	if ($test->{bad})
	{
		# The end of a long story is enough.
		splice @said, 0, @said - 200 if @said > 200;
		print "$test->{file}: $test->{bad} failed\n", map { "    $_\n" } @said;
	}
	else
	{
		printf "%-50s %d\n", $test->{file}, $test->{good};
	}
	$passed += $test->{good};
	$failed += $test->{bad};
}

begin($_) foreach splice @ARGV, 0, $jobs;
while (my ($parser, $test, $line) = $running->next)
{
	if (!defined $line)
	{
		end($parser, $test);
		begin(shift) if @ARGV;
		next;
	}
	push @{ $test->{said} }, $line->as_string if !($line->is_test && $line->is_ok) && $line->as_string =~ /\S/;
	$test->{ $line->is_ok ? 'good' : 'bad' }++ if $line->is_test;
}
open my $out, '>', $countfile or die "$countfile: $!";
print $out "$passed $failed\n";
close $out or die "$countfile: $!";
exit($failed ? 1 : 0);

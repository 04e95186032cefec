#!/usr/bin/perl
#
# count_tap.pl COUNTFILE COMMAND... -- FILE...
#
# Runs "COMMAND FILE" for each file, reads what it prints as TAP, shows what failed, and writes "PASSED FAILED" over
# all assertions. A plan that is not kept, a bail-out and an exit status other than 0 are one failure each file.
use strict;
use warnings;
use TAP::Parser;

my $countfile = shift;
my (@command, $argument);
push @command, $argument while defined($argument = shift) && $argument ne '--';

my ($passed, $failed) = (0, 0);
$| = 1;
foreach my $file (@ARGV)
{
	my ($good, $bad, $mute, @said) = (0, 0, 1);
	my $parser = TAP::Parser->new({ exec => [ @command, $file ], merge => 1 });

	while (my $line = $parser->next)
	{
		push @said, $line->as_string if !($line->is_test && $line->is_ok) && $line->as_string =~ /\S/;
		next unless $line->is_test;
		$line->is_ok ? $good++ : $bad++;
	}
	my @complaints = $parser->parse_errors;
	push @complaints, 'exit status ' . $parser->exit if $parser->exit && !$bad;
	push @complaints, 'nothing was tested' if !$good && !$bad && !defined $parser->skip_all;
	if (@complaints)
	{
		$bad++;
		push @said, @complaints;
	}
	if ($bad)
	{
		# The end of a long story is enough.
		splice @said, 0, @said - 200 if @said > 200;
		print "$file: $bad failed\n", map { "    $_\n" } @said;
		$mute = 0;
	}
	printf "%-50s %d\n", $file, $good if $mute;
	$passed += $good;
	$failed += $bad;
}
open my $out, '>', $countfile or die "$countfile: $!";
print $out "$passed $failed\n";
close $out or die "$countfile: $!";
exit($failed ? 1 : 0);

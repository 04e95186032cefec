# Disclosure control against the attacker of the literature, with a solver that is not ours (GLPK): knowing every published cell, and that
# nothing is negative, what are the least and the greatest value of each sensitive cell? They must be as far apart as its protection interval.
# ND47-012
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use List::Util qw(max min sum0);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Warehouse;

plan skip_all => 'glpsol (glpk-utils) is absent' if system('glpsol --version >/dev/null 2>&1') != 0;

use constant { THRESHOLD => 5, PUBLISHED => 0, HIDDEN => 3 };
my $node = new_node('disclosure');
my $file = $node->basedir . '/attack';
$node->safe_psql('postgres', 'CREATE EXTENSION dwh_ext');

# A number below n; the same ones in every run.
my $seed = 1;
sub upto
{
	$seed = ($seed * 1103515245 + 12345) % 2147483648;
	return int($seed / 2147483648 * $_[0]);
}

# A dimension from its levels, as numbers of children: parents and leaves.
sub tree
{
	my @parents = (-1);
	my @level = (0);
	for my $children (@_)
	{
		my @next;
		for my $parent (@level)
		{
			# at least one, so that a parent may have an only child
			push @parents, $parent and push @next, $#parents for 1 .. 1 + upto($children);
		}
		@level = @next;
	}
	return { parents => \@parents, leaves => \@level };
}

# Every tuple of what the lists hold.
sub tuples
{
	my ($first, @rest) = @_;
	return [] unless $first;
	my @tails = tuples(@rest);
	return map { my $head = $_; map { [ $head, @$_ ] } @tails } @$first;
}

sub above
{
	my ($tree, $of) = @_;
	my @nodes;
	for (; $of >= 0; $of = $tree->{parents}[$of]) { push @nodes, $of }
	return \@nodes;
}

# A table: leaf cells with contributors and amounts, all sums of them, and which cells are sensitive, by how much.
sub make_table
{
	my ($fill, @trees) = @_;
	my %t = (trees => \@trees, leaves => [], cells => {});
	for my $leaf (tuples(map { $_->{leaves} } @trees))
	{
		push @{ $t{leaves} }, $leaf;
		next if upto(100) >= $fill;
		my $count = upto(4) ? 1 + upto(60) : 1 + upto(4);
		my $amount = sum0(map { 1 + upto(1000) } 1 .. $count);
		for my $name (map { join ',', @$_ } tuples(map { above($trees[$_], $leaf->[$_]) } 0 .. $#trees))
		{
			$t{cells}{$name}{figures}[0] += $count;
			$t{cells}{$name}{figures}[1] += $amount;
		}
	}
	for my $cell (values %{ $t{cells} })
	{
		my ($count, $amount) = @{ $cell->{figures} };
		next unless $count < THRESHOLD or !upto(25);	# few people, or one of them dominates
		$cell->{is_primary} = 1;
		my $half = int(($amount + 1) / 2);
		$cell->{low} = [ $count < THRESHOLD ? $count : 0, $half ];
		$cell->{high} = [ $count < THRESHOLD ? max(1, THRESHOLD - $count) : 0, $half ];
	}
	return \%t;
}

# States of the cells, as the extension decides.
sub suppress
{
	my ($t, @tables) = @_;
	my @names = sort keys %{ $t->{cells} };
	my @cells = map { $t->{cells}{$_} } @names;
	my $array = sub { "'{" . join(',', @_) . "}'" };
	my $states = $node->safe_psql('postgres', 'SELECT array_to_string(dwh_internal.suppress_cells(' . join(', ',
		$array->(map { scalar @{ $_->{parents} } } @{ $t->{trees} }), $array->(map { @{ $_->{parents} } } @{ $t->{trees} }), $array->(@tables),
		$array->(@names), $array->(map { $_->{figures}[0] } @cells), $array->(map { @{ $_->{figures} } } @cells),
		$array->(map { @{ $_->{low} // [ 0, 0 ] } } @cells), $array->(map { @{ $_->{high} // [ 0, 0 ] } } @cells),
		$array->(map { $_->{is_primary} // 0 } @cells)) . "), ',')");
	@$_{'state'} = () for @cells;
	$cells[$_]{state} = (split /,/, $states)[$_] for 0 .. $#cells;
	return;
}

# The attack on one measure: cells whose interval is narrower than it must be. All programs are solved as one, since they have no variable in
# common; whoever could be higher than his protection level is held there, so that each has a solution.
sub attack
{
	my ($t, $m, @tables) = @_;
	my @targets = grep { $t->{cells}{$_}{is_primary} and $t->{cells}{$_}{high}[$m] + $t->{cells}{$_}{low}[$m] > 0 } sort keys %{ $t->{cells} };
	return () unless @targets;
	my (%sum, @rows, @bounds, %objective);
	for my $i (0 .. $#{ $t->{leaves} })
	{
		my $leaf = $t->{leaves}[$i];
		push @{ $sum{ join ',', @$_ } }, $i for tuples(map { above($t->{trees}[$_], $leaf->[$_]) } 0 .. $#{ $t->{trees} });
	}
	my @published = grep { my $used = 0; my @n = split /,/; $used |= 1 << $_ for grep { $n[$_] } 0 .. $#n;
		grep { !($used & ~$_) } @tables and ($t->{cells}{$_}{state} // PUBLISHED) == PUBLISHED } sort keys %sum;
	for my $k (0 .. $#targets)
	{
		my $target = $t->{cells}{ $targets[$k] };
		for my $way ('u', 'd')
		{
			my $name = "$way$k";
			push @rows, map { join(' + ', map { "$name" . "_$_" } @{ $sum{$_} }) . ' = ' . ($t->{cells}{$_}{figures}[$m] // 0) } @published;
			push @rows, join(' + ', map { "${name}_$_" } @{ $sum{ $targets[$k] } }) . " - $name = 0";
			push @bounds, "0 <= $name <= " . ($target->{figures}[$m] + $target->{high}[$m]);
		}
	}
	unlink "$file.lp", "$file.out", "$file.log";
	append_to_file("$file.lp", "Maximize\n obj: " . join(' ', map { "+ u$_ - d$_" } 0 .. $#targets) . "\nSubject To\n" .
		join('', map { " r$_: $rows[$_]\n" } 0 .. $#rows) . "Bounds\n" . join('', map { " $_\n" } @bounds) . "End\n");
	system("glpsol --lp '$file.lp' -o '$file.out' >'$file.log' 2>&1") == 0 or die slurp_file("$file.log");
	my $out = slurp_file("$file.out");
	die "not solved: $out" unless $out =~ /^Status:\s+OPTIMAL$/m;
	my %value;
	$value{$1} = $2 while $out =~ /^\s*\d+ ([ud]\d+)\s+(?:B|NL|NU|NF|NS)\s+([-+.\de]+)/mg;
	my @broken;
	for my $k (0 .. $#targets)
	{
		my $target = $t->{cells}{ $targets[$k] };
		push @broken, sprintf('%s: %s within [%s, %s], wanted -%s +%s', $targets[$k], $target->{figures}[$m], $value{"d$k"}, $value{"u$k"}, $target->{low}[$m], $target->{high}[$m])
			if $value{"u$k"} < $target->{figures}[$m] + $target->{high}[$m] - 1e-4 or $value{"d$k"} > $target->{figures}[$m] - $target->{low}[$m] + 1e-4;
	}
	return @broken;
}

# Shapes: how full, dimensions, and the sets of dimensions that are published together (bits; all bits: the whole cube).
my @shapes = (
	[ 'one dimension', 90, [ [ 4, 5 ] ], [1] ],
	[ 'rows and columns', 85, [ [9], [7] ], [3] ],
	[ 'rows and columns, sparse', 35, [ [9], [7] ], [3] ],
	[ 'regions and provinces by age', 80, [ [ 3, 3 ], [5] ], [3] ],
	[ 'three dimensions', 80, [ [4], [4], [3] ], [7] ],
	[ 'three dimensions with regions, sparse', 40, [ [ 2, 3 ], [3], [2] ], [7] ],
	[ 'two tables with a common margin', 70, [ [4], [4], [3] ], [ 3, 5 ] ],
	[ 'margins of three dimensions, sparse', 45, [ [ 2, 2 ], [3], [3] ], [ 3, 5, 6 ] ]);
my $rounds = $ENV{DWH_DISCLOSURE_ROUNDS} // 4;
my ($primary, $secondary, $cells, $open) = (0, 0, 0, 0);
for my $shape (@shapes)
{
	my ($name, $fill, $dimensions, $tables) = @$shape;
	my @broken;
	for my $round (1 .. $rounds)
	{
		my $t = make_table($fill, map { tree(@$_) } @$dimensions);
		next unless %{ $t->{cells} };
		suppress($t, @$tables);
		my @all = values %{ $t->{cells} };
		push @broken, "round $round: a sensitive cell is published" if grep { $_->{is_primary} and $_->{state} == PUBLISHED } @all;
		push @broken, map { "round $round: $_" } attack($t, 0, @$tables), attack($t, 1, @$tables);
		$cells += grep { $_->{state} != HIDDEN } @all;
		$primary += grep { $_->{state} == 1 } @all;
		$secondary += grep { $_->{state} == 2 } @all;
		# What the attacker gets where only the sensitive cells are left out: he must be able to win.
		$_->{state} = PUBLISHED for grep { $_->{state} == 2 } @all;
		$open += attack($t, 1, @$tables);
	}
	is_deeply(\@broken, [], "$name: no sensitive cell within its interval");
}
cmp_ok($open, '>', 0, 'the attacker wins where only the sensitive cells are left out');
cmp_ok($secondary, '<', 4 * $primary, 'and not too much is left out beside them');
diag("$cells cells, $primary sensitive, $secondary complementary; $open sensitive figures open without these");

$node->stop;
done_testing();

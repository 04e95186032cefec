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

# The cells of a table from its leaf cells: all sums of them, and which are sensitive, by how much.
sub add_up
{
	my ($t) = @_;
	my @trees = @{ $t->{trees} };
	$t->{cells} = {};
	for my $leaf (@{ $t->{leaves} })
	{
		my $figures = $t->{leaf_figures}{ join ',', @$leaf } or next;
		for my $name (map { join ',', @$_ } tuples(map { above($trees[$_], $leaf->[$_]) } 0 .. $#trees))
		{
			$t->{cells}{$name}{figures}[$_] += $figures->[$_] for 0, 1;
		}
	}
	for my $name (sort keys %{ $t->{cells} })
	{
		my $cell = $t->{cells}{$name};
		my ($count, $amount) = @{ $cell->{figures} };
		next unless $count < THRESHOLD or !upto(25);	# few people, or one of them dominates
		$cell->{is_primary} = 1;
		my $half = int(($amount + 1) / 2);
		$cell->{low} = [ $count < THRESHOLD ? $count : 0, $half ];
		$cell->{high} = [ $count < THRESHOLD ? max(1, THRESHOLD - $count) : 0, $half ];
	}
	return;
}

# A table of leaf cells with contributors and amounts.
sub make_table
{
	my ($fill, @trees) = @_;
	my %t = (trees => \@trees, leaves => [ tuples(map { $_->{leaves} } @trees) ], leaf_figures => {});
	for my $leaf (@{ $t{leaves} })
	{
		next if upto(100) >= $fill;
		my $count = upto(4) ? 1 + upto(60) : 1 + upto(4);
		$t{leaf_figures}{ join ',', @$leaf } = [ $count, sum0(map { 1 + upto(1000) } 1 .. $count) ];
	}
	add_up(\%t);
	return \%t;
}

# States of the cells, as the extension decides; false where it refuses to publish them after what was published earlier.
sub suppress
{
	my ($t, $tables, @earlier) = @_;
	my @layers = ($t, @earlier);
	my @cells = map { my $cells = $_->{cells}; map { [ $_, $cells->{$_} ] } sort keys %$cells } @layers;
	my @numbers = map { my $layer = $_; map { $layer } keys %{ $layers[$layer]{cells} } } 0 .. $#layers;
	my @figures = map { $_->[1] } @cells;
	my $array = sub { "'{" . join(',', @_) . "}'" };
	my ($status, $states, $error) = $node->psql('postgres', 'SELECT array_to_string(dwh_internal.suppress_cells(' . join(', ',
		$array->(map { scalar @{ $_->{parents} } } @{ $t->{trees} }), $array->(map { @{ $_->{parents} } } @{ $t->{trees} }), $array->(@$tables),
		$array->(map { $_->[0] } @cells), $array->(map { $_->{figures}[0] } @figures), $array->(map { @{ $_->{figures} } } @figures),
		$array->(map { @{ $_->{low} // [ 0, 0 ] } } @figures), $array->(map { @{ $_->{high} // [ 0, 0 ] } } @figures),
		$array->(map { $_->{is_primary} // (($_->{state} // 0) == 2 || ($_->{state} // 0) == 4 ? 2 : 0) } @figures), $array->(@numbers)) . "), ',')");
	return 0 if $error =~ /what was left out would follow/;
	die $error if $status != 0;
	my @own = map { $t->{cells}{$_} } sort keys %{ $t->{cells} };
	$own[$_]{state} = (split /,/, $states)[$_] for 0 .. $#own;
	return 1;
}

# The same table after some leaf cells were revised, a few of them much: other people, other amounts, or both.
sub revise
{
	my ($t, $percent) = @_;
	my %r = (trees => $t->{trees}, leaves => $t->{leaves}, leaf_figures => {});
	for my $leaf (@{ $t->{leaves} })
	{
		my ($count, $amount) = @{ $t->{leaf_figures}{ join ',', @$leaf } // [] };
		next unless $count;
		if (upto(100) < $percent)
		{
			my $kind = upto(4);
			$count = upto(3) ? max(1, $count + upto(9) - 4) : 1 + upto(60) if $kind != 1;
			$amount = upto(3) ? $amount + upto(1000) : $count * (1 + upto(1000)) if $kind != 2;
			$amount = max($amount, $count);
		}
		$r{leaf_figures}{ join ',', @$leaf } = [ $count, $amount ];
	}
	add_up(\%r);
	return \%r;
}

# Whether a cell has the same figure in two tables.
sub is_same
{
	my ($m, $name, @tables) = @_;
	my ($x, $y) = map { $_->{cells}{$name} } @tables;
	return ($x and $y and $x->{figures}[$m] == $y->{figures}[$m]);
}

# The attack on one measure by whoever has read every version and knows which figures did not change: cells whose interval is narrower than it
# must be. All programs are solved as one, since they have no variable in common; whoever could be higher than his protection level is held
# there, so that each has a solution.
sub attack
{
	my ($m, $tables, @versions) = @_;
	my (%sum, %variable, @known, @targets, @rows, @bounds, %values);
	my $t = $versions[0];
	for my $i (0 .. $#{ $t->{leaves} })
	{
		my $leaf = $t->{leaves}[$i];
		push @{ $sum{ join ',', @$_ } }, $i for tuples(map { above($t->{trees}[$_], $leaf->[$_]) } 0 .. $#{ $t->{trees} });
	}
	my $is_seen = sub {
		my ($name, $v) = @_;
		my $cell = $versions[$v]{cells}{$name};	# none: empty, and seen as that
		my $used = 0;
		my @n = split /,/, $name;
		$used |= 1 << $_ for grep { $n[$_] } 0 .. $#n;
		return ((grep { !($used & ~$_) } @$tables) and (!$cell or $cell->{state} == PUBLISHED));
	};
	# A variable for each leaf and version; or that of an earlier version, where the figure is the same.
	for my $v (0 .. $#versions)
	{
		for my $i (0 .. $#{ $t->{leaves} })
		{
			my $name = join ',', @{ $t->{leaves}[$i] };
			my ($first) = grep { is_same($m, $name, $versions[$_], $versions[$v]) } 0 .. $v - 1;
			$variable{"$v $i"} = ($first // $v) . "_$i";
		}
	}
	# A sum of leaf cells, or the difference from that of another version; what is the same in both goes.
	my $terms = sub {
		my ($prefix, $name, $v, $from) = @_;
		my %factor;
		$factor{ $variable{"$v $_"} } += 1 for @{ $sum{$name} };
		$factor{ $variable{"$from $_"} } -= 1 for defined $from ? @{ $sum{$name} } : ();
		return join ' ', map { ($factor{$_} > 0 ? '+ ' : '- ') . "${prefix}_$_" } grep { $factor{$_} } sort keys %factor;
	};
	for my $v (0 .. $#versions)
	{
		for my $name (sort keys %sum)
		{
			push @known, [ $name, $v ] if $is_seen->($name, $v);
			my ($first) = grep { is_same($m, $name, $versions[$_], $versions[$v]) } 0 .. $v - 1;
			push @known, [ $name, $v, $first ] if defined $first;
			my $cell = $versions[$v]{cells}{$name} or next;
			# What an earlier version published with the same figure is no secret any more.
			next if not $cell->{is_primary} or $cell->{high}[$m] + $cell->{low}[$m] == 0
				or grep { is_same($m, $name, $versions[$_], $versions[$v]) and $is_seen->($name, $_) } 0 .. $v - 1;
			push @targets, [ $name, $v, $cell ];
		}
	}
	return () unless @targets;
	for my $k (0 .. $#targets)
	{
		my ($name, $v, $target) = @{ $targets[$k] };
		for my $way ("u$k", "d$k")
		{
			for my $known (@known)
			{
				my ($cell, $of, $first) = @$known;
				my $left = $terms->($way, @$known);
				my $figures = $versions[$of]{cells}{$cell};
				push @rows, "$left = " . ($figures && !defined $first ? $figures->{figures}[$m] : 0) if $left;
			}
			push @rows, $terms->($way, $name, $v) . " - $way = 0";
			push @bounds, "0 <= $way <= " . ($target->{figures}[$m] + $target->{high}[$m]);
		}
	}
	unlink "$file.lp", "$file.out", "$file.log";
	append_to_file("$file.lp", "Maximize\n obj: " . join(' ', map { "+ u$_ - d$_" } 0 .. $#targets) . "\nSubject To\n" .
		join('', map { " r$_: $rows[$_]\n" } 0 .. $#rows) . "Bounds\n" . join('', map { " $_\n" } @bounds) . "End\n");
	system("glpsol --lp '$file.lp' -o '$file.out' >'$file.log' 2>&1") == 0 or die slurp_file("$file.log");
	my $out = slurp_file("$file.out");
	die "not solved: $out" unless $out =~ /^Status:\s+OPTIMAL$/m;
	$values{$1} = $2 while $out =~ /^\s*\d+ ([ud]\d+)\s+(?:B|NL|NU|NF|NS)\s+([-+.\de]+)/mg;
	my @broken;
	for my $k (0 .. $#targets)
	{
		my ($name, $v, $target) = @{ $targets[$k] };
		push @broken, sprintf('%s of version %s: %s within [%s, %s], wanted -%s +%s', $name, $v + 1, $target->{figures}[$m], $values{"d$k"}, $values{"u$k"},
			$target->{low}[$m], $target->{high}[$m])
			if $values{"u$k"} < $target->{figures}[$m] + $target->{high}[$m] - 1e-4 or $values{"d$k"} > $target->{figures}[$m] - $target->{low}[$m] + 1e-4;
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
my ($primary, $secondary, $cells, $open, $revisions, $refused) = (0, 0, 0, 0, 0, 0);
for my $shape (@shapes)
{
	my ($name, $fill, $dimensions, $tables) = @$shape;
	my (@broken, @broken_later);
	for my $round (1 .. $rounds)
	{
		my $t = make_table($fill, map { tree(@$_) } @$dimensions);
		next unless %{ $t->{cells} };
		suppress($t, $tables);
		my @all = values %{ $t->{cells} };
		push @broken, "round $round: a sensitive cell is published" if grep { $_->{is_primary} and $_->{state} == PUBLISHED } @all;
		push @broken, map { "round $round: $_" } attack(0, $tables, $t), attack(1, $tables, $t);
		$cells += grep { $_->{state} != HIDDEN } @all;
		$primary += grep { $_->{state} == 1 } @all;
		$secondary += grep { $_->{state} == 2 } @all;
		# Two revisions of it, against who has read all of them.
		my @versions = ($t);
		for my $percent (15, 30)
		{
			my $revised = revise($versions[-1], $percent);
			++$revisions;
			suppress($revised, $tables, reverse @versions) or ++$refused and next;
			push @versions, $revised;
			push @broken_later, map { "round $round: $_" } attack(0, $tables, @versions), attack(1, $tables, @versions);
		}
		# What the attacker gets where only the sensitive cells are left out: he must be able to win.
		$_->{state} = PUBLISHED for grep { $_->{state} == 2 } @all;
		$open += attack(1, $tables, $t);
	}
	is_deeply(\@broken, [], "$name: no sensitive cell within its interval");
	is_deeply(\@broken_later, [], "$name: nor by all versions together");
}
cmp_ok($open, '>', 0, 'the attacker wins where only the sensitive cells are left out');
cmp_ok($secondary, '<', 4 * $primary, 'and not too much is left out beside them');
cmp_ok($refused, '<', $revisions / 3, 'most revisions can be published: these are of small tables, and many at once');
diag("$cells cells, $primary sensitive, $secondary complementary; $open sensitive figures open without these; $refused of $revisions revisions refused");

$node->stop;
done_testing();

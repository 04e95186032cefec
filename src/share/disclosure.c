/*
 * disclosure.c
 *		Complementary suppression: the cells that are left out beside the sensitive ones.
 *
 * For each sensitive figure two witnesses are looked for: tables that agree with the true one in every published cell, have nothing
 * negative, and in which the figure is higher by `high`, or lower by `low`. The attacker's interval holds both, so what he learns is no
 * less than the protection interval; nothing has to be solved to know that. A witness is a sum of moves (disclosure.h). The cells in the
 * support of a move are suppressed; of the moves that come into question the one is taken that costs least for what it changes, in
 * contributors of cells that would not be left out otherwise. Two pairs of siblings give a square of four cells, as in the hypercube
 * method (Repsilber 1994; Giessing & Repsilber 2002); with a leaf that has no partner the totals above it go, too, which always works
 * and costs much. In a second pass the cells of the first are cheap, and what no witness needs any more is published.
 *
 * Cells of one contributor are of no help to others, since he knows his figure and could subtract it. Empty cells are not suppressed.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/float.h"

#include "share/disclosure.h"

#define LEAVES_TRIED		16
#define MOVES_CHOSEN		50	/* of a witness, before partners are given up */
#define PARTNERS_MAX		4096
#define CHEAP				0.001

/* The nodes of a dimension that a move changes. */
typedef struct Path
{
	int			n;
	int			nodes[2 * DWH_DEPTH_MAX];
	bool		is_partner[2 * DWH_DEPTH_MAX];
} Path;

typedef struct Candidate
{
	int64		cell;			/* or a node */
	double		score;
} Candidate;

typedef struct Search
{
	DwhDisclosureTable *table;
	const DwhSensitive *sensitive;
	int			direction;
	int			target[DWH_DIMENSIONS_MAX];
	int64		wanted;			/* amount that is missing */
	int64	   *change;			/* of each cell by the witness so far */
	Path		paths[DWH_DIMENSIONS_MAX];
	double		cost;			/* of the move looked at */
	int64		capacity;
	DwhMove		move;
	double		best_ratio;
	DwhMove		best;
} Search;

/* The nodes of a cell. */
void
dwh_disclosure_coordinates(const DwhDisclosureTable *table, int64 cell, int *nodes)
{
	for (int d = 0; d < table->ndimensions; d++)
	{
		nodes[d] = cell / table->dimensions[d].stride;
		cell %= table->dimensions[d].stride;
	}
}

/* Whether a node is another one, or below it. */
bool
dwh_disclosure_is_below(const DwhDimension *dimension, int node, int top)
{
	while (node > top)
		node = dimension->parent[node];
	return node == top;
}

static void
add_node(Path *path, int node, bool is_partner)
{
	path->nodes[path->n] = node;
	path->is_partner[path->n++] = is_partner;
}

/* Leaf and partner with what is above them, up to where they meet; without a partner up to the total. */
static void
set_path(Path *path, const DwhDimension *dimension, int leaf, int partner)
{
	path->n = 0;
	while (leaf != partner)
	{
		if (partner >= 0 && dimension->depth[partner] > dimension->depth[leaf])
		{
			add_node(path, partner, true);
			partner = dimension->parent[partner];
		}
		else
		{
			add_node(path, leaf, false);
			leaf = dimension->parent[leaf];
		}
	}
}

/* Adds cell after cell of the move to its cost and capacity; false as soon as it is impossible, or no better than the best one. */
static bool
weigh(Search *search, int d, int64 cell, bool is_negative, bool is_foreign)
{
	DwhDisclosureTable *table = search->table;

	if (d < table->ndimensions)
	{
		const Path *path = &search->paths[d];

		for (int i = 0; i < path->n; i++)
			if (!weigh(search, d + 1, cell + path->nodes[i] * table->dimensions[d].stride, is_negative != path->is_partner[i],
					   is_foreign || path->is_partner[i]))
				return false;
		return true;
	}
	if (table->states[cell] == DWH_CELL_PUBLISHED && table->counts[cell] == 0)
		return false;
	/* a cell that holds the leaf has a contributor of the sensitive cell */
	if (table->counts[cell] == 1 && is_foreign)
		return false;
	if (is_negative == (search->direction > 0))
		search->capacity = Min(search->capacity, table->figures[search->sensitive->measure][cell] + search->change[cell]);
	if (table->states[cell] == DWH_CELL_PUBLISHED)
		search->cost += table->weights[cell];
	return search->capacity > 0 && search->cost < search->best_ratio * Min(search->capacity, search->wanted);
}

/* Tries every combination of partners from a dimension on. */
static void
try_partners(Search *search, int d, Candidate *const *partners, const int *npartners)
{
	DwhDisclosureTable *table = search->table;

	if (d < table->ndimensions)
	{
		for (int i = 0; i <= npartners[d]; i++)
		{
			search->move.partner[d] = i == npartners[d] ? -1 : partners[d][i].cell;
			set_path(&search->paths[d], &table->dimensions[d], search->move.leaf[d], search->move.partner[d]);
			try_partners(search, d + 1, partners, npartners);
		}
		return;
	}
	search->cost = 1e-6;
	search->capacity = DWH_FIGURE_MAX;
	if (!weigh(search, 0, 0, false, false))
		return;
	search->best = search->move;
	search->best.amount = Min(search->capacity, search->wanted);
	search->best_ratio = search->cost / search->best.amount;
}

/* Keeps the candidates with the lowest scores, in their order. */
static void
keep_candidate(Candidate *candidates, int *n, int most, int64 cell, double score)
{
	int			i;

	if (*n == most && (most == 0 || candidates[most - 1].score <= score))
		return;
	for (i = *n < most ? (*n)++ : most - 1; i > 0 && candidates[i - 1].score > score; i--)
		candidates[i] = candidates[i - 1];
	candidates[i].cell = cell;
	candidates[i].score = score;
}

/* The leaves of a dimension that may go the other way than the move's leaf; what stands in the same line decides. */
static void
find_partners(Search *search, int d, int64 leaf_cell, int most, Candidate *partners, int *n)
{
	const DwhDisclosureTable *table = search->table;
	const DwhDimension *dimension = &table->dimensions[d];

	*n = 0;
	for (int node = 0; node < dimension->nodes; node++)
	{
		int64		cell = leaf_cell + (node - search->move.leaf[d]) * dimension->stride;
		int64		room = table->figures[search->sensitive->measure][cell] + search->change[cell];
		double		score = table->states[cell] == DWH_CELL_PUBLISHED ? table->weights[cell] : 0;

		if (!dimension->is_leaf[node] || dwh_disclosure_is_below(dimension, node, search->target[d]) || table->counts[cell] == 1)
			continue;
		if (table->states[cell] == DWH_CELL_PUBLISHED && table->counts[cell] == 0)
			continue;
		if (search->direction > 0 && room <= 0)
			continue;
		if (search->direction > 0 && room < search->wanted)
			score = (score + 1) * search->wanted / room;
		/* siblings first: no total has to go with them */
		if (dimension->parent[node] != dimension->parent[search->move.leaf[d]])
			score = score * 4 + 1;
		keep_candidate(partners, n, most, node, score);
	}
}

/* The leaf cells of the sensitive cell that a move may start from. */
static void
find_leaves(Search *search, int d, int64 cell, Candidate *leaves, int *n)
{
	const DwhDisclosureTable *table = search->table;
	const DwhDimension *dimension = &table->dimensions[d];
	int64		room;

	if (d < table->ndimensions)
	{
		for (int node = search->target[d]; node < dimension->nodes; node++)
			if (dimension->is_leaf[node] && dwh_disclosure_is_below(dimension, node, search->target[d]))
				find_leaves(search, d + 1, cell + node * dimension->stride, leaves, n);
		return;
	}
	room = table->figures[search->sensitive->measure][cell] + search->change[cell];
	if (table->counts[cell] == 0 || (search->direction < 0 && room <= 0))
		return;
	keep_candidate(leaves, n, LEAVES_TRIED, cell, search->direction < 0 ? -(double) room :
				   table->states[cell] == DWH_CELL_PUBLISHED ? table->weights[cell] : 0);
}

/* Adds a move to the changes, times a factor, and suppresses its support. */
static void
apply(Search *search, const DwhMove *move, int d, int64 cell, int64 amount)
{
	DwhDisclosureTable *table = search->table;
	Path		path;

	if (d == table->ndimensions)
	{
		search->change[cell] += amount;
		if (table->states[cell] == DWH_CELL_PUBLISHED)
			table->states[cell] = DWH_CELL_SECONDARY;
		return;
	}
	set_path(&path, &table->dimensions[d], move->leaf[d], move->partner[d]);
	for (int i = 0; i < path.n; i++)
		apply(search, move, d + 1, cell + path.nodes[i] * table->dimensions[d].stride, path.is_partner[i] ? -amount : amount);
}

/* Looks for the move that costs least for what it changes. */
static void
choose_move(Search *search, int most_partners)
{
	DwhDisclosureTable *table = search->table;
	Candidate	leaves[LEAVES_TRIED];
	Candidate  *partners[DWH_DIMENSIONS_MAX];
	int			npartners[DWH_DIMENSIONS_MAX];
	int			nleaves = 0;

	find_leaves(search, 0, 0, leaves, &nleaves);
	search->best_ratio = get_float8_infinity();
	for (int d = 0; d < table->ndimensions; d++)
		partners[d] = palloc(sizeof(Candidate) * Max(1, most_partners));
	for (int i = 0; i < nleaves; i++)
	{
		dwh_disclosure_coordinates(table, leaves[i].cell, search->move.leaf);
		for (int d = 0; d < table->ndimensions; d++)
			find_partners(search, d, leaves[i].cell, most_partners, partners[d], &npartners[d]);
		try_partners(search, 0, partners, npartners);
		CHECK_FOR_INTERRUPTS();
	}
	for (int d = 0; d < table->ndimensions; d++)
		pfree(partners[d]);
	if (isinf(search->best_ratio))
		elog(ERROR, "no way to protect cell " INT64_FORMAT, search->sensitive->cell);
}

/* Makes one witness. */
static void
protect(DwhDisclosureTable *table, DwhSensitive *sensitive, int direction, int64 *change, DwhWitness *witness)
{
	Search		search = {.table = table, .sensitive = sensitive, .direction = direction, .change = change};
	int			most_partners = floor(pow(PARTNERS_MAX, 1.0 / table->ndimensions) + 0.001);
	int			room = 4;

	witness->sensitive = sensitive;
	witness->direction = direction;
	witness->amount = direction > 0 ? sensitive->high : sensitive->low;
	witness->nmoves = 0;
	witness->moves = palloc(sizeof(DwhMove) * room);
	dwh_disclosure_coordinates(table, sensitive->cell, search.target);
	search.wanted = witness->amount;
	while (search.wanted > 0)
	{
		choose_move(&search, witness->nmoves < MOVES_CHOSEN ? most_partners : 0);
		search.wanted -= search.best.amount;
		search.best.amount *= direction;
		apply(&search, &search.best, 0, 0, search.best.amount);
		if (witness->nmoves == room)
			witness->moves = repalloc(witness->moves, sizeof(DwhMove) * (room *= 2));
		witness->moves[witness->nmoves++] = search.best;
	}
	for (int i = 0; i < witness->nmoves; i++)
		apply(&search, &witness->moves[i], 0, 0, -witness->moves[i].amount);
}

/* Those that need most come first. */
static int
compare_sensitive(const void *a, const void *b)
{
	const DwhSensitive *x = a;
	const DwhSensitive *y = b;

	if (x->high != y->high)
		return x->high > y->high ? -1 : 1;
	if (x->cell != y->cell)
		return x->cell < y->cell ? -1 : 1;
	return x->measure - y->measure;
}

/*
 * Suppresses what has to go beside the primary cells, which are suppressed already. Sets states; palloc's the witnesses, two for each
 * sensitive figure, and returns their number.
 */
int
dwh_disclosure_protect(DwhDisclosureTable *table, DwhSensitive *sensitive, int nsensitive, DwhWitness **witnesses)
{
	int64	   *change = MemoryContextAllocExtended(CurrentMemoryContext, sizeof(int64) * table->ncells, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	char	   *before = MemoryContextAllocHuge(CurrentMemoryContext, table->ncells);

	*witnesses = palloc0(sizeof(DwhWitness) * Max(1, nsensitive * 2));
	memcpy(before, table->states, table->ncells);
	qsort(sensitive, nsensitive, sizeof(DwhSensitive), compare_sensitive);
	for (int pass = 1; pass <= 2; pass++)
	{
		if (pass == 2)
			for (int64 cell = 0; cell < table->ncells; cell++)
				if (before[cell] == DWH_CELL_PUBLISHED && table->states[cell] == DWH_CELL_SECONDARY)
				{
					table->states[cell] = DWH_CELL_PUBLISHED;
					table->weights[cell] *= CHEAP;
				}
		for (int i = 0; i < nsensitive; i++)
		{
			protect(table, &sensitive[i], 1, change, &(*witnesses)[2 * i]);
			protect(table, &sensitive[i], -1, change, &(*witnesses)[2 * i + 1]);
		}
	}
	pfree(change);
	pfree(before);
	return nsensitive * 2;
}

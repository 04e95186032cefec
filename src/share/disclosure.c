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
 *
 * A move is made in one layer and in each that has one of the figures that it changes, so that what is the same stays so; what an earlier
 * layer published cannot change any more. Only the sensitive figure itself is moved in each of its layers apart, by the same amount in
 * the end. So the witness is one of all versions together, for what is sensitive now and for what was sensitive then.
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
	uint64		same;			/* layers that have the sensitive figure */
	int64		wanted[DWH_LAYERS_MAX]; /* amount that is missing in each of these */
	int64	  **change;			/* of each layer and cell by the witness so far */
	int			layer;			/* that the next move is for */
	uint64		layers;			/* of the move looked at */
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

/* Whether a cell that is not empty has the same figure in two layers. */
bool
dwh_disclosure_is_same(const DwhDisclosureTable *table, int measure, int64 cell, int layer, int other)
{
	const DwhLayer *a = &table->layers[layer];
	const DwhLayer *b = &table->layers[other];

	return a->counts[cell] > 0 && b->counts[cell] > 0 && a->figures[measure][cell] == b->figures[measure][cell];
}

/* Layers, and those which must change with them in a cell. The sensitive figure has its own account in each layer. */
static uint64
add_same_layers(const Search *search, uint64 layers, int64 cell)
{
	const DwhDisclosureTable *table = search->table;
	uint64		all = layers;

	if (table->nlayers == 1)
		return layers;
	for (int i = 0; i < table->nlayers; i++)
		for (int j = 0; j < table->nlayers && (layers & (UINT64CONST(1) << i)); j++)
		{
			uint64		both = (UINT64CONST(1) << i) | (UINT64CONST(1) << j);

			if (cell == search->sensitive->cell && (search->same & both) == both)
				continue;
			if (dwh_disclosure_is_same(table, search->sensitive->measure, cell, i, j))
				all |= both;
		}
	return all;
}

/* By how much a cell can go down in every one of some layers; false where it cannot change at all. */
static bool
find_room(const Search *search, uint64 layers, int64 cell, bool is_foreign, int64 *room)
{
	*room = DWH_FIGURE_MAX;
	for (int i = 0; i < search->table->nlayers; i++)
	{
		const DwhLayer *layer = &search->table->layers[i];

		if (!(layers & (UINT64CONST(1) << i)))
			continue;
		if (layer->states[cell] == DWH_CELL_PUBLISHED && (i > 0 || layer->counts[cell] == 0))
			return false;
		/* a cell that holds the leaf has a contributor of the sensitive cell */
		if (layer->counts[cell] == 1 && is_foreign)
			return false;
		*room = Min(*room, layer->figures[search->sensitive->measure][cell] + search->change[i][cell]);
	}
	return true;
}

/* What it costs to suppress a cell, if it has to be. */
static double
weight(const Search *search, uint64 layers, int64 cell)
{
	return (layers & 1) && search->table->layers[0].states[cell] == DWH_CELL_PUBLISHED ? search->table->weights[cell] : 0;
}

/*
 * Adds cell after cell of the move to its cost and capacity; false as soon as it is impossible, or no better than the best one, or as it
 * belongs into more layers.
 */
static bool
weigh(Search *search, int d, int64 cell, bool is_negative, bool is_foreign)
{
	DwhDisclosureTable *table = search->table;
	uint64		layers;
	int64		room;

	if (d < table->ndimensions)
	{
		const Path *path = &search->paths[d];

		for (int i = 0; i < path->n; i++)
			if (!weigh(search, d + 1, cell + path->nodes[i] * table->dimensions[d].stride, is_negative != path->is_partner[i],
					   is_foreign || path->is_partner[i]))
				return false;
		return true;
	}
	layers = add_same_layers(search, search->layers, cell);
	if (layers != search->layers)
	{
		search->layers = layers;
		return false;
	}
	if (!find_room(search, layers, cell, is_foreign, &room))
		return false;
	if (is_negative == (search->direction > 0))
		search->capacity = Min(search->capacity, room);
	search->cost += weight(search, layers, cell);
	return search->capacity > 0 && search->cost < search->best_ratio * search->capacity;
}

/* Tries every combination of partners from a dimension on. */
static void
try_partners(Search *search, int d, Candidate *const *partners, const int *npartners)
{
	DwhDisclosureTable *table = search->table;
	uint64		layers;
	bool		is_possible;

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
	search->layers = UINT64CONST(1) << search->layer;
	do
	{
		layers = search->layers;
		search->cost = 1e-6;
		search->capacity = DWH_FIGURE_MAX;
		for (int i = 0; i < table->nlayers; i++)
			if (layers & search->same & (UINT64CONST(1) << i))
				search->capacity = Min(search->capacity, search->wanted[i]);
		is_possible = weigh(search, 0, 0, false, false);
	} while (layers != search->layers);
	if (!is_possible)
		return;
	search->best = search->move;
	search->best.layers = layers;
	search->best.amount = search->capacity;
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
	uint64		leaf_layers = add_same_layers(search, UINT64CONST(1) << search->layer, leaf_cell);
	int64		wanted = search->wanted[search->layer];

	*n = 0;
	for (int node = 0; node < dimension->nodes; node++)
	{
		int64		cell = leaf_cell + (node - search->move.leaf[d]) * dimension->stride;
		uint64		layers;
		int64		room;
		double		score;

		if (!dimension->is_leaf[node] || dwh_disclosure_is_below(dimension, node, search->target[d]))
			continue;
		layers = add_same_layers(search, leaf_layers, cell);
		if (!find_room(search, layers, cell, true, &room) || (search->direction > 0 && room <= 0))
			continue;
		score = weight(search, layers, cell);
		if (search->direction > 0 && room < wanted)
			score = (score + 1) * wanted / room;
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
	uint64		layers;
	int64		room;

	if (d < table->ndimensions)
	{
		for (int node = search->target[d]; node < dimension->nodes; node++)
			if (dimension->is_leaf[node] && dwh_disclosure_is_below(dimension, node, search->target[d]))
				find_leaves(search, d + 1, cell + node * dimension->stride, leaves, n);
		return;
	}
	layers = add_same_layers(search, UINT64CONST(1) << search->layer, cell);
	if (table->layers[search->layer].counts[cell] == 0 || !find_room(search, layers, cell, false, &room) ||
		(search->direction < 0 && room <= 0))
		return;
	keep_candidate(leaves, n, LEAVES_TRIED, cell, search->direction < 0 ? -(double) room : weight(search, layers, cell));
}

/* Adds a move to the changes, times a factor, and suppresses its support. */
static void
apply(Search *search, const DwhMove *move, int d, int64 cell, int64 amount)
{
	DwhDisclosureTable *table = search->table;
	Path		path;

	if (d == table->ndimensions)
	{
		for (int i = 0; i < table->nlayers; i++)
			if (move->layers & (UINT64CONST(1) << i))
				search->change[i][cell] += amount;
		if (weight(search, move->layers, cell) > 0)
			table->layers[0].states[cell] = DWH_CELL_SECONDARY;
		return;
	}
	set_path(&path, &table->dimensions[d], move->leaf[d], move->partner[d]);
	for (int i = 0; i < path.n; i++)
		apply(search, move, d + 1, cell + path.nodes[i] * table->dimensions[d].stride, path.is_partner[i] ? -amount : amount);
}

/* Looks for the move that costs least for what it changes; false where there is none. */
static bool
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
	return !isinf(search->best_ratio);
}

/* One layer can always be protected, at worst by suppressing every total. */
static void
refuse(const Search *search)
{
	if (search->table->nlayers == 1)
		elog(ERROR, "no way to protect cell " INT64_FORMAT, search->sensitive->cell);
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("what was left out would follow from this version and earlier ones together"),
			 errdetail("Figures that were published before are known, whatever is left out now."),
			 errhint("Leave the figures of the period as they were published.")));
}

/* Makes one witness. */
static void
protect(DwhDisclosureTable *table, DwhSensitive *sensitive, int direction, int64 **change, DwhWitness *witness)
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
	search.same = UINT64CONST(1) << sensitive->layer;
	for (int i = 0; i < table->nlayers; i++)
	{
		if (dwh_disclosure_is_same(table, sensitive->measure, sensitive->cell, sensitive->layer, i))
			search.same |= UINT64CONST(1) << i;
		search.wanted[i] = witness->amount;
	}
	/* the earlier layers first: they leave less choice */
	for (search.layer = table->nlayers - 1; search.layer >= 0; search.layer--)
	{
		int			first = witness->nmoves;

		while ((search.same & (UINT64CONST(1) << search.layer)) && search.wanted[search.layer] > 0)
		{
			if (!choose_move(&search, witness->nmoves - first < MOVES_CHOSEN ? most_partners : 0) && !choose_move(&search, most_partners))
				refuse(&search);
			for (int i = 0; i < table->nlayers; i++)
				if (search.best.layers & (UINT64CONST(1) << i))
					search.wanted[i] -= search.best.amount;
			search.best.amount *= direction;
			apply(&search, &search.best, 0, 0, search.best.amount);
			if (witness->nmoves == room)
				witness->moves = repalloc(witness->moves, sizeof(DwhMove) * (room *= 2));
			witness->moves[witness->nmoves++] = search.best;
		}
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
	return x->measure != y->measure ? x->measure - y->measure : x->layer - y->layer;
}

/*
 * Suppresses what has to go beside the primary cells, which are suppressed already. Sets states; palloc's the witnesses, two for each
 * sensitive figure, and returns their number.
 */
int
dwh_disclosure_protect(DwhDisclosureTable *table, DwhSensitive *sensitive, int nsensitive, DwhWitness **witnesses)
{
	int64	   *change[DWH_LAYERS_MAX];
	char	   *states = table->layers[0].states;
	char	   *before = MemoryContextAllocHuge(CurrentMemoryContext, table->ncells);

	*witnesses = palloc0(sizeof(DwhWitness) * Max(1, nsensitive * 2));
	for (int i = 0; i < table->nlayers; i++)
		change[i] = MemoryContextAllocExtended(CurrentMemoryContext, sizeof(int64) * table->ncells, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	memcpy(before, states, table->ncells);
	qsort(sensitive, nsensitive, sizeof(DwhSensitive), compare_sensitive);
	for (int pass = 1; pass <= 2; pass++)
	{
		if (pass == 2)
			for (int64 cell = 0; cell < table->ncells; cell++)
				if (before[cell] == DWH_CELL_PUBLISHED && states[cell] == DWH_CELL_SECONDARY)
				{
					states[cell] = DWH_CELL_PUBLISHED;
					table->weights[cell] *= CHEAP;
				}
		for (int i = 0; i < nsensitive; i++)
		{
			protect(table, &sensitive[i], 1, change, &(*witnesses)[2 * i]);
			protect(table, &sensitive[i], -1, change, &(*witnesses)[2 * i + 1]);
		}
	}
	for (int i = 0; i < table->nlayers; i++)
		pfree(change[i]);
	pfree(before);
	return nsensitive * 2;
}

/*
 * hierarchy.c
 *		What a scope unit covers (893 Art. 3.4b; 2327 Art. 18.4); see hierarchy.h.
 *
 * A unit that is open on the day covers itself, what lies under it, ended or not, and, of all these, the units that came before them
 * as a whole: by rename or merge, never through a split, since a part of a split unit's rows belongs to somebody else. A unit that
 * has ended, or not begun, covers its own rows only: those of its successor were never granted. Regions lie under nobody's parent
 * and have no rows, so a grant on one shows nothing.
 *
 * Units and successions are kept in arrays, read by plain scans: 100,000 units take some 20 ms, and once a session.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/memutils.h"

#include "common/ref_cache.h"
#include "scope/hierarchy.h"
#include "scope/scan.h"

#define NONE (-1)

typedef struct Place
{
	int32		unit_id;
	int32		parent_id;		/* 0 for the root */
	int32		first_child;	/* indexes, NONE where there is none */
	int32		next_sibling;
	int32		first_edge;		/* its predecessors */
	DateADT		valid_from;
	DateADT		valid_to;
} Place;

/* A unit that became another as a whole. */
typedef struct Edge
{
	int32		predecessor;	/* index */
	int32		next;			/* of the same successor */
	DateADT		effective_on;
} Edge;

/* A row of unit_succession. */
typedef struct Succession
{
	int32		predecessor;
	int32		successor;
	DateADT		effective_on;
	bool		is_whole;
} Succession;

static void build_hierarchy(DwhRefCache *cache);

static DwhRefCache hierarchy_cache = {
	.name = "hierarchy",
	.tables = {{"dwh_star", "dim_unit"}, {"dwh_catalog", "unit_succession"}},
	.build = build_hierarchy,
	.scans = true,
};

static Place *nodes;				/* by unit_id */
static int	n_nodes;
static Edge *edges;
static int	root;				/* index, NONE where there is none or more than one */

/* The index of a unit, NONE where there is none. */
static int
find_node(int32 unit_id)
{
	int			low = 0;
	int			high = n_nodes - 1;

	while (low <= high)
	{
		int			middle = (low + high) / 2;

		if (nodes[middle].unit_id == unit_id)
			return middle;
		if (nodes[middle].unit_id < unit_id)
			low = middle + 1;
		else
			high = middle - 1;
	}
	return NONE;
}

static int
compare_nodes(const void *a, const void *b)
{
	const Place *x = a;
	const Place *y = b;

	return (x->unit_id > y->unit_id) - (x->unit_id < y->unit_id);
}

/* Reads the units and sorts them; most tables are in order already. */
static void
read_units(MemoryContext context)
{
	static const char *const columns[] = {"unit_id", "parent_unit_id", "valid_from", "valid_to", NULL};
	int			size;
	bool		is_sorted = true;
	DwhTableScan scan;

	n_nodes = 0;
	dwh_scan_begin(&scan, "dwh_star", "dim_unit", columns, NULL);
	/* room for as many as there were, or more: in a new session, growing costs more than reading */
	size = Min(Max(scan.rel->rd_rel->reltuples, 0), 1000000) + 64;
	nodes = MemoryContextAllocHuge(context, size * sizeof(Place));
	while (dwh_scan_next(&scan))
	{
		Place	   *node;

		CHECK_FOR_INTERRUPTS();
		if (n_nodes == size)
		{
			size *= 2;
			nodes = repalloc_huge(nodes, size * sizeof(Place));
		}
		node = &nodes[n_nodes++];
		node->unit_id = dwh_scan_int(&scan, 0);
		node->parent_id = dwh_scan_int(&scan, 1);
		node->valid_from = dwh_scan_date(&scan, 2, DATEVAL_NOBEGIN);
		node->valid_to = dwh_scan_date(&scan, 3, DATEVAL_NOEND);
		node->first_child = node->next_sibling = node->first_edge = NONE;
		if (n_nodes > 1 && node->unit_id < node[-1].unit_id)
			is_sorted = false;
	}
	dwh_scan_end(&scan);
	if (!is_sorted)
		qsort(nodes, n_nodes, sizeof(Place), compare_nodes);
}

/* Links every unit with its parent. Neighbours mostly have the same one. */
static void
link_parents(void)
{
	int			n_roots = 0;
	int			parent = NONE;

	root = NONE;
	for (int i = n_nodes - 1; i >= 0; i--)
	{
		if (nodes[i].parent_id == 0)
		{
			root = i;
			n_roots++;
			continue;
		}
		if (parent == NONE || nodes[parent].unit_id != nodes[i].parent_id)
			parent = find_node(nodes[i].parent_id);
		if (parent == NONE)
			continue;			/* cannot be: a foreign key */
		nodes[i].next_sibling = nodes[parent].first_child;
		nodes[parent].first_child = i;
	}
	if (n_roots != 1)
		root = NONE;
}

static int
compare_successions(const void *a, const void *b)
{
	const Succession *x = a;
	const Succession *y = b;

	return (x->predecessor > y->predecessor) - (x->predecessor < y->predecessor);
}

/* Reads the successions but transfers of parts; returns their number. */
static int
read_successions(Succession **successions)
{
	static const char *const columns[] = {"predecessor_unit_id", "successor_unit_id", "kind", "effective_on", NULL};
	int			size = 256;
	int			n = 0;
	DwhTableScan scan;

	*successions = palloc(size * sizeof(Succession));
	dwh_scan_begin(&scan, "dwh_catalog", "unit_succession", columns, NULL);
	while (dwh_scan_next(&scan))
	{
		Succession *succession;

		CHECK_FOR_INTERRUPTS();
		if (dwh_scan_is(&scan, 2, "transfer"))
			continue;
		if (n == size)
		{
			size *= 2;
			*successions = repalloc_huge(*successions, size * sizeof(Succession));
		}
		succession = &(*successions)[n++];
		succession->predecessor = find_node(dwh_scan_int(&scan, 0));
		succession->successor = find_node(dwh_scan_int(&scan, 1));
		succession->is_whole = dwh_scan_is(&scan, 2, "rename") || dwh_scan_is(&scan, 2, "merge");
		succession->effective_on = dwh_scan_date(&scan, 3, DATEVAL_NOEND);
	}
	dwh_scan_end(&scan);
	qsort(*successions, n, sizeof(Succession), compare_successions);
	return n;
}

/* Links every unit with those that became it as a whole: such a predecessor has no other successor. */
static void
link_predecessors(MemoryContext context)
{
	Succession *successions;
	int			n = read_successions(&successions);
	int			n_edges = 0;

	edges = MemoryContextAllocHuge(context, (n + 1) * sizeof(Edge));
	for (int i = 0; i < n; i++)
	{
		const Succession *s = &successions[i];

		if (!s->is_whole || s->predecessor == NONE || s->successor == NONE ||
			(i > 0 && s[-1].predecessor == s->predecessor) || (i + 1 < n && s[1].predecessor == s->predecessor))
			continue;
		edges[n_edges].predecessor = s->predecessor;
		edges[n_edges].effective_on = s->effective_on;
		edges[n_edges].next = nodes[s->successor].first_edge;
		nodes[s->successor].first_edge = n_edges++;
	}
	pfree(successions);
}

/* Build function of the cache. */
static void
build_hierarchy(DwhRefCache *cache)
{
	read_units(cache->context);
	link_parents();
	link_predecessors(cache->context);
}

/* Makes sure that the hierarchy is there and up to date. */
void
dwh_hierarchy_use(void)
{
	dwh_ref_cache_use(&hierarchy_cache);
}

static bool
is_open(const Place *node, DateADT on)
{
	return node->valid_from <= on && on <= node->valid_to;
}

/* Whether the unit exists and is open on that day. */
bool
dwh_hierarchy_is_open(int unit_id, DateADT on)
{
	int			i = find_node(unit_id);

	return i != NONE && is_open(&nodes[i], on);
}

#define WORD(i) ((i) >> 6)
#define BIT(i) (UINT64CONST(1) << ((i) & 63))

/* Adds a unit to those still to be walked from, once. */
static inline void
enqueue(int i, uint64 *seen, int32 *queue, int *n)
{
	if ((seen[WORD(i)] & BIT(i)) == 0)
	{
		seen[WORD(i)] |= BIT(i);
		queue[(*n)++] = i;
	}
}

/* What the scope units (a list of unit_ids) cover on a day; dwh_hierarchy_use() came before. Unknown units cover nothing. */
void
dwh_hierarchy_cover(List *scope_units, DateADT on, DwhCoverage *coverage)
{
	int			n_words = WORD(n_nodes) + 1;
	uint64	   *seen = palloc0(n_words * sizeof(uint64));
	int32	   *queue = palloc_extended((n_nodes + 1) * sizeof(int32), MCXT_ALLOC_HUGE);
	int			n_queue = 0;
	int32	   *granted = palloc((list_length(scope_units) + 1) * sizeof(int32));	/* their indexes */
	int			n_granted = 0;
	List	   *own = NIL;
	ListCell   *lc;

	coverage->is_national = false;
	foreach(lc, scope_units)
	{
		int			i = find_node(lfirst_int(lc));

		if (i == NONE)
			continue;
		granted[n_granted++] = i;
		if (!is_open(&nodes[i], on))
			continue;
		enqueue(i, seen, queue, &n_queue);
		if (i == root)
			coverage->is_national = true;
	}
	for (int q = 0; q < n_queue; q++)
	{
		const Place *node = &nodes[queue[q]];

		for (int child = node->first_child; child != NONE; child = nodes[child].next_sibling)
			enqueue(child, seen, queue, &n_queue);
		for (int e = node->first_edge; e != NONE; e = edges[e].next)
			if (edges[e].effective_on <= on)
				enqueue(edges[e].predecessor, seen, queue, &n_queue);
	}
	/* units that are not open come last: being covered must not make them walked from */
	for (int g = 0; g < n_granted; g++)
	{
		int			i = granted[g];

		if ((seen[WORD(i)] & BIT(i)) != 0)
			continue;
		enqueue(i, seen, queue, &n_queue);
		if (nodes[i].first_child != NONE || nodes[i].first_edge != NONE)
			own = lappend_int(own, nodes[i].unit_id);
	}
	list_sort(own, list_int_cmp);
	coverage->n_own = 0;
	coverage->own_ids = palloc((list_length(own) + 1) * sizeof(int32));
	foreach(lc, own)
		coverage->own_ids[coverage->n_own++] = lfirst_int(lc);
	coverage->n = n_queue;
	coverage->unit_ids = palloc_extended((n_queue + 1) * sizeof(int32), MCXT_ALLOC_HUGE);
	n_queue = 0;
	for (int w = 0; w < n_words; w++)
		for (uint64 word = seen[w]; word != 0; word &= word - 1)
			coverage->unit_ids[n_queue++] = nodes[w * 64 + pg_rightmost_one_pos64(word)].unit_id;
	pfree(seen);
	pfree(queue);
}

/*
 * disclosure_audit.c
 *		The last gate before publication: whether a table with suppressed cells is safe, looked at without trusting how they were chosen.
 *
 * An interval is as wide as the two tables in it that are furthest apart, and the witnesses are such tables. So the gate computes every
 * cell of each witness from its leaf cells, by the definition of the table and not by that of a move, in integers, and asks: does it agree
 * with what is published in any layer, are figures that are the same in two layers still the same, is nothing negative, does the figure
 * differ by what was wanted, has each sensitive figure both witnesses. That proves a bound of the attacker's linear programs without
 * solving them.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "share/disclosure.h"

typedef struct Audit
{
	const DwhDisclosureTable *table;
	uint64		layers;			/* of the move looked at */
	int64	   *change[DWH_LAYERS_MAX]; /* of each layer and cell */
	int64	   *touched;		/* cells, some more than once */
	int64		ntouched;
	int64		room;
} Audit;

/* A parent's figure is the sum of its children's, in every dimension: raises 22023 where it is not. */
void
dwh_disclosure_check_sums(const DwhDisclosureTable *table)
{
	int64	   *sums = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(int64) * table->ncells);
	int			nodes[DWH_DIMENSIONS_MAX];

	for (int i = 0; i < table->nlayers * table->nmeasures; i++)
		for (int d = 0; d < table->ndimensions; d++)
		{
			const DwhDimension *dimension = &table->dimensions[d];
			int			m = i % table->nmeasures;
			const int64 *figures = table->layers[i / table->nmeasures].figures[m];

			memset(sums, 0, sizeof(int64) * table->ncells);
			for (int64 cell = 0; cell < table->ncells; cell++)
			{
				dwh_disclosure_coordinates(table, cell, nodes);
				if (nodes[d] > 0)
					sums[cell + (dimension->parent[nodes[d]] - nodes[d]) * dimension->stride] += figures[cell];
			}
			for (int64 cell = 0; cell < table->ncells; cell++)
			{
				dwh_disclosure_coordinates(table, cell, nodes);
				if (!dimension->is_leaf[nodes[d]] && sums[cell] != figures[cell])
					ereport(ERROR,
							(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							 errmsg("figure %d of the table is no sum along dimension %d", m + 1, d + 1),
							 errdetail("What follows from margins is known only where every total is the sum of its parts."),
							 errhint("Publish counts and sums; shares, averages and distinct counts over overlapping parts have no totals.")));
			}
			CHECK_FOR_INTERRUPTS();
		}
	pfree(sums);
}

/* Adds to every cell that holds a leaf cell. */
static void
add_above(Audit *audit, const int *leaf, int d, int64 cell, int64 amount)
{
	const DwhDimension *dimension = &audit->table->dimensions[d];

	if (d == audit->table->ndimensions)
	{
		for (int i = 0; i < audit->table->nlayers; i++)
			if (audit->layers & (UINT64CONST(1) << i))
				audit->change[i][cell] += amount;
		if (audit->ntouched == audit->room)
			audit->touched = repalloc_huge(audit->touched, sizeof(int64) * (audit->room *= 2));
		audit->touched[audit->ntouched++] = cell;
		return;
	}
	for (int node = leaf[d]; node >= 0; node = dimension->parent[node])
		add_above(audit, leaf, d + 1, cell + node * dimension->stride, amount);
}

/* Adds the leaf cells of a move: one where it has no partners, two for each partner. */
static void
add_leaves(Audit *audit, const DwhMove *move, int d, int *leaf, int64 amount)
{
	if (d == audit->table->ndimensions)
	{
		add_above(audit, leaf, 0, 0, amount);
		return;
	}
	leaf[d] = move->leaf[d];
	if (!audit->table->dimensions[d].is_leaf[leaf[d]])
		elog(ERROR, "a witness changes a cell that is none of the leaves");
	add_leaves(audit, move, d + 1, leaf, amount);
	if (move->partner[d] < 0)
		return;
	leaf[d] = move->partner[d];
	if (!audit->table->dimensions[d].is_leaf[leaf[d]])
		elog(ERROR, "a witness changes a cell that is none of the leaves");
	add_leaves(audit, move, d + 1, leaf, -amount);
}

/* Raises the refusal of the gate. */
static void
refuse(const DwhWitness *witness, const char *why)
{
	ereport(ERROR,
			(errcode(ERRCODE_INTERNAL_ERROR),
			 errmsg("the table is not published, because disclosure control failed for cell " INT64_FORMAT, witness->sensitive->cell),
			 errdetail("%s", why),
			 errhint("This is a bug. Nothing was published.")));
}

/* Asks about a cell of a witness in one layer, and whether it is as in the layers before where it was as in them. */
static void
check_cell(const Audit *audit, const DwhWitness *witness, int layer, int64 cell)
{
	const DwhDisclosureTable *table = audit->table;
	int			m = witness->sensitive->measure;
	int64		change = audit->change[layer][cell];

	for (int other = 0; other < layer; other++)
		if (change != audit->change[other][cell] && dwh_disclosure_is_same(table, m, cell, layer, other))
			refuse(witness, "A figure that is the same in two versions differs.");
	if (change != 0 && table->layers[layer].states[cell] == DWH_CELL_PUBLISHED)
		refuse(witness, "A published cell differs.");
	if (table->layers[layer].figures[m][cell] + change < 0)
		refuse(witness, "A cell is negative.");
}

static void
check_witness(Audit *audit, const DwhWitness *witness)
{
	int			nlayers = audit->table->nlayers;
	int			leaf[DWH_DIMENSIONS_MAX];

	audit->ntouched = 0;
	for (int i = 0; i < witness->nmoves; i++)
	{
		audit->layers = witness->moves[i].layers;
		add_leaves(audit, &witness->moves[i], 0, leaf, witness->moves[i].amount);
	}
	if (audit->change[witness->sensitive->layer][witness->sensitive->cell] != witness->direction * witness->amount)
		refuse(witness, "The figure does not differ by its protection level.");
	for (int64 i = 0; i < audit->ntouched * nlayers; i++)
		check_cell(audit, witness, i % nlayers, audit->touched[i / nlayers]);
	for (int64 i = 0; i < audit->ntouched * nlayers; i++)
		audit->change[i % nlayers][audit->touched[i / nlayers]] = 0;
}

/* Raises XX000 unless every sensitive figure is suppressed and has a good witness above and one below. */
void
dwh_disclosure_audit(const DwhDisclosureTable *table, const DwhSensitive *sensitive, int nsensitive, const DwhWitness *witnesses,
					 int nwitnesses)
{
	Audit		audit = {.table = table, .room = 1024};

	if (nwitnesses != 2 * nsensitive)
		elog(ERROR, "%d witnesses for %d sensitive figures", nwitnesses, nsensitive);
	for (int i = 0; i < table->nlayers; i++)
		audit.change[i] = MemoryContextAllocExtended(CurrentMemoryContext, sizeof(int64) * table->ncells, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	audit.touched = palloc(sizeof(int64) * audit.room);
	for (int i = 0; i < nsensitive; i++)
	{
		const DwhWitness *up = &witnesses[2 * i];
		const DwhWitness *down = &witnesses[2 * i + 1];

		if (up->sensitive != &sensitive[i] || down->sensitive != &sensitive[i] || up->direction != 1 || down->direction != -1 ||
			up->amount < sensitive[i].high || down->amount < sensitive[i].low)
			refuse(up, "Its witnesses are not those of its protection interval.");
		if (table->layers[sensitive[i].layer].states[sensitive[i].cell] == DWH_CELL_PUBLISHED)
			refuse(up, "It is published itself.");
		check_witness(&audit, up);
		check_witness(&audit, down);
		CHECK_FOR_INTERRUPTS();
	}
	for (int i = 0; i < table->nlayers; i++)
		pfree(audit.change[i]);
	pfree(audit.touched);
}

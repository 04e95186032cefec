/*
 * disclosure_function.c
 *		dwh_internal.suppress_cells(): disclosure control as a function of arrays; what publishes figures calls it for each period.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"

#include "share/disclosure.h"

PG_FUNCTION_INFO_V1(dwh_sql_suppress_cells);

/* What is asked of a cell, as the caller gives it. */
typedef enum AskedState
{
	ASKED_FREE,
	ASKED_PRIMARY,
	ASKED_SECONDARY				/* of an earlier layer */
} AskedState;

/* The elements of an array argument, int or bigint as the function is declared, and their number. */
static const void *
read_array(FunctionCallInfo fcinfo, int number, int *n)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(number);

	if (ARR_HASNULL(array))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("an array of a table has no NULL")));
	*n = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	return ARR_DATA_PTR(array);
}

static void
refuse(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("the table is not well formed: %s", what)));
}

/* The trees of the dimensions, and room for their cells. */
static void
make_table(DwhDisclosureTable *table, const int32 *sizes, int nsizes, const int32 *parents, int nparents)
{
	int			first = 0;

	if (nsizes < 1 || nsizes > DWH_DIMENSIONS_MAX)
		refuse("it has 1 to 8 dimensions");
	table->ndimensions = nsizes;
	table->ncells = 1;
	for (int d = nsizes - 1; d >= 0; d--)
	{
		table->dimensions[d].nodes = sizes[d];
		table->dimensions[d].stride = table->ncells;
		if (sizes[d] < 1 || sizes[d] > DWH_CELLS_MAX / table->ncells)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("the table has more than %d cells in a period", DWH_CELLS_MAX),
					 errhint("Publish fewer dimensions together.")));
		table->ncells *= sizes[d];
	}
	for (int d = 0; d < nsizes; d++)
	{
		DwhDimension *dimension = &table->dimensions[d];

		if (first + sizes[d] > nparents)
			refuse("parents are missing");
		dimension->parent = palloc(sizeof(int) * sizes[d]);
		dimension->depth = palloc0(sizeof(int) * sizes[d]);
		dimension->is_leaf = palloc(sizeof(bool) * sizes[d]);
		for (int node = 0; node < sizes[d]; node++)
		{
			int			parent = parents[first + node];

			if (node == 0 ? parent != -1 : parent < 0 || parent >= node)
				refuse("a parent stands before its children, the total first");
			dimension->parent[node] = parent;
			dimension->is_leaf[node] = true;
			if (node == 0)
				continue;
			dimension->is_leaf[parent] = false;
			dimension->depth[node] = dimension->depth[parent] + 1;
			if (dimension->depth[node] >= DWH_DEPTH_MAX)
				refuse("a dimension has 7 levels at most");
		}
		first += sizes[d];
	}
}

/* A cell is published where the dimensions in which it is no total belong to one of the tables; bit 0 is the first dimension. */
static void
hide_cells(DwhDisclosureTable *table, const int32 *tables, int ntables)
{
	int			nodes[DWH_DIMENSIONS_MAX];
	char	   *states = table->layers[0].states;

	for (int64 cell = 0; cell < table->ncells; cell++)
	{
		int32		used = 0;
		bool		is_hidden = true;

		dwh_disclosure_coordinates(table, cell, nodes);
		for (int d = 0; d < table->ndimensions; d++)
			if (nodes[d] > 0)
				used |= 1 << d;
		for (int i = 0; i < ntables && is_hidden; i++)
			is_hidden = (used & ~tables[i]) != 0;
		states[cell] = is_hidden ? DWH_CELL_HIDDEN : DWH_CELL_PUBLISHED;
	}
	for (int i = 1; i < table->nlayers; i++)
		memcpy(table->layers[i].states, states, table->ncells);
}

static void *
allocate(int64 n, Size size)
{
	return MemoryContextAllocExtended(CurrentMemoryContext, n * size, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
}

/* Room for the cells of every layer. */
static void
make_layers(DwhDisclosureTable *table, const int32 *numbers, int n)
{
	table->nlayers = 1;
	for (int i = 0; i < n; i++)
	{
		if (numbers[i] < 0 || numbers[i] >= DWH_LAYERS_MAX)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("a period was published with other figures %d times", numbers[i]),
					 errdetail("What was left out is protected against %d of them together.", DWH_LAYERS_MAX - 1),
					 errhint("Leave the figures of the period as they were published.")));
		table->nlayers = Max(table->nlayers, numbers[i] + 1);
	}
	for (int i = 0; i < table->nlayers; i++)
	{
		DwhLayer   *layer = &table->layers[i];

		layer->counts = allocate(table->ncells, sizeof(int64));
		layer->states = allocate(table->ncells, 1);
		layer->figures = palloc(sizeof(int64 *) * table->nmeasures);
		for (int m = 0; m < table->nmeasures; m++)
			layer->figures[m] = allocate(table->ncells, sizeof(int64));
	}
}

/* What was left out stays out as long as one of its figures is the same. */
static void
keep_suppressed(DwhDisclosureTable *table)
{
	char	   *states = table->layers[0].states;

	for (int i = 1; i < table->nlayers; i++)
		for (int64 cell = 0; cell < table->ncells; cell++)
			if (states[cell] == DWH_CELL_PUBLISHED && table->layers[i].states[cell] != DWH_CELL_PUBLISHED)
				for (int m = 0; m < table->nmeasures; m++)
					if (dwh_disclosure_is_same(table, m, cell, 0, i))
						states[cell] = DWH_CELL_EARLIER;
}

/* Whether an earlier layer has published a figure, which nothing can protect any more. */
static bool
is_known(const DwhDisclosureTable *table, const DwhSensitive *sensitive)
{
	for (int i = 1; i < table->nlayers; i++)
		if (table->layers[i].states[sensitive->cell] == DWH_CELL_PUBLISHED &&
			dwh_disclosure_is_same(table, sensitive->measure, sensitive->cell, sensitive->layer, i))
			return true;
	return false;
}

/*
 * suppress_cells(sizes, parents, tables, coordinates, counts, figures, low, high, asked, layers): what becomes of each cell that is given (0
 * published, 1 primary, 2 complementary, 3 hidden, 4 left out earlier and therefore still). Nodes are numbered within their dimension; a
 * cell has a node for each dimension and a figure, low and high for each measure. Cells that are not given are empty. Layer 0 is to be
 * published, the others were; no layers: all is layer 0. Raises 22023 for whatever is no table of sums, 55000 where what was left out
 * earlier would follow.
 */
Datum
dwh_sql_suppress_cells(PG_FUNCTION_ARGS)
{
	DwhDisclosureTable table = {0};
	DwhSensitive *sensitive;
	DwhWitness *witnesses;
	int			nsensitive = 0;
	int			nwitnesses;
	int			ngiven = 0;
	int			nsizes, nparents, ntables, ncoordinates, ncounts, nfigures, nlow, nhigh, nasked, nnumbers;
	const int32 *sizes = read_array(fcinfo, 0, &nsizes);
	const int32 *parents = read_array(fcinfo, 1, &nparents);
	const int32 *tables = read_array(fcinfo, 2, &ntables);
	const int32 *coordinates = read_array(fcinfo, 3, &ncoordinates);
	const int64 *counts = read_array(fcinfo, 4, &ncounts);
	const int64 *figures = read_array(fcinfo, 5, &nfigures);
	const int64 *low = read_array(fcinfo, 6, &nlow);
	const int64 *high = read_array(fcinfo, 7, &nhigh);
	const int32 *asked = read_array(fcinfo, 8, &nasked);
	const int32 *numbers = read_array(fcinfo, 9, &nnumbers);
	int64	   *cells;
	Datum	   *result;

	make_table(&table, sizes, nsizes, parents, nparents);
	if (ncounts == 0)
		PG_RETURN_ARRAYTYPE_P(construct_empty_array(INT4OID));
	table.nmeasures = nfigures / ncounts;
	if (table.nmeasures < 1 || nfigures != ncounts * table.nmeasures || ncoordinates != ncounts * nsizes || nlow != nfigures ||
		nhigh != nfigures || nasked != ncounts || (nnumbers != 0 && nnumbers != ncounts))
		refuse("the arrays do not belong together");

	make_layers(&table, numbers, nnumbers);
	table.weights = allocate(table.ncells, sizeof(double));
	hide_cells(&table, tables, ntables);
	cells = palloc(sizeof(int64) * ncounts);
	sensitive = palloc(sizeof(DwhSensitive) * nfigures);
	for (int i = 0; i < ncounts; i++)
	{
		int64		cell = 0;
		int			number = nnumbers > 0 ? numbers[i] : 0;
		DwhLayer   *layer = &table.layers[number];

		for (int d = 0; d < nsizes; d++)
		{
			int32		node = coordinates[i * nsizes + d];

			if (node < 0 || node >= sizes[d])
				refuse("a cell has a node that does not exist");
			cell += node * table.dimensions[d].stride;
		}
		if (counts[i] < 1 || counts[i] > DWH_FIGURE_MAX || layer->counts[cell] > 0)
			refuse("a cell is given once, with a positive count");
		cells[i] = cell;
		layer->counts[cell] = counts[i];
		if (number == 0)
			table.weights[cell] = counts[i];
		if (layer->states[cell] == DWH_CELL_PUBLISHED && asked[i] == ASKED_PRIMARY)
			layer->states[cell] = DWH_CELL_PRIMARY;
		else if (layer->states[cell] == DWH_CELL_PUBLISHED && asked[i] == ASKED_SECONDARY && number > 0)
			layer->states[cell] = DWH_CELL_SECONDARY;
		for (int m = 0; m < table.nmeasures; m++)
		{
			int			k = i * table.nmeasures + m;

			if (figures[k] < 0 || figures[k] > DWH_FIGURE_MAX || low[k] < 0 || low[k] > figures[k] || high[k] < 0 || high[k] > DWH_FIGURE_MAX)
				refuse("figures and their intervals are from 0 to 2^58");
			layer->figures[m][cell] = figures[k];
			if (asked[i] == ASKED_PRIMARY)
				sensitive[ngiven++] = (DwhSensitive) {.layer = number, .cell = cell, .measure = m, .low = low[k], .high = high[k]};
		}
	}
	dwh_disclosure_check_sums(&table);
	keep_suppressed(&table);
	for (int i = 0; i < ngiven; i++)
		if (!is_known(&table, &sensitive[i]))
			sensitive[nsensitive++] = sensitive[i];
	nwitnesses = dwh_disclosure_protect(&table, sensitive, nsensitive, &witnesses);
	dwh_disclosure_audit(&table, sensitive, nsensitive, witnesses, nwitnesses);

	result = palloc(sizeof(Datum) * ncounts);
	for (int i = 0; i < ncounts; i++)
		result[i] = Int32GetDatum(table.layers[nnumbers > 0 ? numbers[i] : 0].states[cells[i]]);
	PG_RETURN_ARRAYTYPE_P(construct_array(result, ncounts, INT4OID, sizeof(int32), true, TYPALIGN_INT));
}

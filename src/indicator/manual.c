/*
 * manual.c
 *		Answers requests from figures entered by people (fact_manual): outside series and plans.
 *
 * The figure entered for the asked unit wins; otherwise those of the units that were merged into it by the day of the map are added;
 * otherwise those of all units below it. Never two of these at once. Units of which nothing is known lower the completeness. Of several
 * figures for one period the better kind counts (settlement before actual before estimate ...), of equals the one entered last.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"

#include "common/spi.h"
#include "indicator/indicator.h"

typedef struct Figure
{
	char	   *period_type;
	DateADT		period_start;
	DateADT		known_on;		/* the day it speaks of: as_of of a point, first day of the period otherwise */
	Datum		value;
} Figure;

typedef struct FigureKey
{
	int			unit_id;
	int			dims;
} FigureKey;

typedef struct FigureList
{
	FigureKey	key;
	List	   *figures;		/* of Figure, best first among those of one day */
} FigureList;

typedef struct Total
{
	bool		found;
	Datum		value;
	float8		completeness;
} Total;

/* Whether an expression names a dimension. */
static bool
mentions(const DwhNode *node, const char *name)
{
	ListCell   *lc;

	if (node->kind == DWH_NODE_PATH && strcmp(linitial(node->path), name) == 0)
		return true;
	foreach(lc, node->args)
		if (mentions(lfirst(lc), name))
			return true;
	return false;
}

/* Where a dimension of the subject stands in the question: asked for, filtered on, or neither. */
static bool
is_asked(DwhEvaluation *ev, const DwhRequest *request, const char *dimension)
{
	ListCell   *lc;

	foreach(lc, ev->family->dimensions)
		if (strcmp(lfirst(lc), dimension) == 0)
			return true;
	foreach(lc, ev->family->filters)
		if (strcmp(((DwhDimensionFilter *) lfirst(lc))->dimension, dimension) == 0)
			return true;
	foreach(lc, request->conditions)
		if (mentions(lfirst(lc), dimension))
			return true;
	return false;
}

/* The current figures of a request, best first: a row with sex, age group ... counts only where that is asked for. */
static char *
figures_sql(DwhEvaluation *ev, const DwhRequest *request, DwhParameters *parameters)
{
	DwhMeasure *measure = request->measure;
	DwhRowScope scope = dwh_subject_rows(measure->subject, NULL);
	StringInfoData columns;
	StringInfoData where;
	ListCell   *lc;

	initStringInfo(&columns);
	initStringInfo(&where);

	foreach(lc, ev->family->dimensions)
		appendStringInfo(&columns, ", %s", dwh_dimension_sql(&scope, measure, lfirst(lc)));
	if (measure->filter)
		appendStringInfo(&where, " AND %s",
						 dwh_row_compile_condition(&scope, measure->filter,
												   psprintf("filter of measure %s", measure->code)));
	foreach(lc, request->conditions)
		appendStringInfo(&where, " AND %s",
						 dwh_row_compile_condition(&scope, dwh_formula_deparse(lfirst(lc)),
												   psprintf("filter of [%s]", measure->code)));
	foreach(lc, ev->family->filters)
	{
		DwhDimensionFilter *filter = lfirst(lc);

		appendStringInfo(&where, " AND %s = ANY ($%d)", dwh_dimension_sql(&scope, measure, filter->dimension),
						 dwh_parameter_add(parameters, TEXTARRAYOID, filter->values));
	}
	foreach(lc, measure->subject->dimensions)
	{
		DwhSubjectDimension *dimension = lfirst(lc);

		appendStringInfo(&where, " AND %s IS %sNULL", dwh_dimension_sql(&scope, measure, dimension->code),
						 is_asked(ev, request, dimension->code) ? "NOT " : "");
	}

	return psprintf("SELECT f.unit_id, f.period_type, f.period_start,"
					" CASE WHEN f.period_type IN ('point', 'ytd') THEN f.as_of ELSE f.period_start END AS known_on, f.value%s"
					" FROM dwh_star.fact_manual f%s WHERE f.is_current%s"
					" ORDER BY known_on DESC, array_position(ARRAY['settlement', 'actual', 'estimate', 'rounded', 'implied',"
					" 'preliminary', 'plan'], f.kind), f.manual_id DESC",
					columns.data, dwh_row_joins_sql(&scope), where.data);
}

/* The figure of one unit that holds for the frame, or NULL. */
static Figure *
own_figure(HTAB *table, const DwhMeasure *measure, int unit_id, int dims, const DwhFrame *frame)
{
	const char *type = dwh_period_type_name(frame->type);
	FigureKey	key;
	FigureList *list;
	Figure	   *latest = NULL;
	Figure	   *of_year = NULL;
	Figure	   *of_period = NULL;
	ListCell   *lc;

	memset(&key, 0, sizeof(key));
	key.unit_id = unit_id;
	key.dims = dims;
	list = hash_search(table, &key, HASH_FIND, NULL);
	if (list == NULL)
		return NULL;
	foreach(lc, list->figures)
	{
		Figure	   *figure = lfirst(lc);

		if (of_period == NULL && strcmp(figure->period_type, type) == 0 && figure->period_start == frame->first &&
			(frame->type != DWH_PERIOD_YTD || dwh_month_start(figure->known_on) == frame->last))
			of_period = figure;
		if (of_year == NULL && strcmp(figure->period_type, "year") == 0 &&
			figure->period_start == dwh_frame_ytd(frame).first)
			of_year = figure;
		if (latest == NULL && figure->known_on <= dwh_month_end(frame->last))
			latest = figure;
	}
	if (strcmp(measure->behaviour, "exact") == 0)
		return of_year ? of_year : of_period;
	return of_period ? of_period : latest;
}

static void
add_total(Total *total, const Total *part)
{
	if (!part->found)
		return;
	total->value = total->found ? DirectFunctionCall2(numeric_add, total->value, part->value) : part->value;
	total->found = true;
}

/* The figure of a unit on the map of the frame: its own, else of those merged into it, else of those below it. */
static Total
resolve(DwhEvaluation *ev, HTAB *table, const DwhMeasure *measure, DwhUnitInfo *unit, int dims, const DwhFrame *frame)
{
	Figure	   *own = own_figure(table, measure, unit->unit_id, dims, frame);
	Total		total = {0};
	float8		found = 0;
	int			expected = 0;
	ListCell   *lc;

	if (own)
	{
		total.found = true;
		total.value = own->value;
		total.completeness = 1;
		return total;
	}
	CHECK_FOR_INTERRUPTS();
	foreach(lc, unit->predecessors)
	{
		DwhPredecessor *predecessor = lfirst(lc);
		Total		part;

		/* on the map of the frame it may still stand for itself */
		if (predecessor->effective_on > frame->map_on || predecessor->unit->valid_to >= frame->map_on)
			continue;
		part = resolve(ev, table, measure, predecessor->unit, dims, frame);
		add_total(&total, &part);
		expected++;
		found += part.completeness;
	}
	if (!total.found && unit->level < DWH_UNIT_DIVISION)
	{
		expected = 0;
		found = 0;
		/* of a unit that was merged into another since, those it had at its end */
		foreach(lc, dwh_unit_children(ev->family->units, unit, Min(frame->map_on, unit->valid_to)))
		{
			DwhUnitInfo *child = lfirst(lc);
			Total		part = resolve(ev, table, measure, child, dims, frame);

			add_total(&total, &part);
			found += part.completeness;
			/* outside series know no defence and police offices: they add where given and are not missed */
			if (part.found || child->level == DWH_UNIT_PROVINCE || child->level >= DWH_UNIT_DIVISION)
				expected++;
		}
	}
	total.completeness = expected > 0 ? found / expected : 0;
	return total;
}

/* Reads the figures of a request into a table by unit and dimension values; dims_seen receives the sets of values met. */
static HTAB *
load_figures(DwhStatement *statement, Bitmapset **dims_seen)
{
	DwhEvaluation *ev = statement->ev;
	HASHCTL		ctl = {0};
	HTAB	   *table;
	uint64		n;

	ctl.keysize = sizeof(FigureKey);
	ctl.entrysize = sizeof(FigureList);
	ctl.hcxt = CurrentMemoryContext;
	table = hash_create("dwh manual figures", 256, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	n = dwh_spi_select(statement->sql, statement->parameters.n, statement->parameters.types, statement->parameters.values, NULL, true);
	for (uint64 i = 0; i < n; i++)
	{
		Figure	   *figure = palloc0(sizeof(Figure));
		FigureKey	key;
		FigureList *list;
		List	   *dims = NIL;
		bool		is_null;
		bool		found;

		for (int d = 0; d < list_length(ev->family->dimensions); d++)
			dims = lappend(dims, dwh_spi_text(i, 6 + d));
		memset(&key, 0, sizeof(key));
		key.unit_id = dwh_spi_int(i, 1);
		key.dims = dwh_dim_set_index(ev, dims);
		*dims_seen = bms_add_member(*dims_seen, key.dims);
		figure->period_type = dwh_spi_text(i, 2);
		figure->period_start = dwh_spi_date(i, 3);
		figure->known_on = dwh_spi_date(i, 4);
		figure->value = datumCopy(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 5, &is_null), false, -1);
		list = hash_search(table, &key, HASH_ENTER, &found);
		if (!found)
			list->figures = NIL;
		list->figures = lappend(list->figures, figure);
	}
	return table;
}

/* The statements that read the figures of the requests, all of fact_manual: one each. */
List *
dwh_manual_plan(DwhEvaluation *ev, List *requests)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, requests)
	{
		DwhRequest *request = lfirst(lc);
		DwhStatement *statement = palloc0(sizeof(DwhStatement));

		dwh_source_choose(ev->family, list_make1(request), DATEVAL_NOBEGIN, DATEVAL_NOEND);
		statement->ev = ev;
		statement->subject = request->measure->subject;
		statement->source = request->source;
		statement->requests = list_make1(request);
		statement->frames = request->frames;
		statement->sql = figures_sql(ev, request, &statement->parameters);
		result = lappend(result, statement);
	}
	return result;
}

/* Answers a request of fact_manual, for every unit at the level, frame and set of dimension values met. */
void
dwh_manual_run(DwhStatement *statement)
{
	DwhEvaluation *ev = statement->ev;
	DwhRequest *request = linitial(statement->requests);
	Bitmapset  *dims_seen = NULL;
	HTAB	   *table = load_figures(statement, &dims_seen);
	int			f = -1;

	while ((f = bms_next_member(request->frames, f)) >= 0)
	{
		List	   *units = dwh_units_at(ev->family->units, ev->level, ev->frames[f].map_on);
		ListCell   *u;

		foreach(u, units)
		{
			DwhUnitInfo *unit = lfirst(u);
			int			dims = -1;

			while ((dims = bms_next_member(dims_seen, dims)) >= 0)
			{
				Total		total = resolve(ev, table, request->measure, unit, dims, &ev->frames[f]);
				DwhCellKey	key;
				DwhCellValue *value;

				if (!total.found)
					continue;
				memset(&key, 0, sizeof(key));
				key.frame = f;
				key.unit_id = unit->unit_id;
				key.dims = dims;
				value = &dwh_cell_enter(ev, &key)->values[request->index];
				value->is_set = true;
				value->value = total.value;
				value->completeness = total.completeness;
			}
		}
	}
}

/*
 * manual.c
 *		Answers requests from figures entered by people (fact_manual): outside series and plans.
 *
 * The figure entered for the asked unit wins; otherwise those of the units that were merged into it by the day of the map are added;
 * otherwise those of all units below it. Never two of these at once. Units of which nothing is known lower the completeness. Of several
 * figures for one period the better kind counts (settlement before actual before estimate ...), of equals the one entered last.
 *
 * All of that happens within a part: the figures with the same values of every dimension that the question asks for, filters or names
 * in a condition. What the answer does not tell apart is added up, part by part.
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
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
	int			part;
} FigureKey;

typedef struct FigureList
{
	FigureKey	key;
	List	   *figures;		/* of Figure, best first among those of one day */
} FigureList;

/* The figures of a request. */
typedef struct FigureTable
{
	HTAB	   *lists;			/* of FigureList */
	DwhEvaluation *parts;		/* whose dim_sets number the parts; nothing else of it is used */
	HTAB	   *groups;			/* of PartGroup */
	int			expected;		/* parts that a filter asks for in each of them */
} FigureTable;

/* The parts that have the same values of the dimensions asked for. */
typedef struct PartGroup
{
	int			dims;			/* key */
	Bitmapset  *parts;
} PartGroup;

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

/* Whether an answer tells the values of a dimension apart. */
static bool
is_given_by(DwhEvaluation *ev, const char *dimension)
{
	ListCell   *lc;

	foreach(lc, ev->family->dimensions)
		if (strcmp(lfirst(lc), dimension) == 0)
			return true;
	return false;
}

/* The different values that a filter asks for, null left out. */
static int
filter_width(const DwhDimensionFilter *filter)
{
	ArrayType  *array = DatumGetArrayTypeP(filter->values);
	Datum	   *elems;
	bool	   *nulls;
	int			n;
	int			width = 0;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &elems, &nulls, &n);
	for (int i = 0; i < n; i++)
	{
		bool		is_new = !nulls[i];

		for (int j = 0; j < i && is_new; j++)
			is_new = nulls[j] || !DatumGetBool(DirectFunctionCall2Coll(texteq, DEFAULT_COLLATION_OID, elems[i], elems[j]));
		width += is_new;
	}
	return width;
}

/* Where a dimension of the subject stands in the question: asked for, filtered on by values, named in a condition, or none of it. */
static bool
is_asked(DwhEvaluation *ev, const DwhRequest *request, const char *dimension)
{
	ListCell   *lc;

	if (is_given_by(ev, dimension))
		return true;
	foreach(lc, ev->family->filters)
		if (strcmp(((DwhDimensionFilter *) lfirst(lc))->dimension, dimension) == 0 && filter_width(lfirst(lc)) > 0)
			return true;
	foreach(lc, request->conditions)
		if (mentions(lfirst(lc), dimension))
			return true;
	return false;
}

/* The condition of a filter. Raises 22023 for null among values: a figure without a value is the total of all of them. */
static void
append_filter(StringInfo where, DwhRowScope *scope, DwhMeasure *measure, const DwhDimensionFilter *filter, DwhParameters *parameters)
{
	char	   *dimension = dwh_dimension_sql(scope, measure, filter->dimension);

	if (filter->has_null && filter_width(filter) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("p_filter cannot ask measure \"%s\" for null and values of \"%s\" together", measure->code, filter->dimension),
				 errdetail("A figure entered by people without a value of it is the total of all values."),
				 errhint("Ask for null, or for values.")));
	if (!filter->has_null)
		appendStringInfo(where, " AND %s = ANY ($%d)", dimension, dwh_parameter_add(parameters, TEXTARRAYOID, filter->values));
}

/*
 * The current figures of a request, best first: a row with sex, age group ... counts only where that is asked for. The dimensions that
 * are given stand first among the columns, then the others that are asked for.
 */
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
	foreach(lc, measure->subject->dimensions)
	{
		const char *code = ((DwhSubjectDimension *) lfirst(lc))->code;

		if (is_asked(ev, request, code) && !is_given_by(ev, code))
			appendStringInfo(&columns, ", %s", dwh_dimension_sql(&scope, measure, code));
	}
	if (measure->filter)
		appendStringInfo(&where, " AND %s",
						 dwh_row_compile_condition(&scope, measure->filter,
												   psprintf("filter of measure %s", measure->code)));
	foreach(lc, request->conditions)
		appendStringInfo(&where, " AND %s",
						 dwh_row_compile_condition(&scope, dwh_formula_deparse(lfirst(lc)),
												   psprintf("filter of [%s]", measure->code)));
	foreach(lc, ev->family->filters)
		append_filter(&where, &scope, measure, lfirst(lc), parameters);
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
own_figure(const FigureTable *table, const DwhMeasure *measure, int unit_id, int part, const DwhFrame *frame)
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
	key.part = part;
	list = hash_search(table->lists, &key, HASH_FIND, NULL);
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

/* The figure of a unit in a part on the map of the frame: its own, else of those merged into it, else of those below it. */
static Total
resolve(DwhEvaluation *ev, const FigureTable *table, const DwhMeasure *measure, DwhUnitInfo *unit, int number, const DwhFrame *frame)
{
	Figure	   *own = own_figure(table, measure, unit->unit_id, number, frame);
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
		part = resolve(ev, table, measure, predecessor->unit, number, frame);
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
			Total		part = resolve(ev, table, measure, child, number, frame);

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

/* How many parts the filters ask for in a combination of the dimensions that are given. */
static int
filtered_parts(DwhEvaluation *ev)
{
	int			n = 1;
	ListCell   *lc;

	foreach(lc, ev->family->filters)
		if (!is_given_by(ev, ((DwhDimensionFilter *) lfirst(lc))->dimension))
			n *= Max(1, filter_width(lfirst(lc)));
	return n;
}

/* The number of the part of a row of the statement, noted with the dimensions that are given. */
static int
part_of_row(DwhEvaluation *ev, FigureTable *table, uint64 row)
{
	List	   *values = NIL;
	PartGroup  *group;
	bool		found;
	int			dims;
	int			part;

	for (int column = 6; column <= SPI_tuptable->tupdesc->natts; column++)
		values = lappend(values, dwh_spi_text(row, column));
	part = dwh_dim_set_index(table->parts, values);
	dims = dwh_dim_set_index(ev, list_truncate(list_copy(values), list_length(ev->family->dimensions)));
	group = hash_search(table->groups, &dims, HASH_ENTER, &found);
	if (!found)
		group->parts = NULL;
	group->parts = bms_add_member(group->parts, part);
	return part;
}

static HTAB *
make_hash(Size key_size, Size entry_size)
{
	HASHCTL		ctl = {0};

	ctl.keysize = key_size;
	ctl.entrysize = entry_size;
	ctl.hcxt = CurrentMemoryContext;
	return hash_create("dwh manual figures", 256, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/* Reads the figures of a request by unit and part. */
static FigureTable *
load_figures(DwhStatement *statement)
{
	FigureTable *table = palloc0(sizeof(FigureTable));
	uint64		n;

	table->lists = make_hash(sizeof(FigureKey), sizeof(FigureList));
	table->groups = make_hash(sizeof(int), sizeof(PartGroup));
	table->parts = palloc0(sizeof(DwhEvaluation));
	table->expected = filtered_parts(statement->ev);
	n = dwh_spi_select(statement->sql, statement->parameters.n, statement->parameters.types, statement->parameters.values, NULL, true);
	for (uint64 i = 0; i < n; i++)
	{
		Figure	   *figure = palloc0(sizeof(Figure));
		FigureKey	key;
		FigureList *list;
		bool		is_null;
		bool		found;

		memset(&key, 0, sizeof(key));
		key.unit_id = dwh_spi_int(i, 1);
		key.part = part_of_row(statement->ev, table, i);
		figure->period_type = dwh_spi_text(i, 2);
		figure->period_start = dwh_spi_date(i, 3);
		figure->known_on = dwh_spi_date(i, 4);
		figure->value = datumCopy(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 5, &is_null), false, -1);
		list = hash_search(table->lists, &key, HASH_ENTER, &found);
		if (!found)
			list->figures = NIL;
		list->figures = lappend(list->figures, figure);
	}
	return table;
}

/* The figure of a unit in all parts of a group; parts of which nothing is known lower the completeness. */
static Total
resolve_group(DwhEvaluation *ev, const FigureTable *table, const DwhMeasure *measure, DwhUnitInfo *unit, const PartGroup *group, const DwhFrame *frame)
{
	Total		total = {0};
	float8		found = 0;
	int			part = -1;

	while ((part = bms_next_member(group->parts, part)) >= 0)
	{
		Total		of_part = resolve(ev, table, measure, unit, part, frame);

		add_total(&total, &of_part);
		found += of_part.completeness;
	}
	total.completeness = found / Max(table->expected, bms_num_members(group->parts));
	return total;
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

		dwh_source_choose(ev, list_make1(request), DATEVAL_NOBEGIN, DATEVAL_NOEND);
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
	FigureTable *table = load_figures(statement);
	int			f = -1;

	while ((f = bms_next_member(request->frames, f)) >= 0)
	{
		List	   *units = dwh_units_at(ev->family->units, ev->level, ev->frames[f].map_on);
		ListCell   *u;

		foreach(u, units)
		{
			DwhUnitInfo *unit = lfirst(u);
			HASH_SEQ_STATUS scan;
			PartGroup  *group;

			hash_seq_init(&scan, table->groups);
			while ((group = hash_seq_search(&scan)) != NULL)
			{
				Total		total = resolve_group(ev, table, request->measure, unit, group, &ev->frames[f]);
				DwhCellKey	key;
				DwhCellValue *value;

				if (!total.found)
					continue;
				memset(&key, 0, sizeof(key));
				key.frame = f;
				key.unit_id = unit->unit_id;
				key.dims = group->dims;
				value = &dwh_cell_enter(ev, &key)->values[request->index];
				value->is_set = true;
				value->value = total.value;
				value->completeness = total.completeness;
			}
		}
	}
}

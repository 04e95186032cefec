/*
 * scan.c
 *		Answers requests from facts: one statement for all requests of a subject that share unit column and kind of scan.
 *
 * The statement joins the fact with the months of all frames, so that any number of periods, also overlapping ones
 * (year-to-date), costs one pass. What a group has no row of is told apart by presence: which months of which units have
 * rows at all. A unit that reports and has nothing to count answers 0; a unit that does not report is missing.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"

#include "common/errors.h"
#include "common/spi.h"
#include "indicator/indicator.h"

/* Months before a frame's end in which a unit must have reported to be expected in the frame. */
#define EXPECTED_MONTHS 12

/* Adds a parameter and gives its number. */
int
dwh_parameter_add(DwhParameters *parameters, Oid type, Datum value)
{
	if (parameters->n == lengthof(parameters->types))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many conditions in p_filter")));
	parameters->types[parameters->n] = type;
	parameters->values[parameters->n] = value;
	return ++parameters->n;
}

/* ------------------------------------------------------------------ cells */

typedef struct DimSetBucket
{
	uint32		hash;			/* key */
	List	   *indexes;		/* of int: the sets of that hash */
} DimSetBucket;

static uint32
dim_set_hash(List *values)
{
	uint32		hash = 0;
	ListCell   *lc;

	foreach(lc, values)
		hash = hash_combine(hash, lfirst(lc) ? hash_bytes(lfirst(lc), strlen(lfirst(lc))) : 1);
	return hash;
}

static bool
dim_set_equal(List *a, List *b)
{
	ListCell   *x;
	ListCell   *y;

	forboth(x, a, y, b)
	{
		if ((lfirst(x) == NULL) != (lfirst(y) == NULL) || (lfirst(x) && strcmp(lfirst(x), lfirst(y)) != 0))
			return false;
	}
	return true;
}

/* The number of a set of dimension values; -1 where it was never met. */
int
dwh_dim_set_find(DwhEvaluation *ev, List *values)
{
	uint32		hash = dim_set_hash(values);
	DimSetBucket *bucket = ev->dim_index ? hash_search(ev->dim_index, &hash, HASH_FIND, NULL) : NULL;
	ListCell   *lc;

	if (values == NIL)
		return 0;				/* without dimensions there is one set, made with the evaluation */
	if (bucket)
		foreach(lc, bucket->indexes)
			if (dim_set_equal(list_nth(ev->dim_sets, lfirst_int(lc)), values))
				return lfirst_int(lc);
	return -1;
}

/* The number of a set of dimension values, added when new; equal sets have equal numbers. */
int
dwh_dim_set_index(DwhEvaluation *ev, List *values)
{
	int			index = dwh_dim_set_find(ev, values);
	uint32		hash = dim_set_hash(values);
	DimSetBucket *bucket;
	bool		found;

	if (index >= 0)
		return index;
	if (ev->dim_index == NULL)
	{
		HASHCTL		ctl = {0};

		ctl.keysize = sizeof(uint32);
		ctl.entrysize = sizeof(DimSetBucket);
		ctl.hcxt = CurrentMemoryContext;
		ev->dim_index = hash_create("dwh dimension values", 256, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	bucket = hash_search(ev->dim_index, &hash, HASH_ENTER, &found);
	if (!found)
		bucket->indexes = NIL;
	ev->dim_sets = lappend(ev->dim_sets, values);
	bucket->indexes = lappend_int(bucket->indexes, list_length(ev->dim_sets) - 1);
	return list_length(ev->dim_sets) - 1;
}

/* The cell of that key, made when new. */
DwhCell *
dwh_cell_enter(DwhEvaluation *ev, const DwhCellKey *key)
{
	bool		found;
	DwhCell    *cell = hash_search(ev->cells, key, HASH_ENTER, &found);

	if (!found)
		cell->values = palloc0(Max(1, list_length(ev->requests)) * sizeof(DwhCellValue));
	return cell;
}

/* ------------------------------------------------------------------ presence */

static DwhPresenceMap *
presence_map(DwhEvaluation *ev, DwhSubject *subject, const char *unit_column)
{
	ListCell   *lc;

	foreach(lc, ev->presence)
	{
		DwhPresenceMap *map = lfirst(lc);

		if (map->subject == subject && strcmp(map->unit_column, unit_column) == 0)
			return map;
	}
	return NULL;
}

/* The presence in the cell's unit and frame, or NULL where no unit below it was expected. */
DwhPresence *
dwh_presence_find(DwhEvaluation *ev, const DwhRequest *request, const DwhCellKey *key)
{
	DwhPresenceMap *map = presence_map(ev, request->measure->subject, request->measure->unit_column);
	DwhPresenceKey presence_key;

	if (map == NULL)
		return NULL;
	memset(&presence_key, 0, sizeof(presence_key));
	presence_key.frame = key->frame;
	presence_key.unit_id = key->unit_id;
	presence_key.is_split = key->is_split;
	return hash_search(map->cells, &presence_key, HASH_FIND, NULL);
}

/*
 * The unit that rows of a unit count for in a frame, 0 where none does, as unit_sql() says it in SQL; is_split where the row stands
 * there for want of a unit on that map.
 */
static int
target_unit(DwhEvaluation *ev, int unit_id, const DwhFrame *frame, bool *is_split)
{
	int			result = dwh_unit_at_level(unit_id, frame->map_on, ev->level);

	*is_split = false;
	if (result != 0 || ev->level == DWH_MAP_COUNTRY)
		return result;
	result = dwh_unit_at_level(unit_id, frame->map_on, DWH_MAP_PROVINCE);
	if (result != 0 && ev->level == DWH_MAP_REGION)
		return 0;				/* lies in no region */
	*is_split = true;
	return result != 0 ? result : dwh_unit_ancestor(unit_id, DWH_UNIT_PROVINCE);
}

/*
 * Adds the condition that keeps the rows of units that count for one the question names. Not where formulas look at another
 * level: parent() and national() need all units there, and what is read once for all levels stays whole.
 */
static void
append_units(StringInfo sql, DwhEvaluation *ev, const char *unit_column, Bitmapset *frames, DwhParameters *parameters)
{
	DwhFamily  *family = ev->family;
	Datum	   *elems = palloc(family->units->n * sizeof(Datum));
	int			n = 0;

	if (family->names_unit == NULL || ev->level < DWH_MAP_PROVINCE)
		return;
	for (int i = 0; i < DWH_MAP_LEVELS; i++)
		if (family->at_level[i] && family->at_level[i] != ev)
			return;
	for (int u = 0; u < family->units->n; u++)
	{
		int			unit_id = family->units->units[u].unit_id;
		int			i = -1;
		bool		ignored;

		while ((i = bms_next_member(frames, i)) >= 0)
		{
			int			target = target_unit(ev, unit_id, &ev->frames[i], &ignored);

			if (target == 0 || !family->names_unit(family->names_unit_arg, target, ev->frames[i].map_on))
				continue;
			elems[n++] = Int32GetDatum(unit_id);
			break;
		}
	}
	appendStringInfo(sql, " AND f.%s = ANY ($%d)", quote_identifier(unit_column),
					 dwh_parameter_add(parameters, INT4ARRAYOID, dwh_array(elems, n, INT4OID)));
}

/*
 * Adds the condition that leaves out rows of units that are none, as a table without a foreign key may have. Where the presence has
 * been read it names them, if there are any; a running sum has no presence.
 */
static void
append_known(StringInfo sql, DwhEvaluation *ev, const DwhMeasure *measure, const char *unit_column, DwhScanKind kind, DwhParameters *parameters)
{
	DwhPresenceMap *map = presence_map(ev, measure->subject, measure->unit_column);
	Datum	   *elems;
	ListCell   *lc;

	if (kind == DWH_SCAN_RUNNING)
		appendStringInfo(sql, " AND f.%s = ANY ($%d)", quote_identifier(unit_column),
						 dwh_parameter_add(parameters, INT4ARRAYOID, dwh_unit_ids(ev->family->units)));
	if (kind == DWH_SCAN_RUNNING || map == NULL || map->unknown == NIL)
		return;
	elems = palloc(list_length(map->unknown) * sizeof(Datum));
	foreach(lc, map->unknown)
		elems[foreach_current_index(lc)] = Int32GetDatum(lfirst_int(lc));
	appendStringInfo(sql, " AND f.%s <> ALL ($%d)", quote_identifier(unit_column),
					 dwh_parameter_add(parameters, INT4ARRAYOID, dwh_array(elems, list_length(map->unknown), INT4OID)));
}

/* The months of one frame as numbers, counted from some month. */
typedef struct FrameMonths
{
	int			expected_from;	/* rows from here on have a unit expected in the frame */
	int			first;
	int			last;
} FrameMonths;

/* The months of all frames, counted from "base". */
static FrameMonths *
number_months(DwhEvaluation *ev, DateADT base)
{
	FrameMonths *result = palloc(Max(1, ev->nframes) * sizeof(FrameMonths));

	for (int i = 0; i < ev->nframes; i++)
	{
		result[i].first = dwh_month_diff(base, ev->frames[i].first);
		result[i].last = dwh_month_diff(base, ev->frames[i].last);
		result[i].expected_from = Min(result[i].first, result[i].last + 1 - EXPECTED_MONTHS);
	}
	return result;
}

/* Notes the months in which a unit had rows, in every frame that contains or expects one of them. */
static void
note_presence(DwhEvaluation *ev, DwhPresenceMap *map, Bitmapset *frames, const FrameMonths *frame_months, int unit_id,
			  const Bitmapset *months)
{
	int			i = -1;

	CHECK_FOR_INTERRUPTS();
	while ((i = bms_next_member(frames, i)) >= 0)
	{
		const DwhFrame *frame = &ev->frames[i];
		int			month = bms_next_member(months, frame_months[i].expected_from - 1);
		DwhPresenceKey key;
		DwhPresence *presence;
		DwhPresencePart *part = NULL;
		ListCell   *lc;
		int			part_id;
		bool		is_split;
		bool		found;

		if (month < 0 || month > frame_months[i].last)
			continue;

		memset(&key, 0, sizeof(key));
		key.frame = i;
		key.unit_id = target_unit(ev, unit_id, frame, &is_split);
		key.is_split = is_split;
		if (key.unit_id == 0)
			continue;			/* booked at the centre: only the country has it */
		if (ev->level == DWH_MAP_BASE && !is_split)
			part_id = key.unit_id;
		else
			part_id = dwh_unit_at_level(unit_id, frame->map_on, DWH_MAP_PROVINCE);
		if (part_id == 0)
			part_id = dwh_unit_ancestor(unit_id, DWH_UNIT_PROVINCE);
		if (part_id == 0)
			part_id = ev->family->root_unit_id;

		presence = hash_search(map->cells, &key, HASH_ENTER, &found);
		if (!found)
			presence->parts = NIL;
		foreach(lc, presence->parts)
		{
			part = lfirst(lc);
			if (part->unit_id == part_id)
				break;
			part = NULL;
		}
		if (part == NULL)
		{
			part = palloc0(sizeof(DwhPresencePart));
			part->unit_id = part_id;
			presence->parts = lappend(presence->parts, part);
		}
		month = bms_next_member(months, frame_months[i].first - 1);
		for (; month >= 0 && month <= frame_months[i].last; month = bms_next_member(months, month))
			part->months = bms_add_member(part->months, month - frame_months[i].first);
	}
}

/* First and last month of some frames. */
static void
frame_range(DwhEvaluation *ev, Bitmapset *frames, DateADT *first, DateADT *last)
{
	int			i = -1;

	*first = DATEVAL_NOEND;
	*last = DATEVAL_NOBEGIN;
	while ((i = bms_next_member(frames, i)) >= 0)
	{
		*first = Min(*first, ev->frames[i].first);
		*last = Max(*last, ev->frames[i].last);
	}
}

/* The statement that tells which units of the subject have rows in which months. */
static DwhStatement *
presence_statement(DwhEvaluation *ev, DwhSubject *subject, const char *unit_column, Bitmapset *frames)
{
	DwhStatement *statement = palloc0(sizeof(DwhStatement));
	DwhSource  *source;
	DateADT		first;
	DateADT		last;
	char	   *month;
	char	   *unit;
	StringInfoData where;

	frame_range(ev, frames, &first, &last);
	first = dwh_month_add(first, 1 - EXPECTED_MONTHS);
	source = dwh_source_presence(ev->family, subject, unit_column, first, last);
	month = psprintf("f.%s", quote_identifier(source->month_column));
	unit = psprintf("f.%s", quote_identifier(source->unit_column));
	statement->ev = ev;
	statement->subject = subject;
	statement->source = source;
	statement->frames = frames;
	statement->unit_column = unit_column;
	dwh_parameter_add(&statement->parameters, DATEOID, DateADTGetDatum(first));
	dwh_parameter_add(&statement->parameters, DATEOID, DateADTGetDatum(last));
	initStringInfo(&where);
	append_units(&where, ev, source->unit_column, frames, &statement->parameters);
	statement->sql = psprintf("SELECT %s, %s\n  FROM %s f\n WHERE %s >= $1 AND %s <= $2 AND %s IS NOT NULL%s\n GROUP BY 1, 2",
							  unit, month, source->relation_sql, month, month, unit, where.data);
	return statement;
}

/* The months in which a unit has rows, as numbers counted from some month. */
typedef struct UnitMonths
{
	int			unit_id;		/* key */
	Bitmapset  *months;
} UnitMonths;

/* The rows (unit, month) of the last statement by unit, months counted from "base", which is not later than any of them. */
static HTAB *
months_by_unit(uint64 nrows, DateADT base)
{
	HASHCTL		ctl = {0};
	HTAB	   *result;

	ctl.keysize = sizeof(int);
	ctl.entrysize = sizeof(UnitMonths);
	ctl.hcxt = CurrentMemoryContext;
	result = hash_create("dwh months of units", 1024, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	for (uint64 i = 0; i < nrows; i++)
	{
		int			unit_id = dwh_spi_int(i, 1);
		DateADT		month = dwh_spi_date(i, 2);
		bool		found;
		UnitMonths *unit;

		if (month != dwh_month_start(month))
			continue;			/* no month: its rows are not read either */
		unit = hash_search(result, &unit_id, HASH_ENTER, &found);
		if (!found)
			unit->months = NULL;
		unit->months = bms_add_member(unit->months, dwh_month_diff(base, month));
	}
	return result;
}

/* Reads which units of a subject have rows in which months. */
static void
load_presence(DwhStatement *statement)
{
	DwhEvaluation *ev = statement->ev;
	DwhPresenceMap *map = palloc0(sizeof(DwhPresenceMap));
	DateADT		first = DatumGetDateADT(statement->parameters.values[0]);	/* the statement's $1 */
	FrameMonths *frame_months = number_months(ev, first);
	HASHCTL		ctl = {0};
	HASH_SEQ_STATUS scan;
	HTAB	   *units;
	UnitMonths *unit;
	uint64		n;

	ctl.keysize = sizeof(DwhPresenceKey);
	ctl.entrysize = sizeof(DwhPresence);
	ctl.hcxt = CurrentMemoryContext;
	map->subject = statement->subject;
	map->unit_column = statement->unit_column;
	map->cells = hash_create("dwh presence", 256, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	ev->presence = lappend(ev->presence, map);

	n = dwh_spi_select(statement->sql, statement->parameters.n, statement->parameters.types, statement->parameters.values, NULL, true);
	units = months_by_unit(n, first);
	SPI_freetuptable(SPI_tuptable);
	hash_seq_init(&scan, units);
	while ((unit = hash_seq_search(&scan)) != NULL)
		if (dwh_unit_find(ev->family->units, unit->unit_id) == NULL)
			map->unknown = lappend_int(map->unknown, unit->unit_id);
		else
			note_presence(ev, map, statement->frames, frame_months, unit->unit_id, unit->months);
	hash_destroy(units);
}

/* ------------------------------------------------------------------ statements */

/* SQL of a dimension over the subject's rows; raises 22023 where it does not apply to the subject. */
char *
dwh_dimension_sql(DwhRowScope *scope, DwhMeasure *measure, const char *code)
{
	DwhSubjectDimension *dimension = dwh_subject_dimension(measure->subject, code);
	DwhRowScope inner = *scope;
	DwhRowType	type;
	char	   *sql;

	if (dimension == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("dimension \"%s\" does not apply to measure \"%s\"", code, measure->code),
				 errdetail("Subject \"%s\" has no such dimension.", measure->subject->code),
				 errhint("The dimensions of a subject stand in dwh_catalog.subject_dimension.")));
	inner.dimension = NULL;
	sql = dwh_row_compile(&inner, dimension->expression, &type);
	scope->joins = inner.joins;
	return dwh_row_text_sql(sql, type);
}

/* The same over the rows of a source. */
static char *
source_dimension_sql(DwhSource *source, DwhRowScope *scope, DwhMeasure *measure, const char *code)
{
	return source->summary ? dwh_source_column_sql(source, code) : dwh_dimension_sql(scope, measure, code);
}

/* The WHERE conditions of p_filter. */
static void
append_filters(StringInfo sql, DwhEvaluation *ev, DwhSource *source, DwhRowScope *scope, DwhMeasure *measure, DwhParameters *parameters)
{
	ListCell   *lc;

	foreach(lc, ev->family->filters)
	{
		DwhDimensionFilter *filter = lfirst(lc);

		char	   *dimension = source_dimension_sql(source, scope, measure, filter->dimension);
		int			parameter = dwh_parameter_add(parameters, TEXTARRAYOID, filter->values);

		if (filter->has_null)
			appendStringInfo(sql, "\n           AND (%s = ANY ($%d) OR %s IS NULL)", dimension, parameter, dimension);
		else
			appendStringInfo(sql, "\n           AND %s = ANY ($%d)", dimension, parameter);
	}
}

/* Whether the request is needed for single months only. */
static bool
is_for_months(DwhEvaluation *ev, const DwhRequest *request)
{
	int			i = -1;

	while ((i = bms_next_member(request->frames, i)) >= 0)
		if (ev->frames[i].nmonths > 1)
			return false;
	return true;
}

/*
 * What aggregates look at in a row: conditions and expressions, each worked out once a row however many requests share it. Returns
 * the name of its column in the rows q.
 */
char *
dwh_row_column(DwhRowColumns *columns, const char *sql)
{
	ListCell   *lc;

	foreach(lc, columns->sql)
		if (strcmp(lfirst(lc), sql) == 0)
			return psprintf("q.c%d", foreach_current_index(lc) + 1);
	columns->sql = lappend(columns->sql, pstrdup(sql));
	return psprintf("q.c%d", list_length(columns->sql));
}

/* The rows that a request counts, as FILTER clause; empty for all rows. */
static char *
request_filter_sql(DwhEvaluation *ev, DwhSource *source, DwhRowScope *scope, DwhRowColumns *rows, const DwhRequest *request)
{
	const DwhMeasure *measure = request->measure;
	StringInfoData sql;
	ListCell   *lc;
	const char *glue = "";

	initStringInfo(&sql);
	/* a single month is the first and the last one of its frame */
	if (request->kind == DWH_SCAN_WINDOW && strcmp(measure->behaviour, "stock") == 0 && !is_for_months(ev, request))
	{
		appendStringInfoString(&sql, "m.is_last");
		glue = " AND ";
	}
	else if (request->kind == DWH_SCAN_WINDOW && strcmp(measure->behaviour, "opening") == 0 && !is_for_months(ev, request))
	{
		appendStringInfoString(&sql, "m.is_first");
		glue = " AND ";
	}
	if (measure->filter && source->summary == NULL) /* states of a summary count only such rows */
	{
		appendStringInfo(&sql, "%s%s", glue,
						 dwh_row_compile_condition(scope, measure->filter,
												   psprintf("filter of measure %s", measure->code)));
		glue = " AND ";
	}
	foreach(lc, request->conditions)
	{
		DwhNode    *condition = lfirst(lc);

		appendStringInfo(&sql, "%s%s", glue,
						 dwh_row_compile_condition(scope, dwh_formula_deparse(condition),
												   psprintf("filter of [%s]", measure->code)));
		glue = " AND ";
	}
	return sql.len > 0 ? psprintf(" FILTER (WHERE %s)", dwh_row_column(rows, sql.data)) : pstrdup("");
}

/* The aggregate of a request over rows q. */
static char *
request_aggregate_sql(DwhEvaluation *ev, DwhSource *source, DwhRowScope *scope, DwhRowColumns *rows, const DwhRequest *request)
{
	const DwhMeasure *measure = request->measure;
	char	   *filter = request_filter_sql(ev, source, scope, rows, request);
	DwhRowType	type;
	char	   *expression;

	if (source->summary)
		return dwh_source_state_sql(source, rows, request, filter);
	if (measure->expression == NULL)
		return psprintf("count(*)%s::numeric", filter);
	expression = dwh_row_column(rows, dwh_row_compile(scope, dwh_formula_parse(measure->expression), &type));
	if (request->wants_set)
		return psprintf("dwh.id_set_agg(%s)%s", expression, filter);
	if (strcmp(measure->aggregate, "distinct") == 0)
		return psprintf(dwh_row_is_int(scope->relation, measure->expression) ? "dwh.distinct_count(%s)%s::numeric"
						: "count(DISTINCT %s)%s::numeric", expression, filter);
	if (type != DWH_ROW_NUMBER)
		ereport(ERROR,
				(errcode(ERRCODE_DWH_FORMULA_TYPE),
				 errmsg("measure \"%s\" takes the %s of \"%s\", which is no number",
						measure->code, measure->aggregate, measure->expression)));
	return psprintf("%s(%s)%s::numeric", measure->aggregate, expression, filter);
}

/*
 * SQL of the unit that a row counts for, and whether the row stands there for want of a unit on that map (its own was split):
 * under its province at base level, under its own old province at the levels above. Nothing is lost without a word.
 */
static void
unit_sql(DwhEvaluation *ev, const char *unit_column, char **unit, char **is_split)
{
	char	   *column = psprintf("f.%s", quote_identifier(unit_column));
	char	   *old_province = psprintf("dwh.unit_ancestor(%s, 'province')", column);

	*unit = psprintf("%d", ev->family->root_unit_id);
	*is_split = "false";
	switch (ev->level)
	{
		case DWH_MAP_COUNTRY:
			break;
		case DWH_MAP_REGION:
			*unit = psprintf("CASE WHEN dwh.unit_at(%s, m.map_on, 'province') IS NULL THEN %s ELSE dwh.unit_at(%s, m.map_on, 'region') END",
							 column, old_province, column);
			*is_split = psprintf("dwh.unit_at(%s, m.map_on, 'province') IS NULL", column);
			break;
		case DWH_MAP_PROVINCE:
			*unit = psprintf("coalesce(dwh.unit_at(%s, m.map_on, 'province'), %s)", column, old_province);
			*is_split = psprintf("dwh.unit_at(%s, m.map_on, 'province') IS NULL", column);
			break;
		case DWH_MAP_BASE:
			*unit = psprintf("coalesce(dwh.unit_at(%s, m.map_on, 'base'), dwh.unit_at(%s, m.map_on, 'province'), %s)",
							 column, column, old_province);
			*is_split = psprintf("dwh.unit_at(%s, m.map_on, 'base') IS NULL", column);
			break;
	}
}

/* The units that have an opening load, and those that have one or rows to count, as sets: dwh_opening_share() compares them. */
static char *
opening_units_sql(DwhSource *source, DwhRowScope *scope, DwhRowColumns *rows, const DwhRequest *request)
{
	const char *opening = request->measure->opening_filter;
	const char *counted = request->measure->filter;
	char	   *unit;

	if (opening == NULL)
		return pstrdup("NULL::dwh.id_set, NULL::dwh.id_set");
	opening = dwh_row_column(rows, dwh_row_compile_condition(scope, opening, "opening filter"));
	counted = counted ? dwh_row_column(rows, dwh_row_compile_condition(scope, counted, "filter")) : "true";
	unit = dwh_row_column(rows, psprintf("f.%s", quote_identifier(source->unit_column)));
	return psprintf("dwh.id_set_agg(%s) FILTER (WHERE %s), dwh.id_set_agg(%s) FILTER (WHERE %s OR %s)",
					unit, opening, unit, opening, counted);
}

/* The months of the frames as arrays, one element a pair of month and frame. */
static void
add_month_parameters(DwhEvaluation *ev, Bitmapset *wanted, DwhParameters *parameters)
{
	int			n = 0;
	int			i = -1;
	Datum	   *months;
	Datum	   *frames;
	Datum	   *is_first;
	Datum	   *is_last;
	Datum	   *map_on;
	Datum	   *month_end;

	while ((i = bms_next_member(wanted, i)) >= 0)
		n += ev->frames[i].nmonths;
	months = palloc(n * sizeof(Datum));
	frames = palloc(n * sizeof(Datum));
	is_first = palloc(n * sizeof(Datum));
	is_last = palloc(n * sizeof(Datum));
	map_on = palloc(n * sizeof(Datum));
	month_end = palloc(n * sizeof(Datum));
	n = 0;
	i = -1;
	while ((i = bms_next_member(wanted, i)) >= 0)
		for (int j = 0; j < ev->frames[i].nmonths; j++)
		{
			DateADT		month = dwh_month_add(ev->frames[i].first, j);

			months[n] = DateADTGetDatum(month);
			frames[n] = Int32GetDatum(i);
			is_first[n] = BoolGetDatum(j == 0);
			is_last[n] = BoolGetDatum(j == ev->frames[i].nmonths - 1);
			map_on[n] = DateADTGetDatum(ev->frames[i].map_on);
			month_end[n] = DateADTGetDatum(dwh_month_end(month));
			n++;
		}
	dwh_parameter_add(parameters, DATEARRAYOID, dwh_array(months, n, DATEOID));
	dwh_parameter_add(parameters, INT4ARRAYOID, dwh_array(frames, n, INT4OID));
	dwh_parameter_add(parameters, BOOLARRAYOID, dwh_array(is_first, n, BOOLOID));
	dwh_parameter_add(parameters, BOOLARRAYOID, dwh_array(is_last, n, BOOLOID));
	dwh_parameter_add(parameters, DATEARRAYOID, dwh_array(map_on, n, DATEOID));
	dwh_parameter_add(parameters, DATEARRAYOID, dwh_array(month_end, n, DATEOID));
}

/* The ends of the frames as arrays, for running sums. */
static void
add_frame_parameters(DwhEvaluation *ev, Bitmapset *wanted, DwhParameters *parameters)
{
	int			n = bms_num_members(wanted);
	Datum	   *frames = palloc(n * sizeof(Datum));
	Datum	   *last = palloc(n * sizeof(Datum));
	Datum	   *map_on = palloc(n * sizeof(Datum));
	int			i = -1;

	n = 0;
	while ((i = bms_next_member(wanted, i)) >= 0)
	{
		frames[n] = Int32GetDatum(i);
		last[n] = DateADTGetDatum(ev->frames[i].last);
		map_on[n] = DateADTGetDatum(ev->frames[i].map_on);
		n++;
	}
	dwh_parameter_add(parameters, INT4ARRAYOID, dwh_array(frames, n, INT4OID));
	dwh_parameter_add(parameters, DATEARRAYOID, dwh_array(last, n, DATEOID));
	dwh_parameter_add(parameters, DATEARRAYOID, dwh_array(map_on, n, DATEOID));
}

/* The frames in which any of the requests is needed. */
static Bitmapset *
frames_of(List *requests)
{
	Bitmapset  *frames = NULL;
	ListCell   *lc;

	foreach(lc, requests)
		frames = bms_add_members(frames, ((DwhRequest *) lfirst(lc))->frames);
	return frames;
}

/*
 * The statement that answers the requests in the frames, which share source, unit column and kind. Its columns: frame, unit, split, the
 * dimensions, one value a request, and for running sums two sets of units a request (opening_units_sql()). Within, a query gives every
 * row with what it counts for and what the aggregates look at; OFFSET 0 keeps the planner from working that out once an aggregate.
 */
static char *
statement_sql(DwhEvaluation *ev, DwhSource *source, List *requests, Bitmapset *frames, DwhParameters *parameters)
{
	DwhRequest *first_request = linitial(requests);
	DwhMeasure *measure = first_request->measure;
	DwhScanKind kind = first_request->kind;
	DwhRowScope scope;
	DwhRowColumns rows = {0};
	StringInfoData keys;
	StringInfoData columns;
	StringInfoData groups;
	StringInfoData where;
	char	   *unit;
	char	   *is_split;
	char	   *month = psprintf("f.%s", quote_identifier(source->month_column));
	char	   *pairs;
	ListCell   *lc;
	int			n = 4;

	scope = dwh_source_rows(source, kind == DWH_SCAN_RUNNING ? psprintf("((%s + interval '1 month')::date - 1)", month)
							 : "m.month_end");
	unit_sql(ev, source->unit_column, &unit, &is_split);
	initStringInfo(&keys);
	initStringInfo(&columns);
	initStringInfo(&groups);
	initStringInfo(&where);
	appendStringInfo(&keys, "m.frame AS frame, %s AS unit_id, %s AS is_split", unit, is_split);
	appendStringInfoString(&columns, "q.frame, q.unit_id, q.is_split");
	appendStringInfoString(&groups, "1, 2, 3");
	foreach(lc, ev->family->dimensions)
	{
		int			d = foreach_current_index(lc) + 1;

		appendStringInfo(&keys, ",\n               %s AS d%d", source_dimension_sql(source, &scope, measure, lfirst(lc)), d);
		appendStringInfo(&columns, ", q.d%d", d);
		appendStringInfo(&groups, ", %d", n++);
	}
	if (kind == DWH_SCAN_MONTHLY)
	{
		appendStringInfo(&keys, ",\n               %s AS month", month);
		appendStringInfoString(&columns, ", q.month");
		appendStringInfo(&groups, ", %d", n++);
	}
	foreach(lc, requests)
		appendStringInfo(&columns, ",\n       %s AS v%d", request_aggregate_sql(ev, source, &scope, &rows, lfirst(lc)),
						 foreach_current_index(lc) + 1);
	if (kind == DWH_SCAN_RUNNING)
		foreach(lc, requests)
			appendStringInfo(&columns, ",\n       %s", opening_units_sql(source, &scope, &rows, lfirst(lc)));
	foreach(lc, rows.sql)
		appendStringInfo(&keys, ",\n               %s AS c%d", (char *) lfirst(lc), foreach_current_index(lc) + 1);

	if (kind == DWH_SCAN_RUNNING)
	{
		add_frame_parameters(ev, frames, parameters);
		pairs = psprintf("unnest($1, $2, $3) AS m(frame, last, map_on) ON %s <= m.last", month);
		/* no month: its rows are not read elsewhere, either */
		appendStringInfo(&where, "pg_catalog.date_part('day', %s) = 1", month);
	}
	else
	{
		DateADT		first;
		DateADT		last;

		add_month_parameters(ev, frames, parameters);
		frame_range(ev, frames, &first, &last);
		pairs = psprintf("unnest($1, $2, $3, $4, $5, $6) AS m(month, frame, is_first, is_last, map_on, month_end)"
						 " ON m.month = %s", month);
		appendStringInfo(&where, "%s >= $%d", month, dwh_parameter_add(parameters, DATEOID, DateADTGetDatum(first)));
		appendStringInfo(&where, " AND %s <= $%d", month, dwh_parameter_add(parameters, DATEOID, DateADTGetDatum(last)));
	}
	if (ev->level == DWH_MAP_COUNTRY)	/* elsewhere a row without unit falls out by itself */
		appendStringInfo(&where, " AND f.%s IS NOT NULL", quote_identifier(source->unit_column));
	append_units(&where, ev, source->unit_column, frames, parameters);
	append_known(&where, ev, measure, source->unit_column, kind, parameters);
	append_filters(&where, ev, source, &scope, measure, parameters);

	return psprintf("SELECT %s\n  FROM (SELECT %s\n          FROM %s f\n          JOIN %s%s\n         WHERE %s OFFSET 0) AS q\n GROUP BY %s",
					columns.data, keys.data, source->relation_sql, pairs, dwh_row_joins_sql(&scope), where.data,
					groups.data);
}

/* The same, with the months of a monthly scan added up. */
static char *
whole_statement_sql(DwhEvaluation *ev, DwhSource *source, List *requests, Bitmapset *frames, DwhParameters *parameters)
{
	char	   *inner = statement_sql(ev, source, requests, frames, parameters);
	StringInfoData sql;
	ListCell   *lc;
	int			n = 4;

	if (((DwhRequest *) linitial(requests))->kind != DWH_SCAN_MONTHLY)
		return inner;
	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT frame, unit_id, is_split");
	for (int i = 1; i <= list_length(ev->family->dimensions); i++)
		appendStringInfo(&sql, ", d%d", i);
	foreach(lc, requests)
		appendStringInfo(&sql, ", %s(v%d)", dwh_measure_is_mean(((DwhRequest *) lfirst(lc))->measure) ? "avg" : "sum",
						 foreach_current_index(lc) + 1);
	appendStringInfo(&sql, "\n  FROM (%s) AS by_month\n GROUP BY 1, 2, 3", inner);
	for (int i = 1; i <= list_length(ev->family->dimensions); i++)
		appendStringInfo(&sql, ", %d", n++);
	return sql.data;
}

/* The share of opening loads in a row of the answer whose sets of units stand in that column and the next. */
static float8
opening_share(HeapTuple tuple, TupleDesc desc, int column, DwhMapLevel level)
{
	bool		has_none;
	bool		ignored;
	Datum		opening = SPI_getbinval(tuple, desc, column, &has_none);
	Datum		booked = SPI_getbinval(tuple, desc, column + 1, &ignored);

	return has_none ? 0 : dwh_opening_share(opening, booked, level);
}

/* Stores one value; a running sum without its opening load stays missing. */
static void
store_value(DwhCell *cell, const DwhRequest *request, HeapTuple tuple, TupleDesc desc, int column, int opening_column, DwhMapLevel level)
{
	DwhCellValue *value = &cell->values[request->index];
	bool		is_null;
	Datum		datum = SPI_getbinval(tuple, desc, column, &is_null);

	value->completeness = 1;
	if (opening_column > 0 && request->measure->opening_filter)
		value->completeness = opening_share(tuple, desc, opening_column, level);
	if (value->completeness == 0)
		return;
	value->is_set = true;
	value->is_null = is_null;
	if (!is_null)
		value->value = datumCopy(datum, false, -1);
}

/* Writes the statement anew where the presence that was read meanwhile shows rows of units that are none. */
static void
leave_out_unknown(DwhStatement *statement)
{
	DwhMeasure *measure = ((DwhRequest *) linitial(statement->requests))->measure;
	DwhPresenceMap *map = presence_map(statement->ev, measure->subject, measure->unit_column);

	if (map == NULL || map->unknown == NIL)
		return;
	memset(&statement->parameters, 0, sizeof(DwhParameters));
	statement->sql = whole_statement_sql(statement->ev, statement->source, statement->requests, statement->frames, &statement->parameters);
}

/* Runs the statement of the requests and puts what it answers into cells. */
static void
run_values(DwhStatement *statement)
{
	DwhEvaluation *ev = statement->ev;
	List	   *requests = statement->requests;
	DwhScanKind kind = ((DwhRequest *) linitial(requests))->kind;
	int			ndims = list_length(ev->family->dimensions);
	int			nrequests = list_length(requests);
	uint64		n = dwh_spi_select(statement->sql, statement->parameters.n, statement->parameters.types, statement->parameters.values,
										 NULL, true);
	SPITupleTable *table = SPI_tuptable;

	for (uint64 i = 0; i < n; i++)
	{
		DwhCellKey	key;
		DwhCell    *cell;
		List	   *dims = NIL;
		ListCell   *lc;

		CHECK_FOR_INTERRUPTS();
		if (dwh_spi_isnull(i, 2))
			continue;			/* no unit on this map answers for the row */
		memset(&key, 0, sizeof(key));
		key.frame = dwh_spi_int(i, 1);
		key.unit_id = dwh_spi_int(i, 2);
		key.is_split = dwh_spi_bool(i, 3);
		for (int d = 0; d < ndims; d++)
			dims = lappend(dims, dwh_spi_text(i, 4 + d));
		key.dims = dwh_dim_set_index(ev, dims);
		cell = dwh_cell_enter(ev, &key);
		foreach(lc, requests)
		{
			int			at = foreach_current_index(lc);

			store_value(cell, lfirst(lc), table->vals[i], table->tupdesc, 4 + ndims + at,
						kind == DWH_SCAN_RUNNING ? 4 + ndims + nrequests + 2 * at : 0, ev->level);
		}
	}
	SPI_freetuptable(table);
}

/* Whether two requests can share a statement. */
static bool
same_group(const DwhRequest *a, const DwhRequest *b)
{
	return a->kind == b->kind && a->measure->subject == b->measure->subject &&
		strcmp(a->measure->unit_column, b->measure->unit_column) == 0;
}

/* The requests that look at the same units of the same subject, whatever their kind of scan. */
static Bitmapset *
frames_of_units(DwhEvaluation *ev, const DwhRequest *like)
{
	List	   *requests = NIL;
	ListCell   *lc;

	foreach(lc, ev->requests)
	{
		DwhRequest *request = lfirst(lc);

		if (request->measure->subject == like->measure->subject && request->kind != DWH_SCAN_RUNNING &&
			strcmp(request->measure->unit_column, like->measure->unit_column) == 0)
			requests = lappend(requests, request);
	}
	return frames_of(requests);
}

/* Whether a statement about the presence is among those planned. */
static bool
has_presence(List *statements, DwhSubject *subject, const char *unit_column)
{
	ListCell   *lc;

	foreach(lc, statements)
	{
		DwhStatement *statement = lfirst(lc);

		if (statement->requests == NIL && statement->subject == subject && strcmp(statement->unit_column, unit_column) == 0)
			return true;
	}
	return false;
}

/* The statements that answer a group of requests: from each source that they are read from, one. */
static List *
plan_group(DwhEvaluation *ev, List *group)
{
	Bitmapset  *frames = frames_of(group);
	List	   *result = NIL;
	DateADT		first;
	DateADT		last;
	ListCell   *lc;

	frame_range(ev, frames, &first, &last);
	if (((DwhRequest *) linitial(group))->kind == DWH_SCAN_RUNNING)
		first = DATEVAL_NOBEGIN;
	dwh_source_choose(ev, group, first, last);
	foreach(lc, group)
	{
		DwhRequest *request = lfirst(lc);
		DwhStatement *statement = NULL;
		ListCell   *other;

		foreach(other, result)
			if (((DwhStatement *) lfirst(other))->source == request->source)
				statement = lfirst(other);
		if (statement == NULL)
		{
			statement = palloc0(sizeof(DwhStatement));
			statement->ev = ev;
			statement->subject = request->measure->subject;
			statement->source = request->source;
			statement->frames = frames;
			result = lappend(result, statement);
		}
		statement->requests = lappend(statement->requests, request);
	}
	foreach(lc, result)
	{
		DwhStatement *statement = lfirst(lc);

		statement->sql = whole_statement_sql(ev, statement->source, statement->requests, frames, &statement->parameters);
	}
	return result;
}

/* The statements that answer all requests of the evaluation, in the order they run. */
List *
dwh_scan_plan(DwhEvaluation *ev)
{
	Bitmapset  *done = NULL;
	List	   *result = NIL;
	ListCell   *lc;

	/* what is added month by month is, over single months, a window like the others and shares their pass */
	foreach(lc, ev->requests)
	{
		DwhRequest *request = lfirst(lc);

		if (request->kind == DWH_SCAN_MONTHLY && is_for_months(ev, request))
			request->kind = DWH_SCAN_WINDOW;
	}

	foreach(lc, ev->requests)
	{
		DwhRequest *request = lfirst(lc);
		DwhSubject *subject = request->measure->subject;
		const char *unit_column = request->measure->unit_column;
		List	   *group = NIL;
		ListCell   *other;

		if (bms_is_member(request->index, done))
			continue;
		foreach(other, ev->requests)
			if (same_group(request, lfirst(other)))
			{
				group = lappend(group, lfirst(other));
				done = bms_add_member(done, ((DwhRequest *) lfirst(other))->index);
			}
		if (!dwh_subject_has_rows(subject))
			continue;
		if (request->kind == DWH_SCAN_MANUAL)
		{
			result = list_concat(result, dwh_manual_plan(ev, group));
			continue;
		}
		if (request->kind != DWH_SCAN_RUNNING && !has_presence(result, subject, unit_column))
			result = lappend(result, presence_statement(ev, subject, unit_column, frames_of_units(ev, request)));
		result = list_concat(result, plan_group(ev, group));
	}
	return result;
}

/* Answers all requests of the evaluation. */
void
dwh_scan_run(DwhEvaluation *ev)
{
	ListCell   *lc;

	foreach(lc, dwh_scan_plan(ev))
	{
		DwhStatement *statement = lfirst(lc);

		if (statement->requests == NIL)
			load_presence(statement);
		else if (((DwhRequest *) linitial(statement->requests))->kind == DWH_SCAN_MANUAL)
			dwh_manual_run(statement);
		else
		{
			leave_out_unknown(statement);
			run_values(statement);
		}
	}
}

/*
 * explain.c
 *		dwh.explain_value(): where a number comes from, as a tree.
 *
 * The tree follows the formula: indicators with the version in force and their numbers filled in, functions with the periods
 * or units they look at, and measures at the leaves with what they count and which loads brought those rows. Every node is
 * evaluated by the same evaluator as the value itself, from the same scans. Of a closed period the first row shows what was frozen and
 * when; the tree below tells how the value comes about now.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"

#include "aggregate/id_set.h"
#include "common/errors.h"
#include "common/owner.h"
#include "common/ref_cache.h"
#include "common/spi.h"
#include "indicator/closed.h"

PG_FUNCTION_INFO_V1(dwh_sql_explain_value);

/* Columns of a row. */
enum
{
	DEPTH, PART, KIND, FORMULA, FILLED_IN, VALUE, STATUS, COMPLETENESS, VERSION, PERIOD, PERIOD_START, UNIT_CODE, DETAIL, NCOLUMNS
};

/* Decimals shown in a formula with its numbers filled in. */
#define FILLED_DECIMALS 4

typedef struct Explainer
{
	ReturnSetInfo *rsinfo;
	DwhFamily  *family;
} Explainer;

/* One row in the making. */
typedef struct Row
{
	Datum		values[NCOLUMNS];
	bool		nulls[NCOLUMNS];
} Row;

static void explain_parts(Explainer *explainer, const DwhPlace *place, const DwhNode *node, int depth, bool within_people);

static void
set_text(Row *row, int column, const char *text)
{
	row->nulls[column] = text == NULL;
	if (text)
		row->values[column] = CStringGetTextDatum(text);
}

/* A row with what every kind of node has. */
static Row *
row_make(Explainer *explainer, const DwhPlace *place, int depth, const char *part, const char *kind, DwhValue value)
{
	Row		   *row = palloc0(sizeof(Row));
	const DwhFrame *frame = &place->ev->frames[place->frame];

	memset(row->nulls, true, sizeof(row->nulls));
	row->values[DEPTH] = Int32GetDatum(depth);
	row->nulls[DEPTH] = false;
	set_text(row, PART, part);
	set_text(row, KIND, kind);
	row->values[VALUE] = value.number;
	row->nulls[VALUE] = value.is_null;
	set_text(row, STATUS, dwh_status_name(value.status));
	row->values[COMPLETENESS] = DirectFunctionCall2(numeric_round,
													DirectFunctionCall1(float8_numeric, Float8GetDatum(value.completeness)),
													Int32GetDatum(4));
	row->nulls[COMPLETENESS] = false;
	set_text(row, PERIOD, dwh_period_type_name(frame->type));
	row->values[PERIOD_START] = DateADTGetDatum(dwh_frame_label(frame));
	row->nulls[PERIOD_START] = false;
	set_text(row, UNIT_CODE, dwh_unit_info(explainer->family->units, place->cell->unit_id)->code);
	return row;
}

static void
row_emit(Explainer *explainer, Row *row)
{
	tuplestore_putvalues(explainer->rsinfo->setResult, explainer->rsinfo->setDesc, row->values, row->nulls);
}

/* A value as it is shown within a formula. */
static const char *
value_text(DwhValue value)
{
	Datum		rounded;

	if (value.is_null)
		return "null";
	rounded = DirectFunctionCall1(numeric_trim_scale,
								  DirectFunctionCall2(numeric_round, value.number, Int32GetDatum(FILLED_DECIMALS)));
	return DatumGetCString(DirectFunctionCall1(numeric_out, rounded));
}

/* The formula with the values of references and functions in their places. */
static DwhNode *
fill_in(const DwhPlace *place, const DwhNode *node)
{
	int			nargs;
	DwhNode    *copy;
	ListCell   *lc;

	check_stack_depth();
	if (node->kind == DWH_NODE_REF || (node->kind == DWH_NODE_CALL && dwh_context_function(node->text, &nargs)))
		return dwh_node_make(DWH_NODE_NUMBER, node->location, value_text(dwh_evaluate(place, node)), NIL);
	copy = palloc(sizeof(DwhNode));
	*copy = *node;
	copy->args = NIL;
	foreach(lc, node->args)
		copy->args = lappend(copy->args, fill_in(place, lfirst(lc)));
	return copy;
}

/* What a measure counts, in the words of the catalogue. */
static char *
measure_text(const DwhMeasure *measure, List *conditions)
{
	StringInfoData text;
	const char *glue = " where ";
	ListCell   *lc;

	initStringInfo(&text);
	appendStringInfo(&text, "%s %s of %s", measure->aggregate, measure->expression ? measure->expression : "rows",
					 measure->subject->code);
	if (measure->filter)
	{
		appendStringInfo(&text, "%s%s", glue, measure->filter);
		glue = " and ";
	}
	foreach(lc, conditions)
	{
		appendStringInfo(&text, "%s%s", glue, dwh_formula_deparse(lfirst(lc)));
		glue = " and ";
	}
	appendStringInfo(&text, " (%s)", measure->behaviour);
	return text.data;
}

/* SQL that keeps the rows of a unit on the map of the frame ($3), and no row whose unit is none ($5). */
static const char *
unit_condition(const DwhPlace *place, const DwhMeasure *measure)
{
	char	   *column = psprintf("f.%s", quote_identifier(measure->unit_column));

	switch (place->ev->level)
	{
		case DWH_MAP_COUNTRY:
			return psprintf("%s = ANY ($5)", column);
		case DWH_MAP_REGION:
			return psprintf("CASE WHEN %s = ANY ($5) THEN dwh.unit_at(%s, $3, 'region') = $4 END", column, column);
		case DWH_MAP_PROVINCE:
			return psprintf("CASE WHEN %s = ANY ($5) THEN coalesce(dwh.unit_at(%s, $3, 'province'), dwh.unit_ancestor(%s, 'province')) = $4 END",
							column, column, column);
		case DWH_MAP_BASE:
			return psprintf("CASE WHEN %s = ANY ($5) THEN dwh.unit_at(%s, $3, 'base') = $4 END", column, column);
	}
	return "true";
}

/*
 * The loads that brought the rows a measure counts in the place, with how many: a jsonb array. NULL where the subject has no table
 * or does not say which load brought a row.
 */
static Datum
loads_of(const DwhPlace *place, const DwhMeasure *measure, List *conditions, bool *is_null)
{
	const DwhFrame *frame = &place->ev->frames[place->frame];
	Oid			relation = measure->subject->relation;
	bool		is_running = dwh_request_kind(measure) == DWH_SCAN_RUNNING || dwh_request_kind(measure) == DWH_SCAN_MANUAL;
	char	   *month = psprintf("f.%s", quote_identifier(measure->subject->month_column));
	DwhRowScope scope = dwh_subject_rows(measure->subject, psprintf("((%s + interval '1 month')::date - 1)", month));
	StringInfoData where;
	Oid			types[5] = {DATEOID, DATEOID, DATEOID, INT4OID, INT4ARRAYOID};
	Datum		values[5];
	ListCell   *lc;

	*is_null = true;
	if (!OidIsValid(relation) || get_attnum(relation, "load_id") <= 0)
		return (Datum) 0;
	initStringInfo(&where);
	appendStringInfo(&where, "%s >= $1 AND %s <= $2 AND $3 IS NOT NULL AND $4 IS NOT NULL AND %s", month, month,
					 unit_condition(place, measure));
	if (measure->filter)
		appendStringInfo(&where, " AND %s", dwh_row_compile_condition(&scope, measure->filter, measure->code));
	foreach(lc, conditions)
		appendStringInfo(&where, " AND %s", dwh_row_compile_condition(&scope, dwh_formula_deparse(lfirst(lc)), measure->code));

	values[0] = DateADTGetDatum(strcmp(measure->behaviour, "stock") == 0 ? frame->last :
								is_running ? DATEVAL_NOBEGIN : frame->first);
	values[1] = DateADTGetDatum(strcmp(measure->behaviour, "opening") == 0 ? frame->first : frame->last);
	values[2] = DateADTGetDatum(frame->map_on);
	values[3] = Int32GetDatum(place->cell->unit_id);
	values[4] = dwh_unit_ids(place->ev->family->units);
	dwh_spi_select(psprintf("SELECT coalesce(jsonb_agg(jsonb_build_object('load_id', l.load_id, 'source', s.code, 'batch', l.batch,"
							" 'rows', x.n, 'finished_at', l.finished_at) ORDER BY l.load_id), '[]')"
							" FROM (SELECT f.load_id, count(*) AS n FROM %s f%s WHERE %s GROUP BY 1) x"
							" JOIN dwh_log.load_run l USING (load_id) JOIN dwh_star.dim_source s USING (source_id)",
							quote_qualified_identifier(get_namespace_name(get_rel_namespace(relation)), get_rel_name(relation)),
							dwh_row_joins_sql(&scope), where.data),
				   5, types, values, NULL, true);
	return SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, is_null);
}

/* When the summaries of a subject were last refreshed, as a member of a JSON object. */
static void
add_refreshed(StringInfo object, const DwhSubject *subject)
{
	Oid			types[1] = {TEXTOID};
	Datum		values[1] = {CStringGetTextDatum(subject->code)};

	if (dwh_spi_select("SELECT to_json(max(finished_at)) FROM dwh_log.refresh_run WHERE subject IS NULL OR subject = $1", 1, types, values, NULL, true) > 0
		&& !dwh_spi_isnull(0, 1))
		appendStringInfo(object, ", \"refreshed_at\": %s", dwh_spi_text(0, 1));
}

/* The row of a measure: a leaf. */
static void
explain_measure(Explainer *explainer, const DwhPlace *place, const DwhNode *node, int depth, DwhMeasure *measure, DwhValue value,
				bool within_people)
{
	Row		   *row = row_make(explainer, place, depth, dwh_formula_deparse(node), "measure", value);

	set_text(row, FORMULA, measure_text(measure, place->conditions));
	if (dwh_subject_has_rows(measure->subject))
	{
		DwhSource  *source = dwh_measure_source(place, measure, within_people);
		bool		no_loads;
		Datum		loads = loads_of(place, measure, place->conditions, &no_loads);
		StringInfoData detail;

		/* the loads are those of the rows, which a summary was built from, too */
		initStringInfo(&detail);
		appendStringInfoString(&detail, "{\"read_from\": ");
		escape_json(&detail, source->relation_sql);
		if (!no_loads)
			appendStringInfo(&detail, ", \"loads\": %s", DatumGetCString(DirectFunctionCall1(jsonb_out, loads)));
		if (source->summary)
			add_refreshed(&detail, measure->subject);
		appendStringInfoChar(&detail, '}');
		row->values[DETAIL] = DirectFunctionCall1(jsonb_in, CStringGetDatum(detail.data));
		row->nulls[DETAIL] = false;
	}
	row_emit(explainer, row);
}

/* The row of [CODE] and what lies below it. Within people() the value is the number of people in the set. */
static void
explain_reference(Explainer *explainer, const DwhPlace *place, const DwhNode *node, int depth, bool within_people)
{
	DwhCatalogue *catalogue = explainer->family->catalogue;
	DwhIndicator *indicator = dwh_catalogue_indicator(catalogue, node->text);
	DwhPlace	inner = *place;
	DwhValue	value;
	DwhVersion *version;
	DwhNode    *formula;
	Row		   *row;

	if (within_people)
	{
		value = dwh_evaluate_set(place, node);
		if (!value.is_null)
			value.number = NumericGetDatum(int64_to_numeric(DatumGetInt64(DirectFunctionCall1(dwh_sql_id_set_cardinality,
																							  value.number))));
	}
	else
		value = dwh_evaluate(place, node);
	if (node->args)
		inner.conditions = list_concat_copy(place->conditions, node->args);
	if (indicator == NULL)
	{
		explain_measure(explainer, &inner, node, depth, dwh_catalogue_measure(catalogue, node->text), value,
						within_people);
		return;
	}
	row = row_make(explainer, place, depth, dwh_formula_deparse(node), "indicator", value);
	version = dwh_indicator_version(indicator, dwh_month_end(place->ev->frames[place->frame].last));
	if (version == NULL)
	{
		row_emit(explainer, row);
		return;
	}
	formula = dwh_version_formula(indicator, version);
	set_text(row, FORMULA, dwh_formula_deparse(formula));
	if (!within_people)
		set_text(row, FILLED_IN, dwh_formula_deparse(fill_in(&inner, formula)));
	row->values[VERSION] = Int32GetDatum(version->version);
	row->nulls[VERSION] = false;
	row_emit(explainer, row);
	explain_parts(explainer, &inner, formula, depth + 1, within_people);
}

/* The rows of the references and functions of a formula, in the order of its text. */
static void
explain_parts(Explainer *explainer, const DwhPlace *place, const DwhNode *node, int depth, bool within_people)
{
	ListCell   *lc;
	int			nargs;

	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	if (node->kind == DWH_NODE_REF)
		explain_reference(explainer, place, node, depth, within_people);
	else if (node->kind == DWH_NODE_CALL && dwh_context_function(node->text, &nargs))
	{
		row_emit(explainer, row_make(explainer, place, depth, dwh_formula_deparse(node), "function", dwh_evaluate(place, node)));
		foreach(lc, dwh_context_places(place, node))
			explain_parts(explainer, lfirst(lc), linitial(node->args), depth + 1, strcmp(node->text, "people") == 0);
	}
	else
		foreach(lc, node->args)
			explain_parts(explainer, place, lfirst(lc), depth, within_people);
}

/* Adds a member to a JSON object in the making; value is JSON already, and nothing is added for NULL. */
static void
add_member(StringInfo object, const char *key, const char *value)
{
	if (value == NULL)
		return;
	appendStringInfo(object, "%s\"%s\": %s", object->len > 1 ? ", " : "", key, value);
}

static char *
json_text(const char *text)
{
	StringInfoData json;

	if (text == NULL)
		return NULL;
	initStringInfo(&json);
	escape_json(&json, text);
	return json.data;
}

/* The formula version of the value: from when it is in force, why, by which decision and by whom. NULL where there is none. */
static char *
version_json(const DwhSingle *single, int version)
{
	Oid			types[2] = {INT4OID, INT4OID};
	Datum		values[2] = {Int32GetDatum(single->indicator->indicator_id), Int32GetDatum(version)};

	if (dwh_spi_select("SELECT jsonb_strip_nulls(jsonb_build_object('valid_from', valid_from, 'valid_to', valid_to, 'reason', reason,"
					   " 'decision', decision_no, 'author', author)) FROM dwh_catalog.indicator_version WHERE indicator_id = $1 AND version = $2",
					   2, types, values, NULL, true) == 0)
		return NULL;
	return dwh_spi_text(0, 1);
}

/* Since when refresh keeps the value as it is, and whether the last refresh failed on it; as members of the object. */
static void
add_kept(StringInfo object, const DwhSingle *single)
{
	static const char *const level_names[DWH_MAP_LEVELS] = {"country", "region", "province", "base"};
	Oid			types[5] = {INT4OID, TEXTOID, DATEOID, TEXTOID, INT4OID};
	Datum		values[5];

	values[0] = Int32GetDatum(single->indicator->indicator_id);
	values[1] = CStringGetTextDatum(dwh_period_type_name(single->asked.frame.type));
	values[2] = DateADTGetDatum(dwh_frame_label(&single->asked.frame));
	values[3] = CStringGetTextDatum(level_names[single->place.ev->level]);
	values[4] = Int32GetDatum(single->key.unit_id);
	if (dwh_spi_select("SELECT to_json(computed_at) FROM dwh_star.indicator_value WHERE (indicator_id, period_type, period_start, unit_level, unit_id)"
					   " = ($1, $2, $3, $4, $5) AND NOT is_split", 5, types, values, NULL, true) > 0)
		add_member(object, "kept_since", dwh_spi_text(0, 1));
	if (dwh_spi_select("SELECT to_json(message) FROM dwh_log.refresh_failure WHERE indicator_id = $1"
					   " AND (period_type IS NULL OR (period_type, period_start) = ($2, $3)) ORDER BY period_type LIMIT 1", 5, types, values, NULL, true) > 0)
		add_member(object, "refresh_failed", dwh_spi_text(0, 1));
}

/* When the closed period was closed, as what, and what would be the value now. */
static char *
closed_json(const DwhSingle *single, const DwhValue *live)
{
	const DwhClosed *closed = single->asked.closed;
	const DwhClosedValue *frozen = single->frozen;
	StringInfoData object;

	initStringInfo(&object);
	appendStringInfoChar(&object, '{');
	add_member(&object, "stage", json_text(closed->stage));
	add_member(&object, "closing_no", psprintf("%d", closed->closing_no));
	add_member(&object, "closed_at", json_text(closed->closed_at));
	add_member(&object, "decision", json_text(closed->decision));
	add_member(&object, "computed_at", json_text(frozen ? frozen->computed_at : NULL));
	if (live)
	{
		add_member(&object, "value_now", live->is_null ? "null" : DatumGetCString(DirectFunctionCall1(numeric_out, live->number)));
		add_member(&object, "status_now", json_text(dwh_status_name(live->status)));
	}
	appendStringInfoChar(&object, '}');
	return object.data;
}

/* The first row: the value that is the answer, its version, and what is known of how it is kept. live: NULL where it was not computed. */
static Row *
first_row(Explainer *explainer, const DwhSingle *single, const DwhValue *live)
{
	DwhValue	value = !single->is_frozen ? *live : single->frozen ? single->frozen->value : dwh_value_missing(DWH_STATUS_NO_DATA, 0);
	int			version = single->is_frozen ? (single->frozen ? single->frozen->version : 0) : single->version ? single->version->version : 0;
	Row		   *row = row_make(explainer, &single->place, 0, psprintf("[%s]", single->indicator->code), "indicator", value);
	StringInfoData detail;

	initStringInfo(&detail);
	appendStringInfoChar(&detail, '{');
	if (version != 0)
	{
		row->values[VERSION] = Int32GetDatum(version);
		row->nulls[VERSION] = false;
		add_member(&detail, "version", version_json(single, version));
	}
	if (single->is_frozen)
		add_member(&detail, "closed", closed_json(single, live));
	add_kept(&detail, single);
	appendStringInfoChar(&detail, '}');
	if (detail.len > 2)
	{
		row->values[DETAIL] = DirectFunctionCall1(jsonb_in, CStringGetDatum(detail.data));
		row->nulls[DETAIL] = false;
	}
	return row;
}

/* The rows of one value. p_as_of: the frozen value alone, since the facts of that time are not stored. */
static void
explain_single(Explainer *explainer, DwhSingle *single, bool with_tree)
{
	DwhValue	live;
	Row		   *row;
	DwhNode    *formula;

	if (with_tree)
		live = dwh_single_value(single);
	row = first_row(explainer, single, with_tree ? &live : NULL);
	if (!with_tree || single->version == NULL || single->wrong_period)
	{
		row_emit(explainer, row);
		return;
	}
	formula = dwh_version_formula(single->indicator, single->version);
	set_text(row, FORMULA, dwh_formula_deparse(formula));
	set_text(row, FILLED_IN, dwh_formula_deparse(fill_in(&single->place, formula)));
	row_emit(explainer, row);
	explain_parts(explainer, &single->place, formula, 1, false);
}

/* dwh.explain_value(p_indicator, p_from, p_period, p_unit, p_as_of): the tree of one value, one row a node, parents before children. */
Datum
dwh_sql_explain_value(PG_FUNCTION_ARGS)
{
	Explainer	explainer = {0};
	DwhOwnerSwitch owner;
	DwhSingle	single;
	bool		with_tree = PG_ARGISNULL(4);

	InitMaterializedSRF(fcinfo, 0);
	dwh_require_warehouse();
	dwh_single_check_arguments(fcinfo);
	if (!dwh_caller_sees_values())
		return (Datum) 0;

	dwh_ref_cache_begin(fcinfo);
	dwh_owner_enter(&owner);
	dwh_spi_begin();
	dwh_single_prepare(&single, fcinfo, with_tree);
	explainer.rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	explainer.family = single.family;
	if (single.is_visible)
		explain_single(&explainer, &single, with_tree);
	dwh_spi_end();
	dwh_owner_leave(&owner);
	return (Datum) 0;
}

/*
 * values.c
 *		dwh.indicator_values(): unpack arguments, have them answered, return rows. dwh.explain_plan_values() takes the same
 *		arguments and returns the statements that would be run.
 *
 * A value is given only for a unit that lies wholly in the caller's scope: see visible.c.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "common/errors.h"
#include "common/nearest.h"
#include "common/owner.h"
#include "common/ref_cache.h"
#include "common/spi.h"
#include "indicator/closed.h"

PG_FUNCTION_INFO_V1(dwh_sql_indicator_values);
PG_FUNCTION_INFO_V1(dwh_sql_explain_plan_values);

#define VALUE_COLUMNS 14
#define PLAN_COLUMNS 7

/* A call, its arguments unpacked and checked. */
typedef struct ValuesCall
{
	DwhCatalogue *catalogue;
	DwhUnitTable *units;
	DwhFamily  *family;
	List	   *indicators;		/* of DwhIndicator */
	DwhPeriodType period;
	List	   *frames;			/* of DwhFrame */
	List	   *levels;			/* of int: DwhMapLevel */
	List	   *dimensions;		/* of char * */
	List	   *filters;		/* of DwhDimensionFilter */
	bool		has_units;		/* whether p_units was given: an empty list asks for none */
	List	   *unit_codes;
	DateADT		map_on;
	bool		has_as_of;
	TimestampTz as_of;
	ReturnSetInfo *rsinfo;
	MemoryContext context;		/* of what follows */
	DwhEvaluation *dims_of;		/* whose sets of dimension values stand in dims */
	int			ndims;
	Datum	   *dims;			/* as jsonb, 0 until needed */
	Datum		whole_share;	/* completeness of most rows */
} ValuesCall;

static const char *const level_names[] =
{
	[DWH_MAP_COUNTRY] = "country",
	[DWH_MAP_REGION] = "region",
	[DWH_MAP_PROVINCE] = "province",
	[DWH_MAP_BASE] = "base",
};

/* The elements of a text[]; raises 22004 for a NULL among them. */
static List *
text_array_list(ArrayType *array, const char *argument)
{
	Datum	   *elems;
	bool	   *nulls;
	int			n;
	List	   *result = NIL;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &elems, &nulls, &n);
	for (int i = 0; i < n; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("%s must not contain NULL", argument)));
		result = lappend(result, TextDatumGetCString(elems[i]));
	}
	return result;
}

static bool
list_has_string(List *list, const char *text)
{
	ListCell   *lc;

	foreach(lc, list)
		if (strcmp(lfirst(lc), text) == 0)
			return true;
	return false;
}

/* Raises 42704 unless the code names a dimension of the catalogue. */
static void
need_dimension(DwhCatalogue *catalogue, const char *code, const char *argument, bool with_levels)
{
	DwhNearest	nearest;
	ListCell   *lc;

	if (list_has_string(catalogue->dimension_codes, code))
		return;
	dwh_nearest_begin(&nearest, code);
	foreach(lc, catalogue->dimension_codes)
		dwh_nearest_offer(&nearest, lfirst(lc));
	for (int i = 0; with_levels && i < lengthof(level_names); i++)
		dwh_nearest_offer(&nearest, level_names[i]);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("\"%s\" in %s is no dimension", code, argument),
			 nearest.best ? errhint("Did you mean \"%s\"?", nearest.best) :
			 errhint("Use %sthe codes of dwh_catalog.dimension.", with_levels ? "country, region, province, base and " : "")));
}

/* p_by into levels of units and dimensions; without a level the country is meant. */
static void
parse_by(ValuesCall *call, ArrayType *by)
{
	ListCell   *lc;

	foreach(lc, text_array_list(by, "p_by"))
	{
		const char *word = lfirst(lc);
		bool		is_level = false;

		for (int i = 0; i < lengthof(level_names); i++)
			if (strcmp(word, level_names[i]) == 0)
			{
				call->levels = list_append_unique_int(call->levels, i);
				is_level = true;
			}
		if (is_level)
			continue;
		need_dimension(call->catalogue, word, "p_by", true);
		if (!list_has_string(call->dimensions, word))
			call->dimensions = lappend(call->dimensions, (void *) word);
	}
	if (call->levels == NIL)
		call->levels = list_make1_int(DWH_MAP_COUNTRY);
}

/* p_filter, as {"scheme": "BHXH_BB", "sex": ["F"]}. */
static void
parse_filter(ValuesCall *call, Datum filter)
{
	Oid			types[1] = {JSONBOID};
	Datum		values[1] = {filter};
	uint64		n;

	if (!JB_ROOT_IS_OBJECT(DatumGetJsonbP(filter)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("p_filter must be a JSON object"),
				 errhint("Write it as '{\"scheme\": \"BHXH_BB\", \"sex\": [\"F\"]}'.")));
	n = dwh_spi_select("SELECT key, ARRAY(SELECT CASE jsonb_typeof(e) WHEN 'number' THEN trim_scale(e::numeric)::text ELSE e #>> '{}' END"
					   " FROM jsonb_array_elements(CASE jsonb_typeof(value) WHEN 'array' THEN value ELSE jsonb_build_array(value) END) AS u (e))"
					   " FROM jsonb_each($1) ORDER BY 1", 1, types, values, NULL, true);
	for (uint64 i = 0; i < n; i++)
	{
		DwhDimensionFilter *entry = palloc0(sizeof(DwhDimensionFilter));
		bool		is_null;

		entry->dimension = dwh_spi_text(i, 1);
		entry->values = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 2, &is_null);
		entry->has_null = array_contains_nulls(DatumGetArrayTypeP(entry->values));
		need_dimension(call->catalogue, entry->dimension, "p_filter", false);
		call->filters = lappend(call->filters, entry);
	}
}

/* Raises 42704 for unknown indicators; the list keeps the order of the question. */
static void
parse_indicators(ValuesCall *call, ArrayType *codes)
{
	ListCell   *lc;

	foreach(lc, text_array_list(codes, "p_indicators"))
	{
		DwhIndicator *indicator = dwh_catalogue_need_indicator(call->catalogue, lfirst(lc));

		call->indicators = list_append_unique_ptr(call->indicators, indicator);
	}
}

/* Whether the unit, one above it or the region it is grouped in on that day is named in p_units. */
static bool
is_named_unit(void *arg, int unit_id, DateADT map_on)
{
	ValuesCall *call = arg;
	int			region_id = dwh_unit_at_level(unit_id, map_on, DWH_MAP_REGION);

	if (region_id != 0 && list_has_string(call->unit_codes, dwh_unit_info(call->units, region_id)->code))
		return true;
	while (unit_id != 0)
	{
		DwhUnitInfo *unit = dwh_unit_info(call->units, unit_id);

		if (list_has_string(call->unit_codes, unit->code))
			return true;
		unit_id = unit->parent_id;
	}
	return false;
}

/* The family of evaluations that answers the call. */
static DwhFamily *
family_make(ValuesCall *call)
{
	DwhFamily  *family = palloc0(sizeof(DwhFamily));

	family->catalogue = call->catalogue;
	family->units = call->units;
	family->root_unit_id = dwh_unit_root();
	family->dimensions = call->dimensions;
	family->filters = call->filters;
	if (call->has_units)
	{
		family->names_unit = is_named_unit;
		family->names_unit_arg = call;
	}
	dwh_family_bind(family);
	return family;
}

/* Whether the caller asked for the unit and may see it. */
static bool
is_asked_unit(void *arg, const DwhAsked *asked, int unit_id)
{
	ValuesCall *call = arg;

	if (!dwh_family_sees(call->family, asked->indicator, unit_id, asked->frame.map_on))
		return false;
	return !call->has_units || is_named_unit(call, unit_id, asked->frame.map_on);
}

/* {"scheme": "BHXH_BB"} of a set of dimension values. */
static Datum
dims_jsonb(DwhEvaluation *ev, int dims)
{
	StringInfoData text;
	ListCell   *code;
	ListCell   *value;

	initStringInfo(&text);
	appendStringInfoChar(&text, '{');
	forboth(code, ev->family->dimensions, value, list_nth(ev->dim_sets, dims))
	{
		if (text.len > 1)
			appendStringInfoString(&text, ", ");
		escape_json(&text, lfirst(code));
		appendStringInfoString(&text, ": ");
		if (lfirst(value))
			escape_json(&text, lfirst(value));
		else
			appendStringInfoString(&text, "null");
	}
	appendStringInfoChar(&text, '}');
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(text.data));
}

/* The same, made once for all rows of that set. */
static Datum
known_dims(ValuesCall *call, const DwhAnswer *answer)
{
	MemoryContext old = MemoryContextSwitchTo(call->context);

	if (call->dims_of != answer->ev || answer->dims >= call->ndims)
	{
		call->dims_of = answer->ev;
		call->ndims = list_length(answer->ev->dim_sets);
		call->dims = palloc0(call->ndims * sizeof(Datum));
	}
	if (call->dims[answer->dims] == 0)
		call->dims[answer->dims] = dims_jsonb(answer->ev, answer->dims);
	MemoryContextSwitchTo(old);
	return call->dims[answer->dims];
}

/* A share as numeric with four decimals. */
Datum
dwh_share_numeric(float8 share)
{
	return DirectFunctionCall2(numeric_round, DirectFunctionCall1(float8_numeric, Float8GetDatum(share)),
							   Int32GetDatum(4));
}

/* The status of an answer; a figure of a closed period that was not frozen says that it is none of those that were. */
static const char *
status_of(const DwhAnswer *answer)
{
	const DwhClosed *closed = answer->asked->closed;

	if (closed == NULL || answer->is_frozen || answer->value.is_null)
		return dwh_status_name(answer->value.status);
	return closed->is_revised ? "revised_after_close" : "live";
}

/* Writes one row of the answer. */
static void
emit_row(void *arg, const DwhAnswer *answer)
{
	ValuesCall *call = arg;
	const DwhFrame *frame = &answer->asked->frame;
	Datum		values[VALUE_COLUMNS] = {0};
	bool		nulls[VALUE_COLUMNS] = {0};

	values[0] = CStringGetTextDatum(answer->asked->indicator->code);
	values[1] = DateADTGetDatum(dwh_frame_label(frame));
	values[2] = CStringGetTextDatum(dwh_period_type_name(frame->type));
	values[3] = CStringGetTextDatum(answer->unit->code);
	values[4] = CStringGetTextDatum(answer->unit->name);
	values[5] = known_dims(call, answer);
	nulls[6] = answer->value.is_null;
	values[6] = answer->value.number;
	values[7] = CStringGetTextDatum(answer->asked->indicator->base_unit);
	nulls[8] = !answer->is_ratio || answer->numerator.is_null;
	values[8] = answer->numerator.number;
	nulls[9] = !answer->is_ratio || answer->denominator.is_null;
	values[9] = answer->denominator.number;
	values[10] = CStringGetTextDatum(status_of(answer));
	values[11] = answer->value.completeness == 1 ? call->whole_share : dwh_share_numeric(answer->value.completeness);
	nulls[12] = answer->version == NULL;
	values[12] = Int32GetDatum(answer->version ? answer->version->version : 0);
	nulls[13] = !answer->is_frozen;
	if (answer->is_frozen)
		values[13] = CStringGetTextDatum(answer->asked->closed->stage);
	tuplestore_putvalues(call->rsinfo->setResult, call->rsinfo->setDesc, values, nulls);
}

/* Has closed periods answer with what was frozen. Raises 0A000 where p_as_of asks for what was not. */
static void
attach_closings(ValuesCall *call, DwhQuestion *question)
{
	int			levels = 0;
	ListCell   *level;
	ListCell   *lc;

	foreach(level, question->levels)
		levels |= 1 << lfirst_int(level);
	dwh_closed_attach(question->asked, call->has_as_of ? &call->as_of : NULL, levels, 0);
	if (!call->has_as_of)
		return;
	foreach(lc, question->asked)
		foreach(level, question->levels)
			dwh_closed_require(lfirst(lc), lfirst_int(level));
}

/* The question that the call asks. */
static void
make_question(ValuesCall *call, DwhQuestion *question)
{
	ListCell   *i;
	ListCell   *f;

	question->family = call->family = family_make(call);
	question->levels = call->levels;
	foreach(i, call->indicators)
		foreach(f, call->frames)
		{
			DwhAsked   *asked = palloc0(sizeof(DwhAsked));

			asked->indicator = lfirst(i);
			asked->frame = *(DwhFrame *) lfirst(f);
			question->asked = lappend(question->asked, asked);
		}
	question->wants_unit = is_asked_unit;
	question->take = emit_row;
	question->arg = call;
	attach_closings(call, question);
}

/* Writes one row of the plan. */
static void
emit_statement(ReturnSetInfo *rsinfo, int step, const DwhStatement *statement)
{
	Datum		values[PLAN_COLUMNS];
	bool		nulls[PLAN_COLUMNS] = {0};
	List	   *measures = NIL;
	List	   *parameters = NIL;
	ListCell   *lc;

	foreach(lc, statement->requests)
	{
		const DwhRequest *request = lfirst(lc);

		measures = lappend(measures, psprintf(request->conditions == NIL ? "[%s]" : "[%s]{%s}", request->measure->code, request->conditions_key));
	}
	for (int i = 0; i < statement->parameters.n; i++)
	{
		Oid			output;
		bool		is_varlena;

		getTypeOutputInfo(statement->parameters.types[i], &output, &is_varlena);
		parameters = lappend(parameters, OidOutputFunctionCall(output, statement->parameters.values[i]));
	}
	values[0] = Int32GetDatum(step);
	values[1] = CStringGetTextDatum(level_names[statement->ev->level]);
	values[2] = dwh_text_array(measures);
	values[3] = CStringGetTextDatum(statement->source->relation_sql);
	values[4] = BoolGetDatum(statement->source->summary != NULL);
	values[5] = CStringGetTextDatum(statement->sql);
	values[6] = dwh_text_array(parameters);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

static void
need_argument(FunctionCallInfo fcinfo, int n, const char *name)
{
	if (PG_ARGISNULL(n))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be NULL", name)));
}

/* Raises 22004 for arguments that must be given. */
static void
check_arguments(FunctionCallInfo fcinfo)
{
	static const char *const names[] = {"p_indicators", "p_from", "p_to", "p_period", "p_by", "p_filter"};

	for (int i = 0; i < lengthof(names); i++)
		need_argument(fcinfo, i, names[i]);
}

/* Raises 0A000 where p_as_of stands with what is not stored. */
static void
check_as_of(const ValuesCall *call)
{
	const char *what = call->dimensions != NIL ? "a breakdown" : call->filters != NIL ? "a filter" :
		list_member_int(call->levels, DWH_MAP_REGION) ? "regions" : call->map_on != DATEVAL_NOEND ? "another map" : NULL;

	if (call->has_as_of && what)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("p_as_of cannot be given together with %s", what),
				 errdetail("Facts are not bitemporal: past states exist only of what is frozen when a period is closed, the values of the"
						   " country, provinces and base offices on the map of the time."),
				 errhint("Leave p_as_of out, or ask by country, province or base.")));
}

/* Unpacks the arguments. Expects SPI to be connected and dwh_owner to be in force. */
static void
parse_arguments(ValuesCall *call, FunctionCallInfo fcinfo)
{
	call->rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	call->context = CurrentMemoryContext;
	call->whole_share = dwh_share_numeric(1);
	call->catalogue = dwh_catalogue_load();
	call->units = dwh_unit_table_load();
	call->map_on = PG_ARGISNULL(7) ? DATEVAL_NOEND : PG_GETARG_DATEADT(7);
	if (!PG_ARGISNULL(7) && DATE_NOT_FINITE(call->map_on))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("p_map must be a finite date")));
	call->period = dwh_period_type_parse(text_to_cstring(PG_GETARG_TEXT_PP(3)));
	call->frames = dwh_period_frames(call->period, PG_GETARG_DATEADT(1), PG_GETARG_DATEADT(2), call->map_on);
	parse_indicators(call, PG_GETARG_ARRAYTYPE_P(0));
	parse_by(call, PG_GETARG_ARRAYTYPE_P(4));
	parse_filter(call, JsonbPGetDatum(PG_GETARG_JSONB_P(5)));
	if (!PG_ARGISNULL(6))
	{
		call->has_units = true;
		call->unit_codes = text_array_list(PG_GETARG_ARRAYTYPE_P(6), "p_units");
		dwh_units_check_codes(call->units, call->unit_codes, call->frames);
	}
	if (call->map_on != DATEVAL_NOEND)
		dwh_units_check_map(call->map_on, call->frames);
	call->has_as_of = !PG_ARGISNULL(8);
	if (call->has_as_of)
		call->as_of = PG_GETARG_TIMESTAMPTZ(8);
	check_as_of(call);
}

/*
 * What both functions below begin with: checks the arguments, and becomes dwh_owner with SPI connected and the question put. False, with
 * nothing begun, for a caller who sees no values; otherwise the caller ends it with dwh_spi_end() and dwh_owner_leave().
 */
static bool
begin_call(ValuesCall *call, DwhQuestion *question, DwhOwnerSwitch *owner, FunctionCallInfo fcinfo)
{
	InitMaterializedSRF(fcinfo, 0);
	dwh_require_warehouse();
	check_arguments(fcinfo);
	if (!dwh_caller_sees_values())
		return false;

	dwh_ref_cache_begin(fcinfo);
	dwh_owner_enter(owner);
	dwh_spi_begin();
	parse_arguments(call, fcinfo);
	make_question(call, question);
	return true;
}

/*
 * dwh.indicator_values(p_indicators, p_from, p_to, p_period, p_by, p_filter, p_units, p_map, p_as_of): the values of indicators,
 * one row an indicator, period, unit and combination of dimension values.
 */
Datum
dwh_sql_indicator_values(PG_FUNCTION_ARGS)
{
	ValuesCall	call = {0};
	DwhQuestion question = {0};
	DwhOwnerSwitch owner;

	if (!begin_call(&call, &question, &owner, fcinfo))
		return (Datum) 0;
	dwh_question_answer(&question);
	dwh_spi_end();
	dwh_owner_leave(&owner);
	return (Datum) 0;
}

/* dwh.explain_plan_values(the same arguments): the statements that dwh.indicator_values() would run, one row each. */
Datum
dwh_sql_explain_plan_values(PG_FUNCTION_ARGS)
{
	ValuesCall	call = {0};
	DwhQuestion question = {0};
	DwhOwnerSwitch owner;
	ListCell   *lc;

	if (!begin_call(&call, &question, &owner, fcinfo))
		return (Datum) 0;
	foreach(lc, dwh_question_plan(&question))
		emit_statement(call.rsinfo, foreach_current_index(lc) + 1, lfirst(lc));
	dwh_spi_end();
	dwh_owner_leave(&owner);
	return (Datum) 0;
}

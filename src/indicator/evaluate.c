/*
 * evaluate.c
 *		Walks the formula of an indicator over one cell (frame, unit, dimension values).
 *
 * The same walk is made twice. While collecting, it registers what has to be read: requests (measure and conditions) and
 * frames. Afterwards it computes with numeric arithmetic. A missing operand or a zero denominator gives NULL and a status that
 * says which, never an error and never 0.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "aggregate/id_set.h"
#include "common/errors.h"
#include "common/nearest.h"
#include "indicator/indicator.h"

/* References nested deeper than this are taken for a cycle. */
#define MAX_REFERENCE_DEPTH 50

/* References that one formula may lead to: [A] + [A], where A is [B] + [B] and so on, doubles with each step. */
#define MAX_REFERENCES 50000

/* The evaluation at a level, made at first need. */
DwhEvaluation *
dwh_evaluation_at(DwhFamily *family, DwhMapLevel level)
{
	DwhEvaluation *ev = family->at_level[level];
	HASHCTL		ctl = {0};

	if (ev)
		return ev;
	ev = palloc0(sizeof(DwhEvaluation));
	ev->family = family;
	ev->level = level;
	ev->dim_sets = family->dimensions == NIL ? list_make1(NIL) : NIL;
	ctl.keysize = sizeof(DwhCellKey);
	ctl.entrysize = sizeof(DwhCell);
	ctl.hcxt = CurrentMemoryContext;
	ev->cells = hash_create("dwh cells", 1024, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	family->at_level[level] = ev;
	return ev;
}

/* Answers the requests at every level that was needed. */
void
dwh_family_scan(DwhFamily *family)
{
	for (int i = 0; i < DWH_MAP_LEVELS; i++)
		if (family->at_level[i])
			dwh_scan_run(family->at_level[i]);
}

/* How the requests of a measure are answered; raises 0A000 for a time behaviour that its subject cannot have. */
DwhScanKind
dwh_request_kind(const DwhMeasure *measure)
{
	const char *behaviour = measure->behaviour;
	bool		is_manual = strcmp(measure->subject->code, "fact_manual") == 0;

	if (is_manual != (strcmp(behaviour, "latest") == 0 || strcmp(behaviour, "exact") == 0))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("measure \"%s\" cannot have the time behaviour \"%s\"", measure->code, behaviour),
				 errdetail("\"latest\" and \"exact\" belong to figures entered by people, the others to facts.")));
	if (is_manual)
		return DWH_SCAN_MANUAL;
	if (strcmp(behaviour, "cumulative") == 0)
		return DWH_SCAN_RUNNING;
	if (strcmp(behaviour, "average") == 0 ||
		(strcmp(behaviour, "flow") == 0 && strcmp(measure->aggregate, "distinct") == 0))
		return DWH_SCAN_MONTHLY;
	return DWH_SCAN_WINDOW;
}

/* Whether the measure picks or averages values, so that nothing to take is missing, not 0. */
bool
dwh_measure_is_mean(const DwhMeasure *measure)
{
	return strcmp(measure->aggregate, "min") == 0 || strcmp(measure->aggregate, "max") == 0 ||
		strcmp(measure->aggregate, "avg") == 0;
}

/* The canonical text of conditions, as key of a request. */
static char *
conditions_text(List *conditions)
{
	StringInfoData text;
	ListCell   *lc;

	initStringInfo(&text);
	foreach(lc, conditions)
		appendStringInfo(&text, "%s%s", foreach_current_index(lc) > 0 ? ", " : "", dwh_formula_deparse(lfirst(lc)));
	return text.data;
}

static DwhRequest *
find_request(DwhEvaluation *ev, DwhMeasure *measure, List *conditions, bool wants_set)
{
	char	   *key = conditions == NIL ? "" : conditions_text(conditions);
	DwhRequest *request;
	ListCell   *lc;

	foreach(lc, ev->requests)
	{
		request = lfirst(lc);
		if (request->measure == measure && request->wants_set == wants_set &&
			strcmp(request->conditions_key, key) == 0)
			return request;
	}
	if (!ev->family->collecting)
		elog(ERROR, "measure \"%s\" is needed but was not collected", measure->code);
	request = palloc0(sizeof(DwhRequest));
	request->index = list_length(ev->requests);
	request->measure = measure;
	request->conditions = conditions;
	request->conditions_key = key;
	request->kind = wants_set ? DWH_SCAN_WINDOW : dwh_request_kind(measure);
	request->wants_set = wants_set;
	ev->requests = lappend(ev->requests, request);
	return request;
}

/* What the request of a measure was read from, once scanned; NULL where nothing was. */
DwhSource *
dwh_measure_source(const DwhPlace *place, DwhMeasure *measure, bool wants_set)
{
	return find_request(place->ev, measure, place->conditions, wants_set)->source;
}

/*
 * Share of the expected units and months that have rows, as the measure's time behaviour needs them. months_present receives
 * the number of months of the frame in which any unit has rows.
 */
static float8
presence_share(const DwhPresence *presence, const char *behaviour, const DwhFrame *frame, int *months_present)
{
	Bitmapset  *any = NULL;
	int			expected = 0;
	int			present = 0;
	ListCell   *lc;

	foreach(lc, presence->parts)
	{
		DwhPresencePart *part = lfirst(lc);

		any = bms_add_members(any, part->months);
		if (strcmp(behaviour, "stock") == 0)
		{
			expected++;
			present += bms_is_member(frame->nmonths - 1, part->months);
		}
		else if (strcmp(behaviour, "opening") == 0)
		{
			expected++;
			present += bms_is_member(0, part->months);
		}
		else
		{
			expected += frame->nmonths;
			present += bms_num_members(part->months);
		}
	}
	*months_present = bms_num_members(any);
	bms_free(any);
	return expected > 0 ? (float8) present / expected : 0;
}

/* What a request answers where its rows have nothing to count: 0, or the empty set. */
static DwhValue
nothing_to_count(const DwhRequest *request)
{
	if (request->wants_set)
		return dwh_value_number(DirectFunctionCall1(dwh_sql_id_set_in, CStringGetDatum("{}")));
	return dwh_value_int(0);
}

/* A value with what is to be said of it: how much of what was expected is there, and whether its unit was split. */
static DwhValue
with_standing(DwhValue value, const DwhCellKey *key, float8 completeness)
{
	value.completeness = completeness;
	if (key->is_split)
		value.status = Max(value.status, DWH_STATUS_SPLIT);
	if (completeness < 1)
		value.status = Max(value.status, DWH_STATUS_PARTIAL);
	return value;
}

/* The value of a request whose rows are read within the frame. */
static DwhValue
window_value(DwhEvaluation *ev, const DwhRequest *request, const DwhCellKey *key, const DwhCellValue *found)
{
	const DwhMeasure *measure = request->measure;
	DwhPresence *presence = dwh_presence_find(ev, request, key);
	int			months_present;
	float8		share;
	DwhValue	result;

	if (presence == NULL)
		return dwh_value_missing(DWH_STATUS_NO_DATA, 0);
	share = presence_share(presence, measure->behaviour, &ev->frames[key->frame], &months_present);
	if (share == 0)
		return dwh_value_missing(DWH_STATUS_NO_DATA, 0);

	if (found != NULL && !found->is_null)
		result = request->wants_set ? dwh_value_number(found->value) : dwh_value_read(found->value);
	else if (!dwh_measure_is_mean(measure))
		result = nothing_to_count(request);
	else
		return dwh_value_missing(DWH_STATUS_NO_DATA, share);

	if (strcmp(measure->behaviour, "average") == 0 && !request->wants_set && !dwh_measure_is_mean(measure))
		result = dwh_value_arithmetic("/", result, dwh_value_int(months_present));
	return with_standing(result, key, share);
}

/* The value of a measure, or its set of people, where the walk stands. */
static DwhValue
measure_value(const DwhPlace *place, DwhMeasure *measure, bool wants_set)
{
	DwhEvaluation *ev = place->ev;
	DwhRequest *request = find_request(ev, measure, place->conditions, wants_set);
	DwhCellKey	key;
	DwhCell    *cell;
	DwhCellValue *found = NULL;
	DwhValue	result;

	if (ev->family->collecting)
	{
		request->frames = bms_add_member(request->frames, place->frame);
		ev->used_requests = bms_add_member(ev->used_requests, request->index);
		ev->used_frames = bms_add_member(ev->used_frames, place->frame);
		return dwh_value_missing(DWH_STATUS_NO_DATA, 0);
	}
	if (!dwh_subject_has_rows(measure->subject))
		return dwh_value_missing(DWH_STATUS_NO_SOURCE, 0);

	key = *place->cell;
	key.frame = place->frame;
	cell = hash_search(ev->cells, &key, HASH_FIND, NULL);
	if (cell && cell->values[request->index].is_set)
		found = &cell->values[request->index];

	if (request->kind == DWH_SCAN_WINDOW || request->kind == DWH_SCAN_MONTHLY)
		return window_value(ev, request, &key, found);
	if (found == NULL)
		return dwh_value_missing(DWH_STATUS_NO_DATA, 0);
	if (found->is_null && dwh_measure_is_mean(measure))
		return dwh_value_missing(DWH_STATUS_NO_DATA, found->completeness);
	result = found->is_null ? dwh_value_int(0) : dwh_value_read(found->value);
	return with_standing(result, &key, found->completeness);
}

/*
 * Follows [CODE] to an indicator's formula by the version in force at the end of the frame, or to a measure: calls number for
 * the first, or answers the second itself.
 */
static DwhValue
reference_value(const DwhPlace *place, const DwhNode *node, bool wants_set)
{
	DwhFamily  *family = place->ev->family;
	DwhIndicator *indicator = dwh_catalogue_indicator(family->catalogue, node->text);
	DwhPlace	inner = *place;
	DwhMeasure *measure;

	if (family->collecting && ++family->followed > MAX_REFERENCES)
		ereport(ERROR,
				(errcode(ERRCODE_DWH_FORMULA_TOO_LARGE),
				 errmsg("the formula refers to too much"),
				 errdetail("Following its references, and theirs, leads to more than %d.", MAX_REFERENCES),
				 errhint("Refer to measures directly, and use fewer periods in functions over time.")));
	if (node->args)
		inner.conditions = list_concat_copy(place->conditions, node->args);
	if (indicator != NULL)
	{
		DwhVersion *version = dwh_indicator_version(indicator, dwh_month_end(place->ev->frames[place->frame].last));
		DwhNode    *formula;
		DwhValue	value;

		if (version == NULL)
			return dwh_value_missing(DWH_STATUS_NO_DATA, 0);
		if (++family->depth > MAX_REFERENCE_DEPTH)
			ereport(ERROR,
					(errcode(ERRCODE_DWH_FORMULA_CYCLE),
					 errmsg("indicator \"%s\" refers to itself", node->text),
					 errdetail("Following its references comes back to it, or goes more than %d deep.",
							   MAX_REFERENCE_DEPTH)));
		formula = dwh_version_formula(indicator, version);
		value = wants_set ? dwh_evaluate_set(&inner, formula) : dwh_evaluate(&inner, formula);
		family->depth--;
		return value;
	}
	measure = dwh_catalogue_measure(family->catalogue, node->text);
	if (measure == NULL)
		dwh_catalogue_unknown_code(family->catalogue, node->text, true);
	if (wants_set && strcmp(measure->aggregate, "distinct") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DWH_FORMULA_TYPE),
				 errmsg("[%s] is no set of people", node->text),
				 errdetail("Measure \"%s\" takes the %s of rows.", measure->code, measure->aggregate),
				 errhint("people() takes measures whose aggregate is distinct.")));
	return measure_value(&inner, measure, wants_set);
}

/* Set algebra within people(): the value is a set, or missing where one side is. */
DwhValue
dwh_evaluate_set(const DwhPlace *place, const DwhNode *node)
{
	DwhValue	left;
	DwhValue	right;
	PGFunction	function;

	check_stack_depth();
	if (node->kind == DWH_NODE_REF)
		return reference_value(place, node, true);
	if (node->kind != DWH_NODE_SET)
		ereport(ERROR,
				(errcode(ERRCODE_DWH_FORMULA_TYPE),
				 errmsg("\"%s\" is no set of people", dwh_formula_deparse(node)),
				 errhint("people() takes distinct measures, or indicators that are nothing but one, joined by | & or -.")));
	left = dwh_evaluate_set(place, linitial(node->args));
	right = dwh_evaluate_set(place, lsecond(node->args));
	left.status = Max(left.status, right.status);
	left.completeness = Min(left.completeness, right.completeness);
	left.is_null = left.is_null || right.is_null;
	if (left.is_null)
		return left;
	function = node->text[0] == '|' ? dwh_sql_id_set_union :
		node->text[0] == '&' ? dwh_sql_id_set_intersect : dwh_sql_id_set_difference;
	left.number = DirectFunctionCall2(function, left.number, right.number);
	return left;
}

/* if(condition, a, b): a missing condition gives NULL, not b. */
static DwhValue
conditional(const DwhPlace *place, const DwhNode *call)
{
	DwhValue	condition = dwh_evaluate(place, linitial(call->args));
	DwhValue	yes;
	DwhValue	no;
	DwhValue	result;

	if (place->ev->family->collecting)
	{
		yes = dwh_evaluate(place, lsecond(call->args));
		no = dwh_evaluate(place, lthird(call->args));
		return yes.is_null ? no : yes;
	}
	if (condition.is_null)
		return condition;
	result = dwh_evaluate(place, dwh_value_is_true(condition) ? lsecond(call->args) : lthird(call->args));
	result.status = Max(result.status, condition.status);
	result.completeness = Min(result.completeness, condition.completeness);
	return result;
}

/* Raises WH202 for a function that is not known, or not with so many arguments. */
void
dwh_formula_unknown_function(const DwhNode *call)
{
	static const char *const names[] = {
		"abs", "average", "ceil", "coalesce", "exp", "floor", "greatest", "growth", "if", "least", "ln", "national", "nullif",
		"parent", "people", "prev", "rolling_avg", "rolling_sum", "round", "same_period_last_year", "sqrt", "ytd"
	};
	int			nargs = list_length(call->args);
	DwhNearest	nearest;

	dwh_nearest_begin(&nearest, call->text);
	for (int i = 0; i < lengthof(names); i++)
	{
		if (strcmp(call->text, names[i]) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_DWH_FORMULA_REFERENCE),
					 errmsg_plural("function \"%s\" does not take %d argument", "function \"%s\" does not take %d arguments",
								   nargs, call->text, nargs),
					 errdetail("It stands in \"%s\".", dwh_formula_deparse(call))));
		dwh_nearest_offer(&nearest, names[i]);
	}
	ereport(ERROR,
			(errcode(ERRCODE_DWH_FORMULA_REFERENCE),
			 errmsg("function \"%s\" does not exist", call->text),
			 errdetail("It stands in \"%s\".", dwh_formula_deparse(call)),
			 nearest.best ? errhint("Did you mean \"%s\"?", nearest.best) : 0));
}

static DwhValue
call_value(const DwhPlace *place, const DwhNode *node)
{
	const char *name = node->text;
	int			nargs = list_length(node->args);
	int			min_args;
	int			max_args;
	DwhValue   *args;

	if (strcmp(name, "if") == 0 && nargs == 3)
		return conditional(place, node);
	if (dwh_context_function(name, &min_args) && nargs == min_args)
		return dwh_context_value(place, node);
	if (!dwh_scalar_function(name, &min_args, &max_args) || nargs < min_args || nargs > max_args)
		dwh_formula_unknown_function(node);
	args = palloc(nargs * sizeof(DwhValue));
	for (int i = 0; i < nargs; i++)
		args[i] = dwh_evaluate(place, list_nth(node->args, i));
	return dwh_value_function(name, args, nargs);
}

static DwhValue
binary_value(const DwhPlace *place, const DwhNode *node)
{
	DwhValue	left = dwh_evaluate(place, linitial(node->args));
	DwhValue	right = dwh_evaluate(place, lsecond(node->args));

	if (strcmp(node->text, "and") == 0 || strcmp(node->text, "or") == 0)
		return dwh_value_logic(node->text, left, right);
	if (strchr("=<>", node->text[0]) != NULL)
		return dwh_value_compare(node->text, left, right);
	return dwh_value_arithmetic(node->text, left, right);
}

/* x in (1, 2): as x = 1 or x = 2. */
static DwhValue
in_value(const DwhPlace *place, const DwhNode *node)
{
	DwhValue	operand = dwh_evaluate(place, linitial(node->args));
	DwhValue	result = dwh_value_int(0);

	for (int i = 1; i < list_length(node->args); i++)
		result = dwh_value_logic("or", result,
								 dwh_value_compare("=", operand, dwh_evaluate(place, list_nth(node->args, i))));
	return node->negated ? dwh_value_compare("=", result, dwh_value_int(0)) : result;
}

/* The value of a formula's node where the walk stands. */
DwhValue
dwh_evaluate(const DwhPlace *place, const DwhNode *node)
{
	DwhValue	value;

	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	switch (node->kind)
	{
		case DWH_NODE_NUMBER:
			return dwh_value_constant(node->text);
		case DWH_NODE_BOOL:
			return dwh_value_int(strcmp(node->text, "true") == 0);
		case DWH_NODE_NULL:
			return dwh_value_missing(DWH_STATUS_NO_DATA, 1);
		case DWH_NODE_REF:
			return reference_value(place, node, false);
		case DWH_NODE_CALL:
			return call_value(place, node);
		case DWH_NODE_UNARY:
			value = dwh_evaluate(place, linitial(node->args));
			return strcmp(node->text, "not") == 0 ? dwh_value_compare("=", value, dwh_value_int(0))
				: dwh_value_arithmetic("-", dwh_value_int(0), value);
		case DWH_NODE_BINARY:
			return binary_value(place, node);
		case DWH_NODE_IN:
			return in_value(place, node);
		case DWH_NODE_IS_NULL:
			value = dwh_evaluate(place, linitial(node->args));
			return dwh_value_int(value.is_null != node->negated);
		case DWH_NODE_STRING:
		case DWH_NODE_PATH:
		case DWH_NODE_SET:
			break;
	}
	ereport(ERROR,
			(errcode(ERRCODE_DWH_FORMULA_TYPE),
			 errmsg("\"%s\" is no number", dwh_formula_deparse(node)),
			 errhint("A formula is made of references in brackets, numbers, operators and functions; names and quoted text belong"
					 " into the braces after a reference.")));
}

static bool
is_constant(const DwhNode *node)
{
	return node->kind == DWH_NODE_NUMBER;
}

/* The node without constants that it is multiplied with, on either side, or divided by. */
static const DwhNode *
without_factors(const DwhNode *node)
{
	for (;;)
	{
		bool		is_product = dwh_node_is_op(node, DWH_NODE_BINARY, "*");

		if (is_product && is_constant(linitial(node->args)))
			node = lsecond(node->args);
		else if ((is_product || dwh_node_is_op(node, DWH_NODE_BINARY, "/")) && is_constant(lsecond(node->args)))
			node = linitial(node->args);
		else
			return node;
	}
}

/*
 * Numerator and denominator of a formula whose top is a ratio, without constant factors: 100 * [A] / [B] and [A] / [B] * 100 give [A]
 * and [B]. Returns false where the top is no ratio.
 */
bool
dwh_ratio_parts(const DwhNode *node, const DwhNode **numerator, const DwhNode **denominator)
{
	node = without_factors(node);
	if (!dwh_node_is_op(node, DWH_NODE_BINARY, "/"))
		return false;
	*numerator = without_factors(linitial(node->args));
	*denominator = without_factors(lsecond(node->args));
	return true;
}

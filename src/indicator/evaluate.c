/*
 * evaluate.c
 *		Walks the formula of an indicator over one cell (frame, unit, dimension values).
 *
 * The same walk is made twice. While collecting, it registers what has to be read: requests (measure and conditions) and
 * frames. Afterwards it computes with numeric arithmetic. A missing operand or a zero denominator gives NULL and a status that
 * says which, never an error and never 0. What the evaluator cannot do yet it refuses by name.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "common/errors.h"
#include "indicator/indicator.h"

/* References nested deeper than this are taken for a cycle. */
#define MAX_REFERENCE_DEPTH 50

static const char *const status_names[] =
{
	[DWH_STATUS_OK] = "ok",
	[DWH_STATUS_SPLIT] = "split",
	[DWH_STATUS_PARTIAL] = "partial",
	[DWH_STATUS_ZERO_DENOMINATOR] = "zero_denominator",
	[DWH_STATUS_NO_DATA] = "no_data",
	[DWH_STATUS_NO_SOURCE] = "no_source",
	[DWH_STATUS_WRONG_PERIOD] = "wrong_period",
};

const char *
dwh_status_name(DwhStatus status)
{
	return status_names[status];
}

static DwhValue
missing(DwhStatus status, float8 completeness)
{
	DwhValue	value = {0};

	value.is_null = true;
	value.status = status;
	value.completeness = completeness;
	return value;
}

static DwhValue
number(Datum datum)
{
	DwhValue	value = {0};

	value.number = datum;
	value.completeness = 1;
	return value;
}

static bool
is_zero(Datum value)
{
	return DatumGetBool(DirectFunctionCall2(numeric_eq, value, NumericGetDatum(int64_to_numeric(0))));
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
find_request(DwhEvaluation *ev, DwhMeasure *measure, List *conditions)
{
	char	   *key = conditions_text(conditions);
	DwhRequest *request;
	ListCell   *lc;

	foreach(lc, ev->requests)
	{
		request = lfirst(lc);
		if (request->measure == measure && strcmp(request->conditions_key, key) == 0)
			return request;
	}
	if (!ev->collecting)
		elog(ERROR, "measure \"%s\" is needed but was not collected", measure->code);
	request = palloc0(sizeof(DwhRequest));
	request->index = list_length(ev->requests);
	request->measure = measure;
	request->conditions = conditions;
	request->conditions_key = key;
	request->kind = dwh_request_kind(measure);
	ev->requests = lappend(ev->requests, request);
	return request;
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
		return missing(DWH_STATUS_NO_DATA, 0);
	share = presence_share(presence, measure->behaviour, &ev->frames[key->frame], &months_present);
	if (share == 0)
		return missing(DWH_STATUS_NO_DATA, 0);

	if (found != NULL && !found->is_null)
		result = number(found->value);
	else if (strcmp(measure->aggregate, "sum") == 0 || strcmp(measure->aggregate, "count") == 0 ||
			 strcmp(measure->aggregate, "distinct") == 0)
		result = number(NumericGetDatum(int64_to_numeric(0)));
	else
		return missing(DWH_STATUS_NO_DATA, share);

	if (strcmp(measure->behaviour, "average") == 0)
		result.number = DirectFunctionCall2(numeric_div, result.number,
											NumericGetDatum(int64_to_numeric(months_present)));
	result.completeness = share;
	result.status = key->is_split ? DWH_STATUS_SPLIT : DWH_STATUS_OK;
	if (share < 1)
		result.status = DWH_STATUS_PARTIAL;
	return result;
}

static DwhValue
measure_value(DwhEvaluation *ev, DwhMeasure *measure, const DwhCellKey *cell, int frame, List *conditions)
{
	DwhRequest *request = find_request(ev, measure, conditions);
	DwhCellKey	key;
	DwhCell    *found_cell;
	DwhCellValue *found = NULL;
	DwhValue	result;

	if (ev->collecting)
	{
		ev->used_requests = bms_add_member(ev->used_requests, request->index);
		ev->used_frames = bms_add_member(ev->used_frames, frame);
		return missing(DWH_STATUS_NO_DATA, 0);
	}
	if (!dwh_subject_has_rows(measure->subject))
		return missing(DWH_STATUS_NO_SOURCE, 0);

	key = *cell;
	key.frame = frame;
	found_cell = hash_search(ev->cells, &key, HASH_FIND, NULL);
	if (found_cell && found_cell->values[request->index].is_set)
		found = &found_cell->values[request->index];

	if (request->kind == DWH_SCAN_WINDOW || request->kind == DWH_SCAN_MONTHLY)
		return window_value(ev, request, &key, found);
	if (found == NULL)
		return missing(DWH_STATUS_NO_DATA, 0);
	result = number(found->is_null ? NumericGetDatum(int64_to_numeric(0)) : found->value);
	result.completeness = found->completeness;
	if (found->completeness < 1)
		result.status = DWH_STATUS_PARTIAL;
	return result;
}

/* [CODE]: an indicator by the version in force at the end of the frame, or a measure. */
static DwhValue
reference_value(DwhEvaluation *ev, const DwhNode *node, int frame, const DwhCellKey *cell, List *conditions)
{
	DwhIndicator *indicator = dwh_catalogue_indicator(ev->catalogue, node->text);
	DwhMeasure *measure;
	List	   *all_conditions = node->args ? list_concat_copy(conditions, node->args) : conditions;

	if (indicator != NULL)
	{
		DwhVersion *version = dwh_indicator_version(indicator, dwh_month_end(ev->frames[frame].last));
		DwhValue	value;

		if (version == NULL)
			return missing(DWH_STATUS_NO_DATA, 0);
		if (++ev->depth > MAX_REFERENCE_DEPTH)
			ereport(ERROR,
					(errcode(ERRCODE_DWH_FORMULA_CYCLE),
					 errmsg("indicator \"%s\" refers to itself", node->text),
					 errdetail("Following its references comes back to it, or goes more than %d deep.",
							   MAX_REFERENCE_DEPTH)));
		value = dwh_evaluate(ev, dwh_version_formula(indicator, version), frame, cell, all_conditions);
		ev->depth--;
		return value;
	}
	measure = dwh_catalogue_measure(ev->catalogue, node->text);
	if (measure == NULL)
		dwh_catalogue_unknown_code(ev->catalogue, node->text, true);
	return measure_value(ev, measure, cell, frame, all_conditions);
}

/* The worse status and the smaller completeness of two operands; NULL when one is. */
static DwhValue
combine(DwhValue a, DwhValue b)
{
	DwhValue	result = {0};

	result.status = Max(a.status, b.status);
	result.completeness = Min(a.completeness, b.completeness);
	result.is_null = a.is_null || b.is_null;
	return result;
}

static DwhValue
arithmetic(const char *op, DwhValue a, DwhValue b)
{
	DwhValue	result = combine(a, b);
	PGFunction	function;

	if (result.is_null)
		return result;
	switch (op[0])
	{
		case '+':
			function = numeric_add;
			break;
		case '-':
			function = numeric_sub;
			break;
		case '*':
			function = numeric_mul;
			break;
		default:
			if (is_zero(b.number))
			{
				result.is_null = true;
				result.status = DWH_STATUS_ZERO_DENOMINATOR;
				return result;
			}
			function = numeric_div;
			break;
	}
	result.number = DirectFunctionCall2(function, a.number, b.number);
	return result;
}

static DwhValue
number_constant(int64 value)
{
	return number(NumericGetDatum(int64_to_numeric(value)));
}

/* A whole number written as argument; raises 22023 for anything else or outside 1 .. 120. */
static int
count_argument(const DwhNode *call, const DwhNode *node)
{
	int			n = 0;

	if (node->kind == DWH_NODE_NUMBER && strspn(node->text, "0123456789") == strlen(node->text) && strlen(node->text) <= 3)
		n = pg_strtoint32(node->text);
	if (n < 1 || n > 120)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s() takes a number of periods from 1 to 120, not \"%s\"", call->text, dwh_formula_deparse(node))));
	return n;
}

/* Sum over n periods that end with the frame's; mean where asked. */
static DwhValue
rolling(DwhEvaluation *ev, const DwhNode *argument, int frame, const DwhCellKey *cell, List *conditions, int n, bool mean)
{
	DwhValue	sum = number_constant(0);

	for (int i = 0; i < n; i++)
	{
		int			shifted = dwh_frame_index(ev, dwh_frame_shift(&ev->frames[frame], -i));

		sum = arithmetic("+", sum, dwh_evaluate(ev, argument, shifted, cell, conditions));
	}
	return mean ? arithmetic("/", sum, number_constant(n)) : sum;
}

/* Mean of the values of the frame's months; months without a value are left out, status partial. */
static DwhValue
month_average(DwhEvaluation *ev, const DwhNode *argument, int frame, const DwhCellKey *cell, List *conditions)
{
	DwhFrame	whole = ev->frames[frame];
	DwhValue	sum = number_constant(0);
	DwhValue	last = missing(DWH_STATUS_NO_DATA, 0);
	int			n = 0;

	for (int i = 0; i < whole.nmonths; i++)
	{
		DateADT		month = dwh_month_add(whole.first, i);
		int			index = dwh_frame_index(ev, dwh_frame_make(DWH_PERIOD_MONTH, month, month, whole.map_on));
		DwhValue	value = dwh_evaluate(ev, argument, index, cell, conditions);

		last = value;
		if (value.is_null)
			continue;
		sum = arithmetic("+", sum, value);
		n++;
	}
	if (n == 0)
		return last;
	sum = arithmetic("/", sum, number_constant(n));
	if (n < whole.nmonths)
	{
		sum.status = Max(sum.status, DWH_STATUS_PARTIAL);
		sum.completeness *= (float8) n / whole.nmonths;
	}
	return sum;
}

static DwhValue
call_value(DwhEvaluation *ev, const DwhNode *node, int frame, const DwhCellKey *cell, List *conditions)
{
	const char *name = node->text;
	int			nargs = list_length(node->args);
	const DwhNode *argument = nargs > 0 ? linitial(node->args) : NULL;
	int			other;

	if (strcmp(name, "ytd") == 0 && nargs == 1)
	{
		other = dwh_frame_index(ev, dwh_frame_ytd(&ev->frames[frame]));
		return dwh_evaluate(ev, argument, other, cell, conditions);
	}
	if (strcmp(name, "prev") == 0 && nargs == 2)
	{
		other = dwh_frame_index(ev, dwh_frame_shift(&ev->frames[frame], -count_argument(node, lsecond(node->args))));
		return dwh_evaluate(ev, argument, other, cell, conditions);
	}
	if (strcmp(name, "same_period_last_year") == 0 && nargs == 1)
	{
		other = dwh_frame_index(ev, dwh_frame_year_before(&ev->frames[frame]));
		return dwh_evaluate(ev, argument, other, cell, conditions);
	}
	if (strcmp(name, "growth") == 0 && nargs == 1)
	{
		DwhValue	now = dwh_evaluate(ev, argument, frame, cell, conditions);
		DwhValue	then;

		other = dwh_frame_index(ev, dwh_frame_year_before(&ev->frames[frame]));
		then = dwh_evaluate(ev, argument, other, cell, conditions);
		return arithmetic("/", arithmetic("*", number_constant(100), arithmetic("-", now, then)), then);
	}
	if (strcmp(name, "average") == 0 && nargs == 1)
		return month_average(ev, argument, frame, cell, conditions);
	if ((strcmp(name, "rolling_sum") == 0 || strcmp(name, "rolling_avg") == 0) && nargs == 2)
		return rolling(ev, argument, frame, cell, conditions, count_argument(node, lsecond(node->args)),
					   strcmp(name, "rolling_avg") == 0);
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("function \"%s\" with %d arguments cannot be evaluated", name, nargs),
			 errdetail("It stands in \"%s\".", dwh_formula_deparse(node)),
			 errhint("ytd, prev, same_period_last_year, growth, average, rolling_sum and rolling_avg can be used.")));
}

/*
 * The value of a formula's node in a cell. conditions are those of the references on the way down. The frame of the cell is
 * not looked at: frame says where the walk stands.
 */
DwhValue
dwh_evaluate(DwhEvaluation *ev, const DwhNode *node, int frame, const DwhCellKey *cell, List *conditions)
{
	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	switch (node->kind)
	{
		case DWH_NODE_NUMBER:
			return number(DirectFunctionCall3(numeric_in, CStringGetDatum(node->text),
											  ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
		case DWH_NODE_REF:
			return reference_value(ev, node, frame, cell, conditions);
		case DWH_NODE_CALL:
			return call_value(ev, node, frame, cell, conditions);
		case DWH_NODE_UNARY:
			if (strcmp(node->text, "-") == 0)
				return arithmetic("-", number_constant(0),
								  dwh_evaluate(ev, linitial(node->args), frame, cell, conditions));
			break;
		case DWH_NODE_BINARY:
			if (strlen(node->text) == 1 && strchr("+-*/", node->text[0]) != NULL)
			{
				DwhValue	left = dwh_evaluate(ev, linitial(node->args), frame, cell, conditions);
				DwhValue	right = dwh_evaluate(ev, lsecond(node->args), frame, cell, conditions);

				return arithmetic(node->text, left, right);
			}
			break;
		default:
			break;
	}
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("\"%s\" cannot be evaluated in a formula", dwh_formula_deparse(node)),
			 errhint("References, numbers, + - * / and functions over time can be used.")));
}

static bool
is_constant(const DwhNode *node)
{
	return node->kind == DWH_NODE_NUMBER;
}

/*
 * Numerator and denominator of a formula whose top is a ratio, without constant factors: 100 * [A] / [B] gives [A] and [B].
 * Returns false where the top is no ratio.
 */
bool
dwh_ratio_parts(const DwhNode *node, const DwhNode **numerator, const DwhNode **denominator)
{
	const DwhNode *left;

	while (dwh_node_is_op(node, DWH_NODE_BINARY, "*") && is_constant(linitial(node->args)))
		node = lsecond(node->args);
	if (!dwh_node_is_op(node, DWH_NODE_BINARY, "/") || is_constant(lsecond(node->args)))
		return false;
	left = linitial(node->args);
	while (dwh_node_is_op(left, DWH_NODE_BINARY, "*") && is_constant(linitial(left->args)))
		left = lsecond(left->args);
	*numerator = left;
	*denominator = lsecond(node->args);
	return true;
}

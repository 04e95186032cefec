/*
 * over_time.c
 *		Functions of the formula language that look at other periods or other units: ytd, prev, same_period_last_year, growth,
 *		average, rolling_sum, rolling_avg, parent, national, people.
 *
 * Each takes an expression and evaluates it elsewhere, on the map of the row it stands in: measures are brought to that other
 * period or unit first, then the formula runs, so ratios are never averaged or summed by accident.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "aggregate/id_set.h"
#include "common/errors.h"
#include "indicator/indicator.h"

/* Periods that a function may reach back over, and those of functions within functions together. */
#define MAX_PERIODS 120
#define MAX_REACH 1440

static DwhValue ytd(const DwhPlace *place, const DwhNode *call);
static DwhValue prev(const DwhPlace *place, const DwhNode *call);
static DwhValue same_period_last_year(const DwhPlace *place, const DwhNode *call);
static DwhValue growth(const DwhPlace *place, const DwhNode *call);
static DwhValue average(const DwhPlace *place, const DwhNode *call);
static DwhValue rolling_sum(const DwhPlace *place, const DwhNode *call);
static DwhValue rolling_avg(const DwhPlace *place, const DwhNode *call);
static DwhValue parent(const DwhPlace *place, const DwhNode *call);
static DwhValue national(const DwhPlace *place, const DwhNode *call);
static DwhValue people(const DwhPlace *place, const DwhNode *call);

static const struct
{
	const char *name;
	int			nargs;
	DwhValue	(*evaluate) (const DwhPlace *place, const DwhNode *call);
}			functions[] =
{
	{"average", 1, average},
	{"growth", 1, growth},
	{"national", 1, national},
	{"parent", 1, parent},
	{"people", 1, people},
	{"prev", 2, prev},
	{"rolling_avg", 2, rolling_avg},
	{"rolling_sum", 2, rolling_sum},
	{"same_period_last_year", 1, same_period_last_year},
	{"ytd", 1, ytd},
};

/* Whether a function of that name stands here; its number of arguments goes to nargs. */
bool
dwh_context_function(const char *name, int *nargs)
{
	for (int i = 0; i < lengthof(functions); i++)
		if (strcmp(name, functions[i].name) == 0)
		{
			*nargs = functions[i].nargs;
			return true;
		}
	return false;
}

/* The value of such a function; its name and number of arguments have been checked. */
DwhValue
dwh_context_value(const DwhPlace *place, const DwhNode *call)
{
	for (int i = 0; i < lengthof(functions); i++)
		if (strcmp(call->text, functions[i].name) == 0)
			return functions[i].evaluate(place, call);
	elog(ERROR, "function \"%s\" is not known", call->text);
}

/* The frame where the walk stands. */
static const DwhFrame *
frame_of(const DwhPlace *place)
{
	return &place->ev->frames[place->frame];
}

/* Raises WH205 where functions over time are nested too far. */
void
dwh_reach_check(int reach)
{
	if (reach > MAX_REACH)
		ereport(ERROR,
				(errcode(ERRCODE_DWH_FORMULA_TOO_LARGE),
				 errmsg("functions over time are nested too far"),
				 errdetail("Together they reach over %d periods; %d are allowed.", reach, MAX_REACH),
				 errhint("Use fewer periods, or nest them less deep.")));
}

/* The place for an argument that will be evaluated n times. */
static DwhPlace
times(const DwhPlace *place, int n)
{
	DwhPlace	inner = *place;

	inner.reach = Max(1, place->reach) * n;
	dwh_reach_check(inner.reach);
	return inner;
}

/* The first argument, evaluated in another frame. */
static DwhValue
in_frame(const DwhPlace *place, const DwhNode *call, DwhFrame frame)
{
	DwhPlace	other = *place;

	other.frame = dwh_frame_index(place->ev, frame);
	return dwh_evaluate(&other, linitial(call->args));
}

/* The second argument: a whole number of periods, written as such. */
int
dwh_periods_argument(const DwhNode *call)
{
	const DwhNode *node = lsecond(call->args);
	int			n = 0;

	if (node->kind == DWH_NODE_NUMBER && strspn(node->text, "0123456789") == strlen(node->text) && strlen(node->text) <= 3)
		n = pg_strtoint32(node->text);
	if (n < 1 || n > MAX_PERIODS)
		ereport(ERROR,
				(errcode(ERRCODE_DWH_FORMULA_TYPE),
				 errmsg("%s() takes a number of periods from 1 to %d, not \"%s\"", call->text, MAX_PERIODS,
						dwh_formula_deparse(node))));
	return n;
}

/* ytd(x): from January to the end of the period. */
static DwhValue
ytd(const DwhPlace *place, const DwhNode *call)
{
	return in_frame(place, call, dwh_frame_ytd(frame_of(place)));
}

/* prev(x, n): n periods before. */
static DwhValue
prev(const DwhPlace *place, const DwhNode *call)
{
	return in_frame(place, call, dwh_frame_shift(frame_of(place), -dwh_periods_argument(call)));
}

static DwhValue
same_period_last_year(const DwhPlace *place, const DwhNode *call)
{
	return in_frame(place, call, dwh_frame_year_before(frame_of(place)));
}

/* growth(x): percent of change against the same period of the year before. */
static DwhValue
growth(const DwhPlace *place, const DwhNode *call)
{
	DwhPlace	inner = times(place, 2);
	DwhValue	now = dwh_evaluate(&inner, linitial(call->args));
	DwhValue	then = in_frame(&inner, call, dwh_frame_year_before(frame_of(place)));
	DwhValue	change = dwh_value_arithmetic("*", dwh_value_int(100), dwh_value_arithmetic("-", now, then));

	return dwh_value_arithmetic("/", change, then);
}

/* average(x): mean over the months of the period; months without a value are left out, status partial. */
static DwhValue
average(const DwhPlace *place, const DwhNode *call)
{
	DwhFrame	whole = *frame_of(place);
	DwhPlace	inner = times(place, whole.nmonths);
	DwhValue	sum = dwh_value_int(0);
	DwhValue	last = dwh_value_missing(DWH_STATUS_NO_DATA, 0);
	int			n = 0;

	for (int i = 0; i < whole.nmonths; i++)
	{
		DateADT		month = dwh_month_add(whole.first, i);
		DwhValue	value = in_frame(&inner, call, dwh_frame_make(DWH_PERIOD_MONTH, month, month, whole.map_on));

		last = value;
		if (value.is_null)
			continue;
		sum = dwh_value_arithmetic("+", sum, value);
		n++;
	}
	if (n == 0)
		return last;
	sum = dwh_value_arithmetic("/", sum, dwh_value_int(n));
	if (n < whole.nmonths)
	{
		sum.status = Max(sum.status, DWH_STATUS_PARTIAL);
		sum.completeness *= (float8) n / whole.nmonths;
	}
	return sum;
}

/* Sum over the n periods that end with this one. */
static DwhValue
rolling_sum(const DwhPlace *place, const DwhNode *call)
{
	int			n = dwh_periods_argument(call);
	DwhPlace	inner = times(place, n);
	DwhValue	sum = dwh_value_int(0);

	for (int i = 0; i < n; i++)
		sum = dwh_value_arithmetic("+", sum, in_frame(&inner, call, dwh_frame_shift(frame_of(place), -i)));
	return sum;
}

static DwhValue
rolling_avg(const DwhPlace *place, const DwhNode *call)
{
	return dwh_value_arithmetic("/", rolling_sum(place, call), dwh_value_int(dwh_periods_argument(call)));
}

/* The place of the unit above, at another level; NULL where there is none. While collecting, the unit does not matter. */
static DwhPlace *
place_at_level(const DwhPlace *place, DwhMapLevel level)
{
	DwhPlace   *other = palloc(sizeof(DwhPlace));
	DwhCellKey *key = palloc(sizeof(DwhCellKey));

	*other = *place;
	*key = *place->cell;
	other->ev = dwh_evaluation_at(place->ev->family, level);
	other->frame = dwh_frame_index(other->ev, *frame_of(place));
	other->cell = key;
	if (place->ev->family->collecting)
		return other;
	key->unit_id = dwh_unit_at_level(key->unit_id, frame_of(place)->map_on, level);
	key->is_split = false;
	if (key->dims >= 0)			/* -1: values that were not met there, nor will they be further up */
		key->dims = dwh_dim_set_find(other->ev, list_nth(place->ev->dim_sets, key->dims));
	return key->unit_id == 0 ? NULL : other;
}

/* The first argument, evaluated for the unit above at another level. */
static DwhValue
at_level(const DwhPlace *place, const DwhNode *call, DwhMapLevel level)
{
	DwhPlace   *above = place_at_level(place, level);

	if (above == NULL)
		return dwh_value_missing(DWH_STATUS_NO_DATA, 0);
	if (!dwh_place_is_visible(above))
		return dwh_public_value(above, linitial(call->args));
	return dwh_evaluate(above, linitial(call->args));
}

/* parent(x): of the province for a base office, of the country for a province or region; the country has none. */
static DwhValue
parent(const DwhPlace *place, const DwhNode *call)
{
	if (place->ev->level == DWH_MAP_COUNTRY)
		return dwh_value_missing(DWH_STATUS_NO_DATA, 0);
	return at_level(place, call, place->ev->level == DWH_MAP_BASE ? DWH_MAP_PROVINCE : DWH_MAP_COUNTRY);
}

/* national(x): of the whole country. */
static DwhValue
national(const DwhPlace *place, const DwhNode *call)
{
	return at_level(place, call, DWH_MAP_COUNTRY);
}

/* people(a | b): how many different people, also across subjects. */
static DwhValue
people(const DwhPlace *place, const DwhNode *call)
{
	DwhValue	value = dwh_evaluate_set(place, linitial(call->args));

	if (!value.is_null)
		value.number = NumericGetDatum(int64_to_numeric(DatumGetInt64(DirectFunctionCall1(dwh_sql_id_set_cardinality,
																						  value.number))));
	return value;
}

static List *
append_frame(List *places, const DwhPlace *place, DwhFrame frame)
{
	DwhPlace   *other = palloc(sizeof(DwhPlace));

	*other = *place;
	other->frame = dwh_frame_index(place->ev, frame);
	return lappend(places, other);
}

/* The places at which a function evaluates its argument, for explanations; those it looked at when the values were collected. */
List *
dwh_context_places(const DwhPlace *place, const DwhNode *call)
{
	DwhFrame	frame = *frame_of(place);
	DwhPlace   *above = NULL;
	List	   *places = NIL;

	if (strcmp(call->text, "ytd") == 0)
		return append_frame(NIL, place, dwh_frame_ytd(&frame));
	if (strcmp(call->text, "prev") == 0)
		return append_frame(NIL, place, dwh_frame_shift(&frame, -dwh_periods_argument(call)));
	if (strcmp(call->text, "same_period_last_year") == 0)
		return append_frame(NIL, place, dwh_frame_year_before(&frame));
	if (strcmp(call->text, "growth") == 0)
		return append_frame(append_frame(NIL, place, frame), place, dwh_frame_year_before(&frame));
	if (strcmp(call->text, "average") == 0)
	{
		for (int i = 0; i < frame.nmonths; i++)
		{
			DateADT		month = dwh_month_add(frame.first, i);

			places = append_frame(places, place, dwh_frame_make(DWH_PERIOD_MONTH, month, month, frame.map_on));
		}
		return places;
	}
	if (strncmp(call->text, "rolling", strlen("rolling")) == 0)
	{
		for (int i = dwh_periods_argument(call) - 1; i >= 0; i--)
			places = append_frame(places, place, dwh_frame_shift(&frame, -i));
		return places;
	}
	if (strcmp(call->text, "national") == 0)
		above = place_at_level(place, DWH_MAP_COUNTRY);
	else if (strcmp(call->text, "parent") == 0 && place->ev->level != DWH_MAP_COUNTRY)
		above = place_at_level(place, place->ev->level == DWH_MAP_BASE ? DWH_MAP_PROVINCE : DWH_MAP_COUNTRY);
	else if (strcmp(call->text, "people") == 0)
		return append_frame(NIL, place, frame);
	return above && dwh_place_is_visible(above) ? list_make1(above) : NIL;
}

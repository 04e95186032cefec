/*
 * arithmetic.c
 *		Values of formulas: numeric arithmetic, conditions and scalar functions over values that may be missing.
 *
 * No operation raises an error. A missing operand, a zero denominator or a result that does not exist (square root of a
 * negative number, a number of 1,000 digits) is NULL with a status that says which. Conditions are values 1 and 0, and NULL
 * follows the three-valued logic of SQL.
 */
#include "postgres.h"

#include <math.h>

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

#include "common/errors.h"
#include "indicator/indicator.h"

/* Results of more digits than this before the point are no figures of any statistics. */
#define MAX_DIGITS 1000

static DwhValue with_number(DwhValue value, Datum number);

/* Constants, made once a backend. */
static Datum zero;
static Datum largest;

static const char *const status_names[] =
{
	[DWH_STATUS_OK] = "ok",
	[DWH_STATUS_SPLIT] = "split",
	[DWH_STATUS_PARTIAL] = "partial",
	[DWH_STATUS_UNDEFINED] = "undefined",
	[DWH_STATUS_ZERO_DENOMINATOR] = "zero_denominator",
	[DWH_STATUS_NO_DATA] = "no_data",
	[DWH_STATUS_NO_SOURCE] = "no_source",
	[DWH_STATUS_OUT_OF_SCOPE] = "out_of_scope",
	[DWH_STATUS_WRONG_PERIOD] = "wrong_period",
};

const char *
dwh_status_name(DwhStatus status)
{
	return status_names[status];
}

/* The status of that name, which one of ours wrote into a table. */
DwhStatus
dwh_status_parse(const char *name)
{
	for (int i = 0; i < lengthof(status_names); i++)
		if (strcmp(status_names[i], name) == 0)
			return (DwhStatus) i;
	elog(ERROR, "unknown status \"%s\"", name);
}

/* A value read from rows: NaN and infinity, which a site's own numeric columns may hold, are undefined. */
DwhValue
dwh_value_read(Datum number)
{
	return with_number(dwh_value_number(number), number);
}

/* A value that is not there, and why. */
DwhValue
dwh_value_missing(DwhStatus status, float8 completeness)
{
	DwhValue	value = {0};

	value.is_null = true;
	value.status = status;
	value.completeness = completeness;
	return value;
}

/* A complete value. */
DwhValue
dwh_value_number(Datum number)
{
	DwhValue	value = {0};

	value.number = number;
	value.completeness = 1;
	return value;
}

DwhValue
dwh_value_int(int64 number)
{
	return dwh_value_number(NumericGetDatum(int64_to_numeric(number)));
}

/* A number as written in a formula; one of more than MAX_DIGITS digits is undefined. */
DwhValue
dwh_value_constant(const char *digits)
{
	const char *exponent = strpbrk(digits, "eE");

	if (strlen(digits) > MAX_DIGITS || (exponent && (strlen(exponent) > 6 || abs(pg_strtoint32(exponent + 1)) > MAX_DIGITS)))
		return dwh_value_missing(DWH_STATUS_UNDEFINED, 1);
	return with_number(dwh_value_number((Datum) 0),
					   DirectFunctionCall3(numeric_in, CStringGetDatum(digits), ObjectIdGetDatum(InvalidOid),
										   Int32GetDatum(-1)));
}

static int
compare(Datum a, Datum b)
{
	return DatumGetInt32(DirectFunctionCall2(numeric_cmp, a, b));
}

/* Makes the constants that comparisons need. */
static void
need_constants(void)
{
	MemoryContext old;

	if (zero != (Datum) 0)
		return;
	old = MemoryContextSwitchTo(TopMemoryContext);
	largest = DirectFunctionCall3(numeric_in, CStringGetDatum(psprintf("1e%d", MAX_DIGITS)),
								  ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
	zero = NumericGetDatum(int64_to_numeric(0));
	MemoryContextSwitchTo(old);
}

/* -1, 0 or 1 */
static int
sign(Datum number)
{
	need_constants();
	return compare(number, zero);
}

static bool
is_zero(Datum number)
{
	return sign(number) == 0;
}

/* Whether a condition holds; a missing one does not. */
bool
dwh_value_is_true(DwhValue value)
{
	return !value.is_null && !is_zero(value.number);
}

/* Worse status, smaller completeness; NULL where one of them is. */
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
make_null(DwhValue value, DwhStatus status)
{
	value.is_null = true;
	value.status = Max(value.status, status);
	return value;
}

/* Puts a result in, or NULL where it has grown out of all proportion. */
static DwhValue
with_number(DwhValue value, Datum number)
{
	need_constants();
	if (compare(DirectFunctionCall1(numeric_abs, number), largest) >= 0)
		return make_null(value, DWH_STATUS_UNDEFINED);
	value.number = number;
	return value;
}

static float8
to_float8(Datum number)
{
	return DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, number));
}

/* Decimal logarithm of a positive number, exact enough also next to 1 and far off, where float8 sees only 1, 0 or infinity. */
static float8
log10_of(Datum number)
{
	float8		rough = to_float8(number);
	float8		above_one = to_float8(DirectFunctionCall2(numeric_sub, number, NumericGetDatum(int64_to_numeric(1))));

	if (isinf(rough) || rough == 0)
		return to_float8(DirectFunctionCall1(numeric_ln, number)) / M_LN10;
	return fabs(above_one) < 0.5 ? log1p(above_one) / M_LN10 : log10(rough);
}

/* a ^ b, where it exists and has a size. */
static DwhValue
power(DwhValue result, Datum a, Datum b)
{
	Datum		size = DirectFunctionCall1(numeric_abs, a);
	bool		whole = compare(b, DirectFunctionCall2(numeric_round, b, Int32GetDatum(0))) == 0;

	if (is_zero(a))
	{
		if (sign(b) < 0)
			return make_null(result, DWH_STATUS_ZERO_DENOMINATOR);
	}
	else if ((sign(a) < 0 && !whole) || (!is_zero(b) && fabs(to_float8(b) * log10_of(size)) >= MAX_DIGITS))
		return make_null(result, DWH_STATUS_UNDEFINED);
	return with_number(result, DirectFunctionCall2(numeric_power, a, b));
}

/* + - * / % ^ */
DwhValue
dwh_value_arithmetic(const char *op, DwhValue a, DwhValue b)
{
	DwhValue	result = combine(a, b);

	if (result.is_null)
		return result;
	switch (op[0])
	{
		case '+':
			return with_number(result, DirectFunctionCall2(numeric_add, a.number, b.number));
		case '-':
			return with_number(result, DirectFunctionCall2(numeric_sub, a.number, b.number));
		case '*':
			return with_number(result, DirectFunctionCall2(numeric_mul, a.number, b.number));
		case '^':
			return power(result, a.number, b.number);
	}
	if (is_zero(b.number))
		return make_null(result, DWH_STATUS_ZERO_DENOMINATOR);
	return with_number(result, DirectFunctionCall2(op[0] == '/' ? numeric_div : numeric_mod, a.number, b.number));
}

/* = <> < <= > >= */
DwhValue
dwh_value_compare(const char *op, DwhValue a, DwhValue b)
{
	DwhValue	result = combine(a, b);
	int			order;
	bool		holds;

	if (result.is_null)
		return result;
	order = compare(a.number, b.number);
	if (strcmp(op, "=") == 0)
		holds = order == 0;
	else if (strcmp(op, "<>") == 0)
		holds = order != 0;
	else if (strcmp(op, "<") == 0)
		holds = order < 0;
	else if (strcmp(op, "<=") == 0)
		holds = order <= 0;
	else if (strcmp(op, ">") == 0)
		holds = order > 0;
	else
		holds = order >= 0;
	result.number = NumericGetDatum(int64_to_numeric(holds));
	return result;
}

/* and, or: false and anything is false, true or anything is true, also with a missing operand. */
DwhValue
dwh_value_logic(const char *op, DwhValue a, DwhValue b)
{
	bool		decides = strcmp(op, "or") == 0;	/* the value that settles it whatever the other one is */
	DwhValue	result;

	if (!a.is_null && dwh_value_is_true(a) == decides)
		return a;
	if (!b.is_null && dwh_value_is_true(b) == decides)
		return b;
	result = combine(a, b);
	result.number = NumericGetDatum(int64_to_numeric(!decides));
	return result;
}

/* Functions of one number. */
static DwhValue
unary_function(const char *name, DwhValue a)
{
	DwhValue	result = a;
	bool		negative;

	if (a.is_null)
		return a;
	negative = sign(a.number) < 0;
	if (strcmp(name, "abs") == 0)
		return with_number(result, DirectFunctionCall1(numeric_abs, a.number));
	if (strcmp(name, "floor") == 0)
		return with_number(result, DirectFunctionCall1(numeric_floor, a.number));
	if (strcmp(name, "ceil") == 0)
		return with_number(result, DirectFunctionCall1(numeric_ceil, a.number));
	if (strcmp(name, "sqrt") == 0)
		return negative ? make_null(result, DWH_STATUS_UNDEFINED)
			: with_number(result, DirectFunctionCall1(numeric_sqrt, a.number));
	if (strcmp(name, "ln") == 0)
		return negative || is_zero(a.number) ? make_null(result, DWH_STATUS_UNDEFINED)
			: with_number(result, DirectFunctionCall1(numeric_ln, a.number));
	/* exp */
	if (to_float8(a.number) * M_LOG10E >= MAX_DIGITS)
		return make_null(result, DWH_STATUS_UNDEFINED);
	if (to_float8(a.number) * M_LOG10E <= -MAX_DIGITS)
		return with_number(result, zero);
	return with_number(result, DirectFunctionCall1(numeric_exp, a.number));
}

/* round(a), round(a, decimals) */
static DwhValue
round_function(DwhValue a, DwhValue decimals)
{
	DwhValue	result = combine(a, decimals);
	float8		n;

	if (result.is_null)
		return result;
	n = rint(to_float8(decimals.number));
	n = Min(Max(n, -MAX_DIGITS), MAX_DIGITS);
	return with_number(result, DirectFunctionCall2(numeric_round, a.number, Int32GetDatum((int) n)));
}

/* coalesce: the first that is there. greatest and least leave out missing ones, as in SQL. */
static DwhValue
pick_function(const char *name, DwhValue *args, int nargs)
{
	DwhValue	result = args[0];

	for (int i = 1; i < nargs; i++)
	{
		int			order;

		if (args[i].is_null)
			continue;
		if (result.is_null)
		{
			result = args[i];
			continue;
		}
		if (name[0] == 'c')
			break;
		order = compare(args[i].number, result.number);
		if (name[0] == 'g' ? order > 0 : order < 0)
			result = args[i];
	}
	return result;
}

static const struct
{
	const char *name;
	int			min_args;
	int			max_args;
}			scalar_functions[] =
{
	{"abs", 1, 1},
	{"ceil", 1, 1},
	{"coalesce", 1, 100},
	{"exp", 1, 1},
	{"floor", 1, 1},
	{"greatest", 1, 100},
	{"least", 1, 100},
	{"ln", 1, 1},
	{"nullif", 2, 2},
	{"round", 1, 2},
	{"sqrt", 1, 1},
};

/* Whether a scalar function of that name takes so many arguments; the limits go to min_args and max_args. */
bool
dwh_scalar_function(const char *name, int *min_args, int *max_args)
{
	for (int i = 0; i < lengthof(scalar_functions); i++)
		if (strcmp(name, scalar_functions[i].name) == 0)
		{
			*min_args = scalar_functions[i].min_args;
			*max_args = scalar_functions[i].max_args;
			return true;
		}
	return false;
}

/* A scalar function; its name and number of arguments have been checked. */
DwhValue
dwh_value_function(const char *name, DwhValue *args, int nargs)
{
	if (strcmp(name, "round") == 0)
		return round_function(args[0], nargs > 1 ? args[1] : dwh_value_int(0));
	if (strcmp(name, "nullif") == 0)
	{
		if (!args[0].is_null && !args[1].is_null && compare(args[0].number, args[1].number) == 0)
			return make_null(args[0], DWH_STATUS_NO_DATA);
		return args[0];
	}
	if (strcmp(name, "coalesce") == 0 || strcmp(name, "greatest") == 0 || strcmp(name, "least") == 0)
		return pick_function(name, args, nargs);
	return unary_function(name, args[0]);
}

/*
 * statistics.c
 *		Statistical aggregates over facts: balances, averages of balances, ratios, weighted means, growth, concentration,
 *		Gini coefficient, completeness.
 *
 * All arithmetic is numeric: sums of integer amounts cannot overflow and nothing is rounded before the one division at the
 * end. All of them are commutative, so parallel workers may see the rows in any order. One state serves all: two running
 * sums, two dates, two counts, the dates seen (average_balance) and the values seen (gini). Its type is bytea: in memory an
 * expanded object, flattened to the form written by write_state() whenever it leaves the process, and checked when it comes
 * back, since a bytea can be anybody's.
 */
#include "postgres.h"

#include "common/int.h"
#include "fmgr.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "port/pg_bswap.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/expandeddatum.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

#include "aggregate/id_set.h"
#include "aggregate/state_context.h"

PG_FUNCTION_INFO_V1(dwh_sql_balance_end_add);
PG_FUNCTION_INFO_V1(dwh_sql_balance_start_add);
PG_FUNCTION_INFO_V1(dwh_sql_balance_average_add);
PG_FUNCTION_INFO_V1(dwh_sql_ratio_add);
PG_FUNCTION_INFO_V1(dwh_sql_weighted_mean_add);
PG_FUNCTION_INFO_V1(dwh_sql_growth_add);
PG_FUNCTION_INFO_V1(dwh_sql_concentration_add);
PG_FUNCTION_INFO_V1(dwh_sql_gini_add);
PG_FUNCTION_INFO_V1(dwh_sql_completeness_add);
PG_FUNCTION_INFO_V1(dwh_sql_statistic_merge);
PG_FUNCTION_INFO_V1(dwh_sql_statistic_result);

typedef enum StatisticKind
{
	BALANCE_END = 1,
	BALANCE_START,
	BALANCE_AVERAGE,
	RATIO,
	WEIGHTED_MEAN,
	GROWTH,
	CONCENTRATION,
	GINI,
	COMPLETENESS
} StatisticKind;

#define FLAG_DATES		1		/* first_date, second_date are set */

/* A running sum; the buffer is reused while the number fits. */
typedef struct RunningSum
{
	Numeric		value;			/* NULL = nothing added yet */
	Size		room;
} RunningSum;

typedef struct Statistic
{
	ExpandedObjectHeader header;
	bytea	   *flat;			/* between get_flat_size and flatten_into */
	uint8		kind;
	bool		has_dates;
	DateADT		first_date;
	DateADT		second_date;
	int64		count;
	int64		hits;
	RunningSum	sums[2];
	DwhIdState *dates;			/* different dates, as unsigned numbers */
	uint8	   *values;			/* gini: numerics one after the other, aligned */
	Size		values_len;
	Size		values_room;
} Statistic;

static Size statistic_flat_size(ExpandedObjectHeader *header);
static void statistic_flatten(ExpandedObjectHeader *header, void *result, Size size);

static const ExpandedObjectMethods statistic_methods = {statistic_flat_size, statistic_flatten};

/*
 * Raises that a flat state is not one of ours.
 */
pg_noreturn static void
state_malformed(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
			 errmsg("invalid state of a statistical aggregate"),
			 errdetail("The bytes are not what the aggregate wrote."),
			 errhint("Only states of the same aggregate and version can be merged.")));
}

/*
 * Makes an empty state in a context that lives as long as the group.
 */
static Statistic *
make_statistic(MemoryContext context, StatisticKind kind)
{
	Statistic  *s = MemoryContextAllocZero(context, sizeof(Statistic));

	EOH_init_header(&s->header, &statistic_methods, context);
	s->kind = (uint8) kind;
	return s;
}

/*
 * Copies a number into a sum.
 */
static void
set_sum(Statistic *s, int i, Numeric value)
{
	RunningSum *sum = &s->sums[i];

	if (sum->room < VARSIZE(value))
	{
		if (sum->value != NULL)
			pfree(sum->value);
		sum->room = VARSIZE(value) + 16;
		sum->value = MemoryContextAlloc(s->header.eoh_context, sum->room);
	}
	memcpy(sum->value, value, VARSIZE(value));
}

/*
 * Adds a number to a sum. The intermediate result lies in the caller's short-lived context.
 */
static void
add_to_sum(Statistic *s, int i, Numeric value)
{
	if (s->sums[i].value == NULL)
		set_sum(s, i, value);
	else
	{
		Numeric		total = numeric_add_opt_error(s->sums[i].value, value, NULL);

		set_sum(s, i, total);
		pfree(total);
	}
}

/*
 * The different dates of average_balance.
 */
static DwhIdState *
dates_of(Statistic *s)
{
	if (s->dates == NULL)
	{
		s->dates = MemoryContextAlloc(s->header.eoh_context, sizeof(DwhIdState));
		dwh_state_init(s->dates);
	}
	return s->dates;
}

/*
 * Keeps a value for gini().
 */
static void
keep_value(Statistic *s, Numeric value)
{
	Size		size = INTALIGN(VARSIZE(value));

	if (s->values_len + size > s->values_room)
	{
		s->values_room = Max(s->values_room * 2, Max(size, 128));
		if (s->values == NULL)
			s->values = MemoryContextAllocHuge(s->header.eoh_context, s->values_room);
		else
			s->values = repalloc_huge(s->values, s->values_room);
	}
	memcpy(s->values + s->values_len, value, VARSIZE(value));
	s->values_len += size;
	s->count++;
}

/*
 * Appends a number in its binary form, led by its length; -1 for none.
 */
static void
write_numeric(StringInfo out, Numeric value)
{
	bytea	   *bytes;

	if (value == NULL)
	{
		pq_sendint32(out, (uint32) -1);
		return;
	}
	bytes = DatumGetByteaPP(DirectFunctionCall1(numeric_send, NumericGetDatum(value)));
	pq_sendint32(out, (uint32) VARSIZE_ANY_EXHDR(bytes));
	pq_sendbytes(out, VARDATA_ANY(bytes), (int) VARSIZE_ANY_EXHDR(bytes));
	pfree(bytes);
}

/*
 * The flat form: kind, flags, dates, counts, the two sums, the bytes of the set of dates, the values.
 */
static bytea *
write_state(Statistic *s)
{
	StringInfoData out;

	pq_begintypsend(&out);
	pq_sendint8(&out, s->kind);
	pq_sendint8(&out, s->has_dates ? FLAG_DATES : 0);
	pq_sendint32(&out, (uint32) s->first_date);
	pq_sendint32(&out, (uint32) s->second_date);
	pq_sendint64(&out, (uint64) s->count);
	pq_sendint64(&out, (uint64) s->hits);
	write_numeric(&out, s->sums[0].value);
	write_numeric(&out, s->sums[1].value);
	if (s->dates == NULL)
		pq_sendint32(&out, 0);
	else
	{
		DwhIdSetWriter writer;
		DwhIdSet   *dates;

		dwh_writer_init(&writer);
		dwh_state_write(s->dates, s->header.eoh_context, &writer);
		dates = dwh_id_set_make(&writer);
		pq_sendint32(&out, (uint32) DWH_ID_SET_LEN(dates));
		pq_sendbytes(&out, (char *) DWH_ID_SET_BYTES(dates), (int) DWH_ID_SET_LEN(dates));
		pfree(dates);
	}
	for (Size at = 0; at < s->values_len; at += INTALIGN(VARSIZE(s->values + at)))
	{
		CHECK_FOR_INTERRUPTS();
		write_numeric(&out, (Numeric) (s->values + at));
	}
	return pq_endtypsend(&out);
}

/* Reads a flat state; every read is checked against its end. */
typedef struct StateReader
{
	const char *at;
	Size		left;
} StateReader;

/*
 * The next n bytes.
 */
static const char *
take_bytes(StateReader *reader, Size n)
{
	const char *bytes = reader->at;

	if (n > reader->left)
		state_malformed();
	reader->at += n;
	reader->left -= n;
	return bytes;
}

static uint32
take_uint32(StateReader *reader)
{
	uint32		value;

	memcpy(&value, take_bytes(reader, sizeof(value)), sizeof(value));
	return pg_ntoh32(value);
}

static int64
take_count(StateReader *reader)
{
	uint64		value;

	memcpy(&value, take_bytes(reader, sizeof(value)), sizeof(value));
	value = pg_ntoh64(value);
	if (value > PG_INT64_MAX)
		state_malformed();
	return (int64) value;
}

/*
 * The next number, palloc'd; NULL for none.
 */
static Numeric
take_numeric(StateReader *reader)
{
	uint32		len = take_uint32(reader);
	const char *bytes;
	StringInfoData message;
	Numeric		value;

	if (len == (uint32) -1)
		return NULL;
	bytes = take_bytes(reader, len);
	/* a header of four words, of which the first is the number of digits that follow: numeric_recv() checks the rest */
	if (len < 8 || len != 8 + 2 * (((uint32) (uint8) bytes[0] << 8) | (uint8) bytes[1]))
		state_malformed();
	initStringInfo(&message);
	appendBinaryStringInfo(&message, bytes, (int) len);
	value = DatumGetNumeric(DirectFunctionCall3(numeric_recv, PointerGetDatum(&message), ObjectIdGetDatum(InvalidOid),
												Int32GetDatum(-1)));
	pfree(message.data);
	return value;
}

/*
 * Later (or, at the start, earlier) dates replace what was there; equal ones add.
 */
static void
add_balance(Statistic *s, Numeric value, DateADT at)
{
	if (!s->has_dates || (s->kind == BALANCE_END ? at > s->first_date : at < s->first_date))
	{
		s->has_dates = true;
		s->first_date = at;
		set_sum(s, 0, value);
	}
	else if (at == s->first_date)
		add_to_sum(s, 0, value);
}

/*
 * Notes the two dates that growth() compares; they may not change within a group.
 */
static void
set_growth_dates(Statistic *s, DateADT base, DateADT current)
{
	if (!s->has_dates)
	{
		s->has_dates = true;
		s->first_date = base;
		s->second_date = current;
	}
	else if (s->first_date != base || s->second_date != current)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the dates that growth() compares differ between rows of one group"),
				 errdetail("A group has one base date and one current date."),
				 errhint("Group by what the dates depend on.")));
}

/*
 * Adds a flat state to a live one of the same kind.
 */
static void
merge_flat(Statistic *s, const char *bytes, Size len)
{
	StateReader reader = {bytes, len};
	uint8		kind = (uint8) *take_bytes(&reader, 1);
	uint8		flags = (uint8) *take_bytes(&reader, 1);
	DateADT		first_date = (DateADT) take_uint32(&reader);
	DateADT		second_date = (DateADT) take_uint32(&reader);
	int64		count = take_count(&reader);
	int64		hits = take_count(&reader);
	Numeric		sums[2];
	uint32		dates_len;

	if (kind != s->kind || (flags & ~FLAG_DATES) != 0 || (kind == COMPLETENESS && hits > count))
		state_malformed();
	sums[0] = take_numeric(&reader);
	sums[1] = take_numeric(&reader);
	dates_len = take_uint32(&reader);
	if (dates_len > 0)
	{
		const uint8 *dates = (const uint8 *) take_bytes(&reader, dates_len);

		if (kind != BALANCE_AVERAGE || dwh_id_set_validate(dates, dates_len, PG_UINT32_MAX) != NULL)
			state_malformed();
		dwh_state_add_set(dates_of(s), s->header.eoh_context, dates, dates_len);
	}
	if (kind == BALANCE_END || kind == BALANCE_START)
	{
		if (flags != FLAG_DATES || sums[0] == NULL)
			state_malformed();
		add_balance(s, sums[0], first_date);
		sums[0] = NULL;
	}
	else if (flags == FLAG_DATES)
	{
		if (kind != GROWTH)
			state_malformed();
		set_growth_dates(s, first_date, second_date);
	}
	/* what the result divides must be there */
	if ((kind == CONCENTRATION && (sums[0] == NULL || sums[1] == NULL)) ||
		(kind == BALANCE_AVERAGE && (sums[0] == NULL || dates_len == 0)) || (kind == COMPLETENESS && count == 0))
		state_malformed();
	for (int i = 0; i < 2; i++)
		if (sums[i] != NULL)
			add_to_sum(s, i, sums[i]);
	if (kind == GINI)
	{
		for (int64 i = 0; i < count; i++)
		{
			Numeric		value = take_numeric(&reader);

			CHECK_FOR_INTERRUPTS();
			if (value == NULL)
				state_malformed();
			keep_value(s, value);
			pfree(value);
		}
	}
	else if (pg_add_s64_overflow(s->count, count, &s->count) || pg_add_s64_overflow(s->hits, hits, &s->hits))
		state_malformed();
	if (reader.left != 0)
		state_malformed();
}

/*
 * The size of the flat form, which is built here and kept for statistic_flatten().
 */
static Size
statistic_flat_size(ExpandedObjectHeader *header)
{
	Statistic  *s = (Statistic *) header;

	if (s->flat == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(header->eoh_context);

		s->flat = write_state(s);
		MemoryContextSwitchTo(old);
	}
	return VARSIZE(s->flat);
}

/*
 * Writes the flat form.
 */
static void
statistic_flatten(ExpandedObjectHeader *header, void *result, Size size)
{
	Statistic  *s = (Statistic *) header;

	Assert(s->flat != NULL && VARSIZE(s->flat) == size);
	memcpy(result, s->flat, size);
	pfree(s->flat);
	s->flat = NULL;
}

/*
 * The live state of an expanded datum of ours, otherwise NULL.
 */
static Statistic *
statistic_from_datum(Datum datum)
{
	Statistic  *s;

	if (!VARATT_IS_EXTERNAL_EXPANDED(DatumGetPointer(datum)))
		return NULL;
	s = (Statistic *) DatumGetEOHP(datum);
	return s->header.eoh_methods == &statistic_methods ? s : NULL;
}

/*
 * The state in argument 0, made when there is none yet.
 */
static Statistic *
get_statistic(FunctionCallInfo fcinfo, StatisticKind kind)
{
	Statistic  *s;

	if (!PG_ARGISNULL(0) && VARATT_IS_EXTERNAL_EXPANDED_RW(DatumGetPointer(PG_GETARG_DATUM(0))))
	{
		s = statistic_from_datum(PG_GETARG_DATUM(0));
		if (s != NULL && s->kind == kind)
			return s;
	}
	s = make_statistic(dwh_state_context(fcinfo), kind);
	if (!PG_ARGISNULL(0))
	{
		bytea	   *flat = PG_GETARG_BYTEA_PP(0);

		merge_flat(s, VARDATA_ANY(flat), VARSIZE_ANY_EXHDR(flat));
	}
	return s;
}

/* What a transition function returns for a row that it passes over. */
#define RETURN_UNCHANGED() \
	do { \
		if (PG_ARGISNULL(0)) \
			PG_RETURN_NULL(); \
		PG_RETURN_DATUM(PG_GETARG_DATUM(0)); \
	} while (0)

/*
 * balance_at_end(value, at), balance_at_start(value, at): the sum of the values at the latest or earliest date.
 */
static Datum
balance_add(FunctionCallInfo fcinfo, StatisticKind kind)
{
	Statistic  *s;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		RETURN_UNCHANGED();
	s = get_statistic(fcinfo, kind);
	add_balance(s, PG_GETARG_NUMERIC(1), PG_GETARG_DATEADT(2));
	return EOHPGetRWDatum(&s->header);
}

Datum
dwh_sql_balance_end_add(PG_FUNCTION_ARGS)
{
	return balance_add(fcinfo, BALANCE_END);
}

Datum
dwh_sql_balance_start_add(PG_FUNCTION_ARGS)
{
	return balance_add(fcinfo, BALANCE_START);
}

/*
 * average_balance(value, at): the values summed by date, then averaged over the dates.
 */
Datum
dwh_sql_balance_average_add(PG_FUNCTION_ARGS)
{
	Statistic  *s;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		RETURN_UNCHANGED();
	s = get_statistic(fcinfo, BALANCE_AVERAGE);
	add_to_sum(s, 0, PG_GETARG_NUMERIC(1));
	dwh_state_add(dates_of(s), s->header.eoh_context, (uint32) PG_GETARG_DATEADT(2));
	return EOHPGetRWDatum(&s->header);
}

/*
 * ratio(num, den): each sum passes over its own NULLs, as sum() does.
 */
Datum
dwh_sql_ratio_add(PG_FUNCTION_ARGS)
{
	Statistic  *s;

	if (PG_ARGISNULL(1) && PG_ARGISNULL(2))
		RETURN_UNCHANGED();
	s = get_statistic(fcinfo, RATIO);
	for (int i = 0; i < 2; i++)
		if (!PG_ARGISNULL(i + 1))
			add_to_sum(s, i, PG_GETARG_NUMERIC(i + 1));
	return EOHPGetRWDatum(&s->header);
}

/*
 * weighted_mean(value, weight): a row counts when both are known.
 */
Datum
dwh_sql_weighted_mean_add(PG_FUNCTION_ARGS)
{
	Statistic  *s;
	Numeric		weight;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		RETURN_UNCHANGED();
	s = get_statistic(fcinfo, WEIGHTED_MEAN);
	weight = PG_GETARG_NUMERIC(2);
	add_to_sum(s, 0, numeric_mul_opt_error(PG_GETARG_NUMERIC(1), weight, NULL));
	add_to_sum(s, 1, weight);
	return EOHPGetRWDatum(&s->header);
}

/*
 * growth(value, at, base, current): the values at the two dates are summed, all others passed over.
 */
Datum
dwh_sql_growth_add(PG_FUNCTION_ARGS)
{
	Statistic  *s;
	DateADT		at;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(3) || PG_ARGISNULL(4))
		RETURN_UNCHANGED();
	s = get_statistic(fcinfo, GROWTH);
	set_growth_dates(s, PG_GETARG_DATEADT(3), PG_GETARG_DATEADT(4));
	at = PG_GETARG_DATEADT(2);
	if (at == s->first_date)
		add_to_sum(s, 0, PG_GETARG_NUMERIC(1));
	if (at == s->second_date)
		add_to_sum(s, 1, PG_GETARG_NUMERIC(1));
	return EOHPGetRWDatum(&s->header);
}

/*
 * The value of a share, which must not be negative.
 */
static Numeric
get_share(FunctionCallInfo fcinfo, const char *aggregate)
{
	Numeric		value = PG_GETARG_NUMERIC(1);
	Numeric		zero = int64_to_numeric(0);

	if (DatumGetInt32(DirectFunctionCall2(numeric_cmp, NumericGetDatum(value), NumericGetDatum(zero))) < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s() takes no negative value", aggregate),
				 errdetail("Its result is defined for parts of a whole."),
				 errhint("Leave corrections out with FILTER, or sum them with what they correct first.")));
	pfree(zero);
	return value;
}

/*
 * concentration(value): sum and sum of squares.
 */
Datum
dwh_sql_concentration_add(PG_FUNCTION_ARGS)
{
	Statistic  *s;
	Numeric		value;

	if (PG_ARGISNULL(1))
		RETURN_UNCHANGED();
	value = get_share(fcinfo, "concentration");
	s = get_statistic(fcinfo, CONCENTRATION);
	add_to_sum(s, 0, numeric_mul_opt_error(value, value, NULL));
	add_to_sum(s, 1, value);
	return EOHPGetRWDatum(&s->header);
}

/*
 * gini(value): keeps the values.
 */
Datum
dwh_sql_gini_add(PG_FUNCTION_ARGS)
{
	Statistic  *s;
	Numeric		value;

	if (PG_ARGISNULL(1))
		RETURN_UNCHANGED();
	value = get_share(fcinfo, "gini");
	s = get_statistic(fcinfo, GINI);
	keep_value(s, value);
	return EOHPGetRWDatum(&s->header);
}

/*
 * completeness(bool): NULL ("not known to be there") counts as not there.
 */
Datum
dwh_sql_completeness_add(PG_FUNCTION_ARGS)
{
	Statistic  *s = get_statistic(fcinfo, COMPLETENESS);

	s->count++;
	if (!PG_ARGISNULL(1) && PG_GETARG_BOOL(1))
		s->hits++;
	return EOHPGetRWDatum(&s->header);
}

/*
 * Combine function of all.
 */
Datum
dwh_sql_statistic_merge(PG_FUNCTION_ARGS)
{
	Statistic  *s;
	bytea	   *flat;

	if (PG_ARGISNULL(1))
		RETURN_UNCHANGED();
	flat = PG_GETARG_BYTEA_PP(1);
	if (VARSIZE_ANY_EXHDR(flat) < 1 || *(uint8 *) VARDATA_ANY(flat) < BALANCE_END ||
		*(uint8 *) VARDATA_ANY(flat) > COMPLETENESS)
		state_malformed();
	s = get_statistic(fcinfo, (StatisticKind) *(uint8 *) VARDATA_ANY(flat));
	merge_flat(s, VARDATA_ANY(flat), VARSIZE_ANY_EXHDR(flat));
	return EOHPGetRWDatum(&s->header);
}

/*
 * Orders numbers; interrupts are served here, since sorting is the longest step of gini().
 */
static int
numeric_compare(const void *a, const void *b)
{
	CHECK_FOR_INTERRUPTS();
	return DatumGetInt32(DirectFunctionCall2(numeric_cmp, NumericGetDatum(*(Numeric const *) a),
											 NumericGetDatum(*(Numeric const *) b)));
}

/*
 * True when a number is zero.
 */
static bool
is_zero(Numeric value)
{
	return DatumGetBool(DirectFunctionCall2(numeric_eq, NumericGetDatum(value), NumericGetDatum(int64_to_numeric(0))));
}

/*
 * The Gini coefficient of n ascending values x: (2 * sum(i * x) - (n + 1) * sum(x)) / (n * sum(x)); NULL when the sum is zero.
 */
static Numeric
gini_of(Statistic *s)
{
	Numeric    *values = MemoryContextAllocHuge(CurrentMemoryContext, Max(s->count, 1) * sizeof(Numeric));
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "gini", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old;
	int64		n = 0;
	Numeric		total = int64_to_numeric(0);
	Numeric		ranked = int64_to_numeric(0);

	for (Size at = 0; at < s->values_len; at += INTALIGN(VARSIZE(s->values + at)))
		values[n++] = (Numeric) (s->values + at);
	qsort(values, n, sizeof(Numeric), numeric_compare);
	old = MemoryContextSwitchTo(scratch);
	for (int64 i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		total = numeric_add_opt_error(total, values[i], NULL);
		ranked = numeric_add_opt_error(ranked, numeric_mul_opt_error(values[i], int64_to_numeric(i + 1), NULL), NULL);
		/* keep two numbers of a few thousand */
		if (i % 4096 == 4095)
		{
			MemoryContextSwitchTo(old);
			total = DatumGetNumericCopy(NumericGetDatum(total));
			ranked = DatumGetNumericCopy(NumericGetDatum(ranked));
			MemoryContextReset(scratch);
			MemoryContextSwitchTo(scratch);
		}
	}
	MemoryContextSwitchTo(old);
	pfree(values);
	if (n == 0 || is_zero(total))
		return NULL;
	ranked = numeric_mul_opt_error(ranked, int64_to_numeric(2), NULL);
	ranked = numeric_sub_opt_error(ranked, numeric_mul_opt_error(total, int64_to_numeric(n + 1), NULL), NULL);
	total = numeric_div_opt_error(ranked, numeric_mul_opt_error(total, int64_to_numeric(n), NULL), NULL);
	MemoryContextDelete(scratch);
	return total;
}

/*
 * Final function of all; changes nothing that a further row would miss.
 */
Datum
dwh_sql_statistic_result(PG_FUNCTION_ARGS)
{
	Statistic  *s;
	Numeric		a;
	Numeric		b;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	s = statistic_from_datum(PG_GETARG_DATUM(0));
	if (s == NULL)
	{
		/* a flat state: bring it to life for the time of this call */
		bytea	   *flat = PG_GETARG_BYTEA_PP(0);

		if (VARSIZE_ANY_EXHDR(flat) < 1)
			state_malformed();
		s = make_statistic(CurrentMemoryContext, (StatisticKind) *(uint8 *) VARDATA_ANY(flat));
		merge_flat(s, VARDATA_ANY(flat), VARSIZE_ANY_EXHDR(flat));
	}
	a = s->sums[0].value;
	b = s->sums[1].value;
	switch ((StatisticKind) s->kind)
	{
		case BALANCE_END:
		case BALANCE_START:
			/* the sum's buffer is the state's own */
			PG_RETURN_NUMERIC(DatumGetNumericCopy(NumericGetDatum(a)));
		case BALANCE_AVERAGE:
			PG_RETURN_NUMERIC(numeric_div_opt_error(a, int64_to_numeric(dwh_state_count(s->dates, s->header.eoh_context)),
													NULL));
		case RATIO:
		case WEIGHTED_MEAN:
			if (a == NULL || b == NULL || is_zero(b))
				PG_RETURN_NULL();
			PG_RETURN_NUMERIC(numeric_div_opt_error(a, b, NULL));
		case GROWTH:
			if (a == NULL || b == NULL || is_zero(a))
				PG_RETURN_NULL();
			b = numeric_mul_opt_error(numeric_sub_opt_error(b, a, NULL), int64_to_numeric(100), NULL);
			PG_RETURN_NUMERIC(numeric_div_opt_error(b, a, NULL));
		case CONCENTRATION:
			if (is_zero(b))
				PG_RETURN_NULL();
			PG_RETURN_NUMERIC(numeric_div_opt_error(a, numeric_mul_opt_error(b, b, NULL), NULL));
		case GINI:
			a = gini_of(s);
			if (a == NULL)
				PG_RETURN_NULL();
			PG_RETURN_NUMERIC(a);
		case COMPLETENESS:
			PG_RETURN_NUMERIC(numeric_div_opt_error(int64_to_numeric(s->hits), int64_to_numeric(s->count), NULL));
	}
	state_malformed();
}

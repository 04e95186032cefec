/*
 * calendar.c
 *		Counting working days: dwh.add_working_days(), dwh.working_days_between().
 *
 * The calendar is kept as running counts over the days of dim_day, so both functions take the same short time over any
 * distance. A year counts as known once its lunar holidays stand in dwh_catalog.holiday: a count that would cross a year
 * without them raises WH103, since it would silently take Tết for working days.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/datetime.h"
#include "utils/memutils.h"

#include "common/errors.h"
#include "common/ref_cache.h"
#include "common/spi.h"
#include "star/star.h"

static void build_calendar(DwhRefCache *cache);

static DwhRefCache calendar_cache = {
	.name = "calendar",
	.tables = {{"dwh_star", "dim_day"}, {"dwh_catalog", "holiday"}},
	.build = build_calendar,
};

/* The calendar: n_days consecutive days from first; position p is the day first + p. */
static DateADT first;
static int	n_days;
static int32 *working_before;	/* working days at positions < p; n_days + 1 entries */
static int32 *unknown_before;	/* days of unknown years at positions < p; n_days + 1 entries */
static int32 *working_at;		/* position of the k-th working day, from 0 */
static int	n_working;

PG_FUNCTION_INFO_V1(dwh_sql_add_working_days);
PG_FUNCTION_INFO_V1(dwh_sql_working_days_between);

/* The year of a date. */
static int
year_of(DateADT day)
{
	int			year,
				month,
				mday;

	j2date(day + POSTGRES_EPOCH_JDATE, &year, &month, &mday);
	return year;
}

/* A date as ISO text, whatever DateStyle says; for messages. */
char *
dwh_date_iso(DateADT day)
{
	int			year,
				month,
				mday;

	if (day == DATEVAL_NOEND)
		return pstrdup("infinity");
	if (day == DATEVAL_NOBEGIN)
		return pstrdup("-infinity");
	j2date(day + POSTGRES_EPOCH_JDATE, &year, &month, &mday);
	return psprintf("%04d-%02d-%02d", year, month, mday);
}

/* Build function of the cache: reads dim_day and the years that have lunar holidays. */
static void
build_calendar(DwhRefCache *cache)
{
	uint64		rows;
	int			n_years;
	int		   *years;

	rows = dwh_spi_select("SELECT DISTINCT date_part('year', on_date)::int "
						  "FROM dwh_catalog.holiday WHERE kind = 'lunar' AND isfinite(on_date) ORDER BY 1", 0, NULL, NULL, NULL, true);
	n_years = (int) rows;
	years = palloc(sizeof(int) * (n_years + 1));
	for (int i = 0; i < n_years; i++)
		years[i] = dwh_spi_int(i, 1);

	rows = dwh_spi_select("SELECT day, is_working_day FROM dwh_star.dim_day ORDER BY day", 0, NULL, NULL, NULL, true);
	n_days = (int) rows;
	n_working = 0;
	first = rows > 0 ? dwh_spi_date(0, 1) : 0;
	working_before = MemoryContextAllocZero(cache->context, (n_days + 1) * sizeof(int32));
	unknown_before = MemoryContextAllocZero(cache->context, (n_days + 1) * sizeof(int32));
	working_at = MemoryContextAllocZero(cache->context, (n_days + 1) * sizeof(int32));
	for (int p = 0, y = 0; p < n_days; p++)
	{
		DateADT		day = dwh_spi_date(p, 1);
		int			year = year_of(day);

		if (day != first + p)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("table dwh_star.dim_day has no row for %s", dwh_date_iso(first + p)),
					 errdetail("Working days can be counted only over days without gaps."),
					 errhint("Insert the missing days.")));
		while (y < n_years && years[y] < year)
			y++;
		if (dwh_spi_bool(p, 2))
			working_at[n_working++] = p;
		working_before[p + 1] = n_working;
		unknown_before[p + 1] = unknown_before[p] + (y < n_years && years[y] == year ? 0 : 1);
	}
	pfree(years);
}

/* Raises WH103 for a day that dim_day does not hold. */
static void
refuse_outside(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_DWH_OUTSIDE_CALENDAR),
			 errmsg("%s is outside the calendar", what),
			 n_days > 0 ? errdetail("Table dwh_star.dim_day holds the days from %s to %s.",
									dwh_date_iso(first), dwh_date_iso(first + n_days - 1))
			 : errdetail("Table dwh_star.dim_day holds no days."),
			 errhint("Use a day within, or extend dwh_star.dim_day and dwh_catalog.holiday.")));
}

/* The position of a day. Raises WH103. */
static int
position(DateADT day)
{
	if (DATE_NOT_FINITE(day) || day < first || (int64) day - first >= n_days)
		refuse_outside(dwh_date_iso(day));
	return day - first;
}

/*
 * Raises WH103 unless the holidays of all days at positions from <= p < to are known. The message names the unknown year that
 * is met first when counting forwards or backwards.
 */
static void
require_known(int from, int to, bool backwards)
{
	int			p = backwards ? to - 1 : from;

	if (unknown_before[to] == unknown_before[from])
		return;
	while (unknown_before[p + 1] == unknown_before[p])
		p += backwards ? -1 : 1;
	ereport(ERROR,
			(errcode(ERRCODE_DWH_OUTSIDE_CALENDAR),
			 errmsg("the public holidays of %d are not in the calendar", year_of(first + p)),
			 errdetail("No lunar holiday of that year stands in dwh_catalog.holiday, so its working days are not known."),
			 errhint("Insert the lunar holidays and the days decided for that year into dwh_catalog.holiday.")));
}

/*
 * The day on which a term of so many working days ends. The day after "from" is day 1, whether "from" itself is a working day
 * or not; negative terms count back from the day before; 0 gives "from". Raises WH103.
 */
DateADT
dwh_calendar_add_working_days(DateADT from, int days)
{
	int			p;
	int64		k;

	dwh_ref_cache_use(&calendar_cache);
	p = position(from);
	if (days == 0)
		return from;
	k = days > 0 ? (int64) working_before[p + 1] + days - 1 : (int64) working_before[p] + days;
	if (days > 0)
		require_known(p + 1, k < n_working ? working_at[k] + 1 : n_days, false);
	else
		require_known(k >= 0 ? working_at[k] : 0, p, true);
	if (k < 0 || k >= n_working)
		refuse_outside(psprintf("the end of %d working days from %s", days, dwh_date_iso(from)));
	return first + working_at[k];
}

/*
 * Working days after "from" up to and including "to"; where "to" lies before "from", minus the working days from "to" up to the
 * day before "from". So add_working_days(from, result) is "to" for every working day "to". Raises WH103.
 */
int
dwh_calendar_working_days_between(DateADT from, DateADT to)
{
	int			p;
	int			q;

	dwh_ref_cache_use(&calendar_cache);
	p = position(from);
	q = position(to);
	if (q >= p)
	{
		require_known(p + 1, q + 1, false);
		return working_before[q + 1] - working_before[p + 1];
	}
	require_known(q, p, true);
	return working_before[q] - working_before[p];
}

/* dwh.add_working_days(p_from date, p_days int) */
Datum
dwh_sql_add_working_days(PG_FUNCTION_ARGS)
{
	dwh_ref_cache_begin(fcinfo);
	PG_RETURN_DATEADT(dwh_calendar_add_working_days(PG_GETARG_DATEADT(0), PG_GETARG_INT32(1)));
}

/* dwh.working_days_between(p_from date, p_to date) */
Datum
dwh_sql_working_days_between(PG_FUNCTION_ARGS)
{
	dwh_ref_cache_begin(fcinfo);
	PG_RETURN_INT32(dwh_calendar_working_days_between(PG_GETARG_DATEADT(0), PG_GETARG_DATEADT(1)));
}

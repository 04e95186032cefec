/*
 * clock.c
 *		The day that validity, deadlines and closing are judged by.
 *
 * It is the start of the client's statement in the fixed time zone of the warehouse, so that nobody stretches a right by
 * setting TimeZone, and a statement sees one day from its start to its end.
 */
#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "pgtime.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

#include "common/identity.h"
#include "common/owner.h"
#include "common/ref_cache.h"
#include "common/spi.h"

/* The zone of a new warehouse: sql/warehouse/10_platform.sql. */
#define DEFAULT_ZONE "Asia/Ho_Chi_Minh"

static void read_zone(DwhRefCache *cache);

/* The zone, as of the last message of change. */
static DwhRefCache zone_cache = {
	.name = "time zone",
	.tables = {{"dwh_catalog", "warehouse"}, {NULL, NULL}},
	.build = read_zone,
};
static char *zone_name = NULL;

PG_FUNCTION_INFO_V1(dwh_sql_today);

/* A time zone by its name; 22023 for one that is not known. */
static pg_tz *
find_zone(const char *zone)
{
	pg_tz	   *tz = pg_tzset(zone);

	if (tz == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("time zone \"%s\" of the warehouse is not known", zone),
				 errhint("Put a name of pg_timezone_names into dwh_catalog.warehouse.")));
	return tz;
}

/* Where dwh_ext is preloaded, the server reads the file of the usual zone once, and sessions inherit it. */
void
dwh_clock_init(void)
{
	if (process_shared_preload_libraries_in_progress)
		(void) pg_tzset(DEFAULT_ZONE);
}

static void
break_down(TimestampTz at, pg_tz *tz, struct pg_tm *tm)
{
	fsec_t		fsec;
	int			offset;

	if (timestamp2tm(at, &offset, tm, &fsec, NULL, tz) != 0)
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("timestamp out of range")));
}

/* The day on which the client's statement began, in a time zone; 22023 for one that is not known. */
DateADT
dwh_day_in_zone(const char *zone)
{
	static TimestampTz last_at = 0;
	static pg_tz *last_zone = NULL;
	static DateADT last_day = 0;
	TimestampTz at = GetCurrentStatementStartTimestamp();
	pg_tz	   *tz = find_zone(zone);
	struct pg_tm tm;

	if (tz == last_zone && at == last_at)
		return last_day;
	break_down(at, tz, &tm);
	last_day = date2j(tm.tm_year, tm.tm_mon, tm.tm_mday) - POSTGRES_EPOCH_JDATE;
	last_zone = tz;
	last_at = at;
	return last_day;
}

/* The zone of the warehouse. Raises WH001 where no warehouse stands, 55000 where its row is gone. */
const char *
dwh_warehouse_zone(void)
{
	dwh_ref_cache_use(&zone_cache);
	if (zone_name == NULL)
		dwh_raise_no_warehouse_row();
	return zone_name;
}

/* Build function: the zone of the warehouse, NULL where its row is gone. */
static void
read_zone(DwhRefCache *cache)
{
	zone_name = NULL;
	if (dwh_spi_select("SELECT time_zone FROM dwh_catalog.warehouse", 0, NULL, NULL, NULL, true) == 1)
		zone_name = MemoryContextStrdup(cache->context, SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1));
}

/* Today, for the warehouse. Raises WH001 where no warehouse stands, 55000 where its row is gone. */
DateADT
dwh_today(void)
{
	return dwh_day_in_zone(dwh_warehouse_zone());
}

/* The first day of the month of a moment, for the warehouse. Raises what dwh_today() raises. */
DateADT
dwh_month_of(TimestampTz at)
{
	struct pg_tm tm;

	break_down(at, find_zone(dwh_warehouse_zone()), &tm);
	return date2j(tm.tm_year, tm.tm_mon, 1) - POSTGRES_EPOCH_JDATE;
}

/* dwh.today() */
Datum
dwh_sql_today(PG_FUNCTION_ARGS)
{
	dwh_ref_cache_begin(fcinfo);
	PG_RETURN_DATEADT(dwh_today());
}

/*
 * holidays.c
 *		Laying the public holidays over dim_day: dwh_internal.refresh_calendar() and the trigger that calls it.
 *
 * A day off is a weekly rest day (Saturday, Sunday), a holiday fixed by rule, a dated lunar or decided day, or a day off in
 * compensation. A holiday on a weekly rest day is compensated by the next day that would be a working day (Labour Code 2019
 * Art. 111.3, 2012 Art. 115.3); days that are off in compensation already are passed over, so two holidays on one weekend
 * give two days. Dated compensatory rows come on top, make-up days last. Only rows that change are written, so that running it
 * again, or after a restore, changes nothing.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datetime.h"

#include "common/owner.h"
#include "common/spi.h"
#include "star/star.h"

/* One day of dim_day: as it stands, and as it should be. */
typedef struct Day
{
	bool		exists;
	bool		is_rest;		/* Saturday or Sunday */
	bool		is_holiday;
	bool		is_compensation;
	bool		is_made_up;
	char	   *name_vi;
	char	   *name_en;
	bool		was_working;
	char	   *was_name_vi;
	char	   *was_name_en;
} Day;

typedef struct Days
{
	DateADT		first;
	int			n;
	Day		   *at;
} Days;

PG_FUNCTION_INFO_V1(dwh_sql_refresh_calendar);
PG_FUNCTION_INFO_V1(dwh_sql_holiday_changed);

/* The entry of a day, NULL where dim_day does not have it. */
static Day *
find_day(Days *days, DateADT day)
{
	if (DATE_NOT_FINITE(day) || day < days->first || (int64) day - days->first >= days->n)
		return NULL;
	return days->at[day - days->first].exists ? &days->at[day - days->first] : NULL;
}

/* Reads dim_day. */
static void
read_days(Days *days)
{
	uint64		rows = dwh_spi_select_latest("SELECT day, is_working_day, holiday_vi, holiday_en FROM dwh_star.dim_day "
											 "ORDER BY day", 0, NULL, NULL);

	days->n = 0;
	if (rows == 0)
		return;
	days->first = dwh_spi_date(0, 1);
	days->n = dwh_spi_date(rows - 1, 1) - days->first + 1;
	days->at = palloc0(sizeof(Day) * days->n);
	for (uint64 row = 0; row < rows; row++)
	{
		DateADT		date = dwh_spi_date(row, 1);
		Day		   *day = &days->at[date - days->first];
		int			weekday = j2day(date + POSTGRES_EPOCH_JDATE);

		day->exists = true;
		day->is_rest = weekday == 0 || weekday == 6;
		day->was_working = dwh_spi_bool(row, 2);
		day->was_name_vi = dwh_spi_text(row, 3);
		day->was_name_en = dwh_spi_text(row, 4);
	}
}

/* Names a day; one that has a name already gets both. */
static void
add_name(Day *day, const char *vi, const char *en)
{
	day->name_vi = day->name_vi ? psprintf("%s; %s", day->name_vi, vi) : pstrdup(vi);
	day->name_en = day->name_en ? psprintf("%s; %s", day->name_en, en) : pstrdup(en);
}

/* Marks the holidays of holiday_rule, and the lunar and decided rows of holiday. */
static void
mark_holidays(Days *days)
{
	uint64		rows = dwh_spi_select_latest(
		"SELECT d.day, h.name_vi, h.name_en FROM dwh_star.dim_day AS d JOIN dwh_catalog.holiday_rule AS h "
		"ON h.month_no = date_part('month', d.day) AND h.day_no = date_part('day', d.day) "
		"AND d.day >= h.valid_from AND (h.valid_to IS NULL OR d.day <= h.valid_to) "
		"UNION ALL SELECT on_date, name_vi, name_en FROM dwh_catalog.holiday WHERE kind IN ('lunar', 'decision') "
		"ORDER BY 1, 2", 0, NULL, NULL);

	for (uint64 row = 0; row < rows; row++)
	{
		Day		   *day = find_day(days, dwh_spi_date(row, 1));

		if (day == NULL)
			continue;
		day->is_holiday = true;
		add_name(day, dwh_spi_text(row, 2), dwh_spi_text(row, 3));
	}
}

/* Gives each holiday on a weekly rest day its day off in compensation. */
static void
compensate(Days *days)
{
	for (int i = 0; i < days->n; i++)
	{
		Day		   *holiday = &days->at[i];
		int			j = i + 1;

		if (!holiday->is_holiday || !holiday->is_rest)
			continue;
		while (j < days->n && (!days->at[j].exists || days->at[j].is_rest || days->at[j].is_holiday ||
							   days->at[j].is_compensation))
			j++;
		if (j == days->n)
			return;
		days->at[j].is_compensation = true;
		add_name(&days->at[j], psprintf("Nghỉ bù: %s", holiday->name_vi), psprintf("In compensation: %s", holiday->name_en));
	}
}

/* Marks dated compensatory and make-up days; a dated row names its day alone. */
static void
mark_dated(Days *days)
{
	uint64		rows = dwh_spi_select_latest("SELECT on_date, kind, name_vi, name_en FROM dwh_catalog.holiday "
											 "WHERE kind IN ('compensatory', 'make_up') ORDER BY on_date", 0, NULL, NULL);

	for (uint64 row = 0; row < rows; row++)
	{
		Day		   *day = find_day(days, dwh_spi_date(row, 1));

		if (day == NULL)
			continue;
		if (strcmp(dwh_spi_text(row, 2), "make_up") == 0)
			day->is_made_up = true;
		else
			day->is_compensation = true;
		day->name_vi = dwh_spi_text(row, 3);
		day->name_en = dwh_spi_text(row, 4);
	}
}

/* Whether two texts, either of which may be NULL, differ. */
static bool
differ(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a != b : strcmp(a, b) != 0;
}

/* Writes the days that changed. Returns how many. */
static int
write_days(const Days *days)
{
	Datum	   *day = palloc(sizeof(Datum) * (days->n + 1));
	Datum	   *working = palloc(sizeof(Datum) * (days->n + 1));
	Datum	   *vi = palloc(sizeof(Datum) * (days->n + 1));
	Datum	   *en = palloc(sizeof(Datum) * (days->n + 1));
	bool	   *vi_null = palloc(sizeof(bool) * (days->n + 1));
	bool	   *en_null = palloc(sizeof(bool) * (days->n + 1));
	Oid			types[4] = {DATEARRAYOID, BOOLARRAYOID, TEXTARRAYOID, TEXTARRAYOID};
	Datum		values[4];
	int			lower = 1;
	int			n = 0;

	for (int i = 0; i < days->n; i++)
	{
		const Day  *d = &days->at[i];
		bool		is_working = d->is_made_up || !(d->is_rest || d->is_holiday || d->is_compensation);

		if (!d->exists ||
			(is_working == d->was_working && !differ(d->name_vi, d->was_name_vi) && !differ(d->name_en, d->was_name_en)))
			continue;
		day[n] = DateADTGetDatum(days->first + i);
		working[n] = BoolGetDatum(is_working);
		vi_null[n] = d->name_vi == NULL;
		vi[n] = vi_null[n] ? (Datum) 0 : CStringGetTextDatum(d->name_vi);
		en_null[n] = d->name_en == NULL;
		en[n] = en_null[n] ? (Datum) 0 : CStringGetTextDatum(d->name_en);
		n++;
	}
	if (n == 0)
		return 0;
	values[0] = PointerGetDatum(construct_md_array(day, NULL, 1, &n, &lower, DATEOID, sizeof(DateADT), true, TYPALIGN_INT));
	values[1] = PointerGetDatum(construct_md_array(working, NULL, 1, &n, &lower, BOOLOID, sizeof(bool), true, TYPALIGN_CHAR));
	values[2] = PointerGetDatum(construct_md_array(vi, vi_null, 1, &n, &lower, TEXTOID, -1, false, TYPALIGN_INT));
	values[3] = PointerGetDatum(construct_md_array(en, en_null, 1, &n, &lower, TEXTOID, -1, false, TYPALIGN_INT));
	return (int) dwh_spi_run("UPDATE dwh_star.dim_day AS d SET is_working_day = n.is_working_day, "
							 "holiday_vi = n.holiday_vi, holiday_en = n.holiday_en "
							 "FROM unnest($1, $2, $3, $4) AS n (day, is_working_day, holiday_vi, holiday_en) "
							 "WHERE d.day = n.day", 4, types, values, NULL, false, SPI_OK_UPDATE);
}

/*
 * Brings dim_day in line with the holidays, whatever was there before. Returns how many days changed. Two sessions that edit
 * holidays do it one after the other.
 */
int
dwh_holidays_refresh(void)
{
	DwhOwnerSwitch owner;
	Days		days = {0};
	int			changed;

	dwh_owner_enter(&owner);
	dwh_spi_begin();
	dwh_spi_utility("LOCK TABLE dwh_star.dim_day IN SHARE ROW EXCLUSIVE MODE");
	CommandCounterIncrement();
	read_days(&days);
	mark_holidays(&days);
	compensate(&days);
	mark_dated(&days);
	changed = write_days(&days);
	dwh_spi_end();
	dwh_owner_leave(&owner);
	return changed;
}

/* dwh_internal.refresh_calendar() */
Datum
dwh_sql_refresh_calendar(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(dwh_holidays_refresh());
}

/* dwh_internal.holiday_changed(): statement trigger of holiday_rule and holiday. */
Datum
dwh_sql_holiday_changed(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" was not called by the trigger manager", "holiday_changed")));
	(void) dwh_holidays_refresh();
	return PointerGetDatum(NULL);
}

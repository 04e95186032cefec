/*
 * clock.c
 *		The day that validity, deadlines and closing are judged by.
 *
 * It is the start of the client's statement in the fixed time zone of the warehouse, so that nobody stretches a right by
 * setting TimeZone, and a statement sees one day from its start to its end.
 */
#include "postgres.h"

#include "fmgr.h"

#include "common/identity.h"
#include "common/owner.h"
#include "common/spi.h"

PG_FUNCTION_INFO_V1(dwh_sql_today);

/* Today, for the warehouse. Raises WH001 where no warehouse stands. */
DateADT
dwh_today(void)
{
	DwhOwnerSwitch owner;
	DateADT		today;

	dwh_spi_begin();
	dwh_owner_enter(&owner);
	if (dwh_spi_select_latest("SELECT (statement_timestamp() AT TIME ZONE time_zone)::date FROM dwh_catalog.warehouse",
							  0, NULL, NULL) != 1)
		dwh_raise_no_warehouse_row();
	today = dwh_spi_date(0, 1);
	dwh_owner_leave(&owner);
	dwh_spi_end();
	return today;
}

/* dwh.today() */
Datum
dwh_sql_today(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATEADT(dwh_today());
}

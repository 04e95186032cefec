/*
 * partition.c
 *		The monthly partitions of the log.
 *
 * An event without a partition cannot be recorded, and an act of an administrator fails with its event; so partitions are made
 * YEARS_AHEAD in advance, by the creation of the warehouse, by the audit worker, or by hand.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"

#include "audit/audit.h"
#include "common/identity.h"
#include "common/owner.h"
#include "common/spi.h"

#define YEARS_AHEAD 4

PG_FUNCTION_INFO_V1(dwh_sql_ensure_log_partitions);

/* Makes the partitions up to a day's month as dwh_owner. Returns how many were made. */
static int32
ensure_until(DateADT until)
{
	Oid			types[1] = {DATEOID};
	Datum		values[1];
	DwhOwnerSwitch owner;
	int32		made;

	values[0] = DateADTGetDatum(until);
	dwh_spi_begin();
	dwh_owner_enter(&owner);
	(void) dwh_spi_select("SELECT dwh_internal.ensure_log_partitions($1)", 1, types, values, NULL, false);
	made = dwh_spi_int(0, 1);
	dwh_owner_leave(&owner);
	dwh_spi_end();
	return made;
}

/* Makes the partitions of the coming years. Returns how many were made. */
int32
dwh_audit_ensure_partitions(void)
{
	return ensure_until(dwh_today() + YEARS_AHEAD * 365);
}

/* dwh.ensure_log_partitions(until): raises 42501 for whoever is not dwh_owner or a superuser. */
Datum
dwh_sql_ensure_log_partitions(PG_FUNCTION_ARGS)
{
	DwhAttempt	attempt;
	DateADT		until = PG_GETARG_DATEADT(0);
	int32		made;

	dwh_require_warehouse();
	dwh_attempt_begin(&attempt, "ensure_log_partitions", NULL, NULL);
	if (!dwh_caller_is_owner())
	{
		dwh_attempt_refused(&attempt, "the caller does not have the rights of dwh_owner");
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to call dwh.ensure_log_partitions()"),
				 errdetail("It makes tables of the warehouse."),
				 errhint("Only a superuser or a member of dwh_owner may call it.")));
	}
	if (DATE_NOT_FINITE(until) || until > dwh_today() + 50 * 366)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("partitions cannot be made that far ahead"),
				 errdetail("At most 50 years from today."),
				 errhint("Name an earlier day.")));
	made = ensure_until(until);
	if (made > 0)
		dwh_audit_append("ensure_log_partitions", NULL, "done", psprintf("{\"partitions_made\": %d}", made));
	dwh_attempt_end(&attempt);
	PG_RETURN_INT32(made);
}

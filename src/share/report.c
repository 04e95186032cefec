/*
 * report.c
 *		Reports of sharing that give rows, dwh.share_statistics() and dwh.evaluation_report(), and the counts behind the first.
 *
 * Each calls the function of the same name and arguments in dwh_internal (sql/install/78_share_report.sql) as dwh_owner, for sharing
 * officers and auditors. A refusal is recorded, a report is not.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"

#include "audit/audit.h"
#include "common/inner_call.h"
#include "common/owner.h"
#include "common/spi.h"
#include "share/share.h"

PG_FUNCTION_INFO_V1(dwh_sql_share_rows);

/*
 * Adds settled rows of the log to the counts that statistics read, as dwh_owner: at most so many numbers, 0 for all. Returns whether
 * none is left; true where somebody else is at it, which is not waited for.
 */
bool
dwh_share_roll(int64 most)
{
	Oid			types[1] = {INT8OID};
	Datum		values[1] = {Int64GetDatum(most)};
	DwhOwnerSwitch owner;
	bool		is_all;

	dwh_spi_begin();
	dwh_owner_enter(&owner);
	(void) dwh_spi_select("SELECT is_all FROM dwh_internal.share_roll(nullif($1, 0), false)", 1, types, values, NULL, false);
	is_all = dwh_spi_bool(0, 1);
	dwh_owner_leave(&owner);
	dwh_spi_end();
	return is_all;
}

/* Raises 42501 for whoever is no officer or auditor, and what the inner function raises. */
Datum
dwh_sql_share_rows(PG_FUNCTION_ARGS)
{
	DwhInnerCall call;
	DwhAttempt	attempt;

	dwh_inner_call_read(&call, fcinfo, 0);
	dwh_require_warehouse();
	dwh_attempt_begin(&attempt, call.name, NULL, NULL);
	if (!dwh_caller_has_role("dwh_share_officer") && !dwh_caller_has_role("dwh_auditor"))
	{
		dwh_attempt_refused(&attempt, "the caller is no sharing officer or auditor");
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to call dwh.%s()", call.name),
				 errdetail("2327 Art. 2.2: chỉ cán bộ chia sẻ dữ liệu và kiểm toán được xem | it is for the staff assigned to sharing, and auditors."),
				 errhint("Only members of dwh_share_officer and dwh_auditor may call it.")));
	}
	dwh_inner_call_rows(&call, fcinfo);
	dwh_attempt_end(&attempt);
	return (Datum) 0;
}

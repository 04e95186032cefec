/*
 * report.c
 *		Reports of sharing that give rows: dwh.share_statistics(), dwh.evaluation_report().
 *
 * Each calls the function of the same name and arguments in dwh_internal (sql/install/78_share_report.sql) as dwh_owner, for sharing
 * officers and auditors. A refusal is recorded, a report is not.
 */
#include "postgres.h"

#include "fmgr.h"

#include "audit/audit.h"
#include "common/inner_call.h"
#include "common/owner.h"

PG_FUNCTION_INFO_V1(dwh_sql_share_rows);

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

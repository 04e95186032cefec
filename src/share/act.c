/*
 * act.c
 *		The functions of sharing officers: who may call them, and the record of each call.
 *
 * Every such function of schema dwh is this one in C. It opens an attempt, asks for the group, and calls the function of the same name
 * and arguments in dwh_internal (sql/install/71_share_services.sql and later) as dwh_owner; the act is an event in the caller's
 * transaction, a refusal or a failure is recorded although the transaction rolls back.
 */
#include "postgres.h"

#include "fmgr.h"

#include "audit/audit.h"
#include "common/inner_call.h"
#include "common/owner.h"

#define OFFICER_ROLE "dwh_share_officer"
#define PARTNER_ROLE "dwh_partner"

PG_FUNCTION_INFO_V1(dwh_sql_share_act);

/* Whether partners may call it for themselves; the function in dwh_internal then asks whether the agency is theirs. */
static bool
is_open_to_partners(const char *name)
{
	return strcmp(name, "request_share") == 0 || strcmp(name, "record_receipt") == 0 || strcmp(name, "record_onward_supply") == 0;
}

/* dwh.register_agency() and its sisters: raise 42501 for whoever is no sharing officer, and what the function itself raises. */
Datum
dwh_sql_share_act(PG_FUNCTION_ARGS)
{
	DwhAttempt	attempt;
	DwhInnerCall call;
	Datum		result;

	dwh_inner_call_read(&call, fcinfo, 0);
	dwh_require_warehouse();
	dwh_attempt_begin(&attempt, call.name, call.object, call.detail);
	if (!dwh_caller_has_role(OFFICER_ROLE) && !(is_open_to_partners(call.name) && dwh_caller_has_role(PARTNER_ROLE)))
	{
		dwh_attempt_refused(&attempt, "the caller is no sharing officer");
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to call dwh.%s()", call.name),
				 errdetail("2327 Art. 2.2: chỉ cán bộ chia sẻ dữ liệu được thực hiện | sharing is done by the staff assigned to it."),
				 errhint("Only members of dwh_share_officer may call it.")));
	}
	result = dwh_inner_call_run(&call, fcinfo);
	dwh_audit_append(call.name, call.object, "done", call.detail);
	dwh_attempt_end(&attempt);
	return result;
}

/*
 * act.c
 *		The functions of access by Decision 893: the record of each call and of each refusal.
 *
 * Every such function of schema dwh is this one in C: it opens an attempt and calls the function of the same name and arguments in
 * dwh_internal (sql/install/80_access.sql and later) as dwh_owner, which judges the caller and the request by the rows of
 * dwh_catalog.access_path. What was done is an event in the caller's transaction; what was refused is recorded with its reason before
 * the error goes on, and stays although the transaction rolls back.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/guc.h"

#include "access/access.h"
#include "audit/audit.h"
#include "common/guc.h"
#include "common/inner_call.h"
#include "common/owner.h"

/* A list of a thousand lines is described by its length; each line that is applied has an event of its own. */
#define LONGEST_ARGUMENT 400

PG_FUNCTION_INFO_V1(dwh_sql_access_act);
PG_FUNCTION_INFO_V1(dwh_sql_access_list);

/* Whether an error is an answer to what was asked: a rule, a right, a value; no cancel, conflict or trouble of the server. */
static bool
is_refusal(int sqlstate)
{
	int			category = ERRCODE_TO_CATEGORY(sqlstate);

	return category == ERRCODE_TO_CATEGORY(ERRCODE_DATA_EXCEPTION) ||
		category == ERRCODE_TO_CATEGORY(ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION) ||
		category == ERRCODE_TO_CATEGORY(ERRCODE_SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION) ||
		sqlstate == ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE;
}

/* Runs the function of that name in dwh_internal; its value, unless it gives rows. */
static Datum
perform(DwhInnerCall *call, FunctionCallInfo fcinfo, DwhAttempt *attempt, bool gives_rows)
{
	MemoryContext context = CurrentMemoryContext;
	int			nest_level = NewGUCNestLevel();
	Datum		result = (Datum) 0;

	dwh_inner_call_read(call, fcinfo, LONGEST_ARGUMENT);
	dwh_require_warehouse();
	dwh_attempt_begin(attempt, call->name, call->object, call->detail);
	PG_TRY();
	{
		if (gives_rows)
			dwh_inner_call_rows(call, fcinfo);
		else
		{
			/* An act looks rows up one by one, with plans that are kept: by index, also where the tables were small at first. */
			dwh_guc_set_here("plan_cache_mode", "force_generic_plan");
			dwh_guc_set_here("enable_seqscan", "off");
			dwh_guc_set_here("jit", "off");
			result = dwh_inner_call_run(call, fcinfo);
		}
	}
	PG_CATCH();
	{
		if (is_refusal(geterrcode()))
		{
			ErrorData  *error;

			MemoryContextSwitchTo(context);
			error = CopyErrorData();
			FlushErrorState();
			dwh_attempt_refused(attempt, error->message);
			ReThrowError(error);
		}
		PG_RE_THROW();
	}
	PG_END_TRY();
	AtEOXact_GUC(false, nest_level);
	return result;
}

/* dwh.list_office_holders() and its sisters: to look is no event, to be refused is one. */
Datum
dwh_sql_access_list(PG_FUNCTION_ARGS)
{
	DwhAttempt	attempt;
	DwhInnerCall call;

	(void) perform(&call, fcinfo, &attempt, true);
	dwh_attempt_end(&attempt);
	return (Datum) 0;
}

/* dwh.request_access() and its sisters: raise what the function of that name in dwh_internal raises. */
Datum
dwh_sql_access_act(PG_FUNCTION_ARGS)
{
	DwhAttempt	attempt;
	DwhInnerCall call;
	Datum		result;

	result = perform(&call, fcinfo, &attempt, false);
	dwh_audit_append(call.name, call.object, "done", call.detail);
	dwh_attempt_end(&attempt);
	return result;
}

/*
 * functions.c
 *		dwh.in_scope(), has_whole_unit(), has_subject(), scope_units(), and what plans call in their index conditions (see planner.c).
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/inval.h"

#include "scope/copy.h"

/* What a call in an expression remembers between rows. */
typedef struct CallState
{
	TimestampTz statement;		/* when pending messages were accepted: once for each statement, also of those that fetch from a cursor */
	Oid			outer_user;		/* these two tell, for less than dwh_caller_role() and the like, that somebody else may be asking */
	uint64		identity_changes;
	uint64		number;			/* of the copy that the scope lies in */
	int32		subject_id;
	const DwhSubjectScope *scope;
} CallState;

PG_FUNCTION_INFO_V1(dwh_sql_in_scope);
PG_FUNCTION_INFO_V1(dwh_sql_has_whole_unit);
PG_FUNCTION_INFO_V1(dwh_sql_has_subject);
PG_FUNCTION_INFO_V1(dwh_sql_has_subject_by_row);
PG_FUNCTION_INFO_V1(dwh_sql_scope_units);
PG_FUNCTION_INFO_V1(dwh_sql_scoped_unit);

/* The caller's scope in a subject, found anew. */
static const DwhSubjectScope *
refresh_state(FmgrInfo *flinfo, int32 subject_id)
{
	CallState  *state = flinfo->fn_extra;
	TimestampTz statement = GetCurrentStatementStartTimestamp();

	if (state == NULL)
		state = MemoryContextAllocZero(flinfo->fn_mcxt, sizeof(CallState));
	if (state->statement != statement)
		AcceptInvalidationMessages();
	state->statement = statement;
	state->outer_user = GetOuterUserId();
	state->identity_changes = dwh_identity_changes;
	state->number = dwh_scope_use();
	state->subject_id = subject_id;
	state->scope = dwh_scope_read_subject(subject_id);
	flinfo->fn_extra = state;
	return state->scope;
}

/* Whether what a call remembers is of this subject and this statement. */
static inline bool
is_of_statement(const CallState *state, int32 subject_id)
{
	return state != NULL && state->subject_id == subject_id && state->statement == GetCurrentStatementStartTimestamp();
}

static inline const DwhSubjectScope *
current_scope(FunctionCallInfo fcinfo, int32 subject_id)
{
	CallState  *state = fcinfo->flinfo->fn_extra;

	if (likely(is_of_statement(state, subject_id) && dwh_scope_is_current(state->number)))
		return state->scope;
	return refresh_state(fcinfo->flinfo, subject_id);
}

/* dwh.in_scope(p_unit_id int, p_subject_id int) */
Datum
dwh_sql_in_scope(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(dwh_scope_has_unit(current_scope(fcinfo, PG_GETARG_INT32(1)), PG_GETARG_INT32(0)));
}

/*
 * dwh_internal.scoped_unit(p_unit_id int, p_subject_id int): the unit if the caller may see its rows of the subject, NULL: of any
 * subject; NULL if not.
 */
Datum
dwh_sql_scoped_unit(PG_FUNCTION_ARGS)
{
	int32		unit_id;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	unit_id = PG_GETARG_INT32(0);
	if (!dwh_scope_has_unit(current_scope(fcinfo, PG_ARGISNULL(1) ? DWH_ANY_SUBJECT : PG_GETARG_INT32(1)), unit_id))
		PG_RETURN_NULL();
	PG_RETURN_INT32(unit_id);
}

/* dwh.has_whole_unit(p_unit_id int, p_subject_id int): whether the caller may see what was worked out for the unit as a whole. */
Datum
dwh_sql_has_whole_unit(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(dwh_scope_has_whole_unit(current_scope(fcinfo, PG_GETARG_INT32(1)), PG_GETARG_INT32(0)));
}

/* dwh.has_subject(p_subject_id int): whether the caller may see the subject's rows of every unit. */
Datum
dwh_sql_has_subject(PG_FUNCTION_ARGS)
{
	const DwhSubjectScope *scope = current_scope(fcinfo, PG_GETARG_INT32(0));

	PG_RETURN_BOOL(scope != NULL && scope->is_national);
}

/*
 * dwh.has_subject(p_subject_id int, p_unit_id int): the same, asked with each row of a scan, whatever its unit (see planner.c). Between two
 * rows of a statement nothing is looked at that would have to be worked out: a right that is taken away acts at the next statement.
 */
Datum
dwh_sql_has_subject_by_row(PG_FUNCTION_ARGS)
{
	CallState  *state = fcinfo->flinfo->fn_extra;
	const DwhSubjectScope *scope;

	if (PG_ARGISNULL(0))
		PG_RETURN_BOOL(false);
	if (likely(is_of_statement(state, PG_GETARG_INT32(0)) && state->outer_user == GetOuterUserId() &&
			   state->identity_changes == dwh_identity_changes && dwh_scope_holds(state->number)))
		scope = state->scope;
	else
		scope = refresh_state(fcinfo->flinfo, PG_GETARG_INT32(0));
	PG_RETURN_BOOL(scope != NULL && scope->is_national);
}

/* dwh.scope_units(p_subject_id int): the units of a subject, NULL: of every grant in force. */
Datum
dwh_sql_scope_units(PG_FUNCTION_ARGS)
{
	const DwhSubjectScope *scope = current_scope(fcinfo, PG_ARGISNULL(0) ? DWH_ANY_SUBJECT : PG_GETARG_INT32(0));
	int			n = scope ? scope->n : 0;
	ArrayType  *result;

	if (n == 0)
		PG_RETURN_ARRAYTYPE_P(construct_empty_array(INT4OID));
	/* laid out by hand: an array of 100,000 ids is built for every query */
	result = palloc0(ARR_OVERHEAD_NONULLS(1) + n * sizeof(int32));
	SET_VARSIZE(result, ARR_OVERHEAD_NONULLS(1) + n * sizeof(int32));
	result->ndim = 1;
	result->elemtype = INT4OID;
	ARR_DIMS(result)[0] = n;
	ARR_LBOUND(result)[0] = 1;
	memcpy(ARR_DATA_PTR(result), scope->unit_ids, n * sizeof(int32));
	PG_RETURN_ARRAYTYPE_P(result);
}

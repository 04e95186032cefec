/*
 * functions.c
 *		dwh.in_scope(), has_whole_unit(), has_subject(), scope_units(): what policies call, and what they tell the planner.
 *
 * No plan holds a scope: it would outlive the grant it came from. The support function offers the lossy index condition
 * unit_id = ANY (dwh.scope_units(S)), evaluated when the plan is run; only the choice of a plan rests on the scope at planning.
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "catalog/pg_am.h"
#include "catalog/pg_statistic.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "nodes/makefuncs.h"
#include "nodes/supportnodes.h"
#include "optimizer/optimizer.h"
#include "parser/parse_func.h"
#include "utils/array.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"

#include "scope/scope.h"

/* A scope that holds more than this share of the rows is tested row by row: an index would read nearly all pages, twice. */
#define MAX_INDEX_SHARE 0.5

/* What a call in an expression remembers between rows. */
typedef struct CallState
{
	uint64		build;
	int32		subject_id;
	const DwhSubjectScope *scope;
} CallState;

PG_FUNCTION_INFO_V1(dwh_sql_in_scope);
PG_FUNCTION_INFO_V1(dwh_sql_has_whole_unit);
PG_FUNCTION_INFO_V1(dwh_sql_has_subject);
PG_FUNCTION_INFO_V1(dwh_sql_scope_units);
PG_FUNCTION_INFO_V1(dwh_sql_in_scope_support);

/* The caller's scope in a subject; pending messages are accepted once for each expression of an execution. */
static const DwhSubjectScope *
refresh_state(FmgrInfo *flinfo, int32 subject_id)
{
	CallState  *state = flinfo->fn_extra;

	if (state == NULL)
	{
		AcceptInvalidationMessages();
		state = MemoryContextAllocZero(flinfo->fn_mcxt, sizeof(CallState));
	}
	state->build = dwh_scope_use();
	state->subject_id = subject_id;
	state->scope = dwh_scope_read_subject(subject_id);
	flinfo->fn_extra = state;
	return state->scope;
}

static inline const DwhSubjectScope *
current_scope(FunctionCallInfo fcinfo, int32 subject_id)
{
	CallState  *state = fcinfo->flinfo->fn_extra;

	if (likely(state != NULL && state->subject_id == subject_id && dwh_scope_is_current(state->build)))
		return state->scope;
	return refresh_state(fcinfo->flinfo, subject_id);
}

/* dwh.in_scope(p_unit_id int, p_subject_id int) */
Datum
dwh_sql_in_scope(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(dwh_scope_has_unit(current_scope(fcinfo, PG_GETARG_INT32(1)), PG_GETARG_INT32(0)));
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

/* ------------------------------------------------------------------ the planner */

/* The share of rows whose unit is among the most common values and in the scope; what these take together, and their numbers. */
static double
common_share(VariableStatData *vardata, const DwhSubjectScope *scope, double *common, int *n_common, int *n_in_scope)
{
	AttStatsSlot slot;
	double		share = 0;

	*common = 0;
	*n_common = *n_in_scope = 0;
	if (!HeapTupleIsValid(vardata->statsTuple) ||
		!get_attstatsslot(&slot, vardata->statsTuple, STATISTIC_KIND_MCV, InvalidOid, ATTSTATSSLOT_VALUES | ATTSTATSSLOT_NUMBERS))
		return 0;
	for (int i = 0; i < slot.nvalues; i++)
	{
		*common += slot.numbers[i];
		if (dwh_scope_has_unit(scope, DatumGetInt32(slot.values[i])))
		{
			share += slot.numbers[i];
			(*n_in_scope)++;
		}
	}
	*n_common = slot.nvalues;
	free_attstatsslot(&slot);
	return share;
}

/* The share of the rows that are in the caller's scope. */
static double
scope_share(PlannerInfo *root, List *args, int var_relid)
{
	Node	   *subject = lsecond(args);
	const DwhSubjectScope *scope;
	VariableStatData vardata;
	double		n_distinct;
	double		nulls = 0;
	double		common;
	double		share;
	double		rest;
	int			n_common;
	int			n_in_scope;
	bool		is_default;

	(void) dwh_scope_use();
	if (IsA(subject, Const) && ((Const *) subject)->constisnull)
		return 0;
	scope = dwh_scope_subject(IsA(subject, Const) ? DatumGetInt32(((Const *) subject)->constvalue) : DWH_ANY_SUBJECT);
	if (scope == NULL || scope->n == 0)
		return 0;
	examine_variable(root, linitial(args), var_relid, &vardata);
	n_distinct = get_variable_numdistinct(&vardata, &is_default);
	if (HeapTupleIsValid(vardata.statsTuple))
		nulls = ((Form_pg_statistic) GETSTRUCT(vardata.statsTuple))->stanullfrac;
	share = common_share(&vardata, scope, &common, &n_common, &n_in_scope);
	ReleaseVariableStats(vardata);
	rest = Max(0, 1 - common - nulls);
	if (n_distinct > n_common && rest > 0)
		share += rest * Min(1, (scope->n - n_in_scope) / Max(1, n_distinct - n_common));
	return Min(1, Max(0, share));
}

/* dwh.scope_units(subject) as an expression; NULL while the function is not there. */
static Expr *
units_expression(Node *subject)
{
	Oid			argtypes[1] = {INT4OID};
	Oid			funcid = LookupFuncName(list_make2(makeString("dwh"), makeString("scope_units")), 1, argtypes, true);

	if (!OidIsValid(funcid))
		return NULL;
	/* a subject that differs by row: the units of all of them hold those of each */
	if (!IsA(subject, Const))
		subject = (Node *) makeNullConst(INT4OID, -1, InvalidOid);
	return (Expr *) makeFuncExpr(funcid, INT4ARRAYOID, list_make1(copyObject(subject)), InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL);
}

/* unit_id = ANY (dwh.scope_units(S)) for a btree index on unit_id; NIL where it does not help. */
static List *
index_condition(SupportRequestIndexCondition *request)
{
	FuncExpr   *call = (FuncExpr *) request->node;
	ScalarArrayOpExpr *condition;
	Expr	   *units;
	Oid			operator;

	if (!IsA(request->node, FuncExpr) || request->indexarg != 0 || list_length(call->args) != 2 || request->index->relam != BTREE_AM_OID)
		return NIL;
	operator = get_opfamily_member(request->opfamily, INT4OID, INT4OID, BTEqualStrategyNumber);
	if (!OidIsValid(operator) || scope_share(request->root, call->args, 0) > MAX_INDEX_SHARE)
		return NIL;
	units = units_expression(lsecond(call->args));
	if (units == NULL)
		return NIL;
	condition = makeNode(ScalarArrayOpExpr);
	condition->opno = operator;
	condition->opfuncid = get_opcode(operator);
	condition->useOr = true;
	condition->args = list_make2(copyObject(linitial(call->args)), units);
	condition->location = -1;
	request->lossy = true;
	return list_make1(condition);
}

/* Planner support function of dwh.in_scope(). */
Datum
dwh_sql_in_scope_support(PG_FUNCTION_ARGS)
{
	Node	   *request = (Node *) PG_GETARG_POINTER(0);

	if (IsA(request, SupportRequestIndexCondition))
		PG_RETURN_POINTER(index_condition((SupportRequestIndexCondition *) request));
	if (IsA(request, SupportRequestSelectivity))
	{
		SupportRequestSelectivity *selectivity = (SupportRequestSelectivity *) request;

		if (selectivity->is_join || list_length(selectivity->args) != 2)
			PG_RETURN_POINTER(NULL);
		selectivity->selectivity = scope_share(selectivity->root, selectivity->args, selectivity->varRelid);
		PG_RETURN_POINTER(selectivity);
	}
	PG_RETURN_POINTER(NULL);
}

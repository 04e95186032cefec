/*
 * planner.c
 *		What dwh.in_scope() and has_subject() tell the planner: which index finds the rows of a scope, how many these are, and when to ask once.
 *
 * No plan holds a scope: it would outlive the grant it came from. What is offered are conditions that ask for the scope when the plan is
 * run; only the choice of a plan rests on the scope at planning.
 *
 *		unit_id = C AND dwh.in_scope(C, S)				in place of the call, where the query says unit_id = C: asked once, before any row
 *		unit_id = ANY (dwh.scope_units(S))				else, a lossy index condition: the index gives the units of the scope
 *		unit_id >= dwh_internal.scoped_unit(C, S)		that, where unit_id = C follows from a join: C if the scope has it, else NULL
 *
 * So a query for one unit looks at one unit only, and of a unit that is not in the scope no row is read. In the first, unit_id = C stands
 * beside the call so that a function in the query is not shown a row of another unit before the query's own condition is. In the third,
 * ">=" says no more than "=" beside unit_id = C, but the planner takes far fewer rows away for it.
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "catalog/namespace.h"
#include "catalog/pg_am.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_statistic.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "nodes/makefuncs.h"
#include "nodes/pathnodes.h"
#include "nodes/supportnodes.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"
#include "utils/syscache.h"

#include "scope/scope.h"

/* A scope that holds more than this share of the rows is tested row by row: an index would read nearly all pages, twice. */
#define MAX_INDEX_SHARE 0.5

/* A function that a condition calls. */
typedef struct Called
{
	const char *schema;
	const char *name;
	int			n_args;			/* all int */
	Oid			result;
	Oid			oid;			/* InvalidOid: to be looked up */
} Called;

static Called scope_units = {"dwh", "scope_units", 1, INT4ARRAYOID};
static Called scoped_unit = {"dwh_internal", "scoped_unit", 2, INT4OID};
static Called has_subject = {"dwh", "has_subject", 1, BOOLOID};

PG_FUNCTION_INFO_V1(dwh_sql_in_scope_support);
PG_FUNCTION_INFO_V1(dwh_sql_has_subject_support);

/* ------------------------------------------------------------------ calls */

/* Syscache callback: a function was made, dropped or changed. */
static void
note_function_change(Datum arg, int cacheid, uint32 hashvalue)
{
	scope_units.oid = InvalidOid;
	scoped_unit.oid = InvalidOid;
	has_subject.oid = InvalidOid;
}

/* A call of one of these functions; NULL while it is not there. */
static Expr *
call_expression(Called *called, List *args)
{
	static bool is_registered = false;

	if (!is_registered)
	{
		CacheRegisterSyscacheCallback(PROCOID, note_function_change, (Datum) 0);
		is_registered = true;
	}
	if (!OidIsValid(called->oid))
	{
		Oid			types[2] = {INT4OID, INT4OID};

		/* whoever plans a query need not have a right on the schema */
		called->oid = GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum(called->name),
									  PointerGetDatum(buildoidvector(types, called->n_args)),
									  ObjectIdGetDatum(get_namespace_oid(called->schema, true)));
		if (!OidIsValid(called->oid))
			return NULL;
	}
	return (Expr *) makeFuncExpr(called->oid, called->result, args, InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL);
}

/* column operator value; both int. */
static Expr *
comparison(Oid operator, Node *column, Node *value)
{
	OpExpr	   *condition = (OpExpr *) make_opclause(operator, BOOLOID, false, (Expr *) copyObject(column), (Expr *) value, InvalidOid, InvalidOid);

	condition->opfuncid = get_opcode(operator);
	return (Expr *) condition;
}

/* The subject of a condition. Where it differs by row: NULL, since the units of all subjects hold those of each. */
static Node *
subject_expression(Node *subject)
{
	return IsA(subject, Const) ? copyObject(subject) : (Node *) makeNullConst(INT4OID, -1, InvalidOid);
}

/* ------------------------------------------------------------------ the unit that the query names */

/* A value that is known before the first row. */
static bool
is_given(Node *node)
{
	return (IsA(node, Const) && !((Const *) node)->constisnull) || (IsA(node, Param) && ((Param *) node)->paramkind == PARAM_EXTERN);
}

/* What a condition says that the column equals; NULL where it says no such thing. */
static Node *
equal_side(Node *clause, Node *column)
{
	OpExpr	   *equality = (OpExpr *) clause;

	if (!IsA(clause, OpExpr) || equality->opno != Int4EqualOperator)
		return NULL;
	if (equal(linitial(equality->args), column))
		return lsecond(equality->args);
	if (equal(lsecond(equality->args), column))
		return linitial(equality->args);
	return NULL;
}

/* The one unit whose rows the query asks for, in conditions on the relation beside ours; NULL where it asks for no certain one. */
static Node *
named_unit(RelOptInfo *rel, Node *column)
{
	ListCell   *lc;

	foreach(lc, rel->baserestrictinfo)
	{
		Node	   *side = equal_side((Node *) lfirst_node(RestrictInfo, lc)->clause, column);

		/* the same for the whole scan */
		if (side != NULL && !contain_var_clause(side) && !contain_subplans(side) && !contain_volatile_functions(side))
			return side;
	}
	return NULL;
}

/* ------------------------------------------------------------------ how many rows */

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

/* The caller's scope in the subject of a call; NULL for an empty one. */
static const DwhSubjectScope *
scope_of(Node *subject)
{
	(void) dwh_scope_use();
	if (IsA(subject, Const) && ((Const *) subject)->constisnull)
		return NULL;
	return dwh_scope_subject(IsA(subject, Const) ? DatumGetInt32(((Const *) subject)->constvalue) : DWH_ANY_SUBJECT);
}

/* The share of the rows that are in the caller's scope. */
static double
scope_share(PlannerInfo *root, List *args, int var_relid)
{
	const DwhSubjectScope *scope = scope_of(lsecond(args));
	VariableStatData vardata;
	double		n_distinct;
	double		nulls = 0;
	double		common;
	double		share;
	double		rest;
	int			n_common;
	int			n_in_scope;
	bool		is_default;

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

/* The share of the rows of one unit that are in the caller's scope: all or none; all where the unit is not known yet. */
static double
unit_share(Node *unit, Node *subject)
{
	Const	   *value = (Const *) unit;

	if (!IsA(unit, Const))
		return 1;
	return !value->constisnull && dwh_scope_has_unit(scope_of(subject), DatumGetInt32(value->constvalue)) ? 1 : 0;
}

/* What in_scope(args) keeps of the rows that the other conditions of the query keep. */
static double
estimate_share(PlannerInfo *root, List *args, int var_relid)
{
	Var		   *column = linitial(args);

	if (is_given((Node *) column))
		return unit_share((Node *) column, lsecond(args));
	if (IsA(column, Var) && column->varlevelsup == 0 && root->simple_rel_array != NULL && column->varno > 0 &&
		column->varno < root->simple_rel_array_size && root->simple_rel_array[column->varno] != NULL)
	{
		Node	   *unit = named_unit(root->simple_rel_array[column->varno], (Node *) column);

		if (unit != NULL)
			return unit_share(unit, lsecond(args));
	}
	return scope_share(root, args, var_relid);
}

/* ------------------------------------------------------------------ one unit, asked once */

/*
 * C, where a part of the FROM clause lets no row through but those in which the column = C. Conditions that the planner has not gone over
 * yet are no list; they are left out.
 */
static Node *
unit_of_all_rows(Node *part, Node *column)
{
	Node	   *conditions = NULL;
	List	   *parts = NIL;
	ListCell   *lc;

	if (IsA(part, FromExpr))
	{
		conditions = ((FromExpr *) part)->quals;
		parts = ((FromExpr *) part)->fromlist;
	}
	else if (IsA(part, JoinExpr))
	{
		JoinExpr   *join = (JoinExpr *) part;

		if (join->jointype == JOIN_INNER)
		{
			conditions = join->quals;
			parts = list_make2(join->larg, join->rarg);
		}
		else if (join->jointype == JOIN_LEFT || join->jointype == JOIN_SEMI || join->jointype == JOIN_ANTI)
			parts = list_make1(join->larg);
	}
	if (conditions != NULL && IsA(conditions, List))
		foreach(lc, (List *) conditions)
		{
			Node	   *side = equal_side(lfirst(lc), column);

			if (side != NULL && is_given(side))
				return side;
		}
	foreach(lc, parts)
	{
		Node	   *unit = unit_of_all_rows(lfirst(lc), column);

		if (unit != NULL)
			return unit;
	}
	return NULL;
}

/*
 * unit_id = C AND in_scope(C, S), where every row that the query is left with has unit_id = C; NULL elsewhere.
 *
 * The planner goes over the conditions of the FROM and WHERE clauses first, and over what row security adds afterwards. A statement that
 * writes has conditions on its new rows, too, which these say nothing of; grouping sets make NULLs of what they were about. Nor is a unit
 * taken up that is not in the scope now: what the planner knows of its rows would show in EXPLAIN.
 */
static Node *
ask_once(SupportRequestSimplify *request)
{
	FuncExpr   *call = request->fcall;
	Query	   *query = request->root ? request->root->parse : NULL;
	Node	   *column = linitial(call->args);
	Node	   *subject = lsecond(call->args);
	Node	   *unit;
	FuncExpr   *once;

	if (query == NULL || query->commandType != CMD_SELECT || query->groupingSets != NIL || !IsA(column, Var) ||
		((Var *) column)->varlevelsup != 0 || !is_given(subject))
		return NULL;
	unit = unit_of_all_rows((Node *) query->jointree, column);
	if (unit == NULL || unit_share(unit, subject) == 0)
		return NULL;
	once = makeFuncExpr(call->funcid, call->funcresulttype, list_make2(copyObject(unit), copyObject(subject)), InvalidOid, InvalidOid,
						COERCE_EXPLICIT_CALL);
	return (Node *) makeBoolExpr(AND_EXPR, list_make2(comparison(Int4EqualOperator, column, copyObject(unit)), once), -1);
}

/* ------------------------------------------------------------------ which index */

/* The condition for a btree index on unit_id; NIL where none helps. */
static List *
index_condition(SupportRequestIndexCondition *request)
{
	FuncExpr   *call = (FuncExpr *) request->node;
	Node	   *unit;
	Expr	   *value;
	Oid			operator;

	if (!IsA(request->node, FuncExpr) || request->indexarg != 0 || list_length(call->args) != 2 || request->index->relam != BTREE_AM_OID)
		return NIL;
	unit = named_unit(request->index->rel, linitial(call->args));
	operator = get_opfamily_member(request->opfamily, INT4OID, INT4OID, unit ? BTGreaterEqualStrategyNumber : BTEqualStrategyNumber);
	if (!OidIsValid(operator) || (unit == NULL && scope_share(request->root, call->args, 0) > MAX_INDEX_SHARE))
		return NIL;
	if (unit != NULL)
		value = call_expression(&scoped_unit, list_make2(copyObject(unit), subject_expression(lsecond(call->args))));
	else
		value = call_expression(&scope_units, list_make1(subject_expression(lsecond(call->args))));
	if (value == NULL)
		return NIL;
	request->lossy = true;
	if (unit != NULL)
		return list_make1(comparison(operator, linitial(call->args), (Node *) value));
	else
	{
		ScalarArrayOpExpr *condition = makeNode(ScalarArrayOpExpr);

		condition->opno = operator;
		condition->opfuncid = get_opcode(operator);
		condition->useOr = true;
		condition->args = list_make2(copyObject(linitial(call->args)), value);
		condition->location = -1;
		return list_make1(condition);
	}
}

/* Planner support function of dwh.in_scope(). */
Datum
dwh_sql_in_scope_support(PG_FUNCTION_ARGS)
{
	Node	   *request = (Node *) PG_GETARG_POINTER(0);

	if (IsA(request, SupportRequestSimplify))
		PG_RETURN_POINTER(ask_once((SupportRequestSimplify *) request));
	if (IsA(request, SupportRequestIndexCondition))
		PG_RETURN_POINTER(index_condition((SupportRequestIndexCondition *) request));
	if (IsA(request, SupportRequestSelectivity))
	{
		SupportRequestSelectivity *selectivity = (SupportRequestSelectivity *) request;

		if (selectivity->is_join || list_length(selectivity->args) != 2)
			PG_RETURN_POINTER(NULL);
		selectivity->selectivity = estimate_share(selectivity->root, selectivity->args, selectivity->varRelid);
		PG_RETURN_POINTER(selectivity);
	}
	PG_RETURN_POINTER(NULL);
}

/* Whether the caller has a subject in the whole country, as the planner may know it: to choose a plan by. */
static bool
is_national(Node *subject)
{
	const DwhSubjectScope *scope = scope_of(subject);

	return scope != NULL && scope->is_national;
}

/*
 * Planner support function of dwh.has_subject(p_subject_id, p_unit_id): a query for one unit, which looks at few rows, asks once. To be
 * asked by row takes less where rows are many: for what is asked once PostgreSQL puts a node over each scan, which copies them all.
 */
Datum
dwh_sql_has_subject_support(PG_FUNCTION_ARGS)
{
	Node	   *request = (Node *) PG_GETARG_POINTER(0);

	if (IsA(request, SupportRequestSimplify))
	{
		PlannerInfo *root = ((SupportRequestSimplify *) request)->root;
		List	   *args = ((SupportRequestSimplify *) request)->fcall->args;

		if (root != NULL && root->parse->jointree != NULL && is_given(linitial(args)) && is_national(linitial(args)) &&
			unit_of_all_rows((Node *) root->parse->jointree, lsecond(args)) != NULL)
			PG_RETURN_POINTER(call_expression(&has_subject, list_make1(copyObject(linitial(args)))));
	}
	if (IsA(request, SupportRequestSelectivity))
	{
		SupportRequestSelectivity *selectivity = (SupportRequestSelectivity *) request;

		if (!selectivity->is_join && list_length(selectivity->args) == 2)
		{
			selectivity->selectivity = is_national(linitial(selectivity->args)) ? 1 : 0;
			PG_RETURN_POINTER(selectivity);
		}
	}
	PG_RETURN_POINTER(NULL);
}

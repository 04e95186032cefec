/*
 * catalogue_indicator.c
 *		dwh.create_indicator(), dwh.revise_indicator(), dwh.retire_indicator(): indicators and the versions of their formulas.
 *
 * An indicator belongs to a group: its members, and central administrators, may change it (893 Arts. 12.5, 14.2). A revision never
 * overwrites: it ends the open version the day before and begins a new one, so that each period keeps the formula that was in force
 * for it. Whoever changes an indicator holds a row lock on it to the end of the transaction, beside the lock on the catalogue. What members
 * of the group may have it read, and where it may stand, is judged in catalogue_reach.c.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "common/errors.h"
#include "common/identity.h"
#include "common/nearest.h"
#include "common/spi.h"
#include "indicator/catalogue_edit.h"
#include "indicator/closed.h"
#include "indicator/refresh.h"
#include "scope/scope.h"

PG_FUNCTION_INFO_V1(dwh_sql_create_indicator);
PG_FUNCTION_INFO_V1(dwh_sql_revise_indicator);
PG_FUNCTION_INFO_V1(dwh_sql_retire_indicator);
PG_FUNCTION_INFO_V1(dwh_sql_keep_indicator);

/* ------------------------------------------------------------------ rights */

/* The group that owns an indicator, and whether the caller is in it. */
typedef struct OwnerGroup
{
	int			user_group_id;	/* 0: none */
	char	   *code;
	bool		has_caller;
} OwnerGroup;

/* The group that a statement finds by one text; the caller is in it by a grant that is in force today, or by its role. */
static OwnerGroup
find_group(const char *from_sql, const char *key)
{
	OwnerGroup	group = {0};
	DwhOwnerSwitch owner;
	DwhEditParams params = {0};
	int32		account_id = dwh_caller_account();
	DateADT		today = dwh_today();

	dwh_edit_add_text(&params, key);
	dwh_edit_add_int(&params, account_id);
	dwh_edit_add_date(&params, today);
	dwh_spi_begin();
	dwh_owner_enter(&owner);
	if (dwh_edit_select(psprintf("SELECT g.user_group_id, g.code, g.role_name, EXISTS (SELECT FROM dwh_catalog.access_grant AS m "
								 "WHERE m.user_group_id = g.user_group_id AND m.account_id = $2 AND "
								 DWH_GRANT_IN_FORCE("m", "$3") ") FROM %s", from_sql), &params) > 0)
	{
		group.user_group_id = dwh_spi_int(0, 1);
		group.code = dwh_spi_text(0, 2);
		group.has_caller = dwh_spi_bool(0, 4) || dwh_caller_has_role(dwh_spi_text(0, 3));
	}
	dwh_owner_leave(&owner);
	dwh_spi_end();
	return group;
}

/* The group that owns the indicator with that code. */
static OwnerGroup
owner_group(const char *code)
{
	return find_group("dwh_catalog.indicator AS i JOIN dwh_catalog.user_group AS g ON g.user_group_id = i.owner_group_id "
					  "WHERE i.code = $1", code);
}

/* Whether the caller is in the group that owns the indicator. */
bool
dwh_edit_caller_owns_indicator(const char *code)
{
	return owner_group(code).has_caller;
}

/* Raises 42501, with a record of it, unless the caller is in the group or a central administrator. */
static void
require_group(DwhCatalogueEdit *edit, const OwnerGroup *group)
{
	if (group->has_caller || dwh_edit_caller_is_admin())
		return;
	dwh_attempt_refused(&edit->attempt, group->code ? "the caller is not in the owner group" : "the indicator has no owner group");
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("permission denied for indicator \"%s\"", edit->object),
			 group->code ? errdetail("Members of group \"%s\" and central administrators may change it.", group->code) :
			 errdetail("It belongs to no group, so only central administrators may change it."),
			 errhint("Ask one of them.")));
}

/* Who is named as author: the person behind the account, else the role. */
static char *
author_name(void)
{
	DwhCaller	caller;

	dwh_caller_describe(&caller);
	return caller.person ? caller.person : caller.outer_user_name;
}

/* ------------------------------------------------------------------ shared checks */

/* Raises 22023 unless the day is the first of a month. */
static void
check_first_day(DateADT day)
{
	if (day != dwh_month_start(day))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s is not the first day of a month", dwh_edit_date_text(day)),
				 errdetail("A version is in force for whole months."),
				 errhint("Use %s.", dwh_edit_date_text(dwh_month_start(day)))));
}

/* Checks a formula that is to be in force without end from some day on. Raises class WH2. */
static void
check_formula(DwhCatalogueEdit *edit, const char *source, DwhFormulaFacts *facts)
{
	ListCell   *lc;

	dwh_formula_check(edit->catalogue, source, edit->object, facts);
	foreach(lc, facts->references)
	{
		DwhIndicator *indicator = dwh_catalogue_indicator(edit->catalogue, lfirst(lc));
		DwhVersion *last = indicator ? llast(indicator->versions) : NULL;

		if (last && last->valid_to != DATEVAL_NOEND)
			ereport(ERROR,
					(errcode(ERRCODE_DWH_FORMULA_REFERENCE),
					 errmsg("[%s] is retired", indicator->code),
					 errdetail("It ends on %s, and the formula would go on without it.", dwh_edit_date_text(last->valid_to)),
					 errhint("Refer to what took its place.")));
	}
}

/* Locks the row of an indicator to the end of the transaction; its key. */
static int
lock_indicator(const char *code)
{
	DwhEditParams params = {0};

	dwh_edit_add_text(&params, code);
	if (dwh_spi_select("SELECT indicator_id FROM dwh_catalog.indicator WHERE code = $1 FOR NO KEY UPDATE", params.n, params.types,
					   params.values, NULL, false) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("the catalogue was changed after this transaction had begun"),
				 errhint("Roll back and try again.")));
	return dwh_spi_int(0, 1);
}

static void
insert_version(int indicator_id, int version, const char *formula, DateADT valid_from, const char *reason, const char *decision,
			   const char *author)
{
	DwhEditParams params = {0};

	dwh_edit_add_int(&params, indicator_id);
	dwh_edit_add_int(&params, version);
	dwh_edit_add_text(&params, formula);
	dwh_edit_add_date(&params, valid_from);
	dwh_edit_add_text(&params, reason);
	dwh_edit_add_text(&params, decision);
	dwh_edit_add_text(&params, author);
	dwh_edit_insert("INSERT INTO dwh_catalog.indicator_version (indicator_id, version, formula, valid_from, reason, decision_no, author) "
					"VALUES ($1, $2, $3, $4, $5, $6, $7)", &params);
}

/* ------------------------------------------------------------------ new indicators */

/* Adds the time behaviours of the measures below a formula, each once. There are no cycles. */
static void
collect_behaviours(DwhCatalogue *catalogue, const DwhNode *formula, List **behaviours)
{
	List	   *references = NIL;
	ListCell   *lc;

	check_stack_depth();
	dwh_formula_references(formula, &references);
	foreach(lc, references)
	{
		const DwhNode *node = lfirst(lc);
		DwhIndicator *indicator = dwh_catalogue_indicator(catalogue, node->text);
		DwhMeasure *measure = indicator ? NULL : dwh_catalogue_measure(catalogue, node->text);
		bool		found = false;
		ListCell   *b;

		if (indicator)
			collect_behaviours(catalogue, dwh_version_formula(indicator, llast(indicator->versions)), behaviours);
		if (measure == NULL)
			continue;
		foreach(b, *behaviours)
			found |= strcmp(lfirst(b), measure->behaviour) == 0;
		if (!found)
			*behaviours = lappend(*behaviours, measure->behaviour);
	}
}

/* What kind of figure a formula gives: ratio, growth, the time behaviour that all its measures share, or derived. */
static const char *
formula_kind(DwhCatalogue *catalogue, const DwhNode *formula)
{
	const DwhNode *numerator;
	const DwhNode *denominator;
	List	   *behaviours = NIL;

	if (dwh_ratio_parts(formula, &numerator, &denominator))
		return "ratio";
	if (dwh_node_is_op(formula, DWH_NODE_CALL, "growth"))
		return "growth";
	collect_behaviours(catalogue, formula, &behaviours);
	return list_length(behaviours) == 1 ? linitial(behaviours) : "derived";
}

/* The strings of a text[] argument; raises 22004 for a NULL among them. */
static List *
text_list(Datum array, const char *argument)
{
	Datum	   *elems;
	bool	   *nulls;
	int			nelems;
	List	   *result = NIL;

	deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT, &elems, &nulls, &nelems);
	for (int i = 0; i < nelems; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("%s has an element that is NULL", argument)));
		result = lappend(result, TextDatumGetCString(elems[i]));
	}
	return result;
}

/* Raises 22023 for a breakdown that the formula cannot be given by. */
static void
check_breakdowns(List *breakdowns, const DwhFormulaFacts *facts)
{
	ListCell   *lc;

	foreach(lc, breakdowns)
	{
		DwhNearest	nearest;
		bool		found = strcmp(lfirst(lc), "unit") == 0;
		ListCell   *d;

		dwh_nearest_begin(&nearest, lfirst(lc));
		foreach(d, facts->dimensions)
		{
			found |= strcmp(lfirst(lc), lfirst(d)) == 0;
			dwh_nearest_offer(&nearest, lfirst(d));
		}
		if (!found)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("the formula cannot be given by \"%s\"", (char *) lfirst(lc)),
					 errdetail("A breakdown is \"unit\" or a dimension that every measure of the formula has."),
					 nearest.best ? errhint("Did you mean \"%s\"?", nearest.best) :
					 errhint("dwh.check_formula() lists the dimensions of a formula.")));
	}
}

/* The kinds of period of an indicator; NULL stands for all. Raises 22023 for one that there is not. */
static Datum
check_periods(FunctionCallInfo fcinfo, int n)
{
	static const char *const all[] = {"month", "quarter", "half", "year", "ytd"};
	List	   *periods = NIL;
	ListCell   *lc;

	if (PG_ARGISNULL(n))
		for (int i = 0; i < lengthof(all); i++)
			periods = lappend(periods, (void *) all[i]);
	else
		periods = text_list(PG_GETARG_DATUM(n), "p_periods");
	if (periods == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("p_periods is empty"),
				 errhint("Leave it out for all kinds of period.")));
	foreach(lc, periods)
		(void) dwh_period_type_parse(lfirst(lc));
	return dwh_text_array(periods);
}

/* Arguments of dwh.create_indicator(), by number. */
enum
{
	ARG_CODE, ARG_NAME_VI, ARG_NAME_EN, ARG_FORMULA, ARG_SUBJECT, ARG_OWNER_GROUP, ARG_BASE_UNIT, ARG_VALID_FROM, ARG_REASON,
	ARG_GROUP, ARG_DISPLAY_UNIT, ARG_DISPLAY_FACTOR, ARG_DECIMALS, ARG_KIND, ARG_BREAKDOWNS, ARG_PERIODS, ARG_SOURCE_SYSTEMS,
	ARG_LEGAL_BASIS, ARG_DECISION, ARG_IS_PUBLIC, ARG_NOTE
};

/* Raises 22023 for numbers that cannot be shown, 42704 for a group that does not exist. */
static OwnerGroup
check_indicator_arguments(FunctionCallInfo fcinfo, char **unknown_group)
{
	char	   *group_code = dwh_edit_argument(fcinfo, ARG_OWNER_GROUP);
	OwnerGroup	group = {0};

	if (!PG_ARGISNULL(ARG_DECIMALS) && (PG_GETARG_INT32(ARG_DECIMALS) < 0 || PG_GETARG_INT32(ARG_DECIMALS) > 10))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("p_decimals cannot be %d", PG_GETARG_INT32(ARG_DECIMALS)),
				 errhint("Use 0 to 10.")));
	*unknown_group = NULL;
	if (group_code)
	{
		group = find_group("dwh_catalog.user_group AS g WHERE g.code = $1", group_code);
		if (group.user_group_id == 0)
			*unknown_group = group_code;
	}
	return group;
}

/* Inserts the row of an indicator whose formula has been checked. */
static void
insert_indicator(FunctionCallInfo fcinfo, DwhCatalogueEdit *edit, int indicator_id, const DwhSubject *subject, const OwnerGroup *group,
				 char *indicator_group, const DwhFormulaFacts *facts)
{
	static const char *const kinds[] = {"flow", "stock", "opening", "average", "cumulative", "latest", "distinct", "exact", "ratio",
	"growth", "derived"};
	DwhEditParams params = {0};
	char	   *kind = dwh_edit_argument(fcinfo, ARG_KIND);
	char	   *legal_basis = dwh_edit_argument(fcinfo, ARG_LEGAL_BASIS);
	int			legal_basis_id = legal_basis ? dwh_edit_find_id("legal basis", "dwh_catalog.legal_basis", "legal_basis_id", legal_basis) : 0;
	List	   *breakdowns;
	bool		is_kind = kind == NULL;

	for (int i = 0; i < lengthof(kinds) && !is_kind; i++)
		is_kind = strcmp(kind, kinds[i]) == 0;
	if (!is_kind)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("p_kind cannot be \"%s\"", kind),
				 errdetail("It is ratio, growth, derived, or a time behaviour."),
				 errhint("Leave it out: it follows from the formula.")));
	if (PG_ARGISNULL(ARG_BREAKDOWNS))
		breakdowns = lcons((void *) "unit", list_copy(facts->dimensions));
	else
		breakdowns = text_list(PG_GETARG_DATUM(ARG_BREAKDOWNS), "p_breakdowns");
	check_breakdowns(breakdowns, facts);

	dwh_edit_add_int(&params, indicator_id);
	dwh_edit_add_text(&params, edit->object);
	dwh_edit_add_text(&params, dwh_edit_argument(fcinfo, ARG_NAME_VI));
	dwh_edit_add_text(&params, dwh_edit_argument(fcinfo, ARG_NAME_EN));
	dwh_edit_add_text(&params, indicator_group);
	dwh_edit_add_text(&params, dwh_edit_argument(fcinfo, ARG_BASE_UNIT));
	dwh_edit_add_text(&params, dwh_edit_argument(fcinfo, ARG_DISPLAY_UNIT));
	dwh_edit_add(&params, NUMERICOID, PG_GETARG_DATUM(ARG_DISPLAY_FACTOR), PG_ARGISNULL(ARG_DISPLAY_FACTOR));
	dwh_edit_add_int(&params, PG_ARGISNULL(ARG_DECIMALS) ? 0 : PG_GETARG_INT32(ARG_DECIMALS));
	dwh_edit_add_text(&params, kind ? kind : formula_kind(edit->catalogue, facts->formula));
	dwh_edit_add_int(&params, subject->subject_id);
	dwh_edit_add(&params, TEXTARRAYOID, dwh_text_array(breakdowns), false);
	dwh_edit_add(&params, TEXTARRAYOID, check_periods(fcinfo, ARG_PERIODS), false);
	dwh_edit_add_text(&params, dwh_edit_argument(fcinfo, ARG_SOURCE_SYSTEMS));
	dwh_edit_add(&params, INT4OID, Int32GetDatum(group->user_group_id), group->user_group_id == 0);
	dwh_edit_add(&params, INT4OID, Int32GetDatum(legal_basis_id), legal_basis_id == 0);
	dwh_edit_add(&params, BOOLOID, BoolGetDatum(!PG_ARGISNULL(ARG_IS_PUBLIC) && PG_GETARG_BOOL(ARG_IS_PUBLIC)), false);
	dwh_edit_add_text(&params, dwh_edit_argument(fcinfo, ARG_NOTE));
	dwh_edit_insert("INSERT INTO dwh_catalog.indicator (indicator_id, code, name_vi, name_en, indicator_group, base_unit, display_unit, "
					"display_factor, decimals, kind, subject_id, breakdowns, periods, source_systems, owner_group_id, legal_basis_id, "
					"is_public, note) "
					"SELECT $1, $2, $3, $4, coalesce($5, s.name_vi), $6, coalesce($7, $6), coalesce($8, 1), $9, $10, $11, $12, $13, "
					"coalesce($14, d.name_vi, ''), $15, $16, $17, $18 "
					"FROM dwh_catalog.subject AS s LEFT JOIN dwh_star.dim_source AS d USING (source_id) WHERE s.subject_id = $11", &params);
}

/* dwh.create_indicator(...): its indicator_id. */
Datum
dwh_sql_create_indicator(PG_FUNCTION_ARGS)
{
	DwhCatalogueEdit edit;
	DwhFormulaFacts facts;
	DwhSubject *subject;
	OwnerGroup	group;
	char	   *code = dwh_edit_required(fcinfo, ARG_CODE, "p_code");
	char	   *source = dwh_edit_required(fcinfo, ARG_FORMULA, "p_formula");
	char	   *subject_code = dwh_edit_required(fcinfo, ARG_SUBJECT, "p_subject");
	DateADT		valid_from = dwh_edit_required_date(fcinfo, ARG_VALID_FROM, "p_valid_from");
	char	   *reason = dwh_edit_required(fcinfo, ARG_REASON, "p_reason");
	char	   *decision = dwh_edit_argument(fcinfo, ARG_DECISION);
	char	   *unknown_group;
	char	   *indicator_group;
	char	   *author;
	int			indicator_id;

	(void) dwh_edit_required(fcinfo, ARG_NAME_VI, "p_name_vi");
	(void) dwh_edit_required(fcinfo, ARG_NAME_EN, "p_name_en");
	(void) dwh_edit_required(fcinfo, ARG_BASE_UNIT, "p_base_unit");
	dwh_edit_prepare(&edit, "create_indicator", code);
	dwh_edit_note(&edit, "new_formula", source);
	dwh_edit_note(&edit, "valid_from", dwh_edit_date_text(valid_from));
	dwh_edit_note(&edit, "owner_group", dwh_edit_argument(fcinfo, ARG_OWNER_GROUP));
	dwh_edit_note(&edit, "reason", reason);
	dwh_edit_note(&edit, "decision", decision);
	dwh_edit_begin(&edit);
	group = check_indicator_arguments(fcinfo, &unknown_group);
	require_group(&edit, &group);
	dwh_edit_check_public(&edit, !PG_ARGISNULL(ARG_IS_PUBLIC) && PG_GETARG_BOOL(ARG_IS_PUBLIC));
	check_first_day(valid_from);
	author = author_name();

	dwh_edit_open(&edit);
	if (unknown_group)
		(void) dwh_edit_find_id("user group", "dwh_catalog.user_group", "user_group_id", unknown_group);
	dwh_edit_check_free(&edit, code);
	subject = dwh_edit_need_subject(&edit, subject_code);
	check_formula(&edit, source, &facts);
	dwh_edit_check_reach(&edit, facts.formula, subject->subject_id, valid_from);
	indicator_group = dwh_edit_choose_group(&edit, dwh_edit_argument(fcinfo, ARG_GROUP), group.user_group_id);
	indicator_id = dwh_edit_next_id("indicator", "indicator_id");
	insert_indicator(fcinfo, &edit, indicator_id, subject, &group, indicator_group, &facts);
	insert_version(indicator_id, 1, dwh_formula_deparse(facts.formula), valid_from, reason, decision, author);
	dwh_edit_note_int(&edit, "indicator_id", indicator_id);
	dwh_edit_close(&edit);
	PG_RETURN_INT32(indicator_id);
}

/* ------------------------------------------------------------------ revisions */

/*
 * Raises 22023 where a version that begins on that day would overlap another one, or change nothing. The last version may have
 * been ended by a retirement; then the new one brings the indicator back.
 */
static void
check_revision(const DwhIndicator *indicator, DwhVersion *last, const char *formula, DateADT valid_from)
{
	if (valid_from <= last->valid_from)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a version of \"%s\" cannot begin on %s", indicator->code, dwh_edit_date_text(valid_from)),
				 errdetail("Version %d begins on %s; versions are never overwritten.", last->version,
						   dwh_edit_date_text(last->valid_from)),
				 errhint("Use a later month.")));
	if (last->valid_to != DATEVAL_NOEND)
	{
		if (valid_from <= last->valid_to)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("a version of \"%s\" cannot begin on %s", indicator->code, dwh_edit_date_text(valid_from)),
					 errdetail("The indicator is retired; its last version ends on %s.", dwh_edit_date_text(last->valid_to)),
					 errhint("Use a later month to bring it back.")));
	}
	else if (strcmp(dwh_formula_deparse(dwh_formula_parse(last->source)), formula) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the formula of \"%s\" would not change", indicator->code),
				 errdetail("Version %d is \"%s\".", last->version, formula),
				 errhint("Nothing needs to be done.")));
}

/* A formula that follows from the revised one. */
typedef struct Dependent
{
	DwhCatalogue *catalogue;
	DwhVersion *version;
	const char *code;
} Dependent;

static void
check_dependent(void *arg)
{
	Dependent  *dependent = arg;
	DwhFormulaFacts facts;
	ListCell   *lc;

	foreach(lc, dependent->catalogue->indicators)
		((DwhIndicator *) lfirst(lc))->reach = 0;	/* by other versions than now */
	dwh_formula_check(dependent->catalogue, dependent->version->source, dependent->code, &facts);
}

/* Raises 2BP01 for a formula with which indicators that refer to the revised one could not be computed. One that cannot be computed anyway is no reason. */
static void
check_dependents(DwhCatalogue *catalogue, DwhIndicator *revised, char *formula, DateADT valid_from)
{
	List	   *before = revised->versions;
	DwhVersion *added = palloc0(sizeof(DwhVersion));
	List	   *after = lappend(list_copy(before), added);
	ListCell   *lc;

	added->version = ((DwhVersion *) llast(before))->version + 1;
	added->source = formula;
	added->valid_from = valid_from;
	added->valid_to = DATEVAL_NOEND;
	revised->versions = after;
	foreach(lc, dwh_dependents(catalogue, revised->code))
	{
		DwhDependent *reached = lfirst(lc);
		Dependent	dependent = {.catalogue = catalogue,.version = reached->version,.code = reached->code};
		ErrorData  *error = reached->to < valid_from ? NULL : dwh_refresh_try(check_dependent, &dependent);

		if (error == NULL)
			continue;
		revised->versions = before;
		if (dwh_refresh_try(check_dependent, &dependent) == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
					 errmsg("indicator \"%s\" cannot have this formula while others refer to it", revised->code),
					 errdetail("%s (version %d) could not be computed: %s.", reached->code, reached->version->version, error->message),
					 errhint("Revise or retire those first.")));
		revised->versions = after;
	}
	revised->versions = before;
}

/* dwh.revise_indicator(p_code, p_formula, p_valid_from, p_reason, p_decision): the number of the new version. */
Datum
dwh_sql_revise_indicator(PG_FUNCTION_ARGS)
{
	DwhCatalogueEdit edit;
	DwhFormulaFacts facts;
	DwhIndicator *indicator;
	DwhVersion *last;
	OwnerGroup	group;
	char	   *code = dwh_edit_required(fcinfo, 0, "p_code");
	char	   *source = dwh_edit_required(fcinfo, 1, "p_formula");
	DateADT		valid_from = dwh_edit_required_date(fcinfo, 2, "p_valid_from");
	char	   *reason = dwh_edit_required(fcinfo, 3, "p_reason");
	char	   *decision = dwh_edit_argument(fcinfo, 4);
	char	   *author;
	char	   *formula;
	int			indicator_id;
	int			version;

	dwh_edit_prepare(&edit, "revise_indicator", code);
	dwh_edit_note(&edit, "new_formula", source);
	dwh_edit_note(&edit, "valid_from", dwh_edit_date_text(valid_from));
	dwh_edit_note(&edit, "reason", reason);
	dwh_edit_note(&edit, "decision", decision);
	dwh_edit_begin(&edit);
	group = owner_group(code);
	require_group(&edit, &group);
	check_first_day(valid_from);
	author = author_name();

	dwh_edit_open(&edit);
	indicator = dwh_catalogue_need_indicator(edit.catalogue, code);
	indicator_id = lock_indicator(code);
	last = llast(indicator->versions);
	check_formula(&edit, source, &facts);
	dwh_edit_check_reach(&edit, facts.formula, indicator->subject_id, valid_from);
	formula = dwh_formula_deparse(facts.formula);
	check_revision(indicator, last, formula, valid_from);
	check_dependents(edit.catalogue, indicator, formula, valid_from);
	dwh_closed_refuse_revision(&edit.attempt, edit.catalogue, indicator, valid_from);
	if (last->valid_to == DATEVAL_NOEND)
	{
		DwhEditParams params = {0};

		dwh_edit_add_int(&params, indicator_id);
		dwh_edit_add_int(&params, last->version);
		dwh_edit_add_date(&params, valid_from - 1);
		dwh_edit_update_one("UPDATE dwh_catalog.indicator_version SET valid_to = $3 "
							"WHERE indicator_id = $1 AND version = $2 AND valid_to IS NULL", &params);
	}
	version = last->version + 1;
	insert_version(indicator_id, version, formula, valid_from, reason, decision, author);
	dwh_edit_note(&edit, "old_formula", last->source);
	dwh_edit_note_int(&edit, "version", version);
	dwh_edit_close(&edit);
	PG_RETURN_INT32(version);
}

/* ------------------------------------------------------------------ the end of an indicator */

/* Raises 2BP01 where a version that is in force after that day refers to the indicator, and names each. */
static void
check_no_dependents(DwhCatalogueEdit *edit, const DwhIndicator *retired, DateADT valid_to)
{
	StringInfoData names;
	ListCell   *i;

	initStringInfo(&names);
	foreach(i, edit->catalogue->indicators)
	{
		DwhIndicator *indicator = lfirst(i);
		ListCell   *v;

		foreach(v, indicator->versions)
		{
			DwhVersion *version = lfirst(v);
			List	   *references = NIL;
			ListCell   *r;

			if (version->valid_to <= valid_to)
				continue;
			dwh_formula_references(dwh_version_formula(indicator, version), &references);
			foreach(r, references)
				if (strcmp(((DwhNode *) lfirst(r))->text, retired->code) == 0)
				{
					appendStringInfo(&names, "%s%s (version %d)", names.len > 0 ? ", " : "", indicator->code, version->version);
					break;
				}
		}
	}
	if (names.len > 0)
		ereport(ERROR,
				(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
				 errmsg("indicator \"%s\" cannot be retired while others refer to it", retired->code),
				 errdetail("After %s it is used by %s.", dwh_edit_date_text(valid_to), names.data),
				 errhint("Revise or retire those first.")));
}

/* dwh.retire_indicator(p_code, p_valid_to, p_reason, p_decision): the number of the version that ends. */
Datum
dwh_sql_retire_indicator(PG_FUNCTION_ARGS)
{
	DwhCatalogueEdit edit;
	DwhEditParams params = {0};
	DwhIndicator *indicator;
	DwhVersion *last;
	OwnerGroup	group;
	char	   *code = dwh_edit_required(fcinfo, 0, "p_code");
	DateADT		valid_to = dwh_edit_required_date(fcinfo, 1, "p_valid_to");
	char	   *reason = dwh_edit_required(fcinfo, 2, "p_reason");
	char	   *decision = dwh_edit_argument(fcinfo, 3);
	int			version;

	dwh_edit_prepare(&edit, "retire_indicator", code);
	dwh_edit_note(&edit, "valid_to", dwh_edit_date_text(valid_to));
	dwh_edit_note(&edit, "reason", reason);
	dwh_edit_note(&edit, "decision", decision);
	dwh_edit_begin(&edit);
	group = owner_group(code);
	require_group(&edit, &group);
	if (valid_to != dwh_month_end(valid_to))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s is not the last day of a month", dwh_edit_date_text(valid_to)),
				 errdetail("A version is in force for whole months."),
				 errhint("Use %s.", dwh_edit_date_text(dwh_month_end(valid_to)))));

	dwh_edit_open(&edit);
	indicator = dwh_catalogue_need_indicator(edit.catalogue, code);
	dwh_edit_add_int(&params, lock_indicator(code));
	last = llast(indicator->versions);
	if (last->valid_to != DATEVAL_NOEND)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("indicator \"%s\" is retired already", code),
				 errdetail("Its last version ends on %s.", dwh_edit_date_text(last->valid_to)),
				 errhint("Nothing needs to be done.")));
	if (valid_to < last->valid_from)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("indicator \"%s\" cannot end on %s", code, dwh_edit_date_text(valid_to)),
				 errdetail("Version %d begins on %s.", last->version, dwh_edit_date_text(last->valid_from)),
				 errhint("Use a later month.")));
	check_no_dependents(&edit, indicator, valid_to);
	dwh_closed_refuse_revision(&edit.attempt, edit.catalogue, indicator, valid_to + 1);
	version = last->version;
	dwh_edit_add_int(&params, version);
	dwh_edit_add_date(&params, valid_to);
	dwh_edit_add_text(&params, reason);
	dwh_edit_add_text(&params, decision);
	dwh_edit_update_one("UPDATE dwh_catalog.indicator_version SET valid_to = $3, end_reason = $4, end_decision_no = $5 "
						"WHERE indicator_id = $1 AND version = $2 AND valid_to IS NULL", &params);
	dwh_edit_note(&edit, "old_formula", last->source);
	dwh_edit_note_int(&edit, "version", version);
	dwh_edit_close(&edit);
	PG_RETURN_INT32(version);
}

/* The array with each of its words checked against those allowed; raises 22023 for another one, and for an empty array. */
static void
check_words(ArrayType *array, const char *argument, const char *const *allowed, int nallowed)
{
	Datum	   *elems;
	bool	   *nulls;
	int			n;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &elems, &nulls, &n);
	for (int i = 0; i < n; i++)
	{
		char	   *word = nulls[i] ? "NULL" : TextDatumGetCString(elems[i]);
		bool		is_allowed = false;
		DwhNearest	nearest;

		dwh_nearest_begin(&nearest, word);
		for (int a = 0; a < nallowed; a++)
		{
			is_allowed |= !nulls[i] && strcmp(word, allowed[a]) == 0;
			dwh_nearest_offer(&nearest, allowed[a]);
		}
		if (!is_allowed)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("\"%s\" in %s is not known", word, argument),
					 nearest.best ? errhint("Did you mean \"%s\"?", nearest.best) :
					 errhint("The words allowed stand in the README.")));
	}
	if (n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not be empty", argument),
				 errhint("To keep nothing, use p_is_kept => false.")));
}

/*
 * dwh.keep_indicator(p_code, p_is_kept, p_periods, p_levels): whether refresh keeps values of an indicator, for which kinds of period
 * and levels of units (NULL: as they are). The next refresh acts on it. Returns false where nothing changed.
 */
Datum
dwh_sql_keep_indicator(PG_FUNCTION_ARGS)
{
	static const char *const periods[] = {"month", "quarter", "half", "year", "ytd"};
	static const char *const levels[] = {"country", "region", "province", "base"};
	DwhCatalogueEdit edit;
	DwhEditParams params = {0};
	OwnerGroup	group;
	char	   *code = dwh_edit_required(fcinfo, 0, "p_code");
	bool		is_kept = PG_ARGISNULL(1) || PG_GETARG_BOOL(1);
	bool		is_changed;

	dwh_edit_prepare(&edit, "keep_indicator", code);
	dwh_edit_note(&edit, "is_kept", is_kept ? "true" : "false");
	dwh_edit_begin(&edit);
	group = owner_group(code);
	require_group(&edit, &group);
	if (!PG_ARGISNULL(2))
		check_words(PG_GETARG_ARRAYTYPE_P(2), "p_periods", periods, lengthof(periods));
	if (!PG_ARGISNULL(3))
		check_words(PG_GETARG_ARRAYTYPE_P(3), "p_levels", levels, lengthof(levels));

	dwh_edit_open(&edit);
	(void) dwh_catalogue_need_indicator(edit.catalogue, code);
	dwh_edit_add_int(&params, lock_indicator(code));
	dwh_edit_add(&params, BOOLOID, BoolGetDatum(is_kept), false);
	dwh_edit_add(&params, TEXTARRAYOID, PG_ARGISNULL(2) ? (Datum) 0 : PG_GETARG_DATUM(2), PG_ARGISNULL(2));
	dwh_edit_add(&params, TEXTARRAYOID, PG_ARGISNULL(3) ? (Datum) 0 : PG_GETARG_DATUM(3), PG_ARGISNULL(3));
	is_changed = dwh_spi_run("UPDATE dwh_catalog.indicator SET is_kept = $2, kept_periods = coalesce($3, kept_periods),"
							 " kept_levels = coalesce($4, kept_levels) WHERE indicator_id = $1 AND (is_kept, kept_periods, kept_levels)"
							 " IS DISTINCT FROM ($2, coalesce($3, kept_periods), coalesce($4, kept_levels))",
							 params.n, params.types, params.values, params.nulls, false, SPI_OK_UPDATE) > 0;
	dwh_edit_close(&edit);
	PG_RETURN_BOOL(is_changed);
}

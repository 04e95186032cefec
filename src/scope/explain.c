/*
 * explain.c
 *		dwh.explain_scope(), list_viewers(), check_scope(), reassign_unit(): who may see what and why, for those who answer for it
 *		(893 Arts. 12, 13, 18; 2327 Art. 18).
 *
 * Central administrators and auditors ask about everybody, administrators of a province about the accounts whose home unit lies in
 * it, and everyone about himself. Refusals are recorded. What is asked for is worked out by functions in SQL, run as dwh_owner.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "audit/audit.h"
#include "common/identity.h"
#include "common/owner.h"
#include "common/spi.h"
#include "scope/hierarchy.h"

PG_FUNCTION_INFO_V1(dwh_sql_covered_units);
PG_FUNCTION_INFO_V1(dwh_sql_explain_scope);
PG_FUNCTION_INFO_V1(dwh_sql_list_viewers);
PG_FUNCTION_INFO_V1(dwh_sql_check_scope);
PG_FUNCTION_INFO_V1(dwh_sql_reassign_unit);

#define MAX_PARAMS 7

/* One call: its record, who calls, and the parameters of the statement that answers. */
typedef struct Inquiry
{
	const char *name;
	DwhAttempt	attempt;
	DwhOwnerSwitch owner;
	bool		is_central;		/* may ask about everybody */
	bool		is_province;	/* may ask about a province */
	int32		account_id;		/* 0: none */
	int			n;
	Oid			types[MAX_PARAMS];
	Datum		values[MAX_PARAMS];
	char		nulls[MAX_PARAMS + 1];
} Inquiry;

/* dwh_internal.covered_units(p_unit_ids int[], p_on date) */
Datum
dwh_sql_covered_units(PG_FUNCTION_ARGS)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(0);
	Datum	   *elements;
	bool	   *nulls;
	int			n;
	List	   *units = NIL;
	DwhCoverage coverage;

	deconstruct_array(array, INT4OID, sizeof(int32), true, TYPALIGN_INT, &elements, &nulls, &n);
	for (int i = 0; i < n; i++)
		if (!nulls[i])
			units = lappend_int(units, DatumGetInt32(elements[i]));
	dwh_hierarchy_use();
	dwh_hierarchy_cover(units, PG_GETARG_DATEADT(1), &coverage);
	elements = palloc_extended((coverage.n + 1) * sizeof(Datum), MCXT_ALLOC_HUGE);
	for (int i = 0; i < coverage.n; i++)
		elements[i] = Int32GetDatum(coverage.unit_ids[i]);
	PG_RETURN_ARRAYTYPE_P(construct_array(elements, coverage.n, INT4OID, sizeof(int32), true, TYPALIGN_INT));
}

/* ------------------------------------------------------------------ the frame */

static void
add(Inquiry *inquiry, Oid type, Datum value, bool is_null)
{
	Assert(inquiry->n < MAX_PARAMS);
	inquiry->types[inquiry->n] = type;
	inquiry->values[inquiry->n] = value;
	inquiry->nulls[inquiry->n++] = is_null ? 'n' : ' ';
}

/* An argument that must be there. Raises 22004. */
static Datum
need(FunctionCallInfo fcinfo, int number, const char *name)
{
	if (PG_ARGISNULL(number))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("argument \"%s\" must not be null", name),
				 errhint("Give %s a value.", name)));
	return PG_GETARG_DATUM(number);
}

/* A day that may be left out: today. Raises 22023 for infinity. */
static DateADT
day_argument(FunctionCallInfo fcinfo, int number)
{
	DateADT		day = PG_ARGISNULL(number) ? dwh_today() : PG_GETARG_DATEADT(number);

	if (DATE_NOT_FINITE(day))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("p_on must be a finite date"),
				 errhint("Give a day.")));
	return day;
}

/* Registers the attempt and finds out who calls. Only a central administrator changes what everybody may see; auditors look. */
static void
begin_inquiry(Inquiry *inquiry, const char *name, const char *object, bool is_change)
{
	memset(inquiry, 0, sizeof(*inquiry));
	inquiry->name = name;
	dwh_require_warehouse();
	dwh_attempt_begin(&inquiry->attempt, name, object, NULL);
	inquiry->is_central = dwh_caller_is_owner() || dwh_caller_has_role("dwh_central_admin") ||
		(!is_change && dwh_caller_has_role("dwh_auditor"));
	inquiry->account_id = dwh_caller_account();
	inquiry->is_province = inquiry->account_id != 0 && dwh_caller_has_role("dwh_province_admin");
	dwh_owner_enter(&inquiry->owner);
	dwh_spi_begin();
}

/* Raises 42501, with a record of it. */
static void
refuse(Inquiry *inquiry, const char *reason)
{
	dwh_spi_end();
	dwh_owner_leave(&inquiry->owner);
	dwh_attempt_refused(&inquiry->attempt, reason);
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("permission denied to call dwh.%s()", inquiry->name),
			 errdetail("Central administrators may do this, and administrators of a province for the accounts of their province."),
			 errhint("Ask a member of dwh_central_admin.")));
}

static void
end_inquiry(Inquiry *inquiry)
{
	dwh_spi_end();
	dwh_owner_leave(&inquiry->owner);
	dwh_attempt_end(&inquiry->attempt);
}

/* Runs a SELECT with the inquiry's parameters over what is committed now, own changes included. */
static uint64
ask(Inquiry *inquiry, const char *sql)
{
	uint64		rows = dwh_spi_select(sql, inquiry->n, inquiry->types, inquiry->values, inquiry->nulls, false);

	inquiry->n = 0;
	return rows;
}

/* Hands the rows of the last SELECT to the caller. */
static void
emit(ReturnSetInfo *rsinfo, uint64 rows)
{
	for (uint64 row = 0; row < rows; row++)
		tuplestore_puttuple(rsinfo->setResult, SPI_tuptable->vals[row]);
}

/* ------------------------------------------------------------------ questions */

/* dwh.explain_scope(p_email text, p_on date): of an account by its address or IAM subject; NULL: of the caller's own. */
Datum
dwh_sql_explain_scope(PG_FUNCTION_ARGS)
{
	char	   *email = PG_ARGISNULL(0) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(0));
	Inquiry		inquiry;
	DateADT		day;
	int32		account_id = 0;

	InitMaterializedSRF(fcinfo, 0);
	begin_inquiry(&inquiry, "explain_scope", email, false);
	day = day_argument(fcinfo, 1);
	if (email == NULL)
		account_id = inquiry.account_id != 0 ? inquiry.account_id : DatumGetInt32(need(fcinfo, 0, "p_email"));
	else
	{
		add(&inquiry, TEXTOID, CStringGetTextDatum(email), false);
		if (ask(&inquiry, "SELECT account_id FROM dwh_catalog.account WHERE lower(email) = lower($1) OR iam_subject = $1 "
				"ORDER BY lower(email) IS DISTINCT FROM lower($1) LIMIT 1") > 0)
			account_id = dwh_spi_int(0, 1);
	}
	if (!inquiry.is_central && (account_id == 0 || account_id != inquiry.account_id))
	{
		bool		is_own = false;

		add(&inquiry, INT4OID, Int32GetDatum(inquiry.account_id), false);
		add(&inquiry, INT4OID, Int32GetDatum(account_id), false);
		if (inquiry.is_province && ask(&inquiry, "SELECT dwh_internal.administers_account($1, $2)") > 0)
			is_own = dwh_spi_bool(0, 1);
		/* says the same of an account elsewhere and of none */
		if (!is_own)
			refuse(&inquiry, "the account is not the caller's, nor of the caller's province");
		inquiry.n = 0;
	}
	if (account_id == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("there is no account with the e-mail address or IAM subject \"%s\"", email),
				 errhint("Case matters in the subject only; the rest matters in both.")));
	add(&inquiry, INT4OID, Int32GetDatum(account_id), false);
	add(&inquiry, DATEOID, DateADTGetDatum(day), false);
	emit((ReturnSetInfo *) fcinfo->resultinfo, ask(&inquiry, "SELECT * FROM dwh_internal.explain_scope($1, $2)"));
	end_inquiry(&inquiry);
	return (Datum) 0;
}

/* Whether the caller administers the province that a unit lies in. */
static bool
administers_unit(Inquiry *inquiry, int32 unit_id)
{
	if (!inquiry->is_province)
		return false;
	add(inquiry, INT4OID, Int32GetDatum(inquiry->account_id), false);
	add(inquiry, INT4OID, Int32GetDatum(unit_id), false);
	return ask(inquiry, "SELECT $2 = ANY (dwh_internal.administered_units($1))") > 0 && dwh_spi_bool(0, 1);
}

/* dwh.list_viewers(p_unit_id int, p_subject text, p_on date) */
Datum
dwh_sql_list_viewers(PG_FUNCTION_ARGS)
{
	int32		unit_id = DatumGetInt32(need(fcinfo, 0, "p_unit_id"));
	char	   *subject = text_to_cstring(DatumGetTextPP(need(fcinfo, 1, "p_subject")));
	Inquiry		inquiry;
	DateADT		day;
	int32		subject_id;

	InitMaterializedSRF(fcinfo, 0);
	begin_inquiry(&inquiry, "list_viewers", psprintf("%d", unit_id), false);
	day = day_argument(fcinfo, 2);
	if (!inquiry.is_central && !administers_unit(&inquiry, unit_id))
		refuse(&inquiry, "the unit is not of the caller's province");
	add(&inquiry, TEXTOID, CStringGetTextDatum(subject), false);
	if (ask(&inquiry, "SELECT subject_id FROM dwh_catalog.subject WHERE code = $1") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("subject \"%s\" does not exist", subject),
				 errhint("The codes of subjects stand in dwh_catalog.subject.")));
	subject_id = dwh_spi_int(0, 1);
	add(&inquiry, INT4OID, Int32GetDatum(unit_id), false);
	if (ask(&inquiry, "SELECT FROM dwh_star.dim_unit WHERE unit_id = $1") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("unit %d does not exist", unit_id),
				 errhint("dwh.get_unit(code, day) finds the unit_id of a code.")));
	add(&inquiry, INT4OID, Int32GetDatum(unit_id), false);
	add(&inquiry, INT4OID, Int32GetDatum(subject_id), false);
	add(&inquiry, DATEOID, DateADTGetDatum(day), false);
	add(&inquiry, INT4OID, Int32GetDatum(inquiry.account_id), inquiry.is_central);
	emit((ReturnSetInfo *) fcinfo->resultinfo, ask(&inquiry, "SELECT * FROM dwh_internal.list_viewers($1, $2, $3, $4)"));
	end_inquiry(&inquiry);
	return (Datum) 0;
}

/* dwh.check_scope() */
Datum
dwh_sql_check_scope(PG_FUNCTION_ARGS)
{
	Inquiry		inquiry;

	InitMaterializedSRF(fcinfo, 0);
	begin_inquiry(&inquiry, "check_scope", NULL, false);
	if (!inquiry.is_central)
		refuse(&inquiry, "the caller is neither a central administrator nor an auditor");
	emit((ReturnSetInfo *) fcinfo->resultinfo, ask(&inquiry, "SELECT * FROM dwh_internal.check_scope()"));
	end_inquiry(&inquiry);
	return (Datum) 0;
}

/* ------------------------------------------------------------------ grants of an ended unit */

/* A text argument that must be there and say something. Raises 22004, 22023. */
static char *
need_text(FunctionCallInfo fcinfo, int number, const char *name)
{
	char	   *value = text_to_cstring(DatumGetTextPP(need(fcinfo, number, name)));

	if (value[strspn(value, " \t\r\n")] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" must not be empty", name),
				 errhint("Rights are re-issued by a decision only: give its number and who took it.")));
	return value;
}

/* dwh.reassign_unit(p_old int, p_new int, p_on date, p_decision_no text, p_decided_by int, p_decided_on date) */
Datum
dwh_sql_reassign_unit(PG_FUNCTION_ARGS)
{
	int32		old_unit = DatumGetInt32(need(fcinfo, 0, "p_old"));
	int32		new_unit = DatumGetInt32(need(fcinfo, 1, "p_new"));
	char	   *decision = need_text(fcinfo, 3, "p_decision_no");
	int32		decider = DatumGetInt32(need(fcinfo, 4, "p_decided_by"));
	Inquiry		inquiry;
	DateADT		day;
	int32		count;

	(void) need(fcinfo, 2, "p_on");
	begin_inquiry(&inquiry, "reassign_unit", psprintf("%d to %d", old_unit, new_unit), true);
	day = day_argument(fcinfo, 2);
	if (!inquiry.is_central && !(administers_unit(&inquiry, new_unit) && administers_unit(&inquiry, old_unit)))
		refuse(&inquiry, "the units are not of the caller's province");
	add(&inquiry, INT4OID, Int32GetDatum(old_unit), false);
	add(&inquiry, INT4OID, Int32GetDatum(new_unit), false);
	add(&inquiry, DATEOID, DateADTGetDatum(day), false);
	add(&inquiry, TEXTOID, CStringGetTextDatum(decision), false);
	add(&inquiry, INT4OID, Int32GetDatum(decider), false);
	add(&inquiry, DATEOID, PG_GETARG_DATUM(5), PG_ARGISNULL(5));
	add(&inquiry, INT4OID, Int32GetDatum(inquiry.account_id), inquiry.is_central);
	(void) ask(&inquiry, "SELECT dwh_internal.reassign_unit($1, $2, $3, $4, $5, $6, $7)");
	count = dwh_spi_int(0, 1);
	end_inquiry(&inquiry);
	PG_RETURN_INT32(count);
}

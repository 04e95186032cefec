/*
 * catalogue_edit.c
 *		The frame of every change of the catalogue, and the checks that several of them share; see catalogue_edit.h.
 *
 * Rights are those of the caller: a member of dwh_central_admin, dwh_owner itself, a superuser; owner groups are looked at in
 * catalogue_indicator.c. They are asked for before the lock is taken, so that nobody without a right can hold up those with one.
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "common/nearest.h"
#include "common/spi.h"
#include "indicator/catalogue_edit.h"

#define MAX_CODE_LENGTH 63

/* ------------------------------------------------------------------ the frame */

/* Starts the description of an act; no table is touched. */
void
dwh_edit_prepare(DwhCatalogueEdit *edit, const char *action, const char *object)
{
	memset(edit, 0, sizeof(*edit));
	edit->action = action;
	edit->object = object;
	initStringInfo(&edit->detail);
}

static void
note_key(DwhCatalogueEdit *edit, const char *key)
{
	appendStringInfoString(&edit->detail, edit->detail.len == 0 ? "{" : ", ");
	escape_json(&edit->detail, key);
	appendStringInfoString(&edit->detail, ": ");
}

/* Adds a text to what the log says of the act; NULL adds nothing. */
void
dwh_edit_note(DwhCatalogueEdit *edit, const char *key, const char *value)
{
	if (value == NULL)
		return;
	note_key(edit, key);
	escape_json(&edit->detail, value);
}

/* Adds a number to it. */
void
dwh_edit_note_int(DwhCatalogueEdit *edit, const char *key, int value)
{
	note_key(edit, key);
	appendStringInfo(&edit->detail, "%d", value);
}

/* The detail as a whole JSON object; NULL where nothing was noted. */
static char *
detail_text(const DwhCatalogueEdit *edit)
{
	return edit->detail.len == 0 ? NULL : psprintf("%s}", edit->detail.data);
}

/* Registers the attempt with what was noted so far. Raises WH001 where no warehouse stands. */
void
dwh_edit_begin(DwhCatalogueEdit *edit)
{
	dwh_require_warehouse();
	dwh_attempt_begin(&edit->attempt, edit->action, edit->object, detail_text(edit));
}

/* Whether the caller may change everything in the catalogue. */
bool
dwh_edit_caller_is_admin(void)
{
	return dwh_caller_is_owner() || dwh_caller_has_role("dwh_central_admin");
}

/* Raises 42501, with a record of it, unless the caller may change everything in the catalogue. */
void
dwh_edit_require_admin(DwhCatalogueEdit *edit)
{
	if (dwh_edit_caller_is_admin())
		return;
	dwh_attempt_refused(&edit->attempt, "the caller is no central administrator");
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("permission denied to call dwh.%s()", edit->action),
			 errdetail("Subjects, dimensions and measures are kept by central administrators."),
			 errhint("Ask a member of dwh_central_admin.")));
}

/* Becomes dwh_owner inside SPI, locks the catalogue until the end of the transaction and reads it as it is then. */
void
dwh_edit_open(DwhCatalogueEdit *edit)
{
	dwh_owner_enter(&edit->owner);
	dwh_spi_begin();
	if (dwh_spi_select("SELECT FROM dwh_catalog.warehouse FOR NO KEY UPDATE", 0, NULL, NULL, NULL, false) != 1)
		dwh_raise_no_warehouse_row();
	PushActiveSnapshot(GetLatestSnapshot());
	edit->catalogue = dwh_catalogue_load();
	PopActiveSnapshot();
}

/* Leaves SPI and dwh_owner, and appends the event. */
void
dwh_edit_close(DwhCatalogueEdit *edit)
{
	dwh_spi_end();
	dwh_owner_leave(&edit->owner);
	dwh_audit_append(edit->action, edit->object, "done", detail_text(edit));
	dwh_attempt_end(&edit->attempt);
}

/* ------------------------------------------------------------------ statements */

/* Adds a parameter; its number is params->n afterwards. */
void
dwh_edit_add(DwhEditParams *params, Oid type, Datum value, bool is_null)
{
	if (params->n == DWH_EDIT_MAX_PARAMS)
		elog(ERROR, "too many parameters");
	params->types[params->n] = type;
	params->values[params->n] = value;
	params->nulls[params->n] = is_null ? 'n' : ' ';
	params->nulls[++params->n] = '\0';
}

/* Adds a text, which may be NULL. */
void
dwh_edit_add_text(DwhEditParams *params, const char *value)
{
	dwh_edit_add(params, TEXTOID, value ? CStringGetTextDatum(value) : (Datum) 0, value == NULL);
}

void
dwh_edit_add_int(DwhEditParams *params, int value)
{
	dwh_edit_add(params, INT4OID, Int32GetDatum(value), false);
}

void
dwh_edit_add_date(DwhEditParams *params, DateADT value)
{
	dwh_edit_add(params, DATEOID, DateADTGetDatum(value), false);
}

/* A SELECT over what is committed now and our own changes; its parameters are never null. */
uint64
dwh_edit_select(const char *sql, const DwhEditParams *params)
{
	return dwh_spi_select_latest(sql, params->n, params->types, params->values);
}

/* Inserts exactly one row. */
void
dwh_edit_insert(const char *sql, const DwhEditParams *params)
{
	if (dwh_spi_run(sql, params->n, params->types, params->values, params->nulls, false, SPI_OK_INSERT) != 1)
		elog(ERROR, "statement did not insert one row: %s", sql);
}

/*
 * Updates exactly one row that was read with the latest snapshot. Raises 40001 where the transaction's own snapshot is too old to
 * see it, as can be outside READ COMMITTED.
 */
void
dwh_edit_update_one(const char *sql, const DwhEditParams *params)
{
	if (dwh_spi_run(sql, params->n, params->types, params->values, params->nulls, false, SPI_OK_UPDATE) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("the catalogue was changed after this transaction had begun"),
				 errhint("Roll back and try again.")));
}

/* The key that follows the greatest one of the table. The catalogue is locked, so nobody else takes it. */
int
dwh_edit_next_id(const char *table, const char *column)
{
	if (dwh_spi_select_latest(psprintf("SELECT coalesce(max(%s), 0) + 1 FROM dwh_catalog.%s", column, table), 0, NULL, NULL) != 1)
		elog(ERROR, "no next key for dwh_catalog.%s", table);
	return dwh_spi_int(0, 1);
}

/* The key of the row with that code; raises 42704, with the nearest code there is. what names the kind of thing. */
int
dwh_edit_find_id(const char *what, const char *table, const char *column, const char *code)
{
	uint64		n = dwh_spi_select_latest(psprintf("SELECT %s, code FROM %s ORDER BY 1", column, table), 0, NULL, NULL);
	DwhNearest	nearest;

	dwh_nearest_begin(&nearest, code);
	for (uint64 i = 0; i < n; i++)
	{
		char	   *known = dwh_spi_text(i, 2);

		if (strcmp(known, code) == 0)
			return dwh_spi_int(i, 1);
		dwh_nearest_offer(&nearest, known);
	}
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("%s \"%s\" does not exist", what, code),
			 nearest.best ? errhint("Did you mean \"%s\"?", nearest.best) : errhint("The codes stand in %s.", table)));
}

/* ------------------------------------------------------------------ arguments */

/* A text argument; NULL for NULL. */
char *
dwh_edit_argument(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(n));
}

pg_noreturn static void missing_argument(const char *name);

static void
missing_argument(const char *name)
{
	ereport(ERROR,
			(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
			 errmsg("%s must be given", name),
			 errhint("It may be neither NULL nor blank.")));
}

/* A text argument that must not be NULL or blank. Raises 22004. */
char *
dwh_edit_required(FunctionCallInfo fcinfo, int n, const char *name)
{
	char	   *value = dwh_edit_argument(fcinfo, n);

	if (value == NULL || strspn(value, " \t\r\n") == strlen(value))
		missing_argument(name);
	return value;
}

/* A date argument that must be given and finite. Raises 22004 and 22008. */
DateADT
dwh_edit_required_date(FunctionCallInfo fcinfo, int n, const char *name)
{
	if (PG_ARGISNULL(n))
		missing_argument(name);
	if (DATE_NOT_FINITE(PG_GETARG_DATEADT(n)))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("%s must be a day of the calendar", name),
				 errhint("Write it as '2026-01-01'.")));
	return PG_GETARG_DATEADT(n);
}

/* YYYY-MM-DD, whatever DateStyle says. Palloc'd. */
char *
dwh_edit_date_text(DateADT date)
{
	int			year,
				month,
				day;

	if (DATE_NOT_FINITE(date))
		return pstrdup(DATE_IS_NOBEGIN(date) ? "-infinity" : "infinity");
	j2date(date + POSTGRES_EPOCH_JDATE, &year, &month, &day);
	return psprintf("%04d-%02d-%02d", year, month, day);
}

/* Whether a text is a code: a letter, then letters, digits and underscores, in one case. */
bool
dwh_edit_is_code(const char *code, bool upper)
{
	const char *letters = upper ? "ABCDEFGHIJKLMNOPQRSTUVWXYZ" : "abcdefghijklmnopqrstuvwxyz";
	size_t		length = strlen(code);

	if (length == 0 || length > MAX_CODE_LENGTH || strchr(letters, code[0]) == NULL)
		return false;
	return strspn(code, upper ? "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_" : "abcdefghijklmnopqrstuvwxyz0123456789_") == length;
}

/* ------------------------------------------------------------------ shared checks */

/* Measures and indicators share their codes: raises 42710 where one of either has it, 22023 where it is no code. */
void
dwh_edit_check_free(DwhCatalogueEdit *edit, const char *code)
{
	bool		is_measure = dwh_catalogue_measure(edit->catalogue, code) != NULL;

	if (!dwh_edit_is_code(code, true))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" cannot be a code", code),
				 errdetail("Codes of measures and indicators begin with a capital letter; capital letters, digits and underscores"
						   " follow, %d in all at most.", MAX_CODE_LENGTH),
				 errhint("Choose a code such as A01 or LABOUR_FORCE.")));
	if (is_measure || dwh_catalogue_indicator(edit->catalogue, code))
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("code \"%s\" is taken", code),
				 errdetail("It is that of %s.", is_measure ? "a measure" : "an indicator"),
				 errhint("Formulas refer to measures and indicators by their code alone: choose another one.")));
}

/* The subject with that code; raises 42704, with the nearest code there is. */
DwhSubject *
dwh_edit_need_subject(DwhCatalogueEdit *edit, const char *code)
{
	DwhNearest	nearest;
	ListCell   *lc;

	dwh_nearest_begin(&nearest, code);
	foreach(lc, edit->catalogue->subjects)
	{
		DwhSubject *subject = lfirst(lc);

		if (strcmp(subject->code, code) == 0)
			return subject;
		dwh_nearest_offer(&nearest, subject->code);
	}
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("subject \"%s\" does not exist", code),
			 nearest.best ? errhint("Did you mean \"%s\"?", nearest.best) :
			 errhint("The codes stand in dwh_catalog.subject; dwh.create_subject() adds one.")));
}

/* Raises 55000 for a subject that no table stands behind: nothing can be checked against it. */
void
dwh_edit_need_relation(DwhSubject *subject)
{
	if (!OidIsValid(subject->relation))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("subject \"%s\" has no table yet", subject->code),
				 errdetail("Expressions are checked against the columns of the table."),
				 errhint("Wait until a source feeds it, or use another subject.")));
}

/* Raises 42703 where the relation has no such column, 22023 where it is of another type. */
void
dwh_edit_check_column(Oid relation, const char *column, Oid type)
{
	AttrNumber	attnum = get_attnum(relation, column);

	if (attnum <= 0)
	{
		Relation	rel = relation_open(relation, AccessShareLock);
		TupleDesc	desc = RelationGetDescr(rel);
		DwhNearest	nearest;

		dwh_nearest_begin(&nearest, column);
		for (int i = 0; i < desc->natts; i++)
			if (!TupleDescAttr(desc, i)->attisdropped)
				dwh_nearest_offer(&nearest, pstrdup(NameStr(TupleDescAttr(desc, i)->attname)));
		relation_close(rel, AccessShareLock);
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("\"%s\" has no column \"%s\"", get_rel_name(relation), column),
				 errdetail("A subject has a month of type date and a unit of type integer."),
				 nearest.best ? errhint("Did you mean \"%s\"?", nearest.best) :
				 errhint("Name the columns, as in p_month_column => 'thang'.")));
	}
	if (getBaseType(get_atttype(relation, attnum)) != type)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("column \"%s\" of \"%s\" is of type %s, not %s", column, get_rel_name(relation),
						format_type_be(get_atttype(relation, attnum)), format_type_be(type)),
				 errdetail("A subject has a month of type date and a unit of type integer."),
				 errhint("Change the type of the column, or register a view that does.")));
}

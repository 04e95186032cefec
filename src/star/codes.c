/*
 * codes.c
 *		From a code and a day to a row: dwh.get_area(), dwh.get_unit().
 *
 * A code means something only with a day. Where the row found shares its code with one of another name that is not merely its
 * older or newer name, a NOTICE says what the code means there; where nothing is found, the error says at which days the code
 * is valid, or which code is near.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "common/identity.h"
#include "common/nearest.h"
#include "common/owner.h"
#include "common/spi.h"
#include "star/star.h"

/* A table of rows that are found by code and day. All names are constants. */
typedef struct CodeTable
{
	const char *thing;			/* for messages */
	const char *table;
	const char *id;
	const char *succession;
	const char *levels;			/* quoted and parenthesised, for a check */
	const char *levels_told;
} CodeTable;

static const CodeTable areas = {
	"area", "dwh_star.dim_area", "area_id", "dwh_catalog.area_succession",
	" country province district commune ", "country, province, district, commune"
};
static const CodeTable unit_codes = {
	"unit", "dwh_star.dim_unit", "unit_id", "dwh_catalog.unit_succession",
	" centre central_unit region province defence police division district base ",
	"centre, central_unit, region, province, defence, police, division, district, base"
};

/* What is asked for. */
typedef struct Question
{
	const CodeTable *table;
	char	   *code;
	char	   *level;			/* NULL for any */
	DateADT		on;
	char	   *on_text;
} Question;

PG_FUNCTION_INFO_V1(dwh_sql_get_area);
PG_FUNCTION_INFO_V1(dwh_sql_get_unit);

/*
 * Runs a query of this file: $1 code, $2 level or NULL, $3 day, $4 a row's id. In its text %T, %I and %S stand for the table,
 * its key and its table of successions.
 */
static uint64
ask(const Question *question, const char *sql, int id)
{
	Oid			types[4] = {TEXTOID, TEXTOID, DATEOID, INT4OID};
	Datum		values[4];
	StringInfoData text;

	initStringInfo(&text);
	for (const char *p = sql; *p != '\0'; p++)
	{
		if (p[0] != '%')
			appendStringInfoChar(&text, *p);
		else
		{
			p++;
			appendStringInfoString(&text, *p == 'T' ? question->table->table :
								   *p == 'I' ? question->table->id : question->table->succession);
		}
	}
	values[0] = CStringGetTextDatum(question->code);
	values[1] = question->level ? CStringGetTextDatum(question->level) : (Datum) 0;
	values[2] = DateADTGetDatum(question->on);
	values[3] = Int32GetDatum(id);
	return dwh_spi_select(text.data, 4, types, values, question->level ? "    " : " n  ", true);
}

/* A detail line: what the code is or was at other days; NULL where it never was. Sets the newest row that ended before. */
static char *
describe_other_days(const Question *question, int *ended)
{
	uint64		rows = ask(question, "SELECT %I, name_vi, valid_from, valid_to, valid_to < $3 FROM %T "
						   "WHERE code = $1 AND ($2 IS NULL OR level = $2) ORDER BY valid_from", 0);
	StringInfoData text;

	*ended = 0;
	if (rows == 0)
		return NULL;
	initStringInfo(&text);
	for (uint64 row = 0; row < rows && row < 4; row++)
	{
		bool		is_open = dwh_spi_isnull(row, 4);

		appendStringInfo(&text, "%sCode \"%s\" stands for %s from %s%s%s.", row > 0 ? " " : "", question->code,
						 dwh_spi_text(row, 2), dwh_date_iso(dwh_spi_date(row, 3)),
						 is_open ? " on" : " to ", is_open ? "" : dwh_date_iso(dwh_spi_date(row, 4)));
		if (dwh_spi_bool(row, 5))
			*ended = dwh_spi_int(row, 1);
	}
	return text.data;
}

/* A hint that names what took over from an ended row, if it is valid on the day asked for; else NULL. */
static char *
hint_successor(const Question *question, int ended)
{
	if (ended == 0 ||
		ask(question, "SELECT t.code, t.name_vi FROM %S AS s JOIN %T AS t ON t.%I = s.successor_%I "
			"WHERE s.predecessor_%I = $4 AND t.valid_from <= $3 AND (t.valid_to IS NULL OR t.valid_to >= $3) "
			"ORDER BY t.code COLLATE \"C\"", ended) == 0)
		return NULL;
	return psprintf("On %s its successor is \"%s\" (%s).", question->on_text, dwh_spi_text(0, 1), dwh_spi_text(0, 2));
}

/* A hint that names a row valid on the day whose name holds the word given, or whose code is near it; else the general one. */
static char *
hint_near(const Question *question)
{
	uint64		rows = ask(question, "SELECT code, name_vi FROM %T WHERE ($2 IS NULL OR level = $2) "
						   "AND valid_from <= $3 AND (valid_to IS NULL OR valid_to >= $3) AND length($1) > 1 "
						   "AND (strpos(lower(name_vi), lower($1)) > 0 OR strpos(lower(name_en), lower($1)) > 0) "
						   "ORDER BY length(name_vi), code COLLATE \"C\" LIMIT 1", 0);
	DwhNearest	nearest;

	if (rows == 1)
		return psprintf("The code of %s is \"%s\".", dwh_spi_text(0, 2), dwh_spi_text(0, 1));
	rows = ask(question, "SELECT code FROM %T WHERE ($2 IS NULL OR level = $2) "
			   "AND valid_from <= $3 AND (valid_to IS NULL OR valid_to >= $3) ORDER BY code COLLATE \"C\" LIMIT 20000", 0);
	dwh_nearest_begin(&nearest, question->code);
	for (uint64 row = 0; row < rows; row++)
		dwh_nearest_offer(&nearest, dwh_spi_text(row, 1));
	if (nearest.best != NULL)
		return psprintf("The nearest code valid on %s is \"%s\".", question->on_text, nearest.best);
	return psprintf("The codes valid on a day stand in %s.", question->table->table);
}

/* Raises 42704: no such code on the day. Ends the switch to dwh_owner by itself. */
static void
refuse_code(const Question *question)
{
	int			ended;
	char	   *detail = describe_other_days(question, &ended);
	char	   *hint = hint_successor(question, ended);

	if (hint == NULL)
		hint = detail != NULL ? pstrdup("Ask for a day on which the code is valid.") : hint_near(question);
	if (detail == NULL)
		detail = psprintf("No %s%s%s has this code on any day.", question->table->thing,
						  question->level ? " of level " : "", question->level ? question->level : "");
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("no %s has code \"%s\" on %s", question->table->thing, question->code, question->on_text),
			 errdetail("%s", detail),
			 errhint("%s", hint)));
}

/* Raises 21000: the code stands for rows of several levels. */
static void
refuse_several(const Question *question)
{
	ereport(ERROR,
			(errcode(ERRCODE_CARDINALITY_VIOLATION),
			 errmsg("several %ss have code \"%s\" on %s", question->table->thing, question->code, question->on_text),
			 errdetail("They stand at the levels %s and %s.", dwh_spi_text(0, 3), dwh_spi_text(1, 3)),
			 errhint("Give p_level.")));
}

/*
 * What the code means at other days, if that is something else: the nearest day first. A row joined to this one by a rename
 * means the same. NULL where there is nothing to say.
 */
static char *
describe_other_meaning(const Question *question, int id)
{
	uint64		rows = ask(question,
						   "SELECT o.name_vi, o.valid_from, o.valid_to, o.valid_from > $3 "
						   "FROM %T AS o JOIN %T AS t ON t.%I = $4 AND o.code = t.code AND o.level = t.level "
						   "WHERE o.%I <> t.%I AND o.name_vi <> t.name_vi "
						   "AND NOT EXISTS (SELECT FROM %S AS s WHERE s.kind = 'rename' "
						   "AND o.%I IN (s.predecessor_%I, s.successor_%I) AND t.%I IN (s.predecessor_%I, s.successor_%I)) "
						   "ORDER BY CASE WHEN isfinite($3) THEN abs(o.valid_from - $3) END, o.valid_from DESC LIMIT 1", id);

	if (rows == 0)
		return NULL;
	if (dwh_spi_bool(0, 4))
		return psprintf("code \"%s\" means %s from %s", question->code, dwh_spi_text(0, 1),
						dwh_date_iso(dwh_spi_date(0, 2)));
	return psprintf("code \"%s\" meant %s until %s", question->code, dwh_spi_text(0, 1), dwh_date_iso(dwh_spi_date(0, 3)));
}

/* Reads the arguments, which may be NULL but for the code. Inside SPI, as dwh_owner. */
static void
read_question(FunctionCallInfo fcinfo, const CodeTable *table, Question *question)
{
	question->table = table;
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("p_code may not be null"),
				 errdetail("A code is needed to find the %s.", table->thing),
				 errhint("Give the code as text, with leading zeros.")));
	question->code = text_to_cstring(PG_GETARG_TEXT_PP(0));
	question->level = PG_ARGISNULL(2) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(2));
	if (question->level != NULL &&
		(strchr(question->level, ' ') != NULL || question->level[0] == '\0' ||
		 strstr(table->levels, psprintf(" %s ", question->level)) == NULL))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("level \"%s\" is unknown", question->level),
				 errdetail("The levels are %s.", table->levels_told),
				 errhint("Give one of them, in lower case, or NULL for any.")));
	question->on = PG_ARGISNULL(1) ? dwh_today() : PG_GETARG_DATEADT(1);
	question->on_text = dwh_date_iso(question->on);
}

/* The common body of both functions. */
static Datum
get_row(FunctionCallInfo fcinfo, const CodeTable *table)
{
	DwhOwnerSwitch owner;
	Question	question;
	TupleDesc	desc;
	HeapTuple	tuple;
	Datum		values[7];
	bool		nulls[7] = {false};
	char	   *notice;
	uint64		rows;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "function returning record called in a context that cannot accept it");
	dwh_owner_enter(&owner);
	dwh_spi_begin();
	read_question(fcinfo, table, &question);
	rows = ask(&question, "SELECT %I, code, level, name_vi, name_en, valid_from, valid_to FROM %T "
			   "WHERE code = $1 AND ($2 IS NULL OR level = $2) AND valid_from <= $3 "
			   "AND (valid_to IS NULL OR valid_to >= $3) ORDER BY %I", 0);
	if (rows == 0)
		refuse_code(&question);
	if (rows > 1)
		refuse_several(&question);
	values[0] = Int32GetDatum(dwh_spi_int(0, 1));
	for (int col = 2; col <= 5; col++)
		values[col - 1] = SPI_datumTransfer(CStringGetTextDatum(dwh_spi_text(0, col)), false, -1);
	values[5] = DateADTGetDatum(dwh_spi_date(0, 6));
	nulls[6] = dwh_spi_isnull(0, 7);
	values[6] = DateADTGetDatum(dwh_spi_date(0, 7));
	notice = describe_other_meaning(&question, DatumGetInt32(values[0]));
	dwh_owner_leave(&owner);
	if (notice != NULL)
		ereport(NOTICE, (errmsg("%s", notice)));
	dwh_spi_end();
	tuple = heap_form_tuple(BlessTupleDesc(desc), values, nulls);
	PG_RETURN_DATUM(HeapTupleGetDatum(tuple));
}

/* dwh.get_area(p_code text, p_on date, p_level text) */
Datum
dwh_sql_get_area(PG_FUNCTION_ARGS)
{
	return get_row(fcinfo, &areas);
}

/* dwh.get_unit(p_code text, p_on date, p_level text) */
Datum
dwh_sql_get_unit(PG_FUNCTION_ARGS)
{
	return get_row(fcinfo, &unit_codes);
}

/*
 * inner_call.c
 *		Describing a call for the log, and passing it on to the function of the same name in dwh_internal; see inner_call.h.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "common/inner_call.h"
#include "common/owner.h"
#include "common/spi.h"

static char *
argument_text(FunctionCallInfo fcinfo, int number, Oid type)
{
	Oid			output;
	bool		is_varlena;

	getTypeOutputInfo(type, &output, &is_varlena);
	return OidOutputFunctionCall(output, PG_GETARG_DATUM(number));
}

/* The arguments in text form as a JSON object, those that are longer than allowed by their length. */
static char *
describe_arguments(const DwhInnerCall *call, FunctionCallInfo fcinfo, Size longest)
{
	StringInfoData json;
	int			i;

	initStringInfo(&json);
	for (i = 0; i < PG_NARGS(); i++)
	{
		char	   *text;

		if (PG_ARGISNULL(i))
			continue;
		text = argument_text(fcinfo, i, call->types[i]);
		if (longest > 0 && strlen(text) > longest)
			text = psprintf("(%zu bytes)", strlen(text));
		appendStringInfoChar(&json, json.len == 0 ? '{' : ',');
		escape_json(&json, call->names[i]);
		appendStringInfoChar(&json, ':');
		escape_json(&json, text);
	}
	if (json.len == 0)
		appendStringInfoChar(&json, '{');
	appendStringInfoChar(&json, '}');
	return json.data;
}

/* What is called with what. Arguments longer than the given number of bytes are described by their length; 0: all are quoted. */
void
dwh_inner_call_read(DwhInnerCall *call, FunctionCallInfo fcinfo, Size longest)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(fcinfo->flinfo->fn_oid));
	char	   *modes;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", fcinfo->flinfo->fn_oid);
	call->name = pstrdup(NameStr(((Form_pg_proc) GETSTRUCT(tuple))->proname));
	call->result_type = ((Form_pg_proc) GETSTRUCT(tuple))->prorettype;
	(void) get_func_arg_info(tuple, &call->types, &call->names, &modes);
	ReleaseSysCache(tuple);
	call->object = NULL;
	if (PG_NARGS() > 0 && !PG_ARGISNULL(0))
		call->object = argument_text(fcinfo, 0, call->types[0]);
	call->detail = describe_arguments(call, fcinfo, longest);
}

/*
 * Refuses a day outside the years 1900 to 9999, with 22023: days are counted from and compared in every room, so that one such would break
 * lists that others read. Infinity, too, but where the caller only asks and means all days.
 */
static void
require_days(const DwhInnerCall *call, FunctionCallInfo fcinfo, bool may_be_infinite)
{
	static const int first_year = 1900;
	static const int last_year = 9999;
	DateADT		first = date2j(first_year, 1, 1) - POSTGRES_EPOCH_JDATE;
	DateADT		last = date2j(last_year, 12, 31) - POSTGRES_EPOCH_JDATE;

	for (int i = 0; i < PG_NARGS(); i++)
	{
		bool		is_infinite = false;
		bool		is_outside = false;

		if (PG_ARGISNULL(i))
			continue;
		if (call->types[i] == DATEOID)
		{
			DateADT		day = PG_GETARG_DATEADT(i);

			is_infinite = DATE_NOT_FINITE(day);
			is_outside = day < first || day > last;
		}
		else if (call->types[i] == TIMESTAMPTZOID)
		{
			TimestampTz time = PG_GETARG_TIMESTAMPTZ(i);

			is_infinite = TIMESTAMP_NOT_FINITE(time);
			is_outside = time < first * USECS_PER_DAY || time > last * USECS_PER_DAY;
		}
		if (is_outside && !(is_infinite && may_be_infinite))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("%s must be a day between the years %d and %d", call->names[i], first_year, last_year),
					 errdetail("It is %s.", argument_text(fcinfo, i, call->types[i])),
					 errhint("Leave out a day that is not known.")));
	}
}

/* Runs the inner function as dwh_owner, inside SPI, which is left open; the number of rows. */
static uint64
run(const DwhInnerCall *call, FunctionCallInfo fcinfo, const char *select, DwhOwnerSwitch *owner)
{
	StringInfoData sql;
	Datum	   *values = palloc0(sizeof(Datum) * (PG_NARGS() + 1));
	char	   *nulls = palloc0(PG_NARGS() + 1);
	int			i;

	initStringInfo(&sql);
	appendStringInfo(&sql, "%s dwh_internal.%s(", select, quote_identifier(call->name));
	for (i = 0; i < PG_NARGS(); i++)
	{
		appendStringInfo(&sql, "%s$%d", i == 0 ? "" : ", ", i + 1);
		nulls[i] = PG_ARGISNULL(i) ? 'n' : ' ';
		values[i] = PG_ARGISNULL(i) ? (Datum) 0 : PG_GETARG_DATUM(i);
	}
	appendStringInfoChar(&sql, ')');
	dwh_spi_begin();
	dwh_owner_enter(owner);
	return dwh_spi_select(sql.data, PG_NARGS(), call->types, values, nulls, false);
}

/* Runs the inner function as dwh_owner; its result, if any, as that of the function itself: fcinfo->isnull is set. */
Datum
dwh_inner_call_run(const DwhInnerCall *call, FunctionCallInfo fcinfo)
{
	DwhOwnerSwitch owner;
	Datum		result = (Datum) 0;
	int16		length;
	bool		is_by_value;

	require_days(call, fcinfo, false);
	(void) run(call, fcinfo, "SELECT", &owner);
	if (call->result_type != VOIDOID)
	{
		result = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &fcinfo->isnull);
		if (!fcinfo->isnull)
		{
			get_typlenbyval(call->result_type, &length, &is_by_value);
			result = SPI_datumTransfer(result, is_by_value, length);
		}
	}
	dwh_owner_leave(&owner);
	dwh_spi_end();
	return result;
}

/* Runs the inner function, which gives rows, and hands them to the caller. */
void
dwh_inner_call_rows(const DwhInnerCall *call, FunctionCallInfo fcinfo)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	DwhOwnerSwitch owner;
	uint64		rows;

	require_days(call, fcinfo, true);
	InitMaterializedSRF(fcinfo, 0);
	rows = run(call, fcinfo, "SELECT * FROM", &owner);
	for (uint64 row = 0; row < rows; row++)
		tuplestore_puttuple(result->setResult, SPI_tuptable->vals[row]);
	dwh_owner_leave(&owner);
	dwh_spi_end();
}

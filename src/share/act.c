/*
 * act.c
 *		The functions of sharing officers: who may call them, and the record of each call.
 *
 * Every such function of schema dwh is this one in C. It opens an attempt, asks for the group, and calls the function of the same name
 * and arguments in dwh_internal (sql/install/71_share_services.sql and later) as dwh_owner; the act is an event in the caller's
 * transaction, a refusal or a failure is recorded although the transaction rolls back.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "audit/audit.h"
#include "common/owner.h"
#include "common/spi.h"

#define OFFICER_ROLE "dwh_share_officer"
#define PARTNER_ROLE "dwh_partner"

PG_FUNCTION_INFO_V1(dwh_sql_share_act);

/* Whether partners may call it for themselves; the function in dwh_internal then asks whether the agency is theirs. */
static bool
is_open_to_partners(const char *name)
{
	return strcmp(name, "request_share") == 0;
}

/* The arguments in text form as a JSON object, for the event. Texts longer than an event holds are cut by the log. */
static char *
describe_arguments(FunctionCallInfo fcinfo, const Oid *types, char **names)
{
	StringInfoData json;
	int			i;

	initStringInfo(&json);
	for (i = 0; i < PG_NARGS(); i++)
	{
		Oid			output;
		bool		is_varlena;

		if (PG_ARGISNULL(i))
			continue;
		getTypeOutputInfo(types[i], &output, &is_varlena);
		appendStringInfoChar(&json, json.len == 0 ? '{' : ',');
		escape_json(&json, names[i]);
		appendStringInfoChar(&json, ':');
		escape_json(&json, OidOutputFunctionCall(output, PG_GETARG_DATUM(i)));
	}
	if (json.len == 0)
		appendStringInfoChar(&json, '{');
	appendStringInfoChar(&json, '}');
	return json.data;
}

/* dwh.register_agency() and its sisters: raise 42501 for whoever is no sharing officer, and what the function itself raises. */
Datum
dwh_sql_share_act(PG_FUNCTION_ARGS)
{
	DwhAttempt	attempt;
	DwhOwnerSwitch owner;
	HeapTuple	tuple;
	Oid		   *types;
	char	  **names;
	char	   *modes;
	char	   *name;
	Oid			result_type;
	Datum	   *values;
	char	   *nulls;
	char	   *object = NULL;
	char	   *detail;
	StringInfoData sql;
	Datum		result = (Datum) 0;
	bool		is_null = true;
	int16		length;
	bool		is_by_value;
	int			i;

	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(fcinfo->flinfo->fn_oid));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", fcinfo->flinfo->fn_oid);
	name = pstrdup(NameStr(((Form_pg_proc) GETSTRUCT(tuple))->proname));
	result_type = ((Form_pg_proc) GETSTRUCT(tuple))->prorettype;
	(void) get_func_arg_info(tuple, &types, &names, &modes);
	ReleaseSysCache(tuple);

	dwh_require_warehouse();
	if (PG_NARGS() > 0 && !PG_ARGISNULL(0))
	{
		Oid			output;
		bool		is_varlena;

		getTypeOutputInfo(types[0], &output, &is_varlena);
		object = OidOutputFunctionCall(output, PG_GETARG_DATUM(0));
	}
	detail = describe_arguments(fcinfo, types, names);
	dwh_attempt_begin(&attempt, name, object, detail);
	if (!dwh_caller_has_role(OFFICER_ROLE) && !(is_open_to_partners(name) && dwh_caller_has_role(PARTNER_ROLE)))
	{
		dwh_attempt_refused(&attempt, "the caller is no sharing officer");
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to call dwh.%s()", name),
				 errdetail("2327 Art. 2.2: chỉ cán bộ chia sẻ dữ liệu được thực hiện | sharing is done by the staff assigned to it."),
				 errhint("Only members of dwh_share_officer may call it.")));
	}

	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT dwh_internal.%s(", quote_identifier(name));
	values = palloc0(sizeof(Datum) * (PG_NARGS() + 1));
	nulls = palloc0(PG_NARGS() + 1);
	for (i = 0; i < PG_NARGS(); i++)
	{
		appendStringInfo(&sql, "%s$%d", i == 0 ? "" : ", ", i + 1);
		nulls[i] = PG_ARGISNULL(i) ? 'n' : ' ';
		values[i] = PG_ARGISNULL(i) ? (Datum) 0 : PG_GETARG_DATUM(i);
	}
	appendStringInfoChar(&sql, ')');
	dwh_spi_begin();
	dwh_owner_enter(&owner);
	(void) dwh_spi_select(sql.data, PG_NARGS(), types, values, nulls, false);
	if (result_type != VOIDOID)
	{
		result = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null);
		if (!is_null)
		{
			get_typlenbyval(result_type, &length, &is_by_value);
			result = SPI_datumTransfer(result, is_by_value, length);
		}
	}
	dwh_owner_leave(&owner);
	dwh_spi_end();
	dwh_audit_append(name, object, "done", detail);
	dwh_attempt_end(&attempt);
	if (result_type == VOIDOID)
		PG_RETURN_VOID();
	if (is_null)
		PG_RETURN_NULL();
	return result;
}

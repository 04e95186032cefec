/*
 * report.c
 *		Reports of sharing that give rows: dwh.share_statistics(), dwh.evaluation_report().
 *
 * Each calls the function of the same name and arguments in dwh_internal (sql/install/78_share_report.sql) as dwh_owner, for sharing
 * officers and auditors. A refusal is recorded, a report is not.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/tuplestore.h"

#include "audit/audit.h"
#include "common/owner.h"
#include "common/spi.h"

PG_FUNCTION_INFO_V1(dwh_sql_share_rows);

/* Calls the inner function with the arguments, as dwh_owner inside SPI. */
static void
select_rows(FunctionCallInfo fcinfo, const char *name)
{
	Oid			types[FUNC_MAX_ARGS];
	Datum		values[FUNC_MAX_ARGS];
	char		nulls[FUNC_MAX_ARGS];
	StringInfoData sql;
	int			i;

	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT * FROM dwh_internal.%s(", quote_identifier(name));
	for (i = 0; i < PG_NARGS(); i++)
	{
		appendStringInfo(&sql, "%s$%d", i == 0 ? "" : ", ", i + 1);
		types[i] = get_fn_expr_argtype(fcinfo->flinfo, i);
		nulls[i] = PG_ARGISNULL(i) ? 'n' : ' ';
		values[i] = PG_ARGISNULL(i) ? (Datum) 0 : PG_GETARG_DATUM(i);
	}
	appendStringInfoChar(&sql, ')');
	(void) dwh_spi_select(sql.data, PG_NARGS(), types, values, nulls, false);
}

/* Raises 42501 for whoever is no officer or auditor, and what the inner function raises. */
Datum
dwh_sql_share_rows(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	char	   *name = get_func_name(fcinfo->flinfo->fn_oid);
	DwhAttempt	attempt;
	DwhOwnerSwitch owner;
	Datum	   *values;
	bool	   *nulls;
	uint64		i;

	dwh_require_warehouse();
	dwh_attempt_begin(&attempt, name, NULL, NULL);
	if (!dwh_caller_has_role("dwh_share_officer") && !dwh_caller_has_role("dwh_auditor"))
	{
		dwh_attempt_refused(&attempt, "the caller is no sharing officer or auditor");
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to call dwh.%s()", name),
				 errdetail("2327 Art. 2.2: chỉ cán bộ chia sẻ dữ liệu và kiểm toán được xem | it is for the staff assigned to sharing, and auditors."),
				 errhint("Only members of dwh_share_officer and dwh_auditor may call it.")));
	}
	InitMaterializedSRF(fcinfo, 0);
	dwh_spi_begin();
	dwh_owner_enter(&owner);
	select_rows(fcinfo, name);
	values = palloc(sizeof(Datum) * SPI_tuptable->tupdesc->natts);
	nulls = palloc(sizeof(bool) * SPI_tuptable->tupdesc->natts);
	for (i = 0; i < SPI_processed; i++)
	{
		heap_deform_tuple(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, values, nulls);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	dwh_owner_leave(&owner);
	dwh_spi_end();
	dwh_attempt_end(&attempt);
	return (Datum) 0;
}

/*
 * functions.c
 *		What the audit worker is doing, for people.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "audit/audit.h"
#include "common/guc.h"

PG_FUNCTION_INFO_V1(dwh_sql_get_audit_worker);
PG_FUNCTION_INFO_V1(dwh_sql_is_use_noted);

/* dwh.get_audit_worker(): raises WH003 where the worker cannot run for this database. */
Datum
dwh_sql_get_audit_worker(PG_FUNCTION_ARGS)
{
	TupleDesc	descriptor;
	DwhRingState state;
	Datum		values[5];
	bool		nulls[5] = {0};

	dwh_audit_require_preload("dwh.get_audit_worker()");
	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "get_audit_worker() must return a row");
	dwh_ring_get_state(&state);
	nulls[0] = state.worker_pid == 0;
	values[0] = Int32GetDatum(state.worker_pid);
	values[1] = Int32GetDatum(state.size);
	values[2] = Int64GetDatum((int64) state.handed);
	values[3] = Int64GetDatum((int64) state.committed);
	values[4] = Int64GetDatum((int64) state.dropped);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls)));
}

/* dwh_internal.is_use_noted(): whether there is a worker for this database that turns notes into rows. */
Datum
dwh_sql_is_use_noted(PG_FUNCTION_ARGS)
{
	DwhRingState state;

	if (!dwh_ring_serves_this_database())
		PG_RETURN_BOOL(false);
	dwh_ring_get_state(&state);
	PG_RETURN_BOOL(state.worker_pid != 0);
}

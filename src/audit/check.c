/*
 * check.c
 *		Checks: verifications whose outcome is kept, each going on where the last good one ended.
 *
 * dwh_log.audit_check keeps how far the tree was found intact and its root there. The next check asks whether the tree of that size still
 * has that root and looks at the leaves after it only, so checking every day costs what the day brought. What is done to older rows later
 * is found by a check of everything.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/timestamp.h"

#include "audit/audit.h"
#include "audit/tree.h"
#include "common/bulk_insert.h"
#include "common/owner.h"
#include "common/spi.h"

PG_FUNCTION_INFO_V1(dwh_sql_audit_check);

/* Where the last good check ended; size -1 where there was none. Inside SPI, as dwh_owner. */
static void
read_checkpoint(DwhKnownRoot *checkpoint)
{
	checkpoint->is_checkpoint = true;
	checkpoint->size = -1;
	if (dwh_spi_select("SELECT leaf_to, root_hash FROM dwh_log.audit_check WHERE is_intact ORDER BY leaf_to DESC, check_no DESC LIMIT 1",
					   0, NULL, NULL, NULL, false) > 0 && dwh_tree_hash_cell(0, 2, &checkpoint->root))
		checkpoint->size = dwh_spi_bigint(0, 1);
}

/* Keeps the outcome, past the trigger that refuses everybody's rows. Inside SPI, as dwh_owner. */
static void
insert_check(const DwhVerifyResult *result, int64 tree_size, TimestampTz begun)
{
#define COMMON_COLUMNS \
	{"checked_at", TIMESTAMPTZOID}, {"leaf_from", INT8OID}, {"leaf_to", INT8OID}, {"tree_size", INT8OID}, {"is_intact", BOOLOID}, \
	{"duration_ms", INT8OID}
	static const DwhBulkColumn intact_columns[] = {COMMON_COLUMNS, {"root_hash", BYTEAOID}, {NULL}};
	static const DwhBulkColumn found_columns[] = {COMMON_COLUMNS, {"first_bad_leaf", INT8OID}, {"problem", TEXTOID}, {NULL}};
	Datum		values[8];
	bool		is_intact = result->problem == NULL;
	DwhBulkInsert *bulk = palloc(sizeof(DwhBulkInsert));

	values[0] = TimestampTzGetDatum(begun);
	values[1] = Int64GetDatum(result->leaf_from);
	values[2] = Int64GetDatum(result->leaf_to);
	values[3] = Int64GetDatum(tree_size);
	values[4] = BoolGetDatum(is_intact);
	values[5] = Int64GetDatum(TimestampDifferenceMilliseconds(begun, GetCurrentTimestamp()));
	values[6] = is_intact ? dwh_hash_datum(&result->root) : Int64GetDatum(result->first_bad);
	values[7] = is_intact ? (Datum) 0 : CStringGetTextDatum(result->problem);
	dwh_bulk_begin(bulk, "dwh_log", "audit_check", is_intact ? intact_columns : found_columns);
	dwh_bulk_add(bulk, values);
	dwh_bulk_end(bulk);
	CommandCounterIncrement();
	pfree(bulk);
}

/* Tells of what was found: an event, and a WARNING, which a worker's log has too. */
static void
raise_alarm(const DwhVerifyResult *result)
{
	StringInfoData detail;

	initStringInfo(&detail);
	appendStringInfo(&detail, "{\"first_bad_leaf\": " INT64_FORMAT ", \"problem\": ", result->first_bad);
	escape_json(&detail, result->problem);
	appendStringInfoChar(&detail, '}');
	dwh_audit_append("audit_check", NULL, "failed", detail.data);
	ereport(WARNING,
			(errmsg("the log was tampered with"),
			 errdetail("Leaf " INT64_FORMAT ": %s.", result->first_bad, result->problem),
			 errhint("Keep the database as it is, and compare it with an exported head.")));
}

/*
 * Checks from the last good check on, or everything, at most so many leaves (0: all). Returns whether the end of the tree was reached, or a
 * finding. result must be palloc'ed.
 */
bool
dwh_audit_check(bool is_full, int64 limit, DwhVerifyResult *result)
{
	DwhOwnerSwitch owner;
	DwhKnownRoot checkpoint;
	TimestampTz begun = GetCurrentTimestamp();
	int64		tree_size;
	int64		from;
	MemoryContext old;

	dwh_spi_begin();
	dwh_owner_enter(&owner);
	read_checkpoint(&checkpoint);
	tree_size = dwh_tree_promised_size();
	from = is_full ? 0 : Max(0, Min(checkpoint.size, tree_size));
	old = MemoryContextSwitchTo(GetMemoryChunkContext(result));
	dwh_audit_verify(from, limit > 0 ? Min(from + limit, tree_size) : tree_size, &checkpoint, result);
	MemoryContextSwitchTo(old);
	insert_check(result, tree_size, begun);
	dwh_owner_leave(&owner);
	dwh_spi_end();
	dwh_audit_check_guards();
	if (result->problem != NULL)
		raise_alarm(result);
	return result->problem != NULL || result->leaf_to == tree_size;
}

/* dwh.audit_check(full) */
Datum
dwh_sql_audit_check(PG_FUNCTION_ARGS)
{
	TupleDesc	descriptor;
	DwhVerifyResult *result = palloc(sizeof(DwhVerifyResult));
	Datum		values[5];
	bool		nulls[5] = {0};

	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "audit_check() must return a row");
	(void) dwh_audit_check(PG_GETARG_BOOL(0), 0, result);
	values[0] = BoolGetDatum(result->problem == NULL);
	values[1] = Int64GetDatum(result->leaf_from);
	values[2] = Int64GetDatum(result->leaf_to);
	values[3] = Int64GetDatum(result->first_bad);
	nulls[3] = nulls[4] = result->problem == NULL;
	values[4] = result->problem == NULL ? (Datum) 0 : CStringGetTextDatum(result->problem);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls)));
}

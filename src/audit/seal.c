/*
 * seal.c
 *		Sealing: every committed row of the logs that has no leaf gets one.
 *
 * One sealer at a time, by the lock on audit_leaf; writers of the logs take no lock for it. Rows are found by what is visible, so one
 * that commits later is found by a later seal whatever its id. audit_tree_head.audit_settled and share_settled only keep the search short:
 * an id at or below them was drawn before a moment (a head's sealed_at) since when every transaction that ran then has ended. Where it
 * is not known what runs, they stay where they are.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/lmgr.h"
#include "storage/procarray.h"
#include "utils/backend_status.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "audit/audit.h"
#include "audit/tree.h"
#include "common/bulk_insert.h"
#include "common/owner.h"
#include "common/spi.h"

/* Rows fetched at once. */
#define BATCH 1024

static const char *const leaf_columns[] = {"leaf_index", "source", "source_id", "source_month", "leaf_hash", NULL};
static const char *const node_columns[] = {"level", "node_index", "node_hash", NULL};

/* Leaves and nodes on their way into their tables. */
typedef struct SealBatch
{
	MemoryContext context;		/* of the hashes that wait */
	int64		next_leaf;
	DwhBulkInsert leaves;
	DwhBulkInsert nodes;
} SealBatch;

/* What is known of a backend, by its number from 1 in this transaction's copy of the list. */
static LocalPgBackendStatus *
backend_by_index(int index)
{
#if PG_VERSION_NUM >= 160000
	return pgstat_get_local_beentry_by_index(index);
#else
	return pgstat_fetch_stat_local_beentry(index);
#endif
}

/*
 * The start of the oldest other transaction of this database, infinity where none runs, and -infinity where it cannot be known:
 * some backend does not report (track_activities), or a transaction is prepared.
 */
static TimestampTz
oldest_running(void)
{
	TimestampTz oldest = DT_NOEND;
	int			reported = 0;
	int			running = 0;

	(void) dwh_spi_select("SELECT FROM pg_catalog.pg_prepared_xacts WHERE database = pg_catalog.current_database() LIMIT 1",
						  0, NULL, NULL, NULL, false);
	if (SPI_processed > 0)
		return DT_NOBEGIN;
	pgstat_clear_backend_activity_snapshot();
	for (int i = 1; i <= pgstat_fetch_stat_numbackends(); i++)
	{
		PgBackendStatus *status = &backend_by_index(i)->backendStatus;

		if (status->st_databaseid != MyDatabaseId || status->st_xact_start_timestamp == 0)
			continue;
		reported++;
		if (status->st_procpid != MyProcPid && status->st_xact_start_timestamp < oldest)
			oldest = status->st_xact_start_timestamp;
	}
	(void) GetCurrentVirtualXIDs(InvalidTransactionId, false, false, 0, &running);
	/* ours is not among the running */
	if (!pgstat_track_activities || running > reported - 1)
		return DT_NOBEGIN;
	return oldest;
}

static void
flush(SealBatch *batch)
{
	dwh_bulk_flush(&batch->leaves);
	dwh_bulk_flush(&batch->nodes);
	MemoryContextReset(batch->context);
}

static Datum
hash_in_batch(SealBatch *batch, const DwhHash *hash)
{
	bytea	   *bytes = MemoryContextAlloc(batch->context, VARHDRSZ + DWH_HASH_SIZE);

	SET_VARSIZE(bytes, VARHDRSZ + DWH_HASH_SIZE);
	memcpy(VARDATA(bytes), hash->bytes, DWH_HASH_SIZE);
	return PointerGetDatum(bytes);
}

static void
keep_node(void *arg, int level, int64 number, const DwhHash *hash)
{
	SealBatch  *batch = arg;
	Datum		values[3] = {Int32GetDatum(level), Int64GetDatum(number), hash_in_batch(batch, hash)};

	dwh_bulk_add(&batch->nodes, values);
}

/* Gives every visible row of a log above the settled id that has no leaf one, by id. */
static void
seal_source(const DwhLeafTable *table, int64 settled, DwhTreeBuilder *builder, SealBatch *batch)
{
	Oid			types[1] = {INT8OID};
	Datum		values[1];
	Portal		portal;
	StringInfoData bytes;
	Datum		source = CStringGetTextDatum(table->name);
	MemoryContext row_context = AllocSetContextCreate(CurrentMemoryContext, "dwh_ext seal", ALLOCSET_DEFAULT_SIZES);

	values[0] = Int64GetDatum(settled);
	initStringInfo(&bytes);
	portal = SPI_cursor_open_with_args(NULL,
									   psprintf("SELECT %s FROM %s AS e WHERE e.%s > $1 AND NOT EXISTS (SELECT FROM dwh_log.audit_leaf AS l"
												" WHERE l.source = '%s' AND l.source_id = e.%s AND l.source_month = e.month AND l.source_id > $1) "
												"ORDER BY e.%s, e.month",
												table->columns, table->table, table->id_column, table->name, table->id_column,
												table->id_column),
									   1, types, values, NULL, false, 0);
	for (;;)
	{
		SPI_cursor_fetch(portal, true, BATCH);
		if (SPI_processed == 0)
			break;
		for (uint64 i = 0; i < SPI_processed; i++)
		{
			HeapTuple	row = SPI_tuptable->vals[i];
			TupleDesc	descriptor = SPI_tuptable->tupdesc;
			MemoryContext old = MemoryContextSwitchTo(row_context);
			bool		isnull;
			DwhHash		hash;
			Datum		values[5];

			if (dwh_bulk_is_full(&batch->leaves))
				flush(batch);
			dwh_canonical_row(&bytes, table, row, descriptor);
			dwh_hash_leaf(builder->hasher, bytes.data, bytes.len, &hash);
			MemoryContextSwitchTo(old);
			MemoryContextReset(row_context);
			values[0] = Int64GetDatum(batch->next_leaf++);
			values[1] = source;
			values[2] = SPI_getbinval(row, descriptor, 1, &isnull);
			values[3] = SPI_getbinval(row, descriptor, 2, &isnull);
			values[4] = hash_in_batch(batch, &hash);
			dwh_bulk_add(&batch->leaves, values);
			dwh_tree_add(builder, &hash);
		}
		SPI_freetuptable(SPI_tuptable);
		CHECK_FOR_INTERRUPTS();
	}
	SPI_cursor_close(portal);
	flush(batch);
	MemoryContextDelete(row_context);
}

/* The last number drawn from the sequence of a log, 0 where none was. */
static int64
last_drawn(const DwhLeafTable *table)
{
	(void) dwh_spi_select(psprintf("SELECT coalesce(pg_catalog.pg_sequence_last_value("
								   "pg_catalog.pg_get_serial_sequence('%s', '%s')::regclass), 0)", table->table, table->id_column),
						  0, NULL, NULL, NULL, false);
	return dwh_spi_bigint(0, 1);
}

/* Appends a head. */
static void
insert_head(DwhTreeBuilder *builder, const int64 *drawn, const int64 *settled, TimestampTz sealed_at)
{
	Oid			types[7] = {INT8OID, BYTEAOID, TIMESTAMPTZOID, INT8OID, INT8OID, INT8OID, INT8OID};
	Datum		values[7];
	DwhHash		root;
	bytea	   *bytes = palloc(VARHDRSZ + DWH_HASH_SIZE);

	dwh_tree_root(builder, &root);
	SET_VARSIZE(bytes, VARHDRSZ + DWH_HASH_SIZE);
	memcpy(VARDATA(bytes), root.bytes, DWH_HASH_SIZE);
	values[0] = Int64GetDatum(builder->size);
	values[1] = PointerGetDatum(bytes);
	values[2] = TimestampTzGetDatum(sealed_at);
	for (int i = 0; i < DWH_LEAF_SOURCES; i++)
	{
		values[3 + i] = Int64GetDatum(drawn[i]);
		values[5 + i] = Int64GetDatum(settled[i]);
	}
	(void) dwh_spi_run("INSERT INTO dwh_log.audit_tree_head (tree_size, root_hash, sealed_at, audit_drawn, share_drawn,"
					   "  audit_settled, share_settled) VALUES ($1, $2, $3, $4, $5, $6, $7)",
					   7, types, values, NULL, false, SPI_OK_INSERT);
}

/* Becomes the one sealer until the transaction ends. Without waiting, returns whether it is. */
static bool
lock_tree(bool wait)
{
	Oid			table;

	if (wait)
	{
		dwh_spi_utility("LOCK TABLE dwh_log.audit_leaf IN SHARE ROW EXCLUSIVE MODE");
		return true;
	}
	table = get_relname_relid("audit_leaf", get_namespace_oid("dwh_log", true));
	return OidIsValid(table) && ConditionalLockRelationOid(table, ShareRowExclusiveLock);
}

/*
 * Seals as dwh_owner. Returns the number of new leaves; -1 where it should not wait and somebody else has the tree. Needs READ
 * COMMITTED, in which each statement sees what is committed.
 */
int64
dwh_audit_seal(bool wait)
{
	DwhOwnerSwitch owner;
	DwhTreeBuilder *builder;
	SealBatch  *batch;
	Oid			types[1] = {TIMESTAMPTZOID};
	Datum		values[1];
	int64		drawn[DWH_LEAF_SOURCES];
	int64		known[DWH_LEAF_SOURCES];
	int64		settled[DWH_LEAF_SOURCES];
	int64		before;
	int64		sealed;
	TimestampTz sealed_at;
	MemoryContext context;
	MemoryContext old;

	if (IsolationUsesXactSnapshot())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the log cannot be sealed in this transaction"),
				 errdetail("Its snapshot is older than what is committed by now."),
				 errhint("Call dwh.audit_seal() in a transaction with isolation level READ COMMITTED.")));
	dwh_spi_begin();
	dwh_owner_enter(&owner);
	if (!lock_tree(wait))
	{
		dwh_owner_leave(&owner);
		dwh_spi_end();
		return -1;
	}
	context = AllocSetContextCreate(CurrentMemoryContext, "dwh_ext seal of the log", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(context);

	/* in this order: drawn, then the time; what runs, then the rows */
	for (int i = 0; i < DWH_LEAF_SOURCES; i++)
		drawn[i] = last_drawn(&dwh_leaf_tables[i]);
	sealed_at = GetCurrentTimestamp();
	values[0] = TimestampTzGetDatum(oldest_running());
	(void) dwh_spi_select("SELECT coalesce(max(audit_settled), 0), coalesce(max(share_settled), 0),"
						  "  greatest(max(audit_settled), max(audit_drawn) FILTER (WHERE sealed_at < $1), 0),"
						  "  greatest(max(share_settled), max(share_drawn) FILTER (WHERE sealed_at < $1), 0) "
						  "FROM (SELECT * FROM dwh_log.audit_tree_head ORDER BY head_no DESC LIMIT 1000) AS h",
						  1, types, values, NULL, false);
	for (int i = 0; i < DWH_LEAF_SOURCES; i++)
	{
		known[i] = dwh_spi_bigint(0, 1 + i);
		settled[i] = dwh_spi_bigint(0, 3 + i);
	}

	builder = palloc(sizeof(DwhTreeBuilder));
	batch = palloc0(sizeof(SealBatch));
	batch->context = AllocSetContextCreate(context, "dwh_ext batch of leaves", ALLOCSET_DEFAULT_SIZES);
	before = batch->next_leaf = dwh_tree_size();
	dwh_bulk_begin(&batch->leaves, "dwh_log", "audit_leaf", leaf_columns);
	dwh_bulk_begin(&batch->nodes, "dwh_log", "audit_node", node_columns);
	dwh_tree_begin(builder, before);
	builder->complete = keep_node;
	builder->arg = batch;
	for (int i = 0; i < DWH_LEAF_SOURCES; i++)
		seal_source(&dwh_leaf_tables[i], known[i], builder, batch);
	dwh_bulk_end(&batch->leaves);
	dwh_bulk_end(&batch->nodes);
	sealed = builder->size - before;
	if (sealed > 0 || settled[DWH_LEAF_AUDIT] > known[DWH_LEAF_AUDIT] || settled[DWH_LEAF_SHARE] > known[DWH_LEAF_SHARE])
		insert_head(builder, drawn, settled, sealed_at);
	pg_cryptohash_free(builder->hasher);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	dwh_owner_leave(&owner);
	dwh_spi_end();
	return sealed;
}

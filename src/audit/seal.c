/*
 * seal.c
 *		Sealing: every committed row of the logs that has no leaf gets one.
 *
 * One sealer at a time, by the lock on audit_leaf; writers of the logs take no lock for it. Rows are found by what is visible, so one
 * that commits later is found by a later seal whatever its id. audit_tree_head.audit_settled and share_settled only keep the search short:
 * an id at or below them had been drawn when an earlier head was made, and every transaction that ran then (its column running) has ended.
 * Where it is not known what runs, they stay where they are. No clock is asked. After a restart of the server a new transaction may have
 * the virtual id of an old one: that makes them wait, and nothing else.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "storage/procarray.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "audit/audit.h"
#include "audit/tree.h"
#include "common/bulk_insert.h"
#include "common/compat.h"
#include "common/owner.h"
#include "common/spi.h"

/* Rows fetched at once. */
#define BATCH 1024

static const DwhBulkColumn leaf_columns[] = {
	{"leaf_index", INT8OID}, {"source", TEXTOID}, {"source_id", INT8OID}, {"source_month", DATEOID}, {"leaf_hash", BYTEAOID}, {NULL}
};
static const DwhBulkColumn node_columns[] = {
	{"level", INT4OID}, {"node_index", INT8OID}, {"node_hash", BYTEAOID}, {NULL}
};
static const DwhBulkColumn head_columns[] = {
	{"tree_size", INT8OID}, {"root_hash", BYTEAOID}, {"sealed_at", TIMESTAMPTZOID}, {"audit_drawn", INT8OID}, {"share_drawn", INT8OID},
	{"audit_settled", INT8OID}, {"share_settled", INT8OID}, {"running", TEXTARRAYOID}, {NULL}
};

/* Leaves and nodes on their way into their tables. */
typedef struct SealBatch
{
	MemoryContext context;		/* of the hashes that wait */
	int64		next_leaf;
	DwhBulkInsert leaves;
	DwhBulkInsert nodes;
} SealBatch;

/*
 * The other transactions of this database that run now, by their virtual ids as pg_locks writes them. Whatever the clock did, a transaction
 * that drew an id before is among them or has ended. Returns false where a transaction is prepared: it has no such id any more.
 */
static bool
find_running(Datum *running)
{
	VirtualTransactionId *ids;
	List	   *names = NIL;
	int			count;

	/* in this order: a transaction is among the prepared ones before it leaves the running ones */
	ids = GetCurrentVirtualXIDs(InvalidTransactionId, false, false, 0, &count);
	(void) dwh_spi_select("SELECT FROM pg_catalog.pg_prepared_xacts WHERE database = pg_catalog.current_database() LIMIT 1",
						  0, NULL, NULL, NULL, false);
	if (SPI_processed > 0)
		return false;
	for (int i = 0; i < count; i++)
		names = lappend(names, psprintf("%d/%u", DWH_VIRTUAL_BACKEND(ids[i]), ids[i].localTransactionId));
	*running = dwh_text_array(names);
	return true;
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
	MemoryContext old = MemoryContextSwitchTo(batch->context);
	Datum		value = dwh_hash_datum(hash);

	MemoryContextSwitchTo(old);
	return value;
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
			dwh_canonical_tuple(&bytes, table, row, descriptor);
			dwh_hash_leaf(bytes.data, bytes.len, &hash);
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
	(void) dwh_spi_select(psprintf("SELECT " DWH_LAST_DRAWN, table->table, table->id_column), 0, NULL, NULL, NULL, false);
	return dwh_spi_bigint(0, 1);
}

/*
 * What is settled: known by the heads, and from now on. Asked are the last heads. One that settles more than the head before it had seen
 * drawn, or has seen what was never drawn, was not made here and is not believed.
 */
static void
find_settled(const int64 *drawn, const Datum *running, int64 *known, int64 *settled)
{
	Oid			types[3] = {TEXTARRAYOID, INT8OID, INT8OID};
	Datum		values[3] = {running == NULL ? (Datum) 0 : *running, Int64GetDatum(drawn[DWH_LEAF_AUDIT]), Int64GetDatum(drawn[DWH_LEAF_SHARE])};
	const char	nulls[] = {running == NULL ? 'n' : ' ', ' ', ' '};

	(void) dwh_spi_select("SELECT coalesce(max(h.audit_settled), 0), coalesce(max(h.share_settled), 0),"
						  "  greatest(max(h.audit_settled), max(h.audit_drawn) FILTER (WHERE NOT h.running && $1), 0),"
						  "  greatest(max(h.share_settled), max(h.share_drawn) FILTER (WHERE NOT h.running && $1), 0) "
						  "FROM (SELECT l.*, lag(l.audit_drawn) OVER w AS audit_before, lag(l.share_drawn) OVER w AS share_before"
						  "  FROM (SELECT * FROM dwh_log.audit_tree_head ORDER BY head_no DESC LIMIT 1000) AS l"
						  "  WINDOW w AS (ORDER BY l.head_no)) AS h "
						  "WHERE h.audit_drawn <= $2 AND h.audit_settled <= coalesce(h.audit_before, h.audit_drawn)"
						  "  AND h.share_drawn <= $3 AND h.share_settled <= coalesce(h.share_before, h.share_drawn)",
						  3, types, values, nulls, false);
	for (int i = 0; i < DWH_LEAF_SOURCES; i++)
	{
		known[i] = dwh_spi_bigint(0, 1 + i);
		settled[i] = dwh_spi_bigint(0, 3 + i);
	}
}

/* Appends a head, past the trigger that refuses everybody's rows. */
static void
insert_head(DwhTreeBuilder *builder, const int64 *drawn, const int64 *settled, const Datum *running, TimestampTz sealed_at)
{
	DwhBulkInsert *bulk = palloc(sizeof(DwhBulkInsert));
	DwhBulkColumn columns[lengthof(head_columns)];
	Datum		values[8];
	DwhHash		root;

	dwh_tree_root(builder, &root);
	values[0] = Int64GetDatum(builder->size);
	values[1] = dwh_hash_datum(&root);
	values[2] = TimestampTzGetDatum(sealed_at);
	for (int i = 0; i < DWH_LEAF_SOURCES; i++)
	{
		values[3 + i] = Int64GetDatum(drawn[i]);
		values[5 + i] = Int64GetDatum(settled[i]);
	}
	memcpy(columns, head_columns, sizeof(columns));
	if (running == NULL)
		columns[7].name = NULL;
	else
		values[7] = *running;
	dwh_bulk_begin(bulk, "dwh_log", "audit_tree_head", columns);
	dwh_bulk_add(bulk, values);
	dwh_bulk_end(bulk);
	CommandCounterIncrement();
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
	Datum		running_value;
	Datum	   *running;
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
	/* what a head says may leave the server at once, and then has to outlast a crash */
	ForceSyncCommit();
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

	/* in this order: drawn, then what runs, then the rows */
	for (int i = 0; i < DWH_LEAF_SOURCES; i++)
		drawn[i] = last_drawn(&dwh_leaf_tables[i]);
	sealed_at = GetCurrentTimestamp();
	running = find_running(&running_value) ? &running_value : NULL;
	find_settled(drawn, running, known, settled);

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
		insert_head(builder, drawn, settled, running, sealed_at);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	dwh_owner_leave(&owner);
	dwh_spi_end();
	return sealed;
}

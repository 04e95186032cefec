/*
 * bulk_insert.c
 *		Many rows into one table of ours, a block at a time; see bulk_insert.h.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/namespace.h"
#include "executor/executor.h"
#include "utils/lsyscache.h"

#include "common/bulk_insert.h"

/* See bulk_insert.h. */
void
dwh_bulk_begin(DwhBulkInsert *bulk, const char *schema, const char *table, const char *const *columns)
{
	memset(bulk, 0, sizeof(DwhBulkInsert));
	bulk->table = table_open(get_relname_relid(table, get_namespace_oid(schema, false)), RowExclusiveLock);
	for (; columns[bulk->n_columns] != NULL; bulk->n_columns++)
		bulk->columns[bulk->n_columns] = get_attnum(RelationGetRelid(bulk->table), columns[bulk->n_columns]);
	bulk->indexes = CatalogOpenIndexes(bulk->table);
	/* a description that is counted would be looked for among those of all slots, each time */
	bulk->descriptor = CreateTupleDescCopy(RelationGetDescr(bulk->table));
}

/* See bulk_insert.h. */
void
dwh_bulk_add(DwhBulkInsert *bulk, const Datum *values)
{
	TupleTableSlot *slot;

	Assert(!dwh_bulk_is_full(bulk));
	if (bulk->n_rows == bulk->n_slots)
		bulk->slots[bulk->n_slots++] = MakeSingleTupleTableSlot(bulk->descriptor, &TTSOpsHeapTuple);
	slot = bulk->slots[bulk->n_rows++];
	ExecClearTuple(slot);
	memset(slot->tts_isnull, true, sizeof(bool) * slot->tts_tupleDescriptor->natts);
	for (int i = 0; i < bulk->n_columns; i++)
	{
		slot->tts_values[bulk->columns[i] - 1] = values[i];
		slot->tts_isnull[bulk->columns[i] - 1] = false;
	}
	ExecStoreVirtualTuple(slot);
}

/* See bulk_insert.h. */
void
dwh_bulk_flush(DwhBulkInsert *bulk)
{
	CatalogTuplesMultiInsertWithInfo(bulk->table, bulk->slots, bulk->n_rows, bulk->indexes);
	bulk->n_rows = 0;
}

/* See bulk_insert.h. */
void
dwh_bulk_end(DwhBulkInsert *bulk)
{
	dwh_bulk_flush(bulk);
	for (int i = 0; i < bulk->n_slots; i++)
		ExecDropSingleTupleTableSlot(bulk->slots[i]);
	CatalogCloseIndexes(bulk->indexes);
	table_close(bulk->table, NoLock);
}

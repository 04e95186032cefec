/*
 * bulk_insert.c
 *		Many rows into one table of ours, a block at a time; see bulk_insert.h.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "executor/executor.h"
#include "rewrite/rewriteHandler.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "common/bulk_insert.h"
#include "common/compat.h"

static void
raise_another_table(DwhBulkInsert *bulk)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("table \"%s\" is not the one that the warehouse was made with", RelationGetRelationName(bulk->table)),
			 errdetail("It is no plain table, or its columns have other types."),
			 errhint("Put it back as it was.")));
}

/* Finds the columns that the caller gives, and those that have a default instead. */
static void
find_columns(DwhBulkInsert *bulk, const DwhBulkColumn *given)
{
	int			natts = bulk->descriptor->natts;
	int			n_given;

	bulk->columns = palloc(sizeof(AttrNumber) * natts);
	bulk->defaults = palloc0(sizeof(ExprState *) * natts);
	for (n_given = 0; given[n_given].name != NULL; n_given++)
	{
		AttrNumber	attnum = get_attnum(RelationGetRelid(bulk->table), given[n_given].name);

		if (attnum <= 0 || TupleDescAttr(bulk->descriptor, attnum - 1)->atttypid != given[n_given].type)
			raise_another_table(bulk);
		bulk->columns[n_given] = attnum;
	}
	bulk->n_columns = n_given;
	for (AttrNumber attnum = 1; attnum <= natts; attnum++)
	{
		Form_pg_attribute attribute = TupleDescAttr(bulk->descriptor, attnum - 1);
		bool		is_given = attribute->attisdropped || attribute->attgenerated != '\0';
		Node	   *value;

		for (int i = 0; i < n_given; i++)
			is_given |= bulk->columns[i] == attnum;
		value = is_given ? NULL : build_column_default(bulk->table, attnum);
		if (value == NULL)
			continue;
		bulk->columns[bulk->n_columns] = attnum;
		bulk->defaults[bulk->n_columns++] = ExecPrepareExpr((Expr *) value, bulk->estate);
	}
}

/* See bulk_insert.h. */
void
dwh_bulk_begin(DwhBulkInsert *bulk, const char *schema, const char *table, const DwhBulkColumn *columns)
{
	memset(bulk, 0, sizeof(DwhBulkInsert));
	bulk->table = table_open(get_relname_relid(table, get_namespace_oid(schema, false)), RowExclusiveLock);
	if (bulk->table->rd_rel->relkind != RELKIND_RELATION)
		raise_another_table(bulk);
	/* a description that is counted would be looked for among those of all slots, each time */
	bulk->descriptor = CreateTupleDescCopyConstr(RelationGetDescr(bulk->table));
	bulk->estate = CreateExecutorState();
	bulk->result = makeNode(ResultRelInfo);
	InitResultRelInfo(bulk->result, bulk->table, 0, NULL, 0);
	ExecOpenIndices(bulk->result, false);
	find_columns(bulk, columns);
}

/* See bulk_insert.h. */
void
dwh_bulk_add(DwhBulkInsert *bulk, const Datum *values)
{
	TupleTableSlot *slot;

	Assert(!dwh_bulk_is_full(bulk));
	if (bulk->n_rows == bulk->n_slots)
		bulk->slots[bulk->n_slots++] = MakeSingleTupleTableSlot(bulk->descriptor, table_slot_callbacks(bulk->table));
	slot = bulk->slots[bulk->n_rows++];
	ExecClearTuple(slot);
	memset(slot->tts_isnull, true, sizeof(bool) * slot->tts_tupleDescriptor->natts);
	for (int i = 0; i < bulk->n_columns; i++)
	{
		int			at = bulk->columns[i] - 1;

		slot->tts_isnull[at] = false;
		slot->tts_values[at] = bulk->defaults[i] == NULL ? values[i] :
			ExecEvalExprSwitchContext(bulk->defaults[i], GetPerTupleExprContext(bulk->estate), &slot->tts_isnull[at]);
	}
	ExecStoreVirtualTuple(slot);
}

/* See bulk_insert.h. */
void
dwh_bulk_flush(DwhBulkInsert *bulk)
{
	MemoryContext old = MemoryContextSwitchTo(GetPerTupleMemoryContext(bulk->estate));

	if (bulk->n_rows > 0)
		table_multi_insert(bulk->table, bulk->slots, bulk->n_rows, GetCurrentCommandId(true), 0, NULL);
	for (int i = 0; i < bulk->n_rows; i++)
	{
		bulk->slots[i]->tts_tableOid = RelationGetRelid(bulk->table);
		if (bulk->result->ri_NumIndices > 0)
			(void) ExecInsertIndexTuples(bulk->result, bulk->slots[i], bulk->estate, false, false, NULL, NIL DWH_ONLY_SUMMARIZING);
	}
	MemoryContextSwitchTo(old);
	ResetPerTupleExprContext(bulk->estate);
	bulk->n_rows = 0;
}

/* See bulk_insert.h. */
void
dwh_bulk_end(DwhBulkInsert *bulk)
{
	dwh_bulk_flush(bulk);
	for (int i = 0; i < bulk->n_slots; i++)
		ExecDropSingleTupleTableSlot(bulk->slots[i]);
	ExecCloseIndices(bulk->result);
	FreeExecutorState(bulk->estate);
	table_close(bulk->table, NoLock);
}

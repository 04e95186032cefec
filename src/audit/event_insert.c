/*
 * event_insert.c
 *		An event straight into the partition of its month.
 *
 * Nearly every call of ours appends an event, one at a time, and an INSERT spends most of its time on what is the same each time: it reads
 * the table's CHECKs anew from the catalogue and finds its way to the partition. Here the partition, its CHECKs and the defaults of the other
 * columns are kept by the backend until one of the two tables changes. Everything that INSERT keeps is kept: NOT NULL, CHECKs, indexes,
 * defaults, also those that a site adds. Where a site has added what is not done here (a trigger for INSERT, a generated column, row
 * security for the owner, another shape of partitions), the caller is told so and runs an INSERT.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "partitioning/partbounds.h"
#include "partitioning/partdesc.h"
#include "rewrite/rewriteHandler.h"
#include "storage/lmgr.h"
#include "utils/date.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/partcache.h"
#include "utils/rel.h"

#include "audit/event_insert.h"
#include "common/compat.h"

static const char *const given[DWH_EVENT_COLUMNS] = {
	"occurred_at", "month", "account_id", "person", "session_user_name", "outer_user_name", "client_address", "action", "decision", "object",
	"detail"
};
static const Oid given_types[DWH_EVENT_COLUMNS] = {
	TIMESTAMPTZOID, DATEOID, INT4OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, JSONBOID
};

/* What is kept of the partition used last. */
static struct
{
	bool		is_known;		/* what follows is up to date */
	bool		is_fit;			/* for this way of inserting */
	Oid			table;
	Oid			partition;
	DateADT		from;			/* the months of the partition */
	DateADT		until;
	EState	   *estate;			/* holds what is kept below */
	AttrNumber	columns[DWH_EVENT_COLUMNS]; /* of the partition, in the order of given */
	int			n_defaults;
	AttrNumber *default_columns;
	ExprState **defaults;
	ExprState **checks;
}			kept;

/* Relcache callback: one of the two tables was changed; InvalidOid stands for all. */
static void
note_relation(Datum arg, Oid relid)
{
	if (!OidIsValid(relid) || relid == kept.table || relid == kept.partition)
		kept.is_known = false;
}

static bool
has_insert_trigger(Relation relation)
{
	TriggerDesc *triggers = relation->trigdesc;

	return triggers != NULL &&
		(triggers->trig_insert_before_row || triggers->trig_insert_after_row || triggers->trig_insert_instead_row ||
		 triggers->trig_insert_before_statement || triggers->trig_insert_after_statement || triggers->trig_insert_new_table);
}

/* The place of a column among those of the caller, -1 where it is none. */
static int
given_place(const char *name)
{
	for (int i = 0; i < DWH_EVENT_COLUMNS; i++)
		if (strcmp(given[i], name) == 0)
			return i;
	return -1;
}

/* Keeps where the values go and the defaults of the other columns, which are those of the table. False where that cannot be done here. */
static bool
learn_columns(Relation table, Relation partition)
{
	TupleDesc	descriptor = RelationGetDescr(partition);
	int			n_given = 0;

	kept.default_columns = palloc(sizeof(AttrNumber) * descriptor->natts);
	kept.defaults = palloc(sizeof(ExprState *) * descriptor->natts);
	kept.n_defaults = 0;
	for (int i = 0; i < descriptor->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(descriptor, i);
		int			place = given_place(NameStr(attribute->attname));
		Node	   *value;

		if (attribute->attisdropped)
			continue;
		if (attribute->attgenerated != '\0')
			return false;
		if (place >= 0)
		{
			if (attribute->atttypid != given_types[place])
				return false;
			kept.columns[place] = attribute->attnum;
			n_given++;
			continue;
		}
		value = build_column_default(table, get_attnum(RelationGetRelid(table), NameStr(attribute->attname)));
		if (value == NULL)
			continue;
		kept.default_columns[kept.n_defaults] = attribute->attnum;
		kept.defaults[kept.n_defaults++] = ExecPrepareExpr((Expr *) value, kept.estate);
	}
	return n_given == DWH_EVENT_COLUMNS;
}

static void
learn_checks(Relation partition)
{
	TupleConstr *constraints = RelationGetDescr(partition)->constr;
	int			n = constraints == NULL ? 0 : constraints->num_check;

	kept.checks = palloc0(sizeof(ExprState *) * (n + 1));
	for (int i = 0; i < n; i++)
		if (DWH_CHECK_IS_ENFORCED(constraints->check[i]))
			kept.checks[i] = ExecPrepareExpr((Expr *) stringToNode(constraints->check[i].ccbin), kept.estate);
}

/* Finds the partition of a month and its bounds. False where there is none, or the table is not partitioned by month alone. */
static bool
find_partition(Relation table, DateADT month)
{
	PartitionKey key;
	PartitionDesc partitions;
	PartitionBoundInfo bounds;
	Datum		value = DateADTGetDatum(month);
	bool		is_equal;
	int			at;

	if (table->rd_rel->relkind != RELKIND_PARTITIONED_TABLE)
		return false;
	key = RelationGetPartitionKey(table);
	partitions = RelationGetPartitionDesc(table, false);
	bounds = partitions->boundinfo;
	if (key->strategy != PARTITION_STRATEGY_RANGE || key->partnatts != 1 || key->parttypid[0] != DATEOID || partitions->nparts == 0)
		return false;
	at = partition_range_datum_bsearch(key->partsupfunc, key->partcollation, bounds, 1, &value, &is_equal);
	if (at < 0 || at + 1 >= bounds->ndatums || bounds->indexes[at + 1] < 0 || !partitions->is_leaf[bounds->indexes[at + 1]] ||
		bounds->kind[at][0] != PARTITION_RANGE_DATUM_VALUE || bounds->kind[at + 1][0] != PARTITION_RANGE_DATUM_VALUE)
		return false;
	kept.partition = partitions->oids[bounds->indexes[at + 1]];
	kept.from = DatumGetDateADT(bounds->datums[at][0]);
	kept.until = DatumGetDateADT(bounds->datums[at + 1][0]);
	return true;
}

/* Keeps what inserting into the partition of a month takes. Locks both tables for writing. */
static void
learn(DateADT month)
{
	static bool is_watching = false;
	Relation	table;
	Relation	partition;
	MemoryContext old;

	if (!is_watching)
		CacheRegisterRelcacheCallback(note_relation, (Datum) 0);
	is_watching = true;
	if (kept.estate != NULL)
		FreeExecutorState(kept.estate);
	memset(&kept, 0, sizeof(kept));
	kept.table = get_relname_relid("audit_event", get_namespace_oid("dwh_log", true));
	if (!OidIsValid(kept.table))
		return;
	table = table_open(kept.table, RowExclusiveLock);
	if (find_partition(table, month))
	{
		partition = table_open(kept.partition, RowExclusiveLock);
		kept.is_known = true;	/* unless a message arrives from here on */
		old = MemoryContextSwitchTo(CacheMemoryContext);
		kept.estate = CreateExecutorState();
		MemoryContextSwitchTo(kept.estate->es_query_cxt);
		learn_checks(partition);
		kept.is_fit = learn_columns(table, partition) && !has_insert_trigger(table) && !has_insert_trigger(partition) &&
			table->rd_rules == NULL && partition->rd_rel->relkind == RELKIND_RELATION && !table->rd_rel->relforcerowsecurity;
		MemoryContextSwitchTo(old);
		table_close(partition, NoLock);
	}
	table_close(table, NoLock);
}

/* Makes what is kept right for a month, with both tables locked for writing. Returns whether the row can be inserted here. */
static bool
prepare(DateADT month)
{
	for (;;)
	{
		if (!kept.is_known || month < kept.from || month >= kept.until)
		{
			learn(month);
			if (!kept.is_known)
				return false;
		}
		if (!kept.is_fit)
			return false;
		/* a lock brings messages of changes along */
		LockRelationOid(kept.table, RowExclusiveLock);
		LockRelationOid(kept.partition, RowExclusiveLock);
		if (kept.is_known)
			return true;
	}
}

static void
fill(TupleTableSlot *slot, EState *estate, const Datum *values, const char *nulls)
{
	memset(slot->tts_isnull, true, sizeof(bool) * slot->tts_tupleDescriptor->natts);
	for (int i = 0; i < DWH_EVENT_COLUMNS; i++)
	{
		slot->tts_values[kept.columns[i] - 1] = values[i];
		slot->tts_isnull[kept.columns[i] - 1] = nulls[i] == 'n';
	}
	for (int i = 0; i < kept.n_defaults; i++)
	{
		int			at = kept.default_columns[i] - 1;

		slot->tts_values[at] = ExecEvalExprSwitchContext(kept.defaults[i], GetPerTupleExprContext(estate), &slot->tts_isnull[at]);
	}
	ExecStoreVirtualTuple(slot);
}

/* See event_insert.h. */
bool
dwh_event_insert(const Datum *values, const char *nulls)
{
	Relation	partition;
	EState	   *estate;
	ResultRelInfo *result;
	TupleTableSlot *slot;
	MemoryContext old;

	PreventCommandIfReadOnly("INSERT");
	PreventCommandIfParallelMode("INSERT");
	if (!prepare(DatumGetDateADT(values[1])))
		return false;
	partition = table_open(kept.partition, NoLock);
	estate = CreateExecutorState();
	old = MemoryContextSwitchTo(estate->es_query_cxt);
	result = makeNode(ResultRelInfo);
	InitResultRelInfo(result, partition, 0, NULL, 0);
	ExecOpenIndices(result, false);
	slot = MakeSingleTupleTableSlot(RelationGetDescr(partition), table_slot_callbacks(partition));
	fill(slot, estate, values, nulls);
	result->DWH_RI_CHECKS = kept.checks;
	if (RelationGetDescr(partition)->constr != NULL)
		ExecConstraints(result, slot, estate);
	table_tuple_insert(partition, slot, GetCurrentCommandId(true), 0, NULL);
	if (result->ri_NumIndices > 0)
		(void) ExecInsertIndexTuples(result, slot, estate, false, false, NULL, NIL DWH_ONLY_SUMMARIZING);
	ExecDropSingleTupleTableSlot(slot);
	ExecCloseIndices(result);
	MemoryContextSwitchTo(old);
	FreeExecutorState(estate);
	table_close(partition, NoLock);
	CommandCounterIncrement();
	return true;
}

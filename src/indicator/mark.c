/*
 * mark.c
 *		Marks of changed cells, kept in memory until the transaction commits; see mark.h.
 *
 * Marks stand in one array in the order they were made, and in a hash that finds those not yet written. Each knows the nesting
 * level of the subtransaction it was made in, which never falls along the array: what a rolled back savepoint marked is its tail.
 * Marks that were written before the end of the transaction (a refresh in the same one) stay in the array with the level they
 * were written at: when that subtransaction is rolled back, so are the rows, and the marks count again.
 *
 * Months and units are taken from the row by the columns that the trigger's arguments name, so that a trigger reads no table.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/partition.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "partitioning/partbounds.h"
#include "partitioning/partdesc.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/partcache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "common/guc.h"
#include "common/owner.h"
#include "common/spi.h"
#include "indicator/indicator.h"
#include "indicator/mark.h"

/* Unit columns of one subject: its own and those of measures. */
#define MAX_UNIT_COLUMNS 8

#define INSERT_SQL \
	"INSERT INTO dwh_log.cell_mark (subject_id, unit_column, unit_id, month_from, month_to) " \
	"SELECT * FROM unnest($1, $2, $3, $4, $5)"

typedef struct Entry
{
	DwhMark		mark;
	int			level;			/* nesting level of the subtransaction it was made in */
	int			written_level;	/* that in which it was written, 0 while it is not */
} Entry;

/* What a trigger on one table marks, worked out once a statement. */
typedef struct RowMarker
{
	int			subject_id;
	AttrNumber	month;
	int			ncolumns;
	AttrNumber	units[MAX_UNIT_COLUMNS];
	int			columns[MAX_UNIT_COLUMNS];
} RowMarker;

static MemoryContext mark_context;	/* lives as long as the transaction; NULL while nothing is marked */
static Entry *entries;
static int	n_entries;
static int	max_entries;
static int	n_written;
static HTAB *unwritten;			/* of DwhMark */
static DwhMark last_mark;		/* rows of a cell come together: the mark made last is looked at first */
static bool has_last_mark;
static List *column_names;		/* of char *, in TopMemoryContext; number 1 is the first */

PG_FUNCTION_INFO_V1(dwh_sql_mark_row);
PG_FUNCTION_INFO_V1(dwh_sql_mark_truncate);
PG_FUNCTION_INFO_V1(dwh_sql_mark_dimension);
PG_FUNCTION_INFO_V1(dwh_sql_marks_changes);

/* ------------------------------------------------------------------ the marks of the transaction */

/* The number of a unit column that is not the subject's own. */
int
dwh_mark_column(const char *name)
{
	MemoryContext old;
	ListCell   *lc;

	foreach(lc, column_names)
		if (strcmp(lfirst(lc), name) == 0)
			return foreach_current_index(lc) + 1;
	old = MemoryContextSwitchTo(TopMemoryContext);
	column_names = lappend(column_names, pstrdup(name));
	MemoryContextSwitchTo(old);
	return list_length(column_names);
}

static void
begin_marks(void)
{
	HASHCTL		ctl = {0};

	mark_context = AllocSetContextCreate(TopMemoryContext, "dwh_ext marks", ALLOCSET_DEFAULT_SIZES);
	ctl.keysize = ctl.entrysize = sizeof(DwhMark);
	ctl.hcxt = mark_context;
	unwritten = hash_create("dwh_ext marks", 1024, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	max_entries = 1024;
	entries = MemoryContextAlloc(mark_context, max_entries * sizeof(Entry));
	n_entries = n_written = 0;
	has_last_mark = false;
}

/* Forgets everything, at the end of the transaction. */
static void
end_marks(void)
{
	if (mark_context == NULL)
		return;
	MemoryContextDelete(mark_context);
	mark_context = NULL;
	entries = NULL;
	unwritten = NULL;
	n_entries = n_written = 0;
	has_last_mark = false;
}

/* Marks cells in the current (sub)transaction. */
void
dwh_mark_add(const DwhMark *mark)
{
	bool		found;

	if (has_last_mark && memcmp(mark, &last_mark, sizeof(DwhMark)) == 0)
		return;
	if (mark_context == NULL)
		begin_marks();
	if (n_entries == max_entries)
	{
		entries = repalloc_huge(entries, 2 * (Size) max_entries * sizeof(Entry));
		max_entries *= 2;
	}
	(void) hash_search(unwritten, mark, HASH_ENTER, &found);
	if (!found)
	{
		entries[n_entries].mark = *mark;
		entries[n_entries].level = GetCurrentTransactionNestLevel();
		entries[n_entries++].written_level = 0;
	}
	last_mark = *mark;
	has_last_mark = true;
}

/* The marks that are not written yet, as parameters of INSERT_SQL. Returns how many. */
static int
collect_unwritten(Datum *values)
{
	Datum	   *columns[5];
	bool	   *nulls[5];
	int			n = 0;
	int			dims[1];
	int			lower[1] = {1};
	static const Oid types[5] = {INT4OID, TEXTOID, INT4OID, DATEOID, DATEOID};

	for (int c = 0; c < 5; c++)
	{
		columns[c] = palloc(n_entries * sizeof(Datum));
		nulls[c] = palloc0(n_entries * sizeof(bool));
	}
	for (int i = 0; i < n_entries; i++)
	{
		const DwhMark *mark = &entries[i].mark;

		if (entries[i].written_level > 0)
			continue;
		columns[0][n] = Int32GetDatum(mark->subject_id);
		nulls[1][n] = mark->column == 0;
		columns[1][n] = mark->column == 0 ? (Datum) 0 : CStringGetTextDatum(list_nth(column_names, mark->column - 1));
		columns[2][n] = Int32GetDatum(mark->unit_id);
		nulls[2][n] = mark->unit_id == 0;
		columns[3][n] = DateADTGetDatum(mark->from);
		columns[4][n] = DateADTGetDatum(mark->to);
		n++;
	}
	dims[0] = n;
	for (int c = 0; c < 5; c++)
	{
		int16		length;
		bool		by_value;
		char		align;

		get_typlenbyvalalign(types[c], &length, &by_value, &align);
		values[c] = PointerGetDatum(construct_md_array(columns[c], nulls[c], 1, dims, lower, types[c], length, by_value, align));
	}
	return n;
}

/* Whether the log of marks stands; it may have been dropped in this very transaction. */
static bool
log_exists(void)
{
	Oid			schema = get_namespace_oid("dwh_log", true);

	return OidIsValid(schema) && OidIsValid(dwh_owner_oid()) && OidIsValid(get_relname_relid("cell_mark", schema));
}

/* Writes the marks of this transaction that are not written yet. */
void
dwh_marks_flush(void)
{
	static SPIPlanPtr plan = NULL;
	MemoryContext context;
	MemoryContext old;
	DwhOwnerSwitch owner;
	Datum		values[5];
	int			level = GetCurrentTransactionNestLevel();

	if (n_entries == n_written || !log_exists())
		return;
	context = AllocSetContextCreate(CurrentMemoryContext, "dwh_ext marks written", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(context);
	(void) collect_unwritten(values);
	dwh_owner_enter_unchecked(&owner);
	dwh_spi_begin();
	PushActiveSnapshot(GetTransactionSnapshot());
	if (plan == NULL)
	{
		Oid			types[5] = {INT4ARRAYOID, TEXTARRAYOID, INT4ARRAYOID, DATEARRAYOID, DATEARRAYOID};

		plan = SPI_prepare(INSERT_SQL, 5, types);
		if (plan == NULL || SPI_keepplan(plan) != 0)
			elog(ERROR, "cannot prepare the statement that writes marks");
	}
	if (SPI_execute_plan(plan, values, NULL, false, 0) != SPI_OK_INSERT)
		elog(ERROR, "marks could not be written");
	PopActiveSnapshot();
	dwh_spi_end();
	dwh_owner_leave(&owner);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);

	for (int i = 0; i < n_entries; i++)
		if (entries[i].written_level == 0)
		{
			(void) hash_search(unwritten, &entries[i].mark, HASH_REMOVE, NULL);
			entries[i].written_level = level;
		}
	n_written = n_entries;
	has_last_mark = false;
}

/* A subtransaction is rolled back: its marks vanish, and those that it wrote count again. */
static void
abort_level(int level)
{
	while (n_entries > 0 && entries[n_entries - 1].level >= level)
	{
		Entry	   *entry = &entries[--n_entries];

		if (entry->written_level == 0)
			(void) hash_search(unwritten, &entry->mark, HASH_REMOVE, NULL);
		else
			n_written--;
	}
	for (int i = 0; i < n_entries && n_written > 0; i++)
		if (entries[i].written_level >= level)
		{
			entries[i].written_level = 0;
			n_written--;
			/* marked again since: that one may be gone with the subtransaction, so the earlier one stands for both */
			(void) hash_search(unwritten, &entries[i].mark, HASH_ENTER, NULL);
		}
	has_last_mark = false;
}

/* A subtransaction ends well: what it did is its parent's. */
static void
commit_level(int level)
{
	for (int i = n_entries - 1; i >= 0 && entries[i].level >= level; i--)
		entries[i].level = level - 1;
	for (int i = 0; i < n_entries && n_written > 0; i++)
		if (entries[i].written_level >= level)
			entries[i].written_level = level - 1;
}

static void
at_subtransaction_end(SubXactEvent event, SubTransactionId subid, SubTransactionId parent, void *arg)
{
	if (mark_context == NULL)
		return;
	if (event == SUBXACT_EVENT_ABORT_SUB)
		abort_level(GetCurrentTransactionNestLevel());
	else if (event == SUBXACT_EVENT_COMMIT_SUB)
		commit_level(GetCurrentTransactionNestLevel());
}

static void
at_transaction_end(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
		case XACT_EVENT_PRE_PREPARE:
			if (mark_context != NULL && n_entries > n_written)
			{
				/* SET TRANSACTION READ ONLY after the rows were written does not undo them */
				XactReadOnly = false;
				dwh_marks_flush();
			}
			break;
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PREPARE:
			end_marks();
			break;
		default:
			break;
	}
}

/* Watches the ends of transactions. */
void
dwh_mark_init(void)
{
	RegisterXactCallback(at_transaction_end, NULL);
	RegisterSubXactCallback(at_subtransaction_end, NULL);
}

/*
 * Whether rows of the subject's months may have changed since the last refresh, as the active snapshot and this transaction see it.
 * A changed row of a dimension may reach any of them. Expects SPI and dwh_owner.
 */
bool
dwh_marks_pending(int subject_id, DateADT from, DateADT to)
{
	Oid			types[3] = {INT4OID, DATEOID, DATEOID};
	Datum		values[3];

	for (int i = 0; i < n_entries; i++)
		if (entries[i].written_level == 0 && entries[i].mark.subject_id == subject_id &&
			entries[i].mark.from <= to && entries[i].mark.to >= from)
			return true;
	values[0] = Int32GetDatum(subject_id);
	values[1] = DateADTGetDatum(from);
	values[2] = DateADTGetDatum(to);
	return dwh_spi_select("SELECT 1 FROM dwh_log.cell_mark WHERE subject_id = $1 AND month_from <= $3 AND month_to >= $2 LIMIT 1",
						  3, types, values, NULL, true) > 0;
}

/* ------------------------------------------------------------------ triggers */

static void
refuse_protocol(const char *function)
{
	ereport(ERROR,
			(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
			 errmsg("dwh_internal.%s() was not called as the trigger that dwh_internal.watch_subject() makes", function)));
}

/* The column of that name and type; raises 39P01. */
static AttrNumber
need_column(TupleDesc desc, const char *name, Oid type)
{
	int			column = SPI_fnumber(desc, name);

	if (column <= 0 || TupleDescAttr(desc, column - 1)->atttypid != type)
		refuse_protocol("mark_row");
	return (AttrNumber) column;
}

/* What the trigger marks, from its arguments: subject_id, month column, unit column, further unit columns. */
static RowMarker *
make_marker(FunctionCallInfo fcinfo, TriggerData *trigger)
{
	Trigger    *made = trigger->tg_trigger;
	TupleDesc	desc = RelationGetDescr(trigger->tg_relation);
	RowMarker  *marker = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(RowMarker));

	if (made->tgnargs < 3 || made->tgnargs > 2 + MAX_UNIT_COLUMNS)
		refuse_protocol("mark_row");
	marker->subject_id = pg_strtoint32(made->tgargs[0]);
	marker->month = need_column(desc, made->tgargs[1], DATEOID);
	for (int i = 2; i < made->tgnargs; i++)
	{
		marker->units[marker->ncolumns] = need_column(desc, made->tgargs[i], INT4OID);
		marker->columns[marker->ncolumns++] = i == 2 ? 0 : dwh_mark_column(made->tgargs[i]);
	}
	fcinfo->flinfo->fn_extra = marker;
	return marker;
}

/* Marks the cells of one row; one without month or unit counts nowhere. */
static void
mark_tuple(const RowMarker *marker, HeapTuple row, TupleDesc desc)
{
	bool		is_null;
	Datum		month = heap_getattr(row, marker->month, desc, &is_null);
	DwhMark		mark;

	if (is_null || DATE_NOT_FINITE(DatumGetDateADT(month)))
		return;
	memset(&mark, 0, sizeof(mark));
	mark.subject_id = marker->subject_id;
	mark.from = mark.to = DatumGetDateADT(month);
	for (int i = 0; i < marker->ncolumns; i++)
	{
		Datum		unit = heap_getattr(row, marker->units[i], desc, &is_null);

		if (is_null)
			continue;
		mark.unit_id = DatumGetInt32(unit);
		mark.column = marker->columns[i];
		dwh_mark_add(&mark);
	}
}

/* dwh_internal.mark_row(): row trigger AFTER INSERT, UPDATE or DELETE on a subject's table. */
Datum
dwh_sql_mark_row(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	RowMarker  *marker = fcinfo->flinfo->fn_extra;
	TupleDesc	desc;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(trigger->tg_event) || !TRIGGER_FIRED_FOR_ROW(trigger->tg_event))
		refuse_protocol("mark_row");
	if (marker == NULL)
		marker = make_marker(fcinfo, trigger);
	desc = RelationGetDescr(trigger->tg_relation);
	mark_tuple(marker, trigger->tg_trigtuple, desc);
	if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
		mark_tuple(marker, trigger->tg_newtuple, desc);
	return PointerGetDatum(NULL);
}

/*
 * Narrows the months to those that a leaf holds, where it is a range partition by one date directly below the subject's table. Of
 * any other table all months are taken.
 */
static void
narrow_to_leaf(Relation rel, DwhMark *mark)
{
	Relation	parent;
	PartitionKey key;
	PartitionDesc desc;

	if (!rel->rd_rel->relispartition)
		return;
	parent = relation_open(get_partition_parent(RelationGetRelid(rel), false), AccessShareLock);
	key = RelationGetPartitionKey(parent);
	desc = RelationGetPartitionDesc(parent, true);
	if (!parent->rd_rel->relispartition && key->strategy == PARTITION_STRATEGY_RANGE && key->partnatts == 1 &&
		key->parttypid[0] == DATEOID && desc->boundinfo != NULL)
	{
		PartitionBoundInfo bounds = desc->boundinfo;

		for (int i = 0; i < bounds->ndatums; i++)
			if (bounds->indexes[i] >= 0 && desc->oids[bounds->indexes[i]] == RelationGetRelid(rel))
			{
				if (i > 0 && bounds->kind[i - 1][0] == PARTITION_RANGE_DATUM_VALUE)
					mark->from = dwh_month_start(DatumGetDateADT(bounds->datums[i - 1][0]));
				if (bounds->kind[i][0] == PARTITION_RANGE_DATUM_VALUE)
					mark->to = dwh_month_start(DatumGetDateADT(bounds->datums[i][0]) - 1);
			}
	}
	relation_close(parent, NoLock);
}

/* dwh_internal.mark_truncate(): statement trigger AFTER TRUNCATE on a subject's table and its leaves; its argument is the subject_id. */
Datum
dwh_sql_mark_truncate(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	DwhMark		mark;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(trigger->tg_event) || !TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event) ||
		trigger->tg_trigger->tgnargs != 1)
		refuse_protocol("mark_truncate");
	memset(&mark, 0, sizeof(mark));
	mark.subject_id = pg_strtoint32(trigger->tg_trigger->tgargs[0]);
	mark.from = DATEVAL_NOBEGIN;
	mark.to = DATEVAL_NOEND;
	narrow_to_leaf(trigger->tg_relation, &mark);
	dwh_mark_add(&mark);
	return PointerGetDatum(NULL);
}

/* Marks what refers to the changed rows of a table, whatever may be compared in them: by their keys where facts do so themselves. */
static void
mark_lookups(TriggerData *trigger)
{
	Oid			types[1] = {OIDOID};
	Datum		values[1] = {ObjectIdGetDatum(RelationGetRelid(trigger->tg_relation))};
	uint64		n = dwh_spi_select("SELECT s.subject_id, quote_literal(l.column_name), quote_ident(l.key_name)"
								   " FROM dwh_catalog.subject s JOIN pg_class c ON c.oid = s.relation"
								   " CROSS JOIN dwh_internal.list_lookups(c.oid) l WHERE l.lookup = $1", 1, types, values, NULL, false);
	StringInfoData sql;

	if (n == 0)
		return;
	initStringInfo(&sql);
	for (uint64 i = 0; i < n; i++)
	{
		appendStringInfoString(&sql, i == 0 ? "INSERT INTO dwh_log.cell_mark (subject_id, row_column, row_key, month_from, month_to) " : " UNION ALL ");
		if (dwh_spi_isnull(i, 2))
			appendStringInfo(&sql, "SELECT %d, NULL, NULL, '-infinity'::date, 'infinity'::date"
							 " WHERE EXISTS (SELECT FROM rows_after n JOIN rows_before o USING (%s) WHERE n *<> o)",
							 dwh_spi_int(i, 1), dwh_spi_text(i, 3));
		else
			appendStringInfo(&sql, "SELECT %d, %s, to_jsonb(n.%s) #>> '{}', '-infinity'::date, 'infinity'::date"
							 " FROM rows_after n JOIN rows_before o USING (%s) WHERE n *<> o",
							 dwh_spi_int(i, 1), dwh_spi_text(i, 2), dwh_spi_text(i, 3), dwh_spi_text(i, 3));
	}
	(void) dwh_spi_run(sql.data, 0, NULL, NULL, NULL, false, SPI_OK_INSERT);
}

/* dwh_internal.mark_dimension(): statement trigger AFTER UPDATE on a table that formulas look into, with rows_before and rows_after. */
Datum
dwh_sql_mark_dimension(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	DwhOwnerSwitch owner;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(trigger->tg_event) || !TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ||
		trigger->tg_oldtable == NULL || trigger->tg_newtable == NULL)
		refuse_protocol("mark_dimension");
	if (!dwh_warehouse_exists())
		return PointerGetDatum(NULL);
	dwh_owner_enter(&owner);
	dwh_spi_begin();
	if (SPI_register_trigger_data(trigger) != SPI_OK_TD_REGISTER)
		elog(ERROR, "the changed rows cannot be read");
	mark_lookups(trigger);
	dwh_spi_end();
	dwh_owner_leave(&owner);
	return PointerGetDatum(NULL);
}

/* dwh_internal.marks_changes(): whether row triggers mark; the WHEN of each. */
Datum
dwh_sql_marks_changes(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(dwh_mark_changes);
}

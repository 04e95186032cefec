/*
 * verify.c
 *		Verifying the logs against their tree.
 *
 * Leaves are read in order, a batch at a time; the rows they stand for are fetched by month and id and hashed again. The tree grows anew
 * from the leaves, on what is stored before the first; its nodes and roots must be those of audit_node and audit_tree_head. What it
 * finds first, by leaf, is the answer.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "common/base64.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "audit/tree.h"
#include "common/owner.h"
#include "common/spi.h"

#define BATCH 8192

typedef enum LeafState
{
	LEAF_MISSING,
	LEAF_TWICE,
	LEAF_MISSING_ROW,
	LEAF_FALSELY_ARCHIVED,
	LEAF_ARCHIVED_EARLY,
	LEAF_CHANGED,
	LEAF_ARCHIVED,
	LEAF_INTACT
} LeafState;

typedef struct Leaf
{
	int64		index;
	int64		id;
	DateADT		month;
	uint8		source;
	uint8		state;			/* LeafState */
	bool		has_hash;
	DwhHash		hash;
} Leaf;

typedef struct Verification
{
	DwhVerifyResult *result;
	DwhTreeBuilder *builder;
	const DwhKnownRoot *known;	/* from elsewhere */
	DwhKnownRoot *heads;		/* of the sizes that come next, by size */
	int			head_count;
	int			next_head;
	int64		good_size;		/* of the last head that came out */
	MemoryContext batch_context;
	Leaf	   *leaves;			/* of a batch, by index */
	int			batch_size;
	Leaf	  **sorted;			/* those that there are */
	int			leaf_count;
	DwhArchivedMonth *archived;
	int			archived_count;
} Verification;

/* Notes a finding unless an earlier leaf has one. The text is copied to where the result is: SPI's memory ends before it. */
static void
find(DwhVerifyResult *result, int64 leaf, const char *problem)
{
	if (result->problem != NULL && result->first_bad <= leaf)
		return;
	result->first_bad = leaf;
	result->problem = MemoryContextStrdup(GetMemoryChunkContext(result), problem);
}

static int
compare_leaves(const void *a, const void *b)
{
	const Leaf *x = *(Leaf *const *) a;
	const Leaf *y = *(Leaf *const *) b;

	if (x->source != y->source)
		return x->source < y->source ? -1 : 1;
	if (x->month != y->month)
		return x->month < y->month ? -1 : 1;
	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return 0;
}

/* Takes a leaf of the batch. */
static void
take_leaf(void *arg, TupleTableSlot *row)
{
	Verification *state = arg;
	Leaf	   *leaf = &state->leaves[DatumGetInt64(row->tts_values[0]) - state->leaves[0].index];

	if (leaf->state != LEAF_MISSING)
	{
		leaf->state = LEAF_TWICE;
		return;
	}
	leaf->id = DatumGetInt64(row->tts_values[1]);
	leaf->month = DatumGetDateADT(row->tts_values[2]);
	leaf->source = DatumGetBool(row->tts_values[3]) ? DWH_LEAF_SHARE : DWH_LEAF_AUDIT;
	leaf->state = LEAF_MISSING_ROW;
	leaf->has_hash = dwh_tree_hash_value(TupleDescAttr(row->tts_tupleDescriptor, 4)->atttypid, row->tts_values[4], row->tts_isnull[4],
										 &leaf->hash);
	state->sorted[state->leaf_count++] = leaf;
}

/* Reads the leaves from an index on that are the next batch. */
static void
read_leaves(Verification *state, int64 from)
{
	Oid			types[2] = {INT8OID, INT8OID};
	Datum		values[2];

	state->batch_size = (int) Min(BATCH, state->result->leaf_to - from);
	state->leaf_count = 0;
	for (int i = 0; i < state->batch_size; i++)
	{
		state->leaves[i].index = from + i;
		state->leaves[i].state = LEAF_MISSING;
	}
	values[0] = Int64GetDatum(from);
	values[1] = Int64GetDatum(from + state->batch_size);
	dwh_spi_select_each("SELECT leaf_index::bigint, source_id::bigint, source_month::date, source = 'share', leaf_hash "
						"FROM dwh_log.audit_leaf WHERE leaf_index >= $1 AND leaf_index < $2", 2, types, values, take_leaf, state);
}

/* The archived month of a leaf, NULL where audit_archive does not name it. */
static DwhArchivedMonth *
find_archived(Verification *state, const Leaf *leaf)
{
	for (int i = 0; i < state->archived_count; i++)
		if (state->archived[i].source == leaf->source && state->archived[i].month == leaf->month)
			return &state->archived[i];
	return NULL;
}

/* Marks leaves of one log and month whose row is not there as archived, where a sealed event later than they says so. */
static void
mark_archived(Verification *state, Leaf **leaves, int count)
{
	DwhArchivedMonth *archived = find_archived(state, leaves[0]);

	for (int i = 0; i < count && archived != NULL; i++)
	{
		if (leaves[i]->state != LEAF_MISSING_ROW)
			continue;
		leaves[i]->state = archived->event_leaf <= leaves[i]->index ? LEAF_FALSELY_ARCHIVED :
			archived->is_early ? LEAF_ARCHIVED_EARLY : LEAF_ARCHIVED;
		if (archived->missing++ == 0 || archived->first_missing > leaves[i]->index)
			archived->first_missing = leaves[i]->index;
	}
}

/* Leaves of one log and month, by id, whose rows come in any order. */
typedef struct RowCheck
{
	const DwhLeafTable *table;
	Leaf	  **leaves;
	int			count;
	int			next;			/* after those of the last row */
	StringInfoData bytes;
	MemoryContext context;		/* of what a row takes */
} RowCheck;

/* The first leaf that is of no row before this one. */
static int
find_leaf(const RowCheck *check, int64 id)
{
	int			low = 0;
	int			high = check->count;

	/* as a rule rows come by id */
	if (check->next < check->count && check->leaves[check->next]->id == id)
		return check->next;
	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (check->leaves[middle]->id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Hashes a row and compares. */
static void
check_row(void *arg, TupleTableSlot *row)
{
	RowCheck   *check = arg;
	int64		id = DatumGetInt64(row->tts_values[0]);
	int			first = find_leaf(check, id);
	MemoryContext old;
	DwhHash		hash;

	if (first == check->count || check->leaves[first]->id != id)
		return;					/* not sealed in this batch */
	old = MemoryContextSwitchTo(check->context);
	dwh_canonical_row(&check->bytes, check->table, row->tts_tupleDescriptor, row->tts_values, row->tts_isnull);
	MemoryContextSwitchTo(old);
	MemoryContextReset(check->context);
	dwh_hash_leaf(check->bytes.data, check->bytes.len, &hash);
	for (check->next = first; check->next < check->count && check->leaves[check->next]->id == id; check->next++)
	{
		Leaf	   *leaf = check->leaves[check->next];

		/* a second row of that id is none that was sealed, whichever of them comes last */
		if (leaf->state == LEAF_MISSING_ROW && memcmp(&hash, &leaf->hash, sizeof(hash)) == 0)
			leaf->state = LEAF_INTACT;
		else if (leaf->state != LEAF_TWICE)
			leaf->state = LEAF_CHANGED;
	}
}

/* Looks for the rows of leaves of one log and month, which are sorted by id. */
static void
check_rows(Verification *state, Leaf **leaves, int count)
{
	const DwhLeafTable *table = &dwh_leaf_tables[leaves[0]->source];
	RowCheck	check = {table, leaves, count};
	Oid			types[4] = {DATEOID, INT8OID, INT8OID, INT8ARRAYOID};
	Datum		values[4] = {DateADTGetDatum(leaves[0]->month), Int64GetDatum(leaves[0]->id), Int64GetDatum(leaves[count - 1]->id)};
	bool		is_dense = leaves[count - 1]->id - leaves[0]->id < 4 * (int64) count;
	const char *among = "";

	if (!is_dense)
	{
		Datum	   *ids = palloc(sizeof(Datum) * count);

		for (int i = 0; i < count; i++)
			ids[i] = Int64GetDatum(leaves[i]->id);
		values[3] = dwh_array(ids, count, INT8OID);
		among = psprintf(" AND e.%s = ANY ($4)", table->id_column);
	}
	initStringInfo(&check.bytes);
	check.context = AllocSetContextCreate(CurrentMemoryContext, "dwh_ext row", ALLOCSET_DEFAULT_SIZES);
	dwh_spi_select_each(psprintf("SELECT %s FROM %s AS e WHERE e.month = $1 AND e.%s >= $2 AND e.%s <= $3%s", table->columns, table->table,
								 table->id_column, table->id_column, among), is_dense ? 3 : 4, types, values, check_row, &check);
	mark_archived(state, leaves, count);
}

/* The rows of a batch, log by log and month by month. */
static void
check_batch_rows(Verification *state)
{
	int			start = 0;

	qsort(state->sorted, state->leaf_count, sizeof(Leaf *), compare_leaves);
	for (int i = 1; i <= state->leaf_count; i++)
		if (i == state->leaf_count || state->sorted[i]->source != state->sorted[start]->source ||
			state->sorted[i]->month != state->sorted[start]->month)
		{
			check_rows(state, state->sorted + start, i - start);
			start = i;
		}
}

/* Compares a completed node with the stored one. */
static void
check_node(void *arg, int level, int64 number, const DwhHash *hash)
{
	Verification *state = arg;
	Oid			types[2] = {INT4OID, INT8OID};
	Datum		values[2];
	DwhHash		stored;
	bool		is_there;

	values[0] = Int32GetDatum(level);
	values[1] = Int64GetDatum(number);
	is_there = dwh_spi_select("SELECT node_hash FROM dwh_log.audit_node WHERE level = $1 AND node_index = $2",
							  2, types, values, NULL, false) == 1 && dwh_tree_hash_cell(0, 1, &stored);
	SPI_freetuptable(SPI_tuptable);
	if (!is_there || memcmp(&stored, hash, sizeof(stored)) != 0)
		find(state->result, number << level,
			 psprintf("leaves " INT64_FORMAT " to " INT64_FORMAT " do not have the hash of the stored node: leaves were changed, added, "
					  "removed or moved", number << level, ((number + 1) << level) - 1));
}

/* Compares the root at the present size with the heads of that size. */
static void
check_heads(Verification *state)
{
	DwhHash		root;

	while (state->next_head < state->head_count && state->heads[state->next_head].size < state->builder->size)
		state->next_head++;
	if (state->next_head == state->head_count || state->heads[state->next_head].size != state->builder->size)
		return;
	dwh_tree_root(state->builder, &root);
	for (; state->next_head < state->head_count && state->heads[state->next_head].size == state->builder->size; state->next_head++)
		if (memcmp(&root, &state->heads[state->next_head].root, sizeof(root)) != 0)
			find(state->result, Min(state->good_size, state->builder->size - 1),
				 psprintf("the tree of " INT64_FORMAT " leaves does not have the root of %s: leaves from " INT64_FORMAT
						  " on were changed, added, removed or moved", state->builder->size,
						  state->heads[state->next_head].is_checkpoint ? "the last good check" : "its head", state->good_size));
	state->good_size = state->builder->size;
}

/* Goes through the leaves of a batch in order. */
static void
check_batch(Verification *state)
{
	DwhVerifyResult *result = state->result;

	for (int i = 0; i < state->batch_size && result->problem == NULL; i++)
	{
		Leaf	   *leaf = &state->leaves[i];

		if (leaf->state == LEAF_MISSING)
			find(result, leaf->index, "the leaf is missing");
		else if (leaf->state == LEAF_TWICE)
			find(result, leaf->index, "there is a second leaf of this number");
		else if (!leaf->has_hash)
			find(result, leaf->index, "the leaf has no hash");
		else if (leaf->state == LEAF_CHANGED)
			find(result, leaf->index, psprintf("row " INT64_FORMAT " of %s is not the one that was sealed", leaf->id,
											   dwh_leaf_tables[leaf->source].table));
		else if (leaf->state == LEAF_MISSING_ROW)
			find(result, leaf->index, psprintf("row " INT64_FORMAT " of %s is missing", leaf->id,
											   dwh_leaf_tables[leaf->source].table));
		else if (leaf->state == LEAF_FALSELY_ARCHIVED)
			find(result, leaf->index, psprintf("row " INT64_FORMAT " of %s is missing, and no event that was sealed after it says that its "
											   "month was archived", leaf->id, dwh_leaf_tables[leaf->source].table));
		else if (leaf->state == LEAF_ARCHIVED_EARLY)
			find(result, leaf->index, psprintf("row " INT64_FORMAT " of %s is missing: its month was archived before its time",
											   leaf->id, dwh_leaf_tables[leaf->source].table));
		if (result->problem != NULL)
			return;
		result->archived += leaf->state == LEAF_ARCHIVED;
		dwh_tree_add(state->builder, &leaf->hash);
		check_heads(state);
	}
}

/* Reads the heads with sizes from one to another, by size, and the known one if it is among them. */
static void
read_heads(Verification *state, int64 first, int64 last)
{
	Oid			types[2] = {INT8OID, INT8OID};
	Datum		values[2];
	uint64		rows;

	values[0] = Int64GetDatum(first);
	values[1] = Int64GetDatum(last);
	rows = dwh_spi_select("SELECT tree_size, root_hash FROM dwh_log.audit_tree_head WHERE tree_size BETWEEN $1 AND $2 ORDER BY tree_size",
						  2, types, values, NULL, false);
	state->heads = palloc0(sizeof(DwhKnownRoot) * (rows + 1));
	for (uint64 i = 0; i < rows; i++)
	{
		state->heads[i].size = dwh_spi_bigint(i, 1);
		(void) dwh_tree_hash_cell(i, 2, &state->heads[i].root); /* none has no root that comes out */
	}
	state->head_count = (int) rows;
	state->next_head = 0;
	SPI_freetuptable(SPI_tuptable);
	if (state->known->size >= first && state->known->size <= last)
	{
		int			at = state->head_count++;

		for (; at > 0 && state->heads[at - 1].size > state->known->size; at--)
			state->heads[at] = state->heads[at - 1];
		state->heads[at] = *state->known;
	}
}

/* The size and root of an exported head: lines 2 and 3. Raises 22023. */
void
dwh_audit_parse_head(const char *head, DwhKnownRoot *known)
{
	const char *size_line = strchr(head, '\n');
	const char *root_line = size_line == NULL ? NULL : strchr(size_line + 1, '\n');
	const char *end = root_line == NULL ? NULL : strchr(root_line + 1, '\n');
	char	   *rest;

	if (root_line != NULL && end == NULL)
		end = head + strlen(head);
	known->is_checkpoint = false;
	known->size = size_line == NULL ? -1 : strtoi64(size_line + 1, &rest, 10);
	if (root_line == NULL || known->size < 0 || rest != root_line || end - root_line - 1 != 44 ||
		pg_b64_decode(root_line + 1, 44, (void *) known->root.bytes, DWH_HASH_SIZE) != DWH_HASH_SIZE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("this is no exported tree head"),
				 errdetail("Its second line is the number of leaves, its third the root in base64."),
				 errhint("Give the text that dwh.export_tree_head() returned.")));
}

/*
 * No head settles what the one before it had not seen drawn, or has seen what was never drawn; a copy whose sequences have not begun has
 * drawn nothing itself. Returns false where one does: then nothing is said about rows below the settled ids.
 */
static bool
check_marks(Verification *state)
{
	const DwhLeafTable *audit = &dwh_leaf_tables[DWH_LEAF_AUDIT];
	const DwhLeafTable *share = &dwh_leaf_tables[DWH_LEAF_SHARE];
	Oid			types[1] = {INT8OID};
	Datum		values[1];

	values[0] = Int64GetDatum(state->result->leaf_from);
	if (dwh_spi_select(psprintf("SELECT h.head_no, h.tree_size "
								"FROM (SELECT t.*, lag(t.audit_drawn) OVER w AS audit_before, lag(t.share_drawn) OVER w AS share_before"
								"  FROM dwh_log.audit_tree_head AS t WHERE t.tree_size >= $1 WINDOW w AS (ORDER BY t.head_no)) AS h,"
								"  (SELECT " DWH_LAST_DRAWN " AS audit_last, " DWH_LAST_DRAWN " AS share_last) AS d "
								"WHERE h.audit_settled > coalesce(h.audit_before, h.audit_drawn) OR h.audit_drawn > d.audit_last"
								"  OR h.share_settled > coalesce(h.share_before, h.share_drawn) OR h.share_drawn > d.share_last "
								"ORDER BY h.head_no LIMIT 1",
								audit->table, audit->id_column, share->table, share->id_column), 1, types, values, NULL, false) == 0)
		return true;
	find(state->result, Max(state->result->leaf_from, Min(dwh_spi_bigint(0, 2), state->builder->size) - 1),
		 psprintf("head " INT64_FORMAT " of the tree speaks of rows that had not been drawn when it was made", dwh_spi_bigint(0, 1)));
	return false;
}

/*
 * A row below what is settled that has no leaf was not there when its neighbours were sealed. Looked at is what the heads of the range,
 * which begins with the first leaf, settled.
 */
static void
check_inserted(Verification *state, const DwhLeafTable *table)
{
	Oid			range_types[1] = {INT8OID};
	Datum		range[1];

	range[0] = Int64GetDatum(state->result->leaf_to);
	if (dwh_spi_select(psprintf("SELECT e.%s FROM %s AS e WHERE e.%s <= (SELECT max(%s_settled) FROM dwh_log.audit_tree_head"
								"  WHERE tree_size <= $1) "
								"AND NOT EXISTS (SELECT FROM dwh_log.audit_leaf AS l WHERE l.source = '%s' AND l.source_id = e.%s"
								"  AND l.source_month = e.month) ORDER BY 1 LIMIT 1",
								table->id_column, table->table, table->id_column, table->name, table->name, table->id_column),
					   1, range_types, range, NULL, false) > 0)
	{
		int64		id = dwh_spi_bigint(0, 1);
		Oid			types[2] = {TEXTOID, INT8OID};
		Datum		values[2];

		values[0] = CStringGetTextDatum(table->name);
		values[1] = Int64GetDatum(id);
		(void) dwh_spi_select("SELECT coalesce((SELECT leaf_index FROM dwh_log.audit_leaf WHERE source = $1 AND source_id > $2"
							  " ORDER BY source_id LIMIT 1), (SELECT max(leaf_index) + 1 FROM dwh_log.audit_leaf), 0)",
							  2, types, values, NULL, false);
		find(state->result, dwh_spi_bigint(0, 1),
			 psprintf("row " INT64_FORMAT " of %s was inserted after its neighbours were sealed", id, table->table));
	}
}

/* What audit_archive says is true of the whole tree: of each month as many rows are gone as were archived. */
static void
check_archived(Verification *state)
{
	for (int i = 0; i < state->archived_count; i++)
	{
		DwhArchivedMonth *archived = &state->archived[i];
		const char *table = dwh_leaf_tables[archived->source].table;

		if (archived->is_early)
			find(state->result, archived->missing > 0 ? archived->first_missing : archived->event_leaf,
				 psprintf("month %s of %s was archived before its time", dwh_archive_month_text(archived->month), table));
		else if (archived->event_leaf < 0)
			find(state->result, archived->missing > 0 ? archived->first_missing : state->result->leaf_to,
				 psprintf("no sealed event says that month %s of %s was archived", dwh_archive_month_text(archived->month), table));
		else if (archived->missing != archived->row_count)
			find(state->result, archived->missing > 0 ? archived->first_missing : archived->event_leaf,
				 psprintf(INT64_FORMAT " rows of month %s of %s were archived, but " INT64_FORMAT " are missing", archived->row_count,
						  dwh_archive_month_text(archived->month), table, archived->missing));
	}
}

/* The leaves of the range in order. */
static void
check_leaves(Verification *state)
{
	DwhVerifyResult *result = state->result;

	while (result->problem == NULL && state->builder->size < result->leaf_to)
	{
		MemoryContext old = MemoryContextSwitchTo(state->batch_context);

		read_leaves(state, state->builder->size);
		check_batch_rows(state);
		read_heads(state, state->builder->size + 1, Min(state->builder->size + BATCH, result->leaf_to));
		check_batch(state);
		MemoryContextSwitchTo(old);
		MemoryContextReset(state->batch_context);
		CHECK_FOR_INTERRUPTS();
	}
}

/* The known root where no leaf of the range can tell: it is of more leaves than there are, or of a size outside of the range. */
static void
check_known(Verification *state, int64 stored, int64 tree_size)
{
	DwhVerifyResult *result = state->result;
	const DwhKnownRoot *known = state->known;
	DwhHash		root;

	if (known->size > tree_size)
		find(result, tree_size, psprintf("%s has " INT64_FORMAT " leaves, the tree " INT64_FORMAT
										 ": its end is cut off, or this is an older copy",
										 known->is_checkpoint ? "the last good check" : "the exported head", known->size, tree_size));
	else if (known->size > stored)
		find(result, stored, "the leaf is missing");
	else if (known->size >= 0 && (known->size < result->leaf_from || known->size > result->leaf_to))
	{
		dwh_tree_root_at(known->size, &root);
		if (memcmp(&root, &known->root, sizeof(root)) != 0)
			find(result, known->size < result->leaf_from ? 0 : result->leaf_to,
				 psprintf("the tree of " INT64_FORMAT " leaves does not have the root of %s", known->size,
						  known->is_checkpoint ? "the last good check" : "the exported head"));
	}
}

/* The leaves of the range in order, then what concerns the whole. */
static void
verify_range(Verification *state)
{
	DwhVerifyResult *result = state->result;
	int64		stored = dwh_tree_size();
	int64		promised;
	int64		tree_size;
	int64		gap;

	(void) dwh_spi_select("SELECT coalesce(max(tree_size), 0) FROM dwh_log.audit_tree_head", 0, NULL, NULL, NULL, false);
	promised = dwh_spi_bigint(0, 1);
	tree_size = Max(stored, promised);
	if (result->leaf_to < 0)
		result->leaf_to = tree_size;
	if (result->leaf_from > result->leaf_to || result->leaf_to > tree_size)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there are no leaves from " INT64_FORMAT " to " INT64_FORMAT, result->leaf_from, result->leaf_to),
				 errdetail("The tree has " INT64_FORMAT " leaves.", tree_size),
				 errhint("Leaves are numbered from 0; p_to is one past the last.")));
	state->good_size = result->leaf_from;
	state->archived_count = dwh_archive_read(&state->archived);
	gap = dwh_tree_begin_or_gap(state->builder, result->leaf_from);
	if (gap >= 0)
	{
		find(result, gap, "the leaf, or the node above it, is missing");
		return;
	}
	state->builder->complete = check_node;
	state->builder->arg = state;
	read_heads(state, result->leaf_from, result->leaf_from);
	check_heads(state);
	check_leaves(state);
	dwh_tree_root(state->builder, &result->root);
	if (result->problem == NULL && result->leaf_from == 0 && result->leaf_to == tree_size)
		check_archived(state);
	if (result->problem == NULL && stored > promised && result->leaf_to > promised)
		find(result, promised, "no head of the tree covers the leaf");
	check_known(state, stored, tree_size);
	if (check_marks(state) && result->leaf_from == 0)
		for (int i = 0; i < DWH_LEAF_SOURCES; i++)
			check_inserted(state, &dwh_leaf_tables[i]);
}

/*
 * Verifies leaves from (0: all) to one past the last (-1: all there are), and a head that is known from elsewhere if one is given (else
 * NULL). Raises 22023, and 55000 under a snapshot that is older than what was archived meanwhile. result must be palloc'ed.
 */
void
dwh_audit_verify(int64 from, int64 to, const DwhKnownRoot *known, DwhVerifyResult *result)
{
	DwhOwnerSwitch owner;
	Verification *state;
	DwhKnownRoot none = {-1};
	MemoryContext outer = CurrentMemoryContext;
	MemoryContext old;

	if (IsolationUsesXactSnapshot())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the log cannot be verified in this transaction"),
				 errdetail("Its snapshot is older than what is archived by now, and would miss rows that are rightly gone."),
				 errhint("Verify in a transaction with isolation level READ COMMITTED.")));
	memset(result, 0, sizeof(*result));
	result->leaf_from = from;
	result->leaf_to = to;
	result->first_bad = -1;
	dwh_spi_begin();
	dwh_owner_enter(&owner);
	old = MemoryContextSwitchTo(outer);
	state = palloc0(sizeof(Verification));
	state->result = result;
	state->builder = palloc(sizeof(DwhTreeBuilder));
	state->leaves = palloc(sizeof(Leaf) * BATCH);
	state->sorted = palloc(sizeof(Leaf *) * BATCH);
	state->batch_context = AllocSetContextCreate(outer, "dwh_ext batch of leaves", ALLOCSET_DEFAULT_SIZES);
	state->known = known != NULL ? known : &none;
	verify_range(state);
	MemoryContextDelete(state->batch_context);
	pfree(state->leaves);
	pfree(state->sorted);
	pfree(state->builder);
	MemoryContextSwitchTo(old);
	dwh_owner_leave(&owner);
	dwh_spi_end();
}

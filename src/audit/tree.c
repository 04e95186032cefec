/*
 * tree.c
 *		The RFC 6962 tree over dwh_log.audit_leaf: growing it, its roots, proofs. See tree.h.
 *
 * Whatever reads tables here runs inside SPI as dwh_owner.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "nodes/pg_list.h"
#include "port/pg_bitutils.h"
#include "utils/builtins.h"

#include "audit/tree.h"
#include "common/spi.h"

/* A tree that is read: its tiles, each loaded once. */
typedef struct TreeReader
{
	int64		size;			/* of the stored tree */
	List	   *tiles;
} TreeReader;

/* The hash of the canonical bytes of a row. */
void
dwh_hash_leaf(const char *bytes, int length, DwhHash *hash)
{
	dwh_sha256("\0", 1, bytes, length, hash->bytes);
}

/* The hash of a node from the two below it, one of which may be where it goes. */
static void
hash_node(const DwhHash *left, const DwhHash *right, DwhHash *node)
{
	uint8		bytes[1 + 2 * DWH_HASH_SIZE];

	bytes[0] = 1;
	memcpy(bytes + 1, left->bytes, DWH_HASH_SIZE);
	memcpy(bytes + 1 + DWH_HASH_SIZE, right->bytes, DWH_HASH_SIZE);
	dwh_sha256(bytes, sizeof(bytes), NULL, 0, node->bytes);
}

/* The root over a power of two of hashes. */
static void
fold(const DwhHash *hashes, int count, DwhHash *root)
{
	DwhHash		level[DWH_TILE_SIZE];

	memcpy(level, hashes, sizeof(DwhHash) * count);
	for (; count > 1; count /= 2)
		for (int i = 0; i < count / 2; i++)
			hash_node(&level[2 * i], &level[2 * i + 1], &level[i]);
	*root = level[0];
}

/* A hash as bytea, palloc'ed. */
Datum
dwh_hash_datum(const DwhHash *hash)
{
	bytea	   *bytes = palloc(VARHDRSZ + DWH_HASH_SIZE);

	SET_VARSIZE(bytes, VARHDRSZ + DWH_HASH_SIZE);
	memcpy(VARDATA(bytes), hash->bytes, DWH_HASH_SIZE);
	return PointerGetDatum(bytes);
}

/* A stored hash. False where the value is none: whoever may alter the table may have put anything there. */
bool
dwh_tree_hash_value(Oid type, Datum value, bool isnull, DwhHash *hash)
{
	bytea	   *bytes;

	memset(hash, 0, sizeof(DwhHash));
	if (isnull || type != BYTEAOID)
		return false;
	bytes = DatumGetByteaPP(value);
	if (VARSIZE_ANY_EXHDR(bytes) != DWH_HASH_SIZE)
		return false;
	memcpy(hash->bytes, VARDATA_ANY(bytes), DWH_HASH_SIZE);
	return true;
}

/* The same in a cell of the rows that were selected. */
bool
dwh_tree_hash_cell(uint64 row, int col, DwhHash *hash)
{
	bool		isnull;
	Datum		value = SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, col, &isnull);

	return dwh_tree_hash_value(SPI_gettypeid(SPI_tuptable->tupdesc, col), value, isnull, hash);
}

/* Reads a tile as far as it is stored; gaps end it. */
static void
load_tile(DwhTile *tile, int level, int64 number)
{
	Oid			types[3] = {INT8OID, INT8OID, INT4OID};
	Datum		values[3];
	int64		first = number * DWH_TILE_SIZE;
	uint64		rows;

	values[0] = Int64GetDatum(first);
	values[1] = Int64GetDatum(first + DWH_TILE_SIZE);
	values[2] = Int32GetDatum(level);
	rows = level == 0 ?
		dwh_spi_select("SELECT leaf_index, leaf_hash FROM dwh_log.audit_leaf WHERE leaf_index >= $1 AND leaf_index < $2 ORDER BY 1",
					   2, types, values, NULL, false) :
		dwh_spi_select("SELECT node_index, node_hash FROM dwh_log.audit_node WHERE level = $3 AND node_index >= $1"
					   " AND node_index < $2 ORDER BY 1", 3, types, values, NULL, false);
	tile->level = level;
	tile->number = number;
	tile->count = 0;
	for (uint64 i = 0; i < Min(rows, DWH_TILE_SIZE) && dwh_spi_bigint(i, 1) == first + (int64) i; i++)
	{
		if (!dwh_tree_hash_cell(i, 2, &tile->hashes[i]))
			break;
		tile->count++;
	}
	SPI_freetuptable(SPI_tuptable);
}

/* Raises XX001 where leaves or nodes of the tree are missing. */
static void
raise_incomplete(int level, int64 number)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("the tree of the log is not complete"),
			 errdetail("Tile " INT64_FORMAT " of level %d lacks hashes.", number, level),
			 errhint("dwh.audit_verify() tells the first bad leaf.")));
}

/*
 * Begins to grow a tree on the first leaves of the stored one. Returns false where these are not complete; the tile that lacks hashes is
 * then the last one that was loaded.
 */
static bool
try_begin(DwhTreeBuilder *builder, int64 size, DwhTile **last)
{
	memset(builder, 0, offsetof(DwhTreeBuilder, complete));
	builder->complete = NULL;
	builder->size = size;
	for (int i = 0; i < DWH_TILE_LEVELS; i++)
	{
		int64		count = size >> (DWH_TILE_BITS * i);

		if (count == 0)
			break;
		*last = &builder->tiles[i];
		load_tile(*last, DWH_TILE_BITS * i, count >> DWH_TILE_BITS);
		if ((*last)->count < (count & (DWH_TILE_SIZE - 1)))
			return false;
		(*last)->count = count & (DWH_TILE_SIZE - 1);
	}
	return true;
}

/* Begins to grow a tree on the first leaves of the stored one. Raises XX001 where these are not complete. */
void
dwh_tree_begin(DwhTreeBuilder *builder, int64 size)
{
	DwhTile    *last;

	if (!try_begin(builder, size, &last))
		raise_incomplete(last->level, last->number);
}

/* The same for who can go on without. Returns the first leaf that is not covered where these are not complete, else -1. */
int64
dwh_tree_begin_or_gap(DwhTreeBuilder *builder, int64 size)
{
	DwhTile    *last;

	if (try_begin(builder, size, &last))
		return -1;
	return (last->number * DWH_TILE_SIZE + last->count) << last->level;
}

/* Adds a leaf. */
void
dwh_tree_add(DwhTreeBuilder *builder, const DwhHash *leaf)
{
	DwhHash		hash = *leaf;

	builder->size++;
	for (int i = 0; i < DWH_TILE_LEVELS; i++)
	{
		DwhTile    *tile = &builder->tiles[i];

		tile->hashes[tile->count++] = hash;
		if (tile->count < DWH_TILE_SIZE)
			return;
		fold(tile->hashes, DWH_TILE_SIZE, &hash);
		tile->count = 0;
		if (builder->complete != NULL)
			builder->complete(builder->arg, DWH_TILE_BITS * (i + 1), (builder->size >> (DWH_TILE_BITS * (i + 1))) - 1, &hash);
	}
	elog(ERROR, "the tree of the log is full");
}

/* The root of what the builder holds; of the empty tree SHA-256 of nothing. */
void
dwh_tree_root(DwhTreeBuilder *builder, DwhHash *root)
{
	bool		has_root = false;

	if (builder->size == 0)
	{
		dwh_sha256(NULL, 0, NULL, 0, root->bytes);
		return;
	}
	/* Complete subtrees from the smallest, at the right, to the largest. */
	for (int i = 0; i < DWH_TILE_LEVELS; i++)
	{
		DwhTile    *tile = &builder->tiles[i];
		int			end = tile->count;

		for (int width = 1; width < DWH_TILE_SIZE; width *= 2)
		{
			DwhHash		part;

			if ((tile->count & width) == 0)
				continue;
			end -= width;
			fold(tile->hashes + end, width, &part);
			if (has_root)
				hash_node(&part, root, root);
			else
				*root = part;
			has_root = true;
		}
	}
}

/* The number of leaves that are stored. */
int64
dwh_tree_size(void)
{
	(void) dwh_spi_select("SELECT coalesce(max(leaf_index), -1) + 1 FROM dwh_log.audit_leaf", 0, NULL, NULL, NULL, false);
	return dwh_spi_bigint(0, 1);
}

/* The number of leaves that there should be: those that are stored, and those that heads speak of. */
int64
dwh_tree_promised_size(void)
{
	int64		stored = dwh_tree_size();

	(void) dwh_spi_select("SELECT coalesce(max(tree_size), 0) FROM dwh_log.audit_tree_head", 0, NULL, NULL, NULL, false);
	return Max(stored, dwh_spi_bigint(0, 1));
}

/* The root of the tree of the first leaves. */
void
dwh_tree_root_at(int64 size, DwhHash *root)
{
	DwhTreeBuilder *builder = palloc(sizeof(DwhTreeBuilder));

	dwh_tree_begin(builder, size);
	dwh_tree_root(builder, root);
	pfree(builder);
}

static const DwhTile *
get_tile(TreeReader *reader, int level, int64 number)
{
	ListCell   *cell;
	DwhTile    *tile;

	foreach(cell, reader->tiles)
	{
		tile = lfirst(cell);
		if (tile->level == level && tile->number == number)
			return tile;
	}
	tile = palloc(sizeof(DwhTile));
	load_tile(tile, level, number);
	reader->tiles = lappend(reader->tiles, tile);
	return tile;
}

/* The root over count leaves from start on, which is a multiple of a power of two that is at least count. */
static void
subtree_root(TreeReader *reader, int64 start, int64 count, DwhHash *root)
{
	int			level = pg_leftmost_one_pos64((uint64) count);
	int			base;
	int64		first;
	int			width;
	const DwhTile *tile;

	if (count != INT64CONST(1) << level)
	{
		int64		left = INT64CONST(1) << level;
		DwhHash		left_root;

		subtree_root(reader, start, left, &left_root);
		subtree_root(reader, start + left, count - left, root);
		hash_node(&left_root, root, root);
		return;
	}
	base = level - level % DWH_TILE_BITS;
	first = start >> base;
	width = 1 << (level - base);
	tile = get_tile(reader, base, first >> DWH_TILE_BITS);
	if (tile->count < (first & (DWH_TILE_SIZE - 1)) + width)
		raise_incomplete(base, tile->number);
	fold(tile->hashes + (first & (DWH_TILE_SIZE - 1)), width, root);
}

/* The largest power of two below a number of at least 2. */
static int64
split_point(int64 count)
{
	return INT64CONST(1) << pg_leftmost_one_pos64((uint64) (count - 1));
}

/* The proof's hashes are found from the root down; the proof lists them the other way round. */
static ArrayType *
reverse_array(Datum *hashes, int count)
{
	for (int i = 0; i < count / 2; i++)
	{
		Datum		hash = hashes[i];

		hashes[i] = hashes[count - 1 - i];
		hashes[count - 1 - i] = hash;
	}
	return construct_array(hashes, count, BYTEAOID, -1, false, TYPALIGN_INT);
}

/* RFC 6962, 2.1.1: the audit path of a leaf in the tree of the first size leaves. */
ArrayType *
dwh_tree_inclusion_proof(int64 leaf, int64 size)
{
	TreeReader	reader = {0};
	Datum		hashes[64];
	int			count = 0;
	int64		start = 0;

	while (size > 1)
	{
		int64		left = split_point(size);
		DwhHash		hash;

		if (leaf < left)
		{
			subtree_root(&reader, start + left, size - left, &hash);
			size = left;
		}
		else
		{
			subtree_root(&reader, start, left, &hash);
			start += left;
			leaf -= left;
			size -= left;
		}
		hashes[count++] = dwh_hash_datum(&hash);
	}
	return reverse_array(hashes, count);
}

/* RFC 6962, 2.1.2: that the tree of the first leaves is the beginning of the tree of second leaves. */
ArrayType *
dwh_tree_consistency_proof(int64 first, int64 second)
{
	TreeReader	reader = {0};
	Datum		hashes[65];
	int			count = 0;
	int64		start = 0;
	bool		is_whole = true;	/* the first tree is a subtree of its own, so its root is known */
	DwhHash		hash;

	if (first == 0)
		return construct_empty_array(BYTEAOID);
	while (first != second)
	{
		int64		left = split_point(second);

		if (first <= left)
		{
			subtree_root(&reader, start + left, second - left, &hash);
			second = left;
		}
		else
		{
			subtree_root(&reader, start, left, &hash);
			start += left;
			first -= left;
			second -= left;
			is_whole = false;
		}
		hashes[count++] = dwh_hash_datum(&hash);
	}
	if (!is_whole)
	{
		subtree_root(&reader, start, second, &hash);
		hashes[count++] = dwh_hash_datum(&hash);
	}
	return reverse_array(hashes, count);
}

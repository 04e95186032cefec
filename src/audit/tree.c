/*
 * tree.c
 *		The RFC 6962 tree over dwh_log.audit_leaf: growing it, its roots, proofs. See tree.h.
 *
 * Whatever reads tables here runs inside SPI as dwh_owner.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/sha2.h"
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
	pg_cryptohash_ctx *hasher;
} TreeReader;

/* A SHA-256 to be used again and again; freed with the memory or resource owner of the caller. */
pg_cryptohash_ctx *
dwh_hasher_create(void)
{
	pg_cryptohash_ctx *hasher = pg_cryptohash_create(PG_SHA256);

	if (hasher == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory"),
				 errdetail("No SHA-256 could be made.")));
	return hasher;
}

/* The hash of a prefix byte and two parts. */
void
dwh_hash_parts(pg_cryptohash_ctx *hasher, uint8 prefix, const void *first, int first_size, const void *second, int second_size,
			   DwhHash *hash)
{
	if (pg_cryptohash_init(hasher) < 0 ||
		pg_cryptohash_update(hasher, &prefix, 1) < 0 ||
		pg_cryptohash_update(hasher, first, first_size) < 0 ||
		(second_size > 0 && pg_cryptohash_update(hasher, second, second_size) < 0) ||
		pg_cryptohash_final(hasher, hash->bytes, DWH_HASH_SIZE) < 0)
		elog(ERROR, "could not compute a hash: %s", pg_cryptohash_error(hasher));
}

static void
hash_node(pg_cryptohash_ctx *hasher, const DwhHash *left, const DwhHash *right, DwhHash *node)
{
	dwh_hash_parts(hasher, 1, left, DWH_HASH_SIZE, right, DWH_HASH_SIZE, node);
}

/* The root over a power of two of hashes. */
static void
fold(pg_cryptohash_ctx *hasher, const DwhHash *hashes, int count, DwhHash *root)
{
	DwhHash		level[DWH_TILE_SIZE];

	memcpy(level, hashes, sizeof(DwhHash) * count);
	for (; count > 1; count /= 2)
		for (int i = 0; i < count / 2; i++)
		{
			DwhHash		node;

			hash_node(hasher, &level[2 * i], &level[2 * i + 1], &node);
			level[i] = node;
		}
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

/*
 * The hash in a cell of the rows that were selected. False where it holds none: whoever may alter the table may have put anything there.
 */
bool
dwh_tree_hash_cell(uint64 row, int col, DwhHash *hash)
{
	bool		isnull;
	Datum		value = SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, col, &isnull);
	bytea	   *bytes;

	memset(hash, 0, sizeof(DwhHash));
	if (isnull || SPI_gettypeid(SPI_tuptable->tupdesc, col) != BYTEAOID)
		return false;
	bytes = DatumGetByteaPP(value);
	if (VARSIZE_ANY_EXHDR(bytes) != DWH_HASH_SIZE)
		return false;
	memcpy(hash->bytes, VARDATA_ANY(bytes), DWH_HASH_SIZE);
	return true;
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
	builder->hasher = dwh_hasher_create();
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
		fold(builder->hasher, tile->hashes, DWH_TILE_SIZE, &hash);
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
		if (pg_cryptohash_init(builder->hasher) < 0 ||
			pg_cryptohash_final(builder->hasher, root->bytes, DWH_HASH_SIZE) < 0)
			elog(ERROR, "could not compute a hash: %s", pg_cryptohash_error(builder->hasher));
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
			fold(builder->hasher, tile->hashes + end, width, &part);
			if (has_root)
				hash_node(builder->hasher, &part, root, root);
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
	pg_cryptohash_free(builder->hasher);
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
		hash_node(reader->hasher, &left_root, root, root);
		return;
	}
	base = level - level % DWH_TILE_BITS;
	first = start >> base;
	width = 1 << (level - base);
	tile = get_tile(reader, base, first >> DWH_TILE_BITS);
	if (tile->count < (first & (DWH_TILE_SIZE - 1)) + width)
		raise_incomplete(base, tile->number);
	fold(reader->hasher, tile->hashes + (first & (DWH_TILE_SIZE - 1)), width, root);
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

	reader.hasher = dwh_hasher_create();
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
	pg_cryptohash_free(reader.hasher);
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
	reader.hasher = dwh_hasher_create();
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
	pg_cryptohash_free(reader.hasher);
	return reverse_array(hashes, count);
}

/*
 * tree.h
 *		The Merkle tree (RFC 6962) over the logs: dwh_log.audit_leaf, audit_node and audit_tree_head.
 *
 * A leaf is SHA-256(0x00 || canonical bytes of a row), an inner node SHA-256(0x01 || left || right). Stored are the leaves and the roots
 * of complete subtrees of 256, 256^2 ... leaves (audit_node, levels 8, 16 ...): a tile is the up to 256 hashes of one level that lie
 * under one node of the next, and everything else is folded out of a few tiles.
 */
#ifndef DWH_TREE_H
#define DWH_TREE_H

#include "access/htup.h"
#include "access/tupdesc.h"
#include "datatype/timestamp.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/date.h"

#include "common/sha256.h"

#define DWH_HASH_SIZE		DWH_SHA256_SIZE
#define DWH_TILE_BITS		8
#define DWH_TILE_SIZE		(1 << DWH_TILE_BITS)
#define DWH_TILE_LEVELS		7	/* 56 bits of leaves */

typedef struct DwhHash
{
	uint8		bytes[DWH_HASH_SIZE];
} DwhHash;

/* The logs whose rows are leaves. */
typedef enum DwhLeafSource
{
	DWH_LEAF_AUDIT,
	DWH_LEAF_SHARE
} DwhLeafSource;

#define DWH_LEAF_SOURCES 2

typedef struct DwhLeafTable
{
	const char *name;			/* in audit_leaf.source */
	const char *table;
	const char *id_column;
	const char *columns;		/* those of the canonical bytes, in order; the first is the id, the second the month */
	uint8		code;			/* in the canonical bytes */
} DwhLeafTable;

extern const DwhLeafTable dwh_leaf_tables[DWH_LEAF_SOURCES];

/* The last id drawn for a log, in SQL, NULL where none was; to be formatted with the table and its id column. */
#define DWH_LAST_DRAWN "pg_catalog.pg_sequence_last_value(pg_catalog.pg_get_serial_sequence('%s', '%s')::regclass)"

typedef struct DwhTile
{
	int			level;			/* of its hashes: 0, 8, 16 ... */
	int64		number;
	int			count;			/* how many of the 256 there are */
	DwhHash		hashes[DWH_TILE_SIZE];
} DwhTile;

/* Grows a tree leaf by leaf; tiles[i] holds the hashes of level 8 * i that no complete node covers yet. */
typedef struct DwhTreeBuilder
{
	int64		size;
	DwhTile		tiles[DWH_TILE_LEVELS];
	/* called with each node that is completed; may be NULL */
	void		(*complete) (void *arg, int level, int64 number, const DwhHash *hash);
	void	   *arg;
} DwhTreeBuilder;

/* A root that must come out at some size. */
typedef struct DwhKnownRoot
{
	int64		size;			/* -1: none */
	bool		is_checkpoint;	/* of the last good check, not of a head */
	DwhHash		root;
} DwhKnownRoot;

/* A month whose rows were taken out of a log, and what a verification found of it. */
typedef struct DwhArchivedMonth
{
	DwhLeafSource source;
	DateADT		month;
	int64		row_count;		/* rows that were taken out */
	int64		event_leaf;		/* of the event that says so; -1: no sealed event does */
	bool		is_early;		/* it does, but the month was too young then */
	int64		missing;		/* leaves met whose row is not there */
	int64		first_missing;
} DwhArchivedMonth;

/* What audit_verify() finds. */
typedef struct DwhVerifyResult
{
	int64		leaf_from;
	int64		leaf_to;		/* one past the last */
	int64		archived;
	int64		first_bad;		/* -1: none */
	char	   *problem;		/* NULL: none */
	DwhHash		root;			/* of the tree of leaf_to leaves */
} DwhVerifyResult;

/* archive.c */
extern int	dwh_archive_read(DwhArchivedMonth **months);
extern char *dwh_archive_month_text(DateADT month);

/* canonical.c */
extern void dwh_canonical_row(StringInfo bytes, const DwhLeafTable *table, TupleDesc descriptor, const Datum *values, const bool *nulls);
extern void dwh_canonical_tuple(StringInfo bytes, const DwhLeafTable *table, HeapTuple row, TupleDesc descriptor);
extern bool dwh_canonical_field_is(const bytea *canonical, int field, const char *text);
extern TimestampTz dwh_canonical_field_time(const bytea *canonical, int field);

/* check.c */
extern bool dwh_audit_check(bool is_full, int64 limit, DwhVerifyResult *result);

/* tree.c */
extern void dwh_hash_leaf(const char *bytes, int length, DwhHash *hash);
extern void dwh_tree_begin(DwhTreeBuilder *builder, int64 size);
extern int64 dwh_tree_begin_or_gap(DwhTreeBuilder *builder, int64 size);
extern void dwh_tree_add(DwhTreeBuilder *builder, const DwhHash *leaf);
extern void dwh_tree_root(DwhTreeBuilder *builder, DwhHash *root);
extern Datum dwh_hash_datum(const DwhHash *hash);
extern int64 dwh_tree_size(void);
extern bool dwh_tree_hash_value(Oid type, Datum value, bool isnull, DwhHash *hash);
extern bool dwh_tree_hash_cell(uint64 row, int col, DwhHash *hash);
extern int64 dwh_tree_promised_size(void);
extern void dwh_tree_root_at(int64 size, DwhHash *root);
extern ArrayType *dwh_tree_inclusion_proof(int64 leaf, int64 size);
extern ArrayType *dwh_tree_consistency_proof(int64 first, int64 second);

/* seal.c */
extern int64 dwh_audit_seal(bool wait);

/* verify.c */
extern void dwh_audit_parse_head(const char *head, DwhKnownRoot *known);
extern void dwh_audit_verify(int64 from, int64 to, const DwhKnownRoot *known, DwhVerifyResult *result);

#endif							/* DWH_TREE_H */

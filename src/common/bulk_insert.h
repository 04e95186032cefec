/*
 * bulk_insert.h
 *		Many rows into one table of ours, a block at a time, the way COPY does it.
 *
 * It does less than INSERT: no trigger fires, no CHECK and no NOT NULL is looked at, no row security applies, and the table is not
 * partitioned. So it is for rows that are right by construction. Indexes of every kind are kept, a duplicate raises 23505; columns
 * that a site has added get their defaults.
 */
#ifndef DWH_BULK_INSERT_H
#define DWH_BULK_INSERT_H

#include "nodes/execnodes.h"

#define DWH_BULK_ROWS		1024	/* that wait at most */

typedef struct DwhBulkInsert
{
	Relation	table;
	EState	   *estate;
	ResultRelInfo *result;
	TupleDesc	descriptor;
	int			n_columns;		/* of the caller, then those with a default */
	AttrNumber *columns;
	ExprState **defaults;		/* by column, NULL for the caller's */
	TupleTableSlot *slots[DWH_BULK_ROWS];
	int			n_slots;		/* made */
	int			n_rows;			/* that wait */
} DwhBulkInsert;

typedef struct DwhBulkColumn
{
	const char *name;			/* NULL ends a list */
	Oid			type;
} DwhBulkColumn;

/*
 * Opens the table. What it makes lives in the current context. Raises 55000 where it is no plain table, or the columns do not have these
 * types: its owner can put something else in its place.
 */
extern void dwh_bulk_begin(DwhBulkInsert *bulk, const char *schema, const char *table, const DwhBulkColumn *columns);

/* Adds a row, its values in the order of the columns. What they point to must live until the rows are written: by the next flush. */
extern void dwh_bulk_add(DwhBulkInsert *bulk, const Datum *values);

/* Writes the rows that wait. */
extern void dwh_bulk_flush(DwhBulkInsert *bulk);

/* Whether the next row needs a flush before it. */
static inline bool
dwh_bulk_is_full(const DwhBulkInsert *bulk)
{
	return bulk->n_rows == DWH_BULK_ROWS;
}

/* Writes the rows that wait and closes the table, whose lock stays until the end of the transaction. */
extern void dwh_bulk_end(DwhBulkInsert *bulk);

#endif							/* DWH_BULK_INSERT_H */

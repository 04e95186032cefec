/*
 * bulk_insert.h
 *		Many rows into one table of ours, a block at a time, by what PostgreSQL fills its own catalogs with.
 *
 * It does less than INSERT: no trigger fires, no CHECK and no NOT NULL is looked at, no row security applies, the table is not partitioned and
 * its indexes have neither expressions nor conditions. So it is for rows that are right by construction. Unique indexes are
 * kept: a duplicate raises 23505.
 */
#ifndef DWH_BULK_INSERT_H
#define DWH_BULK_INSERT_H

#include "catalog/indexing.h"
#include "executor/tuptable.h"
#include "utils/rel.h"

#define DWH_BULK_ROWS		1024	/* that wait at most */
#define DWH_BULK_COLUMNS	8

typedef struct DwhBulkInsert
{
	Relation	table;
	CatalogIndexState indexes;
	TupleDesc	descriptor;
	int			n_columns;
	AttrNumber	columns[DWH_BULK_COLUMNS];
	TupleTableSlot *slots[DWH_BULK_ROWS];
	int			n_slots;		/* made */
	int			n_rows;			/* that wait */
} DwhBulkInsert;

/* Opens the table; columns is a list of names that ends with NULL, the others become NULL. What it makes lives in the current context. */
extern void dwh_bulk_begin(DwhBulkInsert *bulk, const char *schema, const char *table, const char *const *columns);

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

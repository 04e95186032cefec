/*
 * scan.c
 *		Scans of the tables that say who may see what; see scan.h.
 *
 * Tables and columns are looked up by name at each scan: a site may have restored them or added columns of its own. An index that is
 * gone costs time, nothing else.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/skey.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "parser/parse_relation.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "scope/scan.h"

/* The oid of a table of ours. Raises 42P01. */
static Oid
find_table(const char *schema, const char *table)
{
	Oid			relid = get_relname_relid(table, get_namespace_oid(schema, false));

	if (!OidIsValid(relid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table %s.%s does not exist", schema, table),
				 errhint("Restore it from a dump.")));
	return relid;
}

/* A column of an open table: asked of the table itself, since a new session would read the catalog for each one. Raises 42703. */
static AttrNumber
find_column(Relation rel, const char *column)
{
	AttrNumber	attnum = attnameAttNum(rel, column, false);

	if (attnum == InvalidAttrNumber)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" of \"%s\" does not exist", column, RelationGetRelationName(rel)),
				 errhint("Restore it from a dump.")));
	return attnum;
}

/* Begins a scan of a table, of the rows that match key where one is given. columns ends with NULL. */
void
dwh_scan_begin(DwhTableScan *scan, const char *schema, const char *table, const char *const *columns, const DwhScanKey *key)
{
	Oid			index = key ? get_relname_relid(key->index, get_namespace_oid(schema, false)) : InvalidOid;
	ScanKeyData entry;

	scan->rel = table_open(find_table(schema, table), AccessShareLock);
	for (int i = 0; columns[i] != NULL; i++)
		scan->columns[i] = find_column(scan->rel, columns[i]);
	if (key)
		/* text is ordered in the index as the column is, not as in the C locale */
		ScanKeyEntryInitialize(&entry, 0, find_column(scan->rel, key->column), BTEqualStrategyNumber, InvalidOid,
							   key->type == TEXTOID ? DEFAULT_COLLATION_OID : InvalidOid,
							   key->type == TEXTOID ? F_TEXTEQ : F_INT4EQ, key->value);
	scan->scan = systable_beginscan(scan->rel, index, OidIsValid(index), NULL, key ? 1 : 0, &entry);
	scan->values = palloc(RelationGetNumberOfAttributes(scan->rel) * sizeof(Datum));
	scan->nulls = palloc(RelationGetNumberOfAttributes(scan->rel) * sizeof(bool));
}

/* Goes to the next row; false at the end. */
bool
dwh_scan_next(DwhTableScan *scan)
{
	HeapTuple	tuple = systable_getnext(scan->scan);

	if (!HeapTupleIsValid(tuple))
		return false;
	/* all at once: most of the columns that are asked for stand behind texts */
	heap_deform_tuple(tuple, RelationGetDescr(scan->rel), scan->values, scan->nulls);
	return true;
}

void
dwh_scan_end(DwhTableScan *scan)
{
	systable_endscan(scan->scan);
	table_close(scan->rel, AccessShareLock);
	pfree(scan->values);
	pfree(scan->nulls);
}

/* A column of the current row, by its place in the list that the scan began with. */
Datum
dwh_scan_get(DwhTableScan *scan, int column, bool *is_null)
{
	AttrNumber	attnum = scan->columns[column];

	*is_null = scan->nulls[attnum - 1];
	return scan->values[attnum - 1];
}

/* An int column; 0 for NULL. */
int32
dwh_scan_int(DwhTableScan *scan, int column)
{
	bool		is_null;
	Datum		value = dwh_scan_get(scan, column, &is_null);

	return is_null ? 0 : DatumGetInt32(value);
}

/* A date column. */
DateADT
dwh_scan_date(DwhTableScan *scan, int column, DateADT if_null)
{
	bool		is_null;
	Datum		value = dwh_scan_get(scan, column, &is_null);

	return is_null ? if_null : DatumGetDateADT(value);
}

/* A text column, palloc'ed; NULL for NULL. */
char *
dwh_scan_text(DwhTableScan *scan, int column)
{
	bool		is_null;
	Datum		value = dwh_scan_get(scan, column, &is_null);

	return is_null ? NULL : TextDatumGetCString(value);
}

/* Whether a text column has that value. */
bool
dwh_scan_is(DwhTableScan *scan, int column, const char *value)
{
	bool		is_null;
	Datum		datum = dwh_scan_get(scan, column, &is_null);
	text	   *found;

	if (is_null)
		return false;
	found = DatumGetTextPP(datum);	/* a copy only of what is compressed or lies elsewhere */
	return VARSIZE_ANY_EXHDR(found) == strlen(value) && memcmp(VARDATA_ANY(found), value, strlen(value)) == 0;
}

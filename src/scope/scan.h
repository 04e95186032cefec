/*
 * scan.h
 *		Reading the small tables that say who may see what, without SPI: as they are now, in any isolation level and also within a
 *		parallel statement, where no new snapshot may be taken by other means.
 *
 * The catalog's snapshot serves, taken anew for each scan. No code of anybody runs: neither row security nor functions.
 */
#ifndef DWH_SCOPE_SCAN_H
#define DWH_SCOPE_SCAN_H

#include "access/genam.h"
#include "utils/date.h"
#include "utils/rel.h"

#define DWH_SCAN_COLUMNS 8

typedef struct DwhTableScan
{
	Relation	rel;
	SysScanDesc scan;
	AttrNumber	columns[DWH_SCAN_COLUMNS];
	Datum	   *values;			/* of the current row, by column of the table */
	bool	   *nulls;
} DwhTableScan;

/* Which rows: column = value. */
typedef struct DwhScanKey
{
	const char *column;
	Oid			type;			/* INT4OID or TEXTOID */
	Datum		value;
	const char *index;			/* that finds them */
} DwhScanKey;

extern void dwh_scan_begin(DwhTableScan *scan, const char *schema, const char *table, const char *const *columns, const DwhScanKey *key);
extern bool dwh_scan_next(DwhTableScan *scan);
extern void dwh_scan_end(DwhTableScan *scan);
extern Datum dwh_scan_get(DwhTableScan *scan, int column, bool *is_null);
extern int32 dwh_scan_int(DwhTableScan *scan, int column);
extern DateADT dwh_scan_date(DwhTableScan *scan, int column, DateADT if_null);
extern char *dwh_scan_text(DwhTableScan *scan, int column);
extern bool dwh_scan_is(DwhTableScan *scan, int column, const char *value);

#endif							/* DWH_SCOPE_SCAN_H */

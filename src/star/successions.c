/*
 * successions.c
 *		Who came after, who came before: dwh.list_successors(), dwh.list_predecessors().
 *
 * Both follow successions of every kind, over any number of steps; dwh.map_unit() is the one that decides what counts as the
 * same unit. A unit reached in several ways is listed once, with the shortest.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "common/owner.h"
#include "common/ref_cache.h"
#include "common/spi.h"
#include "star/star.h"

#define N_COLUMNS 7

/* %s: the column walked from and the column walked to, twice each. */
#define WALK \
	"WITH RECURSIVE walk (unit_id, kind, effective_on, depth) AS (" \
	"SELECT %2$s, kind, effective_on, 1 FROM dwh_catalog.unit_succession WHERE %1$s = $1 " \
	"UNION ALL " \
	"SELECT s.%2$s, s.kind, s.effective_on, w.depth + 1 " \
	"FROM walk AS w JOIN dwh_catalog.unit_succession AS s ON s.%1$s = w.unit_id" \
	") CYCLE unit_id SET is_circle USING path " \
	"SELECT f.unit_id, u.code, u.name_vi, u.name_en, f.kind, f.effective_on, f.depth " \
	"FROM (SELECT DISTINCT ON (unit_id) unit_id, kind, effective_on, depth FROM walk WHERE NOT is_circle AND unit_id <> $1 " \
	"ORDER BY unit_id, depth, effective_on) AS f " \
	"JOIN dwh_star.dim_unit AS u ON u.unit_id = f.unit_id ORDER BY f.depth, f.effective_on, u.code COLLATE \"C\", f.unit_id"

PG_FUNCTION_INFO_V1(dwh_sql_list_successors);
PG_FUNCTION_INFO_V1(dwh_sql_list_predecessors);

/* Puts the rows of a walk into the function's result. Raises 42704 for an unknown unit. */
static void
list(FunctionCallInfo fcinfo, const char *from, const char *to)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	int			unit_id = PG_GETARG_INT32(0);
	Oid			types[1] = {INT4OID};
	Datum		values[1] = {Int32GetDatum(unit_id)};
	DwhOwnerSwitch owner;
	uint64		rows;

	dwh_ref_cache_begin(fcinfo);
	dwh_unit_require(unit_id);
	InitMaterializedSRF(fcinfo, 0);
	dwh_owner_enter(&owner);
	dwh_spi_begin();
	rows = dwh_spi_select(psprintf(WALK, from, to), 1, types, values, NULL, true);
	for (uint64 row = 0; row < rows; row++)
	{
		Datum		columns[N_COLUMNS];
		bool		nulls[N_COLUMNS];

		for (int col = 0; col < N_COLUMNS; col++)
			columns[col] = SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, col + 1, &nulls[col]);
		tuplestore_putvalues(result->setResult, result->setDesc, columns, nulls);
	}
	dwh_spi_end();
	dwh_owner_leave(&owner);
}

/* dwh.list_successors(p_unit_id int) */
Datum
dwh_sql_list_successors(PG_FUNCTION_ARGS)
{
	list(fcinfo, "predecessor_unit_id", "successor_unit_id");
	return (Datum) 0;
}

/* dwh.list_predecessors(p_unit_id int) */
Datum
dwh_sql_list_predecessors(PG_FUNCTION_ARGS)
{
	list(fcinfo, "successor_unit_id", "predecessor_unit_id");
	return (Datum) 0;
}

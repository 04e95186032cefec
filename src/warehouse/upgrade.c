/*
 * upgrade.c
 *		dwh.upgrade_warehouse(): brings the tables of an older version forward.
 *
 * One file of sql/warehouse/upgrade for each version above 1, named by the version it leads to; a new warehouse is made in the
 * shape of the last one directly. After the steps every attachment is run again, so that triggers and views fit the new tables.
 */
#include "postgres.h"

#include "fmgr.h"

#include "common/owner.h"
#include "common/spi.h"
#include "warehouse/warehouse.h"

PG_FUNCTION_INFO_V1(dwh_sql_upgrade_warehouse);

/* Runs the steps between two versions. Returns what to tell the caller. */
static char *
upgrade(int from, int to)
{
	int			steps;

	dwh_strangers_refuse_partitions();
	dwh_warehouse_grant_to_owner();
	steps = dwh_parts_run_steps(from);
	dwh_warehouse_attach();
	dwh_warehouse_set_version(to);
	dwh_audit_append("upgrade_warehouse", NULL, "done",
					 psprintf("{\"from_version\": %d, \"to_version\": %d, \"steps\": %d}", from, to, steps));
	return psprintf("warehouse upgraded from schema version %d to %d", from, to);
}

/* dwh.upgrade_warehouse(): see the head of this file. Raises 42501, 55000, WH001 and WH002. */
Datum
dwh_sql_upgrade_warehouse(PG_FUNCTION_ARGS)
{
	DwhWarehouseCall call;
	char	   *told;
	int			from;
	int			to;

	dwh_warehouse_begin(&call, "upgrade_warehouse");
	dwh_require_tables();
	dwh_strangers_refuse_roles();
	from = dwh_warehouse_get_version();
	to = dwh_parts_schema_version();
	if (from > to)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the tables of the warehouse are newer than this extension"),
				 errdetail("The tables have version %d, the extension %d.", from, to),
				 errhint("Install the version of the extension that the tables were made with, or a later one.")));
	told = from == to ? psprintf("warehouse already has schema version %d: nothing changed", to) : upgrade(from, to);
	PG_RETURN_TEXT_P(dwh_warehouse_end(&call, told));
}

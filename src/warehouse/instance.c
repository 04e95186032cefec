/*
 * instance.c
 *		Whether this server and database is where the warehouse is live.
 *
 * A restored copy carries the row of the place it came from, which does not match: its workers and its watch write nothing until
 * a superuser says dwh.start_warehouse().
 */
#include "postgres.h"

#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"

#include "common/owner.h"
#include "common/spi.h"
#include "warehouse/warehouse.h"

PG_FUNCTION_INFO_V1(dwh_sql_start_warehouse);

/* Marks this server and database as the live ones. */
void
dwh_instance_start(void)
{
	Oid			types[2] = {INT8OID, INT8OID};
	Datum		values[2];
	DwhOwnerSwitch owner;

	values[0] = Int64GetDatum((int64) GetSystemIdentifier());
	values[1] = Int64GetDatum((int64) MyDatabaseId);
	dwh_spi_begin();
	dwh_owner_enter(&owner);
	(void) dwh_spi_run("INSERT INTO dwh_catalog.warehouse_instance (system_identifier, database_oid) VALUES ($1, $2) "
					   "ON CONFLICT (instance_id) DO UPDATE SET system_identifier = excluded.system_identifier,"
					   "  database_oid = excluded.database_oid, started_at = now(), started_by = session_user",
					   2, types, values, NULL, false, SPI_OK_INSERT);
	dwh_owner_leave(&owner);
	dwh_spi_end();
}

/* Whether this server and database are the live ones. Raises WH001 where no warehouse stands. */
bool
dwh_instance_is_live(void)
{
	static SPIPlanPtr plan = NULL;
	Oid			types[2] = {INT8OID, INT8OID};
	Datum		values[2];
	DwhOwnerSwitch owner;
	bool		is_live;

	values[0] = Int64GetDatum((int64) GetSystemIdentifier());
	values[1] = Int64GetDatum((int64) MyDatabaseId);
	dwh_spi_begin();
	dwh_owner_enter(&owner);
	is_live = dwh_spi_select_latest_kept(&plan, "SELECT FROM dwh_catalog.warehouse_instance"
										 " WHERE system_identifier = $1 AND database_oid = $2", 2, types, values, NULL) > 0;
	dwh_owner_leave(&owner);
	dwh_spi_end();
	return is_live;
}

/*
 * Login roles and the roles of groups belong to the whole server: a copy that is not live must not alter those of the original. Raises
 * 55000. Inside SPI.
 */
void
dwh_instance_require_live(const char *what)
{
	if (dwh_instance_is_live())
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("%s cannot be altered: the warehouse is not live here", what),
			 errdetail("Roles belong to the whole server, and may be those of the warehouse that this one is a copy of."),
			 errhint("Where this is the warehouse from now on, a superuser calls dwh.start_warehouse() first.")));
}

/* Warns of other databases of this server that have a warehouse: what both know by the same name, both alter. */
static void
warn_of_others(void)
{
	uint64		rows;

	dwh_spi_begin();
	rows = dwh_spi_select_latest("SELECT d.datname FROM pg_catalog.pg_database AS d WHERE d.oid IN ("
								 "  SELECT s.dbid FROM pg_catalog.pg_shdepend AS s JOIN pg_catalog.pg_roles AS r ON r.oid = s.refobjid"
								 "  WHERE r.rolname = 'dwh_owner' AND s.deptype = 'o')"
								 "  AND d.datname <> pg_catalog.current_database() ORDER BY 1", 0, NULL, NULL);
	for (uint64 row = 0; row < rows; row++)
		ereport(WARNING,
				(errmsg("database \"%s\" of this server has a warehouse, too", dwh_spi_text(row, 1)),
				 errdetail("Login roles and the roles of groups belong to the whole server: where both are live, both alter them."),
				 errhint("Let one warehouse of a server be live, and put copies on servers of their own.")));
	dwh_spi_end();
}

/* dwh.start_warehouse(): makes the warehouse live here and records it. Raises 42501 and WH001. */
Datum
dwh_sql_start_warehouse(PG_FUNCTION_ARGS)
{
	DwhWarehouseCall call;
	const char *told = "warehouse is live here already: nothing changed";

	dwh_warehouse_begin(&call, "start_warehouse");
	dwh_require_warehouse();
	if (!dwh_instance_is_live())
	{
		dwh_instance_start();
		dwh_audit_append("start_warehouse", NULL, "done",
						 psprintf("{\"system_identifier\": \"" UINT64_FORMAT "\", \"database_oid\": %u}",
								  GetSystemIdentifier(), MyDatabaseId));
		warn_of_others();
		told = "warehouse is live on this server and database";
	}
	PG_RETURN_TEXT_P(dwh_warehouse_end(&call, told));
}

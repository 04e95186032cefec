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
#include "miscadmin.h"

#include "common/owner.h"
#include "common/spi.h"
#include "warehouse/warehouse.h"

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

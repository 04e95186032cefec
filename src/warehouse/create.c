/*
 * create.c
 *		dwh.create_warehouse(): makes the warehouse, or puts back what DROP EXTENSION ... CASCADE took, or does nothing.
 *
 * All of it happens in the caller's transaction: it is there whole or not at all.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "common/owner.h"
#include "common/spi.h"
#include "warehouse/warehouse.h"

const DwhNamedObject dwh_schemas[] = {
	{"dwh_catalog", "Danh mục, tài khoản, tham số của kho | Catalogue, accounts and parameters of the warehouse"},
	{"dwh_star", "Lược đồ sao: chiều và bảng số liệu | Star schema: dimensions and facts"},
	{"dwh_landing", "Dữ liệu vào, chưa chuẩn hóa | Landing area, data as it came"},
	{"dwh_log", "Nhật ký | Logs"},
};
const int	dwh_schema_count = lengthof(dwh_schemas);

PG_FUNCTION_INFO_V1(dwh_sql_create_warehouse);

/* Creates and marks the four schemas. */
static void
create_schemas(void)
{
	for (int i = 0; i < dwh_schema_count; i++)
		dwh_spi_utility(psprintf("CREATE SCHEMA %s AUTHORIZATION dwh_owner; COMMENT ON SCHEMA %s IS %s;",
								 dwh_schemas[i].name, dwh_schemas[i].name,
								 quote_literal_cstr(psprintf("%s%s", DWH_MARKER, dwh_schemas[i].comment))));
}

/*
 * Sets every sequence that was used in this transaction, which also made it, to where it stands. Under wal_level = minimal PostgreSQL
 * writes nothing of such a sequence to the WAL, yet believes that it has written 32 numbers ahead: a crash would take the numbers given
 * out since the commit back. setval() forgets that belief, so that the next number is written.
 */
static void
set_sequences(void)
{
	Oid			types[1] = {TEXTARRAYOID};
	Datum		values[1];
	DwhOwnerSwitch owner;

	values[0] = dwh_names_array(dwh_schemas, dwh_schema_count);
	dwh_owner_enter(&owner);
	(void) dwh_spi_select("SELECT pg_catalog.setval(c.oid, pg_catalog.pg_sequence_last_value(c.oid))"
						  " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
						  " WHERE c.relkind = 'S' AND n.nspname = ANY ($1)",
						  1, types, values, NULL, false);
	dwh_owner_leave(&owner);
}

/* Makes everything; the row that makes it live comes last. Returns what to tell the caller. */
static char *
create_all(void)
{
	int			version = dwh_parts_schema_version();
	int			roles = dwh_roles_create_missing();

	create_schemas();
	dwh_warehouse_grant_to_owner();
	(void) dwh_parts_run_tables();
	dwh_warehouse_attach();
	dwh_warehouse_set_version(version);
	dwh_audit_append("create_warehouse", NULL, "done",
					 psprintf("{\"schema_version\": %d, \"roles_created\": %d}", version, roles));
	dwh_instance_start();
	set_sequences();
	return psprintf("warehouse created, schema version %d", version);
}

/* Puts back what needs the extension's code, on tables that stand. Returns what to tell the caller. */
static char *
rebuild(void)
{
	int			version = dwh_warehouse_get_version();
	int			roles;

	if (version != dwh_parts_schema_version())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the tables of the warehouse do not have the version of this extension"),
				 errdetail("The tables have version %d, the extension %d.", version, dwh_parts_schema_version()),
				 version < dwh_parts_schema_version() ?
				 errhint("Call dwh.upgrade_warehouse(); it also puts back triggers, constraints and views.") :
				 errhint("Install the version of the extension that the tables were made with, or a later one.")));
	roles = dwh_roles_create_missing();
	dwh_warehouse_attach();
	dwh_audit_append("rebuild_warehouse", NULL, "done",
					 psprintf("{\"schema_version\": %d, \"roles_created\": %d, \"gap\": \"triggers, constraints, policies and "
							  "views of the extension were gone; changes made meanwhile were not watched\"}", version, roles));
	return psprintf("warehouse rebuilt, schema version %d: triggers, constraints, policies and views put back", version);
}

/* Names are Vietnamese: an encoding that cannot hold them, or that checks nothing, would spoil every one. */
static void
require_utf8(void)
{
	if (GetDatabaseEncoding() != PG_UTF8)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("a warehouse needs a database with encoding UTF8"),
				 errdetail("This one has %s.", GetDatabaseEncodingName()),
				 errhint("Create the database with TEMPLATE template0 ENCODING 'UTF8'.")));
}

/* dwh.create_warehouse(): see the head of this file. Raises 0A000, 42501, 55000 and WH002. */
Datum
dwh_sql_create_warehouse(PG_FUNCTION_ARGS)
{
	DwhWarehouseCall call;
	bool		is_standing;
	char	   *told;

	dwh_warehouse_begin(&call, "create_warehouse");
	require_utf8();
	dwh_strangers_refuse_roles();
	dwh_strangers_refuse_schemas(&is_standing);
	if (is_standing && dwh_warehouse_is_attached())
		told = psprintf("warehouse already exists, schema version %d: nothing changed", dwh_warehouse_get_version());
	else
	{
		if (is_standing)
			dwh_strangers_refuse_partitions();
		dwh_strangers_refuse_objects();
		told = is_standing ? rebuild() : create_all();
	}
	PG_RETURN_TEXT_P(dwh_warehouse_end(&call, told));
}

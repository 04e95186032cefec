/*
 * create.c
 *		dwh.create_warehouse(): makes the warehouse, or puts back what DROP EXTENSION ... CASCADE took, or does nothing.
 *
 * All of it happens in the caller's transaction: it is there whole or not at all. The caller is a superuser and stays it only
 * for roles, schemas and grants; every DDL part runs as dwh_owner. dwh_owner may create in schema dwh (the views) only meanwhile.
 */
#include "postgres.h"

#include "catalog/pg_extension.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/snapmgr.h"

#include "audit/audit.h"
#include "common/errors.h"
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

/* Runs a SELECT over what is committed now, plus our own changes, whatever the caller's isolation level. Inside SPI. */
uint64
dwh_latest_select(const char *sql, int nargs, const Oid *types, const Datum *values)
{
	uint64		rows;

	PushActiveSnapshot(GetLatestSnapshot());
	rows = dwh_spi_select(sql, nargs, types, values, NULL, true);
	PopActiveSnapshot();
	return rows;
}

/* Raises 42501 unless the caller is a superuser. */
static void
require_superuser(const char *function)
{
	if (!superuser())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to call %s", function),
				 errdetail("It creates roles and schemas, so only a superuser may call it."),
				 errhint("Connect as a superuser and call it again.")));
}

/*
 * Pins the settings that change how SQL text is read or reported; undone by AtEOXact_GUC with the level returned, or by the end
 * of the transaction after an error.
 */
static int
pin_settings(void)
{
	static const struct
	{
		const char *name;
		const char *value;
	}			pinned[] = {
		{"client_min_messages", "warning"},
		{"DateStyle", "ISO, YMD"},
		{"IntervalStyle", "postgres"},
		{"search_path", "pg_catalog, pg_temp"},
		{"session_replication_role", "origin"},
		{"standard_conforming_strings", "on"},
	};
	int			level = NewGUCNestLevel();

	for (int i = 0; i < lengthof(pinned); i++)
		(void) set_config_option(pinned[i].name, pinned[i].value, PGC_SUSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	return level;
}

/* Waits for any other session that makes or moves the warehouse of this database; held to the end of the transaction. */
static void
lock_warehouse(void)
{
	LockDatabaseObject(ExtensionRelationId, get_extension_oid("dwh_ext", false), 0, ShareUpdateExclusiveLock);
}

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
 * dwh_owner uses every function of ours: its triggers, constraints and the statements of our C code call them. CREATE on schema
 * dwh is for the views and is taken back by revoke_create().
 */
static void
grant_to_owner(void)
{
	dwh_spi_utility("GRANT USAGE, CREATE ON SCHEMA dwh TO dwh_owner; "
					"GRANT USAGE ON SCHEMA dwh_internal TO dwh_owner; "
					"GRANT EXECUTE ON ALL ROUTINES IN SCHEMA dwh, dwh_internal TO dwh_owner WITH GRANT OPTION;");
}

static void
revoke_create(void)
{
	dwh_spi_utility("REVOKE CREATE ON SCHEMA dwh FROM dwh_owner;");
}

/* Writes the version into the warehouse's row. */
static void
set_schema_version(int version)
{
	DwhOwnerSwitch owner;
	Oid			types[1] = {TEXTOID};
	Datum		values[1];

	values[0] = CStringGetTextDatum(psprintf("%d", version));
	dwh_owner_enter(&owner);
	(void) dwh_spi_run("UPDATE dwh_catalog.warehouse SET schema_version = $1 WHERE schema_version <> $1",
					   1, types, values, NULL, false, SPI_OK_UPDATE);
	dwh_owner_leave(&owner);
}

/* The version in the warehouse's row. */
static int
get_schema_version(void)
{
	if (dwh_latest_select("SELECT schema_version::int FROM dwh_catalog.warehouse", 0, NULL, NULL) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table dwh_catalog.warehouse has no row"),
				 errdetail("The row says which version the tables of the warehouse have."),
				 errhint("Restore the row from a dump.")));
	return dwh_spi_int(0, 1);
}

/* Whether what depends on the extension is in place; the view stands for all of it, since DROP EXTENSION always takes it. */
static bool
is_attached(void)
{
	(void) dwh_latest_select("SELECT to_regclass('dwh.warehouse_info') IS NOT NULL", 0, NULL, NULL);
	return dwh_spi_bool(0, 1);
}

/* Makes everything. Returns what to tell the caller. */
static char *
create_all(void)
{
	int			version;
	int			roles;
	char	   *told;

	roles = dwh_roles_create_missing();
	create_schemas();
	grant_to_owner();
	(void) dwh_parts_run_tables();
	(void) dwh_parts_run_attachments();
	revoke_create();
	version = dwh_parts_schema_version();
	set_schema_version(version);
	told = psprintf("warehouse created, schema version %d", version);
	dwh_audit_append("create_warehouse", NULL, "done",
					 psprintf("{\"schema_version\": %d, \"roles_created\": %d}", version, roles));
	dwh_instance_start();
	return told;
}

/* Puts back what needs the extension's code, on tables that stand. Returns what to tell the caller. */
static char *
rebuild(void)
{
	int			version = get_schema_version();
	int			roles;

	if (version < dwh_parts_schema_version())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the tables of the warehouse have an older version than this extension"),
				 errdetail("The tables have version %d, the extension %d.", version, dwh_parts_schema_version()),
				 errhint("Call dwh.upgrade_warehouse(); it also puts back triggers, constraints and views.")));
	roles = dwh_roles_create_missing();
	grant_to_owner();
	(void) dwh_parts_run_attachments();
	revoke_create();
	dwh_audit_append("rebuild_warehouse", NULL, "done",
					 psprintf("{\"schema_version\": %d, \"roles_created\": %d, \"gap\": \"triggers, constraints, policies and "
							  "views of the extension were gone; changes made meanwhile were not watched\"}", version, roles));
	return psprintf("warehouse rebuilt, schema version %d: triggers, constraints, policies and views put back", version);
}

/* Says the outcome as a notice too; client_min_messages is pinned, so the caller's own level must be back. */
static text *
tell(char *told, int guc_level)
{
	AtEOXact_GUC(false, guc_level);
	ereport(NOTICE, (errmsg("%s", told)));
	return cstring_to_text(told);
}

/* dwh.create_warehouse(): see the head of this file. Raises 42501 and WH002. */
Datum
dwh_sql_create_warehouse(PG_FUNCTION_ARGS)
{
	int			guc_level;
	bool		is_standing;
	char	   *told;

	require_superuser("dwh.create_warehouse()");
	guc_level = pin_settings();
	lock_warehouse();
	dwh_spi_begin();
	dwh_strangers_refuse_roles();
	dwh_strangers_refuse_schemas(&is_standing);
	if (is_standing && is_attached())
		told = psprintf("warehouse already exists, schema version %d: nothing changed", get_schema_version());
	else
	{
		dwh_strangers_refuse_objects();
		told = is_standing ? rebuild() : create_all();
	}
	told = MemoryContextStrdup(fcinfo->flinfo->fn_mcxt, told);
	dwh_spi_end();
	PG_RETURN_TEXT_P(tell(told, guc_level));
}

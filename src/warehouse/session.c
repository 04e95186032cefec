/*
 * session.c
 *		Beginning and ending of the calls that make or move the warehouse, and what they share.
 *
 * Their caller is a superuser and stays it only for roles, schemas and grants; every DDL part runs as dwh_owner. The lock on the
 * extension object is one that only its owner can take for long, unlike an advisory lock.
 */
#include "postgres.h"

#include "catalog/pg_extension.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "common/own_statement.h"
#include "common/owner.h"
#include "common/spi.h"
#include "warehouse/warehouse.h"

/*
 * Registers the attempt, refuses everyone but superusers (42501), pins the settings that change how SQL text is read or reported,
 * waits for any other such call in this database, and opens SPI.
 */
void
dwh_warehouse_begin(DwhWarehouseCall *call, const char *action)
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

	call->caller_context = CurrentMemoryContext;
	dwh_attempt_begin(&call->attempt, action, NULL, NULL);
	if (!superuser())
	{
		dwh_attempt_refused(&call->attempt, "the caller is no superuser");
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to call dwh.%s()", action),
				 errdetail("It acts on the warehouse as a whole, so only a superuser may call it."),
				 errhint("Connect as a superuser and call it again.")));
	}
	call->own_before = dwh_own_begin(false);
	call->guc_level = NewGUCNestLevel();
	for (int i = 0; i < lengthof(pinned); i++)
		(void) set_config_option(pinned[i].name, pinned[i].value, PGC_SUSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	LockDatabaseObject(ExtensionRelationId, get_extension_oid("dwh_ext", false), 0, ShareUpdateExclusiveLock);
	dwh_spi_begin();
}

/* Closes what dwh_warehouse_begin() opened and tells the outcome, as a notice and as the function's result. */
text *
dwh_warehouse_end(DwhWarehouseCall *call, const char *told)
{
	char	   *copy = MemoryContextStrdup(call->caller_context, told);

	dwh_spi_end();
	AtEOXact_GUC(false, call->guc_level);
	dwh_own_end(call->own_before);
	dwh_attempt_end(&call->attempt);
	ereport(NOTICE, (errmsg("%s", copy)));
	return cstring_to_text(copy);
}

/*
 * Grants dwh_owner what its triggers, constraints and the statements of our C code call, with the option to grant it to the groups,
 * then runs the attachments. CREATE on schema dwh is for the views, so it is there only meanwhile.
 */
void
dwh_warehouse_attach(void)
{
	dwh_warehouse_grant_to_owner();
	(void) dwh_parts_run_attachments();
	dwh_spi_utility("REVOKE CREATE ON SCHEMA dwh FROM dwh_owner;");
}

/* The grants alone, for the parts that run before the attachments. */
void
dwh_warehouse_grant_to_owner(void)
{
	dwh_spi_utility("GRANT USAGE, CREATE ON SCHEMA dwh TO dwh_owner; "
					"GRANT USAGE ON SCHEMA dwh_internal TO dwh_owner; "
					"GRANT EXECUTE ON ALL ROUTINES IN SCHEMA dwh, dwh_internal TO dwh_owner WITH GRANT OPTION;");
}

/* The version in the warehouse's row; read as dwh_owner, who may have put a view in the table's place. */
int
dwh_warehouse_get_version(void)
{
	DwhOwnerSwitch owner;

	dwh_owner_enter_unchecked(&owner);
	if (dwh_spi_select_latest("SELECT schema_version::int FROM dwh_catalog.warehouse", 0, NULL, NULL) != 1)
		dwh_raise_no_warehouse_row();
	dwh_owner_leave(&owner);
	return dwh_spi_int(0, 1);
}

/* Writes the version into the warehouse's row. */
void
dwh_warehouse_set_version(int version)
{
	DwhOwnerSwitch owner;
	Oid			types[1] = {TEXTOID};
	Datum		values[1];

	values[0] = CStringGetTextDatum(psprintf("%d", version));
	dwh_owner_enter(&owner);
	(void) dwh_spi_run("UPDATE dwh_catalog.warehouse SET schema_version = $1", 1, types, values, NULL, false, SPI_OK_UPDATE);
	dwh_owner_leave(&owner);
}

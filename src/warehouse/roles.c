/*
 * roles.c
 *		The group roles of the warehouse.
 *
 * Roles belong to the cluster, not to the database: a second database may find them there already, and two databases may
 * create them at the same moment. Whoever finds one missing therefore locks pg_authid against other CREATE ROLE and looks again.
 *
 * NOINHERIT: a group has the rights granted to itself and never, by itself, those of a role it might be put into. Only the role of a
 * group that was made later (src/access/group_role.c) inherits, from the one role whose rights it has.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_authid.h"
#include "fmgr.h"
#include "funcapi.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#include "common/own_statement.h"
#include "common/owner.h"
#include "common/spi.h"
#include "warehouse/warehouse.h"

PG_FUNCTION_INFO_V1(dwh_sql_export_roles);

const DwhNamedObject dwh_roles[] = {
	{"dwh_owner", "Chủ sở hữu mọi bảng của kho, không đăng nhập | Owner of every table of the warehouse, never logs in"},
	{"dwh_central_admin", "Nhóm quản trị ứng dụng cấp Trung ương | Central application administrators"},
	{"dwh_province_admin", "Nhóm quản trị ứng dụng cấp tỉnh | Province application administrators"},
	{"dwh_analyst", "Nhóm khai thác chỉ tiêu, báo cáo | Users of indicators and reports"},
	{"dwh_national", "Nhóm khai thác số liệu toàn quốc | Readers of every unit"},
	{"dwh_loader", "Nhóm nạp dữ liệu | Loaders of data"},
	{"dwh_share_officer", "Nhóm cán bộ chia sẻ dữ liệu | Data-sharing officers"},
	{"dwh_auditor", "Nhóm kiểm tra, giám sát | Auditors"},
	{"dwh_partner", "Cơ quan khai thác dữ liệu chia sẻ | Partner agencies that data is shared with"},
};
const int	dwh_role_count = lengthof(dwh_roles);

/* The statements that create one group role, palloc'ed: the same for create_warehouse() and export_roles(). */
static char *
role_statements(const DwhNamedObject *role)
{
	return psprintf("CREATE ROLE %s NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION NOBYPASSRLS; "
					"COMMENT ON ROLE %s IS %s;",
					role->name, role->name, quote_literal_cstr(psprintf("%s%s", DWH_MARKER, role->comment)));
}

/* The statements that create the role of a group that was made, palloc'ed; rights is quoted where it must be, NULL for a group that has ended. */
char *
dwh_group_role_statements(const char *role, const char *rights, const char *comment)
{
	const char *name = quote_identifier(role);

	return psprintf("CREATE ROLE %s NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE INHERIT NOREPLICATION NOBYPASSRLS; "
					"COMMENT ON ROLE %s IS %s;%s",
					name, name, quote_literal_cstr(psprintf("%s%s", DWH_MARKER, comment)),
					rights != NULL ? psprintf(" GRANT %s TO %s;", rights, name) : "");
}

/* Whether no role of that name exists. */
static bool
is_missing(const DwhNamedObject *role)
{
	return !OidIsValid(get_role_oid(role->name, true));
}

/* Creates the roles that are missing; returns how many. The caller is a superuser and inside SPI. */
int
dwh_roles_create_missing(void)
{
	int			created = 0;
	bool		is_locked = false;
	int			own_before = dwh_own_begin(true);

	for (int i = 0; i < dwh_role_count; i++)
	{
		if (!is_missing(&dwh_roles[i]))
			continue;
		if (!is_locked)
		{
			/* Taking the lock also reads the invalidations of whoever held it before us. */
			LockRelationOid(AuthIdRelationId, ShareRowExclusiveLock);
			is_locked = true;
			if (!is_missing(&dwh_roles[i]))
				continue;
		}
		dwh_spi_utility(role_statements(&dwh_roles[i]));
		created++;
	}
	dwh_own_end(own_before);
	CommandCounterIncrement();
	return created;
}

/* Adds a line of SQL that does nothing where the role is there already. */
static void
add_line(ReturnSetInfo *result, const char *role, const char *statements)
{
	char	   *line = psprintf("DO $dwh$ BEGIN IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname OPERATOR(pg_catalog.=) %s) "
								"THEN %s END IF; END $dwh$;", quote_literal_cstr(role), statements);
	Datum		values[1] = {CStringGetTextDatum(line)};
	bool		nulls[1] = {false};

	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* The lines of groups that were made: those in force, and those that have ended, whose roles may still have rights that a dump names. */
static void
add_made_groups(ReturnSetInfo *result)
{
	DwhOwnerSwitch owner;
	uint64		rows;

	dwh_spi_begin();
	dwh_owner_enter_unchecked(&owner);
	rows = dwh_spi_select_latest("SELECT role_name, CASE WHEN valid_to IS NULL THEN rights_of END, name_vi || ' | ' || name_en"
								 " FROM dwh_catalog.user_group AS u WHERE rights_of IS NOT NULL AND (valid_to IS NULL"
								 "  OR EXISTS (SELECT FROM pg_catalog.pg_roles AS r WHERE r.rolname = u.role_name::name)) "
								 "ORDER BY user_group_id", 0, NULL, NULL);
	for (uint64 row = 0; row < rows; row++)
	{
		const char *rights = dwh_spi_text(row, 2);

		add_line(result, dwh_spi_text(row, 1),
				 dwh_group_role_statements(dwh_spi_text(row, 1), rights != NULL ? quote_identifier(rights) : NULL, dwh_spi_text(row, 3)));
	}
	dwh_owner_leave(&owner);
	dwh_spi_end();
}

/* dwh.export_roles(): one line of SQL for each role, which does nothing where the role is there already. */
Datum
dwh_sql_export_roles(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	for (int i = 0; i < dwh_role_count; i++)
		add_line(result, dwh_roles[i].name, role_statements(&dwh_roles[i]));
	if (dwh_warehouse_exists())
		add_made_groups(result);
	return (Datum) 0;
}

/*
 * group_role.c
 *		The PostgreSQL role of a user group that was made (893 Art. 12.4), and whether a caller has a role.
 *
 * The role of a made group has no rights of its own: while the group is in force it is a member of the role whose rights it has, and
 * inherits them, so that everything that is granted to that role, row policies included, holds for it without a further grant. Which
 * subjects its members read is a matter of their grants (src/scope).
 *
 * Here the extension acts as a superuser, for this only: names come from the tables, rights from a list that the table checks.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#include "common/owner.h"
#include "common/spi.h"
#include "warehouse/warehouse.h"

PG_FUNCTION_INFO_V1(dwh_sql_caller_has_role);
PG_FUNCTION_INFO_V1(dwh_sql_is_administrator);
PG_FUNCTION_INFO_V1(dwh_sql_sync_group_role);

/* dwh_internal.caller_has_role(p_role text) */
Datum
dwh_sql_caller_has_role(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(dwh_caller_has_role(text_to_cstring(PG_GETARG_TEXT_PP(0))));
}

/* dwh_internal.is_administrator(p_role text) */
Datum
dwh_sql_is_administrator(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(dwh_caller_is_administrator(text_to_cstring(PG_GETARG_TEXT_PP(0))));
}

/* Runs statements about roles as superuser, inside SPI. */
static void
run_as_superuser(const char *sql)
{
	DwhOwnerSwitch state;

	dwh_superuser_enter(&state);
	dwh_spi_utility(sql);
	dwh_owner_leave(&state);
}

/*
 * dwh_internal.sync_group_role(p_user_group_id int): called as dwh_owner, in the transaction that changed the group. Raises 42710 where
 * a role of that name exists: it may be a stranger's, or that of a group of another database of the cluster.
 */
Datum
dwh_sql_sync_group_role(PG_FUNCTION_ARGS)
{
	Oid			types[1] = {INT4OID};
	Datum		values[1] = {PG_GETARG_DATUM(0)};
	DwhOwnerSwitch owner;
	const char *role;
	const char *rights;
	char	   *comment;
	bool		is_ended;

	dwh_spi_begin();
	dwh_owner_enter_unchecked(&owner);
	if (dwh_spi_select("SELECT role_name, rights_of, name_vi || ' | ' || name_en, coalesce(valid_to < dwh.today(), false) "
					   "FROM dwh_catalog.user_group WHERE user_group_id = $1 AND rights_of IS NOT NULL", 1, types, values, NULL, false) != 1)
		elog(ERROR, "user group %d is none that was made", PG_GETARG_INT32(0));
	role = dwh_spi_text(0, 1);
	rights = quote_identifier(dwh_spi_text(0, 2));
	comment = dwh_spi_text(0, 3);
	is_ended = dwh_spi_bool(0, 4);
	dwh_owner_leave(&owner);
	dwh_instance_require_live(psprintf("role \"%s\"", role));
	if (is_ended && OidIsValid(get_role_oid(role, true)))
		run_as_superuser(psprintf("REVOKE %s FROM %s", rights, quote_identifier(role)));
	else if (!is_ended)
	{
		if (OidIsValid(get_role_oid(role, true)))
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_OBJECT),
					 errmsg("role \"%s\" exists already", role),
					 errdetail("Roles belong to the whole cluster, and a role that others made is never adopted."),
					 errhint("Choose another code for the group.")));
		run_as_superuser(dwh_group_role_statements(role, rights, comment));
	}
	dwh_spi_end();
	PG_RETURN_VOID();
}

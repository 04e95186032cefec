/*
 * owner.c
 *		Acting as dwh_owner; whether a warehouse stands in this database.
 *
 * The warehouse stands when schema dwh_catalog exists, belongs to role dwh_owner and holds table warehouse: rows are not
 * looked at here, so that the check is two cache look-ups and works in any snapshot.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "common/errors.h"
#include "common/guc.h"
#include "common/identity.h"
#include "common/own_statement.h"
#include "common/owner.h"

#define DWH_OWNER_ROLE "dwh_owner"

/*
 * Who called the switch to dwh_owner that is in force. An error leaves it behind, where it means nothing: it is looked at only as
 * dwh_owner in a security-restricted operation, and set by every switch that begins one.
 */
static Oid	switch_caller = InvalidOid;

/* The oid of role dwh_owner; InvalidOid where there is none. */
Oid
dwh_owner_oid(void)
{
	return get_role_oid(DWH_OWNER_ROLE, true);
}

/* Whether dwh.create_warehouse() has been run in this database. */
bool
dwh_warehouse_exists(void)
{
	Oid			owner = dwh_owner_oid();
	Oid			nsp = get_namespace_oid("dwh_catalog", true);
	HeapTuple	tup;
	bool		is_ours;

	if (!OidIsValid(owner) || !OidIsValid(nsp))
		return false;
	tup = SearchSysCache1(NAMESPACEOID, ObjectIdGetDatum(nsp));
	if (!HeapTupleIsValid(tup))
		return false;
	is_ours = ((Form_pg_namespace) GETSTRUCT(tup))->nspowner == owner;
	ReleaseSysCache(tup);
	return is_ours && OidIsValid(get_relname_relid("warehouse", nsp));
}

/*
 * Whether what needs the extension's code is in place, too. DROP EXTENSION ... CASCADE takes it, the view among it, and leaves the
 * tables; create_warehouse() puts it back.
 */
bool
dwh_warehouse_is_attached(void)
{
	return OidIsValid(get_relname_relid("warehouse_info", get_namespace_oid("dwh", true)));
}

/* Raises WH001 unless the tables of the warehouse stand. */
void
dwh_require_tables(void)
{
	if (!dwh_warehouse_exists())
		ereport(ERROR,
				(errcode(ERRCODE_DWH_NO_WAREHOUSE),
				 errmsg("there is no warehouse in this database"),
				 errdetail("The extension brings code only."),
				 errhint("A superuser creates it with SELECT dwh.create_warehouse().")));
}

/*
 * Raises WH001 unless the warehouse stands, with everything that belongs to it. Whoever is dwh_owner already is asked for the tables
 * only: the parts that create_warehouse() runs call functions before all is there.
 */
void
dwh_require_warehouse(void)
{
	dwh_require_tables();
	if (GetUserId() != dwh_owner_oid() && !dwh_warehouse_is_attached())
		ereport(ERROR,
				(errcode(ERRCODE_DWH_NO_WAREHOUSE),
				 errmsg("the warehouse is not complete"),
				 errdetail("The extension was dropped and created again; its triggers, constraints and views are missing."),
				 errhint("A superuser puts them back with SELECT dwh.create_warehouse().")));
}

/* Raises 55000: the row that says what the warehouse is has been removed. */
void
dwh_raise_no_warehouse_row(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("table dwh_catalog.warehouse has no row"),
			 errdetail("The row holds the time zone of the warehouse and the version of its tables."),
			 errhint("Restore the row from a dump.")));
}

/*
 * The role that calls: the outer user (the login role, or what SET ROLE chose; never the owner of a definer function). In a
 * security-restricted operation, where PostgreSQL runs what a table's owner wrote while somebody else maintains the table (ANALYZE,
 * REINDEX, REFRESH, autovacuum as superuser), it is that owner: else an index expression would lend its owner the maintainer's
 * rights. Between dwh_owner_enter() and dwh_owner_leave() it is who called there.
 */
Oid
dwh_caller_role(void)
{
	Oid			user;
	int			sec_context;

	GetUserIdAndSecContext(&user, &sec_context);
	if ((sec_context & SECURITY_RESTRICTED_OPERATION) == 0)
		return GetOuterUserId();
	if (user != dwh_owner_oid())
		return user;
	return OidIsValid(switch_caller) ? switch_caller : GetOuterUserId();
}

/* Whether the caller's role has the rights of a role of that name in the server. */
static bool
has_rights_of(const char *name)
{
	Oid			role = get_role_oid(name, true);

	return OidIsValid(role) && has_privs_of_role(dwh_caller_role(), role);
}

/*
 * Whether the caller has the rights of a role of that name. Superusers do, unless there is no such role. Administrators have them by a
 * grant in force; behind a gateway the account needs one for every role.
 */
bool
dwh_caller_has_role(const char *name)
{
	return has_rights_of(name) && dwh_identity_has_role(name);
}

/* Whether the caller is an administrator, of the role of that name, by a grant in force. Needs the warehouse. */
bool
dwh_caller_is_administrator(const char *name)
{
	return has_rights_of(name) && dwh_identity_is_administrator(name);
}

/* Whether the caller has the rights of dwh_owner. Superusers do; nobody whom a token names does. */
bool
dwh_caller_is_owner(void)
{
	return has_rights_of(DWH_OWNER_ROLE) && dwh_identity_bound() == 0;
}

/* Becomes dwh_owner. Raises WH001 where no warehouse stands. */
void
dwh_owner_enter(DwhOwnerSwitch *state)
{
	dwh_require_warehouse();
	dwh_owner_enter_unchecked(state);
}

/* Becomes a role, in a security-restricted operation with a search_path that is nobody's. */
static void
enter_as(DwhOwnerSwitch *state, Oid role)
{
	state->own_before = dwh_own_begin(role == BOOTSTRAP_SUPERUSERID);
	state->saved_caller = switch_caller;
	switch_caller = dwh_caller_role();
	GetUserIdAndSecContext(&state->saved_user, &state->saved_sec_context);
	state->guc_nest_level = NewGUCNestLevel();
	dwh_guc_set_here("search_path", "pg_catalog, pg_temp");
	SetUserIdAndSecContext(role, state->saved_sec_context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
}

/* Becomes dwh_owner without a look at the warehouse, while it is being made or told about; the role is known to exist. */
void
dwh_owner_enter_unchecked(DwhOwnerSwitch *state)
{
	enter_as(state, dwh_owner_oid());
}

/* Becomes the bootstrap superuser, for statements about roles whose names and rights come from the tables, and for nothing else. */
void
dwh_superuser_enter(DwhOwnerSwitch *state)
{
	enter_as(state, BOOTSTRAP_SUPERUSERID);
}

/* Becomes again whoever called dwh_owner_enter() or dwh_superuser_enter(). */
void
dwh_owner_leave(const DwhOwnerSwitch *state)
{
	AtEOXact_GUC(false, state->guc_nest_level);
	SetUserIdAndSecContext(state->saved_user, state->saved_sec_context);
	switch_caller = state->saved_caller;
	dwh_own_end(state->own_before);
}

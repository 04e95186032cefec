/*
 * login_role.c
 *		The PostgreSQL login role of an account follows what the tables say of it: member of the groups of its grants in force, with their
 *		limits (src/scope/limits.c) and its validity; without a grant in force, without LOGIN.
 *
 * Here alone the extension acts as a superuser, and only for this: names and values come from the tables, groups are those of
 * dwh_catalog.user_group. A role is ours when its comment says which account it is of; no other is altered or given anything, and none
 * that has an attribute beyond LOGIN. Memberships of our groups are taken from every role that an account names.
 *
 * The bootstrap superuser is the grantor, so that there is one; memberships that others granted (PostgreSQL 16 and later keep them
 * apart) are revoked one by one. No password is ever set.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/syscache.h"

#include "access/access.h"
#include "audit/audit.h"
#include "common/owner.h"
#include "common/spi.h"
#include "scope/limits.h"
#include "warehouse/warehouse.h"

PG_FUNCTION_INFO_V1(dwh_sql_sync_login_role);
PG_FUNCTION_INFO_V1(dwh_sql_adopt_login_role);

/* An account, its role as it ought to be, and as it is. */
typedef struct LoginRole
{
	int32		account_id;
	char	   *name;			/* NULL: the account has no login role */
	char	   *mark;			/* the comment of a role of ours */
	bool		can_login;
	bool		begins_later;	/* there is a right that will let it */
	char	   *valid_until;	/* NULL: for ever */

	Oid			oid;			/* InvalidOid: does not exist */
	bool		is_ours;
	bool		has_attributes;
	bool		has_login;
	bool		is_as_wanted;	/* validity */
} LoginRole;

/* What the tables want. Raises 42704 for an unknown account. As dwh_owner, inside SPI. */
static void
read_wanted(LoginRole *role)
{
	static SPIPlanPtr plan = NULL;
	Oid			types[1] = {INT4OID};
	Datum		values[1] = {Int32GetDatum(role->account_id)};

	if (dwh_spi_run_kept(&plan, "SELECT a.login_role, coalesce(lower(a.email), a.iam_subject), g.n > 0 AND a.is_enabled AND a.valid_from <= d.today"
					   "  AND coalesce(a.valid_to >= d.today, true) AND (a.kind <> 'mailbox' OR EXISTS ("
					   "    SELECT FROM dwh_catalog.mailbox_holder AS h WHERE h.account_id = a.account_id AND h.ended_at IS NULL"
					   "      AND h.valid_from <= d.today AND coalesce(h.valid_to >= d.today, true))),"
					   "  a.is_enabled AND EXISTS (SELECT FROM dwh_catalog.access_grant AS r"
					   "    WHERE r.account_id = a.account_id AND r.revoked_at IS NULL AND r.valid_from > d.today),"
					   "  to_char((a.valid_to + 1)::timestamp AT TIME ZONE w.time_zone AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS\"+00\"') "
					   "FROM dwh_catalog.account AS a CROSS JOIN dwh_catalog.warehouse AS w CROSS JOIN (SELECT dwh.today()) AS d (today)"
					   "  CROSS JOIN LATERAL (SELECT count(*) AS n FROM dwh_catalog.access_grant AS r"
					   "    WHERE r.account_id = a.account_id AND r.revoked_at IS NULL AND r.valid_from <= d.today"
					   "      AND coalesce(r.valid_to >= d.today, true)) AS g "
					   "WHERE a.account_id = $1", 1, types, values, NULL, false, SPI_OK_SELECT) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("account %d does not exist", role->account_id),
				 errhint("Accounts stand in dwh_catalog.account.")));
	role->name = dwh_spi_text(0, 1);
	role->mark = psprintf("%stài khoản | account %s", DWH_MARKER, dwh_spi_text(0, 2));
	role->can_login = dwh_spi_bool(0, 3);
	role->begins_later = dwh_spi_bool(0, 4);
	role->valid_until = dwh_spi_text(0, 5);
}

/* What the server has. As superuser, inside SPI. */
static void
read_present(LoginRole *role)
{
	static SPIPlanPtr plan = NULL;
	Oid			types[3] = {TEXTOID, TEXTOID, TEXTOID};
	Datum		values[3] = {CStringGetTextDatum(role->name), CStringGetTextDatum(role->mark)};
	char		nulls[4] = "   ";

	if (role->valid_until == NULL)
		nulls[2] = 'n';
	else
		values[2] = CStringGetTextDatum(role->valid_until);
	role->oid = InvalidOid;
	if (dwh_spi_run_kept(&plan, "SELECT r.oid::int8, coalesce((SELECT d.description FROM pg_catalog.pg_shdescription AS d"
						 "    WHERE d.objoid = r.oid AND d.classoid = 'pg_catalog.pg_authid'::regclass) = $2, false),"
					   "  r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication OR r.rolbypassrls OR r.rolname ~ '^(pg|dwh)_',"
					   "  r.rolcanlogin, coalesce(r.rolvaliduntil, 'infinity') = coalesce($3::timestamptz, 'infinity') "
					   "FROM pg_catalog.pg_authid AS r WHERE r.rolname = $1::name", 3, types, values, nulls, false, SPI_OK_SELECT) == 0)
		return;
	role->oid = (Oid) dwh_spi_bigint(0, 1);
	role->is_ours = dwh_spi_bool(0, 2);
	role->has_attributes = dwh_spi_bool(0, 3);
	role->has_login = dwh_spi_bool(0, 4);
	role->is_as_wanted = dwh_spi_bool(0, 5);
}

/* Raises 42710: the name is taken by a role that is not ours to give rights to. */
static void
raise_stranger(const LoginRole *role)
{
	ereport(ERROR,
			(errcode(ERRCODE_DUPLICATE_OBJECT),
			 errmsg("role \"%s\" exists and is not the login role of this account", role->name),
			 errdetail("893 Art. 5.2: vai trò của người khác không được dùng lại | a role that others made is never adopted silently."),
			 role->has_attributes ?
			 errhint("It has attributes that a user's role must not have. Choose another login name.") :
			 errhint("Choose another login name, or have a superuser call dwh.adopt_login_role().")));
}

/* Creates the role, or brings its attributes to what is wanted. As superuser, inside SPI. */
static void
keep_attributes(LoginRole *role)
{
	const char *name = quote_identifier(role->name);
	StringInfoData sql;

	initStringInfo(&sql);
	if (!OidIsValid(role->oid))
		appendStringInfo(&sql, "CREATE ROLE %s NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS INHERIT", name);
	else
		appendStringInfo(&sql, "ALTER ROLE %s", name);
	appendStringInfo(&sql, " %s VALID UNTIL %s;", role->can_login ? "LOGIN" : "NOLOGIN",
					 quote_literal_cstr(role->valid_until == NULL ? "infinity" : role->valid_until));
	if (!OidIsValid(role->oid))
		appendStringInfo(&sql, " COMMENT ON ROLE %s IS %s;", name, quote_literal_cstr(role->mark));
	dwh_spi_utility(sql.data);
	if (!OidIsValid(role->oid))
		role->oid = get_role_oid(role->name, false);
}

/*
 * Grants and revokes memberships until they are those of the grants in force; whether any was revoked. As superuser, inside SPI; the
 * tables are read as the role that owns them.
 */
static bool
keep_memberships(const LoginRole *role, bool may_grant, bool *is_changed)
{
	static SPIPlanPtr plan = NULL;
	Oid			types[3] = {INT4OID, OIDOID, BOOLOID};
	Datum		values[3] = {Int32GetDatum(role->account_id), ObjectIdGetDatum(role->oid), BoolGetDatum(role->can_login)};
	DwhOwnerSwitch owner;
	StringInfoData sql;
	uint64		rows;
	bool		is_less = false;

	dwh_owner_enter_unchecked(&owner);
	/* each group by itself: there are few of them, and many roles */
	rows = dwh_spi_run_kept(&plan, "SELECT r.rolname::text, m.roleid IS NULL, pg_catalog.pg_get_userbyid(m.grantor)::text "
							"FROM dwh_catalog.user_group AS o"
							"  CROSS JOIN LATERAL (SELECT p.oid, p.rolname FROM pg_catalog.pg_roles AS p"
							"    WHERE p.rolname = o.role_name::name OFFSET 0) AS r"
							"  LEFT JOIN LATERAL (SELECT b.roleid, b.grantor FROM pg_catalog.pg_auth_members AS b"
							"    WHERE b.roleid = r.oid AND b.member = $2 OFFSET 0) AS m ON true"
							"  CROSS JOIN LATERAL (SELECT $3 AND EXISTS (SELECT FROM dwh_catalog.access_grant AS g"
							"    WHERE g.account_id = $1 AND g.user_group_id = o.user_group_id AND g.revoked_at IS NULL"
							"      AND g.valid_from <= dwh.today() AND coalesce(g.valid_to >= dwh.today(), true))) AS w (is_wanted) "
							"WHERE w.is_wanted = (m.roleid IS NULL) ORDER BY 1, 3", 3, types, values, NULL, false, SPI_OK_SELECT);
	initStringInfo(&sql);
	for (uint64 row = 0; row < rows; row++)
	{
		const char *group = quote_identifier(dwh_spi_text(row, 1));

		if (!dwh_spi_bool(row, 2))
		{
			/* up to PostgreSQL 15 there is one membership, whoever granted it */
			appendStringInfo(&sql, "REVOKE %s FROM %s", group, quote_identifier(role->name));
#if PG_VERSION_NUM >= 160000
			appendStringInfo(&sql, " GRANTED BY %s", quote_identifier(dwh_spi_text(row, 3)));
#endif
			appendStringInfoString(&sql, ";");
			is_less = true;
		}
		else if (may_grant)
			appendStringInfo(&sql, "GRANT %s TO %s;", group, quote_identifier(role->name));
	}
	dwh_owner_leave(&owner);
	*is_changed = sql.len > 0;
	if (*is_changed)
		dwh_spi_utility(sql.data);
	return is_less;
}

/* Makes the role of an account what it ought to be. As dwh_owner or superuser, inside SPI. */
static void
bring_in_line(LoginRole *role)
{
	DwhOwnerSwitch state;
	bool		is_ours = true;
	bool		is_new;
	bool		is_less;
	bool		is_changed = false;

	dwh_owner_enter_unchecked(&state);
	read_wanted(role);
	dwh_owner_leave(&state);
	if (role->name == NULL)
		return;
	dwh_superuser_enter(&state);
	read_present(role);
	is_new = !OidIsValid(role->oid);
	if (is_new && !role->can_login)
	{
		dwh_owner_leave(&state);
		return;
	}
	if (!is_new && (!role->is_ours || role->has_attributes))
	{
		/* refused before there is any right, since nothing of a stranger's is ours to take either */
		if (role->can_login || role->begins_later)
			raise_stranger(role);
		is_ours = false;
	}
	else if (is_new || !role->is_as_wanted || role->has_login != role->can_login)
		keep_attributes(role);
	is_less = keep_memberships(role, is_ours, &is_changed) || (is_ours && !is_new && role->has_login && !role->can_login);
	dwh_owner_leave(&state);
	if (is_ours && is_changed && role->can_login)
		dwh_limits_put_on(role->name, is_new);
	if (is_less)
		dwh_sessions_end_at_commit(role->oid);
}

/*
 * dwh_internal.sync_login_role(p_account_id): called as dwh_owner, in the transaction that changed the grants. Raises 42710 where the
 * account has or will have a right and the name is a stranger's.
 */
Datum
dwh_sql_sync_login_role(PG_FUNCTION_ARGS)
{
	LoginRole	role = {.account_id = PG_GETARG_INT32(0)};

	dwh_spi_begin();
	bring_in_line(&role);
	dwh_spi_end();
	PG_RETURN_VOID();
}

/* Refuses roles that nobody may have as a login. As superuser, inside SPI. */
static void
judge_for_adoption(LoginRole *role)
{
	read_present(role);
	if (!OidIsValid(role->oid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("role \"%s\" does not exist", role->name),
				 errhint("A new role is made when access is applied; only an existing one is adopted.")));
	if (role->has_attributes)
		raise_stranger(role);
}

/*
 * dwh.adopt_login_role(p_email text, p_role text): an existing role becomes the login role of an account, by a superuser's explicit
 * call. Raises 42501 for others, 42704 for an unknown account or role, 42710 for a role with attributes.
 */
Datum
dwh_sql_adopt_login_role(PG_FUNCTION_ARGS)
{
	LoginRole	role = {0};
	DwhAttempt	attempt;
	DwhOwnerSwitch state;
	char	   *email = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(1));
	Oid			types[2] = {TEXTOID, TEXTOID};
	Datum		values[2] = {CStringGetTextDatum(email), CStringGetTextDatum(name)};

	dwh_require_warehouse();
	dwh_attempt_begin(&attempt, "adopt_login_role", email, NULL);
	if (!superuser_arg(dwh_caller_role()))
	{
		dwh_attempt_refused(&attempt, "the caller is no superuser");
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to adopt a login role"),
				 errdetail("Whoever owns an existing role is known to nobody but the server's administrator."),
				 errhint("A superuser calls it; without it, access is applied to a role of its own.")));
	}
	dwh_spi_begin();
	dwh_owner_enter(&state);
	if (dwh_spi_run("UPDATE dwh_catalog.account SET login_role = $2 "
					"WHERE lower(email) = lower($1) OR iam_subject = $1 RETURNING account_id", 2, types, values, NULL, false,
					SPI_OK_UPDATE_RETURNING) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("there is no account \"%s\"", email),
				 errhint("Give its e-mail address or IAM subject.")));
	role.account_id = dwh_spi_int(0, 1);
	read_wanted(&role);
	dwh_owner_leave(&state);
	dwh_superuser_enter(&state);
	judge_for_adoption(&role);
	dwh_spi_utility(psprintf("COMMENT ON ROLE %s IS %s", quote_identifier(name), quote_literal_cstr(role.mark)));
	dwh_owner_leave(&state);
	bring_in_line(&role);
	dwh_spi_end();
	dwh_audit_append("adopt_login_role", email, "done", NULL);
	dwh_attempt_end(&attempt);
	PG_RETURN_VOID();
}

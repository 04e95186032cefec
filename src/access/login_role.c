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

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "access/access.h"
#include "audit/audit.h"
#include "common/identity.h"
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
	char	   *valid_until;	/* "infinity": for ever */

	Oid			oid;			/* InvalidOid: does not exist */
	bool		is_ours;
	bool		has_attributes;
	bool		has_login;
	bool		is_as_wanted;	/* validity */
	bool		is_gateway;		/* keeps its connection limit */

	List	   *come;			/* groups that it comes into */
	StringInfoData leave;		/* statements that take it out of groups */
	DwhLimits  *limits;			/* of a role that is to be made */
} LoginRole;

/*
 * What the tables want, and what the server has, of some accounts: one LoginRole each, in their order. Raises 42704 for an unknown
 * account. As dwh_owner, inside SPI.
 */
static LoginRole *
read_roles(ArrayType *account_ids, int *count)
{
	static SPIPlanPtr plan = NULL;
	Oid			types[2] = {INT4ARRAYOID, TEXTOID};
	Datum		values[2] = {PointerGetDatum(account_ids), CStringGetTextDatum(DWH_MARKER "tài khoản | account ")};
	LoginRole  *roles;

	*count = (int) dwh_spi_run_kept(&plan, "SELECT i.account_id, a.account_id IS NULL, a.login_role, a.mark,"
									"  coalesce(EXISTS (SELECT FROM dwh_catalog.access_grant AS g WHERE g.account_id = a.account_id"
									"      AND g.revoked_at IS NULL AND g.valid_from <= d.today AND coalesce(g.valid_to >= d.today, true))"
									"    AND a.is_enabled AND a.valid_from <= d.today AND coalesce(a.valid_to >= d.today, true)"
									"    AND (a.kind <> 'mailbox' OR EXISTS ("
									"      SELECT FROM dwh_catalog.mailbox_holder AS h WHERE h.account_id = a.account_id"
									"        AND h.ended_at IS NULL AND h.valid_from <= d.today AND coalesce(h.valid_to >= d.today, true))), false),"
									"  a.is_enabled AND EXISTS (SELECT FROM dwh_catalog.access_grant AS g"
									"    WHERE g.account_id = a.account_id AND g.revoked_at IS NULL AND g.valid_from > d.today),"
									"  coalesce(to_char(a.ends_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS\"+00\"'), 'infinity'),"
									"  r.oid::int8, coalesce((SELECT s.description FROM pg_catalog.pg_shdescription AS s"
									"    WHERE s.objoid = r.oid AND s.classoid = 'pg_catalog.pg_authid'::regclass) = a.mark, false),"
									"  r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication OR r.rolbypassrls"
									"    OR r.rolname ~ '^(pg|dwh)_', r.rolcanlogin,"
									"  coalesce(r.rolvaliduntil, 'infinity') = coalesce(a.ends_at, 'infinity'),"
									"  EXISTS (SELECT FROM dwh_catalog.gateway AS y WHERE y.login_role = a.login_role AND y.retired_at IS NULL) "
									"FROM (SELECT u.account_id, min(u.n) AS n FROM unnest($1) WITH ORDINALITY AS u (account_id, n) GROUP BY 1) AS i"
									"  CROSS JOIN (SELECT dwh.today()) AS d (today)"
									"  LEFT JOIN LATERAL (SELECT c.*, $2 || coalesce(lower(c.email), c.iam_subject) AS mark,"
									"      (c.valid_to + 1)::timestamp AT TIME ZONE w.time_zone AS ends_at"
									"    FROM dwh_catalog.account AS c CROSS JOIN dwh_catalog.warehouse AS w"
									"    WHERE c.account_id = i.account_id OFFSET 0) AS a ON true"
									"  LEFT JOIN LATERAL (SELECT p.* FROM pg_catalog.pg_roles AS p WHERE p.rolname = a.login_role::name OFFSET 0) AS r ON true "
									"ORDER BY i.n", 2, types, values, NULL, false, SPI_OK_SELECT);
	roles = SPI_palloc(Max(*count, 1) * sizeof(LoginRole));
	memset(roles, 0, *count * sizeof(LoginRole));
	for (int i = 0; i < *count; i++)
	{
		roles[i].account_id = dwh_spi_int(i, 1);
		if (dwh_spi_bool(i, 2))
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_OBJECT),
					 errmsg("account %d does not exist", roles[i].account_id),
					 errhint("Accounts stand in dwh_catalog.account.")));
		roles[i].name = dwh_spi_text(i, 3);
		roles[i].mark = dwh_spi_text(i, 4);
		roles[i].can_login = dwh_spi_bool(i, 5);
		roles[i].begins_later = dwh_spi_bool(i, 6);
		roles[i].valid_until = dwh_spi_text(i, 7);
		roles[i].oid = (Oid) dwh_spi_bigint(i, 8);
		roles[i].is_ours = dwh_spi_bool(i, 9);
		roles[i].has_attributes = dwh_spi_bool(i, 10);
		roles[i].has_login = dwh_spi_bool(i, 11);
		roles[i].is_as_wanted = dwh_spi_bool(i, 12);
		roles[i].is_gateway = dwh_spi_bool(i, 13);
		initStringInfo(&roles[i].leave);
	}
	return roles;
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

/* A list of each role's account, of its oid, or of whether it can log in. */
static Datum
array_of(const LoginRole *roles, int count, Oid type)
{
	Datum	   *elements = palloc(sizeof(Datum) * count);

	for (int i = 0; i < count; i++)
		elements[i] = type == INT4OID ? Int32GetDatum(roles[i].account_id) : type == OIDOID ? ObjectIdGetDatum(roles[i].oid) :
			BoolGetDatum(roles[i].can_login);
	return dwh_array(elements, count, type);
}

/* Which groups each role has to come into and to leave, so that they are those of the grants in force. As dwh_owner, inside SPI. */
static void
read_memberships(LoginRole *roles, int count)
{
	static SPIPlanPtr plan = NULL;
	Oid			types[3] = {INT4ARRAYOID, OIDARRAYOID, BOOLARRAYOID};
	Datum		values[3] = {array_of(roles, count, INT4OID), array_of(roles, count, OIDOID), array_of(roles, count, BOOLOID)};
	uint64		rows;

	rows = dwh_spi_run_kept(&plan, "WITH own AS MATERIALIZED (SELECT o.user_group_id, p.oid, p.rolname::text AS name"
							"    FROM dwh_catalog.user_group AS o JOIN pg_catalog.pg_roles AS p ON p.rolname = o.role_name::name),"
							"  role AS MATERIALIZED (SELECT * FROM unnest($1, $2, $3) WITH ORDINALITY AS u (account_id, oid, can_login, n)),"
							"  wanted AS MATERIALIZED (SELECT DISTINCT r.n, r.oid AS member, o.oid, o.name"
							"    FROM role AS r CROSS JOIN LATERAL (SELECT g.user_group_id FROM dwh_catalog.access_grant AS g"
							"      WHERE g.account_id = r.account_id AND g.revoked_at IS NULL AND g.valid_from <= dwh.today()"
							"        AND coalesce(g.valid_to >= dwh.today(), true) OFFSET 0) AS g JOIN own AS o USING (user_group_id)"
							"    WHERE r.can_login),"
							"  present AS MATERIALIZED (SELECT r.n, o.oid, o.name, pg_catalog.pg_get_userbyid(m.grantor)::text AS grantor"
							"    FROM role AS r CROSS JOIN LATERAL (SELECT b.roleid, b.grantor FROM pg_catalog.pg_auth_members AS b"
							"      WHERE b.member = r.oid OFFSET 0) AS m JOIN own AS o ON o.oid = m.roleid) "
							"SELECT n::int8, name, true, NULL FROM wanted AS w WHERE (n, oid) NOT IN (SELECT p.n, p.oid FROM present AS p) "
							"UNION ALL "
							"SELECT n::int8, name, false, grantor FROM present AS p WHERE (n, oid) NOT IN (SELECT w.n, w.oid FROM wanted AS w) "
							"ORDER BY 1, 2, 4", 3, types, values, NULL, false, SPI_OK_SELECT);
	for (uint64 row = 0; row < rows; row++)
	{
		LoginRole  *role = &roles[dwh_spi_bigint(row, 1) - 1];

		if (role->name == NULL)
			continue;
		if (dwh_spi_bool(row, 3))
			role->come = lappend(role->come, dwh_spi_text(row, 2));
		else
		{
			/* up to PostgreSQL 15 there is one membership, whoever granted it */
			appendStringInfo(&role->leave, "REVOKE %s FROM %s", quote_identifier(dwh_spi_text(row, 2)), quote_identifier(role->name));
#if PG_VERSION_NUM >= 160000
			/* CASCADE: what the role has passed on goes with it, or PostgreSQL would refuse */
			appendStringInfo(&role->leave, " GRANTED BY %s CASCADE", quote_identifier(dwh_spi_text(row, 4)));
#endif
			appendStringInfoChar(&role->leave, ';');
		}
	}
}

/* Whether two lists name the same groups, in the same order. */
static bool
equal_names(const List *a, const List *b)
{
	ListCell   *one;
	ListCell   *other;

	if (list_length(a) != list_length(b))
		return false;
	forboth(one, a, other, b)
		if (strcmp(lfirst(one), lfirst(other)) != 0)
			return false;
	return true;
}

/* The limits of roles that are to be made: read once for all that come into the same groups. As dwh_owner, inside SPI. */
static void
read_limits(LoginRole *roles, int count)
{
	for (int i = 0; i < count; i++)
	{
		if (roles[i].come == NIL || OidIsValid(roles[i].oid))
			continue;
		for (int j = i - 1; j >= 0 && j >= i - 8 && roles[i].limits == NULL; j--)
			if (roles[j].limits != NULL && equal_names(roles[j].come, roles[i].come))
				roles[i].limits = roles[j].limits;
		if (roles[i].limits != NULL)
			continue;
		roles[i].limits = palloc(sizeof(DwhLimits));
		dwh_limits_of_groups(roles[i].limits, roles[i].come);
	}
}

/* The names of groups, for a statement. */
static char *
names_of(List *groups)
{
	StringInfoData names;
	ListCell   *cell;

	initStringInfo(&names);
	foreach(cell, groups)
		appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "", quote_identifier(lfirst(cell)));
	return names.data;
}

/* The statements that make a role that does not exist, with everything that it has. */
static void
append_creation(StringInfo sql, const LoginRole *role)
{
	const char *name = quote_identifier(role->name);
	const char *connections = role->limits == NULL || role->is_gateway ? NULL : dwh_limits_connections(role->limits);

	appendStringInfo(sql, "CREATE ROLE %s NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS INHERIT LOGIN"
					 " CONNECTION LIMIT %s VALID UNTIL %s", name, connections != NULL ? connections : "-1",
					 quote_literal_cstr(role->valid_until));
	if (role->come != NIL)
		appendStringInfo(sql, " IN ROLE %s", names_of(role->come));
	appendStringInfo(sql, "; COMMENT ON ROLE %s IS %s;", name, quote_literal_cstr(role->mark));
	if (role->limits != NULL)
		dwh_limits_append_settings(sql, name, role->limits);
}

/* The statements that bring a role in line, none where nothing is to be done. Raises 42710 where a stranger has the name. */
static void
append_statements(StringInfo sql, LoginRole *role)
{
	const char *name = quote_identifier(role->name);

	if (!OidIsValid(role->oid))
	{
		if (role->can_login)
			append_creation(sql, role);
		return;
	}
	if (!role->is_ours || role->has_attributes)
	{
		/* refused before there is any right, since nothing of a stranger's is ours to take either */
		if (role->can_login || role->begins_later)
			raise_stranger(role);
		role->is_ours = false;
	}
	else if (!role->is_as_wanted || role->has_login != role->can_login)
		appendStringInfo(sql, "ALTER ROLE %s %s VALID UNTIL %s;", name, role->can_login ? "LOGIN" : "NOLOGIN",
						 quote_literal_cstr(role->valid_until));
	appendStringInfoString(sql, role->leave.data);
	if (role->come != NIL && role->is_ours)
		appendStringInfo(sql, "GRANT %s TO %s;", names_of(role->come), name);
}

/*
 * Makes the roles of accounts what they ought to be: all are read at once, and then altered one by one. As dwh_owner or superuser,
 * inside SPI.
 */
static void
bring_in_line(ArrayType *account_ids)
{
	DwhOwnerSwitch state;
	LoginRole  *roles;
	int			count;

	dwh_owner_enter_unchecked(&state);
	roles = read_roles(account_ids, &count);
	read_memberships(roles, count);
	read_limits(roles, count);
	dwh_owner_leave(&state);
	for (LoginRole *role = roles; role < roles + count; role++)
	{
		StringInfoData sql;

		CHECK_FOR_INTERRUPTS();
		if (role->name == NULL)
			continue;
		initStringInfo(&sql);
		append_statements(&sql, role);
		if (sql.len > 0)
		{
			dwh_instance_require_live(psprintf("role \"%s\"", role->name));
			dwh_superuser_enter(&state);
			dwh_spi_utility(sql.data);
			dwh_owner_leave(&state);
		}
		if (!OidIsValid(role->oid))
			continue;
		if (role->is_ours && role->can_login && (role->come != NIL || role->leave.len > 0))
			dwh_limits_put_on(role->name);
		if (role->leave.len > 0 || (role->is_ours && role->has_login && !role->can_login))
			dwh_sessions_end_at_commit(role->oid);
	}
}

/* An array of one account. */
static ArrayType *
list_of_one(int32 account_id)
{
	Datum		element = Int32GetDatum(account_id);

	return construct_array(&element, 1, INT4OID, sizeof(int32), true, TYPALIGN_INT);
}

/*
 * dwh_internal.sync_login_role(VARIADIC p_account_ids): called as dwh_owner, in the transaction that changed the grants. Raises 42710
 * where an account has or will have a right and the name is a stranger's.
 */
Datum
dwh_sql_sync_login_role(PG_FUNCTION_ARGS)
{
	dwh_spi_begin();
	bring_in_line(PG_GETARG_ARRAYTYPE_P(0));
	dwh_spi_end();
	PG_RETURN_VOID();
}

/* Refuses roles that nobody may have as a login. */
static void
judge_for_adoption(const LoginRole *role)
{
	if (!OidIsValid(role->oid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("role \"%s\" does not exist", role->name),
				 errhint("A new role is made when access is applied; only an existing one is adopted.")));
	if (role->has_attributes)
		raise_stranger(role);
}

/*
 * Refuses roles that belong to somebody else, or that have a way around what an account may: what a person has is taken by taking his
 * groups. As dwh_owner, inside SPI.
 */
static void
refuse_way_around(int32 account_id, const char *name)
{
	Oid			types[2] = {INT4OID, TEXTOID};
	Datum		values[2] = {Int32GetDatum(account_id), CStringGetTextDatum(name)};

	(void) dwh_spi_run("SELECT CASE"
					   "  WHEN EXISTS (SELECT FROM dwh_catalog.account AS a WHERE a.login_role = $2 AND a.account_id <> $1)"
					   "    THEN 'another account names it as its login role'"
					   "  WHEN EXISTS (SELECT FROM dwh_catalog.gateway AS g WHERE g.login_role = $2 AND g.retired_at IS NULL)"
					   "    THEN 'it is a gateway'"
					   "  WHEN EXISTS (SELECT FROM pg_catalog.pg_roles AS r JOIN pg_catalog.pg_roles AS o"
					   "      ON o.oid <> r.oid AND pg_catalog.pg_has_role(r.oid, o.oid, 'MEMBER')"
					   "    WHERE r.rolname = $2::name AND " DWH_ROLE_LEADS_AROUND("o") ")"
					   "    THEN '" DWH_LED_AROUND "' END",
					   2, types, values, NULL, false, SPI_OK_SELECT);
	if (dwh_spi_text(0, 1) != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("role \"%s\" cannot be the login role of this account", name),
				 errdetail("893 Arts. 5.2, 7.4: It cannot be adopted: %s.", dwh_spi_text(0, 1)),
				 errhint("Adopt a role of the person's own, without such memberships.")));
}

/* Takes everything of ours from the role that an account has had until now: nobody would look at it again. As dwh_owner, inside SPI. */
static void
leave_role(LoginRole *role)
{
	DwhOwnerSwitch state;
	StringInfoData sql;

	if (!OidIsValid(role->oid) || !role->is_ours)
		return;
	role->can_login = role->begins_later = false;
	read_memberships(role, 1);
	initStringInfo(&sql);
	append_statements(&sql, role);
	appendStringInfo(&sql, "COMMENT ON ROLE %s IS NULL;", quote_identifier(role->name));
	dwh_superuser_enter(&state);
	dwh_spi_utility(sql.data);
	dwh_owner_leave(&state);
	dwh_sessions_end_at_commit(role->oid);
}

/*
 * dwh.adopt_login_role(p_email text, p_role text): an existing role becomes the login role of an account, by a superuser's explicit
 * call. Raises 42501 for others, 42704 for an unknown account or role, 42710 for a role with attributes, with memberships that nobody
 * takes, or that is another account's or a gateway's, 55000 where the warehouse is not live.
 */
Datum
dwh_sql_adopt_login_role(PG_FUNCTION_ARGS)
{
	LoginRole  *role;
	int			count;
	DwhAttempt	attempt;
	DwhOwnerSwitch state;
	char	   *email = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(1));
	Oid			types[1] = {TEXTOID};
	Datum		values[1] = {CStringGetTextDatum(email)};
	Oid			id_types[2] = {INT4OID, TEXTOID};
	Datum		id_values[2] = {0, CStringGetTextDatum(name)};
	int32		account_id;

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
	if (dwh_spi_run("SELECT account_id FROM dwh_catalog.account WHERE lower(email) = lower($1) OR iam_subject = $1 FOR UPDATE", 1, types,
					values, NULL, false, SPI_OK_SELECT) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("there is no account \"%s\"", email),
				 errhint("Give its e-mail address or IAM subject.")));
	account_id = dwh_spi_int(0, 1);
	refuse_way_around(account_id, name);
	role = read_roles(list_of_one(account_id), &count);
	if (role->name != NULL && strcmp(role->name, name) != 0)
		leave_role(role);
	id_values[0] = Int32GetDatum(account_id);
	(void) dwh_spi_run("UPDATE dwh_catalog.account SET login_role = $2 WHERE account_id = $1", 2, id_types, id_values, NULL, false, SPI_OK_UPDATE);
	role = read_roles(list_of_one(account_id), &count);
	dwh_owner_leave(&state);
	judge_for_adoption(role);
	dwh_instance_require_live(psprintf("role \"%s\"", name));
	dwh_superuser_enter(&state);
	dwh_spi_utility(psprintf("COMMENT ON ROLE %s IS %s", quote_identifier(name), quote_literal_cstr(role->mark)));
	dwh_owner_leave(&state);
	bring_in_line(list_of_one(role->account_id));
	/* a role that was in its groups before did not come into them now */
	if (role->can_login)
		dwh_limits_put_on(name);
	dwh_spi_end();
	dwh_audit_append("adopt_login_role", email, "done", NULL);
	dwh_attempt_end(&attempt);
	PG_RETURN_VOID();
}

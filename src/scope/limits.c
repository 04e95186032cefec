/*
 * limits.c
 *		dwh.set_group_limits(): limits of a group, put on the login roles that are in it; see limits.h.
 *
 * The settings of a login role are what a session begins with. Where dwh_ext is preloaded they cannot be raised (limit_watch.c).
 *
 * Roles are altered as the bootstrap superuser, and this alone: names come from the catalogs, values from the table. Superusers and
 * roles that cannot log in are left alone, and gateways keep their connection limit: they act for many.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#include "common/owner.h"
#include "common/spi.h"
#include "identity/register.h"
#include "scope/limits.h"
#include "warehouse/warehouse.h"

#define KILOBYTES_HINT "Valid units are \"B\", \"kB\", \"MB\", \"GB\" and \"TB\"."

/* What a member has: the widest of his groups. A group that was made has what it names, and else what the group does whose rights it has. */
#define NAMED(limit) "coalesce(l." limit ", b." limit ")"
#define WIDEST \
	"max(" NAMED("statement_timeout") "), max(" NAMED("work_mem") "), max(" NAMED("temp_file_limit") "), max(" NAMED("connection_limit") ")," \
	" CASE bool_and(" NAMED("is_read_only") ") WHEN true THEN 'on' WHEN false THEN 'off' END AS is_read_only"

PG_FUNCTION_INFO_V1(dwh_sql_set_group_limits);

/* A limit of roles that is a setting, in the order of the columns of WIDEST; the connection limit is an attribute. */
static const struct
{
	const char *setting;
	const char *unit;			/* behind the number */
} settings[DWH_LIMITS] = {
	{"statement_timeout", "s"},
	{"work_mem", "kB"},
	{"temp_file_limit", "kB"},
	{NULL, NULL},				/* connection limit */
	{"default_transaction_read_only", NULL},
};

/* An interval of 1 second to 24 days, in seconds; NULL stays NULL. */
static Datum
seconds_of(FunctionCallInfo fcinfo, int number, bool *is_null)
{
	const Interval *given;
	int64		seconds;

	*is_null = PG_ARGISNULL(number);
	if (*is_null)
		return (Datum) 0;
	given = PG_GETARG_INTERVAL_P(number);
	seconds = given->time / USECS_PER_SEC + ((int64) given->month * DAYS_PER_MONTH + given->day) * SECS_PER_DAY;
	if (seconds < 1 || seconds > INT_MAX / 1000)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" is out of range", "p_statement_timeout"),
				 errdetail("It is from 1 second to %d.", INT_MAX / 1000),
				 errhint("NULL takes the limit away.")));
	return Int32GetDatum((int32) seconds);
}

/* An amount of memory such as 64MB, in kB; NULL stays NULL. */
static Datum
kilobytes_of(FunctionCallInfo fcinfo, int number, const char *name, int least, bool *is_null)
{
	const char *hint = NULL;
	int			amount;

	*is_null = PG_ARGISNULL(number);
	if (*is_null)
		return (Datum) 0;
	if (!parse_int(text_to_cstring(PG_GETARG_TEXT_PP(number)), &amount, GUC_UNIT_KB, &hint) || amount < least)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" is no amount of memory, or less than %d kB", name, least),
				 errdetail("It was \"%s\".", text_to_cstring(PG_GETARG_TEXT_PP(number))),
				 errhint("%s", hint != NULL ? hint : KILOBYTES_HINT)));
	return Int32GetDatum(amount);
}

/*
 * The limits of whoever has the roles of a query directly, by these and all that they lead to. A made group leads nowhere: it stands for
 * the group whose rights it has. limit_watch.c has the same. Roles are looked up one by one (OFFSET 0, pg_get_userbyid()): there may be ten
 * thousand, of whom one is asked for.
 */
#define LIMITS_OF(roles) \
	"WITH RECURSIVE had (oid) AS (" roles \
	"  UNION SELECT m.roleid FROM had AS h" \
	"    CROSS JOIN LATERAL (SELECT a.roleid FROM pg_auth_members AS a WHERE a.member = h.oid OFFSET 0) AS m" \
	"  WHERE NOT EXISTS (SELECT FROM dwh_catalog.user_group AS u WHERE u.role_name = pg_get_userbyid(h.oid)::text AND u.rights_of IS NOT NULL)) " \
	"SELECT " WIDEST \
	" FROM had AS h JOIN dwh_catalog.user_group AS u ON u.role_name = pg_get_userbyid(h.oid)::text" \
	"  LEFT JOIN dwh_catalog.user_group_limit AS l ON l.user_group_id = u.user_group_id" \
	"  LEFT JOIN dwh_catalog.user_group AS o ON o.role_name = u.rights_of" \
	"  LEFT JOIN dwh_catalog.user_group_limit AS b ON b.user_group_id = o.user_group_id"

/* The limits of the login role m. */
#define LIMITS_OF_ROLE \
	" CROSS JOIN LATERAL (" LIMITS_OF("SELECT m.oid") ") AS w "
#define IS_GATEWAY \
	"EXISTS (SELECT FROM dwh_catalog.gateway AS y WHERE y.login_role = m.rolname AND y.retired_at IS NULL)"

/* Reads them from a row, from that column on. */
static void
read_limits(DwhLimits *limits, uint64 row, int column)
{
	for (int i = 0; i < DWH_LIMITS; i++)
		limits->values[i] = dwh_spi_text(row, column + i);
}

/* The statement that gives a role one of them. The name is quoted where it has to be. */
static void
append_setting(StringInfo sql, const char *role, int number, const char *value)
{
	appendStringInfo(sql, "ALTER ROLE %s SET %s = %s;", role, settings[number].setting,
					 quote_literal_cstr(psprintf("%s%s", value, settings[number].unit ? settings[number].unit : "")));
}

/* The statements that give a login role a limit, or take away what we gave. A row of the queries below. */
static void
append_statements(StringInfo sql, uint64 row)
{
	const char *role = quote_identifier(dwh_spi_text(row, 1));
	bool		is_gateway = dwh_spi_bool(row, 2);
	DwhLimits	limits;

	read_limits(&limits, row, 3);
	for (int i = 0; i < DWH_LIMITS; i++)
	{
		bool		was_named = dwh_spi_bool(row, 3 + DWH_LIMITS + i);

		if (limits.values[i] == NULL && !was_named)
			continue;
		if (settings[i].setting == NULL)
		{
			if (!is_gateway)
				appendStringInfo(sql, "ALTER ROLE %s CONNECTION LIMIT %s;", role, limits.values[i] ? limits.values[i] : "-1");
		}
		else if (limits.values[i] == NULL)
			appendStringInfo(sql, "ALTER ROLE %s RESET %s;", role, settings[i].setting);
		else
			append_setting(sql, role, i, limits.values[i]);
	}
}

/* Runs the statements as the bootstrap superuser. */
static void
alter_roles(StringInfo sql)
{
	DwhOwnerSwitch state;

	if (sql->len == 0)
		return;
	dwh_instance_require_live("login roles");
	dwh_superuser_enter(&state);
	dwh_spi_utility(sql->data);
	dwh_owner_leave(&state);
}

/*
 * Puts on every login role of a group what it has by all its groups. before is what the group's row was: five booleans, whether it named
 * each limit. Returns the number of roles. As dwh_owner, inside SPI.
 */
static int
apply(DwhRegisterAct *act, const char *role_name, const bool *before)
{
	StringInfoData sql;
	uint64		rows;

	dwh_register_text(act, role_name);
	for (int i = 0; i < DWH_LIMITS; i++)
		dwh_register_value(act, BOOLOID, BoolGetDatum(before[i]), false);
	rows = dwh_register_run(act,
							"SELECT m.rolname, " IS_GATEWAY ", w.*, $2, $3, $4, $5, $6 FROM pg_roles AS m" LIMITS_OF_ROLE
							"WHERE m.rolcanlogin AND NOT m.rolsuper AND EXISTS (SELECT FROM pg_roles AS g WHERE g.rolname = $1"
							"  AND pg_has_role(m.oid, g.oid, 'MEMBER')) ORDER BY m.rolname", SPI_OK_SELECT);
	initStringInfo(&sql);
	for (uint64 row = 0; row < rows; row++)
		append_statements(&sql, row);
	alter_roles(&sql);
	return (int) rows;
}

/*
 * Puts on a login role what its groups name, after it came into one or left one. Inside SPI, as whoever may become dwh_owner.
 */
void
dwh_limits_put_on(const char *login_role)
{
	static SPIPlanPtr plan = NULL;
	Oid			types[1] = {TEXTOID};
	Datum		values[1] = {CStringGetTextDatum(login_role)};
	DwhOwnerSwitch owner;
	StringInfoData sql;

	initStringInfo(&sql);
	dwh_owner_enter_unchecked(&owner);
	if (dwh_spi_run_kept(&plan, "SELECT m.rolname, " IS_GATEWAY ", w.*, true, true, true, true, true FROM pg_roles AS m" LIMITS_OF_ROLE
						 "WHERE m.rolname = $1::name", 1, types, values, NULL, false, SPI_OK_SELECT) > 0)
		append_statements(&sql, 0);
	dwh_owner_leave(&owner);
	alter_roles(&sql);
}

/* What a role that is about to be made has by the groups, of these names, that it will be in. As dwh_owner, inside SPI. */
void
dwh_limits_of_groups(DwhLimits *limits, List *groups)
{
	static SPIPlanPtr plan = NULL;
	Oid			types[1] = {TEXTARRAYOID};
	Datum		values[1] = {dwh_text_array(groups)};

	(void) dwh_spi_run_kept(&plan, LIMITS_OF("SELECT p.oid FROM pg_roles AS p WHERE p.rolname = ANY ($1::name[])"),
							1, types, values, NULL, false, SPI_OK_SELECT);
	read_limits(limits, 0, 1);
}

/* Of these, the number of sessions at a time; NULL: no limit. */
const char *
dwh_limits_connections(const DwhLimits *limits)
{
	for (int i = 0; i < DWH_LIMITS; i++)
		if (settings[i].setting == NULL)
			return limits->values[i];
	return NULL;
}

/* The statements that give a new role those that are settings. The name is quoted where it has to be. */
void
dwh_limits_append_settings(StringInfo sql, const char *login_role, const DwhLimits *limits)
{
	for (int i = 0; i < DWH_LIMITS; i++)
		if (settings[i].setting != NULL && limits->values[i] != NULL)
			append_setting(sql, login_role, i, limits->values[i]);
}

/* The limits as a JSON object, for the log. Inside SPI. */
static char *
describe(DwhRegisterAct *act, int32 user_group_id)
{
	dwh_register_value(act, INT4OID, Int32GetDatum(user_group_id), false);
	dwh_register_run(act, "SELECT jsonb_strip_nulls(to_jsonb(l) - ARRAY['user_group_id', 'set_at', 'set_by'])::text "
					 "FROM dwh_catalog.user_group_limit AS l WHERE user_group_id = $1", SPI_OK_SELECT);
	return dwh_spi_text(0, 1);
}

/*
 * dwh.set_group_limits(p_group text, p_statement_timeout interval, p_work_mem text, p_temp_file_limit text, p_connection_limit int,
 * p_read_only boolean): the number of login roles that now begin their sessions with them. Raises 42501, 42704, 22023.
 */
Datum
dwh_sql_set_group_limits(PG_FUNCTION_ARGS)
{
	char	   *group = dwh_register_argument(fcinfo, 0, "p_group");
	DwhRegisterAct act;
	Datum		values[DWH_LIMITS];
	bool		nulls[DWH_LIMITS];
	bool		before[DWH_LIMITS] = {false};
	int32		user_group_id;
	char	   *role_name;
	char	   *detail;
	int			roles;

	dwh_register_begin(&act, "set_group_limits", group);
	values[0] = seconds_of(fcinfo, 1, &nulls[0]);
	values[1] = kilobytes_of(fcinfo, 2, "p_work_mem", 64, &nulls[1]);
	values[2] = kilobytes_of(fcinfo, 3, "p_temp_file_limit", 0, &nulls[2]);
	values[3] = PG_GETARG_DATUM(4);
	values[4] = PG_GETARG_DATUM(5);
	nulls[3] = PG_ARGISNULL(4);
	nulls[4] = PG_ARGISNULL(5);
	if (!nulls[3] && DatumGetInt32(values[3]) < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" is out of range", "p_connection_limit"),
				 errdetail("A member can have one session at least."),
				 errhint("NULL takes the limit away.")));
	dwh_register_text(&act, group);
	if (dwh_register_run(&act, "SELECT user_group_id, role_name FROM dwh_catalog.user_group WHERE code = $1 FOR UPDATE", SPI_OK_SELECT) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("group \"%s\" does not exist", group),
				 errhint("Groups stand in dwh_catalog.user_group, by code.")));
	user_group_id = dwh_spi_int(0, 1);
	role_name = dwh_spi_text(0, 2);

	dwh_register_value(&act, INT4OID, Int32GetDatum(user_group_id), false);
	if (dwh_register_run(&act, "SELECT statement_timeout, work_mem, temp_file_limit, connection_limit, is_read_only "
						 "FROM dwh_catalog.user_group_limit WHERE user_group_id = $1", SPI_OK_SELECT) > 0)
		for (int i = 0; i < lengthof(before); i++)
			before[i] = !dwh_spi_isnull(0, i + 1);
	dwh_register_value(&act, INT4OID, Int32GetDatum(user_group_id), false);
	for (int i = 0; i < DWH_LIMITS; i++)
		dwh_register_value(&act, i == 4 ? BOOLOID : INT4OID, values[i], nulls[i]);
	(void) dwh_register_run(&act, "INSERT INTO dwh_catalog.user_group_limit AS l"
							"  (user_group_id, statement_timeout, work_mem, temp_file_limit, connection_limit, is_read_only) "
							"VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (user_group_id) DO UPDATE SET"
							"  statement_timeout = $2, work_mem = $3, temp_file_limit = $4, connection_limit = $5, is_read_only = $6,"
							"  set_at = now(), set_by = session_user", SPI_OK_INSERT);
	CommandCounterIncrement();
	roles = apply(&act, role_name, before);
	detail = describe(&act, user_group_id);
	dwh_register_end(&act, detail);
	PG_RETURN_INT32(roles);
}

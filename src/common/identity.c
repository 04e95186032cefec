/*
 * identity.c
 *		The caller's account; see identity.h.
 *
 * What the tables say of one caller, the last one asked for, is kept by the protocol of ref_cache.h: an account that was disabled
 * meanwhile is gone at the next statement, also under REPEATABLE READ, and asking again costs no query. Names, not oids, are
 * compared, since a dump carries names only.
 *
 * Between DROP EXTENSION ... CASCADE and create_warehouse() no trigger tells of changes, so nothing is kept then.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "libpq/libpq-be.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "audit/audit.h"
#include "common/identity.h"
#include "common/owner.h"
#include "common/ref_cache.h"
#include "common/spi.h"

/* What is asked for: an account that a token proved, or else a role; and through which login role. */
typedef struct Question
{
	int32		bound;			/* 0: none */
	Oid			role;
	Oid			session_user;
} Question;

/* An account as the tables have it, but for today's date. */
typedef struct Answer
{
	int32		account_id;		/* 0: none */
	DateADT		valid_from;
	DateADT		valid_to;
	char	   *person;
	char	   *zone;			/* NULL: the warehouse has no row */
	bool		is_gateway;		/* the login role acts for others */
} Answer;

/* One kept answer. */
typedef struct Kept
{
	DwhRefCache cache;			/* first, so that build functions find the rest */
	Question	question;
	Answer		answer;
} Kept;

static void read_kept(DwhRefCache *cache);

#define KEPT(what) {.cache = {.name = what, .build = read_kept, .tables = {{"dwh_catalog", "account"}, \
	{"dwh_catalog", "user_group"}, {"dwh_catalog", "warehouse"}, {"dwh_catalog", "gateway"}, \
	{"dwh_catalog", "mailbox_holder"}}}}

static Kept of_role = KEPT("account of the role");
static Kept of_token = KEPT("account of the token");

PG_FUNCTION_INFO_V1(dwh_sql_current_account);

/* The question for the moment. */
static Question
ask(void)
{
	Question	question;

	question.bound = dwh_identity_bound();
	question.role = dwh_caller_role();
	question.session_user = GetSessionUserId();
	return question;
}

/* The account that meets a condition, who acts through it, and whether the login role $3 acts for others. */
#define SELECT_ACCOUNT(condition) \
	"SELECT w.time_zone, a.account_id, coalesce(h.person_name, a.full_name), a.valid_from," \
	"  coalesce(least(a.valid_to, h.valid_to), 'infinity'), s.is_gateway " \
	"FROM dwh_catalog.warehouse AS w CROSS JOIN (SELECT EXISTS (SELECT FROM dwh_catalog.gateway" \
	"    WHERE login_role = $3 AND retired_at IS NULL) AS is_gateway) AS s" \
	"  LEFT JOIN dwh_catalog.account AS a ON a.is_enabled AND " condition \
	/* a support mailbox acts for its holder, as long as he holds it; without one it is not enabled */ \
	"  LEFT JOIN dwh_catalog.mailbox_holder AS h ON h.account_id = a.account_id AND h.ended_at IS NULL"

/*
 * Reads the account that is asked for, inside SPI and as dwh_owner, into the given context. The login role of a gateway is nobody by
 * itself.
 */
static void
read_account(const Question *question, Answer *answer, MemoryContext context)
{
	static SPIPlanPtr by_id = NULL;
	static SPIPlanPtr by_role = NULL;
	Oid			types[3] = {INT4OID, TEXTOID, TEXTOID};
	Datum		values[3];
	MemoryContext old;

	memset(answer, 0, sizeof(Answer));
	values[0] = Int32GetDatum(question->bound);
	values[1] = CStringGetTextDatum(GetUserNameFromId(question->role, false));
	values[2] = CStringGetTextDatum(GetUserNameFromId(question->session_user, false));
	/* a plan for each of the two, since what serves both would go by no index */
	if (dwh_spi_select_latest_kept(question->bound != 0 ? &by_id : &by_role, question->bound != 0 ?
								   SELECT_ACCOUNT("a.account_id = $1") :
								   SELECT_ACCOUNT("a.login_role = $2 AND $2 <> 'dwh_owner'"
												  "  AND NOT EXISTS (SELECT FROM dwh_catalog.user_group AS g WHERE g.role_name = $2)"
												  "  AND NOT EXISTS (SELECT FROM dwh_catalog.gateway AS g"
												  "    WHERE g.login_role = $2 AND g.retired_at IS NULL)"),
								   3, types, values, NULL) == 0)
		return;
	old = MemoryContextSwitchTo(context);
	answer->zone = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	answer->person = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 3);
	MemoryContextSwitchTo(old);
	answer->account_id = dwh_spi_int(0, 2);
	answer->valid_from = dwh_spi_date(0, 4);
	answer->valid_to = dwh_spi_date(0, 5);
	answer->is_gateway = dwh_spi_bool(0, 6);
}

/* Build function. */
static void
read_kept(DwhRefCache *cache)
{
	Kept	   *kept = (Kept *) cache;

	read_account(&kept->question, &kept->answer, cache->context);
}

/* Syscache callback: a role may have another name now. */
static void
role_changed(Datum arg, int cacheid, uint32 hashvalue)
{
	of_role.cache.is_valid = false;
	of_token.cache.is_valid = false;
}

/* The answer for the caller. Raises WH001 where no warehouse stands. */
static const Answer *
find_kept(void)
{
	static bool is_registered = false;
	Question	question;
	Kept	   *kept;

	if (unlikely(!is_registered))
	{
		CacheRegisterSyscacheCallback(AUTHOID, role_changed, (Datum) 0);
		is_registered = true;
	}
	AcceptInvalidationMessages();
	question = ask();
	kept = question.bound == 0 ? &of_role : &of_token;
	if (question.bound != kept->question.bound || question.role != kept->question.role ||
		question.session_user != kept->question.session_user)
	{
		kept->question = question;
		kept->cache.is_valid = false;
	}
	dwh_ref_cache_use(&kept->cache);
	return &kept->answer;
}

/* Whether the answer names an account that is valid today. */
static bool
is_valid_today(const Answer *answer)
{
	DateADT		today;

	if (answer->account_id == 0)
		return false;
	today = dwh_day_in_zone(answer->zone);
	return today >= answer->valid_from && today <= answer->valid_to;
}

/* The caller's account, 0 where there is none. Raises WH001 where no warehouse stands. */
int32
dwh_caller_account(void)
{
	const Answer *answer = find_kept();

	return is_valid_today(answer) ? answer->account_id : 0;
}

/*
 * Whether the answer's account has a grant in force of a group that has the rights of the role. A group that was taken from the
 * account's login role by hand is gone; an account without a role of its own acts through a gateway.
 */
static bool
has_grant(const Answer *answer, const char *name)
{
	static SPIPlanPtr plan = NULL;
	Oid			types[3] = {INT4OID, TEXTOID, DATEOID};
	Datum		values[3];
	DwhOwnerSwitch owner;
	bool		is_granted;

	if (!is_valid_today(answer))
		return false;
	values[0] = Int32GetDatum(answer->account_id);
	values[1] = CStringGetTextDatum(name);
	values[2] = DateADTGetDatum(dwh_day_in_zone(answer->zone));
	dwh_spi_begin();
	dwh_owner_enter_unchecked(&owner);
	is_granted = dwh_spi_select_latest_kept(&plan,
			"SELECT FROM dwh_catalog.access_grant AS a JOIN dwh_catalog.user_group AS g USING (user_group_id)"
			"  JOIN dwh_catalog.account AS c ON c.account_id = a.account_id"
			"  LEFT JOIN pg_catalog.pg_roles AS r ON r.rolname = c.login_role "
			"WHERE a.account_id = $1 AND $2 IN (g.role_name, g.rights_of) AND a.revoked_at IS NULL"
			"  AND a.valid_from <= $3 AND coalesce(a.valid_to >= $3, true)"
			"  AND coalesce(pg_catalog.pg_has_role(r.oid, g.role_name, 'MEMBER'), true) LIMIT 1", 3, types, values, NULL) > 0;
	dwh_owner_leave(&owner);
	dwh_spi_end();
	return is_granted;
}

/* Whether a role is that of the administrators, central or of a province (893 Arts. 3.4a, 3.4b). */
static bool
is_of_administrators(const char *name)
{
	return strcmp(name, "dwh_central_admin") == 0 || strcmp(name, "dwh_province_admin") == 0;
}

/*
 * Whether who is answered for, having the rights of an administrators' role in the server, is one: by a grant in force, which the
 * procedure of the regulation gave his account. A bare GRANT makes none, of superusers neither.
 */
static bool
is_administrator(const Answer *answer, const char *name)
{
	return answer->is_gateway == (dwh_identity_bound() != 0) && has_grant(answer, name);
}

/*
 * The same for any role. Administrators need their grant, but for whoever owns the warehouse, since somebody sets it up. Behind a gateway
 * every right needs a grant of the account: the login role has the rights of everyone it acts for.
 */
static bool
has_role(const Answer *answer, const char *name)
{
	if (is_of_administrators(name) && !dwh_caller_is_owner())
		return is_administrator(answer, name);
	if (!answer->is_gateway)
		return dwh_identity_bound() == 0;
	return dwh_identity_bound() != 0 && has_grant(answer, name);
}

/* Notes that the account acts by the rights of the role. */
static void
note_use(const Answer *answer, const char *name)
{
	if (is_valid_today(answer))
		dwh_use_note_role(answer->account_id, name);
}

/* Whether the caller, who has the rights of the administrators' role of that name in the server, is one. Needs the warehouse. */
bool
dwh_identity_is_administrator(const char *name)
{
	const Answer *answer = find_kept();

	if (!is_administrator(answer, name))
		return false;
	note_use(answer, name);
	return true;
}

/* Whether the caller, who has the rights of the role of that name in the server, has them in the warehouse as well. */
bool
dwh_identity_has_role(const char *name)
{
	const Answer *answer;

	if (!dwh_warehouse_exists() || !dwh_warehouse_is_attached())
		return true;
	answer = find_kept();
	if (!has_role(answer, name))
		return false;
	note_use(answer, name);
	return true;
}

/* Fills in who calls; strings are palloc'ed. Where no warehouse stands there is no account. */
void
dwh_caller_describe(DwhCaller *caller)
{
	const Answer *answer = NULL;
	Answer		read;

	caller->person = NULL;
	caller->account_id = 0;
	if (dwh_warehouse_exists() && dwh_warehouse_is_attached())
		answer = find_kept();
	else if (dwh_warehouse_exists())
	{
		DwhOwnerSwitch owner;
		MemoryContext context = CurrentMemoryContext;
		Question	question = ask();

		dwh_spi_begin();
		dwh_owner_enter_unchecked(&owner);
		read_account(&question, &read, context);
		dwh_owner_leave(&owner);
		dwh_spi_end();
		answer = &read;
	}
	if (answer != NULL && is_valid_today(answer))
	{
		caller->account_id = answer->account_id;
		caller->person = pstrdup(answer->person);
	}
	caller->session_user_name = GetUserNameFromId(GetSessionUserId(), false);
	caller->outer_user_name = GetUserNameFromId(dwh_caller_role(), false);
	caller->client_address = MyProcPort != NULL && MyProcPort->remote_host != NULL ? pstrdup(MyProcPort->remote_host) : NULL;
}

/* dwh.current_account() */
Datum
dwh_sql_current_account(PG_FUNCTION_ARGS)
{
	int32		account_id = dwh_caller_account();

	if (account_id == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT32(account_id);
}

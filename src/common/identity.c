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

#include "common/identity.h"
#include "common/owner.h"
#include "common/ref_cache.h"
#include "common/spi.h"

/* What is asked for: an account that a token proved, or else a role. */
typedef struct Question
{
	int32		bound;			/* 0: none */
	Oid			role;
} Question;

/* An account as the tables have it, but for today's date. */
typedef struct Answer
{
	int32		account_id;		/* 0: none */
	DateADT		valid_from;
	DateADT		valid_to;
	char	   *person;
	char	   *zone;			/* NULL: the warehouse has no row */
} Answer;

static void read_cached(DwhRefCache *cache);

static DwhRefCache account_cache = {
	.name = "account of the caller",
	.tables = {{"dwh_catalog", "account"}, {"dwh_catalog", "user_group"}, {"dwh_catalog", "warehouse"}},
	.build = read_cached,
};
static Question question;		/* what account_cache answers, or is to answer */
static Answer cached_answer;

PG_FUNCTION_INFO_V1(dwh_sql_current_account);

/* Reads the account that the question asks for, inside SPI and as dwh_owner, into the given context. */
static void
read_account(Answer *answer, MemoryContext context)
{
	Oid			types[2] = {INT4OID, TEXTOID};
	Datum		values[2];
	MemoryContext old;

	memset(answer, 0, sizeof(Answer));
	values[0] = Int32GetDatum(question.bound);
	values[1] = CStringGetTextDatum(GetUserNameFromId(question.role, false));
	if (dwh_spi_select_latest(
			"SELECT w.time_zone, a.account_id, a.full_name, a.valid_from, coalesce(a.valid_to, 'infinity') "
			"FROM dwh_catalog.warehouse AS w LEFT JOIN dwh_catalog.account AS a ON a.is_enabled"
			"  AND CASE WHEN $1 <> 0 THEN a.account_id = $1"
			"    ELSE a.login_role = $2 AND $2 <> 'dwh_owner'"
			"      AND NOT EXISTS (SELECT FROM dwh_catalog.user_group AS g WHERE g.role_name = $2) END",
			2, types, values) == 0)
		return;
	old = MemoryContextSwitchTo(context);
	answer->zone = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	answer->person = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 3);
	MemoryContextSwitchTo(old);
	answer->account_id = dwh_spi_int(0, 2);
	answer->valid_from = dwh_spi_date(0, 4);
	answer->valid_to = dwh_spi_date(0, 5);
}

/* Build function. */
static void
read_cached(DwhRefCache *cache)
{
	read_account(&cached_answer, cache->context);
}

/* Syscache callback: a role may have another name now. */
static void
role_changed(Datum arg, int cacheid, uint32 hashvalue)
{
	account_cache.is_valid = false;
}

/* The answer for the caller, in the cache. Raises WH001 where no warehouse stands. */
static const Answer *
find_cached(void)
{
	static bool is_registered = false;
	Question	asked;

	if (unlikely(!is_registered))
	{
		CacheRegisterSyscacheCallback(AUTHOID, role_changed, (Datum) 0);
		is_registered = true;
	}
	AcceptInvalidationMessages();
	asked.bound = dwh_identity_bound();
	asked.role = dwh_caller_role();
	if (asked.bound != question.bound || asked.role != question.role)
	{
		question = asked;
		account_cache.is_valid = false;
	}
	dwh_ref_cache_use(&account_cache);
	return &cached_answer;
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
	const Answer *answer = find_cached();

	return is_valid_today(answer) ? answer->account_id : 0;
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
		answer = find_cached();
	else if (dwh_warehouse_exists())
	{
		DwhOwnerSwitch owner;
		MemoryContext context = CurrentMemoryContext;

		account_cache.is_valid = false;
		question.bound = dwh_identity_bound();
		question.role = dwh_caller_role();
		dwh_spi_begin();
		dwh_owner_enter_unchecked(&owner);
		read_account(&read, context);
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

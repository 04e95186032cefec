/*
 * identity.c
 *		The caller's identity; see identity.h.
 *
 * The account is looked up by the name of the role at each use, with the latest snapshot: an account that was disabled meanwhile
 * is gone at once, also under REPEATABLE READ. Names, not oids, are compared, since a dump carries names only.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "libpq/libpq-be.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "common/identity.h"
#include "common/owner.h"
#include "common/spi.h"

PG_FUNCTION_INFO_V1(dwh_sql_current_account);

/* Looks the caller's account up, in tables that are known to stand. Returns its id and, where asked, the person's name; 0 where there is none. */
static int32
find_account(char **person)
{
	Oid			types[1] = {TEXTOID};
	Datum		values[1];
	DwhOwnerSwitch owner;
	int32		account_id = 0;

	values[0] = CStringGetTextDatum(GetUserNameFromId(dwh_caller_role(), false));
	dwh_spi_begin();
	dwh_owner_enter_unchecked(&owner);
	if (dwh_spi_select_latest(
			"SELECT a.account_id, a.full_name FROM dwh_catalog.account AS a, dwh_catalog.warehouse AS w,"
			"  LATERAL (SELECT (statement_timestamp() AT TIME ZONE w.time_zone)::date AS today) AS d "
			"WHERE a.login_role = $1 AND a.is_enabled AND a.valid_from <= d.today AND coalesce(a.valid_to >= d.today, true)"
			"  AND $1 <> 'dwh_owner' AND NOT EXISTS (SELECT FROM dwh_catalog.user_group AS g WHERE g.role_name = $1)",
			1, types, values) > 0)
	{
		account_id = dwh_spi_int(0, 1);
		if (person != NULL)
			*person = dwh_spi_text(0, 2);
	}
	dwh_owner_leave(&owner);
	dwh_spi_end();
	return account_id;
}

/* The caller's account, 0 where there is none. Raises WH001 where no warehouse stands. */
int32
dwh_caller_account(void)
{
	dwh_require_warehouse();
	return find_account(NULL);
}

/* Fills in who calls; strings are palloc'ed. Where no warehouse stands there is no account. */
void
dwh_caller_describe(DwhCaller *caller)
{
	caller->person = NULL;
	caller->account_id = dwh_warehouse_exists() ? find_account(&caller->person) : 0;
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

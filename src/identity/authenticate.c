/*
 * authenticate.c
 *		dwh.authenticate(), dwh.sign_out(): who is behind a pooled connection.
 *
 * Only the login roles of gateways may call it, and the session user is looked at, not what SET ROLE chose. Every refusal is recorded with
 * its reason; a sign-in is recorded once for each token and connection, by the audit worker, since it may happen in a read-only
 * transaction. Where somebody was bound already, a refused token ends the connection: an application that overlooks the error
 * must not go on as the one before.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "common/identity.h"
#include "common/owner.h"
#include "common/sha256.h"
#include "common/spi.h"
#include "identity/token.h"
#include "scope/scope.h"

/* $3: today; what follows says whose account. */
#define SELECT_ACCOUNT \
	"SELECT a.account_id, a.full_name, EXISTS (SELECT FROM dwh_catalog.access_grant AS g WHERE g.account_id = a.account_id" \
	"    AND " DWH_GRANT_IN_FORCE("g", "$3") ") " \
	"FROM dwh_catalog.account AS a WHERE a.is_enabled AND a.valid_from <= $3 AND coalesce(a.valid_to >= $3, true) AND "

PG_FUNCTION_INFO_V1(dwh_sql_authenticate);
PG_FUNCTION_INFO_V1(dwh_sql_sign_out);

/* Records the refusal and raises 28000, or ends the connection. The statement is not shown: the token may stand in it. */
static void
refuse(DwhAttempt *attempt, const char *reason)
{
	bool		is_bound = dwh_identity_bound() != 0;

	dwh_attempt_refused(attempt, reason);
	ereport(is_bound ? FATAL : ERROR,
			(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
			 errmsg("the token is refused"),
			 errdetail("It cannot be used: %s.", reason),
			 is_bound ? errhint("The connection is ended, since it had the identity of somebody else.") :
			 errhint("Sign in again at the identity system and send the new token."),
			 errhidestmt(true)));
}

/* Raises 42501 unless the session belongs to a gateway. Returns whether it pools by session. */
static bool
require_gateway(DwhAttempt *attempt)
{
	bool		is_session = false;

	dwh_token_rows_use();
	if (!dwh_gateway_find(GetUserNameFromId(GetSessionUserId(), false), &is_session))
	{
		dwh_attempt_refused(attempt, "the login role is no gateway");
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to call dwh.%s()", "authenticate"),
				 errdetail("Only the login roles of gateways may act for others."),
				 errhint("A central administrator registers a gateway with dwh.register_gateway()."),
				 errhidestmt(true)));
	}
	return is_session;
}

/* The account that the token names, valid today, its person, and whether anything is granted to it today; 0 for none. */
static int32
find_account(const DwhToken *token, char **person, bool *has_grant)
{
	Oid			types[3] = {BOOLOID, TEXTOID, DATEOID};
	Datum		values[3];
	DwhOwnerSwitch owner;
	int32		account_id = 0;

	values[0] = BoolGetDatum(token->is_by_email);
	values[1] = CStringGetTextDatum(token->name);
	values[2] = DateADTGetDatum(dwh_today());
	dwh_owner_enter(&owner);
	dwh_spi_begin();
	/* 893 Art. 3.5: inside the sector the right is bound to the e-mail address; from outside comes nobody by it. */
	if (dwh_spi_select_latest(token->is_by_email ?
							  SELECT_ACCOUNT "$1 AND lower(a.email) = lower($2) AND a.kind <> 'outside'" :
							  SELECT_ACCOUNT "NOT $1 AND a.iam_subject = $2",
							  3, types, values) == 1)
	{
		account_id = dwh_spi_int(0, 1);
		*person = dwh_spi_text(0, 2);
		*has_grant = dwh_spi_bool(0, 3);
	}
	dwh_spi_end();
	dwh_owner_leave(&owner);
	return account_id;
}

/* Whether this connection has seen the token before; remembers it by its hash. */
static bool
is_seen(const char *token, int length)
{
	static uint8 last[DWH_SHA256_SIZE];
	uint8		hash[DWH_SHA256_SIZE];
	bool		is_same;

	dwh_sha256(token, length, NULL, 0, hash);
	is_same = memcmp(hash, last, sizeof(hash)) == 0;
	memcpy(last, hash, sizeof(hash));
	return is_same;
}

/* dwh.authenticate(token): binds the account that the token names. Returns it. */
Datum
dwh_sql_authenticate(PG_FUNCTION_ARGS)
{
	DwhAttempt	attempt;
	DwhToken	token = {0};
	const char *reason;
	char	   *given;
	char	   *person = NULL;
	bool		has_grant = false;
	int32		account_id;
	int32		bound;
	bool		is_session;

	dwh_require_warehouse();
	dwh_attempt_begin(&attempt, "authenticate", NULL, NULL);
	is_session = require_gateway(&attempt);
	if (PG_ARGISNULL(0))
		refuse(&attempt, "there is none");
	if (IsInParallelMode())
		refuse(&attempt, "a parallel statement cannot sign in");
	given = text_to_cstring(PG_GETARG_TEXT_PP(0));
	reason = dwh_token_verify(given, (int) strlen(given), &token);
	if (reason != NULL)
		refuse(&attempt, reason);
	account_id = find_account(&token, &person, &has_grant);
	/* 893-031: who has no account, or no right, has nothing, whatever the identity system says. */
	if (account_id == 0)
		refuse(&attempt, "its bearer has no account that is valid today");
	if (!has_grant)
		refuse(&attempt, "nothing is granted to its bearer today");
	bound = dwh_caller_account();
	if (bound != 0 && bound != account_id)
		refuse(&attempt, "somebody else is bound already");
	if (!is_session)
		WarnNoTransactionBlock(true, "dwh.authenticate()");
	dwh_identity_bind(account_id, token.key_id, token.expires_at, is_session);
	if (is_seen(given, (int) strlen(given)))
		dwh_attempt_end(&attempt);
	else
		dwh_attempt_done_apart(&attempt, account_id, person,
							   psprintf("{\"expires_at\": " INT64_FORMAT "}", (int64) timestamptz_to_time_t(token.expires_at)));
	PG_RETURN_INT32(account_id);
}

/* dwh.sign_out(): nobody is bound any more. */
Datum
dwh_sql_sign_out(PG_FUNCTION_ARGS)
{
	dwh_identity_unbind();
	PG_RETURN_VOID();
}

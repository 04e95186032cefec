/*
 * binding.c
 *		The setting that carries the identity bound by dwh.authenticate().
 *
 * Its value is "<account> <key> <login role> <expiry>": the ids of the account and of the key that signed its token, the oid of
 * the session user who bound it, and the microsecond at which a session's binding ends (0: it ends with the transaction). The check hook refuses every value that does not come from
 * dwh_identity_bind() or from the leader of a parallel worker, whoever sets it and however: SET, set_config(), start-up options,
 * ALTER ROLE, ALTER SYSTEM, function SET clauses, superusers too. So a value that stands is one of ours. Clearing it is harmless:
 * the login role of a gateway has no account.
 *
 * RESET ALL and DISCARD ALL end a session's binding, as poolers expect; the rollback of a savepoint puts back what was before.
 */
#include "postgres.h"

#include "access/parallel.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#include "common/identity.h"
#include "common/owner.h"
#include "identity/token.h"

#define SETTING "dwh_ext.identity"

typedef struct Binding
{
	int32		account_id;		/* 0: nobody is bound */
	int32		key_id;
	Oid			session_user;
	TimestampTz expires_at;		/* 0: with the transaction */
} Binding;

static Binding binding = {0};

/* Counts the changes of the setting, those that a rollback brings among them. */
uint64		dwh_identity_changes = 0;

/* Whether dwh_identity_bind() is setting the value. */
static bool is_binding = false;

/* Check hook: takes the value apart, or refuses it. */
bool
dwh_identity_check(char **newval, void **extra, GucSource source)
{
	Binding		read = {0};

	if (*newval != NULL && (*newval)[0] != '\0')
	{
		if (!is_binding && !InitializingParallelWorker)
		{
			GUC_check_errcode(ERRCODE_INSUFFICIENT_PRIVILEGE);
			GUC_check_errmsg("parameter \"%s\" cannot be set", SETTING);
			GUC_check_errdetail("It holds the identity that a token proved.");
			GUC_check_errhint("Call dwh.authenticate() with a token.");
			return false;
		}
		if (sscanf(*newval, "%d %d %u " INT64_FORMAT, &read.account_id, &read.key_id, &read.session_user, &read.expires_at) != 4)
			return false;
	}
	*extra = malloc(sizeof(Binding));
	if (*extra == NULL)
		return false;
	memcpy(*extra, &read, sizeof(Binding));
	return true;
}

/* Assign hook. */
void
dwh_identity_assign(const char *newval, void *extra)
{
	if (extra != NULL)
		memcpy(&binding, extra, sizeof(Binding));
	else
		memset(&binding, 0, sizeof(Binding));
	dwh_identity_changes++;
	dwh_bound_publish(binding.account_id);
}

/*
 * The account bound to this session or transaction. 0 where none is, where the token of a session has expired, where the key of
 * the token or the gateway has been retired meanwhile, or where a right of the account was taken away.
 */
int32
dwh_identity_bound(void)
{
	if (likely(binding.account_id == 0) || binding.session_user != GetSessionUserId() ||
		(binding.expires_at != 0 && binding.expires_at <= GetCurrentStatementStartTimestamp()) ||
		dwh_caller_role() != GetOuterUserId() || dwh_bound_is_dropped(binding.account_id))
		return 0;
	return dwh_token_binding_stands(binding.key_id, binding.session_user) ? binding.account_id : 0;
}

/* Binds an account, to the session until expires_at or to the transaction. */
void
dwh_identity_bind(int32 account_id, int32 key_id, TimestampTz expires_at, bool is_session)
{
	char	   *value = psprintf("%d %d %u " INT64_FORMAT, account_id, key_id, GetSessionUserId(),
					 is_session ? expires_at : 0);

	is_binding = true;
	PG_TRY();
	{
		(void) set_config_option(SETTING, value, PGC_SUSET, PGC_S_SESSION, is_session ? GUC_ACTION_SET : GUC_ACTION_LOCAL, true, 0,
								 false);
	}
	PG_FINALLY();
	{
		is_binding = false;
	}
	PG_END_TRY();
}

/*
 * Ends the binding, whichever it is. A session's is ended for good when the transaction commits, as any SET is.
 */
void
dwh_identity_unbind(void)
{
	bool		is_session = binding.expires_at != 0;

	if (binding.account_id != 0)
		(void) set_config_option(SETTING, "", PGC_SUSET, PGC_S_SESSION, is_session ? GUC_ACTION_SET : GUC_ACTION_LOCAL, true, 0,
								 false);
}

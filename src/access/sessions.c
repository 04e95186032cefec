/*
 * sessions.c
 *		Ending the sessions of login roles and accounts whose rights were taken away, once that has committed.
 *
 * Row scope and memberships are judged anew at every statement; what a session keeps is what it has chosen with SET ROLE and what it
 * has open. So it is told to end, by the session that commits the revocation, which needs no worker: a session that begins later
 * finds the role without LOGIN. A gateway's connection is told to cancel what it runs for the account, and goes on for others
 * (src/identity/bound.c). A revocation that is rolled back, also to a savepoint, ends nothing.
 */
#include "postgres.h"

#include <signal.h>

#include "access/xact.h"
#include "fmgr.h"
#include "lib/ilist.h"
#include "miscadmin.h"
#include "storage/proc.h"
#include "utils/memutils.h"

#include "access/access.h"
#include "identity/token.h"

PG_FUNCTION_INFO_V1(dwh_sql_end_bindings);

typedef struct Ending
{
	slist_node	node;
	Oid			role;			/* whose sessions end; or InvalidOid, and */
	int32		account_id;		/* whose bindings end */
	SubTransactionId subid;
} Ending;

/* What is to be told at commit. Empty outside of transactions; lives in TopTransactionContext. */
static slist_head endings = SLIST_STATIC_INIT(endings);

static void
end_at_commit(Oid role, int32 account_id)
{
	Ending	   *ending = MemoryContextAlloc(TopTransactionContext, sizeof(Ending));

	ending->role = role;
	ending->account_id = account_id;
	ending->subid = GetCurrentSubTransactionId();
	slist_push_head(&endings, &ending->node);
}

/* Has the sessions of a login role ended when this transaction commits. */
void
dwh_sessions_end_at_commit(Oid role)
{
	end_at_commit(role, 0);
}

/*
 * dwh_internal.end_bindings(p_account_id int): has what gateways run for an account cancelled, and its bindings ended, when this
 * transaction, which takes a right away, commits.
 */
Datum
dwh_sql_end_bindings(PG_FUNCTION_ARGS)
{
	end_at_commit(InvalidOid, PG_GETARG_INT32(0));
	PG_RETURN_VOID();
}

/* Tells every session that logged in as one of the roles, our own as well. */
static void
end_sessions(void)
{
	slist_iter	each;

	slist_foreach(each, &endings)
		if (slist_container(Ending, node, each.cur)->account_id != 0)
			dwh_bound_drop(slist_container(Ending, node, each.cur)->account_id);
	for (uint32 i = 0; i < ProcGlobal->allProcCount; i++)
	{
		PGPROC	   *proc = &ProcGlobal->allProcs[i];
		int			pid = proc->pid;
		slist_iter	iter;

		if (pid == 0 || !OidIsValid(proc->roleId))
			continue;
		slist_foreach(iter, &endings)
		{
			if (slist_container(Ending, node, iter.cur)->role == proc->roleId)
			{
				(void) kill(pid, SIGTERM);
				break;
			}
		}
	}
}

static void
at_transaction_end(XactEvent event, void *arg)
{
	if (slist_is_empty(&endings))
		return;
	if (event == XACT_EVENT_PRE_PREPARE)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot PREPARE a transaction that has taken away access"),
				 errdetail("The sessions of those concerned end when it commits."),
				 errhint("Commit it in one phase.")));
	if (event == XACT_EVENT_COMMIT)
		end_sessions();
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT)
		slist_init(&endings);
}

static void
at_subtransaction_end(SubXactEvent event, SubTransactionId subid, SubTransactionId parent, void *arg)
{
	slist_mutable_iter iter;

	if (event != SUBXACT_EVENT_ABORT_SUB && event != SUBXACT_EVENT_COMMIT_SUB)
		return;
	slist_foreach_modify(iter, &endings)
	{
		Ending	   *ending = slist_container(Ending, node, iter.cur);

		if (ending->subid != subid)
			continue;
		if (event == SUBXACT_EVENT_ABORT_SUB)
			slist_delete_current(&iter);
		else
			ending->subid = parent;
	}
}

/* Watches the ends of transactions. */
void
dwh_sessions_init(void)
{
	RegisterXactCallback(at_transaction_end, NULL);
	RegisterSubXactCallback(at_subtransaction_end, NULL);
}

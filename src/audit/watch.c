/*
 * watch.c
 *		The privilege watch: who changed rights, roles or objects of the warehouse past its own functions.
 *
 * A statement is kept with its transaction from when it begins, and handed to the audit worker when that commits; one that fails or is
 * rolled back has changed nothing and is forgotten. One that commits inside of itself (DROP INDEX CONCURRENTLY, DETACH PARTITION
 * CONCURRENTLY) is handed over by the first of its commits, since what that has done stays. The worker writes it as an event with action
 * "bypass". The hook runs no query, takes no lock and waits for nobody. Statements of our own functions are not recorded
 * (common/own_statement.h).
 *
 * Only where the library is preloaded; statements about roles are watched in every database of the cluster.
 */
#include "postgres.h"

#include "access/xact.h"
#include "lib/ilist.h"
#include "libpq/libpq-be.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/json.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "audit/audit.h"
#include "audit/watch_statement.h"
#include "commands/dbcommands.h"
#include "common/guc.h"
#include "common/identity.h"
#include "common/owner.h"
#include "common/own_statement.h"

typedef struct Watched
{
	dlist_node	node;
	SubTransactionId subid;
	bool		is_weighty;
	DwhAuditRecord record;
} Watched;

/* What this transaction has done so far, in its memory; the oldest first. */
static dlist_head watched = DLIST_STATIC_INIT(watched);

static ProcessUtility_hook_type previous_hook = NULL;

/* The worker writes into a database whose encoding is not known here: of another one's text only ASCII is sure to be valid there. */
static void
make_ascii(char *text)
{
	for (; *text != '\0'; text++)
		if (IS_HIGHBIT_SET(*text))
			*text = '?';
}

static void
add_key(StringInfo detail, const char *key, const char *value)
{
	appendStringInfo(detail, "%c\"%s\":", detail->len == 0 ? '{' : ',', key);
	escape_json(detail, value == NULL ? "" : value);
}

/* The event's detail: as much of the statement as a record holds. */
static char *
describe(const PlannedStmt *planned, const char *query, bool is_here)
{
	char	   *text = dwh_watch_text(planned, query);
	bool		is_cut = false;

	if (!is_here && GetDatabaseEncoding() != PG_UTF8)
		make_ascii(text);
	for (;;)
	{
		StringInfoData detail;
		int			length = (int) strlen(text);

		initStringInfo(&detail);
		add_key(&detail, "command", GetCommandTagName(CreateCommandTag(planned->utilityStmt)));
		add_key(&detail, "statement", text);
		if (is_cut)
			appendStringInfoString(&detail, ",\"is_cut\":true");
		if (!is_here)
			add_key(&detail, "database", get_database_name(MyDatabaseId));
		if (GetUserId() != GetOuterUserId())
			add_key(&detail, "as", GetUserNameFromId(GetUserId(), true));
		appendStringInfoChar(&detail, '}');
		if (detail.len < (int) sizeof(((DwhAuditRecord *) NULL)->detail))
			return detail.data;
		text[pg_mbcliplen(text, length, length * 3 / 4)] = '\0';
		is_cut = true;
	}
}

/* Keeps a statement with the transaction, where it is one to be recorded. If it fails, its (sub)transaction takes it away again. */
static void
look_at(const PlannedStmt *planned, const char *query)
{
	StringInfoData object;
	DwhWatchScope scope;
	Watched    *entry;
	DwhAuditRecord *record;
	MemoryContext old;
	bool		is_here;

	initStringInfo(&object);
	scope = dwh_watch_scope(planned->utilityStmt, &object);
	if (scope == DWH_WATCH_NOTHING || dwh_own_is_running(scope == DWH_WATCH_ROLES))
		return;
	is_here = dwh_ring_serves_this_database();
	if (!is_here && scope == DWH_WATCH_WAREHOUSE)
		return;
	old = MemoryContextSwitchTo(TopTransactionContext);
	entry = palloc0(sizeof(Watched));
	entry->subid = GetCurrentSubTransactionId();
	entry->is_weighty = dwh_watch_is_weighty(planned->utilityStmt);
	record = &entry->record;
	record->target = DWH_RING_AUDIT_EVENT;
	record->occurred_at = GetCurrentTimestamp();
	record->account_id = dwh_identity_bound();
	dwh_record_text(record->session_user_name, sizeof(record->session_user_name), GetUserNameFromId(GetSessionUserId(), true));
	dwh_record_text(record->outer_user_name, sizeof(record->outer_user_name), GetUserNameFromId(GetOuterUserId(), true));
	dwh_record_text(record->client_address, sizeof(record->client_address), MyProcPort != NULL ? MyProcPort->remote_host : NULL);
	dwh_record_text(record->action, sizeof(record->action), DWH_BYPASS_ACTION);
	dwh_record_text(record->object, sizeof(record->object), object.data);
	dwh_record_text(record->decision, sizeof(record->decision), "done");
	dwh_record_text(record->detail, sizeof(record->detail), describe(planned, query, is_here));
	MemoryContextSwitchTo(old);
	if (!is_here && GetDatabaseEncoding() != PG_UTF8)
	{
		make_ascii(record->session_user_name);
		make_ascii(record->outer_user_name);
		make_ascii(record->object);
		make_ascii(record->detail);
	}
	dlist_push_tail(&watched, &entry->node);
}

/* Whether what runs inside of a statement is others' code, event triggers that is, and not the statement's own text. */
static bool
runs_event_triggers(Node *statement)
{
	return !IsA(statement, DoStmt) && !IsA(statement, CallStmt);
}

/*
 * The hook. A part of another statement is recorded with that, but for the GRANTs in CREATE SCHEMA, which may be about anything.
 */
static void
watch_utility(PlannedStmt *planned, const char *query, bool is_read_only_tree, ProcessUtilityContext context, ParamListInfo params,
			  QueryEnvironment *environment, DestReceiver *destination, QueryCompletion *completion)
{
	ProcessUtility_hook_type run = previous_hook != NULL ? previous_hook : standard_ProcessUtility;
	int			statement;

	if ((context != PROCESS_UTILITY_SUBCOMMAND || IsA(planned->utilityStmt, GrantStmt)) && IsTransactionState() && dwh_database[0] != '\0')
		look_at(planned, query);
	if (context == PROCESS_UTILITY_SUBCOMMAND || !runs_event_triggers(planned->utilityStmt))
	{
		run(planned, query, is_read_only_tree, context, params, environment, destination, completion);
		return;
	}
	statement = dwh_own_statement_begin();
	PG_TRY();
	{
		run(planned, query, is_read_only_tree, context, params, environment, destination, completion);
	}
	PG_FINALLY();
	{
		dwh_own_statement_end(statement);
	}
	PG_END_TRY();
}

/* At the commit the records go to the worker; a transaction that is prepared can no longer be followed, so they go then. */
static void
at_transaction_end(XactEvent event, void *arg)
{
	dlist_iter	iter;

	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_PREPARE)
		dlist_foreach(iter, &watched)
		{
			const Watched *entry = dlist_container(Watched, node, iter.cur);

			(void) dwh_ring_push(&entry->record, entry->is_weighty, NULL);
		}
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_PREPARE || event == XACT_EVENT_ABORT)
		dlist_init(&watched);
}

static void
at_subtransaction_end(SubXactEvent event, SubTransactionId subid, SubTransactionId parent, void *arg)
{
	dlist_mutable_iter iter;

	if (event != SUBXACT_EVENT_ABORT_SUB && event != SUBXACT_EVENT_COMMIT_SUB)
		return;
	dlist_foreach_modify(iter, &watched)
	{
		Watched    *entry = dlist_container(Watched, node, iter.cur);

		if (entry->subid != subid)
			continue;
		if (event == SUBXACT_EVENT_ABORT_SUB)
			dlist_delete(&entry->node);
		else
			entry->subid = parent;
	}
}

/* Begins to watch; only while libraries are preloaded. */
void
dwh_watch_init(void)
{
	previous_hook = ProcessUtility_hook;
	ProcessUtility_hook = watch_utility;
	RegisterXactCallback(at_transaction_end, NULL);
	RegisterSubXactCallback(at_subtransaction_end, NULL);
}

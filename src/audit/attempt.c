/*
 * attempt.c
 *		Attempts: what an administration function has begun and not finished.
 *
 * The record of an attempt is complete in backend memory from the start, who calls included, because in an abort no table can be
 * read and nothing should be allocated. Each attempt remembers the subtransaction it began in; when that one aborts, the record
 * goes into the ring and nobody waits. A refusing function hands its refusal over itself, before it raises its error, because only
 * there may one wait for the commit.
 *
 * Where the ring does not serve this database, the record goes to the server log.
 */
#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"
#include "lib/ilist.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "audit/audit.h"
#include "common/guc.h"
#include "common/identity.h"
#include "common/owner.h"

typedef struct DwhAttemptEntry
{
	dlist_node	node;
	SubTransactionId subid;
	bool		is_served;		/* the ring serves this database */
	int			sqlstate;		/* last error seen inside */
	DwhAuditRecord record;
} DwhAttemptEntry;

/* Attempts of this backend that are neither done nor refused, the newest first. Empty outside of transactions. */
static dlist_head open_attempts = DLIST_STATIC_INIT(open_attempts);

/* Copies a text that may be NULL into a field of a record, cut at a character. */
void
dwh_record_text(char *target, Size size, const char *source)
{
	int			length;

	if (source == NULL)
		source = "";
	length = pg_mbcliplen(source, (int) strlen(source), (int) size - 1);
	memcpy(target, source, length);
	target[length] = '\0';
}

#define COPY_TEXT(field, source) dwh_record_text(field, sizeof(field), source)

static void
forget(DwhAttemptEntry *entry)
{
	dlist_delete(&entry->node);
	pfree(entry);
}

/*
 * Hands a record over, or writes it to the server log where it cannot be. Where wait is true, waits for its commit. What failed is not
 * weighty: anybody can fail as fast as he likes.
 */
static void
hand_over(const DwhAuditRecord *record, bool is_served, bool is_weighty, bool wait)
{
	DwhRingTicket ticket;

	if (!is_served)
	{
		dwh_ring_log(record, dwh_ring_is_preloaded() ? "dwh_ext.database names another database" :
					 "dwh_ext is not in shared_preload_libraries");
		return;
	}
	if (!dwh_ring_push(record, is_weighty, wait ? &ticket : NULL))
		ereport(WARNING,
				(errmsg("the audit worker is behind: this event is in the server log only"),
				 errhint("Look at the server log, and at dwh_ext.audit_ring_size.")));
	else if (wait && dwh_audit_wait > 0 && !dwh_ring_wait(&ticket, dwh_audit_wait))
	{
		dwh_ring_log(record, "the audit worker did not answer in time or gave the event up, it may still write it");
		ereport(WARNING,
				(errmsg("the audit worker did not write this event: it is in the server log"),
				 errdetail("It was waited for %d ms, or given up by the worker.", dwh_audit_wait)));
	}
}

/* Notes the SQLSTATE of an error that passes the frame of an attempt. */
static void
note_error(void *arg)
{
	((DwhAttemptEntry *) arg)->sqlstate = geterrcode();
}

/*
 * Registers an attempt. object and detail (a JSON object as text) may be NULL. Nothing is recorded where no warehouse stands.
 * The attempt must be ended or refused by the same function, or an error must leave it.
 */
void
dwh_attempt_begin(DwhAttempt *attempt, const char *action, const char *object, const char *detail)
{
	DwhCaller	caller;
	DwhAttemptEntry *entry;
	DwhAuditRecord *record;

	attempt->entry = NULL;
	if (!dwh_warehouse_exists())
		return;
	dwh_caller_describe(&caller);
	if (detail != NULL && strlen(detail) >= sizeof(record->detail))
		detail = "{\"is_cut\": true}";
	else if (detail != NULL)
		(void) DirectFunctionCall1(jsonb_in, CStringGetDatum(detail));	/* the worker must not stumble over it */

	entry = MemoryContextAllocZero(TopMemoryContext, sizeof(DwhAttemptEntry));
	entry->subid = GetCurrentSubTransactionId();
	entry->is_served = dwh_ring_serves_this_database();
	record = &entry->record;
	record->occurred_at = GetCurrentTimestamp();
	record->account_id = caller.account_id;
	COPY_TEXT(record->person, caller.person);
	COPY_TEXT(record->session_user_name, caller.session_user_name);
	COPY_TEXT(record->outer_user_name, caller.outer_user_name);
	COPY_TEXT(record->client_address, caller.client_address);
	COPY_TEXT(record->action, action);
	COPY_TEXT(record->object, object);
	COPY_TEXT(record->detail, detail);
	dlist_push_head(&open_attempts, &entry->node);

	attempt->entry = entry;
	attempt->callback.callback = note_error;
	attempt->callback.arg = entry;
	attempt->callback.previous = error_context_stack;
	error_context_stack = &attempt->callback;
}

/* Removes the attempt's error callback. */
static void
leave_frame(DwhAttempt *attempt)
{
	Assert(error_context_stack == &attempt->callback);
	error_context_stack = attempt->callback.previous;
}

/*
 * Records a refusal and waits until it is committed, at most dwh_ext.audit_wait; the caller then raises its error. Can be cancelled
 * while it waits; the record is in the ring then.
 */
void
dwh_attempt_refused(DwhAttempt *attempt, const char *reason)
{
	DwhAuditRecord record;
	bool		is_served;

	if (attempt->entry == NULL)
		return;
	leave_frame(attempt);
	record = attempt->entry->record;
	is_served = attempt->entry->is_served;
	forget(attempt->entry);
	attempt->entry = NULL;
	COPY_TEXT(record.decision, "refused");
	COPY_TEXT(record.reason, reason);
	hand_over(&record, is_served, true, true);
}

/* Ends an attempt that was carried out (or had nothing to do). */
void
dwh_attempt_end(DwhAttempt *attempt)
{
	if (attempt->entry == NULL)
		return;
	leave_frame(attempt);
	forget(attempt->entry);
	attempt->entry = NULL;
}

/*
 * Ends an attempt that was carried out, as the act of the given account; the audit worker records it, for the transaction may be
 * read-only or end otherwise. Nobody waits for it, and without a worker there is no record. detail: a JSON object as text.
 */
void
dwh_attempt_done_apart(DwhAttempt *attempt, int32 account_id, const char *person, const char *detail)
{
	DwhAuditRecord *record;

	if (attempt->entry == NULL)
		return;
	leave_frame(attempt);
	record = &attempt->entry->record;
	record->account_id = account_id;
	COPY_TEXT(record->person, person);
	COPY_TEXT(record->detail, detail);
	COPY_TEXT(record->decision, "done");
	if (attempt->entry->is_served)
		hand_over(record, true, true, false);
	forget(attempt->entry);
	attempt->entry = NULL;
}

/* An attempt whose (sub)transaction aborts: refused where PostgreSQL itself denied a permission, failed otherwise. */
static void
hand_over_aborted(DwhAttemptEntry *entry)
{
	bool		is_denied = entry->sqlstate == ERRCODE_INSUFFICIENT_PRIVILEGE;

	strlcpy(entry->record.decision, is_denied ? "refused" : "failed", sizeof(entry->record.decision));
	if (entry->sqlstate != 0)
		strlcpy(entry->record.sqlstate, unpack_sql_state(entry->sqlstate), sizeof(entry->record.sqlstate));
	hand_over(&entry->record, entry->is_served, false, false);
	forget(entry);
}

static void
at_transaction_end(XactEvent event, void *arg)
{
	dlist_mutable_iter iter;

	if (event != XACT_EVENT_ABORT && event != XACT_EVENT_COMMIT && event != XACT_EVENT_PREPARE)
		return;
	dlist_foreach_modify(iter, &open_attempts)
	{
		DwhAttemptEntry *entry = dlist_container(DwhAttemptEntry, node, iter.cur);

		if (event == XACT_EVENT_ABORT)
			hand_over_aborted(entry);
		else
			forget(entry);
	}
}

static void
at_subtransaction_end(SubXactEvent event, SubTransactionId subid, SubTransactionId parent, void *arg)
{
	dlist_mutable_iter iter;

	if (event != SUBXACT_EVENT_ABORT_SUB && event != SUBXACT_EVENT_COMMIT_SUB)
		return;
	dlist_foreach_modify(iter, &open_attempts)
	{
		DwhAttemptEntry *entry = dlist_container(DwhAttemptEntry, node, iter.cur);

		if (entry->subid != subid)
			continue;
		if (event == SUBXACT_EVENT_ABORT_SUB)
			hand_over_aborted(entry);
		else
			entry->subid = parent;
	}
}

/* Watches the ends of transactions. */
void
dwh_attempt_init(void)
{
	RegisterXactCallback(at_transaction_end, NULL);
	RegisterSubXactCallback(at_subtransaction_end, NULL);
}

/*
 * audit.h
 *		The log of events (dwh_log.audit_event).
 *
 * An act that succeeded is appended in its own transaction, by dwh_audit_append(). What must survive a rollback (a refusal, a
 * failure) goes through shared memory to the audit worker, which commits it in a transaction of its own: an administration
 * function opens an attempt when it is entered and closes it when it is done; what is still open when the (sub)transaction aborts
 * is handed over.
 *
 *	DwhAttempt	attempt;
 *
 *	dwh_attempt_begin(&attempt, "start_warehouse", NULL, NULL);
 *	if (!allowed)
 *	{
 *		dwh_attempt_refused(&attempt, "the caller is no superuser");	-- waits for the commit of the record
 *		ereport(ERROR, ...);
 *	}
 *	... the act, dwh_audit_append(..., "done", ...) ...
 *	dwh_attempt_end(&attempt);
 */
#ifndef DWH_AUDIT_H
#define DWH_AUDIT_H

#include "datatype/timestamp.h"
#include "utils/elog.h"

/* One event as text; strings may be NULL where the column may. */
typedef struct DwhAuditEvent
{
	TimestampTz occurred_at;
	int32		account_id;		/* 0: none */
	const char *person;
	const char *session_user_name;
	const char *outer_user_name;
	const char *client_address;
	const char *action;
	const char *object;
	const char *decision;
	const char *detail;			/* a JSON object */
	const char *reason;			/* added to detail */
	const char *sqlstate;		/* added to detail */
} DwhAuditEvent;

/* Where a record of the ring goes. */
typedef enum DwhRingTarget
{
	DWH_RING_AUDIT_EVENT,
	DWH_RING_SHARE_LOG,
	DWH_RING_GRANT_USE,			/* see use.c */
	DWH_RING_LOGIN
} DwhRingTarget;

#define DWH_RING_SHARE_ROW_SIZE 2800

/* The action of what the privilege watch records. */
#define DWH_BYPASS_ACTION	"bypass"

/*
 * A record in fixed size, for shared memory. An event: empty string is NULL, longer texts are cut at a character, a longer detail is
 * replaced. A row of dwh_log.share_log: a JSON object with the row's columns. A note of use: a subject, or the name of a role.
 */
typedef struct DwhAuditRecord
{
	TimestampTz occurred_at;
	int32		target;			/* DwhRingTarget */
	int32		account_id;
	union
	{
		struct
		{
			char		person[256];
			char		session_user_name[NAMEDATALEN];
			char		outer_user_name[NAMEDATALEN];
			char		client_address[64];
			char		action[64];
			char		object[256];
			char		decision[16];
			char		detail[1536];
			char		reason[512];
			char		sqlstate[8];
		};
		char		share_row[DWH_RING_SHARE_ROW_SIZE];
		struct
		{
			int32		subject_id;
			char		role_name[NAMEDATALEN];
		};
	};
} DwhAuditRecord;

/* An open attempt, on the stack of the function that makes it. */
typedef struct DwhAttempt
{
	struct DwhAttemptEntry *entry;	/* NULL where nothing is to be recorded */
	ErrorContextCallback callback;
} DwhAttempt;

/* What who handed a record over needs to learn what became of it. */
typedef struct DwhRingTicket
{
	uint64		number;
	uint64		given_up;		/* records that had been given up by then */
} DwhRingTicket;

/* The state of the ring, for people. */
typedef struct DwhRingState
{
	int			worker_pid;		/* 0: none */
	int			size;
	uint64		handed;
	uint64		committed;
	uint64		dropped;
} DwhRingState;

/* append.c */
extern void dwh_audit_append(const char *action, const char *object, const char *decision, const char *detail);
extern void dwh_audit_insert(const DwhAuditEvent *event);
extern void dwh_audit_require_written(const char *table, uint64 written, uint64 wanted);

/* attempt.c */
extern void dwh_attempt_init(void);
extern void dwh_record_text(char *target, Size size, const char *source);
extern void dwh_attempt_begin(DwhAttempt *attempt, const char *action, const char *object, const char *detail);
extern void dwh_attempt_refused(DwhAttempt *attempt, const char *reason);
extern void dwh_attempt_end(DwhAttempt *attempt);
extern void dwh_attempt_done_apart(DwhAttempt *attempt, int32 account_id, const char *person, const char *detail);

/* guard.c */
extern void dwh_audit_check_guards(void);

/* partition.c */
extern int32 dwh_audit_ensure_partitions(void);

/* ring.c */
extern void dwh_ring_init(void);
extern bool dwh_ring_is_preloaded(void);
extern bool dwh_ring_serves_this_database(void);
extern bool dwh_ring_push(const DwhAuditRecord *record, bool is_weighty, DwhRingTicket *ticket);
extern void dwh_ring_push_once(const DwhAuditRecord *record, uint64 key);
extern bool dwh_ring_wait(const DwhRingTicket *ticket, int timeout_ms);
extern void dwh_ring_attach_worker(void);
extern int	dwh_ring_peek(DwhAuditRecord *records, int limit);
extern int	dwh_ring_count_try(void);
extern bool dwh_ring_is_note(const DwhAuditRecord *record);
extern void dwh_ring_release(int count, bool is_written, int lost);
extern uint64 dwh_ring_get_lost(void);
extern void dwh_ring_tell_lost(uint64 count);
extern void dwh_ring_get_state(DwhRingState *state);
extern void dwh_ring_log(const DwhAuditRecord *record, const char *why);
extern void dwh_audit_require_preload(const char *what);

/* use.c */
extern void dwh_use_init(void);
extern void dwh_use_note_subject(int32 account_id, int32 subject_id);
extern void dwh_use_note_role(int32 account_id, const char *role);
extern void dwh_use_insert(const DwhAuditRecord *record);

/* watch.c */
extern void dwh_watch_init(void);

/* worker.c */
extern void dwh_audit_init(void);
extern PGDLLEXPORT void dwh_audit_worker_main(Datum arg);

#endif							/* DWH_AUDIT_H */

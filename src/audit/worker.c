/*
 * worker.c
 *		The background worker "dwh_ext audit": commits the records of the ring to dwh_log.audit_event
 *		and dwh_log.share_log, and notes of use to dwh_catalog; tells of records that were lost; seals both logs every dwh_ext.audit_seal_interval and counts what was
 *		settled by it for the statistics of sharing; and checks them every dwh_ext.audit_check_interval.
 *
 * It writes as dwh_owner, in dwh_ext.database, and only while the warehouse is live there; otherwise the records go to the server
 * log, so that nobody's wait depends on it. It holds no transaction while it waits, so the extension and the warehouse may come
 * and go. An error ends the process (the postmaster starts it again after RESTART_SECONDS) and leaves the records in the ring; a
 * record that failed once may have lacked its partition, so missing ones are made; one that failed MAX_TRIES times goes to the
 * server log. A record that the table itself refuses (errors of class 22 and 23) or that a trigger or rule on it swallows (27000) costs no
 * restart: it is found by trying one at a time.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "audit/audit.h"
#include "audit/tree.h"
#include "common/guc.h"
#include "common/own_statement.h"
#include "common/owner.h"
#include "common/spi.h"
#include "share/share.h"
#include "warehouse/warehouse.h"
#include "warehouse/worker.h"

#define BATCH				64
#define TAKEN_AT_ONCE		4096	/* records, before sealing and checking have their turn */
#define MAX_TRIES			5
#define UPKEEP_MS			(6 * 60 * 60 * 1000L)	/* between looks at the partitions of the log */
#define RETRY_CHECK_MS		(60 * 1000L)
#define CHECK_SLICE			50000	/* leaves that are checked at a time, since records wait meanwhile */
#define ROLL_SLICE			20000	/* rows of the log of sharing that are counted at a time, likewise */

static const char NOT_LIVE[] = "no warehouse is live in dwh_ext.database";

static TimestampTz check_due = 0;
static bool is_roll_due = false;

/* Registers callbacks, the ring and the worker. Without preloading only the callbacks. */
void
dwh_audit_init(void)
{
	dwh_own_init();
	dwh_attempt_init();
	if (!process_shared_preload_libraries_in_progress)
		return;
	dwh_ring_init();
	dwh_watch_init();
	dwh_use_init();
	if (dwh_database[0] == '\0')
	{
		ereport(LOG,
				(errmsg("the audit worker of dwh_ext does not run"),
				 errdetail("dwh_ext.database is empty."),
				 errhint("Set dwh_ext.database to the database that holds the warehouse and restart the server.")));
		return;
	}
	dwh_worker_register("dwh_ext audit", "dwh_audit_worker_main");
}

static const char *
null_if_empty(const char *text)
{
	return text[0] == '\0' ? NULL : text;
}

/* The watch reads no tables, so whose login role it was is looked up here. */
static void
find_account(DwhAuditEvent *event)
{
	Oid			types[1] = {TEXTOID};
	Datum		values[1];
	DwhOwnerSwitch owner;

	values[0] = CStringGetTextDatum(event->session_user_name);
	dwh_spi_begin();
	dwh_owner_enter(&owner);
	if (dwh_spi_select("SELECT account_id, full_name FROM dwh_catalog.account WHERE login_role = $1", 1, types, values, NULL, false) == 1)
	{
		event->account_id = dwh_spi_int(0, 1);
		event->person = dwh_spi_text(0, 2);
	}
	dwh_owner_leave(&owner);
	dwh_spi_end();
}

static bool
is_bypass(const DwhAuditRecord *record)
{
	return record->target == DWH_RING_AUDIT_EVENT && strcmp(record->action, DWH_BYPASS_ACTION) == 0;
}

static void
insert_record(const DwhAuditRecord *record)
{
	DwhAuditEvent event;

	if (record->target == DWH_RING_SHARE_LOG)
	{
		dwh_share_log_insert(record->share_row);
		return;
	}
	if (record->target == DWH_RING_GRANT_USE || record->target == DWH_RING_LOGIN)
	{
		dwh_use_insert(record);
		return;
	}
	event.occurred_at = record->occurred_at;
	event.account_id = record->account_id;
	event.person = null_if_empty(record->person);
	event.session_user_name = record->session_user_name;
	event.outer_user_name = record->outer_user_name;
	event.client_address = null_if_empty(record->client_address);
	event.action = record->action;
	event.object = null_if_empty(record->object);
	event.decision = record->decision;
	event.detail = null_if_empty(record->detail);
	event.reason = null_if_empty(record->reason);
	event.sqlstate = null_if_empty(record->sqlstate);
	if (is_bypass(record) && event.account_id == 0)
		find_account(&event);
	dwh_audit_insert(&event);
}

static void
begin_turn(const char *activity)
{
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	pgstat_report_activity(STATE_RUNNING, activity);
}

static void
end_turn(void)
{
	PopActiveSnapshot();
	CommitTransactionCommand();
	pgstat_report_stat(true);
	pgstat_report_activity(STATE_IDLE, NULL);
}

/* Makes the partitions of the log that the coming years need. */
static void
keep_partitions(void)
{
	begin_turn("making partitions of the log");
	if (dwh_worker_may_write())
		(void) dwh_audit_ensure_partitions();
	end_turn();
}

/* Reports the error that was caught and ends its transaction; the process goes on in that context. */
static void
recover(MemoryContext context)
{
	HOLD_INTERRUPTS();
	EmitErrorReport();
	AbortCurrentTransaction();
	MemoryContextSwitchTo(context);
	FlushErrorState();
	RESUME_INTERRUPTS();
	pgstat_report_activity(STATE_IDLE, NULL);
}

/* Whether an error says that a record cannot be in its table, now or later: it is refused there, or swallowed. */
static bool
is_of_record(int sqlstate)
{
	int			class = ERRCODE_TO_CATEGORY(sqlstate);

	return class == ERRCODE_DATA_EXCEPTION || class == ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION ||
		sqlstate == ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION;
}

/*
 * Writes the records in one transaction. Returns NULL, or why they are not in the tables: no warehouse is live, or one of them is not
 * acceptable. Other errors are raised.
 */
static const char *
write_records(const DwhAuditRecord *records, int count)
{
	static char message[256];
	MemoryContext context = CurrentMemoryContext;
	const char *volatile why = NULL;

	PG_TRY();
	{
		begin_turn("writing events");
		if (!dwh_worker_may_write())
			why = NOT_LIVE;
		for (int i = 0; i < count && why == NULL; i++)
			insert_record(&records[i]);
		end_turn();
	}
	PG_CATCH();
	{
		ErrorData  *error;

		if (!is_of_record(geterrcode()))
			PG_RE_THROW();
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		strlcpy(message, error->message, sizeof(message));
		FreeErrorData(error);
		recover(context);
		why = message;
	}
	PG_END_TRY();
	return why;
}

/* Takes records out of the ring until it is empty, or sealing has waited long enough for that; returns whether it is empty. */
static bool
drain(DwhAuditRecord *records)
{
	int			count;

	for (int taken = 0; (count = dwh_ring_peek(records, BATCH)) > 0; taken += count)
	{
		int			tries = dwh_ring_count_try();
		const char *why = "writing it failed again and again";
		int			lost = 0;

		if (taken >= TAKEN_AT_ONCE)
			return false;

		CHECK_FOR_INTERRUPTS();
		if (tries > 0)
			count = 1;			/* find out which one it is */
		if (tries == 1)
			keep_partitions();
		if (tries < MAX_TRIES)
			why = write_records(records, count);
		if (why != NULL && why != NOT_LIVE && (count > 1 || tries == 0))
			continue;			/* which one is it, or is it its partition? */
		/* the watch is about a live warehouse only: restoring one is no bypass, but taking its extension away is */
		for (int i = 0; i < count && why != NULL; i++)
			if (!dwh_ring_is_note(&records[i]) && (why != NOT_LIVE || !is_bypass(&records[i]) || strcmp(records[i].object, "dwh_ext") == 0))
			{
				dwh_ring_log(&records[i], why);
				lost++;
			}
		dwh_ring_release(count, why == NULL, lost);
	}
	return true;
}

/* Records that events are missing, as an event, which is sealed: a gap that only the server log shows is one that nobody looks for. */
static void
tell_lost(void)
{
	uint64		lost = dwh_ring_get_lost();
	bool		is_live;

	if (lost == 0)
		return;
	begin_turn("telling of lost records");
	is_live = dwh_worker_may_write();
	if (is_live)
		dwh_audit_append("records_lost", NULL, "failed", psprintf("{\"count\": " UINT64_FORMAT "}", lost));
	end_turn();
	if (is_live)
		dwh_ring_tell_lost(lost);
}

/* Seals the logs, unless somebody else does or changes the tables. */
static void
seal(void)
{
	begin_turn("sealing the logs");
	if (dwh_worker_may_write())
		(void) dwh_audit_seal(false);
	end_turn();
}

/* Counts a slice of the settled rows of the log of sharing. */
static void
roll(void)
{
	is_roll_due = false;		/* after an error it waits for the next seal */
	begin_turn("counting the log of sharing");
	if (dwh_worker_may_write())
		is_roll_due = !dwh_share_roll(ROLL_SLICE);
	end_turn();
}

/* When the next check is due, by what the last one left; DT_NOEND where nothing can be checked. */
static TimestampTz
next_check(void)
{
	DwhOwnerSwitch owner;
	TimestampTz last = DT_NOEND;
	bool		isnull;

	if (dwh_audit_check_interval == 0 || !dwh_worker_may_write())
		return DT_NOEND;
	dwh_spi_begin();
	dwh_owner_enter(&owner);
	if (dwh_spi_select("SELECT coalesce((SELECT max(checked_at) FROM dwh_log.audit_check WHERE leaf_to = tree_size OR NOT is_intact), created_at)"
					   " FROM dwh_catalog.warehouse", 0, NULL, NULL, NULL, false) == 1)
		last = DatumGetTimestampTz(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	dwh_owner_leave(&owner);
	dwh_spi_end();
	return TIMESTAMP_IS_NOEND(last) ? last : TimestampTzPlusMilliseconds(last, dwh_audit_check_interval * INT64CONST(1000));
}

/* Checks a slice of the logs where that is due. */
static void
check(void)
{
	begin_turn("checking the logs");
	check_due = next_check();
	if (check_due <= GetCurrentTimestamp() &&
		dwh_audit_check(false, CHECK_SLICE, MemoryContextAlloc(TopTransactionContext, sizeof(DwhVerifyResult))))
		check_due = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), dwh_audit_check_interval * INT64CONST(1000));
	if (TIMESTAMP_IS_NOEND(check_due))
		check_due = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), RETRY_CHECK_MS);
	end_turn();
}

/* Does a piece of work whose error is reported and must not keep records in the ring. */
static void
attend(void (*work) (void))
{
	MemoryContext context = CurrentMemoryContext;

	PG_TRY();
	{
		work();
	}
	PG_CATCH();
	{
		recover(context);
	}
	PG_END_TRY();
}

/* What was handed over before the worker was told to end is written first: the ring does not outlive the server. */
static void
drain_at_exit(int code, Datum records)
{
	PG_TRY();
	{
		AbortOutOfAnyTransaction();
		(void) drain((DwhAuditRecord *) DatumGetPointer(records));
	}
	PG_CATCH();
	{
		recover(TopMemoryContext);
	}
	PG_END_TRY();
}

/* The worker's loop: see the head of this file. */
void
dwh_audit_worker_main(Datum arg)
{
	DwhAuditRecord *records;
	TimestampTz next_upkeep = 0;
	TimestampTz last_seal = 0;

	dwh_worker_start("dwh_ext audit");
	records = MemoryContextAlloc(TopMemoryContext, sizeof(DwhAuditRecord) * BATCH);
	dwh_ring_attach_worker();
	before_shmem_exit(drain_at_exit, PointerGetDatum(records));

	for (;;)
	{
		TimestampTz now = GetCurrentTimestamp();
		TimestampTz next_turn;
		bool		is_empty = drain(records);

		attend(tell_lost);
		if (now >= next_upkeep)
		{
			next_upkeep = TimestampTzPlusMilliseconds(now, UPKEEP_MS);
			attend(keep_partitions);
		}
		next_turn = next_upkeep;
		if (dwh_audit_seal_interval > 0)
		{
			if (now >= TimestampTzPlusMilliseconds(last_seal, dwh_audit_seal_interval * INT64CONST(1000)))
			{
				last_seal = now;
				attend(seal);
				is_roll_due = true;
			}
			if (is_roll_due)
				attend(roll);
			next_turn = Min(next_turn, TimestampTzPlusMilliseconds(last_seal, dwh_audit_seal_interval * INT64CONST(1000)));
		}
		if (now >= check_due)
		{
			check_due = TimestampTzPlusMilliseconds(now, RETRY_CHECK_MS);	/* unless it says otherwise */
			attend(check);
		}
		next_turn = is_roll_due || !is_empty ? now : Min(next_turn, check_due);
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 TimestampDifferenceMilliseconds(GetCurrentTimestamp(), next_turn), PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
			check_due = 0;
		}
	}
}

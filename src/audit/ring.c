/*
 * ring.c
 *		The ring in shared memory between those who hand records over and the audit worker that commits them.
 *
 * Record n (from 1) lies in slot (n - 1) % size from the moment it is handed over until it is committed or given up; handed, committed
 * and given_up count records, committed counting those given up, too. A slot is written only by its handing backend under the exclusive lock and read only by the worker, so the worker may
 * fail after reading and read again: a record leaves the ring when its transaction is committed. After a crash of the server's
 * shared memory the ring is empty; callers that were waiting have lost their connection.
 *
 * dwh_ring_push() neither allocates nor raises: it runs in abort callbacks.
 */
#include "postgres.h"

#include "commands/dbcommands.h"
#include "miscadmin.h"
#include "port/atomics.h"
#include "pgstat.h"
#include "storage/condition_variable.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "utils/timestamp.h"

#include "audit/audit.h"
#include "common/errors.h"
#include "common/guc.h"

#define RING_NAME "dwh_ext audit"

/* Keys of notes that are remembered, each at its place; one that another has taken the place of is handed over again. */
#define NOTED 4096

typedef struct AuditRing
{
	LWLock	   *lock;
	ConditionVariable committed_moved;
	Latch	   *worker_latch;	/* NULL: no worker */
	int			worker_pid;
	int			size;
	int			tries;			/* of the oldest record */
	uint64		handed;
	uint64		committed;
	uint64		given_up;		/* taken out and not written */
	uint64		dropped;		/* never put in, since there was no room */
	uint64		lost;			/* events and rows among those two that are in the server log only, and no event tells so yet */
	pg_atomic_uint64 noted[NOTED];	/* keys of notes that were handed over */
	DwhAuditRecord slots[FLEXIBLE_ARRAY_MEMBER];
} AuditRing;

static AuditRing *ring = NULL;
static shmem_request_hook_type previous_request_hook = NULL;
static shmem_startup_hook_type previous_startup_hook = NULL;

static Size
ring_bytes(void)
{
	return add_size(offsetof(AuditRing, slots), mul_size(sizeof(DwhAuditRecord), dwh_audit_ring_size));
}

static void
request_shmem(void)
{
	if (previous_request_hook)
		previous_request_hook();
	RequestAddinShmemSpace(ring_bytes());
	RequestNamedLWLockTranche(RING_NAME, 1);
}

static void
startup_shmem(void)
{
	bool		found;

	if (previous_startup_hook)
		previous_startup_hook();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	ring = ShmemInitStruct(RING_NAME, ring_bytes(), &found);
	if (!found)
	{
		memset(ring, 0, offsetof(AuditRing, slots));
		ring->lock = &GetNamedLWLockTranche(RING_NAME)->lock;
		ring->size = dwh_audit_ring_size;
		ConditionVariableInit(&ring->committed_moved);
		for (int i = 0; i < NOTED; i++)
			pg_atomic_init_u64(&ring->noted[i], 0);
	}
	LWLockRelease(AddinShmemInitLock);
}

/* Asks for the shared memory; only while libraries are preloaded. */
void
dwh_ring_init(void)
{
	previous_request_hook = shmem_request_hook;
	shmem_request_hook = request_shmem;
	previous_startup_hook = shmem_startup_hook;
	shmem_startup_hook = startup_shmem;
}

/* Whether the library is in shared_preload_libraries. */
bool
dwh_ring_is_preloaded(void)
{
	return ring != NULL;
}

/* Whether the audit worker writes into the database we are connected to. Needs a transaction. */
bool
dwh_ring_serves_this_database(void)
{
	char	   *name;

	if (ring == NULL)
		return false;
	name = get_database_name(MyDatabaseId);
	return name != NULL && strcmp(name, dwh_database) == 0;
}

/* Raises WH003, naming the setting, where the workers cannot run for this database. */
void
dwh_audit_require_preload(const char *what)
{
	if (ring == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DWH_NOT_PRELOADED),
				 errmsg("%s needs the background workers of dwh_ext", what),
				 errdetail("The library is not in shared_preload_libraries."),
				 errhint("Add dwh_ext to shared_preload_libraries, set dwh_ext.database, and restart the server.")));
	if (!dwh_ring_serves_this_database())
		ereport(ERROR,
				(errcode(ERRCODE_DWH_NOT_PRELOADED),
				 errmsg("%s needs the background workers of dwh_ext", what),
				 errdetail("dwh_ext.database is \"%s\", not this database.", dwh_database),
				 errhint("Set dwh_ext.database to this database and restart the server.")));
}

/* Writes a record into the next slot and wakes the worker. The caller holds the lock and has looked for room. */
static void
put(const DwhAuditRecord *record)
{
	ring->slots[ring->handed % ring->size] = *record;
	ring->handed++;
	if (ring->worker_latch != NULL)
		SetLatch(ring->worker_latch);
}

/*
 * Hands a record over and wakes the worker. Returns false where the ring is full; the last quarter of it is for weighty records, so that what
 * anybody can hand over as often as he likes does not keep others' out. ticket is for dwh_ring_wait(), NULL where nobody waits. What has no
 * place is in the server log, and, where nobody waits for it, what nobody takes out at this moment: it is lost where the server stops first.
 */
bool
dwh_ring_push(const DwhAuditRecord *record, bool is_weighty, DwhRingTicket *ticket)
{
	bool		has_room;
	bool		has_worker;

	LWLockAcquire(ring->lock, LW_EXCLUSIVE);
	has_room = ring->handed - ring->committed < (is_weighty ? ring->size : ring->size - ring->size / 4);
	if (has_room)
		put(record);
	else
	{
		ring->dropped++;
		ring->lost++;
		if (ring->worker_latch != NULL)
			SetLatch(ring->worker_latch);
	}
	if (ticket != NULL)
	{
		ticket->number = ring->handed;
		ticket->given_up = ring->given_up;
	}
	has_worker = ring->worker_latch != NULL;
	LWLockRelease(ring->lock);
	if (!has_room)
		dwh_ring_log(record, "the ring is full");
	else if (ticket == NULL && !has_worker)
		dwh_ring_log(record, "no audit worker runs at this moment, it may still be written");
	return has_room;
}

/* Hands a note over unless one of that key has been, nobody would write it, or the ring, which is there for events, is half full. */
void
dwh_ring_push_once(const DwhAuditRecord *record, uint64 key)
{
	pg_atomic_uint64 *noted = &ring->noted[key % NOTED];

	if (pg_atomic_read_u64(noted) == key)
		return;
	LWLockAcquire(ring->lock, LW_EXCLUSIVE);
	if (ring->worker_latch != NULL && ring->handed - ring->committed < ring->size / 2)
	{
		put(record);
		pg_atomic_write_u64(noted, key);
	}
	LWLockRelease(ring->lock);
}

/* Whether the record has left the ring; if so, is_written tells whether it surely is in its table. */
static bool
has_left(const DwhRingTicket *ticket, bool *is_written)
{
	bool		result;

	LWLockAcquire(ring->lock, LW_SHARED);
	result = ring->committed >= ticket->number;
	*is_written = result && ring->given_up == ticket->given_up;
	LWLockRelease(ring->lock);
	return result;
}

/*
 * Waits until the record is committed, at most so long. Returns whether it is; false, too, where some record was given up meanwhile,
 * perhaps another. Can be cancelled, so never call it in an abort.
 */
bool
dwh_ring_wait(const DwhRingTicket *ticket, int timeout_ms)
{
	TimestampTz until = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), timeout_ms);
	bool		is_written;

	ConditionVariablePrepareToSleep(&ring->committed_moved);
	while (!has_left(ticket, &is_written))
	{
		long		left = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), until);

		if (left <= 0)
			break;
		(void) ConditionVariableTimedSleep(&ring->committed_moved, left, PG_WAIT_EXTENSION);
	}
	ConditionVariableCancelSleep();
	return is_written;
}

static void
detach_worker(int code, Datum arg)
{
	LWLockAcquire(ring->lock, LW_EXCLUSIVE);
	ring->worker_latch = NULL;
	ring->worker_pid = 0;
	LWLockRelease(ring->lock);
}

/* Makes this process the one that is woken, until it exits. */
void
dwh_ring_attach_worker(void)
{
	LWLockAcquire(ring->lock, LW_EXCLUSIVE);
	ring->worker_latch = MyLatch;
	ring->worker_pid = MyProcPid;
	LWLockRelease(ring->lock);
	before_shmem_exit(detach_worker, (Datum) 0);
}

/* Copies the oldest records that are not committed; returns how many. For the worker. */
int
dwh_ring_peek(DwhAuditRecord *records, int limit)
{
	int			count;

	LWLockAcquire(ring->lock, LW_SHARED);
	count = (int) Min((uint64) limit, ring->handed - ring->committed);
	for (int i = 0; i < count; i++)
		records[i] = ring->slots[(ring->committed + i) % ring->size];
	LWLockRelease(ring->lock);
	return count;
}

/* Counts one more try to write the oldest record; returns how many there have been before. For the worker. */
int
dwh_ring_count_try(void)
{
	int			before;

	LWLockAcquire(ring->lock, LW_EXCLUSIVE);
	before = ring->tries++;
	LWLockRelease(ring->lock);
	return before;
}

/* Whether a record is a note of use. */
bool
dwh_ring_is_note(const DwhAuditRecord *record)
{
	return record->target == DWH_RING_GRANT_USE || record->target == DWH_RING_LOGIN;
}

/* Frees the oldest slots, whose records are written or given up, so many of these lost, and wakes who waits. For the worker. */
void
dwh_ring_release(int count, bool is_written, int lost)
{
	LWLockAcquire(ring->lock, LW_EXCLUSIVE);
	ring->committed += count;
	ring->tries = 0;
	if (!is_written)
		ring->given_up += count;
	ring->lost += lost;
	LWLockRelease(ring->lock);
	ConditionVariableBroadcast(&ring->committed_moved);
}

/* How many records were lost of which no event tells yet. For the worker. */
uint64
dwh_ring_get_lost(void)
{
	uint64		lost;

	LWLockAcquire(ring->lock, LW_SHARED);
	lost = ring->lost;
	LWLockRelease(ring->lock);
	return lost;
}

/* An event tells of so many of them. For the worker. */
void
dwh_ring_tell_lost(uint64 count)
{
	LWLockAcquire(ring->lock, LW_EXCLUSIVE);
	ring->lost -= count;
	LWLockRelease(ring->lock);
}

/* What the ring holds at this moment. */
void
dwh_ring_get_state(DwhRingState *state)
{
	LWLockAcquire(ring->lock, LW_SHARED);
	state->worker_pid = ring->worker_pid;
	state->size = ring->size;
	state->handed = ring->handed;
	state->committed = ring->committed;
	state->dropped = ring->dropped + ring->given_up;
	LWLockRelease(ring->lock);
}

/* Writes a record that cannot get into the table to the server log, unless it is a note, which comes again. */
void
dwh_ring_log(const DwhAuditRecord *record, const char *why)
{
	if (dwh_ring_is_note(record))
		return;
	if (record->target == DWH_RING_SHARE_LOG)
	{
		ereport(LOG_SERVER_ONLY,
				(errmsg("dwh_ext row of the share log not in the table: %s", why),
				 errdetail_log("%s", record->share_row),
				 errhidestmt(true), errhidecontext(true)));
		return;
	}
	ereport(LOG_SERVER_ONLY,
			(errmsg("dwh_ext event not in the table: %s", why),
			 errdetail_log("action=%s object=%s decision=%s session_user=%s outer_user=%s account=%d client=%s sqlstate=%s "
						   "reason=%s detail=%s",
						   record->action, record->object, record->decision, record->session_user_name,
						   record->outer_user_name, record->account_id, record->client_address, record->sqlstate,
						   record->reason, record->detail),
			 errhidestmt(true), errhidecontext(true)));
}

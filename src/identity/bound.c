/*
 * bound.c
 *		Which account each backend is bound to, for whoever takes that account's rights away.
 *
 * A gateway's connection serves many people, so it must not end when one of them loses his rights: the statement that it is running for
 * him is cancelled, and the binding stands no more. The table lies in shared memory, a place for each backend, and is there where the
 * library is preloaded; elsewhere such a statement runs on with the rights that it began with, and the next one has none.
 *
 * A backend writes its own place only, under the lock in shared mode; who takes rights away looks and signals under the exclusive lock,
 * so that a backend is never signalled for an account that it has left. As with pg_cancel_backend(), a signal that comes when the
 * statement has just ended is lost.
 */
#include "postgres.h"

#include <signal.h>

#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "storage/shmem.h"

#include "identity/token.h"

#define TABLE_NAME "dwh_ext identity"

typedef struct Place
{
	int			pid;
	Oid			database;
	int32		account_id;		/* 0: nobody, or not any more */
} Place;

typedef struct BoundTable
{
	LWLock	   *lock;
	int			size;
	Place		places[FLEXIBLE_ARRAY_MEMBER];
} BoundTable;

static BoundTable *table = NULL;
static shmem_request_hook_type previous_request_hook = NULL;
static shmem_startup_hook_type previous_startup_hook = NULL;

/* Places for all that has a PGPROC, but for prepared transactions, which come after them. */
static int
count_places(void)
{
	return MaxBackends + NUM_AUXILIARY_PROCS;
}

static Size
table_bytes(void)
{
	return add_size(offsetof(BoundTable, places), mul_size(sizeof(Place), count_places()));
}

static void
request_shmem(void)
{
	if (previous_request_hook)
		previous_request_hook();
	RequestAddinShmemSpace(table_bytes());
	RequestNamedLWLockTranche(TABLE_NAME, 1);
}

static void
startup_shmem(void)
{
	bool		found;

	if (previous_startup_hook)
		previous_startup_hook();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	table = ShmemInitStruct(TABLE_NAME, table_bytes(), &found);
	if (!found)
	{
		memset(table, 0, table_bytes());
		table->lock = &GetNamedLWLockTranche(TABLE_NAME)->lock;
		table->size = count_places();
	}
	LWLockRelease(AddinShmemInitLock);
}

/* Asks for the shared memory; only while libraries are preloaded. */
void
dwh_bound_init(void)
{
	if (!process_shared_preload_libraries_in_progress)
		return;
	previous_request_hook = shmem_request_hook;
	shmem_request_hook = request_shmem;
	previous_startup_hook = shmem_startup_hook;
	shmem_startup_hook = startup_shmem;
}

/* This process's place; NULL where there is none. */
static Place *
own_place(void)
{
	int			number;

	if (table == NULL || MyProc == NULL)
		return NULL;
	number = (int) (MyProc - ProcGlobal->allProcs);
	return number < table->size ? &table->places[number] : NULL;
}

/* Says which account this backend is bound to from now on; 0: to none. Neither allocates nor raises: settings are assigned in aborts, too. */
void
dwh_bound_publish(int32 account_id)
{
	Place	   *place = own_place();

	if (place == NULL || (place->pid == MyProcPid && place->account_id == account_id) || (place->pid != MyProcPid && account_id == 0))
		return;
	LWLockAcquire(table->lock, LW_SHARED);
	place->pid = MyProcPid;
	place->database = MyDatabaseId;
	place->account_id = account_id;
	LWLockRelease(table->lock);
}

/* Whether somebody took the rights of the account away after this backend was bound to it. */
bool
dwh_bound_is_dropped(int32 account_id)
{
	Place	   *place = own_place();

	return place != NULL && (place->pid != MyProcPid || place->account_id != account_id);
}

/* Ends the bindings of every backend of this database to an account, and cancels what they are running; not what we run ourselves. */
void
dwh_bound_drop(int32 account_id)
{
	if (table == NULL)
		return;
	LWLockAcquire(table->lock, LW_EXCLUSIVE);
	for (int i = 0; i < table->size; i++)
	{
		Place	   *place = &table->places[i];

		if (place->account_id != account_id || place->database != MyDatabaseId || ProcGlobal->allProcs[i].pid != place->pid)
			continue;
		place->account_id = 0;
		if (place->pid != MyProcPid)
			(void) kill(place->pid, SIGINT);
	}
	LWLockRelease(table->lock);
}

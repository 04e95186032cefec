/*
 * worker.c
 *		The background worker "dwh_ext share".
 *
 * It is a process of its own, apart from the audit worker, so that a slow partner never holds up a record of the log. It
 * connects to no database and waits.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"

#include "share/share.h"

#define RESTART_SECONDS 5

/* Registers the worker where the library is preloaded. */
void
dwh_share_init(void)
{
	BackgroundWorker worker = {0};

	if (!process_shared_preload_libraries_in_progress)
		return;
	strlcpy(worker.bgw_name, "dwh_ext share", BGW_MAXLEN);
	strlcpy(worker.bgw_type, "dwh_ext share", BGW_MAXLEN);
	strlcpy(worker.bgw_library_name, "dwh_ext", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, "dwh_share_worker_main", BGW_MAXLEN);
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = RESTART_SECONDS;
	RegisterBackgroundWorker(&worker);
}

/* Waits for its latch until the server stops. */
void
dwh_share_worker_main(Datum arg)
{
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();

	for (;;)
	{
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_EXIT_ON_PM_DEATH, -1, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
		}
	}
}

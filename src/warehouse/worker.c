/*
 * worker.c
 *		Registering and starting the background workers of dwh_ext, and whether they have anything to do.
 */
#include "postgres.h"

#include "commands/extension.h"
#include "libpq/pqsignal.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"

#include "common/guc.h"
#include "common/owner.h"
#include "warehouse/warehouse.h"
#include "warehouse/worker.h"

#define RESTART_SECONDS 5

/* Has the postmaster run a worker, whose main function is named, again and again. While the library is preloaded. */
void
dwh_worker_register(const char *name, const char *function)
{
	BackgroundWorker worker = {0};

	strlcpy(worker.bgw_name, name, BGW_MAXLEN);
	strlcpy(worker.bgw_type, name, BGW_MAXLEN);
	strlcpy(worker.bgw_library_name, "dwh_ext", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, function, BGW_MAXLEN);
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = RESTART_SECONDS;
	RegisterBackgroundWorker(&worker);
}

/*
 * Connects a worker that has just begun to dwh_ext.database. Settings that an owner of the database, no superuser perhaps, may have set
 * for it and that would keep the worker from its work are pinned.
 */
void
dwh_worker_start(const char *name)
{
	static const char *const pinned[][2] = {
		{"default_tablespace", ""},
		{"default_transaction_isolation", "read committed"},
		{"default_transaction_read_only", "off"},
		{"lock_timeout", "0"},
		{"statement_timeout", "0"},
		{"synchronous_commit", "on"},	/* whoever waits for a record is told that it is written */
#if PG_VERSION_NUM >= 170000
		{"transaction_timeout", "0"},
#endif
	};

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection(dwh_database, NULL, 0);
	pgstat_report_appname(name);
	for (int i = 0; i < lengthof(pinned); i++)
		SetConfigOption(pinned[i][0], pinned[i][1], PGC_SUSET, PGC_S_OVERRIDE);
}

/* Whether there is a warehouse here that may be written to. Inside a transaction. */
bool
dwh_worker_may_write(void)
{
	return OidIsValid(get_extension_oid("dwh_ext", true)) && dwh_warehouse_exists() && dwh_warehouse_is_attached() &&
		dwh_instance_is_live();
}

/*
 * guc.c
 *		The settings of dwh_ext, in alphabetical order; each is described in the README.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/guc.h"

#include "common/guc.h"
#include "common/identity.h"

int			dwh_audit_check_interval = 86400;
char	   *dwh_audit_key_file = NULL;
int			dwh_audit_ring_size = 1024;
int			dwh_audit_seal_interval = 60;
int			dwh_audit_wait = 1000;
char	   *dwh_database = NULL;
bool		dwh_mark_changes = true;
char	   *dwh_share_credentials = NULL;
int			dwh_share_in_flight = 64;
static char *identity = NULL;

/* Defines every setting. */
void
dwh_guc_init(void)
{
	/* PostgreSQL refuses start-up settings from a library that is loaded later, so there they only keep their value. */
	GucContext	at_start = process_shared_preload_libraries_in_progress ? PGC_POSTMASTER : PGC_SIGHUP;

	DefineCustomIntVariable("dwh_ext.audit_check_interval",
							"Time between two checks of the logs by the audit worker.",
							"0: the worker does not check.", &dwh_audit_check_interval, 86400, 0, 31 * 86400, PGC_SIGHUP, GUC_UNIT_S,
							NULL, NULL, NULL);
	DefineCustomStringVariable("dwh_ext.audit_key_file",
							   "File with the Ed25519 key that signs exported heads of the log's tree.",
							   "Empty: heads are not signed.", &dwh_audit_key_file, "", PGC_SIGHUP, GUC_SUPERUSER_ONLY,
							   NULL, NULL, NULL);
	DefineCustomIntVariable("dwh_ext.audit_ring_size",
							"Records that can wait in shared memory for the audit worker.",
							NULL, &dwh_audit_ring_size, 1024, 16, 65536, at_start, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("dwh_ext.audit_seal_interval",
							"Time between two sealings of the logs by the audit worker.",
							"0: the worker does not seal.", &dwh_audit_seal_interval, 60, 0, 86400, PGC_SIGHUP, GUC_UNIT_S,
							NULL, NULL, NULL);
	DefineCustomIntVariable("dwh_ext.audit_wait",
							"Longest time a refused caller waits until the refusal is committed to the log.",
							"0 does not wait.", &dwh_audit_wait, 1000, 0, 60000, PGC_SUSET, GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomStringVariable("dwh_ext.database",
							   "Database whose warehouse the background workers serve.",
							   "Empty: no audit worker runs.", &dwh_database, "", at_start, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("dwh_ext.identity",
							   "Identity that a token proved; set by dwh.authenticate() only.",
							   NULL, &identity, "", PGC_SUSET, GUC_SUPERUSER_ONLY | GUC_NO_SHOW_ALL | GUC_NOT_IN_SAMPLE |
							   GUC_DISALLOW_IN_FILE | GUC_DISALLOW_IN_AUTO_FILE, dwh_identity_check, dwh_identity_assign, NULL);
	DefineCustomBoolVariable("dwh_ext.mark_changes",
							 "Whether changed rows of facts are marked for dwh.refresh().",
							 "A loader that switches it off marks what it changed by dwh.mark_dirty().",
							 &dwh_mark_changes, true, PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("dwh_ext.share_credentials",
							   "Folder with the keys and certificates that partners are dealt with by.",
							   "Empty: nothing is sent.", &dwh_share_credentials, "", PGC_SIGHUP, GUC_SUPERUSER_ONLY, NULL, NULL, NULL);
	DefineCustomIntVariable("dwh_ext.share_in_flight",
							"Messages the share worker sends at the same time.",
							"Those that take longer than a second do not count, up to four times as many.",
							&dwh_share_in_flight, 64, 1, 200, PGC_SIGHUP, 0, NULL, NULL, NULL);
	MarkGUCPrefixReserved("dwh_ext");
}

/* Gives a setting of PostgreSQL a value until the level of settings that the caller opened (NewGUCNestLevel()) is closed. */
void
dwh_guc_set_here(const char *name, const char *value)
{
	(void) set_config_option(name, value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}

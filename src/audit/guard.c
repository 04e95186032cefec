/*
 * guard.c
 *		Whether the tables of the logs have the guards that make them append-only, and nothing of a stranger's.
 *
 * A trigger, rule or child table that somebody has put there can swallow or forge rows before they are sealed, which no verification of
 * sealed rows finds. It is looked for with every check (check.c) and by dwh.health().
 */
#include "postgres.h"

#include "utils/json.h"

#include "audit/audit.h"
#include "common/owner.h"
#include "common/spi.h"

/* Tells of faults: a WARNING, which a worker's log has too, and an event. In this order, for a trigger may swallow the event. */
void
dwh_audit_check_guards(void)
{
	DwhOwnerSwitch owner;
	StringInfoData detail;
	char	   *faults = NULL;

	initStringInfo(&detail);
	dwh_spi_begin();
	dwh_owner_enter(&owner);
	if (dwh_spi_select("SELECT string_agg(fault, '; ' ORDER BY fault) FROM dwh_internal.log_guard_faults()", 0, NULL, NULL, NULL, false) == 1)
		faults = dwh_spi_text(0, 1);
	dwh_owner_leave(&owner);
	dwh_spi_end();
	if (faults == NULL)
		return;
	ereport(WARNING,
			(errmsg("the tables of the log are not guarded as they should be"),
			 errdetail("%s.", faults),
			 errhint("Take away what is a stranger's; SELECT dwh_internal.log_guard_faults() lists it.")));
	appendStringInfoString(&detail, "{\"faults\": ");
	escape_json(&detail, faults);
	appendStringInfoChar(&detail, '}');
	dwh_audit_append("log_guards", NULL, "failed", detail.data);
}

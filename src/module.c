/*
 * module.c
 *		Module magic and _PG_init of dwh_ext.
 *
 * _PG_init only calls the rooms' *_init() functions; each registers its own settings, hooks and workers.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"

#include "access/access.h"
#include "audit/audit.h"
#include "common/guc.h"
#include "common/identity.h"
#include "identity/token.h"
#include "indicator/mark.h"
#include "scope/limits.h"
#include "share/share.h"

PG_MODULE_MAGIC;

void		_PG_init(void);

void
_PG_init(void)
{
	if (IsBinaryUpgrade)
		return;
	dwh_guc_init();
	dwh_clock_init();
	dwh_audit_init();
	dwh_bound_init();
	dwh_sessions_init();
	dwh_mark_init();
	dwh_limit_watch_init();
	dwh_share_init();
	dwh_share_fetch_init();
}

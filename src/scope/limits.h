/*
 * limits.h
 *		Limits of groups (893 Art. 7.3): how long a statement may run, what memory and disk it may take, how many sessions, and whether
 *		anything may be written.
 *
 * A login role has, of each limit, the widest that one of its groups names; groups that name none do not count. Superusers have none.
 */
#ifndef DWH_LIMITS_H
#define DWH_LIMITS_H

#include "lib/stringinfo.h"
#include "nodes/pg_list.h"

/* What the members of some groups have; NULL: no limit. In the order of the table in limits.c. */
#define DWH_LIMITS 5

typedef struct DwhLimits
{
	char	   *values[DWH_LIMITS];
} DwhLimits;

/* limits.c */
extern void dwh_limits_put_on(const char *login_role);
extern void dwh_limits_of_groups(DwhLimits *limits, List *groups);
extern const char *dwh_limits_connections(const DwhLimits *limits);
extern void dwh_limits_append_settings(StringInfo sql, const char *login_role, const DwhLimits *limits);

/* limit_watch.c */
extern void dwh_limit_watch_init(void);

#endif							/* DWH_LIMITS_H */

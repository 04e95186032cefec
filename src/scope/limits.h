/*
 * limits.h
 *		Limits of groups (893 Art. 7.3): how long a statement may run, what memory and disk it may take, how many sessions, and whether
 *		anything may be written.
 *
 * A login role has, of each limit, the widest that one of its groups names; groups that name none do not count. Superusers have none.
 */
#ifndef DWH_LIMITS_H
#define DWH_LIMITS_H

/* limits.c */
extern void dwh_limits_put_on(const char *login_role, bool is_new);

/* limit_watch.c */
extern void dwh_limit_watch_init(void);

#endif							/* DWH_LIMITS_H */

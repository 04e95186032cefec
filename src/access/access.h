/*
 * access.h
 *		Access by Decision 893: what the server itself has to do for it. The rules are in sql/install/80_access.sql and later.
 */
#ifndef DWH_ACCESS_H
#define DWH_ACCESS_H

/* sessions.c */
extern void dwh_sessions_init(void);
extern void dwh_sessions_end_at_commit(Oid role);

#endif							/* DWH_ACCESS_H */

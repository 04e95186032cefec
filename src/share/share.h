/*
 * share.h
 *		Sharing of data with other agencies. So far its background worker only, which waits for work that later parts give it.
 */
#ifndef DWH_SHARE_H
#define DWH_SHARE_H

/* worker.c */
extern void dwh_share_init(void);
extern PGDLLEXPORT void dwh_share_worker_main(Datum arg);

#endif							/* DWH_SHARE_H */

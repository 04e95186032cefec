/*
 * worker.h
 *		What the background workers of dwh_ext have in common.
 */
#ifndef DWH_WORKER_H
#define DWH_WORKER_H

extern void dwh_worker_register(const char *name, const char *function);
extern void dwh_worker_start(const char *name);
extern bool dwh_worker_may_write(void);

#endif							/* DWH_WORKER_H */

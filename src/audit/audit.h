/*
 * audit.h
 *		The log of events (dwh_log.audit_event).
 *
 * An act that succeeded is appended in its own transaction by dwh_audit_append(). What must survive a rollback goes through the
 * audit worker.
 */
#ifndef DWH_AUDIT_H
#define DWH_AUDIT_H

/* append.c */
extern void dwh_audit_append(const char *action, const char *object, const char *decision, const char *detail);

#endif							/* DWH_AUDIT_H */

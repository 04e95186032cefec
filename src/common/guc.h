/*
 * guc.h
 *		The settings of dwh_ext.
 *
 * No setting decides what a caller may see or do. Settings read when the server starts have no effect where the library is not
 * in shared_preload_libraries.
 */
#ifndef DWH_GUC_H
#define DWH_GUC_H

extern int	dwh_audit_check_interval;
extern char *dwh_audit_key_file;
extern int	dwh_audit_ring_size;
extern int	dwh_audit_seal_interval;
extern int	dwh_audit_wait;
extern char *dwh_database;
extern bool dwh_mark_changes;
extern char *dwh_share_credentials;
extern int	dwh_share_in_flight;

extern void dwh_guc_init(void);
extern void dwh_guc_set_here(const char *name, const char *value);

#endif							/* DWH_GUC_H */

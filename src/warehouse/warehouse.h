/*
 * warehouse.h
 *		Making the warehouse: group roles, schemas, the embedded DDL parts, and the refusal of strangers' objects.
 *
 * create_warehouse() and its sisters hold a lock on the extension object to the end of the transaction, so that two sessions
 * do it one after the other and DROP EXTENSION waits. Everything they look at in catalogues is read with the latest snapshot,
 * so that the one who waited sees what the other did, at every isolation level.
 */
#ifndef DWH_WAREHOUSE_H
#define DWH_WAREHOUSE_H

#include "audit/audit.h"

/* Comments on roles and schemas of ours begin with this. */
#define DWH_MARKER "[dwh_ext] "

/* A group role or schema and what it is for, in both languages. */
typedef struct DwhNamedObject
{
	const char *name;
	const char *comment;
} DwhNamedObject;

/* A call that makes or moves the warehouse, between dwh_warehouse_begin() and dwh_warehouse_end(). */
typedef struct DwhWarehouseCall
{
	DwhAttempt	attempt;
	int			guc_level;
	int			own_before;		/* see common/own_statement.h */
	MemoryContext caller_context;
} DwhWarehouseCall;

/* roles.c */
extern const DwhNamedObject dwh_roles[];
extern const int dwh_role_count;
extern int	dwh_roles_create_missing(void);
extern char *dwh_group_role_statements(const char *role, const char *rights, const char *comment);

/* strangers.c */
extern Datum dwh_names_array(const DwhNamedObject *objects, int count);
extern void dwh_strangers_refuse_roles(void);
extern void dwh_strangers_refuse_schemas(bool *is_standing);
extern void dwh_strangers_refuse_objects(void);
extern void dwh_strangers_refuse_partitions(void);

/* parts.c */
extern int	dwh_parts_run_tables(void);
extern int	dwh_parts_run_attachments(void);
extern int	dwh_parts_run_steps(int from_version);
extern int	dwh_parts_schema_version(void);

/* session.c */
extern void dwh_warehouse_begin(DwhWarehouseCall *call, const char *action);
extern text *dwh_warehouse_end(DwhWarehouseCall *call, const char *told);
extern void dwh_warehouse_attach(void);
extern void dwh_warehouse_grant_to_owner(void);
extern int	dwh_warehouse_get_version(void);
extern void dwh_warehouse_set_version(int version);

/* create.c */
extern const DwhNamedObject dwh_schemas[];
extern const int dwh_schema_count;

/* instance.c */
extern void dwh_instance_start(void);
extern bool dwh_instance_is_live(void);
extern void dwh_instance_require_live(const char *what);

#endif							/* DWH_WAREHOUSE_H */

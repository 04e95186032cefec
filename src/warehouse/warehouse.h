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

/* Comments on roles and schemas of ours begin with this. */
#define DWH_MARKER "[dwh_ext] "

/* A group role or schema and what it is for, in both languages. */
typedef struct DwhNamedObject
{
	const char *name;
	const char *comment;
} DwhNamedObject;

/* roles.c */
extern const DwhNamedObject dwh_roles[];
extern const int dwh_role_count;
extern int	dwh_roles_create_missing(void);
extern char *dwh_role_statements(const DwhNamedObject *role);

/* strangers.c */
extern void dwh_strangers_refuse_roles(void);
extern void dwh_strangers_refuse_schemas(bool *is_standing);
extern void dwh_strangers_refuse_objects(void);

/* parts.c */
extern int	dwh_parts_run_tables(void);
extern int	dwh_parts_run_attachments(void);
extern int	dwh_parts_run_steps(int from_version);
extern int	dwh_parts_schema_version(void);

/* create.c */
extern const DwhNamedObject dwh_schemas[];
extern const int dwh_schema_count;
extern uint64 dwh_latest_select(const char *sql, int nargs, const Oid *types, const Datum *values);

/* instance.c */
extern void dwh_instance_start(void);

#endif							/* DWH_WAREHOUSE_H */

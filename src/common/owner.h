/*
 * owner.h
 *		Acting as dwh_owner, the role that owns every table of the warehouse and nothing else.
 *
 * Whatever reads or writes warehouse rows does so between dwh_owner_enter() and dwh_owner_leave(): as dwh_owner, inside a
 * security-restricted operation, with search_path = pg_catalog, pg_temp. After an ERROR PostgreSQL itself restores user,
 * security context and settings at the end of the (sub)transaction, so callers need no PG_TRY. dwh_superuser_enter() begins the same as
 * the bootstrap superuser, where roles are made or altered; dwh_owner_leave() ends it, too.
 */
#ifndef DWH_OWNER_H
#define DWH_OWNER_H

#include "common/compat.h"

typedef struct DwhOwnerSwitch
{
	Oid			saved_caller;
	Oid			saved_user;
	int			saved_sec_context;
	int			guc_nest_level;
	int			own_before;		/* see own_statement.h */
} DwhOwnerSwitch;

/* What keeps dwh_owner from reading a relation. */
typedef enum DwhReadRefusal
{
	DWH_READ_ALLOWED,
	DWH_READ_FOREIGN,			/* who owns it could make dwh_owner run code */
	DWH_READ_ROW_SECURITY		/* which would hide rows from dwh_owner */
} DwhReadRefusal;

typedef struct DwhReadCheck
{
	DwhReadRefusal refusal;
	Oid			relation;		/* whose it is: the one asked for, or a partition or child of it */
} DwhReadCheck;

extern Oid	dwh_owner_oid(void);
extern void dwh_owner_enter(DwhOwnerSwitch *state);
extern void dwh_owner_enter_unchecked(DwhOwnerSwitch *state);
extern void dwh_superuser_enter(DwhOwnerSwitch *state);
extern void dwh_owner_leave(const DwhOwnerSwitch *state);
extern Oid	dwh_caller_role(void);
extern bool dwh_caller_has_role(const char *name);
extern bool dwh_caller_is_administrator(const char *name);
extern bool dwh_caller_is_owner(void);
pg_noreturn extern void dwh_raise_no_warehouse_row(void);
extern void dwh_require_tables(void);
extern void dwh_require_warehouse(void);
extern bool dwh_warehouse_exists(void);
extern bool dwh_warehouse_is_attached(void);

/* readable.c */
extern DwhReadCheck dwh_owner_read_check(Oid relation);
extern bool dwh_owner_may_read(Oid relation);

#endif							/* DWH_OWNER_H */

/*
 * identity.h
 *		Who calls: the account of the token that dwh.authenticate() bound, else of the role that dwh_caller_role() names (login role,
 *		or what SET ROLE chose; never the owner of a definer function), through the account's login_role.
 *
 * A group role has no account, and an account counts only while it is enabled and valid on the day of the warehouse's zone.
 *
 * The bound identity travels in the setting dwh_ext.identity, which nothing but dwh_identity_bind() can give a value: settings
 * reach parallel workers and follow savepoints, variables do not. It counts for the login role that bound it only, and not for
 * what the server runs on behalf of another role (see dwh_caller_role()).
 */
#ifndef DWH_IDENTITY_H
#define DWH_IDENTITY_H

#include "datatype/timestamp.h"
#include "utils/date.h"
#include "utils/guc.h"

typedef struct DwhCaller
{
	int32		account_id;		/* 0: none */
	char	   *person;			/* NULL: none */
	char	   *session_user_name;
	char	   *outer_user_name;
	char	   *client_address; /* NULL: no client */
} DwhCaller;

/* identity.c */
extern int32 dwh_caller_account(void);
extern void dwh_caller_describe(DwhCaller *caller);
extern bool dwh_identity_has_role(const char *name);
extern bool dwh_identity_is_administrator(const char *name);

/* identity/binding.c */
extern uint64 dwh_identity_changes;
extern int32 dwh_identity_bound(void);
extern void dwh_identity_bind(int32 account_id, int32 key_id, TimestampTz expires_at, bool is_session);
extern void dwh_identity_unbind(void);
extern bool dwh_identity_check(char **newval, void **extra, GucSource source);
extern void dwh_identity_assign(const char *newval, void *extra);

/* clock.c */
extern void dwh_clock_init(void);
extern DateADT dwh_day_in_zone(const char *zone);
extern const char *dwh_warehouse_zone(void);
extern DateADT dwh_today(void);
extern DateADT dwh_month_of(TimestampTz at);

/*
 * A condition on a row of pg_roles, by its alias: whether its members have a way around what rows of the warehouse say they may. And what
 * to tell of such a member.
 */
#define DWH_ROLE_LEADS_AROUND(role) \
	"(starts_with(" role ".rolname, 'pg_') OR " role ".rolname = 'dwh_owner' OR " role ".rolsuper OR " role ".rolbypassrls)"
#define DWH_LED_AROUND \
	"it is a member of dwh_owner, of a predefined role, or of a role with SUPERUSER or BYPASSRLS"

#endif							/* DWH_IDENTITY_H */

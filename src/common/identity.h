/*
 * identity.h
 *		Who calls: dwh_caller_role() (login role, or what SET ROLE chose; never the owner of a definer function) and the account
 *		that names it as its login role.
 *
 * A group role has no account, and an account counts only while it is enabled and valid on the day of the warehouse's zone.
 */
#ifndef DWH_IDENTITY_H
#define DWH_IDENTITY_H

#include "utils/date.h"

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

/* clock.c */
extern DateADT dwh_today(void);

#endif							/* DWH_IDENTITY_H */

/*
 * register.h
 *		The frame of what central administrators do to the rows of this room.
 *
 * An act is registered as an attempt before the caller's right is asked for, so that a refusal is in the log.
 */
#ifndef DWH_IDENTITY_REGISTER_H
#define DWH_IDENTITY_REGISTER_H

#include "audit/audit.h"
#include "common/owner.h"
#include "common/spi.h"
#include "fmgr.h"

#define DWH_REGISTER_PARAMS 8

typedef struct DwhRegisterAct
{
	const char *action;
	char	   *object;
	DwhAttempt	attempt;
	DwhOwnerSwitch owner;
	/* parameters of the statement that follows */
	int			n;
	Oid			types[DWH_REGISTER_PARAMS];
	Datum		values[DWH_REGISTER_PARAMS];
	char		nulls[DWH_REGISTER_PARAMS];
} DwhRegisterAct;

extern void dwh_register_begin(DwhRegisterAct *act, const char *action, char *object);
extern void dwh_register_text(DwhRegisterAct *act, const char *value);
extern void dwh_register_value(DwhRegisterAct *act, Oid type, Datum value, bool is_null);
extern uint64 dwh_register_run(DwhRegisterAct *act, const char *sql, int expected);
extern void dwh_register_end(DwhRegisterAct *act, const char *detail);
extern char *dwh_register_argument(FunctionCallInfo fcinfo, int number, const char *name);

#endif							/* DWH_IDENTITY_REGISTER_H */

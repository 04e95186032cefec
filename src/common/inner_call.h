/*
 * inner_call.h
 *		Functions of schema dwh that record an act and leave the work to the function of the same name and arguments in dwh_internal,
 *		run as dwh_owner.
 *
 *	DwhInnerCall call;
 *
 *	dwh_inner_call_read(&call, fcinfo, 0);
 *	dwh_attempt_begin(&attempt, call.name, call.object, call.detail);
 *	... who may call ...
 *	result = dwh_inner_call_run(&call, fcinfo);
 *	dwh_audit_append(call.name, call.object, "done", call.detail);
 *	return result;
 */
#ifndef DWH_INNER_CALL_H
#define DWH_INNER_CALL_H

#include "fmgr.h"

typedef struct DwhInnerCall
{
	char	   *name;			/* of the function */
	Oid		   *types;			/* of its arguments */
	char	  **names;
	Oid			result_type;
	char	   *object;			/* the first argument as text, NULL for none */
	char	   *detail;			/* the arguments as a JSON object of texts */
} DwhInnerCall;

extern void dwh_inner_call_read(DwhInnerCall *call, FunctionCallInfo fcinfo, Size longest);
extern Datum dwh_inner_call_run(const DwhInnerCall *call, FunctionCallInfo fcinfo);
extern void dwh_inner_call_rows(const DwhInnerCall *call, FunctionCallInfo fcinfo);

#endif							/* DWH_INNER_CALL_H */

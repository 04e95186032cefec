/*
 * outside.c
 *		Recording changes of the tables that say who has which right, made by anybody but the functions of the extension.
 *
 * Those work as dwh_owner in a security-restricted operation, which no statement of a user's is in: neither a superuser's, nor one of
 * a session that has set its role to dwh_owner. Whatever else changes a row is recorded as a bypass, in the same transaction.
 */
#include "postgres.h"

#include "commands/trigger.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "audit/audit.h"
#include "common/owner.h"

PG_FUNCTION_INFO_V1(dwh_sql_record_outside_change);

/* Adds a row as a member of the JSON object. */
static void
add_row(StringInfo json, const char *name, HeapTuple tuple, TupleDesc descriptor)
{
	Datum		row = heap_copy_tuple_as_datum(tuple, descriptor);

	appendStringInfo(json, ", \"%s\": %s", name, TextDatumGetCString(DirectFunctionCall1(row_to_json, row)));
}

/* Trigger: for each row, and for TRUNCATE. */
Datum
dwh_sql_record_outside_change(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	TupleDesc	descriptor;
	StringInfoData json;
	const char *command;
	char	   *object;

	if (!CALLED_AS_TRIGGER(fcinfo))
		elog(ERROR, "record_outside_change() was not called as a trigger");
	if (GetUserId() == dwh_owner_oid() && InSecurityRestrictedOperation())
		return PointerGetDatum(NULL);

	command = TRIGGER_FIRED_BY_INSERT(trigger->tg_event) ? "INSERT" : TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? "UPDATE" :
		TRIGGER_FIRED_BY_DELETE(trigger->tg_event) ? "DELETE" : "TRUNCATE";
	descriptor = RelationGetDescr(trigger->tg_relation);
	initStringInfo(&json);
	appendStringInfo(&json, "{\"command\": \"%s\"", command);
	if (TRIGGER_FIRED_FOR_ROW(trigger->tg_event))
	{
		add_row(&json, TRIGGER_FIRED_BY_INSERT(trigger->tg_event) ? "new" : "old", trigger->tg_trigtuple, descriptor);
		if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
			add_row(&json, "new", trigger->tg_newtuple, descriptor);
	}
	appendStringInfoChar(&json, '}');
	object = quote_qualified_identifier(get_namespace_name(RelationGetNamespace(trigger->tg_relation)),
										RelationGetRelationName(trigger->tg_relation));
	dwh_audit_append("bypass", object, "done", json.data);
	return PointerGetDatum(NULL);
}

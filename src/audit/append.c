/*
 * append.c
 *		Appending to dwh_log.audit_event, in the caller's transaction; and the trigger that refuses anything but appending.
 *
 * The row says who the outer user was (login role or SET ROLE, never the owner of a definer function). The month is computed in
 * the time zone of the warehouse.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "libpq/libpq-be.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "audit/audit.h"
#include "common/owner.h"
#include "common/spi.h"

PG_FUNCTION_INFO_V1(dwh_sql_refuse_change);

/* A text parameter that may be NULL. */
static void
set_text(Datum *value, char *null, const char *string)
{
	*null = string == NULL ? 'n' : ' ';
	*value = string == NULL ? (Datum) 0 : CStringGetTextDatum(string);
}

/*
 * Appends one event. object and detail (a JSON object as text) may be NULL; decision is done, refused or failed. Works inside and
 * outside of SPI. Raises WH001 where no warehouse stands.
 */
void
dwh_audit_append(const char *action, const char *object, const char *decision, const char *detail)
{
	Oid			types[8] = {TIMESTAMPTZOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID};
	Datum		values[8];
	char		nulls[8];
	DwhOwnerSwitch owner;

	values[0] = TimestampTzGetDatum(GetCurrentTimestamp());
	nulls[0] = ' ';
	set_text(&values[1], &nulls[1], GetUserNameFromId(GetSessionUserId(), false));
	set_text(&values[2], &nulls[2], GetUserNameFromId(GetOuterUserId(), false));
	set_text(&values[3], &nulls[3], MyProcPort != NULL ? MyProcPort->remote_host : NULL);
	set_text(&values[4], &nulls[4], action);
	set_text(&values[5], &nulls[5], object);
	set_text(&values[6], &nulls[6], decision);
	set_text(&values[7], &nulls[7], detail);

	dwh_spi_begin();
	dwh_owner_enter(&owner);
	if (dwh_spi_run("INSERT INTO dwh_log.audit_event (occurred_at, month, session_user_name, outer_user_name,"
					"  client_address, action, object, decision, detail) "
					"SELECT $1, date_trunc('month', $1 AT TIME ZONE w.time_zone)::date, $2, $3, $4, $5, $6, $7,"
					"  coalesce($8::jsonb, '{}') FROM dwh_catalog.warehouse AS w",
					8, types, values, nulls, false, SPI_OK_INSERT) != 1)
		elog(ERROR, "table dwh_catalog.warehouse has no row");
	dwh_owner_leave(&owner);
	dwh_spi_end();
}

/* Trigger: refuses every UPDATE, DELETE and TRUNCATE, also by the owner. */
Datum
dwh_sql_refuse_change(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo))
		elog(ERROR, "refuse_change() was not called as a trigger");
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("rows of table \"%s\" cannot be changed or removed", RelationGetRelationName(trigger->tg_relation)),
			 errdetail("The table is append-only for everyone, its owner included."),
			 errhint("Record a correction as a new row.")));
	PG_RETURN_NULL();
}

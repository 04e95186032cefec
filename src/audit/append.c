/*
 * append.c
 *		Appending to dwh_log.audit_event, and the trigger that refuses anything but appending.
 *
 * The row says who called (login role or SET ROLE, never the owner of a definer function; see dwh_caller_role()). Its month is computed in
 * the time zone of the warehouse.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "audit/audit.h"
#include "audit/event_insert.h"
#include "common/identity.h"
#include "common/own_statement.h"
#include "common/owner.h"
#include "common/spi.h"

PG_FUNCTION_INFO_V1(dwh_sql_audit_append);
PG_FUNCTION_INFO_V1(dwh_sql_audit_append_all);
PG_FUNCTION_INFO_V1(dwh_sql_refuse_change);

/* A text parameter that may be NULL. */
static void
set_text(Datum *value, char *null, const char *string)
{
	*null = string == NULL ? 'n' : ' ';
	*value = string == NULL ? (Datum) 0 : CStringGetTextDatum(string);
}

/* The columns of an event but for object and detail, which are the last two of the statements below. */
#define INSERT_EVENT \
	"INSERT INTO dwh_log.audit_event (occurred_at, month, account_id, person, session_user_name," \
	"  outer_user_name, client_address, action, decision, object, detail) "
#define COMMON_TYPES \
	TIMESTAMPTZOID, DATEOID, INT4OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID
#define COMMON_VALUES 9

/* Their values. As dwh_owner, inside SPI. */
static void
set_common(Datum *values, char *nulls, const DwhAuditEvent *event)
{
	values[0] = TimestampTzGetDatum(event->occurred_at);
	values[1] = DateADTGetDatum(dwh_month_of(event->occurred_at));
	values[2] = Int32GetDatum(event->account_id);
	nulls[0] = nulls[1] = ' ';
	nulls[2] = event->account_id == 0 ? 'n' : ' ';
	set_text(&values[3], &nulls[3], event->person);
	set_text(&values[4], &nulls[4], event->session_user_name);
	set_text(&values[5], &nulls[5], event->outer_user_name);
	set_text(&values[6], &nulls[6], event->client_address);
	set_text(&values[7], &nulls[7], event->action);
	set_text(&values[8], &nulls[8], event->decision);
}

/*
 * Raises 27000 where an INSERT into a log wrote other than so many rows: a trigger has swallowed them. Nothing of ours is done without its
 * record, and nobody is told that a record is there which is not.
 */
void
dwh_audit_require_written(const char *table, uint64 written, uint64 wanted)
{
	if (written != wanted)
		ereport(ERROR,
				(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
				 errmsg("the row of dwh_log.%s was not written", table),
				 errdetail("A trigger on the table took it away."),
				 errhint("See which: SELECT detail FROM dwh.health() WHERE component = 'log_guards'.")));
}

/* Inserts one event as dwh_owner, with this detail (jsonb). Works inside and outside of SPI. Raises WH001 where no warehouse stands. */
static void
insert_event(const DwhAuditEvent *event, Datum detail)
{
	static SPIPlanPtr plan = NULL;
	static SPIPlanPtr reason_plan = NULL;
	Oid			types[COMMON_VALUES + 4] = {COMMON_TYPES, TEXTOID, JSONBOID, TEXTOID, TEXTOID};
	Datum		values[COMMON_VALUES + 4];
	char		nulls[COMMON_VALUES + 4];
	uint64		written;
	DwhOwnerSwitch owner;

	dwh_owner_enter(&owner);
	set_common(values, nulls, event);
	set_text(&values[9], &nulls[9], event->object);
	values[10] = detail;
	nulls[10] = ' ';
	if (event->reason == NULL && event->sqlstate == NULL && dwh_event_insert(values, nulls))
	{
		dwh_owner_leave(&owner);
		return;
	}
	dwh_spi_begin();
	set_text(&values[11], &nulls[11], event->reason);
	set_text(&values[12], &nulls[12], event->sqlstate);
	if (event->reason == NULL && event->sqlstate == NULL)
		written = dwh_spi_run_kept(&plan, INSERT_EVENT "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
								   COMMON_VALUES + 2, types, values, nulls, false, SPI_OK_INSERT);
	else
		written = dwh_spi_run_kept(&reason_plan, INSERT_EVENT
								   "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,"
								   "  $11 || jsonb_strip_nulls(jsonb_build_object('reason', $12, 'sqlstate', $13)))",
								   COMMON_VALUES + 4, types, values, nulls, false, SPI_OK_INSERT);
	dwh_audit_require_written("audit_event", written, 1);
	dwh_spi_end();
	dwh_owner_leave(&owner);
}

/* A JSON object given as text, NULL for an empty one, as jsonb. */
static Datum
detail_of(const char *detail)
{
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(detail ? detail : "{}"));
}

/* The same for an event that brings its detail as text. */
void
dwh_audit_insert(const DwhAuditEvent *event)
{
	insert_event(event, detail_of(event->detail));
}

/* Who calls, now. */
static void
describe_caller(DwhAuditEvent *event, DwhCaller *caller)
{
	dwh_caller_describe(caller);
	memset(event, 0, sizeof(DwhAuditEvent));
	event->occurred_at = GetCurrentTimestamp();
	event->account_id = caller->account_id;
	event->person = caller->person;
	event->session_user_name = caller->session_user_name;
	event->outer_user_name = caller->outer_user_name;
	event->client_address = caller->client_address;
}

/* Appends one event of the caller, in the caller's transaction. */
static void
append_event(const char *action, const char *object, const char *decision, Datum detail)
{
	DwhCaller	caller;
	DwhAuditEvent event;

	describe_caller(&event, &caller);
	event.action = action;
	event.object = object;
	event.decision = decision;
	insert_event(&event, detail);
}

/* The same for C: object and detail (a JSON object as text) may be NULL; decision is done, refused or failed. */
void
dwh_audit_append(const char *action, const char *object, const char *decision, const char *detail)
{
	append_event(action, object, decision, detail_of(detail));
}

static char *
text_argument(FunctionCallInfo fcinfo, int number)
{
	return PG_ARGISNULL(number) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(number));
}

/* dwh_internal.audit_append(action, object, decision, detail): for SQL functions of ours. Raises 23502 and 23514 by the table. */
Datum
dwh_sql_audit_append(PG_FUNCTION_ARGS)
{
	append_event(text_argument(fcinfo, 0), text_argument(fcinfo, 1), text_argument(fcinfo, 2),
				 PG_ARGISNULL(3) ? detail_of(NULL) : PG_GETARG_DATUM(3));
	PG_RETURN_VOID();
}

static uint64
count_of(ArrayType *array)
{
	return ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
}

/*
 * dwh_internal.audit_append_all(action, objects text[], details jsonb[]): an event for each of them, in their order, of an act that was
 * done; with one statement, as a list of a thousand has a thousand.
 */
Datum
dwh_sql_audit_append_all(PG_FUNCTION_ARGS)
{
	static SPIPlanPtr plan = NULL;
	Oid			types[COMMON_VALUES + 2] = {COMMON_TYPES, TEXTARRAYOID, JSONBARRAYOID};
	Datum		values[COMMON_VALUES + 2];
	char		nulls[COMMON_VALUES + 2];
	DwhCaller	caller;
	DwhAuditEvent event;
	DwhOwnerSwitch owner;
	uint64		written;

	describe_caller(&event, &caller);
	event.action = text_argument(fcinfo, 0);
	event.decision = "done";
	values[9] = PG_GETARG_DATUM(1);
	values[10] = PG_GETARG_DATUM(2);
	nulls[9] = nulls[10] = ' ';
	dwh_spi_begin();
	dwh_owner_enter(&owner);
	set_common(values, nulls, &event);
	written = dwh_spi_run_kept(&plan, INSERT_EVENT
							   "SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, e.object, e.detail "
							   "FROM unnest($10, $11) WITH ORDINALITY AS e (object, detail, n) ORDER BY e.n",
							   COMMON_VALUES + 2, types, values, nulls, false, SPI_OK_INSERT);
	dwh_audit_require_written("audit_event", written, Max(count_of(PG_GETARG_ARRAYTYPE_P(1)), count_of(PG_GETARG_ARRAYTYPE_P(2))));
	dwh_owner_leave(&owner);
	dwh_spi_end();
	PG_RETURN_VOID();
}

/* Refuses a row that is not ours. */
static void
raise_insert(Relation table)
{
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("rows of table \"%s\" cannot be added by hand", RelationGetRelationName(table)),
			 errdetail("What stands there is believed by the next sealing and the next check, so the functions of dwh_ext alone write it."),
			 errhint("A dump is restored into a database without these tables.")));
}

/*
 * Trigger: refuses every UPDATE, DELETE and TRUNCATE, also by the owner. Before INSERT it refuses rows that are not ours: with the argument
 * "own" what no function of ours writes, else all of them, where ours go past triggers.
 */
Datum
dwh_sql_refuse_change(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo))
		elog(ERROR, "refuse_change() was not called as a trigger");
	if (TRIGGER_FIRED_BY_INSERT(trigger->tg_event))
	{
		if (trigger->tg_trigger->tgnargs == 0 || !dwh_own_fired_trigger())
			raise_insert(trigger->tg_relation);
		PG_RETURN_POINTER(trigger->tg_trigtuple);
	}
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("rows of table \"%s\" cannot be changed or removed", RelationGetRelationName(trigger->tg_relation)),
			 errdetail("The table is append-only for everyone, its owner included."),
			 errhint("Record a correction as a new row.")));
	PG_RETURN_NULL();
}

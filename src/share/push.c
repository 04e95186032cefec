/*
 * push.c
 *		What share officers do with messages that are pushed and pulled: queueing, cancelling, putting back, and where they go.
 *
 * A message is a row of dwh_log.share_outbox in the caller's transaction, so a ROLLBACK sends nothing. The row of the target is
 * locked until the caller's transaction ends: messages of one agreement get their place in the order in which they were queued.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/json.h"
#include "utils/lsyscache.h"

#include "audit/audit.h"
#include "common/identity.h"
#include "common/owner.h"
#include "common/spi.h"
#include "identity/register.h"
#include "share/share.h"

#define MESSAGE_LIMIT	(64 * 1024 * 1024)
#define QUERY_LIMIT		1024

PG_FUNCTION_INFO_V1(dwh_sql_push_share);
PG_FUNCTION_INFO_V1(dwh_sql_pull_share);
PG_FUNCTION_INFO_V1(dwh_sql_cancel_push);
PG_FUNCTION_INFO_V1(dwh_sql_requeue_push);
PG_FUNCTION_INFO_V1(dwh_sql_register_push_host);
PG_FUNCTION_INFO_V1(dwh_sql_register_push_target);

/* Registers the attempt, and refuses with 42501 everyone but share officers. */
static void
begin_act(DwhAttempt *attempt, const char *action, char *object)
{
	dwh_require_warehouse();
	dwh_attempt_begin(attempt, action, object, NULL);
	if (dwh_caller_is_owner() || dwh_caller_has_role("dwh_share_officer"))
		return;
	dwh_attempt_refused(attempt, "the caller is no share officer");
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("permission denied to call dwh.%s()", action),
			 errdetail("What is sent to other agencies is in the hands of share officers."),
			 errhint("Ask a member of dwh_share_officer.")));
}

/* Raises 22004 where an argument is NULL. */
static void
require_argument(FunctionCallInfo fcinfo, int number, const char *name)
{
	if (PG_ARGISNULL(number))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("argument \"%s\" must not be null", name),
				 errhint("Give %s a value.", name)));
}

/* A date argument as YYYY-MM-DD; NULL for NULL. */
static char *
date_argument(FunctionCallInfo fcinfo, int number)
{
	struct pg_tm tm;
	char		buffer[MAXDATELEN + 1];
	DateADT		date;

	if (PG_ARGISNULL(number))
		return NULL;
	date = PG_GETARG_DATEADT(number);
	if (DATE_NOT_FINITE(date))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the period of a message must have days"),
				 errhint("Give days, or NULL.")));
	j2date(date + POSTGRES_EPOCH_JDATE, &tm.tm_year, &tm.tm_mon, &tm.tm_mday);
	EncodeDateOnly(&tm, USE_ISO_DATES, buffer);
	return pstrdup(buffer);
}

/* The agreement, or 42704. */
static void
load_agreement(int32 agreement_id, DwhShareAgreement *agreement)
{
	if (!dwh_share_load(agreement_id, agreement))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("there is no agreement %d", agreement_id),
				 errhint("Look into dwh_catalog.share_agreement.")));
}

/* ------------------------------------------------------------------ queueing */

/* Locks the agreement's target until the transaction ends, so that the order of the queue is that of the commits. Raises 55000. */
static void
lock_target(int32 agreement_id)
{
	static SPIPlanPtr plan = NULL;
	Oid			types[1] = {INT4OID};
	Datum		values[1];
	DwhOwnerSwitch owner;

	values[0] = Int32GetDatum(agreement_id);
	dwh_spi_begin();
	dwh_owner_enter(&owner);
	if (dwh_spi_run_kept(&plan, "SELECT FROM dwh_catalog.share_push_target WHERE agreement_id = $1 FOR NO KEY UPDATE", 1, types,
						 values, NULL, false, SPI_OK_SELECT) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("agreement %d has no target", agreement_id),
				 errdetail("Where its messages are sent to, or fetched from, is not registered."),
				 errhint("Call dwh.register_push_target().")));
	dwh_owner_leave(&owner);
	dwh_spi_end();
}

/* Fills in what is computed from the message. Raises 54000 and 22023. */
static void
describe_message(DwhShareStage *stage, const DwhShareAgreement *agreement, Datum content, Datum items, Datum unit_ids, Datum content_type)
{
	static SPIPlanPtr plan = NULL;
	Oid			types[4] = {TEXTOID, TEXTARRAYOID, INT4ARRAYOID, TEXTOID};
	Datum		values[4];
	char		nulls[4] = "    ";
	DwhOwnerSwitch owner;
	bool		is_type;

	values[0] = content;
	values[1] = items;
	values[2] = unit_ids;
	values[3] = content_type;
	nulls[2] = unit_ids == (Datum) 0 ? 'n' : ' ';
	dwh_spi_begin();
	dwh_owner_enter(&owner);
	(void) dwh_spi_run_kept(&plan, "SELECT jsonb_build_object('items', $2, 'unit_ids', $3, 'content_type', $4)::text,"
							"  encode(sha256(convert_to($1, 'UTF8')), 'hex'), octet_length($1)::bigint, cardinality($2),"
							"  $4 ~ '^[a-z]+/[a-z0-9.+-]+(; ?charset=utf-8)?$'", 4, types, values, nulls, true, SPI_OK_SELECT);
	stage->request_content = dwh_spi_text(0, 1);
	stage->content_digest = dwh_spi_text(0, 2);
	stage->byte_count = dwh_spi_bigint(0, 3);
	stage->item_count = dwh_spi_int(0, 4);
	is_type = dwh_spi_bool(0, 5);
	stage->use_until = agreement->use_until;
	dwh_owner_leave(&owner);
	dwh_spi_end();
	if (!is_type)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("this is no media type"),
				 errhint("Give one like application/json or text/csv; charset=utf-8.")));
	if (stage->byte_count > MESSAGE_LIMIT)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the message is too long"),
				 errdetail("It has " INT64_FORMAT " bytes, at most %d can be sent.", stage->byte_count, MESSAGE_LIMIT),
				 errhint("Send it in parts.")));
}

/* What every stage of the log has in common, as a JSON object. */
static char *
stage_text(const DwhShareStage *stage)
{
	StringInfoData row;

	initStringInfo(&row);
	dwh_share_row_open(&row, stage);
	appendStringInfo(&row, ",\"request_content\":%s", stage->request_content);
	if (stage->content_digest != NULL)
		appendStringInfo(&row, ",\"byte_count\":" INT64_FORMAT ",\"content_digest\":\"%s\"", stage->byte_count, stage->content_digest);
	if (stage->row_count >= 0)
		appendStringInfo(&row, ",\"row_count\":" INT64_FORMAT, stage->row_count);
	appendStringInfoChar(&row, '}');
	return row.data;
}

static void
insert_message(const DwhShareStage *stage, const DwhShareAsk *ask, Datum content, Datum content_type)
{
	static SPIPlanPtr plan = NULL;
	Oid			types[11] = {INT8OID, INT4OID, INT4OID, TEXTOID, TEXTOID, TEXTARRAYOID, INT4ARRAYOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID};
	Datum		values[11] = {0};
	char		nulls[11];
	DwhOwnerSwitch owner;

	memset(nulls, ' ', sizeof(nulls));
	values[0] = Int64GetDatum(stage->share_no);
	values[1] = Int32GetDatum(stage->agreement_id);
	values[2] = Int32GetDatum(stage->agency_id);
	values[3] = content_type;
	values[4] = content;
	values[5] = ask->items;
	values[6] = ask->unit_ids;
	nulls[6] = ask->unit_ids == (Datum) 0 ? 'n' : ' ';
	nulls[7] = ask->period_from == NULL ? 'n' : ' ';
	if (ask->period_from != NULL)
		values[7] = CStringGetTextDatum(ask->period_from);
	nulls[8] = ask->period_to == NULL ? 'n' : ' ';
	if (ask->period_to != NULL)
		values[8] = CStringGetTextDatum(ask->period_to);
	values[9] = CStringGetTextDatum(stage_text(stage));
	values[10] = CStringGetTextDatum(ask->direction);
	dwh_spi_begin();
	dwh_owner_enter(&owner);
	(void) dwh_spi_run_kept(&plan, "INSERT INTO dwh_log.share_outbox (share_no, agreement_id, agency_id, content_type, body, ask, stage,"
							"  direction) "
							"VALUES ($1, $2, $3, $4, $5, jsonb_build_object('items', $6, 'unit_ids', $7, 'period_from', $8,"
							"  'period_to', $9), $10::jsonb, $11)", 11, types, values, nulls, false, SPI_OK_INSERT);
	dwh_owner_leave(&owner);
	dwh_spi_end();
}

/* Fills in what is asked of another agency. */
static void
describe_fetch(DwhShareStage *stage, const DwhShareAsk *ask, const char *query)
{
	Oid			types[3] = {TEXTARRAYOID, INT4ARRAYOID, TEXTOID};
	Datum		values[3];
	char		nulls[3] = "   ";

	values[0] = ask->items;
	values[1] = ask->unit_ids;
	nulls[1] = ask->unit_ids == (Datum) 0 ? 'n' : ' ';
	values[2] = CStringGetTextDatum(query);
	dwh_spi_begin();
	(void) dwh_spi_select("SELECT pg_catalog.jsonb_build_object('items', $1, 'unit_ids', $2, 'query', $3)::pg_catalog.text,"
						  "  pg_catalog.cardinality($1)", 3, types, values, nulls, true);
	stage->request_content = dwh_spi_text(0, 1);
	stage->item_count = dwh_spi_int(0, 2);
	dwh_spi_end();
}

/* The outcome of a message that is not queued, in the log of sharing: nothing of it is supplied. */
static void
log_not_queued(DwhShareStage *stage, const char *status, const char *reason)
{
	stage->stage = "outcome";
	stage->status = status;
	stage->reason = reason;
	stage->row_count = stage->byte_count = -1;
	stage->content_digest = NULL;
	(void) dwh_share_log_commit(stage);
}

/* The refusal in both logs, then 42501. */
static void
refuse_message(DwhAttempt *attempt, DwhShareStage *stage, const char *rule, const char *reason, const char *article)
{
	log_not_queued(stage, "refused", reason);
	dwh_attempt_refused(attempt, rule);
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("agreement %d does not allow this message", stage->agreement_id),
			 errdetail("%s (%s).", reason, article),
			 errhint("The refusal is number " INT64_FORMAT " in dwh_log.share_log.", stage->share_no)));
}

/*
 * Links a message that passes on what was received to the fetch it came from: named by the caller, and required where the content is one that
 * was received (2327 Art. 13.3). Raises 42501 and 42704.
 */
static void
link_received(DwhAttempt *attempt, DwhShareStage *stage)
{
	static SPIPlanPtr plan = NULL;
	Oid			types[2] = {TEXTOID, INT8OID};
	Datum		values[2];
	DwhOwnerSwitch owner;
	bool		is_known;
	bool		is_received;

	values[0] = CStringGetTextDatum(stage->content_digest);
	values[1] = Int64GetDatum(stage->related_share_no);
	dwh_spi_begin();
	dwh_owner_enter(&owner);
	(void) dwh_spi_run_kept(&plan, "SELECT EXISTS (SELECT FROM dwh_landing.share_received WHERE share_no = $2),"
							"  EXISTS (SELECT FROM dwh_landing.share_received WHERE content_digest = $1)", 2, types, values, NULL, true,
							SPI_OK_SELECT);
	is_known = dwh_spi_bool(0, 1);
	is_received = dwh_spi_bool(0, 2);
	dwh_owner_leave(&owner);
	dwh_spi_end();
	if (stage->related_share_no == 0 && is_received)
		refuse_message(attempt, stage, "onward without link", "dữ liệu nhận được chỉ được chuyển tiếp khi nêu lần nhận (p_received_no) | "
					   "received data is passed on only with the number it was received under (p_received_no)", "2327 Art. 13.3");
	if (stage->related_share_no != 0 && !is_known)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("nothing was received under number " INT64_FORMAT, stage->related_share_no),
				 errhint("Look into dwh_landing.share_received.")));
}

/*
 * Refuses a message that does not have the structure of its service (2327 Art. 11.2), or other units, months or rows than are named: status
 * invalid in the log, then 22023. Counts its rows.
 */
static void
check_structure(DwhAttempt *attempt, DwhShareStage *stage, const DwhShareAgreement *agreement, const DwhShareAsk *ask, Datum content,
				Datum content_type)
{
	static SPIPlanPtr plan = NULL;
	Oid			types[8] = {INT4OID, INT4OID, TEXTARRAYOID, TEXTOID, TEXTOID, INT4ARRAYOID, TEXTOID, TEXTOID};
	Datum		values[8] = {0};
	char		nulls[8] = "        ";
	int64		rows = 0;
	DwhOwnerSwitch owner;
	char	   *fault;

	values[0] = Int32GetDatum(agreement->service_id);
	values[1] = Int32GetDatum(agreement->structure_version);
	values[2] = ask->items;
	values[3] = content_type;
	values[4] = content;
	values[5] = ask->unit_ids;
	nulls[5] = ask->unit_ids == (Datum) 0 ? 'n' : ' ';
	nulls[6] = ask->period_from == NULL ? 'n' : ' ';
	if (ask->period_from != NULL)
		values[6] = CStringGetTextDatum(ask->period_from);
	nulls[7] = ask->period_to == NULL ? 'n' : ' ';
	if (ask->period_to != NULL)
		values[7] = CStringGetTextDatum(ask->period_to);
	dwh_spi_begin();
	dwh_owner_enter(&owner);
	(void) dwh_spi_run_kept(&plan, "SELECT fault, row_count FROM dwh_internal.share_body_fault($1, $2, $3, $4, $5, $6, $7::date, $8::date)",
							8, types, values, nulls, true, SPI_OK_SELECT);
	fault = dwh_spi_text(0, 1);
	if (fault == NULL)
		rows = dwh_spi_bigint(0, 2);
	dwh_owner_leave(&owner);
	dwh_spi_end();
	if (fault == NULL && stage->row_count >= 0 && stage->row_count != rows)
		fault = psprintf("it has " INT64_FORMAT " rows, p_row_count says " INT64_FORMAT, rows, stage->row_count);
	if (fault == NULL)
	{
		stage->row_count = rows;
		return;
	}
	log_not_queued(stage, "invalid", psprintf("structure (2327 Art. 11.2): %s", fault));
	dwh_attempt_refused(attempt, "another structure than agreed");
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("the message does not have the structure of service \"%s\"", agreement->service_code),
			 errdetail("2327 Art. 11.2: %s.", fault),
			 errhint("Give every item that p_items names, and nothing else, of the units and period that are named; nothing was queued.")));
}

/* Refuses what the agreement does not allow with 42501, which stays in the log. */
static void
require_allowed(DwhAttempt *attempt, DwhShareStage *stage, const DwhShareAsk *ask)
{
	DwhShareRefusal refusal;

	if (!dwh_share_allowed(stage->agreement_id, ask, &refusal))
		refuse_message(attempt, stage, refusal.rule, refusal.reason, refusal.article);
}

static void
queue(DwhAttempt *attempt, DwhShareStage *stage, const DwhShareAsk *ask, Datum content, Datum content_type)
{
	insert_message(stage, ask, content, content_type);
	stage->stage = "asked";
	stage->status = "asked";
	dwh_share_log_append(stage);
	dwh_attempt_end(attempt);
}

/* The number of rows that the caller counts in the content; 22023 where it cannot have so many: a row has a byte at least. */
static int64
row_count_argument(int64 row_count, Datum content)
{
	if (row_count < 0 || row_count > (int64) VARSIZE_ANY_EXHDR(DatumGetPointer(content)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("p_row_count cannot be " INT64_FORMAT, row_count),
				 errdetail("The content has %zu bytes.", (size_t) VARSIZE_ANY_EXHDR(DatumGetPointer(content))),
				 errhint("Count the rows of the content, or leave the argument out.")));
	return row_count;
}

/* dwh.push_share(): queues a message; returns its number. Raises WH003, 22004, 22023, 42501, 42704, 54000 and 55000. */
Datum
dwh_sql_push_share(PG_FUNCTION_ARGS)
{
	DwhAttempt	attempt;
	DwhShareAgreement agreement;
	DwhShareAsk ask = {.direction = "out"};
	DwhShareStage stage;
	Datum		content;
	Datum		content_type;

	begin_act(&attempt, "push_share", PG_ARGISNULL(0) ? NULL : psprintf("%d", PG_GETARG_INT32(0)));
	require_argument(fcinfo, 0, "p_agreement_id");
	require_argument(fcinfo, 1, "p_content");
	require_argument(fcinfo, 2, "p_items");
	require_argument(fcinfo, 3, "p_content_type");
	dwh_audit_require_preload("pushing");
	content = PointerGetDatum(PG_GETARG_TEXT_PP(1));
	ask.items = PointerGetDatum(PG_GETARG_ARRAYTYPE_P(2));
	content_type = PointerGetDatum(PG_GETARG_TEXT_PP(3));
	if (!PG_ARGISNULL(4))
		ask.unit_ids = PointerGetDatum(PG_GETARG_ARRAYTYPE_P(4));
	ask.period_from = date_argument(fcinfo, 5);
	ask.period_to = date_argument(fcinfo, 6);

	load_agreement(PG_GETARG_INT32(0), &agreement);
	dwh_share_stage_begin(&stage, &agreement, "share");
	stage.supply_form = agreement.method;
	stage.period_from = ask.period_from;
	stage.period_to = ask.period_to;
	if (!PG_ARGISNULL(7))
		stage.row_count = row_count_argument(PG_GETARG_INT64(7), content);
	lock_target(agreement.agreement_id);
	describe_message(&stage, &agreement, content, ask.items, ask.unit_ids, content_type);
	if (!PG_ARGISNULL(8))
		stage.related_share_no = PG_GETARG_INT64(8);
	link_received(&attempt, &stage);
	require_allowed(&attempt, &stage, &ask);
	if (agreement.service_id != 0)
		check_structure(&attempt, &stage, &agreement, &ask, content, content_type);
	queue(&attempt, &stage, &ask, content, content_type);
	PG_RETURN_INT64(stage.share_no);
}

/*
 * dwh.pull_share(): queues a fetch from another agency; returns its number. Raises WH003, 22004, 22023, 42501, 42704 and 55000.
 */
Datum
dwh_sql_pull_share(PG_FUNCTION_ARGS)
{
	DwhAttempt	attempt;
	DwhShareAgreement agreement;
	DwhShareAsk ask = {.direction = "in"};
	DwhShareStage stage;
	char	   *query;

	begin_act(&attempt, "pull_share", PG_ARGISNULL(0) ? NULL : psprintf("%d", PG_GETARG_INT32(0)));
	require_argument(fcinfo, 0, "p_agreement_id");
	require_argument(fcinfo, 1, "p_items");
	require_argument(fcinfo, 2, "p_query");
	dwh_audit_require_preload("pulling");
	ask.items = PointerGetDatum(PG_GETARG_ARRAYTYPE_P(1));
	query = text_to_cstring(PG_GETARG_TEXT_PP(2));
	if (!PG_ARGISNULL(3))
		ask.unit_ids = PointerGetDatum(PG_GETARG_ARRAYTYPE_P(3));
	ask.period_from = date_argument(fcinfo, 4);
	ask.period_to = date_argument(fcinfo, 5);
	if (strlen(query) > QUERY_LIMIT ||
		strspn(query, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~%!$&()*+,;=:@/?-") != strlen(query))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("this is no query of an address"),
				 errdetail("It has at most %d characters of those that may stand after the question mark of an address.", QUERY_LIMIT),
				 errhint("Write other characters as %%XX.")));

	load_agreement(PG_GETARG_INT32(0), &agreement);
	dwh_share_stage_begin(&stage, &agreement, "share");
	stage.direction = ask.direction;
	stage.supply_form = agreement.method;
	stage.period_from = ask.period_from;
	stage.period_to = ask.period_to;
	lock_target(agreement.agreement_id);
	describe_fetch(&stage, &ask, query);
	require_allowed(&attempt, &stage, &ask);
	queue(&attempt, &stage, &ask, CStringGetTextDatum(query), CStringGetTextDatum("*/*"));
	PG_RETURN_INT64(stage.share_no);
}

/* ------------------------------------------------------------------ what waits, and where it goes */

/* Runs a statement as dwh_owner and records the event. Returns the number of rows. */
static uint64
change_rows(DwhAttempt *attempt, const char *action, const char *object, const char *detail, const char *sql, int n, Oid *types,
			Datum *values, const char *nulls, int expected)
{
	DwhOwnerSwitch owner;
	uint64		rows;

	dwh_spi_begin();
	dwh_owner_enter(&owner);
	rows = dwh_spi_run(sql, n, types, values, nulls, false, expected);
	dwh_owner_leave(&owner);
	dwh_spi_end();
	if (rows > 0)
	{
		dwh_audit_append(action, object, "done", detail);
		dwh_attempt_end(attempt);
	}
	return rows;
}

/* Refuses an officer of another unit than that of the agreement (2327 Art. 6.4), which the statement looks up by $1, with 42501. */
static void
require_unit(const char *sql, Oid type, Datum value)
{
	DwhOwnerSwitch owner;

	dwh_spi_begin();
	dwh_owner_enter(&owner);
	(void) dwh_spi_select(sql, 1, &type, &value, NULL, true);
	dwh_owner_leave(&owner);
	dwh_spi_end();
}

static void
change_message(FunctionCallInfo fcinfo, const char *action, const char *sql, const char *what)
{
	DwhAttempt	attempt;
	Oid			types[2] = {INT8OID, TEXTOID};
	Datum		values[2];
	char	   *object = PG_ARGISNULL(0) ? NULL : psprintf(INT64_FORMAT, PG_GETARG_INT64(0));
	char	   *reason;
	StringInfoData detail;

	begin_act(&attempt, action, object);
	require_argument(fcinfo, 0, "p_share_no");
	reason = dwh_register_argument(fcinfo, 1, "p_reason");
	initStringInfo(&detail);
	appendStringInfoString(&detail, "{\"reason\": ");
	escape_json(&detail, reason);
	appendStringInfoChar(&detail, '}');
	values[0] = PG_GETARG_DATUM(0);
	values[1] = CStringGetTextDatum(reason);
	require_unit("SELECT dwh_internal.share_check_agreement(agreement_id) FROM dwh_log.share_outbox WHERE share_no = $1", INT8OID, values[0]);
	if (change_rows(&attempt, action, object, detail.data, sql, 2, types, values, NULL, SPI_OK_UPDATE) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("there is no message %s %s", object, what),
				 errdetail("It was delivered, cancelled, or never queued."),
				 errhint("Look into dwh.share_transfers.")));
}

/* dwh.cancel_push(): cancels a message; the worker settles it. Raises 22004, 42501 and 42704. */
Datum
dwh_sql_cancel_push(PG_FUNCTION_ARGS)
{
	change_message(fcinfo, "cancel_push", "UPDATE dwh_log.share_outbox SET is_cancelled = true, cancel_reason = $2"
				   " WHERE share_no = $1 AND NOT is_cancelled", "in the queue");
	PG_RETURN_VOID();
}

/*
 * dwh.requeue_push(): puts back what was set aside, at the end of its agreement's queue, since the worker does not look before the place
 * that it has reached. Raises 22004, 42501 and 42704.
 */
Datum
dwh_sql_requeue_push(PG_FUNCTION_ARGS)
{
	change_message(fcinfo, "requeue_push", "WITH place AS MATERIALIZED (SELECT o.outbox_id"
				   "  FROM dwh_log.share_outbox AS o JOIN dwh_catalog.share_push_target AS t ON t.agreement_id = o.agreement_id"
				   "  WHERE o.share_no = $1 AND o.state = 'dead' AND NOT o.is_cancelled FOR NO KEY UPDATE OF t) "
				   "UPDATE dwh_log.share_outbox SET outbox_id = DEFAULT, state = 'waiting', attempts = 0, next_at = now()"
				   " WHERE outbox_id = (SELECT outbox_id FROM place) AND state = 'dead' AND NOT is_cancelled AND $2 IS NOT NULL",
				   "that was set aside");
	PG_RETURN_VOID();
}

/* dwh.register_push_host(): allows sending to a host. Raises 22004, 23514, 42501 and 42704. */
Datum
dwh_sql_register_push_host(PG_FUNCTION_ARGS)
{
	DwhAttempt	attempt;
	Oid			types[6] = {TEXTOID, INT4OID, TEXTOID, get_array_type(CIDROID), TEXTOID, TEXTOID};
	Datum		values[6] = {0};
	char		nulls[6] = "     n";
	char	   *host = PG_ARGISNULL(0) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(0));

	begin_act(&attempt, "register_push_host", host);
	host = dwh_register_argument(fcinfo, 0, "p_host");
	require_argument(fcinfo, 1, "p_port");
	(void) dwh_register_argument(fcinfo, 2, "p_reason");
	require_argument(fcinfo, 3, "p_private_networks");
	require_argument(fcinfo, 4, "p_scheme");
	for (int i = 0; i < 5; i++)
		values[i] = PG_GETARG_DATUM(i);
	if (!PG_ARGISNULL(5))
	{
		values[5] = PG_GETARG_DATUM(5);
		nulls[5] = ' ';
	}
	(void) change_rows(&attempt, "register_push_host", host, psprintf("{\"port\": %d}", PG_GETARG_INT32(1)),
					   "INSERT INTO dwh_catalog.share_push_host (host, port, reason, private_networks, scheme, platform_id)"
					   " VALUES ($1, $2, $3, $4, $5, dwh_internal.share_platform_id($6)) "
					   "ON CONFLICT (host, port) DO UPDATE SET reason = excluded.reason, private_networks = excluded.private_networks,"
					   "  scheme = excluded.scheme, platform_id = excluded.platform_id, registered_at = now(), registered_by = session_user",
					   6, types, values, nulls, SPI_OK_INSERT);
	PG_RETURN_VOID();
}

/* dwh.register_push_target(): sets where an agreement's messages go. Raises 22004, 23503, 23514, 42501 and 42704. */
Datum
dwh_sql_register_push_target(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"p_agreement_id", "p_host", "p_port", "p_path", "p_credential", "p_timeout_ms",
	"p_max_attempts", "p_retry_base_ms", "p_retry_cap_ms"};
	DwhAttempt	attempt;
	DwhShareAgreement agreement;
	Oid			types[11] = {INT4OID, TEXTOID, INT4OID, TEXTOID, TEXTOID, INT4OID, INT4OID, INT4OID, INT4OID, INT8OID, BOOLOID};
	Datum		values[11];
	char		nulls[11];
	char	   *object = PG_ARGISNULL(0) ? NULL : psprintf("%d", PG_GETARG_INT32(0));
	StringInfoData detail;

	begin_act(&attempt, "register_push_target", object);
	for (int i = 0; i < lengthof(names); i++)
		require_argument(fcinfo, i, names[i]);
	require_argument(fcinfo, 10, "p_is_compressed");
	load_agreement(PG_GETARG_INT32(0), &agreement);
	require_unit("SELECT dwh_internal.share_check_agreement($1)", INT4OID, PG_GETARG_DATUM(0));
	for (int i = 0; i < lengthof(values); i++)
	{
		values[i] = PG_ARGISNULL(i) ? (Datum) 0 : PG_GETARG_DATUM(i);
		nulls[i] = PG_ARGISNULL(i) ? 'n' : ' ';
	}
	initStringInfo(&detail);
	appendStringInfoString(&detail, "{\"host\": ");
	escape_json(&detail, text_to_cstring(PG_GETARG_TEXT_PP(1)));
	appendStringInfo(&detail, ", \"port\": %d}", PG_GETARG_INT32(2));
	(void) change_rows(&attempt, "register_push_target", object, detail.data,
					   "INSERT INTO dwh_catalog.share_push_target (agreement_id, host, port, path, credential, timeout_ms, max_attempts,"
					   "  retry_base_ms, retry_cap_ms, max_bytes_s, is_compressed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) "
					   "ON CONFLICT (agreement_id) DO UPDATE SET host = excluded.host, port = excluded.port, path = excluded.path,"
					   "  credential = excluded.credential, timeout_ms = excluded.timeout_ms, max_attempts = excluded.max_attempts,"
					   "  retry_base_ms = excluded.retry_base_ms, retry_cap_ms = excluded.retry_cap_ms,"
					   "  max_bytes_s = excluded.max_bytes_s, is_compressed = excluded.is_compressed, registered_at = now(),"
					   "  registered_by = session_user", 11, types, values,
					   nulls, SPI_OK_INSERT);
	PG_RETURN_VOID();
}

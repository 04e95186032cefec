/*
 * fetch.c
 *		dwh.fetch_share(): a partner reads what was agreed, as lines of text.
 *
 * The function gives one line a call, in the select list; in FROM the server would first store all of them, so there it is refused.
 * What may be read is decided by dwh_internal.share_fetch_plan() and share_check() (sql/install/70_share.sql, 73_share_fetch.sql); the
 * log of sharing has the intent, committed by the audit worker, before the first line leaves. Rows come in batches from a query that
 * runs as dwh_owner; before each batch the agreement is looked at anew. The query is no portal: that the partner could read by its name,
 * past the agreement and the log. The outcome goes to the log by the callback at the end of the (sub)transaction, where nothing can be
 * allocated, so its record is prepared before.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "common/cryptohash.h"
#include "common/sha2.h"
#include "executor/executor.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/ilist.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"

#include "audit/audit.h"
#include "common/compat.h"
#include "common/guc.h"
#include "common/identity.h"
#include "common/owner.h"
#include "common/spi.h"
#include "share/share.h"

#define BATCH_ROWS 1000
#define OUTCOME_ROOM 640
#define LOCK_CLASS 0x44774643	/* pg_locks.objid of ours; objsubid 3 is no lock of pg_advisory_lock() */

PG_FUNCTION_INFO_V1(dwh_sql_fetch_share);
PG_FUNCTION_INFO_V1(dwh_sql_share_try_calls);

typedef struct ShareColumn
{
	Oid			type;
	FmgrInfo	output;
	char	   *key;			/* NDJSON: "name": with what stands before it; CSV: NULL */
	bool		is_bare;		/* NDJSON: a number or boolean */
} ShareColumn;

/* One call of the function, until its transaction ends. In TopTransactionContext. */
typedef struct ShareFetch
{
	dlist_node	node;
	SubTransactionId subid;
	bool		is_csv;
	bool		is_complete;
	bool		is_over;		/* its outcome is in the log */
	const char *stopped;		/* why we broke it off, a constant; NULL: we did not */
	int32		agreement_id;
	MemoryContext query_context;
	MemoryContext row_context;	/* what the text of one row takes */
	QueryDesc  *query;			/* in query_context; NULL when done */
	int			ncolumns;
	ShareColumn *columns;
	StringInfoData batch;		/* lines, each ended by \n */
	int			ends[BATCH_ROWS + 1];	/* where each line ends, its \n included; a value may hold \n */
	int			lines;
	int			next;			/* the line given next */
	int64		rows;			/* lines of data given */
	int64		bytes;
	bool		is_header_due;
	TimestampTz began_at;
	pg_cryptohash_ctx *hash;	/* of the transaction's resource owner, since a cursor outlives a savepoint; NULL when done */
	char		digest[PG_SHA256_DIGEST_STRING_LENGTH];
	DwhAuditRecord record;		/* share_row: the open row */
} ShareFetch;

static dlist_head fetches = DLIST_STATIC_INIT(fetches);

static void
free_hash(ShareFetch *fetch)
{
	if (fetch->hash != NULL)
		pg_cryptohash_free(fetch->hash);
	fetch->hash = NULL;
}

/* Hands the outcome to the audit worker. Allocates nothing. */
static void
hand_over(ShareFetch *fetch, bool is_commit)
{
	TimestampTz now = GetCurrentTimestamp();
	int64		ms = (now - fetch->began_at) / 1000;
	/* seconds since 1970 as a number would not do for a timestamptz, so the time is written field by field, in UTC */
	pg_time_t	seconds = (pg_time_t) timestamptz_to_time_t(now);
	struct pg_tm *tm = pg_gmtime(&seconds);
	char		at[64];
	const char *status = is_commit && fetch->is_complete ? "supplied" : "broken_off";
	const char *reason = is_commit ? "" : fetch->stopped ? fetch->stopped : ",\"reason\":\"the transaction of the partner was rolled back\"";
	size_t		length = strlen(fetch->record.share_row);

	snprintf(at, sizeof(at), "%04d-%02d-%02dT%02d:%02d:%02d.%06d+00:00", tm->tm_year + 1900, tm->tm_mon + 1, tm->tm_mday, tm->tm_hour,
			 tm->tm_min, tm->tm_sec, (int) (((now % USECS_PER_SEC) + USECS_PER_SEC) % USECS_PER_SEC));
	snprintf(fetch->record.share_row + length, sizeof(fetch->record.share_row) - length,
			 ",\"stage\":\"outcome\",\"status\":\"%s\",\"occurred_at\":\"%s\",\"supplied_at\":\"%s\",\"row_count\":" INT64_FORMAT
			 ",\"byte_count\":" INT64_FORMAT ",\"duration_ms\":" INT64_FORMAT "%s%s%s%s}", status, at, at, fetch->rows, fetch->bytes, ms,
			 fetch->is_complete ? ",\"content_digest\":\"" : "", fetch->is_complete ? fetch->digest : "",
			 fetch->is_complete ? "\"" : "", reason);
	fetch->record.occurred_at = now;
	(void) dwh_ring_push(&fetch->record, true, NULL);
	free_hash(fetch);
	fetch->is_over = true;
	dlist_delete(&fetch->node);
}

static void
at_transaction_end(XactEvent event, void *arg)
{
	dlist_mutable_iter iter;

	if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_PREPARE && event != XACT_EVENT_ABORT)
		return;
	dlist_foreach_modify(iter, &fetches)
		hand_over(dlist_container(ShareFetch, node, iter.cur), event != XACT_EVENT_ABORT);
}

static void
at_subtransaction_end(SubXactEvent event, SubTransactionId subid, SubTransactionId parent, void *arg)
{
	dlist_mutable_iter iter;

	if (event != SUBXACT_EVENT_ABORT_SUB && event != SUBXACT_EVENT_COMMIT_SUB)
		return;
	dlist_foreach_modify(iter, &fetches)
	{
		ShareFetch *fetch = dlist_container(ShareFetch, node, iter.cur);

		if (fetch->subid != subid)
			continue;
		if (event == SUBXACT_EVENT_ABORT_SUB)
			hand_over(fetch, false);
		else
			fetch->subid = parent;
	}
}

/* Watches the ends of transactions. */
void
dwh_share_fetch_init(void)
{
	RegisterXactCallback(at_transaction_end, NULL);
	RegisterSubXactCallback(at_subtransaction_end, NULL);
}

/* Raises the refusal. */
static void
refuse(const char *service, const char *rule, const char *reason, const char *article)
{
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("service \"%s\" is not supplied: %s", service, rule),
			 errdetail("%s: %s", article, reason),
			 errhint("Ask for what was agreed, or turn to the focal official named in dwh.published_services.")));
}

/* The refusal in the log of sharing, then the error. */
static void
log_and_refuse(DwhShareStage *stage, const char *service, const char *rule, const char *reason, const char *article)
{
	stage->stage = "outcome";
	stage->status = "refused";
	stage->reason = psprintf("%s (%s): %s", rule, article, reason);
	(void) dwh_share_log_commit(stage);
	refuse(service, rule, reason, article);
}

/* Sets what texts look like, and whose days and hours they mean, whatever the partner's session has set; undone by dwh_owner_leave(). */
static void
set_style(void)
{
	dwh_guc_set_here("timezone", dwh_warehouse_zone());
	dwh_guc_set_here("datestyle", "ISO, YMD");
	dwh_guc_set_here("intervalstyle", "iso_8601");
	dwh_guc_set_here("extra_float_digits", "1");
	dwh_guc_set_here("bytea_output", "hex");
	dwh_guc_set_here("lc_monetary", "C");
}

static void
append_csv(StringInfo line, const char *text)
{
	const char *p;

	if (text[0] != '\0' && strpbrk(text, ",\"\r\n") == NULL && strcmp(text, "\\.") != 0)
	{
		appendStringInfoString(line, text);
		return;
	}
	appendStringInfoChar(line, '"');
	for (p = text; *p != '\0'; p++)
	{
		if (*p == '"')
			appendStringInfoChar(line, '"');
		appendStringInfoChar(line, *p);
	}
	appendStringInfoChar(line, '"');
}

/* Whether a text is a number of JSON; NaN and Infinity are none. */
static bool
is_json_number(const char *text)
{
	return (text[0] >= '0' && text[0] <= '9') || (text[0] == '-' && text[1] >= '0' && text[1] <= '9');
}

/* Appends one row as a line. */
static void
append_line(void *arg, TupleTableSlot *slot)
{
	ShareFetch *fetch = arg;
	StringInfo	line = &fetch->batch;
	MemoryContext old = MemoryContextSwitchTo(fetch->row_context);
	int			i;

	for (i = 0; i < fetch->ncolumns; i++)
	{
		ShareColumn *column = &fetch->columns[i];
		char		buffer[MAXDATELEN + 1];
		char	   *text = buffer;

		if (column->key != NULL)
			appendStringInfoString(line, column->key);
		else if (i > 0)
			appendStringInfoChar(line, ',');
		if (slot->tts_isnull[i])
		{
			if (!fetch->is_csv)
				appendStringInfoString(line, "null");
			continue;
		}
		switch (column->type)
		{
			case INT4OID:
				appendBinaryStringInfo(line, buffer, pg_ltoa(DatumGetInt32(slot->tts_values[i]), buffer));
				continue;
			case INT8OID:
				appendBinaryStringInfo(line, buffer, pg_lltoa(DatumGetInt64(slot->tts_values[i]), buffer));
				continue;
			case BOOLOID:
				if (fetch->is_csv)
					appendStringInfoChar(line, DatumGetBool(slot->tts_values[i]) ? 't' : 'f');
				else
					appendStringInfoString(line, DatumGetBool(slot->tts_values[i]) ? "true" : "false");
				continue;
			default:
				text = OutputFunctionCall(&column->output, slot->tts_values[i]);
		}
		if (fetch->is_csv)
			append_csv(line, text);
		else if (column->is_bare && is_json_number(text))
			appendStringInfoString(line, text);
		else
			escape_json(line, text);
	}
	appendStringInfoString(line, fetch->is_csv ? "\n" : "}\n");
	fetch->ends[fetch->lines++] = line->len;
	MemoryContextSwitchTo(old);
	MemoryContextReset(fetch->row_context);
}

/* Learns the columns from the query's row type. */
static void
learn_columns(ShareFetch *fetch, TupleDesc descriptor)
{
	int			i;

	fetch->ncolumns = descriptor->natts;
	fetch->columns = palloc0(sizeof(ShareColumn) * descriptor->natts);
	for (i = 0; i < descriptor->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(descriptor, i);
		ShareColumn *column = &fetch->columns[i];
		Oid			output;
		bool		is_varlena;

		column->type = attribute->atttypid;
		getTypeOutputInfo(column->type, &output, &is_varlena);
		fmgr_info_cxt(output, &column->output, CurrentMemoryContext);
		column->is_bare = column->type == INT2OID || column->type == NUMERICOID || column->type == FLOAT4OID || column->type == FLOAT8OID;
		if (fetch->is_csv)
		{
			if (i > 0)
				appendStringInfoChar(&fetch->batch, ',');
			append_csv(&fetch->batch, NameStr(attribute->attname));
		}
		else
		{
			StringInfoData key;

			initStringInfo(&key);
			appendStringInfoChar(&key, i == 0 ? '{' : ',');
			escape_json(&key, NameStr(attribute->attname));
			appendStringInfoChar(&key, ':');
			column->key = key.data;
		}
	}
	if (fetch->is_csv)
	{
		appendStringInfoChar(&fetch->batch, '\n');
		fetch->ends[fetch->lines++] = fetch->batch.len;
	}
	fetch->is_header_due = fetch->is_csv;
}

static void
finish_digest(ShareFetch *fetch)
{
	uint8		digest[PG_SHA256_DIGEST_LENGTH];

	if (pg_cryptohash_final(fetch->hash, digest, sizeof(digest)) < 0)
		elog(ERROR, "could not compute a digest");
	free_hash(fetch);
	(void) hex_encode((const char *) digest, sizeof(digest), fetch->digest);
	fetch->digest[PG_SHA256_DIGEST_STRING_LENGTH - 1] = '\0';
}

/* Ends the query. As dwh_owner, or while the executor that calls us ends. */
static void
end_query(ShareFetch *fetch)
{
	if (fetch->query == NULL)
		return;
	ExecutorFinish(fetch->query);
	ExecutorEnd(fetch->query);
	FreeQueryDesc(fetch->query);
	fetch->query = NULL;
	MemoryContextDelete(fetch->query_context);
}

/* Fills the next batch. Raises 42501 where the agreement was suspended or ended meanwhile. */
static void
fill_batch(ShareFetch *fetch, const char *service)
{
	DwhOwnerSwitch owner;
	int			header_lines;

	if (dwh_share_is_stopped(fetch->agreement_id))
	{
		fetch->stopped = ",\"reason\":\"suspended or ended during the transfer\"";
		refuse(service, "suspended", "đã tạm ngừng hoặc chấm dứt trong khi cung cấp | suspended or ended during the transfer",
			   "ND47 Art. 43");
	}
	resetStringInfo(&fetch->batch);
	fetch->lines = fetch->next = 0;
	dwh_owner_enter(&owner);
	set_style();
	PushActiveSnapshot(fetch->query->snapshot);
	if (fetch->columns == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(TopTransactionContext);

		learn_columns(fetch, fetch->query->tupDesc);
		MemoryContextSwitchTo(old);
	}
	header_lines = fetch->lines;
	ExecutorRun(fetch->query, ForwardScanDirection, BATCH_ROWS DWH_EXECUTE_AGAIN);
	PopActiveSnapshot();
	if (pg_cryptohash_update(fetch->hash, (const uint8 *) fetch->batch.data, fetch->batch.len) < 0)
		elog(ERROR, "could not compute a digest");
	if (fetch->lines - header_lines < BATCH_ROWS)
		end_query(fetch);
	dwh_owner_leave(&owner);
}

/* The executor is done with the function, perhaps before its last line. */
static void
stop_early(Datum arg)
{
	ShareFetch *fetch = (ShareFetch *) DatumGetPointer(arg);

	end_query(fetch);
	free_hash(fetch);
}

/* How many persons of the request are withheld, since their match is not confirmed (2327 Art. 7.3), as a JSON object. */
static char *
count_withheld(const char *sql)
{
	DwhOwnerSwitch owner;
	int64		count;

	dwh_spi_begin();
	dwh_owner_enter(&owner);
	set_style();
	(void) dwh_spi_select(sql, 0, NULL, NULL, NULL, true);
	count = dwh_spi_bigint(0, 1);
	dwh_owner_leave(&owner);
	dwh_spi_end();
	return psprintf("{\"withheld_persons\": " INT64_FORMAT "}", count);
}

/* Begins the query, under the snapshot of the partner's statement. */
static void
begin_query(ShareFetch *fetch, const char *sql)
{
	DwhOwnerSwitch owner;
	DwhRowReceiver *lines;
	List	   *queries;
	MemoryContext old;

	dwh_owner_enter(&owner);
	set_style();
	fetch->query_context = AllocSetContextCreate(TopTransactionContext, "dwh share query", ALLOCSET_DEFAULT_SIZES);
	fetch->row_context = AllocSetContextCreate(fetch->query_context, "dwh share row", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(fetch->query_context);
	lines = palloc(sizeof(DwhRowReceiver));
	dwh_row_receiver_init(lines, append_line, fetch);
	sql = pstrdup(sql);
	queries = pg_analyze_and_rewrite_fixedparams(linitial_node(RawStmt, pg_parse_query(sql)), sql, NULL, 0, NULL);
	fetch->query = CreateQueryDesc(pg_plan_query(linitial_node(Query, queries), sql, 0, NULL), sql, GetActiveSnapshot(), InvalidSnapshot,
								   &lines->receiver, NULL, NULL, 0);
	ExecutorStart(fetch->query, 0);
	MemoryContextSwitchTo(old);
	dwh_owner_leave(&owner);
}

/* The lock of whoever counts the calls of an agreement. */
static void
set_call_lock(LOCKTAG *lock, int32 agreement_id)
{
	SET_LOCKTAG_ADVISORY(*lock, MyDatabaseId, LOCK_CLASS, (uint32) agreement_id, 3);
}

/* dwh_internal.share_try_calls(agreement): takes it until the transaction ends; false where somebody else has it. */
Datum
dwh_sql_share_try_calls(PG_FUNCTION_ARGS)
{
	LOCKTAG		lock;

	set_call_lock(&lock, PG_GETARG_INT32(0));
	PG_RETURN_BOOL(LockAcquire(&lock, ExclusiveLock, false, true) != LOCKACQUIRE_NOT_AVAIL);
}

/* Checks, logs, and begins the query. */
static ShareFetch *
begin_fetch(const char *service, Jsonb *params, const char *format)
{
	Oid			types[3] = {TEXTOID, JSONBOID, TEXTOID};
	Datum		values[3];
	DwhShareAgreement agreement;
	DwhShareStage stage;
	DwhShareAsk ask = {.direction = "out"};
	DwhShareRefusal refusal;
	DwhOwnerSwitch owner;
	ShareFetch *fetch;
	MemoryContext old;
	ResourceOwner old_owner;
	LOCKTAG		lock;
	StringInfoData row;
	int			row_length;
	int32		agreement_id;
	int32		connection_id;
	char	   *rule;
	char	   *reason;
	char	   *article;
	char	   *sql;
	char	   *withheld_sql;
	bool		is_null;

	values[0] = CStringGetTextDatum(service);
	values[1] = JsonbPGetDatum(params);
	values[2] = CStringGetTextDatum(GetUserNameFromId(dwh_caller_role(), false));
	dwh_audit_require_preload("the log of sharing");
	dwh_spi_begin();
	dwh_owner_enter(&owner);
	(void) dwh_spi_select_latest("SELECT * FROM dwh_internal.share_fetch_plan($1, $2, $3)", 3, types, values);
	agreement_id = dwh_spi_int(0, 1);
	connection_id = dwh_spi_int(0, 2);
	ask.service_id = dwh_spi_int(0, 3);
	ask.items = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 4, &is_null);
	ask.items = is_null ? (Datum) 0 : SPI_datumTransfer(ask.items, false, -1);
	ask.unit_ids = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 5, &is_null);
	ask.unit_ids = is_null ? (Datum) 0 : SPI_datumTransfer(ask.unit_ids, false, -1);
	ask.period_from = dwh_spi_text(0, 6);
	ask.period_to = dwh_spi_text(0, 7);
	sql = dwh_spi_text(0, 8);
	rule = dwh_spi_text(0, 9);
	reason = dwh_spi_text(0, 10);
	article = dwh_spi_text(0, 11);
	withheld_sql = dwh_spi_text(0, 12);
	dwh_owner_leave(&owner);
	dwh_spi_end();
	ask.login_role = text_to_cstring(DatumGetTextPP(values[2]));

	(void) dwh_share_load(agreement_id, &agreement);
	dwh_share_stage_begin(&stage, agreement.agreement_id != 0 ? &agreement : NULL, "share");
	stage.connection_id = connection_id;
	stage.service_id = ask.service_id;
	stage.service_code = service;
	stage.supply_form = agreement.method != NULL ? agreement.method : "online";
	stage.period_from = ask.period_from;
	stage.period_to = ask.period_to;
	if (ask.items != (Datum) 0)
		stage.item_count = ArrayGetNItems(ARR_NDIM(DatumGetArrayTypeP(ask.items)), ARR_DIMS(DatumGetArrayTypeP(ask.items)));
	stage.request_content = psprintf("{\"format\": \"%s\", \"params\": %s}", format,
									 JsonbToCString(NULL, &params->root, VARSIZE(params)));
	if (rule != NULL)
		log_and_refuse(&stage, service, rule, reason, article);
	/* calls of an agreement are counted by their intents, so one at a time counts and has its own committed */
	set_call_lock(&lock, agreement_id);
	(void) LockAcquire(&lock, ExclusiveLock, false, false);
	if (!dwh_share_allowed(agreement_id, &ask, &refusal))
		log_and_refuse(&stage, service, refusal.rule, refusal.reason, refusal.article);
	if (withheld_sql != NULL)
		stage.detail = count_withheld(withheld_sql);
	stage.stage = "intent";
	stage.status = "intent";
	dwh_share_log_or_refuse(&stage, "2327 Art. 15.2: each supply has its row before any data leaves.");
	(void) LockRelease(&lock, ExclusiveLock, false);

	old = MemoryContextSwitchTo(TopTransactionContext);
	fetch = palloc0(sizeof(ShareFetch));
	fetch->subid = GetCurrentSubTransactionId();
	fetch->is_csv = strcmp(format, "csv") == 0;
	fetch->agreement_id = agreement_id;
	fetch->began_at = GetCurrentTimestamp();
	initStringInfo(&fetch->batch);
	initStringInfo(&row);
	dwh_share_row_open(&row, &stage);
	if (row.len + 2 * OUTCOME_ROOM >= sizeof(fetch->record.share_row))
	{
		/* the purpose stands in the row of the intent */
		resetStringInfo(&row);
		stage.purpose = NULL;
		dwh_share_row_open(&row, &stage);
	}
	if (stage.detail != NULL)
		appendStringInfo(&row, ",\"detail\":%s", stage.detail);
	row_length = row.len;
	appendStringInfo(&row, ",\"request_content\":%s", stage.request_content);
	if (row.len + OUTCOME_ROOM > sizeof(fetch->record.share_row))
	{
		row.len = row_length;
		appendStringInfoString(&row, ",\"request_content\":{\"is_cut\": true}");
	}
	if (row.len + OUTCOME_ROOM > sizeof(fetch->record.share_row))
		elog(ERROR, "the record of a transfer is too long");
	fetch->record.target = DWH_RING_SHARE_LOG;
	strlcpy(fetch->record.share_row, row.data, sizeof(fetch->record.share_row));
	dlist_push_tail(&fetches, &fetch->node);
	old_owner = CurrentResourceOwner;
	CurrentResourceOwner = TopTransactionResourceOwner;
	fetch->hash = pg_cryptohash_create(PG_SHA256);
	CurrentResourceOwner = old_owner;
	if (fetch->hash == NULL || pg_cryptohash_init(fetch->hash) < 0)
		elog(ERROR, "could not compute a digest");
	MemoryContextSwitchTo(old);

	begin_query(fetch, sql);
	return fetch;
}

/*
 * dwh.fetch_share(service, params, format): lines. Raises 0A000 in FROM, 42501 for whatever is not agreed, 22023, 58030 where the log was
 * not written, WH003 without the audit worker.
 */
Datum
dwh_sql_fetch_share(PG_FUNCTION_ARGS)
{
	FuncCallContext *context;
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	ShareFetch *fetch;
	int			start;
	int			length;

	if (SRF_IS_FIRSTCALL())
	{
		DwhAttempt	attempt;
		char	   *service = text_to_cstring(PG_GETARG_TEXT_PP(0));
		char	   *format = text_to_cstring(PG_GETARG_TEXT_PP(2));

		if (result == NULL || !IsA(result, ReturnSetInfo) || (result->allowedModes & SFRM_Materialize_Preferred) != 0)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("dwh.fetch_share() cannot be called in FROM"),
					 errdetail("There the server would store every line before the first one leaves."),
					 errhint("SELECT dwh.fetch_share(...) gives the lines as they come.")));
		dwh_require_warehouse();
		dwh_attempt_begin(&attempt, "fetch_share", service, NULL);
		if (strcmp(format, "csv") != 0 && strcmp(format, "ndjson") != 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("there is no format \"%s\"", format),
					 errdetail("Lines are CSV or JSON, one object a line."),
					 errhint("Give 'csv' or 'ndjson'.")));
		if (!dwh_caller_has_role("dwh_partner"))
		{
			dwh_attempt_refused(&attempt, "the caller is no partner");
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("permission denied to call dwh.fetch_share()"),
					 errdetail("2327 Art. 17.1: data is had with an issued account only."),
					 errhint("Only members of dwh_partner with a connection account may call it.")));
		}
		context = SRF_FIRSTCALL_INIT();
		fetch = begin_fetch(service, PG_GETARG_JSONB_P(1), format);
		context->user_fctx = fetch;
		RegisterExprContextCallback(result->econtext, stop_early, PointerGetDatum(fetch));
		fill_batch(fetch, service);
		dwh_attempt_end(&attempt);
	}
	context = SRF_PERCALL_SETUP();
	fetch = (ShareFetch *) context->user_fctx;
	if (fetch->is_over)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the transfer of service \"%s\" is over", text_to_cstring(PG_GETARG_TEXT_PP(0))),
				 errdetail("It was begun in a savepoint that was rolled back; the log of sharing has it as broken off."),
				 errhint("Call dwh.fetch_share() anew.")));
	if (fetch->next >= fetch->lines && fetch->query != NULL)
		fill_batch(fetch, text_to_cstring(PG_GETARG_TEXT_PP(0)));
	if (fetch->next >= fetch->lines)
	{
		finish_digest(fetch);
		fetch->is_complete = true;
		UnregisterExprContextCallback(result->econtext, stop_early, PointerGetDatum(fetch));
		SRF_RETURN_DONE(context);
	}
	start = fetch->next == 0 ? 0 : fetch->ends[fetch->next - 1];
	length = fetch->ends[fetch->next++] - start;
	fetch->bytes += length;
	if (fetch->is_header_due)
		fetch->is_header_due = false;
	else
		fetch->rows++;
	SRF_RETURN_NEXT(context, PointerGetDatum(cstring_to_text_with_len(fetch->batch.data + start, length - 1)));
}

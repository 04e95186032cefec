/*
 * worker.c
 *		The background worker "dwh_ext share": sends and fetches what waits in dwh_log.share_outbox.
 *
 * It is a process of its own, apart from the audit worker, so that a slow partner never holds up a record of the log. It works in turns.
 * A turn is one short transaction: the outcomes of what has ended are written, new messages are claimed and their intent is written.
 * When it has committed, the new transfers begin; so no byte leaves without an intent in the log, and no transaction is open
 * while the network is waited for. At most one message of an agreement is under way, so its order is kept; transfers that
 * take longer than a second give their place to others, so a slow partner delays nobody. Suspensions and cancellations are looked for every
 * LOOK_MS. An error ends the process; the next one finds what was under way, writes that its outcome is unknown, and sends it again
 * under the same idempotency key. It waits for no lock on a message: the outcome of one that a person's open transaction holds is kept
 * until it can be written.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/pmsignal.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/hsearch.h"
#include "utils/json.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "common/guc.h"
#include "common/owner.h"
#include "common/spi.h"
#include "share/send.h"
#include "share/share.h"
#include "warehouse/warehouse.h"
#include "warehouse/worker.h"

#define LOOK_MS			200
#define GATHER_MS		3		/* outcomes are gathered, to be committed together, until none has come for this long */
#define GATHER_LIMIT_MS	25		/* or for this long in all */
#define AGENCY_LIMIT	16		/* messages of one agency under way */
#define SLOW_FACTOR		4		/* times dwh_ext.share_in_flight, slow transfers included */

static MemoryContext turn_context;
static DwhSendOutcome *outcomes;	/* not written yet */
static int	n_outcomes;
static int	n_held;				/* the first ones: their messages are held by somebody's transaction */
static int	outcomes_limit;
static bool is_recovered;
static HTAB *places;			/* of Place */

/* Where the queue of an agreement begins: at the message that was claimed last. */
typedef struct Place
{
	int32		agreement_id;	/* the key */
	int64		outbox_id;
} Place;

/* Registers the worker where the library is preloaded and has a database to serve. */
void
dwh_share_init(void)
{
	if (!process_shared_preload_libraries_in_progress || dwh_database[0] == '\0')
		return;
	dwh_worker_register("dwh_ext share", "dwh_share_worker_main");
}

/* Lands what was fetched. Returns whether it is settled, else the message is held by somebody. Inside SPI. */
static bool
land_fetched(DwhSendOutcome *outcome)
{
	static SPIPlanPtr plan = NULL;
	Oid			types[5] = {INT8OID, TEXTOID, BYTEAOID, INT4OID, INT8OID};
	Datum		values[5];
	bytea	   *content = palloc(VARHDRSZ + outcome->content_length);
	bool		is_settled;

	SET_VARSIZE(content, VARHDRSZ + outcome->content_length);
	memcpy(VARDATA(content), outcome->content, outcome->content_length);
	values[0] = Int64GetDatum(outcome->outbox_id);
	values[1] = CStringGetTextDatum(outcome->content_type);
	values[2] = PointerGetDatum(content);
	values[3] = Int32GetDatum(outcome->http);
	values[4] = Int64GetDatum(outcome->duration_ms);
	(void) dwh_spi_run_kept(&plan, "SELECT dwh_internal.share_pull_finish($1, $2, $3, $4, $5)", 5, types, values, NULL, false,
							SPI_OK_SELECT);
	is_settled = dwh_spi_bool(0, 1);
	pfree(content);
	return is_settled;
}

/* The outcomes without content as a JSON array; NULL where there are none. */
static char *
outcomes_text(void)
{
	static const char *const results[] = {"supplied", "retry", "fail", "stopped"};
	StringInfoData text;

	initStringInfo(&text);
	for (int i = 0; i < n_outcomes; i++)
	{
		if (outcomes[i].content != NULL)
			continue;
		appendStringInfo(&text, "%c{\"outbox_id\":" INT64_FORMAT ",\"result\":\"%s\",\"duration_ms\":" INT64_FORMAT
						 ",\"wait_ms\":" INT64_FORMAT, text.len == 0 ? '[' : ',', outcomes[i].outbox_id, results[outcomes[i].result],
						 outcomes[i].duration_ms, outcomes[i].wait_ms);
		if (outcomes[i].http != 0)
			appendStringInfo(&text, ",\"http\":%d", outcomes[i].http);
		if (outcomes[i].reason[0] != '\0')
		{
			appendStringInfoString(&text, ",\"reason\":");
			escape_json(&text, outcomes[i].reason);
		}
		appendStringInfoChar(&text, '}');
	}
	if (text.len == 0)
		return NULL;
	appendStringInfoChar(&text, ']');
	return text.data;
}

/* Whether a number is among those of a bigint[]. */
static bool
is_among(ArrayType *numbers, int64 number)
{
	int64	   *elements = (int64 *) ARR_DATA_PTR(numbers);
	int			n = ArrayGetNItems(ARR_NDIM(numbers), ARR_DIMS(numbers));

	for (int i = 0; i < n; i++)
		if (elements[i] == number)
			return true;
	return false;
}

/* Writes the outcomes; those whose messages are held by somebody are kept for the next turn. Inside SPI. */
static void
write_outcomes(void)
{
	static SPIPlanPtr plan = NULL;
	Oid			types[1] = {TEXTOID};
	Datum		values[1];
	char	   *text = outcomes_text();
	ArrayType  *held = NULL;
	int			kept = 0;

	if (text != NULL)
	{
		bool		is_null;

		values[0] = CStringGetTextDatum(text);
		(void) dwh_spi_run_kept(&plan, "SELECT dwh_internal.share_push_finish($1::jsonb)", 1, types, values, NULL, false, SPI_OK_SELECT);
		held = DatumGetArrayTypePCopy(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null));
	}
	for (int i = 0; i < n_outcomes; i++)
	{
		DwhSendOutcome *outcome = &outcomes[i];

		if (outcome->content != NULL ? !land_fetched(outcome) : is_among(held, outcome->outbox_id))
			outcomes[kept++] = *outcome;
		else
			free(outcome->content);
	}
	n_outcomes = n_held = kept;
}

/* Takes from the transfers what has ended. */
static void
take_outcomes(void)
{
	DwhSendOutcome outcome;

	while (dwh_send_take(&outcome))
	{
		if (n_outcomes == outcomes_limit)
		{
			outcomes_limit *= 2;
			outcomes = repalloc(outcomes, sizeof(DwhSendOutcome) * outcomes_limit);
		}
		outcomes[n_outcomes++] = outcome;
	}
}

/* An int[] of n values. */
static Datum
int_array(const int32 *numbers, int n)
{
	Datum	   *elements = palloc(sizeof(Datum) * (n + 1));

	for (int i = 0; i < n; i++)
		elements[i] = Int32GetDatum(numbers[i]);
	return dwh_array(elements, n, INT4OID);
}

/* A bigint[] of n values. */
static Datum
bigint_array(const int64 *numbers, int n)
{
	Datum	   *elements = palloc(sizeof(Datum) * (n + 1));

	for (int i = 0; i < n; i++)
		elements[i] = Int64GetDatum(numbers[i]);
	return dwh_array(elements, n, INT8OID);
}

/* The messages that are being sent, and those whose outcome is not written yet, as a bigint[]. */
static Datum
known_messages(void)
{
	int			young;
	int			n = dwh_send_count(&young);
	int64	   *ids = palloc(sizeof(int64) * (n + n_outcomes + 1));

	n = dwh_send_ids(ids, n);
	for (int i = 0; i < n_outcomes; i++)
		ids[n++] = outcomes[i].outbox_id;
	return bigint_array(ids, n);
}

/* Tells of what another worker was sending. Returns whether nothing of it is left. Inside SPI. */
static bool
recover(void)
{
	Oid			types[1] = {INT8ARRAYOID};
	Datum		values[1];

	values[0] = known_messages();
	(void) dwh_spi_select("SELECT dwh_internal.share_push_recover($1)", 1, types, values, NULL, false);
	return dwh_spi_bool(0, 1);
}

/* Ends the transfers that may not go on any more. Inside SPI. */
static void
stop_transfers(void)
{
	static SPIPlanPtr plan = NULL;
	Oid			types[1] = {INT8ARRAYOID};
	Datum		values[1];
	uint64		rows;

	values[0] = known_messages();
	rows = dwh_spi_run_kept(&plan, "SELECT * FROM dwh_internal.share_push_stopped($1)", 1, types, values, NULL, false, SPI_OK_SELECT);
	for (uint64 i = 0; i < rows; i++)
		dwh_send_stop(dwh_spi_bigint(i, 1), dwh_spi_text(i, 2));
}

/* The places as two arrays. */
static void
place_arrays(Datum *agreements, Datum *outbox_ids)
{
	int			n = (int) hash_get_num_entries(places);
	int32	   *seen = palloc(sizeof(int32) * (n + 1));
	int64	   *ids = palloc(sizeof(int64) * (n + 1));
	HASH_SEQ_STATUS scan;
	Place	   *place;
	int			i = 0;

	hash_seq_init(&scan, places);
	while ((place = hash_seq_search(&scan)) != NULL)
	{
		seen[i] = place->agreement_id;
		ids[i++] = place->outbox_id;
	}
	*agreements = int_array(seen, n);
	*outbox_ids = bigint_array(ids, n);
}

/* Claims as many messages as there is room for. Inside SPI. */
static void
claim(void)
{
	static SPIPlanPtr plan = NULL;
	int			young;
	int			count = dwh_send_count(&young);
	int			room = Min(dwh_share_in_flight - young, dwh_share_in_flight * SLOW_FACTOR - count);
	int32	   *agreements = palloc(sizeof(int32) * (count + 1));
	int32	   *agencies = palloc(sizeof(int32) * (count + 1));
	Oid			types[6] = {INT4OID, INT4OID, INT4ARRAYOID, INT4ARRAYOID, INT4ARRAYOID, INT8ARRAYOID};
	Datum		values[6];
	uint64		rows;

	if (room <= 0)
		return;
	count = dwh_send_busy(agreements, agencies, count);
	values[0] = Int32GetDatum(room);
	values[1] = Int32GetDatum(AGENCY_LIMIT);
	values[2] = int_array(agreements, count);
	values[3] = int_array(agencies, count);
	place_arrays(&values[4], &values[5]);
	rows = dwh_spi_run_kept(&plan, "SELECT * FROM dwh_internal.share_push_claim($1, $2, $3, $4, $5, $6)", 6, types, values, NULL, false,
							SPI_OK_SELECT);
	for (uint64 i = 0; i < rows; i++)
	{
		char	   *scheme = dwh_spi_text(i, 8);
		char	   *path = dwh_spi_text(i, 11);
		char	   *body = dwh_spi_text(i, 7);
		bool		is_fetch = strcmp(dwh_spi_text(i, 17), "in") == 0;
		const char *mark = !is_fetch || body[0] == '\0' ? "" : strchr(path, '?') == NULL ? "?" : "&";
		DwhSendJob	job = {
			.outbox_id = dwh_spi_bigint(i, 1),
			.agreement_id = dwh_spi_int(i, 3),
			.agency_id = dwh_spi_int(i, 18),
			.url = psprintf("%s://%s:%d%s%s%s", scheme, dwh_spi_text(i, 9), dwh_spi_int(i, 10), path, mark, is_fetch ? body : ""),
			.is_plain = strcmp(scheme, "http") == 0,
			.idempotency_key = dwh_spi_text(i, 5),
			.content_type = dwh_spi_text(i, 6),
			.is_fetch = is_fetch,
			.body = body,
			.credential = dwh_spi_text(i, 12),
			.networks = dwh_spi_text(i, 13),
			.timeout_ms = dwh_spi_int(i, 14),
			.max_bytes_s = dwh_spi_bigint(i, 15),
			.is_compressed = dwh_spi_bool(i, 16),
		};

		((Place *) hash_search(places, &job.agreement_id, HASH_ENTER, NULL))->outbox_id = job.outbox_id;
		dwh_send_add(&job);
	}
}

/* There is no warehouse: what ends now cannot be written. It is recovered when the warehouse is back, perhaps as another one. */
static void
forget_everything(void)
{
	HASH_SEQ_STATUS scan;
	Place	   *place;

	is_recovered = false;
	for (int i = 0; i < n_outcomes; i++)
		free(outcomes[i].content);
	n_outcomes = n_held = 0;
	hash_seq_init(&scan, places);
	while ((place = hash_seq_search(&scan)) != NULL)
		(void) hash_search(places, &place->agreement_id, HASH_REMOVE, NULL);
}

/* One transaction; see the head of this file. */
static void
take_turn(bool looks)
{
	DwhOwnerSwitch owner;
	MemoryContext old;

	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	pgstat_report_activity(STATE_RUNNING, "sending messages");
	old = MemoryContextSwitchTo(turn_context);
	if (dwh_worker_may_write())
	{
		dwh_owner_enter(&owner);
		dwh_spi_begin();
		if (!is_recovered && looks)
			is_recovered = recover();
		if (looks)
			stop_transfers();
		take_outcomes();
		write_outcomes();
		claim();
		dwh_spi_end();
		dwh_owner_leave(&owner);
	}
	else
		forget_everything();
	MemoryContextSwitchTo(old);
	PopActiveSnapshot();
	CommitTransactionCommand();
	MemoryContextReset(turn_context);
	dwh_send_go();
	pgstat_report_stat(false);
	pgstat_report_activity(STATE_IDLE, NULL);
}

/* Settings that would harm the queue, beside those that are pinned for every worker. */
static void
pin_settings(void)
{
	static const char *const pinned[][2] = {
		/* plans outlive the time when the queue was empty: the head of an agreement's queue is found, not sorted out of all of it */
		{"enable_seqscan", "off"},
		{"enable_bitmapscan", "off"},
		{"enable_sort", "off"},
		{"jit", "off"},	/* a scan that is discouraged has a cost that would have every plan compiled */
		{"plan_cache_mode", "force_generic_plan"},	/* else statements over arrays are planned anew each turn */
		{"synchronous_commit", "on"},
	};

	for (int i = 0; i < lengthof(pinned); i++)
		SetConfigOption(pinned[i][0], pinned[i][1], PGC_SUSET, PGC_S_OVERRIDE);
}

/*
 * Waits for news of the transfers, and as long as more comes: a turn costs the same for one outcome as for many, so that a busy machine
 * must not have more turns of fewer outcomes.
 */
static void
wait_for_news(void)
{
	TimestampTz end;
	TimestampTz limit;
	int			young;

	dwh_send_run(LOOK_MS / 10);
	take_outcomes();
	if (n_outcomes == n_held)
		return;
	end = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), GATHER_MS);
	limit = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), GATHER_LIMIT_MS);
	/* not for those that are slow */
	while (dwh_send_count(&young) > 0 && young > 0 && GetCurrentTimestamp() < Min(end, limit))
	{
		int			before = n_outcomes;

		dwh_send_run(1);
		take_outcomes();
		if (n_outcomes > before)
			end = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), GATHER_MS);
	}
}

/* The worker's loop. */
void
dwh_share_worker_main(Datum arg)
{
	HASHCTL		ctl = {.keysize = sizeof(int32),.entrysize = sizeof(Place)};
	TimestampTz next_look = 0;
	int			young;

	dwh_worker_start("dwh_ext share");
	pin_settings();
	turn_context = AllocSetContextCreate(TopMemoryContext, "dwh_ext share turn", ALLOCSET_DEFAULT_SIZES);
	outcomes_limit = 256;
	outcomes = MemoryContextAlloc(TopMemoryContext, sizeof(DwhSendOutcome) * outcomes_limit);
	places = hash_create("dwh share places", 64, &ctl, HASH_ELEM | HASH_BLOBS);
	dwh_send_init();

	for (;;)
	{
		TimestampTz now = GetCurrentTimestamp();
		bool		looks = now >= next_look;

		if (looks)
			next_look = TimestampTzPlusMilliseconds(now, LOOK_MS);
		if (looks || n_outcomes > n_held)
			take_turn(looks);
		if (dwh_send_count(&young) > 0)
			wait_for_news();
		else
		{
			take_outcomes();
			if (n_outcomes == n_held)
				(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, LOOK_MS, PG_WAIT_EXTENSION);
		}
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
		}
		if (!PostmasterIsAlive())
			proc_exit(1);
	}
}

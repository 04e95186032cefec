/*
 * log.c
 *		Appending to dwh_log.share_log, one row a stage.
 *
 * A row travels as a JSON object whose keys are the columns: to the audit worker through the ring, where it must survive the
 * caller's rollback, or straight into the table. What does not fit into a slot of the ring (DWH_RING_SHARE_ROW_SIZE) has its request
 * content replaced by its digest, and where that is not enough its reason cut; a row is never dropped for its length. The month is computed in the warehouse's time zone.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/json.h"
#include "utils/timestamp.h"

#include "audit/audit.h"
#include "common/guc.h"
#include "common/identity.h"
#include "common/owner.h"
#include "common/sha256.h"
#include "common/spi.h"
#include "share/share.h"

#define REASON_CUT 200			/* bytes of a reason, of which JSON may make six times as many */

#define INSERT_ROW \
	"INSERT INTO dwh_log.share_log (month, share_no, stage, occurred_at, direction, kind, requested_at, request_form, supplied_at," \
	"  supply_form, agency_id, agency_identifier, application_identifier, service_id, service_code, agreement_id," \
	"  agreement_version, connection_id, account_id, person, session_user_name, outer_user_name, client_address, gateway, route," \
	"  purpose, frequency, request_content, status, reason, item_count, row_count, byte_count, content_digest," \
	"  structure_version, period_from, period_to, use_term, use_until, duration_ms, related_share_no, detail) " \
	"SELECT date_trunc('month', r.occurred_at AT TIME ZONE w.time_zone)::date, r.share_no, r.stage, r.occurred_at, r.direction," \
	"  r.kind, r.requested_at, r.request_form, r.supplied_at, r.supply_form, r.agency_id, r.agency_identifier," \
	"  r.application_identifier, r.service_id, r.service_code, r.agreement_id, r.agreement_version, r.connection_id," \
	"  r.account_id, r.person, r.session_user_name, r.outer_user_name, r.client_address, r.gateway, r.route, r.purpose," \
	"  r.frequency, coalesce(r.request_content, '{}'), r.status, r.reason, r.item_count, r.row_count, r.byte_count," \
	"  r.content_digest, r.structure_version, r.period_from, r.period_to, r.use_term, r.use_until, r.duration_ms," \
	"  r.related_share_no, coalesce(r.detail, '{}') " \
	"FROM dwh_catalog.warehouse AS w, jsonb_populate_record(NULL::dwh_log.share_log, $1::jsonb) AS r"

/* Fills in what does not change between the stages of a transfer: who calls, the agreement (may be NULL), a new number. */
void
dwh_share_stage_begin(DwhShareStage *stage, const DwhShareAgreement *agreement, const char *kind)
{
	DwhCaller	caller;

	memset(stage, 0, sizeof(*stage));
	dwh_caller_describe(&caller);
	stage->share_no = dwh_share_next_no();
	stage->kind = kind;
	stage->direction = "out";
	stage->request_form = "online";
	stage->requested_at = GetCurrentTimestamp();
	stage->account_id = caller.account_id;
	stage->person = caller.person;
	stage->session_user_name = caller.session_user_name;
	stage->outer_user_name = caller.outer_user_name;
	stage->client_address = caller.client_address;
	stage->row_count = stage->byte_count = stage->duration_ms = -1;
	if (agreement == NULL)
		return;
	stage->agency_id = agreement->agency_id;
	stage->agency_identifier = agreement->agency_identifier;
	stage->application_identifier = agreement->application_identifier;
	stage->service_id = agreement->service_id;
	stage->service_code = agreement->service_code;
	stage->agreement_id = agreement->agreement_id;
	stage->agreement_version = agreement->version;
	stage->gateway = agreement->gateway;
	stage->route = agreement->route;
	stage->purpose = agreement->purpose;
	stage->frequency = agreement->frequency;
	stage->structure_version = agreement->structure_version;
	stage->use_term = agreement->use_term;
}

/* A new number for the stages of one transfer. */
int64
dwh_share_next_no(void)
{
	static SPIPlanPtr plan = NULL;
	DwhOwnerSwitch owner;
	int64		number;

	dwh_spi_begin();
	dwh_owner_enter(&owner);
	(void) dwh_spi_run_kept(&plan, "SELECT nextval('dwh_log.share_no_seq')", 0, NULL, NULL, NULL, false, SPI_OK_SELECT);
	number = dwh_spi_bigint(0, 1);
	dwh_owner_leave(&owner);
	dwh_spi_end();
	return number;
}

/* The code of the host's gateway. Palloc'ed. */
char *
dwh_share_host_gateway(void)
{
	DwhOwnerSwitch owner;
	char	   *gateway;

	dwh_spi_begin();
	dwh_owner_enter(&owner);
	if (dwh_spi_select_latest("SELECT p.code FROM dwh_catalog.share_host AS h"
							  "  JOIN dwh_catalog.share_platform AS p ON p.platform_id = h.gateway_id", 0, NULL, NULL) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table dwh_catalog.share_host has no row"),
				 errdetail("The row names the gateway of the host agency."),
				 errhint("Restore the row from a dump.")));
	gateway = dwh_spi_text(0, 1);
	dwh_owner_leave(&owner);
	dwh_spi_end();
	return gateway;
}

static void
add_key(StringInfo row, const char *key)
{
	appendStringInfo(row, "%s\"%s\":", row->len == 0 ? "{" : ",", key);
}

static void
add_text(StringInfo row, const char *key, const char *value)
{
	if (value == NULL)
		return;
	add_key(row, key);
	escape_json(row, value);
}

static void
add_json(StringInfo row, const char *key, const char *value)
{
	if (value == NULL)
		return;
	add_key(row, key);
	appendStringInfoString(row, value);
}

/* A number; missing is the value that stands for NULL. */
static void
add_number(StringInfo row, const char *key, int64 value, int64 missing)
{
	if (value == missing)
		return;
	add_key(row, key);
	appendStringInfo(row, INT64_FORMAT, value);
}

static void
add_time(StringInfo row, const char *key, TimestampTz value)
{
	char		buffer[MAXDATELEN + 1];

	if (value == 0)
		return;
	add_key(row, key);
	(void) JsonEncodeDateTime(buffer, TimestampTzGetDatum(value), TIMESTAMPTZOID, NULL);
	appendStringInfo(row, "\"%s\"", buffer);
}

/*
 * Writes a row as a JSON object without its closing brace and without request_content and detail, so that a caller may add keys. For
 * rows that have to be finished where nothing may be allocated any more.
 */
void
dwh_share_row_open(StringInfo row, const DwhShareStage *stage)
{
	add_number(row, "share_no", stage->share_no, 0);
	add_text(row, "direction", stage->direction);
	add_text(row, "kind", stage->kind);
	add_time(row, "requested_at", stage->requested_at);
	add_text(row, "request_form", stage->request_form);
	add_text(row, "supply_form", stage->supply_form);
	add_number(row, "agency_id", stage->agency_id, 0);
	add_text(row, "agency_identifier", stage->agency_identifier != NULL ? stage->agency_identifier : "-");
	add_text(row, "application_identifier", stage->application_identifier);
	add_number(row, "service_id", stage->service_id, 0);
	add_text(row, "service_code", stage->service_code);
	add_number(row, "agreement_id", stage->agreement_id, 0);
	add_number(row, "agreement_version", stage->agreement_version, 0);
	add_number(row, "connection_id", stage->connection_id, 0);
	add_number(row, "account_id", stage->account_id, 0);
	add_text(row, "person", stage->person);
	add_text(row, "session_user_name", stage->session_user_name);
	add_text(row, "outer_user_name", stage->outer_user_name);
	add_text(row, "client_address", stage->client_address);
	add_text(row, "gateway", stage->gateway != NULL ? stage->gateway : dwh_share_host_gateway());
	add_text(row, "route", stage->route);
	add_text(row, "purpose", stage->purpose);
	add_text(row, "frequency", stage->frequency);
	add_number(row, "item_count", stage->item_count, 0);
	add_number(row, "structure_version", stage->structure_version, 0);
	add_text(row, "period_from", stage->period_from);
	add_text(row, "period_to", stage->period_to);
	add_text(row, "use_term", stage->use_term);
	add_text(row, "use_until", stage->use_until);
	add_number(row, "related_share_no", stage->related_share_no, 0);
}

/* The whole row. request_content may be given in the stage's place. */
static char *
row_text(const DwhShareStage *stage, const char *request_content, const char *purpose)
{
	StringInfoData row;
	DwhShareStage copy = *stage;

	initStringInfo(&row);
	copy.purpose = purpose;
	dwh_share_row_open(&row, &copy);
	add_text(&row, "stage", stage->stage);
	add_text(&row, "status", stage->status);
	add_time(&row, "occurred_at", stage->occurred_at != 0 ? stage->occurred_at : GetCurrentTimestamp());
	add_time(&row, "supplied_at", stage->supplied_at);
	add_text(&row, "reason", stage->reason);
	add_number(&row, "row_count", stage->row_count, -1);
	add_number(&row, "byte_count", stage->byte_count, -1);
	add_text(&row, "content_digest", stage->content_digest);
	add_number(&row, "duration_ms", stage->duration_ms, -1);
	add_json(&row, "request_content", request_content);
	add_json(&row, "detail", stage->detail);
	appendStringInfoChar(&row, '}');
	return row.data;
}

/* SHA-256 of a text in hexadecimal digits. */
static char *
digest_text(const char *text)
{
	uint8		digest[DWH_SHA256_SIZE];
	char	   *hex = palloc(2 * DWH_SHA256_SIZE + 1);

	dwh_sha256(text, strlen(text), NULL, 0, digest);
	(void) hex_encode((const char *) digest, sizeof(digest), hex);
	hex[2 * DWH_SHA256_SIZE] = '\0';
	return hex;
}

/* The beginning of a text; NULL for NULL. */
static char *
cut_text(const char *text, Size size)
{
	char	   *cut = text == NULL ? NULL : palloc(size);

	if (cut != NULL)
		dwh_record_text(cut, size, text);
	return cut;
}

/* Appends a row in the caller's transaction. */
void
dwh_share_log_append(const DwhShareStage *stage)
{
	dwh_share_log_insert(row_text(stage, stage->request_content, stage->purpose));
}

/*
 * Appends a row through the audit worker and waits for its commit, at most dwh_ext.audit_wait. Returns whether it is committed; where
 * it is not, the row is in the server log and nothing may be supplied. Raises WH003 where the worker cannot run.
 */
bool
dwh_share_log_commit(const DwhShareStage *stage)
{
	DwhAuditRecord record;
	char	   *row = row_text(stage, stage->request_content, stage->purpose);
	DwhRingTicket ticket;

	dwh_audit_require_preload("the log of sharing");
	if (strlen(row) >= sizeof(record.share_row))
	{
		DwhShareStage copy = *stage;
		char	   *content = "{\"is_cut\": true}";

		if (stage->request_content != NULL)
			content = psprintf("{\"is_cut\": true, \"sha256\": \"%s\", \"bytes\": %zu}", digest_text(stage->request_content),
							   strlen(stage->request_content));
		row = row_text(stage, content, stage->purpose);
		/* a caller's text may stand in these, too */
		copy.service_code = cut_text(stage->service_code, NAMEDATALEN);
		copy.reason = cut_text(stage->reason, REASON_CUT);
		if (strlen(row) >= sizeof(record.share_row))
			row = row_text(&copy, content, NULL);
	}
	if (strlen(row) >= sizeof(record.share_row))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the record of this transfer is too long"),
				 errdetail("It has %zu bytes, at most %zu can be recorded.", strlen(row), sizeof(record.share_row) - 1),
				 errhint("Ask for less at a time.")));
	memset(&record, 0, sizeof(record));
	record.target = DWH_RING_SHARE_LOG;
	record.occurred_at = GetCurrentTimestamp();
	strlcpy(record.share_row, row, sizeof(record.share_row));
	if (!dwh_ring_push(&record, true, &ticket))
		return false;
	if (dwh_ring_wait(&ticket, dwh_audit_wait > 0 ? dwh_audit_wait : 1))
		return true;
	dwh_ring_log(&record, "the audit worker did not answer in time or gave the row up, it may still write it");
	return false;
}

/* The same for a row without which nothing may be supplied: raises 58030 with the rule that says so. */
void
dwh_share_log_or_refuse(const DwhShareStage *stage, const char *rule)
{
	if (!dwh_share_log_commit(stage))
		ereport(ERROR,
				(errcode(ERRCODE_IO_ERROR),
				 errmsg("nothing is supplied, because the log of sharing was not written"),
				 errdetail("%s", rule),
				 errhint("Call again later; the audit worker is behind or stopped, or the warehouse is not live here.")));
}

/* Inserts a row given as a JSON object. Works inside and outside of SPI. */
void
dwh_share_log_insert(const char *row)
{
	static SPIPlanPtr plan = NULL;
	Oid			types[1] = {TEXTOID};
	Datum		values[1];
	DwhOwnerSwitch owner;

	values[0] = CStringGetTextDatum(row);
	dwh_spi_begin();
	dwh_owner_enter(&owner);
	dwh_audit_require_written("share_log", dwh_spi_run_kept(&plan, INSERT_ROW, 1, types, values, NULL, false, SPI_OK_INSERT), 1);
	dwh_owner_leave(&owner);
	dwh_spi_end();
}

/*
 * canonical.c
 *		The canonical bytes of a row of the logs, whose hash is its leaf. The README specifies them; a change needs a new version.
 *
 *	version (1 byte, 1), source (1 byte: 1 event, 2 share log), number of fields (2 bytes), then for each field its length (4 bytes;
 *	0xFFFFFFFF: NULL, and nothing follows) and its bytes. Integers have 8 or 4 bytes, a date 4 (days since 1970-01-01), a time 8
 *	(microseconds since 1970-01-01 00:00 UTC), all big-endian in two's complement; texts are UTF-8, JSON is the text of jsonb.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "audit/tree.h"

#define CANONICAL_VERSION	1
#define NULL_LENGTH			0xFFFFFFFF
#define EPOCH_DAYS			(POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE)

const DwhLeafTable dwh_leaf_tables[DWH_LEAF_SOURCES] = {
	{"audit", "dwh_log.audit_event", "event_id",
		"e.event_id, e.month, e.occurred_at, e.account_id, e.person, e.session_user_name, e.outer_user_name, e.client_address,"
		" e.action, e.object, e.decision, e.detail",
	1},
	{"share", "dwh_log.share_log", "share_id",
		"e.share_id, e.month, e.share_no, e.stage, e.occurred_at, e.direction, e.kind, e.requested_at, e.request_form, e.supplied_at,"
		" e.supply_form, e.agency_id, e.agency_identifier, e.application_identifier, e.service_id, e.service_code, e.agreement_id,"
		" e.agreement_version, e.connection_id, e.account_id, e.person, e.session_user_name, e.outer_user_name, e.client_address,"
		" e.gateway, e.route, e.purpose, e.frequency, e.request_content, e.status, e.reason, e.item_count, e.row_count, e.byte_count,"
		" e.content_digest, e.structure_version, e.period_from, e.period_to, e.use_term, e.use_until, e.duration_ms,"
		" e.related_share_no, e.detail",
	2},
};

static void
put_int32(StringInfo bytes, uint32 value)
{
	uint8		big[4] = {value >> 24, value >> 16, value >> 8, value};

	appendBinaryStringInfo(bytes, (char *) big, sizeof(big));
}

static void
put_int64(StringInfo bytes, uint64 value)
{
	put_int32(bytes, (uint32) (value >> 32));
	put_int32(bytes, (uint32) value);
}

/* A text in the encoding of the database. */
static void
put_text(StringInfo bytes, const char *text, int length)
{
	char	   *utf8 = pg_server_to_any(text, length, PG_UTF8);

	if (utf8 != text)
		length = (int) strlen(utf8);
	put_int32(bytes, length);
	appendBinaryStringInfo(bytes, utf8, length);
}

static void
put_field(StringInfo bytes, Oid type, Datum value)
{
	switch (type)
	{
		case INT8OID:
			put_int32(bytes, 8);
			put_int64(bytes, (uint64) DatumGetInt64(value));
			break;
		case INT4OID:
			put_int32(bytes, 4);
			put_int32(bytes, (uint32) DatumGetInt32(value));
			break;
		case DATEOID:
			put_int32(bytes, 4);
			put_int32(bytes, (uint32) (DatumGetDateADT(value) + EPOCH_DAYS));
			break;
		case TIMESTAMPTZOID:
			put_int32(bytes, 8);
			put_int64(bytes, (uint64) (DatumGetTimestampTz(value) + EPOCH_DAYS * USECS_PER_DAY));
			break;
		case TEXTOID:
			{
				text	   *string = DatumGetTextPP(value);

				put_text(bytes, VARDATA_ANY(string), VARSIZE_ANY_EXHDR(string));
				break;
			}
		case JSONBOID:
			{
				Jsonb	   *json = DatumGetJsonbP(value);
				char	   *string = JsonbToCString(NULL, &json->root, VARSIZE(json));

				put_text(bytes, string, (int) strlen(string));
				break;
			}
		default:
			elog(ERROR, "a column of a log has type %u, which has no canonical form", type);
	}
}

/* Puts the canonical bytes of a row, whose columns are those of the table's list, into the (emptied) buffer. */
void
dwh_canonical_row(StringInfo bytes, const DwhLeafTable *table, TupleDesc descriptor, const Datum *values, const bool *nulls)
{
	uint8		head[4] = {CANONICAL_VERSION, table->code, descriptor->natts >> 8, descriptor->natts};

	resetStringInfo(bytes);
	appendBinaryStringInfo(bytes, (char *) head, sizeof(head));
	for (int i = 0; i < descriptor->natts; i++)
		if (nulls[i])
			put_int32(bytes, NULL_LENGTH);
		else
			put_field(bytes, TupleDescAttr(descriptor, i)->atttypid, values[i]);
}

/* The same of a row that SPI has brought. */
void
dwh_canonical_tuple(StringInfo bytes, const DwhLeafTable *table, HeapTuple row, TupleDesc descriptor)
{
	Datum	   *values = palloc(sizeof(Datum) * descriptor->natts);
	bool	   *nulls = palloc(sizeof(bool) * descriptor->natts);

	heap_deform_tuple(row, descriptor, values, nulls);
	dwh_canonical_row(bytes, table, descriptor, values, nulls);
	pfree(values);
	pfree(nulls);
}

/* A field of canonical bytes, numbered from 0; NULL where there is none. The bytes may be anybody's. */
static const uint8 *
find_field(const bytea *canonical, int field, uint32 *length)
{
	const uint8 *bytes = (const uint8 *) VARDATA_ANY(canonical);
	const uint8 *end = bytes + VARSIZE_ANY_EXHDR(canonical);

	if (end - bytes < 4 || bytes[0] != CANONICAL_VERSION || field >= (bytes[2] << 8 | bytes[3]))
		return NULL;
	bytes += 4;
	for (;; field--)
	{
		if (end - bytes < 4)
			return NULL;
		*length = (uint32) bytes[0] << 24 | (uint32) bytes[1] << 16 | (uint32) bytes[2] << 8 | bytes[3];
		bytes += 4;
		if (*length == NULL_LENGTH)
			*length = 0;
		if (*length > (uint32) (end - bytes))
			return NULL;
		if (field == 0)
			return bytes;
		bytes += *length;
	}
}

/* Whether a field of canonical bytes is this text. */
bool
dwh_canonical_field_is(const bytea *canonical, int field, const char *text)
{
	const char *utf8 = pg_server_to_any(text, (int) strlen(text), PG_UTF8);
	uint32		length;
	const uint8 *bytes = find_field(canonical, field, &length);

	return bytes != NULL && length == strlen(utf8) && memcmp(bytes, utf8, length) == 0;
}

/* The time in a field of canonical bytes; DT_NOBEGIN where there is none. */
TimestampTz
dwh_canonical_field_time(const bytea *canonical, int field)
{
	uint32		length;
	const uint8 *bytes = find_field(canonical, field, &length);
	uint64		value = 0;

	if (bytes == NULL || length != 8)
		return DT_NOBEGIN;
	for (int i = 0; i < 8; i++)
		value = value << 8 | bytes[i];
	return (TimestampTz) value - EPOCH_DAYS * USECS_PER_DAY;
}

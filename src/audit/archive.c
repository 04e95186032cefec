/*
 * archive.c
 *		Archived months of the logs: dwh.archive_audit() and dwh.purge_share_log(), and what dwh_log.audit_archive is worth to a verification.
 *
 * The work is done by dwh_internal.archive_log() (sql/install/10_audit_archive.sql). It appends an event for each month, seals it in the
 * same transaction and keeps its canonical bytes in audit_archive. A row of audit_archive counts only if these bytes have the hash of the
 * event's leaf and say what the row says: who writes a row there to hide missing events has no such leaf. And it counts only if the month
 * had been kept for its time by then, at least MIN_RETENTION_MONTHS, as the event and the head that seals it tell: who appends such an event
 * to hide what happened lately is too early. The bytes are kept because the event itself is archived one day, too.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

#include "audit/audit.h"
#include "audit/tree.h"
#include "common/owner.h"
#include "common/spi.h"

/* What the event of an archived month says; its fields as they are numbered in dwh_leaf_tables. */
#define ARCHIVE_ACTION	"archive_log"
#define FIELD_TIME		2
#define FIELD_ACTION	8
#define FIELD_DECISION	10
#define FIELD_DETAIL	11

/* Both logs are kept so long at least, whatever the rows of dwh_catalog.deadline say; also in dwh_internal.archive_log(). */
#define MIN_RETENTION_MONTHS 24

PG_FUNCTION_INFO_V1(dwh_sql_archive_audit);
PG_FUNCTION_INFO_V1(dwh_sql_purge_share_log);
PG_FUNCTION_INFO_V1(dwh_sql_canonical_event);

/* A month as YYYY-MM, palloc'ed. */
char *
dwh_archive_month_text(DateADT month)
{
	int			year;
	int			number;
	int			day;

	j2date(month + POSTGRES_EPOCH_JDATE, &year, &number, &day);
	return psprintf("%04d-%02d", year, number);
}

/* Whether the canonical bytes of an event are those of the archiving of a month with this detail. */
static bool
says_archived(const bytea *event, const char *detail)
{
	return dwh_canonical_field_is(event, FIELD_ACTION, ARCHIVE_ACTION) &&
		dwh_canonical_field_is(event, FIELD_DECISION, "done") &&
		dwh_canonical_field_is(event, FIELD_DETAIL, detail);
}

/* Whether a month had been over for its retention at some time; a day is left for the time zone of the warehouse. */
static bool
is_past_retention(DateADT month, int32 retention, TimestampTz when)
{
	struct pg_tm then;
	fsec_t		fraction;
	int			year;
	int			number;
	int			day;

	if (TIMESTAMP_NOT_FINITE(when) || timestamp2tm(when + USECS_PER_DAY, NULL, &then, &fraction, NULL, NULL) != 0)
		return false;
	j2date(month + POSTGRES_EPOCH_JDATE, &year, &number, &day);
	return year * INT64CONST(12) + number + 1 + Max(retention, MIN_RETENTION_MONTHS) <= then.tm_year * INT64CONST(12) + then.tm_mon;
}

/* Reads audit_archive, inside SPI as dwh_owner. Returns how many months there are; they are palloc'ed. */
int
dwh_archive_read(DwhArchivedMonth **months)
{
	uint64		rows;

	rows = dwh_spi_select("SELECT a.source = 'share', a.month, a.row_count, a.event_bytes::bytea, l.leaf_index, l.leaf_hash,"
						  "  jsonb_build_object('log', a.source, 'month', a.month, 'row_count', a.row_count, 'retention_months',"
						  "    a.retention_months, 'is_table_kept', a.is_table_kept)::text, a.retention_months::int,"
						  "  (SELECT h.sealed_at FROM dwh_log.audit_tree_head AS h WHERE h.tree_size > l.leaf_index"
						  "    ORDER BY h.tree_size, h.head_no LIMIT 1)::timestamptz "
						  "FROM dwh_log.audit_archive AS a LEFT JOIN dwh_log.audit_leaf AS l"
						  "  ON l.source = 'audit' AND l.source_id = a.event_id AND l.source_month = a.event_month "
						  "ORDER BY a.source, a.month", 0, NULL, NULL, NULL, false);
	*months = palloc0(sizeof(DwhArchivedMonth) * (rows + 1));
	for (uint64 i = 0; i < rows; i++)
	{
		DwhArchivedMonth *month = &(*months)[i];
		bool		isnull;
		bytea	   *event;
		DwhHash		leaf;
		DwhHash		hash;
		TimestampTz sealed_at;

		month->source = dwh_spi_bool(i, 1) ? DWH_LEAF_SHARE : DWH_LEAF_AUDIT;
		month->month = dwh_spi_date(i, 2);
		month->row_count = dwh_spi_bigint(i, 3);
		month->event_leaf = -1;
		if (dwh_spi_isnull(i, 4) || dwh_spi_isnull(i, 7) || dwh_spi_isnull(i, 9) || !dwh_tree_hash_cell(i, 6, &leaf))
			continue;
		event = DatumGetByteaPP(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 4, &isnull));
		sealed_at = DatumGetTimestampTz(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 9, &isnull));
		dwh_hash_leaf(VARDATA_ANY(event), VARSIZE_ANY_EXHDR(event), &hash);
		if (memcmp(&hash, &leaf, sizeof(hash)) != 0 || !says_archived(event, dwh_spi_text(i, 7)))
			continue;
		month->event_leaf = dwh_spi_bigint(i, 5);
		month->is_early = !is_past_retention(month->month, dwh_spi_int(i, 8), dwh_canonical_field_time(event, FIELD_TIME)) ||
			!is_past_retention(month->month, dwh_spi_int(i, 8), sealed_at);
	}
	SPI_freetuptable(SPI_tuptable);
	return (int) rows;
}

/* dwh.canonical_event(event_id, month): the canonical bytes of a row of audit_event, NULL where there is none. */
Datum
dwh_sql_canonical_event(PG_FUNCTION_ARGS)
{
	const DwhLeafTable *table = &dwh_leaf_tables[DWH_LEAF_AUDIT];
	Oid			types[2] = {INT8OID, DATEOID};
	Datum		values[2] = {PG_GETARG_DATUM(0), PG_GETARG_DATUM(1)};
	DwhOwnerSwitch owner;
	StringInfoData bytes;
	bytea	   *result = NULL;

	dwh_spi_begin();
	dwh_owner_enter(&owner);
	initStringInfo(&bytes);
	if (dwh_spi_select(psprintf("SELECT %s FROM %s AS e WHERE e.%s = $1 AND e.month = $2", table->columns, table->table,
								table->id_column), 2, types, values, NULL, false) == 1)
	{
		dwh_canonical_tuple(&bytes, table, SPI_tuptable->vals[0], SPI_tuptable->tupdesc);
		result = SPI_palloc(VARHDRSZ + bytes.len);
		SET_VARSIZE(result, VARHDRSZ + bytes.len);
		memcpy(VARDATA(result), bytes.data, bytes.len);
	}
	dwh_owner_leave(&owner);
	dwh_spi_end();
	if (result == NULL)
		PG_RETURN_NULL();
	PG_RETURN_BYTEA_P(result);
}

/* The call of a function that archives a log; 42501 for whoever does not have the rights of dwh_owner. Returns how many rows are gone. */
static int64
archive(FunctionCallInfo fcinfo, const char *function, const char *what, const char *sql)
{
	DwhAttempt	attempt;
	DwhOwnerSwitch owner;
	Oid			types[2] = {DATEOID, BOOLOID};
	Datum		values[2] = {PG_GETARG_DATUM(0), PG_GETARG_DATUM(1)};
	char		nulls[2] = {PG_ARGISNULL(0) ? 'n' : ' ', PG_ARGISNULL(1) ? 'n' : ' '};
	int64		removed;

	dwh_require_warehouse();
	dwh_attempt_begin(&attempt, function, NULL, NULL);
	if (!dwh_caller_is_owner())
	{
		dwh_attempt_refused(&attempt, "the caller does not have the rights of dwh_owner");
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to call dwh.%s()", function),
				 errdetail("It takes %s out of the log.", what),
				 errhint("Only a superuser or a member of dwh_owner may call it.")));
	}
	dwh_spi_begin();
	dwh_owner_enter(&owner);
	(void) dwh_spi_select(sql, 2, types, values, nulls, false);
	removed = dwh_spi_bigint(0, 1);
	dwh_owner_leave(&owner);
	dwh_spi_end();
	dwh_attempt_end(&attempt);
	return removed;
}

/* dwh.archive_audit(until, keep): raises 42501, 22023, 55000, 55P03, XX001. */
Datum
dwh_sql_archive_audit(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(archive(fcinfo, "archive_audit", "events", "SELECT dwh_internal.archive_log('audit', $1, coalesce($2, false))"));
}

/* dwh.purge_share_log(until, keep): likewise. */
Datum
dwh_sql_purge_share_log(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(archive(fcinfo, "purge_share_log", "transfers", "SELECT dwh_internal.purge_share_log($1, coalesce($2, false))"));
}

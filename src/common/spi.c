/*
 * spi.c
 *		Small typed layer over SPI; see spi.h for the contract.
 *
 * Rows are numbered from 0, columns from 1 as SPI does. Reading a column as a type it does not have is a programming error
 * and is not checked.
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "common/spi.h"

/* Opens an SPI level. */
void
dwh_spi_begin(void)
{
	int			rc = SPI_connect();

	if (rc != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed: %s", SPI_result_code_string(rc));
}

/* Closes the SPI level. */
void
dwh_spi_end(void)
{
	int			rc = SPI_finish();

	if (rc != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed: %s", SPI_result_code_string(rc));
}

/* Raises an error unless SPI ended as expected. A rule that somebody has put on a table of ours can replace a statement by nothing. */
static void
require_code(int rc, int expected, const char *sql)
{
	if (rc == SPI_OK_REWRITTEN)
		ereport(ERROR,
				(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
				 errmsg("a rule has replaced a statement by nothing"),
				 errdetail("The statement was: %s", sql),
				 errhint("Drop the rule that was put on its table.")));
	if (rc != expected)
		elog(ERROR, "SPI statement ended with %s: %s", SPI_result_code_string(rc), sql);
}

/* Runs one statement; its result code must be the expected one. Returns the number of rows processed. */
uint64
dwh_spi_run(const char *sql, int nargs, const Oid *types, const Datum *values, const char *nulls,
			bool read_only, int expected)
{
	require_code(SPI_execute_with_args(sql, nargs, (Oid *) types, (Datum *) values, nulls, read_only, 0), expected, sql);
	return SPI_processed;
}

/*
 * The same with a plan that is kept for the life of the process, for statements that run often: *plan is the caller's static variable,
 * NULL at first, and always goes with the same statement and types. It is planned once for all values.
 */
uint64
dwh_spi_run_kept(SPIPlanPtr *plan, const char *sql, int nargs, const Oid *types, const Datum *values, const char *nulls,
				 bool read_only, int expected)
{
	int			rc;

	if (*plan == NULL)
	{
		SPIPlanPtr	prepared = SPI_prepare_cursor(sql, nargs, (Oid *) types, CURSOR_OPT_GENERIC_PLAN);

		if (prepared == NULL || SPI_keepplan(prepared) != 0)
			elog(ERROR, "SPI statement could not be prepared (%s): %s", SPI_result_code_string(SPI_result), sql);
		*plan = prepared;
	}
	rc = SPI_execute_plan(*plan, (Datum *) values, nulls, read_only, 0);
	if (rc == SPI_OK_REWRITTEN)
	{
		SPI_freeplan(*plan);	/* nothing is left of it that would tell when the rule is gone */
		*plan = NULL;
	}
	require_code(rc, expected, sql);
	return SPI_processed;
}

/* Runs a SELECT. Returns the number of rows, which stay readable by dwh_spi_text() and its sisters until the next statement. */
uint64
dwh_spi_select(const char *sql, int nargs, const Oid *types, const Datum *values, const char *nulls, bool read_only)
{
	return dwh_spi_run(sql, nargs, types, values, nulls, read_only, SPI_OK_SELECT);
}

/* Runs a SELECT of many rows, each of which is given to a function and copied nowhere. */
void
dwh_spi_select_each(const char *sql, int nargs, const Oid *types, const Datum *values, DwhRowTaker take, void *arg)
{
	DwhRowReceiver receiver;
	SPIExecuteOptions options = {.params = makeParamList(nargs), .dest = &receiver.receiver};

	dwh_row_receiver_init(&receiver, take, arg);
	for (int i = 0; i < nargs; i++)
		options.params->params[i] = (ParamExternData) {values[i], false, PARAM_FLAG_CONST, types[i]};
	require_code(SPI_execute_extended(sql, &options), SPI_OK_SELECT, sql);
}

/*
 * Runs a SELECT over what is committed now, plus our own changes, whatever the caller's isolation level. In parallel mode, where no
 * new snapshot may be taken, the active one serves.
 */
uint64
dwh_spi_select_latest(const char *sql, int nargs, const Oid *types, const Datum *values)
{
	uint64		rows;

	PushActiveSnapshot(IsInParallelMode() ? GetActiveSnapshot() : GetLatestSnapshot());
	rows = dwh_spi_select(sql, nargs, types, values, NULL, true);
	PopActiveSnapshot();
	return rows;
}

/* The same with a plan that is kept, see dwh_spi_run_kept(). */
uint64
dwh_spi_select_latest_kept(SPIPlanPtr *plan, const char *sql, int nargs, const Oid *types, const Datum *values, const char *nulls)
{
	uint64		rows;

	PushActiveSnapshot(IsInParallelMode() ? GetActiveSnapshot() : GetLatestSnapshot());
	rows = dwh_spi_run_kept(plan, sql, nargs, types, values, nulls, true, SPI_OK_SELECT);
	PopActiveSnapshot();
	return rows;
}

/*
 * Runs a SELECT that also writes (WITH ... AS (DELETE ...)), over what the snapshot sees plus our own changes, where dwh_spi_select()
 * would take a new one.
 */
uint64
dwh_spi_select_under(Snapshot snapshot, const char *sql)
{
	SPIPlanPtr	plan = SPI_prepare(sql, 0, NULL);
	int			rc;
	uint64		rows;

	if (plan == NULL)
		elog(ERROR, "SPI statement could not be prepared (%s): %s", SPI_result_code_string(SPI_result), sql);
	rc = SPI_execute_snapshot(plan, NULL, NULL, snapshot, InvalidSnapshot, false, true, 0);
	if (rc != SPI_OK_SELECT)
		elog(ERROR, "SPI statement ended with %s: %s", SPI_result_code_string(rc), sql);
	rows = SPI_processed;
	SPI_freeplan(plan);
	return rows;
}

/* Runs utility statements (DDL). */
void
dwh_spi_utility(const char *sql)
{
	int			rc = SPI_execute(sql, false, 0);

	if (rc < 0)
		elog(ERROR, "SPI statement ended with %s: %s", SPI_result_code_string(rc), sql);
}

static Datum
get_datum(uint64 row, int col, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, col, isnull);
}

/* Whether the cell is NULL. */
bool
dwh_spi_isnull(uint64 row, int col)
{
	bool		isnull;

	(void) get_datum(row, col, &isnull);
	return isnull;
}

/* The cell in text form, NULL for NULL; allocated in the caller's context (outside SPI's). */
char *
dwh_spi_text(uint64 row, int col)
{
	char	   *in_spi = SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, col);
	Size		size;
	char	   *out;

	if (in_spi == NULL)
		return NULL;
	size = strlen(in_spi) + 1;
	out = SPI_palloc(size);
	memcpy(out, in_spi, size);
	return out;
}

/* An int4 cell; 0 for NULL. */
int32
dwh_spi_int(uint64 row, int col)
{
	bool		isnull;
	Datum		d = get_datum(row, col, &isnull);

	return isnull ? 0 : DatumGetInt32(d);
}

/* An int8 cell; 0 for NULL. */
int64
dwh_spi_bigint(uint64 row, int col)
{
	bool		isnull;
	Datum		d = get_datum(row, col, &isnull);

	return isnull ? 0 : DatumGetInt64(d);
}

/* A boolean cell; false for NULL. */
bool
dwh_spi_bool(uint64 row, int col)
{
	bool		isnull;
	Datum		d = get_datum(row, col, &isnull);

	return isnull ? false : DatumGetBool(d);
}

/* A date cell; 0 (2000-01-01) for NULL, so ask dwh_spi_isnull() first where that can be. */
DateADT
dwh_spi_date(uint64 row, int col)
{
	bool		isnull;
	Datum		d = get_datum(row, col, &isnull);

	return isnull ? 0 : DatumGetDateADT(d);
}

/* Values, none of them NULL, as an array of their type. */
Datum
dwh_array(Datum *values, int count, Oid type)
{
	int16		length;
	bool		is_by_value;
	char		align;

	get_typlenbyvalalign(type, &length, &is_by_value, &align);
	return PointerGetDatum(construct_array(values, count, type, length, is_by_value, align));
}

/* Strings as text[]. */
Datum
dwh_text_array(List *strings)
{
	Datum	   *elems = palloc(Max(1, list_length(strings)) * sizeof(Datum));
	ListCell   *lc;

	foreach(lc, strings)
		elems[foreach_current_index(lc)] = CStringGetTextDatum(lfirst(lc));
	return dwh_array(elems, list_length(strings), TEXTOID);
}

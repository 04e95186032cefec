/*
 * refresh_failure.c
 *		What stage 2 of dwh.refresh() cannot compute; see refresh.h.
 *
 * Indicators are computed together, and one whose formula or source raises an error must not keep the others from being computed. So
 * each step runs in a subtransaction; refresh_values.c narrows a failure down to an indicator and period, which is recorded in
 * dwh_log.refresh_failure. Its kept values, which do not hold any more, become NULL with status failed. Every run tries them again.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/timestamp.h"

#include "common/spi.h"
#include "indicator/catalogue_edit.h"
#include "indicator/refresh.h"

/* Whether an error is the formula's or its source's. What befalls the session or the server (cancel, memory, deadlock, a lock that is not to be had) is not. */
static bool
is_of_formula(int sqlstate)
{
	int			category = ERRCODE_TO_CATEGORY(sqlstate);

	return category != ERRCODE_OPERATOR_INTERVENTION && category != ERRCODE_INSUFFICIENT_RESOURCES &&
		category != ERRCODE_TRANSACTION_ROLLBACK && category != ERRCODE_SYSTEM_ERROR && sqlstate != ERRCODE_DATA_CORRUPTED &&
		sqlstate != ERRCODE_INDEX_CORRUPTED &&
#ifdef ERRCODE_SNAPSHOT_TOO_OLD
		sqlstate != ERRCODE_SNAPSHOT_TOO_OLD &&
#endif
		sqlstate != ERRCODE_LOCK_NOT_AVAILABLE;
}

/* Does some work in a subtransaction. NULL where it is done; else the error, and nothing of it is done. */
ErrorData *
dwh_refresh_try(void (*work) (void *), void *arg)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData  *volatile error = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		work(arg);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		/* also where the error goes on: outside a block nobody else would end the subtransaction */
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	if (error != NULL && !is_of_formula(error->sqlerrcode))
		ReThrowError(error);
	return error;
}

/* Records that an indicator could not be computed for a period, or for any (dirty NULL), and takes back what was kept of it. */
void
dwh_refresh_note_failure(DwhKept *kept, DwhDirty *dirty, const ErrorData *error, DwhRefreshCounts *counts)
{
	DwhEditParams params = {0};

	counts->values_failed++;
	dwh_edit_add_int(&params, kept->indicator_id);
	dwh_edit_add_text(&params, dirty ? dwh_period_type_name(dirty->asked.frame.type) : NULL);
	dwh_edit_add(&params, DATEOID, dirty ? DateADTGetDatum(dwh_frame_label(&dirty->asked.frame)) : (Datum) 0, dirty == NULL);
	dwh_edit_add_text(&params, unpack_sql_state(error->sqlerrcode));
	dwh_edit_add_text(&params, error->message ? error->message : "");
	dwh_edit_add_text(&params, error->detail && error->context ? psprintf("%s\n%s", error->detail, error->context) : error->detail ? error->detail : error->context);
	dwh_edit_add(&params, TIMESTAMPTZOID, TimestampTzGetDatum(counts->started_at), false);
	(void) dwh_spi_run("INSERT INTO dwh_log.refresh_failure (indicator_id, period_type, period_start, sql_state, message, detail, first_failed_at, last_failed_at)"
					   " VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT (indicator_id, period_type, period_start) DO UPDATE SET"
					   " sql_state = excluded.sql_state, message = excluded.message, detail = excluded.detail, last_failed_at = excluded.last_failed_at",
					   params.n, params.types, params.values, params.nulls, false, SPI_OK_INSERT);
	counts->values_changed +=
		dwh_spi_run("UPDATE dwh_star.indicator_value SET value = NULL, numerator = NULL, denominator = NULL, status = 'failed', completeness = 0,"
					" computed_at = $7 WHERE indicator_id = $1 AND ($2 IS NULL OR (period_type, period_start) = ($2, $3)) AND stage IS NULL AND status <> 'failed'",
					params.n, params.types, params.values, params.nulls, false, SPI_OK_UPDATE);
}

/* Has what failed before computed again, as a whole. */
void
dwh_refresh_load_failures(List *kept)
{
	uint64		n = dwh_spi_select("SELECT indicator_id, period_type, period_start FROM dwh_log.refresh_failure", 0, NULL, NULL, NULL, true);

	for (uint64 i = 0; i < n; i++)
	{
		char	   *type = dwh_spi_text(i, 2);
		ListCell   *lc;

		foreach(lc, kept)
		{
			DwhKept    *one = lfirst(lc);
			ListCell   *d;

			if (one->indicator_id != dwh_spi_int(i, 1))
				continue;
			if (type == NULL)
				dwh_refresh_dirty_periods(one, DATEVAL_NOBEGIN, DATEVAL_NOEND);
			else
				foreach(d, one->dirty)
				{
					DwhDirty   *dirty = lfirst(d);

					dirty->all_units |= strcmp(dwh_period_type_name(dirty->asked.frame.type), type) == 0 &&
						dwh_frame_label(&dirty->asked.frame) == dwh_spi_date(i, 3);
				}
		}
	}
}

/* Removes the records of what did not fail in the run that began then: it was computed, or is not kept any more. */
void
dwh_refresh_forget_failures(TimestampTz started_at)
{
	Oid			types[1] = {TIMESTAMPTZOID};
	Datum		values[1] = {TimestampTzGetDatum(started_at)};

	(void) dwh_spi_run("DELETE FROM dwh_log.refresh_failure WHERE last_failed_at <> $1", 1, types, values, NULL, false, SPI_OK_DELETE);
}

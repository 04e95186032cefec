/*
 * closing.c
 *		dwh.close_period(), dwh.reopen_period(): when the values of a group of indicators for a period are published, and when that is
 *		undone (893 Art. 9.1).
 *
 * Closing holds the lock on the catalogue and the value lock of refresh (refresh.h), refreshes first, and freezes what is kept then:
 * rows of dwh_star.indicator_vintage, which nobody changes any more, and the same rows of dwh_star.indicator_value, with their stage.
 * What refresh computes for the period from then on stands beside, in dwh_star.indicator_value_pending (refresh_closed.c), until the
 * period is closed again or reopened: then it takes the place of what was frozen.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "common/errors.h"
#include "common/identity.h"
#include "common/nearest.h"
#include "common/spi.h"
#include "indicator/catalogue_edit.h"
#include "indicator/closed.h"
#include "indicator/mark.h"
#include "indicator/refresh.h"

PG_FUNCTION_INFO_V1(dwh_sql_close_period);
PG_FUNCTION_INFO_V1(dwh_sql_reopen_period);

/* Refreshes before a closing gives up: each takes the marks that were committed while the one before was running. */
#define MAX_REFRESHES 3

static const char *const stages[] = {"estimate", "preliminary", "final"};

/* The last closing of a period. */
typedef struct LastClosing
{
	int			closing_id;		/* 0: none */
	int			closing_no;
	char	   *stage;
	bool		is_reopened;
} LastClosing;

/* The period that both functions are about. */
typedef struct Period
{
	DwhFrame	frame;
	const char *type;
	DateADT		label;
	char	   *group;
	char	   *text;			/* for messages: "quarter 2025-01-01" */
	LastClosing last;
} Period;

/* ------------------------------------------------------------------ rights and arguments */

/*
 * Raises 42501, with a record of it, unless the caller's account is of a unit that has function planning today: the focal point that
 * controls the correctness of indicators (893 Art. 9.1).
 */
static void
require_focal_point(DwhCatalogueEdit *edit)
{
	DwhEditParams params = {0};
	DwhOwnerSwitch owner;
	bool		is_focal_point;

	if (dwh_caller_is_owner())
		return;
	dwh_edit_add_int(&params, dwh_caller_account());
	dwh_edit_add_date(&params, dwh_today());
	dwh_spi_begin();
	dwh_owner_enter(&owner);
	is_focal_point = dwh_edit_select("SELECT FROM dwh_catalog.account AS a JOIN dwh_catalog.unit_function AS f ON f.unit_id = a.home_unit_id"
									 " WHERE a.account_id = $1 AND f.function = 'planning' AND f.valid_from <= $2 AND coalesce(f.valid_to, 'infinity') >= $2",
									 &params) > 0;
	dwh_owner_leave(&owner);
	dwh_spi_end();
	if (is_focal_point)
		return;
	dwh_attempt_refused(&edit->attempt, "the caller is not of a unit with function planning");
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("permission denied to call dwh.%s()", edit->action),
			 errdetail("Periods are closed and reopened by accounts of the unit that controls the correctness of indicators (893 Art. 9.1)."),
			 errhint("Rows of dwh_catalog.unit_function with function planning say which units those are.")));
}

/* Raises 0A000 where marks would be missed, as dwh.refresh() does. */
static void
require_read_committed(const DwhCatalogueEdit *edit)
{
	if (IsolationUsesXactSnapshot())
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("dwh.%s() does not run at isolation level %s", edit->action,
						XactIsoLevel == XACT_SERIALIZABLE ? "SERIALIZABLE" : "REPEATABLE READ"),
				 errdetail("It would not see what was committed while it waited for a lock."),
				 errhint("Run it at READ COMMITTED.")));
}

/* Raises 42704, with the nearest one there is, for a group that no indicator is in. */
static void
need_group(const char *group)
{
	uint64		n = dwh_spi_select_latest("SELECT DISTINCT indicator_group FROM dwh_catalog.indicator ORDER BY 1", 0, NULL, NULL);
	DwhNearest	nearest;

	dwh_nearest_begin(&nearest, group);
	for (uint64 i = 0; i < n; i++)
	{
		char	   *known = dwh_spi_text(i, 1);

		if (strcmp(known, group) == 0)
			return;
		dwh_nearest_offer(&nearest, known);
	}
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("there is no group of indicators \"%s\"", group),
			 nearest.best ? errhint("Did you mean \"%s\"?", nearest.best) :
			 errhint("The groups stand in dwh_catalog.indicator.indicator_group.")));
}

/* The number of a stage; raises 22023 for another word. */
static int
stage_number(const char *stage)
{
	for (int i = 0; i < lengthof(stages); i++)
		if (strcmp(stage, stages[i]) == 0)
			return i;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("\"%s\" is no stage", stage),
			 errhint("Use estimate, preliminary or final.")));
}

/* The period that the first arguments (p_from, p_period, p_group) name. Raises 22004, 22023, WH102. */
static void
period_of_arguments(FunctionCallInfo fcinfo, Period *period)
{
	DateADT		from = dwh_edit_required_date(fcinfo, 0, "p_from");
	DwhPeriodType type = dwh_period_type_parse(dwh_edit_required(fcinfo, 1, "p_period"));

	memset(period, 0, sizeof(Period));
	period->group = dwh_edit_required(fcinfo, 2, "p_group");
	period->frame = *(DwhFrame *) linitial(dwh_period_frames(type, from, from, DATEVAL_NOEND));
	period->type = dwh_period_type_name(type);
	period->label = dwh_frame_label(&period->frame);
	period->text = psprintf("%s %s", period->type, dwh_edit_date_text(period->label));
}

/* The parameters that name a period: its group, kind and month. */
static void
add_period(DwhEditParams *params, const Period *period)
{
	dwh_edit_add_text(params, period->group);
	dwh_edit_add_text(params, period->type);
	dwh_edit_add_date(params, period->label);
}

static LastClosing
last_closing(const Period *period)
{
	DwhEditParams params = {0};
	LastClosing last = {0};

	add_period(&params, period);
	if (dwh_edit_select("SELECT closing_id, closing_no, stage, reopened_at IS NOT NULL FROM dwh_catalog.period_closing"
						" WHERE (indicator_group, period_type, period_start) = ($1, $2, $3) ORDER BY closing_no DESC LIMIT 1", &params) > 0)
	{
		last.closing_id = dwh_spi_int(0, 1);
		last.closing_no = dwh_spi_int(0, 2);
		last.stage = dwh_spi_text(0, 3);
		last.is_reopened = dwh_spi_bool(0, 4);
	}
	return last;
}

/* A statement that changes rows as the parameters say; how many. */
static uint64
change(const char *sql, const DwhEditParams *params, int expected)
{
	return dwh_spi_run(sql, params->n, params->types, params->values, params->nulls, false, expected);
}

/* ------------------------------------------------------------------ what was frozen gives way */

/*
 * Kept values become what is computed now; what is not kept any more, and stood because it was closed, goes. Expects the value lock.
 */
static void
release_values(const Period *period)
{
	DwhEditParams params = {0};
	DwhEditParams mark = {0};

	dwh_edit_add_int(&params, period->last.closing_id);
	dwh_edit_add_text(&params, period->type);
	dwh_edit_add_date(&params, period->label);
	(void) change("DELETE FROM dwh_star.indicator_value AS v USING dwh_star.indicator_value_pending AS n, dwh_catalog.period_closing_indicator AS x"
				  " WHERE x.closing_id = $1 AND x.indicator_id = n.indicator_id AND (n.period_type, n.period_start) = ($2, $3)"
				  " AND n.value IS NULL AND n.status = 'no_data' AND (v.indicator_id, v.period_type, v.period_start, v.unit_level, v.unit_id, v.is_split)"
				  " = (n.indicator_id, n.period_type, n.period_start, n.unit_level, n.unit_id, n.is_split)", &params, SPI_OK_DELETE);
	(void) change("WITH taken AS (DELETE FROM dwh_star.indicator_value_pending AS n USING dwh_catalog.period_closing_indicator AS x"
				  " WHERE x.closing_id = $1 AND x.indicator_id = n.indicator_id AND (n.period_type, n.period_start) = ($2, $3) RETURNING n.*)"
				  " INSERT INTO dwh_star.indicator_value (indicator_id, period_type, period_start, unit_level, unit_id, is_split, subject_id, is_public,"
				  " value, numerator, denominator, status, completeness, version, computed_at)"
				  " SELECT indicator_id, period_type, period_start, unit_level, unit_id, is_split, subject_id, is_public, value, numerator, denominator,"
				  " status, completeness, version, computed_at FROM taken WHERE value IS NOT NULL OR status <> 'no_data'"
				  " ON CONFLICT (indicator_id, period_type, period_start, unit_level, unit_id, is_split) DO UPDATE SET subject_id = excluded.subject_id,"
				  " is_public = excluded.is_public, value = excluded.value, numerator = excluded.numerator, denominator = excluded.denominator,"
				  " status = excluded.status, completeness = excluded.completeness, version = excluded.version, computed_at = excluded.computed_at",
				  &params, SPI_OK_INSERT);
	(void) change("UPDATE dwh_star.indicator_value AS v SET stage = NULL FROM dwh_catalog.period_closing_indicator AS x"
				  " WHERE x.closing_id = $1 AND x.indicator_id = v.indicator_id AND (v.period_type, v.period_start) = ($2, $3) AND v.stage IS NOT NULL",
				  &params, SPI_OK_UPDATE);
	(void) change("DELETE FROM dwh_star.indicator_value AS v USING dwh_catalog.period_closing_indicator AS x, dwh_catalog.indicator AS i"
				  " WHERE x.closing_id = $1 AND x.indicator_id = v.indicator_id AND i.indicator_id = v.indicator_id"
				  " AND (v.period_type, v.period_start) = ($2, $3)"
				  " AND NOT (i.is_kept AND $2 = ANY (i.kept_periods) AND $2 = ANY (i.periods) AND v.unit_level = ANY (i.kept_levels))",
				  &params, SPI_OK_DELETE);
	/* the months that are kept may have moved meanwhile: the next refresh looks, and computes nothing else for it */
	dwh_edit_add_int(&mark, period->last.closing_id);
	(void) change("INSERT INTO dwh_log.value_mark (indicator_id, period_start) SELECT indicator_id, 'infinity' FROM dwh_catalog.period_closing_indicator"
				  " WHERE closing_id = $1", &mark, SPI_OK_INSERT);
}

/* ------------------------------------------------------------------ closing */

/* Raises 22023, 22004 or 55000 where the period cannot be closed as that stage. */
static void
check_closing(const Period *period, const char *stage, const char *reason)
{
	DateADT		last_day = dwh_month_end(period->frame.last);
	DateADT		today = dwh_today();
	int			number = stage_number(stage);

	if (period->frame.first > today || (number > 0 && last_day >= today))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the %s cannot be closed as %s before it %s", period->text, stage, number > 0 ? "is over" : "has begun"),
				 errdetail("It lasts from %s to %s.", dwh_edit_date_text(period->frame.first), dwh_edit_date_text(last_day)),
				 number > 0 ? errhint("Close it as estimate, or wait.") : errhint("Wait until it has begun.")));
	if (period->last.closing_id == 0)
		return;
	if (reason == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("p_reason must be given"),
				 errdetail("The %s was closed before, as %s.", period->text, period->last.stage),
				 errhint("Say why it is closed again.")));
	if (!period->last.is_reopened && number < stage_number(period->last.stage))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the %s is closed as %s for group \"%s\"", period->text, period->last.stage, period->group),
				 errdetail("It does not become %s again.", stage),
				 errhint("dwh.reopen_period() opens it, with a reason and a decision.")));
}

/* Refreshes until no mark is visible; raises 55000 where writers leave new ones every time. The value lock is held from then on. */
static void
refresh_first(void)
{
	for (int i = 0; i < MAX_REFRESHES; i++)
	{
		(void) dwh_refresh_run(NULL);
		if (dwh_spi_select("SELECT FROM dwh_log.cell_mark JOIN dwh_catalog.subject USING (subject_id)"
						   " UNION ALL SELECT FROM dwh_log.value_mark LIMIT 1", 0, NULL, NULL, NULL, false) == 0)
			return;
	}
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("the period cannot be closed while changes are pending"),
			 errdetail("Rows were changed during each of %d refreshes.", MAX_REFRESHES),
			 errhint("Try again once the loads that are running have ended.")));
}

/* Raises 55000 where a value of the period could not be computed. */
static void
check_failures(const Period *period)
{
	DwhEditParams params = {0};

	add_period(&params, period);
	if (dwh_edit_select("SELECT i.code, f.message FROM dwh_log.refresh_failure AS f JOIN dwh_catalog.indicator AS i USING (indicator_id)"
						" WHERE i.indicator_group = $1 AND (f.period_type IS NULL OR (f.period_type, f.period_start) = ($2, $3)) ORDER BY 1 LIMIT 1", &params) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the %s cannot be closed: \"%s\" could not be computed", period->text, dwh_spi_text(0, 1)),
				 errdetail("%s", dwh_spi_text(0, 2)),
				 errhint("View dwh.refresh_failures lists what has to be put right.")));
}

/* Writes the closing and freezes the kept values; returns its number. Raises 55000 where nothing of the group is kept. */
static int
freeze(DwhCatalogueEdit *edit, const Period *period, const char *stage, const char *reason, const char *decision)
{
	DwhEditParams params = {0};
	DwhEditParams frozen = {0};
	DwhCaller	caller;
	uint64		nvalues;

	dwh_caller_describe(&caller);
	add_period(&params, period);
	dwh_edit_add_date(&params, period->frame.first);
	dwh_edit_add_date(&params, dwh_month_end(period->frame.last));
	dwh_edit_add_int(&params, period->last.closing_no + 1);
	dwh_edit_add_text(&params, stage);
	dwh_edit_add(&params, TIMESTAMPTZOID, TimestampTzGetDatum(GetCurrentTimestamp()), false);
	dwh_edit_add_text(&params, caller.person ? caller.person : caller.outer_user_name);
	dwh_edit_add(&params, INT4OID, Int32GetDatum(caller.account_id), caller.account_id == 0);
	dwh_edit_add_text(&params, reason);
	dwh_edit_add_text(&params, decision);
	if (change("INSERT INTO dwh_catalog.period_closing (indicator_group, period_type, period_start, first_day, last_day, closing_no, stage, closed_at,"
			   " closed_by, closed_account_id, reason, decision_no) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING closing_id",
			   &params, SPI_OK_INSERT_RETURNING) != 1)
		elog(ERROR, "the closing was not written");

	dwh_edit_add_int(&frozen, dwh_spi_int(0, 1));
	add_period(&frozen, period);
	dwh_edit_add_date(&frozen, dwh_month_end(period->frame.last));
	if (change("INSERT INTO dwh_catalog.period_closing_indicator (closing_id, indicator_id, version, levels)"
			   " SELECT $1, i.indicator_id, (SELECT v.version FROM dwh_catalog.indicator_version AS v WHERE v.indicator_id = i.indicator_id"
			   " AND v.valid_from <= $5 AND coalesce(v.valid_to, 'infinity') >= $5),"
			   " ARRAY(SELECT l FROM unnest('{country,province,base}'::text[]) AS l WHERE l = ANY (i.kept_levels))"
			   " FROM dwh_catalog.indicator AS i WHERE i.indicator_group = $2 AND i.is_kept AND $3 = ANY (i.kept_periods) AND $3 = ANY (i.periods)"
			   " AND i.kept_levels && '{country,province,base}'", &frozen, SPI_OK_INSERT) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("group \"%s\" has no values that are kept by %s", period->group, period->type),
				 errdetail("Closing freezes the values that refresh keeps."),
				 errhint("dwh.keep_indicator() has them kept.")));
	nvalues = change("INSERT INTO dwh_star.indicator_vintage (closing_id, indicator_id, unit_level, unit_id, is_split, subject_id, value, numerator,"
					 " denominator, status, completeness, version, computed_at)"
					 " SELECT x.closing_id, v.indicator_id, v.unit_level, v.unit_id, v.is_split, v.subject_id, v.value, v.numerator, v.denominator, v.status,"
					 " v.completeness, v.version, v.computed_at"
					 " FROM dwh_catalog.period_closing_indicator AS x JOIN dwh_star.indicator_value AS v USING (indicator_id)"
					 " WHERE x.closing_id = $1 AND (v.period_type, v.period_start) = ($3, $4) AND v.unit_level = ANY (x.levels)", &frozen, SPI_OK_INSERT);
	dwh_edit_add_text(&frozen, stage);
	(void) change("UPDATE dwh_star.indicator_value AS v SET stage = $6 FROM dwh_catalog.period_closing_indicator AS x"
				  " WHERE x.closing_id = $1 AND x.indicator_id = v.indicator_id AND (v.period_type, v.period_start) = ($3, $4) AND v.unit_level = ANY (x.levels)", &frozen, SPI_OK_UPDATE);
	dwh_edit_note_int(edit, "values", (int) nvalues);
	return DatumGetInt32(frozen.values[0]);
}

/* dwh.close_period(p_from, p_period, p_group, p_stage, p_reason, p_decision): the number of the closing. */
Datum
dwh_sql_close_period(PG_FUNCTION_ARGS)
{
	DwhCatalogueEdit edit;
	Period		period;
	char	   *stage = dwh_edit_required(fcinfo, 3, "p_stage");
	char	   *reason = dwh_edit_argument(fcinfo, 4);
	char	   *decision = dwh_edit_argument(fcinfo, 5);
	int			closing_id;

	if (reason && strspn(reason, " \t\r\n") == strlen(reason))
		reason = NULL;
	period_of_arguments(fcinfo, &period);
	(void) stage_number(stage);
	dwh_edit_prepare(&edit, "close_period", period.group);
	dwh_edit_note(&edit, "period", period.text);
	dwh_edit_note(&edit, "stage", stage);
	dwh_edit_note(&edit, "why", reason);
	dwh_edit_note(&edit, "decision", decision);
	dwh_edit_begin(&edit);
	require_focal_point(&edit);
	require_read_committed(&edit);
	dwh_marks_flush();

	dwh_edit_open(&edit);
	need_group(period.group);
	period.last = last_closing(&period);
	check_closing(&period, stage, reason);
	refresh_first();
	check_failures(&period);
	if (period.last.closing_id != 0 && !period.last.is_reopened)
		release_values(&period);
	closing_id = freeze(&edit, &period, stage, reason, decision);
	dwh_edit_note_int(&edit, "closing_no", period.last.closing_no + 1);
	dwh_edit_close(&edit);
	PG_RETURN_INT32(closing_id);
}

/* ------------------------------------------------------------------ reopening */

/* dwh.reopen_period(p_from, p_period, p_group, p_reason, p_decision): the number of the closing that is undone. */
Datum
dwh_sql_reopen_period(PG_FUNCTION_ARGS)
{
	DwhCatalogueEdit edit;
	Period		period;
	DwhCaller	caller;
	DwhEditParams params = {0};
	char	   *reason = dwh_edit_required(fcinfo, 3, "p_reason");
	char	   *decision = dwh_edit_required(fcinfo, 4, "p_decision");

	period_of_arguments(fcinfo, &period);
	dwh_edit_prepare(&edit, "reopen_period", period.group);
	dwh_edit_note(&edit, "period", period.text);
	dwh_edit_note(&edit, "why", reason);
	dwh_edit_note(&edit, "decision", decision);
	dwh_edit_begin(&edit);
	require_focal_point(&edit);
	require_read_committed(&edit);
	dwh_caller_describe(&caller);

	dwh_edit_open(&edit);
	need_group(period.group);
	period.last = last_closing(&period);
	if (period.last.closing_id == 0 || period.last.is_reopened)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the %s is not closed for group \"%s\"", period.text, period.group),
				 period.last.is_reopened ? errdetail("It has been reopened already.") : errdetail("It was never closed."),
				 errhint("View dwh.closed_periods lists what is closed.")));
	dwh_value_lock();
	dwh_edit_add_int(&params, period.last.closing_id);
	dwh_edit_add(&params, TIMESTAMPTZOID, TimestampTzGetDatum(GetCurrentTimestamp()), false);
	dwh_edit_add_text(&params, caller.person ? caller.person : caller.outer_user_name);
	dwh_edit_add(&params, INT4OID, Int32GetDatum(caller.account_id), caller.account_id == 0);
	dwh_edit_add_text(&params, reason);
	dwh_edit_add_text(&params, decision);
	dwh_edit_update_one("UPDATE dwh_catalog.period_closing SET reopened_at = $2, reopened_by = $3, reopened_account_id = $4, reopen_reason = $5,"
						" reopen_decision_no = $6 WHERE closing_id = $1 AND reopened_at IS NULL", &params);
	release_values(&period);
	dwh_edit_note_int(&edit, "closing_no", period.last.closing_no);
	dwh_edit_close(&edit);
	PG_RETURN_INT32(period.last.closing_id);
}

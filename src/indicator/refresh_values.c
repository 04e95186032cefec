/*
 * refresh_values.c
 *		Stage 2 of dwh.refresh(): the values that are kept in dwh_star.indicator_value; see refresh.h.
 *
 * Values of an indicator are kept for every period within its span: the months over which the facts that its formula leads to have
 * rows. Where a unit has nothing in a period (no_data, no_source) there is no row. A row that comes out as it was is left alone, and so
 * is one that a closing froze (stage). An indicator that cannot be computed stops no other; see refresh_failure.c.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "common/identity.h"
#include "common/spi.h"
#include "indicator/refresh.h"

/* Months that values of one indicator are kept for at most: the last ones count. */
#define MAX_SPAN 1200

/* Years after the present one in which months may lie that values are kept for: a later one is mistyped. dwh.health() knows it, too. */
#define MAX_YEARS_AHEAD 10

/* Different periods that are computed at once. */
#define PERIODS_AT_ONCE 24

static const char *const level_names[DWH_MAP_LEVELS] = {"country", "region", "province", "base"};

/* What is known while the stage runs. */
typedef struct Stage
{
	DwhCatalogue *catalogue;
	DwhUnitTable *units;
	DwhClosure *closure;
	List	   *kept;			/* of DwhKept */
	List	   *changes;		/* of DwhChange: from marks that were taken */
	List	   *pending;		/* of DwhChange: of cells whose marks wait for their own refresh */
	List	   *revised;		/* of int: indicators of which a mark was found */
	DwhRefreshCounts *counts;
} Stage;

/* A mark of an indicator, or of every one (0). */
typedef struct IndicatorMark
{
	int			indicator_id;
	bool		with_dependents;
	DateADT		from;
} IndicatorMark;

/* Rows that are computed, as columns: those that are kept, and those beside which a frozen value stands. */
typedef struct Batch
{
	Stage	   *stage;
	MemoryContext context;
	ArrayBuildState *columns[2][DWH_KEPT_COLUMNS];
} Batch;

/* Periods of indicators that are kept at the same levels, to be computed at once. */
typedef struct Part
{
	Stage	   *stage;
	List	   *dirties;		/* of DwhDirty */
	int			levels;
} Part;

/* In the order of the key, then of the table. */
static const struct
{
	Oid			type;
	Oid			array_type;
}			columns_of[DWH_KEPT_COLUMNS] = {
	{INT4OID, INT4ARRAYOID},	/* indicator_id */
	{TEXTOID, TEXTARRAYOID},	/* period_type */
	{DATEOID, DATEARRAYOID},	/* period_start */
	{TEXTOID, TEXTARRAYOID},	/* unit_level */
	{INT4OID, INT4ARRAYOID},	/* unit_id */
	{BOOLOID, BOOLARRAYOID},	/* is_split */
	{INT4OID, INT4ARRAYOID},	/* subject_id */
	{BOOLOID, BOOLARRAYOID},	/* is_public */
	{NUMERICOID, NUMERICARRAYOID},	/* value */
	{NUMERICOID, NUMERICARRAYOID},	/* numerator */
	{NUMERICOID, NUMERICARRAYOID},	/* denominator */
	{TEXTOID, TEXTARRAYOID},	/* status */
	{NUMERICOID, NUMERICARRAYOID},	/* completeness */
	{INT4OID, INT4ARRAYOID}		/* version */
};

/* ------------------------------------------------------------------ marks */

/* Adds a unit to a change; one that is gone stands for every unit. */
static void
add_unit(Stage *stage, DwhChange *change, int unit_id, bool presence_changed)
{
	int			index = unit_id == 0 ? -1 : dwh_closure_index(stage->closure, unit_id);

	if (index < 0)
	{
		change->all_units = true;
		change->presence_of_all |= presence_changed;
		return;
	}
	if (!bms_is_member(index, change->units))
		change->units = bms_add_members(change->units, dwh_closure_of(stage->closure, index));
	if (presence_changed)
		change->presence = bms_add_members(change->presence, dwh_closure_of(stage->closure, index));
}

/*
 * Adds a row of the last statement to the changes: subject, unit column, unit, months, and whether its presence changed, from that
 * column on. Rows of the same cells but the unit come one after the other.
 */
static void
add_change(Stage *stage, List **changes, uint64 row, int first)
{
	DwhChange  *change = *changes == NIL ? NULL : llast(*changes);
	char	   *column = dwh_spi_text(row, first + 1);

	if (change == NULL || change->subject_id != dwh_spi_int(row, first) || change->from != dwh_spi_date(row, first + 3) ||
		change->to != dwh_spi_date(row, first + 4) || (column == NULL) != (change->unit_column == NULL) ||
		(column && strcmp(column, change->unit_column) != 0))
	{
		change = palloc0(sizeof(DwhChange));
		change->subject_id = dwh_spi_int(row, first);
		change->unit_column = column;
		change->from = dwh_spi_date(row, first + 3);
		change->to = dwh_spi_date(row, first + 4);
		*changes = lappend(*changes, change);
	}
	add_unit(stage, change, dwh_spi_int(row, first + 2), dwh_spi_bool(row, first + 5));
}

/* Takes the marks that the active snapshot sees. Returns those of indicators; those of cells become changes. */
static List *
take_marks(Stage *stage)
{
	List	   *marks = NIL;
	uint64		n = dwh_spi_select_under(GetActiveSnapshot(),
										 "WITH taken AS (DELETE FROM dwh_log.value_mark RETURNING *)"
										 " SELECT coalesce(indicator_id, 0), with_dependents, period_start, coalesce(subject_id, 0), unit_column, unit_id,"
										 " month_from, month_to, bool_or(presence_changed) FROM taken GROUP BY 1, 2, 3, 4, 5, 6, 7, 8"
										 " ORDER BY 1, 4, 5, 7, 8, 6");

	for (uint64 i = 0; i < n; i++)
	{
		if (dwh_spi_int(i, 4) == 0)
		{
			IndicatorMark *mark = palloc0(sizeof(IndicatorMark));

			mark->indicator_id = dwh_spi_int(i, 1);
			mark->with_dependents = dwh_spi_bool(i, 2);
			mark->from = dwh_spi_date(i, 3);
			marks = lappend(marks, mark);
			continue;
		}
		add_change(stage, &stage->changes, i, 4);
	}
	return marks;
}

/*
 * Lists the changed cells that the active snapshot sees and whose marks stage 1 has not taken: of subjects that are not refreshed, or
 * committed since then. The values read them as they are, so all that reads them is to be computed together.
 */
static void
list_pending(Stage *stage)
{
	uint64		n = dwh_spi_select("SELECT m.subject_id, coalesce(m.unit_column, CASE WHEN m.unit_id IS NOT NULL THEN s.unit_column END), m.unit_id,"
								   " m.month_from, m.month_to, true FROM dwh_log.cell_mark AS m JOIN dwh_catalog.subject AS s USING (subject_id)"
								   " GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 4, 5, 3", 0, NULL, NULL, NULL, true);

	for (uint64 i = 0; i < n; i++)
		add_change(stage, &stage->pending, i, 1);
}

/* ------------------------------------------------------------------ what is kept */

static void
load_kept(Stage *stage)
{
	uint64		n = dwh_spi_select("SELECT i.indicator_id, i.code, i.is_public, (SELECT coalesce(bit_or(1 << (array_position("
								   "'{month,quarter,half,year,ytd}'::text[], k) - 1)), 0) FROM unnest(i.kept_periods) AS k WHERE k = ANY (i.periods)),"
								   " (SELECT coalesce(bit_or(1 << (array_position('{country,region,province,base}'::text[], k) - 1)), 0)"
								   " FROM unnest(i.kept_levels) AS k), s.first_month, s.last_month"
								   " FROM dwh_catalog.indicator i LEFT JOIN dwh_catalog.indicator_span s USING (indicator_id)"
								   " WHERE i.is_kept ORDER BY i.indicator_id", 0, NULL, NULL, NULL, true);

	for (uint64 i = 0; i < n; i++)
	{
		DwhKept    *kept = palloc0(sizeof(DwhKept));

		kept->indicator_id = dwh_spi_int(i, 1);
		kept->indicator = dwh_catalogue_indicator(stage->catalogue, dwh_spi_text(i, 2));
		kept->is_public = dwh_spi_bool(i, 3);
		kept->period_types = dwh_spi_int(i, 4);
		kept->levels = dwh_spi_int(i, 5);
		kept->was_kept = !dwh_spi_isnull(i, 6);
		kept->old_first = dwh_spi_date(i, 6);
		kept->old_last = dwh_spi_date(i, 7);
		stage->kept = lappend(stage->kept, kept);
	}
}

/* The first and last month in which a subject has rows, by unit column; months too far ahead left out. */
typedef struct Presence
{
	int			subject_id;
	char	   *unit_column;
	DateADT		first;
	DateADT		last;
} Presence;

static List *
load_presence(void)
{
	List	   *result = NIL;
	Oid			types[1] = {DATEOID};
	Datum		values[1] = {DateADTGetDatum(dwh_month_add(dwh_frame_ytd(&(DwhFrame) {.last = dwh_month_start(dwh_today())}).first, 12 * MAX_YEARS_AHEAD + 11))};
	uint64		n = dwh_spi_select("SELECT * FROM (SELECT x.subject_id, x.unit_column, (SELECT min(p.month) FROM dwh_star.subject_presence p"
								   " WHERE p.subject_id = x.subject_id AND p.unit_column = x.unit_column AND p.month <= $1) AS first,"
								   " (SELECT max(p.month) FROM dwh_star.subject_presence p"
								   " WHERE p.subject_id = x.subject_id AND p.unit_column = x.unit_column AND p.month <= $1) AS last"
								   " FROM (SELECT DISTINCT s.subject_id, coalesce(m.unit_column, s.unit_column) AS unit_column"
								   " FROM dwh_catalog.subject s JOIN dwh_catalog.measure m USING (subject_id)) x) y WHERE y.first IS NOT NULL",
								   1, types, values, NULL, true);

	for (uint64 i = 0; i < n; i++)
	{
		Presence   *presence = palloc0(sizeof(Presence));

		presence->subject_id = dwh_spi_int(i, 1);
		presence->unit_column = dwh_spi_text(i, 2);
		presence->first = dwh_month_start(dwh_spi_date(i, 3));
		presence->last = dwh_month_start(dwh_spi_date(i, 4));
		result = lappend(result, presence);
	}
	return result;
}

/*
 * The months over which the facts of an indicator have rows, but for mistyped ones. Figures entered by people do not stretch it, unless there is nothing
 * else: they stand for their whole year, and plans are made for years to come.
 */
static void
find_span(Stage *stage, DwhKept *kept, List *presences)
{
	List	   *measures = kept->indicator ? dwh_reach_measures(stage->catalogue, kept->indicator) : NIL;
	bool		is_manual = true;
	ListCell   *m;

	foreach(m, measures)
		is_manual &= dwh_request_kind(lfirst(m)) == DWH_SCAN_MANUAL;
	foreach(m, measures)
	{
		DwhMeasure *measure = lfirst(m);
		ListCell   *p;

		if (!is_manual && dwh_request_kind(measure) == DWH_SCAN_MANUAL)
			continue;
		foreach(p, presences)
		{
			Presence   *presence = lfirst(p);
			DateADT		last = presence->last;

			if (presence->subject_id != measure->subject->subject_id || strcmp(presence->unit_column, measure->unit_column) != 0)
				continue;
			if (is_manual)
				last = dwh_month_add(dwh_frame_ytd(&(DwhFrame) {.last = last}).first, 11);
			kept->first = kept->has_span ? Min(kept->first, presence->first) : presence->first;
			kept->last = kept->has_span ? Max(kept->last, last) : last;
			kept->has_span = true;
		}
	}
	if (kept->has_span && dwh_month_diff(kept->first, kept->last) >= MAX_SPAN)
		kept->first = dwh_month_add(kept->last, 1 - MAX_SPAN);
}

/* Whether a period meets some months. */
bool
dwh_frame_meets(const DwhFrame *frame, DateADT first, DateADT last)
{
	return frame->last >= first && frame->first <= last;
}

/* The periods of a type that meet some months. */
static List *
frames_within(DwhPeriodType type, DateADT first, DateADT last)
{
	static const int steps[] = {
		[DWH_PERIOD_MONTH] = 1,[DWH_PERIOD_QUARTER] = 3,[DWH_PERIOD_HALF] = 6,[DWH_PERIOD_YEAR] = 12,[DWH_PERIOD_YTD] = 1
	};
	DateADT		year = dwh_frame_ytd(&(DwhFrame) {.last = first}).first;

	return dwh_period_frames(type, dwh_month_add(first, -(dwh_month_diff(year, first) % steps[type])), last, DATEVAL_NOEND);
}

/* Lists the periods of an indicator; those outside the months that were kept before are to be computed as a whole. */
static void
list_periods(DwhKept *kept)
{
	for (int type = DWH_PERIOD_MONTH; kept->has_span && type <= DWH_PERIOD_YTD; type++)
	{
		ListCell   *lc;

		if ((kept->period_types & (1 << type)) == 0)
			continue;
		foreach(lc, frames_within(type, kept->first, kept->last))
		{
			DwhDirty   *dirty = palloc0(sizeof(DwhDirty));

			dirty->kept = kept;
			dirty->asked.indicator = kept->indicator;
			dirty->asked.frame = *(DwhFrame *) lfirst(lc);
			dirty->all_units = !kept->was_kept || !dwh_frame_meets(&dirty->asked.frame, kept->old_first, kept->old_last);
			kept->dirty = lappend(kept->dirty, dirty);
		}
	}
}

/* All values of an indicator's periods that end from a day on, within some days. */
void
dwh_refresh_dirty_periods(DwhKept *kept, DateADT from, DateADT to)
{
	ListCell   *lc;

	foreach(lc, kept->dirty)
	{
		DwhDirty   *dirty = lfirst(lc);
		DateADT		end = dwh_month_end(dirty->asked.frame.last);

		dirty->all_units |= from <= end && end <= to;
	}
}

/* Whether anything of the period is to be computed. */
static bool
is_dirty(const DwhDirty *dirty)
{
	return dirty->all_units || dirty->units != NULL;
}

/* What a mark of an indicator reaches beside it, to be found within dwh_refresh_try(). */
typedef struct Dependents
{
	DwhCatalogue *catalogue;
	const char *code;
	List	   *list;			/* of DwhDependent */
} Dependents;

static void
find_dependents(void *arg)
{
	Dependents *dependents = arg;

	dependents->list = dwh_dependents(dependents->catalogue, dependents->code);
}

/* Applies the mark of an indicator. */
static void
apply_mark(Stage *stage, const IndicatorMark *mark)
{
	ListCell   *lc;
	ListCell   *d;
	Dependents	dependents = {.catalogue = stage->catalogue};
	bool		is_unknown = false;

	if (mark->indicator_id != 0)
		stage->revised = list_append_unique_int(stage->revised, mark->indicator_id);
	if (mark->with_dependents)
	{
		Oid			types[1] = {INT4OID};
		Datum		values[1] = {Int32GetDatum(mark->indicator_id)};

		if (dwh_spi_select("SELECT code FROM dwh_catalog.indicator WHERE indicator_id = $1", 1, types, values, NULL, true) > 0)
		{
			dependents.code = dwh_spi_text(0, 1);
			/* a formula somewhere that cannot be read: then anything may depend on it */
			if (dwh_catalogue_indicator(stage->catalogue, dependents.code))
				is_unknown = dwh_refresh_try(find_dependents, &dependents) != NULL;
		}
	}
	foreach(lc, stage->kept)
	{
		DwhKept    *kept = lfirst(lc);

		kept->is_revised |= kept->indicator_id == mark->indicator_id;
		if (kept->indicator_id == mark->indicator_id || mark->indicator_id == 0 || is_unknown)
			dwh_refresh_dirty_periods(kept, mark->from, DATEVAL_NOEND);
		foreach(d, dependents.list)
		{
			DwhDependent *dependent = lfirst(d);

			if (kept->indicator && dependent->indicator == kept->indicator)
				dwh_refresh_dirty_periods(kept, Max(mark->from, dependent->from), dependent->to);
		}
	}
}

/* ------------------------------------------------------------------ computing */

/* Whether the unit is to be computed. */
static bool
is_dirty_unit(void *arg, const DwhAsked *asked, int unit_id)
{
	const DwhDirty *dirty = (const DwhDirty *) asked;

	return dirty->all_units ||
		bms_is_member(dwh_closure_index(((Batch *) arg)->stage->closure, unit_id), dirty->units);
}

/* Adds an answer to the rows. */
static void
take_answer(void *arg, const DwhAnswer *answer)
{
	Batch	   *batch = arg;
	const DwhDirty *dirty = (const DwhDirty *) answer->asked;
	const DwhKept *kept = dirty->kept;
	int			is_frozen = (dirty->frozen >> answer->ev->level) & 1;
	DwhStatus	status = answer->value.status;
	Datum		values[DWH_KEPT_COLUMNS] = {0};
	bool		nulls[DWH_KEPT_COLUMNS] = {0};

	batch->stage->counts->values_computed++;
	if (answer->value.is_null && (status == DWH_STATUS_NO_DATA || status == DWH_STATUS_NO_SOURCE))
		return;
	values[0] = Int32GetDatum(kept->indicator_id);
	values[1] = CStringGetTextDatum(dwh_period_type_name(answer->asked->frame.type));
	values[2] = DateADTGetDatum(dwh_frame_label(&answer->asked->frame));
	values[3] = CStringGetTextDatum(level_names[answer->ev->level]);
	values[4] = Int32GetDatum(answer->unit->unit_id);
	values[5] = BoolGetDatum(answer->is_split);
	values[6] = Int32GetDatum(kept->indicator->subject_id);
	values[7] = BoolGetDatum(kept->is_public);
	values[8] = answer->value.number;
	nulls[8] = answer->value.is_null;
	values[9] = answer->numerator.number;
	nulls[9] = !answer->is_ratio || answer->numerator.is_null;
	values[10] = answer->denominator.number;
	nulls[10] = !answer->is_ratio || answer->denominator.is_null;
	values[11] = CStringGetTextDatum(dwh_status_name(status));
	values[12] = dwh_share_numeric(answer->value.completeness);
	nulls[13] = answer->version == NULL;
	values[13] = Int32GetDatum(answer->version ? answer->version->version : 0);
	for (int c = 0; c < DWH_KEPT_COLUMNS; c++)
		batch->columns[is_frozen][c] = accumArrayResult(batch->columns[is_frozen][c], values[c], nulls[c], columns_of[c].type, batch->context);
}

/* Names what was asked for: one row an indicator and period, or one a unit of it; the first four parameters of statements that compare. */
void
dwh_refresh_list_dirty(List *dirties, DwhClosure *closure, Datum *values)
{
	static const Oid types[4] = {INT4OID, TEXTOID, DATEOID, INT4OID};
	ArrayBuildState *columns[4] = {NULL};
	ListCell   *lc;

	foreach(lc, dirties)
	{
		DwhDirty   *dirty = lfirst(lc);
		int			u = -1;

		while (dirty->all_units ? u == -1 : (u = bms_next_member(dirty->units, u)) >= 0)
		{
			Datum		row[4];

			row[0] = Int32GetDatum(dirty->kept->indicator_id);
			row[1] = CStringGetTextDatum(dwh_period_type_name(dirty->asked.frame.type));
			row[2] = DateADTGetDatum(dwh_frame_label(&dirty->asked.frame));
			row[3] = dirty->all_units ? (Datum) 0 : Int32GetDatum(closure->units->units[u].unit_id);
			for (int c = 0; c < 4; c++)
				columns[c] = accumArrayResult(columns[c], row[c], c == 3 && dirty->all_units, types[c], CurrentMemoryContext);
			if (dirty->all_units)
				break;
		}
	}
	for (int c = 0; c < 4; c++)
		values[c] = makeArrayResult(columns[c], CurrentMemoryContext);
}

/* One kind of computed rows as arrays, parameter by parameter. */
static void
rows_as_arrays(Batch *batch, bool is_frozen, Datum *values)
{
	for (int c = 0; c < DWH_KEPT_COLUMNS; c++)
		values[c] = batch->columns[is_frozen][c] ? makeArrayResult(batch->columns[is_frozen][c], batch->context)
			: PointerGetDatum(construct_empty_array(columns_of[c].type));
}

/* Brings the kept values to what was computed: what is not there any more goes, what differs is written. */
static void
store_batch(Batch *batch, List *dirties, int levels)
{
	Oid			types[DWH_KEPT_COLUMNS + 1];
	Datum		values[DWH_KEPT_COLUMNS + 1];
	Oid			gone_types[4 + DWH_KEPT_KEY_COLUMNS] = {INT4ARRAYOID, TEXTARRAYOID, DATEARRAYOID, INT4ARRAYOID};
	Datum		gone_values[4 + DWH_KEPT_KEY_COLUMNS];
	DwhRefreshCounts *counts = batch->stage->counts;

	List	   *closed = NIL;
	ListCell   *lc;

	for (int c = 0; c < DWH_KEPT_COLUMNS; c++)
		types[c] = columns_of[c].array_type;
	rows_as_arrays(batch, false, values);
	types[DWH_KEPT_COLUMNS] = TIMESTAMPTZOID;
	values[DWH_KEPT_COLUMNS] = TimestampTzGetDatum(counts->started_at);
	dwh_refresh_list_dirty(dirties, batch->stage->closure, gone_values);
	memcpy(gone_types + 4, types, DWH_KEPT_KEY_COLUMNS * sizeof(Oid));
	memcpy(gone_values + 4, values, DWH_KEPT_KEY_COLUMNS * sizeof(Datum));
	counts->values_changed +=
		dwh_spi_run("WITH asked AS (SELECT * FROM unnest($1, $2, $3, $4) AS u (indicator_id, period_type, period_start, only_unit_id)),"
					" gone AS (SELECT v.indicator_id, v.period_type, v.period_start, v.unit_level, v.unit_id, v.is_split"
					" FROM dwh_star.indicator_value v JOIN asked a USING (indicator_id, period_type, period_start)"
					" WHERE v.stage IS NULL AND (a.only_unit_id IS NULL OR a.only_unit_id = v.unit_id)"
					" EXCEPT SELECT * FROM unnest($5, $6, $7, $8, $9, $10))"
					" DELETE FROM dwh_star.indicator_value v USING gone g WHERE (v.indicator_id, v.period_type, v.period_start, v.unit_level,"
					" v.unit_id, v.is_split) = (g.indicator_id, g.period_type, g.period_start, g.unit_level, g.unit_id, g.is_split)",
					4 + DWH_KEPT_KEY_COLUMNS, gone_types, gone_values, NULL, false, SPI_OK_DELETE);
	counts->values_changed +=
		dwh_spi_run("INSERT INTO dwh_star.indicator_value AS v (indicator_id, period_type, period_start, unit_level, unit_id, is_split, subject_id,"
					" is_public, value, numerator, denominator, status, completeness, version, computed_at)"
					" SELECT u.*, $15 FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) AS u"
					" ON CONFLICT (indicator_id, period_type, period_start, unit_level, unit_id, is_split) DO UPDATE SET subject_id = excluded.subject_id,"
					" is_public = excluded.is_public, value = excluded.value, numerator = excluded.numerator, denominator = excluded.denominator,"
					" status = excluded.status, completeness = excluded.completeness, version = excluded.version, computed_at = excluded.computed_at"
					" WHERE (v.subject_id, v.is_public, v.value, v.numerator, v.denominator, v.status, v.completeness, v.version) IS DISTINCT FROM"
					" (excluded.subject_id, excluded.is_public, excluded.value, excluded.numerator, excluded.denominator, excluded.status,"
					" excluded.completeness, excluded.version)",
					DWH_KEPT_COLUMNS + 1, types, values, NULL, false, SPI_OK_INSERT);

	foreach(lc, dirties)
		if (((DwhDirty *) lfirst(lc))->frozen)
			closed = lappend(closed, lfirst(lc));
	if (closed == NIL)
		return;
	rows_as_arrays(batch, true, values);
	counts->values_changed += dwh_refresh_store_closed(closed, levels, batch->stage->closure, types, values);
}

/* Computes and stores a part, in a context that is gone when it is done. To be called by dwh_refresh_try(). */
static void
compute_part(void *arg)
{
	Part	   *part = arg;
	Stage	   *stage = part->stage;
	DwhFamily  *family;
	DwhQuestion question = {0};
	Batch		batch = {0};

	dwh_spi_begin();
	family = palloc0(sizeof(DwhFamily));
	family->catalogue = stage->catalogue;
	family->units = stage->units;
	family->root_unit_id = dwh_unit_root();
	batch.stage = stage;
	batch.context = CurrentMemoryContext;
	question.family = family;
	for (int level = 0; level < DWH_MAP_LEVELS; level++)
		if (part->levels & (1 << level))
			question.levels = lappend_int(question.levels, level);
	question.asked = part->dirties;
	question.wants_unit = is_dirty_unit;
	question.take = take_answer;
	question.arg = &batch;
	dwh_question_answer(&question);
	store_batch(&batch, part->dirties, part->levels);
	dwh_spi_end();
}

/* The periods of a part in smaller ones: by indicator, or where it has only one, one by one. */
static List *
smaller_parts(List *dirties)
{
	List	   *parts = NIL;
	ListCell   *lc;
	bool		is_one = true;

	foreach(lc, dirties)
		is_one &= ((DwhDirty *) lfirst(lc))->kept == ((DwhDirty *) linitial(dirties))->kept;
	foreach(lc, dirties)
	{
		DwhDirty   *dirty = lfirst(lc);
		ListCell   *p;
		bool		is_found = false;

		foreach(p, is_one ? NIL : parts)
		{
			if (((DwhDirty *) linitial(lfirst(p)))->kept != dirty->kept)
				continue;
			lfirst(p) = lappend(lfirst(p), dirty);
			is_found = true;
		}
		if (!is_found)
			parts = lappend(parts, list_make1(dirty));
	}
	return parts;
}

/* Computes and stores periods of indicators that are kept at the same levels. What fails is narrowed down, recorded and left out. */
static void
compute_batch(Stage *stage, List *dirties, int levels)
{
	MemoryContext old = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(old, "dwh kept values", ALLOCSET_DEFAULT_SIZES);
	DwhRefreshCounts before = *stage->counts;
	Part		part = {.stage = stage,.dirties = dirties,.levels = levels};
	ErrorData  *error;
	ListCell   *lc;

	MemoryContextSwitchTo(context);
	error = dwh_refresh_try(compute_part, &part);
	MemoryContextSwitchTo(old);
	if (error)
	{
		*stage->counts = before;
		if (list_length(dirties) == 1)
			dwh_refresh_note_failure(((DwhDirty *) linitial(dirties))->kept, linitial(dirties), error, stage->counts);
		else
			foreach(lc, smaller_parts(dirties))
				compute_batch(stage, lfirst(lc), levels);
	}
	MemoryContextDelete(context);
}

/* By levels, then period, so that a batch shares its scans. */
static int
compare_dirty(const ListCell *a, const ListCell *b)
{
	const DwhDirty *x = lfirst(a);
	const DwhDirty *y = lfirst(b);

	if (x->kept->levels != y->kept->levels)
		return x->kept->levels - y->kept->levels;
	if (x->asked.frame.type != y->asked.frame.type)
		return (int) x->asked.frame.type - (int) y->asked.frame.type;
	if (x->asked.frame.last != y->asked.frame.last)
		return x->asked.frame.last < y->asked.frame.last ? -1 : 1;
	return x->kept->indicator_id - y->kept->indicator_id;
}

/* Computes everything that is dirty, some periods at once. */
static void
compute(Stage *stage)
{
	List	   *all = NIL;
	List	   *batch = NIL;
	int			nperiods = 0;
	DwhDirty   *previous = NULL;
	ListCell   *k;
	ListCell   *d;

	foreach(k, stage->kept)
		foreach(d, ((DwhKept *) lfirst(k))->dirty)
			if (is_dirty(lfirst(d)))
				all = lappend(all, lfirst(d));
	list_sort(all, compare_dirty);
	foreach(d, all)
	{
		DwhDirty   *dirty = lfirst(d);
		bool		is_like = previous && previous->kept->levels == dirty->kept->levels;
		bool		is_same = is_like && previous->asked.frame.type == dirty->asked.frame.type &&
			previous->asked.frame.last == dirty->asked.frame.last;

		if (previous && (!is_like || (!is_same && nperiods == PERIODS_AT_ONCE)))
		{
			compute_batch(stage, batch, previous->kept->levels);
			batch = NIL;
			nperiods = 0;
		}
		if (batch == NIL || !is_same)
			nperiods++;
		batch = lappend(batch, dirty);
		previous = dirty;
	}
	if (batch != NIL)
		compute_batch(stage, batch, previous->kept->levels);
}

/* ------------------------------------------------------------------ the months that are kept */

/* Drops the values of an indicator that are not of its levels and periods any more, or all. */
static void
drop_outside(Stage *stage, int indicator_id, const DwhKept *kept)
{
	Oid			types[1] = {INT4OID};
	Datum		values[1] = {Int32GetDatum(indicator_id)};
	StringInfoData levels;
	StringInfoData periods;

	initStringInfo(&levels);
	initStringInfo(&periods);
	for (int level = 0; kept && level < DWH_MAP_LEVELS; level++)
		if (kept->levels & (1 << level))
			appendStringInfo(&levels, "%s%s", levels.len > 0 ? "," : "", level_names[level]);
	for (int type = DWH_PERIOD_MONTH; kept && kept->has_span && type <= DWH_PERIOD_YTD; type++)
	{
		List	   *frames;

		if ((kept->period_types & (1 << type)) == 0)
			continue;
		frames = frames_within(type, kept->first, kept->last);
		appendStringInfo(&periods, "%s(period_type = '%s' AND period_start BETWEEN '%s' AND '%s')", periods.len > 0 ? " OR " : "",
						 dwh_period_type_name(type), dwh_date_iso(dwh_frame_label(linitial(frames))), dwh_date_iso(dwh_frame_label(llast(frames))));
	}
	stage->counts->values_changed +=
		dwh_spi_run(psprintf("DELETE FROM dwh_star.indicator_value WHERE indicator_id = $1 AND stage IS NULL"
							 " AND NOT (unit_level = ANY ('{%s}') AND (%s))", levels.data, periods.len > 0 ? periods.data : "false"),
					1, types, values, NULL, false, SPI_OK_DELETE);
}

/* Brings the list of spans to what it is now, and drops what lies outside. */
static void
store_spans(Stage *stage)
{
	ListCell   *lc;

	foreach(lc, stage->revised)
	{
		bool		is_kept = false;
		ListCell   *k;

		foreach(k, stage->kept)
			is_kept |= ((DwhKept *) lfirst(k))->indicator_id == lfirst_int(lc);
		if (!is_kept)
		{
			Oid			types[1] = {INT4OID};
			Datum		values[1] = {Int32GetDatum(lfirst_int(lc))};

			drop_outside(stage, lfirst_int(lc), NULL);
			(void) dwh_spi_run("DELETE FROM dwh_catalog.indicator_span WHERE indicator_id = $1", 1, types, values, NULL, false, SPI_OK_DELETE);
		}
	}
	foreach(lc, stage->kept)
	{
		DwhKept    *kept = lfirst(lc);
		Oid			types[3] = {INT4OID, DATEOID, DATEOID};
		Datum		values[3] = {Int32GetDatum(kept->indicator_id), DateADTGetDatum(kept->first), DateADTGetDatum(kept->last)};
		bool		is_moved = kept->has_span != kept->was_kept ||
			(kept->has_span && (kept->first != kept->old_first || kept->last != kept->old_last));

		if (kept->error)
			continue;
		if (is_moved || kept->is_revised)
			drop_outside(stage, kept->indicator_id, kept);
		if (is_moved && kept->has_span)
			(void) dwh_spi_run("INSERT INTO dwh_catalog.indicator_span VALUES ($1, $2, $3) ON CONFLICT (indicator_id) DO UPDATE"
							   " SET first_month = excluded.first_month, last_month = excluded.last_month", 3, types, values, NULL, false, SPI_OK_INSERT);
		else if (is_moved)
			(void) dwh_spi_run("DELETE FROM dwh_catalog.indicator_span WHERE indicator_id = $1", 1, types, values, NULL, false, SPI_OK_DELETE);
	}
}

/* Whether nothing is marked and nothing failed, so that there is nothing to do. */
static bool
nothing_marked(void)
{
	return dwh_spi_select("SELECT 1 FROM dwh_log.value_mark UNION ALL SELECT 1 FROM dwh_log.refresh_failure LIMIT 1", 0, NULL, NULL, NULL,
						  false) == 0;
}

/* Takes the value lock: held to the end of the transaction by whoever writes kept values or closes a period. */
void
dwh_value_lock(void)
{
	if (dwh_spi_select("SELECT FROM dwh_catalog.value_lock WHERE lock_id = 1 FOR NO KEY UPDATE", 0, NULL, NULL, NULL, false) != 1)
		elog(ERROR, "dwh_catalog.value_lock has no row");
}

/* What is done for one indicator before anything is computed, within dwh_refresh_try(). */
typedef struct Listing
{
	Stage	   *stage;
	DwhKept    *kept;
	List	   *arg;			/* of Presence, or of DwhChange */
} Listing;

static void
list_kept(void *arg)
{
	Listing    *listing = arg;

	find_span(listing->stage, listing->kept, listing->arg);
	list_periods(listing->kept);
}

static void
reach_kept(void *arg)
{
	Listing    *listing = arg;

	dwh_reach(listing->stage->catalogue, listing->stage->units, listing->kept, listing->arg);
}

/* The same where anything of it is computed at all. */
static void
reach_computed(void *arg)
{
	ListCell   *lc;

	foreach(lc, ((Listing *) arg)->kept->dirty)
		if (is_dirty(lfirst(lc)))
		{
			reach_kept(arg);
			return;
		}
}

/* Does one of them for every indicator that did not fail before. One that fails now is left out, and as a whole. */
static void
for_each_kept(Stage *stage, void (*work) (void *), List *arg)
{
	ListCell   *lc;

	foreach(lc, stage->kept)
	{
		DwhKept    *kept = lfirst(lc);
		Listing		listing = {.stage = stage,.kept = kept,.arg = arg};

		if (kept->error == NULL)
			kept->error = dwh_refresh_try(work, &listing);
		if (kept->error)
			kept->dirty = NIL;
	}
}

/*
 * Stage 2: see refresh.h. All that is read is read under one snapshot, taken under the value lock: what is kept is of one state, and
 * what is committed meanwhile is in no value or, by its mark, in all. of_all: stage 1 has been through every subject.
 */
void
dwh_refresh_values(DwhRefreshCounts *counts, bool of_all)
{
	Stage		stage = {0};
	List	   *marks;
	List	   *presences;
	ListCell   *lc;

	dwh_value_lock();
	if (nothing_marked())
		return;
	stage.counts = counts;

	/* units are read as they are after the snapshot: of a change whose mark is taken nothing is missing */
	PushActiveSnapshot(GetTransactionSnapshot());
	stage.units = dwh_unit_table_load();
	stage.closure = dwh_closure_make(stage.units);
	marks = take_marks(&stage);
	list_pending(&stage);
	if (of_all)
		stage.changes = list_concat(stage.changes, stage.pending);
	stage.catalogue = dwh_catalogue_load();
	load_kept(&stage);
	presences = load_presence();
	for_each_kept(&stage, list_kept, presences);
	dwh_refresh_find_closed(stage.kept);
	foreach(lc, marks)
		apply_mark(&stage, lfirst(lc));
	dwh_refresh_load_failures(stage.kept);
	if (stage.changes != NIL)
		for_each_kept(&stage, reach_kept, stage.changes);
	if (stage.pending != NIL && !of_all)
		for_each_kept(&stage, reach_computed, stage.pending);
	store_spans(&stage);
	foreach(lc, stage.kept)
		if (((DwhKept *) lfirst(lc))->error)
			dwh_refresh_note_failure(lfirst(lc), NULL, ((DwhKept *) lfirst(lc))->error, counts);
	compute(&stage);
	PopActiveSnapshot();
	dwh_refresh_forget_failures(counts->started_at);
}

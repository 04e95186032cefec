/*
 * refresh_closed.c
 *		What stage 2 of dwh.refresh() does for closed periods; see refresh.h.
 *
 * The rows of dwh_star.indicator_value that a closing froze (stage) stand. What is computed for them goes to
 * dwh_star.indicator_value_pending wherever it differs in anything, a value that is gone with status no_data; what is as it was
 * frozen has no row there. So the rows of both tables tell at any time what would be kept were the period open.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "common/spi.h"
#include "indicator/closed.h"
#include "indicator/refresh.h"

/* The period of a kept indicator; added, to be looked at where a change reaches it, when it lies outside the months that are kept. */
static DwhDirty *
period_of(DwhKept *kept, const DwhFrame *frame)
{
	DwhDirty   *dirty;
	ListCell   *lc;

	foreach(lc, kept->dirty)
	{
		dirty = lfirst(lc);
		if (dirty->asked.frame.type == frame->type && dirty->asked.frame.last == frame->last)
			return dirty;
	}
	dirty = palloc0(sizeof(DwhDirty));
	dirty->kept = kept;
	dirty->asked.indicator = kept->indicator;
	dirty->asked.frame = *frame;
	dirty->all_units = kept->was_kept && dwh_frame_meets(frame, kept->old_first, kept->old_last);
	kept->dirty = lappend(kept->dirty, dirty);
	return dirty;
}

/* Notes of each period of kept indicators at which levels a closing in force holds its values. */
void
dwh_refresh_find_closed(List *kept)
{
	ListCell   *lc = list_head(kept);
	uint64		n = dwh_spi_select("SELECT x.indicator_id, c.period_type, c.period_start,"
								   " (SELECT coalesce(bit_or(1 << (array_position('{country,region,province,base}'::text[], l) - 1)), 0) FROM unnest(x.levels) AS l)"
								   " FROM dwh_catalog.period_closing AS c JOIN dwh_catalog.period_closing_indicator AS x USING (closing_id)"
								   " WHERE " DWH_CLOSING_IN_FORCE " ORDER BY 1, 2, 3", 0, NULL, NULL, NULL, true);

	for (uint64 i = 0; i < n; i++)
	{
		int			indicator_id = dwh_spi_int(i, 1);
		DwhPeriodType type = dwh_period_type_parse(dwh_spi_text(i, 2));
		DateADT		label = dwh_spi_date(i, 3);
		int			levels = dwh_spi_int(i, 4);
		DwhKept    *one;

		/* both are in the order of the indicators */
		while (lc && ((DwhKept *) lfirst(lc))->indicator_id < indicator_id)
			lc = lnext(kept, lc);
		if (lc == NULL)
			return;
		one = lfirst(lc);
		if (one->indicator_id == indicator_id && one->indicator && one->error == NULL && (one->period_types & (1 << type)))
			period_of(one, linitial(dwh_period_frames(type, label, label, DATEVAL_NOEND)))->frozen = levels & one->levels;
	}
}

/*
 * Puts beside the frozen values of some periods what was computed for them. rows: the columns of the computed rows as arrays, and the
 * time. Returns how many rows came or changed.
 */
int64
dwh_refresh_store_closed(List *dirties, int levels, DwhClosure *closure, const Oid *row_types, const Datum *rows)
{
	static const char *const level_names[DWH_MAP_LEVELS] = {"country", "region", "province", "base"};
	Oid			types[4 + DWH_KEPT_COLUMNS + 2] = {INT4ARRAYOID, TEXTARRAYOID, DATEARRAYOID, INT4ARRAYOID};
	Datum		values[4 + DWH_KEPT_COLUMNS + 2];
	ArrayBuildState *names = NULL;

	dwh_refresh_list_dirty(dirties, closure, values);
	memcpy(types + 4, row_types, (DWH_KEPT_COLUMNS + 1) * sizeof(Oid));
	memcpy(values + 4, rows, (DWH_KEPT_COLUMNS + 1) * sizeof(Datum));
	for (int level = 0; level < DWH_MAP_LEVELS; level++)
		if (levels & (1 << level))
			names = accumArrayResult(names, CStringGetTextDatum(level_names[level]), false, TEXTOID, CurrentMemoryContext);
	types[4 + DWH_KEPT_COLUMNS + 1] = TEXTARRAYOID;
	values[4 + DWH_KEPT_COLUMNS + 1] = makeArrayResult(names, CurrentMemoryContext);
	return dwh_spi_run("WITH asked AS (SELECT * FROM unnest($1, $2, $3, $4) AS u (indicator_id, period_type, period_start, only_unit_id)),"
					   " computed AS (SELECT * FROM unnest($5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) AS u (indicator_id, period_type,"
					   " period_start, unit_level, unit_id, is_split, subject_id, is_public, value, numerator, denominator, status, completeness, version)),"
					   " frozen AS (SELECT v.* FROM dwh_star.indicator_value AS v JOIN asked AS a USING (indicator_id, period_type, period_start)"
					   " WHERE v.stage IS NOT NULL AND v.unit_level = ANY ($20) AND (a.only_unit_id IS NULL OR a.only_unit_id = v.unit_id)),"
					   " differing AS MATERIALIZED (SELECT indicator_id, period_type, period_start, unit_level, unit_id, is_split,"
					   " coalesce(n.subject_id, v.subject_id) AS subject_id, coalesce(n.is_public, v.is_public) AS is_public, n.value, n.numerator,"
					   " n.denominator, coalesce(n.status, 'no_data') AS status, coalesce(n.completeness, 0) AS completeness, n.version"
					   " FROM computed AS n FULL JOIN frozen AS v USING (indicator_id, period_type, period_start, unit_level, unit_id, is_split)"
					   " WHERE (n.subject_id, n.is_public, n.value, n.numerator, n.denominator, n.status, n.completeness, n.version) IS DISTINCT FROM"
					   " (v.subject_id, v.is_public, v.value, v.numerator, v.denominator, v.status, v.completeness, v.version)),"
					   " gone AS (DELETE FROM dwh_star.indicator_value_pending AS p USING asked AS a WHERE (p.indicator_id, p.period_type, p.period_start)"
					   " = (a.indicator_id, a.period_type, a.period_start) AND p.unit_level = ANY ($20)"
					   " AND (a.only_unit_id IS NULL OR a.only_unit_id = p.unit_id) AND NOT EXISTS (SELECT FROM differing AS d"
					   " WHERE (d.indicator_id, d.period_type, d.period_start, d.unit_level, d.unit_id, d.is_split)"
					   " = (p.indicator_id, p.period_type, p.period_start, p.unit_level, p.unit_id, p.is_split)))"
					   " INSERT INTO dwh_star.indicator_value_pending AS p (indicator_id, period_type, period_start, unit_level, unit_id, is_split, subject_id,"
					   " is_public, value, numerator, denominator, status, completeness, version, computed_at) SELECT d.*, $19 FROM differing AS d"
					   " ON CONFLICT (indicator_id, period_type, period_start, unit_level, unit_id, is_split) DO UPDATE SET subject_id = excluded.subject_id,"
					   " is_public = excluded.is_public, value = excluded.value, numerator = excluded.numerator, denominator = excluded.denominator,"
					   " status = excluded.status, completeness = excluded.completeness, version = excluded.version, computed_at = excluded.computed_at"
					   " WHERE (p.subject_id, p.is_public, p.value, p.numerator, p.denominator, p.status, p.completeness, p.version) IS DISTINCT FROM"
					   " (excluded.subject_id, excluded.is_public, excluded.value, excluded.numerator, excluded.denominator, excluded.status,"
					   " excluded.completeness, excluded.version)",
					   lengthof(types), types, values, NULL, false, SPI_OK_INSERT);
}

/*
 * closed.c
 *		Closed periods: which they are, and the values that were frozen when they were closed; see closed.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "common/spi.h"
#include "indicator/catalogue_edit.h"
#include "indicator/closed.h"

/* SQL: whether c, a row of period_closing, is in force: the last one of its period, and not reopened. */
#define IN_FORCE \
	"c.reopened_at IS NULL AND NOT EXISTS (SELECT FROM dwh_catalog.period_closing AS n WHERE n.indicator_group = c.indicator_group " \
	"AND n.period_type = c.period_type AND n.period_start = c.period_start AND n.closing_no > c.closing_no)"

/* See closed.h. */
char *
dwh_closing_covering(const char *indicator_group, DateADT first, DateADT last, char **period)
{
	DwhEditParams params = {0};

	dwh_edit_add_text(&params, indicator_group);
	dwh_edit_add_date(&params, first);
	dwh_edit_add_date(&params, last);
	if (dwh_edit_select("SELECT c.stage, c.period_type || ' ' || to_char(c.period_start, 'YYYY-MM-DD') FROM dwh_catalog.period_closing AS c "
						"WHERE c.indicator_group = $1 AND c.first_day <= $2 AND $3 <= c.last_day AND " IN_FORCE
						" ORDER BY c.last_day - c.first_day LIMIT 1", &params) == 0)
		return NULL;
	*period = dwh_spi_text(0, 2);
	return dwh_spi_text(0, 1);
}

/* See closed.h. */
bool
dwh_closed_public_value(const char *indicator_code, const DwhFrame *frame, int unit_id, DwhValue *value)
{
	Oid			types[4] = {TEXTOID, TEXTOID, DATEOID, INT4OID};
	Datum		values[4];
	Datum		number;
	bool		is_null;

	if (frame->map_on != dwh_month_end(frame->last))
		return false;
	values[0] = CStringGetTextDatum(indicator_code);
	values[1] = CStringGetTextDatum(dwh_period_type_name(frame->type));
	values[2] = DateADTGetDatum(dwh_frame_label(frame));
	values[3] = Int32GetDatum(unit_id);
	if (dwh_spi_select("SELECT v.value, v.status, v.completeness::float8 FROM dwh_catalog.indicator AS i "
					   "JOIN dwh_catalog.period_closing AS c ON c.indicator_group = i.indicator_group "
					   "JOIN dwh_star.indicator_vintage AS v USING (closing_id, indicator_id) "
					   "WHERE i.code = $1 AND i.is_public AND c.period_type = $2 AND c.period_start = $3 AND v.unit_id = $4 AND NOT v.is_split AND " IN_FORCE,
					   4, types, values, NULL, true) == 0)
		return false;
	number = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null);
	value->is_null = is_null;
	value->number = is_null ? (Datum) 0 : datumCopy(number, false, -1);
	value->status = dwh_status_parse(dwh_spi_text(0, 2));
	value->completeness = DatumGetFloat8(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 3, &is_null));
	return true;
}

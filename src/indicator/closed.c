/*
 * closed.c
 *		Closed periods: which they are, and the values that were frozen when they were closed; see closed.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "common/spi.h"
#include "indicator/catalogue_edit.h"
#include "indicator/closed.h"

/* See closed.h. */
char *
dwh_closing_covering(const char *indicator_group, DateADT first, DateADT last, char **period)
{
	DwhEditParams params = {0};

	dwh_edit_add_text(&params, indicator_group);
	dwh_edit_add_date(&params, first);
	dwh_edit_add_date(&params, last);
	if (dwh_edit_select("SELECT c.stage, c.period_type || ' ' || to_char(c.period_start, 'YYYY-MM-DD') FROM dwh_catalog.period_closing AS c "
						"WHERE c.indicator_group = $1 AND c.first_day <= $2 AND $3 <= c.last_day AND " DWH_CLOSING_IN_FORCE
						" ORDER BY c.last_day - c.first_day LIMIT 1", &params) == 0)
		return NULL;
	*period = dwh_spi_text(0, 2);
	return dwh_spi_text(0, 1);
}

/* See closed.h. */
bool
dwh_closed_public_value(const char *indicator_code, const DwhFrame *frame, DwhMapLevel level, int unit_id, DwhValue *value)
{
	Oid			types[5] = {TEXTOID, TEXTOID, DATEOID, INT4OID, INT4OID};
	Datum		values[5];
	Datum		number;
	bool		is_null;

	if (frame->map_on != dwh_month_end(frame->last))
		return false;
	values[0] = CStringGetTextDatum(indicator_code);
	values[1] = CStringGetTextDatum(dwh_period_type_name(frame->type));
	values[2] = DateADTGetDatum(dwh_frame_label(frame));
	values[3] = Int32GetDatum(unit_id);
	values[4] = Int32GetDatum(level);
	if (dwh_spi_select("SELECT v.value, v.status, v.completeness::float8 FROM dwh_catalog.indicator AS i "
					   "JOIN dwh_catalog.period_closing AS c ON c.indicator_group = i.indicator_group "
					   "JOIN dwh_star.indicator_vintage AS v USING (closing_id, indicator_id) "
					   "WHERE i.code = $1 AND i.is_public AND c.period_type = $2 AND c.period_start = $3 AND v.unit_id = $4"
					   " AND v.unit_level = ('{country,region,province,base}'::text[])[$5 + 1] AND NOT v.is_split AND " DWH_CLOSING_IN_FORCE,
					   5, types, values, NULL, true) == 0)
		return false;
	number = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null);
	value->is_null = is_null;
	value->number = is_null ? (Datum) 0 : datumCopy(number, false, -1);
	value->status = dwh_status_parse(dwh_spi_text(0, 2));
	value->completeness = DatumGetFloat8(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 3, &is_null));
	return true;
}

/* ------------------------------------------------------------------ what answers for a closed period */

/* SQL: whether two rows, n as computed now and v as frozen (or missing), show different figures. */
#define FIGURE_DIFFERS "(v.value, v.numerator, v.denominator, coalesce(v.status, 'no_data')) IS DISTINCT FROM (n.value, n.numerator, n.denominator, n.status)"

/* A question, to be found by what the rows of a statement say. */
typedef struct AskedEntry
{
	int			indicator_id;
	DateADT		period_start;
	DwhAsked   *asked;
} AskedEntry;

/* Whole numbers, each once, as an array of a type that is stored as int4. */
static Datum
distinct_array(List *numbers, Oid type)
{
	ArrayBuildState *elements = initArrayResult(type, CurrentMemoryContext, false);
	ListCell   *lc;

	list_sort(numbers, list_int_cmp);
	foreach(lc, numbers)
		if (foreach_current_index(lc) == 0 || lfirst_int(lc) != list_nth_int(numbers, foreach_current_index(lc) - 1))
			elements = accumArrayResult(elements, Int32GetDatum(lfirst_int(lc)), false, type, CurrentMemoryContext);
	return makeArrayResult(elements, CurrentMemoryContext);
}

/* The questions by indicator and period; also as arrays without repetition, for a statement. */
static HTAB *
index_asked(List *asked, Datum *starts, Datum *indicators)
{
	HASHCTL		ctl = {0};
	HTAB	   *index;
	List	   *seen_starts = NIL;
	List	   *seen_indicators = NIL;
	ListCell   *lc;

	ctl.keysize = offsetof(AskedEntry, asked);
	ctl.entrysize = sizeof(AskedEntry);
	ctl.hcxt = CurrentMemoryContext;
	index = hash_create("dwh asked periods", 256, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	foreach(lc, asked)
	{
		DwhAsked   *one = lfirst(lc);
		AskedEntry	key = {.indicator_id = one->indicator->indicator_id,.period_start = dwh_frame_label(&one->frame)};
		bool		found;

		((AskedEntry *) hash_search(index, &key, HASH_ENTER, &found))->asked = one;
		seen_starts = lappend_int(seen_starts, key.period_start);
		seen_indicators = lappend_int(seen_indicators, key.indicator_id);
	}
	*starts = distinct_array(seen_starts, DATEOID);
	*indicators = distinct_array(seen_indicators, INT4OID);
	return index;
}

/* A numeric column of a row of the last statement, as a value. */
static DwhValue
number_of(uint64 row, int column)
{
	DwhValue	value = {0};
	Datum		number = SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, &value.is_null);

	if (!value.is_null)
		value.number = datumCopy(number, false, -1);
	return value;
}

/* Reads what the closings that were found froze. */
static void
load_values(HTAB *index, Datum closings, Datum indicators, int levels, int unit_id)
{
	Oid			types[4] = {INT4ARRAYOID, INT4ARRAYOID, INT4OID, INT4OID};
	Datum		values[4] = {closings, indicators, Int32GetDatum(levels), Int32GetDatum(unit_id)};
	uint64		n;

	n = dwh_spi_select("SELECT v.indicator_id, c.period_start, x.level, v.unit_id, v.is_split, v.value, v.numerator, v.denominator, v.status,"
					   " v.completeness::float8, v.version, v.computed_at"
					   " FROM unnest($1, $2) AS a (closing_id, indicator_id) JOIN dwh_catalog.period_closing AS c USING (closing_id)"
					   " JOIN dwh_star.indicator_vintage AS v USING (closing_id, indicator_id)"
					   " CROSS JOIN LATERAL (SELECT array_position('{country,region,province,base}'::text[], v.unit_level) - 1) AS x (level)"
					   " WHERE ($3 >> x.level) & 1 = 1 AND ($4 = 0 OR v.unit_id = $4)", 4, types, values, NULL, true);
	for (uint64 i = 0; i < n; i++)
	{
		AskedEntry	key = {.indicator_id = dwh_spi_int(i, 1),.period_start = dwh_spi_date(i, 2)};
		AskedEntry *entry = hash_search(index, &key, HASH_FIND, NULL);
		DwhClosedKey value_key = {.level = dwh_spi_int(i, 3),.unit_id = dwh_spi_int(i, 4),.is_split = dwh_spi_bool(i, 5)};
		DwhClosedValue *value;
		bool		flag;

		value = hash_search(entry->asked->closed->values, &value_key, HASH_ENTER, &flag);
		value->value = number_of(i, 6);
		value->numerator = number_of(i, 7);
		value->denominator = number_of(i, 8);
		value->value.status = dwh_status_parse(dwh_spi_text(i, 9));
		value->value.completeness = DatumGetFloat8(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 10, &flag));
		value->version = dwh_spi_int(i, 11);
		value->computed_at = dwh_spi_text(i, 12);
	}
}

/* See closed.h. */
void
dwh_closed_attach(List *asked, const TimestampTz *as_of, int levels, int unit_id)
{
	Oid			types[4] = {TEXTOID, DATEARRAYOID, INT4ARRAYOID, TIMESTAMPTZOID};
	Datum		values[4];
	ArrayBuildState *found[2] = {NULL};
	HTAB	   *index;
	HASHCTL		ctl = {0};
	uint64		n;

	if (asked == NIL)
		return;
	index = index_asked(asked, &values[1], &values[2]);
	values[0] = CStringGetTextDatum(dwh_period_type_name(((DwhAsked *) linitial(asked))->frame.type));
	values[3] = TimestampTzGetDatum(as_of ? *as_of : DT_NOEND);
	n = dwh_spi_select(psprintf("SELECT i.indicator_id, c.period_start, c.closing_id, c.closing_no, c.stage, c.closed_at, c.decision_no,"
								" (SELECT coalesce(bit_or(1 << (array_position('{country,region,province,base}'::text[], l) - 1)), 0) FROM unnest(x.levels) AS l),"
								" EXISTS (SELECT FROM dwh_star.indicator_value_pending AS n LEFT JOIN dwh_star.indicator_vintage AS v"
								" ON (v.closing_id, v.indicator_id, v.unit_level, v.unit_id, v.is_split)"
								" = (c.closing_id, n.indicator_id, n.unit_level, n.unit_id, n.is_split)"
								" WHERE (n.indicator_id, n.period_type, n.period_start) = (i.indicator_id, c.period_type, c.period_start) AND " FIGURE_DIFFERS ")"
								" FROM dwh_catalog.period_closing AS c JOIN dwh_catalog.indicator AS i USING (indicator_group)"
								" LEFT JOIN dwh_catalog.period_closing_indicator AS x USING (closing_id, indicator_id)"
								" WHERE c.period_type = $1 AND c.period_start = ANY ($2) AND i.indicator_id = ANY ($3) AND %s",
								as_of == NULL ? DWH_CLOSING_IN_FORCE :
								"c.closed_at <= $4 AND NOT EXISTS (SELECT FROM dwh_catalog.period_closing AS n WHERE n.indicator_group = c.indicator_group"
								" AND n.period_type = c.period_type AND n.period_start = c.period_start AND n.closing_no > c.closing_no AND n.closed_at <= $4)"),
					   4, types, values, NULL, true);
	ctl.keysize = sizeof(DwhClosedKey);
	ctl.entrysize = sizeof(DwhClosedValue);
	ctl.hcxt = CurrentMemoryContext;
	for (uint64 i = 0; i < n; i++)
	{
		AskedEntry	key = {.indicator_id = dwh_spi_int(i, 1),.period_start = dwh_spi_date(i, 2)};
		AskedEntry *entry = hash_search(index, &key, HASH_FIND, NULL);
		DwhClosed  *closed = palloc0(sizeof(DwhClosed));

		closed->closing_id = dwh_spi_int(i, 3);
		closed->closing_no = dwh_spi_int(i, 4);
		closed->stage = dwh_spi_text(i, 5);
		closed->closed_at = dwh_spi_text(i, 6);
		closed->decision = dwh_spi_text(i, 7);
		closed->levels = dwh_spi_int(i, 8);
		closed->is_revised = dwh_spi_bool(i, 9);
		closed->values = hash_create("dwh closed values", 64, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
		entry->asked->closed = closed;
		if ((closed->levels & levels) == 0)
			continue;
		found[0] = accumArrayResult(found[0], Int32GetDatum(closed->closing_id), false, INT4OID, CurrentMemoryContext);
		found[1] = accumArrayResult(found[1], Int32GetDatum(key.indicator_id), false, INT4OID, CurrentMemoryContext);
	}
	if (found[0])
		load_values(index, makeArrayResult(found[0], CurrentMemoryContext), makeArrayResult(found[1], CurrentMemoryContext), levels, unit_id);
}

/* See closed.h. */
bool
dwh_closed_answers(const DwhAsked *asked, DwhMapLevel level)
{
	return asked->closed && (asked->closed->levels & (1 << level)) && asked->frame.map_on == dwh_month_end(asked->frame.last);
}

/* See closed.h. */
const DwhClosedValue *
dwh_closed_value(const DwhClosed *closed, DwhMapLevel level, int unit_id, bool is_split)
{
	DwhClosedKey key = {.level = level,.unit_id = unit_id,.is_split = is_split};

	return hash_search(closed->values, &key, HASH_FIND, NULL);
}

/* See closed.h. */
void
dwh_closed_require(const DwhAsked *asked, DwhMapLevel level)
{
	if (dwh_closed_answers(asked, level))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("no value of \"%s\" for %s %s was stored by p_as_of", asked->indicator->code, dwh_period_type_name(asked->frame.type),
					dwh_edit_date_text(dwh_frame_label(&asked->frame))),
			 asked->closed ? errdetail("The period was closed at %s, but the values of these units were not kept then.", asked->closed->closed_at) :
			 errdetail("The period had not been closed, and facts are not bitemporal: past states exist only of what was closed."),
			 errhint("View dwh.closed_periods lists what was closed, and when.")));
}

/* See closed.h. */
void
dwh_closed_refuse_revision(DwhAttempt *attempt, DwhCatalogue *catalogue, DwhIndicator *indicator, DateADT from)
{
	Oid			types[4] = {INT4OID, INT4ARRAYOID, DATEARRAYOID, DATEARRAYOID};
	Datum		values[4] = {Int32GetDatum(indicator->indicator_id)};
	DwhDependent itself = {.indicator = indicator,.from = from,.to = DATEVAL_NOEND};
	ArrayBuildState *columns[3] = {NULL};
	static const Oid element_types[3] = {INT4OID, DATEOID, DATEOID};
	ListCell   *lc;
	char	   *stage;
	char	   *code;

	foreach(lc, lcons(&itself, dwh_dependents(catalogue, indicator->code)))
	{
		DwhDependent *dependent = lfirst(lc);
		Datum		row[3] = {Int32GetDatum(dependent->indicator->indicator_id), DateADTGetDatum(Max(from, dependent->from)), DateADTGetDatum(dependent->to)};

		for (int i = 0; i < 3; i++)
			columns[i] = accumArrayResult(columns[i], row[i], false, element_types[i], CurrentMemoryContext);
	}
	for (int i = 0; i < 3; i++)
		values[1 + i] = makeArrayResult(columns[i], CurrentMemoryContext);
	/* what was frozen of it and of those that follow from it: a closing does not hold what it never had */
	if (dwh_spi_select_latest("SELECT c.stage, c.period_type || ' ' || to_char(c.period_start, 'YYYY-MM-DD'), c.indicator_group, i.code"
							  " FROM dwh_catalog.period_closing AS c JOIN dwh_catalog.period_closing_indicator AS x USING (closing_id)"
							  " JOIN dwh_catalog.indicator AS i USING (indicator_id)"
							  " WHERE EXISTS (SELECT FROM unnest($2, $3, $4) AS d (indicator_id, valid_from, valid_to)"
							  " WHERE d.indicator_id = x.indicator_id AND c.last_day BETWEEN d.valid_from AND d.valid_to)"
							  " AND " DWH_CLOSING_IN_FORCE " ORDER BY i.indicator_id <> $1, c.last_day, c.period_type LIMIT 1",
							  4, types, values) == 0)
		return;
	stage = dwh_spi_text(0, 1);
	code = dwh_spi_text(0, 4);
	dwh_attempt_refused(attempt, "a period that the formula would change is closed");
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("the %s is closed for group \"%s\"", dwh_spi_text(0, 2), dwh_spi_text(0, 3)),
			 errdetail("Its values of \"%s\" are %s; a formula of \"%s\" from %s on would change them.", code, stage, indicator->code,
					   dwh_edit_date_text(from)),
			 errhint("Choose a later month, or have it opened by dwh.reopen_period(), with a reason and a decision.")));
}

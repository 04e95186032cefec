/*
 * summary_province.c
 *		The cells of a summary put together by province; see summary.h.
 *
 * Which unit belongs to which province is read once and goes into the statement as parameters, so that what is built is exactly what
 * the hash beside it stands for, whatever is committed meanwhile. A unit above or outside of provinces, and one that dim_unit does not
 * know, keeps its cells as its own.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "common/spi.h"
#include "indicator/summary.h"

/* The states of a measure put together to one state, as SQL over rows s. */
static char *
united_sql(const DwhSummaryMeasure *entry)
{
	const char *column = quote_identifier(entry->column);

	if (strcmp(entry->aggregate, "distinct") == 0)
		return psprintf("dwh.union_agg(s.%s)", column);
	if (strcmp(entry->aggregate, "count") == 0)
		return psprintf("sum(s.%s)::bigint", column);
	if (strcmp(entry->aggregate, "avg") == 0)
		return psprintf("sum(s.%s), sum(s.%s)::bigint", column, quote_identifier(entry->count_column));
	return psprintf("%s(s.%s)", entry->aggregate, column);
}

/* See summary.h. No code of a measure or a dimension has a "#". */
char *
dwh_province_size_column(const DwhSummaryMeasure *entry)
{
	return psprintf("#%s", entry->column);
}

/* See summary.h. */
void
dwh_province_add_sizes(const DwhSummary *summary, List *added)
{
	ListCell   *lc;

	foreach(lc, added)
	{
		DwhSummaryMeasure *entry = lfirst(lc);

		if (OidIsValid(summary->by_province) && strcmp(entry->aggregate, "distinct") == 0 && !dwh_summary_shares_column(summary, entry))
			dwh_spi_utility(psprintf("ALTER TABLE %s ADD COLUMN %s bigint GENERATED ALWAYS AS (dwh.cardinality(%s)) STORED",
									 dwh_relation_sql(summary->by_province), quote_identifier(dwh_province_size_column(entry)),
									 quote_identifier(entry->column)));
	}
}

/* The units and their provinces, parameters of each statement. */
#define PROVINCES_SQL "unnest($1, $2) AS p (unit_id, province_id)"

/* The cells by province that the cells of parameters $3 (months) and $4 (units) belong to. */
#define TARGETS_SQL \
	"(SELECT DISTINCT c.month, coalesce(p.province_id, c.unit_id) AS unit_id" \
	" FROM unnest($3, $4) AS c (month, unit_id) LEFT JOIN " PROVINCES_SQL " ON p.unit_id = c.unit_id) AS t"

/* INSERT of the cells by province that the rows s of the summary in a FROM clause come to; unit is the unit of such a cell. */
static char *
insert_sql(const DwhSummary *summary, const char *unit, const char *from)
{
	StringInfoData names;
	StringInfoData states;
	StringInfoData groups;
	ListCell   *lc;
	int			n = 2;

	initStringInfo(&names);
	initStringInfo(&states);
	initStringInfo(&groups);
	foreach(lc, summary->dimensions)
	{
		const char *column = quote_identifier(((DwhSummaryDimension *) lfirst(lc))->column);

		appendStringInfo(&names, ", %s", column);
		appendStringInfo(&states, ", s.%s", column);
		appendStringInfo(&groups, ", %d", ++n);
	}
	foreach(lc, summary->measures)
	{
		DwhSummaryMeasure *entry = lfirst(lc);

		if (dwh_summary_shares_column(summary, entry))
			continue;
		appendStringInfo(&names, ", %s", quote_identifier(entry->column));
		if (entry->count_column)
			appendStringInfo(&names, ", %s", quote_identifier(entry->count_column));
		appendStringInfo(&states, ", %s", united_sql(entry));
	}
	return psprintf("INSERT INTO %s (month, unit_id%s) SELECT s.month, %s%s FROM %s GROUP BY 1, 2%s ORDER BY 1, 2",
					dwh_relation_sql(summary->by_province), names.data, unit, states.data, from, groups.data);
}

/* Builds all cells by province. */
static void
fill(DwhSummary *summary, const DwhProvinces *provinces)
{
	char	   *relation = dwh_relation_sql(summary->by_province);
	Oid			types[2] = {INT4ARRAYOID, INT4ARRAYOID};
	Datum		values[2] = {provinces->unit_ids, provinces->province_ids};
	Oid			note_types[2] = {INT4OID, INT8OID};
	Datum		note_values[2] = {Int32GetDatum(summary->summary_id), Int64GetDatum(provinces->hash)};

	(void) dwh_spi_run(psprintf("DELETE FROM %s", relation), 0, NULL, NULL, NULL, false, SPI_OK_DELETE);
	(void) dwh_spi_run(insert_sql(summary, "coalesce(p.province_id, s.unit_id)",
								  psprintf("%s AS s LEFT JOIN " PROVINCES_SQL " ON p.unit_id = s.unit_id", dwh_relation_sql(summary->relation))),
					   2, types, values, NULL, false, SPI_OK_INSERT);
	(void) dwh_spi_run("UPDATE dwh_catalog.summary SET provinces_hash = $2 WHERE summary_id = $1", 2, note_types, note_values, NULL, false,
					   SPI_OK_UPDATE);
	dwh_spi_utility(psprintf("ANALYZE %s", relation));
}

/* Deletes and inserts the cells by province that the cells belong to. */
static void
replace(DwhSummary *summary, const DwhProvinces *provinces, const DwhCells *cells)
{
	Oid			types[4] = {INT4ARRAYOID, INT4ARRAYOID, DATEARRAYOID, INT4ARRAYOID};
	Datum		values[4] = {provinces->unit_ids, provinces->province_ids, cells->months, cells->unit_ids};

	(void) dwh_spi_run(psprintf("DELETE FROM %s AS r USING " TARGETS_SQL " WHERE r.month = t.month AND r.unit_id = t.unit_id",
								dwh_relation_sql(summary->by_province)), 4, types, values, NULL, false, SPI_OK_DELETE);
	(void) dwh_spi_run(insert_sql(summary, "t.unit_id",
								  psprintf(TARGETS_SQL " LEFT JOIN " PROVINCES_SQL " ON p.province_id = t.unit_id"
										   " JOIN %s AS s ON s.month = t.month AND s.unit_id = coalesce(p.unit_id, t.unit_id)",
										   dwh_relation_sql(summary->relation))),
					   4, types, values, NULL, false, SPI_OK_INSERT);
}

/* See summary.h. */
void
dwh_province_fill(DwhSummary *summary)
{
	if (OidIsValid(summary->by_province))
		fill(summary, dwh_unit_provinces(dwh_unit_table_load()));
}

/* See summary.h. */
void
dwh_province_replace(DwhSummary *summary, List *parts)
{
	const DwhProvinces *provinces;
	ListCell   *lc;

	if (!OidIsValid(summary->by_province))
		return;
	provinces = dwh_unit_provinces(dwh_unit_table_load());
	if (!summary->has_provinces || summary->provinces_hash != provinces->hash)
		fill(summary, provinces);
	else
		foreach(lc, parts)
			replace(summary, provinces, lfirst(lc));
}

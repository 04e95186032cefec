/*
 * manual_figures.c
 *		dwh.load_manual_figures(): figures entered by people, plans and published figures, from landing into fact_manual
 *		(893 Art. 14.1).
 *
 * A batch is loaded whole or not at all: one query finds its first bad line, which is reported by number, before anything is
 * written. A figure is known by indicator, period, unit, kind, source and breakdown. Landing a figure that stands already counts
 * as duplicate; another value (compared as numbers) becomes the next revision and the old one stays, no longer current. Loads
 * take turns by a row lock on the source 'manual', so none of them overlooks what another one just wrote; where the snapshot is
 * older than such a load (REPEATABLE READ, SERIALIZABLE), it is refused with 40001.
 *
 * A unit code is read on the day the figure stands for (as_of, else the first day of the period): codes changed their meaning.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "common/nearest.h"
#include "common/owner.h"
#include "common/spi.h"
#include "ingest/manual_figures.h"
#include "star/partitions.h"

#define PERIOD_TYPES "month, quarter, half, year, ytd, point"
#define KINDS "plan, estimate, preliminary, settlement, actual, rounded, implied"
#define SEXES "F, M"

/* SQL for the date in a text written YYYY-MM-DD, NULL for any other text. */
#define DATE_OF(t) \
	"CASE WHEN " t " ~ '^[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$' THEN " \
	"CASE WHEN substr(" t ", 9, 2)::int <= extract(day FROM make_date(substr(" t ", 1, 4)::int, substr(" t ", 6, 2)::int, 1) " \
	"+ interval '1 month' - interval '1 day') THEN " t "::date END END"

/* Levels from the top. A code that units of several levels share means the highest of them; regions have no figures. */
#define UNIT_LEVELS "ARRAY['centre', 'province', 'defence', 'police', 'central_unit', 'division', 'district', 'base']"

/* SQL for the row of a dimension that is valid on the day of the figure. */
#define VALID_ON_DAY(alias) \
	"d.on_date >= " alias ".valid_from AND (" alias ".valid_to IS NULL OR d.on_date <= " alias ".valid_to)"

/*
 * The lines of batch $1, as text (named as in landing), with what they mean (value_number, period_from, as_of_day, the ids).
 * What cannot be read or is not known is NULL there.
 */
#define RESOLVED \
	"WITH line_text AS (" \
	"SELECT landing_id, line, nullif(btrim(indicator), '') AS indicator, nullif(btrim(period_type), '') AS period_type, " \
	"nullif(btrim(period_start), '') AS period_start, nullif(btrim(as_of), '') AS as_of, " \
	"nullif(btrim(unit_code), '') AS unit_code, nullif(btrim(kind), '') AS kind, " \
	"nullif(btrim(source_code), '') AS source_code, coalesce(btrim(source_note), '') AS source_note, " \
	"nullif(btrim(value), '') AS value, nullif(btrim(sex), '') AS sex, nullif(btrim(age_group), '') AS age_group, " \
	"nullif(btrim(scheme), '') AS scheme, nullif(btrim(fund), '') AS fund, nullif(btrim(facility), '') AS facility " \
	"FROM dwh_landing.manual_figure WHERE batch = $1), " \
	"dated AS (SELECT t.*, " DATE_OF("t.as_of") " AS as_of_day, " \
	"CASE WHEN t.value ~ '^[+-]?[0-9]{1,40}([.][0-9]{1,20})?$' THEN t.value::numeric END AS value_number, " \
	"CASE WHEN t.period_type = 'point' AND t.period_start IS NULL THEN " \
	"(" DATE_OF("t.as_of") ") - (extract(day FROM (" DATE_OF("t.as_of") "))::int - 1) " \
	"ELSE " DATE_OF("t.period_start") " END AS period_from " \
	"FROM line_text AS t), " \
	"d AS (SELECT dated.*, coalesce(as_of_day, period_from) AS on_date FROM dated), " \
	"resolved AS (SELECT d.*, i.indicator_id, u.unit_id, s.source_id, sc.scheme_id, fu.fund_id, fa.facility_id " \
	"FROM d " \
	"LEFT JOIN dwh_catalog.indicator AS i ON i.code = d.indicator " \
	"LEFT JOIN LATERAL (SELECT u.unit_id FROM dwh_star.dim_unit AS u WHERE u.code = d.unit_code AND u.level <> 'region' " \
	"AND " VALID_ON_DAY("u") " ORDER BY array_position(" UNIT_LEVELS ", u.level) LIMIT 1) AS u ON true " \
	"LEFT JOIN dwh_star.dim_source AS s ON s.code = d.source_code AND s.valid_to IS NULL " \
	"LEFT JOIN dwh_star.dim_scheme AS sc ON sc.code = d.scheme AND " VALID_ON_DAY("sc") " " \
	"LEFT JOIN dwh_star.dim_fund AS fu ON fu.code = d.fund AND " VALID_ON_DAY("fu") " " \
	"LEFT JOIN dwh_star.dim_facility AS fa ON fa.code = d.facility AND " VALID_ON_DAY("fa") ") "

/* What makes two figures the same one; r is a resolved line, f a row of fact_manual. */
#define KEY_OF_LINE \
	"r.indicator, r.period_type, r.period_from, r.as_of_day, r.unit_id, r.kind, r.source_id, r.source_note, r.sex, r.age_group, " \
	"r.scheme_id, r.fund_id, r.facility_id"
#define SAME_KEY \
	"f.indicator = r.indicator AND f.month = r.period_from AND f.period_type = r.period_type AND f.period_start = r.period_from " \
	"AND f.as_of IS NOT DISTINCT FROM r.as_of_day AND f.unit_id = r.unit_id AND f.kind = r.kind AND f.source_id = r.source_id " \
	"AND f.source_note = r.source_note AND f.sex IS NOT DISTINCT FROM r.sex AND f.age_group IS NOT DISTINCT FROM r.age_group " \
	"AND f.scheme_id IS NOT DISTINCT FROM r.scheme_id AND f.fund_id IS NOT DISTINCT FROM r.fund_id " \
	"AND f.facility_id IS NOT DISTINCT FROM r.facility_id"

/* A column whose text must be a known code, and the table that holds the codes. */
typedef struct CodeList
{
	const char *field;			/* column of landing */
	const char *what;			/* in messages */
	const char *table;
	bool		is_dated;		/* a code is known for a time only */
} CodeList;

static const CodeList code_lists[] = {
	{"indicator", "indicator", "dwh_catalog.indicator", false},
	{"unit_code", "unit", "dwh_star.dim_unit", true},
	{"source_code", "source", "dwh_star.dim_source", false},
	{"scheme", "scheme", "dwh_star.dim_scheme", true},
	{"fund", "fund", "dwh_star.dim_fund", true},
	{"facility", "facility", "dwh_star.dim_facility", true},
};

/* The first bad line of a batch, and how messages speak of it. */
typedef struct BadLine
{
	const char *where;			/* begins a message: 'line 2 of batch "x": '; nothing for a figure that was entered alone */
	const char *outcome;
	const char *remedy;
	char	   *problem;
	char	   *field;
	char	   *value;
	DateADT		on_date;
	char	   *on_date_text;
} BadLine;

PG_FUNCTION_INFO_V1(dwh_sql_load_manual_figures);

/* Raises 42501 unless the caller is a member of dwh_loader or dwh_owner. */
static void
require_loader(void)
{
	if (dwh_caller_is_owner() || dwh_caller_has_role("dwh_loader"))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("permission denied to load manual figures"),
			 errdetail("Members of dwh_loader and dwh_owner may."),
			 errhint("Ask a central administrator for membership in dwh_loader.")));
}

/* The word of a ", " separated list that is nearest to the given one, NULL when none is near. Palloc'd. */
static const char *
nearest_word(const char *wanted, const char *list)
{
	DwhNearest	nearest;
	char	   *words = pstrdup(list);
	char	   *rest = words;
	char	   *word;

	dwh_nearest_begin(&nearest, wanted);
	while ((word = strsep(&rest, ",")) != NULL)
		dwh_nearest_offer(&nearest, word + strspn(word, " "));
	return nearest.best;
}

/*
 * The known code that is nearest to the one in the line, NULL when none is near. Numbers are near to each other by chance only,
 * so nothing is said for them. Inside SPI.
 */
static const char *
nearest_code(const CodeList *list, const BadLine *bad)
{
	DwhNearest	nearest;
	Oid			types[1] = {DATEOID};
	Datum		values[1] = {DateADTGetDatum(bad->on_date)};
	uint64		rows;

	dwh_nearest_begin(&nearest, bad->value);
	if (strspn(bad->value, "0123456789") == strlen(bad->value))
		return NULL;
	rows = dwh_spi_select(psprintf("SELECT code FROM %s WHERE $1 IS NOT NULL %s ORDER BY code", list->table,
								   list->is_dated ? "AND $1 >= valid_from AND (valid_to IS NULL OR $1 <= valid_to)" : ""),
						  1, types, values, NULL, false);
	for (uint64 i = 0; i < rows; i++)
		dwh_nearest_offer(&nearest, dwh_spi_text(i, 1));
	return nearest.best;
}

/* Raises 42704 for a code that is known, but not on the day of the figure; returns when it is not known at all. Inside SPI. */
static void
raise_known_at_other_time(const CodeList *list, const BadLine *bad)
{
	Oid			types[1] = {TEXTOID};
	Datum		values[1] = {CStringGetTextDatum(bad->value)};

	if (!list->is_dated
		|| dwh_spi_select(psprintf("SELECT name_vi, to_char(valid_from, 'YYYY-MM-DD'), to_char(valid_to, 'YYYY-MM-DD') FROM %s "
								   "WHERE code = $1 ORDER BY valid_from DESC LIMIT 1", list->table),
						  1, types, values, NULL, false) == 0)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("%s%s \"%s\" is not valid on %s", bad->where, list->what, bad->value, bad->on_date_text),
			 dwh_spi_isnull(0, 3)
			 ? errdetail("%s is valid from %s. %s", dwh_spi_text(0, 1), dwh_spi_text(0, 2), bad->outcome)
			 : errdetail("%s is valid from %s to %s. %s", dwh_spi_text(0, 1), dwh_spi_text(0, 2),
						 dwh_spi_text(0, 3), bad->outcome),
			 errhint("Give the %s of that time, or correct the period.", list->what)));
}

/* Raises 42704 for a code that is not known on the day of the figure. Inside SPI. */
static void
raise_unknown_code(const BadLine *bad)
{
	const CodeList *list = NULL;
	const char *best;

	for (int i = 0; i < lengthof(code_lists); i++)
		if (strcmp(code_lists[i].field, bad->field) == 0)
			list = &code_lists[i];
	if (list == NULL)
		elog(ERROR, "no list of codes for column %s", bad->field);
	raise_known_at_other_time(list, bad);
	best = nearest_code(list, bad);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("%sunknown %s \"%s\"", bad->where, list->what, bad->value),
			 errdetail("Table %s has no such code. %s", list->table, bad->outcome),
			 best ? errhint("Did you mean \"%s\"?", best)
			 : errhint("%s", bad->remedy)));
}

/* Raises 22023 for a word that is none of the fixed ones. */
static void
raise_unknown_word(const BadLine *bad)
{
	const char *words = strcmp(bad->field, "period_type") == 0 ? PERIOD_TYPES : strcmp(bad->field, "kind") == 0 ? KINDS : SEXES;
	const char *best = nearest_word(bad->value, words);

	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%sunknown %s \"%s\"", bad->where, bad->field, bad->value),
			 errdetail("Known are: %s. %s", words, bad->outcome),
			 best ? errhint("Did you mean \"%s\"?", best)
			 : errhint("%s", bad->remedy)));
}

/* Raises the error for the first bad line. Inside SPI. */
static void
raise_bad_line(const BadLine *bad)
{
	if (strcmp(bad->problem, "code") == 0)
		raise_unknown_code(bad);
	if (strcmp(bad->problem, "word") == 0)
		raise_unknown_word(bad);
	if (strcmp(bad->problem, "empty") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%scolumn %s is empty", bad->where, bad->field),
				 errdetail("A figure needs indicator, period_type, period_start, unit_code, kind, source_code and value; ytd and point "
						   "need as_of, and point can do without period_start. %s", bad->outcome),
				 errhint("%s", bad->remedy)));
	if (strcmp(bad->problem, "date") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("%smalformed date \"%s\" in column %s", bad->where, bad->value, bad->field),
				 errdetail("Dates are days of the calendar written YYYY-MM-DD. %s", bad->outcome),
				 errhint("Write, for example, 2025-12-31.")));
	if (strcmp(bad->problem, "number") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("%smalformed number \"%s\"", bad->where, bad->value),
				 errdetail("Numbers have at most 40 digits and 20 decimals, a decimal point and no grouping. %s",
						   bad->outcome),
				 errhint("Write, for example, 9441246 or 34.84.")));
	if (strcmp(bad->problem, "period") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s%s begins no period of the type given", bad->where, bad->value),
				 errdetail("A month begins on its first day, a quarter in January, April, July or October, a half in January or July, "
						   "year and ytd in January; a point lies in the month of as_of. %s", bad->outcome),
				 errhint("Correct period_start or period_type.")));
	if (strcmp(bad->problem, "as_of") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%sas_of %s lies outside the period", bad->where, bad->value),
				 errdetail("A figure for a year to date stands for a day of that year, every other one for a day not before the period. %s",
						   bad->outcome),
				 errhint("Correct as_of or period_start.")));
	elog(ERROR, "unknown problem \"%s\"", bad->problem);
}

/* Finds the first bad line of the batch and raises its error; returns when there is none. Inside SPI. */
static void
check_lines(const char *batch, bool is_entry, const Oid *types, const Datum *values)
{
	BadLine		bad = {.where = ""};

	if (dwh_spi_select(RESOLVED
					   "SELECT r.line, p.problem, p.field, p.value, r.on_date, to_char(r.on_date, 'YYYY-MM-DD') "
					   "FROM resolved AS r CROSS JOIN LATERAL (VALUES "
					   "(1, 'empty', 'indicator', NULL, r.indicator IS NULL), "
					   "(2, 'empty', 'period_type', NULL, r.period_type IS NULL), "
					   "(3, 'word', 'period_type', r.period_type, r.period_type <> ALL (string_to_array('" PERIOD_TYPES "', ', '))), "
					   "(4, 'empty', 'period_start', NULL, r.period_start IS NULL AND r.period_type <> 'point'), "
					   "(5, 'empty', 'as_of', NULL, r.as_of IS NULL AND r.period_type IN ('ytd', 'point')), "
					   "(6, 'date', 'period_start', r.period_start, r.period_start IS NOT NULL AND r.period_from IS NULL), "
					   "(7, 'date', 'as_of', r.as_of, r.as_of IS NOT NULL AND r.as_of_day IS NULL), "
					   "(8, 'period', 'period_start', r.period_start, extract(day FROM r.period_from) <> 1 OR "
					   "extract(month FROM r.period_from) <> ALL (CASE r.period_type WHEN 'quarter' THEN ARRAY[1, 4, 7, 10] "
					   "WHEN 'half' THEN ARRAY[1, 7] WHEN 'year' THEN ARRAY[1] WHEN 'ytd' THEN ARRAY[1] "
					   "ELSE ARRAY[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12] END) "
					   "OR r.period_type = 'point' AND date_trunc('month', r.as_of_day::timestamp) <> r.period_from), "
					   "(9, 'as_of', 'as_of', r.as_of, r.as_of_day < r.period_from "
					   "OR r.period_type = 'ytd' AND extract(year FROM r.as_of_day) <> extract(year FROM r.period_from)), "
					   "(10, 'code', 'indicator', r.indicator, r.indicator_id IS NULL), "
					   "(11, 'empty', 'unit_code', NULL, r.unit_code IS NULL), "
					   "(12, 'code', 'unit_code', r.unit_code, r.unit_id IS NULL), "
					   "(13, 'empty', 'kind', NULL, r.kind IS NULL), "
					   "(14, 'word', 'kind', r.kind, r.kind <> ALL (string_to_array('" KINDS "', ', '))), "
					   "(15, 'empty', 'source_code', NULL, r.source_code IS NULL), "
					   "(16, 'code', 'source_code', r.source_code, r.source_id IS NULL), "
					   "(17, 'empty', 'value', NULL, r.value IS NULL), "
					   "(18, 'number', 'value', r.value, r.value_number IS NULL), "
					   "(19, 'word', 'sex', r.sex, r.sex <> ALL (string_to_array('" SEXES "', ', '))), "
					   "(20, 'code', 'scheme', r.scheme, r.scheme IS NOT NULL AND r.scheme_id IS NULL), "
					   "(21, 'code', 'fund', r.fund, r.fund IS NOT NULL AND r.fund_id IS NULL), "
					   "(22, 'code', 'facility', r.facility, r.facility IS NOT NULL AND r.facility_id IS NULL)"
					   ") AS p (place, problem, field, value, is_bad) "
					   "WHERE p.is_bad ORDER BY r.line, r.landing_id, p.place LIMIT 1",
					   1, types, values, NULL, false) == 0)
		return;
	if (!is_entry)
		bad.where = psprintf("line %d of batch \"%s\": ", dwh_spi_int(0, 1), batch);
	bad.outcome = is_entry ? "Nothing was entered." : "Nothing of the batch was loaded.";
	bad.remedy = is_entry ? "Correct the argument and call again." : "Correct the line in the file and load it under a new batch name.";
	bad.problem = dwh_spi_text(0, 2);
	bad.field = dwh_spi_text(0, 3);
	bad.value = dwh_spi_text(0, 4);
	bad.on_date = dwh_spi_date(0, 5);
	bad.on_date_text = dwh_spi_text(0, 6);
	raise_bad_line(&bad);
}

/* Raises 22023 when two lines of the batch give one figure different values. Inside SPI. */
static void
check_contradictions(const char *batch, const Oid *types, const Datum *values)
{
	if (dwh_spi_select(RESOLVED
					   "SELECT min(r.line), (array_agg(r.line ORDER BY r.line) FILTER (WHERE r.value_number <> r.first_value))[1], "
					   "min(r.indicator) "
					   "FROM (SELECT r.*, first_value(value_number) OVER (PARTITION BY " KEY_OF_LINE " ORDER BY line, landing_id) "
					   "AS first_value FROM resolved AS r) AS r "
					   "GROUP BY " KEY_OF_LINE " HAVING bool_or(r.value_number <> r.first_value) "
					   "ORDER BY 2 LIMIT 1",
					   1, types, values, NULL, false) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("line %d of batch \"%s\": the value contradicts line %d", dwh_spi_int(0, 2), batch, dwh_spi_int(0, 1)),
				 errdetail("Both give indicator %s for the same period, unit, kind, source and breakdown. "
						   "Nothing of the batch was loaded.", dwh_spi_text(0, 3)),
				 errhint("A corrected file is a batch of its own: load it under another name.")));
}

/* Raises WH101 when a line lies outside the partitions. Inside SPI. */
static void
check_months(const Oid *types, const Datum *values)
{
	Oid			fact = get_relname_relid("fact_manual", get_namespace_oid("dwh_star", false));
	DateADT		first,
				last;

	(void) dwh_spi_select(RESOLVED "SELECT min(period_from), max(period_from) FROM resolved", 1, types, values, NULL, false);
	first = dwh_spi_date(0, 1);
	last = dwh_spi_date(0, 2);
	dwh_partitions_require(fact, last);
	dwh_partitions_require(fact, first);
}

/*
 * Waits for the load that goes on and keeps others waiting until the end of the transaction. Raises 40001 where one has been
 * committed that this transaction's snapshot does not show: its figures would be taken for missing. Inside SPI.
 */
void
dwh_manual_take_turn(void)
{
	static const char newest_load[] = "SELECT coalesce(max(load_id), 0) FROM dwh_log.load_run";
	int32		seen;

	(void) dwh_spi_select("SELECT FROM dwh_star.dim_source WHERE code = 'manual' FOR NO KEY UPDATE", 0, NULL, NULL, NULL, false);
	if (!IsolationUsesXactSnapshot())
		return;
	(void) dwh_spi_select(newest_load, 0, NULL, NULL, NULL, false);
	seen = dwh_spi_int(0, 1);
	(void) dwh_spi_select_latest(newest_load, 0, NULL, NULL);
	if (dwh_spi_int(0, 1) != seen)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("could not load the batch: another load has ended since this transaction began"),
				 errdetail("At this isolation level its figures cannot be seen, so what they supersede cannot be told."),
				 errhint("Run the transaction again, or load at READ COMMITTED.")));
}

/* The number of lines of the batch. Raises 42704 when there is none. Inside SPI. */
static int64
count_lines(const char *batch, const Oid *types, const Datum *values)
{
	int64		lines;

	(void) dwh_spi_select("SELECT count(*) FROM dwh_landing.manual_figure WHERE batch = $1", 1, types, values, NULL, false);
	lines = dwh_spi_bigint(0, 1);
	if (lines == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("batch \"%s\" has no lines", batch),
				 errdetail("Table dwh_landing.manual_figure holds none of that name."),
				 errhint("Copy the lines into dwh_landing.manual_figure first.")));
	return lines;
}

/* Appends the load's record and returns its number. Its source is that of the lines, 'manual' where they name several. */
static int32
begin_run(const Oid *types, const Datum *values)
{
	(void) dwh_spi_run(RESOLVED
					   "INSERT INTO dwh_log.load_run (source_id, batch) "
					   "SELECT CASE WHEN count(DISTINCT source_id) = 1 THEN min(source_id) "
					   "ELSE (SELECT min(source_id) FROM dwh_star.dim_source WHERE code = 'manual') END, $1 FROM resolved "
					   "RETURNING load_id",
					   1, types, values, NULL, false, SPI_OK_INSERT_RETURNING);
	return dwh_spi_int(0, 1);
}

/* Loads the lines, which have been checked. Sets the counts of new figures and of revisions. */
static void
write_figures(int32 load_id, Datum batch, int64 *loaded, int64 *superseded)
{
	Oid			types[2] = {TEXTOID, INT4OID};
	Datum		values[2] = {batch, Int32GetDatum(load_id)};

	*superseded = dwh_spi_run(RESOLVED
							  "UPDATE dwh_star.fact_manual AS f SET is_current = false FROM resolved AS r "
							  "WHERE f.is_current AND f.value <> r.value_number AND " SAME_KEY,
							  1, types, values, NULL, false, SPI_OK_UPDATE);
	*loaded = dwh_spi_run(RESOLVED
						  "INSERT INTO dwh_star.fact_manual (month, indicator, period_type, period_start, as_of, unit_id, kind, "
						  "source_id, source_note, value, sex, age_group, scheme_id, fund_id, facility_id, revision, load_id) "
						  "SELECT DISTINCT ON (" KEY_OF_LINE ") r.period_from, r.indicator, r.period_type, r.period_from, r.as_of_day, "
						  "r.unit_id, r.kind, r.source_id, r.source_note, r.value_number, r.sex, r.age_group, r.scheme_id, r.fund_id, "
						  "r.facility_id, coalesce((SELECT max(f.revision) FROM dwh_star.fact_manual AS f WHERE " SAME_KEY "), 0) + 1, $2 "
						  "FROM resolved AS r "
						  "WHERE NOT EXISTS (SELECT FROM dwh_star.fact_manual AS f WHERE f.is_current AND " SAME_KEY ") "
						  "ORDER BY " KEY_OF_LINE ", r.line, r.landing_id",
						  2, types, values, NULL, false, SPI_OK_INSERT) - *superseded;
}

/* Completes the load's record. */
static void
end_run(int32 load_id, int64 in, int64 loaded, int64 superseded)
{
	Oid			types[4] = {INT4OID, INT8OID, INT8OID, INT8OID};
	Datum		values[4] = {Int32GetDatum(load_id), Int64GetDatum(in), Int64GetDatum(loaded), Int64GetDatum(superseded)};

	(void) dwh_spi_run("UPDATE dwh_log.load_run SET status = 'done', finished_at = clock_timestamp(), rows_in = $2, "
					   "rows_loaded = $3, rows_superseded = $4, rows_duplicate = $2 - $3 - $4 WHERE load_id = $1",
					   4, types, values, NULL, false, SPI_OK_UPDATE);
}

/* The unit of the one line. Inside SPI. */
static int32
unit_of_line(const Oid *types, const Datum *values)
{
	if (dwh_spi_select(RESOLVED "SELECT r.unit_id FROM resolved AS r", 1, types, values, NULL, false) != 1)
		elog(ERROR, "the figure has no unit");
	return dwh_spi_int(0, 1);
}

/* Raises 55000 when a proposal for the figure of the line waits already. Inside SPI. */
static void
check_no_proposal(const Oid *types, const Datum *values)
{
	if (dwh_spi_select(RESOLVED "SELECT f.manual_id, f.author FROM resolved AS r JOIN dwh_star.fact_manual AS f ON " SAME_KEY
					   " WHERE f.approval = 'pending'", 1, types, values, NULL, false) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("a value for the same figure waits for its approval"),
				 errdetail("It is number " INT64_FORMAT ", entered by %s.", dwh_spi_bigint(0, 1), dwh_spi_text(0, 2)),
				 errhint("Approve or reject it first.")));
}

/*
 * Writes one figure that a person enters: its text, which params hold in the order of the columns of landing, lands as a batch of its
 * own, is checked like every other line, and becomes a row that waits for its approval. Takes the turn first. Returns its number.
 * Inside SPI, as dwh_owner. Raises what a load raises.
 */
int64
dwh_manual_enter(const Datum *line, const char *line_nulls, const char *note, const char *reason, const DwhCaller *author,
				 DwhManualUnitCheck check_unit, void *argument)
{
	Oid			types[DWH_MANUAL_COLUMNS + 1];
	Datum		values[DWH_MANUAL_COLUMNS + 1];
	char		nulls[DWH_MANUAL_COLUMNS + 2];
	Oid			batch_type[1] = {TEXTOID};
	char	   *batch;
	int32		load_id;
	int64		manual_id;

	dwh_manual_take_turn();
	for (int i = 0; i < DWH_MANUAL_COLUMNS; i++)
		types[i] = TEXTOID;
	if (dwh_spi_run("INSERT INTO dwh_landing.manual_figure (landing_id, batch, line, indicator, period_type, period_start, as_of, unit_code, "
					"kind, source_code, source_note, value, sex, age_group, scheme, fund, facility) OVERRIDING SYSTEM VALUE "
					"SELECT n, '" DWH_ENTRY_BATCH "' || n, 1, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14 "
					"FROM nextval('dwh_landing.manual_figure_landing_id_seq') AS n RETURNING batch",
					DWH_MANUAL_COLUMNS, types, line, line_nulls, false, SPI_OK_INSERT_RETURNING) != 1)
		elog(ERROR, "the figure did not land");
	batch = dwh_spi_text(0, 1);
	values[0] = CStringGetTextDatum(batch);
	if (count_lines(batch, batch_type, values) != 1)
		elog(ERROR, "batch \"%s\" has other lines", batch);
	check_lines(batch, true, batch_type, values);
	check_months(batch_type, values);
	/* before anything is told of the unit's figures */
	check_unit(unit_of_line(batch_type, values), argument);
	check_no_proposal(batch_type, values);
	load_id = begin_run(batch_type, values);

	types[1] = INT4OID;
	values[1] = Int32GetDatum(load_id);
	types[5] = INT4OID;
	values[2] = CStringGetTextDatum(note);
	values[3] = reason ? CStringGetTextDatum(reason) : (Datum) 0;
	values[4] = CStringGetTextDatum(author->person ? author->person : author->outer_user_name);
	values[5] = Int32GetDatum(author->account_id);
	values[6] = CStringGetTextDatum(author->outer_user_name);
	memset(nulls, ' ', 7);
	nulls[7] = '\0';
	nulls[3] = reason ? ' ' : 'n';
	nulls[5] = author->account_id ? ' ' : 'n';
	if (dwh_spi_run(RESOLVED
					"INSERT INTO dwh_star.fact_manual (month, indicator, period_type, period_start, as_of, unit_id, kind, source_id, "
					"source_note, value, sex, age_group, scheme_id, fund_id, facility_id, revision, load_id, is_current, approval, note, "
					"reason, author, author_account_id, entered_by) "
					"SELECT r.period_from, r.indicator, r.period_type, r.period_from, r.as_of_day, r.unit_id, r.kind, r.source_id, "
					"r.source_note, r.value_number, r.sex, r.age_group, r.scheme_id, r.fund_id, r.facility_id, "
					"coalesce((SELECT max(f.revision) FROM dwh_star.fact_manual AS f WHERE " SAME_KEY "), 0) + 1, $2, false, 'pending', "
					"$3, $4, $5, $6, $7 FROM resolved AS r RETURNING manual_id",
					7, types, values, nulls, false, SPI_OK_INSERT_RETURNING) != 1)
		elog(ERROR, "the figure was not written");
	manual_id = dwh_spi_bigint(0, 1);
	end_run(load_id, 1, 1, 0);
	return manual_id;
}

/* dwh.load_manual_figures(text): see the head of this file. Raises 40001, 42501, 42704, 22023, 22P02, WH001, WH101. */
Datum
dwh_sql_load_manual_figures(PG_FUNCTION_ARGS)
{
	Oid			types[1] = {TEXTOID};
	Datum		values[1] = {PG_GETARG_DATUM(0)};
	char	   *batch = text_to_cstring(PG_GETARG_TEXT_PP(0));
	DwhOwnerSwitch owner;
	TupleDesc	desc;
	Datum		result[5];
	bool		nulls[5] = {false};
	int32		load_id;
	int64		in,
				loaded,
				superseded;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	dwh_require_warehouse();
	require_loader();
	if (strncmp(batch, DWH_ENTRY_BATCH, strlen(DWH_ENTRY_BATCH)) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("batch \"%s\" cannot be loaded", batch),
				 errdetail("Names that begin with \"%s\" are those of figures entered one by one, which count once somebody approves them.",
						   DWH_ENTRY_BATCH),
				 errhint("Use another name for the batch.")));
	dwh_owner_enter(&owner);
	dwh_spi_begin();
	dwh_manual_take_turn();
	in = count_lines(batch, types, values);
	check_lines(batch, false, types, values);
	check_contradictions(batch, types, values);
	check_months(types, values);
	load_id = begin_run(types, values);
	write_figures(load_id, values[0], &loaded, &superseded);
	end_run(load_id, in, loaded, superseded);
	dwh_spi_end();
	dwh_owner_leave(&owner);
	result[0] = Int32GetDatum(load_id);
	result[1] = Int64GetDatum(in);
	result[2] = Int64GetDatum(loaded);
	result[3] = Int64GetDatum(superseded);
	result[4] = Int64GetDatum(in - loaded - superseded);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), result, nulls)));
}

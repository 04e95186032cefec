/*
 * catalogue.c
 *		Reads subjects, dimensions, measures, indicators and formula versions, all at once: they are few.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "common/errors.h"
#include "common/owner.h"
#include "common/nearest.h"
#include "common/spi.h"
#include "indicator/indicator.h"

/* The Oid in a column; InvalidOid for NULL. */
static Oid
spi_oid(uint64 row, int col)
{
	bool		is_null;
	Datum		value = SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, col, &is_null);

	return is_null ? InvalidOid : DatumGetObjectId(value);
}

static DwhSubject *
find_subject(DwhCatalogue *catalogue, int subject_id)
{
	ListCell   *lc;

	foreach(lc, catalogue->subjects)
	{
		DwhSubject *subject = lfirst(lc);

		if (subject->subject_id == subject_id)
			return subject;
	}
	elog(ERROR, "subject %d is not in the catalogue", subject_id);
}

/* Whether the subject's table may be read as dwh_owner; warns where not, since its figures are gone then. */
static bool
is_readable(const DwhSubject *subject)
{
	DwhReadCheck check = dwh_owner_read_check(subject->relation);

	if (check.refusal == DWH_READ_ALLOWED)
		return true;
	ereport(WARNING,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("subject \"%s\" is not read", subject->code),
			 check.refusal == DWH_READ_FOREIGN ?
			 errdetail("The owner of \"%s\" could make dwh_owner run code by changing it.", get_rel_name(check.relation)) :
			 errdetail("The row security of \"%s\" would hide rows from dwh_owner, and figures would be too low without a word.",
					   get_rel_name(check.relation)),
			 check.refusal == DWH_READ_FOREIGN ? errhint("Give it to dwh_owner.") :
			 errhint("Give it to dwh_owner, with NO FORCE ROW LEVEL SECURITY.")));
	return false;
}

static void
load_subjects(DwhCatalogue *catalogue)
{
	uint64		n = dwh_spi_select("SELECT subject_id, code, relation, month_column, unit_column"
								   " FROM dwh_catalog.subject ORDER BY subject_id", 0, NULL, NULL, NULL, true);

	for (uint64 i = 0; i < n; i++)
	{
		DwhSubject *subject = palloc0(sizeof(DwhSubject));

		subject->subject_id = dwh_spi_int(i, 1);
		subject->code = dwh_spi_text(i, 2);
		subject->relation = spi_oid(i, 3);
		if (OidIsValid(subject->relation) && get_rel_name(subject->relation) == NULL)
			subject->relation = InvalidOid; /* its table was dropped: no source feeds it any more */
		if (OidIsValid(subject->relation) && !is_readable(subject))
			subject->relation = InvalidOid;
		subject->month_column = dwh_spi_text(i, 4);
		subject->unit_column = dwh_spi_text(i, 5);
		catalogue->subjects = lappend(catalogue->subjects, subject);
	}
}

static void
load_dimensions(DwhCatalogue *catalogue)
{
	uint64		n = dwh_spi_select("SELECT s.subject_id, d.code, s.expression"
								   " FROM dwh_catalog.dimension d LEFT JOIN dwh_catalog.subject_dimension s USING (dimension_id)"
								   " ORDER BY d.dimension_id, s.subject_id", 0, NULL, NULL, NULL, true);

	for (uint64 i = 0; i < n; i++)
	{
		char	   *code = dwh_spi_text(i, 2);

		if (catalogue->dimension_codes == NIL || strcmp(llast(catalogue->dimension_codes), code) != 0)
			catalogue->dimension_codes = lappend(catalogue->dimension_codes, code);
		if (!dwh_spi_isnull(i, 1))
		{
			DwhSubject *subject = find_subject(catalogue, dwh_spi_int(i, 1));
			DwhSubjectDimension *dimension = palloc0(sizeof(DwhSubjectDimension));

			dimension->code = code;
			dimension->expression = dwh_formula_parse(dwh_spi_text(i, 3));
			subject->dimensions = lappend(subject->dimensions, dimension);
		}
	}
}

static void
load_measures(DwhCatalogue *catalogue)
{
	uint64		n = dwh_spi_select("SELECT m.code, m.subject_id, m.aggregate, m.expression, m.filter, m.opening_filter,"
								   " m.time_behaviour, coalesce(m.unit_column, s.unit_column)"
								   " FROM dwh_catalog.measure m JOIN dwh_catalog.subject s USING (subject_id)"
								   " ORDER BY m.measure_id", 0, NULL, NULL, NULL, true);

	for (uint64 i = 0; i < n; i++)
	{
		DwhMeasure *measure = palloc0(sizeof(DwhMeasure));

		measure->code = dwh_spi_text(i, 1);
		measure->subject = find_subject(catalogue, dwh_spi_int(i, 2));
		measure->aggregate = dwh_spi_text(i, 3);
		measure->expression = dwh_spi_text(i, 4);
		measure->filter = dwh_spi_text(i, 5);
		measure->opening_filter = dwh_spi_text(i, 6);
		measure->behaviour = dwh_spi_text(i, 7);
		measure->unit_column = dwh_spi_text(i, 8);
		catalogue->measures = lappend(catalogue->measures, measure);
	}
}

/* The period types that a text[] names. */
static Bitmapset *
parse_periods(Datum array)
{
	Datum	   *elems;
	int			nelems;
	Bitmapset  *result = NULL;

	deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT, &elems, NULL, &nelems);
	for (int i = 0; i < nelems; i++)
		result = bms_add_member(result, dwh_period_type_parse(TextDatumGetCString(elems[i])));
	return result;
}

static void
load_indicators(DwhCatalogue *catalogue)
{
	DwhIndicator *indicator = NULL;
	uint64		n = dwh_spi_select("SELECT i.code, i.base_unit, i.periods, v.version, v.formula, v.valid_from, v.valid_to, i.subject_id, i.indicator_id"
								   " FROM dwh_catalog.indicator i JOIN dwh_catalog.indicator_version v USING (indicator_id)"
								   " ORDER BY i.indicator_id, v.valid_from", 0, NULL, NULL, NULL, true);

	for (uint64 i = 0; i < n; i++)
	{
		char	   *code = dwh_spi_text(i, 1);
		DwhVersion *version = palloc0(sizeof(DwhVersion));
		bool		is_null;

		if (indicator == NULL || strcmp(indicator->code, code) != 0)
		{
			indicator = palloc0(sizeof(DwhIndicator));
			indicator->code = code;
			indicator->base_unit = dwh_spi_text(i, 2);
			indicator->subject_id = dwh_spi_int(i, 8);
			indicator->indicator_id = dwh_spi_int(i, 9);
			indicator->periods = parse_periods(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 3, &is_null));
			catalogue->indicators = lappend(catalogue->indicators, indicator);
		}
		version->version = dwh_spi_int(i, 4);
		version->source = dwh_spi_text(i, 5);
		version->valid_from = dwh_spi_date(i, 6);
		version->valid_to = dwh_spi_isnull(i, 7) ? DATEVAL_NOEND : dwh_spi_date(i, 7);
		indicator->versions = lappend(indicator->versions, version);
	}
}

/* Measures and indicators both begin with their code. */
StaticAssertDecl(offsetof(DwhMeasure, code) == 0 && offsetof(DwhIndicator, code) == 0, "codes are looked up in both alike");

static int
compare_codes(const void *a, const void *b)
{
	return strcmp(**(char *const *const *) a, **(char *const *const *) b);
}

/* The elements of a list of measures or indicators, by code. */
static void *
sort_by_code(List *list)
{
	void	  **result = palloc(Max(1, list_length(list)) * sizeof(void *));
	ListCell   *lc;

	foreach(lc, list)
		result[foreach_current_index(lc)] = lfirst(lc);
	qsort(result, list_length(list), sizeof(void *), compare_codes);
	return result;
}

/* The element of that code, or NULL. Formulas look up every code they name in every row of an answer. */
static void *
find_code(void *by_code, int n, const char *code)
{
	const char *const *key = &code;
	void	  **found = bsearch(&key, by_code, n, sizeof(void *), compare_codes);

	return found ? *found : NULL;
}

/* Reads the catalogue; it lives until the caller's SPI level ends. */
DwhCatalogue *
dwh_catalogue_load(void)
{
	DwhCatalogue *catalogue = palloc0(sizeof(DwhCatalogue));

	load_subjects(catalogue);
	load_dimensions(catalogue);
	load_measures(catalogue);
	load_indicators(catalogue);
	catalogue->measures_by_code = sort_by_code(catalogue->measures);
	catalogue->indicators_by_code = sort_by_code(catalogue->indicators);
	return catalogue;
}

/* The indicator with that code, or NULL. */
DwhIndicator *
dwh_catalogue_indicator(DwhCatalogue *catalogue, const char *code)
{
	return find_code(catalogue->indicators_by_code, list_length(catalogue->indicators), code);
}

/* The measure with that code, or NULL. */
DwhMeasure *
dwh_catalogue_measure(DwhCatalogue *catalogue, const char *code)
{
	return find_code(catalogue->measures_by_code, list_length(catalogue->measures), code);
}

/* Raises 42704 for a code that names nothing, with the nearest one that does. */
void
dwh_catalogue_unknown_code(DwhCatalogue *catalogue, const char *code, bool with_measures)
{
	DwhNearest	nearest;
	ListCell   *lc;

	dwh_nearest_begin(&nearest, code);
	foreach(lc, catalogue->indicators)
		dwh_nearest_offer(&nearest, ((DwhIndicator *) lfirst(lc))->code);
	if (with_measures)
		foreach(lc, catalogue->measures)
			dwh_nearest_offer(&nearest, ((DwhMeasure *) lfirst(lc))->code);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("indicator \"%s\" does not exist", code),
			 errdetail("%s has this code.",
					   with_measures ? "Neither an indicator nor a measure" : "No indicator in dwh_catalog.indicator"),
			 nearest.best ? errhint("Did you mean \"%s\"?", nearest.best) :
			 with_measures ? errhint("The codes stand in dwh_catalog.indicator and dwh_catalog.measure.") :
			 errhint("The codes stand in dwh_catalog.indicator.")));
}

/* The indicator with that code; raises 42704 where there is none.. */
DwhIndicator *
dwh_catalogue_need_indicator(DwhCatalogue *catalogue, const char *code)
{
	DwhIndicator *indicator = dwh_catalogue_indicator(catalogue, code);

	if (indicator == NULL)
		dwh_catalogue_unknown_code(catalogue, code, false);
	return indicator;
}

/* The version in force for a period that ends on last_day, or NULL. */
DwhVersion *
dwh_indicator_version(DwhIndicator *indicator, DateADT last_day)
{
	ListCell   *lc;

	foreach(lc, indicator->versions)
	{
		DwhVersion *version = lfirst(lc);

		if (version->valid_from <= last_day && last_day <= version->valid_to)
			return version;
	}
	return NULL;
}

/* The tree of a version's formula, parsed once. */
DwhNode *
dwh_version_formula(DwhIndicator *indicator, DwhVersion *version)
{
	if (version->formula == NULL)
		version->formula = dwh_formula_parse(version->source);
	return version->formula;
}

/* How the subject computes a dimension, or NULL where it does not apply. */
DwhSubjectDimension *
dwh_subject_dimension(DwhSubject *subject, const char *code)
{
	ListCell   *lc;

	foreach(lc, subject->dimensions)
	{
		DwhSubjectDimension *dimension = lfirst(lc);

		if (strcmp(dimension->code, code) == 0)
			return dimension;
	}
	return NULL;
}

/*
 * Whether the subject has a table with at least one row: without, its indicators answer no_source. Known only once the statement has
 * ended well: a refresh goes on with the same catalogue where one failed.
 */
bool
dwh_subject_has_rows(DwhSubject *subject)
{
	if (!subject->source_checked)
	{
		if (OidIsValid(subject->relation))
		{
			char	   *sql = psprintf("SELECT 1 FROM %s LIMIT 1", dwh_relation_sql(subject->relation));

			subject->has_rows = dwh_spi_select(sql, 0, NULL, NULL, NULL, true) > 0;
		}
		subject->source_checked = true;
	}
	return subject->has_rows;
}

static DwhNode *
lookup_dimension(void *arg, const char *name)
{
	DwhSubjectDimension *dimension = dwh_subject_dimension(arg, name);

	return dimension ? dimension->expression : NULL;
}

/*
 * The scope of expressions over the rows of the subject's table: its columns and its dimensions. month_end is SQL of the last day
 * of a row's month; NULL where it cannot be named.
 */
DwhRowScope
dwh_subject_rows(DwhSubject *subject, const char *month_end)
{
	DwhRowScope scope = {0};

	scope.relation = subject->relation;
	scope.month_end = month_end;
	scope.dimension = lookup_dimension;
	scope.dimension_arg = subject;
	return scope;
}

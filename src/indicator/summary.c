/*
 * summary.c
 *		dwh.create_summary(), dwh.drop_summary(), and the building of summaries; see summary.h for what they are.
 *
 * A summary is built from what its rows in the catalogue say, not from the measures as they are now; the evaluator takes a measure
 * from it only where both agree. Whoever builds holds the row lock on the subject: a refresh of the same subject waits, so that
 * no mark is taken away by one who does not yet see the new summary. Statements that build run at READ COMMITTED only, each
 * with a snapshot taken after the locks. Writers of facts are never kept waiting: what they commit meanwhile leaves marks.
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/formatting.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/snapmgr.h"

#include "common/errors.h"
#include "common/nearest.h"
#include "common/spi.h"
#include "indicator/catalogue_edit.h"
#include "indicator/refresh.h"
#include "indicator/summary.h"

PG_FUNCTION_INFO_V1(dwh_sql_create_summary);
PG_FUNCTION_INFO_V1(dwh_sql_drop_summary);
PG_FUNCTION_INFO_V1(dwh_sql_rebuild_summaries);
PG_FUNCTION_INFO_V1(dwh_sql_invalidate_summaries);

/* Columns that every summary has beside those of its dimensions and measures. */
static const char *const fixed_columns[] = {"month", "unit_id"};

/* ------------------------------------------------------------------ reading */

/* Whether two texts, each of which may be NULL, are the same. */
static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Reads the dimensions of summaries in the order of summary_id. */
static void
read_dimensions(List *summaries)
{
	uint64		n = dwh_spi_select("SELECT x.summary_id, d.code, x.column_name, x.expression"
								   " FROM dwh_catalog.summary_dimension x JOIN dwh_catalog.dimension d USING (dimension_id)"
								   " ORDER BY d.code COLLATE \"C\"", 0, NULL, NULL, NULL, true);
	ListCell   *lc;

	foreach(lc, summaries)
	{
		DwhSummary *summary = lfirst(lc);

		for (uint64 i = 0; i < n; i++)
		{
			DwhSummaryDimension *dimension;

			if (dwh_spi_int(i, 1) != summary->summary_id)
				continue;
			dimension = palloc0(sizeof(DwhSummaryDimension));
			dimension->code = dwh_spi_text(i, 2);
			dimension->column = dwh_spi_text(i, 3);
			dimension->expression = dwh_spi_text(i, 4);
			summary->dimensions = lappend(summary->dimensions, dimension);
		}
	}
}

/* Reads the measures of summaries. */
static void
read_measures(List *summaries, DwhCatalogue *catalogue)
{
	uint64		n = dwh_spi_select("SELECT x.summary_id, m.code, x.column_name, x.count_column_name, x.aggregate, x.expression, x.filter"
								   " FROM dwh_catalog.summary_measure x JOIN dwh_catalog.measure m USING (measure_id)"
								   " ORDER BY x.summary_id, x.measure_id", 0, NULL, NULL, NULL, true);
	ListCell   *lc;

	foreach(lc, summaries)
	{
		DwhSummary *summary = lfirst(lc);

		for (uint64 i = 0; i < n; i++)
		{
			DwhSummaryMeasure *entry;
			DwhMeasure *measure;

			if (dwh_spi_int(i, 1) != summary->summary_id)
				continue;
			entry = palloc0(sizeof(DwhSummaryMeasure));
			measure = dwh_catalogue_measure(catalogue, dwh_spi_text(i, 2));
			entry->column = dwh_spi_text(i, 3);
			entry->count_column = dwh_spi_text(i, 4);
			entry->aggregate = dwh_spi_text(i, 5);
			entry->expression = dwh_spi_text(i, 6);
			entry->filter = dwh_spi_text(i, 7);
			if (measure && measure->subject == summary->subject && same_text(measure->aggregate, entry->aggregate) &&
				same_text(measure->expression, entry->expression) && same_text(measure->filter, entry->filter))
				entry->measure = measure;
			summary->measures = lappend(summary->measures, entry);
		}
	}
}

/*
 * The triggers that watch the rows of table "relation" of alias j, as a sorted bigint[]: another set once a partition was attached,
 * detached or exchanged, or a trigger was made anew or disabled, or none is there that notices TRUNCATE: no mark tells of that.
 */
#define WATCHED_SQL "ARRAY(SELECT " DWH_WATCH_ID " FROM pg_trigger t WHERE t.tgname = 'after_row_mark'" \
	" AND t.tgrelid IN (SELECT j.relation UNION SELECT p.relid FROM pg_partition_tree(j.relation) p) ORDER BY 1)"

/* The summaries of all subjects as the active snapshot shows them, smallest first. Those whose table is gone are left out. */
List *
dwh_summary_list(DwhCatalogue *catalogue)
{
	uint64		n = dwh_spi_select("SELECT s.summary_id, s.subject_id, s.relation::oid::int8, s.built_at IS NOT NULL, s.failure IS NOT NULL, greatest(c.reltuples, 0)::float8,"
								   " coalesce(p.oid, 0)::int8, s.provinces_hash,"
								   " w.now <> '{}' AND 0 < ALL (w.now) AND (w.now = s.watched"
								   "  OR w.now = ARRAY(SELECT x.watch_id FROM dwh_catalog.subject_watch x WHERE x.subject_id = s.subject_id ORDER BY 1))"
								   " FROM dwh_catalog.summary s JOIN dwh_catalog.subject j USING (subject_id)"
								   " CROSS JOIN LATERAL (SELECT " WATCHED_SQL ") w (now)"
								   " JOIN pg_class c ON c.oid = s.relation AND c.relowner = 'dwh_owner'::regrole"
								   " LEFT JOIN pg_class p ON p.oid = s.by_province AND p.relowner = 'dwh_owner'::regrole"
								   " ORDER BY greatest(c.reltuples, 0), cardinality(s.dimensions), s.summary_id", 0, NULL, NULL, NULL, true);
	List	   *result = NIL;

	for (uint64 i = 0; i < n; i++)
	{
		DwhSummary *summary = palloc0(sizeof(DwhSummary));
		ListCell   *lc;
		bool		is_null;

		summary->summary_id = dwh_spi_int(i, 1);
		foreach(lc, catalogue->subjects)
			if (((DwhSubject *) lfirst(lc))->subject_id == dwh_spi_int(i, 2))
				summary->subject = lfirst(lc);
		if (summary->subject == NULL || !OidIsValid(summary->subject->relation))
			continue;
		summary->relation = (Oid) dwh_spi_bigint(i, 3);
		summary->has_content = dwh_spi_bool(i, 4);
		summary->has_failed = dwh_spi_bool(i, 5);
		summary->rows = DatumGetFloat8(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 6, &is_null));
		summary->by_province = (Oid) dwh_spi_bigint(i, 7);
		summary->has_provinces = OidIsValid(summary->by_province) && !dwh_spi_isnull(i, 8);
		if (summary->has_provinces)
			summary->provinces_hash = dwh_spi_bigint(i, 8);
		summary->is_watched = dwh_spi_bool(i, 9);
		result = lappend(result, summary);
	}
	if (result != NIL)
	{
		read_dimensions(result);
		read_measures(result, catalogue);
	}
	return result;
}

/* ------------------------------------------------------------------ building */

/* The scope of expressions over the rows that a summary is built from; sets of month-ends come from dim_month. */
static DwhRowScope
build_scope(DwhSubject *subject)
{
	return dwh_subject_rows(subject, psprintf("coalesce(t.month_end, (f.%s + interval '1 month')::date - 1)",
											  quote_identifier(subject->month_column)));
}

/* A state of a measure over rows f, as SQL. */
static char *
state_sql(DwhRowScope *scope, const DwhSummaryMeasure *entry)
{
	DwhRowType	type;
	char	   *filter = "";
	char	   *expression;

	if (entry->filter)
		filter = psprintf(" FILTER (WHERE %s)", dwh_row_compile_condition(scope, entry->filter, entry->column));
	if (strcmp(entry->aggregate, "count") == 0)
		return psprintf("count(*)%s AS %s", filter, quote_identifier(entry->column));
	expression = dwh_row_compile(scope, dwh_formula_parse(entry->expression), &type);
	if (strcmp(entry->aggregate, "distinct") == 0)
		return psprintf("dwh.id_set_agg(%s)%s AS %s", expression, filter, quote_identifier(entry->column));
	if (strcmp(entry->aggregate, "avg") == 0)
		return psprintf("sum(%s)%s::numeric AS %s, count(%s)%s AS %s", expression, filter, quote_identifier(entry->column),
						expression, filter, quote_identifier(entry->count_column));
	return psprintf("%s(%s)%s::numeric AS %s", entry->aggregate, expression, filter, quote_identifier(entry->column));
}

/* See summary.h. */
bool
dwh_summary_shares_column(const DwhSummary *summary, const DwhSummaryMeasure *entry)
{
	ListCell   *lc;

	foreach(lc, summary->measures)
	{
		if (lfirst(lc) == entry)
			return false;
		if (strcmp(((DwhSummaryMeasure *) lfirst(lc))->column, entry->column) == 0)
			return true;
	}
	return false;
}

/*
 * The names of the columns of a summary, and the SELECT that fills them from the facts. With cells, only those given by the
 * parameters $1 (months), $2 (units), between $3 and $4.
 */
static char *
build_sql(const DwhSummary *summary, bool with_cells, char **columns, List **joins)
{
	DwhSubject *subject = summary->subject;
	DwhRowScope scope = build_scope(subject);
	const char *month = quote_identifier(subject->month_column);
	const char *unit = quote_identifier(subject->unit_column);
	StringInfoData select;
	StringInfoData names;
	StringInfoData groups;
	ListCell   *lc;
	int			n = 2;

	initStringInfo(&select);
	initStringInfo(&names);
	initStringInfo(&groups);
	appendStringInfo(&select, "SELECT f.%s AS month, f.%s AS unit_id", month, unit);
	appendStringInfoString(&names, "month, unit_id");
	appendStringInfoString(&groups, "1, 2");
	foreach(lc, summary->dimensions)
	{
		DwhSummaryDimension *dimension = lfirst(lc);
		DwhRowScope inner = scope;
		DwhRowType	type;
		char	   *sql;

		inner.dimension = NULL; /* inside of a dimension its own name is a column */
		sql = dwh_row_compile(&inner, dwh_formula_parse(dimension->expression), &type);
		scope.joins = inner.joins;
		appendStringInfo(&select, ", %s AS %s", sql, quote_identifier(dimension->column));
		appendStringInfo(&names, ", %s", quote_identifier(dimension->column));
		appendStringInfo(&groups, ", %d", ++n);
	}
	foreach(lc, summary->measures)
	{
		DwhSummaryMeasure *entry = lfirst(lc);

		if (dwh_summary_shares_column(summary, entry))
			continue;
		appendStringInfo(&select, ", %s", state_sql(&scope, entry));
		appendStringInfo(&names, ", %s", quote_identifier(entry->column));
		if (entry->count_column)
			appendStringInfo(&names, ", %s", quote_identifier(entry->count_column));
	}
	appendStringInfo(&select, " FROM %s f", dwh_relation_sql(subject->relation));
	if (with_cells)
		appendStringInfo(&select, " JOIN (SELECT DISTINCT month, unit_id FROM unnest($1, $2) AS u (month, unit_id)) AS c"
						 " ON c.month = f.%s AND c.unit_id = f.%s", month, unit);
	appendStringInfo(&select, " LEFT JOIN dwh_star.dim_month t ON t.month = f.%s%s", month, dwh_row_joins_sql(&scope));
	appendStringInfo(&select, " WHERE f.%s IS NOT NULL AND f.%s IS NOT NULL", month, unit);
	if (with_cells)
		appendStringInfo(&select, " AND f.%s >= $3 AND f.%s <= $4", month, month);
	appendStringInfo(&select, " GROUP BY %s", groups.data);
	if (columns)
		*columns = names.data;
	if (joins)
		*joins = scope.joins;
	return select.data;
}

/* Raises 0A000 where statements do not see what is committed while they wait for locks. */
static void
need_read_committed(const char *what)
{
	if (IsolationUsesXactSnapshot())
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s does not run at isolation level %s", what,
						XactIsoLevel == XACT_SERIALIZABLE ? "SERIALIZABLE" : "REPEATABLE READ"),
				 errdetail("It would build summaries from an older state of the facts than the one whose marks are gone."),
				 errhint("Run it at READ COMMITTED.")));
}

/* The catalogue as it is committed now, and the summaries of one subject in it. */
static List *
summaries_of(int subject_id)
{
	List	   *result = NIL;
	List	   *all;
	ListCell   *lc;

	PushActiveSnapshot(GetLatestSnapshot());
	all = dwh_summary_list(dwh_catalogue_load());
	PopActiveSnapshot();
	foreach(lc, all)
		if (((DwhSummary *) lfirst(lc))->subject->subject_id == subject_id)
			result = lappend(result, lfirst(lc));
	return result;
}

/* See summary.h. */
void
dwh_cells_range(Datum months, DateADT *first, DateADT *last)
{
	Datum	   *elems;
	int			n;

	deconstruct_array(DatumGetArrayTypeP(months), DATEOID, sizeof(DateADT), true, TYPALIGN_INT, &elems, NULL, &n);
	*first = DATEVAL_NOEND;
	*last = DATEVAL_NOBEGIN;
	for (int i = 0; i < n; i++)
	{
		*first = Min(*first, DatumGetDateADT(elems[i]));
		*last = Max(*last, DatumGetDateADT(elems[i]));
	}
}

/* Fills one summary with all its cells. Its row in the catalogue is written first, which locks it: a dimension that changes meanwhile takes the content away again. */
static uint64
fill_summary(DwhSummary *summary)
{
	char	   *relation = dwh_relation_sql(summary->relation);
	char	   *columns;
	char	   *select = build_sql(summary, false, &columns, NULL);
	Oid			types[1] = {INT4OID};
	Datum		values[1] = {Int32GetDatum(summary->summary_id)};
	uint64		rows;

	(void) dwh_spi_run("UPDATE dwh_catalog.summary s SET watched = " WATCHED_SQL " FROM dwh_catalog.subject j"
					   " WHERE s.summary_id = $1 AND j.subject_id = s.subject_id", 1, types, values, NULL, false, SPI_OK_UPDATE);
	(void) dwh_spi_run(psprintf("DELETE FROM %s", relation), 0, NULL, NULL, NULL, false, SPI_OK_DELETE);
	/* by month: what unites the sets of units that lie beside each other finds each set that grows in the cache */
	rows = dwh_spi_run(psprintf("INSERT INTO %s (%s) %s ORDER BY 1, 2", relation, columns, select), 0, NULL, NULL, NULL, false, SPI_OK_INSERT);
	(void) dwh_spi_run("UPDATE dwh_catalog.summary SET built_at = statement_timestamp(), failure = NULL WHERE summary_id = $1", 1, types, values, NULL,
					   false, SPI_OK_UPDATE);
	dwh_spi_utility(psprintf("ANALYZE %s", relation));
	dwh_province_fill(summary);
	return rows;
}

/* Deletes and inserts cells of one summary, a part (DwhCells) after the other. */
static uint64
replace_cells(DwhSummary *summary, List *parts)
{
	char	   *relation = dwh_relation_sql(summary->relation);
	char	   *columns;
	char	   *select = build_sql(summary, true, &columns, NULL);
	uint64		rows = 0;
	ListCell   *lc;

	foreach(lc, parts)
	{
		const DwhCells *cells = lfirst(lc);
		Oid			types[4] = {DATEARRAYOID, INT4ARRAYOID, DATEOID, DATEOID};
		Datum		values[4] = {cells->months, cells->unit_ids};
		DateADT		first;
		DateADT		last;

		dwh_cells_range(cells->months, &first, &last);
		if (first > last)
			continue;
		values[2] = DateADTGetDatum(first);
		values[3] = DateADTGetDatum(last);
		(void) dwh_spi_run(psprintf("DELETE FROM %s AS s USING (SELECT DISTINCT month, unit_id FROM unnest($1, $2) AS u (month, unit_id)) AS c"
									" WHERE s.month = c.month AND s.unit_id = c.unit_id AND $3 <= $4", relation),
						   4, types, values, NULL, false, SPI_OK_DELETE);
		rows += dwh_spi_run(psprintf("INSERT INTO %s (%s) %s", relation, columns, select), 4, types, values, NULL, false, SPI_OK_INSERT);
	}
	dwh_province_replace(summary, parts);
	return rows;
}

/* One summary that is built, as a whole or cell by cell, within dwh_refresh_try(). */
typedef struct Building
{
	DwhSummary *summary;
	bool		is_whole;
	List	   *parts;			/* unless as a whole */
	uint64		rows;
} Building;

static void
build(void *arg)
{
	Building   *building = arg;

	building->rows = building->is_whole ? fill_summary(building->summary) : replace_cells(building->summary, building->parts);
}

/* Builds one summary, as a whole or these cells, or notes why it cannot be built. Returns the number of rows inserted. */
static uint64
try_to_build(DwhSummary *summary, bool is_whole, List *parts)
{
	Building	building = {.summary = summary,.is_whole = is_whole,.parts = parts};
	ErrorData  *error = dwh_refresh_try(build, &building);
	Oid			types[2] = {INT4OID, TEXTOID};
	Datum		values[2] = {Int32GetDatum(summary->summary_id)};

	if (error == NULL)
		return building.rows;
	values[1] = CStringGetTextDatum(unpack_sql_state(error->sqlerrcode));
	(void) dwh_spi_run("UPDATE dwh_catalog.summary SET built_at = NULL, provinces_hash = NULL, failure = $2 WHERE summary_id = $1", 2, types, values,
					   NULL, false, SPI_OK_UPDATE);
	(void) dwh_spi_run(psprintf("DELETE FROM %s", dwh_relation_sql(summary->relation)), 0, NULL, NULL, NULL, false, SPI_OK_DELETE);
	if (OidIsValid(summary->by_province))
		(void) dwh_spi_run(psprintf("DELETE FROM %s", dwh_relation_sql(summary->by_province)), 0, NULL, NULL, NULL, false, SPI_OK_DELETE);
	/* the message may hold values of rows, which not everybody may see who refreshes or reads the catalogue */
	ereport(LOG,
			(errmsg("summary %s could not be built: %s", dwh_relation_sql(summary->relation), error->message ? error->message : ""),
			 errhidestmt(true)));
	ereport(WARNING,
			(errcode(error->sqlerrcode),
			 errmsg("summary %s could not be built", dwh_relation_sql(summary->relation)),
			 errdetail("The SQLSTATE was %s; the message is in the server log.", unpack_sql_state(error->sqlerrcode)),
			 errhint("Until it can be, the facts are read instead. It is tried again whenever rows of the subject have changed.")));
	return 0;
}

/* See summary.h. */
uint64
dwh_summary_rebuild(int subject_id, List *parts)
{
	uint64		rows = 0;
	ListCell   *lc;

	need_read_committed("rebuilding cells");
	foreach(lc, summaries_of(subject_id))
	{
		DwhSummary *summary = lfirst(lc);

		/* one without content is built as a whole when its turn comes: where it failed, that is when rows have changed */
		if (summary->has_content || (summary->has_failed && parts != NIL))
			rows += try_to_build(summary, summary->has_failed, parts);
	}
	return rows;
}

/* See summary.h. */
uint64
dwh_summary_rebuild_all(int subject_id)
{
	uint64		rows = 0;
	ListCell   *lc;

	need_read_committed("rebuilding summaries");
	foreach(lc, summaries_of(subject_id))
		rows += try_to_build(lfirst(lc), true, NIL);
	return rows;
}

/* See summary.h. */
bool
dwh_summary_is_missing(int subject_id)
{
	Oid			types[1] = {INT4OID};
	Datum		values[1] = {Int32GetDatum(subject_id)};

	return dwh_spi_select_latest("SELECT FROM dwh_catalog.summary WHERE subject_id = $1 AND built_at IS NULL AND failure IS NULL LIMIT 1",
								 1, types, values) > 0;
}

/* Locks the subject against refreshes and other builders until the end of the transaction. */
static void
lock_subject(int subject_id)
{
	Oid			types[1] = {INT4OID};
	Datum		values[1] = {Int32GetDatum(subject_id)};

	(void) dwh_spi_select("SELECT FROM dwh_catalog.subject WHERE subject_id = $1 FOR NO KEY UPDATE", 1, types, values, NULL, false);
}

/* dwh_internal.rebuild_summaries(p_subject_id): the number of rows. */
Datum
dwh_sql_rebuild_summaries(PG_FUNCTION_ARGS)
{
	DwhOwnerSwitch owner;
	uint64		rows;

	dwh_require_warehouse();
	dwh_owner_enter(&owner);
	dwh_spi_begin();
	lock_subject(PG_GETARG_INT32(0));
	rows = dwh_summary_rebuild_all(PG_GETARG_INT32(0));
	dwh_spi_end();
	dwh_owner_leave(&owner);
	PG_RETURN_INT64((int64) rows);
}

/* ------------------------------------------------------------------ creating */

/* Raises 42501 where the expression names a column that stands for a person, or one that leads to personal data. */
static void
refuse_personal(const DwhNode *node, Oid relation, const char *code)
{
	ListCell   *lc;

	if (node->kind == DWH_NODE_PATH && list_length(node->path) == 1)
	{
		AttrNumber	attnum = get_attnum(relation, linitial(node->path));
		Relation	rel = relation_open(relation, AccessShareLock);
		bool		is_personal = false;

		foreach(lc, RelationGetFKeyList(rel))
		{
			ForeignKeyCacheInfo *fk = lfirst(lc);

			is_personal |= fk->nkeys == 1 && fk->conkey[0] == attnum && strcmp(get_rel_name(fk->confrelid), "dim_person") == 0;
		}
		is_personal |= strcmp(linitial(node->path), "person_id") == 0;
		relation_close(rel, AccessShareLock);
		if (is_personal)
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("a summary by \"%s\" would hold rows of single persons", code),
					 errdetail("It is computed from column \"%s\", which names a person.", (char *) linitial(node->path)),
					 errhint("Leave this dimension out; persons are counted by distinct measures.")));
	}
	foreach(lc, node->args)
		refuse_personal(lfirst(lc), relation, code);
}

/* Raises 0A000, 55000 unless the subject can have summaries. */
static void
check_subject(DwhSubject *subject)
{
	char		kind;

	dwh_edit_need_relation(subject);
	if (strcmp(subject->code, "fact_manual") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("figures entered by people have no summaries"),
				 errdetail("Each of them is a value of its own; they are few.")));
	kind = get_rel_relkind(subject->relation);
	if (kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("subject \"%s\" cannot have summaries", subject->code),
				 errdetail("\"%s\" is no table: nothing would tell when its rows change.", get_rel_name(subject->relation)),
				 errhint("Register the tables below it as subjects.")));
}

/* Whether the name is taken by another column of the summary. */
static bool
column_is_taken(const DwhSummary *summary, const char *name)
{
	ListCell   *lc;

	for (int i = 0; i < lengthof(fixed_columns); i++)
		if (strcmp(fixed_columns[i], name) == 0)
			return true;
	foreach(lc, summary->dimensions)
		if (strcmp(((DwhSummaryDimension *) lfirst(lc))->column, name) == 0)
			return true;
	foreach(lc, summary->measures)
	{
		DwhSummaryMeasure *entry = lfirst(lc);

		if (strcmp(entry->column, name) == 0 || (entry->count_column && strcmp(entry->count_column, name) == 0))
			return true;
	}
	return false;
}

/* Adds the dimensions, in alphabetical order. Raises 42704, 42501, 22004. */
static void
add_dimensions(DwhSummary *summary, DwhCatalogue *catalogue, ArrayType *codes)
{
	Datum	   *elems;
	bool	   *nulls;
	int			n;
	ListCell   *lc;

	deconstruct_array(codes, TEXTOID, -1, false, TYPALIGN_INT, &elems, &nulls, &n);
	for (int i = 0; i < n; i++)
	{
		DwhSummaryDimension *dimension;
		DwhSubjectDimension *known;
		char	   *code;
		int			place = 0;

		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("p_dimensions must not contain NULL")));
		code = TextDatumGetCString(elems[i]);
		known = dwh_subject_dimension(summary->subject, code);
		if (known == NULL)
		{
			DwhNearest	nearest;

			dwh_nearest_begin(&nearest, code);
			foreach(lc, summary->subject->dimensions)
				dwh_nearest_offer(&nearest, ((DwhSubjectDimension *) lfirst(lc))->code);
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_OBJECT),
					 errmsg("subject \"%s\" has no dimension \"%s\"", summary->subject->code, code),
					 get_attnum(summary->subject->relation, code) > 0
					 ? errdetail("It is a column of \"%s\", but no dimension.", get_rel_name(summary->subject->relation)) : 0,
					 nearest.best ? errhint("Did you mean \"%s\"?", nearest.best) :
					 errhint("Month and unit are always there; the dimensions of a subject stand in dwh_catalog.subject_dimension.")));
		}
		refuse_personal(known->expression, summary->subject->relation, code);
		if (column_is_taken(summary, code))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("dimension \"%s\" stands in p_dimensions twice, or is named like a column that every summary has", code)));
		dimension = palloc0(sizeof(DwhSummaryDimension));
		dimension->code = code;
		dimension->column = code;
		dimension->expression = dwh_formula_deparse(known->expression);
		foreach(lc, summary->dimensions)
			place += strcmp(((DwhSummaryDimension *) lfirst(lc))->code, code) < 0;
		summary->dimensions = list_insert_nth(summary->dimensions, place, dimension);
	}
}

/* Whether states of the measure can be put together to its value. */
static bool
has_states(const DwhSummary *summary, const DwhMeasure *measure)
{
	return measure->subject == summary->subject && strcmp(measure->unit_column, summary->subject->unit_column) == 0 &&
		(strcmp(measure->aggregate, "distinct") != 0 || dwh_row_is_int(summary->subject->relation, measure->expression));
}

/* Whether the summary has the measure already. */
static bool
has_measure(const DwhSummary *summary, const DwhMeasure *measure)
{
	ListCell   *lc;

	foreach(lc, summary->measures)
		if (((DwhSummaryMeasure *) lfirst(lc))->measure == measure)
			return true;
	return false;
}

/* Adds every measure that the summary can answer and does not have; gives those added. */
static List *
add_measures(DwhSummary *summary, DwhCatalogue *catalogue)
{
	List	   *added = NIL;
	ListCell   *lc;
	ListCell   *other;

	foreach(lc, catalogue->measures)
	{
		DwhMeasure *measure = lfirst(lc);
		DwhSummaryMeasure *entry;

		if (!has_states(summary, measure) || has_measure(summary, measure))
			continue;
		entry = palloc0(sizeof(DwhSummaryMeasure));
		entry->measure = measure;
		entry->aggregate = measure->aggregate;
		entry->expression = measure->expression;
		entry->filter = measure->filter;
		foreach(other, summary->measures)
		{
			DwhSummaryMeasure *like = lfirst(other);

			if (same_text(like->aggregate, entry->aggregate) && same_text(like->expression, entry->expression) &&
				same_text(like->filter, entry->filter))
			{
				entry->column = like->column;
				entry->count_column = like->count_column;
			}
		}
		if (entry->column == NULL)
		{
			entry->column = asc_tolower(measure->code, strlen(measure->code));
			/* one that leaves no room for dwh_province_size_column() is as good as taken */
			for (int i = 1; strlen(entry->column) > NAMEDATALEN - 2 || column_is_taken(summary, entry->column); i++)
				entry->column = psprintf("state_%d", i);
			if (strcmp(measure->aggregate, "avg") == 0)
				for (int i = 1; entry->count_column == NULL || column_is_taken(summary, entry->count_column); i++)
					entry->count_column = psprintf("count_%d", i);
		}
		summary->measures = lappend(summary->measures, entry);
		added = lappend(added, entry);
	}
	return added;
}

static bool
has_name(List *names, const char *name)
{
	ListCell   *lc;

	foreach(lc, names)
		if (strcmp(lfirst(lc), name) == 0)
			return true;
	return false;
}

/* Raises 0A000 unless a change of every table that the summary looks into can be noticed; gives their names as text[]. */
static Datum
watch_lookups(DwhSummary *summary)
{
	List	   *joins;
	ListCell   *lc;
	List	   *names = NIL;

	(void) build_sql(summary, false, NULL, &joins);
	foreach(lc, joins)
	{
		DwhRowJoin *join = lfirst(lc);
		char	   *name = dwh_relation_sql(join->relation);
		DwhEditParams params = {0};

		if (has_name(names, name))
			continue;
		dwh_edit_add(&params, REGCLASSOID, ObjectIdGetDatum(join->relation), false);
		if (dwh_edit_select("SELECT FROM pg_class WHERE oid = $1 AND relowner = 'dwh_owner'::regrole AND relkind IN ('r', 'p')", &params) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("subject \"%s\" cannot have this summary", summary->subject->code),
					 errdetail("It would look into %s, which dwh_owner does not own: nothing would tell when its rows change.", name),
					 errhint("Give the table to dwh_owner, or leave the dimension out.")));
		if (dwh_edit_select("SELECT FROM pg_trigger WHERE tgrelid = $1 AND tgname = 'after_change_summary'", &params) == 0)
		{
			dwh_spi_utility(psprintf("CREATE TRIGGER after_change_summary AFTER UPDATE ON %s FOR EACH ROW"
									 " WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION dwh_internal.invalidate_summaries()", name));
			dwh_spi_utility(psprintf("ALTER TABLE %s ENABLE ALWAYS TRIGGER after_change_summary", name));
		}
		names = lappend(names, name);
	}
	return dwh_text_array(names);
}

/* The summary of the subject by exactly these dimensions, or NULL. */
static DwhSummary *
find_summary(List *summaries, const DwhSummary *like)
{
	ListCell   *lc;

	foreach(lc, summaries)
	{
		DwhSummary *summary = lfirst(lc);
		ListCell   *a;
		ListCell   *b;
		bool		is_same = summary->subject->subject_id == like->subject->subject_id &&
			list_length(summary->dimensions) == list_length(like->dimensions);

		forboth(a, summary->dimensions, b, like->dimensions)
			is_same &= strcmp(((DwhSummaryDimension *) lfirst(a))->code, ((DwhSummaryDimension *) lfirst(b))->code) == 0;
		if (is_same)
			return summary;
	}
	return NULL;
}

/* The codes of the dimensions as text[]. */
static Datum
dimension_codes(const DwhSummary *summary)
{
	List	   *codes = NIL;
	ListCell   *lc;

	foreach(lc, summary->dimensions)
		codes = lappend(codes, ((DwhSummaryDimension *) lfirst(lc))->code);
	return dwh_text_array(codes);
}

/* Comments on the tables and the columns of measures. */
static void
comment_on(const DwhSummary *summary, List *entries)
{
	char	   *relation = dwh_relation_sql(summary->relation);
	ListCell   *lc;

	dwh_spi_utility(psprintf("COMMENT ON TABLE %s IS %s", relation,
							 quote_literal_cstr(psprintf("Tổng hợp %s theo tháng, đơn vị và chiều | Summary of %s by month, unit and dimensions",
														 summary->subject->code, summary->subject->code))));
	if (OidIsValid(summary->by_province))
		dwh_spi_utility(psprintf("COMMENT ON TABLE %s IS %s", dwh_relation_sql(summary->by_province),
								 quote_literal_cstr(psprintf("Các ô của %s, gộp theo tỉnh | The cells of %s, put together by province", relation, relation))));
	foreach(lc, entries)
	{
		DwhSummaryMeasure *entry = lfirst(lc);

		if (!dwh_summary_shares_column(summary, entry))
			dwh_spi_utility(psprintf("COMMENT ON COLUMN %s.%s IS %s", relation, quote_identifier(entry->column),
									 quote_literal_cstr(psprintf("Trạng thái của số đo %s | State of measure %s",
																 entry->measure->code, entry->measure->code))));
	}
}

/* Makes the tables of a new summary, empty, and its rows in the catalogue. */
static void
make_tables(DwhSummary *summary, Datum lookups)
{
	static const char by_province_suffix[] = "_by_province";
	DwhEditParams params = {0};
	const char *subject = summary->subject->code;
	char	   *name;
	char	   *relation;
	char	   *by_province;
	ListCell   *lc;

	summary->summary_id = dwh_edit_next_id("summary", "summary_id");
	name = psprintf("summary_%d_%s", summary->summary_id, strncmp(subject, "fact_", 5) == 0 ? subject + 5 : subject);
	name = pnstrdup(name, NAMEDATALEN - sizeof(by_province_suffix));
	relation = quote_qualified_identifier("dwh_star", name);
	by_province = quote_qualified_identifier("dwh_star", psprintf("%s%s", name, by_province_suffix));
	dwh_spi_utility(psprintf("CREATE TABLE %s AS %s WITH NO DATA", relation, build_sql(summary, false, NULL, NULL)));
	dwh_spi_utility(psprintf("ALTER TABLE %s ALTER month SET NOT NULL, ALTER unit_id SET NOT NULL", relation));
	/* its sets are large, and as a rule only their sizes are asked for, which stand beside them: they are kept out of the rows */
	dwh_spi_utility(psprintf("CREATE TABLE %s (LIKE %s) WITH (toast_tuple_target = 512)", by_province, relation));
	dwh_spi_utility(psprintf("CREATE INDEX ON %s (unit_id, month)", relation));
	dwh_spi_utility(psprintf("CREATE INDEX ON %s (unit_id, month)", by_province));
	dwh_spi_utility(psprintf("ALTER TABLE %s ENABLE ROW LEVEL SECURITY", relation));
	dwh_spi_utility(psprintf("ALTER TABLE %s ENABLE ROW LEVEL SECURITY", by_province));	/* and no policy: a cell is of many units */
	dwh_spi_utility(psprintf("GRANT SELECT ON %s TO dwh_central_admin, dwh_province_admin, dwh_analyst, dwh_national", relation));
	summary->relation = get_relname_relid(name, get_namespace_oid("dwh_star", false));
	summary->by_province = get_relname_relid(psprintf("%s%s", name, by_province_suffix), get_namespace_oid("dwh_star", false));

	dwh_edit_add_int(&params, summary->summary_id);
	dwh_edit_add_int(&params, summary->subject->subject_id);
	dwh_edit_add(&params, REGCLASSOID, ObjectIdGetDatum(summary->relation), false);
	dwh_edit_add(&params, TEXTARRAYOID, dimension_codes(summary), false);
	dwh_edit_add(&params, TEXTARRAYOID, lookups, false);
	dwh_edit_add(&params, REGCLASSOID, ObjectIdGetDatum(summary->by_province), false);
	dwh_edit_insert("INSERT INTO dwh_catalog.summary (summary_id, subject_id, relation, dimensions, lookups, by_province)"
					" VALUES ($1, $2, $3, $4, $5, $6)", &params);
	foreach(lc, summary->dimensions)
	{
		DwhSummaryDimension *dimension = lfirst(lc);

		memset(&params, 0, sizeof(params));
		dwh_edit_add_int(&params, summary->summary_id);
		dwh_edit_add_text(&params, dimension->code);
		dwh_edit_add_text(&params, dimension->column);
		dwh_edit_add_text(&params, dimension->expression);
		dwh_edit_insert("INSERT INTO dwh_catalog.summary_dimension SELECT $1, dimension_id, $3, $4 FROM dwh_catalog.dimension WHERE code = $2",
						&params);
	}
}

/* Gives an existing summary the columns of measures that are new. */
static void
add_columns(DwhSummary *summary, List *added, Datum lookups)
{
	DwhEditParams params = {0};
	Oid			tables[] = {summary->relation, summary->by_province};
	ListCell   *lc;

	foreach(lc, added)
	{
		DwhSummaryMeasure *entry = lfirst(lc);
		const char *type = strcmp(entry->aggregate, "distinct") == 0 ? "dwh.id_set" : strcmp(entry->aggregate, "count") == 0 ? "bigint" : "numeric";

		for (int t = 0; t < lengthof(tables) && !dwh_summary_shares_column(summary, entry); t++)
		{
			if (!OidIsValid(tables[t]))
				continue;
			dwh_spi_utility(psprintf("ALTER TABLE %s ADD COLUMN %s %s", dwh_relation_sql(tables[t]), quote_identifier(entry->column), type));
			if (entry->count_column)
				dwh_spi_utility(psprintf("ALTER TABLE %s ADD COLUMN %s bigint", dwh_relation_sql(tables[t]), quote_identifier(entry->count_column)));
		}
	}
	dwh_edit_add_int(&params, summary->summary_id);
	dwh_edit_add(&params, TEXTARRAYOID, lookups, false);
	dwh_edit_update_one("UPDATE dwh_catalog.summary SET lookups = $2 WHERE summary_id = $1", &params);
}

/* Notes in the catalogue which measures the summary answers. */
static void
note_measures(const DwhSummary *summary, List *added)
{
	ListCell   *lc;

	foreach(lc, added)
	{
		DwhSummaryMeasure *entry = lfirst(lc);
		DwhEditParams params = {0};

		dwh_edit_add_int(&params, summary->summary_id);
		dwh_edit_add_text(&params, entry->measure->code);
		dwh_edit_add_text(&params, entry->column);
		dwh_edit_add_text(&params, entry->count_column);
		dwh_edit_add_text(&params, entry->aggregate);
		dwh_edit_add_text(&params, entry->expression);
		dwh_edit_add_text(&params, entry->filter);
		dwh_edit_insert("INSERT INTO dwh_catalog.summary_measure SELECT $1, measure_id, $3, $4, $5, $6, $7"
						" FROM dwh_catalog.measure WHERE code = $2", &params);
	}
}

/* Puts the policies of scope on the table: a row holds what is known of its unit's own rows. */
static void
protect(const DwhSummary *summary)
{
	DwhEditParams params = {0};

	dwh_edit_add(&params, REGCLASSOID, ObjectIdGetDatum(summary->relation), false);
	dwh_edit_add_int(&params, summary->subject->subject_id);
	(void) dwh_spi_run("SELECT dwh_internal.protect_relation($1, $2)", params.n, params.types, params.values, NULL, false, SPI_OK_SELECT);
}

/* The list of dimensions as an argument of the log. */
static char *
array_text(ArrayType *array)
{
	return OidOutputFunctionCall(F_ARRAY_OUT, PointerGetDatum(array));
}

static ArrayType *
dimensions_argument(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("p_dimensions must not be NULL"),
				 errhint("Use '{}' for a summary by month and unit only.")));
	return PG_GETARG_ARRAYTYPE_P(1);
}

/* dwh.create_summary(p_subject, p_dimensions): its table. One that is there already is given the measures that are new since. */
Datum
dwh_sql_create_summary(PG_FUNCTION_ARGS)
{
	DwhCatalogueEdit edit;
	DwhSummary	draft = {0};
	DwhSummary *summary;
	char	   *subject_code = dwh_edit_required(fcinfo, 0, "p_subject");
	ArrayType  *dimensions = dimensions_argument(fcinfo);
	List	   *added;

	dwh_edit_prepare(&edit, "create_summary", subject_code);
	dwh_edit_note(&edit, "dimensions", array_text(dimensions));
	dwh_edit_begin(&edit);
	dwh_edit_require_admin(&edit);
	need_read_committed("dwh.create_summary()");

	dwh_edit_open(&edit);
	draft.subject = dwh_edit_need_subject(&edit, subject_code);
	check_subject(draft.subject);
	add_dimensions(&draft, edit.catalogue, dimensions);
	lock_subject(draft.subject->subject_id);
	PushActiveSnapshot(GetLatestSnapshot());
	summary = find_summary(dwh_summary_list(edit.catalogue), &draft);
	PopActiveSnapshot();
	if (summary == NULL)
	{
		summary = &draft;
		added = add_measures(summary, edit.catalogue);
		make_tables(summary, watch_lookups(summary));
	}
	else
	{
		added = add_measures(summary, edit.catalogue);
		if (added == NIL && summary->has_content)
			ereport(NOTICE,
					(errmsg("subject \"%s\" has this summary already, with all measures", subject_code)));
		else
			add_columns(summary, added, watch_lookups(summary));
	}
	if (added != NIL || !summary->has_content)
	{
		note_measures(summary, added);
		dwh_province_add_sizes(summary, added);
		comment_on(summary, added);
		protect(summary);
		dwh_edit_note_int(&edit, "rows", (int) fill_summary(summary));
	}
	dwh_edit_close(&edit);
	PG_RETURN_OID(summary->relation);
}

/* dwh.drop_summary(p_subject, p_dimensions): whether there was one. */
Datum
dwh_sql_drop_summary(PG_FUNCTION_ARGS)
{
	DwhCatalogueEdit edit;
	DwhSummary	draft = {0};
	DwhSummary *summary;
	DwhEditParams params = {0};
	char	   *subject_code = dwh_edit_required(fcinfo, 0, "p_subject");
	ArrayType  *dimensions = dimensions_argument(fcinfo);
	bool		found;

	dwh_edit_prepare(&edit, "drop_summary", subject_code);
	dwh_edit_note(&edit, "dimensions", array_text(dimensions));
	dwh_edit_begin(&edit);
	dwh_edit_require_admin(&edit);
	dwh_edit_open(&edit);
	draft.subject = dwh_edit_need_subject(&edit, subject_code);
	add_dimensions(&draft, edit.catalogue, dimensions);
	lock_subject(draft.subject->subject_id);
	PushActiveSnapshot(GetLatestSnapshot());
	summary = find_summary(dwh_summary_list(edit.catalogue), &draft);
	PopActiveSnapshot();
	found = summary != NULL;
	if (found)
	{
		dwh_edit_add_int(&params, summary->summary_id);
		(void) dwh_spi_run("DELETE FROM dwh_catalog.summary WHERE summary_id = $1", params.n, params.types, params.values, NULL, false, SPI_OK_DELETE);
		dwh_spi_utility(psprintf("DROP TABLE %s", dwh_relation_sql(summary->relation)));
		if (OidIsValid(summary->by_province))
			dwh_spi_utility(psprintf("DROP TABLE %s", dwh_relation_sql(summary->by_province)));
	}
	dwh_edit_note(&edit, "was_there", found ? "yes" : "no");
	dwh_edit_close(&edit);
	PG_RETURN_BOOL(found);
}

/* Row trigger on tables of dimensions: what summaries hold follows from rows as they were. */
Datum
dwh_sql_invalidate_summaries(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	DwhOwnerSwitch owner;
	Oid			types[1] = {TEXTOID};
	Datum		values[1];

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("dwh_internal.invalidate_summaries() is a trigger function")));
	if (dwh_warehouse_exists())
	{
		dwh_owner_enter(&owner);
		dwh_spi_begin();
		values[0] = CStringGetTextDatum(dwh_relation_sql(RelationGetRelid(trigger->tg_relation)));
		(void) dwh_spi_run("UPDATE dwh_catalog.summary SET built_at = NULL, failure = NULL WHERE (built_at IS NOT NULL OR failure IS NOT NULL) AND $1 = ANY (lookups)",
						   1, types, values, NULL, false, SPI_OK_UPDATE);
		dwh_spi_end();
		dwh_owner_leave(&owner);
	}
	return PointerGetDatum(trigger->tg_trigtuple);
}

/*
 * refresh.c
 *		dwh.refresh(), its stage 1 (cells of summaries), the log of runs, and dwh.mark_dirty(); see refresh.h.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "common/errors.h"
#include "common/nearest.h"
#include "common/owner.h"
#include "common/ref_cache.h"
#include "common/spi.h"
#include "indicator/catalogue_edit.h"
#include "indicator/mark.h"
#include "indicator/refresh.h"
#include "indicator/summary.h"

PG_FUNCTION_INFO_V1(dwh_sql_refresh);
PG_FUNCTION_INFO_V1(dwh_sql_mark_dirty);

/* Cells of more months than this are rebuilt in one pass over all of them. */
#define MAX_MONTHS_APART 36

/* One unit column of the subject that is refreshed. */
typedef struct Column
{
	char	   *name;
	bool		is_own;			/* the subject's, not that of a measure */
} Column;

/* The subject that is refreshed. */
typedef struct Work
{
	DwhSubject *subject;
	List	   *columns;		/* of Column, the subject's own first */
	List	   *summaries;		/* of char *: quoted names of their tables */
	bool		everything;
	DwhRefreshCounts *counts;
} Work;

/* ------------------------------------------------------------------ stage 1 */

/* The unit columns of the subject. */
static List *
unit_columns(DwhCatalogue *catalogue, DwhSubject *subject)
{
	Column	   *own = palloc0(sizeof(Column));
	List	   *result = list_make1(own);
	ListCell   *lc;

	own->name = subject->unit_column;
	own->is_own = true;
	foreach(lc, catalogue->measures)
	{
		DwhMeasure *measure = lfirst(lc);
		bool		is_known = measure->subject != subject;
		ListCell   *c;

		foreach(c, result)
			is_known |= strcmp(((Column *) lfirst(c))->name, measure->unit_column) == 0;
		if (!is_known)
		{
			Column	   *column = palloc0(sizeof(Column));

			column->name = measure->unit_column;
			result = lappend(result, column);
		}
	}
	return result;
}

static List *
summary_tables(int subject_id)
{
	Oid			types[1] = {INT4OID};
	Datum		values[1] = {Int32GetDatum(subject_id)};
	uint64		n = dwh_spi_select("SELECT format('%I.%I', n.nspname, c.relname) FROM dwh_catalog.summary s JOIN pg_class c ON c.oid = s.relation"
								   " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE s.subject_id = $1 AND c.relowner = 'dwh_owner'::regrole",
								   1, types, values, NULL, false);
	List	   *result = NIL;

	for (uint64 i = 0; i < n; i++)
		result = lappend(result, dwh_spi_text(i, 1));
	return result;
}

/*
 * Puts the triggers right where a change would go unnoticed: the one that notices TRUNCATE is missing on a partition that somebody
 * attached, or one was disabled. Where that was not so at the last refresh, or could not be put right then (check_watch() wrote it down),
 * rows may have gone unnoticed: then everything is rebuilt.
 */
static void
mend_watch(Work *work)
{
	Oid			types[2] = {INT4OID, OIDOID};
	Datum		values[2] = {Int32GetDatum(work->subject->subject_id), ObjectIdGetDatum(work->subject->relation)};

	if (dwh_spi_select("SELECT bool_or(" DWH_TRIGGER_ID " IN (SELECT w.watch_id FROM dwh_catalog.subject_watch w WHERE w.subject_id = $1)) FROM pg_trigger t"
					   " WHERE t.tgname = 'after_row_mark' AND t.tgrelid IN (SELECT $2 UNION SELECT p.relid FROM pg_partition_tree($2) p)"
					   " AND NOT " DWH_MARKS_ALL " HAVING count(*) > 0", 2, types, values, NULL, false) == 0)
		return;
	work->everything |= dwh_spi_bool(0, 1);
	(void) dwh_spi_select("SELECT dwh_internal.watch_subject($1)", 1, types, values, NULL, false);
}

/*
 * Marks the cells, in every unit column, of the rows f of a table that meet a further condition (SQL, or empty). Parameter $1 is the
 * subject, the others are the condition's and marked_at's.
 */
static void
mark_cells(Work *work, const char *table, const char *condition, const char *marked_at, int nargs, const Oid *types, const Datum *values)
{
	const char *month = quote_identifier(work->subject->month_column);
	ListCell   *lc;

	foreach(lc, work->columns)
	{
		Column	   *column = lfirst(lc);
		const char *unit = quote_identifier(column->name);

		(void) dwh_spi_run(psprintf("INSERT INTO dwh_log.cell_mark (subject_id, unit_column, unit_id, month_from, month_to, marked_at)"
									" SELECT DISTINCT $1, %s::text, f.%s, f.%s, f.%s, %s FROM %s f WHERE f.%s IS NOT NULL AND f.%s IS NOT NULL%s",
									column->is_own ? "NULL" : quote_literal_cstr(column->name), unit, month, month, marked_at, table, unit, month,
									condition), nargs, types, values, NULL, false, SPI_OK_INSERT);
	}
}

/*
 * Compares the triggers on the tables of the subject with those that stood there at the last refresh. A table that went, or whose
 * trigger was away or disabled for a while, may have taken any rows with it: then everything is rebuilt. The cells of a new one are marked.
 */
static void
check_watch(Work *work)
{
	DwhSubject *subject = work->subject;
	Oid			types[2] = {INT4OID, OIDOID};
	Datum		values[2] = {Int32GetDatum(subject->subject_id), ObjectIdGetDatum(subject->relation)};
	List	   *tables = NIL;
	List	   *ids = NIL;
	bool		had_any = false;
	uint64		n;
	ListCell   *t;

	n = dwh_spi_select("WITH here AS (SELECT " DWH_TRIGGER_ID " AS watch_id, t.tgrelid, c.relkind FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
					   " WHERE t.tgname = 'after_row_mark' AND t.tgrelid IN (SELECT $2 UNION SELECT p.relid FROM pg_partition_tree($2) p)),"
					   " before AS (SELECT w.watch_id FROM dwh_catalog.subject_watch w WHERE w.subject_id = $1)"
					   " SELECT watch_id, h.tgrelid IS NULL, quote_ident(n.nspname) || '.' || quote_ident(c.relname), h.relkind = 'r', EXISTS (SELECT FROM before)"
					   " FROM here h FULL JOIN before b USING (watch_id) LEFT JOIN pg_class c ON c.oid = h.tgrelid"
					   " LEFT JOIN pg_namespace n ON n.oid = c.relnamespace"
					   " WHERE h.tgrelid IS NULL OR watch_id NOT IN (SELECT watch_id FROM before)", 2, types, values, NULL, false);
	for (uint64 i = 0; i < n; i++)
	{
		int64	   *id = palloc(sizeof(int64));

		*id = dwh_spi_bigint(i, 1);
		ids = lappend(ids, id);
		had_any |= dwh_spi_bool(i, 5);
		if (dwh_spi_bool(i, 2))
		{
			work->everything = true;
			*id = -*id;
		}
		else if (dwh_spi_bool(i, 4))
			tables = lappend(tables, dwh_spi_text(i, 3));
	}
	work->everything |= n > 0 && !had_any;
	foreach(t, ids)
	{
		int64		id = *(int64 *) lfirst(t);
		Oid			id_types[2] = {INT4OID, INT8OID};
		Datum		id_values[2] = {values[0], Int64GetDatum(id < 0 ? -id : id)};

		if (id < 0)
			(void) dwh_spi_run("DELETE FROM dwh_catalog.subject_watch WHERE subject_id = $1 AND watch_id = $2", 2, id_types, id_values, NULL,
							   false, SPI_OK_DELETE);
		else
			(void) dwh_spi_run("INSERT INTO dwh_catalog.subject_watch (subject_id, watch_id) VALUES ($1, $2)", 2, id_types, id_values, NULL,
							   false, SPI_OK_INSERT);
	}
	if (!work->everything)
		foreach(t, tables)
			mark_cells(work, lfirst(t), "", "statement_timestamp()", 1, types, values);
}

/* Marks as arrays: of cells, or of ranges of months of one unit (0: all). */
typedef struct Taken
{
	char	   *unit_column;	/* NULL: the subject's own, and of a mark of all units every one */
	int			unit_id;
	DateADT		from;
	DateADT		to;
} Taken;

/* The type of the key that a column of the subject's table refers to; NULL where it refers to none any more, or has been renamed. */
static char *
referenced_type(DwhSubject *subject, const char *column)
{
	Oid			types[2] = {OIDOID, TEXTOID};
	Datum		values[2] = {ObjectIdGetDatum(subject->relation), CStringGetTextDatum(column)};

	if (dwh_spi_select("SELECT format_type(r.atttypid, r.atttypmod) FROM pg_constraint k"
					   " JOIN pg_attribute a ON a.attrelid = k.conrelid AND k.conkey = ARRAY[a.attnum]"
					   " JOIN pg_attribute r ON r.attrelid = k.confrelid AND r.attnum = k.confkey[1]"
					   " WHERE k.conrelid = $1 AND k.contype = 'f' AND a.attname = $2 LIMIT 1", 2, types, values, NULL, false) == 0)
		return NULL;
	return dwh_spi_text(0, 1);
}

/*
 * Puts marks of cells in the place of the marks that name changed rows of dimensions: the cells whose rows lead to them now. The rows are
 * taken under an earlier snapshot than the facts are looked at, so no fact is missed but by whoever will mark it. Where everything is
 * rebuilt, one mark of everything stands for them: whoever watches marks being taken sees it.
 */
static void
find_rows(Work *work)
{
	DwhSubject *subject = work->subject;
	Oid			types[3] = {INT4OID, TEXTARRAYOID, TIMESTAMPTZOID};
	Datum		values[3] = {Int32GetDatum(subject->subject_id)};
	uint64		n = dwh_spi_select("WITH gone AS (DELETE FROM dwh_log.cell_mark WHERE subject_id = $1 AND row_column IS NOT NULL RETURNING *)"
								   " SELECT row_column, array_agg(DISTINCT row_key), min(marked_at) FROM gone GROUP BY 1 ORDER BY 1",
								   1, types, values, NULL, false);
	SPITupleTable *found = SPI_tuptable;

	for (uint64 i = 0; i < n && OidIsValid(subject->relation) && !work->everything; i++)
	{
		char	   *name = SPI_getvalue(found->vals[i], found->tupdesc, 1);
		char	   *type = referenced_type(subject, name);
		bool		is_null;

		work->everything = type == NULL;
		values[1] = SPI_getbinval(found->vals[i], found->tupdesc, 2, &is_null);
		values[2] = SPI_getbinval(found->vals[i], found->tupdesc, 3, &is_null);
		if (!work->everything)
			mark_cells(work, dwh_relation_sql(subject->relation), psprintf(" AND f.%s IN (SELECT k::%s FROM unnest($2) AS u (k))", quote_identifier(name), type),
					   "$3", 3, types, values);
	}
	if (n > 0 && work->everything)
		(void) dwh_spi_run("INSERT INTO dwh_log.cell_mark (subject_id, month_from, month_to) VALUES ($1, '-infinity', 'infinity')",
						   1, types, values, NULL, false, SPI_OK_INSERT);
}

/* Takes the marks of the subject that are visible now, but for those of rows. */
static List *
take_marks(Work *work)
{
	Oid			types[1] = {INT4OID};
	Datum		values[1] = {Int32GetDatum(work->subject->subject_id)};
	List	   *result = NIL;
	uint64		n = dwh_spi_select("WITH taken AS (DELETE FROM dwh_log.cell_mark WHERE subject_id = $1 AND row_column IS NULL RETURNING *)"
								   " SELECT unit_column, unit_id, month_from, month_to, count(*) FROM taken GROUP BY 1, 2, 3, 4 ORDER BY 3, 4, 2, 1",
								   1, types, values, NULL, false);

	for (uint64 i = 0; i < n; i++)
	{
		Taken	   *taken = palloc0(sizeof(Taken));

		taken->unit_column = dwh_spi_text(i, 1);
		taken->unit_id = dwh_spi_int(i, 2);
		taken->from = dwh_spi_date(i, 3);
		taken->to = dwh_spi_date(i, 4);
		work->counts->cells_marked += dwh_spi_bigint(i, 5);
		work->everything |= taken->unit_id == 0 && taken->from == DATEVAL_NOBEGIN && taken->to == DATEVAL_NOEND;
		result = lappend(result, taken);
	}
	return result;
}

/* Cells that the marks name in one unit column, each once, as arrays of months and units; ranges are looked up. Returns how many. */
static int
find_cells(Work *work, Column *column, List *marks, Datum *months, Datum *units)
{
	const char *month = quote_identifier(work->subject->month_column);
	const char *unit = quote_identifier(column->name);
	ArrayBuildState *columns[3] = {NULL};
	Oid			types[5] = {DATEARRAYOID, DATEARRAYOID, INT4ARRAYOID, INT4OID, TEXTOID};
	Datum		values[5];
	StringInfoData sql;
	ListCell   *lc;
	bool		is_null;

	foreach(lc, marks)
	{
		Taken	   *taken = lfirst(lc);

		if (taken->unit_column ? strcmp(taken->unit_column, column->name) != 0 : !column->is_own && taken->unit_id != 0)
			continue;
		columns[0] = accumArrayResult(columns[0], DateADTGetDatum(taken->from), false, DATEOID, CurrentMemoryContext);
		columns[1] = accumArrayResult(columns[1], DateADTGetDatum(taken->to), false, DATEOID, CurrentMemoryContext);
		columns[2] = accumArrayResult(columns[2], Int32GetDatum(taken->unit_id), taken->unit_id == 0, INT4OID, CurrentMemoryContext);
	}
	if (columns[0] == NULL)
		return 0;
	for (int c = 0; c < 3; c++)
		values[c] = makeArrayResult(columns[c], CurrentMemoryContext);
	values[3] = Int32GetDatum(work->subject->subject_id);
	values[4] = CStringGetTextDatum(column->name);

	initStringInfo(&sql);
	appendStringInfo(&sql, "WITH mark AS (SELECT * FROM unnest($1, $2, $3) AS u (month_from, month_to, unit_id)),"
					 " area AS (SELECT * FROM mark WHERE month_from < month_to OR unit_id IS NULL),"
					 " cell AS (SELECT month_from AS month, unit_id FROM mark WHERE month_from = month_to AND unit_id IS NOT NULL"
					 " UNION SELECT p.month, p.unit_id FROM area a JOIN dwh_star.subject_presence p ON p.month BETWEEN a.month_from AND a.month_to"
					 " AND p.unit_id = coalesce(a.unit_id, p.unit_id) WHERE p.subject_id = $4 AND p.unit_column = $5"
					 " UNION SELECT f.%s, f.%s FROM area a JOIN %s f ON f.%s BETWEEN a.month_from AND a.month_to"
					 " AND f.%s = coalesce(a.unit_id, f.%s)", month, unit, dwh_relation_sql(work->subject->relation), month, unit, unit);
	if (column->is_own)
		foreach(lc, work->summaries)
			appendStringInfo(&sql, " UNION SELECT s.month, s.unit_id FROM area a JOIN %s s ON s.month BETWEEN a.month_from AND a.month_to"
							 " AND s.unit_id = coalesce(a.unit_id, s.unit_id)", (char *) lfirst(lc));
	appendStringInfoString(&sql, ") SELECT count(*)::int, array_agg(month ORDER BY month, unit_id), array_agg(unit_id ORDER BY month, unit_id)"
						   " FROM cell WHERE month IS NOT NULL AND unit_id IS NOT NULL");
	if (dwh_spi_select(sql.data, 5, types, values, NULL, false) != 1 || dwh_spi_int(0, 1) == 0)
		return 0;
	*months = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &is_null);
	*units = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 3, &is_null);
	return dwh_spi_int(0, 1);
}

/*
 * Brings the list of cells that have rows to what it is now, and marks for stage 2 whatever reads the cells. A cell that got its
 * first row or lost its last one is marked as such.
 */
static void
note_cells(Work *work, Column *column, Datum months, Datum units)
{
	const char *month = quote_identifier(work->subject->month_column);
	const char *unit = quote_identifier(column->name);
	Oid			types[6] = {INT4OID, TEXTOID, DATEARRAYOID, INT4ARRAYOID, DATEOID, DATEOID};
	Datum		values[6] = {Int32GetDatum(work->subject->subject_id), CStringGetTextDatum(column->name), months, units};
	DateADT		first;
	DateADT		last;

	dwh_cells_range(months, &first, &last);
	values[4] = DateADTGetDatum(first);
	values[5] = DateADTGetDatum(last);
	(void) dwh_spi_run(psprintf("WITH cell AS (SELECT * FROM unnest($3, $4) AS u (month, unit_id)),"
								" here AS (SELECT c.month, c.unit_id FROM %3$s f JOIN unnest($3, $4) AS c (month, unit_id)"
								" ON f.%1$s = c.month AND f.%2$s = c.unit_id WHERE f.%1$s >= $5 AND f.%1$s <= $6 GROUP BY 1, 2),"
								" before AS (SELECT p.month, p.unit_id FROM dwh_star.subject_presence p JOIN cell USING (month, unit_id)"
								" WHERE p.subject_id = $1 AND p.unit_column = $2),"
								" came AS (INSERT INTO dwh_star.subject_presence (subject_id, unit_column, month, unit_id)"
								" SELECT $1, $2, x.month, x.unit_id FROM (SELECT month, unit_id FROM here EXCEPT SELECT month, unit_id FROM before) x"
								" RETURNING month, unit_id),"
								" went AS (DELETE FROM dwh_star.subject_presence p USING (SELECT month, unit_id FROM before EXCEPT SELECT month, unit_id FROM here) x"
								" WHERE p.subject_id = $1 AND p.unit_column = $2 AND p.month = x.month AND p.unit_id = x.unit_id"
								" RETURNING p.month, p.unit_id)"
								" INSERT INTO dwh_log.value_mark (subject_id, unit_column, unit_id, month_from, month_to, presence_changed)"
								" SELECT $1, $2, c.unit_id, c.month, c.month, x.month IS NOT NULL FROM cell c LEFT JOIN"
								" (SELECT * FROM came UNION ALL SELECT * FROM went) x USING (month, unit_id)",
								month, unit, dwh_relation_sql(work->subject->relation)),
					   6, types, values, NULL, false, SPI_OK_INSERT);
}

/* The cells in a row of the last statement. */
static DwhCells *
cells_of_row(uint64 row)
{
	DwhCells   *cells = palloc(sizeof(DwhCells));
	bool		is_null;

	cells->months = PointerGetDatum(DatumGetArrayTypePCopy(SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, 1, &is_null)));
	cells->unit_ids = PointerGetDatum(DatumGetArrayTypePCopy(SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, 2, &is_null)));
	return cells;
}

/* Cells as parts (of DwhCells): month by month, so that each pass reads the table's months one by one. */
static List *
parts_of(Datum months, Datum units)
{
	Oid			types[2] = {DATEARRAYOID, INT4ARRAYOID};
	Datum		values[2] = {months, units};
	List	   *parts = NIL;
	uint64		n;

	n = dwh_spi_select("SELECT array_agg(month), array_agg(unit_id) FROM unnest($1, $2) AS u (month, unit_id) GROUP BY month ORDER BY month",
					   2, types, values, NULL, false);
	if (n > MAX_MONTHS_APART)
	{
		DwhCells   *all = palloc(sizeof(DwhCells));

		*all = (DwhCells) {.months = months,.unit_ids = units};
		return list_make1(all);
	}
	for (uint64 i = 0; i < n; i++)
		parts = lappend(parts, cells_of_row(i));
	return parts;
}

/* Rebuilds every summary as a whole, and marks whatever reads the subject. */
static void
rebuild_everything(Work *work)
{
	DwhSubject *subject = work->subject;
	Oid			types[2] = {INT4OID, TEXTOID};
	Datum		values[2] = {Int32GetDatum(subject->subject_id)};
	ListCell   *lc;

	(void) dwh_spi_run("DELETE FROM dwh_star.subject_presence WHERE subject_id = $1", 1, types, values, NULL, false, SPI_OK_DELETE);
	if (OidIsValid(subject->relation))
	{
		foreach(lc, work->columns)
		{
			Column	   *column = lfirst(lc);
			const char *month = quote_identifier(subject->month_column);
			const char *unit = quote_identifier(column->name);

			values[1] = CStringGetTextDatum(column->name);
			work->counts->cells_rebuilt +=
				dwh_spi_run(psprintf("INSERT INTO dwh_star.subject_presence (subject_id, unit_column, month, unit_id) SELECT $1, $2, f.%s, f.%s"
									 " FROM %s f WHERE f.%s IS NOT NULL AND f.%s IS NOT NULL GROUP BY 3, 4", month, unit,
									 dwh_relation_sql(subject->relation), month, unit), 2, types, values, NULL, false, SPI_OK_INSERT);
		}
		work->counts->summary_rows += dwh_summary_rebuild_all(subject->subject_id);
	}
	(void) dwh_spi_run("INSERT INTO dwh_log.value_mark (subject_id, month_from, month_to, presence_changed) VALUES ($1, '-infinity', 'infinity', true)",
					   1, types, values, NULL, false, SPI_OK_INSERT);
}

/* Whether the subject had rows at its last refresh; the order has the index read, not the rows of all other subjects. */
static bool
has_presence(int subject_id)
{
	Oid			types[1] = {INT4OID};
	Datum		values[1] = {Int32GetDatum(subject_id)};

	return dwh_spi_select("SELECT 1 FROM dwh_star.subject_presence WHERE subject_id = $1 ORDER BY unit_column LIMIT 1", 1, types, values, NULL, false) > 0;
}

/*
 * Whether nothing of the subject has to be looked at: no mark is visible, its tables are watched by the triggers of the last refresh, no
 * summary is to be built, all units belong where they did, and its table may be read (or there is none, and there was none). Spares an idle refresh the catalogue.
 */
static bool
is_idle(int subject_id, int64 provinces_hash)
{
	Oid			types[2] = {INT4OID, INT8OID};
	Datum		values[2] = {Int32GetDatum(subject_id), Int64GetDatum(provinces_hash)};
	Oid			relation;

	(void) dwh_spi_select("SELECT NOT EXISTS (SELECT FROM dwh_log.cell_mark AS m WHERE m.subject_id = $1)"
						  " AND NOT EXISTS (SELECT FROM dwh_catalog.summary AS y WHERE y.subject_id = $1 AND CASE WHEN y.built_at IS NULL THEN y.failure IS NULL"
						  " ELSE y.provinces_hash IS DISTINCT FROM $2 END)"
						  " AND ARRAY(SELECT " DWH_WATCH_ID " FROM pg_trigger AS t WHERE t.tgname = 'after_row_mark'"
						  " AND t.tgrelid IN (SELECT s.relation UNION SELECT p.relid FROM pg_partition_tree(s.relation) AS p) ORDER BY 1)"
						  " = ARRAY(SELECT w.watch_id FROM dwh_catalog.subject_watch AS w WHERE w.subject_id = $1 ORDER BY 1)"
						  " AND (c.oid IS NOT NULL OR NOT EXISTS (SELECT FROM dwh_star.subject_presence AS p WHERE p.subject_id = $1)),"
						  " coalesce(c.oid, 0)::int8"
						  " FROM dwh_catalog.subject AS s LEFT JOIN pg_class AS c ON c.oid = s.relation WHERE s.subject_id = $1",
						  2, types, values, NULL, false);
	relation = (Oid) dwh_spi_bigint(0, 2);
	return dwh_spi_bool(0, 1) && (!OidIsValid(relation) || dwh_owner_may_read(relation));
}

/* Stage 1 of one subject. The lock comes first: what follows sees all that others did who held it. */
static void
refresh_cells(int subject_id, int64 provinces_hash, DwhRefreshCounts *counts)
{
	Oid			types[1] = {INT4OID};
	Datum		values[1] = {Int32GetDatum(subject_id)};
	DwhCatalogue *catalogue;
	Work		work = {0};
	List	   *marks;
	List	   *parts = NIL;
	bool		had_rows;
	ListCell   *lc;

	if (dwh_spi_select("SELECT FROM dwh_catalog.subject WHERE subject_id = $1 FOR NO KEY UPDATE", 1, types, values, NULL, false) == 0)
		return;					/* dropped meanwhile */
	if (is_idle(subject_id, provinces_hash))
		return;
	PushActiveSnapshot(GetTransactionSnapshot());
	catalogue = dwh_catalogue_load();
	PopActiveSnapshot();
	foreach(lc, catalogue->subjects)
		if (((DwhSubject *) lfirst(lc))->subject_id == subject_id)
			work.subject = lfirst(lc);
	if (work.subject == NULL)
		return;
	work.counts = counts;
	work.columns = unit_columns(catalogue, work.subject);
	work.summaries = summary_tables(subject_id);
	mend_watch(&work);
	check_watch(&work);
	had_rows = has_presence(subject_id);
	find_rows(&work);
	marks = take_marks(&work);
	if (!OidIsValid(work.subject->relation))
		work.everything |= had_rows;
	else if (dwh_summary_is_missing(subject_id))
		work.everything = true;
	if (work.everything)
	{
		rebuild_everything(&work);
		return;
	}
	if (!OidIsValid(work.subject->relation))
		return;
	foreach(lc, work.columns)
	{
		Column	   *column = lfirst(lc);
		Datum		months = (Datum) 0;
		Datum		units = (Datum) 0;
		int			n = find_cells(&work, column, marks, &months, &units);

		if (n == 0)
			continue;
		counts->cells_rebuilt += n;
		if (column->is_own)
			parts = parts_of(months, units);
		note_cells(&work, column, months, units);
	}
	if (work.summaries != NIL)
		counts->summary_rows += dwh_summary_rebuild(subject_id, parts);
	/* between no_source and no_data lies the whole of a subject */
	if (had_rows != has_presence(subject_id))
		(void) dwh_spi_run("INSERT INTO dwh_log.value_mark (subject_id, month_from, month_to, presence_changed)"
						   " VALUES ($1, '-infinity', 'infinity', true)", 1, types, values, NULL, false, SPI_OK_INSERT);
}

/* ------------------------------------------------------------------ the functions */

/* The numbers of the subject with that code, or of all of them (NULL), in the order in which they are locked. */
static List *
subjects_asked(const char *code)
{
	List	   *result = NIL;
	uint64		n;

	if (code)
		return list_make1_int(dwh_edit_find_id("subject", "dwh_catalog.subject", "subject_id", code));
	n = dwh_spi_select_latest("SELECT subject_id FROM dwh_catalog.subject ORDER BY 1", 0, NULL, NULL);
	for (uint64 i = 0; i < n; i++)
		result = lappend_int(result, dwh_spi_int(i, 1));
	return result;
}

/* Milliseconds from one time to another, with a microsecond's precision. */
static Datum
milliseconds(TimestampTz from, TimestampTz to)
{
	return DirectFunctionCall3(numeric_in, CStringGetDatum(psprintf("%.3f", (to - from) / 1000.0)), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
}

/* Logs the run; returns its number. */
static int64
log_run(const char *subject, TimestampTz cells_done, const DwhRefreshCounts *counts)
{
	TimestampTz finished = GetCurrentTimestamp();
	DwhEditParams params = {0};

	dwh_edit_add_text(&params, subject);
	dwh_edit_add(&params, TIMESTAMPTZOID, TimestampTzGetDatum(counts->started_at), false);
	dwh_edit_add(&params, TIMESTAMPTZOID, TimestampTzGetDatum(finished), false);
	dwh_edit_add(&params, INT8OID, Int64GetDatum(counts->cells_marked), false);
	dwh_edit_add(&params, INT8OID, Int64GetDatum(counts->cells_rebuilt), false);
	dwh_edit_add(&params, INT8OID, Int64GetDatum(counts->summary_rows), false);
	dwh_edit_add(&params, INT8OID, Int64GetDatum(counts->values_computed), false);
	dwh_edit_add(&params, INT8OID, Int64GetDatum(counts->values_changed), false);
	dwh_edit_add(&params, INT8OID, Int64GetDatum(counts->values_failed), false);
	dwh_edit_add(&params, NUMERICOID, milliseconds(counts->started_at, cells_done), false);
	dwh_edit_add(&params, NUMERICOID, milliseconds(cells_done, finished), false);
	if (dwh_spi_run("INSERT INTO dwh_log.refresh_run (subject, started_at, finished_at, cells_marked, cells_rebuilt, summary_rows, values_computed,"
					" values_changed, values_failed, cells_ms, values_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING run_id",
					params.n, params.types, params.values, params.nulls, false, SPI_OK_INSERT_RETURNING) != 1)
		elog(ERROR, "the run was not logged");
	return dwh_spi_bigint(0, 1);
}

/* Refreshes a subject, or all (NULL), and logs the run; returns its number. Expects READ COMMITTED. Both kinds of lock are held afterwards. */
int64
dwh_refresh_run(const char *subject)
{
	DwhRefreshCounts counts = {.started_at = GetCurrentTimestamp()};
	int64		provinces_hash = dwh_unit_provinces(dwh_unit_table_load())->hash;
	TimestampTz cells_done;
	ListCell   *lc;

	foreach(lc, subjects_asked(subject))
		refresh_cells(lfirst_int(lc), provinces_hash, &counts);
	cells_done = GetCurrentTimestamp();
	dwh_refresh_values(&counts, subject == NULL);
	return log_run(subject, cells_done, &counts);
}

/*
 * dwh.refresh(p_subject): the number of the run in dwh_log.refresh_run. Raises 42704 for an unknown subject, 0A000 outside READ
 * COMMITTED.
 */
Datum
dwh_sql_refresh(PG_FUNCTION_ARGS)
{
	char	   *code = dwh_edit_argument(fcinfo, 0);
	DwhOwnerSwitch owner;
	int64		run_id;

	dwh_require_warehouse();
	if (IsolationUsesXactSnapshot())
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("dwh.refresh() does not run at isolation level %s",
						XactIsoLevel == XACT_SERIALIZABLE ? "SERIALIZABLE" : "REPEATABLE READ"),
				 errdetail("It would take marks of changes that it does not see, or miss what was committed while it waited for a lock."),
				 errhint("Run it at READ COMMITTED.")));
	dwh_ref_cache_begin(fcinfo);
	dwh_marks_flush();
	dwh_owner_enter(&owner);
	dwh_spi_begin();
	run_id = dwh_refresh_run(code);
	dwh_spi_end();
	dwh_owner_leave(&owner);
	PG_RETURN_INT64(run_id);
}

/* The units to mark; raises 22004 for a NULL among them. */
static Datum *
unit_elements(FunctionCallInfo fcinfo, int n, int *nunits)
{
	Datum	   *elems;
	bool	   *nulls;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(n), INT4OID, sizeof(int32), true, TYPALIGN_INT, &elems, &nulls, nunits);
	for (int i = 0; i < *nunits; i++)
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("p_unit_ids must not contain NULL"),
					 errhint("Leave p_unit_ids out to mark every unit.")));
	return elems;
}

/*
 * dwh.mark_dirty(p_subject, p_from, p_to, p_unit_ids): marks cells as changed, by whoever changed them unwatched. A measure by another
 * unit column is marked for every unit of those months. Returns the number of marks. Raises 42704, 22004, 22007.
 */
Datum
dwh_sql_mark_dirty(PG_FUNCTION_ARGS)
{
	char	   *code = dwh_edit_required(fcinfo, 0, "p_subject");
	DateADT		from = PG_ARGISNULL(1) ? DATEVAL_NOBEGIN : PG_GETARG_DATEADT(1);
	DateADT		to = PG_ARGISNULL(2) ? DATEVAL_NOEND : PG_GETARG_DATEADT(2);
	int			nunits = 1;
	int			nmarks = 0;
	Datum	   *units = PG_ARGISNULL(3) ? NULL : unit_elements(fcinfo, 3, &nunits);
	DwhOwnerSwitch owner;
	DwhMark		mark;
	ListCell   *lc;
	DwhCatalogue *catalogue;
	DwhSubject *subject = NULL;

	dwh_require_warehouse();
	if (from > to)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("p_from lies after p_to"),
				 errhint("Name the first and the last month.")));
	dwh_owner_enter(&owner);
	dwh_spi_begin();
	memset(&mark, 0, sizeof(mark));
	mark.subject_id = dwh_edit_find_id("subject", "dwh_catalog.subject", "subject_id", code);
	mark.from = DATE_NOT_FINITE(from) ? from : dwh_month_start(from);
	mark.to = DATE_NOT_FINITE(to) ? to : dwh_month_start(to);
	catalogue = dwh_catalogue_load();
	foreach(lc, catalogue->subjects)
		if (((DwhSubject *) lfirst(lc))->subject_id == mark.subject_id)
			subject = lfirst(lc);
	for (int i = 0; i < nunits; i++, nmarks++)
	{
		mark.unit_id = units ? DatumGetInt32(units[i]) : 0;
		dwh_mark_add(&mark);
	}
	if (units && subject)
		foreach(lc, list_copy_tail(unit_columns(catalogue, subject), 1))
		{
			mark.unit_id = 0;
			mark.column = dwh_mark_column(((Column *) lfirst(lc))->name);
			dwh_mark_add(&mark);
			nmarks++;
		}
	dwh_spi_end();
	dwh_owner_leave(&owner);
	dwh_marks_flush();
	PG_RETURN_INT64(nmarks);
}

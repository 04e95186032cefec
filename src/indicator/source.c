/*
 * source.c
 *		Where the rows of a statement come from: the facts, or the smallest summary that answers exactly.
 *
 * A summary answers a request when it holds the states of the measure as the measure is now, by the unit column that is asked,
 * and every name that the question looks at (dimensions, filters, conditions of references, opening loads) is one of its
 * dimensions, as that is now. It must have content, be watched as it was when built or last refreshed, and no mark may be pending
 * in the months that are read: where rows changed since the last refresh, the facts answer. An answer is thus never older than the
 * snapshot it is asked under, and what was chosen is said (DwhRequest.source). Of the summary so chosen, its cells by province are read
 * where units below provinces make no difference (summary_province.c).
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "indicator/indicator.h"
#include "indicator/mark.h"
#include "indicator/summary.h"

/* The facts of a subject as source, by a unit column; one for each, so that sources can be compared. */
static DwhSource *
facts(DwhFamily *family, DwhSubject *subject, const char *unit_column)
{
	DwhSource  *source;
	ListCell   *lc;

	foreach(lc, family->sources)
	{
		source = lfirst(lc);
		if (source->summary == NULL && source->subject == subject && strcmp(source->unit_column, unit_column) == 0)
			return source;
	}
	source = palloc0(sizeof(DwhSource));
	source->subject = subject;
	source->relation_sql = dwh_relation_sql(subject->relation);
	source->month_column = subject->month_column;
	source->unit_column = unit_column;
	family->sources = lappend(family->sources, source);
	return source;
}

/* A summary, or its cells by province, as source; likewise one for each. */
static DwhSource *
from_summary(DwhFamily *family, DwhSummary *summary, bool is_by_province)
{
	DwhSource  *source;
	ListCell   *lc;

	foreach(lc, family->sources)
	{
		source = lfirst(lc);
		if (source->summary == summary && source->is_by_province == is_by_province)
			return source;
	}
	source = palloc0(sizeof(DwhSource));
	source->subject = summary->subject;
	source->summary = summary;
	source->is_by_province = is_by_province;
	source->relation_sql = dwh_relation_sql(is_by_province ? summary->by_province : summary->relation);
	source->month_column = "month";
	source->unit_column = "unit_id";
	family->sources = lappend(family->sources, source);
	return source;
}

/* ------------------------------------------------------------------ choosing */

/* Whether the table is there still; it stays until the end of the transaction. */
static bool
hold_table(Oid relation)
{
	LockRelationOid(relation, AccessShareLock);
	return SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relation));
}

/* The summaries of the subject whose cells of these months are as the facts are, smallest first. */
static List *
current_summaries(DwhFamily *family, DwhSubject *subject, DateADT first, DateADT last)
{
	List	   *result = NIL;
	ListCell   *lc;

	if (!family->summaries_read)
	{
		family->summaries = dwh_summary_list(family->catalogue);
		family->summaries_read = true;
	}
	foreach(lc, family->summaries)
	{
		DwhSummary *summary = lfirst(lc);

		if (summary->subject == subject && summary->has_content && summary->is_watched)
			result = lappend(result, summary);
	}
	if (result == NIL || dwh_marks_pending(subject->subject_id, first, last))
		return NIL;
	foreach(lc, result)
		if (!hold_table(((DwhSummary *) lfirst(lc))->relation))
			result = foreach_delete_current(result, lc);
	return result;
}

/* The dimension of the summary with that code, where the subject computes it as it did when the summary was made. */
static DwhSummaryDimension *
summary_dimension(const DwhSummary *summary, const char *code)
{
	DwhSubjectDimension *known = dwh_subject_dimension(summary->subject, code);
	ListCell   *lc;

	foreach(lc, summary->dimensions)
	{
		DwhSummaryDimension *dimension = lfirst(lc);

		if (strcmp(dimension->code, code) == 0)
			return known && strcmp(dwh_formula_deparse(known->expression), dimension->expression) == 0 ? dimension : NULL;
	}
	return NULL;
}

static DwhSummaryMeasure *
summary_measure(const DwhSummary *summary, const DwhMeasure *measure)
{
	ListCell   *lc;

	foreach(lc, summary->measures)
		if (((DwhSummaryMeasure *) lfirst(lc))->measure == measure)
			return lfirst(lc);
	return NULL;
}

/* Whether every name of the expression is a dimension of the summary, or the month. */
static bool
covers_names(const DwhSummary *summary, const DwhNode *node)
{
	ListCell   *lc;

	if (node->kind == DWH_NODE_PATH)
		return list_length(node->path) == 1 &&
			(strcmp(linitial(node->path), "month_end") == 0 || summary_dimension(summary, linitial(node->path)) != NULL);
	foreach(lc, node->args)
		if (!covers_names(summary, lfirst(lc)))
			return false;
	return true;
}

/* Whether the summary answers the request exactly. */
static bool
answers(DwhFamily *family, const DwhSummary *summary, const DwhRequest *request)
{
	const DwhMeasure *measure = request->measure;
	ListCell   *lc;

	if (strcmp(measure->unit_column, summary->subject->unit_column) != 0 || summary_measure(summary, measure) == NULL)
		return false;
	foreach(lc, family->dimensions)
		if (summary_dimension(summary, lfirst(lc)) == NULL)
			return false;
	foreach(lc, family->filters)
		if (summary_dimension(summary, ((DwhDimensionFilter *) lfirst(lc))->dimension) == NULL)
			return false;
	foreach(lc, request->conditions)
		if (!covers_names(summary, lfirst(lc)))
			return false;
	/* where opening loads are missing is told from rows, by what they are and which of them count */
	if (request->kind == DWH_SCAN_RUNNING && measure->opening_filter)
	{
		if (!covers_names(summary, dwh_formula_parse(measure->opening_filter)))
			return false;
		if (measure->filter && !covers_names(summary, dwh_formula_parse(measure->filter)))
			return false;
	}
	return true;
}

/* The smallest summary that answers all of the requests that any does, or NULL. */
static DwhSummary *
answers_all(DwhFamily *family, List *summaries, List *requests)
{
	ListCell   *s;
	ListCell   *lc;

	foreach(s, summaries)
	{
		bool		all = true;

		foreach(lc, requests)
			all = all && answers(family, lfirst(s), lfirst(lc));
		if (all)
			return lfirst(s);
	}
	return NULL;
}

/*
 * Whether the requests can be answered from the cells by province: these are those of the units' provinces, as the units stand now, so
 * that on the map of any day they count for the same province, region and country. Opening loads are looked for unit by unit.
 */
static bool
answers_by_province(DwhEvaluation *ev, const DwhSummary *summary, List *requests)
{
	return ev->level != DWH_MAP_BASE && ((DwhRequest *) linitial(requests))->kind != DWH_SCAN_RUNNING && summary->has_provinces &&
		summary->provinces_hash == dwh_unit_provinces(ev->family->units)->hash && hold_table(summary->by_province);
}

/* Sets the source of each request of a group. One summary for all of them is read once; else each takes its smallest. */
void
dwh_source_choose(DwhEvaluation *ev, List *requests, DateADT first, DateADT last)
{
	DwhFamily  *family = ev->family;
	DwhMeasure *measure = ((DwhRequest *) linitial(requests))->measure;
	DwhSource  *fallback = facts(family, measure->subject, measure->unit_column);
	List	   *summaries = current_summaries(family, measure->subject, first, last);
	List	   *answered = NIL;
	DwhSummary *common;
	ListCell   *lc;

	foreach(lc, requests)
	{
		DwhRequest *request = lfirst(lc);
		DwhSummary *own = answers_all(family, summaries, list_make1(request));

		request->source = own ? from_summary(family, own, answers_by_province(ev, own, requests)) : fallback;
		if (own)
			answered = lappend(answered, request);
	}
	common = answered == NIL ? NULL : answers_all(family, summaries, answered);
	if (common)
		foreach(lc, answered)
			((DwhRequest *) lfirst(lc))->source = from_summary(family, common, answers_by_province(ev, common, requests));
}

/* Where it is read which units have rows in these months: every summary knows. */
DwhSource *
dwh_source_presence(DwhFamily *family, DwhSubject *subject, const char *unit_column, DateADT first, DateADT last)
{
	List	   *summaries = NIL;

	if (strcmp(unit_column, subject->unit_column) == 0)
		summaries = current_summaries(family, subject, first, last);
	return summaries == NIL ? facts(family, subject, unit_column) : from_summary(family, linitial(summaries), false);
}

/* ------------------------------------------------------------------ SQL */

/* The scope of expressions over the rows of a source. Of a summary they name nothing but dimensions, which are columns there. */
DwhRowScope
dwh_source_rows(DwhSource *source, const char *month_end)
{
	DwhRowScope scope = {0};

	if (source->summary == NULL)
		return dwh_subject_rows(source->subject, month_end);
	scope.relation = source->summary->relation;
	scope.month_end = month_end;
	return scope;
}

/* A dimension over the rows of a summary, as text. */
char *
dwh_source_column_sql(DwhSource *source, const char *code)
{
	const char *column = summary_dimension(source->summary, code)->column;

	return dwh_row_text_sql(psprintf("f.%s", quote_identifier(column)), dwh_row_column_type(source->summary->relation, column));
}

/*
 * The states of a request's measure put together, from rows whose columns they are; filter is the FILTER clause, or empty. Cells by
 * province are added up one or few at a time: there the state of sum() costs more than the sum.
 */
char *
dwh_source_state_sql(DwhSource *source, DwhRowColumns *rows, const DwhRequest *request, const char *filter)
{
	const char *sum = source->is_by_province ? "dwh_internal.add_up" : "sum";
	DwhSummaryMeasure *entry = summary_measure(source->summary, request->measure);
	char	   *column = dwh_row_column(rows, psprintf("f.%s", quote_identifier(entry->column)));

	if (request->wants_set)
		return psprintf("dwh.union_agg(%s)%s", column, filter);
	if (strcmp(entry->aggregate, "distinct") == 0 && source->is_by_province)
		/* a set alone in its group is not even looked at */
		return psprintf("CASE count(%1$s)%2$s WHEN 1 THEN min(%3$s)%2$s ELSE dwh_internal.id_set_state_count(dwh_internal.unite(%1$s)%2$s) END::numeric",
						column, filter, dwh_row_column(rows, psprintf("f.%s", quote_identifier(dwh_province_size_column(entry)))));
	if (strcmp(entry->aggregate, "distinct") == 0)
		return psprintf("coalesce(dwh.union_count(%s)%s, 0)::numeric", column, filter);
	if (strcmp(entry->aggregate, "count") == 0)
		return psprintf("coalesce(%s(%s)%s, 0)::numeric", sum, column, filter);
	if (strcmp(entry->aggregate, "avg") == 0)
		return psprintf("%s(%s)%s / nullif(%s(%s)%s, 0)", sum, column, filter, sum,
						dwh_row_column(rows, psprintf("f.%s", quote_identifier(entry->count_column))), filter);
	return psprintf("%s(%s)%s", strcmp(entry->aggregate, "sum") == 0 ? sum : entry->aggregate, column, filter);
}

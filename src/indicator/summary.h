/*
 * summary.h
 *		Summaries: states of the measures of a subject by month, unit and dimensions, kept in tables of dwh_star.
 *
 * A summary holds one row for each combination of month, unit and dimension values that any row of its subject has, and in it a
 * state of every measure that can be put together again from states: numbers of rows, sums, least and greatest values, id sets.
 * Units are those of the rows, unmapped, so no succession touches a summary. It has content while its row of
 * dwh_catalog.summary says built_at; cells of it may be out of date while marks of the subject are pending (mark.h).
 *
 * Beside it stands a table of the same columns whose cells are those of all units of a province put together: what is asked by
 * province, region or country has them united already. Nobody but dwh_owner reads it. The provinces are those that the units' parents
 * lead to, whatever the day; the row in the catalogue has the hash of who belonged where when it was built, and where units have changed
 * since it is left alone until the next refresh, which builds it anew.
 *
 * A summary that a refresh cannot build (an id that no set holds) stops neither the refresh nor other summaries: it is left without
 * content, its row has the SQLSTATE, and what it would answer is read from the facts. It is tried again, as a whole, whenever rows of the
 * subject have changed.
 *
 * Everything here expects SPI to be connected and dwh_owner to be in force. Whoever rebuilds holds the row lock on the subject's
 * row in dwh_catalog.subject and runs at READ COMMITTED.
 */
#ifndef DWH_SUMMARY_H
#define DWH_SUMMARY_H

#include "indicator/indicator.h"
#include "star/partitions.h"

/* A dimension and the column that holds it. */
typedef struct DwhSummaryDimension
{
	char	   *code;
	char	   *column;
	char	   *expression;		/* as it was when the summary was made */
} DwhSummaryDimension;

/* A measure and the column that holds its state. */
typedef struct DwhSummaryMeasure
{
	DwhMeasure *measure;		/* NULL where it is not as it was when the summary was made */
	char	   *column;
	char	   *count_column;	/* of an average: how many values were summed up */
	char	   *aggregate;
	char	   *expression;		/* NULL for a count of rows */
	char	   *filter;			/* NULL for all rows */
} DwhSummaryMeasure;

typedef struct DwhSummary
{
	int			summary_id;
	DwhSubject *subject;
	Oid			relation;
	Oid			by_province;	/* the table of cells by province; InvalidOid where it is gone */
	bool		has_provinces;	/* it has content */
	int64		provinces_hash; /* DwhUnitTable's, when that was built */
	bool		has_content;
	bool		has_failed;		/* when it was last tried; it has no content then */
	bool		is_watched;		/* the same triggers watch the same tables as when it was built, or last refreshed */
	float8		rows;			/* estimated */
	List	   *dimensions;		/* of DwhSummaryDimension, by code */
	List	   *measures;		/* of DwhSummaryMeasure */
} DwhSummary;

/* Cells: months is a date[], unit_ids an int[] of the same length, one pair a cell. */
typedef struct DwhCells
{
	Datum		months;
	Datum		unit_ids;
} DwhCells;

/* First and last of the months, so that statements over cells read no other partition. Without any, last lies before first. */
extern void dwh_cells_range(Datum months, DateADT *first, DateADT *last);

/*
 * Deletes and inserts the given cells of every summary of the subject, a part (DwhCells) after the other; there may be none. A cell without
 * rows just disappears. Cells by province follow, all of them where units have come to belong elsewhere. Returns the number of rows inserted,
 * without those by province.
 */
extern uint64 dwh_summary_rebuild(int subject_id, List *parts);

/* The same for all cells; afterwards every summary of the subject has content, or a failure. */
extern uint64 dwh_summary_rebuild_all(int subject_id);

/* Whether some summary of the subject waits for being built as a whole (new columns, a changed dimension): dwh_summary_rebuild_all() is due. */
extern bool dwh_summary_is_missing(int subject_id);

/* summary.c, for the evaluator: the summaries of every subject as the active snapshot shows them */
extern List *dwh_summary_list(DwhCatalogue *catalogue);

/* summary.c: whether an earlier measure of the summary has the same state, and so the same column */
extern bool dwh_summary_shares_column(const DwhSummary *summary, const DwhSummaryMeasure *entry);

/* summary_province.c: the column of the table of cells by province that has the number of ids in a set; made for those that are new */
extern char *dwh_province_size_column(const DwhSummaryMeasure *entry);
extern void dwh_province_add_sizes(const DwhSummary *summary, List *added);

/*
 * summary_province.c: all cells by province, or those that the given parts (of DwhCells) belong to; all, too, where units have come to
 * belong elsewhere. The summary's own cells are as they should be.
 */
extern void dwh_province_fill(DwhSummary *summary);
extern void dwh_province_replace(DwhSummary *summary, List *parts);

/*
 * SQL: of a trigger t on the rows of a table, whether every change leaves a mark: it fires always, and so does one for TRUNCATE of that
 * table. A partition that was attached by hand has clones of the triggers on rows only, until a refresh has been. Until then the number
 * of its trigger is negative, and so new; so is that of a trigger that somebody disabled.
 */
#define DWH_WATCH_ID "(CASE WHEN " DWH_MARKS_ALL " THEN 1 ELSE -1 END * " DWH_TRIGGER_ID ")"
#define DWH_MARKS_ALL \
	"(t.tgenabled = 'A' AND EXISTS (SELECT FROM pg_trigger x WHERE x.tgrelid = t.tgrelid AND x.tgname = 'after_truncate_mark' AND x.tgenabled = 'A'))"

#endif							/* DWH_SUMMARY_H */

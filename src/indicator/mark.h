/*
 * mark.h
 *		Marks: which cells (subject, month, unit) have rows that changed since the last refresh.
 *
 * A row trigger on every subject's table collects the cells that a transaction touches, in backend memory; they are appended to
 * dwh_log.cell_mark when it commits or is prepared, in the same transaction. A mark is gone once a refresh has rebuilt its cell.
 * A loader that writes millions of rows switches the trigger off (dwh_ext.mark_changes) and marks its own cells.
 */
#ifndef DWH_MARK_H
#define DWH_MARK_H

#include "utils/date.h"

/* Cells of a subject: months from - to of one unit, or of all. */
typedef struct DwhMark
{
	int32		subject_id;
	int32		unit_id;		/* 0: every unit */
	DateADT		from;			/* first days of months, or DATEVAL_NOBEGIN */
	DateADT		to;				/* ... or DATEVAL_NOEND */
	int32		column;			/* of dwh_mark_column(); 0: the subject's own unit column */
} DwhMark;

/* mark.c */
extern void dwh_mark_init(void);
extern int	dwh_mark_column(const char *name);
extern void dwh_mark_add(const DwhMark *mark);
extern void dwh_marks_flush(void);
extern bool dwh_marks_pending(int subject_id, DateADT from, DateADT to);

#endif							/* DWH_MARK_H */

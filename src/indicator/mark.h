/*
 * mark.h
 *		Marks: which cells (subject, month, unit) have rows that changed since the last refresh.
 *
 * A row trigger on every subject's table collects the cells that a transaction touches, in backend memory; they are appended to
 * dwh_log.cell_mark when it commits or is prepared, in the same transaction. A mark is gone once a refresh has rebuilt its cell.
 */
#ifndef DWH_MARK_H
#define DWH_MARK_H

#include "utils/date.h"

/* mark.c */
extern void dwh_mark_init(void);
extern bool dwh_marks_pending(int subject_id, DateADT from, DateADT to);

#endif							/* DWH_MARK_H */

/*
 * refresh.h
 *		dwh.refresh(): summaries and kept values follow what changed.
 *
 * Stage 1, subject by subject under the row lock on its row of the catalogue: takes the marks of changed cells (mark.h) that are
 * visible, rebuilds those cells of every summary and leaves a mark of each for stage 2. Stage 2, under the one row lock of
 * dwh_catalog.value_lock: takes the marks of values that one snapshot sees and computes again what they reach, under that snapshot.
 * Either lock is held to the end of the transaction and taken before the snapshots that read, so a mark is gone only where its change
 * was seen; what is committed meanwhile is marked, and waits for the next run. What stage 2 sees and stage 1 did not (committed between
 * them, or of a subject that is not refreshed) keeps its mark, but is computed for every value that reads it: else the country would
 * count it and its province would not. Both stages run in the caller's transaction, all or nothing.
 *
 *   refresh.c			the functions, stage 1, the log of runs
 *   refresh_reach.c	which periods and units of an indicator read a changed cell
 *   refresh_values.c	stage 2
 *   refresh_closed.c	what stage 2 does for closed periods: the frozen values stand, what differs is put beside them
 *   refresh_failure.c	what could not be computed
 */
#ifndef DWH_REFRESH_H
#define DWH_REFRESH_H

#include "datatype/timestamp.h"

#include "indicator/indicator.h"

/* Columns of a kept value that is computed, in the order of the table, and those of them that are its key. */
#define DWH_KEPT_COLUMNS 14
#define DWH_KEPT_KEY_COLUMNS 6

/* What a run did. */
typedef struct DwhRefreshCounts
{
	TimestampTz started_at;		/* computed_at of what changes */
	int64		cells_marked;
	int64		cells_rebuilt;
	int64		summary_rows;
	int64		values_computed;
	int64		values_changed;
	int64		values_failed;	/* periods of indicators */
} DwhRefreshCounts;

/* Changed cells of one unit column of one subject, months from - to. Units by their index in the table of units. */
typedef struct DwhChange
{
	int			subject_id;
	char	   *unit_column;	/* NULL: every one */
	DateADT		from;
	DateADT		to;
	bool		all_units;
	Bitmapset  *units;
	bool		presence_of_all; /* got their first row, or lost the last one */
	Bitmapset  *presence;
} DwhChange;

/* An indicator that is kept, in one period: what of it is to be computed. */
typedef struct DwhDirty
{
	DwhAsked	asked;			/* first: an answer leads back to it */
	struct DwhKept *kept;
	bool		all_units;
	Bitmapset  *units;
	int			frozen;			/* bits, by DwhMapLevel: a closing in force holds the values there */
} DwhDirty;

typedef struct DwhKept
{
	int			indicator_id;
	bool		is_public;
	DwhIndicator *indicator;	/* NULL where it has no version */
	int			period_types;	/* bits, by DwhPeriodType */
	int			levels;			/* bits, by DwhMapLevel */
	bool		has_span;
	DateADT		first;			/* the months over which its values are kept */
	DateADT		last;
	bool		was_kept;		/* by the last refresh, over these months */
	DateADT		old_first;
	DateADT		old_last;
	ErrorData  *error;			/* why not even its periods could be listed; NULL: they could */
	bool		is_revised;		/* a mark of the indicator itself was found: what is kept of it may differ */
	List	   *dirty;			/* of DwhDirty: every period within the span */
} DwhKept;

/* refresh_reach.c: the units that the rows of a unit may count for */
typedef struct DwhClosure
{
	DwhUnitTable *units;
	List	  **next;			/* of int: indexes one step further */
	Bitmapset **known;
} DwhClosure;

extern DwhClosure *dwh_closure_make(DwhUnitTable *units);
extern int	dwh_closure_index(DwhClosure *closure, int unit_id);
extern Bitmapset *dwh_closure_of(DwhClosure *closure, int index);
extern void dwh_reach(DwhCatalogue *catalogue, DwhUnitTable *units, DwhKept *kept, List *changes);
extern List *dwh_reach_measures(DwhCatalogue *catalogue, DwhIndicator *indicator);

/* refresh.c */
extern int64 dwh_refresh_run(const char *subject);

/* refresh_values.c */
extern void dwh_value_lock(void);
extern void dwh_refresh_values(DwhRefreshCounts *counts, bool of_all);
extern bool dwh_frame_meets(const DwhFrame *frame, DateADT first, DateADT last);
extern void dwh_refresh_list_dirty(List *dirties, DwhClosure *closure, Datum *values);
extern void dwh_refresh_dirty_periods(DwhKept *kept, DateADT from, DateADT to);

/* refresh_closed.c */
extern void dwh_refresh_find_closed(List *kept);
extern int64 dwh_refresh_store_closed(List *dirties, int levels, DwhClosure *closure, const Oid *row_types, const Datum *rows);

/* refresh_failure.c */
extern ErrorData *dwh_refresh_try(void (*work) (void *), void *arg);
extern void dwh_refresh_note_failure(DwhKept *kept, DwhDirty *dirty, const ErrorData *error, DwhRefreshCounts *counts);
extern void dwh_refresh_load_failures(List *kept);
extern void dwh_refresh_forget_failures(TimestampTz started_at);


#endif							/* DWH_REFRESH_H */

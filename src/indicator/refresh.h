/*
 * refresh.h
 *		dwh.refresh(): summaries and kept values follow what changed.
 *
 * Stage 1, subject by subject under the row lock on its row of the catalogue: takes the marks of changed cells (mark.h) that are
 * visible, rebuilds those cells of every summary and leaves a mark of each for stage 2. Stage 2, under the one row lock of
 * dwh_catalog.value_lock: takes the visible marks of values and computes again what they reach. Either lock is held to the end of
 * the transaction and taken before the snapshots of the statements that read, so a mark is gone only where its change was seen;
 * what is committed meanwhile is marked, and waits for the next run. Both stages run in the caller's transaction, all or nothing.
 *
 *   refresh.c			the functions, stage 1, the log of runs
 *   refresh_reach.c	which periods and units of an indicator read a changed cell
 *   refresh_values.c	stage 2
 */
#ifndef DWH_REFRESH_H
#define DWH_REFRESH_H

#include "datatype/timestamp.h"

#include "indicator/indicator.h"

/* What a run did. */
typedef struct DwhRefreshCounts
{
	TimestampTz started_at;		/* computed_at of what changes */
	int64		cells_marked;
	int64		cells_rebuilt;
	int64		summary_rows;
	int64		values_computed;
	int64		values_changed;
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

/* refresh_values.c */
extern void dwh_refresh_values(DwhRefreshCounts *counts);

#endif							/* DWH_REFRESH_H */

/*
 * refresh_reach.c
 *		Which periods and units of a kept indicator read a changed cell.
 *
 * Periods: the formula is walked as if it were to be evaluated, which tells the measures and months it needs. Units: those that the
 * rows of a unit may count for on any map, found by following successions, parents and groupings. Too many are computed now and
 * then (nothing is wrong with that: they come out as they were), none is left out.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "common/spi.h"
#include "indicator/refresh.h"

/* Months before a frame's end in which a unit must have reported to be expected in it; see scan.c. */
#define EXPECTED_MONTHS 12

/* ------------------------------------------------------------------ units */

/* The place of a unit in the table; -1 where it is not there any more. */
int
dwh_closure_index(DwhClosure *closure, int unit_id)
{
	int			low = 0;
	int			high = closure->units->n - 1;

	while (low <= high)
	{
		int			middle = (low + high) / 2;
		int			found = closure->units->units[middle].unit_id;

		if (found == unit_id)
			return middle;
		if (found < unit_id)
			low = middle + 1;
		else
			high = middle - 1;
	}
	return -1;
}

static void
add_edge(DwhClosure *closure, int from, int to)
{
	int			i = dwh_closure_index(closure, from);
	int			j = dwh_closure_index(closure, to);

	if (i >= 0 && j >= 0 && i != j)
		closure->next[i] = lappend_int(closure->next[i], j);
}

/* Reads how units follow and contain each other. */
DwhClosure *
dwh_closure_make(DwhUnitTable *units)
{
	DwhClosure *closure = palloc0(sizeof(DwhClosure));
	int			root = dwh_unit_root();
	uint64		n;

	closure->units = units;
	closure->next = palloc0((units->n + 1) * sizeof(List *));
	closure->known = palloc0((units->n + 1) * sizeof(Bitmapset *));
	for (int i = 0; i < units->n; i++)
	{
		add_edge(closure, units->units[i].unit_id, units->units[i].parent_id);
		add_edge(closure, units->units[i].unit_id, root);
	}
	n = dwh_spi_select_latest("SELECT predecessor_unit_id, successor_unit_id FROM dwh_catalog.unit_succession"
							  " UNION SELECT successor_unit_id, predecessor_unit_id FROM dwh_catalog.unit_succession WHERE kind = 'rename'"
							  " UNION SELECT unit_id, group_unit_id FROM dwh_catalog.unit_grouping", 0, NULL, NULL);
	for (uint64 i = 0; i < n; i++)
		add_edge(closure, dwh_spi_int(i, 1), dwh_spi_int(i, 2));
	return closure;
}

/* The unit and all that its rows may count for. */
Bitmapset *
dwh_closure_of(DwhClosure *closure, int index)
{
	List	   *open = list_make1_int(index);
	Bitmapset  *result = NULL;

	if (closure->known[index])
		return closure->known[index];
	while (open != NIL)
	{
		int			i = llast_int(open);
		ListCell   *lc;

		open = list_delete_last(open);
		if (bms_is_member(i, result))
			continue;
		result = bms_add_member(result, i);
		foreach(lc, closure->next[i])
			open = lappend_int(open, lfirst_int(lc));
	}
	return closure->known[index] = result;
}

/* ------------------------------------------------------------------ measures */

static void
add_measures(DwhCatalogue *catalogue, DwhIndicator *indicator, List **seen, List **measures)
{
	ListCell   *v;

	check_stack_depth();
	if (list_member_ptr(*seen, indicator))
		return;
	*seen = lappend(*seen, indicator);
	foreach(v, indicator->versions)
	{
		List	   *references = NIL;
		ListCell   *r;

		dwh_formula_references(dwh_version_formula(indicator, lfirst(v)), &references);
		foreach(r, references)
		{
			const char *code = ((DwhNode *) lfirst(r))->text;
			DwhIndicator *other = dwh_catalogue_indicator(catalogue, code);
			DwhMeasure *measure = other ? NULL : dwh_catalogue_measure(catalogue, code);

			if (other)
				add_measures(catalogue, other, seen, measures);
			else if (measure)
				*measures = list_append_unique_ptr(*measures, measure);
		}
	}
}

/* The measures that any version of the indicator leads to. */
List *
dwh_reach_measures(DwhCatalogue *catalogue, DwhIndicator *indicator)
{
	List	   *seen = NIL;
	List	   *measures = NIL;

	add_measures(catalogue, indicator, &seen, &measures);
	return measures;
}

/* ------------------------------------------------------------------ periods */

/* Months whose rows a request reads in a frame, and those in which only their presence counts. */
typedef struct Months
{
	DateADT		from;
	DateADT		to;
	DateADT		presence_from;
} Months;

static Months
months_read(const DwhRequest *request, const DwhFrame *frame)
{
	const char *behaviour = request->measure->behaviour;
	DateADT		year = dwh_frame_ytd(frame).first;
	Months		months;

	months.from = frame->first;
	months.to = frame->last;
	if (request->kind == DWH_SCAN_RUNNING)
		months.from = DATEVAL_NOBEGIN;
	else if (request->kind == DWH_SCAN_MANUAL)
	{
		/* figures stand under a month of the year they speak of */
		months.from = strcmp(behaviour, "latest") == 0 ? DATEVAL_NOBEGIN : dwh_frame_ytd(&(DwhFrame) {.last = frame->first}).first;
		months.to = dwh_month_add(year, 11);
	}
	else if (!request->wants_set && strcmp(behaviour, "stock") == 0)
		months.from = frame->last;
	else if (!request->wants_set && strcmp(behaviour, "opening") == 0)
		months.to = frame->first;
	months.presence_from = request->kind == DWH_SCAN_RUNNING || request->kind == DWH_SCAN_MANUAL ? months.from
		: Min(frame->first, dwh_month_add(frame->last, 1 - EXPECTED_MONTHS));
	return months;
}

/* Adds the units of the changed cells that the request reads in the frame. */
static void
add_changes(DwhDirty *dirty, const DwhRequest *request, const DwhFrame *frame, bool reaches_others, List *changes)
{
	Months		months = months_read(request, frame);
	ListCell   *lc;

	foreach(lc, changes)
	{
		const DwhChange *change = lfirst(lc);
		bool		is_read = change->to >= months.from && change->from <= months.to;
		bool		is_missed = change->to >= months.presence_from && change->from <= frame->last;

		if (change->subject_id != request->measure->subject->subject_id ||
			(change->unit_column && strcmp(change->unit_column, request->measure->unit_column) != 0))
			continue;
		if (is_read)
		{
			dirty->all_units |= change->all_units || reaches_others;
			dirty->units = bms_add_members(dirty->units, change->units);
		}
		else if (is_missed)
		{
			dirty->all_units |= change->presence_of_all || (reaches_others && change->presence != NULL);
			dirty->units = bms_add_members(dirty->units, change->presence);
		}
	}
}

/* Adds what of one indicator in one period reads changed cells. */
static void
reach_period(DwhFamily *family, DwhDirty *dirty, List *changes)
{
	DwhAsked   *asked = &dirty->asked;
	DwhVersion *version = dwh_indicator_version(asked->indicator, dwh_month_end(asked->frame.last));
	DwhCellKey	no_cell;

	memset(&no_cell, 0, sizeof(no_cell));
	if (version == NULL)
		return;
	for (int level = 0; level < DWH_MAP_LEVELS && !dirty->all_units; level++)
	{
		DwhPlace	place = {0};

		if ((dirty->kept->levels & (1 << level)) == 0)
			continue;
		place.ev = dwh_evaluation_at(family, level);
		place.cell = &no_cell;
		for (int other = 0; other < DWH_MAP_LEVELS; other++)
			if (family->at_level[other])
				family->at_level[other]->used_requests = family->at_level[other]->used_frames = NULL;
		family->followed = 0;
		place.frame = dwh_frame_index(place.ev, asked->frame);
		(void) dwh_evaluate(&place, dwh_version_formula(asked->indicator, version));
		for (int other = 0; other < DWH_MAP_LEVELS; other++)
		{
			DwhEvaluation *ev = family->at_level[other];
			int			r = -1;

			while (ev && (r = bms_next_member(ev->used_requests, r)) >= 0)
			{
				int			f = -1;

				/* what parent() and national() read counts for every unit below */
				while ((f = bms_next_member(ev->used_frames, f)) >= 0)
					add_changes(dirty, list_nth(ev->requests, r), &ev->frames[f], other != level, changes);
			}
		}
	}
}

/* Adds what of one indicator reads changed cells. */
void
dwh_reach(DwhCatalogue *catalogue, DwhUnitTable *units, DwhKept *kept, List *changes)
{
	DwhFamily  *family = palloc0(sizeof(DwhFamily));
	ListCell   *lc;

	family->catalogue = catalogue;
	family->units = units;
	family->root_unit_id = dwh_unit_root();
	family->collecting = true;
	foreach(lc, kept->dirty)
	{
		CHECK_FOR_INTERRUPTS();
		reach_period(family, lfirst(lc), changes);
	}
}

/*
 * answer.c
 *		Evaluates indicators in periods at levels of units and hands over one answer a unit and combination of dimension values.
 *
 * Every formula is walked once to collect what it needs, everything is read, then the formulas are walked again over each row of
 * the answer. Whoever asks decides which units are wanted and what becomes of an answer. An answer lives in a context of its own
 * that is reset once it was handed over. Expects SPI to be connected and dwh_owner to be in force.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "indicator/closed.h"

/* What one indicator needs in one period: where its cells are to be looked for. */
typedef struct Need
{
	DwhAsked   *asked;
	DwhVersion *version;		/* NULL where none is in force */
	int			frame;
	bool		wrong_period;
	bool		is_frozen;		/* a closing answers for it: nothing is read or computed */
	Bitmapset  *requests;
	Bitmapset  *frames;
} Need;

/* Names the indicator under whose formula an error was met. */
static void
formula_context(void *arg)
{
	Need	   *need = *(Need **) arg;

	if (need && need->version)
		errcontext("formula of indicator \"%s\", version %d", need->asked->indicator->code, need->version->version);
}

/* Walks every formula once and notes what each indicator needs in each period. */
static List *
collect_needs(DwhQuestion *question, DwhEvaluation *ev)
{
	List	   *needs = NIL;
	Need	   *current = NULL;
	ErrorContextCallback context;
	ListCell   *lc;

	context.callback = formula_context;
	context.arg = &current;
	context.previous = error_context_stack;
	error_context_stack = &context;
	ev->family->collecting = true;
	foreach(lc, question->asked)
	{
		Need	   *need = palloc0(sizeof(Need));
		DwhAsked   *asked = lfirst(lc);
		DwhPlace	place = {0};
		DwhCellKey	no_cell;

		memset(&no_cell, 0, sizeof(no_cell));
		need->asked = asked;
		need->frame = dwh_frame_index(ev, asked->frame);
		need->version = dwh_indicator_version(asked->indicator, dwh_month_end(asked->frame.last));
		need->wrong_period = !bms_is_member(asked->frame.type, asked->indicator->periods);
		need->is_frozen = ev->family->dimensions == NIL && ev->family->filters == NIL && dwh_closed_answers(asked, ev->level);
		needs = lappend(needs, need);
		current = need;
		if (need->version == NULL || need->wrong_period || need->is_frozen)
			continue;
		ev->used_requests = NULL;
		ev->used_frames = NULL;
		ev->family->followed = 0;
		place.ev = ev;
		place.frame = need->frame;
		place.cell = &no_cell;
		(void) dwh_evaluate(&place, dwh_version_formula(asked->indicator, need->version));
		need->requests = ev->used_requests;
		need->frames = ev->used_frames;
	}
	ev->family->collecting = false;
	error_context_stack = context.previous;
	return needs;
}

/* The cells of each frame. */
static List **
cells_by_frame(DwhEvaluation *ev)
{
	List	  **result = palloc0(Max(1, ev->nframes) * sizeof(List *));
	HASH_SEQ_STATUS scan;
	DwhCell    *cell;

	hash_seq_init(&scan, ev->cells);
	while ((cell = hash_seq_search(&scan)) != NULL)
		result[cell->key.frame] = lappend(result[cell->key.frame], cell);
	return result;
}

/* A row of the answer for one need. */
typedef struct Row
{
	DwhCellKey	key;			/* frame 0 stands for all frames */
	int			rank;			/* of its unit */
} Row;

/* A key into the set of rows of one need. */
static void
add_row_key(HTAB *seen, List **rows, DwhQuestion *question, const DwhAsked *asked, int unit_id, int dims, int is_split)
{
	DwhCellKey	key;
	Row		   *row;
	bool		found;

	if (question->wants_unit && !question->wants_unit(question->arg, asked, unit_id))
		return;
	memset(&key, 0, sizeof(key));
	key.unit_id = unit_id;
	key.dims = dims;
	key.is_split = is_split;
	(void) hash_search(seen, &key, HASH_ENTER, &found);
	if (found)
		return;
	row = palloc(sizeof(Row));
	row->key = key;
	row->rank = dwh_unit_info(question->family->units, unit_id)->rank;
	*rows = lappend(*rows, row);
}

static List *sort_dim_sets;		/* for compare_rows() only, set before each sort */

static int
compare_rows(const ListCell *a, const ListCell *b)
{
	const Row  *x = lfirst(a);
	const Row  *y = lfirst(b);
	ListCell   *p;
	ListCell   *q;
	int			order = x->rank - y->rank;

	if (order == 0)
		order = x->key.is_split - y->key.is_split;
	if (order != 0)
		return order;
	forboth(p, list_nth(sort_dim_sets, x->key.dims), q, list_nth(sort_dim_sets, y->key.dims))
	{
		const char *s = lfirst(p);
		const char *t = lfirst(q);

		order = s == NULL || t == NULL ? (s == NULL) - (t == NULL) : strcmp(s, t);
		if (order != 0)
			return order;
	}
	return 0;
}

/* Adds the units of which a value was frozen; some may not be on the map any more. */
static void
add_frozen_rows(HTAB *seen, List **rows, DwhQuestion *question, DwhEvaluation *ev, const DwhAsked *asked)
{
	HASH_SEQ_STATUS scan;
	DwhClosedValue *value;

	hash_seq_init(&scan, asked->closed->values);
	while ((value = hash_seq_search(&scan)) != NULL)
		if (value->key.level == ev->level)
			add_row_key(seen, rows, question, asked, value->key.unit_id, 0, value->key.is_split);
}

/*
 * The rows of the answer for one need: every unit at the level on that map, and every combination of dimension values that was
 * met. Without dimensions a unit of which nothing is known still has its row, which says so.
 */
static List *
need_rows(DwhQuestion *question, DwhEvaluation *ev, Need *need, List **cells, List *units)
{
	HASHCTL		ctl = {0};
	HTAB	   *seen;
	List	   *rows = NIL;
	ListCell   *lc;
	int			f = -1;

	ctl.keysize = ctl.entrysize = sizeof(DwhCellKey);
	ctl.hcxt = CurrentMemoryContext;
	seen = hash_create("dwh rows", 256, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);

	if (ev->family->dimensions == NIL)
		foreach(lc, units)
			add_row_key(seen, &rows, question, need->asked, ((DwhUnitInfo *) lfirst(lc))->unit_id, 0, false);
	if (need->is_frozen)
		add_frozen_rows(seen, &rows, question, ev, need->asked);
	while ((f = bms_next_member(need->frames, f)) >= 0)
		foreach(lc, cells[f])
		{
			DwhCell    *cell = lfirst(lc);
			int			r = -1;

			if (ev->family->dimensions == NIL && ev->level == DWH_MAP_COUNTRY)
				break;			/* all rows are known from the map */
			while ((r = bms_next_member(need->requests, r)) >= 0)
				if (cell->values[r].is_set)
				{
					add_row_key(seen, &rows, question, need->asked, cell->key.unit_id, cell->key.dims, cell->key.is_split);
					break;
				}
		}
	hash_destroy(seen);
	sort_dim_sets = ev->dim_sets;
	list_sort(rows, compare_rows);
	return rows;
}

/* The answer of a closed period. */
static void
frozen_answer(DwhAnswer *answer, const DwhAsked *asked)
{
	const DwhClosedValue *frozen = dwh_closed_value(asked->closed, answer->ev->level, answer->unit->unit_id, answer->is_split);
	ListCell   *lc;

	answer->is_frozen = true;
	answer->value = frozen ? frozen->value : dwh_value_missing(DWH_STATUS_NO_DATA, 0);
	if (frozen == NULL)
		return;
	answer->is_ratio = true;
	answer->numerator = frozen->numerator;
	answer->denominator = frozen->denominator;
	answer->version = NULL;
	foreach(lc, asked->indicator->versions)
		if (((DwhVersion *) lfirst(lc))->version == frozen->version)
			answer->version = lfirst(lc);
}

/* Evaluates one row and hands it over. */
static void
answer_row(DwhQuestion *question, DwhEvaluation *ev, Need *need, const DwhCellKey *key)
{
	DwhAnswer	answer = {0};
	DwhPlace	place = {0};
	const DwhNode *numerator;
	const DwhNode *denominator;

	answer.asked = need->asked;
	answer.version = need->version;
	answer.ev = ev;
	answer.unit = dwh_unit_info(ev->family->units, key->unit_id);
	answer.is_split = key->is_split;
	answer.dims = key->dims;
	place.ev = ev;
	place.frame = need->frame;
	place.cell = key;
	if (need->is_frozen)
		frozen_answer(&answer, need->asked);
	else if (need->wrong_period || need->version == NULL)
		answer.value = dwh_value_missing(need->wrong_period ? DWH_STATUS_WRONG_PERIOD : DWH_STATUS_NO_DATA, 0);
	else
	{
		DwhNode    *formula = dwh_version_formula(need->asked->indicator, need->version);

		answer.value = dwh_evaluate(&place, formula);
		answer.is_ratio = dwh_ratio_parts(formula, &numerator, &denominator);
		if (answer.is_ratio)
		{
			answer.numerator = dwh_evaluate(&place, numerator);
			answer.denominator = dwh_evaluate(&place, denominator);
		}
	}
	question->take(question->arg, &answer);
}

/* Answers for one level of units. */
static void
answer_level(DwhQuestion *question, DwhEvaluation *ev, List *needs)
{
	List	  **cells = cells_by_frame(ev);
	List	  **units = palloc0(Max(1, ev->nframes) * sizeof(List *));
	MemoryContext row_context = AllocSetContextCreate(CurrentMemoryContext, "dwh indicator row", ALLOCSET_DEFAULT_SIZES);
	ListCell   *lc;

	foreach(lc, needs)
	{
		Need	   *need = lfirst(lc);
		List	   *rows;
		ListCell   *r;

		if (ev->family->dimensions == NIL && units[need->frame] == NIL)
			units[need->frame] = dwh_units_at(ev->family->units, ev->level, ev->frames[need->frame].map_on);
		rows = need_rows(question, ev, need, cells, units[need->frame]);
		foreach(r, rows)
		{
			MemoryContext old = MemoryContextSwitchTo(row_context);

			CHECK_FOR_INTERRUPTS();
			answer_row(question, ev, need, &((Row *) lfirst(r))->key);
			MemoryContextSwitchTo(old);
			MemoryContextReset(row_context);
		}
		list_free_deep(rows);
	}
	MemoryContextDelete(row_context);
}

/* The statements that answering the question would run, in their order. */
List *
dwh_question_plan(DwhQuestion *question)
{
	DwhFamily  *family = question->family;
	List	   *result = NIL;
	ListCell   *level;

	foreach(level, question->levels)
		(void) collect_needs(question, dwh_evaluation_at(family, lfirst_int(level)));
	for (int i = 0; i < DWH_MAP_LEVELS; i++)
		if (family->at_level[i])
			result = list_concat(result, dwh_scan_plan(family->at_level[i]));
	return result;
}

/* Answers the question: what every level needs is collected first, so that levels that share one read it once. */
void
dwh_question_answer(DwhQuestion *question)
{
	DwhFamily  *family = question->family;
	List	   *needs_of_levels = NIL;
	ListCell   *level;
	ListCell   *needs;

	foreach(level, question->levels)
		needs_of_levels = lappend(needs_of_levels, collect_needs(question, dwh_evaluation_at(family, lfirst_int(level))));
	dwh_family_scan(family);
	forboth(level, question->levels, needs, needs_of_levels)
		answer_level(question, family->at_level[lfirst_int(level)], lfirst(needs));
}

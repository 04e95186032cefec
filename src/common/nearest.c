/*
 * nearest.c
 *		The known name that is nearest to a mistyped one, for hints: smallest Levenshtein distance, at most a third of its length.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/varlena.h"

#include "common/nearest.h"

/* Longer names are not compared: the distance would cost more than the hint is worth. */
#define MAX_COMPARED 63

/* Starts a search for the name nearest to wanted. */
void
dwh_nearest_begin(DwhNearest *state, const char *wanted)
{
	int			length = strlen(wanted);

	state->wanted = wanted;
	state->best = NULL;
	state->best_distance = Max(1, length / 3) + 1;
}

/* Offers a candidate; the string must outlive the search. Of equally near ones the first wins. */
void
dwh_nearest_offer(DwhNearest *state, const char *candidate)
{
	int			wanted_length = strlen(state->wanted);
	int			length = strlen(candidate);
	int			distance;

	if (wanted_length > MAX_COMPARED || length > MAX_COMPARED)
		return;
	distance = varstr_levenshtein_less_equal(state->wanted, wanted_length, candidate, length, 1, 1, 1,
											 state->best_distance, true);
	if (distance < state->best_distance)
	{
		state->best = candidate;
		state->best_distance = distance;
	}
}

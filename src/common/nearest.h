/*
 * nearest.h
 *		The known name that is nearest to a mistyped one, for hints.
 */
#ifndef DWH_NEAREST_H
#define DWH_NEAREST_H

typedef struct DwhNearest
{
	const char *wanted;
	const char *best;			/* NULL while nothing is near enough */
	int			best_distance;
} DwhNearest;

extern void dwh_nearest_begin(DwhNearest *state, const char *wanted);
extern void dwh_nearest_offer(DwhNearest *state, const char *candidate);

#endif							/* DWH_NEAREST_H */

/*
 * opening.c
 *		How complete the opening loads of a running sum are: the share of the provinces with rows to count that have one.
 *
 * Provinces are taken as they were when their rows were booked: on the map after a merger, each of those that were merged still needs
 * its own opening load. What began by taking over others whole holds what they held: it needs none where one of them has rows, and
 * its own is one of them all. Parts of a split need their own. At base level the same holds of offices; elsewhere a province has the
 * opening load of any of its offices.
 */
#include "postgres.h"

#include "utils/array.h"
#include "utils/datum.h"

#include "aggregate/id_set.h"
#include "indicator/indicator.h"

/* A province, or at base level a unit, that has rows. */
typedef struct Booked
{
	int			unit_id;
	bool		has_opening;
	bool		is_continued;	/* all it has came from others that have rows, too */
} Booked;

static int
compare_booked(const void *a, const void *b)
{
	int			x = ((const Booked *) a)->unit_id;
	int			y = ((const Booked *) b)->unit_id;

	return (x > y) - (x < y);
}

static Booked *
find_booked(Booked *booked, int n, int unit_id)
{
	Booked		key = {.unit_id = unit_id};

	return bsearch(&key, booked, n, sizeof(Booked), compare_booked);
}

/* The provinces (at base level the units themselves) of a set of units, each once, by id; units of no province are left out. */
static Booked *
booked_provinces(Datum set, DwhMapLevel level, int *n)
{
	ArrayType  *ids = DatumGetArrayTypeP(DirectFunctionCall1(dwh_sql_id_set_to_array, set));
	int			n_ids = ArrayGetNItems(ARR_NDIM(ids), ARR_DIMS(ids));
	Booked	   *result = palloc0(Max(1, n_ids) * sizeof(Booked));
	int			found = 0;

	for (int i = 0; i < n_ids; i++)
	{
		int			unit_id = ((int32 *) ARR_DATA_PTR(ids))[i];

		if (level != DWH_MAP_BASE)
			unit_id = dwh_unit_ancestor(unit_id, DWH_UNIT_PROVINCE);
		if (unit_id != 0)
			result[found++].unit_id = unit_id;
	}
	pfree(ids);
	qsort(result, found, sizeof(Booked), compare_booked);
	*n = 0;
	for (int i = 0; i < found; i++)
		if (i == 0 || result[i].unit_id != result[*n - 1].unit_id)
			result[(*n)++] = result[i];
	return result;
}

/*
 * The share of the provinces of "booked", the units with an opening load or rows to count, that have an opening load; "opening" are
 * those units with one, at least one. Both are dwh.id_set.
 */
float8
dwh_opening_share(Datum opening, Datum booked, DwhMapLevel level)
{
	Booked	   *provinces;
	Booked	   *with_opening;
	int			n;
	int			n_with_opening;
	int			needed = 0;
	int			there = 0;

	if (datum_image_eq(opening, booked, false, -1))
		return 1;				/* one unit, mostly */

	provinces = booked_provinces(booked, level, &n);
	with_opening = booked_provinces(opening, level, &n_with_opening);
	for (int i = 0; i < n; i++)
	{
		ListCell   *lc;

		if (find_booked(with_opening, n_with_opening, provinces[i].unit_id))
			provinces[i].has_opening = true;
		foreach(lc, dwh_unit_continuations(provinces[i].unit_id))
		{
			Booked	   *next = find_booked(provinces, n, lfirst_int(lc));

			if (next == NULL)
				continue;
			next->is_continued = true;
			if (find_booked(with_opening, n_with_opening, next->unit_id))
				provinces[i].has_opening = true;
		}
	}
	for (int i = 0; i < n; i++)
		if (!provinces[i].is_continued)
		{
			needed++;
			there += provinces[i].has_opening;
		}
	pfree(provinces);
	pfree(with_opening);
	return needed == 0 ? 1 : (float8) there / needed;
}

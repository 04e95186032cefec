/*
 * units.c
 *		Units in time: dwh.map_unit(), dwh.unit_ancestor(), dwh.unit_at(); which unit is part of which.
 *
 * All units, successions and groupings are kept in arrays. What stands for a unit on a day changes only on the days on which
 * some unit, succession or grouping begins or ends; between two such days lies an epoch. Answers are kept by level, epoch and
 * unit as they are asked for, so that a query over millions of rows costs two array look-ups a row.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "common/ref_cache.h"
#include "common/spi.h"
#include "star/star.h"

/* Ids that span no more than this are found by array index, others by binary search. */
#define MAX_DIRECT_SPAN (4 * 1024 * 1024)

#define NO_UNIT (-1)

/* Parents are trees and successions lead forward in time; more steps than this are a circle. */
#define MAX_STEPS 1000

#define NOT_ASKED (-1)

typedef struct Unit
{
	int32		unit_id;
	int32		parent_id;		/* 0 for the root */
	int32		parent;			/* index, NO_UNIT for the root */
	int32		renamed_from;	/* index of the unit that this one is under a new name, or NO_UNIT */
	DwhUnitLevel level;
	DateADT		valid_from;
	DateADT		valid_to;
	int32		first_edge;		/* its successions */
	int32		n_edges;
	int32		first_group;	/* its groupings */
	int32		n_groups;
} Unit;

typedef struct Edge
{
	int32		predecessor;	/* indexes */
	int32		successor;
	char		kind;			/* first letter: rename, merge, split, transfer */
	DateADT		effective_on;
} Edge;

typedef struct Grouping
{
	int32		group;			/* indexes */
	int32		unit;
	DateADT		valid_from;
	DateADT		valid_to;
} Grouping;

static void build_units(DwhRefCache *cache);

static DwhRefCache unit_cache = {
	.name = "units",
	.tables = {{"dwh_star", "dim_unit"}, {"dwh_catalog", "unit_succession"}, {"dwh_catalog", "unit_grouping"}},
	.build = build_units,
};

static Unit *units;				/* by unit_id */
static int	n_units;
static int	root;				/* index */
static Edge *edges;				/* by predecessor */
static Grouping *groupings;		/* by unit */
static int32 *direct;			/* index by unit_id - units[0].unit_id, NO_UNIT for ids not used; or NULL */
static DateADT *epoch_starts;	/* days on which something changes; epoch e lies before epoch_starts[e] */
static int	n_epoch_starts;
static int	last_epoch;			/* the epoch asked for last, and its span */
static DateADT last_epoch_from;
static DateADT last_epoch_before;
static int32 **answers[DWH_MAP_LEVELS];	/* by epoch, by index: unit_id, 0 for none, NOT_ASKED */

static const char *const unit_levels[] = {
	"centre", "central_unit", "region", "province", "defence", "police", "division", "district", "base"
};
static const char *const map_levels[DWH_MAP_LEVELS] = {"country", "region", "province", "base"};

PG_FUNCTION_INFO_V1(dwh_sql_map_unit);
PG_FUNCTION_INFO_V1(dwh_sql_unit_ancestor);
PG_FUNCTION_INFO_V1(dwh_sql_unit_at);
PG_FUNCTION_INFO_V1(dwh_sql_is_unit_within);
PG_FUNCTION_INFO_V1(dwh_sql_unit_side);
PG_FUNCTION_INFO_V1(dwh_sql_unit_top);
PG_FUNCTION_INFO_V1(dwh_sql_units_above);

/* The index of a unit, NO_UNIT where there is none. */
static inline int
find_unit(int unit_id)
{
	int			low = 0;
	int			high = n_units - 1;

	if (n_units == 0 || unit_id < units[0].unit_id || unit_id > units[high].unit_id)
		return NO_UNIT;
	if (direct != NULL)
		return direct[unit_id - units[0].unit_id];
	while (low <= high)
	{
		int			middle = (low + high) / 2;

		if (units[middle].unit_id == unit_id)
			return middle;
		if (units[middle].unit_id < unit_id)
			low = middle + 1;
		else
			high = middle - 1;
	}
	return NO_UNIT;
}

/* The index of a unit. Raises 42704. */
static inline int
require_unit(int unit_id)
{
	int			i = find_unit(unit_id);

	if (unlikely(i == NO_UNIT))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("unit %d does not exist", unit_id),
				 errdetail("Table dwh_star.dim_unit has no row with this unit_id."),
				 errhint("dwh.get_unit(code, day) finds the unit_id of a code.")));
	return i;
}

/*
 * The index of a unit that a caller names, NO_UNIT where there is none. A snapshot may show a new unit before the message that announces
 * it arrives, so the tables are read once more before the unit is called unknown.
 */
static inline int
look_for_unit(int unit_id)
{
	dwh_ref_cache_use(&unit_cache);
	if (unlikely(find_unit(unit_id) == NO_UNIT))
		dwh_ref_cache_build(&unit_cache);
	return find_unit(unit_id);
}

/* The same for one that has to be there. Raises 42704. */
static inline int
locate_unit(int unit_id)
{
	(void) look_for_unit(unit_id);
	return require_unit(unit_id);
}

/* Raises 42704 unless the unit exists. */
void
dwh_unit_require(int unit_id)
{
	(void) locate_unit(unit_id);
}

static void
refuse_circle(const char *what, int i)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("the %s of unit %d run in a circle", what, units[i].unit_id),
			 errdetail("More than %d steps were taken without an end.", MAX_STEPS),
			 errhint("Correct dwh_star.dim_unit or dwh_catalog.unit_succession.")));
}

/* Reads the units in the order of their ids. */
static void
read_units(MemoryContext context)
{
	n_units = (int) dwh_spi_select("SELECT unit_id, parent_unit_id, level, valid_from, coalesce(valid_to, 'infinity') "
								   "FROM dwh_star.dim_unit ORDER BY unit_id", 0, NULL, NULL, NULL, true);
	units = MemoryContextAllocZero(context, (n_units + 1) * sizeof(Unit));
	root = NO_UNIT;
	for (int i = 0; i < n_units; i++)
	{
		char	   *level = dwh_spi_text(i, 3);

		units[i].unit_id = dwh_spi_int(i, 1);
		units[i].parent_id = dwh_spi_int(i, 2);
		units[i].renamed_from = NO_UNIT;
		units[i].level = dwh_unit_level(level, strlen(level));
		units[i].valid_from = dwh_spi_date(i, 4);
		units[i].valid_to = dwh_spi_date(i, 5);
		if (units[i].level == DWH_UNIT_CENTRE)
			root = i;
		pfree(level);
	}
}

/* Lays out the direct index and finds the parents. */
static void
index_units(MemoryContext context)
{
	int64		span = n_units > 0 ? (int64) units[n_units - 1].unit_id - units[0].unit_id + 1 : 0;

	direct = NULL;
	if (span > 0 && span <= MAX_DIRECT_SPAN)
	{
		int32	   *index = MemoryContextAlloc(context, span * sizeof(int32));

		for (int64 i = 0; i < span; i++)
			index[i] = NO_UNIT;
		for (int i = 0; i < n_units; i++)
			index[units[i].unit_id - units[0].unit_id] = i;
		direct = index;
	}
	for (int i = 0; i < n_units; i++)
		units[i].parent = i == root ? NO_UNIT : find_unit(units[i].parent_id);
}

/* Reads the successions, and notes pure renames: one successor, one predecessor. */
static void
read_successions(MemoryContext context)
{
	int			n_edges = (int) dwh_spi_select("SELECT predecessor_unit_id, successor_unit_id, kind, effective_on "
											   "FROM dwh_catalog.unit_succession ORDER BY 1, 4, 2",
											   0, NULL, NULL, NULL, true);
	int		   *predecessors = palloc0(sizeof(int) * (n_units + 1));

	edges = MemoryContextAllocZero(context, (n_edges + 1) * sizeof(Edge));
	for (int e = 0; e < n_edges; e++)
	{
		char	   *kind = dwh_spi_text(e, 3);
		Unit	   *from;

		edges[e].predecessor = require_unit(dwh_spi_int(e, 1));
		edges[e].successor = require_unit(dwh_spi_int(e, 2));
		edges[e].kind = kind[0];
		edges[e].effective_on = dwh_spi_date(e, 4);
		from = &units[edges[e].predecessor];
		if (from->n_edges++ == 0)
			from->first_edge = e;
		predecessors[edges[e].successor]++;
		pfree(kind);
	}
	for (int e = 0; e < n_edges; e++)
		if (edges[e].kind == 'r' && units[edges[e].predecessor].n_edges == 1 && predecessors[edges[e].successor] == 1)
			units[edges[e].successor].renamed_from = edges[e].predecessor;
	pfree(predecessors);
}

/* Reads the groupings. */
static void
read_groupings(MemoryContext context)
{
	int			n = (int) dwh_spi_select("SELECT group_unit_id, unit_id, valid_from, coalesce(valid_to, 'infinity') "
										 "FROM dwh_catalog.unit_grouping ORDER BY 2, 3", 0, NULL, NULL, NULL, true);

	groupings = MemoryContextAllocZero(context, (n + 1) * sizeof(Grouping));
	for (int g = 0; g < n; g++)
	{
		Unit	   *unit;

		groupings[g].group = require_unit(dwh_spi_int(g, 1));
		groupings[g].unit = require_unit(dwh_spi_int(g, 2));
		groupings[g].valid_from = dwh_spi_date(g, 3);
		groupings[g].valid_to = dwh_spi_date(g, 4);
		unit = &units[groupings[g].unit];
		if (unit->n_groups++ == 0)
			unit->first_group = g;
	}
}

/* Reads the days on which an epoch begins. */
static void
read_epochs(MemoryContext context)
{
	int			n = (int) dwh_spi_select("SELECT valid_from FROM dwh_star.dim_unit "
										 "UNION SELECT valid_to + 1 FROM dwh_star.dim_unit WHERE isfinite(valid_to) "
										 "UNION SELECT effective_on FROM dwh_catalog.unit_succession "
										 "UNION SELECT valid_from FROM dwh_catalog.unit_grouping "
										 "UNION SELECT valid_to + 1 FROM dwh_catalog.unit_grouping WHERE isfinite(valid_to) "
										 "ORDER BY 1", 0, NULL, NULL, NULL, true);

	epoch_starts = MemoryContextAlloc(context, (n + 1) * sizeof(DateADT));
	for (int e = 0; e < n; e++)
		epoch_starts[e] = dwh_spi_date(e, 1);
	n_epoch_starts = n;
	last_epoch = NOT_ASKED;
	for (int level = 0; level < DWH_MAP_LEVELS; level++)
		answers[level] = MemoryContextAllocZero(context, (n + 1) * sizeof(int32 *));
}

/* Build function of the cache. */
static void
build_units(DwhRefCache *cache)
{
	read_units(cache->context);
	index_units(cache->context);
	read_successions(cache->context);
	read_groupings(cache->context);
	read_epochs(cache->context);
}

/*
 * The only unit that took over the whole of an ended one, NO_UNIT where there is none, where it was split, or where it took
 * effect after "on". Transfers of parts do not count.
 */
static int
step_forward(int i, DateADT on)
{
	int			found = NO_UNIT;

	for (int e = units[i].first_edge; e < units[i].first_edge + units[i].n_edges; e++)
	{
		if (edges[e].kind == 't')
			continue;
		if (edges[e].kind == 's' || found != NO_UNIT || edges[e].effective_on > on)
			return NO_UNIT;
		found = edges[e].successor;
	}
	return found;
}

/* The index of the unit that answers for unit i on a day: follows renames and merges forward, renames also backward. */
static int
map_index(int i, DateADT on)
{
	int			direction = 0;

	for (int step = 0; i != NO_UNIT; step++)
	{
		if (step > MAX_STEPS)
			refuse_circle("successions", i);
		if (on < units[i].valid_from)
		{
			if (direction > 0)
				return NO_UNIT;
			direction = -1;
			i = units[i].renamed_from;
		}
		else if (on > units[i].valid_to)
		{
			if (direction < 0)
				return NO_UNIT;
			direction = 1;
			i = step_forward(i, on);
		}
		else
			return i;
	}
	return NO_UNIT;
}

/* Whether a unit stands at a level; the level province takes in defence and police. */
static bool
is_at_level(const Unit *unit, DwhUnitLevel level)
{
	return unit->level == level ||
		(level == DWH_UNIT_PROVINCE && (unit->level == DWH_UNIT_DEFENCE || unit->level == DWH_UNIT_POLICE));
}

/* The index of the unit itself or its ancestor at a level, or NO_UNIT. */
static int
ancestor_index(int i, DwhUnitLevel level)
{
	int			start = i;

	for (int step = 0; i != NO_UNIT && !is_at_level(&units[i], level); step++)
	{
		if (step > MAX_STEPS)
			refuse_circle("parents", start);
		i = units[i].parent;
	}
	return i;
}

/* The index of the region that a province-level unit is grouped in on a day, or NO_UNIT. */
static int
region_index(int i, DateADT on)
{
	if (units[i].level == DWH_UNIT_REGION)
		return i;
	for (int g = units[i].first_group; g < units[i].first_group + units[i].n_groups; g++)
		if (on >= groupings[g].valid_from && on <= groupings[g].valid_to)
			return groupings[g].group;
	return NO_UNIT;
}

/* What dwh_unit_at_level() answers, worked out. */
static int32
work_out(int i, DateADT on, DwhMapLevel level)
{
	switch (level)
	{
		case DWH_MAP_COUNTRY:
			i = root;
			break;
		case DWH_MAP_BASE:
			i = map_index(i, on);
			break;
		case DWH_MAP_PROVINCE:
			i = ancestor_index(i, DWH_UNIT_PROVINCE);
			i = i == NO_UNIT ? i : map_index(i, on);
			break;
		case DWH_MAP_REGION:
			if (units[i].level != DWH_UNIT_REGION)
				i = ancestor_index(i, DWH_UNIT_PROVINCE);
			i = i == NO_UNIT ? i : map_index(i, on);
			i = i == NO_UNIT ? i : region_index(i, on);
			break;
	}
	return i == NO_UNIT ? 0 : units[i].unit_id;
}

/* The epoch of a day; keeps its span. */
static int
find_epoch(DateADT on)
{
	int			low = 0;
	int			high = n_epoch_starts;

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (epoch_starts[middle] <= on)
			low = middle + 1;
		else
			high = middle;
	}
	last_epoch_from = low > 0 ? epoch_starts[low - 1] : DATEVAL_NOBEGIN;
	last_epoch_before = low < n_epoch_starts ? epoch_starts[low] : DATEVAL_NOEND;
	last_epoch = low;
	return low;
}

/* The answers kept for a level and epoch, made on the first question. */
static int32 *
answers_of(DwhMapLevel level, int epoch)
{
	int32	   *kept = answers[level][epoch];

	if (kept == NULL)
	{
		kept = MemoryContextAlloc(unit_cache.context, n_units * sizeof(int32));
		for (int i = 0; i < n_units; i++)
			kept[i] = NOT_ASKED;
		answers[level][epoch] = kept;
	}
	return kept;
}

/*
 * The unit that stands for a unit on the map of a day at a level: the root for the country; the province (defence, police)
 * mapped forward; the region that this province is grouped in; or the unit itself, mapped. 0 for none. Raises 42704.
 */
int
dwh_unit_at_level(int unit_id, DateADT on, DwhMapLevel level)
{
	int			i;
	int			epoch;
	int32	   *kept;

	i = locate_unit(unit_id);
	epoch = last_epoch != NOT_ASKED && on >= last_epoch_from && on < last_epoch_before ? last_epoch : find_epoch(on);
	kept = answers_of(level, epoch);
	if (unlikely(kept[i] == NOT_ASKED))
		kept[i] = work_out(i, on, level);
	return kept[i];
}

/* The unit that answers for a unit on a day, 0 for none. Raises 42704. */
int
dwh_unit_map(int unit_id, DateADT on)
{
	return dwh_unit_at_level(unit_id, on, DWH_MAP_BASE);
}

/* The unit itself or its ancestor at a level, 0 for none. Raises 42704. */
int
dwh_unit_ancestor(int unit_id, DwhUnitLevel level)
{
	int			i;

	i = ancestor_index(locate_unit(unit_id), level);
	return i == NO_UNIT ? 0 : units[i].unit_id;
}

/*
 * The units (of int) that began with taking over the whole of a unit, or of one that had taken it over: all they have is from it and others
 * like it. Raises 42704.
 */
List *
dwh_unit_continuations(int unit_id)
{
	List	   *result = NIL;
	int			i = locate_unit(unit_id);

	for (int step = 0; i != NO_UNIT && units[i].valid_to != DATEVAL_NOEND; step++)
	{
		DateADT		last_day = units[i].valid_to;

		if (step > MAX_STEPS)
			refuse_circle("successions", i);
		i = step_forward(i, DATEVAL_NOEND);
		if (i != NO_UNIT && units[i].valid_from > last_day)
			result = lappend_int(result, units[i].unit_id);
	}
	return result;
}

/* The unit_id of the root, 0 for none. */
int
dwh_unit_root(void)
{
	dwh_ref_cache_use(&unit_cache);
	return root == NO_UNIT ? 0 : units[root].unit_id;
}

/* Raises 22023 for a word that is no level. */
static void
refuse_level(const char *name, int length, const char *known)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("level \"%s\" is unknown", pnstrdup(name, length)),
			 errdetail("The levels are %s.", known),
			 errhint("Give one of them, in lower case.")));
}

/* The level that figures are grouped by, from its name. Raises 22023. */
DwhMapLevel
dwh_unit_map_level(const char *name, int length)
{
	for (int level = 0; level < DWH_MAP_LEVELS; level++)
		if (strlen(map_levels[level]) == length && memcmp(map_levels[level], name, length) == 0)
			return (DwhMapLevel) level;
	refuse_level(name, length, "country, region, province, base");
	return DWH_MAP_COUNTRY;		/* keeps the compiler quiet */
}

/* The level of dim_unit, from its name; "country" is the centre. Raises 22023. */
DwhUnitLevel
dwh_unit_level(const char *name, int length)
{
	if (length == 7 && memcmp("country", name, 7) == 0)
		return DWH_UNIT_CENTRE;
	for (int level = 0; level < lengthof(unit_levels); level++)
		if (strlen(unit_levels[level]) == length && memcmp(unit_levels[level], name, length) == 0)
			return (DwhUnitLevel) level;
	refuse_level(name, length, "country, centre, central_unit, region, province, defence, police, division, district, base");
	return DWH_UNIT_CENTRE;		/* keeps the compiler quiet */
}

/* Returns a unit_id, NULL for 0. */
#define RETURN_UNIT(unit) \
	do { \
		int			unit_ = (unit); \
		if (unit_ == 0) \
			PG_RETURN_NULL(); \
		PG_RETURN_INT32(unit_); \
	} while (0)

/* dwh.map_unit(p_unit_id int, p_on date) */
Datum
dwh_sql_map_unit(PG_FUNCTION_ARGS)
{
	dwh_ref_cache_begin(fcinfo);
	RETURN_UNIT(dwh_unit_map(PG_GETARG_INT32(0), PG_GETARG_DATEADT(1)));
}

/* dwh.unit_ancestor(p_unit_id int, p_level text) */
Datum
dwh_sql_unit_ancestor(PG_FUNCTION_ARGS)
{
	text	   *level = PG_GETARG_TEXT_PP(1);

	dwh_ref_cache_begin(fcinfo);
	RETURN_UNIT(dwh_unit_ancestor(PG_GETARG_INT32(0), dwh_unit_level(VARDATA_ANY(level), VARSIZE_ANY_EXHDR(level))));
}

/* dwh.unit_at(p_unit_id int, p_on date, p_level text) */
Datum
dwh_sql_unit_at(PG_FUNCTION_ARGS)
{
	text	   *level = PG_GETARG_TEXT_PP(2);

	dwh_ref_cache_begin(fcinfo);
	RETURN_UNIT(dwh_unit_at_level(PG_GETARG_INT32(0), PG_GETARG_DATEADT(1),
								  dwh_unit_map_level(VARDATA_ANY(level), VARSIZE_ANY_EXHDR(level))));
}

/* The unit above; steps counts how far the caller has come, so that a circle has an end. */
static int
step_up(int i, int *steps)
{
	if (++*steps > MAX_STEPS)
		refuse_circle("parents", i);
	return units[i].parent;
}

/* The index of the central unit or province that a unit is part of, NO_UNIT where there is no such unit. */
static int
top_index(int unit_id)
{
	int			i = look_for_unit(unit_id);
	int			steps = 0;

	while (i != NO_UNIT && units[i].parent != NO_UNIT &&
		   (units[i].level == DWH_UNIT_DIVISION || units[i].level == DWH_UNIT_DISTRICT || units[i].level == DWH_UNIT_BASE))
		i = step_up(i, &steps);
	return i;
}

/* dwh_internal.unit_top(p_unit_id int): the central unit or province that a unit is part of. */
Datum
dwh_sql_unit_top(PG_FUNCTION_ARGS)
{
	int			i;

	dwh_ref_cache_begin(fcinfo);
	i = top_index(PG_GETARG_INT32(0));
	RETURN_UNIT(i == NO_UNIT ? 0 : units[i].unit_id);
}

/* dwh_internal.unit_side(p_unit_id int): 'province' for what is part of one, 'central' for the rest. */
Datum
dwh_sql_unit_side(PG_FUNCTION_ARGS)
{
	int			i;

	dwh_ref_cache_begin(fcinfo);
	i = top_index(PG_GETARG_INT32(0));
	if (i == NO_UNIT)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(units[i].level == DWH_UNIT_PROVINCE || units[i].level == DWH_UNIT_DEFENCE ||
									 units[i].level == DWH_UNIT_POLICE ? "province" : "central"));
}

/* dwh_internal.units_above(p_unit_id int): the unit, the one it lies below, and so on. */
Datum
dwh_sql_units_above(PG_FUNCTION_ARGS)
{
	Datum		above[MAX_STEPS + 1];
	int			count = 0;

	dwh_ref_cache_begin(fcinfo);
	for (int i = look_for_unit(PG_GETARG_INT32(0)); i != NO_UNIT; i = step_up(i, &count))
		above[count] = Int32GetDatum(units[i].unit_id);
	PG_RETURN_ARRAYTYPE_P(construct_array(above, count, INT4OID, sizeof(int32), true, TYPALIGN_INT));
}

/* dwh_internal.is_unit_within(p_unit_id int, p_above int): whether a unit is another or lies below it. */
Datum
dwh_sql_is_unit_within(PG_FUNCTION_ARGS)
{
	int			steps = 0;

	dwh_ref_cache_begin(fcinfo);
	for (int i = look_for_unit(PG_GETARG_INT32(0)); i != NO_UNIT; i = step_up(i, &steps))
		if (units[i].unit_id == PG_GETARG_INT32(1))
			PG_RETURN_BOOL(true);
	PG_RETURN_BOOL(false);
}

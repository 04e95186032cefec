/*
 * units.c
 *		The units as an answer needs them: names, who stands at a level on a day, children, predecessors.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "common/errors.h"
#include "common/nearest.h"
#include "common/spi.h"
#include "indicator/indicator.h"

static int
compare_units(const void *a, const void *b)
{
	const DwhUnitInfo *x = *(DwhUnitInfo *const *) a;
	const DwhUnitInfo *y = *(DwhUnitInfo *const *) b;
	int			order = strcmp(x->code, y->code);

	return order != 0 ? order : x->unit_id - y->unit_id;
}

/* Notes the order in which units stand in answers. */
static void
rank_units(DwhUnitTable *table)
{
	DwhUnitInfo **units = palloc(Max(1, table->n) * sizeof(DwhUnitInfo *));

	for (int i = 0; i < table->n; i++)
		units[i] = &table->units[i];
	qsort(units, table->n, sizeof(DwhUnitInfo *), compare_units);
	for (int i = 0; i < table->n; i++)
		units[i]->rank = i;
	pfree(units);
}

/*
 * Notes of each unit those that it took over as a whole (rename, merge). Not one that has another successor too, but for transfers of
 * parts of it: nobody answers for it then, as for its facts (star/units.c).
 */
static void
link_predecessors(DwhUnitTable *table)
{
	uint64		n = dwh_spi_select_latest("SELECT predecessor_unit_id, successor_unit_id, kind <> 'split', effective_on FROM dwh_catalog.unit_succession"
										  " WHERE kind <> 'transfer' ORDER BY 1, 2", 0, NULL, NULL);

	for (uint64 i = 0; i < n; i++)
	{
		int			unit_id = dwh_spi_int(i, 1);
		DwhUnitInfo *successor;
		DwhPredecessor *predecessor;

		if (!dwh_spi_bool(i, 3) || (i > 0 && dwh_spi_int(i - 1, 1) == unit_id) || (i + 1 < n && dwh_spi_int(i + 1, 1) == unit_id))
			continue;
		successor = dwh_unit_info(table, dwh_spi_int(i, 2));
		predecessor = palloc0(sizeof(DwhPredecessor));
		predecessor->unit = dwh_unit_info(table, unit_id);
		predecessor->effective_on = dwh_spi_date(i, 4);
		successor->predecessors = lappend(successor->predecessors, predecessor);
	}
}

/*
 * Reads all units and the successions that figures may follow, as they are now: dwh.unit_at() answers from the latest state too, and
 * must not name a unit that an old snapshot does not know.
 */
DwhUnitTable *
dwh_unit_table_load(void)
{
	DwhUnitTable *table = palloc0(sizeof(DwhUnitTable));
	uint64		n = dwh_spi_select_latest("SELECT unit_id, coalesce(parent_unit_id, 0), code, name_vi, level, valid_from, valid_to"
										  " FROM dwh_star.dim_unit ORDER BY unit_id", 0, NULL, NULL);

	table->n = n;
	table->units = palloc0(Max(1, n) * sizeof(DwhUnitInfo));
	for (uint64 i = 0; i < n; i++)
	{
		DwhUnitInfo *unit = &table->units[i];
		char	   *level = dwh_spi_text(i, 5);

		unit->unit_id = dwh_spi_int(i, 1);
		unit->parent_id = dwh_spi_int(i, 2);
		unit->code = dwh_spi_text(i, 3);
		unit->name = dwh_spi_text(i, 4);
		unit->level = dwh_unit_level(level, strlen(level));
		unit->valid_from = dwh_spi_date(i, 6);
		unit->valid_to = dwh_spi_isnull(i, 7) ? DATEVAL_NOEND : dwh_spi_date(i, 7);
	}
	rank_units(table);
	link_predecessors(table);
	return table;
}

/* The unit of that id, NULL where there is none. */
DwhUnitInfo *
dwh_unit_find(DwhUnitTable *table, int unit_id)
{
	int			low = 0;
	int			high = table->n - 1;

	while (low <= high)
	{
		int			middle = (low + high) / 2;
		DwhUnitInfo *unit = &table->units[middle];

		if (unit->unit_id == unit_id)
			return unit;
		if (unit->unit_id < unit_id)
			low = middle + 1;
		else
			high = middle - 1;
	}
	return NULL;
}

/* The unit of that id, which must exist. */
DwhUnitInfo *
dwh_unit_info(DwhUnitTable *table, int unit_id)
{
	DwhUnitInfo *unit = dwh_unit_find(table, unit_id);

	if (unit == NULL)
		elog(ERROR, "unit %d is not in dim_unit", unit_id);
	return unit;
}

/* The ids of all units, as int[]. */
Datum
dwh_unit_ids(DwhUnitTable *table)
{
	Datum	   *elems = palloc(Max(1, table->n) * sizeof(Datum));

	for (int i = 0; i < table->n; i++)
		elems[i] = Int32GetDatum(table->units[i].unit_id);
	return dwh_array(elems, table->n, INT4OID);
}

/* The hash of an int[]. */
static uint64
hash_of(Datum ids)
{
	ArrayType  *array = DatumGetArrayTypeP(ids);

	return hash_bytes_extended((unsigned char *) ARR_DATA_PTR(array), ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)) * sizeof(int32), 0);
}

/* Which unit belongs to which province; worked out once. */
const DwhProvinces *
dwh_unit_provinces(DwhUnitTable *table)
{
	DwhProvinces *provinces = table->provinces;
	Datum	   *elems;

	if (provinces != NULL)
		return provinces;
	elems = palloc(Max(1, table->n) * sizeof(Datum));
	for (int i = 0; i < table->n; i++)
	{
		int			unit_id = table->units[i].unit_id;
		int			province_id = dwh_unit_ancestor(unit_id, DWH_UNIT_PROVINCE);

		elems[i] = Int32GetDatum(province_id != 0 ? province_id : unit_id);
	}
	provinces = table->provinces = palloc(sizeof(DwhProvinces));
	provinces->unit_ids = dwh_unit_ids(table);
	provinces->province_ids = dwh_array(elems, table->n, INT4OID);
	provinces->hash = (int64) hash_combine64(hash_of(provinces->unit_ids), hash_of(provinces->province_ids));
	return provinces;
}

static bool
is_valid(const DwhUnitInfo *unit, DateADT on)
{
	return unit->valid_from <= on && on <= unit->valid_to;
}

static bool
is_at_level(const DwhUnitInfo *unit, DwhMapLevel level)
{
	switch (level)
	{
		case DWH_MAP_COUNTRY:
			return unit->level == DWH_UNIT_CENTRE;
		case DWH_MAP_REGION:
			return unit->level == DWH_UNIT_REGION;
		case DWH_MAP_PROVINCE:
			return unit->level == DWH_UNIT_PROVINCE || unit->level == DWH_UNIT_DEFENCE ||
				unit->level == DWH_UNIT_POLICE;
		case DWH_MAP_BASE:
			return unit->level == DWH_UNIT_DIVISION || unit->level == DWH_UNIT_DISTRICT || unit->level == DWH_UNIT_BASE;
	}
	return false;
}

/* The units at a level on a day, by id. */
List *
dwh_units_at(DwhUnitTable *table, DwhMapLevel level, DateADT on)
{
	List	   *result = NIL;

	for (int i = 0; i < table->n; i++)
		if (is_at_level(&table->units[i], level) && is_valid(&table->units[i], on))
			result = lappend(result, &table->units[i]);
	return result;
}

/* The units whose figures add up to the unit's on a day: provinces for the country and for a region, offices for a province. */
List *
dwh_unit_children(DwhUnitTable *table, DwhUnitInfo *unit, DateADT on)
{
	DwhMapLevel level = is_at_level(unit, DWH_MAP_COUNTRY) || is_at_level(unit, DWH_MAP_REGION)
		? DWH_MAP_PROVINCE : DWH_MAP_BASE;
	List	   *result = NIL;

	for (int i = 0; i < table->n; i++)
	{
		DwhUnitInfo *child = &table->units[i];
		bool		is_child;

		if (!is_at_level(child, level) || !is_valid(child, on))
			continue;
		if (unit->level == DWH_UNIT_REGION)
			is_child = dwh_unit_at_level(child->unit_id, on, DWH_MAP_REGION) == unit->unit_id;
		else
			is_child = child->parent_id == unit->unit_id;
		if (is_child)
			result = lappend(result, child);
	}
	return result;
}

/* Raises 42704 for a code of p_units that names no unit on the map of any asked period. */
void
dwh_units_check_codes(DwhUnitTable *table, List *codes, List *frames)
{
	ListCell   *lc;

	foreach(lc, codes)
	{
		const char *code = lfirst(lc);
		DwhNearest	nearest;
		bool		found = false;

		dwh_nearest_begin(&nearest, code);
		for (int i = 0; i < table->n && !found; i++)
		{
			ListCell   *f;

			if (strcmp(table->units[i].code, code) != 0)
			{
				dwh_nearest_offer(&nearest, table->units[i].code);
				continue;
			}
			foreach(f, frames)
				found = found || is_valid(&table->units[i], ((DwhFrame *) lfirst(f))->map_on);
		}
		if (!found)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_OBJECT),
					 errmsg("unit \"%s\" does not exist on the map of the periods asked for", code),
					 errdetail("No row of dwh_star.dim_unit has this code on the day of the map."),
					 nearest.best ? errhint("Did you mean \"%s\"?", nearest.best) :
					 errhint("A code means something only with a date: see dwh.get_unit(code, on).")));
	}
}

/*
 * Raises WH104 where a period ends after the day of the map and units were merged, renamed or split in between: rows of the
 * later units cannot be given on the earlier map.
 */
void
dwh_units_check_map(DateADT map_on, List *frames)
{
	DwhFrame   *last = llast(frames);
	Oid			types[2] = {DATEOID, DATEOID};
	Datum		values[2];

	values[0] = DateADTGetDatum(map_on);
	values[1] = DateADTGetDatum(dwh_month_end(last->last));
	if (dwh_spi_select("SELECT effective_on FROM dwh_catalog.unit_succession"
					   " WHERE effective_on > $1 AND effective_on <= $2 ORDER BY 1 DESC LIMIT 1",
					   2, types, values, NULL, true) > 0)
	{
		char	   *changed_on = dwh_date_iso(dwh_spi_date(0, 1));

		ereport(ERROR,
				(errcode(ERRCODE_DWH_MAP_BACKWARDS),
				 errmsg("periods up to %s cannot be shown on the map of %s",
						dwh_date_iso(dwh_month_end(last->last)), dwh_date_iso(map_on)),
				 errdetail("Units changed up to %s: what later units report cannot be told apart by earlier ones.", changed_on),
				 errhint("Use p_map => '%s' or later.", changed_on)));
	}
}

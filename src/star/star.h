/*
 * star.h
 *		The calendar of working days, and units in time.
 *
 * Both are read from their tables once a backend and kept (common/ref_cache.h). Whoever calls these functions from SQL-callable
 * code starts with dwh_ref_cache_begin(). Units are named by unit_id; 0 stands for "no unit".
 */
#ifndef DWH_STAR_H
#define DWH_STAR_H

#include "nodes/pg_list.h"
#include "utils/date.h"

/* The levels that figures are grouped by. */
typedef enum DwhMapLevel
{
	DWH_MAP_COUNTRY,
	DWH_MAP_REGION,
	DWH_MAP_PROVINCE,			/* also defence and police */
	DWH_MAP_BASE				/* the unit itself */
} DwhMapLevel;

#define DWH_MAP_LEVELS (DWH_MAP_BASE + 1)

/* The levels of dim_unit, in the order of its check constraint. */
typedef enum DwhUnitLevel
{
	DWH_UNIT_CENTRE,
	DWH_UNIT_CENTRAL_UNIT,
	DWH_UNIT_REGION,
	DWH_UNIT_PROVINCE,
	DWH_UNIT_DEFENCE,
	DWH_UNIT_POLICE,
	DWH_UNIT_DIVISION,
	DWH_UNIT_DISTRICT,
	DWH_UNIT_BASE
} DwhUnitLevel;

/* calendar.c */
extern DateADT dwh_calendar_add_working_days(DateADT from, int days);
extern int	dwh_calendar_working_days_between(DateADT from, DateADT to);
extern char *dwh_date_iso(DateADT day);

/* holidays.c */
extern int	dwh_holidays_refresh(void);

/* units.c */
extern DwhMapLevel dwh_unit_map_level(const char *name, int length);
extern DwhUnitLevel dwh_unit_level(const char *name, int length);
extern int	dwh_unit_root(void);
extern int	dwh_unit_map(int unit_id, DateADT on);
extern int	dwh_unit_ancestor(int unit_id, DwhUnitLevel level);
extern int	dwh_unit_at_level(int unit_id, DateADT on, DwhMapLevel level);
extern List *dwh_unit_continuations(int unit_id);
extern void dwh_unit_require(int unit_id);

#endif							/* DWH_STAR_H */

/*
 * hierarchy.h
 *		What a scope unit covers: its subtree and whole predecessors by rename or merge.
 */
#ifndef DWH_SCOPE_HIERARCHY_H
#define DWH_SCOPE_HIERARCHY_H

#include "nodes/pg_list.h"
#include "utils/date.h"

/* What some scope units cover, in the caller's memory context. */
typedef struct DwhCoverage
{
	int			n;
	int32	   *unit_ids;		/* ascending */
	int			n_own;
	int32	   *own_ids;		/* ascending: units of which their own rows are covered, but not all that counts for them */
	bool		is_national;	/* the root is among the scope units */
} DwhCoverage;

extern void dwh_hierarchy_use(void);
extern void dwh_hierarchy_cover(List *scope_units, DateADT on, DwhCoverage *coverage);
extern bool dwh_hierarchy_is_open(int unit_id, DateADT on);

#endif							/* DWH_SCOPE_HIERARCHY_H */

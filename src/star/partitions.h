/*
 * partitions.h
 *		Partitions of the facts: adding years, refusing rows outside them.
 *
 * A fact is a table of dwh_owner in schema dwh_star that is partitioned by range of its column month alone. Each has a default
 * partition that refuses every row, so that a month without a partition is an error that says what to call.
 */
#ifndef DWH_PARTITIONS_H
#define DWH_PARTITIONS_H

#include "utils/date.h"

/* Where the first partition of a fact that has none begins: the calendar of working days begins on this day too. */
#define DWH_FIRST_PARTITION_YEAR 2006

extern int	dwh_partitions_ensure(DateADT until);
extern void dwh_partitions_require(Oid fact_oid, DateADT month);

#endif							/* DWH_PARTITIONS_H */

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

/*
 * SQL: of a trigger t a number, never negative, that is another one once it was made anew, disabled or enabled: its oid, with the
 * transaction that wrote its row.
 */
#define DWH_TRIGGER_ID "(((t.xmin::text::int8 & 2147483647) << 32) | t.oid::int8)"

#endif							/* DWH_PARTITIONS_H */

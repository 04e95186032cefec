/*
 * closed.h
 *		Closed periods: which they are, and the values that were frozen when they were closed (dwh_star.indicator_vintage).
 *
 * A period is closed for a group of indicators and a kind of period: the quarter may be closed while one of its months is open. What
 * is in force is the last closing, unless it was reopened. Everything here expects SPI to be connected and dwh_owner to be in force.
 */
#ifndef DWH_CLOSED_H
#define DWH_CLOSED_H

#include "indicator/indicator.h"

/*
 * The last closed value of an indicator marked is_public, for a unit (country, province or base office) that may lie outside the
 * caller's scope: what national([X]) and parent([X]) may show there. False where the indicator is not public, the period is not
 * closed, the frame is not shown on its own map, or nothing was frozen for the unit; value is not touched then.
 */
extern bool dwh_closed_public_value(const char *indicator_code, const DwhFrame *frame, int unit_id, DwhValue *value);

/*
 * The stage of the closing in force that covers days first to last of a kind of period (or a longer period that holds them) for a
 * group of indicators; NULL where it is open. period receives a name for messages, as "quarter 2025-01-01".
 */
extern char *dwh_closing_covering(const char *indicator_group, DateADT first, DateADT last, char **period);

#endif							/* DWH_CLOSED_H */

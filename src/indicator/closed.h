/*
 * closed.h
 *		Closed periods: which they are, and the values that were frozen when they were closed (dwh_star.indicator_vintage).
 *
 * A period is closed for a group of indicators and a kind of period: the quarter may be closed while one of its months is open. What
 * is in force is the last closing, unless it was reopened. Closing and reopening themselves: closing.c. Everything here expects SPI to be connected and dwh_owner to be in force.
 */
#ifndef DWH_CLOSED_H
#define DWH_CLOSED_H

#include "audit/audit.h"
#include "indicator/indicator.h"

/*
 * The last closed value of an indicator marked is_public, for a unit at a level (country, province or base office) that may lie outside the
 * caller's scope: what national([X]) and parent([X]) may show there. False where the indicator is not public, the period is not
 * closed, the frame is not shown on its own map, or nothing was frozen for the unit; value is not touched then.
 */
extern bool dwh_closed_public_value(const char *indicator_code, const DwhFrame *frame, DwhMapLevel level, int unit_id, DwhValue *value);

/*
 * The stage of the closing in force that covers days first to last of a kind of period (or a longer period that holds them) for a
 * group of indicators; NULL where it is open. period receives a name for messages, as "quarter 2025-01-01".
 */
extern char *dwh_closing_covering(const char *indicator_group, DateADT first, DateADT last, char **period);

/* The closing that answers for an indicator in a period, and what it froze. */
typedef struct DwhClosed
{
	int			closing_id;
	int			closing_no;
	char	   *stage;
	char	   *closed_at;		/* as text, for explanations */
	char	   *decision;		/* NULL: none */
	int			levels;			/* bits, by DwhMapLevel, of which values were frozen; 0 where the indicator was not kept */
	bool		is_revised;		/* what is computed now differs from it somewhere */
	HTAB	   *values;			/* of DwhClosedValue */
} DwhClosed;

typedef struct DwhClosedKey
{
	int			level;
	int			unit_id;
	int			is_split;
} DwhClosedKey;

typedef struct DwhClosedValue
{
	DwhClosedKey key;
	DwhValue	value;
	DwhValue	numerator;
	DwhValue	denominator;
	int			version;		/* 0: none */
	char	   *computed_at;	/* as text */
} DwhClosedValue;

/*
 * Looks up which closings answer for what is asked (DwhAsked, all of one kind of period), and reads what they froze at some levels, of
 * one unit or of all (0). as_of NULL: the closings in force; else the last ones up to that time, reopened since or not.
 */
extern void dwh_closed_attach(List *asked, const TimestampTz *as_of, int levels, int unit_id);

/* Whether a closing answers for it at a level: the indicator was kept there, and the frame is shown on the map of its own last day. */
extern bool dwh_closed_answers(const DwhAsked *asked, DwhMapLevel level);

/* The frozen value; NULL where nothing was known of the unit. */
extern const DwhClosedValue *dwh_closed_value(const DwhClosed *closed, DwhMapLevel level, int unit_id, bool is_split);

/* Raises 0A000 where no closing up to p_as_of answers for it at a level. */
extern void dwh_closed_require(const DwhAsked *asked, DwhMapLevel level);

/*
 * Raises 55000, with a record of it, where values of the indicator, or of one that follows from its formula, are frozen for a period that
 * ends on or after a day. Expects the catalogue to be locked.
 */
extern void dwh_closed_refuse_revision(DwhAttempt *attempt, DwhCatalogue *catalogue, DwhIndicator *indicator, DateADT from);

/* SQL: whether c, a row of period_closing, is in force: the last one of its period, and not reopened. */
#define DWH_CLOSING_IN_FORCE \
	"c.reopened_at IS NULL AND NOT EXISTS (SELECT FROM dwh_catalog.period_closing AS n WHERE n.indicator_group = c.indicator_group " \
	"AND n.period_type = c.period_type AND n.period_start = c.period_start AND n.closing_no > c.closing_no)"

#endif							/* DWH_CLOSED_H */

/*
 * visible.c
 *		Whose values the caller may get: those of units that lie wholly in his scope in the subject under which the indicator is
 *		published. A sum over a part of a unit under the unit's name would be worse than no row.
 *
 * The evaluator reads as dwh_owner, whom row security does not bind, so the rule stands here, for live, kept and frozen values alike.
 * The owner of the warehouse and superusers see every unit, and so does what refresh and closing compute on nobody's behalf.
 */
#include "postgres.h"

#include "common/owner.h"
#include "indicator/closed.h"
#include "indicator/indicator.h"
#include "scope/scope.h"

/* Binds a family of evaluations to the scope of the caller. */
void
dwh_family_bind(DwhFamily *family)
{
	family->is_scoped = !dwh_caller_is_owner();
}

/* Whether a caller may get any value at all: spares those who may not the work, and us the reading. */
bool
dwh_caller_sees_values(void)
{
	if (dwh_caller_is_owner())
		return true;
	(void) dwh_scope_use();
	return dwh_scope_account() != 0;
}

/*
 * Whether a unit as it stands on the map of a day lies wholly in the caller's scope in a subject. A region does when every province
 * that it groups on that day does.
 */
static bool
sees_unit(DwhFamily *family, int32 subject_id, int unit_id, DateADT map_on)
{
	DwhUnitInfo *unit = dwh_unit_info(family->units, unit_id);
	List	   *members;
	ListCell   *lc;

	if (unit->level != DWH_UNIT_REGION)
	{
		(void) dwh_scope_use();
		return dwh_scope_has_whole_unit(dwh_scope_read_subject(subject_id), unit_id);
	}
	members = dwh_unit_children(family->units, unit, map_on);
	foreach(lc, members)
		if (!sees_unit(family, subject_id, ((DwhUnitInfo *) lfirst(lc))->unit_id, map_on))
			return false;
	return members != NIL;
}

/* Whether the caller may get the indicator's values of a unit on the map of a day. Formulas that follow are walked on its behalf. */
bool
dwh_family_sees(DwhFamily *family, const DwhIndicator *indicator, int unit_id, DateADT map_on)
{
	if (!family->is_scoped)
		return true;
	family->published_in = indicator->subject_id;
	return sees_unit(family, indicator->subject_id, unit_id, map_on);
}

/* Whether a formula may look at the unit of a place further up: parent() and national(). */
bool
dwh_place_is_visible(const DwhPlace *place)
{
	DwhFamily  *family = place->ev->family;

	return !family->is_scoped || family->collecting ||
		sees_unit(family, family->published_in, place->cell->unit_id, place->ev->frames[place->frame].map_on);
}

/* What parent([X]) and national([X]) show outside the scope: the closed value of a public indicator as a whole, else nothing. */
DwhValue
dwh_public_value(const DwhPlace *place, const DwhNode *node)
{
	DwhFamily  *family = place->ev->family;
	DwhValue	value = {0};

	if (node->kind == DWH_NODE_REF && node->args == NIL && place->conditions == NIL && family->filters == NIL &&
		family->dimensions == NIL &&
		dwh_closed_public_value(node->text, &place->ev->frames[place->frame], place->ev->level, place->cell->unit_id, &value))
		return value;
	return dwh_value_missing(DWH_STATUS_OUT_OF_SCOPE, 0);
}

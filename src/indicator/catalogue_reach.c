/*
 * catalogue_reach.c
 *		What an indicator's formula may read, and where the indicator may stand, when no central administrator makes it.
 *
 * Formulas are evaluated as dwh_owner, and their values are shown to whoever holds the subject under which the indicator is published
 * (visible.c). So one who could publish figures of a subject under another one would read the former through the latter: he must hold
 * all that the formula reads in every unit in which he holds what it is published under. What is public is published to everyone by
 * national() and parent(), and a period is closed for a group of indicators as a whole: both are left to administrators.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "common/spi.h"
#include "indicator/catalogue_edit.h"
#include "indicator/refresh.h"
#include "scope/scope.h"

pg_noreturn static void deny(DwhCatalogueEdit *edit, const char *reason, const char *detail, const char *hint);

/* Raises 42501, with a record of it. */
static void
deny(DwhCatalogueEdit *edit, const char *reason, const char *detail, const char *hint)
{
	dwh_attempt_refused(&edit->attempt, reason);
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("permission denied for indicator \"%s\"", edit->object),
			 errdetail_internal("%s", detail),
			 errhint("%s", hint)));
}

/* Whether the caller may see one subject wherever he may see the values of another one. */
static bool
holds_wherever(int32 read_id, int32 published_id)
{
	const DwhSubjectScope *readable = dwh_scope_subject(read_id);
	const DwhSubjectScope *published = dwh_scope_subject(published_id);

	if (read_id == published_id)
		return true;
	if (readable == NULL || readable->n == 0)
		return false;
	for (int i = 0; published && i < published->n; i++)
		if (dwh_scope_has_whole_unit(published, published->unit_ids[i]) &&
			!dwh_scope_has_whole_unit(readable, published->unit_ids[i]))
			return false;
	return true;
}

/* The measures that a formula leads to, through whichever versions of other indicators. */
static List *
measures_of(DwhCatalogue *catalogue, DwhNode *formula)
{
	DwhVersion	version = {.formula = formula};
	DwhIndicator draft = {.versions = list_make1(&version)};

	return dwh_reach_measures(catalogue, &draft);
}

/* The indicator of a code, if there is one, and those whose values follow from it on or after a day. */
static List *
changed_indicators(DwhCatalogue *catalogue, const char *code, DateADT from)
{
	DwhIndicator *indicator = dwh_catalogue_indicator(catalogue, code);
	List	   *changed = NIL;
	ListCell   *lc;

	if (indicator == NULL)
		return NIL;
	changed = list_make1(indicator);
	foreach(lc, dwh_dependents(catalogue, code))
	{
		DwhDependent *dependent = lfirst(lc);

		if (dependent->to >= from)
			changed = list_append_unique_ptr(changed, dependent->indicator);
	}
	return changed;
}

/* Whether one of the indicators is shown to everyone once its period is closed. */
static bool
has_public(List *indicators)
{
	DwhEditParams params = {0};
	ArrayBuildState *ids = initArrayResult(INT4OID, CurrentMemoryContext, false);
	ListCell   *lc;

	foreach(lc, indicators)
		ids = accumArrayResult(ids, Int32GetDatum(((DwhIndicator *) lfirst(lc))->indicator_id), false, INT4OID, CurrentMemoryContext);
	dwh_edit_add(&params, INT4ARRAYOID, makeArrayResult(ids, CurrentMemoryContext), false);
	return dwh_edit_select("SELECT FROM dwh_catalog.indicator WHERE is_public AND indicator_id = ANY ($1) LIMIT 1", &params) > 0;
}

/*
 * Raises 42501, with a record of it, unless the caller may have a formula evaluated for the indicator that is being made or revised, which
 * is published under a subject: see above. The same holds for the indicators whose values would follow from it. Nothing is said of what
 * it was that he may not see. Expects the catalogue to be locked and the formula to be checked.
 */
void
dwh_edit_check_reach(DwhCatalogueEdit *edit, DwhNode *formula, int32 subject_id, DateADT from)
{
	List	   *changed;
	ListCell   *m;

	if (dwh_edit_caller_is_admin())
		return;
	changed = changed_indicators(edit->catalogue, edit->object, from);
	if (has_public(changed))
		deny(edit, "the formula of a public indicator",
			 "It is public, or a public one follows from it: everybody is shown its values of closed periods.", "Ask a central administrator.");
	(void) dwh_scope_use();
	foreach(m, measures_of(edit->catalogue, formula))
	{
		int32		read_id = ((DwhMeasure *) lfirst(m))->subject->subject_id;
		bool		is_held = holds_wherever(read_id, subject_id);
		ListCell   *lc;

		foreach(lc, changed)
			is_held &= holds_wherever(read_id, ((DwhIndicator *) lfirst(lc))->subject_id);
		if (!is_held)
			deny(edit, "the formula reads beyond the caller's scope",
				 "The formula reads subjects that your scope does not hold in every unit in which you would get its values.",
				 "Refer to what you may see, or ask a central administrator.");
	}
}

/* Raises 42501, with a record of it, where one who is no central administrator wants a new indicator to be public. */
void
dwh_edit_check_public(DwhCatalogueEdit *edit, bool is_public)
{
	if (is_public && !dwh_edit_caller_is_admin())
		deny(edit, "a public indicator", "A public indicator shows everybody its values of closed periods.",
			 "Leave p_is_public out, or ask a central administrator.");
}

/*
 * The group of indicators in which a new one is to stand. NULL where it was left out: that of its subject, or of others than central
 * administrators their own one, named like the owner group. Raises 42501, with a record of it, where such a one names a group that
 * holds indicators of another owner group: it would be closed, published and held up together with them. Expects the catalogue to be locked.
 */
char *
dwh_edit_choose_group(DwhCatalogueEdit *edit, char *group, int owner_group_id)
{
	DwhEditParams params = {0};

	if (dwh_edit_caller_is_admin())
		return group;
	dwh_edit_add_int(&params, owner_group_id);
	if (group == NULL && dwh_edit_select("SELECT name_vi FROM dwh_catalog.user_group WHERE user_group_id = $1", &params) > 0)
		group = dwh_spi_text(0, 1);
	dwh_edit_add_text(&params, group);
	if (dwh_edit_select("SELECT FROM dwh_catalog.indicator WHERE indicator_group = $2 AND owner_group_id IS DISTINCT FROM $1 LIMIT 1", &params) > 0)
		deny(edit, "a group of others' indicators", psprintf("Group \"%s\" holds indicators of other owners, and is closed as a whole.", group),
			 "Choose another p_group, or ask a central administrator.");
	return group;
}

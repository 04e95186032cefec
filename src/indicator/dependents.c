/*
 * dependents.c
 *		dwh.list_dependents(): which indicators change when a measure or an indicator does.
 *
 * The walk goes from the code to the versions that refer to it, and on from these, breadth first. A version is reached only
 * where the days it is in force meet those of the version it refers to: a formula that was replaced before the other one began
 * does not depend on it. A formula with a function over time looks back, so it depends on versions that ended before it, too.
 */
#include "postgres.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "common/owner.h"
#include "common/spi.h"
#include "indicator/indicator.h"

PG_FUNCTION_INFO_V1(dwh_sql_list_dependents);

/* Whether a formula reads periods before the one asked for. */
static bool
looks_back(const DwhNode *node)
{
	static const char *const same_period[] = {"people", "parent", "national"};
	int			nargs;
	ListCell   *lc;

	check_stack_depth();
	if (node->kind == DWH_NODE_CALL && dwh_context_function(node->text, &nargs))
	{
		bool		stays = false;

		for (int i = 0; i < lengthof(same_period); i++)
			stays |= strcmp(node->text, same_period[i]) == 0;
		if (!stays)
			return true;
	}
	foreach(lc, node->args)
		if (looks_back(lfirst(lc)))
			return true;
	return false;
}

static bool
refers_to(const DwhNode *formula, const char *code)
{
	List	   *references = NIL;
	ListCell   *lc;

	dwh_formula_references(formula, &references);
	foreach(lc, references)
		if (strcmp(((DwhNode *) lfirst(lc))->text, code) == 0)
			return true;
	return false;
}

/* Appends the version unless those days of it were reached before. */
static void
reach(List **reached, DwhIndicator *indicator, DwhVersion *version, DateADT from, DateADT to, int depth)
{
	DwhDependent *dependent;
	ListCell   *lc;

	foreach(lc, *reached)
	{
		dependent = lfirst(lc);
		if (dependent->version == version && dependent->from <= from && to <= dependent->to)
			return;
	}
	dependent = palloc0(sizeof(DwhDependent));
	dependent->indicator = indicator;
	dependent->version = version;
	dependent->code = indicator ? indicator->code : NULL;
	dependent->from = from;
	dependent->to = to;
	dependent->depth = depth;
	*reached = lappend(*reached, dependent);
}

/* Reaches the versions that refer directly to one that was reached. */
static void
reach_from(DwhCatalogue *catalogue, const DwhDependent *base, List **reached)
{
	ListCell   *i;

	foreach(i, catalogue->indicators)
	{
		DwhIndicator *indicator = lfirst(i);
		ListCell   *v;

		CHECK_FOR_INTERRUPTS();
		foreach(v, indicator->versions)
		{
			DwhVersion *version = lfirst(v);
			DwhNode    *formula = dwh_version_formula(indicator, version);
			DateADT		from = Max(version->valid_from, base->from);
			DateADT		to;

			if (!refers_to(formula, base->code))
				continue;
			to = looks_back(formula) ? version->valid_to : Min(version->valid_to, base->to);
			if (from <= to)
				reach(reached, indicator, version, from, to, base->depth + 1);
		}
	}
}

/* By depth, then code, then version; of one version the least depth comes first. */
static int
compare_dependents(const ListCell *a, const ListCell *b)
{
	const DwhDependent *x = lfirst(a);
	const DwhDependent *y = lfirst(b);
	int			order = x->depth - y->depth;

	if (order == 0)
		order = strcmp(x->code, y->code);
	return order != 0 ? order : x->version->version - y->version->version;
}

/* Writes the rows, each version once. */
static void
emit(ReturnSetInfo *rsinfo, List *dependents)
{
	ListCell   *lc;

	list_sort(dependents, compare_dependents);
	foreach(lc, dependents)
	{
		DwhDependent *dependent = lfirst(lc);
		Datum		values[4];
		bool		nulls[4] = {0};
		bool		is_repeated = false;

		for (int i = 0; i < foreach_current_index(lc) && !is_repeated; i++)
			is_repeated = ((DwhDependent *) list_nth(dependents, i))->version == dependent->version;
		if (is_repeated)
			continue;
		values[0] = CStringGetTextDatum(dependent->code);
		values[1] = CStringGetTextDatum("indicator");
		values[2] = Int32GetDatum(dependent->version->version);
		values[3] = Int32GetDatum(dependent->depth);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
}

/*
 * The versions whose values follow from those of a measure or an indicator, and the days for which they do; a version may stand in
 * it more than once. Raises 42704 for a code of neither.
 */
List *
dwh_dependents(DwhCatalogue *catalogue, const char *code)
{
	DwhIndicator *indicator = dwh_catalogue_indicator(catalogue, code);
	List	   *reached = NIL;
	int			nroots;

	if (indicator)
	{
		ListCell   *lc;

		foreach(lc, indicator->versions)
		{
			DwhVersion *version = lfirst(lc);

			reach(&reached, indicator, version, version->valid_from, version->valid_to, 0);
		}
	}
	else if (dwh_catalogue_measure(catalogue, code))
	{
		reach(&reached, NULL, NULL, DATEVAL_NOBEGIN, DATEVAL_NOEND, 0);
		((DwhDependent *) linitial(reached))->code = code;
	}
	else
		dwh_catalogue_unknown_code(catalogue, code, true);
	nroots = list_length(reached);
	/* the list grows while it is walked */
	for (int i = 0; i < list_length(reached); i++)
		reach_from(catalogue, list_nth(reached, i), &reached);
	return list_copy_tail(reached, nroots);
}

/* dwh.list_dependents(p_code): raises 42704 for a code of neither a measure nor an indicator. */
Datum
dwh_sql_list_dependents(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	DwhOwnerSwitch owner;

	InitMaterializedSRF(fcinfo, 0);
	dwh_owner_enter(&owner);
	dwh_spi_begin();
	emit(rsinfo, dwh_dependents(dwh_catalogue_load(), text_to_cstring(PG_GETARG_TEXT_PP(0))));
	dwh_spi_end();
	dwh_owner_leave(&owner);
	return (Datum) 0;
}

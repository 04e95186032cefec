/*
 * formula_functions.c
 *		dwh_internal.analyse_formula(): what dwh.check_formula() shows of a formula.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "common/owner.h"
#include "common/spi.h"
#include "indicator/indicator.h"

PG_FUNCTION_INFO_V1(dwh_sql_analyse_formula);

/* A text[] of strings, made in the given context. */
static Datum
text_array(List *strings, MemoryContext context)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	Datum	   *elems = palloc(Max(1, list_length(strings)) * sizeof(Datum));
	ListCell   *lc;
	Datum		result;

	foreach(lc, strings)
		elems[foreach_current_index(lc)] = CStringGetTextDatum(lfirst(lc));
	result = PointerGetDatum(construct_array(elems, list_length(strings), TEXTOID, -1, false, TYPALIGN_INT));
	MemoryContextSwitchTo(old);
	return result;
}

/* dwh_internal.analyse_formula(p_formula): canonical text, references and dimensions; raises what is wrong. */
Datum
dwh_sql_analyse_formula(PG_FUNCTION_ARGS)
{
	char	   *source = text_to_cstring(PG_GETARG_TEXT_PP(0));
	MemoryContext context = CurrentMemoryContext;
	DwhOwnerSwitch owner;
	DwhFormulaFacts facts;
	TupleDesc	desc;
	Datum		values[3];
	bool		nulls[3] = {0};
	char	   *canonical;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	dwh_require_warehouse();
	dwh_owner_enter(&owner);
	dwh_spi_begin();
	dwh_formula_check(dwh_catalogue_load(), source, NULL, &facts);
	canonical = dwh_formula_deparse(facts.formula);
	values[0] = PointerGetDatum(SPI_datumTransfer(CStringGetTextDatum(canonical), false, -1));
	values[1] = text_array(facts.references, context);
	values[2] = text_array(facts.dimensions, context);
	dwh_spi_end();
	dwh_owner_leave(&owner);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}

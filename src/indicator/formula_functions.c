/*
 * formula_functions.c
 *		dwh.check_formula(): what is wrong with a formula and where, or its canonical form and what it refers to.
 *
 * What is wrong with the formula is an answer, not an error, so the check runs in a subtransaction. Anything else that may be
 * raised meanwhile (cancelled, out of memory, no warehouse) goes on to the caller.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/resowner.h"

#include "common/errors.h"
#include "common/owner.h"
#include "common/spi.h"
#include "indicator/indicator.h"

PG_FUNCTION_INFO_V1(dwh_sql_check_formula);

/* Columns of the answer. */
enum
{
	IS_VALID, CANONICAL, REFS, DIMENSIONS, ERROR_CODE, ERROR_POSITION, MESSAGE, DETAIL, HINT, NCOLUMNS
};

/* Checks the formula as dwh_owner; what it finds goes into values, in the given context. */
static void
analyse(const char *source, MemoryContext context, Datum *values, bool *nulls)
{
	DwhOwnerSwitch owner;
	DwhFormulaFacts facts;
	MemoryContext old;

	dwh_owner_enter(&owner);
	dwh_spi_begin();
	dwh_formula_check(dwh_catalogue_load(), source, NULL, &facts);
	old = MemoryContextSwitchTo(context);
	values[IS_VALID] = BoolGetDatum(true);
	values[CANONICAL] = CStringGetTextDatum(dwh_formula_deparse(facts.formula));
	values[REFS] = dwh_text_array(facts.references);
	values[DIMENSIONS] = dwh_text_array(facts.dimensions);
	nulls[IS_VALID] = nulls[CANONICAL] = nulls[REFS] = nulls[DIMENSIONS] = false;
	MemoryContextSwitchTo(old);
	dwh_spi_end();
	dwh_owner_leave(&owner);
}

/* Whether an error speaks of the formula: ours of class WH2, personal data, a date that does not exist. */
static bool
is_about_formula(int sqlstate)
{
	return strncmp(unpack_sql_state(sqlstate), "WH2", 3) == 0 || sqlstate == ERRCODE_INSUFFICIENT_PRIVILEGE ||
		sqlstate == ERRCODE_INVALID_DATETIME_FORMAT || sqlstate == ERRCODE_DATETIME_VALUE_OUT_OF_RANGE;
}

static void
set_text(int column, const char *text, Datum *values, bool *nulls)
{
	if (text == NULL)
		return;
	values[column] = CStringGetTextDatum(text);
	nulls[column] = false;
}

/* dwh.check_formula(p_formula): one row. */
Datum
dwh_sql_check_formula(PG_FUNCTION_ARGS)
{
	char	   *source = text_to_cstring(PG_GETARG_TEXT_PP(0));
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner resource_owner = CurrentResourceOwner;
	TupleDesc	desc;
	Datum		values[NCOLUMNS] = {0};
	bool		nulls[NCOLUMNS];

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	dwh_require_warehouse();
	memset(nulls, true, sizeof(nulls));

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		analyse(source, context, values, nulls);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = resource_owner;
		if (!is_about_formula(error->sqlerrcode))
			ReThrowError(error);

		memset(nulls, true, sizeof(nulls));
		values[IS_VALID] = BoolGetDatum(false);
		values[ERROR_POSITION] = Int32GetDatum(error->internalpos);
		nulls[IS_VALID] = false;
		nulls[ERROR_POSITION] = error->internalpos == 0;
		set_text(ERROR_CODE, unpack_sql_state(error->sqlerrcode), values, nulls);
		set_text(MESSAGE, error->message, values, nulls);
		set_text(DETAIL, error->detail, values, nulls);
		set_text(HINT, error->hint, values, nulls);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = resource_owner;
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}

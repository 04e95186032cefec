/*
 * single.c
 *		One value of one indicator: dwh.get_value(), and what dwh.explain_value() starts from.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "common/errors.h"
#include "common/owner.h"
#include "common/ref_cache.h"
#include "common/spi.h"
#include "indicator/closed.h"

PG_FUNCTION_INFO_V1(dwh_sql_get_value);

/* The unit of that code on the day of the map; raises 42704 where there is none. The level it stands at goes to level. */
static DwhUnitInfo *
unit_of_code(DwhUnitTable *units, const char *code, DwhFrame *frame, DwhMapLevel *level)
{
	for (int i = DWH_MAP_COUNTRY; i <= DWH_MAP_BASE; i++)
	{
		ListCell   *lc;

		foreach(lc, dwh_units_at(units, i, frame->map_on))
			if (strcmp(((DwhUnitInfo *) lfirst(lc))->code, code) == 0)
			{
				*level = i;
				return lfirst(lc);
			}
	}
	dwh_units_check_codes(units, list_make1((void *) code), list_make1(frame));
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("figures are not given for unit \"%s\"", code),
			 errhint("They are given for the country, regions, provinces and base offices.")));
}

/* Raises 22004 where p_indicator, p_from or p_period is NULL. */
void
dwh_single_check_arguments(FunctionCallInfo fcinfo)
{
	for (int i = 0; i < 3; i++)
		if (PG_ARGISNULL(i))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("%s must not be NULL", i == 0 ? "p_indicator" : i == 1 ? "p_from" : "p_period")));
}

/*
 * Reads catalogue, units and facts for the value that the arguments (p_indicator, p_from, p_period, p_unit, p_as_of) name; p_unit NULL
 * is the country. Facts of a closed period are read only for the tree of its value. Expects SPI to be connected and dwh_owner to be
 * in force. Raises 42704 for unknown codes, 22023 and WH102 for periods that do not fit, 0A000 where p_as_of asks for what was not stored.
 */
void
dwh_single_prepare(DwhSingle *single, FunctionCallInfo fcinfo, bool with_tree)
{
	TimestampTz as_of = PG_ARGISNULL(4) ? 0 : PG_GETARG_TIMESTAMPTZ(4);
	char	   *unit = PG_ARGISNULL(3) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(3));
	DateADT		from = PG_GETARG_DATEADT(1);
	DwhFamily  *family = palloc0(sizeof(DwhFamily));
	DwhPeriodType type = dwh_period_type_parse(text_to_cstring(PG_GETARG_TEXT_PP(2)));
	DwhFrame   *frame = linitial(dwh_period_frames(type, from, from, DATEVAL_NOEND));
	DwhMapLevel level = DWH_MAP_COUNTRY;

	memset(single, 0, sizeof(DwhSingle));
	family->catalogue = dwh_catalogue_load();
	family->units = dwh_unit_table_load();
	family->root_unit_id = dwh_unit_root();
	dwh_family_bind(family);
	single->family = family;
	single->indicator = dwh_catalogue_need_indicator(family->catalogue, text_to_cstring(PG_GETARG_TEXT_PP(0)));
	single->version = dwh_indicator_version(single->indicator, dwh_month_end(frame->last));
	single->wrong_period = !bms_is_member(type, single->indicator->periods);
	single->key.unit_id = unit ? unit_of_code(family->units, unit, frame, &level)->unit_id : family->root_unit_id;
	single->is_visible = dwh_family_sees(family, single->indicator, single->key.unit_id, frame->map_on);
	if (!single->is_visible)
		return;
	single->asked.indicator = single->indicator;
	single->asked.frame = *frame;
	dwh_closed_attach(list_make1(&single->asked), PG_ARGISNULL(4) ? NULL : &as_of, 1 << level, single->key.unit_id);
	if (!PG_ARGISNULL(4))
		dwh_closed_require(&single->asked, level);
	single->is_frozen = dwh_closed_answers(&single->asked, level);
	if (single->is_frozen)
		single->frozen = dwh_closed_value(single->asked.closed, level, single->key.unit_id, false);
	family->collecting = true;
	single->place.ev = dwh_evaluation_at(family, level);
	single->place.frame = dwh_frame_index(single->place.ev, *frame);
	single->place.cell = &single->key;
	if (single->version && !single->wrong_period && (with_tree || !single->is_frozen))
		(void) dwh_evaluate(&single->place, dwh_version_formula(single->indicator, single->version));
	family->collecting = false;
	dwh_family_scan(family);
}

/* The value that was prepared: what is computed now, whether or not the period is closed. */
DwhValue
dwh_single_value(DwhSingle *single)
{
	if (single->wrong_period)
		return dwh_value_missing(DWH_STATUS_WRONG_PERIOD, 0);
	if (single->version == NULL)
		return dwh_value_missing(DWH_STATUS_NO_DATA, 0);
	return dwh_evaluate(&single->place, dwh_version_formula(single->indicator, single->version));
}

/* The answer of a closed period, or what is computed now. */
static DwhValue
answer_of(DwhSingle *single)
{
	if (!single->is_visible)
		return dwh_value_missing(DWH_STATUS_OUT_OF_SCOPE, 0);
	if (single->is_frozen)
		return single->frozen ? single->frozen->value : dwh_value_missing(DWH_STATUS_NO_DATA, 0);
	return dwh_single_value(single);
}

/* dwh.get_value(p_indicator, p_from, p_period, p_unit, p_as_of): one value, of the country where no unit is named. */
Datum
dwh_sql_get_value(PG_FUNCTION_ARGS)
{
	DwhOwnerSwitch owner;
	DwhSingle	single;
	DwhValue	value;
	Datum		answer = (Datum) 0;
	MemoryContext caller_context = CurrentMemoryContext;

	dwh_require_warehouse();
	dwh_single_check_arguments(fcinfo);
	if (!dwh_caller_sees_values())
		PG_RETURN_NULL();

	dwh_ref_cache_begin(fcinfo);
	dwh_owner_enter(&owner);
	dwh_spi_begin();
	dwh_single_prepare(&single, fcinfo, false);
	value = answer_of(&single);
	if (!value.is_null)
	{
		MemoryContext old = MemoryContextSwitchTo(caller_context);

		answer = NumericGetDatum(DatumGetNumericCopy(value.number));
		MemoryContextSwitchTo(old);
	}
	dwh_spi_end();
	dwh_owner_leave(&owner);
	if (value.is_null)
		PG_RETURN_NULL();
	return answer;
}

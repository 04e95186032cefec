/*
 * rates.c
 *		Contribution rates in time: dwh.get_contribution_rate().
 *
 * The few rows of dwh_catalog.contribution_rate are kept in the backend, because the rate of a month is asked for in queries
 * over facts. Rates are numeric throughout and added, never averaged.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/memutils.h"

#include "common/identity.h"
#include "common/ref_cache.h"
#include "common/spi.h"
#include "star/star.h"

typedef struct Rate
{
	char	   *fund;
	char	   *payer;
	char	   *component;
	Datum		rate;			/* numeric */
	DateADT		valid_from;
	DateADT		valid_to;
} Rate;

static void build_rates(DwhRefCache *cache);

static DwhRefCache rate_cache = {
	.name = "contribution rates",
	.tables = {{"dwh_catalog", "contribution_rate"}},
	.build = build_rates,
};

static Rate *rates;
static int	n_rates;

PG_FUNCTION_INFO_V1(dwh_sql_get_contribution_rate);

/* Build function of the cache. */
static void
build_rates(DwhRefCache *cache)
{
	n_rates = (int) dwh_spi_select("SELECT fund, payer, component_vi, valid_from, coalesce(valid_to, 'infinity'), rate_pct "
								   "FROM dwh_catalog.contribution_rate ORDER BY contribution_rate_id", 0, NULL, NULL, NULL, true);
	rates = MemoryContextAllocZero(cache->context, (n_rates + 1) * sizeof(Rate));
	for (int i = 0; i < n_rates; i++)
	{
		MemoryContext caller;
		bool		isnull;
		Datum		rate = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 6, &isnull);

		rates[i].fund = MemoryContextStrdup(cache->context, dwh_spi_text(i, 1));
		rates[i].payer = MemoryContextStrdup(cache->context, dwh_spi_text(i, 2));
		rates[i].component = MemoryContextStrdup(cache->context, dwh_spi_text(i, 3));
		rates[i].valid_from = dwh_spi_date(i, 4);
		rates[i].valid_to = dwh_spi_date(i, 5);
		caller = MemoryContextSwitchTo(cache->context);
		rates[i].rate = PointerGetDatum(PG_DETOAST_DATUM_COPY(rate));
		MemoryContextSwitchTo(caller);
	}
}

/* Raises 42704 for a fund, payer or component that no row has. */
static void
refuse_unknown(const char *what, const char *value, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("%s \"%s\" is unknown", what, value),
			 errdetail("%s", detail),
			 errhint("The known ones stand in dwh_catalog.contribution_rate.")));
}

/* Whether a text argument is this string. */
static bool
is_same(const text *argument, const char *string)
{
	return VARSIZE_ANY_EXHDR(argument) == strlen(string) &&
		memcmp(VARDATA_ANY(argument), string, VARSIZE_ANY_EXHDR(argument)) == 0;
}

/*
 * dwh.get_contribution_rate(p_fund text, p_payer text, p_on date, p_component text): the sum of the components in force on a
 * day, or one of them; NULL where none is in force. Raises 42704.
 */
Datum
dwh_sql_get_contribution_rate(PG_FUNCTION_ARGS)
{
	text	   *fund;
	text	   *payer;
	text	   *component = PG_ARGISNULL(3) ? NULL : PG_GETARG_TEXT_PP(3);
	DateADT		on;
	bool		has_fund = false;
	bool		has_payer = false;
	bool		has_component = false;
	bool		is_found = false;
	Datum		sum = (Datum) 0;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	fund = PG_GETARG_TEXT_PP(0);
	payer = PG_GETARG_TEXT_PP(1);
	on = PG_ARGISNULL(2) ? dwh_today() : PG_GETARG_DATEADT(2);
	dwh_ref_cache_begin(fcinfo);
	dwh_ref_cache_use(&rate_cache);
	for (int i = 0; i < n_rates; i++)
	{
		if (!is_same(fund, rates[i].fund))
			continue;
		has_fund = true;
		if (!is_same(payer, rates[i].payer))
			continue;
		has_payer = true;
		if (component != NULL && !is_same(component, rates[i].component))
			continue;
		has_component = true;
		if (on < rates[i].valid_from || on > rates[i].valid_to)
			continue;
		sum = is_found ? DirectFunctionCall2(numeric_add, sum, rates[i].rate) : rates[i].rate;
		is_found = true;
	}
	if (!has_fund)
		refuse_unknown("fund", text_to_cstring(fund), "No contribution rate names this fund.");
	if (!has_payer)
		refuse_unknown("payer", text_to_cstring(payer),
					   psprintf("No contribution rate of fund \"%s\" names this payer.", text_to_cstring(fund)));
	if (!has_component)
		refuse_unknown("component", text_to_cstring(component),
					   psprintf("No contribution rate of fund \"%s\" and payer \"%s\" names this component.",
								text_to_cstring(fund), text_to_cstring(payer)));
	if (!is_found)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(datumCopy(sum, false, -1));
}

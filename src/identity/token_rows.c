/*
 * token_rows.c
 *		Issuers, their keys and the gateways, kept by the protocol of ref_cache.h: a key that was retired is gone at the next call.
 *
 * Validity by day is judged at each use, for the cache may live over midnight.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/inval.h"
#include "utils/memutils.h"

#include "common/identity.h"
#include "common/ref_cache.h"
#include "common/spi.h"
#include "identity/token.h"

static void read_rows(DwhRefCache *cache);

static DwhRefCache rows_cache = {
	.name = "tokens",
	.tables = {{"dwh_catalog", "token_issuer"}, {"dwh_catalog", "token_key"}, {"dwh_catalog", "gateway"}},
	.build = read_rows,
};

typedef struct Gateway
{
	char	   *login_role;
	bool		is_session;
} Gateway;

static DwhTokenIssuer *issuers;
static int	n_issuers;
static DwhTokenKey *keys;
static int	n_keys;
static Gateway *gateways;
static int	n_gateways;
static uint64 builds;			/* how often the rows were read */

/* A cell as text, in the context of the cache. */
static char *
cell(DwhRefCache *cache, uint64 row, int column)
{
	return MemoryContextStrdup(cache->context, SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column));
}

/* Build function. */
static void
read_rows(DwhRefCache *cache)
{
	builds++;
	n_issuers = (int) dwh_spi_select("SELECT token_issuer_id, issuer, audience, account_claim = 'email', leeway, longest "
									 "FROM dwh_catalog.token_issuer WHERE retired_at IS NULL", 0, NULL, NULL, NULL, true);
	issuers = MemoryContextAllocZero(cache->context, sizeof(DwhTokenIssuer) * (n_issuers + 1));
	for (int i = 0; i < n_issuers; i++)
	{
		issuers[i].issuer_id = dwh_spi_int(i, 1);
		issuers[i].issuer = cell(cache, i, 2);
		issuers[i].audience = cell(cache, i, 3);
		issuers[i].is_by_email = dwh_spi_bool(i, 4);
		issuers[i].leeway = dwh_spi_int(i, 5);
		issuers[i].longest = dwh_spi_int(i, 6);
	}
	n_keys = (int) dwh_spi_select("SELECT token_key_id, token_issuer_id, kid, algorithm, public_key, valid_from,"
								  "  coalesce(valid_to, 'infinity') FROM dwh_catalog.token_key AS k WHERE retired_at IS NULL AND EXISTS"
								  "  (SELECT FROM dwh_catalog.token_issuer AS i WHERE i.token_issuer_id = k.token_issuer_id"
								  "    AND i.retired_at IS NULL)", 0, NULL, NULL, NULL, true);
	keys = MemoryContextAllocZero(cache->context, sizeof(DwhTokenKey) * (n_keys + 1));
	for (int i = 0; i < n_keys; i++)
	{
		keys[i].key_id = dwh_spi_int(i, 1);
		keys[i].issuer_id = dwh_spi_int(i, 2);
		keys[i].kid = cell(cache, i, 3);
		keys[i].algorithm = cell(cache, i, 4);
		keys[i].jwk = cell(cache, i, 5);
		keys[i].valid_from = dwh_spi_date(i, 6);
		keys[i].valid_to = dwh_spi_date(i, 7);
	}
	n_gateways = (int) dwh_spi_select("SELECT login_role, pooling = 'session' FROM dwh_catalog.gateway WHERE retired_at IS NULL",
									  0, NULL, NULL, NULL, true);
	gateways = MemoryContextAllocZero(cache->context, sizeof(Gateway) * (n_gateways + 1));
	for (int i = 0; i < n_gateways; i++)
	{
		gateways[i].login_role = cell(cache, i, 1);
		gateways[i].is_session = dwh_spi_bool(i, 2);
	}
}

/* Makes sure that the rows are up to date. What the functions below return is good until the next such call. */
void
dwh_token_rows_use(void)
{
	AcceptInvalidationMessages();
	dwh_ref_cache_use(&rows_cache);
}

/* The issuer of that name, NULL for none. */
const DwhTokenIssuer *
dwh_token_issuer_find(const char *issuer)
{
	for (int i = 0; i < n_issuers; i++)
		if (strcmp(issuers[i].issuer, issuer) == 0)
			return &issuers[i];
	return NULL;
}

/* The issuer's key of that name that is valid today, NULL for none. */
const DwhTokenKey *
dwh_token_key_find(int issuer_id, const char *kid)
{
	for (int i = 0; i < n_keys; i++)
		if (keys[i].issuer_id == issuer_id && strcmp(keys[i].kid, kid) == 0)
		{
			DateADT		today = dwh_today();

			return today >= keys[i].valid_from && today <= keys[i].valid_to ? &keys[i] : NULL;
		}
	return NULL;
}

/* Whether the login role is a gateway, and how it pools. */
bool
dwh_gateway_find(const char *login_role, bool *is_session)
{
	for (int i = 0; i < n_gateways; i++)
		if (strcmp(gateways[i].login_role, login_role) == 0)
		{
			*is_session = gateways[i].is_session;
			return true;
		}
	return false;
}

/* Whether a token of that key still counts on a connection of that login role; asked often, so the last answer is kept. */
bool
dwh_token_binding_stands(int key_id, Oid session_user)
{
	static uint64 asked_build = 0;
	static int	asked_key = 0;
	static Oid	asked_user = InvalidOid;
	static bool stands = false;

	dwh_ref_cache_use(&rows_cache);
	if (asked_build != builds || asked_key != key_id || asked_user != session_user)
	{
		bool		is_session;
		bool		has_key = false;

		for (int i = 0; i < n_keys; i++)
			has_key |= keys[i].key_id == key_id;
		stands = has_key && dwh_gateway_find(GetUserNameFromId(session_user, false), &is_session);
		asked_build = builds;
		asked_key = key_id;
		asked_user = session_user;
	}
	return stands;
}

/*
 * register.c
 *		Registering and retiring issuers, keys and gateways.
 *
 * What is retired is out of use at the next statement of every session, and sessions that were bound by it are nobody's.
 */
#include "postgres.h"

#include "catalog/pg_authid.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/syscache.h"

#include "common/identity.h"
#include "identity/register.h"
#include "identity/token.h"

PG_FUNCTION_INFO_V1(dwh_sql_register_token_issuer);
PG_FUNCTION_INFO_V1(dwh_sql_retire_token_issuer);
PG_FUNCTION_INFO_V1(dwh_sql_register_token_key);
PG_FUNCTION_INFO_V1(dwh_sql_retire_token_key);
PG_FUNCTION_INFO_V1(dwh_sql_register_gateway);
PG_FUNCTION_INFO_V1(dwh_sql_retire_gateway);

/* ------------------------------------------------------------------ the frame */

/* A text argument that must be there and not empty; 22004 and 22023 otherwise. */
char *
dwh_register_argument(FunctionCallInfo fcinfo, int number, const char *name)
{
	char	   *value;

	if (PG_ARGISNULL(number))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("argument \"%s\" must not be null", name),
				 errhint("Give %s a value.", name)));
	value = text_to_cstring(PG_GETARG_TEXT_PP(number));
	if (value[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" must not be empty", name),
				 errhint("Give %s a value.", name)));
	return value;
}

/* Registers the attempt, and refuses with 42501 everyone but central administrators. Then opens SPI as dwh_owner. */
void
dwh_register_begin(DwhRegisterAct *act, const char *action, char *object)
{
	memset(act, 0, sizeof(*act));
	act->action = action;
	act->object = object;
	dwh_require_warehouse();
	dwh_attempt_begin(&act->attempt, action, object, NULL);
	if (!dwh_caller_is_owner() && !dwh_caller_has_role("dwh_central_admin"))
	{
		dwh_attempt_refused(&act->attempt, "the caller is no central administrator");
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to call dwh.%s()", action),
				 errdetail("Who may prove identities, and what groups may use, is kept by central administrators."),
				 errhint("Ask a member of dwh_central_admin.")));
	}
	dwh_owner_enter(&act->owner);
	dwh_spi_begin();
}

/* Adds a parameter. */
void
dwh_register_value(DwhRegisterAct *act, Oid type, Datum value, bool is_null)
{
	Assert(act->n < DWH_REGISTER_PARAMS);
	act->types[act->n] = type;
	act->values[act->n] = value;
	act->nulls[act->n++] = is_null ? 'n' : ' ';
}

/* Adds a text, which may be NULL. */
void
dwh_register_text(DwhRegisterAct *act, const char *value)
{
	dwh_register_value(act, TEXTOID, value == NULL ? (Datum) 0 : CStringGetTextDatum(value), value == NULL);
}

/* Runs a statement with the parameters added since the last one. Returns the number of rows. */
uint64
dwh_register_run(DwhRegisterAct *act, const char *sql, int expected)
{
	uint64		rows = dwh_spi_run(sql, act->n, act->types, act->values, act->nulls, false, expected);

	act->n = 0;
	return rows;
}

/* Leaves SPI and dwh_owner, and appends the event. */
void
dwh_register_end(DwhRegisterAct *act, const char *detail)
{
	char	   *kept = memcpy(SPI_palloc(strlen(detail) + 1), detail, strlen(detail) + 1);

	dwh_spi_end();
	dwh_owner_leave(&act->owner);
	dwh_audit_append(act->action, act->object, "done", kept);
	dwh_attempt_end(&act->attempt);
}

/* {"name": "value"} as text. */
static char *
detail_of(const char *name, const char *value)
{
	StringInfoData detail;

	initStringInfo(&detail);
	appendStringInfo(&detail, "{\"%s\": ", name);
	escape_json(&detail, value);
	appendStringInfoChar(&detail, '}');
	return detail.data;
}

/* Raises 42710. */
static void
raise_exists(const char *what, const char *name, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_DUPLICATE_OBJECT),
			 errmsg("%s \"%s\" is registered already", what, name),
			 errhint("%s", hint)));
}

/* Retires a row: runs an UPDATE that has the reason as its last parameter. Raises 42704 where it meets none. */
static void
retire(DwhRegisterAct *act, const char *what, const char *name, const char *reason, const char *sql)
{
	dwh_register_text(act, reason);
	if (dwh_register_run(act, sql, SPI_OK_UPDATE) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("%s \"%s\" is not registered", what, name),
				 errdetail("There is none of that name, or it was retired before."),
				 errhint("Look into dwh_catalog.token_issuer, token_key and gateway.")));
	dwh_register_end(act, detail_of("reason", reason));
}

/* ------------------------------------------------------------------ issuers */

/* dwh.register_token_issuer(issuer, audience, account_claim, leeway, longest) */
Datum
dwh_sql_register_token_issuer(PG_FUNCTION_ARGS)
{
	char	   *issuer = dwh_register_argument(fcinfo, 0, "p_issuer");
	char	   *audience = dwh_register_argument(fcinfo, 1, "p_audience");
	char	   *claim = dwh_register_argument(fcinfo, 2, "p_account_claim");
	DwhRegisterAct act;
	int32		issuer_id;

	dwh_register_begin(&act, "register_token_issuer", issuer);
	dwh_register_text(&act, issuer);
	dwh_register_text(&act, audience);
	dwh_register_text(&act, claim);
	dwh_register_value(&act, INT4OID, PG_GETARG_DATUM(3), PG_ARGISNULL(3));
	dwh_register_value(&act, INT4OID, PG_GETARG_DATUM(4), PG_ARGISNULL(4));
	if (dwh_register_run(&act, "INSERT INTO dwh_catalog.token_issuer (issuer, audience, account_claim, leeway, longest) "
						 "VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING token_issuer_id", SPI_OK_INSERT_RETURNING) == 0)
		raise_exists("token issuer", issuer,
					 "Retire it first; subjects of only one issuer name accounts, others go by e-mail.");
	issuer_id = dwh_spi_int(0, 1);
	dwh_register_end(&act, detail_of("audience", audience));
	PG_RETURN_INT32(issuer_id);
}

/* dwh.retire_token_issuer(issuer, reason) */
Datum
dwh_sql_retire_token_issuer(PG_FUNCTION_ARGS)
{
	char	   *issuer = dwh_register_argument(fcinfo, 0, "p_issuer");
	char	   *reason = dwh_register_argument(fcinfo, 1, "p_reason");
	DwhRegisterAct act;

	dwh_register_begin(&act, "retire_token_issuer", issuer);
	dwh_register_text(&act, issuer);
	retire(&act, "token issuer", issuer, reason,
		   "UPDATE dwh_catalog.token_issuer SET retired_at = now(), retired_by = session_user, retire_reason = $2 "
		   "WHERE issuer = $1 AND retired_at IS NULL");
	PG_RETURN_VOID();
}

/* ------------------------------------------------------------------ keys */

/* Appends a member of the key to its public form. */
static void
append_member(StringInfo jwk, const List *members, const char *name)
{
	const char *value = dwh_member_string(members, name);

	if (value == NULL)
		return;
	appendStringInfo(jwk, "%s\"%s\": ", jwk->len > 1 ? ", " : "", name);
	escape_json(jwk, value);
}

/* Raises 22023 for a key that cannot be registered. The statement is not shown, a secret may stand in it. */
static void
raise_bad_key(const char *kid, const char *why)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("key \"%s\" cannot be registered", kid),
			 errdetail("It cannot be used: %s.", why),
			 errhint("Register the public key as the identity system publishes it (its JWKS document)."),
			 errhidestmt(true)));
}

/*
 * The public members of a key and nothing else, so that nobody's extra members are stored. The algorithm is that of the key where the
 * caller gave none.
 */
static char *
public_form(Jsonb *given, const char *kid, char **algorithm)
{
	static const char *const secret[] = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"};
	static const char *const kept[] = {"kty", "n", "e", "crv", "x", "y"};
	char	   *text = DatumGetCString(DirectFunctionCall1(jsonb_out, JsonbPGetDatum(given)));
	List	   *members = dwh_members_read(text, (int) strlen(text));
	const char *told;
	StringInfoData jwk;

	for (int i = 0; i < lengthof(secret); i++)
		if (dwh_member_find(members, secret[i]) != NULL)
			raise_bad_key(kid, "it holds a secret, which must be considered lost now");
	told = dwh_member_string(members, "use");
	if (told != NULL && strcmp(told, "sig") != 0)
		raise_bad_key(kid, "it is not meant for signatures");
	told = dwh_member_string(members, "kid");
	if (told != NULL && strcmp(told, kid) != 0)
		raise_bad_key(kid, "its kid is another one");
	told = dwh_member_string(members, "alg");
	if (told != NULL && *algorithm != NULL && strcmp(told, *algorithm) != 0)
		raise_bad_key(kid, "its alg is another one");
	if (*algorithm == NULL && told == NULL)
		raise_bad_key(kid, "neither the call nor its alg names an algorithm");
	if (*algorithm == NULL)
		*algorithm = pstrdup(told);
	initStringInfo(&jwk);
	appendStringInfoChar(&jwk, '{');
	for (int i = 0; i < lengthof(kept); i++)
		append_member(&jwk, members, kept[i]);
	appendStringInfoChar(&jwk, '}');
	return jwk.data;
}

/* dwh.register_token_key(issuer, kid, jwk, algorithm, valid_from, valid_to) */
Datum
dwh_sql_register_token_key(PG_FUNCTION_ARGS)
{
	char	   *issuer = dwh_register_argument(fcinfo, 0, "p_issuer");
	char	   *kid = dwh_register_argument(fcinfo, 1, "p_kid");
	char	   *algorithm = PG_ARGISNULL(3) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(3));
	char	   *jwk;
	const char *why;
	DwhRegisterAct act;
	int32		key_id;

	if (PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("argument \"%s\" must not be null", "p_jwk"),
				 errhint("Give the public key as a JSON object (RFC 7517).")));
	dwh_register_begin(&act, "register_token_key", psprintf("%s %s", issuer, kid));
	jwk = public_form(PG_GETARG_JSONB_P(2), kid, &algorithm);
	why = dwh_token_key_check(algorithm, jwk);
	if (why != NULL)
		raise_bad_key(kid, why);
	dwh_register_text(&act, issuer);
	if (dwh_register_run(&act, "SELECT FROM dwh_catalog.token_issuer WHERE issuer = $1 AND retired_at IS NULL", SPI_OK_SELECT) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("token issuer \"%s\" is not registered", issuer),
				 errhint("Register it with dwh.register_token_issuer().")));
	dwh_register_text(&act, issuer);
	dwh_register_text(&act, kid);
	dwh_register_text(&act, algorithm);
	dwh_register_text(&act, jwk);
	dwh_register_value(&act, DATEOID, PG_ARGISNULL(4) ? DateADTGetDatum(dwh_today()) : PG_GETARG_DATUM(4), false);
	dwh_register_value(&act, DATEOID, PG_GETARG_DATUM(5), PG_ARGISNULL(5));
	if (dwh_register_run(&act, "INSERT INTO dwh_catalog.token_key (token_issuer_id, kid, algorithm, public_key, valid_from, valid_to) "
						 "SELECT token_issuer_id, $2, $3, $4, $5, $6 FROM dwh_catalog.token_issuer "
						 "WHERE issuer = $1 AND retired_at IS NULL ON CONFLICT DO NOTHING RETURNING token_key_id",
						 SPI_OK_INSERT_RETURNING) == 0)
		raise_exists("key", kid, "The name of a key is used once, also after it was retired.");
	key_id = dwh_spi_int(0, 1);
	dwh_register_end(&act, detail_of("algorithm", algorithm));
	PG_RETURN_INT32(key_id);
}

/* dwh.retire_token_key(issuer, kid, reason) */
Datum
dwh_sql_retire_token_key(PG_FUNCTION_ARGS)
{
	char	   *issuer = dwh_register_argument(fcinfo, 0, "p_issuer");
	char	   *kid = dwh_register_argument(fcinfo, 1, "p_kid");
	char	   *reason = dwh_register_argument(fcinfo, 2, "p_reason");
	DwhRegisterAct act;

	dwh_register_begin(&act, "retire_token_key", psprintf("%s %s", issuer, kid));
	dwh_register_text(&act, issuer);
	dwh_register_text(&act, kid);
	retire(&act, "key", kid, reason,
		   "UPDATE dwh_catalog.token_key AS k SET retired_at = now(), retired_by = session_user, retire_reason = $3 "
		   "FROM dwh_catalog.token_issuer AS i "
		   "WHERE i.token_issuer_id = k.token_issuer_id AND i.issuer = $1 AND k.kid = $2 AND k.retired_at IS NULL");
	PG_RETURN_VOID();
}

/* ------------------------------------------------------------------ gateways */

/* Why a role cannot be a gateway, NULL where it can: it may read what its groups may, and must have no way around that. */
static const char *
check_gateway_role(DwhRegisterAct *act, const char *login_role)
{
	HeapTuple	tuple = SearchSysCache1(AUTHNAME, CStringGetDatum(login_role));
	Form_pg_authid role;
	bool		can_login,
				is_mighty;

	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("role \"%s\" does not exist", login_role),
				 errhint("Create it first, with LOGIN and as a member of the groups that the application needs.")));
	role = (Form_pg_authid) GETSTRUCT(tuple);
	can_login = role->rolcanlogin;
	is_mighty = role->rolsuper || role->rolcreaterole || role->rolreplication || role->rolbypassrls;
	ReleaseSysCache(tuple);
	if (!can_login)
		return "it cannot log in";
	if (is_mighty)
		return "it has SUPERUSER, CREATEROLE, REPLICATION or BYPASSRLS";
	dwh_register_text(act, login_role);
	if (dwh_register_run(act, "SELECT FROM pg_roles AS o WHERE " DWH_ROLE_LEADS_AROUND("o")
						 "  AND pg_has_role($1::name, o.oid, 'MEMBER')", SPI_OK_SELECT) > 0)
		return DWH_LED_AROUND;
	dwh_register_text(act, login_role);
	if (dwh_register_run(act, "SELECT FROM dwh_catalog.account WHERE login_role = $1", SPI_OK_SELECT) > 0)
		return "an account names it as its login role";
	return NULL;
}

/* dwh.register_gateway(login_role, pooling, purpose) */
Datum
dwh_sql_register_gateway(PG_FUNCTION_ARGS)
{
	char	   *login_role = dwh_register_argument(fcinfo, 0, "p_login_role");
	char	   *pooling = dwh_register_argument(fcinfo, 1, "p_pooling");
	char	   *purpose = dwh_register_argument(fcinfo, 2, "p_purpose");
	const char *why;
	DwhRegisterAct act;
	int32		gateway_id;

	dwh_register_begin(&act, "register_gateway", login_role);
	why = check_gateway_role(&act, login_role);
	if (why != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("role \"%s\" cannot be a gateway", login_role),
				 errdetail("It cannot be used: %s.", why),
				 errhint("Use a role of its own, with LOGIN and membership in the groups that the application needs.")));
	dwh_register_text(&act, login_role);
	dwh_register_text(&act, pooling);
	dwh_register_text(&act, purpose);
	if (dwh_register_run(&act, "INSERT INTO dwh_catalog.gateway (login_role, pooling, purpose) VALUES ($1, $2, $3) "
						 "ON CONFLICT DO NOTHING RETURNING gateway_id", SPI_OK_INSERT_RETURNING) == 0)
		raise_exists("gateway", login_role, "Retire it first with dwh.retire_gateway().");
	gateway_id = dwh_spi_int(0, 1);
	dwh_register_end(&act, detail_of("pooling", pooling));
	PG_RETURN_INT32(gateway_id);
}

/* dwh.retire_gateway(login_role, reason) */
Datum
dwh_sql_retire_gateway(PG_FUNCTION_ARGS)
{
	char	   *login_role = dwh_register_argument(fcinfo, 0, "p_login_role");
	char	   *reason = dwh_register_argument(fcinfo, 1, "p_reason");
	DwhRegisterAct act;

	dwh_register_begin(&act, "retire_gateway", login_role);
	dwh_register_text(&act, login_role);
	retire(&act, "gateway", login_role, reason,
		   "UPDATE dwh_catalog.gateway SET retired_at = now(), retired_by = session_user, retire_reason = $2 "
		   "WHERE login_role = $1 AND retired_at IS NULL");
	PG_RETURN_VOID();
}

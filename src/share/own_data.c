/*
 * own_data.c
 *		dwh.issue_own_data_code() and dwh.own_data(): a person reads his own rows, with a code that works once.
 *
 * Both are called by the login role of a gateway (a portal); it gets the code and sends it to the person, which is not ours. Of the
 * code only a salted hash is kept. What was tried and what was read stands in the log of sharing, committed by the audit worker
 * before anything is answered, and is counted there: a gateway that rolls back gets no second try, and no second reading. One lock
 * a person puts those who count in line. The caller is never told whether the number is known or what was wrong with a code.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "audit/audit.h"
#include "common/owner.h"
#include "common/spi.h"
#include "share/share.h"

#define CODE_LETTERS "0123456789ABCDEFGHJKMNPQRSTVWXYZ"	/* no I, L, O, U */
#define CODE_LENGTH 10
#define SALT_LENGTH 16
#define LOCK_CLASS 0x44774F44	/* pg_locks.objid of ours; objsubid 3 is no lock of pg_advisory_lock() */

PG_FUNCTION_INFO_V1(dwh_sql_issue_own_data_code);
PG_FUNCTION_INFO_V1(dwh_sql_own_data);

/* What a call is about. */
typedef struct OwnCall
{
	DwhAttempt	attempt;
	DwhShareStage stage;
	const char *act;			/* issue, read */
	char	   *service;
	char	   *gateway;		/* login role */
	int32		service_id;
	int32		person_id;		/* the first of them; negative: nobody has this number, or several have (see own_data_ask()) */
	Datum		person_ids;		/* int[] */
	int64		code_id;
	bool		is_withheld;	/* his match with the population database is not confirmed */
	int64		rows_left;		/* beyond the row limit of the service */
	LOCKTAG		lock;
} OwnCall;

/* Commits a row of the log; raises 58030 where that fails, since then nothing may be answered. */
static void
commit_row(OwnCall *call, const char *stage, const char *status, const char *reason)
{
	call->stage.stage = stage;
	call->stage.status = status;
	call->stage.reason = reason;
	call->stage.detail = psprintf("{\"own_data\": \"%s\", \"person_id\": %d, \"code_id\": " INT64_FORMAT "%s%s}", call->act, call->person_id,
								  call->code_id, call->is_withheld ? ", \"withheld_persons\": 1" : "",
								  call->rows_left > 0 ? psprintf(", \"rows_left\": " INT64_FORMAT, call->rows_left) : "");
	dwh_share_log_or_refuse(&call->stage, "2327 Art. 17.2: each look at one's own data has its row in the log before the answer.");
}

/* Raises what a caller hears of a code, whatever was wrong; the log says what. */
static void
refuse_code(OwnCall *call, const char *why)
{
	commit_row(call, "outcome", "refused", psprintf("code (2327 Art. 17.2): %s", why));
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
			 errmsg("the code is not valid"),
			 errdetail("2327 Art. 17.2: mã sai, đã dùng hoặc hết hạn | it is wrong, used or expired."),
			 errhint("Ask for a new code.")));
}

/* Learns who calls, which service and which person; raises 42501 for whoever is no gateway and for what is not offered. */
static void
begin_call(OwnCall *call, FunctionCallInfo fcinfo, const char *function, const char *act)
{
	Oid			types[3] = {TEXTOID, TEXTOID, TEXTOID};
	Datum		values[3];
	DwhOwnerSwitch owner;
	bool		is_gateway;
	bool		is_null;
	char	   *rule;
	char	   *reason;
	char	   *article;

	memset(call, 0, sizeof(*call));
	call->act = act;
	call->service = text_to_cstring(PG_GETARG_TEXT_PP(0));
	call->gateway = GetUserNameFromId(GetSessionUserId(), false);
	dwh_require_warehouse();
	dwh_attempt_begin(&call->attempt, function, call->service, NULL);
	dwh_audit_require_preload("the log of sharing");

	values[0] = PG_GETARG_DATUM(0);
	values[1] = PG_GETARG_DATUM(1);
	values[2] = CStringGetTextDatum(call->gateway);
	dwh_spi_begin();
	dwh_owner_enter(&owner);
	(void) dwh_spi_select_latest("SELECT * FROM dwh_internal.own_data_ask($1, $2, $3)", 3, types, values);
	is_gateway = dwh_spi_bool(0, 1);
	call->service_id = dwh_spi_int(0, 2);
	call->person_id = dwh_spi_int(0, 3);
	call->person_ids = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 4, &is_null);
	call->person_ids = is_null ? (Datum) 0 : SPI_datumTransfer(call->person_ids, false, -1);
	dwh_share_stage_begin(&call->stage, NULL, "exploit");
	call->stage.agency_id = dwh_spi_int(0, 5);
	call->stage.agency_identifier = dwh_spi_text(0, 6);
	call->stage.structure_version = dwh_spi_int(0, 7);
	call->stage.item_count = dwh_spi_int(0, 8);
	rule = dwh_spi_text(0, 9);
	reason = dwh_spi_text(0, 10);
	article = dwh_spi_text(0, 11);
	dwh_owner_leave(&owner);
	dwh_spi_end();

	if (!is_gateway)
	{
		dwh_attempt_refused(&call->attempt, "the login role is no gateway for persons");
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to call dwh.%s()", function),
				 errdetail("2327 Art. 17.2: a person reads his data through a registered gateway."),
				 errhint("Only login roles registered with dwh.register_gateway() that are members of dwh_partner may call it.")));
	}
	call->stage.service_id = call->service_id;
	call->stage.service_code = call->service;
	call->stage.supply_form = "online";
	call->stage.request_content = psprintf("{\"own_data\": \"%s\"}", act);
	if (rule != NULL)
	{
		commit_row(call, "outcome", "refused", psprintf("%s (%s): %s", rule, article, reason));
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("service \"%s\" is not supplied: %s", call->service, rule),
				 errdetail("%s: %s", article, reason),
				 errhint("dwh.search_services() lists what is offered.")));
	}

	SET_LOCKTAG_ADVISORY(call->lock, MyDatabaseId, LOCK_CLASS, (uint32) call->person_id, 3);
	(void) LockAcquire(&call->lock, ExclusiveLock, false, false);
}

static void
end_call(OwnCall *call)
{
	(void) LockRelease(&call->lock, ExclusiveLock, false);
	dwh_attempt_end(&call->attempt);
}

/* Raises 42501 where the person's rows are withheld. Told to nobody but who has a valid code, which stays unused. */
static void
refuse_withheld(OwnCall *call)
{
	Oid			types[2] = {INT4OID, INT4ARRAYOID};
	Datum		values[2];
	DwhOwnerSwitch owner;

	values[0] = Int32GetDatum(call->service_id);
	values[1] = call->person_ids;
	dwh_spi_begin();
	dwh_owner_enter(&owner);
	(void) dwh_spi_select_latest("SELECT dwh_internal.own_data_is_withheld($1, $2)", 2, types, values);
	call->is_withheld = dwh_spi_bool(0, 1);
	dwh_owner_leave(&owner);
	dwh_spi_end();
	if (!call->is_withheld)
		return;
	commit_row(call, "outcome", "refused", "verified only (2327 Art. 7.3): chưa khớp CSDL dân cư | not matched with the population database");
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("service \"%s\" is not supplied: verified only", call->service),
			 errdetail("2327 Art. 7.3: chưa khớp CSDL dân cư | the number is not matched with the population database."),
			 errhint("Have the number matched first.")));
}

/* A new code. */
static char *
make_code(void)
{
	char	   *code = palloc(CODE_LENGTH + 1);
	int			i;

	if (!pg_strong_random(code, CODE_LENGTH))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not get random bytes")));
	for (i = 0; i < CODE_LENGTH; i++)
		code[i] = CODE_LETTERS[(unsigned char) code[i] % 32];
	code[CODE_LENGTH] = '\0';
	return code;
}

/* A code as people type it: without spaces and hyphens, in capitals. */
static char *
tidy_code(const char *typed)
{
	char	   *code = palloc(strlen(typed) + 1);
	char	   *to = code;

	for (; *typed != '\0'; typed++)
		if (*typed != ' ' && *typed != '-')
			*to++ = pg_ascii_toupper((unsigned char) *typed);
	*to = '\0';
	return code;
}

/*
 * dwh.issue_own_data_code(service, person): the code. Raises 42501, 53400 where the person got enough of them, 58030, WH003. A number that
 * nobody has gets a code like any other, which opens nothing.
 */
Datum
dwh_sql_issue_own_data_code(PG_FUNCTION_ARGS)
{
	Oid			types[5] = {INT4OID, INT4OID, TEXTOID, BYTEAOID, TEXTOID};
	Datum		values[5];
	OwnCall		call;
	DwhOwnerSwitch owner;
	bytea	   *salt = palloc(VARHDRSZ + SALT_LENGTH);
	char	   *code = make_code();
	char	   *why;

	begin_call(&call, fcinfo, "issue_own_data_code", "issue");
	SET_VARSIZE(salt, VARHDRSZ + SALT_LENGTH);
	if (!pg_strong_random(VARDATA(salt), SALT_LENGTH))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not get random bytes")));
	values[0] = Int32GetDatum(call.service_id);
	values[1] = Int32GetDatum(call.person_id);
	values[2] = CStringGetTextDatum(code);
	values[3] = PointerGetDatum(salt);
	values[4] = CStringGetTextDatum(call.gateway);
	dwh_spi_begin();
	dwh_owner_enter(&owner);
	(void) dwh_spi_select_latest("SELECT dwh_internal.own_data_code_fault($1)", 1, &types[1], &values[1]);
	why = dwh_spi_text(0, 1);
	if (why == NULL)
	{
		(void) dwh_spi_select("SELECT dwh_internal.own_data_new_code($1, $2, $3, $4, $5)", 5, types, values, NULL, false);
		call.code_id = dwh_spi_bigint(0, 1);
	}
	dwh_owner_leave(&owner);
	dwh_spi_end();
	if (why != NULL)
	{
		commit_row(&call, "outcome", "refused", psprintf("rate (2327 Art. 17.2): %s", why));
		ereport(ERROR,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg("no more codes for this person now"),
				 errdetail("2327 Art. 17.2: %s", why),
				 errhint("Wait an hour.")));
	}
	commit_row(&call, "notice", "noticed", NULL);
	end_call(&call);
	PG_RETURN_TEXT_P(cstring_to_text(code));
}

/*
 * dwh.own_data(service, person, code): the person's rows, one JSON object a line. Raises 28000 for a code that is wrong, used or expired,
 * 42501, 58030, WH003. A WARNING where the service's row limit leaves rows out.
 */
Datum
dwh_sql_own_data(PG_FUNCTION_ARGS)
{
	Oid			types[4] = {INT4OID, INT4OID, TEXTOID, TEXTOID};
	Oid			read_types[2] = {INT4OID, INT4ARRAYOID};
	Datum		values[4];
	OwnCall		call;
	DwhOwnerSwitch owner;
	TimestampTz began_at = GetCurrentTimestamp();
	char	   *body;
	char	   *why;

	begin_call(&call, fcinfo, "own_data", "read");
	values[0] = Int32GetDatum(call.service_id);
	values[1] = Int32GetDatum(call.person_id);
	values[2] = CStringGetTextDatum(tidy_code(text_to_cstring(PG_GETARG_TEXT_PP(2))));
	values[3] = CStringGetTextDatum(call.gateway);
	dwh_spi_begin();
	dwh_owner_enter(&owner);
	(void) dwh_spi_select_latest("SELECT * FROM dwh_internal.own_data_check_code($1, $2, $3, $4)", 4, types, values);
	call.code_id = dwh_spi_bigint(0, 1);
	why = dwh_spi_text(0, 2);
	dwh_owner_leave(&owner);
	dwh_spi_end();
	if (why != NULL)
		refuse_code(&call, why);
	refuse_withheld(&call);
	commit_row(&call, "intent", "intent", NULL);

	values[1] = call.person_ids;
	dwh_spi_begin();
	dwh_owner_enter(&owner);
	(void) dwh_spi_select_latest("SELECT * FROM dwh_internal.own_data_read($1, $2)", 2, read_types, values);
	call.stage.row_count = dwh_spi_bigint(0, 1);
	call.rows_left = dwh_spi_bigint(0, 2);
	body = dwh_spi_text(0, 3);
	call.stage.content_digest = dwh_spi_text(0, 4);
	dwh_owner_leave(&owner);
	dwh_spi_end();
	call.stage.byte_count = (int64) strlen(body);
	call.stage.supplied_at = GetCurrentTimestamp();
	call.stage.duration_ms = (call.stage.supplied_at - began_at) / 1000;
	commit_row(&call, "outcome", "supplied", NULL);
	if (call.rows_left > 0)
		ereport(WARNING,
				(errcode(ERRCODE_WARNING),
				 errmsg("service \"%s\" supplies " INT64_FORMAT " rows at once; " INT64_FORMAT " more of this person are left out",
						call.service, call.stage.row_count, call.rows_left),
				 errdetail("2327 Art. 17.2: the row limit of the service cuts them off, in the order of its key; the log of sharing says so."),
				 errhint("The agency that offers the service raises its row_limit.")));
	end_call(&call);
	PG_RETURN_TEXT_P(cstring_to_text(body));
}

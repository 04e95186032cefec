/*
 * agreement.c
 *		What an agreement allows at this moment.
 *
 * Everything is read with the latest snapshot, so a suspension that has committed is obeyed at once, under every isolation level. The
 * rules themselves stand in dwh_internal.share_check() (sql/install/70_share.sql), in the order in which they are told.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "common/owner.h"
#include "common/spi.h"
#include "share/share.h"

/* An array cell copied into the caller's context; 0 for NULL. */
static Datum
array_cell(int col)
{
	bool		isnull;
	Datum		value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, col, &isnull);

	return isnull ? (Datum) 0 : SPI_datumTransfer(value, false, -1);
}

/* Reads an agreement with the version in force today. Returns whether there is such an agreement. */
bool
dwh_share_load(int32 agreement_id, DwhShareAgreement *agreement)
{
	static SPIPlanPtr plan = NULL;
	Oid			types[1] = {INT4OID};
	Datum		values[1];
	DwhOwnerSwitch owner;
	bool		is_found;

	memset(agreement, 0, sizeof(*agreement));
	values[0] = Int32GetDatum(agreement_id);
	dwh_spi_begin();
	dwh_owner_enter(&owner);
	is_found = dwh_spi_select_latest_kept(&plan, "SELECT * FROM dwh_internal.share_agreement_today($1)", 1, types, values, NULL) > 0;
	if (is_found)
	{
		agreement->agreement_id = agreement_id;
		agreement->version = dwh_spi_int(0, 1);
		agreement->agency_id = dwh_spi_int(0, 2);
		agreement->agency_identifier = dwh_spi_text(0, 3);
		agreement->application_identifier = dwh_spi_text(0, 4);
		agreement->service_id = dwh_spi_int(0, 5);
		agreement->service_code = dwh_spi_text(0, 6);
		agreement->state = dwh_spi_text(0, 7);
		agreement->gateway = dwh_spi_text(0, 8);
		agreement->route = dwh_spi_text(0, 9);
		agreement->method = dwh_spi_text(0, 10);
		agreement->purpose = dwh_spi_text(0, 11);
		agreement->frequency = dwh_spi_text(0, 12);
		agreement->use_term = dwh_spi_text(0, 13);
		agreement->use_until = dwh_spi_text(0, 14);
		agreement->structure_version = dwh_spi_int(0, 15);
		agreement->items = array_cell(16);
		agreement->unit_ids = array_cell(17);
		agreement->period_from = dwh_spi_text(0, 18);
		agreement->period_to = dwh_spi_text(0, 19);
	}
	dwh_owner_leave(&owner);
	dwh_spi_end();
	return is_found;
}

static void
set_text(Datum *value, char *null, const char *text)
{
	*null = text == NULL ? 'n' : ' ';
	*value = text == NULL ? (Datum) 0 : CStringGetTextDatum(text);
}

/* Whether the agreement allows this now; where not, says why. Strings of the refusal are palloc'ed. */
bool
dwh_share_allowed(int32 agreement_id, const DwhShareAsk *ask, DwhShareRefusal *refusal)
{
	static SPIPlanPtr plan = NULL;
	Oid			types[9] = {INT4OID, TEXTOID, INT4OID, TEXTARRAYOID, INT4ARRAYOID, TEXTOID, TEXTOID, INT4OID, TEXTOID};
	Datum		values[9];
	char		nulls[9];
	DwhOwnerSwitch owner;
	bool		is_refused;

	memset(refusal, 0, sizeof(*refusal));
	values[0] = Int32GetDatum(agreement_id);
	nulls[0] = ' ';
	set_text(&values[1], &nulls[1], ask->direction);
	values[2] = Int32GetDatum(ask->service_id);
	nulls[2] = ask->service_id == 0 ? 'n' : ' ';
	values[3] = ask->items;
	nulls[3] = ask->items == (Datum) 0 ? 'n' : ' ';
	values[4] = ask->unit_ids;
	nulls[4] = ask->unit_ids == (Datum) 0 ? 'n' : ' ';
	set_text(&values[5], &nulls[5], ask->period_from);
	set_text(&values[6], &nulls[6], ask->period_to);
	values[7] = Int32GetDatum(ask->structure_version);
	nulls[7] = ask->structure_version == 0 ? 'n' : ' ';
	set_text(&values[8], &nulls[8], ask->login_role);
	dwh_spi_begin();
	dwh_owner_enter(&owner);
	(void) dwh_spi_select_latest_kept(&plan, "SELECT * FROM dwh_internal.share_check($1, $2, $3, $4, $5, $6::date, $7::date, $8, $9)", 9,
									  types, values, nulls);
	is_refused = !dwh_spi_isnull(0, 1);
	if (is_refused)
	{
		refusal->rule = dwh_spi_text(0, 1);
		refusal->reason = dwh_spi_text(0, 2);
		refusal->article = dwh_spi_text(0, 3);
	}
	dwh_owner_leave(&owner);
	dwh_spi_end();
	return !is_refused;
}

/* Whether the agreement was suspended or ended; cheap, for looks in the middle of a transfer. */
bool
dwh_share_is_stopped(int32 agreement_id)
{
	Oid			types[1] = {INT4OID};
	Datum		values[1];
	DwhOwnerSwitch owner;
	bool		is_stopped;

	values[0] = Int32GetDatum(agreement_id);
	dwh_spi_begin();
	dwh_owner_enter(&owner);
	is_stopped = dwh_spi_select_latest("SELECT dwh_internal.share_is_stopped($1)", 1, types, values) != 1 || dwh_spi_bool(0, 1);
	dwh_owner_leave(&owner);
	dwh_spi_end();
	return is_stopped;
}

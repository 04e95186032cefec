/*
 * use.c
 *		Evidence that rights are used: which grant was last used on which day, and who last logged in (893 Arts. 17.6, 19.1).
 *
 * Who reads rows, calls a function by the rights of a group or logs in leaves a note in the ring, once in an hour for each account and
 * right: nothing is written by the statement itself, which may be read-only. The audit worker turns notes into dwh_catalog.grant_use and
 * account_use, a row once a day. A note is no event: it is dropped where the ring is half full, and while nobody writes.
 *
 * A grant counts as used when its account reads a subject that the grant holds, or acts by the rights of the grant's group. Of two grants
 * of one subject both count: which of their units a statement was after is not told.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "libpq/auth.h"
#include "libpq/libpq-be.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "audit/audit.h"
#include "common/guc.h"
#include "common/owner.h"
#include "common/spi.h"

static ClientAuthentication_hook_type previous_authentication = NULL;

/* Hands a note over unless it was in this hour. name: a role, NULL where a subject is meant. */
static void
hand_over(DwhRingTarget target, int32 account_id, int32 subject_id, const char *name)
{
	DwhAuditRecord record = {0};
	uint64		key;

	record.occurred_at = GetCurrentTimestamp();
	record.target = target;
	record.account_id = account_id;
	record.subject_id = subject_id;
	dwh_record_text(record.role_name, sizeof(record.role_name), name);
	key = hash_combine64(hash_bytes_extended((const unsigned char *) record.role_name, (int) strlen(record.role_name), target),
						 hash_combine64(((uint64) (uint32) account_id << 32) | (uint32) subject_id,
										(uint64) (record.occurred_at / USECS_PER_HOUR)));
	dwh_ring_push_once(&record, key);
}

/* Notes that an account reads a subject. Works in read-only statements and parallel workers. */
void
dwh_use_note_subject(int32 account_id, int32 subject_id)
{
	if (account_id != 0 && dwh_ring_serves_this_database())
		hand_over(DWH_RING_GRANT_USE, account_id, subject_id, NULL);
}

/* Notes that an account acts by the rights of a role. */
void
dwh_use_note_role(int32 account_id, const char *role)
{
	if (account_id != 0 && dwh_ring_serves_this_database())
		hand_over(DWH_RING_GRANT_USE, account_id, 0, role);
}

/* Notes who logs in. No catalog can be read here; whose role it is finds the worker. */
static void
note_login(Port *port, int status)
{
	if (previous_authentication)
		previous_authentication(port, status);
	if (status == STATUS_OK && dwh_ring_is_preloaded() && port->user_name != NULL && port->database_name != NULL &&
		strcmp(port->database_name, dwh_database) == 0)
		hand_over(DWH_RING_LOGIN, 0, 0, port->user_name);
}

/* Watches logins; only while libraries are preloaded. */
void
dwh_use_init(void)
{
	previous_authentication = ClientAuthentication_hook;
	ClientAuthentication_hook = note_login;
}

/* Writes a note. For the worker. */
void
dwh_use_insert(const DwhAuditRecord *record)
{
	Oid			types[4] = {TIMESTAMPTZOID, INT4OID, INT4OID, TEXTOID};
	Datum		values[4] = {TimestampTzGetDatum(record->occurred_at), Int32GetDatum(record->account_id),
	Int32GetDatum(record->subject_id), CStringGetTextDatum(record->role_name)};
	DwhOwnerSwitch owner;

	dwh_spi_begin();
	dwh_owner_enter(&owner);
	if (record->target == DWH_RING_LOGIN)
		(void) dwh_spi_run("INSERT INTO dwh_catalog.account_use AS u (account_id, last_login_on) "
						   "SELECT a.account_id, ($1 AT TIME ZONE w.time_zone)::date "
						   "FROM dwh_catalog.warehouse AS w JOIN dwh_catalog.account AS a ON a.login_role = $4 "
						   "ON CONFLICT (account_id) DO UPDATE SET last_login_on = EXCLUDED.last_login_on"
						   "  WHERE u.last_login_on < EXCLUDED.last_login_on",
						   4, types, values, NULL, false, SPI_OK_INSERT);
	else
		(void) dwh_spi_run("INSERT INTO dwh_catalog.grant_use AS u (grant_id, last_used_on) "
						   "SELECT g.grant_id, d.day FROM dwh_catalog.warehouse AS w"
						   "  CROSS JOIN LATERAL (SELECT ($1 AT TIME ZONE w.time_zone)::date) AS d (day)"
						   "  JOIN dwh_catalog.access_grant AS g ON g.account_id = $2 AND g.valid_from <= d.day AND coalesce(g.valid_to >= d.day, true)"
						   "  JOIN dwh_catalog.user_group AS o USING (user_group_id) "
						   "WHERE CASE WHEN $3 = 0 THEN $4 IN (o.role_name, o.rights_of)"
						   "  ELSE g.scope_unit_id IS NOT NULL AND EXISTS (SELECT FROM dwh_catalog.user_group_subject AS s"
						   "    WHERE s.user_group_id = g.user_group_id AND s.subject_id = $3 AND (g.subject_scope = 'group' OR EXISTS ("
						   "      SELECT FROM dwh_catalog.access_grant_subject AS l WHERE l.grant_id = g.grant_id AND l.subject_id = $3))) END "
						   "ON CONFLICT (grant_id) DO UPDATE SET last_used_on = EXCLUDED.last_used_on"
						   "  WHERE u.last_used_on < EXCLUDED.last_used_on",
						   4, types, values, NULL, false, SPI_OK_INSERT);
	dwh_owner_leave(&owner);
	dwh_spi_end();
}

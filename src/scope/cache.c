/*
 * cache.c
 *		What callers may see, kept by each backend, a copy for each identity that it has lately worked for.
 *
 * The protocol. Statement triggers on every table read here send a relcache message (ref_cache.h), so that commits, aborts,
 * subtransactions and standbys need no code: all copies are dropped. A function of the scope accepts pending messages on its first call
 * in each expression of each execution, and once more in each later statement that fetches from it. The tables are read as they are now, whatever the isolation level (scan.h), and read again if a
 * message came meanwhile. A copy is used only by the role (or bound account) that it was made for, and only on the day it was made for:
 * each use compares both. The day is that of the statement's start in the zone of the warehouse's row. Roles are known to accounts by
 * name, so a change of pg_authid drops the copies, too.
 *
 * A gateway's connection serves many people in turn, and a login role may change to others: so copies of several are kept, and the one
 * that was not used for longest makes room.
 */
#include "postgres.h"

#include "access/xact.h"
#include "common/identity.h"
#include "common/owner.h"
#include "utils/inval.h"
#include "utils/syscache.h"

#include "audit/audit.h"
#include "scope/copy.h"

#define MAX_COPIES 16

static DwhScopeCopy copies[MAX_COPIES];
DwhScopeCopy *dwh_scope_copy = &copies[0];

/* Syscache callback: a role was renamed, made or dropped. */
static void
note_role_change(Datum arg, int cacheid, uint32 hashvalue)
{
	for (int i = 0; i < MAX_COPIES; i++)
	{
		copies[i].cache.generation++;
		copies[i].cache.is_valid = false;
	}
}

/* Prepares the copies, once. */
static void
begin_copies(void)
{
	static const DwhRefCache cache = {
		.name = "scope",
		.tables = {{"dwh_catalog", "account"}, {"dwh_catalog", "user_group"}, {"dwh_catalog", "user_group_subject"},
			{"dwh_catalog", "access_grant"}, {"dwh_catalog", "access_grant_subject"}, {"dwh_catalog", "warehouse"},
			{"dwh_star", "dim_unit"}, {"dwh_catalog", "unit_succession"}, {"dwh_catalog", "gateway"}},
		.build = dwh_scope_build,
		.scans = true,
	};

	for (int i = 0; i < MAX_COPIES; i++)
		memcpy(&copies[i].cache, &cache, sizeof(DwhRefCache));
	CacheRegisterSyscacheCallback(AUTHOID, note_role_change, (Datum) 0);
}

/* Whether a copy may be used by that identity in this statement. */
static inline bool
is_usable(const DwhScopeCopy *copy, Oid role, int32 bound)
{
	TimestampTz statement = GetCurrentStatementStartTimestamp();

	return copy->cache.is_valid && copy->role == role && copy->bound == bound && statement >= copy->day_begins &&
		statement < copy->day_ends;
}

/* The copy that may be used by that identity; or else the one that is missed least, to be made its own. */
static DwhScopeCopy *
find_copy(Oid role, int32 bound)
{
	DwhScopeCopy *spare = &copies[0];

	for (int i = 0; i < MAX_COPIES; i++)
	{
		DwhScopeCopy *copy = &copies[i];

		if (is_usable(copy, role, bound))
			return copy;
		if (spare->cache.is_valid && (!copy->cache.is_valid || copy->last_use < spare->last_use))
			spare = copy;
	}
	return spare;
}

/* Makes sure that there is a copy for this caller; returns its number. Raises WH001 where no warehouse stands. */
uint64
dwh_scope_use(void)
{
	static uint64 uses = 0;
	static uint64 readings = 0;
	Oid			role = dwh_caller_role();
	int32		bound = dwh_identity_bound();

	if (unlikely(copies[0].cache.build == NULL))
		begin_copies();
	if (is_usable(dwh_scope_copy, role, bound))
		return dwh_scope_copy->number;
	dwh_scope_copy = find_copy(role, bound);
	dwh_scope_copy->last_use = ++uses;
	if (!is_usable(dwh_scope_copy, role, bound))
	{
		dwh_scope_copy->role = role;
		dwh_scope_copy->bound = bound;
		dwh_scope_copy->number = ++readings;
		dwh_ref_cache_build(&dwh_scope_copy->cache);
	}
	return dwh_scope_copy->number;
}

/* The caller's account, 0 for none; dwh_scope_use() came before. */
int32
dwh_scope_account(void)
{
	return dwh_scope_copy->account_id;
}

/* The units of a subject that the caller may see, NULL for none; dwh_scope_use() came before. Good until messages are accepted. */
const DwhSubjectScope *
dwh_scope_subject(int32 subject_id)
{
	for (int i = 0; i < dwh_scope_copy->n_subjects; i++)
		if (dwh_scope_copy->subjects[i].subject_id == subject_id)
			return &dwh_scope_copy->subjects[i];
	return NULL;
}

/* The same for a statement that reads the subject's rows, which is noted as a use of the grants that hold it. */
const DwhSubjectScope *
dwh_scope_read_subject(int32 subject_id)
{
	const DwhSubjectScope *scope = dwh_scope_subject(subject_id);

	if (scope != NULL && !scope->is_noted && subject_id != DWH_ANY_SUBJECT)
	{
		dwh_scope_copy->subjects[scope - dwh_scope_copy->subjects].is_noted = true;
		dwh_use_note_subject(dwh_scope_copy->account_id, subject_id);
	}
	return scope;
}

/* Whether an id stands in an ascending list. */
bool
dwh_scope_search(const int32 *ids, int n, int32 unit_id)
{
	int			low = 0;
	int			high = n - 1;

	while (low <= high)
	{
		int			middle = low + (high - low) / 2;

		if (ids[middle] == unit_id)
			return true;
		if (ids[middle] < unit_id)
			low = middle + 1;
		else
			high = middle - 1;
	}
	return false;
}

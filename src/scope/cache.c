/*
 * cache.c
 *		What the caller may see, kept by each backend for one identity and one day.
 *
 * The protocol. Statement triggers on every table read here send a relcache message (ref_cache.h), so that commits, aborts,
 * subtransactions and standbys need no code. A function of the scope accepts pending messages on its first call in each node of each
 * execution. The tables are read as they are now, whatever the isolation level (scan.h), and read again if a message came meanwhile.
 * A copy is used only by the role (or bound account) that it was made for, and only on the day it was made for: each use compares
 * both. The day is that of the statement's start in the zone of the warehouse's row. Roles are known to accounts by name, so a
 * change of pg_authid drops the copy, too.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/identity.h"
#include "common/owner.h"
#include "common/ref_cache.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "audit/audit.h"
#include "scope/hierarchy.h"
#include "scope/scan.h"
#include "scope/scope.h"

/* Unit ids that span no more than this are found by bit, others by binary search. */
#define MAX_BIT_SPAN (64 * 1024 * 1024)

/* With more listed grants than this, the whole table of their subjects is read at once. */
#define MAX_SINGLE_LOOKUPS 50

static void build_scope(DwhRefCache *cache);

static DwhRefCache scope_cache = {
	.name = "scope",
	.tables = {{"dwh_catalog", "account"}, {"dwh_catalog", "user_group"}, {"dwh_catalog", "user_group_subject"},
		{"dwh_catalog", "access_grant"}, {"dwh_catalog", "access_grant_subject"}, {"dwh_catalog", "warehouse"},
		{"dwh_star", "dim_unit"}, {"dwh_catalog", "unit_succession"}},
	.build = build_scope,
	.scans = true,
};

static uint64 builds;			/* counts the copies made */
static Oid	scope_role;			/* whom the copy is for: a role, */
static int32 scope_bound;		/* or an account that a token proved, 0 for none */
static TimestampTz day_begins;	/* in the warehouse's zone, what statements it is for */
static TimestampTz day_ends;
static DateADT today;
static int32 account_id;		/* 0: none */
static DwhSubjectScope *subjects;
static int	n_subjects;

/* A grant in force that has a scope unit. */
typedef struct Grant
{
	int32		grant_id;
	int32		user_group_id;
	int32		unit_id;
	bool		is_listed;
	List	   *subjects;		/* of int, ascending */
} Grant;

/* The subjects of a group, or listed by a grant. */
typedef struct SubjectList
{
	int32		key;
	List	   *subjects;
} SubjectList;

/* Scope units that have the same subjects. */
typedef struct UnitSet
{
	List	   *subjects;
	List	   *units;
	DwhCoverage coverage;
} UnitSet;

/* ------------------------------------------------------------------ the day */

static TimestampTz
midnight(int julian, pg_tz *zone)
{
	struct pg_tm tm = {0};
	TimestampTz result;
	int			offset;

	j2date(julian, &tm.tm_year, &tm.tm_mon, &tm.tm_mday);
	offset = DetermineTimeZoneOffset(&tm, zone);
	if (tm2timestamp(&tm, 0, &offset, &result) != 0)
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("timestamp out of range")));
	return result;
}

/* Finds the day of the statement in the zone of the warehouse. */
static void
find_today(void)
{
	static const char *const columns[] = {"time_zone", NULL};
	DwhTableScan scan;
	pg_tz	   *zone;
	struct pg_tm tm;
	fsec_t		fsec;
	int			offset;
	int			julian;

	dwh_scan_begin(&scan, "dwh_catalog", "warehouse", columns, NULL, NULL);
	if (!dwh_scan_next(&scan))
		dwh_raise_no_warehouse_row();
	zone = pg_tzset(dwh_scan_text(&scan, 0));
	dwh_scan_end(&scan);
	if (zone == NULL || timestamp2tm(GetCurrentStatementStartTimestamp(), &offset, &tm, &fsec, NULL, zone) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the time zone in dwh_catalog.warehouse is not known"),
				 errhint("Give the column time_zone a name from pg_timezone_names.")));
	julian = date2j(tm.tm_year, tm.tm_mon, tm.tm_mday);
	today = julian - POSTGRES_EPOCH_JDATE;
	day_begins = midnight(julian, zone);
	day_ends = midnight(julian + 1, zone);
}

/* ------------------------------------------------------------------ the account */

/* Whether a role of that name is a group's, or dwh_owner: these have no account. */
static bool
is_group_role(const char *role)
{
	static const char *const columns[] = {"role_name", NULL};
	bool		found = strcmp(role, "dwh_owner") == 0;
	DwhTableScan scan;

	dwh_scan_begin(&scan, "dwh_catalog", "user_group", columns, NULL, NULL);
	while (!found && dwh_scan_next(&scan))
		found = strcmp(dwh_scan_text(&scan, 0), role) == 0;
	dwh_scan_end(&scan);
	return found;
}

/* The account that is enabled and valid today: the bound one, or else the role's; 0 for none. */
static int32
find_account(void)
{
	static const char *const columns[] = {"account_id", "is_enabled", "valid_from", "valid_to", NULL};
	ScanKeyData key;
	DwhTableScan scan;
	int32		found = 0;

	if (scope_bound != 0)
	{
		dwh_scan_key(&key, "dwh_catalog", "account", "account_id", INT4OID, Int32GetDatum(scope_bound));
		dwh_scan_begin(&scan, "dwh_catalog", "account", columns, "account_pkey", &key);
	}
	else
	{
		char	   *role = GetUserNameFromId(scope_role, true);

		if (role == NULL || is_group_role(role))
			return 0;
		dwh_scan_key(&key, "dwh_catalog", "account", "login_role", TEXTOID, CStringGetTextDatum(role));
		dwh_scan_begin(&scan, "dwh_catalog", "account", columns, "account_login_role_key", &key);
	}
	while (dwh_scan_next(&scan))
	{
		bool		is_null;

		if (DatumGetBool(dwh_scan_get(&scan, 1, &is_null)) && !is_null &&
			dwh_scan_date(&scan, 2, DATEVAL_NOEND) <= today && today <= dwh_scan_date(&scan, 3, DATEVAL_NOEND))
			found = dwh_scan_int(&scan, 0);
	}
	dwh_scan_end(&scan);
	return found;
}

/* ------------------------------------------------------------------ grants and their subjects */

/* The account's grants that are in force and have a scope unit: as DWH_GRANT_IN_FORCE() has it. */
static List *
read_grants(void)
{
	static const char *const columns[] = {"grant_id", "user_group_id", "scope_unit_id", "subject_scope", "valid_from", "valid_to",
		"revoked_at", NULL};
	List	   *grants = NIL;
	ScanKeyData key;
	DwhTableScan scan;

	dwh_scan_key(&key, "dwh_catalog", "access_grant", "account_id", INT4OID, Int32GetDatum(account_id));
	dwh_scan_begin(&scan, "dwh_catalog", "access_grant", columns, "access_grant_account_id_idx", &key);
	while (dwh_scan_next(&scan))
	{
		Grant	   *grant;
		bool		is_not_revoked;
		bool		has_no_unit;

		(void) dwh_scan_get(&scan, 6, &is_not_revoked);
		(void) dwh_scan_get(&scan, 2, &has_no_unit);
		if (!is_not_revoked || has_no_unit || dwh_scan_date(&scan, 4, DATEVAL_NOEND) > today ||
			dwh_scan_date(&scan, 5, DATEVAL_NOEND) < today)
			continue;
		grant = palloc0(sizeof(Grant));
		grant->grant_id = dwh_scan_int(&scan, 0);
		grant->user_group_id = dwh_scan_int(&scan, 1);
		grant->unit_id = dwh_scan_int(&scan, 2);
		grant->is_listed = strcmp(dwh_scan_text(&scan, 3), "group") != 0;
		grants = lappend(grants, grant);
	}
	dwh_scan_end(&scan);
	return grants;
}

/* A hash of SubjectList by key: of all rows, or of those of one key. Both columns are int. */
static void
read_subject_lists(HTAB *lists, const char *table, const char *key_column, const char *index, const int32 *only)
{
	const char *columns[] = {key_column, "subject_id", NULL};
	ScanKeyData key;
	DwhTableScan scan;

	if (only != NULL)
		dwh_scan_key(&key, "dwh_catalog", table, key_column, INT4OID, Int32GetDatum(*only));
	dwh_scan_begin(&scan, "dwh_catalog", table, columns, only ? index : NULL, only ? &key : NULL);
	while (dwh_scan_next(&scan))
	{
		int32		owner = dwh_scan_int(&scan, 0);
		bool		found;
		SubjectList *list = hash_search(lists, &owner, HASH_ENTER, &found);

		CHECK_FOR_INTERRUPTS();
		if (!found)
			list->subjects = NIL;
		list->subjects = lappend_int(list->subjects, dwh_scan_int(&scan, 1));
	}
	dwh_scan_end(&scan);
}

static HTAB *
make_lists(void)
{
	HASHCTL		ctl = {0};

	ctl.keysize = sizeof(int32);
	ctl.entrysize = sizeof(SubjectList);
	ctl.hcxt = CurrentMemoryContext;
	return hash_create("dwh subjects", 64, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

static List *
find_list(HTAB *lists, int32 key)
{
	SubjectList *list = hash_search(lists, &key, HASH_FIND, NULL);

	return list ? list->subjects : NIL;
}

/* Gives every grant its subjects: its group's, and where it lists its own, those of them that it lists. */
static void
read_subjects(List *grants)
{
	HTAB	   *of_group = make_lists();
	HTAB	   *of_grant = make_lists();
	HASH_SEQ_STATUS all;
	SubjectList *list;
	int			n_listed = 0;
	ListCell   *lc;

	read_subject_lists(of_group, "user_group_subject", "user_group_id", NULL, NULL);
	hash_seq_init(&all, of_group);
	while ((list = hash_seq_search(&all)) != NULL)
		list_sort(list->subjects, list_int_cmp);
	foreach(lc, grants)
		n_listed += ((Grant *) lfirst(lc))->is_listed;
	if (n_listed > MAX_SINGLE_LOOKUPS)
		read_subject_lists(of_grant, "access_grant_subject", "grant_id", NULL, NULL);
	foreach(lc, grants)
	{
		Grant	   *grant = lfirst(lc);

		grant->subjects = find_list(of_group, grant->user_group_id);
		if (!grant->is_listed)
			continue;
		if (n_listed <= MAX_SINGLE_LOOKUPS)
			read_subject_lists(of_grant, "access_grant_subject", "grant_id", "access_grant_subject_pkey", &grant->grant_id);
		grant->subjects = list_intersection_int(grant->subjects, find_list(of_grant, grant->grant_id));
	}
}

/* The scope units of the grants, those with the same subjects together. */
static List *
collect_sets(List *grants)
{
	List	   *sets = NIL;
	UnitSet    *last = NULL;
	ListCell   *lc;

	foreach(lc, grants)
	{
		Grant	   *grant = lfirst(lc);
		UnitSet    *set = last && equal(last->subjects, grant->subjects) ? last : NULL;
		ListCell   *s;

		foreach(s, sets)
		{
			if (set != NULL)
				break;
			if (equal(((UnitSet *) lfirst(s))->subjects, grant->subjects))
				set = lfirst(s);
		}
		if (set == NULL)
		{
			set = palloc0(sizeof(UnitSet));
			set->subjects = grant->subjects;
			sets = lappend(sets, set);
		}
		set->units = lappend_int(set->units, grant->unit_id);
		last = set;
	}
	foreach(lc, sets)
		dwh_hierarchy_cover(((UnitSet *) lfirst(lc))->units, today, &((UnitSet *) lfirst(lc))->coverage);
	return sets;
}

/* ------------------------------------------------------------------ the scope of a subject */

/* The union of two ascending lists. */
static int32 *
merge_ids(const int32 *a, int na, const int32 *b, int nb, int *n)
{
	int32	   *result = palloc_extended((na + nb + 1) * sizeof(int32), MCXT_ALLOC_HUGE);
	int			i = 0;
	int			j = 0;

	*n = 0;
	while (i < na || j < nb)
	{
		int32		next = j == nb || (i < na && a[i] <= b[j]) ? a[i] : b[j];

		if (i < na && a[i] == next)
			i++;
		if (j < nb && b[j] == next)
			j++;
		result[(*n)++] = next;
	}
	return result;
}

static int32 *
keep_ids(const int32 *ids, int n, MemoryContext context)
{
	int32	   *kept = MemoryContextAllocHuge(context, (n + 1) * sizeof(int32));

	if (n > 0)
		memcpy(kept, ids, n * sizeof(int32));
	return kept;
}

/* Whether one of the sets of a subject covers all that counts for a unit. */
static bool
is_whole(List *sets, int32 subject_id, int32 unit_id)
{
	ListCell   *lc;

	foreach(lc, sets)
	{
		const UnitSet *set = lfirst(lc);

		if ((subject_id == DWH_ANY_SUBJECT || list_member_int(set->subjects, subject_id)) &&
			dwh_scope_search(set->coverage.unit_ids, set->coverage.n, unit_id) &&
			!dwh_scope_search(set->coverage.own_ids, set->coverage.n_own, unit_id))
			return true;
	}
	return false;
}

/* Puts the units of some sets into the scope of a subject, in the cache's memory. */
static void
fill_subject(DwhSubjectScope *scope, int32 subject_id, List *sets, MemoryContext context)
{
	int32	   *ids = NULL;
	int			n = 0;
	int32	   *own_ids = NULL;
	int			n_own = 0;
	ListCell   *lc;

	memset(scope, 0, sizeof(DwhSubjectScope));
	scope->subject_id = subject_id;
	foreach(lc, sets)
	{
		const UnitSet *set = lfirst(lc);

		if (subject_id != DWH_ANY_SUBJECT && !list_member_int(set->subjects, subject_id))
			continue;
		scope->is_national |= set->coverage.is_national;
		ids = merge_ids(ids, n, set->coverage.unit_ids, set->coverage.n, &n);
		own_ids = merge_ids(own_ids, n_own, set->coverage.own_ids, set->coverage.n_own, &n_own);
	}
	if (n == 0)
		return;
	scope->n = n;
	scope->unit_ids = keep_ids(ids, n, context);
	scope->own_ids = keep_ids(own_ids, n_own, context);
	for (int i = 0; i < n_own; i++)
		if (!is_whole(sets, subject_id, own_ids[i]))
			scope->own_ids[scope->n_own++] = own_ids[i];
	scope->first = ids[0];
	scope->span = (uint32) ids[n - 1] - (uint32) ids[0];
	if (scope->span > MAX_BIT_SPAN)
		return;
	scope->bits = MemoryContextAllocExtended(context, ((scope->span >> 6) + 1) * sizeof(uint64), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (int i = 0; i < n; i++)
	{
		uint32		offset = (uint32) ids[i] - (uint32) scope->first;

		scope->bits[offset >> 6] |= UINT64CONST(1) << (offset & 63);
	}
}

/* Build function of the cache. */
static void
build_scope(DwhRefCache *cache)
{
	MemoryContext work = AllocSetContextCreate(CurrentMemoryContext, "dwh_ext scope build", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(work);
	List	   *sets = NIL;
	List	   *ids = NIL;
	ListCell   *lc;

	builds++;
	n_subjects = 0;
	find_today();
	account_id = find_account();
	if (account_id != 0)
	{
		List	   *grants = read_grants();

		if (grants != NIL)
			dwh_hierarchy_use();
		read_subjects(grants);
		sets = collect_sets(grants);
	}
	foreach(lc, sets)
		ids = list_concat_unique_int(ids, ((UnitSet *) lfirst(lc))->subjects);
	subjects = MemoryContextAlloc(cache->context, (list_length(ids) + 1) * sizeof(DwhSubjectScope));
	fill_subject(&subjects[0], DWH_ANY_SUBJECT, sets, cache->context);
	foreach(lc, ids)
		fill_subject(&subjects[1 + foreach_current_index(lc)], lfirst_int(lc), sets, cache->context);
	n_subjects = 1 + list_length(ids);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(work);
}

/* ------------------------------------------------------------------ use */

/* Syscache callback: a role was renamed, made or dropped. */
static void
note_role_change(Datum arg, int cacheid, uint32 hashvalue)
{
	scope_cache.generation++;
	scope_cache.is_valid = false;
}

/* Whether the copy with that number may be used by this caller in this statement. */
bool
dwh_scope_is_current(uint64 build)
{
	TimestampTz statement = GetCurrentStatementStartTimestamp();

	return scope_cache.is_valid && build == builds && scope_role == dwh_caller_role() &&
		scope_bound == dwh_identity_bound() && statement >= day_begins && statement < day_ends;
}

/* Makes sure that there is a copy for this caller; returns its number. Raises WH001 where no warehouse stands. */
uint64
dwh_scope_use(void)
{
	static bool is_registered = false;

	if (!is_registered)
	{
		CacheRegisterSyscacheCallback(AUTHOID, note_role_change, (Datum) 0);
		is_registered = true;
	}
	if (!dwh_scope_is_current(builds))
	{
		scope_role = dwh_caller_role();
		scope_bound = dwh_identity_bound();
		dwh_ref_cache_build(&scope_cache);
	}
	return builds;
}

/* The caller's account, 0 for none; dwh_scope_use() came before. */
int32
dwh_scope_account(void)
{
	return account_id;
}

/* The units of a subject that the caller may see, NULL for none; dwh_scope_use() came before. Good until messages are accepted. */
const DwhSubjectScope *
dwh_scope_subject(int32 subject_id)
{
	for (int i = 0; i < n_subjects; i++)
		if (subjects[i].subject_id == subject_id)
			return &subjects[i];
	return NULL;
}

/* The same for a statement that reads the subject's rows, which is noted as a use of the grants that hold it. */
const DwhSubjectScope *
dwh_scope_read_subject(int32 subject_id)
{
	const DwhSubjectScope *scope = dwh_scope_subject(subject_id);

	if (scope != NULL && !scope->is_noted && subject_id != DWH_ANY_SUBJECT)
	{
		subjects[scope - subjects].is_noted = true;
		dwh_use_note_subject(account_id, subject_id);
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

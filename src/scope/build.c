/*
 * build.c
 *		Reads what one identity may see today from the tables of accounts, groups, grants and units.
 *
 * The scope of a subject is the union of what the grants cover that hold it. Grants with the same subjects are taken together, and
 * subjects that the same grants hold share one set of units.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/identity.h"
#include "common/owner.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "scope/copy.h"
#include "scope/hierarchy.h"
#include "scope/scan.h"

/* Unit ids that span no more than this are found by bit, others by binary search. */
#define MAX_BIT_SPAN (64 * 1024 * 1024)

/* With more listed grants than this, the whole table of their subjects is read at once. */
#define MAX_SINGLE_LOOKUPS 50

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
find_today(DwhScopeCopy *copy)
{
	static const char *const columns[] = {"time_zone", NULL};
	DwhTableScan scan;
	char	   *name;
	pg_tz	   *zone;
	int			julian;

	dwh_scan_begin(&scan, "dwh_catalog", "warehouse", columns, NULL);
	if (!dwh_scan_next(&scan))
		dwh_raise_no_warehouse_row();
	name = dwh_scan_text(&scan, 0);
	dwh_scan_end(&scan);
	copy->today = dwh_day_in_zone(name);
	julian = copy->today + POSTGRES_EPOCH_JDATE;
	zone = pg_tzset(name);
	copy->day_begins = midnight(julian, zone);
	copy->day_ends = midnight(julian + 1, zone);
}

/* ------------------------------------------------------------------ the account */

/* Whether a role of that name is a group's, or dwh_owner: these have no account. */
static bool
is_group_role(const char *role)
{
	static const char *const columns[] = {"role_name", NULL};
	bool		found = strcmp(role, "dwh_owner") == 0;
	DwhTableScan scan;

	dwh_scan_begin(&scan, "dwh_catalog", "user_group", columns, NULL);
	while (!found && dwh_scan_next(&scan))
		found = dwh_scan_is(&scan, 0, role);
	dwh_scan_end(&scan);
	return found;
}

/* Whether a role of that name acts for others: by itself it is nobody. */
static bool
is_gateway_role(const char *role)
{
	static const char *const columns[] = {"login_role", "retired_at", NULL};
	bool		found = false;
	DwhTableScan scan;

	dwh_scan_begin(&scan, "dwh_catalog", "gateway", columns, NULL);
	while (!found && dwh_scan_next(&scan))
	{
		bool		is_open;

		(void) dwh_scan_get(&scan, 1, &is_open);
		found = is_open && dwh_scan_is(&scan, 0, role);
	}
	dwh_scan_end(&scan);
	return found;
}

/* The account that is enabled and valid today: the bound one, or else the role's; 0 for none. As identity.c has it. */
static int32
find_account(const DwhScopeCopy *copy)
{
	static const char *const columns[] = {"account_id", "is_enabled", "valid_from", "valid_to", NULL};
	DwhScanKey	key;
	DwhTableScan scan;
	int32		found = 0;

	if (copy->bound != 0)
		key = (DwhScanKey) {"account_id", INT4OID, Int32GetDatum(copy->bound), "account_pkey"};
	else
	{
		char	   *role = GetUserNameFromId(copy->role, true);

		if (role == NULL || is_group_role(role) || is_gateway_role(role))
			return 0;
		key = (DwhScanKey) {"login_role", TEXTOID, CStringGetTextDatum(role), "account_login_role_key"};
	}
	dwh_scan_begin(&scan, "dwh_catalog", "account", columns, &key);
	while (dwh_scan_next(&scan))
	{
		bool		is_null;

		if (DatumGetBool(dwh_scan_get(&scan, 1, &is_null)) && !is_null &&
			dwh_scan_date(&scan, 2, DATEVAL_NOEND) <= copy->today && copy->today <= dwh_scan_date(&scan, 3, DATEVAL_NOEND))
			found = dwh_scan_int(&scan, 0);
	}
	dwh_scan_end(&scan);
	return found;
}

/* ------------------------------------------------------------------ grants and their subjects */

/* The account's grants that are in force and have a scope unit: as DWH_GRANT_IN_FORCE() has it. */
static List *
read_grants(const DwhScopeCopy *copy)
{
	static const char *const columns[] = {"grant_id", "user_group_id", "scope_unit_id", "subject_scope", "valid_from", "valid_to",
		"revoked_at", NULL};
	List	   *grants = NIL;
	DwhScanKey	key = {"account_id", INT4OID, Int32GetDatum(copy->account_id), "access_grant_account_id_idx"};
	DwhTableScan scan;

	dwh_scan_begin(&scan, "dwh_catalog", "access_grant", columns, &key);
	while (dwh_scan_next(&scan))
	{
		Grant	   *grant;
		bool		is_not_revoked;
		bool		has_no_unit;

		(void) dwh_scan_get(&scan, 6, &is_not_revoked);
		(void) dwh_scan_get(&scan, 2, &has_no_unit);
		if (!is_not_revoked || has_no_unit || dwh_scan_date(&scan, 4, DATEVAL_NOEND) > copy->today ||
			dwh_scan_date(&scan, 5, DATEVAL_NOEND) < copy->today)
			continue;
		grant = palloc0(sizeof(Grant));
		grant->grant_id = dwh_scan_int(&scan, 0);
		grant->user_group_id = dwh_scan_int(&scan, 1);
		grant->unit_id = dwh_scan_int(&scan, 2);
		grant->is_listed = !dwh_scan_is(&scan, 3, "group");
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
	DwhScanKey	key = {key_column, INT4OID, only ? Int32GetDatum(*only) : (Datum) 0, index};
	DwhTableScan scan;

	dwh_scan_begin(&scan, "dwh_catalog", table, columns, only ? &key : NULL);
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
collect_sets(List *grants, DateADT today)
{
	List	   *sets = NIL;
	UnitSet    *last = NULL;
	ListCell   *lc;

	foreach(lc, grants)
	{
		Grant	   *grant = lfirst(lc);
		UnitSet    *set = last && (last->subjects == grant->subjects || equal(last->subjects, grant->subjects)) ? last : NULL;
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

/* Whether one of the sets covers all that counts for a unit. */
static bool
is_whole(List *sets, int32 unit_id)
{
	ListCell   *lc;

	foreach(lc, sets)
	{
		const UnitSet *set = lfirst(lc);

		if (dwh_scope_search(set->coverage.unit_ids, set->coverage.n, unit_id) &&
			!dwh_scope_search(set->coverage.own_ids, set->coverage.n_own, unit_id))
			return true;
	}
	return false;
}

/* Puts the units of some sets into a scope, in the cache's memory. */
static void
fill_scope(DwhSubjectScope *scope, List *sets, MemoryContext context)
{
	int32	   *ids = NULL;
	int			n = 0;
	int32	   *own_ids = NULL;
	int			n_own = 0;
	ListCell   *lc;

	foreach(lc, sets)
	{
		const UnitSet *set = lfirst(lc);

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
		if (!is_whole(sets, own_ids[i]))
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

/* The sets that hold a subject. */
static List *
sets_of(List *sets, int32 subject_id)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, sets)
		if (subject_id == DWH_ANY_SUBJECT || list_member_int(((UnitSet *) lfirst(lc))->subjects, subject_id))
			result = lappend(result, lfirst(lc));
	return result;
}

/* Whether two lists hold the same pointers in the same order. */
static bool
are_same(const List *a, const List *b)
{
	if (list_length(a) != list_length(b))
		return false;
	for (int i = 0; i < list_length(a); i++)
		if (list_nth(a, i) != list_nth(b, i))
			return false;
	return true;
}

/* Fills in the scopes of all subjects, in the cache's memory. Subjects that the same grants hold share their units. */
static void
fill_subjects(DwhScopeCopy *copy, List *sets)
{
	List	   *ids = list_make1_int(DWH_ANY_SUBJECT);
	List	  **members;
	ListCell   *lc;

	foreach(lc, sets)
		ids = list_concat_unique_int(ids, ((UnitSet *) lfirst(lc))->subjects);
	members = palloc(list_length(ids) * sizeof(List *));
	copy->subjects = MemoryContextAllocZero(copy->cache.context, list_length(ids) * sizeof(DwhSubjectScope));
	foreach(lc, ids)
	{
		int			i = foreach_current_index(lc);
		int			same = 0;

		members[i] = sets_of(sets, lfirst_int(lc));
		while (same < i && !are_same(members[same], members[i]))
			same++;
		if (same < i)
			copy->subjects[i] = copy->subjects[same];
		else
			fill_scope(&copy->subjects[i], members[i], copy->cache.context);
		copy->subjects[i].subject_id = lfirst_int(lc);
	}
	copy->n_subjects = list_length(ids);
}

/* Build function of the cache. */
void
dwh_scope_build(DwhRefCache *cache)
{
	DwhScopeCopy *copy = (DwhScopeCopy *) cache;
	MemoryContext work = AllocSetContextCreate(CurrentMemoryContext, "dwh_ext scope build", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(work);
	List	   *sets = NIL;

	copy->n_subjects = 0;
	find_today(copy);
	copy->account_id = find_account(copy);
	if (copy->account_id != 0)
	{
		List	   *grants = read_grants(copy);

		if (grants != NIL)
			dwh_hierarchy_use();
		read_subjects(grants);
		sets = collect_sets(grants, copy->today);
	}
	fill_subjects(copy, sets);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(work);
}

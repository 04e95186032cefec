/*
 * limit_watch.c
 *		Holds the members of groups to their limits, by value, at the start of each statement; see limits.h. Only where dwh_ext is
 *		preloaded.
 *
 * What a session begins with (limits.c) may be raised by its user in many ways: SET, set_config(), start-up options, ALTER ROLE, the
 * SET clause of a function, BEGIN READ WRITE. None of them is looked at. Whatever the value came from, it is compared when a statement
 * is planned, begins or goes on, at every depth, and set back for the transaction. The first excess of a session is recorded.
 *
 * The timer of a statement is started by the server before we see the statement, so where the value was too high we start it again.
 * Code that catches its own cancellation runs without a timer: it gets one more second, and with the second catch the session ends.
 *
 * The limits are those of the login role, whatever SET ROLE or a token say. They are kept by the protocol of ref_cache.h and read
 * without SPI and without a snapshot of the transaction, so that the first statement may still be SET TRANSACTION.
 */
#include "postgres.h"

#include "access/parallel.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_auth_members.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "libpq/libpq-be.h"
#include "miscadmin.h"
#include "optimizer/planner.h"
#include "storage/proc.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"

#include "audit/audit.h"
#include "common/compat.h"
#include "common/owner.h"
#include "common/ref_cache.h"
#include "common/spi.h"
#include "scope/limits.h"
#include "scope/scan.h"

#define NO_LIMIT (-1)

/* work_mem stands for what PostgreSQL's own default allows hashes beyond it, and no more. */
#define LARGEST_HASH_MULTIPLIER 2.0

/* How long a statement that caught its cancellation may go on, in milliseconds. */
#define GRACE 1000

/* The limits of a login role; NO_LIMIT where there is none. */
typedef struct Limits
{
	int			statement_timeout;	/* milliseconds */
	int			work_mem;		/* kB */
	int			temp_file_limit;	/* kB */
	bool		is_read_only;
	bool		is_limited;		/* any of them */
	TimestampTz set_at;			/* when the last of them was set */
} Limits;

/* A group and what it names. */
typedef struct LimitGroup
{
	int32		user_group_id;
	Oid			role;			/* InvalidOid: there is none of that name */
	Oid			rights_of;		/* of a made group, the role whose rights it has; else InvalidOid */
	int			seconds;
	int			work_mem;
	int			temp_file_limit;
	int			read_only;		/* 0 or 1 */
	TimestampTz set_at;
} LimitGroup;

static void read_limits(DwhRefCache *cache);

static DwhRefCache limit_cache = {
	.name = "limits",
	.tables = {{"dwh_catalog", "user_group_limit"}, {"dwh_catalog", "user_group"}},
	.build = read_limits,
	.scans = true,
};

static Limits limits;
static Oid	limits_of = InvalidOid; /* the login role */

static bool is_busy;			/* what we do ourselves is not watched */
static bool is_recorded;		/* an excess of this session */
static int	depth;				/* of running statements */
static TimestampTz deadline;	/* of the outermost statement; 0: none */
static int	catches;			/* how often it caught its cancellation */
static TimestampTz statement_at;	/* when it began */

static planner_hook_type previous_planner;
static ExecutorStart_hook_type previous_start;
static ExecutorRun_hook_type previous_run;
static ProcessUtility_hook_type previous_utility;
static object_access_hook_type previous_access;

/* ------------------------------------------------------------------ the limits of the login role */

/* Of two limits the wider one; a group that names none does not count. */
static void
widen(int *limit, int named)
{
	if (named != NO_LIMIT)
		*limit = Max(*limit, named);
}

static int
named_limit(DwhTableScan *scan, int column)
{
	bool		is_null;
	Datum		value = dwh_scan_get(scan, column, &is_null);

	return is_null ? NO_LIMIT : DatumGetInt32(value);
}

/* All groups. */
static List *
read_groups(void)
{
	static const char *const columns[] = {"user_group_id", "role_name", "rights_of", NULL};
	DwhTableScan scan;
	List	   *groups = NIL;

	dwh_scan_begin(&scan, "dwh_catalog", "user_group", columns, NULL);
	while (dwh_scan_next(&scan))
	{
		LimitGroup *group = palloc0(sizeof(LimitGroup));
		bool		is_seeded;

		(void) dwh_scan_get(&scan, 2, &is_seeded);
		group->user_group_id = dwh_scan_int(&scan, 0);
		group->role = get_role_oid(dwh_scan_text(&scan, 1), true);
		group->rights_of = is_seeded ? InvalidOid : get_role_oid(dwh_scan_text(&scan, 2), true);
		group->seconds = group->work_mem = group->temp_file_limit = group->read_only = NO_LIMIT;
		groups = lappend(groups, group);
	}
	dwh_scan_end(&scan);
	return groups;
}

/* Fills in what the groups name. */
static void
read_named(List *groups)
{
	static const char *const columns[] = {"user_group_id", "statement_timeout", "work_mem", "temp_file_limit", "is_read_only", "set_at",
		NULL};
	DwhTableScan scan;

	dwh_scan_begin(&scan, "dwh_catalog", "user_group_limit", columns, NULL);
	while (dwh_scan_next(&scan))
	{
		int32		id = dwh_scan_int(&scan, 0);
		ListCell   *cell;

		foreach(cell, groups)
		{
			LimitGroup *group = lfirst(cell);
			bool		is_null;
			Datum		value;

			if (group->user_group_id != id)
				continue;
			group->seconds = named_limit(&scan, 1);
			group->work_mem = named_limit(&scan, 2);
			group->temp_file_limit = named_limit(&scan, 3);
			value = dwh_scan_get(&scan, 4, &is_null);
			if (!is_null)
				group->read_only = DatumGetBool(value);
			value = dwh_scan_get(&scan, 5, &is_null);
			if (!is_null)
				group->set_at = DatumGetTimestampTz(value);
		}
	}
	dwh_scan_end(&scan);
}

/* The group that a role carries; NULL for none. */
static LimitGroup *
find_group(List *groups, Oid role)
{
	ListCell   *cell;

	foreach(cell, groups)
		if (OidIsValid(role) && ((LimitGroup *) lfirst(cell))->role == role)
			return lfirst(cell);
	return NULL;
}

/* The roles that one has, itself included. A made group leads nowhere: it stands for the group whose rights it has (limits.c). */
static List *
find_had(List *groups, Oid role)
{
	List	   *had = list_make1_oid(role);

	for (int i = 0; i < list_length(had); i++)
	{
		Oid			member = list_nth_oid(had, i);
		LimitGroup *group = find_group(groups, member);
		CatCList   *memberships;

		if (group != NULL && OidIsValid(group->rights_of))
			continue;
		memberships = SearchSysCacheList1(AUTHMEMMEMROLE, ObjectIdGetDatum(member));
		for (int j = 0; j < memberships->n_members; j++)
			had = list_append_unique_oid(had, ((Form_pg_auth_members) GETSTRUCT(&memberships->members[j]->tuple))->roleid);
		ReleaseSysCacheList(memberships);
	}
	return had;
}

/* What a made group leaves out is what the group names whose rights it has. */
static int
named_or(int named, int base)
{
	return named != NO_LIMIT ? named : base;
}

/* Build function of the cache. */
static void
read_limits(DwhRefCache *cache)
{
	static const LimitGroup none = {.seconds = NO_LIMIT, .work_mem = NO_LIMIT, .temp_file_limit = NO_LIMIT, .read_only = NO_LIMIT};
	List	   *groups = read_groups();
	List	   *had;
	ListCell   *cell;
	int			read_write = 0;
	int			read_only = 0;
	int			seconds = NO_LIMIT;

	limits = (Limits) {NO_LIMIT, NO_LIMIT, NO_LIMIT, false, false, 0};
	limits_of = GetSessionUserId();
	read_named(groups);
	had = find_had(groups, limits_of);
	foreach(cell, groups)
	{
		const LimitGroup *group = lfirst(cell);
		const LimitGroup *base = find_group(groups, group->rights_of);
		int			is_read_only;

		if (!OidIsValid(group->role) || !list_member_oid(had, group->role))
			continue;
		if (base == NULL)
			base = &none;
		widen(&seconds, named_or(group->seconds, base->seconds));
		widen(&limits.work_mem, named_or(group->work_mem, base->work_mem));
		widen(&limits.temp_file_limit, named_or(group->temp_file_limit, base->temp_file_limit));
		is_read_only = named_or(group->read_only, base->read_only);
		read_only += is_read_only == 1;
		read_write += is_read_only == 0;
		limits.set_at = Max(limits.set_at, Max(group->set_at, base->set_at));
	}
	if (seconds != NO_LIMIT)
		limits.statement_timeout = Min(seconds, INT_MAX / 1000) * 1000;
	limits.is_read_only = read_only > 0 && read_write == 0;
	limits.is_limited = limits.is_read_only || limits.statement_timeout != NO_LIMIT || limits.work_mem != NO_LIMIT ||
		limits.temp_file_limit != NO_LIMIT;
}

/* Syscache callback: a role was altered, or memberships were. */
static void
note_role_change(Datum arg, int cacheid, uint32 hashvalue)
{
	limit_cache.generation++;
	limit_cache.is_valid = false;
}

/* Whether this session has limits, which are up to date then. */
static bool
has_limits(void)
{
	Oid			role = GetSessionUserId();

	AcceptInvalidationMessages();
	if (limit_cache.is_valid && limits_of == role)
		return limits.is_limited;
	if (superuser_arg(role) || !dwh_warehouse_exists() || !dwh_warehouse_is_attached() ||
		!OidIsValid(get_relname_relid("user_group_limit", get_namespace_oid("dwh_catalog", true))))
		return false;
	limit_cache.is_valid = false;
	dwh_ref_cache_use(&limit_cache);
	return limits.is_limited;
}

/* ------------------------------------------------------------------ one statement */

/*
 * Whether the user has chosen the value: not what the server, or a limit set after the session began, left behind. transaction_read_only
 * has its value from default_transaction_read_only, too.
 */
static bool
is_chosen(const char *setting)
{
	Oid			types[2] = {TEXTOID, BOOLOID};
	Datum		values[2] = {CStringGetTextDatum(setting), BoolGetDatum(MyStartTimestamp > limits.set_at)};
	DwhOwnerSwitch owner;
	bool		found;

	dwh_spi_begin();
	dwh_owner_enter_unchecked(&owner);	/* for its search_path: no operator of the user's takes part */
	found = dwh_spi_select_latest("SELECT FROM pg_catalog.pg_settings WHERE name IN ($1, 'default_' || $1) AND "
								  "(source IN ('client', 'interactive', 'session') OR $2 AND source IN ('user', 'database user'))",
								  2, types, values) > 0;
	dwh_owner_leave(&owner);
	dwh_spi_end();
	return found;
}

/* Records an excess. */
static void
record(const char *setting, const char *value, const char *limit)
{
	DwhAttempt	attempt;
	StringInfoData detail;

	is_recorded = true;
	initStringInfo(&detail);
	appendStringInfoString(&detail, "{\"value\": ");
	escape_json(&detail, value);
	appendStringInfoString(&detail, ", \"limit\": ");
	escape_json(&detail, limit);
	appendStringInfoChar(&detail, '}');
	dwh_attempt_begin(&attempt, "exceed_limit", setting, detail.data);
	dwh_attempt_refused(&attempt, "the limit of the group is in force instead");
}

/* Puts a setting to its limit until the end of the transaction, and records the first excess that somebody chose. */
static void
hold(const char *setting, const char *limit)
{
	char	   *value = GetConfigOptionByName(setting, NULL, false);
	bool		is_new = !is_recorded && is_chosen(setting);

	(void) set_config_option(setting, limit, PGC_SUSET, PGC_S_SESSION, GUC_ACTION_LOCAL, true, 0, false);
	if (is_new)
		record(setting, value, GetConfigOptionByName(setting, NULL, false));
}

static void
hold_number(const char *setting, int limit)
{
	char		text[16];

	snprintf(text, sizeof(text), "%d", limit);
	hold(setting, text);
}

/* Whether a trigger runs: those that wait for the end of the statement, or of the transaction, run after the executor has returned. */
static bool
is_in_trigger(void)
{
	return DatumGetInt32(DirectFunctionCall1(pg_trigger_depth, (Datum) 0)) > 0;
}

/*
 * Makes sure that the statement's timer runs, and not for longer than the limit. What triggers run after the executor has returned is of
 * the same statement, whose catches count on; the server stops the timer before a commit, so it is started again there.
 */
static void
hold_timer(void)
{
	TimestampTz latest = TimestampTzPlusMilliseconds(GetCurrentStatementStartTimestamp(), limits.statement_timeout);
	bool		is_raised = StatementTimeout <= 0 || StatementTimeout > limits.statement_timeout;
	bool		is_running = get_timeout_active(STATEMENT_TIMEOUT);

	if (is_raised)
		hold_number("statement_timeout", limits.statement_timeout);
	if (depth > 0)
		return;
	if (!is_running || (is_raised && get_timeout_finish_time(STATEMENT_TIMEOUT) > latest))
	{
		if (is_running)
			disable_timeout(STATEMENT_TIMEOUT, false);
		enable_timeout_at(STATEMENT_TIMEOUT, latest);
	}
	deadline = get_timeout_finish_time(STATEMENT_TIMEOUT);
	if (!is_in_trigger() || statement_at != GetCurrentStatementStartTimestamp())
		catches = 0;
	statement_at = GetCurrentStatementStartTimestamp();
}

static void
hold_all(void)
{
	if (limits.work_mem != NO_LIMIT && work_mem > limits.work_mem)
		hold_number("work_mem", limits.work_mem);
	if (limits.work_mem != NO_LIMIT && hash_mem_multiplier > LARGEST_HASH_MULTIPLIER)
		hold("hash_mem_multiplier", "2.0");
	if (limits.temp_file_limit != NO_LIMIT && (temp_file_limit < 0 || temp_file_limit > limits.temp_file_limit))
		hold_number("temp_file_limit", limits.temp_file_limit);
	if (limits.is_read_only && !XactReadOnly)
		hold("transaction_read_only", "on");
	if (limits.statement_timeout != NO_LIMIT)
		hold_timer();
}

/*
 * Compares what this session has with its limits. In parallel mode nothing can be set, nor needs to be: the leader looked before, and
 * what is parallel safe sets nothing.
 */
static void
watch(void)
{
	if (is_busy || MyBackendType != B_BACKEND || !IsTransactionState() || IsInParallelMode())
		return;
	if (depth == 0)
		deadline = 0;
	is_busy = true;
	PG_TRY();
	{
		if (has_limits())
			hold_all();
	}
	PG_FINALLY();
	{
		is_busy = false;
	}
	PG_END_TRY();
}

/* ------------------------------------------------------------------ hooks */

static PlannedStmt *
watch_planner(Query *parse, const char *query_string, int cursor_options, ParamListInfo params)
{
	watch();
	return previous_planner ? previous_planner(parse, query_string, cursor_options, params) :
		standard_planner(parse, query_string, cursor_options, params);
}

static void
watch_start(QueryDesc *query, int eflags)
{
	watch();
	if (previous_start)
		previous_start(query, eflags);
	else
		standard_ExecutorStart(query, eflags);
}

static void
watch_run(QueryDesc *query, ScanDirection direction, uint64 count DWH_EXECUTE_ONCE_ARG)
{
	watch();
	depth++;
	PG_TRY();
	{
		if (previous_run)
			previous_run(query, direction, count DWH_EXECUTE_ONCE);
		else
			standard_ExecutorRun(query, direction, count DWH_EXECUTE_ONCE);
	}
	PG_FINALLY();
	{
		depth--;
	}
	PG_END_TRY();
}

/* Statements that only set something, or begin or end a transaction, do nothing yet that a limit could be for. */
static void
watch_utility(PlannedStmt *statement, const char *query_string, bool is_read_only_tree, ProcessUtilityContext context,
			  ParamListInfo params, QueryEnvironment *environment, DestReceiver *receiver, QueryCompletion *completion)
{
	if (!IsA(statement->utilityStmt, TransactionStmt) && !IsA(statement->utilityStmt, VariableSetStmt))
		watch();
	depth++;
	PG_TRY();
	{
		if (previous_utility)
			previous_utility(statement, query_string, is_read_only_tree, context, params, environment, receiver, completion);
		else
			standard_ProcessUtility(statement, query_string, is_read_only_tree, context, params, environment, receiver, completion);
	}
	PG_FINALLY();
	{
		depth--;
	}
	PG_END_TRY();
}

/* Functions called by the protocol's own call, without a statement. */
static void
watch_access(ObjectAccessType access, Oid class_id, Oid object_id, int sub_id, void *arg)
{
	if (previous_access)
		previous_access(access, class_id, object_id, sub_id, arg);
	if (access == OAT_FUNCTION_EXECUTE && depth == 0)
		watch();
}

/*
 * Somebody catches the cancellation of his statement: the timer has fired, and the statement goes on. When the server itself rolls a
 * savepoint back, after the statement has ended, depth is 0 and no trigger runs.
 */
static void
watch_catch(SubXactEvent event, SubTransactionId subid, SubTransactionId parent, void *arg)
{
	if (event != SUBXACT_EVENT_ABORT_SUB || (depth == 0 && !is_in_trigger()) || deadline == 0 || is_busy || get_timeout_active(STATEMENT_TIMEOUT) ||
		GetCurrentTimestamp() < deadline)
		return;
	if (++catches == 1)
		enable_timeout_after(STATEMENT_TIMEOUT, GRACE);
	else
	{
		ProcDiePending = true;
		InterruptPending = true;
	}
}

/* Installs the hooks, where dwh_ext is preloaded. */
void
dwh_limit_watch_init(void)
{
	if (!process_shared_preload_libraries_in_progress)
		return;
	previous_planner = planner_hook;
	planner_hook = watch_planner;
	previous_start = ExecutorStart_hook;
	ExecutorStart_hook = watch_start;
	previous_run = ExecutorRun_hook;
	ExecutorRun_hook = watch_run;
	previous_utility = ProcessUtility_hook;
	ProcessUtility_hook = watch_utility;
	previous_access = object_access_hook;
	object_access_hook = watch_access;
	RegisterSubXactCallback(watch_catch, NULL);
	CacheRegisterSyscacheCallback(AUTHOID, note_role_change, (Datum) 0);
	CacheRegisterSyscacheCallback(AUTHMEMROLEMEM, note_role_change, (Datum) 0);
}

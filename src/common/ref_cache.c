/*
 * ref_cache.c
 *		A backend's private copy of reference tables; see ref_cache.h for the contract.
 *
 * A copy is read with the latest snapshot, so that it may outlive the transaction. A parallel statement has no right to a new
 * snapshot: what is read there serves that statement only. A message that comes in while the tables are being read makes us
 * read again. Messages follow commits, aborts and subtransactions by themselves.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_index.h"
#include "commands/trigger.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "common/owner.h"
#include "common/ref_cache.h"
#include "common/spi.h"

/* How often a read is repeated because of changes meanwhile before what was read is used once and thrown away. */
#define MAX_READS 5

static DwhRefCache *caches = NULL;

PG_FUNCTION_INFO_V1(dwh_sql_invalidate_cache);

/* Relcache callback: notes the change on every cache that holds the table; InvalidOid stands for all tables. */
static void
note_change(Datum arg, Oid relid)
{
	for (DwhRefCache *cache = caches; cache != NULL; cache = cache->next)
		for (int i = 0; i < DWH_REF_CACHE_TABLES && cache->tables[i][0] != NULL; i++)
			if (!OidIsValid(relid) || cache->relids[i] == relid || cache->carriers[i] == relid)
			{
				cache->generation++;
				cache->is_valid = false;
				break;
			}
}

/* Makes the cache known to the callback. */
static void
enlist(DwhRefCache *cache)
{
	static bool is_registered = false;

	if (!is_registered)
	{
		CacheRegisterRelcacheCallback(note_change, (Datum) 0);
		is_registered = true;
	}
	cache->context = AllocSetContextCreate(CacheMemoryContext, "dwh_ext reference rows", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSetIdentifier(cache->context, cache->name);
	cache->next = caches;
	caches = cache;
}

/*
 * The relation that messages of a change of rows name: the primary key's index, or a table without one itself. Asked of pg_index: to open
 * the table would cost a new session more, and not each is read.
 */
static Oid
carrier_of(Oid relid)
{
	Relation	pg_index = table_open(IndexRelationId, AccessShareLock);
	Oid			carrier = relid;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_index_indrelid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relid));
	scan = systable_beginscan(pg_index, IndexIndrelidIndexId, true, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		if (((Form_pg_index) GETSTRUCT(tuple))->indisprimary)
			carrier = ((Form_pg_index) GETSTRUCT(tuple))->indexrelid;
	systable_endscan(scan);
	table_close(pg_index, AccessShareLock);
	return carrier;
}

/* Looks the tables up; they may have been dropped and made again since the last time. */
static void
find_tables(DwhRefCache *cache)
{
	for (int i = 0; i < DWH_REF_CACHE_TABLES && cache->tables[i][0] != NULL; i++)
	{
		Oid			relid = get_relname_relid(cache->tables[i][1], get_namespace_oid(cache->tables[i][0], false));

		cache->relids[i] = relid;
		cache->carriers[i] = OidIsValid(relid) ? carrier_of(relid) : InvalidOid;
	}
}

/* Reads the tables. A caller that fails leaves an invalid copy behind, whose memory the next build takes over. */
void
dwh_ref_cache_build(DwhRefCache *cache)
{
	bool		in_parallel = IsInParallelMode() && !cache->scans;
	uint64		generation;
	int			reads = 0;
	DwhOwnerSwitch owner;

	dwh_require_warehouse();
	if (cache->context == NULL)
		enlist(cache);
	cache->is_valid = false;
	do
	{
		AcceptInvalidationMessages();
		find_tables(cache);
		generation = cache->generation;
		MemoryContextReset(cache->context);
		if (cache->scans)
		{
			cache->build(cache);
			AcceptInvalidationMessages();
			continue;
		}
		dwh_owner_enter(&owner);
		dwh_spi_begin();
		if (!in_parallel)
			PushActiveSnapshot(GetLatestSnapshot());
		cache->build(cache);
		if (!in_parallel)
			PopActiveSnapshot();
		dwh_spi_end();
		dwh_owner_leave(&owner);
	} while (generation != cache->generation && ++reads < MAX_READS);
	cache->is_of_statement = in_parallel;
	cache->statement_at = GetCurrentStatementStartTimestamp();
	cache->is_valid = generation == cache->generation;
}

/* See dwh_ref_cache_begin(). */
void
dwh_ref_cache_accept(FmgrInfo *flinfo)
{
	AcceptInvalidationMessages();
	flinfo->fn_extra = flinfo;
}

/* dwh_internal.invalidate_cache(): statement trigger of the tables that are kept in caches. */
Datum
dwh_sql_invalidate_cache(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" was not called by the trigger manager", "invalidate_cache")));
	CacheInvalidateRelcacheByRelid(carrier_of(RelationGetRelid(((TriggerData *) fcinfo->context)->tg_relation)));
	return PointerGetDatum(NULL);
}

/*
 * ref_cache.h
 *		A backend's private copy of reference tables, dropped when one of them changes.
 *
 * Whoever needs small tables in a function that runs once a row keeps them in a DwhRefCache: it names the tables and a build
 * function that reads them as dwh_owner into cache->context. dwh_ref_cache_use() gives a copy that is as new as the last
 * message of change this backend has accepted. The tables must carry dwh_internal.invalidate_cache() as an ENABLE ALWAYS
 * statement trigger; the messages it sends reach every backend at commit, and this one at once.
 *
 * A pointer into the copy is good until the next call that may accept messages: copy out what you return.
 */
#ifndef DWH_REF_CACHE_H
#define DWH_REF_CACHE_H

#include "access/xact.h"
#include "datatype/timestamp.h"
#include "fmgr.h"

#define DWH_REF_CACHE_TABLES 10

typedef struct DwhRefCache
{
	const char *name;			/* of its memory context; a constant */
	const char *tables[DWH_REF_CACHE_TABLES][2];	/* schema and table, NULL-terminated */
	void		(*build) (struct DwhRefCache *cache);	/* runs inside SPI, as dwh_owner */
	bool		scans;			/* build() scans the tables itself with the catalog's snapshot: no SPI, no role, and what it finds is the
								 * latest state also in parallel mode */

	/* set by ref_cache.c; start as zero */
	MemoryContext context;		/* where build() puts what it keeps */
	Oid			relids[DWH_REF_CACHE_TABLES];
	Oid			carriers[DWH_REF_CACHE_TABLES];	/* what messages of a change of rows name */
	uint64		generation;		/* counts the messages of change */
	bool		is_valid;
	bool		is_of_statement;	/* read with the snapshot of a parallel statement: good for that statement only */
	TimestampTz statement_at;
	struct DwhRefCache *next;
} DwhRefCache;

extern void dwh_ref_cache_build(DwhRefCache *cache);
extern void dwh_ref_cache_accept(FmgrInfo *flinfo);

/* Makes sure that the copy is there and up to date. Raises WH001 where no warehouse stands. */
static inline void
dwh_ref_cache_use(DwhRefCache *cache)
{
	if (unlikely(!cache->is_valid ||
				 (cache->is_of_statement &&
				  !(IsInParallelMode() && cache->statement_at == GetCurrentStatementStartTimestamp()))))
		dwh_ref_cache_build(cache);
}

/* To be called first by SQL functions that use a cache: accepts pending messages once for each expression of a statement. */
static inline void
dwh_ref_cache_begin(FunctionCallInfo fcinfo)
{
	if (unlikely(fcinfo->flinfo->fn_extra == NULL))
		dwh_ref_cache_accept(fcinfo->flinfo);
}

#endif							/* DWH_REF_CACHE_H */

/*
 * copy.h
 *		What one identity may see on one day, as a backend keeps it.
 */
#ifndef DWH_SCOPE_COPY_H
#define DWH_SCOPE_COPY_H

#include "common/identity.h"
#include "common/owner.h"
#include "common/ref_cache.h"
#include "scope/scope.h"

typedef struct DwhScopeCopy
{
	DwhRefCache cache;			/* first, so that the build function finds the rest */
	uint64		number;			/* of the reading, different from all others of this backend; 0: none yet */
	uint64		last_use;		/* counts uses of other copies in between */

	/* whom it is for: a role, or an account that a token proved, 0 for none */
	Oid			role;
	int32		bound;

	/* what statements it is for: those of this day in the warehouse's zone */
	TimestampTz day_begins;
	TimestampTz day_ends;
	DateADT		today;

	int32		account_id;		/* 0: none */
	int			n_subjects;
	DwhSubjectScope *subjects;	/* the first is that of DWH_ANY_SUBJECT */
} DwhScopeCopy;

/* cache.c: the one that was used last */
extern DwhScopeCopy *dwh_scope_copy;

/* Whether the copy with that number, which dwh_scope_use() gave in this statement, is the one that was used last and still holds. */
static inline bool
dwh_scope_holds(uint64 number)
{
	return number == dwh_scope_copy->number && dwh_scope_copy->cache.is_valid;
}

/* The same, and whether it is this caller's. */
static inline bool
dwh_scope_is_current(uint64 number)
{
	return dwh_scope_holds(number) && dwh_scope_copy->role == dwh_caller_role() && dwh_scope_copy->bound == dwh_identity_bound();
}

/* build.c */
extern void dwh_scope_build(DwhRefCache *cache);

#endif							/* DWH_SCOPE_COPY_H */

/*
 * copy.h
 *		What one identity may see on one day, as a backend keeps it.
 */
#ifndef DWH_SCOPE_COPY_H
#define DWH_SCOPE_COPY_H

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

/* build.c */
extern void dwh_scope_build(DwhRefCache *cache);

#endif							/* DWH_SCOPE_COPY_H */

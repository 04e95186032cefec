/*
 * scope.h
 *		Who may see which rows (893 Arts. 3.5, 7.2; 2327 Art. 18.4).
 *
 * A scope belongs to an identity (see common/identity.h) and a day. It is the union of what its grants cover: for each subject the
 * units of the grants that hold this subject, never all units times all subjects. Whoever has no account has an empty one.
 */
#ifndef DWH_SCOPE_H
#define DWH_SCOPE_H

#include "utils/date.h"

/*
 * SQL: whether a row of dwh_catalog.access_grant is in force; "g" its alias, "day" an expression of the day in the warehouse's zone.
 * A revoked grant is out of force at once; its valid_to keeps the day on which that was.
 */
#define DWH_GRANT_IN_FORCE(g, day) \
	"(" g ".valid_from OPERATOR(pg_catalog.<=) " day " AND coalesce(" g ".valid_to OPERATOR(pg_catalog.>=) " day ", true) " \
	"AND " g ".revoked_at IS NULL)"

/* Stands for the units of every grant in force, whatever its subjects: the scope in which an administrator acts. */
#define DWH_ANY_SUBJECT (-1)

/* The units of one subject, or of DWH_ANY_SUBJECT. */
typedef struct DwhSubjectScope
{
	int32		subject_id;
	bool		is_national;	/* a grant on the root holds the subject */
	bool		is_noted;		/* that it is used */
	int			n;
	int32	   *unit_ids;		/* ascending */
	int			n_own;
	int32	   *own_ids;		/* ascending: those of them that have more than their own rows, which is not in the scope */
	int32		first;			/* unit_ids[0] */
	uint32		span;			/* last - first */
	uint64	   *bits;			/* of unit_id - first; NULL where the ids lie too far apart */
} DwhSubjectScope;

/* cache.c */
extern uint64 dwh_scope_use(void);
extern int32 dwh_scope_account(void);
extern const DwhSubjectScope *dwh_scope_subject(int32 subject_id);
extern const DwhSubjectScope *dwh_scope_read_subject(int32 subject_id);
extern bool dwh_scope_search(const int32 *ids, int n, int32 unit_id);

/* Whether the unit is in the scope; NULL is an empty scope. */
static inline bool
dwh_scope_has_unit(const DwhSubjectScope *scope, int32 unit_id)
{
	uint32		offset;

	if (scope == NULL || scope->n == 0)
		return false;
	if (unlikely(scope->bits == NULL))
		return dwh_scope_search(scope->unit_ids, scope->n, unit_id);
	offset = (uint32) unit_id - (uint32) scope->first;
	return offset <= scope->span && ((scope->bits[offset >> 6] >> (offset & 63)) & 1) != 0;
}

/* Whether all that counts for the unit is in the scope. */
static inline bool
dwh_scope_has_whole_unit(const DwhSubjectScope *scope, int32 unit_id)
{
	return dwh_scope_has_unit(scope, unit_id) && !dwh_scope_search(scope->own_ids, scope->n_own, unit_id);
}

#endif							/* DWH_SCOPE_H */

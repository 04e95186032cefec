/*
 * scope.h
 *		Who may see which rows (893 Arts. 3.5, 7.2; 2327 Art. 18.4).
 */
#ifndef DWH_SCOPE_H
#define DWH_SCOPE_H

/*
 * SQL: whether a row of dwh_catalog.access_grant is in force; "g" its alias, "day" an expression of the day in the warehouse's zone.
 * A revoked grant is out of force at once; its valid_to keeps the day on which that was.
 */
#define DWH_GRANT_IN_FORCE(g, day) \
	"(" g ".valid_from OPERATOR(pg_catalog.<=) " day " AND coalesce(" g ".valid_to OPERATOR(pg_catalog.>=) " day ", true) " \
	"AND " g ".revoked_at IS NULL)"

#endif							/* DWH_SCOPE_H */

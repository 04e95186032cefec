/*
 * watch_statement.h
 *		What the privilege watch needs to know of a utility statement.
 */
#ifndef DWH_WATCH_STATEMENT_H
#define DWH_WATCH_STATEMENT_H

#include "lib/stringinfo.h"
#include "nodes/plannodes.h"

/* Whom a statement concerns. About roles of others, given by somebody without power over roles, nobody here is concerned. */
typedef enum DwhWatchScope
{
	DWH_WATCH_NOTHING,
	DWH_WATCH_ROLES,			/* roles of the cluster, in whatever database it is given */
	DWH_WATCH_WAREHOUSE			/* objects of the warehouse in this database */
} DwhWatchScope;

extern DwhWatchScope dwh_watch_scope(Node *statement, StringInfo object);
extern bool dwh_watch_is_weighty(Node *statement);
extern char *dwh_watch_text(const PlannedStmt *statement, const char *query);

#endif							/* DWH_WATCH_STATEMENT_H */

/*
 * compat.h
 *		What differs between versions of PostgreSQL, 15 and later.
 */
#ifndef DWH_COMPAT_H
#define DWH_COMPAT_H

#include "common/jsonapi.h"
#include "utils/backend_status.h"
#include "utils/relcache.h"

/* What the actions of the JSON parser return: nothing before 16. */
#if PG_VERSION_NUM >= 160000
typedef JsonParseErrorType DwhJsonResult;
#define DWH_JSON_GO_ON return JSON_SUCCESS
#else
typedef void DwhJsonResult;
#define DWH_JSON_GO_ON return
#endif

/* The last argument of ExecutorRun, which is gone from 18 on. */
#if PG_VERSION_NUM >= 180000
#define DWH_EXECUTE_ONCE_ARG
#define DWH_EXECUTE_ONCE
#else
#define DWH_EXECUTE_ONCE_ARG , bool execute_once
#define DWH_EXECUTE_ONCE , execute_once
#endif

/* What is known of a backend, by its number from 1 in this transaction's copy of the list. */
static inline LocalPgBackendStatus *
dwh_backend_by_index(int index)
{
#if PG_VERSION_NUM >= 160000
	return pgstat_get_local_beentry_by_index(index);
#else
	return pgstat_fetch_stat_local_beentry(index);
#endif
}

/* The index of a table's primary key, InvalidOid where it has none. */
static inline Oid
dwh_primary_key_index(Relation table)
{
#if PG_VERSION_NUM >= 180000
	return RelationGetPrimaryKeyIndex(table, false);
#else
	return RelationGetPrimaryKeyIndex(table);
#endif
}

/* A lexer over a text that needs not be terminated; escapes are resolved. */
static inline JsonLexContext *
dwh_json_lexer(char *json, int length, int encoding)
{
#if PG_VERSION_NUM >= 170000
	return makeJsonLexContextCstringLen(NULL, json, length, encoding, true);
#else
	return makeJsonLexContextCstringLen(json, length, encoding, true);
#endif
}

#endif							/* DWH_COMPAT_H */

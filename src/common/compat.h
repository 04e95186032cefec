/*
 * compat.h
 *		What differs between versions of PostgreSQL, 15 and later.
 */
#ifndef DWH_COMPAT_H
#define DWH_COMPAT_H

#include "common/jsonapi.h"

/* What the actions of the JSON parser return: nothing before 16. */
#if PG_VERSION_NUM >= 160000
typedef JsonParseErrorType DwhJsonResult;
#define DWH_JSON_GO_ON return JSON_SUCCESS
#else
typedef void DwhJsonResult;
#define DWH_JSON_GO_ON return
#endif

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

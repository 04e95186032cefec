/*
 * members.c
 *		Reading the members of a JSON object strictly, with PostgreSQL's own parser.
 *
 * What two readers could understand differently is refused: a member that stands twice, invalid UTF-8, a zero character. A text
 * that is no such object gives no error, since an error would quote it.
 */
#include "postgres.h"

#include "common/jsonapi.h"
#include "mb/pg_wchar.h"

#include "identity/token.h"

/* What the actions of the JSON parser return: nothing before 16. */
#if PG_VERSION_NUM >= 160000
typedef JsonParseErrorType JsonResult;
#define JSON_GO_ON return JSON_SUCCESS
#else
typedef void JsonResult;
#define JSON_GO_ON return
#endif

typedef struct Reading
{
	JsonLexContext *lexer;
	List	   *members;
	DwhMember  *current;		/* the member of the outermost object that is being read */
	bool		is_twice;
} Reading;

/* A lexer over a text that needs not be terminated; escapes are resolved. */
static JsonLexContext *
json_lexer(char *json, int length, int encoding)
{
#if PG_VERSION_NUM >= 170000
	return makeJsonLexContextCstringLen(NULL, json, length, encoding, true);
#else
	return makeJsonLexContextCstringLen(json, length, encoding, true);
#endif
}

/* A member of the outermost object begins. */
static JsonResult
field_start(void *state, char *name, bool isnull)
{
	Reading    *reading = state;

	if (reading->lexer->lex_level == 1)
	{
		if (dwh_member_find(reading->members, name) != NULL)
			reading->is_twice = true;
		reading->current = palloc0(sizeof(DwhMember));
		reading->current->name = name;
		reading->members = lappend(reading->members, reading->current);
	}
	JSON_GO_ON;
}

/* An array begins: the value of a member, until something else than a string is found in it. */
static JsonResult
array_start(void *state)
{
	Reading    *reading = state;

	if (reading->lexer->lex_level == 1 && reading->current != NULL)
		reading->current->kind = DWH_MEMBER_STRINGS;
	else if (reading->current != NULL)
		reading->current->kind = DWH_MEMBER_OTHER;
	JSON_GO_ON;
}

/* An object begins: inside a member, it is not looked into. */
static JsonResult
object_start(void *state)
{
	Reading    *reading = state;

	if (reading->current != NULL)
		reading->current->kind = DWH_MEMBER_OTHER;
	JSON_GO_ON;
}

/* A value that has no parts. */
static JsonResult
scalar(void *state, char *token, JsonTokenType type)
{
	Reading    *reading = state;
	DwhMember  *member = reading->current;

	if (member == NULL)
		JSON_GO_ON;
	if (reading->lexer->lex_level == 1)
	{
		member->text = token;
		member->kind = type == JSON_TOKEN_STRING ? DWH_MEMBER_STRING :
			type == JSON_TOKEN_NUMBER ? DWH_MEMBER_NUMBER :
			type == JSON_TOKEN_TRUE ? DWH_MEMBER_TRUE : DWH_MEMBER_OTHER;
	}
	else if (member->kind == DWH_MEMBER_STRINGS)
	{
		if (type == JSON_TOKEN_STRING)
			member->strings = lappend(member->strings, token);
		else
			member->kind = DWH_MEMBER_OTHER;
	}
	JSON_GO_ON;
}

/* The members (DwhMember *) of a JSON object; NIL where the text is none, has no member, or has one twice. */
List *
dwh_members_read(char *json, int length)
{
	JsonSemAction actions = {0};
	Reading		reading = {0};

	if (pg_encoding_verifymbstr(PG_UTF8, json, length) != length)
		return NIL;
	if (GetDatabaseEncoding() != PG_UTF8)
		for (int i = 0; i < length; i++)
			if (IS_HIGHBIT_SET(json[i]))
				return NIL;
	reading.lexer = json_lexer(json, length, GetDatabaseEncoding());
	actions.semstate = &reading;
	actions.object_start = object_start;
	actions.object_field_start = field_start;
	actions.array_start = array_start;
	actions.scalar = scalar;
	if (pg_parse_json(reading.lexer, &actions) != JSON_SUCCESS || reading.is_twice)
		return NIL;
	return reading.members;
}

/* The member of that name, NULL for none. */
const DwhMember *
dwh_member_find(const List *members, const char *name)
{
	ListCell   *cell;

	foreach(cell, members)
	{
		const DwhMember *member = lfirst(cell);

		if (strcmp(member->name, name) == 0)
			return member;
	}
	return NULL;
}

/* The text of a member that is a string and not empty; NULL where there is none such. */
const char *
dwh_member_string(const List *members, const char *name)
{
	const DwhMember *member = dwh_member_find(members, name);

	return member != NULL && member->kind == DWH_MEMBER_STRING && member->text[0] != '\0' ? member->text : NULL;
}

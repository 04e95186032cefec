/*
 * token.c
 *		Verifying a token: form, key, signature, claims, in this order.
 *
 * Before the signature is verified, two members are read: kid and iss, which only choose among registered keys. Everything else is
 * believed after it. A refusal says in general words why; it never quotes the token.
 */
#include "postgres.h"

#include <math.h>

#include "utils/timestamp.h"

#include "identity/token.h"

/* Longer texts are no tokens of a person. */
#define MAX_TOKEN_LENGTH 16384

/* Seconds since 1970 that are taken for a time: up to the year 9999. */
#define MAX_NUMERIC_DATE 253402300799.0

#define MAX_NAME_LENGTH 255

/* The three parts of a token, still encoded. */
typedef struct Parts
{
	const char *header;
	int			header_length;
	const char *payload;
	int			payload_length;
	const char *signature;
	int			signature_length;
} Parts;

/* Splits a token; why it is none, NULL where it is one. */
static const char *
split(const char *token, int length, Parts *parts)
{
	int			dots[2];
	int			n_dots = 0;

	if (length > MAX_TOKEN_LENGTH)
		return "it is longer than 16384 bytes";
	for (int i = 0; i < length; i++)
	{
		char		c = token[i];

		if (c == '.')
		{
			if (n_dots < 2)
				dots[n_dots] = i;
			n_dots++;
		}
		else if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'))
			return "it is no signed token in compact form";
	}
	if (n_dots != 2)
		return "it is no signed token in compact form";
	parts->header = token;
	parts->header_length = dots[0];
	parts->payload = token + dots[0] + 1;
	parts->payload_length = dots[1] - dots[0] - 1;
	parts->signature = token + dots[1] + 1;
	parts->signature_length = length - dots[1] - 1;
	return parts->signature_length == 0 ? "it is not signed" : NULL;
}

/* The members of an encoded part, NIL where it has none. */
static List *
read_part(const char *text, int length)
{
	int			decoded_length = 0;
	char	   *decoded = dwh_base64url_decode(text, length, &decoded_length);

	return decoded == NULL ? NIL : dwh_members_read(decoded, decoded_length);
}

/* A time in seconds. Returns whether the member is absent or well formed; NaN for an absent one. */
static bool
read_time(const List *claims, const char *name, double *seconds)
{
	const DwhMember *member = dwh_member_find(claims, name);

	*seconds = NAN;
	if (member == NULL)
		return true;
	if (member->kind != DWH_MEMBER_NUMBER)
		return false;
	*seconds = strtod(member->text, NULL);
	return *seconds >= 0 && *seconds <= MAX_NUMERIC_DATE;
}

/* Whether the token is meant for the audience. */
static bool
is_for(const List *claims, const char *audience)
{
	const DwhMember *member = dwh_member_find(claims, "aud");
	ListCell   *cell;

	if (member == NULL)
		return false;
	if (member->kind == DWH_MEMBER_STRING)
		return strcmp(member->text, audience) == 0;
	if (member->kind != DWH_MEMBER_STRINGS)
		return false;
	foreach(cell, member->strings)
		if (strcmp(lfirst(cell), audience) == 0)
			return true;
	return false;
}

/* Why the times of a token do not fit, NULL where they do. */
static const char *
check_times(const List *claims, const DwhTokenIssuer *issuer, TimestampTz *expires_at)
{
	double		unix_epoch = (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * (double) SECS_PER_DAY;
	double		now = GetCurrentTimestamp() / (double) USECS_PER_SEC + unix_epoch;
	double		expires,
				not_before,
				issued;

	if (!read_time(claims, "exp", &expires) || !read_time(claims, "nbf", &not_before) || !read_time(claims, "iat", &issued))
		return "one of its times is none";
	if (isnan(expires))
		return "it has no end";
	if (expires + issuer->leeway <= now)
		return "it has expired";
	if (!isnan(not_before) && not_before - issuer->leeway > now)
		return "it is not valid yet";
	if (!isnan(issued) && issued - issuer->leeway > now)
		return "it was issued in the future";
	if (expires - (isnan(issued) ? now : issued) > issuer->longest)
		return "it lasts longer than its issuer's tokens may";
	*expires_at = (TimestampTz) ((expires + issuer->leeway - unix_epoch) * USECS_PER_SEC);
	return NULL;
}

/* The claim that names the account: why there is none, NULL where there is one. */
static const char *
read_name(const List *claims, bool is_by_email, DwhToken *verified)
{
	const char *name = dwh_member_string(claims, is_by_email ? "email" : "sub");
	const DwhMember *is_verified = dwh_member_find(claims, "email_verified");

	if (name == NULL)
		return "it names nobody";
	if (strlen(name) > MAX_NAME_LENGTH)
		return "the name in it is too long";
	if (is_by_email && is_verified != NULL && is_verified->kind != DWH_MEMBER_TRUE)
		return "its e-mail address is not verified";
	verified->is_by_email = is_by_email;
	verified->name = pstrdup(name);
	return NULL;
}

/* Whether the header asks for what is not done here. */
static bool
is_strange_header(const List *header)
{
	const DwhMember *type = dwh_member_find(header, "typ");

	if (dwh_member_find(header, "crit") != NULL || dwh_member_find(header, "b64") != NULL ||
		dwh_member_find(header, "zip") != NULL)
		return true;
	return type != NULL && (type->kind != DWH_MEMBER_STRING ||
							(pg_strcasecmp(type->text, "JWT") != 0 && pg_strcasecmp(type->text, "at+jwt") != 0 &&
							 pg_strcasecmp(type->text, "application/at+jwt") != 0));
}

/* Verifies a token, which is terminated. Returns why it is refused, a constant; NULL where it holds, and then what it says. */
const char *
dwh_token_verify(const char *token, int length, DwhToken *verified)
{
	Parts		parts;
	List	   *header;
	List	   *claims;
	const char *text;
	const char *why = split(token, length, &parts);
	const DwhTokenIssuer *issuer;
	const DwhTokenKey *key;

	if (why != NULL)
		return why;
	header = read_part(parts.header, parts.header_length);
	claims = read_part(parts.payload, parts.payload_length);
	if (header == NIL || claims == NIL)
		return "it is no signed token in compact form";
	if (is_strange_header(header))
		return "its header asks for something that is not supported";

	dwh_token_rows_use();
	text = dwh_member_string(claims, "iss");
	issuer = text == NULL ? NULL : dwh_token_issuer_find(text);
	if (issuer == NULL)
		return "its issuer is not registered";
	text = dwh_member_string(header, "kid");
	key = text == NULL ? NULL : dwh_token_key_find(issuer->issuer_id, text);
	if (key == NULL)
		return "its key is not registered or not valid today";
	/* RFC 8725, 3.1: the key says the algorithm, never the token. */
	text = dwh_member_string(header, "alg");
	if (text == NULL || strcmp(text, key->algorithm) != 0)
		return "its algorithm is not that of the registered key";
	if (!dwh_token_signature_holds(token, length, key))
		return "its signature does not hold";

	if (!is_for(claims, issuer->audience))
		return "it is meant for somebody else";
	if ((why = check_times(claims, issuer, &verified->expires_at)) != NULL)
		return why;
	verified->key_id = key->key_id;
	return read_name(claims, issuer->is_by_email, verified);
}

/*
 * token.h
 *		Signed tokens (RFC 7515, 7519) that prove who is behind a gateway's connection.
 *
 * A token is verified against rows that central administrators keep: issuers, their public keys, and the login roles of gateways.
 * Nothing in a token chooses how it is verified: the key names the one algorithm that it may be used with. No text of a token
 * reaches an error, a log or a table.
 */
#ifndef DWH_TOKEN_H
#define DWH_TOKEN_H

#include "audit/audit.h"
#include "datatype/timestamp.h"
#include "nodes/pg_list.h"
#include "utils/date.h"

/* One member of a JSON object. */
typedef enum DwhMemberKind
{
	DWH_MEMBER_OTHER,			/* null, boolean, object, array that holds anything but strings */
	DWH_MEMBER_TRUE,
	DWH_MEMBER_STRING,
	DWH_MEMBER_NUMBER,
	DWH_MEMBER_STRINGS			/* array of strings */
} DwhMemberKind;

typedef struct DwhMember
{
	char	   *name;
	DwhMemberKind kind;
	char	   *text;			/* of a string or a number */
	List	   *strings;		/* char *, of an array */
} DwhMember;

typedef struct DwhTokenIssuer
{
	int			issuer_id;
	char	   *issuer;
	char	   *audience;
	bool		is_by_email;	/* the claim e-mail names the account, not sub */
	int			leeway;			/* seconds by which clocks may differ */
	int			longest;		/* seconds that a token may last */
} DwhTokenIssuer;

typedef struct DwhTokenKey
{
	int			key_id;
	int			issuer_id;
	char	   *kid;
	char	   *algorithm;
	char	   *jwk;			/* public members only */
	DateADT		valid_from;
	DateADT		valid_to;
} DwhTokenKey;

/* What a verified token says. */
typedef struct DwhToken
{
	int			key_id;
	bool		is_by_email;
	char	   *name;			/* sub, or the e-mail address */
	TimestampTz expires_at;
} DwhToken;

/* bound.c */
extern void dwh_bound_init(void);
extern void dwh_bound_publish(int32 account_id);
extern bool dwh_bound_is_dropped(int32 account_id);
extern void dwh_bound_drop(int32 account_id);

/* members.c */
extern List *dwh_members_read(char *json, int length);
extern const DwhMember *dwh_member_find(const List *members, const char *name);
extern const char *dwh_member_string(const List *members, const char *name);

/* token.c */
extern const char *dwh_token_verify(const char *token, int length, DwhToken *verified);

/* token_key.c */
extern const char *dwh_token_key_check(const char *algorithm, const char *jwk);
extern bool dwh_token_signature_holds(const char *token, int length, const DwhTokenKey *key);
extern char *dwh_base64url_decode(const char *text, int length, int *decoded_length);

/* token_rows.c */
extern void dwh_token_rows_use(void);
extern const DwhTokenIssuer *dwh_token_issuer_find(const char *issuer);
extern const DwhTokenKey *dwh_token_key_find(int issuer_id, const char *kid);
extern bool dwh_token_binding_stands(int key_id, Oid session_user);
extern bool dwh_gateway_find(const char *login_role, bool *is_session);

#endif							/* DWH_TOKEN_H */

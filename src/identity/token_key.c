/*
 * token_key.c
 *		Public keys and signatures: the only file that calls cjose.
 *
 * cjose was chosen over libjwt since a key of cjose carries its kind, since it hands out the signed bytes themselves instead of
 * what one JSON reader made of them, and since its interface is the same in every distribution that has PostgreSQL 15 to 18. It
 * knows RSA and elliptic curves, no EdDSA. It allocates with malloc and jumps nowhere: no error is raised between its calls, and all
 * that it made is released in the same function.
 */
#include "postgres.h"

#include <cjose/cjose.h>
#include <openssl/err.h>

#include "identity/token.h"

/* A shorter modulus is not safe; a longer one lets a key make every check slow. */
#define MIN_RSA_BITS 2048
#define MAX_RSA_BITS 8192

/* The algorithms that a key may be registered for. */
static const struct
{
	const char *name;
	cjose_jwk_kty_t kty;
	cjose_jwk_ec_curve curve;
	int			signature_length;	/* 0: that of the modulus, which OpenSSL sees to */
}			algorithms[] = {
	{"ES256", CJOSE_JWK_KTY_EC, CJOSE_JWK_EC_P_256, 64},
	{"ES384", CJOSE_JWK_KTY_EC, CJOSE_JWK_EC_P_384, 96},
	{"ES512", CJOSE_JWK_KTY_EC, CJOSE_JWK_EC_P_521, 132},
	{"PS256", CJOSE_JWK_KTY_RSA},
	{"PS384", CJOSE_JWK_KTY_RSA},
	{"PS512", CJOSE_JWK_KTY_RSA},
	{"RS256", CJOSE_JWK_KTY_RSA},
	{"RS384", CJOSE_JWK_KTY_RSA},
	{"RS512", CJOSE_JWK_KTY_RSA},
};

/* The place of an algorithm in the list, -1 for one that is not in it. */
static int
find_algorithm(const char *name)
{
	for (int i = 0; i < lengthof(algorithms); i++)
		if (strcmp(algorithms[i].name, name) == 0)
			return i;
	return -1;
}

/* Whether the bits of the last character that belong to no byte are zero: one byte string has one text. */
static bool
is_canonical(const char *text, int length)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const char *last = strchr(alphabet, text[length - 1]);
	int			unused = length % 4 == 2 ? 0x0f : length % 4 == 3 ? 0x03 : 0;

	return last != NULL && ((last - alphabet) & unused) == 0;
}

/* What base64url without padding stands for, palloc'ed and terminated; NULL where it is no such text. */
char *
dwh_base64url_decode(const char *text, int length, int *decoded_length)
{
	uint8_t    *decoded = NULL;
	size_t		size = 0;
	char	   *copy = NULL;

	if (length == 0 || length % 4 == 1 || !is_canonical(text, length) ||
		!cjose_base64url_decode(text, length, &decoded, &size, NULL))
		return NULL;
	copy = palloc_extended(size + 1, MCXT_ALLOC_NO_OOM);
	if (copy != NULL)
	{
		memcpy(copy, decoded, size);
		copy[size] = '\0';
		*decoded_length = (int) size;
	}
	free(decoded);
	return copy;
}

/* Why the modulus and the exponent of an RSA key cannot be used, NULL where they can. */
static const char *
check_rsa(const List *members)
{
	const char *n = dwh_member_string(members, "n");
	const char *e = dwh_member_string(members, "e");
	unsigned char *bytes;
	int			length,
				bits;
	uint64		exponent = 0;

	if (n == NULL || e == NULL ||
		(bytes = (unsigned char *) dwh_base64url_decode(n, (int) strlen(n), &length)) == NULL)
		return "a key of kind RSA has the members n and e, in base64url";
	for (; length > 0 && bytes[0] == 0; length--)
		bytes++;
	bits = length * 8;
	for (int mask = 0x80; length > 0 && (bytes[0] & mask) == 0; mask >>= 1)
		bits--;
	if (bits < MIN_RSA_BITS || bits > MAX_RSA_BITS)
		return "a key of kind RSA has from 2048 to 8192 bits";
	bytes = (unsigned char *) dwh_base64url_decode(e, (int) strlen(e), &length);
	if (bytes == NULL || length > 8)
		return "the exponent is not usable";
	for (int i = 0; i < length; i++)
		exponent = exponent << 8 | bytes[i];
	return exponent < 3 || exponent % 2 == 0 ? "the exponent is not usable" : NULL;
}

/* Why the key cannot be used with the algorithm, NULL where it can. */
const char *
dwh_token_key_check(const char *algorithm, const char *jwk)
{
	cjose_jwk_t *key;
	const char *why = NULL;
	int			i = find_algorithm(algorithm);

	if (i < 0)
		return "the algorithm is none of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512";
	if (algorithms[i].kty == CJOSE_JWK_KTY_RSA &&
		(why = check_rsa(dwh_members_read(unconstify(char *, jwk), (int) strlen(jwk)))) != NULL)
		return why;
	key = cjose_jwk_import(jwk, strlen(jwk), NULL);
	if (key == NULL)
		why = "it is no public key of kind RSA or EC in the form of RFC 7517";
	else if (cjose_jwk_get_kty(key, NULL) != algorithms[i].kty ||
			 (algorithms[i].kty == CJOSE_JWK_KTY_EC && cjose_jwk_EC_get_curve(key, NULL) != algorithms[i].curve))
		why = "the key is of another kind than the algorithm needs";
	(void) cjose_jwk_release(key);
	ERR_clear_error();
	return why;
}

/* Whether the token is signed with the key; its algorithm is the key's, and known. */
bool
dwh_token_signature_holds(const char *token, int length, const DwhTokenKey *key)
{
	const char *signature = strrchr(token, '.') + 1;
	int			needed = algorithms[find_algorithm(key->algorithm)].signature_length;
	int			signature_length;
	cjose_jwk_t *jwk;
	cjose_jws_t *jws;
	bool		holds;

	if (dwh_base64url_decode(signature, (int) (token + length - signature), &signature_length) == NULL ||
		(needed != 0 && signature_length != needed))
		return false;
	jwk = cjose_jwk_import(key->jwk, strlen(key->jwk), NULL);
	jws = jwk == NULL ? NULL : cjose_jws_import(token, length, NULL);
	holds = jws != NULL && cjose_jws_verify(jws, jwk, NULL);
	if (jws != NULL)
		cjose_jws_release(jws);
	if (jwk != NULL)
		(void) cjose_jwk_release(jwk);
	ERR_clear_error();
	return holds;
}

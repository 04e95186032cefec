/*
 * sha256.c
 *		SHA-256 of bytes that are all at hand. OpenSSL is asked directly: pg_cryptohash looks the algorithm up for each digest, which for
 *		the few bytes of a node of the log's tree costs twice what the hashing does.
 */
#include "postgres.h"

#include <openssl/evp.h>

#include "common/sha256.h"

void
dwh_sha256(const void *first, Size first_size, const void *second, Size second_size, uint8 *digest)
{
	/* for the life of the process */
	static EVP_MD *algorithm = NULL;
	static EVP_MD_CTX *context = NULL;

	if (algorithm == NULL)
		algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (context == NULL)
		context = EVP_MD_CTX_new();
	if (algorithm == NULL || context == NULL || EVP_DigestInit_ex2(context, algorithm, NULL) != 1 ||
		EVP_DigestUpdate(context, first, first_size) != 1 || EVP_DigestUpdate(context, second, second_size) != 1 ||
		EVP_DigestFinal_ex(context, digest, NULL) != 1)
		elog(ERROR, "OpenSSL computes no SHA-256");
}

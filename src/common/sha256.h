/*
 * sha256.h
 *		SHA-256 of bytes that are all at hand.
 */
#ifndef DWH_SHA256_H
#define DWH_SHA256_H

#define DWH_SHA256_SIZE 32

/* The digest of two parts, one after the other; either may be empty, and the digest may go where a part is. */
extern void dwh_sha256(const void *first, Size first_size, const void *second, Size second_size, uint8 *digest);

#endif							/* DWH_SHA256_H */

/*
 * postgres.h
 *		What the byte-level files of src/aggregate need of the server, for compiling them outside of it.
 *
 * Memory is taken from malloc, so that AddressSanitizer sees every block, and given back all at once by shim_reset(), as a
 * memory context's is. The two errors that the files raise jump to shim_error.
 */
#ifndef SHIM_POSTGRES_H
#define SHIM_POSTGRES_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint8_t uint8;
typedef uint16_t uint16;
typedef uint32_t uint32;
typedef uint64_t uint64;
typedef int32_t int32;
typedef int64_t int64;
typedef size_t Size;
typedef void *MemoryContext;

#define UINT64CONST(x)		(x##UL)
#define PG_INT32_MAX		0x7FFFFFFF
#define PG_UINT32_MAX		0xFFFFFFFFU
#define PG_UINT64_MAX		UINT64CONST(0xFFFFFFFFFFFFFFFF)
#define VARHDRSZ			4
#define Min(a, b)			((a) < (b) ? (a) : (b))
#define Max(a, b)			((a) > (b) ? (a) : (b))
#define PG_VERSION_NUM		150000
#define Assert(condition)	do { if (!(condition)) abort(); } while (0)

extern void *palloc(Size size);
extern void *repalloc(void *block, Size size);
extern void pfree(void *block);

#endif

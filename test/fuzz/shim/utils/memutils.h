/*
 * memutils.h
 *		Memory contexts as far as the byte-level files use them; see postgres.h beside this folder.
 */
#ifndef SHIM_MEMUTILS_H
#define SHIM_MEMUTILS_H

#define MaxAllocSize		((Size) 0x3fffffff)
#define MemoryContextAlloc(context, size)		((void) (context), palloc(size))
#define MemoryContextAllocHuge(context, size)	((void) (context), palloc(size))
#define MemoryContextAllocZero(context, size)	((void) (context), memset(palloc(size), 0, (size)))
#define repalloc_huge(block, size)				repalloc(block, size)

#endif

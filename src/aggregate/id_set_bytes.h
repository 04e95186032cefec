/*
 * id_set_bytes.h
 *		Byte-level half of the type dwh.id_set: the portable Roaring format, its text form, set algebra and the live state.
 *
 * A value is the portable Roaring serialisation (little endian): a header with one descriptor (key = upper 16 bits,
 * number of ids) a container, then the containers: sorted uint16 array, bitset of 65536 bits, or runs. Everything written
 * here is CANONICAL: containers ascend, none is empty, and each has the smallest of its three forms (the array or bitset
 * on a tie), so equal sets are equal bytes. Whatever comes from outside passes dwh_id_set_validate() and
 * dwh_id_set_normalise() first.
 *
 * The files behind this header (id_set_bytes.c, id_set_algebra.c, id_set_text.c, id_set_state.c) touch the server only through
 * palloc, MemoryContextAlloc and CHECK_FOR_INTERRUPTS: test/fuzz compiles the same files outside the server. The array
 * kernels are CRoaring's, called on buffers of ours: nothing is ever allocated with malloc, so an error leaks nothing.
 */
#ifndef DWH_ID_SET_BYTES_H
#define DWH_ID_SET_BYTES_H

#include "common/compat.h"

#ifdef WORDS_BIGENDIAN
#error "dwh.id_set reads and writes little-endian words in place"
#endif

/* The greatest id: ids are non-negative values of the SQL type integer. */
#define DWH_ID_MAX				PG_INT32_MAX

#define DWH_CONTAINER_IDS		65536
#define DWH_CONTAINER_WORDS		1024
#define DWH_ARRAY_MAX			4096	/* more ids than this are never an array */
/* CRoaring's vectorised kernels may write a vector past the end of their result. */
#define DWH_VALUES_MAX			(DWH_CONTAINER_IDS + 16)

#define DWH_ID_SET_HEADER_MIN	8	/* size of the empty set, and of the smallest header */

typedef enum DwhContainerKind
{
	DWH_CONTAINER_ARRAY,
	DWH_CONTAINER_BITSET,
	DWH_CONTAINER_RUN
} DwhContainerKind;

/* One container as it lies in the bytes; data is not aligned. */
typedef struct DwhContainer
{
	uint32		key;			/* upper 16 bits of its ids */
	DwhContainerKind kind;
	uint32		card;			/* 1 .. 65536 */
	uint32		n_runs;			/* for DWH_CONTAINER_RUN */
	const uint8 *data;			/* first value, word or run */
	Size		size;			/* bytes at data (without the count of runs) */
} DwhContainer;

typedef struct DwhIdSetReader
{
	const uint8 *bytes;
	Size		len;
	uint32		n_containers;
	uint32		next;
	const uint8 *run_flags;		/* NULL when no container is a run container */
	const uint8 *descriptors;
	Size		position;		/* of the next container */
} DwhIdSetReader;

/* Growing palloc'd bytes. */
typedef struct DwhBytes
{
	uint8	   *data;
	Size		len;
	Size		cap;
} DwhBytes;

typedef struct DwhDescriptor
{
	uint16		key;
	uint16		card_minus_1;
	uint32		size;			/* bytes of the container, with the count of runs */
	bool		is_run;
} DwhDescriptor;

/* Collects containers in ascending order of key; all memory is palloc'd in the current context. */
typedef struct DwhIdSetWriter
{
	DwhBytes	data;
	DwhDescriptor *descriptors;
	uint32		n;
	uint32		cap;
	bool		has_run;
} DwhIdSetWriter;

/* A closed range of ids, first <= last. */
typedef struct DwhRange
{
	uint32		first;
	uint32		last;
} DwhRange;

typedef enum DwhSetOp
{
	DWH_SET_UNION,
	DWH_SET_INTERSECT,
	DWH_SET_DIFFERENCE,
	DWH_SET_SYMMETRIC
} DwhSetOp;

/* What is wrong with a text, and where (byte offset). */
typedef struct DwhTextError
{
	Size		offset;
	const char *reason;			/* a full sentence */
} DwhTextError;

/*
 * The live set that the aggregates fill: a buffer of ids (sorted prefix, unsorted tail) and, for each block of 4096 ids of
 * which at least DWH_BLOCK_DENSE are present, a bitset. See id_set_state.c. All zeros but for ids and cap is the empty set.
 */
#define DWH_STATE_INLINE		8
#define DWH_BLOCK_SHIFT			12
#define DWH_BLOCK_WORDS			64
#define DWH_BLOCK_DENSE			64

typedef struct DwhIdState
{
	uint32	   *ids;
	uint32		n;
	uint32		n_sorted;
	uint32		cap;
	uint32		block_first;	/* block number of blocks[0] */
	uint32		block_span;		/* entries of blocks; NULL = no bitset for that block */
	uint32		n_blocks;		/* entries that are not NULL */
	uint64	  **blocks;
	uint32		inline_ids[DWH_STATE_INLINE];
} DwhIdState;

/* Supplied by the caller's side: id_set.c in the server, the shim in test/fuzz. */
pg_noreturn extern void dwh_id_set_corrupt(void);
pg_noreturn extern void dwh_id_set_too_large(void);

/* id_set_bytes.c */
extern void dwh_bytes_reserve(DwhBytes *bytes, Size more);
extern void dwh_bytes_append(DwhBytes *bytes, const void *data, Size len);
extern bool dwh_header_fits(DwhIdSetReader *reader, const uint8 *bytes, Size len);
extern void dwh_reader_open(DwhIdSetReader *reader, const uint8 *bytes, Size len);
extern bool dwh_reader_next(DwhIdSetReader *reader, DwhContainer *container);
extern const char *dwh_id_set_validate(const uint8 *bytes, Size len, uint32 max_id);
extern void dwh_id_set_normalise(const uint8 *bytes, Size len, DwhIdSetWriter *writer);
extern void dwh_writer_init(DwhIdSetWriter *writer);
extern void dwh_writer_free(DwhIdSetWriter *writer);
extern void dwh_writer_add_values(DwhIdSetWriter *writer, uint32 key, const uint16 *values, uint32 n);
extern void dwh_writer_add_words(DwhIdSetWriter *writer, uint32 key, const uint64 *words);
extern void dwh_writer_add_runs(DwhIdSetWriter *writer, uint32 key, const DwhRange *runs, uint32 n);
extern void dwh_writer_add_container(DwhIdSetWriter *writer, const DwhContainer *container);
extern void dwh_writer_add_ranges(DwhIdSetWriter *writer, const DwhRange *ranges, Size n);
extern Size dwh_writer_size(const DwhIdSetWriter *writer);
extern void dwh_writer_finish(DwhIdSetWriter *writer, uint8 *out);
extern uint32 dwh_words_count(const uint64 *words, uint32 n_words);
extern void dwh_words_set_range(uint64 *words, uint32 first, uint32 last);
extern void dwh_container_load(const DwhContainer *container, uint64 *words);
extern uint32 dwh_container_values(const DwhContainer *container, uint16 *values);

/* id_set_algebra.c */
extern void dwh_id_set_apply(DwhSetOp op, const uint8 *a, Size a_len, const uint8 *b, Size b_len, DwhIdSetWriter *writer);
extern int64 dwh_id_set_count(const uint8 *bytes, Size len);
extern int64 dwh_id_set_overlap(const uint8 *a, Size a_len, const uint8 *b, Size b_len);
extern bool dwh_id_set_intersects(const uint8 *a, Size a_len, const uint8 *b, Size b_len);
extern bool dwh_id_set_includes(const uint8 *a, Size a_len, const uint8 *b, Size b_len);
extern int	dwh_id_set_compare(const uint8 *a, Size a_len, const uint8 *b, Size b_len);
extern bool dwh_id_set_has(const uint8 *bytes, Size len, uint32 id);
extern int64 dwh_id_set_rank(const uint8 *bytes, Size len, uint32 id);
extern bool dwh_id_set_first(const uint8 *bytes, Size len, uint32 *id);
extern bool dwh_id_set_last(const uint8 *bytes, Size len, uint32 *id);

/* id_set_text.c */
extern bool dwh_id_set_parse(const char *text, Size len, DwhIdSetWriter *writer, DwhTextError *error);
extern void dwh_id_set_print(const uint8 *bytes, Size len, DwhBytes *text);

/* id_set_state.c */
extern void dwh_state_init(DwhIdState *state);
extern void dwh_state_compact(DwhIdState *state, MemoryContext context);
extern void dwh_state_add_set(DwhIdState *state, MemoryContext context, const uint8 *bytes, Size len);
extern int64 dwh_state_count(DwhIdState *state, MemoryContext context);
extern void dwh_state_write(DwhIdState *state, MemoryContext context, DwhIdSetWriter *writer);

static inline uint16
dwh_read_u16(const uint8 *p)
{
	uint16		v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint32
dwh_read_u32(const uint8 *p)
{
	uint32		v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint64
dwh_read_u64(const uint8 *p)
{
	uint64		v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/*
 * Adds one id to a live set; memory comes from context. This is the cost of a row of dwh.distinct_count(), hence inline.
 */
static inline void
dwh_state_add(DwhIdState *state, MemoryContext context, uint32 id)
{
	uint32		block = (id >> DWH_BLOCK_SHIFT) - state->block_first;

	if (block < state->block_span && state->blocks[block] != NULL)
	{
		state->blocks[block][(id >> 6) & (DWH_BLOCK_WORDS - 1)] |= UINT64CONST(1) << (id & 63);
		return;
	}
	if (state->n > 0 && state->ids[state->n - 1] == id)
		return;
	if (state->n == state->cap)
		dwh_state_compact(state, context);
	state->ids[state->n++] = id;
}

#endif							/* DWH_ID_SET_BYTES_H */

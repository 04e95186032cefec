/*
 * id_set_state.c
 *		The live set that the aggregates fill, one a group.
 *
 * Ids are appended to a buffer that starts inside the state (a group of five ids costs one allocation). When the buffer is
 * full its tail is sorted (insertion sort, or radix sort over the bits that vary), freed of duplicates and merged into the
 * sorted prefix; only a buffer that is still more than 5/8 full is doubled. A block of 4096 ids of which 64 or more are
 * present becomes a bitset (8.3 bytes an id), and its ids are set there without any sorting: surrogate ids are handed out
 * densely by home unit, so most rows take that path. An id takes at most 13 bytes, also while ids move from the buffer to
 * bitsets, all of it from the memory context that is passed in, so work_mem sees it.
 *
 * Invariants: ids[0 .. n_sorted) is strictly ascending; an id may stand in the buffer and in a block until the next
 * compaction, after which it stands in one of them.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "aggregate/id_set_bytes.h"

#define INSERTION_MAX		40	/* longest tail that insertion sort takes */
#define STACK_SCRATCH		1024	/* longest tail that is radix sorted on the stack */
#define DIGIT_BITS_MAX		11	/* of a pass of the radix sort: its counters stay in the first-level cache */
#define BLOCK_BYTES			(DWH_BLOCK_WORDS * sizeof(uint64) + 16) /* with the allocator's header */
#define CHUNK				65536	/* ids between two looks at interrupts */

/*
 * Makes an empty state in memory that may be uninitialised.
 */
void
dwh_state_init(DwhIdState *state)
{
	memset(state, 0, offsetof(DwhIdState, inline_ids));
	state->ids = state->inline_ids;
	state->cap = DWH_STATE_INLINE;
}

/*
 * Sorts ids with a radix sort over the bits in which they differ, in as many passes as cost least: a pass takes about two
 * steps an id and one a digit value.
 */
static void
radix_sort(uint32 *ids, uint32 *scratch, uint32 n)
{
	uint32		varying = 0;
	uint32		shift;
	uint32		bits;
	uint32		digit_bits = DIGIT_BITS_MAX;
	uint64		least = PG_UINT64_MAX;
	uint32		mask;
	uint32		counts[1 << DIGIT_BITS_MAX];
	uint32	   *from = ids;
	uint32	   *to = scratch;

	for (uint32 i = 1; i < n; i++)
		varying |= ids[i] ^ ids[0];
	if (varying == 0)
		return;
	shift = __builtin_ctz(varying);
	bits = 32 - __builtin_clz(varying) - shift;
	for (uint32 passes = (bits + DIGIT_BITS_MAX - 1) / DIGIT_BITS_MAX; passes <= 4; passes++)
	{
		uint32		digit = (bits + passes - 1) / passes;
		uint64		cost = passes * ((uint64) n * 2 + (1u << digit));

		if (cost < least)
		{
			least = cost;
			digit_bits = digit;
		}
	}
	mask = (1u << digit_bits) - 1;

	for (uint32 end = shift + bits; shift < end; shift += digit_bits)
	{
		uint32	   *swap = from;
		uint32		place = 0;

		memset(counts, 0, (mask + 1) * sizeof(uint32));
		for (uint32 i = 0; i < n; i++)
			counts[(from[i] >> shift) & mask]++;
		for (uint32 digit = 0; digit <= mask; digit++)
		{
			uint32		count = counts[digit];

			counts[digit] = place;
			place += count;
		}
		for (uint32 start = 0; start < n; start += CHUNK)
		{
			uint32		stop = Min(n, start + CHUNK);

			CHECK_FOR_INTERRUPTS();
			for (uint32 i = start; i < stop; i++)
				to[counts[(from[i] >> shift) & mask]++] = from[i];
		}
		from = to;
		to = swap;
	}
	if (from != ids)
		memcpy(ids, from, (Size) n * sizeof(uint32));
}

/*
 * Sorts the tail, drops its duplicates and merges it into the prefix.
 */
static void
merge_tail(DwhIdState *state, MemoryContext context)
{
	uint32	   *tail = state->ids + state->n_sorted;
	uint32		n = state->n - state->n_sorted;
	uint32		kept = 0;
	bool		ascending = true;
	uint32		stack_scratch[STACK_SCRATCH];
	uint32	   *scratch = stack_scratch;

	if (n == 0)
		return;
	for (uint32 i = 1; i < n; i++)
		if (tail[i] <= tail[i - 1])
		{
			ascending = false;
			break;
		}
	if (n > STACK_SCRATCH && (!ascending || (state->n_sorted > 0 && tail[0] <= tail[-1])))
		scratch = MemoryContextAllocHuge(context, (Size) n * sizeof(uint32));

	if (ascending)
		kept = n;
	else
	{
		if (n <= INSERTION_MAX)
		{
			for (uint32 i = 1; i < n; i++)
			{
				uint32		id = tail[i];
				uint32		j = i;

				for (; j > 0 && tail[j - 1] > id; j--)
					tail[j] = tail[j - 1];
				tail[j] = id;
			}
		}
		else
			radix_sort(tail, scratch, n);
		for (uint32 i = 0; i < n; i++)
			if (i == 0 || tail[i] != tail[kept - 1])
				tail[kept++] = tail[i];
	}

	if (state->n_sorted == 0 || tail[0] > tail[-1])
		state->n = state->n_sorted + kept;
	else
	{
		/* Merge from the back: the places after the prefix are free once the tail stands in the scratch. */
		uint32	   *ids = state->ids;
		uint32		i = state->n_sorted;
		uint32		j = kept;
		uint32		end = state->n_sorted + kept;
		uint32		k = end;

		memcpy(scratch, tail, (Size) kept * sizeof(uint32));
		while (j > 0)
		{
			if (i > 0 && ids[i - 1] >= scratch[j - 1])
			{
				if (ids[i - 1] == scratch[j - 1])
					j--;
				ids[--k] = ids[--i];
			}
			else
				ids[--k] = scratch[--j];
		}
		/* ids[0 .. i) stay; between them and k lie as many free places as there were duplicates */
		if (k > i)
			memmove(ids + i, ids + k, (Size) (end - k) * sizeof(uint32));
		state->n = i + (end - k);
	}
	state->n_sorted = state->n;
	if (scratch != stack_scratch)
		pfree(scratch);
}

/*
 * Makes blocks[] reach from block first to block last, of which fresh are about to become bitsets. Returns false when too
 * few blocks would be bitsets to be worth the table: then their ids stay in the buffer.
 */
static bool
reserve_blocks(DwhIdState *state, MemoryContext context, uint32 first, uint32 last, uint32 fresh)
{
	uint32		new_first = state->block_span > 0 ? Min(state->block_first, first) : first;
	uint32		new_end = state->block_span > 0 ? Max(state->block_first + state->block_span, last + 1) : last + 1;
	uint32		span = new_end - new_first;
	uint64	  **blocks;

	if (state->block_span == span)
		return true;
	/* at most 16 pointers (128 bytes) for each bitset of 512 bytes */
	if (span > (state->n_blocks + fresh) * 16)
		return false;
	if (state->block_span > 0)
	{
		/* grow by half on the side that grows, so that repeated growth costs linear time */
		uint32		spare = Min(state->block_span / 2, (state->n_blocks + fresh) * 16 - span);

		if (new_first < state->block_first)
		{
			spare = Min(spare, new_first);
			new_first -= spare;
		}
		span += spare;
	}
	blocks = MemoryContextAllocZero(context, (Size) span * sizeof(uint64 *));
	if (state->block_span > 0)
	{
		memcpy(blocks + (state->block_first - new_first), state->blocks, (Size) state->block_span * sizeof(uint64 *));
		pfree(state->blocks);
	}
	state->blocks = blocks;
	state->block_first = new_first;
	state->block_span = span;
	return true;
}

/*
 * The bitset of a block within the reach of blocks[], made when it is not there yet.
 */
static uint64 *
get_block(DwhIdState *state, MemoryContext context, uint32 block)
{
	uint64	  **entry = &state->blocks[block - state->block_first];

	if (*entry == NULL)
	{
		*entry = MemoryContextAllocZero(context, DWH_BLOCK_WORDS * sizeof(uint64));
		state->n_blocks++;
	}
	return *entry;
}

/*
 * The bitset of a block, NULL when it has none.
 */
static inline uint64 *
find_block(const DwhIdState *state, uint32 block)
{
	uint32		i = block - state->block_first;

	return i < state->block_span ? state->blocks[i] : NULL;
}

/*
 * Moves the ids of dense blocks from the sorted buffer into bitsets.
 */
static void
fill_blocks(DwhIdState *state, MemoryContext context)
{
	uint32	   *ids = state->ids;
	uint32		fresh = 0;
	uint32		first = 0;
	uint32		last = 0;
	uint32		kept = 0;
	bool		may_add;

	/* Which blocks have become dense? Both loops step from block to block. */
	for (uint32 i = 0, j; i < state->n; i = j)
	{
		uint32		block = ids[i] >> DWH_BLOCK_SHIFT;

		for (j = i + 1; j < state->n && (ids[j] >> DWH_BLOCK_SHIFT) == block; j++)
			;
		if (j - i >= DWH_BLOCK_DENSE && find_block(state, block) == NULL)
		{
			if (fresh++ == 0)
				first = block;
			last = block;
		}
	}
	/* While ids move they take room twice: only when that stays below 13 bytes an id. Otherwise a fuller buffer comes. */
	may_add = fresh > 0 &&
		state->cap * sizeof(uint32) + (state->n_blocks + fresh) * (BLOCK_BYTES + sizeof(uint64 *)) <=
		((Size) state->n + (Size) state->n_blocks * DWH_BLOCK_DENSE) * 13 && reserve_blocks(state, context, first, last, fresh);
	if (!may_add && state->n_blocks == 0)
		return;
	for (uint32 i = 0, j; i < state->n; i = j)
	{
		uint32		block = ids[i] >> DWH_BLOCK_SHIFT;
		uint64	   *words = find_block(state, block);

		for (j = i + 1; j < state->n && (ids[j] >> DWH_BLOCK_SHIFT) == block; j++)
			;
		if (words == NULL && may_add && j - i >= DWH_BLOCK_DENSE)
			words = get_block(state, context, block);
		if (words != NULL)
		{
			for (uint32 k = i; k < j; k++)
				words[(ids[k] >> 6) & (DWH_BLOCK_WORDS - 1)] |= UINT64CONST(1) << (ids[k] & 63);
		}
		else
		{
			if (kept < i)
				memmove(ids + kept, ids + i, (Size) (j - i) * sizeof(uint32));
			kept += j - i;
		}
	}
	state->n = kept;
	state->n_sorted = kept;

	/* what the bitsets took over leaves its room to them */
	if (may_add && state->cap > 8 * DWH_STATE_INLINE && kept < state->cap / 8)
	{
		state->cap = Max(8 * DWH_STATE_INLINE, kept * 2);
		state->ids = repalloc_huge(state->ids, (Size) state->cap * sizeof(uint32));
	}
}

/*
 * Sorts the buffer and removes what stands in a block as well: each id then stands in one place.
 */
static void
settle(DwhIdState *state, MemoryContext context)
{
	merge_tail(state, context);
	if (state->n_blocks > 0)
		fill_blocks(state, context);
}

/*
 * Brings the buffer in order and leaves room in it, for as many ids more as known allows: so many are in the set, or soon will be.
 */
static void
make_room(DwhIdState *state, MemoryContext context, uint32 more, uint32 known)
{
	uint32		cap;
	Size		size;

	CHECK_FOR_INTERRUPTS();
	merge_tail(state, context);
	if (state->n_blocks > 0 || state->n >= DWH_BLOCK_DENSE)
		fill_blocks(state, context);
	cap = state->cap;
	/* after doubling, 5/16 of the buffer are in use: 12.8 bytes an id */
	if (state->n > cap / 8 * 5)
		cap *= 2;
	while (cap - state->n < more && cap / 8 * 5 <= Max(state->n, known))
		cap *= 2;
	if (cap == state->cap)
		return;
	size = (Size) cap * sizeof(uint32);
	if (state->ids == state->inline_ids)
	{
		state->ids = MemoryContextAlloc(context, size);
		memcpy(state->ids, state->inline_ids, state->n * sizeof(uint32));
	}
	else
		state->ids = repalloc_huge(state->ids, size);
	state->cap = cap;
}

/*
 * Brings the buffer in order and leaves room in it.
 */
void
dwh_state_compact(DwhIdState *state, MemoryContext context)
{
	make_room(state, context, 0, 0);
}

/*
 * Adds the ids first .. last, which lie in one container.
 */
static void
add_range(DwhIdState *state, MemoryContext context, uint32 first, uint32 last)
{
	for (;;)
	{
		uint32		block = first >> DWH_BLOCK_SHIFT;
		uint32		end = Min(last, first | ((1u << DWH_BLOCK_SHIFT) - 1));
		uint64	   *words = find_block(state, block);

		if (words == NULL && end - first + 1 >= DWH_BLOCK_DENSE && reserve_blocks(state, context, block, block, 1))
			words = get_block(state, context, block);
		if (words != NULL)
			dwh_words_set_range(words, first & ((1u << DWH_BLOCK_SHIFT) - 1), end & ((1u << DWH_BLOCK_SHIFT) - 1));
		else
			for (uint32 id = first;; id++)
			{
				dwh_state_add(state, context, id);
				if (id == end)
					break;
			}
		if (end == last)
			break;
		first = end + 1;
	}
}

/*
 * Adds the ids of a bitset container, block by block.
 */
static void
add_bitset(DwhIdState *state, MemoryContext context, const DwhContainer *container)
{
	uint64		source[DWH_BLOCK_WORDS];

	for (uint32 i = 0; i < DWH_CONTAINER_WORDS / DWH_BLOCK_WORDS; i++)
	{
		uint32		block = (container->key << (16 - DWH_BLOCK_SHIFT)) + i;
		uint64	   *words = find_block(state, block);

		memcpy(source, container->data + (Size) i * sizeof(source), sizeof(source));
		if (words == NULL && dwh_words_count(source, DWH_BLOCK_WORDS) >= DWH_BLOCK_DENSE &&
			reserve_blocks(state, context, block, block, 1))
			words = get_block(state, context, block);
		if (words != NULL)
		{
			for (uint32 w = 0; w < DWH_BLOCK_WORDS; w++)
				words[w] |= source[w];
			continue;
		}
		for (uint32 w = 0; w < DWH_BLOCK_WORDS; w++)
			for (uint64 word = source[w]; word != 0; word &= word - 1)
				dwh_state_add(state, context, (block << DWH_BLOCK_SHIFT) + w * 64 + __builtin_ctzll(word));
	}
}

/*
 * Adds the ids of an array container: as they stand while there is no bitset.
 */
static void
add_array(DwhIdState *state, MemoryContext context, const DwhContainer *container)
{
	uint32		base = container->key << 16;
	uint32		next = 0;

	while (next < container->card && state->n_blocks == 0)
	{
		uint32		n = Min(container->card - next, state->cap - state->n);
		const uint8 *from = container->data + (Size) next * 2;
		uint32	   *to = state->ids + state->n;

		for (uint32 i = 0; i < n; i++)
			to[i] = base + dwh_read_u16(from + (Size) i * 2);
		state->n += n;
		next += n;
		if (next < container->card)
			make_room(state, context, container->card - next, container->card);
	}
	for (; next < container->card; next++)
		dwh_state_add(state, context, base + dwh_read_u16(container->data + (Size) next * 2));
}

/*
 * Adds every id of a stored value.
 */
void
dwh_state_add_set(DwhIdState *state, MemoryContext context, const uint8 *bytes, Size len)
{
	DwhIdSetReader reader;
	DwhContainer container;

	dwh_reader_open(&reader, bytes, len);
	while (dwh_reader_next(&reader, &container))
	{
		uint32		base = container.key << 16;

		CHECK_FOR_INTERRUPTS();
		switch (container.kind)
		{
			case DWH_CONTAINER_ARRAY:
				add_array(state, context, &container);
				break;
			case DWH_CONTAINER_BITSET:
				add_bitset(state, context, &container);
				break;
			case DWH_CONTAINER_RUN:
				for (uint32 i = 0; i < container.n_runs; i++)
				{
					uint32		first = dwh_read_u16(container.data + (Size) i * 4);
					uint32		last = first + dwh_read_u16(container.data + (Size) i * 4 + 2);

					if (last >= DWH_CONTAINER_IDS)
						dwh_id_set_corrupt();
					add_range(state, context, base + first, base + last);
				}
				break;
		}
	}
}

/*
 * The number of ids. Settles the state, which stays fit for more ids.
 */
int64
dwh_state_count(DwhIdState *state, MemoryContext context)
{
	int64		count;

	settle(state, context);
	count = state->n;
	for (uint32 i = 0; i < state->block_span; i++)
		if (state->blocks[i] != NULL)
			count += dwh_words_count(state->blocks[i], DWH_BLOCK_WORDS);
	return count;
}

/*
 * Writes the set. Settles the state, which stays fit for more ids.
 */
void
dwh_state_write(DwhIdState *state, MemoryContext context, DwhIdSetWriter *writer)
{
	uint32		i = 0;
	uint32		block = 0;
	uint16	   *values;

	settle(state, context);
	/* a container made of buffered ids holds at most as many as the buffer */
	values = palloc(sizeof(uint16) * Min(Max(state->n, 1), DWH_CONTAINER_IDS));
	for (;;)
	{
		uint32		key;
		uint32		end;

		CHECK_FOR_INTERRUPTS();
		while (block < state->block_span && state->blocks[block] == NULL)
			block++;
		if (i >= state->n && block >= state->block_span)
			break;
		key = i < state->n ? state->ids[i] >> 16 : UINT32_MAX;
		if (block < state->block_span)
			key = Min(key, (state->block_first + block) >> (16 - DWH_BLOCK_SHIFT));
		for (end = i; end < state->n && (state->ids[end] >> 16) == key; end++)
			;

		if (block < state->block_span && (state->block_first + block) >> (16 - DWH_BLOCK_SHIFT) == key)
		{
			uint64		words[DWH_CONTAINER_WORDS];

			memset(words, 0, sizeof(words));
			for (; block < state->block_span; block++)
			{
				uint32		number = state->block_first + block;

				if (number >> (16 - DWH_BLOCK_SHIFT) != key)
					break;
				if (state->blocks[block] != NULL)
					memcpy(words + (number & 15) * DWH_BLOCK_WORDS, state->blocks[block],
						   DWH_BLOCK_WORDS * sizeof(uint64));
			}
			for (; i < end; i++)
				words[(state->ids[i] & 0xFFFF) / 64] |= UINT64CONST(1) << (state->ids[i] % 64);
			dwh_writer_add_words(writer, key, words);
		}
		else
		{
			for (uint32 k = i; k < end; k++)
				values[k - i] = (uint16) state->ids[k];
			dwh_writer_add_values(writer, key, values, end - i);
			i = end;
		}
	}
	pfree(values);
}

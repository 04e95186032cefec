/*
 * id_set_algebra.c
 *		Set algebra on two stored id sets, container by container.
 *
 * Nothing is built but the result: operands are read where they lie, one container of each at a time is held on the stack,
 * and interrupts are served between containers, so the longest wait is that of one container (some microseconds). Two
 * arrays are combined by CRoaring's kernels; anything else goes through bitsets of 1024 words.
 */
#include "postgres.h"

#include <roaring/array_util.h>

#include "miscadmin.h"

#include "aggregate/id_set_bytes.h"

/* Room for the result of a kernel over two arrays, with the slack that its vectorised forms want. */
#define PAIR_VALUES		(2 * DWH_ARRAY_MAX + 16)

/*
 * Copies an array container into aligned memory.
 */
static inline void
array_values(const DwhContainer *container, uint16 *values)
{
	memcpy(values, container->data, container->size);
}

/*
 * Keeps those of n ascending values whose presence in the container equals wanted; kept may be values. Returns how many.
 */
static uint32
filter_values(const uint16 *values, uint32 n, const DwhContainer *container, bool wanted, uint16 *kept)
{
	uint32		n_kept = 0;

	if (container->kind == DWH_CONTAINER_BITSET)
	{
		for (uint32 i = 0; i < n; i++)
		{
			bool		present = (container->data[values[i] / 8] >> (values[i] % 8)) & 1;

			kept[n_kept] = values[i];
			n_kept += present == wanted;
		}
	}
	else
	{
		uint32		run = 0;

		Assert(container->kind == DWH_CONTAINER_RUN);
		for (uint32 i = 0; i < n; i++)
		{
			bool		present;

			while (run < container->n_runs &&
				   (uint32) dwh_read_u16(container->data + (Size) run * 4) +
				   dwh_read_u16(container->data + (Size) run * 4 + 2) < values[i])
				run++;
			present = run < container->n_runs && dwh_read_u16(container->data + (Size) run * 4) <= values[i];
			kept[n_kept] = values[i];
			n_kept += present == wanted;
		}
	}
	return n_kept;
}

/*
 * The ids that two containers of one key share, as values, when at least one is an array. Returns how many.
 */
static uint32
common_values(const DwhContainer *a, const DwhContainer *b, uint16 *common)
{
	uint16		a_values[DWH_ARRAY_MAX + 16];
	uint16		b_values[DWH_ARRAY_MAX + 16];

	if (a->kind != DWH_CONTAINER_ARRAY)
	{
		const DwhContainer *swap = a;

		a = b;
		b = swap;
	}
	array_values(a, a_values);
	if (b->kind != DWH_CONTAINER_ARRAY)
		return filter_values(a_values, a->card, b, true, common);
	array_values(b, b_values);
	return (uint32) intersect_uint16(a_values, a->card, b_values, b->card, common);
}

/*
 * Applies op to two arrays of one key.
 */
static void
apply_arrays(DwhSetOp op, const DwhContainer *a, const DwhContainer *b, DwhIdSetWriter *writer)
{
	uint16		a_values[DWH_ARRAY_MAX + 16];
	uint16		b_values[DWH_ARRAY_MAX + 16];
	uint16		result[PAIR_VALUES];
	uint32		n = 0;

	array_values(a, a_values);
	array_values(b, b_values);
	switch (op)
	{
		case DWH_SET_UNION:
			n = (uint32) union_uint16(a_values, a->card, b_values, b->card, result);
			break;
		case DWH_SET_INTERSECT:
			n = (uint32) intersect_uint16(a_values, a->card, b_values, b->card, result);
			break;
		case DWH_SET_DIFFERENCE:
			n = (uint32) difference_uint16(a_values, a->card, b_values, b->card, result);
			break;
		case DWH_SET_SYMMETRIC:
			n = (uint32) xor_uint16(a_values, a->card, b_values, b->card, result);
			break;
	}
	dwh_writer_add_values(writer, a->key, result, n);
}

/*
 * Applies op to two containers of one key.
 */
static void
apply_containers(DwhSetOp op, const DwhContainer *a, const DwhContainer *b, DwhIdSetWriter *writer)
{
	uint64		words[DWH_CONTAINER_WORDS];
	uint64		other[DWH_CONTAINER_WORDS];

	if (a->kind == DWH_CONTAINER_ARRAY && b->kind == DWH_CONTAINER_ARRAY)
	{
		apply_arrays(op, a, b, writer);
		return;
	}
	if (op == DWH_SET_INTERSECT && (a->kind == DWH_CONTAINER_ARRAY || b->kind == DWH_CONTAINER_ARRAY))
	{
		uint16		values[DWH_ARRAY_MAX + 16];
		uint32		n = common_values(a, b, values);

		dwh_writer_add_values(writer, a->key, values, n);
		return;
	}
	if (op == DWH_SET_DIFFERENCE && a->kind == DWH_CONTAINER_ARRAY)
	{
		uint16		values[DWH_ARRAY_MAX];

		array_values(a, values);
		dwh_writer_add_values(writer, a->key, values, filter_values(values, a->card, b, false, values));
		return;
	}
	dwh_container_load(a, words);
	dwh_container_load(b, other);
	switch (op)
	{
		case DWH_SET_UNION:
			for (int i = 0; i < DWH_CONTAINER_WORDS; i++)
				words[i] |= other[i];
			break;
		case DWH_SET_INTERSECT:
			for (int i = 0; i < DWH_CONTAINER_WORDS; i++)
				words[i] &= other[i];
			break;
		case DWH_SET_DIFFERENCE:
			for (int i = 0; i < DWH_CONTAINER_WORDS; i++)
				words[i] &= ~other[i];
			break;
		case DWH_SET_SYMMETRIC:
			for (int i = 0; i < DWH_CONTAINER_WORDS; i++)
				words[i] ^= other[i];
			break;
	}
	dwh_writer_add_words(writer, a->key, words);
}

/*
 * Writes a op b.
 */
void
dwh_id_set_apply(DwhSetOp op, const uint8 *a, Size a_len, const uint8 *b, Size b_len, DwhIdSetWriter *writer)
{
	DwhIdSetReader a_reader;
	DwhIdSetReader b_reader;
	DwhContainer ca;
	DwhContainer cb;
	bool		keep_a = op != DWH_SET_INTERSECT;
	bool		keep_b = op == DWH_SET_UNION || op == DWH_SET_SYMMETRIC;
	bool		a_left;
	bool		b_left;

	dwh_reader_open(&a_reader, a, a_len);
	dwh_reader_open(&b_reader, b, b_len);
	a_left = dwh_reader_next(&a_reader, &ca);
	b_left = dwh_reader_next(&b_reader, &cb);
	while (a_left || b_left)
	{
		CHECK_FOR_INTERRUPTS();
		if (a_left && b_left && ca.key == cb.key)
		{
			apply_containers(op, &ca, &cb, writer);
			a_left = dwh_reader_next(&a_reader, &ca);
			b_left = dwh_reader_next(&b_reader, &cb);
		}
		else if (a_left && (!b_left || ca.key < cb.key))
		{
			if (keep_a)
				dwh_writer_add_container(writer, &ca);
			a_left = dwh_reader_next(&a_reader, &ca);
		}
		else
		{
			if (keep_b)
				dwh_writer_add_container(writer, &cb);
			b_left = dwh_reader_next(&b_reader, &cb);
		}
	}
}

/*
 * The number of ids; reads the header only.
 */
int64
dwh_id_set_count(const uint8 *bytes, Size len)
{
	DwhIdSetReader reader;
	int64		count = 0;

	dwh_reader_open(&reader, bytes, len);
	for (uint32 i = 0; i < reader.n_containers; i++)
		count += (int64) dwh_read_u16(reader.descriptors + (Size) i * 4 + 2) + 1;
	return count;
}

/*
 * The number of ids that two containers of one key share.
 */
static uint32
common_count(const DwhContainer *a, const DwhContainer *b)
{
	uint64		words[DWH_CONTAINER_WORDS];
	uint64		other[DWH_CONTAINER_WORDS];

	if (a->kind == DWH_CONTAINER_ARRAY || b->kind == DWH_CONTAINER_ARRAY)
	{
		uint16		values[DWH_ARRAY_MAX + 16];

		return common_values(a, b, values);
	}
	dwh_container_load(a, words);
	dwh_container_load(b, other);
	for (int i = 0; i < DWH_CONTAINER_WORDS; i++)
		words[i] &= other[i];
	return dwh_words_count(words, DWH_CONTAINER_WORDS);
}

/*
 * Advances two readers to the next key that both have; false when there is none.
 */
static bool
next_common_key(DwhIdSetReader *a, DwhContainer *ca, DwhIdSetReader *b, DwhContainer *cb)
{
	if (!dwh_reader_next(a, ca) || !dwh_reader_next(b, cb))
		return false;
	while (ca->key != cb->key)
	{
		CHECK_FOR_INTERRUPTS();
		if (!(ca->key < cb->key ? dwh_reader_next(a, ca) : dwh_reader_next(b, cb)))
			return false;
	}
	return true;
}

/*
 * The number of ids in both sets.
 */
int64
dwh_id_set_overlap(const uint8 *a, Size a_len, const uint8 *b, Size b_len)
{
	DwhIdSetReader a_reader;
	DwhIdSetReader b_reader;
	DwhContainer ca;
	DwhContainer cb;
	int64		count = 0;

	dwh_reader_open(&a_reader, a, a_len);
	dwh_reader_open(&b_reader, b, b_len);
	while (next_common_key(&a_reader, &ca, &b_reader, &cb))
	{
		CHECK_FOR_INTERRUPTS();
		count += common_count(&ca, &cb);
	}
	return count;
}

/*
 * True when the sets share an id.
 */
bool
dwh_id_set_intersects(const uint8 *a, Size a_len, const uint8 *b, Size b_len)
{
	DwhIdSetReader a_reader;
	DwhIdSetReader b_reader;
	DwhContainer ca;
	DwhContainer cb;

	dwh_reader_open(&a_reader, a, a_len);
	dwh_reader_open(&b_reader, b, b_len);
	while (next_common_key(&a_reader, &ca, &b_reader, &cb))
	{
		CHECK_FOR_INTERRUPTS();
		if (common_count(&ca, &cb) > 0)
			return true;
	}
	return false;
}

/*
 * True when a has every id of b.
 */
bool
dwh_id_set_includes(const uint8 *a, Size a_len, const uint8 *b, Size b_len)
{
	DwhIdSetReader a_reader;
	DwhIdSetReader b_reader;
	DwhContainer ca;
	DwhContainer cb;

	dwh_reader_open(&a_reader, a, a_len);
	dwh_reader_open(&b_reader, b, b_len);
	while (dwh_reader_next(&b_reader, &cb))
	{
		do
		{
			if (!dwh_reader_next(&a_reader, &ca) || ca.key > cb.key)
				return false;
		} while (ca.key < cb.key);
		CHECK_FOR_INTERRUPTS();
		if (ca.card < cb.card || common_count(&ca, &cb) != cb.card)
			return false;
	}
	return true;
}

/*
 * True when a container has an id greater than value.
 */
static bool
has_greater(const uint64 *words, uint32 value)
{
	uint32		i = value / 64;

	if ((words[i] & (~UINT64CONST(1) << (value % 64))) != 0)
		return true;
	for (i++; i < DWH_CONTAINER_WORDS; i++)
		if (words[i] != 0)
			return true;
	return false;
}

/*
 * Compares as the ascending sequences of ids are compared: by the first place at which they differ, a prefix being less.
 */
int
dwh_id_set_compare(const uint8 *a, Size a_len, const uint8 *b, Size b_len)
{
	DwhIdSetReader a_reader;
	DwhIdSetReader b_reader;
	DwhContainer ca;
	DwhContainer cb;
	uint64		words[DWH_CONTAINER_WORDS];
	uint64		other[DWH_CONTAINER_WORDS];

	dwh_reader_open(&a_reader, a, a_len);
	dwh_reader_open(&b_reader, b, b_len);
	for (;;)
	{
		bool		a_left = dwh_reader_next(&a_reader, &ca);
		bool		b_left = dwh_reader_next(&b_reader, &cb);

		CHECK_FOR_INTERRUPTS();
		if (!a_left || !b_left)
			return (int) a_left - (int) b_left;
		if (ca.key != cb.key)
			return ca.key < cb.key ? -1 : 1;
		dwh_container_load(&ca, words);
		dwh_container_load(&cb, other);
		for (uint32 i = 0; i < DWH_CONTAINER_WORDS; i++)
		{
			uint64		differing = words[i] ^ other[i];

			if (differing != 0)
			{
				/* The set that has the first differing id is less, unless the other one ends before it. */
				uint32		bit = __builtin_ctzll(differing);
				bool		in_a = (words[i] >> bit) & 1;

				if (in_a)
					return has_greater(other, i * 64 + bit) || dwh_reader_next(&b_reader, &cb) ? -1 : 1;
				return has_greater(words, i * 64 + bit) || dwh_reader_next(&a_reader, &ca) ? 1 : -1;
			}
		}
	}
}

/*
 * Finds the container of an id.
 */
static bool
find_container(const uint8 *bytes, Size len, uint32 key, DwhContainer *container, int64 *before)
{
	DwhIdSetReader reader;

	*before = 0;
	dwh_reader_open(&reader, bytes, len);
	while (dwh_reader_next(&reader, container))
	{
		if (container->key >= key)
			return container->key == key;
		*before += container->card;
	}
	return false;
}

/*
 * The number of a container's ids whose lower half is at most value; *last says whether value itself is among them.
 */
static uint32
container_rank(const DwhContainer *container, uint32 value, bool *present)
{
	uint32		rank = 0;

	*present = false;
	switch (container->kind)
	{
		case DWH_CONTAINER_ARRAY:
			{
				uint32		low = 0;
				uint32		high = container->card;

				while (low < high)
				{
					uint32		middle = (low + high) / 2;

					if (dwh_read_u16(container->data + (Size) middle * 2) <= value)
						low = middle + 1;
					else
						high = middle;
				}
				*present = low > 0 && dwh_read_u16(container->data + (Size) (low - 1) * 2) == value;
				return low;
			}
		case DWH_CONTAINER_BITSET:
			for (uint32 i = 0; i < value / 64; i++)
				rank += __builtin_popcountll(dwh_read_u64(container->data + (Size) i * 8));
			{
				uint64		word = dwh_read_u64(container->data + (Size) (value / 64) * 8);

				*present = (word >> (value % 64)) & 1;
				return rank + __builtin_popcountll(word & (~UINT64CONST(0) >> (63 - value % 64)));
			}
		case DWH_CONTAINER_RUN:
			for (uint32 i = 0; i < container->n_runs; i++)
			{
				uint32		first = dwh_read_u16(container->data + (Size) i * 4);
				uint32		length = dwh_read_u16(container->data + (Size) i * 4 + 2);

				if (first > value)
					break;
				if (first + length >= value)
				{
					*present = true;
					return rank + value - first + 1;
				}
				rank += length + 1;
			}
			return rank;
	}
	return rank;
}

/*
 * True when the set has the id.
 */
bool
dwh_id_set_has(const uint8 *bytes, Size len, uint32 id)
{
	DwhContainer container;
	int64		before;
	bool		present = false;

	if (find_container(bytes, len, id >> 16, &container, &before))
	{
		if (container.kind == DWH_CONTAINER_BITSET)
			return (container.data[(id & 0xFFFF) / 8] >> (id % 8)) & 1;
		container_rank(&container, id & 0xFFFF, &present);
	}
	return present;
}

/*
 * The number of ids that are at most id.
 */
int64
dwh_id_set_rank(const uint8 *bytes, Size len, uint32 id)
{
	DwhContainer container;
	int64		before;
	bool		present;

	if (find_container(bytes, len, id >> 16, &container, &before))
		before += container_rank(&container, id & 0xFFFF, &present);
	return before;
}

/*
 * The smallest id; false when there is none.
 */
bool
dwh_id_set_first(const uint8 *bytes, Size len, uint32 *id)
{
	DwhIdSetReader reader;
	DwhContainer container;
	uint32		value;

	dwh_reader_open(&reader, bytes, len);
	if (!dwh_reader_next(&reader, &container))
		return false;
	if (container.kind == DWH_CONTAINER_BITSET)
	{
		uint32		i = 0;

		while (i + 1 < DWH_CONTAINER_WORDS && dwh_read_u64(container.data + (Size) i * 8) == 0)
			i++;
		value = i * 64 + __builtin_ctzll(dwh_read_u64(container.data + (Size) i * 8) | (UINT64CONST(1) << 63));
	}
	else if (container.size == 0)
		dwh_id_set_corrupt();
	else
		value = dwh_read_u16(container.data);
	*id = (container.key << 16) | value;
	return true;
}

/*
 * The greatest id; false when there is none.
 */
bool
dwh_id_set_last(const uint8 *bytes, Size len, uint32 *id)
{
	DwhIdSetReader reader;
	DwhContainer container;
	uint32		value;

	dwh_reader_open(&reader, bytes, len);
	if (reader.n_containers == 0)
		return false;
	while (dwh_reader_next(&reader, &container))
		;
	if (container.kind == DWH_CONTAINER_BITSET)
	{
		uint32		i = DWH_CONTAINER_WORDS - 1;

		while (i > 0 && dwh_read_u64(container.data + (Size) i * 8) == 0)
			i--;
		value = i * 64 + 63 - __builtin_clzll(dwh_read_u64(container.data + (Size) i * 8) | 1);
	}
	else if (container.size == 0)
		dwh_id_set_corrupt();
	else if (container.kind == DWH_CONTAINER_RUN)
		value = dwh_read_u16(container.data + container.size - 4) + (uint32) dwh_read_u16(container.data + container.size - 2);
	else
		value = dwh_read_u16(container.data + container.size - 2);
	*id = (container.key << 16) | (value & 0xFFFF);
	return true;
}

/*
 * fuzz_id_set.c
 *		Fuzzes the byte-level code of dwh.id_set with libFuzzer, with CRoaring as the oracle.
 *
 * The first byte of an input chooses what the rest is taken for: bytes from a client, a text, a script that builds two sets,
 * ids to aggregate, or a damaged stored value. Anything wrong ends in abort(), a sanitizer's report or a time limit.
 * Compiled from the very files that the extension is built of (test/fuzz/run.sh).
 */
#include "postgres.h"

#include <roaring/roaring.h>

#include "utils/memutils.h"

#include "aggregate/id_set_bytes.h"

int			LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every block is in a ring, to be freed when an input is done with. */
typedef struct Block
{
	struct Block *previous;
	struct Block *next;
} Block;

static Block blocks = {&blocks, &blocks};
static jmp_buf on_error;
static bool errors_expected;

static void *
link_block(Block *block)
{
	if (block == NULL)
		abort();
	block->next = blocks.next;
	block->previous = &blocks;
	blocks.next->previous = block;
	blocks.next = block;
	return block + 1;
}

static Block *
unlink_block(void *memory)
{
	Block	   *block = (Block *) memory - 1;

	block->previous->next = block->next;
	block->next->previous = block->previous;
	return block;
}

void *
palloc(Size size)
{
	return link_block(malloc(sizeof(Block) + size));
}

void *
repalloc(void *memory, Size size)
{
	return link_block(realloc(unlink_block(memory), sizeof(Block) + size));
}

void
pfree(void *memory)
{
	free(unlink_block(memory));
}

static void
reset(void)
{
	while (blocks.next != &blocks)
		free(unlink_block(blocks.next + 1));
}

/* Damage may be reported only of bytes that did not pass the checks. */
void
dwh_id_set_corrupt(void)
{
	if (!errors_expected)
		abort();
	longjmp(on_error, 1);
}

void
dwh_id_set_too_large(void)
{
	longjmp(on_error, 1);
}

#define CHECK(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "%s:%d: " #condition "\n", __FILE__, __LINE__); \
			abort(); \
		} \
	} while (0)

typedef struct Set
{
	uint8	   *bytes;
	Size		len;
} Set;

static Set
finish(DwhIdSetWriter *writer)
{
	Set			set;

	set.len = dwh_writer_size(writer);
	set.bytes = palloc(set.len);
	dwh_writer_finish(writer, set.bytes);
	CHECK(dwh_id_set_validate(set.bytes, set.len, PG_UINT32_MAX) == NULL);
	return set;
}

static bool
same(Set a, Set b)
{
	return a.len == b.len && memcmp(a.bytes, b.bytes, a.len) == 0;
}

static Set
normal(const uint8 *bytes, Size len)
{
	DwhIdSetWriter writer;

	dwh_writer_init(&writer);
	dwh_id_set_normalise(bytes, len, &writer);
	return finish(&writer);
}

static roaring_bitmap_t *
oracle(Set set)
{
	roaring_bitmap_t *bitmap = roaring_bitmap_portable_deserialize_safe((const char *) set.bytes, set.len);

	CHECK(bitmap != NULL);
	return bitmap;
}

/* What CRoaring holds is what we hold. */
static void
check_equal(Set set, const roaring_bitmap_t *bitmap)
{
	roaring_bitmap_t *ours = oracle(set);

	CHECK(roaring_bitmap_equals(ours, bitmap));
	roaring_bitmap_free(ours);
}

/* Our canonical form of CRoaring's bytes. */
static Set
from_oracle(roaring_bitmap_t *bitmap)
{
	Set			raw;
	Set			set;

	raw.len = roaring_bitmap_portable_size_in_bytes(bitmap);
	raw.bytes = palloc(raw.len);
	roaring_bitmap_portable_serialize(bitmap, (char *) raw.bytes);
	{
		const char *wrong = dwh_id_set_validate(raw.bytes, raw.len, PG_UINT32_MAX);

		if (wrong != NULL)
			fprintf(stderr, "%s\n", wrong);
		CHECK(wrong == NULL);
	}
	set = normal(raw.bytes, raw.len);
	check_equal(set, bitmap);
	return set;
}

/* One good value: all that reads it agrees with the oracle, all that writes it gives the same bytes again. */
static void
check_one(Set set)
{
	roaring_bitmap_t *bitmap = oracle(set);
	uint64		n = roaring_bitmap_get_cardinality(bitmap);
	uint32		first = 0;
	uint32		last = 0;
	DwhIdState	state;
	DwhIdSetWriter writer;
	DwhIdSetReader reader;
	DwhContainer container;
	uint64		seen = 0;
	static uint16 values[DWH_VALUES_MAX];

	CHECK(same(normal(set.bytes, set.len), set));
	CHECK((uint64) dwh_id_set_count(set.bytes, set.len) == n);
	CHECK(dwh_id_set_first(set.bytes, set.len, &first) == (n > 0));
	CHECK(dwh_id_set_last(set.bytes, set.len, &last) == (n > 0));
	if (n > 0)
		CHECK(first == roaring_bitmap_minimum(bitmap) && last == roaring_bitmap_maximum(bitmap));
	for (uint32 i = 0; i < 8; i++)
	{
		uint32		probe = i < 3 ? first + i - 1 : i < 6 ? last + i - 4 : first / 2 + last / 2 + i;

		CHECK(dwh_id_set_has(set.bytes, set.len, probe) == roaring_bitmap_contains(bitmap, probe));
		CHECK((uint64) dwh_id_set_rank(set.bytes, set.len, probe) == roaring_bitmap_rank(bitmap, probe));
	}
	dwh_reader_open(&reader, set.bytes, set.len);
	while (dwh_reader_next(&reader, &container))
		seen += dwh_container_values(&container, values);
	CHECK(seen == n);
	roaring_bitmap_free(bitmap);

	dwh_state_init(&state);
	dwh_state_add_set(&state, NULL, set.bytes, set.len);
	CHECK((uint64) dwh_state_count(&state, NULL) == n);
	dwh_state_add_set(&state, NULL, set.bytes, set.len);
	dwh_writer_init(&writer);
	dwh_state_write(&state, NULL, &writer);
	CHECK(same(finish(&writer), set));

	if (n < 1500 && last <= DWH_ID_MAX)
	{
		DwhBytes	text = {NULL, 0, 0};
		DwhTextError error = {0, NULL};

		dwh_id_set_print(set.bytes, set.len, &text);
		dwh_writer_init(&writer);
		CHECK(dwh_id_set_parse((const char *) text.data, text.len - 1, &writer, &error));
		CHECK(same(finish(&writer), set));
	}
}

static Set
apply(DwhSetOp op, Set a, Set b)
{
	DwhIdSetWriter writer;

	dwh_writer_init(&writer);
	dwh_id_set_apply(op, a.bytes, a.len, b.bytes, b.len, &writer);
	return finish(&writer);
}

/* Two good values. */
static void
check_two(Set a, Set b)
{
	roaring_bitmap_t *x = oracle(a);
	roaring_bitmap_t *y = oracle(b);
	roaring_bitmap_t *result;
	Set			set;
	int			order = dwh_id_set_compare(a.bytes, a.len, b.bytes, b.len);

	result = roaring_bitmap_or(x, y);
	set = apply(DWH_SET_UNION, a, b);
	CHECK(same(set, from_oracle(result)));
	{
		DwhIdState	state;
		DwhIdSetWriter writer;

		dwh_state_init(&state);
		dwh_state_add_set(&state, NULL, a.bytes, a.len);
		dwh_state_add_set(&state, NULL, b.bytes, b.len);
		dwh_writer_init(&writer);
		dwh_state_write(&state, NULL, &writer);
		CHECK(same(finish(&writer), set));
	}
	roaring_bitmap_free(result);
	result = roaring_bitmap_and(x, y);
	CHECK(same(apply(DWH_SET_INTERSECT, a, b), from_oracle(result)));
	roaring_bitmap_free(result);
	result = roaring_bitmap_andnot(x, y);
	CHECK(same(apply(DWH_SET_DIFFERENCE, a, b), from_oracle(result)));
	roaring_bitmap_free(result);
	result = roaring_bitmap_xor(x, y);
	CHECK(same(apply(DWH_SET_SYMMETRIC, a, b), from_oracle(result)));
	roaring_bitmap_free(result);
	CHECK((uint64) dwh_id_set_overlap(a.bytes, a.len, b.bytes, b.len) == roaring_bitmap_and_cardinality(x, y));
	CHECK(dwh_id_set_intersects(a.bytes, a.len, b.bytes, b.len) == roaring_bitmap_intersect(x, y));
	CHECK(dwh_id_set_includes(a.bytes, a.len, b.bytes, b.len) == roaring_bitmap_is_subset(y, x));
	CHECK((order == 0) == same(a, b));
	CHECK(dwh_id_set_compare(b.bytes, b.len, a.bytes, a.len) == -order);
	roaring_bitmap_free(x);
	roaring_bitmap_free(y);
}

/* The range functions of CRoaring 0.2.66 leave array containers out of order (found by this very program): go round them. */
static void
change_range(roaring_bitmap_t *bitmap, uint32 first, uint32 last, bool take_away)
{
	roaring_bitmap_t *range = roaring_bitmap_from_range(first, (uint64) last + 1, 1);

	if (take_away)
		roaring_bitmap_andnot_inplace(bitmap, range);
	else
		roaring_bitmap_or_inplace(bitmap, range);
	roaring_bitmap_free(range);
}

/* Reads a script: each step of six bytes adds or takes a range, a comb or single ids. */
static Set
build(const uint8 *data, size_t size)
{
	roaring_bitmap_t *bitmap = roaring_bitmap_create();
	Set			set;

	for (size_t at = 0; at + 6 <= size && at < 6 * 5; at += 6)
	{
		/* few keys, so that two sets meet; often close to a container's borders */
		uint32		base = ((uint32) (data[at + 1] & 0x83) << 16) | dwh_read_u16(data + at + 2);
		uint32		n = dwh_read_u16(data + at + 4);

		switch (data[at] % 6)
		{
			case 0:
				roaring_bitmap_add(bitmap, base);
				break;
			case 1:
				change_range(bitmap, base, base + n, false);
				break;
			case 2:
				for (uint32 i = 0; i < (n & 0x1C00 ? n % 150 : n % 4700); i++)
					roaring_bitmap_add(bitmap, base + i * (2 + data[at] / 6 % 5));
				break;
			case 3:
				change_range(bitmap, base, base + n, true);
				break;
			case 4:
				for (uint32 i = 0; i < n % 100; i++)
					roaring_bitmap_add(bitmap, (base + i * i * 37) & 0x83FFFFFF);
				break;
			case 5:
				roaring_bitmap_add(bitmap, ((uint32) data[at + 1] << 24) | base | n);
				break;
		}
	}
	if (size > 0 && data[0] & 0x40)
		roaring_bitmap_run_optimize(bitmap);
	set = from_oracle(bitmap);
	roaring_bitmap_free(bitmap);
	return set;
}

/* What a client sends: refused with a reason, or as good as any value. */
static void
client_bytes(const uint8 *data, size_t size)
{
	const char *wrong = dwh_id_set_validate(data, size, PG_UINT32_MAX);

	if (wrong != NULL)
	{
		CHECK(strlen(wrong) > 0);
		return;
	}
	CHECK(roaring_bitmap_portable_deserialize_size((const char *) data, size) == size);
	{
		Set			set = normal(data, size);

		/* an id that the bytes hold twice would be counted once here */
		CHECK(dwh_id_set_count(set.bytes, set.len) == dwh_id_set_count(data, size));
		check_one(set);
	}
	if (dwh_id_set_validate(data, size, DWH_ID_MAX) == NULL)
	{
		uint32		last = 0;

		dwh_id_set_last(data, size, &last);
		CHECK(last <= DWH_ID_MAX);
	}
}

static void
client_text(const uint8 *data, size_t size)
{
	DwhIdSetWriter writer;
	DwhTextError error = {0, NULL};

	dwh_writer_init(&writer);
	if (dwh_id_set_parse((const char *) data, size, &writer, &error))
	{
		Set			set = finish(&writer);

		CHECK(dwh_id_set_validate(set.bytes, set.len, DWH_ID_MAX) == NULL);
		if (dwh_id_set_count(set.bytes, set.len) < 300000)
			check_one(set);
	}
	else
		CHECK(error.reason != NULL && error.offset <= size);
}

/* Ids as rows bring them, with steps that make blocks dense. */
static void
aggregate(const uint8 *data, size_t size)
{
	roaring_bitmap_t *bitmap = roaring_bitmap_create();
	DwhIdState	state;
	DwhIdSetWriter writer;
	Set			set;
	uint32		added = 0;

	dwh_state_init(&state);
	for (size_t at = 0; at + 5 <= size && added < 1200; at += 5)
	{
		uint32		id = dwh_read_u32(data + at);
		uint32		n = data[at + 4] & 0x80 ? 1 : data[at + 4] * 3;
		uint32		step = id % 7 == 0 ? 4096 : id % 7;

		if (data[at + 4] & 0x40)
			id &= 0x3FFFF;
		for (uint32 i = 0; i < n; i++)
		{
			dwh_state_add(&state, NULL, id + i * step);
			roaring_bitmap_add(bitmap, id + i * step);
		}
		added += n;
		if (data[at + 4] == 0xFF)
			CHECK((uint64) dwh_state_count(&state, NULL) == roaring_bitmap_get_cardinality(bitmap));
	}
	CHECK((uint64) dwh_state_count(&state, NULL) == roaring_bitmap_get_cardinality(bitmap));
	dwh_writer_init(&writer);
	dwh_state_write(&state, NULL, &writer);
	set = finish(&writer);
	CHECK(same(set, from_oracle(bitmap)));
	roaring_bitmap_free(bitmap);
}

/* A stored value that storage damaged, and everything that could read it: an error or a result, but no stray access. */
static void
damaged(const uint8 *data, size_t size)
{
	static const uint8 good[] = {0x3b, 0x30, 0x01, 0x00, 0x01, 0x00, 0x00, 0x02, 0x00, 0x01, 0x00, 0x01, 0x00, 0x01, 0x00, 0x01, 0x00,
		0x02, 0x00, 0x07, 0x00, 0x09, 0x00};
	volatile int step;

	errors_expected = true;
	for (step = 0; step < 14; step++)
	{
		DwhIdSetWriter writer;
		DwhIdState	state;
		DwhBytes	text = {NULL, 0, 0};
		DwhIdSetReader reader;
		DwhContainer container;
		static uint16 values[DWH_VALUES_MAX];
		uint32		id;

		if (setjmp(on_error) != 0)
			continue;
		dwh_writer_init(&writer);
		dwh_state_init(&state);
		switch (step)
		{
			case 0:
			case 1:
			case 2:
			case 3:
				dwh_id_set_apply((DwhSetOp) step, data, size, good, sizeof(good), &writer);
				break;
			case 4:
				dwh_id_set_apply(DWH_SET_DIFFERENCE, good, sizeof(good), data, size, &writer);
				break;
			case 5:
				dwh_id_set_overlap(data, size, good, sizeof(good));
				dwh_id_set_intersects(good, sizeof(good), data, size);
				break;
			case 6:
				dwh_id_set_includes(data, size, good, sizeof(good));
				dwh_id_set_includes(good, sizeof(good), data, size);
				break;
			case 7:
				dwh_id_set_compare(data, size, good, sizeof(good));
				dwh_id_set_compare(data, size, data, size);
				break;
			case 8:
				dwh_id_set_has(data, size, 65543);
				dwh_id_set_rank(data, size, 65543);
				break;
			case 9:
				dwh_id_set_first(data, size, &id);
				break;
			case 10:
				dwh_id_set_last(data, size, &id);
				break;
			case 11:
				dwh_state_add_set(&state, NULL, data, size);
				dwh_state_write(&state, NULL, &writer);
				break;
			case 12:
				dwh_id_set_print(data, size, &text);
				break;
			case 13:
				dwh_reader_open(&reader, data, size);
				while (dwh_reader_next(&reader, &container))
					dwh_container_values(&container, values);
				break;
		}
	}
	errors_expected = false;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	switch (data[0] % 6)
	{
		case 0:
			client_bytes(data + 1, size - 1);
			break;
		case 1:
			client_text(data + 1, size - 1);
			break;
		case 2:
			{
				size_t		half = 2 + (size - 2) * data[1] / 256;

				check_two(build(data + 2, half - 2), build(data + half, size - half));
				break;
			}
		case 3:
			aggregate(data + 1, size - 1);
			break;
		case 4:
			damaged(data + 1, size - 1);
			break;
		case 5:
			{
				/* a good value, then one byte of it changed: what a client and what storage make of it */
				Set			set = build(data + 1, size - 1);

				check_one(set);
				set.bytes[(dwh_read_u16(data + size - 2) * 7919) % Min(set.len, 4096)] ^= data[1] | 1;
				client_bytes(set.bytes, set.len);
				damaged(set.bytes, set.len);
				break;
			}
	}
	reset();
	return 0;
}

/*
 * id_set_bytes.c
 *		Reading, checking and writing the portable Roaring format.
 *
 * The reader trusts nothing that could lead outside the bytes: each container's extent is checked against the length as it
 * is reached, so damaged storage ends in an error, never in a stray read. dwh_id_set_validate() checks everything else
 * (order, counts, overlapping runs, offsets, trailing bytes) and is what stands between a client's bytes and a value;
 * CRoaring 0.2.66's own deserialiser checks none of it.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "aggregate/id_set_bytes.h"

#define COOKIE_NO_RUN		12346
#define COOKIE_RUN			12347
#define OFFSETS_FROM		4	/* with runs, offsets stand in the header from this many containers on */
#define COPY_CHUNK			((Size) 16 * 1024 * 1024)

/* Counting bits is what the word loops spend their time on; PostgreSQL is built for CPUs without the instruction. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(DWH_NO_CLONES)
#define DWH_HOT __attribute__((target_clones("popcnt", "default")))
#else
#define DWH_HOT
#endif

/*
 * Makes room for more bytes; palloc'd, doubling.
 */
void
dwh_bytes_reserve(DwhBytes *bytes, Size more)
{
	Size		need = bytes->len + more;
	Size		cap;

	if (need <= bytes->cap)
		return;
	if (need > MaxAllocSize - VARHDRSZ)
		dwh_id_set_too_large();
	cap = Max(bytes->cap * 2, 128);
	while (cap < need)
		cap *= 2;
	cap = Min(cap, MaxAllocSize - VARHDRSZ);
	bytes->data = bytes->data == NULL ? palloc(cap) : repalloc(bytes->data, cap);
	bytes->cap = cap;
}

/*
 * Appends len bytes.
 */
void
dwh_bytes_append(DwhBytes *bytes, const void *data, Size len)
{
	if (len == 0)
		return;
	dwh_bytes_reserve(bytes, len);
	memcpy(bytes->data + bytes->len, data, len);
	bytes->len += len;
}

/*
 * Reads the header. Returns what is wrong with it, or NULL; on success the descriptors lie within the bytes.
 */
static const char *
reader_start(DwhIdSetReader *reader, const uint8 *bytes, Size len)
{
	uint32		cookie;
	Size		position;

	reader->bytes = bytes;
	reader->len = len;
	reader->next = 0;
	reader->run_flags = NULL;
	if (len < 4)
		return "The bytes end within the cookie.";
	cookie = dwh_read_u32(bytes);
	position = 4;
	if ((cookie & 0xFFFF) == COOKIE_RUN)
	{
		reader->n_containers = (cookie >> 16) + 1;
		reader->run_flags = bytes + position;
		position += (reader->n_containers + 7) / 8;
	}
	else if (cookie == COOKIE_NO_RUN)
	{
		if (len < 8)
			return "The bytes end within the number of containers.";
		reader->n_containers = dwh_read_u32(bytes + position);
		position += 4;
		if (reader->n_containers > DWH_CONTAINER_IDS)
			return "The number of containers exceeds 65536.";
	}
	else
		return "The bytes do not start with a cookie of the portable Roaring format.";
	reader->descriptors = bytes + position;
	position += (Size) reader->n_containers * 4;
	if (reader->run_flags == NULL || reader->n_containers >= OFFSETS_FROM)
		position += (Size) reader->n_containers * 4;
	if (position > len)
		return "The bytes end within the header.";
	reader->position = position;
	return NULL;
}

/*
 * Steps to the next container. Returns 1, 0 at the end, -1 when it does not lie within the bytes.
 */
static inline int
reader_step(DwhIdSetReader *reader, DwhContainer *container)
{
	uint32		i = reader->next;
	const uint8 *descriptor;

	if (i >= reader->n_containers)
		return 0;
	descriptor = reader->descriptors + (Size) i * 4;
	container->key = dwh_read_u16(descriptor);
	container->card = (uint32) dwh_read_u16(descriptor + 2) + 1;
	container->n_runs = 0;
	if (reader->run_flags != NULL && (reader->run_flags[i / 8] & (1 << (i % 8))) != 0)
	{
		if (reader->len - reader->position < 2)
			return -1;
		container->kind = DWH_CONTAINER_RUN;
		container->n_runs = dwh_read_u16(reader->bytes + reader->position);
		container->size = (Size) container->n_runs * 4;
		reader->position += 2;
	}
	else if (container->card <= DWH_ARRAY_MAX)
	{
		container->kind = DWH_CONTAINER_ARRAY;
		container->size = (Size) container->card * 2;
	}
	else
	{
		container->kind = DWH_CONTAINER_BITSET;
		container->size = DWH_CONTAINER_WORDS * sizeof(uint64);
	}
	if (reader->len - reader->position < container->size)
		return -1;
	container->data = reader->bytes + reader->position;
	reader->position += container->size;
	reader->next++;
	return 1;
}

/*
 * True when the bytes, possibly only the first of a longer value, hold the whole header.
 */
bool
dwh_header_fits(DwhIdSetReader *reader, const uint8 *bytes, Size len)
{
	return reader_start(reader, bytes, len) == NULL;
}

/*
 * Starts reading a stored value; an unreadable header raises ERRCODE_DATA_CORRUPTED.
 */
void
dwh_reader_open(DwhIdSetReader *reader, const uint8 *bytes, Size len)
{
	if (reader_start(reader, bytes, len) != NULL)
		dwh_id_set_corrupt();
}

/*
 * Gives the next container, false at the end; raises ERRCODE_DATA_CORRUPTED when it does not lie within the bytes.
 */
bool
dwh_reader_next(DwhIdSetReader *reader, DwhContainer *container)
{
	int			found = reader_step(reader, container);

	if (found < 0)
		dwh_id_set_corrupt();
	return found > 0;
}

/*
 * Counts the ids in words.
 */
DWH_HOT uint32
dwh_words_count(const uint64 *words, uint32 n_words)
{
	uint32		count = 0;

	for (uint32 i = 0; i < n_words; i++)
		count += __builtin_popcountll(words[i]);
	return count;
}

/*
 * Counts the ids and the runs of consecutive ids of a container's words.
 */
DWH_HOT static void
words_summary(const uint64 *words, uint32 *card, uint32 *n_runs)
{
	uint64		carry = 0;
	uint32		ids = 0;
	uint32		starts = 0;

	for (uint32 i = 0; i < DWH_CONTAINER_WORDS; i++)
	{
		uint64		word = words[i];

		ids += __builtin_popcountll(word);
		/* a run starts at each bit whose lower neighbour is clear */
		starts += __builtin_popcountll(word & ~((word << 1) | carry));
		carry = word >> 63;
	}
	*card = ids;
	*n_runs = starts;
}

/*
 * Sets the bits first .. last of a container's words.
 */
void
dwh_words_set_range(uint64 *words, uint32 first, uint32 last)
{
	uint32		i = first / 64;
	uint32		end = last / 64;
	uint64		head = ~UINT64CONST(0) << (first % 64);
	uint64		tail = ~UINT64CONST(0) >> (63 - last % 64);

	if (i == end)
	{
		words[i] |= head & tail;
		return;
	}
	words[i++] |= head;
	while (i < end)
		words[i++] = ~UINT64CONST(0);
	words[end] |= tail;
}

/*
 * Overwrites words with a container's ids. Runs that lead past 65535 raise ERRCODE_DATA_CORRUPTED.
 */
void
dwh_container_load(const DwhContainer *container, uint64 *words)
{
	if (container->kind == DWH_CONTAINER_BITSET)
	{
		memcpy(words, container->data, DWH_CONTAINER_WORDS * sizeof(uint64));
		return;
	}
	memset(words, 0, DWH_CONTAINER_WORDS * sizeof(uint64));
	if (container->kind == DWH_CONTAINER_ARRAY)
	{
		for (uint32 i = 0; i < container->card; i++)
		{
			uint16		value = dwh_read_u16(container->data + (Size) i * 2);

			words[value / 64] |= UINT64CONST(1) << (value % 64);
		}
		return;
	}
	for (uint32 i = 0; i < container->n_runs; i++)
	{
		uint32		first = dwh_read_u16(container->data + (Size) i * 4);
		uint32		last = first + dwh_read_u16(container->data + (Size) i * 4 + 2);

		if (last >= DWH_CONTAINER_IDS)
			dwh_id_set_corrupt();
		dwh_words_set_range(words, first, last);
	}
}

/*
 * Writes the values of the set bits in ascending order; returns their number.
 */
static uint32
words_values(const uint64 *words, uint16 *values)
{
	uint32		n = 0;

	for (uint32 i = 0; i < DWH_CONTAINER_WORDS; i++)
	{
		uint64		word = words[i];

		while (word != 0)
		{
			values[n++] = (uint16) (i * 64 + __builtin_ctzll(word));
			word &= word - 1;
		}
	}
	return n;
}

/*
 * Writes a container's values (lower 16 bits) in ascending order to values (room for DWH_CONTAINER_IDS); returns their number.
 */
uint32
dwh_container_values(const DwhContainer *container, uint16 *values)
{
	uint32		n = 0;

	switch (container->kind)
	{
		case DWH_CONTAINER_ARRAY:
			memcpy(values, container->data, container->size);
			return container->card;
		case DWH_CONTAINER_BITSET:
			for (uint32 i = 0; i < DWH_CONTAINER_WORDS; i++)
			{
				uint64		word = dwh_read_u64(container->data + (Size) i * 8);

				while (word != 0)
				{
					values[n++] = (uint16) (i * 64 + __builtin_ctzll(word));
					word &= word - 1;
				}
			}
			return n;
		case DWH_CONTAINER_RUN:
			for (uint32 i = 0; i < container->n_runs; i++)
			{
				uint32		value = dwh_read_u16(container->data + (Size) i * 4);
				uint32		last = value + dwh_read_u16(container->data + (Size) i * 4 + 2);

				/* overlapping runs of a damaged value could otherwise give more values than there is room for */
				if (last >= DWH_CONTAINER_IDS || n + (last - value) >= DWH_CONTAINER_IDS)
					dwh_id_set_corrupt();
				for (; value <= last; value++)
					values[n++] = (uint16) value;
			}
			return n;
	}
	return 0;
}

/*
 * Checks bytes from outside. Returns NULL when they are a portable Roaring bitmap whose ids are at most max_id, otherwise a
 * sentence that says what is wrong. Forms that are valid but not canonical are accepted: dwh_id_set_normalise() is next.
 */
const char *
dwh_id_set_validate(const uint8 *bytes, Size len, uint32 max_id)
{
	DwhIdSetReader reader;
	DwhContainer container;
	const char *wrong = reader_start(&reader, bytes, len);
	const uint8 *offsets = NULL;
	uint32		last_key = 0;
	int			found;

	if (wrong != NULL)
		return wrong;
	if (reader.run_flags == NULL || reader.n_containers >= OFFSETS_FROM)
		offsets = reader.descriptors + (Size) reader.n_containers * 4;
	if (reader.run_flags != NULL && reader.n_containers % 8 != 0 &&
		(reader.run_flags[reader.n_containers / 8] >> (reader.n_containers % 8)) != 0)
		return "The header marks a container that does not exist as runs.";

	for (;;)
	{
		uint32		greatest = 0;
		Size		start = reader.position;

		CHECK_FOR_INTERRUPTS();
		found = reader_step(&reader, &container);
		if (found <= 0)
			break;
		if (reader.next > 1 && container.key <= last_key)
			return "The keys of the containers do not ascend.";
		last_key = container.key;
		if (offsets != NULL && dwh_read_u32(offsets + (Size) (reader.next - 1) * 4) != start)
			return "An offset in the header does not point at its container.";

		switch (container.kind)
		{
			case DWH_CONTAINER_ARRAY:
				for (uint32 i = 0; i < container.card; i++)
				{
					uint32		value = dwh_read_u16(container.data + (Size) i * 2);

					if (i > 0 && value <= greatest)
						return "The values of an array container do not ascend.";
					greatest = value;
				}
				break;
			case DWH_CONTAINER_BITSET:
				{
					uint64		words[DWH_CONTAINER_WORDS];
					uint32		i = DWH_CONTAINER_WORDS - 1;

					memcpy(words, container.data, sizeof(words));
					if (dwh_words_count(words, DWH_CONTAINER_WORDS) != container.card)
						return "A bitset container does not hold as many ids as the header says.";
					while (words[i] == 0)
						i--;
					greatest = i * 64 + 63 - __builtin_clzll(words[i]);
					break;
				}
			case DWH_CONTAINER_RUN:
				{
					uint32		ids = 0;

					if (container.n_runs == 0)
						return "A run container has no run.";
					for (uint32 i = 0; i < container.n_runs; i++)
					{
						uint32		first = dwh_read_u16(container.data + (Size) i * 4);
						uint32		last = first + dwh_read_u16(container.data + (Size) i * 4 + 2);

						if (last >= DWH_CONTAINER_IDS)
							return "A run leads past the end of its container.";
						if (i > 0 && first <= greatest)
							return "The runs of a container overlap or do not ascend.";
						greatest = last;
						ids += last - first + 1;
					}
					if (ids != container.card)
						return "A run container does not hold as many ids as the header says.";
					break;
				}
		}
		if (((container.key << 16) | greatest) > max_id)
			return "An id exceeds 2147483647.";
	}
	if (found < 0)
		return "The bytes end within a container.";
	if (reader.position != len)
		return "There are bytes after the last container.";
	return NULL;
}

/*
 * Starts a writer without containers.
 */
void
dwh_writer_init(DwhIdSetWriter *writer)
{
	memset(writer, 0, sizeof(*writer));
}

/*
 * Frees what a writer holds.
 */
void
dwh_writer_free(DwhIdSetWriter *writer)
{
	if (writer->data.data != NULL)
		pfree(writer->data.data);
	if (writer->descriptors != NULL)
		pfree(writer->descriptors);
	dwh_writer_init(writer);
}

/*
 * Opens a container of the given size and returns where its bytes go.
 */
static uint8 *
writer_open(DwhIdSetWriter *writer, uint32 key, uint32 card, uint32 size, bool is_run)
{
	DwhDescriptor *descriptor;
	uint8	   *out;

	if (writer->n == writer->cap)
	{
		writer->cap = Max(writer->cap * 2, 4);
		if (writer->descriptors == NULL)
			writer->descriptors = palloc(writer->cap * sizeof(DwhDescriptor));
		else
			writer->descriptors = repalloc(writer->descriptors, writer->cap * sizeof(DwhDescriptor));
	}
	descriptor = &writer->descriptors[writer->n++];
	descriptor->key = (uint16) key;
	descriptor->card_minus_1 = (uint16) (card - 1);
	descriptor->size = size;
	descriptor->is_run = is_run;
	writer->has_run |= is_run;
	dwh_bytes_reserve(&writer->data, size);
	out = writer->data.data + writer->data.len;
	writer->data.len += size;
	return out;
}

/*
 * True when runs are the smallest form of a container of card ids in n_runs runs.
 */
static inline bool
runs_are_smallest(uint32 card, uint32 n_runs)
{
	uint32		flat = card <= DWH_ARRAY_MAX ? card * 2 : DWH_CONTAINER_WORDS * sizeof(uint64);

	return 2 + n_runs * 4 < flat;
}

/*
 * Writes one run and returns the place after it.
 */
static inline uint8 *
put_run(uint8 *out, uint32 first, uint32 last)
{
	uint16		pair[2];

	pair[0] = (uint16) first;
	pair[1] = (uint16) (last - first);
	memcpy(out, pair, sizeof(pair));
	return out + sizeof(pair);
}

/*
 * Writes the number of runs and returns the place of the first run.
 */
static inline uint8 *
put_run_count(uint8 *out, uint32 n_runs)
{
	uint16		count = (uint16) n_runs;

	memcpy(out, &count, sizeof(count));
	return out + sizeof(count);
}

/*
 * Adds a container given as n strictly ascending values; none when n is 0.
 */
void
dwh_writer_add_values(DwhIdSetWriter *writer, uint32 key, const uint16 *values, uint32 n)
{
	uint32		n_runs = n > 0 ? 1 : 0;

	if (n == 0)
		return;
	for (uint32 i = 1; i < n; i++)
		n_runs += values[i] != (uint32) values[i - 1] + 1;
	if (runs_are_smallest(n, n_runs))
	{
		uint8	   *out = put_run_count(writer_open(writer, key, n, 2 + n_runs * 4, true), n_runs);
		uint32		first = 0;

		for (uint32 i = 1; i <= n; i++)
			if (i == n || values[i] != (uint32) values[i - 1] + 1)
			{
				out = put_run(out, values[first], values[i - 1]);
				first = i;
			}
	}
	else if (n <= DWH_ARRAY_MAX)
		memcpy(writer_open(writer, key, n, n * 2, false), values, (Size) n * 2);
	else
	{
		uint64		words[DWH_CONTAINER_WORDS];

		memset(words, 0, sizeof(words));
		for (uint32 i = 0; i < n; i++)
			words[values[i] / 64] |= UINT64CONST(1) << (values[i] % 64);
		memcpy(writer_open(writer, key, n, sizeof(words), false), words, sizeof(words));
	}
}

/*
 * Adds a container given as a bitset; none when no bit is set.
 */
void
dwh_writer_add_words(DwhIdSetWriter *writer, uint32 key, const uint64 *words)
{
	uint32		card;
	uint32		n_runs;

	words_summary(words, &card, &n_runs);
	if (card == 0)
		return;
	if (runs_are_smallest(card, n_runs))
	{
		uint8	   *out = put_run_count(writer_open(writer, key, card, 2 + n_runs * 4, true), n_runs);
		uint32		i = 0;
		uint64		word = words[0];

		for (uint32 run = 0; run < n_runs; run++)
		{
			uint32		first;
			uint32		last;

			while (word == 0)
				word = words[++i];
			first = i * 64 + __builtin_ctzll(word);
			/* fill the bits below the run's end, then look for the first clear bit */
			word |= word - 1;
			while (word == ~UINT64CONST(0) && i + 1 < DWH_CONTAINER_WORDS)
				word = words[++i];
			if (word == ~UINT64CONST(0))
				last = DWH_CONTAINER_IDS - 1;
			else
			{
				last = i * 64 + __builtin_ctzll(~word);
				last--;
				word &= word + 1;
			}
			out = put_run(out, first, last);
		}
	}
	else if (card <= DWH_ARRAY_MAX)
	{
		uint16		values[DWH_ARRAY_MAX];

		words_values(words, values);
		memcpy(writer_open(writer, key, card, card * 2, false), values, (Size) card * 2);
	}
	else
		memcpy(writer_open(writer, key, card, DWH_CONTAINER_WORDS * sizeof(uint64), false), words,
			   DWH_CONTAINER_WORDS * sizeof(uint64));
}

/*
 * Adds a container given as runs (lower 16 bits) that ascend and do not touch.
 */
void
dwh_writer_add_runs(DwhIdSetWriter *writer, uint32 key, const DwhRange *runs, uint32 n)
{
	uint32		card = 0;

	for (uint32 i = 0; i < n; i++)
		card += runs[i].last - runs[i].first + 1;
	if (card == 0)
		return;
	if (runs_are_smallest(card, n))
	{
		uint8	   *out = put_run_count(writer_open(writer, key, card, 2 + n * 4, true), n);

		for (uint32 i = 0; i < n; i++)
			out = put_run(out, runs[i].first, runs[i].last);
	}
	else if (card <= DWH_ARRAY_MAX)
	{
		uint8	   *out = writer_open(writer, key, card, card * 2, false);

		for (uint32 i = 0; i < n; i++)
			for (uint32 value = runs[i].first; value <= runs[i].last; value++)
			{
				uint16		v = (uint16) value;

				memcpy(out, &v, sizeof(v));
				out += sizeof(v);
			}
	}
	else
	{
		uint64		words[DWH_CONTAINER_WORDS];

		memset(words, 0, sizeof(words));
		for (uint32 i = 0; i < n; i++)
			dwh_words_set_range(words, runs[i].first, runs[i].last);
		memcpy(writer_open(writer, key, card, sizeof(words), false), words, sizeof(words));
	}
}

/*
 * Adds a container of a stored value as it is: stored values are canonical.
 */
void
dwh_writer_add_container(DwhIdSetWriter *writer, const DwhContainer *container)
{
	uint8	   *out;

	if (container->kind == DWH_CONTAINER_RUN)
	{
		out = writer_open(writer, container->key, container->card, 2 + (uint32) container->size, true);
		out = put_run_count(out, container->n_runs);
	}
	else
		out = writer_open(writer, container->key, container->card, (uint32) container->size, false);
	if (container->size > 0)
		memcpy(out, container->data, container->size);
}

/*
 * Adds ranges of ids that ascend and do not touch, cut at the borders of containers.
 */
void
dwh_writer_add_ranges(DwhIdSetWriter *writer, const DwhRange *ranges, Size n)
{
	DwhRange   *runs;
	uint32		n_runs = 0;
	uint32		key = 0;

	if (n == 0)
		return;
	/* a range gives at most one run to a container, and runs that do not touch are at most every other id */
	runs = palloc(sizeof(DwhRange) * Min(n, DWH_CONTAINER_IDS / 2));
	for (Size i = 0; i < n; i++)
	{
		uint32		first = ranges[i].first;

		for (;;)
		{
			uint32		last = Min(ranges[i].last, first | 0xFFFF);

			if (n_runs > 0 && (first >> 16) != key)
			{
				CHECK_FOR_INTERRUPTS();
				dwh_writer_add_runs(writer, key, runs, n_runs);
				n_runs = 0;
			}
			key = first >> 16;
			runs[n_runs].first = first & 0xFFFF;
			runs[n_runs++].last = last & 0xFFFF;
			if (last == ranges[i].last)
				break;
			first = last + 1;
		}
	}
	dwh_writer_add_runs(writer, key, runs, n_runs);
	pfree(runs);
}

/*
 * Writes the canonical form of bytes that passed dwh_id_set_validate().
 */
void
dwh_id_set_normalise(const uint8 *bytes, Size len, DwhIdSetWriter *writer)
{
	DwhIdSetReader reader;
	DwhContainer container;
	uint64		words[DWH_CONTAINER_WORDS];

	dwh_reader_open(&reader, bytes, len);
	while (dwh_reader_next(&reader, &container))
	{
		CHECK_FOR_INTERRUPTS();
		dwh_container_load(&container, words);
		dwh_writer_add_words(writer, container.key, words);
	}
}

/*
 * The number of bytes that dwh_writer_finish() writes.
 */
Size
dwh_writer_size(const DwhIdSetWriter *writer)
{
	Size		size = 4 + (Size) writer->n * 4 + writer->data.len;

	if (writer->has_run)
		size += (writer->n + 7) / 8;
	else
		size += 4;
	if (!writer->has_run || writer->n >= OFFSETS_FROM)
		size += (Size) writer->n * 4;
	return size;
}

/*
 * Writes header and containers to out (dwh_writer_size() bytes) and frees what the writer holds.
 */
void
dwh_writer_finish(DwhIdSetWriter *writer, uint8 *out)
{
	uint32		word;
	uint32		offset;

	if (writer->has_run)
	{
		word = COOKIE_RUN | ((writer->n - 1) << 16);
		memcpy(out, &word, 4);
		out += 4;
		memset(out, 0, (writer->n + 7) / 8);
		for (uint32 i = 0; i < writer->n; i++)
			if (writer->descriptors[i].is_run)
				out[i / 8] |= 1 << (i % 8);
		out += (writer->n + 7) / 8;
	}
	else
	{
		word = COOKIE_NO_RUN;
		memcpy(out, &word, 4);
		memcpy(out + 4, &writer->n, 4);
		out += 8;
	}
	for (uint32 i = 0; i < writer->n; i++)
	{
		memcpy(out, &writer->descriptors[i].key, 2);
		memcpy(out + 2, &writer->descriptors[i].card_minus_1, 2);
		out += 4;
	}
	if (!writer->has_run || writer->n >= OFFSETS_FROM)
	{
		offset = (uint32) (dwh_writer_size(writer) - writer->data.len);
		for (uint32 i = 0; i < writer->n; i++)
		{
			memcpy(out, &offset, 4);
			out += 4;
			offset += writer->descriptors[i].size;
		}
	}
	for (Size done = 0; done < writer->data.len; done += COPY_CHUNK)
	{
		CHECK_FOR_INTERRUPTS();
		memcpy(out + done, writer->data.data + done, Min(COPY_CHUNK, writer->data.len - done));
	}
	dwh_writer_free(writer);
}

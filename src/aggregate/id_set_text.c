/*
 * id_set_text.c
 *		The text form of dwh.id_set.
 *
 * {1-5,9} holds 1, 2, 3, 4, 5 and 9. On input, items are ids or closed ranges in any order, may overlap and may have blanks
 * around them; on output they ascend, and three or more consecutive ids are a range. {} is the empty set.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "aggregate/id_set_bytes.h"

#define RANGE_FROM	3			/* shortest sequence printed as a range */

typedef struct TextReader
{
	const char *text;
	Size		len;
	Size		at;
	DwhTextError *error;
} TextReader;

/*
 * Passes over blanks.
 */
static void
skip_blanks(TextReader *reader)
{
	while (reader->at < reader->len)
	{
		char		c = reader->text[reader->at];

		if (c != ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != '\v')
			break;
		reader->at++;
	}
}

/*
 * Notes an error at offset; always false.
 */
static bool
fail(TextReader *reader, Size offset, const char *reason)
{
	reader->error->offset = offset;
	reader->error->reason = reason;
	return false;
}

/*
 * True, and past it, when the next character is c.
 */
static bool
take(TextReader *reader, char c)
{
	if (reader->at < reader->len && reader->text[reader->at] == c)
	{
		reader->at++;
		return true;
	}
	return false;
}

/*
 * Reads an id.
 */
static bool
read_id(TextReader *reader, uint32 *id)
{
	Size		start = reader->at;
	uint64		value = 0;

	while (reader->at < reader->len && reader->text[reader->at] >= '0' && reader->text[reader->at] <= '9')
	{
		value = value * 10 + (reader->text[reader->at] - '0');
		if (value > DWH_ID_MAX)
			return fail(reader, start, "An id exceeds 2147483647.");
		reader->at++;
	}
	if (reader->at == start)
		return fail(reader, start, "An id is expected.");
	*id = (uint32) value;
	return true;
}

/*
 * Orders ranges by their first id. Interrupts are served here: sorting is the longest step of a long input.
 */
static int
range_compare(const void *a, const void *b)
{
	uint32		first = ((const DwhRange *) a)->first;
	uint32		other = ((const DwhRange *) b)->first;

	CHECK_FOR_INTERRUPTS();
	return first < other ? -1 : first > other;
}

/*
 * Parses a text form into the writer. Returns false and fills *error when it is malformed.
 */
bool
dwh_id_set_parse(const char *text, Size len, DwhIdSetWriter *writer, DwhTextError *error)
{
	TextReader	reader;
	DwhRange   *ranges = NULL;
	Size		n = 0;
	Size		cap = 0;
	bool		ascending = true;
	bool		done = false;

	reader.text = text;
	reader.len = len;
	reader.at = 0;
	reader.error = error;

	skip_blanks(&reader);
	if (!take(&reader, '{'))
		return fail(&reader, reader.at, "An id set starts with \"{\".");
	skip_blanks(&reader);
	if (take(&reader, '}'))
		done = true;
	while (!done)
	{
		DwhRange	range;
		Size		start = reader.at;

		CHECK_FOR_INTERRUPTS();
		if (!read_id(&reader, &range.first))
			return false;
		range.last = range.first;
		skip_blanks(&reader);
		if (take(&reader, '-'))
		{
			skip_blanks(&reader);
			if (!read_id(&reader, &range.last))
				return false;
			if (range.last < range.first)
				return fail(&reader, start, "A range ends before it starts.");
			skip_blanks(&reader);
		}

		/* an item that touches or overlaps the one before it is joined with it at once */
		if (n > 0 && range.first >= ranges[n - 1].first && range.first <= ranges[n - 1].last + 1)
			ranges[n - 1].last = Max(ranges[n - 1].last, range.last);
		else
		{
			if (n == cap)
			{
				cap = Max(cap * 2, 16);
				if (ranges == NULL)
					ranges = palloc(cap * sizeof(DwhRange));
				else
					ranges = repalloc_huge(ranges, cap * sizeof(DwhRange));
			}
			ascending &= n == 0 || ranges[n - 1].last < range.first;
			ranges[n++] = range;
		}

		if (take(&reader, '}'))
			done = true;
		else if (!take(&reader, ','))
			return fail(&reader, reader.at, "A comma or \"}\" is expected.");
		else
			skip_blanks(&reader);
	}
	skip_blanks(&reader);
	if (reader.at < reader.len)
		return fail(&reader, reader.at, "There is text after the closing brace.");

	if (!ascending)
	{
		Size		kept = 0;

		qsort(ranges, n, sizeof(DwhRange), range_compare);
		for (Size i = 1; i < n; i++)
		{
			if (ranges[i].first <= ranges[kept].last + 1)
				ranges[kept].last = Max(ranges[kept].last, ranges[i].last);
			else
				ranges[++kept] = ranges[i];
		}
		n = kept + 1;
	}
	dwh_writer_add_ranges(writer, ranges, n);
	if (ranges != NULL)
		pfree(ranges);
	return true;
}

/*
 * Appends an id in decimal digits.
 */
static void
put_id(DwhBytes *text, uint32 id)
{
	char		digits[10];
	int			at = sizeof(digits);

	do
	{
		digits[--at] = (char) ('0' + id % 10);
		id /= 10;
	} while (id > 0);
	dwh_bytes_append(text, digits + at, sizeof(digits) - at);
}

/*
 * Appends the ids first .. last.
 */
static void
put_range(DwhBytes *text, uint32 first, uint32 last)
{
	if (last > first && last - first + 1 >= RANGE_FROM)
	{
		put_id(text, first);
		dwh_bytes_append(text, "-", 1);
		put_id(text, last);
		dwh_bytes_append(text, ",", 1);
		return;
	}
	for (;; first++)
	{
		put_id(text, first);
		dwh_bytes_append(text, ",", 1);
		if (first >= last)
			break;
	}
}

/* What is printed of a value so far: the last range, which the next one may continue. */
typedef struct TextWriter
{
	DwhBytes   *text;
	DwhRange	range;
	bool		open;
} TextWriter;

/*
 * Takes the ids first .. last, which follow all that came before.
 */
static inline void
print_range(TextWriter *writer, uint32 first, uint32 last)
{
	if (writer->open && first == writer->range.last + 1)
	{
		writer->range.last = last;
		return;
	}
	if (writer->open)
		put_range(writer->text, writer->range.first, writer->range.last);
	writer->range.first = first;
	writer->range.last = last;
	writer->open = true;
}

/*
 * Appends the text form of a stored value, with a terminating zero byte.
 */
void
dwh_id_set_print(const uint8 *bytes, Size len, DwhBytes *text)
{
	DwhIdSetReader reader;
	DwhContainer container;
	TextWriter	writer = {text, {0, 0}, false};

	dwh_bytes_append(text, "{", 1);
	dwh_reader_open(&reader, bytes, len);
	while (dwh_reader_next(&reader, &container))
	{
		uint32		base = container.key << 16;

		CHECK_FOR_INTERRUPTS();
		switch (container.kind)
		{
			case DWH_CONTAINER_ARRAY:
				for (uint32 i = 0; i < container.card; i++)
				{
					uint32		id = base + dwh_read_u16(container.data + (Size) i * 2);

					print_range(&writer, id, id);
				}
				break;
			case DWH_CONTAINER_BITSET:
				for (uint32 i = 0; i < DWH_CONTAINER_WORDS; i++)
					for (uint64 word = dwh_read_u64(container.data + (Size) i * 8); word != 0; word &= word - 1)
					{
						uint32		id = base + i * 64 + __builtin_ctzll(word);

						print_range(&writer, id, id);
					}
				break;
			case DWH_CONTAINER_RUN:
				for (uint32 i = 0; i < container.n_runs; i++)
				{
					uint32		first = base + dwh_read_u16(container.data + (Size) i * 4);

					print_range(&writer, first, first + dwh_read_u16(container.data + (Size) i * 4 + 2));
				}
				break;
		}
	}
	if (writer.open)
	{
		put_range(text, writer.range.first, writer.range.last);
		/* the last comma becomes the brace */
		text->len--;
	}
	dwh_bytes_append(text, "}", 2);
}

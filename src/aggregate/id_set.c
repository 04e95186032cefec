/*
 * id_set.c
 *		The SQL-callable functions of the type dwh.id_set: input and output, casts, operators, access.
 *
 * Arguments are detoasted and handed to the byte-level code (id_set_bytes.h), which raises nothing but "corrupt" and "too
 * large"; what a client sent is checked here, once, on its way in: 22P02 for text, 22P03 for bytes.
 */
#include "postgres.h"

#include "access/detoast.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "fmgr.h"
#include "funcapi.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

#include "aggregate/id_set.h"

#define HEADER_SLICE	4096		/* how much of a large value is fetched for its header */

PG_FUNCTION_INFO_V1(dwh_sql_id_set_in);
PG_FUNCTION_INFO_V1(dwh_sql_id_set_out);
PG_FUNCTION_INFO_V1(dwh_sql_id_set_recv);
PG_FUNCTION_INFO_V1(dwh_sql_id_set_send);
PG_FUNCTION_INFO_V1(dwh_sql_id_set_from_array);
PG_FUNCTION_INFO_V1(dwh_sql_id_set_to_array);
PG_FUNCTION_INFO_V1(dwh_sql_id_set_from_bytea);
PG_FUNCTION_INFO_V1(dwh_sql_id_set_to_bytea);
PG_FUNCTION_INFO_V1(dwh_sql_id_set_union);
PG_FUNCTION_INFO_V1(dwh_sql_id_set_intersect);
PG_FUNCTION_INFO_V1(dwh_sql_id_set_difference);
PG_FUNCTION_INFO_V1(dwh_sql_id_set_symmetric);
PG_FUNCTION_INFO_V1(dwh_sql_id_set_eq);
PG_FUNCTION_INFO_V1(dwh_sql_id_set_ne);
PG_FUNCTION_INFO_V1(dwh_sql_id_set_lt);
PG_FUNCTION_INFO_V1(dwh_sql_id_set_le);
PG_FUNCTION_INFO_V1(dwh_sql_id_set_gt);
PG_FUNCTION_INFO_V1(dwh_sql_id_set_ge);
PG_FUNCTION_INFO_V1(dwh_sql_id_set_cmp);
PG_FUNCTION_INFO_V1(dwh_sql_id_set_hash);
PG_FUNCTION_INFO_V1(dwh_sql_id_set_hash_extended);
PG_FUNCTION_INFO_V1(dwh_sql_id_set_includes);
PG_FUNCTION_INFO_V1(dwh_sql_id_set_included);
PG_FUNCTION_INFO_V1(dwh_sql_id_set_intersects);
PG_FUNCTION_INFO_V1(dwh_sql_id_set_has);
PG_FUNCTION_INFO_V1(dwh_sql_id_set_in_set);
PG_FUNCTION_INFO_V1(dwh_sql_id_set_cardinality);
PG_FUNCTION_INFO_V1(dwh_sql_id_set_overlap_count);
PG_FUNCTION_INFO_V1(dwh_sql_id_set_jaccard_index);
PG_FUNCTION_INFO_V1(dwh_sql_id_set_min);
PG_FUNCTION_INFO_V1(dwh_sql_id_set_max);
PG_FUNCTION_INFO_V1(dwh_sql_id_set_rank);
PG_FUNCTION_INFO_V1(dwh_sql_id_set_iterate);

/*
 * Raises that a stored value is damaged.
 */
void
dwh_id_set_corrupt(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("stored id set is damaged"),
			 errdetail("Its containers do not lie within its bytes."),
			 errhint("Rebuild the value from the facts.")));
}

/*
 * Raises that a result exceeds what one value can hold.
 */
void
dwh_id_set_too_large(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("result of an id set function is too large"),
			 errdetail("One value holds at most 1 GB."),
			 errhint("Read the ids one by one with dwh.iterate(), or split the set.")));
}

/*
 * Raises that an integer is no id.
 */
void
dwh_id_out_of_range(int32 id)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("id %d is out of range for type %s", id, "dwh.id_set"),
			 errdetail("An id set holds ids from 0 to 2147483647."),
			 errhint("Use the surrogate key of the dimension, or leave the row out with FILTER.")));
}

/*
 * Makes a palloc'd value of a writer's containers; frees what the writer holds.
 */
DwhIdSet *
dwh_id_set_make(DwhIdSetWriter *writer)
{
	Size		size = dwh_writer_size(writer) + VARHDRSZ;
	DwhIdSet   *set;

	if (size > MaxAllocSize)
		dwh_id_set_too_large();
	set = palloc(size);
	SET_VARSIZE(set, size);
	dwh_writer_finish(writer, DWH_ID_SET_BYTES(set));
	return set;
}

/*
 * Checks bytes of a client and makes a value of them; 22P03 when they are malformed.
 */
static DwhIdSet *
id_set_from_client(const uint8 *bytes, Size len)
{
	const char *wrong = dwh_id_set_validate(bytes, len, DWH_ID_MAX);
	DwhIdSetWriter writer;

	if (wrong != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid binary form of type %s", "dwh.id_set"),
				 errdetail("%s", wrong),
				 errhint("Send the portable serialisation of a 32-bit Roaring bitmap.")));
	dwh_writer_init(&writer);
	dwh_id_set_normalise(bytes, len, &writer);
	return dwh_id_set_make(&writer);
}

/*
 * dwh.id_set input: {1-5,9}.
 */
Datum
dwh_sql_id_set_in(PG_FUNCTION_ARGS)
{
	const char *text = PG_GETARG_CSTRING(0);
	DwhIdSetWriter writer;
	DwhTextError error = {0, NULL};

	dwh_writer_init(&writer);
	if (!dwh_id_set_parse(text, strlen(text), &writer, &error))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type %s at character %zu", "dwh.id_set", error.offset + 1),
				 errdetail("%s", error.reason),
				 errhint("Write ids and ranges between braces, as in {1-5,9}.")));
	PG_RETURN_POINTER(dwh_id_set_make(&writer));
}

/*
 * dwh.id_set output.
 */
Datum
dwh_sql_id_set_out(PG_FUNCTION_ARGS)
{
	DwhIdSet   *set = DWH_GETARG_ID_SET(0);
	DwhBytes	text = {NULL, 0, 0};

	dwh_id_set_print(DWH_ID_SET_BYTES(set), DWH_ID_SET_LEN(set), &text);
	PG_RETURN_CSTRING((char *) text.data);
}

/*
 * dwh.id_set binary input: the portable Roaring serialisation.
 */
Datum
dwh_sql_id_set_recv(PG_FUNCTION_ARGS)
{
	StringInfo	message = (StringInfo) PG_GETARG_POINTER(0);
	int			len = message->len - message->cursor;
	const char *bytes = pq_getmsgbytes(message, len);

	PG_RETURN_POINTER(id_set_from_client((const uint8 *) bytes, len));
}

/*
 * dwh.id_set binary output, and the cast to bytea: the bytes as they are stored.
 */
Datum
dwh_sql_id_set_send(PG_FUNCTION_ARGS)
{
	DwhIdSet   *set = DWH_GETARG_ID_SET(0);
	bytea	   *result = palloc(VARSIZE_ANY_EXHDR(set) + VARHDRSZ);

	SET_VARSIZE(result, VARSIZE_ANY_EXHDR(set) + VARHDRSZ);
	memcpy(VARDATA(result), VARDATA_ANY(set), VARSIZE_ANY_EXHDR(set));
	PG_RETURN_BYTEA_P(result);
}

Datum
dwh_sql_id_set_to_bytea(PG_FUNCTION_ARGS)
{
	return dwh_sql_id_set_send(fcinfo);
}

/*
 * Cast from bytea, checked as binary input is.
 */
Datum
dwh_sql_id_set_from_bytea(PG_FUNCTION_ARGS)
{
	bytea	   *bytes = PG_GETARG_BYTEA_PP(0);

	PG_RETURN_POINTER(id_set_from_client((const uint8 *) VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes)));
}

/*
 * dwh.id_set(int[]): the ids of an array in any order, of any shape; NULL elements are refused.
 */
Datum
dwh_sql_id_set_from_array(PG_FUNCTION_ARGS)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(0);
	int			n = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	const int32 *ids = (const int32 *) ARR_DATA_PTR(array);
	DwhIdState *state = palloc(sizeof(DwhIdState));
	DwhIdSetWriter writer;

	Assert(ARR_ELEMTYPE(array) == INT4OID);
	if (ARR_HASNULL(array) && array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("array for type %s must not contain nulls", "dwh.id_set"),
				 errdetail("A set of ids has no place for an unknown id."),
				 errhint("Remove them with array_remove(ids, NULL).")));
	dwh_state_init(state);
	for (int i = 0; i < n; i++)
	{
		if (ids[i] < 0)
			dwh_id_out_of_range(ids[i]);
		if (i % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
		dwh_state_add(state, CurrentMemoryContext, (uint32) ids[i]);
	}
	dwh_writer_init(&writer);
	dwh_state_write(state, CurrentMemoryContext, &writer);
	PG_RETURN_POINTER(dwh_id_set_make(&writer));
}

/*
 * dwh.to_array(id_set): the ids in ascending order.
 */
Datum
dwh_sql_id_set_to_array(PG_FUNCTION_ARGS)
{
	DwhIdSet   *set = DWH_GETARG_ID_SET(0);
	int64		n = dwh_id_set_count(DWH_ID_SET_BYTES(set), DWH_ID_SET_LEN(set));
	Size		size = ARR_OVERHEAD_NONULLS(1) + (Size) n * sizeof(int32);
	ArrayType  *array;
	int32	   *ids;
	int64		done = 0;
	DwhIdSetReader reader;
	DwhContainer container;
	uint16	   *values;

	if (n == 0)
		PG_RETURN_ARRAYTYPE_P(construct_empty_array(INT4OID));
	if (size > MaxAllocSize)
		dwh_id_set_too_large();
	array = palloc(size);
	SET_VARSIZE(array, size);
	array->ndim = 1;
	array->dataoffset = 0;
	array->elemtype = INT4OID;
	ARR_DIMS(array)[0] = (int) n;
	ARR_LBOUND(array)[0] = 1;
	ids = (int32 *) ARR_DATA_PTR(array);

	values = palloc(sizeof(uint16) * DWH_VALUES_MAX);
	dwh_reader_open(&reader, DWH_ID_SET_BYTES(set), DWH_ID_SET_LEN(set));
	while (dwh_reader_next(&reader, &container))
	{
		uint32		n_values = dwh_container_values(&container, values);

		CHECK_FOR_INTERRUPTS();
		if (n_values != container.card)
			dwh_id_set_corrupt();
		for (uint32 i = 0; i < n_values; i++)
			ids[done++] = (int32) ((container.key << 16) | values[i]);
	}
	pfree(values);
	PG_RETURN_ARRAYTYPE_P(array);
}

/*
 * The four operators of set algebra.
 */
static Datum
apply(FunctionCallInfo fcinfo, DwhSetOp op)
{
	DwhIdSet   *a = DWH_GETARG_ID_SET(0);
	DwhIdSet   *b = DWH_GETARG_ID_SET(1);
	DwhIdSetWriter writer;

	dwh_writer_init(&writer);
	dwh_id_set_apply(op, DWH_ID_SET_BYTES(a), DWH_ID_SET_LEN(a), DWH_ID_SET_BYTES(b), DWH_ID_SET_LEN(b), &writer);
	PG_FREE_IF_COPY(a, 0);
	PG_FREE_IF_COPY(b, 1);
	PG_RETURN_POINTER(dwh_id_set_make(&writer));
}

Datum
dwh_sql_id_set_union(PG_FUNCTION_ARGS)
{
	return apply(fcinfo, DWH_SET_UNION);
}

Datum
dwh_sql_id_set_intersect(PG_FUNCTION_ARGS)
{
	return apply(fcinfo, DWH_SET_INTERSECT);
}

Datum
dwh_sql_id_set_difference(PG_FUNCTION_ARGS)
{
	return apply(fcinfo, DWH_SET_DIFFERENCE);
}

Datum
dwh_sql_id_set_symmetric(PG_FUNCTION_ARGS)
{
	return apply(fcinfo, DWH_SET_SYMMETRIC);
}

/*
 * Equality: stored values are canonical, so equal sets are equal bytes.
 */
static bool
id_set_equal(FunctionCallInfo fcinfo)
{
	DwhIdSet   *a;
	DwhIdSet   *b;
	bool		equal;

	if (toast_raw_datum_size(PG_GETARG_DATUM(0)) != toast_raw_datum_size(PG_GETARG_DATUM(1)))
		return false;
	a = DWH_GETARG_ID_SET(0);
	b = DWH_GETARG_ID_SET(1);
	equal = DWH_ID_SET_LEN(a) == DWH_ID_SET_LEN(b) &&
		memcmp(DWH_ID_SET_BYTES(a), DWH_ID_SET_BYTES(b), DWH_ID_SET_LEN(a)) == 0;
	PG_FREE_IF_COPY(a, 0);
	PG_FREE_IF_COPY(b, 1);
	return equal;
}

Datum
dwh_sql_id_set_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(id_set_equal(fcinfo));
}

Datum
dwh_sql_id_set_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(!id_set_equal(fcinfo));
}

/*
 * The order of the btree operator class: that of the ascending sequences of ids.
 */
static int
id_set_compare(FunctionCallInfo fcinfo)
{
	DwhIdSet   *a = DWH_GETARG_ID_SET(0);
	DwhIdSet   *b = DWH_GETARG_ID_SET(1);
	int			order = dwh_id_set_compare(DWH_ID_SET_BYTES(a), DWH_ID_SET_LEN(a), DWH_ID_SET_BYTES(b), DWH_ID_SET_LEN(b));

	/* an index's comparison function must not leak */
	PG_FREE_IF_COPY(a, 0);
	PG_FREE_IF_COPY(b, 1);
	return order;
}

Datum
dwh_sql_id_set_lt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(id_set_compare(fcinfo) < 0);
}

Datum
dwh_sql_id_set_le(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(id_set_compare(fcinfo) <= 0);
}

Datum
dwh_sql_id_set_gt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(id_set_compare(fcinfo) > 0);
}

Datum
dwh_sql_id_set_ge(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(id_set_compare(fcinfo) >= 0);
}

Datum
dwh_sql_id_set_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(id_set_compare(fcinfo));
}

/*
 * Hash functions of the hash operator class.
 */
Datum
dwh_sql_id_set_hash(PG_FUNCTION_ARGS)
{
	DwhIdSet   *set = DWH_GETARG_ID_SET(0);
	Datum		hash = hash_any(DWH_ID_SET_BYTES(set), (int) DWH_ID_SET_LEN(set));

	PG_FREE_IF_COPY(set, 0);
	return hash;
}

Datum
dwh_sql_id_set_hash_extended(PG_FUNCTION_ARGS)
{
	DwhIdSet   *set = DWH_GETARG_ID_SET(0);
	Datum		hash = hash_any_extended(DWH_ID_SET_BYTES(set), (int) DWH_ID_SET_LEN(set), PG_GETARG_INT64(1));

	PG_FREE_IF_COPY(set, 0);
	return hash;
}

/*
 * a @> b, and its mirror.
 */
static bool
includes(DwhIdSet *a, DwhIdSet *b)
{
	return dwh_id_set_includes(DWH_ID_SET_BYTES(a), DWH_ID_SET_LEN(a), DWH_ID_SET_BYTES(b), DWH_ID_SET_LEN(b));
}

Datum
dwh_sql_id_set_includes(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(includes(DWH_GETARG_ID_SET(0), DWH_GETARG_ID_SET(1)));
}

Datum
dwh_sql_id_set_included(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(includes(DWH_GETARG_ID_SET(1), DWH_GETARG_ID_SET(0)));
}

/*
 * a && b: whether the sets share an id.
 */
Datum
dwh_sql_id_set_intersects(PG_FUNCTION_ARGS)
{
	DwhIdSet   *a = DWH_GETARG_ID_SET(0);
	DwhIdSet   *b = DWH_GETARG_ID_SET(1);

	PG_RETURN_BOOL(dwh_id_set_intersects(DWH_ID_SET_BYTES(a), DWH_ID_SET_LEN(a),
										 DWH_ID_SET_BYTES(b), DWH_ID_SET_LEN(b)));
}

/*
 * dwh.contains(id_set, int) and its mirror. A negative integer is in no set.
 */
static bool
has(DwhIdSet *set, int32 id)
{
	return id >= 0 && dwh_id_set_has(DWH_ID_SET_BYTES(set), DWH_ID_SET_LEN(set), (uint32) id);
}

Datum
dwh_sql_id_set_has(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(has(DWH_GETARG_ID_SET(0), PG_GETARG_INT32(1)));
}

Datum
dwh_sql_id_set_in_set(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(has(DWH_GETARG_ID_SET(1), PG_GETARG_INT32(0)));
}

/*
 * dwh.cardinality(id_set). Of a value stored out of line only the header is fetched.
 */
Datum
dwh_sql_id_set_cardinality(PG_FUNCTION_ARGS)
{
	Datum		datum = PG_GETARG_DATUM(0);
	struct varlena *flat;

	if (VARATT_IS_EXTERNAL_ONDISK(DatumGetPointer(datum)))
	{
		DwhIdSetReader reader;
		DwhIdSet   *set;

		set = (DwhIdSet *) PG_DETOAST_DATUM_SLICE(datum, 0, HEADER_SLICE);
		if (dwh_header_fits(&reader, DWH_ID_SET_BYTES(set), DWH_ID_SET_LEN(set)))
			PG_RETURN_INT64(dwh_id_set_count(DWH_ID_SET_BYTES(set), DWH_ID_SET_LEN(set)));
	}
	flat = PG_GETARG_VARLENA_PP(0);
	PG_RETURN_INT64(dwh_id_set_count((uint8 *) VARDATA_ANY(flat), VARSIZE_ANY_EXHDR(flat)));
}

/*
 * dwh.overlap_count(a, b): the size of the intersection, which is not built.
 */
Datum
dwh_sql_id_set_overlap_count(PG_FUNCTION_ARGS)
{
	DwhIdSet   *a = DWH_GETARG_ID_SET(0);
	DwhIdSet   *b = DWH_GETARG_ID_SET(1);

	PG_RETURN_INT64(dwh_id_set_overlap(DWH_ID_SET_BYTES(a), DWH_ID_SET_LEN(a), DWH_ID_SET_BYTES(b), DWH_ID_SET_LEN(b)));
}

/*
 * dwh.jaccard_index(a, b): shared ids over all ids, NULL when both sets are empty.
 */
Datum
dwh_sql_id_set_jaccard_index(PG_FUNCTION_ARGS)
{
	DwhIdSet   *a = DWH_GETARG_ID_SET(0);
	DwhIdSet   *b = DWH_GETARG_ID_SET(1);
	int64		shared = dwh_id_set_overlap(DWH_ID_SET_BYTES(a), DWH_ID_SET_LEN(a), DWH_ID_SET_BYTES(b), DWH_ID_SET_LEN(b));
	int64		either = -shared;

	either += dwh_id_set_count(DWH_ID_SET_BYTES(a), DWH_ID_SET_LEN(a));
	either += dwh_id_set_count(DWH_ID_SET_BYTES(b), DWH_ID_SET_LEN(b));
	if (either == 0)
		PG_RETURN_NULL();
	PG_RETURN_NUMERIC(numeric_div_opt_error(int64_to_numeric(shared), int64_to_numeric(either), NULL));
}

/*
 * dwh.min_id(id_set), dwh.max_id(id_set): NULL of the empty set.
 */
Datum
dwh_sql_id_set_min(PG_FUNCTION_ARGS)
{
	DwhIdSet   *set = DWH_GETARG_ID_SET(0);
	uint32		id;

	if (!dwh_id_set_first(DWH_ID_SET_BYTES(set), DWH_ID_SET_LEN(set), &id))
		PG_RETURN_NULL();
	PG_RETURN_INT32((int32) id);
}

Datum
dwh_sql_id_set_max(PG_FUNCTION_ARGS)
{
	DwhIdSet   *set = DWH_GETARG_ID_SET(0);
	uint32		id;

	if (!dwh_id_set_last(DWH_ID_SET_BYTES(set), DWH_ID_SET_LEN(set), &id))
		PG_RETURN_NULL();
	PG_RETURN_INT32((int32) id);
}

/*
 * dwh.rank(id_set, int): the number of ids that are at most the given one.
 */
Datum
dwh_sql_id_set_rank(PG_FUNCTION_ARGS)
{
	DwhIdSet   *set = DWH_GETARG_ID_SET(0);
	int32		id = PG_GETARG_INT32(1);

	if (id < 0)
		PG_RETURN_INT64(0);
	PG_RETURN_INT64(dwh_id_set_rank(DWH_ID_SET_BYTES(set), DWH_ID_SET_LEN(set), (uint32) id));
}

/* dwh.iterate() between two rows: one container's values at a time. */
typedef struct IterateState
{
	DwhIdSetReader reader;
	uint32		base;
	uint32		n;
	uint32		next;
	uint16		values[DWH_VALUES_MAX];
} IterateState;

/*
 * dwh.iterate(id_set): the ids in ascending order, one a row.
 */
Datum
dwh_sql_id_set_iterate(PG_FUNCTION_ARGS)
{
	FuncCallContext *call;
	IterateState *state;

	if (SRF_IS_FIRSTCALL())
	{
		MemoryContext old;
		DwhIdSet   *set;

		call = SRF_FIRSTCALL_INIT();
		old = MemoryContextSwitchTo(call->multi_call_memory_ctx);
		set = (DwhIdSet *) PG_DETOAST_DATUM_COPY(PG_GETARG_DATUM(0));
		state = palloc(sizeof(IterateState));
		state->n = state->next = 0;
		dwh_reader_open(&state->reader, DWH_ID_SET_BYTES(set), DWH_ID_SET_LEN(set));
		call->user_fctx = state;
		MemoryContextSwitchTo(old);
	}
	call = SRF_PERCALL_SETUP();
	state = call->user_fctx;
	if (state->next == state->n)
	{
		DwhContainer container;

		if (!dwh_reader_next(&state->reader, &container))
			SRF_RETURN_DONE(call);
		state->base = container.key << 16;
		state->n = dwh_container_values(&container, state->values);
		state->next = 0;
		if (state->n == 0)
			dwh_id_set_corrupt();
	}
	SRF_RETURN_NEXT(call, Int32GetDatum((int32) (state->base | state->values[state->next++])));
}

/*
 * id_set_aggregate.c
 *		Transition and final functions of dwh.distinct_count, id_set_agg, union_agg and union_count.
 *
 * The state's type is dwh.id_set itself: in memory it is an expanded object around DwhIdState, and whenever the executor has
 * to move it (to the leader of a parallel query, to another Citus node) it is flattened to the Roaring bytes, so there is one
 * code path and no serialise function: the type's own bytes are the exact serial form. Merging a flat state is the same as
 * adding a set, so union's transition function is everybody's combine function. A group's first set is taken as it is, flat and
 * wherever it is stored: of the groups that get no other one, nothing is built.
 */
#include "postgres.h"

#include "fmgr.h"
#include "nodes/memnodes.h"
#include "utils/expandeddatum.h"
#include "utils/memutils.h"

#include "aggregate/id_set.h"
#include "aggregate/state_context.h"

PG_FUNCTION_INFO_V1(dwh_sql_id_set_add);
PG_FUNCTION_INFO_V1(dwh_sql_id_set_count_add);
PG_FUNCTION_INFO_V1(dwh_sql_id_set_merge);
PG_FUNCTION_INFO_V1(dwh_sql_id_set_state_count);
PG_FUNCTION_INFO_V1(dwh_sql_id_set_state_set);

/* How many younger siblings are passed before a further shared context is made. */
#define SIBLINGS_SEEN	8

/* 128 bytes, the size of one allocation chunk: a group of up to DWH_STATE_INLINE ids needs nothing else. */
typedef struct LiveIdSet
{
	ExpandedObjectHeader header;
	DwhIdSet   *flat;			/* between get_flat_size and flatten_into */
	DwhIdState	state;
} LiveIdSet;

StaticAssertDecl(sizeof(LiveIdSet) <= 128, "a small group must fit into one chunk of 128 bytes");

static const char context_name[] = "dwh aggregate states";

static Size live_flat_size(ExpandedObjectHeader *header);
static void live_flatten(ExpandedObjectHeader *header, void *result, Size size);

static const ExpandedObjectMethods live_methods = {live_flat_size, live_flatten};

/*
 * The size of the flat form, which is built here and kept for live_flatten(): the executor always asks for the size first
 * (heap_form_tuple even twice).
 */
static Size
live_flat_size(ExpandedObjectHeader *header)
{
	LiveIdSet  *live = (LiveIdSet *) header;

	if (live->flat == NULL)
	{
		DwhIdSetWriter writer;
		MemoryContext old = MemoryContextSwitchTo(header->eoh_context);

		dwh_writer_init(&writer);
		dwh_state_write(&live->state, header->eoh_context, &writer);
		live->flat = dwh_id_set_make(&writer);
		MemoryContextSwitchTo(old);
	}
	return VARSIZE(live->flat);
}

/*
 * Writes the flat form.
 */
static void
live_flatten(ExpandedObjectHeader *header, void *result, Size size)
{
	LiveIdSet  *live = (LiveIdSet *) header;

	Assert(live->flat != NULL && VARSIZE(live->flat) == size);
	memcpy(result, live->flat, size);
	pfree(live->flat);
	live->flat = NULL;
}

/*
 * The context that the states within an aggregate context share; see state_context.h. Raises an error outside an aggregate.
 */
MemoryContext
dwh_state_context(FunctionCallInfo fcinfo)
{
	MemoryContext aggregate_context;
	int			seen = 0;

	if (!AggCheckCallContext(fcinfo, &aggregate_context))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("aggregate support function called outside an aggregate"),
				 errdetail("It changes its first argument in place."),
				 errhint("Call the aggregate, for example dwh.union_agg(), instead.")));
	for (MemoryContext child = aggregate_context->firstchild; child != NULL && seen < SIBLINGS_SEEN; child = child->nextchild)
	{
		if (child->name == context_name)
			return child;
		seen++;
	}
	/* the macro wants a literal; the name must be one address here */
	return AllocSetContextCreateInternal(aggregate_context, context_name, ALLOCSET_DEFAULT_SIZES);
}

/*
 * The live state of an expanded datum of ours, otherwise NULL.
 */
static inline LiveIdSet *
live_from_datum(Datum datum)
{
	LiveIdSet  *live;

	if (!VARATT_IS_EXTERNAL_EXPANDED(DatumGetPointer(datum)))
		return NULL;
	live = (LiveIdSet *) DatumGetEOHP(datum);
	return live->header.eoh_methods == &live_methods ? live : NULL;
}

/*
 * The state to add to: that of argument 0, or a new one. Raises an error outside an aggregate.
 */
static LiveIdSet *
state_to_fill(FunctionCallInfo fcinfo)
{
	MemoryContext context = dwh_state_context(fcinfo);
	LiveIdSet  *live;

	live = MemoryContextAlloc(context, sizeof(LiveIdSet));
	EOH_init_header(&live->header, &live_methods, context);
	live->flat = NULL;
	dwh_state_init(&live->state);
	if (!PG_ARGISNULL(0))
	{
		/* a state that came flat, from another process */
		DwhIdSet   *set = DWH_GETARG_ID_SET(0);

		dwh_state_add_set(&live->state, context, DWH_ID_SET_BYTES(set), DWH_ID_SET_LEN(set));
	}
	return live;
}

/*
 * The state in argument 0 when it is writable and of ours: the path of every row but a group's first.
 */
static inline LiveIdSet *
get_state(FunctionCallInfo fcinfo)
{
	if (!PG_ARGISNULL(0) && VARATT_IS_EXTERNAL_EXPANDED_RW(DatumGetPointer(PG_GETARG_DATUM(0))))
	{
		LiveIdSet  *live = live_from_datum(PG_GETARG_DATUM(0));

		if (live != NULL)
			return live;
	}
	return state_to_fill(fcinfo);
}

/*
 * Transition of id_set_agg(int): NULL is passed over, a negative id refused.
 */
Datum
dwh_sql_id_set_add(PG_FUNCTION_ARGS)
{
	LiveIdSet  *live;
	int32		id;

	if (PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	id = PG_GETARG_INT32(1);
	if (id < 0)
		dwh_id_out_of_range(id);
	live = get_state(fcinfo);
	dwh_state_add(&live->state, live->header.eoh_context, (uint32) id);
	return EOHPGetRWDatum(&live->header);
}

/*
 * Transition of distinct_count(int), which counts negative values too: only their number leaves the state.
 */
Datum
dwh_sql_id_set_count_add(PG_FUNCTION_ARGS)
{
	LiveIdSet  *live;

	if (PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	live = get_state(fcinfo);
	dwh_state_add(&live->state, live->header.eoh_context, (uint32) PG_GETARG_INT32(1));
	return EOHPGetRWDatum(&live->header);
}

/*
 * Transition of union_agg and union_count, and combine function of all. The executor copies what is not a state of ours.
 */
Datum
dwh_sql_id_set_merge(PG_FUNCTION_ARGS)
{
	LiveIdSet  *live;
	struct varlena *set;

	if (PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	if (PG_ARGISNULL(0))
		PG_RETURN_DATUM(PG_GETARG_DATUM(1));
	live = get_state(fcinfo);
	/* small sets stand in rows with a short header: no copy of those */
	set = PG_GETARG_VARLENA_PP(1);
	dwh_state_add_set(&live->state, live->header.eoh_context, (uint8 *) VARDATA_ANY(set), VARSIZE_ANY_EXHDR(set));
	PG_FREE_IF_COPY(set, 1);
	return EOHPGetRWDatum(&live->header);
}

/*
 * Final function of the counts. The state stays fit for more rows (window frames), also where it came read-only: bringing
 * its buffer in order does not change what it holds.
 */
Datum
dwh_sql_id_set_state_count(PG_FUNCTION_ARGS)
{
	LiveIdSet  *live;

	if (PG_ARGISNULL(0))
		PG_RETURN_INT64(0);
	live = live_from_datum(PG_GETARG_DATUM(0));
	if (live != NULL)
		PG_RETURN_INT64(dwh_state_count(&live->state, live->header.eoh_context));
	return dwh_sql_id_set_cardinality(fcinfo);
}

/*
 * Final function of the sets: the flat value, NULL without rows.
 */
Datum
dwh_sql_id_set_state_set(PG_FUNCTION_ARGS)
{
	LiveIdSet  *live;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	live = live_from_datum(PG_GETARG_DATUM(0));
	if (live != NULL)
	{
		DwhIdSetWriter writer;

		dwh_writer_init(&writer);
		dwh_state_write(&live->state, live->header.eoh_context, &writer);
		PG_RETURN_POINTER(dwh_id_set_make(&writer));
	}
	PG_RETURN_POINTER(DWH_GETARG_ID_SET(0));
}

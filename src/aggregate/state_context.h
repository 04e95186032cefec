/*
 * state_context.h
 *		Where the expanded states of our aggregates live.
 *
 * An expanded object is expected to own a memory context. One a group would cost a kilobyte for five ids, so all states of
 * one aggregate context share one child context of it: the executor never frees a state by itself as long as transition
 * functions keep returning the same pointer, which ours do. The child is found by its name's address, not by a cached
 * pointer, since the executor deletes it when it resets the aggregate context (hash aggregation does for each batch).
 */
#ifndef DWH_STATE_CONTEXT_H
#define DWH_STATE_CONTEXT_H

#include "fmgr.h"

/* id_set_aggregate.c */
extern MemoryContext dwh_state_context(FunctionCallInfo fcinfo);

#endif							/* DWH_STATE_CONTEXT_H */

/*
 * row_receiver.h
 *		A destination of a query that gives each row to a function, where it lies: nothing is copied.
 */
#ifndef DWH_ROW_RECEIVER_H
#define DWH_ROW_RECEIVER_H

#include "executor/tuptable.h"
#include "tcop/dest.h"

/* Takes a row, whose columns can be read with tts_values and tts_isnull. What it allocates lives until the query ends. */
typedef void (*DwhRowTaker) (void *arg, TupleTableSlot *row);

typedef struct DwhRowReceiver
{
	DestReceiver receiver;
	DwhRowTaker take;
	void	   *arg;
} DwhRowReceiver;

extern void dwh_row_receiver_init(DwhRowReceiver *receiver, DwhRowTaker take, void *arg);

#endif							/* DWH_ROW_RECEIVER_H */

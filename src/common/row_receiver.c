/*
 * row_receiver.c
 *		A destination of a query that gives each row to a function, where it lies.
 */
#include "postgres.h"

#include "common/row_receiver.h"

static bool
receive_row(TupleTableSlot *row, DestReceiver *self)
{
	DwhRowReceiver *receiver = (DwhRowReceiver *) self;

	slot_getallattrs(row);
	receiver->take(receiver->arg, row);
	return true;
}

/* The beginning and the end of the query need nothing. */
static void
receive_begin(DestReceiver *self, int operation, TupleDesc descriptor)
{
}

static void
receive_nothing(DestReceiver *self)
{
}

void
dwh_row_receiver_init(DwhRowReceiver *receiver, DwhRowTaker take, void *arg)
{
	/* DestNone would be taken by SPI for a statement whose rows nobody wants */
	receiver->receiver = (DestReceiver) {receive_row, receive_begin, receive_nothing, receive_nothing, DestTuplestore};
	receiver->take = take;
	receiver->arg = arg;
}

/*
 * own_statement.c
 *		How deep the extension's own code is nested at this moment; see own_statement.h.
 */
#include "postgres.h"

#include "access/xact.h"

#include "common/own_statement.h"

static int	depth = 0;
static SubTransactionId begun_in = InvalidSubTransactionId; /* the outermost part */

/* Begins a part of our own code. Returns what dwh_own_end() has to be told. */
int
dwh_own_begin(void)
{
	if (depth == 0)
		begun_in = GetCurrentSubTransactionId();
	return depth++;
}

/* Ends it. */
void
dwh_own_end(int before)
{
	depth = before;
}

/* Whether what runs at this moment is ours. */
bool
dwh_own_is_running(void)
{
	return depth > 0;
}

static void
at_transaction_end(XactEvent event, void *arg)
{
	depth = 0;
}

/* A part that began in a subtransaction that aborts, or inside of it (which has a larger number), is left behind. */
static void
at_subtransaction_end(SubXactEvent event, SubTransactionId subid, SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB && depth > 0 && begun_in >= subid)
		depth = 0;
}

/* Watches the ends of transactions. */
void
dwh_own_init(void)
{
	RegisterXactCallback(at_transaction_end, NULL);
	RegisterSubXactCallback(at_subtransaction_end, NULL);
}

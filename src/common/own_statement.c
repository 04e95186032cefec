/*
 * own_statement.c
 *		How deep the extension's own code is nested at this moment, and where each part of it began; see own_statement.h.
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/fmgrprotos.h"

#include "common/own_statement.h"

typedef struct OwnPart
{
	SubTransactionId begun_in;
	int			statements;		/* utility statements around it */
	int			triggers;		/* triggers around it */
	bool		is_about_roles;
} OwnPart;

/* The parts that are running, the outermost first; what is nested deeper than this is taken for a stranger's. */
#define MAX_PARTS 32
static OwnPart parts[MAX_PARTS];
static int	depth = 0;
static int	statements = 0;		/* utility statements that are running, as far as something can run inside of them */

static int
trigger_depth(void)
{
	return DatumGetInt32(DirectFunctionCall1(pg_trigger_depth, (Datum) 0));
}

/* Begins a part of our own code. Returns what dwh_own_end() has to be told. */
int
dwh_own_begin(bool is_about_roles)
{
	if (depth < MAX_PARTS)
	{
		OwnPart    *part = &parts[depth];

		part->begun_in = GetCurrentSubTransactionId();
		part->statements = statements;
		part->triggers = trigger_depth();
		part->is_about_roles = is_about_roles;
	}
	return depth++;
}

/* Ends it. */
void
dwh_own_end(int before)
{
	depth = before;
}

/* Whether a statement that runs so deep in triggers is ours. */
static bool
is_own(int triggers, bool is_about_roles)
{
	const OwnPart *part = &parts[depth - 1];

	return depth > 0 && depth <= MAX_PARTS && part->statements == statements && part->triggers == triggers &&
		(part->is_about_roles || !is_about_roles);
}

/* Whether a statement that runs at this moment is ours. */
bool
dwh_own_is_running(bool is_about_roles)
{
	return is_own(trigger_depth(), is_about_roles);
}

/* For a trigger: whether the statement that fired it is ours. */
bool
dwh_own_fired_trigger(void)
{
	return is_own(trigger_depth() - 1, false);
}

/* A utility statement begins inside of which event triggers may run. Returns what dwh_own_statement_end() has to be told. */
int
dwh_own_statement_begin(void)
{
	return statements++;
}

/* It ends, also by an error. */
void
dwh_own_statement_end(int before)
{
	statements = before;
}

static void
at_transaction_end(XactEvent event, void *arg)
{
	depth = 0;
}

/* Parts that began in a subtransaction that aborts, or inside of it (which has a larger number), are left behind. */
static void
at_subtransaction_end(SubXactEvent event, SubTransactionId subid, SubTransactionId parent, void *arg)
{
	if (event != SUBXACT_EVENT_ABORT_SUB)
		return;
	depth = Min(depth, MAX_PARTS);
	while (depth > 0 && parts[depth - 1].begun_in >= subid)
		depth--;
}

/* Watches the ends of transactions. */
void
dwh_own_init(void)
{
	RegisterXactCallback(at_transaction_end, NULL);
	RegisterSubXactCallback(at_subtransaction_end, NULL);
}

/*
 * parts.c
 *		Running the DDL parts that the build embedded (dwh_internal.warehouse_part(), made by sql/embed.awk).
 *
 * Every part runs as dwh_owner inside a security-restricted operation, statement by statement, so that an error names the part,
 * the line and one statement. Settings of the caller that change how SQL text is read are pinned by the caller
 * (create.c). Kinds: 'table' (run once), 'attachment' (run on creation, on rebuild and after an upgrade), 'step' (one change of
 * tables, numbered by the version it leads to).
 */
#include "postgres.h"

#include <ctype.h>

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "parser/parser.h"
#include "utils/builtins.h"

#include "common/owner.h"
#include "common/spi.h"
#include "warehouse/warehouse.h"

/* What the error context needs to know. */
typedef struct PartPosition
{
	const char *name;
	const char *ddl;
	int			offset;
} PartPosition;

static void
part_error_context(void *arg)
{
	PartPosition *position = arg;
	int			line = 1;

	for (int i = 0; i < position->offset; i++)
		if (position->ddl[i] == '\n')
			line++;
	errcontext("warehouse part \"%s\", statement at line %d", position->name, line);
}

/* Where a raw statement's first word stands: blanks and line comments before it are skipped. */
static int
first_word(const char *ddl, int offset)
{
	for (;;)
	{
		while (isspace((unsigned char) ddl[offset]))
			offset++;
		if (ddl[offset] != '-' || ddl[offset + 1] != '-')
			return offset;
		offset += strcspn(ddl + offset, "\n");
	}
}

/* Runs one part as dwh_owner. */
static void
run_part(const char *name, const char *ddl)
{
	PartPosition position = {name, ddl, 0};
	ErrorContextCallback callback;
	DwhOwnerSwitch owner;
	ListCell   *lc;

	callback.callback = part_error_context;
	callback.arg = &position;
	callback.previous = error_context_stack;
	error_context_stack = &callback;

	dwh_owner_enter_unchecked(&owner);
	foreach(lc, raw_parser(ddl, RAW_PARSE_DEFAULT))
	{
		RawStmt    *statement = lfirst_node(RawStmt, lc);
		int			end = statement->stmt_len > 0 ? statement->stmt_location + statement->stmt_len : (int) strlen(ddl);

		CHECK_FOR_INTERRUPTS();
		position.offset = first_word(ddl, statement->stmt_location);
		dwh_spi_utility(pnstrdup(ddl + position.offset, end - position.offset));
		CommandCounterIncrement();
	}
	dwh_owner_leave(&owner);
	error_context_stack = callback.previous;
}

/* Runs the parts of a kind; of steps, those above a version. Returns how many. */
static int
run_parts(const char *kind, int above)
{
	Oid			types[2] = {TEXTOID, INT4OID};
	Datum		values[2];
	char	  **names;
	char	  **texts;
	int			count;

	values[0] = CStringGetTextDatum(kind);
	values[1] = Int32GetDatum(above);
	count = (int) dwh_spi_select_latest(
		"SELECT name, ddl FROM dwh_internal.warehouse_part() WHERE kind = $1"
		"  AND (kind <> 'step' OR split_part(name, '_', 1)::int > $2) ORDER BY part_no",
		2, types, values);
	names = palloc(sizeof(char *) * (count + 1));
	texts = palloc(sizeof(char *) * (count + 1));
	for (int i = 0; i < count; i++)
	{
		names[i] = dwh_spi_text(i, 1);
		texts[i] = dwh_spi_text(i, 2);
	}
	for (int i = 0; i < count; i++)
		run_part(names[i], texts[i]);
	return count;
}

/* Runs every part that makes tables and rows. */
int
dwh_parts_run_tables(void)
{
	return run_parts("table", 0);
}

/* Runs every part that can be run again: triggers, constraints and views that need the extension's code, and privileges. */
int
dwh_parts_run_attachments(void)
{
	return run_parts("attachment", 0);
}

/* Runs the steps that lead above a version, in order. */
int
dwh_parts_run_steps(int from_version)
{
	return run_parts("step", from_version);
}

/* The version of the tables that this extension makes: the number of its last step, 1 where there is none. */
int
dwh_parts_schema_version(void)
{
	(void) dwh_spi_select_latest(
		"SELECT coalesce(max(split_part(name, '_', 1)::int), 1) FROM dwh_internal.warehouse_part() WHERE kind = 'step'",
		0, NULL, NULL);
	return dwh_spi_int(0, 1);
}

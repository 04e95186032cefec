/*
 * ast.c
 *		Nodes of the formula tree: construction, limits, positions.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"

#include "common/errors.h"
#include "formula/formula.h"

/* A new node; text and args are not copied. */
DwhNode *
dwh_node_make(DwhNodeKind kind, int location, const char *text, List *args)
{
	DwhNode    *node = palloc0(sizeof(DwhNode));

	node->kind = kind;
	node->location = location;
	node->text = text;
	node->args = args;
	return node;
}

/* A path of names, as benefit.branch. */
DwhNode *
dwh_node_path(int location, List *path)
{
	DwhNode    *node = dwh_node_make(DWH_NODE_PATH, location, NULL, NIL);

	node->path = path;
	return node;
}

/* Whether the node is of that kind and carries that operator or name. */
bool
dwh_node_is_op(const DwhNode *node, DwhNodeKind kind, const char *text)
{
	return node->kind == kind && node->text && strcmp(node->text, text) == 0;
}

/* Position in characters, from 1, of a byte offset: what a person counts. */
int
dwh_formula_position(const char *source, int location)
{
	return pg_mbstrlen_with_len(source, location) + 1;
}

static void
check_limits(const DwhNode *node, int depth, int *count)
{
	ListCell   *lc;

	check_stack_depth();
	if (depth > DWH_FORMULA_MAX_DEPTH || ++(*count) > DWH_FORMULA_MAX_NODES)
		ereport(ERROR,
				(errcode(ERRCODE_DWH_FORMULA_TOO_LARGE),
				 errmsg("formula is too large"),
				 errdetail("A formula may be nested %d deep and hold %d parts.",
						   DWH_FORMULA_MAX_DEPTH, DWH_FORMULA_MAX_NODES),
				 errhint("Give parts of it codes of their own, as indicators, and refer to them.")));
	foreach(lc, node->args)
		check_limits(lfirst(lc), depth + 1, count);
}

/* Raises WH205 where the tree is nested too deep or holds too many nodes. */
void
dwh_formula_check_limits(const DwhNode *root)
{
	int			count = 0;

	check_limits(root, 1, &count);
}

/* Appends the references of a tree, in the order of the text. */
void
dwh_formula_references(const DwhNode *node, List **references)
{
	ListCell   *lc;

	check_stack_depth();
	if (node->kind == DWH_NODE_REF)
		*references = lappend(*references, (void *) node);
	else
		foreach(lc, node->args)
			dwh_formula_references(lfirst(lc), references);
}

/*
 * deparse.c
 *		Tree of a formula to its canonical text: one blank around operators, parentheses only where precedence needs them.
 *
 * parse(deparse(tree)) gives the same tree, so deparse(parse(text)) is stable.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "formula/formula.h"

/* Binding strength of a node's own operator, as in gram.y. */
static int
precedence(const DwhNode *node)
{
	switch (node->kind)
	{
		case DWH_NODE_BINARY:
			if (strcmp(node->text, "or") == 0)
				return 1;
			if (strcmp(node->text, "and") == 0)
				return 2;
			if (strcmp(node->text, "+") == 0 || strcmp(node->text, "-") == 0)
				return 5;
			if (strcmp(node->text, "*") == 0 || strcmp(node->text, "/") == 0 || strcmp(node->text, "%") == 0)
				return 6;
			if (strcmp(node->text, "^") == 0)
				return 8;
			return 4;			/* comparison */
		case DWH_NODE_IN:
		case DWH_NODE_IS_NULL:
			return 4;
		case DWH_NODE_UNARY:
			return strcmp(node->text, "not") == 0 ? 3 : 7;
		case DWH_NODE_SET:
			return strcmp(node->text, "-") == 0 ? 5 : 9;
		default:
			return 10;
	}
}

static void deparse(StringInfo out, const DwhNode *node);

/* An operand, in parentheses where its operator binds weaker than wanted. */
static void
deparse_operand(StringInfo out, const DwhNode *node, int wanted)
{
	bool		parens = precedence(node) < wanted;

	if (parens)
		appendStringInfoChar(out, '(');
	deparse(out, node);
	if (parens)
		appendStringInfoChar(out, ')');
}

static void
deparse_list(StringInfo out, List *nodes, int from)
{
	for (int i = from; i < list_length(nodes); i++)
	{
		if (i > from)
			appendStringInfoString(out, ", ");
		deparse(out, list_nth(nodes, i));
	}
}

static void
deparse_string(StringInfo out, const char *text)
{
	appendStringInfoChar(out, '\'');
	for (const char *p = text; *p; p++)
	{
		if (*p == '\'')
			appendStringInfoChar(out, '\'');
		appendStringInfoChar(out, *p);
	}
	appendStringInfoChar(out, '\'');
}

static void
deparse(StringInfo out, const DwhNode *node)
{
	int			own = precedence(node);
	ListCell   *lc;

	check_stack_depth();
	switch (node->kind)
	{
		case DWH_NODE_NUMBER:
		case DWH_NODE_BOOL:
			appendStringInfoString(out, node->text);
			break;
		case DWH_NODE_STRING:
			deparse_string(out, node->text);
			break;
		case DWH_NODE_NULL:
			appendStringInfoString(out, "null");
			break;
		case DWH_NODE_PATH:
			foreach(lc, node->path)
				appendStringInfo(out, "%s%s", foreach_current_index(lc) > 0 ? "." : "", (char *) lfirst(lc));
			break;
		case DWH_NODE_REF:
			appendStringInfo(out, "[%s]", node->text);
			if (node->args != NIL)
			{
				appendStringInfoChar(out, '{');
				deparse_list(out, node->args, 0);
				appendStringInfoChar(out, '}');
			}
			break;
		case DWH_NODE_CALL:
			appendStringInfo(out, "%s(", node->text);
			deparse_list(out, node->args, 0);
			appendStringInfoChar(out, ')');
			break;
		case DWH_NODE_UNARY:
			appendStringInfoString(out, strcmp(node->text, "not") == 0 ? "not " : "-");
			deparse_operand(out, linitial(node->args), own);
			break;
		case DWH_NODE_BINARY:
		case DWH_NODE_SET:
			{
				/* ^ binds to the right, comparisons not at all, the others to the left */
				bool		right = strcmp(node->text, "^") == 0;
				bool		none = own == 4;

				deparse_operand(out, linitial(node->args), own + (right || none ? 1 : 0));
				appendStringInfo(out, " %s ", node->text);
				deparse_operand(out, lsecond(node->args), own + (right ? 0 : 1));
				break;
			}
		case DWH_NODE_IN:
			deparse_operand(out, linitial(node->args), own + 1);
			appendStringInfoString(out, node->negated ? " not in (" : " in (");
			deparse_list(out, node->args, 1);
			appendStringInfoChar(out, ')');
			break;
		case DWH_NODE_IS_NULL:
			deparse_operand(out, linitial(node->args), own + 1);
			appendStringInfoString(out, node->negated ? " is not null" : " is null");
			break;
	}
}

/* The canonical text of a tree, palloc'd. */
char *
dwh_formula_deparse(const DwhNode *node)
{
	StringInfoData out;

	initStringInfo(&out);
	deparse(&out, node);
	return out.data;
}

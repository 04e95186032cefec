/*
 * row.c
 *		Row expressions (filters of measures, expressions of dimensions) to SQL over the table of a subject.
 *
 * A name is a column of the table, or the name of a dimension that a column <name>_id refers to by a foreign key; a further
 * name after a dot is an attribute of that dimension, and a dimension alone stands for its code. Where the caller says how,
 * the catalogue's own dimensions (age_group ...) can be named too. Personal data stay out of reach: a path never enters dim_person. What is emitted is quoted identifiers, literals and operators of pg_catalog only.
 */
#include "postgres.h"

#include <ctype.h>

#include "access/relation.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"

#include "common/errors.h"
#include "common/owner.h"
#include "common/nearest.h"
#include "formula/formula.h"

#define FACT_ALIAS "f"

static char *compile(DwhRowScope *scope, const DwhNode *node, DwhRowType *type);

static const char *
type_name(DwhRowType type)
{
	switch (type)
	{
		case DWH_ROW_NUMBER:
			return "number";
		case DWH_ROW_TEXT:
		case DWH_ROW_LITERAL:
			return "text";
		case DWH_ROW_DATE:
			return "date";
		case DWH_ROW_BOOL:
			return "condition";
		case DWH_ROW_NULL:
			return "null";
	}
	return "?";
}

pg_noreturn static void type_error(const DwhNode *node, const char *wanted, DwhRowType got);

static void
type_error(const DwhNode *node, const char *wanted, DwhRowType got)
{
	ereport(ERROR,
			(errcode(ERRCODE_DWH_FORMULA_TYPE),
			 errmsg("\"%s\" is a %s where a %s is needed", dwh_formula_deparse(node), type_name(got), wanted)));
}

/* The row type of a column; raises WH203 for types that the language does not know. */
static DwhRowType
column_type(Oid relation, AttrNumber attnum, const char *name)
{
	switch (getBaseType(get_atttype(relation, attnum)))
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case NUMERICOID:
			return DWH_ROW_NUMBER;
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
			return DWH_ROW_TEXT;
		case DATEOID:
			return DWH_ROW_DATE;
		case BOOLOID:
			return DWH_ROW_BOOL;
		default:
			ereport(ERROR,
					(errcode(ERRCODE_DWH_FORMULA_TYPE),
					 errmsg("column \"%s\" has a type that formulas cannot use", name),
					 errdetail("It is %s.", format_type_be(get_atttype(relation, attnum))),
					 errhint("Numbers, text, dates and booleans can be used.")));
	}
}

/* The dimension that a single-column foreign key on (relation, attnum) leads to; InvalidOid where there is none. */
static Oid
referenced_dimension(Oid relation, AttrNumber attnum, const char **key)
{
	Relation	rel = relation_open(relation, AccessShareLock);
	Oid			result = InvalidOid;
	ListCell   *lc;

	foreach(lc, RelationGetFKeyList(rel))
	{
		ForeignKeyCacheInfo *fk = lfirst(lc);

		if (fk->nkeys == 1 && fk->conkey[0] == attnum)
		{
			result = fk->confrelid;
			*key = get_attname(fk->confrelid, fk->confkey[0], false);
			break;
		}
	}
	relation_close(rel, AccessShareLock);
	return result;
}

/* Raises WH202 for a name that leads nowhere, with the nearest name that does. */
pg_noreturn static void unknown_name(Oid relation, const char *name, const DwhNode *node);

static void
unknown_name(Oid relation, const char *name, const DwhNode *node)
{
	Relation	rel = relation_open(relation, AccessShareLock);
	TupleDesc	desc = RelationGetDescr(rel);
	DwhNearest	nearest;

	dwh_nearest_begin(&nearest, name);
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		char	   *column = pstrdup(NameStr(att->attname));
		Size		length = strlen(column);

		if (att->attisdropped)
			continue;
		dwh_nearest_offer(&nearest, column);
		if (length > 3 && strcmp(column + length - 3, "_id") == 0)
			dwh_nearest_offer(&nearest, pnstrdup(column, length - 3));
	}
	relation_close(rel, AccessShareLock);
	ereport(ERROR,
			(errcode(ERRCODE_DWH_FORMULA_REFERENCE),
			 errmsg("\"%s\" is neither a column nor a dimension of \"%s\"", name, get_rel_name(relation)),
			 errdetail("It stands in \"%s\".", dwh_formula_deparse(node)),
			 nearest.best ? errhint("Did you mean \"%s\"?", nearest.best) : 0));
}

/* The alias under which the dimension is joined to its parent; the join is added at first need. */
static const char *
join_alias(DwhRowScope *scope, const char *parent_alias, const char *column, Oid relation, const char *key)
{
	DwhRowJoin *join;
	ListCell   *lc;

	foreach(lc, scope->joins)
	{
		join = lfirst(lc);
		if (strcmp(join->parent_alias, parent_alias) == 0 && strcmp(join->column, column) == 0)
			return join->alias;
	}
	join = palloc0(sizeof(DwhRowJoin));
	join->parent_alias = parent_alias;
	join->column = pstrdup(column);
	join->alias = psprintf("d%d", list_length(scope->joins) + 1);
	join->relation = relation;
	join->key = key;
	scope->joins = lappend(scope->joins, join);
	return join->alias;
}

/* Raises WH202 for a table of logs or of the catalogue: no figure follows when its rows change. An indicator's code stands. */
static void
check_is_watched(const DwhNode *node, Oid dimension)
{
	const char *schema = get_namespace_name(get_rel_namespace(dimension));

	if (strcmp(schema, "dwh_log") != 0 && (strcmp(schema, "dwh_catalog") != 0 || strcmp(get_rel_name(dimension), "indicator") == 0))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_DWH_FORMULA_REFERENCE),
			 errmsg("\"%s\" looks into %s, which formulas cannot use", dwh_formula_deparse(node), dwh_relation_sql(dimension)),
			 errdetail("Its rows change without a word to the figures that were computed from them."),
			 errhint("Use the columns of the row, or of its dimensions.")));
}

static char *
compile_path(DwhRowScope *scope, const DwhNode *node, DwhRowType *type)
{
	Oid			relation = scope->relation;
	const char *alias = FACT_ALIAS;
	ListCell   *lc;

	if (list_length(node->path) == 1 && strcmp(linitial(node->path), "month_end") == 0 && scope->month_end)
	{
		*type = DWH_ROW_DATE;
		return pstrdup(scope->month_end);
	}
	if (list_length(node->path) == 1 && scope->dimension)
	{
		DwhNode    *expression = scope->dimension(scope->dimension_arg, linitial(node->path));

		if (expression)
		{
			/* inside of a dimension's expression its own name is a column again */
			DwhRowScope inner = *scope;
			char	   *sql;

			inner.dimension = NULL;
			sql = compile(&inner, expression, type);
			scope->joins = inner.joins;
			return sql;
		}
	}

	foreach(lc, node->path)
	{
		const char *name = lfirst(lc);
		bool		is_last = lnext(node->path, lc) == NULL;
		AttrNumber	attnum = get_attnum(relation, name);
		char	   *fk_column;
		const char *key = NULL;
		Oid			dimension;

		if (attnum > 0 && is_last)
		{
			*type = column_type(relation, attnum, name);
			return psprintf("%s.%s", alias, quote_identifier(name));
		}
		fk_column = psprintf("%s_id", name);
		attnum = get_attnum(relation, fk_column);
		if (attnum <= 0)
			unknown_name(relation, name, node);
		dimension = referenced_dimension(relation, attnum, &key);
		if (!OidIsValid(dimension))
			unknown_name(relation, name, node);
		if (!dwh_owner_may_read(dimension))
			unknown_name(relation, name, node);
		if (strcmp(get_rel_name(dimension), "dim_person") == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("\"%s\" reaches personal data, which formulas cannot use", dwh_formula_deparse(node)),
					 errhint("Sex and age stand on the facts themselves.")));
		check_is_watched(node, dimension);
		alias = join_alias(scope, alias, fk_column, dimension, key);
		relation = dimension;
	}

	/* the path ends at a dimension: its code */
	if (get_attnum(relation, "code") <= 0)
		unknown_name(relation, "code", node);
	*type = column_type(relation, get_attnum(relation, "code"), "code");
	return psprintf("%s.code", alias);
}

/* An operand, compiled once: its type may depend on its neighbours'. */
typedef struct Operand
{
	const DwhNode *node;
	char	   *sql;
	DwhRowType	type;
} Operand;

/* The SQL of a compiled operand as one type; a quoted string passes where text or a date is wanted, null anywhere. */
static char *
coerce(const Operand *operand, DwhRowType wanted)
{
	if (operand->type == DWH_ROW_NULL)
		switch (wanted)
		{
			case DWH_ROW_NUMBER:
				return pstrdup("NULL::numeric");
			case DWH_ROW_DATE:
				return pstrdup("NULL::date");
			case DWH_ROW_BOOL:
				return pstrdup("NULL::boolean");
			default:
				return pstrdup("NULL::text");
		}
	if (operand->type == DWH_ROW_LITERAL && wanted == DWH_ROW_DATE)
	{
		const char *text = operand->node->text;

		/* a malformed date is found here, not when rows are read; one that depends on DateStyle is none */
		if (strlen(text) != 10 || strspn(text, "0123456789-") != 10 || text[4] != '-')
			ereport(ERROR,
					(errcode(ERRCODE_DWH_FORMULA_TYPE),
					 errmsg("\"%s\" is no date", text),
					 errhint("Write dates as '2025-12-31'.")));
		(void) DirectFunctionCall1(date_in, CStringGetDatum(text));
		return psprintf("%s::date", operand->sql);
	}
	if (operand->type == DWH_ROW_LITERAL && wanted == DWH_ROW_TEXT)
		return psprintf("%s::text", operand->sql);
	if (operand->type != wanted)
		type_error(operand->node, type_name(wanted), operand->type);
	return operand->sql;
}

/* Compiles an operand that must be of one type. */
static char *
compile_as(DwhRowScope *scope, const DwhNode *node, DwhRowType wanted)
{
	Operand		operand = {node};

	operand.sql = compile(scope, node, &operand.type);
	return coerce(&operand, wanted);
}

/*
 * Compiles operands that must be of one type, and gives that type: that of the first which is neither a quoted string nor
 * null; text if all are. Each is compiled once, so nesting costs no more than its length.
 */
static char **
compile_alike(DwhRowScope *scope, List *nodes, int from, DwhRowType *type)
{
	int			n = list_length(nodes);
	Operand    *operands = palloc0(n * sizeof(Operand));
	char	  **sql = palloc0(n * sizeof(char *));
	bool		known = false;

	*type = DWH_ROW_TEXT;
	for (int i = from; i < n; i++)
	{
		operands[i].node = list_nth(nodes, i);
		operands[i].sql = compile(scope, operands[i].node, &operands[i].type);
		if (!known && operands[i].type != DWH_ROW_LITERAL && operands[i].type != DWH_ROW_NULL)
		{
			*type = operands[i].type;
			known = true;
		}
	}
	for (int i = from; i < n; i++)
		sql[i] = coerce(&operands[i], *type);
	return sql;
}

/* Arithmetic is numeric throughout: products of whole numbers do not overflow. */
static char *
compile_binary(DwhRowScope *scope, const DwhNode *node, DwhRowType *type)
{
	const char *op = node->text;
	DwhRowType	operand_type;
	char	   *left;
	char	   *right;

	if (strchr("=<>", op[0]) != NULL)
	{
		char	  **sql = compile_alike(scope, node->args, 0, &operand_type);

		*type = DWH_ROW_BOOL;
		return psprintf("(%s %s %s)", sql[0], op, sql[1]);
	}
	*type = strcmp(op, "and") == 0 || strcmp(op, "or") == 0 ? DWH_ROW_BOOL : DWH_ROW_NUMBER;
	left = compile_as(scope, linitial(node->args), *type);
	right = compile_as(scope, lsecond(node->args), *type);
	if (*type == DWH_ROW_BOOL)
		return psprintf("(%s %s %s)", left, op[0] == 'a' ? "AND" : "OR", right);
	if (op[0] == '/' || op[0] == '%')
		return psprintf("(%s::numeric %s nullif(%s, 0))", left, op, right);
	if (op[0] == '^' && (strlen(right) != 1 || !isdigit((unsigned char) right[0])))
		ereport(ERROR,
				(errcode(ERRCODE_DWH_FORMULA_TYPE),
				 errmsg("\"%s\" is no exponent that can be used over the columns of a row", dwh_formula_deparse(lsecond(node->args))),
				 errdetail("One row with a power that does not exist would take the answer from all others."),
				 errhint("Use a whole number from 0 to 9.")));
	return psprintf("(%s::numeric %s %s::numeric)", left, op, right);
}

static char *
compile_call(DwhRowScope *scope, const DwhNode *node, DwhRowType *type)
{
	static const char *const number_functions[] = {"abs", "round", "floor", "ceil"};
	static const char *const any_functions[] = {"coalesce", "nullif", "greatest", "least"};
	int			nargs = list_length(node->args);
	StringInfoData sql;

	if (strcmp(node->text, "if") == 0 && nargs == 3)
	{
		char	   *condition = compile_as(scope, linitial(node->args), DWH_ROW_BOOL);
		char	  **branches = compile_alike(scope, node->args, 1, type);

		return psprintf("CASE WHEN %s THEN %s ELSE %s END", condition, branches[1], branches[2]);
	}
	for (int i = 0; i < lengthof(number_functions); i++)
		if (strcmp(node->text, number_functions[i]) == 0 && nargs == 1)
		{
			*type = DWH_ROW_NUMBER;
			return psprintf("pg_catalog.%s(%s::numeric)", node->text, compile_as(scope, linitial(node->args), DWH_ROW_NUMBER));
		}
	for (int i = 0; i < lengthof(any_functions); i++)
		if (strcmp(node->text, any_functions[i]) == 0 && nargs >= 1 && (i != 1 || nargs == 2))
		{
			char	  **args = compile_alike(scope, node->args, 0, type);

			initStringInfo(&sql);
			appendStringInfo(&sql, "%s(", node->text);
			for (int j = 0; j < nargs; j++)
				appendStringInfo(&sql, "%s%s", j > 0 ? ", " : "", args[j]);
			appendStringInfoChar(&sql, ')');
			return sql.data;
		}
	ereport(ERROR,
			(errcode(ERRCODE_DWH_FORMULA_REFERENCE),
			 errmsg("function \"%s\" with %d arguments is not known over the columns of a row", node->text, nargs),
			 errhint("if(c, a, b), coalesce, nullif, greatest, least, abs, round, floor and ceil can be used.")));
}

static char *
compile_in(DwhRowScope *scope, const DwhNode *node, DwhRowType *type)
{
	DwhRowType	operand_type;
	char	  **operands = compile_alike(scope, node->args, 0, &operand_type);
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "(%s %s (", operands[0], node->negated ? "NOT IN" : "IN");
	for (int i = 1; i < list_length(node->args); i++)
		appendStringInfo(&sql, "%s%s", i > 1 ? ", " : "", operands[i]);
	appendStringInfoString(&sql, "))");
	*type = DWH_ROW_BOOL;
	return sql.data;
}

/* Raises WH203 for a number that no column can hold: it would fail when rows are read. */
static void
check_number(const DwhNode *node)
{
	const char *exponent = strpbrk(node->text, "eE");

	if (exponent && (strlen(exponent) > 5 || abs(pg_strtoint32(exponent + 1)) > 999))
		ereport(ERROR,
				(errcode(ERRCODE_DWH_FORMULA_TYPE),
				 errmsg("\"%s\" is too large or too small a number", node->text),
				 errhint("Exponents from -999 to 999 can be used.")));
}

static char *
compile(DwhRowScope *scope, const DwhNode *node, DwhRowType *type)
{
	DwhRowType	ignored;

	check_stack_depth();
	switch (node->kind)
	{
		case DWH_NODE_NUMBER:
			*type = DWH_ROW_NUMBER;
			check_number(node);
			return pstrdup(node->text);
		case DWH_NODE_STRING:
			*type = DWH_ROW_LITERAL;
			return quote_literal_cstr(node->text);
		case DWH_NODE_BOOL:
			*type = DWH_ROW_BOOL;
			return pstrdup(node->text);
		case DWH_NODE_NULL:
			*type = DWH_ROW_NULL;
			return pstrdup("NULL");
		case DWH_NODE_PATH:
			return compile_path(scope, node, type);
		case DWH_NODE_UNARY:
			*type = strcmp(node->text, "not") == 0 ? DWH_ROW_BOOL : DWH_ROW_NUMBER;
			return psprintf(*type == DWH_ROW_BOOL ? "(NOT %s)" : "(- %s::numeric)",
							compile_as(scope, linitial(node->args), *type));
		case DWH_NODE_BINARY:
			return compile_binary(scope, node, type);
		case DWH_NODE_CALL:
			return compile_call(scope, node, type);
		case DWH_NODE_IN:
			return compile_in(scope, node, type);
		case DWH_NODE_IS_NULL:
			*type = DWH_ROW_BOOL;
			return psprintf("(%s IS %sNULL)", compile(scope, linitial(node->args), &ignored),
							node->negated ? "NOT " : "");
		case DWH_NODE_REF:
		case DWH_NODE_SET:
			break;
	}
	ereport(ERROR,
			(errcode(ERRCODE_DWH_FORMULA_REFERENCE),
			 errmsg("\"%s\" cannot stand in an expression over the columns of a row", dwh_formula_deparse(node)),
			 errhint("References in brackets belong into formulas of indicators.")));
}

/* The type of a column of that name, which is there; raises WH203 for types that the language does not know. */
DwhRowType
dwh_row_column_type(Oid relation, const char *name)
{
	return column_type(relation, get_attnum(relation, name), name);
}

/* The SQL of a row expression and its type; dimensions it needs are added to scope->joins. */
char *
dwh_row_compile(DwhRowScope *scope, const DwhNode *node, DwhRowType *type)
{
	return compile(scope, node, type);
}

/* The SQL of a condition given as text; what names it in errors ("filter of measure P_BB"). */
char *
dwh_row_compile_condition(DwhRowScope *scope, const char *source, const char *what)
{
	DwhNode    *node = dwh_formula_parse(source);
	DwhRowType	type;
	char	   *sql = compile(scope, node, &type);

	if (type != DWH_ROW_BOOL)
		ereport(ERROR,
				(errcode(ERRCODE_DWH_FORMULA_TYPE),
				 errmsg("%s is no condition", what),
				 errdetail("\"%s\" is a %s.", source, type_name(type))));
	return sql;
}

/* Whether an expression is a column of type int4: what id sets can hold. */
bool
dwh_row_is_int(Oid relation, const char *source)
{
	DwhNode    *node = dwh_formula_parse(source);
	AttrNumber	attnum;

	if (node->kind != DWH_NODE_PATH || list_length(node->path) != 1)
		return false;
	attnum = get_attnum(relation, linitial(node->path));
	return attnum > 0 && getBaseType(get_atttype(relation, attnum)) == INT4OID;
}

/* The quoted name of a table. Raises 42P01 where it has been dropped. */
char *
dwh_relation_sql(Oid relation)
{
	char	   *name = get_rel_name(relation);
	char	   *schema = name ? get_namespace_name(get_rel_namespace(relation)) : NULL;

	if (schema == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("the table with OID %u does not exist", relation),
				 errdetail("A subject of dwh_catalog.subject was fed by it."),
				 errhint("Point dwh_catalog.subject.relation to its table, or set it to NULL.")));
	return quote_qualified_identifier(schema, name);
}

/*
 * A value of a row as text. Equal values have one text: dates are written as JSON writes them, 2025-12-31, and not as the caller's
 * DateStyle would, numbers without zeros at the end.
 */
char *
dwh_row_text_sql(const char *sql, DwhRowType type)
{
	if (type == DWH_ROW_DATE)
		return psprintf("(to_jsonb(%s) #>> '{}')", sql);
	return psprintf(type == DWH_ROW_NUMBER ? "pg_catalog.trim_scale(%s)::text" : "(%s)::text", sql);
}

/* The LEFT JOINs of the dimensions needed so far, each at most one row per row of its parent. */
char *
dwh_row_joins_sql(const DwhRowScope *scope)
{
	StringInfoData sql;
	ListCell   *lc;

	initStringInfo(&sql);
	foreach(lc, scope->joins)
	{
		const DwhRowJoin *join = lfirst(lc);

		appendStringInfo(&sql, "\n          LEFT JOIN %s %s ON %s.%s = %s.%s",
						 dwh_relation_sql(join->relation),
						 join->alias, join->alias, quote_identifier(join->key),
						 join->parent_alias, quote_identifier(join->column));
	}
	return sql.data;
}

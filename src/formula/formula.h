/*
 * formula.h
 *		The formula language: text to tree, tree to canonical text, row expressions to SQL.
 *
 * One grammar serves three uses: formulas of indicators (over references such as [P_BB]), row filters of measures and
 * expressions of dimensions (over the columns of a subject). What a use allows is checked by that use, not by the grammar.
 * A tree is palloc'd in the current memory context and is never changed once built.
 */
#ifndef DWH_FORMULA_H
#define DWH_FORMULA_H

#include "lib/stringinfo.h"
#include "nodes/pg_list.h"

#include "common/compat.h"

/* Limits: far above any formula of the regulations, low enough to keep a hostile one harmless. */
#define DWH_FORMULA_MAX_LENGTH	10000
#define DWH_FORMULA_MAX_DEPTH	100
#define DWH_FORMULA_MAX_NODES	2000

typedef enum DwhNodeKind
{
	DWH_NODE_NUMBER,			/* text: digits as written */
	DWH_NODE_STRING,			/* text: value without quotes */
	DWH_NODE_BOOL,				/* text: "true" or "false" */
	DWH_NODE_NULL,
	DWH_NODE_PATH,				/* path: list of names, as benefit.branch */
	DWH_NODE_REF,				/* text: code; args: conditions of the filter in braces */
	DWH_NODE_CALL,				/* text: function name; args */
	DWH_NODE_UNARY,				/* text: "-" or "not"; one arg */
	DWH_NODE_BINARY,			/* text: operator; two args */
	DWH_NODE_IN,				/* args: operand, then the listed values; negated */
	DWH_NODE_IS_NULL,			/* one arg; negated */
	DWH_NODE_SET				/* text: "|", "&" or "-"; two args; only inside people() */
} DwhNodeKind;

typedef struct DwhNode
{
	DwhNodeKind kind;
	int			location;		/* byte offset in the source */
	const char *text;
	List	   *path;
	List	   *args;
	bool		negated;
} DwhNode;

/* State of one parse, shared by scanner and grammar. */
typedef struct DwhFormulaParser
{
	void	   *scanner;
	const char *source;
	DwhNode    *result;
} DwhFormulaParser;

/* ast.c */
extern DwhNode *dwh_node_make(DwhNodeKind kind, int location, const char *text, List *args);
extern DwhNode *dwh_node_path(int location, List *path);
extern bool dwh_node_is_op(const DwhNode *node, DwhNodeKind kind, const char *text);
extern int	dwh_formula_position(const char *source, int location);
extern void dwh_formula_check_limits(const DwhNode *root);
extern void dwh_formula_references(const DwhNode *node, List **references);

/* parse.c */
extern DwhNode *dwh_formula_parse(const char *source);
pg_noreturn extern void dwh_formula_syntax_error(DwhFormulaParser *parser, const char *message);

/* deparse.c */
extern char *dwh_formula_deparse(const DwhNode *node);

/* row.c: row expressions to SQL */
typedef enum DwhRowType
{
	DWH_ROW_NUMBER,
	DWH_ROW_TEXT,
	DWH_ROW_DATE,
	DWH_ROW_BOOL,
	DWH_ROW_LITERAL,			/* a quoted string: takes the type of its neighbour */
	DWH_ROW_NULL
} DwhRowType;

typedef struct DwhRowScope
{
	Oid			relation;		/* the subject's table, alias "f" in the SQL */
	const char *month_end;		/* SQL of the last day of the row's month; NULL where month_end is not allowed */
	DwhNode    *(*dimension) (void *arg, const char *name);	/* expression of a dimension, or NULL; may be unset */
	void	   *dimension_arg;
	List	   *joins;			/* of DwhRowJoin, in the order of need */
} DwhRowScope;

typedef struct DwhRowJoin
{
	const char *parent_alias;
	const char *column;			/* foreign key column of the parent */
	const char *alias;
	Oid			relation;
	const char *key;			/* key column of the relation */
} DwhRowJoin;

extern char *dwh_row_compile(DwhRowScope *scope, const DwhNode *node, DwhRowType *type);
extern char *dwh_row_compile_condition(DwhRowScope *scope, const char *source, const char *what);
extern bool dwh_row_is_int(Oid relation, const char *source);
extern char *dwh_relation_sql(Oid relation);
extern char *dwh_row_text_sql(const char *sql, DwhRowType type);
extern DwhRowType dwh_row_column_type(Oid relation, const char *name);
extern char *dwh_row_joins_sql(const DwhRowScope *scope);

#endif							/* DWH_FORMULA_H */

%{
/*
 * gram.y
 *		Grammar of the formula language. The README holds it as EBNF.
 */
#include "postgres.h"

#include "formula/formula.h"
#include "formula/scanner.h"
#include "formula/gram.h"

#define YYMALLOC palloc
#define YYFREE	 pfree

static int yylex(YYSTYPE *lvalp, YYLTYPE *llocp, DwhFormulaParser *parser);
static void yyerror(YYLTYPE *llocp, DwhFormulaParser *parser, const char *message);

/* A phrase stands where its first token stands. */
#define YYLLOC_DEFAULT(Current, Rhs, N) \
	do { (Current) = (N) ? (Rhs)[1] : (Rhs)[0]; } while (0)
%}

%define api.pure full
%define api.prefix {dwh_formula_yy}
%define parse.error verbose
%define api.location.type {int}
%locations
%parse-param {DwhFormulaParser *parser}
%lex-param {DwhFormulaParser *parser}
%expect 0

%union
{
	char	   *str;
	DwhNode    *node;
	List	   *list;
}

%token END 0 "end of formula"
%token <str> NUMBER "a number" STRING "a quoted string" CODE "a code in brackets" NAME "a name"
%token NOT_EQUAL "<>" LESS_EQUAL "<=" GREATER_EQUAL ">="
%token <str> AND "and" OR "or" NOT "not" IN "in" IS "is" NULL_VALUE "null" TRUE_VALUE "true" FALSE_VALUE "false" PEOPLE "people"
%token UNTERMINATED_STRING "a string without closing quote" UNTERMINATED_CODE "a code without closing bracket"
%token UNEXPECTED_CHARACTER "a character that has no meaning here"

%type <node> expr reference set_expr literal
%type <list> expr_list opt_expr_list literal_list path opt_filter

%left OR
%left AND
%right NOT
%nonassoc '=' '<' '>' NOT_EQUAL LESS_EQUAL GREATER_EQUAL IN IS
%left '+' '-'
%left '*' '/' '%'
%right UMINUS
%right '^'
%left '|' '&'

%%

formula:
	expr							{ parser->result = $1; }
	;

expr:
	NUMBER							{ $$ = dwh_node_make(DWH_NODE_NUMBER, @1, $1, NIL); }
	| STRING						{ $$ = dwh_node_make(DWH_NODE_STRING, @1, $1, NIL); }
	| TRUE_VALUE					{ $$ = dwh_node_make(DWH_NODE_BOOL, @1, "true", NIL); }
	| FALSE_VALUE					{ $$ = dwh_node_make(DWH_NODE_BOOL, @1, "false", NIL); }
	| NULL_VALUE					{ $$ = dwh_node_make(DWH_NODE_NULL, @1, NULL, NIL); }
	| reference
	| path							{ $$ = dwh_node_path(@1, $1); }
	| NAME '(' opt_expr_list ')'		{ $$ = dwh_node_make(DWH_NODE_CALL, @1, $1, $3); }
	| PEOPLE '(' set_expr ')'		{ $$ = dwh_node_make(DWH_NODE_CALL, @1, "people", list_make1($3)); }
	| '(' expr ')'					{ $$ = $2; }
	| '-' expr %prec UMINUS			{ $$ = dwh_node_make(DWH_NODE_UNARY, @1, "-", list_make1($2)); }
	| '+' expr %prec UMINUS			{ $$ = $2; }
	| NOT expr						{ $$ = dwh_node_make(DWH_NODE_UNARY, @1, "not", list_make1($2)); }
	| expr '+' expr					{ $$ = dwh_node_make(DWH_NODE_BINARY, @2, "+", list_make2($1, $3)); }
	| expr '-' expr					{ $$ = dwh_node_make(DWH_NODE_BINARY, @2, "-", list_make2($1, $3)); }
	| expr '*' expr					{ $$ = dwh_node_make(DWH_NODE_BINARY, @2, "*", list_make2($1, $3)); }
	| expr '/' expr					{ $$ = dwh_node_make(DWH_NODE_BINARY, @2, "/", list_make2($1, $3)); }
	| expr '%' expr					{ $$ = dwh_node_make(DWH_NODE_BINARY, @2, "%", list_make2($1, $3)); }
	| expr '^' expr					{ $$ = dwh_node_make(DWH_NODE_BINARY, @2, "^", list_make2($1, $3)); }
	| expr '=' expr					{ $$ = dwh_node_make(DWH_NODE_BINARY, @2, "=", list_make2($1, $3)); }
	| expr '<' expr					{ $$ = dwh_node_make(DWH_NODE_BINARY, @2, "<", list_make2($1, $3)); }
	| expr '>' expr					{ $$ = dwh_node_make(DWH_NODE_BINARY, @2, ">", list_make2($1, $3)); }
	| expr NOT_EQUAL expr			{ $$ = dwh_node_make(DWH_NODE_BINARY, @2, "<>", list_make2($1, $3)); }
	| expr LESS_EQUAL expr			{ $$ = dwh_node_make(DWH_NODE_BINARY, @2, "<=", list_make2($1, $3)); }
	| expr GREATER_EQUAL expr		{ $$ = dwh_node_make(DWH_NODE_BINARY, @2, ">=", list_make2($1, $3)); }
	| expr AND expr					{ $$ = dwh_node_make(DWH_NODE_BINARY, @2, "and", list_make2($1, $3)); }
	| expr OR expr					{ $$ = dwh_node_make(DWH_NODE_BINARY, @2, "or", list_make2($1, $3)); }
	| expr IN '(' literal_list ')'	{ $$ = dwh_node_make(DWH_NODE_IN, @2, NULL, lcons($1, $4)); }
	| expr NOT IN '(' literal_list ')' %prec IN
									{
										$$ = dwh_node_make(DWH_NODE_IN, @2, NULL, lcons($1, $5));
										$$->negated = true;
									}
	| expr IS NULL_VALUE			{ $$ = dwh_node_make(DWH_NODE_IS_NULL, @2, NULL, list_make1($1)); }
	| expr IS NOT NULL_VALUE		{
										$$ = dwh_node_make(DWH_NODE_IS_NULL, @2, NULL, list_make1($1));
										$$->negated = true;
									}
	;

reference:
	CODE opt_filter				{ $$ = dwh_node_make(DWH_NODE_REF, @1, $1, $2); }
	;

opt_filter:
	%empty							{ $$ = NIL; }
	| '{' expr_list '}'				{ $$ = $2; }
	;

set_expr:
	reference
	| '(' set_expr ')'				{ $$ = $2; }
	| set_expr '|' set_expr			{ $$ = dwh_node_make(DWH_NODE_SET, @2, "|", list_make2($1, $3)); }
	| set_expr '&' set_expr			{ $$ = dwh_node_make(DWH_NODE_SET, @2, "&", list_make2($1, $3)); }
	| set_expr '-' set_expr			{ $$ = dwh_node_make(DWH_NODE_SET, @2, "-", list_make2($1, $3)); }
	;

path:
	NAME							{ $$ = list_make1($1); }
	| path '.' NAME					{ $$ = lappend($1, $3); }
	;

opt_expr_list:
	%empty							{ $$ = NIL; }
	| expr_list
	;

expr_list:
	expr							{ $$ = list_make1($1); }
	| expr_list ',' expr			{ $$ = lappend($1, $3); }
	;

literal:
	NUMBER							{ $$ = dwh_node_make(DWH_NODE_NUMBER, @1, $1, NIL); }
	| '-' NUMBER					{ $$ = dwh_node_make(DWH_NODE_NUMBER, @1, psprintf("-%s", $2), NIL); }
	| STRING						{ $$ = dwh_node_make(DWH_NODE_STRING, @1, $1, NIL); }
	;

literal_list:
	literal							{ $$ = list_make1($1); }
	| literal_list ',' literal		{ $$ = lappend($1, $3); }
	;

%%

static int
yylex(YYSTYPE *lvalp, YYLTYPE *llocp, DwhFormulaParser *parser)
{
	int			token = dwh_scan_yylex(lvalp, parser->scanner);

	*llocp = dwh_formula_scanner_location(parser);
	return token;
}

static void
yyerror(YYLTYPE *llocp, DwhFormulaParser *parser, const char *message)
{
	dwh_formula_syntax_error(parser, message);
}

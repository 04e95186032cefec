/*
 * parse.c
 *		Text of a formula to its tree, with errors that say where and what was expected.
 */
#include "postgres.h"

#include "common/errors.h"
#include "formula/formula.h"
#include "formula/scanner.h"
#include "formula/gram.h"

/* Parses a formula. Raises WH201 with the position on a syntax error, WH205 beyond the limits. */
DwhNode *
dwh_formula_parse(const char *source)
{
	DwhFormulaParser parser = {0};
	Size		length = strlen(source);

	if (length > DWH_FORMULA_MAX_LENGTH)
		ereport(ERROR,
				(errcode(ERRCODE_DWH_FORMULA_TOO_LARGE),
				 errmsg("formula is too long"),
				 errdetail("It has %zu bytes; %d are allowed.", length, DWH_FORMULA_MAX_LENGTH),
				 errhint("Give parts of it codes of their own, as indicators, and refer to them.")));

	parser.source = source;
	dwh_formula_scanner_begin(&parser);
	if (dwh_formula_yyparse(&parser) != 0)
		elog(ERROR, "formula parser ended without a result");
	dwh_formula_scanner_end(&parser);
	dwh_formula_check_limits(parser.result);
	return parser.result;
}

/* Raises the syntax error of the token read last. Bison's own message says what it met and what it expected. */
void
dwh_formula_syntax_error(DwhFormulaParser *parser, const char *message)
{
	int			location = dwh_formula_scanner_location(parser);
	bool		at_end = location >= (int) strlen(parser->source);
	const char *expected = strstr(message, "expecting ");

	if (strstr(message, "memory exhausted") != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DWH_FORMULA_TOO_LARGE),
				 errmsg("formula is nested too deep")));
	ereport(ERROR,
			(errcode(ERRCODE_DWH_FORMULA_SYNTAX),
			 at_end ? errmsg("syntax error at end of formula") :
			 errmsg("syntax error in formula at position %d", dwh_formula_position(parser->source, location)),
			 errdetail("In \"%s\": %s.", parser->source, message),
			 expected ? errhint("Expected %s.", expected + strlen("expecting ")) :
			 errhint("References are written [CODE], text in single quotes, lists as in ('A', 'B').")));
}

/*
 * parse.c
 *		Text of a formula to its tree, with errors that say where and what was expected.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

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

/*
 * Raises the syntax error of the token read last. Bison's message reads "syntax error, unexpected X, expecting Y or Z": the
 * part about X becomes the detail, the rest the hint.
 */
void
dwh_formula_syntax_error(DwhFormulaParser *parser, const char *message)
{
	static const char before_met[] = "unexpected ";
	static const char before_expected[] = ", expecting ";
	int			location = dwh_formula_scanner_location(parser);
	bool		at_end = location >= (int) strlen(parser->source);
	const char *met = strstr(message, before_met);
	const char *expected = strstr(message, before_expected);

	if (met == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DWH_FORMULA_TOO_LARGE),
				 errmsg("formula is nested too deep"),
				 errdetail("The parser says: %s.", message)));
	met += strlen(before_met);
	ereport(ERROR,
			(errcode(ERRCODE_DWH_FORMULA_SYNTAX),
			 at_end ? errmsg("syntax error at end of formula") :
			 errmsg("syntax error in formula at \"%s\"", pnstrdup(parser->source + location,
																 pg_mbcliplen(parser->source + location,
																			  strlen(parser->source + location), 20))),
			 errdetail("Met %s.", pnstrdup(met, expected ? expected - met : strlen(met))),
			 internalerrposition(dwh_formula_position(parser->source, location)),
			 internalerrquery(parser->source),
			 expected ? errhint("Expected %s.", expected + strlen(before_expected)) :
			 errhint("References are written [CODE], text in single quotes, lists as in ('A', 'B').")));
}

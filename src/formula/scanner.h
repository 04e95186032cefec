/*
 * scanner.h
 *		What grammar and parser need of the scanner (scan.l).
 */
#ifndef DWH_FORMULA_SCANNER_H
#define DWH_FORMULA_SCANNER_H

#include "formula/formula.h"

union DWH_FORMULA_YYSTYPE;
extern int	dwh_scan_yylex(union DWH_FORMULA_YYSTYPE *lvalp, void *scanner);

extern void dwh_formula_scanner_begin(DwhFormulaParser *parser);
extern void dwh_formula_scanner_end(DwhFormulaParser *parser);
extern int	dwh_formula_scanner_location(DwhFormulaParser *parser);

#endif							/* DWH_FORMULA_SCANNER_H */

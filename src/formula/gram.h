/* A Bison parser, made by GNU Bison 3.8.2.  */

/* Bison interface for Yacc-like parsers in C

   Copyright (C) 1984, 1989-1990, 2000-2015, 2018-2021 Free Software Foundation,
   Inc.

   This program is free software: you can redistribute it and/or modify
   it under the terms of the GNU General Public License as published by
   the Free Software Foundation, either version 3 of the License, or
   (at your option) any later version.

   This program is distributed in the hope that it will be useful,
   but WITHOUT ANY WARRANTY; without even the implied warranty of
   MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE.  See the
   GNU General Public License for more details.

   You should have received a copy of the GNU General Public License
   along with this program.  If not, see <https://www.gnu.org/licenses/>.  */

/* As a special exception, you may create a larger work that contains
   part or all of the Bison parser skeleton and distribute that work
   under terms of your choice, so long as that work isn't itself a
   parser generator using the skeleton or a modified version thereof
   as a parser skeleton.  Alternatively, if you modify or redistribute
   the parser skeleton itself, you may (at your option) remove this
   special exception, which will cause the skeleton and the resulting
   Bison output files to be licensed under the GNU General Public
   License without this special exception.

   This special exception was added by the Free Software Foundation in
   version 2.2 of Bison.  */

/* DO NOT RELY ON FEATURES THAT ARE NOT DOCUMENTED in the manual,
   especially those whose name start with YY_ or yy_.  They are
   private implementation details that can be changed or removed.  */

#ifndef YY_DWH_FORMULA_YY_SRC_FORMULA_GRAM_H_INCLUDED
# define YY_DWH_FORMULA_YY_SRC_FORMULA_GRAM_H_INCLUDED
/* Debug traces.  */
#ifndef DWH_FORMULA_YYDEBUG
# if defined YYDEBUG
#if YYDEBUG
#   define DWH_FORMULA_YYDEBUG 1
#  else
#   define DWH_FORMULA_YYDEBUG 0
#  endif
# else /* ! defined YYDEBUG */
#  define DWH_FORMULA_YYDEBUG 0
# endif /* ! defined YYDEBUG */
#endif  /* ! defined DWH_FORMULA_YYDEBUG */
#if DWH_FORMULA_YYDEBUG
extern int dwh_formula_yydebug;
#endif

/* Token kinds.  */
#ifndef DWH_FORMULA_YYTOKENTYPE
# define DWH_FORMULA_YYTOKENTYPE
  enum dwh_formula_yytokentype
  {
    DWH_FORMULA_YYEMPTY = -2,
    DWH_FORMULA_YYEOF = 0,         /* "end of file"  */
    DWH_FORMULA_YYerror = 256,     /* error  */
    DWH_FORMULA_YYUNDEF = 257,     /* "invalid token"  */
    NUMBER = 258,                  /* "a number"  */
    STRING = 259,                  /* "a quoted string"  */
    CODE = 260,                    /* "a code in brackets"  */
    NAME = 261,                    /* "a name"  */
    NOT_EQUAL = 262,               /* "<>"  */
    LESS_EQUAL = 263,              /* "<="  */
    GREATER_EQUAL = 264,           /* ">="  */
    AND = 265,                     /* "and"  */
    OR = 266,                      /* "or"  */
    NOT = 267,                     /* "not"  */
    IN = 268,                      /* "in"  */
    IS = 269,                      /* "is"  */
    NULL_VALUE = 270,              /* "null"  */
    TRUE_VALUE = 271,              /* "true"  */
    FALSE_VALUE = 272,             /* "false"  */
    PEOPLE = 273,                  /* "people"  */
    UNTERMINATED_STRING = 274,     /* "a string without closing quote"  */
    UNEXPECTED_CHARACTER = 275,    /* "a character that has no meaning here"  */
    UMINUS = 276                   /* UMINUS  */
  };
  typedef enum dwh_formula_yytokentype dwh_formula_yytoken_kind_t;
#endif

/* Value type.  */
#if ! defined DWH_FORMULA_YYSTYPE && ! defined DWH_FORMULA_YYSTYPE_IS_DECLARED
union DWH_FORMULA_YYSTYPE
{
#line 33 "src/formula/gram.y"

	char	   *str;
	DwhNode    *node;
	List	   *list;

#line 99 "src/formula/gram.h"

};
typedef union DWH_FORMULA_YYSTYPE DWH_FORMULA_YYSTYPE;
# define DWH_FORMULA_YYSTYPE_IS_TRIVIAL 1
# define DWH_FORMULA_YYSTYPE_IS_DECLARED 1
#endif

/* Location type.  */
typedef int DWH_FORMULA_YYLTYPE;




int dwh_formula_yyparse (DwhFormulaParser *parser);


#endif /* !YY_DWH_FORMULA_YY_SRC_FORMULA_GRAM_H_INCLUDED  */

/*
 * errors.h
 *		SQLSTATEs of our own, class WH.
 *
 * A standard code is used wherever one fits (42501, 42704, 22023, 23514, 55000, 0A000 ...). A code stands here only when a
 * client has a reason to tell the case apart. Every code is listed in the README.
 */
#ifndef DWH_ERRORS_H
#define DWH_ERRORS_H

#include "utils/elog.h"

/* WH0xx: the warehouse as a whole */
#define ERRCODE_DWH_NO_WAREHOUSE		MAKE_SQLSTATE('W', 'H', '0', '0', '1')	/* create_warehouse() not called */
#define ERRCODE_DWH_FOREIGN_OBJECT		MAKE_SQLSTATE('W', 'H', '0', '0', '2')	/* an object of our name is a stranger's */
#define ERRCODE_DWH_NOT_PRELOADED		MAKE_SQLSTATE('W', 'H', '0', '0', '3')	/* needs shared_preload_libraries */

/* WH1xx: star schema, calendar, units */
#define ERRCODE_DWH_OUTSIDE_PARTITIONS	MAKE_SQLSTATE('W', 'H', '1', '0', '1')	/* month has no partition */
#define ERRCODE_DWH_NOT_A_MONTH			MAKE_SQLSTATE('W', 'H', '1', '0', '2')	/* date is no first day of a month */
#define ERRCODE_DWH_OUTSIDE_CALENDAR	MAKE_SQLSTATE('W', 'H', '1', '0', '3')	/* day outside dim_day */
#define ERRCODE_DWH_MAP_BACKWARDS		MAKE_SQLSTATE('W', 'H', '1', '0', '4')	/* period lies after the map asked for */

/* WH2xx: indicators and formulas */
#define ERRCODE_DWH_FORMULA_SYNTAX		MAKE_SQLSTATE('W', 'H', '2', '0', '1')
#define ERRCODE_DWH_FORMULA_REFERENCE	MAKE_SQLSTATE('W', 'H', '2', '0', '2')	/* unknown code, column or attribute */
#define ERRCODE_DWH_FORMULA_TYPE		MAKE_SQLSTATE('W', 'H', '2', '0', '3')
#define ERRCODE_DWH_FORMULA_CYCLE		MAKE_SQLSTATE('W', 'H', '2', '0', '4')
#define ERRCODE_DWH_FORMULA_TOO_LARGE	MAKE_SQLSTATE('W', 'H', '2', '0', '5')

#endif							/* DWH_ERRORS_H */

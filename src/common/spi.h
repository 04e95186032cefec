/*
 * spi.h
 *		Small typed layer over SPI: every return code is checked, every result is copied out where the caller says.
 *
 * All functions expect dwh_spi_begin() before and dwh_spi_end() after. Values travel as parameters only. Strings and arrays
 * returned live in the memory context that was current when dwh_spi_begin() was called.
 */
#ifndef DWH_SPI_H
#define DWH_SPI_H

#include "executor/spi.h"
#include "utils/date.h"

#include "common/row_receiver.h"

extern void dwh_spi_begin(void);
extern void dwh_spi_end(void);
extern uint64 dwh_spi_run(const char *sql, int nargs, const Oid *types, const Datum *values, const char *nulls,
						  bool read_only, int expected);
extern uint64 dwh_spi_run_kept(SPIPlanPtr *plan, const char *sql, int nargs, const Oid *types, const Datum *values,
							   const char *nulls, bool read_only, int expected);
extern uint64 dwh_spi_select(const char *sql, int nargs, const Oid *types, const Datum *values, const char *nulls,
							 bool read_only);
extern void dwh_spi_select_each(const char *sql, int nargs, const Oid *types, const Datum *values, DwhRowTaker take, void *arg);
extern uint64 dwh_spi_select_latest(const char *sql, int nargs, const Oid *types, const Datum *values);
extern uint64 dwh_spi_select_latest_kept(SPIPlanPtr *plan, const char *sql, int nargs, const Oid *types, const Datum *values,
										 const char *nulls);
extern uint64 dwh_spi_select_under(Snapshot snapshot, const char *sql);
extern void dwh_spi_utility(const char *sql);
extern bool dwh_spi_isnull(uint64 row, int col);
extern char *dwh_spi_text(uint64 row, int col);
extern int32 dwh_spi_int(uint64 row, int col);
extern int64 dwh_spi_bigint(uint64 row, int col);
extern bool dwh_spi_bool(uint64 row, int col);
extern DateADT dwh_spi_date(uint64 row, int col);
extern Datum dwh_array(Datum *values, int count, Oid type);
extern Datum dwh_text_array(List *strings);

#endif							/* DWH_SPI_H */

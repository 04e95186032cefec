/*
 * manual_figures.h
 *		The one way in of figures entered by people: batches of lines (dwh.load_manual_figures) and single ones (dwh.enter_value).
 */
#ifndef DWH_MANUAL_FIGURES_H
#define DWH_MANUAL_FIGURES_H

#include "common/identity.h"

/* Names of the batches that single figures land as begin so; nobody loads them. */
#define DWH_ENTRY_BATCH "entry "

/* The columns of landing from indicator to facility. */
#define DWH_MANUAL_COLUMNS 14

extern void dwh_manual_take_turn(void);
extern int64 dwh_manual_enter(const Datum *line, const char *line_nulls, const char *note, const char *reason,
							  const DwhCaller *author);

#endif							/* DWH_MANUAL_FIGURES_H */

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

/* Raises an error unless the author may enter figures of the unit. */
typedef void (*DwhManualUnitCheck) (int32 unit_id, void *argument);

extern void dwh_manual_take_turn(void);
extern int64 dwh_manual_enter(const Datum *line, const char *line_nulls, const char *note, const char *reason,
							  const DwhCaller *author, DwhManualUnitCheck check_unit, void *argument);

#endif							/* DWH_MANUAL_FIGURES_H */

/*
 * catalogue_edit.h
 *		Changing the catalogue: subjects, dimensions, measures, indicators and the versions of their formulas.
 *
 * Every act has the same frame:
 *
 *	dwh_edit_prepare(&edit, "create_measure", code);	-- what is asked; dwh_edit_note() adds to what the log will say
 *	dwh_edit_begin(&edit);								-- an attempt from here on: a refusal or failure is recorded
 *	dwh_edit_require_admin(&edit);						-- the right of the caller
 *	dwh_edit_open(&edit);								-- as dwh_owner, with the catalogue locked and read
 *	... checks and rows ...
 *	dwh_edit_close(&edit);								-- the event, in the same transaction
 *
 * The catalogue is changed by one transaction at a time: dwh_edit_open() locks the row of dwh_catalog.warehouse. Without that two
 * sessions could close a cycle between two indicators, or give one code to a measure and an indicator, each seeing nothing wrong.
 */
#ifndef DWH_CATALOGUE_EDIT_H
#define DWH_CATALOGUE_EDIT_H

#include "fmgr.h"
#include "lib/stringinfo.h"

#include "audit/audit.h"
#include "common/owner.h"
#include "indicator/indicator.h"

typedef struct DwhCatalogueEdit
{
	DwhAttempt	attempt;
	const char *action;
	const char *object;
	StringInfoData detail;		/* a JSON object that lacks its closing brace */
	DwhOwnerSwitch owner;
	DwhCatalogue *catalogue;	/* as it is committed now, own changes included */
} DwhCatalogueEdit;

/* Parameters of one statement. */
#define DWH_EDIT_MAX_PARAMS 24

typedef struct DwhEditParams
{
	int			n;
	Oid			types[DWH_EDIT_MAX_PARAMS];
	Datum		values[DWH_EDIT_MAX_PARAMS];
	char		nulls[DWH_EDIT_MAX_PARAMS + 1];
} DwhEditParams;

/* catalogue_edit.c */
extern void dwh_edit_prepare(DwhCatalogueEdit *edit, const char *action, const char *object);
extern void dwh_edit_note(DwhCatalogueEdit *edit, const char *key, const char *value);
extern void dwh_edit_note_int(DwhCatalogueEdit *edit, const char *key, int value);
extern void dwh_edit_begin(DwhCatalogueEdit *edit);
extern bool dwh_edit_caller_is_admin(void);
extern void dwh_edit_require_admin(DwhCatalogueEdit *edit);
extern void dwh_edit_open(DwhCatalogueEdit *edit);
extern void dwh_edit_close(DwhCatalogueEdit *edit);

extern void dwh_edit_add(DwhEditParams *params, Oid type, Datum value, bool is_null);
extern void dwh_edit_add_text(DwhEditParams *params, const char *value);
extern void dwh_edit_add_int(DwhEditParams *params, int value);
extern void dwh_edit_add_date(DwhEditParams *params, DateADT value);
extern uint64 dwh_edit_select(const char *sql, const DwhEditParams *params);
extern void dwh_edit_insert(const char *sql, const DwhEditParams *params);
extern void dwh_edit_update_one(const char *sql, const DwhEditParams *params);
extern int	dwh_edit_next_id(const char *table, const char *column);

extern char *dwh_edit_argument(FunctionCallInfo fcinfo, int n);
extern char *dwh_edit_required(FunctionCallInfo fcinfo, int n, const char *name);
extern DateADT dwh_edit_required_date(FunctionCallInfo fcinfo, int n, const char *name);
extern char *dwh_edit_date_text(DateADT date);
extern bool dwh_edit_is_code(const char *code, bool upper);
extern void dwh_edit_check_free(DwhCatalogueEdit *edit, const char *code);
extern DwhSubject *dwh_edit_need_subject(DwhCatalogueEdit *edit, const char *code);
extern void dwh_edit_need_relation(DwhSubject *subject);
extern void dwh_edit_check_column(Oid relation, const char *column, Oid type);
extern int	dwh_edit_find_id(const char *what, const char *table, const char *column, const char *code);

/* catalogue_reach.c */
extern void dwh_edit_check_reach(DwhCatalogueEdit *edit, DwhNode *formula, int32 subject_id, DateADT from);
extern void dwh_edit_check_public(DwhCatalogueEdit *edit, bool is_public);
extern char *dwh_edit_choose_group(DwhCatalogueEdit *edit, char *group, int owner_group_id);

/* catalogue_indicator.c */
extern bool dwh_edit_caller_owns_indicator(const char *code);

#endif							/* DWH_CATALOGUE_EDIT_H */

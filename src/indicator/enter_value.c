/*
 * enter_value.c
 *		dwh.enter_value(), dwh.approve_value(), dwh.reject_value(): figures of indicators that no source system feeds, and plans,
 *		entered one by one by the people who answer for them (893 Art. 14.1).
 *
 * A figure lands and is checked like a line of a batch (ingest/manual_figures.c) and waits in fact_manual, approval 'pending', until a
 * second person approves it: only then it counts. Revisions append; the figure that counted stays, no longer current. Entering and
 * approving hold the lock on the catalogue, as closing a period does, so that no figure slips into a period while it is being closed.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "common/errors.h"
#include "common/identity.h"
#include "common/spi.h"
#include "indicator/catalogue_edit.h"
#include "indicator/closed.h"
#include "ingest/manual_figures.h"
#include "scope/scope.h"

PG_FUNCTION_INFO_V1(dwh_sql_enter_value);
PG_FUNCTION_INFO_V1(dwh_sql_approve_value);
PG_FUNCTION_INFO_V1(dwh_sql_reject_value);

/* A figure of fact_manual, as the checks need it. */
typedef struct Entry
{
	int64		manual_id;
	DateADT		month;			/* its partition */
	char	   *indicator;
	char	   *indicator_group;
	int			subject_id;		/* publishing subject of the indicator */
	char	   *period_type;
	DateADT		first_day;		/* days it stands for */
	DateADT		last_day;
	int			unit_id;
	char	   *unit_code;
	char	   *unit_level;
	char	   *kind;
	int			revision;
	char	   *approval;
	char	   *author;
	int			author_account_id;
	char	   *author_role;
	bool		has_current;	/* a figure with the same key counts now */
	bool		is_same;		/* with the same value */
	bool		is_overtaken;	/* a later revision has been approved or loaded since */
} Entry;

/* What makes two rows of fact_manual revisions of one figure. */
#define SAME_FIGURE \
	"o.indicator = f.indicator AND o.month = f.month AND o.period_type = f.period_type AND o.as_of IS NOT DISTINCT FROM f.as_of " \
	"AND o.unit_id = f.unit_id AND o.kind = f.kind AND o.source_id = f.source_id AND o.source_note = f.source_note " \
	"AND o.sex IS NOT DISTINCT FROM f.sex AND o.age_group IS NOT DISTINCT FROM f.age_group " \
	"AND o.scheme_id IS NOT DISTINCT FROM f.scheme_id AND o.fund_id IS NOT DISTINCT FROM f.fund_id " \
	"AND o.facility_id IS NOT DISTINCT FROM f.facility_id"

/* ------------------------------------------------------------------ rights */

/* Raises 42501, with a record of it, unless the caller may work on figures of the indicator at all; units are looked at later. */
static void
require_group(DwhCatalogueEdit *edit, const char *indicator)
{
	if (dwh_caller_is_owner())
		return;
	if (dwh_caller_account() == 0)
	{
		dwh_attempt_refused(&edit->attempt, "the caller has no account");
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to call dwh.%s()", edit->action),
				 errdetail("A figure is entered and approved by a person, and your role is no account's (893 Art. 14.1)."),
				 errhint("Ask a central administrator for an account.")));
	}
	if (dwh_caller_has_role("dwh_analyst") || (indicator && dwh_edit_caller_owns_indicator(indicator)))
		return;
	dwh_attempt_refused(&edit->attempt, "the caller is not in a group that enters figures");
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("permission denied to call dwh.%s()", edit->action),
			 errdetail("Members of dwh_analyst and of the owner group of the indicator enter and approve its figures (893 Art. 14.1)."),
			 errhint("Ask a central administrator for membership.")));
}

/*
 * Raises 42501, with a record of it, unless the unit lies wholly in the caller's scope for the subject: a figure stands for all of it. Who may
 * write is who may read (2327 Arts. 7.5, 18.4).
 */
static void
require_scope(DwhCatalogueEdit *edit, int32 subject_id, int32 unit_id, const char *unit_code, const char *indicator)
{
	if (dwh_caller_is_owner())
		return;
	(void) dwh_scope_use();
	if (dwh_scope_has_whole_unit(dwh_scope_read_subject(subject_id), unit_id))
		return;
	dwh_attempt_refused(&edit->attempt, "the unit is out of the caller's scope");
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("permission denied for unit \"%s\"", unit_code),
			 errdetail("It is not in your scope for indicator \"%s\" (893 Art. 12.4).", indicator),
			 errhint("Ask somebody of that unit.")));
}

/* What is being entered. */
typedef struct Entering
{
	DwhCatalogueEdit *edit;
	const DwhIndicator *indicator;
	const char *unit_code;
} Entering;

/* Called back before anything is told of the unit's figures. */
static void
check_unit(int32 unit_id, void *argument)
{
	Entering   *entering = argument;

	require_scope(entering->edit, entering->indicator->subject_id, unit_id, entering->unit_code, entering->indicator->code);
}

/* Raises 55000, with a record of it, where the figure is one of a closed period. Inside SPI, as dwh_owner. */
static void
require_open_period(DwhCatalogueEdit *edit, const Entry *entry)
{
	char	   *period;
	char	   *stage = dwh_closing_covering(entry->indicator_group, entry->first_day, entry->last_day, &period);

	if (stage == NULL)
		return;
	dwh_attempt_refused(&edit->attempt, "the period is closed");
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("the %s is closed for group \"%s\"", period, entry->indicator_group),
			 errdetail("Its values are %s; a figure for %s to %s would change them.", stage, dwh_edit_date_text(entry->first_day),
					   dwh_edit_date_text(entry->last_day)),
			 errhint("dwh.reopen_period() opens it again, with a reason and a decision.")));
}

/* ------------------------------------------------------------------ figures */

/* Reads a figure and locks its row; false where there is none of that number. Inside SPI, as dwh_owner. */
static bool
read_entry(int64 manual_id, Entry *entry)
{
	Oid			types[1] = {INT8OID};
	Datum		values[1] = {Int64GetDatum(manual_id)};

	/* what is committed now: a statement of its own gets a new snapshot at READ COMMITTED; elsewhere the lock raises 40001 */
	if (dwh_spi_select("SELECT f.manual_id, f.month, f.indicator, i.indicator_group, i.subject_id, f.period_type, "
					   "CASE f.period_type WHEN 'point' THEN f.as_of ELSE f.period_start END, "
					   "CASE f.period_type WHEN 'point' THEN f.as_of WHEN 'ytd' THEN f.as_of "
					   "ELSE (f.period_start + CASE f.period_type WHEN 'month' THEN interval '1 month' WHEN 'quarter' THEN interval '3 months' "
					   "WHEN 'half' THEN interval '6 months' ELSE interval '1 year' END)::date - 1 END, "
					   "f.unit_id, u.code, u.level, f.kind, f.revision, f.approval, f.author, f.author_account_id, f.entered_by, "
					   "EXISTS (SELECT FROM dwh_star.fact_manual AS o WHERE o.is_current AND " SAME_FIGURE "), "
					   "EXISTS (SELECT FROM dwh_star.fact_manual AS o WHERE o.is_current AND o.value = f.value AND " SAME_FIGURE "), "
					   "EXISTS (SELECT FROM dwh_star.fact_manual AS o WHERE o.approval = 'approved' AND o.revision >= f.revision "
					   "AND o.manual_id <> f.manual_id AND " SAME_FIGURE ") "
					   "FROM dwh_star.fact_manual AS f JOIN dwh_catalog.indicator AS i ON i.code = f.indicator "
					   "JOIN dwh_star.dim_unit AS u USING (unit_id) WHERE f.manual_id = $1 AND f.author IS NOT NULL FOR UPDATE OF f",
					   1, types, values, NULL, false) == 0)
		return false;
	entry->manual_id = dwh_spi_bigint(0, 1);
	entry->month = dwh_spi_date(0, 2);
	entry->indicator = dwh_spi_text(0, 3);
	entry->indicator_group = dwh_spi_text(0, 4);
	entry->subject_id = dwh_spi_int(0, 5);
	entry->period_type = dwh_spi_text(0, 6);
	entry->first_day = dwh_spi_date(0, 7);
	entry->last_day = dwh_spi_date(0, 8);
	entry->unit_id = dwh_spi_int(0, 9);
	entry->unit_code = dwh_spi_text(0, 10);
	entry->unit_level = dwh_spi_text(0, 11);
	entry->kind = dwh_spi_text(0, 12);
	entry->revision = dwh_spi_int(0, 13);
	entry->approval = dwh_spi_text(0, 14);
	entry->author = dwh_spi_text(0, 15);
	entry->author_account_id = dwh_spi_int(0, 16);
	entry->author_role = dwh_spi_text(0, 17);
	entry->has_current = dwh_spi_bool(0, 18);
	entry->is_same = dwh_spi_bool(0, 19);
	entry->is_overtaken = dwh_spi_bool(0, 20);
	return true;
}

/* Whether the caller is the person who entered the figure: the same account, or without accounts the same role. */
static bool
is_author(const Entry *entry, const DwhCaller *caller)
{
	if (entry->author_account_id != 0 && caller->account_id != 0)
		return entry->author_account_id == caller->account_id;
	return strcmp(entry->author_role, caller->outer_user_name) == 0;
}

/* Raises 22023 where a source system feeds the indicator, which then has its value from there. */
static void
check_no_source(DwhCatalogue *catalogue, DwhIndicator *indicator)
{
	List	   *todo = list_make1(indicator);
	List	   *seen = NIL;

	while (todo != NIL)
	{
		DwhIndicator *next = linitial(todo);
		ListCell   *v;

		todo = list_delete_first(todo);
		seen = lappend(seen, next);
		foreach(v, next->versions)
		{
			List	   *references = NIL;
			ListCell   *r;

			dwh_formula_references(dwh_version_formula(next, lfirst(v)), &references);
			foreach(r, references)
			{
				const char *code = ((DwhNode *) lfirst(r))->text;
				DwhIndicator *other = dwh_catalogue_indicator(catalogue, code);
				DwhMeasure *measure = other ? NULL : dwh_catalogue_measure(catalogue, code);

				if (other && !list_member_ptr(seen, other) && !list_member_ptr(todo, other))
					todo = lappend(todo, other);
				if (measure && OidIsValid(measure->subject->relation) && strcmp(measure->subject->code, "fact_manual") != 0)
					ereport(ERROR,
							(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							 errmsg("values of \"%s\" are not entered by hand", indicator->code),
							 errdetail("Measure \"%s\" counts them from %s, which a source system feeds (893 Art. 14.1).", measure->code,
									   measure->subject->code),
							 errhint("Plans may be entered, with p_kind => 'plan'.")));
			}
		}
	}
}

/* Raises 22023 for a kind of period or a breakdown that the indicator does not have. Inside SPI, as dwh_owner. */
static void
check_grain(DwhIndicator *indicator, const char *period_type, const Datum *line, const char *line_nulls)
{
	/* columns of landing that break a figure down, and the dimensions they are */
	static const struct
	{
		int			column;
		const char *dimension;
	}			breakdowns[] = {{9, "sex"}, {10, "age_group"}, {11, "scheme"}, {12, "fund"}, {13, "facility"}};
	Oid			types[1] = {TEXTOID};
	Datum		values[1] = {CStringGetTextDatum(indicator->code)};
	char	   *given;

	if (strcmp(period_type, "point") != 0 && !bms_is_member(dwh_period_type_parse(period_type), indicator->periods))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" is not given by %s", indicator->code, period_type),
				 errhint("dwh_catalog.indicator.periods lists its kinds of period.")));
	for (int i = 0; i < lengthof(breakdowns); i++)
	{
		if (line_nulls[breakdowns[i].column] == 'n')
			continue;
		(void) dwh_spi_select("SELECT array_to_string(breakdowns, ', ') FROM dwh_catalog.indicator WHERE code = $1", 1, types, values,
							  NULL, true);
		given = dwh_spi_text(0, 1);
		if (strstr(psprintf(", %s, ", given), psprintf(", %s, ", breakdowns[i].dimension)) == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("\"%s\" is not given by %s", indicator->code, breakdowns[i].dimension),
					 errdetail("Its breakdowns are: %s.", given),
					 errhint("Enter the figure without p_%s.", breakdowns[i].dimension)));
	}
}

/* Raises 22023 where the figure is one that cannot be entered: of a unit without figures, or one that stands already. */
static void
check_entry(const Entry *entry, const char *reason)
{
	static const char *const levels[] = {"centre", "province", "defence", "police", "division", "district", "base"};
	bool		has_figures = false;

	for (int i = 0; i < lengthof(levels); i++)
		has_figures |= strcmp(entry->unit_level, levels[i]) == 0;
	if (!has_figures)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("figures are not given for unit \"%s\"", entry->unit_code),
				 errdetail("It is of level %s.", entry->unit_level),
				 errhint("They are given for the country, provinces and base offices.")));
	if (entry->is_same)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the value of \"%s\" would not change", entry->indicator),
				 errdetail("The same figure stands already."),
				 errhint("Nothing needs to be done.")));
	if (entry->has_current && reason == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("p_reason must be given"),
				 errdetail("A figure stands already; the new one would be its revision %d.", entry->revision),
				 errhint("Say why it is revised.")));
}

/* Arguments of dwh.enter_value(), by number. */
enum
{
	ARG_INDICATOR, ARG_FROM, ARG_PERIOD, ARG_UNIT, ARG_VALUE, ARG_NOTE, ARG_REASON, ARG_KIND, ARG_SOURCE, ARG_SOURCE_NOTE, ARG_SEX,
	ARG_AGE_GROUP, ARG_SCHEME, ARG_FUND, ARG_FACILITY
};

static void
set_column(Datum *line, char *line_nulls, int column, const char *value)
{
	line[column] = value ? CStringGetTextDatum(value) : (Datum) 0;
	line_nulls[column] = value ? ' ' : 'n';
}

/*
 * The arguments as a line of landing. p_from names the period as everywhere: its first month, for year-to-date the month it runs to;
 * for a point it is the day itself.
 */
static void
line_of_arguments(FunctionCallInfo fcinfo, DateADT from, const char *period, Datum *line, char *line_nulls)
{
	static const int columns[] = {ARG_SEX, ARG_AGE_GROUP, ARG_SCHEME, ARG_FUND, ARG_FACILITY};
	DateADT		start = from;
	const char *as_of = NULL;

	if (strcmp(period, "ytd") == 0)
	{
		DwhFrame   *frame = linitial(dwh_period_frames(DWH_PERIOD_YTD, from, from, DATEVAL_NOEND));

		start = frame->first;
		as_of = dwh_edit_date_text(dwh_month_end(frame->last));
	}
	else if (strcmp(period, "point") == 0)
	{
		start = dwh_month_start(from);
		as_of = dwh_edit_date_text(from);
	}
	set_column(line, line_nulls, 0, dwh_edit_argument(fcinfo, ARG_INDICATOR));
	set_column(line, line_nulls, 1, period);
	set_column(line, line_nulls, 2, dwh_edit_date_text(start));
	set_column(line, line_nulls, 3, as_of);
	set_column(line, line_nulls, 4, dwh_edit_argument(fcinfo, ARG_UNIT));
	set_column(line, line_nulls, 5, dwh_edit_argument(fcinfo, ARG_KIND));
	set_column(line, line_nulls, 6, dwh_edit_argument(fcinfo, ARG_SOURCE));
	set_column(line, line_nulls, 7, dwh_edit_argument(fcinfo, ARG_SOURCE_NOTE));
	set_column(line, line_nulls, 8, DatumGetCString(DirectFunctionCall1(numeric_out, PG_GETARG_DATUM(ARG_VALUE))));
	for (int i = 0; i < lengthof(columns); i++)
		set_column(line, line_nulls, 9 + i, dwh_edit_argument(fcinfo, columns[i]));
	line_nulls[DWH_MANUAL_COLUMNS] = '\0';
}

/* dwh.enter_value(...): the number of the figure, which waits for its approval. */
Datum
dwh_sql_enter_value(PG_FUNCTION_ARGS)
{
	DwhCatalogueEdit edit;
	DwhCaller	author;
	DwhIndicator *indicator;
	Entering	entering;
	Entry		entry;
	Datum		line[DWH_MANUAL_COLUMNS];
	char		line_nulls[DWH_MANUAL_COLUMNS + 1];
	char	   *code = dwh_edit_required(fcinfo, ARG_INDICATOR, "p_indicator");
	DateADT		from = dwh_edit_required_date(fcinfo, ARG_FROM, "p_from");
	char	   *period = dwh_edit_required(fcinfo, ARG_PERIOD, "p_period");
	char	   *unit = dwh_edit_required(fcinfo, ARG_UNIT, "p_unit");
	char	   *note = dwh_edit_required(fcinfo, ARG_NOTE, "p_note");
	char	   *reason = dwh_edit_argument(fcinfo, ARG_REASON);
	char	   *kind = dwh_edit_required(fcinfo, ARG_KIND, "p_kind");
	int64		manual_id;

	(void) dwh_edit_required(fcinfo, ARG_SOURCE, "p_source");
	if (PG_ARGISNULL(ARG_VALUE))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("p_value must be given"),
				 errhint("What is not known is not entered.")));
	if (strcmp(period, "point") != 0)
		(void) dwh_period_type_parse(period);
	if (reason && strspn(reason, " \t\r\n") == strlen(reason))
		reason = NULL;
	line_of_arguments(fcinfo, from, period, line, line_nulls);
	dwh_edit_prepare(&edit, "enter_value", code);
	dwh_edit_note(&edit, "period", period);
	dwh_edit_note(&edit, "from", dwh_edit_date_text(from));
	dwh_edit_note(&edit, "unit", unit);
	dwh_edit_note(&edit, "kind", kind);
	dwh_edit_note(&edit, "value", TextDatumGetCString(line[8]));
	dwh_edit_note(&edit, "why", reason);
	dwh_edit_begin(&edit);
	require_group(&edit, code);
	dwh_caller_describe(&author);

	dwh_edit_open(&edit);
	indicator = dwh_catalogue_need_indicator(edit.catalogue, code);
	if (strcmp(kind, "plan") != 0)
		check_no_source(edit.catalogue, indicator);
	check_grain(indicator, period, line, line_nulls);
	entering.edit = &edit;
	entering.indicator = indicator;
	entering.unit_code = unit;
	manual_id = dwh_manual_enter(line, line_nulls, note, reason, &author, check_unit, &entering);
	if (!read_entry(manual_id, &entry))
		elog(ERROR, "the figure that was entered is not there");
	require_open_period(&edit, &entry);
	check_entry(&entry, reason);
	dwh_edit_note(&edit, "manual_id", psprintf(INT64_FORMAT, manual_id));
	dwh_edit_note_int(&edit, "revision", entry.revision);
	dwh_edit_close(&edit);
	PG_RETURN_INT64(manual_id);
}

/* ------------------------------------------------------------------ decisions */

/* The indicator of an entered figure; NULL where there is none of that number. */
static char *
indicator_of(int64 manual_id)
{
	DwhEditParams params = {0};
	DwhOwnerSwitch owner;
	char	   *code = NULL;

	dwh_edit_add(&params, INT8OID, Int64GetDatum(manual_id), false);
	dwh_spi_begin();
	dwh_owner_enter(&owner);
	if (dwh_edit_select("SELECT indicator FROM dwh_star.fact_manual WHERE manual_id = $1 AND author IS NOT NULL", &params) > 0)
		code = dwh_spi_text(0, 1);
	dwh_owner_leave(&owner);
	dwh_spi_end();
	return code;
}

/* Opens the act on a figure that waits: rights, locks, state. Raises 42501, 42704, 55000. */
static void
open_decision(DwhCatalogueEdit *edit, int64 manual_id, Entry *entry)
{
	require_group(edit, indicator_of(manual_id));
	dwh_edit_open(edit);
	dwh_manual_take_turn();
	if (!read_entry(manual_id, entry))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("there is no entered value with number " INT64_FORMAT, manual_id),
				 errhint("The values that wait stand in view dwh.pending_values.")));
	require_scope(edit, entry->subject_id, entry->unit_id, entry->unit_code, entry->indicator);
	if (strcmp(entry->approval, "pending") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("value " INT64_FORMAT " is %s already", manual_id, entry->approval),
				 errhint("Nothing needs to be done.")));
	dwh_edit_note(edit, "indicator", entry->indicator);
	dwh_edit_note(edit, "author", entry->author);
	dwh_edit_note_int(edit, "revision", entry->revision);
}

/* Writes the decision into the row. */
static void
write_decision(const Entry *entry, const char *approval, const char *note, const DwhCaller *caller)
{
	DwhEditParams params = {0};

	dwh_edit_add(&params, INT8OID, Int64GetDatum(entry->manual_id), false);
	dwh_edit_add_date(&params, entry->month);
	dwh_edit_add_text(&params, approval);
	dwh_edit_add_text(&params, caller->person ? caller->person : caller->outer_user_name);
	dwh_edit_add(&params, INT4OID, Int32GetDatum(caller->account_id), caller->account_id == 0);
	dwh_edit_add_text(&params, note);
	dwh_edit_update_one("UPDATE dwh_star.fact_manual SET approval = $3, is_current = ($3 = 'approved'), decided_at = clock_timestamp(), "
						"decided_by = $4, decided_account_id = $5, decision_note = $6 WHERE manual_id = $1 AND month = $2", &params);
}

/* dwh.approve_value(p_manual_id, p_note): the revision that counts from now on. */
Datum
dwh_sql_approve_value(PG_FUNCTION_ARGS)
{
	DwhCatalogueEdit edit;
	DwhCaller	caller;
	Entry		entry;
	Oid			types[1] = {INT8OID};
	Datum		values[1];
	int64		manual_id;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("p_manual_id must be given")));
	manual_id = PG_GETARG_INT64(0);
	dwh_edit_prepare(&edit, "approve_value", psprintf(INT64_FORMAT, manual_id));
	dwh_edit_begin(&edit);
	dwh_caller_describe(&caller);
	open_decision(&edit, manual_id, &entry);
	if (is_author(&entry, &caller))
	{
		dwh_attempt_refused(&edit.attempt, "the caller is the author");
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("value " INT64_FORMAT " cannot be approved by its author", manual_id),
				 errdetail("%s entered it; a second person approves.", entry.author),
				 errhint("Ask a colleague of your group.")));
	}
	require_open_period(&edit, &entry);
	if (entry.is_overtaken)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("value " INT64_FORMAT " has been overtaken", manual_id),
				 errdetail("Another revision of the figure has come to count since it was entered."),
				 errhint("Reject it, look at the figure, and enter a new one if need be.")));
	values[0] = Int64GetDatum(manual_id);
	(void) dwh_spi_run("UPDATE dwh_star.fact_manual AS o SET is_current = false FROM dwh_star.fact_manual AS f "
					   "WHERE f.manual_id = $1 AND o.is_current AND " SAME_FIGURE, 1, types, values, NULL, false, SPI_OK_UPDATE);
	write_decision(&entry, "approved", dwh_edit_argument(fcinfo, 1), &caller);
	dwh_edit_close(&edit);
	PG_RETURN_INT32(entry.revision);
}

/* dwh.reject_value(p_manual_id, p_reason): the figure will not count. The author may take it back so. */
Datum
dwh_sql_reject_value(PG_FUNCTION_ARGS)
{
	DwhCatalogueEdit edit;
	DwhCaller	caller;
	Entry		entry;
	char	   *reason = dwh_edit_required(fcinfo, 1, "p_reason");

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("p_manual_id must be given")));
	dwh_edit_prepare(&edit, "reject_value", psprintf(INT64_FORMAT, PG_GETARG_INT64(0)));
	dwh_edit_note(&edit, "why", reason);
	dwh_edit_begin(&edit);
	dwh_caller_describe(&caller);
	open_decision(&edit, PG_GETARG_INT64(0), &entry);
	write_decision(&entry, "rejected", reason, &caller);
	dwh_edit_close(&edit);
	PG_RETURN_VOID();
}

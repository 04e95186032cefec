/*
 * partitions.c
 *		dwh.ensure_partitions(), and the two checks on the month of a fact's row.
 *
 * Partitions are added after the last one, up to the end of the year asked for; holes that a site made (archived years) are left
 * alone. Each new leaf is created apart and attached, so that readers of the fact go on: attaching locks the parent in SHARE
 * UPDATE EXCLUSIVE mode and only the empty default partition exclusively. Facts are taken in the order of their names, each
 * locked before its bounds are read: of two sessions the second finds everything done. A leaf gets row security and comments
 * here; keys, indexes and triggers come from the parent with ATTACH.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/partition.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "partitioning/partbounds.h"
#include "partitioning/partdesc.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "audit/audit.h"
#include "common/errors.h"
#include "common/owner.h"
#include "common/spi.h"
#include "star/partitions.h"

/* No further ahead than this many days (50 years): a slip of the finger must not make thousands of tables. */
#define MAX_DAYS_AHEAD 18263

/* The span that the partitions of one fact cover, from the first bound up to but not including the last one. */
typedef struct FactSpan
{
	bool		is_empty;		/* no partition but the default one */
	DateADT		first;
	DateADT		end;
} FactSpan;

PG_FUNCTION_INFO_V1(dwh_sql_ensure_partitions);
PG_FUNCTION_INFO_V1(dwh_sql_check_month);
PG_FUNCTION_INFO_V1(dwh_sql_refuse_outside_partitions);

/* The date of a day. */
static DateADT
date_of(int year, int month, int day)
{
	return (DateADT) (date2j(year, month, day) - POSTGRES_EPOCH_JDATE);
}

/* Year, month and day of a finite date. */
static void
split_date(DateADT date, int *year, int *month, int *day)
{
	j2date(date + POSTGRES_EPOCH_JDATE, year, month, day);
}

/* The last day of the year that holds the date. */
static DateADT
year_end(DateADT date)
{
	int			year,
				month,
				day;

	split_date(date, &year, &month, &day);
	return date_of(year, 12, 31);
}

/* YYYY-MM-DD, whatever DateStyle says. Palloc'd. */
static char *
date_text(DateADT date)
{
	int			year,
				month,
				day;

	if (DATE_NOT_FINITE(date))
		return pstrdup(DATE_IS_NOBEGIN(date) ? "-infinity" : "infinity");
	split_date(date, &year, &month, &day);
	return psprintf("%04d-%02d-%02d", year, month, day);
}

/* Today by the clock of the statement; the zone does not matter for a limit of decades. */
static DateADT
today(void)
{
	return (DateADT) (GetCurrentStatementStartTimestamp() / USECS_PER_DAY);
}

/* Locks a fact, partitioned by range of one date, to the end of the transaction and reads its bounds. */
static FactSpan
lock_and_get_span(Oid fact_oid, LOCKMODE lockmode)
{
	Relation	fact = table_open(fact_oid, lockmode);
	PartitionBoundInfo bounds = RelationGetPartitionDesc(fact, true)->boundinfo;
	FactSpan	span = {.is_empty = true};
	int			last;

	if (bounds == NULL || bounds->ndatums == 0)
	{
		table_close(fact, NoLock);
		return span;
	}
	last = bounds->ndatums - 1;
	span.is_empty = false;
	if (bounds->kind[0][0] == PARTITION_RANGE_DATUM_VALUE)
		span.first = DatumGetDateADT(bounds->datums[0][0]);
	else
		DATE_NOBEGIN(span.first);
	if (bounds->kind[last][0] == PARTITION_RANGE_DATUM_VALUE)
		span.end = DatumGetDateADT(bounds->datums[last][0]);
	else
		DATE_NOEND(span.end);
	table_close(fact, NoLock);
	return span;
}

/*
 * The facts, in the order they are locked in: those of schema dwh_star, and what is registered as a subject elsewhere. Inside
 * SPI; the list is palloc'd outside of it. While the warehouse is being made there is no table of subjects yet.
 */
static int
list_facts(Oid **facts)
{
	Oid			catalogue = get_namespace_oid("dwh_catalog", true);
	bool		has_subjects = OidIsValid(catalogue) && OidIsValid(get_relname_relid("subject", catalogue));
	int			count = (int) dwh_spi_select(psprintf(
		"SELECT c.oid::pg_catalog.int8 "
		"FROM pg_catalog.pg_class AS c "
		"JOIN pg_catalog.pg_partitioned_table AS p ON p.partrelid = c.oid "
		"JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = p.partattrs[0] "
		"WHERE p.partstrat = 'r' AND p.partnatts = 1 AND a.atttypid = 'date'::regtype "
		"AND c.relowner = 'dwh_owner'::regrole AND NOT c.relispartition "
		"AND (c.relnamespace = 'dwh_star'::regnamespace AND a.attname = 'month' %s) "
		"ORDER BY c.relnamespace <> 'dwh_star'::regnamespace, c.relname, c.oid",
		has_subjects ? "OR EXISTS (SELECT FROM dwh_catalog.subject AS s "
		"WHERE s.relation = c.oid AND s.month_column = a.attname)" : ""),
		0, NULL, NULL, NULL, false);

	*facts = SPI_palloc(Max(count, 1) * sizeof(Oid));
	for (int i = 0; i < count; i++)
		(*facts)[i] = (Oid) dwh_spi_bigint(i, 1);
	return count;
}

/*
 * Tells refresh that the trigger which watches a new leaf is no stranger: the leaf is empty, so summaries of the subject go on
 * answering. Of a subject that was never refreshed refresh knows no trigger yet, and looks at everything.
 */
static void
note_watch(Oid fact_oid, Oid leaf_oid)
{
	Oid			types[2] = {OIDOID, OIDOID};
	Datum		values[2] = {ObjectIdGetDatum(fact_oid), ObjectIdGetDatum(leaf_oid)};
	Oid			catalogue = get_namespace_oid("dwh_catalog", true);

	if (!OidIsValid(catalogue) || !OidIsValid(get_relname_relid("subject_watch", catalogue)))
		return;					/* the warehouse is being made */
	(void) dwh_spi_run("INSERT INTO dwh_catalog.subject_watch (subject_id, watch_id)"
					   " SELECT s.subject_id, " DWH_TRIGGER_ID " FROM dwh_catalog.subject AS s JOIN pg_trigger AS t ON t.tgrelid = $2 AND t.tgname = 'after_row_mark'"
					   " WHERE s.relation = $1 AND EXISTS (SELECT FROM dwh_catalog.subject_watch AS w WHERE w.subject_id = s.subject_id)",
					   2, types, values, NULL, false, SPI_OK_INSERT);
}

/* Creates the leaf [from, to) of a fact and attaches it. */
static void
create_leaf(Oid fact_oid, DateADT from, DateADT to)
{
	Oid			nsp_oid = get_rel_namespace(fact_oid);
	const char *nsp = quote_identifier(get_namespace_name(nsp_oid));
	const char *name = get_rel_name(fact_oid);
	const char *parent = psprintf("%s.%s", nsp, quote_identifier(name));
	const char *leaf_name;
	const char *leaf;
	int			year,
				month,
				day;

	split_date(from, &year, &month, &day);
	leaf_name = month == 1 && day == 1 ? psprintf("%s_%04d", name, year) : psprintf("%s_%04d_%02d", name, year, month);
	leaf = psprintf("%s.%s", nsp, quote_identifier(leaf_name));
	dwh_spi_utility(psprintf("CREATE TABLE %s (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE "
							 "INCLUDING COMPRESSION INCLUDING COMMENTS)", leaf, parent));
	dwh_spi_utility(psprintf("ALTER TABLE %s ENABLE ROW LEVEL SECURITY", leaf));
	dwh_spi_utility(psprintf("COMMENT ON TABLE %s IS %s", leaf,
							 quote_literal_cstr(psprintf("Phân vùng của %s từ %s đến trước %s | Partition of %s from %s up to %s",
														 name, date_text(from), date_text(to),
														 name, date_text(from), date_text(to)))));
	dwh_spi_utility(psprintf("ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM ('%s') TO ('%s')",
							 parent, leaf, date_text(from), date_text(to)));
	note_watch(fact_oid, get_relname_relid(leaf_name, nsp_oid));
}

/* Adds the years that one fact lacks. Returns how many. Raises 22023 for a date before its first partition. */
static int
ensure_fact(Oid fact_oid, DateADT until)
{
	FactSpan	span = lock_and_get_span(fact_oid, ShareUpdateExclusiveLock);
	DateADT		from = span.is_empty ? date_of(DWH_FIRST_PARTITION_YEAR, 1, 1) : span.end;
	DateADT		first = span.is_empty ? from : span.first;
	int			made = 0;

	if (until < first)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s lies before the first partition of %s", date_text(until), get_rel_name(fact_oid)),
				 errdetail("The first partition begins on %s; partitions are only added after the last one.", date_text(first)),
				 errhint("Give the last day that rows are expected for, such as %s.", date_text(year_end(today())))));
	while (from <= until)
	{
		DateADT		to = year_end(from) + 1;

		CHECK_FOR_INTERRUPTS();
		create_leaf(fact_oid, from, to);
		from = to;
		made++;
	}
	return made;
}

/*
 * Facts point to dim_month, so its rows must reach as far as the partitions. Working days are another matter: dim_day needs
 * holidays that nobody knows so far ahead, and is left alone.
 */
static void
extend_months(DateADT until)
{
	Oid			types[1] = {DATEOID};
	Datum		values[1];

	values[0] = DateADTGetDatum(year_end(until));
	(void) dwh_spi_run("INSERT INTO dwh_star.dim_month (month, year, half, quarter, month_no, month_end, "
					   "is_last_month_of_quarter, is_last_month_of_half, is_last_month_of_year, name_vi, name_en) "
					   "SELECT m, extract(year FROM m)::int, (extract(month FROM m)::int + 5) / 6, extract(quarter FROM m)::int, "
					   "extract(month FROM m)::int, (m + interval '1 month')::date - 1, extract(month FROM m)::int % 3 = 0, "
					   "extract(month FROM m)::int % 6 = 0, extract(month FROM m) = 12, "
					   "to_char(m, '\"Tháng\" MM/YYYY'), to_char(m, 'FMMonth YYYY') "
					   "FROM generate_series((SELECT max(month) + interval '1 month' FROM dwh_star.dim_month), "
					   "$1::timestamp, interval '1 month') AS g (ts), CAST(ts AS date) AS m "
					   "ON CONFLICT DO NOTHING",
					   1, types, values, NULL, false, SPI_OK_INSERT);
}

/*
 * Makes sure that every fact has partitions up to the end of the year of the given date. Returns the number of partitions made.
 * The caller's right has been checked. Raises WH001 and 22023.
 */
int
dwh_partitions_ensure(DateADT until)
{
	DwhOwnerSwitch owner;
	Oid		   *facts;
	int			count;
	int			made = 0;

	if (DATE_NOT_FINITE(until) || until > today() + MAX_DAYS_AHEAD)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s is too far ahead for partitions", date_text(until)),
				 errdetail("At most 50 years ahead, up to %s.", date_text(today() + MAX_DAYS_AHEAD)),
				 errhint("Give the last day that rows are expected for, such as %s.", date_text(year_end(today())))));
	dwh_owner_enter(&owner);
	dwh_spi_begin();
	count = list_facts(&facts);
	for (int i = 0; i < count; i++)
		made += ensure_fact(facts[i], until);
	if (made > 0)
	{
		Oid			catalogue = get_namespace_oid("dwh_catalog", true);

		extend_months(until);
		/* row triggers come with ATTACH, those on TRUNCATE do not */
		if (OidIsValid(catalogue) && OidIsValid(get_relname_relid("subject", catalogue)))
			(void) dwh_spi_select("SELECT dwh_internal.watch_subject(s.subject_id) FROM dwh_catalog.subject AS s",
								  0, NULL, NULL, NULL, false);
	}
	dwh_spi_end();
	dwh_owner_leave(&owner);
	return made;
}

/* dwh.ensure_partitions(date): see the head of this file. Raises 42501 besides. */
Datum
dwh_sql_ensure_partitions(PG_FUNCTION_ARGS)
{
	static const char *const roles[] = {"dwh_owner", "dwh_central_admin", "dwh_loader"};
	DwhAttempt	attempt;
	DateADT		until = PG_GETARG_DATEADT(0);
	bool		is_allowed = false;
	int			made;

	dwh_require_warehouse();
	/* Only dwh_owner comes so far while nothing is attached: create_warehouse() makes the first years, and its own event comes first. */
	if (!dwh_warehouse_is_attached())
		PG_RETURN_INT32(dwh_partitions_ensure(until));
	dwh_attempt_begin(&attempt, "ensure_partitions", NULL, psprintf("{\"until\": \"%s\"}", date_text(until)));
	for (int i = 0; i < lengthof(roles) && !is_allowed; i++)
		is_allowed = dwh_caller_has_role(roles[i]);
	if (!is_allowed)
	{
		dwh_attempt_refused(&attempt, "the caller has the rights of neither dwh_owner, dwh_central_admin nor dwh_loader");
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to add partitions"),
				 errdetail("Members of dwh_owner, dwh_central_admin and dwh_loader may."),
				 errhint("Ask a central administrator to call dwh.ensure_partitions('%s').", date_text(until))));
	}
	made = dwh_partitions_ensure(until);
	if (made > 0)
		dwh_audit_append("ensure_partitions", NULL, "done",
						 psprintf("{\"until\": \"%s\", \"partitions_made\": %d}", date_text(until), made));
	dwh_attempt_end(&attempt);
	PG_RETURN_INT32(made);
}

/* dwh_internal.check_month(date): true for the first day of a month; raises WH102 for any other date. */
Datum
dwh_sql_check_month(PG_FUNCTION_ARGS)
{
	DateADT		date = PG_GETARG_DATEADT(0);
	int			year,
				month,
				day = 0;

	if (!DATE_NOT_FINITE(date))
		split_date(date, &year, &month, &day);
	if (day != 1)
		ereport(ERROR,
				(errcode(ERRCODE_DWH_NOT_A_MONTH),
				 errmsg("%s is not the first day of a month", date_text(date)),
				 errdetail("Column month of a fact holds the first day of the month that the row belongs to."),
				 errhint("Use date_trunc('month', ...)::date.")));
	PG_RETURN_BOOL(true);
}

/* Raises WH101: the month lies outside what the partitions of the fact cover. */
static void
raise_outside_partitions(Oid fact_oid, FactSpan span, DateADT month)
{
	char	   *detail = span.is_empty ? pstrdup("It has no partitions.") :
		psprintf("Its partitions reach from %s to %s.", date_text(span.first), date_text(span.end - 1));
	bool		can_be_added = !DATE_NOT_FINITE(month) && (span.is_empty || month >= span.end) && month <= today() + MAX_DAYS_AHEAD;

	ereport(ERROR,
			(errcode(ERRCODE_DWH_OUTSIDE_PARTITIONS),
			 errmsg("month %s of %s lies outside its partitions", date_text(month), get_rel_name(fact_oid)),
			 errdetail_internal("%s", detail),
			 can_be_added ? errhint("Call dwh.ensure_partitions('%s').", date_text(year_end(month)))
			 : errhint("Check the month; partitions are only added after the last one and up to 50 years ahead.")));
}

/* Raises WH101 unless the month lies in the span that the partitions of the fact cover. */
void
dwh_partitions_require(Oid fact_oid, DateADT month)
{
	FactSpan	span = lock_and_get_span(fact_oid, AccessShareLock);

	if (span.is_empty || month < span.first || month >= span.end)
		raise_outside_partitions(fact_oid, span, month);
}

/*
 * Trigger before INSERT or UPDATE on the default partition of a fact: refuses the row. A row without a month goes on to its NOT
 * NULL constraint.
 */
Datum
dwh_sql_refuse_outside_partitions(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	HeapTuple	row;
	TupleDesc	desc;
	int			column;
	Datum		month;
	bool		isnull;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BEFORE(trigger->tg_event) || !TRIGGER_FIRED_FOR_ROW(trigger->tg_event)
		|| TRIGGER_FIRED_BY_DELETE(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("dwh_internal.refuse_outside_partitions() is a row trigger before INSERT or UPDATE only")));
	row = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? trigger->tg_newtuple : trigger->tg_trigtuple;
	desc = RelationGetDescr(trigger->tg_relation);
	column = SPI_fnumber(desc, "month");
	if (column <= 0 || TupleDescAttr(desc, column - 1)->atttypid != DATEOID || !trigger->tg_relation->rd_rel->relispartition)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("dwh_internal.refuse_outside_partitions() is for partitions of facts only"),
				 errdetail("Table \"%s\" is no partition with a column month of type date.",
						   RelationGetRelationName(trigger->tg_relation))));
	month = heap_getattr(row, column, desc, &isnull);
	if (!isnull)
	{
		Oid			fact_oid = get_partition_parent(RelationGetRelid(trigger->tg_relation), false);

		raise_outside_partitions(fact_oid, lock_and_get_span(fact_oid, AccessShareLock), DatumGetDateADT(month));
	}
	return PointerGetDatum(row);
}

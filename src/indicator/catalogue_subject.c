/*
 * catalogue_subject.c
 *		dwh.create_subject(), dwh.create_dimension(), dwh.create_measure(): what indicators are made of.
 *
 * A subject's relation is read as dwh_owner whenever an indicator is asked for, so whoever can change that relation can make
 * dwh_owner run code: a view's functions, a policy's. Therefore its owner must be one who has the rights of dwh_owner anyway
 * (dwh_owner, a superuser); where it is not dwh_owner itself, the caller must be able to read it, too.
 * Expressions and filters are formula language; they are compiled here once, so that a mistake is found before it is kept.
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "common/errors.h"
#include "common/nearest.h"
#include "common/spi.h"
#include "indicator/catalogue_edit.h"

PG_FUNCTION_INFO_V1(dwh_sql_create_subject);
PG_FUNCTION_INFO_V1(dwh_sql_create_dimension);
PG_FUNCTION_INFO_V1(dwh_sql_create_measure);

/* Names of levels of units, which p_by takes beside dimensions. */
static const char *const reserved_dimensions[] = {"country", "region", "province", "base", "unit"};

/* What a new subject is made of. */
typedef struct SubjectDraft
{
	char	   *code;
	Oid			relation;
	char	   *name_vi;
	char	   *name_en;
	char	   *month_column;
	char	   *unit_column;
	char	   *source;			/* NULL: none */
} SubjectDraft;

/* ------------------------------------------------------------------ subjects */

/* The relation's name as SQL. */
static char *
relation_sql(Oid relation)
{
	return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relation)), get_rel_name(relation));
}

pg_noreturn static void refuse_relation(int code, Oid relation, const char *detail, const char *hint);

/* Raises an error of this code: the relation cannot be a subject. */
static void
refuse_relation(int code, Oid relation, const char *detail, const char *hint)
{
	ereport(ERROR,
			(errcode(code),
			 errmsg("\"%s\" cannot be registered as a subject", get_rel_name(relation)),
			 errdetail_internal("%s", detail),
			 errhint("%s", hint)));
}

/* For the sake of what it would reach or who could change it. */
#define deny_relation(relation, detail, hint) refuse_relation(ERRCODE_INSUFFICIENT_PRIVILEGE, relation, detail, hint)

/* For what it is. */
#define refuse_shape(relation, detail, hint) refuse_relation(ERRCODE_INVALID_PARAMETER_VALUE, relation, detail, hint)

pg_noreturn static void deny_computed(Oid relation);

/* Raises 42501: what is computed from facts has policies of its own, for the subjects that it is computed from. */
static void
deny_computed(Oid relation)
{
	deny_relation(relation, "It holds what the warehouse computes, and readers see it by the subjects that this is computed from.",
				  "Register the facts themselves.");
}

/* Raises 42501 for tables of the star schema that hold no facts. Summaries are looked for later, in the catalogue. */
static void
check_star_table(Oid relation)
{
	const char *name = get_rel_name(relation);

	if (strcmp(name, "dim_person") == 0)
		deny_relation(relation, "It holds personal data, which formulas cannot use.", "Count persons over the facts that name them.");
	if (strncmp(name, "dim_", 4) == 0)
		deny_relation(relation, "It is a dimension, which row security by one subject would hide from readers of the others.",
					  "Register the facts that refer to it.");
	if (strncmp(name, "indicator_value", strlen("indicator_value")) == 0 || strcmp(name, "indicator_vintage") == 0 ||
		strcmp(name, "subject_presence") == 0)
		deny_computed(relation);
}

/* Raises 42501 unless the relation may be read as dwh_owner on behalf of the caller. */
static void
check_relation_rights(Relation rel)
{
	static const char *const closed[] = {"dwh", "dwh_internal", "dwh_catalog", "dwh_landing", "dwh_log", "pg_catalog",
	"information_schema"};
	Oid			relation = RelationGetRelid(rel);
	Oid			owner = rel->rd_rel->relowner;
	Oid			warehouse = dwh_owner_oid();
	char	   *schema = get_namespace_name(RelationGetNamespace(rel));
	char	   *name = relation_sql(relation);
	DwhReadCheck check;

	for (int i = 0; i < lengthof(closed); i++)
		if (strcmp(schema, closed[i]) == 0 && !dwh_caller_is_owner())
			deny_relation(relation, psprintf("Schema \"%s\" holds no facts.", schema),
						  "Only dwh_owner or a superuser may register tables of it.");
	if (strcmp(schema, "dwh_star") == 0)
		check_star_table(relation);
	check = dwh_owner_read_check(relation);
	if (check.refusal == DWH_READ_FOREIGN && check.relation == relation)
		deny_relation(relation, psprintf("It belongs to \"%s\", who could make dwh_owner run code by changing it.",
										 GetUserNameFromId(owner, false)),
					  psprintf("Give it to dwh_owner: ALTER TABLE %s OWNER TO dwh_owner.", name));
	if (check.refusal == DWH_READ_FOREIGN)
		deny_relation(relation, psprintf("Its partition or child %s belongs to one who could make dwh_owner run code by changing it.",
										 relation_sql(check.relation)),
					  "Give that to dwh_owner, too.");
	if (owner == warehouse)
		return;
	if (pg_class_aclcheck(relation, dwh_caller_role(), ACL_SELECT) != ACLCHECK_OK)
		deny_relation(relation, "You may not read it yourself.", "Ask its owner for the right to SELECT from it.");
	if (pg_class_aclcheck(relation, warehouse, ACL_SELECT) != ACLCHECK_OK ||
		pg_namespace_aclcheck(RelationGetNamespace(rel), warehouse, ACL_USAGE) != ACLCHECK_OK)
		deny_relation(relation, "Figures are computed as dwh_owner, who may not read it.",
					  psprintf("GRANT SELECT ON %s, and USAGE ON SCHEMA %s, TO dwh_owner.", name, quote_identifier(schema)));
	if (check.refusal == DWH_READ_ROW_SECURITY)
		deny_relation(relation, "Its row security would hide rows from dwh_owner, and figures would be too low without a word.",
					  psprintf("Give it to dwh_owner: ALTER TABLE %s OWNER TO dwh_owner.", name));
}

/* Raises 22023 unless the relation is a table, whole and lasting, or a view. The locks on it and its partitions are kept. */
static void
check_shape(Relation rel)
{
	Oid			relation = RelationGetRelid(rel);
	char		kind = rel->rd_rel->relkind;
	List	   *tree = find_all_inheritors(relation, AccessShareLock, NULL);
	ListCell   *lc;

	if ((kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE && kind != RELKIND_VIEW) ||
		rel->rd_rel->relpersistence == RELPERSISTENCE_TEMP)
		refuse_shape(relation, "It is no table, partitioned table or view, or a temporary one.", "Register a view over it.");
	if (rel->rd_rel->relispartition)
		refuse_shape(relation, "It is a partition, whose rows belong to the whole.", "Register the partitioned table.");
	if (kind == RELKIND_RELATION && list_length(tree) > 1)
		refuse_shape(relation, psprintf("%s inherits from it: its rows would be counted, but neither watched nor protected.", relation_sql(llast_oid(tree))),
					 "Make it a partitioned table, or register a view over it.");
	foreach(lc, tree)
		if (get_rel_persistence(lfirst_oid(lc)) != RELPERSISTENCE_PERMANENT && get_rel_relkind(lfirst_oid(lc)) != RELKIND_PARTITIONED_TABLE)
			refuse_shape(relation, psprintf("Rows of %s are gone after a crash, and figures would stand without them.", relation_sql(lfirst_oid(lc))),
						 psprintf("ALTER TABLE %s SET LOGGED.", relation_sql(lfirst_oid(lc))));
}

/* Raises 22023, 42501, 42703 or 42P01 unless the relation can be a subject with these columns. The lock on it is kept. */
static void
check_relation(const SubjectDraft *draft)
{
	Relation	rel = try_relation_open(draft->relation, AccessShareLock);

	if (rel == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with oid %u does not exist", draft->relation),
				 errhint("Name the table, as in 'my_schema.my_table'.")));
	check_shape(rel);
	check_relation_rights(rel);
	dwh_edit_check_column(draft->relation, draft->month_column, DATEOID);
	dwh_edit_check_column(draft->relation, draft->unit_column, INT4OID);
	relation_close(rel, NoLock);
}

/*
 * Raises 22023 where a row that is there has no month, a day in its middle, or a unit that nobody knows: it would never count. What
 * the row holds is told only to who may read it: row security hides the rows of dwh_owner's tables from administrators.
 */
static void
check_rows(const SubjectDraft *draft)
{
	const char *month = quote_identifier(draft->month_column);
	const char *unit = quote_identifier(draft->unit_column);
	bool		is_told = dwh_caller_is_owner() ||
		dwh_spi_select_latest(psprintf("SELECT FROM pg_class WHERE oid = %u AND relowner <> 'dwh_owner'::regrole", draft->relation),
							  0, NULL, NULL) > 0;
	uint64		n = dwh_spi_select_latest(psprintf(
		"SELECT f.m, f.u, f.m IS NOT NULL AND extract(day FROM f.m) = 1 "
		"FROM (SELECT DISTINCT %s, %s FROM %s) AS f (m, u) "
		"WHERE f.m IS NULL OR extract(day FROM f.m) <> 1"
		" OR NOT EXISTS (SELECT FROM dwh_star.dim_unit AS d WHERE d.unit_id = f.u) "
		"ORDER BY f.m, f.u LIMIT 1", month, unit, relation_sql(draft->relation)), 0, NULL, NULL);

	if (n > 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" has rows that would never be counted", get_rel_name(draft->relation)),
				 !is_told ? errdetail("A month is not the first day of a month, or a unit is not in dwh_star.dim_unit.") :
				 dwh_spi_bool(0, 3) ? errdetail("Unit %s is not in dwh_star.dim_unit.", dwh_spi_isnull(0, 2) ? "NULL" : dwh_spi_text(0, 2)) :
				 errdetail("Month %s is not the first day of a month.", dwh_spi_isnull(0, 1) ? "NULL" : dwh_edit_date_text(dwh_spi_date(0, 1))),
				 errhint("Correct the rows; a foreign key to dwh_star.dim_unit and CHECK (extract(day FROM %s) = 1) keep them right.", month)));
}

/* Switches row security on for a table of dwh_owner and its partitions: readers see nothing of it until a policy lets them. */
static int
secure_rows(Oid relation)
{
	DwhEditParams params = {0};
	uint64		n;
	char	  **tables;

	dwh_edit_add(&params, REGCLASSOID, ObjectIdGetDatum(relation), false);
	n = dwh_edit_select("SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace "
						"WHERE c.relkind IN ('r', 'p') AND c.relowner = 'dwh_owner'::regrole AND NOT c.relrowsecurity "
						"AND (c.oid = $1 OR c.oid IN (SELECT relid FROM pg_partition_tree($1))) ORDER BY c.oid", &params);
	tables = palloc(Max(n, 1) * sizeof(char *));
	for (uint64 i = 0; i < n; i++)
		tables[i] = dwh_spi_text(i, 1);
	for (uint64 i = 0; i < n; i++)
		dwh_spi_utility(psprintf("ALTER TABLE %s ENABLE ROW LEVEL SECURITY", tables[i]));
	return (int) n;
}

/* Gives a table of dwh_owner the policies by which readers see the rows of their scope; others' tables are theirs to protect. */
static void
protect_rows(const SubjectDraft *draft, int subject_id)
{
	DwhEditParams params = {0};

	dwh_edit_add(&params, REGCLASSOID, ObjectIdGetDatum(draft->relation), false);
	dwh_edit_add_int(&params, subject_id);
	dwh_edit_add_text(&params, draft->unit_column);
	(void) dwh_spi_run("SELECT dwh_internal.protect_relation($1, $2, $3) FROM pg_class "
					   "WHERE oid = $1 AND relowner = 'dwh_owner'::regrole AND relkind IN ('r', 'p')",
					   params.n, params.types, params.values, NULL, false, SPI_OK_SELECT);
}

/* Raises 22023 for what is no code, 42710 where the code or the relation is taken, 42501 for a summary. */
static void
check_subject_is_new(DwhCatalogueEdit *edit, const SubjectDraft *draft)
{
	DwhEditParams params = {0};
	ListCell   *lc;

	if (!dwh_edit_is_code(draft->code, false))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" cannot be the code of a subject", draft->code),
				 errdetail("It begins with a small letter; small letters, digits and underscores follow."),
				 errhint("Use the name of the table, such as fact_vaccination.")));
	foreach(lc, edit->catalogue->subjects)
	{
		DwhSubject *subject = lfirst(lc);

		if (strcmp(subject->code, draft->code) == 0 || subject->relation == draft->relation)
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_OBJECT),
					 errmsg("subject \"%s\" exists already", subject->code),
					 errdetail("A code names one subject, and a table belongs to one."),
					 errhint("Add measures and dimensions to it with dwh.create_measure() and dwh.create_dimension().")));
	}
	dwh_edit_add(&params, REGCLASSOID, ObjectIdGetDatum(draft->relation), false);
	if (dwh_edit_select("SELECT FROM dwh_catalog.summary WHERE $1 IN (relation, by_province)", &params) > 0)
		deny_computed(draft->relation);
}

/* dwh.create_subject(p_code, p_relation, p_name_vi, p_name_en, p_month_column, p_unit_column, p_source): its subject_id. */
Datum
dwh_sql_create_subject(PG_FUNCTION_ARGS)
{
	DwhCatalogueEdit edit;
	DwhEditParams params = {0};
	SubjectDraft draft;
	int			subject_id;
	int			source_id = 0;

	draft.code = dwh_edit_required(fcinfo, 0, "p_code");
	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("p_relation must be given"),
				 errhint("Name the table, as in 'my_schema.my_table'.")));
	draft.relation = PG_GETARG_OID(1);
	draft.name_vi = dwh_edit_required(fcinfo, 2, "p_name_vi");
	draft.name_en = dwh_edit_required(fcinfo, 3, "p_name_en");
	draft.month_column = dwh_edit_required(fcinfo, 4, "p_month_column");
	draft.unit_column = dwh_edit_required(fcinfo, 5, "p_unit_column");
	draft.source = dwh_edit_argument(fcinfo, 6);

	dwh_edit_prepare(&edit, "create_subject", draft.code);
	dwh_edit_note(&edit, "relation", OidIsValid(get_rel_namespace(draft.relation)) ? relation_sql(draft.relation) : NULL);
	dwh_edit_note(&edit, "month_column", draft.month_column);
	dwh_edit_note(&edit, "unit_column", draft.unit_column);
	dwh_edit_note(&edit, "source", draft.source);
	dwh_edit_begin(&edit);
	dwh_edit_require_admin(&edit);
	check_relation(&draft);

	dwh_edit_open(&edit);
	check_subject_is_new(&edit, &draft);
	if (draft.source)
		source_id = dwh_edit_find_id("source", "dwh_star.dim_source", "source_id", draft.source);
	check_rows(&draft);
	subject_id = dwh_edit_next_id("subject", "subject_id");
	dwh_edit_add_int(&params, subject_id);
	dwh_edit_add_text(&params, draft.code);
	dwh_edit_add(&params, REGCLASSOID, ObjectIdGetDatum(draft.relation), false);
	dwh_edit_add_text(&params, draft.month_column);
	dwh_edit_add_text(&params, draft.unit_column);
	dwh_edit_add(&params, INT4OID, Int32GetDatum(source_id), source_id == 0);
	dwh_edit_add_text(&params, draft.name_vi);
	dwh_edit_add_text(&params, draft.name_en);
	dwh_edit_insert("INSERT INTO dwh_catalog.subject (subject_id, code, relation, month_column, unit_column, source_id, name_vi, name_en) "
					"VALUES ($1, $2, $3, $4, $5, $6, $7, $8)", &params);
	dwh_edit_note_int(&edit, "subject_id", subject_id);
	dwh_edit_note_int(&edit, "row_security_enabled_on", secure_rows(draft.relation));
	protect_rows(&draft, subject_id);
	dwh_edit_close(&edit);
	PG_RETURN_INT32(subject_id);
}

/* ------------------------------------------------------------------ dimensions */

/* The canonical text of a dimension's expression. Raises class WH2, and 22023 for one that is the same for all rows or hides a column. */
static char *
check_dimension(DwhSubject *subject, const char *code, const char *expression)
{
	DwhNode    *node = dwh_formula_parse(expression);
	DwhRowScope scope = dwh_subject_rows(subject, "month_end");
	char	   *canonical = dwh_formula_deparse(node);
	DwhRowType	type;

	scope.dimension = NULL;		/* dimensions are not made of dimensions */
	(void) dwh_row_compile(&scope, node, &type);
	if (type == DWH_ROW_LITERAL || type == DWH_ROW_NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" is the same for every row", canonical),
				 errhint("Name a column of \"%s\".", get_rel_name(subject->relation))));
	/* filters that name the column would get the dimension instead */
	if (strcmp(canonical, code) != 0 &&
		(get_attnum(subject->relation, code) > 0 || get_attnum(subject->relation, psprintf("%s_id", code)) > 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("dimension \"%s\" would hide a column of \"%s\"", code, get_rel_name(subject->relation)),
				 errdetail("Filters that name the column would mean the dimension from now on."),
				 errhint("Choose another code, or make the expression just \"%s\".", code)));
	return canonical;
}

/* The key of the dimension: that of the one with this code, or a new row. Raises 22004 and 22023 where the names do not fit. */
static int
find_or_add_dimension(const char *code, const char *name_vi, const char *name_en)
{
	DwhEditParams params = {0};
	int			dimension_id;

	dwh_edit_add_text(&params, code);
	if (dwh_edit_select("SELECT dimension_id, name_vi, name_en FROM dwh_catalog.dimension WHERE code = $1", &params) > 0)
	{
		if ((name_vi && strcmp(name_vi, dwh_spi_text(0, 2)) != 0) || (name_en && strcmp(name_en, dwh_spi_text(0, 3)) != 0))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("dimension \"%s\" has other names", code),
					 errdetail("It is \"%s\", \"%s\", in every subject.", dwh_spi_text(0, 2), dwh_spi_text(0, 3)),
					 errhint("Leave the names out, or choose another code.")));
		return dwh_spi_int(0, 1);
	}
	if (name_vi == NULL || name_en == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("dimension \"%s\" is new and needs its names", code),
				 errhint("Give p_name_vi and p_name_en.")));
	dimension_id = dwh_edit_next_id("dimension", "dimension_id");
	memset(&params, 0, sizeof(params));
	dwh_edit_add_int(&params, dimension_id);
	dwh_edit_add_text(&params, code);
	dwh_edit_add_text(&params, name_vi);
	dwh_edit_add_text(&params, name_en);
	dwh_edit_insert("INSERT INTO dwh_catalog.dimension (dimension_id, code, name_vi, name_en) VALUES ($1, $2, $3, $4)", &params);
	return dimension_id;
}

static void
check_dimension_code(const char *code)
{
	bool		is_reserved = false;

	for (int i = 0; i < lengthof(reserved_dimensions); i++)
		is_reserved |= strcmp(code, reserved_dimensions[i]) == 0;
	if (is_reserved || !dwh_edit_is_code(code, false))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" cannot be the code of a dimension", code),
				 is_reserved ? errdetail("It names a level of units.") :
				 errdetail("It begins with a small letter; small letters, digits and underscores follow."),
				 errhint("Choose a code such as vaccine or age_group.")));
}

/* dwh.create_dimension(p_subject, p_code, p_expression, p_name_vi, p_name_en): its dimension_id. */
Datum
dwh_sql_create_dimension(PG_FUNCTION_ARGS)
{
	DwhCatalogueEdit edit;
	DwhEditParams params = {0};
	char	   *subject_code = dwh_edit_required(fcinfo, 0, "p_subject");
	char	   *code = dwh_edit_required(fcinfo, 1, "p_code");
	char	   *expression = dwh_edit_required(fcinfo, 2, "p_expression");
	DwhSubject *subject;
	int			dimension_id;

	dwh_edit_prepare(&edit, "create_dimension", code);
	dwh_edit_note(&edit, "subject", subject_code);
	dwh_edit_note(&edit, "expression", expression);
	dwh_edit_begin(&edit);
	dwh_edit_require_admin(&edit);
	check_dimension_code(code);

	dwh_edit_open(&edit);
	subject = dwh_edit_need_subject(&edit, subject_code);
	dwh_edit_need_relation(subject);
	if (dwh_subject_dimension(subject, code))
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("subject \"%s\" has dimension \"%s\" already", subject->code, code),
				 errdetail("It is \"%s\".", dwh_formula_deparse(dwh_subject_dimension(subject, code)->expression)),
				 errhint("Choose another code.")));
	expression = check_dimension(subject, code, expression);
	dimension_id = find_or_add_dimension(code, dwh_edit_argument(fcinfo, 3), dwh_edit_argument(fcinfo, 4));
	dwh_edit_add_int(&params, subject->subject_id);
	dwh_edit_add_int(&params, dimension_id);
	dwh_edit_add_text(&params, expression);
	dwh_edit_insert("INSERT INTO dwh_catalog.subject_dimension (subject_id, dimension_id, expression) VALUES ($1, $2, $3)", &params);
	dwh_edit_note_int(&edit, "dimension_id", dimension_id);
	dwh_edit_close(&edit);
	PG_RETURN_INT32(dimension_id);
}

/* ------------------------------------------------------------------ measures */

/* Raises 22023 for a value that is none of the list, with the nearest that is. */
static void
check_one_of(const char *argument, const char *value, const char *const *allowed, int nallowed)
{
	StringInfoData list;
	DwhNearest	nearest;

	initStringInfo(&list);
	dwh_nearest_begin(&nearest, value);
	for (int i = 0; i < nallowed; i++)
	{
		if (strcmp(value, allowed[i]) == 0)
			return;
		dwh_nearest_offer(&nearest, allowed[i]);
		appendStringInfo(&list, "%s%s", i > 0 ? ", " : "", allowed[i]);
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s cannot be \"%s\"", argument, value),
			 errdetail("It is one of %s.", list.data),
			 nearest.best ? errhint("Did you mean \"%s\"?", nearest.best) : errhint("See the README, Indicators.")));
}

pg_noreturn static void refuse_combination(const DwhMeasure *measure, const char *detail, const char *hint);

/* Raises 22023: the parts of a measure do not fit together. */
static void
refuse_combination(const DwhMeasure *measure, const char *detail, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("measure \"%s\" would have no meaning", measure->code),
			 errdetail_internal("%s", detail),
			 errhint("%s", hint)));
}

/* Raises 22023 or 0A000 unless aggregate, expression, time behaviour and opening filter go together. */
static void
check_combination(const DwhMeasure *measure)
{
	static const char *const aggregates[] = {"sum", "count", "distinct", "min", "max", "avg"};
	static const char *const behaviours[] = {"flow", "stock", "opening", "average", "cumulative", "latest", "distinct", "exact"};
	const char *aggregate = measure->aggregate;
	const char *behaviour = measure->behaviour;

	check_one_of("p_aggregate", aggregate, aggregates, lengthof(aggregates));
	check_one_of("p_time_behaviour", behaviour, behaviours, lengthof(behaviours));
	if ((strcmp(aggregate, "count") == 0) != (measure->expression == NULL))
		refuse_combination(measure, "A count counts rows and takes no expression; every other aggregate takes one.",
						   "Use p_aggregate => 'distinct' to count different values.");
	if (strcmp(behaviour, "distinct") == 0 && strcmp(aggregate, "distinct") != 0)
		refuse_combination(measure, "Only different values can be counted once in a period.",
						   "Use p_time_behaviour => 'flow' to add the months up.");
	if (strcmp(behaviour, "cumulative") == 0 && strcmp(aggregate, "sum") != 0 && strcmp(aggregate, "count") != 0)
		refuse_combination(measure, "A running sum adds sums or counts.", "Use p_aggregate => 'sum' or 'count'.");
	if (measure->opening_filter && strcmp(behaviour, "cumulative") != 0)
		refuse_combination(measure, "Only a running sum has an opening load.", "Leave p_opening_filter out.");
	if (dwh_request_kind(measure) == DWH_SCAN_MANUAL && strcmp(aggregate, "sum") != 0)
		refuse_combination(measure, "Of figures entered by people one is taken, or those of the units below are added.",
						   "Use p_aggregate => 'sum'.");
}

/* Replaces the expressions of a measure by their canonical text. Raises class WH2, 42703, 22023. */
static void
check_expressions(DwhMeasure *measure)
{
	DwhRowScope scope = dwh_subject_rows(measure->subject, "month_end");

	if (measure->expression)
	{
		DwhNode    *node = dwh_formula_parse(measure->expression);
		DwhRowType	type;

		(void) dwh_row_compile(&scope, node, &type);
		if (strcmp(measure->aggregate, "distinct") == 0 ? type == DWH_ROW_LITERAL || type == DWH_ROW_NULL : type != DWH_ROW_NUMBER)
			ereport(ERROR,
					(errcode(ERRCODE_DWH_FORMULA_TYPE),
					 errmsg("\"%s\" cannot be aggregated by %s", dwh_formula_deparse(node), measure->aggregate),
					 errdetail(strcmp(measure->aggregate, "distinct") == 0 ? "It is the same for every row." : "It is no number."),
					 errhint("The columns are those of \"%s\" and of the dimensions it refers to.",
							 get_rel_name(measure->subject->relation))));
		measure->expression = dwh_formula_deparse(node);
	}
	if (measure->filter)
	{
		(void) dwh_row_compile_condition(&scope, measure->filter, "p_filter");
		measure->filter = dwh_formula_deparse(dwh_formula_parse(measure->filter));
	}
	if (measure->opening_filter)
	{
		(void) dwh_row_compile_condition(&scope, measure->opening_filter, "p_opening_filter");
		measure->opening_filter = dwh_formula_deparse(dwh_formula_parse(measure->opening_filter));
	}
	if (measure->unit_column)
		dwh_edit_check_column(measure->subject->relation, measure->unit_column, INT4OID);
}

/* dwh.create_measure(...): its measure_id. */
Datum
dwh_sql_create_measure(PG_FUNCTION_ARGS)
{
	DwhCatalogueEdit edit;
	DwhEditParams params = {0};
	DwhMeasure	measure = {0};
	char	   *subject_code;
	char	   *unit_of_measure;
	char	   *note;
	int			measure_id;

	measure.code = dwh_edit_required(fcinfo, 0, "p_code");
	subject_code = dwh_edit_required(fcinfo, 1, "p_subject");
	measure.aggregate = dwh_edit_required(fcinfo, 2, "p_aggregate");
	measure.expression = dwh_edit_argument(fcinfo, 3);
	measure.filter = dwh_edit_argument(fcinfo, 4);
	measure.behaviour = dwh_edit_required(fcinfo, 5, "p_time_behaviour");
	unit_of_measure = dwh_edit_argument(fcinfo, 6);
	measure.unit_column = dwh_edit_argument(fcinfo, 7);
	measure.opening_filter = dwh_edit_argument(fcinfo, 8);
	note = dwh_edit_argument(fcinfo, 9);

	dwh_edit_prepare(&edit, "create_measure", measure.code);
	dwh_edit_note(&edit, "subject", subject_code);
	dwh_edit_note(&edit, "aggregate", measure.aggregate);
	dwh_edit_note(&edit, "expression", measure.expression);
	dwh_edit_note(&edit, "filter", measure.filter);
	dwh_edit_note(&edit, "opening_filter", measure.opening_filter);
	dwh_edit_note(&edit, "time_behaviour", measure.behaviour);
	dwh_edit_note(&edit, "unit_column", measure.unit_column);
	dwh_edit_begin(&edit);
	dwh_edit_require_admin(&edit);

	dwh_edit_open(&edit);
	dwh_edit_check_free(&edit, measure.code);
	measure.subject = dwh_edit_need_subject(&edit, subject_code);
	check_combination(&measure);
	dwh_edit_need_relation(measure.subject);
	check_expressions(&measure);
	measure_id = dwh_edit_next_id("measure", "measure_id");
	dwh_edit_add_int(&params, measure_id);
	dwh_edit_add_text(&params, measure.code);
	dwh_edit_add_int(&params, measure.subject->subject_id);
	dwh_edit_add_text(&params, measure.aggregate);
	dwh_edit_add_text(&params, measure.expression);
	dwh_edit_add_text(&params, measure.filter);
	dwh_edit_add_text(&params, measure.opening_filter);
	dwh_edit_add_text(&params, measure.behaviour);
	dwh_edit_add_text(&params, unit_of_measure ? unit_of_measure : "");
	dwh_edit_add_text(&params, measure.unit_column);
	dwh_edit_add_text(&params, note);
	dwh_edit_insert("INSERT INTO dwh_catalog.measure (measure_id, code, subject_id, aggregate, expression, filter, opening_filter, "
					"time_behaviour, unit_of_measure, unit_column, note) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)", &params);
	dwh_edit_note_int(&edit, "measure_id", measure_id);
	dwh_edit_close(&edit);
	PG_RETURN_INT32(measure_id);
}

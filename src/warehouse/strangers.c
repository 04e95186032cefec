/*
 * strangers.c
 *		Refusing what carries one of our names and is not ours (SQLSTATE WH002).
 *
 * Ours is what carries the marker in its comment and has exactly the properties that create_warehouse() gives. A marker alone
 * proves nothing: on PostgreSQL 15 any role with CREATEROLE may write it. So attributes are judged too, and, as long as no
 * table of any database belongs to dwh_owner, so are members: nobody may stand in a group before the first warehouse.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "common/errors.h"
#include "common/spi.h"
#include "warehouse/warehouse.h"

/* Names of a table of objects as text[]. */
Datum
dwh_names_array(const DwhNamedObject *objects, int count)
{
	Datum	   *names = palloc(sizeof(Datum) * count);

	for (int i = 0; i < count; i++)
		names[i] = CStringGetTextDatum(objects[i].name);
	return dwh_array(names, count, TEXTOID);
}

/* Raises WH002 for the first of our role names that a stranger holds. Missing roles are no error. */
void
dwh_strangers_refuse_roles(void)
{
	Oid			types[2] = {TEXTARRAYOID, TEXTOID};
	Datum		values[2];
	uint64		found;

	values[0] = dwh_names_array(dwh_roles, dwh_role_count);
	values[1] = CStringGetTextDatum(DWH_MARKER);
	found = dwh_spi_select_latest(
		"WITH first_time AS ("
		"  SELECT NOT EXISTS (SELECT FROM pg_shdepend AS s JOIN pg_authid AS o ON s.refobjid = o.oid"
		"    WHERE s.refclassid = 'pg_authid'::regclass AND s.deptype = 'o' AND o.rolname = 'dwh_owner') AS is_first), "
		"judged AS ("
		"  SELECT r.rolname, CASE"
		"    WHEN r.rolcanlogin THEN 'It can log in.'"
		"    WHEN r.rolsuper THEN 'It has the attribute SUPERUSER.'"
		"    WHEN r.rolcreaterole THEN 'It has the attribute CREATEROLE.'"
		"    WHEN r.rolcreatedb THEN 'It has the attribute CREATEDB.'"
		"    WHEN r.rolreplication THEN 'It has the attribute REPLICATION.'"
		"    WHEN r.rolbypassrls THEN 'It has the attribute BYPASSRLS.'"
		"    WHEN NOT starts_with(coalesce(shobj_description(r.oid, 'pg_authid'), ''), $2)"
		"      THEN 'Its comment does not say that this extension created it.'"
		"    WHEN (f.is_first OR r.rolname = 'dwh_owner') AND b.name IS NOT NULL"
		"      THEN format('It has the member \"%s\".', b.name)"
		"    WHEN (f.is_first OR r.rolname = 'dwh_owner') AND g.name IS NOT NULL"
		"      THEN format('It is a member of the role \"%s\".', g.name)"
		"    END AS reason"
		"  FROM pg_authid AS r CROSS JOIN first_time AS f"
		"    LEFT JOIN LATERAL (SELECT min(m.rolname::text) AS name FROM pg_auth_members AS a"
		"      JOIN pg_authid AS m ON m.oid = a.member WHERE a.roleid = r.oid AND NOT m.rolsuper) AS b ON true"
		"    LEFT JOIN LATERAL (SELECT min(m.rolname::text) AS name FROM pg_auth_members AS a"
		"      JOIN pg_authid AS m ON m.oid = a.roleid WHERE a.member = r.oid) AS g ON true"
		"  WHERE r.rolname = ANY ($1)) "
		"SELECT rolname, reason FROM judged WHERE reason IS NOT NULL ORDER BY rolname LIMIT 1",
		2, types, values);
	if (found > 0)
		ereport(ERROR,
				(errcode(ERRCODE_DWH_FOREIGN_OBJECT),
				 errmsg("role \"%s\" has a name of the warehouse but is not its own", dwh_spi_text(0, 1)),
				 errdetail("%s", dwh_spi_text(0, 2)),
				 errhint("Rename or drop the role; in a cluster restored from a dump, restore the roles with their "
						 "comments first (dwh.export_roles() or pg_dumpall --roles-only).")));
}

/*
 * Raises WH002 where one of the four schemas is a stranger's, or where only part of the warehouse is there. Tells whether the
 * warehouse stands already.
 */
void
dwh_strangers_refuse_schemas(bool *is_standing)
{
	Oid			types[2] = {TEXTARRAYOID, TEXTOID};
	Datum		values[2];
	uint64		found;
	bool		has_table;

	values[0] = dwh_names_array(dwh_schemas, dwh_schema_count);
	values[1] = CStringGetTextDatum(DWH_MARKER);
	found = dwh_spi_select_latest(
		"SELECT n.nspname, CASE"
		"    WHEN r.rolname <> 'dwh_owner' THEN format('It belongs to role \"%s\".', r.rolname)"
		"    WHEN NOT starts_with(coalesce(obj_description(n.oid, 'pg_namespace'), ''), $2)"
		"      THEN 'Its comment does not say that this extension created it.' END,"
		"  to_regclass('dwh_catalog.warehouse') IS NOT NULL,"
		"  starts_with(coalesce(obj_description(n.oid, 'pg_namespace'), ''), $2) "
		"FROM pg_namespace AS n JOIN pg_roles AS r ON r.oid = n.nspowner "
		"WHERE n.nspname = ANY ($1) ORDER BY 2 NULLS LAST, 1",
		2, types, values);
	if (found > 0 && !dwh_spi_isnull(0, 2))
		ereport(ERROR,
				(errcode(ERRCODE_DWH_FOREIGN_OBJECT),
				 errmsg("schema \"%s\" has a name of the warehouse but is not its own", dwh_spi_text(0, 1)),
				 errdetail("%s", dwh_spi_text(0, 2)),
				 dwh_spi_bool(0, 3) && dwh_spi_bool(0, 4) ?
				 errhint("It was restored without its owners, or given away: restore the dump anew without --no-owner, or give it back to dwh_owner.") :
				 errhint("Rename or drop the schema.")));
	has_table = found > 0 && dwh_spi_bool(0, 3);
	*is_standing = found == dwh_schema_count && has_table;
	if (found > 0 && !*is_standing)
		ereport(ERROR,
				(errcode(ERRCODE_DWH_FOREIGN_OBJECT),
				 errmsg("schema \"%s\" is there, but the warehouse is not complete", dwh_spi_text(0, 1)),
				 errdetail("%d of %d schemas exist; table dwh_catalog.warehouse %s.", (int) found, dwh_schema_count,
						   has_table ? "exists" : "does not exist"),
				 errhint("Restore the missing part from a dump, or drop the schemas that are left.")));
}

/*
 * Raises WH002 for the first table, function or type in one of our schemas that belongs to a stranger. What PostgreSQL makes along
 * with a type (constructors of ranges) belongs to the bootstrap superuser and goes with the type.
 */
void
dwh_strangers_refuse_objects(void)
{
	uint64		found = dwh_spi_select_latest(
		"SELECT o.kind, format('%I.%I', n.nspname, o.name), r.rolname "
		"FROM (SELECT 'pg_class'::regclass AS class, oid, 'relation' AS kind, relname AS name, relnamespace AS nsp,"
		"        relowner AS owner FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S')"
		"  UNION ALL SELECT 'pg_proc'::regclass, oid, 'function', proname, pronamespace, proowner FROM pg_proc"
		"  UNION ALL SELECT 'pg_type'::regclass, oid, 'type', typname, typnamespace, typowner FROM pg_type"
		"    WHERE typrelid = 0 AND typcategory <> 'A') AS o "
		"  JOIN pg_namespace AS n ON n.oid = o.nsp JOIN pg_roles AS r ON r.oid = o.owner "
		"WHERE n.nspname IN ('dwh', 'dwh_internal', 'dwh_catalog', 'dwh_star', 'dwh_landing', 'dwh_log')"
		"  AND r.rolname <> 'dwh_owner'"
		"  AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = o.class AND d.objid = o.oid AND d.deptype IN ('e', 'i')) "
		"ORDER BY o.class, 2 LIMIT 1",
		0, NULL, NULL);

	if (found > 0)
		ereport(ERROR,
				(errcode(ERRCODE_DWH_FOREIGN_OBJECT),
				 errmsg("%s %s stands in a schema of the warehouse but is not its own",
						dwh_spi_text(0, 1), dwh_spi_text(0, 2)),
				 errdetail("It belongs to role \"%s\".", dwh_spi_text(0, 3)),
				 errhint("Move it to another schema, drop it, or give it to dwh_owner.")));
}

/*
 * Raises WH002 where partitions or children of the warehouse's tables, or of subjects', belong to others than dwh_owner, and names them
 * all: what is put back on a table is put on them as well, by its owner.
 */
void
dwh_strangers_refuse_partitions(void)
{
	uint64		found = dwh_spi_select_latest(
		"WITH RECURSIVE below (oid) AS ("
		"  SELECT i.inhrelid FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhparent JOIN pg_namespace AS n ON n.oid = c.relnamespace"
		"  WHERE c.relkind IN ('r', 'p') AND c.relowner = 'dwh_owner'::regrole AND (n.nspname IN ('dwh_catalog', 'dwh_star', 'dwh_landing', 'dwh_log')"
		"    OR c.oid IN (SELECT s.relation FROM dwh_catalog.subject AS s))"
		"  UNION SELECT i.inhrelid FROM below AS b JOIN pg_inherits AS i ON i.inhparent = b.oid) "
		"SELECT count(*)::int, string_agg(x.name, ', ' ORDER BY x.name COLLATE \"C\"),"
		"  string_agg(format('ALTER TABLE %s OWNER TO dwh_owner;', x.name), ' ' ORDER BY x.name COLLATE \"C\") "
		"FROM (SELECT format('%I.%I', n.nspname, c.relname) AS name FROM below AS b JOIN pg_class AS c USING (oid)"
		"  JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.relowner <> 'dwh_owner'::regrole) AS x HAVING count(*) > 0",
		0, NULL, NULL);

	if (found > 0)
		ereport(ERROR,
				(errcode(ERRCODE_DWH_FOREIGN_OBJECT),
				 errmsg_plural("%d partition of the warehouse's tables is not its own", "%d partitions of the warehouse's tables are not its own",
							   dwh_spi_int(0, 1), dwh_spi_int(0, 1)),
				 errdetail("To others than dwh_owner belong: %s.", dwh_spi_text(0, 2)),
				 errhint("%s", dwh_spi_text(0, 3))));
}

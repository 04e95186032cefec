-- What must hold for every object of ours, whoever added it: comments, a fixed search_path, and rights given one by one.
-- Each check lists the offenders; a clean house lists none.
BEGIN;
SELECT plan(15);

CREATE TEMPORARY TABLE our_schema AS
SELECT oid, nspname FROM pg_namespace
WHERE nspname IN ('dwh', 'dwh_internal', 'dwh_catalog', 'dwh_star', 'dwh_landing', 'dwh_log');

-- The constructors that come with a range type are the type's own.
CREATE TEMPORARY TABLE our_function AS
SELECT p.*, s.nspname FROM pg_proc AS p JOIN our_schema AS s ON s.oid = p.pronamespace
WHERE NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = p.oid
	AND refclassid = 'pg_type'::regclass AND deptype = 'i');

-- Partitions repeat their parent.
CREATE TEMPORARY TABLE our_relation AS
SELECT c.*, s.nspname FROM pg_class AS c JOIN our_schema AS s ON s.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition;

-- Functions that everyone may execute, by name, with the reason why that is safe. All others are granted one by one.
CREATE TEMPORARY TABLE open_to_public (name text PRIMARY KEY, reason text NOT NULL);
INSERT INTO open_to_public VALUES
	('dwh_internal.marks_changes', 'tells a setting'),
	('dwh_internal.scoped_unit', 'tells a caller about his own scope only; plans call it as whoever reads'),
	('dwh.archive_audit', 'asks for dwh_owner or a superuser itself'),
	('dwh.purge_share_log', 'asks for dwh_owner or a superuser itself'),
	('dwh.create_warehouse', 'asks for a superuser itself, to say so in its own words'),
	('dwh.ensure_log_partitions', 'asks for dwh_owner or a superuser itself'),
	('dwh.has_subject', 'tells a caller about his own scope only; policies call it as whoever reads'),
	('dwh.has_whole_unit', 'tells a caller about his own scope only; policies call it as whoever reads'),
	('dwh.in_scope', 'tells a caller about his own scope only; policies call it as whoever reads'),
	('dwh.scope_units', 'tells a caller about his own scope only; policies call it as whoever reads'),
	('dwh.start_warehouse', 'asks for a superuser itself'),
	('dwh.upgrade_warehouse', 'asks for a superuser itself');
-- Id sets and statistics work on their arguments and read no table.
INSERT INTO open_to_public
SELECT name, 'works on its arguments only'
FROM unnest(ARRAY['dwh.id_set', 'dwh.to_array', 'dwh.iterate', 'dwh.cardinality', 'dwh.contains', 'dwh.min_id', 'dwh.max_id',
	'dwh.rank', 'dwh.overlap_count', 'dwh.jaccard_index', 'dwh.distinct_count', 'dwh.id_set_agg', 'dwh.union_agg',
	'dwh.union_count', 'dwh.intersect_agg', 'dwh.intersect_count', 'dwh.balance_at_end', 'dwh.balance_at_start',
	'dwh.average_balance', 'dwh.ratio', 'dwh.weighted_mean', 'dwh.growth', 'dwh.concentration', 'dwh.gini', 'dwh.completeness',
	'dwh_internal.id_set_from_bytea', 'dwh_internal.id_set_to_bytea', 'dwh_internal.id_set_union',
	'dwh_internal.id_set_intersect', 'dwh_internal.id_set_difference', 'dwh_internal.id_set_symmetric',
	'dwh_internal.id_set_eq', 'dwh_internal.id_set_ne', 'dwh_internal.id_set_lt', 'dwh_internal.id_set_le',
	'dwh_internal.id_set_gt', 'dwh_internal.id_set_ge', 'dwh_internal.id_set_cmp', 'dwh_internal.id_set_hash',
	'dwh_internal.id_set_hash_extended', 'dwh_internal.id_set_includes', 'dwh_internal.id_set_included',
	'dwh_internal.id_set_intersects', 'dwh_internal.id_set_in_set']) AS name;

-- Relations that everyone may read.
CREATE TEMPORARY TABLE readable_by_public (name text PRIMARY KEY, reason text NOT NULL);

-- 893-054
SELECT is_empty($$SELECT nspname FROM our_schema WHERE coalesce(obj_description(oid, 'pg_namespace'), '') NOT LIKE '%_ | _%'$$,
	'every schema has a comment in both languages');
SELECT is_empty($$SELECT oid::regprocedure FROM our_function
	WHERE coalesce(obj_description(oid, 'pg_proc'), '') NOT LIKE CASE nspname WHEN 'dwh_internal' THEN '_%' ELSE '%_ | _%' END
	ORDER BY oid::regprocedure::text COLLATE "C"$$,
	'every function has a comment, in both languages outside dwh_internal');
SELECT is_empty($$SELECT t.oid::regtype FROM pg_type AS t JOIN our_schema AS s ON s.oid = t.typnamespace
	WHERE t.typcategory <> 'A' AND t.typtype <> 'm' AND (t.typrelid = 0 OR (SELECT relkind FROM pg_class WHERE oid = t.typrelid) = 'c')
		AND coalesce(obj_description(t.oid, 'pg_type'), '') NOT LIKE '%_ | _%'$$,
	'every type has a comment in both languages');
SELECT is_empty($$SELECT o.oid::regoperator FROM pg_operator AS o JOIN our_schema AS s ON s.oid = o.oprnamespace
	WHERE coalesce(obj_description(o.oid, 'pg_operator'), '') = ''$$,
	'every operator has a comment');
SELECT is_empty($$SELECT nspname, relname FROM our_relation WHERE coalesce(obj_description(oid, 'pg_class'), '') NOT LIKE '%_ | _%'
	ORDER BY nspname COLLATE "C", relname COLLATE "C"$$,
	'every table and view has a comment in both languages');
SELECT is_empty($$SELECT r.nspname, r.relname, a.attname FROM our_relation AS r JOIN pg_attribute AS a ON a.attrelid = r.oid
	WHERE a.attnum > 0 AND NOT a.attisdropped AND coalesce(col_description(r.oid, a.attnum), '') NOT LIKE '%_ | _%'
	ORDER BY r.nspname COLLATE "C", r.relname COLLATE "C", a.attnum$$,
	'every column has a comment in both languages');

SELECT is_empty($$SELECT f.oid::regprocedure FROM our_function AS f JOIN pg_language AS l ON l.oid = f.prolang
	WHERE l.lanname IN ('sql', 'plpgsql') AND f.prosqlbody IS NULL
		AND NOT 'search_path=pg_catalog, pg_temp' = ANY (coalesce(f.proconfig, '{}'))
	ORDER BY f.oid::regprocedure::text COLLATE "C"$$,
	'every function in SQL or PL/pgSQL has a fixed search_path or is bound when made');
SELECT is_empty($$SELECT oid::regprocedure FROM our_function
	WHERE prosecdef AND NOT 'search_path=pg_catalog, pg_temp' = ANY (coalesce(proconfig, '{}'))$$,
	'every function with its owner''s rights has a fixed search_path');

-- EXECUTE is everyone's unless taken away; a missing list of rights means that it was not.
CREATE TEMPORARY TABLE public_function AS
SELECT DISTINCT nspname || '.' || proname AS name FROM our_function AS f
WHERE EXISTS (SELECT FROM aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) WHERE grantee = 0 AND privilege_type = 'EXECUTE');
SELECT is_empty($$SELECT name FROM public_function WHERE name LIKE 'dwh\_%' EXCEPT SELECT name FROM open_to_public ORDER BY 1$$,
	'no inner function is executable by PUBLIC unless it stands in the list');
SELECT is_empty($$SELECT name FROM public_function WHERE name LIKE 'dwh.%' EXCEPT SELECT name FROM open_to_public ORDER BY 1$$,
	'no function is executable by PUBLIC unless it stands in the list');
SELECT is_empty($$SELECT name FROM open_to_public EXCEPT SELECT name FROM public_function ORDER BY 1$$,
	'what the list names is executable by PUBLIC');

SELECT bag_eq($$SELECT s.nspname::text, a.privilege_type FROM our_schema AS s JOIN pg_namespace AS n ON n.oid = s.oid,
		aclexplode(n.nspacl) AS a WHERE a.grantee = 0$$,
	$$VALUES ('dwh', 'USAGE')$$,
	'of our schemas PUBLIC may use dwh only');
SELECT bag_eq($$SELECT r.nspname || '.' || r.relname, a.privilege_type FROM our_relation AS r, aclexplode(r.relacl) AS a WHERE a.grantee = 0$$,
	$$SELECT name, 'SELECT' FROM readable_by_public$$,
	'PUBLIC has no right on a table or view but to read those in the list');
-- 893-001
SELECT is_empty($$SELECT c.oid::regclass FROM pg_class AS c JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid
		AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' JOIN pg_extension AS e ON e.oid = d.refobjid
	WHERE e.extname = 'dwh_ext' AND c.relkind NOT IN ('v', 'c')$$,
	'the extension owns no table, index or sequence');
SELECT is_empty($$SELECT nspname, relname FROM our_relation AS r WHERE relkind IN ('r', 'p')
		AND NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = r.oid AND contype = 'p')$$,
	'every table has a primary key');

SELECT * FROM finish();
ROLLBACK;

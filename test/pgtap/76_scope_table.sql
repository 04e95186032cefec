-- The README's table "role x relation x what is seen" is what the catalogs say: the query below makes its lines, which are compared.
-- 2327-018 893-020
SET jit = off;
BEGIN;
SELECT plan(5);
\set readme `cat README.md`

CREATE TEMPORARY TABLE made AS
WITH RECURSIVE scoped AS (
	SELECT r.relation::oid AS oid, r.relation::oid AS base FROM dwh_internal.scoped_relations() AS r
	UNION
	-- dimensions that say which unit a row is of, the units themselves left out
	SELECT c.oid, c.oid FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'unit_id'
	WHERE c.relnamespace = 'dwh_star'::regnamespace AND c.relkind = 'r' AND c.relname LIKE 'dim\_%' AND c.relname <> 'dim_unit'),
over (oid, base) AS (
	SELECT s.oid, s.base FROM scoped AS s
	UNION
	SELECT r.ev_class, o.base FROM over AS o JOIN pg_depend AS d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = o.oid AND d.classid = 'pg_rewrite'::regclass
	JOIN pg_rewrite AS r ON r.oid = d.objid),
cell AS (
	-- a view over several relations has one cell, unless they are shown differently
	SELECT DISTINCT c.oid::regclass::text AS name, g.user_group_id, CASE
		WHEN NOT has_any_column_privilege(g.role_name, c.oid, 'SELECT') THEN '-'
		WHEN c.relkind = 'v' AND NOT 'security_invoker=true' = ANY (c.reloptions) THEN 'rows of its owner'
		WHEN NOT b.relrowsecurity THEN 'every row'
		WHEN p.expression IS NULL THEN 'no row'
		WHEN p.expression ~ 'has_subject' THEN 'country'
		WHEN p.expression ~ 'has_whole_unit' THEN 'whole units'
		ELSE 'scope' END
		|| CASE WHEN has_any_column_privilege(g.role_name, c.oid, 'SELECT') AND NOT has_table_privilege(g.role_name, c.oid, 'SELECT') THEN ', not personal' ELSE '' END AS seen
	FROM over AS o JOIN pg_class AS c ON c.oid = o.oid JOIN pg_class AS b ON b.oid = o.base CROSS JOIN dwh_catalog.user_group AS g
		LEFT JOIN LATERAL (SELECT string_agg(pg_get_expr(y.polqual, y.polrelid), ' OR ') AS expression FROM pg_policy AS y
			WHERE y.polrelid = o.base AND y.polpermissive AND y.polcmd IN ('*', 'r') AND g.role_name::regrole = ANY (y.polroles)) AS p ON true
	WHERE g.is_seeded AND c.relkind IN ('r', 'p', 'v')),
line AS (
	SELECT name, string_agg(seen, ' | ' ORDER BY user_group_id) AS cells FROM cell GROUP BY name HAVING bool_or(seen <> '-'))
SELECT format('| %s | %s |', string_agg('`' || name || '`', ', ' ORDER BY name COLLATE "C"), cells) AS line FROM line GROUP BY cells;

CREATE TEMPORARY TABLE readme AS SELECT n, line FROM regexp_split_to_table(:'readme', E'\n') WITH ORDINALITY AS t (line, n);
CREATE FUNCTION pg_temp.first(p_after bigint, p_start text) RETURNS bigint LANGUAGE sql AS $$
	SELECT min(n) FROM readme WHERE n > p_after AND starts_with(line, p_start)
$$;
SELECT pg_temp.first(0, '| relation | `dwh_') AS head, pg_temp.first(0, 'An example to paste') AS example \gset
SELECT is((SELECT line FROM readme WHERE n = :head), format('| relation | %s |',
	(SELECT string_agg('`' || role_name || '`', ' | ' ORDER BY user_group_id) FROM dwh_catalog.user_group WHERE is_seeded)), 'the head of the table');
SELECT set_eq(format('SELECT line FROM readme WHERE n BETWEEN %s AND (SELECT min(n) - 1 FROM readme WHERE n > %s AND line = %L)', :head + 2, :head, ''),
	'SELECT line FROM made', 'and its lines');

-- The example to paste.
CREATE TEMPORARY TABLE example AS SELECT string_agg(line, E'\n' ORDER BY n) AS text FROM readme
WHERE n > pg_temp.first(:example, '```sql') AND n < pg_temp.first(pg_temp.first(:example, '```sql'), '```');
DO $$ BEGIN EXECUTE (SELECT text FROM example); END $$;
SELECT results_eq($$SELECT group_code, state, cardinality(unit_ids) >= 3 FROM dwh.explain_scope('ha.nt@haiphong.example')$$,
	$$VALUES ('analyst', 'in_force', true)$$, 'the example gives a province with what was merged into it');
SELECT is_empty('SELECT problem, object FROM dwh.check_scope()', 'and opens nothing');
SET LOCAL ROLE ha_nt;
SELECT results_eq('SELECT dwh.in_scope(u, 1) FROM unnest(ARRAY[231, 101, 1]) AS u', 'VALUES (true), (false), (false)', 'to nobody else''s unit');
RESET ROLE;
SELECT * FROM finish();
ROLLBACK;

-- 893-072: the extension is dropped with all that hangs on it and made anew: after create_warehouse() and a refresh every answer is the former one.
BEGIN;
SELECT plan(7);
\set world_seed 0.67
\o /dev/null
\ir include/random_world.psql
UPDATE dwh_catalog.indicator SET is_kept = code IN ('A01', 'A09', 'B04', 'X02'), kept_periods = '{month,quarter}', kept_levels = '{country,province}';
SELECT dwh.create_summary('fact_participation', '{sex,scheme}'), dwh.create_summary('fact_collection');
SELECT dwh.refresh();
CREATE FUNCTION pg_temp.answers() RETURNS SETOF text LANGUAGE sql AS $$
	SELECT v::text FROM dwh.indicator_values('{A01,A03,A09,B04,B05,D10}', '2024-06-01', '2025-10-01', 'month', '{country,province}') AS v
	UNION ALL SELECT v::text FROM dwh.indicator_values('{A01,A09,B04}', '2025-01-01', '2025-07-01', 'quarter', '{province,scheme}') AS v $$;
CREATE FUNCTION pg_temp.kept() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	v_summary	regclass;
BEGIN
	RETURN QUERY SELECT (to_jsonb(v) - 'computed_at')::text FROM dwh_star.indicator_value AS v;
	RETURN QUERY SELECT to_jsonb(p)::text FROM dwh_star.subject_presence AS p;
	FOR v_summary IN SELECT relation FROM dwh_catalog.summary LOOP
		RETURN QUERY EXECUTE format('SELECT to_jsonb(s)::text FROM %s AS s', v_summary);
	END LOOP;
END
$$;
CREATE TEMPORARY TABLE answer AS SELECT pg_temp.answers() AS line;
CREATE TEMPORARY TABLE kept AS SELECT pg_temp.kept() AS line;
SELECT count(*) AS facts FROM dwh_star.fact_participation \gset
DROP EXTENSION dwh_ext CASCADE;
\o
SELECT is((SELECT count(*) FROM dwh_star.fact_participation), :facts::bigint, 'the facts outlive the extension');
\o /dev/null
CREATE EXTENSION dwh_ext;
SELECT dwh.create_warehouse();
\o
SELECT is((SELECT bool_or(is_summary) FROM dwh.explain_plan_values('{A01}', '2025-08-01', '2025-08-01') WHERE measures <> '{}'), false, 'no summary is read');
SELECT bag_eq('SELECT pg_temp.answers()', 'SELECT line FROM answer', 'before a refresh the facts answer as before');
SELECT ok(dwh.refresh() > 0, 'it refreshes');
SELECT bag_eq('SELECT pg_temp.kept()', 'SELECT line FROM kept', 'summaries and kept values are as they were');
SELECT bag_eq('SELECT pg_temp.answers()', 'SELECT line FROM answer', 'and so are the answers');
SELECT is((SELECT bool_and(is_summary) FROM dwh.explain_plan_values('{A01}', '2025-08-01', '2025-08-01') WHERE measures <> '{}'), true, 'out of summaries again');
SELECT * FROM finish();
ROLLBACK;

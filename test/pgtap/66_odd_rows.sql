-- 893-049 893-072: rows that cannot be right (a unit that is none, a month far ahead) take nothing away from the others, and dwh.health() tells of them.
BEGIN;
SELECT plan(23);
\o /dev/null
SET LOCAL client_min_messages = warning;
UPDATE dwh_catalog.indicator SET is_kept = false;
CREATE TABLE public.visit (month date NOT NULL, unit_id int NOT NULL, visitor int NOT NULL, load_id bigint);
ALTER TABLE public.visit OWNER TO dwh_owner;
INSERT INTO dwh_log.load_run (source_id, batch, status) VALUES (6, 'odd', 'done') RETURNING load_id \gset
INSERT INTO public.visit SELECT date '2025-08-01', unit_id, row_number() OVER (), :load_id FROM dwh_star.dim_unit WHERE unit_id IN (101, 104) UNION ALL SELECT '2025-08-01', 101, 90, :load_id;
SELECT dwh.create_subject('visit', 'public.visit', 'x', 'x');
SELECT dwh.create_measure('VISITORS', 'visit', 'distinct', 'visitor'), dwh.create_measure('EVER', 'visit', 'sum', 'visitor', p_time_behaviour => 'cumulative');
SELECT dwh.create_indicator('VISITED', 'x', 'x', '[VISITORS]', 'visit', 'analyst', 'x', '2010-01-01', 'test', p_group => 'Visits');
SELECT dwh.create_indicator('EVER_VISITED', 'x', 'x', '[EVER]', 'visit', 'analyst', 'x', '2010-01-01', 'test', p_group => 'Visits');
SELECT dwh.keep_indicator('VISITED', true, '{month}', '{country,province}'), dwh.keep_indicator('EVER_VISITED', true, '{month}', '{country}');
SELECT dwh.refresh();
-- The values of August by a level; every answer there is.
CREATE FUNCTION pg_temp.visited(p_level text, p_indicator text DEFAULT 'VISITED') RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', unit_code, trim_scale(value), status), ', ' ORDER BY value DESC, unit_code) FROM dwh.indicator_values(ARRAY[p_indicator], '2025-08-01', '2025-08-01', 'month', ARRAY[p_level])
	WHERE value IS NOT NULL $$;
CREATE FUNCTION pg_temp.kept() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', code, unit_level, trim_scale(value)), ', ' ORDER BY code, unit_level, value) FROM dwh_star.indicator_value JOIN dwh_catalog.indicator USING (indicator_id)
	WHERE period_start = '2025-08-01' $$;
CREATE TEMPORARY TABLE before AS SELECT l, pg_temp.visited(l) AS answer FROM unnest('{country,region,province,base}'::text[]) AS l;
CREATE TEMPORARY TABLE ever AS SELECT l, pg_temp.visited(l, 'EVER_VISITED') AS answer FROM unnest('{country,province,base}'::text[]) AS l;
SELECT pg_temp.kept() AS kept \gset
\o
SELECT is((SELECT answer FROM before WHERE l = 'country'), 'VSS 3 ok', 'three visitors');
SELECT is_empty($$SELECT 1 FROM dwh.health() WHERE component = 'rows'$$, 'no row is odd');

-- A unit that is none.
INSERT INTO public.visit VALUES ('2025-08-01', 424242, 99, :load_id), ('2025-08-01', -1, 98, :load_id);
SELECT is(pg_temp.visited(l), answer, 'rows of unknown units: answers by ' || l || ' are what they were') FROM before ORDER BY l;
SELECT is(pg_temp.visited(l, 'EVER_VISITED'), answer, 'and running sums by ' || l) FROM ever ORDER BY l;
SELECT lives_ok($$SELECT dwh.explain_value('VISITED', '2025-08-01'), dwh.explain_value('VISITED', '2025-08-01', 'month', '01')$$, 'and are explained');
SELECT ok(dwh.refresh() > 0, 'a refresh');
SELECT is_empty('SELECT * FROM dwh.refresh_failures', 'nothing fails');
SELECT is(pg_temp.kept(), :'kept', 'the kept values are what they were');
SELECT is((SELECT detail FROM dwh.health() WHERE component = 'rows'), 'Dòng không được tính: tháng × đơn vị không có trong danh mục; tháng quá xa | Rows that do not count: months × unknown units; too far ahead: visit: 2; 0',
	'dwh.health() tells of them');
SELECT dwh.create_summary('visit') IS NOT NULL AS made \gset
SELECT ok(dwh.refresh() > 0, 'with a summary');
SELECT is((SELECT bool_and(is_summary) FROM dwh.explain_plan_values('{VISITED}', '2025-08-01', '2025-08-01', 'month', '{country}') WHERE cardinality(measures) > 0), true, 'which answers');
SELECT is(pg_temp.visited(l), answer, 'with it too: by ' || l) FROM before WHERE l IN ('country', 'province') ORDER BY l;
SELECT ok(dwh.close_period('2025-08-01', 'month', 'Visits', 'preliminary') > 0, 'the period can be closed');
DELETE FROM public.visit WHERE unit_id IN (424242, -1);

-- 893-049: a month far ahead.
SELECT dwh.reopen_period('2025-08-01', 'month', 'Visits', 'x', 'x') > 0 AS reopened \gset
INSERT INTO public.visit VALUES ('2205-08-01', 101, 1, :load_id);
SELECT ok(dwh.refresh() > 0, 'a month that is mistyped');
SELECT is(pg_temp.kept(), :'kept', 'takes away no kept value');
SELECT is((SELECT max(last_month) FROM dwh_catalog.indicator_span JOIN dwh_catalog.indicator USING (indicator_id) WHERE code = 'VISITED'), date '2025-08-01', 'nor are values kept up to it');
SELECT matches((SELECT state || detail FROM dwh.health() WHERE component = 'rows'), '^warning.*: visit: 0; 1$', 'dwh.health() tells of it');
SELECT * FROM finish();
ROLLBACK;

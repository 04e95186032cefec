-- 893-049 893-072: an indicator that cannot be computed stops no other; what failed is listed, its kept values say so, and each run tries again.
BEGIN;
SELECT plan(37);
\set world_seed 0.67
\o /dev/null
\ir include/random_world.psql
\ir include/refresh.psql
UPDATE dwh_catalog.indicator SET is_kept = code IN ('A01', 'B04', 'F01'), kept_periods = '{month,year}', kept_levels = '{country,province}';
SELECT dwh.refresh();
\o
SELECT is((values_failed, values_changed > 0)::text, '(0,t)', 'nothing fails') FROM dwh.refresh_runs ORDER BY run_id DESC LIMIT 1;
CREATE TEMPORARY TABLE before AS SELECT v.*, i.code FROM dwh_star.indicator_value AS v JOIN dwh_catalog.indicator AS i USING (indicator_id);

-- A measure whose expression raises for one month's rows only, as a source may do: an amount that no bigint holds.
SELECT expression AS paid FROM dwh_catalog.measure WHERE code = 'K_SI_PAID' \gset
SELECT formula AS b04 FROM dwh_catalog.indicator_version JOIN dwh_catalog.indicator USING (indicator_id) WHERE code = 'B04' \gset
UPDATE dwh_catalog.measure SET expression = 'no_such_column' WHERE code = 'K_SI_PAID';
UPDATE dwh_star.fact_participation SET state = 'ended' WHERE month = '2025-08-01' AND person_id % 3 = 0;
SELECT ok(dwh.refresh() > 0, 'a refresh over a broken measure ends well');
SELECT cmp_ok(values_failed, '>', 0::bigint, 'and counts what failed') FROM dwh.refresh_runs ORDER BY run_id DESC LIMIT 1;
SELECT set_eq('SELECT DISTINCT indicator FROM dwh.refresh_failures', '{B04}'::text[], 'it is the one that reads the measure');
SELECT is((SELECT count(*) FROM dwh.refresh_failures WHERE period IS NULL), 0::bigint, 'period by period');
SELECT ok(bool_and(sql_state ~ '^[0-9A-Z]{5}$' AND message ~ 'no_such_column' AND first_failed_at = last_failed_at), 'with the error') FROM dwh.refresh_failures;
SELECT set_eq($$SELECT DISTINCT status, value IS NULL FROM dwh_star.indicator_value JOIN dwh_catalog.indicator USING (indicator_id) WHERE code = 'B04'$$,
	$$VALUES ('failed', true)$$, 'its kept values do not stand as if they held');
SELECT isnt_empty($$SELECT 1 FROM dwh_star.indicator_value AS v JOIN before AS b USING (indicator_id, period_type, period_start, unit_level, unit_id, is_split) WHERE b.code = 'A01' AND v.value <> b.value$$, 'others were computed');
SELECT is_empty('SELECT mark_id FROM dwh_log.value_mark', 'no mark is left');
SELECT throws_ok($$SELECT dwh.close_period('2025-08-01', 'month', (SELECT indicator_group FROM dwh_catalog.indicator WHERE code = 'B04'), 'final')$$, '55000',
	'the month 2025-08-01 cannot be closed: "B04" could not be computed', 'a period is not closed over it');
SELECT ok(dwh.refresh() > 0, 'the next run');
SELECT ok(bool_and(first_failed_at < last_failed_at), 'tries again') FROM dwh.refresh_failures;
UPDATE dwh_catalog.measure SET expression = :'paid' WHERE code = 'K_SI_PAID';
SELECT ok(dwh.refresh() > 0, 'put right');
SELECT is_empty('SELECT 1 FROM dwh.refresh_failures', 'nothing fails');
SELECT is(pg_temp.differences_from_scratch(), 0::bigint, 'and everything is as from scratch');

-- A formula that is none: not even what it reads is known.
UPDATE dwh_catalog.indicator_version SET formula = '[K_SI_PAID' WHERE indicator_id = (SELECT indicator_id FROM dwh_catalog.indicator WHERE code = 'B04');
UPDATE dwh_star.fact_participation SET state = 'ended' WHERE month = '2025-09-01' AND person_id % 3 = 0;
SELECT ok(dwh.refresh() > 0, 'a formula that cannot be read');
SELECT set_eq('SELECT indicator, period FROM dwh.refresh_failures', $$VALUES ('B04', NULL)$$, 'fails as a whole');
UPDATE dwh_catalog.indicator_version SET formula = :'b04' WHERE indicator_id = (SELECT indicator_id FROM dwh_catalog.indicator WHERE code = 'B04');
SELECT ok(dwh.refresh() > 0, 'put right');
SELECT is_empty('SELECT 1 FROM dwh.refresh_failures', 'nothing fails');
SELECT is(pg_temp.differences_from_scratch(), 0::bigint, 'and everything is as from scratch');

-- A summary that cannot be built: its table takes no such row, or an id set no such id. Refresh goes on, and so do other summaries.
CREATE TABLE public.visit (month date NOT NULL, unit_id int NOT NULL, visitor int NOT NULL, size int NOT NULL);
ALTER TABLE public.visit OWNER TO dwh_owner;
INSERT INTO public.visit SELECT date '2025-01-01' + n % 3 * interval '1 month', 101 + 3 * (n % 2), n, 1 FROM generate_series(1, 60) AS n;
\o /dev/null
SELECT dwh.create_subject('visit', 'public.visit', 'x', 'x');
SELECT dwh.create_dimension('visit', 'share', 'size', 'x', 'x');
SELECT dwh.create_measure('VISITORS', 'visit', 'distinct', 'visitor');
SELECT dwh.create_indicator('VISITED', 'x', 'x', '[VISITORS]', 'visit', 'analyst', 'x', '2010-01-01', 'test', p_periods => '{month}');
SELECT dwh.keep_indicator('VISITED', true, '{month}', '{country,province}');
SELECT dwh.create_summary('visit');
SELECT dwh.create_summary('visit', '{share}')::text AS summary \gset
ALTER TABLE :summary ADD CHECK (share < 2);
SELECT dwh.refresh();
\o
CREATE FUNCTION pg_temp.state() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(format('%s %s %s', dimensions, built_at IS NOT NULL, has_failed), ', ' ORDER BY dimensions) FROM dwh.list_summaries('visit') $$;
CREATE FUNCTION pg_temp.visited() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(trim_scale(v.value)::text, ' ' ORDER BY v.period_start) FROM dwh_star.indicator_value AS v JOIN dwh_catalog.indicator AS i USING (indicator_id)
	WHERE i.code = 'VISITED' AND v.unit_level = 'country' $$;
SELECT is(pg_temp.state(), '{} t f, {share} t f', 'two summaries');
SELECT is(pg_temp.visited(), '20 20 20', 'and their values');
INSERT INTO public.visit VALUES ('2025-02-01', 101, 1000, 2);
SELECT ok(dwh.refresh() > 0, 'a refresh over a row that one of them cannot hold ends well');
SELECT is(pg_temp.state(), '{} t f, {share} f t', 'that one has failed');
SELECT is(pg_temp.visited(), '20 21 20', 'values follow');
SELECT is((SELECT state || ' ' || (detail LIKE '%23514') FROM dwh.health() WHERE component = 'summaries'), 'error true', 'and dwh.health() says why');
INSERT INTO public.visit VALUES ('2025-02-01', 104, -7, 1);
SELECT ok(dwh.refresh('visit') > 0, 'so does one over an id that no set holds');
SELECT is(pg_temp.state(), '{} f t, {share} f t', 'both have failed');
SELECT is((SELECT count(*) FROM dwh_log.cell_mark), 0::bigint, 'no mark is left');
SELECT is(pg_temp.visited(), '20 22 20', 'values follow, from the facts');
SELECT ok(dwh.refresh() > 0, 'with nothing changed');
SELECT is((SELECT cells_rebuilt FROM dwh.refresh_runs ORDER BY run_id DESC LIMIT 1), 0::bigint, 'nothing is tried');
DELETE FROM public.visit WHERE size = 2;
SELECT ok(dwh.refresh() > 0, 'with a row put right');
SELECT is(pg_temp.state(), '{} f t, {share} f t', 'the other is in the way');
DELETE FROM public.visit WHERE visitor < 0;
SELECT ok(dwh.refresh() > 0, 'with both');
SELECT is(pg_temp.state(), '{} t f, {share} t f', 'summaries are built again');
SELECT is(pg_temp.differences_from_scratch(), 0::bigint, 'and everything is as from scratch');
SELECT * FROM finish();
ROLLBACK;

-- Indicators: forty of one fact by province and month in one call, beside one statement written by hand and beside forty; then the same
-- questions from a summary and from the facts. Ratios within this run are what counts: variants take turns, medians of five.
SET client_min_messages = error;
SET jit = off;
SET work_mem = '256MB';
SET max_parallel_workers_per_gather = 0;
DROP SCHEMA IF EXISTS bench_41 CASCADE;
CREATE SCHEMA bench_41;
DELETE FROM dwh_catalog.indicator_version WHERE indicator_id BETWEEN 910001 AND 910040;
DELETE FROM dwh_catalog.indicator WHERE indicator_id BETWEEN 910001 AND 910040;
DELETE FROM dwh_catalog.measure WHERE measure_id BETWEEN 910001 AND 910040;
-- Forty measures: rows, pay, people and mean age of each scheme and sex.
CREATE TABLE bench_41.drawn AS
SELECT row_number() OVER (ORDER BY a.aggregate, s.code, x.sex)::int AS i, a.*, s.code AS scheme, x.sex, s.scheme_id
FROM (VALUES ('count', NULL), ('sum', 'salary_base'), ('distinct', 'person_id'), ('avg', 'age')) AS a (aggregate, expression)
CROSS JOIN (SELECT code, scheme_id FROM dwh_star.dim_scheme WHERE scheme_id BETWEEN 1 AND 5) AS s CROSS JOIN (VALUES ('F'), ('M')) AS x (sex);
INSERT INTO dwh_catalog.measure (measure_id, code, subject_id, aggregate, expression, filter, time_behaviour, unit_of_measure)
SELECT 910000 + i, 'ZB' || i, 1, aggregate, expression, format('scheme = %L and sex = %L', scheme, sex), 'stock', 'x' FROM bench_41.drawn;
INSERT INTO dwh_catalog.indicator (indicator_id, code, name_vi, name_en, indicator_group, base_unit, display_unit, kind, subject_id, breakdowns, periods, source_systems)
SELECT 910000 + i, 'ZB_' || i, 'x', 'x', 'x', 'x', 'x', 'flow', 1, '{}', '{month}', 'x' FROM bench_41.drawn;
INSERT INTO dwh_catalog.indicator_version (indicator_id, version, formula, valid_from, reason) SELECT 910000 + i, 1, format('[ZB%s]', i), '1995-01-01', 'bench' FROM bench_41.drawn;
-- By hand: an office stands under its province, on the map of the time.
CREATE VIEW bench_41.source AS SELECT f.*, u.parent_unit_id, s.code AS scheme FROM dwh_star.fact_participation AS f JOIN dwh_star.dim_unit AS u USING (unit_id) JOIN dwh_star.dim_scheme AS s USING (scheme_id);
SELECT string_agg(format('%s FILTER (WHERE scheme = %L AND sex = %L)', v, scheme, sex), ', ' ORDER BY i) AS columns,
	string_agg(format('SELECT parent_unit_id, month, %s FROM bench_41.source WHERE scheme = %L AND sex = %L GROUP BY 1, 2', v, scheme, sex), E';\n' ORDER BY i) AS statements
FROM (SELECT *, CASE aggregate WHEN 'count' THEN 'count(*)' WHEN 'distinct' THEN 'dwh.distinct_count(person_id)' ELSE format('%s(%s)', aggregate, expression) END AS v FROM bench_41.drawn) AS d \gset
CREATE TABLE bench_41.variant (bench text, n int, variant text, statements text);
CREATE TABLE bench_41.run (bench text, n int, round int, ms numeric);
SELECT array_agg('ZB_' || i ORDER BY i) AS all_40, (array_agg('ZB_' || i ORDER BY i DESC))[1:20] AS last_20 FROM bench_41.drawn \gset
INSERT INTO bench_41.variant VALUES
	('1 facts', 1, 'one statement by hand', format('SELECT parent_unit_id, month, %s FROM bench_41.source GROUP BY 1, 2', :'columns')),
	('1 facts', 2, 'dwh.indicator_values, 40 indicators', format('SELECT * FROM dwh.indicator_values(%L, ''2021-01-01'', ''2025-12-01'')', :'all_40')),
	('1 facts', 3, '40 statements by hand', :'statements');
CREATE PROCEDURE bench_41.measure(p_bench text, p_rounds int DEFAULT 5) LANGUAGE plpgsql AS $$
DECLARE
	v_variant record;
	v_statement text;
	v_start timestamptz;
	v_n bigint;
BEGIN
	FOR v_round IN 1 .. p_rounds LOOP
		FOR v_variant IN SELECT * FROM bench_41.variant WHERE bench = p_bench ORDER BY n LOOP
			v_start := clock_timestamp();
			FOREACH v_statement IN ARRAY string_to_array(v_variant.statements, E';\n') LOOP
				EXECUTE 'SELECT count(q) FROM (' || v_statement || ' OFFSET 0) AS q' INTO v_n;
			END LOOP;
			INSERT INTO bench_41.run VALUES (p_bench, v_variant.n, v_round, round(extract(epoch FROM clock_timestamp() - v_start) * 1000, 1));
		END LOOP;
	END LOOP;
END
$$;
CREATE FUNCTION bench_41.result(p_bench text) RETURNS TABLE (variant text, median_ms numeric, to_the_first numeric, raw_ms text) LANGUAGE sql AS $$
	SELECT v.variant, r.ms, round(r.ms / first_value(r.ms) OVER (ORDER BY v.n), 3), r.raw
	FROM bench_41.variant AS v JOIN (SELECT bench, n, percentile_cont(0.5) WITHIN GROUP (ORDER BY ms)::numeric(12, 1) AS ms, string_agg(ms::text, ' ' ORDER BY round) AS raw
		FROM bench_41.run GROUP BY 1, 2) AS r USING (bench, n)
	WHERE v.bench = p_bench ORDER BY v.n $$;
\echo
\echo '## 40 indicators by province and month (60 months) from the facts'
CALL bench_41.measure('1 facts');
SELECT * FROM bench_41.result('1 facts');

-- The same values both ways, then the times.
CREATE TABLE bench_41.from_facts AS SELECT * FROM dwh.indicator_values(:'last_20', '2021-01-01', '2025-12-01');
CREATE FUNCTION bench_41.facts_only(p_indicators text[], p_from date, p_to date) RETURNS SETOF bench_41.from_facts LANGUAGE plpgsql AS $$
BEGIN
	-- a mark pending sends the question to the facts
	INSERT INTO dwh_log.cell_mark (subject_id, unit_id, month_from, month_to) VALUES (1, 0, '-infinity', 'infinity');
	RETURN QUERY SELECT * FROM dwh.indicator_values(p_indicators, p_from, p_to);
	DELETE FROM dwh_log.cell_mark WHERE unit_id = 0;
END
$$;
\o /dev/null
SELECT dwh.create_summary('fact_participation');
\o
DELETE FROM dwh_log.cell_mark WHERE subject_id = 1;
SELECT relation AS summary, pg_size_pretty(pg_total_relation_size(relation)) AS size, (SELECT reltuples FROM pg_class WHERE oid = relation) AS rows FROM dwh_catalog.summary WHERE subject_id = 1;
SELECT DISTINCT read_from, is_summary FROM dwh.explain_plan_values(:'last_20', '2021-01-01', '2025-12-01');
SELECT count(*) AS rows_that_differ FROM (TABLE bench_41.from_facts EXCEPT ALL SELECT * FROM dwh.indicator_values(:'last_20', '2021-01-01', '2025-12-01')) AS d;
INSERT INTO bench_41.variant VALUES
	('2 country', 1, '20 indicators by province, 60 months, from the summary', format('SELECT * FROM dwh.indicator_values(%L, ''2021-01-01'', ''2025-12-01'')', :'last_20')),
	('2 country', 2, 'the same from the facts', format('SELECT * FROM bench_41.facts_only(%L, ''2021-01-01'', ''2025-12-01'')', :'last_20'));
\echo '## The whole country by province: summary and facts'
CALL bench_41.measure('2 country');
SELECT * FROM bench_41.result('2 country');
INSERT INTO bench_41.variant
SELECT '3 base units', n, code, format('SELECT * FROM dwh.indicator_values(%L, ''2021-01-01'', ''2025-12-01'', p_by => ''{base}'', p_units => %L)', :'last_20', ARRAY[code])
FROM (SELECT row_number() OVER (ORDER BY code)::int AS n, code FROM dwh_star.dim_unit WHERE level = 'province' AND valid_to IS NULL) AS v WHERE n % 3 = 0;
\echo '## 5 years, all base units of a province, 20 indicators, from the summary: 11 provinces'
CALL bench_41.measure('3 base units', 2);
SELECT count(*) AS calls, percentile_cont(0.5) WITHIN GROUP (ORDER BY ms)::numeric(12, 1) AS median_ms, percentile_cont(0.95) WITHIN GROUP (ORDER BY ms)::numeric(12, 1) AS p95_ms, string_agg(ms::text, ' ' ORDER BY ms) AS raw_ms
FROM bench_41.run WHERE bench = '3 base units';

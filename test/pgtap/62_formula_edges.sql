-- 893-003 893-012: numbers as dimensions, parts of a ratio, rows in the middle of a month, and formulas that could not be computed.
BEGIN;
SELECT plan(15);
CREATE TABLE public.fe (month date NOT NULL, unit_id int NOT NULL, q numeric, amt numeric);
ALTER TABLE public.fe OWNER TO dwh_owner;
INSERT INTO public.fe VALUES ('2025-10-01', 101, 1.0, 1), ('2025-10-01', 101, 1.00, 2), ('2025-10-01', 101, 1, 3), ('2025-10-01', 101, 2.50, 6);
\o /dev/null
SELECT dwh.create_subject('fe', 'public.fe', 'x', 'x');
SELECT dwh.create_dimension('fe', 'fq', 'q', 'x', 'x');
SELECT dwh.create_measure('FE_SUM', 'fe', 'sum', 'amt');
SELECT dwh.create_measure('FE_ROWS', 'fe', 'count');
SELECT dwh.create_measure('FE_ALL', 'fe', 'sum', 'amt', p_time_behaviour => 'cumulative');
SELECT dwh.create_indicator(code, 'x', 'x', formula, 'fe', 'analyst', 'x', '2010-01-01', 'test', p_periods => '{month}')
FROM (VALUES ('FE_1', '[FE_ROWS]'), ('FE_2', '[FE_SUM] * 100 / [FE_ROWS]'), ('FE_3', '[FE_SUM] / [FE_ROWS] * 100'), ('FE_4', '[FE_ALL]'),
	('FE_5', '[P_BB]'), ('FE_6', 'people([FE_5])'), ('FE_7', '[FE_1]{fq = 1}'), ('FE_8', '[FE_7] + 1')) AS v (code, formula);
\o
CREATE FUNCTION pg_temp.rows_by_q(p_by text[], p_filter jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws('=', v.dims ->> 'fq', trim_scale(v.value)), ' ' ORDER BY v.dims ->> 'fq')
	FROM dwh.indicator_values('{FE_1}', '2025-10-01', '2025-10-01', 'month', p_by, p_filter) AS v $$;
SELECT is(pg_temp.rows_by_q('{country,fq}', '{}'), '1=3 2.5=1', 'facts: equal numbers are one value of a dimension');
SELECT is(pg_temp.rows_by_q('{country}', '{"fq": 1.0}'), '3', 'a filter by a number, however it is written');
SELECT is(pg_temp.rows_by_q('{country}', '{"fq": ["2.5"]}'), '1', 'or by its text');
\o /dev/null
SELECT dwh.create_summary('fe', '{fq}');
SELECT dwh.refresh('fe');
\o
SELECT ok(EXISTS (SELECT FROM dwh.explain_plan_values('{FE_1}', '2025-10-01', '2025-10-01', 'month', '{country,fq}') AS p WHERE p::text ~ 'summary_\d+_fe'),
	'now a summary answers');
SELECT is(pg_temp.rows_by_q('{country,fq}', '{}'), '1=3 2.5=1', 'the same');
SELECT is(pg_temp.rows_by_q('{country}', '{"fq": 1.0}'), '3', 'by a filter, too');
SELECT is(string_agg(format('%s %s/%s', trim_scale(value), trim_scale(numerator), trim_scale(denominator)), ', ' ORDER BY indicator), '300 12/4, 300 12/4',
	'constant factors stand in neither part of a ratio')
FROM dwh.indicator_values('{FE_2,FE_3}', '2025-10-01', '2025-10-01', 'month', '{country}');
INSERT INTO public.fe VALUES ('2025-10-15', 101, 1, 1000);
SELECT is(string_agg(trim_scale(value)::text, ' ' ORDER BY period_start), '12 12', 'a row in the middle of a month is in no running sum')
FROM dwh.indicator_values('{FE_4}', '2025-10-01', '2025-11-01', 'month', '{country}');
SELECT throws_ok($$SELECT dwh.revise_indicator('FE_5', '[P_BB] + 1', '2025-01-01', 'x')$$, '2BP01', NULL, 'a revision that others cannot follow is refused');
SELECT throws_ok($$SELECT dwh.revise_indicator('FE_1', '[P_BB]', '2025-01-01', 'x')$$, '2BP01', NULL, 'for their conditions, too');
SELECT is(dwh.get_value('FE_6', '2024-06-01'), dwh.get_value('FE_5', '2024-06-01'), 'nothing has changed');
SELECT lives_ok($$SELECT dwh.revise_indicator('FE_1', '[FE_SUM] + 1', '2025-01-01', 'x')$$, 'another is not');
SELECT is(is_valid, false, 'functions that reach too far together') FROM dwh.check_formula('rolling_sum(rolling_sum([FE_ROWS], 37), 39)');
SELECT lives_ok($$SELECT dwh.revise_indicator('FE_7', 'rolling_sum([FE_ROWS], 100)', '2025-01-01', 'x')$$, 'far, but not too far');
SELECT is(is_valid, false, 'nor through a reference') FROM dwh.check_formula('rolling_sum([FE_7], 15)');
SELECT * FROM finish();
ROLLBACK;

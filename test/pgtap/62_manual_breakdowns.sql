-- 893-003 893-072: figures entered by people are added over the values of a breakdown that a question lets through.
BEGIN;
SELECT plan(9);
INSERT INTO dwh_landing.manual_figure (batch, line, indicator, period_type, period_start, unit_code, kind, source_code, source_note, value, sex) VALUES
	('mb', 1, 'X02', 'year', '2025-01-01', 'VSS', 'actual', 'manual', 'x', '100', NULL),
	('mb', 2, 'X02', 'year', '2025-01-01', 'VSS', 'actual', 'manual', 'x', '40', 'F'),
	('mb', 3, 'X02', 'year', '2025-01-01', 'VSS', 'actual', 'manual', 'x', '60', 'M'),
	('mb', 4, 'X01', 'year', '2025-01-01', 'VSS', 'actual', 'manual', 'x', '7', 'F');
\o /dev/null
SELECT dwh.load_manual_figures('mb');
SELECT dwh.create_indicator('MB_' || n, 'x', 'x', formula, 'fact_manual', 'analyst', 'x', '2010-01-01', 'test', p_periods => '{month}')
FROM (VALUES (1, '[X_LF]'), (2, '[X_LF]{sex in (''F'', ''M'')}'), (3, '[X_POP]')) AS v (n, formula);
\o
CREATE FUNCTION pg_temp.answer(p_code text, p_by text, p_filter jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', v.dims ->> 'sex', trim_scale(v.value), v.status, trim_scale(v.completeness::numeric)), ', ' ORDER BY v.dims ->> 'sex')
	FROM dwh.indicator_values(ARRAY[p_code], '2025-03-01', '2025-03-01', 'month', ('{country' || p_by || '}')::text[], p_filter) AS v $$;
SELECT is(pg_temp.answer('MB_1', '', '{}'), '100 ok 1', 'without a breakdown the total counts');
SELECT is(pg_temp.answer('MB_1', '', '{"sex": ["F", "M"]}'), '100 ok 1', 'two values that a filter lets through are added');
SELECT is(pg_temp.answer('MB_1', '', '{"sex": "F"}'), '40 ok 1', 'one value is one figure');
SELECT is(pg_temp.answer('MB_1', ',sex', '{"sex": ["F", "M"]}'), 'F 40 ok 1, M 60 ok 1', 'a breakdown has a row each');
SELECT is(pg_temp.answer('MB_2', '', '{}'), '100 ok 1', 'values that a condition lets through are added');
SELECT is(pg_temp.answer('MB_2', ',sex', '{}'), 'F 40 ok 1, M 60 ok 1', 'and told apart where that is asked');
SELECT is(pg_temp.answer('MB_3', '', '{"sex": ["F", "M"]}'), '7 partial 0.5', 'a value of which nothing is known is missed');
SELECT is(pg_temp.answer('MB_1', '', '{"sex": null}'), '100 ok 1', 'null is the total');
SELECT throws_ok($$SELECT pg_temp.answer('MB_1', '', '{"sex": ["F", null]}')$$, '22023', NULL, 'which cannot be added to its parts');
SELECT * FROM finish();
ROLLBACK;

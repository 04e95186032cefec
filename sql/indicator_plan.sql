-- dwh.explain_plan_values(): the SQL that dwh.indicator_values() runs, for each kind of question.
-- 893-072
\pset null '-'
\pset format unaligned
SET client_min_messages = warning;
SET datestyle = ISO;
BEGIN;
SET LOCAL dwh_ext.mark_changes = off;
-- without a row in the facts nothing is read
SELECT * FROM dwh.explain_plan_values('{A01}', '2024-01-01', '2024-01-01');
CREATE FUNCTION pg_temp.unit(p_code text, p_on date) RETURNS int LANGUAGE sql AS
$$ SELECT unit_id FROM dwh_star.dim_unit WHERE code = p_code AND level IN ('centre', 'province')
	AND valid_from <= p_on AND (valid_to IS NULL OR valid_to >= p_on) $$;
INSERT INTO dwh_log.load_run (source_id, batch, status) VALUES (1, 'indicator_plan', 'done') RETURNING load_id \gset
INSERT INTO dwh_star.dim_person (person_id, sex, home_unit_id, valid_from)
SELECT i, 'F', pg_temp.unit('01', '2024-01-01'), '2000-01-01' FROM generate_series(900001, 900003) i;
INSERT INTO dwh_star.fact_participation (month, unit_id, person_id, scheme_id, payer_kind, employer_id, category_id, state, is_main,
	card_from, card_to, salary_base, sex, age, load_id)
SELECT '2024-01-01', pg_temp.unit('01', '2024-01-01'), i, 1, 'self', 0, 0, 'active', true, '2020-01-01', '2030-12-31', 1000000, 'F', 20, :load_id
FROM generate_series(900001, 900003) i;
-- a stock by province; several months of two kinds of time behaviour by a dimension, filtered; the country with parent()
SELECT * FROM dwh.explain_plan_values('{A01}', '2024-01-01', '2024-01-01') \gx
SELECT step, level, measures, read_from, statement FROM dwh.explain_plan_values('{A01,A07}', '2024-01-01', '2024-03-01', 'quarter', '{base,sex}',
	'{"scheme": ["BHXH_BB", null]}') \gx
SELECT step, level, measures, read_from, cardinality(parameters) AS parameters FROM dwh.explain_plan_values('{A08}', '2024-01-01', '2024-01-01', 'month', '{country,region}');
-- from summaries: the smallest that answers
SELECT dwh.create_summary('fact_participation') IS NOT NULL AS made, dwh.create_summary('fact_participation', '{scheme,state,sex}') IS NOT NULL AS made;
DELETE FROM dwh_log.cell_mark;
SELECT * FROM dwh.explain_plan_values('{A01}', '2024-01-01', '2024-01-01') \gx
SELECT step, level, measures, read_from, is_summary, statement FROM dwh.explain_plan_values('{A01,A07}', '2024-01-01', '2024-03-01', 'quarter', '{base,sex}',
	'{"scheme": ["BHXH_BB", null]}') \gx
SELECT string_agg(DISTINCT indicator || ' ' || coalesce(value::text, status), ', ') FROM dwh.indicator_values('{A01,A07}', '2024-01-01', '2024-01-01', 'month', '{country}');
-- refused as dwh.indicator_values() refuses
SELECT * FROM dwh.explain_plan_values(NULL, '2024-01-01', '2024-01-01');
ROLLBACK;
BEGIN;
SELECT * FROM dwh.explain_plan_values('{A011}', '2024-01-01', '2024-01-01');
ROLLBACK;
SELECT * FROM dwh.explain_plan_values('{A01}', '2024-01-01', '2024-01-01', p_as_of => now());
-- who has no scope is told nothing
CREATE ROLE plan_reader;
GRANT dwh_analyst TO plan_reader;
SET ROLE plan_reader;
SELECT count(*) FROM dwh.explain_plan_values('{A01}', '2024-01-01', '2024-01-01');
RESET ROLE;
DROP ROLE plan_reader;

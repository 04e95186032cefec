-- 893-072: an indicator is answered from a summary only while that says what the facts say: after a change of rows, of a measure, a dimension, an
-- attribute or a partition the answer is that of the facts at once. Which was read is told by explain_plan_values() and explain_value().
BEGIN;
SELECT plan(30);
\set world_seed 0.64
\o /dev/null
SET LOCAL dwh_ext.mark_changes = off;
DO $$ DECLARE v regclass; BEGIN FOR v IN SELECT tgrelid FROM pg_trigger WHERE tgname = 'after_truncate_mark' LOOP
	EXECUTE format('ALTER TABLE %s DISABLE TRIGGER after_truncate_mark', v); END LOOP; END $$;
\ir include/random_world.psql
SET LOCAL client_min_messages = warning;
SELECT dwh.create_measure('ZS_ALL', 'fact_participation', 'count'), dwh.create_measure('ZS_PAY', 'fact_participation', 'sum', 'salary_base', 'scheme = ''BHXH_BB'''),
	dwh.create_measure('ZS_MEAN', 'fact_participation', 'avg', 'age', p_time_behaviour => 'stock'), dwh.create_measure('ZS_HEADS', 'fact_participation', 'distinct', 'person_id', p_time_behaviour => 'stock');
SELECT dwh.create_indicator('ZS' || n, 'x', 'x', f, 'fact_participation', 'analyst', 'x', '1995-01-01', 'test', p_periods => '{month}') FROM (VALUES (1, '[ZS_ALL]'), (2, '[ZS_PAY] / [ZS_ALL]{sex = ''F''}'), (3, '[ZS_MEAN]'), (4, '[ZS_HEADS]{sex = ''F''}'), (5, '[ZS_ALL]{age > 30}')) v (n, f);
SELECT dwh.create_summary('fact_participation', '{sex}'), dwh.create_summary('fact_participation', '{scheme,sex}'), dwh.create_summary('fact_participation');
SELECT dwh.refresh();
\o
-- Which relations answer an indicator, as the plan says; "facts" for the table of facts.
CREATE FUNCTION pg_temp.read_from(p_indicator text, p_by text[] DEFAULT '{province}', p_filter jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(DISTINCT CASE WHEN NOT p.is_summary THEN 'facts' ELSE coalesce((SELECT array_to_string(s.dimensions, '+') FROM dwh_catalog.summary s WHERE p.read_from::regclass IN (s.relation, s.by_province)), '?') END, ', ')
	FROM dwh.explain_plan_values(ARRAY[p_indicator], '2025-08-01', '2025-08-01', 'month', p_by, p_filter) p WHERE p.measures <> '{}' $$;
CREATE FUNCTION pg_temp.total(p_indicator text) RETURNS numeric LANGUAGE sql AS $$ SELECT dwh.get_value(p_indicator, '2025-08-01') $$;

SELECT is(pg_temp.read_from('ZS1'), '', 'the smallest summary for a plain count');
SELECT is(pg_temp.read_from('ZS2'), 'sex', 'that with the dimension of a condition, for all measures of one scan');
SELECT is(pg_temp.read_from('ZS4'), 'sex', 'a set of people too');
SELECT is(pg_temp.read_from('ZS1', '{province,scheme}'), 'scheme+sex', 'that with the dimension that is asked');
SELECT is(pg_temp.read_from('ZS1', '{province}', '{"scheme": "BHYT"}'), 'scheme+sex', 'or filtered by');
SELECT is(pg_temp.read_from('ZS1', '{payer_kind}'), 'facts', 'the facts where none has the dimension');
SELECT is(pg_temp.read_from('ZS5'), 'facts', 'or a condition names a column');
SELECT is((SELECT detail ->> 'read_from' FROM dwh.explain_value('ZS1', '2025-08-01') WHERE kind = 'measure'), (SELECT by_province::text FROM dwh_catalog.summary WHERE dimensions = '{}' AND subject_id = 1), 'explain_value() says which');
SELECT is((SELECT detail ->> 'read_from' FROM dwh.explain_value('ZS5', '2025-08-01') WHERE kind = 'measure'), 'dwh_star.fact_participation', 'and where it was the facts');

-- One row changes: the answer does at once, in this transaction and by its marks afterwards.
SELECT pg_temp.total('ZS1') AS rows_before, pg_temp.total('ZS4') AS heads_before, (SELECT count(*) FROM dwh_star.fact_participation WHERE month = '2025-08-01') AS counted \gset
SELECT is(:rows_before::numeric, :counted::numeric, 'the summary says what the facts say');
SET LOCAL dwh_ext.mark_changes = on;
SAVEPOINT a;
DELETE FROM dwh_star.fact_participation WHERE ctid = (SELECT min(ctid) FROM dwh_star.fact_participation WHERE month = '2025-08-01') AND month = '2025-08-01';
SELECT is(pg_temp.read_from('ZS1'), 'facts', 'with a mark pending the facts answer');
SELECT is(pg_temp.total('ZS1'), (:counted - 1)::numeric, 'a deleted row is missed at once');
SELECT is((SELECT bool_or(is_summary) FROM dwh.explain_plan_values('{ZS1}', '2024-08-01', '2024-08-01')), true, 'months before it are read from the summary still');
ROLLBACK TO a;
SELECT is(pg_temp.read_from('ZS1'), '', 'rolled back, the summary is good again');
INSERT INTO dwh_log.cell_mark (subject_id, unit_id, month_from, month_to) SELECT 1, unit_id, '2025-08-01', '2025-08-01' FROM dwh_star.fact_participation WHERE month = '2025-08-01' LIMIT 1;
SELECT is(pg_temp.read_from('ZS1'), 'facts', 'a mark that another has committed');
SELECT is((SELECT count(*)::int FROM dwh_log.cell_mark), 1, 'asking takes no mark away');
SELECT dwh.refresh() AS run \gset
SELECT is(pg_temp.read_from('ZS1'), '', 'gone when its cell is rebuilt');
INSERT INTO dwh_log.cell_mark (subject_id, unit_id, month_from, month_to) VALUES (2, NULL, '-infinity', 'infinity');
SELECT is(pg_temp.read_from('ZS1'), '', 'marks of another subject do not matter');
SELECT dwh.refresh() AS run \gset

-- What no row tells of.
SAVEPOINT a;
ALTER TABLE dwh_star.fact_participation DISABLE TRIGGER after_row_mark;
SELECT is(pg_temp.read_from('ZS1'), 'facts', 'a table that nobody watches');
ROLLBACK TO a;
SELECT format('%s', inhrelid::regclass) AS leaf FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid WHERE inhparent = 'dwh_star.fact_participation'::regclass AND pg_get_expr(relpartbound, c.oid) LIKE '%2025-01-01%' ORDER BY 1 LIMIT 1 \gset
ALTER TABLE dwh_star.fact_participation DETACH PARTITION :leaf;
SELECT is(pg_temp.read_from('ZS1', '{country}'), 'facts', 'a partition that was detached');
ROLLBACK TO a;
UPDATE dwh_star.dim_scheme SET code = code || '_' WHERE code = 'BHYT';
DELETE FROM dwh_log.cell_mark;
SELECT is(pg_temp.read_from('ZS1', '{scheme}'), 'facts', 'an attribute that it was built by has changed');
ROLLBACK TO a;
UPDATE dwh_catalog.measure SET filter = 'scheme = ''BHYT''' WHERE code = 'ZS_PAY';
DELETE FROM dwh_log.cell_mark;
SELECT is(pg_temp.read_from('ZS2'), 'facts, sex', 'a measure that has changed; the other keeps its summary');
ROLLBACK TO a;
UPDATE dwh_catalog.subject_dimension SET expression = 'if(sex = ''F'', ''f'', ''m'')' WHERE subject_id = 1 AND dimension_id = (SELECT dimension_id FROM dwh_catalog.dimension WHERE code = 'sex');
DELETE FROM dwh_log.cell_mark;
SELECT is(pg_temp.read_from('ZS4'), 'facts', 'a dimension that has changed');
ROLLBACK TO a;
UPDATE dwh_catalog.summary SET built_at = NULL;
SELECT is(pg_temp.read_from('ZS1'), 'facts', 'a summary without content');
ROLLBACK TO a;
SELECT dwh.drop_summary('fact_participation') AS dropped \gset
SELECT is(pg_temp.read_from('ZS1'), 'sex', 'without the smallest the next one answers');
SELECT is(pg_temp.total('ZS1'), :rows_before::numeric, 'with the same value');

-- Dates as values of a dimension are written the same way for every caller.
ROLLBACK TO a;
\o /dev/null
SELECT dwh.create_dimension('fact_participation', 'zs_month', 'month', 'x', 'x'), dwh.create_dimension('fact_participation', 'zs_end', 'month_end', 'x', 'x');
SELECT dwh.create_summary('fact_participation', '{zs_month}');
\o
SET LOCAL datestyle = 'German, DMY';
SELECT is(pg_temp.read_from('ZS1', '{zs_month}'), 'zs_month', 'a date from a summary');
SELECT is((SELECT string_agg(DISTINCT dims ->> 'zs_month', ' ') FROM dwh.indicator_values('{ZS1}', '2025-08-01', '2025-08-01', 'month', '{country,zs_month}')), '2025-08-01', 'in ISO');
SELECT is((SELECT string_agg(DISTINCT dims ->> 'zs_end', ' ') FROM dwh.indicator_values('{ZS1}', '2025-08-01', '2025-08-01', 'month', '{country,zs_end}')), '2025-08-31', 'one from the facts');
SELECT is((SELECT sum(value) FROM dwh.indicator_values('{ZS1}', '2025-08-01', '2025-08-01', 'month', '{country}', p_filter => '{"zs_month": "2025-08-01"}')), :rows_before::numeric, 'and so it is asked for');
SELECT * FROM finish();
ROLLBACK;

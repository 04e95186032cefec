-- 893-003 893-072: random measures of every time behaviour and aggregate, with random filters, over random periods, levels, dimensions and
-- filters of the question, on the map of the time and on that of today, where units miss months: dwh.indicator_values() answers what a plain
-- statement written for this test answers, row by row; completeness too.
BEGIN;
SELECT plan(11);
-- rows of this transaction would leave marks, and summaries are not read where marks are pending
SET LOCAL dwh_ext.mark_changes = off;
DO $$ DECLARE v regclass; BEGIN FOR v IN SELECT tgrelid FROM pg_trigger WHERE tgname = 'after_truncate_mark' LOOP
	EXECUTE format('ALTER TABLE %s DISABLE TRIGGER after_truncate_mark', v); END LOOP; END $$;
\set world_seed 0.072
\o /dev/null
\ir include/random_world.psql
\o
-- Units miss months.
DELETE FROM dwh_star.fact_participation f USING place p WHERE f.unit_id = p.unit_id AND f.month = p.month AND hashint4(p.home * 1000 + (p.month - date '2020-01-01')) % 6 = 0;
DELETE FROM dwh_star.fact_collection f USING place p WHERE f.unit_id = p.unit_id AND f.month = p.month AND hashint4(p.home * 999 + (p.month - date '2020-01-01')) % 5 = 0;
DELETE FROM dwh_star.fact_ledger f WHERE f.unit_id = :centre AND extract(month FROM f.month) IN (2, 5, 9);

-- What can be drawn: the tables flat, with the dimensions that questions name; heir says which unit stands for a row's on
-- the map before the merger and on that after.
CREATE TEMPORARY TABLE heir AS
SELECT x.unit_id, x.old_id, o.code AS old_code, x.new_id, n.code AS new_code
FROM (SELECT old_id AS unit_id, old_id, new_id FROM office UNION SELECT new_id, new_id, new_id FROM office) x
JOIN dwh_star.dim_unit o ON o.unit_id = x.old_id JOIN dwh_star.dim_unit n ON n.unit_id = x.new_id;
CREATE TEMPORARY TABLE fact_1 AS SELECT f.*, h.old_id, h.old_code, h.new_id, h.new_code, s.code AS scheme, CASE WHEN age < 15 THEN '00-14' WHEN age < 25 THEN '15-24' WHEN age < 35 THEN '25-34' WHEN age < 45 THEN '35-44' WHEN age < 55 THEN '45-54'
	WHEN age < 60 THEN '55-59' ELSE '60+' END AS age_group, c.hi_group::text AS hi_group FROM dwh_star.fact_participation f JOIN dwh_star.dim_scheme s USING (scheme_id) JOIN dwh_star.dim_category c USING (category_id) LEFT JOIN heir h ON h.unit_id = f.unit_id;
CREATE TEMPORARY TABLE fact_2 AS SELECT f.*, h.old_id, h.old_code, h.new_id, h.new_code, s.code AS scheme, CASE WHEN months_late = 0 THEN '0' WHEN months_late < 3 THEN '1-2' WHEN months_late < 6 THEN '3-5' WHEN months_late < 12 THEN '6-11' ELSE '12+' END AS months_late_group
	FROM dwh_star.fact_collection f JOIN dwh_star.dim_scheme s USING (scheme_id) LEFT JOIN heir h ON h.unit_id = f.unit_id;
CREATE TEMPORARY TABLE fact_7 AS SELECT f.*, h.old_id, h.old_code, h.new_id, h.new_code, u.code AS fund, u.fund_group, a.code AS account FROM dwh_star.fact_ledger f JOIN dwh_star.dim_fund u USING (fund_id) JOIN dwh_star.dim_ledger_account a USING (account_id)
	LEFT JOIN heir h ON h.unit_id = f.unit_id;
CREATE TEMPORARY TABLE choice (subject int, what text, text_dwh text, text_sql text);
INSERT INTO choice VALUES
	(1, 'int', 'person_id', 'person_id'), (1, 'int', 'employer_id', 'employer_id'), (1, 'number', 'salary_base', 'salary_base'), (1, 'number', 'age * 2 - 1', 'age * 2 - 1'),
	(1, 'number', 'if(sex = ''F'', salary_base, null)', 'CASE WHEN sex = ''F'' THEN salary_base END'),
	(1, 'filter', 'scheme = ''BHXH_BB''', 'scheme = ''BHXH_BB'''), (1, 'filter', 'card_from <= month_end and card_to >= month_end', 'card_from <= (month + interval ''1 month'')::date - 1 AND card_to >= (month + interval ''1 month'')::date - 1'),
	(1, 'filter', 'not is_main or age in (20, 30, 40)', 'NOT is_main OR age IN (20, 30, 40)'), (1, 'filter', 'state <> ''active'' and hi_group is not null', 'state <> ''active'' AND hi_group IS NOT NULL'), (1, 'filter', 'age > 1000', 'age > 1000'),
	(1, 'dimension', 'scheme', NULL), (1, 'dimension', 'sex', NULL), (1, 'dimension', 'age_group', NULL), (1, 'dimension', 'hi_group', NULL), (1, 'dimension', 'payer_kind', NULL), (1, 'dimension', 'state', NULL),
	(2, 'int', 'payer_id', 'payer_id'), (2, 'number', 'paid', 'paid'), (2, 'number', 'due - paid', 'due - paid'), (2, 'number', 'coalesce(nullif(months_late, 0), 7)', 'coalesce(nullif(months_late, 0), 7)'),
	(2, 'filter', 'kind = ''regular''', 'kind = ''regular'''), (2, 'filter', 'months_late > 3 and scheme in (''BHYT'', ''BHTN'')', 'months_late > 3 AND scheme IN (''BHYT'', ''BHTN'')'),
	(2, 'dimension', 'scheme', NULL), (2, 'dimension', 'funding_source', NULL), (2, 'dimension', 'kind', NULL), (2, 'dimension', 'months_late_group', NULL), (2, 'dimension', 'payer_kind', NULL),
	(7, 'int', 'account_id', 'account_id'), (7, 'number', 'revenue', 'revenue'), (7, 'number', 'opening', 'opening'), (7, 'filter', 'account.nature <> ''balance''', 'account NOT LIKE ''BALANCE%'''),
	(7, 'dimension', 'fund', NULL), (7, 'dimension', 'fund_group', NULL), (7, 'dimension', 'account', NULL);
ANALYZE choice, fact_1, fact_2, fact_7;
CREATE FUNCTION pg_temp.draw(p_subject int, p_what text) RETURNS choice LANGUAGE sql VOLATILE AS
	$$ SELECT c FROM choice c WHERE subject = p_subject AND what = p_what ORDER BY random() LIMIT 1 $$;

-- 240 measures, each an indicator.
CREATE TEMPORARY TABLE drawn AS
SELECT i, x.subject, aggregate, behaviour, e.text_dwh AS expression, e.text_sql AS expression_sql, f.text_dwh AS filter, coalesce(f.text_sql, 'true') AS filter_sql
FROM (SELECT i, (ARRAY[1, 2, 7])[1 + i % 3] AS subject, pg_temp.one_of('sum', 'sum', 'count', 'distinct', 'distinct', 'min', 'max', 'avg') AS aggregate,
		pg_temp.one_of('flow', 'stock', 'opening', 'average', 'distinct', 'cumulative') AS behaviour FROM generate_series(1, 240) i) x
CROSS JOIN LATERAL pg_temp.draw(CASE WHEN i > 0 THEN x.subject END, CASE aggregate WHEN 'distinct' THEN 'int' ELSE 'number' END) e
CROSS JOIN LATERAL (SELECT (d).* FROM (SELECT CASE WHEN i % 4 > 0 THEN pg_temp.draw(x.subject, 'filter') END AS d OFFSET 0) y) f;
UPDATE drawn SET expression = NULL, expression_sql = '*' WHERE aggregate = 'count';
INSERT INTO dwh_catalog.measure (measure_id, code, subject_id, aggregate, expression, filter, time_behaviour, unit_of_measure)
SELECT 900000 + i, 'ZM' || i, subject, aggregate, expression, filter, behaviour, 'x' FROM drawn;
INSERT INTO dwh_catalog.indicator (indicator_id, code, name_vi, name_en, indicator_group, base_unit, display_unit, kind, subject_id, breakdowns, periods, source_systems)
SELECT 900000 + i, 'Z' || i, 'x', 'x', 'x', 'x', 'x', 'flow', subject, '{}', '{month,quarter,half,year,ytd}', 'x' FROM drawn;
INSERT INTO dwh_catalog.indicator_version (indicator_id, version, formula, valid_from, reason) SELECT 900000 + i, 1, format('[ZM%s]', i), '1995-01-01', 'test' FROM drawn;

-- 60 questions: a subject, a period, the map, levels, dimensions, a filter.
CREATE TEMPORARY TABLE question AS
SELECT q, (ARRAY[1, 2, 7])[1 + q % 3] AS subject, p.type, p.label, p.first, p.last, CASE WHEN q % 2 = 0 THEN date '2025-12-31' END AS map_on,
	pg_temp.one_of('country', 'province', 'province') AS level,
	ARRAY(SELECT text_dwh FROM choice c WHERE c.subject = (ARRAY[1, 2, 7])[1 + q % 3] AND what = 'dimension' ORDER BY random() LIMIT q % 5 % 3) AS dims,
	CASE WHEN q % 4 = 1 THEN (ARRAY['payer_kind', 'payer_kind', 'fund_group'])[1 + q % 3] END AS filter_on,
	CASE (1 + q % 3) WHEN 3 THEN '{BHXH,BHYT}' ELSE '{employer,self}' END::text[] AS filter_values
FROM generate_series(1, 60) q CROSS JOIN LATERAL (SELECT * FROM (VALUES
	('month', date '2024-09-01', date '2024-09-01', date '2024-09-01'), ('month', '2025-08-01', '2025-08-01', '2025-08-01'), ('quarter', '2025-07-01', '2025-07-01', '2025-09-01'),
	('quarter', '2024-10-01', '2024-10-01', '2024-12-01'), ('half', '2025-01-01', '2025-01-01', '2025-06-01'), ('year', '2025-01-01', '2025-01-01', '2025-12-01'),
	('year', '2024-01-01', '2024-01-01', '2024-12-01'), ('ytd', '2025-10-01', '2025-01-01', '2025-10-01')) AS v (type, label, first, last) OFFSET q % 8 LIMIT 1) p;
CREATE TEMPORARY TABLE answer AS
SELECT q, v.* FROM question, LATERAL dwh.indicator_values((SELECT array_agg('Z' || i) FROM drawn d WHERE d.subject = question.subject AND (d.i + q) % 7 = 0), label, label, type, ARRAY[level] || dims,
	CASE WHEN filter_on IS NULL THEN '{}' ELSE jsonb_build_object(filter_on, to_jsonb(filter_values)) END, p_map => map_on) v;

-- The plain answer. A unit is expected that has rows in the twelve months up to the period's end, or in the period; it is there in the months in which it has rows.
CREATE FUNCTION pg_temp.plain(p question, d drawn) RETURNS TABLE (unit_code text, dims jsonb, value numeric, completeness numeric) LANGUAGE plpgsql AS $$
DECLARE
	v_map date := coalesce(p.map_on, (p.last + interval '1 month')::date - 1);
	v_unit text := CASE WHEN p.level = 'country' THEN '''VSS''' WHEN v_map < '2025-07-01' THEN 'f.old_code' ELSE 'f.new_code' END;
	v_part text := CASE WHEN v_map < '2025-07-01' THEN 'coalesce(f.old_id, f.unit_id)' ELSE 'coalesce(f.new_id, f.unit_id)' END;
	v_dims text := CASE WHEN p.dims = '{}' THEN '''{}''::jsonb' ELSE (SELECT format('jsonb_build_object(%s)', string_agg(format('%L, f.%I', x, x), ', ')) FROM unnest(p.dims) x) END;
	v_months text := CASE d.behaviour WHEN 'stock' THEN format('f.month = %L', p.last) WHEN 'opening' THEN format('f.month = %L', p.first) WHEN 'cumulative' THEN format('f.month <= %L', p.last)
		ELSE format('f.month BETWEEN %L AND %L', p.first, p.last) END;
	v_aggregate text := format('%s(%s)', CASE d.aggregate WHEN 'distinct' THEN 'count' ELSE d.aggregate END, CASE d.aggregate WHEN 'distinct' THEN 'DISTINCT ' ELSE '' END || d.expression_sql);
	v_empty text := CASE WHEN d.aggregate IN ('min', 'max', 'avg') THEN 'NULL' ELSE '0' END;
	v_monthly boolean := d.behaviour = 'average' OR d.behaviour = 'flow' AND d.aggregate = 'distinct';
	v_where text := CASE WHEN p.filter_on IS NULL THEN 'true' ELSE format('f.%I = ANY (%L::text[])', p.filter_on, p.filter_values) END;
	v_from text := 'fact_' || d.subject;
	v_sql text;
BEGIN
	IF v_monthly THEN
		v_sql := format('SELECT unit, dims, %s AS v FROM (SELECT %s AS unit, %s AS dims, f.month, (%s FILTER (WHERE %s))::numeric AS v FROM %s f WHERE %s AND %s GROUP BY 1, 2, 3) m GROUP BY 1, 2',
			CASE WHEN d.behaviour = 'average' AND v_empty = 'NULL' THEN 'avg(v)' WHEN d.behaviour = 'average' THEN 'sum(v) / nullif(max(there.n), 0)' ELSE 'sum(v)' END,
			v_unit, v_dims, v_aggregate, d.filter_sql, v_from, v_months, v_where);
		v_sql := replace(v_sql, ') m GROUP BY', ') m LEFT JOIN there USING (unit) GROUP BY');
	ELSE
		v_sql := format('SELECT %s AS unit, %s AS dims, (%s FILTER (WHERE %s))::numeric AS v FROM %s f WHERE %s AND %s GROUP BY 1, 2', v_unit, v_dims, v_aggregate, d.filter_sql, v_from, v_months, v_where);
	END IF;
	RETURN QUERY EXECUTE format($q$
		WITH expected AS (SELECT DISTINCT %1$s AS unit, %2$s AS part FROM %3$s f WHERE f.month <= %4$L AND f.month > least(%4$L::date - interval '1 year', %5$L::date - interval '1 day')),
		present AS (SELECT DISTINCT %1$s AS unit, %2$s AS part, f.month FROM %3$s f WHERE f.month BETWEEN %5$L AND %4$L),
		there AS (SELECT unit, count(DISTINCT month) AS n FROM present GROUP BY 1),
		share AS (SELECT unit, CASE %6$L WHEN 'stock' THEN (SELECT count(*) FROM present p WHERE p.unit = e.unit AND p.month = %4$L)::numeric / count(*)
				WHEN 'opening' THEN (SELECT count(*) FROM present p WHERE p.unit = e.unit AND p.month = %5$L)::numeric / count(*)
				ELSE (SELECT count(*) FROM present p WHERE p.unit = e.unit)::numeric / count(*) / %7$s END AS share FROM expected e WHERE unit IS NOT NULL GROUP BY unit),
		cells AS (SELECT DISTINCT %1$s AS unit, %8$s AS dims FROM %3$s f WHERE %10$s),
		found AS (%9$s)
		SELECT c.unit, c.dims, CASE WHEN %6$L = 'cumulative' THEN CASE WHEN f.unit IS NULL THEN NULL ELSE coalesce(f.v, %11$s) END WHEN coalesce(s.share, 0) = 0 THEN NULL ELSE coalesce(f.v, %11$s) END,
			CASE WHEN %6$L = 'cumulative' THEN CASE WHEN f.unit IS NULL THEN 0 ELSE 1 END ELSE coalesce(s.share, 0) END
		FROM cells c LEFT JOIN share s USING (unit) LEFT JOIN found f ON f.unit = c.unit AND f.dims = c.dims WHERE c.unit IS NOT NULL$q$,
		v_unit, v_part, v_from, p.last, p.first, d.behaviour, extract(month FROM age(p.last, p.first))::int + 1, v_dims, v_sql, v_where, v_empty);
END $$;
CREATE TEMPORARY TABLE plain AS SELECT p.q, 'Z' || d.i AS indicator, v.* FROM question p JOIN drawn d ON d.subject = p.subject AND (d.i + p.q) % 7 = 0, LATERAL pg_temp.plain(p, d) v;
CREATE TEMPORARY TABLE outcome AS
SELECT q, indicator, p.unit_code, p.dims, round(a.value, 8) AS ours, round(p.value, 8) AS plain, a.status, round(a.completeness, 3) AS our_share, round(p.completeness, 3) AS plain_share, a.unit_code IS NOT NULL AS is_answered
FROM plain p LEFT JOIN answer a USING (q, indicator, unit_code, dims);
SELECT cmp_ok(count(*)::int, '>', 3000, 'there are many values') FROM outcome WHERE ours IS NOT NULL;
SELECT is_empty('SELECT o.*, d.*, qu.type, qu.last, qu.map_on, qu.dims, qu.filter_on FROM outcome o JOIN drawn d ON indicator = ''Z'' || d.i JOIN question qu USING (q) WHERE ours IS DISTINCT FROM plain AND (is_answered OR plain <> 0) ORDER BY q, indicator LIMIT 20', 'each value is what plain SQL gives');
SELECT is_empty('SELECT * FROM outcome o JOIN drawn d ON indicator = ''Z'' || d.i WHERE is_answered AND ours IS NOT NULL AND our_share <> plain_share LIMIT 20', 'so is its completeness');
SELECT is_empty($$SELECT a.* FROM answer a JOIN (SELECT DISTINCT q, indicator FROM plain) asked USING (q, indicator) LEFT JOIN plain p USING (q, indicator, unit_code, dims)
	WHERE p.q IS NULL AND a.value IS NOT NULL LIMIT 20$$, 'nothing is answered beside it');

-- The same questions answered from summaries: the same rows, to the last digit and in every column.
SELECT is(count(*)::int, 0, 'without summaries the facts answer') FROM dwh.explain_plan_values('{Z1,Z2,Z3}', '2025-08-01', '2025-08-01') WHERE is_summary;
SET LOCAL client_min_messages = warning;
SELECT dwh.create_summary('fact_participation', '{scheme,sex,age_group,hi_group,payer_kind,state}') IS NOT NULL AS made, dwh.create_summary('fact_participation') IS NOT NULL AS made,
	dwh.create_summary('fact_participation', '{payer_kind,sex}') IS NOT NULL AS made, dwh.create_summary('fact_collection', '{scheme,funding_source,kind,months_late_group,payer_kind}') IS NOT NULL AS made,
	dwh.create_summary('fact_ledger', '{fund,fund_group}') IS NOT NULL AS made \gset
SELECT dwh.refresh() AS run \gset
CREATE TEMPORARY TABLE second AS
SELECT q, v.* FROM question, LATERAL dwh.indicator_values((SELECT array_agg('Z' || i) FROM drawn d WHERE d.subject = question.subject AND (d.i + q) % 7 = 0), label, label, type, ARRAY[level] || dims,
	CASE WHEN filter_on IS NULL THEN '{}' ELSE jsonb_build_object(filter_on, to_jsonb(filter_values)) END, p_map => map_on) v;
CREATE TEMPORARY TABLE steps AS
SELECT q, v.* FROM question, LATERAL dwh.explain_plan_values((SELECT array_agg('Z' || i) FROM drawn d WHERE d.subject = question.subject AND (d.i + q) % 7 = 0), label, label, type, ARRAY[level] || dims,
	CASE WHEN filter_on IS NULL THEN '{}' ELSE jsonb_build_object(filter_on, to_jsonb(filter_values)) END, p_map => map_on) v;
SELECT is_empty('(SELECT ''before'' AS asked, a.*::text FROM answer a EXCEPT ALL SELECT ''before'', s.*::text FROM second s) LIMIT 10', 'every row answered from facts is answered with summaries');
SELECT is_empty('(SELECT s.*::text FROM second s EXCEPT ALL SELECT a.*::text FROM answer a) LIMIT 10', 'and no other');
SELECT cmp_ok(count(*) FILTER (WHERE is_summary)::int, '>', 100, 'most statements read a summary') FROM steps WHERE measures <> '{}';
SELECT cmp_ok(count(DISTINCT read_from)::int, '>=', 5, 'the smallest of several that answers') FROM steps WHERE is_summary;
-- Of units that the question names only their rows are read, with the same answer.
CREATE TEMPORARY TABLE named AS
SELECT q, v.* FROM question, LATERAL dwh.indicator_values((SELECT array_agg('Z' || i) FROM drawn d WHERE d.subject = question.subject AND (d.i + q) % 7 = 0), label, label, type, ARRAY[level] || dims,
	CASE WHEN filter_on IS NULL THEN '{}' ELSE jsonb_build_object(filter_on, to_jsonb(filter_values)) END, p_units => '{52}', p_map => map_on) v;
SELECT cmp_ok(count(*)::int, '>', 100, 'a province by name') FROM named;
SELECT is_empty('((SELECT n.*::text FROM named n EXCEPT ALL SELECT a.*::text FROM answer a WHERE unit_code = ''52'') UNION ALL (SELECT a.*::text FROM answer a WHERE unit_code = ''52'' EXCEPT ALL SELECT n.*::text FROM named n)) LIMIT 10', 'its rows as among all others');
SELECT * FROM finish();
ROLLBACK;

-- Edges of formulas and indicators: hostile formulas, lost tables, empty lists, NULL, extremes. Each stood here because it failed.
-- 893-072
\pset null '-'
SET client_min_messages = warning;
SET datestyle = ISO;
SET statement_timeout = '60s';
-- the cost of a row expression follows its length: nested operands are compiled once
SELECT is_valid FROM dwh.check_formula('[A01]{' || (SELECT string_agg(format('if(age < %s, ''x%s'', ', i, i), '' ORDER BY i) FROM generate_series(1, 90) i)
	|| '''y''' || repeat(')', 90) || ' = ''x''}');
SELECT is_valid FROM dwh.check_formula('[A01]{' || repeat('coalesce(', 90) || '''y''' || repeat(', ''z'')', 90) || ' = ''x''}');
-- powers and numbers that would fail in the middle of the rows are refused
SELECT f, error_code, error_position, message FROM (VALUES (1, '[A01]{age ^ 99999 > 1}'), (2, '[A01]{age ^ -1 > 1}'), (3, '[A01]{age < 1e999999}'),
	(4, '[A01]{age ^ 2 > 1}')) AS v (n, f), dwh.check_formula(f) ORDER BY n;

BEGIN;
CREATE FUNCTION pg_temp.value_of(p_formula text, p_period text DEFAULT 'month') RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	UPDATE dwh_catalog.indicator_version SET formula = p_formula
	WHERE indicator_id = (SELECT indicator_id FROM dwh_catalog.indicator WHERE code = 'X09');
	RETURN (SELECT coalesce(left(trim_scale(v.value)::text, 40), '-') || ' ' || v.status
		FROM dwh.indicator_values('{X09}', '2024-01-01', '2024-01-01', p_period, '{country}') AS v);
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
INSERT INTO dwh_log.load_run (source_id, batch, status) VALUES (1, 'indicator_edges', 'done') RETURNING load_id \gset
INSERT INTO dwh_star.dim_person (person_id, sex, home_unit_id, valid_from)
SELECT i, 'F', (SELECT unit_id FROM dwh_star.dim_unit WHERE code = 'VSS'), '2000-01-01' FROM generate_series(900001, 900010) i;
INSERT INTO dwh_star.fact_participation (month, unit_id, person_id, scheme_id, payer_kind, employer_id, category_id, state, is_main,
	salary_base, sex, age, load_id)
SELECT m, unit_id, i, s, 'self', 0, 0, 'active', true, 1000000000000, CASE WHEN s = 2 THEN 'M' ELSE 'F' END, 40, :load_id
FROM (VALUES ('2024-01-01'::date, 1, 900001, 900010), ('2024-01-01', 2, 900001, 900003), ('2025-12-01', 1, 900001, 900004)) AS v (m, s, a, b),
	generate_series(a, b) i, dwh_star.dim_unit
WHERE code = '01' AND level = 'province' AND valid_from <= m AND (valid_to IS NULL OR valid_to >= m);

-- arithmetic over the columns of a row is numeric, null has no type of its own
SELECT left(f, 50) AS f, pg_temp.value_of(f) FROM (VALUES (1, '[A01]{age * 100000000 > 1}'), (2, '[A01]{salary_base * salary_base * 10 > 1}'), (3, '[A01]{-null > 1}'),
	(4, '[A01]{null + null is null}'), (5, '[A01]{abs(null) is null, null / age is null}'), (6, '[A01]{greatest(null, age) = 40}'), (7, '[A01]{age ^ 2 = 1600}'),
	(8, '[A01]{(age is null) = (null)}'), (9, '[A01]{if(age > 1, null, 3) is null}'),
-- a base next to 1 with a huge exponent, constants at the limit
	(10, '1.0000000000000000001 ^ 1e30'), (11, '0.9999999999999999999999 ^ 1e40'), (12, '1.0000000000000000001 ^ 1e19'), (13, '1e1000'), (14, '9e999'),
-- functions over time that reach back for ever
	(15, repeat('prev(', 90) || '[A01]' || repeat(', 120)', 90))) AS v (n, f) ORDER BY n;
SELECT pg_temp.value_of(repeat('prev(', 90) || '[A01]' || repeat(', 120)', 90), 'year');
-- [A] + [A], where A is [B] + [B] and so on: refused, not followed for ever
SAVEPOINT doubling;
INSERT INTO dwh_catalog.indicator (indicator_id, code, name_vi, name_en, indicator_group, base_unit, display_unit, kind, subject_id, breakdowns, periods, source_systems)
SELECT 9000 + i, 'Z' || i, 'x', 'x', 'x', 'x', 'x', 'flow', 1, '{}', '{month}', 'x' FROM generate_series(1, 20) i;
INSERT INTO dwh_catalog.indicator_version (indicator_id, version, formula, valid_from, reason)
SELECT 9000 + i, 1, CASE i WHEN 20 THEN '[P_BB]' ELSE format('[Z%s]{sex = ''F''} + [Z%s]{sex = ''F''}', i + 1, i + 1) END, '1995-01-01', 'test' FROM generate_series(1, 20) i;
SELECT pg_temp.value_of('[Z1]');
SELECT is_valid, error_code, message FROM dwh.check_formula('[Z1]');
ROLLBACK TO doubling;

-- an empty list of units asks for none; a region for the provinces grouped in it; "sex": null for rows without a value
SELECT count(*) FROM dwh.indicator_values('{A01}', '2024-01-01', '2024-01-01', 'month', '{province}', p_units => '{}');
SELECT unit_code, value FROM dwh.indicator_values('{A01}', '2025-06-01', '2025-06-01', 'month', '{province}', p_units => '{KV-IX}') ORDER BY 1;
SELECT f, value FROM (VALUES (1, '{"hi_group": null}'::jsonb), (2, '{"hi_group": ["1", null]}'), (3, '{"hi_group": []}'), (4, '{"hi_group": "1"}')) AS v (n, f),
	dwh.indicator_values('{A01}', '2024-01-01', '2024-01-01', 'month', '{country}', f) ORDER BY n;
-- values of a dimension that were not met above: missing there, and further up
UPDATE dwh_catalog.indicator_version SET formula = 'coalesce(national(parent([A02])), 0) + [A01]' WHERE indicator_id = (SELECT indicator_id FROM dwh_catalog.indicator WHERE code = 'X09');
SELECT unit_code, dims, value, status FROM dwh.indicator_values('{X09}', '2024-01-01', '2024-01-01', 'month', '{base,sex}') ORDER BY 1, 2;
-- a running sum over provinces of which one has no opening load is partial: its events are no stock
INSERT INTO dwh_star.fact_book_card (month, unit_id, event_no, event_on, event, document, quantity, load_id)
SELECT '2024-01-01', unit_id, 900000 + unit_id * 10 + n, '2024-01-01', e, 'book', q, :load_id
FROM (VALUES ('01', 1, 'opening', 900), ('01', 2, 'issued', 1), ('79', 3, 'issued', 1)) AS v (c, n, e, q)
JOIN dwh_star.dim_unit u ON u.code = c AND level = 'province' AND valid_from <= '2024-01-01' AND (valid_to IS NULL OR valid_to >= '2024-01-31');
SELECT unit_code, value, status, completeness FROM dwh.indicator_values('{E01}', '2024-01-01', '2024-01-01', 'month', '{country,province}')
WHERE unit_code IN ('VSS', '01', '79') ORDER BY 1;
-- what was booked at a province stands apart from what a district that was split left to it, also where months are missing
SAVEPOINT districts;
SELECT unit_id AS province FROM dwh_star.dim_unit WHERE code = '01' AND level = 'province' \gset
INSERT INTO dwh_star.dim_unit (unit_id, code, level, name_vi, name_en, parent_unit_id, valid_from, valid_to) VALUES
	(90001, 'D1', 'district', 'x', 'x', :province, '2000-01-01', '2025-06-30'), (90002, 'B1', 'base', 'x', 'x', :province, '2025-07-01', NULL), (90003, 'B2', 'base', 'x', 'x', :province, '2025-07-01', NULL);
INSERT INTO dwh_catalog.unit_succession VALUES (90001, 90002, 'split', '2025-07-01'), (90001, 90003, 'split', '2025-07-01');
INSERT INTO dwh_star.fact_collection (month, unit_id, payer_kind, payer_id, employer_id, scheme_id, funding_source, kind, category_id, due, paid, arrears, months_late, load_id)
SELECT m, u, 'employer', 1, 0, 1, 'employer', 'regular', 0, 0, p, 0, 0, :load_id
FROM (VALUES ('2025-05-01'::date, 90001, 10), ('2025-06-01', 90001, 20), ('2025-07-01', 90002, 5), ('2025-07-01', 90003, 6), ('2025-06-01', :province, 100)) AS v (m, u, p);
SELECT unit_code, value, status, completeness FROM dwh.indicator_values('{B01}', '2025-01-01', '2025-01-01', 'year', '{country,province,base}') WHERE value IS NOT NULL;
ROLLBACK TO districts;
-- years without figures
CREATE FUNCTION pg_temp.state_of(p_from date) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM * FROM dwh.indicator_values('{A01,A14_BB,B08}', p_from, p_from, 'year', '{country,province}');
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
SELECT d, pg_temp.state_of(d) FROM (VALUES ('4713-01-01 BC'::date), ('0001-01-01'), ('1799-01-01'), ('1800-01-01'), ('9999-01-01'), ('10000-01-01'), ('5874897-01-01')) AS v (d);

-- a subject of the site: rows without a unit count nowhere, NaN is undefined, the mean of monthly means leaves out empty months
CREATE TABLE dwh_star."Site fact" ("Month of it" date, "Unit ""id""" int, v numeric);
ALTER TABLE dwh_star."Site fact" OWNER TO dwh_owner;
INSERT INTO dwh_star."Site fact" SELECT m, unit_id, x FROM dwh_star.dim_unit,
	(VALUES ('2024-01-01'::date, 10), ('2024-01-01', 30), ('2024-02-01', NULL), ('2024-03-01', 40)) AS v (m, x)
WHERE code = '01' AND level = 'province' AND valid_from <= '2024-01-01' AND coalesce(valid_to, '2024-12-31') >= '2024-12-31';
INSERT INTO dwh_star."Site fact" VALUES ('2024-01-01', NULL, 1000);
INSERT INTO dwh_catalog.subject (subject_id, code, relation, month_column, unit_column, name_vi, name_en)
VALUES (99, 'site_fact', 'dwh_star."Site fact"'::regclass, 'Month of it', 'Unit "id"', 'x', 'x');
INSERT INTO dwh_catalog.measure (measure_id, code, subject_id, aggregate, expression, time_behaviour, unit_of_measure)
VALUES (901, 'SITE_SUM', 99, 'sum', 'v', 'flow', 'x'), (902, 'SITE_AVG', 99, 'avg', 'v', 'average', 'x'), (903, 'SITE_MAX', 99, 'max', 'v', 'cumulative', 'x');
SELECT f, pg_temp.value_of(f, 'quarter') FROM (VALUES (1, '[SITE_SUM]'), (2, '[SITE_AVG]'), (3, '[SITE_MAX]'), (4, 'prev([SITE_MAX], 2)')) AS v (n, f) ORDER BY n;
UPDATE dwh_star."Site fact" SET v = 'NaN' WHERE v = 30;
SELECT f, pg_temp.value_of(f) FROM (VALUES (1, '[SITE_SUM]'), (2, '[SITE_SUM] + 1'), (3, '[SITE_SUM] ^ 2'), (4, 'round(1, [SITE_SUM])')) AS v (n, f) ORDER BY n;
-- its table dropped: no source, and the server stays up
DROP TABLE dwh_star."Site fact";
SELECT pg_temp.value_of('[SITE_SUM]'), pg_temp.value_of('[A01]');
SELECT is_valid, error_code FROM dwh.check_formula('[SITE_SUM]{v > 1}');
ROLLBACK;

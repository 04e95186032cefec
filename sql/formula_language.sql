-- The formula language: what it accepts, how it says what is wrong, and what its operators and functions answer at their edges.
-- 893-072
\pset null '-'
SET client_min_messages = warning;
SET datestyle = ISO;
-- every formula that is shipped is sound, and its canonical form is stable
SELECT i.code, v.formula, c.canonical, c.message
FROM dwh_catalog.indicator i JOIN dwh_catalog.indicator_version v USING (indicator_id), dwh.check_formula(v.formula) c
WHERE NOT c.is_valid OR c.canonical <> v.formula OR (SELECT canonical FROM dwh.check_formula(c.canonical)) <> c.canonical;
SELECT canonical, refs, dimensions FROM dwh.check_formula('100*[A03] / [X02]');
SELECT canonical, refs, dimensions FROM dwh.check_formula('1 + 1');
-- canonical: one blank around operators, parentheses only where precedence needs them
SELECT f, canonical, (SELECT c2.canonical FROM dwh.check_formula(c.canonical) c2) = canonical AS is_stable
FROM (VALUES
	(1, '((1))+(2*3)'), (2, '(1+2)*3'), (3, '1-(2-3)'), (4, '(1-2)-3'), (5, '2^(3^4)'), (6, '(2^3)^4'), (7, '-2^2'), (8, '(-2)^2'), (9, '- - 1'),
	(10, '1 - -1'), (11, 'if(1<2 AND NOT(2<1),1,0)'), (12, 'if((1<2)and((2<1)or(3<4)),1,0)'), (13, 'if(1 not in(1,-2),1,0)'),
	(14, 'if([A01] IS not NULL,1,0)'), (15, 'people(([A01]|[A02])-([A04]&[A06]))'), (16, '[A01]{sex=''F'',age>=60}'),
	(17, '[A01] {category.name_vi = ''Người lao động''''s''}'), (18, E'1\n+\t2'), (19, '1.50e2 % 7')) AS v (n, f),
	dwh.check_formula(f) c ORDER BY n;
-- what is wrong: where, what was met, what was expected, the nearest known name
SELECT f, error_code AS code, error_position AS at, message, detail, hint FROM (VALUES
	(1, ''), (2, '[A01] +'), (3, '[A01] [A02]'), (4, '([A01]'), (5, '[A01'), (6, '[A01]{sex = ''F}'), (7, 'Tổng([A01])'), (8, '1 = 1 = 1'),
	(9, '[P_BX]'), (10, 'grwoth([A01])'), (11, 'growth([A01], 2)'), (12, 'select(1)'), (13, '[A01] > 0'), (14, 'if([A01], 1, 2)'),
	(15, 'if(1 > 0, 1, 2 > 1)'), (16, '[A01]{colour = 1}'), (17, '[A01]{sex = 3}'), (18, '[A01]{person.full_name = ''x''}'),
	(19, '[A01]{sex}'), (20, '[A01]{card_from > ''2024-13-01''}'), (21, 'people([B01] | [P_BB])'), (22, 'people([A08])'), (23, 'people(1)'),
	(24, 'prev([A01], 0)'), (25, 'prev([A01], 1.5)'), (26, 'prev([A01], [A02])'), (27, 'sex + 1'), (28, '1 + ''x'''), (29, '[a01]'),
	(30, '[A01]{[A02] > 1}'), (31, '; DROP TABLE x'), (32, '1 -- comment')) AS v (n, f), dwh.check_formula(f) ORDER BY n;
-- limits
SELECT error_code, message FROM dwh.check_formula(repeat('(', 101) || '1' || repeat(')', 101));
SELECT error_code, message FROM dwh.check_formula(repeat('-', 101) || '1');
SELECT error_code, message FROM dwh.check_formula('1' || repeat(' + 1', 1500));
SELECT error_code, message FROM dwh.check_formula(repeat('(', 9000));
SELECT error_code, message FROM dwh.check_formula(repeat(' ', 10001));

-- values: the formula stands in for that of an indicator
BEGIN;
INSERT INTO dwh_log.load_run (source_id, batch, status) VALUES (9, 'formula_language', 'done') RETURNING load_id \gset
INSERT INTO dwh_star.fact_manual (month, indicator, period_type, period_start, unit_id, kind, source_id, source_note, value, load_id)
SELECT '2024-01-01', i, 'year', '2024-01-01', unit_id, 'actual', 9, 'test', v, :load_id
FROM (VALUES ('X01', 7), ('X02', 0), ('X03', -4)) AS v (i, v), dwh_star.dim_unit WHERE code = 'VSS';
CREATE FUNCTION pg_temp.value_of(p_formula text, OUT value text, OUT status text) LANGUAGE plpgsql AS $$
BEGIN
	UPDATE dwh_catalog.indicator_version SET formula = p_formula
	WHERE indicator_id = (SELECT indicator_id FROM dwh_catalog.indicator WHERE code = 'X09');
	SELECT CASE WHEN length(v.value::text) > 40 THEN 'of ' || length(trunc(v.value)::text) || ' digits' ELSE trim_scale(round(v.value, 6))::text END, v.status
	INTO value, status FROM dwh.indicator_values('{X09}', '2024-01-01', '2024-01-01', 'month', '{country}') AS v;
EXCEPTION WHEN OTHERS THEN
	value := SQLSTATE;
	status := SQLERRM;
END $$;
-- X01 is 7, X02 is 0, X03 is -4, X04 is missing
SELECT left(f, 66) AS f, value, status FROM (VALUES
	(1, '1 + 2 * 3'), (2, '(1 + 2) * 3'), (3, '7 - 2 - 1'), (4, '2 ^ 3 ^ 2'), (5, '-2 ^ 2'), (6, '(-2) ^ 2'), (7, '7 % 4'), (8, '-7 % 4'), (9, '7 / 2'),
	(10, '1 / 3'), (11, '[X01] / [X02]'), (12, '[X01] % [X02]'), (13, '[X01] + [X04]'), (14, '[X04] / [X02]'), (15, '0 * [X04]'),
	(16, 'coalesce([X04], [X01], 1)'), (17, 'coalesce([X04], [X04])'), (18, 'nullif([X01], 7)'), (19, 'nullif([X01], 8)'), (20, 'nullif([X04], 8)'),
	(21, 'abs([X03])'), (22, 'round(2.5)'), (23, 'round(-2.567, 2)'), (24, 'round(1234.5, -2)'), (25, 'floor(-1.5)'), (26, 'ceil(-1.5)'),
	(27, 'sqrt(2)'), (28, 'sqrt([X03])'), (29, 'ln([X02])'), (30, 'ln([X03])'), (31, 'ln(exp(1))'), (32, 'exp(5000)'), (33, 'exp(-5000)'), (34, 'exp(1000)'),
	(35, '0 ^ 0'), (36, '0 ^ -1'), (37, '[X03] ^ 0.5'), (38, '[X03] ^ 3'), (39, '10 ^ 999'), (40, '10 ^ 1000'), (41, '10 ^ 999 * 10'), (42, '10 ^ 999 * 9'),
	(43, '10 ^ -5'), (44, '1e1001'), (45, '1e99999999999'), (46, '0.000000001 * 1000000000'), (47, '99999999999999999999 + 1'),
	(48, 'greatest(1, [X01], [X04])'), (49, 'least(1, [X03], [X04])'), (50, 'greatest([X04], [X04])'),
	(51, 'if([X01] > 6, 1, 2)'), (52, 'if([X01] > 7, 1, 2)'), (53, 'if([X04] > 7, 1, 2)'), (54, 'if([X01] > 6, 1, [X04])'), (55, 'if([X01] < 6, 1, [X04])'),
	(56, 'if([X04] is null, 1, 2)'), (57, 'if([X01] is not null, 1, 2)'), (58, 'if([X04] > 1 or [X01] > 1, 1, 2)'), (59, 'if([X04] > 1 and [X01] > 1, 1, 2)'),
	(60, 'if([X04] > 1 and [X01] < 1, 1, 2)'), (61, 'if(not [X01] > 1, 1, 2)'), (62, 'if([X01] in (1, 7), 1, 2)'), (63, 'if([X01] not in (1, 7), 1, 2)'),
	(64, 'if([X04] in (1, 7), 1, 2)'), (65, 'if([X01] = 7 and [X01] <> 8 and [X01] >= 7 and [X01] <= 7, 1, 2)'), (66, 'if(true, 1, 2)'), (67, 'if(false, 1, 2)'),
	(68, '[X01] - null'), (69, 'prev([X01], 12)'), (70, 'prev([X01], 1)'), (71, 'same_period_last_year([X01])'), (72, 'growth([X01])'), (73, 'ytd([X01])'),
	(74, 'average([X01])'), (75, 'rolling_sum(1, 12)'), (76, 'rolling_avg([X01] * 2, 1)'), (77, 'parent([X01])'), (78, 'national([X01])'),
	(79, repeat('(', 90) || '[X01]' || repeat(')', 90)), (80, repeat('rolling_sum(', 4) || '[X01]' || repeat(', 120)', 4))) AS v (n, f),
	pg_temp.value_of(f) ORDER BY n;
ROLLBACK;

-- other periods and units, over facts: 10 units a month in 2023, then 10 more each month
BEGIN;
INSERT INTO dwh_log.load_run (source_id, batch, status) VALUES (1, 'formula_language', 'done') RETURNING load_id \gset
INSERT INTO dwh_star.dim_person (person_id, sex, home_unit_id, valid_from)
SELECT i, CASE WHEN i % 2 = 0 THEN 'F' ELSE 'M' END, (SELECT unit_id FROM dwh_star.dim_unit WHERE code = 'VSS'), '2000-01-01'
FROM generate_series(900001, 900040) i;
INSERT INTO dwh_star.fact_collection (month, unit_id, payer_kind, payer_id, employer_id, scheme_id, funding_source, kind, category_id,
	due, paid, arrears, months_late, load_id)
SELECT m, unit_id, 'employer', 1, 0, 1, 'employer', 'regular', 0, 0,
	CASE WHEN m < '2024-01-01' THEN 10 ELSE 10 * (1 + extract(month FROM m))::int END * CASE code WHEN '01' THEN 1 ELSE 2 END, 0, 0, :load_id
FROM generate_series('2023-01-01'::date, '2024-06-01', '1 month') AS g (t), LATERAL (SELECT t::date AS m) x, dwh_star.dim_unit
WHERE code IN ('01', '79') AND level = 'province' AND valid_from <= '2023-01-01' AND (valid_to IS NULL OR valid_to >= '2024-06-30');
INSERT INTO dwh_star.fact_participation (month, unit_id, person_id, scheme_id, payer_kind, employer_id, category_id, state, is_main,
	salary_base, sex, age, load_id)
SELECT '2024-06-01', (SELECT unit_id FROM dwh_star.dim_unit WHERE code = '01' AND level = 'province'), i, s, 'self', 0, 0, 'active', true, 0,
	CASE WHEN i % 2 = 0 THEN 'F' ELSE 'M' END, 30, :load_id
FROM (VALUES (1, 900001, 900010), (2, 900006, 900015)) AS v (s, a, b), generate_series(a, b) i;
INSERT INTO dwh_star.fact_benefit (month, unit_id, person_id, benefit_id, fund_id, amount, turns, sex, age, load_id)
SELECT '2024-06-01', (SELECT unit_id FROM dwh_star.dim_unit WHERE code = '01' AND level = 'province'), i,
	(SELECT min(benefit_id) FROM dwh_star.dim_benefit WHERE branch = 'BHXH' AND periodicity = 'monthly'), (SELECT min(fund_id) FROM dwh_star.dim_fund), 1, 1, 'F', 62, :load_id
FROM generate_series(900011, 900020) i;
CREATE FUNCTION pg_temp.values_of(p_formula text, p_period text, p_month date) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	UPDATE dwh_catalog.indicator_version SET formula = p_formula
	WHERE indicator_id = (SELECT indicator_id FROM dwh_catalog.indicator WHERE code = 'X09');
	RETURN (SELECT string_agg(unit_code || ' ' || coalesce(trim_scale(round(value, 4))::text, '-') || CASE status WHEN 'ok' THEN '' ELSE ' ' || status END, ', ' ORDER BY unit_code)
		FROM dwh.indicator_values('{X09}', p_month, p_month, p_period, '{country,province}') WHERE unit_code IN ('01', '79', 'VSS'));
END $$;
SELECT period, month, f, pg_temp.values_of(f, period, month::date) FROM (VALUES
	(1, 'month', '2024-03-01', '[B01]'), (2, 'month', '2024-03-01', 'prev([B01], 1)'), (3, 'month', '2024-03-01', 'prev([B01], 3)'),
	(4, 'month', '2024-03-01', 'same_period_last_year([B01])'), (5, 'month', '2024-03-01', 'growth([B01])'), (6, 'month', '2024-03-01', 'ytd([B01])'),
	(7, 'month', '2024-03-01', 'growth(ytd([B01]))'), (8, 'month', '2024-03-01', 'rolling_sum([B01], 3)'), (9, 'month', '2024-03-01', 'rolling_avg([B01], 3)'),
	(10, 'quarter', '2024-04-01', '[B01]'), (11, 'quarter', '2024-04-01', 'prev([B01], 1)'), (12, 'quarter', '2024-04-01', 'average([B01])'),
	(13, 'quarter', '2024-04-01', 'ytd([B01])'), (14, 'half', '2024-01-01', '[B01]'), (15, 'ytd', '2024-03-01', 'prev([B01], 1)'), (16, 'ytd', '2024-03-01', 'growth([B01])'),
	(17, 'month', '2024-03-01', '100 * [B01] / parent([B01])'), (18, 'month', '2024-03-01', '100 * [B01] / national([B01])'), (19, 'year', '2023-01-01', '[B01]'),
	(20, 'month', '2024-06-01', 'people([P_BB] | [P_TN])'), (21, 'month', '2024-06-01', 'people([P_BB] & [P_TN])'), (22, 'month', '2024-06-01', 'people([P_BB] - [P_TN])'),
	(23, 'month', '2024-06-01', 'people([A01] | [A02] | [C01])'), (24, 'month', '2024-06-01', 'people([P_TN] & [BN_MONTHLY])'), (25, 'month', '2024-06-01', 'people([P_BB]{sex = ''F''} | [P_TN]{sex = ''F''})'),
	(26, 'month', '2024-06-01', '[A01]{sex = ''F''}'), (27, 'month', '2024-06-01', '[A03]{sex in (''F'', ''M''), age >= 30, age_group = ''25-34''}'), (28, 'month', '2024-06-01', '[A03]{age < 30}'),
	(29, 'month', '2024-06-01', '[C01]{age >= 60}'), (30, 'month', '2024-06-01', 'national([A01]) - [A01]'), (31, 'month', '2024-05-01', 'people([P_BB] | [P_TN])')) AS v (n, period, month, f) ORDER BY n;
-- with dimensions a share of the country's total is that of the same dimension values
UPDATE dwh_catalog.indicator_version SET formula = '100 * [A03] / national([A03])' WHERE indicator_id = (SELECT indicator_id FROM dwh_catalog.indicator WHERE code = 'X09');
SELECT unit_code, dims, round(value, 2) AS value, status FROM dwh.indicator_values('{X09}', '2024-06-01', '2024-06-01', 'month', '{province,scheme}') ORDER BY 1, 2;
ROLLBACK;

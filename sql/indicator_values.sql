-- Values of indicators: what each time behaviour answers, on hand-made facts whose results a reader can check in the head.
-- 893-003 893-008 893-049 893-072
\pset null '-'
SET client_min_messages = warning;
SET datestyle = ISO;
BEGIN;
CREATE FUNCTION pg_temp.unit(p_code text, p_on date) RETURNS int LANGUAGE sql AS
$$ SELECT unit_id FROM dwh_star.dim_unit WHERE code = p_code AND level IN ('centre', 'province')
	AND valid_from <= p_on AND (valid_to IS NULL OR valid_to >= p_on) $$;
INSERT INTO dwh_log.load_run (source_id, batch, status) VALUES (1, 'indicator_values', 'done') RETURNING load_id \gset
INSERT INTO dwh_star.dim_person (person_id, sex, home_unit_id, valid_from)
SELECT i, CASE WHEN i % 2 = 0 THEN 'F' ELSE 'M' END, pg_temp.unit('01', '2024-01-01'), '2000-01-01'
FROM generate_series(900001, 900040) i;
INSERT INTO dwh_star.dim_employer (employer_id, code, name_vi, name_en, economic_type, management_type, valid_from)
SELECT i, 'E' || i, 'Đơn vị ' || i, 'Employer ' || i, e.economic_type, e.management_type, '2000-01-01'
FROM generate_series(900001, 900002) i, LATERAL (SELECT economic_type, management_type FROM dwh_star.dim_employer LIMIT 1) e;
CREATE PROCEDURE pg_temp.participate(p_month date, p_unit text, p_first int, p_last int, p_scheme int, p_employer int DEFAULT 0,
	p_load int DEFAULT NULL) LANGUAGE sql AS $$
INSERT INTO dwh_star.fact_participation (month, unit_id, person_id, scheme_id, payer_kind, employer_id, category_id, state, is_main,
	card_from, card_to, salary_base, sex, age, load_id)
SELECT p_month, pg_temp.unit(p_unit, p_month), i, p_scheme, CASE WHEN p_employer > 0 THEN 'employer' ELSE 'self' END, p_employer, 0,
	'active', true, '2020-01-01', '2030-12-31', 1000000, CASE WHEN i % 2 = 0 THEN 'F' ELSE 'M' END, 20 + i % 50, p_load
FROM generate_series(p_first, p_last) i $$;

-- A stock: the last month of the period counts. Hà Nội has 10, 11, 10 people, Bình Định 5 and 6 and no March.
CALL pg_temp.participate('2024-01-01', '01', 900001, 900010, 1, p_load => :load_id);
CALL pg_temp.participate('2024-02-01', '01', 900001, 900011, 1, p_load => :load_id);
CALL pg_temp.participate('2024-03-01', '01', 900001, 900010, 1, p_load => :load_id);
CALL pg_temp.participate('2024-01-01', '52', 900021, 900025, 1, p_load => :load_id);
CALL pg_temp.participate('2024-02-01', '52', 900021, 900026, 1, p_load => :load_id);
SELECT unit_code, period_start, value, status, completeness
FROM dwh.indicator_values('{A01}', '2024-01-01', '2024-03-01', 'month', '{country,province}', p_units => '{VSS}')
WHERE unit_code IN ('VSS', '01', '52') ORDER BY 1, 2;
SELECT unit_code, value, status, completeness
FROM dwh.indicator_values('{A01}', '2024-01-01', '2024-03-01', 'quarter', '{country,province}')
WHERE unit_code IN ('VSS', '01', '52', '79') ORDER BY 1;
SELECT unit_code, dims, value, status FROM dwh.indicator_values('{A01}', '2024-03-01', '2024-03-01', 'month', '{province,sex}')
ORDER BY 1, 2;
SELECT dims, value FROM dwh.indicator_values('{A01}', '2024-03-01', '2024-03-01', 'month', '{age_group}', '{"sex": "F"}') ORDER BY 1;

-- One person with two employers is one participant and one person-month, and brings both salaries.
CALL pg_temp.participate('2024-04-01', '01', 900001, 900001, 1, 900001, :load_id);
CALL pg_temp.participate('2024-04-01', '01', 900001, 900002, 1, 900002, :load_id);
SELECT indicator, value, numerator, denominator FROM dwh.indicator_values('{A01,A07,B11}', '2024-04-01', '2024-04-01', 'month', '{country}');

-- A flow is added, its year-to-date starts in January; growth compares with the same period of the year before.
INSERT INTO dwh_star.fact_collection (month, unit_id, payer_kind, payer_id, employer_id, scheme_id, funding_source, kind, category_id,
	due, paid, arrears, months_late, load_id)
SELECT m, pg_temp.unit('01', m), 'employer', 1, 0, s, 'employer', 'regular', 0, paid * 2, paid, arrears, 0, :load_id
FROM (VALUES ('2024-01-01'::date, 1, 10, 5), ('2024-02-01', 1, 20, 7), ('2024-03-01', 1, 30, 9), ('2024-03-01', 3, 5, 0),
			 ('2023-01-01', 1, 8, 0), ('2023-02-01', 1, 12, 0), ('2023-03-01', 1, 20, 0)) AS v (m, s, paid, arrears);
SELECT indicator, period, period_start, value, status
FROM dwh.indicator_values('{B01,B03,B04,B07,B09}', '2024-01-01', '2024-03-01', 'month', '{country}')
UNION ALL SELECT indicator, period, period_start, value, status
FROM dwh.indicator_values('{B01,B07,B08,B09}', '2024-01-01', '2024-01-01', 'quarter', '{country}')
UNION ALL SELECT indicator, period, period_start, round(value, 6), status
FROM dwh.indicator_values('{B01,B08,B10}', '2024-03-01', '2024-03-01', 'ytd', '{country}')
ORDER BY 1, 2, 3;
SELECT dims, value FROM dwh.indicator_values('{B04}', '2024-03-01', '2024-03-01', 'month', '{scheme}') ORDER BY 1;
-- a late-payment rate by month would be twelve times too high: it is not given
SELECT indicator, value, status FROM dwh.indicator_values('{B10}', '2024-03-01', '2024-03-01', 'month', '{country}');

-- People ever in the period are counted once, turns are added.
INSERT INTO dwh_star.fact_decision (month, unit_id, person_id, benefit_id, decision, turns, sex, age, load_id)
SELECT m, pg_temp.unit('01', m), 900001, (SELECT min(benefit_id) FROM dwh_star.dim_benefit WHERE benefit_group = 'lump_sum'),
	'award', 1, 'M', 40, :load_id FROM (VALUES ('2024-01-01'::date), ('2024-03-01')) AS v (m);
SELECT indicator, value, status, completeness
FROM dwh.indicator_values('{C03_P,C03_T}', '2024-01-01', '2024-01-01', 'quarter', '{country}') ORDER BY 1;

-- The opening balance is that of the first month; a fund's balance is opening + revenue - expenditure.
INSERT INTO dwh_star.fact_ledger (month, unit_id, account_id, fund_id, revenue, expenditure, opening, closing, load_id)
SELECT m, pg_temp.unit('VSS', m), (SELECT min(account_id) FROM dwh_star.dim_ledger_account WHERE nature = n),
	(SELECT min(fund_id) FROM dwh_star.dim_fund WHERE fund_group = 'BHXH'), r, e, o, c, :load_id
FROM (VALUES ('2024-01-01'::date, 'balance', 0, 0, 500, 520), ('2024-02-01', 'balance', 0, 0, 520, 510),
			 ('2024-01-01', 'contribution', 50, 0, 0, 0), ('2024-01-01', 'benefit', 0, 30, 0, 0),
			 ('2024-02-01', 'contribution', 20, 0, 0, 0), ('2024-02-01', 'benefit', 0, 30, 0, 0)) AS v (m, n, r, e, o, c);
SELECT indicator, period_start, value FROM dwh.indicator_values('{D07,D08}', '2024-01-01', '2024-02-01', 'month', '{country}') ORDER BY 1, 2;
SELECT indicator, value FROM dwh.indicator_values('{D08}', '2024-02-01', '2024-02-01', 'ytd', '{country}');

-- A running sum starts at its opening load; without one it is missing.
INSERT INTO dwh_star.fact_book_card (month, unit_id, event_no, event_on, event, document, quantity, load_id)
SELECT m, pg_temp.unit('01', m), 900000 + row_number() OVER (), m, e, 'book', q, :load_id
FROM (VALUES ('2023-12-01'::date, 'opening', 900, 1), ('2024-01-01', 'issued', 1, 10), ('2024-02-01', 'issued', 1, 20),
			 ('2024-03-01', 'issued', 1, 30), ('2024-03-01', 'withdrawn', 1, 4)) AS v (m, e, q, n), generate_series(1, n);
SELECT period_start, value, status FROM dwh.indicator_values('{E01}', '2023-11-01', '2024-03-01', 'month', '{country}') ORDER BY 1;
SELECT unit_code, value, status FROM dwh.indicator_values('{E01}', '2024-01-01', '2024-01-01', 'quarter', '{province}')
WHERE unit_code IN ('01', '79') ORDER BY 1;

-- The mean of the month-ends: cards 10, 11 and 12; visits are counted at the card's office.
CALL pg_temp.participate('2024-01-01', '01', 900001, 900010, 5, p_load => :load_id);
CALL pg_temp.participate('2024-02-01', '01', 900001, 900011, 5, p_load => :load_id);
CALL pg_temp.participate('2024-03-01', '01', 900001, 900012, 5, p_load => :load_id);
INSERT INTO dwh_star.dim_facility (facility_id, code, name_vi, name_en, tier, valid_from)
SELECT 900001, 'F900001', 'Bệnh viện', 'Hospital', tier, '2000-01-01' FROM (SELECT 'province' AS tier) t;
INSERT INTO dwh_star.fact_benefit (month, unit_id, person_id, benefit_id, fund_id, amount, turns, sex, age, load_id)
SELECT '2024-01-01', pg_temp.unit('01', '2024-01-01'), 900001, min(benefit_id), 1, 100, 1, 'M', 40, :load_id FROM dwh_star.dim_benefit;
INSERT INTO dwh_star.fact_claim (month, unit_id, card_unit_id, claim_no, person_id, facility_id, visit_kind, asked, accepted, sex, age, load_id)
SELECT '2024-02-01', pg_temp.unit('52', '2024-02-01'), pg_temp.unit('01', '2024-02-01'), 900000 + i, 900001, 900001,
	CASE WHEN i = 1 THEN 'inpatient' ELSE 'outpatient' END, 110, 100, 'M', 40, :load_id FROM generate_series(1, 22) i;
SELECT indicator, unit_code, round(value, 4) AS value, round(numerator, 4) AS numerator, round(denominator, 4) AS denominator, status
FROM dwh.indicator_values('{C09,C10,C12,C13,C14}', '2024-01-01', '2024-01-01', 'quarter', '{province}')
WHERE unit_code IN ('01', '52') ORDER BY 1, 2;

-- Figures entered by people. The latest known is used; the asked unit's own figure wins over the sum of those below it.
INSERT INTO dwh_star.fact_manual (month, indicator, period_type, period_start, unit_id, kind, source_id, source_note, value, load_id)
SELECT m, i, 'year', m, pg_temp.unit(u, m), k, 9, 'test', v, :load_id
FROM (VALUES ('2023-01-01'::date, 'X01', 'VSS', 'estimate', 1000), ('2023-01-01', 'X01', 'VSS', 'actual', 1010),
			 ('2023-01-01', 'X01', '01', 'actual', 80), ('2023-01-01', 'X02', 'VSS', 'actual', 0),
			 ('2024-01-01', 'X05', '52', 'actual', 7), ('2024-01-01', 'X05', '64', 'actual', 5),
			 ('2024-01-01', 'A01', 'VSS', 'plan', 50)) AS v (m, i, u, k, v);
SELECT unit_code, period_start, value, status FROM dwh.indicator_values('{X01}', '2022-12-01', '2024-03-01', 'month', '{country,province}')
WHERE unit_code IN ('VSS', '01') AND period_start IN ('2022-12-01', '2023-03-01', '2024-03-01') ORDER BY 1, 2;
-- merged provinces: 7 + 5 on the map of July 2025, and the country is the sum of what is known
SELECT unit_code, unit_name, value, status FROM dwh.indicator_values('{X05}', '2024-12-01', '2024-12-01', 'month', '{country,province}',
	p_map => '2025-07-01') WHERE unit_code IN ('VSS', '52') ORDER BY 1;
-- a denominator of zero, a plan of the year under a month and under the next year
SELECT indicator, value, numerator, denominator, status FROM dwh.indicator_values('{A09}', '2024-03-01', '2024-03-01', 'month', '{country}');
SELECT indicator, period_start, value, status FROM dwh.indicator_values('{A13_BB}', '2024-03-01', '2024-03-01', 'month', '{country}')
UNION ALL SELECT indicator, period_start, value, status FROM dwh.indicator_values('{A13_BB}', '2025-01-01', '2025-01-01', 'month', '{country}');

-- Code 52 is Bình Định before and Gia Lai after; figures of both old provinces stand under it on the later map.
CALL pg_temp.participate('2025-06-01', '52', 900001, 900003, 1, p_load => :load_id);
CALL pg_temp.participate('2025-06-01', '64', 900004, 900008, 1, p_load => :load_id);
CALL pg_temp.participate('2025-07-01', '52', 900001, 900009, 1, p_load => :load_id);
SELECT period_start, unit_code, unit_name, value FROM dwh.indicator_values('{A01}', '2025-06-01', '2025-07-01')
WHERE unit_code IN ('52', '64') ORDER BY 1, 2;
SELECT period_start, unit_code, unit_name, value FROM dwh.indicator_values('{A01}', '2025-06-01', '2025-07-01', p_map => '2025-07-01')
WHERE unit_code IN ('52', '64') ORDER BY 1, 2;
SELECT dwh.get_value('A01', '2025-06-01', 'month', '52') AS binh_dinh, dwh.get_value('A01', '2025-07-01', 'month', '52') AS gia_lai,
	dwh.get_value('A01', '2025-07-01') AS country, dwh.get_value('A01', '2025-05-01') AS missing;

-- A province that was split has no heir: on the later map its figures stand under itself, status split, and the country keeps them.
SAVEPOINT split;
UPDATE dwh_catalog.unit_succession SET kind = 'split' WHERE predecessor_unit_id = pg_temp.unit('64', '2025-06-01') AND effective_on = '2025-07-01';
SELECT unit_code, unit_name, value, status, completeness FROM dwh.indicator_values('{A01}', '2025-06-01', '2025-06-01', 'month', '{country,province}',
	p_map => '2025-07-01') WHERE unit_code IN ('52', '64', 'VSS') ORDER BY 1;
ROLLBACK TO split;

-- Each period is computed by the version in force at its end.
UPDATE dwh_catalog.indicator_version SET valid_to = '2024-02-29' WHERE indicator_id = (SELECT indicator_id FROM dwh_catalog.indicator WHERE code = 'B05');
INSERT INTO dwh_catalog.indicator_version (indicator_id, version, formula, valid_from, reason)
SELECT indicator_id, 2, '[K_DUE] * 1000', '2024-03-01', 'test' FROM dwh_catalog.indicator WHERE code = 'B05';
SELECT period_start, value, version FROM dwh.indicator_values('{B05}', '2024-01-01', '2024-03-01', 'month', '{country}') ORDER BY 1;

-- Every number says where it comes from: formulas, versions, numbers filled in, what the measures count and which loads brought it. 893-063
SELECT regexp_replace(dwh.explain_value_text('B10', '2024-03-01', 'ytd'), 'loads \d+', 'loads N', 'g');
SELECT regexp_replace(dwh.explain_value_text('C14', '2024-01-01', 'quarter', '01'), 'loads \d+', 'loads N', 'g');
SELECT depth, part, kind, value, status, period, period_start, unit_code, detail -> 'loads' -> 0 ->> 'batch' AS batch, detail -> 'loads' -> 0 ->> 'rows' AS rows
FROM dwh.explain_value('A09', '2024-03-01');
SELECT dwh.explain_value_text('B10', '2024-03-01');
SELECT dwh.explain_value_text('B05', '2024-02-01') LIKE '%version 1%' AS old, dwh.explain_value_text('B05', '2024-03-01') LIKE '%version 2%' AS new;

-- A subject without any row has no source yet; one with rows elsewhere has no data.
SELECT indicator, value, status FROM dwh.indicator_values('{H02,F01,A01}', '2022-01-01', '2022-01-01', 'year', '{country}') ORDER BY 1;
-- every indicator of the catalogue can be asked for at once
SELECT count(DISTINCT indicator) FROM dwh.indicator_values((SELECT array_agg(code) FROM dwh_catalog.indicator),
	'2024-01-01', '2024-01-01', 'year', '{country}');

-- What is wrong is said, with what to do.
CREATE FUNCTION pg_temp.attempt(p_sql text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	v_state text; v_message text; v_detail text; v_hint text;
BEGIN
	EXECUTE p_sql;
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS v_state = RETURNED_SQLSTATE, v_message = MESSAGE_TEXT, v_detail = PG_EXCEPTION_DETAIL, v_hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' | ', v_state, v_message, nullif(v_detail, ''), nullif(v_hint, ''));
END $$;
SELECT pg_temp.attempt(format('SELECT * FROM dwh.indicator_values(%s)', a)) FROM (VALUES
	(1, $$'{A0l}', '2024-01-01', '2024-01-01'$$),
	(2, $$'{A01}', '2024-01-02', '2024-02-01'$$),
	(3, $$'{A01}', '2024-01-01', '2024-01-31'$$),
	(4, $$'{A01}', '2024-02-01', '2024-01-01'$$),
	(5, $$'{A01}', '2024-02-01', '2024-06-01', 'quarter'$$),
	(6, $$'{A01}', '2024-01-01', '2024-01-01', 'week'$$),
	(7, $$'{A01}', '2024-01-01', '2024-01-01', 'month', '{sexx}'$$),
	(8, $$'{A01}', '2024-01-01', '2024-01-01', 'month', '{tier}'$$),
	(9, $$'{X01}', '2024-01-01', '2024-01-01', 'month', '{employer_type}'$$),
	(10, $$'{A01}', '2024-01-01', '2024-01-01', 'month', '{province}', '["sex"]'$$),
	(11, $$'{A01}', '2024-01-01', '2024-01-01', 'month', '{province}', '{"colour": "red"}'$$),
	(12, $$'{A01}', '2024-01-01', '2024-01-01', 'month', '{province}', '{}', '{O1}'$$),
	(13, $$'{A01}', '2025-06-01', '2025-07-01', 'month', '{province}', '{}', NULL, '2025-06-30'$$),
	(14, $$'{A01}', '2024-01-01', '2024-01-01', 'month', '{province}', '{}', NULL, NULL, '2024-05-01'$$),
	(15, $$'{A01,NULL}', '2024-01-01', '2024-01-01'$$),
	(16, $$'{A01}', NULL, '2024-01-01'$$),
	(17, $$'{A01}', '1800-01-01', '2024-01-01'$$),
	(18, $$'{A01}', '2024-01-01', 'infinity'$$),
	(19, $$'{A01}', '2024-01-01', '2024-01-01', 'month', '{province,NULL}'$$)) AS v (n, a) ORDER BY n;
SELECT pg_temp.attempt($$SELECT dwh.get_value('A01', '2025-07-01', 'month', '64')$$);
SAVEPOINT broken;
UPDATE dwh_catalog.indicator_version SET formula = f FROM (VALUES ('A01', '[A02] + [P_BB'), ('C02_P', '[C02_P] + 1'), ('A04', '[P_UI] + [P_UX]'),
	('A06', 'sum([P_WI])'), ('A07', '[P_EMPLOYERS]{colour = 1}'), ('C01', '[BN_MONTHLY]{person.full_name = ''x''}')) AS v (code, f)
WHERE indicator_id = (SELECT indicator_id FROM dwh_catalog.indicator i WHERE i.code = v.code);
SELECT code, pg_temp.attempt(format('SELECT * FROM dwh.indicator_values(%L, %L, %L)', ARRAY[code], '2024-01-01', '2024-01-01'))
FROM (VALUES ('A01'), ('A04'), ('A06'), ('A07'), ('C01'), ('C02_P')) AS v (code) ORDER BY 1;
ROLLBACK TO broken;

-- Whoever has no scope sees no value.
CREATE ROLE regress_indicator_reader;
GRANT dwh_analyst TO regress_indicator_reader;
SET ROLE regress_indicator_reader;
SELECT canonical FROM dwh.check_formula('[A01]+1');
SELECT count(*) FROM dwh.indicator_values('{A01}', '2024-01-01', '2024-03-01', 'quarter', '{country,province}');
SELECT dwh.get_value('A01', '2024-01-01') IS NULL AS is_null;
SELECT count(*) FROM dwh.explain_value('A01', '2024-01-01');
RESET ROLE;
ROLLBACK;

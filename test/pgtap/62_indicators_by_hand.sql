-- 893-003 893-049 893-072: every indicator of the catalogue against a statement written by hand, over made-up facts: months, quarters,
-- halves, years and year-to-date, the country, provinces that stay, that are merged, and the ministry of defence.
BEGIN;
SELECT plan(4);
\set world_seed 0.893
\o /dev/null
\ir include/random_world.psql
\o

-- Outside series (latest known counts; older ones and those of later years do not) and plans (exactly the year's).
INSERT INTO dwh_star.fact_manual (month, indicator, period_type, period_start, unit_id, kind, source_id, source_note, value, load_id)
SELECT y, 'X0' || x, 'year', y, unit_id, 'actual', 9, 'by hand', 1000 * x + 10 * home + extract(year FROM y)::int, :load_id
FROM generate_series(1, 9) x, (VALUES (0, date '2023-01-01'), (0, '2024-01-01'), (1, '2024-01-01'), (2, '2024-01-01'), (2, '2025-01-01'), (3, '2023-01-01'), (4, '2024-01-01'),
	(0, '2026-01-01')) AS v (home, y) JOIN (SELECT home, old_id AS unit_id FROM office UNION SELECT 0, :centre) o USING (home);
INSERT INTO dwh_star.fact_manual (month, indicator, period_type, period_start, unit_id, kind, source_id, source_note, value, load_id)
SELECT y, i, 'year', y, unit_id, 'plan', 9, 'by hand', 5000 + 10 * home + extract(year FROM y)::int, :load_id
FROM unnest('{A01,A02,A04,A05,B04,D10}'::text[]) i, (VALUES (0, date '2024-01-01'), (0, '2025-01-01'), (1, '2025-01-01'), (2, '2025-01-01'), (3, '2025-01-01'), (4, '2024-01-01'))
	AS v (home, y) JOIN (SELECT home, old_id AS unit_id FROM office UNION SELECT 0, :centre) o USING (home);

-- The facts with what the statements name, as flat tables.
CREATE TEMPORARY TABLE part AS SELECT f.*, s.code AS scheme, (f.month + interval '1 month')::date - 1 AS month_end FROM dwh_star.fact_participation f JOIN dwh_star.dim_scheme s USING (scheme_id);
CREATE TEMPORARY TABLE coll AS SELECT f.*, s.code AS scheme FROM dwh_star.fact_collection f JOIN dwh_star.dim_scheme s USING (scheme_id);
CREATE TEMPORARY TABLE award AS SELECT f.*, b.branch, b.benefit_group, b.benefit_type, b.periodicity FROM dwh_star.fact_decision f JOIN dwh_star.dim_benefit b USING (benefit_id) WHERE decision = 'award';
CREATE TEMPORARY TABLE paid AS SELECT f.*, b.branch, b.benefit_group, b.benefit_type, b.periodicity FROM dwh_star.fact_benefit f JOIN dwh_star.dim_benefit b USING (benefit_id);
CREATE TEMPORARY TABLE led AS SELECT f.*, u.fund_group, a.nature, b.branch FROM dwh_star.fact_ledger f JOIN dwh_star.dim_fund u USING (fund_id) JOIN dwh_star.dim_ledger_account a USING (account_id)
	LEFT JOIN dwh_star.dim_benefit b ON b.benefit_id = a.benefit_id;
CREATE TEMPORARY TABLE visit AS SELECT month, unit_id, card_unit_id, visit_kind, accepted FROM dwh_star.fact_claim;
CREATE TEMPORARY TABLE carded AS SELECT month, card_unit_id AS unit_id FROM dwh_star.fact_claim;
CREATE TEMPORARY TABLE hi AS SELECT * FROM part WHERE scheme = 'BHYT' AND state = 'active' AND card_from <= month_end AND card_to >= month_end;
CREATE TEMPORARY TABLE manual AS SELECT * FROM dwh_star.fact_manual;
CREATE TEMPORARY TABLE book AS SELECT * FROM dwh_star.fact_book_card;
CREATE TEMPORARY TABLE registration AS SELECT * FROM dwh_star.fact_registration;
CREATE TEMPORARY TABLE staff AS SELECT * FROM dwh_star.fact_staff;
CREATE TEMPORARY TABLE dossier AS SELECT * FROM dwh_star.fact_dossier;

-- One statement an indicator, NULL where nothing can be known. {P} = rows of the period and unit, {L} of its last month, {F} of its first, {Y} from January to its
-- last month, {R} all rows up to it; {LY} and {YY} are {L} and {Y} a year earlier; {latest X} and {plan X} are figures entered by people.
CREATE TEMPORARY TABLE by_hand (code text PRIMARY KEY, sql text);
INSERT INTO by_hand VALUES
('A01', $$(SELECT count(DISTINCT person_id) FROM part WHERE {L} AND scheme = 'BHXH_BB' AND state = 'active')$$),
('A02', $$(SELECT count(DISTINCT person_id) FROM part WHERE {L} AND scheme = 'BHXH_TN' AND state = 'active')$$),
('A03', $$(SELECT count(DISTINCT (person_id, scheme)) FROM part WHERE {L} AND scheme IN ('BHXH_BB', 'BHXH_TN') AND state = 'active')$$),
('A04', $$(SELECT count(DISTINCT person_id) FROM part WHERE {L} AND scheme = 'BHTN' AND state = 'active')$$),
('A05', $$(SELECT count(DISTINCT person_id) FROM hi WHERE {L} AND is_main)$$),
('A06', $$(SELECT count(DISTINCT person_id) FROM part WHERE {L} AND scheme = 'TNLD' AND state = 'active')$$),
('A07', $$(SELECT count(DISTINCT employer_id) FROM part WHERE {L} AND payer_kind = 'employer' AND state = 'active')$$),
('A08', $$(SELECT 100.0 * count(DISTINCT (person_id, scheme)) / {latest X02} FROM part WHERE {L} AND scheme IN ('BHXH_BB', 'BHXH_TN') AND state = 'active')$$),
('A08_PREV', $$(SELECT 100.0 * count(DISTINCT (person_id, scheme)) / {latest X03} FROM part WHERE {L} AND scheme IN ('BHXH_BB', 'BHXH_TN') AND state = 'active')$$),
('A09', $$(SELECT 100.0 * count(DISTINCT person_id) / {latest X02} FROM part WHERE {L} AND scheme = 'BHXH_BB' AND state = 'active')$$),
('A10', $$(SELECT 100.0 * count(DISTINCT person_id) / {latest X02} FROM part WHERE {L} AND scheme = 'BHXH_TN' AND state = 'active')$$),
('A10_PREV', $$(SELECT 100.0 * count(DISTINCT person_id) / {latest X04} FROM part WHERE {L} AND scheme = 'BHXH_TN' AND state = 'active')$$),
('A11', $$(SELECT 100.0 * count(DISTINCT person_id) / {latest X02} FROM part WHERE {L} AND scheme = 'BHTN' AND state = 'active')$$),
('A12', $$(SELECT 100.0 * count(DISTINCT person_id) / {latest X01} FROM hi WHERE {L} AND is_main)$$),
('A13_BB', $$(SELECT 100.0 * count(DISTINCT person_id) / {plan A01} FROM part WHERE {L} AND scheme = 'BHXH_BB' AND state = 'active')$$),
('A13_TN', $$(SELECT 100.0 * count(DISTINCT person_id) / {plan A02} FROM part WHERE {L} AND scheme = 'BHXH_TN' AND state = 'active')$$),
('A13_BHTN', $$(SELECT 100.0 * count(DISTINCT person_id) / {plan A04} FROM part WHERE {L} AND scheme = 'BHTN' AND state = 'active')$$),
('A13_BHYT', $$(SELECT 100.0 * count(DISTINCT person_id) / {plan A05} FROM hi WHERE {L} AND is_main)$$),
('A14_BB', $$(SELECT 100.0 * (now.n - old.n) / nullif(old.n, 0) FROM (SELECT count(DISTINCT person_id) AS n FROM part WHERE {L} AND scheme = 'BHXH_BB' AND state = 'active') now,
	(SELECT nullif(count(DISTINCT person_id) FILTER (WHERE scheme = 'BHXH_BB' AND state = 'active'), CASE WHEN count(*) = 0 THEN 0 END) AS n FROM part WHERE {LY}) old)$$),
('A14_TN', $$(SELECT 100.0 * (now.n - old.n) / nullif(old.n, 0) FROM (SELECT count(DISTINCT person_id) AS n FROM part WHERE {L} AND scheme = 'BHXH_TN' AND state = 'active') now,
	(SELECT count(DISTINCT person_id) AS n FROM part WHERE {LY} AND scheme = 'BHXH_TN' AND state = 'active') old)$$),
('A14_BHXH', $$(SELECT 100.0 * (now.n - old.n) / nullif(old.n, 0) FROM (SELECT count(DISTINCT (person_id, scheme)) AS n FROM part WHERE {L} AND scheme IN ('BHXH_BB', 'BHXH_TN') AND state = 'active') now,
	(SELECT count(DISTINCT (person_id, scheme)) AS n FROM part WHERE {LY} AND scheme IN ('BHXH_BB', 'BHXH_TN') AND state = 'active') old)$$),
('A14_BHTN', $$(SELECT 100.0 * (now.n - old.n) / nullif(old.n, 0) FROM (SELECT count(DISTINCT person_id) AS n FROM part WHERE {L} AND scheme = 'BHTN' AND state = 'active') now,
	(SELECT count(DISTINCT person_id) AS n FROM part WHERE {LY} AND scheme = 'BHTN' AND state = 'active') old)$$),
('A14_BHYT', $$(SELECT 100.0 * (now.n - old.n) / nullif(old.n, 0) FROM (SELECT count(DISTINCT person_id) AS n FROM hi WHERE {L} AND is_main) now,
	(SELECT count(DISTINCT person_id) AS n FROM hi WHERE {LY} AND is_main) old)$$),
('B01', $$(SELECT coalesce(sum(paid), 0) FROM coll WHERE {P} AND scheme IN ('BHXH_BB', 'BHXH_TN', 'TNLD'))$$),
('B02', $$(SELECT coalesce(sum(paid), 0) FROM coll WHERE {P} AND scheme = 'BHYT')$$),
('B03', $$(SELECT coalesce(sum(paid), 0) FROM coll WHERE {P} AND scheme = 'BHTN')$$),
('B04', $$(SELECT coalesce(sum(paid), 0) FROM coll WHERE {P})$$),
('B05', $$(SELECT coalesce(sum(due), 0) FROM coll WHERE {P} AND kind = 'regular')$$),
('B06', $$(SELECT 100.0 * coalesce(sum(paid), 0) / {plan B04} FROM coll WHERE {Y})$$),
('B07', $$(SELECT coalesce(sum(paid), 0) FROM coll WHERE {Y})$$),
('B08', $$(SELECT 100.0 * (now.n - old.n) / nullif(old.n, 0) FROM (SELECT sum(paid) AS n FROM coll WHERE {Y}) now, (SELECT sum(paid) AS n FROM coll WHERE {YY}) old)$$),
('B09', $$(SELECT coalesce(sum(arrears), 0) FROM coll WHERE {L})$$),
('B10', $$(SELECT 100.0 * l.n / nullif(y.n, 0) FROM (SELECT coalesce(sum(arrears), 0) AS n FROM coll WHERE {L}) l, (SELECT coalesce(sum(due), 0) AS n FROM coll WHERE {Y} AND kind = 'regular') y)$$),
('B11', $$(SELECT sum(salary_base)::numeric / nullif(count(DISTINCT (person_id, month)), 0) FROM part WHERE {P} AND scheme = 'BHXH_BB' AND state = 'active')$$),
('B12', $$(SELECT coalesce(sum(revenue), 0) FROM led WHERE {P} AND nature = 'investment income')$$),
('C01', $$(SELECT count(DISTINCT person_id) FROM paid WHERE {L} AND branch = 'BHXH' AND periodicity = 'monthly')$$),
('C02_P', $$(SELECT count(DISTINCT person_id) FROM award WHERE {P} AND branch = 'BHXH' AND periodicity = 'monthly')$$),
('C02_T', $$(SELECT coalesce(sum(turns), 0) FROM award WHERE {P} AND branch = 'BHXH' AND periodicity = 'monthly')$$),
('C03_P', $$(SELECT count(DISTINCT person_id) FROM award WHERE {P} AND benefit_group = 'lump_sum')$$),
('C03_T', $$(SELECT coalesce(sum(turns), 0) FROM award WHERE {P} AND benefit_group = 'lump_sum')$$),
('C04_P', $$(SELECT count(DISTINCT person_id) FROM award WHERE {P} AND benefit_group IN ('sickness', 'maternity', 'recovery'))$$),
('C04_T', $$(SELECT coalesce(sum(turns), 0) FROM award WHERE {P} AND benefit_group IN ('sickness', 'maternity', 'recovery'))$$),
('C05_S', $$(SELECT count(DISTINCT person_id) FROM paid WHERE {L} AND benefit_group = 'work_injury' AND periodicity = 'monthly')$$),
('C05_N', $$(SELECT count(DISTINCT person_id) FROM award WHERE {P} AND benefit_group = 'work_injury')$$),
('C06_S', $$(SELECT count(DISTINCT person_id) FROM paid WHERE {L} AND benefit_group = 'survivor' AND periodicity = 'monthly')$$),
('C06_N', $$(SELECT count(DISTINCT person_id) FROM award WHERE {P} AND benefit_group = 'survivor')$$),
('C07_P', $$(SELECT count(DISTINCT person_id) FROM award WHERE {P} AND benefit_type = 'ui_monthly')$$),
('C07_T', $$(SELECT coalesce(sum(turns), 0) FROM award WHERE {P} AND benefit_type = 'ui_monthly')$$),
('C08_P', $$(SELECT count(DISTINCT person_id) FROM award WHERE {P} AND benefit_type = 'ui_training')$$),
('C08_T', $$(SELECT coalesce(sum(turns), 0) FROM award WHERE {P} AND benefit_type = 'ui_training')$$),
('C09', $$(SELECT count(*) FROM visit WHERE {P})$$),
('C10', $$(SELECT count(*) FROM visit WHERE {P} AND visit_kind = 'inpatient')$$),
('C11', $$(SELECT count(*) FROM visit WHERE {P} AND visit_kind = 'outpatient')$$),
('C12', $$(SELECT 12.0 * v.n / nullif(m.n, 0) FROM (SELECT count(*) AS n FROM carded WHERE {P}) v, (SELECT count(DISTINCT (person_id, month)) AS n FROM hi WHERE {P} AND is_main) m)$$),
('C13', $$(SELECT sum(accepted)::numeric / count(*) FROM visit WHERE {P})$$),
('C14', $$(SELECT 1000.0 * v.n / nullif(m.n, 0) FROM (SELECT count(*) AS n FROM carded WHERE {P}) v,
	(SELECT avg(n) AS n FROM (SELECT count(DISTINCT person_id) FILTER (WHERE is_main AND scheme = 'BHYT' AND state = 'active' AND card_from <= month_end AND card_to >= month_end) AS n
		FROM part WHERE {P} GROUP BY month) x) m)$$),
('D01', $$(SELECT coalesce(sum(expenditure), 0) FROM led WHERE {P} AND fund_group = 'NSNN' AND nature = 'benefit' AND branch = 'BHXH')$$),
('D02', $$(SELECT coalesce(sum(expenditure), 0) FROM led WHERE {P} AND fund_group = 'BHXH' AND nature = 'benefit')$$),
('D03', $$(SELECT coalesce(sum(expenditure), 0) FROM led WHERE {P} AND fund_group = 'BHTN' AND nature = 'benefit')$$),
('D04', $$(SELECT coalesce(sum(expenditure), 0) FROM led WHERE {P} AND nature = 'benefit')$$),
('D05', $$(SELECT coalesce(sum(expenditure), 0) FROM led WHERE {P} AND fund_group = 'BHYT' AND nature = 'benefit')$$),
('D06', $$(SELECT coalesce(sum(expenditure), 0) FROM led WHERE {P} AND nature = 'benefit' AND (fund_group IN ('BHXH', 'BHTN', 'BHYT') OR fund_group = 'NSNN' AND branch = 'BHXH'))$$),
('D07', $$(SELECT coalesce(sum(revenue - expenditure), 0) FROM led WHERE {P} AND nature <> 'balance')$$),
('D08', $$(SELECT coalesce(sum(opening) FILTER (WHERE nature = 'balance' AND {F}), 0) + coalesce(sum(revenue - expenditure) FILTER (WHERE nature <> 'balance'), 0) FROM led WHERE {P})$$),
('D09', $$(SELECT 100.0 * coalesce(sum(expenditure) FILTER (WHERE nature = 'benefit'), 0) / nullif(sum(revenue) FILTER (WHERE nature = 'contribution'), 0) FROM led WHERE {P})$$),
('D10', $$(SELECT 100.0 * sum(accepted) / {plan D10} FROM visit WHERE {Y})$$),
('E01', $$(SELECT sum(CASE event WHEN 'opening' THEN quantity WHEN 'issued' THEN quantity WHEN 'withdrawn' THEN -quantity ELSE 0 END) FROM book WHERE {R} AND document = 'book')$$),
('E02', $$(SELECT 100.0 * b.n / nullif(p.n, 0) FROM (SELECT sum(CASE event WHEN 'opening' THEN quantity WHEN 'issued' THEN quantity WHEN 'withdrawn' THEN -quantity ELSE 0 END) AS n
	FROM book WHERE {R} AND document = 'book') b,
	(SELECT count(DISTINCT (person_id, scheme)) AS n FROM part WHERE {L} AND scheme IN ('BHXH_BB', 'BHXH_TN') AND state = 'active') p)$$),
('E03', $$(SELECT count(*) FROM hi WHERE {L})$$),
('E04', $$(SELECT sum(CASE WHEN event IN ('opening', 'matched') THEN quantity WHEN event IN ('unmatched', 'merged') AND was_matched THEN -quantity ELSE 0 END) FROM registration WHERE {R})$$),
('F01', $$(SELECT count(DISTINCT staff_id) FROM staff WHERE {L} AND employment_kind <> 'contract')$$),
('F02', $$(SELECT count(*) FROM dossier WHERE {P} AND event = 'received')$$),
('F03', $$(SELECT 100.0 * count(*) FILTER (WHERE on_time) / nullif(count(*), 0) FROM dossier WHERE {P} AND event = 'resolved')$$),
('G01', $$(SELECT 100.0 * count(*) / {latest X01} FROM (SELECT person_id FROM part WHERE {L} AND scheme IN ('BHXH_BB', 'BHXH_TN', 'BHTN') AND state = 'active'
	UNION SELECT person_id FROM paid WHERE {L} AND branch IN ('BHXH', 'BHTN')) x)$$),
('G02', $$(SELECT 100.0 * count(DISTINCT person_id) / {latest X07} FROM paid WHERE {L} AND benefit_group = 'pension' AND age >= 60)$$),
('G03', $$(SELECT 100.0 * count(DISTINCT person_id) / {latest X05} FROM paid WHERE {L} AND benefit_type = 'ui_monthly')$$),
('G04', $$(SELECT 100.0 * count(DISTINCT person_id) / {latest X06} FROM part WHERE {L} AND scheme = 'TNLD' AND state = 'active')$$),
('G05', $$(SELECT 100.0 * count(DISTINCT person_id) / {latest X08} FROM award WHERE {P} AND benefit_type = 'childbirth' AND sex = 'F')$$),
('H01', 'NULL'), ('H02', 'NULL');
INSERT INTO by_hand SELECT 'X0' || x, format('{latest X0%s}', x) FROM generate_series(1, 9) x;
SELECT set_eq('SELECT code FROM by_hand', 'SELECT code FROM dwh_catalog.indicator', 'every indicator has its statement');

-- The figure of one unit, else of those merged into it, added. p_year NULL: the latest up to the day.
CREATE FUNCTION pg_temp.figure(p_indicator text, p_is_plan boolean, p_year date, p_day date, p_unit int, p_members int[]) RETURNS numeric LANGUAGE sql AS $$
WITH best AS (SELECT DISTINCT ON (unit_id) unit_id, value FROM manual
	WHERE indicator = p_indicator AND (kind = 'plan') = p_is_plan AND period_start <= p_day AND (p_year IS NULL OR period_start = p_year) ORDER BY unit_id, period_start DESC)
SELECT coalesce((SELECT value FROM best WHERE unit_id = p_unit), (SELECT sum(value) FROM best WHERE unit_id = ANY (p_members))) $$;

-- Units and periods asked for, on the map of the period's end.
CREATE TEMPORARY TABLE cell AS
SELECT p.*, u.code, u.unit_id, u.members,
	CASE WHEN u.code = 'VSS' THEN 'true' ELSE format('unit_id = ANY (%L::int[])', u.members) END AS in_unit
FROM (SELECT type, first, last, (date_trunc('year', last))::date AS jan, (last + interval '1 month')::date - 1 AS day, label FROM (VALUES
		('month', date '2024-08-01', date '2024-08-01', date '2024-08-01'), ('month', '2025-06-01', '2025-06-01', '2025-06-01'), ('month', '2025-09-01', '2025-09-01', '2025-09-01'),
		('quarter', '2025-07-01', '2025-09-01', '2025-07-01'), ('half', '2025-01-01', '2025-06-01', '2025-01-01'), ('year', '2024-01-01', '2024-12-01', '2024-01-01'),
		('year', '2025-01-01', '2025-12-01', '2025-01-01'), ('ytd', '2025-01-01', '2025-09-01', '2025-09-01'), ('ytd', '2024-01-01', '2024-11-01', '2024-11-01')) AS v (type, first, last, label)) p,
	LATERAL (SELECT 'VSS' AS code, :centre AS unit_id, NULL::int[] AS members
		UNION ALL SELECT min(code), old_id, ARRAY[old_id] FROM office WHERE p.day < '2025-07-01' GROUP BY old_id
		UNION ALL SELECT (array_agg(code ORDER BY home))[1], new_id, array_agg(old_id) || new_id FROM office WHERE p.day >= '2025-07-01' GROUP BY new_id) u;
CREATE FUNCTION pg_temp.by_hand(p_sql text, c cell) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
	v_sql text := p_sql;
	v_result numeric;
	m text[];
BEGIN
	FOR m IN SELECT regexp_matches(p_sql, '\{(latest|plan) ([A-Z0-9_]+)\}', 'g') LOOP
		v_sql := replace(v_sql, format('{%s %s}', m[1], m[2]), coalesce(pg_temp.figure(m[2], m[1] = 'plan', CASE m[1] WHEN 'plan' THEN c.jan END, c.day, c.unit_id, c.members)::text, 'NULL') || '::numeric');
	END LOOP;
	v_sql := replace(v_sql, '{P}', format('month BETWEEN %L AND %L AND %s', c.first, c.last, c.in_unit));
	v_sql := replace(v_sql, '{L}', format('month = %L AND %s', c.last, c.in_unit));
	v_sql := replace(v_sql, '{F}', format('month = %L', c.first));
	v_sql := replace(v_sql, '{Y}', format('month BETWEEN %L AND %L AND %s', c.jan, c.last, c.in_unit));
	v_sql := replace(v_sql, '{R}', format('month <= %L AND %s', c.last, c.in_unit));
	v_sql := replace(v_sql, '{LY}', format('month = %L AND %s', (c.last - interval '1 year')::date, c.in_unit));
	v_sql := replace(v_sql, '{YY}', format('month BETWEEN %L AND %L AND %s', (c.jan - interval '1 year')::date, (c.last - interval '1 year')::date, c.in_unit));
	EXECUTE 'SELECT ' || v_sql INTO v_result;
	RETURN v_result;
END $$;

-- All indicators in one call a period; each value beside its statement.
CREATE TEMPORARY TABLE answer AS
SELECT p.type, p.label, v.* FROM (SELECT DISTINCT type, label FROM cell) p
CROSS JOIN LATERAL dwh.indicator_values((SELECT array_agg(code) FROM dwh_catalog.indicator WHERE p.type = ANY (periods)), p.label, p.label, p.type, '{country,province}') v;
CREATE TEMPORARY TABLE outcome AS
SELECT v.indicator, c.type, c.label, c.code AS unit, round(v.value, 8) AS ours, round(pg_temp.by_hand(h.sql, c), 8) AS by_hand, v.status, v.numerator, v.denominator, v.value
FROM answer v JOIN cell c ON c.type = v.type AND c.label = v.label AND c.code = v.unit_code JOIN by_hand h ON h.code = v.indicator;
SELECT is_empty('SELECT * FROM outcome WHERE ours IS DISTINCT FROM by_hand ORDER BY indicator, type, label, unit LIMIT 40', 'each value is what its statement gives');
SELECT is_empty($$SELECT code FROM by_hand WHERE code NOT LIKE 'H0_' AND NOT EXISTS (SELECT FROM outcome WHERE indicator = code AND ours <> 0)$$, 'every indicator has values other than 0');
SELECT is_empty($$SELECT * FROM outcome WHERE denominator IS NOT NULL AND denominator <> 0 AND numerator IS NOT NULL AND value IS NOT NULL
	AND NOT EXISTS (SELECT FROM unnest('{1,12,100,1000}'::numeric[]) factor WHERE abs(factor * numerator / denominator - value) < 1e-9 * greatest(1, abs(value)))$$,
	'a ratio is its numerator over its denominator');
SELECT * FROM finish();
ROLLBACK;

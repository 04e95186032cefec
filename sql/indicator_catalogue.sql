-- Managing the catalogue: a ninth system becomes a subject with dimensions, measures and indicators while the server runs; a
-- revision leaves earlier periods as they were; what does not fit is refused and changes nothing.
-- 893-029 893-072 893-078
\pset null '-'
SET client_min_messages = warning;
SET datestyle = ISO;
BEGIN;
CREATE SCHEMA regress_ninth;
GRANT USAGE, CREATE ON SCHEMA regress_ninth TO dwh_owner;
CREATE TABLE regress_ninth.vaccination (thang date, don_vi int, vaccine text, sex text, doses bigint, card_unit int, paid_on date)
PARTITION BY RANGE (thang);
CREATE TABLE regress_ninth.vaccination_2024 PARTITION OF regress_ninth.vaccination FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
INSERT INTO regress_ninth.vaccination
SELECT m, unit_id, v, 'F', n, unit_id FROM dwh_star.dim_unit,
	(VALUES ('2024-01-01'::date, 'mmr', 10), ('2024-01-01', 'bcg', 5), ('2024-02-01', 'mmr', 20), ('2024-03-01', 'mmr', 30)) AS x (m, v, n)
WHERE code = '01' AND level = 'province';
CREATE VIEW regress_ninth.no_unit AS SELECT thang AS month, doses FROM regress_ninth.vaccination;
CREATE VIEW regress_ninth.text_month AS SELECT thang::text AS month, don_vi AS unit_id FROM regress_ninth.vaccination;
CREATE VIEW regress_ninth.bad_month AS SELECT date '2024-01-15' AS month, 1 AS unit_id;
CREATE VIEW regress_ninth.bad_unit AS SELECT date '2024-01-01' AS month, -1 AS unit_id;
CREATE MATERIALIZED VIEW regress_ninth.kept AS SELECT 1 AS one;
CREATE TEMPORARY TABLE passing (month date, unit_id int);
CREATE ROLE regress_owner;
CREATE TABLE regress_ninth.strange (month date, unit_id int);
ALTER TABLE regress_ninth.strange OWNER TO regress_owner;
CREATE TABLE regress_ninth.hidden (month date, unit_id int);
GRANT SELECT ON regress_ninth.hidden TO dwh_owner;
ALTER TABLE regress_ninth.hidden ENABLE ROW LEVEL SECURITY;
CREATE TABLE regress_ninth.ungranted (month date, unit_id int);
GRANT SELECT ON regress_ninth.vaccination, regress_ninth.no_unit, regress_ninth.text_month, regress_ninth.bad_month, regress_ninth.bad_unit TO dwh_owner;
-- A call's outcome: its result, or SQLSTATE, message, detail and hint of its refusal, after which nothing has changed.
CREATE FUNCTION pg_temp.try(p_call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	v_result text;
	v_detail text;
	v_hint text;
BEGIN
	EXECUTE 'SELECT ' || p_call INTO v_result;
	RETURN v_result;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS v_detail = PG_EXCEPTION_DETAIL, v_hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(E'\n', SQLSTATE || ' ' || SQLERRM, nullif(v_detail, ''), nullif(v_hint, ''));
END $$;
CREATE TEMPORARY VIEW everything AS
SELECT s::text AS row FROM dwh_catalog.subject s UNION ALL SELECT d::text FROM dwh_catalog.dimension d
UNION ALL SELECT d::text FROM dwh_catalog.subject_dimension d UNION ALL SELECT m::text FROM dwh_catalog.measure m
UNION ALL SELECT i::text FROM dwh_catalog.indicator i UNION ALL SELECT v::text FROM dwh_catalog.indicator_version v;

-- 893-029: what has no month or no unit, or cannot be trusted, is no subject
SELECT pg_temp.try(c) AS outcome FROM unnest(ARRAY[
	$$dwh.create_subject('vaccination', 'regress_ninth.vaccination', 'Tiêm chủng', 'Vaccination')$$,
	$$dwh.create_subject('vaccination', 'regress_ninth.vaccination', 'Tiêm chủng', 'Vaccination', 'thang', 'donvi')$$,
	$$dwh.create_subject('x', 'regress_ninth.no_unit', 'x', 'x')$$,
	$$dwh.create_subject('x', 'regress_ninth.text_month', 'x', 'x')$$,
	$$dwh.create_subject('x', 'regress_ninth.bad_month', 'x', 'x')$$,
	$$dwh.create_subject('x', 'regress_ninth.bad_unit', 'x', 'x')$$,
	$$dwh.create_subject('x', 'regress_ninth.kept', 'x', 'x')$$,
	$$dwh.create_subject('x', 'passing', 'x', 'x')$$,
	$$dwh.create_subject('x', 'regress_ninth.strange', 'x', 'x')$$,
	$$dwh.create_subject('x', 'regress_ninth.hidden', 'x', 'x')$$,
	$$dwh.create_subject('x', 'regress_ninth.ungranted', 'x', 'x')$$,
	$$dwh.create_subject('x', 0, 'x', 'x')$$,
	$$dwh.create_subject('X', 'dwh_star.fact_staff', 'x', 'x')$$,
	$$dwh.create_subject('x', 'dwh_star.fact_staff', 'x', 'x')$$,
	$$dwh.create_subject('fact_staff', 'regress_ninth.bad_month', 'x', 'x')$$,
	$$dwh.create_subject('x', 'regress_ninth.bad_month', 'x', ' ')$$,
	$$dwh.create_subject(NULL, 'regress_ninth.bad_month', 'x', 'x')$$]) AS c;

-- a ninth system, from its table to its figures
ALTER TABLE regress_ninth.vaccination OWNER TO dwh_owner;
ALTER TABLE regress_ninth.vaccination_2024 OWNER TO dwh_owner;
SELECT pg_temp.try($$dwh.create_subject('vaccination', 'regress_ninth.vaccination', 'Tiêm chủng', 'Vaccination', 'thang', 'don_vi', 'colection')$$) AS outcome;
SELECT dwh.create_subject('vaccination', 'regress_ninth.vaccination', 'Tiêm chủng', 'Vaccination', 'thang', 'don_vi', 'manual') > 14 AS is_new;
SELECT s.code, s.relation, month_column, unit_column, d.code AS source FROM dwh_catalog.subject s JOIN dwh_star.dim_source d USING (source_id)
WHERE s.code = 'vaccination';
SELECT relname, relrowsecurity FROM pg_class WHERE relname LIKE 'vaccination%' ORDER BY 1;
SELECT pg_temp.try(c) AS outcome FROM unnest(ARRAY[
	$$dwh.create_dimension('vaccination', 'vaccine', 'vaccine')$$,
	$$dwh.create_dimension('vacination', 'vaccine', 'vaccine', 'x', 'x')$$,
	$$dwh.create_dimension('vaccination', 'vaccine', 'vacine', 'x', 'x')$$,
	$$dwh.create_dimension('vaccination', 'vaccine', '''mmr''', 'x', 'x')$$,
	$$dwh.create_dimension('vaccination', 'doses', 'if(doses > 10, 1, 2)', 'x', 'x')$$,
	$$dwh.create_dimension('vaccination', 'province', 'sex', 'x', 'x')$$,
	$$dwh.create_dimension('vaccination', 'Vaccine', 'vaccine', 'x', 'x')$$,
	$$dwh.create_dimension('vaccination', 'sex', 'sex', 'Phái', 'Sex')$$,
	$$dwh.create_dimension('quarantine', 'sex', 'sex')$$,
	$$dwh.create_dimension('fact_staff', 'employment_kind', 'employment_kind')$$]) AS c;
SELECT dwh.create_dimension('vaccination', 'vaccine', '(vaccine)', 'Vắc-xin', 'Vaccine') > 26 AS is_new, dwh.create_dimension('vaccination', 'sex', 'sex') AS sex;
SELECT pg_temp.try(c) AS outcome FROM unnest(ARRAY[
	$$dwh.create_measure('VC_DOSES', 'vaccination', 'sum')$$,
	$$dwh.create_measure('VC_DOSES', 'vaccination', 'count', 'doses')$$,
	$$dwh.create_measure('VC_DOSES', 'vaccination', 'summ', 'doses')$$,
	$$dwh.create_measure('VC_DOSES', 'vaccination', 'sum', 'vaccine')$$,
	$$dwh.create_measure('VC_DOSES', 'vaccination', 'sum', 'dose')$$,
	$$dwh.create_measure('VC_DOSES', 'vaccination', 'sum', 'doses', 'vaccine')$$,
	$$dwh.create_measure('VC_DOSES', 'vaccination', 'sum', 'doses', 'vaccine = 3')$$,
	$$dwh.create_measure('VC_DOSES', 'vaccination', 'sum', 'doses', p_time_behaviour => 'latest')$$,
	$$dwh.create_measure('VC_DOSES', 'vaccination', 'sum', 'doses', p_time_behaviour => 'distinct')$$,
	$$dwh.create_measure('VC_DOSES', 'vaccination', 'avg', 'doses', p_time_behaviour => 'cumulative')$$,
	$$dwh.create_measure('VC_DOSES', 'vaccination', 'sum', 'doses', p_time_behaviour => 'flows')$$,
	$$dwh.create_measure('VC_DOSES', 'vaccination', 'sum', 'doses', p_opening_filter => 'vaccine = ''bcg''')$$,
	$$dwh.create_measure('VC_DOSES', 'vaccination', 'sum', 'doses', p_unit_column => 'vaccine')$$,
	$$dwh.create_measure('VC_DOSES', 'vaccination', 'sum', 'doses', p_unit_column => 'card_units')$$,
	$$dwh.create_measure('VC_DOSES', 'fact_manual', 'avg', 'value', p_time_behaviour => 'latest')$$,
	$$dwh.create_measure('VC_DOSES', 'quarantine', 'count')$$,
	$$dwh.create_measure('A01', 'vaccination', 'sum', 'doses')$$,
	$$dwh.create_measure('P_BB', 'vaccination', 'sum', 'doses')$$,
	$$dwh.create_measure('doses', 'vaccination', 'sum', 'doses')$$]) AS c;
SELECT dwh.create_measure('VC_DOSES', 'vaccination', 'sum', 'doses', p_unit_of_measure => 'liều') > 79 AS one,
	dwh.create_measure('VC_MMR', 'vaccination', 'sum', 'doses', '(vaccine=''mmr'')and(sex is not null)', p_unit_of_measure => 'liều', p_note => 'measles') > 79 AS two;
SELECT code, aggregate, expression, filter, time_behaviour, unit_of_measure, unit_column, is_official, note FROM dwh_catalog.measure
WHERE code LIKE 'VC%' ORDER BY code;
SELECT pg_temp.try(c) AS outcome FROM unnest(ARRAY[
	$$dwh.create_indicator('VC1', 'Số liều', 'Doses', '[VC_DOSE]', 'vaccination', 'analyst', 'liều', '2024-01-01', 'test')$$,
	$$dwh.create_indicator('VC1', 'Số liều', 'Doses', '[VC1] + 1', 'vaccination', 'analyst', 'liều', '2024-01-01', 'test')$$,
	$$dwh.create_indicator('VC1', 'Số liều', 'Doses', '[VC_DOSES] >', 'vaccination', 'analyst', 'liều', '2024-01-01', 'test')$$,
	$$dwh.create_indicator('VC1', 'Số liều', 'Doses', '[VC_DOSES] > 1', 'vaccination', 'analyst', 'liều', '2024-01-01', 'test')$$,
	$$dwh.create_indicator('VC1', 'Số liều', 'Doses', '[VC_DOSES]{fund = ''BHXH''}', 'vaccination', 'analyst', 'liều', '2024-01-01', 'test')$$,
	$$dwh.create_indicator('VC1', 'Số liều', 'Doses', '[VC_DOSES]', 'vaccines', 'analyst', 'liều', '2024-01-01', 'test')$$,
	$$dwh.create_indicator('VC1', 'Số liều', 'Doses', '[VC_DOSES]', 'vaccination', 'analysts', 'liều', '2024-01-01', 'test')$$,
	$$dwh.create_indicator('VC1', 'Số liều', 'Doses', '[VC_DOSES]', 'vaccination', 'analyst', 'liều', '2024-01-02', 'test')$$,
	$$dwh.create_indicator('VC1', 'Số liều', 'Doses', '[VC_DOSES]', 'vaccination', 'analyst', 'liều', 'infinity', 'test')$$,
	$$dwh.create_indicator('VC1', 'Số liều', 'Doses', '[VC_DOSES]', 'vaccination', 'analyst', 'liều', '2024-01-01', E' \t')$$,
	$$dwh.create_indicator('VC_MMR', 'Số liều', 'Doses', '[VC_DOSES]', 'vaccination', 'analyst', 'liều', '2024-01-01', 'test')$$,
	$$dwh.create_indicator('VC1', 'Số liều', 'Doses', '[VC_DOSES]', 'vaccination', 'analyst', 'liều', '2024-01-01', 'test', p_breakdowns => '{unit,vacine}')$$,
	$$dwh.create_indicator('VC1', 'Số liều', 'Doses', '[VC_DOSES]', 'vaccination', 'analyst', 'liều', '2024-01-01', 'test', p_periods => '{month,week}')$$,
	$$dwh.create_indicator('VC1', 'Số liều', 'Doses', '[VC_DOSES]', 'vaccination', 'analyst', 'liều', '2024-01-01', 'test', p_decimals => 11)$$,
	$$dwh.create_indicator('VC1', 'Số liều', 'Doses', '[VC_DOSES]', 'vaccination', 'analyst', 'liều', '2024-01-01', 'test', p_kind => 'flows')$$,
	$$dwh.create_indicator('VC1', 'Số liều', 'Doses', '[VC_DOSES]', 'vaccination', 'analyst', 'liều', '2024-01-01', 'test', p_legal_basis => 'none')$$]) AS c;
SELECT dwh.create_indicator('VC1', 'Số liều', 'Doses', '[VC_DOSES]', 'vaccination', 'analyst', 'liều', '2024-01-01', 'test') > 0 AS one,
	dwh.create_indicator('VC2', 'Tỷ lệ MMR', 'Share of MMR', '100*[VC_MMR]/[VC1]', 'vaccination', NULL, '%', '2024-01-01', 'test', p_decimals => 1,
		p_group => 'Y tế', p_breakdowns => '{unit,vaccine}', p_periods => '{month,year}', p_decision => '12/QĐ') > 0 AS two,
	dwh.create_indicator('VC3', 'Tăng', 'Growth', 'growth([VC2])', 'vaccination', 'analyst', '%', '2024-01-01', 'test') > 0 AS three;
SELECT i.code, indicator_group, display_unit, display_factor, decimals, kind, breakdowns, periods, source_systems, g.code AS owner_group, is_public
FROM dwh_catalog.indicator i LEFT JOIN dwh_catalog.user_group g ON user_group_id = owner_group_id WHERE i.code LIKE 'VC%' ORDER BY 1;
SELECT indicator, period_start, unit_code, value, status FROM dwh.indicator_values('{VC1,VC2}', '2024-01-01', '2024-03-01', 'month', '{province}')
WHERE unit_code = '01' ORDER BY 1, 2;
SELECT dims, value FROM dwh.indicator_values('{VC1}', '2024-01-01', '2024-03-01', 'quarter', '{vaccine}') ORDER BY 1;

-- 893-072: a revision; earlier periods keep the formula that was in force for them
SELECT pg_temp.try(c) AS outcome FROM unnest(ARRAY[
	$$dwh.revise_indicator('VC1', '[VC_MMR]', '2024-02-02', 'test')$$,
	$$dwh.revise_indicator('VC1', '[VC_MMR]', '2024-01-01', 'test')$$,
	$$dwh.revise_indicator('VC1', '[VC_MMR]', '2023-01-01', 'test')$$,
	$$dwh.revise_indicator('VC1', '[VC_MMR]', '2024-02-01', '')$$,
	$$dwh.revise_indicator('VC1', '[VC_MMR]', '2024-02-01', NULL)$$,
	$$dwh.revise_indicator('VC1', ' ( [VC_DOSES] ) ', '2024-02-01', 'test')$$,
	$$dwh.revise_indicator('VC1', '[VC_DOSES] + [VC3]', '2024-02-01', 'test')$$,
	$$dwh.revise_indicator('VC1', '[VC1]', '2024-02-01', 'test')$$,
	$$dwh.revise_indicator('VC1', '[VC_MMMR]', '2024-02-01', 'test')$$,
	$$dwh.revise_indicator('VC9', '[VC_MMR]', '2024-02-01', 'test')$$,
	$$dwh.revise_indicator('VC_MMR', '[VC_DOSES]', '2024-02-01', 'test')$$]) AS c;
SELECT count(*) AS versions FROM dwh_catalog.indicator_version JOIN dwh_catalog.indicator USING (indicator_id) WHERE code LIKE 'VC%';
SELECT dwh.revise_indicator('VC1', '2*[VC_DOSES]', '2024-03-01', 'twice', '15/QĐ') AS version;
SELECT version, formula, valid_from, valid_to, reason, decision_no, author = session_user AS by_me
FROM dwh_catalog.indicator_version JOIN dwh_catalog.indicator USING (indicator_id) WHERE code = 'VC1' ORDER BY 1;
SELECT indicator, period_start, value, version FROM dwh.indicator_values('{VC1,VC2}', '2024-01-01', '2024-03-01', 'month', '{country}') ORDER BY 1, 2;
-- the quarter ends under the new formula
SELECT value, version FROM dwh.indicator_values('{VC1}', '2024-01-01', '2024-03-01', 'quarter', '{country}');
SELECT pg_temp.try($$dwh.revise_indicator('VC1', '3*[VC_DOSES]', '2024-02-01', 'between')$$) AS outcome;

-- who depends on it
SELECT * FROM dwh.list_dependents('VC_DOSES');
SELECT * FROM dwh.list_dependents('VC1');
SELECT * FROM dwh.list_dependents('VC3');
SELECT pg_temp.try($$dwh.list_dependents('VC4')$$) AS outcome;
-- from 2024-05 on VC2 does without VC1; only what is in force with a version, or looks back on it, depends on it
SELECT dwh.revise_indicator('VC2', '[VC_MMR]', '2024-05-01', 'simpler') AS version;
SELECT dwh.revise_indicator('VC1', '[VC_DOSES]', '2024-06-01', 'once again') AS version;
SELECT dwh.revise_indicator('VC3', '[VC2] + 0', '2024-07-01', 'no growth') AS version;
SELECT * FROM dwh.list_dependents('VC_DOSES');
SELECT * FROM dwh.list_dependents('VC1');

-- the end of an indicator
SELECT pg_temp.try(c) AS outcome FROM unnest(ARRAY[
	$$dwh.retire_indicator('VC2', '2024-12-31', 'test')$$,
	$$dwh.retire_indicator('VC1', '2024-12-30', 'test')$$,
	$$dwh.retire_indicator('VC1', '2024-05-31', 'test')$$,
	$$dwh.retire_indicator('VC1', '2024-12-31', '')$$,
	$$dwh.retire_indicator('VC8', '2024-12-31', 'test')$$]) AS c;
SELECT dwh.retire_indicator('VC1', '2024-12-31', 'not needed', '99/QĐ') AS version;
SELECT valid_to, end_reason, end_decision_no FROM dwh_catalog.indicator_version JOIN dwh_catalog.indicator USING (indicator_id)
WHERE code = 'VC1' AND version = 3;
SELECT pg_temp.try(c) AS outcome FROM unnest(ARRAY[
	$$dwh.retire_indicator('VC1', '2025-12-31', 'test')$$,
	$$dwh.revise_indicator('VC1', '[VC_DOSES]', '2024-12-01', 'test')$$,
	$$dwh.revise_indicator('VC2', '[VC1]', '2024-12-01', 'test')$$]) AS c;
SELECT dwh.revise_indicator('VC1', '[VC_DOSES]', '2025-03-01', 'needed after all') AS version;

-- each act is in the log, in its transaction
SELECT action, object, detail - '{subject_id,dimension_id,measure_id,indicator_id}'::text[] AS detail FROM dwh_log.audit_event
WHERE action IN ('create_subject', 'create_dimension', 'create_measure', 'create_indicator', 'revise_indicator', 'retire_indicator')
	AND decision = 'done' AND occurred_at >= now()
ORDER BY event_id;

-- nothing of a refused call stays
SELECT md5(string_agg(row, ',' ORDER BY row)) AS before FROM everything \gset
SELECT count(*) AS refused FROM unnest(ARRAY[$$dwh.create_subject('x', 'regress_ninth.hidden', 'x', 'x')$$,
	$$dwh.create_dimension('vaccination', 'new', 'nothing', 'x', 'x')$$, $$dwh.create_measure('M1', 'vaccination', 'sum', 'nothing')$$,
	$$dwh.create_indicator('VC5', 'x', 'x', '[VC_DOSES]', 'vaccination', 'nobody', 'x', '2024-01-01', 'x')$$,
	$$dwh.revise_indicator('VC1', '[VC3]', '2025-04-01', 'x')$$, $$dwh.retire_indicator('VC2', '2025-03-31', 'x')$$]) AS c
WHERE pg_temp.try(c) ~ '^[0-9A-Z]{5} ';
SELECT md5(string_agg(row, ',' ORDER BY row)) = :'before' AS unchanged FROM everything;
ROLLBACK;

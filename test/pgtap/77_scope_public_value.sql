-- What a province reader gets of the country through national() and parent(): the closed value of an indicator marked is_public, else nothing,
-- whatever is asked for around it; never a part of the sum, and never what has been computed since. 2327-018 893-038 893-063
BEGIN;
SELECT plan(26);
\set world_seed 0.77
\o /dev/null
\ir include/random_world.psql
\ir include/refresh.psql
\ir include/as_role.psql
UPDATE dwh_catalog.indicator SET is_kept = code = 'A01', kept_periods = '{month}', kept_levels = '{country,province,base}', is_public = false;
INSERT INTO dwh_star.dim_person (person_id, sex, home_unit_id, valid_from) SELECT i, 'F', :centre, '2000-01-01' FROM generate_series(970201, 970240) i;
CREATE ROLE tap_planner LOGIN IN ROLE dwh_analyst;
CREATE ROLE tap_hanoi LOGIN IN ROLE dwh_analyst;
CREATE ROLE tap_country LOGIN IN ROLE dwh_national;
INSERT INTO dwh_catalog.account (account_id, kind, email, full_name, login_role, home_unit_id, valid_from) VALUES
	(990001, 'sector', 'planner@example.invalid', 'Planner', 'tap_planner', 11, '2020-01-01'),
	(990003, 'sector', 'hanoi@example.invalid', 'Hà Nội', 'tap_hanoi', 101, '2020-01-01'),
	(990004, 'sector', 'country@example.invalid', 'Country', 'tap_country', 12, '2020-01-01');
INSERT INTO dwh_catalog.access_grant (account_id, user_group_id, scope_unit_id, valid_from)
SELECT v.account_id, g.user_group_id, v.unit_id, '2020-01-01'
FROM dwh_catalog.user_group AS g JOIN (VALUES (990003, 'analyst', 101), (990004, 'national', 1)) AS v (account_id, code, unit_id) USING (code);
INSERT INTO dwh_catalog.indicator (indicator_id, code, name_vi, name_en, indicator_group, base_unit, display_unit, kind, subject_id, breakdowns, periods, source_systems)
SELECT 990000 + n, c, 'x', 'x', 'X', 'x', 'x', kind, subject_id, breakdowns, periods, 'x' FROM dwh_catalog.indicator,
	unnest(ARRAY['TAP_NATIONAL', 'TAP_PARENT', 'TAP_SHARE', 'TAP_FILTERED', 'TAP_BEFORE', 'TAP_SUM']) WITH ORDINALITY AS v (c, n) WHERE code = 'A01';
INSERT INTO dwh_catalog.indicator_version (indicator_id, version, formula, valid_from, reason, author)
SELECT 990000 + n, 1, f, '2000-01-01', 'x', 'x' FROM unnest(ARRAY['national([A01])', 'parent([A01])', '[A01] / national([A01])',
	'national([A01]{sex = ''F''})', 'national(prev([A01], 1))', 'national([A01] + 0)']) WITH ORDINALITY AS v (f, n);
CREATE FUNCTION pg_temp.value_of(p_code text, p_rest text DEFAULT '''{province}''') RETURNS text LANGUAGE sql AS $$
	SELECT format('SELECT coalesce(value::numeric(20, 4)::text, status) FROM dwh.indicator_values(%L, ''2025-08-01'', ''2025-08-01'', ''month'', %s)', ARRAY[p_code], p_rest) $$;
-- One more office's people in August.
CREATE FUNCTION pg_temp.change(p_home int) RETURNS void LANGUAGE sql AS $$
	INSERT INTO dwh_star.fact_participation (month, unit_id, person_id, scheme_id, payer_kind, employer_id, category_id, state, is_main, salary_base, sex, age, load_id)
	SELECT '2025-08-01', unit_id, 970200 + p_home * 5 + i, 1, 'employer', 970001, (SELECT min(category_id) FROM dwh_star.dim_category), 'active', true, 1, 'F', 30, (SELECT max(load_id) FROM dwh_log.load_run)
	FROM place, generate_series(1, 5) i WHERE month = '2025-08-01' AND home = p_home $$;
SELECT dwh.refresh();
\o
SELECT value::numeric(20, 4) AS country FROM dwh.indicator_values('{A01}', '2025-08-01', '2025-08-01', 'month', '{country}') \gset
SELECT value AS hanoi FROM dwh.indicator_values('{A01}', '2025-08-01', '2025-08-01', 'month', '{province}', '{}', '{01}') \gset
SELECT cmp_ok(:country::numeric, '>', :hanoi::numeric, 'the country has more than the province');
SELECT is(pg_temp.ask('tap_country', pg_temp.value_of('TAP_NATIONAL', '''{country}''')), :'country', 'who reads the country gets its value by national()');

-- Open, or closed but not public: nothing.
SELECT is(pg_temp.ask('tap_hanoi', pg_temp.value_of('TAP_NATIONAL')), 'out_of_scope', 'an open period shows a province reader nothing of the country');
UPDATE dwh_catalog.indicator SET is_public = true WHERE code = 'A01';
SELECT is(pg_temp.ask('tap_hanoi', pg_temp.value_of('TAP_NATIONAL')), 'out_of_scope', 'of a public indicator neither, while the period is open');
UPDATE dwh_catalog.indicator SET is_public = false WHERE code = 'A01';
SET LOCAL ROLE tap_planner;
SELECT dwh.close_period('2025-08-01', 'month', 'Tham gia', 'final') AS closing \gset
RESET ROLE;
SELECT is(pg_temp.ask('tap_hanoi', pg_temp.value_of('TAP_NATIONAL')), 'out_of_scope', 'nor of one that is closed and not public');

-- Closed and public: the closed value, as a whole.
UPDATE dwh_catalog.indicator SET is_public = true WHERE code = 'A01';
SELECT is(pg_temp.ask('tap_hanoi', pg_temp.value_of('TAP_NATIONAL')), :'country', 'closed and public: the closed value of the country');
SELECT is(pg_temp.ask('tap_hanoi', pg_temp.value_of('TAP_PARENT')), :'country', 'by parent(), too');
SELECT is(pg_temp.ask('tap_hanoi', pg_temp.value_of('TAP_SHARE')), (:hanoi / :country)::numeric(20, 4)::text, 'and so the share of the province');
SELECT is(pg_temp.ask('tap_hanoi', pg_temp.value_of('TAP_FILTERED')), 'out_of_scope', 'a filtered part of it was not published');
SELECT is(pg_temp.ask('tap_hanoi', pg_temp.value_of('TAP_BEFORE')), 'out_of_scope', 'nor was another month');
SELECT is(pg_temp.ask('tap_hanoi', pg_temp.value_of('TAP_SUM')), 'out_of_scope', 'nor is it the input of other sums');
SELECT is(pg_temp.ask('tap_hanoi', pg_temp.value_of('TAP_NATIONAL', '''{province}'', ''{"sex": "F"}''')), 'out_of_scope', 'a filter of the question');
SELECT is(pg_temp.ask('tap_hanoi', 'SELECT DISTINCT status FROM dwh.indicator_values(''{TAP_NATIONAL}'', ''2025-08-01'', ''2025-08-01'', ''month'', ''{province,sex}'') WHERE value IS NOT NULL'), 'none',
	'a breakdown');
SELECT is(pg_temp.ask('tap_hanoi', 'SELECT value FROM dwh.indicator_values(''{TAP_NATIONAL}'', ''2025-07-01'', ''2025-07-01'', ''quarter'', ''{province}'')'), 'none', 'another period');
SELECT is(pg_temp.ask('tap_hanoi', pg_temp.value_of('TAP_NATIONAL', '''{country}''')), 'none', 'a row of the country there is none');
SELECT is(pg_temp.ask('tap_hanoi', pg_temp.value_of('A01', '''{country,region}''')), 'none', 'nor of the public indicator itself');
SELECT is(pg_temp.ask('tap_hanoi', 'SELECT dwh.get_value(i, ''2025-08-01'', ''month'', u) FROM unnest(ARRAY[''A01'', ''TAP_NATIONAL'']) AS i, unnest(ARRAY[''VSS'', ''31'', NULL]) AS u'), 'none',
	'get_value() for the country and a neighbour');
SELECT is(pg_temp.ask('tap_hanoi', 'SELECT DISTINCT unit_id FROM dwh_star.indicator_value UNION SELECT unit_id FROM dwh_star.indicator_vintage'),
	pg_temp.ask('tap_hanoi', 'SELECT unit_id FROM dwh_star.dim_unit AS u WHERE dwh.has_whole_unit(u.unit_id, 1) AND (u.level IN (''province'', ''base'')) AND EXISTS (SELECT FROM dwh_star.indicator_value AS v WHERE v.unit_id = u.unit_id)'),
	'the tables show no unit but his own');

-- What has happened since is nobody's but the country's readers'.
\o /dev/null
SELECT pg_temp.change(2);
SELECT dwh.refresh();
\o
SELECT is(pg_temp.ask('tap_hanoi', pg_temp.value_of('TAP_NATIONAL')), :'country', 'late facts do not show: the closed value stands');
SELECT is(pg_temp.ask('tap_country', pg_temp.value_of('TAP_NATIONAL', '''{country}''')), (:country::numeric + 5)::numeric(20, 4)::text, 'while the country''s readers get what is computed now');
SELECT is(pg_temp.ask('tap_hanoi', format('SELECT 1 FROM dwh.explain_value(''TAP_NATIONAL'', ''2025-08-01'', ''month'', ''01'') AS e WHERE e::text ~ ''\m%s\M''', (:country::numeric + 5)::int)), 'none',
	'explain_value() does not tell it either');
SELECT isnt(pg_temp.ask('tap_hanoi', 'SELECT 1 FROM dwh.explain_value(''TAP_NATIONAL'', ''2025-08-01'', ''month'', ''01'') WHERE depth = 0'), 'none', 'which explains the value that was given');
UPDATE dwh_catalog.indicator SET is_public = false WHERE code = 'A01';
SELECT is(pg_temp.ask('tap_hanoi', pg_temp.value_of('TAP_NATIONAL')), 'out_of_scope', 'no longer public: nothing');
UPDATE dwh_catalog.indicator SET is_public = true WHERE code = 'A01';
SET LOCAL ROLE tap_planner;
SELECT dwh.reopen_period('2025-08-01', 'month', 'Tham gia', 'wrong office', '20/QĐ') AS reopened \gset
RESET ROLE;
SELECT is(pg_temp.ask('tap_hanoi', pg_temp.value_of('TAP_NATIONAL')), 'out_of_scope', 'reopened: nothing');
UPDATE dwh_catalog.access_grant SET valid_to = dwh.today() - 1 WHERE account_id = 990003;
SELECT is(pg_temp.ask('tap_hanoi', pg_temp.value_of('TAP_NATIONAL')), 'none', 'and without a grant there is no row at all');
UPDATE dwh_catalog.access_grant SET valid_to = NULL, scope_unit_id = 231 WHERE account_id = 990003;
SELECT is(pg_temp.ask('tap_hanoi', pg_temp.value_of('TAP_NATIONAL', '''{province}'', ''{}'', ''{01}''')), 'none', 'nor for a province that is not his');
SELECT * FROM finish();
ROLLBACK;

-- Who sees which rows: subtrees, predecessors, ended units, subjects, validity; the same for values of indicators.
-- 893-020 893-038 893-063 893-090 2327-018 2327-075 2327-042
SET client_min_messages = error;
BEGIN;
SELECT plan(74);

CREATE ROLE tap_new LOGIN IN ROLE dwh_analyst;
CREATE ROLE tap_old LOGIN IN ROLE dwh_analyst;
CREATE ROLE tap_two LOGIN IN ROLE dwh_analyst;
CREATE ROLE tap_listed LOGIN IN ROLE dwh_analyst;
CREATE ROLE tap_country LOGIN IN ROLE dwh_national;
CREATE ROLE tap_admin LOGIN IN ROLE dwh_province_admin;
CREATE ROLE tap_nobody LOGIN IN ROLE dwh_analyst, dwh_national;
CREATE ROLE "tap.quo""ted role" LOGIN IN ROLE dwh_analyst;

-- Hải Dương (130) and Hải Phòng (131) were merged into 231. Below: a district of 131 that became a base of 231 with another's; one
-- of 130 that was split; one of Hà Nội (101) that a base of 231 took over as a whole; a base that Hà Nội has.
INSERT INTO dwh_star.dim_unit (unit_id, code, level, name_vi, name_en, parent_unit_id, valid_from, valid_to) VALUES
	(990001, 'T1', 'district', 'x', 'x', 131, '2010-01-01', '2025-06-30'),
	(990002, 'T2', 'district', 'x', 'x', 130, '2010-01-01', '2025-06-30'),
	(990003, 'T3', 'district', 'x', 'x', 101, '2010-01-01', '2025-06-30'),
	(990004, 'T4', 'base', 'x', 'x', 231, '2025-07-01', NULL),
	(990005, 'T5', 'base', 'x', 'x', 231, '2025-07-01', NULL),
	(990006, 'T6', 'base', 'x', 'x', 101, '2025-07-01', NULL),
	(990007, 'T7', 'district', 'x', 'x', 101, '2010-01-01', '2025-06-30');
INSERT INTO dwh_catalog.unit_succession VALUES
	(990001, 990004, 'merge', '2025-07-01'),
	(990002, 990004, 'split', '2025-07-01'), (990002, 990006, 'split', '2025-07-01'),
	(990003, 990005, 'rename', '2025-07-01'),
	(990007, 990006, 'merge', '2025-07-01'), (990007, 990005, 'transfer', '2025-07-01');
INSERT INTO dwh_log.load_run (source_id, batch) VALUES (6, 'scope');
-- One row a unit and month: May 2025 for the old units, August for the new.
INSERT INTO dwh_star.fact_staff (month, unit_id, staff_id, position_id, employment_kind, load_id)
SELECT m, u.unit_id, u.unit_id, (SELECT min(position_id) FROM dwh_star.dim_position), 'civil_servant', (SELECT max(load_id) FROM dwh_log.load_run)
FROM dwh_star.dim_unit AS u, (VALUES ('2025-05-01'::date), ('2025-08-01')) AS v (m)
WHERE u.level <> 'region' AND m BETWEEN u.valid_from AND coalesce(u.valid_to, 'infinity');
INSERT INTO dwh_star.fact_dossier (month, unit_id, dossier_no, procedure_id, event, on_time, load_id)
SELECT month, unit_id, staff_id, (SELECT min(procedure_id) FROM dwh_star.dim_procedure), 'received', NULL, load_id FROM dwh_star.fact_staff;

INSERT INTO dwh_catalog.account (account_id, kind, email, full_name, login_role, valid_from) VALUES
	(990001, 'sector', 'new@example.invalid', 'New', 'tap_new', '2020-01-01'),
	(990002, 'sector', 'old@example.invalid', 'Old', 'tap_old', '2020-01-01'),
	(990003, 'sector', 'two@example.invalid', 'Two', 'tap_two', '2020-01-01'),
	(990004, 'sector', 'listed@example.invalid', 'Listed', 'tap_listed', '2020-01-01'),
	(990005, 'sector', 'country@example.invalid', 'Country', 'tap_country', '2020-01-01'),
	(990006, 'sector', 'admin@example.invalid', 'Admin', 'tap_admin', '2020-01-01'),
	(990007, 'sector', 'quoted@example.invalid', 'Quoted', 'tap.quo"ted role', '2020-01-01');
INSERT INTO dwh_catalog.access_grant (grant_id, account_id, user_group_id, scope_unit_id, subject_scope, valid_from)
SELECT v.grant_id, v.account_id, g.user_group_id, v.unit_id, v.subject_scope, '2020-01-01'
FROM dwh_catalog.user_group AS g JOIN (VALUES
	(990001, 990001, 'analyst', 231, 'group'), (990002, 990002, 'analyst', 131, 'group'),
	(990003, 990003, 'analyst', 231, 'listed'), (990004, 990003, 'analyst', 101, 'listed'),
	(990005, 990004, 'analyst', 231, 'listed'), (990006, 990005, 'national', 1, 'group'), (990007, 990006, 'province_admin', 231, 'group'),
	(990008, 990007, 'analyst', 990006, 'group')) AS v (grant_id, account_id, code, unit_id, subject_scope) USING (code);
-- tap_two: staff of 231, dossiers of 101. tap_listed: a subject that the group does not have is not given by listing it.
INSERT INTO dwh_catalog.access_grant_subject VALUES (990003, 9), (990004, 10), (990005, 9), (990005, 7);
DELETE FROM dwh_catalog.user_group_subject WHERE user_group_id = 3 AND subject_id = 7;

-- The units whose rows a role sees in a fact: as a list, and of the whole map as "all".
CREATE FUNCTION pg_temp.seen(p_role text, p_fact text DEFAULT 'fact_staff') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	v_result text;
	v_all int := (SELECT count(DISTINCT unit_id) FROM dwh_star.fact_staff);
BEGIN
	EXECUTE format('SET LOCAL ROLE %I', p_role);
	EXECUTE format('SELECT CASE count(DISTINCT unit_id) WHEN %s THEN ''all'' ELSE string_agg(DISTINCT unit_id::text, '' '' ORDER BY unit_id::text) END
		FROM dwh_star.%I', v_all, p_fact) INTO v_result;
	RESET ROLE;
	RETURN coalesce(v_result, 'none');
END $$;
\ir include/as_role.psql

-- Subtree and whole predecessors --------------------------------------------------------------------------------------------
SELECT is(pg_temp.seen('tap_new'), '130 131 231 990001 990002 990003 990004 990005',
	'a province: its bases, what was merged into it with its districts, and what its bases took over as a whole');
SELECT is(pg_temp.seen('tap_old'), '131', 'an ended province: its own rows, never its successor''s');
SELECT is(pg_temp.seen('tap.quo"ted role'), '990006 990007', 'a base: the district merged into it, not the one that was split');
SELECT is(pg_temp.seen('tap_country'), 'all', 'a national reader: every unit');
SELECT is(pg_temp.seen('tap_nobody'), 'none', 'a login role without an account: nothing');
SELECT is(pg_temp.seen('dwh_analyst'), 'none', 'a group role: nothing');
SELECT is(pg_temp.seen('dwh_national'), 'none', 'the national group role: nothing');
-- Union of pairs, never the cross product.
SELECT is(pg_temp.seen('tap_two'), '130 131 231 990001 990002 990003 990004 990005', 'staff of the one unit');
SELECT is(pg_temp.seen('tap_two', 'fact_dossier'), '101 990003 990006 990007', 'dossiers of the other');
SELECT is(pg_temp.ask('tap_two', 'SELECT unnest(dwh.scope_units(10))'), '101 990003 990006 990007', 'scope_units() of a subject');
SELECT is(pg_temp.ask('tap_two', 'SELECT count(*) FROM unnest(dwh.scope_units())'), '11', 'scope_units() of all subjects: the union');
SELECT is(pg_temp.ask('tap_listed', 'SELECT count(*) FROM unnest(dwh.scope_units(7))'), '0', 'a listed subject that the group does not have');
SELECT is(pg_temp.seen('tap_listed', 'fact_dossier'), 'none', 'a subject that is not listed');
SELECT is(pg_temp.seen('tap_admin'), 'none', 'an administrator: no subject, no row');
-- 893-017
SELECT is(pg_temp.ask('tap_admin', 'SELECT unnest(dwh.scope_units())'), '130 131 231 990001 990002 990003 990004 990005',
	'an administrator: the province''s subtree and its predecessors are the scope to act in');
SELECT is(pg_temp.ask('tap_new', 'SELECT dwh.in_scope(NULL, 9) IS NULL'), 'true', 'in_scope(NULL) is NULL');
SELECT is(pg_temp.ask('tap_new', 'SELECT dwh.in_scope(u, 9) FROM unnest(ARRAY[-2147483648, 0, 2147483647]) AS u'), 'false false false', 'units that nobody knows');
SELECT is(pg_temp.ask('tap_new', 'SELECT dwh.has_subject(9)'), 'false', 'a province is not the country');

-- The same rows by other ways -------------------------------------------------------------------------------------------------
CREATE VIEW dwh.tap_view WITH (security_invoker = true) AS SELECT month, unit_id FROM dwh_star.fact_staff;
GRANT SELECT ON dwh.tap_view TO dwh_analyst;
SELECT is(pg_temp.ask('tap_new', 'SELECT DISTINCT unit_id FROM dwh.tap_view'), '130 131 231 990001 990002 990003 990004 990005', 'a view');
SELECT is(pg_temp.ask('tap_new', 'SELECT DISTINCT f.unit_id FROM dwh_star.fact_staff AS f JOIN dwh_star.dim_unit AS u USING (unit_id) WHERE u.level <> ''base'''),
	'130 131 231 990001 990002 990003', 'a join');
SELECT is(pg_temp.ask('tap_new', 'SELECT unit_id FROM dwh_star.fact_staff WHERE unit_id IN (101, 231) AND month = ''2025-08-01'''), '231', 'a neighbour asked for by its id');
SELECT is(pg_temp.ask('tap_new', 'SELECT * FROM dwh_star.fact_staff_2025'), '42501', 'a leaf is nobody''s');
SELECT is(pg_temp.ask('tap_new', 'SELECT * FROM dwh_catalog.access_grant'), '42501', 'who else has which right is not for readers');
SELECT is(pg_temp.ask('tap_new', 'SELECT count(*) FROM pg_stats WHERE schemaname = ''dwh_star'' AND tablename LIKE ''fact_staff%'''), '0', 'nor are the statistics');
CREATE FUNCTION pg_temp.leak(int) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$BEGIN RAISE EXCEPTION 'unit %', $1; END$$;
SELECT is(pg_temp.ask('tap_nobody', 'SELECT unit_id FROM dwh_star.fact_staff WHERE pg_temp.leak(unit_id)'), 'none', 'a cheap leaky function is run on no hidden row');
-- Under a definer function of a plain role it is still the caller's scope.
CREATE FUNCTION public.tap_definer() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(DISTINCT unit_id) FROM dwh_star.fact_staff';
ALTER FUNCTION public.tap_definer() OWNER TO tap_country;
GRANT EXECUTE ON FUNCTION public.tap_definer() TO PUBLIC;
SELECT is(pg_temp.ask('tap_nobody', 'SELECT public.tap_definer()'), '0', 'a definer function lends nobody its owner''s scope');

-- Time ----------------------------------------------------------------------------------------------------------------------
UPDATE dwh_catalog.access_grant SET valid_to = dwh.today() WHERE grant_id = 990001;
SELECT is(left(pg_temp.seen('tap_new'), 3), '130', 'the last valid day counts');
UPDATE dwh_catalog.access_grant SET valid_to = dwh.today() - 1 WHERE grant_id = 990001;
SELECT is(pg_temp.seen('tap_new'), 'none', 'an expired grant');
UPDATE dwh_catalog.access_grant SET valid_to = NULL, valid_from = dwh.today() + 1 WHERE grant_id = 990001;
SELECT is(pg_temp.seen('tap_new'), 'none', 'a grant that has not begun');
UPDATE dwh_catalog.access_grant SET valid_from = dwh.today() WHERE grant_id = 990001;
SELECT is(left(pg_temp.seen('tap_new'), 3), '130', 'the first valid day counts');
SET LOCAL TimeZone = 'Pacific/Kiritimati';
UPDATE dwh_catalog.access_grant SET valid_from = '2020-01-01', valid_to = dwh.today() - 1 WHERE grant_id = 990001;
SET LOCAL TimeZone = 'Pacific/Pago_Pago';
SELECT is(pg_temp.seen('tap_new'), 'none', 'TimeZone stretches no grant');
RESET TimeZone;
UPDATE dwh_catalog.access_grant SET valid_to = dwh.today(), revoked_at = now(), revoked_by = 'x' WHERE grant_id = 990001;
SELECT is(pg_temp.seen('tap_new'), 'none', 'a revoked grant is out of force at once');
UPDATE dwh_catalog.access_grant SET valid_to = NULL, revoked_at = NULL WHERE grant_id = 990001;
UPDATE dwh_catalog.account SET is_enabled = false WHERE account_id = 990001;
SELECT is(pg_temp.seen('tap_new'), 'none', 'a disabled account');
UPDATE dwh_catalog.account SET is_enabled = true, valid_to = dwh.today() - 1 WHERE account_id = 990001;
SELECT is(pg_temp.seen('tap_new'), 'none', 'an account that has ended');
UPDATE dwh_catalog.account SET valid_to = NULL WHERE account_id = 990001;
SAVEPOINT s;
UPDATE dwh_catalog.access_grant SET scope_unit_id = 101 WHERE grant_id = 990001;
SELECT is(pg_temp.seen('tap_new'), '101 990003 990006 990007', 'another unit');
ROLLBACK TO s;
SELECT is(left(pg_temp.seen('tap_new'), 3), '130', 'a subtransaction that is rolled back takes its grant along');
UPDATE dwh_catalog.access_grant SET scope_unit_id = NULL WHERE grant_id = 990001;
SELECT is(pg_temp.seen('tap_new'), 'none', 'a grant without a unit shows no row');
UPDATE dwh_catalog.access_grant SET scope_unit_id = 231 WHERE grant_id = 990001;
ALTER ROLE tap_new RENAME TO tap_renamed;
SELECT is(pg_temp.seen('tap_renamed'), 'none', 'a role of another name is not the account''s');
ALTER ROLE tap_renamed RENAME TO tap_new;
SELECT is(left(pg_temp.seen('tap_new'), 3), '130', 'and is again');
UPDATE dwh_catalog.access_grant SET valid_to = dwh.today() - 1 WHERE grant_id = 990006;
SELECT is(pg_temp.seen('tap_country'), 'none', 'membership in dwh_national without a grant');
UPDATE dwh_catalog.access_grant SET valid_to = NULL, scope_unit_id = 101 WHERE grant_id = 990006;
SELECT is(pg_temp.seen('tap_country'), 'none', 'or with a grant on a province');
UPDATE dwh_catalog.access_grant SET scope_unit_id = 1 WHERE grant_id = 990006;
SELECT is(pg_temp.seen('tap_country'), 'all', 'and with one on the root');
SAVEPOINT s;
INSERT INTO dwh_catalog.unit_succession VALUES (101, 231, 'merge', dwh.today() + 1);
SELECT is(pg_temp.seen('tap_new'), '130 131 231 990001 990002 990003 990004 990005', 'a merger that is yet to come shows nothing');
UPDATE dwh_catalog.unit_succession SET effective_on = dwh.today() WHERE predecessor_unit_id = 101;
SELECT is(pg_temp.seen('tap_new'), '101 130 131 231 990001 990002 990003 990004 990005 990006 990007', 'and on its day it does');
UPDATE dwh_star.dim_unit SET valid_to = dwh.today() - 1 WHERE unit_id = 231;
SELECT is(pg_temp.seen('tap_new'), '231', 'when the unit ends, its own rows are left');
ROLLBACK TO s;

-- Nothing is kept of a scope in a plan.
SET LOCAL ROLE tap_new;
SET LOCAL plan_cache_mode = force_generic_plan;
PREPARE tap_count (date) AS SELECT count(*) FROM dwh_star.fact_staff WHERE month = $1;
SELECT results_eq('EXECUTE tap_count(''2025-08-01'')', 'VALUES (3::bigint)', 'a generic plan');
RESET ROLE;
UPDATE dwh_catalog.access_grant SET scope_unit_id = 101 WHERE grant_id = 990001;
SET LOCAL ROLE tap_new;
SELECT results_eq('EXECUTE tap_count(''2025-08-01'')', 'VALUES (2::bigint)', 'the same plan after another grant');
RESET ROLE;
UPDATE dwh_catalog.access_grant SET valid_to = dwh.today() - 1 WHERE grant_id = 990001;
SET LOCAL ROLE tap_new;
SELECT results_eq('EXECUTE tap_count(''2025-08-01'')', 'VALUES (0::bigint)', 'and after none');
SELECT results_eq($$SELECT count(*) FROM pg_prepared_statements WHERE name = 'tap_count' AND generic_plans >= 3$$, 'VALUES (1::bigint)', 'it was the generic plan');
RESET ROLE;
UPDATE dwh_catalog.access_grant SET valid_to = NULL, scope_unit_id = 231 WHERE grant_id = 990001;
RESET plan_cache_mode;

-- A cursor belongs to whoever opened it; what it has not shown yet follows the role that fetches.
SET LOCAL ROLE tap_new;
DECLARE tap_cursor NO SCROLL CURSOR FOR SELECT unit_id FROM dwh_star.fact_staff WHERE month = '2025-08-01';
RESET ROLE;
SET LOCAL ROLE tap_nobody;
SELECT is_empty('FETCH ALL FROM tap_cursor', 'a cursor of another role');
RESET ROLE;

-- Values ----------------------------------------------------------------------------------------------------------------------
CREATE FUNCTION pg_temp.values_of(p_role text, p_by text, p_month text DEFAULT '2025-08-01', p_indicator text DEFAULT 'F01') RETURNS text
LANGUAGE sql AS $$
	SELECT pg_temp.ask(p_role, format('SELECT unit_code || ''='' || coalesce(value::text, status) FROM dwh.indicator_values(
		ARRAY[%L], %L, %L, ''month'', ARRAY[%L])', p_indicator, p_month, p_month, p_by))
$$;
SELECT is(pg_temp.values_of('tap_new', 'province'), '31=3', 'a province reader gets the province');
SELECT is(pg_temp.values_of('tap_new', 'province', '2025-05-01'), '30=2 31=2', 'and those merged into it, as they were');
SELECT is(pg_temp.values_of('tap_new', 'base'), '31=1 T4=1 T5=1', 'and its bases, and what is booked at its office');
SELECT is(pg_temp.values_of('tap_new', 'country'), 'none', 'the country: no row');
SELECT is(pg_temp.values_of('tap_new', 'region', '2025-06-01'), 'none', 'a region: no row');
SELECT is(pg_temp.values_of('tap_old', 'province', '2025-05-01'), 'none', 'a reader of an ended unit sees its own rows, not those below it: no value');
SELECT is(pg_temp.values_of('tap_two', 'province'), '31=3', 'by the subject of the indicator');
SELECT is(pg_temp.values_of('tap_two', 'province', '2025-08-01', 'F02'), '01=2', 'each');
SELECT isnt(pg_temp.values_of('tap_country', 'country'), 'none', 'a national reader gets the country');
SELECT is(pg_temp.values_of('tap_nobody', 'province'), 'none', 'without an account: no row');
SELECT is(pg_temp.values_of('tap_admin', 'province'), 'none', 'an administrator has no subject: no row');
SELECT is(pg_temp.ask('tap_new', $$SELECT unit_code FROM dwh.indicator_values('{F01}', '2025-08-01', '2025-08-01', 'month', '{province}', '{}', '{01,31}')$$), '31',
	'a neighbour asked for by its code');
SELECT is(pg_temp.ask('tap_new', $$SELECT dwh.get_value('F01', '2025-08-01', 'month', u) FROM unnest('{31,01,VSS,T4,NULL}'::text[]) AS u$$), '1 3', 'get_value()');
SELECT is(pg_temp.ask('tap_new', $$SELECT count(*) > 0 FROM dwh.explain_value('F01', '2025-08-01', 'month', '31')$$), 'true', 'explain_value() of one''s own');
SELECT is(pg_temp.ask('tap_new', $$SELECT count(*) FROM dwh.explain_value('F01', '2025-08-01', 'month', '01')$$), '0', 'and of a neighbour');
SELECT is(pg_temp.ask('tap_new', $$SELECT count(*) FROM dwh.explain_value('F01', '2025-08-01', 'month')$$), '0', 'and of the country');
INSERT INTO dwh_catalog.indicator (indicator_id, code, name_vi, name_en, indicator_group, base_unit, display_unit, kind, subject_id, breakdowns, periods, source_systems)
SELECT 990000 + n, c, 'x', 'x', 'F', 'x', 'x', kind, 9, '{}', '{month}', 'x' FROM dwh_catalog.indicator,
	(VALUES (1, 'TAP_NATIONAL'), (2, 'TAP_PARENT')) AS v (n, c) WHERE code = 'F01';
INSERT INTO dwh_catalog.indicator_version (indicator_id, version, formula, valid_from, reason, author)
VALUES (990001, 1, 'national([F01])', '2000-01-01', 'x', 'x'), (990002, 1, 'parent([F01])', '2000-01-01', 'x', 'x');
SELECT is(pg_temp.values_of('tap_new', 'province', '2025-08-01', 'TAP_NATIONAL'), '31=out_of_scope', 'national() outside the scope');
SELECT is(pg_temp.values_of('tap_new', 'base', '2025-08-01', 'TAP_PARENT'), 'T4=3 T5=3', 'parent() inside it');
SELECT is(pg_temp.values_of('tap_new', 'province', '2025-08-01', 'TAP_PARENT'), '31=out_of_scope', 'and outside');
SELECT isnt(pg_temp.values_of('tap_country', 'province', '2025-08-01', 'TAP_NATIONAL'), 'none', 'for a national reader it is a number');

-- Figures are entered where their rows may be read: by the subjects that the grant lists, and of predecessors too.
SELECT is(pg_temp.call_as('tap_two', $$dwh.enter_value('F01', '2026-01-01', 'year', '01', 1, 'x', p_kind => 'plan')$$), '42501 permission denied for unit "01"',
	'893-077: a unit that another subject''s grant covers');
SELECT matches(pg_temp.call_as('tap_two', $$dwh.enter_value('F01', '2026-01-01', 'year', '31', 1, 'x', p_kind => 'plan')$$), '^\d+$', 'one of this subject''s');
SELECT matches(pg_temp.call_as('tap_new', $$dwh.enter_value('F01', '2024-01-01', 'year', '30', 1, 'x', p_kind => 'plan')$$), '^\d+$', 'and one that was merged into it');

-- 893-049: what was closed of a public indicator is shown further up: of the centre as the country, not of what is booked at the centre.
UPDATE dwh_catalog.indicator SET is_public = true WHERE code = 'F01';
WITH c AS (INSERT INTO dwh_catalog.period_closing (period_type, period_start, first_day, last_day, indicator_group, closing_no, stage, closed_at, closed_by)
		SELECT 'month', '2025-08-01', '2025-08-01', '2025-08-31', indicator_group, 1, 'final', now(), 'x' FROM dwh_catalog.indicator WHERE code = 'F01' RETURNING closing_id),
	i AS (INSERT INTO dwh_catalog.period_closing_indicator (closing_id, indicator_id, levels) SELECT closing_id, indicator_id, '{country,base}' FROM c, dwh_catalog.indicator WHERE code = 'F01'
		RETURNING closing_id, indicator_id)
INSERT INTO dwh_star.indicator_vintage (closing_id, indicator_id, unit_level, unit_id, is_split, subject_id, value, status, completeness, computed_at)
SELECT closing_id, indicator_id, l, 1, false, 9, v, 'ok', 1, now() FROM i, (VALUES ('base', 7), ('country', 4711)) AS x (l, v);
SELECT is(pg_temp.values_of('tap_new', 'province', '2025-08-01', 'TAP_NATIONAL'), '31=4711', 'national() of a closed public indicator is the country''s');

SELECT * FROM finish();
ROLLBACK;

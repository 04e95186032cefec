-- 893-048 893-049 893-072: a period is closed by the focal point; what was closed stands until it is closed again or reopened.
BEGIN;
SELECT plan(93);
\set world_seed 0.66
\o /dev/null
\ir include/random_world.psql
\ir include/refresh.psql
UPDATE dwh_catalog.indicator SET is_kept = code IN ('A01', 'A03', 'A14_BB', 'B04', 'X02'), kept_periods = '{month,quarter,year}', kept_levels = '{country,region,province,base}';
SELECT dwh.create_summary('fact_participation');
INSERT INTO dwh_star.dim_person (person_id, sex, home_unit_id, valid_from) SELECT i, 'F', :centre, '2000-01-01' FROM generate_series(970201, 970240) i;

-- The focal point of 893 Art. 9.1, an analyst of another unit, a province's user and one who reads the country.
CREATE ROLE tap_planner LOGIN IN ROLE dwh_analyst;
CREATE ROLE tap_admin LOGIN IN ROLE dwh_central_admin;
CREATE ROLE tap_hanoi LOGIN IN ROLE dwh_analyst;
CREATE ROLE tap_country LOGIN IN ROLE dwh_national;
INSERT INTO dwh_catalog.account (account_id, kind, email, full_name, login_role, home_unit_id, valid_from) VALUES
	(990001, 'sector', 'planner@example.invalid', 'Planner', 'tap_planner', 11, '2020-01-01'), (990002, 'sector', 'admin@example.invalid', 'Admin', 'tap_admin', 12, '2020-01-01'),
	(990003, 'sector', 'hanoi@example.invalid', 'Hà Nội', 'tap_hanoi', 101, '2020-01-01'), (990004, 'sector', 'country@example.invalid', 'Country', 'tap_country', 12, '2020-01-01');
INSERT INTO dwh_catalog.access_grant (account_id, user_group_id, scope_unit_id, valid_from)
SELECT v.account_id, g.user_group_id, v.unit_id, '2020-01-01'
FROM dwh_catalog.user_group AS g JOIN (VALUES (990003, 'analyst', 101), (990004, 'national', 1)) AS v (account_id, code, unit_id) USING (code);
CREATE FUNCTION pg_temp.a01(p_month date DEFAULT '2025-08-01', p_by text DEFAULT 'country', p_period text DEFAULT 'month') RETURNS TABLE (unit_code text, value numeric, status text, stage text)
LANGUAGE sql AS $$ SELECT unit_code, value, status, stage FROM dwh.indicator_values('{A01}', p_month, p_month, p_period, ARRAY[p_by]) $$;
CREATE FUNCTION pg_temp.events(p_action text, p_decision text) RETURNS bigint LANGUAGE sql AS $$
	SELECT count(*) FROM dwh_log.audit_event WHERE action = p_action AND decision = p_decision $$;
-- A change of one office's rows in a month: who is there twice as much as before.
CREATE FUNCTION pg_temp.change(p_month date, p_home int) RETURNS void LANGUAGE sql AS $$
	INSERT INTO dwh_star.fact_participation (month, unit_id, person_id, scheme_id, payer_kind, employer_id, category_id, state, is_main, salary_base, sex, age, load_id)
	SELECT p_month, unit_id, 970200 + p_home * 5 + i, 1, 'employer', 970001, (SELECT min(category_id) FROM dwh_star.dim_category), 'active', true, 1, 'F', 30, (SELECT max(load_id) FROM dwh_log.load_run)
	FROM place, generate_series(1, 5) i WHERE month = p_month AND home = p_home $$;
-- How many rows differ from what comes out from scratch, were every period open: the frozen rows, with what waits in their place.
CREATE FUNCTION pg_temp.differences_when_open() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	v_count	bigint;
BEGIN
	BEGIN
		UPDATE dwh_catalog.period_closing SET reopened_at = clock_timestamp(), reopened_by = 'x', reopen_reason = 'x', reopen_decision_no = 'x' WHERE reopened_at IS NULL;
		DELETE FROM dwh_star.indicator_value AS v USING dwh_star.indicator_value_pending AS n
		WHERE (v.indicator_id, v.period_type, v.period_start, v.unit_level, v.unit_id, v.is_split) = (n.indicator_id, n.period_type, n.period_start, n.unit_level, n.unit_id, n.is_split);
		INSERT INTO dwh_star.indicator_value
		SELECT indicator_id, period_type, period_start, unit_level, unit_id, is_split, subject_id, is_public, value, numerator, denominator, status, completeness, version, NULL, computed_at
		FROM dwh_star.indicator_value_pending WHERE status <> 'no_data';
		UPDATE dwh_star.indicator_value SET stage = NULL;
		DELETE FROM dwh_star.indicator_value_pending;
		v_count := pg_temp.differences_from_scratch();
		RAISE EXCEPTION 'back' USING ERRCODE = 'ZZ999';
	EXCEPTION WHEN SQLSTATE 'ZZ999' THEN
		NULL;
	END;
	RETURN v_count;
END
$$;
SELECT unit_id AS hanoi FROM place WHERE home = 1 AND month = '2025-08-01' \gset
\o
SELECT dwh.refresh() AS run \gset

-- Who may, and how it is asked for. Nothing changes where it is refused.
SET LOCAL ROLE tap_admin;
SELECT throws_ok($$SELECT dwh.close_period('2025-08-01', 'month', 'Tham gia', 'final')$$, '42501', 'permission denied to call dwh.close_period()', '893-048: no central administrator closes a period');
SELECT throws_ok($$SELECT dwh.reopen_period('2025-08-01', 'month', 'Tham gia', 'x', 'x')$$, '42501', NULL, 'nor reopens it');
SET LOCAL ROLE tap_hanoi;
SELECT throws_ok($$SELECT dwh.close_period('2025-08-01', 'month', 'Tham gia', 'final')$$, '42501', NULL, 'nor an analyst of a province');
RESET ROLE;
SELECT is((SELECT home_unit_id IN (SELECT unit_id FROM dwh_catalog.unit_function WHERE function = 'planning') FROM dwh_catalog.account WHERE account_id = 990001), true, 'the planning department has its dated row');
SET LOCAL ROLE tap_planner;
SELECT throws_ok($$SELECT dwh.close_period('2025-08-01', 'month', 'Tham gai', 'final')$$, '42704', 'there is no group of indicators "Tham gai"', 'a mistyped group');
SELECT throws_ok($$SELECT dwh.close_period('2025-08-01', 'month', 'Tham gia', 'definitive')$$, '22023', '"definitive" is no stage', 'an unknown stage');
SELECT throws_ok($$SELECT dwh.close_period('2025-08-01', 'quarter', 'Tham gia', 'final')$$, '22023', NULL, 'a month that begins no quarter');
SELECT throws_ok($$SELECT dwh.close_period('2025-08-15', 'month', 'Tham gia', 'final')$$, 'WH102', NULL, 'a day that begins no month');
SELECT throws_ok($$SELECT dwh.close_period('2099-01-01', 'year', 'Tham gia', 'final')$$, '22023', 'the year 2099-01-01 cannot be closed as final before it is over', 'a period that is not over');
SELECT throws_ok($$SELECT dwh.close_period('2025-08-01', 'half', 'Tham gia', 'final')$$, '22023', NULL, 'August begins no half');
SELECT throws_ok($$SELECT dwh.close_period('2025-07-01', 'half', 'Tham gia', 'final')$$, '55000', 'group "Tham gia" has no values that are kept by half', 'a kind of period that is not kept');
SELECT throws_ok($$SELECT dwh.reopen_period('2025-08-01', 'month', 'Tham gia', 'x', 'x')$$, '55000', 'the month 2025-08-01 is not closed for group "Tham gia"', 'reopening what is open');
SELECT throws_ok($$SELECT dwh.close_period(NULL, 'month', 'Tham gia', 'final')$$, '22004', NULL, 'no period');
RESET ROLE;
SELECT is_empty('SELECT * FROM dwh_catalog.period_closing UNION ALL SELECT c.* FROM dwh_star.indicator_vintage JOIN dwh_catalog.period_closing c USING (closing_id)', 'nothing is closed');

-- Closing.
CREATE TEMPORARY TABLE published AS SELECT * FROM pg_temp.a01('2025-08-01', 'province') UNION ALL SELECT * FROM pg_temp.a01('2025-08-01', 'base') UNION ALL SELECT * FROM pg_temp.a01();
SELECT set_eq($$SELECT DISTINCT stage FROM published$$, ARRAY[NULL]::text[], 'an open period has no stage');
\o /dev/null
SELECT pg_temp.change('2025-08-01', 1);
\o
UPDATE published SET value = a.value FROM (SELECT * FROM pg_temp.a01('2025-08-01', 'province') UNION SELECT * FROM pg_temp.a01('2025-08-01', 'base') UNION SELECT * FROM pg_temp.a01()) a
	WHERE a.unit_code = published.unit_code;
SET LOCAL ROLE tap_planner;
SELECT dwh.close_period('2025-08-01', 'month', 'Tham gia', 'preliminary', p_decision => '12/TB') AS first_closing \gset
SELECT is((stage, is_in_force, closing_no, closed_by, decision_no)::text, '(preliminary,t,1,Planner,12/TB)', 'who closed it, as what') FROM dwh.closed_periods WHERE closing_id = :first_closing;
RESET ROLE;
SELECT is(detail ->> 'stage', 'preliminary', 'and it is in the log') FROM dwh_log.audit_event WHERE action = 'close_period' AND decision = 'done' ORDER BY event_id DESC LIMIT 1;
SELECT is_empty('SELECT mark_id FROM dwh_log.cell_mark UNION ALL SELECT mark_id FROM dwh_log.value_mark', 'closing refreshed first: the change before it is in it');
SELECT set_eq($$SELECT unit_code, value, status FROM pg_temp.a01('2025-08-01', 'province') UNION ALL SELECT unit_code, value, status FROM pg_temp.a01('2025-08-01', 'base')
	UNION ALL SELECT unit_code, value, status FROM pg_temp.a01()$$, $$SELECT unit_code, value, status FROM published$$, 'the answer is what it was');
SELECT set_eq($$SELECT DISTINCT stage FROM pg_temp.a01('2025-08-01', 'province') UNION SELECT stage FROM pg_temp.a01('2025-08-01', 'base') UNION SELECT stage FROM pg_temp.a01()$$,
	'{preliminary}'::text[], 'with its stage');
SELECT set_eq($$SELECT DISTINCT unit_level, stage FROM dwh_star.indicator_value JOIN dwh_catalog.indicator USING (indicator_id) WHERE code = 'A01' AND period_type = 'month' AND period_start = '2025-08-01'$$,
	$$VALUES ('country', 'preliminary'), ('province', 'preliminary'), ('base', 'preliminary')$$, 'kept values tell the stage, too');
SELECT is((SELECT stage FROM pg_temp.a01('2025-07-01', 'country', 'quarter')), NULL, 'the quarter is open');
SELECT is((SELECT stage FROM dwh.indicator_values('{B04}', '2025-08-01', '2025-08-01', 'month', '{country}')), NULL, 'so is the month for another group');
SELECT is_empty($$SELECT 1 FROM dwh.explain_plan_values('{A01}', '2025-08-01', '2025-08-01', 'month', '{country,province}')$$, 'nothing is computed for it');
SELECT isnt_empty($$SELECT 1 FROM dwh.explain_plan_values('{A01}', '2025-07-01', '2025-08-01', 'month', '{country}')$$, 'but for the month before');
SELECT is((SELECT string_agg(DISTINCT status, ' ') FROM dwh.indicator_values('{A01}', '2025-08-01', '2025-08-01', 'month', '{country,sex}')), 'live', 'a breakdown that was not frozen says so');
SELECT is((SELECT count(*) FROM dwh.indicator_values('{A01}', '2025-08-01', '2025-08-01', 'month', '{province}', p_filter => '{"sex": "F"}') WHERE status = 'live' AND stage IS NULL), 4::bigint, 'so does a filter');
SELECT is((SELECT status FROM dwh.indicator_values('{A02}', '2025-08-01', '2025-08-01', 'month', '{country}')), 'live', 'and an indicator of the group that was not kept');
SELECT is(pg_temp.differences_when_open(), 0::bigint, 'incremental is as from scratch: what is frozen stands');

-- Facts that arrive late.
SELECT value AS closed_value FROM pg_temp.a01() \gset
\o /dev/null
SELECT pg_temp.change('2025-08-01', 2);
\o
SELECT is((SELECT value FROM pg_temp.a01()), :closed_value::numeric, 'a late fact does not change it');
SELECT is_empty('SELECT * FROM dwh.revisions', 'which no refresh has taken up yet');
SELECT dwh.refresh() AS run \gset
SELECT is((SELECT value FROM pg_temp.a01()), :closed_value::numeric, 'nor does the refresh');
SELECT is(dwh.get_value('A01', '2025-08-01'), :closed_value::numeric, 'get_value() says the same');
SELECT is((SELECT value FROM dwh_star.indicator_value JOIN dwh_catalog.indicator USING (indicator_id) WHERE code = 'A01' AND period_type = 'month' AND period_start = '2025-08-01' AND unit_level = 'country'),
	:closed_value::numeric, 'and so does the table for BI tools');
SELECT is((SELECT value - :closed_value::numeric FROM dwh.indicator_values('{A01}', '2025-08-01', '2025-08-01', 'month', '{country}', p_map => '2025-09-01')), 5::numeric, 'what is computed now is another number');
SELECT set_eq($$SELECT indicator, period, period_start, unit_level, state, closing_no, first_value - value_before, change FROM dwh.revisions WHERE unit_level = 'country' AND indicator <> 'A14_BB'$$,
	$$VALUES ('A01', 'month', date '2025-08-01', 'country', 'pending', NULL::int, 0::numeric, 5::numeric), ('A03', 'month', '2025-08-01', 'country', 'pending', NULL, 0, 5)$$, 'it waits in dwh.revisions');
SELECT is((SELECT count(DISTINCT unit_code) FROM dwh.revisions WHERE indicator = 'A01'), 2::bigint, 'for the office and the country, nobody else');
SELECT is((SELECT string_agg(DISTINCT status, ' ') FROM dwh.indicator_values('{A01}', '2025-08-01', '2025-08-01', 'month', '{country,sex}')), 'revised_after_close', 'breakdowns say that they do not add up to it');
SELECT is(pg_temp.differences_when_open(), 0::bigint, 'as from scratch');

-- Taken back: nothing waits any more.
SAVEPOINT taken_back;
DELETE FROM dwh_star.fact_participation WHERE month = '2025-08-01' AND person_id > 970200 AND unit_id IN (SELECT unit_id FROM place WHERE home = 2 AND month = '2025-08-01');
SELECT dwh.refresh() AS run \gset
SELECT is_empty('SELECT 1 FROM dwh_star.indicator_value_pending', 'a change that is taken back leaves nothing behind');
-- All facts of the closed month gone, as well as the months after it: the closed values stand, alone.
DELETE FROM dwh_star.fact_participation WHERE month >= '2025-08-01';
SELECT dwh.refresh() AS run \gset
SELECT is((SELECT value FROM pg_temp.a01()), :closed_value::numeric, 'the closed value outlives its facts');
SELECT is((SELECT status FROM dwh.revisions WHERE indicator = 'A01' AND unit_level = 'country'), 'no_data', 'dwh.revisions says that nothing is left of it');
SELECT is_empty($$SELECT 1 FROM dwh_star.indicator_value JOIN dwh_catalog.indicator USING (indicator_id) WHERE code = 'A01' AND period_type = 'month' AND (period_start > '2025-08-01' OR (period_start = '2025-08-01' AND stage IS NULL))$$, 'open months are not kept any more');
SELECT is(pg_temp.differences_when_open(), 0::bigint, 'as from scratch');
ROLLBACK TO taken_back;

-- Who sees what was frozen: as of kept values.
SET LOCAL ROLE tap_hanoi;
SELECT set_eq('SELECT DISTINCT unit_id FROM dwh_star.indicator_vintage', ARRAY[:hanoi], 'a province sees its own vintages');
SELECT is_empty('SELECT 1 FROM dwh_star.indicator_value_pending', 'and no change of others');
SELECT is_empty('SELECT 1 FROM dwh.revisions', 'nor their revisions');
SELECT is((SELECT string_agg(unit_code || ' ' || stage, ',') FROM pg_temp.a01('2025-08-01', 'province')), '01 preliminary', 'and gets its own closed values');
SELECT is((SELECT count(*) FROM pg_temp.a01()), 0::bigint, 'of the country none');
SELECT is(dwh.get_value('A01', '2025-08-01', 'month', 'VSS', now()), NULL, 'with p_as_of neither');
SELECT is((SELECT count(*) FROM dwh.closed_periods), 1::bigint, 'that the period is closed is no secret');
SET LOCAL ROLE tap_country;
SELECT is((SELECT change FROM dwh.revisions WHERE indicator = 'A01' AND unit_level = 'country'), 5::numeric, 'who reads the country sees its revision');
SET LOCAL ROLE tap_admin;
SELECT is((SELECT count(*) FROM dwh.revisions), 0::bigint, 'an administrator without a grant sees none');
RESET ROLE;
SELECT throws_ok($$DELETE FROM dwh_star.indicator_vintage$$, '42501', NULL, 'nobody removes what was published');
SELECT throws_ok($$UPDATE dwh_star.indicator_vintage SET value = 0$$, '42501', NULL, 'nor changes it');
SELECT throws_ok($$TRUNCATE dwh_star.indicator_vintage$$, '42501', NULL, 'nor empties it');

-- 893-072: formulas. B04 is of another group and follows from nothing here.
SELECT throws_ok($$SELECT dwh.revise_indicator('A01', '2 * [P_BB]', '2025-08-01', 'x')$$, '55000', 'the month 2025-08-01 is closed for group "Tham gia"', '893-072: a formula from inside a closed period on is refused');
SELECT throws_ok($$SELECT dwh.revise_indicator('A01', '2 * [P_BB]', '2025-01-01', 'x')$$, '55000', NULL, 'so is an earlier one');
SELECT throws_ok($$SELECT dwh.retire_indicator('A14_BB', '2025-07-31', 'x')$$, '55000', NULL, 'and an end before it');
SELECT is(dwh.revise_indicator('A01', '2 * [P_BB]', '2025-09-01', 'x') > 1, true, 'a later one is none of its business');

-- Closing again.
SET LOCAL ROLE tap_planner;
SELECT throws_ok($$SELECT dwh.close_period('2025-08-01', 'month', 'Tham gia', 'final')$$, '22004', 'p_reason must be given', 'closing again needs a reason');
SELECT throws_ok($$SELECT dwh.close_period('2025-08-01', 'month', 'Tham gia', 'estimate', 'x')$$, '55000', NULL, 'a stage does not go back');
SELECT dwh.close_period('2025-08-01', 'month', 'Tham gia', 'final', 'late declarations', '15/TB') AS second_closing \gset
RESET ROLE;
SELECT is((SELECT (value - :closed_value::numeric, stage)::text FROM pg_temp.a01()), '(5,final)', 'the new value, as final');
SELECT set_eq($$SELECT state, closing_no, stage, change, first_value, reason, decision_no FROM dwh.revisions WHERE indicator = 'A01' AND unit_level = 'country'$$,
	format($$VALUES ('published', 2, 'final', 5::numeric, %s::numeric, 'late declarations', '15/TB')$$, :closed_value::numeric), 'dwh.revisions tells what changed, and why');
SELECT is_empty('SELECT 1 FROM dwh_star.indicator_value_pending', 'nothing waits');
SELECT is(pg_temp.differences_when_open(), 0::bigint, 'as from scratch');

-- As of then. The clock of a closing runs on within the transaction.
SELECT closed_at AS second_at FROM dwh.closed_periods WHERE closing_id = :second_closing \gset
SELECT closed_at AS first_at FROM dwh.closed_periods WHERE closing_id = :first_closing \gset
SELECT is((SELECT (value, stage)::text FROM dwh.indicator_values('{A01}', '2025-08-01', '2025-08-01', 'month', '{country}', p_as_of => :'first_at')), format('(%s,preliminary)', :closed_value::numeric), 'p_as_of: what was published then');
SELECT is(dwh.get_value('A01', '2025-08-01', p_as_of => :'first_at'), :closed_value::numeric, 'one value');
SELECT is(dwh.get_value('A01', '2025-08-01', p_as_of => :'second_at') - :closed_value::numeric, 5::numeric, 'and what was published later');
SELECT is((SELECT (value, detail -> 'closed' ->> 'closing_no')::text FROM dwh.explain_value('A01', '2025-08-01', p_as_of => :'first_at')), format('(%s,1)', :closed_value::numeric), 'explained by its closing alone');
SELECT throws_ok(format($$SELECT dwh.get_value('A01', '2025-08-01', p_as_of => %L::timestamptz - interval '1 us')$$, :'first_at'), '0A000', 'no value of "A01" for month 2025-08-01 was stored by p_as_of', 'before the first closing there is none');
SELECT throws_ok($$SELECT * FROM dwh.indicator_values('{A01}', '2025-07-01', '2025-08-01', 'month', '{country}', p_as_of => 'infinity')$$, '0A000', NULL, 'nor of an open month');
SELECT throws_ok($$SELECT * FROM dwh.indicator_values('{A01}', '2025-08-01', '2025-08-01', 'month', '{country,sex}', p_as_of => 'infinity')$$, '0A000', 'p_as_of cannot be given together with a breakdown', 'nor of a breakdown');
SELECT throws_ok($$SELECT * FROM dwh.indicator_values('{A01}', '2025-08-01', '2025-08-01', 'month', '{region}', p_as_of => 'infinity')$$, '0A000', NULL, 'nor of regions');
SELECT is((detail -> 'closed' ->> 'stage', detail -> 'closed' -> 'value_now' = to_jsonb(value), detail -> 'version' ? 'valid_from', detail ? 'kept_since')::text, '(final,t,t,t)', 'the explanation names stage, version and when it was computed')
FROM dwh.explain_value('A01', '2025-08-01') WHERE depth = 0;

-- Reopening.
SET LOCAL ROLE tap_planner;
SELECT throws_ok($$SELECT dwh.reopen_period('2025-08-01', 'month', 'Tham gia', 'x', ' ')$$, '22004', NULL, 'without a decision it is not reopened');
RESET ROLE;
\o /dev/null
SELECT pg_temp.change('2025-08-01', 4);
SELECT dwh.refresh();
\o
SELECT is((SELECT value - :closed_value::numeric FROM pg_temp.a01()), 5::numeric, 'one more late fact waits');
SET LOCAL ROLE tap_planner;
SELECT is(dwh.reopen_period('2025-08-01', 'month', 'Tham gia', 'wrong office', '20/QĐ'), :second_closing, 'reopened');
RESET ROLE;
SELECT is((SELECT (value - :closed_value::numeric, stage)::text FROM pg_temp.a01()), '(10,)', 'the answer is what is computed now');
SELECT is((SELECT value - :closed_value::numeric FROM dwh_star.indicator_value JOIN dwh_catalog.indicator USING (indicator_id) WHERE code = 'A01' AND period_type = 'month' AND period_start = '2025-08-01' AND unit_level = 'country'),
	10::numeric, 'at once in the table for BI tools, too');
SELECT set_eq($$SELECT state, change, reopen_reason, reopen_decision_no FROM dwh.revisions WHERE indicator = 'A01' AND unit_level = 'country' AND state <> 'published'$$,
	$$VALUES ('reopened', 5::numeric, 'wrong office', '20/QĐ')$$, 'dwh.revisions tells what stands to be published, and why');
SELECT is(dwh.get_value('A01', '2025-08-01', p_as_of => 'infinity') - :closed_value::numeric, 5::numeric, 'p_as_of: what was published last');
SELECT is(dwh.refresh() > 0, true, 'a refresh');
SELECT is(pg_temp.differences_when_open(), 0::bigint, 'as from scratch');
SELECT is(dwh.revise_indicator('A03', '[A01] + [A02] + 1', '2025-08-01', 'x') > 1, true, '893-072: now the formula may be revised from there');
SET LOCAL ROLE tap_planner;
SELECT throws_ok($$SELECT dwh.close_period('2025-08-01', 'month', 'Tham gia', 'final')$$, '22004', NULL, 'closing again needs a reason');
SELECT isnt(dwh.close_period('2025-08-01', 'month', 'Tham gia', 'preliminary', 'corrected'), :second_closing, 'and makes a new vintage');
RESET ROLE;
SELECT is((SELECT (value - :closed_value::numeric, stage)::text FROM pg_temp.a01()), '(10,preliminary)', 'which is the answer');
SELECT is((SELECT count(*) FROM dwh.closed_periods WHERE is_in_force), 1::bigint, 'one closing is in force');
SELECT is((pg_temp.events('close_period', 'done'), pg_temp.events('reopen_period', 'done'))::text, '(3,1)', 'every act is in the log');

-- A province that is found to have been merged before the period: the closed values stay on the map of the time.
\o /dev/null
INSERT INTO dwh_star.dim_unit (unit_id, code, level, name_vi, name_en, parent_unit_id, valid_from) VALUES (990001, 'T1', 'province', 'x', 'x', 1, '2025-08-01');
INSERT INTO dwh_catalog.unit_succession VALUES (:hanoi, 990001, 'merge', '2025-08-01');
UPDATE dwh_star.dim_unit SET valid_to = '2025-07-31' WHERE unit_id = :hanoi;
SELECT dwh.refresh();
\o
SELECT set_has($$SELECT unit_code, stage, value IS NULL FROM pg_temp.a01('2025-08-01', 'province')$$, $$VALUES ('01', 'preliminary', false), ('T1', 'preliminary', true)$$, 'a merger found later: values of the old unit stand');
SELECT set_eq($$SELECT unit_code, status, change IS NULL FROM dwh.revisions WHERE indicator = 'A01' AND unit_level = 'province' AND state = 'pending'$$,
	$$VALUES ('01', 'no_data', true), ('T1', 'ok', true)$$, 'and the new unit''s wait');
SELECT is(pg_temp.differences_when_open(), 0::bigint, 'as from scratch');
SELECT * FROM finish();
ROLLBACK;

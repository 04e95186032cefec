-- Who may change the catalogue, asked as plain roles; what is refused is in the log, although its transaction is gone.
-- 893-072 893-078
-- harness: preload
SET client_min_messages = error;
SELECT plan(37);

CREATE ROLE tap_admin LOGIN IN ROLE dwh_central_admin;
CREATE ROLE tap_analyst LOGIN IN ROLE dwh_analyst;
CREATE ROLE tap_province LOGIN IN ROLE dwh_province_admin;
CREATE ROLE tap_member LOGIN IN ROLE dwh_national;
CREATE ROLE tap_former LOGIN IN ROLE dwh_national;
CREATE ROLE tap_disabled LOGIN IN ROLE dwh_national;
CREATE ROLE tap_stranger LOGIN;
-- Groups by account: tap_member is in the analysts' group today, tap_former was, tap_disabled's account is switched off.
INSERT INTO dwh_catalog.account (account_id, kind, email, full_name, login_role, is_enabled, valid_from) VALUES
	(990001, 'sector', 'member@example.invalid', 'Nguyễn Thị B', 'tap_member', true, '2020-01-01'),
	(990002, 'sector', 'former@example.invalid', 'Trần Văn C', 'tap_former', true, '2020-01-01'),
	(990003, 'sector', 'disabled@example.invalid', 'Lê Văn D', 'tap_disabled', false, '2020-01-01');
INSERT INTO dwh_catalog.access_grant (account_id, user_group_id, valid_from, valid_to)
SELECT a, user_group_id, '2020-01-01', t FROM dwh_catalog.user_group,
	(VALUES (990001, NULL), (990002, dwh.today() - 1), (990003, NULL)) AS v (a, t) WHERE code = 'analyst';
\ir include/administrator.psql
SELECT pg_temp.make_administrator('tap_admin') \g (format=unaligned) /dev/null
SELECT pg_temp.make_administrator('tap_province', 'province_admin', 101) \g (format=unaligned) /dev/null
-- A hostile schema first in the path, with operators of the same names.
CREATE SCHEMA evil;
GRANT USAGE ON SCHEMA evil TO PUBLIC;
CREATE FUNCTION evil.leak(text, text) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'ran as %', current_user; END$$;
CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.leak);
CREATE TABLE evil.mine (month date, unit_id int);
ALTER TABLE evil.mine OWNER TO tap_admin;
CREATE TABLE evil.superuser_only (month date, unit_id int);
GRANT SELECT ON evil.superuser_only TO dwh_owner;
GRANT USAGE ON SCHEMA evil TO dwh_owner;
SELECT coalesce(max(event_id), 0) AS seen FROM dwh_log.audit_event \gset

CREATE FUNCTION pg_temp.outcome_as(p_role text, p_call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	v_result text;
BEGIN
	EXECUTE format('SET LOCAL ROLE %I', p_role);
	BEGIN
		EXECUTE 'SET LOCAL search_path = evil, public, pg_catalog';
		EXECUTE 'SELECT ' || p_call INTO v_result;
		v_result := 'done';
	EXCEPTION WHEN OTHERS THEN
		v_result := SQLSTATE;
	END;
	RESET ROLE;
	-- pgTAP itself would fall for the path
	SET LOCAL search_path = public, pg_catalog;
	RETURN v_result;
END
$$;

-- Subjects, dimensions, measures: central administrators only.
CREATE TEMPORARY TABLE call (n int, name text, text text);
INSERT INTO call VALUES
	(1, 'create_measure', $$dwh.create_measure('TAP_DUE', 'fact_collection', 'sum', 'due')$$),
	(2, 'create_dimension', $$dwh.create_dimension('fact_staff', 'tap_staff', 'staff_id', 'x', 'x')$$),
	(3, 'create_subject', $$dwh.create_subject('tap_mine', 'evil.mine', 'x', 'x')$$);
SELECT is(pg_temp.outcome_as(r, text), '42501', r || ' may not call ' || name)
FROM call, unnest(ARRAY['tap_analyst', 'tap_province', 'tap_member', 'tap_stranger']) AS r ORDER BY n, r;
SELECT is(pg_temp.outcome_as('tap_admin', text), 'done', 'a central administrator calls ' || name) FROM call WHERE n < 3 ORDER BY n;
SELECT is(pg_temp.outcome_as('tap_admin', text), '42501', 'but nobody makes dwh_owner read a table that is his to change') FROM call WHERE n = 3;
SELECT is(pg_temp.outcome_as('tap_admin', $$dwh.create_subject('tap_other', 'evil.superuser_only', 'x', 'x')$$), '42501',
	'nor one that he may not read himself');
SELECT is(pg_temp.outcome_as('tap_admin', $$dwh.create_subject('tap_log', 'dwh_log.audit_event', 'x', 'x', 'month', 'account_id')$$), '42501',
	'nor the log');

-- Indicators: those of the owner group, by account or by role, and central administrators.
SELECT is(pg_temp.outcome_as(r, format($$dwh.create_indicator('TAP_%s', 'x', 'x', '[K_DUE]', 'fact_collection', %L, 'đồng', '2024-01-01', 'test')$$, n, g)),
	o, format('%s creates one for %s: %s', r, coalesce(g, 'no group'), o))
FROM (VALUES (1, 'tap_admin', 'analyst', 'done'), (2, 'tap_analyst', 'analyst', 'done'), (3, 'tap_member', 'analyst', 'done'),
	(4, 'tap_former', 'analyst', '42501'), (5, 'tap_disabled', 'analyst', '42501'), (6, 'tap_analyst', 'province_admin', '42501'),
	(7, 'tap_analyst', NULL, '42501'), (8, 'tap_stranger', 'analyst', '42501')) AS v (n, r, g, o) ORDER BY n;
SELECT is(pg_temp.outcome_as(r, format($$dwh.revise_indicator('TAP_1', '[K_DUE] + %s', %L, 'test')$$, n, date '2024-01-01' + make_interval(months => n))),
	o, format('%s revises it: %s', r, o))
FROM (VALUES (1, 'tap_analyst', 'done'), (2, 'tap_member', 'done'), (3, 'tap_admin', 'done'), (4, 'tap_province', '42501'),
	(5, 'tap_former', '42501')) AS v (n, r, o) ORDER BY n;
SELECT is(pg_temp.outcome_as('tap_analyst', $$dwh.revise_indicator('A01', '[P_BB] + 1', '2030-01-01', 'test')$$), '42501',
	'what belongs to no group is for central administrators');
SELECT is(pg_temp.outcome_as('tap_province', $$dwh.retire_indicator('TAP_1', '2031-12-31', 'test')$$), '42501', 'nor may others retire it');
SELECT is(pg_temp.outcome_as('tap_member', $$dwh.retire_indicator('TAP_1', '2031-12-31', 'test')$$), 'done', 'a member may');
SELECT is(pg_temp.outcome_as('tap_stranger', $$dwh.list_dependents('K_DUE')$$), '42501', 'strangers do not read the catalogue');

-- What the log has, some of it written by the worker.
SELECT results_eq(format($$SELECT action, object, outer_user_name, detail ->> 'reason' FROM dwh_log.audit_event
	WHERE event_id > %s AND decision = 'refused' AND action LIKE 're%%' ORDER BY event_id$$, :'seen'),
	$$VALUES ('revise_indicator', 'TAP_1', 'tap_province', 'the caller is not in the owner group'),
		('revise_indicator', 'TAP_1', 'tap_former', 'the caller is not in the owner group'),
		('revise_indicator', 'A01', 'tap_analyst', 'the indicator has no owner group'),
		('retire_indicator', 'TAP_1', 'tap_province', 'the caller is not in the owner group')$$,
	'refusals are recorded, with who was refused');
SELECT is(count(*)::int, 9, 'those of other groups to create, too') FROM dwh_log.audit_event
WHERE event_id > :'seen' AND decision = 'refused' AND action LIKE 'create\_%' AND detail ->> 'reason' = 'the caller is no central administrator';
SELECT results_eq($$SELECT version, author FROM dwh_catalog.indicator_version JOIN dwh_catalog.indicator USING (indicator_id)
	WHERE code = 'TAP_1' ORDER BY 1$$,
	$$VALUES (1, 'Quản trị tap_admin'), (2, 'tap_analyst'), (3, 'Nguyễn Thị B'), (4, 'Quản trị tap_admin')$$, 'versions name their authors');
SELECT * FROM finish();

DELETE FROM dwh_catalog.indicator_version WHERE indicator_id IN (SELECT indicator_id FROM dwh_catalog.indicator WHERE code LIKE 'TAP%');
DELETE FROM dwh_catalog.indicator WHERE code LIKE 'TAP%';
DELETE FROM dwh_catalog.measure WHERE code LIKE 'TAP%';
DELETE FROM dwh_catalog.subject_dimension WHERE dimension_id IN (SELECT dimension_id FROM dwh_catalog.dimension WHERE code LIKE 'tap%');
DELETE FROM dwh_catalog.dimension WHERE code LIKE 'tap%';
DELETE FROM dwh_catalog.access_grant WHERE account_id IN (SELECT account_id FROM dwh_catalog.account WHERE account_id > 990000 OR email LIKE '%@administrator.invalid');
DELETE FROM dwh_catalog.account WHERE account_id > 990000 OR email LIKE '%@administrator.invalid';
DROP SCHEMA evil CASCADE;
DROP ROLE tap_admin, tap_analyst, tap_province, tap_member, tap_former, tap_disabled, tap_stranger;

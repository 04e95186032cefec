-- Members of an owner group have formulas read what they may see, publish nothing to everybody, and stand in nobody else's group.
-- 893-031 893-072 893-078 2327-082
SET client_min_messages = error;
BEGIN;
SELECT plan(34);

CREATE ROLE tap_staff LOGIN IN ROLE dwh_analyst;
CREATE ROLE tap_both LOGIN IN ROLE dwh_analyst;
CREATE ROLE tap_wide LOGIN IN ROLE dwh_analyst;
CREATE ROLE tap_admin LOGIN IN ROLE dwh_central_admin;
INSERT INTO dwh_catalog.account (account_id, kind, email, full_name, login_role, home_unit_id, valid_from) VALUES
	(990001, 'sector', 'staff@example.invalid', 'Staff', 'tap_staff', 101, '2020-01-01'),
	(990002, 'sector', 'both@example.invalid', 'Both', 'tap_both', 101, '2020-01-01'),
	(990003, 'sector', 'wide@example.invalid', 'Wide', 'tap_wide', 1, '2020-01-01');
INSERT INTO dwh_catalog.access_grant (grant_id, account_id, user_group_id, scope_unit_id, subject_scope, valid_from, granted_at, decision_no)
SELECT v.grant_id, v.account_id, g.user_group_id, v.unit_id, 'listed', '2020-01-01', '2020-01-01', 'x'
FROM dwh_catalog.user_group AS g, (VALUES (990001, 990001, 101), (990002, 990002, 101), (990003, 990003, 1), (990004, 990003, 101)) AS v (grant_id, account_id, unit_id)
WHERE g.code = 'analyst';
-- 2: collection, 9: staff
INSERT INTO dwh_catalog.access_grant_subject VALUES (990001, 9), (990002, 9), (990002, 2), (990003, 9), (990004, 2);
\ir include/as_role.psql
\ir include/administrator.psql
SELECT pg_temp.make_administrator('tap_admin') \g (format=unaligned) /dev/null

CREATE FUNCTION pg_temp.make(p_role text, p_code text, p_formula text, p_subject text DEFAULT 'fact_staff', p_rest text DEFAULT '') RETURNS text LANGUAGE sql AS $$
	SELECT CASE WHEN r ~ '^[0-9]+$' THEN 'done' ELSE r END
	FROM pg_temp.call_as(p_role, format('dwh.create_indicator(%L, ''x'', ''x'', %L, %L, ''analyst'', ''x'', ''2024-01-01'', ''test''%s)', p_code, p_formula, p_subject, p_rest)) AS r
$$;
CREATE FUNCTION pg_temp.revise(p_role text, p_code text, p_formula text, p_from date DEFAULT '2025-01-01') RETURNS text LANGUAGE sql AS $$
	SELECT CASE WHEN r ~ '^[0-9]+$' THEN 'done' ELSE r END
	FROM pg_temp.call_as(p_role, format('dwh.revise_indicator(%L, %L, %L, ''test'')', p_code, p_formula, p_from)) AS r
$$;
CREATE FUNCTION pg_temp.denied(p_code text) RETURNS text LANGUAGE sql AS $$SELECT format('42501 permission denied for indicator "%s"', p_code)$$;

-- What a formula reads.
SELECT is(pg_temp.make('tap_staff', 'TAP_LEAK', '[K_DUE]'), pg_temp.denied('TAP_LEAK'), '893-031: a subject that was never granted');
SELECT is(pg_temp.make('tap_staff', 'TAP_LEAK', '[K_DUE]{scheme = ''BHYT''}'), pg_temp.denied('TAP_LEAK'), 'nor a part of it');
SELECT is(pg_temp.make('tap_staff', 'TAP_LEAK', '[ST_STAFF] + 0 * [B04]'), pg_temp.denied('TAP_LEAK'), 'nor through an indicator');
SELECT is(pg_temp.make('tap_staff', 'TAP_OWN', '[ST_STAFF]'), 'done', 'his own subject');
SELECT is(pg_temp.revise('tap_staff', 'TAP_OWN', '[K_DUE]'), pg_temp.denied('TAP_OWN'), '893-072: nor by a revision');
SELECT is(pg_temp.revise('tap_staff', 'TAP_OWN', '2 * [ST_STAFF]'), 'done', '893-072: an owner group revises its own');
SELECT is(pg_temp.make('tap_staff', 'TAP_THEIRS', '[K_DUE]', 'fact_collection'), 'done', 'published under its own subject, it shows him nothing');
SELECT is(pg_temp.ask('tap_staff', $$SELECT 1 FROM dwh.indicator_values('{TAP_THEIRS}', '2025-01-01', '2025-01-01', 'month', '{country,province,base}')$$), 'none', 'so it is');
SELECT is(pg_temp.make('tap_both', 'TAP_RATIO', '[K_DUE] / [ST_STAFF]'), 'done', 'who holds both subjects may compare them');
SELECT is(pg_temp.make('tap_wide', 'TAP_WIDE', '[K_DUE] / [ST_STAFF]'), pg_temp.denied('TAP_WIDE'), '2327-082: not where he holds one of them in more units');
SELECT is(pg_temp.make('tap_wide', 'TAP_WIDE', '[K_DUE] / [ST_STAFF]', 'fact_collection'), 'done', 'but under the subject that he holds in fewer');
SELECT is(pg_temp.make('tap_admin', 'TAP_LEAK', '[K_DUE]'), 'done', 'administrators decide what is published where');
SELECT is(pg_temp.revise('tap_admin', 'TAP_LEAK', '2 * [K_DUE]'), 'done', 'and revise it');
SELECT is(pg_temp.revise('tap_both', 'TAP_LEAK', '3 * [K_DUE]', '2026-01-01'), 'done', 'so does a member who sees what it reads');
SELECT is(pg_temp.revise('tap_staff', 'TAP_LEAK', '4 * [K_DUE]', '2026-02-01'), pg_temp.denied('TAP_LEAK'), 'but no other');
SELECT is(pg_temp.make('tap_admin', 'TAP_OVER', '[TAP_THEIRS]'), 'done', 'another one follows from his');
SELECT is(pg_temp.revise('tap_wide', 'TAP_THEIRS', '2 * [K_DUE]'), pg_temp.denied('TAP_THEIRS'), 'which is published where he must not bring figures');

-- What everybody is shown.
SELECT is(pg_temp.make('tap_staff', 'TAP_PUB', '[ST_STAFF]', 'fact_staff', ', p_is_public => true'), pg_temp.denied('TAP_PUB'), '893-031: no member makes anything public');
SELECT is(pg_temp.make('tap_admin', 'TAP_PUB', '[TAP_OWN]', 'fact_staff', ', p_is_public => true'), 'done', 'an administrator does');
SELECT is(pg_temp.revise('tap_staff', 'TAP_PUB', '2 * [ST_STAFF]'), pg_temp.denied('TAP_PUB'), 'and revises what is public');
SELECT is(pg_temp.revise('tap_staff', 'TAP_OWN', '3 * [ST_STAFF]', '2026-01-01'), pg_temp.denied('TAP_OWN'), 'or what a public one follows from');
SELECT is(pg_temp.revise('tap_admin', 'TAP_OWN', '3 * [ST_STAFF]', '2026-01-01'), 'done', 'as he may');

-- Where it stands.
SELECT is(indicator_group, 'Khai thác chỉ tiêu, báo cáo', '893-078: a member''s own stand in a group of their own') FROM dwh_catalog.indicator WHERE code = 'TAP_OWN';
SELECT is(indicator_group, 'Nhân sự', 'an administrator''s in that of the subject') FROM dwh_catalog.indicator WHERE code = 'TAP_PUB';
SELECT is(pg_temp.make('tap_staff', 'TAP_IN', '[ST_STAFF]', 'fact_staff', ', p_group => ''Thu'''), pg_temp.denied('TAP_IN'), 'nobody joins the official groups');
SELECT is(pg_temp.make('tap_staff', 'TAP_IN', '[ST_STAFF]', 'fact_staff', ', p_group => ''Nhóm TAP'''), 'done', 'a new one is his');
SELECT is(pg_temp.make('tap_both', 'TAP_IN2', '[ST_STAFF]', 'fact_staff', ', p_group => ''Nhóm TAP'''), 'done', 'and his group''s');
SELECT is(pg_temp.make('tap_admin', 'TAP_IN3', '[ST_STAFF]', 'fact_staff', ', p_group => ''Thu'''), 'done', 'administrators join any');

-- A closing holds what it froze.
SELECT dwh.keep_indicator('TAP_IN', true, '{month}', '{country}') \g (format=unaligned) /dev/null
SELECT isnt(dwh.close_period('2025-08-01', 'month', 'Nhóm TAP', 'final'), NULL, 'the group is closed');
SELECT is(pg_temp.call_as('tap_staff', $$dwh.retire_indicator('TAP_IN', '2025-07-31', 'test')$$), '55000 the month 2025-08-01 is closed for group "Nhóm TAP"', '893-072: what was frozen stands');
SELECT is(pg_temp.call_as('tap_both', $$dwh.retire_indicator('TAP_IN2', '2025-07-31', 'test')$$), '1', 'what was never frozen can be retired');
SELECT is(pg_temp.call_as('tap_staff', $$dwh.retire_indicator('TAP_IN', '2025-08-31', 'test')$$), '1', 'the other one afterwards');

-- Sets of people hold ids of type integer.
SELECT dwh.create_measure('TAP_DAYS', 'fact_collection', 'distinct', 'due', NULL, 'flow', 'x') \g /dev/null
SELECT is(error_code || ' ' || message || ': ' || hint, 'WH203 [TAP_DAYS] is no set of people: Sets hold ids of type integer, such as person_id; [TAP_DAYS] by itself counts the values.',
	'893-072: people() of other values is refused before it is kept') FROM dwh.check_formula('people([P_BB] & [TAP_DAYS])');
SELECT ok(is_valid, 'which can be counted by themselves') FROM dwh.check_formula('[TAP_DAYS] + people([P_BB] & [ST_STAFF])');
SELECT * FROM finish();
ROLLBACK;

-- What offices, groups, needs, notices and the first administrator may not be: the bounds of each call.
-- 893-015 893-040 893-061 893-062 893-068 893-069 893-075 893-089 893-094
-- harness: preload
BEGIN;
SELECT plan(56);
\ir include/access.psql
SELECT dwh.adopt_login_role(email, login_role) IS NULL AS is_null FROM dwh_catalog.account WHERE login_role IN ('tap_hn_admin', 'tap_reader') \g /dev/null
CREATE FUNCTION pg_temp.tells(p_call text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE 'SELECT ' || p_call;
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;

-- Who decides on access of a province is recorded by central administrators; within it, its own administrator finds its own people only.
SELECT matches(pg_temp.hanoi($$dwh.appoint_office_holder('Ai Đó', 'deputy', 101, 'QĐ tự', '2020-08-01')$$), '^42501 only central administrators', '893-075 no deputy of the province by the province itself');
SELECT matches(pg_temp.hanoi($$dwh.end_office_holder(990008, 'QĐ tự')$$), '^42501 only central administrators', '893-075 nor is his office ended by it');
SELECT matches(pg_temp.central($$dwh.appoint_office_holder('Ai Đó', 'deputy', 101, 'QĐ 1', '2020-08-01')$$), '^\d+$', '893-075 a central administrator records him');
SELECT matches(pg_temp.hanoi($$dwh.appoint_office_holder('Phó Phòng', 'deputy', 990102, 'QĐ 1')$$), '^\d+$', '893-061 the province those of its divisions');
SELECT matches(pg_temp.hanoi(format($$dwh.appoint_office_holder('X', 'unit_leader', 990102, 'QĐ 1', p_email => %L)$$, e)), '^42704 there is no account', '893-061 an account elsewhere is none: ' || e)
FROM unnest(ARRAY['central2@tap.invalid', 'nobody@tap.invalid']) AS e;
SELECT matches(pg_temp.hanoi($$dwh.appoint_office_holder('Người Đọc', 'unit_leader', 990102, 'QĐ 1', p_email => 'reader@tap.invalid')$$), '^\d+$', '893-061 one of its own is found');
SELECT matches(pg_temp.central($$dwh.appoint_office_holder('X', 'deputy', 1, 'QĐ 1', dwh.today(), dwh.today() - 1)$$), '^22023 an office that begins', 'no office ends before it begins');
SELECT matches(pg_temp.central($$dwh.set_unit_function(990102, 'it_division', 'QĐ 1', dwh.today(), dwh.today() - 1)$$), '^22023 a function that begins', 'nor a function');

-- Groups name subjects that are there; functions of units are those of the units above, too, as on the paths.
SELECT matches(pg_temp.central(format($$dwh.create_user_group('tap_s', 'x', 'x', 'analyst', %L, 'QĐ 1')$$, s)), r, '893-069 subjects ' || coalesce(s, 'NULL'))
FROM (VALUES (NULL, '^22023 .*names its subjects'), ('{}', '^22023 .*names its subjects'), ('{fact_collection,NULL}', '^42704 subject NULL')) AS v (s, r);
SELECT matches(pg_temp.central($$dwh.create_user_group('tap_l', 'x', 'x', 'loader', NULL, 'QĐ 1')$$), '^\d+$', '893-069 of others none');
INSERT INTO dwh_star.dim_unit (unit_id, code, level, name_vi, name_en, parent_unit_id, valid_from) VALUES
	(990011, 'TAP-KH-1', 'division', 'Phòng Kế hoạch', 'Planning division', 11, '2020-07-10');
DELETE FROM dwh_catalog.unit_function WHERE function = 'planning';
INSERT INTO dwh_catalog.unit_function (unit_id, function, valid_from) VALUES (11, 'planning', '2020-07-10');
SELECT pg_temp.central($$dwh.create_user_group('tap_plan', 'x', 'x', 'analyst', '{fact_collection}', 'QĐ 1', NULL, '{planning}')$$) AS planning \gset
SELECT is(dwh_internal.user_group_refusal(:planning, u, 'civil_servant', dwh.today()) IS NULL, u <> 12, '893-015 unit ' || u) FROM unnest(ARRAY[11, 990011, 12]) AS u;

-- Needs: a province's, after the quarter.
SELECT matches(pg_temp.hanoi($$count(*) FROM dwh.access_needs('2026-01-01', 990102)$$), '^22023 unit 990102 is no province', '893-062 a division has no list');
SELECT matches(pg_temp.hanoi(format($$dwh.send_access_needs(%L, 101, 'CV 1')$$, q)), '^22023 the quarter from .* is not over', '893-062 not before the quarter is over: ' || q)
FROM unnest(ARRAY[date_trunc('quarter', dwh.today())::date, '2199-01-01']) AS q;
SELECT matches(pg_temp.hanoi($$dwh.send_access_needs('2026-01-01', 101, 'CV 1', '2025-12-31')$$), '^22023 a list of the quarter', '893-062 nor sent before it began');
SELECT is(pg_temp.hanoi($$dwh.send_access_needs('2026-01-01', 101, 'CV 1', '2026-03-30')$$), '', '893-062 one of its last days');

-- A notice says what its own letter took, also where a later one took it earlier.
SELECT pg_temp.central($$dwh.transfer_account('reader@tap.invalid', 990232, dwh.today() + 5, 'QĐ ĐĐ', p_signed_by => 990005)$$) AS later \gset
SELECT pg_temp.central($$dwh.revoke_access('reader@tap.invalid', 'left_service', 'QĐ 2')$$) AS sooner \gset
SELECT matches(pg_temp.central(format($$dwh.access_notice(%s, 'text', 'TB 1', 'HN', 'x')$$, r)), '2\. Thu hồi quyền\n.*\n1 .*\| Người Đọc .*\| ' || to_char(dwh.today() + d, 'DD/MM/YYYY'), '893-094 ' || n)
FROM (VALUES (:'later', 5, 'the letter that was overtaken'), (:'sooner', 1, 'the one that overtook it')) AS v (r, d, n);
SELECT throws_ok(format('INSERT INTO dwh_catalog.access_revocation SELECT * FROM dwh_catalog.access_revocation WHERE request_line_id IN (SELECT request_line_id FROM dwh_catalog.access_request_line WHERE request_id = %s)', :later),
	'23505', NULL, 'a line takes a grant once');
SELECT is((SELECT count(*)::int FROM dwh.bypass_events WHERE event_id > :first_event AND object = 'dwh_catalog.access_revocation'), 0, '893-040 written by the functions');

-- The support mailbox of a merged province is the mailbox of the province that came after it; it goes to no other.
INSERT INTO dwh_catalog.account (account_id, kind, email, full_name, login_role, home_unit_id, valid_from) VALUES
	(990020, 'mailbox', 'hotro.hp@tap.invalid', 'Hộp thư hỗ trợ Hải Phòng', 'hotro.hp@tap.invalid', 131, '2020-07-10');
INSERT INTO dwh_catalog.access_grant (account_id, user_group_id, scope_unit_id, valid_from, decision_no) VALUES (990020, 2, 131, '2020-07-10', 'x');
CREATE FUNCTION pg_temp.holder(p_name text, p_unit int, p_by int) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.central(format('dwh.set_mailbox_holder(''hotro.hp@tap.invalid'', %L, ''CV'', ''moihp@tap.invalid'', ''public_employee'', %s, ''CV 9'', ''QĐ 9'', %s)', p_name, p_unit, p_by)) $$;
SELECT matches(pg_temp.holder('Mới HP', 990101, 990005), '^42501 Mới HP is not eligible', '893-034 nobody of another province');
SELECT matches(pg_temp.holder('Mới HP', 990231, 990005), '^42501 the letter is not signed', '893-034 not by another director');
SELECT is(pg_temp.holder('Mới HP', 990231, 990006), '', '893-034 a holder of the merged province');
CREATE FUNCTION pg_temp.mailbox(p_email text) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.central(pg_temp.request(jsonb_build_object('email', p_email, 'account_kind', 'mailbox', 'full_name', 'Mới HP', 'holder_email', 'moihp@tap.invalid', 'unit', 990231,
		'group', 'province_admin', 'employment_kind', 'public_employee', 'assignment_no', 'QĐ 9', 'reason', 'unit_move'), 231, 'grant', ', p_signed_by => 990006')) $$;
SELECT pg_temp.central($$dwh.revoke_access('hotro.hp@tap.invalid', 'not_needed', 'QĐ 3')$$) AS revoked \g /dev/null
SELECT pg_temp.mailbox('hotro.hp@tap.invalid') AS moved \gset
SELECT is(pg_temp.central(format('dwh.apply_access(%s)', :moved)), '1', '893-034 a new right by letter');
SELECT is(home_unit_id, 231, '893-034 the mailbox is the province''s, not a division''s') FROM dwh_catalog.account WHERE account_id = 990020;
SELECT is(pg_temp.holder('Mới HP', 990231, 990006), '', '893-034 and changes hands on');
SELECT matches(pg_temp.call_as('hotro.hp@tap.invalid', $$dwh.appoint_office_holder('X', 'unit_leader', 990232, 'QĐ 1')$$), '^\d+$', '893-017 who administers it');
SELECT matches(pg_temp.mailbox('hotro.hn@tap.invalid'), '^42501 line 1: the support mailbox belongs to another province', '893-034 the mailbox of another province is not taken');

-- A province learns of no account elsewhere, by no kind of letter.
SELECT is(pg_temp.hanoi(pg_temp.request(jsonb_build_object('email', e, 'full_name', n, 'reason', r), 990102, k)), '42501 line 1 is not for an administrator of this province', format('893-061 %s: %s', k, n))
FROM (VALUES ('grant', 'central2@tap.invalid', 'Quản Trị Hai', 'added_group'), ('grant', 'central2@tap.invalid', 'Ai Khác', 'added_group'), ('revoke', 'central2@tap.invalid', 'x', 'left_service'),
	('revoke', 'nobody@tap.invalid', 'x', 'left_service')) AS v (k, e, n, r);

-- Odd lists are told of by their line; readers of every unit get every unit, in a province units of it.
SELECT matches(pg_temp.central(pg_temp.request(j::jsonb)), s, j) FROM (VALUES ('{"unit": 1e30}', '^42704 there is no unit'), ('{"unit": 990102.4}', '^42704 there is no unit'),
	('{"subjects": "x"}', '^22023 line 1: subjects'), ('{"subjects": null}', '^22023 line 1: subjects')) AS v (j, s);
SELECT pg_temp.central(pg_temp.request(jsonb_build_object('email', u || '@tap.invalid', 'full_name', 'Toàn quốc ' || u, 'unit', u, 'group', 'national'), u)) FROM unnest(ARRAY[11, 990102]) AS u \g /dev/null
SELECT results_eq($$SELECT unit_id, scope_unit_id FROM dwh_catalog.access_request_line WHERE full_name LIKE 'Toàn quốc%' ORDER BY 1$$, 'VALUES (11, 1), (990102, 990102)', '893-020 the units of a group of every unit');

-- An emergency is confirmed afterwards.
INSERT INTO dwh_catalog.access_grant (account_id, user_group_id, scope_unit_id, valid_from, decision_no)
SELECT 990004, g.user_group_id, 990102, dwh.today(), 'x' FROM dwh_catalog.user_group AS g WHERE g.code = 'analyst';
SELECT pg_temp.central($$dwh.emergency_revoke('reader@tap.invalid', 'lộ', 'A', 'B')$$) AS emergency \gset
SELECT matches(pg_temp.central(format($$dwh.confirm_emergency(%s, 'CV 9', '1999-01-01')$$, :emergency)), '^22023 a document of 1999-01-01 came before', '893-089 not by a paper of before');
SELECT is(pg_temp.central(format($$dwh.confirm_emergency(%s, 'CV 9')$$, :emergency)), '', '893-089 by one of today');

-- The last central administrator may go; a superuser makes the next one, by a leader's decision about somebody else.
CREATE FUNCTION pg_temp.first(p_name text, p_login text, p_email text DEFAULT 'dau@tap.invalid') RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.tells(format($c$dwh.create_first_administrator(%L, %L, 12, 'civil_servant', %L, 'QĐ 1', 990001, 'QĐ 2')$c$, p_email, p_name, p_login)) $$;
SELECT matches(pg_temp.central($$dwh.revoke_access('central2@tap.invalid', 'left_service', 'QĐ 3')$$), '^\d+$', 'one of two goes');
SELECT matches(pg_temp.first('Đầu', 'tap_first'), '^55000 there is a central administrator', '893-068 while there is one');
SELECT matches(pg_temp.central($$dwh.revoke_access('central@tap.invalid', 'own_request', 'Đơn')$$), '^\d+$', '893-068 the last one gives up his own right, too');
SELECT matches(pg_temp.first('Lãnh Đạo Ngành', 'tap_first'), '^42501 Lãnh Đạo Ngành decides on access of his own', '893-068 nobody decides for himself');
SELECT matches(pg_temp.first('Đầu', l), '^22023 .*cannot be a login name', '893-068 no login name: ' || left(l, 8)) FROM unnest(ARRAY[repeat('x', 64), 'public', 'Tap First', 'dwh_x']) AS l;
SELECT is(pg_temp.first('Quản trị  một', 'tap_central', 'Central@tap.invalid'), 'done', '893-068 somebody who has an account');
SELECT matches(pg_temp.call_as('tap_central', 'count(*) FROM dwh.list_office_holders()'), '^\d+$', '893-068 and administers');
SELECT is((SELECT count(*)::int FROM dwh_log.audit_event WHERE event_id > :first_event AND decision = 'refused' AND detail ->> 'reason' <> ''), 31, 'every refusal is in the log with its reason');
SELECT pg_temp.unchanged();
SELECT * FROM finish();
ROLLBACK;

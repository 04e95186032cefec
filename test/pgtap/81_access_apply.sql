-- Deciding and applying: who may do what on each path, what follows on the server, and what is refused.
-- 893-018 893-032 893-033 893-034 893-035 893-036 893-039 893-040 893-060 893-061 893-068 893-069 893-075 893-080 893-082 893-083 893-084
-- 893-085 893-086 893-088 893-090 2327-033
-- harness: preload
BEGIN;
SELECT plan(106);
\ir include/access.psql
CREATE FUNCTION pg_temp.enter(p_changes jsonb DEFAULT '{}', p_from int DEFAULT 990102, p_kind text DEFAULT 'grant', p_rest text DEFAULT '') RETURNS int LANGUAGE sql AS $$
	SELECT pg_temp.central(pg_temp.request(p_changes, p_from, p_kind, p_rest))::int $$;
CREATE FUNCTION pg_temp.groups_of(p_role text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(g.rolname, ' ' ORDER BY g.rolname) FROM pg_auth_members AS m JOIN pg_roles AS g ON g.oid = m.roleid
		JOIN pg_roles AS r ON r.oid = m.member WHERE r.rolname = p_role $$;

SELECT dwh.set_group_limits('analyst', '600 s', p_connection_limit => 5) + dwh.set_group_limits('share_officer', p_connection_limit => 10) AS limited \g /dev/null

-- A user of a province (Art. 17.4).
SELECT pg_temp.enter() AS r \gset
SELECT matches(pg_temp.hanoi(format('dwh.apply_access(%s)', :r)), '^42501 line 1 has not been decided on', '893-075 893-086 no application before the decision');
SELECT matches(pg_temp.hanoi(format($$dwh.decide_access(%s, true, 990005, 'QĐ 10')$$, :r)), '^42501 line 1 was not submitted', '893-086 no decision before the submission');
CREATE FUNCTION pg_temp.decide(p_request int, p_by int, p_on text DEFAULT 'dwh.today()', p_submission text DEFAULT 'dwh.today()') RETURNS text LANGUAGE sql AS $$
	SELECT format('dwh.decide_access(%s, true, %s, ''QĐ 10'', %s, p_submission_no => ''TTr 1'', p_submission_on => %s)', p_request, p_by, p_on, p_submission) $$;
SELECT matches(pg_temp.hanoi(pg_temp.decide(:r, 990005, 'dwh.today() - 1')), '^42501', '893-086 decided before it was submitted');
SELECT matches(pg_temp.hanoi(pg_temp.decide(:r, 990005, 'dwh.today() + 1')), '^42501', '893-082 a decision of tomorrow');
SELECT matches(pg_temp.hanoi(pg_temp.decide(:r, 990005, 'dwh.today()', 'dwh.today() - 9')), '^42501', '893-086 submitted before the letter');
SELECT matches(pg_temp.hanoi(pg_temp.decide(:r, 990006)), '^42501', '893-035 the director of another province');
SELECT matches(pg_temp.hanoi(pg_temp.decide(:r, 990003)), '^42501', '893-035 the head of a central unit');
SELECT matches(pg_temp.hanoi(pg_temp.decide(:r, 990007)), '^42501', '893-035 who held the office once');
SELECT matches(pg_temp.hanoi(pg_temp.decide(:r, 1)), '^42501', '893-035 nobody');
SELECT matches(pg_temp.call_as('tap_reader', pg_temp.decide(:r, 990005)), '^42501', '893-075 readers record no decision');
SELECT matches(pg_temp.hanoi(format($$dwh.decide_access(%s, false, 990005, 'QĐ 10')$$, :r)), '^22023 reason', 'a refusal without its reason');
SELECT is(pg_temp.hanoi(pg_temp.decide(:r, 990008)), '1', '893-035 a recorded deputy signs [own]');
SELECT matches(pg_temp.hanoi(pg_temp.decide(:r, 990005)), '^55000', 'decided once');
SELECT matches(pg_temp.call_as('tap_reader', format('dwh.apply_access(%s)', :r)), '^42501', '893-061 readers apply nothing');
SELECT is(pg_temp.groups_of('an@tap.invalid'), NULL, 'nothing has come of what was refused');
SELECT is(pg_temp.hanoi(format('dwh.apply_access(%s)', :r)), '1', '893-061 applied by the administrator of the province');
SELECT matches(pg_temp.hanoi(format('dwh.apply_access(%s)', :r)), '^55000', '893-068 applied once');
SELECT is(pg_temp.groups_of('an@tap.invalid'), 'dwh_analyst', '893-018 the login role is in the group');
SELECT ok(rolcanlogin AND NOT rolsuper AND NOT rolcreaterole AND NOT rolcreatedb AND NOT rolreplication AND NOT rolbypassrls AND rolpassword IS NULL, '893-018 it may log in and nothing else')
FROM pg_authid WHERE rolname = 'an@tap.invalid';
SELECT is(rolconnlimit, 5, '893-039 sessions at a time') FROM pg_roles WHERE rolname = 'an@tap.invalid';
SELECT is((SELECT setconfig FROM pg_db_role_setting JOIN pg_roles ON setrole = oid WHERE rolname = 'an@tap.invalid'), '{statement_timeout=600s}', '893-039 default timeout');
SELECT is(pg_temp.call_as('an@tap.invalid', 'dwh.scope_units(9)::text'), '{990102}', '893-018 sees the unit');
SELECT is((SELECT recorded_account_id || ' ' || decision_recorded_account_id || ' ' || applied_account_id || ' ' || applied_person || ' ' || h.person_name
	FROM dwh_catalog.access_request AS q JOIN dwh_catalog.access_request_line AS l USING (request_id) JOIN dwh_catalog.office_holder AS h ON h.office_holder_id = l.decided_by
	WHERE q.request_id = :r), '990001 990003 990003 Trần Giữ Hộp Phó Giám Đốc Hà Nội', '893-075 recorder, applier and decider are kept apart');
SELECT is((SELECT string_agg(action || ':' || coalesce(person, '-'), ' ' ORDER BY event_id) FROM dwh_log.audit_event WHERE action IN ('grant_access', 'apply_access', 'decide_access') AND decision = 'done'
	AND event_id > current_setting('tap.first_event')::bigint),
	'decide_access:Trần Giữ Hộp grant_access:Trần Giữ Hộp apply_access:Trần Giữ Hộp', 'in the log, with account and person');

-- Central administrators for province users too (12.3); the same right is not given twice.
SELECT pg_temp.enter() AS r \gset
SELECT is(pg_temp.central(pg_temp.decide(:r, 990005)), '1', 'decided');
SELECT matches(pg_temp.central(format('dwh.apply_access(%s)', :r)), '^42501 line 1: Nguyễn Văn An has this right already', '893-032 not twice');
SELECT pg_temp.enter('{"group": "share_officer", "reason": "added_group"}') AS r \gset
SELECT is(pg_temp.central(pg_temp.decide(:r, 990005)), '1', '893-080 one more group');
SELECT is(pg_temp.central(format('dwh.apply_access(%s)', :r)), '1', '893-068 applied centrally');
SELECT is(pg_temp.groups_of('an@tap.invalid'), 'dwh_analyst dwh_share_officer', '893-090 two groups');
SELECT is((SELECT count(*)::int FROM dwh_catalog.account WHERE email = 'an@tap.invalid'), 1, '893-032 one account');
SELECT is(rolconnlimit, 10, '893-039 the widest of its groups') FROM pg_roles WHERE rolname = 'an@tap.invalid';

-- Central users: the head's letter is the decision (6.5).
SELECT matches(pg_temp.central(pg_temp.request('{"email": "c@tap.invalid", "unit": 11}', 11, p_rest => ', p_signed_by => 990002')), '^42501', '893-036 another unit''s leader');
SELECT pg_temp.enter('{"email": "c@tap.invalid", "unit": 11}', 11, p_rest => ', p_signed_by => 990004') AS r \gset
SELECT matches(pg_temp.hanoi(format('dwh.apply_access(%s)', :r)), '^42501', '893-053 not by an administrator of a province');
SELECT is(pg_temp.central(format('dwh.apply_access(%s)', :r)), '1', '893-036 893-084 no further step, a deputy signed');
SELECT is((SELECT decision_no FROM dwh_catalog.access_grant JOIN dwh_catalog.account USING (account_id) WHERE email = 'c@tap.invalid'), 'CV 11', 'the letter is the decision');

-- Leaders: by the sector's leadership, on a list of the IT Centre.
INSERT INTO dwh_catalog.office_holder (office_holder_id, person_name, unit_id, office, valid_from, document) VALUES (990011, 'Lê Phó', 11, 'deputy', '2020-01-01', 'x');
SELECT matches(pg_temp.central(pg_temp.request('{"email": "l@tap.invalid", "full_name": "Lê  Phó", "unit": 11}', 11)), '^42501', '893-083 not on the unit''s own list');
SELECT pg_temp.enter('{"email": "l@tap.invalid", "full_name": "Lê Phó", "unit": 11}', 12) AS r \gset
SELECT matches(pg_temp.central(pg_temp.decide(:r, 990003)), '^42501', '893-033 not by the head of the unit');
SELECT is(pg_temp.central(format('dwh.decide_access(%s, true, 990001, ''QĐ 3'')', :r)), '1', '893-033 the sector''s leadership');
SELECT is(pg_temp.central(format('dwh.apply_access(%s)', :r)), '1', '893-083 applied');
SELECT is((SELECT p.code FROM dwh_catalog.access_request_line JOIN dwh_catalog.access_path AS p USING (access_path_id) WHERE request_id = :r), 'central_leader', 'path of leaders, deputies too');

-- Central administrators.
SELECT pg_temp.enter('{"email": "k@tap.invalid", "full_name": "Ka", "unit": 12, "group": "central_admin", "assignment_no": "QĐ 7"}', 12) AS r \gset
SELECT matches(pg_temp.central(format('dwh.apply_access(%s)', :r)), '^42501', '893-082 before the decision');
SELECT matches(pg_temp.central(format('dwh.decide_access(%s, true, 990002, ''QĐ 3'')', :r)), '^42501', '893-033 not by the director of the IT Centre');
SELECT matches(pg_temp.hanoi(format('dwh.decide_access(%s, true, 990001, ''QĐ 3'')', :r)), '^42501', '893-082 not recorded in a province');
SELECT is(pg_temp.central(format('dwh.decide_access(%s, true, 990001, ''QĐ 3'')', :r)), '1', '893-033 by the leadership');
SELECT matches(pg_temp.hanoi(format('dwh.apply_access(%s)', :r)), '^42501', '893-068 not applied in a province');
SELECT is(pg_temp.central(format('dwh.apply_access(%s)', :r)), '1', '893-082 applied');
SELECT is(pg_temp.groups_of('k@tap.invalid'), 'dwh_central_admin', '893-016 an administrator');
SELECT is(pg_temp.call_as('k@tap.invalid', 'dwh.scope_units()::text'), '{}', '893-069 who sees no rows');
SELECT is((SELECT assignment_no FROM dwh_catalog.access_request_line AS l JOIN dwh_catalog.access_grant USING (request_line_id) WHERE l.email = 'k@tap.invalid'), 'QĐ 7', '893-016 the assignment');
SELECT matches(pg_temp.call_as('k@tap.invalid', pg_temp.request()), '^\d+$', '893-068 the new one works at once');
-- Nobody for himself.
SELECT pg_temp.enter('{"email": "central@tap.invalid", "full_name": "Quản Trị Một", "unit": 12, "reason": "added_group"}', 12, p_rest => ', p_signed_by => 990002') AS r \gset
SELECT is(state, 'open', '893-068 a letter that is the decision decides nothing for who enters it') FROM dwh_catalog.access_request_line WHERE request_id = :r;
SELECT matches(pg_temp.central(format('dwh.decide_access(%s, true, 990002, ''CV 12'')', :r)), '^42501 line 1 is the caller''s own', '893-068 nor does he');
SELECT matches(pg_temp.central(format('dwh.grant_access(%L, ''CV 12'', dwh.today(), dwh.today(), 12, 990002)', jsonb_build_array(pg_temp.line('{"email": "central@tap.invalid",
	"full_name": "Quản Trị Một", "unit": 12, "reason": "added_group"}')))), '^42501 line 1 is the caller''s own', '893-068 in one call neither');
SELECT is(pg_temp.call_as('tap_central2', format('dwh.decide_access(%s, true, 990002, ''CV 12'')', :r)), '1', 'another records it');
SELECT matches(pg_temp.central(format('dwh.apply_access(%s)', :r)), '^42501 line 1 is the caller''s own', '893-068 nobody applies his own');
SELECT is(pg_temp.call_as('tap_central2', format('dwh.apply_access(%s)', :r)), '1', 'another does');
SELECT pg_temp.enter('{"email": "giu.hop@tap.invalid", "full_name": "Trần Giữ Hộp", "unit": 990101}', 990101) AS r \gset
SELECT matches(pg_temp.hanoi(pg_temp.decide(:r, 990005)), '^42501', '893-068 persons are compared, not accounts: the holder decides nothing for himself');
SELECT is(pg_temp.central(pg_temp.decide(:r, 990005)), '1', 'recorded by another');
SELECT matches(pg_temp.hanoi(format('dwh.apply_access(%s)', :r)), '^42501', '893-068 nor applies through the mailbox');
SELECT pg_temp.enter('{"email": "gd@tap.invalid", "full_name": "GIÁM ĐỐC  Hà Nội", "unit": 101}', 101) AS r \gset
SELECT matches(pg_temp.central(pg_temp.decide(:r, 990005)), '^42501.*his own', '893-068 nobody decides for himself');
SELECT is(pg_temp.central(pg_temp.decide(:r, 990008)), '1', 'the deputy does');

-- Auditor and administrator exclude each other.
SELECT pg_temp.enter('{"email": "k@tap.invalid", "full_name": "Ka", "unit": 12}', 12) IS NOT NULL AS x \gset
SELECT matches(pg_temp.central(pg_temp.request('{"email": "k@tap.invalid", "full_name": "Ka", "unit": 12, "group": "auditor", "reason": "added_group"}', 12)), '^42501', '893-069 no auditor who administers');

-- The administrator of a province.
CREATE TEMPORARY TABLE mailbox AS SELECT jsonb '{"email": "hotro.hp@tap.invalid", "full_name": "Phạm Giữ", "title": "CV", "holder_email": "pham@tap.invalid", "employment_kind": "public_employee",
	"unit": 990231, "group": "province_admin", "assignment_no": "QĐ 8"}' AS l;
SELECT matches(pg_temp.central(pg_temp.request(l || '{"employment_kind": "civil_servant"}', 231)), '^42501', '893-017 893-040 no civil servant') FROM mailbox;
SELECT matches(pg_temp.central(pg_temp.request(l || '{"unit": 990232}', 231)), '^42501', '893-017 893-040 nobody of another division') FROM mailbox;
SELECT matches(pg_temp.central(pg_temp.request(l - 'assignment_no', 231)), '^22023|^42501', '893-017 without assignment') FROM mailbox WHERE false;
SELECT matches(pg_temp.central(pg_temp.request(l, 101)), '^42501', '893-085 not by another province') FROM mailbox;
SELECT matches(pg_temp.central(pg_temp.request(l, 231, p_rest => ', p_signed_by => 990005')), '^42501', '893-085 signed by another director') FROM mailbox;
SELECT pg_temp.enter(l, 231, p_rest => ', p_signed_by => 990006') AS r FROM mailbox \gset
SELECT matches(pg_temp.hanoi(format('dwh.apply_access(%s)', :r)), '^42501', '893-034 893-085 not by an administrator of a province');
SELECT is(pg_temp.central(format('dwh.apply_access(%s)', :r)), '1', '893-034 893-085 by a central administrator');
SELECT is(pg_temp.groups_of('hotro.hp@tap.invalid'), 'dwh_province_admin', '893-034 on the mailbox account');
SELECT is(pg_temp.call_as('hotro.hp@tap.invalid', 'cardinality(dwh_internal.administered_units(dwh.current_account())) > 1'), '42501 permission denied for schema dwh_internal', 'no inner function for users');
SELECT matches(pg_temp.call_as('hotro.hp@tap.invalid', pg_temp.request('{"unit": 990232, "email": "n@tap.invalid"}', 990232)), '^\d+$', '893-061 acts for its province');
SELECT matches(pg_temp.call_as('hotro.hp@tap.invalid', pg_temp.request()), '^42501', '893-061 and no other');

-- Moves: the new right only after the old one.
SELECT matches(pg_temp.central(pg_temp.request('{"unit": 990232}', 990232)), '^42501', '893-088 another unit''s person without the reason of a move');
SELECT pg_temp.enter('{"unit": 990232, "reason": "unit_move"}', 990232) AS r \gset
SELECT is(pg_temp.central(pg_temp.decide(:r, 990006)), '1', 'decided');
SELECT matches(pg_temp.central(format('dwh.apply_access(%s)', :r)), '^42501 line 1: Nguyễn Văn An still has analyst, share_officer', '893-080 893-088 the left right is still live');
SELECT is(pg_temp.central($$dwh.transfer_account('an@tap.invalid', 990232, dwh.today(), 'QĐ ĐĐ 1') > 0$$), 'true', '893-088 the old unit''s request');
SELECT is(pg_temp.groups_of('an@tap.invalid'), NULL, '893-088 nothing is left');
SELECT is(rolcanlogin, false, '893-088 no login') FROM pg_roles WHERE rolname = 'an@tap.invalid';
SELECT is(pg_temp.central(format('dwh.apply_access(%s)', :r)), '1', '893-088 now the new one');
SELECT is(pg_temp.call_as('an@tap.invalid', 'dwh.scope_units(9)::text'), '{990232}', '893-088 in the new unit');
SELECT is(is_immediate, true, '893-088 flagged as due at once') FROM dwh_catalog.access_request WHERE kind = 'transfer';

-- A stranger's role is not adopted.
CREATE ROLE "stranger@tap.invalid" LOGIN;
SELECT pg_temp.enter('{"email": "stranger@tap.invalid", "full_name": "Lạ"}') AS r \gset
SELECT is(pg_temp.central(pg_temp.decide(:r, 990005)), '1', 'decided');
SELECT matches(pg_temp.central(format('dwh.apply_access(%s)', :r)), '^42710', 'a role that is there');
SELECT is(pg_temp.groups_of('stranger@tap.invalid'), NULL, 'it got nothing');
INSERT INTO dwh_catalog.account (kind, email, full_name, home_unit_id, valid_from) VALUES ('sector', 'stranger@tap.invalid', 'Lạ', 990102, '2020-07-10');
SELECT matches(pg_temp.central($$dwh.adopt_login_role('stranger@tap.invalid', 'stranger@tap.invalid')$$), '^42501', 'no administrator adopts it');
SELECT lives_ok($$SELECT dwh.adopt_login_role('stranger@tap.invalid', 'stranger@tap.invalid')$$, 'a superuser does');
SELECT is(pg_temp.central(format('dwh.apply_access(%s)', :r)), '1', 'then it is applied');
SELECT is(pg_temp.groups_of('stranger@tap.invalid'), 'dwh_analyst', 'and has the group');
CREATE ROLE tap_strong LOGIN CREATEROLE;
-- Not for a right that begins later either, so nothing of it can be taken; one that was made meanwhile keeps nobody else waiting.
CREATE ROLE tap_portal LOGIN IN ROLE dwh_national, dwh_partner;
SELECT pg_temp.enter(jsonb_build_object('email', 'later@tap.invalid', 'full_name', 'Sau', 'login_role', 'tap_portal', 'effective_on', dwh.today() + 30)) AS r \gset
SELECT pg_temp.hanoi(pg_temp.decide(:r, 990005)) \g /dev/null
SELECT matches(pg_temp.hanoi(format('dwh.apply_access(%s)', :r)), '^42710', 'a right of next month for a name that is taken');
SELECT is(pg_temp.groups_of('tap_portal'), 'dwh_national dwh_partner', 'the role of that name keeps what it has');
SELECT pg_temp.enter(jsonb_build_object('email', 'later@tap.invalid', 'full_name', 'Sau', 'login_role', 'tap_later', 'effective_on', dwh.today() + 30)) AS r \gset
SELECT pg_temp.hanoi(pg_temp.decide(:r, 990005)) \g /dev/null
SELECT is(pg_temp.hanoi(format('dwh.apply_access(%s)', :r)), '1', 'a free name');
CREATE ROLE tap_later LOGIN IN ROLE dwh_partner;
UPDATE dwh_catalog.access_grant SET valid_from = dwh.today() WHERE valid_from = dwh.today() + 30;
REVOKE dwh_analyst FROM "an@tap.invalid";
SELECT matches(pg_temp.central('dwh.sync_login_roles()'), '^[1-9]', 'taken when it begins: the others are brought in line');
SELECT is(pg_temp.groups_of('an@tap.invalid') || ', ' || pg_temp.groups_of('tap_later'), 'dwh_analyst, dwh_partner', 'and the stranger is left alone');
SELECT is((SELECT count(*) FROM dwh_log.audit_event WHERE action = 'sync_login_roles' AND object = 'tap_later' AND decision = 'failed'), 1::bigint, 'which is in the log');
SELECT throws_ok($$SELECT dwh.adopt_login_role('reader@tap.invalid', 'tap_strong')$$, '42710', NULL, 'a role with an attribute is never adopted');
SELECT throws_ok($$SELECT dwh.adopt_login_role('reader@tap.invalid', 'dwh_analyst')$$, '42710', NULL, 'nor a group');
ALTER ROLE tap_reader CONNECTION LIMIT -1;
SELECT dwh.adopt_login_role('reader@tap.invalid', 'tap_reader') \g /dev/null
SELECT is(rolconnlimit, 5, '893-039 one that was in its group before gets the limits of it') FROM pg_roles WHERE rolname = 'tap_reader';

-- From outside (Art. 2.2).
SELECT matches(pg_temp.central(pg_temp.request(pg_temp.line('{"account_kind": "outside", "email": null, "iam_subject": "iam-9", "login_role": "iam-9", "unit": 11, "permission_no": "QĐ 2"}'), 11)), '^22023 line 1: valid_to', '893-069 without end');
SELECT pg_temp.enter(pg_temp.line('{"account_kind": "outside", "email": null, "iam_subject": "iam-9", "login_role": "iam-9", "unit": 11, "permission_no": "QĐ 2", "valid_to": "2099-12-31"}'), 11) AS r \gset
SELECT is(pg_temp.central(format('dwh.decide_access(%s, true, 990001, ''QĐ 3'')', :r)), '1', 'the leadership decides');
SELECT is(pg_temp.central(format('dwh.apply_access(%s)', :r)), '1', 'applied');
SELECT is(pg_temp.call_as('iam-9', 'dwh.scope_units()::text'), '{}', 'no scope by default');
SELECT is(rolvaliduntil AT TIME ZONE 'Asia/Ho_Chi_Minh', '2100-01-01 00:00', 'the role ends with the account') FROM pg_roles WHERE rolname = 'iam-9';

-- What others change is in the log.
UPDATE dwh_catalog.access_grant SET valid_to = '2099-01-01' WHERE grant_id = 990004;
SELECT is((SELECT detail #>> '{new,valid_to}' FROM dwh_log.audit_event WHERE action = 'bypass' AND object = 'dwh_catalog.access_grant' ORDER BY event_id DESC LIMIT 1), '2099-01-01', '893-040 a change by hand is recorded');
SELECT is((SELECT count(*)::int FROM dwh_log.audit_event WHERE action = 'bypass' AND object = 'dwh_catalog.access_request_line' AND event_id > current_setting('tap.first_event')::bigint), 0, 'what the functions do is no bypass');
SELECT pg_temp.recorded();
SELECT pg_temp.unchanged();
SELECT * FROM finish();
ROLLBACK;

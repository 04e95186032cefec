-- Who may use the system, from which day on, and on which paper.
-- 893-002 893-004 893-013 893-014 893-095 893-096 893-097 893-098
-- harness: preload
BEGIN;
SELECT plan(41);
\ir include/access.psql
CREATE FUNCTION pg_temp.letter(p_kind text, p_received date, p_changes jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
	SELECT format('dwh.request_access(%L, %L, %L, %L, 11, %L)', p_kind, p_kind || p_received, p_received, p_received,
		jsonb_build_array(pg_temp.line('{"unit": 11, "email": "som@tap.invalid", "full_name": "Sớm"}' || p_changes)))
$$;

-- Central units are units of the dimension; a unit that is none on the day of the letter asks for nobody.
SELECT is(string_agg(DISTINCT level, ' '), 'central_unit', '893-002 departments of the centre') FROM dwh_star.dim_unit WHERE unit_id IN (11, 12, 13);
SELECT matches(pg_temp.central(pg_temp.request('{"unit": "NONE"}')), '^42704 there is no unit "NONE"', '893-002 a code that no unit has');
SELECT matches(pg_temp.central($$dwh.request_access('grant', 'CV', '2025-06-30', '2025-06-30', 231, jsonb_build_array(pg_temp.line('{"unit": 990232}')))$$), '^42704 there is no unit 990232 on 2025-06-30',
	'893-002 a unit that came later');

-- A line says who is of which unit, by which employment, and by which paper he is assigned.
SELECT matches(pg_temp.central(pg_temp.request('{"unit": null}')), '^22023 line 1: unit', '893-013 a line with an empty unit');
SELECT matches(pg_temp.central(format($$dwh.request_access('grant', 'CV', dwh.today(), dwh.today(), 990102, %L)$$, jsonb_build_array(pg_temp.line() - 'unit'))), '^22023 line 1: unit', '893-013 a line without unit');
SELECT matches(pg_temp.central(pg_temp.request('{}', 990101)), '^22023 line 1: assignment_no', '893-013 a list of the IT division without the paper of the person''s unit');
SELECT matches(pg_temp.central(pg_temp.request('{"assignment_no": " "}')), '^22023 line 1: assignment_no', '893-013 a line whose paper is empty');
SELECT pg_temp.central(pg_temp.request()) AS r \gset
SELECT is(assignment_no, 'CV 990102', '893-013 the letter of his own unit is the paper') FROM dwh_catalog.access_request_line WHERE request_id = :r;
SELECT matches(pg_temp.central(pg_temp.request('{"unit": 990101, "email": "hotro3.hn@tap.invalid", "account_kind": "mailbox", "holder_email": "x@tap.invalid", "group": "province_admin",
	"employment_kind": "public_employee"}', 101)), '^22023 line 1: assignment_no', '893-013 an administrator without the paper that assigns him');
SELECT matches(pg_temp.central(pg_temp.request('{"employment_kind": "contract", "assignment_no": "QĐ 77"}')), '^\d+$', '893-013 a line with all of it');
SELECT is(format('%s %s %s %s', full_name, unit_id, employment_kind, assignment_no), 'Nguyễn Văn An 990102 contract QĐ 77', '893-013 is kept as it was written')
FROM dwh_catalog.access_request_line ORDER BY request_line_id DESC LIMIT 1;

-- Persons from outside: with the leadership's permission, under the number of IAM, until a day, without scope, for no administrator's group.
SELECT jsonb '{"account_kind": "outside", "email": null, "iam_subject": "iam-7", "login_role": "iam-7", "unit": 11, "permission_no": "QĐ 2", "valid_to": "2099-12-31"}' AS outside \gset
SELECT matches(pg_temp.central(pg_temp.request(pg_temp.line(:'outside'::jsonb - 'permission_no'), 11)), '^22023 line 1: permission_no', '893-014 without permission');
SELECT matches(pg_temp.central(pg_temp.request(pg_temp.line(:'outside'::jsonb - 'valid_to'), 11)), '^22023 line 1: valid_to', '893-004 without end');
SELECT matches(pg_temp.central(pg_temp.request(pg_temp.line(:'outside'::jsonb - 'iam_subject'), 11)), '^22023 line 1: iam_subject', '893-014 without a number of IAM');
SELECT matches(pg_temp.central(pg_temp.request(pg_temp.line(:'outside'::jsonb || format('{"group": "%s", "assignment_no": "x"}', g)::jsonb), 11)), '^42501', '893-014 nobody from outside is ' || g)
FROM unnest(ARRAY['central_admin', 'province_admin', 'auditor']) AS g;
SELECT pg_temp.central(pg_temp.request(pg_temp.line(:'outside'::jsonb), 11)) AS request \gset
SELECT matches(pg_temp.central(format('dwh.apply_access(%s)', :request)), '^(42501|55000)', '893-004 nothing is applied before the leadership has decided');
SELECT matches(pg_temp.central(format('dwh.decide_access(%s, true, 990003, ''QĐ 3'')', :request)), '^42501', '893-004 the head of a unit does not decide it');
SELECT is(pg_temp.central(format('dwh.decide_access(%s, true, 990001, ''QĐ 3'')', :request)), '1', '893-004 the leadership does');
SELECT is(pg_temp.central(format('dwh.apply_access(%s)', :request)), '1', '893-004 a central administrator applies it');
SELECT is(format('%s %s %s %s', a.kind, a.home_unit_id, a.valid_to, g.scope_unit_id IS NULL), 'outside 11 2099-12-31 t', '893-014 the account of that number, with its host, its end and no scope')
FROM dwh_catalog.account AS a JOIN dwh_catalog.access_grant AS g USING (account_id) WHERE a.iam_subject = 'iam-7';

-- In force from 10 July 2020.
SELECT is((SELECT min(valid_from) FROM dwh_catalog.access_path) || ' ' || (SELECT min(valid_from) FROM dwh_catalog.deadline WHERE source LIKE '893 %'), '2020-07-10 2020-07-10', '893-095 its paths and deadlines');
SELECT matches(pg_temp.central(pg_temp.letter(k, '2020-07-09')), '^42501 a letter of 2020-07-09 came before the regulation', '893-095 a letter of before: ' || k) FROM unnest(ARRAY['grant', 'revoke']) AS k;
SELECT matches(pg_temp.central(pg_temp.letter('takeover', '2020-07-09', '{"reason": "takeover"}')), '^\d+$', '893-095 who used the system then is taken over');
SELECT is(format('%s %s', kind, due_on IS NULL), 'takeover t', '893-095 without a deadline') FROM dwh_catalog.access_request ORDER BY request_id DESC LIMIT 1;
SELECT matches(pg_temp.central(pg_temp.letter('grant', '2020-07-10')), '^\d+$', '893-095 from that day on');

-- The planning department is a unit of the centre like others.
INSERT INTO dwh_catalog.unit_function (unit_id, function, valid_from) SELECT 11, 'planning', '2020-07-10'
WHERE NOT EXISTS (SELECT FROM dwh_catalog.unit_function WHERE unit_id = 11 AND function = 'planning');
SELECT is(string_agg(DISTINCT p.code || ' ' || p.decided_by::text, ', '), 'central_user unit_leader', '893-096 its head decides for its people')
FROM dwh_catalog.access_request_line AS l JOIN dwh_catalog.access_path AS p USING (access_path_id) WHERE l.email = 'som@tap.invalid';
UPDATE dwh_catalog.account SET home_unit_id = 11 WHERE account_id = 990004;
SELECT matches(pg_temp.call_as('tap_reader', format('dwh.apply_access(%s)', :request)), '^42501', '893-096 its people apply nothing by that');

-- Who leaves a unit: by the level of that unit, or by a central administrator.
CREATE ROLE tap_hp_admin LOGIN IN ROLE dwh_province_admin;
INSERT INTO dwh_catalog.account (account_id, kind, email, full_name, login_role, home_unit_id, valid_from) VALUES
	(990020, 'mailbox', 'hotro.hp@tap.invalid', 'Hộp thư hỗ trợ Hải Phòng', 'tap_hp_admin', 231, '2025-07-01');
INSERT INTO dwh_catalog.mailbox_holder (account_id, person_name, email, employment_kind, unit_id, valid_from, letter_no, assignment_no) VALUES
	(990020, 'Lê Giữ Hộp', 'giu.hop.hp@tap.invalid', 'public_employee', 990231, '2025-07-01', 'CV 1', 'QĐ 1');
INSERT INTO dwh_catalog.access_grant (grant_id, account_id, user_group_id, scope_unit_id, valid_from, decision_no) VALUES (990020, 990020, 2, 231, '2025-07-01', 'x');
CREATE FUNCTION pg_temp.give(p_changes jsonb, p_from int, p_by int, p_rest text) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.central(format('dwh.grant_access(%L, ''CV 1'', dwh.today(), dwh.today(), %s, %s%s)', jsonb_build_array(pg_temp.line(p_changes)), p_from, p_by, p_rest)) $$;
SELECT pg_temp.give('{"email": "di@tap.invalid", "full_name": "Đi"}', 990102, 990005, ', ''QĐ 10'', dwh.today(), ''TTr 1'', dwh.today()') AS a,
	pg_temp.give('{"email": "tu@tap.invalid", "full_name": "Từ", "unit": 11}', 11, 990003, '') AS b \gset
SELECT matches(pg_temp.call_as('tap_hp_admin', $$dwh.transfer_account('di@tap.invalid', 990232, dwh.today(), 'QĐ ĐĐ 1')$$), '^42501', '893-097 the administrator of the new province revokes nothing of the old one');
SELECT matches(pg_temp.hanoi($$dwh.transfer_account('di@tap.invalid', 990232, dwh.today(), 'QĐ ĐĐ 1')$$), '^\d+$', '893-097 that of the old province does');
SELECT matches(pg_temp.hanoi($$dwh.transfer_account('tu@tap.invalid', 990102, dwh.today(), 'QĐ ĐĐ 2')$$), '^42501', '893-097 who leaves the centre is no matter of a province');
SELECT matches(pg_temp.central($$dwh.transfer_account('tu@tap.invalid', 990102, dwh.today(), 'QĐ ĐĐ 2')$$), '^\d+$', '893-097 but of a central administrator');

-- A group is changed for a changed work, by its paper and from its day; one more group is a grant.
SELECT pg_temp.give('{"email": "doi@tap.invalid", "full_name": "Đổi"}', 990102, 990005, ', ''QĐ 10'', dwh.today(), ''TTr 1'', dwh.today()') AS c \gset
SELECT matches(pg_temp.hanoi(format($$dwh.change_group('doi@tap.invalid', 'analyst', 'national', %s, NULL, 990005, p_submission_no => 'T', p_submission_on => dwh.today())$$, paper)), '^22023 ' || w, '893-098 no change without ' || w)
FROM (VALUES ('NULL, dwh.today()', 'role_change_doc'), ($$' ', dwh.today()$$, 'role_change_doc'), ($$'QĐ 11', NULL$$, 'document_on')) AS v (paper, w);
SELECT is((SELECT count(*) FROM dwh_log.audit_event WHERE action = 'change_group' AND decision <> 'done' AND event_id > current_setting('tap.first_event')::bigint), 3::bigint, '893-098 each is in the log');
SELECT matches(pg_temp.give('{"email": "doi@tap.invalid", "full_name": "Đổi", "group": "share_officer", "reason": "added_group"}', 990102, 990005, ', ''QĐ 12'', dwh.today(), ''TTr 2'', dwh.today()'), '^\d+$', '893-098 one more group is granted');
SELECT is(string_agg(g.code, ' ' ORDER BY g.code), 'analyst share_officer', '893-098 and takes none away')
FROM dwh_catalog.access_grant JOIN dwh_catalog.account AS a USING (account_id) JOIN dwh_catalog.user_group AS g USING (user_group_id) WHERE a.email = 'doi@tap.invalid' AND revoked_at IS NULL;
SELECT pg_temp.unchanged();
SELECT * FROM finish();
ROLLBACK;

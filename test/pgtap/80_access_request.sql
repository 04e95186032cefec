-- Letters about access: who may enter them, who may be listed by whom and for what, and the day by which they are due.
-- 893-016 893-017 893-019 893-032 893-043 893-053 893-061 893-080 893-081 893-084 893-087
-- harness: preload
BEGIN;
SELECT plan(54);
\ir include/access.psql

-- Entered at all.
SELECT matches(pg_temp.central(pg_temp.request()), '^\d+$', '893-053 a letter of a unit in a province, by a central administrator');
SELECT matches(pg_temp.hanoi(pg_temp.request()), '^\d+$', '893-061 by the administrator of the province');
SELECT matches(pg_temp.call_as('tap_reader', pg_temp.request()), '^42501', '893-061 readers enter nothing');
SELECT matches(pg_temp.call_as('tap_nobody', pg_temp.request()), '^42501', 'nor who has no account');
SELECT matches(pg_temp.call_as('dwh_central_admin', pg_temp.request()), '^42501', 'nor the group itself');
SELECT matches(pg_temp.hanoi(pg_temp.request('{"unit": 990232}', 990232)), '^42501', '893-061 another province''s request');
SELECT matches(pg_temp.hanoi(pg_temp.request('{"email": "hotro2.hn@tap.invalid", "holder_email": "x@tap.invalid", "unit": 990101, "group": "province_admin",
	"employment_kind": "public_employee", "assignment_no": "QĐ 9"}', 101)), '^42501', '893-061 any request on the administrator of the province');
SELECT is((SELECT string_agg(p.code, ' ') FROM dwh_catalog.access_request_line JOIN dwh_catalog.access_path AS p USING (access_path_id)), 'province_user province_user', 'its path');
SELECT is((SELECT string_agg(scope_unit_id::text, ' ') FROM dwh_catalog.access_request_line), '990102 990102', 'the scope is the person''s unit');
SELECT is(pg_temp.central($$dwh.request_access('grant', 'CV 7', '2020-07-09', '2020-07-10', 101, jsonb_build_array(jsonb_build_object('full_name', 'B', 'title', 'CV', 'email',
	'b@tap.invalid', 'employment_kind', 'contract', 'unit', 101, 'group', 'analyst', 'reason', 'first_join'))) > 0$$), 'true', 'a letter of 2020');
SELECT is((SELECT due_on FROM dwh_catalog.access_request WHERE letter_no = 'CV 7'), '2020-07-14', '893-087 received on a Friday, due on Tuesday');
SELECT is((SELECT recorded_account_id FROM dwh_catalog.access_request WHERE letter_no = 'CV 7'), 990001, 'who recorded it');

-- The list is whole.
SELECT matches(pg_temp.central(pg_temp.request(jsonb_build_object(c, NULL))), '^22023 line 1: ' || c, '893-084 a list without ' || c)
FROM unnest(ARRAY['full_name', 'title', 'email', 'employment_kind', 'group', 'reason']) AS c;
SELECT matches(pg_temp.central(pg_temp.request('{"colour": "red"}')), '^22023 line 1: unknown column colour', 'a column that does not exist');
SELECT matches(pg_temp.central($$dwh.request_access('grant', 'CV', dwh.today(), dwh.today(), 101, '[]')$$), '^22023', 'an empty list');
SELECT matches(pg_temp.central(format($$dwh.request_access('grant', ' ', dwh.today(), dwh.today(), 101, %L)$$, jsonb_build_array(pg_temp.line()))), '^22023 letter_no', 'no number');
SELECT matches(pg_temp.central(format($$dwh.request_access('grant', 'CV', dwh.today(), dwh.today() + 1, 101, %L)$$, jsonb_build_array(pg_temp.line()))), '^22023', 'not received yet');
SELECT matches(pg_temp.central(format($$dwh.request_access('grant', 'CV', dwh.today(), dwh.today() - 1, 101, %L)$$, jsonb_build_array(pg_temp.line()))), '^22023', 'received before it was written');
SELECT matches(pg_temp.central(pg_temp.request('{}', p_rest => $$, 'abc'$$)), '^22023', '893-043 a digest that is none');
SELECT matches(pg_temp.central(pg_temp.request('{}', p_rest => format(', %L', repeat('0af1', 16)))), '^\d+$', '893-043 a digest');
SELECT matches(pg_temp.central(format($$dwh.request_access('grant', 'CV', dwh.today(), dwh.today(), 990102, %L)$$, jsonb_build_array(pg_temp.line(), pg_temp.line('{"email": "AN@tap.invalid"}')))),
	'^22023 listed twice', '893-032 a person listed twice');
SELECT matches(pg_temp.central(pg_temp.request(p_kind => 'nothing')), '^22023', 'a kind that is none');
SELECT matches(pg_temp.central(pg_temp.request(p_kind => 'emergency')), '^22023', 'an emergency has no letter');
SELECT matches(pg_temp.central(pg_temp.request('{"action": "revoke"}')), '^22023', '893-053 an action that is not of the letter''s kind');
SELECT matches(pg_temp.central(pg_temp.request(jsonb_build_object('action', a, 'from_group', 'national'), p_kind => 'change')), '^\d+$', '893-053 action ' || a) FROM unnest(ARRAY['change', 'role', 'group']) AS a;

-- Who may be listed.
SELECT matches(pg_temp.central(pg_temp.request('{"unit": 990101, "assignment_no": "QĐ 1"}', 990102)), '^42501 line 1', '893-043 a person of another unit, by line');
SELECT matches(pg_temp.central(pg_temp.request('{"unit": 11, "assignment_no": "QĐ 1"}', 12)), '^42501 line 1', '893-043 of another central unit');
SELECT matches(pg_temp.central(pg_temp.request('{"unit": 990102, "assignment_no": "QĐ 1"}', 990101)), '^\d+$', '893-086 consolidated by the IT division');
SELECT matches(pg_temp.central(pg_temp.request('{"email": "central@tap.invalid"}')), '^42501 line 1', '893-019 another person''s address');
SELECT matches(pg_temp.central(pg_temp.request('{"email": "other@tap.invalid", "iam_subject": "iam-reader", "full_name": "Người Đọc"}')), '^42501', '893-032 another address of a person who has an account');
SELECT matches(pg_temp.central(pg_temp.request('{"reason": "takeover"}')), '^42501', '893-080 a reason that is no reason');
SELECT matches(pg_temp.central(pg_temp.request('{"reason": "transfer"}')), '^42501', '893-080 a reason of revoking');
SELECT matches(pg_temp.central(pg_temp.request('{"group": "central_admin", "assignment_no": "QĐ 1"}')), '^42501', '893-016 893-040 nobody in a province');
SELECT matches(pg_temp.central(pg_temp.request('{"group": "central_admin", "assignment_no": "QĐ 1", "unit": 11}', 12)), '^42501', '893-016 nobody outside the IT Centre');
SELECT matches(pg_temp.central(pg_temp.request('{"group": "central_admin", "assignment_no": "QĐ 1", "unit": 12, "employment_kind": "contract"}', 12)), '^42501', '893-016 no contract worker');
SELECT matches(pg_temp.central(pg_temp.request('{"group": "central_admin", "unit": 12}', 12)), '^22023 line 1: assignment_no', '893-016 without assignment');
SELECT matches(pg_temp.central(pg_temp.request('{"group": "central_admin", "assignment_no": "QĐ 1", "unit": 12}', 12)), '^\d+$', '893-016 as it should be');
SELECT matches(pg_temp.central(pg_temp.request('{"group": "province_admin", "employment_kind": "public_employee", "assignment_no": "QĐ 1", "unit": 990101}', 101)), '^42501', '893-017 no person''s own account');
SELECT matches(pg_temp.central(pg_temp.request('{"scope_unit": 231}')), '^42501', '893-035 no scope outside the province');
SELECT matches(pg_temp.central(pg_temp.request('{"subjects": ["nothing"]}')), '^42704', 'a subject that is none');
SELECT matches(pg_temp.central(pg_temp.request('{"group": "loader", "subjects": ["fact_staff"]}')), '^42501', '893-069 a subject that is not the group''s');
SELECT matches(pg_temp.central(pg_temp.request('{"group": "nothing"}')), '^42704', 'a group that is none');
SELECT matches(pg_temp.central(pg_temp.request('{"unit": "TAP-HN-1"}')), '^\d+$', 'a unit by its code');
SELECT matches(pg_temp.central(pg_temp.request('{"reason": "transfer", "email": "reader@tap.invalid", "full_name": "Người Đọc"}', 11, 'revoke')), '^\d+$', 'a revocation from a wrong sender');
SELECT is((SELECT irregular IS NOT NULL FROM dwh_catalog.access_request_line WHERE action = 'revoke'), true, '893-088 is marked');
SELECT pg_temp.recorded();
SELECT pg_temp.unchanged();
SELECT * FROM finish();
ROLLBACK;

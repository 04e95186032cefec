-- One call from the paper to the right; revocations, emergencies, support mailboxes, limits, the calendar.
-- 893-034 893-039 893-068 893-081 893-088 893-089 893-090 893-091
-- harness: preload
BEGIN;
SELECT plan(80);
\ir include/access.psql
CREATE FUNCTION pg_temp.groups_of(p_role text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(g.rolname, ' ' ORDER BY g.rolname) FROM pg_auth_members AS m JOIN pg_roles AS g ON g.oid = m.roleid
		JOIN pg_roles AS r ON r.oid = m.member WHERE r.rolname = p_role $$;
CREATE FUNCTION pg_temp.grant_call(p_changes jsonb DEFAULT '{}', p_from int DEFAULT 990102, p_by int DEFAULT 990005, p_rest text DEFAULT
	', ''QĐ 10'', dwh.today(), ''TTr 1'', dwh.today()') RETURNS text LANGUAGE sql AS $$
	SELECT format('dwh.grant_access(%L, ''CV 1'', dwh.today(), dwh.today(), %s, %s%s)', jsonb_build_array(pg_temp.line(p_changes)), p_from, p_by, p_rest) $$;

-- Granting.
SELECT matches(pg_temp.hanoi(pg_temp.grant_call()), '^\d+$', '893-075 one call');
SELECT matches(pg_temp.hanoi(pg_temp.grant_call('{"group": "share_officer", "reason": "added_group"}')), '^\d+$', 'one more group');
SELECT is(pg_temp.groups_of('an@tap.invalid'), 'dwh_analyst dwh_share_officer', '893-090 both');
SELECT matches(pg_temp.hanoi(pg_temp.grant_call('{"email": "b@tap.invalid"}', p_by => 990006)), '^42501', 'a wrong decider');
SELECT matches(pg_temp.hanoi(pg_temp.grant_call('{"email": "b@tap.invalid"}', p_rest => '')), '^22023', 'no submission, no decision');
SELECT is((SELECT count(*)::int FROM dwh_catalog.account WHERE email = 'b@tap.invalid'), 0, 'nothing was changed');
SELECT matches(pg_temp.central(pg_temp.grant_call('{"email": "c@tap.invalid", "full_name": "Cờ", "unit": 11}', 11, 990003, '')), '^\d+$', '893-036 the letter of a head');
SELECT matches(pg_temp.central(pg_temp.grant_call('{"email": "e@tap.invalid", "full_name": "E", "effective_on": "2099-01-01"}')), '^\d+$', 'a right of later');
SELECT is(pg_temp.groups_of('e@tap.invalid'), NULL, 'is none today');

-- A change of group (Art. 18.2).
SELECT matches(pg_temp.hanoi($$dwh.change_group('an@tap.invalid', 'analyst', 'national', 'QĐ 11', dwh.today(), NULL, 990006, p_submission_no => 'T', p_submission_on => dwh.today())$$), '^42501', 'a wrong decider');
SELECT matches(pg_temp.hanoi($$dwh.change_group('an@tap.invalid', 'auditor', 'national', 'QĐ 11', dwh.today(), NULL, 990005, p_submission_no => 'T', p_submission_on => dwh.today())$$), '^55000', 'a group that is not left');
SELECT matches(pg_temp.hanoi($$dwh.change_group('an@tap.invalid', 'analyst', 'analyst', 'QĐ 11', dwh.today(), NULL, 990005, p_submission_no => 'T', p_submission_on => dwh.today())$$), '^22023', 'the same group');
SELECT matches(pg_temp.hanoi($$dwh.change_group('an@tap.invalid', 'analyst', 'national', 'QĐ 11', dwh.today(), NULL, 990005, p_submission_no => 'T', p_submission_on => dwh.today())$$), '^\d+$', '893-091 changed');
SELECT is(pg_temp.groups_of('an@tap.invalid'), 'dwh_national dwh_share_officer', '893-091 the others stay');
SELECT is((SELECT string_agg(action || ' ' || (detail ->> 'group'), ', ' ORDER BY event_id) FROM dwh_log.audit_event WHERE action IN ('revoke_access', 'grant_access') AND detail ->> 'reason' = 'role_change'),
	'revoke_access analyst, grant_access national', '893-091 revoked, then granted, in that order');

-- Revoking: a listed reason and a document.
SELECT matches(pg_temp.hanoi($$dwh.revoke_access('an@tap.invalid', 'because', 'CV 2')$$), '^42501', '893-081 a reason that is none');
SELECT matches(pg_temp.hanoi($$dwh.revoke_access('an@tap.invalid', 'left_service', ' ')$$), '^22023', '893-081 no document');
SELECT matches(pg_temp.call_as('tap_reader', $$dwh.revoke_access('an@tap.invalid', 'left_service', 'CV 2')$$), '^42501', 'not another''s');
SELECT matches(pg_temp.call_as('tap_reader', $$dwh.revoke_access('x@tap.invalid', 'left_service', 'CV 2')$$), '^42501', 'nor learns who has an account');
SELECT matches(pg_temp.hanoi($$dwh.revoke_access('c@tap.invalid', 'left_service', 'CV 2')$$), '^42501', 'no person of a central unit');
SELECT matches(pg_temp.hanoi($$dwh.revoke_access('an@tap.invalid', 'not_needed', 'CV 2', 'share_officer', p_decided_by => 990005)$$), '^\d+$', '893-090 one group');
SELECT is(pg_temp.groups_of('an@tap.invalid'), 'dwh_national', '893-090 leaves the other');
SELECT matches(pg_temp.hanoi($$dwh.revoke_access('an@tap.invalid', 'not_needed', 'CV 2', 'share_officer')$$), '^55000', 'there is none to take');
SELECT is(pg_temp.call_as('an@tap.invalid', 'cardinality(dwh.scope_units()) > 0'), 'true', '893-081 still sees its unit');
SELECT matches(pg_temp.central($$dwh.revoke_access('an@tap.invalid', 'left_service', 'CV 3', p_from_unit => 11)$$), '^\d+$', '893-088 from a wrong sender, undecided: applied');
SELECT matches((SELECT irregular FROM dwh_catalog.access_request_line ORDER BY request_line_id DESC LIMIT 1), 'not sent by .* not decided', '893-088 and marked');
SELECT is(pg_temp.groups_of('an@tap.invalid'), NULL, '893-081 no membership');
SELECT is(rolcanlogin, false, '893-081 no login') FROM pg_roles WHERE rolname = 'an@tap.invalid';
SELECT is(pg_temp.call_as('an@tap.invalid', 'dwh.scope_units()::text'), '{}', '893-081 no row at the next statement');
SELECT is((SELECT count(*)::int FROM dwh_catalog.access_grant JOIN dwh_catalog.account USING (account_id) WHERE email = 'an@tap.invalid' AND (revoke_line_id IS NULL OR revoke_reason IS NULL)), 0, 'each closed by its line, none deleted');
SELECT matches(pg_temp.call_as('tap_reader', $$dwh.revoke_access('reader@tap.invalid', 'own_request', 'Đơn 1')$$), '^\d+$', '893-068 one''s own may be given up');
SELECT is(pg_temp.groups_of('tap_reader'), NULL, 'it is gone, also from a role that others made');
SELECT matches(pg_temp.central($$dwh.revoke_access('central@tap.invalid', 'own_request', 'Đơn 2')$$), '^\d+$', '893-068 an administrator''s own as well');
SELECT matches(pg_temp.central(pg_temp.request()), '^42501', 'who is none from then on');
SELECT is(irregular, NULL, 'nothing irregular in one''s own request') FROM dwh_catalog.access_request_line ORDER BY request_line_id DESC LIMIT 1;
CREATE OR REPLACE FUNCTION pg_temp.central(p_call text) RETURNS text LANGUAGE sql AS $$SELECT pg_temp.call_as('tap_central2', p_call)$$;

-- A transfer of later: the right ends the day before.
SELECT matches(pg_temp.central($$dwh.transfer_account('c@tap.invalid', 13, dwh.today() + 10, 'QĐ ĐĐ 2', p_signed_by => 990003)$$), '^\d+$', '893-088 a transfer that is to come');
SELECT is(g.valid_to = dwh.today() + 9 AND revoked_at IS NULL, true, '893-088 until the day before') FROM dwh_catalog.access_grant AS g JOIN dwh_catalog.account USING (account_id) WHERE email = 'c@tap.invalid';
SELECT is(pg_temp.call_as('c@tap.invalid', 'dwh.scope_units()::text'), '{11}', 'until then it counts');
SELECT matches(pg_temp.central($$dwh.transfer_account('c@tap.invalid', 11, dwh.today(), 'QĐ')$$), '^22023', 'to where one is');

-- Emergencies (Art. 17.7).
SELECT matches(pg_temp.hanoi($$dwh.emergency_revoke('c@tap.invalid', 'lộ thông tin', 'A', 'B')$$), '^42501', '893-089 not of another unit');
SELECT matches(pg_temp.central($$dwh.emergency_revoke('c@tap.invalid', ' ', 'A', 'B')$$), '^22023 reason', '893-089 no reason');
SELECT matches(pg_temp.central($$dwh.emergency_revoke('c@tap.invalid', 'lộ thông tin', 'A', NULL)$$), '^22023 reported_to', '893-089 told to nobody');
SELECT matches(pg_temp.call_as('c@tap.invalid', $$dwh.emergency_revoke('c@tap.invalid', 'lộ thông tin', 'A', 'B')$$), '^42501', '893-089 not oneself');
SELECT pg_temp.central($$dwh.emergency_revoke('c@tap.invalid', 'lộ thông tin', 'A', 'B')$$) AS r \gset
SELECT is(pg_temp.call_as('c@tap.invalid', 'dwh.scope_units()::text'), '{}', '893-089 nothing at the next statement');
SELECT is(is_immediate AND state = 'applied' AND confirmation_no IS NULL AND found_by = 'A', true, '893-089 no request before, a confirmation open') FROM dwh_catalog.access_request WHERE request_id = :r;
SELECT is(pg_temp.central(format('dwh.confirm_emergency(%s, ''CV 9'')', :r)), '', '893-089 confirmed');
SELECT matches(pg_temp.central(format('dwh.confirm_emergency(%s, ''CV 9'')', :r)), '^55000', 'once');

-- Support mailboxes.
CREATE FUNCTION pg_temp.holder(p_name text, p_email text, p_kind text DEFAULT 'public_employee', p_unit int DEFAULT 990101, p_by int DEFAULT 990005, p_document text DEFAULT 'QĐ 5')
RETURNS text LANGUAGE sql AS $$SELECT format('dwh.set_mailbox_holder(''HOTRO.HN@tap.invalid'', %L, ''CV'', %L, %L, %s, ''CV 5'', %L, %s)', p_name, p_email, p_kind, p_unit, p_document, p_by)$$;
SELECT matches(pg_temp.hanoi(pg_temp.holder('Đỗ', 'do@tap.invalid')), '^42501', '893-034 not by an administrator of a province');
SELECT matches(pg_temp.central(pg_temp.holder('Đỗ', 'do@tap.invalid', 'contract')), '^42501', '893-017 893-040 no contract worker');
SELECT matches(pg_temp.central(pg_temp.holder('Đỗ', 'do@tap.invalid', p_unit => 990102)), '^42501', '893-017 nobody of another division');
SELECT matches(pg_temp.central(pg_temp.holder('Đỗ', 'do@tap.invalid', p_unit => 990231)), '^42501', '893-017 nor of another province');
SELECT matches(pg_temp.central(pg_temp.holder('Đỗ', 'do@tap.invalid', p_by => 990006)), '^42501', '893-017 not assigned by another director');
SELECT matches(pg_temp.central(pg_temp.holder('Đỗ', 'do@tap.invalid', p_document => NULL)), '^22023 assignment_no', '893-017 not without assignment');
SELECT matches(pg_temp.central(pg_temp.holder('Quản Trị Hai', 'central2@tap.invalid')), '^42501', '893-068 not one''s own');
SELECT is(pg_temp.central(pg_temp.holder('Đỗ', 'do@tap.invalid')), '42710 role "tap_hn_admin" exists and is not the login role of this account', 'a role that others made takes nothing new');
SELECT lives_ok($$SELECT dwh.adopt_login_role('hotro.hn@tap.invalid', 'tap_hn_admin')$$, 'adopted');
SELECT is(pg_temp.central(pg_temp.holder('Đỗ', 'do@tap.invalid')), '', '893-034 a new holder');
SELECT results_eq($$SELECT person_name, ended_at IS NULL FROM dwh_catalog.mailbox_holder WHERE account_id = 990003 ORDER BY mailbox_holder_id$$, $$VALUES ('Trần Giữ Hộp', false), ('Đỗ', true)$$, '893-034 exactly one holds it');
SELECT throws_ok($$INSERT INTO dwh_catalog.mailbox_holder (account_id, person_name, email, employment_kind, unit_id, valid_from, letter_no, assignment_no)
	VALUES (990003, 'X', 'x@tap.invalid', 'public_employee', 990101, '2020-01-01', 'a', 'b')$$, '23505', NULL, '893-034 the table takes no second one');
SELECT is(pg_temp.central(pg_temp.holder(NULL, NULL)), '', '893-034 nobody holds it');
SELECT matches(pg_temp.hanoi(pg_temp.request()), '^42501', '893-034 no holder, no right');
SELECT is(pg_temp.groups_of('tap_hn_admin') IS NULL AND NOT rolcanlogin, true, '893-034 nor login') FROM pg_roles WHERE rolname = 'tap_hn_admin';
SELECT is(pg_temp.central(pg_temp.holder('Đỗ', 'do@tap.invalid')), '', 'held again');
SELECT matches(pg_temp.hanoi(pg_temp.request()), '^\d+$', '893-034 the right is there again');

-- Users that exist at go-live.
SELECT matches(pg_temp.central(format($$dwh.take_over_access(%L, 'BB 1', dwh.today(), 12, 990002)$$, jsonb_build_array(pg_temp.line('{"email": "t@tap.invalid", "reason": "takeover"}')))), '^42501', '893-053 not confirmed by the leadership');
SELECT matches(pg_temp.hanoi(format($$dwh.take_over_access(%L, 'BB 1', dwh.today(), 101, 990005)$$, jsonb_build_array(pg_temp.line('{"email": "t@tap.invalid", "reason": "takeover"}')))), '^42501', '893-053 not by a province');
SELECT matches(pg_temp.central(format($$dwh.take_over_access(%L, 'BB 1', dwh.today(), 12, 990001)$$, jsonb_build_array(pg_temp.line('{"email": "t@tap.invalid", "full_name": "T1", "reason": "takeover"}'),
	pg_temp.line('{"email": "t2@tap.invalid", "full_name": "T2", "unit": 11, "reason": "takeover"}')))), '^\d+$', '893-053 taken over in one call');
SELECT is(pg_temp.groups_of('t@tap.invalid') || pg_temp.groups_of('t2@tap.invalid'), 'dwh_analystdwh_analyst', '893-053 all of them');
SELECT is(pg_temp.central($$dwh.set_parameter('takeover_until', (dwh.today() - 1)::text)$$), NULL, '893-053 the going live is over');
SELECT matches(pg_temp.central(format($$dwh.take_over_access(%L, 'BB 1', dwh.today(), 12, 990001)$$, jsonb_build_array(pg_temp.line('{"email": "t3@tap.invalid", "full_name": "T3", "reason": "takeover"}')))),
	'^42501 users that existed at go-live were taken over until', '893-053 who comes later comes by the paths');

-- Limits, and what the calendar brings.
SELECT is(pg_temp.central($$dwh.set_group_limits('analyst', '30 s', p_connection_limit => 2) > 1$$), 'true', '893-039 at the accounts that have the group');
SELECT is(rolconnlimit::text || (SELECT setconfig FROM pg_db_role_setting WHERE setrole = r.oid)::text, '2{statement_timeout=30s}', '893-039 applied') FROM pg_roles AS r WHERE rolname = 't@tap.invalid';
UPDATE dwh_catalog.access_grant SET valid_to = '2020-12-31', valid_from = '2020-07-10' WHERE account_id = (SELECT account_id FROM dwh_catalog.account WHERE email = 't@tap.invalid');
SELECT is(pg_temp.groups_of('t@tap.invalid'), 'dwh_analyst', 'a right ran out');
SELECT is(pg_temp.call_as('t@tap.invalid', 'dwh.scope_units()::text'), '{}', 'and shows nothing');
SELECT matches(pg_temp.hanoi('dwh.sync_login_roles()'), '^42501', 'central only');
SELECT is(pg_temp.central('dwh.sync_login_roles()'), '1', 'the daily job');
SELECT is(pg_temp.groups_of('t@tap.invalid'), NULL, 'takes the membership');
SELECT is(pg_temp.central('dwh.sync_login_roles()'), '0', 'and finds nothing more');
SELECT pg_temp.recorded();
SELECT pg_temp.unchanged();
SELECT * FROM finish();
ROLLBACK;

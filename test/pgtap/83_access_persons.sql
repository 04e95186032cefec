-- Persons are compared, not accounts; who administers nothing learns nothing; no document of tomorrow; a right begins on its day.
-- 893-018 893-034 893-068 893-069 893-088 893-089 893-092
-- harness: preload
BEGIN;
SELECT plan(29);
\ir include/access.psql
-- Who holds the support mailbox of Hà Nội has an account of his own as well; in the same division works an auditor.
INSERT INTO dwh_catalog.account (account_id, kind, email, full_name, login_role, home_unit_id, valid_from) VALUES
	(990009, 'sector', 'giu.hop@tap.invalid', 'Trần Giữ Hộp', 'tap_giu', 990101, '2020-07-10'),
	(990010, 'sector', 'kt@tap.invalid', 'Kiểm Tra', 'tap_kt', 990101, '2020-07-10');
INSERT INTO dwh_catalog.access_grant (grant_id, account_id, user_group_id, scope_unit_id, valid_from, decision_no)
SELECT id, id, g.user_group_id, 990101, '2020-07-10', 'x'
FROM (VALUES (990009, 'analyst'), (990010, 'auditor')) AS v (id, code) JOIN dwh_catalog.user_group AS g USING (code);
SELECT dwh.adopt_login_role(email, login_role) IS NULL AS is_null FROM dwh_catalog.account WHERE login_role IN ('tap_reader', 'tap_hn_admin') \g /dev/null

-- Nobody moves himself to another unit, whose administrator would then be his.
SELECT matches(pg_temp.call_as('tap_reader', $$dwh.transfer_account('reader@tap.invalid', 990232, dwh.today(), 'QĐ 1')$$), '^42501 nobody transfers himself', '893-088 no transfer of one''s own');
SELECT is(home_unit_id, 990102, '893-088 he is where he was') FROM dwh_catalog.account WHERE account_id = 990004;
SELECT is((SELECT count(*)::int FROM dwh_catalog.access_grant WHERE account_id = 990004 AND revoked_at IS NULL), 1, 'with his right');

SELECT matches(pg_temp.central($$dwh.transfer_account('central@tap.invalid', 990232, dwh.today(), 'QĐ 1', p_signed_by => 990005)$$), '^42501 nobody transfers himself',
	'893-088 central administrators neither');

-- Nobody certifies a grant of his own, through the mailbox that he holds either.
SELECT matches(pg_temp.hanoi($$dwh.certify_grants('{990009}', 'CV 1')$$), '^42501', '893-092 not one''s own through the mailbox');
SELECT matches(pg_temp.hanoi($$dwh.certify_grants('{990003}', 'CV 1')$$), '^42501', '893-092 nor that of the mailbox');
SELECT is(pg_temp.hanoi($$dwh.certify_grants('{990004}', 'CV 1')$$), '1', '893-092 others');
SELECT is(pg_temp.central($$dwh.certify_grants('{990009}', 'CV 1')$$), '1', '893-092 his is certified by another administrator');

-- An auditor gets no mailbox that administers, by whichever way.
CREATE FUNCTION pg_temp.holder(p_name text, p_email text, p_letter_on text DEFAULT 'dwh.today()') RETURNS text LANGUAGE sql AS $$
	SELECT format('dwh.set_mailbox_holder(''hotro.hn@tap.invalid'', %L, ''CV'', %L, ''public_employee'', 990101, ''CV 9'', ''QĐ 9'', 990005, %s)', p_name, p_email, p_letter_on) $$;
SELECT matches(pg_temp.central(pg_temp.holder('Kiểm Tra', 'KT@tap.invalid')), '^42501 Kiểm Tra audits', '893-069 an auditor is given no mailbox');
SELECT is(person_name, 'Trần Giữ Hộp', '893-034 who held it still does') FROM dwh_catalog.mailbox_holder WHERE account_id = 990003 AND ended_at IS NULL;
SELECT matches(pg_temp.central(pg_temp.holder('Mới', 'moi@tap.invalid', 'dwh.today() + 1')), '^22023', '893-034 no letter of tomorrow');
SELECT is(pg_temp.central(pg_temp.holder('Mới', 'moi@tap.invalid')), '', '893-034 another of today');
SELECT is(pg_temp.central(pg_temp.holder('Trần Giữ Hộp', 'giu.hop@tap.invalid')), '', 'and back');

-- Confirming an emergency.
SELECT pg_temp.central($$dwh.emergency_revoke('giu.hop@tap.invalid', 'lộ thông tin', 'A', 'B')$$) AS r \gset
SELECT matches(pg_temp.call_as('tap_reader', format('dwh.confirm_emergency(%s, ''CV 9'')', :r)), '^42501 the caller administers no access', '893-089 not by readers');
SELECT matches(pg_temp.call_as('tap_reader', 'dwh.confirm_emergency(2000000000, ''CV 9'')'), '^42501 the caller administers no access', '893-089 who do not learn which requests there are');
SELECT matches(pg_temp.hanoi(format('dwh.confirm_emergency(%s, ''CV 9'')', :r)), '^42501 nobody confirms', '893-089 not by him whose right was taken');
SELECT matches(pg_temp.central(format('dwh.confirm_emergency(%s, ''CV 9'', dwh.today() + 1)', :r)), '^22023', '893-089 not by a document of tomorrow');
SELECT is(pg_temp.central(format('dwh.confirm_emergency(%s, ''CV 9'')', :r)), '', '893-089 confirmed');

-- A right that begins later: on its day the daily job makes the role that it needs.
SELECT matches(pg_temp.hanoi(format('dwh.grant_access(%L, ''CV 1'', dwh.today(), dwh.today(), 990102, 990005, ''QĐ 10'', dwh.today(), ''TTr 1'', dwh.today())',
	jsonb_build_array(pg_temp.line(jsonb_build_object('effective_on', dwh.today() + 1))))), '^\d+$', 'a right of tomorrow');
SELECT pg_temp.central('dwh.sync_login_roles()') \g /dev/null
SELECT is((SELECT count(*)::int FROM pg_roles WHERE rolname = 'an@tap.invalid'), 0, 'there is no role for it today');
UPDATE dwh_catalog.access_grant SET valid_from = dwh.today() WHERE valid_from = dwh.today() + 1;
SELECT is(pg_temp.central('dwh.sync_login_roles()'), '1', '893-018 on its day the role is made');
SELECT is((SELECT string_agg(g.rolname, ' ') FROM pg_auth_members AS m JOIN pg_roles AS g ON g.oid = m.roleid JOIN pg_roles AS r ON r.oid = m.member WHERE r.rolname = 'an@tap.invalid' AND r.rolcanlogin),
	'dwh_analyst', '893-018 it may log in and is in its group');
SELECT is(pg_temp.central('dwh.sync_login_roles()'), '0', 'and nothing is left to be done');

-- A role that an account leaves for another one keeps nothing.
CREATE ROLE tap_next LOGIN;
SELECT dwh.adopt_login_role('reader@tap.invalid', 'tap_next') \g /dev/null
SELECT is((SELECT rolcanlogin FROM pg_roles WHERE rolname = 'tap_reader'), false, '893-018 the role left has no login');
SELECT is((SELECT count(*) FROM pg_auth_members WHERE member = 'tap_reader'::regrole AND roleid IN (SELECT role_name::regrole FROM dwh_catalog.user_group)), 0::bigint, 'nor any group');
SELECT isnt((SELECT count(*) FROM pg_auth_members WHERE member = 'tap_next'::regrole AND roleid IN (SELECT role_name::regrole FROM dwh_catalog.user_group)), 0::bigint, 'which the other one has');
-- A name that a login may not have is refused where it comes from the address, too.
SELECT matches(pg_temp.hanoi(format('dwh.grant_access(%L, ''CV 1'', dwh.today(), dwh.today(), 990102, 990005, ''QĐ 10'', dwh.today(), ''TTr 1'', dwh.today())',
	jsonb_build_array(pg_temp.line('{"email": "dwh_a1@tap.invalid", "full_name": "Mới Tinh"}')))), '^22023 .*cannot be a login name', '893-018 an address that begins with dwh_');
SELECT pg_temp.recorded();
SELECT pg_temp.unchanged();
SELECT * FROM finish();
ROLLBACK;

-- Persons are compared, not accounts; who administers nothing learns nothing; no document of tomorrow; a right begins on its day.
-- 893-018 893-034 893-068 893-069 893-088 893-089 893-092
-- harness: preload
BEGIN;
SELECT plan(68);
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

-- The letter is not signed by the holder, is none of before the regulation, and names the person whose address it gives.
SELECT matches(pg_temp.central(pg_temp.holder('Giám Đốc Hà Nội', 'gd@tap.invalid')), '^42501 Giám Đốc Hà Nội decides on access of his own', '893-034 the signer assigns somebody else');
SELECT matches(pg_temp.central(pg_temp.holder('Mới', 'moi@tap.invalid', '''2019-06-01''')), '^42501 a letter of 2019-06-01 came before the regulation', '893-095 no letter of before the regulation');
SELECT matches(pg_temp.central(pg_temp.holder(n, e)), '^42501 .* is not the person of the account', '893-019 ' || e)
FROM (VALUES ('Tên Khác Hẳn', 'reader@tap.invalid'), ('Quản Trị Hai', 'central2@tap.invalid'), ('Mới', 'HOTRO.HN@tap.invalid')) AS v (n, e);
SELECT is(pg_temp.central(pg_temp.holder('người  đọc', 'Reader@tap.invalid')), '', '893-019 one of the province who has an account');
SELECT is(pg_temp.central(pg_temp.holder('Trần Giữ Hộp', 'giu.hop@tap.invalid')), '', 'and back again');

-- Confirming an emergency.
SELECT pg_temp.central($$dwh.emergency_revoke('giu.hop@tap.invalid', 'lộ thông tin', 'A', 'B')$$) AS r \gset
SELECT matches(pg_temp.hanoi($$dwh.emergency_revoke('reader@tap.invalid', 'x', 'A', 'B')$$), '^42501', '893-089 he administers through the mailbox no more');
SELECT is((SELECT string_agg(object || ' ' || (detail ->> 'holder') || ' ' || (detail ->> 'reason'), ', ') FROM dwh_log.audit_event WHERE event_id > :first_event AND action = 'end_mailbox_holder'),
	'hotro.hn@tap.invalid Trần Giữ Hộp safety_risk', '893-034 which is in the log');
SELECT is((SELECT count(*)::int FROM dwh_catalog.access_grant WHERE account_id = 990003 AND revoked_at IS NULL), 1, '893-034 the right of the mailbox awaits another holder');
SELECT matches(pg_temp.central(pg_temp.holder('Trần Giữ Hộp', 'giu.hop@tap.invalid', 'dwh.today() - 1')), '^42501 the rights of Trần Giữ Hộp were taken after this letter', '893-089 by no letter of before');
SELECT is(pg_temp.central(pg_temp.holder('Trần Giữ Hộp', 'giu.hop@tap.invalid')), '', 'he is given it again');
SELECT matches(pg_temp.call_as('tap_reader', format('dwh.confirm_emergency(%s, ''CV 9'')', :r)), '^42501 the caller administers no access', '893-089 not by readers');
SELECT matches(pg_temp.call_as('tap_reader', 'dwh.confirm_emergency(2000000000, ''CV 9'')'), '^42501 the caller administers no access', '893-089 who do not learn which requests there are');
SELECT matches(pg_temp.hanoi(format('dwh.confirm_emergency(%s, ''CV 9'')', :r)), '^42501 nobody confirms', '893-089 not by him whose right was taken');
SELECT matches(pg_temp.central(format('dwh.confirm_emergency(%s, ''CV 9'', dwh.today() + 1)', :r)), '^22023', '893-089 not by a document of tomorrow');
SELECT is(pg_temp.central(format('dwh.confirm_emergency(%s, ''CV 9'')', :r)), '', '893-089 confirmed');

-- Without an account of his own he is found by his address; the mailbox's right is taken with it, and he does not report himself.
UPDATE dwh_catalog.account SET email = 'khac@tap.invalid' WHERE account_id = 990009;
SAVEPOINT no_account;
SELECT matches(pg_temp.central(pg_temp.request('{"email": "giu.hop@tap.invalid", "full_name": "Tên Khác Hẳn", "unit": 990101}', 990101)), '^42501 line 1: the address of Tên Khác Hẳn', '893-019 nor is his address another person''s');
SELECT pg_temp.central(pg_temp.request('{"email": "giu.hop@tap.invalid", "full_name": "Trần Giữ Hộp", "unit": 990101}', 990101)) AS q \gset
SELECT is(pg_temp.central(format('dwh.decide_access(%s, true, 990005, ''QĐ 10'', dwh.today(), p_submission_no => ''T'', p_submission_on => dwh.today())', :q)), '1', 'an account of his own is approved');
SELECT matches(pg_temp.hanoi($$dwh.emergency_revoke('giu.hop@tap.invalid', 'lộ', 'A', 'B')$$), '^42501 nobody reports an emergency about himself', '893-089 not about himself');
SELECT matches(pg_temp.call_as('tap_reader', $$dwh.emergency_revoke('giu.hop@tap.invalid', 'lộ', 'A', 'B')$$), '^42501 the caller administers no such account', '893-089 readers do not learn who holds it');
SELECT matches(pg_temp.central($$dwh.emergency_revoke('giu.hop@tap.invalid', 'lộ', 'A', 'B')$$), '^\d+$', '893-089 somebody who has no account but the mailbox');
SELECT is((SELECT full_name FROM dwh_catalog.access_request_line ORDER BY request_line_id DESC LIMIT 1), 'Trần Giữ Hộp', '893-089 by his name');
SELECT matches(pg_temp.hanoi($$dwh.emergency_revoke('reader@tap.invalid', 'x', 'A', 'B')$$), '^42501', '893-089 everything at once');
SELECT matches(pg_temp.central(format('dwh.apply_access(%s)', :q)), '^42501 line 1: the rights of Trần Giữ Hộp were taken after', '893-089 what was approved before gives nothing to who lost the mailbox');
ROLLBACK TO no_account;
UPDATE dwh_catalog.account SET email = 'giu.hop@tap.invalid' WHERE account_id = 990009;

-- Who leaves or moves holds it no longer than he may; who only has no need of his own account holds it on.
INSERT INTO dwh_catalog.access_grant (account_id, user_group_id, scope_unit_id, valid_from, decision_no)
SELECT 990009, g.user_group_id, 990101, dwh.today(), 'x' FROM dwh_catalog.user_group AS g WHERE g.code = 'analyst';
SAVEPOINT holding;
SELECT matches(pg_temp.central($$dwh.revoke_access('giu.hop@tap.invalid', 'left_service', 'QĐ 3')$$), '^\d+$', '893-081 he left the service');
SELECT matches(pg_temp.hanoi($$dwh.emergency_revoke('reader@tap.invalid', 'x', 'A', 'B')$$), '^42501', '893-034 and holds no mailbox');
ROLLBACK TO holding;
SELECT matches(pg_temp.central($$dwh.revoke_access('giu.hop@tap.invalid', 'not_needed', 'QĐ 3')$$), '^\d+$', 'an account that is not needed');
SELECT is((SELECT count(*)::int FROM dwh_catalog.mailbox_holder WHERE account_id = 990003 AND ended_at IS NULL AND valid_to IS NULL), 1, 'does not end the holding');
ROLLBACK TO holding;
SELECT matches(pg_temp.central($$dwh.transfer_account('giu.hop@tap.invalid', 990232, dwh.today() + 5, 'QĐ ĐĐ', p_signed_by => 990005)$$), '^\d+$', '893-088 a transfer that is to come');
SELECT is(pg_temp.hanoi('count(*) > 0 FROM dwh.list_office_holders()'), 'true', '893-034 until then he holds it');
UPDATE dwh_catalog.mailbox_holder SET valid_from = dwh.today() - 9, valid_to = dwh.today() - 1 WHERE account_id = 990003 AND valid_to = dwh.today() + 4;
SELECT matches(pg_temp.hanoi($$dwh.emergency_revoke('reader@tap.invalid', 'x', 'A', 'B')$$), '^42501', '893-034 from its day on he does not');
SELECT pg_temp.central('dwh.sync_login_roles()') \g /dev/null
SELECT is((SELECT ended_at IS NOT NULL AND valid_to = dwh.today() - 1 FROM dwh_catalog.mailbox_holder WHERE account_id = 990003 ORDER BY mailbox_holder_id DESC LIMIT 1)
	AND NOT rolcanlogin, true, '893-034 and the daily job ends it') FROM pg_roles WHERE rolname = 'tap_hn_admin';
ROLLBACK TO holding;

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
-- No role with a way around what an account may, nor one that is somebody else's.
CREATE ROLE tap_owner LOGIN IN ROLE dwh_owner;
CREATE ROLE tap_dba LOGIN IN ROLE pg_read_all_data;
CREATE ROLE tap_gate LOGIN;
INSERT INTO dwh_catalog.gateway (login_role, pooling, purpose) VALUES ('tap_gate', 'session', 'x');
SELECT throws_like(format('SELECT dwh.adopt_login_role(%L, %L)', 'reader@tap.invalid', r), '%cannot be the login role of this account', '893-040 893-018 not adopted: ' || r)
FROM unnest(ARRAY['tap_owner', 'tap_dba', 'tap_gate', 'tap_central']) AS r;

-- In an emergency a province acts for persons from outside whom it hosts, and for no others of them.
INSERT INTO dwh_catalog.account (account_id, kind, iam_subject, full_name, home_unit_id, valid_from, valid_to) VALUES
	(990011, 'outside', 'iam-o', 'Người Ngoài', 990102, dwh.today(), dwh.today() + 30), (990012, 'outside', 'iam-p', 'Người Ngoài Khác', 990232, dwh.today(), dwh.today() + 30);
INSERT INTO dwh_catalog.access_grant (account_id, user_group_id, scope_unit_id, valid_from, valid_to, decision_no)
SELECT a, g.user_group_id, 990102, dwh.today(), dwh.today() + 30, 'x' FROM unnest(ARRAY[990011, 990012]) AS a, dwh_catalog.user_group AS g WHERE g.code = 'analyst';
SELECT matches(pg_temp.hanoi($$dwh.emergency_revoke('iam-p', 'lộ', 'A', 'B')$$), '^42501 the caller administers no such account', '893-089 hosted elsewhere');
SELECT matches(pg_temp.hanoi($$dwh.revoke_access('iam-o', 'not_needed', 'CV')$$), '^42501 the caller administers no such account', '893-004 a letter about one from outside is the centre''s');
SELECT pg_temp.hanoi($$dwh.emergency_revoke('iam-o', 'lộ', 'A', 'B')$$) AS o \gset
SELECT is((SELECT count(*)::int FROM dwh_catalog.access_grant WHERE account_id = 990011 AND revoked_at IS NULL), 0, '893-089 a person from outside whom it hosts');
SELECT is(pg_temp.hanoi(format('dwh.confirm_emergency(%s, ''CV 9'')', :o)), '', '893-089 and confirms it');

-- An address is the person's whose address it is, not his who is called so elsewhere; and nobody comes to be called so.
INSERT INTO dwh_catalog.account (account_id, kind, iam_subject, full_name, home_unit_id, valid_from, valid_to) VALUES (990013, 'outside', 'hai@tap.invalid', 'Ngoài Hai', 990102, dwh.today(), dwh.today() + 30);
SELECT matches(pg_temp.central(pg_temp.request('{"email": "hai@tap.invalid", "full_name": "Trong Hai", "unit": 990102}', 990102)),
	'^42501 line 1: address and IAM subject belong to two accounts', '893-019 an address that is another''s IAM subject');
INSERT INTO dwh_catalog.account (account_id, kind, email, full_name, home_unit_id, valid_from) VALUES (990014, 'sector', 'hai@tap.invalid', 'Trong Hai', 990102, dwh.today());
INSERT INTO dwh_catalog.access_grant (account_id, user_group_id, scope_unit_id, valid_from, valid_to, decision_no)
SELECT a, g.user_group_id, 990102, dwh.today(), dwh.today() + 30, 'x' FROM unnest(ARRAY[990013, 990014]) AS a, dwh_catalog.user_group AS g WHERE g.code = 'analyst';
SELECT pg_temp.central($$dwh.emergency_revoke('HAI@tap.invalid', 'lộ', 'A', 'B')$$) \g /dev/null
SELECT pg_temp.central($$dwh.emergency_revoke('hai@tap.invalid', 'lộ', 'A', 'B')$$) \g /dev/null
SELECT is((SELECT string_agg(account_id::text, ' ') FROM dwh_catalog.access_grant WHERE account_id IN (990013, 990014) AND revoked_at IS NULL), '990013', '893-089 who has the address is out');
SELECT matches(pg_temp.central(pg_temp.request('{"account_kind": "outside", "email": null, "iam_subject": "reader@tap.invalid", "login_role": "iam-r", "unit": 11, "permission_no": "QĐ 2", "valid_to": "2099-12-31"}', 11)),
	'^42501 line 1: address and IAM subject belong to two accounts', '893-019 an IAM subject that is another''s address');

-- A name that a login may not have is refused where it comes from the address, too.
SELECT matches(pg_temp.hanoi(format('dwh.grant_access(%L, ''CV 1'', dwh.today(), dwh.today(), 990102, 990005, ''QĐ 10'', dwh.today(), ''TTr 1'', dwh.today())',
	jsonb_build_array(pg_temp.line('{"email": "dwh_a1@tap.invalid", "full_name": "Mới Tinh"}')))), '^22023 .*cannot be a login name', '893-018 an address that begins with dwh_');
SELECT pg_temp.recorded();
SELECT pg_temp.unchanged();
SELECT * FROM finish();
ROLLBACK;

-- Ways round the rules of who gives what to whom, and lawful calls that came to nothing.
-- 893-002 893-003 893-036 893-076 893-081 893-086 893-091 893-094
-- harness: preload
BEGIN;
SELECT plan(25);
\ir include/access.psql
-- A grant in one call: a user of Hà Nội by its director unless changed.
CREATE FUNCTION pg_temp.give(p_changes jsonb DEFAULT '{}', p_from int DEFAULT 990102, p_by int DEFAULT 990005, p_on text DEFAULT 'dwh.today()') RETURNS text LANGUAGE sql AS $$
	SELECT format('dwh.grant_access(%L, ''CV 1'', %s, %2$s, %s, %s, ''QĐ 10'', dwh.today(), ''TTr 1'', dwh.today())', jsonb_build_array(pg_temp.line(p_changes)), p_on, p_from, p_by) $$;

-- What is of the whole country no province gives, and no unit: auditors read the log, loaders write figures of every unit.
SELECT matches(pg_temp.call_as(c, pg_temp.give(jsonb_build_object('group', g))), '^42501', format('893-076 no %s by the director of a province, entered by %s', g, c))
FROM unnest(ARRAY['auditor', 'loader']) AS g, unnest(ARRAY['tap_hn_admin', 'tap_central']) AS c;
SELECT matches(pg_temp.central(pg_temp.give('{"group": "auditor", "email": "kt@tap.invalid", "unit": 11}', 11, 990003)), '^42501', 'nor by the head of a central unit');
SELECT pg_temp.central($$dwh.create_user_group('tap_audit', 'Kiểm tra', 'Audit', 'auditor', '{}', 'QĐ')$$) \g /dev/null
SELECT matches(pg_temp.hanoi(pg_temp.give('{"group": "tap_audit"}')), '^42501', 'nor by a group with the rights of auditors');
SELECT matches(pg_temp.central(pg_temp.give('{"group": "auditor", "email": "kt@tap.invalid"}', 990102, 990001)), '^\d+$', 'the leadership of the sector gives it');
-- A person of a province that was merged (Hải Dương, 130, into 231): the new province answers for him in everything.
INSERT INTO dwh_catalog.account (account_id, kind, email, full_name, login_role, home_unit_id, valid_from) SELECT 990030 + n, 'sector', format('hd%s@tap.invalid', n), 'Hải Dương ' || n,
	format('hd%s@tap.invalid', n), 130, '2021-01-01' FROM generate_series(1, 3) AS n;
INSERT INTO dwh_catalog.access_grant (grant_id, account_id, user_group_id, scope_unit_id, valid_from, decision_no) SELECT 990030 + n, 990030 + n, 3, 130, '2021-01-01', 'x' FROM generate_series(1, 3) AS n;
SELECT matches(pg_temp.central($$dwh.change_group('hd1@tap.invalid', 'analyst', 'national', 'QĐ 11', dwh.today(), 231, 990006, p_title => 'CV', p_employment_kind => 'civil_servant', p_submission_no => 'T', p_submission_on => dwh.today())$$),
	'^\d+$', '893-091 his group is changed');
SELECT is(string_agg(user_group_id || ' ' || scope_unit_id, ', ' ORDER BY scope_unit_id), '3 130, 4 231', 'from the old unit to the one that came after it') FROM dwh_catalog.access_grant WHERE account_id = 990031;
SELECT matches(pg_temp.central(pg_temp.give('{"email": "hd2@tap.invalid", "full_name": "Hải Dương 2", "group": "national", "reason": "added_group", "unit": 231}', 231, 990006)), '^\d+$', '893-036 he is given one more group');
SELECT matches(pg_temp.central(pg_temp.give('{"email": "hd2@tap.invalid", "full_name": "Hải Dương 2", "group": "share_officer", "reason": "added_group", "unit": 990232}', 231, 990006)), '^42501.*another unit', 'a division is another unit');
SELECT pg_temp.central($$dwh.revoke_access('hd2@tap.invalid', 'not_needed', 'QĐ 3', 'national', p_from_unit => 231, p_decided_by => 990006)$$) AS r \gset
SELECT is(format('%s %s', irregular, unit_id), ' 231', '893-081 his province''s revocation is a regular one') FROM dwh_catalog.access_request_line WHERE request_id = :r;
SELECT matches(pg_temp.central(format($$dwh.access_notice(%s, 'text', '1', 'Hải Phòng', 'x')$$, :r)), 'Kính gửi: [^\n]*Hải Phòng', '893-094 the notice goes to the province that is');
SELECT is(pg_temp.central($$count(*) FROM dwh.access_needs(date_trunc('quarter', dwh.today())::date, 231) WHERE email LIKE 'hd%'$$), '3', 'its needs are those of the province that is');
SELECT matches(pg_temp.central($$dwh.request_access('revoke', 'CV', dwh.today(), dwh.today(), 231, '[{"email": "hd3@tap.invalid", "reason": "not_needed", "scope_unit": 130}]')$$), '^\d+$', 'a right on a unit that is gone can be named');

-- Codes are read on the day of the letter: 31 was Hải Phòng (131) until it took in Hải Dương, and has been the whole of both (231) since.
CREATE FUNCTION pg_temp.old_letter(p_on date, p_received date, p_changes jsonb, p_from int DEFAULT 11) RETURNS text LANGUAGE sql AS $$
	SELECT format('dwh.request_access(''grant'', ''CV'', %L, %L, %s, %L)', p_on, p_received, p_from, jsonb_build_array(pg_temp.line('{"email": "cu@tap.invalid", "full_name": "Cũ", "unit": 11}' || p_changes))) $$;
SELECT matches(pg_temp.central(pg_temp.old_letter('2025-06-20', '2025-07-02', '{"scope_unit": "31"}')), '^22023 line 1: unit 131 .* is not there', '893-002 893-003 a letter of before gives no merged province');
SELECT matches(pg_temp.central(pg_temp.old_letter('2025-06-20', '2025-07-02', '{"scope_unit": 231}')), '^\d+$', 'unless it is named');
SELECT matches(pg_temp.central(pg_temp.old_letter('2025-07-02', '2025-07-02', '{"scope_unit": "31"}')), '^\d+$', 'as a letter of after does');
SELECT is(string_agg(scope_unit_id::text, ' '), '231 231', 'the whole of both') FROM dwh_catalog.access_request_line WHERE email = 'cu@tap.invalid';
SELECT matches(pg_temp.central(pg_temp.old_letter('2025-06-30', '2025-07-02', '{"unit": 130, "scope_unit": 231}', 130)), '^\d+$', 'a letter of the last day of a province, received after it');
SELECT matches(pg_temp.central(pg_temp.old_letter('2025-06-30', '2025-06-30', '{"unit": 130}', 130)), '^22023 line 1: unit 130 .* is not there', 'no right on a unit that is gone');
-- Its own director of then decided, and it is applied for the province that is.
INSERT INTO dwh_catalog.office_holder (office_holder_id, person_name, unit_id, office, valid_from, valid_to, document) VALUES (990030, 'Giám Đốc Hải Dương', 130, 'province_director', '2020-01-01', '2025-06-30', 'x'),
	(990031, 'Giám Đốc Hải Phòng Cũ', 131, 'province_director', '2020-01-01', '2025-06-30', 'x');
SELECT max(request_id) AS r FROM dwh_catalog.access_request \gset
SELECT matches(pg_temp.central(format($$dwh.decide_access(%s, true, %s, 'QĐ', '2025-06-30', p_submission_no => 'T', p_submission_on => '2025-06-30')$$, :r, 990031)), '^42501', 'not decided by the neighbour of then');
SELECT is(pg_temp.central(format($$dwh.decide_access(%s, true, %s, 'QĐ', '2025-06-30', p_submission_no => 'T', p_submission_on => '2025-06-30')$$, :r, 990030)), '1', 'decided by the director of then');
SELECT is(pg_temp.central(format('dwh.apply_access(%s)', :r)), '1', 'it is applied');
SELECT is(home_unit_id || ' ' || scope_unit_id, '231 231', 'for the province that is') FROM dwh_catalog.account JOIN dwh_catalog.access_grant USING (account_id) WHERE email = 'cu@tap.invalid';
SELECT * FROM finish();
ROLLBACK;

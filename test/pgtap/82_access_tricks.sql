-- Ways round the rules of who gives what to whom, and lawful calls that came to nothing.
-- 893-002 893-003 893-032 893-034 893-036 893-061 893-076 893-080 893-081 893-083 893-086 893-087 893-088 893-089 893-091 893-094
-- harness: preload
BEGIN;
SELECT plan(94);
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
-- The old right first, in every action: a move between provinces by a letter of change, and a role that nobody had.
CREATE FUNCTION pg_temp.rights_of(p_email text) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(u.code || ' ' || coalesce(g.scope_unit_id::text, '-'), ', ' ORDER BY u.code, g.scope_unit_id), 'none') FROM dwh_catalog.access_grant AS g
		JOIN dwh_catalog.user_group AS u USING (user_group_id) JOIN dwh_catalog.account AS a USING (account_id)
	WHERE a.email = p_email AND g.revoked_at IS NULL AND coalesce(g.valid_to >= dwh.today(), true) $$;
CREATE FUNCTION pg_temp.letter(p_kind text, p_lines jsonb, p_from int DEFAULT 990102) RETURNS int LANGUAGE sql AS $$
	SELECT pg_temp.central(format('dwh.request_access(%L, ''CV'', dwh.today(), dwh.today(), %s, %L, p_submission_no => ''T'', p_submission_on => dwh.today())', p_kind, p_from, p_lines))::int $$;
CREATE FUNCTION pg_temp.decide(p_request int, p_by int DEFAULT 990005, p_rest text DEFAULT '') RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.central(format('dwh.decide_access(%s, true, %s, ''QĐ 10''%s)', p_request, p_by, p_rest)) $$;
CREATE FUNCTION pg_temp.apply(p_request int) RETURNS text LANGUAGE sql AS $$SELECT pg_temp.central(format('dwh.apply_access(%s)', p_request))$$;
SELECT pg_temp.central(pg_temp.give('{"email": "pe@tap.invalid", "full_name": "Pê"}')) AS a, pg_temp.central(pg_temp.give('{"email": "pe@tap.invalid", "full_name": "Pê", "group": "share_officer", "reason": "added_group"}')) AS b \gset
SELECT pg_temp.letter('change', jsonb_build_array(pg_temp.line('{"email": "pe@tap.invalid", "full_name": "Pê", "unit": 990232, "reason": "unit_move"}')), 990232) AS r \gset
SELECT pg_temp.decide(:r, 990006) \g /dev/null
SELECT matches(pg_temp.apply(:r), '^42501 line 1: Pê still has analyst, share_officer', '893-088 another province takes nobody by a letter of change');
SELECT pg_temp.letter('change', jsonb_build_array(pg_temp.line('{"email": "pe@tap.invalid", "full_name": "Pê", "unit": 990101, "reason": "unit_move"}')), 990101) AS r \gset
SELECT pg_temp.decide(:r) \g /dev/null
SELECT matches(pg_temp.apply(:r), '^42501 line 1: Pê still has share_officer', '893-080 within a province nothing stays that the line does not name');
SELECT matches(pg_temp.central(pg_temp.give('{"email": "pe@tap.invalid", "full_name": "Pê", "group": "national", "reason": "role_change", "from_group": "auditor"}')), '^22023.*never had', '893-080 who left a role had it');
SELECT is(pg_temp.rights_of('pe@tap.invalid'), 'analyst 990102, share_officer 990102', 'he has what he had');
SELECT matches(pg_temp.central($$dwh.revoke_access('pe@tap.invalid', 'not_needed', 'QĐ', 'share_officer')$$), '^\d+$', 'that is revoked');
SELECT is(pg_temp.apply(:r), '1', 'then he moves within his province');
SELECT is(pg_temp.rights_of('pe@tap.invalid'), 'analyst 990101', '893-080 with one right, of the new unit');

-- One who is out already holds up no letter: there is nothing left to take of him, and the others lose theirs.
SELECT pg_temp.central(pg_temp.give('{"email": "m1@tap.invalid", "full_name": "Một"}')) AS a, pg_temp.central(pg_temp.give('{"email": "m2@tap.invalid", "full_name": "Hai"}')) AS b \gset
SELECT pg_temp.letter('revoke', '[{"email": "m1@tap.invalid", "reason": "left_service"}, {"email": "m2@tap.invalid", "reason": "left_service"}]') AS r \gset
SELECT is(pg_temp.decide(:r), '2', 'two are to go');
SELECT matches(pg_temp.central($$dwh.emergency_revoke('m1@tap.invalid', 'lộ', 'f', 't')$$), '^\d+$', 'one is taken out before');
SELECT is(pg_temp.apply(:r), '2', '893-081 the letter is applied all the same');
SELECT is(string_agg(coalesce(irregular, '-'), ', ' ORDER BY line_no), 'nothing was left to take, -', 'and says of whom nothing was left') FROM dwh_catalog.access_request_line WHERE request_id = :r;
SELECT is(pg_temp.rights_of('m1@tap.invalid') || ' ' || pg_temp.rights_of('m2@tap.invalid'), 'none none', '893-081 both are out');
SELECT matches(pg_temp.central($$dwh.revoke_access('m1@tap.invalid', 'left_service', 'QĐ')$$), '^55000', 'who asks for it now is told');

-- What was approved is taken back by a later decision, so that the others of the letter get theirs.
SELECT pg_temp.letter('grant', jsonb_build_array(pg_temp.line('{"email": "m3@tap.invalid", "full_name": "Ba"}'), pg_temp.line('{"email": "m4@tap.invalid", "full_name": "Bốn"}'))) AS r \gset
SELECT is(pg_temp.decide(:r), '2', 'both are approved');
SELECT matches(pg_temp.central(pg_temp.give('{"email": "m3@tap.invalid", "full_name": "Ba"}')), '^\d+$', 'one gets the right by another letter');
SELECT matches(pg_temp.apply(:r), '^42501 line 1: Ba has this right already', '893-032 not twice');
SELECT matches(pg_temp.central(format($$dwh.decide_access(%s, false, 990005, 'QĐ 11', p_reason => 'x')$$, :r)), '^55000', 'none is open');
SELECT matches(pg_temp.central(format($$dwh.decide_access(%s, true, 990005, 'QĐ 11', p_line_nos => '{1}')$$, :r)), '^55000', 'none is approved twice');
SELECT matches(pg_temp.central(format($$dwh.decide_access(%s, false, 990005, 'QĐ 11', dwh.today() - 1, '{1}', 'đã có')$$, :r)), '^42501|^55000', 'an earlier decision takes nothing back');
SELECT is(pg_temp.central(format($$dwh.decide_access(%s, false, 990005, 'QĐ 11', NULL, '{1}', 'đã có')$$, :r)), '1', '893-086 a later one takes the line back');
SELECT is(format('%s %s', state, decision_reason), format('refused đã có (QĐ 10, %s)', dwh.today()), 'which keeps the decision of before') FROM dwh_catalog.access_request_line WHERE request_id = :r AND line_no = 1;
SELECT is(pg_temp.apply(:r), '1', 'the other one is applied');
SELECT is(pg_temp.rights_of('m4@tap.invalid'), 'analyst 990102', 'and has his right');

-- A revocation for one unit takes what is on it, no right without a unit.
INSERT INTO dwh_catalog.access_grant (grant_id, account_id, user_group_id, scope_unit_id, valid_from, decision_no) VALUES (990040, 990002, 3, 12, '2020-07-10', 'x'), (990041, 990002, 3, 101, '2020-07-10', 'x');
SELECT pg_temp.letter('revoke', '[{"email": "central2@tap.invalid", "reason": "not_needed", "scope_unit": 101}]', 12) AS r \gset
SELECT is(pg_temp.apply(:r), '1', 'one unit');
SELECT is(pg_temp.rights_of('central2@tap.invalid'), 'analyst 12, central_admin -', 'the others stay, central administration too');

-- A letter of the old province takes nothing that the new one has given.
SELECT pg_temp.central(pg_temp.give('{"email": "m5@tap.invalid", "full_name": "Năm"}')) AS a \gset
SELECT pg_temp.letter('revoke', '[{"email": "m5@tap.invalid", "reason": "transfer"}]') AS r \gset
UPDATE dwh_catalog.access_request SET recorded_at = now() - interval '1 hour' WHERE request_id = :r;
SELECT matches(pg_temp.central($$dwh.transfer_account('m5@tap.invalid', 990232, dwh.today(), 'ĐĐ', p_from_unit => 990102, p_signed_by => 990005)$$), '^\d+$', 'he is transferred');
SELECT matches(pg_temp.central(pg_temp.give('{"email": "m5@tap.invalid", "full_name": "Năm", "unit": 990232, "reason": "unit_move"}', 990232, 990006)), '^\d+$', 'and given a right there');
SELECT matches(pg_temp.hanoi(format('dwh.apply_access(%s)', :r)), '^42501 line 1 is not for an administrator', 'the old province has no say any more');
SELECT is(pg_temp.apply(:r), '1', 'a central administrator closes the letter');
SELECT is(pg_temp.rights_of('m5@tap.invalid'), 'analyst 990232', '893-088 and the new right stays');

-- Who moves on a day that is to come is still here until then, for an emergency.
SELECT pg_temp.central(pg_temp.give('{"email": "m0@tap.invalid", "full_name": "Không"}')) \g /dev/null
SELECT matches(pg_temp.central($$dwh.transfer_account('m0@tap.invalid', 990232, dwh.today() + 9, 'ĐĐ', p_from_unit => 990102, p_signed_by => 990005)$$), '^\d+$', 'he goes in nine days');
SELECT matches(pg_temp.central(pg_temp.give(jsonb_build_object('email', 'm0@tap.invalid', 'full_name', 'Không', 'unit', 990232, 'reason', 'unit_move', 'effective_on', dwh.today() + 9), 990232, 990006)), '^\d+$', 'to a right there');
SELECT matches(pg_temp.hanoi($$dwh.revoke_access('m0@tap.invalid', 'violation', 'CV')$$), '^42501 the caller administers no such account', 'letters go to his new province');
SELECT pg_temp.hanoi($$dwh.emergency_revoke('m0@tap.invalid', 'lộ', 'f', 't')$$) AS r \gset
SELECT is(pg_temp.rights_of('m0@tap.invalid'), 'none', '893-089 but in an emergency the province acts where he works');
SELECT is(pg_temp.hanoi(format('dwh.confirm_emergency(%s, ''CV 9'')', :r)), '', '893-089 and confirms it');

-- After everything was taken, no older decision gives anything back.
SELECT pg_temp.central(pg_temp.give('{"email": "m6@tap.invalid", "full_name": "Sáu"}')) AS a \gset
SELECT pg_temp.letter('grant', jsonb_build_array(pg_temp.line('{"email": "m6@tap.invalid", "full_name": "Sáu", "group": "national", "reason": "added_group"}'))) AS r \gset
SELECT is(pg_temp.decide(:r), '1', 'one more group is approved');
SELECT matches(pg_temp.central($$dwh.emergency_revoke('m6@tap.invalid', 'lộ', 'f', 't')$$), '^\d+$', 'then all is taken');
SELECT matches(pg_temp.apply(:r), '^42501 line 1: the rights of Sáu were taken after', '893-089 the way back is a new grant');
SELECT matches(pg_temp.central(pg_temp.give('{"email": "m6@tap.invalid", "full_name": "Sáu"}')), '^\d+$', '893-089 which is given');
SELECT matches(pg_temp.central(format('dwh.grant_access(%L, ''CV 1'', dwh.today() - 2, dwh.today(), 990102, 990005, ''QĐ 9'', dwh.today() - 1, ''T'', dwh.today() - 1)',
	jsonb_build_array(pg_temp.line('{"email": "m6@tap.invalid", "full_name": "Sáu", "group": "national", "reason": "added_group"}')))), '^42501 line 1: the rights of Sáu were taken after', '893-089 a decision of before that is recorded afterwards');

-- Lines that were decided keep the submission that they were decided on.
SELECT pg_temp.letter('grant', jsonb_build_array(pg_temp.line('{"email": "m7@tap.invalid", "full_name": "Bảy"}'), pg_temp.line('{"email": "m8@tap.invalid", "full_name": "Tám"}'))) AS r \gset
UPDATE dwh_catalog.access_request SET letter_on = letter_on - 5, submission_on = submission_on - 3 WHERE request_id = :r;
SELECT pg_temp.decide(:r, 990005, ', dwh.today() - 3, ''{1}''') || pg_temp.decide(:r, 990005, ', p_submission_no => ''T2'', p_submission_on => dwh.today()') AS two \gset
SELECT is(:'two' || string_agg(format(' %s %s %s', l.submission_no, dwh.today() - l.submission_on, dwh.today() - l.decided_on), ',' ORDER BY line_no) || ' ' || max(r.submission_no), '11 T 3 3, T2 0 0 T', '893-086 each line its own')
FROM dwh_catalog.access_request_line AS l JOIN dwh_catalog.access_request AS r USING (request_id) WHERE request_id = :r;
-- Days are days, whatever the session.
SELECT matches(pg_temp.central(pg_temp.give(jsonb_build_object(k, v))), '^22023 line 1: a day is missing', format('%s %s is none', k, v))
FROM unnest(ARRAY['valid_to', 'effective_on']) AS k, unnest(ARRAY['03/12/2027', 'tomorrow', 'infinity']) AS v;
SELECT matches(pg_temp.central($$dwh.revoke_access('m4@tap.invalid', 'left_service', 'QĐ', p_document_on => '-infinity')$$), '^22023.*a day', 'no letter is of ever');
SELECT matches(pg_temp.central($$dwh.revoke_access('m4@tap.invalid', 'left_service', 'QĐ', p_effective_on => 'infinity')$$), '^22023.*a day', 'nobody goes never');
SELECT matches(pg_temp.central($$dwh.transfer_account('m4@tap.invalid', 990232, 'infinity', 'QĐ')$$), '^22023.*a day', 'nor is transferred never');
SELECT matches(pg_temp.central(format($$dwh.request_access('grant', 'CV', '-infinity', dwh.today(), 990102, %L)$$, jsonb_build_array(pg_temp.line()))), '^22023.*a day', 'a letter has a day');

-- Who leads a unit by now, by receipt or since the entry, is decided on as such.
SELECT pg_temp.central($$dwh.request_access('grant', 'CV', dwh.today() - 5, dwh.today() - 5, 11, '[{"full_name": "Mới Lên", "title": "CV", "email": "moi@tap.invalid", "employment_kind": "civil_servant", "unit": 11, "group": "analyst",
	"reason": "first_join"}]', p_signed_by => 990003)$$) AS r \gset
INSERT INTO dwh_catalog.office_holder (office_holder_id, person_name, unit_id, office, valid_from, document) VALUES (990041, 'Mới Lên', 11, 'deputy', dwh.today() - 1, 'x');
SELECT matches(pg_temp.apply(:r), '^42501 line 1: Mới Lên leads a unit', '893-083 appointed since the letter was entered');
SELECT matches(pg_temp.central($$dwh.grant_access('[{"full_name": "Mới Lên", "title": "CV", "email": "moi@tap.invalid", "employment_kind": "civil_servant", "unit": 11, "group": "analyst",
	"reason": "first_join"}]', 'CV', dwh.today() - 5, dwh.today() - 5, 11, 990003)$$), '^42501', '893-083 appointed since the letter was received');
SELECT matches(pg_temp.central($$dwh.grant_access('[{"full_name": "Mới Lên", "title": "CV", "email": "moi@tap.invalid", "employment_kind": "civil_servant", "unit": 11, "group": "analyst",
	"reason": "first_join"}]', 'CV', dwh.today(), dwh.today(), 12, 990001, 'QĐ 3')$$), '^\d+$', '893-083 the leadership decides');

-- A support mailbox changes hands on the day.
SELECT jsonb '{"email": "hotro.hp@tap.invalid", "full_name": "Bê Hai", "title": "CV", "holder_email": "be2@tap.invalid", "employment_kind": "public_employee", "unit": 990231, "group": "province_admin", "assignment_no": "QĐ 8"}' AS box \gset
SELECT pg_temp.central(pg_temp.request(:'box'::jsonb || jsonb_build_object('effective_on', dwh.today() + 90), 231, p_rest => ', p_signed_by => 990006')) AS later \gset
SELECT matches(pg_temp.apply(:later), '^22023 line 1: the mailbox hotro.hp@tap.invalid changes hands on', '893-034 not before');
SELECT pg_temp.central(pg_temp.request(:'box'::jsonb, 231, p_rest => ', p_signed_by => 990006')) AS r \gset
SELECT is(pg_temp.apply(:r), '1', '893-034 but today');

-- The same right is not given twice, with an end or for listed subjects either; a longer one is another.
SELECT matches(pg_temp.central(pg_temp.give('{"email": "m9@tap.invalid", "full_name": "Chín", "valid_to": "2098-06-30"}')), '^\d+$', 'until a day');
SELECT matches(pg_temp.central(pg_temp.give(jsonb '{"email": "m9@tap.invalid", "full_name": "Chín", "reason": "added_group"}' || c)), '^42501.*has this right already', format('893-032 not again %s', c))
FROM unnest(ARRAY['{"valid_to": "2098-06-30"}', '{"valid_to": "2097-06-30"}', '{"valid_to": "2097-06-30", "subjects": ["fact_collection"]}']::jsonb[]) AS c;
SELECT matches(pg_temp.central(pg_temp.give('{"email": "m9@tap.invalid", "full_name": "Chín", "reason": "added_group", "valid_to": "2099-06-30", "subjects": ["fact_collection"]}')), '^\d+$', 'longer for one subject');
SELECT matches(pg_temp.central(pg_temp.give('{"email": "m9@tap.invalid", "full_name": "Chín", "reason": "added_group", "valid_to": "2099-06-30", "subjects": ["fact_collection"]}')), '^42501.*already', '893-032 that one once');
SELECT matches(pg_temp.central(pg_temp.give('{"email": "m9@tap.invalid", "full_name": "Chín", "reason": "added_group", "valid_to": "2099-06-30", "subjects": ["fact_claim"]}')), '^\d+$', 'for another subject');

-- An administrator of a province learns of nobody elsewhere.
SELECT is(pg_temp.hanoi(format($$dwh.request_access('revoke', 'CV', dwh.today(), dwh.today(), 990102, '[{"email": "%s", "reason": "left_service"}]')$$, e)), '42501 line 1 is not for an administrator of this province', '893-061 nor whether there is ' || e)
FROM unnest(ARRAY['hd3@tap.invalid', 'nobody@tap.invalid']) AS e;
SELECT is(pg_temp.hanoi(pg_temp.request(jsonb_build_object('email', 'hd3@tap.invalid', 'full_name', n))), '42501 line 1 is not for an administrator of this province', '893-061 nor by which name: ' || n)
FROM unnest(ARRAY['Hải Dương 3', 'Khác']) AS n;

-- Nobody waits for a calendar.
DELETE FROM dwh_catalog.holiday WHERE on_date >= date_trunc('year', dwh.today());
SELECT pg_temp.letter('revoke', '[{"email": "m4@tap.invalid", "reason": "left_service"}]') AS r \gset
SELECT is(due_on, NULL, '893-087 a letter of a year without holidays has no deadline') FROM dwh_catalog.access_request WHERE request_id = :r;
SELECT is(pg_temp.apply(:r), '1', 'and is applied');
SELECT * FROM finish();
ROLLBACK;

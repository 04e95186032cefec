-- The register of problems, and everything past a legal deadline: asked as plain roles; refusals are in the log.
-- 893-044 893-046 893-056 893-074 893-093 2327-073 2327-076 2327-085 2327-086 2327-088 2327-102 ND47-010 ND47-013 ND47-018 ND47-022 ND47-025 ND47-036 ND47-042 ND47-043
-- harness: preload
SET client_min_messages = error;
BEGIN;
SELECT plan(112);
CREATE ROLE tap_central LOGIN IN ROLE dwh_central_admin;
CREATE ROLE tap_province LOGIN IN ROLE dwh_province_admin;
CREATE ROLE tap_analyst LOGIN IN ROLE dwh_analyst;
CREATE ROLE tap_other LOGIN IN ROLE dwh_analyst;
CREATE ROLE tap_officer LOGIN IN ROLE dwh_share_officer;
CREATE ROLE tap_partner LOGIN IN ROLE dwh_partner;
CREATE ROLE tap_stranger LOGIN;
INSERT INTO dwh_star.dim_unit (unit_id, code, level, name_vi, name_en, parent_unit_id, valid_from) VALUES
	(990001, 'TAP-CNTT', 'central_unit', 'Trung tâm CNTT', 'IT Centre', 1, '2020-01-01'),
	(990002, 'TAP-KHDT', 'central_unit', 'Vụ Kế hoạch', 'Planning', 1, '2020-01-01');
DELETE FROM dwh_catalog.unit_function WHERE function = 'planning';
INSERT INTO dwh_catalog.unit_function (unit_id, function, valid_from) VALUES (990001, 'it_centre', '2020-07-10'), (990002, 'planning', '2020-07-10');
INSERT INTO dwh_catalog.office_holder (office_holder_id, person_name, unit_id, office, valid_from, valid_to, document) VALUES
	(990001, 'Nguyễn A', 1, 'sector_leadership', '2020-01-01', NULL, 'QĐ 1'), (990002, 'Trần B', 990001, 'it_centre_director', '2020-01-01', NULL, 'QĐ 2'),
	(990003, 'Lê C', 1, 'sector_leadership', '2020-01-01', '2025-12-31', 'QĐ 3');
INSERT INTO dwh_catalog.account (account_id, kind, email, full_name, login_role, home_unit_id, valid_from) VALUES
	(990001, 'sector', 'province@example.invalid', 'Lê C', 'tap_province', 101, '2020-01-01'),
	(990002, 'sector', 'analyst@example.invalid', 'Trần D', 'tap_analyst', 101, '2020-01-01'),
	(990003, 'sector', 'other@example.invalid', 'Phạm E', 'tap_other', 231, '2020-01-01');
INSERT INTO dwh_catalog.access_grant (account_id, user_group_id, scope_unit_id, valid_from) VALUES
	(990001, 2, 101, '2020-01-01'), (990002, 3, 101, '2020-01-01'), (990003, 3, 231, '2020-01-01');
INSERT INTO dwh_catalog.agency (agency_id, kind, identifier, name_vi, valid_from) VALUES
	(990001, 'agency', 'G99.1', 'Bộ A', '2020-01-01'), (990002, 'agency', 'G99.2', 'Bộ B', '2020-01-01');
INSERT INTO dwh_catalog.connection_account (connection_id, agency_id, holder, login_role, valid_from) VALUES (990001, 990001, 'x', 'tap_partner', '2020-01-01');
INSERT INTO dwh_log.share_log (month, share_no, stage, occurred_at, direction, kind, requested_at, request_form, agency_id, agency_identifier, session_user_name,
	outer_user_name, gateway, purpose, frequency, request_content, status)
SELECT date_trunc('month', dwh.today())::date, n, 'asked', now(), 'out', 'share', now(), 'online', a, i, 'x', 'x', 'x', 'x', 'daily', '{}', 'asked'
FROM (VALUES (990001, 990001, 'G99.1'), (990002, 990002, 'G99.2')) AS v (n, a, i);
SELECT coalesce(max(event_id), 0) AS seen FROM dwh_log.audit_event \gset

\ir include/as_role.psql
\ir include/administrator.psql
SELECT pg_temp.make_administrator('tap_central') \g (format=unaligned) /dev/null
CREATE FUNCTION pg_temp.central(p_call text) RETURNS text LANGUAGE sql AS $$SELECT pg_temp.call_as('tap_central', p_call)$$;
CREATE FUNCTION pg_temp.opened(p_role text, p_args text) RETURNS text LANGUAGE sql AS $$SELECT pg_temp.call_as(p_role, 'problem_id FROM dwh.open_problem(' || p_args || ')')$$;

-- Everybody reports.
SELECT pg_temp.opened('tap_analyst', $$'support', 'Không đăng nhập được', 'Lỗi màn hình'$$) AS support \gset
SELECT matches(:'support'::text, '^\d+$', '893-074 any account opens a problem');
SELECT is((SELECT opened_person || ' ' || opened_by || ' ' || unit_id || ' ' || (opened_at = statement_timestamp() OR opened_at > now() - interval '1 hour')
	FROM dwh_catalog.problem WHERE problem_id = :support), 'Trần D tap_analyst 101 true', '893-074 its author and time are kept');
SELECT is(pg_temp.call_as('tap_analyst', $$(due_on IS NULL)::text FROM dwh.open_problem('support', 'x', 'y')$$), 'true', '893 sets no day');
SELECT matches(pg_temp.opened('tap_stranger', $$'support', 'x', 'y'$$), '^42501', 'strangers do not');
SELECT matches(pg_temp.opened('tap_analyst', $$'poem', 'x', 'y'$$), '^22023 .*kind', 'ND47-042 a kind is a row');
SELECT matches(pg_temp.opened('tap_analyst', $$'support', ' ', 'y'$$), '^22023 .*subject', 'with a subject');
SELECT matches(pg_temp.opened('tap_analyst', $$'support', 'x', 'y', 'fax'$$), '^22023 .*channel', '2327-086 by three channels');
SELECT matches(pg_temp.opened('tap_analyst', $$'support', 'x', 'y', 'system'$$), '^22023', '2327-086 the fourth is the warehouse''s own');
SELECT matches(pg_temp.opened('tap_analyst', $$'support', 'x', 'y', 'document'$$), '^22023 .*channel', '2327-086 a document has a number');
SELECT matches(pg_temp.opened('tap_analyst', format('%L, %L, %L, %L, %L', 'support', 'x', 'y', c, 'CV 1')), '^\d+$', '2327-086 ' || c)
FROM unnest(ARRAY['portal', 'email', 'document']) AS c;
SELECT matches(pg_temp.opened('tap_analyst', $$'support', 'x', 'y', p_received_on => '2100-01-01'$$), '^22023', 'nothing is received tomorrow');
SELECT matches(pg_temp.opened('tap_analyst', $$'incident', 'x', 'y', p_affected_units => '{-1}'$$), '^42704', 'affected units exist');
SELECT matches(pg_temp.opened('tap_analyst', $$'support', 'x', 'y', p_unit_id => -1$$), '^42704', 'so does the unit that reports');
-- For others, and of other days, write those who handle problems.
SELECT matches(pg_temp.opened('tap_analyst', $$'share_quality', 'x', 'y', p_unit_id => 231$$), '^42501', '893-074 nobody reports for another province');
SELECT matches(pg_temp.opened('tap_analyst', $$'share_quality', 'x', 'y', p_received_on => '2021-01-01'$$), '^42501', '893-074 nor what is overdue already');
SELECT matches(pg_temp.opened('tap_province', $$'share_quality', 'x', 'y', p_unit_id => 231$$), '^42501', '893-074 a province enters what its own units sent');
SELECT matches(pg_temp.opened(r, format($$'support', 'x', 'y', 'document', 'CV 1', %L, %s$$, d, u)), '^\d+$', format('893-074 %s for %s', r, u))
FROM (VALUES ('tap_analyst', dwh.today(), 101), ('tap_province', '2026-11-02', 101), ('tap_central', '2026-11-02', 231)) AS v (r, d, u);
-- Who received which data readers do not learn from the register, nor which numbers there are.
SELECT matches(pg_temp.opened('tap_analyst', format($$'share_use', 'x', 'y', p_share_no => %s$$, n)), '^42501 the caller does not see', '893-076 not by a number: ' || n)
FROM unnest(ARRAY[990001, -1]) AS n;
SELECT matches(pg_temp.opened('tap_partner', $$'share_use', 'x', 'y', p_share_no => -1$$), '^42501 the caller does not see', '2327-088 partners neither');
SELECT matches(pg_temp.opened(r, $$'share_use', 'x', 'y', p_agreement_id => -1$$), s, 'agreements: ' || r)
FROM (VALUES ('tap_analyst', '^42501'), ('tap_officer', '^42704')) AS v (r, s);
SELECT is(pg_temp.call_as('tap_analyst', 'count(*) FROM dwh.list_problems() WHERE share_no IS NOT NULL'), '0', '893-076 the register shows them no transfer');

-- Errors, risks, regulation, change.
SELECT pg_temp.opened('tap_analyst', $$'data_error', 'Số thu lệch', 'Tháng 6', p_object => 'fact_collection'$$) AS error \gset
SELECT is(pg_temp.central(format('to_unit_ids::text FROM dwh.list_problems() WHERE problem_id = %s', :error)), '{990001,990002}', '893-044 to planning and the IT Centre');
SELECT is(pg_temp.central(format('object || opened_person FROM dwh.list_problems(p_kind => %L)', 'data_error')), 'fact_collectionTrần D', '2327-085 object and reporter');
SELECT pg_temp.opened('tap_other', $$'risk', 'Lộ mật khẩu', 'Thấy trên bàn'$$) AS risk \gset
SELECT is(pg_temp.central(format('is_immediate::text FROM dwh.list_problems(p_kind => %L)', 'risk')), 'true', '2327-085 risks are flagged');
SELECT matches(pg_temp.opened('tap_analyst', $$'regulation', 'Khó thực hiện', 'Điều 13'$$), '^22023 .*article', '893-093 which article');
SELECT pg_temp.opened('tap_analyst', $$'regulation', 'Khó thực hiện', 'Hạn quá ngắn', p_article => '893 Điều 17.5'$$) AS regulation \gset
SELECT pg_temp.opened('tap_other', $$'regulation', 'Khó thực hiện', 'Biểu mẫu', p_article => '2327 Điều 21'$$) AS regulation2 \gset
SELECT is(pg_temp.central(format('string_agg(article || unit_id || state || to_unit_ids::text, %L ORDER BY article) FROM dwh.list_problems(dwh.today(), dwh.today(), %L)', ' ', 'regulation')),
	'2327 Điều 21231open{990001} 893 Điều 17.5101open{990001}', '893-093 2327-102 the list for the Director General: each once, article and unit');
SELECT is(pg_temp.central($$count(*) FROM dwh.list_problems(dwh.today() + 1, NULL, 'regulation')$$), '0', '893-093 of a period');
SELECT matches(pg_temp.opened('tap_analyst', $$'change', 'Thêm cột', 'Cột mới'$$), '^22023 .*article', '893-046 legal basis');
SELECT pg_temp.opened('tap_analyst', $$'change', 'Thêm cột', 'Cột mới', p_article => 'Luật BHXH'$$) AS change \gset
SELECT matches(pg_temp.central(format('dwh.assign_problem(%s, 990001)', :change)), '^22023 .*decision_no', '893-046 not without a decision');
SELECT matches(pg_temp.central(format('dwh.assign_problem(%s, 990001, 990002, %L)', :change, 'QĐ 5')), '^42501', '893-046 of a leader of the sector');
SELECT matches(pg_temp.central(format('dwh.assign_problem(%s, 990001, 990003, %L)', :change, 'QĐ 5')), '^42501', '893-046 who is in office that day');
SELECT matches(pg_temp.central(format('dwh.assign_problem(%s, 990001, 990001, %L, %L)', :change, 'QĐ 5', dwh.today() + 1)), '^42501', '893-046 and not tomorrow');
SELECT matches(pg_temp.central(format('dwh.assign_problem(%s, 990002, 990001, %L)', :change, 'QĐ 5')), '^22023', '893-046 to the IT Centre');
SELECT is(pg_temp.central(format('dwh.assign_problem(%s, 990001, 990001, %L)', :change, 'QĐ 5')), '', '893-046 assigned');
SELECT throws_ok(format('UPDATE dwh_catalog.problem SET decided_by = NULL WHERE problem_id = %s', :change), '23514', NULL, '893-046 the decision stays');

-- Who handles.
SELECT matches(pg_temp.call_as('tap_analyst', format('dwh.assign_problem(%s, 990001)', :support)), '^42501', '893-074 only administrators assign');
SELECT matches(pg_temp.call_as('tap_analyst', format('dwh.close_problem(%s, %L)', :support, 'xong')), '^42501', '893-074 and close');
SELECT matches(pg_temp.call_as('tap_province', format('dwh.close_problem(%s, %L)', :risk, 'xong')), '^42501', '893-074 a province its own');
SELECT is(pg_temp.call_as('tap_province', format('dwh.assign_problem(%s, 101)', :support)), '', '893-074 which it does');
SELECT is((SELECT state FROM dwh_catalog.problem WHERE problem_id = :support), 'assigned', 'it is assigned');
SELECT matches(pg_temp.call_as('tap_officer', format('dwh.note_problem(%s, %L)', :support, 'x')), '^42501', 'officers handle those of sharing');
SELECT matches(pg_temp.central('dwh.close_problem(-1, NULL)'), '^42704', 'of problems that exist');
-- Incidents: affected units follow the progress.
SELECT pg_temp.opened('tap_province', $$'incident', 'Kho chậm', 'Từ 8 giờ', p_affected_units => '{231}'$$) AS incident \gset
SELECT is(pg_temp.central(format('dwh.note_problem(%s, %L)', :incident, 'Đang khởi động lại')), '', '893-056 a note');
SELECT matches(pg_temp.call_as('tap_other', format('notes[1] FROM dwh.list_problems(p_kind => %L)', 'incident')), '^\d\d/\d\d/\d{4} \d\d:\d\d Đang khởi động lại$', '893-056 that affected units read');
SELECT is(pg_temp.call_as('tap_other', format('count(*) FROM dwh.list_problems() WHERE problem_id = %s', :support)), '0', 'others'' problems they do not');
SELECT is(pg_temp.call_as('tap_analyst', format('count(*) FROM dwh.list_problems() WHERE problem_id = %s', :risk)), '0', 'nor these');
SELECT matches(pg_temp.central(format('dwh.close_problem(%s, %L)', :incident, ' ')), '^22023 .*resolution', '893-056 not closed without a resolution');
SELECT is(pg_temp.central(format('dwh.close_problem(%s, %L)', :incident, 'Đã khởi động lại')), '', '893-056 closed with one');
SELECT matches(pg_temp.central(format('dwh.close_problem(%s, %L)', :incident, 'x')), '^55000', 'once');
SELECT throws_ok(format($$UPDATE dwh_catalog.problem SET resolution = '' WHERE problem_id = %s$$, :incident), '23514', NULL, '893-056 whoever writes it');

-- Sharing: seven working days, and seven again.
SELECT is(pg_temp.call_as('tap_partner', $$due_on FROM dwh.open_problem('share_quality', 'Lỗi', 'Sai dòng')$$), dwh.add_working_days(dwh.today(), 7)::text, '2327-076 a number and a due date');
SELECT matches(pg_temp.opened('tap_partner', $$'data_error', 'Lỗi', 'Sai dòng', p_share_no => 990001$$), '^\d+$', '2327-088 against a row of its own agency');
SELECT matches(pg_temp.opened('tap_partner', $$'data_error', 'Lỗi', 'Sai dòng', p_share_no => 990002$$), '^42501', '2327-088 not another''s');
SELECT matches(pg_temp.opened('tap_partner', $$'share_other', 'Lỗi', 'x', p_agency => 'G99.2'$$), '^42501', '2327-088 nor for another');
SELECT matches(pg_temp.opened('tap_officer', $$'share_other', 'Lỗi', 'x', p_agency => 'G99.2', p_share_no => 990001$$), '^22023', 'a transfer is of its agency');
SELECT is(pg_temp.call_as('tap_partner', $$string_agg(DISTINCT agency, ',') FROM dwh.list_problems()$$), 'G99.1', 'partners read their own');
SELECT pg_temp.opened('tap_officer', $$'share_other', 'Cũ', 'x', p_agency => 'G99.2', p_received_on => '2026-11-02'$$) AS old \gset
SELECT is((SELECT due_on FROM dwh_catalog.problem WHERE problem_id = :old), dwh.add_working_days('2026-11-02', 7), 'ND47-043 counted from receipt');
SELECT is(pg_temp.call_as('tap_officer', format('string_agg(object, %L) FROM dwh.overdue(dwh.add_working_days(%L, 7)) WHERE kind = %L', ',', '2026-11-02', 'problem')), NULL, 'on the seventh day it is in time');
SELECT is(pg_temp.call_as('tap_officer', format('string_agg(object || article || days_late, %L) FROM dwh.overdue(dwh.add_working_days(%L, 7) + 1) WHERE kind = %L', ',', '2026-11-02', 'problem')),
	:'old' || 'ND47 Art 49(1)1', 'after it, it is not');
SELECT pg_temp.opened('tap_officer', $$'share_other', 'Mới', 'x', p_agency => 'G99.2'$$) AS fresh \gset
SELECT matches(pg_temp.call_as('tap_officer', format('dwh.escalate_problem(%s, %L, %L)', :fresh, 'head', 'x')), '^55000 .*may still be answered', 'ND47-043 not before its answer or due day');
SELECT matches(pg_temp.call_as('tap_officer', format('dwh.escalate_problem(%s, %L, NULL)', :old, 'head')), '^22023 .*reason', 'passed on with a reason');
SELECT matches(pg_temp.call_as('tap_officer', format('dwh.escalate_problem(%s, %L, %L)', :old, c, 'x')), '^22023 .*goes to level "head" next', 'ND47-042 no level is left out: ' || c)
FROM unnest(ARRAY['ministry', 'prime_minister', 'provider', 'Cục CNTT']) AS c;
SELECT is(pg_temp.call_as('tap_officer', format('dwh.escalate_problem(%s, %L, %L)', :old, 'head', 'Quá khó')), dwh.add_working_days(dwh.today(), 7)::text, 'ND47-043 seven days more');
SELECT matches(pg_temp.call_as('tap_officer', format('dwh.escalate_problem(%s, %L, %L)', :old, 'ministry', 'x')), '^55000 .*may still be answered', 'ND47-042 the next level after the answer of this one');
SELECT is(pg_temp.call_as('tap_officer', format('string_agg(kind, %L) FROM dwh.overdue(dwh.today() + 30) WHERE object = %L', ',', :'old')), 'escalation', 'then that is due');
SELECT is(pg_temp.call_as('tap_officer', format('dwh.note_problem(%s, %L, true)', :old, 'Trả lời')), '', 'answered');
SELECT is(pg_temp.call_as('tap_officer', format('count(*) FROM dwh.overdue(dwh.today() + 30) WHERE object = %L', :'old')), '0', 'and not due any more');
-- The levels of Art. 48 in force, one after the other; whose the third is changed in 2025.
SELECT is((SELECT string_agg(level_no || ' ' || code || ' ' || name_en, ', ' ORDER BY level_no) FROM dwh_catalog.problem_level WHERE d >= valid_from AND coalesce(d <= valid_to, true)), l, 'ND47-042 the levels of ' || d)
FROM (VALUES ('2020-05-25'::date, '1 provider Agency that supplies the data, 2 head Head of the ministry, agency or province, 3 ministry Ministry of Information and Communications, 4 prime_minister Prime Minister'),
	('2025-03-01', '1 provider Agency that supplies the data, 2 head Head of the ministry, agency or province, 3 ministry Ministry of Science and Technology, 4 prime_minister Prime Minister')) AS v (d, l);
SELECT matches(pg_temp.call_as('tap_officer', format('dwh.escalate_problem(%s, %L, %L)', :old, c, 'x')), '^22023 .*goes to level "ministry" next', 'ND47-042 nor is one gone back to or taken twice: ' || c)
FROM unnest(ARRAY['prime_minister', 'head', 'provider']) AS c;
SELECT is(pg_temp.call_as('tap_officer', format('dwh.escalate_problem(%s, %L, %L)', :old, 'ministry', 'x')), NULL, 'ND47-042 from the head to the ministry, for which no day is set');
SELECT matches(pg_temp.call_as('tap_officer', format('dwh.escalate_problem(%s, %L, %L)', :old, 'prime_minister', 'x')), '^55000 .*may still be answered', 'ND47-042 not before it has answered');
SELECT is(pg_temp.call_as('tap_officer', format('dwh.note_problem(%s, %L, true)', :old, 'Trả lời')), '', 'it has');
SELECT is(pg_temp.call_as('tap_officer', format('dwh.escalate_problem(%s, %L, %L)', :old, 'prime_minister', 'x')), NULL, 'ND47-042 then to the Prime Minister');
SELECT matches(pg_temp.call_as('tap_officer', format('dwh.escalate_problem(%s, %L, %L)', :old, 'prime_minister', 'x')), '^55000 .*last level', 'ND47-042 nobody is above');
SELECT is((SELECT string_agg(step || ' ' || level_no || ' ' || escalated_to || ' ' || escalated_by, ', ' ORDER BY step) FROM dwh_catalog.problem_escalation WHERE problem_id = :old),
	'1 2 head tap_officer, 2 3 ministry tap_officer, 3 4 prime_minister tap_officer', 'ND47-042 every step is kept');
SELECT is(pg_temp.call_as('tap_officer', format('escalated_to FROM dwh.list_problems() WHERE problem_id = %s', :old)), 'prime_minister', 'ND47-042 and the last is in the register');
-- The six kinds of Art. 47.
SELECT is(count(*), 6::bigint, 'ND47-042 six kinds of problems of sharing') FROM dwh_catalog.problem_kind WHERE is_sharing AND article = 'ND47 Art. 47';
SELECT is(pg_temp.call_as('tap_officer', format('(due_on IS NOT NULL)::text FROM dwh.open_problem(%L, %L, %L, p_agency => %L)', code, 'x', 'y', 'G99.2')), 'true', 'ND47-042 ' || code) FROM dwh_catalog.problem_kind WHERE is_sharing;
SELECT matches(pg_temp.opened('tap_officer', $$'share', 'x', 'y'$$), '^22023 .*kind', 'ND47-042 one of the six is named');
UPDATE dwh_catalog.problem_kind SET valid_to = dwh.today() - 1 WHERE code = 'share_use';
SELECT matches(pg_temp.opened('tap_officer', $$'share_use', 'x', 'y'$$), '^22023 .*kind', 'ND47-042 one in force');
SELECT matches(pg_temp.opened('tap_officer', $$'share_use', 'x', 'y', p_received_on => dwh.today() - 1$$), '^\d+$', 'ND47-042 on the day of receipt');

-- Deadlines of sharing.
INSERT INTO dwh_catalog.share_database (database_id, code, system_vi, name_vi) VALUES (990001, 'TAP', 'x', 'x');
INSERT INTO dwh_catalog.share_service (service_id, code, kind, database_id, name_vi, default_kind, relation, columns, key_columns, built_on, publish_due_on)
VALUES (990001, 'tap_due', 'default', 990001, 'x', 'catalogue', 'dwh_star.dim_unit', '[{"name": "unit_id"}]', '{unit_id}', '2020-07-10', '2020-07-13'),
	(990002, 'tap_open', 'open', 990001, 'x', NULL, 'dwh_star.dim_unit', '[{"name": "unit_id"}]', '{unit_id}', NULL, NULL);
CREATE FUNCTION pg_temp.overdue(p_on date, p_kind text) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.call_as('tap_officer', format('string_agg(object, %L ORDER BY object) FROM dwh.overdue(%L) WHERE kind = %L', ',', p_on, p_kind))$$;
SELECT is(pg_temp.overdue('2020-07-13', 'publish_service'), NULL, 'ND47-018 on the day');
SELECT is(pg_temp.overdue('2020-07-14', 'publish_service'), 'tap_due', 'ND47-018 one day late');
UPDATE dwh_catalog.share_service SET published_at = '2020-07-15 09:00+07' WHERE service_id IN (990001, 990002);
SELECT is(pg_temp.overdue('2020-07-15', 'publish_service') IS NULL AND pg_temp.overdue('2020-07-14', 'publish_service') = 'tap_due', true, 'ND47-018 the list of a day stays the list of that day');
SELECT is(pg_temp.overdue('2021-01-15', 'review') IS NULL, true, 'ND47-022 six months after its first service');
SELECT is(pg_temp.overdue('2021-01-16', 'review'), 'default,open', 'ND47-013 ND47-022 a list must be reviewed');
INSERT INTO dwh_catalog.share_review (list, reviewed_on) VALUES ('default', '2021-02-01'), ('open', '2025-01-01');
SELECT is(pg_temp.overdue('2021-07-01', 'review'), 'open', 'ND47-022 one was');
SELECT is(pg_temp.overdue('2025-08-18', 'review') || ' ' || pg_temp.overdue('2025-08-19', 'review'), 'default,open default', 'ND47-013 open lists up to 2025-08-18');
INSERT INTO dwh_catalog.share_request (request_id, path, agency_id, service_id, purpose, items, item_count, frequency, form, received_on, legal_basis, due_on)
VALUES (990001, 'default', 990001, 990001, 'x', '{unit_id}', 1, 'daily', 'online', '2026-01-05', 'ND47', '2026-01-07');
INSERT INTO dwh_catalog.share_notice (notice_id, kind, agency_id, subject, body, due_on, made_at) VALUES
	(990001, 'usage_demand', 990001, 'x', 'x', '2026-01-31', '2026-01-05'), (990002, 'suspension', 990001, 'x', 'x', '2026-01-06', '2026-01-05');
SELECT is(pg_temp.overdue('2026-01-07', 'share_request') IS NULL AND pg_temp.overdue('2026-01-08', 'share_request') = '990001', true, 'ND47-025 requests');
SELECT is(pg_temp.overdue('2026-01-31', 'usage_demand') IS NULL AND pg_temp.overdue('2026-02-01', 'usage_demand') = '990001', true, '2327-073 demands of usage reports');
SELECT is(pg_temp.call_as('tap_officer', $$kind || is_immediate FROM dwh.overdue('2026-01-08') LIMIT 1$$), 'suspensiontrue', 'ND47-036 what is due at once comes first');
SELECT matches(pg_temp.overdue(make_date(extract(year FROM dwh.today())::int + 1, 1, 1), 'evaluation'), 'TAP ', 'ND47-010 evaluations of the year that were not recorded');
SELECT matches(pg_temp.call_as('tap_officer', $$count(*) FROM dwh.overdue('infinity')$$), E'^[1-9]\\d*$', 'an end of all days is a day');
SELECT matches(pg_temp.call_as('tap_analyst', $$count(*) FROM dwh.overdue()$$), '^42501', 'for those who answer for it');

-- The log.
SELECT is((SELECT count(*)::int FROM dwh_log.audit_event WHERE event_id > :seen AND action IN ('assign_problem', 'close_problem', 'open_problem', 'overdue')
	AND decision = 'refused' AND detail ->> 'reason' IS NOT NULL), 35, 'every refusal is recorded with its reason');
SELECT * FROM finish();
ROLLBACK;

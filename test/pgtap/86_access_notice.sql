-- The notice of the annex, the quarterly needs, what is due of access, reviews, technical parameters, groups for some people only, the
-- first administrator.
-- 893-060 893-062 893-066 893-068 893-069 893-082 893-083 893-085 893-086 893-087 893-092 893-094 2327-030
-- harness: preload
BEGIN;
SELECT plan(90);
\ir include/access.psql
CREATE FUNCTION pg_temp.enter(p_changes jsonb DEFAULT '{}', p_from int DEFAULT 990102, p_kind text DEFAULT 'grant', p_rest text DEFAULT '') RETURNS int LANGUAGE sql AS $$
	SELECT pg_temp.central(pg_temp.request(p_changes, p_from, p_kind, p_rest))::int $$;
CREATE FUNCTION pg_temp.decide(p_request int, p_by int) RETURNS text LANGUAGE sql AS $$
	SELECT format('dwh.decide_access(%s, true, %s, ''QĐ 10'', dwh.today(), p_submission_no => ''TTr 1'', p_submission_on => dwh.today())', p_request, p_by) $$;

-- A letter about two people, applied by the province: the notice goes to their unit.
SELECT pg_temp.hanoi(format($$dwh.request_access('grant', 'CV 21', '2026-01-05', '2026-01-05', 990102, %L, p_submission_no => 'TTr 1', p_submission_on => '2026-01-06')$$,
	jsonb_build_array(pg_temp.line('{"full_name": "Nguyễn <b>An</b> & \"Bình\"", "title": "Phó\nphòng"}'), pg_temp.line('{"email": "cuong@tap.invalid", "full_name": "Lê Cường"}')))) AS r \gset
SELECT matches(:'r'::text, '^\d+$', 'a letter');
SELECT matches(pg_temp.hanoi(format('dwh.access_notice(%s, %L, %L, %L, %L)', :r, 'text', 'TB 1', 'Hà Nội', 'Trần')), '^55000', '893-094 not before it is applied');
SELECT is(pg_temp.central(format('count(*) FROM dwh.open_steps() WHERE kind = %L AND object = %L', 'access_notice', :'r')), '0', 'nor open yet');
-- Overdue until it is done, and on those days for ever.
SELECT is(pg_temp.central(format('count(*) FROM dwh.overdue(%L) WHERE kind = %L AND object = %L', '2026-01-07', 'access_request', :'r')), '0', '893-087 in time on the last day');
SELECT is(pg_temp.central(format('days_late FROM dwh.overdue(%L) WHERE kind = %L AND object = %L', '2026-01-08', 'access_request', :'r')), '1', '893-087 late after it');
SELECT is(pg_temp.hanoi(format('count(*) FROM dwh.overdue() WHERE object = %L', :'r')), '1', '893-060 the province sees its own');
SELECT pg_temp.hanoi(format('dwh.decide_access(%s, true, 990005, %L, dwh.today())', :r, 'QĐ 21')) AS decided \gset
SELECT is(pg_temp.hanoi(format('dwh.apply_access(%s)', :r)), '2', 'applied');
SELECT is(pg_temp.central(format('count(*) FROM dwh.overdue(dwh.today() + 1) WHERE object = %L', :'r')), '0', '893-087 not late any more');
SELECT is(pg_temp.central(format('is_done::text FROM dwh.overdue(%L) WHERE object = %L', '2026-01-08', :'r')), 'true', '893-087 but it was then');
SELECT is(pg_temp.central(format('unit_id FROM dwh.open_steps() WHERE kind = %L AND object = %L', 'access_notice', :'r')), '990102', '893-086 a missing notice is an open step');
SELECT is(pg_temp.central(format('count(*) FROM dwh.overdue(dwh.today() + 999) WHERE kind = %L', 'access_notice')), '0', '893-083 never overdue');
SELECT matches(pg_temp.call_as('tap_reader', format('dwh.access_notice(%s, %L, %L, %L, %L)', :r, 'text', 'TB 1', 'Hà Nội', 'Trần')), '^42501', 'readers issue none');
SELECT matches(pg_temp.hanoi(format('dwh.access_notice(%s, %L, %L, %L, %L)', :r, 'pdf', 'TB 1', 'Hà Nội', 'Trần')), '^22023', 'text or html');
SELECT matches(pg_temp.hanoi(format('dwh.access_notice(%s, %L, %L, %L, %L)', :r, 'text', v, 'Hà Nội', p)), '^22023', '893-094 with number and preparer')
FROM (VALUES ('', 'Trần'), ('TB 1', '')) AS v (v, p);
CREATE TEMPORARY TABLE notice AS SELECT pg_temp.hanoi(format('dwh.access_notice(%s, %L, %L, %L, %L)', :r, f, 'TB 1/2026', 'Hà Nội', 'Trần Giữ Hộp')) AS t, f FROM unnest(ARRAY['text', 'html']) AS f;
SELECT is((SELECT count(*) FROM notice, unnest(ARRAY['Số: TB 1/2026', 'Hà Nội, ngày ' || to_char(dwh.today(), 'DD/MM/YYYY'), 'Kính gửi: Phòng Thu Hà Nội', 'CV 21 ngày 05/01/2026',
	'Trần Giữ Hộp', 'Nơi nhận: Phòng Thu Hà Nội', 'Khai thác chỉ tiêu, báo cáo']) AS p WHERE position(p IN t) > 0), 14::bigint, '893-094 number, date, addressee, preparer, recipients');
SELECT is((SELECT count(*) FROM notice, unnest(ARRAY['STT', 'Họ và tên', 'Chức vụ', 'Nhóm người sử dụng', 'Hộp thư điện tử ngành', 'Hiệu lực từ ngày', 'Hết hiệu lực từ ngày']) AS p
	WHERE position(p IN t) > 0), 14::bigint, '893-094 both tables with the columns of the annex');
SELECT matches((SELECT t FROM notice WHERE f = 'text'), '\n2 +\| Lê Cường +\| Chuyên viên +\| Khai thác chỉ tiêu, báo cáo +\| cuong@tap.invalid +\| ' || to_char(dwh.today(), 'DD/MM/YYYY') || '\n', '893-094 a row');
SELECT matches((SELECT t FROM notice WHERE f = 'text'), 'Nguyễn <b>An</b> & "Bình" +\| Phó phòng ', '893-094 a cell is one line');
SELECT is((SELECT count(DISTINCT length(l))::int FROM notice, regexp_split_to_table(t, '\n') AS l WHERE f = 'text' AND l ~ '^\d+ +\|'), 1, 'in columns');
SELECT matches((SELECT t FROM notice WHERE f = 'html'), '<td>Nguyễn &lt;b&gt;An&lt;/b&gt; &amp; &quot;Bình&quot;</td><td>Phó phòng</td>', '893-094 HTML is escaped');
SELECT is((SELECT t LIKE '<!DOCTYPE html>%<meta charset="utf-8">%' AND t !~ '<b>An' FROM notice WHERE f = 'html'), true, '893-094 and UTF-8');
SELECT is((SELECT xmlparse(DOCUMENT replace(replace(replace(t, '<!DOCTYPE html>', ''), '<meta charset="utf-8">', ''), '<br>', '<br/>')) IS NOT NULL FROM notice WHERE f = 'html'), true, 'well formed');
SELECT is(pg_temp.central(format('count(*) FROM dwh.open_steps() WHERE kind = %L AND object = %L', 'access_notice', :'r')), '0', '893-086 the step is done');

-- Revoked: the day from which it is over is the day after the last one.
SELECT pg_temp.hanoi($$dwh.revoke_access('cuong@tap.invalid', 'not_needed', 'CV 22', p_from_unit => 990102)$$) AS v \gset
SELECT matches(:'v'::text, '^\d+$', 'a revocation');
SELECT matches(pg_temp.hanoi(format('dwh.access_notice(%s, %L, %L, %L, %L)', :v, 'text', 'TB 2', 'Hà Nội', 'Trần')),
	'Hết hiệu lực từ ngày\n[-+]+\n1 .*Lê Cường +\| Chuyên viên .*\| ' || to_char(dwh.today() + 1, 'DD/MM/YYYY'), '893-094 the day after, and the position it was given for');
-- A change is in both tables.
SELECT pg_temp.hanoi(format($$dwh.request_access('change', 'CV 23', dwh.today(), dwh.today(), 990102, %L, p_submission_no => 'TTr 2', p_submission_on => dwh.today())$$,
	jsonb_build_array(pg_temp.line('{"action": "group", "full_name": "Nguyễn <b>An</b> & \"Bình\"", "from_group": "analyst", "group": "share_officer", "reason": "role_change"}')))) AS c \gset
SELECT pg_temp.hanoi(format('dwh.decide_access(%s, true, 990005, %L)', :c, 'QĐ 23')) || pg_temp.hanoi(format('dwh.apply_access(%s)', :c)) AS changed \gset
SELECT matches(pg_temp.hanoi(format('dwh.access_notice(%s, %L, %L, %L, %L)', :c, 'text', 'TB 3', 'Hà Nội', 'Trần')), '1\. Cấp quyền.*Cán bộ chia sẻ dữ liệu.*2\. Thu hồi quyền.*Khai thác chỉ tiêu', '893-094 a change of group');
-- Applied by the central side, the province is told; so of emergencies.
SELECT pg_temp.enter('{"email": "dung@tap.invalid", "full_name": "Phạm Dũng"}') AS x \gset
SELECT pg_temp.central(pg_temp.decide(:x, 990005)) || pg_temp.central(format('dwh.apply_access(%s)', :x)) AS applied \gset
SELECT is(pg_temp.central(format('unit_id FROM dwh.open_steps() WHERE kind = %L AND object = %L', 'access_notice', :'x')), '101', '893-060 what was applied centrally is told to the province [own]');
SELECT matches(pg_temp.hanoi(format('dwh.access_notice(%s, %L, %L, %L, %L)', :x, 'text', 'TB 4', 'Hà Nội', 'Trần')), 'Phạm Dũng', '893-060 which may print it');
SELECT pg_temp.central($$dwh.emergency_revoke('dung@tap.invalid', 'Máy bị nhiễm mã độc', 'Người Đọc', 'Vụ Trưởng')$$) AS e \gset
SELECT is(pg_temp.central(format('string_agg(kind || is_immediate, %L ORDER BY kind) FROM dwh_internal.visible_due_items() WHERE object = %L', ' ', :'e')), '42501 permission denied for schema dwh_internal', 'inner functions stay inside');
SELECT is(pg_temp.central(format('string_agg(kind || unit_id, %L ORDER BY kind) FROM dwh.open_steps() WHERE object = %L', ' ', :'e')), 'access_notice101 confirm_emergency990102', '893-060 emergencies are told to the province, and wait for a confirmation');
SELECT matches(pg_temp.central(format('dwh.access_notice(%s, %L, %L, %L, %L)', :e, 'text', 'TB 5', 'Hà Nội', 'Trần')), 'Thu hồi khẩn cấp.*Người Đọc', 'on its grounds');
SELECT pg_temp.central(format('dwh.confirm_emergency(%s, %L)', :e, 'CV 30')) AS confirmed \gset
SELECT is(pg_temp.central(format('count(*) FROM dwh.open_steps() WHERE kind = %L AND object = %L', 'confirm_emergency', :'e')), '0', 'confirmed');
-- Central administrators: no notice is asked for.
SELECT pg_temp.enter('{"email": "k@tap.invalid", "full_name": "Ka", "unit": 12, "group": "central_admin", "assignment_no": "QĐ 7"}', 12) AS k \gset
SELECT pg_temp.central(pg_temp.decide(:k, 990001)) || pg_temp.central(format('dwh.apply_access(%s)', :k)) AS applied \gset
SELECT matches(pg_temp.central(format('dwh.access_notice(%s, %L, %L, %L, %L)', :k, 'text', 'TB 6', 'Hà Nội', 'Trần')), '^55000', '893-082 no notice is demanded');
SELECT is(pg_temp.central(format('count(*) FROM dwh.open_steps() WHERE object = %L', :'k')), '0', '893-082 nor open');
-- Another province.
SELECT matches(pg_temp.hanoi(format('dwh.access_notice(%s, %L, %L, %L, %L)', :k, 'text', 'TB 6', 'Hà Nội', 'Trần')), '^42501', '893-060 a province prints its own');

-- Needs of a quarter.
SELECT is(pg_temp.hanoi($$string_agg(action || full_name, ' ' ORDER BY line_no) FROM dwh.access_needs('2026-01-01', 101)$$), 'grantNguyễn <b>An</b> & "Bình" grantLê Cường', '893-062 one row for each');
SELECT is(pg_temp.hanoi($$string_agg(DISTINCT action, ' ') FROM dwh.access_needs(date_trunc('quarter', dwh.today())::date, 101)$$), 'grant group revoke', '893-062 grants, changes, revocations');
SELECT matches(pg_temp.hanoi($$count(*) FROM dwh.access_needs('2026-01-01', 231)$$), '^42501', '893-062 of one''s own province');
SELECT matches(pg_temp.hanoi($$count(*) FROM dwh.access_needs('2026-02-01', 101)$$), '^22023', '893-062 of a quarter');
UPDATE dwh_catalog.warehouse SET created_at = '2026-07-15';
SELECT is(pg_temp.hanoi($$string_agg(object, ' ') FROM dwh.open_steps('2026-10-01') WHERE kind = 'access_needs'$$), '01 2026-07-01', '893-062 a quarter that was not sent is an open step');
SELECT is(pg_temp.hanoi($$count(*) FROM dwh.overdue('2099-01-01') WHERE kind = 'access_needs'$$), '0', '893-062 never overdue');
SELECT matches(pg_temp.hanoi($$dwh.send_access_needs('2026-07-01', 101, '')$$), '^22023', 'sent by a document');
SELECT is(pg_temp.hanoi($$dwh.send_access_needs('2026-07-01', 101, 'CV 40', '2026-10-02')$$), '', 'sent');
SELECT matches(pg_temp.hanoi($$dwh.send_access_needs('2026-07-01', 101, 'CV 41')$$), '^23505', 'once');
SELECT is(pg_temp.hanoi($$count(*) FROM dwh.open_steps() WHERE object = '01 2026-07-01'$$), '0', '893-062 done');

-- Reviews.
SELECT is(pg_temp.hanoi($$string_agg(DISTINCT unit_id::text, ' ') FROM dwh.review_grants(0)$$), '101 990102', '893-060 grants of its own people');
SELECT is(pg_temp.central($$(days_since >= 0)::text FROM dwh.review_grants(0) WHERE email = 'reader@tap.invalid'$$), 'true', 'since when');
SELECT matches(pg_temp.hanoi('dwh.certify_grants(ARRAY[990003], ''CV 50'')'), '^42501', 'never one''s own');
SELECT matches(pg_temp.hanoi('dwh.certify_grants(ARRAY[990001], ''CV 50'')'), '^42501', 'nor others'' people');
SELECT is(pg_temp.hanoi('dwh.certify_grants(ARRAY[990004], ''CV 50'')'), '1', '893-092 certified');
SELECT is((SELECT certified_document FROM dwh_catalog.access_grant WHERE grant_id = 990004), 'CV 50', 'by a document');
UPDATE dwh_catalog.access_grant SET granted_at = '2020-07-10' WHERE grant_id IN (990001, 990004);
SELECT is(pg_temp.central($$string_agg(unit_id || ' ' || on_time || late || still_open || open_late || not_certified, ', ') FROM dwh.access_report('2026-01-01', '2026-12-31') WHERE unit_id IN (12, 990102)$$),
	(SELECT format('12 %s000%s, 990102 %s%s000', (SELECT count(*) FROM dwh_catalog.access_request WHERE from_unit_id = 12 AND state = 'applied'), 1,
		(SELECT count(*) FROM dwh_catalog.access_request WHERE from_unit_id = 990102 AND (applied_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date <= due_on), 1)), '893-092 counted by unit');
SELECT matches(pg_temp.call_as('tap_reader', 'count(*) FROM dwh.access_report(''2026-01-01'', ''2026-12-31'')'), '^42501', 'not for readers');

-- Technical parameters.
SELECT matches(pg_temp.call_as(r, $$dwh.set_parameter('certify_days', '30')$$), '^42501', '893-066 not by ' || r) FROM unnest(ARRAY['tap_hn_admin', 'tap_reader']) AS r;
SELECT matches(pg_temp.central($$dwh.set_parameter('colour', 'red')$$), '^42704', '893-066 nor one that is none');
SELECT matches(pg_temp.central(format('dwh.set_parameter(%L, %L)', n, v)), '^22023', format('893-066 %s is not %s', n, coalesce(v, 'empty')))
FROM (VALUES ('certify_days', '0'), ('certify_days', 'x'), ('certify_days', NULL), ('unassigned_hours', '99999'), ('access_count_receipt_day', 'maybe'), ('safety_level', '6'),
	('safety_approved_on', '2026-13-01'), ('safety_approved_on', 'soon'), ('safety_approval_no', ' ')) AS v (n, v);
SELECT is((SELECT count(*)::int FROM dwh_catalog.parameter WHERE set_at IS NOT NULL), 0, '893-066 nothing was changed');
SELECT is((SELECT count(*)::int FROM dwh_log.audit_event WHERE event_id > :first_event AND action = 'set_parameter' AND decision = 'refused' AND detail ->> 'reason' <> ''), 12,
	'893-066 every refusal is in the log');
SELECT is(pg_temp.central($$dwh.set_parameter('certify_days', '30')$$), '90', '893-066 a central administrator sets it');
SELECT results_eq($$SELECT object, detail, person FROM dwh_log.audit_event WHERE action = 'change_parameter'$$,
	$$VALUES ('certify_days', '{"old": "90", "new": "30"}'::jsonb, 'Quản Trị Một')$$, '893-066 the old and the new value are in the log');
UPDATE dwh_catalog.access_grant SET granted_at = now() - interval '31 days', certified_on = NULL WHERE grant_id = 990004;
SELECT is(pg_temp.hanoi($$count(*) FROM dwh.review_grants() WHERE grant_id = 990004$$), '1', '893-066 and counts');
SELECT is(pg_temp.central($$dwh.set_parameter('access_count_receipt_day', 'true')$$), 'false', '893-087 the day of receipt counts');
SELECT pg_temp.central(format($$dwh.request_access('grant', 'CV 8', '2020-07-09', '2020-07-10', 990102, %L)$$, jsonb_build_array(pg_temp.line('{"email": "r@tap.invalid"}')))) AS counted \gset
SELECT is((SELECT due_on FROM dwh_catalog.access_request WHERE request_id = :counted), '2020-07-13', '893-087 received on a Friday, then due on Monday');
SELECT is(pg_temp.central($$detail FROM dwh.health() WHERE component = 'safety_level'$$),
	'Chưa ghi cấp độ an toàn đã phê duyệt | The approved safety level is not recorded: safety_approval_no, safety_approved_on, safety_level', '2327-030 what is missing is a warning');
SELECT is(pg_temp.central($$dwh.set_parameter('safety_level', '3')$$) || pg_temp.central($$dwh.set_parameter('safety_approval_no', 'QĐ 9')$$), NULL, '2327-030 level and approval');
SELECT is(pg_temp.central($$state || detail FROM dwh.health() WHERE component = 'safety_level'$$),
	'warningChưa ghi cấp độ an toàn đã phê duyệt | The approved safety level is not recorded: safety_approved_on', '2327-030 while any of them is');
SELECT is(pg_temp.central($$dwh.set_parameter('safety_approved_on', '2026-01-31')$$), NULL, 'and its day');
SELECT is(pg_temp.central($$count(*) FROM dwh.health() WHERE component = 'safety_level'$$), '0', '2327-030 then there is no such row');

-- A group for some people only.
SELECT matches(pg_temp.central($$dwh.create_user_group('tap_it', 'CNTT', 'IT', 'analyst', '{fact_dossier}', 'QĐ 60', NULL, '{it_division}', '{public_employee}')$$), '^\d+$', '893-069 a group of the IT divisions');
SELECT matches(pg_temp.hanoi(pg_temp.request('{"group": "tap_it", "email": "it@tap.invalid", "full_name": "It", "employment_kind": "public_employee"}')), '^42501.*tap_it', '893-069 not for other divisions');
SELECT matches(pg_temp.hanoi(pg_temp.request('{"group": "tap_it", "email": "it@tap.invalid", "full_name": "It", "unit": 990101}', 990101)), '^42501.*tap_it', '893-069 nor other kinds of employment');
SELECT pg_temp.enter('{"group": "tap_it", "email": "it@tap.invalid", "full_name": "It", "unit": 990101, "employment_kind": "public_employee"}', 990101) AS g \gset
SELECT pg_temp.central(pg_temp.decide(:g, 990005)) || pg_temp.central(format('dwh.apply_access(%s)', :g)) AS applied \gset
SELECT is(pg_temp.call_as('it@tap.invalid', $$string_agg(code, ' ') FROM dwh_catalog.subject WHERE cardinality(dwh.scope_units(subject_id)) > 0$$), 'fact_dossier', '893-069 for these it works');

-- The first administrator.
SELECT matches(pg_temp.central($$dwh.create_first_administrator('a@tap.invalid', 'A', 12, 'civil_servant', 'tap_first', 'QĐ 1', 990001, 'QĐ 2')$$), '^42501', '893-068 not by an administrator');
SELECT throws_ok($$SELECT dwh.create_first_administrator('a@tap.invalid', 'A', 12, 'civil_servant', 'tap_first', 'QĐ 1', 990001, 'QĐ 2')$$, '55000', NULL, '893-068 not when there has been one');
DELETE FROM dwh_catalog.access_grant WHERE user_group_id = 1;
SELECT throws_ok($$SELECT dwh.create_first_administrator('a@tap.invalid', 'A', 11, 'civil_servant', 'tap_first', 'QĐ 1', 990001, 'QĐ 2')$$, '42501', NULL, '893-068 of the IT Centre');
SELECT throws_ok($$SELECT dwh.create_first_administrator('a@tap.invalid', 'A', 12, 'civil_servant', 'tap_first', 'QĐ 1', 990002, 'QĐ 2')$$, '42501', NULL, '893-068 decided by a leader of the sector');
SELECT cmp_ok(dwh.create_first_administrator('a@tap.invalid', 'A', 12, 'civil_servant', 'tap_first', 'QĐ 1', 990001, 'QĐ 2'), '>', 0, '893-068 one is made');
SELECT is(pg_has_role('tap_first', 'dwh_central_admin', 'MEMBER'), true, '893-068 with a login role of its own');
SELECT throws_ok($$SELECT dwh.create_first_administrator('b@tap.invalid', 'B', 12, 'civil_servant', 'tap_second', 'QĐ 1', 990001, 'QĐ 2')$$, '55000', NULL, '893-068 once');
SELECT is((SELECT count(*)::int FROM dwh_log.audit_event WHERE event_id > :first_event AND action = 'create_first_administrator' AND decision = 'done'), 1, '893-068 recorded');
SELECT * FROM finish();
ROLLBACK;

-- Datasets that users post: they wait for a sharing officer, and never say who somebody is.
-- 2327-063
-- harness: preload
SET client_min_messages = error;
BEGIN;
SELECT plan(85);
CREATE ROLE tap_post_author LOGIN IN ROLE dwh_analyst;
CREATE ROLE tap_post_reader LOGIN IN ROLE dwh_partner;
CREATE ROLE tap_post_officer LOGIN IN ROLE dwh_share_officer;
INSERT INTO dwh_catalog.account (account_id, kind, email, full_name, login_role, home_unit_id, valid_from) VALUES
	(990870, 'sector', 'author@example.invalid', 'Trần Đ', 'tap_post_author', 101, '2020-01-01');
INSERT INTO dwh_catalog.office_holder (office_holder_id, person_name, unit_id, office, valid_from, document) VALUES
	(990870, 'Nguyễn Văn A', 1, 'sector_leadership', '2020-01-01', 'QĐ 1');
\ir include/as_role.psql
CREATE FUNCTION pg_temp.posted(p_rows text, p_source text DEFAULT 'Niên giám 2024', p_licence text DEFAULT 'https://creativecommons.org/licenses/by/4.0/', p_role text DEFAULT 'tap_post_author')
RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.call_as(p_role, format('dwh.post_open_data(''Chi trả theo tỉnh'', ''Số liệu tổng hợp'', %L, %L, %L)', p_source, p_licence, p_rows))$$;
CREATE FUNCTION pg_temp.answered(p_args text, p_role text DEFAULT 'tap_post_officer') RETURNS text LANGUAGE sql AS $$
	SELECT left(pg_temp.call_as(p_role, format('dwh.answer_open_data_post(%s)', p_args)), 5)$$;
CREATE FUNCTION pg_temp.lines(p_post text, p_role text, p_format text DEFAULT 'csv') RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.call_as(p_role, format('string_agg(l, E''\n'') FROM dwh.posted_open_data(%s, %L) AS l', p_post, p_format))$$;

-- What is not taken.
SELECT matches(pg_temp.posted('[{"a": 1}]', p_role => 'tap_post_reader'), '^42501 only registered', '2327-063 who has no account posts nothing');
SELECT matches(pg_temp.posted('[{"a": 1}]', NULL), '^22023 .*source', '2327-063 without source');
SELECT matches(pg_temp.posted('[{"a": 1}]', ' '), '^22023 .*source', '2327-063 with an empty source');
SELECT matches(pg_temp.posted('[{"a": 1}]', p_licence => 'free'), '^22023 .*licence', 'a licence has an address');
SELECT matches(pg_temp.posted(r), '^22023 this dataset', 'quality: ' || left(coalesce(r, 'NULL'), 40)) FROM (VALUES (NULL), ('[]'), ('{"a": 1}'), ('"x"'), ('[1]'), ('[{}]'),
	('[{"a": 1}, {"b": 1}]'), ('[{"a": 1}, {"a": 1, "b": 2}]'), ('[{"A": 1}]'), ('[{"a b": 1}]'), ('[{"a": [1]}]'), ('[{"a": {"b": 1}}]'), ('[{"": 1}]'),
	(format('[{"a": "%s"}]', repeat('x', 1001)))) AS v (r);
SELECT matches(pg_temp.posted(r), '^22023 .*persons are identified', '2327-063 a column that identifies persons: ' || r) FROM (VALUES ('[{"person_id": 1}]'), ('[{"n": 1, "so_cccd": "x"}]'),
	('[{"ho_ten": "x"}]'), ('[{"ngay_sinh_cha": "x"}]'), ('[{"email_2": "x"}]'), ('[{"code": "001099012345"}]'), ('[{"code": "x"}, {"code": " 0123456789 "}]'),
	('[{"contact": "a.b@example.invalid"}]'), ('[{"x": 79200012345}]'), ('[{"x": 7912345678}]'), ('[{"hoten": "x"}]'), ('[{"ngaysinh": "x"}]'), ('[{"so_bhxh": "x"}]'), ('[{"so_bao_hiem": "x"}]'),
	('[{"the_bhyt": "x"}]'), ('[{"name": "x"}]')) AS v (r);
SELECT matches(pg_temp.posted(jsonb_build_array(jsonb_build_object('x', v))::text), '^22023 .*persons are identified', '2327-063 a number of a person: ' || v) FROM unnest(ARRAY['7912345678',
	'012345678', '079200012345', '0792 0001 2345', '079.200.012.345', '079-200-012-345', 'CCCD 079200012345 cấp 2021-05-06', '+84912345678', '+84 (91) 234 5678', '0912 345 678',
	'0912.345.678;', 'HT3797912345678', 'HT 3 79 7912345678', E'0912\u00a0345\u00a0678', '9704 1234 5678 9012']) AS v;
SELECT is(dwh_internal.open_data_post_fault(jsonb_build_array(jsonb_build_object('so_the_bhyt_da_cap', v, 'thu_bhxh', 123456789, 'ten_tinh', 'Hà Nội'))), NULL, 'taken: ' || v::text)
FROM unnest(ARRAY['"2025-01-01 2025-12-31"', '"2025-01-01 00:00:00"', '"31/12/2025 - 01/01/2026"', '"12 345 678"', '"Nghị quyết 28-NQ/TW, 2018"', '"2018-2025"', '"00001"', '123456789', '12345678901234',
	'12345678901.5', 'null', 'true']::jsonb[]) AS v;
SELECT is((SELECT count(*) FROM dwh_catalog.open_data_post), 0::bigint, 'nothing of that was kept');
SELECT cmp_ok((SELECT count(*) FROM dwh_log.audit_event WHERE action = 'post_open_data' AND decision = 'refused' AND session_user_name = session_user), '>=', 25::bigint,
	'every refusal is in the log');

-- What is taken waits.
SELECT pg_temp.posted('[{"tinh": "01", "so_nguoi": 1000, "ghi_chu": "a, \"b\""}, {"tinh": "79", "so_nguoi": 2000.5, "ghi_chu": null}]') AS post,
	pg_temp.posted('[{"tinh": "01"}]') AS second \gset
SELECT matches(:'post'::text, '^\d+$', '2327-063 a dataset is posted');
SELECT is((SELECT concat_ws(' ', state, person, row_count) FROM dwh_catalog.open_data_post WHERE post_id = :post), 'pending Trần Đ 2', '2327-063 it waits, with the name of who posted it');
SELECT matches(pg_temp.lines(:'post', 'tap_post_reader'), '^42704', '2327-063 nobody reads it before it is approved');
SELECT is(pg_temp.call_as('tap_post_reader', 'count(*) FROM dwh.open_data_posts'), '0', 'nor sees that it is there');
SELECT matches(pg_temp.call_as('tap_post_reader', 'count(*) FROM dwh_catalog.open_data_post'), '^42501', 'the table itself is granted to nobody');
SELECT is(pg_temp.call_as('tap_post_author', 'count(*) FROM dwh.open_data_posts') || pg_temp.call_as('tap_post_officer', 'count(*) FROM dwh.open_data_posts'), '22',
	'who posted it and who answers see it');
SELECT is(pg_temp.call_as('tap_post_officer', $$count(*) FROM dwh.open_steps() WHERE kind = 'open_data_post'$$), '2', 'officers find it among the open steps');
SELECT is(pg_temp.answered(format('%s, true, 990870, %L', :post, 'QĐ 2'), 'tap_post_author'), '42501', '2327-063 nobody approves his own');
SELECT is(pg_temp.answered(format('%s, true, 1, %L', :post, 'QĐ 2')), '22023', 'an office holder decides');
SELECT is(pg_temp.answered(format('%s, true, 990870, %L', :post, ' ')), '22023', 'by a document');
SELECT is(pg_temp.answered(format('%s, false, 990870, %L', :second, 'QĐ 2')), '22023', 'a refusal has a reason');
SELECT is(pg_temp.answered(format('%s, false, 990870, %L, %L', :second, 'QĐ 2', 'không rõ nguồn')), '', 'one is refused');
SELECT is(pg_temp.answered(format('%s, true, 990870, %L', :second, 'QĐ 3')), '42704', 'for good');
SELECT is(pg_temp.answered(format('%s, true, 990870, %L', :post, 'QĐ 2')), '', '2327-063 the other is approved');
SELECT is(pg_temp.lines(:'post', 'tap_post_reader'), E'tinh,ghi_chu,so_nguoi\n01,"a, ""b""",1000\n79,,2000.5', '2327-063 then everybody reads it, as CSV');
SELECT is(pg_temp.lines(:'post', 'tap_post_reader', 'json')::jsonb -> 1 ->> 'so_nguoi', '2000.5', 'and as JSON');
SELECT matches(pg_temp.lines(:'post', 'tap_post_reader', 'xlsx'), '^22023', 'in open formats only');
SELECT throws_ok($$UPDATE dwh_catalog.open_data_post SET rows = '[{"x": 1}]', row_count = 1$$, '42501', NULL, 'what was posted does not change');
SELECT throws_ok($$DELETE FROM dwh_catalog.open_data_post$$, '42501', NULL, 'nor go away');
SELECT is(pg_temp.answered(format('%s, false, 990870, %L, %L', :post, 'QĐ 4', 'sai số liệu')), '', 'it can be withdrawn');
SELECT matches(pg_temp.lines(:'post', 'tap_post_reader'), '^42704', 'and is read no more');
SELECT is((SELECT string_agg(object, ' ' ORDER BY event_id) FROM dwh_log.audit_event WHERE action = 'answer_open_data_post' AND decision = 'done'),
	concat_ws(' ', :'second', :'post', :'post'), 'answers are in the log');
SELECT * FROM finish();
ROLLBACK;

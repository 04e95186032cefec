-- Supply on request: only what was agreed, logged before the first line, whatever becomes of the partner's transaction.
-- 2327-001 2327-013 2327-014 2327-015 2327-019 2327-024 2327-045 2327-065 2327-068 2327-074 893-059 ND47-031 ND47-034 ND47-038 ND47-039
-- harness: preload
SET client_min_messages = error;
SELECT plan(50);
CREATE ROLE tap_share_officer LOGIN IN ROLE dwh_share_officer;
CREATE ROLE tap_share_partner LOGIN IN ROLE dwh_partner;
CREATE ROLE tap_share_stranger LOGIN IN ROLE dwh_partner;
CREATE ROLE tap_share_analyst LOGIN IN ROLE dwh_analyst;
INSERT INTO dwh_catalog.office_holder (office_holder_id, person_name, unit_id, office, valid_from, document) VALUES
	(990085, 'Nguyễn Văn A', 1, 'sector_leadership', '2020-01-01', 'QĐ 1');
CREATE TABLE dwh_star.tap_numbers (n int PRIMARY KEY, unit_id int, month date, label text, amount numeric, is_on boolean);
INSERT INTO dwh_star.tap_numbers SELECT n, CASE WHEN n % 2 = 0 THEN 101 ELSE 131 END, '2025-01-01', 'số ' || n, n * 1.5, n % 3 = 0
FROM generate_series(1, 3000) AS n;
UPDATE dwh_star.tap_numbers SET label = CASE n WHEN 2 THEN E'a "b",\nc' WHEN 4 THEN NULL WHEN 6 THEN '' END, amount = CASE n WHEN 8 THEN 'NaN' ELSE amount END WHERE n <= 8 AND n % 2 = 0;
ALTER TABLE dwh_star.tap_numbers OWNER TO dwh_owner;

SET ROLE tap_share_officer;
SELECT dwh.register_agency('unit', 'G24', 'BHXH Việt Nam', NULL, 1) AS host \gset
SELECT dwh.register_agency('agency', 'G09.85', 'Bộ Y') AS agency \gset
SELECT dwh.register_official('G24', 'Lê B', 'Phó', 'CNTT', '024', 'b@example.invalid') AS official \gset
SELECT dwh.register_application('G09.85', 'G09.85.APP', 'Ứng dụng', 3, 'QĐ 3', '2024-01-01') AS application \gset
SELECT dwh.register_database('TAP_FETCH', 1, '{"system_vi": "Kho", "name_vi": "Số", "purpose": "p", "scope": "s", "content": "c", "mechanism": "m",
	"source": "s", "items": [{"name": "n", "mark": "special"}], "decision_no": "QĐ 5", "decision_on": "2020-01-01", "regulation": "Quy chế"}') AS database \gset
SELECT dwh.create_service('tap_numbers', 'special', 'TAP_FETCH', 'dwh_star.tap_numbers', '{"name_vi": "Các số", "description": "x",
	"columns": [{"name": "n"}, {"name": "unit_id"}, {"name": "month"}, {"name": "label"}, {"name": "amount"}, {"name": "is_on"}], "key_columns": ["n"],
	"unit_column": "unit_id", "month_column": "month", "parameters": [{"name": "label", "column": "label"}], "technical_document": "TL", "guide": "HD",
	"use_term": "immediate", "responsible": {"collecting": "a", "managing": "b", "connecting": "c", "sharing": "d", "using": "e"},
	"standardised_on": "2020-07-08", "listed_on": "2020-07-09", "built_on": "2020-07-10"}') AS service \gset
RESET ROLE;
UPDATE dwh_catalog.share_host SET agency_id = :host;
SET ROLE tap_share_officer;
SELECT dwh.publish_service('tap_numbers') AS due \gset
SELECT dwh.request_share('G09.85', 'tap_numbers', 'đối soát', ARRAY['n', 'label', 'amount', 'is_on', 'month'], 5, 'daily', 'G09.85.APP') AS request \gset
SELECT dwh.answer_request(:request, true, 990085, 'CV 1', p_holder => 'Trần C', p_login_role => 'tap_share_partner') AS agreement \gset
RESET ROLE;

-- The lines of a call as a role, joined; or its SQLSTATE and message. A block with EXCEPTION is rolled back by its error.
CREATE FUNCTION pg_temp.lines_as(p_role text, p_args text, p_tail text DEFAULT '') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	v_lines text[];
BEGIN
	BEGIN
		EXECUTE format('SET LOCAL ROLE %I', p_role);
		EXECUTE format('SELECT ARRAY(SELECT dwh.fetch_share(%s) %s)', p_args, p_tail) INTO v_lines;
	EXCEPTION WHEN OTHERS THEN
		RESET ROLE;
		RETURN SQLSTATE || ' ' || SQLERRM;
	END;
	RESET ROLE;
	RETURN array_to_string(v_lines, E'\n');
END
$$;
CREATE FUNCTION pg_temp.partner(p_args text, p_tail text DEFAULT '') RETURNS text LANGUAGE sql AS $$SELECT pg_temp.lines_as('tap_share_partner', p_args, p_tail)$$;
-- The last transfer once its outcome is in the log.
CREATE FUNCTION pg_temp.last_outcome() RETURNS dwh_log.share_log LANGUAGE plpgsql AS $$
DECLARE
	v_row dwh_log.share_log;
BEGIN
	FOR i IN 1 .. 400 LOOP
		SELECT * INTO v_row FROM dwh_log.share_log WHERE kind = 'share' AND share_no = (SELECT max(share_no) FROM dwh_log.share_log) AND stage = 'outcome';
		EXIT WHEN FOUND;
		PERFORM pg_sleep(0.025);
	END LOOP;
	RETURN v_row;
END
$$;

SELECT matches(pg_temp.partner($$'tap_numbers'$$), '^42501 .*unsigned', '2327-015 a special service before signing');
SELECT is((pg_temp.last_outcome()).status, 'refused', '2327-015 logged');
SET ROLE tap_share_officer;
SELECT dwh.sign_agreement(:agreement, (SELECT jsonb_object_agg(i, 'x') FROM unnest(ARRAY['parties', 'content', 'place', 'term', 'method', 'processing',
	'conditions', 'commitment', 'security', 'storage', 'deletion']) AS i), 990085, 'TT 1', '{"unit_ids": [101], "period_from": "2025-01-01", "period_to": "2025-12-31"}') AS version \gset
RESET ROLE;

SELECT is(pg_temp.partner($$'tap_numbers', '{"limit": 4}'$$), E'n,label,amount,is_on,month\n2,"a ""b"",\nc",3.0,f,2025-01-01\n4,,6.0,f,2025-01-01\n6,"",9.0,t,2025-01-01\n8,,NaN,f,2025-01-01',
	'2327-015 ND47-031 exactly the agreed items and units, as CSV');
SELECT is(o.row_count || ' ' || o.item_count || ' ' || o.status, '4 5 supplied', '2327-013 the outcome counts') FROM pg_temp.last_outcome() AS o;
SELECT is((pg_temp.last_outcome()).content_digest, encode(sha256(convert_to(pg_temp.partner($$'tap_numbers', '{"limit": 4}'$$) || E'\n', 'UTF8')), 'hex'), '2327-013 and the digest is that of the bytes');
SELECT is(pg_temp.partner($$'tap_numbers', '{"limit": 2, "after": [4], "items": ["n", "label", "amount", "is_on"]}', 'ndjson'$$),
	E'{"n":6,"label":"","amount":9.0,"is_on":true}\n{"n":8,"label":null,"amount":"NaN","is_on":false}', 'keyset paging, NDJSON');
SELECT is(pg_temp.partner($$'tap_numbers', '{"limit": 1, "items": ["label"]}', 'ndjson'$$)::jsonb ->> 'label', E'a "b",\nc', 'JSON keeps every character');
SELECT is(pg_temp.partner($$'tap_numbers', '{"where": {"label": "số 10"}, "items": ["n"]}'$$), E'n\n10', 'a declared parameter');
SELECT is(pg_temp.partner($$'tap_numbers', '{"where": {"label": "x'' OR true --"}, "items": ["n"]}'$$), 'n', 'a parameter is a value, never SQL');
SELECT is((SELECT count(*) FROM regexp_split_to_table(pg_temp.partner($$'tap_numbers', '{"items": ["n"]}'$$), E'\n')), 1501::bigint, 'more rows than a batch');
SELECT is((pg_temp.last_outcome()).row_count, 1500::bigint, '2327-013 counted over batches');
SELECT is((SELECT string_agg(stage, ' ' ORDER BY share_id) FROM dwh_log.share_log WHERE share_no = (pg_temp.last_outcome()).share_no), 'intent outcome', '2327-065 ND47-038 the intent before, the outcome after');
SELECT is((SELECT count(*) FROM dwh_log.share_log WHERE kind = 'share' AND (requested_at IS NULL OR request_form = '' OR agency_identifier = '' OR request_content = '{}')), 0::bigint, 'ND47-039 every row is whole');

-- A second agreement about the service, entered in advance, and a third in force about fewer items: neither shuts the first.
SET ROLE tap_share_officer;
SELECT dwh.answer_request(dwh.request_share('G09.85', 'tap_numbers', 'năm sau', ARRAY['n'], 1, 'daily', 'G09.85.APP'), true, 990085, 'CV 2', p_holder => 'Trần C',
	p_login_role => 'tap_share_partner') AS second, dwh.answer_request(dwh.request_share('G09.85', 'tap_numbers', 'ít hơn', ARRAY['n'], 1, 'daily', 'G09.85.APP'), true, 990085,
	'CV 3', p_holder => 'Trần C', p_login_role => 'tap_share_partner') AS third \gset
SELECT is(pg_temp.partner($$'tap_numbers', '{"limit": 1}'$$), E'n,label,amount,is_on,month\n2,"a ""b"",\nc",3.0,f,2025-01-01', '2327-015 one that is not signed is not looked at');
SET ROLE tap_share_officer;
SELECT dwh.sign_agreement(g, c, 990085, 'TT 2', t) AS signed FROM (SELECT jsonb_object_agg(i, 'x') AS c FROM unnest(ARRAY['parties', 'content', 'place', 'term', 'method', 'processing',
	'conditions', 'commitment', 'security', 'storage', 'deletion']) AS i) AS c CROSS JOIN (VALUES (:second, jsonb_build_object('valid_from', dwh.today() + 200)), (:third, '{}')) AS v (g, t);
RESET ROLE;
SELECT is((dwh_internal.share_fetch_statement(:service, :second, '{}', 'tap_share_partner')).rule, 'term', 'ND47-031 what has not begun is said to be signed, but not in force');
SELECT is(pg_temp.partner($$'tap_numbers', '{"limit": 1, "items": ["label", "n"], "after": [2]}'$$), E'label,n\n,4', 'ND47-031 what only the first allows is supplied under it');
SELECT is((pg_temp.last_outcome()).agreement_id, :agreement, '2327-013 and logged under it');
SELECT is(pg_temp.partner($$'tap_numbers', '{"limit": 1}'$$), E'n\n1', 'ND47-031 the newest in force says what is supplied without more');
SELECT is((pg_temp.last_outcome()).agreement_id, :third, '2327-013 and has it in the log');
SET ROLE tap_share_officer;
SELECT dwh.suspend_share('security', 'x', 990085, 'TB 0', p_agreement_id => :third) AS suspension \gset
RESET ROLE;
SELECT is(pg_temp.partner($$'tap_numbers', '{"limit": 1, "items": ["n"]}'$$), E'n\n2', 'ND47-034 where the newest is suspended, the other goes on');
SELECT matches(pg_temp.partner($$'tap_numbers', '{"unit_ids": [131]}'$$), '^42501 .*suspended', 'where none allows it, the newest says why');
SET ROLE tap_share_officer;
SELECT dwh.end_share(:second, 'need_ended', 990085, 'TB 0') AS e2, dwh.end_share(:third, 'need_ended', 990085, 'TB 0') AS e3 \gset
RESET ROLE;

-- Outside of the agreement.
SELECT matches(pg_temp.partner(a), '^42501 .*' || r, '2327-019 refused: ' || r || ' ' || a) FROM (VALUES
	($$'tap_numbers', '{"items": ["n", "unit_id"]}'$$, 'item'), ($$'tap_numbers', '{"items": ["n; DROP TABLE x"]}'$$, 'item'),
	($$'tap_numbers', '{"unit_ids": [131]}'$$, 'unit'), ($$'tap_numbers', '{"from": "2024-12-01"}'$$, 'period'),
	($$'tap_numbers', '{"from": "1; x"}'$$, 'parameter'), ($$'tap_numbers', '{"where": {"n": 1}}'$$, 'parameter'), ($$'tap_numbers', '{"order": "n"}'$$, 'parameter'),
	($$'none'$$, 'service')) AS v (a, r);
SELECT is((pg_temp.last_outcome()).status, 'refused', '893-059 and the refusal is in the log');
SELECT matches(pg_temp.lines_as('tap_share_stranger', $$'tap_numbers'$$), '^42501 .*agreement', '2327-068 a partner without account');
SELECT matches(pg_temp.lines_as('tap_share_analyst', $$'tap_numbers'$$), '^42501', 'analysts do not fetch');
SET ROLE tap_share_partner;
SELECT throws_ok('SELECT * FROM dwh_star.tap_numbers', '42501', NULL, '2327-001 nothing but by fetch_share');
SELECT throws_ok($$SELECT * FROM dwh.fetch_share('tap_numbers')$$, '0A000', NULL, 'refused in FROM');
SELECT throws_ok($$SELECT dwh.fetch_share('tap_numbers', '{}', 'xml')$$, '22023', NULL, 'two formats');
-- A rollback keeps both rows of the log.
BEGIN;
SELECT count(*) AS lines FROM (SELECT dwh.fetch_share('tap_numbers', '{"items": ["n"]}')) AS x \gset
ROLLBACK;
RESET ROLE;
SELECT is(o.status || ' ' || o.row_count, 'broken_off 1500', 'ND47-038 after ROLLBACK the log has what was read') FROM pg_temp.last_outcome() AS o;
-- A cursor outlives the savepoint in which it was begun; what a savepoint takes back is over.
SET ROLE tap_share_partner;
BEGIN;
SAVEPOINT a;
DECLARE lines NO SCROLL CURSOR FOR SELECT dwh.fetch_share('tap_numbers', '{"items": ["n"]}');
MOVE 10 FROM lines;
RELEASE a;
MOVE ALL FROM lines;
COMMIT;
RESET ROLE;
SELECT is(o.status || ' ' || o.row_count, 'supplied 1500', '2327-013 a transfer begun in a savepoint') FROM pg_temp.last_outcome() AS o;
SET ROLE tap_share_partner;
BEGIN;
DECLARE lines NO SCROLL CURSOR FOR SELECT dwh.fetch_share('tap_numbers', '{"items": ["n"]}');
SAVEPOINT a;
MOVE 10 FROM lines;
ROLLBACK TO a;
SELECT throws_ok('MOVE 10 FROM lines', '55000', NULL, '2327-013 no line after the log has the transfer as broken off');
ROLLBACK;
RESET ROLE;
SELECT is(o.status || ' ' || o.row_count, 'broken_off 9', '2327-013 as it has') FROM pg_temp.last_outcome() AS o;
-- The query of the transfer is no cursor that the partner could read past the log.
SET ROLE tap_share_partner;
BEGIN;
DECLARE lines NO SCROLL CURSOR FOR SELECT dwh.fetch_share('tap_numbers', '{"items": ["n"]}');
MOVE 10 FROM lines;
SELECT is(string_agg(name, ' ') FILTER (WHERE statement !~ 'pg_cursors'), 'lines', '2327-065 the partner has no cursor but his own') FROM pg_cursors;
COMMIT;
-- A cursor with hold reads the rest when its transaction commits.
BEGIN;
DECLARE lines NO SCROLL CURSOR WITH HOLD FOR SELECT dwh.fetch_share('tap_numbers', '{"items": ["n"]}');
MOVE 10 FROM lines;
COMMIT;
RESET ROLE;
SELECT is(o.status || ' ' || o.row_count, 'supplied 1500', '2327-065 all of it is in the log') FROM pg_temp.last_outcome() AS o;
SET ROLE tap_share_partner;
CLOSE lines;
-- A transfer that is left before its end leaves nothing behind.
BEGIN;
DECLARE lines NO SCROLL CURSOR FOR SELECT dwh.fetch_share('tap_numbers', '{"items": ["n"]}');
MOVE 10 FROM lines;
CLOSE lines;
COMMIT;
RESET ROLE;
SELECT is(o.status || ' ' || o.row_count, 'broken_off 9', '2327-065 what was read is in the log') FROM pg_temp.last_outcome() AS o;
-- Requests of any length have both their rows; none keeps the audit worker from its work.
SELECT pid AS worker, dropped FROM dwh.get_audit_worker() \gset
SELECT is((SELECT count(*) FROM generate_series(800, 1650, 15) AS n WHERE pg_temp.partner(format($$'tap_numbers', '{"where": {"label": "%s"}, "items": ["n"]}'$$, repeat('x', n))) = 'n'),
	57::bigint, '2327-013 requests of many lengths');
SELECT is((pg_temp.last_outcome()).status, 'supplied', '2327-013 the last has its outcome');
SELECT ok(pid = :worker AND dropped = :dropped, 'and the worker never stumbled') FROM dwh.get_audit_worker();
-- A copy that is not the live warehouse supplies nothing, since it logs nothing.
SELECT system_identifier AS here FROM dwh_catalog.warehouse_instance \gset
UPDATE dwh_catalog.warehouse_instance SET system_identifier = 1;
SELECT matches(pg_temp.partner($$'tap_numbers', '{"limit": 1}'$$), '^58030', '2327-065 no line without its row in the log');
UPDATE dwh_catalog.warehouse_instance SET system_identifier = :here;
-- Suspended in the middle of a transfer: the cursor gives the lines of its batch and no more.
SET ROLE tap_share_partner;
BEGIN;
DECLARE lines NO SCROLL CURSOR FOR SELECT dwh.fetch_share('tap_numbers', '{"items": ["n"]}');
MOVE 10 FROM lines;
RESET ROLE;
INSERT INTO dwh_catalog.share_suspension (agreement_id, kind, starts_at, noticed_on, reason, decided_by, document_no) VALUES
	(:agreement, 'security', now(), dwh.today(), 'x', 990085, 'TB 1');
SET ROLE tap_share_partner;
SELECT throws_ok('MOVE ALL FROM lines', '42501', NULL, 'ND47-034 suspended in the middle of a transfer');
ROLLBACK;
RESET ROLE;
SELECT is(o.status || ': ' || o.reason, 'broken_off: suspended or ended during the transfer', 'ND47-034 and that is in the log') FROM pg_temp.last_outcome() AS o;
SET ROLE tap_share_officer;
SELECT dwh.suspend_share('force_majeure', 'mất điện', 990085, 'TB 2') AS suspension \gset
RESET ROLE;
SELECT matches(pg_temp.partner($$'tap_numbers'$$), '^42501 .*suspended', '2327-074 the next call is refused');
SET ROLE tap_share_officer;
SELECT dwh.resume_share(:suspension, 990085, 'TB 3') AS resumed \gset
SELECT dwh.withdraw_service('tap_numbers', 'thử xong') AS withdrawn \gset
RESET ROLE;
SELECT matches(pg_temp.partner($$'tap_numbers'$$), '^42501 .*withdrawn', '2327-045 a withdrawn service');
SELECT * FROM finish();

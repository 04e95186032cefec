-- What sharing keeps to beside the rules that other files prove: managing units, accounts, structures, receipts, gateways, platforms, dates.
-- 2327-007 2327-011 2327-012 2327-016 2327-037 2327-043 2327-049 2327-051 2327-052 2327-053 2327-054 2327-057 2327-066 2327-077 2327-079 2327-087 2327-093
-- 2327-098 2327-099 ND47-001 ND47-004 ND47-006 ND47-015
-- harness: preload
SET client_min_messages = error;
SELECT plan(81);
CREATE ROLE tap_rows_officer LOGIN IN ROLE dwh_share_officer;
CREATE ROLE tap_rows_scoped LOGIN IN ROLE dwh_share_officer;
CREATE ROLE tap_rows_it LOGIN IN ROLE dwh_share_officer;
CREATE ROLE tap_rows_partner LOGIN IN ROLE dwh_partner;
CREATE ROLE tap_rows_other LOGIN IN ROLE dwh_partner;
CREATE ROLE tap_rows_admin LOGIN IN ROLE dwh_central_admin;
INSERT INTO dwh_catalog.office_holder (office_holder_id, person_name, unit_id, office, valid_from, document) VALUES
	(990895, 'Nguyễn Văn A', 1, 'sector_leadership', '2020-01-01', 'QĐ 1');
INSERT INTO dwh_star.dim_unit (unit_id, code, level, name_vi, name_en, parent_unit_id, valid_from) VALUES
	(990896, 'TAP-ROWS-IT', 'central_unit', 'Trung tâm CNTT', 'IT Centre', 1, '2020-01-01'), (990897, 'TAP-ROWS-IT-1', 'central_unit', 'Phòng', 'Section', 990896, '2020-01-01');
DELETE FROM dwh_catalog.unit_function WHERE function = 'it_centre';
INSERT INTO dwh_catalog.unit_function (unit_id, function, valid_from) VALUES (990896, 'it_centre', '2020-07-10');
INSERT INTO dwh_catalog.account (account_id, kind, email, full_name, login_role, home_unit_id, valid_from) VALUES
	(990895, 'sector', 'scoped@example.invalid', 'Trần Đ', 'tap_rows_scoped', 101, '2020-01-01'), (990896, 'sector', 'it@example.invalid', 'Lê T', 'tap_rows_it', 990897, '2020-01-01');
INSERT INTO dwh_catalog.access_grant (account_id, user_group_id, scope_unit_id, valid_from)
SELECT 990895, user_group_id, 101, '2020-01-01' FROM dwh_catalog.user_group WHERE role_name = 'dwh_share_officer';
CREATE TABLE dwh_star.tap_rows (n int PRIMARY KEY, label text, amount numeric, is_on boolean);
INSERT INTO dwh_star.tap_rows SELECT n, 'số ' || n, n * 1.5, true FROM generate_series(1, 3) AS n;
ALTER TABLE dwh_star.tap_rows OWNER TO dwh_owner;

\ir include/as_role.psql
CREATE FUNCTION pg_temp.officer(p_call text) RETURNS text LANGUAGE sql AS $$SELECT pg_temp.call_as('tap_rows_officer', p_call)$$;
CREATE FUNCTION pg_temp.fetched(p_args text, p_role text DEFAULT 'tap_rows_partner') RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.call_as(p_role, format($x$array_to_string(ARRAY(SELECT dwh.fetch_share(%s)), ' ')$x$, p_args))$$;
-- The last row of the log that has an outcome, once it has come.
CREATE FUNCTION pg_temp.last_outcome() RETURNS dwh_log.share_log LANGUAGE plpgsql AS $$
DECLARE
	v_row dwh_log.share_log;
BEGIN
	FOR i IN 1 .. 400 LOOP
		SELECT * INTO v_row FROM dwh_log.share_log WHERE kind = 'share' AND share_no = (SELECT max(share_no) FROM dwh_log.share_log WHERE kind = 'share' AND stage <> 'notice') AND stage = 'outcome';
		EXIT WHEN FOUND;
		PERFORM pg_sleep(0.025);
	END LOOP;
	RETURN v_row;
END
$$;
CREATE TEMPORARY TABLE definition AS SELECT jsonb '{"name_vi": "Thử", "description": "x", "technical_document": "TL", "guide": "HD", "use_term": "immediate",
	"responsible": {"collecting": "a", "managing": "b", "connecting": "c", "sharing": "d", "using": "e"}, "standardised_on": "2020-07-08", "listed_on": "2020-07-09", "built_on": "2020-07-10",
	"columns": [{"name": "n"}, {"name": "label"}, {"name": "amount"}, {"name": "is_on"}], "key_columns": ["n"]}' AS d, jsonb '{"system_vi": "Kho", "name_vi": "Số", "purpose": "p", "scope": "s",
	"content": "c", "mechanism": "m", "source": "s", "items": [{"name": "n", "mark": "special"}], "decision_no": "QĐ 5", "decision_on": "2020-01-01", "regulation": "Quy chế"}' AS e,
	(SELECT jsonb_object_agg(i, 'x') FROM unnest(ARRAY['parties', 'content', 'place', 'term', 'method', 'processing', 'conditions', 'commitment', 'security', 'storage', 'deletion']) AS i) AS c;
GRANT SELECT ON definition TO PUBLIC;
SELECT pg_temp.officer($$dwh.register_agency('unit', 'G24.95', 'BHXH Việt Nam', NULL, 1)$$) AS host, pg_temp.officer($$dwh.register_agency('agency', 'G09.95', 'Bộ Y')$$) AS agency,
	pg_temp.officer($$dwh.register_agency('agency', 'G09.96', 'Bộ Z')$$) AS other, pg_temp.officer($$dwh.register_official('G24.95', 'Lê B', 'Phó', 'CNTT', '024', 'b@example.invalid')$$) AS official \gset
SELECT pg_temp.officer($$dwh.register_application('G09.95', 'G09.95.APP', 'Ứng dụng', 3, 'QĐ 3', '2024-01-01')$$) AS a1,
	pg_temp.officer($$dwh.register_application('G09.96', 'G09.96.APP', 'Ứng dụng', 3, 'QĐ 3', '2024-01-01')$$) AS a2 \gset
UPDATE dwh_catalog.share_host SET agency_id = :host;
SELECT pg_temp.officer(format($$dwh.register_database('TAP_ROWS', 1, %L)$$, e)) AS database, pg_temp.officer(format($$dwh.register_database('TAP_ROWS_HN', 101, %L)$$, e)) AS database_hn FROM definition \gset

-- One managing unit at a time; its officers and no others.
SELECT throws_ok(format('INSERT INTO dwh_catalog.share_database_unit (database_id, unit_id, valid_from) VALUES (%s, 101, dwh.today() + 1)', :database), '23P01', NULL, '2327-007 a second managing unit');
SELECT matches(pg_temp.officer(format($$dwh.create_service('tap_rows', 'other', 'TAP_ROWS', 'dwh_star.tap_rows', %L)$$, d)), '^2', '2327-016 a mode is one of four') FROM definition;
SELECT pg_temp.officer(format($$dwh.create_service('tap_rows', 'default', 'TAP_ROWS', 'dwh_star.tap_rows', %L)$$, d || '{"default_kind": "common", "description": " "}')) AS service,
	pg_temp.officer(format($$dwh.create_service('tap_rows_special', 'special', 'TAP_ROWS_HN', 'dwh_star.tap_rows', %L)$$, d)) AS special FROM definition \gset
SELECT is((SELECT kind || ' ' || (data_structure -> 'properties' -> 'amount' -> 'type' ->> 0) FROM dwh_catalog.share_service WHERE service_id = :service), 'default number', '2327-016 mode and structure are kept');
SELECT matches(pg_temp.officer($$dwh.publish_service('tap_rows')$$), '^55000', '2327-016 without a description it is not published');
SELECT matches(pg_temp.officer($$dwh.update_service('tap_rows', '{"description": "x"}')$$), '^\d+$', 'it gets one');
ALTER TABLE dwh_star.tap_rows ALTER COLUMN amount TYPE text;
SELECT matches(pg_temp.officer($$dwh.publish_service('tap_rows')$$), '^55000 .*differs from its source', '2327-016 nor with another structure than its source');
ALTER TABLE dwh_star.tap_rows ALTER COLUMN amount TYPE numeric USING amount::numeric;
SET SESSION AUTHORIZATION tap_rows_scoped;
SELECT throws_ok($$SELECT dwh.publish_service('tap_rows')$$, '42501', 'the database is managed by another unit', '2327-007 2327-037 an officer of another unit does not publish');
SELECT lives_ok($$SELECT dwh.publish_service('tap_rows_special')$$, '2327-037 he publishes what his own unit manages');
RESET SESSION AUTHORIZATION;
SELECT is((SELECT count(*) FROM generate_series(1, 200) WHERE EXISTS (SELECT FROM dwh_log.audit_event WHERE action = 'publish_service' AND session_user_name = 'tap_rows_scoped' AND decision <> 'done')
	OR pg_sleep(0.02) IS NULL) > 0 AND EXISTS (SELECT FROM dwh_log.audit_event WHERE action = 'publish_service' AND session_user_name = 'tap_rows_scoped' AND decision <> 'done'), true,
	'2327-037 the refusal survives the rollback');
SELECT matches(pg_temp.officer($$dwh.publish_service('tap_rows')$$), '^2020', 'the managing unit publishes it');

-- Requests: dates of the rules, documents, paper beside a connection, who answers.
SELECT is((SELECT rules_2327_from FROM dwh_catalog.share_host), '2024-12-30', '2327-093 rules of 2327 are of 2024-12-30');
UPDATE dwh_catalog.share_host SET is_2327_on = true;
CREATE FUNCTION pg_temp.request(p_more text DEFAULT '', p_service text DEFAULT 'tap_rows', p_agency text DEFAULT 'G09.95') RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.officer(format('dwh.request_share(%L, %L, ''đối soát'', ARRAY[''n'', ''label'', ''amount''], 3, ''daily'', %L%s)', p_agency, p_service, p_agency || '.APP', p_more))$$;
SELECT matches(pg_temp.request($$, p_received_on => '2024-12-30'$$), '^22023 .*documents: technical', '2327-093 2327-053 a request of that day needs the documents');
SELECT matches(pg_temp.request(format(', p_others => %L', jsonb_build_object('documents', jsonb '{"technical": "a", "connection": "b", "adaptation": "c", "test": "d"}' - f))), '^22023 .*documents: ' || f, '2327-053 ' || f)
FROM unnest(ARRAY['technical', 'connection', 'adaptation', 'test']) AS f;
SELECT pg_temp.request($$, p_received_on => '2024-12-29'$$) AS request \gset
SELECT matches(:'request'::text, '^\d+$', '2327-093 one of the day before does not');
UPDATE dwh_catalog.share_host SET is_2327_on = false;
SELECT matches(pg_temp.call_as('tap_rows_admin', format($$dwh.answer_request(%s, true, 990895, 'CV 1', p_holder => 'Trần C')$$, :request)), '^42501', '2327-079 only sharing officers answer');
SELECT matches(pg_temp.officer(format($$dwh.answer_request(%s, true, 990895, 'CV 1')$$, :request)), '^22023 .*holder', '2327-011 an account has a named holder');
SELECT matches(pg_temp.officer(format($$dwh.answer_request(%s, true, 990895, 'CV 1', p_holder => 'Trần C', p_terms => '{"security_method": "http, no key"}')$$, :request)), '^22023 .*plain HTTP', '2327-049 plain HTTP');
SELECT matches(pg_temp.officer(format($$dwh.answer_request(%s, true, 990895, 'CV 1', p_holder => 'Trần C', p_terms => '{"structure_version": 9}')$$, :request)), '^22023', '2327-049 a structure that is not registered');
SELECT matches(pg_temp.officer(format($$dwh.answer_request(%s, true, 990895, 'CV 1', p_holder => 'Trần C', p_terms => '{"method": "fax"}')$$, :request)), '^2', 'ND47-015 another method than three');
UPDATE dwh_catalog.share_host SET is_2327_on = true;
SELECT matches(pg_temp.call_as(o, format($$dwh.answer_request(%s, true, 990895, 'CV 1', p_holder => 'Trần C')$$, :request)), '^42501 .*IT Centre', '2327-079 nor an officer outside the IT Centre: ' || o)
FROM unnest(ARRAY['tap_rows_officer', 'tap_rows_scoped']) AS o;
SELECT matches(pg_temp.call_as('tap_rows_scoped', format($$dwh.answer_request(%s, false, 990895, 'CV 1', 'x')$$, :request)), '^42501 .*IT Centre', '2327-079 who does not refuse either');
SELECT pg_temp.call_as('tap_rows_it', format($$dwh.answer_request(%s, true, 990895, 'CV 1', p_holder => 'Trần C', p_login_role => 'tap_rows_partner', p_terms => '{"method": "sync", "directions": ["out", "in"],
	"security_method": "TLS 1.3"}')$$, :request)) AS agreement \gset
UPDATE dwh_catalog.share_host SET is_2327_on = false;
SELECT is((SELECT account_id || ' ' || decision FROM dwh_log.audit_event WHERE action = 'answer_request' AND decision = 'done' ORDER BY event_id DESC LIMIT 1), '990896 done', '2327-079 an officer of the IT Centre answers, and is recorded');
SELECT is((SELECT due_on FROM dwh_catalog.share_request WHERE request_id = :request), dwh.add_working_days('2024-12-29', 5), '2327-079 the answer was due by Art. 35.3');
SELECT is((SELECT concat_ws(' ', v.method, v.structure_version, v.security_method, p.code, r.code) FROM dwh_catalog.share_agreement_version AS v JOIN dwh_catalog.share_platform AS p ON p.platform_id = v.gateway_id
	JOIN dwh_catalog.share_platform AS r ON r.platform_id = v.route_id WHERE agreement_id = :agreement), 'sync 1 TLS 1.3 PORTAL NDXP', '2327-049 2327-012 model, structure, security, gateway and route are kept');
SELECT is((SELECT string_agg(agency_id || ' ' || holder, ',') FROM dwh_catalog.connection_account WHERE agreement_id = :agreement), :'agency' || ' Trần C', '2327-011 2327-079 the account, of one agency');
SELECT is((SELECT decided_by || ' ' || (SELECT count(*) FROM dwh_catalog.share_notice WHERE agreement_id = :agreement AND kind = 'account') FROM dwh_catalog.share_request WHERE request_id = :request), '990895 1',
	'2327-079 who decided, and the notice');
SELECT matches(pg_temp.request($$, p_form => 'paper', p_received_on => dwh.today(), p_others => '{"document_no": "CV 2", "form_reason": "x"}'$$), '^22023 .*agreement ' || :agreement, 'ND47-001 no paper of what a connection gives');

-- Special agreements.
SELECT pg_temp.request(p_service => 'tap_rows_special', p_agency => 'G09.96') AS r1, pg_temp.request(p_service => 'tap_rows_special', p_agency => 'G09.96') AS r2 \gset
SELECT is((SELECT path FROM dwh_catalog.share_request WHERE request_id = :request) || (SELECT path FROM dwh_catalog.share_request WHERE request_id = :r1), 'defaultspecial', 'ND47-004 by default where there is one, else special');
SELECT is(pg_temp.officer(format($$dwh.answer_request(%s, false, 990895, 'CV 3', 'không thống nhất được')$$, :r1)), NULL, 'one fails');
SELECT is((SELECT string_agg(concat_ws(' ', kind, channel, agency_id, due_on > dwh.today()), ',') FROM dwh_catalog.problem WHERE object = 'request ' || :r1), 'share_refusal system ' || :'other' || ' t', 'ND47-004 and opens a problem with a day to answer');
SELECT pg_temp.officer(format($$dwh.answer_request(%s, true, 990895, 'CV 4', p_holder => 'Trần E', p_login_role => 'tap_rows_other')$$, :r2)) AS special_agreement \gset
SELECT matches(pg_temp.officer(format($$dwh.sign_agreement(%s, %L, 990895, 'TT 1')$$, :special_agreement, c - i)), '^22023 .*' || i, '2327-054 without ' || i)
FROM definition, unnest(ARRAY['parties', 'content', 'place', 'conditions']) AS i;
SELECT is(pg_temp.officer(format($$dwh.sign_agreement(%s, %L, 990895, 'TT 1')$$, :special_agreement, c)), '1', '2327-054 signed') FROM definition;
SELECT is((SELECT decided_by || ' ' || document_no FROM dwh_catalog.share_agreement_version WHERE agreement_id = :special_agreement), '990895 TT 1', '2327-054 with who decided, by which document');

-- Supplies, and what receivers say of them.
SELECT is(pg_temp.fetched($$'tap_rows', '{"limit": 2}'$$), 'n,label,amount 1,số 1,1.5 2,số 2,3.0', 'a supply');
SELECT is((SELECT concat_ws(' ', l.status, l.supply_form, l.gateway, l.route, l.direction) FROM pg_temp.last_outcome() AS l), 'supplied sync PORTAL NDXP out', '2327-012 2327-051 2327-099 ND47-015 its row names form, gateway, route and direction');
SELECT l.share_no AS supply, l.content_digest AS digest FROM pg_temp.last_outcome() AS l \gset
SELECT is(pg_temp.call_as('tap_rows_partner', format('dwh.record_receipt(%s, 2, %L)', :supply, upper(:'digest'))), 'true', '2327-043 a receipt that agrees');
SELECT is((SELECT count(*) FROM dwh.unreconciled_transfers), 0::bigint, 'nothing is to be reconciled');
SELECT is(pg_temp.call_as('tap_rows_partner', format('dwh.record_receipt(%s, 1, %L)', :supply, :'digest')), 'false', '2327-043 another number of rows');
SELECT is(pg_temp.call_as('tap_rows_partner', format('dwh.record_receipt(%s, 2, %L)', :supply, encode(sha256('x'), 'hex'))), 'false', '2327-087 ND47-006 an altered copy');
SELECT is((SELECT string_agg(share_no || ' ' || row_count || receiver_row_count, ',') FROM dwh.unreconciled_transfers), :'supply' || ' 22', '2327-043 it is listed once');
SELECT is((SELECT count(*) FROM dwh_log.share_log WHERE related_share_no = :supply AND reason LIKE '%differs%'), 2::bigint, '2327-087 and reported in the log');
SELECT matches(pg_temp.call_as('tap_rows_other', format('dwh.record_receipt(%s, 2, %L)', :supply, :'digest')), '^42501', 'of one''s own supplies only');
BEGIN;
UPDATE dwh_catalog.connection_account SET valid_from = dwh.today() - 9, valid_to = dwh.today() - 1 WHERE agreement_id = :agreement;
SELECT matches(pg_temp.call_as('tap_rows_partner', format('dwh.record_receipt(%s, 2, %L)', :supply, :'digest')), '^42501', '2327-043 nor by an account that has expired');
UPDATE dwh_catalog.connection_account SET valid_to = NULL, agreement_id = :special_agreement WHERE agreement_id = :agreement;
SELECT matches(pg_temp.call_as('tap_rows_partner', format('dwh.record_receipt(%s, 2, %L)', :supply, :'digest')), '^42501', '2327-043 or is for another agreement');
ROLLBACK;
SELECT matches(pg_temp.call_as('tap_rows_partner', format('dwh.record_receipt(%s, 2, %L)', :supply, 'x')), '^22023', 'with a digest');
SELECT is(pg_temp.fetched($$'tap_rows', '{"limit": 2}'$$), 'n,label,amount 1,số 1,1.5 2,số 2,3.0', 'the same again');
SELECT is((pg_temp.last_outcome()).status || (SELECT count(*) FROM dwh.unreconciled_transfers), 'supplied0', '2327-043 and it is off the list');
SELECT matches(pg_temp.call_as('tap_rows_partner', format('dwh.record_onward_supply(%s, %L, %L)', :supply, 'Viện', ' ')), '^22023 .*consent_no', '2327-087 passing on needs a consent');
SELECT matches(pg_temp.call_as('tap_rows_partner', format('dwh.record_onward_supply(%s, %L, %L)', :supply, 'Viện', 'CV 9')), '^\d+$', '2327-087 with it, it is recorded');
SELECT is((SELECT request_content ->> 'consent_no' FROM dwh_log.share_log WHERE related_share_no = :supply AND request_content ? 'onward_to'), 'CV 9', 'with the document');
SELECT matches(pg_temp.call_as('tap_rows_partner', 'count(*) FROM dwh_log.share_outbox'), '^42501', 'ND47-006 partners do not read the queue');

-- Structure of what is pushed.
SELECT pg_temp.officer($$dwh.register_push_host('127.0.0.1', 1, 'thử', '{127.0.0.0/8}', 'http')$$) AS h, pg_temp.officer(format($$dwh.register_push_target(%s, '127.0.0.1', 1, '/', 'tap')$$, :agreement)) AS t \gset
CREATE FUNCTION pg_temp.pushed(p_agreement text, p_content text, p_type text DEFAULT 'application/json') RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.officer(format('dwh.push_share(%s, %L, ARRAY[''n'', ''label''], %L)', p_agreement, p_content, p_type))$$;
SELECT matches(pg_temp.pushed(:'agreement', b, t), '^22023 .*structure', '2327-098 ' || w) FROM (VALUES ('a missing field', '[{"n": 1}]', 'application/json'), ('an extra one', '{"n": 1, "label": "x", "amount": 1}', 'application/json'),
	('one of another type', '[{"n": 1, "label": "x"}, {"n": "2", "label": "x"}]', 'application/json'), ('no whole number', '{"n": 1.5, "label": "x"}', 'application/json'), ('no JSON', 'n', 'application/json'),
	('another header', E'n,amount\n1,2', 'text/csv')) AS v (w, b, t);
SELECT is((SELECT count(*) FROM dwh_log.share_log WHERE agreement_id = :agreement AND status = 'invalid' AND reason LIKE 'structure%') || ' ' || (SELECT count(*) FROM dwh_log.share_outbox WHERE agreement_id = :agreement),
	'6 0', '2327-098 each is invalid in the log, and nothing waits');
SELECT matches(pg_temp.pushed(:'agreement', '[{"n": 1, "label": "x"}, {"n": 2, "label": null}]') || pg_temp.pushed(:'agreement', E'label,"n"\r\nx,1', 'text/csv'), '^\d+$', '2327-098 what fits is queued');
UPDATE dwh_log.share_outbox SET is_cancelled = true, cancel_reason = 'test' WHERE agreement_id = :agreement;

-- Directions, gateways, platforms.
CREATE FUNCTION pg_temp.rule(p_agreement text, p_direction text) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce((dwh_internal.share_check(p_agreement::int, p_direction, NULL, '{n}', NULL, NULL, NULL, NULL, NULL)).rule, 'allowed')$$;
SELECT is(pg_temp.rule(:'agreement', 'in') || ' ' || pg_temp.rule(:'agreement', 'out') || ' ' || pg_temp.rule(:'special_agreement', 'in'), 'allowed allowed direction', '2327-099 both directions where both are agreed');
SELECT is((SELECT count(*) FROM dwh_catalog.share_platform WHERE code = 'NDXP' AND valid_from <= dwh.today()), 1::bigint, '2327-052 the national platform ships with the warehouse');
BEGIN;
UPDATE dwh_catalog.share_platform SET valid_to = dwh.today() - 1 WHERE code = 'NDXP';
SELECT is(pg_temp.rule(:'agreement', 'out'), 'platform', '2327-052 a platform that has expired');
ROLLBACK;
INSERT INTO dwh_catalog.share_platform (platform_id, code, kind, name_vi, name_en, is_ready, valid_from) VALUES (990001, 'TAP_PORTAL', 'portal', 'x', 'x', true, '2020-01-01');
UPDATE dwh_catalog.share_host SET gateway_id = 990001, is_2327_on = true;
SELECT is(pg_temp.rule(:'agreement', 'out'), 'gateway', '2327-051 another gateway than the host''s portal');
SELECT matches(pg_temp.officer(format($$dwh.pull_share(%s, '{n}')$$, :agreement)), '^42501', '2327-057 nothing is fetched past the portal');
SELECT is((pg_temp.last_outcome()).status || (SELECT count(*) FROM dwh_landing.share_received WHERE agreement_id = :agreement), 'refused0', '2327-057 which is in the log, and nothing lands');
UPDATE dwh_catalog.share_host SET gateway_id = 1, is_2327_on = false;
SELECT is((SELECT attnotnull FROM pg_attribute WHERE attrelid = 'dwh_log.share_log'::regclass AND attname = 'gateway'), true, '2327-051 every row of the log has a gateway');
SELECT is(pg_temp.officer(format($$dwh.sign_agreement(%s, %L, 990895, 'TT 2', '{"route_id": null, "direct_reason": "x"}')$$, :special_agreement, c)), '2', 'signed for a direct link') FROM definition;
SELECT is(pg_temp.rule(:'special_agreement', 'out'), 'direct link', '2327-012 which is refused while a platform is ready');

-- Accounts, the report, the log.
UPDATE dwh_catalog.connection_account SET is_enabled = false WHERE agreement_id = :agreement;
SELECT matches(pg_temp.fetched($$'tap_rows'$$), '^42501 .*connection account', '2327-011 a disabled account fetches nothing');
SELECT bag_eq(format($$SELECT section || ' ' || item || ' ' || value FROM dwh_internal.evaluation_report(%s) WHERE database_code LIKE 'TAP_ROWS%%' AND (section = 'problems' OR item LIKE 'published%%' OR item LIKE 'supplies%%')$$,
	extract(year FROM dwh.today())), $$VALUES ('inventory published services: default 1'), ('inventory published services: special 1'), ('sharing supplies: tap_rows 2'), ('problems problems open 1')$$,
	'2327-077 services, supplies and open problems of each database and its unit');
SELECT throws_ok('DELETE FROM dwh_log.share_log', '42501', NULL, '2327-066 a superuser deletes nothing');
SELECT throws_ok('TRUNCATE dwh_log.share_log', '42501', NULL, '2327-066 nor empties it');
SELECT matches(pg_temp.call_as('tap_rows_officer', 'count(*) FROM (SELECT dwh.purge_share_log()) AS x'), '^42501', '2327-066 officers do not');
BEGIN;
SELECT dwh.audit_seal() AS sealed \gset
SELECT tableoid::regclass AS part FROM dwh_log.share_log WHERE share_no = :supply LIMIT 1 \gset
ALTER TABLE :part DISABLE TRIGGER ALL;
DELETE FROM :part WHERE share_no = :supply;
SELECT is((SELECT is_intact FROM dwh.audit_verify()), false, '2327-066 what is taken out by force is missed');
ROLLBACK;
SELECT * FROM finish();

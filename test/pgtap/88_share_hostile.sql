-- Hostile strings through every text that partners, gateways and sharing officers give: each is refused or is data, each call is in a log,
-- and nothing changes. 2327-019 2327-068 893-059
-- harness: preload
SET client_min_messages = error;
SELECT plan(23);
CREATE ROLE tap_evil_officer LOGIN IN ROLE dwh_share_officer;
CREATE ROLE tap_evil_partner LOGIN IN ROLE dwh_partner;
CREATE ROLE tap_evil_portal LOGIN IN ROLE dwh_partner;
CREATE TEMPORARY TABLE hostile (n int GENERATED ALWAYS AS IDENTITY, h text);
GRANT SELECT ON hostile TO PUBLIC;
INSERT INTO hostile (h) VALUES ($$'$$), ($$''$$), ('"'), ('\'), ('\\'''), ($$' OR true --$$), ($$' OR '1'='1$$), ('" OR true --'), ('1 OR 1=1'), ('1; DROP TABLE dwh_star.tap_evil'),
	($$'; DROP TABLE dwh_star.tap_evil; --$$), ($$\'; DROP TABLE dwh_star.tap_evil; --$$), ($$"; DROP TABLE dwh_star.tap_evil; --$$), ($$'); DELETE FROM dwh_star.tap_evil; --$$),
	('$' || '$; DROP TABLE dwh_star.tap_evil; $' || '$'), ('$a$ OR true $a$'), ($$'||(SELECT string_agg(label, '') FROM dwh_star.tap_evil)||'$$), ($$' UNION SELECT label FROM dwh_star.tap_evil --$$),
	($$'||pg_sleep(60)||'$$), ($$E'\x27 OR true'$$), ($$U&'\0027'$$), ('\u0027 OR true'), ('\x00'), ('\000'), (U&'\02BC OR true'), (U&'\FF07 OR true --'), (U&'\202E''--'), ('%s %I %L %1$s'),
	('%'), ('/* '), ('*/'), ('--'), (';'), (E'\n; SELECT 1'), (E'\r\t\b'), (E'\\.'), ('NULL'), ('{}'), ('{1,2}'), ('[1]'), ('(1,2)'), ('true'), ('NaN'), ('-1'), ('0x1F'),
	('99999999999999999999'), ('1e400'), ('infinity'), ('2025-13-41'), ('now'), ('dwh_star.tap_evil'), ('pg_authid'), ('dwh_owner'), (''), (' '), (repeat('''', 9999)), (repeat('\', 9999) || ''''),
	(repeat('x', 200000)), (repeat(E'\x01', 3000)), (repeat('ộ', 5000) || $$' OR true --$$);

-- Each string is a label of unit 101, which is agreed; unit 131 is not. Two columns have names that are no fun to quote.
CREATE TABLE dwh_star.tap_evil (n int PRIMARY KEY, unit_id int, month date, label text, amount numeric, is_on boolean, "it's ""quoted""; --" int, "%s\" int);
INSERT INTO dwh_star.tap_evil SELECT n + 1000 * u, CASE u WHEN 0 THEN 101 ELSE 131 END, '2025-01-01', CASE u WHEN 0 THEN h ELSE 'secret' END, n, true, n, n FROM hostile, generate_series(0, 1) AS u;
ALTER TABLE dwh_star.tap_evil OWNER TO dwh_owner;
INSERT INTO dwh_catalog.office_holder (office_holder_id, person_name, unit_id, office, valid_from, document) VALUES
	(990899, 'Nguyễn Văn A', 1, 'sector_leadership', '2020-01-01', 'QĐ 1');
SELECT dwh.register_gateway('tap_evil_portal', 'transaction', 'portal') AS gateway \gset
SET ROLE tap_evil_officer;
SELECT dwh.register_agency('unit', 'G24.99', 'BHXH Việt Nam', NULL, 1) AS host, dwh.register_agency('agency', 'G09.99', 'Bộ Y') AS agency,
	dwh.register_official('G24.99', 'Lê B', 'Phó', 'CNTT', '024', 'b@example.invalid') AS official,
	dwh.register_application('G09.99', 'G09.99.APP', 'Ứng dụng', 3, 'QĐ 3', '2024-01-01') AS application \gset
SELECT dwh.register_database('TAP_EVIL', 1, '{"system_vi": "Kho", "name_vi": "Số", "purpose": "p", "scope": "s", "content": "c", "mechanism": "m", "source": "s",
	"items": [{"name": "n", "mark": "special"}], "decision_no": "QĐ 5", "decision_on": "2020-01-01", "regulation": "Quy chế"}') AS database \gset
RESET ROLE;
UPDATE dwh_catalog.share_host SET agency_id = :host;
SELECT jsonb '{"name_vi": "Thử", "description": "x", "default_kind": "common", "technical_document": "TL", "guide": "HD", "use_term": "immediate",
	"responsible": {"collecting": "a", "managing": "b", "connecting": "c", "sharing": "d", "using": "e"}, "standardised_on": "2020-07-08", "listed_on": "2020-07-09",
	"built_on": "2020-07-10", "key_columns": ["n"], "unit_column": "unit_id", "month_column": "month", "columns": [{"name": "n"}, {"name": "label"}, {"name": "it''s \"quoted\"; --"}, {"name": "%s\\"}, {"name": "amount"}, {"name": "is_on"}],
	"parameters": [{"name": "label", "column": "label"}, {"name": "amount", "column": "amount"}, {"name": "is_on", "column": "is_on"}, {"name": "it''s", "column": "it''s \"quoted\"; --"}]}' AS d \gset
SET ROLE tap_evil_officer;
SELECT dwh.create_service('tap_evil', 'default', 'TAP_EVIL', 'dwh_star.tap_evil', :'d') AS service,
	dwh.create_service('tap_evil_own', 'own_data', 'TAP_EVIL', 'dwh_star.tap_evil', :'d'::jsonb - 'default_kind' || '{"person_column": "n"}') AS own \gset
SELECT dwh.publish_service('tap_evil') AS p1, dwh.publish_service('tap_evil_own') AS p2 \gset
SELECT dwh.request_share('G09.99', 'tap_evil', 'đối soát', ARRAY['n', 'label', E'it''s "quoted"; --', E'%s\\', 'amount', 'is_on'], 6, 'daily', 'G09.99.APP') AS request \gset
SELECT dwh.answer_request(:request, true, 990899, 'CV 3', p_holder => 'Trần C', p_login_role => 'tap_evil_partner', p_terms => '{"unit_ids": [101], "directions": ["out", "in"]}') AS agreement \gset
RESET ROLE;

-- What must stay as it is.
CREATE FUNCTION pg_temp.world() RETURNS text LANGUAGE sql AS $$
	SELECT md5(concat_ws('|', (SELECT string_agg(e::text, '|' ORDER BY n) FROM dwh_star.tap_evil AS e), (SELECT string_agg(s::text, '|' ORDER BY service_id) FROM dwh_catalog.share_service AS s),
		(SELECT string_agg(g::text, '|' ORDER BY agreement_id) FROM dwh_catalog.share_agreement AS g), (SELECT string_agg(v::text, '|' ORDER BY agreement_id, version) FROM dwh_catalog.share_agreement_version AS v),
		(SELECT string_agg(c::text, '|' ORDER BY connection_id) FROM dwh_catalog.connection_account AS c), (SELECT count(*) FROM dwh_catalog.share_push_target), (SELECT count(*) FROM dwh_star.dim_person),
		(SELECT string_agg(oid::text, ' ' ORDER BY oid) FROM pg_class WHERE relpersistence <> 't'), (SELECT string_agg(oid::text, ' ' ORDER BY oid) FROM pg_proc WHERE pronamespace <> pg_my_temp_schema()),
		(SELECT string_agg(a::text, '|' ORDER BY rolname) FROM pg_roles AS a), (SELECT string_agg(roleid || ' ' || member, '|' ORDER BY roleid, member) FROM pg_auth_members)))
$$;
SELECT pg_temp.world() AS world \gset

-- One call with up to three texts: its lines, or the SQLSTATE behind an exclamation mark.
CREATE FUNCTION pg_temp.try(p_call text, p_1 text, p_2 text DEFAULT NULL, p_3 text DEFAULT NULL) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
	v_lines text[];
BEGIN
	EXECUTE format('SELECT ARRAY(SELECT %s)', p_call) INTO v_lines USING p_1, p_2, p_3;
	RETURN v_lines;
EXCEPTION WHEN OTHERS THEN
	RETURN ARRAY['!' || SQLSTATE];
END
$$;
GRANT EXECUTE ON FUNCTION pg_temp.try(text, text, text, text) TO PUBLIC;
CREATE TEMPORARY TABLE answer (what text, slot text, h text, lines text[]);
GRANT ALL ON answer TO PUBLIC;
CREATE FUNCTION pg_temp.records(p_role text) RETURNS bigint LANGUAGE sql AS $$
	SELECT (SELECT count(DISTINCT share_no) FROM dwh_log.share_log WHERE session_user_name = p_role OR outer_user_name = p_role)
		+ (SELECT count(*) FROM dwh_log.audit_event WHERE session_user_name = p_role OR outer_user_name = p_role)$$;
-- Whether all calls of a role have their records; those before are as many as said.
CREATE FUNCTION pg_temp.has_records(p_role text, p_what text, p_before bigint) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1 .. 400 LOOP
		IF pg_temp.records(p_role) - p_before >= (SELECT count(*) FROM answer WHERE what = p_what) THEN
			RETURN true;
		END IF;
		PERFORM pg_sleep(0.025);
	END LOOP;
	RAISE WARNING '% records of % calls', pg_temp.records(p_role) - p_before, (SELECT count(*) FROM answer WHERE what = p_what);
	RETURN false;
END
$$;

-- 1. A partner. Every text of a call, and every shape of a parameter.
SET SESSION AUTHORIZATION tap_evil_partner;
INSERT INTO answer SELECT 'fetch', s.slot, h, pg_temp.try('dwh.fetch_share($1, $2::jsonb, $3)', s.service, s.params::text, s.format)
FROM hostile CROSS JOIN LATERAL (VALUES
	('service', h, jsonb '{}', 'csv'), ('format', 'tap_evil', '{}', h), ('parameter', 'tap_evil', jsonb_build_object(h, 1), 'csv'),
	('item', 'tap_evil', jsonb_build_object('items', jsonb_build_array(h)), 'csv'), ('items', 'tap_evil', jsonb_build_object('items', h), 'csv'),
	('unit', 'tap_evil', jsonb_build_object('unit_ids', jsonb_build_array(h)), 'csv'), ('units', 'tap_evil', jsonb_build_object('unit_ids', h), 'csv'),
	('from', 'tap_evil', jsonb_build_object('from', h, 'items', '["n"]'::jsonb), 'csv'), ('to', 'tap_evil', jsonb_build_object('to', h, 'items', '["n"]'::jsonb), 'csv'),
	('label', 'tap_evil', jsonb_build_object('where', jsonb_build_object('label', h), 'items', '["n"]'::jsonb), 'csv'),
	('amount', 'tap_evil', jsonb_build_object('where', jsonb_build_object('amount', h), 'items', '["n"]'::jsonb), 'csv'),
	('is_on', 'tap_evil', jsonb_build_object('where', jsonb_build_object('is_on', h), 'items', '["n"]'::jsonb), 'csv'),
	('where name', 'tap_evil', jsonb_build_object('where', jsonb_build_object(h, 1)), 'csv'), ('where', 'tap_evil', jsonb_build_object('where', h), 'csv'),
	('after', 'tap_evil', jsonb_build_object('after', jsonb_build_array(h), 'items', '["n"]'::jsonb), 'ndjson'), ('after all', 'tap_evil', jsonb_build_object('after', h), 'csv'),
	('limit', 'tap_evil', jsonb_build_object('limit', h, 'items', '["n"]'::jsonb), 'csv')) AS s (slot, service, params, format);
RESET SESSION AUTHORIZATION;
SELECT is_empty($$SELECT slot, left(h, 60), left(lines[1], 60) FROM answer WHERE what = 'fetch' AND lines[1] LIKE '!%' AND lines[1] !~ '^!(22...|42501)$'$$, 'fetch: refused for what it is, or data');
SELECT results_eq($$SELECT lines[2]::int FROM answer WHERE slot = 'label' ORDER BY lines[2]::int$$, 'SELECT n FROM hostile ORDER BY n', 'fetch: each string finds its own row');
SELECT is_empty($$SELECT slot, left(h, 60), l FROM answer, unnest(lines) AS l WHERE what = 'fetch' AND l !~ '^!' AND slot <> 'label'
	AND (l ~ 'secret' OR l !~ '^n$|^[0-9]+$|^\{"n":[0-9]+\}$' OR substring(l FROM '[0-9]+')::int > 1000)$$, 'fetch: no line that was not agreed');
SELECT is_empty($$SELECT slot, left(h, 60) FROM answer WHERE what = 'fetch' AND lines[1] !~ '^!' AND slot NOT IN ('label', 'amount', 'is_on', 'after', 'limit', 'from', 'to')$$,
	'fetch: only values are data, names and shapes are not');
SELECT is_empty($$SELECT slot, left(h, 60), lines[1:3] FROM answer WHERE slot = 'amount' AND cardinality(lines) > 1 AND h <> '0x1F'$$, 'fetch: a number is a number');
SELECT ok(pg_temp.has_records('tap_evil_partner', 'fetch', 0), 'fetch: every call is in a log');
SELECT is(pg_temp.world(), :'world', 'fetch: nothing has changed');
-- Names that are hard to quote are names; other types than asked for are refused.
SET ROLE tap_evil_partner;
SELECT is(pg_temp.try('dwh.fetch_share($1, $2::jsonb)', 'tap_evil', '{"items": ["it''s \"quoted\"; --", "%s\\"], "where": {"it''s": "2"}}'), ARRAY[$$"it's ""quoted""; --",%s\$$, '2,2'], 'an item with a hostile name');
SELECT is((SELECT string_agg(DISTINCT (pg_temp.try('dwh.fetch_share($1, $2::jsonb)', 'tap_evil', p))[1], ' ') FROM unnest(ARRAY['[]', '1', '"x"', 'true', 'null', '{"items": 1}', '{"items": {"n": 1}}',
	'{"items": [["n"]]}', '{"items": [null]}', '{"unit_ids": [null, 101]}', '{"unit_ids": [{}]}', '{"where": [1]}', '{"where": 1}', '{"after": {}}', '{"after": []}', '{"after": [1, 2]}', '{"limit": [1]}', '{"limit": 1.5}',
	'{"from": 1}', '{"from": {}}']) AS p), '!42501', 'another type than asked for');
SELECT is((pg_temp.try('dwh.fetch_share($1, $2::jsonb)', 'tap_evil', '{"where": {"label": "a\u0000b"}}'))[1], '!22P05', 'no NUL gets as far as that');
SELECT is((pg_temp.try('dwh.fetch_share($1, $2::jsonb)', 'tap_evil', '{"limit": -5}'))[1], '!42501', 'no negative limit');
RESET ROLE;

-- 2. A gateway.
SET SESSION AUTHORIZATION tap_evil_portal;
INSERT INTO answer SELECT 'own', s.slot, h, pg_temp.try(s.call, h) FROM hostile CROSS JOIN (VALUES ('code service', 'dwh.issue_own_data_code($1, ''1'')'), ('code person', 'dwh.issue_own_data_code(''tap_evil_own'', $1)'),
	('service', 'dwh.own_data($1, ''1'', ''x'')'), ('person', 'dwh.own_data(''tap_evil_own'', $1, ''x'')'), ('code', 'dwh.own_data(''tap_evil_own'', ''1'', $1)')) AS s (slot, call);
RESET SESSION AUTHORIZATION;
SELECT bag_eq($$SELECT DISTINCT slot, regexp_replace(lines[1], '^[0-9A-Z]{10}$', 'a code') FROM answer WHERE what = 'own'$$,
	$$VALUES ('code service', '!42501'), ('service', '!42501'), ('code person', 'a code'), ('person', '!28000'), ('code', '!28000')$$, 'own data: what is wrong is refused as wrong, whatever it holds');
SELECT ok(pg_temp.has_records('tap_evil_portal', 'own', 0), 'own data: every call is in a log');
SELECT is(pg_temp.world(), :'world', 'own data: nothing has changed');

-- 3. A sharing officer who pushes and pulls, to a closed port.
SET ROLE tap_evil_officer;
SELECT dwh.register_push_host('127.0.0.1', 1, 'thử', '{127.0.0.0/8}', 'http') AS host, dwh.register_push_target(:agreement, '127.0.0.1', 1, '/', 'tap') AS target \gset
SELECT dwh.push_share(:agreement, '{"n": 1}', '{n}', p_unit_ids => '{101}') AS message \gset
RESET ROLE;
SELECT pg_temp.world() AS world, pg_temp.records('tap_evil_officer') AS before \gset
SET SESSION AUTHORIZATION tap_evil_officer;
INSERT INTO answer SELECT 'push', s.slot, h, pg_temp.try(format(s.call, :agreement, :message), h) FROM hostile CROSS JOIN (VALUES ('content', 'dwh.push_share(%s, json_build_object(''label'', $1)::text, ''{label}'', p_unit_ids => ''{101}'')'), ('media', 'dwh.push_share(%s, $1, ''{n}'', ''text/plain'', ''{101}'')'), ('body', 'dwh.push_share(%s, $1, ''{n}'', p_unit_ids => ''{101}'')'),
	('item', 'dwh.push_share(%s, ''{}'', ARRAY[$1], p_unit_ids => ''{101}'')'), ('type', 'dwh.push_share(%s, ''x'', ''{n}'', $1, ''{101}'')'), ('pull item', 'dwh.pull_share(%s, ARRAY[$1])'), ('query', 'dwh.pull_share(%s, ''{n}'', $1)'),
	('reason', 'dwh.requeue_push(%2$s, $1)::text'), ('host', 'dwh.register_push_host($1, 1, ''x'')::text'), ('scheme', 'dwh.register_push_host(''a.example'', 1, ''x'', ''{}'', $1)::text'),
	('path', 'dwh.register_push_target(%s, ''127.0.0.1'', 1, $1, ''tap'')::text'), ('credential', 'dwh.register_push_target(%s, ''127.0.0.1'', 1, ''/'', $1)::text')) AS s (slot, call);
RESET SESSION AUTHORIZATION;
SELECT is_empty($$SELECT slot, left(h, 60), lines[1] FROM answer WHERE what = 'push' AND NOT CASE slot WHEN 'content' THEN lines[1] ~ '^[0-9]+$' WHEN 'reason' THEN lines[1] IN ('!42704', '!22004', '!22023')
	WHEN 'body' THEN lines[1] = '!22023' WHEN 'media' THEN lines[1] = '!22023' WHEN 'item' THEN lines[1] = '!42501' WHEN 'pull item' THEN lines[1] = '!42501' WHEN 'type' THEN lines[1] = '!22023' WHEN 'query' THEN lines[1] ~ '^([0-9]+|!22023)$'
	WHEN 'host' THEN lines[1] ~ '^!(23514|22004|22023)$|^$'
	WHEN 'credential' THEN (lines[1] = '') = (h ~ '^[a-z0-9][a-z0-9_-]*$' AND length(h) < 64) ELSE lines[1] IN ('!23514', '!22004') END$$, 'push: contents are data, all else is refused unless it is plain');
SELECT is_empty($$SELECT left(h, 60) FROM answer AS a LEFT JOIN dwh_log.share_outbox AS o ON o.share_no::text = a.lines[1] AND o.body::json ->> 'label' IS NOT DISTINCT FROM a.h WHERE what = 'push' AND slot = 'content' AND o.share_no IS NULL$$,
	'push: contents wait as they were given');
SELECT is_empty($$SELECT left(h, 60) FROM answer AS a JOIN dwh_log.share_outbox AS o ON o.share_no::text = a.lines[1] WHERE what = 'push' AND slot = 'query' AND o.body ~ '[^!-~]|[''"\\<>]'$$,
	'push: nothing gets into an address that does not belong there');
SELECT ok(pg_temp.has_records('tap_evil_officer', 'push', :before), 'push: every call is in a log');

-- 4. Service definitions.
SELECT pg_temp.records('tap_evil_officer') AS before \gset
SET SESSION AUTHORIZATION tap_evil_officer;
INSERT INTO answer SELECT 'service', s.slot, h, pg_temp.try('dwh.create_service($1, $2, ''TAP_EVIL'', ''dwh_star.tap_evil'', $3::jsonb)', s.code, s.kind, (:'d'::jsonb || s.more)::text)
FROM hostile CROSS JOIN LATERAL (VALUES ('code', h, 'default', jsonb '{}'), ('kind', 'tap_x', h, '{}'), ('field', 'tap_x', 'default', jsonb_build_object(h, 1)),
	('column', 'tap_x', 'default', jsonb_build_object('columns', jsonb_build_array(jsonb_build_object('name', h)))), ('columns', 'tap_x', 'default', jsonb_build_object('columns', h)),
	('key', 'tap_x', 'default', jsonb_build_object('key_columns', jsonb_build_array(h))), ('unit', 'tap_x', 'default', jsonb_build_object('unit_column', h)),
	('month', 'tap_x', 'default', jsonb_build_object('month_column', h)), ('person', 'tap_x', 'default', jsonb_build_object('person_column', h)),
	('parameter', 'tap_x', 'default', jsonb_build_object('parameters', jsonb_build_array(jsonb_build_object('name', 'x', 'column', h)))),
	('limit', 'tap_x', 'default', jsonb_build_object('row_limit', h)), ('day', 'tap_x', 'default', jsonb_build_object('built_on', h))) AS s (slot, code, kind, more)
	WHERE NOT (s.slot IN ('day', 'limit') AND h IN ('now', 'infinity', '0x1F')) AND NOT (s.slot IN ('code', 'kind') AND h IN ('true', 'dwh_owner', 'now', 'pg_authid', 'infinity'));
RESET SESSION AUTHORIZATION;
SELECT is_empty($$SELECT slot, left(h, 60), lines[1] FROM answer WHERE what = 'service' AND lines[1] !~ '^!(22...|23502|23514|42703)$' AND slot <> 'kind'$$, 'services: no definition of it is taken');
SELECT is_empty($$SELECT slot, left(h, 60), lines[1] FROM answer WHERE slot = 'kind' AND lines[1] NOT IN ('!23514', '!22023')$$, 'services: nor another kind');
SELECT is((SELECT count(*) FROM dwh_catalog.share_service WHERE relation = 'dwh_star.tap_evil'), 2::bigint, 'services: there are two as before');
SELECT is(pg_temp.world(), :'world', 'nothing has changed');
SELECT ok(pg_temp.has_records('tap_evil_officer', 'service', :before), 'services: every call is in a log');
UPDATE dwh_log.share_outbox SET is_cancelled = true, cancel_reason = 'test' WHERE agreement_id = :agreement;
SELECT * FROM finish();

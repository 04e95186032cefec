-- What a partner is given depends on nothing of his session, is told by its JSON Schema, and is read page by page without loss; values that he sends are
-- judged before the log has an intent, and are never cut.
-- 2327-013 2327-016 2327-019 ND47-031
-- harness: preload
SET client_min_messages = error;
SELECT plan(32);
CREATE ROLE tap_values_officer LOGIN IN ROLE dwh_share_officer;
CREATE ROLE tap_values_partner LOGIN IN ROLE dwh_partner;
INSERT INTO dwh_catalog.office_holder (office_holder_id, person_name, unit_id, office, valid_from, document) VALUES
	(990902, 'Nguyễn Văn A', 1, 'sector_leadership', '2020-01-01', 'QĐ 1');
CREATE DOMAIN dwh_star.tap_code AS varchar(3) CHECK (VALUE <> '');
CREATE TABLE dwh_star.tap_values (k int NOT NULL, k2 text NOT NULL, code varchar(3), fixed char(3), kind dwh_star.tap_code, amount numeric(5, 1), share float8, at timestamptz, body bytea,
	price money, parts numeric[]);
INSERT INTO dwh_star.tap_values VALUES (1, 'a', 'ABC', 'AB', 'ABC', 1.5, 'NaN', '2026-01-01 00:00+07', '\xdead', 1, '{1,2}'), (1, 'b', 'ABD', 'B', 'X', 'NaN', '-Infinity', NULL, '', 2, NULL),
	(2, 'c', NULL, NULL, NULL, NULL, 0.1, NULL, NULL, NULL, NULL);
CREATE VIEW dwh_star.tap_values_view AS SELECT k, k2, (at)::date AS day FROM dwh_star.tap_values;
ALTER TABLE dwh_star.tap_values OWNER TO dwh_owner;
ALTER VIEW dwh_star.tap_values_view OWNER TO dwh_owner;
ALTER DOMAIN dwh_star.tap_code OWNER TO dwh_owner;
\ir include/as_role.psql
CREATE FUNCTION pg_temp.officer(p_call text) RETURNS text LANGUAGE sql AS $$SELECT pg_temp.call_as('tap_values_officer', p_call)$$;
CREATE FUNCTION pg_temp.fetched(p_args text) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.call_as('tap_values_partner', format($x$array_to_string(ARRAY(SELECT dwh.fetch_share(%s)), ' ')$x$, p_args))$$;
SET ROLE tap_values_officer;
SELECT dwh.register_agency('unit', 'G24.902', 'BHXH Việt Nam', NULL, 1) AS host, dwh.register_agency('agency', 'G09.902', 'Bộ Y') AS agency,
	dwh.register_official('G24.902', 'Lê B', 'Phó', 'CNTT', '024', 'b@example.invalid') AS official,
	dwh.register_application('G09.902', 'G09.902.APP', 'Ứng dụng', 3, 'QĐ 3', '2024-01-01') AS application \gset
SELECT dwh.register_database('TAP_VALUES', 1, '{"system_vi": "Kho", "name_vi": "Số", "purpose": "p", "scope": "s", "content": "c", "mechanism": "m", "source": "s",
	"items": [{"name": "n", "mark": "default"}], "decision_no": "QĐ 5", "decision_on": "2020-01-01", "regulation": "Quy chế"}') AS database \gset
RESET ROLE;
UPDATE dwh_catalog.share_host SET agency_id = :host;
CREATE TEMPORARY TABLE definition AS SELECT jsonb '{"name_vi": "Thử", "description": "x", "technical_document": "TL", "guide": "HD", "use_term": "immediate",
	"responsible": {"collecting": "a", "managing": "b", "connecting": "c", "sharing": "d", "using": "e"}, "standardised_on": "2020-07-08", "listed_on": "2020-07-09",
	"built_on": "2020-07-10", "key_columns": ["k"]}' AS d, jsonb_agg(jsonb_build_object('name', attname) ORDER BY attnum) AS c,
	jsonb_agg(jsonb_build_object('name', attname, 'column', attname) ORDER BY attnum) AS p FROM pg_attribute WHERE attrelid = 'dwh_star.tap_values'::regclass AND attnum > 0;
SELECT pg_temp.officer(format($$dwh.create_service('tap_values', 'default', 'TAP_VALUES', 'dwh_star.tap_values', %L)$$,
	d || jsonb_build_object('default_kind', 'common', 'columns', c, 'parameters', p))) AS service,
	pg_temp.officer(format($$dwh.create_service('tap_values_view', 'special', 'TAP_VALUES', 'dwh_star.tap_values_view', %L)$$,
	d || '{"columns": [{"name": "k"}, {"name": "k2"}, {"name": "day"}]}')) AS view_service,
	pg_temp.officer(format($$dwh.create_service('tap_values_own', 'own_data', 'TAP_VALUES', 'dwh_star.tap_values', %L)$$,
	d || jsonb_build_object('columns', c, 'person_column', 'k', 'key_columns', '["k2"]'::jsonb))) AS own FROM definition \gset

-- Only what a key tells apart is published.
SELECT matches(pg_temp.officer($$dwh.publish_service('tap_values')$$), '^55000 .*tell its rows apart', 'ND47-031 two rows with one key');
CREATE UNIQUE INDEX tap_values_key ON dwh_star.tap_values (k, k2) WHERE k < 9;
SELECT pg_temp.officer($$dwh.update_service('tap_values', '{"key_columns": ["k", "k2"]}')$$) AS updated \gset
SELECT matches(pg_temp.officer($$dwh.publish_service('tap_values')$$), '^55000 .*apart', 'ND47-031 an index of some rows says nothing of others');
DROP INDEX dwh_star.tap_values_key;
CREATE UNIQUE INDEX tap_values_key ON dwh_star.tap_values (k, k2);
ALTER TABLE dwh_star.tap_values ALTER k2 DROP NOT NULL;
SELECT matches(pg_temp.officer($$dwh.publish_service('tap_values')$$), '^55000 .*apart', 'ND47-031 a key that may be empty');
ALTER TABLE dwh_star.tap_values ALTER k2 SET NOT NULL;
SELECT matches(pg_temp.officer($$dwh.publish_service('tap_values')$$), '^2020', 'ND47-031 a key');
SELECT matches(pg_temp.officer($$dwh.update_service('tap_values', '{"key_columns": ["k2"]}')$$), '^55000 .*apart', 'ND47-031 which a published service keeps');
SELECT matches(pg_temp.officer($$dwh.publish_service('tap_values_view')$$), '^55000 .*apart', 'ND47-031 the rows of a view are looked at');
SELECT pg_temp.officer($$dwh.update_service('tap_values_view', '{"key_columns": ["k2", "day"]}')$$) AS updated \gset
SELECT matches(pg_temp.officer($$dwh.publish_service('tap_values_view')$$), '^55000 .*apart', 'ND47-031 for empty keys, too');
SELECT pg_temp.officer($$dwh.update_service('tap_values_view', '{"key_columns": ["k2"]}')$$) AS updated \gset
SELECT matches(pg_temp.officer($$dwh.publish_service('tap_values_view')$$), '^2020', 'ND47-031 a view with a key');
SELECT matches(pg_temp.officer($$dwh.publish_service('tap_values_own')$$), '^2020', 'one''s own data is not read in pages');
SELECT pg_temp.officer(format($$dwh.request_share('G09.902', 'tap_values', 'đối soát', ARRAY(SELECT jsonb_array_elements_text(%L)), %s, 'monthly', 'G09.902.APP')$$,
	jsonb_path_query_array(c, '$[*].name'), jsonb_array_length(c))) AS request FROM definition \gset
SELECT pg_temp.officer(format($$dwh.answer_request(%s, true, 990902, 'CV 1', p_holder => 'Trần C', p_login_role => 'tap_values_partner')$$, :request)) AS agreement \gset
SELECT is(pg_temp.fetched($$'tap_values', '{"items": ["k", "k2"], "limit": 1, "after": [1, "a"]}'$$), 'k,k2 1,b', 'ND47-031 the next page begins with the next row');

-- Values that are none of their column are refused before there is an intent.
SELECT count(*) AS intents FROM dwh_log.share_log WHERE service_code = 'tap_values' AND stage = 'intent' \gset
SELECT matches(pg_temp.fetched(format($$'tap_values', %L$$, p)), '^42501 .*parameter', '2327-019 refused: ' || p)
FROM unnest(ARRAY['{"where": {"amount": "abc"}}', '{"where": {"at": "2026-13-01"}}', '{"limit": -1}', '{"limit": "x"}', '{"after": ["x", "y"]}', '{"where": {"share": "1e999"}}']) AS p;
SELECT is((SELECT count(*) FROM dwh_log.share_log WHERE service_code = 'tap_values' AND stage = 'intent'), :intents::bigint, '2327-019 a typing error is no call');
SELECT is((SELECT count(*) FROM dwh_log.share_log WHERE service_code = 'tap_values' AND status = 'refused'), 6::bigint, '2327-013 but stands in the log');
-- Nor are they cut to fit.
SELECT is(pg_temp.fetched(format($$'tap_values', '{"items": ["k2"], "where": {%s}}'$$, w)), r, '2327-019 rows where ' || w)
FROM (VALUES ('"code": "ABC"', 'k2 a'), ('"code": "ABCXYZ"', 'k2'), ('"fixed": "AB"', 'k2 a'), ('"fixed": "AB x"', 'k2'), ('"kind": "ABCD"', 'k2'), ('"kind": "ABC"', 'k2 a'), ('"kind": ""', 'k2'),
	('"amount": "1.5"', 'k2 a'), ('"amount": "1.54"', 'k2')) AS v (w, r);

-- Lines, and so their digest, are the same in every session.
CREATE FUNCTION pg_temp.answers() RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.fetched($x$'tap_values', '{"items": ["k2", "amount", "share", "at", "body", "price", "parts"], "limit": 9}', 'ndjson'$x$) || ' '
		|| pg_temp.fetched($x$'tap_values', '{"items": ["k2"], "where": {"at": "2026-01-01"}}'$x$)$$;
SELECT body AS own_lines FROM dwh_internal.own_data_read(:own, '{1}') \gset
SELECT pg_temp.answers() AS answers \gset
SELECT is(:'answers'::text, '{"k2":"a","amount":1.5,"share":"NaN","at":"2026-01-01 00:00:00+07","body":"\\xdead","price":"$1.00","parts":"{1,2}"} '
	'{"k2":"b","amount":"NaN","share":"-Infinity","at":null,"body":"\\x","price":"$2.00","parts":null} '
	'{"k2":"c","amount":null,"share":0.1,"at":null,"body":null,"price":null,"parts":null} k2 a', '2327-013 times are those of the warehouse');
SET timezone = 'America/New_York';
SET bytea_output = 'escape';
SET datestyle = 'SQL, DMY';
SET extra_float_digits = -3;
SELECT is(pg_temp.answers(), :'answers', '2327-013 whatever the session has set');
SELECT is((SELECT body FROM dwh_internal.own_data_read(:own, '{1}')), :'own_lines', '2327-013 one''s own data, too');
RESET ALL;
SET client_min_messages = error;
-- The JSON Schema says how figures are written that are no numbers of JSON; a message is judged by it.
SELECT is((SELECT string_agg(format('%s %s %s', c, data_structure #> ARRAY['properties', c, 'type'], data_structure #> ARRAY['properties', c, 'pattern']), '; ' ORDER BY c)
	FROM dwh_catalog.share_service, unnest(ARRAY['amount', 'k', 'parts', 'share']) AS c WHERE code = 'tap_values'),
	'amount ["number", "string", "null"] "^(NaN|-?Infinity)$"; k ["integer", "null"] ; parts ["string", "null"] ; share ["number", "string", "null"] "^(NaN|-?Infinity)$"',
	'2327-016 a figure is a number, or one of three texts');
SELECT is((SELECT string_agg(coalesce((dwh_internal.share_body_fault(:service, 1, '{share}', 'application/json', b)).fault, 'fits'), ', ')
	FROM unnest(ARRAY['{"share": "NaN"}', '{"share": "many"}', '{"share": 1.5}', '{"share": true}']) AS b), 'fits, row 1: share is no number, fits, row 1: share is no number',
	'2327-016 a message is judged by it');
SELECT * FROM finish();

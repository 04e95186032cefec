-- What is read as dwh_owner on behalf of others is what was checked, and tells nothing of items that were not agreed. 2327-001 2327-019 2327-069 893-059
-- harness: preload
SET client_min_messages = error;
SELECT plan(26);
CREATE ROLE tap_source_officer LOGIN IN ROLE dwh_share_officer;
CREATE ROLE tap_source_partner LOGIN IN ROLE dwh_partner;
CREATE ROLE tap_source_portal LOGIN IN ROLE dwh_partner;
CREATE ROLE tap_source_stranger;
INSERT INTO dwh_catalog.office_holder (office_holder_id, person_name, unit_id, office, valid_from, document) VALUES
	(990901, 'Nguyễn Văn A', 1, 'sector_leadership', '2020-01-01', 'QĐ 1');
CREATE TABLE dwh_star.tap_source (n int PRIMARY KEY, label text, secret_no int);
INSERT INTO dwh_star.tap_source SELECT n, 'số ' || n, 100000 + 7 * n FROM generate_series(1, 3) AS n;
ALTER TABLE dwh_star.tap_source OWNER TO dwh_owner;
CREATE SCHEMA tap_site AUTHORIZATION dwh_owner;
GRANT USAGE ON SCHEMA tap_site TO PUBLIC;
CREATE SCHEMA tap_strange AUTHORIZATION tap_source_stranger;
-- What a stranger has run by whoever reads his view.
SET ROLE tap_source_stranger;
CREATE FUNCTION tap_strange.run() RETURNS int LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'ran as %', current_user; END$$;
GRANT USAGE ON SCHEMA tap_strange TO PUBLIC;
RESET ROLE;

\ir include/as_role.psql
CREATE FUNCTION pg_temp.officer(p_call text) RETURNS text LANGUAGE sql AS $$SELECT pg_temp.call_as('tap_source_officer', p_call)$$;
CREATE FUNCTION pg_temp.fetched(p_args text) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.call_as('tap_source_partner', format($x$array_to_string(ARRAY(SELECT dwh.fetch_share(%s)), ' ')$x$, p_args))$$;
-- The source of dwh_owner, and the one of a stranger in its place.
CREATE FUNCTION pg_temp.place(p_view text, p_is_strange boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('DROP VIEW IF EXISTS %s', p_view);
	EXECUTE format('CREATE VIEW %s AS SELECT %s AS n, label, secret_no FROM dwh_star.tap_source', p_view, CASE WHEN p_is_strange THEN 'n * tap_strange.run()' ELSE 'n' END);
	EXECUTE format('GRANT SELECT ON %s TO PUBLIC', p_view);
	EXECUTE format('ALTER VIEW %s OWNER TO %s', p_view, CASE WHEN p_is_strange THEN 'tap_source_stranger' ELSE 'dwh_owner' END);
END
$$;
GRANT SELECT ON dwh_star.tap_source TO tap_source_stranger;
SELECT pg_temp.place('tap_site.numbers', false), pg_temp.place('tap_strange.numbers', false) \g /dev/null
SELECT dwh.register_gateway('tap_source_portal', 'transaction', 'portal') AS gateway \gset
SET ROLE tap_source_officer;
SELECT dwh.register_agency('unit', 'G24.97', 'BHXH Việt Nam', NULL, 1) AS host, dwh.register_agency('agency', 'G09.97', 'Bộ Y') AS agency,
	dwh.register_official('G24.97', 'Lê B', 'Phó', 'CNTT', '024', 'b@example.invalid') AS official,
	dwh.register_application('G09.97', 'G09.97.APP', 'Ứng dụng', 3, 'QĐ 3', '2024-01-01') AS application,
	dwh.register_database('TAP_SOURCE', 1, '{"system_vi": "Kho", "name_vi": "Số", "purpose": "p", "scope": "s", "content": "c", "mechanism": "m", "source": "s",
	"items": [{"name": "n", "mark": "special"}], "decision_no": "QĐ 5", "decision_on": "2020-01-01", "regulation": "Quy chế"}') AS database \gset
RESET ROLE;
UPDATE dwh_catalog.share_host SET agency_id = :host;
CREATE TEMPORARY TABLE definition AS SELECT jsonb '{"name_vi": "Thử", "description": "x", "technical_document": "TL", "guide": "HD", "use_term": "immediate", "key_columns": ["secret_no"],
	"responsible": {"collecting": "a", "managing": "b", "connecting": "c", "sharing": "d", "using": "e"}, "standardised_on": "2020-07-08", "listed_on": "2020-07-09", "built_on": "2020-07-10",
	"columns": [{"name": "n"}, {"name": "label"}, {"name": "secret_no"}], "parameters": [{"name": "label", "column": "label"}, {"name": "secret", "column": "secret_no"}]}' AS d,
	(SELECT jsonb_object_agg(i, 'x') FROM unnest(ARRAY['parties', 'content', 'place', 'term', 'method', 'processing', 'conditions', 'commitment', 'security', 'storage', 'deletion']) AS i) AS c;
SELECT matches(pg_temp.officer(format($$dwh.create_service('tap_source_strange', 'special', 'TAP_SOURCE', 'tap_strange.numbers', %L)$$, d)), '^42501 .*source of a service', '2327-001 no view in a schema of somebody else')
FROM definition;
SELECT pg_temp.officer(format($$dwh.create_service('tap_source', 'special', 'TAP_SOURCE', 'tap_site.numbers', %L)$$, d)) AS service,
	pg_temp.officer(format($$dwh.create_service('tap_source_own', 'own_data', 'TAP_SOURCE', 'tap_site.numbers', %L)$$, d || '{"person_column": "n"}')) AS own,
	pg_temp.officer($$dwh.publish_service('tap_source')$$) AS p1, pg_temp.officer($$dwh.publish_service('tap_source_own')$$) AS p2 FROM definition \gset
SELECT pg_temp.officer($$dwh.request_share('G09.97', 'tap_source', 'đối soát', ARRAY['n', 'label'], 2, 'daily', 'G09.97.APP')$$) AS request \gset
SELECT pg_temp.officer(format($$dwh.answer_request(%s, true, 990901, 'CV 1', p_holder => 'Trần C', p_login_role => 'tap_source_partner')$$, :request)) AS agreement \gset
SELECT is(pg_temp.officer(format($$dwh.sign_agreement(%s, %L, 990901, 'TT 1')$$, :agreement, c)), '1', 'signed') FROM definition;

-- Rows are chosen by agreed items only: what one may compare is known after some calls.
SELECT is(pg_temp.fetched($$'tap_source', '{"where": {"label": "số 2"}}'$$), 'n,label 2,số 2', '2327-019 chosen by an agreed item');
SELECT is(pg_temp.fetched($$'tap_source', '{"limit": 1}'$$), 'n,label 1,số 1', '2327-019 the first rows');
SELECT matches(pg_temp.fetched($$'tap_source', '{"after": [100013], "limit": 1}'$$), '^42501 .*: item$', '2327-019 after: no key that was not agreed');
SELECT matches(pg_temp.fetched($$'tap_source', '{"where": {"secret": 100014}}'$$), '^42501 .*: item$', '2327-019 where: no parameter on a column that was not agreed');
SELECT matches(pg_temp.fetched($$'tap_source', '{"where": {"label": "số 2", "secret": 100014}, "items": ["n"]}'$$), '^42501 .*: item$', '2327-019 not beside an agreed one either');
SELECT is((SELECT max(reason) FROM dwh_log.share_log WHERE agreement_id = :agreement AND status = 'refused'),
	'item (ND47 Art. 38): lọc theo mục dữ liệu ngoài thỏa thuận: secret_no | rows chosen by items outside the agreement: secret_no', '893-059 the log says which');
SELECT is(pg_temp.officer(format($$dwh.sign_agreement(%s, %L, 990901, 'TT 2', '{"items": ["n", "secret_no"]}')$$, :agreement, c)), '2', 'signed with that item') FROM definition;
SELECT is(pg_temp.fetched($$'tap_source', '{"after": [100013], "limit": 1, "items": ["n"]}'$$), 'n 2', '2327-019 it may be compared, asked for or not');
SELECT is(pg_temp.fetched($$'tap_source', '{"where": {"secret": 100014}}'$$), 'n,secret_no 2,100014', '2327-019 so may a parameter');
SELECT matches(pg_temp.fetched($$'tap_source', '{"where": {"label": "số 2"}}'$$), '^42501 .*: item$', '2327-019 the other no more');

-- A stranger's view in the place of the source: of the same name, the schema's, or below it.
SELECT is((SELECT body FROM dwh_internal.own_data_read(:own, '{2}')), '{"n":2,"label":"số 2","secret_no":100014}', 'own data is read');
SELECT pg_temp.place('tap_site.numbers', true) \g /dev/null
SELECT matches(pg_temp.fetched($$'tap_source'$$), '^42501 .*: source$', '2327-001 a stranger''s view of that name is not read');
SELECT is((SELECT status FROM dwh_log.share_log WHERE agreement_id = :agreement ORDER BY share_id DESC LIMIT 1), 'refused', '893-059 which is in the log');
SELECT throws_ok(format('SELECT dwh_internal.own_data_read(%s, ''{2}'')', :own), '42501', NULL, '2327-069 nor for a person');
SET SESSION AUTHORIZATION tap_source_portal;
SELECT throws_ok($$SELECT dwh.issue_own_data_code('tap_source_own', '2')$$, '42501', 'service "tap_source_own" is not supplied: source', '2327-069 who gets no code for it');
RESET SESSION AUTHORIZATION;
SELECT matches(pg_temp.officer($$dwh.publish_service('tap_source')$$), '^42501 .*source of a service', '2327-001 it is not published anew');
SELECT matches(pg_temp.officer($$dwh.update_service('tap_source', '{"guide": "HD 2"}')$$), '^42501 .*source of a service', '2327-001 nor described');
DROP VIEW tap_site.numbers;
SELECT matches(pg_temp.fetched($$'tap_source'$$), '^42501 .*: source$', '2327-001 no view at all');
SELECT pg_temp.place('tap_site.numbers', false) \g /dev/null
SELECT is(pg_temp.fetched($$'tap_source', '{"limit": 1, "items": ["n"]}'$$), 'n 1', 'the own one is read again');
ALTER SCHEMA tap_site OWNER TO tap_source_stranger;
SELECT matches(pg_temp.fetched($$'tap_source'$$), '^42501 .*: source$', '2327-001 whoever owns the schema could put another one there');
ALTER SCHEMA tap_site OWNER TO pg_database_owner;
SELECT is(pg_temp.fetched($$'tap_source', '{"limit": 1, "items": ["n"]}'$$), 'n 1', 'a database of a superuser');
DO $$BEGIN EXECUTE format('ALTER DATABASE %I OWNER TO tap_source_stranger', current_database()); END$$;
SELECT matches(pg_temp.fetched($$'tap_source'$$), '^42501 .*: source$', '2327-001 a database of somebody else');
DO $$BEGIN EXECUTE format('ALTER DATABASE %I OWNER TO %I', current_database(), current_user); END$$;
DROP VIEW tap_site.numbers;
ALTER SCHEMA tap_site OWNER TO dwh_owner;
SELECT pg_temp.place('tap_strange.numbers', true) \g /dev/null
CREATE VIEW tap_site.numbers AS SELECT * FROM tap_strange.numbers;
ALTER VIEW tap_site.numbers OWNER TO dwh_owner;
SELECT matches(pg_temp.fetched($$'tap_source'$$), '^42501 .*: source$', '2327-001 a view of dwh_owner that reads a stranger''s');
DROP VIEW tap_site.numbers;
CREATE MATERIALIZED VIEW tap_site.numbers AS SELECT n, label, secret_no FROM dwh_star.tap_source;
ALTER MATERIALIZED VIEW tap_site.numbers OWNER TO dwh_owner;
SELECT is(pg_temp.fetched($$'tap_source', '{"limit": 1, "items": ["n"]}'$$), 'n 1', 'a materialized view of dwh_owner is read');
DROP SCHEMA tap_site CASCADE;
DROP SCHEMA tap_strange CASCADE;
SELECT * FROM finish();

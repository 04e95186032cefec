-- A service for persons matched with the population database supplies nobody else, and the log says how many were withheld.
-- 2327-040
-- harness: preload
SET client_min_messages = error;
SELECT plan(25);
CREATE ROLE tap_match_officer LOGIN IN ROLE dwh_share_officer;
CREATE ROLE tap_match_partner LOGIN IN ROLE dwh_partner;
CREATE ROLE tap_match_portal LOGIN IN ROLE dwh_partner;
INSERT INTO dwh_catalog.office_holder (office_holder_id, person_name, unit_id, office, valid_from, document) VALUES
	(990889, 'Nguyễn Văn A', 1, 'sector_leadership', '2020-01-01', 'QĐ 1');
INSERT INTO dwh_star.dim_person (person_id, social_insurance_no, home_unit_id, valid_from)
SELECT 990890 + n, '99000008' || 90 + n, 101, '2020-01-01' FROM generate_series(1, 6) AS n;
-- 3 moved to another unit; 6 has another identity number, which nobody has matched.
INSERT INTO dwh_star.dim_person (person_id, social_insurance_no, identity_no, home_unit_id, valid_from)
VALUES (990897, '9900000893', NULL, 131, '2025-06-01'), (990898, '9900000896', '001990000896', 101, '2025-06-01');
UPDATE dwh_star.dim_person SET valid_to = '2025-05-31' WHERE person_id IN (990893, 990896);
INSERT INTO dwh_log.load_run (source_id, batch, status) VALUES (5, 'share_matched', 'done') RETURNING load_id \gset
-- 1 is matched; 2 was, and is no more; 3 is again; 4 was only registered; 5's number went into another; 6 is matched twice. Later events come first.
INSERT INTO dwh_star.fact_registration (month, unit_id, event_no, event_on, event, person_id, quantity, was_matched, load_id)
SELECT v.month::date, 101, 990000 + v.n, v.month::date + v.day, v.event, 990890 + v.person, 1, v.was, :load_id
FROM (VALUES ('2025-02-01', 9, 4, 'matched', 3, false), ('2025-02-01', 8, 3, 'unmatched', 2, true), ('2025-01-01', 7, 9, 'merged', 5, true),
	('2025-01-01', 6, 5, 'matched', 1, false), ('2025-01-01', 5, 5, 'matched', 2, false), ('2024-12-01', 4, 5, 'unmatched', 3, true),
	('2024-11-01', 3, 5, 'matched', 3, false), ('2025-01-01', 2, 2, 'registered', 4, false), ('2025-01-01', 1, 5, 'matched', 5, false),
	('2025-01-01', 10, 5, 'matched', 6, false), ('2025-03-01', 1, 5, 'matched', 6, true)) AS v (month, n, day, event, person, was);
-- Two rows a person, in two units.
CREATE TABLE dwh_star.tap_matched (person_id int, unit_id int, amount int, PRIMARY KEY (person_id, unit_id));
INSERT INTO dwh_star.tap_matched SELECT 990890 + n, u, n FROM generate_series(1, 6) AS n, unnest(ARRAY[101, 131]) AS u;
ALTER TABLE dwh_star.tap_matched OWNER TO dwh_owner;

\ir include/as_role.psql
CREATE FUNCTION pg_temp.officer(p_call text) RETURNS text LANGUAGE sql AS $$SELECT pg_temp.call_as('tap_match_officer', p_call)$$;
CREATE FUNCTION pg_temp.fetched(p_args text) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.call_as('tap_match_partner', format($x$array_to_string(ARRAY(SELECT dwh.fetch_share(%s)), ' ')$x$, p_args))$$;
-- What the log says of the last transfer, once it has ended.
CREATE FUNCTION pg_temp.last_outcome() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	v_outcome text;
BEGIN
	FOR i IN 1 .. 400 LOOP
		SELECT concat_ws(' ', status, row_count, detail ->> 'withheld_persons') INTO v_outcome FROM dwh_log.share_log
		WHERE kind IN ('share', 'exploit') AND share_no = (SELECT max(share_no) FROM dwh_log.share_log WHERE kind IN ('share', 'exploit')) AND stage = 'outcome';
		EXIT WHEN FOUND;
		PERFORM pg_sleep(0.025);
	END LOOP;
	RETURN v_outcome;
END
$$;

SELECT dwh.register_gateway('tap_match_portal', 'transaction', 'portal') AS gateway \gset
SET ROLE tap_match_officer;
SELECT dwh.register_agency('unit', 'G24.89', 'BHXH Việt Nam', NULL, 1) AS host, dwh.register_agency('agency', 'G09.89', 'Bộ Y') AS agency,
	dwh.register_official('G24.89', 'Lê B', 'Phó', 'CNTT', '024', 'b@example.invalid') AS official,
	dwh.register_application('G09.89', 'G09.89.APP', 'Ứng dụng', 3, 'QĐ 3', '2024-01-01') AS application \gset
SELECT dwh.register_database('TAP_MATCH', 1, '{"system_vi": "Kho", "name_vi": "Số", "purpose": "p", "scope": "s", "content": "c", "mechanism": "m", "source": "s",
	"items": [{"name": "n", "mark": "special"}], "decision_no": "QĐ 5", "decision_on": "2020-01-01", "regulation": "Quy chế"}') AS database \gset
RESET ROLE;
UPDATE dwh_catalog.share_host SET agency_id = :host;
CREATE TEMPORARY TABLE definition AS SELECT jsonb '{"name_vi": "Thử", "description": "x", "default_kind": "common", "technical_document": "TL", "guide": "HD",
	"use_term": "immediate", "responsible": {"collecting": "a", "managing": "b", "connecting": "c", "sharing": "d", "using": "e"}, "standardised_on": "2020-07-08",
	"listed_on": "2020-07-09", "built_on": "2020-07-10", "columns": [{"name": "person_id"}, {"name": "unit_id"}, {"name": "amount"}],
	"key_columns": ["person_id", "unit_id"], "unit_column": "unit_id"}' AS d;
SELECT matches(pg_temp.officer(format($$dwh.create_service('tap_matched', 'default', 'TAP_MATCH', 'dwh_star.tap_matched', %L)$$, d || '{"is_verified_only": true}')),
	'^22023 .*column of the person', 'nobody is matched where no column says who it is') FROM definition;
SELECT pg_temp.officer(format($$dwh.create_service('tap_matched', 'default', 'TAP_MATCH', 'dwh_star.tap_matched', %L)$$, d || '{"person_column": "person_id"}')) AS s1,
	pg_temp.officer(format($$dwh.create_service('tap_own_matched', 'own_data', 'TAP_MATCH', 'dwh_star.tap_matched', %L)$$, (d - 'default_kind') || '{"person_column": "person_id",
	"is_verified_only": true}')) AS s2 FROM definition \gset
SELECT pg_temp.officer($$dwh.publish_service('tap_matched')$$) AS p1, pg_temp.officer($$dwh.publish_service('tap_own_matched')$$) AS p2 \gset
SELECT pg_temp.officer($$dwh.request_share('G09.89', 'tap_matched', 'đối soát', ARRAY['person_id', 'unit_id', 'amount'], 3, 'daily', 'G09.89.APP')$$) AS request \gset
SELECT pg_temp.officer(format($$dwh.answer_request(%s, true, 990889, 'CV 3', p_holder => 'Trần C', p_login_role => 'tap_match_partner')$$, :request)) AS agreement \gset

SELECT is(pg_temp.fetched($$'tap_matched', '{"items": ["person_id"], "unit_ids": [101], "limit": 9}'$$), 'person_id 990891 990892 990893 990894 990895 990896',
	'a service like any other supplies all');
SELECT is(pg_temp.last_outcome(), 'supplied 6', 'and withholds nobody');
-- The mark of the database is that of its services.
SELECT is(left(pg_temp.officer($$dwh.register_database('TAP_MATCH', 1, '{"system_vi": "Kho", "name_vi": "Số", "purpose": "p", "scope": "s", "content": "c", "mechanism": "m",
	"source": "s", "items": [{"name": "n", "mark": "special"}], "decision_no": "QĐ 5", "decision_on": "2020-01-01", "regulation": "Quy chế", "verified_only": true}')$$), 9),
	:'database', 'its database is for matched persons only');
SELECT matches(pg_temp.officer($$dwh.update_service('tap_matched', '{"is_verified_only": false}')$$), '^\d+$', 'which its services do not undo');
SELECT is((SELECT bool_and(is_verified_only) FROM dwh_catalog.share_service WHERE code = 'tap_matched'), true, '2327-040 they are for matched persons only');

SELECT is(pg_temp.fetched($$'tap_matched', '{"items": ["person_id"], "unit_ids": [101], "limit": 9}'$$), 'person_id 990891 990893', '2327-040 the matched persons and no others');
SELECT is(pg_temp.last_outcome(), 'supplied 2 4', '2327-040 four persons were withheld, one since his number was corrected');
SELECT is((SELECT string_agg(stage || ' ' || (detail ->> 'withheld_persons'), ', ' ORDER BY share_id) FROM dwh_log.share_log WHERE share_no = (SELECT max(share_no) FROM dwh_log.share_log)),
	'intent 4, outcome 4', 'which the intent says before the first line leaves');
SELECT is(pg_temp.fetched($$'tap_matched', '{"items": ["amount"], "after": [990893, 101], "limit": 9}', 'ndjson'$$), '{"amount":3}', '2327-040 on the next page, too');
SELECT is(pg_temp.last_outcome(), 'supplied 1 3', 'those of that page');
INSERT INTO dwh_star.fact_registration (month, unit_id, event_no, event_on, event, person_id, quantity, was_matched, load_id) VALUES
	('2025-04-01', 101, 990001, '2025-04-02', 'matched', 990892, 1, false, :load_id), ('2025-04-01', 101, 990002, '2025-04-02', 'unmatched', 990891, 1, true, :load_id);
SELECT is(pg_temp.fetched($$'tap_matched', '{"items": ["person_id"], "unit_ids": [131], "limit": 9}'$$), 'person_id 990892 990893', '2327-040 as the last event has it');
-- A person is all of his versions.
INSERT INTO dwh_star.tap_matched VALUES (990897, 131, 7);
INSERT INTO dwh_star.fact_registration (month, unit_id, event_no, event_on, event, person_id, quantity, was_matched, load_id) VALUES
	('2025-07-01', 131, 990001, '2025-07-02', 'unmatched', 990897, 1, true, :load_id);
SELECT is(pg_temp.fetched($$'tap_matched', '{"items": ["person_id"], "unit_ids": [131], "limit": 9}'$$), 'person_id 990892', '2327-040 nothing of who is unmatched under a later version');
SELECT is(pg_temp.last_outcome(), 'supplied 1 5', '2327-040 who is one person among the withheld');
INSERT INTO dwh_star.fact_registration (month, unit_id, event_no, event_on, event, person_id, quantity, was_matched, load_id) VALUES
	('2025-08-01', 131, 990001, '2025-08-02', 'matched', 990893, 1, false, :load_id);
SELECT is(pg_temp.fetched($$'tap_matched', '{"items": ["person_id"], "unit_ids": [131], "limit": 9}'$$), 'person_id 990892 990893 990897', '2327-040 and all of who is matched under an earlier one');
DELETE FROM dwh_star.tap_matched WHERE person_id = 990897;
SELECT is((dwh_internal.share_check(:agreement, 'out', NULL, '{amount}', NULL, NULL, NULL, NULL, NULL)).rule, 'verified only', '2327-040 a body that nobody can check is not pushed');
SELECT is((dwh_internal.share_check(:agreement, 'out', NULL, '{amount}', NULL, NULL, NULL, NULL, 'tap_match_partner')).rule, NULL, 'fetching is allowed');

-- One's own data.
\ir include/call.psql
SET SESSION AUTHORIZATION tap_match_portal;
SELECT pg_temp.call($$dwh.issue_own_data_code('tap_own_matched', '9900000891')$$) AS other, pg_temp.call($$dwh.issue_own_data_code('tap_own_matched', '9900000893')$$) AS own \gset
SELECT matches(:'other'::text || :'own', '^[0-9A-Z]{20}$', 'codes tell nobody who is matched');
SELECT matches(pg_temp.call(format($$dwh.own_data('tap_own_matched', '9900000891', %L)$$, :'other')), '^42501 .*verified only', '2327-040 who is not matched reads nothing');
RESET SESSION AUTHORIZATION;
SELECT is(pg_temp.last_outcome(), 'refused 1', '2327-040 which is in the log');
SET SESSION AUTHORIZATION tap_match_portal;
SELECT is(pg_temp.call(format($$dwh.own_data('tap_own_matched', '9900000893', %L)$$, :'own')), E'{"person_id":990893,"unit_id":101,"amount":3}\n{"person_id":990893,"unit_id":131,"amount":3}',
	'2327-040 who is reads his own');
RESET SESSION AUTHORIZATION;
SELECT is(pg_temp.last_outcome(), 'supplied 2', 'with nobody withheld');
SET SESSION AUTHORIZATION tap_match_portal;
SELECT pg_temp.call($$dwh.issue_own_data_code('tap_own_matched', '001990000896')$$) AS corrected \gset
SELECT matches(pg_temp.call(format($$dwh.own_data('tap_own_matched', '001990000896', %L)$$, :'corrected')), '^42501 .*verified only',
	'2327-040 the match of a number says nothing of the one that took its place');
RESET SESSION AUTHORIZATION;
INSERT INTO dwh_star.fact_registration (month, unit_id, event_no, event_on, event, person_id, quantity, was_matched, load_id) VALUES
	('2025-06-01', 101, 990001, '2025-06-02', 'matched', 990898, 1, false, :load_id);
SET SESSION AUTHORIZATION tap_match_portal;
SELECT is(pg_temp.call(format($$dwh.own_data('tap_own_matched', '9900000896', %L)$$, :'corrected')), E'{"person_id":990896,"unit_id":101,"amount":6}\n{"person_id":990896,"unit_id":131,"amount":6}',
	'2327-040 once that is matched, he reads all of his rows, with the same code');
RESET SESSION AUTHORIZATION;
SELECT is((SELECT count(*) FROM dwh_log.share_log WHERE detail ->> 'withheld_persons' = '1' AND status <> 'refused'), 0::bigint, 'nowhere else');
SELECT * FROM finish();

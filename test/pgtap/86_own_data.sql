-- A person's own data: a code that works once, for that person's rows only, counted in the log that no rollback touches.
-- 2327-069 2327-076 ND47-003
-- harness: preload
SET client_min_messages = error;
SELECT plan(41);
CREATE ROLE tap_own_officer LOGIN IN ROLE dwh_share_officer;
CREATE ROLE tap_own_portal LOGIN IN ROLE dwh_partner;
CREATE ROLE tap_own_other LOGIN IN ROLE dwh_partner;
INSERT INTO dwh_star.dim_person (person_id, social_insurance_no, identity_no, full_name, home_unit_id, valid_from)
SELECT 990860 + n, '990000000' || n, CASE WHEN n IN (1, 2, 5) THEN '00199000000' || n ELSE '001990000009' END, 'Người ' || n, 101, '2020-01-01'
FROM generate_series(1, 5) AS n;
-- Two versions of 6: until 2021 he had the identity number of another, who is not in the warehouse. 7 and 8 have one insurance number by mistake.
INSERT INTO dwh_star.dim_person (person_id, social_insurance_no, identity_no, full_name, home_unit_id, valid_from, valid_to) VALUES
	(990866, '9900000006', '001990000007', 'Người 6', 101, '2020-01-01', '2021-12-31'), (990867, '9900000006', '001990000006', 'Người 6', 101, '2022-01-01', NULL),
	(990870, '9900000010', '001990000020', 'Người 10', 101, '2020-01-01', NULL),
	(990868, '9900000008', '001990000018', 'Người 7', 101, '2020-01-01', NULL), (990869, '9900000008', '001990000019', 'Người 8', 101, '2022-01-01', NULL);
CREATE TABLE dwh_star.tap_own (person_id int, month date, amount bigint, note text, PRIMARY KEY (person_id, month));
INSERT INTO dwh_star.tap_own SELECT p, m, p * 10, 'a "b"' FROM generate_series(990861, 990864) AS p,
	generate_series(timestamp '2025-03-01', '2025-01-01', '-1 month') AS m;
INSERT INTO dwh_star.tap_own VALUES (990866, '2021-01-01', 6, 'old'), (990867, '2025-01-01', 66, 'new'), (990868, '2025-01-01', 7, 'x'), (990869, '2025-01-01', 8, 'x'),
	(990870, '2025-01-01', 1, 'x'), (990870, '2025-02-01', 2, 'x'), (990870, '2025-03-01', 3, 'x');
ALTER TABLE dwh_star.tap_own OWNER TO dwh_owner;
SELECT dwh.register_gateway('tap_own_portal', 'transaction', 'portal') AS g1, dwh.register_gateway('tap_own_other', 'transaction', 'other') AS g2 \gset
SET ROLE tap_own_officer;
SELECT dwh.register_agency('unit', 'G24.86', 'BHXH Việt Nam', NULL, 1) AS host \gset
SELECT dwh.register_official('G24.86', 'Lê B', 'Phó', 'CNTT', '024', 'b@example.invalid') AS official \gset
SELECT dwh.register_database('TAP_OWN', 1, '{"system_vi": "Kho", "name_vi": "Cá nhân", "purpose": "p", "scope": "s", "content": "c", "mechanism": "m",
	"source": "s", "items": [{"name": "n", "mark": "special"}], "decision_no": "QĐ 5", "decision_on": "2020-01-01", "regulation": "Quy chế"}') AS database \gset
SELECT dwh.create_service('tap_own', 'own_data', 'TAP_OWN', 'dwh_star.tap_own', '{"name_vi": "Của tôi", "description": "x",
	"columns": [{"name": "month"}, {"name": "amount"}, {"name": "note"}], "key_columns": ["month"], "person_column": "person_id",
	"technical_document": "TL", "guide": "HD", "use_term": "immediate",
	"responsible": {"collecting": "a", "managing": "b", "connecting": "c", "sharing": "d", "using": "e"},
	"standardised_on": "2020-07-08", "listed_on": "2020-07-09", "built_on": "2020-07-10"}') AS service \gset
RESET ROLE;
UPDATE dwh_catalog.share_host SET agency_id = :host;

-- A call as a login role, for the session; its result, or SQLSTATE and message. With p_undo the call is rolled back.
CREATE FUNCTION pg_temp.call(p_call text, p_undo boolean DEFAULT false) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	v_result text;
BEGIN
	EXECUTE 'SELECT ' || p_call INTO v_result;
	IF p_undo THEN
		RAISE EXCEPTION 'UNDO %', v_result;
	END IF;
	RETURN v_result;
EXCEPTION WHEN OTHERS THEN
	RETURN CASE WHEN SQLERRM LIKE 'UNDO %' THEN substr(SQLERRM, 6) ELSE SQLSTATE || ' ' || SQLERRM END;
END
$$;
GRANT EXECUTE ON FUNCTION pg_temp.call(text, boolean) TO PUBLIC;
CREATE FUNCTION pg_temp.last_row() RETURNS dwh_log.share_log LANGUAGE sql AS $$
	SELECT * FROM dwh_log.share_log WHERE kind = 'exploit' ORDER BY share_id DESC LIMIT 1$$;

SET SESSION AUTHORIZATION tap_own_portal;
SELECT matches(pg_temp.call($$dwh.issue_own_data_code('tap_own', '9900000001')$$), '^42501 .*service', '2327-069 an unpublished service gives no code');
RESET SESSION AUTHORIZATION;
SET ROLE tap_own_officer;
SELECT dwh.publish_service('tap_own') AS due \gset
RESET ROLE;
SET SESSION AUTHORIZATION tap_own_officer;
SELECT matches(pg_temp.call($$dwh.issue_own_data_code('tap_own', '9900000001')$$), '^42501', '2327-069 only a gateway gets codes');
SELECT matches(pg_temp.call($$dwh.own_data('tap_own', '9900000001', 'X')$$), '^42501', '2327-069 and only a gateway reads');
RESET SESSION AUTHORIZATION;

SET SESSION AUTHORIZATION tap_own_portal;
SELECT pg_temp.call($$dwh.issue_own_data_code('tap_own', '9900000001')$$) AS code \gset
SELECT matches(:'code'::text, '^[0-9A-HJKMNP-TV-Z]{10}$', '2327-069 a code, once');
SELECT throws_ok('TABLE dwh_catalog.own_data_code', '42501', NULL, 'the portal cannot read the codes kept');
RESET SESSION AUTHORIZATION;
SELECT is((pg_temp.last_row()).status || ' ' || ((pg_temp.last_row()).detail ->> 'person_id'), 'noticed 990861', '2327-069 the issue is in the log');
SELECT is((SELECT count(*) FROM dwh_catalog.own_data_code AS c WHERE c::text LIKE '%' || :'code' || '%'
	OR encode(c.code_hash, 'escape') LIKE '%' || :'code' || '%'), 0::bigint, 'the code itself is kept nowhere');
SELECT is((SELECT count(*) FROM dwh_log.share_log AS l WHERE l::text LIKE '%' || :'code' || '%' OR l::text LIKE '%9900000001%'), 0::bigint,
	'neither code nor number is in the log');

SET SESSION AUTHORIZATION tap_own_portal;
SELECT matches(pg_temp.call(format($$dwh.own_data('tap_own', '9900000002', %L)$$, :'code')), '^28000', '2327-076 another person''s number');
SELECT matches(pg_temp.call($$dwh.own_data('tap_own', '9900000001', 'AAAAAAAAAA')$$), '^28000', '2327-069 a wrong code');
RESET SESSION AUTHORIZATION;
SELECT matches((pg_temp.last_row()).reason, 'wrong', '2327-069 the attempt is in the log');
SET SESSION AUTHORIZATION tap_own_other;
SELECT matches(pg_temp.call(format($$dwh.own_data('tap_own', '9900000001', %L)$$, :'code')), '^28000', 'the code of another gateway');
RESET SESSION AUTHORIZATION;
SET SESSION AUTHORIZATION tap_own_portal;
-- Read, typed as people do, and rolled back: it is used all the same.
SELECT pg_temp.call(format($$dwh.own_data('tap_own', '001990000001', %L)$$, lower(left(:'code', 5)) || '-' || right(:'code', 5)), true) AS body \gset
SELECT is(:'body'::text, E'{"month":"2025-01-01","amount":9908610,"note":"a \\"b\\""}\n{"month":"2025-02-01","amount":9908610,"note":"a \\"b\\""}\n'
	|| E'{"month":"2025-03-01","amount":9908610,"note":"a \\"b\\""}', '2327-069 2327-076 ND47-003 the person''s own rows, in order, and no others');
SELECT matches(pg_temp.call(format($$dwh.own_data('tap_own', '001990000001', %L)$$, :'code')), '^28000', '2327-069 a code works once, also after ROLLBACK');
RESET SESSION AUTHORIZATION;
SELECT matches((pg_temp.last_row()).reason, 'used', 'and the log says so');
SELECT is((SELECT row_count || ' ' || byte_count || ' ' || content_digest FROM dwh_log.share_log WHERE kind = 'exploit' AND status = 'supplied'),
	'3 ' || octet_length(:'body') || ' ' || encode(sha256(convert_to(:'body', 'UTF8')), 'hex'), '2327-069 rows, bytes and digest are those of the answer');
SELECT is((SELECT string_agg(stage || ' ' || status, ', ' ORDER BY share_id) FROM dwh_log.share_log WHERE share_no =
	(SELECT share_no FROM dwh_log.share_log WHERE kind = 'exploit' AND status = 'supplied')), 'intent intent, outcome supplied', 'the intent before, the outcome after');
SELECT is((SELECT agency_identifier FROM dwh_log.share_log WHERE kind = 'exploit' AND status = 'supplied'), 'G24.86', 'in the name of the host');

-- Wrong tries are counted although each of them is rolled back; then even the right code is refused.
SET SESSION AUTHORIZATION tap_own_portal;
SELECT pg_temp.call($$dwh.issue_own_data_code('tap_own', '9900000002')$$) AS code \gset
SELECT is((SELECT count(*) FROM generate_series(1, 5) WHERE pg_temp.call($$dwh.own_data('tap_own', '9900000002', 'BBBBBBBBBB')$$) ~ '^28000'),
	5::bigint, 'five wrong tries');
SELECT matches(pg_temp.call(format($$dwh.own_data('tap_own', '9900000002', %L)$$, :'code')), '^28000', '2327-069 then the right code is refused, too');
RESET SESSION AUTHORIZATION;
SELECT matches((pg_temp.last_row()).reason, '5 wrong tries', 'and the log says why');
-- A newer code replaces the older one.
SET SESSION AUTHORIZATION tap_own_portal;
SELECT pg_temp.call($$dwh.issue_own_data_code('tap_own', '9900000002')$$) AS older, pg_temp.call($$dwh.issue_own_data_code('tap_own', '9900000002')$$) AS newer \gset
SELECT matches(pg_temp.call(format($$dwh.own_data('tap_own', '9900000002', %L)$$, :'older')), '^28000', 'a newer code replaces the older one');
SELECT matches(pg_temp.call($$dwh.issue_own_data_code('tap_own', '9900000002')$$), '^53400', '2327-069 no fourth code within an hour');
RESET SESSION AUTHORIZATION;
SELECT matches((pg_temp.last_row()).reason, '^rate', 'and the log says so');
UPDATE dwh_catalog.own_data_code SET issued_at = issued_at - interval '11 minutes', expires_at = expires_at - interval '11 minutes' WHERE person_id = 990862;
SET SESSION AUTHORIZATION tap_own_portal;
SELECT matches(pg_temp.call(format($$dwh.own_data('tap_own', '9900000002', %L)$$, :'newer')), '^28000', '2327-069 an expired code');
RESET SESSION AUTHORIZATION;
SELECT matches((pg_temp.last_row()).reason, 'expired', 'and the log says so');
-- Codes that were rolled back count as well.
SET SESSION AUTHORIZATION tap_own_portal;
SELECT is((SELECT count(*) FROM generate_series(1, 4) WHERE pg_temp.call($$dwh.issue_own_data_code('tap_own', '9900000003')$$, true) ~ '^53400'), 1::bigint,
	'codes whose transaction was rolled back count, too');

-- So do those of a transaction that goes on under an old snapshot.
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) AS n FROM pg_class \gset
SELECT is((SELECT count(*) FROM generate_series(1, 5) WHERE pg_temp.call($$dwh.issue_own_data_code('tap_own', '9900000005')$$) ~ '^53400'), 2::bigint,
	'2327-069 the limit holds within a repeatable-read transaction');
COMMIT;

-- Nobody learns whom the warehouse knows.
SELECT is((SELECT count(*) FROM generate_series(1, 5) WHERE pg_temp.call($$dwh.issue_own_data_code('tap_own', '9999999999')$$) ~ '^[0-9A-Z]{10}$'), 3::bigint,
	'a number that nobody has gets codes like any other, and as many');
SELECT pg_temp.call($$dwh.issue_own_data_code('tap_own', '001990000009')$$) AS shared \gset
SELECT is(pg_temp.call(format($$dwh.own_data('tap_own', '001990000009', %L)$$, :'shared')), pg_temp.call($$dwh.own_data('tap_own', '9999999999', 'AAAAAAAAAA')$$),
	'a number that two persons share opens nothing, and sounds the same');
RESET SESSION AUTHORIZATION;
SELECT is((SELECT count(*) FROM dwh_catalog.own_data_code WHERE person_id IN (990863, 990864)), 0::bigint, 'no code was kept for them');

-- A number that was corrected is its true holder's; who has it no more is still one person, with all his rows and one budget of codes.
SET SESSION AUTHORIZATION tap_own_portal;
SELECT pg_temp.call($$dwh.issue_own_data_code('tap_own', '001990000007')$$) AS theirs, pg_temp.call($$dwh.issue_own_data_code('tap_own', '001990000006')$$) AS own,
	pg_temp.call($$dwh.issue_own_data_code('tap_own', '9900000008')$$) AS both, pg_temp.call($$dwh.issue_own_data_code('tap_own', '001990000018')$$) AS one \gset
SELECT matches(pg_temp.call(format($$dwh.own_data('tap_own', '001990000007', %L)$$, :'theirs')), '^28000', '2327-076 a number that another had by mistake opens nothing of his');
SELECT is(pg_temp.call(format($$dwh.own_data('tap_own', '9900000006', %L)$$, :'own')), E'{"month":"2021-01-01","amount":6,"note":"old"}\n{"month":"2025-01-01","amount":66,"note":"new"}',
	'2327-076 by the number in force one reads the rows of all one''s versions');
SELECT is((SELECT count(*) FROM unnest(ARRAY['9900000006', '001990000006', '9900000006']) AS n WHERE pg_temp.call(format($$dwh.issue_own_data_code('tap_own', %L)$$, n)) ~ '^53400'),
	1::bigint, '2327-069 codes by any number of a person are counted together');
SELECT matches(pg_temp.call(format($$dwh.own_data('tap_own', '9900000008', %L)$$, :'both')), '^28000', '2327-076 an insurance number of two identity numbers is nobody''s');
SELECT matches(pg_temp.call(format($$dwh.own_data('tap_own', '001990000018', %L)$$, :'one')), '^28000', '2327-076 nor does either identity number open both');
RESET SESSION AUTHORIZATION;

-- More rows than the service supplies at once: what is left out is said.
UPDATE dwh_catalog.share_service SET row_limit = 1 WHERE code = 'tap_own';
SET SESSION AUTHORIZATION tap_own_portal;
SELECT pg_temp.call($$dwh.issue_own_data_code('tap_own', '9900000010')$$) AS code \gset
SELECT pg_temp.call(format($$dwh.own_data('tap_own', '9900000010', %L)$$, :'code')) AS body \gset
RESET SESSION AUTHORIZATION;
SELECT is((SELECT concat_ws(' ', :'body', l.row_count, l.detail ->> 'rows_left') FROM pg_temp.last_row() AS l), '{"month":"2025-01-01","amount":1,"note":"x"} 1 2',
	'2327-069 rows beyond the limit of the service are counted in the log');
UPDATE dwh_catalog.share_service SET row_limit = NULL WHERE code = 'tap_own';

-- Suspended and withdrawn.
INSERT INTO dwh_catalog.office_holder (office_holder_id, person_name, unit_id, office, valid_from, document) VALUES
	(990086, 'Nguyễn Văn A', 1, 'sector_leadership', '2020-01-01', 'QĐ 1');
SET ROLE tap_own_officer;
SELECT dwh.suspend_share('force_majeure', 'mất điện', 990086, 'TB 2') AS suspension \gset
RESET ROLE;
SET SESSION AUTHORIZATION tap_own_portal;
SELECT matches(pg_temp.call($$dwh.issue_own_data_code('tap_own', '9900000001')$$), '^42501 .*suspended', 'where all sharing is suspended, this is');
RESET SESSION AUTHORIZATION;
SET ROLE tap_own_officer;
SELECT dwh.resume_share(:suspension, 990086, 'TB 3') AS resumed \gset
SELECT dwh.withdraw_service('tap_own', 'thử xong') AS withdrawn \gset
RESET ROLE;
SET SESSION AUTHORIZATION tap_own_portal;
SELECT matches(pg_temp.call($$dwh.own_data('tap_own', '9900000001', 'X')$$), '^42501 .*service', 'a withdrawn service');
RESET SESSION AUTHORIZATION;
SELECT dwh.retire_gateway('tap_own_portal', 'thử xong') AS retired \gset
SET SESSION AUTHORIZATION tap_own_portal;
SELECT matches(pg_temp.call($$dwh.own_data('tap_own', '9900000001', 'X')$$), '^42501 permission', 'a retired gateway');
RESET SESSION AUTHORIZATION;
SELECT is((SELECT count(*) FROM dwh_log.audit_event WHERE action = 'own_data' AND detail ->> 'reason' LIKE '%no gateway%'), 2::bigint,
	'which is in the log of events');
SELECT * FROM finish();

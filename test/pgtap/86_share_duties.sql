-- What sharing officers owe: inbound requests, data users and consents, fees, approvals, correction notices.
-- 2327-024 2327-055 2327-056 2327-058 2327-060 2327-070 2327-071 2327-073 ND47-002 ND47-003 ND47-016 ND47-045
-- harness: preload
SET client_min_messages = error;
SELECT plan(63);
CREATE ROLE tap_duty_officer LOGIN IN ROLE dwh_share_officer;
CREATE ROLE tap_duty_partner LOGIN IN ROLE dwh_partner;
CREATE ROLE tap_duty_second LOGIN IN ROLE dwh_partner;
CREATE ROLE tap_duty_firm LOGIN IN ROLE dwh_partner;
CREATE ROLE tap_duty_other LOGIN IN ROLE dwh_partner;
INSERT INTO dwh_catalog.office_holder (office_holder_id, person_name, unit_id, office, valid_from, document) VALUES
	(990087, 'Nguyễn Văn A', 1, 'sector_leadership', '2020-01-01', 'QĐ 1');
INSERT INTO dwh_star.dim_person (person_id, social_insurance_no, home_unit_id, valid_from)
SELECT 990870 + n, '990000087' || n, 101, '2020-01-01' FROM generate_series(1, 3) AS n;
INSERT INTO dwh_log.load_run (source_id, batch, status) VALUES (9, 'share_duties', 'done') RETURNING load_id \gset
CREATE TABLE dwh_star.tap_persons (person_id int PRIMARY KEY, amount int);
INSERT INTO dwh_star.tap_persons SELECT 990870 + n, n FROM generate_series(1, 3) AS n;
ALTER TABLE dwh_star.tap_persons OWNER TO dwh_owner;
CREATE VIEW dwh_star.tap_staff_rows AS SELECT month, unit_id, staff_id, employment_kind FROM dwh_star.fact_staff;
ALTER VIEW dwh_star.tap_staff_rows OWNER TO dwh_owner;
CREATE VIEW dwh_star.tap_staff AS SELECT month, unit_id, count(*) AS staff FROM dwh_star.tap_staff_rows GROUP BY month, unit_id;
ALTER VIEW dwh_star.tap_staff OWNER TO dwh_owner;
INSERT INTO dwh_star.fact_staff (month, unit_id, staff_id, position_id, employment_kind, load_id)
SELECT m, u, u * 10 + n, (SELECT min(position_id) FROM dwh_star.dim_position), 'civil_servant', :load_id
FROM generate_series(timestamp '2024-01-01', '2024-03-01', '1 month') AS m, unnest(ARRAY[101, 131]) AS u, generate_series(1, 2) AS n;
SELECT dwh.refresh('fact_staff') AS run \gset

\ir include/as_role.psql
CREATE FUNCTION pg_temp.officer(p_call text) RETURNS text LANGUAGE sql AS $$SELECT pg_temp.call_as('tap_duty_officer', p_call)$$;
CREATE FUNCTION pg_temp.fetch_as(p_role text, p_args text) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.call_as(p_role, format($x$array_to_string(ARRAY(SELECT dwh.fetch_share(%s)), ' ')$x$, p_args))$$;

SET ROLE tap_duty_officer;
SELECT dwh.register_agency('unit', 'G24.87', 'BHXH Việt Nam', NULL, 1) AS host, dwh.register_agency('unit', 'G24.87.1', 'Ban Thu', NULL, 1) AS managing \gset
SELECT dwh.register_agency('agency', 'G09.87', 'Bộ Y') AS agency, dwh.register_agency('agency', 'G09.88', 'Bộ Z') AS second \gset
SELECT dwh.register_agency('enterprise', '0100109187', 'Công ty') AS firm \gset
SELECT dwh.register_official('G24.87', 'Lê B', 'Phó', 'CNTT', '024', 'b@example.invalid') AS official \gset
SELECT dwh.register_application('G09.87', 'G09.87.APP', 'Ứng dụng', 3, 'QĐ 3', '2024-01-01') AS a1, dwh.register_application('G09.88', 'G09.88.APP', 'Ứng dụng', 3, 'QĐ 3',
	'2024-01-01') AS a2, dwh.register_application('0100109187', 'FIRM.APP', 'Ứng dụng', 4, 'QĐ 3', '2024-01-01') AS a3 \gset
SELECT dwh.register_database('TAP_DUTY', 1, '{"system_vi": "Kho", "name_vi": "Số", "purpose": "p", "scope": "s", "content": "c", "mechanism": "m",
	"source": "s", "items": [{"name": "n", "mark": "special"}], "decision_no": "QĐ 5", "decision_on": "2020-01-01", "regulation": "Quy chế"}') AS database \gset
RESET ROLE;
UPDATE dwh_catalog.share_host SET agency_id = :host;
CREATE TEMPORARY TABLE definition AS SELECT jsonb '{"name_vi": "Thử", "description": "x", "default_kind": "common", "technical_document": "TL", "guide": "HD",
	"use_term": "immediate", "responsible": {"collecting": "a", "managing": "b", "connecting": "c", "sharing": "d", "using": "e"},
	"standardised_on": "2020-07-08", "listed_on": "2020-07-09", "built_on": "2020-07-10"}' AS d;
SELECT pg_temp.officer(format($$dwh.create_service('tap_persons', 'default', 'TAP_DUTY', 'dwh_star.tap_persons', %L)$$,
	d || '{"columns": [{"name": "person_id"}, {"name": "amount"}], "key_columns": ["person_id"], "person_column": "person_id"}')) AS s1,
	pg_temp.officer(format($$dwh.create_service('tap_staff', 'default', 'TAP_DUTY', 'dwh_star.tap_staff', %L)$$, d || '{"columns": [{"name": "month"},
	{"name": "unit_id"}, {"name": "staff"}], "key_columns": ["month", "unit_id"], "month_column": "month", "unit_column": "unit_id"}')) AS s2 FROM definition \gset
SELECT pg_temp.officer($$dwh.publish_service('tap_persons')$$) AS p1, pg_temp.officer($$dwh.publish_service('tap_staff')$$) AS p2 \gset

-- Inbound requests.
CREATE FUNCTION pg_temp.inbound(p_agency text, p_database text, p_scope text, p_frequency text, p_from date) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.officer(format('dwh.request_inbound(%L, %L, %L, ARRAY[%L, %L], 2, %L, %L, %L, NULL, %L, %L)', p_agency, p_database, 'đối soát', 'id', 'name',
		p_frequency, p_scope, p_from, 'G24.87.1', 'G09.87.APP'))$$;
SELECT matches(pg_temp.inbound(NULL, 'CSDL', 'cả nước', 'daily', '2025-01-01'), '^22023 .*"agency"', '2327-058 without agency');
SELECT matches(pg_temp.inbound('G09.87', ' ', 'cả nước', 'daily', '2025-01-01'), '^22023 .*"database"', '2327-058 without database');
SELECT matches(pg_temp.inbound('G09.87', 'CSDL', NULL, 'daily', '2025-01-01'), '^22023 .*"scope"', '2327-058 without scope');
SELECT matches(pg_temp.inbound('G09.87', 'CSDL', 'cả nước', '', '2025-01-01'), '^22023 .*"frequency"', '2327-058 without frequency');
SELECT matches(pg_temp.inbound('G09.87', 'CSDL', 'cả nước', 'daily', NULL), '^22023 .*"period_from"', '2327-058 without time');
SELECT pg_temp.inbound('G09.87', 'CSDL', 'cả nước', 'daily', '2025-01-01') AS inbound \gset
SELECT matches(:'inbound'::text, '^\d+$', '2327-058 a whole inbound request');
SELECT matches(pg_temp.officer(format($$dwh.answer_request(%s, true, 990087, 'CV 1', p_holder => 'Trần C')$$, :inbound)), '^55000 .*focal', '2327-060 the managing unit has no focal person');
SELECT pg_temp.officer($$dwh.register_official('G24.87.1', 'Phạm D', 'Phó', 'Thu', '024', 'd@example.invalid')$$) AS focal \gset
SELECT pg_temp.officer(format($$dwh.answer_request(%s, true, 990087, 'CV 1', p_holder => 'Trần C')$$, :inbound)) AS agreement_in \gset
SELECT is((SELECT g.kind || ' ' || g.state || ' ' || v.directions::text FROM dwh_catalog.share_agreement AS g JOIN dwh_catalog.share_agreement_version AS v USING (agreement_id)
	WHERE agreement_id = :agreement_in), 'inbound active {in}', '2327-060 then it is active');
SELECT is((dwh_internal.share_check(:agreement_in, 'in', NULL, '{id}', NULL, NULL, NULL, NULL, NULL)).rule, NULL, '2327-058 receiving is allowed');
SELECT is((dwh_internal.share_check(:agreement_in, 'out', NULL, '{id}', NULL, NULL, NULL, NULL, NULL)).rule, 'direction', 'sending is not');
SELECT is((SELECT string_agg(direction || ' ' || stage, ', ' ORDER BY share_id) FROM dwh_log.share_log WHERE request_content @> jsonb_build_object('request_id', :inbound)),
	'in asked, in notice', '2327-058 both are in the log');

-- A data user: the person named, within the period, with consents, and for a fee.
SELECT pg_temp.officer(format($$dwh.request_share('0100109187', 'tap_persons', 'nghiên cứu', ARRAY['person_id', 'amount'], 2, 'daily', 'FIRM.APP', 'L60', p_others => %L)$$,
	jsonb_build_object('requester_name', 'Giám đốc', 'direct_user', 'Ngô E', 'scope', 's', 'content', 'c', 'use_until', dwh.today() + 30))) AS request \gset
SELECT matches(pg_temp.officer(format($$dwh.answer_request(%s, true, 990087, 'CV 2', p_holder => 'Người khác')$$, :request)), '^22023', '2327-070 an account for somebody else than the direct user');
SELECT pg_temp.officer(format($$dwh.answer_request(%s, true, 990087, 'CV 2', p_holder => 'Ngô E', p_login_role => 'tap_duty_firm')$$, :request)) AS agreement_firm \gset
SELECT matches(pg_temp.fetch_as('tap_duty_firm', $$'tap_persons'$$), '^42501 .*consent', 'ND47-003 nobody''s rows without consent');
SELECT matches(pg_temp.officer($$dwh.record_consent('0100109187', 'tap_persons', 990871, ARRAY['person_id'], 'ĐY 1')$$), '^22023 .*valid_to', 'ND47-003 a consent ends');
SELECT pg_temp.officer(format($$dwh.record_consent('0100109187', 'tap_persons', 990872, ARRAY['person_id', 'amount'], 'ĐY 1', p_valid_to => %L)$$, dwh.today() + 9)) AS consent \gset
SELECT pg_temp.officer(format($$dwh.record_consent('0100109187', 'tap_persons', 990871, ARRAY['person_id'], 'ĐY 2', p_valid_to => %L)$$, dwh.today() + 9)) IS NOT NULL AS narrow \gset
SELECT is(pg_temp.fetch_as('tap_duty_firm', $$'tap_persons'$$), 'person_id,amount 990872,2', 'ND47-003 the rows of who consented to all items asked for');
SELECT is(pg_temp.fetch_as('tap_duty_firm', $$'tap_persons', '{"items": ["person_id"], "limit": 9}'$$), 'person_id 990871 990872', 'ND47-003 fewer items, more consents');
SELECT matches(pg_temp.fetch_as('tap_duty_other', $$'tap_persons'$$), '^42501 .*agreement', '2327-070 nobody but the direct user');
-- A body that is pushed has whatever persons it has.
SELECT pg_temp.officer($$dwh.register_push_host('127.0.0.1', 3, 'thử', '{127.0.0.0/8}', 'http')$$) AS h, pg_temp.officer(format($$dwh.register_push_target(%s, '127.0.0.1', 3, '/', 'tap')$$, :agreement_firm)) AS t \gset
SELECT matches(pg_temp.officer(format($$dwh.push_share(%s, '{"person_id": 990873}', '{person_id}')$$, :agreement_firm)), '^42501', 'ND47-003 nothing of persons is pushed to who needs their consent');
SELECT matches((SELECT max(reason) FROM dwh_log.share_log WHERE agreement_id = :agreement_firm AND status = 'refused' AND reason LIKE '%pushed%'), 'consented cannot be checked; the receiver fetches it',
	'ND47-003 the log says what to do instead');
SELECT is((SELECT count(*) FROM dwh_log.share_outbox WHERE agreement_id = :agreement_firm), 0::bigint, 'ND47-003 nothing waits');
SELECT is(pg_temp.officer(format($$dwh.withdraw_consent(%s, 'RĐY 1')$$, :consent)), '', 'a consent is withdrawn');
SELECT matches(pg_temp.fetch_as('tap_duty_firm', $$'tap_persons'$$), '^42501 .*consent', 'ND47-003 at once');
SELECT matches(pg_temp.officer($$dwh.set_fee('tap_persons', 'agency', 1000, 'TT 1')$$), '^22023', 'ND47-002 state agencies pay nothing');
SELECT matches(pg_temp.officer($$dwh.set_fee('tap_persons', 'enterprise', 1000, ' ')$$), '^22023 .*legal_basis', '2327-071 a fee has a basis');
SELECT matches(pg_temp.officer($$dwh.set_fee('tap_persons', 'enterprise', 1000, 'TT 1')$$), '^\d+$', '2327-071 a fee for enterprises');
SELECT matches(pg_temp.fetch_as('tap_duty_firm', $$'tap_persons', '{"items": ["person_id"]}'$$), '^42501 .*fee', '2327-071 nothing before it is paid');
SELECT matches(pg_temp.officer(format($$dwh.record_payment(%s, 'BL 1', 0)$$, :agreement_firm)), '^22023', 'a payment of nothing');
SELECT matches(pg_temp.officer(format($$dwh.record_payment(%s, 'BL 1', 400)$$, :agreement_firm)), '^\d+$', '2327-071 a payment');
SELECT matches(pg_temp.officer(format($$dwh.record_payment(%s, 'BL 1', 600)$$, :agreement_firm)), '^42710', '2327-071 which is recorded once');
SELECT matches(pg_temp.fetch_as('tap_duty_firm', $$'tap_persons', '{"items": ["person_id"]}'$$), '^42501 .*fee', '2327-071 of a part');
SELECT matches(pg_temp.officer(format($$dwh.record_payment(%s, 'BL 2', 600)$$, :agreement_firm)), '^\d+$', '2327-071 and of the rest');
SELECT is(pg_temp.fetch_as('tap_duty_firm', $$'tap_persons', '{"items": ["person_id"]}'$$), 'person_id 990871', '2327-071 then supply');
SELECT matches(pg_temp.officer(format($$dwh.set_fee('tap_staff', %L, %s, 'TT 1', p_valid_from => '2024-01-01', p_valid_to => %L)$$, k, a, t)), '^22023 .*' || r, '2327-071 refused: ' || r)
FROM (VALUES ('enterprise', 0, NULL, 'positive'), ('robot', 1, NULL, 'robot'), (NULL, 1, NULL, 'agency_kind'), ('enterprise', 1, '2023-12-31', 'some days')) AS v (k, a, t, r);
SELECT pg_temp.officer(format($$dwh.set_fee('tap_staff', 'enterprise', %s, 'TT 1', p_valid_from => %L)$$, a, d)) AS fee
FROM (VALUES (1000, '2024-01-01'), (900, '2023-01-01'), (1200, '2024-06-01'), (1300, '2024-06-01'), (1100, '2024-03-01')) AS v (a, d);
SELECT is((SELECT string_agg(concat_ws(' ', f.amount, f.valid_from, f.valid_to), ', ' ORDER BY f.valid_from) FROM dwh_catalog.share_fee AS f JOIN dwh_catalog.share_service AS s USING (service_id)
	WHERE s.code = 'tap_staff'), '900 2023-01-01 2023-12-31, 1000 2024-01-01 2024-02-29, 1100 2024-03-01 2024-05-31, 1300 2024-06-01',
	'2327-071 one fee a day, in whatever order they are set');
UPDATE dwh_catalog.share_request SET use_until = dwh.today() - 1 WHERE request_id = :request;
SELECT matches(pg_temp.fetch_as('tap_duty_firm', $$'tap_persons', '{"items": ["person_id"]}'$$), '^42501 .*use period', '2327-070 the period is over');

-- Corrections: Bộ Y gets all units of January and February, Bộ Z unit 131 of every month; both read them now.
SELECT pg_temp.officer($$dwh.request_share('G09.87', 'tap_staff', 'đối soát', ARRAY['month', 'unit_id', 'staff'], 3, 'daily', 'G09.87.APP')$$) AS r1,
	pg_temp.officer($$dwh.request_share('G09.88', 'tap_staff', 'đối soát', ARRAY['month', 'unit_id', 'staff'], 3, 'daily', 'G09.88.APP')$$) AS r2 \gset
SELECT pg_temp.officer(format($$dwh.answer_request(%s, true, 990087, 'CV 3', p_holder => 'Trần C', p_login_role => 'tap_duty_partner', p_terms => '{"period_to": "2024-02-01"}')$$, :r1)) AS g1,
	pg_temp.officer(format($$dwh.answer_request(%s, true, 990087, 'CV 4', p_holder => 'Trần F', p_login_role => 'tap_duty_second', p_terms => %L)$$, :r2,
	jsonb_build_object('unit_ids', ARRAY[131], 'valid_to', dwh.today() + 5))) AS g2 \gset
SELECT is(pg_temp.fetch_as('tap_duty_partner', $$'tap_staff', '{"limit": 2}'$$), 'month,unit_id,staff 2024-01-01,101,2 2024-01-01,131,2', 'one partner reads');
SELECT is(pg_temp.fetch_as('tap_duty_second', $$'tap_staff', '{"limit": 9}'$$), 'month,unit_id,staff 2024-01-01,131,2 2024-02-01,131,2 2024-03-01,131,2', 'the other reads');
SELECT is((SELECT count(*) FROM generate_series(1, 200) AS i WHERE (SELECT count(*) FROM dwh_log.share_log WHERE service_code = 'tap_staff' AND status = 'supplied') = 2
	OR pg_sleep(0.02) IS NULL) > 0, true, 'both supplies are in the log');
CREATE FUNCTION pg_temp.notices() RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(format('%s %s..%s', a.identifier, n.period_from, n.period_to), ', ' ORDER BY a.identifier), 'none')
	FROM dwh_catalog.share_notice AS n JOIN dwh_catalog.agency AS a USING (agency_id) WHERE n.kind = 'correction' AND n.sent_on IS NULL$$;
SELECT is(dwh.refresh('fact_staff') > 0 AND pg_temp.notices() = 'none', true, 'ND47-045 a refresh with nothing changed');
INSERT INTO dwh_star.fact_staff (month, unit_id, staff_id, position_id, employment_kind, load_id)
SELECT '2024-03-01', 101, 9, min(position_id), 'contract', :load_id FROM dwh_star.dim_position;
SELECT dwh.refresh('fact_staff') AS run \gset
SELECT is(pg_temp.notices(), 'none', 'ND47-045 a unit and month that nobody got');
INSERT INTO dwh_star.fact_staff (month, unit_id, staff_id, position_id, employment_kind, load_id)
SELECT date_trunc('month', dwh.today()), 131, 9, min(position_id), 'contract', :load_id FROM dwh_star.dim_position;
SELECT dwh.refresh('fact_staff') AS run \gset
SELECT is(pg_temp.notices(), 'none', 'ND47-045 a month that had not ended when it was supplied');
DELETE FROM dwh_star.fact_staff WHERE month = '2024-02-01' AND unit_id = 101 AND staff_id = 1011;
SELECT dwh.refresh('fact_staff') AS run \gset
SELECT is(pg_temp.notices(), 'G09.87 2024-02-01..2024-02-01', 'ND47-045 one receiver of a changed figure, the other none');
SELECT is((SELECT n.share_no FROM dwh_catalog.share_notice AS n WHERE n.kind = 'correction'), (SELECT max(share_no) FROM dwh_log.share_log WHERE agreement_id = :g1 AND status = 'supplied'),
	'ND47-045 the notice names the row of the log');
SELECT is((SELECT related_share_no FROM dwh_log.share_log WHERE agreement_id = :g1 AND kind = 'share' AND stage = 'notice'), (SELECT n.share_no FROM dwh_catalog.share_notice AS n
	WHERE n.kind = 'correction'), 'and stands in the log');
DELETE FROM dwh_star.fact_staff WHERE unit_id = 131 AND staff_id = 1311;
SELECT dwh.refresh('fact_staff') AS run \gset
SELECT is(pg_temp.notices(), 'G09.87 2024-01-01..2024-02-01, G09.88 2024-01-01..2024-03-01', 'ND47-045 both; the notice that was not sent is widened');
SELECT n.notice_id AS notice FROM dwh_catalog.share_notice AS n WHERE n.kind = 'correction' AND n.agreement_id = :g1 \gset
SELECT matches(pg_temp.officer(format($$dwh.record_notice(%s, %L)$$, :notice, dwh.today() + 1)), '^22023', 'not sent tomorrow');
SELECT matches(pg_temp.officer(format($$dwh.record_notice(%s, NULL, %L, 'x')$$, :notice, dwh.today())), '^22023 a notice is sent, then answered', '2327-073 not answered before it is sent');
SELECT matches(pg_temp.officer(format($$dwh.record_notice(%s, p_answer => 'x')$$, :notice)), '^22023 a notice is sent, then answered', '2327-073 nor on no day');
SELECT is(pg_temp.officer(format($$dwh.record_notice(%s, %L)$$, :notice, dwh.today())), '', 'sent');
SELECT matches(pg_temp.officer(format($$dwh.record_notice(%s, NULL, %L)$$, :notice, dwh.today())), '^22023 .*answer', '2327-073 an answer has a text');
SELECT is(pg_temp.notices(), 'G09.88 2024-01-01..2024-03-01', 'it is off the list');
-- What is on its way when figures change is of before: a message that waits, a fetch that goes on.
SELECT pg_temp.officer($$dwh.request_share('G09.88', 'tap_staff', 'đối soát', ARRAY['month', 'unit_id', 'staff'], 3, 'daily', 'G09.88.APP')$$) AS r3 \gset
SELECT pg_temp.officer(format($$dwh.answer_request(%s, true, 990087, 'CV 5', p_holder => 'Trần G', p_login_role => 'tap_duty_other')$$, :r3)) AS g3 \gset
SELECT pg_temp.officer($$dwh.register_push_host('duty.invalid', 443, 'thử')$$) AS h, pg_temp.officer(format($$dwh.register_push_target(%s, 'duty.invalid', 443, '/', 'tap')$$, :g3)) AS t \gset
SELECT pg_temp.officer(format($$dwh.push_share(%s, '{"month": "2024-01-01", "unit_id": 131, "staff": 1}', '{month,unit_id,staff}', 'application/json', '{131}', '2024-01-01', '2024-01-01')$$, :g3)) AS waiting \gset
DELETE FROM dwh_star.fact_staff WHERE unit_id = 131 AND staff_id = 1312 AND month < '2024-03-01';
SELECT dwh.refresh('fact_staff') AS run \gset
SELECT results_eq(format('SELECT period_from, period_to, share_no FROM dwh_catalog.share_notice WHERE kind = ''correction'' AND agreement_id = %s', :g3), format('VALUES (date %L, date %L, %s::bigint)', '2024-01-01', '2024-01-01', :waiting),
	'ND47-045 a message that waits');
UPDATE dwh_log.share_outbox SET is_cancelled = true, cancel_reason = 'test' WHERE agreement_id = :g3;
UPDATE dwh_catalog.share_notice SET sent_on = dwh.today() WHERE agreement_id = :g3;
BEGIN;
SET LOCAL ROLE tap_duty_other;
DECLARE goes_on CURSOR FOR SELECT dwh.fetch_share('tap_staff');
FETCH 1 FROM goes_on \g /dev/null
RESET ROLE;
DELETE FROM dwh_star.fact_staff WHERE unit_id = 131 AND staff_id = 1312;
SELECT dwh.refresh('fact_staff') AS run \gset
SELECT results_eq(format('SELECT period_from, period_to, share_no FROM dwh_catalog.share_notice WHERE kind = ''correction'' AND agreement_id = %s AND sent_on IS NULL', :g3),
	format('SELECT date %L, date %L, max(share_no) FROM dwh_log.share_log WHERE agreement_id = %s AND stage = %L', '2024-03-01', '2024-03-01', :g3, 'intent'), 'ND47-045 a fetch that goes on');
COMMIT;

-- Approvals and terms.
SELECT is(pg_temp.officer($$dwh.withdraw_approval('G09.87.APP', 'QĐ 9')$$), '', 'an approval is withdrawn');
SELECT matches(pg_temp.fetch_as('tap_duty_partner', $$'tap_staff'$$), '^42501 .*safety approval', '2327-024 the next fetch is refused');
SELECT is((dwh_internal.share_check(:agreement_in, 'in', NULL, '{id}', NULL, NULL, NULL, NULL, NULL)).rule, 'safety approval', '2327-056 receiving, too');
SELECT pg_temp.officer($$dwh.register_application('G09.87', 'G09.87.APP', 'Ứng dụng', 3, 'QĐ 3', '2024-01-01')$$) AS same, pg_temp.officer($$dwh.register_application('G09.87', 'G09.87.APP', 'Ứng dụng', 3)$$) AS none,
	pg_temp.officer($$dwh.register_application('G09.87', 'G09.87.APP', 'Ứng dụng', 3, 'QĐ 3', '2024-01-01')$$) AS same_again \gset
SELECT matches(pg_temp.fetch_as('tap_duty_partner', $$'tap_staff'$$), '^42501 .*safety approval', '2327-024 the approval that was withdrawn stays so, however it is entered again');
SELECT pg_temp.officer($$dwh.register_application('G09.87', 'G09.87.APP', 'Ứng dụng', 3, 'QĐ 11', '2024-06-01')$$) AS another \gset
SELECT is(pg_temp.fetch_as('tap_duty_partner', $$'tap_staff', '{"limit": 1, "items": ["staff"]}'$$), 'staff 2', '2327-024 another approval takes its place');
SELECT matches(pg_temp.officer($$dwh.register_application('G09.87', 'G09.87.APP', 'Ứng dụng', 3, 'QĐ 3', '2024-01-01')$$), '^55000 approval "QĐ 3" was withdrawn',
	'2327-024 the withdrawn one does not come back by way of another');
SELECT pg_temp.officer(format($$dwh.sign_agreement(%s, %L, 990087, 'TT 2', %L, %L)$$, :g2, (SELECT jsonb_object_agg(i, 'x') FROM unnest(ARRAY['parties', 'content', 'place',
	'term', 'method', 'processing', 'conditions', 'commitment', 'security', 'storage', 'deletion']) AS i),
	jsonb_build_object('valid_from', dwh.today() - 9, 'valid_to', dwh.today() - 1), dwh.today() - 9)) AS ended \gset
SELECT matches(pg_temp.fetch_as('tap_duty_second', $$'tap_staff'$$), '^42501 .*term', 'ND47-016 after its end date nothing is supplied');
SELECT * FROM finish();

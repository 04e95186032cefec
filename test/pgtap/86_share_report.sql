-- Statistics, reviews, what is due, the yearly evaluation, and what partners see of themselves.
-- 2327-064 2327-081 2327-089 2327-094 ND47-008 ND47-009 ND47-010 ND47-022 ND47-027 ND47-033 ND47-046
SET client_min_messages = error;
SELECT plan(41);
CREATE ROLE tap_report_officer LOGIN IN ROLE dwh_share_officer;
CREATE ROLE tap_report_auditor LOGIN IN ROLE dwh_auditor;
CREATE ROLE tap_report_analyst LOGIN IN ROLE dwh_analyst;
CREATE ROLE tap_report_partner LOGIN IN ROLE dwh_partner;
CREATE ROLE tap_report_other LOGIN IN ROLE dwh_partner;
INSERT INTO dwh_catalog.office_holder (office_holder_id, person_name, unit_id, office, valid_from, document) VALUES
	(990088, 'Nguyễn Văn A', 1, 'sector_leadership', '2020-01-01', 'QĐ 1');
CREATE VIEW dwh_star.tap_report AS SELECT unit_id, code FROM dwh_star.dim_unit;
ALTER VIEW dwh_star.tap_report OWNER TO dwh_owner;
\ir include/as_role.psql
CREATE FUNCTION pg_temp.officer(p_call text) RETURNS text LANGUAGE sql AS $$SELECT pg_temp.call_as('tap_report_officer', p_call)$$;
SET ROLE tap_report_officer;
SELECT dwh.register_agency('unit', 'G24.88', 'BHXH Việt Nam', NULL, 1) AS host, dwh.register_agency('agency', 'G09.881', 'Bộ Y') AS agency,
	dwh.register_agency('agency', 'G09.882', 'Bộ Z') AS other \gset
SELECT dwh.register_official('G24.88', 'Lê B', 'Phó', 'CNTT', '024', 'b@example.invalid') AS official \gset
SELECT dwh.register_application('G09.881', 'G09.881.APP', 'Ứng dụng', 3, 'QĐ 3', '2024-01-01') AS a1,
	dwh.register_application('G09.882', 'G09.882.APP', 'Ứng dụng', 3, 'QĐ 3', '2024-01-01') AS a2 \gset
SELECT dwh.register_database('TAP_REPORT', 1, '{"system_vi": "Kho", "name_vi": "Số", "purpose": "p", "scope": "s", "content": "c", "mechanism": "m", "source": "s",
	"items": [{"name": "a", "mark": "default"}, {"name": "b", "mark": "default"}, {"name": "c", "mark": "open"}], "decision_no": "QĐ 5", "decision_on": "2020-01-01",
	"regulation": "Quy chế"}') AS database \gset
RESET ROLE;
UPDATE dwh_catalog.share_host SET agency_id = :host;
CREATE TEMPORARY TABLE definition AS SELECT jsonb '{"name_vi": "Thử", "description": "x", "technical_document": "TL", "guide": "HD", "use_term": "immediate",
	"columns": [{"name": "unit_id"}, {"name": "code"}], "key_columns": ["unit_id"],
	"responsible": {"collecting": "a", "managing": "b", "connecting": "c", "sharing": "d", "using": "e"},
	"standardised_on": "2020-07-08", "listed_on": "2020-07-09", "built_on": "2020-07-10"}' AS d;
SELECT pg_temp.officer(format($$dwh.create_service('tap_report', 'special', 'TAP_REPORT', 'dwh_star.tap_report', %L)$$, d)) AS service,
	pg_temp.officer(format($$dwh.create_service('tap_default', 'default', 'TAP_REPORT', 'dwh_star.tap_report', %L)$$,
	d || '{"default_kind": "common", "columns": [{"name": "code"}]}')) AS default_service FROM definition \gset
SELECT pg_temp.officer($$dwh.publish_service('tap_report')$$) AS p1, pg_temp.officer($$dwh.publish_service('tap_default')$$) AS p2 \gset
SELECT is((SELECT count(*) FROM dwh.default_candidates), 0::bigint, 'ND47-022 no candidate yet');
SELECT pg_temp.officer($$dwh.request_share('G09.881', 'tap_report', 'đối soát', ARRAY['unit_id'], 1, 'daily', 'G09.881.APP', p_received_on => '2025-08-18')$$) AS r1,
	pg_temp.officer($$dwh.request_share('G09.882', 'tap_report', 'thống kê', ARRAY['unit_id'], 1, 'daily', 'G09.882.APP')$$) AS r2 \gset
SELECT pg_temp.officer(format($$dwh.answer_request(%s, true, 990088, 'CV 1', p_holder => 'Trần C', p_login_role => 'tap_report_partner')$$, :r1)) AS g1,
	pg_temp.officer(format($$dwh.answer_request(%s, true, 990088, 'CV 2', p_holder => 'Trần D', p_login_role => 'tap_report_other')$$, :r2)) AS g2 \gset
CREATE TEMPORARY TABLE content AS SELECT jsonb_object_agg(i, 'x') AS c FROM unnest(ARRAY['parties', 'content', 'place', 'term', 'method', 'processing', 'conditions',
	'commitment', 'security', 'storage', 'deletion']) AS i;
SELECT pg_temp.officer(format($$dwh.sign_agreement(%s, %L, 990088, 'TT 1', '{"storage_days": 30}')$$, :g1, c)) AS v1 FROM content \gset
SELECT is((SELECT service_code || ' ' || agency_count FROM dwh.default_candidates), 'tap_report 2', 'ND47-022 special, but asked for by two agencies');

SELECT date_trunc('month', dwh.today())::date AS m0, (date_trunc('month', dwh.today()) + interval '1 month')::date AS m1,
	(date_trunc('month', dwh.today()) + interval '2 months - 1 day')::date AS m1_end, extract(year FROM dwh.today())::int AS year \gset
CREATE TEMPORARY TABLE span AS SELECT :'m0'::date AS first_day, :'m1_end'::date AS last_day, :year AS year;
-- A log: 2 agencies, two months, every status, with the share of a kind that one expects.
INSERT INTO dwh_log.share_log (month, share_no, stage, occurred_at, direction, kind, requested_at, request_form, supplied_at, supply_form, agency_id, agency_identifier,
	service_id, service_code, agreement_id, agreement_version, session_user_name, outer_user_name, gateway, purpose, request_content, status, reason, row_count, byte_count,
	duration_ms)
SELECT date_trunc('month', t AT TIME ZONE 'Asia/Ho_Chi_Minh')::date, nextval('dwh_log.share_no_seq'), CASE s WHEN 'intent' THEN 'intent' WHEN 'noticed' THEN 'notice' ELSE 'outcome' END, t,
	CASE WHEN n % 5 = 0 THEN 'in' ELSE 'out' END, (ARRAY['share', 'use', 'exploit'])[n % 3 + 1], t, 'online', t, 'online', CASE n % 2 WHEN 0 THEN :agency ELSE :other END,
	CASE n % 2 WHEN 0 THEN 'G09.881' ELSE 'G09.882' END, :service, 'tap_report', :g1, 1, 'x', 'x', 'PORTAL', CASE WHEN n % 4 = 0 THEN 'đối soát' ELSE 'thống kê' END,
	'{}', s, 'vì', n, n * 10, n * 100
FROM generate_series(1, 60) AS n, LATERAL (SELECT ((:'m0'::date + (n % 2) * interval '1 month' + interval '14 days 23:30') AT TIME ZONE 'Asia/Ho_Chi_Minh') AS t,
	(ARRAY['intent', 'supplied', 'refused', 'failed', 'noticed', 'broken_off', 'received'])[n % 7 + 1] AS s) AS x;
CREATE FUNCTION pg_temp.statistics(p_by text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT concat_ws(' ', agency, service, kind, direction, month, connections, successes, refusals, incidents, notices, row_count, byte_count, connection_ms)
	FROM span, dwh.share_statistics(first_day, last_day, p_by::text[])$$;
CREATE FUNCTION pg_temp.direct(p_by text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format($x$SELECT concat_ws(' ', %s, count(*) FILTER (WHERE stage = 'intent'), count(*) FILTER (WHERE status IN ('supplied', 'received')),
		count(*) FILTER (WHERE status = 'refused'), count(*) FILTER (WHERE status IN ('failed', 'broken_off', 'invalid', 'undelivered')), count(*) FILTER (WHERE status = 'noticed'),
		coalesce(sum(row_count) FILTER (WHERE stage = 'outcome'), 0), coalesce(sum(byte_count) FILTER (WHERE stage = 'outcome'), 0), coalesce(sum(duration_ms), 0))
		FROM dwh_log.share_log, span WHERE (occurred_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date BETWEEN first_day AND last_day GROUP BY %s$x$, p_by, p_by);
END
$$;
SET ROLE tap_report_analyst;
SELECT throws_ok($$SELECT * FROM dwh.share_statistics('2026-10-01', '2026-11-30')$$, '42501', NULL, 'analysts get no statistics of sharing');
RESET ROLE;
SELECT throws_ok($$SELECT * FROM dwh.share_statistics('2026-11-01', '2026-10-30')$$, '22023', NULL, 'days the wrong way round');
SELECT throws_ok($$SELECT * FROM dwh.share_statistics('2026-10-01', '2026-11-30', '{colour}')$$, '22023', NULL, 'by nothing else');
SELECT bag_eq($$SELECT pg_temp.statistics('{agency}')$$, $$SELECT pg_temp.direct('agency_identifier')$$, '2327-064 by agency as counted directly, nothing rolled up');
-- What one sealing has seen drawn, the next finds settled.
SELECT dwh.audit_seal() AS first_seal \gset
SELECT pg_temp.officer($$dwh.record_review('open', 'BB 0')$$) AS review \gset
SELECT cmp_ok(dwh.audit_seal(), '>', 0::bigint, 'sealed');
SELECT bag_eq($$SELECT pg_temp.statistics('{agency}')$$, $$SELECT pg_temp.direct('agency_identifier')$$, '2327-064 by agency, rolled up');
SELECT is((SELECT rolled_to FROM dwh_log.share_rolled), (SELECT max(share_id) FROM dwh_log.share_log), 'the whole log was rolled up');
INSERT INTO dwh_log.share_log (month, share_no, stage, occurred_at, direction, kind, requested_at, request_form, agency_identifier, session_user_name, outer_user_name, gateway,
	request_content, status, duration_ms)
SELECT :'m1', 1, 'intent', :'m1'::date + interval '20 days 5:00', 'out', 'connect', now(), 'online', 'G09.881', 'x', 'x', 'PORTAL', '{}', 'intent', 7 FROM generate_series(1, 3);
SELECT bag_eq($$SELECT pg_temp.statistics('{agency}')$$, $$SELECT pg_temp.direct('agency_identifier')$$, '2327-064 rolled up, and what came since');
SELECT bag_eq($$SELECT pg_temp.statistics('{kind}')$$, $$SELECT pg_temp.direct('kind')$$, '2327-081 by kind');
SELECT bag_eq($$SELECT pg_temp.statistics('{kind,direction}')$$, $$SELECT pg_temp.direct('kind, direction')$$, 'by kind and direction');
SELECT bag_eq($$SELECT pg_temp.statistics('{agency,month}')$$,
	$$SELECT pg_temp.direct('agency_identifier, date_trunc(''month'', occurred_at AT TIME ZONE ''Asia/Ho_Chi_Minh'')::date')$$, 'by agency and month');
SELECT is((SELECT sum(connections) FROM dwh.share_statistics(:'m1'::date + 20, :'m1'::date + 20)), 3::numeric, 'of one day');
INSERT INTO dwh_log.audit_event (month, occurred_at, session_user_name, outer_user_name, action, decision)
SELECT :'m0', :'m0'::date + interval '10 days', u, u, 'authenticate', d FROM (VALUES ('tap_report_partner', 'done'), ('tap_report_partner', 'done'), ('tap_report_partner', 'refused'),
	('tap_report_other', 'done'), ('tap_stranger', 'done')) AS v (u, d);
SELECT is((SELECT string_agg(agency || ' ' || sign_ins, ', ' ORDER BY agency) FROM dwh.share_statistics(:'m0', :'m1') WHERE agency LIKE 'G09.88%'),
	'G09.881 2, G09.882 1', '2327-064 sign-ins by the accounts of an agency');
SET ROLE tap_report_auditor;
SELECT lives_ok($$SELECT * FROM dwh.share_statistics('2026-10-01', '2026-11-30')$$, 'auditors get them');
SELECT lives_ok($$SELECT * FROM dwh.share_monitor$$, 'and the monitor');
RESET ROLE;
SELECT is((SELECT supplies_24h + refusals_24h FROM dwh.share_monitor WHERE agreement_id = :g2), 0::bigint, 'the monitor has every agreement');

-- What is due.
CREATE FUNCTION pg_temp.overdue(p_on date, p_kind text, p_object text) RETURNS bigint LANGUAGE sql AS $$
	SELECT count(*) FROM dwh_catalog.share_due_item WHERE kind = p_kind AND object = p_object AND due_on < p_on AND begun_on <= p_on AND coalesce(done_on >= p_on, true)$$;
SELECT matches(pg_temp.officer($$dwh.record_review('default', 'BB 1', '2025-09-09')$$), '^\d+$', 'ND47-022 a review is recorded');
SELECT matches(pg_temp.officer($$dwh.record_review('default', ' ')$$), '^22023', 'a review has a document');
UPDATE dwh_catalog.share_database SET created_at = '2024-05-05' WHERE code = 'TAP_REPORT';
SELECT is(pg_temp.overdue('2024-12-30', 'evaluation', 'TAP_REPORT 2024') || ' ' || pg_temp.overdue('2024-12-31', 'evaluation', 'TAP_REPORT 2024'), '0 1', 'ND47-008 ND47-010 due before 31 December');
SELECT is(pg_temp.overdue('2025-01-01', 'evaluation', 'TAP_REPORT 2024'), 1::bigint, 'ND47-008 ND47-010 from 1 January');
SELECT is(pg_temp.officer($$dwh.record_evaluation(2024, 'TAP_REPORT', 'BC 1', '2024-12-30')$$), 'true', 'ND47-010 on 30 December it is on time');
SELECT is(pg_temp.overdue('2025-01-01', 'evaluation', 'TAP_REPORT 2024'), 0::bigint, 'ND47-008 recorded');
SELECT is(pg_temp.officer($$dwh.record_evaluation(2025, 'TAP_REPORT', 'BC 2', '2026-01-01')$$), 'false', 'ND47-010 on 1 January it is late');
-- What the function calls late, the list has as late.
SELECT is(pg_temp.officer($$dwh.record_evaluation(2024, NULL, 'BC 4', '2024-12-31')$$) || ' ' || (SELECT due_on >= '2024-12-31' FROM dwh_catalog.share_due_item
	WHERE kind = 'evaluation' AND object = 'TAP_REPORT 2024'), 'false false', 'ND47-010 on 31 December it is late');
-- Days and years are those of the warehouse, whatever the session's time zone.
CREATE FUNCTION pg_temp.evaluations(p_zone text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('TimeZone', p_zone, true);
	RETURN (SELECT string_agg(object || ' ' || begun_on, ', ' ORDER BY object) FROM dwh_catalog.share_due_item WHERE kind = 'evaluation' AND object LIKE 'TAP_REPORT %' AND begun_on < '2025-01-02');
END
$$;
BEGIN;
UPDATE dwh_catalog.share_database SET created_at = '2024-01-01 02:00+07' WHERE code = 'TAP_REPORT';
SELECT is(pg_temp.evaluations(z), 'TAP_REPORT 2024 2024-01-01, TAP_REPORT 2025 2025-01-01', 'ND47-008 entered on 1 January, as seen from ' || z) FROM unnest(ARRAY['Asia/Ho_Chi_Minh', 'America/New_York']) AS z;
UPDATE dwh_catalog.share_database SET created_at = '2023-12-31 12:00+07' WHERE code = 'TAP_REPORT';
SELECT is(pg_temp.evaluations(z), 'TAP_REPORT 2024 2024-01-01, TAP_REPORT 2025 2025-01-01', 'ND47-008 entered on 31 December, no day is left of that year: ' || z) FROM unnest(ARRAY['Asia/Ho_Chi_Minh', 'Pacific/Kiritimati']) AS z;
ROLLBACK;
SELECT matches(pg_temp.officer($$dwh.record_evaluation(2025, 'TAP_REPORT', 'BC 3')$$), '^42710', 'one a year');

-- The evaluation equals direct counts.
CREATE TEMPORARY TABLE this_year AS SELECT * FROM dwh.evaluation_report(:year);
CREATE FUNCTION pg_temp.report(p_item text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', section, unit_code, value, note), '; ') FROM this_year WHERE coalesce(database_code, 'TAP_REPORT') = 'TAP_REPORT' AND item = p_item$$;
SELECT is(pg_temp.report('items marked default') || pg_temp.report('items marked open'), format('inventory %1$s 2inventory %1$s 1', (SELECT code FROM dwh_star.dim_unit WHERE unit_id = 1)), 'ND47-009 inventory');
SELECT is((SELECT count(*) FROM this_year WHERE item = 'standards missing' AND database_code = 'TAP_REPORT'), 1::bigint, '2327-094 no standards recorded');
SELECT is((SELECT string_agg(value::text, ' ' ORDER BY item) FROM this_year WHERE section = 'sharing' AND database_code = 'TAP_REPORT'),
	(SELECT concat_ws(' ', count(DISTINCT purpose), sum(row_count), count(*), count(DISTINCT agency_identifier)) FROM dwh_log.share_log WHERE service_code = 'tap_report' AND status = 'supplied'
		AND extract(year FROM occurred_at AT TIME ZONE 'Asia/Ho_Chi_Minh') = :year),
	'ND47-009 purposes, rows, supplies and users as counted directly');
SELECT is((SELECT sum(value) FROM dwh.evaluation_report(2025) WHERE section = 'compliance' AND database_code = 'TAP_REPORT' AND item = 'requests answered late'), 1::numeric,
	'2327-089 a request of 2025 was answered late');
-- A service counts as published from the year of its publication to that of its withdrawal.
UPDATE dwh_catalog.share_service SET published_at = '2024-06-01', withdrawn_on = '2025-01-01' WHERE code = 'tap_default';
SELECT is((SELECT string_agg(y::text, ' ' ORDER BY y) FROM generate_series(2023, :year) AS y, dwh.evaluation_report(y) AS r
	WHERE r.database_code = 'TAP_REPORT' AND r.item = 'published services: default' AND r.note = 'tap_default'), '2024 2025', 'ND47-009 services published in a year');

-- Storage that ended, and what partners see.
SELECT pg_temp.officer(format($$dwh.end_share(%s, 'need_ended', 990088, 'TB 1')$$, :g1)) AS ended \gset
SELECT is(pg_temp.overdue(dwh.today() + 30, 'deletion', :'g1') || ' ' || pg_temp.overdue(dwh.today() + 31, 'deletion', :'g1'), '0 1', 'ND47-033 deletion is to be confirmed');
SELECT pg_temp.officer(format($$dwh.record_deletion(%s, 'XN 1')$$, :g1)) IS NOT NULL AS deleted \gset
SELECT is(pg_temp.overdue(dwh.today() + 31, 'deletion', :'g1'), 0::bigint, 'ND47-033 until it is');
SELECT is(pg_temp.call_as('tap_report_partner', $$string_agg(agreement_id::text || holder, ' ') FROM dwh.my_agreements$$), :'g1' || 'Trần C', 'ND47-027 ND47-046 a partner reads his own agreement and account');
SELECT is(pg_temp.call_as('tap_report_other', $$(SELECT count(*) FROM dwh.my_agreements WHERE holder = 'Trần C') + (SELECT count(*) FROM dwh.my_notices WHERE kind = 'end')
	+ (SELECT count(*) FROM dwh.my_transfers WHERE share_no IN (1))$$), '0', 'ND47-027 ND47-046 and nothing of others');
SELECT is(pg_temp.call_as('tap_report_partner', $$(SELECT count(*) FROM dwh.my_notices WHERE kind = 'end') || ' ' || (SELECT count(*) > 0 FROM dwh.my_transfers)$$), '1 true', 'ND47-046 his notices and rows of the log');
DROP VIEW dwh_star.tap_report;
SELECT * FROM finish();

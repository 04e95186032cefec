-- Sharing: agencies, services, requests, agreements, suspensions, as plain officers and partners.
-- 2327-002 2327-003 2327-004 2327-006 2327-023 2327-025 2327-029 2327-055 2327-056 2327-072 2327-073 2327-083 2327-100
-- ND47-005 ND47-007 ND47-014 ND47-017 ND47-018 ND47-019 ND47-020 ND47-021 ND47-023 ND47-024 ND47-025 ND47-026 ND47-028
-- ND47-029 ND47-030 ND47-032 ND47-035 ND47-036 ND47-037 ND47-041 ND47-044
SET client_min_messages = error;
BEGIN;
SELECT plan(79);
CREATE ROLE tap_officer LOGIN IN ROLE dwh_share_officer;
CREATE ROLE tap_analyst LOGIN IN ROLE dwh_analyst;
CREATE ROLE tap_partner LOGIN IN ROLE dwh_partner;
INSERT INTO dwh_catalog.office_holder (office_holder_id, person_name, unit_id, office, valid_from, document) VALUES
	(990001, 'Nguyễn Văn A', 1, 'it_centre_director', '2020-01-01', 'QĐ 1');
CREATE VIEW dwh_star.tap_units AS SELECT unit_id, code, level, name_vi, valid_from FROM dwh_star.dim_unit;
ALTER VIEW dwh_star.tap_units OWNER TO dwh_owner;

\ir include/as_role.psql
CREATE FUNCTION pg_temp.officer(p_call text) RETURNS text LANGUAGE sql AS $$SELECT pg_temp.call_as('tap_officer', p_call)$$;

-- Agencies (Decision 20/2020).
SELECT matches(pg_temp.officer($$dwh.register_agency('unit', 'G24', 'BHXH Việt Nam', NULL, 1)$$), '^\d+$', '2327-002 a unit');
SELECT matches(pg_temp.officer($$dwh.register_agency('agency', 'G09.1.2', 'Bộ Y')$$), '^\d+$', '2327-004 an agency');
SELECT matches(pg_temp.officer($$dwh.register_agency('organisation', 'Z01.2', 'Hội')$$), '^\d+$', '2327-004 an organisation');
SELECT matches(pg_temp.officer($$dwh.register_agency('enterprise', '0100109106', 'Công ty')$$), '^\d+$', '2327-004 an enterprise');
SELECT matches(pg_temp.officer($$dwh.register_agency('individual', '001099012345', 'Người')$$), '^\d+$', '2327-004 an individual');
SELECT matches(pg_temp.officer(format($$dwh.register_agency(%L, %L, 'x')$$, k, i)), '^22023', '2327-002 malformed: ' || k || ' ' || i)
FROM (VALUES ('agency', 'g09.1'), ('agency', 'Z01.1'), ('agency', 'G9'), ('enterprise', 'G09'), ('individual', '12'),
	('agency', 'G09.' || repeat('1', 32)), ('robot', 'G09.3')) AS v (k, i);
SELECT matches(pg_temp.officer($$dwh.register_agency('agency', 'G09.1.2', 'x')$$), '^42710', '2327-002 twice');
SELECT matches(pg_temp.call_as('tap_analyst', $$dwh.register_agency('agency', 'G10', 'x')$$), '^42501', '2327-003 analysts do not');
SELECT matches(pg_temp.call_as('tap_partner', $$dwh.end_share(1, 'need_ended', 990001, 'x')$$), '^42501', '2327-003 partners do not');
SELECT ok((SELECT NOT is_2327_on FROM dwh_catalog.share_host), '2327-002 the host row says which rules apply');

-- Catalogue and service.
SELECT matches(pg_temp.officer($$dwh.register_database('TAP', NULL, '{"system_vi": "x", "name_vi": "x"}')$$), '^22023', '2327-006 without unit');
SELECT matches(pg_temp.officer($$dwh.register_database('TAP', 1, '{"system_vi": "Kho", "name_vi": "Danh mục đơn vị"}')$$), '^\d+$', 'a database');
CREATE TEMPORARY TABLE definition AS SELECT jsonb '{"name_vi": "Danh mục đơn vị bảo hiểm", "name_en": "Units", "default_kind": "catalogue",
	"description": "Đơn vị theo cấp", "columns": [{"name": "unit_id"}, {"name": "code", "title": "Mã"}, {"name": "name_vi"}, {"name": "valid_from"}],
	"key_columns": ["unit_id"], "unit_column": "unit_id", "technical_document": "TL-1", "guide": "HD-1", "use_term": "immediate",
	"responsible": {"collecting": "a", "managing": "b", "connecting": "c", "sharing": "d", "using": "e"},
	"standardised_on": "2020-07-08", "listed_on": "2020-07-09", "built_on": "2020-07-10"}' AS d;
SELECT matches(pg_temp.officer(format($$dwh.create_service('tap_units', 'default', 'NONE', 'dwh_star.tap_units', %L)$$, d)), '^42704', '2327-006 only listed databases') FROM definition;
SELECT matches(pg_temp.officer(format($$dwh.create_service('tap_units', 'default', 'TAP', 'dwh_star.tap_units', %L)$$, d || '{"default_kind": "other"}')), '^22023', 'ND47-021 one of four kinds') FROM definition;
SELECT matches(pg_temp.officer(format($$dwh.create_service('tap_units', 'default', 'TAP', 'pg_class', %L)$$, d)), '^42501', 'only sources of dwh_owner') FROM definition;
SELECT matches(pg_temp.officer(format($$dwh.create_service('tap_units', 'default', 'TAP', 'dwh_star.tap_units', %L)$$, d || '{"columns": [{"name": "none"}]}')), '^42703', 'only columns of the source') FROM definition;
SELECT matches(pg_temp.officer(format($$dwh.create_service('tap_units', 'default', 'TAP', 'dwh_star.tap_units', %L)$$, d)), '^\d+$', 'a service') FROM definition;
SELECT is((SELECT publish_due_on FROM dwh_catalog.share_service WHERE code = 'tap_units'), '2020-07-13', 'ND47-018 one working day');
SELECT matches(pg_temp.officer($$dwh.publish_service('tap_units')$$), '^55000', '2327-025 ND47-007 ND47-014 the entry is not complete');
SELECT is(pg_temp.officer($$count(*) FROM dwh.search_services('units')$$), '0', 'ND47-019 unpublished are not found');
SELECT pg_temp.officer($$dwh.register_database('TAP', 1, '{"system_vi": "Kho", "name_vi": "Danh mục đơn vị", "purpose": "p", "scope": "s",
	"content": "c", "mechanism": "m", "source": "s", "items": [{"name": "unit", "mark": "default"}], "decision_no": "QĐ 5",
	"decision_on": "2020-01-01", "regulation": "Quy chế"}')$$) IS NOT NULL AS entry \gset
UPDATE dwh_catalog.share_host SET agency_id = (SELECT agency_id FROM dwh_catalog.agency WHERE identifier = 'G24');
SELECT matches(pg_temp.officer($$dwh.publish_service('tap_units')$$), '^55000', 'ND47-005 without focal official');
SELECT matches(pg_temp.officer($$dwh.register_official('G24', 'Lê B', 'Phó', 'CNTT', '024', 'b@example.invalid')$$), '^\d+$', 'ND47-005 a focal official');
SELECT pg_temp.officer($$dwh.update_service('tap_units', '{"guide": null}')$$) IS NOT NULL AS without \gset
SELECT matches(pg_temp.officer($$dwh.publish_service('tap_units')$$), '^55000', '2327-100 without guide');
SELECT pg_temp.officer($$dwh.update_service('tap_units', '{"guide": "HD", "responsible": {"using": "x"}}')$$) IS NOT NULL AS without \gset
SELECT matches(pg_temp.officer($$dwh.publish_service('tap_units')$$), '^55000', '2327-029 without responsible parties');
SELECT pg_temp.officer(format($$dwh.update_service('tap_units', %L)$$, d || '{"listed_on": "2020-07-01"}')) IS NOT NULL AS without FROM definition \gset
SELECT matches(pg_temp.officer($$dwh.publish_service('tap_units')$$), '^55000', 'ND47-020 steps in order');
SELECT pg_temp.officer(format($$dwh.update_service('tap_units', %L)$$, d)) IS NOT NULL AS without FROM definition \gset
SELECT is(pg_temp.officer($$dwh.publish_service('tap_units')$$), '2020-07-13', 'ND47-017 ND47-020 published');
SELECT is(pg_temp.call_as('tap_partner', format('code FROM dwh.search_services(%L)', t)), 'tap_units', 'ND47-019 found by ' || t)
FROM unnest(ARRAY['bảo hiểm', 'BAO HIEM', 'đơn vị', 'don vi', 'valid_from']) AS t;
SELECT is(pg_temp.call_as('tap_partner', $$count(*) FROM dwh.search_services('%')$$), '0', 'a sign of LIKE is a text');

-- Requests.
CREATE FUNCTION pg_temp.request(p_rest text) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.officer($x$dwh.request_share('G09.1.2', 'tap_units', 'đối soát', ARRAY['code', 'name_vi'], 2, 'daily'$x$ || p_rest || ')')$$;
SELECT matches(pg_temp.officer($$dwh.request_share('G09.1.2', 'tap_units', ' ', ARRAY['code'], 1, 'daily')$$), 'purpose', 'ND47-024 purpose');
SELECT matches(pg_temp.officer($$dwh.request_share('G09.1.2', 'tap_units', 'x', ARRAY['code'], 2, 'daily')$$), '^22023', 'ND47-024 number of items');
SELECT matches(pg_temp.officer($$dwh.request_share('G77', 'tap_units', 'x', ARRAY['code'], 1, 'daily')$$), '^42704', '2327-004 unregistered');
SELECT matches(pg_temp.call_as('tap_partner', $$dwh.request_share('G09.1.2', 'tap_units', 'x', ARRAY['code'], 1, 'daily')$$), '^42501', '2327-004 not one''s own agency');
SELECT matches(pg_temp.request($$, p_legal_basis => 'L91'$$), '^22023', '2327-023 legal basis that does not fit');
SELECT matches(pg_temp.request($$, p_form => 'paper'$$), 'document_no', '2327-083 paper without document');
SELECT matches(pg_temp.officer($$dwh.request_share('0100109106', 'tap_units', 'x', ARRAY['code'], 1, 'daily', p_legal_basis => 'L60')$$), 'requester_name', '2327-055 data users say who uses');
SELECT matches(pg_temp.request($$, p_received_on => '2025-08-18'$$), '^\d+$', 'ND47-024 a whole request');
SELECT matches(pg_temp.request($$, p_received_on => '2025-08-19'$$), '^\d+$', 'another');
SELECT is((SELECT string_agg((due_on = dwh.add_working_days(received_on, n))::text, ' ' ORDER BY received_on)
	FROM dwh_catalog.share_request JOIN (VALUES (date '2025-08-18', 5), ('2025-08-19', 2)) AS v (received_on, n) USING (received_on)),
	'true true', 'ND47-025 five working days, then two');
SELECT max(request_id) AS request, min(request_id) AS first FROM dwh_catalog.share_request \gset
SELECT matches(pg_temp.officer(format($$dwh.answer_request(%s, false, 990001, 'CV 1')$$, :first)), 'reason', 'ND47-044 refusal without reason');
SELECT is(pg_temp.officer(format($$dwh.answer_request(%s, false, 990001, 'CV 1', 'không đúng mục đích')$$, :first)), NULL, 'ND47-044 refused');
SELECT is((SELECT string_agg(kind, ' ' ORDER BY kind) FROM dwh_catalog.share_notice WHERE request_id = :first), 'authority refusal', 'ND47-044 both notices');
SELECT is((SELECT reason FROM dwh_log.share_log WHERE status = 'refused' ORDER BY share_id DESC LIMIT 1), 'không đúng mục đích', '2327-072 the reason is in the log');
SELECT matches(pg_temp.officer(format($$dwh.answer_request(%s, true, 1, 'CV 2', p_holder => 'x')$$, :request)), '^22023', '2327-072 an office holder decides');
SELECT matches(pg_temp.officer(format($$dwh.answer_request(%s, true, 990001, 'CV 2', p_holder => 'x')$$, :request)), '^55000', '2327-056 no safety level recorded');
SELECT pg_temp.officer($$dwh.register_application('G09.1.2', 'G09.APP', 'Ứng dụng', 2, 'QĐ 3', '2024-01-01')$$) AS app \gset
UPDATE dwh_catalog.share_request SET application_id = :app;
SELECT matches(pg_temp.officer(format($$dwh.answer_request(%s, true, 990001, 'CV 2', p_holder => 'x')$$, :request)), '^55000', '2327-056 level 2');
SELECT pg_temp.officer($$dwh.register_application('G09.1.2', 'G09.APP', 'Ứng dụng', 3, 'QĐ 3', '2024-01-01')$$) AS app \gset
SELECT pg_temp.officer(format($$dwh.answer_request(%s, true, 990001, 'CV 2', p_holder => 'Trần C', p_login_role => 'tap_partner')$$, :request)) AS agreement \gset
SELECT is((SELECT state || ' ' || string_agg(n.kind, ' ') FROM dwh_catalog.share_agreement JOIN dwh_catalog.share_notice AS n USING (agreement_id)
	WHERE agreement_id = :agreement GROUP BY state), 'active account', 'ND47-025 account and notice together');

-- Agreements.
CREATE TEMPORARY TABLE content AS SELECT jsonb_object_agg(i, 'x') AS c FROM unnest(ARRAY['parties', 'content', 'place', 'term', 'method', 'processing',
	'conditions', 'commitment', 'security', 'storage', 'deletion']) AS i;
SELECT is((SELECT string_agg(k, ' ' ORDER BY k) FROM content, jsonb_object_keys(c) AS k
	WHERE pg_temp.officer(format($$dwh.sign_agreement(%s, %L, 990001, 'TT 1')$$, :agreement, c - k)) !~ ('22023 .*"' || k || '"')), NULL,
	'ND47-029 each of the items is asked for by name');
SELECT is(pg_temp.officer(format($$dwh.sign_agreement(%s, %L, 990001, 'TT 1', '{"max_calls": 3, "unit_ids": [101]}')$$, :agreement, c)), '2', 'ND47-030 the next version') FROM content;
SELECT throws_ok(format($$UPDATE dwh_catalog.share_agreement_version SET document_no = 'y' WHERE agreement_id = %s$$, :agreement), '42501', NULL, 'ND47-030 what was signed stays');
SELECT matches(pg_temp.officer(format($$dwh.sign_agreement(%s, %L, 990001, 'TT 2', '{"route_id": null}')$$, :agreement, c)), '^22023', 'ND47-041 direct without reason') FROM content;
SELECT matches(pg_temp.officer(format($$dwh.sign_agreement(%s, %L, 990001, 'TT 2', '{"method": "package"}')$$, :agreement, c)), '^22023', 'ND47-032 a package without period') FROM content;
SELECT matches(pg_temp.officer(format($$dwh.sign_agreement(%s, %L, 990001, 'TT 2', p_signed_on => %L)$$, :agreement, c, dwh.today() + 1)), '^22023 .*today', 'ND47-029 signed tomorrow') FROM content;
SELECT matches(pg_temp.officer(format($$dwh.sign_agreement(%s, %L, 990001, 'TT 2', %L)$$, :agreement, c, jsonb_build_object('valid_from', dwh.today() - 1))), '^22023 .*signature',
	'ND47-029 nothing is in force before it is signed') FROM content;
SELECT is((dwh_internal.share_agreement_today(:agreement)).version, 2, 'ND47-030 the version in force is the one that was signed');

-- Suspension and end.
SELECT matches(pg_temp.officer(format($$dwh.suspend_share('planned', 'nâng cấp', 990001, 'TB 1', p_starts_at => %L, p_recovery_expected_at => %L)$$,
	dwh.add_working_days(dwh.today(), 6) + time '08:00', dwh.today() + 60)), '^22023', 'ND47-035 six working days are too few');
SELECT matches(pg_temp.officer(format($$dwh.suspend_share('planned', 'nâng cấp', 990001, 'TB 1', p_starts_at => %L)$$,
	dwh.add_working_days(dwh.today(), 9) + time '08:00')), 'recovery', 'ND47-035 without recovery time');
SELECT matches(pg_temp.officer(format($$dwh.suspend_share('planned', 'nâng cấp', 990001, 'TB 1', p_starts_at => %L, p_recovery_expected_at => %L)$$,
	dwh.add_working_days(dwh.today(), 8) + time '08:00', dwh.today() + 60)), '^\d+$', 'ND47-035 planned');
SELECT matches(pg_temp.officer(format($$dwh.suspend_share('planned', 'nâng cấp', 990001, 'TB 1', p_starts_at => %L, p_recovery_expected_at => %L)$$,
	dwh.add_working_days(dwh.today(), 8) + time '08:00', dwh.add_working_days(dwh.today(), 8) + time '08:00')), '^22023 .*recovers', 'ND47-035 recovery is after the beginning');
SELECT throws_ok('UPDATE dwh_catalog.share_suspension SET recovery_expected_at = starts_at', '23514', NULL, 'ND47-035 in the table, too');
SELECT matches(pg_temp.officer($$dwh.suspend_share('violation', 'lộ dữ liệu', 990001, 'TB 2', 'G09.1.2', p_handling_plan => 'x')$$), 'restore_conditions', 'ND47-036 conditions');
SELECT pg_temp.officer($$dwh.suspend_share('violation', 'lộ dữ liệu', 990001, 'TB 2', 'G09.1.2', p_handling_plan => 'x', p_restore_conditions => 'y')$$) AS suspension \gset
SELECT is((SELECT due_on FROM dwh_catalog.share_notice WHERE suspension_id = :suspension), dwh.today() + 1, 'ND47-036 notice within one day');
SELECT is((dwh_internal.share_check(:agreement, 'out', NULL, NULL, NULL, NULL, NULL, NULL, 'tap_partner')).rule, 'suspended', 'ND47-034 it is stopped');
SELECT pg_temp.officer(format($$dwh.resume_share(%s, 990001, 'TB 3')$$, :suspension)) AS resumed \gset
SELECT is((dwh_internal.share_check(:agreement, 'out', NULL, NULL, NULL, NULL, NULL, NULL, 'tap_partner')).rule, NULL, 'and resumed');
-- Calls are counted, not attempts.
CREATE FUNCTION pg_temp.attempts(p_share_no bigint, p_attempts int) RETURNS text LANGUAGE sql AS $$
	INSERT INTO dwh_log.share_log (month, share_no, stage, occurred_at, direction, kind, requested_at, request_form, agency_identifier, agreement_id, session_user_name, outer_user_name, gateway,
		request_content, status)
	SELECT date_trunc('month', dwh.today())::date, p_share_no, 'intent', clock_timestamp(), 'out', 'share', now(), 'online', 'G09.1.2', max(agreement_id), 'x', 'x', 'PORTAL', '{}', 'intent'
	FROM dwh_catalog.share_agreement, generate_series(1, p_attempts) GROUP BY generate_series;
	SELECT coalesce((dwh_internal.share_check(max(agreement_id), 'out', NULL, '{code}', '{101}', NULL, NULL, NULL, 'tap_partner')).rule, 'allowed') FROM dwh_catalog.share_agreement$$;
SELECT is(pg_temp.attempts(990001, 1) || ' ' || pg_temp.attempts(990002, 5), 'allowed allowed', 'ND47-024 a message that is sent again is one call, of three');
SELECT is(pg_temp.attempts(990003, 1), 'frequency', 'ND47-024 the third is the last');
SELECT matches(pg_temp.officer(format($$dwh.demand_usage_report(%s, '', '2030-01-01')$$, :agreement)), 'reason', '2327-073 a demand has a reason');
SELECT matches(pg_temp.officer(format($$dwh.demand_usage_report(%s, 'nghi vấn', '2030-01-01')$$, :agreement)), '^\d+$', '2327-073 recorded');
SELECT matches(pg_temp.officer(format($$dwh.end_share(%s, 'mood', 990001, 'TB 4')$$, :agreement)), '^22023', 'ND47-037 another reason');
SELECT pg_temp.officer(format($$dwh.end_share(%s, 'need_ended', 990001, 'TB 4')$$, :agreement)) AS ended \gset
SELECT is((SELECT state || ' ' || is_enabled FROM dwh_catalog.share_agreement JOIN dwh_catalog.connection_account USING (agreement_id)
	WHERE agreement_id = :agreement), 'ended false', 'ND47-037 the account is disabled');
SELECT * FROM finish();
ROLLBACK;

-- What sharing officers and partners give is judged before it stands in the log for good: days, numbers, terms, the form of a message; one caller's
-- odd value breaks no list of others. 2327-024 2327-044 2327-053 ND47-038
-- harness: preload
SET client_min_messages = error;
SELECT plan(95);
CREATE ROLE tap_input_officer LOGIN IN ROLE dwh_share_officer;
CREATE ROLE tap_input_partner LOGIN IN ROLE dwh_partner;
CREATE ROLE tap_input_auditor LOGIN IN ROLE dwh_auditor;
INSERT INTO dwh_catalog.office_holder (office_holder_id, person_name, unit_id, office, valid_from, document) VALUES
	(990886, 'Nguyễn Văn A', 1, 'sector_leadership', '2020-01-01', 'QĐ 1');
CREATE TABLE dwh_star.tap_input (k int PRIMARY KEY, name text, amount numeric, is_new boolean, unit_id int, month date);
INSERT INTO dwh_star.tap_input VALUES (1, 'a', 1.5, true, 101, '2025-01-01');
ALTER TABLE dwh_star.tap_input OWNER TO dwh_owner;
\ir include/as_role.psql
CREATE FUNCTION pg_temp.officer(p_call text) RETURNS text LANGUAGE sql AS $$SELECT pg_temp.call_as('tap_input_officer', p_call)$$;
SET ROLE tap_input_officer;
SELECT dwh.register_agency('unit', 'G24.186', 'BHXH Việt Nam', NULL, 1) AS host, dwh.register_agency('unit', 'G24.186.1', 'Ban Thu', NULL, 1) AS managing,
	dwh.register_agency('agency', 'G09.186', 'Bộ Y') AS agency \gset
SELECT dwh.register_official('G24.186', 'Lê B', 'Phó', 'CNTT', '024', 'b@example.invalid') AS o1, dwh.register_official('G24.186.1', 'Lê C', 'Phó', 'CNTT', '024', 'c@example.invalid') AS o2,
	dwh.register_application('G09.186', 'G09.186.APP', 'Ứng dụng', 3, 'QĐ 3', '2024-01-01') AS application \gset
SELECT dwh.register_database('TAP_INPUT', 1, '{"system_vi": "Kho", "name_vi": "Số", "purpose": "p", "scope": "s", "content": "c", "mechanism": "m", "source": "s",
	"items": [{"name": "n", "mark": "special"}], "decision_no": "QĐ 5", "decision_on": "2020-01-01", "regulation": "Quy chế"}') AS database \gset
RESET ROLE;
UPDATE dwh_catalog.share_host SET agency_id = :host;
SET ROLE tap_input_officer;
SELECT dwh.create_service('tap_input', 'default', 'TAP_INPUT', 'dwh_star.tap_input', '{"name_vi": "Thử", "description": "x", "default_kind": "common",
	"technical_document": "TL", "guide": "HD", "use_term": "immediate", "responsible": {"collecting": "a", "managing": "b", "connecting": "c", "sharing": "d", "using": "e"},
	"standardised_on": "2020-07-08", "listed_on": "2020-07-09", "built_on": "2020-07-10", "columns": [{"name": "k"}, {"name": "name"}, {"name": "amount"}, {"name": "is_new"},
	{"name": "unit_id"}, {"name": "month"}], "key_columns": ["k"], "unit_column": "unit_id", "month_column": "month"}') AS service \gset
SELECT dwh.publish_service('tap_input') AS published \gset
SELECT dwh.request_share('G09.186', 'tap_input', 'p', '{k,unit_id,month}', 3, 'daily', 'G09.186.APP') AS request \gset
SELECT dwh.answer_request(:request, true, 990886, 'CV 1', p_holder => 'Trần C', p_login_role => 'tap_input_partner') AS agreement \gset
RESET ROLE;

-- Days: no infinity, no year that nobody means, one form in JSON whatever the session's.
SELECT matches(pg_temp.officer(format($$dwh.demand_usage_report(%s, 'r', '-infinity')$$, :'agreement')), '^22023 .*p_due_on must be a day', 'a report is due on a day');
SELECT matches(pg_temp.officer(format($$dwh.suspend_share('security', 'x', 990886, 'D1', p_agreement_id => %s, p_noticed_on => '-infinity')$$, :'agreement')), '^22023 .*p_noticed_on must', 'a suspension is announced on one');
SELECT matches(pg_temp.officer(format($$dwh.suspend_share('security', 'x', 990886, 'D1', p_agreement_id => %s, p_starts_at => 'infinity')$$, :'agreement')), '^22023 .*p_starts_at must', 'and begins at a time');
SELECT matches(pg_temp.officer($$count(*) FROM dwh.share_statistics('4713-01-01 BC', '2026-01-01')$$), '^22023 .*p_from must', 'statistics are of days');
SELECT matches(pg_temp.officer(format($$dwh.sign_agreement(%s, '{}', 990886, 'TT 1', '{}', 'infinity')$$, :'agreement')), '^22023 .*p_signed_on must', 'an agreement is signed on one');
CREATE TEMPORARY TABLE content AS SELECT jsonb_object_agg(i, 'x') AS c FROM unnest(ARRAY['parties', 'content', 'place', 'term', 'method', 'processing', 'conditions', 'commitment', 'security', 'storage', 'deletion']) AS i;
CREATE FUNCTION pg_temp.sign(p_agreement int, p_terms text) RETURNS text LANGUAGE sql AS
	$$ SELECT pg_temp.officer(format('dwh.sign_agreement(%s, %L, 990886, %L, %L)', p_agreement, c, 'TT 1', p_terms)) FROM content $$;
SELECT matches(pg_temp.sign(:agreement, t), '^22023 .*' || message, 'terms: ' || t) FROM (VALUES
	('{"valid_to": "infinity"}', '"valid_to: infinity" is no day'), ('{"valid_to": "31/12/2027"}', 'is no day'), ('{"valid_from": "tomorrow"}', 'is no day'),
	('{"period_from": "0026-01-01"}', 'is no day'), ('{"storage_days": 2147483647}', 'use and storage last'), ('{"storage_days": -5}', 'use and storage last'),
	('{"use_days": 2147483647}', 'use and storage last'), ('{"items": ["k", null]}', 'items are named once'), ('{"items": ["k", "k"]}', 'items are named once'),
	('{"items": []}', 'items are named once'), ('{"frequency": "sometimes"}', '"sometimes" is no frequency'), ('{"frequency": null}', '"NULL" is no frequency'),
	('{"method": "ftp"}', 'these are no terms of an agreement \(share_agreement_version_method_check'), ('{"method": null}', 'these are no terms of an agreement \(method'),
	('{"route_id": 999}', 'these are no terms of an agreement \(share_agreement_version_route_id_fkey'), ('{"directions": ["up"]}', 'these are no terms of an agreement'),
	('{"max_calls": 0}', 'these are no terms of an agreement'), ('{"period_from": "2026-06-01", "period_to": "2026-01-01"}', 'a period of the terms ends before'),
	('{"valid_from": "2099-06-01", "valid_to": "2099-01-01"}', 'a period of the terms ends before')) AS v (t, message);
SELECT lives_ok($$SELECT count(*) FROM dwh.overdue()$$, 'what is due can be listed');
SELECT matches(pg_temp.sign(:agreement, '{"storage_days": 36500, "valid_to": "2099-12-31"}'), '^2', 'the longest storage of an agreement');
SELECT is(pg_temp.call_as('tap_input_auditor', $$count(*) FROM dwh.overdue() WHERE room = 'share' AND kind <> 'evaluation'$$), '0', 'breaks no list of others');
SELECT throws_ok($$UPDATE dwh_catalog.share_host SET log_months = 2147483647$$, '23514', NULL, 'no log is kept for ever');

-- Who takes part.
SELECT matches(pg_temp.officer(format('dwh.register_agency(%s)', a)), '^22023 .*' || message, 'an agency: ' || message) FROM (VALUES
	($$NULL, 'G09.187', 'x'$$, 'field "kind"'), ($$'agency', NULL, 'x'$$, 'field "identifier"'), ($$'agency', 'G09.187', ' '$$, 'field "name_vi"'),
	($$'unit', 'G24.187', 'x', NULL, 999999$$, 'there is no unit 999999')) AS v (a, message);
CREATE FUNCTION pg_temp.official(p_name text, p_from date DEFAULT dwh.today()) RETURNS text LANGUAGE sql AS
	$$ SELECT pg_temp.officer(format('dwh.register_official(%L, %L, %L, %L, %L, %L, %L)', 'G09.186', p_name, 'Phó', 'CNTT', '024', 'b@example.invalid', p_from)) $$;
SELECT pg_temp.official('Lê A') AS o1, pg_temp.official('Lê C', dwh.today() + 20) AS o2, pg_temp.official('Lê B') AS o3, pg_temp.official('Lê D', dwh.today() + 9) AS o4 \gset
SELECT is((SELECT string_agg(concat_ws(' ', full_name, valid_from - dwh.today(), valid_to - dwh.today()), ', ' ORDER BY valid_from) FROM dwh_catalog.agency_official WHERE agency_id = :agency),
	'Lê B 0 8, Lê D 9 19, Lê C 20', 'ND47-005 an official is corrected on the day, and put before one who follows');
SELECT matches(pg_temp.officer($$dwh.register_database('TAP_NONE', 1, '{"name_vi": "x"}')$$), '^22023 .*field "system_vi"', 'a database has a system');
SELECT pg_temp.officer($$dwh.register_database('TAP_KEPT', 1, '{"system_vi": "Kho", "name_vi": "Số", "log_months": 60, "verified_only": true, "scope": "s"}')$$) AS d1,
	pg_temp.officer($$dwh.register_database('TAP_KEPT', 1, '{"name_vi": "Số liệu", "scope": null}')$$) AS d2 \gset
SELECT is((SELECT concat_ws(' ', system_vi, name_vi, scope, log_months, verified_only) FROM dwh_catalog.share_database WHERE code = 'TAP_KEPT'), 'Kho Số liệu 60 t',
	'ND47-043 what a change does not name stays');

-- Requests.
SELECT matches(pg_temp.officer(format($$dwh.request_share('G09.186', 'tap_input', 'p', '{k}', 1, 'daily', 'G09.186.APP', p_form => %L)$$, f)), '^22023 "' || coalesce(f, 'NULL') || '" is no form', 'a request is online or on paper')
FROM unnest(ARRAY['fax', NULL]) AS f;
SELECT matches(pg_temp.officer($$dwh.request_share('G09.186', 'tap_input', 'p', '{k}', 1, 'sometimes', 'G09.186.APP')$$), '^22023 "sometimes" is no frequency', 'a frequency is one of eight');
SELECT matches(pg_temp.officer($$dwh.request_share('G09.186', 'tap_input', 'p', '{k,k}', 2, 'daily', 'G09.186.APP')$$), '^22023 items are named once', 'items are counted once');
SELECT matches(pg_temp.officer($$dwh.request_share('G09.186', 'tap_input', 'p', '{k}', 1, 'daily', 'G09.186.APP', p_others => '{"period_from": "infinity"}')$$), '^22023 .*is no day', 'a period has days');
SELECT matches(pg_temp.officer($$dwh.request_share('G09.186', 'tap_input', 'p', '{k}', 1, 'daily', 'G09.186.APP', p_others => '{"periode_to": "2026-01-01"}')$$), '^22023 .*a request has no field periode_to', 'a period that is misspelt is none');
SELECT matches(pg_temp.officer($$dwh.register_database('TAP_MISSPELT', 1, '{"name_vi": "x", "verifed_only": true}')$$), '^22023 .*a database has no field verifed_only', 'nor is a rule for its services');
SELECT matches(pg_temp.officer($$dwh.request_share('G09.186', 'tap_input', 'p', '{k}', 1, 'daily', 'G09.186.APP', p_others => '{"period_from": "2026-02-01", "period_to": "2026-01-01"}')$$),
	'^22023 the period ends before', 'in their order');
SELECT matches(pg_temp.call_as('tap_input_partner', $$dwh.request_share('G09.186', 'tap_input', 'p', '{k}', 1, 'daily', 'G09.186.APP', p_received_on => '2020-08-03')$$),
	'^22023 a request that a partner enters is received today', '2327-053 a partner does not choose the rules of another day');
SELECT matches(pg_temp.call_as('tap_input_partner', $$dwh.request_share('G09.186', 'tap_input', 'p', '{k}', 1, 'daily', 'G09.186.APP')$$), '^[0-9]+$', 'but asks today');
SELECT matches(pg_temp.officer($$dwh.request_share('G09.186', 'tap_input', 'p', '{k}', 1, 'daily', 'G09.186.APP', p_received_on => dwh.today() - 1)$$), '^[0-9]+$', 'an officer enters what came yesterday');

-- What others give goes in only.
SELECT pg_temp.officer($$dwh.request_inbound('G09.186', 'CSDL', 'p', '{a}', 1, 'daily', 's', '2026-01-01', NULL, 'G24.186.1', 'G09.186.APP')$$) AS inbound \gset
SELECT matches(pg_temp.officer(format($$dwh.answer_request(%s, true, 990886, 'CV 2', p_holder => 'X', p_terms => '{"directions": ["in", "out"]}')$$, :'inbound')),
	'^22023 an agreement about what others give has direction in only', 'nothing goes out past every check of a service');
SELECT pg_temp.officer(format($$dwh.answer_request(%s, true, 990886, 'CV 2', p_holder => 'X')$$, :'inbound')) AS received \gset
SELECT is((SELECT directions::text FROM dwh_catalog.share_agreement_version WHERE agreement_id = :received), '{in}', '2327-060 it is direction in');

-- Suspensions.
SELECT matches(pg_temp.officer(format($$dwh.suspend_share('violation', 'x', 990886, 'D1', p_agreement_id => %s, p_handling_plan => 'h', p_restore_conditions => 'c', p_noticed_on => dwh.today() + 1000)$$,
	:'agreement')), '^22023 .*announced after today', 'the notice of a violation is not put off');
SELECT pg_temp.officer(format($$dwh.suspend_share('violation', 'x', 990886, 'D1', p_agreement_id => %s, p_handling_plan => 'h', p_restore_conditions => 'c', p_starts_at => now() + interval '60 days')$$,
	:'agreement')) AS suspension \gset
SELECT is((SELECT due_on - dwh.today() FROM dwh_catalog.share_notice WHERE suspension_id = :suspension), 1, 'ND47-038 it is due a day after it was noticed');

-- The form of a message is that of the service, in each format.
CREATE FUNCTION pg_temp.fault(p_items text[], p_type text, p_content text) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce((dwh_internal.share_body_fault(s.service_id, s.structure_version, p_items, p_type, p_content)).fault, 'none') FROM dwh_catalog.share_service AS s WHERE code = 'tap_input' $$;
SELECT is(pg_temp.fault(items, type, content), fault, 'ND47-020 ' || type || ' ' || quote_literal(content)) FROM (VALUES
	('{k}'::text[], 'application/json', '{"k":1}', 'none'), ('{k}', 'application/json', '[{"k":1},{"k":2}]', 'none'),
	('{k}', 'application/json', '{"k":1,"secret":2}', 'row 1 has secret'), ('{k}', 'application/json', '{"k":1,"k":{"secret":2},"k":2}', 'row 1 has k twice'),
	('{k}', 'application/json; charset=utf-8', '{"k":"a"}', 'row 1: k is no integer'),
	('{k}', 'application/x-ndjson', E'{"k":1}\n{"k":2}\n', 'none'), ('{k}', 'application/x-ndjson', E'{"k":1}\n{"k":2,"secret":2}', 'row 2 has secret'),
	('{k}', 'application/x-ndjson', '[{"k":1}]', 'row 1 is no object'), ('{}', 'application/json', '{}', 'no item is named'),
	('{k}', 'application/vnd.api+json', '{"k":1}', 'its media type is none of application/json, application/x-ndjson, text/csv'),
	('{k}', 'text/plain', 'anything', 'its media type is none of application/json, application/x-ndjson, text/csv'),
	('{k}', 'text/csv', E'k\n1\n2\n', 'none'), ('{k}', 'text/csv', E'k\n1,full name', 'record 2 has 2 fields'), ('{k}', 'text/csv', E'k\nabc', 'record 2: k is no integer'),
	('{k,name}', 'text/csv', E'name,k\r\n"a, ""b""\nc",1\r\n,2\r\n', 'none'), ('{k,name}', 'text/csv', E'k,name\n1,"a', 'a quotation mark is not closed'),
	('{k,name}', 'text/csv', E'k,name\n1,a"b"c', 'record 2 has 2 fields'), ('{k,amount,is_new}', 'text/csv', E'"k","amount","is_new"\n-1,1.5e3,true\n2,,', 'none'),
	('{k,amount}', 'text/csv', E'k,amount\n1,1.5.2', 'record 2: amount is no number'), ('{k}', 'text/csv', E'name\na', 'the header of the CSV is not that of the items'),
	('{k}', 'text/csv', '', 'the header of the CSV is not that of the items')) AS v (items, type, content, fault);

-- The rows of a message are counted in it.
SELECT matches(pg_temp.officer(format($$dwh.push_share(%s, '{"k":1}', '{k}', p_row_count => %s)$$, :'agreement', n)), '^22023 p_row_count cannot be', 'a message of 7 bytes has not ' || n || ' rows')
FROM unnest('{9223372036854775807,8,-1}'::bigint[]) AS n;
SELECT throws_ok($$INSERT INTO dwh_log.share_log (month, share_no, stage, occurred_at, requested_at, request_form, direction, kind, agency_identifier, session_user_name, outer_user_name, gateway, request_content, status, row_count)
	VALUES (date_trunc('month', dwh.today()), -1, 'asked', now(), now(), 'call', 'out', 'share', 'x', 'x', 'x', 'x', '{}', 'asked', 9223372036854775807)$$, '23514', NULL, 'nor does the log take such a number');

SELECT matches(pg_temp.officer(format($$dwh.register_push_host('api.invalid', 443, 'CV', %L)$$, n)), '^23514', 'more networks than are read, or none that is one')
FROM (VALUES (array_fill('10.0.0.0/8'::cidr, ARRAY[17])), (ARRAY[NULL::cidr])) AS v (n);
SELECT is(pg_temp.officer(format($$dwh.register_push_host('api.invalid', 443, 'CV', %L)$$, array_fill('10.0.0.0/8'::cidr, ARRAY[16]))), '', 'as many as are');
SELECT pg_temp.officer($$dwh.register_push_host('127.0.0.1', 2, 'thử', '{127.0.0.0/8}', 'http')$$) AS h, pg_temp.officer(format($$dwh.register_push_target(%s, '127.0.0.1', 2, '/', 'tap')$$, :agreement)) AS t \gset
-- The suspension above, and what is sent, are of no matter here.
UPDATE dwh_catalog.share_suspension SET ended_at = now(), end_decided_by = 990886 WHERE agreement_id = :agreement AND ended_at IS NULL;
CREATE FUNCTION pg_temp.pushed(p_agreement text, p_content text, p_more text, p_items text DEFAULT '{k,unit_id,month}') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	v_result text;
BEGIN
	BEGIN
		SET LOCAL ROLE tap_input_officer;
		EXECUTE format('SELECT dwh.push_share(%s, %L, %L%s)', p_agreement, p_content, p_items, p_more) INTO v_result;
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS v_result = PG_EXCEPTION_DETAIL;
		v_result := SQLSTATE || ' ' || v_result;
	END;
	RESET ROLE;
	RETURN coalesce((SELECT concat_ws(' ', 'queued', o.stage ->> 'row_count', o.stage ->> 'item_count') FROM dwh_log.share_outbox AS o WHERE o.share_no::text = v_result), v_result);
END
$$;
SELECT is(pg_temp.pushed(:'agreement', '[{"k":1},{"k":2}]', more, '{k}'), 'queued 2 1', '2327-013 rows are counted: ' || more) FROM unnest(ARRAY['', ', p_row_count => 2']) AS more;
SELECT is(pg_temp.pushed(:'agreement', E'k\r\n1\r\n2\r\n3\r\n', ', ''text/csv''', '{k}'), 'queued 3 1', '2327-013 in CSV, without its header');
SELECT matches(pg_temp.pushed(:'agreement', '[{"k":1}]', ', p_row_count => 9', '{k}'), '^22023 .*it has 1 rows, p_row_count says 9', '2327-013 another number is refused');
SELECT matches(pg_temp.pushed(:'agreement', '[{"k":1}]', '', '{k,k}'), '^22023 .*an item is named twice', '2327-013 items are counted once');

-- Under an agreement for some units and months, a message says which it holds, and holds no others.
SELECT matches(pg_temp.sign(:agreement, '{"unit_ids": [101], "period_from": "2025-01-01", "period_to": "2025-12-31"}'), '^[0-9]+$', 'a version for a unit and a year');
SELECT matches(pg_temp.pushed(:'agreement', '{"k":1,"unit_id":101,"month":"2025-03-01"}', more), '^42501 .*' || why, 'ND47-020 not named: ' || more) FROM (VALUES
	('', 'p_unit_ids'), (', p_unit_ids => ''{}'', p_from => ''2025-01-01'', p_to => ''2025-12-31''', 'p_unit_ids'), (', p_unit_ids => ''{101}''', 'p_from, p_to'),
	(', p_unit_ids => ''{101}'', p_from => ''2025-01-01''', 'p_from, p_to')) AS v (more, why);
CREATE FUNCTION pg_temp.named(p_agreement text, p_content text, p_type text DEFAULT 'application/json') RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.pushed(p_agreement, p_content, format(', %L, ''{101}'', ''2025-01-01'', ''2025-06-30''', p_type))$$;
SELECT is(pg_temp.named(:'agreement', '{"k":1,"unit_id":101,"month":"2025-03-01"}'), 'queued 1 3', 'ND47-020 what is named is queued');
SELECT matches(pg_temp.named(:'agreement', content, type), '^22023 .*is outside of what is named', 'ND47-020 ' || content) FROM (VALUES
	('[{"k":1,"unit_id":101,"month":"2025-03-01"},{"k":1,"unit_id":131,"month":"2025-03-01"}]', 'application/json'), ('{"k":1,"unit_id":101,"month":"2025-07-01"}', 'application/json'),
	('{"k":1,"unit_id":null,"month":"2025-03-01"}', 'application/json'), (E'k,unit_id,month\n1,131,2025-03-01\n', 'text/csv'), (E'k,unit_id,month\n1,101,\n', 'text/csv')) AS v (content, type);
UPDATE dwh_log.share_outbox SET is_cancelled = true, cancel_reason = 'test' WHERE agreement_id = :agreement;

-- Receipts leave rows out where they are not counted.
SELECT matches(pg_temp.officer($$dwh.record_receipt(-1, NULL, repeat('a', 64))$$), '^42704', 'a receipt without rows is judged by its supply');
SELECT * FROM finish();

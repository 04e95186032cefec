-- What is known of the use of rights: noted by the worker, once a day, without a write of the reading statement; who moved and still holds his
-- old rights; activity; accounts used from two addresses; the state of the warehouse.
-- 893-020 893-042 893-055 893-074 893-076 893-088 893-092
-- harness: preload
SET client_min_messages = error;
SELECT plan(58);
CREATE EXTENSION IF NOT EXISTS dblink;
CREATE ROLE tap_use_reader LOGIN IN ROLE dwh_analyst;
CREATE ROLE tap_admin LOGIN;
CREATE ROLE tap_province LOGIN;
CREATE ROLE tap_auditor LOGIN IN ROLE dwh_auditor;
\ir include/as_role.psql
\ir include/administrator.psql
SELECT pg_temp.make_administrator('tap_admin'), pg_temp.make_administrator('tap_province', 'province_admin', 101) \g (format=unaligned) /dev/null
INSERT INTO dwh_star.dim_unit (unit_id, code, level, name_vi, name_en, parent_unit_id, valid_from, valid_to) VALUES
	(995001, 'TAP-OLD', 'base', 'Cơ sở cũ', 'Old base', 101, '2025-07-01', '2026-03-31'),
	(995002, 'TAP-NEW', 'base', 'Cơ sở mới', 'New base', 101, '2026-04-01', NULL),
	(995003, 'TAP-DIV', 'division', 'Phòng Thu', 'Collection', 101, '2020-01-01', NULL);
INSERT INTO dwh_catalog.unit_succession VALUES (995001, 995002, 'rename', '2026-04-01');
INSERT INTO dwh_catalog.account (account_id, kind, email, full_name, login_role, home_unit_id, valid_from) VALUES
	(995001, 'sector', 'reader@use.invalid', 'Reader', 'tap_use_reader', 101, '2020-01-01'),
	(995002, 'sector', 'mover@use.invalid', 'Mover', NULL, 101, '2020-01-01'),
	(995003, 'sector', 'stayer@use.invalid', 'Stayer', NULL, 995001, '2020-01-01'),
	(995004, 'sector', 'above@use.invalid', 'Above', NULL, 995003, '2020-01-01'),
	(995005, 'sector', 'north@use.invalid', 'North', NULL, 231, '2020-01-01');
INSERT INTO dwh_catalog.access_grant (grant_id, account_id, user_group_id, scope_unit_id, subject_scope, valid_from, granted_at) VALUES
	(995001, 995001, 3, 101, 'listed', '2020-01-01', '2020-01-01'), (995002, 995001, 3, 231, 'listed', '2020-01-01', '2020-01-01'),
	(995003, 995002, 3, 101, 'group', '2020-01-01', '2020-01-01'), (995004, 995003, 3, 995001, 'group', '2020-01-01', '2020-01-01'),
	(995005, 995004, 3, 995003, 'group', '2020-01-01', '2020-01-01'), (995006, 995005, 3, 231, 'group', '2020-01-01', '2020-01-01');
INSERT INTO dwh_catalog.access_grant_subject VALUES (995001, 9), (995002, 10);
UPDATE dwh_catalog.access_grant SET certified_on = dwh.today() WHERE grant_id > 995000;

-- A session of the reader's own, read-only, that reads one subject twice.
CREATE FUNCTION pg_temp.session(p_role text, p_sql text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	v_result text;
BEGIN
	SELECT v INTO v_result FROM public.dblink(format('dbname=%s host=%s port=%s user=%s options=%s', quote_literal(current_database()),
		quote_literal(current_setting('unix_socket_directories')), current_setting('port'), p_role, quote_literal('-c default_transaction_read_only=on')), p_sql) AS t (v text);
	RETURN v_result;
END
$$;
-- Waits until the worker, which the postmaster may have to start first, has taken out what was handed over.
CREATE FUNCTION pg_temp.settle() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1 .. 200 LOOP
		EXIT WHEN (SELECT pid IS NOT NULL AND handed = committed FROM dwh.get_audit_worker());
		PERFORM pg_sleep(0.05);
	END LOOP;
END
$$;
SELECT pg_temp.settle() \g /dev/null
SELECT coalesce(max(event_id), 0) AS seen FROM dwh_log.audit_event \gset
SELECT is((SELECT count(*)::int FROM dwh_catalog.grant_use WHERE grant_id > 995000), 0, 'nothing was used yet');
SELECT is(pg_temp.ask('tap_admin', $$SELECT grant_id || ' ' || (days_unused > 2000) || ' ' || coalesce(last_used_on::text, '-') FROM dwh.review_grants(365) WHERE grant_id IN (995001, 995002)$$),
	'995001 true - 995002 true -', '893-092 a grant that was never used is unused since it was given, though it was certified today');
SELECT matches(pg_temp.session('tap_use_reader', 'SELECT count(*)::text FROM dwh_star.fact_staff'), '^\d+$', 'a read-only session reads a subject');
SELECT pg_temp.settle() \g /dev/null
SELECT results_eq('SELECT grant_id, last_used_on FROM dwh_catalog.grant_use WHERE grant_id > 995000', 'VALUES (995001, dwh.today())',
	'893-088 the grant that holds the subject is noted as used, the other is not');
SELECT is((SELECT last_login_on FROM dwh_catalog.account_use WHERE account_id = 995001), dwh.today(), '893-076 and that the account logged in');
SELECT is(pg_temp.ask('tap_admin', $$SELECT grant_id || ' ' || last_login_on - dwh.today() FROM dwh.review_grants(365) WHERE grant_id IN (995001, 995002)$$),
	'995002 0', '893-092 what is used is on the list no more');
-- Cheap: once an hour for each account and subject, nothing for who has no scope; the row is written once a day.
SELECT handed AS before FROM dwh.get_audit_worker() \gset
SELECT pg_temp.session('tap_use_reader', 'SELECT count(*)::text FROM dwh_star.fact_staff') FROM generate_series(1, 5) \g /dev/null
SELECT cmp_ok((SELECT handed - :before FROM dwh.get_audit_worker()), '<=', 2::bigint, 'the same use again hands nothing over, but for a change of the hour');
SELECT xmin AS written FROM dwh_catalog.grant_use WHERE grant_id = 995001 \gset
SELECT pg_temp.settle() \g /dev/null
SELECT is((SELECT xmin::text FROM dwh_catalog.grant_use WHERE grant_id = 995001), :'written', 'and writes nothing');
SELECT is(pg_temp.ask('tap_admin', 'SELECT count(*) > 0 FROM dwh.review_grants(0)'), 'true', 'an administrator acts');
SELECT pg_temp.settle() \g /dev/null
SELECT is((SELECT u.last_used_on FROM dwh_catalog.grant_use AS u JOIN dwh_catalog.access_grant AS g USING (grant_id) JOIN dwh_catalog.account AS a USING (account_id)
	WHERE a.login_role = 'tap_admin'), dwh.today(), 'which is a use of the grant that makes him one');
-- Somebody reads twice within one statement from several grants of one subject.
UPDATE dwh_catalog.grant_use SET last_used_on = dwh.today() - 40 WHERE grant_id = 995001;
SELECT is(pg_temp.ask('tap_admin', $$SELECT grant_id || ' ' || days_unused FROM dwh.review_grants(30) WHERE grant_id = 995001$$), '995001 40', '893-092 unused for so many days');
SELECT is(pg_temp.ask('tap_admin', $$SELECT grant_id FROM dwh.review_grants(41) WHERE grant_id = 995001$$), 'none', 'not for more');
SELECT is(pg_temp.ask('tap_province', $$SELECT DISTINCT unit_id FROM dwh.review_grants(30)$$), '101 995001 995003', '893-076 a province sees its own');
SELECT is((SELECT count(*)::int FROM dwh.bypass_events WHERE object = 'dwh_catalog.grant_use' AND event_id > :seen), 1, 'who writes evidence by hand is in the log; the worker is not');

-- Who moved by his staff record.
SELECT is(pg_temp.call_as('tap_province', $$dwh.link_staff('north@use.invalid', 995005)$$) ~ '^42704', true, '893-088 a province links people of its own');
SELECT is(pg_temp.call_as('tap_province', format($$dwh.link_staff(%L, %s)$$, e, s)), '', '893-088 a staff record is linked')
FROM (VALUES ('Mover@use.invalid', 995002), ('stayer@use.invalid', 995003), ('above@use.invalid', 995004)) AS v (e, s);
SELECT matches(pg_temp.call_as('tap_admin', $$dwh.link_staff('north@use.invalid', 995002)$$), '^23505', '893-088 to one account');
SELECT is(pg_temp.call_as('tap_admin', $$dwh.link_staff('north@use.invalid', 995005)$$), '', 'a central administrator links anybody');
SELECT matches(pg_temp.call_as('tap_use_reader', $$dwh.link_staff('mover@use.invalid', 995002)$$), '^42501', 'others nobody');
INSERT INTO dwh_log.load_run (source_id, batch) VALUES (6, 'use');
SELECT dwh.ensure_partitions('2026-12-31') \g /dev/null
INSERT INTO dwh_star.fact_staff (month, unit_id, staff_id, position_id, employment_kind, load_id)
SELECT m::date, CASE s WHEN 995002 THEN CASE WHEN m >= '2026-03-01' THEN 231 ELSE 101 END WHEN 995003 THEN CASE WHEN m >= '2026-04-01' THEN 995002 ELSE 995001 END
	WHEN 995004 THEN 101 ELSE CASE WHEN m >= '2026-04-01' THEN 101 ELSE 231 END END, s, (SELECT min(position_id) FROM dwh_star.dim_position), 'civil_servant', (SELECT max(load_id) FROM dwh_log.load_run)
FROM generate_series('2026-01-01'::timestamp, '2026-05-01', '1 month') AS m, unnest(ARRAY[995002, 995003, 995004, 995005]) AS s;
SELECT is(pg_temp.ask('tap_admin', $$SELECT email || ' ' || old_unit_id || ' ' || new_unit_id || ' ' || moved_in || ' ' || array_to_string(groups, ',') || ' ' || coalesce(requested_on::text, '-') FROM dwh.moved_staff()$$),
	'mover@use.invalid 101 231 2026-03-01 analyst - north@use.invalid 231 101 2026-04-01 analyst -',
	'893-088 who moved while his right lives is listed, with nobody asking to revoke; a unit''s new name, or the province of one''s division, is no move');
SELECT is(pg_temp.ask('tap_province', 'SELECT email FROM dwh.moved_staff()'), 'mover@use.invalid', '893-088 a province sees who left it');
SELECT is(pg_temp.ask('tap_use_reader', 'SELECT email FROM dwh.moved_staff()'), '42501', 'readers do not');
INSERT INTO dwh_catalog.office_holder (office_holder_id, person_name, unit_id, office, valid_from, document) VALUES
	(995001, 'Giám đốc', 101, 'province_director', '2020-01-01', 'QĐ 1');
SELECT matches(pg_temp.call_as('tap_admin', $$dwh.request_access('revoke', 'CV 7', dwh.today(), dwh.today(), 101, '[{"email": "mover@use.invalid", "reason": "transfer"}]')$$), '^\d+$',
	'the old unit asks');
SELECT is(pg_temp.ask('tap_admin', $$SELECT requested_on = dwh.today() FROM dwh.moved_staff() WHERE email LIKE 'mover%'$$), 'true', '893-088 then it says since when');
SELECT matches(pg_temp.call_as('tap_admin', $$dwh.revoke_access('mover@use.invalid', 'transfer', 'QĐ 8', p_from_unit => 101)$$), '^\d+$', 'and it is revoked');
SELECT is(pg_temp.ask('tap_admin', 'SELECT email FROM dwh.moved_staff()'), 'north@use.invalid', '893-088 who has no right left is listed no more');

-- Activity.
SELECT matches(pg_temp.call_as('tap_use_reader', 'count(*) FROM dwh.overdue()'), '^42501', 'a refusal');
SELECT pg_temp.settle() \g /dev/null
SELECT is(pg_temp.ask('tap_province', $$SELECT email || ' ' || sign_ins || ' ' || (refusals > 0) || ' ' || last_refusal || ' ' || (last_login_on = dwh.today()) FROM dwh.account_activity() WHERE email = 'reader@use.invalid'$$),
	'reader@use.invalid 0 true overdue true', '893-076 refusals and the last login of its people');
SELECT is(pg_temp.ask('tap_province', $$SELECT count(*) FROM dwh.account_activity() WHERE unit_id NOT IN (101, 995001, 995003)$$), '0', '893-076 of nobody else');
SELECT is(pg_temp.ask('tap_province', 'SELECT 1 FROM dwh_log.audit_event'), '42501', '893-076 and reads no log');
SELECT is(pg_temp.ask('tap_province', 'SELECT 1 FROM dwh_catalog.account_use'), '42501', 'nor the tables behind');
SELECT is(pg_temp.ask('tap_use_reader', 'SELECT 1 FROM dwh.account_activity()'), '42501', 'readers see none');
SELECT is(pg_temp.ask('tap_auditor', $$SELECT last_used_on FROM dwh.account_activity() WHERE email = 'reader@use.invalid'$$), (dwh.today() - 40)::text, '893-076 the last use, as it is noted');
SELECT is(pg_temp.ask('tap_auditor', $$SELECT refusals FROM dwh.account_activity(dwh.today() - 9, dwh.today() - 5) WHERE email = 'reader@use.invalid'$$), '0', 'of a period');

-- From two addresses at once.
INSERT INTO dwh_log.audit_event (occurred_at, month, account_id, session_user_name, outer_user_name, client_address, action, decision, detail)
SELECT now() - b * interval '1 minute', date_trunc('month', dwh.today())::date, a, 'gate', 'gate', c, 'authenticate', d,
	jsonb_build_object('expires_at', extract(epoch FROM now() - e * interval '1 minute')::bigint)
FROM (VALUES (995001, '10.0.0.1', 50, 40, 'done'), (995001, '10.0.0.2', 45, 35, 'done'), (995002, '10.0.0.1', 50, 45, 'done'), (995002, '10.0.0.2', 44, 40, 'done'),
	(995003, '10.0.0.1', 50, 40, 'done'), (995003, '10.0.0.1', 45, 35, 'done'), (995004, '10.0.0.1', 50, 40, 'done'), (995004, '10.0.0.9', 45, 35, 'refused')) AS v (a, c, b, e, d);
SELECT is(pg_temp.ask('tap_auditor', $$SELECT email || ' ' || first_address || ' ' || second_address FROM dwh.shared_accounts()$$),
	'reader@use.invalid 10.0.0.1 10.0.0.2', '893-042 exactly the account that was bound from two addresses at overlapping times');
SELECT is(pg_temp.ask('tap_use_reader', 'SELECT 1 FROM dwh.shared_accounts()'), '42501', 'not for readers');

-- The state of the warehouse.
SELECT is(pg_temp.ask('tap_admin', 'SELECT component FROM dwh.health()'), 'dead_letters instance loads problems refresh safety_level sealing summaries worker', '893-055 one row each');
-- Records that were lost with the databases of earlier tests are a warning.
SELECT matches(pg_temp.ask('tap_admin', $$SELECT state FROM dwh.health() WHERE component = 'worker'$$), '^(ok|warning)$', '893-055 the worker runs');
UPDATE dwh_log.load_run SET status = 'failed' WHERE batch = 'use';
SELECT is(pg_temp.ask('tap_admin', $$SELECT state FROM dwh.health() WHERE component = 'loads'$$), 'error', '893-055 a load that failed');
UPDATE dwh_log.load_run SET status = 'running' WHERE batch = 'use';
SELECT is(pg_temp.ask('tap_admin', $$SELECT state FROM dwh.health() WHERE component = 'loads'$$), 'ok', 'or runs');
INSERT INTO dwh_log.cell_mark (subject_id, month_from, month_to, marked_at) VALUES (9, '2026-01-01', '2026-01-01', now() - interval '2 days');
SELECT is(pg_temp.ask('tap_admin', $$SELECT state FROM dwh.health() WHERE component = 'refresh'$$), 'error', '893-055 a refresh that is late');
DELETE FROM dwh_log.cell_mark;
SELECT is(pg_temp.ask('tap_admin', $$SELECT state FROM dwh.health() WHERE component = 'refresh'$$), 'ok', 'and one that is not');
SELECT is(pg_temp.ask('tap_admin', $$SELECT state FROM dwh.health() WHERE component = 'sealing'$$), 'ok', '893-055 sealing');
SELECT matches(pg_temp.ask('tap_admin', $$SELECT detail FROM dwh.health() WHERE component = 'sealing'$$), '^\d+ lá đã niêm phong \| \d+ leaves are sealed$', '893-055 how much is sealed');
SELECT is(pg_temp.ask('tap_admin', $$SELECT state FROM dwh.health() WHERE component = 'dead_letters'$$), 'ok', '893-055 nothing is undeliverable');
SELECT is(pg_temp.ask('tap_admin', $$SELECT state FROM dwh.health() WHERE component = 'problems'$$), 'ok', '893-074 no problem waits');
SELECT problem_id AS problem FROM dwh.open_problem('support', 'x', 'x', p_unit_id => 101) \gset
SELECT is(pg_temp.ask('tap_admin', $$SELECT state FROM dwh.health(24) WHERE component = 'problems'$$), 'ok', '893-074 one of today is not late');
UPDATE dwh_catalog.problem SET opened_at = now() - interval '25 hours' WHERE problem_id = :problem;
SELECT is(pg_temp.ask('tap_admin', $$SELECT state || detail FROM dwh.health(24) WHERE component = 'problems'$$), 'warningChưa giao | Not assigned: ' || :problem, '893-074 unassigned after the hours that were set');
SELECT is(pg_temp.ask('tap_admin', $$SELECT state FROM dwh.health(26) WHERE component = 'problems'$$), 'ok', '893-074 which the caller sets');
SELECT is(pg_temp.call_as('tap_admin', format('dwh.assign_problem(%s, 12)', :problem)), '', 'it is assigned');
SELECT is(pg_temp.ask('tap_admin', $$SELECT state FROM dwh.health(24) WHERE component = 'problems'$$), 'ok', '893-074 and gone from the list');
SELECT is(pg_temp.ask('tap_use_reader', 'SELECT 1 FROM dwh.health()'), '42501', 'readers do not ask');
SELECT is(pg_temp.ask('tap_auditor', 'SELECT count(*) FROM dwh.health()'), '9', 'auditors do');
SELECT is(pg_temp.ask('tap_admin', 'SELECT 1 FROM dwh.health(-1)'), '22023', 'hours are not negative');
-- The worker is stopped; the postmaster starts it again after five seconds.
SELECT pg_terminate_backend(pid) FROM dwh.get_audit_worker() \g /dev/null
CREATE FUNCTION pg_temp.worker_becomes(p_state text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1 .. 1200 LOOP
		IF p_state = ANY (SELECT replace(state, 'warning', 'ok') FROM dwh.health() WHERE component = 'worker') THEN
			RETURN true;
		END IF;
		PERFORM pg_sleep(0.05);
	END LOOP;
	RETURN false;
END
$$;
SELECT is(pg_temp.worker_becomes('error'), true, '893-055 stopping the worker turns its row to error within one minute');
SELECT is(pg_temp.worker_becomes('ok'), true, 'until it is back');
SELECT * FROM finish();

DELETE FROM dwh_catalog.problem WHERE problem_id = :problem;
DELETE FROM dwh_star.fact_staff WHERE staff_id > 995000;
DELETE FROM dwh_log.cell_mark;
DELETE FROM dwh_log.load_run WHERE batch = 'use';
DELETE FROM dwh_catalog.access_grant_subject WHERE grant_id > 995000;
DELETE FROM dwh_catalog.access_grant WHERE account_id > 995000 OR account_id IN (SELECT account_id FROM dwh_catalog.account WHERE email LIKE '%@administrator.invalid');
DELETE FROM dwh_catalog.access_request_line WHERE email LIKE '%@use.invalid';
DELETE FROM dwh_catalog.access_request WHERE NOT EXISTS (SELECT FROM dwh_catalog.access_request_line AS l WHERE l.request_id = access_request.request_id);
DELETE FROM dwh_catalog.office_holder WHERE office_holder_id > 995000;
DELETE FROM dwh_catalog.account WHERE account_id > 995000 OR email LIKE '%@administrator.invalid';
DELETE FROM dwh_catalog.unit_succession WHERE predecessor_unit_id > 995000;
DELETE FROM dwh_star.dim_unit WHERE unit_id > 995000;
DROP ROLE tap_use_reader, tap_admin, tap_province, tap_auditor;
DROP EXTENSION dblink;

-- There is one notion of an administrator: a grant in force and the membership that it gave. A bare GRANT opens nothing, to nobody; each try
-- is in the log. 893-037 893-040 893-068 893-081
-- harness: preload
SET client_min_messages = error;
BEGIN;
SELECT plan(62);
CREATE ROLE tap_bare LOGIN IN ROLE dwh_central_admin, dwh_province_admin;
CREATE ROLE tap_known LOGIN IN ROLE dwh_central_admin, dwh_province_admin;
CREATE ROLE tap_former LOGIN IN ROLE dwh_central_admin;
CREATE ROLE tap_central LOGIN;
CREATE ROLE tap_province LOGIN;
CREATE ROLE tap_mighty LOGIN SUPERUSER;
\ir include/as_role.psql
\ir include/administrator.psql
-- tap_known has an account and another right, tap_former a right that has ended.
INSERT INTO dwh_catalog.account (account_id, kind, email, full_name, login_role, home_unit_id, valid_from) VALUES
	(990001, 'sector', 'known@example.invalid', 'Known', 'tap_known', 101, '2020-01-01'),
	(990002, 'sector', 'former@example.invalid', 'Former', 'tap_former', 12, '2020-01-01'),
	(990003, 'sector', 'mighty@example.invalid', 'Mighty', 'tap_mighty', 12, '2020-01-01');
INSERT INTO dwh_catalog.access_grant (account_id, user_group_id, scope_unit_id, valid_from, valid_to, revoked_at) VALUES
	(990001, 3, 101, '2020-01-01', NULL, NULL), (990002, 1, NULL, '2020-01-01', '2024-12-31', NULL),
	(990002, 1, NULL, '2025-01-01', dwh.today(), now());
SELECT pg_temp.make_administrator('tap_central'), pg_temp.make_administrator('tap_province', 'province_admin', 101) \g (format=unaligned) /dev/null
INSERT INTO dwh_catalog.office_holder (office_holder_id, person_name, unit_id, office, valid_from, document) VALUES
	(990001, 'Nguyễn A', 1, 'sector_leadership', '2020-01-01', 'QĐ 1');
SELECT problem_id AS problem FROM dwh.open_problem('support', 'x', 'x', p_unit_id => 101) \gset
SELECT coalesce(max(event_id), 0) AS seen FROM dwh_log.audit_event \gset

-- What an administrator does, of every room.
CREATE TEMPORARY TABLE call (n int, action text, call text);
INSERT INTO call VALUES
	(1, 'set_unit_function', $$dwh.set_unit_function(12, 'it_centre', 'QĐ')$$),
	(2, 'appoint_office_holder', $$dwh.appoint_office_holder('X', 'unit_leader', 11, 'QĐ')$$),
	(3, 'end_office_holder', $$dwh.end_office_holder(990001, 'QĐ')$$),
	(4, 'list_office_holders', 'count(*) FROM dwh.list_office_holders()'),
	(5, 'create_user_group', $$dwh.create_user_group('tap_x', 'x', 'x', 'analyst', '{fact_staff}', 'QĐ')$$),
	(6, 'set_group_limits', $$dwh.set_group_limits('analyst', '5 s')$$),
	(7, 'assign_problem', format('dwh.assign_problem(%s, 12)', :problem)),
	(8, 'close_problem', format('dwh.close_problem(%s, %L)', :problem, 'x')),
	(9, 'request_access', $$dwh.request_access('grant', 'CV', dwh.today(), dwh.today(), 11, '[{}]')$$),
	(10, 'emergency_revoke', $$dwh.emergency_revoke('known@example.invalid', 'x', 'x', 'x')$$),
	(11, 'sync_login_roles', 'dwh.sync_login_roles()'),
	(12, 'review_grants', 'count(*) FROM dwh.review_grants()'),
	(13, 'overdue', 'count(*) FROM dwh.overdue()'),
	(14, 'access_needs', $$count(*) FROM dwh.access_needs('2026-01-01', 101)$$),
	(15, 'register_gateway', $$dwh.register_gateway('tap_bare', 'session', 'x')$$),
	(16, 'create_indicator', $$dwh.create_indicator('TAP_X', 'x', 'x', '[K_DUE]', 'fact_collection', 'central_admin', 'đồng', '2024-01-01', 'x')$$),
	(17, 'ensure_partitions', 'dwh.ensure_partitions(dwh.today())');
SELECT matches(pg_temp.call_as(r, call), '^42501', format('893-040 %s with a bare GRANT: %s', r, action))
FROM call, unnest(ARRAY['tap_bare', 'tap_known', 'dwh_central_admin']) AS r ORDER BY n, r;
SELECT is((SELECT count(*)::int FROM dwh_log.audit_event AS e JOIN call AS c USING (action) WHERE e.event_id > :seen AND e.decision = 'refused'
	AND e.outer_user_name IN ('tap_bare', 'tap_known', 'dwh_central_admin')), 51, '893-038 every one of these is in the log as refused');
-- PostgreSQL denies the log and the catalogue of limits to nobody whom it has as a member; the calls above are what the warehouse judges.
SELECT is((SELECT count(*)::int FROM dwh_catalog.problem WHERE problem_id = :problem AND state = 'open'), 1, 'and nothing has changed');

-- With a grant in force they are allowed, until it is not.
SELECT is(pg_temp.call_as('tap_central', $$dwh.set_group_limits('analyst', '5 s')$$) !~ '^42501', true, '893-068 a grant opens the same calls');
SELECT matches(pg_temp.call_as('tap_province', 'count(*) FROM dwh.list_office_holders()'), '^\d+$', 'those of a province its own');
SELECT matches(pg_temp.call_as('tap_former', 'count(*) FROM dwh.list_office_holders()'), '^42501', '893-081 a grant that has ended or was revoked opens nothing');
UPDATE dwh_catalog.account SET is_enabled = false WHERE login_role = 'tap_central';
SELECT matches(pg_temp.call_as('tap_central', 'count(*) FROM dwh.list_office_holders()'), '^42501', 'nor one of an account that is disabled');
UPDATE dwh_catalog.account SET is_enabled = true WHERE login_role = 'tap_central';
REVOKE dwh_province_admin FROM tap_province;
SELECT matches(pg_temp.call_as('tap_province', 'count(*) FROM dwh.list_office_holders()'), '^42501', 'nor one whose membership was taken by hand');
UPDATE dwh_catalog.access_grant SET valid_to = dwh.today(), revoked_at = now() WHERE account_id = (SELECT account_id FROM dwh_catalog.account WHERE login_role = 'tap_central');
SELECT matches(pg_temp.call_as('tap_central', 'count(*) FROM dwh.list_office_holders()'), '^42501', '893-081 at the next statement after the revocation');

-- A superuser sets the warehouse up, and is no administrator by that: what needs a person and a grant he does not do.
SELECT matches(pg_temp.call_as('tap_mighty', 'count(*) FROM dwh.list_office_holders()'), '^\d+$', 'a superuser sets up offices');
SELECT matches(pg_temp.call_as('tap_mighty', $$dwh.request_access('grant', 'CV', dwh.today(), dwh.today(), 11, '[{}]')$$), '^42501',
	'893-068 but registers no request, though he has an account');
SELECT matches(pg_temp.call_as('tap_mighty', $$dwh.emergency_revoke('known@example.invalid', 'x', 'x', 'x')$$), '^42501', 'nor revokes in place of an administrator');
SELECT finish();
ROLLBACK;

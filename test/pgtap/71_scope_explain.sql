-- Who could see what and by which grant, what lies open, grants of ended units issued anew.
-- 893-020 893-015 893-090 2327-082 893-017
SET client_min_messages = error;
BEGIN;
SELECT plan(71);

CREATE ROLE tap_new LOGIN IN ROLE dwh_analyst;
CREATE ROLE tap_two LOGIN IN ROLE dwh_analyst;
CREATE ROLE tap_admin LOGIN IN ROLE dwh_province_admin;
CREATE ROLE tap_central LOGIN IN ROLE dwh_central_admin;
CREATE ROLE tap_auditor LOGIN IN ROLE dwh_auditor;
CREATE ROLE tap_country LOGIN IN ROLE dwh_national;
CREATE ROLE tap_outside LOGIN IN ROLE dwh_analyst;
-- Hải Dương (130) and Hải Phòng (131) were merged into 231; Hà Nội (101) was not touched.
INSERT INTO dwh_catalog.account (account_id, kind, email, full_name, login_role, home_unit_id, valid_from) VALUES
	(990001, 'sector', 'New@example.invalid', 'New', 'tap_new', 231, '2020-01-01'),
	(990002, 'sector', 'old@example.invalid', 'Old', NULL, 131, '2020-01-01'),
	(990003, 'sector', 'two@example.invalid', 'Two', 'tap_two', 101, '2020-01-01'),
	(990004, 'sector', 'admin@example.invalid', 'Admin', 'tap_admin', 231, '2020-01-01'),
	(990005, 'sector', 'country@example.invalid', 'Country', 'tap_country', 1, '2020-01-01');
INSERT INTO dwh_catalog.access_grant (grant_id, account_id, user_group_id, scope_unit_id, subject_scope, valid_from, granted_at, decision_no)
SELECT v.grant_id, v.account_id, g.user_group_id, v.unit_id, v.subject_scope, '2020-01-01', '2020-01-01 08:00+07', v.grant_id || '/QĐ'
FROM dwh_catalog.user_group AS g JOIN (VALUES
	(990001, 990001, 'analyst', 231, 'group'), (990002, 990002, 'analyst', 131, 'group'), (990003, 990003, 'analyst', 231, 'listed'),
	(990004, 990003, 'analyst', 101, 'listed'), (990005, 990004, 'province_admin', 231, 'group'), (990006, 990005, 'national', 1, 'group'),
	(990007, 990004, 'analyst', 131, 'group'), (990008, 990002, 'province_admin', 131, 'group')) AS v (grant_id, account_id, code, unit_id, subject_scope) USING (code);
INSERT INTO dwh_catalog.access_grant_subject VALUES (990003, 9), (990004, 10);
INSERT INTO dwh_catalog.account (account_id, kind, iam_subject, full_name, login_role, home_unit_id, valid_from, valid_to)
VALUES (990006, 'outside', 'tap-iam-77', 'Outside', 'tap_outside', 1, '2020-01-01', dwh.today() + 30);
INSERT INTO dwh_catalog.access_grant (grant_id, account_id, user_group_id, scope_unit_id, valid_from) VALUES (990011, 990006, 3, 101, '2020-01-01');

\ir include/as_role.psql
\ir include/administrator.psql
SELECT pg_temp.make_administrator('tap_central') \g (format=unaligned) /dev/null

-- Explained is what is seen: for every account and day the pairs of the grants and those of the policies are the same.
SELECT is(pg_temp.ask('tap_new', $$SELECT unnest(unit_ids) FROM dwh.explain_scope('new@EXAMPLE.invalid')$$),
	pg_temp.ask('tap_new', 'SELECT unnest(dwh.scope_units(9))'), 'a person about himself: the units of scope_units()');
SELECT is(pg_temp.ask('tap_two', $$SELECT array_to_string(subjects, ',') FROM dwh.explain_scope('two@example.invalid')$$),
	'fact_dossier fact_staff', 'listed subjects, each with its own grant');
SELECT is(pg_temp.ask('tap_two', $$SELECT DISTINCT unnest(unit_ids) FROM dwh.explain_scope('two@example.invalid') WHERE 'fact_dossier' = ANY (subjects)$$),
	pg_temp.ask('tap_two', 'SELECT unnest(dwh.scope_units(10))'), 'pairs, never the cross product');
SELECT is(pg_temp.ask('tap_central', $$SELECT unnest(unit_ids) FROM dwh.explain_scope('old@example.invalid') WHERE group_code = 'analyst'$$), '131', 'an ended unit: its own rows');
SELECT is(pg_temp.ask('tap_central', $$SELECT state FROM dwh.explain_scope('old@example.invalid') WHERE group_code = 'analyst'$$), 'unit_ended', 'and why');
SELECT is(pg_temp.ask('tap_central', $$SELECT cardinality(unit_ids) > 1 FROM dwh.explain_scope('country@example.invalid')$$), 'true', 'the root: the country');
SELECT is(pg_temp.ask('tap_auditor', $$SELECT decision_no || login_role FROM dwh.explain_scope('new@example.invalid')$$), '990001/QĐtap_new', 'decision and login');
SELECT is(pg_temp.ask('tap_central', $$SELECT state || cardinality(unit_ids) FROM dwh.explain_scope('new@example.invalid', '2019-12-31')$$), 'not_begun0', 'before it began');
SELECT is(pg_temp.ask('tap_central', $$SELECT state FROM dwh.explain_scope('new@example.invalid', '2024-01-01')$$), 'unit_not_begun', 'before the unit began');
SELECT is(pg_temp.ask('tap_central', $$SELECT state FROM dwh.explain_scope('old@example.invalid', '2024-01-01') WHERE group_code = 'analyst'$$), 'in_force', 'while the old unit was open');

-- Who may ask.
SELECT is(pg_temp.ask('tap_new', $$SELECT 1 FROM dwh.explain_scope('two@example.invalid')$$), '42501', 'nobody asks about others');
SELECT is(pg_temp.ask('tap_new', $$SELECT 1 FROM dwh.explain_scope('nobody@example.invalid')$$), '42501', 'nor learns whether they are there');
SELECT is(pg_temp.ask('tap_admin', $$SELECT grant_id FROM dwh.explain_scope('new@example.invalid')$$), '990001', 'an administrator about his province');
SELECT is(pg_temp.ask('tap_admin', $$SELECT count(*) FROM dwh.explain_scope('old@example.invalid')$$), '2', 'and what was merged into it');
SELECT is(pg_temp.ask('tap_admin', $$SELECT 1 FROM dwh.explain_scope('two@example.invalid')$$), '42501', 'not about another');
SELECT is(pg_temp.ask('tap_admin', $$SELECT 1 FROM dwh.explain_scope('nobody@example.invalid')$$), '42501', 'nor learns whether one is there');
SELECT is(pg_temp.ask('tap_central', $$SELECT 1 FROM dwh.explain_scope('nobody@example.invalid')$$), '42704', 'who may know is told');
SELECT is(pg_temp.ask('tap_central', $$SELECT grant_id FROM dwh.explain_scope(NULL)$$), (SELECT g.grant_id::text FROM dwh_catalog.access_grant AS g
	JOIN dwh_catalog.account AS a USING (account_id) WHERE a.login_role = 'tap_central'), 'no address: oneself');
SELECT is(pg_temp.ask('tap_auditor', $$SELECT 1 FROM dwh.explain_scope(NULL)$$), '22004', 'who has no account');
SELECT is(pg_temp.ask('tap_auditor', $$SELECT grant_id FROM dwh.explain_scope('tap-iam-77')$$), '990011', 'a person from outside, by the IAM subject');
SELECT is(pg_temp.ask('tap_new', $$SELECT 1 FROM dwh.explain_scope('tap-iam-77')$$), '42501', 'not for others');
SELECT is(pg_temp.ask('tap_outside', $$SELECT grant_id FROM dwh.explain_scope('tap-iam-77')$$), '990011', 'but for himself');
SELECT is(pg_temp.ask('tap_central', $$SELECT 1 FROM dwh.explain_scope('new@example.invalid', 'infinity')$$), '22023', 'no day');
SELECT is(pg_temp.ask('tap_admin', $$SELECT 1 FROM dwh.check_scope()$$), '42501', 'what lies open is not for everyone');

-- The reverse.
SELECT is(pg_temp.ask('tap_central', $$SELECT grant_id FROM dwh.list_viewers(231, 'fact_staff')$$), '990001 990003 990006', 'viewers of a province');
SELECT is(pg_temp.ask('tap_central', $$SELECT grant_id FROM dwh.list_viewers(131, 'fact_staff')$$), '990001 990002 990003 990006 990007', 'of one that was merged into it');
SELECT is(pg_temp.ask('tap_central', $$SELECT grant_id FROM dwh.list_viewers(131, 'fact_dossier')$$), '990001 990002 990006 990007', 'of another subject');
SELECT is(pg_temp.ask('tap_central', $$SELECT grant_id FROM dwh.list_viewers(131, 'fact_staff', '2024-01-01')$$), '990002 990006 990007', 'in 2024');
SELECT is(pg_temp.ask('tap_admin', $$SELECT coalesce(email, '?') FROM dwh.list_viewers(231, 'fact_staff')$$), '? ? New@example.invalid', 'names of others'' accounts are not shown');
SELECT is(pg_temp.ask('tap_admin', $$SELECT 1 FROM dwh.list_viewers(101, 'fact_staff')$$), '42501', 'nor other provinces'' viewers');
SELECT is(pg_temp.ask('tap_new', $$SELECT 1 FROM dwh.list_viewers(231, 'fact_staff')$$), '42501', 'readers do not ask');
SELECT is(pg_temp.ask('tap_central', $$SELECT 1 FROM dwh.list_viewers(231, 'nothing')$$), '42704', 'a subject that is not');
UPDATE dwh_catalog.access_grant SET revoked_at = now(), valid_to = dwh.today() WHERE grant_id = 990003;
SELECT is(pg_temp.ask('tap_central', $$SELECT state FROM dwh.list_viewers(231, 'fact_staff') WHERE grant_id = 990003$$), 'revoked', 'taken away today: could see today');
SELECT is(pg_temp.ask('tap_central', $$SELECT state FROM dwh.list_viewers(231, 'fact_staff', dwh.today() - 1) WHERE grant_id = 990003$$), 'in_force', 'yesterday, too');
SELECT is(pg_temp.ask('tap_central', $$SELECT state FROM dwh.list_viewers(231, 'fact_staff', dwh.today() + 1) WHERE grant_id = 990003$$), 'none', 'not tomorrow');

-- Grants of an ended unit.
INSERT INTO dwh_catalog.office_holder (office_holder_id, person_name, office, unit_id, account_id, document, valid_from, valid_to) VALUES
	(990001, 'Director', 'province_director', 231, NULL, 'QĐ', '2025-07-01', NULL),
	(990002, 'Director of Hà Nội', 'province_director', 101, NULL, 'QĐ', '2020-01-01', NULL),
	(990003, 'Leader', 'sector_leadership', 1, NULL, 'QĐ', '2020-01-01', NULL),
	(990004, 'Leader before', 'sector_leadership', 1, NULL, 'QĐ', '2020-01-01', dwh.today() - 1),
	(990005, 'Old', 'deputy', 231, 990002, 'QĐ', '2025-07-01', NULL);
SELECT is(pg_temp.ask('tap_new', $$SELECT dwh.reassign_unit(131, 231, dwh.today(), 'x', 990003)$$), '42501', 'readers do not re-issue');
SELECT is(pg_temp.ask('tap_auditor', $$SELECT dwh.reassign_unit(131, 231, dwh.today(), 'x', 990003)$$), '42501', 'nor auditors');
SELECT is(pg_temp.ask('tap_central', $$SELECT dwh.reassign_unit(231, 131, dwh.today(), 'x', 990003)$$), '22023', 'a unit that is open');
SELECT is(pg_temp.ask('tap_central', $$SELECT dwh.reassign_unit(131, 101, dwh.today(), 'x', 990003)$$), '22023', 'no successor');
SELECT is(pg_temp.ask('tap_central', $$SELECT dwh.reassign_unit(131, 231, dwh.today(), ' ', 990003)$$), '22023', 'no decision');
SELECT is(pg_temp.ask('tap_central', $$SELECT dwh.reassign_unit(131, 231, dwh.today(), 'x', NULL)$$), '22004', 'nobody decided');
SELECT is(pg_temp.ask('tap_central', $$SELECT dwh.reassign_unit(131, 231, dwh.today(), 'x', -1)$$), '42501', 'somebody who is not there');
SELECT is(pg_temp.ask('tap_central', $$SELECT dwh.reassign_unit(131, 231, dwh.today(), 'x', 990004)$$), '42501', 'nor in office any more');
SELECT is(pg_temp.ask('tap_central', $$SELECT dwh.reassign_unit(131, 231, dwh.today(), 'x', 990003, dwh.today() + 1)$$), '42501', 'a decision of tomorrow');
SELECT is(pg_temp.ask('tap_central', $$SELECT dwh.reassign_unit(131, 231, dwh.today(), 'x', 990002)$$), '42501', 'the director of another province');
SELECT is(pg_temp.ask('tap_central', $$SELECT dwh.reassign_unit(131, 231, dwh.today(), 'x', 990005)$$), '42501', 'on his own right');
SELECT is(pg_temp.ask('tap_admin', $$SELECT dwh.reassign_unit(131, 231, dwh.today(), '12/QĐ', 990001)$$), '1', 'an administrator of the province: neither his own nor another administrator''s');
SELECT is(pg_temp.ask('tap_central', $$SELECT state || ':' || unit_id FROM dwh.explain_scope('old@example.invalid') WHERE group_code = 'analyst'$$), 'in_force:231 revoked:131', 'the old one is revoked, a new one in force');
SELECT results_eq($$SELECT action, detail ->> 'decision_no', detail ->> 'decided_by', detail ->> 'unit' FROM dwh_log.audit_event
	WHERE detail ->> 'decision_no' = '12/QĐ' ORDER BY event_id$$,
	$$VALUES ('revoke_access', '12/QĐ', 'Director', '131'), ('grant_access', '12/QĐ', 'Director', '231'), ('reassign_unit', '12/QĐ', 'Director', NULL)$$,
	'under one decision in the log');
SELECT set_config('tap.request', (SELECT max(request_id)::text FROM dwh_catalog.access_request), true) \g (format=unaligned) /dev/null
SELECT is(pg_temp.ask('tap_central', $$SELECT length(regexp_replace(dwh.access_notice(current_setting('tap.request')::int, 'text', '1/TB', 'Hải Phòng', 'A'),
	'old@example.invalid', '', 'g')) - length(dwh.access_notice(current_setting('tap.request')::int, 'text', '1/TB', 'Hải Phòng', 'A'))$$), '-38', 'and in the notice, given and taken');
-- A central administrator's own rights another one moves.
INSERT INTO dwh_catalog.access_grant (grant_id, account_id, user_group_id, scope_unit_id, valid_from)
SELECT 990010, account_id, 3, 131, '2020-01-01' FROM dwh_catalog.account WHERE login_role = 'tap_central';
SELECT is(pg_temp.ask('tap_central', $$SELECT dwh.reassign_unit(131, 231, dwh.today() + 10, '13/QĐ', 990003)$$), '1', 'the others, later');
SELECT is(pg_temp.ask('tap_central', $$SELECT state FROM dwh.explain_scope('admin@example.invalid') WHERE group_code = 'analyst' ORDER BY grant_id$$), 'not_begun unit_ended', 'until then the old one counts');
SELECT results_eq('SELECT grant_id FROM dwh_catalog.access_grant WHERE scope_unit_id = 131 AND valid_to IS NULL ORDER BY 1', 'VALUES (990008), (990010)',
	'neither administrators'' rights nor the caller''s own');

INSERT INTO dwh_catalog.access_grant (grant_id, account_id, user_group_id, scope_unit_id, valid_from) VALUES (990009, 990001, 3, 130, '2020-01-01');
SELECT is(pg_temp.ask('tap_central', $$SELECT dwh.reassign_unit(130, 231, dwh.today(), '14/QĐ', 990001)$$), '1', 'a right that is there already');
SELECT results_eq($$SELECT action FROM dwh_log.audit_event WHERE detail ->> 'decision_no' = '14/QĐ' ORDER BY event_id$$,
	$$VALUES ('revoke_access'), ('reassign_unit')$$, 'is not given twice');

-- Persons: 893-020.
INSERT INTO dwh_star.dim_person (person_id, social_insurance_no, identity_no, full_name, birth_date, sex, home_unit_id, valid_from) VALUES
	(2000000001, '01', '001', 'A', '1990-01-01', 'F', 231, '2020-01-01'), (2000000002, '02', '002', 'B', '1990-01-01', 'F', 101, '2020-01-01');
SELECT is(pg_temp.ask('tap_new', 'SELECT person_id FROM dwh.masked_person WHERE person_id >= 2000000000'), '2000000001', 'persons of the scope');
SELECT is(pg_temp.ask('tap_new', 'SELECT num_nonnulls(social_insurance_no, identity_no, full_name, birth_date, sex) FROM dwh.masked_person WHERE person_id >= 2000000000'), '0',
	'what is personal is NULL');
SELECT is(pg_temp.ask('tap_new', 'SELECT full_name FROM dwh_star.dim_person'), '42501', 'and refused in the table');
GRANT SELECT (full_name) ON dwh_star.dim_person TO dwh_analyst;
SELECT is(pg_temp.ask('tap_new', 'SELECT full_name FROM dwh_star.dim_person WHERE person_id >= 2000000000'), 'A', 'a column that a group is given shows the scope''s rows');
SELECT is(pg_temp.ask('tap_new', 'SELECT identity_no FROM dwh_star.dim_person'), '42501', 'and no other column');
REVOKE SELECT (full_name) ON dwh_star.dim_person FROM dwh_analyst;

-- What lies open.
SELECT is(pg_temp.ask('tap_auditor', 'SELECT problem || object FROM dwh.check_scope()'), 'none', 'nothing after installation');
SAVEPOINT s;
CREATE VIEW public.tap_view AS SELECT unit_id FROM dwh_star.fact_staff;
CREATE VIEW public.tap_over WITH (security_invoker) AS SELECT * FROM public.tap_view;
SELECT is(pg_temp.ask('tap_central', 'SELECT problem || object FROM dwh.check_scope()'), 'view_without_security_invokerpublic.tap_view', 'a view');
ROLLBACK TO s;
CREATE MATERIALIZED VIEW public.tap_copy AS SELECT unit_id FROM dwh_star.fact_staff;
GRANT SELECT (unit_id) ON public.tap_copy TO dwh_analyst;
SELECT is(pg_temp.ask('tap_central', 'SELECT problem || object FROM dwh.check_scope()'), 'materialized_viewpublic.tap_copy', 'a materialized view');
ROLLBACK TO s;
ALTER TABLE dwh_star.fact_staff_2025 DISABLE ROW LEVEL SECURITY;
GRANT SELECT ON dwh_star.fact_dossier_2025 TO PUBLIC;
CREATE POLICY tap ON dwh_star.fact_claim USING (true);
DROP POLICY read_scope ON dwh_star.fact_benefit;
DROP POLICY read_national ON dwh_star.fact_benefit;
SELECT is(pg_temp.ask('tap_central', 'SELECT problem || '':'' || object FROM dwh.check_scope()'),
	'no_policy:dwh_star.fact_benefit no_row_security:dwh_star.fact_staff_2025 partition_granted:dwh_star.fact_dossier_2025 strange_policy:dwh_star.fact_claim',
	'tables and partitions');
ROLLBACK TO s;
ALTER ROLE tap_new BYPASSRLS;
GRANT dwh_owner TO tap_two;
GRANT pg_read_all_data TO tap_admin;
ALTER TABLE dwh_catalog.access_grant ENABLE TRIGGER after_change_cache;
SELECT is(pg_temp.ask('tap_central', 'SELECT problem || '':'' || object FROM dwh.check_scope()'),
	'bypass_member:tap_new cache_not_told:dwh_catalog.access_grant owner_has_member:tap_two reads_all_data:tap_admin', 'roles and triggers');
ROLLBACK TO s;
CREATE POLICY tap_or ON dwh_star.fact_staff FOR SELECT USING (dwh.in_scope(unit_id, 9) OR true);
CREATE ROLE tap_bypass BYPASSRLS;
GRANT SELECT (unit_id) ON dwh_star.fact_staff TO tap_bypass;
GRANT SELECT ON dwh_star.dim_person TO PUBLIC;
ALTER TABLE dwh_catalog.gateway DISABLE TRIGGER after_change_cache;
ALTER TABLE dwh_catalog.token_key DISABLE TRIGGER after_change_replica;
CREATE VIEW public.tap_one WITH (security_invoker = 1) AS SELECT unit_id FROM dwh_star.fact_staff;
SET LOCAL quote_all_identifiers = on;
SELECT is(pg_temp.ask('tap_central', 'SELECT problem || '':'' || object FROM dwh.check_scope()'), 'bypass_member:tap_bypass cache_not_told:dwh_catalog.gateway '
	'cache_not_told:dwh_catalog.token_key personal_granted:dwh_star.dim_person strange_policy:dwh_star.fact_staff', 'what widens, bypasses, names people');
ROLLBACK TO s;
ALTER ROLE tap_new CREATEROLE;
SELECT is(pg_temp.ask('tap_central', 'SELECT problem || '':'' || object FROM dwh.check_scope()'),
	CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'makes_members:tap_new' ELSE 'none' END, 'who could make himself a member');
ROLLBACK TO s;
DROP INDEX dwh_star.fact_staff_unit_id_month_idx;
SELECT is(pg_temp.ask('tap_central', 'SELECT problem || '':'' || object FROM dwh.check_scope()'), 'no_index:dwh_star.fact_staff', 'an index');
ROLLBACK TO s;

-- Kept values and summaries.
INSERT INTO dwh_star.dim_unit (unit_id, code, level, name_vi, name_en, parent_unit_id, valid_from, valid_to)
VALUES (990001, 'T1', 'district', 'x', 'x', 101, '2010-01-01', '2025-06-30');
SELECT is(pg_temp.ask('tap_two', $$SELECT dwh.has_whole_unit(u, 10)::text || dwh.in_scope(u, 10) FROM unnest(ARRAY[101, 990001]) AS u$$), 'truetrue truetrue', 'a province is seen whole');
UPDATE dwh_star.dim_unit SET valid_to = dwh.today() - 1 WHERE unit_id = 101;
SELECT is(pg_temp.ask('tap_two', $$SELECT dwh.has_whole_unit(101, 10)::text || dwh.in_scope(101, 10)$$), 'falsetrue', 'an ended one is not, its own rows are');
SELECT is(pg_temp.ask('tap_two', $$SELECT dwh.has_whole_unit(NULL, 10) IS NULL$$), 'true', 'NULL for NULL');
SELECT * FROM finish();
ROLLBACK;

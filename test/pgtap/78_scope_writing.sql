-- Who may write which units' figures: those that lie wholly in the scope by which the account reads, in the subjects of its grants, and no others.
-- 2327-042 2327-075 893-038
-- harness: preload
SET client_min_messages = error;
BEGIN;
SELECT plan(24);
CREATE ROLE tap_haiphong LOGIN IN ROLE dwh_analyst;
CREATE ROLE tap_old LOGIN IN ROLE dwh_analyst;
CREATE ROLE tap_listed LOGIN IN ROLE dwh_analyst;
CREATE ROLE tap_expired LOGIN IN ROLE dwh_analyst;
\ir include/as_role.psql
-- Hải Dương (130) and Hải Phòng (131) were merged into 231; a district of Hà Nội became a base of 231 as a whole, another was split.
INSERT INTO dwh_star.dim_unit (unit_id, code, level, name_vi, name_en, parent_unit_id, valid_from, valid_to) VALUES
	(990001, 'T1', 'base', 'x', 'x', 231, '2025-07-01', NULL), (990002, 'T2', 'base', 'x', 'x', 101, '2025-07-01', NULL);
INSERT INTO dwh_catalog.account (account_id, kind, email, full_name, login_role, valid_from) VALUES
	(990001, 'sector', 'haiphong@example.invalid', 'Hải Phòng', 'tap_haiphong', '2020-01-01'),
	(990002, 'sector', 'old@example.invalid', 'Cũ', 'tap_old', '2020-01-01'),
	(990003, 'sector', 'listed@example.invalid', 'Liệt Kê', 'tap_listed', '2020-01-01'),
	(990004, 'sector', 'expired@example.invalid', 'Hết Hạn', 'tap_expired', '2020-01-01');
INSERT INTO dwh_catalog.access_grant (grant_id, account_id, user_group_id, scope_unit_id, subject_scope, valid_from, valid_to)
SELECT 990000 + v.n, 990000 + v.n, g.user_group_id, v.unit_id, v.subject_scope, '2020-01-01', v.valid_to
FROM dwh_catalog.user_group AS g, (VALUES (1, 231, 'group', NULL::date), (2, 131, 'group', NULL), (3, 231, 'listed', NULL), (4, 231, 'group', dwh.today() - 1)) AS v (n, unit_id, subject_scope, valid_to)
WHERE g.code = 'analyst';
SELECT subject_id AS subject FROM dwh_catalog.indicator WHERE code = 'X01' \gset
INSERT INTO dwh_catalog.access_grant_subject SELECT 990003, subject_id FROM dwh_catalog.user_group_subject WHERE user_group_id = 3 AND subject_id <> :subject;
-- The units that may be entered, out of all kinds, by what the role may read of the subject; a figure of each.
CREATE TEMPORARY TABLE place (unit text, day date, what text, mine boolean);
INSERT INTO place VALUES
	('31', '2027-01-01', 'the province', true), ('T1', '2027-01-01', 'a base of it', true), ('30', '2024-01-01', 'a province merged into it', true),
	('31', '2024-01-01', 'the one of its name before', true), ('VSS', '2027-01-01', 'the country', false), ('01', '2027-01-01', 'a neighbour', false),
	('T2', '2027-01-01', 'a base of the neighbour', false), ('01', '2024-01-01', 'a neighbour before', false);
CREATE FUNCTION pg_temp.enter(p_unit text, p_day date, p_value int DEFAULT 5) RETURNS text LANGUAGE sql AS $$
	SELECT format('dwh.enter_value(''X01'', %L, ''year'', %L, %s, ''tap'')::text', p_day, p_unit, p_value) $$;
SELECT coalesce(max(event_id), 0) AS seen FROM dwh_log.audit_event \gset

SELECT is(left(pg_temp.call_as('tap_haiphong', pg_temp.enter(unit, day)), 5) = '42501', NOT mine,
	format('2327-042 %s %s %s', what, day, CASE WHEN mine THEN 'may be written' ELSE 'is refused' END)) FROM place ORDER BY mine, unit, day;
SELECT is((SELECT count(*)::int FROM dwh_log.audit_event WHERE event_id > :seen AND action = 'enter_value' AND decision = 'refused' AND outer_user_name = 'tap_haiphong'
	AND detail ->> 'reason' = 'the unit is out of the caller''s scope'), 4, '893-038 each refusal is in the log, though the statement was rolled back');
SELECT is((SELECT string_agg(DISTINCT author_account_id::text, ' ') FROM dwh_star.fact_manual WHERE note = 'tap'), '990001', 'and each figure names its author');
SELECT is(pg_temp.ask('tap_haiphong', 'SELECT count(*) FROM dwh.pending_values WHERE note = ''tap'''), '4', '2327-075 who wrote them reads them');
SELECT is(pg_temp.ask('tap_old', 'SELECT count(*) FROM dwh.pending_values WHERE note = ''tap'' AND unit_code <> ''31'''), '0', 'a reader of the ended province reads none of the others');

SELECT matches(pg_temp.call_as('tap_old', pg_temp.enter('31', '2027-01-01')), '^42501', '2327-042 the ended province''s reader writes nothing of its successor');
SELECT matches(pg_temp.call_as('tap_old', pg_temp.enter('30', '2024-01-01')), '^42501', 'nor of the province that was merged with it');
SELECT matches(pg_temp.call_as('tap_listed', pg_temp.enter('31', '2028-01-01')), '^42501', 'a grant that lists other subjects gives no right to write this one');
INSERT INTO dwh_catalog.access_grant_subject VALUES (990003, :subject);
SELECT matches(pg_temp.call_as('tap_listed', pg_temp.enter('31', '2028-01-01')), '^\d+$', 'and does as soon as it lists it');
SELECT matches(pg_temp.call_as('tap_expired', pg_temp.enter('31', '2029-01-01')), '^42501', 'an expired grant gives none');

-- Approving is writing.
SELECT f.manual_id AS mine FROM dwh_star.fact_manual AS f WHERE note = 'tap' AND unit_id = 231 AND period_start = '2027-01-01' \gset
SELECT matches(pg_temp.call_as('tap_haiphong', format('dwh.approve_value(%s)', :mine)), '^42501', 'nobody approves his own');
SELECT matches(pg_temp.call_as('tap_old', format('dwh.approve_value(%s)', :mine)), '^42501', 'nor one who does not see the unit');
SELECT matches(pg_temp.call_as('tap_listed', format('dwh.approve_value(%s)', :mine)), '^\d+$', 'another one of the province does');

-- The same scope reads facts: 2327-075.
INSERT INTO dwh_log.load_run (source_id, batch) VALUES (6, 'writing');
INSERT INTO dwh_star.fact_staff (month, unit_id, staff_id, position_id, employment_kind, load_id)
SELECT CASE WHEN valid_to IS NULL THEN date '2025-08-01' ELSE '2025-05-01' END, unit_id, unit_id, (SELECT min(position_id) FROM dwh_star.dim_position), 'contract', (SELECT max(load_id) FROM dwh_log.load_run)
FROM dwh_star.dim_unit WHERE unit_id IN (130, 131, 231, 101, 990001, 990002);
SELECT is(pg_temp.ask('tap_haiphong', 'SELECT DISTINCT unit_id FROM dwh_star.fact_staff'), '130 131 231 990001', '2327-075 the same units'' facts are read, and no others');
SELECT is(pg_temp.ask('tap_expired', 'SELECT count(*) FROM dwh_star.fact_staff'), '0', 'without a right to write nothing is read either');
SELECT is(has_table_privilege('tap_haiphong', 'dwh_star.fact_staff', 'INSERT, UPDATE, DELETE, TRUNCATE'), false, 'facts are written by loads only');
SELECT is((SELECT count(*)::int FROM dwh_star.fact_manual WHERE note = 'tap' AND unit_id NOT IN (130, 131, 231, 990001)), 0, 'nothing of others has been written');
SELECT * FROM finish();
ROLLBACK;

-- Functions of units, office holders, user groups: asked as plain roles; refusals are in the log although the transaction is gone.
-- 893-015 893-033 893-048 893-061 893-069
-- harness: preload
SET client_min_messages = error;
BEGIN;
SELECT plan(62);
CREATE ROLE tap_central LOGIN IN ROLE dwh_central_admin;
CREATE ROLE tap_province LOGIN IN ROLE dwh_province_admin;
CREATE ROLE tap_analyst LOGIN IN ROLE dwh_analyst;
CREATE ROLE tap_auditor LOGIN IN ROLE dwh_auditor;
CREATE ROLE tap_one LOGIN;
CREATE ROLE tap_two LOGIN;
INSERT INTO dwh_star.dim_unit (unit_id, code, level, name_vi, name_en, parent_unit_id, valid_from) VALUES
	(990001, 'TAP-CNTT', 'central_unit', 'Trung tâm CNTT', 'IT Centre', 1, '2020-01-01'),
	(990002, 'TAP-KHDT', 'central_unit', 'Vụ Kế hoạch', 'Planning', 1, '2020-01-01'),
	(990003, 'TAP-CNTT2', 'central_unit', 'Cục CNTT', 'IT Department', 1, '2020-01-01'),
	(990004, 'TAP-IT1', 'division', 'Phòng CNTT', 'IT division', 101, '2020-01-01'),
	(990005, 'TAP-IT2', 'division', 'Phòng CĐS', 'Digital division', 101, '2020-01-01'),
	(990006, 'TAP-IT3', 'division', 'Phòng CNTT', 'IT division', 231, '2025-07-01');
INSERT INTO dwh_catalog.account (account_id, kind, email, full_name, login_role, home_unit_id, valid_from) VALUES
	(990001, 'sector', 'province@example.invalid', 'Lê C', 'tap_province', 990004, '2020-01-01'),
	(990002, 'sector', 'one@example.invalid', 'Trần D', 'tap_one', 101, '2020-01-01'),
	(990003, 'sector', 'two@example.invalid', 'Phạm E', 'tap_two', 101, '2020-01-01');
INSERT INTO dwh_catalog.access_grant (account_id, user_group_id, scope_unit_id, valid_from) VALUES (990001, 2, 101, '2020-01-01');
SELECT coalesce(max(event_id), 0) AS seen FROM dwh_log.audit_event \gset

\ir include/as_role.psql
\ir include/administrator.psql
SELECT pg_temp.make_administrator('tap_central') \g (format=unaligned) /dev/null
CREATE FUNCTION pg_temp.central(p_call text) RETURNS text LANGUAGE sql AS $$SELECT pg_temp.call_as('tap_central', p_call)$$;

-- Functions of units.
SELECT matches(pg_temp.call_as(r, $$dwh.set_unit_function(990001, 'it_centre', 'QĐ 1')$$), '^42501', r || ' gives no functions')
FROM unnest(ARRAY['tap_province', 'tap_analyst', 'tap_auditor']) AS r;
SELECT is(pg_temp.central($$dwh.set_unit_function(990001, 'it_centre', 'QĐ 1', '2020-07-10')$$), '0', '893-033 an IT Centre');
DELETE FROM dwh_catalog.unit_function WHERE function = 'planning';
SELECT is(pg_temp.central($$dwh.set_unit_function(990002, 'planning', 'QĐ 2', '2020-07-10')$$), '0', '893-048 a focal point');
SELECT matches(pg_temp.central($$dwh.set_unit_function(990002, 'planning', ' ', '2030-01-01')$$), '^22023 .*document', 'by a document');
SELECT matches(pg_temp.central($$dwh.set_unit_function(101, 'it_centre', 'QĐ 3')$$), '^22023', 'a province is no IT Centre');
SELECT matches(pg_temp.central($$dwh.set_unit_function(990001, 'kitchen', 'QĐ 3')$$), '^22023', 'there are three functions');
SELECT matches(pg_temp.central($$dwh.set_unit_function(-1, 'it_centre', 'QĐ 3')$$), '^42704', 'of units that are there');
SELECT matches(pg_temp.central($$dwh.set_unit_function(131, 'it_division', 'QĐ 3', '2025-07-01')$$), '^22023', 'on that day');
SELECT is(pg_temp.central($$dwh.set_unit_function(990003, 'it_centre', 'QĐ 4', '2025-03-01')$$), '1', 'the function passes on');
SELECT is((SELECT string_agg(unit_id || ' ' || coalesce(valid_to::text, '-') || ' ' || coalesce(end_document, '-'), ', ' ORDER BY valid_from)
	FROM dwh_catalog.unit_function WHERE function = 'it_centre'), '990001 2025-02-28 QĐ 4, 990003 - -', 'on the day before');
SELECT matches(pg_temp.central($$dwh.set_unit_function(990001, 'it_centre', 'QĐ 5', '2024-01-01', '2025-06-01')$$), '^23P01', 'rows do not overlap');
SELECT throws_ok($$INSERT INTO dwh_catalog.unit_function (unit_id, function, valid_from) VALUES (990002, 'it_centre', '2026-01-01')$$, '23P01', NULL, 'whoever writes them');
SELECT is(pg_temp.central($$dwh.set_unit_function(990004, 'it_division', 'QĐ 6', '2020-07-10')$$), '0', 'an IT division');
SELECT is(pg_temp.central($$dwh.set_unit_function(990006, 'it_division', 'QĐ 6', '2025-07-01')$$), '0', 'another province has its own');
SELECT is(pg_temp.central($$dwh.set_unit_function(990005, 'it_division', 'QĐ 7', '2026-01-01')$$), '1', 'in one province there is one');
SELECT matches(pg_temp.central($$dwh.end_unit_function(990004, 'it_division', 'QĐ 8')$$), '^42704', 'what has ended is not ended again');
SELECT is(pg_temp.central($$dwh.end_unit_function(990006, 'it_division', 'QĐ 8', '2026-06-30')$$), '', 'an end');

-- Office holders.
SELECT pg_temp.central($$dwh.appoint_office_holder('Nguyễn Văn A', 'sector_leadership', 1, 'QĐ 10', '2021-01-01')$$) AS leader \gset
SELECT matches(:'leader'::text, '^\d+$', '893-033 a leader of the sector');
SELECT matches(pg_temp.central($$dwh.appoint_office_holder('Nguyễn Văn B', 'sector_leadership', 1, 'QĐ 11', '2021-01-01')$$), '^\d+$', 'leaders are several');
SELECT matches(pg_temp.central($$dwh.appoint_office_holder('Nguyễn Văn B', 'sector_leadership', 1, 'QĐ 11', '2022-01-01')$$), '^23P01', 'nobody twice');
SELECT matches(pg_temp.central($$dwh.appoint_office_holder('Vũ G', 'it_centre_director', 990001, 'QĐ 12', '2026-01-01')$$), '^22023', 'director of the unit with the function');
SELECT matches(pg_temp.central($$dwh.appoint_office_holder('Vũ G', 'it_centre_director', 990003, 'QĐ 12', '2026-01-01')$$), '^\d+$', 'on that day');
SELECT matches(pg_temp.central($$dwh.appoint_office_holder('Vũ H', 'it_centre_director', 990003, 'QĐ 13', '2026-02-01')$$), '^23P01', 'one head at a time');
SELECT matches(pg_temp.central($$dwh.appoint_office_holder('Vũ H', 'province_director', 990004, 'QĐ 13')$$), '^22023', 'a division has no province director');
SELECT matches(pg_temp.central($$dwh.appoint_office_holder('Vũ H', 'king', 1, 'QĐ 13')$$), '^22023', 'there are five offices');
SELECT matches(pg_temp.central($$dwh.appoint_office_holder('Vũ H', 'deputy', 1, '')$$), '^22023', 'by a document');
SELECT matches(pg_temp.central($$dwh.appoint_office_holder('Vũ H', 'deputy', 1, 'QĐ 13', p_email => 'nobody@example.invalid')$$), '^42704', 'an account, if any, exists');
SELECT pg_temp.central($$dwh.appoint_office_holder('Đỗ K', 'province_director', 101, 'QĐ 14', '2021-01-01', p_email => 'One@example.invalid')$$) AS director \gset
SELECT is((SELECT account_id FROM dwh_catalog.office_holder WHERE office_holder_id = :director), 990002, 'found by its address in any case');
SELECT matches(pg_temp.call_as('tap_province', $$dwh.appoint_office_holder('X', 'province_director', 101, 'QĐ 15')$$), '^42501', '893-061 a province does not record its own director [own]');
SELECT pg_temp.call_as('tap_province', $$dwh.appoint_office_holder('X', 'unit_leader', 990004, 'QĐ 15')$$) AS head \gset
SELECT matches(:'head'::text, '^\d+$', '893-061 but heads of its units');
SELECT matches(pg_temp.call_as('tap_province', $$dwh.appoint_office_holder('X', 'unit_leader', 990006, 'QĐ 15')$$), '^42501', '893-061 not those of others');
SELECT matches(pg_temp.call_as('tap_analyst', $$dwh.appoint_office_holder('X', 'deputy', 1, 'QĐ 15')$$), '^42501', 'analysts record nobody');
SELECT matches(pg_temp.call_as('tap_province', format('dwh.end_office_holder(%s, %L)', :leader, 'QĐ 16')), '^42501', '893-061 nor end the office of a leader of the sector');
SELECT is(pg_temp.call_as('tap_province', format('dwh.end_office_holder(%s, %L)', :head, 'QĐ 16')), '', 'their own they end');
SELECT is(pg_temp.central(format('dwh.end_office_holder(%s, %L, %L)', :director, 'QĐ 17', '2026-03-31')), '', 'an office ends');
SELECT matches(pg_temp.central(format('dwh.end_office_holder(%s, %L)', :director, 'QĐ 17')), '^42704', 'once');
SELECT matches(pg_temp.central($$dwh.appoint_office_holder('Đỗ L', 'province_director', 101, 'QĐ 18', '2026-04-01')$$), '^\d+$', 'the next holder follows');
SELECT is(pg_temp.central($$string_agg(person_name, ',') FROM dwh.list_office_holders(101, '2026-03-31')$$), 'Đỗ K', 'who held it then');
SELECT is(pg_temp.call_as('tap_auditor', $$string_agg(person_name, ',') FROM dwh.list_office_holders(101)$$), 'Đỗ L', 'who holds it now');
SELECT is(pg_temp.call_as('tap_province', $$count(*) FROM dwh.list_office_holders() WHERE unit_id NOT IN (1, 101, 990001, 990002, 990003, 990004, 990005)$$), '0', 'a province sees its own and the central side');
SELECT matches(pg_temp.call_as('tap_analyst', $$count(*) FROM dwh.list_office_holders()$$), '^42501', 'others do not look');

-- User groups.
SELECT matches(pg_temp.call_as(r, $$dwh.create_user_group('tap_thu', 'Thu', 'Collection', 'analyst', '{fact_collection}', 'QĐ 20')$$), '^42501', '893-069 not by ' || r)
FROM unnest(ARRAY['tap_province', 'tap_analyst']) AS r;
SELECT pg_temp.central($$dwh.create_user_group('tap_thu', 'Thu', 'Collection', 'analyst', '{fact_collection,fact_book_card}', 'QĐ 20', '{province,base}', '{it_division}', '{civil_servant}')$$) AS grp \gset
SELECT matches(:'grp'::text, '^\d+$', '893-069 a group for the whole country');
SELECT matches(pg_temp.central($$dwh.create_user_group('tap_thu', 'Thu', 'Collection', 'analyst', '{fact_collection}', 'QĐ 20')$$), '^42710', '893-015 a code names one group');
SELECT is((SELECT rights_of || ' ' || array_to_string(subjects, ',') FROM dwh.user_groups WHERE code = 'tap_thu'), 'dwh_analyst fact_collection,fact_book_card', '893-015 with rights and subjects');
SELECT matches(pg_temp.central($$dwh.create_user_group('tap_x', 'X', 'X', 'central_admin', '{}', 'QĐ 21')$$), '^42501', '893-069 never of administrators');
SELECT matches(pg_temp.central($$dwh.create_user_group('tap_x', 'X', 'X', 'loader', '{fact_staff}', 'QĐ 21')$$), '^22023', 'loaders read no subject');
SELECT matches(pg_temp.central($$dwh.create_user_group('tap_x', 'X', 'X', 'analyst', '{fact_none}', 'QĐ 21')$$), '^42704', 'subjects exist');
SELECT matches(pg_temp.central($$dwh.create_user_group('tap_x', 'X', 'X', 'analyst', '{fact_staff}', 'QĐ 21', '{moon}')$$), '^22023 .*unit_levels', 'levels of units exist');
SELECT is(array_to_string(ARRAY[dwh_internal.user_group_refusal(:grp, 101, 'civil_servant', dwh.today()) ~ 'this unit$',
	dwh_internal.user_group_refusal(:grp, 990005, 'civil_servant', dwh.today()) ~ 'this level$'], ' '), 't t', 'who may be in it');
-- Two members on the same unit have the same rights: rows of the group's subjects, and of no other.
INSERT INTO dwh_catalog.access_grant (account_id, user_group_id, scope_unit_id, valid_from)
SELECT a, :grp, 101, dwh.today() FROM (VALUES (990002), (990003)) AS v (a);
GRANT dwh_group_tap_thu TO tap_one, tap_two;
SELECT is(pg_temp.call_as('tap_one', 'array_agg(cardinality(dwh.scope_units(subject_id)) > 0 ORDER BY subject_id)::text FROM dwh_catalog.subject'),
	pg_temp.call_as('tap_two', 'array_agg(cardinality(dwh.scope_units(subject_id)) > 0 ORDER BY subject_id)::text FROM dwh_catalog.subject'), '893-015 two members have the same');
SELECT is(pg_temp.call_as('tap_one', $$string_agg(code, ',' ORDER BY subject_id) FROM dwh_catalog.subject WHERE cardinality(dwh.scope_units(subject_id)) > 0$$), 'fact_collection,fact_book_card', 'namely these');
SELECT is(pg_temp.call_as('tap_one', $$count(*) >= 0 FROM dwh_star.fact_collection$$), 'true', 'by the rights of the other role');
SELECT matches(pg_temp.central($$dwh.end_user_group('tap_thu', 'QĐ 22')$$), '^55000 .*2 grants', 'a group in use does not end');
UPDATE dwh_catalog.access_grant SET revoked_at = now(), valid_to = valid_from - 1 WHERE user_group_id = :grp;
SELECT is(pg_temp.central($$dwh.end_user_group('tap_thu', 'QĐ 22')$$), '', 'it ends when nobody is in it');
SELECT throws_ok(format('INSERT INTO dwh_catalog.access_grant (account_id, user_group_id, valid_from) VALUES (990002, %s, dwh.today())', :grp), '23514', NULL, 'and takes nobody in');
SELECT throws_ok($$INSERT INTO dwh_catalog.access_grant (account_id, user_group_id, valid_from) VALUES (990001, 7, dwh.today())$$, '23514', NULL, '893-069 auditor and administrator exclude each other');

-- The log.
SELECT is((SELECT count(*)::int FROM dwh_log.audit_event WHERE event_id > :seen AND action = 'create_user_group' AND decision = 'refused' AND detail ->> 'reason' IS NOT NULL), 7,
	'893-069 every refusal is recorded with its reason');
SELECT is((SELECT count(*)::int FROM dwh_log.audit_event WHERE event_id > :seen AND action = 'appoint_office_holder' AND decision = 'done'), 6, 'so is what was done');
SELECT * FROM finish();
ROLLBACK;

-- No account, no grant, an expired, a revoked, a coming one, a disabled account: no row of any relation whose rows belong to a unit,
-- by whatever group; and no value of a unit that is not wholly in the scope, by whatever function.
-- 893-020 893-031 893-038 2327-018
SET client_min_messages = error;
BEGIN;
SELECT plan(16);

-- The relations: tables with row security and whatever has a unit among the facts, and the views over them.
CREATE TEMPORARY TABLE relation AS
WITH RECURSIVE over (oid) AS (
	SELECT c.oid FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
	WHERE n.nspname LIKE 'dwh%' AND c.relkind IN ('r', 'p')
		AND (c.relrowsecurity OR c.oid IN (SELECT r.relation FROM dwh_internal.scoped_relations() AS r))
	UNION
	SELECT r.ev_class FROM over AS o JOIN pg_depend AS d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = o.oid AND d.classid = 'pg_rewrite'::regclass
	JOIN pg_rewrite AS r ON r.oid = d.objid)
SELECT c.oid::regclass::text AS name, c.relkind, c.relispartition FROM over JOIN pg_class AS c USING (oid);

-- One row at least in every fact, for a unit of a province; persons and a kept value.
INSERT INTO dwh_log.load_run (source_id, batch) VALUES (9, 'nobody');
INSERT INTO dwh_star.dim_person (person_id, full_name, sex, home_unit_id, valid_from)
SELECT 2000000000 + u, 'Nguyễn Văn A', 'M', u, '2020-01-01' FROM unnest(ARRAY[231, 101]) AS u;
INSERT INTO dwh_star.dim_facility (facility_id, code, name_vi, name_en, tier, valid_from)
VALUES (2000000000, 'TEST', 'Thử', 'Test', 'unknown', '2020-01-01');
DO $$
DECLARE
	v_load int := (SELECT max(load_id) FROM dwh_log.load_run);
	v_person int;
	v_unit int;
BEGIN
	FOREACH v_unit IN ARRAY ARRAY[231, 101] LOOP
		v_person := 2000000000 + v_unit;
		INSERT INTO dwh_star.fact_participation VALUES ('2025-08-01', v_unit, v_person, 1, 'employer', 0, 0, 'active', true, NULL, NULL, 1, 'M', 30, v_load);
		INSERT INTO dwh_star.fact_collection VALUES ('2025-08-01', v_unit, 'employer', 1, 0, 1, 'employer', 'regular', 0, 1, 1, 0, 0, v_load);
		INSERT INTO dwh_star.fact_book_card VALUES ('2025-08-01', v_unit, v_unit, '2025-08-02', 'issued', 'book', v_person, 1, v_load);
		INSERT INTO dwh_star.fact_decision VALUES ('2025-08-01', v_unit, v_person, 1, 'award', 1, 'M', 30, v_load);
		INSERT INTO dwh_star.fact_benefit VALUES ('2025-08-01', v_unit, v_person, 1, 1, NULL, 1, 1, 'M', 30, v_load);
		INSERT INTO dwh_star.fact_claim VALUES ('2025-08-01', v_unit, 1, v_unit, v_person, 2000000000, 'inpatient', 1, 1, 'M', 30, v_load);
		INSERT INTO dwh_star.fact_ledger VALUES ('2025-08-01', v_unit, 101, 1, 1, 1, 1, 1, v_load);
		INSERT INTO dwh_star.fact_registration VALUES ('2025-08-01', v_unit, v_unit, '2025-08-02', 'registered', v_person, 1, false, v_load);
		INSERT INTO dwh_star.fact_staff VALUES ('2025-08-01', v_unit, v_unit, 1, 'contract', v_load);
		INSERT INTO dwh_star.fact_dossier VALUES ('2025-08-01', v_unit, v_unit, 1, 'received', NULL, v_load);
		INSERT INTO dwh_star.fact_identity VALUES ('2025-08-01', v_unit, v_unit, 'active', NULL, v_load);
	END LOOP;
	INSERT INTO dwh_star.fact_manual (month, indicator, period_type, period_start, unit_id, kind, source_id, source_note, value, load_id)
	VALUES ('2025-08-01', 'A01', 'month', '2025-08-01', 231, 'actual', 9, '', 1, v_load);
	INSERT INTO dwh_star.indicator_value (indicator_id, period_type, period_start, unit_level, unit_id, subject_id, is_public, value, status,
		completeness, computed_at)
	SELECT indicator_id, 'month', '2025-08-01', 'province', 231, subject_id, false, 1, 'ok', 1, now() FROM dwh_catalog.indicator WHERE code = 'F01';
END
$$;

-- One login role a case, each in every group that can read anything.
CREATE TEMPORARY TABLE person (name text, state text);
INSERT INTO person VALUES ('tap_stranger', 'has no account'), ('tap_bare', 'has no grant'), ('tap_expired', 'has an expired grant'),
	('tap_revoked', 'has a revoked grant'), ('tap_coming', 'has a grant that is yet to come'), ('tap_disabled', 'has a disabled account'),
	('tap_over', 'has an account that has ended'), ('tap_unitless', 'has a grant without a unit'), ('tap_province', 'has a province');
DO $$
DECLARE
	v_name text;
BEGIN
	FOR v_name IN SELECT name FROM person LOOP
		EXECUTE format('CREATE ROLE %I LOGIN', v_name);
		EXECUTE (SELECT string_agg(format('GRANT %I TO %I', role_name, v_name), ';') FROM dwh_catalog.user_group);
	END LOOP;
END
$$;
INSERT INTO dwh_catalog.account (account_id, kind, email, full_name, login_role, is_enabled, valid_from, valid_to)
SELECT 970000 + row_number() OVER (ORDER BY name), 'sector', name || '@example.invalid', 'x', name, name <> 'tap_disabled', '2020-01-01',
	CASE WHEN name = 'tap_over' THEN dwh.today() - 1 END
FROM person WHERE name <> 'tap_stranger';
INSERT INTO dwh_catalog.access_grant (account_id, user_group_id, scope_unit_id, valid_from, valid_to, revoked_at)
SELECT a.account_id, g.user_group_id, CASE a.login_role WHEN 'tap_province' THEN 231 WHEN 'tap_unitless' THEN NULL ELSE 1 END,
	CASE a.login_role WHEN 'tap_coming' THEN dwh.today() + 1 ELSE '2020-01-01' END,
	CASE a.login_role WHEN 'tap_expired' THEN dwh.today() - 1 WHEN 'tap_revoked' THEN dwh.today() END,
	CASE a.login_role WHEN 'tap_revoked' THEN now() END
FROM dwh_catalog.account AS a CROSS JOIN dwh_catalog.user_group AS g
WHERE a.account_id BETWEEN 970001 AND 970100 AND a.login_role <> 'tap_bare' AND g.code IN ('analyst', 'national');

\ir include/as_role.psql

SELECT cmp_ok(count(*)::int, '>=', 16, 'the relations are there') FROM relation WHERE NOT relispartition;
SELECT is_empty(format($$SELECT * FROM (SELECT r.name, pg_temp.ask(%L, 'SELECT count(*) FROM ' || r.name) AS rows FROM relation AS r
	WHERE NOT r.relispartition OFFSET 0) AS x WHERE rows NOT IN ('0', '42501')$$, p.name), format('who %s sees no row of any relation', p.state))
FROM person AS p WHERE p.name <> 'tap_province' ORDER BY p.name;
-- The same question is answered with rows where there is a right, so that zero is no accident.
SELECT is_empty($$SELECT * FROM (SELECT r.name, pg_temp.ask('tap_province', 'SELECT DISTINCT ' || CASE WHEN r.name ~ 'person' THEN 'home_unit_id' ELSE 'unit_id' END
		|| ' FROM ' || r.name) AS units
	FROM relation AS r WHERE (r.relkind = 'p' OR r.name ~ 'person$' OR r.name = 'dwh_star.indicator_value') AND NOT r.relispartition OFFSET 0) AS x
	WHERE units <> '231'$$,
	'who has a province sees its rows of every one of them');
SELECT is_empty($$SELECT r.name FROM relation AS r WHERE r.relispartition AND pg_temp.ask('tap_province', 'SELECT count(*) FROM ' || r.name) <> '42501'$$,
	'and is refused every partition');

-- Values: the country, a region, a neighbour, a unit below one, asked for by every function.
CREATE TEMPORARY TABLE question (name text, query text);
INSERT INTO question
SELECT format('%s of %s by %s', f.name, u.unit, p.period), format(f.query, p.period, u.unit, p.starts)
FROM (VALUES
	('indicator_values', $$SELECT value FROM dwh.indicator_values('{F01,F02}', '2025-08-01', '2025-08-01', '%1$s', '{country,region,province,base}', '{}', '{%2$s}') WHERE unit_code !~ '^31'$$),
	('get_value', $$SELECT dwh.get_value(i, '%3$s', '%1$s', '%2$s') FROM unnest('{F01,F02}'::text[]) AS i$$),
	('explain_value', $$SELECT v FROM unnest('{F01,F02}'::text[]) AS i CROSS JOIN LATERAL dwh.explain_value(i, '%3$s', '%1$s', '%2$s') AS v$$),
	('explain_value_text', $$SELECT v FROM unnest('{F01,F02}'::text[]) AS i CROSS JOIN LATERAL dwh.explain_value_text(i, '%3$s', '%1$s', '%2$s') AS v$$)) AS f (name, query),
	(VALUES ('VSS'), ('R1'), ('01')) AS u (unit), (VALUES ('month', '2025-08-01'), ('quarter', '2025-07-01'), ('year', '2025-01-01')) AS p (period, starts);
UPDATE question SET query = replace(query, 'R1', (SELECT code FROM dwh_star.dim_unit WHERE level = 'region' ORDER BY code LIMIT 1));
SELECT is_empty($$SELECT * FROM (SELECT name, query, pg_temp.ask('tap_province', query) AS answer FROM question OFFSET 0) AS x
	WHERE answer NOT IN ('none', '42704', '22023')$$,
	'no function gives a province reader a value of the country, a region or a neighbour, by any period');
SELECT is_empty($$SELECT name FROM question WHERE pg_temp.ask('tap_expired', query) NOT IN ('none', '42704', '22023')$$, 'nor anything to one whose grant has expired');
SELECT is(pg_temp.ask('tap_province', $$SELECT dwh.get_value('F02', '2025-08-01', 'month', '31')$$), '1', 'of his own province he gets it');
UPDATE dwh_catalog.access_grant SET scope_unit_id = 1 WHERE account_id = (SELECT account_id FROM dwh_catalog.account WHERE login_role = 'tap_province');
SELECT is(pg_temp.ask('tap_province', $$SELECT dwh.get_value('F02', '2025-08-01', 'month', 'VSS')$$), '2', 'with the root in his scope he gets the country');
SELECT cmp_ok((SELECT count(*)::int FROM question WHERE pg_temp.ask('tap_province', query) NOT IN ('none', '42704', '22023')), '>=', 20, 'and nearly every one of these questions is answered');
SELECT * FROM finish();
ROLLBACK;

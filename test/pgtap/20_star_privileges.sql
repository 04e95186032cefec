-- Who may read what of the star schema, asked twice: what is granted, and what a login role of each group really sees of rows
-- that are there. 2327-022: personal columns are denied. 893-031, 893-038: a login role without an account sees no row of any fact, by whatever path.
BEGIN;
SELECT plan(15);

CREATE TEMPORARY TABLE groups AS
SELECT rolname AS name, rolname IN ('dwh_central_admin', 'dwh_province_admin', 'dwh_analyst', 'dwh_national') AS reads_facts
FROM pg_roles WHERE rolname IN ('dwh_central_admin', 'dwh_province_admin', 'dwh_analyst', 'dwh_national', 'dwh_loader',
	'dwh_share_officer', 'dwh_auditor', 'dwh_partner');
CREATE TEMPORARY TABLE facts AS
SELECT oid, relname AS name FROM pg_class
WHERE relnamespace = 'dwh_star'::regnamespace AND relkind = 'p' AND relname LIKE 'fact\_%';

-- What is granted.
SELECT is_empty($$SELECT c.oid::regclass, a.grantee::regrole, a.privilege_type
	FROM pg_class AS c, aclexplode(c.relacl) AS a
	WHERE c.relnamespace IN ('dwh_star'::regnamespace, 'dwh_catalog'::regnamespace) AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
		AND a.grantee <> c.relowner AND a.privilege_type NOT IN ('SELECT')$$,
	'nobody but the owner may change a table of the star schema or the catalogue');
SELECT bag_eq($$SELECT a.grantee::regrole::text, a.privilege_type FROM pg_class AS c, aclexplode(c.relacl) AS a
	WHERE c.oid = 'dwh_landing.manual_figure'::regclass AND a.grantee <> c.relowner$$,
	$$VALUES ('dwh_loader', 'INSERT')$$,
	'loaders insert into landing and do nothing else there');
SELECT is_empty($$SELECT a.grantee::regrole, a.privilege_type FROM pg_class AS c, aclexplode(c.relacl) AS a
	WHERE c.oid = 'dwh_star.dim_person'::regclass AND a.grantee <> c.relowner
	UNION ALL
	SELECT a.grantee::regrole, a.privilege_type FROM pg_attribute AS t, aclexplode(t.attacl) AS a
	WHERE t.attrelid = 'dwh_star.dim_person'::regclass AND t.attname NOT IN ('person_id', 'home_unit_id', 'valid_from', 'valid_to')$$,
	'personal data are granted to nobody');
SELECT is_empty($$SELECT c.oid::regclass, a.grantee::regrole FROM pg_class AS c, aclexplode(c.relacl) AS a
	WHERE c.relnamespace = 'dwh_star'::regnamespace AND c.relispartition AND a.grantee <> c.relowner$$,
	'no leaf partition is granted to anybody');
SELECT set_eq($$SELECT format('%s reads %s', g.name, f.name) FROM groups AS g CROSS JOIN facts AS f WHERE has_table_privilege(g.name, f.oid, 'SELECT')$$,
	$$SELECT format('%s reads %s', g.name, f.name) FROM groups AS g CROSS JOIN facts AS f WHERE g.reads_facts$$,
	'the reading groups may read every fact, the other groups none');
SELECT is_empty($$SELECT g.name, c.relname FROM groups AS g CROSS JOIN pg_class AS c
	WHERE c.relnamespace = 'dwh_star'::regnamespace AND c.relkind = 'r' AND c.relname LIKE 'dim\_%' AND c.relname <> 'dim_person'
		AND has_table_privilege(g.name, c.oid, 'SELECT') <> (g.name <> 'dwh_partner')$$,
	'every group but the partners reads the dimensions');
SELECT bag_eq($$SELECT g.name::text, p.proname::text FROM groups AS g CROSS JOIN pg_proc AS p
	WHERE p.oid IN ('dwh.ensure_partitions(date)'::regprocedure, 'dwh.load_manual_figures(text)'::regprocedure)
		AND has_function_privilege(g.name, p.oid, 'EXECUTE')$$,
	$$VALUES ('dwh_central_admin', 'ensure_partitions'), ('dwh_loader', 'ensure_partitions'), ('dwh_loader', 'load_manual_figures')$$,
	'loading functions are for loaders, adding partitions for central administrators too');

-- What is seen of one row in every fact.
INSERT INTO dwh_log.load_run (source_id, batch) VALUES (9, 'privileges');
INSERT INTO dwh_star.dim_person (person_id, full_name, sex, home_unit_id, valid_from) VALUES (2000000000, 'Nguyễn Văn A', 'M', 1, '2020-01-01');
INSERT INTO dwh_star.dim_facility (facility_id, code, name_vi, name_en, tier, valid_from)
VALUES (2000000000, 'TEST', 'Thử', 'Test', 'unknown', '2020-01-01');
CREATE FUNCTION pg_temp.fill() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	v_load int := (SELECT max(load_id) FROM dwh_log.load_run);
	v_person int := 2000000000;
BEGIN
	INSERT INTO dwh_star.fact_participation VALUES ('2025-05-01', 1, v_person, 1, 'employer', 0, 0, 'active', true, NULL, NULL, 1, 'M', 30, v_load);
	INSERT INTO dwh_star.fact_collection VALUES ('2025-05-01', 1, 'employer', 1, 0, 1, 'employer', 'regular', 0, 1, 1, 0, 0, v_load);
	INSERT INTO dwh_star.fact_book_card VALUES ('2025-05-01', 1, 1, '2025-05-02', 'issued', 'book', v_person, 1, v_load);
	INSERT INTO dwh_star.fact_decision VALUES ('2025-05-01', 1, v_person, 1, 'award', 1, 'M', 30, v_load);
	INSERT INTO dwh_star.fact_benefit VALUES ('2025-05-01', 1, v_person, 1, 1, NULL, 1, 1, 'M', 30, v_load);
	INSERT INTO dwh_star.fact_claim VALUES ('2025-05-01', 1, 1, 1, v_person, 2000000000, 'inpatient', 1, 1, 'M', 30, v_load);
	INSERT INTO dwh_star.fact_ledger VALUES ('2025-05-01', 1, 101, 1, 1, 1, 1, 1, v_load);
	INSERT INTO dwh_star.fact_registration VALUES ('2025-05-01', 1, 1, '2025-05-02', 'registered', v_person, 1, false, v_load);
	INSERT INTO dwh_star.fact_staff VALUES ('2025-05-01', 1, 1, 1, 'contract', v_load);
	INSERT INTO dwh_star.fact_dossier VALUES ('2025-05-01', 1, 1, 1, 'received', NULL, v_load);
	INSERT INTO dwh_star.fact_identity VALUES ('2025-05-01', 1, 1, 'active', NULL, v_load);
	INSERT INTO dwh_star.fact_manual (month, indicator, period_type, period_start, unit_id, kind, source_id, source_note, value, load_id)
	VALUES ('2025-05-01', 'A01', 'month', '2025-05-01', 1, 'actual', 9, '', 1, v_load);
END
$$;
SELECT pg_temp.fill();

-- The number of rows that a role counts in a table, or the SQLSTATE of its refusal.
CREATE FUNCTION pg_temp.seen_by(p_role text, p_table text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	v_count text;
BEGIN
	EXECUTE format('SET LOCAL ROLE %I', p_role);
	BEGIN
		EXECUTE format('SELECT count(*) FROM %s', p_table) INTO v_count;
	EXCEPTION WHEN OTHERS THEN
		v_count := SQLSTATE;
	END;
	RESET ROLE;
	RETURN v_count;
END
$$;
DO $$
DECLARE
	v_group text;
BEGIN
	FOR v_group IN SELECT name FROM groups LOOP
		EXECUTE format('CREATE ROLE %I LOGIN INHERIT IN ROLE %I', 'test_' || v_group, v_group);
	END LOOP;
END
$$;
SELECT is_empty($$SELECT g.name, f.name, pg_temp.seen_by('test_' || g.name, 'dwh_star.' || f.name) FROM groups AS g CROSS JOIN facts AS f
	WHERE pg_temp.seen_by('test_' || g.name, 'dwh_star.' || f.name) <> CASE WHEN g.reads_facts THEN '0' ELSE '42501' END$$,
	'login roles of the reading groups see no row of any fact, the others are refused');
SELECT is_empty($$SELECT g.name, f.name FROM groups AS g CROSS JOIN facts AS f
	WHERE pg_temp.seen_by('test_' || g.name, 'dwh_star.' || f.name || '_2025') <> '42501'$$,
	'leaf partitions are refused to all of them');
SELECT is_empty($$SELECT g.name, c FROM groups AS g CROSS JOIN unnest(ARRAY['social_insurance_no', 'identity_no', 'full_name', 'birth_date', 'sex']) AS c
	WHERE pg_temp.seen_by('test_' || g.name, format('(SELECT %I FROM dwh_star.dim_person) AS p', c)) <> '42501'$$,
	'so are the personal columns of persons');
SELECT set_eq($$SELECT f.name::text, pg_temp.seen_by('dwh_owner', 'dwh_star.' || f.name) FROM facts AS f$$,
	$$SELECT f.name::text, '1'::text FROM facts AS f$$,
	'the rows are there: the owner sees them');

-- A grant by mistake shows nothing yet: row security stands on leaves and persons themselves, new leaves too.
SELECT dwh.ensure_partitions('2031-12-31');
INSERT INTO dwh_star.fact_staff SELECT '2031-05-01', 1, 1, 1, 'contract', max(load_id) FROM dwh_log.load_run;
DO $$
DECLARE
	v_table regclass;
BEGIN
	FOR v_table IN SELECT oid FROM pg_class WHERE relnamespace = 'dwh_star'::regnamespace AND (relispartition OR relname = 'dim_person')
		AND relkind = 'r' LOOP
		EXECUTE format('GRANT SELECT ON %s TO dwh_analyst', v_table);
	END LOOP;
END
$$;
SELECT is_empty($$SELECT f.name FROM facts AS f WHERE pg_temp.seen_by('test_dwh_analyst', 'dwh_star.' || f.name || '_2025') <> '0'$$,
	'a leaf granted by mistake shows nothing');
SELECT is(pg_temp.seen_by('test_dwh_analyst', 'dwh_star.fact_staff_2031'), '0', 'nor does a leaf that was added later');
SELECT is(pg_temp.seen_by('test_dwh_analyst', 'dwh_star.dim_person'), '0', 'nor do persons granted by mistake');
SELECT is(pg_temp.seen_by('dwh_owner', 'dwh_star.fact_staff_2031'), '1', 'though a row is there');

SELECT * FROM finish();
ROLLBACK;

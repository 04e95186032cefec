-- 893-001: DROP EXTENSION is refused while the warehouse uses it; with CASCADE it takes no row and opens nothing, and
-- create_warehouse() puts back what it took.
\set VERBOSITY terse
BEGIN;
CREATE ROLE regress_reader;
CREATE ROLE regress_member IN ROLE dwh_central_admin, dwh_province_admin, dwh_analyst, dwh_national, dwh_auditor;
INSERT INTO dwh_log.load_run (source_id, batch) VALUES (4, 'rebuild');
INSERT INTO dwh_star.fact_ledger (month, unit_id, account_id, fund_id, revenue, expenditure, opening, closing, load_id)
SELECT '2025-05-01', 1, (SELECT min(account_id) FROM dwh_star.dim_ledger_account), 1, 1, 1, 1, 1, max(load_id) FROM dwh_log.load_run;
INSERT INTO dwh_star.dim_person (person_id, full_name, sex, home_unit_id, valid_from) VALUES (2000000001, 'Nguyễn Văn A', 'M', 1, '2020-01-01');
-- Every row of every table, as one checksum a table; and what guards them.
CREATE TEMP TABLE tables_before AS
SELECT c.oid::regclass::text AS name,
	(xpath('/row/sum/text()', query_to_xml(format('SELECT count(*) || '' '' || coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)
		AS sum FROM %s AS t', c.oid::regclass), false, true, '')))[1]::text AS checksum
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname IN ('dwh_catalog', 'dwh_star', 'dwh_landing', 'dwh_log') AND c.relkind = 'r';
CREATE TEMP VIEW guards AS
SELECT 'trigger' AS kind, tgrelid::regclass::text AS relation, tgname || ' ' || tgenabled::text || ' ' || pg_get_triggerdef(t.oid) AS text
FROM pg_trigger AS t WHERE NOT tgisinternal OR tgparentid <> 0
UNION ALL SELECT 'constraint', conrelid::regclass::text, conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid <> 0
UNION ALL SELECT 'policy', polrelid::regclass::text, polname || ' ' || coalesce(pg_get_expr(polqual, polrelid), '') FROM pg_policy
UNION ALL SELECT 'view', c.oid::regclass::text, coalesce(c.relacl::text, '') || pg_get_viewdef(c.oid) FROM pg_class AS c
		JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.relkind = 'v' AND n.nspname = 'dwh'
UNION ALL SELECT 'function', p.oid::regprocedure::text, p.proacl::text FROM pg_proc AS p
		JOIN pg_namespace AS n ON n.oid = p.pronamespace WHERE n.nspname IN ('dwh', 'dwh_internal')
UNION ALL SELECT 'row security', c.oid::regclass::text, c.relrowsecurity::text FROM pg_class AS c WHERE c.relkind IN ('r', 'p')
UNION ALL SELECT 'privileges', c.oid::regclass::text, c.relacl::text FROM pg_class AS c WHERE c.relkind IN ('r', 'p', 'S');
CREATE TEMP TABLE guards_before AS SELECT * FROM guards WHERE relation NOT LIKE 'pg_temp%';
SELECT count(*) > 0 AS some, count(*) FILTER (WHERE checksum IS NULL) AS without_checksum FROM tables_before;
\set VERBOSITY sqlstate
SAVEPOINT s;
DROP EXTENSION dwh_ext;
ROLLBACK TO s;
SET LOCAL client_min_messages = warning;
DROP EXTENSION dwh_ext CASCADE;
RESET client_min_messages;
-- Nothing is lost.
CREATE FUNCTION pg_temp.changed() RETURNS TABLE (name text) LANGUAGE plpgsql AS $$
DECLARE
	v_table record;
	v_checksum text;
BEGIN
	FOR v_table IN SELECT * FROM tables_before AS b ORDER BY b.name COLLATE "C" LOOP
		EXECUTE format('SELECT count(*) || '' '' || coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) FROM %s AS t', v_table.name)
			INTO v_checksum;
		IF v_checksum IS DISTINCT FROM v_table.checksum THEN
			name := v_table.name;
			RETURN NEXT;
		END IF;
	END LOOP;
END
$$;
SELECT * FROM pg_temp.changed();
-- A plain role reads no table of the four schemas.
SELECT count(*) AS readable FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname IN ('dwh_catalog', 'dwh_star', 'dwh_landing', 'dwh_log')
	AND (has_table_privilege('regress_reader', c.oid, 'SELECT') OR has_any_column_privilege('regress_reader', c.oid, 'SELECT'));
-- Nor does a member of the reading groups see a row of a fact, a leaf or a person; the superuser sees them.
CREATE FUNCTION pg_temp.visible() RETURNS TABLE (name text) LANGUAGE plpgsql AS $$
DECLARE
	v_name text;
	v_sees boolean;
BEGIN
	FOR v_name IN SELECT c.oid::regclass::text FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
		WHERE n.nspname = 'dwh_star' AND c.relkind IN ('r', 'p') AND (c.relname LIKE 'fact\_%' OR c.relname = 'dim_person')
		ORDER BY c.relname COLLATE "C"
	LOOP
		BEGIN
			EXECUTE format('SELECT EXISTS (SELECT FROM %s)', v_name) INTO v_sees;
			IF v_sees THEN
				name := v_name;
				RETURN NEXT;
			END IF;
		EXCEPTION WHEN insufficient_privilege THEN
			NULL;
		END;
	END LOOP;
END
$$;
SELECT * FROM pg_temp.visible() WHERE name LIKE '%ledger%' OR name LIKE '%person%';
SET LOCAL ROLE regress_member;
SELECT has_table_privilege('dwh_star.fact_ledger', 'SELECT') AS may_select;
SELECT * FROM pg_temp.visible();
RESET ROLE;
-- Rebuilt: the same rows but for one event that records the gap, and the same guards.
CREATE EXTENSION dwh_ext;
\set VERBOSITY terse
SELECT dwh.create_warehouse();
SELECT dwh.create_warehouse();
SELECT regexp_replace(name, '[0-9]{4}_[0-9]{2}$', 'month') AS name FROM pg_temp.changed();
SELECT action, decision, detail ? 'gap' AS has_gap FROM dwh_log.audit_event ORDER BY event_id DESC LIMIT 1;
SELECT 'lost' AS what, * FROM (SELECT * FROM guards_before EXCEPT SELECT * FROM guards) AS l
UNION ALL SELECT 'new', * FROM (SELECT * FROM guards WHERE relation NOT LIKE 'pg_temp%' EXCEPT SELECT * FROM guards_before) AS n
WHERE relation NOT IN ('guards_before', 'tables_before')
ORDER BY 1, 2, 3;
ROLLBACK;
SELECT dwh.create_warehouse();

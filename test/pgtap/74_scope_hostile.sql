-- Hostile roles: whatever a plain role writes, sets or names itself, it sees the rows of its scope and no others.
-- 893-038 2327-018 893-031
SET client_min_messages = error;
BEGIN;
SELECT plan(74);

CREATE ROLE tap_one LOGIN IN ROLE dwh_analyst;
CREATE ROLE tap_other LOGIN IN ROLE dwh_analyst;
CREATE ROLE tap_nobody LOGIN IN ROLE dwh_analyst, dwh_national;
CREATE ROLE "TAP_ONE" LOGIN IN ROLE dwh_analyst;
CREATE ROLE "dwh_star.fact_staff" LOGIN IN ROLE dwh_analyst;
CREATE ROLE "tap'; SET ROLE postgres; --" LOGIN IN ROLE dwh_analyst;
CREATE SCHEMA tap_open;
GRANT ALL ON SCHEMA tap_open TO PUBLIC;
GRANT TEMPORARY ON DATABASE :"DBNAME" TO PUBLIC;

-- Three provinces: the reader's, a neighbour, and a third that nobody was granted. 231 and 101 are provinces of the shipped rows.
INSERT INTO dwh_log.load_run (source_id, batch) VALUES (6, 'hostile');
INSERT INTO dwh_star.fact_staff (month, unit_id, staff_id, position_id, employment_kind, load_id)
SELECT '2025-08-01', u, 9800000 + u * 10 + n, (SELECT min(position_id) FROM dwh_star.dim_position), 'civil_servant', (SELECT max(load_id) FROM dwh_log.load_run)
FROM unnest(ARRAY[231, 101, 224]) AS u, generate_series(1, 3) AS n;
INSERT INTO dwh_star.dim_person (person_id, full_name, sex, home_unit_id, valid_from)
SELECT 2000000000 + u, 'Name ' || u, 'F', u, '2020-01-01' FROM unnest(ARRAY[231, 101, 224]) AS u;
ANALYZE dwh_star.fact_staff;
INSERT INTO dwh_catalog.account (account_id, kind, email, full_name, login_role, valid_from) VALUES
	(980001, 'sector', 'one@example.invalid', 'One', 'tap_one', '2020-01-01'),
	(980002, 'sector', 'other@example.invalid', 'Other', 'tap_other', '2020-01-01'),
	(980003, 'sector', 'quote@example.invalid', 'Quote', 'tap''; SET ROLE postgres; --', '2020-01-01'),
	(980004, 'sector', 'dot@example.invalid', 'Dot', 'dwh_star.fact_staff', '2020-01-01');
INSERT INTO dwh_catalog.access_grant (account_id, user_group_id, scope_unit_id, valid_from)
SELECT a, user_group_id, u, '2020-01-01' FROM dwh_catalog.user_group, (VALUES (980001, 231), (980002, 101), (980003, 231), (980004, 101)) AS v (a, u)
WHERE code = 'analyst';

-- The units that a role sees by a statement that gives one a row; errors by their code. Settings the statement makes end with it.
CREATE FUNCTION pg_temp.ask(p_role text, p_query text, VARIADIC p_before text[] DEFAULT '{}') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	v_result text;
	v_before text;
BEGIN
	EXECUTE format('SET LOCAL SESSION AUTHORIZATION %I', p_role);
	BEGIN
		FOREACH v_before IN ARRAY p_before LOOP
			EXECUTE v_before;
		END LOOP;
		EXECUTE format('SELECT pg_catalog.string_agg(DISTINCT q::pg_catalog.text, '' '' ORDER BY q::pg_catalog.text) FROM (%s) AS x (q)', p_query) INTO v_result;
		RAISE SQLSTATE 'TAP00' USING MESSAGE = coalesce(v_result, 'none');
	EXCEPTION WHEN SQLSTATE 'TAP00' THEN
		v_result := SQLERRM;
	WHEN OTHERS THEN
		v_result := SQLSTATE;
	END;
	RESET SESSION AUTHORIZATION;
	RETURN v_result;
END $$;
\set staff '''SELECT unit_id FROM dwh_star.fact_staff WHERE staff_id > 9800000'''

SELECT is(pg_temp.ask('tap_one', :staff), '231', 'the reader sees one province');
SELECT is(pg_temp.ask('tap_other', :staff), '101', 'and the other another');

-- Functions and operators that tell what they are given ------------------------------------------------------------------------
CREATE TABLE tap_open.loot (way text, unit_id int);
GRANT ALL ON tap_open.loot TO PUBLIC;
SET LOCAL ROLE tap_one;
CREATE FUNCTION tap_open.leak(int) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$
BEGIN INSERT INTO tap_open.loot VALUES (current_setting('tap.way', true), $1); RETURN true; END $$;
CREATE FUNCTION tap_open.leak(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$
BEGIN INSERT INTO tap_open.loot VALUES (current_setting('tap.way', true), right($1, 3)::int); RETURN true; END $$;
CREATE FUNCTION tap_open.leak2(int, int) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$
BEGIN INSERT INTO tap_open.loot VALUES (current_setting('tap.way', true), $1); RETURN true; END $$;
CREATE FUNCTION tap_open.leak_immutable(int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE COST 0.0000001 AS $$
BEGIN RAISE EXCEPTION USING MESSAGE = 'saw ' || $1; END $$;
CREATE FUNCTION tap_open.step(boolean, int) RETURNS boolean LANGUAGE sql AS $$ SELECT tap_open.leak($2) $$;
CREATE AGGREGATE tap_open.gather(int) (SFUNC = tap_open.step, STYPE = boolean);
CREATE OPERATOR tap_open.<<< (LEFTARG = int, RIGHTARG = int, FUNCTION = tap_open.leak2, RESTRICT = scalarltsel);
RESET ROLE;
SELECT is(pg_temp.ask('tap_one', $$SELECT unit_id FROM dwh_star.fact_staff WHERE tap_open.leak(unit_id) AND staff_id > 9800000$$), '231', 'a leaky function in WHERE');
CREATE FUNCTION pg_temp.loot(p_way text, p_query text, VARIADIC p_before text[] DEFAULT '{}') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	v_before text;
	v_result text;
BEGIN
	PERFORM set_config('tap.way', p_way, true);
	SET LOCAL ROLE tap_one;
	FOREACH v_before IN ARRAY p_before LOOP
		EXECUTE v_before;
	END LOOP;
	EXECUTE p_query;
	RESET ROLE;
	SET LOCAL enable_seqscan = on;
	RETURN coalesce((SELECT string_agg(DISTINCT unit_id::text, ' ') FROM tap_open.loot WHERE way = p_way), 'none');
END $$;
SELECT is(pg_temp.loot('where', 'SELECT count(*) FROM dwh_star.fact_staff WHERE tap_open.leak(unit_id)'), '231', 'it is called for one''s own rows only');
SELECT is(pg_temp.loot('index', 'SELECT count(*) FROM dwh_star.fact_staff WHERE tap_open.leak(unit_id)', 'SET LOCAL enable_seqscan = off'), '231', 'with an index, too');
SELECT is(pg_temp.loot('operator', 'SELECT count(*) FROM dwh_star.fact_staff WHERE unit_id OPERATOR(tap_open.<<<) 5'), '231', 'an operator');
SELECT is(pg_temp.loot('join', 'SELECT count(*) FROM dwh_star.fact_staff AS f JOIN dwh_star.dim_unit AS u ON tap_open.leak(f.unit_id) AND u.unit_id = f.unit_id'), '231', 'in a join');
SELECT is(pg_temp.loot('outer', 'SELECT count(*) FROM dwh_star.dim_unit AS u LEFT JOIN dwh_star.fact_staff AS f ON tap_open.leak(f.unit_id) AND u.unit_id = f.unit_id'), '231', 'in an outer join');
SELECT is(pg_temp.loot('list', 'SELECT count(*) FROM (SELECT tap_open.leak(unit_id) FROM dwh_star.fact_staff OFFSET 0) AS s'), '231', 'in the select list');
SELECT is(pg_temp.loot('having', 'SELECT unit_id FROM dwh_star.fact_staff GROUP BY unit_id HAVING tap_open.leak(unit_id)'), '231', 'in HAVING');
SELECT is(pg_temp.loot('order', 'SELECT count(*) FROM (SELECT 1 FROM dwh_star.fact_staff ORDER BY tap_open.leak(unit_id) LIMIT 100) AS s'), '231', 'in ORDER BY');
SELECT is(pg_temp.loot('aggregate', 'SELECT tap_open.gather(unit_id) FROM dwh_star.fact_staff'), '231', 'an aggregate');
SELECT is(pg_temp.loot('window', 'SELECT bool_or(x) FROM (SELECT tap_open.gather(unit_id) OVER (ORDER BY unit_id) FROM dwh_star.fact_staff) AS s (x)'), '231', 'a window function');
SELECT is(pg_temp.loot('exists', 'SELECT count(*) FROM dwh_star.dim_unit AS u WHERE EXISTS (SELECT FROM dwh_star.fact_staff AS f WHERE tap_open.leak(f.unit_id))'), '231', 'in a subquery');
SELECT is(pg_temp.loot('case', 'SELECT count(*) FROM dwh_star.fact_staff WHERE CASE WHEN tap_open.leak(unit_id) THEN true ELSE dwh.in_scope(unit_id, 9) END'), '231', 'before in_scope() by CASE');
SELECT is(pg_temp.loot('merge', 'MERGE INTO tap_open.loot AS l USING dwh_star.fact_staff AS f ON tap_open.leak(f.unit_id) WHEN MATCHED THEN DO NOTHING'), '231', 'in MERGE');
SELECT is(pg_temp.loot('persons', 'SELECT count(*) FROM dwh.masked_person WHERE tap_open.leak(home_unit_id)'), '231', 'in a view of ours');
SELECT is(pg_temp.ask('tap_one', 'SELECT count(*) FROM dwh_star.fact_staff WHERE 1 / (unit_id - 101) > 5'), '0', 'an error that the neighbour''s rows would raise is not raised');
SELECT is(pg_temp.ask('tap_one', 'SELECT count(*) FROM dwh_star.fact_staff WHERE unit_id = 101 AND tap_open.leak_immutable(unit_id)'), '0',
	'nor by a function that claims to be immutable');
SELECT throws_ok($$SET LOCAL ROLE tap_one; CREATE FUNCTION tap_open.liar(int) RETURNS boolean LANGUAGE sql LEAKPROOF AS 'SELECT true'$$, '42501', NULL,
	'only superusers call a function leakproof');
RESET ROLE;

-- Settings ------------------------------------------------------------------------------------------------------------------------
SELECT is_empty($$SELECT name, value, seen FROM (SELECT s.name, v.value, pg_temp.ask('tap_one',
		'SELECT unit_id FROM dwh_star.fact_staff WHERE staff_id > 9800000', format('SELECT set_config(%L, %L, true)', s.name, v.value)) AS seen
	FROM pg_settings AS s, unnest(ARRAY['', 'on', 'off', '1', '980002 1 10 0', 'tap_other']) AS v (value)
	WHERE s.name LIKE 'dwh\_ext.%') AS x WHERE seen NOT IN ('231', '42501', '22023', '55P02', '42704')$$,
	'no setting of ours changes what is seen');
SELECT is(pg_temp.ask('tap_one', :staff, $$SELECT set_config('dwh_ext.identity', '980002 1 10 0', true)$$), '42501', 'an identity cannot be set');
SELECT cmp_ok(count(*)::int, '>=', 8, 'settings of ours that are there to be set') FROM pg_settings WHERE name LIKE 'dwh\_ext.%';
-- The same by a function of one's own, which keeps its settings, and by the role's defaults.
SELECT is_empty($$SELECT name, value, seen FROM (SELECT s.name, v.value, pg_temp.ask('tap_one', 'SELECT unit_id FROM tap_open.staff()',
		format('CREATE FUNCTION tap_open.staff() RETURNS TABLE (unit_id int) LANGUAGE sql SET %s = %L AS ''SELECT unit_id FROM dwh_star.fact_staff WHERE staff_id > 9800000''', s.name, v.value),
		format('ALTER ROLE tap_one SET %s = %L', s.name, v.value)) AS seen
	FROM pg_settings AS s, unnest(ARRAY['', 'on', '1', '980002 1 10 0']) AS v (value)
	WHERE s.name LIKE 'dwh\_ext.%') AS x WHERE seen NOT IN ('231', '42501', '22023', '55P02', '42704')$$,
	'nor by the settings of a function or of the role itself');
CREATE TEMPORARY TABLE attempt AS
SELECT s.name, v.value FROM pg_settings AS s
	CROSS JOIN LATERAL unnest(CASE s.vartype WHEN 'bool' THEN ARRAY['on', 'off'] WHEN 'enum' THEN s.enumvals ELSE ARRAY['', '1'] END) AS v (value)
WHERE s.context = 'user' AND s.name NOT LIKE 'dwh\_ext.%' AND s.name !~ '(timeout|^debug_|^trace_|^log_|transaction_|^exit_on_error|^client_min_messages)';
SELECT is_empty(format($$SELECT * FROM (SELECT name, value, pg_temp.ask('tap_one', %L, format('SELECT set_config(%%L, %%L, true)', name, value)) AS seen FROM attempt OFFSET 0) AS x
	WHERE seen <> '231' AND seen !~ '^(22|42|55|0A|25)'$$, :staff), 'no setting of PostgreSQL''s that everyone may change shows more');
SELECT is(pg_temp.ask('tap_one', :staff, 'SET LOCAL row_security = off'), '42501', 'row_security = off');
SELECT is(pg_temp.ask('tap_one', :staff, 'SET LOCAL session_replication_role = replica'), '42501', 'session_replication_role');
SELECT is(pg_temp.ask('tap_one', :staff, 'SET LOCAL ROLE dwh_owner'), '42501', 'another role');
SELECT is(pg_temp.ask('tap_one', :staff, 'SET LOCAL ROLE tap_other'), '42501', 'another person''s');
SELECT is(pg_temp.ask('tap_one', :staff, $$SELECT set_config('role', 'tap_other', true)$$), '42501', 'by set_config()');
SELECT is(pg_temp.ask('tap_one', :staff, 'SET LOCAL ROLE dwh_analyst'), 'none', 'the group: less, not more');
SELECT is(pg_temp.ask('tap_one', :staff, 'SET LOCAL TIME ZONE ''Pacific/Kiritimati'''), '231', 'another time zone');
SELECT is(pg_temp.ask('tap_one', :staff, 'SET LOCAL plan_cache_mode = force_generic_plan', 'SET LOCAL enable_seqscan = off', 'SET LOCAL jit = on',
	'SET LOCAL constraint_exclusion = on'), '231', 'settings of the planner');
SELECT is(pg_temp.ask('tap_one', $$SELECT dwh.authenticate(t) FROM unnest(ARRAY['', 'a.b.c', repeat('x', 100000)]) AS t$$), '42501', 'who is no gateway has no use for tokens');

-- Names on the search path --------------------------------------------------------------------------------------------------------
SET LOCAL ROLE tap_one;
CREATE FUNCTION tap_open.in_scope(int, int) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE FUNCTION tap_open.has_subject(int) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE FUNCTION tap_open.scope_units(int) RETURNS int[] LANGUAGE sql AS 'SELECT ARRAY[101, 224, 231]';
CREATE FUNCTION tap_open.always(int, int) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE FUNCTION tap_open.always(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE OPERATOR tap_open.= (LEFTARG = int, RIGHTARG = int, FUNCTION = tap_open.always);
CREATE OPERATOR tap_open.= (LEFTARG = text, RIGHTARG = text, FUNCTION = tap_open.always);
CREATE TABLE tap_open.account AS SELECT 980002 AS account_id, 'tap_one'::text AS login_role;
CREATE TABLE tap_open.dim_unit (unit_id int, parent_unit_id int);
RESET ROLE;
SELECT is(pg_temp.ask('tap_one', :staff, 'SET LOCAL search_path = tap_open, dwh_star, pg_catalog'), '231', 'operators and functions of the same names');
SELECT is(pg_temp.ask('tap_one', 'SELECT pg_catalog.unnest(dwh.scope_units(9))', 'SET LOCAL search_path = tap_open, pg_catalog') ~ '\m101\M', false,
	'tables of the same names');
SELECT is(pg_temp.ask('tap_one', 'SELECT value FROM dwh.indicator_values(''{F01}'', ''2025-08-01'', ''2025-08-01'', ''month'', ''{province}'')',
	'SET LOCAL search_path = tap_open, pg_catalog'), '3', 'values are worked out by other names in nobody''s path');
SELECT is(pg_temp.ask('tap_one', :staff, 'CREATE TEMPORARY TABLE account AS SELECT 980002 AS account_id, ''tap_one''::text AS login_role',
	'SET LOCAL search_path = pg_temp, dwh_catalog, pg_catalog'), '231', 'temporary tables');

-- Own views and functions over our tables ------------------------------------------------------------------------------------------
SET LOCAL ROLE tap_one;
CREATE VIEW tap_open.mine AS SELECT unit_id FROM dwh_star.fact_staff WHERE staff_id > 9800000;
CREATE VIEW tap_open.mine_barrier WITH (security_barrier) AS SELECT unit_id FROM dwh_star.fact_staff WHERE staff_id > 9800000;
CREATE FUNCTION tap_open.lend() RETURNS SETOF int LANGUAGE sql SECURITY DEFINER AS 'SELECT unit_id FROM dwh_star.fact_staff WHERE staff_id > 9800000';
CREATE FUNCTION tap_open.lend_role() RETURNS SETOF int LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN SET LOCAL ROLE tap_one; RETURN QUERY SELECT unit_id FROM dwh_star.fact_staff WHERE staff_id > 9800000; END $$;
GRANT SELECT ON tap_open.mine, tap_open.mine_barrier TO PUBLIC;
RESET ROLE;
SELECT is(pg_temp.ask('tap_one', 'SELECT unit_id FROM tap_open.mine'), '231', 'a view shows its owner his own');
SELECT is(pg_temp.ask('tap_nobody', 'SELECT unit_id FROM tap_open.mine'), 'none', 'and lends nothing to one without an account');
SELECT is(pg_temp.ask('tap_other', 'SELECT unit_id FROM tap_open.mine_barrier'), '101', 'nor to a neighbour, who sees what is his');
SELECT is(pg_temp.ask('tap_nobody', 'SELECT tap_open.lend()'), 'none', 'nor does a function with its owner''s rights');
SELECT is(pg_temp.ask('tap_nobody', 'SELECT tap_open.lend_role()'), '42501', 'in which roles cannot be changed');
SELECT is(pg_temp.ask('tap_one', 'SELECT 1 FROM dwh_star.fact_staff_2025'), '42501', 'a partition is refused');
SELECT is(pg_temp.ask('tap_one', 'SELECT 1', 'CREATE TABLE tap_open.child () INHERITS (dwh_star.dim_unit)'), '42501', 'inheriting from our tables');
SELECT is(pg_temp.ask('tap_one', 'SELECT 1', 'CREATE TABLE tap_open.fk (u int REFERENCES dwh_star.dim_unit)'), '42501', 'foreign keys to our tables, whose errors would tell');
SELECT is(pg_temp.ask('tap_one', 'SELECT 1', 'CREATE POLICY p ON dwh_star.fact_staff USING (true)'), '42501', 'policies');
SELECT is(pg_temp.ask('tap_one', 'SELECT 1', 'CREATE TRIGGER t BEFORE INSERT ON dwh_star.fact_staff EXECUTE FUNCTION dwh_internal.invalidate_cache()'), '42501', 'triggers');
SELECT is(pg_temp.ask('tap_one', 'SELECT 1', 'CREATE STATISTICS tap_open.s ON unit_id, month FROM dwh_star.fact_staff'), '42501', 'statistics of one''s own');
SELECT is(pg_temp.ask('tap_one', 'SELECT 1', 'CREATE INDEX ON dwh_star.fact_staff (unit_id)'), '42501', 'indexes');
SELECT is(pg_temp.ask('tap_one', 'SELECT 1', 'TRUNCATE dwh_star.fact_staff'), '42501', 'TRUNCATE, which asks no policy');
SELECT is(pg_temp.ask('tap_one', 'SELECT unit_id FROM tap_open.copy', 'CREATE TABLE tap_open.copy AS SELECT unit_id FROM dwh_star.fact_staff WHERE staff_id > 9800000'), '231', 'a table made of a query');
SELECT is(pg_temp.ask('tap_nobody', 'SELECT unit_id FROM tap_open.mat', 'CREATE MATERIALIZED VIEW tap_open.mat AS SELECT unit_id FROM dwh_star.fact_staff WHERE staff_id > 9800000'), 'none', 'a materialized view');
SELECT is(pg_temp.ask('tap_one', format('SELECT unit_id FROM dwh_star.fact_staff WHERE ctid = ANY (%L::tid[])', (SELECT array_agg(ctid) FROM dwh_star.fact_staff WHERE staff_id > 9800000))), '231',
	'rows asked for by their place');
SELECT is(pg_temp.ask('tap_one', 'SELECT unit_id FROM dwh_star.fact_staff TABLESAMPLE system (100) WHERE staff_id > 9800000'), '231', 'a sample');
SELECT is(pg_temp.ask('tap_one', 'SELECT (xpath(''//unit_id/text()'', query_to_xml(''SELECT DISTINCT unit_id FROM dwh_star.fact_staff WHERE staff_id > 9800000'', false, false, '''')))::text'), '{231}', 'a query in a text');
SELECT is(pg_temp.ask('tap_one', $$SELECT word FROM ts_stat('SELECT array_to_tsvector(ARRAY[unit_id::text]) FROM dwh_star.fact_staff WHERE staff_id > 9800000')$$), '231', 'a query that a function of the server runs');
SELECT is(pg_temp.ask('tap_one', 'SELECT 1', 'CREATE RULE r AS ON SELECT TO dwh_star.fact_staff DO INSTEAD SELECT 1'), '42501', 'rules');

-- Statistics, logs, other sessions -----------------------------------------------------------------------------------------------
SELECT is(pg_temp.ask('tap_one', $$SELECT most_common_vals::text FROM pg_stats WHERE schemaname = 'dwh_star' AND tablename ~ '^(fact_|dim_person)'$$), 'none',
	'pg_stats shows nothing of a table with row security');
SELECT is(pg_temp.ask('tap_one', 'SELECT starelid FROM pg_statistic'), '42501', 'nor does pg_statistic');
CREATE STATISTICS dwh_star.tap_statistics (mcv, dependencies) ON unit_id, employment_kind FROM dwh_star.fact_staff;
ANALYZE dwh_star.fact_staff;
SELECT is(pg_temp.ask('tap_one', 'SELECT most_common_vals::text FROM pg_stats_ext WHERE most_common_vals IS NOT NULL'), 'none', 'nor do extended statistics');
SELECT is(pg_temp.ask('tap_one', 'SELECT stxdmcv FROM pg_statistic_ext_data'), '42501', 'nor their table');
-- With an index on the unit no row of a neighbour's is read, so not even their number is told.
CREATE FUNCTION pg_temp.removed(p_query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	v_plan json;
BEGIN
	SET LOCAL ROLE tap_one;
	EXECUTE 'EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off, FORMAT json) ' || p_query INTO v_plan;
	RESET ROLE;
	RETURN coalesce((SELECT string_agg(DISTINCT m[1], ' ') FROM regexp_matches(v_plan::text, '"(?:Rows Removed by Filter|Rows Removed by Index Recheck|Exact Heap Blocks)": ([1-9]\d*)', 'g') AS m), 'none')
		|| CASE WHEN v_plan::text ~ '"Index Cond"[^}]*dwh\.?[^}]*scope' THEN ', by index' ELSE '' END;
END $$;
SET LOCAL enable_seqscan = off;
SELECT is(pg_temp.removed('SELECT * FROM dwh_star.fact_staff WHERE unit_id = 101'), 'none, by index', 'EXPLAIN ANALYZE of a neighbour''s unit counts no rows');
SELECT is(pg_temp.removed('SELECT * FROM dwh_star.fact_staff WHERE unit_id = (SELECT 101)'), 'none, by index', 'however the unit is written');
SELECT is(pg_temp.removed('SELECT * FROM dwh_star.fact_staff WHERE unit_id IN (101, 224)'), 'none, by index', 'or several are');
SET LOCAL enable_seqscan = on;
SELECT is(pg_temp.ask('tap_one', 'SELECT query FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND query NOT IN ('''', ''<insufficient privilege>'')'), 'none', 'what others run is not shown');
SELECT is(pg_temp.ask('tap_one', 'SELECT 1 FROM dwh_log.audit_event UNION ALL SELECT 1 FROM dwh_catalog.account UNION ALL SELECT 1 FROM dwh_catalog.access_grant'), '42501',
	'logs, accounts and grants');
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
	WHERE n.nspname = 'dwh_internal' AND has_schema_privilege('tap_one', n.oid, 'USAGE')$$, 'what is internal cannot be named');

-- Names of roles --------------------------------------------------------------------------------------------------------------------
SELECT is(pg_temp.ask('TAP_ONE', :staff), 'none', 'a role whose name differs by case is another');
SELECT is(pg_temp.ask('tap''; SET ROLE postgres; --', :staff), '231', 'a name with quotes is a name');
SELECT is(pg_temp.ask('dwh_star.fact_staff', :staff), '101', 'and so is one with a dot');

-- Writing, for groups to whom a site gives it ------------------------------------------------------------------------------------------
GRANT INSERT, UPDATE ON dwh_star.fact_staff TO dwh_analyst;
GRANT SELECT ON dwh_log.load_run TO dwh_analyst;
GRANT USAGE ON SCHEMA dwh_log, dwh_internal TO dwh_analyst;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA dwh_internal TO dwh_analyst;
CREATE FUNCTION pg_temp.write(p_unit int, p_rest text) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.ask('tap_one', 'SELECT 1', format('INSERT INTO dwh_star.fact_staff (month, unit_id, staff_id, position_id, employment_kind, load_id)
		SELECT month, %s, 9800000 + %s * 10 + 1, position_id, employment_kind, load_id FROM dwh_star.fact_staff WHERE staff_id = 9802311 %s', p_unit, p_unit, p_rest))
$$;
SELECT is(pg_temp.write(101, ''), '42501', 'a row of a neighbour''s is refused');
SELECT is(pg_temp.write(101, 'ON CONFLICT DO NOTHING'), pg_temp.write(1, 'ON CONFLICT DO NOTHING'), 'ON CONFLICT tells no neighbour''s row that is there from one that is not');
SELECT is(pg_temp.ask('tap_one', 'SELECT 1', 'UPDATE dwh_star.fact_staff SET unit_id = 101 WHERE staff_id = 9802311'), '42501', 'nor is one moved there');
SELECT * FROM finish();
ROLLBACK;

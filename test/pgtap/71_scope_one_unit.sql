-- A query for one unit asks for the scope once, before any row (src/scope/planner.c): it shows what the same query shows when it asks by row, and no
-- function in it is given a row of another unit. So does a national reader's; other queries of his ask by row, too. 2327-018 893-038
SET client_min_messages = error;
SET jit = off;
BEGIN;
SELECT plan(47);

CREATE ROLE tap_one LOGIN IN ROLE dwh_analyst;
CREATE ROLE tap_country LOGIN IN ROLE dwh_national;
CREATE ROLE tap_nobody LOGIN IN ROLE dwh_national;
CREATE SCHEMA tap_open;
GRANT ALL ON SCHEMA tap_open TO PUBLIC;
\ir include/as_role.psql
-- Two provinces, 231 with a predecessor (131), and a neighbour, 101.
INSERT INTO dwh_log.load_run (source_id, batch) VALUES (6, 'one unit');
INSERT INTO dwh_star.fact_staff (month, unit_id, staff_id, position_id, employment_kind, load_id)
SELECT '2025-08-01', u, 9810000 + u * 10 + n, (SELECT min(position_id) FROM dwh_star.dim_position), 'civil_servant', (SELECT max(load_id) FROM dwh_log.load_run)
FROM unnest(ARRAY[231, 131, 101]) AS u, generate_series(1, 3) AS n;
ANALYZE dwh_star.fact_staff;
INSERT INTO dwh_catalog.account (account_id, kind, email, full_name, login_role, valid_from) VALUES
	(980001, 'sector', 'one@example.invalid', 'One', 'tap_one', '2020-01-01'), (980002, 'sector', 'country@example.invalid', 'Country', 'tap_country', '2020-01-01');
INSERT INTO dwh_catalog.access_grant (grant_id, account_id, user_group_id, scope_unit_id, valid_from)
SELECT v.n, v.n, user_group_id, v.u, '2020-01-01' FROM dwh_catalog.user_group JOIN (VALUES ('analyst', 980001, 231), ('national', 980002, 1)) AS v (code, n, u) USING (code);
SELECT subject_id AS staff FROM dwh_catalog.subject WHERE code = 'fact_staff' \gset

-- A role's plan for a query; how it asks for the scope, and how many rows it expects.
CREATE FUNCTION pg_temp.explain(p_query text, p_role text) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
	v_plan json;
BEGIN
	EXECUTE format('SET LOCAL ROLE %I', p_role);
	EXECUTE 'EXPLAIN (FORMAT json) ' || p_query INTO v_plan;
	RESET ROLE;
	RETURN v_plan;
END
$$;
CREATE FUNCTION pg_temp.plan_of(p_query text, p_role text DEFAULT 'tap_one') RETURNS text LANGUAGE sql AS $$
	SELECT CASE WHEN plan ~ '"One-Time Filter": "dwh.(in_scope|has_subject)\(' THEN 'once' ELSE '' END
		|| CASE WHEN plan ~ '"Filter": "[^"]*dwh.(in_scope|has_subject)\(' THEN 'by row' ELSE '' END
	FROM CAST(pg_temp.explain(p_query, p_role) AS text) AS plan
$$;
CREATE FUNCTION pg_temp.expected_rows(p_query text, p_role text DEFAULT 'tap_one') RETURNS int LANGUAGE sql AS $$
	SELECT (pg_temp.explain(p_query, p_role) -> 0 -> 'Plan' ->> 'Plan Rows')::int
$$;
-- A cheap function that keeps what it is given.
CREATE TABLE tap_open.given (unit_id int);
GRANT ALL ON tap_open.given TO PUBLIC;
CREATE FUNCTION tap_open.tell(p_unit_id int) RETURNS boolean LANGUAGE plpgsql COST 0.000001 AS $$
BEGIN
	INSERT INTO tap_open.given VALUES (p_unit_id);
	RETURN true;
END
$$;
CREATE FUNCTION pg_temp.told(p_query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	v_rows text;
BEGIN
	DELETE FROM tap_open.given;
	v_rows := pg_temp.ask('tap_one', p_query);
	RETURN format('%s | %s', v_rows, (SELECT string_agg(DISTINCT unit_id::text, ' ' ORDER BY unit_id::text) FROM tap_open.given));
END
$$;

-- How it is asked ----------------------------------------------------------------------------------------------------------------------
SELECT is(pg_temp.plan_of('SELECT * FROM dwh_star.fact_staff WHERE unit_id = 231'), 'once', 'one unit: asked once');
SELECT is(pg_temp.plan_of('SELECT * FROM dwh_star.fact_staff WHERE 231 = unit_id AND month = ''2025-08-01'''), 'once', 'written the other way round');
SELECT is(pg_temp.plan_of('SELECT * FROM (SELECT * FROM dwh_star.fact_staff) AS q WHERE unit_id = 231'), 'once', 'of a query within');
SELECT is(pg_temp.plan_of('SELECT count(*) FROM (SELECT * FROM dwh_star.fact_staff WHERE unit_id = 231) AS q'), 'once', 'in a query within');
SELECT is(pg_temp.plan_of('SELECT * FROM dwh_star.fact_staff AS f JOIN dwh_star.dim_position USING (position_id) LEFT JOIN dwh_star.dim_unit AS u ON u.unit_id = f.unit_id WHERE f.unit_id = 231'),
	'once', 'beside other tables');
SELECT is(pg_temp.plan_of('SELECT * FROM (VALUES (1)) AS v LEFT JOIN dwh_star.fact_staff AS f ON f.unit_id = 231'), 'by row', 'a condition of an outer join lets other rows through');
SELECT is(pg_temp.plan_of('SELECT * FROM dwh_star.fact_staff WHERE unit_id > 230'), 'by row', 'more than one: by row');
SELECT is(pg_temp.plan_of('SELECT * FROM dwh_star.fact_staff WHERE unit_id = 231 OR month = ''2025-08-01'''), 'by row', 'or something else');
SELECT is(pg_temp.plan_of('SELECT * FROM dwh_star.fact_staff WHERE unit_id = 101'), 'by row', 'a unit out of the scope');
SELECT is(pg_temp.expected_rows('SELECT * FROM dwh_star.fact_staff WHERE unit_id = 101 AND month = ''2025-08-01'''), 1, 'of which the plan tells no number of rows');
SELECT cmp_ok(pg_temp.expected_rows('SELECT * FROM dwh_star.fact_staff WHERE unit_id = 231 AND month = ''2025-08-01'''), '>', 1, 'as it does of one''s own');

-- What is shown ------------------------------------------------------------------------------------------------------------------------
SELECT is(pg_temp.ask('tap_one', 'SELECT unit_id FROM dwh_star.fact_staff WHERE unit_id = 231'), '231 231 231', 'the rows of the unit');
SELECT is(pg_temp.ask('tap_one', 'SELECT unit_id FROM dwh_star.fact_staff WHERE unit_id = 131'), '131 131 131', 'of a predecessor');
SELECT is(pg_temp.ask('tap_one', 'SELECT unit_id FROM dwh_star.fact_staff WHERE unit_id = 101'), 'none', 'none of a neighbour');
SELECT is(pg_temp.ask('tap_one', 'SELECT unit_id FROM dwh_star.fact_staff WHERE unit_id = 231 AND unit_id = 101'), 'none', 'nor of two at once');
SELECT is(pg_temp.ask('tap_one', 'SELECT b.unit_id FROM dwh_star.fact_staff AS a CROSS JOIN dwh_star.fact_staff AS b WHERE a.unit_id = 231 AND b.unit_id = 101'), 'none',
	'nor beside one''s own');
SELECT is(pg_temp.ask('tap_one', 'SELECT count(f.unit_id) FROM (VALUES (131), (101)) AS v (u) LEFT JOIN dwh_star.fact_staff AS f ON f.unit_id = v.u WHERE f.unit_id = 131'), '3',
	'on the inner side of an outer join');
SELECT is(pg_temp.ask('tap_one', 'SELECT count(*) FROM (VALUES (1)) AS v (n) LEFT JOIN dwh_star.fact_staff AS f ON f.unit_id = 101'), '1', 'whose condition is no condition on the result');
SELECT is(pg_temp.ask('tap_one', 'SELECT coalesce(unit_id, 0) FROM dwh_star.fact_staff WHERE unit_id = 231 GROUP BY ROLLUP (unit_id) HAVING dwh.in_scope(unit_id, ' || :'staff' || ') IS NULL'), '0',
	'grouping sets');
SELECT is(pg_temp.ask('tap_one', 'SELECT unit_id FROM dwh_star.fact_staff WHERE unit_id = 231 GROUP BY unit_id HAVING dwh.in_scope(unit_id, ' || :'staff' || ')'), '231', 'groups');
SELECT is(pg_temp.ask('tap_one', 'SELECT (SELECT count(*) FROM dwh_star.fact_staff AS f WHERE f.unit_id = u) FROM unnest(ARRAY[231, 101]) AS u'), '0 3', 'a unit for each row of another query');

-- Random queries: tables and queries within, joined in all ways, with conditions on units in all places. The reader is shown what the owner is of
-- the rows of the reader's units.
CREATE FUNCTION pg_temp.pick(VARIADIC p_choices text[]) RETURNS text LANGUAGE sql VOLATILE AS $$ SELECT p_choices[1 + floor(random() * cardinality(p_choices))::int] $$;
CREATE FUNCTION pg_temp.unit() RETURNS text LANGUAGE sql VOLATILE AS $$ SELECT pg_temp.pick('231', '231', '131', '101') $$;
CREATE FUNCTION pg_temp.some_table() RETURNS text LANGUAGE sql VOLATILE AS $$
	SELECT format(pg_temp.pick('{T}', '{T}', '{T}', '{T}', '{T}', '{T}', '{T}', '{T}', '(SELECT * FROM {T} AS i WHERE unit_id = %1$s)', '(SELECT * FROM {T} AS i WHERE staff_id %% 2 = 0 OFFSET 0)',
		'(SELECT unit_id, max(staff_id) AS staff_id FROM {T} AS i GROUP BY 1 HAVING unit_id = %1$s)', '(SELECT * FROM {T} AS i UNION ALL SELECT * FROM {T} AS j WHERE unit_id = %1$s)',
		'(VALUES (231, 9812311), (101, 9811011), (%1$s, 0))'), pg_temp.unit()) $$;
CREATE FUNCTION pg_temp.condition(p_a text, p_b text) RETURNS text LANGUAGE sql VOLATILE AS $$
	SELECT format(pg_temp.pick('true', 'true', 'true', '%1$s.unit_id = %3$s', '%1$s.unit_id = %3$s', '%1$s.unit_id = %3$s', '%3$s = %2$s.unit_id', '%3$s = %2$s.unit_id', '%1$s.unit_id = %2$s.unit_id', '%1$s.unit_id IS NULL', '%2$s.unit_id IS NULL', '%1$s.staff_id %% 3 = 1',
		'(%1$s.unit_id = %3$s OR %2$s.unit_id = %3$s)', 'coalesce(%2$s.unit_id, 0) <> %3$s', 'NOT (%1$s.unit_id = %3$s)',
		'EXISTS (SELECT FROM {T} AS d WHERE d.unit_id = %3$s AND d.staff_id > %1$s.staff_id)', 'NOT EXISTS (SELECT FROM {T} AS d WHERE d.unit_id = %3$s AND d.staff_id > %1$s.staff_id)',
		'NOT EXISTS (SELECT FROM {T} AS d WHERE d.unit_id = %1$s.unit_id AND d.unit_id = %3$s)', '%1$s.unit_id IN (SELECT unit_id FROM {T} AS d WHERE d.unit_id = %3$s)',
		'(SELECT count(*) FROM {T} AS d WHERE d.unit_id = %1$s.unit_id) > 1'), p_a, p_b, pg_temp.unit()) $$;
CREATE FUNCTION pg_temp.query() RETURNS text LANGUAGE sql VOLATILE AS $$
	SELECT format('SELECT %s FROM %s AS a (unit_id, staff_id) %s JOIN %s AS b (unit_id, staff_id) ON %s AND %s %s JOIN %s AS c (unit_id, staff_id) ON b.staff_id = c.staff_id WHERE %s AND %s',
		pg_temp.pick('a.unit_id, b.unit_id, c.staff_id', 'count(*), sum(a.staff_id), count(b.unit_id), sum(c.unit_id)', 'DISTINCT a.unit_id, c.unit_id', 'row_number() OVER (ORDER BY a.staff_id, b.staff_id), b.unit_id'),
		pg_temp.some_table(), k.kind, pg_temp.some_table(), pg_temp.pick('a.unit_id = b.unit_id', 'a.staff_id = b.staff_id'), CASE k.kind WHEN 'FULL' THEN 'true' ELSE pg_temp.condition('a', 'b') END,
		pg_temp.pick('', 'LEFT', 'RIGHT', 'FULL'), pg_temp.some_table(), pg_temp.condition('a', 'b'), pg_temp.condition(pg_temp.pick('a', 'b', 'c'), 'c'))
	FROM (SELECT pg_temp.pick('', 'LEFT', 'RIGHT', 'FULL') AS kind) AS k $$;
CREATE FUNCTION pg_temp.rows_of(p_query text, p_table text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	v_rows text;
BEGIN
	EXECUTE format('SELECT string_agg(q::text, '' '' ORDER BY q::text) FROM (%s) AS q', replace(p_query, '{T}', p_table)) INTO v_rows;
	RETURN coalesce(v_rows, 'none');
END
$$;
CREATE TEMPORARY TABLE random_query AS SELECT n, ''::text AS query, ''::text AS shown, ''::text AS wanted FROM generate_series(1, 400) AS n;
SELECT setseed(0.7) \g (format=unaligned) /dev/null
UPDATE random_query SET query = pg_temp.query() WHERE n > 0;
UPDATE random_query SET wanted = pg_temp.rows_of(query, '(SELECT unit_id, staff_id FROM dwh_star.fact_staff WHERE staff_id > 9810000 AND unit_id IN (231, 131))');
GRANT ALL ON random_query TO PUBLIC;
SET LOCAL ROLE tap_one;
UPDATE random_query SET shown = pg_temp.rows_of(query, '(SELECT unit_id, staff_id FROM dwh_star.fact_staff WHERE staff_id > 9810000)');
RESET ROLE;
SELECT is_empty('SELECT n, query, shown, wanted FROM random_query WHERE shown IS DISTINCT FROM wanted', 'random queries show what they show of the rows of the scope');
SELECT cmp_ok((SELECT count(DISTINCT wanted)::int FROM random_query), '>', 50, 'and differ');

-- National readers ---------------------------------------------------------------------------------------------------------------------
SELECT is(pg_temp.plan_of('SELECT * FROM dwh_star.fact_staff WHERE unit_id = 101', 'tap_country'), 'once', 'a national reader''s query for one unit');
SELECT is(pg_temp.plan_of('SELECT * FROM dwh_star.fact_staff', 'tap_country'), 'by row', 'and for all');
SELECT cmp_ok(pg_temp.expected_rows('SELECT * FROM dwh_star.fact_staff WHERE month = ''2025-08-01''', 'tap_country'), '>=', 9, 'which expects all rows');
SELECT is(pg_temp.plan_of('SELECT * FROM dwh_star.fact_staff WHERE unit_id = 101', 'tap_nobody'), 'by row', 'a member of his group without a grant');
SELECT is(pg_temp.expected_rows('SELECT * FROM dwh_star.fact_staff WHERE month = ''2025-08-01''', 'tap_nobody'), 1, 'whose plan tells no number of rows');
SELECT is(pg_temp.expected_rows('SELECT * FROM dwh_star.fact_staff WHERE month = ''2025-08-01'' AND unit_id = 101', 'tap_nobody'), 1, 'nor of a unit''s');
SELECT is(pg_temp.ask('tap_country', 'SELECT DISTINCT unit_id FROM dwh_star.fact_staff WHERE staff_id > 9810000'), '101 131 231', 'he sees every unit');
SELECT is(pg_temp.ask('tap_country', 'SELECT unit_id FROM dwh_star.fact_staff WHERE unit_id = 101 AND staff_id > 9810000'), '101 101 101', 'and each of them');
SELECT is(pg_temp.ask('tap_nobody', 'SELECT unit_id FROM dwh_star.fact_staff') || pg_temp.ask('tap_nobody', 'SELECT unit_id FROM dwh_star.fact_staff WHERE unit_id = 101'), 'nonenone',
	'without a grant he sees none');
SELECT is(pg_temp.ask('tap_country', 'SELECT dwh.has_subject(' || :'staff' || ', NULL)'), 'true', 'whatever the unit');
CREATE FUNCTION pg_temp.asked_in_turn(p_staff int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	v_role	text;
	v_has	boolean;
	v_told	text := '';
BEGIN
	FOREACH v_role IN ARRAY ARRAY['tap_country', 'tap_one', 'tap_country', 'tap_nobody'] LOOP
		EXECUTE format('SET LOCAL ROLE %I', v_role);
		v_has := dwh.has_subject(p_staff, 231);
		RESET ROLE;
		v_told := v_told || v_has || ' ';
	END LOOP;
	RETURN v_told;
END
$$;
SELECT is(pg_temp.asked_in_turn(:staff), 'true false true false ', 'whoever asks in a statement is told of himself');
SET LOCAL ROLE tap_country;
DECLARE country CURSOR FOR SELECT unit_id FROM dwh_star.fact_staff WHERE staff_id > 9810000;
FETCH 1 FROM country \gset first_
RESET ROLE;
SELECT isnt(:first_unit_id, 0, 'a cursor of his gives its first row');
UPDATE dwh_catalog.access_grant SET valid_to = dwh.today() - 1 WHERE grant_id = 980002;
SET LOCAL ROLE tap_country;
FETCH 1 FROM country;
\set fetched :ROW_COUNT
RESET ROLE;
SELECT is(:fetched, 0, 'and none once his right has ended');

-- Functions that tell what they are given ----------------------------------------------------------------------------------------------
-- With nothing to choose between conditions, PostgreSQL tests them in the order in which they are written.
SET LOCAL enable_indexscan = off;
SET LOCAL enable_bitmapscan = off;
SET LOCAL cpu_operator_cost = 0;
SELECT is(pg_temp.told('SELECT unit_id FROM dwh_star.fact_staff WHERE tap_open.tell(unit_id) AND unit_id = 231'), '231 231 231 | 231', 'a function is given rows of the unit only');
SELECT is(pg_temp.told('SELECT unit_id FROM dwh_star.fact_staff WHERE tap_open.tell(unit_id) AND unit_id = 101') ~ '101', false, 'and none of a neighbour');
SELECT is(pg_temp.told('SELECT f.unit_id FROM (VALUES (1)) AS v LEFT JOIN dwh_star.fact_staff AS f ON tap_open.tell(f.unit_id) WHERE f.unit_id = 231'), '231 231 231 | 231',
	'nor in the condition of an outer join');
RESET enable_indexscan;
RESET enable_bitmapscan;
RESET cpu_operator_cost;

-- Plans that are kept -----------------------------------------------------------------------------------------------------------------------
SET LOCAL plan_cache_mode = force_generic_plan;
SET LOCAL ROLE tap_one;
PREPARE one (int) AS SELECT count(*)::int AS rows FROM dwh_star.fact_staff WHERE unit_id = $1;
EXECUTE one (231) \gset own_
EXECUTE one (101) \gset other_
PREPARE sets (int) AS SELECT count(*)::int AS rows FROM (SELECT FROM dwh_star.fact_staff WHERE unit_id = $1 GROUP BY ROLLUP (unit_id) HAVING dwh.in_scope(unit_id, :staff) IS NULL) AS q;
EXECUTE sets (101) \gset sets_
RESET ROLE;
SELECT is(:sets_rows, 1, 'the row of all groups is of no unit');
SELECT is(:own_rows, 3, 'a plan for any unit: of the scope');
SELECT is(:other_rows, 0, 'and of a neighbour');
UPDATE dwh_catalog.access_grant SET valid_to = dwh.today() - 1 WHERE grant_id = 980001;
SET LOCAL ROLE tap_one;
EXECUTE one (231) \gset revoked_
RESET ROLE;
SELECT is(:revoked_rows, 0, 'a right that ends takes them away at once');
UPDATE dwh_catalog.access_grant SET valid_to = NULL WHERE grant_id = 980001;
RESET plan_cache_mode;

-- Statements that write: their conditions on new rows are about these, not about what WHERE says of the old ------------------------------------
GRANT UPDATE ON dwh_star.fact_staff TO dwh_analyst;
GRANT USAGE ON SCHEMA dwh_internal TO dwh_analyst;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA dwh_internal TO dwh_analyst;
SELECT is(pg_temp.call_as('tap_one', 'count(*) FROM (SELECT 1 FROM dwh_star.fact_staff WHERE unit_id = 231 FOR UPDATE) AS q'), '3', 'rows are locked');
CREATE FUNCTION pg_temp.move(p_from int, p_to int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
	v_rows int;
BEGIN
	UPDATE dwh_star.fact_staff SET unit_id = p_to WHERE unit_id = p_from;
	GET DIAGNOSTICS v_rows = ROW_COUNT;
	RETURN v_rows;
END
$$;
SELECT is(pg_temp.call_as('tap_one', 'pg_temp.move(231, 131)'), '3', 'a row may move to another unit of the scope');
SELECT matches(pg_temp.call_as('tap_one', 'pg_temp.move(131, 101)'), '^42501', 'and not out of it');
SELECT is(pg_temp.call_as('tap_one', 'pg_temp.move(101, 131)'), '0', 'nor into it');
SELECT * FROM finish();
ROLLBACK;

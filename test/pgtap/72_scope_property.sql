-- Random hierarchies, successions, grants and changes of them; after each, plain roles ask in random ways, and see exactly the rows
-- that a plain join with the grants gives. Everything follows from the seed. 2327-018 893-020 893-090
SET client_min_messages = error;
BEGIN;
SELECT plan(8);
SELECT setseed(0.2026) \g (format=unaligned) /dev/null

CREATE FUNCTION pg_temp.r(p_n int) RETURNS int LANGUAGE sql VOLATILE AS $$ SELECT floor(random() * p_n)::int $$;
-- A hierarchy of 80 units below the root, some of them ended, with successions of all kinds; the last third may succeed the others.
INSERT INTO dwh_star.dim_unit (unit_id, code, level, name_vi, name_en, parent_unit_id, valid_from, valid_to)
SELECT 980000 + n, 'TAP' || n, CASE WHEN n < 10 THEN 'province' WHEN n < 50 THEN 'district' ELSE 'base' END, 'x', 'x',
	CASE WHEN n < 10 THEN 1 ELSE 980000 + pg_temp.r(CASE WHEN n < 50 THEN 10 ELSE 50 END) END, '2020-01-01',
	CASE WHEN n < 50 AND pg_temp.r(4) = 0 THEN date '2025-06-30' END
FROM generate_series(0, 79) AS n;
INSERT INTO dwh_catalog.unit_succession
SELECT 980000 + pg_temp.r(55), 980000 + 55 + pg_temp.r(25), (ARRAY['rename', 'merge', 'merge', 'split', 'transfer'])[1 + pg_temp.r(5)],
	date '2025-07-01' + CASE WHEN pg_temp.r(6) = 0 THEN 100000 ELSE 0 END
FROM generate_series(1, 45) ON CONFLICT DO NOTHING;
INSERT INTO dwh_log.load_run (source_id, batch) VALUES (6, 'property merged'), (6, 'property');
INSERT INTO dwh_star.fact_staff (month, unit_id, staff_id, position_id, employment_kind, load_id)
SELECT m, 980000 + n, 980000 + n, (SELECT min(position_id) FROM dwh_star.dim_position), 'civil_servant', (SELECT max(load_id) FROM dwh_log.load_run)
FROM generate_series(0, 79) AS n, (VALUES ('2024-05-01'::date), ('2025-08-01')) AS v (m);
INSERT INTO dwh_star.fact_dossier (month, unit_id, dossier_no, procedure_id, event, on_time, load_id)
SELECT month, unit_id, staff_id, (SELECT min(procedure_id) FROM dwh_star.dim_procedure), 'received', NULL, load_id
FROM dwh_star.fact_staff WHERE unit_id >= 980000;
ANALYZE dwh_star.fact_staff;
ANALYZE dwh_star.fact_dossier;

DO $$
BEGIN
	FOR i IN 1..4 LOOP
		EXECUTE format('CREATE ROLE tap_p%s LOGIN IN ROLE dwh_analyst', i);
		INSERT INTO dwh_catalog.account (account_id, kind, email, full_name, login_role, valid_from)
		VALUES (980000 + i, 'sector', format('p%s@example.invalid', i), 'P', format('tap_p%s', i), '2020-01-01');
	END LOOP;
	-- rights to write that nobody has, to see which rows a statement with RETURNING touches
	GRANT UPDATE, DELETE ON dwh_star.fact_staff, dwh_star.fact_dossier TO dwh_analyst;
	GRANT EXECUTE ON FUNCTION dwh_internal.check_month(date) TO dwh_analyst;
END
$$;
-- marking what is to be computed again is not in question here, and costs most
DO $$
DECLARE
	v_trigger record;
BEGIN
	FOR v_trigger IN
		SELECT t.tgrelid::regclass AS relation, t.tgname FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid
		WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND t.tgname LIKE '%mark%'
			AND c.relname IN ('fact_staff', 'fact_dossier', 'dim_unit', 'unit_succession')
	LOOP
		EXECUTE format('ALTER TABLE %s DISABLE TRIGGER %I', v_trigger.relation, v_trigger.tgname);
	END LOOP;
END
$$;
CREATE VIEW dwh.tap_property WITH (security_invoker = true) AS
SELECT 9 AS subject_id, unit_id, month FROM dwh_star.fact_staff UNION ALL SELECT 10, unit_id, month FROM dwh_star.fact_dossier;
GRANT SELECT ON dwh.tap_property TO dwh_analyst;

-- The oracle: the units of an account and subject by recursion over the grants, and the rows by a join.
CREATE FUNCTION pg_temp.oracle(p_account int, p_subject int) RETURNS text LANGUAGE sql VOLATILE AS $$
	WITH RECURSIVE granted AS (
		SELECT g.scope_unit_id AS unit_id
		FROM dwh_catalog.access_grant AS g JOIN dwh_catalog.account AS a USING (account_id)
		JOIN dwh_catalog.user_group_subject AS s ON s.user_group_id = g.user_group_id AND s.subject_id = p_subject
		WHERE g.account_id = p_account AND a.is_enabled AND a.valid_from <= dwh.today() AND coalesce(a.valid_to, 'infinity') >= dwh.today()
			AND g.valid_from <= dwh.today() AND coalesce(g.valid_to, 'infinity') >= dwh.today() AND g.revoked_at IS NULL
			AND (g.subject_scope = 'group' OR EXISTS (SELECT FROM dwh_catalog.access_grant_subject AS l
				WHERE l.grant_id = g.grant_id AND l.subject_id = p_subject))),
	whole AS (
		SELECT s.predecessor_unit_id, s.successor_unit_id FROM dwh_catalog.unit_succession AS s
		WHERE s.kind IN ('rename', 'merge') AND s.effective_on <= dwh.today() AND (SELECT count(*) FROM dwh_catalog.unit_succession AS o
			WHERE o.predecessor_unit_id = s.predecessor_unit_id AND o.kind <> 'transfer') = 1),
	link AS (
		SELECT parent_unit_id AS a, unit_id AS b FROM dwh_star.dim_unit UNION ALL SELECT successor_unit_id, predecessor_unit_id FROM whole),
	walked (unit_id) AS (
		SELECT u.unit_id FROM granted JOIN dwh_star.dim_unit AS u USING (unit_id)
		WHERE u.valid_from <= dwh.today() AND coalesce(u.valid_to, 'infinity') >= dwh.today()
		UNION
		SELECT l.b FROM walked AS w JOIN link AS l ON l.a = w.unit_id)
	SELECT coalesce(string_agg(f.unit_id::text, ' ' ORDER BY f.unit_id), '')
	FROM (SELECT unit_id, month, 9 AS subject_id FROM dwh_star.fact_staff UNION ALL SELECT unit_id, month, 10 FROM dwh_star.fact_dossier) AS f
	WHERE f.subject_id = p_subject AND f.unit_id >= 980000 AND f.unit_id IN (SELECT unit_id FROM walked UNION SELECT unit_id FROM granted)
$$;

-- One random change of what decides the scope.
CREATE FUNCTION pg_temp.change() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	v_id int;
	v_what int := pg_temp.r(12);
	v_grant int := (SELECT grant_id FROM dwh_catalog.access_grant WHERE account_id > 980000 ORDER BY random() LIMIT 1);
	v_unit int := CASE WHEN pg_temp.r(40) = 0 THEN 1 ELSE 980000 + pg_temp.r(80) END;
BEGIN
	IF v_what < 4 OR v_grant IS NULL THEN
		INSERT INTO dwh_catalog.access_grant (account_id, user_group_id, scope_unit_id, subject_scope, valid_from, valid_to)
		VALUES (980001 + pg_temp.r(4), 3, v_unit, (ARRAY['group', 'listed'])[1 + pg_temp.r(2)], dwh.today() - pg_temp.r(3) + 1,
			CASE WHEN pg_temp.r(3) = 0 THEN dwh.today() + pg_temp.r(3) END) ON CONFLICT DO NOTHING RETURNING grant_id INTO v_id;
		INSERT INTO dwh_catalog.access_grant_subject SELECT v_id, s FROM unnest(ARRAY[9, 10]) AS s WHERE pg_temp.r(2) = 0 AND v_id IS NOT NULL;
		RETURN 'grant';
	ELSIF v_what = 4 THEN
		UPDATE dwh_catalog.access_grant SET revoked_at = now(), valid_to = greatest(dwh.today(), valid_from) WHERE grant_id = v_grant;
	ELSIF v_what = 5 THEN
		UPDATE dwh_catalog.access_grant SET scope_unit_id = v_unit, valid_to = coalesce(valid_to, 'infinity') WHERE grant_id = v_grant;
	ELSIF v_what = 6 THEN
		UPDATE dwh_catalog.access_grant SET valid_from = dwh.today() - 2, valid_to = dwh.today() - 1 WHERE grant_id = v_grant;
	ELSIF v_what = 7 THEN
		UPDATE dwh_catalog.account SET is_enabled = NOT is_enabled WHERE account_id = 980001 + pg_temp.r(4);
	ELSIF v_what = 8 THEN
		UPDATE dwh_star.dim_unit SET valid_to = CASE WHEN valid_to IS NULL THEN dwh.today() - pg_temp.r(2) END WHERE unit_id = 980000 + pg_temp.r(80);
	ELSIF v_what = 9 THEN
		INSERT INTO dwh_catalog.unit_succession VALUES (980000 + pg_temp.r(55), 980055 + pg_temp.r(25),
			(ARRAY['rename', 'merge', 'split'])[1 + pg_temp.r(3)], dwh.today() + pg_temp.r(2)) ON CONFLICT DO NOTHING;
	ELSIF v_what = 10 THEN
		DELETE FROM dwh_catalog.unit_succession WHERE predecessor_unit_id = 980000 + pg_temp.r(55);
	ELSE
		INSERT INTO dwh_catalog.access_grant_subject VALUES (v_grant, 9 + pg_temp.r(2)) ON CONFLICT DO NOTHING;
	END IF;
	RETURN v_what::text;
END
$$;

-- The rows that a role sees of a subject, asked for in one of many ways.
CREATE FUNCTION pg_temp.seen(p_role text, p_subject int, p_way int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	v_fact text := CASE p_subject WHEN 9 THEN 'dwh_star.fact_staff' ELSE 'dwh_star.fact_dossier' END;
	v_list text := 'SELECT coalesce(string_agg(unit_id::text, '' '' ORDER BY unit_id), '''') FROM ';
	v_result text := '';
	v_units int[] := '{}';
	v_unit int;
	v_cursor refcursor;
	v_merged int := (SELECT load_id FROM dwh_log.load_run WHERE batch = 'property merged');
BEGIN
	EXECUTE format('SET LOCAL ROLE %I', p_role);
	CASE p_way
		WHEN 0 THEN EXECUTE v_list || v_fact || ' WHERE unit_id >= 980000' INTO v_result;
		WHEN 1 THEN EXECUTE v_list || format('dwh.tap_property WHERE subject_id = %s AND unit_id >= 980000', p_subject) INTO v_result;
		WHEN 2 THEN EXECUTE v_list || format('(SELECT f.unit_id FROM %s AS f JOIN dwh_star.dim_unit AS u USING (unit_id) WHERE u.code LIKE ''TAP%%'') AS x', v_fact)
			INTO v_result;
		WHEN 3 THEN EXECUTE v_list || format('generate_series(980000, 980079) AS n CROSS JOIN LATERAL (SELECT unit_id FROM %s WHERE unit_id = n) AS x', v_fact)
			INTO v_result;
		WHEN 4 THEN	-- a prepared statement that outlives every change: its plan is generic
			EXECUTE format('EXECUTE tap_%s(980000)', p_subject) INTO v_result;
		WHEN 5 THEN
			OPEN v_cursor FOR EXECUTE format('SELECT unit_id FROM %s WHERE unit_id >= 980000', v_fact);
			LOOP
				FETCH v_cursor INTO v_unit;
				EXIT WHEN NOT FOUND;
				v_units := v_units || v_unit;
			END LOOP;
			CLOSE v_cursor;
		WHEN 6 THEN
			EXECUTE format('WITH u AS (UPDATE %s SET load_id = load_id WHERE unit_id >= 980000 RETURNING unit_id) SELECT coalesce(array_agg(unit_id), ''{}'') FROM u', v_fact)
				INTO v_units;
		WHEN 7 THEN
			BEGIN
				EXECUTE format('WITH d AS (DELETE FROM %s WHERE unit_id >= 980000 RETURNING unit_id) SELECT coalesce(array_agg(unit_id), ''{}'') FROM d', v_fact)
					INTO v_units;
				RAISE SQLSTATE 'TAP00';
			EXCEPTION WHEN SQLSTATE 'TAP00' THEN
				NULL;		-- the rows are back
			END;
		WHEN 8 THEN			-- what MERGE meets it may change, and so counts
			EXECUTE format('MERGE INTO %s AS f USING generate_series(980000, 980079) AS n ON f.unit_id = n WHEN MATCHED THEN UPDATE SET load_id = %s',
				v_fact, v_merged);
			RESET ROLE;
			EXECUTE format('SELECT coalesce(array_agg(unit_id), ''{}'') FROM %s WHERE load_id = %s', v_fact, v_merged) INTO v_units;
			EXECUTE format('UPDATE %s SET load_id = (SELECT max(load_id) FROM dwh_log.load_run) WHERE load_id = %s', v_fact, v_merged);
		WHEN 9 THEN EXECUTE v_list || format('unnest(dwh.scope_units(%s)) AS u JOIN %s ON unit_id = u WHERE u >= 980000', p_subject, v_fact) INTO v_result;
		WHEN 10 THEN EXECUTE v_list || format('%s WHERE unit_id >= 980000 AND month < ''2025-01-01''', v_fact) INTO v_result;
			EXECUTE format('SELECT coalesce(string_agg(u, '' ''), '''') FROM (SELECT u FROM string_to_table(%L, '' '') AS u UNION ALL SELECT u FROM string_to_table(%L, '' '') AS u ORDER BY 1) AS x',
				v_result, v_result) INTO v_result;
	END CASE;
	RESET ROLE;
	IF p_way BETWEEN 5 AND 8 THEN
		v_result := coalesce((SELECT string_agg(u::text, ' ' ORDER BY u) FROM unnest(v_units) AS u), '');
	END IF;
	RETURN v_result;
END
$$;

-- Runs p_rounds changes with p_asks questions each; returns what differs, and counts what was seen.
CREATE TEMPORARY TABLE tally (asked int, seen int, hidden int);
INSERT INTO tally VALUES (0, 0, 0);
CREATE FUNCTION pg_temp.run(p_rounds int, p_asks int) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	v_change text;
	v_account int;
	v_subject int;
	v_way int;
	v_want text;
	v_have text;
	v_undo boolean;
BEGIN
	FOR i IN 1..p_rounds LOOP
		v_undo := pg_temp.r(8) = 0;
		BEGIN
			v_change := pg_temp.change();
			FOR k IN 1..p_asks LOOP
				v_account := 1 + pg_temp.r(4);
				v_subject := 9 + pg_temp.r(2);
				v_way := pg_temp.r(11);
				v_want := pg_temp.oracle(980000 + v_account, v_subject);
				v_have := pg_temp.seen('tap_p' || v_account, v_subject, v_way);
				UPDATE tally SET asked = asked + 1, seen = seen + (v_want <> '')::int, hidden = hidden + (v_want = '')::int;
				IF v_have IS DISTINCT FROM v_want THEN
					RETURN NEXT format('round %s, after %s, account %s, subject %s, way %s: have %s, want %s', i, v_change, v_account, v_subject, v_way, v_have, v_want);
				END IF;
			END LOOP;
			IF v_undo THEN
				RAISE SQLSTATE 'TAP01';
			END IF;
		EXCEPTION WHEN SQLSTATE 'TAP01' THEN
			-- a grant that is rolled back shows nothing any more
			v_want := pg_temp.oracle(980000 + v_account, v_subject);
			IF pg_temp.seen('tap_p' || v_account, v_subject, 0) IS DISTINCT FROM v_want THEN
				RETURN NEXT format('round %s, after the rollback of %s', i, v_change);
			END IF;
		END;
	END LOOP;
END
$$;
SET LOCAL plan_cache_mode = force_generic_plan;
PREPARE tap_9 (int) AS SELECT coalesce(string_agg(unit_id::text, ' ' ORDER BY unit_id), '') FROM dwh_star.fact_staff WHERE unit_id >= $1;
PREPARE tap_10 (int) AS SELECT coalesce(string_agg(unit_id::text, ' ' ORDER BY unit_id), '') FROM dwh_star.fact_dossier WHERE unit_id >= $1;

SELECT is_empty('SELECT * FROM pg_temp.run(25, 5) LIMIT 5', 'without parallel workers');
SET LOCAL enable_seqscan = off;
SELECT is_empty('SELECT * FROM pg_temp.run(10, 5) LIMIT 5', 'with indexes');
SET LOCAL enable_seqscan = on;
SET LOCAL enable_indexscan = off;
SET LOCAL enable_bitmapscan = off;
SET LOCAL enable_indexonlyscan = off;
SELECT is_empty('SELECT * FROM pg_temp.run(10, 5) LIMIT 5', 'without indexes');
SELECT set_config(name, 'on', true) FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query') \g (format=unaligned) /dev/null
SET LOCAL parallel_leader_participation = off;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SELECT is_empty('SELECT * FROM pg_temp.run(10, 4) LIMIT 5', 'by parallel workers only');
CREATE FUNCTION pg_temp.workers() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	v_line text;
	v_found text := 'none';
BEGIN
	SET LOCAL ROLE tap_p1;
	FOR v_line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) SELECT count(*) FROM dwh_star.fact_staff WHERE unit_id >= 980000' LOOP
		IF v_line ~ 'Workers Launched: [1-9]' THEN
			v_found := 'launched';
		END IF;
	END LOOP;
	RESET ROLE;
	RETURN v_found;
END
$$;
SELECT is(pg_temp.workers(), 'launched', 'there are workers');
SELECT cmp_ok(asked, '>', 200, 'hundreds of questions were asked (rounds that are rolled back are not counted)') FROM tally;
SELECT cmp_ok(seen, '>', asked / 4, 'many see something') FROM tally;
SELECT cmp_ok(hidden, '>', asked / 20, 'some see nothing') FROM tally;
SELECT * FROM finish();
ROLLBACK;

-- Random hierarchies, successions, grants and changes of them; after each, plain roles ask in random ways, and see exactly the rows
-- that a plain join with the grants gives. Everything follows from the seed. 2327-018 893-020 893-090
-- DWH_SCOPE_ROUNDS (default 1) multiplies the rounds, DWH_SCOPE_SEED (default 2026) makes others of them.
SET client_min_messages = error;
\getenv factor DWH_SCOPE_ROUNDS
\if :{?factor}
\else
	\set factor 1
\endif
\getenv seed DWH_SCOPE_SEED
\if :{?seed}
\else
	\set seed 2026
\endif
SET jit = off;
BEGIN;
SELECT plan(10);
SELECT setseed(:seed / 1000000.0) \g (format=unaligned) /dev/null

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
	-- rights that nobody has, to see which rows a statement that writes touches, and what COPY writes
	GRANT INSERT, UPDATE, DELETE ON dwh_star.fact_staff, dwh_star.fact_dossier TO dwh_analyst;
	GRANT EXECUTE ON FUNCTION dwh_internal.check_month(date) TO dwh_analyst;
	GRANT pg_write_server_files TO tap_p1, tap_p2, tap_p3, tap_p4;
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

-- The oracle: the units of an account and subject by recursion over the grants, and those of the rows by a join.
CREATE FUNCTION pg_temp.oracle(p_account int, p_subject int) RETURNS int[] LANGUAGE sql VOLATILE AS $$
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
	SELECT coalesce(array_agg(f.unit_id ORDER BY f.unit_id), '{}')
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

-- Functions that read a fact: one with the rights of its caller, one with those of another reader, who lends nothing.
CREATE FUNCTION public.tap_read(p_subject int) RETURNS SETOF int LANGUAGE sql STABLE AS
	$$ SELECT unit_id FROM dwh.tap_property WHERE subject_id = p_subject AND unit_id >= 980000 $$;
CREATE FUNCTION public.tap_lend(p_subject int) RETURNS SETOF int LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
	RETURN QUERY SELECT unit_id FROM dwh.tap_property WHERE subject_id = p_subject AND unit_id >= 980000;
END $$;
ALTER FUNCTION public.tap_lend(int) OWNER TO tap_p4;

-- The ways. %1$s: the fact, %2$s: its subject, %3$s: a file, or a load, %4$s: one unit, %5$s: the other columns, %6$s: values for them,
-- %7$s: the key. list, undo, cursor, merge, copy: the units of all rows; count, explain: how many; one: the rows of one unit, of a few that
-- are asked for in turn; try, reference: which of a few units may be written.
CREATE TEMPORARY TABLE way (way int GENERATED ALWAYS AS IDENTITY, kind text, query text);
INSERT INTO way (kind, query) VALUES
	('list', 'SELECT unit_id FROM %1$s WHERE unit_id >= 980000'),
	('list', 'SELECT unit_id FROM dwh.tap_property WHERE subject_id = %2$s AND unit_id >= 980000'),
	('list', 'SELECT f.unit_id FROM %1$s AS f JOIN dwh_star.dim_unit AS u USING (unit_id) WHERE u.code LIKE ''TAP%%'''),
	('list', 'SELECT f.unit_id FROM dwh_star.dim_unit AS u LEFT JOIN %1$s AS f USING (unit_id) WHERE u.code LIKE ''TAP%%'' AND f.unit_id IS NOT NULL'),
	('list', 'SELECT x.unit_id FROM generate_series(980000, 980079) AS n CROSS JOIN LATERAL (SELECT unit_id FROM %1$s WHERE unit_id = n) AS x'),
	('list', 'SELECT u FROM unnest(dwh.scope_units(%2$s)) AS u JOIN %1$s ON unit_id = u WHERE u >= 980000'),
	('list', 'SELECT unit_id FROM %1$s WHERE unit_id >= 980000 AND month < ''2025-01-01'' UNION ALL SELECT unit_id FROM %1$s WHERE unit_id >= 980000 AND month > ''2025-01-01'''),
	('list', 'SELECT unit_id FROM (SELECT unit_id, generate_series(1, count(*)) FROM %1$s WHERE unit_id >= 980000 GROUP BY unit_id) AS x'),
	('list', 'SELECT u.unit_id FROM dwh_star.dim_unit AS u CROSS JOIN LATERAL generate_series(1, (SELECT count(*) FROM %1$s AS f WHERE f.unit_id = u.unit_id)) WHERE u.unit_id >= 980000'),
	('list', 'SELECT n FROM generate_series(980000, 980079) AS n, (VALUES (1), (2)) AS t WHERE EXISTS (SELECT FROM %1$s AS f WHERE f.unit_id = n)'),
	('list', 'SELECT n FROM generate_series(980000, 980079) AS n, (VALUES (1), (2)) AS t WHERE NOT n <> ALL (SELECT unit_id FROM %1$s)'),
	('list', 'SELECT unit_id FROM (SELECT unit_id, row_number() OVER (ORDER BY unit_id DESC) FROM %1$s) AS x WHERE unit_id >= 980000'),
	('list', 'SELECT unit_id FROM %1$s WHERE unit_id = ANY (ARRAY(SELECT generate_series(980000, 980079)))'),
	('list', 'SELECT unit_id FROM %1$s WHERE unit_id IN (980000, 980001) OR unit_id BETWEEN 980002 AND 980079'),
	('list', 'WITH q AS MATERIALIZED (SELECT unit_id FROM %1$s WHERE unit_id >= 980000 FOR UPDATE) SELECT unit_id FROM q'),
	('list', 'SELECT public.tap_read(%2$s)'),
	('list', 'SELECT public.tap_lend(%2$s)'),
	('list', 'EXECUTE tap_%2$s(980000)'),
	('write', 'WITH q AS (UPDATE %1$s SET load_id = load_id WHERE unit_id >= 980000 RETURNING unit_id) '),
	('undo', 'WITH q AS (DELETE FROM %1$s WHERE unit_id >= 980000 RETURNING unit_id) '),
	('cursor', 'SELECT unit_id FROM %1$s WHERE unit_id >= 980000'),
	('merge', 'MERGE INTO %1$s AS f USING generate_series(980000, 980079) AS n ON f.unit_id = n WHEN MATCHED THEN UPDATE SET load_id = %3$s'),
	('copy', 'COPY (SELECT unit_id FROM %1$s WHERE unit_id >= 980000) TO %3$L'),
	('count', 'SELECT count(*) FROM %1$s WHERE unit_id >= 980000'),
	('explain', 'EXPLAIN (ANALYZE, FORMAT json) SELECT unit_id FROM %1$s WHERE unit_id >= 980000'),
	('one', 'SELECT unit_id FROM %1$s WHERE unit_id = %4$s'),
	('one', 'SELECT unit_id FROM %1$s WHERE %4$s = unit_id AND month >= ''2020-01-01'''),
	('one', 'SELECT f.unit_id FROM %1$s AS f JOIN dwh_star.dim_unit AS u USING (unit_id) WHERE u.unit_id = %4$s'),
	('one', 'SELECT unit_id FROM %1$s WHERE unit_id = (SELECT unit_id FROM dwh_star.dim_unit WHERE code = ''TAP'' || %4$s - 980000)'),
	('one', 'SELECT unit_id FROM dwh.tap_property WHERE subject_id = %2$s AND unit_id = %4$s'),
	('one', 'EXECUTE tap_one_%2$s(%4$s)'),
	('write one', 'WITH q AS (UPDATE %1$s SET load_id = load_id WHERE unit_id = %4$s RETURNING unit_id) '),
	('try', 'WITH q AS (INSERT INTO %1$s (month, unit_id, load_id, %5$s) SELECT m, %4$s, (SELECT max(load_id) FROM %1$s), %6$s FROM (VALUES (date ''2024-05-01''), (''2025-08-01'')) AS v (m)
		ON CONFLICT (%7$s) DO UPDATE SET load_id = excluded.load_id RETURNING unit_id) '),
	('reference', 'INSERT INTO %1$s (month, unit_id, load_id, %5$s) SELECT ''2025-08-01'', %4$s, 2147483647, 1000000 + %6$s');
SELECT count(*) AS ways FROM way \gset

-- The units of the rows that a role sees of a subject, in one of the ways; of some units only, where p_some is not NULL.
CREATE FUNCTION pg_temp.seen(p_role text, p_subject int, p_way way, p_some int[]) RETURNS int[] LANGUAGE plpgsql AS $$
DECLARE
	v_is_staff boolean := p_subject = 9;
	v_fact text := CASE WHEN v_is_staff THEN 'dwh_star.fact_staff' ELSE 'dwh_star.fact_dossier' END;
	v_file text := current_setting('data_directory') || '/dwh_scope_property';
	v_load int := (SELECT load_id FROM dwh_log.load_run WHERE batch = 'property merged');
	v_query text;
	v_plan json;
	v_units int[] := '{}';
	v_more int[];
	v_unit int;
	v_one int;
	v_cursor refcursor;
BEGIN
	EXECUTE format('SET LOCAL ROLE %I', p_role);
	FOREACH v_unit IN ARRAY coalesce(p_some, '{0}') LOOP
		v_query := format(p_way.query, v_fact, p_subject, CASE p_way.kind WHEN 'merge' THEN v_load::text ELSE v_file END, v_unit,
			CASE WHEN v_is_staff THEN 'staff_id, position_id, employment_kind' ELSE 'dossier_no, procedure_id, event' END,
			v_unit || CASE WHEN v_is_staff THEN ', (SELECT min(position_id) FROM dwh_star.dim_position), ''civil_servant'''
				ELSE ', (SELECT min(procedure_id) FROM dwh_star.dim_procedure), ''received''' END,
			CASE WHEN v_is_staff THEN 'month, staff_id' ELSE 'month, dossier_no, event' END);
		CASE
			WHEN v_query ~ '^EXECUTE' THEN
				EXECUTE v_query INTO v_more;
				v_units := v_units || v_more;
			WHEN p_way.kind IN ('list', 'one', 'count') THEN
				EXECUTE format('SELECT coalesce(array_agg(u), ''{}'') FROM (%s) AS q (u)', v_query) INTO v_more;
				v_units := v_units || v_more;
			WHEN p_way.kind IN ('write', 'write one') THEN
				EXECUTE v_query || 'SELECT coalesce(array_agg(unit_id), ''{}'') FROM q' INTO v_more;
				v_units := v_units || v_more;
			WHEN p_way.kind = 'undo' THEN
				BEGIN
					EXECUTE v_query || 'SELECT coalesce(array_agg(unit_id), ''{}'') FROM q' INTO v_units;
					RAISE SQLSTATE 'TAP00';
				EXCEPTION WHEN SQLSTATE 'TAP00' THEN
					NULL;		-- the rows are back
				END;
			WHEN p_way.kind = 'cursor' THEN
				OPEN v_cursor FOR EXECUTE v_query;
				LOOP
					FETCH v_cursor INTO v_one;
					EXIT WHEN NOT FOUND;
					v_units := v_units || v_one;
				END LOOP;
				CLOSE v_cursor;
			WHEN p_way.kind = 'merge' THEN	-- what MERGE meets it may change, and so counts
				EXECUTE v_query;
				RESET ROLE;
				EXECUTE format('SELECT coalesce(array_agg(unit_id), ''{}'') FROM %s WHERE load_id = %s', v_fact, v_load) INTO v_units;
				EXECUTE format('UPDATE %s SET load_id = (SELECT max(load_id) FROM dwh_log.load_run) WHERE load_id = %s', v_fact, v_load);
			WHEN p_way.kind = 'copy' THEN
				EXECUTE v_query;
				RESET ROLE;
				v_units := coalesce((SELECT array_agg(u::int) FROM regexp_split_to_table(pg_read_file(v_file), '\n') AS u WHERE u ~ '^98\d\d\d\d$'), '{}');
			WHEN p_way.kind = 'explain' THEN
				EXECUTE v_query INTO v_plan;
				v_units := ARRAY[(v_plan -> 0 -> 'Plan' ->> 'Actual Rows')::int];
			WHEN p_way.kind = 'try' THEN
				BEGIN
					EXECUTE v_query || 'SELECT coalesce(array_agg(unit_id), ''{}'') FROM q' INTO v_more;
					v_units := v_units || v_more;
				EXCEPTION WHEN insufficient_privilege THEN
					IF SQLERRM ~ '\d' THEN
						RAISE 'the refusal says too much: %', SQLERRM;
					END IF;
				END;
			WHEN p_way.kind = 'reference' THEN	-- that a key is broken is told of a row that may be written, else only that it may not
				BEGIN
					EXECUTE v_query;
				EXCEPTION WHEN insufficient_privilege THEN
					NULL;
				WHEN foreign_key_violation THEN
					v_units := v_units || ARRAY[v_unit, v_unit];
				END;
		END CASE;
	END LOOP;
	RESET ROLE;
	RETURN coalesce((SELECT array_agg(u ORDER BY u) FROM unnest(v_units) AS u), '{}');
END
$$;

-- Runs p_rounds changes; after each, p_pairs times, asks one account about one subject in p_asks ways. Returns what differs, and counts.
CREATE TEMPORARY TABLE tally (asked int, seen int, hidden int);
INSERT INTO tally VALUES (0, 0, 0);
CREATE TEMPORARY TABLE used AS SELECT way, 0 AS asked FROM way;
CREATE FUNCTION pg_temp.run(p_rounds int, p_pairs int, p_asks int) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	v_change text;
	v_account int;
	v_subject int;
	v_way way;
	v_all int[];
	v_want int[];
	v_have int[];
	v_some int[];
	v_number int;
	v_undo boolean;
BEGIN
	FOR i IN 1..p_rounds LOOP
		v_undo := pg_temp.r(8) = 0;
		BEGIN
			v_change := pg_temp.change();
			FOR j IN 1..p_pairs LOOP
				v_account := 1 + pg_temp.r(4);
				v_subject := 9 + pg_temp.r(2);
				v_all := pg_temp.oracle(980000 + v_account, v_subject);
				FOR k IN 1..p_asks LOOP
					v_number := 1 + pg_temp.r((SELECT count(*)::int FROM way));
					SELECT * INTO v_way FROM way AS w WHERE w.way = v_number;
					v_some := CASE WHEN v_way.kind IN ('one', 'write one', 'try', 'reference') THEN
						ARRAY(SELECT DISTINCT 980000 + pg_temp.r(80) FROM generate_series(1, 4)) END;
					v_want := CASE
						WHEN v_way.kind IN ('count', 'explain') THEN ARRAY[cardinality(v_all)]
						WHEN v_some IS NOT NULL THEN coalesce((SELECT array_agg(u ORDER BY u) FROM unnest(v_all) AS u WHERE u = ANY (v_some)), '{}')
						ELSE v_all END;
					v_have := pg_temp.seen('tap_p' || v_account, v_subject, v_way, v_some);
					UPDATE tally SET asked = asked + coalesce(cardinality(v_some), 1), seen = seen + (v_all <> '{}')::int, hidden = hidden + (v_all = '{}')::int;
					UPDATE used AS u SET asked = asked + 1 WHERE u.way = v_number;
					IF v_have IS DISTINCT FROM v_want THEN
						RETURN NEXT format('round %s, after %s, account %s, subject %s, units %s, %s: have %s, want %s', i, v_change, v_account, v_subject, v_some, v_way.query, v_have, v_want);
					END IF;
				END LOOP;
			END LOOP;
			IF v_undo THEN
				RAISE SQLSTATE 'TAP01';
			END IF;
		EXCEPTION WHEN SQLSTATE 'TAP01' THEN
			-- a grant that is rolled back shows nothing any more
			SELECT * INTO v_way FROM way AS w WHERE w.way = 1;
			IF pg_temp.seen('tap_p' || v_account, v_subject, v_way, NULL) IS DISTINCT FROM pg_temp.oracle(980000 + v_account, v_subject) THEN
				RETURN NEXT format('round %s, after the rollback of %s', i, v_change);
			END IF;
		END;
	END LOOP;
END
$$;
SET LOCAL plan_cache_mode = force_generic_plan;
PREPARE tap_9 (int) AS SELECT coalesce(array_agg(unit_id), '{}') FROM dwh_star.fact_staff WHERE unit_id >= $1;
PREPARE tap_one_9 (int) AS SELECT coalesce(array_agg(unit_id), '{}') FROM dwh_star.fact_staff WHERE unit_id = $1;
PREPARE tap_10 (int) AS SELECT coalesce(array_agg(unit_id), '{}') FROM dwh_star.fact_dossier WHERE unit_id >= $1;
PREPARE tap_one_10 (int) AS SELECT coalesce(array_agg(unit_id), '{}') FROM dwh_star.fact_dossier WHERE unit_id = $1;

-- grants and other changes to begin with
SELECT count(pg_temp.change()) FROM generate_series(1, 24) \g (format=unaligned) /dev/null
SELECT is_empty(format('SELECT * FROM pg_temp.run(%s * 12, 2, 10) LIMIT 5', :factor), 'without parallel workers');
SET LOCAL enable_seqscan = off;
SELECT is_empty(format('SELECT * FROM pg_temp.run(%s * 10, 2, 10) LIMIT 5', :factor), 'with indexes');
SET LOCAL enable_seqscan = on;
SET LOCAL enable_indexscan = off;
SET LOCAL enable_bitmapscan = off;
SET LOCAL enable_indexonlyscan = off;
SELECT is_empty(format('SELECT * FROM pg_temp.run(%s * 8, 2, 10) LIMIT 5', :factor), 'without indexes');
SELECT set_config(name, 'on', true) FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query') \g (format=unaligned) /dev/null
SET LOCAL parallel_leader_participation = off;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SELECT is_empty(format('SELECT * FROM pg_temp.run(%s * 3, 2, 6) LIMIT 5', :factor), 'by parallel workers only');
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
SELECT cmp_ok(asked, '>', 600 * :factor, 'hundreds of queries for each round of DWH_SCOPE_ROUNDS were made (rounds that are rolled back are not counted)') FROM tally;
SELECT is_empty('SELECT query FROM way JOIN used USING (way) WHERE used.asked < 2', 'in every way');
SELECT cmp_ok(:ways, '>', 30, 'of which there are many');
SELECT cmp_ok(seen, '>', (seen + hidden) / 8, 'many see something') FROM tally;
SELECT cmp_ok(hidden, '>', (seen + hidden) / 20, 'some see nothing') FROM tally;
COPY (SELECT 1) TO PROGRAM 'cat >/dev/null; rm -f dwh_scope_property';
SELECT * FROM finish();
ROLLBACK;

-- What scope costs: the same group-by as a reader with row security, and as the owner with the explicit WHERE (or none), taking turns in
-- one session; point queries; the first query of a new session; the cache for 100,000 units and 10,000 grants. The median of the rounds'
-- ratios is what counts, beside it stands the ratio of the fastest rounds. Goals: a province 1.10, 21 scattered units 1.15, 700 scattered
-- units 1.20, the nation 1.05, point queries 1.10; 3 ms; 50 ms. Who reads: include/scope_readers.psql. Rows: DWH_BENCH_WAREHOUSE_PERSONS (40_warehouse_data.sql), 95000 are ten million.
SET client_min_messages = error;
SET jit = off;
SET work_mem = '256MB';
SET max_parallel_workers_per_gather = 0;
-- DWH_BENCH_ROUNDS (default 9): rounds of each measurement, and sessions of the first query.
\getenv rounds DWH_BENCH_ROUNDS
\if :{?rounds}
\else
	\set rounds 9
\endif
\set sessions :rounds
SET bench.sessions = :sessions;
\ir include/scope_readers.psql
CREATE TABLE bench_50.run (what text, n int, variant int, round int, ms numeric, result text);
GRANT ALL ON bench_50.run TO PUBLIC;

-- One round: by the owner's own hand, then under row security; the results must be the same. p_calls statements count as one.
CREATE PROCEDURE bench_50.measure(p_what text, p_query text, p_rounds int, p_calls int) LANGUAGE plpgsql AS $$
DECLARE
	v_who record;
	v_start timestamptz;
	v_result text;
BEGIN
	FOR v_round IN 0 .. p_rounds LOOP
		FOR v_who IN SELECT * FROM bench_50.who ORDER BY n LOOP
			FOR v_variant IN 1 .. 2 LOOP
				IF v_variant = 2 THEN
					EXECUTE format('SET LOCAL ROLE %I', v_who.role);
				END IF;
				v_start := clock_timestamp();
				FOR i IN 1 .. p_calls LOOP
					EXECUTE format(p_query, CASE WHEN v_variant = 1 AND v_who.units IS NOT NULL AND position('unit_id =' IN p_query) = 0
						THEN format('AND unit_id = ANY (%L::int[])', v_who.units) ELSE '' END, coalesce(v_who.units[1 + i % cardinality(v_who.units)], 100000 + i)) INTO v_result;
				END LOOP;
				RESET ROLE;
				-- round 0 warms up
				INSERT INTO bench_50.run SELECT p_what, v_who.n, v_variant, v_round, extract(epoch FROM clock_timestamp() - v_start) * 1000, v_result WHERE v_round > 0;
			END LOOP;
		END LOOP;
	END LOOP;
END
$$;
CREATE FUNCTION bench_50.result(p_what text) RETURNS TABLE (reader text, units int, by_hand_ms numeric, with_scope_ms numeric, ratio numeric, of_fastest numeric, goal numeric, same_result boolean, raw_ratios text)
LANGUAGE sql AS $$
	SELECT w.role, cardinality(w.units), r.hand, r.scope, r.ratio, r.of_fastest, w.goal, r.same, r.raw
	FROM bench_50.who AS w JOIN (
		SELECT a.n, percentile_cont(0.5) WITHIN GROUP (ORDER BY a.ms)::numeric(12, 1) AS hand, percentile_cont(0.5) WITHIN GROUP (ORDER BY b.ms)::numeric(12, 1) AS scope,
			percentile_cont(0.5) WITHIN GROUP (ORDER BY b.ms / a.ms)::numeric(12, 3) AS ratio, (min(b.ms) / min(a.ms))::numeric(12, 3) AS of_fastest,
			bool_and(a.result IS NOT DISTINCT FROM b.result) AS same,
			string_agg((b.ms / a.ms)::numeric(12, 2)::text, ' ' ORDER BY a.round) AS raw
		FROM bench_50.run AS a JOIN bench_50.run AS b USING (what, n, round) WHERE a.what = p_what AND a.variant = 1 AND b.variant = 2 GROUP BY a.n) AS r USING (n)
	ORDER BY w.n $$;

\echo '## Group by month and scheme; ratio: median of the rounds'' ratios'
CALL bench_50.measure('group', $$SELECT md5(string_agg(q::text, ' ' ORDER BY q)) FROM (SELECT month, scheme_id, count(*), sum(salary_base), avg(age)::numeric(6, 2)
	FROM dwh_star.fact_participation WHERE month >= '2022-01-01' %s GROUP BY 1, 2) AS q$$, :rounds, 1);
SELECT * FROM bench_50.result('group');
\echo '## Point queries (one unit, one month): 200 of them'
UPDATE bench_50.who SET goal = 1.10 WHERE goal IS NOT NULL;
CALL bench_50.measure('point', $$SELECT count(*) FROM dwh_star.fact_participation WHERE unit_id = %2$s AND month = '2024-05-01' %1$s$$, :rounds, 200);
SELECT * FROM bench_50.result('point');

\echo '## How the rows are found'
SET ROLE bench_province;
EXPLAIN (COSTS off) SELECT month, scheme_id, count(*) FROM dwh_star.fact_participation WHERE month >= '2025-01-01' GROUP BY 1, 2;
RESET ROLE;
SET ROLE bench_nation;
EXPLAIN (COSTS off) SELECT month, scheme_id, count(*) FROM dwh_star.fact_participation WHERE month >= '2025-01-01' GROUP BY 1, 2;
RESET ROLE;

\echo '## The first query of a new session, ms: with scope (reads accounts, grants and units) beside by hand; medians of :sessions sessions each'
-- Sessions of their own by dblink; each says itself how long its first query took.
CREATE EXTENSION dblink SCHEMA bench_50;
CREATE PROCEDURE bench_50.measure_first(p_role text, p_variant int) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM bench_50.dblink_connect('first', format('host=%s port=%s dbname=%s user=%s', split_part(current_setting('unix_socket_directories'), ',', 1),
		current_setting('port'), current_database(), p_role));
	PERFORM bench_50.dblink_exec('first', format($x$DO $d$ DECLARE v_start timestamptz := clock_timestamp(); v_n bigint; BEGIN
		SELECT count(*) INTO v_n FROM dwh_star.fact_participation WHERE unit_id = %s AND month = '2024-05-01';
		INSERT INTO bench_50.run VALUES ('first', 1, %s, 0, extract(epoch FROM clock_timestamp() - v_start) * 1000); END $d$ $x$,
		(SELECT units[5] FROM bench_50.who WHERE n = 1), p_variant));
	PERFORM bench_50.dblink_disconnect('first');
END
$$;
DO $$ BEGIN
	FOR i IN 1 .. current_setting('bench.sessions')::int LOOP
		CALL bench_50.measure_first(current_user, 1);
		CALL bench_50.measure_first('bench_province', 2);
		CALL bench_50.measure_first('bench_bare', 3);
	END LOOP;
END $$;
SELECT m[1]::numeric(12, 2) AS by_hand_ms, m[2]::numeric(12, 2) AS with_scope_ms, (m[2] - m[1])::numeric(12, 2) AS more_ms, 3 AS goal,
	(m[3] - m[1])::numeric(12, 2) AS more_ms_of_bare
FROM (SELECT array_agg(ms ORDER BY variant) AS m FROM (SELECT variant, percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) AS ms FROM bench_50.run
	WHERE what = 'first' GROUP BY variant) AS v) AS x;

\echo '## Building the cache: 100,000 units more, 10,000 grants of one account; ms of the first call, seven times'
SET client_min_messages = error;
BEGIN;
SET LOCAL session_replication_role = replica;
INSERT INTO dwh_star.dim_unit (unit_id, code, level, name_vi, name_en, parent_unit_id, valid_from)
SELECT 3000000 + n, 'BX' || n, 'base', 'x', 'x', (SELECT min(unit_id) FROM bench_50.share) , '2025-07-01' FROM generate_series(1, 100000) AS n;
DELETE FROM dwh_catalog.access_grant WHERE account_id = 950002;
INSERT INTO dwh_catalog.access_grant (account_id, user_group_id, scope_unit_id, valid_from) SELECT 950002, 3, 3000000 + n * 10, '2020-01-01' FROM generate_series(1, 10000) AS n;
ANALYZE dwh_star.dim_unit;
CREATE TEMPORARY TABLE built (ms numeric, units int);
GRANT ALL ON built TO PUBLIC;
DO $$
DECLARE
	v_start timestamptz;
	v_units int;
BEGIN
	FOR i IN 1 .. 7 LOOP
		UPDATE dwh_catalog.access_grant SET decision_no = i::text WHERE account_id = 950002 AND scope_unit_id = 3000010;
		UPDATE dwh_star.dim_unit SET name_en = i::text WHERE unit_id = 3000001;
		SET LOCAL ROLE bench_21;
		v_start := clock_timestamp();
		PERFORM dwh.in_scope(3000010, 1);
		INSERT INTO built SELECT extract(epoch FROM clock_timestamp() - v_start) * 1000, cardinality(dwh.scope_units(1));
		RESET ROLE;
	END LOOP;
END
$$;
SELECT count(*) AS units, (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY ms)::numeric(12, 1) FROM built) AS median_ms,
	(SELECT string_agg(ms::numeric(12, 1)::text, ' ') FROM built) AS raw_ms, (SELECT min(units) FROM built) AS in_scope, 50 AS goal FROM dwh_star.dim_unit;
ROLLBACK;
\ir include/scope_readers_gone.psql

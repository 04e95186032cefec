-- Aggregates over ids and id sets: NULL, no rows, FILTER, window frames, parallel plans, spill, moved states.
\set VERBOSITY terse
SET search_path = dwh, public;

-- No rows, only NULLs: counts give 0, sets NULL
SELECT distinct_count(x), id_set_agg(x) FROM generate_series(1, 0) AS x;
SELECT union_agg(s), union_count(s), intersect_agg(s), intersect_count(s) FROM (SELECT '{1}'::id_set WHERE false) AS v(s);
SELECT distinct_count(x), id_set_agg(x) FROM (VALUES (NULL::int), (NULL)) AS v(x);
SELECT union_agg(s), union_count(s), intersect_agg(s), intersect_count(s) FROM (VALUES (NULL::id_set), (NULL)) AS v(s);
-- NULL beside values; empty sets
SELECT distinct_count(x), id_set_agg(x) FROM (VALUES (NULL), (3), (NULL), (1), (3)) AS v(x);
SELECT union_agg(s), union_count(s), intersect_agg(s), intersect_count(s) FROM (VALUES (NULL), ('{1-5}'::id_set), ('{4-9}'), (NULL)) AS v(s);
SELECT union_agg(s), union_count(s), intersect_agg(s), intersect_count(s) FROM (VALUES ('{}'::id_set), ('{4-9}')) AS v(s);

-- Integers that are no ids: counted, but not collected
SELECT distinct_count(x) FROM (VALUES (-1), (-2147483648), (2147483647), (0), (-1)) AS v(x);
SELECT id_set_agg(x) FROM (VALUES (1), (-1)) AS v(x);

-- FILTER, DISTINCT, ORDER BY, grouping sets
SELECT distinct_count(x) FILTER (WHERE x > 5), id_set_agg(x) FILTER (WHERE x % 2 = 0), distinct_count(DISTINCT x), id_set_agg(x ORDER BY x DESC)
FROM generate_series(1, 10) AS x;
SELECT a, b, distinct_count(x), id_set_agg(x) FROM (SELECT x % 2 AS a, x % 3 AS b, x / 2 AS x FROM generate_series(0, 11) AS x) AS v
GROUP BY GROUPING SETS ((a, b), (a), ()) ORDER BY a, b;
SELECT g, distinct_count(x), array_agg(x ORDER BY x) = to_array(id_set_agg(x)) AS same FROM (SELECT x % 3 AS g, x FROM generate_series(1, 30) AS x) AS v
GROUP BY ROLLUP (g) ORDER BY g;

-- Window frames: growing, sliding, partitioned
SELECT x, distinct_count(x % 4) OVER w AS so_far, id_set_agg(x % 4) OVER w AS set_so_far,
	distinct_count(x % 4) OVER (ORDER BY x ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) AS around,
	union_count(id_set(ARRAY[x, x + 1])) OVER (ORDER BY x ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS sliding,
	intersect_agg(id_set(ARRAY[1, x])) OVER w AS common,
	distinct_count(x) OVER (ORDER BY x ROWS BETWEEN 3 FOLLOWING AND 4 FOLLOWING) AS ahead
FROM generate_series(1, 8) AS x WINDOW w AS (ORDER BY x) ORDER BY x;
SELECT count(*) AS wrong FROM (
	SELECT x, distinct_count(x % 700) OVER (ORDER BY x) AS n FROM generate_series(0, 2000) AS x) AS v
WHERE n <> least(x + 1, 700);

-- The plans that follow are forced and shown to be what they claim; the table is small but looks large
CREATE TABLE public.id_set_rows (g int, h int, x int, s dwh.id_set);
INSERT INTO public.id_set_rows
SELECT i % 37, i % 1009, ((i::bigint * 7919) % 30011)::int + CASE i % 3 WHEN 0 THEN 1000000000 ELSE 0 END,
	id_set(ARRAY[i % 5000, i % 70001, i])
FROM generate_series(1, 30000) AS i;
ANALYZE public.id_set_rows;
CREATE FUNCTION pg_temp.plan_has(p_query text, VARIADIC p_nodes text[]) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	v_line text; v_plan text := '';
BEGIN
	FOR v_line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || p_query LOOP
		v_plan := v_plan || v_line || E'\n';
	END LOOP;
	RETURN (SELECT bool_and(strpos(v_plan, n) > 0) FROM unnest(p_nodes) AS n);
END
$$;
CREATE FUNCTION pg_temp.wrong_groups() RETURNS bigint LANGUAGE sql AS $$
	WITH a AS (
		SELECT g, dwh.distinct_count(x) AS n, dwh.id_set_agg(x) AS xs, dwh.union_agg(s) AS u, dwh.union_count(s) AS un,
			dwh.intersect_agg(s) AS i, dwh.intersect_count(s) AS c
		FROM public.id_set_rows GROUP BY g),
	oracle AS (
		SELECT g, array_agg(x ORDER BY x) AS xs FROM (SELECT DISTINCT g, x FROM public.id_set_rows) AS v GROUP BY g),
	oracle_union AS (
		SELECT g, array_agg(i ORDER BY i) AS u FROM (SELECT DISTINCT g, i FROM public.id_set_rows, dwh.iterate(s) AS i) AS v GROUP BY g)
	SELECT count(*) FROM oracle LEFT JOIN a USING (g) LEFT JOIN oracle_union USING (g)
	WHERE (a.n, dwh.to_array(a.xs), dwh.to_array(a.u), a.un, a.i::text, a.c)
		IS DISTINCT FROM (cardinality(oracle.xs), oracle.xs, oracle_union.u, cardinality(oracle_union.u), '{}', 0)
$$;
-- hashed
SET enable_sort = off;
SELECT pg_temp.plan_has('SELECT g, dwh.distinct_count(x) FROM public.id_set_rows GROUP BY g', 'HashAggregate') AS hashed, pg_temp.wrong_groups();
RESET enable_sort;
-- sorted
SET enable_hashagg = off;
SELECT pg_temp.plan_has('SELECT g, dwh.distinct_count(x) FROM public.id_set_rows GROUP BY g', 'GroupAggregate', 'Sort') AS sorted, pg_temp.wrong_groups();
RESET enable_hashagg;
-- parallel: the state moves through the workers' queues in its flat form
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
ALTER TABLE public.id_set_rows SET (parallel_workers = 2);
SELECT pg_temp.plan_has('SELECT g, dwh.distinct_count(x) FROM public.id_set_rows GROUP BY g', 'Partial HashAggregate', 'Finalize', 'Gather') AS parallel,
	pg_temp.wrong_groups();
SET parallel_leader_participation = off;
SELECT pg_temp.wrong_groups(), distinct_count(x) = count(DISTINCT x) AS all_rows FROM public.id_set_rows;
-- partial states are sorted, thus copied, on the way
SET enable_hashagg = off;
SELECT pg_temp.plan_has('SELECT g, dwh.distinct_count(x) FROM public.id_set_rows GROUP BY g', 'Partial GroupAggregate', 'Gather Merge') AS merged,
	pg_temp.wrong_groups();
RESET enable_hashagg;
-- negative values pass through a flat state too
SELECT distinct_count(CASE WHEN x % 2 = 0 THEN -x ELSE x END) = count(DISTINCT CASE WHEN x % 2 = 0 THEN -x ELSE x END) AS with_negatives
FROM public.id_set_rows;
RESET parallel_leader_participation;
SET max_parallel_workers_per_gather = 0;
-- states copied by datumCopy: partial aggregation below an append of partitions
CREATE TABLE public.id_set_parts (LIKE public.id_set_rows) PARTITION BY LIST (h);
CREATE TABLE public.id_set_parts_1 PARTITION OF public.id_set_parts FOR VALUES IN (1, 2, 3);
CREATE TABLE public.id_set_parts_2 PARTITION OF public.id_set_parts FOR VALUES IN (4, 5, 6);
INSERT INTO public.id_set_parts SELECT g, 1 + h % 6, x, s FROM public.id_set_rows;
ANALYZE public.id_set_parts;
SET enable_partitionwise_aggregate = on;
SELECT pg_temp.plan_has('SELECT g, dwh.distinct_count(x) FROM public.id_set_parts GROUP BY g', 'Partial HashAggregate', 'Append') AS partitionwise;
SELECT count(*) AS wrong FROM (SELECT g, distinct_count(x) AS n, union_count(s) AS u FROM public.id_set_parts GROUP BY g) AS a
	JOIN (SELECT g, count(DISTINCT x) AS n, count(DISTINCT i) AS u FROM public.id_set_parts, iterate(s) AS i GROUP BY g) AS b USING (g)
WHERE (a.n, a.u) <> (b.n, b.u);
RESET enable_partitionwise_aggregate;
-- spill: hash aggregation runs out of work_mem
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
SET enable_sort = off;
CREATE FUNCTION pg_temp.spills(p_query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	v_plan json;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, TIMING OFF, FORMAT json) ' || p_query INTO v_plan;
	RETURN v_plan::text ~ '"HashAgg Batches": ([2-9]|[1-9][0-9])';
END
$$;
SELECT pg_temp.spills('SELECT h, dwh.distinct_count(x), dwh.union_agg(s) FROM public.id_set_rows GROUP BY h') AS spills;
SELECT count(*) AS wrong FROM (SELECT h, distinct_count(x) AS n, union_count(s) AS u FROM public.id_set_rows GROUP BY h) AS a
	JOIN (SELECT h, count(DISTINCT x) AS n, count(DISTINCT i) AS u FROM public.id_set_rows, iterate(s) AS i GROUP BY h) AS b USING (h)
WHERE (a.n, a.u) <> (b.n, b.u);
RESET work_mem; RESET hash_mem_multiplier; RESET enable_sort;

-- Beside an aggregate whose states own contexts of their own
SELECT count(*) AS groups, sum(n), sum(c) FROM (
	SELECT h, distinct_count(x) AS n, cardinality(array_agg(ARRAY[x])) AS c FROM public.id_set_rows GROUP BY h) AS v;

-- Memory: at most 13 bytes an id, all of it below the aggregate's context; an error in the middle leaves nothing behind
CREATE FUNCTION pg_temp.bytes_an_id(p_query text) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
	v_plan jsonb;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, TIMING OFF, FORMAT json) ' || p_query INTO v_plan;
	RETURN jsonb_path_query_first(v_plan, 'lax $.**."Peak Memory Usage"')::numeric * 1024;
END
$$;
SET work_mem = '1GB';
SET enable_sort = off;
SELECT what, b < 13.0 * 1000000 AS at_most_13
FROM (VALUES ('dense', 'SELECT g, dwh.distinct_count(x) FROM (SELECT i % 10 AS g, i AS x FROM generate_series(1, 1000000) AS i) AS v GROUP BY g'),
	('spread', 'SELECT g, dwh.distinct_count(x) FROM (SELECT i % 10 AS g, (i * 1000003 % 2147483648)::int AS x FROM generate_series(1, 1000000::bigint) AS i) AS v GROUP BY g'),
	('half spread', 'SELECT g, dwh.distinct_count(x) FROM (SELECT i % 10 AS g, (i * 1000003 % 50000017)::int AS x FROM generate_series(1, 1000000::bigint) AS i) AS v GROUP BY g')) AS q(what, query),
	LATERAL pg_temp.bytes_an_id(query) AS b;
RESET work_mem; RESET enable_sort;
CREATE FUNCTION pg_temp.held() RETURNS bigint LANGUAGE sql AS $$
	SELECT sum(total_bytes) FROM pg_backend_memory_contexts
$$;
CREATE PROCEDURE pg_temp.fail_often() LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1 .. 20 LOOP
		BEGIN
			PERFORM dwh.id_set_agg(CASE WHEN x = 100000 THEN -1 ELSE x * 17 END) FROM generate_series(1, 100000) AS x;
		EXCEPTION WHEN numeric_value_out_of_range THEN
			NULL;
		END;
		BEGIN
			PERFORM left(s, length(s) - 1)::dwh.id_set FROM (SELECT '{' || string_agg((x * 3)::text, ',') || '}' FROM generate_series(1, 20000) AS x) AS v(s);
		EXCEPTION WHEN invalid_text_representation THEN
			NULL;
		END;
	END LOOP;
	RAISE NOTICE 'contexts of ours left: %', (SELECT count(*) FROM pg_backend_memory_contexts WHERE name = 'dwh aggregate states');
END
$$;
CALL pg_temp.fail_often();
SELECT pg_temp.held() AS before \gset
CALL pg_temp.fail_often();
SELECT pg_temp.held() - :before < 65536 AS nothing_left;

DROP TABLE public.id_set_rows, public.id_set_parts;
RESET ALL;

-- The aggregates' state: memory an id, many small groups, the longest time without looking at interrupts.
SET jit = off;
SET work_mem = '2GB';
SET max_parallel_workers_per_gather = 0;
CREATE FUNCTION bench.peak_kb(p_query text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	v_plan jsonb;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, TIMING OFF, FORMAT json) ' || p_query INTO v_plan;
	RETURN jsonb_path_query_first(v_plan, 'lax $.**."Peak Memory Usage"')::bigint;
END
$$;
SET enable_sort = off;
\echo
\echo '## Peak memory of hash aggregation, bytes an id (10 groups)'
SELECT ids, people, round(bench.peak_kb(format('SELECT g, dwh.distinct_count(x) FROM (SELECT i %% 10 AS g, (%s)::int AS x FROM generate_series(1::bigint, %s) AS i) AS v GROUP BY g',
	replace(x, 'people', people::text), people)) * 1024.0 / people, 1) AS bytes_an_id
FROM (VALUES ('1 dense', 'i'), ('2 one in 50', 'i * 7919 % (people * 5 - 1)'), ('3 one in 80', 'i * 7919 % (people * 8 - 1)'),
		('4 spread over 31 bits', 'i * 1000003 % 2147483648')) AS s(ids, x),
	(VALUES (100000), (300000), (1000000), (1700000), (3000000)) AS p(people) ORDER BY ids COLLATE "C", people;
\echo '## 100,000 groups of 5 ids'
CREATE UNLOGGED TABLE bench.small AS SELECT (i * 7919 % 100000)::int AS g, (i * 2862933 % 2147483648)::int AS x FROM generate_series(1::bigint, 500000) AS i;
VACUUM ANALYZE bench.small;
CALL bench.measure('small groups', ARRAY['array_agg', 'dwh.distinct_count', 'dwh.id_set_agg', 'count(distinct)'], ARRAY[
	'SELECT g, cardinality(array_agg(x)) AS n FROM bench.small GROUP BY g', 'SELECT g, dwh.distinct_count(x) AS n FROM bench.small GROUP BY g',
	'SELECT g, dwh.cardinality(dwh.id_set_agg(x)) AS n FROM bench.small GROUP BY g', 'SELECT g, count(DISTINCT x) AS n FROM bench.small GROUP BY g'],
	ARRAY['', '', '', 'enable_sort=on']);
SELECT * FROM bench.summary('small groups');
SELECT * FROM bench.raw('small groups');
SELECT what, bench.peak_kb(format('SELECT g, %s FROM bench.small GROUP BY g', what)) AS peak_kb FROM (VALUES ('array_agg(x)'), ('dwh.distinct_count(x)'), ('dwh.id_set_agg(x)')) AS v(what);

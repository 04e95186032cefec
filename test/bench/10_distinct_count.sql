-- dwh.distinct_count against what else counts people: by unit and by province, by quarter, from the raw rows.
-- count(*) with the same joins and grouping is the floor. Sorted output is not asked for. Everything in memory: this is about
-- the work done, not about the disk.
SET jit = off;
SET work_mem = '512MB';
SET max_parallel_workers_per_gather = 0;
SELECT set_config('bench.has_hll', (SELECT count(*)::text FROM pg_extension WHERE extname = 'hll'), false) \g (format=unaligned) /dev/null
SELECT set_config('bench.has_roaring', (SELECT count(*)::text FROM pg_extension WHERE extname = 'roaringbitmap'), false) \g (format=unaligned) /dev/null

-- the facts are in memory from the first run on
SELECT count(load_id) FROM bench.fact \g (format=unaligned) /dev/null
CREATE PROCEDURE bench.distinct_variants(p_bench text, p_group text, p_id text) LANGUAGE plpgsql AS $$
DECLARE
	v_from text := format('FROM bench.fact JOIN bench.unit USING (unit_id) JOIN bench.month USING (month) GROUP BY %I, quarter', p_group);
	v_variants text[];
	v_queries text[];
	v_settings text[];
BEGIN
	v_variants := ARRAY['count(distinct)', 'count(*): floor', 'two-level group by', 'dwh.distinct_count', 'dwh.distinct_count, 1 worker'];
	v_queries := ARRAY[
		format('SELECT %I, quarter, count(DISTINCT %I) AS n %s', p_group, p_id, v_from),
		format('SELECT %I, quarter, count(*) AS n %s', p_group, v_from),
		format('SELECT %I, quarter, count(*) AS n FROM (SELECT %1$I, quarter, %I %s, %2$I) AS d GROUP BY %1$I, quarter', p_group, p_id, v_from),
		format('SELECT %I, quarter, dwh.distinct_count(%I) AS n %s', p_group, p_id, v_from),
		format('SELECT %I, quarter, dwh.distinct_count(%I) AS n %s', p_group, p_id, v_from)];
	v_settings := ARRAY['', '', '', '', 'max_parallel_workers_per_gather=1'];
	IF current_setting('bench.has_hll') = '1' THEN
		v_variants := v_variants || 'hll'::text;
		v_queries := v_queries || format('SELECT %I, quarter, hll_cardinality(hll_add_agg(hll_hash_integer(%I))) AS n %s', p_group, p_id, v_from);
		v_settings := v_settings || ''::text;
	END IF;
	IF current_setting('bench.has_roaring') = '1' THEN
		v_variants := v_variants || 'rb_cardinality(rb_build_agg)'::text;
		v_queries := v_queries || format('SELECT %I, quarter, rb_cardinality(rb_build_agg(%I)) AS n %s', p_group, p_id, v_from);
		v_settings := v_settings || ''::text;
	END IF;
	CALL bench.measure(p_bench, v_variants, v_queries, v_settings);
END
$$;
\echo
\echo '## By unit and quarter, ids dense by home unit'
CALL bench.distinct_variants('unit, dense', 'unit_id', 'person_id');
SELECT * FROM bench.summary('unit, dense');
SELECT * FROM bench.raw('unit, dense');
\echo '## By province and quarter, ids in order of registration'
CALL bench.distinct_variants('province, registered', 'province_id', 'registered_id');
SELECT * FROM bench.summary('province, registered');
SELECT * FROM bench.raw('province, registered');

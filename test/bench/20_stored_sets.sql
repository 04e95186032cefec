-- Stored sets (month x unit x scheme) against counting from the raw rows: people by province and year. And what the sets take.
SET jit = off;
SET client_min_messages = warning;
SET work_mem = '512MB';
SET max_parallel_workers_per_gather = 0;
SELECT set_config('bench.has_roaring', (SELECT count(*)::text FROM pg_extension WHERE extname = 'roaringbitmap'), false) \g (format=unaligned) /dev/null
CREATE TABLE bench.people_dense AS
SELECT month, unit_id, scheme_id, dwh.id_set_agg(person_id) AS people FROM bench.fact GROUP BY month, unit_id, scheme_id ORDER BY month, unit_id, scheme_id;
CREATE TABLE bench.people_registered AS
SELECT month, unit_id, scheme_id, dwh.id_set_agg(registered_id) AS people FROM bench.fact GROUP BY month, unit_id, scheme_id ORDER BY month, unit_id, scheme_id;
VACUUM ANALYZE bench.people_dense;
VACUUM ANALYZE bench.people_registered;

\echo
\echo '## Size of the stored sets; the facts without the two extra ids'
SELECT name, count, pg_size_pretty(size) AS size, round(100.0 * size / facts, 2) AS percent_of_facts
FROM (SELECT 'facts' AS name, count(*), pg_relation_size('bench.fact') - 8 * count(*) AS size FROM bench.fact
	UNION ALL SELECT 'sets, dense ids', count(*), pg_total_relation_size('bench.people_dense') FROM bench.people_dense
	UNION ALL SELECT 'sets, ids in order of registration', count(*), pg_total_relation_size('bench.people_registered') FROM bench.people_registered) AS v,
	LATERAL (SELECT pg_relation_size('bench.fact') - 8 * count(*) AS facts FROM bench.fact) AS f ORDER BY size DESC;
\echo '## The same with STORAGE extended instead of external'
CREATE TABLE bench.people_extended (LIKE bench.people_registered);
ALTER TABLE bench.people_extended ALTER people SET STORAGE extended;
INSERT INTO bench.people_extended SELECT month, unit_id, scheme_id, people::bytea::dwh.id_set FROM bench.people_registered;
VACUUM bench.people_extended;
SELECT pg_size_pretty(pg_total_relation_size('bench.people_extended')) AS extended, pg_size_pretty(pg_total_relation_size('bench.people_registered')) AS external;
-- larger sets, where storage matters: by month and province
CREATE TABLE bench.large_external AS SELECT month, province_id, dwh.id_set_agg(registered_id) AS people FROM bench.fact JOIN bench.unit USING (unit_id) GROUP BY 1, 2;
CREATE TABLE bench.large_extended (LIKE bench.large_external);
ALTER TABLE bench.large_extended ALTER people SET STORAGE extended;
INSERT INTO bench.large_extended SELECT month, province_id, people::bytea::dwh.id_set FROM bench.large_external;
VACUUM ANALYZE bench.large_external; VACUUM ANALYZE bench.large_extended;
SELECT pg_size_pretty(pg_total_relation_size('bench.large_extended')) AS extended, pg_size_pretty(pg_total_relation_size('bench.large_external')) AS external;
CALL bench.measure('storage', ARRAY['external', 'extended', 'external, cardinality', 'extended, cardinality'], ARRAY[
	'SELECT dwh.union_count(people) AS n FROM bench.large_external', 'SELECT dwh.union_count(people) AS n FROM bench.large_extended',
	'SELECT sum(dwh.cardinality(people)) AS n FROM bench.large_external', 'SELECT sum(dwh.cardinality(people)) AS n FROM bench.large_extended']);
SELECT * FROM bench.summary('storage');

CREATE PROCEDURE bench.union_variants(p_bench text, p_id text, p_sets text) LANGUAGE plpgsql AS $$
DECLARE
	v_variants text[];
	v_queries text[];
	v_from text := 'JOIN bench.unit USING (unit_id) JOIN bench.month USING (month) GROUP BY province_id, year';
BEGIN
	v_variants := ARRAY['count(distinct) from rows', 'dwh.distinct_count from rows', 'dwh.union_count of sets', 'dwh.cardinality(dwh.union_agg)'];
	v_queries := ARRAY[
		format('SELECT province_id, year, count(DISTINCT %I) AS n FROM bench.fact %s', p_id, v_from),
		format('SELECT province_id, year, dwh.distinct_count(%I) AS n FROM bench.fact %s', p_id, v_from),
		format('SELECT province_id, year, dwh.union_count(people) AS n FROM bench.%I %s', p_sets, v_from),
		format('SELECT province_id, year, dwh.cardinality(dwh.union_agg(people)) AS n FROM bench.%I %s', p_sets, v_from)];
	IF current_setting('bench.has_roaring') = '1' THEN
		DROP TABLE IF EXISTS bench.roaring_peer;
		EXECUTE format('CREATE TABLE bench.roaring_peer AS SELECT month, unit_id, scheme_id, people::bytea::roaringbitmap AS people FROM bench.%I', p_sets);
		v_variants := v_variants || 'rb_or_cardinality_agg of sets'::text;
		v_queries := v_queries || format('SELECT province_id, year, rb_or_cardinality_agg(people) AS n FROM bench.roaring_peer %s', v_from);
	END IF;
	CALL bench.measure(p_bench, v_variants, v_queries);
END
$$;
\echo '## People by province and year, ids dense by home unit'
CALL bench.union_variants('union, dense', 'person_id', 'people_dense');
SELECT * FROM bench.summary('union, dense');
SELECT * FROM bench.raw('union, dense');
\echo '## People by province and year, ids in order of registration'
CALL bench.union_variants('union, registered', 'registered_id', 'people_registered');
SELECT * FROM bench.summary('union, registered');
SELECT * FROM bench.raw('union, registered');

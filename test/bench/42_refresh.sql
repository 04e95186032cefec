-- Refresh: what follows a change of about 0.1 % of the rows (one province, one month) against making the summary anew, against REFRESH
-- MATERIALIZED VIEW CONCURRENTLY of the same query, and on a table twice as long; then loading a million rows beside a plain COPY into an equal
-- table. All by turns in this one run, medians of five. Aims stand beside the ratios.
--
-- The table is a copy of fact_participation as far as the data of 40 go (DWH_BENCH_WAREHOUSE_PERSONS scales it: 95000 make 10.4 million rows, 9500 one
-- million); its double has five more years of as many rows. 893-072
SET client_min_messages = error;
SET jit = off;
SET work_mem = '256MB';
SET max_parallel_workers_per_gather = 0;
SELECT to_regnamespace('bench_42') IS NULL AS is_new \gset
\if :is_new
BEGIN;
CREATE SCHEMA bench_42;
GRANT USAGE, CREATE ON SCHEMA bench_42 TO dwh_owner;
-- A table like the fact with one partition a year.
CREATE PROCEDURE bench_42.make_table(p_name text, p_first_year int, p_including text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE TABLE bench_42.%I (LIKE dwh_star.fact_participation INCLUDING DEFAULTS INCLUDING CONSTRAINTS %s) PARTITION BY RANGE (month)', p_name, p_including);
	FOR v_year IN p_first_year .. 2025 LOOP
		EXECUTE format('CREATE TABLE bench_42.%I PARTITION OF bench_42.%I FOR VALUES FROM (%L) TO (%L)', p_name || '_' || v_year, p_name,
			make_date(v_year, 1, 1), make_date(v_year + 1, 1, 1));
	END LOOP;
	EXECUTE format('CREATE INDEX IF NOT EXISTS %I ON bench_42.%I (unit_id, month)', p_name || '_cell', p_name);
END
$$;
CALL bench_42.make_table('once', 2021, '');
CALL bench_42.make_table('twice', 2016, '');
CALL bench_42.make_table('plain', 2021, 'INCLUDING INDEXES');
CALL bench_42.make_table('watched', 2021, 'INCLUDING INDEXES');
INSERT INTO bench_42.once SELECT * FROM dwh_star.fact_participation;
INSERT INTO bench_42.twice SELECT (month - interval '5 years')::date, unit_id, person_id, scheme_id, payer_kind, employer_id, category_id, state, is_main,
	card_from, card_to, salary_base, sex, age, load_id FROM dwh_star.fact_participation;
INSERT INTO bench_42.twice SELECT * FROM dwh_star.fact_participation;
-- What is loaded: a file, and the same rows in a landing table.
CREATE TABLE bench_42.batch AS SELECT * FROM dwh_star.fact_participation LIMIT 1000000;
ALTER TABLE bench_42.once ADD FOREIGN KEY (scheme_id) REFERENCES dwh_star.dim_scheme;
ALTER TABLE bench_42.twice ADD FOREIGN KEY (scheme_id) REFERENCES dwh_star.dim_scheme;
DO $$
DECLARE
	v_table	regclass;
BEGIN
	FOR v_table IN SELECT oid FROM pg_class WHERE relnamespace = 'bench_42'::regnamespace AND relkind IN ('r', 'p') LOOP
		EXECUTE format('ALTER TABLE %s OWNER TO dwh_owner', v_table);
	END LOOP;
END
$$;
\o /dev/null
SELECT dwh.create_subject('bench42_' || t, ('bench_42.' || t)::regclass, 'x', 'x') FROM unnest('{once,twice,watched}'::text[]) AS t;
SELECT dwh.create_dimension('bench42_' || t, d, d) FROM unnest('{once,twice}'::text[]) AS t, unnest('{scheme,sex}'::text[]) AS d;
SELECT dwh.create_measure(format('B42_%s_%s', upper(t), m), 'bench42_' || t, a, e, f)
FROM unnest('{once,twice}'::text[]) AS t, (VALUES (1, 'ROWS', 'count', NULL, NULL), (2, 'PAY', 'sum', 'salary_base', NULL), (3, 'AGE', 'avg', 'age', NULL),
	(4, 'PEOPLE', 'distinct', 'person_id', NULL), (5, 'ACTIVE', 'distinct', 'person_id', 'state = ''active'''), (6, 'PAYERS', 'distinct', 'employer_id', 'employer_id > 0')) AS v (n, m, a, e, f)
ORDER BY t, n;
SELECT dwh.create_indicator(format('B42_%s_%s', upper(t), n), 'x', 'x', replace(f, '#', 'B42_' || upper(t)), 'bench42_' || t, 'analyst', 'x', '2010-01-01', 'bench')
FROM unnest('{once,twice}'::text[]) AS t, (VALUES (1, '[#_PEOPLE]'), (2, '[#_PAY] / [#_ROWS]'), (3, 'growth([#_ACTIVE])')) AS v (n, f);
UPDATE dwh_catalog.indicator SET is_kept = false WHERE is_kept;
SELECT dwh.keep_indicator(code, true, '{month,year}', '{country,province}') FROM dwh_catalog.indicator WHERE code LIKE 'B42%';
SELECT dwh.create_summary('bench42_once', '{scheme,sex}') AS summary \gset once_
SELECT dwh.create_summary('bench42_twice', '{scheme,sex}') AS summary \gset twice_
\o
COMMIT;
VACUUM ANALYZE bench_42.once;
VACUUM ANALYZE bench_42.twice;
-- The same by hand.
CREATE MATERIALIZED VIEW bench_42.by_hand AS
SELECT f.month, f.unit_id, s.code AS scheme, f.sex, count(*) AS rows, sum(f.salary_base)::numeric AS pay, sum(f.age)::numeric AS age, count(f.age) AS ages,
	dwh.id_set_agg(f.person_id) AS people, dwh.id_set_agg(f.person_id) FILTER (WHERE f.state = 'active') AS active,
	dwh.id_set_agg(f.employer_id) FILTER (WHERE f.employer_id > 0) AS payers
FROM bench_42.once AS f LEFT JOIN dwh_star.dim_scheme AS s USING (scheme_id) GROUP BY 1, 2, 3, 4;
CREATE UNIQUE INDEX ON bench_42.by_hand (unit_id, month, scheme, sex);
VACUUM ANALYZE bench_42.by_hand;
\endif
SELECT s.relation AS once_summary, subject_id AS once_id FROM dwh_catalog.summary AS s JOIN dwh_catalog.subject AS j USING (subject_id) WHERE j.code = 'bench42_once' \gset
-- The first run computes all kept values.
\o /dev/null
DELETE FROM dwh_log.cell_mark WHERE subject_id NOT IN (SELECT subject_id FROM dwh_catalog.subject WHERE code LIKE 'bench42%');
SELECT dwh.refresh('bench42_once'), dwh.refresh('bench42_twice');
\o
-- The province and month whose rows are nearest to 0.1 %; a province's rows are those of the offices below it.
SELECT month, array_agg(unit_id) AS units, sum(n) AS changed
FROM (SELECT f.month, f.unit_id, u.parent_unit_id, count(*) AS n FROM bench_42.once AS f JOIN dwh_star.dim_unit AS u USING (unit_id) GROUP BY 1, 2, 3) AS c
GROUP BY month, parent_unit_id ORDER BY abs(sum(n) - 0.001 * (SELECT count(*) FROM bench_42.once)), 1, 2 LIMIT 1 \gset
SELECT (SELECT count(*) FROM bench_42.once) AS rows, (SELECT count(*) FROM bench_42.twice) AS rows_of_the_double, :changed AS rows_changed,
	round(100.0 * :changed / (SELECT count(*) FROM bench_42.once), 3) AS percent, cardinality(:'units'::int[]) AS cells_changed,
	(SELECT count(*) FROM :once_summary) AS summary_rows, pg_size_pretty(pg_total_relation_size(:'once_summary')) AS summary_size;
CREATE TEMP TABLE took (bench text, n int, what text, round int, ms numeric);
\set round 0
\ir include/refresh_round.psql
\set round 1
\ir include/refresh_round.psql
\set round 2
\ir include/refresh_round.psql
\set round 3
\ir include/refresh_round.psql
\set round 4
\ir include/refresh_round.psql
\set round 5
\ir include/refresh_round.psql
CREATE TEMP VIEW result AS
SELECT bench, n, what, percentile_cont(0.5) WITHIN GROUP (ORDER BY ms)::numeric(12, 1) AS median_ms, string_agg(ms::numeric(12, 1)::text, ' ' ORDER BY round) AS raw_ms
FROM took WHERE round > 0 GROUP BY 1, 2, 3;
\echo '## One province, one month changed'
SELECT what, median_ms, raw_ms FROM result WHERE bench = 'refresh' ORDER BY n;
SELECT r.what, round(a.median_ms / b.median_ms, 4) AS ratio, r.aim
FROM (VALUES (1, 3, 'cells: the share of a full rebuild', '<= 0.02'), (4, 1, 'the materialized view: times the cells', '>= 50'), (4, 6, 'the materialized view: times the refresh with its kept values', ''),
	(5, 1, 'cells of the table twice as long: times those of the table', '<= 1.2')) AS r (n, beside, what, aim)
JOIN result AS a ON a.bench = 'refresh' AND a.n = r.n JOIN result AS b ON b.bench = 'refresh' AND b.n = r.beside;
SELECT count(*) AS rows_that_differ FROM (
	(SELECT to_jsonb(s)::text FROM (SELECT * FROM :once_summary) AS s (month, unit_id, scheme, sex, rows, pay, age, ages, people, active, payers)
	EXCEPT ALL SELECT to_jsonb(m)::text FROM bench_42.by_hand AS m)
	UNION ALL (SELECT to_jsonb(m)::text FROM bench_42.by_hand AS m
	EXCEPT ALL SELECT to_jsonb(s)::text FROM (SELECT * FROM :once_summary) AS s (month, unit_id, scheme, sex, rows, pay, age, ages, people, active, payers))) AS d;

\echo '## Loading'
SELECT current_setting('data_directory') || '/bench_42.copy' AS file \gset
COPY bench_42.batch TO :'file';
\set round 0
\ir include/load_round.psql
\set round 1
\ir include/load_round.psql
\set round 2
\ir include/load_round.psql
\set round 3
\ir include/load_round.psql
\set round 4
\ir include/load_round.psql
\set round 5
\ir include/load_round.psql
COPY (SELECT 1 WHERE false) TO :'file';
SELECT (SELECT count(*) FROM bench_42.batch) AS rows_loaded, (SELECT count(*) FROM (SELECT DISTINCT month, unit_id FROM bench_42.batch) AS c) AS cells;
SELECT what, median_ms, round(median_ms / first_value(median_ms) OVER (ORDER BY n), 3) AS to_the_first, CASE n WHEN 2 THEN '<= 1.1' WHEN 3 THEN '<= 1.5' ELSE '' END AS aim, raw_ms
FROM result WHERE bench = 'load' ORDER BY n;

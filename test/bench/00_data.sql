-- The data of all measurements, from a fixed seed: 700 units of 63 provinces, 36 months, 3 schemes, people who stay for years.
-- A row is that of dwh_star.fact_participation and two ids more. Ids in three ways: dense by home unit (as dim_person assigns
-- them), in the order of some registration that knows no units, and spread over all of 0 .. 2147483647.
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS dwh_ext;
DROP SCHEMA IF EXISTS bench CASCADE;
CREATE SCHEMA bench;
DO $$
DECLARE
	v_name text;
BEGIN
	FOR v_name IN SELECT name FROM pg_available_extensions WHERE name IN ('hll', 'roaringbitmap') LOOP
		EXECUTE format('CREATE EXTENSION IF NOT EXISTS %I', v_name);
	END LOOP;
END
$$;
RESET client_min_messages;

CREATE TABLE bench.unit AS
SELECT u AS unit_id, 1 + (u - 1) * 63 / 700 AS province_id FROM generate_series(1, 700) AS u;
CREATE TABLE bench.month AS
SELECT m, (date '2023-01-01' + make_interval(months => m))::date AS month, 2023 + m / 12 AS year, m / 3 AS quarter
FROM generate_series(0, 35) AS m;

SELECT setseed(0.893) \g (format=unaligned) /dev/null
-- Sizes of units differ by a factor of about eight; ids ascend by home unit.
CREATE UNLOGGED TABLE bench.person AS
SELECT row_number() OVER (ORDER BY home, r)::int AS dense_id, home, r,
	floor(random() * 48)::int - 30 AS first_m, 12 + floor(random() * 90)::int AS months,
	CASE WHEN random() < 0.05 THEN 1 + floor(random() * 700)::int END AS moved_to, floor(random() * 36)::int AS moved_m,
	CASE WHEN random() < 0.7 THEN 'employer' ELSE 'self' END AS payer
FROM (SELECT 1 + floor(700 * power(random(), 1.6))::int AS home, random() AS r FROM generate_series(1, :persons)) AS v;

CREATE UNLOGGED TABLE bench.fact (
	month date NOT NULL, unit_id int NOT NULL, person_id int NOT NULL, registered_id int NOT NULL, spread_id int NOT NULL,
	scheme_id int NOT NULL, payer_kind text NOT NULL,
	employer_id int NOT NULL, category_id int NOT NULL, state text NOT NULL, is_main boolean NOT NULL, card_from date, card_to date,
	salary_base bigint, sex text, age int, load_id int NOT NULL);
INSERT INTO bench.fact
SELECT month, unit_id, dense_id, registered_id, (registered_id::bigint * 2862933 % 2147483648)::int, scheme_id, payer, CASE payer WHEN 'employer' THEN 1 + dense_id / 40 ELSE 0 END,
	1 + dense_id % 30, 'active', scheme_id < 5, CASE scheme_id WHEN 5 THEN month END, CASE scheme_id WHEN 5 THEN month + 365 END,
	5000000 + dense_id % 97 * 100000, CASE WHEN dense_id % 2 = 0 THEN 'F' ELSE 'M' END, 20 + dense_id % 40, 1 + m
FROM (SELECT m, month, p.*, CASE WHEN moved_to IS NOT NULL AND m >= moved_m THEN moved_to ELSE home END AS unit_id,
		(dense_id::bigint * 7368787 % 15485863 % :persons)::int AS registered_id
	FROM bench.month JOIN bench.person AS p ON m BETWEEN first_m AND first_m + months) AS v,
	LATERAL unnest(CASE payer WHEN 'employer' THEN ARRAY[1, 3, 5] ELSE ARRAY[5] END) AS scheme_id
-- loads come by month and unit, people in no order
ORDER BY month, unit_id, r, scheme_id;
VACUUM ANALYZE bench.fact;
ANALYZE bench.unit; ANALYZE bench.month;
SELECT count(*) AS rows, count(DISTINCT person_id) AS people, count(DISTINCT unit_id) AS units, count(DISTINCT month) AS months,
	count(DISTINCT scheme_id) AS schemes, pg_size_pretty(pg_relation_size('bench.fact')) AS size FROM bench.fact;

-- One measured run: what was asked, how long it took, and a checksum by which the exact variants must agree.
CREATE TABLE bench.run (bench text, variant text, round int, wall_ms numeric, cpu_ms numeric, rows bigint, checksum numeric);
CREATE FUNCTION bench.cpu_ms() RETURNS numeric LANGUAGE sql AS $$
	-- user and system time of this backend; the name in the second field may hold blanks
	SELECT (f[12]::numeric + f[13]::numeric) * 10
	FROM string_to_array(regexp_replace(pg_read_file('/proc/self/stat'), '^.*\) ', ''), ' ') AS f
$$;
-- Runs every variant p_rounds times, in turn; a variant is a query whose last column is a number. p_settings: a setting for a
-- variant only, as name=value. A scan that is not measured goes before each: what follows a query that gave a hundred megabytes
-- back to the kernel took 1.5 times as long as by itself, whatever it was (count(*) 4.0 s instead of 2.4).
CREATE PROCEDURE bench.measure(p_bench text, p_variants text[], p_queries text[], p_settings text[] DEFAULT '{}', p_rounds int DEFAULT 7)
LANGUAGE plpgsql AS $$
DECLARE
	v_start timestamptz;
	v_cpu numeric;
	v_rows bigint;
	v_sum numeric;
	v_setting text;
	v_old text;
BEGIN
	FOR v_round IN 1 .. p_rounds LOOP
		FOR i IN 1 .. cardinality(p_variants) LOOP
			PERFORM count(load_id) FROM bench.fact;
			v_setting := nullif(split_part(p_settings[i], '=', 1), '');
			v_old := current_setting(v_setting);
			PERFORM set_config(v_setting, split_part(p_settings[i], '=', 2), false) WHERE v_setting IS NOT NULL;
			v_cpu := bench.cpu_ms();
			v_start := clock_timestamp();
			EXECUTE 'SELECT count(*), sum(n) FROM (' || p_queries[i] || ') AS q' INTO v_rows, v_sum;
			INSERT INTO bench.run VALUES (p_bench, p_variants[i], v_round,
				round(extract(epoch FROM clock_timestamp() - v_start) * 1000, 1), bench.cpu_ms() - v_cpu, v_rows, v_sum);
			PERFORM set_config(v_setting, v_old, false) WHERE v_setting IS NOT NULL;
		END LOOP;
	END LOOP;
END
$$;
-- Medians of a measurement, and how they stand to the first variant's.
CREATE FUNCTION bench.summary(p_bench text) RETURNS TABLE (variant text, wall_ms numeric, cpu_ms numeric, faster_than_first numeric, rows bigint, checksum numeric)
LANGUAGE sql AS $$
	SELECT variant, w::numeric(12, 1), c::numeric(12, 1), round((first_value(w) OVER (ORDER BY o) / w)::numeric, 2), rows, checksum
	FROM (SELECT variant, min(ctid) AS o, percentile_cont(0.5) WITHIN GROUP (ORDER BY wall_ms) AS w,
			percentile_cont(0.5) WITHIN GROUP (ORDER BY cpu_ms) AS c, min(rows) AS rows, min(checksum) AS checksum
		FROM bench.run WHERE bench = p_bench GROUP BY variant) AS v
	ORDER BY o
$$;
CREATE FUNCTION bench.raw(p_bench text) RETURNS TABLE (variant text, wall_ms text, cpu_ms text) LANGUAGE sql AS $$
	SELECT variant, string_agg(wall_ms::text, ' ' ORDER BY round), string_agg(cpu_ms::int::text, ' ' ORDER BY round)
	FROM bench.run WHERE bench = p_bench GROUP BY variant ORDER BY min(ctid)
$$;

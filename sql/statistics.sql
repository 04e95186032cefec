-- Statistical aggregates: semi-additive balances, ratios, means, growth, concentration, completeness.
\set VERBOSITY terse
SET search_path = dwh, public;

-- A balance of months is that of the last month, ties summed; never the sum over months
CREATE TABLE public.balance_rows (unit text, at date, value numeric, weight numeric, present boolean);
INSERT INTO public.balance_rows VALUES
	('01', '2025-01-31', 100, 1, true), ('01', '2025-02-28', 120, 2, true), ('01', '2025-03-31', 90, 1, false),
	('01', '2025-03-31', 10, 0, NULL), ('01', '2025-01-31', 5, 3, true),
	('48', '2025-01-31', 200, 1, true), ('48', '2025-02-28', 220, 1, true), ('48', '2025-04-30', NULL, 1, true), ('48', NULL, 999, 1, NULL),
	('79', NULL, NULL, NULL, NULL);
SELECT unit, balance_at_start(value, at), balance_at_end(value, at), average_balance(value, at) FROM public.balance_rows GROUP BY unit ORDER BY unit COLLATE "C";
SELECT balance_at_start(value, at), balance_at_end(value, at), average_balance(value, at) FROM public.balance_rows;
-- Order of the rows does not matter
SELECT balance_at_end(value, at ORDER BY at), balance_at_end(value, at ORDER BY at DESC), balance_at_start(value, at ORDER BY value DESC)
FROM public.balance_rows WHERE unit = '01';
SELECT balance_at_end(v, d), balance_at_start(v, d) FROM (VALUES (1.5, date '-infinity'), (2, 'infinity'), (3, '2025-01-01')) AS t(v, d);

-- Sum over sum, not the mean of ratios
SELECT ratio(n, d), weighted_mean(n, d) FROM (VALUES (1, 2), (30, 100)) AS t(n, d);
SELECT ratio(n, d) AS zero, ratio(n, n) FILTER (WHERE false) AS no_rows, ratio(NULL, d) AS no_numerator, ratio(n, NULL) AS no_denominator
FROM (VALUES (1, 1), (2, -1)) AS t(n, d);
SELECT ratio(n, d) = sum(n)::numeric / sum(d) AS as_sums, weighted_mean(n, d) FROM (VALUES (1, NULL), (NULL, 3), (5, 4)) AS t(n, d);
SELECT weighted_mean(v, w) AS no_weight, weighted_mean(v, 1::int) AS mean FROM (VALUES (1, 0), (2, 0)) AS t(v, w);

SELECT growth(v, d, '2024-12-31', '2025-12-31') AS percent, growth(v, d, '2023-12-31', '2025-12-31') AS no_base, growth(v, d, '2024-12-31', '2026-12-31') AS no_current,
	growth(v, d, '2022-12-31', '2025-12-31') AS zero_base, growth(v, d, '2024-12-31', '2024-12-31') AS same
FROM (VALUES (80, date '2024-12-31'), (20, '2024-12-31'), (5, '2025-06-30'), (112.5, '2025-12-31'), (0, '2022-12-31')) AS t(v, d);
SELECT growth(v, '2025-01-01', b, '2025-01-01') FROM (VALUES (1, date '2024-01-01'), (2, '2023-01-01')) AS t(v, b);

SELECT concentration(v), gini(v) FROM (VALUES (1), (1), (1), (1)) AS t(v);
SELECT concentration(v), gini(v) FROM (VALUES (0), (0), (0), (8)) AS t(v);
SELECT concentration(v), gini(v) FROM (VALUES (1), (2), (NULL), (3), (4)) AS t(v);
SELECT concentration(v), gini(v) FROM (VALUES (0), (0)) AS t(v);
SELECT concentration(v), gini(v) FROM (VALUES (1)) AS t(v) WHERE v > 1;
SELECT concentration(v) FROM (VALUES (1), (-1)) AS t(v);
SELECT gini(v) FROM (VALUES (1), (-1)) AS t(v);
-- A NULL answer to "is it there?" is no yes
SELECT completeness(present), completeness(present) FILTER (WHERE unit = '01') AS unit_01, completeness(present) FILTER (WHERE unit = 'none') AS no_rows FROM public.balance_rows;

-- Integer amounts of any size: no overflow, no rounding
SELECT balance_at_end(9223372036854775807, '2025-01-01'), ratio(9223372036854775807, 1), weighted_mean(9223372036854775807, 3) FROM generate_series(1, 3);
SELECT balance_at_end(0.1, '2025-01-01') = 0.1 * 10000 AS exact FROM generate_series(1, 10000);
-- No float slips in
SELECT ratio(1::double precision, 2);

-- Window frames
SELECT at, balance_at_end(value, at) OVER w, average_balance(value, at) OVER w, ratio(value, weight) OVER w, gini(value) OVER w,
	balance_at_start(value, at) OVER (ORDER BY at, value ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS previous
FROM public.balance_rows WHERE unit = '01' WINDOW w AS (ORDER BY at, value) ORDER BY at, value;

-- Serial, parallel, sorted, moved between processes: always the same, and what plain SQL says
CREATE TABLE public.statistic_rows AS
SELECT i % 23 AS g, date '2020-01-01' + (i * 7) % 97 AS at, ((i::bigint * 7919) % 100003)::numeric / 100 AS v, (i % 10)::numeric AS w, i % 7 > 0 AS p
FROM generate_series(1, 20000) AS i;
ALTER TABLE public.statistic_rows SET (parallel_workers = 2);
ANALYZE public.statistic_rows;
CREATE FUNCTION pg_temp.wrong_groups() RETURNS bigint LANGUAGE sql AS $$
	WITH a AS (
		SELECT g, dwh.balance_at_end(v, at) AS e, dwh.balance_at_start(v, at) AS s, dwh.average_balance(v, at) AS b, dwh.ratio(v, w) AS r, dwh.weighted_mean(v, w) AS m,
			dwh.growth(v, at, '2020-01-08', '2020-02-12') AS gr, dwh.concentration(v) AS h, dwh.gini(v) AS gi, dwh.completeness(p) AS c
		FROM public.statistic_rows GROUP BY g),
	o AS (
		SELECT g, sum(v) FILTER (WHERE at = last) AS e, sum(v) FILTER (WHERE at = first) AS s, sum(v) / count(DISTINCT at) AS b, sum(v) / sum(w) AS r, sum(v * w) / sum(w) AS m,
			(sum(v) FILTER (WHERE at = '2020-02-12') - sum(v) FILTER (WHERE at = '2020-01-08')) * 100 / sum(v) FILTER (WHERE at = '2020-01-08') AS gr,
			sum(v * v) / (sum(v) * sum(v)) AS h, (2 * sum(n * v) - (count(*) + 1) * sum(v)) / (count(*) * sum(v)) AS gi,
			avg(p::int) AS c
		FROM (SELECT *, max(at) OVER (PARTITION BY g) AS last, min(at) OVER (PARTITION BY g) AS first, row_number() OVER (PARTITION BY g ORDER BY v) AS n
			FROM public.statistic_rows) AS t GROUP BY g)
	SELECT count(*) FROM a JOIN o USING (g)
	WHERE (a.e, a.s, round(a.b, 12), round(a.r, 12), round(a.m, 12), round(a.gr, 12), round(a.h, 12), round(a.gi, 12), round(a.c, 12)) IS DISTINCT FROM
		(o.e, o.s, round(o.b, 12), round(o.r, 12), round(o.m, 12), round(o.gr, 12), round(o.h, 12), round(o.gi, 12), round(o.c, 12))
$$;
SET max_parallel_workers_per_gather = 0;
SELECT pg_temp.wrong_groups() AS serial;
SET enable_hashagg = off;
SELECT pg_temp.wrong_groups() AS sorted;
RESET enable_hashagg;
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) SELECT dwh.balance_at_end(v, at), dwh.gini(v) FROM public.statistic_rows;
SELECT pg_temp.wrong_groups() AS parallel;
SET parallel_leader_participation = off;
SELECT pg_temp.wrong_groups() AS moved;
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
SELECT pg_temp.wrong_groups() AS spilled;

-- A state is a bytea; what the aggregates did not write is refused
CREATE AGGREGATE pg_temp.merge_states(bytea) (SFUNC = dwh_internal.statistic_merge, STYPE = bytea, FINALFUNC = dwh_internal.statistic_result);
CREATE AGGREGATE pg_temp.state_of(numeric, numeric) (SFUNC = dwh_internal.ratio_add, STYPE = bytea);
SELECT pg_temp.merge_states(s) FROM (SELECT pg_temp.state_of(n, 4) AS s FROM generate_series(1, 10) AS n GROUP BY n % 3) AS t;
CREATE FUNCTION pg_temp.outcome(p_state bytea) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN (SELECT pg_temp.merge_states(p_state));
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END
$$;
SELECT outcome, count(*) > 5 AS several
FROM (SELECT pg_temp.state_of(n, 4) AS s FROM generate_series(1, 10) AS n) AS t,
	LATERAL (SELECT pg_temp.outcome(substring(s FOR n)) FROM generate_series(0, length(s) - 1) AS n
		UNION ALL SELECT pg_temp.outcome(set_byte(s, n, get_byte(s, n) # 255)) FROM generate_series(0, 1) AS n
		UNION ALL SELECT pg_temp.outcome(s || '\x00')) AS o(outcome)
GROUP BY outcome;

DROP TABLE public.balance_rows, public.statistic_rows;
RESET ALL;

-- 893-049: a refresh with nothing to do looks at nothing, and a new year's partitions take no summary out of use.
BEGIN;
SELECT plan(7);
\o /dev/null
SET LOCAL client_min_messages = warning;
INSERT INTO dwh_log.load_run (source_id, batch) VALUES (6, 'idle');
INSERT INTO dwh_star.fact_staff (month, unit_id, staff_id, position_id, employment_kind, load_id)
SELECT '2025-08-01', 21, i, (SELECT min(position_id) FROM dwh_star.dim_position), 'civil_servant', (SELECT max(load_id) FROM dwh_log.load_run) FROM generate_series(1, 3) i;
SELECT dwh.create_summary('fact_staff', '{}'), dwh.create_indicator('TAP_STAFF', 'x', 'x', '[ST_STAFF]', 'fact_staff', 'analyst', 'người', '2024-01-01', 'test');
SELECT dwh.refresh('fact_staff');
CREATE FUNCTION pg_temp.is_summary() RETURNS boolean LANGUAGE sql AS $$
	SELECT bool_and(is_summary) FROM dwh.explain_plan_values('{TAP_STAFF}', '2025-08-01', '2025-08-01', 'month', '{country}') WHERE cardinality(measures) > 0 $$;
\o
SELECT ok(pg_temp.is_summary(), 'the summary answers');
SELECT cmp_ok(dwh.ensure_partitions((SELECT max(extract(year FROM month))::int + 2 || '-12-31' FROM dwh_star.dim_month)::date), '>', 0, 'partitions are added');
SELECT ok(pg_temp.is_summary(), 'and it still does');
SELECT dwh.refresh('fact_staff') AS run \gset
SELECT is((cells_marked, cells_rebuilt, summary_rows)::text, '(0,0,0)', 'a refresh finds nothing to do') FROM dwh.refresh_runs WHERE run_id = :run;
-- A partition that somebody else attaches may bring rows: they are looked for.
\o /dev/null
CREATE TABLE dwh_star.fact_staff_stranger (LIKE dwh_star.fact_staff INCLUDING ALL);
ALTER TABLE dwh_star.fact_staff_stranger OWNER TO dwh_owner;
SELECT max(year) + 1 AS year FROM dwh_star.dim_month \gset
INSERT INTO dwh_star.dim_month (month, year, half, quarter, month_no, month_end, is_last_month_of_quarter, is_last_month_of_half, is_last_month_of_year, name_vi, name_en)
SELECT month + interval '1 year', :year, half, quarter, month_no, month_end + interval '1 year', is_last_month_of_quarter, is_last_month_of_half,
	is_last_month_of_year, replace(name_vi, year::text, :'year'), replace(name_en, year::text, :'year')
FROM dwh_star.dim_month WHERE year = :year - 1;
INSERT INTO dwh_star.fact_staff_stranger SELECT format('%s-02-01', :year)::date, unit_id, staff_id, position_id, employment_kind, load_id FROM dwh_star.fact_staff;
SELECT format('ALTER TABLE dwh_star.fact_staff ATTACH PARTITION dwh_star.fact_staff_stranger FOR VALUES FROM (%L) TO (%L)', :year || '-01-01', (:year + 1) || '-01-01') AS attach \gset
:attach;
\o
SELECT ok(NOT pg_temp.is_summary(), 'a partition that a stranger attached takes it out of use');
SELECT dwh.refresh('fact_staff') AS run \gset
SELECT is(cells_rebuilt, 1::bigint, 'until a refresh has taken its rows up') FROM dwh.refresh_runs WHERE run_id = :run;
SELECT ok(pg_temp.is_summary(), 'then it answers again');
SELECT * FROM finish();
ROLLBACK;

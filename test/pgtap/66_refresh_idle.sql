-- 893-049: a refresh with nothing to do looks at nothing, and a new year's partitions take no summary out of use.
BEGIN;
SELECT plan(25);
\o /dev/null
SET LOCAL client_min_messages = warning;
INSERT INTO dwh_log.load_run (source_id, batch) VALUES (6, 'idle');
INSERT INTO dwh_star.fact_staff (month, unit_id, staff_id, position_id, employment_kind, load_id)
SELECT '2025-08-01', 21, i, (SELECT min(position_id) FROM dwh_star.dim_position), 'civil_servant', (SELECT max(load_id) FROM dwh_log.load_run) FROM generate_series(1, 3) i;
SELECT dwh.create_summary('fact_staff', '{}'), dwh.create_indicator('TAP_STAFF', 'x', 'x', '[ST_STAFF]', 'fact_staff', 'analyst', 'người', '2024-01-01', 'test');
SELECT dwh.keep_indicator('TAP_STAFF', true, '{month}', '{country}');
SELECT dwh.refresh('fact_staff');
CREATE FUNCTION pg_temp.is_summary(p_month date DEFAULT '2025-08-01') RETURNS boolean LANGUAGE sql AS $$
	SELECT bool_and(is_summary) FROM dwh.explain_plan_values('{TAP_STAFF}', p_month, p_month, 'month', '{country}') WHERE cardinality(measures) > 0 $$;
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
TRUNCATE dwh_star.fact_staff_stranger;
SELECT ok(NOT pg_temp.is_summary(format('%s-02-01', :year)::date), '893-072: TRUNCATE of that partition is noticed');
SELECT dwh.refresh('fact_staff') AS run \gset
SELECT is(cells_rebuilt, 1::bigint, 'and its cell is taken up') FROM dwh.refresh_runs WHERE run_id = :run;
SELECT is_empty(format('SELECT 1 FROM dwh_star.subject_presence WHERE month = %L', :year || '-02-01'), 'nothing is left of it');
-- Where nobody notices TRUNCATE any more, everything is looked at again.
ALTER TABLE dwh_star.fact_staff_stranger DISABLE TRIGGER after_truncate_mark;
SELECT ok(NOT pg_temp.is_summary(), 'without the trigger the facts answer');
SELECT dwh.refresh('fact_staff') AS run \gset
SELECT ok(pg_temp.is_summary(), 'until a refresh has put it back');
SELECT is(tgenabled, 'A', 'as it was') FROM pg_trigger WHERE tgrelid = 'dwh_star.fact_staff_stranger'::regclass AND tgname = 'after_truncate_mark';

-- Nor is a trigger on rows missed that somebody disabled, on a leaf or on the table, for a while or to this day.
SELECT relid AS leaf FROM pg_partition_tree('dwh_star.fact_staff') WHERE isleaf AND relid::text LIKE '%2025' \gset
CREATE FUNCTION pg_temp.hire(p_id int) RETURNS void LANGUAGE sql AS $$
	INSERT INTO dwh_star.fact_staff SELECT month, unit_id, p_id, position_id, employment_kind, load_id FROM dwh_star.fact_staff WHERE month = '2025-08-01' LIMIT 1 $$;
CREATE FUNCTION pg_temp.staff() RETURNS numeric LANGUAGE sql AS $$
	SELECT value FROM dwh.indicator_values('{TAP_STAFF}', '2025-08-01', '2025-08-01', 'month', '{country}') $$;
SELECT is(pg_temp.staff(), 3::numeric, 'three are there');
\o /dev/null
ALTER TABLE :leaf DISABLE TRIGGER after_row_mark;
SELECT pg_temp.hire(4);
\o
SELECT ok(NOT pg_temp.is_summary(), '893-072: a leaf whose trigger is disabled takes the summary out of use');
\o /dev/null
ALTER TABLE :leaf ENABLE TRIGGER after_row_mark;
\o
SELECT ok(NOT pg_temp.is_summary(), 'nor does it come back with a trigger that does not fire always');
SELECT dwh.refresh('fact_staff') AS run \gset
SELECT is(pg_temp.staff(), 4::numeric, 'what changed meanwhile is found');
SELECT ok(pg_temp.is_summary(), 'the summary answers again');
SELECT is_empty($$SELECT 1 FROM pg_trigger WHERE tgname = 'after_row_mark' AND tgenabled <> 'A' AND tgrelid IN (SELECT relid FROM pg_partition_tree('dwh_star.fact_staff'))$$, 'every trigger fires always');
\o /dev/null
SAVEPOINT off_and_on;
ALTER TABLE dwh_star.fact_staff DISABLE TRIGGER after_row_mark;
SELECT pg_temp.hire(5);
ALTER TABLE dwh_star.fact_staff ENABLE ALWAYS TRIGGER after_row_mark;
\o
SELECT ok(NOT pg_temp.is_summary(), 'off and on again between two refreshes shows, too');
SELECT is(pg_temp.staff(), 5::numeric, 'the facts answer');
SELECT dwh.refresh('fact_staff') AS run \gset
SELECT is((pg_temp.staff(), pg_temp.is_summary())::text, '(5,t)', 'until a refresh, which finds what changed');
SELECT is((SELECT trim_scale(value) FROM dwh_star.indicator_value JOIN dwh_catalog.indicator USING (indicator_id) WHERE code = 'TAP_STAFF' AND period_type = 'month'
	AND period_start = '2025-08-01' AND unit_level = 'country'), 5::numeric, 'and so does what is kept');
SELECT dwh.refresh('fact_staff') AS run \gset
SELECT is((cells_rebuilt, summary_rows)::text, '(0,0)', 'the next one is idle') FROM dwh.refresh_runs WHERE run_id = :run;

-- The trigger of a subject is left alone where it stands, whatever its columns are called and strings are written.
\o /dev/null
CREATE TABLE dwh_star.fact_tap ("tháng" date, "đơn_vị" int, "a\b" int);
ALTER TABLE dwh_star.fact_tap OWNER TO dwh_owner;
SELECT dwh.create_subject('tap_names', 'dwh_star.fact_tap', 'x', 'x', 'tháng', 'đơn_vị');
SELECT oid AS trigger FROM pg_trigger WHERE tgrelid = 'dwh_star.fact_tap'::regclass AND tgname = 'after_row_mark' \gset
SET LOCAL escape_string_warning = off;
SET LOCAL standard_conforming_strings = off;
SELECT dwh_internal.watch_subject(subject_id) FROM dwh_catalog.subject WHERE code = 'tap_names';
RESET standard_conforming_strings;
\o
SELECT is((SELECT oid FROM pg_trigger WHERE tgrelid = 'dwh_star.fact_tap'::regclass AND tgname = 'after_row_mark'), :trigger::oid, '893-072: a trigger that stands is not made anew');
SELECT * FROM finish();
ROLLBACK;

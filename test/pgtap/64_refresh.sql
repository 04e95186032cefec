-- 893-072 893-049: refresh recomputes what changed and what depends on it, nothing else, and everything else stays as it was.
BEGIN;
SELECT plan(44);
\set world_seed 0.64
\o /dev/null
\ir include/random_world.psql
\ir include/refresh.psql
UPDATE dwh_catalog.indicator SET is_kept = code IN ('A01', 'A03', 'A09', 'A14_BB', 'B04', 'F01', 'D10', 'X02'), kept_periods = '{month,quarter,year,ytd}',
	kept_levels = '{country,region,province,base}';
SELECT dwh.create_summary('fact_participation', '{sex,scheme}'), dwh.create_summary('fact_collection');
INSERT INTO dwh_star.fact_manual (month, indicator, period_type, period_start, unit_id, kind, source_id, source_note, value, load_id)
SELECT y, 'X02', 'year', y, unit_id, 'actual', 9, 'by hand', 1000 + unit_id, :load_id
FROM (VALUES (date '2023-01-01'), ('2025-01-01')) AS v (y), (SELECT DISTINCT unit_id FROM place WHERE month = '2024-01-01') u;
\o
SELECT ok(dwh.refresh() > 0, 'the first refresh');
SELECT is_empty('SELECT mark_id FROM dwh_log.cell_mark UNION ALL SELECT mark_id FROM dwh_log.value_mark', 'no mark is left');
SELECT cmp_ok(count(*), '>', 5000::bigint, 'values are kept') FROM dwh_star.indicator_value;
SELECT set_eq($$SELECT DISTINCT unit_level FROM dwh_star.indicator_value$$, '{country,region,province,base}'::text[], 'at every level');
SELECT is(pg_temp.differences_from_asked(), 0::bigint, 'they are what dwh.indicator_values() answers');
SELECT is(pg_temp.differences_from_scratch(), 0::bigint, 'and what comes out from scratch');

-- Nothing to do.
SELECT dwh.refresh() AS run \gset
SELECT is((cells_marked, cells_rebuilt, summary_rows, values_computed, values_changed)::text, '(0,0,0,0,0)', 'nothing changed: nothing is done') FROM dwh.refresh_runs WHERE run_id = :run;

-- A late row, 24 months old: its cell, its periods, the units above, the year after by comparison.
SELECT unit_id AS late FROM place WHERE home = 3 AND month = '2023-12-01' \gset
CREATE TEMPORARY TABLE before AS SELECT * FROM dwh_star.indicator_value;
UPDATE dwh_star.fact_participation SET state = 'ended', person_id = person_id WHERE unit_id = :late AND month = '2023-12-01';
SELECT dwh.refresh() AS run \gset
SELECT is((cells_marked, cells_rebuilt)::text, '(1,1)', 'one cell is rebuilt') FROM dwh.refresh_runs WHERE run_id = :run;
SELECT is(summary_rows, (SELECT count(*) FROM dwh_star.summary_1_participation WHERE unit_id = :late AND month = '2023-12-01'), 'of the one summary') FROM dwh.refresh_runs WHERE run_id = :run;
SELECT set_eq(format($$SELECT DISTINCT code, period_type, period_start FROM pg_temp.touched(%s) $$, :run),
	$$VALUES ('A01', 'month', date '2023-12-01'), ('A01', 'quarter', '2023-10-01'), ('A01', 'year', '2023-01-01'), ('A01', 'ytd', '2023-12-01'),
		('A03', 'month', date '2023-12-01'), ('A03', 'quarter', '2023-10-01'), ('A03', 'year', '2023-01-01'), ('A03', 'ytd', '2023-12-01'),
		('A09', 'month', date '2023-12-01'), ('A09', 'quarter', '2023-10-01'), ('A09', 'year', '2023-01-01'), ('A09', 'ytd', '2023-12-01'),
		('A14_BB', 'month', date '2024-12-01'), ('A14_BB', 'quarter', '2024-10-01'), ('A14_BB', 'year', '2024-01-01'), ('A14_BB', 'ytd', '2024-12-01')$$,
	'the periods whose values changed');
SELECT is(values_computed, 60::bigint, 'its sixteen periods and four that compare with them, of its unit (at two levels) and of the country: 60 values are computed, no other') FROM dwh.refresh_runs WHERE run_id = :run;
SELECT is(pg_temp.differences_from_scratch(), 0::bigint, 'as from scratch');

-- A new cell, far from all others.
INSERT INTO dwh_star.fact_collection (month, unit_id, payer_kind, payer_id, employer_id, scheme_id, funding_source, kind, category_id, due, paid, arrears, months_late, load_id)
SELECT '2021-03-01', :late, 'self', 1, 0, 1, 'self', 'regular', 0, 100, 50, 5, 0, :load_id;
SELECT dwh.refresh('fact_collection') AS run \gset
SELECT is((cells_marked, cells_rebuilt)::text, '(1,1)', 'a first row of a month: one cell') FROM dwh.refresh_runs WHERE run_id = :run;
SELECT is((SELECT min(period_start) FROM dwh_star.indicator_value JOIN dwh_catalog.indicator USING (indicator_id) WHERE code = 'B04' AND period_type = 'month'), date '2021-03-01', 'its period is kept');
SELECT is(pg_temp.differences_from_scratch(), 0::bigint, 'as from scratch');
DELETE FROM dwh_star.fact_collection WHERE month = '2021-03-01';
SELECT dwh.refresh('fact_collection') AS run \gset
SELECT is(pg_temp.differences_from_scratch(), 0::bigint, 'and gone again');
SELECT is_empty($$SELECT 1 FROM dwh_star.indicator_value JOIN dwh_catalog.indicator USING (indicator_id) WHERE code = 'B04' AND period_start < '2023-01-01'$$, 'its periods are not kept any more');

-- Leaves, TRUNCATE, MERGE, ON CONFLICT, an update across partitions, a detached leaf.
DELETE FROM dwh_star.fact_participation_2024 WHERE month = '2024-05-01' AND unit_id = :late;
UPDATE dwh_star.fact_participation SET month = '2025-01-01' WHERE month = '2024-12-01' AND unit_id = :late AND (person_id, scheme_id) IN (
	SELECT person_id, scheme_id FROM dwh_star.fact_participation WHERE month = '2024-12-01' AND unit_id = :late
	EXCEPT SELECT person_id, scheme_id FROM dwh_star.fact_participation WHERE month = '2025-01-01' AND unit_id = :late ORDER BY 1, 2 LIMIT 1);
MERGE INTO dwh_star.fact_collection f USING (SELECT 1) AS x ON f.unit_id = :late AND f.month = '2024-08-01' WHEN MATCHED AND f.paid > 500000 THEN DELETE WHEN MATCHED THEN UPDATE SET paid = paid * 2;
SELECT dwh.refresh() AS run \gset
SELECT is((cells_marked, cells_rebuilt)::text, '(4,4)', 'a leaf, two partitions, MERGE: four cells') FROM dwh.refresh_runs WHERE run_id = :run;
SELECT is(pg_temp.differences_from_scratch(), 0::bigint, 'as from scratch');
TRUNCATE dwh_star.fact_participation_2024;
SELECT dwh.refresh() AS run \gset
SELECT is(cells_rebuilt, 71::bigint, 'TRUNCATE of a leaf: what its twelve months had of six units') FROM dwh.refresh_runs WHERE run_id = :run;
SELECT is(pg_temp.differences_from_scratch(), 0::bigint, 'as from scratch');
ALTER TABLE dwh_star.fact_collection DETACH PARTITION dwh_star.fact_collection_2024;
SELECT dwh.refresh() AS run \gset
SELECT is(pg_temp.differences_from_scratch(), 0::bigint, 'a detached leaf');
SELECT is((SELECT count(*) FROM dwh_star.subject_presence WHERE subject_id = 2 AND month BETWEEN '2024-01-01' AND '2024-12-01'), 0::bigint, 'its cells are gone');
DELETE FROM dwh_star.fact_collection_2024 WHERE month = '2024-03-01';
ALTER TABLE dwh_star.fact_collection ATTACH PARTITION dwh_star.fact_collection_2024 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
SELECT dwh.refresh() AS run \gset
SELECT is(cells_rebuilt, 66::bigint, 'attached again: the cells it brings') FROM dwh.refresh_runs WHERE run_id = :run;
SELECT is(pg_temp.differences_from_scratch(), 0::bigint, 'as from scratch');

-- A revision: its dependents, from its first period on.
SELECT dwh.revise_indicator('A01', '2 * ' || formula, '2025-04-01', 'test') AS version FROM dwh_catalog.indicator_version JOIN dwh_catalog.indicator USING (indicator_id)
WHERE code = 'A01' AND valid_to IS NULL \gset
SELECT dwh.refresh() AS run \gset
SELECT is(cells_rebuilt, 0::bigint, 'a revised formula touches no cell') FROM dwh.refresh_runs WHERE run_id = :run;
SELECT set_eq(format($$SELECT DISTINCT code FROM pg_temp.touched(%s)$$, :run),
	$$SELECT code FROM (SELECT 'A01' AS code UNION SELECT code FROM dwh.list_dependents('A01')) d JOIN dwh_catalog.indicator USING (code) WHERE is_kept AND code <> 'A14_BB'$$, 'it and its dependents changed, but for the one that has nothing to compare with');
SELECT is((SELECT min(period_end) FROM pg_temp.touched(:run)), date '2025-04-30', 'from its first period on');
SELECT is(pg_temp.differences_from_scratch(), 0::bigint, 'as from scratch');

-- What is kept.
SELECT ok(dwh.keep_indicator('F01', false), 'not kept any more');
SELECT ok(dwh.keep_indicator('B04', true, '{year}', '{country}'), 'kept for years of the country only');
SELECT ok(NOT dwh.keep_indicator('B04'), 'and again: nothing changes');
SELECT throws_ok($$SELECT dwh.keep_indicator('B04', true, '{years}')$$, '22023', '"years" in p_periods is not known', 'a mistyped kind of period');
SELECT throws_ok($$SELECT dwh.keep_indicator('B04', true, NULL, '{}')$$, '22023', 'p_levels must not be empty', 'no level');
SELECT dwh.refresh() AS run \gset
SELECT is_empty($$SELECT 1 FROM dwh_star.indicator_value JOIN dwh_catalog.indicator USING (indicator_id) WHERE code = 'F01'$$, 'its values are gone');
SELECT set_eq($$SELECT DISTINCT period_type, unit_level FROM dwh_star.indicator_value JOIN dwh_catalog.indicator USING (indicator_id) WHERE code = 'B04'$$, $$VALUES ('year', 'country')$$, 'nothing else is left');

-- Marking off, and by hand.
SET LOCAL dwh_ext.mark_changes = off;
UPDATE dwh_star.fact_collection SET paid = paid + 7 WHERE month = '2025-08-01';
SELECT dwh.refresh() AS run \gset
SELECT is(cells_marked, 0::bigint, 'unwatched') FROM dwh.refresh_runs WHERE run_id = :run;
SELECT is(dwh.mark_dirty('fact_collection', '2025-08-01', '2025-08-01'), 1::bigint, 'marked by hand');
RESET dwh_ext.mark_changes;
SELECT dwh.refresh() AS run \gset
SELECT is(pg_temp.differences_from_scratch(), 0::bigint, 'as from scratch');

-- Refusals.
SELECT throws_ok($$SELECT dwh.refresh('fact_stuff')$$, '42704', 'subject "fact_stuff" does not exist', 'an unknown subject');
SELECT throws_ok($$SELECT dwh.mark_dirty('fact_staff', '2025-08-01', '2025-07-01')$$, '22023', NULL, 'months the wrong way round');
SELECT throws_ok($$SELECT dwh.schedule_refresh('* * * * *')$$, '0A000', 'pg_cron is not installed in this database', 'a schedule without pg_cron');
CREATE ROLE tap_reader LOGIN;
GRANT dwh_analyst TO tap_reader;
SET LOCAL ROLE tap_reader;
SELECT throws_ok($$SELECT dwh.refresh()$$, '42501', NULL, 'a reader may not refresh');
SELECT is((SELECT count(*) FROM dwh_star.indicator_value), 0::bigint, 'and without a grant sees no kept value');
RESET ROLE;
SELECT * FROM finish();
ROLLBACK;

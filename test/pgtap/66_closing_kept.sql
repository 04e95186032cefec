-- 893-048 893-049: what is not kept any more stands while its period is closed, and does not live on as a stale number afterwards.
BEGIN;
SELECT plan(15);
\o /dev/null
SET LOCAL client_min_messages = warning;
INSERT INTO dwh_log.load_run (source_id, batch) VALUES (6, 'kept') RETURNING load_id \gset
UPDATE dwh_catalog.indicator SET is_kept = code IN ('F01', 'F02'), kept_periods = '{month}', kept_levels = '{country,province,base}' WHERE indicator_group = 'Nhân sự/GDĐT';
CREATE FUNCTION pg_temp.hire(p_from int, p_to int) RETURNS void LANGUAGE sql AS $$
	INSERT INTO dwh_star.fact_staff (month, unit_id, staff_id, position_id, employment_kind, load_id)
	SELECT '2025-08-01', 101, i, (SELECT min(position_id) FROM dwh_star.dim_position), 'civil_servant', (SELECT max(load_id) FROM dwh_log.load_run)
	FROM generate_series(p_from, p_to) i $$;
-- The kept values of F01 for August, by level.
CREATE FUNCTION pg_temp.kept() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', unit_level, trim_scale(value), stage), ', ' ORDER BY unit_level, value) FROM dwh_star.indicator_value JOIN dwh_catalog.indicator USING (indicator_id)
	WHERE code = 'F01' AND (period_type, period_start) = ('month', '2025-08-01') $$;
INSERT INTO dwh_star.fact_dossier (month, unit_id, dossier_no, procedure_id, event, load_id)
SELECT '2025-08-01', 101, 1, (SELECT min(procedure_id) FROM dwh_star.dim_procedure), 'received', :load_id;
SELECT pg_temp.hire(1, 3);
INSERT INTO dwh_star.dim_unit (unit_id, code, level, name_vi, name_en, parent_unit_id, valid_from) VALUES (990001, 'T1', 'base', 'x', 'x', 101, '2025-07-01');
\set office 990001
UPDATE dwh_star.fact_staff SET unit_id = :office WHERE staff_id = 3;
SELECT dwh.refresh() AS run \gset
\o
SELECT is(pg_temp.kept(), 'base 1, base 2, country 3, province 3', 'kept at three levels');
\o /dev/null
SELECT dwh.close_period('2025-08-01', 'month', 'Nhân sự/GDĐT', 'preliminary');
SAVEPOINT closed;

-- A level that is not kept any more.
SELECT dwh.keep_indicator('F01', true, '{month}', '{country,province}');
SELECT dwh.refresh();
SELECT pg_temp.hire(4, 5);
SELECT dwh.refresh();
\o
SELECT is(pg_temp.kept(), 'base 1 preliminary, base 2 preliminary, country 3 preliminary, province 3 preliminary', 'what was closed stands, the offices'' too');
\o /dev/null
SELECT dwh.reopen_period('2025-08-01', 'month', 'Nhân sự/GDĐT', 'wrong', '1/QĐ');
\o
SELECT is(pg_temp.kept(), 'country 5, province 5', 'reopened: of the offices, which are not kept any more, no old number is left');
SELECT ok(dwh.refresh() > 0, 'a refresh');
SELECT is(pg_temp.kept(), 'country 5, province 5', 'changes nothing about that');
ROLLBACK TO closed;

-- A level that goes while a row of it stands without a stage, whoever left it there.
\o /dev/null
SELECT dwh.reopen_period('2025-08-01', 'month', 'Nhân sự/GDĐT', 'wrong', '1/QĐ');
SELECT dwh.keep_indicator('F01', true, '{month}', '{country}');
SELECT dwh.refresh();
INSERT INTO dwh_star.indicator_value SELECT indicator_id, period_type, period_start, 'base', :office, false, subject_id, is_public, 1, NULL, NULL, 'ok', 1, version, NULL, computed_at
FROM dwh_star.indicator_value JOIN dwh_catalog.indicator USING (indicator_id, subject_id, is_public) WHERE code = 'F01' AND unit_level = 'country';
INSERT INTO dwh_log.value_mark (indicator_id, period_start) SELECT indicator_id, 'infinity' FROM dwh_catalog.indicator WHERE code = 'F01';
\o
SELECT is(pg_temp.kept(), 'base 1, country 3', 'a row at a level that is not kept');
SELECT ok(dwh.refresh() > 0, 'a refresh that looks at the indicator');
SELECT is(pg_temp.kept(), 'country 3', 'takes it away');
ROLLBACK TO closed;

-- An indicator that is not kept any more; the period is closed again.
\o /dev/null
SELECT dwh.keep_indicator('F01', false);
SELECT dwh.refresh();
SELECT pg_temp.hire(6, 7);
SELECT dwh.refresh();
\o
SELECT is(pg_temp.kept(), 'base 1 preliminary, base 2 preliminary, country 3 preliminary, province 3 preliminary', 'an indicator that is not kept any more: what was closed stands');
SELECT ok(dwh.close_period('2025-08-01', 'month', 'Nhân sự/GDĐT', 'final', 'late') > 0, 'the period is closed again');
SELECT is(pg_temp.kept(), NULL, 'without it: no old number is left');
SELECT is((SELECT count(*) FROM dwh_star.indicator_value JOIN dwh_catalog.indicator USING (indicator_id) WHERE code = 'F02' AND stage = 'final' AND period_start = '2025-08-01'), 3::bigint, 'the other one is final');
SELECT isnt_empty($$SELECT 1 FROM dwh_log.value_mark JOIN dwh_catalog.indicator USING (indicator_id) WHERE code = 'F01' AND period_start = 'infinity'$$, 'closing again has the next refresh look, as reopening does');
SELECT ok(dwh.refresh() > 0, 'a refresh');
SELECT is(pg_temp.kept(), NULL, 'brings nothing back');
SELECT * FROM finish();
ROLLBACK;

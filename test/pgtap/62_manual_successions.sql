-- 893-003 893-072: a figure entered by people counts once, for the unit that stands for its own on the map of the period, as facts do.
BEGIN;
SELECT plan(11);
\o /dev/null
SET LOCAL client_min_messages = warning;
INSERT INTO dwh_log.load_run (source_id, batch, status) VALUES (9, 'successions', 'done') RETURNING load_id \gset
SELECT unit_id AS centre FROM dwh_star.dim_unit WHERE level = 'centre' \gset
-- Two offices of a province; the second becomes part of the first in 2026.
INSERT INTO dwh_star.dim_unit (unit_id, code, level, name_vi, name_en, parent_unit_id, valid_from, valid_to) VALUES
	(990001, 'T0', 'province', 'x', 'x', :centre, '2025-01-01', NULL),
	(990002, 'T1', 'base', 'x', 'x', 990001, '2025-07-01', NULL), (990003, 'T3', 'base', 'x', 'x', 990001, '2025-07-01', '2025-12-31');
INSERT INTO dwh_star.fact_manual (month, indicator, period_type, period_start, unit_id, kind, source_id, source_note, value, load_id)
VALUES ('2025-08-01', 'X01', 'month', '2025-08-01', 990003, 'actual', 9, 'by hand', 100, :load_id);
CREATE FUNCTION pg_temp.x01(p_month date, p_map date DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(unit_code || '=' || coalesce(value::text, '-'), ' ' ORDER BY unit_code COLLATE "C")
	FROM dwh.indicator_values('{X01}', p_month, p_month, 'month', '{country}', p_map => p_map) $$;
CREATE FUNCTION pg_temp.offices(p_month date, p_level text, p_map date DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(unit_code || '=' || value, ' ' ORDER BY unit_code COLLATE "C")
	FROM dwh.indicator_values('{X01}', p_month, p_month, 'month', ARRAY[p_level], p_map => p_map) WHERE value IS NOT NULL $$;
\o
SELECT is(pg_temp.x01('2025-08-01'), 'VSS=100', 'before the merger is recorded: the country');
INSERT INTO dwh_catalog.unit_succession VALUES (990003, 990002, 'merge', '2026-01-01');
SELECT is(pg_temp.offices('2025-08-01', 'base'), 'T3=100', 'an office that is merged later stands for itself alone');
SELECT is(pg_temp.offices('2025-08-01', 'province'), 'T0=100', 'so its province has its figure once');
SELECT is(pg_temp.x01('2025-08-01'), 'VSS=100', 'and the country');
SELECT is(pg_temp.offices('2026-02-01', 'base'), 'T1=100', 'on the map after the merger it is the first office''s');
SELECT is(pg_temp.offices('2025-08-01', 'base', '2026-02-01'), 'T1=100', 'also for the period before it, on that map');
SELECT is(pg_temp.x01('2025-08-01', '2026-02-01'), 'VSS=100', 'and once in the country');

-- A transfer of a part beside it changes nothing; a second whole successor does: nobody answers for the office, as for its facts.
INSERT INTO dwh_star.dim_unit (unit_id, code, level, name_vi, name_en, parent_unit_id, valid_from) VALUES (990004, 'T4', 'base', 'x', 'x', 990001, '2026-01-01');
INSERT INTO dwh_catalog.unit_succession VALUES (990003, 990004, 'transfer', '2026-01-01');
SELECT is(pg_temp.offices('2026-02-01', 'base'), 'T1=100', 'a transfer of a part leaves the whole where it is');
UPDATE dwh_catalog.unit_succession SET kind = 'merge' WHERE successor_unit_id = 990004;
SELECT is(dwh.unit_at(990003, '2026-02-01', 'base'), NULL, 'with two successors there is none to answer for it');
SELECT is(pg_temp.offices('2026-02-01', 'base'), NULL, 'so its figure is added to neither');
SELECT is(pg_temp.offices('2025-08-01', 'base'), 'T3=100', 'and it keeps its own in its time');
SELECT * FROM finish();
ROLLBACK;

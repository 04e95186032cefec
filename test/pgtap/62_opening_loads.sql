-- 893-003 893-072: a running sum is as complete as the provinces (within one: the offices) whose rows it counts have opening loads, on the map
-- after mergers as before them. What a merged province has came from those it was merged from, so it needs no opening load of its own.
BEGIN;
SELECT plan(25);
\o /dev/null
SET LOCAL client_min_messages = warning;
INSERT INTO dwh_log.load_run (source_id, batch, status) VALUES (9, 'opening loads', 'done') RETURNING load_id \gset
SELECT unit_id AS centre FROM dwh_star.dim_unit WHERE level = 'centre' \gset
-- A and B are merged into the new M; C stays as it is, D becomes part of it; E is renamed F, G split into H and I. M is renamed N in 2026.
INSERT INTO dwh_star.dim_unit (unit_id, code, level, name_vi, name_en, parent_unit_id, valid_from, valid_to) VALUES
	(990001, 'TA', 'province', 'x', 'x', :centre, '2024-01-01', '2025-06-30'), (990002, 'TB', 'province', 'x', 'x', :centre, '2024-01-01', '2025-06-30'),
	(990003, 'TM', 'province', 'x', 'x', :centre, '2025-07-01', '2025-12-31'), (990004, 'TC', 'province', 'x', 'x', :centre, '2024-01-01', NULL),
	(990005, 'TD', 'province', 'x', 'x', :centre, '2024-01-01', '2025-06-30'), (990006, 'TE', 'province', 'x', 'x', :centre, '2024-01-01', '2025-06-30'),
	(990007, 'TF', 'province', 'x', 'x', :centre, '2025-07-01', NULL), (990008, 'TG', 'province', 'x', 'x', :centre, '2024-01-01', '2025-06-30'),
	(990009, 'TH', 'province', 'x', 'x', :centre, '2025-07-01', NULL), (990010, 'TI', 'province', 'x', 'x', :centre, '2025-07-01', NULL),
	(990011, 'TN', 'province', 'x', 'x', :centre, '2026-01-01', NULL), (990012, 'TR', 'region', 'x', 'x', :centre, '2025-07-01', NULL),
	(990021, 'TA1', 'district', 'x', 'x', 990001, '2024-01-01', '2025-06-30'), (990022, 'TB1', 'district', 'x', 'x', 990002, '2024-01-01', '2025-06-30'),
	(990023, 'TM1', 'base', 'x', 'x', 990003, '2025-07-01', '2025-12-31'), (990024, 'TC1', 'district', 'x', 'x', 990004, '2024-01-01', NULL);
INSERT INTO dwh_catalog.unit_succession VALUES (990001, 990003, 'merge', '2025-07-01'), (990002, 990003, 'merge', '2025-07-01'), (990005, 990004, 'merge', '2025-07-01'),
	(990006, 990007, 'rename', '2025-07-01'), (990008, 990009, 'split', '2025-07-01'), (990008, 990010, 'split', '2025-07-01'), (990003, 990011, 'rename', '2026-01-01'),
	(990021, 990023, 'merge', '2025-07-01'), (990022, 990023, 'merge', '2025-07-01');
INSERT INTO dwh_catalog.unit_grouping (group_unit_id, unit_id, valid_from) VALUES (990012, 990003, '2025-07-01'), (990012, 990004, '2025-07-01');
-- Books rows of units, each with an opening load of 100 (+) and, or, one event a month later.
CREATE FUNCTION pg_temp.book(VARIADIC p_units text[]) RETURNS void LANGUAGE sql AS $$
	INSERT INTO dwh_star.fact_book_card (month, unit_id, event_no, event_on, event, document, quantity, load_id)
	SELECT month, unit_id, 990000 + row_number() OVER () + 1000 * (SELECT count(*) FROM dwh_star.fact_book_card), month, event, 'book',
		CASE event WHEN 'opening' THEN 100 ELSE 1 END, (SELECT max(load_id) FROM dwh_log.load_run WHERE batch = 'opening loads')
	FROM unnest(p_units) booked JOIN dwh_star.dim_unit ON code = trim('+' FROM booked), LATERAL (SELECT valid_from AS month, 'opening' AS event WHERE booked LIKE '+%'
		UNION ALL SELECT (valid_from + interval '1 month')::date, 'issued') e $$;
CREATE FUNCTION pg_temp.e01(p_level text, p_month date, p_map date DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat(unit_code, '=', value, ' ', status, ' ', trim_scale(round(completeness, 2))), ', ' ORDER BY unit_code COLLATE "C", value)
	FROM dwh.indicator_values('{E01}', p_month, p_month, 'month', ARRAY[p_level], p_map => p_map) WHERE value IS NOT NULL $$;
\o

SAVEPOINT nothing;
SELECT pg_temp.book('+TA', 'TB', 'TM') \g /dev/null
SELECT is(pg_temp.e01('country', '2025-06-01'), 'VSS=102 partial 0.5', 'one of two provinces has no opening load: half of the country');
SELECT is(pg_temp.e01('province', '2025-06-01'), 'TA=101 ok 1', 'the other one has no value');
SELECT is(pg_temp.e01('country', '2025-09-01'), 'VSS=103 partial 0.5', 'also after they were merged');
SELECT is(pg_temp.e01('province', '2025-09-01'), 'TM=103 partial 0.5', 'when the merged province is half');
SELECT is(pg_temp.e01('region', '2025-09-01'), 'TR=103 partial 0.5', 'and its region');
SELECT is(pg_temp.e01('base', '2025-09-01'), 'TM=103 partial 0.5', 'also where rows of provinces stand between those of offices');
SELECT is(pg_temp.e01('country', '2025-06-01', '2025-09-01'), 'VSS=102 partial 0.5', 'the months before the merger, on the map after it');
SELECT is(pg_temp.e01('province', '2026-02-01'), 'TN=103 partial 0.5', 'the merged province under its new name');
SELECT pg_temp.book('TN') \g /dev/null
SELECT is(pg_temp.e01('country', '2026-02-01'), 'VSS=104 partial 0.5', 'with rows of its own');
ROLLBACK TO nothing;

SELECT pg_temp.book('+TA', '+TB', 'TM', 'TN') \g /dev/null
SELECT is(pg_temp.e01('country', '2025-06-01'), 'VSS=202 ok 1', 'both have one: the country is complete');
SELECT is(pg_temp.e01('province', '2025-09-01'), 'TM=203 ok 1', 'the merged province needs none of its own');
SELECT is(pg_temp.e01('country', '2026-02-01'), 'VSS=204 ok 1', 'nor does it under its next name');
ROLLBACK TO nothing;

SELECT pg_temp.book('TA', 'TB', '+TM', 'TN') \g /dev/null
SELECT is(pg_temp.e01('country', '2025-06-01'), NULL, 'none has one: no value');
SELECT is(pg_temp.e01('country', '2025-09-01'), 'VSS=103 ok 1', 'an opening load of the merged province is one of all that it was merged from');
SELECT is(pg_temp.e01('province', '2026-02-01'), 'TN=104 ok 1', 'and of what came after it');
ROLLBACK TO nothing;

SELECT pg_temp.book('+TC', 'TD') \g /dev/null
SELECT is(pg_temp.e01('province', '2025-09-01'), 'TC=102 partial 0.5', 'the opening load of a province that stays is not one of what became part of it later');
SELECT is(pg_temp.e01('country', '2025-09-01'), 'VSS=102 partial 0.5', 'nor in the country');
ROLLBACK TO nothing;
SELECT pg_temp.book('TC', '+TD') \g /dev/null
SELECT is(pg_temp.e01('province', '2025-09-01'), 'TC=102 partial 0.5', 'nor the other way round');
ROLLBACK TO nothing;
SELECT pg_temp.book('+TE', 'TF') \g /dev/null
SELECT is(pg_temp.e01('province', '2025-09-01'), 'TF=102 ok 1', 'a new name needs no opening load');
ROLLBACK TO nothing;
SELECT pg_temp.book('+TG', 'TH', '+TI') \g /dev/null
SELECT is(pg_temp.e01('country', '2025-09-01'), 'VSS=203 partial 0.67', 'each part of a province that was split needs one of its own');
ROLLBACK TO nothing;

-- Offices: within a province one opening load is enough, whoever of it booked it; an office's own sum asks for its own.
SELECT pg_temp.book('+TA1', 'TB1', 'TM1', '+TC', 'TC1') \g /dev/null
SELECT is(pg_temp.e01('base', '2025-09-01'), 'TC=101 ok 1, TM1=103 partial 0.5', 'an office that was merged is as complete as those it was merged from');
SELECT is(pg_temp.e01('province', '2025-09-01'), 'TC=102 ok 1, TM=103 partial 0.5', 'rows of a province and of its offices go together');
SELECT is(pg_temp.e01('country', '2025-09-01'), 'VSS=205 partial 0.67', 'and once in the country');
SELECT is(pg_temp.e01('base', '2025-06-01'), 'TA1=101 ok 1, TC=101 ok 1', 'before the merger each office for itself');
SELECT pg_temp.book('+TB1') \g /dev/null
SELECT is(pg_temp.e01('base', '2025-09-01'), 'TC=101 ok 1, TM1=204 ok 1', 'with the missing opening load all is there');
SELECT * FROM finish();
ROLLBACK;

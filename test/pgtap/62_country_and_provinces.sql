-- 2327-020: data are one from the centre to the provinces. An additive indicator of the country is the sum of its provinces, of defence and police, which
-- have rows of their own beside the provinces, and of what is booked at the centre, on the map of 63 provinces and on that of 34, for months before the reform and after it; also where a province was split.
BEGIN;
SELECT plan(16);
\o /dev/null
SET LOCAL client_min_messages = warning;
INSERT INTO dwh_log.load_run (source_id, batch, status) VALUES (9, 'country and provinces', 'done') RETURNING load_id \gset
-- Every unit that lasts in the month pays an amount of its own: provinces, the centre and its units, defence, police, and an office of Hà Nội.
INSERT INTO dwh_star.dim_unit (unit_id, code, level, name_vi, name_en, parent_unit_id, valid_from, valid_to)
SELECT 990001, 'T1', 'district', 'x', 'x', unit_id, '2020-01-01', NULL FROM dwh_star.dim_unit WHERE level = 'province' AND code = '01';
INSERT INTO dwh_star.fact_collection (month, unit_id, payer_kind, payer_id, scheme_id, funding_source, kind, due, paid, arrears, months_late, load_id)
SELECT m, u.unit_id, 'employer', u.unit_id, (SELECT min(scheme_id) FROM dwh_star.dim_scheme WHERE code = 'BHXH_BB'), 'employer', 'regular', 1000000, 1000 * u.unit_id + extract(month FROM m)::int, 0, 0, :load_id
FROM unnest('{2025-05-01,2025-06-01,2025-07-01,2025-08-01}'::date[]) m JOIN dwh_star.dim_unit u ON u.level <> 'region' AND u.valid_from <= m AND coalesce(u.valid_to, 'infinity') >= m;
CREATE TEMPORARY TABLE paid AS SELECT f.month, u.unit_id, u.level, sum(f.paid) AS paid FROM dwh_star.fact_collection f JOIN dwh_star.dim_unit u USING (unit_id) GROUP BY 1, 2, 3;
CREATE FUNCTION pg_temp.centre() RETURNS TABLE (month date, paid numeric) LANGUAGE sql AS
	$$ SELECT month, sum(paid) FROM paid WHERE level IN ('centre', 'central_unit') GROUP BY month $$;
CREATE FUNCTION pg_temp.b04(p_level text, p_map date) RETURNS TABLE (month date, code text, value numeric, status text) LANGUAGE sql AS $$
	SELECT period_start, unit_code, value, status FROM dwh.indicator_values('{B04}', '2025-05-01', CASE p_map WHEN '2025-06-30' THEN date '2025-06-01' ELSE '2025-08-01' END, 'month', ARRAY[p_level], p_map => p_map) $$;
CREATE FUNCTION pg_temp.provinces(p_map date) RETURNS TABLE (month date, provinces bigint) LANGUAGE sql AS
	$$ SELECT month, count(*) FROM pg_temp.b04('province', p_map) WHERE value IS NOT NULL AND code NOT IN ('QP', 'CA') GROUP BY 1 $$;
CREATE FUNCTION pg_temp.added_up(p_map date) RETURNS TABLE (month date, paid numeric) LANGUAGE sql AS
	$$ SELECT month, p.paid + c.paid FROM (SELECT month, sum(value) AS paid FROM pg_temp.b04('province', p_map) GROUP BY 1) p JOIN pg_temp.centre() c USING (month) $$;
\o
SELECT is((SELECT count(DISTINCT level)::int FROM paid WHERE level IN ('centre', 'central_unit', 'defence', 'police')), 4, 'rows are booked at the centre, its units, defence and police');

SELECT results_eq($$SELECT month, value FROM pg_temp.b04('country', NULL) ORDER BY 1$$, $$SELECT month, sum(paid) FROM paid GROUP BY 1 ORDER BY 1$$, 'the country is all there is');
SELECT results_eq($$SELECT * FROM pg_temp.provinces(NULL) ORDER BY 1$$,
	$$VALUES ('2025-05-01'::date, 63::bigint), ('2025-06-01', 63), ('2025-07-01', 34), ('2025-08-01', 34)$$, 'on the map of the time there are 63 provinces, then 34');
SELECT results_eq($$SELECT code, value FROM pg_temp.b04('province', NULL) WHERE code IN ('QP', 'CA') AND month = '2025-07-01' ORDER BY 1$$,
	$$SELECT u.code, p.paid FROM paid p JOIN dwh_star.dim_unit u USING (unit_id) WHERE u.code IN ('QP', 'CA') AND p.month = '2025-07-01' ORDER BY 1$$, 'defence and police beside them');
SELECT results_eq($$SELECT * FROM pg_temp.added_up(NULL) ORDER BY 1$$, $$SELECT month, value FROM pg_temp.b04('country', NULL) ORDER BY 1$$, 'with what is booked at the centre they are the country');
SELECT results_eq($$SELECT * FROM pg_temp.provinces('2025-06-30') ORDER BY 1$$, $$VALUES ('2025-05-01'::date, 63::bigint), ('2025-06-01', 63)$$, 'on the map of 2025-06-30 there are 63');
SELECT results_eq($$SELECT * FROM pg_temp.added_up('2025-06-30') ORDER BY 1$$, $$SELECT month, value FROM pg_temp.b04('country', '2025-06-30') ORDER BY 1$$, 'which add up with the centre to the country');
SELECT results_eq($$SELECT * FROM pg_temp.provinces('2025-07-01') ORDER BY 1$$,
	$$SELECT m, 34::bigint FROM unnest('{2025-05-01,2025-06-01,2025-07-01,2025-08-01}'::date[]) m$$, 'on the map of 2025-07-01 there are 34, for the months before too');
SELECT results_eq($$SELECT * FROM pg_temp.added_up('2025-07-01') ORDER BY 1$$, $$SELECT month, value FROM pg_temp.b04('country', '2025-07-01') ORDER BY 1$$, 'which add up with the centre to the country');
SELECT results_eq($$SELECT month, value FROM pg_temp.b04('country', '2025-07-01') ORDER BY 1$$, $$SELECT month, value FROM pg_temp.b04('country', NULL) ORDER BY 1$$, 'the country is the same on each map');

-- A province that is split keeps its figures under itself on the later map, status split; its office's figures stand there too, none under the parts.
UPDATE dwh_catalog.unit_succession SET kind = 'split' WHERE predecessor_unit_id = (SELECT unit_id FROM dwh_star.dim_unit WHERE level = 'province' AND code = '64' AND valid_to = '2025-06-30');
SELECT results_eq($$SELECT code, status, value FROM pg_temp.b04('province', '2025-07-01') WHERE month = '2025-06-01' AND status = 'split'$$,
	$$SELECT u.code, 'split', p.paid FROM paid p JOIN dwh_star.dim_unit u USING (unit_id) WHERE u.level = 'province' AND u.code = '64' AND p.month = '2025-06-01'$$, 'a province that was split: under itself, status split');
SELECT results_eq($$SELECT * FROM pg_temp.added_up('2025-07-01') ORDER BY 1$$, $$SELECT month, value FROM pg_temp.b04('country', '2025-07-01') ORDER BY 1$$, 'and all of them still are the country');
-- A running sum says so as well: books in circulation of the province that was split.
INSERT INTO dwh_star.fact_book_card (month, unit_id, event_no, event_on, event, document, quantity, load_id)
SELECT '2025-01-01', unit_id, 990000 + unit_id, '2025-01-01', 'opening', 'book', 100, :load_id FROM dwh_star.dim_unit WHERE level = 'province' AND valid_from <= '2025-01-01' AND coalesce(valid_to, 'infinity') > '2025-01-01';
SELECT results_eq($$SELECT unit_code, value, status FROM dwh.indicator_values('{E01}', '2025-06-01', '2025-06-01', 'month', '{province}', p_map => '2025-07-01') WHERE unit_code = '64'$$,
	$$VALUES ('64', 100::numeric, 'split')$$, 'a running sum of a province that was split');
SELECT results_eq($$SELECT unit_code, value, status FROM dwh.indicator_values('{E01}', '2025-06-01', '2025-06-01', 'month', '{province}') WHERE unit_code = '64'$$,
	$$VALUES ('64', 100::numeric, 'ok')$$, 'which is ok on the map of its time');
-- Figures of an office that was split have no place among offices of the later map: no row of its parts counts them.
UPDATE dwh_star.dim_unit SET valid_to = '2025-06-30' WHERE unit_id = 990001;
INSERT INTO dwh_star.dim_unit (unit_id, code, level, name_vi, name_en, parent_unit_id, valid_from) SELECT 990001 + n, 'T1' || n, 'base', 'x', 'x', unit_id, '2025-07-01'
FROM dwh_star.dim_unit, generate_series(1, 2) n WHERE level = 'province' AND code = '01' AND valid_to IS NULL;
INSERT INTO dwh_catalog.unit_succession VALUES (990001, 990002, 'split', '2025-07-01'), (990001, 990003, 'split', '2025-07-01');
SELECT is_empty($$SELECT code FROM pg_temp.b04('base', '2025-07-01') WHERE month = '2025-06-01' AND code IN ('T11', 'T12') AND value IS NOT NULL$$, 'the parts of an office that was split have nothing of it');
-- Nor is a province that was split lost among the regions of spring 2025.
INSERT INTO dwh_star.dim_unit (unit_id, code, level, name_vi, name_en, parent_unit_id, valid_from, valid_to)
SELECT 990011, 'T9', 'province', 'x', 'x', parent_unit_id, '2020-01-01', '2025-03-31' FROM dwh_star.dim_unit WHERE level = 'province' AND code = '64' AND valid_to = '2025-06-30';
INSERT INTO dwh_catalog.unit_succession SELECT 990011, unit_id, 'split', '2025-04-01' FROM dwh_star.dim_unit WHERE level = 'province' AND code IN ('62', '64') AND valid_to = '2025-06-30';
INSERT INTO dwh_star.fact_collection (month, unit_id, payer_kind, payer_id, scheme_id, funding_source, kind, due, paid, arrears, months_late, load_id)
SELECT '2025-03-01', 990011, 'employer', 990011, min(scheme_id), 'employer', 'regular', 1000000, 77, 0, 0, :load_id FROM dwh_star.dim_scheme WHERE code = 'BHXH_BB';
SELECT results_eq($$SELECT unit_code, value, status FROM dwh.indicator_values('{B04}', '2025-03-01', '2025-03-01', 'month', '{region}', p_map => '2025-05-15') WHERE status = 'split'$$,
	$$VALUES ('T9', 77::numeric, 'split')$$, 'a province that was split stands beside the regions');
SELECT * FROM finish();
ROLLBACK;

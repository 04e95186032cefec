-- Communes and districts are loaded data: the published lists go into dim_area as they are, every row below the province that
-- its code meant on the day. Needs the lists (DWH_DATA_DIR, or ../shared/data beside the checkout); without them it is skipped.
BEGIN;
\set has_lists `test -r "$DWH_DATA_DIR/communes_3321.csv" && test -r "$DWH_DATA_DIR/districts_696_legacy.csv" && echo true || echo false`
\if :has_lists
SELECT plan(11);
SET LOCAL client_min_messages = warning;
\set communes `cat "$DWH_DATA_DIR/communes_3321.csv"`
\set districts `cat "$DWH_DATA_DIR/districts_696_legacy.csv"`

-- code, name_vi, type, province_code, province_name[, area]: no field of either list is quoted.
CREATE TEMPORARY TABLE list AS
SELECT level, f[1] AS code, f[2] AS name_vi, f[3] AS type, f[4] AS province_code, f[5] AS province_name
FROM (VALUES ('commune', :'communes'), ('district', :'districts')) AS v (level, content),
	regexp_split_to_table(trim(E'\r\n' FROM content), E'\r?\n') WITH ORDINALITY AS t (line, n), string_to_array(line, ',') AS f
WHERE n > 1;

INSERT INTO dwh_star.dim_area (code, level, type, name_vi, name_en, short_name_vi, parent_area_id, valid_from, valid_to)
SELECT l.code, l.level, l.type, l.name_vi, l.name_vi, regexp_replace(l.name_vi, '^' || l.type || ' ', ''),
	(dwh.get_area(l.province_code, p.on_day)).area_id, p.valid_from, p.valid_to
FROM list AS l JOIN (VALUES ('commune', date '2025-07-01', date '2025-07-01', NULL), ('district', '2025-06-30', '2025-01-01', date '2025-06-30'))
	AS p (level, on_day, valid_from, valid_to) USING (level);

SELECT is((SELECT count(*)::int FROM dwh_star.dim_area WHERE level = 'commune'), 3321, '3,321 communes');
SELECT is((SELECT count(*)::int FROM dwh_star.dim_area WHERE level = 'district'), 696, '696 districts');
SELECT results_eq($$SELECT type, count(*)::int FROM dwh_star.dim_area WHERE level = 'commune' GROUP BY 1 ORDER BY 2$$,
	$$VALUES ('Đặc khu', 13), ('Phường', 687), ('Xã', 2621)$$, 'communes by type as published');
SELECT results_eq($$SELECT type, count(*)::int FROM dwh_star.dim_area WHERE level = 'district' GROUP BY 1 ORDER BY 2$$,
	$$VALUES ('Quận', 49), ('Thị xã', 52), ('Thành phố', 87), ('Huyện', 508)$$, 'districts by type as published');
SELECT is((SELECT count(DISTINCT parent_area_id)::int FROM dwh_star.dim_area WHERE level = 'commune'), 34, 'communes in all 34 provinces');
SELECT is((SELECT count(DISTINCT parent_area_id)::int FROM dwh_star.dim_area WHERE level = 'district'), 63, 'districts in all 63');
SELECT is_empty($$SELECT l.level, l.code, l.province_name, p.name_vi FROM list AS l
	JOIN dwh_star.dim_area AS a ON a.level = l.level AND a.code = l.code JOIN dwh_star.dim_area AS p ON p.area_id = a.parent_area_id
	WHERE p.name_vi <> l.province_name$$, 'each below the province that the list names');
SELECT is_empty($$SELECT a.code FROM dwh_star.dim_area AS a JOIN dwh_star.dim_area AS p ON p.area_id = a.parent_area_id
	WHERE a.level IN ('commune', 'district') AND (a.valid_from < p.valid_from OR coalesce(a.valid_to, 'infinity') > coalesce(p.valid_to, 'infinity'))$$,
	'no area outlives its parent');
SELECT is((dwh.get_area('00004', '2025-07-01', 'commune')).name_vi, 'Phường Ba Đình', 'a commune is found by code and day');
SELECT throws_ok($$SELECT dwh.get_area('00004', '2025-06-30', 'commune')$$, '42704', NULL, 'and not on the day before');
SELECT throws_ok($$SELECT dwh.get_area('001', '2025-07-01', 'district')$$, '42704', NULL, 'a district not after the reform');
\else
SELECT plan(1);
SELECT skip('the lists of areas are not beside this checkout', 1);
\endif
SELECT * FROM finish();
ROLLBACK;

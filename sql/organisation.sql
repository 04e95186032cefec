-- 893-002, 893-003: areas and units in time; what a code means on a day; who answers for a unit on a later map.
SET datestyle = 'ISO, YMD';
\set VERBOSITY terse
-- 893-003: 63 provincial offices to 2025-06-30, 34 from 2025-07-01; the areas likewise.
SELECT d AS on_day,
	(SELECT count(*) FROM dwh_star.dim_unit WHERE level = 'province' AND valid_from <= d AND coalesce(valid_to, 'infinity') >= d) AS offices,
	(SELECT count(*) FROM dwh_star.dim_area WHERE level = 'province' AND valid_from <= d AND coalesce(valid_to, 'infinity') >= d) AS areas,
	(SELECT count(*) FROM dwh_star.dim_area WHERE type = 'municipality' AND valid_from <= d AND coalesce(valid_to, 'infinity') >= d) AS cities,
	(SELECT count(*) FROM dwh_star.dim_unit WHERE level = 'region' AND valid_from <= d AND coalesce(valid_to, 'infinity') >= d) AS regions
FROM unnest(ARRAY[date '2008-07-31', '2008-08-01', '2024-12-31', '2025-01-01', '2025-02-28', '2025-04-01', '2025-06-01', '2025-06-30',
	'2025-07-01']) AS d ORDER BY d;
-- 893-002: central units stand at level central_unit.
SELECT unit_id, code, level, name_vi, is_verified FROM dwh_star.dim_unit WHERE level IN ('centre', 'central_unit', 'defence', 'police')
ORDER BY unit_id;
-- Each office serves the area of its code, in its time.
SELECT count(*) AS offices, count(*) FILTER (WHERE u.code <> a.code OR u.valid_from <> a.valid_from
	OR u.valid_to IS DISTINCT FROM a.valid_to OR NOT u.name_vi ILIKE '%' || a.name_vi) AS wrong
FROM dwh_star.dim_unit AS u JOIN dwh_star.dim_area AS a USING (area_id) WHERE u.level = 'province';

-- Code 52 is Bình Định on 2025-06-30 and Gia Lai on 2025-07-01.
SELECT * FROM dwh.get_area('52', '2025-06-30');
SELECT * FROM dwh.get_area('52', '2025-07-01');
SELECT (dwh.get_unit('52', '2025-06-30')).unit_id;
-- The notice comes for exactly the seven codes that changed their meaning, at both days.
DO $$
DECLARE
	v_code text;
BEGIN
	FOR v_code IN SELECT DISTINCT code FROM dwh_star.dim_unit WHERE level = 'province' AND valid_to IS NULL ORDER BY code LOOP
		PERFORM dwh.get_unit(v_code, '2025-07-01');
	END LOOP;
END
$$;
DO $$
DECLARE
	v_code text;
BEGIN
	FOR v_code IN SELECT code FROM dwh_star.dim_area WHERE level = 'province' AND valid_from <= '2025-06-30'
		AND coalesce(valid_to, 'infinity') >= '2025-06-30' ORDER BY code LOOP
		PERFORM dwh.get_area(v_code, '2025-06-30');
	END LOOP;
END
$$;
-- Messages give days in one form, whatever DateStyle says. Huế was renamed, so there is no notice.
SET datestyle = 'SQL, DMY';
SELECT (dwh.get_area('52', '1/7/2025')).name_vi;
SET datestyle = 'ISO, YMD';
SELECT name_vi, valid_from, valid_to FROM dwh.get_area('46', '2024-12-31');
SELECT name_vi, valid_from, valid_to FROM dwh.get_area('46', '2025-01-01');
-- Without a day: today in the time zone of the warehouse, whatever the session's is.
BEGIN;
SET LOCAL client_min_messages = warning;
UPDATE dwh_star.dim_area SET valid_to = (statement_timestamp() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date WHERE area_id = 252;
SET LOCAL TimeZone = 'Pacific/Kiritimati';
SELECT name_vi FROM dwh.get_area('52');
SET LOCAL TimeZone = 'Etc/GMT+12';
SELECT name_vi FROM dwh.get_area(p_code => '52');
ROLLBACK;

-- Unknown codes, levels and units: SQLSTATE, detail and hint.
\set VERBOSITY default
SELECT dwh.get_unit('02', '2025-07-01');
SELECT dwh.get_area('52', '2001-01-01');
SELECT dwh.get_area('1', '2025-07-01');
SELECT dwh.get_unit('gia lai', '2025-07-01');
SELECT dwh.get_unit('no such', '2025-07-01', 'base');
SELECT dwh.get_unit(NULL);
SELECT dwh.get_unit('52', '2025-07-01', 'province defence');
SELECT dwh.get_area('', '2025-07-01');
SELECT dwh.map_unit(999, '2025-07-01');
SELECT dwh.unit_at(101, '2025-07-01', 'district');
SELECT * FROM dwh.list_successors(999);
\set VERBOSITY sqlstate
SELECT dwh.get_unit('02', '2025-07-01');
SELECT dwh.get_unit(NULL);
SELECT dwh.get_unit('52', '2025-07-01', 'x');
SELECT dwh.map_unit(-1, '2025-07-01');
SELECT dwh.unit_ancestor(101, 'town');
\set VERBOSITY terse

-- The published map, retyped: each new code and the old ones it was made from.
CREATE TEMPORARY TABLE published AS
SELECT new_code, unnest(string_to_array(old_codes, ' ')) AS old_code FROM (VALUES
	('01', '01'), ('04', '04'), ('08', '02 08'), ('11', '11'), ('12', '12'), ('14', '14'), ('15', '10 15'), ('19', '06 19'),
	('20', '20'), ('22', '22'), ('24', '24 27'), ('25', '17 25 26'), ('31', '30 31'), ('33', '33 34'), ('37', '35 36 37'),
	('38', '38'), ('40', '40'), ('42', '42'), ('44', '44 45'), ('46', '46'), ('48', '48 49'), ('51', '51 62'), ('52', '52 64'),
	('56', '56 58'), ('66', '54 66'), ('68', '60 67 68'), ('75', '70 75'), ('79', '74 77 79'), ('80', '72 80'), ('82', '82 87'),
	('86', '83 84 86'), ('91', '89 91'), ('92', '92 93 94'), ('96', '95 96')) AS v (new_code, old_codes);
-- Every old office maps to the new one of the published map, on the first day and later; nothing maps back through a merger.
SET client_min_messages = warning;
SELECT count(*) AS mapped, count(DISTINCT new_unit) AS new_units, count(*) FILTER (WHERE new_unit IS DISTINCT FROM expected) AS wrong,
	count(*) FILTER (WHERE still IS DISTINCT FROM old_unit) AS moved_too_early, count(*) FILTER (WHERE later IS DISTINCT FROM new_unit) AS moved_again,
	count(*) FILTER (WHERE new_unit <> old_unit AND back IS NOT NULL) AS mapped_back
FROM published AS p
	CROSS JOIN LATERAL (SELECT (dwh.get_unit(p.old_code, '2025-06-30')).unit_id AS old_unit,
		(dwh.get_unit(p.new_code, '2025-07-01')).unit_id AS expected) AS c
	CROSS JOIN LATERAL (SELECT dwh.map_unit(old_unit, '2025-07-01') AS new_unit, dwh.map_unit(old_unit, '2025-06-30') AS still,
		dwh.map_unit(old_unit, '2040-01-01') AS later, dwh.map_unit(expected, '2025-06-30') AS back) AS m;
RESET client_min_messages;
SELECT kind, effective_on, count(*), count(DISTINCT predecessor_unit_id) AS from_units, count(DISTINCT successor_unit_id) AS to_units
FROM dwh_catalog.unit_succession GROUP BY 1, 2 ORDER BY 2;
SELECT count(*) AS not_seamless FROM dwh_catalog.unit_succession AS s
	JOIN dwh_star.dim_unit AS p ON p.unit_id = s.predecessor_unit_id JOIN dwh_star.dim_unit AS n ON n.unit_id = s.successor_unit_id
WHERE p.valid_to IS DISTINCT FROM s.effective_on - 1 OR n.valid_from <> s.effective_on;
SELECT count(*) AS areas_differ FROM (TABLE dwh_catalog.area_succession EXCEPT TABLE dwh_catalog.unit_succession) AS d;
-- A rename is the same unit both ways; before the first name there is nothing.
SELECT dwh.map_unit(146, '2026-01-01') AS forth, dwh.map_unit(246, '2024-06-30') AS back, dwh.map_unit(246, '2008-07-31') AS before,
	dwh.map_unit(101, '2008-07-31') AS before_hanoi, dwh.map_unit(101, 'infinity') AS hanoi, dwh.map_unit(NULL, '2025-01-01') AS none;
SELECT unit_id, code, kind, effective_on, depth FROM dwh.list_successors(110);
SELECT unit_id, code, kind, effective_on, depth FROM dwh.list_predecessors(215);
SELECT unit_id, name_en, kind, effective_on, depth FROM dwh.list_predecessors(246);
SELECT count(*) FROM dwh.list_successors(101);

-- Ancestors and maps at a level.
SELECT u, dwh.unit_ancestor(u, 'province') AS province, dwh.unit_ancestor(u, 'country') AS country, dwh.unit_ancestor(u, 'defence') AS defence,
	dwh.unit_ancestor(u, 'region') AS region, dwh.unit_at(u, '2025-06-15', 'province') AS june, dwh.unit_at(u, '2025-07-15', 'province') AS july,
	dwh.unit_at(u, '2025-06-15', 'region') AS region_june, dwh.unit_at(u, '2025-05-15', 'region') AS region_may,
	dwh.unit_at(u, '2025-07-15', 'region') AS region_july, dwh.unit_at(u, '2025-07-15', 'country') AS root
FROM unnest(ARRAY[1, 11, 21, 22, 101, 110, 152, 246, 317]) AS u ORDER BY u;
-- Each of the 63 is in exactly one region in June 2025, and the regions group nothing else.
SELECT count(*) AS grouped, count(DISTINCT unit_id) AS units, count(DISTINCT group_unit_id) AS regions,
	count(*) FILTER (WHERE NOT is_verified) AS unverified, count(*) FILTER (WHERE dwh.unit_at(unit_id, '2025-06-30', 'region') <> group_unit_id) AS wrong
FROM dwh_catalog.unit_grouping;
SELECT name_vi, string_agg(unit_name, ', ' ORDER BY unit_name COLLATE "C") FROM (
	SELECT r.unit_id, r.name_vi, a.short_name_vi AS unit_name FROM dwh_catalog.unit_grouping AS g
	JOIN dwh_star.dim_unit AS r ON r.unit_id = g.group_unit_id JOIN dwh_star.dim_area AS a ON a.area_id = g.unit_id) AS x
WHERE unit_id IN (301, 321, 335) GROUP BY unit_id, name_vi ORDER BY unit_id;

-- What a site may add: a district that ends without a merger, a split, a transfer, a second merger, a circle.
BEGIN;
INSERT INTO dwh_star.dim_unit (unit_id, code, level, name_vi, name_en, parent_unit_id, valid_from, valid_to) VALUES
	(5001, '15-01', 'district', 'a', 'a', 110, '2008-08-01', '2025-06-30'),
	(5002, '15-02', 'district', 'b', 'b', 115, '2008-08-01', '2025-06-30'),
	(5003, '15-B1', 'base', 'c', 'c', 215, '2025-07-01', NULL),
	(5004, '15-B2', 'base', 'd', 'd', 215, '2025-07-01', NULL),
	(5005, '15-B3', 'base', 'e', 'e', 215, '2026-01-01', NULL),
	(5006, '15-03', 'district', 'f', 'f', 110, '2008-08-01', '2025-06-30');
UPDATE dwh_star.dim_unit SET valid_to = '2025-12-31' WHERE unit_id = 5004;
INSERT INTO dwh_catalog.unit_succession VALUES
	(5001, 5003, 'split', '2025-07-01'), (5001, 5004, 'split', '2025-07-01'),
	(5002, 5004, 'merge', '2025-07-01'), (5002, 5003, 'transfer', '2020-01-01'), (5004, 5005, 'merge', '2026-01-01');
SELECT dwh.map_unit(5001, '2025-07-01') AS through_split, dwh.unit_at(5001, '2025-07-01', 'province') AS split_at_province,
	dwh.map_unit(5002, '2025-08-01') AS past_transfer, dwh.map_unit(5002, '2026-02-01') AS two_mergers, dwh.map_unit(5006, '2025-07-01') AS ended,
	dwh.unit_at(5006, '2025-07-01', 'province') AS ended_at_province, dwh.unit_ancestor(5002, 'province') AS own_province,
	dwh.unit_at(5002, '2025-06-01', 'region') AS region, dwh.map_unit(5005, '2025-08-01') AS back_through_merger;
SELECT unit_id, kind, depth FROM dwh.list_successors(5002);
SELECT unit_id, kind, depth FROM dwh.list_predecessors(5005);
-- A split with one successor recorded is a split still; a transfer alone leads nowhere; two mergers are ambiguous.
SAVEPOINT s;
INSERT INTO dwh_catalog.unit_succession VALUES (5006, 5003, 'split', '2025-07-01');
SELECT dwh.map_unit(5006, '2025-07-01') AS split;
UPDATE dwh_catalog.unit_succession SET kind = 'transfer' WHERE predecessor_unit_id = 5006;
SELECT dwh.map_unit(5006, '2025-07-01') AS transfer;
UPDATE dwh_catalog.unit_succession SET kind = 'merge' WHERE predecessor_unit_id = 5006;
SELECT dwh.map_unit(5006, '2025-07-01') AS merger;
INSERT INTO dwh_catalog.unit_succession VALUES (5006, 5004, 'merge', '2025-07-01');
SELECT dwh.map_unit(5006, '2025-07-01') AS two_mergers;
ROLLBACK TO s;
-- One code and level may not be held twice at a time; a unit is in one group at a time; there is one root.
\set VERBOSITY sqlstate
INSERT INTO dwh_star.dim_unit (code, level, name_vi, name_en, parent_unit_id, valid_from) VALUES ('52', 'province', 'x', 'x', 1, '2030-01-01');
ROLLBACK TO s;
INSERT INTO dwh_star.dim_area (code, level, type, name_vi, name_en, short_name_vi, parent_area_id, valid_from, valid_to)
VALUES ('52', 'province', 'province', 'x', 'x', 'x', 1, '2025-06-30', '2025-06-30');
ROLLBACK TO s;
INSERT INTO dwh_star.dim_unit (code, level, name_vi, name_en, parent_unit_id, valid_from) VALUES ('52', 'base', 'x', 'x', 252, '2030-01-01');
ROLLBACK TO s;
INSERT INTO dwh_catalog.unit_grouping VALUES (302, 101, '2025-06-01', '2025-06-01');
ROLLBACK TO s;
INSERT INTO dwh_star.dim_unit (code, level, name_vi, name_en, valid_from) VALUES ('X', 'centre', 'x', 'x', '2030-01-01');
ROLLBACK TO s;
INSERT INTO dwh_star.dim_unit (code, level, name_vi, name_en, parent_unit_id, valid_from, valid_to) VALUES ('X', 'base', 'x', 'x', 1, '2030-01-01', '2029-12-31');
ROLLBACK TO s;
-- A code of two levels needs the level.
INSERT INTO dwh_star.dim_unit (code, level, name_vi, name_en, parent_unit_id, valid_from) VALUES ('52', 'base', 'x', 'x', 252, '2030-01-01');
SELECT (dwh.get_unit('52', '2030-01-01')).level;
ROLLBACK TO s;
INSERT INTO dwh_star.dim_unit (code, level, name_vi, name_en, parent_unit_id, valid_from) VALUES ('52', 'base', 'x', 'x', 252, '2030-01-01');
\set VERBOSITY terse
SELECT (dwh.get_unit('52', '2030-01-01', 'base')).level;
SELECT dwh.get_unit('52', '2030-01-01');
ROLLBACK TO s;
INSERT INTO dwh_catalog.unit_succession VALUES (5003, 5006, 'merge', '2024-01-01'), (5006, 5003, 'merge', '2024-01-01');
UPDATE dwh_star.dim_unit SET valid_to = '2025-07-01' WHERE unit_id = 5003;
SELECT dwh.map_unit(5006, '2030-01-01');
ROLLBACK TO s;
-- The private copy is dropped with the rows: after a rollback the added units are gone.
ROLLBACK;
SELECT dwh.map_unit(5001, '2025-07-01');
-- In a parallel plan, over facts' rows.
BEGIN;
SET LOCAL parallel_setup_cost = 0; SET LOCAL parallel_tuple_cost = 0; SET LOCAL min_parallel_table_scan_size = 0;
SELECT set_config(name, 'on', true) FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query') \g (format=unaligned) /dev/null
SELECT count(DISTINCT dwh.unit_at(unit_id, '2025-07-01', 'province')) FROM dwh_star.dim_unit WHERE level = 'province';
SELECT name_vi FROM dwh.get_unit('01', '2025-07-01');
ROLLBACK;
DROP TABLE published;
-- A day without end, where the code has another meaning at another time.
SELECT name_vi FROM dwh.get_unit('52', 'infinity');
SELECT name_vi FROM dwh.get_area('52', 'infinity');

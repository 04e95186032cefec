-- report.sql: what the demo prints. Published figures are read back from fact_manual, generated ones computed by
-- dwh.indicator_values() and multiplied by N. Ends with an error when a check fails.
\set ON_ERROR_STOP 1
\pset footer off
\pset null '-'
SET client_min_messages = warning;
SET search_path = pg_catalog, pg_temp;
SELECT n FROM demo.param \gset

-- The published figure of an indicator for a day: settlement before actual before estimate before rounded.
CREATE TEMP VIEW published AS
SELECT DISTINCT ON (m.indicator, m.period_type, m.as_of) m.indicator, m.period_type, m.as_of, m.value, m.kind
FROM dwh_star.fact_manual AS m
JOIN dwh_star.dim_unit AS u ON u.unit_id = m.unit_id AND u.level = 'centre'
WHERE m.is_current AND m.kind IN ('settlement', 'actual', 'estimate', 'rounded')
ORDER BY m.indicator, m.period_type, m.as_of, array_position(ARRAY['settlement', 'actual', 'estimate', 'rounded'], m.kind), m.source_note;

CREATE TEMP VIEW year_end AS
SELECT year, month_end FROM dwh_star.dim_month WHERE month BETWEEN '2017-12-01' AND '2025-12-01' AND month_no = 12;

-- All that is asked of the country by year, in one call.
CREATE TEMP TABLE computed AS
SELECT extract(year FROM v.period_start)::int AS year, v.*
FROM dwh.indicator_values('{A01,A02,A03,A04,A05,A06,A08,A08_PREV,A11,A12,B01,B02,B03,B04}', '2017-01-01', '2025-12-01', 'year', '{country}') AS v;

-- One figure a line, published beside computed: thousand persons for A.., billion đồng for B...
CREATE TEMP VIEW figure AS
SELECT y.year, i.indicator,
	coalesce(lpad(round(p.value / i.divisor)::text, 8) || ' ' || left(p.kind, 1), '       -') AS published,
	round(c.value * :n / i.divisor) AS generated
FROM year_end AS y
CROSS JOIN (VALUES ('A01', 1e3, 'point'), ('A02', 1e3, 'point'), ('A03', 1e3, 'point'), ('A04', 1e3, 'point'), ('A05', 1e3, 'point'),
	('A06', 1e3, 'point'), ('B01', 1e9, 'year'), ('B02', 1e9, 'year'), ('B03', 1e9, 'year'), ('B04', 1e9, 'year'))
	AS i (indicator, divisor, period_type)
LEFT JOIN published AS p ON p.indicator = i.indicator AND p.period_type = i.period_type AND p.as_of = y.month_end
LEFT JOIN computed AS c ON c.indicator = i.indicator AND c.year = y.year;

\qecho
\qecho 'PUBLISHED = printed by the agency or the statistics office, sources in test/demo/*.csv; s settlement, a actual, e estimate, r rounded;'
\qecho '            - nothing published. GENERATED = made up for this demo, scaled to the published levels, computed by dwh.indicator_values(),'
\qecho '            shown times' :n '(one generated person stands for' :n', one generated đồng for' :n'). No generated figure is a fact.'
\qecho
\qecho 'PARTICIPANTS of the country at 31 December, thousand persons'
SELECT year,
	max(published) FILTER (WHERE indicator = 'A01') AS "BHXH bắt buộc published", max(generated) FILTER (WHERE indicator = 'A01') AS generated,
	max(published) FILTER (WHERE indicator = 'A02') AS "BHXH tự nguyện published", max(generated) FILTER (WHERE indicator = 'A02') AS generated,
	max(published) FILTER (WHERE indicator = 'A03') AS "BHXH published", max(generated) FILTER (WHERE indicator = 'A03') AS generated
FROM figure GROUP BY year ORDER BY year;
SELECT year,
	max(published) FILTER (WHERE indicator = 'A04') AS "BHTN published", max(generated) FILTER (WHERE indicator = 'A04') AS generated,
	max(published) FILTER (WHERE indicator = 'A06') AS "TNLĐ-BNN published", max(generated) FILTER (WHERE indicator = 'A06') AS generated,
	max(published) FILTER (WHERE indicator = 'A05') AS "BHYT published", max(generated) FILTER (WHERE indicator = 'A05') AS generated
FROM figure GROUP BY year ORDER BY year;

\qecho 'COVERAGE of the country at 31 December, per cent (to 2021: the previous denominator, A08_PREV)'
SELECT y.year, r.name AS rate, coalesce(lpad(round(p.value, 2)::text, 6) || ' ' || left(p.kind, 1), '     -') AS published,
	round(c.value * :n, 2) AS generated,
	round(c.denominator / 1000) AS "denominator, thousand", d.said AS "the denominator is"
FROM year_end AS y
CROSS JOIN (VALUES ('A08_PREV', 'BHXH / labour force', 'X03'), ('A08', 'BHXH / labour force', 'X02'), ('A11', 'BHTN / labour force', 'X02'),
	('A12', 'BHYT / population', 'X01')) AS r (indicator, name, outside)
LEFT JOIN published AS p ON p.indicator = r.indicator AND p.period_type = 'point' AND p.as_of = y.month_end
LEFT JOIN computed AS c ON c.indicator = r.indicator AND c.year = y.year
LEFT JOIN LATERAL (
	SELECT CASE WHEN m.kind <> 'implied' THEN 'published, ' || m.kind ELSE 'implied from a published pair' END
		|| CASE WHEN extract(year FROM m.as_of) <> y.year THEN ' of ' || extract(year FROM m.as_of)
				WHEN m.kind = 'implied' AND r.indicator LIKE 'A08%' THEN ', this very pair: circular, no check' ELSE '' END AS said
	FROM dwh_star.fact_manual AS m
	WHERE m.is_current AND m.indicator = r.outside AND m.as_of <= y.month_end AND m.value = c.denominator
	ORDER BY m.as_of DESC LIMIT 1) AS d ON true
WHERE (r.indicator <> 'A08' OR y.year > 2021) AND (r.indicator <> 'A08_PREV' OR y.year <= 2021)
	AND (p.value IS NOT NULL OR c.value IS NOT NULL)
ORDER BY r.name COLLATE "C", y.year;

\qecho 'COLLECTION of the country by year, billion đồng'
SELECT year,
	max(published) FILTER (WHERE indicator = 'B04') AS "total published", max(generated) FILTER (WHERE indicator = 'B04') AS generated,
	max(published) FILTER (WHERE indicator = 'B01') AS "BHXH published", max(generated) FILTER (WHERE indicator = 'B01') AS generated,
	max(published) FILTER (WHERE indicator = 'B02') AS "BHYT published", max(generated) FILTER (WHERE indicator = 'B02') AS generated,
	max(published) FILTER (WHERE indicator = 'B03') AS "BHTN published", max(generated) FILTER (WHERE indicator = 'B03') AS generated
FROM figure WHERE year >= 2018 GROUP BY year ORDER BY year;

\qecho 'COLLECTION of the country from January, billion đồng, for every month with a published figure'
SELECT p.as_of AS "from January to", i.name AS branch, lpad(round(p.value / 1e9, 1)::text, 9) || ' ' || left(p.kind, 1) AS published,
	round(v.value * :n / 1e9, 1) AS generated
FROM published AS p
JOIN (VALUES ('B04', 'total', 1), ('B01', 'BHXH', 2), ('B02', 'BHYT', 3), ('B03', 'BHTN', 4)) AS i (indicator, name, no) USING (indicator)
CROSS JOIN LATERAL dwh.indicator_values(ARRAY[p.indicator], date_trunc('month', p.as_of)::date, date_trunc('month', p.as_of)::date, 'ytd',
	'{country}') AS v
WHERE p.period_type = 'ytd'
ORDER BY p.as_of, i.no;

\qecho 'THE FIVE LARGEST PROVINCES by participants of BHXH (A03), thousand persons, all generated: December 2024 on the map of 63, the same'
\qecho 'month on the map of 34, and December 2025'
WITH asked AS (
	SELECT 1 AS block, v.* FROM dwh.indicator_values('{A03}', '2024-12-01', '2024-12-01', p_map => '2024-12-31') AS v
	UNION ALL
	SELECT 2, v.* FROM dwh.indicator_values('{A03}', '2024-12-01', '2024-12-01', p_map => '2025-12-31') AS v
	UNION ALL
	SELECT 3, v.* FROM dwh.indicator_values('{A03}', '2025-12-01', '2025-12-01', p_map => '2025-12-31') AS v
), ranked AS (
	SELECT block, row_number() OVER (PARTITION BY block ORDER BY value DESC, unit_code COLLATE "C") AS rank,
		unit_code || ' ' || replace(replace(unit_name, 'Bảo hiểm xã hội ', ''), 'thành phố ', 'TP ') AS province, round(value * :n / 1000) AS persons
	FROM asked
)
SELECT rank,
	max(province) FILTER (WHERE block = 1) AS "63, Dec 2024", max(persons) FILTER (WHERE block = 1) AS "x N",
	max(province) FILTER (WHERE block = 2) AS "34, Dec 2024", max(persons) FILTER (WHERE block = 2) AS "x N",
	max(province) FILTER (WHERE block = 3) AS "34, Dec 2025", max(persons) FILTER (WHERE block = 3) AS "x N"
FROM ranked WHERE rank <= 5 GROUP BY rank ORDER BY rank;

\qecho 'CHECK: January-June 2025 summed over the offices of the 63 and of the 34 provinces (defence and police beside both)'
CREATE TEMP TABLE sums AS
SELECT i.code AS indicator, i.name_en AS name, bool_and(o.total = n.total) AS equal, sum(o.total) AS over_63, sum(n.total) AS over_34,
	count(*) AS months
FROM (SELECT indicator, period_start, sum(value) AS total FROM dwh.indicator_values(
		'{B01,B02,B03,B05,C03_T,C04_T,C07_T,C10,C11,D01,D02,D03,D05}', '2025-01-01', '2025-06-01', p_map => '2025-06-30')
	GROUP BY indicator, period_start) AS o
JOIN (SELECT indicator, period_start, sum(value) AS total FROM dwh.indicator_values(
		'{B01,B02,B03,B05,C03_T,C04_T,C07_T,C10,C11,D01,D02,D03,D05}', '2025-01-01', '2025-06-01', p_map => '2025-12-31')
	GROUP BY indicator, period_start) AS n USING (indicator, period_start)
JOIN dwh_catalog.indicator AS i ON i.code = o.indicator
GROUP BY i.code, i.name_en;
SELECT indicator, name, months, over_63 AS "sum over 63, unscaled", over_34 AS "sum over 34, unscaled",
	CASE WHEN equal THEN 'equal' ELSE 'DIFFERENT' END AS result
FROM sums ORDER BY indicator COLLATE "C";

\qecho 'People are not amounts: who has employers in two provinces counts once in each of them and once in the country (A01, June 2025, unscaled)'
SELECT sum(value) FILTER (WHERE map = 63) AS "sum over 63", sum(value) FILTER (WHERE map = 34) AS "sum over 34",
	sum(value) FILTER (WHERE map = 1) AS country
FROM (
	SELECT 63 AS map, value FROM dwh.indicator_values('{A01}', '2025-06-01', '2025-06-01', p_map => '2025-06-30')
	UNION ALL SELECT 34, value FROM dwh.indicator_values('{A01}', '2025-06-01', '2025-06-01', p_map => '2025-12-31')
	UNION ALL SELECT 1, value FROM dwh.indicator_values('{A01}', '2025-06-01', '2025-06-01', 'month', '{country}')) AS v;

\qecho 'CHECK: the other way, July 2025 asked for on the map of 63'
DO $$
BEGIN
	PERFORM dwh.indicator_values('{B04}', '2025-07-01', '2025-07-01', p_map => '2025-06-30');
EXCEPTION WHEN SQLSTATE 'WH104' THEN
	PERFORM set_config('demo.refusal', SQLERRM || ' (WH104)', false);
END
$$;
SELECT current_setting('demo.refusal', true) AS refusal \gset
\qecho 'refused:' :refusal
\qecho
DO $$
BEGIN
	IF EXISTS (SELECT FROM pg_temp.sums WHERE NOT equal OR months <> 6) OR (SELECT count(*) FROM pg_temp.sums) <> 13 THEN
		RAISE EXCEPTION 'the sums over the 63 and the 34 provinces differ' USING ERRCODE = 'P0004';
	ELSIF current_setting('demo.refusal', true) IS NULL THEN
		RAISE EXCEPTION 'figures of after the merger were given on the map of before it' USING ERRCODE = 'P0004';
	END IF;
END
$$;

-- Rows of the calendar. Months 1995-2040, days 2006-2040; lunar holidays and decisions 2020-2027.
--
-- Sources: Labour Code 1994 (Art. 73), Labour Code 2012 (10/2012/QH13, Art. 115, in force to 2020-12-31) and Labour Code 2019
-- (45/2019/QH14, Arts. 111.3, 112, in force from 2021-01-01). The dates of mùng 1 and of 10/3 are computed in the test
-- calendar_lunar from the new moons at UTC+7. Days off in compensation of a holiday on a weekly rest day are not rows: they
-- follow by rule (Art. 111.3 of 2019, Art. 115.3 of 2012).

INSERT INTO dwh_star.dim_month (month, year, half, quarter, month_no, month_end, is_last_month_of_quarter,
	is_last_month_of_half, is_last_month_of_year, name_vi, name_en)
SELECT m, extract(year FROM m)::int, (extract(month FROM m)::int + 5) / 6, extract(quarter FROM m)::int,
	extract(month FROM m)::int, (m + interval '1 month')::date - 1, extract(month FROM m)::int % 3 = 0,
	extract(month FROM m)::int % 6 = 0, extract(month FROM m) = 12,
	to_char(m, '"Tháng" MM/YYYY'), to_char(m, 'FMMonth YYYY')
FROM generate_series(timestamp '1995-01-01', timestamp '2040-12-01', interval '1 month') AS g (ts), CAST(ts AS date) AS m;

-- Weekdays only; the holidays are laid over them once the triggers stand.
INSERT INTO dwh_star.dim_day (day, month, iso_weekday, is_working_day)
SELECT d, date_trunc('month', ts)::date, extract(isodow FROM d)::int, extract(isodow FROM d) < 6
FROM generate_series(timestamp '2006-01-01', timestamp '2040-12-31', interval '1 day') AS g (ts), CAST(ts AS date) AS d;

INSERT INTO dwh_catalog.holiday_rule (holiday_rule_id, month_no, day_no, name_vi, name_en, valid_from, valid_to, source)
SELECT 10 * law.law_no + d.day_id, d.month_no, d.day_no, d.name_vi, d.name_en, law.valid_from, law.valid_to, law.source
FROM (VALUES
	(1, 1, 1, 'Tết Dương lịch', 'New Year''s Day'),
	(2, 4, 30, 'Ngày Chiến thắng', 'Victory Day'),
	(3, 5, 1, 'Ngày Quốc tế lao động', 'International Labour Day'),
	(4, 9, 2, 'Quốc khánh', 'National Day')) AS d (day_id, month_no, day_no, name_vi, name_en)
CROSS JOIN (VALUES
	(1, date '2006-01-01', date '2013-04-30', 'Bộ luật Lao động 1994, Điều 73 | Labour Code 1994, Art. 73'),
	(2, date '2013-05-01', date '2020-12-31', 'Bộ luật Lao động 2012, Điều 115 | Labour Code 2012, Art. 115'),
	(3, date '2021-01-01', NULL, 'Bộ luật Lao động 2019, Điều 112 | Labour Code 2019, Art. 112'))
	AS law (law_no, valid_from, valid_to, source);
ALTER TABLE dwh_catalog.holiday_rule ALTER COLUMN holiday_rule_id RESTART WITH 101;

-- Tết: five days around mùng 1, two before it (days_before = 2) or one; the split is decided every year.
INSERT INTO dwh_catalog.holiday (holiday_id, on_date, kind, name_vi, name_en, source, is_verified)
SELECT 10 * (extract(year FROM t.first_day)::int - 2000) + o.day_offset + 3, t.first_day + o.day_offset, 'lunar',
	'Tết Âm lịch (' || CASE WHEN o.day_offset < 0 THEN format('trước mùng 1: %s ngày', -o.day_offset)
		ELSE format('mùng %s', o.day_offset + 1) END || ')',
	'Lunar New Year (' || CASE WHEN o.day_offset < 0 THEN format('day -%s', -o.day_offset)
		ELSE format('day %s', o.day_offset + 1) END || ')',
	t.source, t.is_decided OR o.day_offset = 0
FROM (VALUES
	(date '2020-01-25', 2, 'Bộ luật Lao động 2012, Điều 115.1b | Labour Code 2012, Art. 115.1b', true),
	(date '2021-02-12', 2, 'Bộ luật Lao động 2019, Điều 112.1b | Labour Code 2019, Art. 112.1b', true),
	(date '2022-02-01', 1, 'Bộ luật Lao động 2019, Điều 112.1b | Labour Code 2019, Art. 112.1b', true),
	(date '2023-01-22', 2, 'Bộ luật Lao động 2019, Điều 112.1b | Labour Code 2019, Art. 112.1b', true),
	(date '2024-02-10', 2, 'Bộ luật Lao động 2019, Điều 112.1b | Labour Code 2019, Art. 112.1b', true),
	(date '2025-01-29', 2, 'Bộ luật Lao động 2019, Điều 112.1b | Labour Code 2019, Art. 112.1b', true),
	(date '2026-02-17', 1, 'Bộ luật Lao động 2019, Điều 112.1b | Labour Code 2019, Art. 112.1b', true),
	(date '2027-02-06', 1, 'Bộ luật Lao động 2019, Điều 112.1b; chưa có quyết định chọn ngày | '
		'Labour Code 2019, Art. 112.1b; the choice of days is not yet known', false))
	AS t (first_day, days_before, source, is_decided)
CROSS JOIN LATERAL generate_series(-t.days_before, 4 - t.days_before) AS o (day_offset);

-- Hùng Kings' day, 10/3 of the lunar calendar.
INSERT INTO dwh_catalog.holiday (holiday_id, on_date, kind, name_vi, name_en, source, is_verified)
SELECT 10 * (extract(year FROM d)::int - 2000) + 8, d, 'lunar', 'Giỗ Tổ Hùng Vương', 'Hung Kings'' Commemoration Day',
	CASE WHEN d < date '2021-01-01' THEN 'Bộ luật Lao động 2012, Điều 115.1e | Labour Code 2012, Art. 115.1e'
		ELSE 'Bộ luật Lao động 2019, Điều 112.1e | Labour Code 2019, Art. 112.1e' END, true
FROM unnest(ARRAY[date '2020-04-02', date '2021-04-21', date '2022-04-10', date '2023-04-29', date '2024-04-18',
	date '2025-04-07', date '2026-04-26', date '2027-04-16']) AS d;

-- The second day of the National Day since 2021: the day before or the day after, decided every year.
INSERT INTO dwh_catalog.holiday (holiday_id, on_date, kind, name_vi, name_en, source, is_verified)
SELECT 10 * (extract(year FROM d)::int - 2000) + 9, d, 'decision', 'Quốc khánh (ngày liền kề)', 'National Day (adjacent day)',
	'Bộ luật Lao động 2019, Điều 112.1đ | Labour Code 2019, Art. 112.1đ', d < date '2026-01-01'
FROM unnest(ARRAY[date '2021-09-03', date '2022-09-01', date '2023-09-01', date '2024-09-03', date '2025-09-01',
	date '2026-09-01', date '2027-09-03']) AS d;

-- Working days swapped with a Saturday. Swaps proposed for 2026 are left to the site: no decision was seen.
INSERT INTO dwh_catalog.holiday (holiday_id, on_date, kind, name_vi, name_en, source, is_verified) VALUES
	(501, '2024-04-29', 'decision', 'Nghỉ, làm bù ngày 04/05/2024', 'Day off, made up on 2024-05-04',
		'Công văn 2450/VPCP-KGVX ngày 12/4/2024 | Official letter 2450/VPCP-KGVX of 2024-04-12', true),
	(502, '2024-05-04', 'make_up', 'Làm bù cho ngày 29/04/2024', 'Working day in place of 2024-04-29',
		'Công văn 2450/VPCP-KGVX ngày 12/4/2024 | Official letter 2450/VPCP-KGVX of 2024-04-12', true),
	(503, '2025-05-02', 'decision', 'Nghỉ, làm bù ngày 26/04/2025', 'Day off, made up on 2025-04-26',
		'Thông báo lịch nghỉ năm 2025; chưa thấy văn bản | Announcement for 2025; the document was not seen', false),
	(504, '2025-04-26', 'make_up', 'Làm bù cho ngày 02/05/2025', 'Working day in place of 2025-05-02',
		'Thông báo lịch nghỉ năm 2025; chưa thấy văn bản | Announcement for 2025; the document was not seen', false);
ALTER TABLE dwh_catalog.holiday ALTER COLUMN holiday_id RESTART WITH 1001;

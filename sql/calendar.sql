-- Terms in working days, over holidays, days off in compensation and make-up days.
SET datestyle = 'ISO, YMD';
SELECT min(month), max(month), count(*) FROM dwh_star.dim_month;
SELECT min(day), max(day), count(*), count(*) = max(day) - min(day) + 1 AS has_no_gap FROM dwh_star.dim_day;
SELECT month, half, quarter, month_no, month_end, is_last_month_of_quarter AS q, is_last_month_of_half AS h,
	is_last_month_of_year AS y, name_vi, name_en
FROM dwh_star.dim_month WHERE month IN ('2024-02-01', '2025-06-01', '2025-12-01') ORDER BY month;

-- A letter of Friday 2020-07-10 is due on Tuesday.
SELECT dwh.add_working_days('2020-07-10', 2);

-- Every day off from Monday to Friday, and every working Saturday, 2020-2027.
SELECT extract(year FROM day) AS year, string_agg(to_char(day, 'MM-DD') || CASE WHEN is_working_day THEN '+' ELSE '' END, ' ' ORDER BY day)
FROM dwh_star.dim_day WHERE (is_working_day <> (iso_weekday < 6)) AND day BETWEEN '2020-01-01' AND '2027-12-31' GROUP BY 1 ORDER BY 1;
-- Two holidays on one weekend give two days (30/4 and 1/5 of 2022); a holiday is passed over (Hùng Kings' day of 2023).
SELECT day, is_working_day, holiday_vi, holiday_en FROM dwh_star.dim_day
WHERE day BETWEEN '2022-04-30' AND '2022-05-04' OR day BETWEEN '2023-04-29' AND '2023-05-04' ORDER BY day;

-- The day after p_from is day 1, whether p_from is a working day or not; 0 gives p_from; negative counts back.
SELECT dwh.add_working_days('2025-04-29', 1) AS over_swap, dwh.add_working_days('2025-04-25', 1) AS make_up,
	dwh.add_working_days('2025-04-26', 1) AS from_make_up, dwh.add_working_days('2025-01-25', 1) AS from_saturday,
	dwh.add_working_days('2025-01-29', 0) AS zero, dwh.add_working_days('2025-02-03', -1) AS back,
	dwh.add_working_days('2025-02-02', -1) AS back_from_sunday;
SELECT dwh.working_days_between('2025-04-29', '2025-05-05') AS forth, dwh.working_days_between('2025-05-05', '2025-04-29') AS back,
	dwh.working_days_between('2025-04-29', '2025-04-29') AS none, dwh.working_days_between('2025-05-01', '2025-05-04') AS all_off,
	dwh.working_days_between('2024-12-31', '2025-12-31') AS year;
SELECT dwh.add_working_days(NULL, 1), dwh.add_working_days('2025-01-01', NULL), dwh.working_days_between('2025-01-01', NULL);

-- Both agree with counting rows, and with each other, for all pairs of days near Tết, 30/4 and the New Year.
WITH d AS (SELECT day, is_working_day FROM dwh_star.dim_day WHERE day BETWEEN '2023-12-20' AND '2024-05-10')
SELECT count(*) AS pairs,
	count(*) FILTER (WHERE n <> counted) AS miscounted,
	count(*) FILTER (WHERE q.is_working_day AND dwh.add_working_days(p.day, n) <> q.day) AS not_inverse
FROM d AS p CROSS JOIN d AS q CROSS JOIN LATERAL (
	SELECT dwh.working_days_between(p.day, q.day) AS n,
		CASE WHEN q.day >= p.day THEN (SELECT count(*) FROM d WHERE is_working_day AND day > p.day AND day <= q.day)
			ELSE -(SELECT count(*) FROM d WHERE is_working_day AND day >= q.day AND day < p.day) END AS counted) AS c;
WITH d AS (SELECT day FROM dwh_star.dim_day WHERE day BETWEEN '2020-06-01' AND '2027-06-01')
SELECT count(*) FILTER (WHERE NOT r.is_working_day) AS lands_on_day_off, count(*) FILTER (WHERE
	dwh.working_days_between(d.day, r.day) <> n) AS not_inverse
FROM d CROSS JOIN unnest(ARRAY[-60, -7, -1, 1, 2, 5, 7, 60]) AS n JOIN dwh_star.dim_day AS r ON r.day = dwh.add_working_days(d.day, n);

-- Outside what is known: an error, never a guess.
SELECT dwh.add_working_days('2027-12-30', 2);
SELECT dwh.add_working_days('2020-01-03', -3);
SELECT dwh.working_days_between('2019-06-01', '2020-06-01');
SELECT dwh.add_working_days('2041-01-01', 1);
SELECT dwh.add_working_days('infinity', 1);
SELECT dwh.working_days_between('2025-01-01', '-infinity');
SELECT dwh.add_working_days('2025-01-01', 2147483647);
SELECT dwh.add_working_days('2025-01-01', -2147483648);

-- A change of the holidays acts at once, on dim_day and on the functions, and leaves with its transaction.
BEGIN;
SELECT dwh.add_working_days('2026-08-28', 1);
INSERT INTO dwh_catalog.holiday (on_date, kind, name_vi, name_en, source) VALUES
	('2026-08-31', 'decision', 'Nghỉ', 'Day off', 'test'), ('2026-08-22', 'make_up', 'Làm bù', 'Made up', 'test');
SELECT dwh.add_working_days('2026-08-28', 1) AS after_insert, dwh.working_days_between('2026-08-21', '2026-08-22') AS made_up;
SELECT day, is_working_day, holiday_vi, holiday_en FROM dwh_star.dim_day WHERE day IN ('2026-08-22', '2026-08-31') ORDER BY day;
SAVEPOINT s;
DELETE FROM dwh_catalog.holiday WHERE source = 'test';
SELECT dwh.add_working_days('2026-08-28', 1) AS after_delete;
ROLLBACK TO s;
SELECT dwh.add_working_days('2026-08-28', 1) AS after_rollback_to;
-- A dated day off on a Sunday is compensated by rule; a dated compensation stands for itself.
UPDATE dwh_catalog.holiday SET on_date = '2026-08-30' WHERE on_date = '2026-08-31';
SELECT day, is_working_day, holiday_en FROM dwh_star.dim_day WHERE day BETWEEN '2026-08-29' AND '2026-08-31' ORDER BY day;
UPDATE dwh_catalog.holiday SET kind = 'compensatory' WHERE on_date = '2026-08-30';
SELECT day, is_working_day, holiday_en FROM dwh_star.dim_day WHERE day BETWEEN '2026-08-29' AND '2026-08-31' ORDER BY day;
-- A rule that ends, a rule that begins, one for a leap day.
UPDATE dwh_catalog.holiday_rule SET valid_to = '2026-12-31' WHERE month_no = 5 AND valid_to IS NULL;
INSERT INTO dwh_catalog.holiday_rule (month_no, day_no, name_vi, name_en, valid_from, source) VALUES
	(2, 29, 'Ngày nhuận', 'Leap day', '2021-01-01', 'test');
SELECT day, is_working_day, holiday_en FROM dwh_star.dim_day
WHERE day IN ('2026-05-01', '2027-05-01', '2027-05-03', '2020-02-29', '2024-02-29', '2025-03-01') ORDER BY day;
-- A new year becomes known with its lunar holidays.
INSERT INTO dwh_catalog.holiday (on_date, kind, name_vi, name_en, source) VALUES ('2028-01-26', 'lunar', 'Tết', 'Tết', 'test');
SELECT dwh.add_working_days('2027-12-30', 2);
TRUNCATE dwh_catalog.holiday;
SELECT dwh.add_working_days('2025-01-02', 1);
ROLLBACK;
SELECT dwh.add_working_days('2026-08-28', 1) AS after_rollback;
-- Running it again changes nothing: a restore rewrites no row.
SELECT dwh_internal.refresh_calendar() AS days_changed;
-- The trigger functions are for triggers only.
SELECT dwh_internal.holiday_changed();
\set VERBOSITY sqlstate
-- Malformed rows are refused.
INSERT INTO dwh_catalog.holiday (on_date, kind, name_vi, name_en, source) VALUES ('2026-08-31', 'festival', 'x', 'x', 'test');
INSERT INTO dwh_catalog.holiday (on_date, kind, name_vi, name_en, source) VALUES ('2026-09-02', NULL, 'x', 'x', 'test');
INSERT INTO dwh_catalog.holiday_rule (month_no, day_no, name_vi, name_en, valid_from, source) VALUES (2, 30, 'x', 'x', '2021-01-01', 'test');
INSERT INTO dwh_star.dim_month SELECT date '2041-01-02', 2041, 1, 1, 1, date '2041-01-31', false, false, false, 'x', 'x';
INSERT INTO dwh_star.dim_day (day, month, iso_weekday, is_working_day) VALUES ('2041-01-01', '2040-12-01', 2, true);
\set VERBOSITY default
-- A gap is named rather than counted over.
BEGIN;
DELETE FROM dwh_star.dim_day WHERE day = '2026-03-03';
SELECT dwh.add_working_days('2026-01-02', 1);
ROLLBACK;
-- In parallel plans, and in a generic plan after a change.
BEGIN;
SET LOCAL parallel_setup_cost = 0; SET LOCAL parallel_tuple_cost = 0; SET LOCAL min_parallel_table_scan_size = 0;
SELECT set_config(name, 'on', true) FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query') \g (format=unaligned) /dev/null
SELECT sum(dwh.working_days_between('2025-01-01', day)) FROM dwh_star.dim_day WHERE day BETWEEN '2025-01-01' AND '2025-12-31';
SELECT set_config(name, 'off', true) FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query') \g (format=unaligned) /dev/null
SET LOCAL plan_cache_mode = force_generic_plan;
PREPARE next_day AS SELECT dwh.add_working_days($1, 1);
EXECUTE next_day ('2026-08-28');
INSERT INTO dwh_catalog.holiday (on_date, kind, name_vi, name_en, source) VALUES ('2026-08-31', 'decision', 'x', 'x', 'test');
EXECUTE next_day ('2026-08-28');
SELECT set_config(name, 'on', true) FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query') \g (format=unaligned) /dev/null
EXECUTE next_day ('2026-08-28');
ROLLBACK;
EXECUTE next_day ('2026-08-28');
DEALLOCATE next_day;
-- A holiday without a day does not take the calendar away.
BEGIN;
INSERT INTO dwh_catalog.holiday (on_date, kind, name_vi, name_en, source) VALUES ('infinity', 'lunar', 'x', 'x', 'test');
SELECT dwh.add_working_days('2025-04-29', 1);
ROLLBACK;

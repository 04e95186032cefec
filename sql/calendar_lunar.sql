-- The lunar holidays that ship agree with a lunar calendar computed here from its astronomical definition.
--
-- A lunar month begins on the day (at UTC+7) of the new moon; the month that holds the winter solstice is the eleventh; where
-- 13 months lie between two of these, the first one in which the sun enters no new sector of 30 degrees is a leap month.
-- New moons: J. Meeus, Astronomical Algorithms, chapter 49 (mean phase and periodic terms). Sun: chapter 25 (low accuracy,
-- 0.01 degree = 15 minutes). Terrestrial time is taken as 70 seconds ahead of universal time.

SET datestyle = 'ISO, YMD';
-- The day (as Julian day number, local) of new moon number k since January 2000.
CREATE FUNCTION pg_temp.new_moon_day(p_k int, p_zone float8) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	k float8 := p_k;
	t float8 := p_k / 1236.85;
	e float8 := 1 - 0.002516 * t - 0.0000074 * t ^ 2;
	m float8 := 2.5534 + 29.10535670 * k - 0.0000014 * t ^ 2;							-- mean anomaly of the sun
	n float8 := 201.5643 + 385.81693528 * k + 0.0107582 * t ^ 2 + 0.00001238 * t ^ 3;	-- and of the moon
	f float8 := 160.7108 + 390.67050284 * k - 0.0016118 * t ^ 2 - 0.00000227 * t ^ 3;	-- argument of latitude
	o float8 := 124.7746 - 1.56375588 * k + 0.0020672 * t ^ 2 + 0.00000215 * t ^ 3;		-- node of the moon's orbit
	jde float8;
BEGIN
	jde := 2451550.09766 + 29.530588861 * k + 0.00015437 * t ^ 2 - 0.000000150 * t ^ 3
		- 0.40720 * sind(n) + 0.17241 * e * sind(m) + 0.01608 * sind(2 * n) + 0.01039 * sind(2 * f)
		+ 0.00739 * e * sind(n - m) - 0.00514 * e * sind(n + m) + 0.00208 * e ^ 2 * sind(2 * m)
		- 0.00111 * sind(n - 2 * f) - 0.00057 * sind(n + 2 * f) + 0.00056 * e * sind(2 * n + m)
		- 0.00042 * sind(3 * n) + 0.00042 * e * sind(m + 2 * f) + 0.00038 * e * sind(m - 2 * f)
		- 0.00024 * e * sind(2 * n - m) - 0.00017 * sind(o) - 0.00007 * sind(n + 2 * m) + 0.00004 * sind(2 * n - 2 * f)
		+ 0.00004 * sind(3 * m) + 0.00003 * sind(n + m - 2 * f) + 0.00003 * sind(2 * n + 2 * f)
		+ 0.000325 * sind(299.77 + 0.107408 * k - 0.009173 * t ^ 2) + 0.000165 * sind(251.88 + 0.016321 * k)
		+ 0.000164 * sind(251.83 + 26.651886 * k) + 0.000126 * sind(349.42 + 36.412478 * k);
	RETURN floor(jde - 70 / 86400.0 + 0.5 + p_zone / 24);
END
$$;

-- The sector of 30 degrees, 0 to 11, in which the sun stands when a local day begins.
CREATE FUNCTION pg_temp.sun_sector(p_day int, p_zone float8) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	t float8 := (p_day - 0.5 - p_zone / 24 + 70 / 86400.0 - 2451545.0) / 36525;
	m float8 := 357.52911 + 35999.05029 * t - 0.0001537 * t ^ 2;
	l float8;
BEGIN
	l := 280.46646 + 36000.76983 * t + 0.0003032 * t ^ 2
		+ (1.914602 - 0.004817 * t - 0.000014 * t ^ 2) * sind(m) + (0.019993 - 0.000101 * t) * sind(2 * m) + 0.000289 * sind(3 * m)
		- 0.00569 - 0.00478 * sind(125.04 - 1934.136 * t);
	RETURN floor((l - 360 * floor(l / 360)) / 30);
END
$$;

-- The number of the new moon that begins the eleventh lunar month of a year.
CREATE FUNCTION pg_temp.eleventh_month(p_year int, p_zone float8) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	v_last int := (p_year::text || '-12-31')::date - date '2000-01-01' + 2451545;
	k int := floor((v_last - 2451550.1) / 29.530588861) + 1;
BEGIN
	WHILE pg_temp.new_moon_day(k, p_zone) > v_last LOOP
		k := k - 1;
	END LOOP;
	IF pg_temp.sun_sector(pg_temp.new_moon_day(k, p_zone), p_zone) >= 9 THEN
		k := k - 1;
	END IF;
	RETURN k;
END
$$;

-- The date of a day of the first ten months of a lunar year (no leap month).
CREATE FUNCTION pg_temp.lunar_date(p_year int, p_month int, p_day int, p_zone float8 DEFAULT 7) RETURNS date
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	v_from int := pg_temp.eleventh_month(p_year - 1, p_zone);
	k int := v_from + p_month + 1;
BEGIN
	IF pg_temp.eleventh_month(p_year, p_zone) - v_from = 13 THEN
		FOR i IN v_from + 1 .. k LOOP
			IF pg_temp.sun_sector(pg_temp.new_moon_day(i, p_zone), p_zone)
				= pg_temp.sun_sector(pg_temp.new_moon_day(i + 1, p_zone), p_zone) THEN
				k := k + 1;
				EXIT;
			END IF;
		END LOOP;
	END IF;
	RETURN date '2000-01-01' + (pg_temp.new_moon_day(k, p_zone) - 2451545) + p_day - 1;
END
$$;

-- The computation tells the time zones apart: in 2007 and 2030 Tết falls a day before the Chinese new year.
SELECT y, pg_temp.lunar_date(y, 1, 1) AS hanoi, pg_temp.lunar_date(y, 1, 1, 8) AS beijing
FROM unnest(ARRAY[2007, 2026, 2030]) AS y ORDER BY y;

-- Mùng 1 and the Hùng Kings' day of every year that ships, computed and stored.
SELECT y, pg_temp.lunar_date(y, 1, 1) AS new_year, pg_temp.lunar_date(y, 3, 10) AS hung_kings
FROM generate_series(2020, 2027) AS y ORDER BY y;
SELECT on_date AS stored_only FROM dwh_catalog.holiday WHERE name_en IN ('Lunar New Year (day 1)', 'Hung Kings'' Commemoration Day')
EXCEPT SELECT pg_temp.lunar_date(y, d.m, d.d) FROM generate_series(2020, 2027) AS y, (VALUES (1, 1), (3, 10)) AS d (m, d);
SELECT pg_temp.lunar_date(y, d.m, d.d) AS computed_only FROM generate_series(2020, 2027) AS y, (VALUES (1, 1), (3, 10)) AS d (m, d)
EXCEPT SELECT on_date FROM dwh_catalog.holiday WHERE kind = 'lunar';

-- Tết is five days in a row that hold the eve and the first three days.
SELECT y, count(*), max(on_date) - min(on_date) AS span,
	bool_or(on_date = new_year - 1) AND bool_or(on_date = new_year) AND bool_or(on_date = new_year + 1)
		AND bool_or(on_date = new_year + 2) AS holds_core
FROM generate_series(2020, 2027) AS y CROSS JOIN LATERAL (SELECT pg_temp.lunar_date(y, 1, 1) AS new_year) AS c
	JOIN dwh_catalog.holiday AS h ON h.kind = 'lunar' AND h.on_date BETWEEN new_year - 3 AND new_year + 4
GROUP BY y ORDER BY y;

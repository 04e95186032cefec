-- generate_base.sql: size, offices, national levels, and the dimension rows: employers, facilities, persons.
--
-- Scratch tables stand in schema demo, which may be dropped when the demo is over. Rows are written as dwh_owner.
\set ON_ERROR_STOP 1
\if :{?size}
\else
	\set size 1000000
\endif
SET client_min_messages = warning;
SET search_path = pg_catalog, pg_temp;
SET jit = off;
SELECT CASE WHEN :size < 150000 THEN 'small' END AS too_small \gset
\if :{?too_small}
	\echo 'generate: size must be 150000 or more, not' :size
	DO $$ BEGIN RAISE EXCEPTION 'size too small' USING ERRCODE = '22023', HINT = 'Give -v size=150000 or more.'; END $$;
\endif

-- Done before? The persons' load carries the size.
SELECT count(*) > 0 AS is_loaded, coalesce(bool_or(note <> 'size ' || :'size'), false) AS is_other_size
FROM dwh_log.load_run WHERE batch = 'demo persons' \gset
\if :is_other_size
	DO $$ BEGIN RAISE EXCEPTION 'the warehouse holds generated facts of another size'
		USING ERRCODE = '55000', HINT = 'Use a fresh database for another size.'; END $$;
\endif
\if :is_loaded
	\q
\endif

BEGIN;
CREATE SCHEMA demo AUTHORIZATION dwh_owner;
SET LOCAL ROLE dwh_owner;

-- A number from 0 to 999,999 that depends on nothing but its arguments.
CREATE FUNCTION demo.rnd(p_x int, p_salt int) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT ((hashint4extended(p_x, p_salt) & 9223372036854775807) % 1000000)::int $$;

-- National levels by scheme: published where kind says so, else [own]: a round number between published neighbours, or a
-- published total less its published part. Between two days the level runs in a straight line.
CREATE UNLOGGED TABLE demo.anchor (scheme_id int, on_month date, persons bigint, kind text, PRIMARY KEY (scheme_id, on_month));
INSERT INTO demo.anchor VALUES
	(1, '2017-12-01', 13591492, 'settlement'), (1, '2018-12-01', 14388000, 'own'), (1, '2019-12-01', 15185000, 'estimate'),
	(1, '2020-12-01', 15040000, 'own'), (1, '2021-12-01', 15050000, 'own'), (1, '2022-12-01', 15860000, 'own'),
	(1, '2023-12-01', 16429000, 'own'), (1, '2024-12-01', 17800000, 'own'), (1, '2025-12-01', 18260000, 'actual'),
	(2, '2017-12-01', 227506, 'settlement'), (2, '2018-12-01', 290000, 'own'), (2, '2019-12-01', 574000, 'actual'),
	(2, '2020-12-01', 1120000, 'rounded'), (2, '2021-12-01', 1450000, 'rounded'), (2, '2022-12-01', 1640000, 'own'),
	(2, '2023-12-01', 1830000, 'actual'), (2, '2024-12-01', 2310000, 'actual'), (2, '2025-12-01', 3070000, 'actual'),
	(3, '2017-12-01', 11774742, 'settlement'), (3, '2018-12-01', 12640000, 'own'), (3, '2019-12-01', 13343000, 'estimate'),
	(3, '2020-12-01', 13300000, 'rounded'), (3, '2021-12-01', 13400000, 'rounded'), (3, '2022-12-01', 14050000, 'own'),
	(3, '2023-12-01', 14693000, 'actual'), (3, '2024-12-01', 16000000, 'rounded'), (3, '2025-12-01', 16600000, 'rounded'),
	(4, '2017-12-01', 13480000, 'own'), (4, '2018-12-01', 14270000, 'own'), (4, '2019-12-01', 15068000, 'estimate'),
	(4, '2020-12-01', 14920000, 'own'), (4, '2021-12-01', 14930000, 'own'), (4, '2022-12-01', 15740000, 'own'),
	(4, '2023-12-01', 16300000, 'own'), (4, '2024-12-01', 17660000, 'own'), (4, '2025-12-01', 18120000, 'own'),
	(5, '2017-12-01', 79982085, 'settlement'), (5, '2018-12-01', 82700000, 'own'), (5, '2019-12-01', 85390000, 'estimate'),
	(5, '2020-12-01', 88000000, 'rounded'), (5, '2021-12-01', 88800000, 'rounded'), (5, '2022-12-01', 91100000, 'rounded'),
	(5, '2023-12-01', 93307000, 'actual'), (5, '2024-12-01', 95520000, 'actual'), (5, '2025-12-01', 96900000, 'own');

-- Offices: the 63 provinces of before July 2025, defence and police. population in thousands and the factor that makes formal
-- employment of it are rough round numbers [own]: only the national levels are published.
CREATE UNLOGGED TABLE demo.home (home int PRIMARY KEY, code text NOT NULL, first_unit_id int NOT NULL, last_unit_id int NOT NULL,
	population numeric NOT NULL, formal numeric NOT NULL);
INSERT INTO demo.home
SELECT row_number() OVER (ORDER BY last_unit.unit_id, u.unit_id), v.code, u.unit_id, last_unit.unit_id, v.population, v.formal
FROM (VALUES
	('01', 8050, 2.2), ('02', 850, 0.5), ('04', 530, 0.6), ('06', 310, 0.6), ('08', 780, 0.7), ('10', 730, 0.8),
	('11', 600, 0.6), ('12', 460, 0.6), ('14', 1250, 0.5), ('15', 820, 0.7), ('17', 850, 0.8), ('19', 1290, 1.8),
	('20', 780, 0.7), ('22', 1320, 1.9), ('24', 1800, 1.8), ('25', 1460, 1.2), ('26', 1150, 1.9), ('27', 1370, 2.6),
	('30', 1890, 1.7), ('31', 2030, 1.9), ('33', 1250, 1.5), ('34', 1860, 1.1), ('35', 850, 1.6), ('36', 1780, 1.1),
	('37', 980, 1.2), ('38', 3640, 0.9), ('40', 3330, 0.7), ('42', 1290, 0.7), ('44', 900, 0.7), ('45', 630, 0.8),
	('46', 1130, 1.0), ('48', 1130, 2.0), ('49', 1500, 1.1), ('51', 1230, 0.8), ('52', 1490, 0.8), ('54', 870, 0.6),
	('56', 1230, 1.0), ('58', 590, 0.7), ('60', 1230, 0.8), ('62', 540, 0.7), ('64', 1510, 0.6), ('66', 1870, 0.6),
	('67', 620, 0.5), ('68', 1300, 0.7), ('70', 990, 1.6), ('72', 1170, 1.8), ('74', 2430, 4.6), ('75', 3100, 2.8),
	('77', 1150, 2.0), ('79', 8990, 2.7), ('80', 1690, 2.0), ('82', 1760, 1.0), ('83', 1290, 0.7), ('84', 1010, 0.7),
	('86', 1020, 0.8), ('87', 1600, 0.7), ('89', 1910, 0.6), ('91', 1720, 0.6), ('92', 1240, 1.0), ('93', 730, 0.7),
	('94', 1200, 0.6), ('95', 910, 0.6), ('96', 1190, 0.6), ('QP', 450, 4.0), ('CA', 250, 4.0)) AS v (code, population, formal)
JOIN dwh_star.dim_unit AS u
	ON u.code = v.code AND u.level IN ('province', 'defence', 'police') AND date '2017-12-01' BETWEEN u.valid_from AND coalesce(u.valid_to, 'infinity')
JOIN dwh_star.dim_unit AS last_unit ON last_unit.unit_id = dwh.map_unit(u.unit_id, '2025-12-01');

-- N, so that about size rows come out: rows that do not shrink with N, and rows that do, as counted at two sizes.
CREATE UNLOGGED TABLE demo.param AS
SELECT :size AS size, (ceil(3770000000 / (:size - 107000) / 100.0) * 100)::int AS n;
ANALYZE demo.param;

-- Which unit answers for an office in a month, and how many people of a scheme it has: national levels are cut into offices
-- with running sums, so that they add up to the level exactly.
CREATE UNLOGGED TABLE demo.month_unit AS
SELECT h.home, m.month, dwh.map_unit(h.first_unit_id, m.month) AS unit_id
FROM demo.home AS h CROSS JOIN dwh_star.dim_month AS m
WHERE m.month BETWEEN '2017-12-01' AND '2025-12-01';
ALTER TABLE demo.month_unit ADD PRIMARY KEY (month, home);

CREATE UNLOGGED TABLE demo.headcount AS
WITH level AS (
	SELECT a.scheme_id, m.month,
		round((a.persons + coalesce(b.persons - a.persons, 0) * (m.month_no % 12)::numeric / 12) / p.n) AS persons
	FROM demo.param AS p
	CROSS JOIN dwh_star.dim_month AS m
	JOIN demo.anchor AS a ON a.on_month = make_date(m.year - (m.month_no < 12)::int, 12, 1)
	LEFT JOIN demo.anchor AS b ON b.scheme_id = a.scheme_id AND b.on_month = a.on_month + interval '1 year'
	WHERE m.month BETWEEN '2017-12-01' AND '2025-12-01'
), weight AS (
	SELECT h.home, s.scheme_id,
		CASE s.scheme_id WHEN 5 THEN population
						 WHEN 2 THEN population * (h.code NOT IN ('QP', 'CA'))::int
						 ELSE population * formal END AS weight
	FROM demo.home AS h CROSS JOIN dwh_star.dim_scheme AS s
), share AS (
	SELECT home, scheme_id, sum(weight) OVER w / sum(weight) OVER (PARTITION BY scheme_id) AS upper,
		(sum(weight) OVER w - weight) / sum(weight) OVER (PARTITION BY scheme_id) AS lower
	FROM weight WINDOW w AS (PARTITION BY scheme_id ORDER BY home)
)
SELECT s.home, l.month, l.scheme_id, (round(l.persons * s.upper) - round(l.persons * s.lower))::int AS persons
FROM level AS l JOIN share AS s USING (scheme_id);
ALTER TABLE demo.headcount ADD PRIMARY KEY (scheme_id, month, home);

-- Persons of an office are numbered k = 1, 2, ...: first those who ever work under compulsory insurance (W), then the voluntarily
-- insured (V), then the others (O). In every month a scheme holds an unbroken run of k. first_id makes dense blocks of person
-- ids by office; offices of one later province follow each other, so its people are one block too.
CREATE UNLOGGED TABLE demo.block AS
SELECT b.*, sum(greatest(b.health, b.workers + b.voluntary)) OVER w - greatest(b.health, b.workers + b.voluntary) AS first_id,
	greatest(b.health, b.workers + b.voluntary) AS persons, greatest(b.workers / 25 + 1, 2) AS employers,
	sum(greatest(b.workers / 25 + 1, 2)) OVER w - greatest(b.workers / 25 + 1, 2) AS first_employer_id
FROM (
	SELECT home, max(persons + persons / 50 + 1) FILTER (WHERE scheme_id IN (1, 3, 4)) AS workers,
		max(persons) FILTER (WHERE scheme_id = 2) AS voluntary, max(persons + persons / 50 + 1) FILTER (WHERE scheme_id = 5) AS health
	FROM demo.headcount GROUP BY home) AS b
WINDOW w AS (ORDER BY b.home);
ALTER TABLE demo.block ADD PRIMARY KEY (home);

-- Somebody insured from 2017 on was born before: the age is drawn for the December of the year in which k enters.
CREATE UNLOGGED TABLE demo.person AS
SELECT (b.first_id + k)::int AS person_id, b.home, k, r.role,
	make_date(e.entry, 12, 1) - demo.rnd(x.id, 2) % 330
		- CASE r.role WHEN 'W' THEN 365 * (19 + demo.rnd(x.id, 1) % 31) WHEN 'V' THEN 365 * (25 + demo.rnd(x.id, 1) % 26)
			ELSE 365 * CASE WHEN demo.rnd(x.id, 1) < 340000 THEN demo.rnd(x.id, 3) % 18
							WHEN demo.rnd(x.id, 1) < 780000 THEN 18 + demo.rnd(x.id, 3) % 38
							ELSE 56 + demo.rnd(x.id, 3) % 29 END END AS birth_date,
	CASE WHEN demo.rnd(x.id, 4) < 490000 THEN 'F' ELSE 'M' END AS sex,
	CASE WHEN r.role = 'W' THEN (b.first_employer_id + (k - 1) / 25 + 1)::int END AS employer_id,
	CAST(NULL AS int) AS pension_no		-- order in which the others of 56 and over come to a monthly benefit
FROM demo.block AS b
CROSS JOIN LATERAL generate_series(1, b.persons) AS k
CROSS JOIN LATERAL (SELECT (b.first_id + k)::int AS id) AS x
CROSS JOIN LATERAL (SELECT CASE WHEN k <= b.workers THEN 'W' WHEN k <= b.workers + b.voluntary THEN 'V' ELSE 'O' END AS role) AS r
CROSS JOIN LATERAL (
	SELECT CASE WHEN r.role = 'O' THEN coalesce(min(extract(year FROM h.month)), 2024) ELSE 2017 END::int AS entry
	FROM demo.headcount AS h
	WHERE r.role = 'O' AND h.home = b.home AND h.scheme_id = 5 AND h.month IN ('2017-12-01', '2018-12-01', '2019-12-01', '2020-12-01',
		'2021-12-01', '2022-12-01', '2023-12-01') AND h.persons >= k) AS e;
UPDATE demo.person AS p SET pension_no = n.no
FROM (SELECT person_id, row_number() OVER (ORDER BY demo.rnd(person_id, 5), person_id) AS no FROM demo.person
	  WHERE role = 'O' AND birth_date <= '1961-12-01') AS n
WHERE p.person_id = n.person_id;
ALTER TABLE demo.person ADD PRIMARY KEY (person_id);
CREATE INDEX ON demo.person (home, k);
ANALYZE demo.param, demo.home, demo.block, demo.person, demo.headcount, demo.month_unit;

-- The warehouse's dimensions. Names and numbers say that nobody is meant.
INSERT INTO dwh_star.dim_employer (employer_id, code, name_vi, name_en, economic_type, management_type, unit_id, valid_from)
SELECT b.first_employer_id + j, format('DEMO-%s-%s', h.code, lpad(j::text, 4, '0')),
	format('Đơn vị mẫu %s-%s', h.code, j), format('Sample employer %s-%s', h.code, j),
	CASE WHEN h.code IN ('QP', 'CA') THEN 'armed_forces' WHEN j = 1 THEN 'administration' WHEN j = 2 THEN 'commune_cadre'
		ELSE (ARRAY['state_enterprise', 'fdi', 'fdi', 'non_state', 'non_state', 'non_state', 'foreign', 'non_public_coop'])
			[1 + demo.rnd((b.first_employer_id + j)::int, 6) % 8] END,
	CASE WHEN h.code IN ('QP', 'CA') OR demo.rnd((b.first_employer_id + j)::int, 7) < 200000 THEN 'central' ELSE 'local' END,
	h.last_unit_id, '2008-08-01'
FROM demo.block AS b JOIN demo.home AS h USING (home) CROSS JOIN LATERAL generate_series(1, b.employers) AS j
ORDER BY 1;

INSERT INTO dwh_star.dim_facility (facility_id, code, name_vi, name_en, tier, unit_id, valid_from)
SELECT 2 * h.home - 2 + j,
	format('DEMO-%s-%s', h.code, j), format('Bệnh viện mẫu %s-%s', h.code, j), format('Sample hospital %s-%s', h.code, j),
	CASE j WHEN 1 THEN 'province' ELSE 'district' END, h.last_unit_id, '2008-08-01'
FROM demo.home AS h CROSS JOIN generate_series(1, 2) AS j
ORDER BY 1;

INSERT INTO dwh_log.load_run (source_id, batch, started_at, finished_at, rows_in, rows_loaded, status, note)
SELECT 5, 'demo persons', now(), now(), count(*), count(*), 'done', 'size ' || :'size' FROM demo.person;
INSERT INTO dwh_star.dim_person (person_id, social_insurance_no, full_name, birth_date, sex, home_unit_id, valid_from)
SELECT p.person_id, lpad(p.person_id::text, 10, '0'), 'Người mẫu ' || p.person_id, p.birth_date, p.sex, h.last_unit_id, p.birth_date
FROM demo.person AS p JOIN demo.home AS h USING (home)
ORDER BY p.person_id;

-- Every load is there before its rows, and its counts are written after them: two sessions may load at the same time.
INSERT INTO dwh_log.load_run (source_id, batch)
SELECT v.source_id, 'demo ' || v.fact
FROM (VALUES (1, 'participation to 2024'), (1, 'participation 2025'), (1, 'collection'), (1, 'book_card'), (2, 'decision'), (2, 'benefit'), (3, 'claim'), (4, 'ledger'),
	(5, 'registration'), (6, 'staff'), (7, 'dossier'), (8, 'identity')) AS v (source_id, fact)
ORDER BY v.source_id, v.fact;
CREATE FUNCTION demo.load_id(p_batch text) RETURNS int LANGUAGE sql STABLE
AS $$ SELECT load_id FROM dwh_log.load_run WHERE batch = 'demo ' || p_batch $$;
CREATE PROCEDURE demo.finish_load(p_batch text) LANGUAGE plpgsql
AS $$
DECLARE
	v_rows	bigint;
BEGIN
	EXECUTE format('SELECT count(*) FROM dwh_star.%I WHERE load_id = $1', 'fact_' || split_part(p_batch, ' ', 1))
		INTO v_rows USING demo.load_id(p_batch);
	UPDATE dwh_log.load_run SET rows_in = v_rows, rows_loaded = v_rows, finished_at = clock_timestamp(), status = 'done'
	WHERE load_id = demo.load_id(p_batch);
END
$$;
COMMIT;
ANALYZE dwh_star.dim_person;
ANALYZE dwh_star.dim_employer;

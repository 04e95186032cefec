-- The warehouse that the measurements from 41 on share, made once a database: 60 months (2021-2025), 63 provinces with 700 district
-- offices, from July 2025 34 provinces with 350 base offices (each takes over two districts), all five schemes. More than ten
-- million rows of fact_participation, some of fact_collection and fact_benefit. Every number follows from ids by a hash: the same data everywhere.
--
-- Rows are loaded with session_replication_role = replica: foreign keys and marking cost nothing. dim_person and dim_employer
-- hold what the facts name. DWH_BENCH_WAREHOUSE_PERSONS (default 95000) scales it.
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS dwh_ext;
CREATE SCHEMA IF NOT EXISTS bench;
\o /dev/null
SELECT dwh.create_warehouse();
\o
RESET client_min_messages;
\getenv warehouse_persons DWH_BENCH_WAREHOUSE_PERSONS
\if :{?warehouse_persons}
\else
	\set warehouse_persons 95000
\endif
SELECT count(*) > 0 AS is_loaded FROM dwh_log.load_run WHERE batch = 'bench participation' AND status = 'done' \gset
\if :is_loaded
	\echo 'the warehouse of the measurements is there'
	\q
\endif
SET session_replication_role = replica;
SET jit = off;
SET work_mem = '256MB';
BEGIN;
-- A number from 0 to 999,999 that depends on nothing but its arguments.
CREATE FUNCTION bench.rnd(p_x int, p_salt int) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT ((hashint4extended(p_x, p_salt) & 9223372036854775807) % 1000000)::int $$;

-- Row triggers that note dirty cells fire under replica too (ENABLE ALWAYS): off while the rows come, as before a first refresh.
CREATE PROCEDURE bench.set_row_triggers(p_state text) LANGUAGE plpgsql AS $$
DECLARE
	v_trigger record;
BEGIN
	FOR v_trigger IN
		SELECT c.oid::regclass AS relation, t.tgname FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid
		WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND t.tgtype & 1 = 1 AND t.tgenabled IN ('A', 'D')
			AND c.relnamespace = 'dwh_star'::regnamespace AND c.relname IN ('fact_participation', 'fact_collection', 'fact_benefit')
	LOOP
		EXECUTE format('ALTER TABLE %s %s TRIGGER %I', v_trigger.relation, p_state, v_trigger.tgname);
	END LOOP;
END
$$;
CALL bench.set_row_triggers('DISABLE');

-- District d stands under the (d mod 63)th province; the base office of a pair of districts under the province that follows.
CREATE TABLE bench.province AS
SELECT row_number() OVER (ORDER BY unit_id)::int - 1 AS province_no, unit_id, dwh.map_unit(unit_id, '2025-07-01') AS later_unit_id
FROM dwh_star.dim_unit WHERE level = 'province' AND valid_from <= '2021-01-01' AND coalesce(valid_to, 'infinity') >= '2021-12-31';
CREATE TABLE bench.district AS
SELECT d AS district, 100000 + d AS unit_id, 200000 + (row_number() OVER w)::int AS base_unit_id, p.unit_id AS province_id, p.later_unit_id
FROM generate_series(0, 699) AS d JOIN bench.province AS p ON province_no = d % 63
WINDOW w AS (ORDER BY p.later_unit_id, d);
UPDATE bench.district SET base_unit_id = 200000 + (base_unit_id - 200000 + 1) / 2;
UPDATE bench.district AS d SET later_unit_id = f.later_unit_id
FROM (SELECT base_unit_id, min(later_unit_id) AS later_unit_id FROM bench.district GROUP BY 1) AS f WHERE f.base_unit_id = d.base_unit_id;
INSERT INTO dwh_star.dim_unit (unit_id, code, level, name_vi, name_en, parent_unit_id, valid_from, valid_to)
SELECT unit_id, format('BD%s', lpad(district::text, 3, '0')), 'district', format('BHXH huyện mẫu %s', district),
	format('Sample district office %s', district), province_id, '2020-01-01'::date, '2025-06-30'::date FROM bench.district
UNION ALL
SELECT base_unit_id, format('BC%s', lpad((base_unit_id - 200000)::text, 3, '0')), 'base', format('BHXH cơ sở mẫu %s', base_unit_id - 200000),
	format('Sample base office %s', base_unit_id - 200000), min(later_unit_id), '2025-07-01', NULL FROM bench.district GROUP BY base_unit_id;
INSERT INTO dwh_catalog.unit_succession (predecessor_unit_id, successor_unit_id, kind, effective_on)
SELECT unit_id, base_unit_id, 'merge', '2025-07-01' FROM bench.district;

CREATE TABLE bench.warehouse_month AS
SELECT (extract(year FROM month)::int - 2021) * 12 + extract(month FROM month)::int - 1 AS m, month, month_end
FROM dwh_star.dim_month WHERE month BETWEEN '2021-01-01' AND '2025-12-01';

-- Sizes of offices differ by a factor of about eight; ids ascend by home office, as dim_person assigns them.
CREATE TABLE bench.warehouse_person AS
SELECT row_number() OVER (ORDER BY home, k)::int AS person_id, home, bench.rnd(k, 2) % 90 - 40 AS first_m,
	24 + bench.rnd(k, 3) % 90 AS months, CASE WHEN bench.rnd(k, 4) < 50000 THEN bench.rnd(k, 5) % 700 END AS moved_to,
	bench.rnd(k, 6) % 60 AS moved_m, CASE WHEN bench.rnd(k, 7) < 600000 THEN 'W' WHEN bench.rnd(k, 7) < 700000 THEN 'V' ELSE 'H' END AS role,
	CASE WHEN bench.rnd(k, 8) < 490000 THEN 'F' ELSE 'M' END AS sex, 18 + bench.rnd(k, 9) % 45 AS age
FROM (SELECT k, floor(700 * power(bench.rnd(k, 1) / 1000000.0, 1.6))::int AS home FROM generate_series(1, :warehouse_persons) AS k) AS v;
INSERT INTO dwh_star.dim_person (person_id, social_insurance_no, full_name, birth_date, sex, home_unit_id, valid_from)
SELECT person_id, lpad(person_id::text, 10, '0'), 'Người mẫu ' || person_id, make_date(2021 - age, 1 + person_id % 12, 1), sex, d.unit_id, make_date(2021 - age, 1, 1)
FROM bench.warehouse_person AS p JOIN bench.district AS d ON d.district = p.home ORDER BY person_id;
INSERT INTO dwh_star.dim_employer (employer_id, code, name_vi, name_en, economic_type, management_type, unit_id, valid_from)
SELECT e, format('BENCH-%s', e), format('Đơn vị mẫu %s', e), format('Sample employer %s', e),
	(ARRAY['administration', 'state_enterprise', 'fdi', 'fdi', 'non_state', 'non_state', 'non_state', 'foreign'])[1 + bench.rnd(e, 10) % 8],
	CASE WHEN bench.rnd(e, 11) < 200000 THEN 'central' ELSE 'local' END, NULL, '2010-01-01'
FROM generate_series(1, :warehouse_persons / 25 + 1) AS e;

INSERT INTO dwh_log.load_run (source_id, batch) SELECT s, 'bench ' || b FROM (VALUES (1, 'participation'), (1, 'collection'), (2, 'benefit')) AS v (s, b);
CREATE FUNCTION bench.load_id(p_batch text) RETURNS int LANGUAGE sql STABLE AS $$ SELECT load_id FROM dwh_log.load_run WHERE batch = 'bench ' || p_batch $$;

-- Loads come by month and office; nobody pays twice for one scheme but every fiftieth worker.
CREATE VIEW bench.warehouse_row AS
SELECT w.m, w.month, w.month_end, p.person_id, p.role, p.sex, p.age + w.m / 12 AS age,
	CASE WHEN w.month < '2025-07-01' THEN d.unit_id ELSE d.base_unit_id END AS unit_id, p.person_id / 25 + 1 AS employer_id
FROM bench.warehouse_month AS w
JOIN bench.warehouse_person AS p ON w.m BETWEEN p.first_m AND p.first_m + p.months
JOIN bench.district AS d ON d.district = CASE WHEN p.moved_to IS NOT NULL AND w.m >= p.moved_m THEN p.moved_to ELSE p.home END;

ALTER TABLE dwh_star.fact_participation DROP CONSTRAINT fact_participation_pkey;
DROP INDEX dwh_star.fact_participation_unit_id_month_idx;
INSERT INTO dwh_star.fact_participation (month, unit_id, person_id, scheme_id, payer_kind, employer_id, category_id, state, is_main,
	card_from, card_to, salary_base, sex, age, load_id)
SELECT r.month, r.unit_id, r.person_id, s.scheme_id, s.payer_kind, CASE s.payer_kind WHEN 'employer' THEN r.employer_id ELSE 0 END,
	CASE WHEN s.scheme_id < 5 THEN 0 WHEN r.role = 'W' THEN 1 + r.person_id % 7 ELSE 20 + r.person_id % 20 END,
	CASE WHEN s.scheme_id < 5 AND bench.rnd(r.person_id, 100 + r.m) < 20000 THEN 'suspended' ELSE 'active' END, true,
	CASE WHEN s.scheme_id = 5 THEN date_trunc('year', r.month)::date END, CASE WHEN s.scheme_id = 5 THEN (date_trunc('year', r.month) + interval '1 year')::date - 1 END,
	CASE WHEN s.scheme_id < 5 THEN 5000000 + r.person_id % 97 * 100000 ELSE 0 END, r.sex, r.age, bench.load_id('participation')
FROM bench.warehouse_row AS r
JOIN (VALUES ('W', 1, 'employer'), ('W', 3, 'employer'), ('W', 4, 'employer'), ('W', 5, 'employer'), ('V', 2, 'self'), ('V', 5, 'household'), ('H', 5, 'household'))
	AS s (role, scheme_id, payer_kind) ON s.role = r.role
UNION ALL
SELECT r.month, r.unit_id, r.person_id, 1, 'employer', r.employer_id % 7 + 1000000, 0, 'active', false, NULL, NULL, 3000000, r.sex, r.age, bench.load_id('participation')
FROM bench.warehouse_row AS r WHERE r.role = 'W' AND r.person_id % 50 = 17
ORDER BY 1, 2, 3, 4;
INSERT INTO dwh_star.dim_employer (employer_id, code, name_vi, name_en, economic_type, management_type, valid_from)
SELECT e, format('BENCH-%s', e), format('Đơn vị mẫu %s', e), format('Sample employer %s', e), 'non_state', 'local', '2010-01-01'
FROM generate_series(1000000, 1000006) AS e;
ALTER TABLE dwh_star.fact_participation ADD PRIMARY KEY (person_id, month, scheme_id, payer_kind, employer_id);
CREATE INDEX fact_participation_unit_id_month_idx ON dwh_star.fact_participation (unit_id, month);

-- Employers pay monthly for three schemes at the office of their first worker.
INSERT INTO dwh_star.fact_collection (month, unit_id, payer_kind, payer_id, employer_id, scheme_id, funding_source, kind, category_id,
	due, paid, arrears, months_late, load_id)
SELECT w.month, CASE WHEN w.month < '2025-07-01' THEN d.unit_id ELSE d.base_unit_id END, 'employer', e.employer_id, e.employer_id, s.scheme_id,
	'employer', 'regular', 0, 30000000 + e.employer_id % 83 * 1000000, 29000000 + e.employer_id % 83 * 1000000, 1000000, bench.rnd(e.employer_id, 200 + w.m) % 4, bench.load_id('collection')
FROM (SELECT person_id / 25 + 1 AS employer_id, min(home) AS home FROM bench.warehouse_person GROUP BY 1) AS e
JOIN bench.district AS d ON d.district = e.home CROSS JOIN bench.warehouse_month AS w CROSS JOIN (VALUES (1), (3), (5)) AS s (scheme_id);

-- Every twelfth person has a pension, paid from the fund or the budget.
INSERT INTO dwh_star.fact_benefit (month, unit_id, person_id, benefit_id, fund_id, paid_on, amount, turns, sex, age, load_id)
SELECT r.month, r.unit_id, r.person_id, b.benefit_id, f.fund_id, r.month + 9, 2000000 + r.person_id % 89 * 50000, 1, r.sex, r.age + 40, bench.load_id('benefit')
FROM bench.warehouse_row AS r
CROSS JOIN (SELECT benefit_id FROM dwh_star.dim_benefit WHERE benefit_group = 'pension' ORDER BY 1 LIMIT 1) AS b
CROSS JOIN (SELECT min(fund_id) AS fund_id FROM dwh_star.dim_fund) AS f
WHERE r.person_id % 12 = 5;

UPDATE dwh_log.load_run AS l SET rows_in = n, rows_loaded = n, finished_at = clock_timestamp(), status = 'done'
FROM (SELECT load_id, count(*) AS n FROM dwh_star.fact_participation GROUP BY 1 UNION ALL SELECT load_id, count(*) FROM dwh_star.fact_collection GROUP BY 1
	UNION ALL SELECT load_id, count(*) FROM dwh_star.fact_benefit GROUP BY 1) AS v WHERE v.load_id = l.load_id;
CALL bench.set_row_triggers('ENABLE ALWAYS');
COMMIT;
RESET session_replication_role;
VACUUM ANALYZE dwh_star.fact_participation;
VACUUM ANALYZE dwh_star.fact_collection;
VACUUM ANALYZE dwh_star.fact_benefit;
ANALYZE dwh_star.dim_person;
ANALYZE dwh_star.dim_employer;
ANALYZE dwh_star.dim_unit;
ANALYZE dwh_catalog.unit_succession;
SELECT count(*) AS rows, count(DISTINCT person_id) AS people, count(DISTINCT unit_id) AS units, count(DISTINCT month) AS months,
	count(DISTINCT scheme_id) AS schemes, pg_size_pretty(pg_total_relation_size('dwh_star.fact_participation_2024')) AS size_of_2024
FROM dwh_star.fact_participation;
SELECT (SELECT count(*) FROM dwh_star.fact_collection) AS collection_rows, (SELECT count(*) FROM dwh_star.fact_benefit) AS benefit_rows;

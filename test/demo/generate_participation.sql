-- generate_participation.sql: who takes part in what, in the Decembers of 2017-2024 (batch 'participation to 2024') and in every
-- month of 2025 (batch 'participation 2025'); psql variable batch says which.
--
-- Beside the plain rows there is one of each that counting must get right: two employers (in one province, or in two: such a person
-- counts once in the country and once in each province), two categories of health insurance (one is main), cards that have
-- run out, and people suspended at the month's end.
\set ON_ERROR_STOP 1
SET client_min_messages = warning;
SET search_path = pg_catalog, pg_temp;
SET work_mem = '64MB';
SET jit = off;
SELECT status = 'done' AS is_done FROM dwh_log.load_run WHERE batch = 'demo ' || :'batch' \gset
\if :is_done
	\q
\endif

BEGIN;
SET LOCAL ROLE dwh_owner;
INSERT INTO dwh_star.fact_participation (month, unit_id, person_id, scheme_id, payer_kind, employer_id, category_id, state, is_main,
	card_from, card_to, salary_base, sex, age, load_id)
WITH month AS (
	SELECT month, month_end, (1.05 ^ (year - 2017))::numeric AS growth
	FROM dwh_star.dim_month
	WHERE month BETWEEN '2017-12-01' AND '2025-12-01' AND CASE :'batch' WHEN 'participation 2025' THEN year = 2025 ELSE year < 2025 AND month_no = 12 END
), head AS (		-- how far each scheme's run of k goes in this month
	SELECT h.home, m.month, m.month_end, m.growth, b.workers, b.voluntary, b.employers, b.first_employer_id,
		max(h.persons) FILTER (WHERE h.scheme_id = 1) AS bb, max(h.persons) FILTER (WHERE h.scheme_id = 2) AS tn,
		max(h.persons) FILTER (WHERE h.scheme_id = 3) AS ui, max(h.persons) FILTER (WHERE h.scheme_id = 4) AS wi,
		max(h.persons) FILTER (WHERE h.scheme_id = 5) AS hi
	FROM month AS m JOIN demo.headcount AS h USING (month) JOIN demo.block AS b USING (home)
	GROUP BY h.home, m.month, m.month_end, m.growth, b.workers, b.voluntary, b.employers, b.first_employer_id
), here AS (
	SELECT h.*, p.person_id, p.k, p.role, p.birth_date, p.sex, p.employer_id, p.pension_no, u.unit_id,
		extract(year FROM age(h.month_end, p.birth_date))::int AS age,
		(CASE p.role WHEN 'W' THEN 4500 + demo.rnd(p.person_id, 8) % 16000 WHEN 'V' THEN 1500 + demo.rnd(p.person_id, 8) % 3000 ELSE 0 END
			* h.growth)::bigint * 1000 AS salary
	FROM head AS h
	JOIN demo.month_unit AS u USING (home, month)
	JOIN demo.person AS p ON p.home = h.home AND p.k <= greatest(h.hi + h.hi / 100, h.workers + h.tn)
), part AS (
	-- Compulsory, unemployment and work-injury insurance: k = 1 to the head count; a few more are suspended.
	SELECT month, unit_id, person_id, s.scheme_id, 'employer' AS payer_kind, employer_id, 0 AS category_id,
		CASE WHEN k <= s.heads THEN 'active' ELSE 'suspended' END AS state, true AS is_main, NULL::date AS card_from, NULL::date AS card_to,
		salary, sex, age
	FROM here CROSS JOIN LATERAL (VALUES (1, bb), (3, ui), (4, wi)) AS s (scheme_id, heads)
	WHERE k <= s.heads + CASE s.scheme_id WHEN 1 THEN s.heads / 50 ELSE 0 END
	UNION ALL	-- a second employer in the same province
	SELECT month, unit_id, person_id, s.scheme_id, 'employer', (first_employer_id + 1 + (employer_id - first_employer_id) % employers)::int, 0,
		'active', false, NULL, NULL, salary / 2, sex, age
	FROM here CROSS JOIN LATERAL (VALUES (1, bb), (4, wi)) AS s (scheme_id, heads)
	WHERE k <= s.heads AND k % 50 = 17
	UNION ALL	-- a second employer in the next office of the list
	SELECT month, other.unit_id, person_id, s.scheme_id, 'employer', (block.first_employer_id + 1)::int, 0,
		'active', false, NULL, NULL, salary / 2, sex, age
	FROM here
	JOIN demo.month_unit AS other USING (month)
	JOIN demo.block AS block ON block.home = other.home
	CROSS JOIN LATERAL (VALUES (1, bb), (4, wi)) AS s (scheme_id, heads)
	WHERE other.home = here.home % 65 + 1 AND k <= s.heads AND k % 40 = 3
	UNION ALL	-- voluntary insurance
	SELECT month, unit_id, person_id, 2, 'self', 0, 0, 'active', true, NULL, NULL, salary, sex, age
	FROM here WHERE k > workers AND k <= workers + tn
	UNION ALL	-- health insurance: the category follows from work, age and income; beyond the head count the card has run out
	SELECT month, unit_id, person_id, 5, c.payer_kind, CASE c.payer_kind WHEN 'employer' THEN employer_id ELSE 0 END, d.category_id,
		'active', true, date_trunc('year', month)::date - CASE WHEN k <= hi THEN 0 ELSE 365 END,
		CASE WHEN k <= hi THEN (date_trunc('year', month) + interval '1 year')::date - 1 ELSE month - 1 END, 0, sex, age
	FROM here
	CROSS JOIN LATERAL (SELECT CASE
		WHEN k <= bb THEN CASE k % 10 WHEN 0 THEN 'HC' WHEN 1 THEN 'CH' WHEN 2 THEN 'TK' ELSE 'DN' END
		WHEN pension_no <= 3300000 / (SELECT n FROM demo.param) THEN 'HT'
		WHEN age < 6 THEN 'TE'
		WHEN demo.rnd(person_id, 9) < 60000 THEN 'HN'
		WHEN demo.rnd(person_id, 9) < 110000 THEN 'CN'
		WHEN demo.rnd(person_id, 9) < 180000 THEN 'DK'
		WHEN demo.rnd(person_id, 9) < 240000 THEN 'DT'
		WHEN age < 18 THEN 'HS'
		WHEN age < 23 THEN 'SV'
		WHEN age >= 80 THEN 'BT'
		ELSE 'GD' END AS code) AS code
	JOIN dwh_star.dim_category AS d ON d.code = code.code
	CROSS JOIN LATERAL (SELECT CASE d.hi_group WHEN 1 THEN 'employer' WHEN 2 THEN 'fund' WHEN 3 THEN 'budget' WHEN 4 THEN 'self'
									  ELSE 'household' END AS payer_kind) AS c
	WHERE k <= hi + hi / 100
	UNION ALL	-- a second, later category of somebody who works: not main
	SELECT month, unit_id, person_id, 5, 'budget', 0, d.category_id, 'active', false, date_trunc('year', month)::date,
		(date_trunc('year', month) + interval '1 year')::date - 1, 0, sex, age
	FROM here JOIN dwh_star.dim_category AS d ON d.code = 'CB'
	WHERE k <= bb AND k <= hi AND k % 25 = 9
)
SELECT month, unit_id, person_id, scheme_id, payer_kind, employer_id, category_id, state, is_main, card_from, card_to, salary, sex, age,
	demo.load_id(:'batch')
FROM part
ORDER BY extract(year FROM month), person_id, month, scheme_id;
CALL demo.finish_load(:'batch');
COMMIT;

-- generate_flows.sql: money, decisions, payments, visits, books and cards, and a little of the agency itself.
--
-- Scaled to published figures where there are some (see each table of anchors), else [own]. Amounts are cut into rows with running
-- sums, so that they add up to the target to the đồng. Staff, dossiers and IAM accounts are small samples, not scaled.
\set ON_ERROR_STOP 1
SET client_min_messages = warning;
SET search_path = pg_catalog, pg_temp;
SET work_mem = '64MB';
SET jit = off;
SELECT status = 'done' AS is_done FROM dwh_log.load_run WHERE batch = 'demo identity' \gset
\if :is_done
	\q
\endif

BEGIN;
SET LOCAL ROLE dwh_owner;

-- Collection -------------------------------------------------------------------------------------------------------------
-- Billion đồng from January to the end of the month; between two rows of a year it grows in a straight line.
CREATE UNLOGGED TABLE demo.collected (year int, month_no int, billions numeric, kind text, PRIMARY KEY (year, month_no));
INSERT INTO demo.collected VALUES
	(2018, 2, 38058, 'published to March less March'), (2018, 3, 67747, 'published'), (2018, 10, 264946.2, 'published'),
	(2018, 11, 294221, 'published'), (2018, 12, 323500, 'own'), (2019, 3, 77100, 'published'), (2019, 12, 361549, 'published'),
	(2020, 12, 373000, 'own'), (2021, 12, 386000, 'own'), (2022, 11, 382700, 'published'), (2022, 12, 417500, 'own'),
	(2023, 12, 452000, 'own'), (2024, 12, 495000, 'own'), (2025, 12, 540000, 'own');

CREATE UNLOGGED TABLE demo.collected_month AS
WITH point AS (
	SELECT year, month_no, billions, lag(month_no, 1, 0) OVER w AS month_before, lag(billions, 1, 0) OVER w AS billions_before
	FROM demo.collected WINDOW w AS (PARTITION BY year ORDER BY month_no)
)
SELECT m.month, (p.billions - p.billions_before) / (p.month_no - p.month_before) * 1e9 / (SELECT n FROM demo.param) AS amount
FROM point AS p JOIN dwh_star.dim_month AS m ON m.year = p.year AND m.month_no > p.month_before AND m.month_no <= p.month_no;

-- Who pays what. Shares of the three branches: first quarter of 2019 and (health, 2018) November 2018, as published; within a
-- branch [own], near the contribution rates.
CREATE UNLOGGED TABLE demo.payment AS
SELECT row_number() OVER () AS payment_no, v.*
FROM (VALUES
	(1, 'employer', 'employer', 'regular', 'SI', 0.6400), (1, 'employer', 'employee', 'regular', 'SI', 0.3030),
	(1, 'employer', 'employer', 'late_interest', 'SI', 0.0020), (4, 'employer', 'employer', 'regular', 'SI', 0.0150),
	(2, 'self', 'self', 'regular', 'SI', 0.0360), (2, 'self', 'budget', 'regular', 'SI', 0.0040),
	(3, 'employer', 'employer', 'regular', 'UI', 0.4900), (3, 'employer', 'employee', 'regular', 'UI', 0.4900),
	(3, 'budget', 'budget', 'regular', 'UI', 0.0200),
	(5, 'employer', 'employer', 'regular', 'HI', 0.2200), (5, 'employer', 'employee', 'regular', 'HI', 0.1100),
	(5, 'fund', 'fund', 'regular', 'HI', 0.0900), (5, 'budget', 'budget', 'regular', 'HI', 0.4000),
	(5, 'household', 'self', 'regular', 'HI', 0.1800)) AS v (scheme_id, payer_kind, funding_source, kind, branch, share);

INSERT INTO dwh_star.fact_collection (month, unit_id, payer_kind, payer_id, employer_id, scheme_id, funding_source, kind, category_id,
	due, paid, arrears, months_late, load_id)
WITH branch AS (
	SELECT c.month, s.branch, c.amount * s.share AS amount
	FROM demo.collected_month AS c
	CROSS JOIN LATERAL (SELECT CASE WHEN c.month < '2019-01-01' THEN 78660.0 / 294221 ELSE 19828.0 / 77100 END AS hi, 3723.0 / 77100 AS ui) AS p
	CROSS JOIN LATERAL (VALUES ('HI', p.hi), ('UI', p.ui), ('SI', 1 - p.hi - p.ui)) AS s (branch, share)
), payer AS (		-- weights: heads at the employer times its pay level; heads of the office
	SELECT 'employer' AS payer_kind, h.month, h.home, b.first_employer_id + j AS payer_id, (b.first_employer_id + j)::int AS employer_id,
		least(h.persons - 25 * (j - 1), 25)::numeric * (700 + demo.rnd((b.first_employer_id + j)::int, 20) % 900) AS weight,
		demo.rnd((b.first_employer_id + j)::int, 21) < 150000 AS is_late
	FROM demo.headcount AS h JOIN demo.block AS b USING (home) CROSS JOIN LATERAL generate_series(1, b.employers) AS j
	WHERE h.scheme_id = 1 AND h.month >= '2018-01-01' AND h.persons > 25 * (j - 1)
	UNION ALL
	SELECT k.payer_kind, h.month, h.home, 1000000 + h.home, 0, h.persons, false
	FROM demo.headcount AS h
	JOIN (VALUES ('self', 2), ('budget', 5), ('fund', 5), ('household', 5)) AS k (payer_kind, scheme_id) USING (scheme_id)
	WHERE h.month >= '2018-01-01' AND h.persons > 0
), cut AS (
	SELECT y.*, x.month, x.home, x.payer_id, x.employer_id, x.is_late,
		round(b.amount * y.share * (sum(x.weight) OVER w / sum(x.weight) OVER (PARTITION BY x.month, y.payment_no)))
		- round(b.amount * y.share * ((sum(x.weight) OVER w - x.weight) / sum(x.weight) OVER (PARTITION BY x.month, y.payment_no))) AS paid
	FROM demo.payment AS y
	JOIN payer AS x ON x.payer_kind = y.payer_kind AND (x.is_late OR y.kind <> 'late_interest')
	JOIN branch AS b ON b.month = x.month AND b.branch = y.branch
	WINDOW w AS (PARTITION BY x.month, y.payment_no ORDER BY x.home, x.payer_id)
)
SELECT c.month, u.unit_id, c.payer_kind, c.payer_id, c.employer_id, c.scheme_id, c.funding_source, c.kind, 0,
	c.paid + d.more, c.paid, d.arrears, d.months_late, demo.load_id('collection')
FROM cut AS c
JOIN demo.month_unit AS u USING (month, home)
CROSS JOIN LATERAL (SELECT
	CASE WHEN c.is_late AND c.kind = 'regular' THEN c.paid / 20 ELSE 0 END::bigint AS more,
	CASE WHEN c.is_late AND c.kind = 'regular' THEN c.paid * 2 ELSE 0 END::bigint AS arrears,
	CASE WHEN c.is_late THEN 2 ELSE 0 END AS months_late) AS d
ORDER BY extract(year FROM c.month), u.unit_id, c.month, c.payer_id, c.payment_no;
CALL demo.finish_load('collection');

-- Decisions and the payments that follow them ---------------------------------------------------------------------------------
-- Awards a year. Published: lump sums of 2020 and 2021, most of 2025; 2018 follows from ten months; the rest [own].
CREATE UNLOGGED TABLE demo.award (benefit_code text, stride int, turns int, year int, persons numeric);
INSERT INTO demo.award
SELECT v.code, v.stride, v.turns, 2017 + y.no, y.persons
FROM (VALUES
	('PENSION', 15485863, 1, ARRAY[80000, 85000, 90000, 95000, 100000, 105000, 110000, 120000]),
	('SURVIVOR_MONTHLY', 15485867, 1, ARRAY[40000, 42000, 45000, 48000, 50000, 52000, 55000, 60000]),
	('INJURY_MONTHLY', 32452843, 1, ARRAY[2100, 2200, 2300, 2600, 2800, 3000, 4500, 6119]),
	('LUMP_SUM', 32452867, 1, ARRAY[811926, 805000, 761000, 863200, 895000, 1050000, 1080000, 1044016]),
	('SICK_SHORT', 49979687, 2, ARRAY[3300000, 3400000, 3100000, 2900000, 3500000, 3400000, 3600000, 3549268]),
	('CHILDBIRTH', 49979693, 1, ARRAY[1100000, 1100000, 1000000, 950000, 980000, 950000, 930000, 920000]),
	('RECOVERY_SICK', 67867967, 1, ARRAY[1100000, 1100000, 1000000, 950000, 1000000, 1020000, 1050000, 1080001]),
	('UI_MONTHLY', 67867979, 1, ARRAY[717116, 760000, 980000, 780000, 985000, 1050000, 900000, 759198]),
	('UI_TRAINING', 86028121, 1, ARRAY[37423, 36000, 28000, 20000, 21000, 20000, 18000, 14184])) AS v (code, stride, turns, amounts)
CROSS JOIN LATERAL unnest(v.amounts) WITH ORDINALITY AS y (persons, no);

CREATE UNLOGGED TABLE demo.worker AS
SELECT row_number() OVER (ORDER BY person_id) - 1 AS no, person_id, home, birth_date, sex FROM demo.person WHERE role = 'W';
ALTER TABLE demo.worker ADD PRIMARY KEY (no);

-- Event e of a year falls on person e × stride, a prime greater than the number of persons: nobody has the
-- same benefit twice in a year. Only women give birth.
INSERT INTO dwh_star.fact_decision (month, unit_id, person_id, benefit_id, decision, turns, sex, age, load_id)
SELECT m.month, u.unit_id, p.person_id, b.benefit_id, 'award', a.turns, p.sex,
	extract(year FROM age(m.month_end, p.birth_date))::int, demo.load_id('decision')
FROM demo.award AS a
JOIN dwh_star.dim_benefit AS b ON b.code = a.benefit_code
CROSS JOIN LATERAL (SELECT round(a.persons / (SELECT n FROM demo.param))::int AS events) AS e
CROSS JOIN LATERAL generate_series(0, e.events - 1) AS event
JOIN dwh_star.dim_month AS m ON m.year = a.year AND m.month_no = 1 + (12 * event) / e.events
JOIN demo.worker AS p ON p.no = (a.year * 1000 + event)::bigint * a.stride % (SELECT count(*) FROM demo.worker)
JOIN demo.month_unit AS u ON u.month = m.month AND u.home = p.home
WHERE a.benefit_code <> 'CHILDBIRTH' OR p.sex = 'F'
ORDER BY extract(year FROM m.month), p.person_id, m.month, b.benefit_id;
-- What the women did not take of the births: further fathers' leave, so that the turns stay.
INSERT INTO dwh_star.fact_decision (month, unit_id, person_id, benefit_id, decision, turns, sex, age, load_id)
SELECT m.month, u.unit_id, p.person_id, b.benefit_id, 'award', 1, p.sex,
	extract(year FROM age(m.month_end, p.birth_date))::int, demo.load_id('decision')
FROM demo.award AS a
JOIN dwh_star.dim_benefit AS b ON b.code = 'PATERNITY'
CROSS JOIN LATERAL (SELECT round(a.persons / (SELECT n FROM demo.param))::int AS events) AS e
CROSS JOIN LATERAL generate_series(0, e.events - 1) AS event
JOIN dwh_star.dim_month AS m ON m.year = a.year AND m.month_no = 1 + (12 * event) / e.events
JOIN demo.worker AS p ON p.no = (a.year * 1000 + event)::bigint * a.stride % (SELECT count(*) FROM demo.worker)
JOIN demo.month_unit AS u ON u.month = m.month AND u.home = p.home
WHERE a.benefit_code = 'CHILDBIRTH' AND p.sex = 'M'
ORDER BY extract(year FROM m.month), p.person_id, m.month;
CALL demo.finish_load('decision');

-- One-off benefits are paid in the month of the decision, the unemployment benefit for three months, pensions and the like in every
-- month that generate_participation.sql has. 3.3 million monthly recipients at the end of 2022 are published.
INSERT INTO dwh_star.fact_benefit (month, unit_id, person_id, benefit_id, fund_id, paid_on, amount, turns, sex, age, load_id)
WITH payment AS (
	SELECT d.month, d.unit_id, d.person_id, d.benefit_id,
		CASE WHEN b.branch = 'BHTN' THEN 5 WHEN b.benefit_group = 'lump_sum' THEN 1 ELSE 2 END AS fund_id, d.month + 14 AS paid_on,
		CASE b.benefit_group WHEN 'lump_sum' THEN 52000000 WHEN 'maternity' THEN 24000000 WHEN 'unemployment' THEN 4500000 ELSE 1900000 END
			+ demo.rnd(d.person_id, 30)::bigint * 3 AS amount,
		d.turns, d.sex, d.age
	FROM dwh_star.fact_decision AS d JOIN dwh_star.dim_benefit AS b USING (benefit_id)
	WHERE b.periodicity = 'one_off'
	UNION ALL
	SELECT m.month, u.unit_id, d.person_id, d.benefit_id, 5, m.month + 9, 3600000 + demo.rnd(d.person_id, 31), 1, d.sex, d.age
	FROM dwh_star.fact_decision AS d
	JOIN dwh_star.dim_benefit AS b ON b.benefit_id = d.benefit_id AND b.code = 'UI_MONTHLY'
	CROSS JOIN LATERAL generate_series(0, 2) AS later
	JOIN dwh_star.dim_month AS m ON m.month = (d.month + later * interval '1 month')::date
	JOIN demo.person AS p ON p.person_id = d.person_id
	JOIN demo.month_unit AS u ON u.month = m.month AND u.home = p.home
	WHERE d.month >= '2024-10-01'
	UNION ALL
	SELECT m.month, u.unit_id, p.person_id, b.benefit_id, f.fund_id, m.month + 4,
		CASE b.code WHEN 'PENSION' THEN 4200000 ELSE 1400000 END + demo.rnd(p.person_id, 32) * 3, 1, p.sex,
		extract(year FROM age(m.month_end, p.birth_date))::int
	FROM dwh_star.dim_month AS m
	JOIN demo.person AS p ON p.pension_no <= (3300000 + 25000 * (m.year - 2022)) / (SELECT n FROM demo.param)
	JOIN dwh_star.dim_benefit AS b ON b.code = CASE p.pension_no % 10 WHEN 0 THEN 'SURVIVOR_MONTHLY' WHEN 5 THEN 'CAPACITY_LOSS' WHEN 7
		THEN CASE WHEN p.pension_no % 50 = 7 THEN 'INJURY_MONTHLY' ELSE 'PENSION' END ELSE 'PENSION' END
	CROSS JOIN LATERAL (SELECT CASE WHEN b.code = 'CAPACITY_LOSS' OR p.pension_no % 4 = 1 THEN 7 WHEN b.code = 'INJURY_MONTHLY' THEN 3
		ELSE 1 END AS fund_id) AS f
	JOIN demo.month_unit AS u ON u.month = m.month AND u.home = p.home
	WHERE m.month BETWEEN '2017-12-01' AND '2025-12-01' AND (m.month_no = 12 OR m.year = 2025)
)
SELECT month, unit_id, person_id, benefit_id, fund_id, paid_on, amount, turns, sex, age, demo.load_id('benefit')
FROM payment
ORDER BY extract(year FROM month), person_id, month, benefit_id, fund_id;
CALL demo.finish_load('benefit');

-- Visits of 2025: 195.5 million, 161,628 billion đồng accepted (both published); one in eleven is inpatient (as in 2017); one in
-- eight is made in another province than the card's.
INSERT INTO dwh_star.fact_claim (month, unit_id, card_unit_id, claim_no, person_id, facility_id, visit_kind, asked, accepted, sex, age, load_id)
WITH visit AS (
	SELECT m.month, m.month_end, no, CASE WHEN no % 11 = 4 THEN 15 ELSE 1 END * (600 + demo.rnd(no, 40) % 800)::numeric AS weight, n.events,
		(no::bigint * 179424673) % (SELECT count(*) FROM demo.person) + 1 AS person_id
	FROM (SELECT round(195500000.0 / n)::int AS events FROM demo.param) AS n
	CROSS JOIN LATERAL generate_series(0, n.events - 1) AS no
	JOIN dwh_star.dim_month AS m ON m.year = 2025 AND m.month_no = 1 + (12 * no::bigint) / n.events
), priced AS (
	SELECT v.*, p.home, p.sex, p.birth_date, CASE WHEN no % 8 = 3 THEN (p.home + 6) % 65 + 1 ELSE p.home END AS visited,
		(round(t.total * (sum(weight) OVER w / sum(weight) OVER ()))
		- round(t.total * ((sum(weight) OVER w - weight) / sum(weight) OVER ())))::bigint AS accepted
	FROM visit AS v JOIN demo.person AS p USING (person_id)
	CROSS JOIN (SELECT 161628000000000.0 / n AS total FROM demo.param) AS t
	WINDOW w AS (ORDER BY no)
)
SELECT p.month, there.unit_id, here.unit_id, p.no + 1, p.person_id, 2 * p.visited - 1 + p.no % 2,
	CASE WHEN p.no % 11 = 4 THEN 'inpatient' ELSE 'outpatient' END, p.accepted + p.accepted * (p.no % 5) / 100, p.accepted, p.sex,
	greatest(extract(year FROM age(p.month_end, p.birth_date))::int, 0), demo.load_id('claim')
FROM priced AS p
JOIN demo.month_unit AS here ON here.month = p.month AND here.home = p.home
JOIN demo.month_unit AS there ON there.month = p.month AND there.home = p.visited
ORDER BY p.month, p.no;
CALL demo.finish_load('claim');

-- Ledger of 2024 and 2025 -----------------------------------------------------------------------------------------------------
-- Contributions are those collected. Benefits by account in billion đồng a year (care of 2025 published, the rest [own]), cut into
-- months and offices by their people. Investment income and the funds' balances are booked at the centre: a balance opens with what the month
-- before closed with, and closes with opening + revenue - expenditure of its fund everywhere.
INSERT INTO dwh_star.fact_ledger (month, unit_id, account_id, fund_id, revenue, expenditure, opening, closing, load_id)
SELECT c.month, c.unit_id, a.account_id, a.fund_id, round(sum(c.paid * f.share)), 0, 0, 0, demo.load_id('ledger')
FROM dwh_star.fact_collection AS c
JOIN (VALUES (1, 1, 0.88), (1, 2, 0.12), (2, 4, 1), (3, 5, 1), (4, 3, 1), (5, 6, 1)) AS f (scheme_id, fund_id, share) USING (scheme_id)
JOIN dwh_star.dim_ledger_account AS a ON a.fund_id = f.fund_id AND a.nature = 'contribution'
WHERE c.month BETWEEN '2024-01-01' AND '2025-12-01'
GROUP BY c.month, c.unit_id, a.account_id, a.fund_id
ORDER BY c.month, c.unit_id, a.account_id;

INSERT INTO dwh_star.fact_ledger (month, unit_id, account_id, fund_id, revenue, expenditure, opening, closing, load_id)
WITH spent AS (
	SELECT m.month, h.home, a.account_id, a.fund_id,
		v.billions * CASE m.year WHEN 2024 THEN v.before ELSE 1 END * 1e9 / 12 / (SELECT n FROM demo.param) AS amount, h.persons::numeric AS weight
	FROM (VALUES
		('BENEFIT-HTTT-PENSION', 180000, 0.93), ('BENEFIT-HTTT-LUMP_SUM', 58000, 1.02), ('BENEFIT-HTTT-SURVIVOR_MONTHLY', 6000, 0.95),
		('BENEFIT-ODTS-SICK_SHORT', 9000, 0.97), ('BENEFIT-ODTS-CHILDBIRTH', 34000, 0.98), ('BENEFIT-TNLD-INJURY_MONTHLY', 1500, 0.95),
		('BENEFIT-TN-PENSION', 900, 0.9), ('BENEFIT-BHTN-UI_MONTHLY', 21000, 1.1), ('BENEFIT-BHYT-CARE_INPATIENT', 98000, 0.9),
		('BENEFIT-BHYT-CARE_OUTPATIENT', 63628, 0.9), ('BENEFIT-NSNN-PENSION', 46000, 0.97), ('BENEFIT-NSNN-CAPACITY_LOSS', 5000, 0.97),
		('ADMINISTRATION-HTTT', 9000, 1.0), ('ADMINISTRATION-BHYT', 3500, 1.0)) AS v (code, billions, before)
	JOIN dwh_star.dim_ledger_account AS a USING (code)
	CROSS JOIN dwh_star.dim_month AS m
	JOIN demo.headcount AS h ON h.month = m.month AND h.scheme_id = 5
	WHERE m.year IN (2024, 2025)
), cut AS (
	SELECT month, home, account_id, fund_id,
		round(amount * (sum(weight) OVER w / sum(weight) OVER (PARTITION BY month, account_id)))
		- round(amount * ((sum(weight) OVER w - weight) / sum(weight) OVER (PARTITION BY month, account_id))) AS expenditure
	FROM spent WINDOW w AS (PARTITION BY month, account_id ORDER BY home)
)
SELECT c.month, u.unit_id, c.account_id, c.fund_id, CASE WHEN c.fund_id = 7 THEN sum(c.expenditure) ELSE 0 END, sum(c.expenditure), 0, 0,
	demo.load_id('ledger')
FROM cut AS c JOIN demo.month_unit AS u USING (month, home)
GROUP BY c.month, u.unit_id, c.account_id, c.fund_id
ORDER BY c.month, u.unit_id, c.account_id;

INSERT INTO dwh_star.fact_ledger (month, unit_id, account_id, fund_id, revenue, expenditure, opening, closing, load_id)
SELECT m.month, c.unit_id, a.account_id, a.fund_id,
	round(v.billions * CASE m.year WHEN 2024 THEN 0.94 ELSE 1 END * 1e9 / 12 / (SELECT n FROM demo.param)), 0, 0, 0, demo.load_id('ledger')
FROM (VALUES ('INVESTMENT-HTTT', 58000), ('INVESTMENT-ODTS', 600), ('INVESTMENT-TNLD', 3200), ('INVESTMENT-TN', 900), ('INVESTMENT-BHTN', 3300),
	('INVESTMENT-BHYT', 1500)) AS v (code, billions)
JOIN dwh_star.dim_ledger_account AS a USING (code)
JOIN dwh_star.dim_month AS m ON m.year IN (2024, 2025)
CROSS JOIN (SELECT unit_id FROM dwh_star.dim_unit WHERE level = 'centre') AS c
ORDER BY m.month, a.account_id;

INSERT INTO dwh_star.fact_ledger (month, unit_id, account_id, fund_id, revenue, expenditure, opening, closing, load_id)
WITH change AS (
	SELECT month, fund_id, sum(revenue - expenditure) AS change FROM dwh_star.fact_ledger
	WHERE fund_id <> 7 GROUP BY month, fund_id
), closing AS (
	SELECT c.month, c.fund_id, c.change,
		round(v.billions * 1e9 / (SELECT n FROM demo.param)) + sum(c.change) OVER (PARTITION BY c.fund_id ORDER BY c.month) AS closing
	FROM change AS c
	JOIN (VALUES (1, 1000000), (2, 20000), (3, 70000), (4, 22000), (5, 62000), (6, 49000)) AS v (fund_id, billions) USING (fund_id)
)
SELECT c.month, u.unit_id, a.account_id, c.fund_id, 0, 0, c.closing - c.change, c.closing, demo.load_id('ledger')
FROM closing AS c
JOIN dwh_star.dim_ledger_account AS a ON a.fund_id = c.fund_id AND a.nature = 'balance'
CROSS JOIN (SELECT unit_id FROM dwh_star.dim_unit WHERE level = 'centre') AS u
ORDER BY c.month, c.fund_id;
CALL demo.finish_load('ledger');

-- Books and cards, numbers matched with the population database: an opening stock, then events ----------------------------------
INSERT INTO dwh_star.fact_book_card (month, unit_id, event_no, event_on, event, document, person_id, quantity, load_id)
WITH event AS (
	SELECT h.month, h.home, 'opening' AS event, d.document, NULL::int AS k, sum(h.persons)::int AS quantity
	FROM demo.headcount AS h JOIN (VALUES ('book', 1), ('book', 2), ('card', 5)) AS d (document, scheme_id) USING (scheme_id)
	WHERE h.month = '2017-12-01' GROUP BY h.month, h.home, d.document
	UNION ALL
	SELECT h.month, h.home, 'issued', d.document, d.shift * b.workers + k, 1
	FROM (SELECT *, max(persons) OVER (PARTITION BY scheme_id, home ORDER BY month ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
		  FROM demo.headcount) AS h
	JOIN demo.block AS b USING (home)
	JOIN (VALUES ('book', 1, 0), ('book', 2, 1), ('card', 5, 0)) AS d (document, scheme_id, shift) USING (scheme_id)
	CROSS JOIN LATERAL generate_series(h.before + 1, h.persons) AS k
	UNION ALL
	SELECT m.month, b.home, v.event, v.document, 1 + (b.home * 13 + m.month_no * 7) % b.persons::int, 1
	FROM demo.block AS b CROSS JOIN dwh_star.dim_month AS m
	CROSS JOIN (VALUES ('renewed', 'card', 0), ('renewed', 'book', 1), ('withdrawn', 'book', 2)) AS v (event, document, remainder)
	WHERE m.year = 2025 AND (b.home + m.month_no) % 9 = v.remainder
)
SELECT e.month, u.unit_id, row_number() OVER (PARTITION BY e.month ORDER BY e.home, e.document, e.event, e.k), e.month + 10, e.event, e.document,
	CASE WHEN e.event <> 'opening' THEN (b.first_id + e.k)::int END, e.quantity, demo.load_id('book_card')
FROM event AS e JOIN demo.month_unit AS u USING (month, home) JOIN demo.block AS b USING (home)
ORDER BY 1, 3;
CALL demo.finish_load('book_card');

INSERT INTO dwh_star.fact_registration (month, unit_id, event_no, event_on, event, person_id, quantity, was_matched, load_id)
WITH stock AS (		-- nine tenths are matched at the end of 2023, the rest in the 24 months after it
	SELECT home, persons, persons * 9 / 10 AS matched FROM demo.headcount WHERE scheme_id = 5 AND month = '2023-12-01'
), event AS (
	SELECT date '2023-12-01' AS month, s.home, 'opening' AS event, NULL::int AS k, s.matched AS quantity, false AS was_matched
	FROM stock AS s
	UNION ALL
	SELECT m.month, s.home, 'matched', k, 1, false
	FROM stock AS s
	CROSS JOIN (SELECT month, 12 * (year - 2024) + month_no AS no FROM dwh_star.dim_month WHERE year IN (2024, 2025)) AS m
	CROSS JOIN LATERAL generate_series(s.matched + (s.persons - s.matched) * (m.no - 1) / 24 + 1,
									   s.matched + (s.persons - s.matched) * m.no / 24) AS k
	UNION ALL
	SELECT m.month, s.home, v.event, s.persons * v.share / 100 + 1, 1, v.was_matched
	FROM stock AS s
	CROSS JOIN dwh_star.dim_month AS m
	JOIN (VALUES ('registered', 99, 4, false), ('unmatched', 10, 2, true), ('merged', 20, 3, true)) AS v (event, share, remainder, was_matched)
		ON (s.home + m.month_no) % 24 = v.remainder
	WHERE m.year IN (2024, 2025)
)
SELECT e.month, u.unit_id, row_number() OVER (PARTITION BY e.month ORDER BY e.home, e.event, e.k), e.month + 20, e.event,
	CASE WHEN e.event <> 'opening' THEN (b.first_id + least(e.k, b.persons))::int END, e.quantity, e.was_matched, demo.load_id('registration')
FROM event AS e JOIN demo.month_unit AS u USING (month, home) JOIN demo.block AS b USING (home)
ORDER BY 1, 3;
CALL demo.finish_load('registration');

-- The agency itself: samples --------------------------------------------------------------------------------------------------
INSERT INTO dwh_star.fact_staff (month, unit_id, staff_id, position_id, employment_kind, load_id)
SELECT m.month, u.unit_id, 10 * u.home + j, CASE j WHEN 1 THEN 1 WHEN 2 THEN 3 ELSE 5 END,
	CASE j WHEN 1 THEN 'civil_servant' WHEN 4 THEN 'contract' ELSE 'public_employee' END, demo.load_id('staff')
FROM demo.month_unit AS u JOIN dwh_star.dim_month AS m USING (month) CROSS JOIN generate_series(1, 4) AS j
WHERE m.month >= '2024-12-01'
ORDER BY 1, 3;
CALL demo.finish_load('staff');

INSERT INTO dwh_star.fact_dossier (month, unit_id, dossier_no, procedure_id, event, on_time, load_id)
SELECT u.month, u.unit_id, 10 * u.home + j, 1 + (u.home + j) % 8, e.event, CASE e.event WHEN 'resolved' THEN (u.home + j) % 17 > 0 END,
	demo.load_id('dossier')
FROM demo.month_unit AS u CROSS JOIN generate_series(1, 3) AS j CROSS JOIN (VALUES ('received'), ('resolved')) AS e (event)
WHERE u.month >= '2025-01-01' AND (e.event = 'received' OR j < 3)
ORDER BY 1, 3, 5;
CALL demo.finish_load('dossier');

INSERT INTO dwh_star.fact_identity (month, unit_id, iam_account_id, state, last_login, load_id)
SELECT u.month, u.unit_id, 10 * u.home + j, CASE WHEN u.home % 20 = j THEN 'locked' ELSE 'active' END, u.month + (u.home + j) % 27,
	demo.load_id('identity')
FROM demo.month_unit AS u CROSS JOIN generate_series(1, 2) AS j
WHERE u.month >= '2025-01-01'
ORDER BY 1, 3;
CALL demo.finish_load('identity');
COMMIT;
ANALYZE dwh_star.fact_collection, dwh_star.fact_decision, dwh_star.fact_benefit, dwh_star.fact_claim, dwh_star.fact_ledger;

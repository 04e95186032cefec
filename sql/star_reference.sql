-- Rows of the dimensions and of the regulations, checked against each other and against their sources.
-- 893-021 .. 893-028: the systems of Art. 4 in their order, then manual entry and outside statistics.
SELECT source_id, code, name_vi, basis FROM dwh_star.dim_source ORDER BY source_id;
SELECT scheme_id, code, name_en FROM dwh_star.dim_scheme ORDER BY scheme_id;
SELECT fund_id, code, fund_group FROM dwh_star.dim_fund ORDER BY fund_id;
-- 44 object codes in five groups; row 0; LH of 2026 without a group.
SELECT hi_group, hi_group_vi, count(*), min(priority), max(priority) FROM dwh_star.dim_category GROUP BY 1, 2 ORDER BY 1 NULLS LAST;
SELECT category_id, code, scheme_code FROM dwh_star.dim_category WHERE hi_group IS NULL ORDER BY 1;
-- Groups come in the order of Art. 12.
SELECT bool_and(a.priority < b.priority) AS in_order
FROM dwh_star.dim_category AS a JOIN dwh_star.dim_category AS b ON a.hi_group < b.hi_group;
-- Benefit levels: near-poor 3 (95 per cent) in 2025, 2 (100) in 2026; every code has exactly one level a day.
SELECT d.on_day, c.code, l.level, l.coverage_pct
FROM (VALUES (date '2025-12-31'), (date '2026-01-01')) AS d (on_day)
CROSS JOIN dwh_star.dim_category AS c
JOIN dwh_catalog.benefit_level AS l ON l.category_id = c.category_id AND d.on_day >= l.valid_from
	AND (l.valid_to IS NULL OR d.on_day <= l.valid_to)
WHERE c.code IN ('CN', 'LH', 'DN', 'HT', 'TE', 'QN', 'TV') ORDER BY d.on_day, c.code COLLATE "C";
SELECT d.on_day, count(*), count(DISTINCT l.category_id)
FROM (VALUES (date '2025-12-31'), (date '2026-01-01')) AS d (on_day)
JOIN dwh_catalog.benefit_level AS l ON d.on_day >= l.valid_from AND (l.valid_to IS NULL OR d.on_day <= l.valid_to)
GROUP BY 1 ORDER BY 1;
SELECT level, coverage_pct, count(*) FROM dwh_catalog.benefit_level GROUP BY 1, 2 ORDER BY 1;
-- Benefits: every word that a measure filters by has a leaf.
SELECT branch, benefit_group, periodicity, count(*) FROM dwh_star.dim_benefit GROUP BY 1, 2, 3
ORDER BY branch COLLATE "C", benefit_group COLLATE "C", periodicity COLLATE "C";
SELECT string_agg(benefit_type, ', ' ORDER BY benefit_id) FROM dwh_star.dim_benefit
WHERE benefit_type IN ('ui_monthly', 'ui_one_off', 'ui_training', 'ui_job_support', 'childbirth');
-- Ledger: the accounts of each fund; benefits of each branch are paid by some fund, and an account's benefit fits its fund's branch.
SELECT f.code, a.nature, count(*) FROM dwh_star.dim_ledger_account AS a JOIN dwh_star.dim_fund AS f USING (fund_id)
GROUP BY f.fund_id, 1, 2 ORDER BY f.fund_id, a.nature COLLATE "C";
SELECT b.code FROM dwh_star.dim_benefit AS b WHERE NOT EXISTS (SELECT FROM dwh_star.dim_ledger_account AS a WHERE a.benefit_id = b.benefit_id);
SELECT a.code FROM dwh_star.dim_ledger_account AS a JOIN dwh_star.dim_benefit AS b USING (benefit_id) JOIN dwh_star.dim_fund AS f USING (fund_id)
WHERE f.fund_group NOT IN (b.branch, 'NSNN');
-- Rates: the present total of 32 per cent is the sum of its components, 21.5 by employers and 10.5 by employees.
SELECT payer, sum(rate_pct) FROM dwh_catalog.contribution_rate
WHERE fund IN ('BHXH', 'BHYT', 'BHTN') AND payer IN ('employer', 'employee')
	AND date '2025-01-01' >= valid_from AND (valid_to IS NULL OR date '2025-01-01' <= valid_to)
GROUP BY ROLLUP (payer) ORDER BY payer COLLATE "C" NULLS LAST;
SELECT rate_pct FROM dwh_catalog.contribution_rate WHERE fund = 'TOTAL';
-- The day before, with the higher work-injury rate, it was the 32.5 per cent of the history.
SELECT sum(r.rate_pct), (SELECT rate_pct FROM dwh_catalog.contribution_rate WHERE component_vi = '2014 total') AS published
FROM dwh_catalog.contribution_rate AS r
WHERE r.fund IN ('BHXH', 'BHYT', 'BHTN') AND r.payer IN ('employer', 'employee')
	AND date '2017-05-31' >= r.valid_from AND (r.valid_to IS NULL OR date '2017-05-31' <= r.valid_to);
-- ND47-025: five working days for a request of 2025-08-18, two from the next day.
SELECT d.on_day, l.value_number, l.unit
FROM (VALUES (date '2020-05-24'), (date '2025-08-18'), (date '2025-08-19')) AS d (on_day)
LEFT JOIN dwh_catalog.deadline AS l ON l.source LIKE 'ND47 Art 35(3)%' AND d.on_day >= l.valid_from
	AND (l.valid_to IS NULL OR d.on_day <= l.valid_to)
ORDER BY 1;
-- Deadlines of Decision 893 begin with it.
SELECT source, value_number, unit, valid_from, valid_to FROM dwh_catalog.deadline WHERE source LIKE '893 %' ORDER BY deadline_id;
-- Deadlines of Decision 2327 and Decree 47.
SELECT source, value_number, unit, valid_from, valid_to FROM dwh_catalog.deadline WHERE source LIKE '2327 %' OR source LIKE 'ND47 %' ORDER BY deadline_id;
SELECT count(*), count(*) FILTER (WHERE NOT is_verified) AS not_verified FROM dwh_catalog.deadline;
-- What was not read is said to be so.
SELECT code, valid_from, valid_to, is_verified FROM dwh_catalog.legal_basis WHERE code IN ('893', '454', '456', '2327', 'ND47', 'ND194', 'ND278')
ORDER BY legal_basis_id;
-- Row 0 joins, so facts never hold NULL in a key.
SELECT employer_id, code, economic_type FROM dwh_star.dim_employer WHERE employer_id = 0;

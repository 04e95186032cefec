-- Contribution rates in time: sums over the components in force, as published.
SET datestyle = 'ISO, YMD';
SELECT d AS on_day, dwh.get_contribution_rate('BHXH', 'employer', d) AS bhxh_employer, dwh.get_contribution_rate('BHXH', 'employee', d) AS bhxh_employee,
	dwh.get_contribution_rate('BHYT', 'employer', d) AS bhyt_employer, dwh.get_contribution_rate('BHYT', 'employee', d) AS bhyt_employee,
	dwh.get_contribution_rate('BHTN', 'employer', d) AS bhtn_employer, dwh.get_contribution_rate('BHTN', 'employee', d) AS bhtn_employee
FROM unnest(ARRAY[date '2013-12-31', '2014-01-01', '2017-05-31', '2017-06-01', '2025-07-01']) AS d ORDER BY d;
-- They add up to the published totals.
SELECT d AS on_day, dwh.get_contribution_rate('BHXH', 'employer', d) + dwh.get_contribution_rate('BHXH', 'employee', d)
	+ dwh.get_contribution_rate('BHYT', 'employer', d) + dwh.get_contribution_rate('BHYT', 'employee', d)
	+ dwh.get_contribution_rate('BHTN', 'employer', d) + dwh.get_contribution_rate('BHTN', 'employee', d) AS sum,
	coalesce(dwh.get_contribution_rate('HIST', 'employer+employee', d), dwh.get_contribution_rate('TOTAL', 'employer+employee', d)) AS published
FROM unnest(ARRAY[date '2014-01-01', '2017-05-31', '2017-06-01', '2025-07-01']) AS d ORDER BY d;
-- One component; nothing in force; today; NULL.
SELECT dwh.get_contribution_rate('BHXH', 'employer', '2017-05-31', 'TNLĐ-BNN') AS work_injury,
	dwh.get_contribution_rate('BHXH', 'employee', '2000-01-01') AS not_yet,
	dwh.get_contribution_rate('BHTN', 'employee') = dwh.get_contribution_rate('BHTN', 'employee', dwh.today()) AS today,
	dwh.get_contribution_rate(NULL, 'employee') AS none;
-- Unknown words.
SELECT dwh.get_contribution_rate('BHXX', 'employer', '2025-01-01');
SELECT dwh.get_contribution_rate('BHXH', 'state', '2025-01-01');
SELECT dwh.get_contribution_rate('BHXH', 'employer', '2025-01-01', 'x');
\set VERBOSITY sqlstate
SELECT dwh.get_contribution_rate('BHXX', 'employer', '2025-01-01');
-- A change acts at once and leaves with its transaction.
BEGIN;
UPDATE dwh_catalog.contribution_rate SET rate_pct = 9 WHERE fund = 'BHXH' AND payer = 'employee';
SELECT dwh.get_contribution_rate('BHXH', 'employee', '2025-01-01');
ROLLBACK;
SELECT dwh.get_contribution_rate('BHXH', 'employee', '2025-01-01');

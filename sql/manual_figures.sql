-- 893-077: figures with no source system are entered through landing, whole batches or nothing; changes append.
\set ON_ERROR_ROLLBACK on
BEGIN;
CREATE ROLE dwh_test_loader INHERIT IN ROLE dwh_loader;
SET ROLE dwh_test_loader;
COPY dwh_landing.manual_figure (batch, line, indicator, period_type, period_start, as_of, unit_code, kind, source_code, source_note, value, sex, age_group, scheme, fund, facility) FROM STDIN CSV;
first,1,A01,point,,2010-12-31,VSS,settlement,outside,vss,9441246,,,,,
first,2,X01,year,2010-01-01,,VSS,estimate,outside,gso,86940000,,,,,
first,3,X01,year,2010-01-01,,VSS,estimate,outside,gso,86940000.0,,,,,
first,4,X01,year,2010-01-01,,VSS,estimate,outside,another source,87000000,,,,,
first,5,A01,point,2025-06-01,2025-06-30,52,actual,manual,,100,F,16-30,BHXH_BB,HTTT,
first,6,A01,point,2025-07-01,2025-07-31,52,actual,manual,,200,F,16-30,BHXH_BB,HTTT,
first,7,B04,ytd,2025-01-01,2025-03-31,VSS,actual,outside,press,-1.50,,,,,
\.
SELECT rows_in, rows_loaded, rows_superseded, rows_duplicate FROM dwh.load_manual_figures('first');
-- The same batch again changes nothing.
SELECT rows_in, rows_loaded, rows_superseded, rows_duplicate FROM dwh.load_manual_figures('first');
-- A corrected file: one figure changed, one written differently, one new.
COPY dwh_landing.manual_figure (batch, line, indicator, period_type, period_start, as_of, unit_code, kind, source_code, source_note, value) FROM STDIN CSV;
second,1,A01,point,2010-12-01,2010-12-31,VSS,settlement,outside,vss,9441247
second,2,X01,year,2010-01-01,,VSS,estimate,outside,gso,86940000.00
second,3,X01,year,2011-01-01,,VSS,estimate,outside,gso,87840000
\.
SELECT rows_in, rows_loaded, rows_superseded, rows_duplicate FROM dwh.load_manual_figures('second');
-- The loader itself reads no figure and no landing row.
SELECT count(*) FROM dwh_star.fact_manual;
SELECT count(*) FROM dwh_landing.manual_figure;
RESET ROLE;
-- Code 52 was Bình Định and is Gia Lai; revisions append; the other source's figure stands beside.
SELECT f.indicator, f.month, f.as_of, u.name_vi, f.value, f.source_note, f.revision, f.is_current, f.sex, f.age_group, s.code AS scheme, fu.code AS fund,
	f.entered_by = session_user AS by_me
FROM dwh_star.fact_manual AS f JOIN dwh_star.dim_unit AS u USING (unit_id)
LEFT JOIN dwh_star.dim_scheme AS s USING (scheme_id) LEFT JOIN dwh_star.dim_fund AS fu USING (fund_id)
ORDER BY f.indicator COLLATE "C", f.month, f.value;
SELECT l.batch, s.code AS source, l.rows_in, l.rows_loaded, l.rows_superseded, l.rows_duplicate, l.status, l.finished_at >= l.started_at AS finished,
	(SELECT count(*) FROM dwh_star.fact_manual AS f WHERE f.load_id = l.load_id) AS rows_with_this_load
FROM dwh_log.load_run AS l JOIN dwh_star.dim_source AS s USING (source_id) WHERE l.batch IN ('first', 'second') ORDER BY l.load_id;
-- A value that comes back after a change is a third revision, not a duplicate.
INSERT INTO dwh_landing.manual_figure (batch, line, indicator, period_type, as_of, unit_code, kind, source_code, source_note, value)
VALUES ('third', 1, 'A01', 'point', '2010-12-31', 'VSS', 'settlement', 'outside', 'vss', '9441246');
SELECT rows_loaded, rows_superseded, rows_duplicate FROM dwh.load_manual_figures('third');
SELECT value, revision, is_current FROM dwh_star.fact_manual WHERE indicator = 'A01' AND month = '2010-12-01' ORDER BY revision;

-- A malformed line does not even land.
COPY dwh_landing.manual_figure (batch, line, indicator, period_type) FROM STDIN CSV;
bad,1,A01,point
bad,2,"A01,point
\.
COPY dwh_landing.manual_figure (batch, line, indicator, period_type) FROM STDIN CSV;
bad,one,A01,point
\.
SELECT count(*) FROM dwh_landing.manual_figure WHERE batch = 'bad';

-- Each of these lines stands second in a batch whose first line is good: it is named, and nothing of the batch is loaded.
INSERT INTO dwh_landing.manual_figure (batch, line, indicator, period_type, period_start, as_of, unit_code, kind, source_code, value, sex, scheme, fund, facility)
SELECT b.batch, l.line, coalesce(l.indicator, b.indicator), coalesce(l.period_type, b.period_type), coalesce(l.period_start, b.period_start),
	coalesce(l.as_of, b.as_of), coalesce(l.unit_code, b.unit_code), coalesce(l.kind, b.kind), coalesce(l.source_code, b.source_code),
	coalesce(l.value, b.value), b.sex, b.scheme, b.fund, b.facility
FROM (VALUES
	('indicator', 'A1', 'month', '2025-05-01', NULL, 'VSS', 'actual', 'manual', '1', NULL, NULL, NULL, NULL),
	('no indicator', ' ', 'month', '2025-05-01', NULL, 'VSS', 'actual', 'manual', '1', NULL, NULL, NULL, NULL),
	('period type', 'A01', 'week', '2025-05-01', NULL, 'VSS', 'actual', 'manual', '1', NULL, NULL, NULL, NULL),
	('date', 'A01', 'month', '2025-02-30', NULL, 'VSS', 'actual', 'manual', '1', NULL, NULL, NULL, NULL),
	('date style', 'A01', 'month', '01/05/2025', NULL, 'VSS', 'actual', 'manual', '1', NULL, NULL, NULL, NULL),
	('no period', 'A01', 'month', '', NULL, 'VSS', 'actual', 'manual', '1', NULL, NULL, NULL, NULL),
	('no as_of', 'A01', 'ytd', '2025-01-01', NULL, 'VSS', 'actual', 'manual', '1', NULL, NULL, NULL, NULL),
	('quarter', 'A01', 'quarter', '2025-02-01', NULL, 'VSS', 'actual', 'manual', '1', NULL, NULL, NULL, NULL),
	('mid-month', 'A01', 'month', '2025-05-02', NULL, 'VSS', 'actual', 'manual', '1', NULL, NULL, NULL, NULL),
	('other year', 'A01', 'ytd', '2025-01-01', '2026-01-31', 'VSS', 'actual', 'manual', '1', NULL, NULL, NULL, NULL),
	('unit', 'A01', 'month', '2025-05-01', NULL, 'VSSS', 'actual', 'manual', '1', NULL, NULL, NULL, NULL),
	('unit ended', 'A01', 'month', '2025-07-01', NULL, '77', 'actual', 'manual', '1', NULL, NULL, NULL, NULL),
	('kind', 'A01', 'month', '2025-05-01', NULL, 'VSS', 'actaul', 'manual', '1', NULL, NULL, NULL, NULL),
	('source', 'A01', 'month', '2025-05-01', NULL, 'VSS', 'actual', 'outsid', '1', NULL, NULL, NULL, NULL),
	('value', 'A01', 'month', '2025-05-01', NULL, 'VSS', 'actual', 'manual', '1.000,5', NULL, NULL, NULL, NULL),
	('not a number', 'A01', 'month', '2025-05-01', NULL, 'VSS', 'actual', 'manual', 'NaN', NULL, NULL, NULL, NULL),
	('sex', 'A01', 'month', '2025-05-01', NULL, 'VSS', 'actual', 'manual', '1', 'nam', NULL, NULL, NULL),
	('scheme', 'A01', 'month', '2025-05-01', NULL, 'VSS', 'actual', 'manual', '1', NULL, 'BHXHBB', NULL, NULL),
	('scheme too early', 'A01', 'month', '2008-05-01', NULL, 'VSS', 'actual', 'manual', '1', NULL, 'BHTN', NULL, NULL),
	('fund', 'A01', 'month', '2025-05-01', NULL, 'VSS', 'actual', 'manual', '1', NULL, NULL, 'HTT', NULL),
	('facility', 'A01', 'month', '2025-05-01', NULL, 'VSS', 'actual', 'manual', '1', NULL, NULL, NULL, '01001'),
	('contradiction', 'A02', 'month', '2025-05-01', NULL, 'VSS', 'actual', 'manual', '2', NULL, NULL, NULL, NULL),
	('far away', 'A01', 'month', '2055-05-01', NULL, 'VSS', 'actual', 'manual', '1', NULL, NULL, NULL, NULL)
	) AS b (batch, indicator, period_type, period_start, as_of, unit_code, kind, source_code, value, sex, scheme, fund, facility)
CROSS JOIN LATERAL (VALUES
	(1, 'A02', 'month', '2025-05-01', NULL, 'VSS', 'actual', 'manual', '1'),
	(2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)
	) AS l (line, indicator, period_type, period_start, as_of, unit_code, kind, source_code, value);
UPDATE dwh_landing.manual_figure SET as_of = NULL, sex = NULL, scheme = NULL, fund = NULL, facility = NULL WHERE line = 1 AND batch NOT IN ('first', 'second', 'third');
SELECT count(*) AS figures FROM dwh_star.fact_manual \gset
SELECT count(*) AS runs FROM dwh_log.load_run \gset
SELECT load_id FROM dwh.load_manual_figures('indicator');
\echo :LAST_ERROR_SQLSTATE
SELECT load_id FROM dwh.load_manual_figures('no indicator');
\echo :LAST_ERROR_SQLSTATE
SELECT load_id FROM dwh.load_manual_figures('period type');
\echo :LAST_ERROR_SQLSTATE
SELECT load_id FROM dwh.load_manual_figures('date');
\echo :LAST_ERROR_SQLSTATE
SELECT load_id FROM dwh.load_manual_figures('date style');
SELECT load_id FROM dwh.load_manual_figures('no period');
SELECT load_id FROM dwh.load_manual_figures('no as_of');
SELECT load_id FROM dwh.load_manual_figures('quarter');
\echo :LAST_ERROR_SQLSTATE
SELECT load_id FROM dwh.load_manual_figures('mid-month');
SELECT load_id FROM dwh.load_manual_figures('other year');
SELECT load_id FROM dwh.load_manual_figures('unit');
\echo :LAST_ERROR_SQLSTATE
SELECT load_id FROM dwh.load_manual_figures('unit ended');
SELECT load_id FROM dwh.load_manual_figures('kind');
SELECT load_id FROM dwh.load_manual_figures('source');
SELECT load_id FROM dwh.load_manual_figures('value');
\echo :LAST_ERROR_SQLSTATE
SELECT load_id FROM dwh.load_manual_figures('not a number');
SELECT load_id FROM dwh.load_manual_figures('sex');
SELECT load_id FROM dwh.load_manual_figures('scheme');
SELECT load_id FROM dwh.load_manual_figures('scheme too early');
SELECT load_id FROM dwh.load_manual_figures('fund');
SELECT load_id FROM dwh.load_manual_figures('facility');
SELECT load_id FROM dwh.load_manual_figures('contradiction');
SELECT load_id FROM dwh.load_manual_figures('far away');
\echo :LAST_ERROR_SQLSTATE
SELECT load_id FROM dwh.load_manual_figures('no such batch');
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) = :figures AS no_figure_more FROM dwh_star.fact_manual;
SELECT count(*) = :runs AS no_run_more FROM dwh_log.load_run;
-- Who may not.
CREATE ROLE dwh_test_reader INHERIT IN ROLE dwh_analyst;
GRANT EXECUTE ON FUNCTION dwh.load_manual_figures(text) TO dwh_test_reader;
SET ROLE dwh_test_reader;
SELECT load_id FROM dwh.load_manual_figures('first');
\echo :LAST_ERROR_SQLSTATE
\copy dwh_landing.manual_figure (batch, line) FROM /dev/null CSV
RESET ROLE;
ROLLBACK;

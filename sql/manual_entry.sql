-- 893-077: figures that no source system gives are entered by a person, with note and reason, and count once a second one approves them.
\set ON_ERROR_ROLLBACK on
BEGIN;
CREATE ROLE dwh_test_an IN ROLE dwh_analyst;
CREATE ROLE dwh_test_binh IN ROLE dwh_analyst;
CREATE ROLE dwh_test_ha IN ROLE dwh_analyst;
CREATE ROLE dwh_test_loader IN ROLE dwh_loader;
CREATE ROLE dwh_test_nobody IN ROLE dwh_analyst;
INSERT INTO dwh_catalog.account (account_id, kind, email, full_name, login_role, valid_from) VALUES
	(990001, 'sector', 'an@example.invalid', 'Nguyễn Văn An', 'dwh_test_an', '2020-01-01'),
	(990002, 'sector', 'binh@example.invalid', 'Trần Thị Bình', 'dwh_test_binh', '2020-01-01'),
	(990004, 'sector', 'ha@example.invalid', 'Phạm Thị Hà', 'dwh_test_ha', '2020-01-01'),
	(990003, 'sector', 'nap@example.invalid', 'Lê Văn Nạp', 'dwh_test_loader', '2020-01-01');
INSERT INTO dwh_catalog.access_grant (account_id, user_group_id, scope_unit_id, valid_from)
SELECT a, user_group_id, (SELECT unit_id FROM dwh_star.dim_unit WHERE code = u AND valid_to IS NULL AND level <> 'region'), '2020-01-01'
FROM dwh_catalog.user_group, (VALUES (990001, 'VSS', 'analyst'), (990002, 'VSS', 'analyst'), (990004, '01', 'analyst')) AS v (a, u, g) WHERE code = g;
SELECT setval('dwh_star.fact_manual_manual_id_seq', 9000000);
CREATE FUNCTION pg_temp.x01(p_year int DEFAULT 2027) RETURNS numeric LANGUAGE sql AS $$
	SELECT value FROM dwh.indicator_values('{X01}', make_date(p_year, 1, 1), make_date(p_year, 1, 1), 'year', '{country}') $$;

-- What is entered waits, and does not count.
SET ROLE dwh_test_an;
SELECT dwh.enter_value('X01', '2027-01-01', 'year', 'VSS', 103000000, 'Niên giám 2027, bảng 12', p_source => 'outside', p_source_note => 'gso') AS id \gset
RESET ROLE;
SELECT indicator, period, period_start, unit_code, kind, source, source_note, value, value_now, revision, note, reason, author
FROM dwh.pending_values;
SET ROLE dwh_test_an;
SELECT dwh.enter_value('X01', '2027-01-01', 'year', '01', 8700000, 'x') > 0 AS entered;
-- Who answers for a province enters its figures and nobody else's.
SET ROLE dwh_test_ha;
SELECT dwh.approve_value(:id);
SELECT dwh.reject_value(:id, 'x');
SELECT dwh.enter_value('X01', '2028-01-01', 'year', 'VSS', 1, 'x');
SELECT dwh.enter_value('X01', '2028-01-01', 'year', '79', 1, 'x');
SELECT dwh.enter_value('X01', '2028-01-01', 'year', '01', 8800000, 'x') > 0 AS entered;
RESET ROLE;
SELECT pg_temp.x01();
-- Neither its author approves it, nor somebody without an account, nor somebody of another group.
SET ROLE dwh_test_an;
SELECT dwh.approve_value(:id);
SET ROLE dwh_test_nobody;
SELECT dwh.approve_value(:id);
SELECT dwh.enter_value('X01', '2028-01-01', 'year', 'VSS', 1, 'x');
SET ROLE dwh_test_loader;
SELECT dwh.approve_value(:id);
SELECT dwh.reject_value(:id, 'x');
SELECT dwh.enter_value('X01', '2028-01-01', 'year', 'VSS', 1, 'x');
RESET ROLE;
SELECT pg_temp.x01();
-- A second proposal for the same figure waits its turn; another source's stands beside.
SET ROLE dwh_test_binh;
SELECT dwh.enter_value('X01', '2027-01-01', 'year', 'VSS', 104000000, 'x', p_source => 'outside', p_source_note => 'gso');
SELECT dwh.approve_value(:id, 'đã đối chiếu');
SELECT dwh.approve_value(:id);
SELECT dwh.reject_value(:id, 'too late');
RESET ROLE;
SELECT pg_temp.x01();
SELECT value, revision, is_current, approval, f.note, author, author_account_id, decided_by, decided_account_id, decision_note, decided_at >= entered_at AS later,
	entered_by, l.status, l.rows_in, l.rows_loaded
FROM dwh_star.fact_manual AS f JOIN dwh_log.load_run AS l USING (load_id) WHERE month = '2027-01-01' ORDER BY manual_id;

-- A revision needs its reason, appends, and counts when it is approved; one that is rejected, or taken back, never does.
SET ROLE dwh_test_binh;
SELECT dwh.enter_value('X01', '2027-01-01', 'year', 'VSS', 103000000.0, 'x', 'x', p_source => 'outside', p_source_note => 'gso');
SELECT dwh.enter_value('X01', '2027-01-01', 'year', 'VSS', 103500000, 'x', p_source => 'outside', p_source_note => 'gso');
SELECT dwh.enter_value('X01', '2027-01-01', 'year', 'VSS', 103500000, 'x', ' ', p_source => 'outside', p_source_note => 'gso');
SELECT dwh.enter_value('X01', '2027-01-01', 'year', 'VSS', 103500000, 'Niên giám 2028', 'GSO revised', p_source => 'outside', p_source_note => 'gso') AS id \gset
RESET ROLE;
SELECT value, value_now, revision, reason FROM dwh.pending_values WHERE value_now > 0;
SET ROLE dwh_test_binh;
SELECT dwh.reject_value(:id, ' ');
SELECT dwh.reject_value(:id, 'mistyped');
SELECT dwh.enter_value('X01', '2027-01-01', 'year', 'VSS', 103600000, 'Niên giám 2028', 'GSO revised', p_source => 'outside', p_source_note => 'gso') AS id \gset
SET ROLE dwh_test_an;
SELECT dwh.approve_value(:id);
RESET ROLE;
SELECT pg_temp.x01();
SELECT value, revision, is_current, approval, reason, decision_note FROM dwh_star.fact_manual WHERE month = '2027-01-01' ORDER BY manual_id;
-- One that a load overtook is not approved unseen.
SET ROLE dwh_test_an;
SELECT dwh.enter_value('X01', '2027-01-01', 'year', 'VSS', 103700000, 'x', 'x', p_source => 'outside', p_source_note => 'gso') AS id \gset
RESET ROLE;
INSERT INTO dwh_landing.manual_figure (batch, line, indicator, period_type, period_start, unit_code, kind, source_code, source_note, value)
VALUES ('overtakes', 1, 'X01', 'year', '2027-01-01', 'VSS', 'actual', 'outside', 'gso', '103800000');
SELECT rows_loaded, rows_superseded FROM dwh.load_manual_figures('overtakes');
SET ROLE dwh_test_binh;
SELECT dwh.approve_value(:id);
SELECT dwh.reject_value(:id, 'overtaken');
RESET ROLE;
SELECT pg_temp.x01();
-- The landed line of an entered figure is nobody's to load past the approval.
SET ROLE dwh_test_an;
SELECT dwh.enter_value('X01', '2029-01-01', 'year', 'VSS', 1, 'x') AS id \gset
RESET ROLE;
SELECT batch = format('entry %s', landing_id) AS own_batch, line, indicator, period_type, period_start, unit_code, kind, source_code, value
FROM dwh_landing.manual_figure WHERE batch LIKE 'entry %' ORDER BY landing_id DESC LIMIT 1;
SELECT dwh.load_manual_figures('entry 1');

-- Plans of indicators that a source feeds may be entered, their values not. Indicators without any source may.
SET ROLE dwh_test_an;
SELECT dwh.enter_value('A01', '2027-01-01', 'year', 'VSS', 20000000, 'QĐ 1/QĐ-BHXH', p_kind => 'plan') > 0 AS entered;
SELECT dwh.enter_value('A01', '2027-01-01', 'year', 'VSS', 20000000, 'x');
SELECT dwh.enter_value('A08', '2027-01-01', 'year', 'VSS', 50, 'x');
SELECT dwh.enter_value('H02', '2027-01-01', 'month', 'VSS', 7, 'counted by hand') > 0 AS entered;
-- Kinds of period: year-to-date by the month it runs to, a point by its day.
SELECT dwh.enter_value('X01', '2027-03-01', 'ytd', 'VSS', 5, 'x') > 0 AS ytd, dwh.enter_value('X01', '2027-03-31', 'point', 'VSS', 6, 'x') > 0 AS point;
RESET ROLE;
SELECT period, period_start, value FROM dwh.pending_values WHERE period IN ('ytd', 'point') ORDER BY 1;

-- What cannot be entered, and nothing changed by it.
SELECT count(*) AS before FROM dwh.pending_values \gset
SET ROLE dwh_test_an;
SELECT dwh.enter_value('X1', '2027-01-01', 'year', 'VSS', 1, 'x');
SELECT dwh.enter_value('X01', '2027-01-01', 'yearly', 'VSS', 1, 'x');
SELECT dwh.enter_value('X01', '2027-02-01', 'year', 'VSS', 1, 'x');
SELECT dwh.enter_value('X01', '2027-01-02', 'month', 'VSS', 1, 'x');
SELECT dwh.enter_value('X01', '2027-01-02', 'ytd', 'VSS', 1, 'x');
SELECT dwh.enter_value('X01', '1999-01-01', 'year', 'VSS', 1, 'x');
SELECT dwh.enter_value('X01', '9999-12-01', 'ytd', 'VSS', 1, 'x');
SELECT dwh.enter_value('X01', 'infinity', 'year', 'VSS', 1, 'x');
SELECT dwh.enter_value('H02', '2027-01-01', 'quarter', 'VSS', 1, 'x');
SELECT dwh.enter_value('X01', '2027-01-01', 'year', 'VS', 1, 'x');
SELECT dwh.enter_value('X01', '2027-01-01', 'year', 'TT-CNTT', 1, 'x');
SELECT dwh.enter_value('X01', '2027-01-01', 'year', 'KV-I', 1, 'x');
SELECT dwh.enter_value('X01', '2027-01-01', 'year', 'VSS', 'NaN', 'x');
SELECT dwh.enter_value('X01', '2027-01-01', 'year', 'VSS', 'Infinity', 'x');
SELECT dwh.enter_value('X01', '2027-01-01', 'year', 'VSS', 1e-30, 'x');
SELECT dwh.enter_value('X01', '2027-01-01', 'year', 'VSS', NULL, 'x');
SELECT dwh.enter_value('X01', '2027-01-01', 'year', 'VSS', 1, ' ');
SELECT dwh.enter_value(NULL, '2027-01-01', 'year', 'VSS', 1, 'x');
SELECT dwh.enter_value('X01', '2027-01-01', 'year', 'VSS', 1, 'x', p_kind => 'actuel');
SELECT dwh.enter_value('X01', '2027-01-01', 'year', 'VSS', 1, 'x', p_source => 'manuel');
SELECT dwh.enter_value('X01', '2027-01-01', 'year', 'VSS', 1, 'x', p_sex => 'X');
SELECT dwh.enter_value('X01', '2027-01-01', 'year', 'VSS', 1, 'x', p_scheme => 'BHYT');
SELECT dwh.approve_value(NULL);
SELECT dwh.approve_value(-1);
SELECT dwh.reject_value(-1, 'x');
RESET ROLE;
SELECT count(*) = :before AS nothing_changed FROM dwh.pending_values;
ROLLBACK;

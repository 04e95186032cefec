-- The triggers that mark what changed, run on creation and again on every rebuild. A trigger that was away and comes back has
-- another number: refresh sees by it that nobody watched meanwhile, and takes everything for changed.
SELECT dwh_internal.watch_subject(s.subject_id) FROM dwh_catalog.subject AS s ORDER BY s.subject_id;

CREATE OR REPLACE TRIGGER after_row_mark AFTER INSERT OR UPDATE OR DELETE ON dwh_catalog.subject
	FOR EACH ROW EXECUTE FUNCTION dwh_internal.mark_subject();
CREATE OR REPLACE TRIGGER after_row_mark AFTER INSERT OR UPDATE OR DELETE ON dwh_catalog.subject_dimension
	FOR EACH ROW EXECUTE FUNCTION dwh_internal.mark_subject();
CREATE OR REPLACE TRIGGER after_row_mark AFTER INSERT OR UPDATE OR DELETE ON dwh_catalog.measure
	FOR EACH ROW EXECUTE FUNCTION dwh_internal.mark_subject();
CREATE OR REPLACE TRIGGER after_row_mark AFTER INSERT OR UPDATE ON dwh_catalog.indicator
	FOR EACH ROW EXECUTE FUNCTION dwh_internal.mark_indicator();
CREATE OR REPLACE TRIGGER after_row_mark AFTER INSERT OR UPDATE OR DELETE ON dwh_catalog.indicator_version
	FOR EACH ROW EXECUTE FUNCTION dwh_internal.mark_formula();
CREATE OR REPLACE TRIGGER after_row_mark AFTER INSERT OR UPDATE OR DELETE ON dwh_star.dim_unit
	FOR EACH ROW EXECUTE FUNCTION dwh_internal.mark_units();
CREATE OR REPLACE TRIGGER after_row_mark AFTER INSERT OR UPDATE OR DELETE ON dwh_catalog.unit_succession
	FOR EACH ROW EXECUTE FUNCTION dwh_internal.mark_units();
CREATE OR REPLACE TRIGGER after_row_mark AFTER INSERT OR UPDATE OR DELETE ON dwh_catalog.unit_grouping
	FOR EACH ROW EXECUTE FUNCTION dwh_internal.mark_units();
DO $$
DECLARE
	v_table	text;
BEGIN
	FOREACH v_table IN ARRAY ARRAY['dwh_catalog.subject', 'dwh_catalog.subject_dimension', 'dwh_catalog.measure',
		'dwh_catalog.indicator', 'dwh_catalog.indicator_version', 'dwh_star.dim_unit', 'dwh_catalog.unit_succession',
		'dwh_catalog.unit_grouping'] LOOP
		EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER after_row_mark', v_table);
	END LOOP;
	FOR v_table IN
		SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
		WHERE n.nspname = 'dwh_star' AND c.relkind = 'r' AND c.relname LIKE 'dim\_%'
			AND c.relname NOT IN ('dim_unit', 'dim_month', 'dim_day', 'dim_person')
		ORDER BY c.relname
	LOOP
		EXECUTE format('CREATE OR REPLACE TRIGGER after_update_mark AFTER UPDATE ON %s
			REFERENCING OLD TABLE AS rows_before NEW TABLE AS rows_after
			FOR EACH STATEMENT EXECUTE FUNCTION dwh_internal.mark_dimension()', v_table);
		EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER after_update_mark', v_table);
	END LOOP;
END
$$;

CREATE OR REPLACE VIEW dwh.refresh_runs WITH (security_invoker = true, security_barrier = true) AS
SELECT r.run_id, r.subject, r.started_at, r.finished_at, r.started_by, r.cells_marked, r.cells_rebuilt, r.summary_rows, r.values_computed,
	r.values_changed, r.cells_ms, r.values_ms, r.cells_ms + r.values_ms AS total_ms, r.values_failed
FROM dwh_log.refresh_run AS r;
COMMENT ON VIEW dwh.refresh_runs IS 'Các lần làm mới: số dòng và thời gian | Runs of refresh: rows and times';
COMMENT ON COLUMN dwh.refresh_runs.run_id IS 'Số lần chạy | Number of the run';
COMMENT ON COLUMN dwh.refresh_runs.subject IS 'Mã chủ đề; trống là mọi chủ đề | Code of the subject; empty means all';
COMMENT ON COLUMN dwh.refresh_runs.started_at IS 'Bắt đầu | Started';
COMMENT ON COLUMN dwh.refresh_runs.finished_at IS 'Kết thúc | Finished';
COMMENT ON COLUMN dwh.refresh_runs.started_by IS 'Người dùng phiên | Session user';
COMMENT ON COLUMN dwh.refresh_runs.cells_marked IS 'Số dấu ô đã xử lý | Marks of cells that were taken up';
COMMENT ON COLUMN dwh.refresh_runs.cells_rebuilt IS 'Số ô đã tính lại | Cells rebuilt';
COMMENT ON COLUMN dwh.refresh_runs.summary_rows IS 'Số dòng tổng hợp đã ghi | Rows of summaries written';
COMMENT ON COLUMN dwh.refresh_runs.values_computed IS 'Số giá trị đã tính lại | Values recomputed';
COMMENT ON COLUMN dwh.refresh_runs.values_changed IS 'Số giá trị thay đổi, thêm hoặc bỏ | Values that changed, came or went';
COMMENT ON COLUMN dwh.refresh_runs.cells_ms IS 'Thời gian tính ô, ms | Time for cells, ms';
COMMENT ON COLUMN dwh.refresh_runs.values_ms IS 'Thời gian tính giá trị, ms | Time for values, ms';
COMMENT ON COLUMN dwh.refresh_runs.total_ms IS 'Tổng thời gian, ms | Time in all, ms';
COMMENT ON COLUMN dwh.refresh_runs.values_failed IS
	'Số kỳ của chỉ tiêu không tính được | Periods of indicators that could not be computed';

CREATE OR REPLACE VIEW dwh.refresh_failures WITH (security_invoker = true, security_barrier = true) AS
SELECT i.code AS indicator, f.period_type AS period, f.period_start, f.sql_state, f.message, f.detail, f.first_failed_at, f.last_failed_at
FROM dwh_log.refresh_failure AS f
JOIN dwh_catalog.indicator AS i USING (indicator_id);
COMMENT ON VIEW dwh.refresh_failures IS
	'Chỉ tiêu và kỳ mà lần làm mới gần nhất không tính được, và vì sao | What the last refresh could not compute, and why';
COMMENT ON COLUMN dwh.refresh_failures.indicator IS 'Mã chỉ tiêu | Indicator code';
COMMENT ON COLUMN dwh.refresh_failures.period IS 'Loại kỳ; trống là mọi kỳ | Kind of period; empty means every period';
COMMENT ON COLUMN dwh.refresh_failures.period_start IS 'Tháng gọi tên kỳ | Month that names the period';
COMMENT ON COLUMN dwh.refresh_failures.sql_state IS 'Mã lỗi | SQLSTATE';
COMMENT ON COLUMN dwh.refresh_failures.message IS 'Thông báo lỗi | Message of the error';
COMMENT ON COLUMN dwh.refresh_failures.detail IS 'Chi tiết và chỗ xảy ra lỗi | Detail, and where it happened';
COMMENT ON COLUMN dwh.refresh_failures.first_failed_at IS 'Lần đầu | First failed at';
COMMENT ON COLUMN dwh.refresh_failures.last_failed_at IS 'Lần gần nhất | Last failed at';

-- The alarm: what waits, and how long. Waiting longer than a day is overdue (a rule of our own).
CREATE OR REPLACE VIEW dwh.stale_cells WITH (security_invoker = true, security_barrier = true) AS
SELECT s.code AS subject, coalesce(m.unit_column, s.unit_column) AS unit_column, u.code AS unit_code, m.month_from, m.month_to,
	count(*) AS marks, min(m.marked_at) AS marked_at, statement_timestamp() - min(m.marked_at) AS waiting,
	statement_timestamp() - min(m.marked_at) > interval '1 day' AS is_overdue
FROM dwh_log.cell_mark AS m
JOIN dwh_catalog.subject AS s USING (subject_id)
LEFT JOIN dwh_star.dim_unit AS u ON u.unit_id = m.unit_id
GROUP BY s.code, coalesce(m.unit_column, s.unit_column), u.code, m.month_from, m.month_to;
COMMENT ON VIEW dwh.stale_cells IS
	'Ô có dòng thay đổi đang chờ làm mới, và đã chờ bao lâu | Cells whose rows changed and that wait for refresh, and how long';
COMMENT ON COLUMN dwh.stale_cells.subject IS 'Mã chủ đề | Code of the subject';
COMMENT ON COLUMN dwh.stale_cells.unit_column IS 'Cột đơn vị | Column of the unit';
COMMENT ON COLUMN dwh.stale_cells.unit_code IS 'Mã đơn vị; trống là mọi đơn vị | Code of the unit; empty means every unit';
COMMENT ON COLUMN dwh.stale_cells.month_from IS 'Từ tháng | First month';
COMMENT ON COLUMN dwh.stale_cells.month_to IS 'Đến tháng | Last month';
COMMENT ON COLUMN dwh.stale_cells.marks IS 'Số dấu | Marks';
COMMENT ON COLUMN dwh.stale_cells.marked_at IS 'Dấu đầu tiên lúc | First marked at';
COMMENT ON COLUMN dwh.stale_cells.waiting IS 'Đã chờ | Waiting for';
COMMENT ON COLUMN dwh.stale_cells.is_overdue IS 'Chờ quá một ngày | Waiting for more than a day';

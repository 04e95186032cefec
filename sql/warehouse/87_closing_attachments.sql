-- Views over entered figures, closed periods and their vintages; run on creation and again on every rebuild.

CREATE OR REPLACE VIEW dwh.pending_values WITH (security_invoker = true, security_barrier = true) AS
SELECT f.manual_id, f.indicator, f.period_type AS period, CASE WHEN f.period_type IN ('ytd', 'point') THEN f.as_of ELSE f.period_start END AS period_start,
	u.code AS unit_code, u.name_vi AS unit_name, f.kind, s.code AS source, f.source_note, f.sex, f.age_group, f.value, c.value AS value_now,
	f.revision, f.note, f.reason, f.author, f.entered_at
FROM dwh_star.fact_manual AS f
JOIN dwh_star.dim_unit AS u USING (unit_id)
JOIN dwh_star.dim_source AS s USING (source_id)
LEFT JOIN dwh_star.fact_manual AS c ON c.is_current AND c.indicator = f.indicator AND c.month = f.month AND c.period_type = f.period_type
	AND c.as_of IS NOT DISTINCT FROM f.as_of AND c.unit_id = f.unit_id AND c.kind = f.kind AND c.source_id = f.source_id
	AND c.source_note = f.source_note AND c.sex IS NOT DISTINCT FROM f.sex AND c.age_group IS NOT DISTINCT FROM f.age_group
	AND c.scheme_id IS NOT DISTINCT FROM f.scheme_id AND c.fund_id IS NOT DISTINCT FROM f.fund_id
	AND c.facility_id IS NOT DISTINCT FROM f.facility_id
WHERE f.approval = 'pending';
COMMENT ON VIEW dwh.pending_values IS 'Số liệu nhập tay đang chờ duyệt | Entered figures that wait for approval';
COMMENT ON COLUMN dwh.pending_values.manual_id IS 'Số, dùng khi duyệt hoặc từ chối | Number, to approve or reject it by';
COMMENT ON COLUMN dwh.pending_values.indicator IS 'Mã chỉ tiêu | Indicator code';
COMMENT ON COLUMN dwh.pending_values.period IS 'Loại kỳ | Kind of period';
COMMENT ON COLUMN dwh.pending_values.period_start IS
	'Đầu kỳ; với lũy kế và thời điểm là ngày số liệu tính đến | First day; for year-to-date and point the day it stands for';
COMMENT ON COLUMN dwh.pending_values.unit_code IS 'Mã đơn vị | Unit code';
COMMENT ON COLUMN dwh.pending_values.unit_name IS 'Tên đơn vị | Unit name';
COMMENT ON COLUMN dwh.pending_values.kind IS 'Loại số | Kind of figure';
COMMENT ON COLUMN dwh.pending_values.source IS 'Mã nguồn | Source code';
COMMENT ON COLUMN dwh.pending_values.source_note IS 'Nguồn cụ thể | The very source';
COMMENT ON COLUMN dwh.pending_values.sex IS 'Giới tính | Sex';
COMMENT ON COLUMN dwh.pending_values.age_group IS 'Nhóm tuổi | Age group';
COMMENT ON COLUMN dwh.pending_values.value IS 'Giá trị chờ duyệt | Value that waits';
COMMENT ON COLUMN dwh.pending_values.value_now IS 'Giá trị đang dùng | Value that counts now';
COMMENT ON COLUMN dwh.pending_values.revision IS 'Lần sửa | Revision';
COMMENT ON COLUMN dwh.pending_values.note IS 'Ghi chú của người nhập | Note of who entered it';
COMMENT ON COLUMN dwh.pending_values.reason IS 'Lý do sửa | Why it replaces the value that counts now';
COMMENT ON COLUMN dwh.pending_values.author IS 'Người nhập | Who entered it';
COMMENT ON COLUMN dwh.pending_values.entered_at IS 'Lúc nhập | When it was entered';

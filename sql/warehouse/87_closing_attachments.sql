-- What entered figures, closed periods and their vintages need of the extension's code; run on creation and again on every rebuild.

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

-- What was published stays as it was: even for its owner, and under session_replication_role = replica.
DO $$
DECLARE
	v_table	text;
BEGIN
	FOREACH v_table IN ARRAY ARRAY['dwh_star.indicator_vintage', 'dwh_catalog.period_closing_indicator'] LOOP
		EXECUTE format('CREATE OR REPLACE TRIGGER before_change BEFORE UPDATE OR DELETE ON %s
			FOR EACH ROW EXECUTE FUNCTION dwh_internal.refuse_change()', v_table);
		EXECUTE format('CREATE OR REPLACE TRIGGER before_truncate BEFORE TRUNCATE ON %s
			FOR EACH STATEMENT EXECUTE FUNCTION dwh_internal.refuse_change()', v_table);
		EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER before_change, ENABLE ALWAYS TRIGGER before_truncate', v_table);
	END LOOP;
END
$$;

-- Frozen values and what is computed beside them are shown as kept values are.
SELECT dwh_internal.protect_relation(t::regclass, NULL) FROM unnest('{dwh_star.indicator_vintage,dwh_star.indicator_value_pending}'::text[]) AS t;
ALTER POLICY read_scope ON dwh_star.indicator_vintage USING (dwh.in_scope(unit_id, subject_id) AND dwh.has_whole_unit(unit_id, subject_id));
ALTER POLICY read_scope ON dwh_star.indicator_value_pending USING (dwh.in_scope(unit_id, subject_id) AND dwh.has_whole_unit(unit_id, subject_id));

CREATE OR REPLACE VIEW dwh.closed_periods WITH (security_invoker = true, security_barrier = true) AS
SELECT c.closing_id, c.indicator_group, c.period_type AS period, c.period_start, c.closing_no, c.stage,
	c.reopened_at IS NULL AND NOT EXISTS (SELECT FROM dwh_catalog.period_closing AS n
		WHERE n.closing_no > c.closing_no
			AND (n.indicator_group, n.period_type, n.period_start) = (c.indicator_group, c.period_type, c.period_start)) AS is_in_force,
	c.closed_at, c.closed_by, c.reason, c.decision_no, c.reopened_at, c.reopened_by, c.reopen_reason, c.reopen_decision_no
FROM dwh_catalog.period_closing AS c;
COMMENT ON VIEW dwh.closed_periods IS 'Các lần chốt số liệu và mở lại | Closings of periods, and reopenings';
COMMENT ON COLUMN dwh.closed_periods.closing_id IS 'Số lần chốt | Number of the closing';
COMMENT ON COLUMN dwh.closed_periods.indicator_group IS 'Nhóm chỉ tiêu | Group of indicators';
COMMENT ON COLUMN dwh.closed_periods.period IS 'Loại kỳ | Kind of period';
COMMENT ON COLUMN dwh.closed_periods.period_start IS
	'Tháng đầu kỳ; với lũy kế là tháng cuối | First month of the period; of year-to-date the month it runs to';
COMMENT ON COLUMN dwh.closed_periods.closing_no IS 'Lần chốt của kỳ, từ 1 | Closing of the period, from 1';
COMMENT ON COLUMN dwh.closed_periods.stage IS 'estimate: ước; preliminary: sơ bộ; final: chính thức | estimate, preliminary or final';
COMMENT ON COLUMN dwh.closed_periods.is_in_force IS 'Đang có hiệu lực | Whether its values are the answer now';
COMMENT ON COLUMN dwh.closed_periods.closed_at IS 'Lúc chốt | When it was closed';
COMMENT ON COLUMN dwh.closed_periods.closed_by IS 'Người chốt | Who closed it';
COMMENT ON COLUMN dwh.closed_periods.reason IS 'Lý do chốt lại | Why it was closed again';
COMMENT ON COLUMN dwh.closed_periods.decision_no IS 'Số văn bản | Number of the document';
COMMENT ON COLUMN dwh.closed_periods.reopened_at IS 'Lúc mở lại | When it was reopened';
COMMENT ON COLUMN dwh.closed_periods.reopened_by IS 'Người mở lại | Who reopened it';
COMMENT ON COLUMN dwh.closed_periods.reopen_reason IS 'Lý do mở lại | Why it was reopened';
COMMENT ON COLUMN dwh.closed_periods.reopen_decision_no IS 'Số quyết định mở lại | Decision to reopen it';

-- From one publication to the next, and from the last one to what is computed now. Written so that it reads the same after a dump.
CREATE OR REPLACE VIEW dwh.revisions WITH (security_invoker = true, security_barrier = true) AS
WITH last_closing AS (
	SELECT DISTINCT ON (indicator_group, period_type, period_start) closing_id, indicator_group, period_type, period_start, closing_no, reopened_at,
		reopen_reason, reopen_decision_no
	FROM dwh_catalog.period_closing
	ORDER BY indicator_group, period_type, period_start, closing_no DESC),
revision AS (
	SELECT 'published' AS state, c.indicator_group, c.period_type, c.period_start, x.indicator_id, x.unit_level, x.unit_id, x.is_split, c.closing_no, c.stage,
		x.value_before, x.value, x.status_before, x.status, c.closed_at AS changed_at, c.reason, c.decision_no, p.reopen_reason, p.reopen_decision_no
	FROM dwh_catalog.period_closing AS c
	JOIN dwh_catalog.period_closing AS p ON (p.indicator_group, p.period_type, p.period_start, p.closing_no)
		= (c.indicator_group, c.period_type, c.period_start, c.closing_no - 1)
	CROSS JOIN LATERAL (
		SELECT indicator_id, unit_level, unit_id, is_split, a.value AS value_before, b.value, coalesce(a.status, 'no_data') AS status_before,
			coalesce(b.status, 'no_data') AS status
		FROM (SELECT * FROM dwh_star.indicator_vintage AS v WHERE v.closing_id = p.closing_id) AS a
		FULL JOIN (SELECT * FROM dwh_star.indicator_vintage AS v WHERE v.closing_id = c.closing_id) AS b USING (indicator_id, unit_level, unit_id, is_split)
		WHERE a.value IS DISTINCT FROM b.value OR a.numerator IS DISTINCT FROM b.numerator OR a.denominator IS DISTINCT FROM b.denominator
			OR a.status IS DISTINCT FROM b.status) AS x
	UNION ALL
	SELECT 'pending'::text AS state, c.indicator_group, c.period_type, c.period_start, n.indicator_id, n.unit_level, n.unit_id, n.is_split,
		NULL::int AS closing_no, NULL::text AS stage, v.value, n.value, coalesce(v.status, 'no_data'), n.status, n.computed_at,
		NULL::text AS reason, NULL::text AS decision_no, NULL::text AS reopen_reason, NULL::text AS reopen_decision_no
	FROM last_closing AS c
	JOIN dwh_catalog.period_closing_indicator AS ci USING (closing_id)
	JOIN dwh_star.indicator_value_pending AS n USING (indicator_id, period_type, period_start)
	LEFT JOIN dwh_star.indicator_vintage AS v USING (closing_id, indicator_id, unit_level, unit_id, is_split)
	WHERE c.reopened_at IS NULL
		AND (v.value IS DISTINCT FROM n.value OR v.numerator IS DISTINCT FROM n.numerator OR v.denominator IS DISTINCT FROM n.denominator
			OR coalesce(v.status, 'no_data') IS DISTINCT FROM n.status)
	UNION ALL
	SELECT 'reopened'::text AS state, c.indicator_group, c.period_type, c.period_start, x.indicator_id, x.unit_level, x.unit_id, x.is_split,
		NULL::int AS closing_no, NULL::text AS stage, x.value_before, x.value, x.status_before, x.status, x.computed_at,
		NULL::text AS reason, NULL::text AS decision_no, c.reopen_reason, c.reopen_decision_no
	FROM last_closing AS c
	CROSS JOIN LATERAL (
		SELECT indicator_id, unit_level, unit_id, is_split, v.value AS value_before, k.value, coalesce(v.status, 'no_data') AS status_before,
			coalesce(k.status, 'no_data') AS status, coalesce(k.computed_at, c.reopened_at) AS computed_at
		FROM (SELECT * FROM dwh_star.indicator_vintage AS v WHERE v.closing_id = c.closing_id) AS v
		FULL JOIN (SELECT k.* FROM dwh_star.indicator_value AS k JOIN dwh_catalog.period_closing_indicator AS ci USING (indicator_id)
			WHERE ci.closing_id = c.closing_id AND (k.period_type, k.period_start) = (c.period_type, c.period_start) AND k.unit_level = ANY (ci.levels)) AS k
			USING (indicator_id, unit_level, unit_id, is_split)
		WHERE v.value IS DISTINCT FROM k.value OR v.numerator IS DISTINCT FROM k.numerator OR v.denominator IS DISTINCT FROM k.denominator
			OR v.status IS DISTINCT FROM k.status) AS x
	WHERE c.reopened_at IS NOT NULL)
SELECT i.code AS indicator, r.period_type AS period, r.period_start, r.unit_level, u.code AS unit_code, u.name_vi AS unit_name, r.is_split, r.state, r.closing_no,
	r.stage, f.value AS first_value, r.value_before, r.value, r.value - r.value_before AS change, r.status_before, r.status, r.changed_at, r.reason,
	r.decision_no, r.reopen_reason, r.reopen_decision_no
FROM revision AS r
JOIN dwh_catalog.indicator AS i USING (indicator_id)
JOIN dwh_star.dim_unit AS u USING (unit_id)
LEFT JOIN dwh_catalog.period_closing AS c ON (c.indicator_group, c.period_type, c.period_start, c.closing_no)
	= (r.indicator_group, r.period_type, r.period_start, 1)
LEFT JOIN dwh_star.indicator_vintage AS f ON (f.closing_id, f.indicator_id, f.unit_level, f.unit_id, f.is_split)
	= (c.closing_id, r.indicator_id, r.unit_level, r.unit_id, r.is_split);
COMMENT ON VIEW dwh.revisions IS
	'Số liệu của kỳ đã chốt đã đổi ra sao từ lần công bố đầu: các lần chốt lại, và thay đổi chưa chốt | '
	'How values of closed periods changed since they were first published: by closing again, and what waits to be closed';
COMMENT ON COLUMN dwh.revisions.indicator IS 'Mã chỉ tiêu | Indicator code';
COMMENT ON COLUMN dwh.revisions.period IS 'Loại kỳ | Kind of period';
COMMENT ON COLUMN dwh.revisions.period_start IS
	'Tháng đầu kỳ; với lũy kế là tháng cuối | First month of the period; of year-to-date the month it runs to';
COMMENT ON COLUMN dwh.revisions.unit_level IS 'Cấp đơn vị | Level of the unit';
COMMENT ON COLUMN dwh.revisions.unit_code IS 'Mã đơn vị | Unit code';
COMMENT ON COLUMN dwh.revisions.unit_name IS 'Tên đơn vị | Unit name';
COMMENT ON COLUMN dwh.revisions.is_split IS 'Phần của các đơn vị đã chia tách | What stands here for units that were split';
COMMENT ON COLUMN dwh.revisions.state IS
	'published: đã chốt lại; pending: chưa chốt lại; reopened: kỳ đang mở lại | published by a later closing; pending; or of a period that is reopened';
COMMENT ON COLUMN dwh.revisions.closing_no IS 'Lần chốt đã công bố; trống là chưa | Closing that published it; empty: none yet';
COMMENT ON COLUMN dwh.revisions.stage IS 'Giai đoạn của lần chốt đó | Stage of that closing';
COMMENT ON COLUMN dwh.revisions.first_value IS 'Giá trị công bố lần đầu | Value that was published first';
COMMENT ON COLUMN dwh.revisions.value_before IS 'Giá trị công bố trước đó | Value that was published before';
COMMENT ON COLUMN dwh.revisions.value IS 'Giá trị mới | New value';
COMMENT ON COLUMN dwh.revisions.change IS 'Chênh lệch | Difference';
COMMENT ON COLUMN dwh.revisions.status_before IS 'Trạng thái trước đó | Status before';
COMMENT ON COLUMN dwh.revisions.status IS 'Trạng thái mới | New status';
COMMENT ON COLUMN dwh.revisions.changed_at IS 'Lúc chốt lại, hoặc lúc tính ra | When it was published, or computed';
COMMENT ON COLUMN dwh.revisions.reason IS 'Lý do | Reason';
COMMENT ON COLUMN dwh.revisions.decision_no IS 'Số văn bản | Number of the document';
COMMENT ON COLUMN dwh.revisions.reopen_reason IS 'Lý do mở lại | Why the period was reopened';
COMMENT ON COLUMN dwh.revisions.reopen_decision_no IS 'Số quyết định mở lại | Decision to reopen it';

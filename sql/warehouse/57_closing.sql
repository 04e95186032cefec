-- Closed periods: closings are appended, and so are the values that each of them froze (vintages). A period is closed for a kind of
-- period and a group of indicators. A later closing of the same period does not touch what the earlier one froze.

CREATE TABLE dwh_catalog.period_closing (
	closing_id			int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	period_type			text NOT NULL CONSTRAINT period_closing_period_type_check CHECK (period_type IN ('month', 'quarter', 'half', 'year', 'ytd')),
	period_start		date NOT NULL CONSTRAINT period_closing_period_start_check CHECK (extract(day FROM period_start) = 1),
	first_day			date NOT NULL,
	last_day			date NOT NULL,
	indicator_group		text NOT NULL CONSTRAINT period_closing_indicator_group_check CHECK (indicator_group <> ''),
	closing_no			int NOT NULL CONSTRAINT period_closing_closing_no_check CHECK (closing_no > 0),
	stage				text NOT NULL CONSTRAINT period_closing_stage_check CHECK (stage IN ('estimate', 'preliminary', 'final')),
	closed_at			timestamptz NOT NULL,
	closed_by			text NOT NULL,
	closed_account_id	int REFERENCES dwh_catalog.account,
	reason				text,
	decision_no			text,
	reopened_at			timestamptz,
	reopened_by			text,
	reopened_account_id	int REFERENCES dwh_catalog.account,
	reopen_reason		text,
	reopen_decision_no	text,
	UNIQUE (indicator_group, period_type, period_start, closing_no),
	CONSTRAINT period_closing_reason_check CHECK (closing_no = 1 OR reason <> ''),
	CONSTRAINT period_closing_days_check CHECK (first_day <= period_start AND period_start <= last_day),
	CONSTRAINT period_closing_reopened_check CHECK ((reopened_at IS NULL) = (reopened_by IS NULL)
		AND (reopened_at IS NULL OR (reopen_reason <> '' AND reopen_decision_no <> '' AND reopened_at >= closed_at)))
);
COMMENT ON TABLE dwh_catalog.period_closing IS
	'Các lần chốt số liệu: nhóm chỉ tiêu × loại kỳ × kỳ; lần cuối chưa mở lại là lần đang có hiệu lực | '
	'Closings: group of indicators × kind of period × period; the last one, unless reopened, is in force';
COMMENT ON COLUMN dwh_catalog.period_closing.closing_id IS 'Khóa | Key';
COMMENT ON COLUMN dwh_catalog.period_closing.period_type IS 'Loại kỳ | Kind of period';
COMMENT ON COLUMN dwh_catalog.period_closing.period_start IS
	'Tháng gọi tên kỳ: tháng đầu kỳ, với lũy kế là tháng cuối | Month that names the period: its first one, for year-to-date its last';
COMMENT ON COLUMN dwh_catalog.period_closing.first_day IS 'Ngày đầu kỳ | First day of the period';
COMMENT ON COLUMN dwh_catalog.period_closing.last_day IS 'Ngày cuối kỳ | Last day of the period';
COMMENT ON COLUMN dwh_catalog.period_closing.indicator_group IS 'Nhóm chỉ tiêu | Group of indicators';
COMMENT ON COLUMN dwh_catalog.period_closing.closing_no IS 'Lần chốt, từ 1 | Number of the closing, from 1';
COMMENT ON COLUMN dwh_catalog.period_closing.stage IS
	'estimate: ước; preliminary: sơ bộ; final: chính thức | estimate, preliminary or final';
COMMENT ON COLUMN dwh_catalog.period_closing.closed_at IS
	'Thời điểm chốt, đọc khi đang giữ khóa giá trị | When it was closed: the clock under the value lock';
COMMENT ON COLUMN dwh_catalog.period_closing.closed_by IS 'Người chốt | Who closed it';
COMMENT ON COLUMN dwh_catalog.period_closing.closed_account_id IS 'Tài khoản của người chốt | Account of who closed it';
COMMENT ON COLUMN dwh_catalog.period_closing.reason IS 'Lý do, bắt buộc từ lần 2 | Reason, required from the second closing on';
COMMENT ON COLUMN dwh_catalog.period_closing.decision_no IS 'Số văn bản | Number of the document';
COMMENT ON COLUMN dwh_catalog.period_closing.reopened_at IS 'Thời điểm mở lại | When it was reopened';
COMMENT ON COLUMN dwh_catalog.period_closing.reopened_by IS 'Người mở lại | Who reopened it';
COMMENT ON COLUMN dwh_catalog.period_closing.reopened_account_id IS 'Tài khoản của người mở lại | Account of who reopened it';
COMMENT ON COLUMN dwh_catalog.period_closing.reopen_reason IS 'Lý do mở lại | Why it was reopened';
COMMENT ON COLUMN dwh_catalog.period_closing.reopen_decision_no IS 'Số quyết định mở lại | Decision to reopen it';

-- What a closing holds: the kept indicators of its group at that time. A unit of which nothing was known has no row of values.
CREATE TABLE dwh_catalog.period_closing_indicator (
	closing_id		int NOT NULL REFERENCES dwh_catalog.period_closing,
	indicator_id	int NOT NULL REFERENCES dwh_catalog.indicator,
	version			int,
	levels			text[] NOT NULL CONSTRAINT period_closing_indicator_levels_check CHECK (levels <@ ARRAY['country', 'province', 'base']),
	PRIMARY KEY (closing_id, indicator_id)
);
CREATE INDEX period_closing_indicator_indicator_id_idx ON dwh_catalog.period_closing_indicator (indicator_id);
COMMENT ON TABLE dwh_catalog.period_closing_indicator IS 'Chỉ tiêu được chốt trong mỗi lần chốt | The indicators of a closing';
COMMENT ON COLUMN dwh_catalog.period_closing_indicator.closing_id IS 'Lần chốt | Closing';
COMMENT ON COLUMN dwh_catalog.period_closing_indicator.indicator_id IS 'Chỉ tiêu | Indicator';
COMMENT ON COLUMN dwh_catalog.period_closing_indicator.version IS
	'Phiên bản công thức áp dụng; trống nếu không có | Version of the formula in force; empty where there is none';
COMMENT ON COLUMN dwh_catalog.period_closing_indicator.levels IS 'Các cấp đơn vị được giữ số | Levels of units whose values were frozen';

CREATE TABLE dwh_star.indicator_vintage (
	closing_id		int NOT NULL,
	indicator_id	int NOT NULL,
	unit_level		text NOT NULL CONSTRAINT indicator_vintage_unit_level_check CHECK (unit_level IN ('country', 'province', 'base')),
	unit_id			int NOT NULL REFERENCES dwh_star.dim_unit,
	is_split		boolean NOT NULL,
	subject_id		int NOT NULL REFERENCES dwh_catalog.subject,
	value			numeric,
	numerator		numeric,
	denominator		numeric,
	status			text NOT NULL,
	completeness	numeric NOT NULL,
	version			int,
	computed_at		timestamptz NOT NULL,
	PRIMARY KEY (closing_id, indicator_id, unit_level, unit_id, is_split),
	FOREIGN KEY (closing_id, indicator_id) REFERENCES dwh_catalog.period_closing_indicator
);
CREATE INDEX indicator_vintage_indicator_id_idx ON dwh_star.indicator_vintage (indicator_id, closing_id);
CREATE INDEX indicator_vintage_unit_id_idx ON dwh_star.indicator_vintage (unit_id, subject_id);
ALTER TABLE dwh_star.indicator_vintage ENABLE ROW LEVEL SECURITY;
COMMENT ON TABLE dwh_star.indicator_vintage IS
	'Giá trị được giữ lại khi chốt kỳ: toàn quốc, tỉnh, cơ sở; không sửa, không xóa | '
	'Values frozen when a period was closed: country, province, base; never changed or deleted';
COMMENT ON COLUMN dwh_star.indicator_vintage.closing_id IS 'Lần chốt | Closing';
COMMENT ON COLUMN dwh_star.indicator_vintage.indicator_id IS 'Chỉ tiêu | Indicator';
COMMENT ON COLUMN dwh_star.indicator_vintage.unit_id IS 'Đơn vị | Unit';
COMMENT ON COLUMN dwh_star.indicator_vintage.unit_level IS 'Cấp đơn vị | Level of the unit';
COMMENT ON COLUMN dwh_star.indicator_vintage.is_split IS
	'Phần của các đơn vị đã chia tách | What stands here for units that were split';
COMMENT ON COLUMN dwh_star.indicator_vintage.subject_id IS 'Chủ đề công bố, để phân quyền theo dòng | Publishing subject, for row security';
COMMENT ON COLUMN dwh_star.indicator_vintage.value IS 'Giá trị theo đơn vị gốc | Value in the base unit';
COMMENT ON COLUMN dwh_star.indicator_vintage.numerator IS 'Tử số | Numerator';
COMMENT ON COLUMN dwh_star.indicator_vintage.denominator IS 'Mẫu số | Denominator';
COMMENT ON COLUMN dwh_star.indicator_vintage.status IS 'Trạng thái lúc chốt | Status when it was closed';
COMMENT ON COLUMN dwh_star.indicator_vintage.completeness IS 'Độ đầy đủ lúc chốt | Completeness when it was closed';
COMMENT ON COLUMN dwh_star.indicator_vintage.version IS 'Phiên bản công thức | Version of the formula';
COMMENT ON COLUMN dwh_star.indicator_vintage.computed_at IS 'Lúc giá trị được tính | When the value was computed';

-- What refresh computes for a closed period while the closed value stands in dwh_star.indicator_value: a row wherever the two differ
-- in anything. A value that is no longer there has status no_data and no value. Closing again or reopening takes these rows over.
CREATE TABLE dwh_star.indicator_value_pending (
	indicator_id	int NOT NULL REFERENCES dwh_catalog.indicator ON DELETE CASCADE,
	period_type		text NOT NULL CONSTRAINT indicator_value_pending_period_type_check CHECK (period_type IN ('month', 'quarter', 'half', 'year', 'ytd')),
	period_start	date NOT NULL,
	unit_level		text NOT NULL CONSTRAINT indicator_value_pending_unit_level_check CHECK (unit_level IN ('country', 'province', 'base')),
	unit_id			int NOT NULL REFERENCES dwh_star.dim_unit,
	is_split		boolean NOT NULL DEFAULT false,
	subject_id		int NOT NULL REFERENCES dwh_catalog.subject,
	is_public		boolean NOT NULL,
	value			numeric,
	numerator		numeric,
	denominator		numeric,
	status			text NOT NULL,
	completeness	numeric NOT NULL,
	version			int,
	computed_at		timestamptz NOT NULL,
	PRIMARY KEY (indicator_id, period_type, period_start, unit_level, unit_id, is_split)
);
CREATE INDEX indicator_value_pending_unit_id_idx ON dwh_star.indicator_value_pending (unit_id, subject_id);
ALTER TABLE dwh_star.indicator_value_pending ENABLE ROW LEVEL SECURITY;
COMMENT ON TABLE dwh_star.indicator_value_pending IS
	'Giá trị tính lại của kỳ đã chốt, khi khác giá trị đã chốt | What is computed now for closed periods, where it differs from what was closed';
COMMENT ON COLUMN dwh_star.indicator_value_pending.indicator_id IS 'Chỉ tiêu | Indicator';
COMMENT ON COLUMN dwh_star.indicator_value_pending.period_type IS 'Loại kỳ | Kind of period';
COMMENT ON COLUMN dwh_star.indicator_value_pending.period_start IS 'Tháng gọi tên kỳ | Month that names the period';
COMMENT ON COLUMN dwh_star.indicator_value_pending.unit_level IS 'Cấp đơn vị | Level of the unit';
COMMENT ON COLUMN dwh_star.indicator_value_pending.unit_id IS 'Đơn vị | Unit';
COMMENT ON COLUMN dwh_star.indicator_value_pending.is_split IS 'Phần của các đơn vị đã chia tách | What stands here for units that were split';
COMMENT ON COLUMN dwh_star.indicator_value_pending.subject_id IS 'Chủ đề công bố, để phân quyền theo dòng | Publishing subject, for row security';
COMMENT ON COLUMN dwh_star.indicator_value_pending.is_public IS 'Giá trị đã chốt được công khai | Whether closed values may be read outside one''s scope';
COMMENT ON COLUMN dwh_star.indicator_value_pending.value IS 'Giá trị theo đơn vị gốc | Value in the base unit';
COMMENT ON COLUMN dwh_star.indicator_value_pending.numerator IS 'Tử số | Numerator';
COMMENT ON COLUMN dwh_star.indicator_value_pending.denominator IS 'Mẫu số | Denominator';
COMMENT ON COLUMN dwh_star.indicator_value_pending.status IS 'Trạng thái | Status';
COMMENT ON COLUMN dwh_star.indicator_value_pending.completeness IS 'Mức đầy đủ, 0 đến 1 | Completeness, 0 to 1';
COMMENT ON COLUMN dwh_star.indicator_value_pending.version IS 'Phiên bản công thức | Version of the formula';
COMMENT ON COLUMN dwh_star.indicator_value_pending.computed_at IS 'Lúc tính ra giá trị này lần đầu | Since when the row says what it says';

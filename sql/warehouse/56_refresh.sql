-- Values that are kept, and how they follow what changes: marks of changed cells, marks of values to recompute, runs of refresh.
--
-- Marks are append-only for writers: every transaction adds its own, refresh alone removes those that it can see. No foreign keys
-- stand on them, so that writers of facts wait for nobody.

CREATE TABLE dwh_star.indicator_value (
	indicator_id	int NOT NULL REFERENCES dwh_catalog.indicator ON DELETE CASCADE,
	period_type		text NOT NULL CHECK (period_type IN ('month', 'quarter', 'half', 'year', 'ytd')),
	period_start	date NOT NULL,
	unit_level		text NOT NULL CHECK (unit_level IN ('country', 'region', 'province', 'base')),
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
	stage			text,
	computed_at		timestamptz NOT NULL,
	PRIMARY KEY (indicator_id, period_type, period_start, unit_level, unit_id, is_split)
);
CREATE INDEX indicator_value_unit_id_idx ON dwh_star.indicator_value (unit_id, subject_id);
CREATE INDEX indicator_value_period_start_idx ON dwh_star.indicator_value (period_start);
ALTER TABLE dwh_star.indicator_value ENABLE ROW LEVEL SECURITY;
COMMENT ON TABLE dwh_star.indicator_value IS
	'Giá trị chỉ tiêu được lưu: chỉ tiêu × loại kỳ × kỳ × cấp × đơn vị; kỳ và đơn vị chưa có số liệu thì không có dòng | '
	'Kept values: indicator × kind of period × period × level × unit; where nothing is known there is no row';
COMMENT ON COLUMN dwh_star.indicator_value.indicator_id IS 'Chỉ tiêu | Indicator';
COMMENT ON COLUMN dwh_star.indicator_value.period_type IS 'Loại kỳ | Kind of period';
COMMENT ON COLUMN dwh_star.indicator_value.period_start IS
	'Tháng đầu kỳ; với lũy kế từ đầu năm là tháng cuối | First month of the period; of year-to-date the month it runs to';
COMMENT ON COLUMN dwh_star.indicator_value.unit_level IS 'Cấp đơn vị | Level of the unit';
COMMENT ON COLUMN dwh_star.indicator_value.unit_id IS
	'Đơn vị, theo bản đồ đơn vị ngày cuối kỳ | Unit, on the map of the last day of the period';
COMMENT ON COLUMN dwh_star.indicator_value.is_split IS
	'Phần của các đơn vị đã chia tách, ghi ở đơn vị cấp trên | What stands here for units that were split';
COMMENT ON COLUMN dwh_star.indicator_value.subject_id IS
	'Chủ đề công bố, quyết định ai được xem | Publishing subject: decides who may see the row';
COMMENT ON COLUMN dwh_star.indicator_value.is_public IS
	'Giá trị đã chốt được công khai | Whether closed values may be read outside one''s scope';
COMMENT ON COLUMN dwh_star.indicator_value.value IS
	'Giá trị theo đơn vị tính gốc; trống khi không có, xem trạng thái | Value in the base unit; empty where there is none, see status';
COMMENT ON COLUMN dwh_star.indicator_value.numerator IS 'Tử số, nếu công thức là tỷ số | Numerator where the formula is a ratio';
COMMENT ON COLUMN dwh_star.indicator_value.denominator IS 'Mẫu số, nếu công thức là tỷ số | Denominator where the formula is a ratio';
COMMENT ON COLUMN dwh_star.indicator_value.status IS 'Trạng thái | Status';
COMMENT ON COLUMN dwh_star.indicator_value.completeness IS 'Mức đầy đủ, 0 đến 1 | Completeness, 0 to 1';
COMMENT ON COLUMN dwh_star.indicator_value.version IS 'Phiên bản công thức | Version of the formula';
COMMENT ON COLUMN dwh_star.indicator_value.stage IS 'Giai đoạn chốt số; trống khi kỳ còn mở | Stage of closing; empty while the period is open';
COMMENT ON COLUMN dwh_star.indicator_value.computed_at IS
	'Lúc tính ra giá trị này lần đầu | Since when the row says what it says';

-- Which months of which units have rows, as the last refresh saw it. unit_column is the subject's own, or that of a measure.
CREATE TABLE dwh_star.subject_presence (
	subject_id		int NOT NULL REFERENCES dwh_catalog.subject,
	unit_column		text NOT NULL,
	month			date NOT NULL,
	unit_id			int NOT NULL,
	PRIMARY KEY (subject_id, unit_column, month, unit_id)
);
ALTER TABLE dwh_star.subject_presence ENABLE ROW LEVEL SECURITY;
COMMENT ON TABLE dwh_star.subject_presence IS
	'Tháng và đơn vị có dòng, theo lần làm mới gần nhất | Months and units that have rows, as of the last refresh';
COMMENT ON COLUMN dwh_star.subject_presence.subject_id IS 'Chủ đề | Subject';
COMMENT ON COLUMN dwh_star.subject_presence.unit_column IS 'Cột đơn vị | Column of the unit';
COMMENT ON COLUMN dwh_star.subject_presence.month IS 'Tháng | Month';
COMMENT ON COLUMN dwh_star.subject_presence.unit_id IS 'Đơn vị | Unit';

-- Which tables a subject's rows stood in at the last refresh, by the trigger that watches each: a leaf that was detached, attached
-- or exchanged since then, or whose trigger was disabled, shows here, whatever was done to it meanwhile.
CREATE TABLE dwh_catalog.subject_watch (
	subject_id		int NOT NULL REFERENCES dwh_catalog.subject,
	watch_id		bigint NOT NULL,
	PRIMARY KEY (subject_id, watch_id)
);
COMMENT ON TABLE dwh_catalog.subject_watch IS
	'Các bảng con của chủ đề ở lần làm mới gần nhất | The tables of a subject at the last refresh';
COMMENT ON COLUMN dwh_catalog.subject_watch.subject_id IS 'Chủ đề | Subject';
COMMENT ON COLUMN dwh_catalog.subject_watch.watch_id IS
	'Số của trigger theo dõi bảng con; đổi khi bảng được gắn lại hoặc trigger bị tắt | '
	'Number of the trigger on the table; another one once the table is attached anew or the trigger was disabled';

CREATE TABLE dwh_catalog.value_lock (
	lock_id			smallint PRIMARY KEY CHECK (lock_id = 1)
);
INSERT INTO dwh_catalog.value_lock VALUES (1);
COMMENT ON TABLE dwh_catalog.value_lock IS
	'Một dòng, khóa bởi người tính lại giá trị lưu và người chốt kỳ | One row, locked by whoever recomputes kept values or closes a period';
COMMENT ON COLUMN dwh_catalog.value_lock.lock_id IS 'Luôn bằng 1 | Always 1';

CREATE TABLE dwh_log.cell_mark (
	mark_id			bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	subject_id		int NOT NULL,
	unit_column		text,
	unit_id			int,
	month_from		date NOT NULL,
	month_to		date NOT NULL CHECK (month_to >= month_from),
	row_column		text,
	row_key			text,
	marked_at		timestamptz NOT NULL DEFAULT statement_timestamp(),
	CHECK ((row_column IS NULL) = (row_key IS NULL))
);
CREATE INDEX cell_mark_subject_id_idx ON dwh_log.cell_mark (subject_id, month_from);
COMMENT ON TABLE dwh_log.cell_mark IS
	'Ô (chủ đề, tháng, đơn vị) có dòng thay đổi, chờ làm mới | Cells (subject, month, unit) whose rows changed, waiting for refresh';
COMMENT ON COLUMN dwh_log.cell_mark.mark_id IS 'Số dấu | Number of the mark';
COMMENT ON COLUMN dwh_log.cell_mark.subject_id IS 'Chủ đề | Subject';
COMMENT ON COLUMN dwh_log.cell_mark.unit_column IS
	'Cột đơn vị khác của một số đo; trống là cột của chủ đề | Another unit column, of a measure; empty: the subject''s own';
COMMENT ON COLUMN dwh_log.cell_mark.unit_id IS 'Đơn vị; trống là mọi đơn vị | Unit; empty means every unit';
COMMENT ON COLUMN dwh_log.cell_mark.month_from IS 'Từ tháng | First month';
COMMENT ON COLUMN dwh_log.cell_mark.month_to IS 'Đến tháng | Last month';
COMMENT ON COLUMN dwh_log.cell_mark.row_column IS
	'Cột khóa ngoại của chủ đề, khi một dòng danh mục thay đổi: mọi ô có dòng dẫn tới nó | '
	'Column of the subject that refers to a dimension of which a row changed: all cells with rows that lead to it';
COMMENT ON COLUMN dwh_log.cell_mark.row_key IS 'Khóa của dòng danh mục | Key of the row of the dimension';
COMMENT ON COLUMN dwh_log.cell_mark.marked_at IS 'Lúc đánh dấu | Marked at';

-- What is to be recomputed: all values of an indicator from some day on, or whatever reads a cell that a refresh has rebuilt. Which
-- values read a cell is found out under the value lock, by the formulas and units of that moment.
CREATE TABLE dwh_log.value_mark (
	mark_id			bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	indicator_id	int,
	with_dependents	boolean NOT NULL DEFAULT false,
	period_start	date NOT NULL DEFAULT '-infinity',
	subject_id		int,
	unit_column		text,
	unit_id			int,
	month_from		date,
	month_to		date,
	presence_changed boolean NOT NULL DEFAULT false,
	marked_at		timestamptz NOT NULL DEFAULT statement_timestamp(),
	CHECK (indicator_id IS NULL OR subject_id IS NULL),
	CHECK ((subject_id IS NULL) = (month_from IS NULL) AND (subject_id IS NULL) = (month_to IS NULL))
);
COMMENT ON TABLE dwh_log.value_mark IS
	'Giá trị lưu cần tính lại: của một chỉ tiêu, của mọi chỉ tiêu, hoặc mọi giá trị đọc một ô vừa tính lại | '
	'Kept values to recompute: of an indicator, of all of them, or whatever reads a cell that was rebuilt';
COMMENT ON COLUMN dwh_log.value_mark.mark_id IS 'Số dấu | Number of the mark';
COMMENT ON COLUMN dwh_log.value_mark.indicator_id IS 'Chỉ tiêu; trống khi là ô, hoặc mọi chỉ tiêu | Indicator; empty where it is a cell, or every indicator';
COMMENT ON COLUMN dwh_log.value_mark.with_dependents IS
	'Cả các chỉ tiêu mà công thức dẫn tới chỉ tiêu này | The indicators whose formulas lead to it, too';
COMMENT ON COLUMN dwh_log.value_mark.period_start IS
	'Của chỉ tiêu: các kỳ kết thúc từ ngày này | Of an indicator: the periods that end on or after this day';
COMMENT ON COLUMN dwh_log.value_mark.subject_id IS 'Chủ đề của ô; trống khi là chỉ tiêu | Subject of the cell; empty where it is an indicator';
COMMENT ON COLUMN dwh_log.value_mark.unit_column IS 'Cột đơn vị của ô; trống là mọi cột | Unit column of the cell; empty means every one';
COMMENT ON COLUMN dwh_log.value_mark.unit_id IS 'Đơn vị của ô; trống là mọi đơn vị | Unit of the cell; empty means every unit';
COMMENT ON COLUMN dwh_log.value_mark.month_from IS 'Từ tháng | First month';
COMMENT ON COLUMN dwh_log.value_mark.month_to IS 'Đến tháng | Last month';
COMMENT ON COLUMN dwh_log.value_mark.presence_changed IS
	'Ô mới có dòng hoặc không còn dòng nào: độ đầy đủ của các kỳ sau cũng đổi | '
	'The cell got its first row or lost its last one: completeness of later periods changes, too';
COMMENT ON COLUMN dwh_log.value_mark.marked_at IS 'Lúc đánh dấu | Marked at';

-- The months over which an indicator's values were kept by the last refresh. Where they grow or shrink, the periods between are computed
-- as a whole or dropped.
CREATE TABLE dwh_catalog.indicator_span (
	indicator_id	int PRIMARY KEY REFERENCES dwh_catalog.indicator ON DELETE CASCADE,
	first_month		date NOT NULL,
	last_month		date NOT NULL CHECK (last_month >= first_month)
);
COMMENT ON TABLE dwh_catalog.indicator_span IS
	'Khoảng tháng của các giá trị lưu ở lần làm mới gần nhất | The months of kept values as of the last refresh';
COMMENT ON COLUMN dwh_catalog.indicator_span.indicator_id IS 'Chỉ tiêu | Indicator';
COMMENT ON COLUMN dwh_catalog.indicator_span.first_month IS 'Tháng đầu | First month';
COMMENT ON COLUMN dwh_catalog.indicator_span.last_month IS 'Tháng cuối | Last month';

CREATE TABLE dwh_log.refresh_run (
	run_id			bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	subject			text,
	started_at		timestamptz NOT NULL,
	finished_at		timestamptz NOT NULL,
	started_by		text NOT NULL DEFAULT session_user,
	cells_marked	bigint NOT NULL,
	cells_rebuilt	bigint NOT NULL,
	summary_rows	bigint NOT NULL,
	values_computed	bigint NOT NULL,
	values_changed	bigint NOT NULL,
	values_failed	bigint NOT NULL DEFAULT 0,
	cells_ms		numeric NOT NULL,
	values_ms		numeric NOT NULL
);
CREATE INDEX refresh_run_started_at_idx ON dwh_log.refresh_run (started_at);
COMMENT ON TABLE dwh_log.refresh_run IS 'Các lần làm mới | Runs of refresh';
COMMENT ON COLUMN dwh_log.refresh_run.run_id IS 'Số lần chạy | Number of the run';
COMMENT ON COLUMN dwh_log.refresh_run.subject IS 'Mã chủ đề; trống là mọi chủ đề | Code of the subject; empty means all';
COMMENT ON COLUMN dwh_log.refresh_run.started_at IS 'Bắt đầu | Started';
COMMENT ON COLUMN dwh_log.refresh_run.finished_at IS 'Kết thúc | Finished';
COMMENT ON COLUMN dwh_log.refresh_run.started_by IS 'Người dùng phiên | Session user';
COMMENT ON COLUMN dwh_log.refresh_run.cells_marked IS 'Số dấu ô đã xử lý | Marks of cells that were taken up';
COMMENT ON COLUMN dwh_log.refresh_run.cells_rebuilt IS 'Số ô đã tính lại | Cells rebuilt';
COMMENT ON COLUMN dwh_log.refresh_run.summary_rows IS 'Số dòng tổng hợp đã ghi | Rows of summaries written';
COMMENT ON COLUMN dwh_log.refresh_run.values_computed IS 'Số giá trị đã tính lại | Values recomputed';
COMMENT ON COLUMN dwh_log.refresh_run.values_changed IS
	'Số giá trị thay đổi, thêm hoặc bỏ | Values that changed, came or went';
COMMENT ON COLUMN dwh_log.refresh_run.values_failed IS
	'Số kỳ của chỉ tiêu không tính được, xem dwh.refresh_failures | Periods of indicators that could not be computed, see dwh.refresh_failures';
COMMENT ON COLUMN dwh_log.refresh_run.cells_ms IS 'Thời gian tính ô, ms | Time for cells, ms';
COMMENT ON COLUMN dwh_log.refresh_run.values_ms IS 'Thời gian tính giá trị, ms | Time for values, ms';

-- What the last refresh could not compute, tried again by each run until it can. period_type NULL: no period of the indicator.
CREATE TABLE dwh_log.refresh_failure (
	failure_id		bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	indicator_id	int NOT NULL REFERENCES dwh_catalog.indicator ON DELETE CASCADE,
	period_type		text CHECK (period_type IN ('month', 'quarter', 'half', 'year', 'ytd')),
	period_start	date,
	sql_state		text NOT NULL,
	message			text NOT NULL,
	detail			text,
	first_failed_at	timestamptz NOT NULL,
	last_failed_at	timestamptz NOT NULL,
	UNIQUE NULLS NOT DISTINCT (indicator_id, period_type, period_start),
	CHECK ((period_type IS NULL) = (period_start IS NULL))
);
COMMENT ON TABLE dwh_log.refresh_failure IS
	'Chỉ tiêu và kỳ mà lần làm mới gần nhất không tính được | Indicators and periods that the last refresh could not compute';
COMMENT ON COLUMN dwh_log.refresh_failure.failure_id IS 'Khóa | Key';
COMMENT ON COLUMN dwh_log.refresh_failure.indicator_id IS 'Chỉ tiêu | Indicator';
COMMENT ON COLUMN dwh_log.refresh_failure.period_type IS 'Loại kỳ; trống là mọi kỳ | Kind of period; empty means every period';
COMMENT ON COLUMN dwh_log.refresh_failure.period_start IS 'Tháng gọi tên kỳ | Month that names the period';
COMMENT ON COLUMN dwh_log.refresh_failure.sql_state IS 'Mã lỗi | SQLSTATE';
COMMENT ON COLUMN dwh_log.refresh_failure.message IS 'Thông báo lỗi | Message of the error';
COMMENT ON COLUMN dwh_log.refresh_failure.detail IS 'Chi tiết và chỗ xảy ra lỗi | Detail, and where it happened';
COMMENT ON COLUMN dwh_log.refresh_failure.first_failed_at IS 'Lần đầu | First failed at';
COMMENT ON COLUMN dwh_log.refresh_failure.last_failed_at IS 'Lần gần nhất | Last failed at';

-- The indicators whose sources exist are kept from the start.
UPDATE dwh_catalog.indicator SET is_kept = true
WHERE subject_id IN (SELECT s.subject_id FROM dwh_catalog.subject AS s WHERE s.relation IS NOT NULL);

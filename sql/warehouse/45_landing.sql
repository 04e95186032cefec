-- Landing of manual figures: the text as it came, one row a line; dwh.load_manual_figures() takes it from here into fact_manual.
-- No row security: COPY FROM is refused under it. Loaders may insert, nobody but the owner reads.

CREATE TABLE dwh_landing.manual_figure (
	landing_id		bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	batch			text NOT NULL CHECK (batch <> ''),
	line			int NOT NULL,
	indicator		text,
	period_type		text,
	period_start	text,
	as_of			text,
	unit_code		text,
	kind			text,
	source_code		text,
	source_note		text,
	value			text,
	sex				text,
	age_group		text,
	scheme			text,
	fund			text,
	facility		text
);
CREATE INDEX manual_figure_batch_line_idx ON dwh_landing.manual_figure (batch, line);
COMMENT ON TABLE dwh_landing.manual_figure IS
	'Vùng đệm số liệu nhập tay, giữ nguyên văn bản nhận được | Landing of manual figures, the text as it came';
COMMENT ON COLUMN dwh_landing.manual_figure.landing_id IS 'Số dòng nhận được | Number of the received line';
COMMENT ON COLUMN dwh_landing.manual_figure.batch IS 'Lô | Batch';
COMMENT ON COLUMN dwh_landing.manual_figure.line IS 'Dòng trong lô | Line within the batch';
COMMENT ON COLUMN dwh_landing.manual_figure.indicator IS 'Mã chỉ tiêu | Indicator code';
COMMENT ON COLUMN dwh_landing.manual_figure.period_type IS
	'Loại kỳ | Period type: month, quarter, half, year, ytd, point';
COMMENT ON COLUMN dwh_landing.manual_figure.period_start IS
	'Ngày đầu kỳ, YYYY-MM-DD; có thể trống với thời điểm | '
	'First day of the period, YYYY-MM-DD; may be empty for a point';
COMMENT ON COLUMN dwh_landing.manual_figure.as_of IS
	'Tính đến ngày, YYYY-MM-DD | Day the figure stands for, YYYY-MM-DD';
COMMENT ON COLUMN dwh_landing.manual_figure.unit_code IS 'Mã đơn vị; VSS = toàn quốc | Unit code; VSS = the country';
COMMENT ON COLUMN dwh_landing.manual_figure.kind IS 'Loại số | Kind of figure';
COMMENT ON COLUMN dwh_landing.manual_figure.source_code IS 'Mã nguồn | Source code';
COMMENT ON COLUMN dwh_landing.manual_figure.source_note IS 'Nguồn cụ thể | The very source';
COMMENT ON COLUMN dwh_landing.manual_figure.value IS
	'Giá trị, dấu chấm thập phân, không có dấu nhóm | Value, decimal point, no grouping';
COMMENT ON COLUMN dwh_landing.manual_figure.sex IS 'Giới tính: F, M hoặc trống | Sex: F, M or empty';
COMMENT ON COLUMN dwh_landing.manual_figure.age_group IS 'Nhóm tuổi hoặc trống | Age group or empty';
COMMENT ON COLUMN dwh_landing.manual_figure.scheme IS 'Mã loại hình hoặc trống | Scheme code or empty';
COMMENT ON COLUMN dwh_landing.manual_figure.fund IS 'Mã quỹ hoặc trống | Fund code or empty';
COMMENT ON COLUMN dwh_landing.manual_figure.facility IS 'Mã cơ sở khám chữa bệnh hoặc trống | Facility code or empty';

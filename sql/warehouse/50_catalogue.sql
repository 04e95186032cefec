-- The catalogue of what can be counted: subjects (tables with a month and a unit), dimensions, measures, indicators and the
-- versions of their formulas (893 Arts. 9, 12.5). Formulas, filters and dimension expressions are formula language, never SQL.

CREATE TABLE dwh_catalog.time_behaviour (
	code			text PRIMARY KEY,
	name_vi			text NOT NULL,
	name_en			text NOT NULL,
	missing_month	text NOT NULL
);
COMMENT ON TABLE dwh_catalog.time_behaviour IS 'Cách đưa một số đo về kỳ báo cáo | How a measure is brought to a period';
COMMENT ON COLUMN dwh_catalog.time_behaviour.code IS 'Mã | Code';
COMMENT ON COLUMN dwh_catalog.time_behaviour.name_vi IS 'Ý nghĩa, tiếng Việt | Meaning in Vietnamese';
COMMENT ON COLUMN dwh_catalog.time_behaviour.name_en IS 'Ý nghĩa, tiếng Anh | Meaning in English';
COMMENT ON COLUMN dwh_catalog.time_behaviour.missing_month IS 'Khi thiếu một tháng | What happens when a month is missing';

CREATE TABLE dwh_catalog.subject (
	subject_id		int PRIMARY KEY,
	code			text NOT NULL UNIQUE CHECK (code ~ '^[a-z][a-z0-9_]{0,62}$'),
	relation		regclass UNIQUE,
	month_column	text NOT NULL DEFAULT 'month',
	unit_column		text NOT NULL DEFAULT 'unit_id',
	source_id		int REFERENCES dwh_star.dim_source,
	name_vi			text NOT NULL,
	name_en			text NOT NULL
);
COMMENT ON TABLE dwh_catalog.subject IS 'Chủ đề: bảng có tháng, đơn vị và số đo | Subject: a table with a month, a unit and measures';
COMMENT ON COLUMN dwh_catalog.subject.subject_id IS 'Khóa | Key';
COMMENT ON COLUMN dwh_catalog.subject.code IS 'Mã chủ đề | Code of the subject';
COMMENT ON COLUMN dwh_catalog.subject.relation IS 'Bảng; trống khi chưa có nguồn | The table; empty while no source feeds it';
COMMENT ON COLUMN dwh_catalog.subject.month_column IS 'Cột tháng | Column of the month';
COMMENT ON COLUMN dwh_catalog.subject.unit_column IS 'Cột đơn vị | Column of the unit';
COMMENT ON COLUMN dwh_catalog.subject.source_id IS 'Hệ thống nguồn (893 Đ.4) | Source system (893 Art. 4)';
COMMENT ON COLUMN dwh_catalog.subject.name_vi IS 'Tên tiếng Việt | Name in Vietnamese';
COMMENT ON COLUMN dwh_catalog.subject.name_en IS 'Tên tiếng Anh | Name in English';

CREATE TABLE dwh_catalog.dimension (
	dimension_id	int PRIMARY KEY,
	code			text NOT NULL UNIQUE CHECK (code ~ '^[a-z][a-z0-9_]{0,62}$'
											AND code NOT IN ('country', 'region', 'province', 'base', 'unit')),
	name_vi			text NOT NULL,
	name_en			text NOT NULL
);
COMMENT ON TABLE dwh_catalog.dimension IS 'Chiều phân tích | Dimension';
COMMENT ON COLUMN dwh_catalog.dimension.dimension_id IS 'Khóa | Key';
COMMENT ON COLUMN dwh_catalog.dimension.code IS 'Mã chiều | Code of the dimension';
COMMENT ON COLUMN dwh_catalog.dimension.name_vi IS 'Tên tiếng Việt | Name in Vietnamese';
COMMENT ON COLUMN dwh_catalog.dimension.name_en IS 'Tên tiếng Anh | Name in English';

CREATE TABLE dwh_catalog.subject_dimension (
	subject_id		int NOT NULL REFERENCES dwh_catalog.subject,
	dimension_id	int NOT NULL REFERENCES dwh_catalog.dimension,
	expression		text NOT NULL,
	PRIMARY KEY (subject_id, dimension_id)
);
COMMENT ON TABLE dwh_catalog.subject_dimension IS 'Chiều của chủ đề và biểu thức tính chiều | The dimensions of a subject and how each is computed';
COMMENT ON COLUMN dwh_catalog.subject_dimension.subject_id IS 'Chủ đề | Subject';
COMMENT ON COLUMN dwh_catalog.subject_dimension.dimension_id IS 'Chiều | Dimension';
COMMENT ON COLUMN dwh_catalog.subject_dimension.expression IS 'Biểu thức (ngôn ngữ công thức) trên cột của chủ đề | Expression (formula language) over the columns of the subject';

CREATE TABLE dwh_catalog.measure (
	measure_id		int PRIMARY KEY,
	code			text NOT NULL UNIQUE CHECK (code ~ '^[A-Z][A-Z0-9_]{0,62}$'),
	subject_id		int NOT NULL REFERENCES dwh_catalog.subject,
	aggregate		text NOT NULL CHECK (aggregate IN ('sum', 'count', 'distinct', 'min', 'max', 'avg')),
	expression		text,
	filter			text,
	opening_filter	text,
	time_behaviour	text NOT NULL REFERENCES dwh_catalog.time_behaviour,
	unit_of_measure	text NOT NULL,
	unit_column		text,
	is_official		boolean NOT NULL DEFAULT false,
	note			text,
	CHECK ((aggregate = 'count') = (expression IS NULL))
);
COMMENT ON TABLE dwh_catalog.measure IS 'Số đo cơ sở mà công thức tham chiếu; mã tự đặt, không chính thức | Base measures that formulas refer to; own codes, not official';
COMMENT ON COLUMN dwh_catalog.measure.measure_id IS 'Khóa | Key';
COMMENT ON COLUMN dwh_catalog.measure.code IS 'Mã số đo (tự đặt, không chính thức) | Code of the measure (own, not official)';
COMMENT ON COLUMN dwh_catalog.measure.subject_id IS 'Chủ đề | Subject';
COMMENT ON COLUMN dwh_catalog.measure.aggregate IS 'Hàm tổng hợp | Aggregate';
COMMENT ON COLUMN dwh_catalog.measure.expression IS 'Cột hoặc biểu thức được tổng hợp; trống khi đếm dòng | Column or expression that is aggregated; empty for a count of rows';
COMMENT ON COLUMN dwh_catalog.measure.filter IS 'Điều kiện lọc dòng (ngôn ngữ công thức) | Row filter (formula language)';
COMMENT ON COLUMN dwh_catalog.measure.opening_filter IS 'Điều kiện nhận ra số dư đầu của số lũy kế | Row filter of the opening load of a cumulative measure; without such a row the value is missing';
COMMENT ON COLUMN dwh_catalog.measure.time_behaviour IS 'Cách đưa về kỳ | How it is brought to a period';
COMMENT ON COLUMN dwh_catalog.measure.unit_of_measure IS 'Đơn vị tính | Unit of measure';
COMMENT ON COLUMN dwh_catalog.measure.unit_column IS 'Cột đơn vị khác với cột của chủ đề | Column of the unit where it differs from the subject''s';
COMMENT ON COLUMN dwh_catalog.measure.is_official IS 'Mã chính thức hay không | Whether the code is an official one';
COMMENT ON COLUMN dwh_catalog.measure.note IS 'Ghi chú | Note';

CREATE TABLE dwh_catalog.indicator (
	indicator_id	int PRIMARY KEY,
	code			text NOT NULL UNIQUE CHECK (code ~ '^[A-Z][A-Z0-9_]{0,62}$'),
	name_vi			text NOT NULL,
	name_en			text NOT NULL,
	indicator_group	text NOT NULL,
	base_unit		text NOT NULL,
	display_unit	text NOT NULL,
	display_factor	numeric NOT NULL DEFAULT 1 CHECK (display_factor > 0),
	decimals		int NOT NULL DEFAULT 0 CHECK (decimals BETWEEN 0 AND 10),
	kind			text NOT NULL,
	subject_id		int NOT NULL REFERENCES dwh_catalog.subject,
	breakdowns		text[] NOT NULL,
	periods			text[] NOT NULL,
	source_systems	text NOT NULL,
	owner_group_id	int REFERENCES dwh_catalog.user_group,
	legal_basis_id	int REFERENCES dwh_catalog.legal_basis,
	is_official		boolean NOT NULL DEFAULT false,
	is_public		boolean NOT NULL DEFAULT false,
	note			text,
	is_kept			boolean NOT NULL DEFAULT false,
	kept_periods	text[] NOT NULL DEFAULT '{month,quarter,year}',
	kept_levels		text[] NOT NULL DEFAULT '{country,province,base}',
	CHECK (periods <@ ARRAY['month', 'quarter', 'half', 'year', 'ytd']),
	CHECK (kept_periods <@ ARRAY['month', 'quarter', 'half', 'year', 'ytd']),
	CHECK (kept_levels <@ ARRAY['country', 'region', 'province', 'base'])
);
COMMENT ON TABLE dwh_catalog.indicator IS 'Chỉ tiêu; mã tự đặt, không phải mã chính thức | Indicators; own codes, not official ones';
COMMENT ON COLUMN dwh_catalog.indicator.indicator_id IS 'Khóa | Key';
COMMENT ON COLUMN dwh_catalog.indicator.code IS 'Mã chỉ tiêu (tự đặt, không chính thức) | Code of the indicator (own, not official)';
COMMENT ON COLUMN dwh_catalog.indicator.name_vi IS 'Tên tiếng Việt | Name in Vietnamese';
COMMENT ON COLUMN dwh_catalog.indicator.name_en IS 'Tên tiếng Anh | Name in English';
COMMENT ON COLUMN dwh_catalog.indicator.indicator_group IS 'Nhóm chỉ tiêu | Group of indicators';
COMMENT ON COLUMN dwh_catalog.indicator.base_unit IS 'Đơn vị tính khi tính toán | Unit in which it is computed and kept';
COMMENT ON COLUMN dwh_catalog.indicator.display_unit IS 'Đơn vị tính khi trình bày | Unit in which it is shown';
COMMENT ON COLUMN dwh_catalog.indicator.display_factor IS 'Số trình bày = số tính toán × hệ số | Shown value = computed value × factor';
COMMENT ON COLUMN dwh_catalog.indicator.decimals IS 'Số chữ số thập phân khi trình bày | Decimals shown';
COMMENT ON COLUMN dwh_catalog.indicator.kind IS 'Loại (thời điểm, thời kỳ, tỷ lệ …) | Kind (stock, flow, ratio ...)';
COMMENT ON COLUMN dwh_catalog.indicator.subject_id IS 'Chủ đề công bố | Publishing subject';
COMMENT ON COLUMN dwh_catalog.indicator.breakdowns IS 'Các phân tổ | Breakdowns';
COMMENT ON COLUMN dwh_catalog.indicator.periods IS 'Các loại kỳ | Kinds of period it is given for';
COMMENT ON COLUMN dwh_catalog.indicator.source_systems IS 'Hệ thống nguồn | Source systems';
COMMENT ON COLUMN dwh_catalog.indicator.owner_group_id IS 'Nhóm quản lý chỉ tiêu | Group that owns the indicator';
COMMENT ON COLUMN dwh_catalog.indicator.legal_basis_id IS 'Căn cứ pháp lý | Legal basis';
COMMENT ON COLUMN dwh_catalog.indicator.is_official IS 'Mã chính thức hay không | Whether the code is an official one';
COMMENT ON COLUMN dwh_catalog.indicator.is_public IS 'Giá trị đã chốt được công khai | Whether closed values may be read outside one''s scope';
COMMENT ON COLUMN dwh_catalog.indicator.note IS 'Ghi chú | Note';
COMMENT ON COLUMN dwh_catalog.indicator.is_kept IS
	'Giá trị được lưu trong dwh_star.indicator_value | Whether its values are kept in dwh_star.indicator_value';
COMMENT ON COLUMN dwh_catalog.indicator.kept_periods IS
	'Các loại kỳ được lưu, trong số các loại kỳ của chỉ tiêu | Kinds of period that are kept, of those it is given for';
COMMENT ON COLUMN dwh_catalog.indicator.kept_levels IS 'Các cấp đơn vị được lưu | Levels of units that are kept';

CREATE TABLE dwh_catalog.indicator_version (
	indicator_id	int NOT NULL REFERENCES dwh_catalog.indicator,
	version			int NOT NULL CHECK (version > 0),
	formula			text NOT NULL,
	valid_from		date NOT NULL CHECK (extract(day FROM valid_from) = 1),
	valid_to		date CHECK (valid_to >= valid_from),
	reason			text NOT NULL,
	decision_no		text,
	end_reason		text,
	end_decision_no	text,
	author			text NOT NULL DEFAULT session_user,
	created_at		timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (indicator_id, version),
	UNIQUE (indicator_id, valid_from)
);
COMMENT ON TABLE dwh_catalog.indicator_version IS 'Các phiên bản công thức; không ghi đè (893 Đ.12.5) | Versions of a formula, never overwritten (893 Art. 12.5)';
COMMENT ON COLUMN dwh_catalog.indicator_version.indicator_id IS 'Chỉ tiêu | Indicator';
COMMENT ON COLUMN dwh_catalog.indicator_version.version IS 'Số phiên bản | Number of the version';
COMMENT ON COLUMN dwh_catalog.indicator_version.formula IS 'Công thức | Formula';
COMMENT ON COLUMN dwh_catalog.indicator_version.valid_from IS 'Áp dụng cho các kỳ kết thúc từ ngày này | In force for periods that end on or after this day';
COMMENT ON COLUMN dwh_catalog.indicator_version.valid_to IS 'Ngày hiệu lực cuối cùng; trống là chưa hết hiệu lực | Last day in force; empty means open';
COMMENT ON COLUMN dwh_catalog.indicator_version.reason IS 'Lý do | Reason';
COMMENT ON COLUMN dwh_catalog.indicator_version.decision_no IS 'Số quyết định | Number of the decision';
COMMENT ON COLUMN dwh_catalog.indicator_version.end_reason IS 'Lý do kết thúc chỉ tiêu | Reason why the indicator ended with it';
COMMENT ON COLUMN dwh_catalog.indicator_version.end_decision_no IS 'Số quyết định kết thúc chỉ tiêu | Decision that ended the indicator';
COMMENT ON COLUMN dwh_catalog.indicator_version.author IS 'Người lập | Author';
COMMENT ON COLUMN dwh_catalog.indicator_version.created_at IS 'Lúc lập | Made at';

ALTER TABLE dwh_star.fact_manual ADD CONSTRAINT fact_manual_indicator_fkey
	FOREIGN KEY (indicator) REFERENCES dwh_catalog.indicator (code);

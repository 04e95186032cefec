-- Summaries: which exist, by which dimensions, and which column of the table holds the state of which measure. The tables
-- themselves (dwh_star.summary_...) are made by dwh.create_summary(). Expressions are kept as they were when the summary was made: a
-- measure that has changed since is not taken from it.

CREATE TABLE dwh_catalog.summary (
	summary_id		int PRIMARY KEY,
	subject_id		int NOT NULL REFERENCES dwh_catalog.subject,
	relation		regclass NOT NULL UNIQUE,
	dimensions		text[] NOT NULL,
	lookups			text[] NOT NULL,
	watched			bigint[] NOT NULL DEFAULT '{}',
	by_province		regclass NOT NULL UNIQUE,
	provinces_hash	bigint,
	built_at		timestamptz,
	failure			text CHECK (failure IS NULL OR built_at IS NULL),
	created_at		timestamptz NOT NULL DEFAULT now(),
	created_by		text NOT NULL DEFAULT session_user,
	UNIQUE (subject_id, dimensions)
);
COMMENT ON TABLE dwh_catalog.summary IS 'Bảng tổng hợp trạng thái của một chủ đề theo tháng, đơn vị và chiều | Summaries: states of a subject by month, unit and dimensions';
COMMENT ON COLUMN dwh_catalog.summary.summary_id IS 'Khóa | Key';
COMMENT ON COLUMN dwh_catalog.summary.subject_id IS 'Chủ đề | Subject';
COMMENT ON COLUMN dwh_catalog.summary.relation IS 'Bảng trong dwh_star | Its table in dwh_star';
COMMENT ON COLUMN dwh_catalog.summary.dimensions IS 'Mã các chiều, theo thứ tự chữ cái | Codes of its dimensions, in alphabetical order';
COMMENT ON COLUMN dwh_catalog.summary.lookups IS 'Các bảng chiều được dùng; sửa một dòng của chúng thì phải tổng hợp lại | Tables of dimensions it looks into; a change of their rows takes the content away';
COMMENT ON COLUMN dwh_catalog.summary.watched IS 'Số của các trigger theo dõi chủ đề khi tổng hợp; khác đi thì đọc bảng gốc cho tới lần làm mới | Numbers of the triggers that watched the subject when it was built; where they differ, the facts are read until the next refresh';
COMMENT ON COLUMN dwh_catalog.summary.by_province IS 'Bảng các ô gộp theo tỉnh | The table of its cells put together by province';
COMMENT ON COLUMN dwh_catalog.summary.provinces_hash IS 'Băm của đơn vị nào thuộc tỉnh nào khi gộp; trống là chưa gộp; khác hiện nay thì không đọc cho tới lần làm mới | Hash of which unit belonged to which province when that was built; empty means it has no content; where it differs from now it is not read until the next refresh';
COMMENT ON COLUMN dwh_catalog.summary.built_at IS 'Lần tổng hợp toàn bộ gần nhất; trống là chưa dùng được | When it was last built as a whole; empty means it has no content to use';
COMMENT ON COLUMN dwh_catalog.summary.failure IS 'Mã lỗi SQLSTATE khi lần làm mới gần nhất không tổng hợp được; thử lại khi dữ liệu của chủ đề thay đổi | SQLSTATE with which the last refresh could not build it; tried again whenever rows of the subject have changed';
COMMENT ON COLUMN dwh_catalog.summary.created_at IS 'Lúc tạo | Made at';
COMMENT ON COLUMN dwh_catalog.summary.created_by IS 'Người tạo | Made by';

CREATE TABLE dwh_catalog.summary_dimension (
	summary_id		int NOT NULL REFERENCES dwh_catalog.summary ON DELETE CASCADE,
	dimension_id	int NOT NULL REFERENCES dwh_catalog.dimension,
	column_name		text NOT NULL,
	expression		text NOT NULL,
	PRIMARY KEY (summary_id, dimension_id)
);
COMMENT ON TABLE dwh_catalog.summary_dimension IS 'Các chiều của bảng tổng hợp | The dimensions of a summary';
COMMENT ON COLUMN dwh_catalog.summary_dimension.summary_id IS 'Bảng tổng hợp | Summary';
COMMENT ON COLUMN dwh_catalog.summary_dimension.dimension_id IS 'Chiều | Dimension';
COMMENT ON COLUMN dwh_catalog.summary_dimension.column_name IS 'Cột | Column';
COMMENT ON COLUMN dwh_catalog.summary_dimension.expression IS 'Biểu thức khi tạo | Its expression when the summary was made';

CREATE TABLE dwh_catalog.summary_measure (
	summary_id		int NOT NULL REFERENCES dwh_catalog.summary ON DELETE CASCADE,
	measure_id		int NOT NULL REFERENCES dwh_catalog.measure,
	column_name		text NOT NULL,
	count_column_name text,
	aggregate		text NOT NULL,
	expression		text,
	filter			text,
	PRIMARY KEY (summary_id, measure_id),
	CHECK ((aggregate = 'avg') = (count_column_name IS NOT NULL))
);
COMMENT ON TABLE dwh_catalog.summary_measure IS 'Các số đo của bảng tổng hợp; số đo giống nhau dùng chung một cột | The measures of a summary; equal ones share a column';
COMMENT ON COLUMN dwh_catalog.summary_measure.summary_id IS 'Bảng tổng hợp | Summary';
COMMENT ON COLUMN dwh_catalog.summary_measure.measure_id IS 'Số đo | Measure';
COMMENT ON COLUMN dwh_catalog.summary_measure.column_name IS 'Cột chứa trạng thái | Column that holds the state';
COMMENT ON COLUMN dwh_catalog.summary_measure.count_column_name IS 'Cột đếm của bình quân | Column with the number of values of a mean';
COMMENT ON COLUMN dwh_catalog.summary_measure.aggregate IS 'Hàm tổng hợp khi tạo | Its aggregate when the summary was made';
COMMENT ON COLUMN dwh_catalog.summary_measure.expression IS 'Biểu thức khi tạo | Its expression when the summary was made';
COMMENT ON COLUMN dwh_catalog.summary_measure.filter IS 'Điều kiện khi tạo | Its filter when the summary was made';

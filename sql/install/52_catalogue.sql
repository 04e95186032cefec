-- Changing the catalogue. Each function checks its caller itself; who may call it at all stands in warehouse/90_privileges.sql.
CREATE FUNCTION dwh.create_subject(
	p_code			text,
	p_relation		regclass,
	p_name_vi		text,
	p_name_en		text,
	p_month_column	text DEFAULT 'month',
	p_unit_column	text DEFAULT 'unit_id',
	p_source		text DEFAULT NULL)
RETURNS int LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dwh_sql_create_subject';
COMMENT ON FUNCTION dwh.create_subject(text, regclass, text, text, text, text, text) IS
	'Đăng ký một bảng có tháng và đơn vị làm chủ đề; trả về subject_id | '
	'Registers a table with a month and a unit as a subject; returns its subject_id';

CREATE FUNCTION dwh.create_dimension(
	p_subject		text,
	p_code			text,
	p_expression	text,
	p_name_vi		text DEFAULT NULL,
	p_name_en		text DEFAULT NULL)
RETURNS int LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dwh_sql_create_dimension';
COMMENT ON FUNCTION dwh.create_dimension(text, text, text, text, text) IS
	'Thêm chiều phân tích cho một chủ đề; chiều mới cần có tên; trả về dimension_id | '
	'Gives a subject a dimension, a new one with its names; returns its dimension_id';

CREATE FUNCTION dwh.create_measure(
	p_code				text,
	p_subject			text,
	p_aggregate			text,
	p_expression		text DEFAULT NULL,
	p_filter			text DEFAULT NULL,
	p_time_behaviour	text DEFAULT 'flow',
	p_unit_of_measure	text DEFAULT '',
	p_unit_column		text DEFAULT NULL,
	p_opening_filter	text DEFAULT NULL,
	p_note				text DEFAULT NULL)
RETURNS int LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dwh_sql_create_measure';
COMMENT ON FUNCTION dwh.create_measure(text, text, text, text, text, text, text, text, text, text) IS
	'Tạo số đo trên một chủ đề; trả về measure_id | Creates a measure over a subject; returns its measure_id';

CREATE FUNCTION dwh.create_indicator(
	p_code				text,
	p_name_vi			text,
	p_name_en			text,
	p_formula			text,
	p_subject			text,
	p_owner_group		text,
	p_base_unit			text,
	p_valid_from		date,
	p_reason			text,
	p_group				text DEFAULT NULL,
	p_display_unit		text DEFAULT NULL,
	p_display_factor	numeric DEFAULT 1,
	p_decimals			int DEFAULT 0,
	p_kind				text DEFAULT NULL,
	p_breakdowns		text[] DEFAULT NULL,
	p_periods			text[] DEFAULT NULL,
	p_source_systems	text DEFAULT NULL,
	p_legal_basis		text DEFAULT NULL,
	p_decision			text DEFAULT NULL,
	p_is_public			boolean DEFAULT false,
	p_note				text DEFAULT NULL)
RETURNS int LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dwh_sql_create_indicator';
COMMENT ON FUNCTION dwh.create_indicator(text, text, text, text, text, text, text, date, text, text, text, numeric, int, text, text[],
	text[], text, text, text, boolean, text) IS
	'Tạo chỉ tiêu cùng phiên bản đầu của công thức; trả về indicator_id | '
	'Creates an indicator with the first version of its formula; returns its indicator_id';

CREATE FUNCTION dwh.revise_indicator(
	p_code			text,
	p_formula		text,
	p_valid_from	date,
	p_reason		text,
	p_decision		text DEFAULT NULL)
RETURNS int LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dwh_sql_revise_indicator';
COMMENT ON FUNCTION dwh.revise_indicator(text, text, date, text, text) IS
	'Thêm phiên bản công thức; các kỳ trước giữ phiên bản cũ; trả về số phiên bản | '
	'Adds a version of a formula; earlier periods keep the old one; returns its number';

CREATE FUNCTION dwh.retire_indicator(
	p_code			text,
	p_valid_to		date,
	p_reason		text,
	p_decision		text DEFAULT NULL)
RETURNS int LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dwh_sql_retire_indicator';
COMMENT ON FUNCTION dwh.retire_indicator(text, date, text, text) IS
	'Kết thúc một chỉ tiêu; trả về số phiên bản cuối | Ends an indicator; returns the number of its last version';

CREATE FUNCTION dwh.list_dependents(
	p_code			text,
	OUT code		text,
	OUT kind		text,
	OUT version		int,
	OUT depth		int)
RETURNS SETOF record LANGUAGE C STABLE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dwh_sql_list_dependents';
COMMENT ON FUNCTION dwh.list_dependents(text) IS
	'Các phiên bản chỉ tiêu phụ thuộc vào một số đo hay chỉ tiêu, trực tiếp hoặc gián tiếp | '
	'The versions of indicators that depend on a measure or an indicator, directly or through others';

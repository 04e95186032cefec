-- Figures entered one by one and approved by a second person. Each function asks for the right itself, so that a refusal is in the log.
CREATE FUNCTION dwh.enter_value(
	p_indicator		text,
	p_from			date,
	p_period		text,
	p_unit			text,
	p_value			numeric,
	p_note			text,
	p_reason		text DEFAULT NULL,
	p_kind			text DEFAULT 'actual',
	p_source		text DEFAULT 'manual',
	p_source_note	text DEFAULT '',
	p_sex			text DEFAULT NULL,
	p_age_group		text DEFAULT NULL,
	p_scheme		text DEFAULT NULL,
	p_fund			text DEFAULT NULL,
	p_facility		text DEFAULT NULL)
RETURNS bigint LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dwh_sql_enter_value';
COMMENT ON FUNCTION dwh.enter_value(text, date, text, text, numeric, text, text, text, text, text, text, text, text, text, text) IS
	'Nhập tay một số liệu, chờ người thứ hai duyệt; trả về manual_id | '
	'Enters a figure, which waits for the approval of a second person; returns its manual_id';

CREATE FUNCTION dwh.approve_value(
	p_manual_id		bigint,
	p_note			text DEFAULT NULL)
RETURNS int LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dwh_sql_approve_value';
COMMENT ON FUNCTION dwh.approve_value(bigint, text) IS
	'Duyệt số liệu do người khác nhập; trả về số lần sửa | Approves a figure that somebody else entered; returns its revision';

CREATE FUNCTION dwh.reject_value(
	p_manual_id		bigint,
	p_reason		text)
RETURNS void LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dwh_sql_reject_value';
COMMENT ON FUNCTION dwh.reject_value(bigint, text) IS
	'Từ chối số liệu chờ duyệt; người nhập tự rút lại cũng bằng hàm này | Rejects a figure that waits, or takes back one''s own';

-- Closed periods. Each function asks for the right itself, so that a refusal is in the log.
CREATE FUNCTION dwh.close_period(
	p_from		date,
	p_period	text,
	p_group		text,
	p_stage		text,
	p_reason	text DEFAULT NULL,
	p_decision	text DEFAULT NULL)
RETURNS int LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dwh_sql_close_period';
COMMENT ON FUNCTION dwh.close_period(date, text, text, text, text, text) IS
	'Chốt số liệu một kỳ của một nhóm chỉ tiêu: ước, sơ bộ hoặc chính thức; trả về closing_id | '
	'Closes a period for a group of indicators as estimate, preliminary or final; returns its closing_id';

CREATE FUNCTION dwh.reopen_period(
	p_from		date,
	p_period	text,
	p_group		text,
	p_reason	text,
	p_decision	text)
RETURNS int LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dwh_sql_reopen_period';
COMMENT ON FUNCTION dwh.reopen_period(date, text, text, text, text) IS
	'Mở lại một kỳ đã chốt, theo lý do và quyết định; trả về closing_id | Reopens a closed period, for a reason and by a decision; returns its closing_id';

-- Loading manual figures: see src/ingest/manual_figures.c.
CREATE FUNCTION dwh.load_manual_figures(p_batch text, OUT load_id int, OUT rows_in bigint, OUT rows_loaded bigint,
	OUT rows_superseded bigint, OUT rows_duplicate bigint)
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_load_manual_figures';
COMMENT ON FUNCTION dwh.load_manual_figures(text) IS
	'Nạp một lô từ dwh_landing.manual_figure vào fact_manual: cả lô hoặc không dòng nào; số đã đổi thành lần sửa mới | '
	'Loads a batch from dwh_landing.manual_figure into fact_manual, whole or not at all; a changed figure becomes a new revision';

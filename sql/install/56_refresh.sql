-- Refresh of summaries and kept values: see src/indicator/refresh.h.
CREATE FUNCTION dwh.refresh(p_subject text DEFAULT NULL)
RETURNS bigint LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_refresh';
COMMENT ON FUNCTION dwh.refresh(text) IS
	'Tính lại các ô tổng hợp đã thay đổi và các giá trị lưu phụ thuộc vào chúng; trả về số lần chạy | '
	'Recomputes the cells of summaries that changed and the kept values that depend on them; returns the number of the run';

CREATE FUNCTION dwh.mark_dirty(p_subject text, p_from date DEFAULT NULL, p_to date DEFAULT NULL, p_unit_ids int[] DEFAULT NULL)
RETURNS bigint LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_mark_dirty';
COMMENT ON FUNCTION dwh.mark_dirty(text, date, date, int[]) IS
	'Đánh dấu các ô đã thay đổi mà không ai theo dõi, để lần làm mới sau tính lại; trả về số dấu | '
	'Marks cells that changed unwatched, for the next refresh; returns the number of marks';

CREATE FUNCTION dwh.keep_indicator(p_code text, p_is_kept boolean DEFAULT true, p_periods text[] DEFAULT NULL, p_levels text[] DEFAULT NULL)
RETURNS boolean LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_keep_indicator';
COMMENT ON FUNCTION dwh.keep_indicator(text, boolean, text[], text[]) IS
	'Lưu hay không lưu giá trị của chỉ tiêu, theo loại kỳ và cấp đơn vị; lần làm mới sau thực hiện | '
	'Whether values of an indicator are kept, for which periods and levels; the next refresh acts on it';

-- As the caller: the job runs with the rights of whoever schedules it.
CREATE FUNCTION dwh.schedule_refresh(p_cron text)
RETURNS bigint LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_job	bigint;
BEGIN
	IF p_cron IS NULL OR p_cron !~ E'\\S' THEN
		RAISE EXCEPTION 'p_cron must be given'
			USING ERRCODE = '22004', HINT = 'Write it as ''15 2 * * *'': every night at 02:15.';
	END IF;
	PERFORM FROM pg_extension AS e WHERE e.extname = 'pg_cron';
	IF NOT FOUND THEN
		RAISE EXCEPTION 'pg_cron is not installed in this database'
			USING ERRCODE = '0A000', DETAIL = 'dwh.schedule_refresh() leaves the timing to pg_cron.',
				HINT = 'CREATE EXTENSION pg_cron, or let another scheduler run SELECT dwh.refresh().';
	END IF;
	EXECUTE 'SELECT cron.schedule($1, $2, $3)' INTO v_job USING 'dwh_ext refresh', p_cron, 'SELECT dwh.refresh()';
	RETURN v_job;
END
$$;
COMMENT ON FUNCTION dwh.schedule_refresh(text) IS
	'Hẹn giờ chạy dwh.refresh() bằng pg_cron; trả về số công việc | Has pg_cron run dwh.refresh() by a schedule; returns the number of the job';

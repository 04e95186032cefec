-- Verifying the logs from where the last verification ended: see src/audit/check.c.
CREATE FUNCTION dwh.audit_check(p_full boolean DEFAULT false,
	OUT is_intact boolean, OUT leaf_from bigint, OUT leaf_to bigint, OUT first_bad_leaf bigint, OUT problem text)
RETURNS record LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_audit_check';
COMMENT ON FUNCTION dwh.audit_check(boolean) IS
	'Kiểm tra nhật ký từ nơi lần kiểm tra đúng trước kết thúc, hoặc toàn bộ; ghi lại kết quả | '
	'Verifies the logs from where the last good check ended, or all of them; the outcome is kept in dwh_log.audit_check';

-- As the caller: the job runs with the rights of whoever schedules it.
CREATE FUNCTION dwh.schedule_audit_check(p_cron text, p_full boolean DEFAULT true)
RETURNS bigint LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_full boolean := coalesce(p_full, true);
	v_job bigint;
BEGIN
	IF p_cron IS NULL OR p_cron !~ '[^[:space:]]' THEN
		RAISE EXCEPTION 'p_cron must be given'
			USING ERRCODE = '22004', HINT = 'Write it as ''30 3 * * 0'': every Sunday at 03:30.';
	END IF;
	PERFORM FROM pg_extension AS e WHERE e.extname = 'pg_cron';
	IF NOT FOUND THEN
		RAISE EXCEPTION 'pg_cron is not installed in this database'
			USING ERRCODE = '0A000', DETAIL = 'dwh.schedule_audit_check() leaves the timing to pg_cron.',
				HINT = 'CREATE EXTENSION pg_cron, or let another scheduler run SELECT dwh.audit_check(true).';
	END IF;
	EXECUTE 'SELECT cron.schedule($1, $2, $3)' INTO v_job
		USING 'dwh_ext audit check' || CASE WHEN v_full THEN ', full' ELSE '' END, p_cron, format('SELECT dwh.audit_check(%s)', v_full::text);
	RETURN v_job;
END
$$;
COMMENT ON FUNCTION dwh.schedule_audit_check(text, boolean) IS
	'Hẹn giờ chạy dwh.audit_check() bằng pg_cron; trả về số công việc | '
	'Has pg_cron run dwh.audit_check() by a schedule; returns the number of the job';

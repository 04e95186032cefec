-- Limits of groups: see src/scope/limits.h.
CREATE FUNCTION dwh.set_group_limits(p_group text, p_statement_timeout interval DEFAULT NULL, p_work_mem text DEFAULT NULL,
	p_temp_file_limit text DEFAULT NULL, p_connection_limit int DEFAULT NULL, p_read_only boolean DEFAULT NULL)
RETURNS int LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_set_group_limits';
COMMENT ON FUNCTION dwh.set_group_limits(text, interval, text, text, int, boolean) IS
	'Đặt giới hạn của một nhóm lên các vai trò đăng nhập của nhóm; NULL: không giới hạn | '
	'Sets the limits of a group on its login roles; NULL: no limit';

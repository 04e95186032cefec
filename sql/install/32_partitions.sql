-- Partitions of the facts: see src/star/partitions.c.
-- EXECUTE on ensure_partitions() stays with the roles that warehouse/90_privileges.sql names; the caller is checked again inside.
CREATE FUNCTION dwh.ensure_partitions(p_until date)
RETURNS int LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_ensure_partitions';
COMMENT ON FUNCTION dwh.ensure_partitions(date) IS
	'Thêm phân vùng năm cho mọi bảng dữ kiện đến hết năm chứa ngày đã cho; trả về số phân vùng đã tạo | '
	'Adds yearly partitions to every fact up to the end of the year of the given date; returns how many were made';

CREATE FUNCTION dwh_internal.check_month(p_month date)
RETURNS boolean LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dwh_sql_check_month';
COMMENT ON FUNCTION dwh_internal.check_month(date) IS
	'Ràng buộc: ngày đầu tháng, nếu không thì báo lỗi WH102 | Constraint: the first day of a month, else error WH102';

CREATE FUNCTION dwh_internal.refuse_outside_partitions()
RETURNS trigger LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_refuse_outside_partitions';
COMMENT ON FUNCTION dwh_internal.refuse_outside_partitions() IS
	'Trigger của phân vùng mặc định: báo lỗi WH101 | Trigger of default partitions: error WH101';

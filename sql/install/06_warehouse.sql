-- Making, moving and describing the warehouse: see src/warehouse.
-- EXECUTE stays with PUBLIC (90_privileges.sql) because each of these checks its caller itself and can then say what to do.
CREATE FUNCTION dwh.create_warehouse()
RETURNS text LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_create_warehouse';
COMMENT ON FUNCTION dwh.create_warehouse() IS
	'Tạo mọi bảng của kho dữ liệu, gắn lại phần bị mất sau DROP EXTENSION | Creates every table of the warehouse; puts back what DROP EXTENSION took';

CREATE FUNCTION dwh_internal.refuse_change()
RETURNS trigger LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_refuse_change';
COMMENT ON FUNCTION dwh_internal.refuse_change() IS
	'Trigger: bảng chỉ được thêm dòng, không sửa, không xóa | Trigger: rows of this table are only ever appended';

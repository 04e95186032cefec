-- Making, moving and describing the warehouse: see src/warehouse.
-- EXECUTE stays with PUBLIC (90_privileges.sql) where a function checks its caller itself and can then say what to do.
CREATE FUNCTION dwh.create_warehouse()
RETURNS text LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_create_warehouse';
COMMENT ON FUNCTION dwh.create_warehouse() IS
	'Tạo mọi bảng của kho dữ liệu, gắn lại phần bị mất sau DROP EXTENSION | Creates every table of the warehouse; puts back what DROP EXTENSION took';

CREATE FUNCTION dwh.upgrade_warehouse()
RETURNS text LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_upgrade_warehouse';
COMMENT ON FUNCTION dwh.upgrade_warehouse() IS
	'Nâng bảng của phiên bản cũ lên phiên bản của phần mở rộng | Brings tables of an older version to the version of the extension';

CREATE FUNCTION dwh.start_warehouse()
RETURNS text LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_start_warehouse';
COMMENT ON FUNCTION dwh.start_warehouse() IS
	'Cho kho chạy thật trên máy chủ và cơ sở dữ liệu này, sau khi khôi phục | Makes the warehouse live on this server and database, after a restore';

CREATE FUNCTION dwh.export_roles()
RETURNS SETOF text LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dwh_sql_export_roles';
COMMENT ON FUNCTION dwh.export_roles() IS
	'Các lệnh SQL tạo lại vai trò nhóm, chạy trước khi khôi phục ở nơi khác | SQL that makes the group roles again, to be run before a restore elsewhere';

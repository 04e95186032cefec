-- Who calls, and which day it is: see src/common/identity.c and clock.c.
CREATE FUNCTION dwh.current_account()
RETURNS int LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dwh_sql_current_account';
COMMENT ON FUNCTION dwh.current_account() IS
	'Tài khoản của người gọi; trống khi vai trò không có tài khoản đang hiệu lực | Account of the caller; NULL where the role has no valid account';

CREATE FUNCTION dwh.today()
RETURNS date LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dwh_sql_today';
COMMENT ON FUNCTION dwh.today() IS
	'Ngày bắt đầu câu lệnh theo múi giờ của kho | Day on which the statement began, in the time zone of the warehouse';

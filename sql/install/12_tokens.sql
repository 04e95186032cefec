-- Identity on pooled connections: see src/identity. Those that keep the rows check their caller themselves, to record refusals.
CREATE FUNCTION dwh.authenticate(p_token text)
RETURNS int LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_authenticate';
COMMENT ON FUNCTION dwh.authenticate(text) IS
	'Kiểm tra mã thông báo và gắn danh tính người dùng vào kết nối của cổng; trả về tài khoản | '
	'Verifies a token and binds its bearer to the connection of a gateway; returns the account';

CREATE FUNCTION dwh.sign_out()
RETURNS void LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_sign_out';
COMMENT ON FUNCTION dwh.sign_out() IS
	'Gỡ danh tính đã gắn vào kết nối | Ends the identity that is bound to the connection';

CREATE FUNCTION dwh.register_token_issuer(
	p_issuer		text,
	p_audience		text,
	p_account_claim	text DEFAULT 'sub',
	p_leeway		int DEFAULT 30,
	p_longest		int DEFAULT 43200)
RETURNS int LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_register_token_issuer';
COMMENT ON FUNCTION dwh.register_token_issuer(text, text, text, int, int) IS
	'Đăng ký hệ thống định danh; trả về token_issuer_id | Registers an identity system; returns its token_issuer_id';

CREATE FUNCTION dwh.retire_token_issuer(p_issuer text, p_reason text)
RETURNS void LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_retire_token_issuer';
COMMENT ON FUNCTION dwh.retire_token_issuer(text, text) IS
	'Thôi chấp nhận mã thông báo của một hệ thống định danh, ngay lập tức | Stops accepting tokens of an identity system, at once';

CREATE FUNCTION dwh.register_token_key(
	p_issuer		text,
	p_kid			text,
	p_jwk			jsonb,
	p_algorithm		text DEFAULT NULL,
	p_valid_from	date DEFAULT NULL,
	p_valid_to		date DEFAULT NULL)
RETURNS int LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_register_token_key';
COMMENT ON FUNCTION dwh.register_token_key(text, text, jsonb, text, date, date) IS
	'Đăng ký khóa công khai của hệ thống định danh; trả về token_key_id | '
	'Registers a public key of an identity system; returns its token_key_id';

CREATE FUNCTION dwh.retire_token_key(p_issuer text, p_kid text, p_reason text)
RETURNS void LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_retire_token_key';
COMMENT ON FUNCTION dwh.retire_token_key(text, text, text) IS
	'Thôi chấp nhận một khóa, ngay lập tức | Stops accepting a key, at once';

CREATE FUNCTION dwh.register_gateway(p_login_role text, p_pooling text, p_purpose text)
RETURNS int LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_register_gateway';
COMMENT ON FUNCTION dwh.register_gateway(text, text, text) IS
	'Cho một vai trò đăng nhập thay mặt người dùng có mã thông báo; trả về gateway_id | '
	'Lets a login role act for users who have a token; returns its gateway_id';

CREATE FUNCTION dwh.retire_gateway(p_login_role text, p_reason text)
RETURNS void LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_retire_gateway';
COMMENT ON FUNCTION dwh.retire_gateway(text, text) IS
	'Chấm dứt quyền thay mặt của một vai trò, ngay lập tức | Ends what a login role may do for others, at once';

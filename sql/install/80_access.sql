-- Access by Decision 893: what the functions of the access room share. The public functions are src/access/act.c, which records each
-- call and each refusal and runs the function of the same name in dwh_internal, as dwh_owner.

CREATE FUNCTION dwh_internal.sync_login_role(VARIADIC p_account_ids int[])
RETURNS void LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_sync_login_role';
COMMENT ON FUNCTION dwh_internal.sync_login_role(int[]) IS
	'Đưa vai trò đăng nhập của các tài khoản về đúng các quyền đang có hiệu lực | Brings the login roles of accounts in line with their grants in force';

CREATE FUNCTION dwh_internal.end_bindings(p_account_id int)
RETURNS void LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_end_bindings';
COMMENT ON FUNCTION dwh_internal.end_bindings(int) IS
	'Khi giao dịch hoàn tất: hủy câu lệnh mà cổng ứng dụng đang chạy cho tài khoản | At commit: cancels what gateways run for an account';

CREATE FUNCTION dwh_internal.record_outside_change()
RETURNS trigger LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_record_outside_change';
COMMENT ON FUNCTION dwh_internal.record_outside_change() IS
	'Trigger: ghi thay đổi không qua hàm của phần mở rộng | Trigger: records changes made by anything but the functions of the extension';

CREATE FUNCTION dwh.adopt_login_role(p_email text, p_role text)
RETURNS void LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_adopt_login_role';
COMMENT ON FUNCTION dwh.adopt_login_role(text, text) IS
	'Gắn một vai trò có sẵn với tài khoản, chỉ siêu người dùng | Makes an existing role the login role of an account; superusers only';

-- Refusing --------------------------------------------------------------------------------------------------------------

-- What the regulation forbids: 42501, with the article.
CREATE FUNCTION dwh_internal.access_refuse(p_message text, p_detail text, p_hint text)
RETURNS void LANGUAGE plpgsql IMMUTABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RAISE EXCEPTION '%', p_message USING ERRCODE = '42501', DETAIL = p_detail, HINT = p_hint;
END
$$;
COMMENT ON FUNCTION dwh_internal.access_refuse(text, text, text) IS 'Từ chối theo quy chế | Refuses by the regulation';

CREATE FUNCTION dwh_internal.access_require(p_value text, p_field text, p_article text)
RETURNS void LANGUAGE plpgsql IMMUTABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF coalesce(p_value !~ '[^[:space:]]', true) THEN
		RAISE EXCEPTION '% is missing', p_field
			USING ERRCODE = '22023', DETAIL = p_article || ': thiếu nội dung bắt buộc | it is required.', HINT = 'Give it and call again.';
	END IF;
END
$$;
COMMENT ON FUNCTION dwh_internal.access_require(text, text, text) IS 'Từ chối khi thiếu một mục | Refuses where something is missing';

-- Units -----------------------------------------------------------------------------------------------------------------

-- Whether a unit belongs to the central side or to a province, and the central unit or province that it is part of (src/star/units.c).
CREATE FUNCTION dwh_internal.unit_side(p_unit_id int)
RETURNS text LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dwh_sql_unit_side';
COMMENT ON FUNCTION dwh_internal.unit_side(int) IS
	'Đơn vị thuộc Trung ương hay tỉnh: central, province | Whether a unit is central or of a province: central, province';

CREATE FUNCTION dwh_internal.unit_top(p_unit_id int)
RETURNS int LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dwh_sql_unit_top';
COMMENT ON FUNCTION dwh_internal.unit_top(int) IS
	'Đơn vị Trung ương hoặc tỉnh mà đơn vị thuộc về | The central unit or province that a unit is part of';

CREATE FUNCTION dwh_internal.units_above(p_unit_id int)
RETURNS int[] LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dwh_sql_units_above';
COMMENT ON FUNCTION dwh_internal.units_above(int) IS 'Đơn vị và các đơn vị cấp trên | A unit and those above it';

CREATE FUNCTION dwh_internal.is_unit_within(p_unit_id int, p_above int)
RETURNS boolean LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dwh_sql_is_unit_within';
COMMENT ON FUNCTION dwh_internal.is_unit_within(int, int) IS
	'Đơn vị có nằm trong đơn vị kia hay không | Whether a unit is another or lies below it';

-- The unit that answers for a unit on a day, through renames and mergers. Where none came after it, but something after the central unit or
-- province that it was part of, that answers; where nothing did, the unit itself.
CREATE FUNCTION dwh_internal.unit_on(p_unit_id int, p_on date)
RETURNS int LANGUAGE sql STABLE PARALLEL SAFE
	RETURN coalesce(dwh.map_unit(p_unit_id, p_on), dwh.map_unit(dwh_internal.unit_top(p_unit_id), p_on), p_unit_id);
COMMENT ON FUNCTION dwh_internal.unit_on(int, date) IS
	'Đơn vị chịu trách nhiệm thay cho đơn vị này vào ngày đó | The unit that answers for a unit on a day';

-- The central unit or province that answers for a unit on a day.
CREATE FUNCTION dwh_internal.unit_top_on(p_unit_id int, p_on date)
RETURNS int LANGUAGE sql STABLE PARALLEL SAFE
	RETURN coalesce(dwh.map_unit(dwh_internal.unit_top(coalesce(dwh.map_unit(p_unit_id, p_on), p_unit_id)), p_on),
		dwh_internal.unit_top(p_unit_id));
COMMENT ON FUNCTION dwh_internal.unit_top_on(int, date) IS
	'Đơn vị Trung ương hoặc tỉnh chịu trách nhiệm vào ngày đó | The central unit or province that answers for a unit on a day';

-- Whether the unit, or one above it, has the function on that day.
CREATE FUNCTION dwh_internal.has_unit_function(p_unit_id int, p_function text, p_on date)
RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_units int[] := dwh_internal.units_above(p_unit_id);
BEGIN
	RETURN EXISTS (SELECT FROM dwh_catalog.unit_function AS f WHERE f.function = p_function AND f.valid_from <= p_on
		AND coalesce(f.valid_to >= p_on, true) AND f.unit_id = ANY (v_units));
END
$$;
COMMENT ON FUNCTION dwh_internal.has_unit_function(int, text, date) IS
	'Đơn vị có chức năng đó vào ngày đó hay không | Whether a unit has a function on a day';

-- Persons ---------------------------------------------------------------------------------------------------------------

-- The person behind an account: of a support mailbox, its holder. Compared, never shown.
CREATE FUNCTION dwh_internal.account_person(p_account_id int)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN (SELECT CASE a.kind WHEN 'outside' THEN 'iam:' || a.iam_subject
			WHEN 'mailbox' THEN (SELECT 'mail:' || lower(h.email) FROM dwh_catalog.mailbox_holder AS h
				WHERE h.account_id = a.account_id AND h.ended_at IS NULL)
			ELSE 'mail:' || lower(a.email) END
		FROM dwh_catalog.account AS a WHERE a.account_id = p_account_id);
END
$$;
COMMENT ON FUNCTION dwh_internal.account_person(int) IS 'Người đứng sau tài khoản | The person behind an account';

-- The accounts that a person acts through: his own, and the support mailbox that he holds.
CREATE FUNCTION dwh_internal.person_accounts(p_person text)
RETURNS int[] LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF p_person LIKE 'iam:%' THEN
		RETURN ARRAY(SELECT a.account_id FROM dwh_catalog.account AS a WHERE a.iam_subject = substr(p_person, 5) AND a.kind = 'outside');
	END IF;
	RETURN ARRAY(SELECT a.account_id FROM dwh_catalog.account AS a WHERE lower(a.email) = substr(p_person, 6) AND a.kind = 'sector')
		|| ARRAY(SELECT h.account_id FROM dwh_catalog.mailbox_holder AS h JOIN dwh_catalog.account AS a USING (account_id)
			WHERE lower(h.email) = substr(p_person, 6) AND h.ended_at IS NULL AND a.kind = 'mailbox');
END
$$;
COMMENT ON FUNCTION dwh_internal.person_accounts(text) IS 'Các tài khoản của một người | The accounts that a person acts through';

-- The person that a line is about.
CREATE FUNCTION dwh_internal.line_person(p_account_kind text, p_email text, p_iam_subject text, p_holder_email text)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE p_account_kind WHEN 'outside' THEN 'iam:' || p_iam_subject WHEN 'mailbox' THEN 'mail:' || lower(p_holder_email)
		ELSE 'mail:' || lower(p_email) END;
COMMENT ON FUNCTION dwh_internal.line_person(text, text, text, text) IS 'Người mà dòng đề nghị nói đến | The person that a line is about';

-- Auditing and administering exclude each other for a person, whatever his accounts; so of two who give somebody one of them the second
-- waits, and finds what the first has done. Taking away needs no such lock.
CREATE FUNCTION dwh_internal.lock_exclusions()
RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF current_setting('transaction_isolation') <> 'read committed' THEN
		RAISE EXCEPTION 'auditors and administrators are made in transactions of level READ COMMITTED only' USING ERRCODE = '0A000',
			DETAIL = 'What others have just given could not be seen.', HINT = 'Begin a transaction of that level.';
	END IF;
	-- a mode that keeps out itself and nobody who reads or writes
	LOCK TABLE dwh_catalog.access_path IN SHARE UPDATE EXCLUSIVE MODE;
END
$$;
COMMENT ON FUNCTION dwh_internal.lock_exclusions() IS
	'Lần lượt cấp quyền kiểm tra, quản trị | One after the other makes auditors and administrators';

-- Names that a login role of ours may have, as PostgreSQL keeps them.
CREATE FUNCTION dwh_internal.is_login_name(p_name text)
RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN coalesce(p_name ~ '^[a-z0-9_][a-z0-9_.@+-]{0,62}$' AND p_name !~ '^(pg|dwh)_|^(none|public)$', false);
COMMENT ON FUNCTION dwh_internal.is_login_name(text) IS 'Tên có thể làm tên đăng nhập | Whether a name can be a login name';

CREATE FUNCTION dwh_internal.is_same_name(p_a text, p_b text)
RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN p_a = p_b OR lower(regexp_replace(btrim(normalize(p_a, NFC)), E'\\s+', ' ', 'g'))
		= lower(regexp_replace(btrim(normalize(p_b, NFC)), E'\\s+', ' ', 'g'));
COMMENT ON FUNCTION dwh_internal.is_same_name(text, text) IS
	'Cùng tên, không kể hoa thường, khoảng trắng | Whether two names are the same but for case and spaces';

-- Whether an office holder, a row of dwh_catalog.office_holder, is the person of that name, account and unit. Without an account on his
-- row, name and unit tell.
CREATE FUNCTION dwh_internal.is_office_holder(h record, p_person text, p_full_name text, p_unit_id int)
RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN coalesce(CASE WHEN h.account_id IS NOT NULL THEN dwh_internal.account_person(h.account_id) = p_person
		ELSE dwh_internal.is_same_name(h.person_name, p_full_name)
			AND dwh_internal.unit_top_on(h.unit_id, dwh.today()) = dwh_internal.unit_top_on(p_unit_id, dwh.today()) END, false);
END
$$;
COMMENT ON FUNCTION dwh_internal.is_office_holder(record, text, text, int) IS
	'Người giữ chức vụ có phải chính người này hay không | Whether an office holder is this person';

-- Whether an office holder is one on a day, of one of these offices and of one of these units where they are given.
CREATE FUNCTION dwh_internal.holds_office(p_office_holder_id int, p_on date, p_offices text[] DEFAULT NULL, p_unit_ids int[] DEFAULT NULL)
RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN EXISTS (SELECT FROM dwh_catalog.office_holder AS h WHERE h.office_holder_id = p_office_holder_id
		AND h.valid_from <= p_on AND coalesce(h.valid_to >= p_on, true)
		AND (p_offices IS NULL OR h.office = ANY (p_offices)) AND (p_unit_ids IS NULL OR h.unit_id = ANY (p_unit_ids)));
END
$$;
COMMENT ON FUNCTION dwh_internal.holds_office(int, date, text[], int[]) IS
	'Có giữ chức vụ đó vào ngày đó hay không | Whether somebody holds an office on a day';

-- Whether the person leads a unit on that day: head, deputy or director.
CREATE FUNCTION dwh_internal.is_leader(p_person text, p_full_name text, p_unit_id int, p_on date)
RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	-- as office_holder_person_name_idx has it
	v_name text := lower(regexp_replace(btrim(normalize(p_full_name, NFC)), E'\\s+', ' ', 'g'));
	v_accounts int[] := dwh_internal.person_accounts(p_person);
BEGIN
	RETURN EXISTS (SELECT FROM dwh_catalog.office_holder AS h
		WHERE h.account_id = ANY (v_accounts) AND h.office IN ('unit_leader', 'it_centre_director', 'deputy', 'sector_leadership')
			AND h.valid_from <= p_on AND coalesce(h.valid_to >= p_on, true))
		OR EXISTS (SELECT FROM dwh_catalog.office_holder AS h
		WHERE lower(regexp_replace(btrim(normalize(h.person_name, NFC)), E'\\s+', ' ', 'g')) = v_name AND h.account_id IS NULL
			AND h.office IN ('unit_leader', 'it_centre_director', 'deputy', 'sector_leadership')
			AND h.valid_from <= p_on AND coalesce(h.valid_to >= p_on, true)
			AND dwh_internal.unit_top_on(h.unit_id, p_on) = dwh_internal.unit_top_on(p_unit_id, p_on));
END
$$;
COMMENT ON FUNCTION dwh_internal.is_leader(text, text, int, date) IS
	'Có phải lãnh đạo đơn vị vào ngày đó hay không | Whether a person leads a unit on a day';

-- Whether the caller is an administrator: by a grant in force, and the membership that it gave. There is no other notion of one.
CREATE FUNCTION dwh_internal.is_administrator(p_role text)
RETURNS boolean LANGUAGE c STABLE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_is_administrator';
COMMENT ON FUNCTION dwh_internal.is_administrator(text) IS
	'Người gọi có phải quản trị ứng dụng theo quyền đang có hiệu lực | Whether the caller is an administrator by a grant in force';

-- Who calls, and as what.
CREATE FUNCTION dwh_internal.access_caller(OUT account_id int, OUT person text, OUT is_central boolean, OUT unit_ids int[])
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	account_id := nullif(dwh.current_account(), 0);
	person := dwh_internal.account_person(account_id);
	is_central := dwh_internal.is_administrator('dwh_central_admin');
	unit_ids := '{}';
	IF dwh_internal.is_administrator('dwh_province_admin') THEN
		unit_ids := dwh_internal.administered_units(account_id);
	END IF;
END
$$;
COMMENT ON FUNCTION dwh_internal.access_caller() IS
	'Người gọi: tài khoản, quản trị Trung ương hay tỉnh nào | The caller: account, central administrator or of which province';

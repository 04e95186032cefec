-- Who holds which office, which unit has which function, and user groups (893 Arts. 3, 6, 9-12). The public functions are
-- src/access/act.c, which records each call and each refusal and runs the function of the same name in dwh_internal, as dwh_owner.

CREATE FUNCTION dwh_internal.caller_has_role(p_role text)
RETURNS boolean LANGUAGE c STABLE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_caller_has_role';
COMMENT ON FUNCTION dwh_internal.caller_has_role(text) IS
	'Người gọi có quyền của vai trò này hay không | Whether whoever calls has the rights of the role';

CREATE FUNCTION dwh_internal.sync_group_role(p_user_group_id int)
RETURNS void LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_sync_group_role';
COMMENT ON FUNCTION dwh_internal.sync_group_role(int) IS
	'Tạo vai trò của nhóm, hoặc lấy lại quyền khi nhóm đã kết thúc | Makes the role of a group, or takes its rights once it has ended';

-- Refuses callers who are in none of the groups; administrators are so by a grant in force (see src/common/identity.c).
CREATE FUNCTION dwh_internal.require_role(p_roles text[], p_article text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF NOT (EXISTS (SELECT FROM unnest(p_roles) AS r WHERE dwh_internal.caller_has_role(r))) THEN
		RAISE EXCEPTION 'the caller may not do this'
			USING ERRCODE = '42501', DETAIL = p_article || ': chỉ người được giao mới thực hiện | only those to whom it is assigned do this.',
				HINT = format('Members of these groups may: %s; administrators are so by a grant in force.', array_to_string(p_roles, ', '));
	END IF;
END
$$;
COMMENT ON FUNCTION dwh_internal.require_role(text[], text) IS
	'Từ chối người không thuộc nhóm nào trong số này | Refuses callers who are in none of the groups';

-- Administrators of provinces act for the units they administer.
CREATE FUNCTION dwh_internal.office_check_unit(p_unit_id int, p_article text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF NOT (dwh_internal.caller_has_role('dwh_central_admin')
		OR coalesce(p_unit_id = ANY ((dwh_internal.access_caller()).unit_ids), false))
	THEN
		RAISE EXCEPTION 'unit % is not of the caller''s province', p_unit_id
			USING ERRCODE = '42501', DETAIL = p_article || ': quản trị cấp tỉnh chỉ làm việc với đơn vị của tỉnh mình | '
				'administrators of a province act for its units only.', HINT = 'Ask a member of dwh_central_admin.';
	END IF;
END
$$;
COMMENT ON FUNCTION dwh_internal.office_check_unit(int, text) IS
	'Quản trị cấp tỉnh chỉ làm việc với đơn vị của tỉnh mình | Administrators of a province act for its units only';

-- The level of a unit, which must be there on that day.
CREATE FUNCTION dwh_internal.office_unit_level(p_unit_id int, p_on date)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	u dwh_star.dim_unit;
BEGIN
	SELECT * INTO u FROM dwh_star.dim_unit WHERE unit_id = p_unit_id;
	IF u.unit_id IS NULL THEN
		RAISE EXCEPTION 'unit % does not exist', coalesce(p_unit_id::text, 'NULL')
			USING ERRCODE = '42704', DETAIL = 'Units stand in dwh_star.dim_unit.', HINT = 'dwh.get_unit(code, day) finds the unit_id of a code.';
	ELSIF p_on < u.valid_from OR u.valid_to < p_on THEN
		RAISE EXCEPTION 'unit % is not open on %', p_unit_id, p_on
			USING ERRCODE = '22023', DETAIL = format('It is there from %s to %s.', u.valid_from, coalesce(u.valid_to::text, 'now on')),
				HINT = 'dwh.list_successors(unit_id) shows what it became.';
	END IF;
	RETURN u.level;
END
$$;
COMMENT ON FUNCTION dwh_internal.office_unit_level(int, date) IS
	'Cấp của đơn vị đang hoạt động vào ngày đó | Level of a unit that is open on that day';

-- Functions of units ---------------------------------------------------------------------------------------------------

CREATE FUNCTION dwh_internal.set_unit_function(p_unit_id int, p_function text, p_document text, p_valid_from date, p_valid_to date)
RETURNS int LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_from date := coalesce(p_valid_from, dwh.today());
	v_level text;
	v_levels text[] := CASE p_function WHEN 'it_centre' THEN ARRAY['central_unit'] WHEN 'planning' THEN ARRAY['central_unit']
		WHEN 'it_division' THEN ARRAY['division', 'province', 'defence', 'police'] END;
	v_ended int;
BEGIN
	PERFORM dwh_internal.require_role(ARRAY['dwh_central_admin'], '893 Art. 12');
	PERFORM dwh_internal.share_require(p_document, 'document', '893 Art. 10');
	v_level := dwh_internal.office_unit_level(p_unit_id, v_from);
	IF v_levels IS NULL OR v_level <> ALL (v_levels) THEN
		RAISE EXCEPTION 'function "%" is not for a unit of level "%"', coalesce(p_function, 'NULL'), v_level
			USING ERRCODE = '22023', DETAIL = '893 Arts. 9, 10, 3.4b: it_centre and planning are central units, '
				'it_division is a division of a province, or the province where no division is kept.',
				HINT = 'Name another function or unit.';
	END IF;
	IF p_valid_to < v_from THEN
		RAISE EXCEPTION 'a function that begins on % does not end on %', v_from, p_valid_to
			USING ERRCODE = '22023', DETAIL = '893 Art. 10.', HINT = 'Correct p_valid_from or p_valid_to.';
	END IF;
	-- What only one unit has at a time passes on: whoever had it before has it until the day before.
	UPDATE dwh_catalog.unit_function AS f SET valid_to = v_from - 1, end_document = p_document
	WHERE f.function = p_function AND f.unit_id <> p_unit_id AND f.valid_from < v_from AND coalesce(f.valid_to >= v_from, true)
		AND (p_function <> 'it_division'
			OR dwh.unit_ancestor(f.unit_id, 'province') = dwh.unit_ancestor(p_unit_id, 'province'));
	GET DIAGNOSTICS v_ended = ROW_COUNT;
	INSERT INTO dwh_catalog.unit_function (unit_id, function, valid_from, valid_to, document)
	VALUES (p_unit_id, p_function, v_from, p_valid_to, p_document);
	RETURN v_ended;
EXCEPTION
	WHEN exclusion_violation OR unique_violation THEN
		RAISE EXCEPTION 'a unit has function "%" already at that time', p_function
			USING ERRCODE = '23P01', DETAIL = '893 Arts. 9, 10: rows of one function do not overlap.',
				HINT = 'dwh_catalog.unit_function shows who has it; dwh.end_unit_function() ends it.';
END
$$;
COMMENT ON FUNCTION dwh_internal.set_unit_function(int, text, text, date, date) IS 'Xem dwh.set_unit_function | See dwh.set_unit_function';

CREATE FUNCTION dwh.set_unit_function(p_unit_id int, p_function text, p_document text, p_valid_from date DEFAULT NULL,
	p_valid_to date DEFAULT NULL)
RETURNS int LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_access_act';
COMMENT ON FUNCTION dwh.set_unit_function(int, text, text, date, date) IS
	'Giao chức năng it_centre, planning hoặc it_division cho đơn vị; trả về số đơn vị thôi giữ chức năng đó | '
	'Gives a unit the function it_centre, planning or it_division; returns how many units had it until the day before';

CREATE FUNCTION dwh_internal.end_unit_function(p_unit_id int, p_function text, p_document text, p_last_day date)
RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_last date := coalesce(p_last_day, dwh.today());
BEGIN
	PERFORM dwh_internal.require_role(ARRAY['dwh_central_admin'], '893 Art. 12');
	PERFORM dwh_internal.share_require(p_document, 'document', '893 Art. 10');
	UPDATE dwh_catalog.unit_function SET valid_to = v_last, end_document = p_document
	WHERE unit_id = p_unit_id AND function = p_function AND valid_from <= v_last AND coalesce(valid_to > v_last, true);
	IF NOT FOUND THEN
		RAISE EXCEPTION 'unit % has no function "%" after %', p_unit_id, p_function, v_last
			USING ERRCODE = '42704', DETAIL = 'There is nothing to end.', HINT = 'dwh_catalog.unit_function shows who has which function.';
	END IF;
END
$$;
COMMENT ON FUNCTION dwh_internal.end_unit_function(int, text, text, date) IS 'Xem dwh.end_unit_function | See dwh.end_unit_function';

CREATE FUNCTION dwh.end_unit_function(p_unit_id int, p_function text, p_document text, p_last_day date DEFAULT NULL)
RETURNS void LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_access_act';
COMMENT ON FUNCTION dwh.end_unit_function(int, text, text, date) IS
	'Thôi giao chức năng cho đơn vị; ngày cuối cùng mặc định là hôm nay | Ends a function of a unit; its last day is today unless given';

-- Office holders -------------------------------------------------------------------------------------------------------

-- Whether only central administrators record the holders of an office at units of a level.
CREATE FUNCTION dwh_internal.is_central_office(p_office text, p_level text)
RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN coalesce(p_office NOT IN ('unit_leader', 'deputy'), true) OR p_level IN ('centre', 'central_unit', 'province', 'defence', 'police');
COMMENT ON FUNCTION dwh_internal.is_central_office(text, text) IS
	'Chỉ quản trị Trung ương ghi người giữ chức vụ này | Whether only central administrators record the holders of an office';

CREATE FUNCTION dwh_internal.appoint_office_holder(p_person_name text, p_office text, p_unit_id int, p_document text, p_valid_from date,
	p_valid_to date, p_email text)
RETURNS int LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_from date := coalesce(p_valid_from, dwh.today());
	v_level text;
	v_account_id int;
	v_id int;
BEGIN
	PERFORM dwh_internal.require_role(ARRAY['dwh_central_admin', 'dwh_province_admin'], '893 Arts. 11.2, 12.3');
	PERFORM dwh_internal.share_require(v, f, '893 Art. 6') FROM (VALUES (p_person_name, 'person_name'), (p_document, 'document')) AS t (v, f);
	v_level := dwh_internal.office_unit_level(p_unit_id, v_from);
	-- Heads and deputies of provinces and above decide on access: they are recorded by central administrators, those of units within a
	-- province by its own, too.
	IF dwh_internal.is_central_office(p_office, v_level) THEN
		IF NOT dwh_internal.caller_has_role('dwh_central_admin') THEN
			RAISE EXCEPTION 'only central administrators record holders of the office "%" at this unit', p_office
				USING ERRCODE = '42501', DETAIL = '893 Arts. 11.2, 12.3: quản trị cấp tỉnh chỉ ghi lãnh đạo các đơn vị thuộc tỉnh | '
					'administrators of a province record leaders of its units only.', HINT = 'Ask a member of dwh_central_admin.';
		END IF;
	ELSE
		PERFORM dwh_internal.office_check_unit(p_unit_id, '893 Art. 11.2');
	END IF;
	IF NOT coalesce(CASE p_office WHEN 'sector_leadership' THEN v_level = 'centre'
		WHEN 'it_centre_director' THEN EXISTS (SELECT FROM dwh_catalog.unit_function AS f WHERE f.unit_id = p_unit_id
			AND f.function = 'it_centre' AND f.valid_from <= v_from AND coalesce(f.valid_to >= v_from, true))
		WHEN 'province_director' THEN v_level IN ('province', 'defence', 'police')
		WHEN 'unit_leader' THEN v_level IN ('central_unit', 'division', 'district', 'base')
		WHEN 'deputy' THEN v_level <> 'region' END, false)
	THEN
		RAISE EXCEPTION 'there is no office "%" at unit % of level "%"', coalesce(p_office, 'NULL'), p_unit_id, v_level
			USING ERRCODE = '22023', DETAIL = '893 Art. 6: sector_leadership at the centre, it_centre_director at the unit with function '
				'it_centre, unit_leader of a central unit, division, district or base unit, province_director of a province, deputy of any.',
				HINT = 'Name another office or unit.';
	END IF;
	IF p_valid_to < v_from THEN
		RAISE EXCEPTION 'an office that begins on % does not end on %', v_from, p_valid_to
			USING ERRCODE = '22023', DETAIL = '893 Art. 6.', HINT = 'Correct p_valid_from or p_valid_to.';
	END IF;
	IF p_email IS NOT NULL THEN
		-- An administrator of a province finds people of it only, and learns of no others.
		SELECT account_id INTO v_account_id FROM dwh_catalog.account WHERE lower(email) = lower(p_email) AND kind = 'sector'
			AND (dwh_internal.caller_has_role('dwh_central_admin') OR home_unit_id = ANY ((dwh_internal.access_caller()).unit_ids));
		IF v_account_id IS NULL THEN
			RAISE EXCEPTION 'there is no account of a person with the e-mail address "%"', p_email
				USING ERRCODE = '42704', DETAIL = 'Office holders need no account.', HINT = 'Leave p_email out, or correct it.';
		END IF;
	END IF;
	IF EXISTS (SELECT FROM dwh_catalog.office_holder AS h WHERE h.person_name = p_person_name AND h.office = p_office
		AND h.unit_id = p_unit_id AND h.valid_from <= coalesce(p_valid_to, 'infinity') AND coalesce(h.valid_to >= v_from, true))
	THEN
		RAISE exclusion_violation;
	END IF;
	INSERT INTO dwh_catalog.office_holder (person_name, account_id, unit_id, office, valid_from, valid_to, document)
	VALUES (p_person_name, v_account_id, p_unit_id, p_office, v_from, p_valid_to, p_document) RETURNING office_holder_id INTO v_id;
	RETURN v_id;
EXCEPTION
	WHEN exclusion_violation THEN
		RAISE EXCEPTION 'office "%" of unit % is held already at that time', p_office, p_unit_id
			USING ERRCODE = '23P01', DETAIL = '893 Art. 6: a unit has one head at a time, and nobody holds an office twice.',
				HINT = 'dwh.list_office_holders() shows who holds it; dwh.end_office_holder() ends it.';
END
$$;
COMMENT ON FUNCTION dwh_internal.appoint_office_holder(text, text, int, text, date, date, text) IS
	'Xem dwh.appoint_office_holder | See dwh.appoint_office_holder';

CREATE FUNCTION dwh.appoint_office_holder(p_person_name text, p_office text, p_unit_id int, p_document text, p_valid_from date DEFAULT NULL,
	p_valid_to date DEFAULT NULL, p_email text DEFAULT NULL)
RETURNS int LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_access_act';
COMMENT ON FUNCTION dwh.appoint_office_holder(text, text, int, text, date, date, text) IS
	'Ghi người giữ chức vụ theo văn bản; trả về số dùng làm p_decided_by | '
	'Records who holds an office, by document; returns the number to be used as p_decided_by';

CREATE FUNCTION dwh_internal.end_office_holder(p_office_holder_id int, p_document text, p_last_day date)
RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_last date := coalesce(p_last_day, dwh.today());
	h dwh_catalog.office_holder;
	v_level text;
BEGIN
	PERFORM dwh_internal.require_role(ARRAY['dwh_central_admin', 'dwh_province_admin'], '893 Arts. 11.2, 12.3');
	PERFORM dwh_internal.share_require(p_document, 'document', '893 Art. 6');
	SELECT * INTO h FROM dwh_catalog.office_holder WHERE office_holder_id = p_office_holder_id FOR UPDATE;
	IF h.office_holder_id IS NULL OR h.valid_to <= v_last OR h.valid_from > v_last THEN
		RAISE EXCEPTION 'office holder % holds no office after %', coalesce(p_office_holder_id::text, 'NULL'), v_last
			USING ERRCODE = '42704', DETAIL = 'There is nothing to end.', HINT = 'dwh.list_office_holders() shows who holds which office.';
	END IF;
	SELECT level INTO v_level FROM dwh_star.dim_unit WHERE unit_id = h.unit_id;
	IF dwh_internal.is_central_office(h.office, v_level) THEN
		IF NOT dwh_internal.caller_has_role('dwh_central_admin') THEN
			RAISE EXCEPTION 'only central administrators end the office "%" at this unit', h.office
				USING ERRCODE = '42501', DETAIL = '893 Arts. 11.2, 12.3.', HINT = 'Ask a member of dwh_central_admin.';
		END IF;
	ELSE
		PERFORM dwh_internal.office_check_unit(h.unit_id, '893 Art. 11.2');
	END IF;
	UPDATE dwh_catalog.office_holder SET valid_to = v_last, end_document = p_document WHERE office_holder_id = p_office_holder_id;
END
$$;
COMMENT ON FUNCTION dwh_internal.end_office_holder(int, text, date) IS 'Xem dwh.end_office_holder | See dwh.end_office_holder';

CREATE FUNCTION dwh.end_office_holder(p_office_holder_id int, p_document text, p_last_day date DEFAULT NULL)
RETURNS void LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_access_act';
COMMENT ON FUNCTION dwh.end_office_holder(int, text, date) IS
	'Ghi việc thôi giữ chức vụ; ngày cuối cùng mặc định là hôm nay | Ends an office; its last day is today unless given';

-- The central side sees all, administrators of a province those of its units.
CREATE FUNCTION dwh_internal.list_office_holders(p_unit_id int, p_on date)
RETURNS TABLE (office_holder_id int, person_name text, office text, unit_id int, unit_code text, unit_name text, valid_from date,
	valid_to date, document text, end_document text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_own int[];
BEGIN
	PERFORM dwh_internal.require_role(ARRAY['dwh_central_admin', 'dwh_province_admin', 'dwh_share_officer', 'dwh_auditor'], '893 Arts. 11.2, 12.3');
	IF NOT (dwh_internal.caller_has_role('dwh_central_admin') OR dwh_internal.caller_has_role('dwh_auditor')
		OR dwh_internal.caller_has_role('dwh_share_officer'))
	THEN
		v_own := (dwh_internal.access_caller()).unit_ids;
	END IF;
	RETURN QUERY
	SELECT h.office_holder_id, h.person_name, h.office, h.unit_id, u.code, u.name_vi, h.valid_from, h.valid_to, h.document, h.end_document
	FROM dwh_catalog.office_holder AS h JOIN dwh_star.dim_unit AS u USING (unit_id)
	WHERE (p_unit_id IS NULL OR h.unit_id = p_unit_id) AND h.valid_from <= coalesce(p_on, dwh.today())
		AND coalesce(h.valid_to >= coalesce(p_on, dwh.today()), true)
		AND (v_own IS NULL OR h.unit_id = ANY (v_own) OR u.level IN ('centre', 'central_unit'))
	ORDER BY h.unit_id, h.office, h.valid_from, h.office_holder_id;
END
$$;
COMMENT ON FUNCTION dwh_internal.list_office_holders(int, date) IS 'Xem dwh.list_office_holders | See dwh.list_office_holders';

CREATE FUNCTION dwh.list_office_holders(p_unit_id int DEFAULT NULL, p_on date DEFAULT NULL,
	OUT office_holder_id int, OUT person_name text, OUT office text, OUT unit_id int, OUT unit_code text, OUT unit_name text,
	OUT valid_from date, OUT valid_to date, OUT document text, OUT end_document text)
RETURNS SETOF record LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_access_list';
COMMENT ON FUNCTION dwh.list_office_holders(int, date) IS
	'Người giữ chức vụ vào một ngày, của một đơn vị hoặc tất cả | Who holds which office on a day, at one unit or at all';

-- User groups ----------------------------------------------------------------------------------------------------------

CREATE FUNCTION dwh_internal.create_user_group(p_code text, p_name_vi text, p_name_en text, p_rights_of text, p_subjects text[],
	p_document text, p_unit_levels text[], p_unit_functions text[], p_employment_kinds text[])
RETURNS int LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_constraint text;
	v_unknown text;
	v_rights text;
	v_id int;
BEGIN
	PERFORM dwh_internal.require_role(ARRAY['dwh_central_admin'], '893 Art. 12.4');
	PERFORM dwh_internal.share_require(v, f, '893 Art. 12.4') FROM (VALUES (p_code, 'code'), (p_name_vi, 'name_vi'), (p_name_en, 'name_en'),
		(p_rights_of, 'rights_of'), (p_document, 'document')) AS t (v, f);
	-- A made group is never one of administrators or partners, and never has the rights of another made one.
	SELECT role_name INTO v_rights FROM dwh_catalog.user_group WHERE code = p_rights_of AND is_seeded
		AND code IN ('analyst', 'national', 'loader', 'share_officer', 'auditor');
	IF v_rights IS NULL THEN
		RAISE EXCEPTION 'a group cannot have the rights of "%"', p_rights_of
			USING ERRCODE = '42501', DETAIL = '893 Arts. 7.4, 12.4: quyền quản trị không cấp qua nhóm được tạo thêm | '
				'rights of administration are not given through groups that are made.',
				HINT = 'Name analyst, national, loader, share_officer or auditor.';
	END IF;
	SELECT string_agg(coalesce(c, 'NULL'), ', ' ORDER BY c COLLATE "C") INTO v_unknown FROM unnest(p_subjects) AS c
	WHERE NOT EXISTS (SELECT FROM dwh_catalog.subject AS s WHERE s.code = c);
	IF v_unknown IS NOT NULL THEN
		RAISE EXCEPTION 'subject % does not exist', v_unknown
			USING ERRCODE = '42704', DETAIL = '893 Art. 12.4: the rights of a group name its subjects.',
				HINT = 'The codes of subjects stand in dwh_catalog.subject.';
	END IF;
	IF (coalesce(cardinality(p_subjects), 0) > 0) <> (v_rights IN ('dwh_analyst', 'dwh_national')) THEN
		RAISE EXCEPTION 'a group with the rights of "%" %', p_rights_of, CASE WHEN cardinality(p_subjects) > 0 THEN 'has no subjects'
			ELSE 'names its subjects' END
			USING ERRCODE = '22023', DETAIL = '893 Arts. 3.4, 12.4: subjects are for those who read indicators and reports.',
				HINT = 'Readers name at least one subject, others none.';
	END IF;
	INSERT INTO dwh_catalog.user_group (code, name_vi, name_en, role_name, rights_of, unit_levels, unit_functions, employment_kinds, document,
		valid_from)
	VALUES (p_code, p_name_vi, p_name_en, 'dwh_group_' || p_code, v_rights, p_unit_levels, p_unit_functions, p_employment_kinds, p_document,
		dwh.today())
	RETURNING user_group_id INTO v_id;
	INSERT INTO dwh_catalog.user_group_subject (user_group_id, subject_id)
	SELECT v_id, s.subject_id FROM dwh_catalog.subject AS s WHERE s.code = ANY (p_subjects);
	PERFORM dwh_internal.sync_group_role(v_id);
	RETURN v_id;
EXCEPTION
	WHEN unique_violation THEN
		RAISE EXCEPTION 'user group "%" exists already', p_code
			USING ERRCODE = '42710', DETAIL = '893 Art. 3.4: a code names one group; the codes of ended groups stay taken.',
				HINT = 'Choose another code.';
	WHEN check_violation THEN
		GET STACKED DIAGNOSTICS v_constraint = CONSTRAINT_NAME;
		RAISE EXCEPTION 'user group "%" cannot be made (%)', p_code, v_constraint
			USING ERRCODE = '22023', DETAIL = 'A code is a-z, 0-9 and _, at most 50 characters; levels of units, functions and kinds of '
				'employment are those of the warehouse.', HINT = 'Correct the argument that the name of the constraint points to.';
END
$$;
COMMENT ON FUNCTION dwh_internal.create_user_group(text, text, text, text, text[], text, text[], text[], text[]) IS
	'Xem dwh.create_user_group | See dwh.create_user_group';

CREATE FUNCTION dwh.create_user_group(p_code text, p_name_vi text, p_name_en text, p_rights_of text, p_subjects text[], p_document text,
	p_unit_levels text[] DEFAULT NULL, p_unit_functions text[] DEFAULT NULL, p_employment_kinds text[] DEFAULT NULL)
RETURNS int LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_access_act';
COMMENT ON FUNCTION dwh.create_user_group(text, text, text, text, text[], text, text[], text[], text[]) IS
	'Tạo nhóm người sử dụng dùng chung toàn quốc, với chủ đề và quyền | Makes a user group for the whole country, with subjects and rights';

-- Taking away is by letter and decision, so a group ends when nobody is in it any more.
CREATE FUNCTION dwh_internal.end_user_group(p_code text, p_document text)
RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	g dwh_catalog.user_group;
	v_count bigint;
BEGIN
	PERFORM dwh_internal.require_role(ARRAY['dwh_central_admin'], '893 Art. 12.4');
	PERFORM dwh_internal.share_require(p_document, 'document', '893 Art. 12.4');
	SELECT * INTO g FROM dwh_catalog.user_group WHERE code = p_code FOR UPDATE;
	IF g.user_group_id IS NULL OR g.valid_to IS NOT NULL OR g.is_seeded THEN
		RAISE EXCEPTION '%', format(CASE WHEN g.user_group_id IS NULL THEN 'user group "%s" does not exist'
			WHEN g.is_seeded THEN 'user group "%s" ships with the warehouse' ELSE 'user group "%s" has ended already' END, p_code)
			USING ERRCODE = CASE WHEN g.user_group_id IS NULL THEN '42704' WHEN g.is_seeded THEN '42501' ELSE '55000' END,
				DETAIL = '893 Art. 12.4: groups that were made can be ended.', HINT = 'dwh.user_groups shows all groups.';
	END IF;
	SELECT count(*) INTO v_count FROM dwh_catalog.access_grant AS r WHERE r.user_group_id = g.user_group_id AND r.revoked_at IS NULL
		AND coalesce(r.valid_to >= dwh.today(), true);
	IF v_count > 0 THEN
		RAISE EXCEPTION 'user group "%" has % grants in force', p_code, v_count
			USING ERRCODE = '55000', DETAIL = '893 Arts. 16, 17: quyền được thu hồi theo văn bản | rights are revoked by letter.',
				HINT = 'Revoke them or move their holders to another group first.';
	END IF;
	UPDATE dwh_catalog.user_group SET valid_to = greatest(dwh.today() - 1, valid_from - 1), end_document = p_document
	WHERE user_group_id = g.user_group_id;
	PERFORM dwh_internal.sync_group_role(g.user_group_id);
END
$$;
COMMENT ON FUNCTION dwh_internal.end_user_group(text, text) IS 'Xem dwh.end_user_group | See dwh.end_user_group';

CREATE FUNCTION dwh.end_user_group(p_code text, p_document text)
RETURNS void LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_access_act';
COMMENT ON FUNCTION dwh.end_user_group(text, text) IS
	'Kết thúc một nhóm đã tạo thêm, khi không còn ai trong nhóm | Ends a group that was made, once nobody is in it';

-- Why somebody may not be in a group on a day; NULL where nothing speaks against it. Asked when access is requested.
CREATE FUNCTION dwh_internal.user_group_refusal(p_user_group_id int, p_unit_id int, p_employment_kind text, p_on date)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	g dwh_catalog.user_group;
BEGIN
	SELECT * INTO g FROM dwh_catalog.user_group WHERE user_group_id = p_user_group_id;
	RETURN CASE
		WHEN g.user_group_id IS NULL THEN 'nhóm không tồn tại | there is no such group'
		WHEN p_on < g.valid_from OR g.valid_to < p_on THEN format('nhóm %1$s không có hiệu lực vào ngày đó | group %1$s is not in force on that day', g.code)
		WHEN g.unit_levels IS NOT NULL AND NOT EXISTS (SELECT FROM dwh_star.dim_unit AS u WHERE u.unit_id = p_unit_id AND u.level = ANY (g.unit_levels))
			THEN format('nhóm %1$s không dành cho đơn vị cấp này | group %1$s is not for units of this level', g.code)
		WHEN g.unit_functions IS NOT NULL AND NOT EXISTS (SELECT FROM unnest(g.unit_functions) AS f WHERE dwh_internal.has_unit_function(p_unit_id, f, p_on))
			THEN format('nhóm %1$s không dành cho đơn vị này | group %1$s is not for this unit', g.code)
		WHEN g.employment_kinds IS NOT NULL AND coalesce(p_employment_kind <> ALL (g.employment_kinds), true)
			THEN format('nhóm %1$s không dành cho loại lao động này | group %1$s is not for this kind of employment', g.code)
	END;
END
$$;
COMMENT ON FUNCTION dwh_internal.user_group_refusal(int, int, text, date) IS
	'Vì sao một người không thể thuộc nhóm; trống: có thể | Why somebody may not be in a group; NULL: may be';

-- Whoever writes a grant: an ended group takes nobody in, and nobody is auditor and administrator at the same time [own].
CREATE FUNCTION dwh_internal.check_grant()
RETURNS trigger LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	g dwh_catalog.user_group;
	v_against text[];
BEGIN
	-- Whoever ends the group at this time is waited for, as the foreign key would do after this.
	SELECT * INTO g FROM dwh_catalog.user_group WHERE user_group_id = NEW.user_group_id FOR KEY SHARE;
	IF g.valid_to < NEW.valid_from THEN
		RAISE EXCEPTION 'user group "%" ended on %', g.code, g.valid_to
			USING ERRCODE = '23514', DETAIL = '893 Art. 12.4.', HINT = 'Grant another group.';
	END IF;
	v_against := CASE WHEN 'dwh_auditor' IN (g.role_name, g.rights_of) THEN ARRAY['dwh_central_admin', 'dwh_province_admin']
		WHEN g.role_name IN ('dwh_central_admin', 'dwh_province_admin') THEN ARRAY['dwh_auditor'] END;
	IF v_against IS NOT NULL AND NEW.revoked_at IS NULL AND EXISTS (
		SELECT FROM dwh_catalog.access_grant AS r JOIN dwh_catalog.user_group AS o USING (user_group_id)
		WHERE r.account_id = NEW.account_id AND r.revoked_at IS NULL AND (o.role_name = ANY (v_against) OR o.rights_of = ANY (v_against))
			AND r.valid_to IS DISTINCT FROM r.valid_from - 1 AND NEW.valid_to IS DISTINCT FROM NEW.valid_from - 1
			AND r.valid_from <= coalesce(NEW.valid_to, 'infinity') AND NEW.valid_from <= coalesce(r.valid_to, 'infinity'))
	THEN
		RAISE EXCEPTION 'auditor and administrator exclude each other'
			USING ERRCODE = '23514', DETAIL = 'Quy tắc riêng: người kiểm tra không đồng thời là người quản trị | '
				'A rule of our own: whoever checks the administrators is none of them.', HINT = 'Revoke the other group first.';
	END IF;
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION dwh_internal.check_grant() IS
	'Trigger: nhóm đã kết thúc, kiểm tra và quản trị loại trừ nhau | Trigger: ended groups; auditor and administrator exclude each other';

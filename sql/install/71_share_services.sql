-- Who takes part in sharing, which databases there are, which services are offered: see src/share/act.c. The public functions check
-- the caller, record the act and call the function of the same name in dwh_internal, as dwh_owner.

CREATE FUNCTION dwh_internal.share_caller()
RETURNS text LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
	SELECT CASE current_setting('role') WHEN 'none' THEN session_user::text ELSE current_setting('role') END
$$;
COMMENT ON FUNCTION dwh_internal.share_caller() IS 'Vai trò đang gọi | The role that calls';

CREATE FUNCTION dwh_internal.share_agency_id(p_identifier text)
RETURNS int LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_id int;
BEGIN
	SELECT agency_id INTO v_id FROM dwh_catalog.agency WHERE identifier = p_identifier;
	IF v_id IS NULL THEN
		RAISE EXCEPTION 'agency "%" is not registered', p_identifier
			USING ERRCODE = '42704', DETAIL = '2327 Art. 2.3, ND47 Art. 35.2: only a registered agency takes part in sharing.',
				HINT = 'Register it with dwh.register_agency().';
	END IF;
	RETURN v_id;
END
$$;
COMMENT ON FUNCTION dwh_internal.share_agency_id(text) IS 'Khóa của cơ quan theo mã định danh | Key of an agency by its identifier';

-- Key of an application of the agency; NULL where none is named.
CREATE FUNCTION dwh_internal.share_application_id(p_identifier text, p_agency_id int)
RETURNS int LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_id int;
BEGIN
	SELECT application_id INTO v_id FROM dwh_catalog.application WHERE identifier = p_identifier AND agency_id = p_agency_id;
	IF p_identifier IS NOT NULL AND v_id IS NULL THEN
		RAISE EXCEPTION 'application "%" of the agency is not registered', p_identifier
			USING ERRCODE = '42704', DETAIL = 'ND47 Art. 35.2 b.', HINT = 'Register it with dwh.register_application().';
	END IF;
	RETURN v_id;
END
$$;
COMMENT ON FUNCTION dwh_internal.share_application_id(text, int) IS
	'Khóa của ứng dụng của cơ quan theo mã định danh | Key of an application of the agency by its identifier';

CREATE FUNCTION dwh_internal.share_service_id(p_code text)
RETURNS int LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_id int;
BEGIN
	SELECT service_id INTO v_id FROM dwh_catalog.share_service WHERE code = p_code;
	IF v_id IS NULL THEN
		RAISE EXCEPTION 'service "%" does not exist', p_code
			USING ERRCODE = '42704', DETAIL = 'ND47 Art. 24.3: a service is described before it is offered.',
				HINT = 'dwh.search_services('''') lists the published ones.';
	END IF;
	RETURN v_id;
END
$$;
COMMENT ON FUNCTION dwh_internal.share_service_id(text) IS 'Khóa của dịch vụ theo mã | Key of a service by its code';

CREATE FUNCTION dwh_internal.share_require(p_value text, p_field text, p_article text)
RETURNS void LANGUAGE plpgsql IMMUTABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF coalesce(p_value !~ '[^[:space:]]', true) THEN
		RAISE EXCEPTION 'field "%" is missing', p_field
			USING ERRCODE = '22023', DETAIL = format('%s: thiếu nội dung bắt buộc | it is required.', p_article),
				HINT = 'Give the field and call again.';
	END IF;
END
$$;
COMMENT ON FUNCTION dwh_internal.share_require(text, text, text) IS 'Từ chối khi thiếu một mục | Refuses where a field is empty';

-- Days in JSON mean the same in every session: one form, and no infinity.
CREATE FUNCTION dwh_internal.share_require_days(p_fields jsonb, p_names text[])
RETURNS void LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_fault text;
BEGIN
	SELECT format('%s: %s', n, p_fields ->> n) INTO v_fault FROM unnest(p_names) AS n WHERE (p_fields ->> n) !~ '^(19|[2-9][0-9])[0-9]{2}-[0-9]{2}-[0-9]{2}$' LIMIT 1;
	IF v_fault IS NOT NULL THEN
		RAISE EXCEPTION '"%" is no day', v_fault
			USING ERRCODE = '22023', DETAIL = 'Days have the form YYYY-MM-DD, of 1900 or later.', HINT = 'Write it so; leave out a day that is not known.';
	END IF;
END
$$;
COMMENT ON FUNCTION dwh_internal.share_require_days(jsonb, text[]) IS 'Từ chối khi ngày không ở dạng YYYY-MM-DD | Refuses what is no day YYYY-MM-DD';

-- A field that is misspelt would be one that is left out, as a period or an end is: of everything. p_missing: "a request has no field".
CREATE FUNCTION dwh_internal.share_require_fields(p_fields jsonb, p_names text[], p_missing text, p_detail text DEFAULT NULL, p_room text DEFAULT 'Sharing')
RETURNS void LANGUAGE plpgsql IMMUTABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_unknown text;
BEGIN
	SELECT string_agg(k, ', ') INTO v_unknown FROM jsonb_object_keys(p_fields) AS k WHERE k <> ALL (p_names);
	IF v_unknown IS NOT NULL THEN
		RAISE EXCEPTION '% %', p_missing, v_unknown
			USING ERRCODE = '22023', DETAIL = coalesce(p_detail, format('It has %s.', array_to_string(p_names, ', '))),
				HINT = format('See the README, %s.', p_room);
	END IF;
END
$$;
COMMENT ON FUNCTION dwh_internal.share_require_fields(jsonb, text[], text, text, text) IS
	'Từ chối mục không có trong quy định | Refuses fields that there are not';

CREATE FUNCTION dwh_internal.share_require_items(p_items text[])
RETURNS void LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF coalesce(array_ndims(p_items), 0) <> 1 OR EXISTS (SELECT FROM unnest(p_items) AS i GROUP BY i HAVING i IS NULL OR count(*) > 1) THEN
		RAISE EXCEPTION 'items are named once each'
			USING ERRCODE = '22023', DETAIL = 'ND47 Art. 35.2 d: names and number of the data items.', HINT = 'Name at least one, none twice, none NULL.';
	END IF;
END
$$;
COMMENT ON FUNCTION dwh_internal.share_require_items(text[]) IS 'Từ chối danh mục dữ liệu trống, trùng | Refuses a list of items that is empty or names one twice';

CREATE FUNCTION dwh_internal.share_require_frequency(p_frequency text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF (p_frequency = ANY (ARRAY['on_request', 'real_time', 'hourly', 'daily', 'weekly', 'monthly', 'quarterly', 'yearly'])) IS NOT TRUE THEN
		RAISE EXCEPTION '"%" is no frequency', coalesce(p_frequency, 'NULL')
			USING ERRCODE = '22023', DETAIL = 'ND47 Art. 35.2.', HINT = 'on_request, real_time, hourly, daily, weekly, monthly, quarterly or yearly.';
	END IF;
END
$$;
COMMENT ON FUNCTION dwh_internal.share_require_frequency(text) IS 'Từ chối tần suất không có | Refuses what is no frequency';

-- Who decided, by which document: an office holder of that day.
CREATE FUNCTION dwh_internal.share_check_decider(p_decided_by int, p_document_no text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM dwh_internal.share_require(p_document_no, 'document_no', '2327 Art. 18');
	IF NOT dwh_internal.holds_office(p_decided_by, dwh.today()) THEN
		RAISE EXCEPTION 'no office holder % today', coalesce(p_decided_by::text, 'NULL')
			USING ERRCODE = '22023', DETAIL = '2327 Art. 18: who decided is recorded with every answer, agreement and suspension.',
				HINT = 'Name a row of dwh_catalog.office_holder that is in force today.';
	END IF;
END
$$;
COMMENT ON FUNCTION dwh_internal.share_check_decider(int, text) IS
	'Kiểm tra người quyết định và văn bản | Checks who decided and the document';

-- 2327 Arts. 3.6, 6.4: an officer whose grant names units acts for databases managed in them only.
CREATE FUNCTION dwh_internal.share_is_managed(p_database_id int, p_unit_ids int[])
RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN EXISTS (SELECT FROM dwh_catalog.share_database_unit AS u WHERE u.database_id = p_database_id
		AND u.valid_from <= dwh.today() AND coalesce(u.valid_to >= dwh.today(), true) AND u.unit_id = ANY (p_unit_ids));
END
$$;
COMMENT ON FUNCTION dwh_internal.share_is_managed(int, int[]) IS
	'Hôm nay cơ sở dữ liệu do một trong các đơn vị này quản lý | Whether one of these units manages the database today';

CREATE FUNCTION dwh_internal.share_check_unit(p_database_id int)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_units int[] := dwh_internal.officer_units();
BEGIN
	IF v_units IS NOT NULL AND NOT dwh_internal.share_is_managed(p_database_id, v_units) THEN
		RAISE EXCEPTION 'the database is managed by another unit'
			USING ERRCODE = '42501', DETAIL = '2327 Arts. 3.6, 6.4: only officers of the managing unit act for its services.',
				HINT = 'Ask an officer of the managing unit.';
	END IF;
END
$$;
COMMENT ON FUNCTION dwh_internal.share_check_unit(int) IS
	'Cán bộ chỉ làm việc với cơ sở dữ liệu của đơn vị mình | Officers act for databases of their own unit only';

-- Whether units of an officer (NULL: all) are those of a request and of its agreement: the managing unit of its service's database, or of what
-- is received.
CREATE FUNCTION dwh_internal.share_is_unit_of(p_request_id int, p_unit_ids int[])
RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN p_unit_ids IS NULL OR EXISTS (SELECT FROM dwh_catalog.share_request AS r
			LEFT JOIN dwh_catalog.share_service AS s ON s.service_id = r.service_id
			LEFT JOIN dwh_catalog.agency AS a ON a.agency_id = r.managing_agency_id
		WHERE r.request_id = p_request_id AND (dwh_internal.share_is_managed(s.database_id, p_unit_ids) OR a.unit_id = ANY (p_unit_ids)));
END
$$;
COMMENT ON FUNCTION dwh_internal.share_is_unit_of(int, int[]) IS
	'Yêu cầu, thỏa thuận thuộc các đơn vị này | Whether a request and its agreement are of these units';

CREATE FUNCTION dwh_internal.share_check_request(p_request_id int)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF NOT dwh_internal.share_is_unit_of(p_request_id, dwh_internal.officer_units()) THEN
		RAISE EXCEPTION 'the data of this request or agreement is managed by another unit'
			USING ERRCODE = '42501', DETAIL = '2327 Arts. 3.6, 6.4: only officers of the managing unit act for its data.',
				HINT = 'Ask an officer of the managing unit.';
	END IF;
END
$$;
COMMENT ON FUNCTION dwh_internal.share_check_request(int) IS
	'Cán bộ chỉ làm việc với yêu cầu, thỏa thuận của đơn vị mình | Officers act for requests and agreements of their own unit only';

CREATE FUNCTION dwh_internal.share_check_agreement(p_agreement_id int)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM dwh_internal.share_check_request((SELECT request_id FROM dwh_catalog.share_agreement WHERE agreement_id = p_agreement_id));
END
$$;
COMMENT ON FUNCTION dwh_internal.share_check_agreement(int) IS
	'Cán bộ chỉ làm việc với thỏa thuận của đơn vị mình | Officers act for agreements of their own unit only';

-- The same of a suspension: one that is not of a single agreement meets those of every unit.
CREATE FUNCTION dwh_internal.share_check_suspension(p_agreement_id int)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF p_agreement_id IS NOT NULL THEN
		PERFORM dwh_internal.share_check_agreement(p_agreement_id);
	ELSIF dwh_internal.officer_units() IS NOT NULL THEN
		RAISE EXCEPTION 'an officer of a unit suspends and resumes single agreements only'
			USING ERRCODE = '42501', DETAIL = '2327 Arts. 3.6, 6.4: sharing as a whole, or with an agency, is not of one unit.',
				HINT = 'Name an agreement of the unit, or ask an officer whose grant names no unit.';
	END IF;
END
$$;
COMMENT ON FUNCTION dwh_internal.share_check_suspension(int) IS
	'Cán bộ của đơn vị chỉ tạm ngừng từng thỏa thuận | Officers of a unit suspend single agreements only';

-- What is done for the agency as a whole, officers of one unit do not.
CREATE FUNCTION dwh_internal.share_check_whole(p_what text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF dwh_internal.officer_units() IS NOT NULL THEN
		RAISE EXCEPTION 'an officer of a unit does not record %', p_what
			USING ERRCODE = '42501', DETAIL = '2327 Arts. 3.6, 6.4: what is for all units is not of one unit.', HINT = 'Ask an officer whose grant names no unit.';
	END IF;
END
$$;
COMMENT ON FUNCTION dwh_internal.share_check_whole(text) IS
	'Việc chung của cơ quan không do cán bộ của một đơn vị ghi | What is for the whole agency is not recorded by officers of one unit';

-- 2327 Art. 20.2, where rule set 2327 applies: portal accounts are issued by the IT Centre.
CREATE FUNCTION dwh_internal.share_check_it_centre()
RETURNS void LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF EXISTS (SELECT FROM dwh_catalog.share_host AS h WHERE h.is_2327_on AND h.rules_2327_from <= dwh.today())
		AND NOT EXISTS (SELECT FROM dwh_catalog.account AS a WHERE a.account_id = dwh.current_account()
			AND a.home_unit_id = ANY (dwh_internal.share_units(ARRAY(SELECT f.unit_id FROM dwh_catalog.unit_function AS f
				WHERE f.function = 'it_centre' AND f.valid_from <= dwh.today() AND coalesce(f.valid_to >= dwh.today(), true)))))
	THEN
		RAISE EXCEPTION 'requests are answered by the IT Centre'
			USING ERRCODE = '42501', DETAIL = '2327 Art. 20.2: Trung tâm CNTT cấp và quản lý tài khoản trên Cổng | the IT Centre issues and manages the '
				'accounts of the portal.', HINT = 'Ask a sharing officer of the unit with function it_centre.';
	END IF;
END
$$;
COMMENT ON FUNCTION dwh_internal.share_check_it_centre() IS
	'Người gọi thuộc Trung tâm CNTT, khi áp dụng Quyết định 2327 | The caller belongs to the IT Centre, where rule set 2327 applies';

CREATE FUNCTION dwh_internal.register_agency(p_kind text, p_identifier text, p_name_vi text, p_name_en text, p_unit_id int,
	p_valid_from date)
RETURNS int LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_id int;
	v_constraint text;
BEGIN
	PERFORM dwh_internal.share_require(v, f, 'ND47 Art. 35.2') FROM (VALUES (p_kind, 'kind'), (p_identifier, 'identifier'), (p_name_vi, 'name_vi')) AS t (v, f);
	IF p_kind = 'unit' AND p_unit_id IS NULL THEN
		PERFORM dwh_internal.share_require(NULL, 'unit_id', '2327 Art. 2.1');
	END IF;
	INSERT INTO dwh_catalog.agency (kind, identifier, name_vi, name_en, unit_id, valid_from)
	VALUES (p_kind, p_identifier, p_name_vi, p_name_en, p_unit_id, coalesce(p_valid_from, dwh.today())) RETURNING agency_id INTO v_id;
	RETURN v_id;
EXCEPTION
	WHEN unique_violation THEN
		RAISE EXCEPTION 'agency "%" is registered already', p_identifier
			USING ERRCODE = '42710', DETAIL = 'Decision 20/2020: an identifier names one agency.', HINT = 'Use the registered one.';
	WHEN check_violation THEN
		GET STACKED DIAGNOSTICS v_constraint = CONSTRAINT_NAME;
		RAISE EXCEPTION 'agency "%" cannot be registered (%)', p_identifier, v_constraint
			USING ERRCODE = '22023', DETAIL = 'Decision 20/2020/QĐ-TTg: units and agencies A01.2.3, organisations Z01.2 or A01.2, '
				'enterprises by their enterprise number, individuals by their identity number; at most 35 characters.',
				HINT = 'Correct kind, identifier or name.';
	WHEN foreign_key_violation THEN
		RAISE EXCEPTION 'there is no unit %', p_unit_id USING ERRCODE = '22023', DETAIL = '2327 Art. 2.1.', HINT = 'Units stand in dwh_star.dim_unit.';
END
$$;
COMMENT ON FUNCTION dwh_internal.register_agency(text, text, text, text, int, date) IS 'Xem dwh.register_agency | See dwh.register_agency';

CREATE FUNCTION dwh.register_agency(p_kind text, p_identifier text, p_name_vi text, p_name_en text DEFAULT NULL,
	p_unit_id int DEFAULT NULL, p_valid_from date DEFAULT NULL)
RETURNS int LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_share_act';
COMMENT ON FUNCTION dwh.register_agency(text, text, text, text, int, date) IS
	'Đăng ký cơ quan, tổ chức, cá nhân tham gia chia sẻ | Registers an agency, organisation or person that takes part in sharing';

CREATE FUNCTION dwh_internal.register_official(p_agency text, p_full_name text, p_position text, p_function text, p_phone text,
	p_email text, p_valid_from date)
RETURNS int LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_agency_id int := dwh_internal.share_agency_id(p_agency);
	v_from date := coalesce(p_valid_from, dwh.today());
	v_to date;
	v_id int;
BEGIN
	PERFORM dwh_internal.share_require(v, f, 'ND47 Art. 7.1') FROM (VALUES (p_full_name, 'full_name'), (p_position, 'position'),
		(p_function, 'function'), (p_phone, 'phone'), (p_email, 'email')) AS t (v, f);
	-- One after the other, so that each sees the days of the others.
	PERFORM FROM dwh_catalog.agency WHERE agency_id = v_agency_id FOR NO KEY UPDATE;
	UPDATE dwh_catalog.agency_official SET valid_to = v_from - 1
	WHERE agency_id = v_agency_id AND valid_from < v_from AND coalesce(valid_to >= v_from, true);
	-- Who was named for that day already is corrected; who is named for a later one stays.
	UPDATE dwh_catalog.agency_official SET full_name = p_full_name, position = p_position, function = p_function, phone = p_phone, email = p_email
	WHERE agency_id = v_agency_id AND valid_from = v_from RETURNING official_id INTO v_id;
	IF v_id IS NULL THEN
		SELECT min(valid_from) - 1 INTO v_to FROM dwh_catalog.agency_official WHERE agency_id = v_agency_id AND valid_from > v_from;
		INSERT INTO dwh_catalog.agency_official (agency_id, full_name, position, function, phone, email, valid_from, valid_to)
		VALUES (v_agency_id, p_full_name, p_position, p_function, p_phone, p_email, v_from, v_to) RETURNING official_id INTO v_id;
	END IF;
	RETURN v_id;
END
$$;
COMMENT ON FUNCTION dwh_internal.register_official(text, text, text, text, text, text, date) IS
	'Xem dwh.register_official | See dwh.register_official';

CREATE FUNCTION dwh.register_official(p_agency text, p_full_name text, p_position text, p_function text, p_phone text, p_email text,
	p_valid_from date DEFAULT NULL)
RETURNS int LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_share_act';
COMMENT ON FUNCTION dwh.register_official(text, text, text, text, text, text, date) IS
	'Ghi cán bộ đầu mối của cơ quan; người trước kết thúc ngày hôm trước | '
	'Names the focal official of an agency; the one before ends the day before';

CREATE FUNCTION dwh_internal.register_application(p_agency text, p_identifier text, p_name_vi text, p_safety_level int,
	p_approval_no text, p_approval_on date, p_approval_to date)
RETURNS int LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_agency_id int := dwh_internal.share_agency_id(p_agency);
	v_id int;
BEGIN
	PERFORM FROM dwh_catalog.application WHERE identifier = p_identifier AND p_approval_no = ANY (withdrawn_nos)
		AND p_approval_no IS DISTINCT FROM approval_no FOR UPDATE;
	IF FOUND THEN
		RAISE EXCEPTION 'approval "%" was withdrawn', p_approval_no
			USING ERRCODE = '55000', DETAIL = '2327 Art. 4.5: what was withdrawn approves nothing any more.', HINT = 'Give the number of a new approval.';
	END IF;
	INSERT INTO dwh_catalog.application AS a (agency_id, identifier, name_vi, safety_level, approval_no, approval_on, approval_to)
	VALUES (v_agency_id, p_identifier, p_name_vi, p_safety_level, p_approval_no, p_approval_on, p_approval_to)
	ON CONFLICT (identifier) DO UPDATE SET name_vi = excluded.name_vi, safety_level = excluded.safety_level,
		approval_no = CASE WHEN a.withdrawn_on IS NULL THEN excluded.approval_no ELSE coalesce(excluded.approval_no, a.approval_no) END,
		approval_on = excluded.approval_on, approval_to = excluded.approval_to,
		-- Another approval takes the place of the one that was withdrawn; the same stays withdrawn.
		withdrawn_on = CASE WHEN coalesce(excluded.approval_no = a.approval_no, excluded.approval_no IS NULL) THEN a.withdrawn_on END
		WHERE a.agency_id = excluded.agency_id
	RETURNING application_id INTO v_id;
	IF v_id IS NULL THEN
		RAISE EXCEPTION 'application "%" belongs to another agency', p_identifier
			USING ERRCODE = '42710', DETAIL = 'ND47 Art. 35.2: an identifier names one application.', HINT = 'Give another identifier.';
	END IF;
	RETURN v_id;
END
$$;
COMMENT ON FUNCTION dwh_internal.register_application(text, text, text, int, text, date, date) IS
	'Xem dwh.register_application | See dwh.register_application';

CREATE FUNCTION dwh.register_application(p_agency text, p_identifier text, p_name_vi text, p_safety_level int,
	p_approval_no text DEFAULT NULL, p_approval_on date DEFAULT NULL, p_approval_to date DEFAULT NULL)
RETURNS int LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_share_act';
COMMENT ON FUNCTION dwh.register_application(text, text, text, int, text, date, date) IS
	'Đăng ký hoặc cập nhật ứng dụng và cấp độ an toàn | Registers an application with its safety level, or brings it up to date';

CREATE FUNCTION dwh_internal.register_database(p_code text, p_unit_id int, p_entry jsonb)
RETURNS int LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	e dwh_catalog.share_database;
	v_id int;
BEGIN
	PERFORM dwh_internal.share_require(p_code, 'code', '2327 Art. 3.5');
	IF p_unit_id IS NULL THEN
		PERFORM dwh_internal.share_require(NULL, 'unit_id', '2327 Art. 3.5');
	END IF;
	PERFORM dwh_internal.share_require_fields(p_entry, ARRAY['system_vi', 'name_vi', 'purpose', 'scope', 'content', 'mechanism', 'source', 'standards',
		'items', 'decision_no', 'decision_on', 'regulation', 'log_months', 'verified_only'], 'a database has no field');
	LOOP
		-- Locked, then judged: who manages it now, not who did before somebody else was done.
		SELECT * INTO e FROM dwh_catalog.share_database WHERE code = p_code FOR UPDATE;
		v_id := e.database_id;
		IF v_id IS NOT NULL THEN
			PERFORM dwh_internal.share_check_unit(v_id);
		END IF;
		-- Of an entry that is there, what is not named stays as it is.
		e := jsonb_populate_record(e, p_entry);
		PERFORM dwh_internal.share_require(v, f, 'ND47 Art. 11.4') FROM (VALUES (e.system_vi, 'system_vi'), (e.name_vi, 'name_vi')) AS t (v, f);
		e.items := coalesce(e.items, '[]'); e.verified_only := coalesce(e.verified_only, false);
		IF v_id IS NOT NULL THEN
			UPDATE dwh_catalog.share_database SET system_vi = e.system_vi, name_vi = e.name_vi, purpose = e.purpose, scope = e.scope,
				content = e.content, mechanism = e.mechanism, source = e.source, standards = e.standards, items = e.items,
				decision_no = e.decision_no, decision_on = e.decision_on, regulation = e.regulation, log_months = e.log_months,
				verified_only = e.verified_only
			WHERE database_id = v_id;
			EXIT;
		END IF;
		INSERT INTO dwh_catalog.share_database (code, system_vi, name_vi, purpose, scope, content, mechanism, source, standards, items,
			decision_no, decision_on, regulation, log_months, verified_only)
		VALUES (p_code, e.system_vi, e.name_vi, e.purpose, e.scope, e.content, e.mechanism, e.source, e.standards, e.items,
			e.decision_no, e.decision_on, e.regulation, e.log_months, e.verified_only)
		ON CONFLICT (code) DO NOTHING RETURNING database_id INTO v_id;
		EXIT WHEN v_id IS NOT NULL;
	END LOOP;
	UPDATE dwh_catalog.share_service SET is_verified_only = true WHERE database_id = v_id AND e.verified_only AND person_column IS NOT NULL;
	IF NOT dwh_internal.share_is_managed(v_id, ARRAY[p_unit_id]) THEN
		UPDATE dwh_catalog.share_database_unit SET valid_to = dwh.today() - 1
		WHERE database_id = v_id AND valid_from < dwh.today() AND coalesce(valid_to >= dwh.today(), true);
		-- A unit that was named today managed it for no whole day: the one named last stands.
		INSERT INTO dwh_catalog.share_database_unit (database_id, unit_id, valid_from) VALUES (v_id, p_unit_id, dwh.today())
		ON CONFLICT (database_id, valid_from) DO UPDATE SET unit_id = excluded.unit_id, valid_to = NULL;
	END IF;
	-- Neither may he enter a database for another unit, nor hand one over to it.
	PERFORM dwh_internal.share_check_unit(v_id);
	RETURN v_id;
END
$$;
COMMENT ON FUNCTION dwh_internal.register_database(text, int, jsonb) IS 'Xem dwh.register_database | See dwh.register_database';

CREATE FUNCTION dwh.register_database(p_code text, p_unit_id int, p_entry jsonb)
RETURNS int LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_share_act';
COMMENT ON FUNCTION dwh.register_database(text, int, jsonb) IS
	'Ghi một cơ sở dữ liệu vào danh mục, cùng đơn vị quản lý | Enters a database into the catalogue, with its managing unit';

-- The columns of a relation that a service names, with the types that they have now; and the JSON Schema of a row of them.
CREATE FUNCTION dwh_internal.share_columns(p_relation regclass, p_columns jsonb)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_missing text;
BEGIN
	SELECT string_agg(c.value ->> 'name', ', ') INTO v_missing FROM jsonb_array_elements(p_columns) AS c
	WHERE NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = p_relation AND attname = c.value ->> 'name' AND attnum > 0
		AND NOT attisdropped);
	IF v_missing IS NOT NULL THEN
		RAISE EXCEPTION 'the source of the service has no column %', v_missing
			USING ERRCODE = '42703', DETAIL = 'ND47 Art. 24.3: the data structure is that of the source.', HINT = 'Name columns of it.';
	END IF;
	RETURN (SELECT jsonb_agg(jsonb_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
		'title', coalesce(c.value ->> 'title', a.attname)) ORDER BY c.ordinality)
		FROM jsonb_array_elements(p_columns) WITH ORDINALITY AS c
			JOIN pg_attribute AS a ON a.attrelid = p_relation AND a.attname = c.value ->> 'name' AND NOT a.attisdropped);
END
$$;
COMMENT ON FUNCTION dwh_internal.share_columns(regclass, jsonb) IS 'Các cột và kiểu của chúng | Columns with their types';

CREATE FUNCTION dwh_internal.share_structure(p_columns jsonb)
RETURNS jsonb LANGUAGE sql IMMUTABLE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
	SELECT jsonb_build_object('$schema', 'https://json-schema.org/draft/2020-12/schema', 'type', 'object', 'additionalProperties', false,
		'properties', jsonb_object_agg(c ->> 'name', jsonb_build_object('title', c ->> 'title') || CASE
			WHEN c ->> 'type' IN ('smallint', 'integer', 'bigint') THEN '{"type": ["integer", "null"]}'
			-- What is no number in JSON is a text.
			WHEN c ->> 'type' ~ E'^(numeric|real|double precision)(\\(.*\\))?$' THEN '{"type": ["number", "string", "null"], "pattern": "^(NaN|-?Infinity)$"}'
			WHEN c ->> 'type' = 'boolean' THEN '{"type": ["boolean", "null"]}' ELSE '{"type": ["string", "null"]}' END::jsonb))
	FROM jsonb_array_elements(p_columns) AS c
$$;
COMMENT ON FUNCTION dwh_internal.share_structure(jsonb) IS 'Cấu trúc dữ liệu theo JSON Schema | Data structure as JSON Schema';

-- What dwh_owner may read on behalf of others: its own relations. A stranger's view would run his functions as dwh_owner. A service keeps the
-- name of its source, so it is asked at every use; and nobody but dwh_owner and superusers can put another relation in the place of one that
-- passes, since they own its schema, and the views that it reads: between the question and the use the answer stays.
CREATE FUNCTION dwh_internal.share_is_source(p_relation oid)
RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_trusted oid[] := ARRAY(SELECT r.oid FROM pg_roles AS r WHERE r.rolsuper OR r.rolname = 'dwh_owner');
	v_kind "char";
BEGIN
	SELECT c.relkind INTO v_kind FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
	WHERE c.oid = p_relation AND c.relkind IN ('r', 'p', 'v', 'm') AND c.relowner = 'dwh_owner'::regrole
		AND CASE WHEN n.nspowner = 'pg_database_owner'::regrole THEN (SELECT d.datdba FROM pg_database AS d WHERE d.datname = current_database())
			ELSE n.nspowner END = ANY (v_trusted);
	IF v_kind IS NULL THEN
		RETURN false;
	ELSIF v_kind <> 'v' THEN
		RETURN true;
	END IF;
	RETURN NOT EXISTS (SELECT FROM dwh_internal.share_sources(p_relation) AS s (relation) JOIN pg_class AS c ON c.oid = s.relation
		WHERE c.relkind = 'v' AND c.relowner <> ALL (v_trusted));
END
$$;
COMMENT ON FUNCTION dwh_internal.share_is_source(oid) IS
	'Quan hệ này được đọc thay cho đối tác hay không | Whether this relation may be read on behalf of partners';

CREATE FUNCTION dwh_internal.share_check_relation(p_relation regclass)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF NOT dwh_internal.share_is_source(p_relation) THEN
		RAISE EXCEPTION 'the source of a service is a table or view of dwh_owner'
			USING ERRCODE = '42501', DETAIL = 'It is read as dwh_owner on behalf of partners. Its schema, and the views that it reads, are those of '
				'dwh_owner or of a superuser, so that nobody else can put another one in its place.',
				HINT = 'ALTER VIEW ... OWNER TO dwh_owner, by a superuser who has read it, in a schema of dwh_owner.';
	END IF;
END
$$;
COMMENT ON FUNCTION dwh_internal.share_check_relation(regclass) IS 'Kiểm tra nguồn của dịch vụ | Checks the source of a service';

-- A page begins after the key of the last row: rows with the same key, or without one, would be on no page. A table's index says that there are none;
-- of a view, the rows that it has now are looked at.
CREATE FUNCTION dwh_internal.share_check_key(p_service_id int)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	s dwh_catalog.share_service;
	v_is_table boolean;
	v_is_key boolean;
BEGIN
	SELECT * INTO s FROM dwh_catalog.share_service WHERE service_id = p_service_id;
	-- The others are not read in pages.
	IF s.kind NOT IN ('default', 'special') THEN
		RETURN;
	END IF;
	SELECT relkind IN ('r', 'p') INTO v_is_table FROM pg_class WHERE oid = s.relation::regclass;
	IF v_is_table THEN
		v_is_key := (SELECT bool_and(a.attnotnull) FROM pg_attribute AS a WHERE a.attrelid = s.relation::regclass AND a.attname = ANY (s.key_columns))
			AND EXISTS (SELECT FROM pg_index AS i WHERE i.indrelid = s.relation::regclass AND i.indisunique AND i.indisvalid AND i.indpred IS NULL
				AND i.indexprs IS NULL AND NOT EXISTS (SELECT FROM generate_series(0, i.indnkeyatts - 1) AS n
					JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] WHERE a.attname <> ALL (s.key_columns)));
	ELSE
		EXECUTE (SELECT format('SELECT NOT EXISTS (SELECT FROM %1$s AS t WHERE %2$s) AND NOT EXISTS (SELECT FROM %1$s AS t GROUP BY %3$s HAVING count(*) > 1)',
			s.relation::regclass, string_agg(format('t.%I IS NULL', k), ' OR '), string_agg(format('t.%I', k), ', ')) FROM unnest(s.key_columns) AS k)
		INTO v_is_key;
	END IF;
	IF NOT v_is_key THEN
		RAISE EXCEPTION 'the key of service "%" does not tell its rows apart', s.code
			USING ERRCODE = '55000', DETAIL = 'Mỗi trang bắt đầu sau khóa của dòng cuối | A page begins after the key of the last row: rows with the same key, or '
				'without one, would be on no page.', HINT = CASE WHEN v_is_table THEN 'Name NOT NULL columns that a unique index of the table covers.'
				ELSE 'Name columns that are never empty and unique together.' END;
	END IF;
END
$$;
COMMENT ON FUNCTION dwh_internal.share_check_key(int) IS 'Kiểm tra khóa phân trang | Checks that a service can be read in pages';

CREATE FUNCTION dwh_internal.share_set_service(p_service_id int, p_relation regclass, p_definition jsonb)
RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	s dwh_catalog.share_service;
	v_columns jsonb;
BEGIN
	PERFORM dwh_internal.share_require_fields(p_definition, ARRAY['name_vi', 'name_en', 'default_kind', 'description', 'columns', 'key_columns', 'month_column',
		'unit_column', 'person_column', 'parameters', 'row_limit', 'technical_document', 'guide', 'responsible', 'use_term', 'use_days',
		'is_verified_only', 'standardised_on', 'listed_on', 'built_on'], 'a service has no field', 'ND47 Art. 24.3 says what describes a service.');
	SELECT * INTO s FROM dwh_catalog.share_service WHERE service_id = p_service_id;
	v_columns := dwh_internal.share_columns(p_relation, coalesce(p_definition -> 'columns', s.columns));
	s := jsonb_populate_record(s, p_definition || jsonb_build_object('columns', v_columns));
	IF EXISTS (SELECT FROM unnest(s.key_columns || array_remove(ARRAY[s.month_column, s.unit_column, s.person_column], NULL)) AS k
		WHERE NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = p_relation AND attname = k AND attnum > 0 AND NOT attisdropped))
		OR EXISTS (SELECT FROM jsonb_array_elements(s.parameters) AS p
			WHERE NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = p_relation AND attname = p ->> 'column' AND attnum > 0))
	THEN
		RAISE EXCEPTION 'a key, month, unit, person or parameter column is no column of the source'
			USING ERRCODE = '42703', DETAIL = 'Rows are ordered and filtered by these columns.', HINT = 'Name columns of the source.';
	END IF;
	s.is_verified_only := s.is_verified_only OR (s.person_column IS NOT NULL AND (SELECT d.verified_only FROM dwh_catalog.share_database AS d
		WHERE d.database_id = s.database_id));
	IF s.is_verified_only AND s.person_column IS NULL THEN
		RAISE EXCEPTION 'a service of matched persons names the column of the person'
			USING ERRCODE = '22023', DETAIL = '2327 Art. 7.3: whose match is not confirmed is withheld.', HINT = 'Give person_column.';
	END IF;
	UPDATE dwh_catalog.share_service SET name_vi = s.name_vi, name_en = s.name_en, default_kind = s.default_kind,
		description = s.description, columns = s.columns, key_columns = s.key_columns, month_column = s.month_column,
		unit_column = s.unit_column, person_column = s.person_column, parameters = s.parameters, row_limit = s.row_limit,
		data_structure = dwh_internal.share_structure(s.columns), technical_document = s.technical_document, guide = s.guide,
		responsible = s.responsible, use_term = s.use_term, use_days = s.use_days, is_verified_only = s.is_verified_only,
		standardised_on = s.standardised_on, listed_on = s.listed_on, built_on = s.built_on,
		publish_due_on = dwh.add_working_days(s.built_on, (SELECT value_number FROM dwh_catalog.deadline
			WHERE source = 'ND47 Art 25(1)' AND valid_from <= s.built_on AND coalesce(valid_to >= s.built_on, true))),
		structure_version = structure_version + (columns IS DISTINCT FROM s.columns AND published_at IS NOT NULL)::int
	WHERE service_id = p_service_id;
END
$$;
COMMENT ON FUNCTION dwh_internal.share_set_service(int, regclass, jsonb) IS
	'Ghi mô tả của dịch vụ | Writes the description of a service';

CREATE FUNCTION dwh_internal.create_service(p_code text, p_kind text, p_database text, p_relation regclass, p_definition jsonb)
RETURNS int LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_database_id int;
	v_id int;
BEGIN
	SELECT database_id INTO v_database_id FROM dwh_catalog.share_database WHERE code = p_database;
	IF v_database_id IS NULL THEN
		RAISE EXCEPTION 'database "%" is not in the catalogue', p_database
			USING ERRCODE = '42704', DETAIL = '2327 Art. 3.5: services attach to catalogued databases only.',
				HINT = 'Enter it with dwh.register_database().';
	END IF;
	PERFORM dwh_internal.share_check_unit(v_database_id);
	PERFORM dwh_internal.share_check_relation(p_relation);
	PERFORM dwh_internal.share_require(p_definition ->> 'name_vi', 'name_vi', 'ND47 Art. 24.3');
	IF jsonb_typeof(p_definition -> 'columns') IS DISTINCT FROM 'array' OR jsonb_array_length(p_definition -> 'columns') = 0 THEN
		PERFORM dwh_internal.share_require(NULL, 'columns', 'ND47 Art. 24.3');
	END IF;
	IF jsonb_typeof(p_definition -> 'key_columns') IS DISTINCT FROM 'array' THEN
		PERFORM dwh_internal.share_require(NULL, 'key_columns', 'ND47 Art. 24.3');
	END IF;
	IF p_kind = 'default' AND coalesce(p_definition ->> 'default_kind' NOT IN ('national_master', 'sector_master', 'catalogue', 'common'),
		true)
	THEN
		RAISE EXCEPTION 'a default service has one of the kinds national_master, sector_master, catalogue, common'
			USING ERRCODE = '22023', DETAIL = 'ND47 Art. 34.1 names four kinds of default data.', HINT = 'Give default_kind.';
	END IF;
	INSERT INTO dwh_catalog.share_service (code, kind, database_id, name_vi, default_kind, relation, columns, key_columns, person_column)
	VALUES (p_code, p_kind, v_database_id, p_definition ->> 'name_vi', p_definition ->> 'default_kind',
		(SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
			WHERE c.oid = p_relation),
		p_definition -> 'columns', (SELECT array_agg(k) FROM jsonb_array_elements_text(p_definition -> 'key_columns') AS k),
		p_definition ->> 'person_column')
	RETURNING service_id INTO v_id;
	PERFORM dwh_internal.share_set_service(v_id, p_relation, p_definition);
	RETURN v_id;
END
$$;
COMMENT ON FUNCTION dwh_internal.create_service(text, text, text, regclass, jsonb) IS 'Xem dwh.create_service | See dwh.create_service';

CREATE FUNCTION dwh.create_service(p_code text, p_kind text, p_database text, p_relation regclass, p_definition jsonb)
RETURNS int LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_share_act';
COMMENT ON FUNCTION dwh.create_service(text, text, text, regclass, jsonb) IS
	'Tạo dịch vụ chia sẻ dữ liệu từ một bảng hoặc khung nhìn | Creates a data-sharing service over a table or view';

CREATE FUNCTION dwh_internal.update_service(p_code text, p_definition jsonb)
RETURNS int LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	s dwh_catalog.share_service;
BEGIN
	-- Whoever changes it at this moment is done: what is written back is what he left.
	SELECT * INTO s FROM dwh_catalog.share_service WHERE service_id = dwh_internal.share_service_id(p_code) FOR UPDATE;
	PERFORM dwh_internal.share_check_unit(s.database_id);
	PERFORM dwh_internal.share_check_relation(s.relation::regclass);
	PERFORM dwh_internal.share_set_service(s.service_id, s.relation::regclass, p_definition);
	IF s.published_at IS NOT NULL THEN
		PERFORM dwh_internal.share_check_key(s.service_id);
		INSERT INTO dwh_catalog.share_notice (kind, service_id, subject, body, due_on)
		VALUES ('service_change', s.service_id, format('Thay đổi dịch vụ %s | Change of service %s', p_code, p_code),
			format('Mục thay đổi: %s', (SELECT string_agg(k, ', ') FROM jsonb_object_keys(p_definition) AS k)), dwh.today());
	END IF;
	RETURN (SELECT structure_version FROM dwh_catalog.share_service WHERE service_id = s.service_id);
END
$$;
COMMENT ON FUNCTION dwh_internal.update_service(text, jsonb) IS 'Xem dwh.update_service | See dwh.update_service';

CREATE FUNCTION dwh.update_service(p_code text, p_definition jsonb)
RETURNS int LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_share_act';
COMMENT ON FUNCTION dwh.update_service(text, jsonb) IS
	'Đổi mô tả dịch vụ; đã công bố thì ghi thông báo; trả về phiên bản cấu trúc | '
	'Changes the description of a service, with a public notice once it is published; returns the version of its structure';

CREATE FUNCTION dwh_internal.publish_service(p_code text)
RETURNS date LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	s dwh_catalog.share_service;
	d dwh_catalog.share_database;
	h dwh_catalog.share_host;
	v_missing text;
BEGIN
	-- Whoever changes it at this moment is done: what is written back is what he left.
	SELECT * INTO s FROM dwh_catalog.share_service WHERE service_id = dwh_internal.share_service_id(p_code) FOR UPDATE;
	PERFORM dwh_internal.share_check_unit(s.database_id);
	PERFORM dwh_internal.share_check_relation(s.relation::regclass);
	SELECT * INTO d FROM dwh_catalog.share_database WHERE database_id = s.database_id;
	SELECT * INTO h FROM dwh_catalog.share_host;
	SELECT string_agg(format('%s (%s)', f, a), ', ') INTO v_missing FROM (VALUES
		('database: decision_no', '2327 Art. 5.1', d.decision_no IS NOT NULL AND d.decision_on IS NOT NULL),
		('database: purpose', 'ND47 Art. 11.4', d.purpose <> ''), ('database: scope', 'ND47 Art. 11.4', d.scope <> ''),
		('database: content', 'ND47 Art. 11.4', d.content <> ''), ('database: mechanism', 'ND47 Art. 11.4', d.mechanism <> ''),
		('database: source', 'ND47 Art. 11.4', d.source <> ''),
		('database: marked items', 'ND47 Art. 11.4', jsonb_array_length(d.items) > 0 AND NOT EXISTS (
			SELECT FROM jsonb_array_elements(d.items) AS i WHERE coalesce(i ->> 'mark' NOT IN ('open', 'default', 'special'), true))),
		('database: regulation', 'ND47 Art. 22', d.regulation <> ''),
		('description', 'ND47 Art. 24.3', s.description ~ '[^[:space:]]'),
		('technical_document', 'ND47 Art. 24.3', s.technical_document ~ '[^[:space:]]'), ('guide', '2327 Art. 20.4', s.guide ~ '[^[:space:]]'), ('use_term', 'ND47 Art. 41', s.use_term IS NOT NULL),
		('responsible: collecting, managing, connecting, sharing, using', '2327 Art. 5.5',
			s.responsible ?& ARRAY['collecting', 'managing', 'connecting', 'sharing', 'using']),
		('standardised_on', 'ND47 Art. 33', s.standardised_on IS NOT NULL),
		('listed_on', 'ND47 Art. 33', s.listed_on >= s.standardised_on), ('built_on', 'ND47 Art. 33', s.built_on >= s.listed_on),
		('focal official of the host', 'ND47 Art. 7.1', EXISTS (SELECT FROM dwh_catalog.agency_official AS o
			WHERE o.agency_id = h.agency_id AND o.valid_from <= dwh.today() AND coalesce(o.valid_to >= dwh.today(), true)))
		) AS t (f, a, is_there) WHERE is_there IS NOT TRUE;
	IF v_missing IS NOT NULL THEN
		RAISE EXCEPTION 'service "%" cannot be published', p_code
			USING ERRCODE = '55000', DETAIL = format('Missing: %s.', v_missing),
				HINT = 'dwh.update_service(), dwh.register_database() and dwh.register_official() complete it.';
	END IF;
	IF s.columns IS DISTINCT FROM dwh_internal.share_columns(s.relation::regclass, s.columns)
		OR s.data_structure IS DISTINCT FROM dwh_internal.share_structure(s.columns)
	THEN
		RAISE EXCEPTION 'the data structure of service "%" differs from its source', p_code
			USING ERRCODE = '55000', DETAIL = 'ND47 Art. 24.3: the structure published is that of the data.',
				HINT = 'Bring it up to date with dwh.update_service().';
	END IF;
	PERFORM dwh_internal.share_check_key(s.service_id);
	IF s.published_at IS NOT NULL AND s.withdrawn_on IS NULL THEN
		RETURN s.publish_due_on;
	END IF;
	UPDATE dwh_catalog.share_service SET published_at = coalesce(published_at, statement_timestamp()),
		published_by = coalesce(published_by, dwh_internal.share_caller()), withdrawn_on = NULL
	WHERE service_id = s.service_id;
	RETURN s.publish_due_on;
END
$$;
COMMENT ON FUNCTION dwh_internal.publish_service(text) IS 'Xem dwh.publish_service | See dwh.publish_service';

CREATE FUNCTION dwh.publish_service(p_code text)
RETURNS date LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_share_act';
COMMENT ON FUNCTION dwh.publish_service(text) IS
	'Công bố dịch vụ; trả về hạn công bố (NĐ47 Điều 25.1) | Publishes a service; returns the day it was due (Decree 47 Art. 25.1)';

CREATE FUNCTION dwh_internal.withdraw_service(p_code text, p_reason text)
RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	s dwh_catalog.share_service;
BEGIN
	SELECT * INTO s FROM dwh_catalog.share_service WHERE service_id = dwh_internal.share_service_id(p_code);
	PERFORM dwh_internal.share_check_unit(s.database_id);
	PERFORM dwh_internal.share_require(p_reason, 'reason', 'ND47 Art. 25');
	UPDATE dwh_catalog.share_service SET withdrawn_on = dwh.today() WHERE service_id = s.service_id;
	INSERT INTO dwh_catalog.share_notice (kind, service_id, subject, body, due_on)
	VALUES ('service_change', s.service_id, format('Thôi cung cấp dịch vụ %s | Service %s withdrawn', p_code, p_code), p_reason,
		dwh.today());
END
$$;
COMMENT ON FUNCTION dwh_internal.withdraw_service(text, text) IS 'Xem dwh.withdraw_service | See dwh.withdraw_service';

CREATE FUNCTION dwh.withdraw_service(p_code text, p_reason text)
RETURNS void LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_share_act';
COMMENT ON FUNCTION dwh.withdraw_service(text, text) IS 'Thôi cung cấp dịch vụ, kèm thông báo | Withdraws a service, with a notice';

-- Without accents: NFD, marks taken away, đ as d.
CREATE FUNCTION dwh.search_services(p_text text)
RETURNS TABLE (code text, kind text, name_vi text, name_en text, description text, items text[], guide text)
LANGUAGE sql STABLE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
	SELECT s.code, s.kind, s.name_vi, s.name_en, s.description, s.items, s.guide FROM dwh.published_services AS s
	WHERE s.search_text LIKE '%' || replace(replace(replace(translate(regexp_replace(normalize(lower(p_text), NFD),
		E'[\\u0300-\\u036F]', '', 'g'), 'đĐ', 'dd'), E'\\', E'\\\\'), '%', E'\\%'), '_', E'\\_') || '%'
	ORDER BY s.code COLLATE "C"
$$;
COMMENT ON FUNCTION dwh.search_services(text) IS
	'Tìm dịch vụ đã công bố theo tên hoặc mục dữ liệu, có dấu hay không | '
	'Finds published services by name or item, with or without Vietnamese accents';

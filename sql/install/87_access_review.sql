-- The first administrator; grants that end, that nobody uses, that were not confirmed for long; how requests were handled (893 Arts. 12.3, 19.1).

-- Whether anybody is a central administrator today by a right in force.
CREATE FUNCTION dwh_internal.has_central_administrator()
RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN EXISTS (SELECT FROM dwh_catalog.access_grant AS g JOIN dwh_catalog.user_group AS u USING (user_group_id)
			JOIN dwh_catalog.account AS a USING (account_id)
		WHERE u.role_name = 'dwh_central_admin' AND a.is_enabled AND a.valid_from <= dwh.today() AND coalesce(a.valid_to >= dwh.today(), true)
			AND g.revoked_at IS NULL AND g.valid_from <= dwh.today() AND coalesce(g.valid_to >= dwh.today(), true));
END
$$;
COMMENT ON FUNCTION dwh_internal.has_central_administrator() IS
	'Có ai đang là quản trị Trung ương hay không | Whether anybody is a central administrator by a right in force';

-- Go-live: the first central administrator is made by a superuser; everybody after him by request. So is one after the last has gone.
CREATE FUNCTION dwh_internal.create_first_administrator(p_email text, p_full_name text, p_unit_id int, p_employment_kind text, p_login_role text,
	p_assignment_no text, p_decided_by int, p_decision_no text)
RETURNS int LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_today date := dwh.today();
	p dwh_catalog.access_path;
	h dwh_catalog.office_holder;
	v_id int;
BEGIN
	IF NOT dwh_internal.caller_has_role('dwh_owner') THEN
		RAISE EXCEPTION 'only a superuser makes the first administrator'
			USING ERRCODE = '42501', DETAIL = '893 Art. 12.3: về sau do quản trị Trung ương cấp theo quy trình | later ones are made by request.',
				HINT = 'Ask the superuser who created the warehouse.';
	END IF;
	-- Two at once: the second one finds the first.
	PERFORM FROM dwh_catalog.warehouse FOR UPDATE;
	IF dwh_internal.has_central_administrator() THEN
		RAISE EXCEPTION 'there is a central administrator already'
			USING ERRCODE = '55000', DETAIL = '893 Art. 17.1: from the first one on central administrators are made by request and decision.',
				HINT = 'dwh.request_access() with group central_admin.';
	END IF;
	PERFORM dwh_internal.share_require(v, f, '893 Arts. 3.4a, 6.2') FROM (VALUES (p_email, 'email'), (p_full_name, 'full_name'),
		(p_login_role, 'login_role'), (p_assignment_no, 'assignment_no'), (p_decision_no, 'decision_no')) AS t (v, f);
	SELECT * INTO h FROM dwh_catalog.office_holder WHERE office_holder_id = p_decided_by;
	SELECT * INTO p FROM dwh_catalog.access_path WHERE code = 'central_admin' AND valid_from <= v_today AND coalesce(valid_to >= v_today, true);
	IF NOT coalesce(p_employment_kind = ANY (p.employment_kinds), false) OR NOT dwh_internal.has_unit_function(p_unit_id, 'it_centre', v_today) THEN
		RAISE EXCEPTION '% is not eligible', p_full_name
			USING ERRCODE = '42501', DETAIL = '893 Arts. 3.4a, 7.4: công chức, viên chức của Trung tâm CNTT | a civil servant or public employee of the '
				'IT Centre.', HINT = 'dwh.set_unit_function() says which unit is the IT Centre.';
	ELSIF NOT dwh_internal.holds_office(p_decided_by, v_today, ARRAY[p.decided_by]) THEN
		RAISE EXCEPTION 'no leader of the sector is named who decided'
			USING ERRCODE = '42501', DETAIL = '893 Arts. 6.2, 17.1: Lãnh đạo Ngành quyết định | the leadership of the sector decides.',
				HINT = 'Record him with dwh.appoint_office_holder(), and name him as p_decided_by.';
	ELSIF dwh_internal.is_office_holder(h, 'mail:' || lower(p_email), p_full_name, p_unit_id)
		OR h.account_id IS NULL AND dwh_internal.is_same_name(h.person_name, p_full_name)
	THEN
		RAISE EXCEPTION '% decides on access of his own', p_full_name
			USING ERRCODE = '42501', DETAIL = '893 Arts. 7.4, 12.3 [own]: không ai tự cấp quyền cho mình | nobody decides on access for himself.',
				HINT = 'Name another leader of the sector as p_decided_by.';
	ELSIF dwh_internal.has_excluded_right('mail:' || lower(p_email), false) THEN
		RAISE EXCEPTION '% audits and cannot administer', p_full_name
			USING ERRCODE = '42501', DETAIL = '[own]: người quản trị không tự kiểm tra mình | whoever administers does not audit himself.',
				HINT = 'Name somebody else.';
	ELSIF NOT dwh_internal.is_login_name(p_login_role) THEN
		RAISE EXCEPTION '"%" cannot be a login name', p_login_role
			USING ERRCODE = '22023', DETAIL = 'Small letters, digits and _ . @ + -, at most 63; not pg_ or dwh_, none or public.',
				HINT = 'Give another p_login_role.';
	END IF;
	-- After the last one has gone somebody of the IT Centre may have an account already.
	UPDATE dwh_catalog.account AS a SET is_enabled = true
	WHERE a.kind = 'sector' AND lower(a.email) = lower(p_email) AND a.login_role = p_login_role AND a.home_unit_id = p_unit_id
		AND dwh_internal.is_same_name(a.full_name, p_full_name) AND coalesce(a.valid_to >= v_today, true)
	RETURNING a.account_id INTO v_id;
	IF v_id IS NULL THEN
		INSERT INTO dwh_catalog.account AS a (kind, email, full_name, home_unit_id, login_role, valid_from)
		VALUES ('sector', p_email, p_full_name, p_unit_id, p_login_role, v_today) RETURNING a.account_id INTO v_id;
	END IF;
	INSERT INTO dwh_catalog.access_grant (account_id, user_group_id, valid_from, decision_no)
	SELECT v_id, g.user_group_id, v_today, p_decision_no FROM dwh_catalog.user_group AS g WHERE g.role_name = 'dwh_central_admin';
	PERFORM dwh_internal.sync_login_role(v_id);
	RETURN v_id;
EXCEPTION
	WHEN unique_violation THEN
		RAISE EXCEPTION 'address or login name are those of another account'
			USING ERRCODE = '23505', DETAIL = '893 Art. 6.1: mỗi người duy nhất một tài khoản | each person has one account.', HINT = 'Correct them.';
	WHEN check_violation THEN
		RAISE EXCEPTION '"%" is no e-mail address', p_email
			USING ERRCODE = '22023', DETAIL = '893 Art. 3.5: quyền gắn với hộp thư điện tử ngành | the right is bound to the sector e-mail.',
				HINT = 'Correct p_email.';
END
$$;
COMMENT ON FUNCTION dwh_internal.create_first_administrator(text, text, int, text, text, text, int, text) IS
	'Xem dwh.create_first_administrator | See dwh.create_first_administrator';

CREATE FUNCTION dwh.create_first_administrator(p_email text, p_full_name text, p_unit_id int, p_employment_kind text, p_login_role text,
	p_assignment_no text, p_decided_by int, p_decision_no text)
RETURNS int LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_access_act';
COMMENT ON FUNCTION dwh.create_first_administrator(text, text, int, text, text, text, int, text) IS
	'Tạo người quản trị Trung ương đầu tiên khi đưa kho vào hoạt động, chỉ một lần; trả về tài khoản | '
	'Makes the first central administrator at go-live, once; returns the account';

-- Reviews --------------------------------------------------------------------------------------------------------------

-- Administrators of a province see the accounts of its units.
CREATE FUNCTION dwh_internal.reviewed_units(OUT is_all boolean, OUT unit_ids int[])
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM dwh_internal.require_role(ARRAY['dwh_central_admin', 'dwh_province_admin', 'dwh_auditor'], '893 Arts. 11.1, 19.1');
	is_all := dwh_internal.caller_has_role('dwh_central_admin') OR dwh_internal.caller_has_role('dwh_auditor');
	unit_ids := (dwh_internal.access_caller()).unit_ids;
END
$$;
COMMENT ON FUNCTION dwh_internal.reviewed_units() IS 'Người gọi rà soát đơn vị nào | Which units the caller reviews';

CREATE FUNCTION dwh_internal.review_grants(p_days int)
RETURNS TABLE (grant_id int, email text, full_name text, unit_id int, unit_name text, group_code text, scope_unit_id int, valid_from date, valid_to date,
	days_left int, certified_on date, days_since int, is_unit_ended boolean, last_used_on date, days_unused int, last_login_on date)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_units record := dwh_internal.reviewed_units();
	v_is_noted boolean := dwh_internal.is_use_noted();
	v_zone text := (SELECT w.time_zone FROM dwh_catalog.warehouse AS w);
	v_days int := coalesce(p_days, dwh_internal.parameter('certify_days')::int);
BEGIN
	IF p_days < 0 THEN
		RAISE EXCEPTION 'p_days must not be negative' USING ERRCODE = '22023', DETAIL = 'It is a number of days.', HINT = 'Give 0 or more.';
	END IF;
	RETURN QUERY
	SELECT g.grant_id, coalesce(a.email, a.iam_subject), a.full_name, a.home_unit_id, u.name_vi, o.code, g.scope_unit_id, g.valid_from, g.valid_to,
		g.valid_to - dwh.today(), g.certified_on, dwh.today() - coalesce(g.certified_on, (g.granted_at AT TIME ZONE v_zone)::date),
		coalesce(u.valid_to < dwh.today(), false), n.last_used_on, d.days_unused, l.last_login_on
	FROM dwh_catalog.access_grant AS g
	JOIN dwh_catalog.account AS a USING (account_id)
	JOIN dwh_catalog.user_group AS o USING (user_group_id)
	LEFT JOIN dwh_star.dim_unit AS u ON u.unit_id = a.home_unit_id
	LEFT JOIN dwh_catalog.grant_use AS n USING (grant_id)
	LEFT JOIN dwh_catalog.account_use AS l ON l.account_id = g.account_id
	-- Where nobody notes the use of rights, nothing is known of it.
	CROSS JOIN LATERAL (SELECT CASE WHEN v_is_noted OR n.last_used_on IS NOT NULL
		THEN dwh.today() - coalesce(n.last_used_on, greatest(g.valid_from, (g.granted_at AT TIME ZONE v_zone)::date)) END) AS d (days_unused)
	WHERE g.revoked_at IS NULL AND coalesce(g.valid_to >= dwh.today(), true)
		AND (v_units.is_all OR a.home_unit_id = ANY (v_units.unit_ids))
		AND (dwh.today() - coalesce(g.certified_on, (g.granted_at AT TIME ZONE v_zone)::date) >= v_days OR g.valid_to - dwh.today() <= v_days
			OR coalesce(d.days_unused >= v_days, false))
	ORDER BY g.valid_to, g.grant_id;
END
$$;
COMMENT ON FUNCTION dwh_internal.review_grants(int) IS 'Xem dwh.review_grants | See dwh.review_grants';

CREATE FUNCTION dwh.review_grants(p_days int DEFAULT NULL, OUT grant_id int, OUT email text, OUT full_name text, OUT unit_id int, OUT unit_name text,
	OUT group_code text, OUT scope_unit_id int, OUT valid_from date, OUT valid_to date, OUT days_left int, OUT certified_on date, OUT days_since int,
	OUT is_unit_ended boolean, OUT last_used_on date, OUT days_unused int, OUT last_login_on date)
RETURNS SETOF record LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_access_list';
COMMENT ON FUNCTION dwh.review_grants(int) IS
	'Quyền sắp hết hạn trong số ngày này, hoặc từ số ngày này chưa được rà soát lại, chưa được dùng (tự đặt) | '
	'Grants that end within so many days, were granted or certified so many days ago, or unused for so many (a rule of our own)';

CREATE FUNCTION dwh_internal.certify_grants(p_grant_ids int[], p_document_no text)
RETURNS int LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_units record := dwh_internal.reviewed_units();
	-- persons are compared, not accounts: also what a holder of a support mailbox has himself
	v_own int[] := dwh_internal.person_accounts((dwh_internal.access_caller()).person) || dwh.current_account();
	v_count int;
BEGIN
	PERFORM dwh_internal.require_role(ARRAY['dwh_central_admin', 'dwh_province_admin'], '893 Arts. 11.1, 19.1');
	PERFORM dwh_internal.share_require(p_document_no, 'document_no', '893 Art. 19.1');
	UPDATE dwh_catalog.access_grant AS g SET certified_on = dwh.today(), certified_document = p_document_no
	FROM dwh_catalog.account AS a
	WHERE a.account_id = g.account_id AND g.grant_id = ANY (p_grant_ids) AND g.revoked_at IS NULL AND coalesce(g.valid_to >= dwh.today(), true)
		AND (v_units.is_all OR a.home_unit_id = ANY (v_units.unit_ids)) AND g.account_id <> ALL (v_own);
	GET DIAGNOSTICS v_count = ROW_COUNT;
	IF v_count IS DISTINCT FROM (SELECT count(DISTINCT i)::int FROM unnest(p_grant_ids) AS i) THEN
		RAISE EXCEPTION 'not every grant is there for the caller to certify'
			USING ERRCODE = '42501', DETAIL = '893 Arts. 11.1, 19.1 [own]: quyền đang có của người khác, trong phạm vi mình quản trị | grants in force, '
				'of people one administers, never one''s own.', HINT = 'dwh.review_grants() lists them.';
	END IF;
	RETURN v_count;
END
$$;
COMMENT ON FUNCTION dwh_internal.certify_grants(int[], text) IS 'Xem dwh.certify_grants | See dwh.certify_grants';

CREATE FUNCTION dwh.certify_grants(p_grant_ids int[], p_document_no text)
RETURNS int LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_access_act';
COMMENT ON FUNCTION dwh.certify_grants(int[], text) IS
	'Xác nhận lại các quyền còn cần, theo văn bản của đơn vị; trả về số quyền | Certifies grants that are still needed, by a document; returns how many';

-- Art. 19.1: how the requests of each unit were handled.
CREATE FUNCTION dwh_internal.access_report(p_from date, p_to date, p_days int)
RETURNS TABLE (unit_id int, unit_name text, on_time bigint, late bigint, still_open bigint, open_late bigint, not_certified bigint)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
	v_units record := dwh_internal.reviewed_units();
	v_zone text := (SELECT w.time_zone FROM dwh_catalog.warehouse AS w);
BEGIN
	RETURN QUERY
	WITH handled AS (
		SELECT r.from_unit_id, r.due_on, i.done_on
		FROM dwh_catalog.access_request AS r JOIN dwh_catalog.due_item AS i ON i.kind = 'access_request' AND i.object = r.request_id::text
		WHERE r.received_on >= p_from AND r.received_on <= p_to AND r.from_unit_id IS NOT NULL),
	counted AS (
		SELECT h.from_unit_id, count(*) FILTER (WHERE h.done_on <= h.due_on) AS n_on_time, count(*) FILTER (WHERE h.done_on > h.due_on) AS n_late,
			count(*) FILTER (WHERE h.done_on IS NULL) AS n_open, count(*) FILTER (WHERE h.done_on IS NULL AND h.due_on < dwh.today()) AS n_open_late
		FROM handled AS h GROUP BY h.from_unit_id),
	old AS (
		SELECT a.home_unit_id, count(*) AS n FROM dwh_catalog.access_grant AS g JOIN dwh_catalog.account AS a USING (account_id)
		WHERE g.revoked_at IS NULL AND coalesce(g.valid_to >= dwh.today(), true)
			AND dwh.today() - coalesce(g.certified_on, (g.granted_at AT TIME ZONE v_zone)::date) >= coalesce(p_days, dwh_internal.parameter('certify_days')::int)
		GROUP BY a.home_unit_id)
	SELECT u.unit_id, u.name_vi, coalesce(c.n_on_time, 0), coalesce(c.n_late, 0), coalesce(c.n_open, 0), coalesce(c.n_open_late, 0), coalesce(o.n, 0)
	FROM dwh_star.dim_unit AS u LEFT JOIN counted AS c ON c.from_unit_id = u.unit_id LEFT JOIN old AS o ON o.home_unit_id = u.unit_id
	WHERE (c.from_unit_id IS NOT NULL OR o.home_unit_id IS NOT NULL) AND (v_units.is_all OR u.unit_id = ANY (v_units.unit_ids))
	ORDER BY u.unit_id;
END
$$;
COMMENT ON FUNCTION dwh_internal.access_report(date, date, int) IS 'Xem dwh.access_report | See dwh.access_report';

CREATE FUNCTION dwh.access_report(p_from date, p_to date, p_days int DEFAULT NULL, OUT unit_id int, OUT unit_name text, OUT on_time bigint, OUT late bigint,
	OUT still_open bigint, OUT open_late bigint, OUT not_certified bigint)
RETURNS SETOF record LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_access_list';
COMMENT ON FUNCTION dwh.access_report(date, date, int) IS
	'Theo đơn vị: đề nghị đúng hạn, quá hạn, còn mở, và quyền chưa được rà soát lại (Điều 19.1) | '
	'By unit: requests on time, late, open, and grants not certified for so many days (Art. 19.1)';

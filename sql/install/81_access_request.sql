-- From the letter to the decision (893 Arts. 6, 8, 10, 11, 15, 17). A request's lines are entered as they stand in the letter and then
-- judged one by one, by the row of dwh_catalog.access_path that each falls under; they are judged again when they are applied.

-- The path of a line; NULL where none leads there.
CREATE FUNCTION dwh_internal.find_access_path(p_account_kind text, p_side text, p_is_leader boolean, p_role_name text, p_on date)
RETURNS int LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN (SELECT p.access_path_id FROM dwh_catalog.access_path AS p
		WHERE p.can_grant AND p.valid_from <= p_on AND coalesce(p.valid_to >= p_on, true)
			AND coalesce(p.account_kind = p_account_kind, true) AND coalesce(p.side = p_side, true)
			AND coalesce(p.is_leader = p_is_leader, true)
			AND CASE WHEN p.role_name IS NULL THEN p_role_name NOT IN ('dwh_central_admin', 'dwh_province_admin') ELSE p.role_name = p_role_name END
		ORDER BY p.access_path_id LIMIT 1);
END
$$;
COMMENT ON FUNCTION dwh_internal.find_access_path(text, text, boolean, text, date) IS 'Quy trình áp dụng | The path that applies';

-- What stands in the way of an office holder as the one who decides a line; NULL: nothing.
CREATE FUNCTION dwh_internal.judge_decider(p_line_id int, p_office_holder_id int, p_on date)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	l dwh_catalog.access_request_line;
	p dwh_catalog.access_path;
	h dwh_catalog.office_holder;
	v_top int;
	v_is_right boolean;
BEGIN
	SELECT * INTO l FROM dwh_catalog.access_request_line WHERE request_line_id = p_line_id;
	SELECT * INTO p FROM dwh_catalog.access_path WHERE access_path_id = l.access_path_id;
	SELECT * INTO h FROM dwh_catalog.office_holder WHERE office_holder_id = p_office_holder_id;
	IF h.office_holder_id IS NULL THEN
		RETURN format('there is no office holder %s', coalesce(p_office_holder_id::text, 'NULL'));
	ELSIF h.valid_from > p_on OR h.valid_to < p_on THEN
		RETURN format('%s held no office on %s', h.person_name, p_on);
	END IF;
	v_top := dwh_internal.unit_top(l.unit_id);
	v_is_right := CASE p.decided_by
		WHEN 'sector_leadership' THEN h.office = 'sector_leadership'
		-- a deputy may sign where he is recorded [own]
		WHEN 'unit_leader' THEN h.office IN ('unit_leader', 'it_centre_director', 'deputy') AND h.unit_id = v_top
		WHEN 'province_director' THEN h.office IN ('province_director', 'deputy') AND h.unit_id = v_top
		ELSE false END;
	-- users that exist when the warehouse goes live are confirmed by the sector's leadership [own]
	IF NOT v_is_right AND NOT (h.office = 'sector_leadership'
		AND (SELECT r.kind = 'takeover' FROM dwh_catalog.access_request AS r WHERE r.request_id = l.request_id))
	THEN
		RETURN format('%s (%s) does not decide on path %s', h.person_name, h.office, p.code);
	END IF;
	IF l.action <> 'revoke' AND dwh_internal.is_office_holder(h.office_holder_id,
		dwh_internal.line_person(l.account_kind, l.email, l.iam_subject, l.holder_email), l.full_name, l.unit_id)
	THEN
		RETURN format('%s decides on access of his own', h.person_name);
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION dwh_internal.judge_decider(int, int, date) IS
	'Vì sao người này không được quyết định dòng đó | Why this office holder may not decide the line';

-- Judges a line that gives something. Raises 42501 with the article for what the regulation forbids, 22023 for what is missing.
CREATE FUNCTION dwh_internal.check_access_line(p_line_id int)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	l dwh_catalog.access_request_line;
	r dwh_catalog.access_request;
	p dwh_catalog.access_path;
	a dwh_catalog.account;
	g dwh_catalog.user_group;
	v_where text;
	v_home int;
	v_from int;
	v_why text;
BEGIN
	SELECT * INTO l FROM dwh_catalog.access_request_line WHERE request_line_id = p_line_id;
	SELECT * INTO r FROM dwh_catalog.access_request WHERE request_id = l.request_id;
	SELECT * INTO p FROM dwh_catalog.access_path WHERE access_path_id = l.access_path_id;
	SELECT * INTO g FROM dwh_catalog.user_group WHERE user_group_id = l.user_group_id;
	v_where := 'line ' || l.line_no;
	v_home := dwh_internal.unit_top(l.unit_id);
	v_from := dwh_internal.unit_top(r.from_unit_id);

	-- The columns of the list (Annex 01 of Decision 2366, known by a proxy only).
	PERFORM dwh_internal.access_require(v, format('%s: %s', v_where, f), '893 Art. 17, 2366 Annex 01')
	FROM (VALUES (l.full_name, 'full_name'), (l.title, 'title'), (CASE l.account_kind WHEN 'outside' THEN 'x' ELSE l.email END, 'email'),
		(CASE l.account_kind WHEN 'outside' THEN 'x' ELSE l.employment_kind END, 'employment_kind'), (l.unit_id::text, 'unit'),
		(l.user_group_id::text, 'group')) AS c (v, f);
	IF l.account_kind = 'outside' THEN
		PERFORM dwh_internal.access_require(v, format('%s: %s', v_where, f), '893 Art. 2.2 [own]')
		FROM (VALUES (l.iam_subject, 'iam_subject'), (l.permission_no, 'permission_no'), (l.valid_to::text, 'valid_to')) AS c (v, f);
	ELSIF l.account_kind = 'mailbox' THEN
		PERFORM dwh_internal.access_require(l.holder_email, v_where || ': holder_email', '893 Art. 6.3');
	END IF;
	IF p.assigned_by IS NOT NULL THEN
		PERFORM dwh_internal.access_require(l.assignment_no, v_where || ': assignment_no', CASE p.assigned_by
			WHEN 'it_centre_director' THEN '893 Art. 3.4a' ELSE '893 Art. 3.4b' END);
	END IF;

	-- Who qualifies.
	IF cardinality(p.employment_kinds) > 0 AND NOT coalesce(l.employment_kind = ANY (p.employment_kinds), false) THEN
		PERFORM dwh_internal.access_refuse(format('%s: %s is not eligible for group "%s"', v_where, l.full_name, g.code),
			format('%s, 893 Art. 7.4: loại lao động %s không được cấp | employment kind %s does not qualify.', p.article, l.employment_kind,
				l.employment_kind), format('The path takes %s.', array_to_string(p.employment_kinds, ', ')));
	END IF;
	IF p.unit_function IS NOT NULL AND NOT dwh_internal.has_unit_function(l.unit_id, p.unit_function, dwh.today()) THEN
		PERFORM dwh_internal.access_refuse(format('%s: %s is not of a unit with function %s', v_where, l.full_name, p.unit_function),
			format('%s, 893 Arts. 3.4, 7.4: người ngoài đơn vị này không được cấp | nobody from elsewhere qualifies.', p.article),
			'Functions of units stand in dwh_catalog.unit_function.');
	END IF;

	-- Who may send the list.
	IF (CASE p.list_from
		WHEN 'it_centre' THEN NOT dwh_internal.has_unit_function(r.from_unit_id, 'it_centre', r.letter_on)
		WHEN 'province' THEN dwh_internal.unit_side(v_from) <> 'province' OR v_from <> v_home
		ELSE v_from <> v_home OR NOT (dwh_internal.is_unit_within(l.unit_id, r.from_unit_id)
			OR dwh_internal.has_unit_function(r.from_unit_id, 'it_division', r.letter_on)) END)
		AND r.kind <> 'takeover'
	THEN
		PERFORM dwh_internal.access_refuse(format('%s: %s cannot be listed by this unit', v_where, l.full_name),
			format('%s: danh sách phải do %s lập | the list comes from %s.', p.article, p.list_from, p.list_from),
			'The unit that sent the letter lists its own people.');
	END IF;

	-- One person, one account.
	IF l.account_id IS NOT NULL THEN
		SELECT * INTO a FROM dwh_catalog.account WHERE account_id = l.account_id;
		IF a.kind <> l.account_kind OR (a.kind <> 'mailbox' AND NOT dwh_internal.is_same_name(a.full_name, l.full_name))
			OR lower(a.email) <> lower(l.email) OR a.iam_subject <> l.iam_subject
		THEN
			PERFORM dwh_internal.access_refuse(format('%s: %s is not the person of the account that is there', v_where, l.full_name),
				'893 Arts. 3.5, 6.1: mỗi người duy nhất một tài khoản, gắn với hộp thư của chính mình | '
				'each person has one account, bound to his own address.', 'Correct the name or the address of the line.');
		END IF;
		IF l.account_kind <> 'mailbox' AND l.reason <> 'unit_move' AND a.home_unit_id <> l.unit_id THEN
			PERFORM dwh_internal.access_refuse(format('%s: the account of %s belongs to another unit', v_where, l.full_name),
				'893 Arts. 8.1, 15: đơn vị đề nghị cho người của mình; chuyển đơn vị phải nêu lý do unit_move | '
				'a unit asks for its own people; a move is reason unit_move.', 'Give the unit of the account, or the reason unit_move.');
		END IF;
	END IF;

	-- Which right.
	IF (SELECT s.kind <> 'grant' FROM dwh_catalog.access_reason AS s WHERE s.code = l.reason) OR (l.reason = 'takeover') <> (r.kind = 'takeover') THEN
		PERFORM dwh_internal.access_refuse(format('%s: "%s" is no reason of a grant', v_where, l.reason),
			'893 Art. 15: cấp quyền khi tham gia lần đầu, đổi vai trò, chuyển đơn vị | access is granted on first joining, change of role, move.',
			'Give one of dwh_catalog.access_reason.');
	END IF;
	v_why := dwh_internal.user_group_refusal(l.user_group_id, l.unit_id, l.employment_kind, greatest(l.effective_on, dwh.today()));
	IF v_why IS NOT NULL THEN
		PERFORM dwh_internal.access_refuse(format('%s: %s cannot be in group "%s"', v_where, l.full_name, g.code),
			'893 Arts. 7.4, 12.4: ' || v_why || '.', 'dwh.user_groups lists the groups and whom they are for.');
	END IF;
	IF l.action = 'group' AND (l.from_group_id IS NULL OR l.from_group_id = l.user_group_id) THEN
		PERFORM dwh_internal.access_require(NULL, v_where || ': from_group', '893 Art. 18.2');
	END IF;
	IF l.scope_unit_id IS NOT NULL AND dwh_internal.unit_top(l.scope_unit_id) <> v_home AND dwh_internal.unit_side(v_home) = 'province' THEN
		PERFORM dwh_internal.access_refuse(format('%s: unit %s lies outside the province of %s', v_where, l.scope_unit_id, l.full_name),
			'893 Arts. 6.4, 7.2: người của tỉnh chỉ được phạm vi trong tỉnh | users in a province get units of that province only.',
			'Name a unit of the province.');
	END IF;
	IF EXISTS (SELECT FROM unnest(l.subject_ids) AS s (id) WHERE NOT EXISTS (SELECT FROM dwh_catalog.user_group_subject AS u
		WHERE u.user_group_id = l.user_group_id AND u.subject_id = s.id))
	THEN
		PERFORM dwh_internal.access_refuse(format('%s: group "%s" does not have these subjects', v_where, g.code),
			'893 Arts. 7.2, 12.4: quyền theo chức năng của nhóm | a group''s rights follow its function.',
			'dwh_catalog.user_group_subject lists the subjects of groups.');
	END IF;
	g.role_name := coalesce(g.rights_of, g.role_name);
	IF g.role_name = 'dwh_partner' OR l.account_kind = 'outside' AND g.role_name IN ('dwh_loader', 'dwh_share_officer', 'dwh_auditor') THEN
		PERFORM dwh_internal.access_refuse(format('%s: group "%s" is not given to a person by letter', v_where, g.code),
			'893 Arts. 2, 7.4; 2327 Art. 12: cơ quan kết nối theo thỏa thuận | agencies connect by agreement.', 'See Sharing in the README.');
	END IF;
	IF g.role_name IN ('dwh_auditor', 'dwh_central_admin', 'dwh_province_admin') AND EXISTS (
		SELECT FROM dwh_catalog.access_grant AS o JOIN dwh_catalog.user_group AS u USING (user_group_id)
			JOIN dwh_catalog.account AS c ON c.account_id = o.account_id
		WHERE o.account_id = ANY (dwh_internal.person_accounts(
				dwh_internal.line_person(l.account_kind, l.email, l.iam_subject, l.holder_email)))
			AND o.revoked_at IS NULL AND coalesce(o.valid_to >= dwh.today(), true)
			AND (coalesce(u.rights_of, u.role_name) = 'dwh_auditor') <> (g.role_name = 'dwh_auditor')
			AND coalesce(u.rights_of, u.role_name) IN ('dwh_auditor', 'dwh_central_admin', 'dwh_province_admin'))
	THEN
		PERFORM dwh_internal.access_refuse(format('%s: %s administers and cannot audit, or the reverse', v_where, l.full_name),
			'[own]: người quản trị không tự kiểm tra mình | whoever administers does not audit himself.', 'Revoke the other right first.');
	END IF;
END
$$;
COMMENT ON FUNCTION dwh_internal.check_access_line(int) IS 'Xét một dòng cấp quyền | Judges a line that gives something';

-- A unit by key or by code.
CREATE FUNCTION dwh_internal.access_unit(p_unit jsonb, p_on date)
RETURNS int LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_id int;
BEGIN
	IF p_unit IS NULL OR p_unit = 'null' THEN
		RETURN NULL;
	ELSIF jsonb_typeof(p_unit) = 'number' THEN
		SELECT unit_id INTO v_id FROM dwh_star.dim_unit
		WHERE unit_id = (p_unit #>> '{}')::int AND valid_from <= p_on AND coalesce(valid_to >= p_on, true);
	ELSE
		SELECT unit_id INTO v_id FROM dwh_star.dim_unit
		WHERE code = p_unit #>> '{}' AND valid_from <= p_on AND coalesce(valid_to >= p_on, true) ORDER BY unit_id LIMIT 1;
	END IF;
	IF v_id IS NULL THEN
		RAISE EXCEPTION 'there is no unit % on %', p_unit, p_on
			USING ERRCODE = '42704', HINT = 'Give unit_id as a number or the code as a text, of a unit valid on that day.';
	END IF;
	RETURN v_id;
END
$$;
COMMENT ON FUNCTION dwh_internal.access_unit(jsonb, date) IS 'Đơn vị theo khóa hoặc mã | A unit by key or code';

CREATE FUNCTION dwh_internal.access_group(p_code text)
RETURNS int LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_id int;
BEGIN
	IF p_code IS NULL THEN
		RETURN NULL;
	END IF;
	SELECT user_group_id INTO v_id FROM dwh_catalog.user_group WHERE code = p_code;
	IF v_id IS NULL THEN
		RAISE EXCEPTION 'there is no user group "%"', p_code USING ERRCODE = '42704', HINT = 'Groups stand in dwh_catalog.user_group.';
	END IF;
	RETURN v_id;
END
$$;
COMMENT ON FUNCTION dwh_internal.access_group(text) IS 'Nhóm theo mã | A group by its code';

-- Enters one line as it stands in the letter and judges it.
CREATE FUNCTION dwh_internal.enter_access_line(p_request_id int, p_line_no int, p_line jsonb)
RETURNS int LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	r dwh_catalog.access_request;
	l dwh_catalog.access_request_line;
	a dwh_catalog.account;
	v_today date := dwh.today();
	v_unknown text;
	v_role text;
	v_why text;
	v_matches int;
	v_is_letter boolean;
BEGIN
	SELECT * INTO r FROM dwh_catalog.access_request WHERE request_id = p_request_id;
	IF jsonb_typeof(p_line) IS DISTINCT FROM 'object' THEN
		RAISE EXCEPTION 'line % is no object', p_line_no USING ERRCODE = '22023', HINT = 'Give each line as {"full_name": ..., "email": ...}.';
	END IF;
	SELECT string_agg(k, ', ' ORDER BY k) INTO v_unknown FROM jsonb_object_keys(p_line) AS k
	WHERE k <> ALL (ARRAY['action', 'account_kind', 'full_name', 'title', 'email', 'iam_subject', 'login_role', 'employment_kind',
		'holder_email', 'unit', 'group', 'from_group', 'scope_unit', 'subjects', 'reason', 'effective_on', 'valid_to', 'assignment_no',
		'permission_no']);
	IF v_unknown IS NOT NULL THEN
		RAISE EXCEPTION 'line %: unknown column %', p_line_no, v_unknown USING ERRCODE = '22023', HINT = 'See the README, Access.';
	END IF;
	l := jsonb_populate_record(NULL::dwh_catalog.access_request_line, p_line - '{unit,group,from_group,scope_unit,subjects}'::text[]);
	l.request_id := p_request_id; l.line_no := p_line_no; l.state := 'open';
	l.action := coalesce(l.action, CASE r.kind WHEN 'change' THEN 'change' WHEN 'revoke' THEN 'revoke' WHEN 'transfer' THEN 'revoke'
		WHEN 'emergency' THEN 'revoke' ELSE 'grant' END);
	IF l.action NOT IN ('grant', 'revoke', 'change', 'role', 'group')
		OR NOT (CASE r.kind WHEN 'change' THEN l.action IN ('change', 'role', 'group') WHEN 'grant' THEN l.action = 'grant'
			WHEN 'takeover' THEN l.action = 'grant' ELSE l.action = 'revoke' END)
	THEN
		RAISE EXCEPTION 'line %: action "%" does not belong to a letter of kind %', p_line_no, l.action, r.kind
			USING ERRCODE = '22023', DETAIL = '893 Art. 10.1.', HINT = 'Letters of kind change take change, role and group.';
	END IF;
	l.user_group_id := dwh_internal.access_group(p_line ->> 'group');
	IF p_line ? 'from_group' THEN
		l.from_group_id := dwh_internal.access_group(p_line ->> 'from_group');
	END IF;
	IF p_line ? 'subjects' THEN
		SELECT array_agg(s.subject_id ORDER BY s.subject_id), count(*) INTO l.subject_ids, v_matches
		FROM dwh_catalog.subject AS s WHERE s.code IN (SELECT jsonb_array_elements_text(p_line -> 'subjects'));
		IF v_matches <> jsonb_array_length(p_line -> 'subjects') OR v_matches = 0 THEN
			RAISE EXCEPTION 'line %: unknown subject in %', p_line_no, p_line -> 'subjects'
				USING ERRCODE = '42704', HINT = 'Codes stand in dwh_catalog.subject.';
		END IF;
	END IF;

	-- Whose line it is.
	SELECT count(*), min(c.account_id) INTO v_matches, l.account_id FROM dwh_catalog.account AS c
	WHERE lower(c.email) = lower(l.email) OR c.iam_subject = l.iam_subject;
	IF v_matches > 1 THEN
		PERFORM dwh_internal.access_refuse(format('line %s: address and IAM subject belong to two accounts', p_line_no),
			'893 Art. 6.1: mỗi người duy nhất một tài khoản | each person has one account.', 'Correct the line.');
	END IF;
	IF l.account_id IS NOT NULL THEN
		SELECT * INTO a FROM dwh_catalog.account WHERE account_id = l.account_id;
	END IF;
	l.account_kind := coalesce(l.account_kind, a.kind, CASE WHEN l.holder_email IS NOT NULL THEN 'mailbox'
		WHEN l.email IS NULL AND l.iam_subject IS NOT NULL THEN 'outside' ELSE 'sector' END);
	IF l.account_kind NOT IN ('sector', 'outside', 'mailbox') THEN
		RAISE EXCEPTION 'line %: unknown kind of account "%"', p_line_no, l.account_kind USING ERRCODE = '22023',
			HINT = 'Give sector, outside or mailbox.';
	END IF;
	IF l.action = 'revoke' THEN
		IF a.account_id IS NULL THEN
			RAISE EXCEPTION 'line %: there is no account "%"', p_line_no, coalesce(l.email, l.iam_subject, 'NULL')
				USING ERRCODE = '42704', HINT = 'Correct the address.';
		END IF;
		l.full_name := coalesce(l.full_name, a.full_name);
		l.email := coalesce(l.email, a.email);
		l.iam_subject := coalesce(l.iam_subject, a.iam_subject);
		l.unit_id := a.home_unit_id;
		l.reason := coalesce(l.reason, CASE r.kind WHEN 'transfer' THEN 'transfer' WHEN 'emergency' THEN 'safety_risk' END);
		PERFORM dwh_internal.access_require(l.reason, format('line %s: reason', p_line_no), '893 Art. 16');
		IF NOT (EXISTS (SELECT FROM dwh_catalog.access_reason AS s WHERE s.code = l.reason AND s.kind = 'revoke')) THEN
			PERFORM dwh_internal.access_refuse(format('line %s: "%s" is no reason of a revocation', p_line_no, l.reason),
				'893 Art. 16: thu hồi theo lý do có căn cứ | access is taken for a listed reason with its basis.',
				'Give one of dwh_catalog.access_reason.');
		END IF;
	ELSE
		PERFORM dwh_internal.access_require(l.full_name, format('line %s: full_name', p_line_no), '893 Art. 17, 2366 Annex 01');
		l.unit_id := dwh_internal.access_unit(coalesce(p_line -> 'unit', to_jsonb(CASE WHEN l.account_kind <> 'mailbox' THEN coalesce(a.home_unit_id,
			r.from_unit_id) END)), r.received_on);
		l.reason := coalesce(l.reason, CASE WHEN r.kind = 'takeover' THEN 'takeover' WHEN r.kind = 'change' THEN 'role_change' END);
		PERFORM dwh_internal.access_require(l.reason, format('line %s: reason', p_line_no), '893 Art. 15');
		IF NOT (EXISTS (SELECT FROM dwh_catalog.access_reason AS s WHERE s.code = l.reason)) THEN
			PERFORM dwh_internal.access_refuse(format('line %s: unknown reason "%s"', p_line_no, l.reason),
				'893 Art. 15: lần đầu, đổi vai trò, chuyển đơn vị | first joining, change of role, move.', 'Give one of dwh_catalog.access_reason.');
		END IF;
		IF l.account_kind <> 'outside' THEN
			PERFORM dwh_internal.access_require(l.email, format('line %s: email', p_line_no), '893 Art. 3.5');
		END IF;
		IF l.account_kind = 'outside' AND l.login_role IS NULL AND l.email IS NULL AND a.login_role IS NULL THEN
			PERFORM dwh_internal.access_require(NULL, format('line %s: login_role', p_line_no), '893 Art. 3.5');
		END IF;
		IF NOT coalesce(l.login_role, lower(l.email), '') ~ '^[a-z0-9_][a-z0-9_.@+-]{0,62}$' AND a.login_role IS NULL
			OR coalesce(l.login_role, '') ~ '^(pg|dwh)_' OR l.login_role <> a.login_role
		THEN
			RAISE EXCEPTION 'line %: "%" cannot be a login name', p_line_no, coalesce(l.login_role, lower(l.email))
				USING ERRCODE = '22023', DETAIL = 'Small letters, digits and _ . @ + -, at most 63; not pg_ or dwh_; an account keeps the one it has.',
					HINT = 'Give login_role.';
		END IF;
		PERFORM dwh_internal.access_require(l.user_group_id::text, format('line %s: group', p_line_no), '893 Art. 17, 2366 Annex 01');
	END IF;

	-- Its path.
	SELECT role_name INTO v_role FROM dwh_catalog.user_group WHERE user_group_id = l.user_group_id;
	IF l.action = 'revoke' AND v_role IS NULL THEN
		SELECT max(u.role_name) FILTER (WHERE u.role_name IN ('dwh_central_admin', 'dwh_province_admin')) INTO v_role
		FROM dwh_catalog.access_grant AS g JOIN dwh_catalog.user_group AS u USING (user_group_id)
		WHERE g.account_id = l.account_id AND g.revoked_at IS NULL AND coalesce(g.valid_to >= v_today, true);
	END IF;
	IF r.kind = 'emergency' THEN
		SELECT access_path_id INTO l.access_path_id FROM dwh_catalog.access_path AS p
		WHERE NOT p.can_grant AND p.valid_from <= v_today AND coalesce(p.valid_to >= v_today, true);
	ELSE
		l.access_path_id := dwh_internal.find_access_path(l.account_kind, dwh_internal.unit_side(l.unit_id), dwh_internal.is_leader(
			dwh_internal.line_person(l.account_kind, l.email, l.iam_subject, l.holder_email), l.full_name, l.unit_id, r.received_on),
			coalesce(v_role, 'dwh_analyst'), r.received_on);
	END IF;
	IF l.access_path_id IS NULL THEN
		PERFORM dwh_internal.access_refuse(format('line %s: no path gives "%s" to %s', p_line_no, p_line ->> 'group', l.full_name),
			'893 Arts. 7.4, 17: nhóm này không cấp cho đối tượng này | the group is not for persons of this kind.',
			'dwh_catalog.access_path lists the paths.');
	END IF;
	IF p_line ? 'scope_unit' THEN
		l.scope_unit_id := dwh_internal.access_unit(p_line -> 'scope_unit', r.received_on);
	ELSIF l.action <> 'revoke' THEN
		-- A person from outside and a central administrator see no rows by default; an administrator of a province administers all of it.
		l.scope_unit_id := CASE WHEN l.account_kind = 'outside' OR v_role = 'dwh_central_admin' THEN NULL
			WHEN v_role = 'dwh_province_admin' THEN dwh_internal.unit_top(l.unit_id) ELSE l.unit_id END;
	END IF;

	INSERT INTO dwh_catalog.access_request_line (request_id, line_no, action, access_path_id, account_id, account_kind, full_name, title, email,
		iam_subject, login_role, employment_kind, holder_email, unit_id, user_group_id, from_group_id, scope_unit_id, subject_ids, reason,
		effective_on, valid_to, assignment_no, permission_no)
	VALUES (l.request_id, l.line_no, l.action, l.access_path_id, l.account_id, l.account_kind, l.full_name, l.title, l.email,
		l.iam_subject, l.login_role, l.employment_kind, l.holder_email, l.unit_id, l.user_group_id, l.from_group_id, l.scope_unit_id,
		l.subject_ids, l.reason, l.effective_on, l.valid_to, l.assignment_no, l.permission_no)
	RETURNING request_line_id INTO l.request_line_id;
	IF l.action <> 'revoke' THEN
		PERFORM dwh_internal.check_access_line(l.request_line_id);
	ELSIF r.kind <> 'emergency' AND NOT dwh_internal.is_unit_within(l.unit_id, r.from_unit_id)
		AND NOT dwh_internal.has_unit_function(r.from_unit_id, 'it_centre', r.letter_on)
		AND NOT (dwh_internal.unit_top(r.from_unit_id) = dwh_internal.unit_top(l.unit_id)
			AND dwh_internal.has_unit_function(r.from_unit_id, 'it_division', r.letter_on))
	THEN
		-- Taking away is never harder than giving.
		UPDATE dwh_catalog.access_request_line SET irregular = 'not sent by the unit of the person' WHERE request_line_id = l.request_line_id;
	END IF;

	-- Where the letter is the decision, nothing more is asked.
	SELECT p.is_letter_decision INTO v_is_letter FROM dwh_catalog.access_path AS p WHERE p.access_path_id = l.access_path_id;
	IF (v_is_letter OR r.kind = 'takeover') AND r.signed_by IS NOT NULL THEN
		v_why := dwh_internal.judge_decider(l.request_line_id, r.signed_by, r.letter_on);
		IF v_why IS NULL THEN
			UPDATE dwh_catalog.access_request_line SET state = 'approved', decided_by = r.signed_by, decided_on = r.letter_on,
				decision_no = r.letter_no, decision_recorded_at = now(), decision_recorded_by = session_user,
				decision_recorded_account_id = r.recorded_account_id
			WHERE request_line_id = l.request_line_id;
		ELSIF l.action <> 'revoke' THEN
			PERFORM dwh_internal.access_refuse(format('line %s: %s', p_line_no, v_why), (SELECT p.decided_article
				|| ': văn bản phải do người có thẩm quyền ký | the letter is signed by the one who decides.'
				FROM dwh_catalog.access_path AS p WHERE p.access_path_id = l.access_path_id),
				'Name the office holder who signed, as dwh_catalog.office_holder has him.');
		END IF;
	END IF;
	RETURN l.request_line_id;
END
$$;
COMMENT ON FUNCTION dwh_internal.enter_access_line(int, int, jsonb) IS 'Ghi và xét một dòng | Enters a line and judges it';

-- Enters a letter. Who may do so was asked before.
CREATE FUNCTION dwh_internal.enter_access_request(p_kind text, p_letter_no text, p_letter_on date, p_received_on date, p_from_unit int,
	p_lines jsonb, p_letter_sha256 text, p_signed_by int, p_submission_no text, p_submission_on date)
RETURNS int LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_today date := dwh.today();
	v_received_on date := coalesce(p_received_on, v_today);
	v_letter_on date := coalesce(p_letter_on, v_received_on);
	t dwh_catalog.deadline;
	v_id int;
	v_twice text;
BEGIN
	PERFORM dwh_internal.access_require(p_letter_no, 'letter_no', '893 Art. 17');
	IF p_kind IS NULL OR p_kind NOT IN ('grant', 'revoke', 'change', 'transfer', 'takeover', 'emergency') THEN
		RAISE EXCEPTION 'unknown kind of request "%"', coalesce(p_kind, 'NULL') USING ERRCODE = '22023', DETAIL = '893 Art. 10.1.',
			HINT = 'Give grant, revoke, change, transfer or takeover.';
	END IF;
	IF v_letter_on > v_received_on OR v_received_on > v_today THEN
		RAISE EXCEPTION 'a letter of % cannot have been received on %', v_letter_on, v_received_on
			USING ERRCODE = '22023', DETAIL = format('Today is %s.', v_today), HINT = 'Correct the dates.';
	END IF;
	IF p_submission_on < v_letter_on OR p_submission_on > v_today THEN
		PERFORM dwh_internal.access_refuse(format('a submission of %s does not follow a letter of %s', p_submission_on, v_letter_on),
			'893 Art. 17.4: bước sau không trước bước trước | no step comes before the one before it.', 'Correct the dates.');
	END IF;
	IF p_letter_sha256 !~ '^[0-9a-f]{64}$' THEN
		RAISE EXCEPTION 'the digest of the letter is no SHA-256' USING ERRCODE = '22023', HINT = 'Give 64 hexadecimal digits in small letters.';
	END IF;
	IF p_kind <> 'emergency' AND NOT EXISTS (SELECT FROM dwh_star.dim_unit WHERE unit_id = p_from_unit) THEN
		RAISE EXCEPTION 'there is no unit %', coalesce(p_from_unit::text, 'NULL') USING ERRCODE = '42704',
			HINT = 'Name the unit that sent the letter.';
	END IF;
	IF jsonb_typeof(p_lines) IS DISTINCT FROM 'array' OR jsonb_array_length(p_lines) = 0 THEN
		RAISE EXCEPTION 'the list of the letter is empty' USING ERRCODE = '22023', DETAIL = '893 Art. 17: a letter comes with its list.',
			HINT = 'Give p_lines as an array of objects.';
	END IF;
	-- One person twice under one number would be two rights by one line of a decision.
	SELECT string_agg(DISTINCT k, ', ') INTO v_twice FROM (
		SELECT format('%s %s', lower(coalesce(x ->> 'email', x ->> 'iam_subject')), x ->> 'group') AS k
		FROM jsonb_array_elements(p_lines) AS x WHERE jsonb_typeof(x) = 'object'
		GROUP BY lower(coalesce(x ->> 'email', x ->> 'iam_subject')), x ->> 'group', x -> 'scope_unit' HAVING count(*) > 1) AS d;
	IF v_twice IS NOT NULL THEN
		RAISE EXCEPTION 'listed twice: %', v_twice USING ERRCODE = '22023', DETAIL = '893 Art. 6.1.', HINT = 'Strike one of the lines.';
	END IF;
	SELECT * INTO t FROM dwh_catalog.deadline WHERE source = '893 Art 17(5)' AND valid_from <= v_received_on
		AND coalesce(valid_to >= v_received_on, true);
	INSERT INTO dwh_catalog.access_request (kind, letter_no, letter_on, received_on, from_unit_id, signed_by, letter_sha256, submission_no,
		submission_on, due_on, deadline_id, is_immediate, recorded_account_id)
	VALUES (p_kind, p_letter_no, v_letter_on, v_received_on, p_from_unit, p_signed_by, p_letter_sha256, p_submission_no, p_submission_on,
		CASE WHEN p_kind = 'emergency' THEN v_received_on
			-- counted from the day after, unless the day of receipt counts [own]
			ELSE dwh.add_working_days(v_received_on - dwh_internal.parameter('access_count_receipt_day')::boolean::int, coalesce(t.value_number, 0)) END,
		t.deadline_id,
		p_kind IN ('transfer', 'emergency'), nullif(dwh.current_account(), 0))
	RETURNING request_id INTO v_id;
	PERFORM dwh_internal.enter_access_line(v_id, x.n::int, x.line) FROM jsonb_array_elements(p_lines) WITH ORDINALITY AS x (line, n) ORDER BY x.n;
	RETURN v_id;
END
$$;
COMMENT ON FUNCTION dwh_internal.enter_access_request(text, text, date, date, int, jsonb, text, int, text, date) IS
	'Vào sổ văn bản đề nghị | Enters a letter';

-- Refuses whoever administers neither everything nor the units that a request is about (893 Arts. 11.2, 12.3).
CREATE FUNCTION dwh_internal.check_access_office(p_request_id int)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	c record := dwh_internal.access_caller();
	v_line int;
BEGIN
	IF c.is_central THEN
		RETURN;
	END IF;
	IF cardinality(c.unit_ids) = 0 THEN
		PERFORM dwh_internal.access_refuse('the caller administers no access',
			'893 Arts. 12.3, 13.1: chỉ quản trị ứng dụng thực hiện | only application administrators do this.',
			'Ask an administrator with an official letter.');
	END IF;
	SELECT l.line_no INTO v_line FROM dwh_catalog.access_request_line AS l JOIN dwh_catalog.access_path AS p USING (access_path_id)
	WHERE l.request_id = p_request_id AND NOT ('dwh_province_admin' = ANY (p.applied_by) AND coalesce(l.unit_id = ANY (c.unit_ids), false))
	ORDER BY l.line_no LIMIT 1;
	IF v_line IS NOT NULL THEN
		PERFORM dwh_internal.access_refuse(format('line %s is not for an administrator of this province', v_line),
			'893 Arts. 6.3, 11.2, 13.1: quản trị tỉnh chỉ làm cho người sử dụng của tỉnh mình | '
			'an administrator of a province acts for users of that province only.', 'Send it to a central administrator.');
	END IF;
END
$$;
COMMENT ON FUNCTION dwh_internal.check_access_office(int) IS
	'Người gọi có được xử lý văn bản này hay không | Whether the caller may handle this request';

CREATE FUNCTION dwh_internal.request_access(p_kind text, p_letter_no text, p_letter_on date, p_received_on date, p_from_unit int, p_lines jsonb,
	p_letter_sha256 text, p_signed_by int, p_submission_no text, p_submission_on date)
RETURNS int LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	c record := dwh_internal.access_caller();
	v_id int;
BEGIN
	IF NOT c.is_central AND cardinality(c.unit_ids) = 0 THEN
		PERFORM dwh_internal.check_access_office(NULL);
	END IF;
	IF p_kind = 'emergency' THEN
		RAISE EXCEPTION 'an emergency has no letter' USING ERRCODE = '22023', DETAIL = '893 Art. 17.7.', HINT = 'Call dwh.emergency_revoke().';
	ELSIF p_kind = 'takeover' AND NOT c.is_central THEN
		PERFORM dwh_internal.access_refuse('users that exist at go-live are taken over centrally',
			'893 Art. 12.3 [own].', 'Send the list to a central administrator.');
	END IF;
	v_id := dwh_internal.enter_access_request(p_kind, p_letter_no, p_letter_on, p_received_on, p_from_unit, p_lines, p_letter_sha256,
		p_signed_by, p_submission_no, p_submission_on);
	PERFORM dwh_internal.check_access_office(v_id);
	RETURN v_id;
END
$$;
COMMENT ON FUNCTION dwh_internal.request_access(text, text, date, date, int, jsonb, text, int, text, date) IS
	'Xem dwh.request_access | See dwh.request_access';

CREATE FUNCTION dwh.request_access(p_kind text, p_letter_no text, p_letter_on date, p_received_on date, p_from_unit int, p_lines jsonb,
	p_letter_sha256 text DEFAULT NULL, p_signed_by int DEFAULT NULL, p_submission_no text DEFAULT NULL, p_submission_on date DEFAULT NULL)
RETURNS int LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_access_act';
COMMENT ON FUNCTION dwh.request_access(text, text, date, date, int, jsonb, text, int, text, date) IS
	'Vào sổ văn bản đề nghị về quyền truy cập kèm danh sách; trả về số đề nghị | '
	'Enters an official letter about access with its list; returns its number';

-- From the letter to the decision (893 Arts. 6, 8, 10, 11, 15, 17). A request's lines are entered as they stand in the letter and then
-- judged one by one, by the row of dwh_catalog.access_path that each falls under; they are judged again when they are applied.

-- The day from which the regulation's paths hold.
CREATE FUNCTION dwh_internal.access_rules_from()
RETURNS date LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
	SELECT min(valid_from) FROM dwh_catalog.access_path
$$;
COMMENT ON FUNCTION dwh_internal.access_rules_from() IS 'Ngày quy chế có hiệu lực | The day from which the regulation is in force';

-- The path of a line; NULL where none leads there. One that is for a role alone goes before those for every role but administrators'.
CREATE FUNCTION dwh_internal.find_access_path(p_account_kind text, p_side text, p_is_leader boolean, p_role_name text, p_on date)
RETURNS int LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN (SELECT p.access_path_id FROM dwh_catalog.access_path AS p
		WHERE p.can_grant AND p.valid_from <= p_on AND coalesce(p.valid_to >= p_on, true)
			AND coalesce(p.account_kind = p_account_kind, true) AND coalesce(p.side = p_side, true)
			AND coalesce(p.is_leader = p_is_leader, true)
			AND CASE WHEN p.role_name IS NULL THEN p_role_name NOT IN ('dwh_central_admin', 'dwh_province_admin') ELSE p.role_name = p_role_name END
		ORDER BY p.role_name IS NULL, p.access_path_id LIMIT 1);
END
$$;
COMMENT ON FUNCTION dwh_internal.find_access_path(text, text, boolean, text, date) IS 'Quy trình áp dụng | The path that applies';

-- What stands in the way of an office holder as the one who decides a line; NULL: nothing. Rows of the line, of its path, and of the
-- office holder of that number, empty where there is none.
CREATE FUNCTION dwh_internal.judge_decider(l record, p record, p_office_holder_id int, h record, p_is_takeover boolean, p_on date)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_top int;
	v_is_right boolean;
BEGIN
	IF h.office_holder_id IS NULL THEN
		RETURN format('there is no office holder %s', coalesce(p_office_holder_id::text, 'NULL'));
	ELSIF h.valid_from > p_on OR h.valid_to < p_on THEN
		RETURN format('%s held no office on %s', h.person_name, p_on);
	END IF;
	v_top := dwh_internal.unit_top_on(l.unit_id, p_on);
	v_is_right := CASE p.decided_by
		WHEN 'sector_leadership' THEN h.office = 'sector_leadership'
		-- a deputy may sign where he is recorded [own]
		WHEN 'unit_leader' THEN h.office IN ('unit_leader', 'it_centre_director', 'deputy') AND h.unit_id = v_top
		WHEN 'province_director' THEN h.office IN ('province_director', 'deputy') AND h.unit_id = v_top
		ELSE false END;
	-- users that exist when the warehouse goes live are confirmed by the sector's leadership [own]
	IF NOT v_is_right AND NOT (h.office = 'sector_leadership' AND p_is_takeover) THEN
		RETURN format('%s (%s) does not decide on path %s', h.person_name, h.office, p.code);
	END IF;
	IF l.action <> 'revoke' AND dwh_internal.is_office_holder(h,
		dwh_internal.line_person(l.account_kind, l.email, l.iam_subject, l.holder_email), l.full_name, l.unit_id)
	THEN
		RETURN format('%s decides on access of his own', h.person_name);
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION dwh_internal.judge_decider(record, record, int, record, boolean, date) IS
	'Vì sao người này không được quyết định dòng đó | Why this office holder may not decide the line';

-- Which column of the list a line that gives something leaves empty, with the article that asks for it; NULL: none.
CREATE FUNCTION dwh_internal.missing_column(l record, p_assigned_by text, OUT field text, OUT article text)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_filled CONSTANT text := '[^[:space:]]';
BEGIN
	-- The columns of Annex 01 of Decision 2366, known by a proxy only.
	article := '893 Art. 17, 2366 Annex 01';
	field := CASE WHEN l.full_name ~ v_filled IS NOT TRUE THEN 'full_name' WHEN l.title ~ v_filled IS NOT TRUE THEN 'title'
		WHEN l.account_kind <> 'outside' AND l.email ~ v_filled IS NOT TRUE THEN 'email'
		WHEN l.account_kind <> 'outside' AND l.employment_kind ~ v_filled IS NOT TRUE THEN 'employment_kind'
		WHEN l.unit_id IS NULL THEN 'unit' WHEN l.user_group_id IS NULL THEN 'group' END;
	IF field IS NULL AND l.account_kind = 'outside' THEN
		article := '893 Art. 2.2 [own]';
		field := CASE WHEN l.iam_subject ~ v_filled IS NOT TRUE THEN 'iam_subject' WHEN l.permission_no ~ v_filled IS NOT TRUE THEN 'permission_no'
			WHEN l.valid_to IS NULL THEN 'valid_to' END;
	ELSIF field IS NULL AND l.account_kind = 'mailbox' AND l.holder_email ~ v_filled IS NOT TRUE THEN
		article := '893 Art. 6.3';
		field := 'holder_email';
	END IF;
	IF field IS NULL AND p_assigned_by IS NOT NULL AND l.assignment_no ~ v_filled IS NOT TRUE THEN
		article := CASE p_assigned_by WHEN 'it_centre_director' THEN '893 Art. 3.4a' WHEN 'province_director' THEN '893 Art. 3.4b' ELSE '893 Art. 3.3a' END;
		field := 'assignment_no';
	END IF;
END
$$;
COMMENT ON FUNCTION dwh_internal.missing_column(record, text) IS 'Mục bắt buộc còn thiếu của một dòng | What a line lacks';

-- Whether a person, by any of his accounts, has what an auditor may not have, or an administrator.
CREATE FUNCTION dwh_internal.has_excluded_right(p_person text, p_is_auditor boolean)
RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN EXISTS (SELECT FROM dwh_catalog.access_grant AS g JOIN dwh_catalog.user_group AS u USING (user_group_id)
		WHERE g.account_id = ANY (dwh_internal.person_accounts(p_person)) AND g.revoked_at IS NULL AND coalesce(g.valid_to >= dwh.today(), true)
			AND (coalesce(u.rights_of, u.role_name) = 'dwh_auditor') <> p_is_auditor
			AND coalesce(u.rights_of, u.role_name) IN ('dwh_auditor', 'dwh_central_admin', 'dwh_province_admin'));
END
$$;
COMMENT ON FUNCTION dwh_internal.has_excluded_right(text, boolean) IS
	'Đang có quyền loại trừ với quyền kiểm tra, hoặc quản trị | Whether somebody has a right that excludes auditing, or administering';

-- Whether the person of a line lost everything, or all of this group, by a revocation that was applied after the line was decided on: after
-- the decision was recorded, or on a later day than the decision's own. A revocation of a support mailbox is his who held it then.
CREATE FUNCTION dwh_internal.is_taken_since(l record)
RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_address text := CASE l.account_kind WHEN 'mailbox' THEN lower(l.holder_email) WHEN 'sector' THEN lower(l.email) END;
	v_own int[] := CASE l.account_kind WHEN 'mailbox' THEN ARRAY(SELECT a.account_id FROM dwh_catalog.account AS a WHERE lower(a.email) = v_address AND a.kind = 'sector')
		ELSE ARRAY[l.account_id] END;
	v_held int[] := ARRAY(SELECT h.account_id FROM dwh_catalog.mailbox_holder AS h WHERE lower(h.email) = v_address);
BEGIN
	RETURN EXISTS (SELECT FROM dwh_catalog.access_request_line AS o JOIN dwh_catalog.access_request AS q USING (request_id)
		WHERE o.account_id = ANY (v_own || v_held) AND o.action = 'revoke' AND o.state = 'applied'
			AND (o.account_id = ANY (v_own) OR EXISTS (SELECT FROM dwh_catalog.mailbox_holder AS h WHERE h.account_id = o.account_id
				AND lower(h.email) = v_address AND h.recorded_at <= q.applied_at AND coalesce(h.ended_at >= q.recorded_at, true)))
			AND o.reason IN ('safety_risk', 'left_service', 'violation', 'transfer') AND NOT (o.reason = 'transfer' AND l.reason = 'unit_move')
			AND (o.user_group_id IS NULL OR o.user_group_id = l.user_group_id) AND (o.scope_unit_id IS NULL OR o.scope_unit_id = l.scope_unit_id)
			AND (q.applied_at > l.decision_recorded_at OR l.decided_on < least(o.effective_on,
				(q.applied_at AT TIME ZONE (SELECT w.time_zone FROM dwh_catalog.warehouse AS w))::date)));
END
$$;
COMMENT ON FUNCTION dwh_internal.is_taken_since(record) IS
	'Đã bị thu hồi sau khi có quyết định cấp hay chưa | Whether it was taken after it was decided';

-- Judges lines of one request that give something, in their order. Raises 42501 with the article for what the regulation forbids, 22023
-- for what is missing. All that the rules ask for is read at once: a list has a thousand lines.
CREATE FUNCTION dwh_internal.check_access_lines(p_line_ids int[])
RETURNS void LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	x record;
	l dwh_catalog.access_request_line;
	r dwh_catalog.access_request;
	p dwh_catalog.access_path;
	a dwh_catalog.account;
	g dwh_catalog.user_group;
	m dwh_star.dim_unit;
	v_today date := dwh.today();
	v_where text;
	v_on date;
	v_unit int;
	v_home int;
	v_from int;
	v_missing record;
	v_why text;
BEGIN
	SELECT * INTO r FROM dwh_catalog.access_request
	WHERE request_id = (SELECT n.request_id FROM dwh_catalog.access_request_line AS n WHERE n.request_line_id = p_line_ids[1]);
	v_on := greatest(r.received_on, dwh_internal.access_rules_from());
	v_from := dwh_internal.unit_top_on(r.from_unit_id, v_on);
	FOR x IN
		SELECT n AS line, t AS path, u AS user_group, c AS account, s.kind AS reason_kind, k AS scope_unit,
			n.state <> 'open' AND (n.account_id IS NOT NULL OR n.account_kind = 'mailbox' OR EXISTS (SELECT FROM dwh_catalog.mailbox_holder AS h
				WHERE lower(h.email) = lower(n.email))) AND dwh_internal.is_taken_since(n) AS is_taken_since,
			b.person_name AS holder_name, b.unit_id AS holder_unit_id
		FROM dwh_catalog.access_request_line AS n JOIN dwh_catalog.access_path AS t USING (access_path_id)
			LEFT JOIN dwh_catalog.user_group AS u USING (user_group_id)
			LEFT JOIN dwh_catalog.account AS c ON c.account_id = n.account_id
			LEFT JOIN dwh_catalog.access_reason AS s ON s.code = n.reason
			LEFT JOIN dwh_star.dim_unit AS k ON k.unit_id = n.scope_unit_id
			LEFT JOIN dwh_catalog.mailbox_holder AS b ON lower(b.email) = lower(n.email) AND b.ended_at IS NULL AND n.account_kind = 'sector' AND n.account_id IS NULL
		WHERE n.request_line_id = ANY (p_line_ids) ORDER BY n.line_no
	LOOP
		l := x.line; p := x.path; g := x.user_group; a := x.account; m := x.scope_unit;
		v_where := 'line ' || l.line_no;
		-- The letter names the unit of its day; what came after it by a merger is no other unit.
		v_unit := dwh_internal.unit_on(l.unit_id, v_today);
		v_home := dwh_internal.unit_top_on(l.unit_id, v_today);

		v_missing := dwh_internal.missing_column(l, p.assigned_by);
		IF v_missing.field IS NOT NULL THEN
			PERFORM dwh_internal.access_require(NULL, format('%s: %s', v_where, v_missing.field), v_missing.article);
		END IF;

		-- Who qualifies.
		IF cardinality(p.employment_kinds) > 0 AND NOT coalesce(l.employment_kind = ANY (p.employment_kinds), false) THEN
			PERFORM dwh_internal.access_refuse(format('%s: %s is not eligible for group "%s"', v_where, l.full_name, g.code),
				format('%s, 893 Art. 7.4: loại lao động %s không được cấp | employment kind %s does not qualify.', p.article, l.employment_kind,
					l.employment_kind), format('The path takes %s.', array_to_string(p.employment_kinds, ', ')));
		END IF;
		IF p.unit_function IS NOT NULL AND NOT dwh_internal.has_unit_function(v_unit, p.unit_function, v_today) THEN
			PERFORM dwh_internal.access_refuse(format('%s: %s is not of a unit with function %s', v_where, l.full_name, p.unit_function),
				format('%s, 893 Arts. 3.4, 7.4: người ngoài đơn vị này không được cấp | nobody from elsewhere qualifies.', p.article),
				'Functions of units stand in dwh_catalog.unit_function.');
		END IF;

		-- Who has come to lead a unit since the letter was entered is no user of his own head's.
		IF p.is_leader IS FALSE AND dwh_internal.is_leader(dwh_internal.line_person(l.account_kind, l.email, l.iam_subject, l.holder_email), l.full_name, v_unit, v_today) THEN
			PERFORM dwh_internal.access_refuse(format('%s: %s leads a unit', v_where, l.full_name),
				'893 Arts. 6.2, 17.2a: lãnh đạo đơn vị do lãnh đạo Ngành quyết định | the sector''s leadership decides on leaders.',
				'Enter it anew, on a list of the IT Centre.');
		END IF;
		-- Who may send the list.
		IF (CASE p.list_from
			WHEN 'it_centre' THEN NOT dwh_internal.has_unit_function(r.from_unit_id, 'it_centre', r.letter_on)
			WHEN 'province' THEN dwh_internal.unit_side(v_from) <> 'province' OR v_from <> dwh_internal.unit_top_on(l.unit_id, v_on)
			ELSE v_from <> dwh_internal.unit_top_on(l.unit_id, v_on)
				OR NOT (dwh_internal.is_unit_within(dwh_internal.unit_on(l.unit_id, v_on), dwh_internal.unit_on(r.from_unit_id, v_on))
				OR dwh_internal.has_unit_function(r.from_unit_id, 'it_division', r.letter_on)) END)
			AND r.kind <> 'takeover'
		THEN
			PERFORM dwh_internal.access_refuse(format('%s: %s cannot be listed by this unit', v_where, l.full_name),
				format('%s: danh sách phải do %s lập | the list comes from %s.', p.article, p.list_from, p.list_from),
				'The unit that sent the letter lists its own people.');
		END IF;

		-- What was decided before everything was taken gives nothing back; a transfer makes room for the new unit.
		IF x.is_taken_since THEN
			PERFORM dwh_internal.access_refuse(format('%s: the rights of %s were taken after this was decided', v_where, l.full_name),
				'893 Arts. 16, 17.6, 17.7: thu hồi sau quyết định này; cấp lại phải có quyết định mới | the way back is a new grant.',
				'Take the line back with dwh.decide_access(), and enter a new letter.');
		END IF;
		-- One person, one account. The address of who holds a support mailbox is his.
		IF x.holder_name IS NOT NULL AND (NOT dwh_internal.is_same_name(x.holder_name, l.full_name)
			OR dwh_internal.unit_top_on(x.holder_unit_id, v_today) <> v_home)
		THEN
			PERFORM dwh_internal.access_refuse(format('%s: the address of %s is that of another person, who holds a support mailbox', v_where, l.full_name),
				'893 Arts. 3.5, 6.1: mỗi người một hộp thư của chính mình | each person has one address of his own.', 'Correct the name or the address of the line.');
		END IF;
		IF l.account_id IS NOT NULL THEN
			IF a.kind <> l.account_kind OR (a.kind <> 'mailbox' AND NOT dwh_internal.is_same_name(a.full_name, l.full_name))
				OR lower(a.email) <> lower(l.email) OR a.iam_subject <> l.iam_subject
			THEN
				PERFORM dwh_internal.access_refuse(format('%s: %s is not the person of the account that is there', v_where, l.full_name),
					'893 Arts. 3.5, 6.1: mỗi người duy nhất một tài khoản, gắn với hộp thư của chính mình | '
					'each person has one account, bound to his own address.', 'Correct the name or the address of the line.');
			END IF;
			IF l.account_kind = 'mailbox' AND dwh_internal.unit_top_on(a.home_unit_id, v_today) <> v_home THEN
				PERFORM dwh_internal.access_refuse(format('%s: the support mailbox belongs to another province', v_where),
					'893 Art. 6.3: hộp thư hỗ trợ là của BHXH tỉnh đó | a support mailbox stays with its province.', 'Name the mailbox of the province.');
			ELSIF l.account_kind <> 'mailbox' AND l.reason <> 'unit_move' AND dwh_internal.unit_on(a.home_unit_id, v_today) <> v_unit THEN
				PERFORM dwh_internal.access_refuse(format('%s: the account of %s belongs to another unit', v_where, l.full_name),
					'893 Arts. 8.1, 15: đơn vị đề nghị cho người của mình; chuyển đơn vị phải nêu lý do unit_move | '
					'a unit asks for its own people; a move is reason unit_move.', 'Give the unit of the account, or the reason unit_move.');
			END IF;
		END IF;

		-- Which right.
		IF x.reason_kind <> 'grant' OR (l.reason = 'takeover') <> (r.kind = 'takeover') THEN
			PERFORM dwh_internal.access_refuse(format('%s: "%s" is no reason of a grant', v_where, l.reason),
				'893 Art. 15: cấp quyền khi tham gia lần đầu, đổi vai trò, chuyển đơn vị | access is granted on first joining, change of role, move.',
				'Give one of dwh_catalog.access_reason.');
		END IF;
		v_why := dwh_internal.user_group_refusal(l.user_group_id, v_unit, l.employment_kind, greatest(l.effective_on, v_today));
		IF v_why IS NOT NULL THEN
			PERFORM dwh_internal.access_refuse(format('%s: %s cannot be in group "%s"', v_where, l.full_name, g.code),
				'893 Arts. 7.4, 12.4: ' || v_why || '.', 'dwh.user_groups lists the groups and whom they are for.');
		END IF;
		IF l.action = 'group' AND (l.from_group_id IS NULL OR l.from_group_id = l.user_group_id) THEN
			PERFORM dwh_internal.access_require(NULL, v_where || ': from_group', '893 Art. 18.2');
		END IF;
		-- A right on what came after a unit is another right than the one that was decided on.
		IF NOT (m.valid_from <= greatest(l.effective_on, v_today) AND coalesce(m.valid_to >= greatest(l.effective_on, v_today), true)) THEN
			RAISE EXCEPTION '%: unit % (%) is not there on %', v_where, l.scope_unit_id, m.name_vi, greatest(l.effective_on, v_today)
				USING ERRCODE = '22023', DETAIL = format('It was there from %s to %s; a right on it would show no row of today.', m.valid_from,
					coalesce(m.valid_to::text, '...')),
					HINT = 'Name as scope_unit, by unit_id, one that came after it: dwh.list_successors().';
		END IF;
		IF l.scope_unit_id IS NOT NULL AND dwh_internal.unit_top_on(l.scope_unit_id, v_today) <> v_home AND dwh_internal.unit_side(v_home) = 'province' THEN
			PERFORM dwh_internal.access_refuse(format('%s: unit %s lies outside the province of %s', v_where, l.scope_unit_id, l.full_name),
				'893 Arts. 6.4, 7.2: người của tỉnh chỉ được phạm vi trong tỉnh | users in a province get units of that province only.',
				'Name a unit of the province.');
		END IF;
		IF l.subject_ids IS NOT NULL THEN
			IF EXISTS (SELECT FROM unnest(l.subject_ids) AS s (id) WHERE NOT EXISTS (SELECT FROM dwh_catalog.user_group_subject AS u
				WHERE u.user_group_id = l.user_group_id AND u.subject_id = s.id))
			THEN
				PERFORM dwh_internal.access_refuse(format('%s: group "%s" does not have these subjects', v_where, g.code),
					'893 Arts. 7.2, 12.4: quyền theo chức năng của nhóm | a group''s rights follow its function.',
					'dwh_catalog.user_group_subject lists the subjects of groups.');
			END IF;
		END IF;
		g.role_name := coalesce(g.rights_of, g.role_name);
		IF g.role_name = 'dwh_partner' OR l.account_kind = 'outside' AND g.role_name IN ('dwh_loader', 'dwh_share_officer', 'dwh_auditor') THEN
			PERFORM dwh_internal.access_refuse(format('%s: group "%s" is not given to a person by letter', v_where, g.code),
				'893 Arts. 2, 7.4; 2327 Art. 12: cơ quan kết nối theo thỏa thuận | agencies connect by agreement.', 'See Sharing in the README.');
		END IF;
		IF g.role_name IN ('dwh_auditor', 'dwh_central_admin', 'dwh_province_admin') THEN
			IF dwh_internal.has_excluded_right(dwh_internal.line_person(l.account_kind, l.email, l.iam_subject, l.holder_email),
				g.role_name = 'dwh_auditor')
			THEN
				PERFORM dwh_internal.access_refuse(format('%s: %s administers and cannot audit, or the reverse', v_where, l.full_name),
					'[own]: người quản trị không tự kiểm tra mình | whoever administers does not audit himself.', 'Revoke the other right first.');
			END IF;
		END IF;
	END LOOP;
END
$$;
COMMENT ON FUNCTION dwh_internal.check_access_lines(int[]) IS 'Xét các dòng cấp quyền | Judges lines that give something';

-- A unit by the code that it had on a day, or by key: that says which unit is meant on every day, so it need only be there from p_first to
-- p_last, which are that day unless given.
CREATE FUNCTION dwh_internal.access_unit(p_unit jsonb, p_on date, p_first date DEFAULT NULL, p_last date DEFAULT NULL)
RETURNS int LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_id int;
BEGIN
	IF p_unit IS NULL OR p_unit = 'null' THEN
		RETURN NULL;
	ELSIF jsonb_typeof(p_unit) = 'number' THEN
		SELECT unit_id INTO v_id FROM dwh_star.dim_unit
		WHERE unit_id = (p_unit #>> '{}')::numeric AND valid_from <= coalesce(p_last, p_on) AND coalesce(valid_to >= coalesce(p_first, p_on), true);
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
COMMENT ON FUNCTION dwh_internal.access_unit(jsonb, date, date, date) IS 'Đơn vị theo khóa hoặc mã | A unit by key or code';

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

-- Where the letter is the decision, nothing more is asked: lines that the one who signed it may decide on are approved. A line of whoever
-- enters it stays open: another administrator records the decision.
CREATE FUNCTION dwh_internal.take_letter_as_decision(p_request_id int)
RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	r dwh_catalog.access_request;
	h dwh_catalog.office_holder;
	v_person text := (dwh_internal.access_caller()).person;
	x record;
	v_why text;
	v_approved int[] := '{}';
BEGIN
	SELECT * INTO r FROM dwh_catalog.access_request WHERE request_id = p_request_id;
	SELECT * INTO h FROM dwh_catalog.office_holder WHERE office_holder_id = r.signed_by;
	FOR x IN
		SELECT n AS line, t AS path, n.request_line_id, n.line_no, n.action, t.decided_article,
			n.action <> 'revoke' AND dwh_internal.line_person(n.account_kind, n.email, n.iam_subject, n.holder_email) = v_person AS is_own
		FROM dwh_catalog.access_request_line AS n JOIN dwh_catalog.access_path AS t USING (access_path_id)
		WHERE n.request_id = p_request_id AND (t.is_letter_decision OR r.kind = 'takeover') ORDER BY n.line_no
	LOOP
		v_why := dwh_internal.judge_decider(x.line, x.path, r.signed_by, h, r.kind = 'takeover', r.letter_on);
		IF v_why IS NULL AND x.is_own IS NOT TRUE THEN
			v_approved := v_approved || x.request_line_id;
		ELSIF v_why IS NULL THEN
			CONTINUE;
		ELSIF x.action <> 'revoke' THEN
			PERFORM dwh_internal.access_refuse(format('line %s: %s', x.line_no, v_why), x.decided_article
				|| ': văn bản phải do người có thẩm quyền ký | the letter is signed by the one who decides.',
				'Name the office holder who signed, as dwh_catalog.office_holder has him.');
		END IF;
	END LOOP;
	UPDATE dwh_catalog.access_request_line SET state = 'approved', decided_by = r.signed_by, decided_on = r.letter_on,
		decision_no = r.letter_no, decision_recorded_at = clock_timestamp(), decision_recorded_by = session_user,
		decision_recorded_account_id = r.recorded_account_id
	WHERE request_line_id = ANY (v_approved);
END
$$;
COMMENT ON FUNCTION dwh_internal.take_letter_as_decision(int) IS 'Văn bản đồng thời là quyết định | The letter is the decision';

-- Enters the lines as they stand in the letter, one by one, and judges them; all at once goes what is asked of the tables for each.
CREATE FUNCTION dwh_internal.enter_access_lines(p_request_id int, p_lines jsonb)
RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_columns CONSTANT text[] := ARRAY['action', 'account_kind', 'full_name', 'title', 'email', 'iam_subject', 'login_role', 'employment_kind',
		'holder_email', 'unit', 'group', 'from_group', 'scope_unit', 'subjects', 'reason', 'effective_on', 'valid_to', 'assignment_no',
		'permission_no'];
	v_looked_up CONSTANT text[] := ARRAY['unit', 'group', 'from_group', 'scope_unit', 'subjects'];
	v_today date := dwh.today();
	v_on date;
	v_letter_on date;
	-- kind of each reason; sides on which there is a path of leaders and another; paths of people whom their own unit assigns
	v_reasons jsonb := (SELECT jsonb_object_agg(s.code, s.kind) FROM dwh_catalog.access_reason AS s);
	v_leader_sides text[] := ARRAY(SELECT DISTINCT t.side FROM dwh_catalog.access_path AS t WHERE t.is_leader IS NOT NULL);
	v_assigned_paths int[] := ARRAY(SELECT t.access_path_id FROM dwh_catalog.access_path AS t WHERE t.assigned_by = 'unit_leader');
	r dwh_catalog.access_request;
	x record;
	l dwh_catalog.access_request_line;
	a dwh_catalog.account;
	v_lines dwh_catalog.access_request_line[];
	v_role text;
	v_side text;
	v_matches int;
BEGIN
	SELECT * INTO r FROM dwh_catalog.access_request WHERE request_id = p_request_id;
	-- What stood before the regulation is judged as on its first day.
	v_on := greatest(r.received_on, dwh_internal.access_rules_from());
	-- A code means what it meant when the letter was written.
	v_letter_on := greatest(r.letter_on, dwh_internal.access_rules_from());
	FOR x IN
		SELECT e.n::int AS line_no, e.line, m.matches, c AS account, u.user_group_id, coalesce(u.rights_of, u.role_name) AS role_name,
			e.line ->> 'iam_subject' IS NOT NULL AND EXISTS (SELECT FROM dwh_catalog.account AS o WHERE lower(o.email) = lower(e.line ->> 'iam_subject')
				AND o.account_id IS DISTINCT FROM m.account_id)
			OR m.matches = 0 AND EXISTS (SELECT FROM dwh_catalog.account AS o WHERE o.iam_subject = e.line ->> 'email') AS is_others_name
		FROM jsonb_array_elements(p_lines) WITH ORDINALITY AS e (line, n)
			CROSS JOIN LATERAL (SELECT count(*) AS matches, min(o.account_id) AS account_id FROM dwh_catalog.account AS o
				WHERE lower(o.email) = lower(e.line ->> 'email') OR o.iam_subject = e.line ->> 'iam_subject') AS m
			LEFT JOIN dwh_catalog.account AS c ON c.account_id = m.account_id
			LEFT JOIN dwh_catalog.user_group AS u ON u.code = e.line ->> 'group'
		ORDER BY e.n
	LOOP
		IF jsonb_typeof(x.line) IS DISTINCT FROM 'object' THEN
			RAISE EXCEPTION 'line % is no object', x.line_no USING ERRCODE = '22023', HINT = 'Give each line as {"full_name": ..., "email": ...}.';
		END IF;
		IF x.line - v_columns <> '{}' THEN
			RAISE EXCEPTION 'line %: unknown column %', x.line_no, (SELECT string_agg(k, ', ' ORDER BY k) FROM jsonb_object_keys(x.line - v_columns) AS k)
				USING ERRCODE = '22023', HINT = 'See the README, Access.';
		END IF;
		-- Days are days whatever the session's DateStyle, zone and clock.
		IF NOT coalesce(x.line ->> 'effective_on' ~ E'^\\d{4}-\\d\\d-\\d\\d$', true) OR NOT coalesce(x.line ->> 'valid_to' ~ E'^\\d{4}-\\d\\d-\\d\\d$', true) THEN
			RAISE EXCEPTION 'line %: a day is missing in % or %', x.line_no, coalesce(x.line -> 'effective_on', 'null'), coalesce(x.line -> 'valid_to', 'null')
				USING ERRCODE = '22023', DETAIL = 'effective_on and valid_to are days.', HINT = 'Write days as YYYY-MM-DD.';
		END IF;
		l := jsonb_populate_record(NULL::dwh_catalog.access_request_line, x.line - v_looked_up);
		a := x.account;
		l.request_id := p_request_id; l.line_no := x.line_no; l.state := 'open';
		l.action := coalesce(l.action, CASE r.kind WHEN 'change' THEN 'change' WHEN 'revoke' THEN 'revoke' WHEN 'transfer' THEN 'revoke'
			WHEN 'emergency' THEN 'revoke' ELSE 'grant' END);
		IF l.action NOT IN ('grant', 'revoke', 'change', 'role', 'group')
			OR NOT (CASE r.kind WHEN 'change' THEN l.action IN ('change', 'role', 'group') WHEN 'grant' THEN l.action = 'grant'
				WHEN 'takeover' THEN l.action = 'grant' ELSE l.action = 'revoke' END)
		THEN
			RAISE EXCEPTION 'line %: action "%" does not belong to a letter of kind %', x.line_no, l.action, r.kind
				USING ERRCODE = '22023', DETAIL = '893 Art. 10.1.', HINT = 'Letters of kind change take change, role and group.';
		END IF;
		l.user_group_id := coalesce(x.user_group_id, dwh_internal.access_group(x.line ->> 'group'));
		IF x.line ? 'from_group' THEN
			l.from_group_id := dwh_internal.access_group(x.line ->> 'from_group');
		END IF;
		IF x.line ? 'subjects' THEN
			IF jsonb_typeof(x.line -> 'subjects') <> 'array' THEN
				RAISE EXCEPTION 'line %: subjects are no list', x.line_no USING ERRCODE = '22023', HINT = 'Give the codes as an array, or leave subjects out.';
			END IF;
			SELECT array_agg(s.subject_id ORDER BY s.subject_id), count(*) INTO l.subject_ids, v_matches
			FROM dwh_catalog.subject AS s WHERE s.code IN (SELECT jsonb_array_elements_text(x.line -> 'subjects'));
			IF v_matches <> jsonb_array_length(x.line -> 'subjects') OR v_matches = 0 THEN
				RAISE EXCEPTION 'line %: unknown subject in %', x.line_no, x.line -> 'subjects'
					USING ERRCODE = '42704', HINT = 'Codes stand in dwh_catalog.subject.';
			END IF;
		END IF;

		-- Whose line it is.
		IF x.matches > 1 OR x.is_others_name AND l.action <> 'revoke' THEN
			PERFORM dwh_internal.access_refuse(format('line %s: address and IAM subject belong to two accounts', x.line_no),
				'893 Art. 6.1: mỗi người duy nhất một tài khoản | each person has one account.', 'Correct the line.');
		END IF;
		l.account_id := a.account_id;
		l.account_kind := coalesce(l.account_kind, a.kind, CASE WHEN l.holder_email IS NOT NULL THEN 'mailbox'
			WHEN l.email IS NULL AND l.iam_subject IS NOT NULL THEN 'outside' ELSE 'sector' END);
		IF l.account_kind NOT IN ('sector', 'outside', 'mailbox') THEN
			RAISE EXCEPTION 'line %: unknown kind of account "%"', x.line_no, l.account_kind USING ERRCODE = '22023',
				HINT = 'Give sector, outside or mailbox.';
		END IF;
		IF l.action = 'revoke' THEN
			IF a.account_id IS NULL THEN
				RAISE EXCEPTION 'line %: there is no account "%"', x.line_no, coalesce(l.email, l.iam_subject, 'NULL')
					USING ERRCODE = '42704', HINT = 'Correct the address.';
			END IF;
			l.full_name := coalesce(l.full_name, a.full_name);
			l.email := coalesce(l.email, a.email);
			l.iam_subject := coalesce(l.iam_subject, a.iam_subject);
			l.unit_id := dwh_internal.unit_on(a.home_unit_id, v_on);
			l.reason := coalesce(l.reason, CASE r.kind WHEN 'transfer' THEN 'transfer' WHEN 'emergency' THEN 'safety_risk' END);
			PERFORM dwh_internal.access_require(l.reason, format('line %s: reason', x.line_no), '893 Art. 16');
			IF v_reasons ->> l.reason IS DISTINCT FROM 'revoke' THEN
				PERFORM dwh_internal.access_refuse(format('line %s: "%s" is no reason of a revocation', x.line_no, l.reason),
					'893 Art. 16: thu hồi theo lý do có căn cứ | access is taken for a listed reason with its basis.',
					'Give one of dwh_catalog.access_reason.');
			END IF;
		ELSE
			PERFORM dwh_internal.access_require(l.full_name, format('line %s: full_name', x.line_no), '893 Art. 17, 2366 Annex 01');
			-- Who has an account is of its unit unless the letter says that he moves; of others it says where they are (Art. 3.3).
			l.unit_id := CASE WHEN x.line ? 'unit' THEN dwh_internal.access_unit(x.line -> 'unit', v_letter_on, v_letter_on, v_on)
				WHEN l.account_kind <> 'mailbox' THEN dwh_internal.unit_on(a.home_unit_id, v_on) END;
			l.reason := coalesce(l.reason, CASE WHEN r.kind = 'takeover' THEN 'takeover' WHEN r.kind = 'change' THEN 'role_change' END);
			PERFORM dwh_internal.access_require(l.reason, format('line %s: reason', x.line_no), '893 Art. 15');
			IF NOT v_reasons ? l.reason THEN
				PERFORM dwh_internal.access_refuse(format('line %s: unknown reason "%s"', x.line_no, l.reason),
					'893 Art. 15: lần đầu, đổi vai trò, chuyển đơn vị | first joining, change of role, move.', 'Give one of dwh_catalog.access_reason.');
			END IF;
			IF l.account_kind <> 'outside' THEN
				PERFORM dwh_internal.access_require(l.email, format('line %s: email', x.line_no), '893 Art. 3.5');
			END IF;
			IF l.account_kind = 'outside' AND l.login_role IS NULL AND l.email IS NULL AND a.login_role IS NULL THEN
				PERFORM dwh_internal.access_require(NULL, format('line %s: login_role', x.line_no), '893 Art. 3.5');
			END IF;
			IF a.login_role IS NULL AND NOT dwh_internal.is_login_name(coalesce(l.login_role, lower(l.email))) OR l.login_role <> a.login_role THEN
				RAISE EXCEPTION 'line %: "%" cannot be a login name', x.line_no, coalesce(l.login_role, lower(l.email))
					USING ERRCODE = '22023', DETAIL = 'Small letters, digits and _ . @ + -, at most 63; not pg_ or dwh_, none or public; an account keeps the one it has.',
						HINT = 'Give login_role.';
			END IF;
			PERFORM dwh_internal.access_require(l.user_group_id::text, format('line %s: group', x.line_no), '893 Art. 17, 2366 Annex 01');
		END IF;

		-- Its path. Whether somebody leads a unit is asked where it makes a difference.
		v_role := x.role_name;
		IF l.action = 'revoke' AND v_role NOT IN ('dwh_central_admin', 'dwh_province_admin') THEN
			-- whoever takes the rights of people takes them all
			v_role := NULL;
		ELSIF l.action = 'revoke' AND v_role IS NULL THEN
			SELECT max(u.role_name) FILTER (WHERE u.role_name IN ('dwh_central_admin', 'dwh_province_admin')) INTO v_role
			FROM dwh_catalog.access_grant AS g JOIN dwh_catalog.user_group AS u USING (user_group_id)
			WHERE g.account_id = l.account_id AND g.revoked_at IS NULL AND coalesce(g.valid_to >= v_today, true);
		END IF;
		IF r.kind = 'emergency' THEN
			SELECT access_path_id INTO l.access_path_id FROM dwh_catalog.access_path AS p
			WHERE NOT p.can_grant AND p.valid_from <= v_today AND coalesce(p.valid_to >= v_today, true);
		ELSE
			v_side := dwh_internal.unit_side(l.unit_id);
			l.access_path_id := dwh_internal.find_access_path(l.account_kind, v_side, coalesce(v_side = ANY (v_leader_sides), true) AND (dwh_internal.is_leader(
				dwh_internal.line_person(l.account_kind, l.email, l.iam_subject, l.holder_email), l.full_name, l.unit_id, v_on)
				OR v_today <> v_on AND dwh_internal.is_leader(dwh_internal.line_person(l.account_kind, l.email, l.iam_subject, l.holder_email), l.full_name, l.unit_id,
					v_today)),
				coalesce(v_role, 'dwh_analyst'), v_on);
		END IF;
		IF l.access_path_id IS NULL THEN
			PERFORM dwh_internal.access_refuse(format('line %s: no path gives "%s" to %s', x.line_no, x.line ->> 'group', l.full_name),
				'893 Arts. 7.4, 17: nhóm này không cấp cho đối tượng này | the group is not for persons of this kind.',
				'dwh_catalog.access_path lists the paths.');
		END IF;
		-- A letter of the person's own unit says that its head assigns him; of a list that others put together the line names the paper.
		IF l.action <> 'revoke' AND NOT x.line ? 'assignment_no' AND (r.kind IN ('change', 'takeover')
			OR dwh_internal.is_unit_within(dwh_internal.unit_on(l.unit_id, v_on), dwh_internal.unit_on(r.from_unit_id, v_on)))
			AND l.access_path_id = ANY (v_assigned_paths)
		THEN
			l.assignment_no := r.letter_no;
		END IF;
		IF x.line ? 'scope_unit' THEN
			l.scope_unit_id := dwh_internal.access_unit(x.line -> 'scope_unit', v_letter_on, CASE l.action WHEN 'revoke' THEN '-infinity' ELSE v_letter_on END,
				v_today);
		ELSIF l.action <> 'revoke' THEN
			-- A person from outside and a central administrator see no rows by default; an administrator of a province administers all of it.
			l.scope_unit_id := CASE WHEN l.account_kind = 'outside' OR v_role = 'dwh_central_admin' THEN NULL
				WHEN v_role = 'dwh_province_admin' THEN dwh_internal.unit_top(l.unit_id)
				-- readers of every unit, where they are of the central side; in a province of units of the province
				WHEN v_role = 'dwh_national' AND v_side = 'central' THEN (SELECT u.unit_id FROM dwh_star.dim_unit AS u
					WHERE u.unit_id = ANY (dwh_internal.units_above(l.unit_id)) AND u.level = 'centre')
				ELSE l.unit_id END;
		END IF;

		IF l.action = 'revoke' AND r.kind <> 'emergency' AND NOT dwh_internal.is_unit_within(l.unit_id, dwh_internal.unit_on(r.from_unit_id, v_on))
			AND NOT dwh_internal.has_unit_function(r.from_unit_id, 'it_centre', r.letter_on)
			AND NOT (dwh_internal.unit_top_on(r.from_unit_id, v_on) = dwh_internal.unit_top_on(l.unit_id, v_on)
				AND dwh_internal.has_unit_function(r.from_unit_id, 'it_division', r.letter_on))
		THEN
			-- Taking away is never harder than giving.
			l.irregular := 'not sent by the unit of the person';
		END IF;
		v_lines := v_lines || l;
	END LOOP;

	INSERT INTO dwh_catalog.access_request_line (request_id, line_no, action, access_path_id, account_id, account_kind, full_name, title, email,
		iam_subject, login_role, employment_kind, holder_email, unit_id, user_group_id, from_group_id, scope_unit_id, subject_ids, reason,
		effective_on, valid_to, assignment_no, permission_no, irregular)
	SELECT n.request_id, n.line_no, n.action, n.access_path_id, n.account_id, n.account_kind, n.full_name, n.title, n.email,
		n.iam_subject, n.login_role, n.employment_kind, n.holder_email, n.unit_id, n.user_group_id, n.from_group_id, n.scope_unit_id,
		n.subject_ids, n.reason, n.effective_on, n.valid_to, n.assignment_no, n.permission_no, n.irregular
	FROM unnest(v_lines) AS n ORDER BY n.line_no;
	PERFORM dwh_internal.check_access_lines(ARRAY(SELECT n.request_line_id FROM dwh_catalog.access_request_line AS n
		WHERE n.request_id = p_request_id AND n.action <> 'revoke'));
	IF r.signed_by IS NOT NULL THEN
		PERFORM dwh_internal.take_letter_as_decision(p_request_id);
	END IF;
END
$$;
COMMENT ON FUNCTION dwh_internal.enter_access_lines(int, jsonb) IS 'Ghi và xét các dòng | Enters lines and judges them';

-- Enters a letter. Who may do so was asked before.
CREATE FUNCTION dwh_internal.enter_access_request(p_kind text, p_letter_no text, p_letter_on date, p_received_on date, p_from_unit int,
	p_lines jsonb, p_letter_sha256 text, p_signed_by int, p_submission_no text, p_submission_on date)
RETURNS int LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_today date := dwh.today();
	v_received_on date := coalesce(p_received_on, v_today);
	v_letter_on date := coalesce(p_letter_on, v_received_on);
	v_in_force date := dwh_internal.access_rules_from();
	t dwh_catalog.deadline;
	v_due_on date;
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
	-- Who used the system before the regulation is taken over, without a deadline that was none yet; nothing is granted by letters of then.
	IF v_received_on < v_in_force THEN
		IF p_kind <> 'takeover' THEN
			PERFORM dwh_internal.access_refuse(format('a letter of %s came before the regulation', v_received_on),
				format('893 Decision Art. 2: có hiệu lực từ ngày %1$s | it is in force from %1$s.', v_in_force),
				'Users of that time are taken over with kind takeover.');
		END IF;
		RAISE WARNING 'the letter of % came before the regulation, in force from %', v_received_on, v_in_force
			USING DETAIL = '893 Decision Art. 2: no deadline runs for it.';
	END IF;
	SELECT * INTO t FROM dwh_catalog.deadline WHERE source = '893 Art 17(5)' AND valid_from <= v_received_on
		AND coalesce(valid_to >= v_received_on, true);
	IF p_kind = 'emergency' THEN
		v_due_on := v_received_on;
	ELSIF v_received_on >= v_in_force THEN
		BEGIN
			-- counted from the day after, unless the day of receipt counts [own]
			v_due_on := dwh.add_working_days(v_received_on - dwh_internal.parameter('access_count_receipt_day')::boolean::int, coalesce(t.value_number, 0));
		EXCEPTION WHEN SQLSTATE 'WH103' THEN
			-- Taking away waits for no calendar.
			RAISE WARNING 'no deadline is counted for this letter: %', SQLERRM USING DETAIL = '893 Art. 17.5: 02 ngày làm việc | 2 working days.',
				HINT = 'Insert the holidays of that year into dwh_catalog.holiday.';
		END;
	END IF;
	INSERT INTO dwh_catalog.access_request (kind, letter_no, letter_on, received_on, from_unit_id, signed_by, letter_sha256, submission_no,
		submission_on, due_on, deadline_id, is_immediate, recorded_account_id)
	VALUES (p_kind, p_letter_no, v_letter_on, v_received_on, p_from_unit, p_signed_by, p_letter_sha256, p_submission_no, p_submission_on,
		v_due_on, t.deadline_id,
		p_kind IN ('transfer', 'emergency'), nullif(dwh.current_account(), 0))
	RETURNING request_id INTO v_id;
	PERFORM dwh_internal.enter_access_lines(v_id, p_lines);
	RETURN v_id;
END
$$;
COMMENT ON FUNCTION dwh_internal.enter_access_request(text, text, date, date, int, jsonb, text, int, text, date) IS
	'Vào sổ văn bản đề nghị | Enters a letter';

CREATE FUNCTION dwh_internal.refuse_province_line(p_line_no int)
RETURNS void LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM dwh_internal.access_refuse(format('line %s is not for an administrator of this province', p_line_no),
		'893 Arts. 6.3, 11.2, 13.1: quản trị tỉnh chỉ làm cho người sử dụng của tỉnh mình | '
		'an administrator of a province acts for users of that province only.', 'Send it to a central administrator.');
END
$$;
COMMENT ON FUNCTION dwh_internal.refuse_province_line(int) IS
	'Từ chối dòng không thuộc tỉnh của người gọi; trống: không từ chối | Refuses a line that is not of the caller''s province; NULL: refuses nothing';

-- Before a letter is looked at: an administrator of a province learns nothing of accounts elsewhere, not even whether there is one. Whom he
-- takes over from another unit, with reason unit_move, he must know by name.
CREATE FUNCTION dwh_internal.check_province_accounts(p_kind text, p_lines jsonb, p_unit_ids int[])
RETURNS void LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_line int;
BEGIN
	SELECT min(e.n) INTO v_line
	FROM jsonb_array_elements(CASE jsonb_typeof(p_lines) WHEN 'array' THEN p_lines END) WITH ORDINALITY AS e (line, n)
		LEFT JOIN dwh_catalog.account AS a ON lower(a.email) = lower(e.line ->> 'email') OR a.iam_subject = e.line ->> 'iam_subject'
	WHERE CASE WHEN a.account_id IS NULL THEN p_kind IN ('revoke', 'transfer')
		ELSE NOT coalesce(a.home_unit_id = ANY (p_unit_ids), false) AND (p_kind IN ('revoke', 'transfer')
			OR (e.line ->> 'reason') IS DISTINCT FROM 'unit_move' OR NOT coalesce(dwh_internal.is_same_name(a.full_name, e.line ->> 'full_name'), false)) END;
	PERFORM dwh_internal.refuse_province_line(v_line);
END
$$;
COMMENT ON FUNCTION dwh_internal.check_province_accounts(text, jsonb, int[]) IS
	'Quản trị tỉnh không biết được tài khoản của nơi khác | An administrator of a province learns nothing of accounts elsewhere';

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
	-- Who has gone to another province since is no matter of this one.
	SELECT l.line_no INTO v_line FROM dwh_catalog.access_request_line AS l JOIN dwh_catalog.access_path AS p USING (access_path_id)
		LEFT JOIN dwh_catalog.account AS a ON a.account_id = l.account_id AND l.action = 'revoke'
	WHERE l.request_id = p_request_id AND NOT ('dwh_province_admin' = ANY (p.applied_by)
		AND coalesce(coalesce(a.home_unit_id, l.unit_id) = ANY (c.unit_ids), false))
	ORDER BY l.line_no LIMIT 1;
	PERFORM dwh_internal.refuse_province_line(v_line);
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
	ELSIF p_kind = 'takeover' AND dwh_internal.parameter('takeover_until')::date < dwh.today() THEN
		PERFORM dwh_internal.access_refuse(format('users that existed at go-live were taken over until %s', dwh_internal.parameter('takeover_until')),
			'893 Arts. 6, 17 [own]: sau ngày đó cấp quyền theo quy trình | from then on access is granted by the paths.', 'Use kind grant.');
	END IF;
	IF NOT c.is_central THEN
		PERFORM dwh_internal.check_province_accounts(p_kind, p_lines, c.unit_ids);
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

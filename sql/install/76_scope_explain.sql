-- Who could see what, and by which grant; grants of ended units issued anew. See src/scope/explain.c, which asks for the caller's
-- right and then runs the inner functions here as dwh_owner.
CREATE FUNCTION dwh_internal.covered_units(p_unit_ids int[], p_on date)
RETURNS int[] LANGUAGE c STABLE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_covered_units';
COMMENT ON FUNCTION dwh_internal.covered_units(int[], date) IS
	'Các đơn vị mà những đơn vị phạm vi này bao gồm vào ngày đó | What these scope units cover on that day';

-- The provinces that an administrator of provinces administers now.
CREATE FUNCTION dwh_internal.administered_units(p_account_id int)
RETURNS int[] LANGUAGE plpgsql STABLE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN dwh_internal.covered_units(coalesce(array_agg(g.scope_unit_id), '{}'), dwh.today())
	FROM dwh_catalog.access_grant AS g JOIN dwh_catalog.user_group AS u USING (user_group_id)
	WHERE g.account_id = p_account_id AND u.role_name = 'dwh_province_admin' AND g.scope_unit_id IS NOT NULL
		AND g.valid_from <= dwh.today() AND coalesce(g.valid_to >= dwh.today(), true) AND g.revoked_at IS NULL;
END
$$;
COMMENT ON FUNCTION dwh_internal.administered_units(int) IS
	'Các đơn vị mà tài khoản đang quản trị cấp tỉnh | The units that an account administers as an administrator of a province';

CREATE FUNCTION dwh_internal.administers_account(p_administrator int, p_account_id int)
RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN coalesce((SELECT a.home_unit_id = ANY (dwh_internal.administered_units(p_administrator))
		FROM dwh_catalog.account AS a WHERE a.account_id = p_account_id), false);
END
$$;
COMMENT ON FUNCTION dwh_internal.administers_account(int, int) IS
	'Tài khoản có đơn vị công tác thuộc tỉnh của người quản trị hay không | Whether the account''s home unit lies in the administrator''s province';

-- The grants of an account (NULL: of all) on a day, and what became of each. Whether an account is enabled is known for now only.
CREATE FUNCTION dwh_internal.grant_states(p_account_id int, p_on date)
RETURNS TABLE (grant_id int, account_id int, user_group_id int, scope_unit_id int, subject_ids int[], state text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_zone text := (SELECT w.time_zone FROM dwh_catalog.warehouse AS w);
BEGIN
	RETURN QUERY
	SELECT g.grant_id, g.account_id, g.user_group_id, g.scope_unit_id,
		ARRAY(SELECT s.subject_id FROM dwh_catalog.user_group_subject AS s
			WHERE s.user_group_id = g.user_group_id AND (g.subject_scope = 'group' OR EXISTS (
				SELECT FROM dwh_catalog.access_grant_subject AS l WHERE l.grant_id = g.grant_id AND l.subject_id = s.subject_id))
			ORDER BY s.subject_id),
		CASE
			WHEN p_on < g.valid_from THEN 'not_begun'
			WHEN p_on < (g.granted_at AT TIME ZONE v_zone)::date THEN 'not_granted_yet'
			WHEN (g.revoked_at AT TIME ZONE v_zone)::date <= p_on THEN 'revoked'
			WHEN g.valid_to < p_on THEN 'expired'
			WHEN p_on < a.valid_from OR a.valid_to < p_on THEN 'account_not_valid'
			WHEN NOT a.is_enabled AND p_on >= dwh.today() THEN 'account_disabled'
			WHEN u.unit_id IS NULL THEN 'no_unit'
			WHEN p_on < u.valid_from THEN 'unit_not_begun'
			WHEN u.valid_to < p_on THEN 'unit_ended'
			ELSE 'in_force'
		END
	FROM dwh_catalog.access_grant AS g
	JOIN dwh_catalog.account AS a ON a.account_id = g.account_id
	LEFT JOIN dwh_star.dim_unit AS u ON u.unit_id = g.scope_unit_id
	WHERE g.account_id = p_account_id OR p_account_id IS NULL;
END
$$;
COMMENT ON FUNCTION dwh_internal.grant_states(int, date) IS
	'Các quyền vào một ngày và tình trạng từng quyền | Grants on a day and the state of each';

CREATE FUNCTION dwh_internal.explain_scope(p_account_id int, p_on date)
RETURNS TABLE (grant_id int, login_role text, group_code text, unit_id int, unit_code text, unit_name text, subjects text[],
	unit_ids int[], valid_from date, valid_to date, decision_no text, granted_at timestamptz, granted_by text, revoked_at timestamptz,
	state text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN QUERY
	SELECT g.grant_id, a.login_role, ug.code, s.scope_unit_id, u.code, u.name_vi,
		ARRAY(SELECT j.code FROM dwh_catalog.subject AS j WHERE j.subject_id = ANY (s.subject_ids) ORDER BY j.subject_id),
		CASE WHEN s.state IN ('in_force', 'unit_ended', 'unit_not_begun')
			THEN dwh_internal.covered_units(ARRAY[s.scope_unit_id], p_on) ELSE '{}' END,
		g.valid_from, g.valid_to, g.decision_no, g.granted_at, g.granted_by, g.revoked_at, s.state
	FROM dwh_internal.grant_states(p_account_id, p_on) AS s
	JOIN dwh_catalog.access_grant AS g ON g.grant_id = s.grant_id
	JOIN dwh_catalog.account AS a ON a.account_id = s.account_id
	JOIN dwh_catalog.user_group AS ug ON ug.user_group_id = s.user_group_id
	LEFT JOIN dwh_star.dim_unit AS u ON u.unit_id = s.scope_unit_id
	ORDER BY g.grant_id;
END
$$;
COMMENT ON FUNCTION dwh_internal.explain_scope(int, date) IS 'Phần thân của dwh.explain_scope() | What dwh.explain_scope() runs';

-- p_administrator NULL: whoever asks sees all names; else those of the accounts of this administrator's province.
CREATE FUNCTION dwh_internal.list_viewers(p_unit_id int, p_subject_id int, p_on date, p_administrator int)
RETURNS TABLE (account_id int, email text, full_name text, login_role text, home_unit_id int, grant_id int, group_code text,
	scope_unit_id int, decision_no text, state text, revoked_at timestamptz)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_own int[] := dwh_internal.administered_units(p_administrator);
BEGIN
	RETURN QUERY
	WITH seen AS MATERIALIZED (
		SELECT s.* FROM dwh_internal.grant_states(NULL, p_on) AS s
		WHERE s.scope_unit_id IS NOT NULL AND p_subject_id = ANY (s.subject_ids) AND (s.state IN ('in_force', 'unit_ended', 'unit_not_begun')
			-- taken away in the course of the day
			OR s.state = 'revoked' AND EXISTS (SELECT FROM dwh_catalog.access_grant AS r WHERE r.grant_id = s.grant_id
				AND (r.revoked_at AT TIME ZONE (SELECT w.time_zone FROM dwh_catalog.warehouse AS w))::date = p_on))),
	covering AS MATERIALIZED (
		SELECT d.scope_unit_id FROM (SELECT DISTINCT x.scope_unit_id FROM seen AS x) AS d
		WHERE p_unit_id = ANY (dwh_internal.covered_units(ARRAY[d.scope_unit_id], p_on)))
	SELECT CASE WHEN n.is_named THEN a.account_id END, CASE WHEN n.is_named THEN a.email END, CASE WHEN n.is_named THEN a.full_name END,
		CASE WHEN n.is_named THEN a.login_role END, a.home_unit_id, s.grant_id, ug.code, s.scope_unit_id, g.decision_no, s.state, g.revoked_at
	FROM seen AS s
	JOIN covering AS c ON c.scope_unit_id = s.scope_unit_id
	JOIN dwh_catalog.access_grant AS g ON g.grant_id = s.grant_id
	JOIN dwh_catalog.account AS a ON a.account_id = s.account_id
	JOIN dwh_catalog.user_group AS ug ON ug.user_group_id = s.user_group_id
	CROSS JOIN LATERAL (SELECT p_administrator IS NULL OR coalesce(a.home_unit_id = ANY (v_own), false)) AS n (is_named)
	ORDER BY a.account_id, s.grant_id;
END
$$;
COMMENT ON FUNCTION dwh_internal.list_viewers(int, int, date, int) IS 'Phần thân của dwh.list_viewers() | What dwh.list_viewers() runs';

-- The line of the request that a grant is issued anew by: whose it is, on which path, who decides. Refuses where the office holder does not
-- decide on it; on a change of units the sector's leadership may decide for everybody [own].
CREATE FUNCTION dwh_internal.reassignment_line(g record, p_unit_id int, p_decided_by int, p_decision_no text, p_decided_on date)
RETURNS record LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	a	dwh_catalog.account;
	m	dwh_catalog.mailbox_holder;
	h	dwh_catalog.office_holder;
	p	dwh_catalog.access_path;
	l	dwh_catalog.access_request_line;
	v_why text;
BEGIN
	SELECT * INTO a FROM dwh_catalog.account WHERE account_id = g.account_id;
	SELECT * INTO m FROM dwh_catalog.mailbox_holder WHERE account_id = g.account_id AND ended_at IS NULL;
	SELECT * INTO h FROM dwh_catalog.office_holder WHERE office_holder_id = p_decided_by;
	l.action := 'change';
	l.account_id := a.account_id; l.account_kind := a.kind; l.full_name := coalesce(m.person_name, a.full_name); l.email := a.email;
	l.iam_subject := a.iam_subject; l.login_role := a.login_role; l.holder_email := m.email; l.title := m.title;
	-- whose own unit has ended is now of the new one
	l.unit_id := coalesce((SELECT u.unit_id FROM dwh_star.dim_unit AS u WHERE u.unit_id = a.home_unit_id
		AND coalesce(u.valid_to >= dwh.today(), true)), p_unit_id);
	l.user_group_id := g.user_group_id; l.scope_unit_id := p_unit_id; l.reason := 'unit_move'; l.valid_to := g.valid_to;
	l.subject_ids := CASE WHEN g.subject_scope = 'listed' THEN ARRAY(SELECT s.subject_id FROM dwh_catalog.access_grant_subject AS s
		WHERE s.grant_id = g.grant_id ORDER BY s.subject_id) END;
	l.access_path_id := dwh_internal.find_access_path(l.account_kind, dwh_internal.unit_side(l.unit_id), dwh_internal.is_leader(
		dwh_internal.line_person(l.account_kind, l.email, l.iam_subject, l.holder_email), l.full_name, l.unit_id, p_decided_on),
		(SELECT u.role_name FROM dwh_catalog.user_group AS u WHERE u.user_group_id = g.user_group_id), p_decided_on);
	SELECT * INTO p FROM dwh_catalog.access_path WHERE access_path_id = l.access_path_id;
	v_why := CASE WHEN p.access_path_id IS NULL THEN 'no path gives it on that day'
		ELSE dwh_internal.judge_decider(l, p, p_decided_by, h, true, p_decided_on) END;
	IF v_why IS NOT NULL THEN
		PERFORM dwh_internal.access_refuse(format('grant %s: %s', g.grant_id, v_why), coalesce(p.decided_article, '893 Art. 17')
			|| ': không đúng thẩm quyền | not the one who decides.',
			'dwh_catalog.access_path says who decides on each path; the sector''s leadership may decide on a change of units.');
	END IF;
	l.state := 'applied'; l.decided_by := p_decided_by; l.decided_on := p_decided_on; l.decision_no := p_decision_no;
	l.decision_recorded_at := now(); l.decision_recorded_by := session_user;
	RETURN l;
END
$$;
COMMENT ON FUNCTION dwh_internal.reassignment_line(record, int, int, text, date) IS
	'Dòng đề nghị cấp lại một quyền cho đơn vị kế thừa | The line by which a grant is issued anew on a successor';

-- The request that the decision stands for, so that what follows has its lines and notices.
CREATE FUNCTION dwh_internal.open_reassignment(p_unit_id int, p_decided_by int, p_decision_no text, p_decided_on date)
RETURNS int LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	c record := dwh_internal.access_caller();
	v_id int;
BEGIN
	INSERT INTO dwh_catalog.access_request (kind, letter_no, letter_on, received_on, from_unit_id, signed_by, state, recorded_account_id,
		applied_at, applied_by, applied_account_id, applied_person)
	VALUES ('change', p_decision_no, p_decided_on, dwh.today(), p_unit_id, p_decided_by, 'applied', c.account_id, now(), session_user,
		c.account_id, (SELECT coalesce((SELECT h.person_name FROM dwh_catalog.mailbox_holder AS h
			WHERE h.account_id = a.account_id AND h.ended_at IS NULL), a.full_name) FROM dwh_catalog.account AS a WHERE a.account_id = c.account_id))
	RETURNING request_id INTO v_id;
	RETURN v_id;
END
$$;
COMMENT ON FUNCTION dwh_internal.open_reassignment(int, int, text, date) IS
	'Đề nghị ghi lại quyết định cấp lại quyền | The request that a decision to issue grants anew is recorded as';

-- p_administrator NULL: the grants of all accounts; else those of this administrator's province. Never an administrator's, which have a
-- letter and an assignment of their own, nor the caller's: nobody gives himself another unit.
CREATE FUNCTION dwh_internal.reassign_unit(p_old int, p_new int, p_on date, p_decision_no text, p_decided_by int, p_decided_on date,
	p_administrator int)
RETURNS int LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_today		date := dwh.today();
	v_start		date := greatest(p_on, v_today);
	v_decided_on date := coalesce(p_decided_on, v_today);
	v_caller	text := (dwh_internal.access_caller()).person;
	v_own		int[] := dwh_internal.administered_units(p_administrator);
	v_new		dwh_star.dim_unit;
	v_old		dwh_star.dim_unit;
	v_grant		dwh_catalog.access_grant;
	l			dwh_catalog.access_request_line;
	v_request	int;
	v_new_id	int;
	v_next		date;
	v_count		int := 0;
BEGIN
	SELECT * INTO v_old FROM dwh_star.dim_unit WHERE unit_id = p_old;
	SELECT * INTO v_new FROM dwh_star.dim_unit WHERE unit_id = p_new;
	IF v_old.unit_id IS NULL OR v_new.unit_id IS NULL THEN
		RAISE undefined_object USING MESSAGE = format('unit %s does not exist', CASE WHEN v_old.unit_id IS NULL THEN p_old ELSE p_new END),
			HINT = 'dwh.get_unit(code, day) finds the unit_id of a code.';
	END IF;
	IF NOT coalesce(v_old.valid_to < v_start, false) THEN
		RAISE invalid_parameter_value USING MESSAGE = format('unit %s has not ended on %s', p_old, v_start),
			DETAIL = 'Only the grants of an ended unit are issued anew.', HINT = 'Give dim_unit.valid_to of the unit first.';
	END IF;
	IF v_start < v_new.valid_from OR v_new.valid_to < v_start THEN
		RAISE invalid_parameter_value USING MESSAGE = format('unit %s is not open on %s', p_new, v_start),
			HINT = 'Name the unit that is in charge on that day.';
	END IF;
	IF p_new NOT IN (
		WITH RECURSIVE after (unit_id) AS (
			SELECT p_old
			UNION
			SELECT s.successor_unit_id FROM dwh_catalog.unit_succession AS s JOIN after AS a ON a.unit_id = s.predecessor_unit_id
			WHERE s.effective_on <= v_start)
		SELECT a.unit_id FROM after AS a WHERE a.unit_id <> p_old) THEN
		RAISE invalid_parameter_value USING MESSAGE = format('unit %s is no successor of unit %s', p_new, p_old),
			HINT = 'dwh.list_successors(unit_id) shows what it became.';
	END IF;
	IF v_decided_on > v_today OR NOT dwh_internal.holds_office(p_decided_by, v_decided_on) THEN
		PERFORM dwh_internal.access_refuse(format('office holder %s held no office on %s, or the decision is of a later day', p_decided_by, v_decided_on),
			'893 Art. 6: quyền cấp theo quyết định của người có thẩm quyền | rights are given by a decision of who holds the office.',
			'dwh.list_office_holders() gives the numbers; p_decided_on is the day of the decision.');
	END IF;
	FOR v_grant IN
		SELECT g.* FROM dwh_catalog.access_grant AS g
		JOIN dwh_catalog.account AS a USING (account_id)
		JOIN dwh_catalog.user_group AS u USING (user_group_id)
		WHERE g.scope_unit_id = p_old AND g.revoked_at IS NULL AND coalesce(g.valid_to >= v_start, true)
			AND u.role_name NOT IN ('dwh_central_admin', 'dwh_province_admin')
			AND NOT coalesce(dwh_internal.account_person(g.account_id) = v_caller, false)
			AND (p_administrator IS NULL OR coalesce(a.home_unit_id = ANY (v_own), false))
		ORDER BY g.grant_id
		FOR UPDATE OF g
	LOOP
		l := dwh_internal.reassignment_line(v_grant, p_new, p_decided_by, p_decision_no, v_decided_on);
		v_request := coalesce(v_request, dwh_internal.open_reassignment(p_new, p_decided_by, p_decision_no, v_decided_on));
		v_count := v_count + 1;
		INSERT INTO dwh_catalog.access_request_line (request_id, line_no, action, access_path_id, account_id, account_kind, full_name, title,
			email, iam_subject, login_role, holder_email, unit_id, user_group_id, scope_unit_id, subject_ids, reason, effective_on, valid_to,
			state, decided_by, decided_on, decision_no, decision_recorded_at, decision_recorded_by, decision_recorded_account_id)
		SELECT v_request, v_count, l.action, l.access_path_id, l.account_id, l.account_kind, l.full_name, l.title,
			l.email, l.iam_subject, l.login_role, l.holder_email, l.unit_id, l.user_group_id, l.scope_unit_id, l.subject_ids, l.reason, v_start,
			l.valid_to, l.state, l.decided_by, l.decided_on, l.decision_no, l.decision_recorded_at, l.decision_recorded_by, r.recorded_account_id
		FROM dwh_catalog.access_request AS r WHERE r.request_id = v_request
		RETURNING request_line_id INTO l.request_line_id;
		-- What begins later leaves the old right until the day before; what is due now takes it at once.
		UPDATE dwh_catalog.access_grant SET valid_to = greatest(CASE WHEN v_start > v_today THEN v_start - 1 ELSE v_today END, valid_from - 1),
			revoked_at = CASE WHEN v_start = v_today THEN now() END, revoked_by = session_user, revoke_line_id = l.request_line_id,
			revoke_reason = format('unit %s takes over from unit %s', p_new, p_old)
		WHERE grant_id = v_grant.grant_id RETURNING valid_to INTO v_grant.valid_to;
		INSERT INTO dwh_catalog.access_revocation (grant_id, request_line_id, valid_to) VALUES (v_grant.grant_id, l.request_line_id, v_grant.valid_to);
		PERFORM dwh_internal.log_access('revoke_access', ARRAY[v_grant.grant_id], ARRAY[l.request_line_id]);
		-- An open right on the new unit that is there already is not given twice; one that begins later ends the gap before it.
		v_next := NULL;
		IF v_grant.subject_scope = 'group' THEN
			SELECT min(g.valid_from) INTO v_next FROM dwh_catalog.access_grant AS g
			WHERE g.account_id = v_grant.account_id AND g.user_group_id = v_grant.user_group_id AND g.scope_unit_id = p_new
				AND g.subject_scope = 'group' AND g.valid_to IS NULL;
		END IF;
		IF v_next IS NULL OR v_next > greatest(v_start, v_grant.valid_from) THEN
			INSERT INTO dwh_catalog.access_grant (account_id, user_group_id, scope_unit_id, subject_scope, valid_from, valid_to,
				request_line_id, decision_no)
			VALUES (v_grant.account_id, v_grant.user_group_id, p_new, v_grant.subject_scope, greatest(v_start, v_grant.valid_from),
				least(l.valid_to, v_next - 1), l.request_line_id, p_decision_no)
			RETURNING grant_id INTO v_new_id;
			INSERT INTO dwh_catalog.access_grant_subject (grant_id, subject_id)
			SELECT v_new_id, s.subject_id FROM dwh_catalog.access_grant_subject AS s WHERE s.grant_id = v_grant.grant_id;
			PERFORM dwh_internal.log_access('grant_access', ARRAY[v_new_id], ARRAY[l.request_line_id]);
		END IF;
	END LOOP;
	PERFORM dwh_internal.audit_append('reassign_unit', format('%s to %s', p_old, p_new), 'done',
		jsonb_strip_nulls(jsonb_build_object('decision_no', p_decision_no, 'decided_by', (SELECT h.person_name FROM dwh_catalog.office_holder AS h
			WHERE h.office_holder_id = p_decided_by), 'decided_on', v_decided_on, 'request', v_request, 'on', v_start, 'grants', v_count)));
	RETURN v_count;
END
$$;
COMMENT ON FUNCTION dwh_internal.reassign_unit(int, int, date, text, int, date, int) IS 'Phần thân của dwh.reassign_unit() | What dwh.reassign_unit() runs';

CREATE FUNCTION dwh.explain_scope(
	p_email				text,
	p_on				date DEFAULT NULL,
	OUT grant_id		int,
	OUT login_role		text,
	OUT group_code		text,
	OUT unit_id			int,
	OUT unit_code		text,
	OUT unit_name		text,
	OUT subjects		text[],
	OUT unit_ids		int[],
	OUT valid_from		date,
	OUT valid_to		date,
	OUT decision_no		text,
	OUT granted_at		timestamptz,
	OUT granted_by		text,
	OUT revoked_at		timestamptz,
	OUT state			text)
RETURNS SETOF record LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_explain_scope';
COMMENT ON FUNCTION dwh.explain_scope(text, date) IS
	'Người này vào ngày đó xem được gì và theo quyền nào | What a person could see on a day, and by which grant';

CREATE FUNCTION dwh.list_viewers(
	p_unit_id			int,
	p_subject			text,
	p_on				date DEFAULT NULL,
	OUT account_id		int,
	OUT email			text,
	OUT full_name		text,
	OUT login_role		text,
	OUT home_unit_id	int,
	OUT grant_id		int,
	OUT group_code		text,
	OUT scope_unit_id	int,
	OUT decision_no		text,
	OUT state			text,
	OUT revoked_at		timestamptz)
RETURNS SETOF record LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_list_viewers';
COMMENT ON FUNCTION dwh.list_viewers(int, text, date) IS
	'Ai vào ngày đó xem được dòng của đơn vị trong chủ đề | Who could see the unit''s rows of a subject on a day';

CREATE FUNCTION dwh.reassign_unit(p_old int, p_new int, p_on date, p_decision_no text, p_decided_by int, p_decided_on date DEFAULT NULL)
RETURNS int LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_reassign_unit';
COMMENT ON FUNCTION dwh.reassign_unit(int, int, date, text, int, date) IS
	'Cấp lại quyền của một đơn vị đã kết thúc cho đơn vị kế thừa theo một quyết định; trả về số quyền | '
	'Issues the grants of an ended unit anew on its successor under one decision; returns how many';

-- Deciding and applying (893 Arts. 6, 10-18). Who decides and who applies are two recorded facts; nobody does either for himself.

-- Refuses a recorder or an applier who is the person that a line gives something to. His own rights anyone may give up.
CREATE FUNCTION dwh_internal.check_not_own(l record, p_person text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF l.action <> 'revoke' AND dwh_internal.line_person(l.account_kind, l.email, l.iam_subject, l.holder_email) = p_person THEN
		PERFORM dwh_internal.access_refuse(format('line %s is the caller''s own', l.line_no),
			'893 Arts. 7.4, 12.3 [own]: không ai tự cấp quyền cho mình | nobody decides on or applies access for himself.',
			'Another administrator does it.');
	END IF;
END
$$;
COMMENT ON FUNCTION dwh_internal.check_not_own(record, text) IS 'Không ai tự cấp quyền cho mình | Nobody gives access to himself';

CREATE FUNCTION dwh_internal.lock_access_request(p_request_id int)
RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	r dwh_catalog.access_request;
BEGIN
	-- Of two who come at the same time the second finds what the first has done.
	SELECT * INTO r FROM dwh_catalog.access_request WHERE request_id = p_request_id FOR UPDATE;
	IF r.request_id IS NULL THEN
		RAISE EXCEPTION 'there is no request %', coalesce(p_request_id::text, 'NULL') USING ERRCODE = '42704',
			HINT = 'dwh.request_access() gives the number.';
	ELSIF r.state <> 'open' THEN
		RAISE EXCEPTION 'request % is closed', p_request_id USING ERRCODE = '55000',
			DETAIL = CASE r.state WHEN 'applied' THEN format('It was applied at %s by %s.', r.applied_at, coalesce(r.applied_person, r.applied_by))
				ELSE 'Every line of it was refused.' END,
			HINT = 'What is to be done now needs a letter of its own.';
	END IF;
END
$$;
COMMENT ON FUNCTION dwh_internal.lock_access_request(int) IS 'Giữ một đề nghị còn mở | Locks a request that is open';

-- Deciding --------------------------------------------------------------------------------------------------------------

-- Records the decision on lines of a request; who calls was asked before. How many lines.
CREATE FUNCTION dwh_internal.record_decision(p_request_id int, p_is_approved boolean, p_decided_by int, p_decision_no text, p_decided_on date,
	p_line_nos int[], p_reason text, p_submission_no text, p_submission_on date)
RETURNS int LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_today date := dwh.today();
	v_on date := coalesce(p_decided_on, v_today);
	c record := dwh_internal.access_caller();
	r dwh_catalog.access_request;
	h dwh_catalog.office_holder;
	x record;
	l dwh_catalog.access_request_line;
	p dwh_catalog.access_path;
	v_missing text;
	v_why text;
	v_lines int[] := '{}';
	v_whys text[] := '{}';
BEGIN
	PERFORM dwh_internal.access_require(p_decision_no, 'decision_no', '893 Art. 6');
	IF p_is_approved IS NULL THEN
		PERFORM dwh_internal.access_require(NULL, 'approved', '893 Art. 6');
	ELSIF NOT p_is_approved THEN
		PERFORM dwh_internal.access_require(p_reason, 'reason', '893 Art. 6');
	END IF;
	-- The first submission is the request's; lines that were decided on another keep theirs.
	UPDATE dwh_catalog.access_request SET submission_no = p_submission_no, submission_on = p_submission_on
	WHERE request_id = p_request_id AND p_submission_no IS NOT NULL AND (submission_no IS NULL OR NOT EXISTS (
		SELECT FROM dwh_catalog.access_request_line AS n WHERE n.request_id = p_request_id AND n.decided_on IS NOT NULL));
	SELECT * INTO r FROM dwh_catalog.access_request WHERE request_id = p_request_id;
	IF p_submission_no IS NOT NULL THEN
		r.submission_no := p_submission_no;
		r.submission_on := p_submission_on;
	END IF;
	IF v_on > v_today OR v_on < r.letter_on OR v_on < r.submission_on OR r.submission_on < r.letter_on THEN
		PERFORM dwh_internal.access_refuse(format('a decision of %s is out of order', v_on), format('893 Art. 17: văn bản %s, tờ trình %s, hôm nay %s | '
			'letter, submission, decision follow each other, up to today.', r.letter_on, coalesce(r.submission_on::text, '-'), v_today),
			'Correct the dates.');
	END IF;
	-- What was approved and has not been applied is taken back by a later decision that names the line.
	SELECT string_agg(n::text, ', ') INTO v_missing FROM unnest(p_line_nos) AS n WHERE NOT EXISTS (
		SELECT FROM dwh_catalog.access_request_line AS i WHERE i.request_id = p_request_id AND i.line_no = n
			AND (i.state = 'open' OR i.state = 'approved' AND NOT p_is_approved AND i.decided_on <= v_on));
	IF v_missing IS NOT NULL THEN
		RAISE EXCEPTION 'lines % are not open', v_missing USING ERRCODE = '55000',
			DETAIL = 'A decision is recorded once; a later one can only take back what has not been applied.',
			HINT = 'Leave p_line_nos out to decide on all open lines.';
	END IF;
	SELECT * INTO h FROM dwh_catalog.office_holder WHERE office_holder_id = p_decided_by;
	FOR x IN
		SELECT n AS line, t AS path
		FROM dwh_catalog.access_request_line AS n JOIN dwh_catalog.access_path AS t USING (access_path_id)
		WHERE n.request_id = p_request_id AND CASE WHEN p_line_nos IS NULL THEN n.state = 'open' ELSE n.line_no = ANY (p_line_nos) END
		ORDER BY n.line_no
	LOOP
		l := x.line; p := x.path;
		PERFORM dwh_internal.check_not_own(l, c.person);
		IF p.needs_submission AND r.submission_no IS NULL AND l.action <> 'revoke' AND r.kind <> 'takeover' AND l.state = 'open' THEN
			PERFORM dwh_internal.access_refuse(format('line %s was not submitted by the IT division', l.line_no),
				p.article || ': bộ phận CNTT tổng hợp, trình trước khi quyết định | the IT division consolidates before the leadership decides.',
				'Give submission_no and submission_on.');
		END IF;
		v_why := dwh_internal.judge_decider(l, p, p_decided_by, h, r.kind = 'takeover', v_on);
		IF v_why IS NOT NULL AND (l.action <> 'revoke' OR h.office_holder_id IS NULL) THEN
			PERFORM dwh_internal.access_refuse(format('line %s: %s', l.line_no, v_why), p.decided_article
				|| ': không đúng thẩm quyền | not the one who decides.', 'dwh_catalog.access_path says who decides on each path.');
		END IF;
		v_lines := v_lines || l.request_line_id;
		v_whys := v_whys || v_why;
	END LOOP;
	IF v_lines = '{}' THEN
		RAISE EXCEPTION 'request % has no open line', p_request_id USING ERRCODE = '55000', DETAIL = 'All of them are decided on.',
			HINT = 'dwh.apply_access() applies it.';
	END IF;
	UPDATE dwh_catalog.access_request_line AS n SET state = CASE WHEN p_is_approved THEN 'approved' ELSE 'refused' END,
		irregular = nullif(concat_ws('; ', n.irregular, w.why), ''), decided_by = p_decided_by, decided_on = v_on, decision_no = p_decision_no,
		decision_reason = CASE WHEN n.state = 'approved' THEN format('%s (%s, %s)', p_reason, n.decision_no, n.decided_on) ELSE p_reason END,
		submission_no = CASE WHEN n.state = 'open' THEN r.submission_no ELSE n.submission_no END,
		submission_on = CASE WHEN n.state = 'open' THEN r.submission_on ELSE n.submission_on END,
		decision_recorded_at = clock_timestamp(), decision_recorded_by = session_user, decision_recorded_account_id = c.account_id
	FROM unnest(v_lines, v_whys) AS w (request_line_id, why) WHERE n.request_line_id = w.request_line_id;
	UPDATE dwh_catalog.access_request SET state = 'refused' WHERE request_id = p_request_id AND NOT EXISTS (
		SELECT FROM dwh_catalog.access_request_line WHERE request_id = p_request_id AND state <> 'refused');
	RETURN cardinality(v_lines);
END
$$;
COMMENT ON FUNCTION dwh_internal.record_decision(int, boolean, int, text, date, int[], text, text, date) IS
	'Ghi quyết định | Records a decision';

CREATE FUNCTION dwh_internal.decide_access(p_request int, p_approved boolean, p_decided_by int, p_decision_no text, p_decided_on date,
	p_line_nos int[], p_reason text, p_submission_no text, p_submission_on date)
RETURNS int LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM dwh_internal.check_access_office(p_request);
	PERFORM dwh_internal.lock_access_request(p_request);
	RETURN dwh_internal.record_decision(p_request, p_approved, p_decided_by, p_decision_no, p_decided_on, p_line_nos, p_reason, p_submission_no,
		p_submission_on);
END
$$;
COMMENT ON FUNCTION dwh_internal.decide_access(int, boolean, int, text, date, int[], text, text, date) IS
	'Xem dwh.decide_access | See dwh.decide_access';

CREATE FUNCTION dwh.decide_access(p_request int, p_approved boolean, p_decided_by int, p_decision_no text, p_decided_on date DEFAULT NULL,
	p_line_nos int[] DEFAULT NULL, p_reason text DEFAULT NULL, p_submission_no text DEFAULT NULL, p_submission_on date DEFAULT NULL)
RETURNS int LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_access_act';
COMMENT ON FUNCTION dwh.decide_access(int, boolean, int, text, date, int[], text, text, date) IS
	'Ghi quyết định của người có thẩm quyền về các dòng của đề nghị; trả về số dòng | '
	'Records the decision of an office holder on lines of a request; returns how many';

-- Applying --------------------------------------------------------------------------------------------------------------

-- Appends an event for each grant, with the line of the same place that gave or took it.
CREATE FUNCTION dwh_internal.log_access(p_action text, p_grant_ids int[], p_line_ids int[])
RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM dwh_internal.audit_append_all(p_action, array_agg(e.grant_id::text ORDER BY e.n), array_agg(e.detail ORDER BY e.n)) FROM (
		SELECT i.n, i.grant_id,
			jsonb_strip_nulls(jsonb_build_object('request', l.request_id, 'line', l.line_no, 'account', g.account_id, 'group', u.code,
			'unit', g.scope_unit_id, 'path', p.code, 'reason', l.reason, 'decision_no', l.decision_no, 'decided_by', h.person_name,
			'decided_on', l.decided_on, 'valid_from', g.valid_from, 'valid_to', g.valid_to, 'irregular', l.irregular)) AS detail
		FROM unnest(p_grant_ids, p_line_ids) WITH ORDINALITY AS i (grant_id, line_id, n)
			JOIN dwh_catalog.access_grant AS g ON g.grant_id = i.grant_id JOIN dwh_catalog.user_group AS u USING (user_group_id)
			JOIN dwh_catalog.access_request_line AS l ON l.request_line_id = i.line_id JOIN dwh_catalog.access_path AS p USING (access_path_id)
			LEFT JOIN dwh_catalog.office_holder AS h ON h.office_holder_id = l.decided_by) AS e;
END
$$;
COMMENT ON FUNCTION dwh_internal.log_access(text, int[], int[]) IS 'Ghi các sự kiện cấp, thu hồi | Appends events of granting or revoking';

-- Ends live grants of an account: of one group or of all, on one unit or on all, given by a moment or ever; from a later day on, or now. How
-- many.
CREATE FUNCTION dwh_internal.close_grants(p_line_id int, p_account_id int, p_group_id int, p_scope_unit_id int, p_effective_on date,
	p_given_before timestamptz DEFAULT NULL)
RETURNS int LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_today date := dwh.today();
	v_is_later boolean := coalesce(p_effective_on > v_today, false);
	v_reason text := (SELECT reason FROM dwh_catalog.access_request_line WHERE request_line_id = p_line_id);
	v_id int;
	v_valid_to date;
	v_count int := 0;
BEGIN
	FOR v_id IN
		SELECT g.grant_id FROM dwh_catalog.access_grant AS g
		WHERE g.account_id = p_account_id AND g.revoked_at IS NULL AND coalesce(g.valid_to >= v_today, true)
			AND (p_group_id IS NULL OR g.user_group_id = p_group_id)
			-- also on what went into that unit; a right without unit is none on it
			AND (p_scope_unit_id IS NULL OR g.scope_unit_id = p_scope_unit_id OR dwh_internal.unit_on(g.scope_unit_id, v_today) = p_scope_unit_id)
			AND (p_given_before IS NULL OR g.granted_at <= p_given_before)
			AND (NOT v_is_later OR coalesce(g.valid_to >= p_effective_on, true))
		ORDER BY g.grant_id FOR UPDATE
	LOOP
		UPDATE dwh_catalog.access_grant SET
			valid_to = greatest(CASE WHEN v_is_later THEN p_effective_on - 1 ELSE least(valid_to, v_today) END, valid_from - 1),
			revoked_at = CASE WHEN NOT v_is_later THEN now() END, revoked_by = session_user, revoke_line_id = p_line_id, revoke_reason = v_reason
		WHERE grant_id = v_id RETURNING valid_to INTO v_valid_to;
		INSERT INTO dwh_catalog.access_revocation (grant_id, request_line_id, valid_to) VALUES (v_id, p_line_id, v_valid_to);
		PERFORM dwh_internal.log_access('revoke_access', ARRAY[v_id], ARRAY[p_line_id]);
		v_count := v_count + 1;
	END LOOP;
	IF v_count > 0 AND NOT v_is_later THEN
		PERFORM dwh_internal.end_bindings(p_account_id);
	END IF;
	RETURN v_count;
END
$$;
COMMENT ON FUNCTION dwh_internal.close_grants(int, int, int, int, date, timestamptz) IS 'Kết thúc các quyền đang có | Ends live grants';

-- Gives a support mailbox to a person, from now on; whoever had it has it no more.
CREATE FUNCTION dwh_internal.change_holder(p_account_id int, p_name text, p_title text, p_email text, p_employment_kind text, p_unit_id int,
	p_letter_no text, p_assignment_no text, p_line_id int)
RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_today date := dwh.today();
BEGIN
	PERFORM FROM dwh_catalog.account WHERE account_id = p_account_id FOR NO KEY UPDATE;
	UPDATE dwh_catalog.mailbox_holder SET valid_to = greatest(least(valid_to, v_today), valid_from - 1), ended_at = now()
	WHERE account_id = p_account_id AND ended_at IS NULL;
	-- The sessions of whoever had it end: for a moment the account is nobody's.
	UPDATE dwh_catalog.account SET is_enabled = false WHERE account_id = p_account_id AND is_enabled;
	PERFORM dwh_internal.sync_login_role(p_account_id);
	PERFORM dwh_internal.end_bindings(p_account_id);
	IF p_name IS NOT NULL THEN
		PERFORM dwh_internal.check_holder_account(p_name, p_email, p_unit_id);
		BEGIN
			INSERT INTO dwh_catalog.mailbox_holder (account_id, person_name, title, email, employment_kind, unit_id, valid_from, letter_no,
				assignment_no, request_line_id)
			VALUES (p_account_id, p_name, p_title, p_email, p_employment_kind, p_unit_id, v_today, p_letter_no, p_assignment_no, p_line_id);
		EXCEPTION WHEN unique_violation THEN
			PERFORM dwh_internal.access_refuse(format('%s holds another support mailbox', p_name),
				'893 Arts. 6.1, 6.3: mỗi người một tài khoản | each person has one account.', 'End the other one first.');
		END;
		UPDATE dwh_catalog.account SET is_enabled = true WHERE account_id = p_account_id;
		PERFORM dwh_internal.sync_login_role(p_account_id);
	END IF;
END
$$;
COMMENT ON FUNCTION dwh_internal.change_holder(int, text, text, text, text, int, text, text, int) IS
	'Đổi người giữ hộp thư hỗ trợ | Changes the holder of a support mailbox';

CREATE FUNCTION dwh_internal.refuse_login_name(p_line_no int, p_full_name text)
RETURNS void LANGUAGE plpgsql IMMUTABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM dwh_internal.access_refuse(format('line %s: the login name of %s is another account''s', p_line_no, p_full_name),
		'893 Arts. 3.5, 6.1: mỗi người duy nhất một tài khoản | each person has one account, of his own.', 'Correct the line, or give login_role.');
END
$$;
COMMENT ON FUNCTION dwh_internal.refuse_login_name(int, text) IS 'Tên đăng nhập là của tài khoản khác | The login name is another account''s';

-- Notes on lines that have no account yet the one that was opened meanwhile by another letter. With p_is_applied it is opened by these, which
-- are applied with it: a row that is written again in the same transaction has all of its references looked up again.
CREATE FUNCTION dwh_internal.find_opened_accounts(p_line_ids int[], p_is_applied boolean DEFAULT false)
RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	-- by key: the index on account_id would lead to the lines of all open requests
	UPDATE dwh_catalog.access_request_line AS n SET account_id = a.account_id, state = CASE WHEN p_is_applied THEN 'applied' ELSE n.state END
	FROM dwh_catalog.account AS a
	WHERE n.request_line_id = ANY (p_line_ids) AND coalesce(n.account_id, 0) = 0
		AND (lower(a.email) = lower(n.email) OR a.iam_subject = n.iam_subject);
END
$$;
COMMENT ON FUNCTION dwh_internal.find_opened_accounts(int[], boolean) IS 'Tài khoản đã được mở trong lúc chờ | Accounts that were opened meanwhile';

-- The accounts of lines: those that are there are brought up to date, the others opened. No person has two of the lines.
CREATE FUNCTION dwh_internal.open_accounts(p_line_ids int[])
RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_today date := dwh.today();
	l record;
	v_new int[] := ARRAY(SELECT n.request_line_id FROM dwh_catalog.access_request_line AS n
		WHERE n.request_line_id = ANY (p_line_ids) AND coalesce(n.account_id, 0) = 0);
	v_count int;
BEGIN
	IF cardinality(v_new) < cardinality(p_line_ids) THEN
		PERFORM FROM dwh_catalog.account AS a WHERE a.account_id IN (
			SELECT n.account_id FROM dwh_catalog.access_request_line AS n WHERE n.request_line_id = ANY (p_line_ids)) ORDER BY a.account_id FOR NO KEY UPDATE;
		BEGIN
			UPDATE dwh_catalog.account AS a SET iam_subject = coalesce(a.iam_subject, n.iam_subject), is_enabled = a.is_enabled OR a.kind <> 'mailbox',
				login_role = coalesce(a.login_role, n.login_role, lower(a.email)),
				valid_to = CASE WHEN a.kind = 'outside' THEN greatest(a.valid_to, n.valid_to) ELSE a.valid_to END,
				-- a support mailbox is of the province that answers for its own today
				home_unit_id = CASE WHEN a.kind = 'mailbox' THEN dwh_internal.unit_top_on(a.home_unit_id, v_today)
					WHEN n.reason = 'unit_move' THEN dwh_internal.unit_on(n.unit_id, v_today) ELSE a.home_unit_id END
			FROM dwh_catalog.access_request_line AS n
			WHERE n.request_line_id = ANY (p_line_ids) AND n.account_id = a.account_id;
		EXCEPTION WHEN unique_violation THEN
			SELECT n.line_no, n.full_name INTO l
			FROM dwh_catalog.access_request_line AS n JOIN dwh_catalog.account AS a USING (account_id) JOIN dwh_catalog.account AS o
				ON o.account_id <> a.account_id AND (o.login_role = coalesce(a.login_role, n.login_role, lower(a.email)) OR o.iam_subject = n.iam_subject)
			WHERE n.request_line_id = ANY (p_line_ids) ORDER BY n.line_no LIMIT 1;
			PERFORM dwh_internal.refuse_login_name(l.line_no, l.full_name);
		END;
	END IF;
	IF v_new = '{}' THEN
		RETURN;
	END IF;
	INSERT INTO dwh_catalog.account (kind, email, iam_subject, full_name, home_unit_id, login_role, is_enabled, valid_from, valid_to)
	SELECT n.account_kind, n.email, n.iam_subject, CASE n.account_kind WHEN 'mailbox' THEN 'Hộp thư hỗ trợ ' || u.name_vi ELSE n.full_name END,
		CASE n.account_kind WHEN 'mailbox' THEN u.unit_id ELSE dwh_internal.unit_on(n.unit_id, v_today) END, coalesce(n.login_role, lower(n.email)), n.account_kind <> 'mailbox',
		v_today, CASE n.account_kind WHEN 'outside' THEN n.valid_to END
	FROM dwh_catalog.access_request_line AS n
		LEFT JOIN dwh_star.dim_unit AS u ON u.unit_id = CASE n.account_kind WHEN 'mailbox' THEN dwh_internal.unit_top_on(n.unit_id, v_today) END
	WHERE n.request_line_id = ANY (v_new) ORDER BY n.line_no
	ON CONFLICT DO NOTHING;
	GET DIAGNOSTICS v_count = ROW_COUNT;
	PERFORM dwh_internal.find_opened_accounts(v_new, true);
	IF v_count < cardinality(v_new) THEN
		-- Another letter has opened one of them in this very moment, or a login name is taken.
		SELECT n.line_no, n.full_name INTO l FROM dwh_catalog.access_request_line AS n
		WHERE n.request_line_id = ANY (v_new) AND n.account_id IS NULL ORDER BY n.line_no LIMIT 1;
		IF l.line_no IS NOT NULL THEN
			PERFORM dwh_internal.refuse_login_name(l.line_no, l.full_name);
		END IF;
		PERFORM FROM dwh_catalog.account AS a WHERE a.account_id IN (
			SELECT n.account_id FROM dwh_catalog.access_request_line AS n WHERE n.request_line_id = ANY (v_new)) ORDER BY a.account_id FOR NO KEY UPDATE;
		PERFORM dwh_internal.check_access_lines(v_new);
	END IF;
END
$$;
COMMENT ON FUNCTION dwh_internal.open_accounts(int[]) IS 'Tài khoản của các dòng đề nghị | The accounts of lines';

-- The units for which the right ends that a line changes: the line's own, and those that it came after, where the person has it there; else
-- the only one that there is. Of several none is guessed. One NULL: there is one without a unit.
CREATE FUNCTION dwh_internal.left_units(l record)
RETURNS int[] LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_units int[] := ARRAY(SELECT DISTINCT g.scope_unit_id FROM dwh_catalog.access_grant AS g
		WHERE g.account_id = l.account_id AND g.user_group_id = coalesce(l.from_group_id, l.user_group_id) AND g.revoked_at IS NULL
			AND coalesce(g.valid_to >= dwh.today(), true) ORDER BY g.scope_unit_id);
	v_own int[] := ARRAY(SELECT u FROM unnest(v_units) AS u WHERE l.scope_unit_id IN (u, dwh_internal.unit_on(u, dwh.today())));
BEGIN
	IF v_own <> '{}' OR cardinality(v_units) <= 1 THEN
		RETURN CASE WHEN v_own <> '{}' THEN v_own ELSE v_units END;
	END IF;
	RAISE EXCEPTION 'line %: % has this group for several units, but not for unit %', l.line_no, l.full_name, coalesce(l.scope_unit_id::text, 'NULL')
		USING ERRCODE = '22023', DETAIL = format('For the units %s.', array_to_string(v_units, ', ', 'NULL')),
			HINT = 'Name in scope_unit the one that changes, or revoke and grant.';
END
$$;
COMMENT ON FUNCTION dwh_internal.left_units(record) IS
	'Các đơn vị của quyền được thay đổi | The units for which the right ends that a line changes';

-- What a line that gives something asks to be gone first: the right that the person leaves (893 Arts. 15, 17.6, 18.2).
CREATE FUNCTION dwh_internal.leave_old_right(l record)
RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_today date := dwh.today();
	v_left text;
	v_stays_home boolean;
BEGIN
	IF l.reason = 'unit_move' OR l.action = 'grant' THEN
		-- The new right only after the old one is gone. Who moves keeps nothing that the line does not name, and for what another province or
		-- central unit gave, that one asks.
		v_stays_home := l.action <> 'grant' AND EXISTS (SELECT FROM dwh_catalog.account AS a WHERE a.account_id = l.account_id
			AND dwh_internal.unit_top_on(a.home_unit_id, v_today) = dwh_internal.unit_top_on(l.unit_id, v_today));
		SELECT string_agg(DISTINCT u.code, ', ') INTO v_left
		FROM dwh_catalog.access_grant AS g JOIN dwh_catalog.user_group AS u USING (user_group_id)
		WHERE g.account_id = l.account_id AND g.revoked_at IS NULL AND coalesce(g.valid_to >= greatest(l.effective_on, v_today), true)
			AND CASE WHEN l.reason <> 'unit_move' THEN g.user_group_id = coalesce(l.from_group_id, g.user_group_id)
				ELSE NOT v_stays_home OR g.user_group_id <> coalesce(l.from_group_id, l.user_group_id) END;
		IF v_left IS NOT NULL THEN
			PERFORM dwh_internal.access_refuse(format('line %s: %s still has %s', l.line_no, l.full_name, v_left),
				'893 Arts. 15, 17.6, 18.2: thu hồi quyền cũ trước khi cấp quyền mới | the old right is revoked before the new one is granted.',
				'Revoke it first: dwh.transfer_account(), dwh.change_group(), dwh.revoke_access().');
		ELSIF l.reason = 'role_change' AND l.from_group_id IS NOT NULL AND NOT EXISTS (SELECT FROM dwh_catalog.access_grant AS g
			WHERE g.account_id = l.account_id AND g.user_group_id = l.from_group_id)
		THEN
			RAISE EXCEPTION 'line %: % never had the group that he is said to leave', l.line_no, l.full_name USING ERRCODE = '22023',
				DETAIL = '893 Arts. 15, 18.2: vai trò cũ phải là vai trò đã có | the role that is left is one that he had.', HINT = 'Correct from_group.';
		END IF;
	END IF;
	IF l.action = 'grant' THEN
		RETURN;
	END IF;
	-- Change, role, group: what is left ends first, other groups stay.
	IF l.account_id IS NULL OR (SELECT coalesce(sum(dwh_internal.close_grants(l.request_line_id, l.account_id,
		coalesce(l.from_group_id, l.user_group_id), u, l.effective_on)), 0) FROM unnest(dwh_internal.left_units(l)) AS u) = 0
	THEN
		RAISE EXCEPTION 'line %: % has no such right to change', l.line_no, l.full_name USING ERRCODE = '55000',
			DETAIL = '893 Art. 18.2: first the old right is revoked, then the new one granted.', HINT = 'Ask for a grant instead.';
	END IF;
END
$$;
COMMENT ON FUNCTION dwh_internal.leave_old_right(record) IS 'Quyền cũ hết trước khi cấp quyền mới | The old right is gone before the new one';

CREATE FUNCTION dwh_internal.refuse_same_right(p_line_no int, p_full_name text)
RETURNS void LANGUAGE plpgsql IMMUTABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM dwh_internal.access_refuse(format('line %s: %s has this right already', p_line_no, p_full_name),
		'893 Art. 6.1: một quyền không cấp hai lần | the same right is not given twice.', 'dwh.explain_scope() shows it.');
END
$$;
COMMENT ON FUNCTION dwh_internal.refuse_same_right(int, text) IS 'Một quyền không cấp hai lần | The same right is not given twice';

-- Applies lines of one request that give something, no two of them about the same person: each step for all of them at once.
CREATE FUNCTION dwh_internal.apply_grant_lines(p_line_ids int[])
RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_today date := dwh.today();
	l dwh_catalog.access_request_line;
	v_letter_no text;
	v_accounts int[];
	v_grants int[];
	v_lines int[];
BEGIN
	PERFORM dwh_internal.find_opened_accounts(p_line_ids);
	PERFORM dwh_internal.check_access_lines(p_line_ids);
	FOR l IN
		SELECT n.* FROM dwh_catalog.access_request_line AS n WHERE n.request_line_id = ANY (p_line_ids)
			AND (n.action <> 'grant' OR n.account_id IS NOT NULL AND n.reason IN ('unit_move', 'role_change')) ORDER BY n.line_no
	LOOP
		PERFORM dwh_internal.leave_old_right(l);
	END LOOP;
	SELECT n.* INTO l FROM dwh_catalog.access_request_line AS n
	WHERE n.request_line_id = ANY (p_line_ids) AND n.valid_to < greatest(n.effective_on, v_today) ORDER BY n.line_no LIMIT 1;
	IF l.line_no IS NOT NULL THEN
		RAISE EXCEPTION 'line %: the right would be over before it begins', l.line_no USING ERRCODE = '22023',
			DETAIL = format('Last valid day %s.', l.valid_to), HINT = 'Correct valid_to.';
	END IF;

	SELECT n.* INTO l FROM dwh_catalog.access_request_line AS n
	WHERE n.request_line_id = ANY (p_line_ids) AND n.account_kind = 'mailbox' AND n.effective_on > v_today ORDER BY n.line_no LIMIT 1;
	IF l.line_no IS NOT NULL THEN
		RAISE EXCEPTION 'line %: the mailbox % changes hands on %', l.line_no, l.email, l.effective_on USING ERRCODE = '22023',
			DETAIL = '893 Art. 6.3 [own]: mỗi lúc đúng một người giữ | it has one holder at a time, who has all of its rights.',
				HINT = 'Apply it on that day.';
	END IF;

	PERFORM dwh_internal.open_accounts(p_line_ids);
	-- What covers all of the line is the same right: as long, and in every subject of it.
	SELECT n.* INTO l
	FROM dwh_catalog.access_request_line AS n JOIN dwh_catalog.access_grant AS g USING (account_id, user_group_id)
	WHERE n.request_line_id = ANY (p_line_ids) AND g.scope_unit_id IS NOT DISTINCT FROM n.scope_unit_id AND g.revoked_at IS NULL
		AND g.valid_from <= greatest(n.effective_on, v_today) AND coalesce(g.valid_to >= coalesce(n.valid_to, 'infinity'), true)
		AND (g.subject_scope = 'group' OR n.subject_ids <@ ARRAY(SELECT s.subject_id FROM dwh_catalog.access_grant_subject AS s WHERE s.grant_id = g.grant_id))
	ORDER BY n.line_no LIMIT 1;
	IF l.line_no IS NOT NULL THEN
		PERFORM dwh_internal.refuse_same_right(l.line_no, l.full_name);
	END IF;
	INSERT INTO dwh_catalog.access_grant (account_id, user_group_id, scope_unit_id, subject_scope, valid_from, valid_to, request_line_id, decision_no)
	SELECT n.account_id, n.user_group_id, n.scope_unit_id, CASE WHEN n.subject_ids IS NULL THEN 'group' ELSE 'listed' END,
		greatest(n.effective_on, v_today), n.valid_to, n.request_line_id, n.decision_no
	FROM dwh_catalog.access_request_line AS n WHERE n.request_line_id = ANY (p_line_ids) ORDER BY n.line_no
	ON CONFLICT DO NOTHING;
	SELECT n.* INTO l FROM dwh_catalog.access_request_line AS n
	WHERE n.request_line_id = ANY (p_line_ids)
		AND NOT EXISTS (SELECT FROM dwh_catalog.access_grant AS g WHERE g.request_line_id = n.request_line_id) ORDER BY n.line_no LIMIT 1;
	IF l.line_no IS NOT NULL THEN
		PERFORM dwh_internal.refuse_same_right(l.line_no, l.full_name);
	END IF;
	INSERT INTO dwh_catalog.access_grant_subject (grant_id, subject_id)
	SELECT g.grant_id, s.subject_id
	FROM dwh_catalog.access_request_line AS n JOIN dwh_catalog.access_grant AS g USING (request_line_id)
		CROSS JOIN LATERAL unnest(n.subject_ids) AS s (subject_id)
	WHERE n.request_line_id = ANY (p_line_ids) AND n.subject_ids IS NOT NULL;
	UPDATE dwh_catalog.access_request_line SET state = 'applied' WHERE request_line_id = ANY (p_line_ids) AND state <> 'applied';

	FOR l IN
		SELECT n.* FROM dwh_catalog.access_request_line AS n WHERE n.request_line_id = ANY (p_line_ids) AND n.account_kind = 'mailbox'
		ORDER BY n.line_no
	LOOP
		SELECT letter_no INTO v_letter_no FROM dwh_catalog.access_request WHERE request_id = l.request_id;
		PERFORM dwh_internal.change_holder(l.account_id, l.full_name, l.title, l.holder_email, l.employment_kind, l.unit_id, v_letter_no,
			l.assignment_no, l.request_line_id);
	END LOOP;
	SELECT array_agg(n.account_id ORDER BY n.line_no) FILTER (WHERE n.account_kind <> 'mailbox'), array_agg(g.grant_id ORDER BY n.line_no),
		array_agg(n.request_line_id ORDER BY n.line_no)
	INTO v_accounts, v_grants, v_lines
	FROM dwh_catalog.access_request_line AS n JOIN dwh_catalog.access_grant AS g USING (request_line_id)
	WHERE n.request_line_id = ANY (p_line_ids);
	PERFORM dwh_internal.sync_login_role(VARIADIC v_accounts);
	PERFORM dwh_internal.log_access('grant_access', v_grants, v_lines);
END
$$;
COMMENT ON FUNCTION dwh_internal.apply_grant_lines(int[]) IS 'Thực hiện các dòng cấp quyền | Applies lines that give something';

-- Applies one line of what is taken: how many rights. What did not come as it should is done all the same, and marked; so is that nothing was
-- left to take.
CREATE FUNCTION dwh_internal.apply_revoke_line(p_line_id int)
RETURNS int LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	l dwh_catalog.access_request_line;
	v_is_decided boolean;
	v_entered_at timestamptz;
	v_count int := 0;
BEGIN
	-- What one gives up oneself nobody decides on.
	SELECT n.state = 'approved' OR p.decided_by = 'nobody' OR coalesce(dwh_internal.account_person(n.account_id) = (dwh_internal.access_caller()).person, false)
	INTO v_is_decided
	FROM dwh_catalog.access_request_line AS n JOIN dwh_catalog.access_path AS p USING (access_path_id) WHERE n.request_line_id = p_line_id;
	UPDATE dwh_catalog.access_request_line SET state = 'applied',
		irregular = CASE WHEN v_is_decided THEN irregular ELSE concat_ws('; ', irregular, 'not decided on') END
	WHERE request_line_id = p_line_id RETURNING * INTO l;
	-- Who has left the unit keeps what the next one has given him since the letter came; who has left altogether keeps nothing.
	SELECT r.recorded_at INTO v_entered_at FROM dwh_catalog.access_request AS r, dwh_catalog.account AS a
	WHERE r.request_id = l.request_id AND a.account_id = l.account_id AND l.reason IN ('transfer', 'role_left', 'group_left')
		AND dwh_internal.unit_on(a.home_unit_id, dwh.today()) <> dwh_internal.unit_on(l.unit_id, dwh.today());
	IF v_entered_at IS NULL THEN
		v_count := dwh_internal.end_holdings(l);
	END IF;
	v_count := v_count + dwh_internal.close_grants(p_line_id, l.account_id, l.user_group_id, l.scope_unit_id, l.effective_on, v_entered_at);
	IF v_count = 0 THEN
		UPDATE dwh_catalog.access_request_line SET irregular = concat_ws('; ', irregular, 'nothing was left to take') WHERE request_line_id = p_line_id;
	END IF;
	PERFORM dwh_internal.sync_login_role(l.account_id);
	RETURN v_count;
END
$$;
COMMENT ON FUNCTION dwh_internal.apply_revoke_line(int) IS 'Thực hiện một dòng thu hồi | Applies a line that takes something';

-- Applies a request; who calls was asked before. How many lines. Lines that give something are applied together, up to one that is about
-- somebody of a line before it, or about a support mailbox: what a person already has is judged anew then. A letter that waited may find that
-- what it takes is gone; who asks for it now is told so, with p_is_entered_now.
CREATE FUNCTION dwh_internal.carry_out_request(p_request_id int, p_is_entered_now boolean DEFAULT true)
RETURNS int LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	c record := dwh_internal.access_caller();
	l record;
	v_first int := 0;
	v_together int[] := '{}';
	v_count int := 0;
BEGIN
	IF EXISTS (SELECT FROM dwh_catalog.access_request_line AS n JOIN dwh_catalog.user_group AS u USING (user_group_id)
		WHERE n.request_id = p_request_id AND n.state <> 'refused' AND n.action <> 'revoke'
			AND coalesce(u.rights_of, u.role_name) IN ('dwh_auditor', 'dwh_central_admin', 'dwh_province_admin'))
	THEN
		PERFORM dwh_internal.lock_exclusions();
	END IF;
	-- Everybody whom it is about is locked before anything is judged, in the order that everyone keeps: what is judged stands, and nobody
	-- waits for another crosswise.
	PERFORM dwh_internal.find_opened_accounts(ARRAY(SELECT n.request_line_id FROM dwh_catalog.access_request_line AS n
		WHERE n.request_id = p_request_id AND n.state <> 'refused'));
	-- So are the accounts of those who get a mailbox, and the mailboxes of those whose rights are taken.
	PERFORM FROM dwh_catalog.account AS a WHERE a.account_id IN (
		SELECT n.account_id FROM dwh_catalog.access_request_line AS n WHERE n.request_id = p_request_id AND n.state <> 'refused'
		UNION ALL SELECT o.account_id FROM dwh_catalog.access_request_line AS n JOIN dwh_catalog.account AS o ON lower(o.email) = lower(n.holder_email)
		WHERE n.request_id = p_request_id AND n.account_kind = 'mailbox'
		UNION ALL SELECT h.account_id FROM dwh_catalog.access_request_line AS n JOIN dwh_catalog.mailbox_holder AS h ON lower(h.email) = lower(n.email)
		WHERE n.request_id = p_request_id AND n.action = 'revoke' AND h.ended_at IS NULL)
	ORDER BY a.account_id FOR NO KEY UPDATE;
	FOR l IN
		WITH line AS (
			SELECT n.* FROM dwh_catalog.access_request_line AS n WHERE n.request_id = p_request_id AND n.state <> 'refused'),
		earlier AS (
			SELECT k.line_no, max(k.line_before) AS same_person FROM (
				SELECT d.line_no, lag(d.line_no) OVER (PARTITION BY d.name ORDER BY d.line_no) AS line_before
				FROM (SELECT DISTINCT i.line_no, w.name FROM line AS i CROSS JOIN LATERAL unnest(ARRAY[lower(i.email), lower(i.holder_email),
					i.iam_subject, i.login_role, i.account_id::text]) AS w (name) WHERE w.name IS NOT NULL) AS d) AS k
			GROUP BY k.line_no)
		SELECT i.*, e.same_person, p.decided_article
		FROM line AS i JOIN dwh_catalog.access_path AS p USING (access_path_id) LEFT JOIN earlier AS e USING (line_no) ORDER BY i.line_no
	LOOP
		PERFORM dwh_internal.check_not_own(l, c.person);
		IF l.action = 'revoke' THEN
			IF dwh_internal.apply_revoke_line(l.request_line_id) = 0 AND p_is_entered_now THEN
				RAISE EXCEPTION 'line %: % has no such right', l.line_no, l.full_name USING ERRCODE = '55000', DETAIL = 'There is nothing to revoke.',
					HINT = 'dwh.explain_scope() shows what the account has.';
			END IF;
		ELSIF l.state <> 'approved' THEN
			PERFORM dwh_internal.access_refuse(format('line %s has not been decided on', l.line_no),
				l.decided_article || ': chỉ thực hiện sau khi có quyết định | nothing is applied before the decision.',
				'Record the decision with dwh.decide_access().');
		ELSE
			IF v_together <> '{}' AND (l.same_person >= v_first OR l.account_kind = 'mailbox') THEN
				PERFORM dwh_internal.apply_grant_lines(v_together);
				v_together := '{}';
			END IF;
			IF v_together = '{}' THEN
				v_first := l.line_no;
			END IF;
			v_together := v_together || l.request_line_id;
			IF l.account_kind = 'mailbox' THEN
				PERFORM dwh_internal.apply_grant_lines(v_together);
				v_together := '{}';
			END IF;
		END IF;
		v_count := v_count + 1;
	END LOOP;
	IF v_together <> '{}' THEN
		PERFORM dwh_internal.apply_grant_lines(v_together);
	END IF;
	UPDATE dwh_catalog.access_request SET state = 'applied', applied_at = clock_timestamp(), applied_by = session_user, applied_account_id = c.account_id,
		applied_person = (SELECT coalesce((SELECT h.person_name FROM dwh_catalog.mailbox_holder AS h
			WHERE h.account_id = a.account_id AND h.ended_at IS NULL), a.full_name) FROM dwh_catalog.account AS a WHERE a.account_id = c.account_id)
	WHERE request_id = p_request_id;
	RETURN v_count;
END
$$;
COMMENT ON FUNCTION dwh_internal.carry_out_request(int, boolean) IS 'Thực hiện một đề nghị | Carries out a request';

CREATE FUNCTION dwh_internal.apply_access(p_request int)
RETURNS int LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM dwh_internal.check_access_office(p_request);
	PERFORM dwh_internal.lock_access_request(p_request);
	RETURN dwh_internal.carry_out_request(p_request, false);
END
$$;
COMMENT ON FUNCTION dwh_internal.apply_access(int) IS 'Xem dwh.apply_access | See dwh.apply_access';

CREATE FUNCTION dwh.apply_access(p_request int)
RETURNS int LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_access_act';
COMMENT ON FUNCTION dwh.apply_access(int) IS
	'Thực hiện đề nghị đã được quyết định; trả về số dòng | Applies a request that was decided on; returns how many lines';

-- Validity comes and goes by the calendar: memberships and logins of accounts whose grants began or ended. An account whose role is a stranger's
-- keeps nobody else waiting.
CREATE FUNCTION dwh_internal.sync_login_roles()
RETURNS int LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_account_id int;
	v_count int := 0;
	v_message text;
	v_detail text;
	v_hint text;
BEGIN
	PERFORM dwh_internal.require_role(ARRAY['dwh_central_admin'], '893 Art. 12.3');
	-- Who was to hold a support mailbox until a day that is over holds it no more; whoever is given it at this time keeps it.
	PERFORM FROM dwh_catalog.account AS a WHERE a.account_id IN (
		SELECT h.account_id FROM dwh_catalog.mailbox_holder AS h WHERE h.ended_at IS NULL AND h.valid_to < dwh.today())
	ORDER BY a.account_id FOR NO KEY UPDATE;
	PERFORM dwh_internal.change_holder(h.account_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)
	FROM dwh_catalog.mailbox_holder AS h WHERE h.ended_at IS NULL AND h.valid_to < dwh.today();
	FOR v_account_id IN
		-- the role of a right that begins is yet to be made
		SELECT a.account_id FROM dwh_catalog.account AS a LEFT JOIN pg_roles AS r ON r.rolname = a.login_role
		WHERE a.login_role IS NOT NULL AND EXISTS (SELECT FROM dwh_catalog.access_grant AS g WHERE g.account_id = a.account_id)
			AND EXISTS (SELECT FROM dwh_catalog.user_group AS u JOIN pg_roles AS o ON o.rolname = u.role_name
			LEFT JOIN pg_auth_members AS m ON m.roleid = o.oid AND m.member = r.oid
			WHERE (m.roleid IS NOT NULL) <> (a.is_enabled AND a.valid_from <= dwh.today() AND coalesce(a.valid_to >= dwh.today(), true)
				AND (a.kind <> 'mailbox' OR EXISTS (SELECT FROM dwh_catalog.mailbox_holder AS h WHERE h.account_id = a.account_id
					AND h.ended_at IS NULL AND coalesce(h.valid_to >= dwh.today(), true)))
				AND EXISTS (SELECT FROM dwh_catalog.access_grant AS g WHERE g.account_id = a.account_id AND g.user_group_id = u.user_group_id
					AND g.revoked_at IS NULL AND g.valid_from <= dwh.today() AND coalesce(g.valid_to >= dwh.today(), true))))
		ORDER BY a.account_id
	LOOP
		-- Whoever gives or takes a right of the account at this time is done, or waits and finds what is made here.
		PERFORM FROM dwh_catalog.account WHERE account_id = v_account_id FOR NO KEY UPDATE;
		BEGIN
			PERFORM dwh_internal.sync_login_role(v_account_id);
			v_count := v_count + 1;
		EXCEPTION WHEN duplicate_object THEN
			GET STACKED DIAGNOSTICS v_message = MESSAGE_TEXT, v_detail = PG_EXCEPTION_DETAIL, v_hint = PG_EXCEPTION_HINT;
			RAISE WARNING '%', v_message USING DETAIL = v_detail, HINT = v_hint;
			PERFORM dwh_internal.audit_append('sync_login_roles', (SELECT a.login_role FROM dwh_catalog.account AS a
				WHERE a.account_id = v_account_id), 'failed', jsonb_build_object('reason', v_message));
		END;
	END LOOP;
	RETURN v_count;
END
$$;
COMMENT ON FUNCTION dwh_internal.sync_login_roles() IS 'Xem dwh.sync_login_roles | See dwh.sync_login_roles';

CREATE FUNCTION dwh.sync_login_roles()
RETURNS int LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_access_act';
COMMENT ON FUNCTION dwh.sync_login_roles() IS
	'Hằng ngày: đưa vai trò đăng nhập về đúng các quyền bắt đầu hoặc hết hiệu lực; trả về số tài khoản | '
	'Daily: brings login roles in line with grants that began or ended; returns how many accounts';

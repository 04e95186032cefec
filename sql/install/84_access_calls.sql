-- One call from the paper in hand to the right: each enters the letter, records the decision and applies it, in one transaction.

CREATE FUNCTION dwh_internal.grant_access(p_lines jsonb, p_letter_no text, p_letter_on date, p_received_on date, p_from_unit int, p_decided_by int,
	p_decision_no text, p_decided_on date, p_submission_no text, p_submission_on date, p_letter_sha256 text)
RETURNS int LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_id int := dwh_internal.request_access('grant', p_letter_no, p_letter_on, p_received_on, p_from_unit, p_lines, p_letter_sha256,
		-- where the letter is the decision, who decided has signed it
		CASE WHEN p_decision_no IS NULL THEN p_decided_by END, p_submission_no, p_submission_on);
BEGIN
	IF p_decision_no IS NULL THEN
		-- left open although the letter is the decision
		PERFORM dwh_internal.check_not_own(n, c.person) FROM dwh_internal.access_caller() AS c, dwh_catalog.access_request_line AS n
		WHERE n.request_id = v_id AND n.state = 'open';
	END IF;
	IF EXISTS (SELECT FROM dwh_catalog.access_request_line WHERE request_id = v_id AND state = 'open') THEN
		PERFORM dwh_internal.record_decision(v_id, true, p_decided_by, p_decision_no, p_decided_on, NULL, NULL, NULL, NULL);
	END IF;
	PERFORM dwh_internal.carry_out_request(v_id);
	RETURN v_id;
END
$$;
COMMENT ON FUNCTION dwh_internal.grant_access(jsonb, text, date, date, int, int, text, date, text, date, text) IS
	'Xem dwh.grant_access | See dwh.grant_access';

CREATE FUNCTION dwh.grant_access(p_lines jsonb, p_letter_no text, p_letter_on date, p_received_on date, p_from_unit int, p_decided_by int,
	p_decision_no text DEFAULT NULL, p_decided_on date DEFAULT NULL, p_submission_no text DEFAULT NULL, p_submission_on date DEFAULT NULL,
	p_letter_sha256 text DEFAULT NULL)
RETURNS int LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_access_act';
COMMENT ON FUNCTION dwh.grant_access(jsonb, text, date, date, int, int, text, date, text, date, text) IS
	'Cấp quyền trong một lần gọi khi đã có đủ văn bản; trả về số đề nghị | Grants in one call with the papers in hand; returns the number of the request';

CREATE FUNCTION dwh_internal.take_over_access(p_lines jsonb, p_document_no text, p_document_on date, p_from_unit int, p_decided_by int)
RETURNS int LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_id int := dwh_internal.request_access('takeover', p_document_no, p_document_on, NULL, p_from_unit, p_lines, NULL, p_decided_by, NULL, NULL);
BEGIN
	PERFORM dwh_internal.carry_out_request(v_id);
	RETURN v_id;
END
$$;
COMMENT ON FUNCTION dwh_internal.take_over_access(jsonb, text, date, int, int) IS 'Xem dwh.take_over_access | See dwh.take_over_access';

CREATE FUNCTION dwh.take_over_access(p_lines jsonb, p_document_no text, p_document_on date, p_from_unit int, p_decided_by int)
RETURNS int LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_access_act';
COMMENT ON FUNCTION dwh.take_over_access(jsonb, text, date, int, int) IS
	'Tiếp nhận người sử dụng có sẵn khi đưa hệ thống vào hoạt động, theo văn bản lãnh đạo ngành xác nhận; trả về số đề nghị | '
	'Takes over the users that exist at go-live, by a document that the sector''s leadership confirms; returns the number of the request';

-- Revoking --------------------------------------------------------------------------------------------------------------

-- Who may revoke: an administrator of the account, and the person himself. In an emergency an administrator of the province acts for
-- persons from outside whom it hosts, too (893 Art. 17.7).
CREATE FUNCTION dwh_internal.check_revoker(p_account_id int, p_is_emergency boolean DEFAULT false)
RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	c record := dwh_internal.access_caller();
	a dwh_catalog.account;
BEGIN
	SELECT * INTO a FROM dwh_catalog.account WHERE account_id = p_account_id;
	-- The person comes first: what nobody may do to himself a central administrator may not either.
	IF dwh_internal.account_person(p_account_id) = c.person THEN
		RETURN true;
	ELSIF c.is_central THEN
		RETURN false;
	END IF;
	IF (a.kind = 'sector' OR p_is_emergency AND a.kind = 'outside') AND coalesce(a.home_unit_id = ANY (c.unit_ids), false) THEN
		RETURN false;
	END IF;
	-- Who is of another province already, by a move on a day that is to come, works until then with what this one gave him.
	IF p_is_emergency AND a.kind = 'sector' AND EXISTS (SELECT FROM dwh_catalog.access_grant AS g JOIN dwh_catalog.access_request_line AS n USING (request_line_id)
		WHERE g.account_id = p_account_id AND g.revoked_at IS NULL AND coalesce(g.valid_to >= dwh.today(), true) AND n.unit_id = ANY (c.unit_ids))
	THEN
		RETURN false;
	END IF;
	PERFORM dwh_internal.access_refuse('the caller administers no such account',
		'893 Arts. 6.3, 12.3, 13.1: quản trị Trung ương, quản trị của tỉnh đó hoặc chính người sử dụng | '
		'a central administrator, one of the province, or the person himself.', 'Send the letter to a central administrator.');
	RETURN false;
END
$$;
COMMENT ON FUNCTION dwh_internal.check_revoker(int, boolean) IS
	'Ai được thu hồi; đúng khi là chính người sử dụng | Who may revoke; true where it is the person himself';

-- With p_or_held the address of somebody who has no account of his own is that of the support mailbox which he holds.
CREATE FUNCTION dwh_internal.access_account(p_email text, p_or_held boolean DEFAULT false)
RETURNS int LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_id int;
BEGIN
	-- An address is first of all the person's whose address it is.
	SELECT account_id INTO v_id FROM dwh_catalog.account WHERE lower(email) = lower(p_email) OR iam_subject = p_email
	ORDER BY (lower(email) = lower(p_email)) DESC NULLS LAST LIMIT 1;
	IF v_id IS NULL AND p_or_held THEN
		SELECT account_id INTO v_id FROM dwh_catalog.mailbox_holder WHERE lower(email) = lower(p_email) AND ended_at IS NULL;
	END IF;
	IF v_id IS NULL THEN
		-- Who administers nothing learns nothing.
		PERFORM dwh_internal.check_revoker(NULL);
		RAISE EXCEPTION 'there is no account "%"', coalesce(p_email, 'NULL') USING ERRCODE = '42704', HINT = 'Give its e-mail address or IAM subject.';
	END IF;
	RETURN v_id;
END
$$;
COMMENT ON FUNCTION dwh_internal.access_account(text, boolean) IS 'Tài khoản theo hộp thư hoặc định danh IAM | An account by its address or IAM subject';

-- Taking away is never refused for want of somebody who could give: it is said that nobody is left who can.
CREATE FUNCTION dwh_internal.warn_without_administrator()
RETURNS void LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF NOT dwh_internal.has_central_administrator() THEN
		RAISE WARNING 'no central administrator is left'
			USING DETAIL = '893 Art. 12.3: không còn ai quản trị ứng dụng cấp Trung ương | nobody gives access any more.',
				HINT = 'A superuser makes one with dwh.create_first_administrator().';
	END IF;
END
$$;
COMMENT ON FUNCTION dwh_internal.warn_without_administrator() IS 'Cảnh báo khi không còn quản trị Trung ương | Warns where no central administrator is left';

CREATE FUNCTION dwh_internal.revoke_access(p_email text, p_reason text, p_document_no text, p_group text, p_from_unit int, p_document_on date,
	p_received_on date, p_decided_by int, p_effective_on date)
RETURNS int LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_account_id int := dwh_internal.access_account(p_email);
	v_is_own boolean;
	v_id int;
BEGIN
	v_is_own := dwh_internal.check_revoker(v_account_id);
	-- What nobody else has seen is no decision, and no letter of another unit or day.
	IF v_is_own AND (p_reason IS DISTINCT FROM 'own_request' OR num_nonnulls(p_from_unit, p_received_on, p_decided_by) > 0) THEN
		PERFORM dwh_internal.access_refuse('one''s own right is given up by one''s own request, today', '893 Art. 16 [own]: người sử dụng tự đề nghị thôi '
			'quyền của mình; văn bản của đơn vị do quản trị ghi | the user asks for it himself; letters of units are entered by an administrator.',
			'Give the reason own_request, and leave p_from_unit, p_received_on and p_decided_by out.');
	END IF;
	v_id := dwh_internal.enter_access_request('revoke', p_document_no, p_document_on, p_received_on,
		coalesce(p_from_unit, (SELECT home_unit_id FROM dwh_catalog.account WHERE account_id = v_account_id)),
		jsonb_build_array(jsonb_strip_nulls(jsonb_build_object('email', a.email, 'iam_subject', a.iam_subject, 'reason', p_reason,
			'group', p_group, 'effective_on', p_effective_on))), NULL, p_decided_by, NULL, NULL)
	FROM dwh_catalog.account AS a WHERE a.account_id = v_account_id;
	IF v_is_own THEN
		UPDATE dwh_catalog.access_request_line SET irregular = NULL WHERE request_id = v_id;
	ELSIF p_decided_by IS NOT NULL AND EXISTS (SELECT FROM dwh_catalog.access_request_line WHERE request_id = v_id AND state = 'open') THEN
		PERFORM dwh_internal.record_decision(v_id, true, p_decided_by, p_document_no, p_document_on, NULL, NULL, NULL, NULL);
	END IF;
	PERFORM dwh_internal.carry_out_request(v_id);
	PERFORM dwh_internal.warn_without_administrator();
	RETURN v_id;
END
$$;
COMMENT ON FUNCTION dwh_internal.revoke_access(text, text, text, text, int, date, date, int, date) IS
	'Xem dwh.revoke_access | See dwh.revoke_access';

CREATE FUNCTION dwh.revoke_access(p_email text, p_reason text, p_document_no text, p_group text DEFAULT NULL, p_from_unit int DEFAULT NULL,
	p_document_on date DEFAULT NULL, p_received_on date DEFAULT NULL, p_decided_by int DEFAULT NULL, p_effective_on date DEFAULT NULL)
RETURNS int LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_access_act';
COMMENT ON FUNCTION dwh.revoke_access(text, text, text, text, int, date, date, int, date) IS
	'Thu hồi quyền của một người, mọi nhóm hoặc một nhóm, theo lý do và văn bản; trả về số đề nghị | '
	'Takes the rights of a person, of all groups or one, for a listed reason and by a document; returns the number of the request';

CREATE FUNCTION dwh_internal.transfer_account(p_email text, p_to_unit int, p_effective_on date, p_letter_no text, p_letter_on date,
	p_received_on date, p_from_unit int, p_signed_by int)
RETURNS int LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_account_id int := dwh_internal.access_account(p_email);
	a dwh_catalog.account;
	v_id int;
BEGIN
	IF dwh_internal.check_revoker(v_account_id) THEN
		PERFORM dwh_internal.access_refuse('nobody transfers himself', '893 Arts. 15, 17.6: đơn vị cũ đề nghị, quản trị thực hiện | '
			'the old unit asks for it, an administrator does it.', 'Rights of one''s own are given up with dwh.revoke_access().');
	END IF;
	SELECT * INTO a FROM dwh_catalog.account WHERE account_id = v_account_id;
	PERFORM dwh_internal.access_require(p_effective_on::text, 'effective_on', '893 Art. 17.6');
	IF a.kind = 'mailbox' OR dwh_internal.access_unit(to_jsonb(p_to_unit), p_effective_on) = dwh_internal.unit_on(a.home_unit_id, p_effective_on) THEN
		RAISE EXCEPTION 'account "%" is not transferred to unit %', p_email, p_to_unit USING ERRCODE = '22023',
			DETAIL = 'A support mailbox stays with its province; a person moves to another unit.', HINT = 'Correct p_to_unit.';
	END IF;
	v_id := dwh_internal.enter_access_request('transfer', p_letter_no, p_letter_on, p_received_on, coalesce(p_from_unit, a.home_unit_id),
		jsonb_build_array(jsonb_strip_nulls(jsonb_build_object('email', a.email, 'iam_subject', a.iam_subject, 'reason', 'transfer',
			'effective_on', p_effective_on))), NULL, p_signed_by, NULL, NULL);
	IF p_signed_by IS NOT NULL AND EXISTS (SELECT FROM dwh_catalog.access_request_line WHERE request_id = v_id AND state = 'open') THEN
		PERFORM dwh_internal.record_decision(v_id, true, p_signed_by, p_letter_no, p_letter_on, NULL, NULL, NULL, NULL);
	END IF;
	PERFORM dwh_internal.carry_out_request(v_id);
	-- The new unit asks for its own: a person is of it from the day on.
	IF p_effective_on <= dwh.today() THEN
		UPDATE dwh_catalog.account SET home_unit_id = p_to_unit WHERE account_id = v_account_id;
	END IF;
	RETURN v_id;
END
$$;
COMMENT ON FUNCTION dwh_internal.transfer_account(text, int, date, text, date, date, int, int) IS
	'Xem dwh.transfer_account | See dwh.transfer_account';

CREATE FUNCTION dwh.transfer_account(p_email text, p_to_unit int, p_effective_on date, p_letter_no text, p_letter_on date DEFAULT NULL,
	p_received_on date DEFAULT NULL, p_from_unit int DEFAULT NULL, p_signed_by int DEFAULT NULL)
RETURNS int LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_access_act';
COMMENT ON FUNCTION dwh.transfer_account(text, int, date, text, date, date, int, int) IS
	'Điều động: mọi quyền cũ hết hiệu lực từ ngày quyết định có hiệu lực (Điều 17.6); trả về số đề nghị | '
	'Transfer: all old rights end with the day on which it takes effect (Art. 17.6); returns the number of the request';

CREATE FUNCTION dwh_internal.change_group(p_email text, p_from_group text, p_to_group text, p_role_change_doc text, p_document_on date,
	p_from_unit int, p_decided_by int, p_title text, p_employment_kind text, p_decided_on date, p_submission_no text, p_submission_on date)
RETURNS int LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_account_id int := dwh_internal.access_account(p_email);
	v_from_id int := dwh_internal.access_group(p_from_group);
	v_to_id int := dwh_internal.access_group(p_to_group);
	v_has_subjects boolean := EXISTS (SELECT FROM dwh_catalog.user_group_subject AS u WHERE u.user_group_id = v_to_id);
	a dwh_catalog.account;
	o record;
	v_lines jsonb := '[]';
	v_id int;
BEGIN
	PERFORM dwh_internal.check_revoker(v_account_id);
	SELECT * INTO a FROM dwh_catalog.account WHERE account_id = v_account_id;
	-- For each unit that is left one line, with the subjects and the validity that the person has there.
	FOR o IN
		SELECT f.unit_id AS scope_unit_id, min(g.grant_id) AS grant_id, max(g.valid_to) AS valid_to, nullif(greatest(min(g.valid_from), dwh.today()), dwh.today()) AS effective_on,
			count(DISTINCT coalesce(g.valid_to, 'infinity')) > 1 AS is_mixed, bool_or(g.subject_scope = 'group') OR NOT v_has_subjects AS is_whole,
			array_agg(DISTINCT s.code) FILTER (WHERE s.code IS NOT NULL) AS subjects
		FROM dwh_catalog.access_grant AS g
			CROSS JOIN LATERAL dwh_internal.unit_on(g.scope_unit_id, p_document_on) AS f (unit_id)
			LEFT JOIN dwh_catalog.access_grant_subject AS i ON i.grant_id = g.grant_id AND g.subject_scope = 'listed'
			LEFT JOIN dwh_catalog.user_group_subject AS u ON u.user_group_id = v_to_id AND u.subject_id = i.subject_id
			LEFT JOIN dwh_catalog.subject AS s ON s.subject_id = u.subject_id
		WHERE g.account_id = v_account_id AND g.user_group_id = v_from_id AND g.revoked_at IS NULL AND coalesce(g.valid_to >= dwh.today(), true)
		GROUP BY f.unit_id ORDER BY 2
	LOOP
		IF o.is_mixed OR NOT o.is_whole AND o.subjects IS NULL THEN
			RAISE EXCEPTION 'what account "%" has in group "%" for unit % cannot be changed as a whole', p_email, p_from_group, coalesce(o.scope_unit_id::text, 'NULL')
				USING ERRCODE = '22023', DETAIL = CASE WHEN o.is_mixed THEN 'There are several rights for it, with different last days.'
					ELSE format('Group "%s" has none of its subjects.', p_to_group) END,
					HINT = 'Enter the letter with dwh.request_access(), kind change, a line for each right.';
		END IF;
		v_lines := v_lines || jsonb_strip_nulls(jsonb_build_object('action', 'group', 'full_name', a.full_name, 'email', a.email,
			'iam_subject', a.iam_subject, 'account_kind', a.kind, 'unit', dwh_internal.unit_on(a.home_unit_id, p_document_on), 'from_group', p_from_group, 'group', p_to_group,
			'scope_unit', o.scope_unit_id, 'subjects', CASE WHEN NOT o.is_whole THEN to_jsonb(o.subjects) END, 'effective_on', o.effective_on,
			'valid_to', o.valid_to, 'reason', 'role_change') || (
			SELECT jsonb_build_object('title', coalesce(p_title, n.title), 'employment_kind', coalesce(p_employment_kind, n.employment_kind),
				'permission_no', n.permission_no)
			FROM dwh_catalog.access_grant AS g LEFT JOIN dwh_catalog.access_request_line AS n USING (request_line_id) WHERE g.grant_id = o.grant_id));
	END LOOP;
	IF v_lines = '[]' THEN
		RAISE EXCEPTION 'account "%" has no group "%" to leave', p_email, coalesce(p_from_group, 'NULL') USING ERRCODE = '55000',
			DETAIL = '893 Art. 18.2: first the old group''s rights are revoked, then the new one''s granted.', HINT = 'Ask for a grant instead.';
	END IF;
	-- Only a changed work changes the group.
	PERFORM dwh_internal.access_require(v, f, '893 Art. 18.1')
	FROM (VALUES (p_role_change_doc, 'role_change_doc'), (p_document_on::text, 'document_on')) AS t (v, f);
	v_id := dwh_internal.request_access('change', p_role_change_doc, p_document_on, NULL, coalesce(p_from_unit, a.home_unit_id), v_lines, NULL,
		p_decided_by, p_submission_no, p_submission_on);
	IF EXISTS (SELECT FROM dwh_catalog.access_request_line WHERE request_id = v_id AND state = 'open') THEN
		PERFORM dwh_internal.record_decision(v_id, true, p_decided_by, p_role_change_doc, coalesce(p_decided_on, p_document_on), NULL, NULL, NULL, NULL);
	END IF;
	PERFORM dwh_internal.carry_out_request(v_id);
	RETURN v_id;
END
$$;
COMMENT ON FUNCTION dwh_internal.change_group(text, text, text, text, date, int, int, text, text, date, text, date) IS
	'Xem dwh.change_group | See dwh.change_group';

CREATE FUNCTION dwh.change_group(p_email text, p_from_group text, p_to_group text, p_role_change_doc text, p_document_on date,
	p_from_unit int DEFAULT NULL, p_decided_by int DEFAULT NULL, p_title text DEFAULT NULL, p_employment_kind text DEFAULT NULL,
	p_decided_on date DEFAULT NULL, p_submission_no text DEFAULT NULL, p_submission_on date DEFAULT NULL)
RETURNS int LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_access_act';
COMMENT ON FUNCTION dwh.change_group(text, text, text, text, date, int, int, text, text, date, text, date) IS
	'Chuyển nhóm: thu hồi quyền nhóm cũ rồi cấp quyền nhóm mới (Điều 18.2), các nhóm khác giữ nguyên; trả về số đề nghị | '
	'Changes a group: revokes the old group''s rights, then grants the new one''s (Art. 18.2), others stay; returns the number of the request';

-- Emergencies (Art. 17.7) -----------------------------------------------------------------------------------------------

CREATE FUNCTION dwh_internal.emergency_revoke(p_email text, p_reason text, p_found_by text, p_reported_to text)
RETURNS int LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_account_id int := dwh_internal.access_account(p_email, true);
	v_id int;
BEGIN
	IF dwh_internal.check_revoker(v_account_id, true) THEN
		PERFORM dwh_internal.access_refuse('nobody reports an emergency about himself', '893 Art. 17.7.', 'Call dwh.revoke_access().');
	END IF;
	PERFORM dwh_internal.access_require(v, f, '893 Art. 17.7')
	FROM (VALUES (p_reason, 'reason'), (p_found_by, 'found_by'), (p_reported_to, 'reported_to')) AS t (v, f);
	v_id := dwh_internal.enter_access_request('emergency', p_reason, NULL, NULL, NULL, jsonb_build_array(jsonb_strip_nulls(jsonb_build_object(
		'email', a.email, 'iam_subject', a.iam_subject, 'reason', 'safety_risk', 'full_name', h.person_name))), NULL, NULL, NULL, NULL)
	FROM dwh_catalog.account AS a LEFT JOIN dwh_catalog.mailbox_holder AS h ON h.account_id = a.account_id AND h.ended_at IS NULL
	WHERE a.account_id = v_account_id;
	UPDATE dwh_catalog.access_request SET found_by = p_found_by, reported_to = p_reported_to WHERE request_id = v_id;
	PERFORM dwh_internal.carry_out_request(v_id);
	PERFORM dwh_internal.warn_without_administrator();
	RETURN v_id;
END
$$;
COMMENT ON FUNCTION dwh_internal.emergency_revoke(text, text, text, text) IS 'Xem dwh.emergency_revoke | See dwh.emergency_revoke';

CREATE FUNCTION dwh.emergency_revoke(p_email text, p_reason text, p_found_by text, p_reported_to text)
RETURNS int LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_access_act';
COMMENT ON FUNCTION dwh.emergency_revoke(text, text, text, text) IS
	'Thu hồi khẩn cấp, không cần văn bản trước (Điều 17.7); trả về số đề nghị còn chờ xác nhận | '
	'Takes all rights at once, without a letter (Art. 17.7); returns the number of the request that awaits its confirmation';

CREATE FUNCTION dwh_internal.confirm_emergency(p_request int, p_document_no text, p_document_on date)
RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_on date := coalesce(p_document_on, dwh.today());
	c record := dwh_internal.access_caller();
BEGIN
	-- Who administers nothing learns nothing; whose right was taken does not confirm that it was.
	PERFORM dwh_internal.check_access_office(NULL);
	-- Where it was entered it is confirmed, too, though nothing is left that this province gave.
	IF (SELECT bool_or(CASE WHEN r.recorded_account_id = c.account_id THEN coalesce(dwh_internal.account_person(l.account_id) = c.person, false)
		ELSE dwh_internal.check_revoker(l.account_id, true) END)
		FROM dwh_catalog.access_request_line AS l JOIN dwh_catalog.access_request AS r USING (request_id) WHERE r.request_id = p_request)
	THEN
		PERFORM dwh_internal.access_refuse('nobody confirms an emergency about himself', '893 Art. 17.7.', 'Another administrator does it.');
	END IF;
	PERFORM dwh_internal.access_require(p_document_no, 'document_no', '893 Art. 17.7');
	IF v_on > dwh.today() THEN
		RAISE EXCEPTION 'a document of % cannot be in hand', v_on USING ERRCODE = '22023', DETAIL = format('Today is %s.', dwh.today()),
			HINT = 'Correct the date.';
	END IF;
	IF v_on < (SELECT received_on FROM dwh_catalog.access_request WHERE request_id = p_request AND kind = 'emergency') THEN
		RAISE EXCEPTION 'a document of % came before the revocation', v_on
			USING ERRCODE = '22023', DETAIL = '893 Art. 17.7 [own]: xác nhận sau khi thu hồi | it is confirmed afterwards.', HINT = 'Correct the date.';
	END IF;
	UPDATE dwh_catalog.access_request SET confirmation_no = p_document_no, confirmation_on = v_on
	WHERE request_id = p_request AND kind = 'emergency' AND confirmation_no IS NULL;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'request % awaits no confirmation', coalesce(p_request::text, 'NULL') USING ERRCODE = '55000',
			HINT = 'dwh.emergency_revoke() gives the number of one that does.';
	END IF;
END
$$;
COMMENT ON FUNCTION dwh_internal.confirm_emergency(int, text, date) IS 'Xem dwh.confirm_emergency | See dwh.confirm_emergency';

CREATE FUNCTION dwh.confirm_emergency(p_request int, p_document_no text, p_document_on date DEFAULT NULL)
RETURNS void LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_access_act';
COMMENT ON FUNCTION dwh.confirm_emergency(int, text, date) IS
	'Ghi văn bản xác nhận việc thu hồi khẩn cấp | Records the document that confirms an emergency revocation';

-- Support mailboxes -----------------------------------------------------------------------------------------------------

-- Persons are compared, not accounts: whoever leaves, moves, breaks the rules or is a danger holds no support mailbox either,
-- and without a holder it has no right (893 Arts. 6.3, 16, 17.6, 17.7). By a line that takes everything; how many mailboxes.
CREATE FUNCTION dwh_internal.end_holdings(l record)
RETURNS int LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	h record;
	v_is_later boolean := coalesce(l.effective_on > dwh.today(), false);
	v_count int := 0;
BEGIN
	IF l.user_group_id IS NOT NULL OR l.scope_unit_id IS NOT NULL OR l.reason NOT IN ('transfer', 'left_service', 'violation', 'safety_risk') THEN
		RETURN 0;
	END IF;
	FOR h IN
		SELECT m.mailbox_holder_id, m.account_id, m.person_name, a.email
		FROM dwh_catalog.mailbox_holder AS m JOIN dwh_catalog.account AS a USING (account_id)
		WHERE m.ended_at IS NULL AND m.account_id = ANY (dwh_internal.person_accounts(dwh_internal.account_person(l.account_id)))
		ORDER BY m.account_id
	LOOP
		IF v_is_later THEN
			UPDATE dwh_catalog.mailbox_holder SET valid_to = greatest(least(valid_to, l.effective_on - 1), valid_from - 1)
			WHERE mailbox_holder_id = h.mailbox_holder_id;
		ELSE
			PERFORM dwh_internal.change_holder(h.account_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
		END IF;
		PERFORM dwh_internal.audit_append('end_mailbox_holder', h.email, 'done', jsonb_strip_nulls(jsonb_build_object('request', l.request_id,
			'line', l.line_no, 'account', h.account_id, 'holder', h.person_name, 'reason', l.reason, 'from', CASE WHEN v_is_later THEN l.effective_on END)));
		v_count := v_count + 1;
	END LOOP;
	RETURN v_count;
END
$$;
COMMENT ON FUNCTION dwh_internal.end_holdings(record) IS
	'Người bị thu hồi mọi quyền không còn giữ hộp thư hỗ trợ | Who loses everything holds no support mailbox any more';

-- Whoever holds a support mailbox and has an account is one person with one name, of the province; a mailbox is nobody.
CREATE FUNCTION dwh_internal.check_holder_account(p_person_name text, p_person_email text, p_unit_id int)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	a dwh_catalog.account;
BEGIN
	SELECT * INTO a FROM dwh_catalog.account WHERE lower(email) = lower(p_person_email);
	IF a.kind <> 'sector' OR NOT dwh_internal.is_same_name(a.full_name, p_person_name)
		OR dwh_internal.unit_top_on(a.home_unit_id, dwh.today()) <> dwh_internal.unit_top_on(p_unit_id, dwh.today())
	THEN
		PERFORM dwh_internal.access_refuse(format('%s is not the person of the account with the address of the holder', p_person_name),
			'893 Arts. 3.4b, 3.5, 6.1: mỗi người một hộp thư của chính mình, thuộc tỉnh đó | each person has one address of his own, and is of that province.',
			'Correct the name or the address of the holder.');
	END IF;
END
$$;
COMMENT ON FUNCTION dwh_internal.check_holder_account(text, text, int) IS
	'Người giữ hộp thư phải đúng là chủ tài khoản có địa chỉ đó | The holder is the person of the account with his address, if there is one';

CREATE FUNCTION dwh_internal.set_mailbox_holder(p_email text, p_person_name text, p_title text, p_person_email text, p_employment_kind text,
	p_unit int, p_letter_no text, p_assignment_no text, p_signed_by int, p_letter_on date)
RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_account_id int := dwh_internal.access_account(p_email);
	c record := dwh_internal.access_caller();
	p dwh_catalog.access_path;
	a dwh_catalog.account;
	h dwh_catalog.office_holder;
	l dwh_catalog.access_request_line;
	v_on date := coalesce(p_letter_on, dwh.today());
BEGIN
	IF NOT c.is_central THEN
		PERFORM dwh_internal.access_refuse('the caller is no central administrator',
			'893 Arts. 6.3, 12.3: chỉ quản trị Trung ương thực hiện đối với quản trị tỉnh | central administrators act for administrators of provinces.',
			'Send the letter of the province to a central administrator.');
	END IF;
	SELECT * INTO a FROM dwh_catalog.account WHERE account_id = v_account_id;
	SELECT * INTO h FROM dwh_catalog.office_holder WHERE office_holder_id = p_signed_by;
	SELECT * INTO p FROM dwh_catalog.access_path WHERE code = 'province_admin' AND valid_from <= dwh.today() AND coalesce(valid_to >= dwh.today(), true);
	IF a.kind <> 'mailbox' THEN
		RAISE EXCEPTION 'account "%" is no support mailbox', p_email USING ERRCODE = '22023', DETAIL = '893 Art. 6.3.',
			HINT = 'A person''s account has no holder but him.';
	END IF;
	PERFORM dwh_internal.access_require(p_letter_no, 'letter_no', '893 Art. 6.3');
	IF v_on > dwh.today() THEN
		RAISE EXCEPTION 'a letter of % cannot have been received', v_on USING ERRCODE = '22023', DETAIL = format('Today is %s.', dwh.today()),
			HINT = 'Correct the date.';
	ELSIF v_on < dwh_internal.access_rules_from() THEN
		PERFORM dwh_internal.access_refuse(format('a letter of %s came before the regulation', v_on),
			format('893 Decision Art. 2: có hiệu lực từ ngày %1$s | it is in force from %1$s.', dwh_internal.access_rules_from()), 'Correct the date.');
	END IF;
	IF p_person_name IS NOT NULL THEN
		PERFORM dwh_internal.lock_exclusions();
		-- Who takes the rights of the person at this time is done, or waits and finds the holding; in the order that everyone keeps.
		PERFORM FROM dwh_catalog.account AS o WHERE o.account_id = v_account_id OR lower(o.email) = lower(p_person_email)
		ORDER BY o.account_id FOR NO KEY UPDATE;
		-- judged as a line that this letter decided on
		l.account_kind := 'mailbox'; l.holder_email := p_person_email; l.decided_on := v_on;
		PERFORM dwh_internal.access_require(v, f, '893 Art. 3.4b')
		FROM (VALUES (p_person_name, 'person_name'), (p_title, 'title'), (p_person_email, 'person_email'), (p_unit::text, 'unit'),
			(p_assignment_no, 'assignment_no')) AS t (v, f);
		IF NOT coalesce(p_employment_kind = ANY (p.employment_kinds), false) OR NOT dwh_internal.has_unit_function(p_unit, p.unit_function, dwh.today())
			OR dwh_internal.unit_top_on(p_unit, dwh.today()) <> dwh_internal.unit_top_on(a.home_unit_id, dwh.today())
		THEN
			PERFORM dwh_internal.access_refuse(format('%s is not eligible to hold the mailbox', p_person_name),
				'893 Arts. 3.4b, 7.4: viên chức của bộ phận CNTT của tỉnh | a public employee of the IT division of that province.',
				'Name another holder.');
		-- of the province that answered for the mailbox on the day of the letter
		ELSIF NOT dwh_internal.holds_office(p_signed_by, v_on, '{province_director,deputy}', ARRAY[dwh_internal.unit_top_on(a.home_unit_id, v_on)]) THEN
			PERFORM dwh_internal.access_refuse('the letter is not signed by the director of the province',
				'893 Arts. 3.4b, 17.3: giám đốc BHXH tỉnh phân công | the director of the province assigns the holder.',
				'Name the office holder who signed it.');
		ELSIF dwh_internal.is_office_holder(h, 'mail:' || lower(p_person_email), p_person_name, p_unit) THEN
			PERFORM dwh_internal.access_refuse(format('%s decides on access of his own', p_person_name), '893 Arts. 3.4b, 7.4, 12.3 [own]: không ai tự '
				'giao quyền cho mình | nobody assigns himself.', 'Name another holder.');
		ELSIF c.person = 'mail:' || lower(p_person_email) THEN
			PERFORM dwh_internal.access_refuse('the mailbox would be the caller''s own', '893 Arts. 7.4, 12.3 [own].', 'Another administrator does it.');
		ELSIF dwh_internal.has_excluded_right('mail:' || lower(p_person_email), false) THEN
			PERFORM dwh_internal.access_refuse(format('%s audits and cannot administer', p_person_name),
				'[own]: người quản trị không tự kiểm tra mình | whoever administers does not audit himself.', 'Revoke the other right first.');
		ELSIF dwh_internal.is_taken_since(l) THEN
			PERFORM dwh_internal.access_refuse(format('the rights of %s were taken after this letter', p_person_name),
				'893 Arts. 16, 17.7: thu hồi sau văn bản này | the way back is a new letter.', 'Name another holder, or enter a new letter.');
		END IF;
	END IF;
	PERFORM dwh_internal.change_holder(v_account_id, p_person_name, p_title, p_person_email, p_employment_kind, p_unit, p_letter_no, p_assignment_no,
		NULL);
END
$$;
COMMENT ON FUNCTION dwh_internal.set_mailbox_holder(text, text, text, text, text, int, text, text, int, date) IS
	'Xem dwh.set_mailbox_holder | See dwh.set_mailbox_holder';

CREATE FUNCTION dwh.set_mailbox_holder(p_email text, p_person_name text, p_title text, p_person_email text, p_employment_kind text,
	p_unit int, p_letter_no text, p_assignment_no text, p_signed_by int, p_letter_on date DEFAULT NULL)
RETURNS void LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_access_act';
COMMENT ON FUNCTION dwh.set_mailbox_holder(text, text, text, text, text, int, text, text, int, date) IS
	'Giao hộp thư hỗ trợ cho một người theo văn bản của tỉnh; tên trống: không còn ai giữ, không còn quyền | '
	'Gives a support mailbox to a person by letter of the province; without a name nobody holds it and it has no right';

-- The register of problems, incidents and requests for change: see src/access/act.c and sql/warehouse/77_problem.sql.

-- The last day of a deadline in working days, by the rule in force on the day it is counted from; both NULL where there is none.
CREATE FUNCTION dwh_internal.working_deadline(p_source text, p_from date, OUT due_on date, OUT deadline_id int)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	SELECT dwh.add_working_days(p_from, d.value_number), d.deadline_id INTO due_on, deadline_id
	FROM dwh_catalog.deadline AS d
	WHERE d.source = p_source AND d.unit = 'working_days' AND d.valid_from <= p_from AND coalesce(d.valid_to >= p_from, true);
END
$$;
COMMENT ON FUNCTION dwh_internal.working_deadline(text, date) IS
	'Hạn theo ngày làm việc và quy định đang có hiệu lực | Due day in working days, by the rule in force';

-- The units of an officer whose grants name units; NULL: of every unit.
CREATE FUNCTION dwh_internal.officer_units()
RETURNS int[] LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN dwh_internal.share_units(array_agg(r.scope_unit_id))
	FROM dwh_catalog.access_grant AS r JOIN dwh_catalog.user_group AS g USING (user_group_id)
	WHERE r.account_id = dwh.current_account() AND 'dwh_share_officer' IN (g.role_name, g.rights_of) AND r.scope_unit_id IS NOT NULL
		AND r.revoked_at IS NULL AND r.valid_from <= dwh.today() AND coalesce(r.valid_to >= dwh.today(), true);
END
$$;
COMMENT ON FUNCTION dwh_internal.officer_units() IS
	'Các đơn vị mà cán bộ chia sẻ phụ trách; trống: mọi đơn vị | Units of a sharing officer; NULL: all';

-- Which problems the caller handles, as administrator or sharing officer, and which he may read besides.
CREATE FUNCTION dwh_internal.problem_rights(OUT is_central boolean, OUT is_auditor boolean, OUT is_officer boolean, OUT officer_units int[],
	OUT province_units int[], OUT scope_units int[], OUT account_id int, OUT agency_ids int[])
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	account_id := dwh.current_account();
	is_central := dwh_internal.caller_has_role('dwh_central_admin');
	is_auditor := dwh_internal.caller_has_role('dwh_auditor');
	is_officer := dwh_internal.caller_has_role('dwh_share_officer');
	officer_units := CASE WHEN is_officer THEN dwh_internal.officer_units() END;
	province_units := (dwh_internal.access_caller()).unit_ids;
	scope_units := dwh.scope_units(NULL);
	agency_ids := ARRAY(SELECT c.agency_id FROM dwh_catalog.connection_account AS c WHERE c.login_role = dwh_internal.share_caller()
		AND c.is_enabled AND c.valid_from <= dwh.today() AND coalesce(c.valid_to >= dwh.today(), true));
END
$$;
COMMENT ON FUNCTION dwh_internal.problem_rights() IS 'Người gọi xử lý, xem được gì trong sổ | What the caller handles and reads of the register';

-- Whether a service is of a database of these units; NULL: of every unit.
CREATE FUNCTION dwh_internal.is_service_of(p_service_id int, p_unit_ids int[])
RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN p_unit_ids IS NULL OR EXISTS (SELECT FROM dwh_catalog.share_service AS s JOIN dwh_catalog.share_database_unit AS u USING (database_id)
		WHERE s.service_id = p_service_id AND u.unit_id = ANY (p_unit_ids) AND u.valid_from <= dwh.today() AND coalesce(u.valid_to >= dwh.today(), true));
END
$$;
COMMENT ON FUNCTION dwh_internal.is_service_of(int, int[]) IS
	'Dịch vụ có thuộc cơ sở dữ liệu của các đơn vị này không | Whether a service is of a database of these units';

CREATE FUNCTION dwh_internal.add_problem(p_kind text, p_subject text, p_description text, p_channel text, p_document_no text,
	p_received_on date, p_unit_id int, p_affected_units int[], p_article text, p_object text, p_agency_id int, p_service_id int,
	p_agreement_id int, p_share_no bigint, OUT problem_id int, OUT due_on date)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_received_on date := coalesce(p_received_on, dwh.today());
	v_is_sharing_kind boolean := (SELECT k.is_sharing FROM dwh_catalog.problem_kind AS k WHERE k.code = p_kind AND k.valid_from <= v_received_on
		AND coalesce(k.valid_to >= v_received_on, true));
	v_is_sharing boolean := v_is_sharing_kind OR num_nonnulls(p_agency_id, p_service_id, p_agreement_id, p_share_no) > 0;
	v_deadline_id int;
	v_constraint text;
BEGIN
	IF v_is_sharing_kind IS NULL THEN
		RAISE EXCEPTION 'there is no kind of problem "%" on %', coalesce(p_kind, 'NULL'), v_received_on
			USING ERRCODE = '22023', DETAIL = (SELECT format('ND47 Art. 47, 893 Arts. 8.4, 10.3, 12.7: kinds are %s.', string_agg(k.code, ', ' ORDER BY k.is_sharing, k.code))
				FROM dwh_catalog.problem_kind AS k WHERE k.valid_from <= v_received_on AND coalesce(k.valid_to >= v_received_on, true)),
			HINT = 'Name one of dwh_catalog.problem_kind.';
	END IF;
	-- 893 sets no day for the others.
	IF v_is_sharing THEN
		SELECT d.due_on, d.deadline_id INTO due_on, v_deadline_id
		FROM dwh_internal.working_deadline('ND47 Art 49(1)', v_received_on) AS d;
	END IF;
	INSERT INTO dwh_catalog.problem AS p (kind, is_sharing, subject, description, object, article, channel, document_no, received_on, unit_id, affected_unit_ids,
		agency_id, service_id, agreement_id, share_no, to_functions, is_immediate, due_on, deadline_id, opened_at, opened_by, opened_person,
		opened_account_id)
	VALUES (p_kind, v_is_sharing, p_subject, p_description, p_object, p_article, p_channel, p_document_no, v_received_on, p_unit_id, p_affected_units,
		p_agency_id, p_service_id, p_agreement_id, p_share_no,
		CASE WHEN p_kind = 'data_error' THEN ARRAY['planning', 'it_centre'] WHEN v_is_sharing_kind THEN '{}' ELSE ARRAY['it_centre'] END,
		p_kind = 'risk', due_on, v_deadline_id, statement_timestamp(), dwh_internal.share_caller(),
		(SELECT a.full_name FROM dwh_catalog.account AS a WHERE a.account_id = dwh.current_account()), dwh.current_account())
	RETURNING p.problem_id INTO problem_id;
EXCEPTION
	WHEN check_violation THEN
		GET STACKED DIAGNOSTICS v_constraint = CONSTRAINT_NAME;
		RAISE EXCEPTION 'this is no problem that can be registered (%)', v_constraint
			USING ERRCODE = '22023', DETAIL = '2327 Art. 21.1e: channels are portal, email, document with its number.', HINT = 'Correct the argument.';
	WHEN foreign_key_violation THEN
		RAISE EXCEPTION 'unit % does not exist', p_unit_id
			USING ERRCODE = '42704', DETAIL = 'Units stand in dwh_star.dim_unit.', HINT = 'dwh.get_unit(code, day) finds the unit_id of a code.';
END
$$;
COMMENT ON FUNCTION dwh_internal.add_problem(text, text, text, text, text, date, int, int[], text, text, int, int, int, bigint) IS
	'Ghi một vướng mắc vào sổ, cho mọi bộ phận | Enters a problem into the register, for all rooms';

CREATE FUNCTION dwh_internal.open_problem(p_kind text, p_subject text, p_description text, p_channel text, p_document_no text,
	p_received_on date, p_unit_id int, p_affected_units int[], p_article text, p_object text, p_agency text, p_service text,
	p_agreement_id int, p_share_no bigint, OUT problem_id int, OUT due_on date)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	r record := dwh_internal.problem_rights();
	l record;
	v_agency_id int;
	v_service_id int;
	v_home_unit int := (SELECT a.home_unit_id FROM dwh_catalog.account AS a WHERE a.account_id = r.account_id);
BEGIN
	PERFORM dwh_internal.share_require(v, f, '893 Art. 12.7') FROM (VALUES (p_subject, 'subject'), (p_description, 'description')) AS t (v, f);
	IF p_channel = 'system' THEN
		RAISE EXCEPTION 'the channel is portal, email or document'
			USING ERRCODE = '22023', DETAIL = '2327 Art. 21.1e.', HINT = 'Name the channel by which it was told.';
	ELSIF p_received_on > dwh.today() THEN
		RAISE EXCEPTION 'nothing is received after today'
			USING ERRCODE = '22023', DETAIL = format('Today is %s.', dwh.today()), HINT = 'Correct p_received_on.';
	END IF;
	IF p_kind IN ('change', 'regulation') THEN
		PERFORM dwh_internal.share_require(p_article, 'article', CASE p_kind WHEN 'change' THEN '893 Art. 8.4' ELSE '893 Art. 19.2' END);
	END IF;
	IF p_affected_units IS NOT NULL AND EXISTS (SELECT FROM unnest(p_affected_units) AS u
		WHERE u IS NULL OR NOT EXISTS (SELECT FROM dwh_star.dim_unit AS d WHERE d.unit_id = u))
	THEN
		RAISE EXCEPTION 'an affected unit does not exist'
			USING ERRCODE = '42704', DETAIL = 'Units stand in dwh_star.dim_unit.', HINT = 'dwh.get_unit(code, day) finds the unit_id of a code.';
	END IF;
	IF p_unit_id IS NOT NULL AND NOT EXISTS (SELECT FROM dwh_star.dim_unit AS d WHERE d.unit_id = p_unit_id) THEN
		RAISE EXCEPTION 'unit % does not exist', p_unit_id
			USING ERRCODE = '42704', DETAIL = 'Units stand in dwh_star.dim_unit.', HINT = 'dwh.get_unit(code, day) finds the unit_id of a code.';
	-- The register says which unit reported what, and since when an answer is due: whoever handles problems enters those of others, too.
	ELSIF NOT (r.is_central OR r.is_officer OR coalesce(p_unit_id = ANY (r.province_units), cardinality(r.province_units) > 0))
		AND (p_received_on < dwh.today()
			OR p_unit_id <> v_home_unit AND dwh_internal.unit_top(p_unit_id) IS DISTINCT FROM dwh_internal.unit_top(v_home_unit)
			OR p_unit_id IS NOT NULL AND v_home_unit IS NULL)
	THEN
		RAISE EXCEPTION 'the caller reports for himself, today'
			USING ERRCODE = '42501', DETAIL = '893 Arts. 12.7, 13.2: quản trị, cán bộ chia sẻ ghi văn bản của đơn vị khác, ngày khác | '
				'administrators and sharing officers enter what others have sent, and when.', HINT = 'Leave p_unit_id and p_received_on out.';
	END IF;
	IF p_agency IS NOT NULL THEN
		v_agency_id := dwh_internal.share_agency_id(p_agency);
	END IF;
	IF p_service IS NOT NULL THEN
		v_service_id := dwh_internal.share_service_id(p_service);
	END IF;
	-- What is said of a transfer or an agreement says whose it is.
	IF p_share_no IS NOT NULL OR p_agreement_id IS NOT NULL THEN
		SELECT x.agency_id, x.service_id INTO l FROM (
			SELECT s.agency_id, s.service_id FROM dwh_log.share_log AS s WHERE s.share_no = p_share_no
			UNION ALL SELECT g.agency_id, g.service_id FROM dwh_catalog.share_agreement AS g
			WHERE p_share_no IS NULL AND g.agreement_id = p_agreement_id) AS x LIMIT 1;
		-- Who received which data is known to those who share it and to who received it; others do not learn which numbers there are.
		IF NOT (r.is_central OR r.is_auditor OR coalesce(l.agency_id = ANY (r.agency_ids), false)
			OR r.is_officer AND dwh_internal.is_service_of(l.service_id, r.officer_units))
		THEN
			RAISE EXCEPTION 'the caller does not see this transfer or agreement'
				USING ERRCODE = '42501', DETAIL = '2327 Art. 21.2d: cán bộ chia sẻ và cơ quan nhận dữ liệu | sharing officers, and the agency that received the data.',
					HINT = 'Leave p_share_no and p_agreement_id out, and describe it.';
		ELSIF l IS NULL THEN
			RAISE EXCEPTION 'there is no such transfer or agreement'
				USING ERRCODE = '42704', DETAIL = 'dwh_log.share_log and dwh_catalog.share_agreement have them.', HINT = 'Correct the number.';
		END IF;
		v_agency_id := coalesce(v_agency_id, l.agency_id);
		v_service_id := coalesce(v_service_id, l.service_id);
		IF v_agency_id IS DISTINCT FROM l.agency_id OR v_service_id IS DISTINCT FROM l.service_id THEN
			RAISE EXCEPTION 'the transfer or agreement is of another agency or service'
				USING ERRCODE = '22023', DETAIL = 'ND47 Art. 49.', HINT = 'Leave p_agency and p_service out, or correct them.';
		END IF;
	END IF;
	-- 2327 Art. 21.2d: partners speak for their own agency.
	IF dwh.current_account() IS NULL AND dwh_internal.caller_has_role('dwh_partner')
		AND NOT dwh_internal.caller_has_role('dwh_share_officer') AND NOT dwh_internal.caller_has_role('dwh_central_admin')
	THEN
		v_agency_id := coalesce(v_agency_id, r.agency_ids[1]);
		IF v_agency_id IS NULL OR v_agency_id <> ALL (r.agency_ids) THEN
			RAISE EXCEPTION 'the caller has no connection account of that agency'
				USING ERRCODE = '42501', DETAIL = '2327 Art. 21.2d: a data user reports on its own data.', HINT = 'Ask a sharing officer.';
		END IF;
	END IF;
	SELECT a.problem_id, a.due_on INTO problem_id, due_on FROM dwh_internal.add_problem(p_kind, p_subject, p_description, p_channel, p_document_no,
		p_received_on, coalesce(p_unit_id, v_home_unit), p_affected_units, p_article, p_object, v_agency_id, v_service_id, p_agreement_id, p_share_no) AS a;
END
$$;
COMMENT ON FUNCTION dwh_internal.open_problem(text, text, text, text, text, date, int, int[], text, text, text, text, int, bigint) IS
	'Xem dwh.open_problem | See dwh.open_problem';

CREATE FUNCTION dwh.open_problem(p_kind text, p_subject text, p_description text, p_channel text DEFAULT 'portal',
	p_document_no text DEFAULT NULL, p_received_on date DEFAULT NULL, p_unit_id int DEFAULT NULL, p_affected_units int[] DEFAULT NULL,
	p_article text DEFAULT NULL, p_object text DEFAULT NULL, p_agency text DEFAULT NULL, p_service text DEFAULT NULL,
	p_agreement_id int DEFAULT NULL, p_share_no bigint DEFAULT NULL, OUT problem_id int, OUT due_on date)
RETURNS record LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_access_act';
COMMENT ON FUNCTION dwh.open_problem(text, text, text, text, text, date, int, int[], text, text, text, text, int, bigint) IS
	'Ghi vướng mắc, sự cố, sai sót, nguy cơ hoặc yêu cầu thay đổi; trả về số và hạn trả lời | '
	'Registers a problem, incident, error, risk or request for change; returns its number and the day an answer is due';

-- The problem, locked, for somebody who handles it.
CREATE FUNCTION dwh_internal.handle_problem(p_problem_id int)
RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	p dwh_catalog.problem;
	r record;
BEGIN
	SELECT * INTO p FROM dwh_catalog.problem WHERE problem_id = p_problem_id FOR UPDATE;
	r := dwh_internal.problem_rights();
	IF NOT (r.is_central OR (p.unit_id = ANY (r.province_units)) IS TRUE OR (p.affected_unit_ids && r.province_units) IS TRUE
		OR (r.is_officer AND p.is_sharing AND dwh_internal.is_service_of(p.service_id, r.officer_units)))
	THEN
		RAISE EXCEPTION 'problem % is not the caller''s to handle', coalesce(p_problem_id::text, 'NULL')
			USING ERRCODE = '42501', DETAIL = '893 Arts. 12.7, 13.2: quản trị ứng dụng, cán bộ chia sẻ xử lý | administrators handle problems, those of '
				'a province its own, sharing officers those of sharing.', HINT = 'Ask a member of dwh_central_admin.';
	ELSIF p.problem_id IS NULL THEN
		RAISE EXCEPTION 'problem % does not exist', coalesce(p_problem_id::text, 'NULL')
			USING ERRCODE = '42704', DETAIL = 'Nothing has that number.', HINT = 'dwh.list_problems() shows the register.';
	ELSIF p.state = 'closed' THEN
		RAISE EXCEPTION 'problem % is closed', p_problem_id
			USING ERRCODE = '55000', DETAIL = format('It was closed on %s.', p.closed_on), HINT = 'Open a new one.';
	END IF;
END
$$;
COMMENT ON FUNCTION dwh_internal.handle_problem(int) IS 'Kiểm tra người xử lý, khóa dòng | Checks who handles it, locks the row';

CREATE FUNCTION dwh_internal.note_problem(p_problem_id int, p_note text, p_is_answer boolean)
RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM dwh_internal.handle_problem(p_problem_id);
	PERFORM dwh_internal.share_require(p_note, 'note', '893 Art. 10.3');
	INSERT INTO dwh_catalog.problem_note (problem_id, noted_at, noted_by, noted_person, note)
	VALUES (p_problem_id, statement_timestamp(), dwh_internal.share_caller(),
		(SELECT a.full_name FROM dwh_catalog.account AS a WHERE a.account_id = dwh.current_account()), p_note);
	IF p_is_answer THEN
		UPDATE dwh_catalog.problem SET answered_on = coalesce(answered_on, dwh.today()) WHERE problem_id = p_problem_id;
		UPDATE dwh_catalog.problem_escalation SET answered_on = coalesce(answered_on, dwh.today())
		WHERE problem_id = p_problem_id AND step = (SELECT max(e.step) FROM dwh_catalog.problem_escalation AS e WHERE e.problem_id = p_problem_id);
	END IF;
END
$$;
COMMENT ON FUNCTION dwh_internal.note_problem(int, text, boolean) IS 'Xem dwh.note_problem | See dwh.note_problem';

CREATE FUNCTION dwh.note_problem(p_problem_id int, p_note text, p_is_answer boolean DEFAULT false)
RETURNS void LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_access_act';
COMMENT ON FUNCTION dwh.note_problem(int, text, boolean) IS
	'Ghi tiến độ khắc phục để các đơn vị theo dõi; p_is_answer: là câu trả lời | Notes progress for the units to read; p_is_answer: it is the answer';

CREATE FUNCTION dwh_internal.assign_problem(p_problem_id int, p_unit_id int, p_decided_by int, p_decision_no text, p_decided_on date)
RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	p dwh_catalog.problem;
	v_decided_on date := coalesce(p_decided_on, dwh.today());
BEGIN
	PERFORM dwh_internal.handle_problem(p_problem_id);
	SELECT * INTO p FROM dwh_catalog.problem WHERE problem_id = p_problem_id;
	PERFORM dwh_internal.office_unit_level(p_unit_id, dwh.today());
	-- 893 Art. 8.4: a leader of the sector gives it to the IT Centre.
	IF p.kind = 'change' THEN
		PERFORM dwh_internal.share_require(p_decision_no, 'decision_no', '893 Art. 8.4');
		IF v_decided_on > dwh.today() OR v_decided_on < p.received_on
			OR NOT dwh_internal.holds_office(p_decided_by, v_decided_on, '{sector_leadership}')
		THEN
			RAISE EXCEPTION 'a change is assigned by a leader of the sector'
				USING ERRCODE = '42501', DETAIL = '893 Art. 8.4: Lãnh đạo Ngành giao Trung tâm CNTT nâng cấp | who decided is an office holder of '
					'sector_leadership on that day, after the request and not later than today.', HINT = 'dwh.list_office_holders(1, day) shows them.';
		ELSIF NOT (EXISTS (SELECT FROM dwh_catalog.unit_function AS f WHERE f.unit_id = p_unit_id AND f.function = 'it_centre'
			AND f.valid_from <= dwh.today() AND coalesce(f.valid_to >= dwh.today(), true)))
		THEN
			RAISE EXCEPTION 'a change is assigned to the IT Centre'
				USING ERRCODE = '22023', DETAIL = '893 Art. 8.4.', HINT = 'Name the unit with function it_centre.';
		END IF;
	END IF;
	UPDATE dwh_catalog.problem SET assigned_unit_id = p_unit_id, assigned_at = statement_timestamp(), decided_by = p_decided_by,
		decision_no = p_decision_no, decided_on = CASE WHEN p_decided_by IS NOT NULL THEN v_decided_on END,
		state = CASE state WHEN 'open' THEN 'assigned' ELSE state END
	WHERE problem_id = p_problem_id;
END
$$;
COMMENT ON FUNCTION dwh_internal.assign_problem(int, int, int, text, date) IS 'Xem dwh.assign_problem | See dwh.assign_problem';

CREATE FUNCTION dwh.assign_problem(p_problem_id int, p_unit_id int, p_decided_by int DEFAULT NULL, p_decision_no text DEFAULT NULL,
	p_decided_on date DEFAULT NULL)
RETURNS void LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_access_act';
COMMENT ON FUNCTION dwh.assign_problem(int, int, int, text, date) IS
	'Giao cho một đơn vị giải quyết; yêu cầu thay đổi phải có quyết định của Lãnh đạo Ngành | '
	'Assigns it to a unit; a change by decision of a leader of the sector';

-- ND47 Art. 48: a problem of sharing goes from level to level, each in its turn; others go on once.
CREATE FUNCTION dwh_internal.escalate_problem(p_problem_id int, p_escalated_to text, p_reason text)
RETURNS date LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	p dwh_catalog.problem;
	e dwh_catalog.problem_escalation;
	l dwh_catalog.problem_level;
	v_answered_on date;
	v_due_on date;
	v_deadline_id int;
BEGIN
	PERFORM dwh_internal.handle_problem(p_problem_id);
	PERFORM dwh_internal.share_require(v, f, 'ND47 Art. 49') FROM (VALUES (p_escalated_to, 'escalated_to'), (p_reason, 'reason')) AS t (v, f);
	SELECT * INTO p FROM dwh_catalog.problem WHERE problem_id = p_problem_id;
	SELECT * INTO e FROM dwh_catalog.problem_escalation WHERE problem_id = p_problem_id ORDER BY step DESC LIMIT 1;
	IF p.is_sharing THEN
		SELECT * INTO l FROM dwh_catalog.problem_level AS n
		WHERE n.level_no > coalesce(e.level_no, 1) AND n.valid_from <= dwh.today() AND coalesce(n.valid_to >= dwh.today(), true)
		ORDER BY n.level_no LIMIT 1;
		IF l.level_no IS NULL THEN
			RAISE EXCEPTION 'problem % is at the last level', p_problem_id
				USING ERRCODE = '55000', DETAIL = format('ND47 Art. 48: nobody is above "%s".', e.escalated_to),
					HINT = 'Note the progress with dwh.note_problem().';
		END IF;
	ELSIF e.step IS NOT NULL THEN
		RAISE EXCEPTION 'problem % has been escalated on %', p_problem_id, e.escalated_on
			USING ERRCODE = '55000', DETAIL = '893 Art. 12.7: what does not concern sharing goes on once.',
				HINT = 'Note the progress with dwh.note_problem().';
	END IF;
	v_answered_on := CASE WHEN e.step IS NULL THEN p.answered_on ELSE e.answered_on END;
	v_due_on := CASE WHEN e.step IS NULL THEN p.due_on ELSE e.due_on END;
	IF v_answered_on IS NULL AND coalesce(v_due_on >= dwh.today(), e.step IS NOT NULL) THEN
		RAISE EXCEPTION 'problem % may still be answered%', p_problem_id, coalesce(' until ' || v_due_on, '')
			USING ERRCODE = '55000', DETAIL = 'ND47 Art. 49.2: it goes on after an answer that does not solve it, or when the days are over.',
				HINT = 'Wait, or record the answer with dwh.note_problem().';
	ELSIF p.is_sharing AND p_escalated_to <> l.code THEN
		RAISE EXCEPTION 'problem % goes to level "%" next, not to "%"', p_problem_id, l.code, p_escalated_to
			USING ERRCODE = '22023', DETAIL = format('ND47 Art. 48: next is %s | %s; no level is left out.', l.name_vi, l.name_en),
				HINT = format('Name ''%s''.', l.code);
	END IF;
	-- Art. 49.2 sets a day for the first step only.
	v_due_on := NULL;
	IF p.is_sharing AND e.step IS NULL THEN
		SELECT d.due_on, d.deadline_id INTO v_due_on, v_deadline_id FROM dwh_internal.working_deadline('ND47 Art 49(2)', dwh.today()) AS d;
	END IF;
	INSERT INTO dwh_catalog.problem_escalation (problem_id, step, level_no, escalated_to, escalated_on, escalated_by, reason, due_on, deadline_id)
	VALUES (p_problem_id, coalesce(e.step, 0) + 1, l.level_no, p_escalated_to, dwh.today(), dwh_internal.share_caller(), p_reason, v_due_on, v_deadline_id);
	UPDATE dwh_catalog.problem SET state = 'escalated' WHERE problem_id = p_problem_id;
	RETURN v_due_on;
END
$$;
COMMENT ON FUNCTION dwh_internal.escalate_problem(int, text, text) IS 'Xem dwh.escalate_problem | See dwh.escalate_problem';

CREATE FUNCTION dwh.escalate_problem(p_problem_id int, p_escalated_to text, p_reason text)
RETURNS date LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_access_act';
COMMENT ON FUNCTION dwh.escalate_problem(int, text, text) IS
	'Chuyển cấp trên giải quyết; trả về hạn trả lời (NĐ47 Điều 49.2) | Passes it on to the unit above; returns the day an answer is due (Decree 47 Art. 49.2)';

CREATE FUNCTION dwh_internal.close_problem(p_problem_id int, p_resolution text)
RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM dwh_internal.handle_problem(p_problem_id);
	PERFORM dwh_internal.share_require(p_resolution, 'resolution', '893 Art. 10.3');
	UPDATE dwh_catalog.problem SET state = 'closed', closed_at = statement_timestamp(), closed_on = dwh.today(),
		closed_by = dwh_internal.share_caller(), resolution = p_resolution
	WHERE problem_id = p_problem_id;
END
$$;
COMMENT ON FUNCTION dwh_internal.close_problem(int, text) IS 'Xem dwh.close_problem | See dwh.close_problem';

CREATE FUNCTION dwh.close_problem(p_problem_id int, p_resolution text)
RETURNS void LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_access_act';
COMMENT ON FUNCTION dwh.close_problem(int, text) IS 'Đóng, kèm kết quả giải quyết | Closes it, with its resolution';

-- Administrators and auditors see all, those of a province its own, officers those of sharing; everybody sees what he reported and what
-- affects his units, partners what concerns their agency.
CREATE FUNCTION dwh_internal.list_problems(p_from date, p_to date, p_kind text, p_state text)
RETURNS TABLE (problem_id int, kind text, subject text, description text, object text, article text, channel text, document_no text,
	received_on date, unit_id int, unit_name text, affected_unit_ids int[], agency text, service text, agreement_id int, share_no bigint,
	to_unit_ids int[], is_immediate boolean, state text, due_on date, opened_at timestamptz, opened_by text, opened_person text,
	assigned_unit_id int, assigned_at timestamptz, decision_no text, escalated_on date, escalated_to text, escalation_due_on date,
	closed_on date, resolution text, notes text[])
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	r record := dwh_internal.problem_rights();
	v_zone text := (SELECT w.time_zone FROM dwh_catalog.warehouse AS w);
BEGIN
	RETURN QUERY
	SELECT p.problem_id, p.kind, p.subject, p.description, p.object, p.article, p.channel, p.document_no, p.received_on, p.unit_id, u.name_vi,
		p.affected_unit_ids, y.identifier, s.code, p.agreement_id, p.share_no,
		ARRAY(SELECT f.unit_id FROM dwh_catalog.unit_function AS f WHERE f.function = ANY (p.to_functions) AND f.valid_from <= p.received_on
			AND coalesce(f.valid_to >= p.received_on, true) ORDER BY f.unit_id),
		p.is_immediate, p.state, p.due_on, p.opened_at, p.opened_by, p.opened_person, p.assigned_unit_id, p.assigned_at, p.decision_no,
		e.escalated_on, e.escalated_to, e.due_on, p.closed_on, p.resolution,
		ARRAY(SELECT to_char(n.noted_at AT TIME ZONE v_zone, 'DD/MM/YYYY HH24:MI') || ' ' || n.note FROM dwh_catalog.problem_note AS n
			WHERE n.problem_id = p.problem_id ORDER BY n.note_id)
	FROM dwh_catalog.problem AS p
	LEFT JOIN LATERAL (SELECT x.escalated_on, x.escalated_to, x.due_on FROM dwh_catalog.problem_escalation AS x
		WHERE x.problem_id = p.problem_id ORDER BY x.step DESC LIMIT 1) AS e ON true
	LEFT JOIN dwh_star.dim_unit AS u ON u.unit_id = p.unit_id
	LEFT JOIN dwh_catalog.agency AS y ON y.agency_id = p.agency_id
	LEFT JOIN dwh_catalog.share_service AS s ON s.service_id = p.service_id
	WHERE (p_from IS NULL OR p.received_on >= p_from) AND (p_to IS NULL OR p.received_on <= p_to)
		AND (p_kind IS NULL OR p.kind = p_kind) AND (p_state IS NULL OR p.state = p_state)
		AND (r.is_central OR r.is_auditor
			OR p.unit_id = ANY (r.province_units) OR p.affected_unit_ids && r.province_units
			OR p.opened_account_id = r.account_id OR (p.opened_account_id IS NULL AND p.opened_by = dwh_internal.share_caller())
			OR p.affected_unit_ids && r.scope_units OR p.agency_id = ANY (r.agency_ids)
			OR (r.is_officer AND p.is_sharing AND dwh_internal.is_service_of(p.service_id, r.officer_units)))
	ORDER BY p.problem_id;
END
$$;
COMMENT ON FUNCTION dwh_internal.list_problems(date, date, text, text) IS 'Xem dwh.list_problems | See dwh.list_problems';

CREATE FUNCTION dwh.list_problems(p_from date DEFAULT NULL, p_to date DEFAULT NULL, p_kind text DEFAULT NULL, p_state text DEFAULT NULL,
	OUT problem_id int, OUT kind text, OUT subject text, OUT description text, OUT object text, OUT article text, OUT channel text,
	OUT document_no text, OUT received_on date, OUT unit_id int, OUT unit_name text, OUT affected_unit_ids int[], OUT agency text,
	OUT service text, OUT agreement_id int, OUT share_no bigint, OUT to_unit_ids int[], OUT is_immediate boolean, OUT state text,
	OUT due_on date, OUT opened_at timestamptz, OUT opened_by text, OUT opened_person text, OUT assigned_unit_id int,
	OUT assigned_at timestamptz, OUT decision_no text, OUT escalated_on date, OUT escalated_to text, OUT escalation_due_on date,
	OUT closed_on date, OUT resolution text, OUT notes text[])
RETURNS SETOF record LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_access_list';
COMMENT ON FUNCTION dwh.list_problems(date, date, text, text) IS
	'Sổ vướng mắc, sự cố, yêu cầu thay đổi trong một kỳ | The register of problems, incidents and requests for change in a period';

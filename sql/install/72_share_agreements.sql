-- Requests, agreements, suspensions, notices: see src/share/act.c.

-- A row of the log about a connection, in the caller's transaction.
CREATE FUNCTION dwh_internal.share_log_connect(p_agreement_id int, p_request_id int, p_stage text, p_status text, p_reason text,
	p_content jsonb, p_related_share_no bigint DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_no bigint := nextval('dwh_log.share_no_seq');
BEGIN
	INSERT INTO dwh_log.share_log (month, share_no, stage, occurred_at, direction, kind, requested_at, request_form, agency_id,
		agency_identifier, application_identifier, service_id, service_code, agreement_id, account_id, session_user_name,
		outer_user_name, client_address, gateway, purpose, frequency, request_content, status, reason, item_count,
		related_share_no)
	SELECT date_trunc('month', statement_timestamp() AT TIME ZONE w.time_zone)::date, v_no, p_stage, statement_timestamp(), r.direction,
		CASE WHEN p_related_share_no IS NULL THEN 'connect' ELSE 'share' END, r.recorded_at, r.form, r.agency_id, a.identifier, p.identifier, r.service_id, s.code, p_agreement_id,
		nullif(dwh.current_account(), 0), session_user, dwh_internal.share_caller(), host(inet_client_addr()), f.code, r.purpose,
		r.frequency, coalesce(p_content, '{}') || jsonb_build_object('request_id', r.request_id, 'items', r.items), p_status, p_reason,
		r.item_count, p_related_share_no
	FROM dwh_catalog.share_request AS r JOIN dwh_catalog.agency AS a ON a.agency_id = r.agency_id
		LEFT JOIN dwh_catalog.application AS p ON p.application_id = r.application_id
		LEFT JOIN dwh_catalog.share_service AS s ON s.service_id = r.service_id
		CROSS JOIN dwh_catalog.warehouse AS w CROSS JOIN dwh_catalog.share_host AS h
		JOIN dwh_catalog.share_platform AS f ON f.platform_id = h.gateway_id
	WHERE r.request_id = p_request_id;
	RETURN v_no;
END
$$;
COMMENT ON FUNCTION dwh_internal.share_log_connect(int, int, text, text, text, jsonb, bigint) IS
	'Ghi một bước kết nối vào nhật ký | Appends a stage of a connection to the log';

CREATE FUNCTION dwh_internal.request_share(p_agency text, p_service text, p_purpose text, p_items text[], p_item_count int,
	p_frequency text, p_application text, p_legal_basis text, p_form text, p_received_on date, p_others jsonb)
RETURNS int LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_agency_id int := dwh_internal.share_agency_id(p_agency);
	v_received_on date := coalesce(p_received_on, dwh.today());
	v_today date := dwh.today();
	v_application_id int;
	v_is_partner boolean := NOT pg_has_role(dwh_internal.share_caller(), 'dwh_share_officer', 'USAGE');
	y dwh_catalog.agency;
	s dwh_catalog.share_service;
	h dwh_catalog.share_host;
	o dwh_catalog.share_request;
	t dwh_catalog.deadline;
	v_unknown text;
	v_name text;
	v_id int;
BEGIN
	SELECT * INTO y FROM dwh_catalog.agency WHERE agency_id = v_agency_id;
	IF v_is_partner AND NOT EXISTS (SELECT FROM dwh_catalog.connection_account
		WHERE agency_id = v_agency_id AND login_role = dwh_internal.share_caller() AND is_enabled)
	THEN
		RAISE EXCEPTION 'the caller has no connection account of agency "%"', p_agency
			USING ERRCODE = '42501', DETAIL = '2327 Art. 2.3: a requester without login is entered by a sharing officer.',
				HINT = 'Send the request to a sharing officer.';
	END IF;
	PERFORM dwh_internal.share_require(v, f, 'ND47 Art. 35.2') FROM (VALUES (p_service, 'service'), (p_purpose, 'purpose'),
		(array_to_string(p_items, ' '), 'items'), (p_item_count::text, 'item_count'), (p_frequency, 'frequency')) AS r (v, f);
	PERFORM dwh_internal.share_require_frequency(p_frequency);
	IF (p_form IN ('online', 'paper')) IS NOT TRUE THEN
		RAISE EXCEPTION '"%" is no form of a request', coalesce(p_form, 'NULL') USING ERRCODE = '22023', DETAIL = 'ND47 Art. 35.1.', HINT = 'online or paper.';
	END IF;
	IF v_is_partner AND v_received_on <> v_today THEN
		RAISE EXCEPTION 'a request that a partner enters is received today'
			USING ERRCODE = '22023', DETAIL = 'The rules and the deadline are those of the day of receipt (ND47 Art. 35.3).', HINT = 'Leave received_on out.';
	END IF;
	SELECT * INTO s FROM dwh_catalog.share_service WHERE service_id = dwh_internal.share_service_id(p_service);
	SELECT * INTO h FROM dwh_catalog.share_host;
	IF NOT v_is_partner THEN
		PERFORM dwh_internal.share_check_unit(s.database_id);
	END IF;
	IF s.published_at IS NULL OR s.withdrawn_on <= v_today THEN
		RAISE EXCEPTION 'service "%" is not published', p_service
			USING ERRCODE = '55000', DETAIL = 'ND47 Art. 33: requests follow publication.', HINT = 'dwh.search_services('''') lists services.';
	END IF;
	IF p_item_count <> cardinality(p_items) THEN
		RAISE EXCEPTION '% items are named, % are counted', cardinality(p_items), p_item_count
			USING ERRCODE = '22023', DETAIL = 'ND47 Art. 35.2 d: names and number of the data items.', HINT = 'Count the items named.';
	END IF;
	PERFORM dwh_internal.share_require_items(p_items);
	SELECT string_agg(i, ', ' ORDER BY i COLLATE "C") INTO v_unknown FROM unnest(p_items) AS i
	WHERE NOT EXISTS (SELECT FROM jsonb_array_elements(s.columns) AS c WHERE c ->> 'name' = i);
	IF v_unknown IS NOT NULL THEN
		RAISE EXCEPTION 'service "%" has no item %', p_service, v_unknown
			USING ERRCODE = '22023', DETAIL = 'ND47 Art. 35.2 d.', HINT = 'Its data structure names the items.';
	END IF;
	-- Art. 36.1: the special path only where no default service has the items.
	IF s.kind = 'special' THEN
		SELECT d.code INTO v_name FROM dwh_catalog.share_service AS d
		WHERE d.kind = 'default' AND d.database_id = s.database_id AND d.published_at IS NOT NULL
			AND coalesce(d.withdrawn_on > v_today, true)
			AND NOT EXISTS (SELECT FROM unnest(p_items) AS i
				WHERE NOT EXISTS (SELECT FROM jsonb_array_elements(d.columns) AS c WHERE c ->> 'name' = i))
		ORDER BY d.code LIMIT 1;
		IF v_name IS NOT NULL THEN
			RAISE EXCEPTION 'default service "%" has these items', v_name
				USING ERRCODE = '22023', DETAIL = 'ND47 Art. 36.1: the special path is for what cannot be had by default.',
					HINT = 'Ask for that service.';
		END IF;
	ELSIF s.kind <> 'default' THEN
		RAISE EXCEPTION 'service "%" needs no request', p_service
			USING ERRCODE = '22023', DETAIL = 'Open data and a person''s own data are had without an agreement.', HINT = 'Use it directly.';
	END IF;
	PERFORM dwh_internal.share_require_fields(p_others, ARRAY['requester_name', 'direct_user', 'scope', 'content', 'period_from', 'period_to', 'use_until',
		'document_no', 'form_reason', 'documents', 'others'], 'a request has no field');
	PERFORM dwh_internal.share_require_days(p_others, ARRAY['period_from', 'period_to', 'use_until']);
	o := jsonb_populate_record(NULL::dwh_catalog.share_request, coalesce(p_others, '{}'));
	IF o.period_from > o.period_to THEN
		RAISE EXCEPTION 'the period ends before it begins'
			USING ERRCODE = '22023', DETAIL = format('From %s to %s.', o.period_from, o.period_to), HINT = 'Correct period_from or period_to.';
	END IF;
	-- 2327 Arts. 12.6, 17.3: data users who are no agency.
	IF y.kind IN ('organisation', 'enterprise', 'individual') THEN
		PERFORM dwh_internal.share_require(v, f, '2327 Art. 17.3') FROM (VALUES (o.requester_name, 'requester_name'),
			(o.direct_user, 'direct_user'), (o.scope, 'scope'), (o.content, 'content'), (o.use_until::text, 'use_until')) AS r (v, f);
	END IF;
	-- 2327 Art. 12.4: technical description, connection, adaptation and test documents from outside agencies.
	IF h.is_2327_on AND v_received_on >= h.rules_2327_from AND y.kind = 'agency' AND s.kind = 'default' THEN
		PERFORM dwh_internal.share_require(o.documents ->> f, 'documents: ' || f, '2327 Art. 12.4')
		FROM unnest(ARRAY['technical', 'connection', 'adaptation', 'test']) AS f;
	END IF;
	IF NOT (EXISTS (SELECT FROM dwh_catalog.legal_basis AS b WHERE b.code = p_legal_basis AND coalesce(b.valid_from <= v_received_on, true)
		AND coalesce(b.valid_to >= v_received_on, true)
		AND (b.code = 'ND47') = (y.kind IN ('unit', 'agency'))))
	THEN
		RAISE EXCEPTION 'legal basis "%" does not fit', coalesce(p_legal_basis, 'NULL')
			USING ERRCODE = '22023', DETAIL = '2327 Art. 4.4: state agencies are served under Decree 47, others under another law in force.',
				HINT = 'Name a code of dwh_catalog.legal_basis valid on the day of receipt.';
	END IF;
	IF p_form = 'paper' THEN
		PERFORM dwh_internal.share_require(o.document_no, 'document_no', '2327 Art. 21.1a');
		PERFORM dwh_internal.share_require(p_received_on::text, 'received_on', '2327 Art. 21.1a');
		PERFORM dwh_internal.share_require(o.form_reason, 'form_reason', 'ND47 Art. 35.1');
		-- Art. 5.2: not on paper what a live connection gives.
		SELECT g.agreement_id::text INTO v_name FROM dwh_catalog.share_agreement AS g
			JOIN dwh_catalog.share_agreement_version AS v USING (agreement_id)
		WHERE g.agency_id = v_agency_id AND g.service_id = s.service_id AND g.state = 'active' AND p_items <@ v.items LIMIT 1;
		IF v_name IS NOT NULL THEN
			RAISE EXCEPTION 'agreement % gives these items already', v_name
				USING ERRCODE = '22023', DETAIL = 'ND47 Art. 5.2: no paper copy of what a connection gives.', HINT = 'Use the connection.';
		END IF;
	END IF;
	IF v_received_on > v_today THEN
		RAISE EXCEPTION 'a request cannot be received after today'
			USING ERRCODE = '22023', DETAIL = format('Today is %s.', v_today), HINT = 'Correct received_on.';
	END IF;
	v_application_id := dwh_internal.share_application_id(p_application, v_agency_id);
	SELECT * INTO t FROM dwh_catalog.deadline WHERE source LIKE 'ND47 Art 35(3)%' AND valid_from <= v_received_on
		AND coalesce(valid_to >= v_received_on, true);
	INSERT INTO dwh_catalog.share_request (path, agency_id, application_id, service_id, purpose, items, item_count, frequency, form,
		form_reason, document_no, received_on, legal_basis, requester_name, direct_user, scope, content, period_from, period_to,
		use_until, documents, others, due_on, deadline_id, recorded_by)
	VALUES (s.kind, v_agency_id, v_application_id, s.service_id, p_purpose, p_items, p_item_count, p_frequency, p_form, o.form_reason,
		o.document_no, v_received_on, p_legal_basis, o.requester_name, o.direct_user, o.scope, o.content, o.period_from, o.period_to,
		o.use_until, coalesce(o.documents, '{}'), o.others, dwh.add_working_days(v_received_on, t.value_number), t.deadline_id,
		dwh_internal.share_caller())
	RETURNING request_id INTO v_id;
	PERFORM dwh_internal.share_log_connect(NULL, v_id, 'asked', 'asked', NULL, NULL);
	RETURN v_id;
END
$$;
COMMENT ON FUNCTION dwh_internal.request_share(text, text, text, text[], int, text, text, text, text, date, jsonb) IS
	'Xem dwh.request_share | See dwh.request_share';

CREATE FUNCTION dwh.request_share(p_agency text, p_service text, p_purpose text, p_items text[], p_item_count int, p_frequency text,
	p_application text DEFAULT NULL, p_legal_basis text DEFAULT 'ND47', p_form text DEFAULT 'online', p_received_on date DEFAULT NULL,
	p_others jsonb DEFAULT '{}')
RETURNS int LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_share_act';
COMMENT ON FUNCTION dwh.request_share(text, text, text, text[], int, text, text, text, text, date, jsonb) IS
	'Tiếp nhận yêu cầu kết nối, sử dụng dữ liệu (NĐ47 Điều 35.2); trả về số yêu cầu | '
	'Receives a request for connection (Decree 47 Art. 35.2); returns its number';

-- 2327 Arts. 4.5, 12.7: an approval in force, and level 3 or higher for systems outside the host.
CREATE FUNCTION dwh_internal.share_check_safety(p_agency_id int, p_application_id int)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	p dwh_catalog.application;
	v_kind text;
	v_level int;
BEGIN
	SELECT kind INTO v_kind FROM dwh_catalog.agency WHERE agency_id = p_agency_id;
	SELECT min_safety_level INTO v_level FROM dwh_catalog.share_host;
	SELECT * INTO p FROM dwh_catalog.application WHERE application_id = p_application_id;
	IF v_kind = 'individual' AND p_application_id IS NULL THEN
		RETURN;
	END IF;
	IF p.approval_no IS NULL OR p.withdrawn_on <= dwh.today() OR p.approval_to < dwh.today()
		OR (v_kind <> 'unit' AND coalesce(p.safety_level, 0) < v_level)
	THEN
		RAISE EXCEPTION 'the connecting application is not safe enough'
			USING ERRCODE = '55000', DETAIL = format('2327 Arts. 4.5, 12.7: cấp độ an toàn %s trở lên, có phê duyệt còn hiệu lực | '
				'level %s or higher with an approval in force; it has level %s.', v_level, v_level,
				coalesce(p.safety_level::text, 'none')),
				HINT = 'Record its approval with dwh.register_application().';
	END IF;
END
$$;
COMMENT ON FUNCTION dwh_internal.share_check_safety(int, int) IS
	'Kiểm tra cấp độ an toàn trước khi kích hoạt | Checks the safety level before a connection is activated';

CREATE FUNCTION dwh_internal.share_new_version(p_agreement_id int, p_terms jsonb, p_content jsonb, p_decided_by int, p_document_no text,
	p_signed_on date)
RETURNS int LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v dwh_catalog.share_agreement_version;
	g dwh_catalog.share_agreement;
	r dwh_catalog.share_request;
	s dwh_catalog.share_service;
	v_last int;
	v_unknown text;
	v_constraint text;
BEGIN
	SELECT * INTO g FROM dwh_catalog.share_agreement WHERE agreement_id = p_agreement_id;
	SELECT * INTO r FROM dwh_catalog.share_request WHERE request_id = g.request_id;
	SELECT * INTO s FROM dwh_catalog.share_service WHERE service_id = g.service_id;
	SELECT * INTO v FROM dwh_catalog.share_agreement_version WHERE agreement_id = p_agreement_id ORDER BY version DESC LIMIT 1;
	v_last := coalesce(v.version, 0);
	IF v_last = 0 THEN
		v.directions := ARRAY[r.direction]; v.items := r.items; v.period_from := r.period_from; v.period_to := r.period_to;
		v.frequency := r.frequency; v.method := 'online'; v.gateway_id := (SELECT gateway_id FROM dwh_catalog.share_host);
		v.route_id := (SELECT platform_id FROM dwh_catalog.share_platform WHERE code = 'NDXP');
		v.use_term := coalesce(s.use_term, 'immediate'); v.use_days := s.use_days;
	END IF;
	v.valid_from := coalesce(p_signed_on, dwh.today());
	v.valid_to := NULL;
	PERFORM dwh_internal.share_require_fields(p_terms, ARRAY['items', 'unit_ids', 'period_from', 'period_to', 'frequency', 'max_calls', 'method', 'direct_reason',
		'security_method', 'use_term', 'use_days', 'storage_days', 'valid_from', 'valid_to', 'directions', 'route_id'], 'an agreement has no term', 'ND47 Art. 38.');
	PERFORM dwh_internal.share_require_days(p_terms, ARRAY['period_from', 'period_to', 'valid_from', 'valid_to']);
	v := jsonb_populate_record(v, coalesce(p_terms, '{}'));
	PERFORM dwh_internal.share_require_items(v.items);
	PERFORM dwh_internal.share_require_frequency(v.frequency);
	IF v.period_from > v.period_to OR v.valid_from > v.valid_to THEN
		RAISE EXCEPTION 'a period of the terms ends before it begins'
			USING ERRCODE = '22023', DETAIL = 'ND47 Art. 38.', HINT = 'Correct period_from, period_to, valid_from or valid_to.';
	END IF;
	IF NOT coalesce(v.use_days BETWEEN 0 AND 36500, true) OR NOT coalesce(v.storage_days BETWEEN 0 AND 36500, true) THEN
		RAISE EXCEPTION 'use and storage last 0 to 36500 days'
			USING ERRCODE = '22023', DETAIL = 'ND47 Arts. 41, 42.', HINT = 'Leave the term out where there is no limit.';
	END IF;
	-- Nothing goes out that no service describes.
	IF g.service_id IS NULL AND v.directions <> ARRAY['in'] THEN
		RAISE EXCEPTION 'an agreement about what others give has direction in only'
			USING ERRCODE = '22023', DETAIL = '2327 Art. 13.2: what goes out is asked for by its service.', HINT = 'Let the partner ask for a service.';
	END IF;
	IF v.valid_from < coalesce(p_signed_on, dwh.today()) THEN
		RAISE EXCEPTION 'an agreement is in force from its signature at the earliest'
			USING ERRCODE = '22023', DETAIL = format('ND47 Arts. 37-38: ký ngày %1$s | it is signed on %1$s.', coalesce(p_signed_on, dwh.today())),
				HINT = 'Give a later valid_from, or the day of the signature.';
	END IF;
	-- What others give has no service of ours.
	SELECT string_agg(i, ', ' ORDER BY i COLLATE "C") INTO v_unknown FROM unnest(v.items) AS i
	WHERE s.service_id IS NOT NULL AND NOT EXISTS (SELECT FROM jsonb_array_elements(s.columns) AS c WHERE c ->> 'name' = i);
	IF v_unknown IS NOT NULL THEN
		RAISE EXCEPTION 'the service has no item %', v_unknown
			USING ERRCODE = '22023', DETAIL = 'ND47 Art. 38.', HINT = 'Its data structure names the items.';
	END IF;
	IF v.method = 'package' AND v.use_term <> 'fixed' THEN
		RAISE EXCEPTION 'a package is given for a fixed period'
			USING ERRCODE = '22023', DETAIL = 'ND47 Art. 41.2.', HINT = 'Give use_term fixed and use_days.';
	END IF;
	-- Art. 46: direct only where the intermediary platform is not ready or unfit.
	IF v.route_id IS NULL AND coalesce(v.direct_reason !~ '[^[:space:]]', true) THEN
		RAISE EXCEPTION 'a direct connection needs its reason'
			USING ERRCODE = '22023', DETAIL = 'ND47 Art. 46: through an intermediary platform unless it is not ready or unfit.',
				HINT = 'Give direct_reason, or a platform.';
	END IF;
	IF v.security_method ~* '^http([^s]|$)' THEN
		RAISE EXCEPTION 'plain HTTP is no method of security'
			USING ERRCODE = '22023', DETAIL = '2327 Art. 11.4.', HINT = 'Use TLS.';
	END IF;
	v.agreement_id := p_agreement_id; v.version := v_last + 1; v.structure_version := coalesce(s.structure_version, 1); v.content := p_content;
	v.signed_on := coalesce(p_signed_on, dwh.today()); v.decided_by := p_decided_by; v.document_no := p_document_no;
	v.created_at := now(); v.created_by := dwh_internal.share_caller();
	BEGIN
		INSERT INTO dwh_catalog.share_agreement_version SELECT v.*;
	EXCEPTION WHEN check_violation OR not_null_violation OR foreign_key_violation THEN
		GET STACKED DIAGNOSTICS v_constraint = CONSTRAINT_NAME, v_unknown = COLUMN_NAME;
		RAISE EXCEPTION 'these are no terms of an agreement (%)', concat(v_constraint, v_unknown)
			USING ERRCODE = '22023', DETAIL = 'ND47 Art. 38: directions out, in; method online, sync, package; use_term immediate, since_sync, fixed with its days; '
				'a route of dwh_catalog.share_platform; calls from 1.', HINT = 'Correct the term.';
	END;
	RETURN v.version;
END
$$;
COMMENT ON FUNCTION dwh_internal.share_new_version(int, jsonb, jsonb, int, text, date) IS
	'Ghi phiên bản tiếp theo của thỏa thuận | Writes the next version of an agreement';

CREATE FUNCTION dwh_internal.answer_request(p_request_id int, p_is_accepted boolean, p_decided_by int, p_decision_no text, p_reason text,
	p_holder text, p_login_role text, p_terms jsonb)
RETURNS int LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	r dwh_catalog.share_request;
	s dwh_catalog.share_service;
	v_id int;
BEGIN
	PERFORM dwh_internal.share_check_it_centre();
	SELECT * INTO r FROM dwh_catalog.share_request WHERE request_id = p_request_id FOR UPDATE;
	IF r.request_id IS NULL OR r.state <> 'received' THEN
		RAISE EXCEPTION 'there is no open request %', p_request_id
			USING ERRCODE = '42704', DETAIL = 'ND47 Art. 35.3: a request is answered once.', HINT = 'Name a request that waits.';
	END IF;
	SELECT * INTO s FROM dwh_catalog.share_service WHERE service_id = r.service_id;
	PERFORM dwh_internal.share_check_request(p_request_id);
	PERFORM dwh_internal.share_check_decider(p_decided_by, p_decision_no);
	IF NOT coalesce(p_is_accepted, false) THEN
		PERFORM dwh_internal.share_require(p_reason, 'reason', 'ND47 Arts. 35.3, 51.1; 2327 Art. 18.1');
		UPDATE dwh_catalog.share_request SET state = 'refused', answered_on = dwh.today(), answer_reason = p_reason,
			decided_by = p_decided_by, decision_no = p_decision_no WHERE request_id = p_request_id;
		INSERT INTO dwh_catalog.share_notice (kind, agency_id, request_id, service_id, subject, body, due_on) VALUES
			('refusal', r.agency_id, p_request_id, r.service_id, 'Từ chối yêu cầu | Request refused', p_reason, r.due_on),
			('authority', NULL, p_request_id, r.service_id, 'Thông báo việc từ chối | Notice of a refusal', p_reason, r.due_on);
		PERFORM dwh_internal.share_log_connect(NULL, p_request_id, 'outcome', 'refused', p_reason,
			jsonb_build_object('decided_by', p_decided_by, 'decision_no', p_decision_no));
		-- Art. 6.3: neither by default nor by an agreement of their own: the path of problems is left.
		IF r.path = 'special' THEN
			PERFORM dwh_internal.add_problem('share_refusal', format('Không thống nhất được thỏa thuận riêng | No special agreement was reached: %s', s.code), p_reason, 'system', NULL,
				NULL, NULL, NULL, 'ND47 Art. 6.3', format('request %s', p_request_id), r.agency_id, r.service_id, NULL, NULL);
		END IF;
		RETURN NULL;
	END IF;
	PERFORM dwh_internal.share_require(p_holder, 'holder', '2327 Art. 3.10');
	IF r.direct_user IS NOT NULL AND p_holder <> r.direct_user THEN
		RAISE EXCEPTION 'the account is for "%"', r.direct_user
			USING ERRCODE = '22023', DETAIL = '2327 Art. 17.3: the person named as direct user exploits the data, nobody else.',
				HINT = 'Name that person as holder.';
	END IF;
	IF r.path = 'inbound' THEN
		PERFORM dwh_internal.share_check_focal(r.managing_agency_id);
	END IF;
	PERFORM dwh_internal.share_check_safety(r.agency_id, r.application_id);
	IF p_login_role IS NOT NULL AND NOT EXISTS (SELECT FROM pg_roles WHERE rolname = p_login_role AND rolcanlogin
		AND NOT rolsuper AND pg_has_role(oid, 'dwh_partner', 'USAGE'))
	THEN
		RAISE EXCEPTION 'role "%" is no login role of dwh_partner', p_login_role
			USING ERRCODE = '22023', DETAIL = 'ND47 Art. 40: a connection account has a login of its own.',
				HINT = 'Create the role as a member of dwh_partner first.';
	END IF;
	UPDATE dwh_catalog.share_request SET state = 'accepted', answered_on = dwh.today(), answer_reason = p_reason,
		decided_by = p_decided_by, decision_no = p_decision_no WHERE request_id = p_request_id;
	INSERT INTO dwh_catalog.share_agreement (request_id, kind, agency_id, application_id, service_id, state, activated_at)
	VALUES (p_request_id, r.path, r.agency_id, r.application_id, r.service_id, CASE r.path WHEN 'special' THEN 'draft' ELSE 'active' END,
		CASE WHEN r.path <> 'special' THEN statement_timestamp() END)
	RETURNING agreement_id INTO v_id;
	IF r.path <> 'special' THEN
		PERFORM dwh_internal.share_new_version(v_id, p_terms, '{}', p_decided_by, p_decision_no, dwh.today());
	END IF;
	INSERT INTO dwh_catalog.connection_account (agency_id, agreement_id, holder, login_role, valid_from, created_by)
	VALUES (r.agency_id, v_id, p_holder, p_login_role, dwh.today(), dwh_internal.share_caller());
	INSERT INTO dwh_catalog.share_notice (kind, agency_id, request_id, agreement_id, service_id, subject, body, due_on)
	VALUES ('account', r.agency_id, p_request_id, v_id, r.service_id, 'Đã tạo tài khoản kết nối | Connection account created',
		format('%s: %s', p_decision_no, p_holder), r.due_on);
	PERFORM dwh_internal.share_log_connect(v_id, p_request_id, 'notice', 'noticed', NULL,
		jsonb_build_object('decided_by', p_decided_by, 'decision_no', p_decision_no));
	RETURN v_id;
END
$$;
COMMENT ON FUNCTION dwh_internal.answer_request(int, boolean, int, text, text, text, text, jsonb) IS
	'Xem dwh.answer_request | See dwh.answer_request';

CREATE FUNCTION dwh.answer_request(p_request_id int, p_is_accepted boolean, p_decided_by int, p_decision_no text,
	p_reason text DEFAULT NULL, p_holder text DEFAULT NULL, p_login_role text DEFAULT NULL, p_terms jsonb DEFAULT '{}')
RETURNS int LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_share_act';
COMMENT ON FUNCTION dwh.answer_request(int, boolean, int, text, text, text, text, jsonb) IS
	'Trả lời yêu cầu: chấp thuận và tạo tài khoản, hoặc từ chối có lý do; trả về số thỏa thuận | '
	'Answers a request: accepts it and creates the account, or refuses with a reason; returns the agreement';

CREATE FUNCTION dwh_internal.sign_agreement(p_agreement_id int, p_content jsonb, p_decided_by int, p_document_no text, p_terms jsonb,
	p_signed_on date)
RETURNS int LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	g dwh_catalog.share_agreement;
	v_version int;
BEGIN
	SELECT * INTO g FROM dwh_catalog.share_agreement WHERE agreement_id = p_agreement_id FOR UPDATE;
	IF g.agreement_id IS NULL OR g.state = 'ended' THEN
		RAISE EXCEPTION 'there is no agreement % to sign', p_agreement_id
			USING ERRCODE = '42704', DETAIL = 'ND47 Art. 37: a request is accepted first.', HINT = 'See dwh.answer_request().';
	END IF;
	PERFORM dwh_internal.share_check_request(g.request_id);
	PERFORM dwh_internal.share_require(p_content ->> i, i, 'ND47 Art. 38')
	FROM unnest(ARRAY['parties', 'content', 'place', 'term', 'method', 'processing', 'conditions', 'commitment', 'security', 'storage',
		'deletion']) AS i;
	PERFORM dwh_internal.share_check_decider(p_decided_by, p_document_no);
	IF p_signed_on > dwh.today() THEN
		RAISE EXCEPTION 'an agreement is signed at the latest today'
			USING ERRCODE = '22023', DETAIL = format('Today is %s.', dwh.today()), HINT = 'Correct signed_on; valid_from may be later.';
	END IF;
	PERFORM dwh_internal.share_check_safety(g.agency_id, g.application_id);
	v_version := dwh_internal.share_new_version(p_agreement_id, p_terms, p_content, p_decided_by, p_document_no, p_signed_on);
	UPDATE dwh_catalog.share_agreement SET state = 'active', activated_at = coalesce(activated_at, statement_timestamp())
	WHERE agreement_id = p_agreement_id;
	PERFORM dwh_internal.share_log_connect(p_agreement_id, g.request_id, 'notice', 'noticed', NULL,
		jsonb_build_object('signed_version', v_version, 'decided_by', p_decided_by, 'document_no', p_document_no));
	RETURN v_version;
END
$$;
COMMENT ON FUNCTION dwh_internal.sign_agreement(int, jsonb, int, text, jsonb, date) IS 'Xem dwh.sign_agreement | See dwh.sign_agreement';

CREATE FUNCTION dwh.sign_agreement(p_agreement_id int, p_content jsonb, p_decided_by int, p_document_no text,
	p_terms jsonb DEFAULT '{}', p_signed_on date DEFAULT NULL)
RETURNS int LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_share_act';
COMMENT ON FUNCTION dwh.sign_agreement(int, jsonb, int, text, jsonb, date) IS
	'Ghi thỏa thuận đã ký với 12 nội dung của NĐ47 Điều 38; lần sau là phiên bản tiếp theo | '
	'Records a signed agreement with the 12 items of Decree 47 Art. 38; a change is the next version';

CREATE FUNCTION dwh_internal.suspend_share(p_kind text, p_reason text, p_decided_by int, p_document_no text, p_agency text,
	p_agreement_id int, p_starts_at timestamptz, p_recovery_expected_at timestamptz, p_handling_plan text, p_restore_conditions text,
	p_noticed_on date)
RETURNS int LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_agency_id int := CASE WHEN p_agency IS NOT NULL THEN dwh_internal.share_agency_id(p_agency) END;
	v_starts_at timestamptz := coalesce(p_starts_at, clock_timestamp());
	v_noticed_on date := coalesce(p_noticed_on, dwh.today());
	v_days int;
	v_zone text;
	v_id int;
BEGIN
	IF p_kind IS NULL OR p_kind NOT IN ('planned', 'force_majeure', 'violation', 'security') THEN
		RAISE EXCEPTION 'sharing is not suspended for "%"', coalesce(p_kind, 'NULL')
			USING ERRCODE = '22023', DETAIL = 'ND47 Art. 43.1-2.', HINT = 'planned, force_majeure, violation or security.';
	END IF;
	PERFORM dwh_internal.share_require(p_reason, 'reason', '2327 Art. 18.3');
	PERFORM dwh_internal.share_check_decider(p_decided_by, p_document_no);
	IF v_noticed_on > dwh.today() THEN
		RAISE EXCEPTION 'a suspension cannot have been announced after today'
			USING ERRCODE = '22023', DETAIL = format('Today is %s.', dwh.today()), HINT = 'Correct noticed_on.';
	END IF;
	SELECT time_zone INTO v_zone FROM dwh_catalog.warehouse;
	IF p_recovery_expected_at <= v_starts_at THEN
		RAISE EXCEPTION 'sharing recovers after it was suspended'
			USING ERRCODE = '22023', DETAIL = format('ND47 Art. 43.3: tạm ngừng từ %1$s | suspended from %1$s.', v_starts_at),
				HINT = 'Correct recovery_expected_at or starts_at.';
	END IF;
	IF p_kind = 'planned' THEN
		PERFORM dwh_internal.share_require(p_recovery_expected_at::text, 'recovery_expected_at', 'ND47 Art. 43.3');
		SELECT value_number INTO v_days FROM dwh_catalog.deadline
		WHERE source = 'ND47 Art 43(3)' AND valid_from <= v_noticed_on AND coalesce(valid_to >= v_noticed_on, true);
		IF dwh.working_days_between(v_noticed_on, (v_starts_at AT TIME ZONE v_zone)::date) < v_days THEN
			RAISE EXCEPTION 'a planned suspension is announced % working days before', v_days
				USING ERRCODE = '22023', DETAIL = format('ND47 Art. 43.3: announced %s, it may begin on %s.', v_noticed_on,
					dwh.add_working_days(v_noticed_on, v_days)), HINT = 'Begin later.';
		END IF;
	ELSIF p_kind = 'violation' THEN
		PERFORM dwh_internal.share_require(p_handling_plan, 'handling_plan', 'ND47 Art. 43.5');
		PERFORM dwh_internal.share_require(p_restore_conditions, 'restore_conditions', 'ND47 Art. 43.5');
		IF v_agency_id IS NULL AND p_agreement_id IS NULL THEN
			PERFORM dwh_internal.share_require(NULL, 'agency', 'ND47 Art. 43.2');
		END IF;
	END IF;
	IF p_agreement_id IS NOT NULL AND NOT EXISTS (SELECT FROM dwh_catalog.share_agreement
		WHERE agreement_id = p_agreement_id AND state <> 'ended' AND coalesce(agency_id = v_agency_id, true))
	THEN
		RAISE EXCEPTION 'there is no such agreement %', p_agreement_id
			USING ERRCODE = '42704', DETAIL = 'It has ended, or is another agency''s.', HINT = 'Name an agreement that runs.';
	END IF;
	PERFORM dwh_internal.share_check_suspension(p_agreement_id);
	INSERT INTO dwh_catalog.share_suspension (agency_id, agreement_id, kind, starts_at, noticed_on, recovery_expected_at, reason,
		handling_plan, restore_conditions, decided_by, document_no, created_by)
	VALUES (v_agency_id, p_agreement_id, p_kind, v_starts_at, v_noticed_on, p_recovery_expected_at, p_reason, p_handling_plan,
		p_restore_conditions, p_decided_by, p_document_no, dwh_internal.share_caller())
	RETURNING suspension_id INTO v_id;
	INSERT INTO dwh_catalog.share_notice (kind, agency_id, suspension_id, agreement_id, subject, body, due_on)
	SELECT 'suspension', a.agency_id, v_id, p_agreement_id, 'Tạm ngừng kết nối | Sharing suspended',
		concat_ws('; ', p_reason, p_handling_plan, p_restore_conditions, 'dự kiến khôi phục: ' || p_recovery_expected_at),
		-- Art. 43.5: the day after it began, whenever it was announced.
		least(v_noticed_on, (v_starts_at AT TIME ZONE v_zone)::date) + CASE WHEN p_kind = 'violation' THEN (SELECT value_number FROM dwh_catalog.deadline
			WHERE source = 'ND47 Art 43(5)' AND valid_from <= v_noticed_on AND coalesce(valid_to >= v_noticed_on, true)) ELSE 0 END
	FROM (SELECT DISTINCT agency_id FROM dwh_catalog.share_agreement AS g WHERE g.state <> 'ended'
		AND coalesce(g.agreement_id = p_agreement_id, true) AND coalesce(g.agency_id = v_agency_id, true)) AS a;
	PERFORM dwh_internal.share_log_connect(g.agreement_id, g.request_id, 'notice', 'noticed', p_reason,
		jsonb_build_object('suspension_id', v_id, 'kind', p_kind, 'decided_by', p_decided_by, 'document_no', p_document_no))
	FROM dwh_catalog.share_agreement AS g
	WHERE g.state <> 'ended' AND coalesce(g.agreement_id = p_agreement_id, true) AND coalesce(g.agency_id = v_agency_id, true);
	RETURN v_id;
END
$$;
COMMENT ON FUNCTION dwh_internal.suspend_share(text, text, int, text, text, int, timestamptz, timestamptz, text, text, date) IS
	'Xem dwh.suspend_share | See dwh.suspend_share';

CREATE FUNCTION dwh.suspend_share(p_kind text, p_reason text, p_decided_by int, p_document_no text, p_agency text DEFAULT NULL,
	p_agreement_id int DEFAULT NULL, p_starts_at timestamptz DEFAULT NULL, p_recovery_expected_at timestamptz DEFAULT NULL,
	p_handling_plan text DEFAULT NULL, p_restore_conditions text DEFAULT NULL, p_noticed_on date DEFAULT NULL)
RETURNS int LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_share_act';
COMMENT ON FUNCTION dwh.suspend_share(text, text, int, text, text, int, timestamptz, timestamptz, text, text, date) IS
	'Tạm ngừng chia sẻ: tất cả, một cơ quan hoặc một thỏa thuận (NĐ47 Điều 43) | '
	'Suspends sharing: all of it, one agency or one agreement (Decree 47 Art. 43)';

CREATE FUNCTION dwh_internal.resume_share(p_suspension_id int, p_decided_by int, p_document_no text)
RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	n dwh_catalog.share_suspension;
BEGIN
	PERFORM dwh_internal.share_check_decider(p_decided_by, p_document_no);
	UPDATE dwh_catalog.share_suspension SET ended_at = clock_timestamp(), end_decided_by = p_decided_by,
		end_document_no = p_document_no
	WHERE suspension_id = p_suspension_id AND ended_at IS NULL RETURNING * INTO n;
	IF n.suspension_id IS NULL THEN
		RAISE EXCEPTION 'there is no suspension % in force', p_suspension_id
			USING ERRCODE = '42704', DETAIL = 'ND47 Art. 43.', HINT = 'Name one that has not been lifted.';
	END IF;
	PERFORM dwh_internal.share_check_suspension(n.agreement_id);
	INSERT INTO dwh_catalog.share_notice (kind, agency_id, suspension_id, agreement_id, subject, body, due_on)
	SELECT 'resumption', o.agency_id, p_suspension_id, o.agreement_id, 'Khôi phục kết nối | Sharing resumed', p_document_no, dwh.today()
	FROM dwh_catalog.share_notice AS o WHERE o.suspension_id = p_suspension_id AND o.kind = 'suspension'
		-- whom another suspension holds is told when that one is lifted
		AND NOT dwh_internal.share_is_suspended(o.agency_id, o.agreement_id);
	PERFORM dwh_internal.share_log_connect(g.agreement_id, g.request_id, 'notice', 'noticed', NULL,
		jsonb_build_object('resumed', p_suspension_id, 'decided_by', p_decided_by, 'document_no', p_document_no))
	FROM dwh_catalog.share_agreement AS g
	WHERE g.state <> 'ended' AND coalesce(g.agreement_id = n.agreement_id, true) AND coalesce(g.agency_id = n.agency_id, true)
		AND NOT dwh_internal.share_is_suspended(g.agency_id, g.agreement_id);
END
$$;
COMMENT ON FUNCTION dwh_internal.resume_share(int, int, text) IS 'Xem dwh.resume_share | See dwh.resume_share';

CREATE FUNCTION dwh.resume_share(p_suspension_id int, p_decided_by int, p_document_no text)
RETURNS void LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_share_act';
COMMENT ON FUNCTION dwh.resume_share(int, int, text) IS 'Khôi phục chia sẻ | Lifts a suspension';

CREATE FUNCTION dwh_internal.end_share(p_agreement_id int, p_reason text, p_decided_by int, p_document_no text)
RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	g dwh_catalog.share_agreement;
BEGIN
	IF coalesce(p_reason NOT IN ('purpose_changed', 'cannot_restore', 'authority_demands', 'need_ended', 'agreement_expired'), true) THEN
		RAISE EXCEPTION 'sharing is not ended for "%"', coalesce(p_reason, 'NULL')
			USING ERRCODE = '22023', DETAIL = 'ND47 Art. 44.1 names the reasons.',
				HINT = 'purpose_changed, cannot_restore, authority_demands, need_ended or agreement_expired.';
	END IF;
	PERFORM dwh_internal.share_check_decider(p_decided_by, p_document_no);
	UPDATE dwh_catalog.share_agreement SET state = 'ended', ended_on = dwh.today(), end_reason = p_reason
	WHERE agreement_id = p_agreement_id AND state <> 'ended' RETURNING * INTO g;
	IF g.agreement_id IS NULL THEN
		RAISE EXCEPTION 'there is no agreement % to end', p_agreement_id
			USING ERRCODE = '42704', DETAIL = 'ND47 Art. 44.', HINT = 'Name an agreement that runs.';
	END IF;
	PERFORM dwh_internal.share_check_request(g.request_id);
	UPDATE dwh_catalog.connection_account SET is_enabled = false WHERE agreement_id = p_agreement_id;
	UPDATE dwh_log.share_outbox SET is_cancelled = true, cancel_reason = 'đã chấm dứt chia sẻ | sharing was ended: ' || p_reason
	WHERE agreement_id = p_agreement_id AND NOT is_cancelled;
	INSERT INTO dwh_catalog.share_notice (kind, agency_id, agreement_id, service_id, subject, body, due_on)
	VALUES ('end', g.agency_id, p_agreement_id, g.service_id, 'Chấm dứt kết nối | Sharing ended', p_reason || ': ' || p_document_no,
		dwh.today());
	PERFORM dwh_internal.share_log_connect(p_agreement_id, g.request_id, 'notice', 'noticed', p_reason,
		jsonb_build_object('decided_by', p_decided_by, 'document_no', p_document_no));
END
$$;
COMMENT ON FUNCTION dwh_internal.end_share(int, text, int, text) IS 'Xem dwh.end_share | See dwh.end_share';

CREATE FUNCTION dwh.end_share(p_agreement_id int, p_reason text, p_decided_by int, p_document_no text)
RETURNS void LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_share_act';
COMMENT ON FUNCTION dwh.end_share(int, text, int, text) IS
	'Chấm dứt chia sẻ theo NĐ47 Điều 44, khóa tài khoản | Ends sharing for a reason of Decree 47 Art. 44, disables the account';

CREATE FUNCTION dwh_internal.demand_usage_report(p_agreement_id int, p_reason text, p_due_on date)
RETURNS int LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	g dwh_catalog.share_agreement;
	v_id int;
BEGIN
	PERFORM dwh_internal.share_require(p_reason, 'reason', '2327 Art. 18.2');
	PERFORM dwh_internal.share_require(p_due_on::text, 'due_on', '2327 Art. 18.2');
	SELECT * INTO g FROM dwh_catalog.share_agreement WHERE agreement_id = p_agreement_id;
	IF g.agreement_id IS NULL THEN
		RAISE EXCEPTION 'there is no agreement %', p_agreement_id
			USING ERRCODE = '42704', DETAIL = '2327 Art. 18.2.', HINT = 'Name an agreement.';
	END IF;
	PERFORM dwh_internal.share_check_request(g.request_id);
	INSERT INTO dwh_catalog.share_notice (kind, agency_id, agreement_id, service_id, subject, body, due_on)
	VALUES ('usage_demand', g.agency_id, p_agreement_id, g.service_id, 'Yêu cầu báo cáo sử dụng | Usage report demanded', p_reason,
		p_due_on)
	RETURNING notice_id INTO v_id;
	PERFORM dwh_internal.share_log_connect(p_agreement_id, g.request_id, 'notice', 'noticed', p_reason,
		jsonb_build_object('usage_demand', v_id, 'due_on', p_due_on));
	RETURN v_id;
END
$$;
COMMENT ON FUNCTION dwh_internal.demand_usage_report(int, text, date) IS 'Xem dwh.demand_usage_report | See dwh.demand_usage_report';

CREATE FUNCTION dwh.demand_usage_report(p_agreement_id int, p_reason text, p_due_on date)
RETURNS int LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_share_act';
COMMENT ON FUNCTION dwh.demand_usage_report(int, text, date) IS
	'Yêu cầu báo cáo tình hình sử dụng dữ liệu | Demands a report on the use of the data; returns the notice';

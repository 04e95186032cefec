-- Requests to others (2327 Art. 13.2), consents, fees, approvals, notices: see src/share/act.c.

CREATE FUNCTION dwh_internal.request_inbound(p_agency text, p_database text, p_purpose text, p_items text[], p_item_count int,
	p_frequency text, p_scope text, p_period_from date, p_period_to date, p_managing_unit text, p_application text, p_others jsonb)
RETURNS int LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_agency_id int;
	v_unit_id int;
	v_application_id int;
	o dwh_catalog.share_request;
	v_id int;
BEGIN
	PERFORM dwh_internal.share_require(v, f, '2327 Art. 13.2') FROM (VALUES (p_agency, 'agency'), (p_database, 'database'),
		(p_purpose, 'purpose'), (array_to_string(p_items, ' '), 'items'), (p_item_count::text, 'item_count'),
		(p_frequency, 'frequency'), (p_scope, 'scope'), (p_period_from::text, 'period_from'), (p_managing_unit, 'managing_unit'))
		AS r (v, f);
	PERFORM dwh_internal.share_require_items(p_items);
	PERFORM dwh_internal.share_require_frequency(p_frequency);
	v_agency_id := dwh_internal.share_agency_id(p_agency);
	IF p_item_count <> cardinality(p_items) THEN
		RAISE EXCEPTION '% items are named, % are counted', cardinality(p_items), p_item_count
			USING ERRCODE = '22023', DETAIL = 'ND47 Art. 35.2 d: names and number of the data items.', HINT = 'Count the items named.';
	ELSIF p_period_to < p_period_from THEN
		RAISE EXCEPTION 'the period ends before it begins'
			USING ERRCODE = '22023', DETAIL = '2327 Art. 13.2: the time of the data.', HINT = 'Correct period_from or period_to.';
	END IF;
	SELECT agency_id INTO v_unit_id FROM dwh_catalog.agency WHERE identifier = p_managing_unit AND kind = 'unit';
	IF v_unit_id IS NULL THEN
		RAISE EXCEPTION 'unit "%" is not registered', p_managing_unit
			USING ERRCODE = '42704', DETAIL = '2327 Art. 13.4: a unit of the host manages what is received.',
				HINT = 'Register it with dwh.register_agency(''unit'', ...).';
	END IF;
	v_application_id := dwh_internal.share_application_id(p_application, v_agency_id);
	o := jsonb_populate_record(NULL::dwh_catalog.share_request, coalesce(p_others, '{}'));
	INSERT INTO dwh_catalog.share_request (direction, path, agency_id, application_id, database_name, managing_agency_id, purpose, items,
		item_count, frequency, form, document_no, received_on, legal_basis, scope, period_from, period_to, documents, others, recorded_by)
	VALUES ('in', 'inbound', v_agency_id, v_application_id, p_database, v_unit_id, p_purpose, p_items, p_item_count, p_frequency, 'online',
		o.document_no, dwh.today(), 'ND47', p_scope, p_period_from, p_period_to, coalesce(o.documents, '{}'), o.others,
		dwh_internal.share_caller())
	RETURNING request_id INTO v_id;
	PERFORM dwh_internal.share_check_request(v_id);
	PERFORM dwh_internal.share_log_connect(NULL, v_id, 'asked', 'asked', NULL, jsonb_build_object('database', p_database));
	RETURN v_id;
END
$$;
COMMENT ON FUNCTION dwh_internal.request_inbound(text, text, text, text[], int, text, text, date, date, text, text, jsonb) IS
	'Xem dwh.request_inbound | See dwh.request_inbound';

CREATE FUNCTION dwh.request_inbound(p_agency text, p_database text, p_purpose text, p_items text[], p_item_count int, p_frequency text,
	p_scope text, p_period_from date, p_period_to date DEFAULT NULL, p_managing_unit text DEFAULT NULL, p_application text DEFAULT NULL,
	p_others jsonb DEFAULT '{}')
RETURNS int LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_share_act';
COMMENT ON FUNCTION dwh.request_inbound(text, text, text, text[], int, text, text, date, date, text, text, jsonb) IS
	'Ghi yêu cầu nhận dữ liệu từ cơ quan khác (2327 Điều 13.2); trả về số yêu cầu | '
	'Records a request to receive another agency''s data (2327 Art. 13.2); returns its number';

-- 2327 Art. 13.4: one focal person of the managing unit, with phone and e-mail.
CREATE FUNCTION dwh_internal.share_check_focal(p_agency_id int)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF NOT (EXISTS (SELECT FROM dwh_catalog.agency_official WHERE agency_id = p_agency_id AND valid_from <= dwh.today()
		AND coalesce(valid_to >= dwh.today(), true)))
	THEN
		RAISE EXCEPTION 'the managing unit has no focal person today'
			USING ERRCODE = '55000', DETAIL = '2327 Art. 13.4: đơn vị quản lý phải có cán bộ đầu mối, điện thoại, thư điện tử | '
				'it names one person with phone and e-mail before data is received.',
				HINT = 'Name one with dwh.register_official().';
	END IF;
END
$$;
COMMENT ON FUNCTION dwh_internal.share_check_focal(int) IS
	'Kiểm tra cán bộ đầu mối của đơn vị quản lý | Checks the focal person of the managing unit';

CREATE FUNCTION dwh_internal.record_consent(p_agency text, p_service text, p_person_id int, p_items text[], p_document_no text,
	p_valid_from date, p_valid_to date)
RETURNS int LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_id int;
BEGIN
	PERFORM dwh_internal.share_require(v, f, 'ND47 Art. 5.6') FROM (VALUES (p_person_id::text, 'person_id'),
		(array_to_string(p_items, ' '), 'items'), (p_document_no, 'document_no'), (p_valid_to::text, 'valid_to')) AS r (v, f);
	IF NOT (EXISTS (SELECT FROM dwh_star.dim_person WHERE person_id = p_person_id)) THEN
		RAISE EXCEPTION 'there is no person %', p_person_id
			USING ERRCODE = '42704', DETAIL = 'ND47 Art. 5.6: a consent is one person''s.', HINT = 'Give a person_id.';
	END IF;
	INSERT INTO dwh_catalog.share_consent (agency_id, service_id, person_id, items, document_no, valid_from, valid_to)
	VALUES (dwh_internal.share_agency_id(p_agency), dwh_internal.share_service_id(p_service), p_person_id, p_items, p_document_no,
		coalesce(p_valid_from, dwh.today()), p_valid_to)
	RETURNING consent_id INTO v_id;
	PERFORM dwh_internal.share_check_unit((SELECT database_id FROM dwh_catalog.share_service WHERE code = p_service));
	RETURN v_id;
END
$$;
COMMENT ON FUNCTION dwh_internal.record_consent(text, text, int, text[], text, date, date) IS
	'Xem dwh.record_consent | See dwh.record_consent';

CREATE FUNCTION dwh.record_consent(p_agency text, p_service text, p_person_id int, p_items text[], p_document_no text,
	p_valid_from date DEFAULT NULL, p_valid_to date DEFAULT NULL)
RETURNS int LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_share_act';
COMMENT ON FUNCTION dwh.record_consent(text, text, int, text[], text, date, date) IS
	'Ghi sự đồng ý của một người cho một tổ chức, cá nhân nhận dữ liệu của mình (NĐ47 Điều 5.6) | '
	'Records a person''s consent that an organisation or person receives his data (Decree 47 Art. 5.6)';

CREATE FUNCTION dwh_internal.withdraw_consent(p_consent_id int, p_document_no text)
RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_service_id int;
BEGIN
	PERFORM dwh_internal.share_require(p_document_no, 'document_no', 'ND47 Art. 5.6');
	UPDATE dwh_catalog.share_consent SET withdrawn_on = dwh.today(), withdrawal_no = p_document_no
	WHERE consent_id = p_consent_id AND withdrawn_on IS NULL RETURNING service_id INTO v_service_id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no consent % to withdraw', p_consent_id
			USING ERRCODE = '42704', DETAIL = 'It was withdrawn already, or never given.', HINT = 'Name a row of dwh_catalog.share_consent.';
	END IF;
	PERFORM dwh_internal.share_check_unit((SELECT database_id FROM dwh_catalog.share_service WHERE service_id = v_service_id));
END
$$;
COMMENT ON FUNCTION dwh_internal.withdraw_consent(int, text) IS 'Xem dwh.withdraw_consent | See dwh.withdraw_consent';

CREATE FUNCTION dwh.withdraw_consent(p_consent_id int, p_document_no text)
RETURNS void LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_share_act';
COMMENT ON FUNCTION dwh.withdraw_consent(int, text) IS 'Rút lại sự đồng ý, có hiệu lực ngay | Withdraws a consent, at once';

CREATE FUNCTION dwh_internal.withdraw_approval(p_application text, p_document_no text)
RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM dwh_internal.share_require(p_document_no, 'document_no', '2327 Art. 4.5');
	UPDATE dwh_catalog.application SET withdrawn_on = dwh.today(),
		withdrawn_nos = array_remove(array_append(array_remove(withdrawn_nos, approval_no), approval_no), NULL)
	WHERE identifier = p_application;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'application "%" is not registered', p_application
			USING ERRCODE = '42704', DETAIL = '2327 Art. 4.5.', HINT = 'Name a registered application.';
	END IF;
END
$$;
COMMENT ON FUNCTION dwh_internal.withdraw_approval(text, text) IS 'Xem dwh.withdraw_approval | See dwh.withdraw_approval';

CREATE FUNCTION dwh.withdraw_approval(p_application text, p_document_no text)
RETURNS void LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_share_act';
COMMENT ON FUNCTION dwh.withdraw_approval(text, text) IS
	'Rút phê duyệt an toàn của ứng dụng; lần lấy dữ liệu kế tiếp bị từ chối | '
	'Withdraws an application''s safety approval; its next fetch is refused';

CREATE FUNCTION dwh_internal.set_fee(p_service text, p_agency_kind text, p_amount bigint, p_legal_basis text, p_is_listed_fee boolean,
	p_valid_from date, p_valid_to date)
RETURNS int LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_service_id int := dwh_internal.share_service_id(p_service);
	v_from date := coalesce(p_valid_from, dwh.today());
	v_id int;
BEGIN
	PERFORM dwh_internal.share_require(v, f, '2327 Art. 17.4') FROM (VALUES (p_agency_kind, 'agency_kind'), (p_amount::text, 'amount'),
		(p_legal_basis, 'legal_basis')) AS r (v, f);
	-- One after the other, so that each sees the days of the others.
	PERFORM dwh_internal.share_check_unit((SELECT database_id FROM dwh_catalog.share_service WHERE service_id = v_service_id FOR UPDATE));
	IF p_agency_kind NOT IN ('unit', 'agency', 'organisation', 'enterprise', 'individual') THEN
		RAISE EXCEPTION 'there is no kind of receiver "%"', p_agency_kind
			USING ERRCODE = '22023', DETAIL = '2327 Art. 17.4.', HINT = 'unit, agency, organisation, enterprise or individual.';
	ELSIF p_agency_kind IN ('unit', 'agency') AND NOT coalesce(p_is_listed_fee, false) THEN
		RAISE EXCEPTION 'state agencies pay no fee'
			USING ERRCODE = '22023', DETAIL = 'ND47 Art. 5.5: sharing between state agencies is free but for fees on the statutory list.',
				HINT = 'Cite a listed fee (p_is_listed_fee), or set none.';
	ELSIF p_amount <= 0 OR p_valid_to < v_from THEN
		RAISE EXCEPTION 'a fee is a positive amount for some days'
			USING ERRCODE = '22023', DETAIL = '2327 Art. 17.4.', HINT = 'Correct amount, valid_from or valid_to.';
	END IF;
	UPDATE dwh_catalog.share_fee SET valid_to = v_from - 1
	WHERE service_id = v_service_id AND agency_kind = p_agency_kind AND valid_from < v_from AND coalesce(valid_to >= v_from, true);
	-- It ends where the next one begins; of the same first day, the one set last stands.
	INSERT INTO dwh_catalog.share_fee AS f (service_id, agency_kind, amount, legal_basis, is_listed_fee, valid_from, valid_to)
	VALUES (v_service_id, p_agency_kind, p_amount, p_legal_basis, coalesce(p_is_listed_fee, false), v_from, least(p_valid_to,
		(SELECT min(n.valid_from) - 1 FROM dwh_catalog.share_fee AS n
			WHERE n.service_id = v_service_id AND n.agency_kind = p_agency_kind AND n.valid_from > v_from)))
	ON CONFLICT (service_id, agency_kind, valid_from) DO UPDATE SET amount = excluded.amount, legal_basis = excluded.legal_basis,
		is_listed_fee = excluded.is_listed_fee, valid_to = excluded.valid_to
	RETURNING f.fee_id INTO v_id;
	RETURN v_id;
END
$$;
COMMENT ON FUNCTION dwh_internal.set_fee(text, text, bigint, text, boolean, date, date) IS 'Xem dwh.set_fee | See dwh.set_fee';

CREATE FUNCTION dwh.set_fee(p_service text, p_agency_kind text, p_amount bigint, p_legal_basis text, p_is_listed_fee boolean DEFAULT false,
	p_valid_from date DEFAULT NULL, p_valid_to date DEFAULT NULL)
RETURNS int LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_share_act';
COMMENT ON FUNCTION dwh.set_fee(text, text, bigint, text, boolean, date, date) IS
	'Đặt phí khai thác của một dịch vụ theo loại đối tượng; phí trước kết thúc ngày hôm trước | '
	'Sets the fee of a service for one kind of receiver; the one before ends the day before';

CREATE FUNCTION dwh_internal.record_payment(p_agreement_id int, p_reference text, p_amount bigint, p_paid_on date)
RETURNS int LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	g dwh_catalog.share_agreement;
	v_id int;
BEGIN
	PERFORM dwh_internal.share_require(v, f, '2327 Art. 17.4') FROM (VALUES (p_reference, 'reference'), (p_amount::text, 'amount'))
		AS r (v, f);
	SELECT * INTO g FROM dwh_catalog.share_agreement WHERE agreement_id = p_agreement_id;
	IF g.agreement_id IS NULL THEN
		RAISE EXCEPTION 'there is no agreement %', p_agreement_id
			USING ERRCODE = '42704', DETAIL = '2327 Art. 17.4.', HINT = 'Name an agreement.';
	ELSIF p_amount <= 0 OR coalesce(p_paid_on, dwh.today()) > dwh.today() THEN
		RAISE EXCEPTION 'a payment is a positive amount that was paid'
			USING ERRCODE = '22023', DETAIL = '2327 Art. 17.4.', HINT = 'Correct amount or paid_on.';
	END IF;
	PERFORM dwh_internal.share_check_request(g.request_id);
	INSERT INTO dwh_catalog.share_payment (agreement_id, reference, amount, paid_on)
	VALUES (p_agreement_id, p_reference, p_amount, coalesce(p_paid_on, dwh.today()))
	ON CONFLICT (agreement_id, reference) DO NOTHING RETURNING payment_id INTO v_id;
	IF v_id IS NULL THEN
		RAISE EXCEPTION 'payment "%" was recorded already', p_reference
			USING ERRCODE = '42710', DETAIL = '2327 Art. 17.4: a receipt pays once.', HINT = 'Look into dwh_catalog.share_payment.';
	END IF;
	PERFORM dwh_internal.share_log_connect(p_agreement_id, g.request_id, 'notice', 'noticed', NULL,
		jsonb_build_object('payment_id', v_id, 'reference', p_reference, 'amount', p_amount));
	RETURN v_id;
END
$$;
COMMENT ON FUNCTION dwh_internal.record_payment(int, text, bigint, date) IS 'Xem dwh.record_payment | See dwh.record_payment';

CREATE FUNCTION dwh.record_payment(p_agreement_id int, p_reference text, p_amount bigint, p_paid_on date DEFAULT NULL)
RETURNS int LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_share_act';
COMMENT ON FUNCTION dwh.record_payment(int, text, bigint, date) IS 'Ghi phí đã nộp của một thỏa thuận | Records a fee that was paid';

CREATE FUNCTION dwh_internal.record_notice(p_notice_id int, p_sent_on date, p_answered_on date, p_answer text)
RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	n dwh_catalog.share_notice;
	v_sent_on date;
	v_answered_on date;
BEGIN
	SELECT * INTO n FROM dwh_catalog.share_notice WHERE notice_id = p_notice_id FOR UPDATE;
	v_sent_on := coalesce(p_sent_on, n.sent_on);
	v_answered_on := coalesce(p_answered_on, n.answered_on);
	IF n.notice_id IS NULL THEN
		RAISE EXCEPTION 'there is no notice %', p_notice_id
			USING ERRCODE = '42704', DETAIL = 'ND47 Art. 43.5, 2327 Art. 18.2.', HINT = 'Name a row of dwh_catalog.share_notice.';
	ELSIF greatest(p_sent_on, p_answered_on) > dwh.today() OR v_answered_on < v_sent_on OR (v_answered_on IS NOT NULL AND v_sent_on IS NULL)
		OR (p_answer IS NOT NULL AND v_answered_on IS NULL)
	THEN
		RAISE EXCEPTION 'a notice is sent, then answered, at the latest today'
			USING ERRCODE = '22023', DETAIL = format('Today is %s.', dwh.today()), HINT = 'Correct the days.';
	ELSIF p_answered_on IS NOT NULL THEN
		PERFORM dwh_internal.share_require(p_answer, 'answer', '2327 Art. 18.2');
	END IF;
	IF n.agreement_id IS NOT NULL THEN
		PERFORM dwh_internal.share_check_agreement(n.agreement_id);
	ELSIF n.service_id IS NOT NULL THEN
		PERFORM dwh_internal.share_check_unit((SELECT database_id FROM dwh_catalog.share_service WHERE service_id = n.service_id));
	END IF;
	UPDATE dwh_catalog.share_notice SET sent_on = v_sent_on, answered_on = v_answered_on,
		answer = coalesce(p_answer, answer)
	WHERE notice_id = p_notice_id;
END
$$;
COMMENT ON FUNCTION dwh_internal.record_notice(int, date, date, text) IS 'Xem dwh.record_notice | See dwh.record_notice';

CREATE FUNCTION dwh.record_notice(p_notice_id int, p_sent_on date DEFAULT NULL, p_answered_on date DEFAULT NULL, p_answer text DEFAULT NULL)
RETURNS void LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_share_act';
COMMENT ON FUNCTION dwh.record_notice(int, date, date, text) IS
	'Ghi ngày gửi thông báo, ngày và nội dung trả lời | Records when a notice was sent, and its answer';

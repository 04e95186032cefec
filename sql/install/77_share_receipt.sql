-- What receivers say of what they got, and to whom they passed it on: see src/share/act.c.

-- The supply of that number, for an account that its agency has for the agreement, or a sharing officer.
CREATE FUNCTION dwh_internal.share_supply(p_share_no bigint, OUT agreement_id int, OUT request_id int, OUT row_count bigint, OUT content_digest text)
RETURNS record LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	l dwh_log.share_log;
BEGIN
	SELECT * INTO l FROM dwh_log.share_log AS s WHERE s.share_no = p_share_no AND s.stage = 'outcome' AND s.status = 'supplied';
	IF NOT dwh_internal.caller_has_role('dwh_share_officer') AND NOT dwh_internal.share_has_account(l.agency_id, l.agreement_id, dwh_internal.share_caller())
	THEN
		RAISE EXCEPTION 'supply % is not one of the caller''s agency', coalesce(p_share_no::text, 'NULL')
			USING ERRCODE = '42501', DETAIL = '2327 Art. 21.2: each receiver answers for what it got itself.', HINT = 'dwh.my_transfers lists one''s own.';
	ELSIF l.share_no IS NULL OR l.agreement_id IS NULL THEN
		RAISE EXCEPTION 'nothing was supplied under number %', coalesce(p_share_no::text, 'NULL')
			USING ERRCODE = '42704', DETAIL = 'It was refused, broken off or never asked for.', HINT = 'Look into dwh.share_transfers.';
	END IF;
	IF dwh_internal.caller_has_role('dwh_share_officer') THEN
		PERFORM dwh_internal.share_check_agreement(l.agreement_id);
	END IF;
	agreement_id := l.agreement_id; row_count := l.row_count; content_digest := l.content_digest;
	request_id := (SELECT g.request_id FROM dwh_catalog.share_agreement AS g WHERE g.agreement_id = l.agreement_id);
END
$$;
COMMENT ON FUNCTION dwh_internal.share_supply(bigint) IS 'Lần cung cấp có số này | The supply of that number';

CREATE FUNCTION dwh_internal.record_receipt(p_share_no bigint, p_row_count bigint, p_digest text)
RETURNS boolean LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	l record := dwh_internal.share_supply(p_share_no);
	v_does_agree boolean;
BEGIN
	IF coalesce(lower(p_digest) !~ '^[0-9a-f]{64}$', true) OR p_row_count < 0 OR p_row_count > 1000000000000 THEN
		RAISE EXCEPTION 'a receipt has the SHA-256 of what was received, in hexadecimal digits, and its number of rows'
			USING ERRCODE = '22023', DETAIL = '2327 Art. 8.', HINT = 'Compute it over the bytes received; leave out rows where they are not counted.';
	END IF;
	v_does_agree := l.content_digest = lower(p_digest) AND coalesce(l.row_count = p_row_count, true);
	INSERT INTO dwh_catalog.share_receipt (share_no, agreement_id, row_count, content_digest, does_agree, recorded_at, recorded_by)
	VALUES (p_share_no, l.agreement_id, p_row_count, lower(p_digest), v_does_agree, statement_timestamp(), dwh_internal.share_caller());
	PERFORM dwh_internal.share_log_connect(l.agreement_id, l.request_id, 'notice', 'noticed',
		CASE WHEN NOT v_does_agree THEN 'bản nhận khác bản cung cấp | the copy received differs from what was supplied' END,
		jsonb_build_object('receipt', v_does_agree, 'row_count', p_row_count, 'content_digest', lower(p_digest)), p_share_no);
	RETURN v_does_agree;
END
$$;
COMMENT ON FUNCTION dwh_internal.record_receipt(bigint, bigint, text) IS 'Xem dwh.record_receipt | See dwh.record_receipt';

CREATE FUNCTION dwh.record_receipt(p_share_no bigint, p_row_count bigint, p_digest text)
RETURNS boolean LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_share_act';
COMMENT ON FUNCTION dwh.record_receipt(bigint, bigint, text) IS
	'Ghi xác nhận của nơi nhận; trả về bản nhận có khớp nhật ký hay không | '
	'Records what a receiver got; returns whether it agrees with the log of sharing';

CREATE FUNCTION dwh_internal.record_onward_supply(p_share_no bigint, p_receiver text, p_consent_no text)
RETURNS bigint LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	l record := dwh_internal.share_supply(p_share_no);
BEGIN
	IF length(p_receiver) > 1000 OR length(p_consent_no) > 1000 THEN
		RAISE EXCEPTION 'receiver and consent have at most 1000 characters'
			USING ERRCODE = '22023', DETAIL = 'The log keeps them for good.', HINT = 'Name the receiver and the number of the document.';
	END IF;
	PERFORM dwh_internal.share_require(v, f, '2327 Art. 21.2') FROM (VALUES (p_receiver, 'receiver'), (p_consent_no, 'consent_no')) AS r (v, f);
	RETURN dwh_internal.share_log_connect(l.agreement_id, l.request_id, 'notice', 'noticed', NULL,
		jsonb_build_object('onward_to', p_receiver, 'consent_no', p_consent_no), p_share_no);
END
$$;
COMMENT ON FUNCTION dwh_internal.record_onward_supply(bigint, text, text) IS 'Xem dwh.record_onward_supply | See dwh.record_onward_supply';

CREATE FUNCTION dwh.record_onward_supply(p_share_no bigint, p_receiver text, p_consent_no text)
RETURNS bigint LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_share_act';
COMMENT ON FUNCTION dwh.record_onward_supply(bigint, text, text) IS
	'Ghi việc nơi nhận cung cấp tiếp cho bên khác, phải có văn bản đồng ý; trả về số nhật ký | '
	'Records that a receiver passed data on, with the document of consent; returns the number of its row in the log';

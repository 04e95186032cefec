-- A person's own data: see src/share/own_data.c.

-- Which service and which person a call is about: who has the number today, not who had it once, perhaps by mistake; his rows are those of all his
-- versions, by his insurance number. A number that several persons have is nobody's. For such and for one that nobody has, person_id is one of a
-- million negative stand-ins, from the number's hash: they are counted like persons, and no number follows from them.
CREATE FUNCTION dwh_internal.own_data_ask(p_service text, p_person text, p_login_role text,
	OUT is_gateway boolean, OUT service_id int, OUT person_id int, OUT person_ids int[], OUT agency_id int, OUT agency_identifier text,
	OUT structure_version int, OUT item_count int, OUT rule text, OUT reason text, OUT article text)
RETURNS record LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_today date := dwh.today();
	s dwh_catalog.share_service;
	v_insurance_no text;
BEGIN
	-- Nobody is bound to the session: the portal's own right counts, not that of an account.
	is_gateway := EXISTS (SELECT FROM dwh_catalog.gateway WHERE login_role = p_login_role AND retired_at IS NULL)
		AND pg_has_role(p_login_role, 'dwh_partner', 'USAGE');
	SELECT a.agency_id, a.identifier INTO agency_id, agency_identifier
	FROM dwh_catalog.share_host AS h JOIN dwh_catalog.agency AS a ON a.agency_id = h.agency_id;
	SELECT * INTO s FROM dwh_catalog.share_service AS n WHERE n.code = p_service;
	service_id := s.service_id; structure_version := s.structure_version; item_count := jsonb_array_length(s.columns);
	IF s.service_id IS NULL OR s.kind <> 'own_data' OR s.published_at IS NULL OR s.withdrawn_on <= v_today THEN
		rule := 'service'; article := '2327 Art. 17.2';
		reason := 'không có dịch vụ xem dữ liệu của mình này | there is no such published service for one''s own data';
	ELSIF dwh_internal.share_is_suspended(NULL, NULL) THEN
		rule := 'suspended'; article := 'ND47 Art. 43'; reason := 'đang tạm ngừng chia sẻ | sharing is suspended';
	ELSIF NOT dwh_internal.share_is_source(to_regclass(s.relation)) THEN
		rule := 'source'; article := 'ND47 Art. 24.3';
		reason := 'nguồn của dịch vụ không còn là bảng, khung nhìn của kho | the source of the service is no table or view of the warehouse any more';
	END IF;
	SELECT min(p.social_insurance_no), min(p.person_id), ARRAY[min(p.person_id)] INTO v_insurance_no, person_id, person_ids
	FROM dwh_star.dim_person AS p
	WHERE (p.identity_no = p_person OR p.social_insurance_no = p_person) AND p.valid_from <= v_today AND coalesce(p.valid_to >= v_today, true)
	HAVING count(*) = 1 OR (count(DISTINCT p.social_insurance_no) = 1 AND count(p.social_insurance_no) = count(*));
	IF v_insurance_no IS NOT NULL THEN
		SELECT min(p.person_id), array_agg(p.person_id) INTO person_id, person_ids FROM dwh_star.dim_person AS p
		WHERE p.social_insurance_no = v_insurance_no
		HAVING count(DISTINCT p.identity_no) FILTER (WHERE p.valid_from <= v_today AND coalesce(p.valid_to >= v_today, true)) <= 1;
	END IF;
	person_id := coalesce(person_id, -1 - (hashtext(p_person) & 1048575));
END
$$;
COMMENT ON FUNCTION dwh_internal.own_data_ask(text, text, text) IS
	'Yêu cầu xem dữ liệu của mình: dịch vụ nào, người nào | What a request for one''s own data is about';

-- What the log of sharing says of a person's codes and readings since a moment; committed by the audit worker, whatever callers rolled back.
CREATE FUNCTION dwh_internal.own_data_rows(p_person_id int, p_since timestamptz)
RETURNS TABLE (act text, code_id bigint, stage text, status text, occurred_at timestamptz)
LANGUAGE sql STABLE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
	SELECT l.detail ->> 'own_data', (l.detail ->> 'code_id')::bigint, l.stage, l.status, l.occurred_at
	FROM dwh_log.share_log AS l
	WHERE l.kind = 'exploit' AND l.detail ->> 'person_id' = p_person_id::text AND l.occurred_at >= p_since
		AND l.month >= (p_since - interval '32 days')::date AND l.detail ? 'own_data'
$$;
COMMENT ON FUNCTION dwh_internal.own_data_rows(int, timestamptz) IS
	'Các dòng nhật ký về mã của một người | Rows of the log about a person''s codes';

-- Why a person gets no code now; NULL where he may. STABLE, so that it counts under the snapshot of its caller, which is the latest one
-- even where the gateway's transaction has an older one.
CREATE FUNCTION dwh_internal.own_data_code_fault(p_person_id int)
RETURNS text LANGUAGE sql STABLE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
	SELECT format('đã cấp %s mã trong một giờ | %s codes were issued within an hour', h.own_codes_an_hour, h.own_codes_an_hour)
	FROM dwh_catalog.share_host AS h
	WHERE (SELECT count(*) FROM dwh_internal.own_data_rows(p_person_id, clock_timestamp() - interval '1 hour') AS r
		WHERE r.act = 'issue' AND r.status = 'noticed') >= h.own_codes_an_hour
$$;
COMMENT ON FUNCTION dwh_internal.own_data_code_fault(int) IS
	'Vì sao không cấp mã; NULL khi được cấp | Why no code is issued; NULL where it may be';

-- Returns the key of the code; 0 for a person whom nobody knows.
CREATE FUNCTION dwh_internal.own_data_new_code(p_service_id int, p_person_id int, p_code text, p_salt bytea, p_login_role text)
RETURNS bigint LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_code_id bigint;
BEGIN
	IF p_person_id < 0 THEN
		RETURN 0;
	END IF;
	DELETE FROM dwh_catalog.own_data_code AS c WHERE c.person_id = p_person_id AND c.expires_at < clock_timestamp() - interval '1 day';
	INSERT INTO dwh_catalog.own_data_code AS c (person_id, service_id, salt, code_hash, issued_at, expires_at, issued_to)
	SELECT p_person_id, p_service_id, p_salt, sha256(p_salt || convert_to(p_code, 'UTF8')), clock_timestamp(),
		clock_timestamp() + make_interval(mins => h.own_code_minutes), p_login_role
	FROM dwh_catalog.share_host AS h
	RETURNING c.code_id INTO v_code_id;
	RETURN v_code_id;
END
$$;
COMMENT ON FUNCTION dwh_internal.own_data_new_code(int, int, text, bytea, text) IS
	'Ghi giá trị băm của mã mới | Keeps the hash of a new code';

-- Only the newest code of a person and service counts, for the gateway that got it.
CREATE FUNCTION dwh_internal.own_data_check_code(p_service_id int, p_person_id int, p_code text, p_login_role text,
	OUT code_id bigint, OUT why text)
RETURNS record LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	h dwh_catalog.share_host;
	c dwh_catalog.own_data_code;
	v_used bigint;
	v_wrong bigint;
BEGIN
	SELECT * INTO h FROM dwh_catalog.share_host;
	SELECT * INTO c FROM dwh_catalog.own_data_code AS n
	WHERE n.person_id = p_person_id AND n.service_id = p_service_id ORDER BY n.code_id DESC LIMIT 1;
	code_id := coalesce(c.code_id, 0);
	IF c.code_id IS NULL THEN
		why := 'không có mã | there is no code';
		RETURN;
	END IF;
	SELECT count(*) FILTER (WHERE r.stage = 'intent'), count(*) FILTER (WHERE r.status = 'refused') INTO v_used, v_wrong
	FROM dwh_internal.own_data_rows(p_person_id, c.issued_at) AS r WHERE r.act = 'read' AND r.code_id = c.code_id;
	why := CASE WHEN c.issued_to <> p_login_role THEN 'mã của cổng khác | the code of another gateway'
		WHEN c.expires_at <= clock_timestamp() THEN 'hết hạn | expired'
		WHEN v_used > 0 THEN 'đã dùng | used'
		WHEN v_wrong >= h.own_code_tries THEN format('đã sai %s lần | %s wrong tries', v_wrong, v_wrong)
		WHEN c.code_hash <> sha256(c.salt || convert_to(p_code, 'UTF8')) THEN 'sai | wrong' END;
END
$$;
COMMENT ON FUNCTION dwh_internal.own_data_check_code(int, int, text, text) IS
	'Kiểm tra mã một lần; why cho biết vì sao không được | Checks a one-time code; why says what is wrong with it';

-- Whether the person's rows are withheld: the service is for matched persons, and he is none (2327 Art. 7.3), by the condition of a fetch.
CREATE FUNCTION dwh_internal.own_data_is_withheld(p_service_id int, p_person_ids int[])
RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_is_matched boolean;
BEGIN
	IF NOT (SELECT s.is_verified_only FROM dwh_catalog.share_service AS s WHERE s.service_id = p_service_id) THEN
		RETURN false;
	END IF;
	EXECUTE 'SELECT ' || dwh_internal.share_matched_condition('person_id') || ' FROM (SELECT $1 AS person_id) AS s' INTO v_is_matched
	USING p_person_ids[1];
	RETURN NOT v_is_matched;
END
$$;
COMMENT ON FUNCTION dwh_internal.own_data_is_withheld(int, int[]) IS
	'Người chưa khớp CSDL dân cư không xem được | Whether a person''s rows are withheld until his match is confirmed';

-- The person's rows in the order of the key, one JSON object a line, with their number, how many more there are beyond the row limit of the
-- service, and the SHA-256 of the text.
CREATE FUNCTION dwh_internal.own_data_read(p_service_id int, p_person_ids int[], OUT row_count bigint, OUT rows_left bigint, OUT body text, OUT digest text)
RETURNS record LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD'
SET intervalstyle = 'iso_8601' SET extra_float_digits = '1' SET bytea_output = 'hex' SET lc_monetary = 'C' SET timezone = 'UTC' AS $$
DECLARE
	s dwh_catalog.share_service;
	v_keys text;
	v_relation regclass;
BEGIN
	SELECT * INTO s FROM dwh_catalog.share_service WHERE service_id = p_service_id;
	v_relation := s.relation::regclass;
	PERFORM dwh_internal.share_check_relation(v_relation);
	PERFORM set_config('timezone', w.time_zone, true) FROM dwh_catalog.warehouse AS w;
	SELECT string_agg(format('t.%I', k), ', ' ORDER BY n) INTO v_keys FROM unnest(s.key_columns) WITH ORDINALITY AS u (k, n);
	EXECUTE format(E'SELECT count(*), coalesce(max(r.all_rows), 0) - count(*), coalesce(string_agg(r.line, E''\\n'' ORDER BY r.n), '''') FROM (
		SELECT (SELECT row_to_json(x)::text FROM (SELECT %s) AS x) AS line, row_number() OVER (ORDER BY %s) AS n, count(*) OVER () AS all_rows
		FROM %s AS t WHERE t.%I = ANY ($1) ORDER BY n LIMIT $2) AS r',
		(SELECT string_agg(format('t.%I', c.value ->> 'name'), ', ' ORDER BY c.ordinality)
			FROM jsonb_array_elements(s.columns) WITH ORDINALITY AS c), v_keys, v_relation, s.person_column)
	INTO row_count, rows_left, body USING p_person_ids, s.row_limit;
	digest := encode(sha256(convert_to(body, 'UTF8')), 'hex');
END
$$;
COMMENT ON FUNCTION dwh_internal.own_data_read(int, int[]) IS 'Các dòng của một người | The rows of one person';

CREATE FUNCTION dwh.issue_own_data_code(p_service text, p_person text)
RETURNS text LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_issue_own_data_code';
COMMENT ON FUNCTION dwh.issue_own_data_code(text, text) IS
	'Cấp mã một lần để một người xem dữ liệu của mình; cổng gửi mã cho người đó | '
	'Issues a one-time code for a person''s own data; the gateway sends it to the person';

CREATE FUNCTION dwh.own_data(p_service text, p_person text, p_code text)
RETURNS text LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_own_data';
COMMENT ON FUNCTION dwh.own_data(text, text, text) IS
	'Dữ liệu của chính người có mã một lần, mỗi dòng một đối tượng JSON | '
	'The rows of the person who has the one-time code, one JSON object a line';

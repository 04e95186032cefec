-- Datasets that registered users post (2327 Arts. 14.3, 14.4): see src/access/act.c for how calls and refusals are recorded.

-- Why rows that a user posts are not taken; NULL where they are. Who a row is about is told by names of columns, and by values.
CREATE FUNCTION dwh_internal.open_data_post_fault(p_rows jsonb)
RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_columns text[];
	v_bad text;
BEGIN
	IF coalesce(jsonb_typeof(p_rows) <> 'array', true) OR jsonb_array_length(p_rows) NOT BETWEEN 1 AND 10000 OR length(p_rows::text) > 4194304 THEN
		RETURN 'rows are an array of 1 to 10000 objects, 4 MB at most';
	END IF;
	IF EXISTS (SELECT FROM jsonb_array_elements(p_rows) AS r WHERE jsonb_typeof(r) <> 'object') THEN
		RETURN 'every row is an object';
	END IF;
	v_columns := ARRAY(SELECT jsonb_object_keys(p_rows -> 0));
	IF cardinality(v_columns) NOT BETWEEN 1 AND 64 OR EXISTS (SELECT FROM jsonb_array_elements(p_rows) AS r
		WHERE NOT r ?& v_columns OR (SELECT count(*) FROM jsonb_object_keys(r)) <> cardinality(v_columns))
	THEN
		RETURN 'every row has the columns of the first, 1 to 64 of them';
	END IF;
	SELECT string_agg(c, ', ') INTO v_bad FROM unnest(v_columns) AS c WHERE c !~ '^[a-z][a-z0-9_]*$' OR length(c) > 63;
	IF v_bad IS NOT NULL THEN
		RETURN format('names of columns are lower-case letters, digits and _; not: %s', left(v_bad, 200));
	END IF;
	IF EXISTS (SELECT FROM jsonb_array_elements(p_rows) AS r, jsonb_each(r) AS v
		WHERE jsonb_typeof(v.value) IN ('object', 'array') OR length(v.value #>> '{}') > 1000)
	THEN
		RETURN 'values are numbers, truth values or texts of 1000 letters at most';
	END IF;
	SELECT string_agg(c, ', ') INTO v_bad FROM unnest(v_columns) AS c
	WHERE dwh_internal.open_data_names_person(c)
		OR EXISTS (SELECT FROM jsonb_array_elements(p_rows) AS r WHERE dwh_internal.open_data_is_personal(r -> c));
	RETURN 'persons are identified by: ' || v_bad;
END
$$;
COMMENT ON FUNCTION dwh_internal.open_data_post_fault(jsonb) IS
	'Vì sao dữ liệu người dùng đăng không được nhận | Why rows that a user posts are not taken';

CREATE FUNCTION dwh_internal.post_open_data(p_title text, p_description text, p_source text, p_licence text, p_rows jsonb)
RETURNS int LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	a dwh_catalog.account;
	v_fault text;
	v_id int;
BEGIN
	SELECT * INTO a FROM dwh_catalog.account WHERE account_id = dwh.current_account();
	IF a.account_id IS NULL THEN
		PERFORM dwh_internal.open_data_refuse('only registered users post datasets', '2327 Art. 14.3: người sử dụng có tài khoản | users with an account.',
			'Ask for an account.', '42501');
	END IF;
	PERFORM dwh_internal.share_require(v, f, '2327 Art. 14.4') FROM (VALUES (p_title, 'title'), (p_description, 'description'), (p_source, 'source'),
		(p_licence, 'licence')) AS t (v, f);
	IF p_licence !~ '^https?://[^[:space:]]+$' THEN
		PERFORM dwh_internal.open_data_refuse('the licence is no address', '2327 Art. 14.4.', 'Give the http(s) address of its text.');
	END IF;
	v_fault := dwh_internal.open_data_post_fault(p_rows);
	IF v_fault IS NOT NULL THEN
		PERFORM dwh_internal.open_data_refuse('this dataset cannot be posted: ' || v_fault,
			'2327 Art. 14.4: bảo đảm bí mật, nguồn gốc, chất lượng | secrecy, source and quality are kept.',
			'Post figures of groups, as an array of flat objects; amounts in thousands or millions, since whole numbers of 10 to 12 digits look like those of persons.');
	END IF;
	INSERT INTO dwh_catalog.open_data_post (title, description, source, licence, columns, rows, row_count, digest, posted_at, posted_by, person, account_id)
	VALUES (p_title, p_description, p_source, p_licence, ARRAY(SELECT jsonb_object_keys(p_rows -> 0)), p_rows, jsonb_array_length(p_rows),
		encode(sha256(convert_to(p_rows::text, 'UTF8')), 'hex'), statement_timestamp(), dwh_internal.share_caller(), a.full_name, a.account_id)
	RETURNING post_id INTO v_id;
	RETURN v_id;
END
$$;
COMMENT ON FUNCTION dwh_internal.post_open_data(text, text, text, text, jsonb) IS 'Xem dwh.post_open_data | See dwh.post_open_data';

CREATE FUNCTION dwh.post_open_data(p_title text, p_description text, p_source text, p_licence text, p_rows jsonb)
RETURNS int LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_access_act';
COMMENT ON FUNCTION dwh.post_open_data(text, text, text, text, jsonb) IS
	'Người sử dụng có tài khoản đăng một bộ dữ liệu mở, chờ duyệt; trả về số | '
	'A registered user posts a dataset, which waits for an officer''s answer; returns its number';

-- An approved one may be withdrawn later by the same call.
CREATE FUNCTION dwh_internal.answer_open_data_post(p_post_id int, p_is_approved boolean, p_decided_by int, p_document_no text, p_reason text)
RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	p dwh_catalog.open_data_post;
BEGIN
	IF NOT dwh_internal.caller_has_role('dwh_share_officer') THEN
		PERFORM dwh_internal.open_data_refuse('permission denied to answer what was posted', '2327 Art. 14.4: cán bộ chia sẻ duyệt | sharing officers do.',
			'Only members of dwh_share_officer may call it.', '42501');
	END IF;
	SELECT * INTO p FROM dwh_catalog.open_data_post WHERE post_id = p_post_id FOR UPDATE;
	IF p.post_id IS NULL OR p.state IN ('refused', 'withdrawn') OR p_is_approved IS NULL OR (p.state = 'approved' AND p_is_approved) THEN
		PERFORM dwh_internal.open_data_refuse(format('nothing waits for this answer under number %s', coalesce(p_post_id::text, 'NULL')),
			'It was answered already, or never posted.', 'dwh.open_data_posts lists them.', '42704');
	END IF;
	IF NOT p_is_approved THEN
		PERFORM dwh_internal.share_require(p_reason, 'reason', '2327 Art. 14.4');
	END IF;
	PERFORM dwh_internal.share_check_decider(p_decided_by, p_document_no);
	UPDATE dwh_catalog.open_data_post SET state = CASE WHEN p_is_approved THEN 'approved' WHEN p.state = 'approved' THEN 'withdrawn' ELSE 'refused' END,
		answered_at = statement_timestamp(), answered_by = dwh_internal.share_caller(), decided_by = p_decided_by, document_no = p_document_no, reason = p_reason
	WHERE post_id = p_post_id;
END
$$;
COMMENT ON FUNCTION dwh_internal.answer_open_data_post(int, boolean, int, text, text) IS
	'Xem dwh.answer_open_data_post | See dwh.answer_open_data_post';

CREATE FUNCTION dwh.answer_open_data_post(p_post_id int, p_is_approved boolean, p_decided_by int, p_document_no text, p_reason text DEFAULT NULL)
RETURNS void LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_access_act';
COMMENT ON FUNCTION dwh.answer_open_data_post(int, boolean, int, text, text) IS
	'Duyệt, từ chối hoặc gỡ bộ dữ liệu người dùng đăng | Approves, refuses or withdraws a dataset that a user posted';

-- With the caller's rights on the view: what is approved, and one's own.
CREATE FUNCTION dwh.posted_open_data(p_post_id int, p_format text DEFAULT 'csv')
RETURNS SETOF text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	p record;
BEGIN
	IF coalesce(p_format NOT IN ('csv', 'json'), true) THEN
		RAISE EXCEPTION 'there is no format "%"', p_format
			USING ERRCODE = '22023', DETAIL = 'ND47 Art. 17: định dạng mở | open data is in open formats.', HINT = 'Give ''csv'' or ''json''.';
	END IF;
	SELECT * INTO p FROM dwh.open_data_posts WHERE post_id = p_post_id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'nothing was posted under number %', coalesce(p_post_id::text, 'NULL')
			USING ERRCODE = '42704', DETAIL = 'It waits for its answer, was refused or withdrawn, or does not exist.', HINT = 'dwh.open_data_posts lists what is there.';
	ELSIF p_format = 'json' THEN
		RETURN NEXT p.rows::text;
	ELSE
		RETURN NEXT array_to_string(p.columns, ',');
		RETURN QUERY SELECT (SELECT string_agg(CASE WHEN v ~ E'[",\\r\\n]' OR v = '' THEN '"' || replace(v, '"', '""') || '"' ELSE coalesce(v, '') END, ',' ORDER BY n)
				FROM (SELECT r ->> c AS v, n FROM unnest(p.columns) WITH ORDINALITY AS u (c, n)) AS t)
			FROM jsonb_array_elements(p.rows) WITH ORDINALITY AS e (r, o) ORDER BY e.o;
	END IF;
END
$$;
COMMENT ON FUNCTION dwh.posted_open_data(int, text) IS
	'Nội dung bộ dữ liệu người dùng đăng, đã duyệt, từng dòng CSV hoặc JSON | A dataset that a user posted, once approved, as lines of CSV or JSON';

-- The notice of the annex of Decision 893, and the quarterly list of needs (Art. 11.3). See src/access/act.c.
--
-- The title of the annex is lost in the copy of the text that we have; title and legal grounds are worded by us, the columns are the
-- annex's. The notice goes to the unit that manages the person, of administrators of provinces to the province. What the central side
-- applied for users of a province, emergencies and takeovers go to the province [own].

-- Who is told about a line of an applied request; NULL: nobody.
CREATE FUNCTION dwh_internal.notice_unit(p_request_line_id int)
RETURNS int LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
	SELECT CASE
		WHEN dwh_internal.unit_side(l.unit_id) = 'province' AND (r.kind IN ('emergency', 'takeover') OR p.notice_to = 'province'
			OR coalesce(dwh_internal.unit_side(a.home_unit_id), 'central') = 'central') THEN dwh_internal.unit_top_on(l.unit_id, d.day)
		WHEN p.notice_to <> 'nobody' OR r.kind = 'emergency' THEN dwh_internal.unit_on(l.unit_id, d.day) END
	FROM dwh_catalog.access_request_line AS l
	JOIN dwh_catalog.access_request AS r USING (request_id)
	JOIN dwh_catalog.access_path AS p USING (access_path_id)
	-- the unit of the day of application: what came after it later has been told by then
	CROSS JOIN LATERAL (SELECT coalesce((r.applied_at AT TIME ZONE w.time_zone)::date, dwh.today()) AS day FROM dwh_catalog.warehouse AS w) AS d
	LEFT JOIN dwh_catalog.account AS a ON a.account_id = r.applied_account_id
	WHERE l.request_line_id = p_request_line_id
$$;
COMMENT ON FUNCTION dwh_internal.notice_unit(int) IS 'Đơn vị nhận thông báo | The unit that is told';

-- The rows of both tables; no_longer_on is the day after the last valid one.
CREATE FUNCTION dwh_internal.notice_rows(p_request_id int, p_unit_id int)
RETURNS TABLE (is_grant boolean, row_no bigint, full_name text, title text, group_name text, email text, on_day date)
LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
	SELECT x.is_grant, row_number() OVER (PARTITION BY x.is_grant ORDER BY l.line_no, x.grant_id), l.full_name,
		-- of somebody whose right is taken without his position on the letter, the one it was given for
		coalesce(l.title, (SELECT f.title FROM dwh_catalog.access_grant AS o JOIN dwh_catalog.access_request_line AS f
			ON f.request_line_id = o.request_line_id WHERE o.grant_id = x.grant_id)),
		g.name_vi, coalesce(a.email, a.iam_subject), x.on_day
	FROM (SELECT true AS is_grant, r.grant_id, r.request_line_id, r.account_id, r.user_group_id, r.valid_from AS on_day
			FROM dwh_catalog.access_grant AS r
		UNION ALL SELECT false, r.grant_id, v.request_line_id, r.account_id, r.user_group_id, v.valid_to + 1
			FROM dwh_catalog.access_revocation AS v JOIN dwh_catalog.access_grant AS r USING (grant_id)) AS x
	JOIN dwh_catalog.access_request_line AS l USING (request_line_id)
	JOIN dwh_catalog.account AS a ON a.account_id = x.account_id
	JOIN dwh_catalog.user_group AS g ON g.user_group_id = x.user_group_id
	WHERE l.request_id = p_request_id AND dwh_internal.notice_unit(l.request_line_id) = p_unit_id
$$;
COMMENT ON FUNCTION dwh_internal.notice_rows(int, int) IS 'Các dòng của hai bảng | The rows of both tables';

-- A text as HTML; a text of one line for a cell.
CREATE FUNCTION dwh_internal.html_text(p_text text)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
	SELECT replace(replace(replace(replace(replace(coalesce(p_text, ''), '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;'), '''', '&#39;')
$$;
COMMENT ON FUNCTION dwh_internal.html_text(text) IS 'Văn bản thành HTML | A text as HTML';

CREATE FUNCTION dwh_internal.cell_text(p_text text)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
	SELECT btrim(regexp_replace(normalize(coalesce(p_text, ''), NFC), '[[:space:][:cntrl:]]+', ' ', 'g'))
$$;
COMMENT ON FUNCTION dwh_internal.cell_text(text) IS 'Văn bản trên một dòng | A text on one line';

-- One table, as text in columns or as HTML.
CREATE FUNCTION dwh_internal.notice_table(p_request_id int, p_unit_id int, p_is_grant boolean, p_is_html boolean)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_head text[] := ARRAY['STT', 'Họ và tên', 'Chức vụ', 'Nhóm người sử dụng', 'Hộp thư điện tử ngành',
		CASE WHEN p_is_grant THEN 'Hiệu lực từ ngày' ELSE 'Hết hiệu lực từ ngày' END];
	v_rows jsonb;
	v_widths int[];
BEGIN
	SELECT coalesce(jsonb_agg(jsonb_build_array(n.row_no::text, dwh_internal.cell_text(n.full_name), dwh_internal.cell_text(n.title),
		dwh_internal.cell_text(n.group_name), dwh_internal.cell_text(n.email), to_char(n.on_day, 'DD/MM/YYYY')) ORDER BY n.row_no), '[]')
	INTO v_rows FROM dwh_internal.notice_rows(p_request_id, p_unit_id) AS n WHERE n.is_grant = p_is_grant;
	IF p_is_html THEN
		RETURN E'<table>\n<thead><tr>' || (SELECT string_agg('<th>' || h || '</th>', '' ORDER BY i) FROM unnest(v_head) WITH ORDINALITY AS t (h, i))
			|| E'</tr></thead>\n<tbody>\n' || coalesce((SELECT string_agg('<tr>' || (SELECT string_agg('<td>' || dwh_internal.html_text(c) || '</td>', '' ORDER BY j)
				FROM jsonb_array_elements_text(r) WITH ORDINALITY AS u (c, j)) || E'</tr>\n', '' ORDER BY i)
				FROM jsonb_array_elements(v_rows) WITH ORDINALITY AS t (r, i)), '') || E'</tbody>\n</table>\n';
	END IF;
	SELECT array_agg(greatest(length(h), (SELECT max(length(r ->> (i - 1)::int)) FROM jsonb_array_elements(v_rows) AS r)) ORDER BY i)
	INTO v_widths FROM unnest(v_head) WITH ORDINALITY AS t (h, i);
	RETURN (SELECT string_agg(rtrim((SELECT string_agg(rpad(c, v_widths[j]), ' | ' ORDER BY j)
			FROM jsonb_array_elements_text(x.r) WITH ORDINALITY AS u (c, j))) || E'\n'
			|| CASE WHEN x.i = 0 THEN (SELECT string_agg(repeat('-', w), '-+-' ORDER BY j) FROM unnest(v_widths) WITH ORDINALITY AS u (w, j)) || E'\n'
				ELSE '' END, '' ORDER BY x.i)
		FROM (SELECT to_jsonb(v_head) AS r, 0 AS i UNION ALL SELECT t.r, t.i FROM jsonb_array_elements(v_rows) WITH ORDINALITY AS t (r, i)) AS x);
END
$$;
COMMENT ON FUNCTION dwh_internal.notice_table(int, int, boolean, boolean) IS 'Một bảng của thông báo | One table of the notice';

CREATE FUNCTION dwh_internal.access_notice(p_request int, p_format text, p_notice_no text, p_place text, p_prepared_by text, p_unit int)
RETURNS text LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	c record := dwh_internal.access_caller();
	r dwh_catalog.access_request;
	v_units int[];
	v_unit int := p_unit;
	v_is_html boolean := p_format = 'html';
	v_day text := to_char(dwh.today(), 'DD/MM/YYYY');
	v_from text;
	v_to text;
	v_ground text;
	v_grants text;
	v_revokes text;
BEGIN
	PERFORM dwh_internal.share_require(v, f, '893 Annex') FROM (VALUES (p_notice_no, 'notice_no'), (p_place, 'place'), (p_prepared_by, 'prepared_by'))
		AS t (v, f);
	IF p_format IS NULL OR p_format NOT IN ('text', 'html') THEN
		RAISE EXCEPTION 'unknown format "%"', coalesce(p_format, 'NULL') USING ERRCODE = '22023', DETAIL = 'A notice is a text or HTML.',
			HINT = 'Give text or html.';
	END IF;
	SELECT * INTO r FROM dwh_catalog.access_request WHERE request_id = p_request;
	SELECT array_agg(DISTINCT n.unit_id) INTO v_units
	FROM dwh_catalog.access_request_line AS l CROSS JOIN LATERAL dwh_internal.notice_unit(l.request_line_id) AS n (unit_id)
	WHERE l.request_id = p_request AND l.state = 'applied' AND n.unit_id IS NOT NULL;
	IF NOT dwh_internal.caller_has_role('dwh_central_admin')
		AND NOT coalesce(r.from_unit_id = ANY (c.unit_ids) OR v_units && c.unit_ids, false)
	THEN
		RAISE EXCEPTION 'request % is not of the caller''s province', coalesce(p_request::text, 'NULL')
			USING ERRCODE = '42501', DETAIL = '893 Arts. 11.1, 17: quản trị cấp tỉnh thông báo cho đơn vị của tỉnh mình | administrators of a province '
				'notify its units.', HINT = 'Ask a central administrator.';
	ELSIF r.request_id IS NULL OR r.state <> 'applied' THEN
		RAISE EXCEPTION 'request % has not been applied', coalesce(p_request::text, 'NULL')
			USING ERRCODE = '55000', DETAIL = '893 Art. 17: thông báo sau khi thực hiện | the notice follows the application.',
				HINT = 'Apply it with dwh.apply_access().';
	ELSIF v_units IS NULL THEN
		RAISE EXCEPTION 'nobody is to be notified about request %', p_request
			USING ERRCODE = '55000', DETAIL = '893 Art. 17.1 asks for no notice.', HINT = 'There is nothing to do.';
	ELSIF v_unit IS NULL AND cardinality(v_units) = 1 THEN
		v_unit := v_units[1];
	ELSIF v_unit IS NULL OR v_unit <> ALL (v_units) THEN
		RAISE EXCEPTION 'name the unit to be notified'
			USING ERRCODE = '22023', DETAIL = format('Request %s is about people of the units %s.', p_request, array_to_string(v_units, ', ')),
				HINT = 'Call it once for each, with p_unit.';
	END IF;
	INSERT INTO dwh_catalog.access_notice (request_id, unit_id, notice_no, noticed_on, place, prepared_by, issued_by)
	VALUES (p_request, v_unit, p_notice_no, dwh.today(), p_place, p_prepared_by, dwh_internal.share_caller())
	ON CONFLICT ON CONSTRAINT access_notice_notice_no_key DO UPDATE SET place = excluded.place, prepared_by = excluded.prepared_by
	RETURNING to_char(noticed_on, 'DD/MM/YYYY') INTO v_day;

	-- Who issues it: the province's administrator for the province, else the IT Centre.
	SELECT u.name_vi INTO v_from FROM dwh_star.dim_unit AS u WHERE u.unit_id = CASE
		WHEN (SELECT dwh_internal.unit_side(a.home_unit_id) FROM dwh_catalog.account AS a WHERE a.account_id = r.applied_account_id) = 'province'
			THEN (SELECT dwh_internal.unit_top(a.home_unit_id) FROM dwh_catalog.account AS a WHERE a.account_id = r.applied_account_id)
		ELSE (SELECT f.unit_id FROM dwh_catalog.unit_function AS f WHERE f.function = 'it_centre' AND f.valid_from <= dwh.today()
			AND coalesce(f.valid_to >= dwh.today(), true)) END;
	v_from := upper(coalesce(v_from, 'Trung tâm Công nghệ thông tin'));
	SELECT u.name_vi INTO v_to FROM dwh_star.dim_unit AS u WHERE u.unit_id = v_unit;
	v_ground := CASE r.kind
		WHEN 'emergency' THEN format('Thu hồi khẩn cấp theo Điều 17 khoản 7, do %s phát hiện và báo %s', r.found_by, r.reported_to)
		WHEN 'takeover' THEN format('Tiếp nhận người sử dụng có sẵn theo văn bản số %s ngày %s', r.letter_no, to_char(r.letter_on, 'DD/MM/YYYY'))
		ELSE format('Văn bản đề nghị số %s ngày %s của %s', r.letter_no, to_char(r.letter_on, 'DD/MM/YYYY'),
			(SELECT u.name_vi FROM dwh_star.dim_unit AS u WHERE u.unit_id = r.from_unit_id)) END;
	v_grants := dwh_internal.notice_table(p_request, v_unit, true, v_is_html);
	v_revokes := dwh_internal.notice_table(p_request, v_unit, false, v_is_html);
	IF v_is_html THEN
		RETURN format($html$<!DOCTYPE html>
<html lang="vi">
<head>
<meta charset="utf-8">
<title>Thông báo số %1$s</title>
<style>body { font-family: "Times New Roman", serif; } table { border-collapse: collapse; } td, th { border: 1px solid; padding: 2px 6px; }</style>
</head>
<body>
<p><b>BẢO HIỂM XÃ HỘI VIỆT NAM<br>%2$s</b></p>
<p>Số: %1$s</p>
<p>%3$s, ngày %4$s</p>
<h1>THÔNG BÁO</h1>
<p><b>Về việc cấp, thu hồi quyền truy cập, quản trị Hệ thống DWH</b></p>
<p>Kính gửi: %5$s</p>
<p>Căn cứ Quyết định số 893/QĐ-BHXH; %6$s.</p>
<h2>1. Cấp quyền</h2>
%7$s<h2>2. Thu hồi quyền</h2>
%8$s<p>Người lập: %9$s</p>
<p>Nơi nhận: %5$s; lưu.</p>
</body>
</html>
$html$, dwh_internal.html_text(p_notice_no), dwh_internal.html_text(v_from), dwh_internal.html_text(p_place), v_day, dwh_internal.html_text(v_to),
			dwh_internal.html_text(v_ground), v_grants, v_revokes, dwh_internal.html_text(p_prepared_by));
	END IF;
	RETURN format(E'BẢO HIỂM XÃ HỘI VIỆT NAM\n%2$s\nSố: %1$s\n%3$s, ngày %4$s\n\nTHÔNG BÁO\nVề việc cấp, thu hồi quyền truy cập, quản trị Hệ thống DWH\n\n'
		'Kính gửi: %5$s\n\nCăn cứ Quyết định số 893/QĐ-BHXH; %6$s.\n\n1. Cấp quyền\n%7$s\n2. Thu hồi quyền\n%8$s\nNgười lập: %9$s\nNơi nhận: %5$s; lưu.\n',
		dwh_internal.cell_text(p_notice_no), v_from, dwh_internal.cell_text(p_place), v_day, v_to, dwh_internal.cell_text(v_ground), v_grants, v_revokes,
		dwh_internal.cell_text(p_prepared_by));
END
$$;
COMMENT ON FUNCTION dwh_internal.access_notice(int, text, text, text, text, int) IS 'Xem dwh.access_notice | See dwh.access_notice';

CREATE FUNCTION dwh.access_notice(p_request int, p_format text, p_notice_no text, p_place text, p_prepared_by text, p_unit int DEFAULT NULL)
RETURNS text LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_access_act';
COMMENT ON FUNCTION dwh.access_notice(int, text, text, text, text, int) IS
	'Thông báo theo Phụ lục Quyết định 893, text hoặc html, và ghi là đã thông báo | '
	'The notice of the annex of Decision 893, as text or html; records that it was issued';

-- Needs ----------------------------------------------------------------------------------------------------------------

-- The first day of the quarter, and the province.
CREATE FUNCTION dwh_internal.check_needs(p_quarter date, p_unit int)
RETURNS date LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	c record := dwh_internal.access_caller();
BEGIN
	IF NOT (dwh_internal.caller_has_role('dwh_central_admin') OR coalesce(p_unit = ANY (c.unit_ids), false)) THEN
		RAISE EXCEPTION 'unit % is not of the caller''s province', coalesce(p_unit::text, 'NULL')
			USING ERRCODE = '42501', DETAIL = '893 Art. 11.3: tỉnh tổng hợp nhu cầu của mình | a province consolidates its own needs.',
				HINT = 'Name the caller''s province.';
	ELSIF p_quarter IS NULL OR p_quarter <> date_trunc('quarter', p_quarter)::date THEN
		RAISE EXCEPTION '% is no first day of a quarter', coalesce(p_quarter::text, 'NULL')
			USING ERRCODE = '22023', DETAIL = '893 Art. 11.3: hằng quý | every quarter.', HINT = 'Give the first day of January, April, July or October.';
	ELSIF p_unit IS NOT NULL AND (dwh_internal.unit_side(p_unit) IS DISTINCT FROM 'province' OR dwh_internal.unit_top(p_unit) <> p_unit) THEN
		RAISE EXCEPTION 'unit % is no province', p_unit
			USING ERRCODE = '22023', DETAIL = '893 Art. 11.3: tỉnh tổng hợp nhu cầu của các đơn vị trong tỉnh | a province consolidates the needs of its units.',
				HINT = 'Name the province.';
	END IF;
	RETURN p_quarter;
END
$$;
COMMENT ON FUNCTION dwh_internal.check_needs(date, int) IS 'Kiểm tra quý và tỉnh | Checks quarter and province';

CREATE FUNCTION dwh_internal.access_needs(p_quarter date, p_unit int)
RETURNS TABLE (line_no bigint, action text, full_name text, title text, unit_name text, group_name text, email text, reason text, effective_on date,
	letter_no text, received_on date, state text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM dwh_internal.check_needs(p_quarter, p_unit);
	RETURN QUERY
	SELECT row_number() OVER (ORDER BY r.received_on, r.request_id, l.line_no), l.action, l.full_name, l.title, u.name_vi, g.name_vi,
		coalesce(l.email, l.iam_subject), s.name_vi, l.effective_on, r.letter_no, r.received_on, l.state
	FROM dwh_catalog.access_request AS r
	JOIN dwh_catalog.access_request_line AS l ON l.request_id = r.request_id
	LEFT JOIN dwh_star.dim_unit AS u ON u.unit_id = l.unit_id
	LEFT JOIN dwh_catalog.user_group AS g ON g.user_group_id = l.user_group_id
	LEFT JOIN dwh_catalog.access_reason AS s ON s.code = l.reason
	WHERE r.received_on >= p_quarter AND r.received_on < p_quarter + interval '3 months'
		AND (p_unit IS NULL OR dwh_internal.unit_top_on(l.unit_id, (p_quarter + interval '3 months')::date - 1) = p_unit)
	ORDER BY 1;
END
$$;
COMMENT ON FUNCTION dwh_internal.access_needs(date, int) IS 'Xem dwh.access_needs | See dwh.access_needs';

CREATE FUNCTION dwh.access_needs(p_quarter date, p_unit int DEFAULT NULL, OUT line_no bigint, OUT action text, OUT full_name text, OUT title text,
	OUT unit_name text, OUT group_name text, OUT email text, OUT reason text, OUT effective_on date, OUT letter_no text, OUT received_on date,
	OUT state text)
RETURNS SETOF record LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_access_list';
COMMENT ON FUNCTION dwh.access_needs(date, int) IS
	'Danh sách nhu cầu cấp, thu hồi, thay đổi trong một quý của một tỉnh (Điều 11.3); cột tạm thay Phụ lục 01 QĐ 2366 | '
	'The needs of a province in a quarter (Art. 11.3); its columns stand for Annex 01 of Decision 2366, which we have not seen';

CREATE FUNCTION dwh_internal.send_access_needs(p_quarter date, p_unit int, p_document_no text, p_sent_on date)
RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM dwh_internal.check_needs(p_quarter, p_unit);
	PERFORM dwh_internal.share_require(v, f, '893 Art. 11.3') FROM (VALUES (p_document_no, 'document_no'), (p_unit::text, 'unit')) AS t (v, f);
	-- While the quarter runs there are needs to come, and no list is missing.
	IF dwh.today() < p_quarter + interval '3 months' THEN
		RAISE EXCEPTION 'the quarter from % is not over', p_quarter
			USING ERRCODE = '22023', DETAIL = '893 Art. 11.3: danh sách của quý gồm mọi nhu cầu trong quý | the list of a quarter has all its needs.',
				HINT = 'Record it after the last day of the quarter.';
	ELSIF p_sent_on > dwh.today() OR p_sent_on < p_quarter THEN
		RAISE EXCEPTION 'a list of the quarter from % was not sent on %', p_quarter, p_sent_on
			USING ERRCODE = '22023', DETAIL = format('893 Art. 11.3. Today is %s.', dwh.today()), HINT = 'Correct p_sent_on.';
	END IF;
	INSERT INTO dwh_catalog.access_needs_list (unit_id, quarter, document_no, sent_on, recorded_by)
	VALUES (p_unit, p_quarter, p_document_no, coalesce(p_sent_on, dwh.today()), dwh_internal.share_caller());
EXCEPTION
	WHEN unique_violation THEN
		RAISE EXCEPTION 'the list of unit % for the quarter has been sent', p_unit
			USING ERRCODE = '23505', DETAIL = '893 Art. 11.3: one list a quarter.', HINT = 'A later need goes into the next one.';
END
$$;
COMMENT ON FUNCTION dwh_internal.send_access_needs(date, int, text, date) IS 'Xem dwh.send_access_needs | See dwh.send_access_needs';

CREATE FUNCTION dwh.send_access_needs(p_quarter date, p_unit int, p_document_no text, p_sent_on date DEFAULT NULL)
RETURNS void LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_access_act';
COMMENT ON FUNCTION dwh.send_access_needs(date, int, text, date) IS
	'Ghi việc tỉnh đã gửi danh sách nhu cầu của quý | Records that a province sent its list of needs of a quarter';

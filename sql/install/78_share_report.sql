-- What sharing amounts to: statistics, reviews, the yearly evaluation. See src/share/report.c. Plans over dozens of partitions look
-- costly and are not: compiling them (jit) would take longer than running them.

-- Adds what can no longer change to dwh_log.share_daily and share_monthly: rows of the log up to the number below which no transaction can
-- still commit one, at most p_most numbers of them (NULL: all). Without p_wait it leaves the work to whoever is at it.
CREATE FUNCTION dwh_internal.share_roll(p_most bigint, p_wait boolean, OUT rolled_to bigint, OUT is_all boolean)
RETURNS record LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET jit = off AS $$
#variable_conflict use_column
DECLARE
	v_from bigint;
	v_settled bigint;
	v_to bigint;
BEGIN
	is_all := true;
	IF p_wait THEN
		SELECT r.rolled_to INTO v_from FROM dwh_log.share_rolled AS r FOR UPDATE;
	ELSE
		SELECT r.rolled_to INTO v_from FROM dwh_log.share_rolled AS r FOR UPDATE SKIP LOCKED;
	END IF;
	SELECT h.share_settled INTO v_settled FROM dwh_log.audit_tree_head AS h ORDER BY h.head_no DESC LIMIT 1;
	rolled_to := v_from;
	IF coalesce(v_settled <= v_from, true) THEN
		RETURN;
	END IF;
	v_to := least(v_settled, v_from + p_most);
	WITH fresh AS MATERIALIZED (
		SELECT * FROM dwh_internal.share_days(v_from, v_to)
	), daily AS (
		INSERT INTO dwh_log.share_daily AS d (day, agency_identifier, service_code, kind, direction, stage, status, entry_count, row_count,
			byte_count, duration_ms)
		SELECT * FROM fresh
		ON CONFLICT (day, agency_identifier, service_code, kind, direction, stage, status) DO UPDATE SET
			entry_count = d.entry_count + excluded.entry_count, row_count = d.row_count + excluded.row_count,
			byte_count = d.byte_count + excluded.byte_count, duration_ms = d.duration_ms + excluded.duration_ms
	)
	INSERT INTO dwh_log.share_monthly AS m (month, agency_identifier, service_code, kind, direction, stage, status, entry_count, row_count,
		byte_count, duration_ms)
	SELECT date_trunc('month', f.day::timestamp)::date, f.agency_identifier, f.service_code, f.kind, f.direction, f.stage, f.status,
		sum(f.entry_count)::bigint, sum(f.row_count)::bigint, sum(f.byte_count)::bigint, sum(f.duration_ms)::bigint
	FROM fresh AS f GROUP BY 1, 2, 3, 4, 5, 6, 7
	ON CONFLICT (month, agency_identifier, service_code, kind, direction, stage, status) DO UPDATE SET
		entry_count = m.entry_count + excluded.entry_count, row_count = m.row_count + excluded.row_count,
		byte_count = m.byte_count + excluded.byte_count, duration_ms = m.duration_ms + excluded.duration_ms;
	UPDATE dwh_log.share_rolled SET rolled_to = v_to;
	rolled_to := v_to;
	is_all := v_to = v_settled;
END
$$;
COMMENT ON FUNCTION dwh_internal.share_roll(bigint, boolean) IS
	'Cộng các dòng nhật ký đã chốt vào số đếm ngày và tháng | Adds settled rows of the log to the daily and monthly counts';

-- The counts of the rows with numbers from after p_from up to p_to (NULL: all). By the index of the numbers: nobody knows beforehand how few they are.
CREATE FUNCTION dwh_internal.share_days(p_from bigint, p_to bigint)
RETURNS TABLE (day date, agency_identifier text, service_code text, kind text, direction text, stage text, status text,
	entry_count bigint, row_count bigint, byte_count bigint, duration_ms bigint)
LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET jit = off SET enable_seqscan = off AS $$
	SELECT (l.occurred_at AT TIME ZONE (SELECT time_zone FROM dwh_catalog.warehouse))::date, l.agency_identifier, coalesce(l.service_code, ''), l.kind, l.direction, l.stage,
		l.status, count(*), coalesce(sum(l.row_count), 0)::bigint, coalesce(sum(l.byte_count), 0)::bigint,
		coalesce(sum(l.duration_ms), 0)::bigint
	FROM dwh_log.share_log AS l
	WHERE l.share_id > p_from AND coalesce(l.share_id <= p_to, true)
	GROUP BY 1, 2, 3, 4, 5, 6, 7
$$;
COMMENT ON FUNCTION dwh_internal.share_days(bigint, bigint) IS 'Số đếm ngày của các dòng nhật ký | Daily counts of rows of the log';

CREATE FUNCTION dwh_internal.share_statistics(p_from date, p_to date, p_by text[])
RETURNS TABLE (agency text, service text, kind text, direction text, month date, connections bigint, successes bigint, refusals bigint,
	incidents bigint, notices bigint, row_count bigint, byte_count bigint, connection_ms bigint, sign_ins bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET jit = off AS $$
#variable_conflict use_column
DECLARE
	-- Whole months, from the first day of the first to the day after the last, are read from share_monthly.
	v_whole_from date := date_trunc('month', p_from + interval '1 month' - interval '1 day');
	v_whole_until date := date_trunc('month', p_to + interval '1 day');
	v_unknown text;
BEGIN
	SELECT string_agg(b, ', ') INTO v_unknown FROM unnest(p_by) AS b WHERE b <> ALL (ARRAY['agency', 'service', 'kind', 'direction', 'month']);
	IF v_unknown IS NOT NULL OR p_from IS NULL OR p_to IS NULL OR p_to < p_from THEN
		RAISE EXCEPTION 'statistics are by agency, service, kind, direction and month, from a day to a later one'
			USING ERRCODE = '22023', DETAIL = format('Asked: by %s, from %s to %s.', p_by, p_from, p_to), HINT = 'Correct the arguments.';
	END IF;
	-- One statement, hence one snapshot: what is rolled up and what is not yet add up to the log, whoever rolls up meanwhile.
	RETURN QUERY
	WITH counted AS (
		SELECT m.* FROM dwh_log.share_monthly AS m WHERE m.month >= v_whole_from AND m.month < v_whole_until
		UNION ALL
		SELECT d.* FROM dwh_log.share_daily AS d
		WHERE (d.day >= p_from AND d.day <= p_to AND d.day < v_whole_from) OR (d.day >= p_from AND d.day <= p_to AND d.day >= v_whole_until)
		UNION ALL
		SELECT d.* FROM dwh_log.share_rolled AS r CROSS JOIN LATERAL dwh_internal.share_days(r.rolled_to, NULL) AS d
		WHERE d.day BETWEEN p_from AND p_to
	), signed_in AS (
		-- Who signs in by a connection account acts for its agency.
		SELECT a.identifier, date_trunc('month', e.occurred_at AT TIME ZONE w.time_zone)::date AS month, count(*) AS n
		FROM dwh_log.audit_event AS e CROSS JOIN dwh_catalog.warehouse AS w
			JOIN (SELECT DISTINCT c.login_role, c.agency_id FROM dwh_catalog.connection_account AS c) AS c ON c.login_role = e.session_user_name
			JOIN dwh_catalog.agency AS a ON a.agency_id = c.agency_id
		WHERE e.action = 'authenticate' AND e.decision = 'done' AND p_by <@ ARRAY['agency', 'month']
			AND e.month BETWEEN date_trunc('month', p_from)::date AND p_to
			AND (e.occurred_at AT TIME ZONE w.time_zone)::date BETWEEN p_from AND p_to
		GROUP BY 1, 2
	), line AS (
		SELECT c.agency_identifier, c.service_code, c.kind, c.direction, date_trunc('month', c.month::timestamp)::date AS month,
			CASE WHEN c.stage = 'intent' THEN c.entry_count END AS connections,
			CASE WHEN c.status IN ('supplied', 'received') THEN c.entry_count END AS successes,
			CASE WHEN c.status = 'refused' THEN c.entry_count END AS refusals,
			CASE WHEN c.status IN ('failed', 'broken_off', 'invalid', 'undelivered') THEN c.entry_count END AS incidents,
			CASE WHEN c.status = 'noticed' THEN c.entry_count END AS notices,
			CASE WHEN c.stage = 'outcome' THEN c.row_count END AS row_count, CASE WHEN c.stage = 'outcome' THEN c.byte_count END AS byte_count,
			c.duration_ms, NULL::bigint AS n
		FROM counted AS c
		UNION ALL
		SELECT s.identifier, NULL, NULL, NULL, s.month, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, s.n FROM signed_in AS s
	)
	SELECT CASE WHEN 'agency' = ANY (p_by) THEN l.agency_identifier END, CASE WHEN 'service' = ANY (p_by) THEN l.service_code END,
		CASE WHEN 'kind' = ANY (p_by) THEN l.kind END, CASE WHEN 'direction' = ANY (p_by) THEN l.direction END,
		CASE WHEN 'month' = ANY (p_by) THEN l.month END, coalesce(sum(l.connections), 0)::bigint, coalesce(sum(l.successes), 0)::bigint,
		coalesce(sum(l.refusals), 0)::bigint, coalesce(sum(l.incidents), 0)::bigint, coalesce(sum(l.notices), 0)::bigint,
		coalesce(sum(l.row_count), 0)::bigint, coalesce(sum(l.byte_count), 0)::bigint, coalesce(sum(l.duration_ms), 0)::bigint,
		CASE WHEN p_by <@ ARRAY['agency', 'month'] THEN coalesce(sum(l.n), 0)::bigint END
	FROM line AS l GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5;
END
$$;
COMMENT ON FUNCTION dwh_internal.share_statistics(date, date, text[]) IS 'Xem dwh.share_statistics | See dwh.share_statistics';

CREATE FUNCTION dwh.share_statistics(p_from date, p_to date, p_by text[] DEFAULT '{agency}')
RETURNS TABLE (agency text, service text, kind text, direction text, month date, connections bigint, successes bigint, refusals bigint,
	incidents bigint, notices bigint, row_count bigint, byte_count bigint, connection_ms bigint, sign_ins bigint)
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_share_rows';
COMMENT ON FUNCTION dwh.share_statistics(date, date, text[]) IS
	'Thống kê chia sẻ theo cơ quan, dịch vụ, loại, chiều, tháng (2327 Điều 15.1) | '
	'Statistics of sharing by agency, service, kind, direction, month (2327 Art. 15.1)';

CREATE FUNCTION dwh_internal.record_review(p_list text, p_document_no text, p_reviewed_on date, p_note text)
RETURNS int LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_id int;
BEGIN
	PERFORM dwh_internal.share_require(p_document_no, 'document_no', 'ND47 Art. 34.2');
	IF coalesce(p_list NOT IN ('default', 'open'), true) OR coalesce(p_reviewed_on, dwh.today()) > dwh.today() THEN
		RAISE EXCEPTION 'the lists that are reviewed are default and open, at the latest today'
			USING ERRCODE = '22023', DETAIL = 'ND47 Arts. 20.3, 34.2.', HINT = 'Correct list or day.';
	END IF;
	PERFORM dwh_internal.share_check_whole('reviews of a list');
	INSERT INTO dwh_catalog.share_review (list, reviewed_on, document_no, note, reviewed_by)
	VALUES (p_list, coalesce(p_reviewed_on, dwh.today()), p_document_no, p_note, dwh_internal.share_caller()) RETURNING review_id INTO v_id;
	RETURN v_id;
END
$$;
COMMENT ON FUNCTION dwh_internal.record_review(text, text, date, text) IS 'Xem dwh.record_review | See dwh.record_review';

CREATE FUNCTION dwh.record_review(p_list text, p_document_no text, p_reviewed_on date DEFAULT NULL, p_note text DEFAULT NULL)
RETURNS int LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_share_act';
COMMENT ON FUNCTION dwh.record_review(text, text, date, text) IS
	'Ghi lần rà soát danh mục dữ liệu mặc định hoặc dữ liệu mở (6 tháng một lần) | '
	'Records a review of the list of default or open data (every 6 months)';

CREATE FUNCTION dwh_internal.record_evaluation(p_year int, p_database text, p_document_no text, p_evaluated_on date, p_note text)
RETURNS boolean LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_on date := coalesce(p_evaluated_on, dwh.today());
	v_database_id int;
BEGIN
	PERFORM dwh_internal.share_require(v, f, 'ND47 Art. 16.4') FROM (VALUES (p_year::text, 'year'), (p_document_no, 'document_no')) AS r (v, f);
	IF v_on > dwh.today() OR v_on < make_date(p_year, 1, 1) THEN
		RAISE EXCEPTION 'an evaluation of % cannot be of %', p_year, v_on
			USING ERRCODE = '22023', DETAIL = 'ND47 Art. 16: it is made in the year or later, at the latest today.', HINT = 'Correct the day.';
	END IF;
	IF p_database IS NOT NULL THEN
		SELECT database_id INTO v_database_id FROM dwh_catalog.share_database WHERE code = p_database;
		IF v_database_id IS NULL THEN
			RAISE EXCEPTION 'database "%" is not in the catalogue', p_database
				USING ERRCODE = '42704', DETAIL = 'ND47 Art. 16.1.', HINT = 'Enter it with dwh.register_database().';
		END IF;
		PERFORM dwh_internal.share_check_unit(v_database_id);
	ELSE
		PERFORM dwh_internal.share_check_whole('the evaluation of all databases');
	END IF;
	INSERT INTO dwh_catalog.share_evaluation AS e (year, database_id, evaluated_on, document_no, note)
	VALUES (p_year, v_database_id, v_on, p_document_no, p_note);
	-- Art. 16.4: before 31 December.
	RETURN v_on < make_date(p_year, 12, 31);
EXCEPTION WHEN unique_violation THEN
	RAISE EXCEPTION 'the evaluation of % is recorded already', p_year
		USING ERRCODE = '42710', DETAIL = 'ND47 Art. 16.1: one a year.', HINT = 'Look into dwh_catalog.share_evaluation.';
END
$$;
COMMENT ON FUNCTION dwh_internal.record_evaluation(int, text, text, date, text) IS
	'Xem dwh.record_evaluation | See dwh.record_evaluation';

CREATE FUNCTION dwh.record_evaluation(p_year int, p_database text, p_document_no text, p_evaluated_on date DEFAULT NULL,
	p_note text DEFAULT NULL)
RETURNS boolean LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_share_act';
COMMENT ON FUNCTION dwh.record_evaluation(int, text, text, date, text) IS
	'Ghi báo cáo đánh giá dữ liệu hằng năm (NĐ47 Điều 16); trả về đúng hạn hay không | '
	'Records the yearly evaluation of data (Decree 47 Art. 16); returns whether it is on time';

CREATE FUNCTION dwh_internal.record_deletion(p_agreement_id int, p_document_no text, p_confirmed_on date)
RETURNS int LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	g dwh_catalog.share_agreement;
	v_on date := coalesce(p_confirmed_on, dwh.today());
	v_id int;
BEGIN
	PERFORM dwh_internal.share_require(p_document_no, 'document_no', 'ND47 Art. 42');
	SELECT * INTO g FROM dwh_catalog.share_agreement WHERE agreement_id = p_agreement_id;
	IF g.agreement_id IS NULL THEN
		RAISE EXCEPTION 'there is no agreement %', p_agreement_id
			USING ERRCODE = '42704', DETAIL = 'ND47 Art. 42.', HINT = 'Name an agreement.';
	END IF;
	PERFORM dwh_internal.share_check_agreement(p_agreement_id);
	IF v_on > dwh.today() THEN
		RAISE EXCEPTION 'a deletion is confirmed at the latest today'
			USING ERRCODE = '22023', DETAIL = format('Today is %s.', dwh.today()), HINT = 'Correct the day.';
	END IF;
	INSERT INTO dwh_catalog.share_notice (kind, agency_id, agreement_id, service_id, subject, body, sent_on, answered_on, answer)
	VALUES ('deletion', g.agency_id, p_agreement_id, g.service_id, 'Xác nhận đã xóa | Deletion confirmed', p_document_no, v_on, v_on,
		p_document_no)
	RETURNING notice_id INTO v_id;
	PERFORM dwh_internal.share_log_connect(p_agreement_id, g.request_id, 'notice', 'noticed', NULL,
		jsonb_build_object('deletion', v_id, 'document_no', p_document_no));
	RETURN v_id;
END
$$;
COMMENT ON FUNCTION dwh_internal.record_deletion(int, text, date) IS 'Xem dwh.record_deletion | See dwh.record_deletion';

CREATE FUNCTION dwh.record_deletion(p_agreement_id int, p_document_no text, p_confirmed_on date DEFAULT NULL)
RETURNS int LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_share_act';
COMMENT ON FUNCTION dwh.record_deletion(int, text, date) IS
	'Ghi xác nhận của nơi nhận đã xóa dữ liệu (NĐ47 Điều 42) | Records a receiver''s confirmation that data was deleted (Decree 47 Art. 42)';

-- Decree 47 Art. 16.2: inventory, standards, quality, updates, sharing; and how the rules were kept (2327 Art. 22.1).
CREATE FUNCTION dwh_internal.evaluation_report(p_year int)
RETURNS TABLE (section text, database_code text, unit_code text, item text, value numeric, note text)
LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET jit = off AS $$
	WITH zone AS (
		SELECT make_date(p_year, 1, 1)::timestamp AT TIME ZONE time_zone AS since, make_date(p_year + 1, 1, 1)::timestamp AT TIME ZONE time_zone
			AS until FROM dwh_catalog.warehouse
	), base AS (
		SELECT d.*, (SELECT u.code FROM dwh_catalog.share_database_unit AS m JOIN dwh_star.dim_unit AS u USING (unit_id)
			WHERE m.database_id = d.database_id AND m.valid_from < make_date(p_year + 1, 1, 1) ORDER BY m.valid_from DESC LIMIT 1) AS unit_code
		FROM dwh_catalog.share_database AS d CROSS JOIN zone AS z WHERE d.created_at < z.until
	), service AS (
		SELECT s.*, b.code AS database_code, b.unit_code FROM dwh_catalog.share_service AS s JOIN base AS b USING (database_id)
	), entry AS (
		SELECT l.*, s.database_code, s.unit_code FROM dwh_log.share_log AS l JOIN service AS s ON s.service_id = l.service_id CROSS JOIN zone AS z
		WHERE l.month BETWEEN make_date(p_year - 1, 12, 1) AND make_date(p_year + 1, 1, 1) AND l.occurred_at >= z.since AND l.occurred_at < z.until
	), run AS (
		SELECT r.*, s.code AS source_code FROM dwh_log.load_run AS r JOIN dwh_star.dim_source AS s USING (source_id) CROSS JOIN zone AS z
		WHERE r.started_at >= z.since AND r.started_at < z.until
	), line AS (
		SELECT 1 AS n, 'inventory', b.code, b.unit_code, 'items marked ' || coalesce(i.value ->> 'mark', '?'), count(*)::numeric, NULL::text
		FROM base AS b CROSS JOIN jsonb_array_elements(b.items) AS i GROUP BY b.code, b.unit_code, i.value ->> 'mark'
		UNION ALL
		SELECT 1, 'inventory', s.database_code, s.unit_code, 'published services: ' || s.kind, count(*), string_agg(s.code, ', ' ORDER BY s.code)
		FROM service AS s CROSS JOIN zone AS z WHERE s.published_at < z.until AND coalesce(s.withdrawn_on >= make_date(p_year, 1, 1), true)
		GROUP BY 2, 3, 4, 5
		UNION ALL
		SELECT 2, 'standards', b.code, b.unit_code, 'standards recorded', (b.standards ~ '[^[:space:]]')::int, b.standards FROM base AS b
		UNION ALL
		SELECT 2, 'standards', b.code, b.unit_code, 'standards missing', 1, NULL FROM base AS b WHERE coalesce(b.standards !~ '[^[:space:]]', true)
		UNION ALL
		SELECT 3, 'quality', NULL, NULL, 'accuracy: rows loaded of rows read, ' || r.source_code, round(sum(r.rows_loaded) / nullif(sum(r.rows_in), 0), 6),
			format('%s of %s', sum(r.rows_loaded), sum(r.rows_in)) FROM run AS r GROUP BY r.source_code
		UNION ALL
		SELECT 3, 'quality', NULL, NULL, 'anomalies: rows quarantined or rejected, ' || r.source_code, sum(r.rows_quarantined + r.rows_rejected), NULL
		FROM run AS r GROUP BY r.source_code
		UNION ALL
		SELECT 3, 'quality', NULL, NULL, 'completeness: cells with rows of cells expected, ' || j.code,
			round(count(p.month)::numeric / nullif(count(*), 0), 6), format('%s of %s', count(p.month), count(*))
		FROM dwh_catalog.subject AS j
			CROSS JOIN LATERAL (SELECT DISTINCT unit_id FROM dwh_star.subject_presence AS p WHERE p.subject_id = j.subject_id
				AND p.unit_column = j.unit_column AND p.month BETWEEN make_date(p_year, 1, 1) AND make_date(p_year, 12, 1)) AS u
			CROSS JOIN LATERAL (SELECT m::date AS month FROM generate_series(make_date(p_year, 1, 1)::timestamp,
				least(make_date(p_year, 12, 1), date_trunc('month', dwh.today()))::timestamp, '1 month') AS m) AS m
			LEFT JOIN dwh_star.subject_presence AS p ON p.subject_id = j.subject_id AND p.unit_column = j.unit_column AND p.month = m.month
				AND p.unit_id = u.unit_id
		GROUP BY j.code
		UNION ALL
		SELECT 4, 'updates', NULL, NULL, 'loads: ' || r.source_code, count(*), NULL FROM run AS r GROUP BY r.source_code
		UNION ALL
		SELECT 4, 'updates', NULL, NULL, 'refreshes', count(*), NULL FROM dwh_log.refresh_run AS f CROSS JOIN zone AS z
		WHERE f.started_at >= z.since AND f.started_at < z.until
		UNION ALL
		SELECT 5, 'sharing', e.database_code, e.unit_code, 'supplies: ' || e.service_code, count(*), NULL FROM entry AS e
		WHERE e.status = 'supplied' GROUP BY e.database_code, e.unit_code, e.service_code
		UNION ALL
		SELECT 5, 'sharing', e.database_code, e.unit_code, 'rows supplied: ' || e.service_code, sum(e.row_count), NULL FROM entry AS e
		WHERE e.status = 'supplied' GROUP BY e.database_code, e.unit_code, e.service_code
		UNION ALL
		SELECT 5, 'sharing', e.database_code, e.unit_code, 'users: ' || e.service_code, count(DISTINCT e.agency_identifier),
			string_agg(DISTINCT e.agency_identifier, ', ') FROM entry AS e WHERE e.status = 'supplied'
		GROUP BY e.database_code, e.unit_code, e.service_code
		UNION ALL
		SELECT 5, 'sharing', e.database_code, e.unit_code, 'purposes: ' || e.service_code, count(DISTINCT e.purpose),
			string_agg(DISTINCT e.purpose, '; ') FROM entry AS e WHERE e.status = 'supplied' GROUP BY e.database_code, e.unit_code, e.service_code
		UNION ALL
		SELECT 6, 'compliance', s.database_code, s.unit_code, CASE WHEN r.answered_on <= r.due_on THEN 'requests answered on time'
			WHEN r.answered_on IS NOT NULL THEN 'requests answered late' ELSE 'requests not answered' END, count(*), NULL
		FROM dwh_catalog.share_request AS r JOIN service AS s ON s.service_id = r.service_id
		WHERE extract(year FROM r.received_on) = p_year GROUP BY 3, 4, 5
		UNION ALL
		SELECT 6, 'compliance', s.database_code, s.unit_code, 'suspensions: ' || p.kind, count(*), NULL
		FROM dwh_catalog.share_suspension AS p CROSS JOIN zone AS z JOIN dwh_catalog.share_agreement AS g ON g.agreement_id = p.agreement_id
			JOIN service AS s ON s.service_id = g.service_id
		WHERE p.starts_at >= z.since AND p.starts_at < z.until GROUP BY 3, 4, 5
		UNION ALL
		SELECT 6, 'compliance', NULL, NULL, 'suspensions of agencies or of all: ' || p.kind, count(*), NULL
		FROM dwh_catalog.share_suspension AS p CROSS JOIN zone AS z
		WHERE p.agreement_id IS NULL AND p.starts_at >= z.since AND p.starts_at < z.until GROUP BY p.kind
		UNION ALL
		SELECT 7, 'problems', s.database_code, s.unit_code, CASE WHEN p.closed_on < make_date(p_year + 1, 1, 1) THEN 'problems solved' ELSE 'problems open' END,
			count(*), NULL
		FROM dwh_catalog.problem AS p LEFT JOIN service AS s ON s.service_id = p.service_id
		WHERE p.is_sharing AND p.received_on < make_date(p_year + 1, 1, 1)
			AND coalesce(p.closed_on >= make_date(p_year, 1, 1), true)
		GROUP BY 3, 4, 5
	)
	SELECT l.section, l.database_code, l.unit_code, l.item, l.value, l.note
	FROM line AS l (n, section, database_code, unit_code, item, value, note) ORDER BY l.n, l.database_code COLLATE "C", l.item COLLATE "C"
$$;
COMMENT ON FUNCTION dwh_internal.evaluation_report(int) IS 'Xem dwh.evaluation_report | See dwh.evaluation_report';

CREATE FUNCTION dwh.evaluation_report(p_year int)
RETURNS TABLE (section text, database_code text, unit_code text, item text, value numeric, note text)
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_share_rows';
COMMENT ON FUNCTION dwh.evaluation_report(int) IS
	'Nội dung đánh giá dữ liệu hằng năm (NĐ47 Điều 16.2) | Content of the yearly evaluation of data (Decree 47 Art. 16.2)';

-- 2327 Art. 15.2, Decree 47 Art. 45.3. What goes has been counted into dwh_log.share_daily before, so statistics stay whole.
CREATE FUNCTION dwh_internal.purge_share_log(p_until date, p_keep_tables boolean)
RETURNS bigint LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_floor date := date_trunc('month', dwh.today() - make_interval(months => dwh_internal.log_retention('share')));
	v_rolled bigint := (SELECT r.rolled_to FROM dwh_internal.share_roll(NULL, true) AS r);
BEGIN
	IF EXISTS (SELECT FROM dwh_log.share_log AS l WHERE l.month < v_floor AND l.share_id > v_rolled) THEN
		RAISE EXCEPTION 'rows of the log of sharing are not settled yet'
			USING ERRCODE = '55000', DETAIL = 'They are older than the retention, but were written since the last sealing but one.',
				HINT = 'Call dwh.audit_seal() first, twice.';
	END IF;
	RETURN dwh_internal.archive_log('share', p_until, p_keep_tables);
END
$$;
COMMENT ON FUNCTION dwh_internal.purge_share_log(date, boolean) IS 'Xem dwh.purge_share_log | See dwh.purge_share_log';

CREATE FUNCTION dwh.purge_share_log(p_until date DEFAULT NULL, p_keep_tables boolean DEFAULT false)
RETURNS bigint LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_purge_share_log';
COMMENT ON FUNCTION dwh.purge_share_log(date, boolean) IS
	'Bỏ nội dung các tháng nhật ký chia sẻ đã hết thời gian lưu giữ, lá và bằng chứng vẫn còn; trả về số dòng đã bỏ | '
	'Takes the content of months older than the retention out of the log of sharing, leaves and proofs stay; returns how many rows are gone';

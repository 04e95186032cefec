-- Correction notices (Decree 47 Art. 51.2d). What was supplied, of which months and units, under which version of which agreement,
-- stands in dwh_log.share_log since the supply; which tables a service reads is asked of PostgreSQL. When a refresh takes the marks of
-- changed cells, or changes a kept value, the receivers of what the change meets get a notice, those too to whom it is on its way. Months that had not ended when they were
-- supplied were not complete: their growth is no correction.

CREATE FUNCTION dwh_internal.share_sources(p_relation oid)
RETURNS SETOF oid LANGUAGE sql STABLE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
	WITH RECURSIVE reads AS (
		SELECT p_relation AS relation
		UNION
		SELECT d.refobjid FROM reads AS r JOIN pg_rewrite AS w ON w.ev_class = r.relation
			JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid = 'pg_class'::regclass)
	SELECT relation FROM reads
$$;
COMMENT ON FUNCTION dwh_internal.share_sources(oid) IS
	'Các bảng mà một bảng hoặc khung nhìn đọc | The tables that a table or view reads, itself included';

-- One notice an agreement: while it is not sent, later corrections widen it. A month_from of NULL means all.
CREATE FUNCTION dwh_internal.share_correct(p_relation oid, p_from date[], p_to date[], p_unit_ids int[])
RETURNS int LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
	v_zone text;
	v_recently timestamptz := statement_timestamp() - interval '1 day';
	v_services int[];
	v_made int := 0;
	v_id int;
	v_body text;
	r record;
BEGIN
	SELECT array_agg(s.service_id) INTO v_services FROM dwh_catalog.share_service AS s
	WHERE s.published_at IS NOT NULL
		AND p_relation IN (SELECT dwh_internal.share_sources(to_regclass(s.relation)));
	IF v_services IS NULL THEN
		RETURN 0;
	END IF;
	SELECT time_zone INTO v_zone FROM dwh_catalog.warehouse;
	FOR r IN
		WITH cell AS (
			SELECT DISTINCT * FROM unnest(p_from, p_to, p_unit_ids) AS c (month_from, month_to, unit_id)
		), agreement AS (
			SELECT g.agreement_id FROM dwh_catalog.share_agreement AS g WHERE g.service_id = ANY (v_services)
		), given AS (
			SELECT l.agreement_id, l.agreement_version, l.period_from, l.period_to, l.supplied_at AS given_at, l.request_content AS content, l.share_no
			FROM agreement JOIN dwh_log.share_log AS l USING (agreement_id)
			WHERE l.direction = 'out' AND l.stage = 'outcome'
				-- what broke off gave rows, too
				AND (l.status = 'supplied' OR l.status = 'broken_off' AND l.row_count > 0)
			UNION ALL
			-- a fetch that goes on, for a day at most, gives what it saw when it began
			SELECT l.agreement_id, l.agreement_version, l.period_from, l.period_to, l.occurred_at, l.request_content, l.share_no
			FROM agreement JOIN dwh_log.share_log AS l USING (agreement_id)
			WHERE l.direction = 'out' AND l.stage = 'intent' AND l.occurred_at > v_recently AND l.month >= v_recently::date - 31
				AND NOT EXISTS (SELECT FROM dwh_log.share_log AS e WHERE e.share_no = l.share_no AND e.stage = 'outcome' AND e.month >= v_recently::date - 31)
			UNION ALL
			-- and a message that waits what it was queued with
			SELECT o.agreement_id, (o.stage ->> 'agreement_version')::int, (o.stage ->> 'period_from')::date, (o.stage ->> 'period_to')::date, o.asked_at,
				o.stage -> 'request_content', o.share_no
			FROM agreement JOIN dwh_log.share_outbox AS o USING (agreement_id) WHERE o.direction = 'out' AND NOT o.is_cancelled
		), supply AS (
			SELECT n.agreement_id, n.agreement_version, n.period_from, n.period_to, date_trunc('month', n.given_at AT TIME ZONE v_zone)::date AS month,
				coalesce(n.content -> 'params' -> 'unit_ids', n.content -> 'unit_ids') AS unit_ids, max(n.share_no) AS share_no,
				count(DISTINCT n.share_no) AS supplies
			FROM given AS n
			GROUP BY 1, 2, 3, 4, 5, 6
		), hit AS (
			SELECT s.*, min(greatest(c.month_from, s.period_from)) AS month_from, max(least(c.month_to, s.month - 1)) AS month_to
			FROM supply AS s JOIN dwh_catalog.share_agreement_version AS v ON v.agreement_id = s.agreement_id
					AND v.version = s.agreement_version
				CROSS JOIN LATERAL (SELECT CASE WHEN jsonb_typeof(s.unit_ids) = 'array'
					THEN ARRAY(SELECT u::int FROM jsonb_array_elements_text(s.unit_ids) AS u)
					ELSE dwh_internal.share_units(v.unit_ids) END AS units) AS u
				JOIN cell AS c ON c.month_from <= coalesce(s.period_to, 'infinity') AND c.month_to >= coalesce(s.period_from, '-infinity')
					AND c.month_from < s.month AND (c.unit_id IS NULL OR coalesce(c.unit_id = ANY (u.units), true))
			GROUP BY s.agreement_id, s.agreement_version, s.period_from, s.period_to, s.month, s.unit_ids, s.share_no, s.supplies
		)
		SELECT h.agreement_id, g.agency_id, g.service_id, g.request_id, max(h.share_no) AS share_no, sum(h.supplies) AS supplies,
			min(h.month_from) AS month_from, max(h.month_to) AS month_to
		FROM hit AS h JOIN dwh_catalog.share_agreement AS g ON g.agreement_id = h.agreement_id
		GROUP BY h.agreement_id, g.agency_id, g.service_id, g.request_id
		ORDER BY h.agreement_id
	LOOP
		v_body := format('Số liệu của %s lần cung cấp, gần nhất là lần %s, đã thay đổi; đề nghị lấy lại. | '
			'Figures of %s supplies, the last of them no. %s, have changed; please fetch them again.', r.supplies, r.share_no, r.supplies, r.share_no);
		UPDATE dwh_catalog.share_notice SET share_no = greatest(share_no, r.share_no), period_from = least(period_from, r.month_from),
			period_to = greatest(period_to, r.month_to), body = CASE WHEN r.share_no >= share_no THEN v_body ELSE body END
		WHERE kind = 'correction' AND agreement_id = r.agreement_id AND sent_on IS NULL;
		CONTINUE WHEN FOUND;
		INSERT INTO dwh_catalog.share_notice (kind, agency_id, agreement_id, service_id, share_no, period_from, period_to, subject, body)
		VALUES ('correction', r.agency_id, r.agreement_id, r.service_id, r.share_no, r.month_from, r.month_to,
			'Đính chính dữ liệu đã cung cấp | Data already supplied was corrected', v_body)
		RETURNING notice_id INTO v_id;
		PERFORM dwh_internal.share_log_connect(r.agreement_id, r.request_id, 'notice', 'noticed', NULL,
			jsonb_build_object('correction', v_id), r.share_no);
		v_made := v_made + 1;
	END LOOP;
	RETURN v_made;
END
$$;
COMMENT ON FUNCTION dwh_internal.share_correct(oid, date[], date[], int[]) IS
	'Lập thông báo đính chính cho nơi đã nhận dữ liệu của các ô này | Makes correction notices for whoever received data of these cells';

-- On dwh_log.cell_mark: a refresh took marks, so cells of facts have changed. In the place of marks of dimensions' rows it takes those of
-- the cells that lead to them.
CREATE FUNCTION dwh_internal.share_correct_cells()
RETURNS trigger LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM dwh_internal.share_correct(s.relation, array_agg(m.month_from), array_agg(m.month_to), array_agg(m.unit_id))
	FROM (SELECT DISTINCT subject_id, month_from, month_to, unit_id FROM old_rows WHERE row_column IS NULL) AS m
		JOIN dwh_catalog.subject AS s ON s.subject_id = m.subject_id
	WHERE s.relation IS NOT NULL GROUP BY s.subject_id, s.relation;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION dwh_internal.share_correct_cells() IS
	'Trigger: ô dữ kiện đã đổi thì lập thông báo đính chính | Trigger: correction notices for changed cells of facts';

-- On dwh_star.indicator_value: kept values that changed or went.
CREATE FUNCTION dwh_internal.share_correct_values()
RETURNS trigger LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM dwh_internal.share_correct(tg_relid, array_agg(v.period_start), array_agg(v.period_start), array_agg(v.unit_id))
	FROM (SELECT DISTINCT period_start, unit_id FROM old_rows) AS v HAVING count(*) > 0;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION dwh_internal.share_correct_values() IS
	'Trigger: chỉ tiêu đã lưu thay đổi thì lập thông báo đính chính | Trigger: correction notices for kept values that changed';

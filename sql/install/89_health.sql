-- The state of the warehouse in one list (893 Arts. 10.3, 12.7): one row a component, for whoever keeps it running; and what is
-- missing (2327 Art. 5.6).

CREATE FUNCTION dwh_internal.health(p_unassigned_hours int)
RETURNS TABLE (component text, state text, detail text, since timestamptz)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
	v_is_running boolean := dwh_internal.is_use_noted();
	v_last date := date_trunc('year', dwh.today()::timestamp) + interval '10 years 11 months';
	v_hours int := coalesce(p_unassigned_hours, dwh_internal.parameter('unassigned_hours')::int);
BEGIN
	PERFORM dwh_internal.require_role(ARRAY['dwh_central_admin', 'dwh_auditor'], '893 Arts. 10.3, 12.7');
	IF p_unassigned_hours < 0 THEN
		RAISE EXCEPTION 'p_unassigned_hours must not be negative' USING ERRCODE = '22023', DETAIL = 'It is a number of hours.', HINT = 'Give 0 or more.';
	END IF;
	RETURN QUERY
	SELECT 'worker', CASE WHEN NOT v_is_running THEN 'error' WHEN count(*) > 0 THEN 'warning' ELSE 'ok' END,
		CASE WHEN NOT v_is_running THEN 'Tiến trình nhật ký không chạy cho cơ sở dữ liệu này | No audit worker runs for this database'
			WHEN count(*) > 0 THEN format('%1$s bản ghi của 7 ngày qua chỉ có trong nhật ký máy chủ | %1$s records of the last 7 days are in the server log only',
				sum((e.detail ->> 'count')::bigint))
			ELSE 'Tiến trình nhật ký đang chạy | The audit worker is running' END, min(e.occurred_at)
	FROM dwh_log.audit_event AS e
	WHERE e.action = 'records_lost' AND e.occurred_at > statement_timestamp() - interval '7 days'
		AND e.month >= date_trunc('month', statement_timestamp() - interval '8 days');

	-- A copy, and a server that pg_upgrade made, write and send nothing until a superuser says so.
	RETURN QUERY
	SELECT 'instance', CASE WHEN i.is_live THEN 'ok' ELSE 'error' END,
		CASE WHEN i.is_live THEN 'Kho đang chạy thật trên máy chủ và cơ sở dữ liệu này | The warehouse is live on this server and database'
			ELSE 'Kho không chạy thật ở đây, không ghi nhật ký; sau pg_upgrade gọi dwh.start_warehouse() | The warehouse is not live here, no log is written; after pg_upgrade call dwh.start_warehouse()' END,
		i.started_at
	FROM dwh.warehouse_info AS i;

	RETURN QUERY
	SELECT 'loads', CASE WHEN bool_or(r.status = 'failed') THEN 'error'
			WHEN bool_or(r.status = 'running' AND r.started_at < statement_timestamp() - interval '1 day') THEN 'warning' ELSE 'ok' END,
		coalesce(string_agg(format('%s: %s', s.code, r.status), ', ' ORDER BY s.code) FILTER (WHERE r.status = 'failed'
			OR r.status = 'running' AND r.started_at < statement_timestamp() - interval '1 day'),
			format('%s nguồn có lần nạp cuối tốt | %s sources whose last load went well', count(*), count(*))),
		max(r.started_at)
	FROM dwh_star.dim_source AS s CROSS JOIN LATERAL (SELECT l.status, l.started_at FROM dwh_log.load_run AS l
		WHERE l.source_id = s.source_id AND l.status <> 'skipped' ORDER BY l.started_at DESC, l.load_id DESC LIMIT 1) AS r;

	RETURN QUERY
	SELECT 'refresh', CASE WHEN min(m.marked_at) < statement_timestamp() - interval '1 day' THEN 'error' ELSE 'ok' END,
		format('%s dấu chờ làm mới | %s marks wait for refresh', count(*), count(*)), min(m.marked_at)
	FROM dwh_log.cell_mark AS m;

	RETURN QUERY
	SELECT 'summaries', CASE WHEN count(s.failure) > 0 THEN 'error' ELSE 'ok' END,
		coalesce(min(s.relation::text || ': ' || s.failure), format('%s bảng tổng hợp | %s summaries', count(*), count(*))), max(s.built_at)
	FROM dwh_catalog.summary AS s;

	-- As the last refresh saw them; ten years: MAX_YEARS_AHEAD of src/indicator/refresh_values.c.
	RETURN QUERY
	SELECT 'rows', 'warning', 'Dòng không được tính: tháng × đơn vị không có trong danh mục; tháng quá xa | Rows that do not count: months × unknown units; too far ahead: '
		|| string_agg(format('%s: %s; %s', s.code, x.unknown, x.ahead), ', ' ORDER BY s.code), NULL::timestamptz
	FROM (SELECT p.subject_id, count(*) FILTER (WHERE u.unit_id IS NULL) AS unknown, count(*) FILTER (WHERE p.month > v_last) AS ahead
		FROM dwh_star.subject_presence AS p LEFT JOIN dwh_star.dim_unit AS u USING (unit_id)
		WHERE u.unit_id IS NULL OR p.month > v_last GROUP BY 1) AS x
	JOIN dwh_catalog.subject AS s USING (subject_id) HAVING count(*) > 0;

	RETURN QUERY
	SELECT 'sealing', CASE WHEN a.alarm = 'tampered' THEN 'error'
			WHEN coalesce(a.last_sealed_at, w.created_at) < statement_timestamp() - interval '1 hour' AND n.is_open THEN 'error'
			WHEN a.alarm IS NOT NULL THEN 'warning' ELSE 'ok' END,
		coalesce(a.alarm || coalesce(': ' || a.problem, ''), format('%s lá đã niêm phong | %s leaves are sealed', a.tree_size, a.tree_size)), a.last_sealed_at
	FROM dwh.audit_status AS a CROSS JOIN dwh_catalog.warehouse AS w
	-- An event that no leaf stands for, old enough to have been sealed.
	CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM dwh_log.audit_event AS e
		WHERE e.month >= date_trunc('month', statement_timestamp() - interval '1 month') AND e.occurred_at > coalesce(a.last_sealed_at, '-infinity')
			AND e.occurred_at < statement_timestamp() - interval '1 hour')) AS n (is_open);

	RETURN QUERY
	SELECT 'log_guards', 'error', 'Bảng nhật ký không còn được bảo vệ đúng | The tables of the log are not guarded as they should be: '
		|| string_agg(g.fault, '; ' ORDER BY g.fault), NULL::timestamptz
	FROM dwh_internal.log_guard_faults() AS g HAVING count(*) > 0;

	RETURN QUERY
	SELECT 'dead_letters', CASE WHEN count(*) > 0 THEN 'error' ELSE 'ok' END,
		format('%s bản ghi không gửi được | %s records could not be delivered', count(*), count(*)), min(o.asked_at)
	FROM dwh_log.share_outbox AS o WHERE o.state = 'dead';

	RETURN QUERY
	SELECT 'problems', CASE WHEN count(*) > 0 THEN 'warning' ELSE 'ok' END,
		coalesce('Chưa giao | Not assigned: ' || string_agg(p.problem_id::text, ', ' ORDER BY p.problem_id),
			'Mọi vướng mắc đã được giao trong hạn | Every problem was assigned in time'), min(p.opened_at)
	FROM dwh_catalog.problem AS p
	WHERE p.state = 'open' AND p.opened_at <= statement_timestamp() - make_interval(hours => v_hours);

	RETURN QUERY
	SELECT 'safety_level', 'warning', 'Chưa ghi cấp độ an toàn đã phê duyệt | The approved safety level is not recorded: '
		|| string_agg(p.name, ', ' ORDER BY p.name), NULL::timestamptz
	FROM dwh_catalog.parameter AS p WHERE p.name LIKE E'safety\\_%' AND p.value IS NULL HAVING count(*) > 0;
END
$$;
COMMENT ON FUNCTION dwh_internal.health(int) IS 'Xem dwh.health | See dwh.health';

CREATE FUNCTION dwh.health(p_unassigned_hours int DEFAULT NULL, OUT component text, OUT state text, OUT detail text, OUT since timestamptz)
RETURNS SETOF record LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_access_list';
COMMENT ON FUNCTION dwh.health(int) IS
	'Tình trạng kho: tiến trình, nạp, làm mới, niêm phong, bản ghi không gửi được, vướng mắc chưa giao sau số giờ này, cấp độ an toàn còn thiếu | '
	'State of the warehouse: worker, loads, refresh, sealing, dead letters, problems not assigned for so many hours, a missing safety level';

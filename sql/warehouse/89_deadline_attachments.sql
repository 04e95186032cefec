-- What is due by a legal deadline, of all rooms: one view, run on creation and again on every rebuild. A room adds its SELECT here.
--
-- A row is past its deadline on a day when due_on lies before it, the rule still holds on it (rule_valid_to) and what is due had not been
-- done by the end of it (done_on). So a list of an earlier day is the list of that day. due_on NULL: an open step for which no rule sets a day.
CREATE OR REPLACE VIEW dwh_catalog.due_item AS
	-- 893 Art. 17.5: letters about access, applied or refused as a whole.
	SELECT 'access'::text AS room, coalesce(t.source, '893 Art 17(5)') AS article, 'access_request'::text AS kind, r.request_id::text AS object,
		format('Đề nghị số %1$s | Letter %1$s', r.letter_no) AS subject, coalesce(r.from_unit_id, e.unit_id) AS unit_id, NULL::int AS agency_id,
		NULL::int AS service_id, r.received_on AS begun_on, r.due_on,
		(coalesce(r.applied_at, CASE r.state WHEN 'refused' THEN e.decided_at END) AT TIME ZONE w.time_zone)::date AS done_on,
		NULL::date AS rule_valid_to, r.is_immediate, true AS is_legal
	FROM dwh_catalog.access_request AS r CROSS JOIN dwh_catalog.warehouse AS w LEFT JOIN dwh_catalog.deadline AS t USING (deadline_id)
		CROSS JOIN LATERAL (SELECT max(l.decision_recorded_at) AS decided_at, min(l.unit_id) AS unit_id FROM dwh_catalog.access_request_line AS l
			WHERE l.request_id = r.request_id) AS e
	UNION ALL
	-- Steps for which no rule sets a day: notices, the confirmation of an emergency, the quarterly needs of provinces (Art. 11.3).
	SELECT DISTINCT 'access', '893 Art 17(1)-(4)', 'access_notice', r.request_id::text, format('Thông báo về đề nghị số %1$s | Notice about letter %1$s', r.letter_no),
		u.unit_id, NULL::int, NULL::int, (r.applied_at AT TIME ZONE w.time_zone)::date, NULL::date,
		(SELECT min(n.noticed_on) FROM dwh_catalog.access_notice AS n WHERE n.request_id = r.request_id AND n.unit_id = u.unit_id), NULL::date, false, true
	FROM dwh_catalog.access_request AS r JOIN dwh_catalog.access_request_line AS l USING (request_id) CROSS JOIN dwh_catalog.warehouse AS w
		CROSS JOIN LATERAL dwh_internal.notice_unit(l.request_line_id) AS u (unit_id)
	WHERE r.state = 'applied' AND l.state = 'applied' AND u.unit_id IS NOT NULL
	UNION ALL
	SELECT 'access', '893 Art 17(7)', 'confirm_emergency', r.request_id::text, format('Xác nhận thu hồi khẩn cấp | Confirm an emergency: %s', r.letter_no),
		(SELECT min(l.unit_id) FROM dwh_catalog.access_request_line AS l WHERE l.request_id = r.request_id), NULL, NULL, r.received_on, NULL,
		r.confirmation_on, NULL, true, false
	FROM dwh_catalog.access_request AS r WHERE r.kind = 'emergency'
	UNION ALL
	SELECT 'access', '893 Art 11(3)', 'access_needs', u.code || ' ' || q.first_day, format('Nhu cầu quý từ %1$s | Needs of the quarter from %1$s', q.first_day),
		u.unit_id, NULL, NULL, (q.first_day + interval '3 months')::date, NULL, n.sent_on, NULL, false, true
	FROM dwh_catalog.warehouse AS w
		CROSS JOIN LATERAL (SELECT s.day::date AS first_day FROM generate_series(date_trunc('quarter', w.created_at AT TIME ZONE w.time_zone),
			dwh.today() - interval '3 months', interval '3 months') AS s (day)) AS q
		JOIN dwh_star.dim_unit AS u ON u.level IN ('province', 'defence', 'police') AND u.valid_from <= q.first_day + 89
			AND coalesce(u.valid_to >= q.first_day + 89, true)
		LEFT JOIN dwh_catalog.access_needs_list AS n ON n.unit_id = u.unit_id AND n.quarter = q.first_day
	UNION ALL
	-- Decree 47 Art. 35.3: answers to requests for connection.
	SELECT 'share', coalesce(t.source, 'ND47 Art 35(3)'), 'share_request', r.request_id::text,
		format('Trả lời yêu cầu kết nối | Answer a request for connection: %s', r.purpose), NULL, r.agency_id, r.service_id, r.received_on, r.due_on,
		r.answered_on, NULL, false, true
	FROM dwh_catalog.share_request AS r LEFT JOIN dwh_catalog.deadline AS t USING (deadline_id)
	UNION ALL
	-- Notices and demands: a change of a service is public by its row; a demand waits for the answer of the partner.
	SELECT 'share', CASE n.kind WHEN 'usage_demand' THEN '2327 Art 18(2)' WHEN 'suspension' THEN 'ND47 Art 43' ELSE 'ND47' END,
		n.kind, n.notice_id::text, n.subject, NULL, n.agency_id, n.service_id, (n.made_at AT TIME ZONE w.time_zone)::date, n.due_on,
		CASE WHEN n.kind = 'usage_demand' THEN n.answered_on ELSE n.sent_on END, NULL, n.kind = 'suspension', true
	FROM dwh_catalog.share_notice AS n CROSS JOIN dwh_catalog.warehouse AS w
	WHERE n.due_on IS NOT NULL AND n.kind NOT IN ('service_change', 'deletion')
	UNION ALL
	-- Evaluations and confirmations of deletion: sql/warehouse/88_share_attachments.sql.
	SELECT e.* FROM dwh_catalog.share_due_item AS e
	UNION ALL
	-- Art. 25.1: a service that is ready is published.
	SELECT 'share', 'ND47 Art 25(1)', 'publish_service', s.code, format('Công bố dịch vụ | Publish a service: %s', s.name_vi), NULL, NULL, s.service_id,
		s.built_on, s.publish_due_on, (s.published_at AT TIME ZONE w.time_zone)::date, NULL, false, true
	FROM dwh_catalog.share_service AS s CROSS JOIN dwh_catalog.warehouse AS w
	WHERE s.publish_due_on IS NOT NULL AND (s.withdrawn_on IS NULL OR s.published_at IS NOT NULL)
	UNION ALL
	-- Arts. 20.3, 34.2: lists are reviewed again a number of months after the last review, or after their first service.
	SELECT 'share', d.source, 'review', e.list, format('Rà soát danh mục | Review a list: %s', e.list), NULL, NULL, NULL, e.on_day,
		(e.on_day + make_interval(months => d.value_number::int))::date, e.next_day, d.valid_to, false, true
	FROM (SELECT x.list, x.on_day, lead(x.on_day) OVER (PARTITION BY x.list ORDER BY x.on_day) AS next_day
			FROM (SELECT v.list, v.reviewed_on AS on_day FROM dwh_catalog.share_review AS v
				UNION SELECT s.kind, min((s.published_at AT TIME ZONE w.time_zone)::date)
				FROM dwh_catalog.share_service AS s CROSS JOIN dwh_catalog.warehouse AS w
				WHERE s.kind IN ('default', 'open') AND s.published_at IS NOT NULL GROUP BY s.kind) AS x) AS e
		JOIN dwh_catalog.deadline AS d ON d.source = CASE e.list WHEN 'default' THEN 'ND47 Art 34(2)' ELSE 'ND47 Art 20(3)' END
			AND d.subject LIKE 'review%' AND d.unit = 'months' AND d.valid_from <= e.on_day AND coalesce(d.valid_to >= e.on_day, true)
	UNION ALL
	-- Art. 49: answers to problems, and after they were passed on.
	SELECT CASE WHEN p.is_sharing THEN 'share' ELSE 'platform' END, coalesce(t.source, 'ND47 Art 49(1)'),
		'problem', p.problem_id::text, p.subject, p.unit_id, p.agency_id, p.service_id, p.received_on, p.due_on,
		least(p.answered_on, (SELECT min(e.escalated_on) FROM dwh_catalog.problem_escalation AS e WHERE e.problem_id = p.problem_id), p.closed_on), NULL, p.is_immediate, true
	FROM dwh_catalog.problem AS p LEFT JOIN dwh_catalog.deadline AS t ON t.deadline_id = p.deadline_id
	WHERE p.due_on IS NOT NULL
	UNION ALL
	SELECT 'share', coalesce(t.source, 'ND47 Art 49(2)'), 'escalation', p.problem_id::text, p.subject, p.unit_id, p.agency_id, p.service_id,
		e.escalated_on, e.due_on, least(e.answered_on, p.closed_on,
			(SELECT min(n.escalated_on) FROM dwh_catalog.problem_escalation AS n WHERE n.problem_id = e.problem_id AND n.step > e.step)),
		NULL, p.is_immediate, true
	FROM dwh_catalog.problem_escalation AS e JOIN dwh_catalog.problem AS p USING (problem_id)
		LEFT JOIN dwh_catalog.deadline AS t ON t.deadline_id = e.deadline_id
	WHERE e.due_on IS NOT NULL;
COMMENT ON VIEW dwh_catalog.due_item IS
	'Mọi việc có thời hạn theo quy định, của mọi bộ phận | Everything that is due by a rule, of all rooms';
COMMENT ON COLUMN dwh_catalog.due_item.room IS 'Bộ phận: access, share, platform ... | Room';
COMMENT ON COLUMN dwh_catalog.due_item.article IS 'Điều khoản | Article';
COMMENT ON COLUMN dwh_catalog.due_item.kind IS 'Loại việc | Kind';
COMMENT ON COLUMN dwh_catalog.due_item.object IS 'Số, mã của việc | Number or code of what is due';
COMMENT ON COLUMN dwh_catalog.due_item.subject IS 'Nội dung | What is due';
COMMENT ON COLUMN dwh_catalog.due_item.unit_id IS 'Đơn vị | Unit';
COMMENT ON COLUMN dwh_catalog.due_item.agency_id IS 'Cơ quan đối tác | Partner agency';
COMMENT ON COLUMN dwh_catalog.due_item.service_id IS 'Dịch vụ chia sẻ | Sharing service';
COMMENT ON COLUMN dwh_catalog.due_item.begun_on IS 'Ngày bắt đầu tính | Day it is counted from';
COMMENT ON COLUMN dwh_catalog.due_item.due_on IS 'Hạn; trống: quy định không đặt hạn | Due day; empty: no rule sets one';
COMMENT ON COLUMN dwh_catalog.due_item.done_on IS 'Ngày đã làm; trống: chưa | Day it was done; empty: not yet';
COMMENT ON COLUMN dwh_catalog.due_item.rule_valid_to IS 'Ngày hiệu lực cuối cùng của quy định về hạn | Last valid day of the rule';
COMMENT ON COLUMN dwh_catalog.due_item.is_immediate IS 'Phải làm ngay | To be done at once';
COMMENT ON COLUMN dwh_catalog.due_item.is_legal IS 'Theo văn bản; sai: quy tắc riêng | By a regulation; false: a rule of ours';

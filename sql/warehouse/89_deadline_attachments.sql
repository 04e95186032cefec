-- What is due by a legal deadline, of all rooms: one view, run on creation and again on every rebuild. A room adds its SELECT here.
--
-- A row is past its deadline on a day when due_on lies before it, the rule still holds on it (rule_valid_to) and what is due had not been
-- done by then (done_on). So a list of an earlier day is the list of that day. due_on NULL: an open step for which no rule sets a day.
CREATE OR REPLACE VIEW dwh_catalog.due_item AS
	-- Decree 47 Art. 35.3: answers to requests for connection.
	SELECT 'share'::text AS room, coalesce(t.source, 'ND47 Art 35(3)') AS article, 'share_request'::text AS kind, r.request_id::text AS object,
		format('Trả lời yêu cầu kết nối | Answer a request for connection: %s', r.purpose) AS subject,
		NULL::int AS unit_id, r.agency_id, r.service_id, r.received_on AS begun_on, r.due_on, r.answered_on AS done_on, NULL::date AS rule_valid_to,
		false AS is_immediate, true AS is_legal
	FROM dwh_catalog.share_request AS r LEFT JOIN dwh_catalog.deadline AS t USING (deadline_id)
	UNION ALL
	-- Notices and demands: a change of a service is public by its row; a demand waits for the answer of the partner.
	SELECT 'share', CASE n.kind WHEN 'usage_demand' THEN '2327 Art 18(2)' WHEN 'deletion' THEN 'ND47 Art 42' WHEN 'suspension' THEN 'ND47 Art 43'
			ELSE 'ND47' END,
		n.kind, n.notice_id::text, n.subject, NULL, n.agency_id, n.service_id, (n.made_at AT TIME ZONE w.time_zone)::date, n.due_on,
		CASE WHEN n.kind IN ('usage_demand', 'deletion') THEN n.answered_on ELSE n.sent_on END, NULL, n.kind = 'suspension', true
	FROM dwh_catalog.share_notice AS n CROSS JOIN dwh_catalog.warehouse AS w
	WHERE n.due_on IS NOT NULL AND n.kind <> 'service_change'
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
	SELECT CASE WHEN p.kind = 'share' OR p.agency_id IS NOT NULL OR p.service_id IS NOT NULL THEN 'share' ELSE 'platform' END, coalesce(t.source, 'ND47 Art 49(1)'),
		'problem', p.problem_id::text, p.subject, p.unit_id, p.agency_id, p.service_id, p.received_on, p.due_on,
		least(p.answered_on, p.escalated_on, p.closed_on), NULL, p.is_immediate, true
	FROM dwh_catalog.problem AS p LEFT JOIN dwh_catalog.deadline AS t ON t.deadline_id = p.deadline_id
	WHERE p.due_on IS NOT NULL
	UNION ALL
	SELECT 'share', coalesce(t.source, 'ND47 Art 49(2)'), 'escalation', p.problem_id::text, p.subject, p.unit_id, p.agency_id, p.service_id,
		p.escalated_on, p.escalation_due_on, least(p.escalation_answered_on, p.closed_on), NULL, p.is_immediate, true
	FROM dwh_catalog.problem AS p LEFT JOIN dwh_catalog.deadline AS t ON t.deadline_id = p.escalation_deadline_id
	WHERE p.escalation_due_on IS NOT NULL;
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

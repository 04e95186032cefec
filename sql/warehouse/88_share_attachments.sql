-- What the tables of sharing need of the extension's code; run on creation and again on every rebuild.

-- The log is append-only like the log of events; TRUNCATE triggers do not reach partitions by themselves.
CREATE OR REPLACE TRIGGER before_change BEFORE UPDATE OR DELETE ON dwh_log.share_log
	FOR EACH ROW EXECUTE FUNCTION dwh_internal.refuse_change();
ALTER TABLE dwh_log.share_log ENABLE ALWAYS TRIGGER before_change;
DO $$
DECLARE
	v_table regclass;
BEGIN
	FOR v_table IN SELECT relid FROM pg_partition_tree('dwh_log.share_log') LOOP
		EXECUTE format('CREATE OR REPLACE TRIGGER before_truncate BEFORE TRUNCATE ON %s
			FOR EACH STATEMENT EXECUTE FUNCTION dwh_internal.refuse_change()', v_table);
		EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER before_truncate', v_table);
	END LOOP;
END
$$;

-- Decree 47 Art. 39: what was signed does not change, a change is the next version.
CREATE OR REPLACE TRIGGER before_change BEFORE UPDATE OR DELETE ON dwh_catalog.share_agreement_version
	FOR EACH ROW WHEN (OLD.signed_on IS NOT NULL) EXECUTE FUNCTION dwh_internal.refuse_change();
ALTER TABLE dwh_catalog.share_agreement_version ENABLE ALWAYS TRIGGER before_change;
CREATE OR REPLACE TRIGGER before_truncate BEFORE TRUNCATE ON dwh_catalog.share_agreement_version
	FOR EACH STATEMENT EXECUTE FUNCTION dwh_internal.refuse_change();
ALTER TABLE dwh_catalog.share_agreement_version ENABLE ALWAYS TRIGGER before_truncate;

-- Decree 47 Art. 51.2d: a refresh that takes marks of changed cells, or changes kept values, makes correction notices.
CREATE OR REPLACE TRIGGER after_take AFTER DELETE ON dwh_log.cell_mark
	REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION dwh_internal.share_correct_cells();
CREATE OR REPLACE TRIGGER after_update AFTER UPDATE ON dwh_star.indicator_value
	REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION dwh_internal.share_correct_values();
CREATE OR REPLACE TRIGGER after_delete AFTER DELETE ON dwh_star.indicator_value
	REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION dwh_internal.share_correct_values();

-- The state of every transfer: its last stage, with what was asked.
CREATE OR REPLACE VIEW dwh.share_transfers AS
	SELECT DISTINCT ON (l.share_no) l.share_no, l.requested_at, l.occurred_at, l.direction, l.kind, l.agency_identifier, l.service_code,
		l.agreement_id, l.agreement_version, l.stage, l.status, l.reason, l.row_count, l.content_digest
	FROM dwh_log.share_log AS l
	ORDER BY l.share_no, l.share_id DESC;
COMMENT ON VIEW dwh.share_transfers IS 'Tình trạng hiện tại của từng lần chia sẻ | Present state of each transfer';
COMMENT ON COLUMN dwh.share_transfers.share_no IS 'Số của lần chia sẻ | Number of the transfer';
COMMENT ON COLUMN dwh.share_transfers.requested_at IS 'Thời gian yêu cầu | Time of the request';
COMMENT ON COLUMN dwh.share_transfers.occurred_at IS 'Thời điểm của bước cuối | When its last stage happened';
COMMENT ON COLUMN dwh.share_transfers.direction IS 'out: cung cấp; in: tiếp nhận | out or in';
COMMENT ON COLUMN dwh.share_transfers.kind IS 'connect, share, exploit, use | Kind of the transfer';
COMMENT ON COLUMN dwh.share_transfers.agency_identifier IS 'Mã định danh cơ quan | Identifier of the agency';
COMMENT ON COLUMN dwh.share_transfers.service_code IS 'Dịch vụ | Service';
COMMENT ON COLUMN dwh.share_transfers.agreement_id IS 'Thỏa thuận | Agreement';
COMMENT ON COLUMN dwh.share_transfers.agreement_version IS 'Phiên bản thỏa thuận | Version of the agreement';
COMMENT ON COLUMN dwh.share_transfers.stage IS 'Bước cuối | Last stage';
COMMENT ON COLUMN dwh.share_transfers.status IS 'Tình trạng | Status';
COMMENT ON COLUMN dwh.share_transfers.reason IS 'Lý do từ chối, lỗi | Reason of a refusal or failure';
COMMENT ON COLUMN dwh.share_transfers.row_count IS 'Số dòng đã cung cấp | Rows supplied';
COMMENT ON COLUMN dwh.share_transfers.content_digest IS 'Giá trị băm của nội dung | Digest of what was supplied';

-- 2327 Art. 8: supplies whose receiver has another copy by his last word, until the same was supplied again.
CREATE OR REPLACE VIEW dwh.unreconciled_transfers AS
	SELECT r.share_no, l.agency_identifier, l.service_code, r.agreement_id, l.supplied_at, l.row_count, r.row_count AS receiver_row_count, l.content_digest,
		r.content_digest AS receiver_digest, r.recorded_at
	FROM (SELECT DISTINCT ON (c.share_no) c.* FROM dwh_catalog.share_receipt AS c ORDER BY c.share_no, c.receipt_id DESC) AS r
		JOIN dwh_log.share_log AS l ON l.share_no = r.share_no AND l.stage = 'outcome' AND l.status = 'supplied'
	WHERE NOT r.does_agree AND NOT EXISTS (SELECT FROM dwh_log.share_log AS n WHERE n.agreement_id = r.agreement_id AND n.share_no > r.share_no
		AND n.stage = 'outcome' AND n.status = 'supplied' AND n.request_content = l.request_content
		AND n.period_from IS NOT DISTINCT FROM l.period_from AND n.period_to IS NOT DISTINCT FROM l.period_to);
COMMENT ON VIEW dwh.unreconciled_transfers IS
	'Các lần cung cấp chưa khớp với nơi nhận, đến khi gửi lại | Supplies whose receiver has another copy, until the same was supplied again';
COMMENT ON COLUMN dwh.unreconciled_transfers.share_no IS 'Số của lần chia sẻ | Number of the transfer';
COMMENT ON COLUMN dwh.unreconciled_transfers.agency_identifier IS 'Mã định danh cơ quan | Identifier of the agency';
COMMENT ON COLUMN dwh.unreconciled_transfers.service_code IS 'Dịch vụ | Service';
COMMENT ON COLUMN dwh.unreconciled_transfers.agreement_id IS 'Thỏa thuận | Agreement';
COMMENT ON COLUMN dwh.unreconciled_transfers.supplied_at IS 'Thời gian cung cấp | Time of the supply';
COMMENT ON COLUMN dwh.unreconciled_transfers.row_count IS 'Số dòng đã cung cấp | Rows supplied';
COMMENT ON COLUMN dwh.unreconciled_transfers.receiver_row_count IS 'Số dòng nơi nhận đếm được | Rows that the receiver counted';
COMMENT ON COLUMN dwh.unreconciled_transfers.content_digest IS 'SHA-256 đã cung cấp | SHA-256 of what was supplied';
COMMENT ON COLUMN dwh.unreconciled_transfers.receiver_digest IS 'SHA-256 nơi nhận báo | SHA-256 that the receiver told';
COMMENT ON COLUMN dwh.unreconciled_transfers.recorded_at IS 'Thời điểm ghi xác nhận | When the receipt was recorded';

-- The state of every agreement, for officers: what is suspended, what failed lately, what waits and for how long.
CREATE OR REPLACE VIEW dwh.share_monitor AS
	SELECT a.identifier AS agency_identifier, g.agreement_id, s.code AS service_code, g.kind, g.state,
		EXISTS (SELECT FROM dwh_catalog.share_suspension AS p WHERE p.starts_at <= now() AND p.ended_at IS NULL
			AND coalesce(p.agency_id = g.agency_id, true) AND coalesce(p.agreement_id = g.agreement_id, true)) AS is_suspended,
	 l.last_supplied_at, l.supplies_24h, l.refusals_24h,
		l.failures_24h, l.last_failure_at, l.last_failure, o.waiting, o.dead, o.lag
	FROM dwh_catalog.share_agreement AS g JOIN dwh_catalog.agency AS a ON a.agency_id = g.agency_id
		LEFT JOIN dwh_catalog.share_service AS s ON s.service_id = g.service_id
		CROSS JOIN LATERAL (
			SELECT max(n.occurred_at) FILTER (WHERE n.status IN ('supplied', 'received')) AS last_supplied_at,
				count(*) FILTER (WHERE n.status IN ('supplied', 'received') AND n.occurred_at > now() - interval '1 day') AS supplies_24h,
				count(*) FILTER (WHERE n.status = 'refused' AND n.occurred_at > now() - interval '1 day') AS refusals_24h,
				count(*) FILTER (WHERE n.status IN ('failed', 'broken_off', 'invalid', 'undelivered')
					AND n.occurred_at > now() - interval '1 day') AS failures_24h,
				max(n.occurred_at) FILTER (WHERE n.status IN ('failed', 'broken_off', 'invalid', 'undelivered')) AS last_failure_at,
				(array_agg(n.reason ORDER BY n.share_id DESC) FILTER (WHERE n.status IN ('failed', 'broken_off', 'invalid', 'undelivered')))[1]
					AS last_failure
			FROM dwh_log.share_log AS n WHERE n.agreement_id = g.agreement_id AND n.stage = 'outcome'
				AND n.occurred_at > now() - interval '31 days' AND n.month >= (now() - interval '63 days')::date) AS l
		CROSS JOIN LATERAL (
			SELECT count(*) FILTER (WHERE q.state <> 'dead') AS waiting, count(*) FILTER (WHERE q.state = 'dead') AS dead,
				now() - min(q.asked_at) FILTER (WHERE q.state <> 'dead') AS lag
			FROM dwh_log.share_outbox AS q WHERE q.agreement_id = g.agreement_id) AS o
	WHERE g.state <> 'ended';
COMMENT ON VIEW dwh.share_monitor IS
	'Theo dõi chia sẻ theo thỏa thuận, 31 ngày gần đây | Sharing by agreement, watched over the last 31 days';

-- What is due of evaluations and deletions (Decree 47 Arts. 16, 42), in the shape of the list of everything that is due.
CREATE OR REPLACE VIEW dwh_catalog.share_due_item AS
	SELECT 'share'::text AS room, t.source AS article, 'evaluation'::text AS kind, d.code || ' ' || y AS object,
		format('Đánh giá dữ liệu năm %s | Evaluation of data of %s: %s', y, y, d.name_vi) AS subject, NULL::int AS unit_id,
		NULL::int AS agency_id, NULL::int AS service_id, greatest(make_date(y, 1, 1), b.begun_on) AS begun_on,
		-- Before 31 December, as dwh.record_evaluation() has it.
		make_date(y, 12, 30) AS due_on, (SELECT min(e.evaluated_on) FROM dwh_catalog.share_evaluation AS e
			WHERE e.year = y AND coalesce(e.database_id = d.database_id, true)) AS done_on, t.valid_to AS rule_valid_to,
		false AS is_immediate, true AS is_legal
	FROM dwh_catalog.share_database AS d CROSS JOIN dwh_catalog.warehouse AS w
		CROSS JOIN LATERAL (SELECT (d.created_at AT TIME ZONE w.time_zone)::date AS begun_on) AS b
		-- One entered on 31 December is evaluated from the next year on.
		CROSS JOIN generate_series(extract(year FROM b.begun_on + 1)::int, extract(year FROM dwh.today())::int) AS y
		JOIN dwh_catalog.deadline AS t ON t.source = 'ND47 Art 16' AND t.valid_from <= make_date(y, 12, 31)
			AND coalesce(t.valid_to >= make_date(y, 12, 31), true)
	UNION ALL
	SELECT 'share', 'ND47 Art 42', 'deletion', g.agreement_id::text, 'Xác nhận đã xóa dữ liệu | Confirmation that data was deleted', NULL,
		g.agency_id, g.service_id, least(g.ended_on, v.valid_to), least(g.ended_on, v.valid_to) + v.storage_days,
		(SELECT min(n.answered_on) FROM dwh_catalog.share_notice AS n WHERE n.agreement_id = g.agreement_id AND n.kind = 'deletion'), NULL,
		false, true
	FROM dwh_catalog.share_agreement AS g
		JOIN LATERAL (SELECT * FROM dwh_catalog.share_agreement_version AS n WHERE n.agreement_id = g.agreement_id
			ORDER BY n.version DESC LIMIT 1) AS v ON v.storage_days IS NOT NULL
	WHERE least(g.ended_on, v.valid_to) IS NOT NULL
	UNION ALL
	-- Open data is brought up to date within its own period (2327 Art. 14.1), and under Decree 47 Art. 20.3 within 3 months.
	SELECT 'share', r.article, 'open_data_update', s.code, format('Cập nhật dữ liệu mở | Update open data: %s', v.description ->> 'title_vi'), NULL, NULL,
		v.service_id, e.begun_on, (e.begun_on + r.term)::date,
		least((v.withdrawn_at AT TIME ZONE w.time_zone)::date, s.withdrawn_on, (SELECT min((n.published_at AT TIME ZONE w.time_zone)::date)
			FROM dwh_catalog.open_data_version AS n WHERE n.service_id = v.service_id AND n.version > v.version)), r.rule_valid_to, false, true
	FROM dwh_catalog.open_data_version AS v JOIN dwh_catalog.share_service AS s USING (service_id) CROSS JOIN dwh_catalog.warehouse AS w
		CROSS JOIN LATERAL (SELECT (v.published_at AT TIME ZONE w.time_zone)::date AS begun_on) AS e
		CROSS JOIN LATERAL (
			SELECT '2327 Art 14(1)' AS article, CASE v.description ->> 'periodicity' WHEN 'WEEKLY' THEN interval '7 days' WHEN 'MONTHLY' THEN interval '1 month'
				WHEN 'QUARTERLY' THEN interval '3 months' WHEN 'ANNUAL_2' THEN interval '6 months' WHEN 'ANNUAL' THEN interval '1 year' END AS term,
				NULL::date AS rule_valid_to
			UNION ALL
			SELECT d.source, make_interval(months => d.value_number::int), d.valid_to FROM dwh_catalog.deadline AS d
			WHERE d.source = 'ND47 Art 20(3)' AND d.subject LIKE 'update%' AND d.valid_from <= e.begun_on AND coalesce(d.valid_to >= e.begun_on, true)) AS r
	WHERE v.published_at IS NOT NULL AND r.term IS NOT NULL
	UNION ALL
	-- 2327 Art. 14.4 sets no day for what users post.
	SELECT 'share', '2327 Art 14(4)', 'open_data_post', p.post_id::text, format('Duyệt dữ liệu người dùng đăng | Answer what a user posted: %s', p.title), NULL, NULL, NULL,
		(p.posted_at AT TIME ZONE w.time_zone)::date, NULL, (p.answered_at AT TIME ZONE w.time_zone)::date, NULL, false, true
	FROM dwh_catalog.open_data_post AS p CROSS JOIN dwh_catalog.warehouse AS w;
COMMENT ON VIEW dwh_catalog.share_due_item IS
	'Việc đánh giá, xác nhận xóa dữ liệu có thời hạn | Evaluations and confirmations of deletion that are due';
COMMENT ON COLUMN dwh_catalog.share_due_item.room IS 'Bộ phận | Room';
COMMENT ON COLUMN dwh_catalog.share_due_item.article IS 'Điều khoản | Article';
COMMENT ON COLUMN dwh_catalog.share_due_item.kind IS 'Loại việc | Kind';
COMMENT ON COLUMN dwh_catalog.share_due_item.object IS 'Số, mã của việc | Number or code of what is due';
COMMENT ON COLUMN dwh_catalog.share_due_item.subject IS 'Nội dung | What is due';
COMMENT ON COLUMN dwh_catalog.share_due_item.unit_id IS 'Đơn vị | Unit';
COMMENT ON COLUMN dwh_catalog.share_due_item.agency_id IS 'Cơ quan đối tác | Partner agency';
COMMENT ON COLUMN dwh_catalog.share_due_item.service_id IS 'Dịch vụ chia sẻ | Sharing service';
COMMENT ON COLUMN dwh_catalog.share_due_item.begun_on IS 'Ngày bắt đầu tính | Day it is counted from';
COMMENT ON COLUMN dwh_catalog.share_due_item.due_on IS 'Hạn | Due day';
COMMENT ON COLUMN dwh_catalog.share_due_item.done_on IS 'Ngày đã làm; trống: chưa | Day it was done; empty: not yet';
COMMENT ON COLUMN dwh_catalog.share_due_item.rule_valid_to IS 'Ngày hiệu lực cuối cùng của quy định | Last valid day of the rule';
COMMENT ON COLUMN dwh_catalog.share_due_item.is_immediate IS 'Phải làm ngay | To be done at once';
COMMENT ON COLUMN dwh_catalog.share_due_item.is_legal IS 'Theo văn bản | By a regulation';

-- Decree 47 Art. 34.2: special services that several agencies ask for are candidates for default sharing.
CREATE OR REPLACE VIEW dwh.default_candidates AS
	SELECT s.code AS service_code, s.name_vi, count(DISTINCT r.agency_id) AS agency_count, max(r.received_on) AS last_request_on
	FROM dwh_catalog.share_service AS s JOIN dwh_catalog.share_request AS r ON r.service_id = s.service_id
	WHERE s.kind = 'special' AND coalesce(s.withdrawn_on > dwh.today(), true)
	GROUP BY s.code, s.name_vi HAVING count(DISTINCT r.agency_id) >= 2;
COMMENT ON VIEW dwh.default_candidates IS
	'Dịch vụ theo yêu cầu nên chuyển sang mặc định | Special services to consider for default sharing';

-- Decree 47 Arts. 36.5, 52: what concerns a partner's own agency, and nobody else's, by the connection accounts of his role.
CREATE OR REPLACE VIEW dwh.my_agreements WITH (security_barrier = true) AS
	SELECT g.agreement_id, a.identifier AS agency_identifier, s.code AS service_code, g.kind, g.state, v.version, v.items, v.unit_ids,
		v.period_from, v.period_to, v.frequency, v.max_calls, v.method, v.use_term, v.use_days, v.storage_days, v.content, v.signed_on,
		v.valid_from, v.valid_to, c.holder, c.is_enabled
	FROM dwh_catalog.connection_account AS c JOIN dwh_catalog.share_agreement AS g
			ON g.agency_id = c.agency_id AND coalesce(c.agreement_id = g.agreement_id, true)
		JOIN dwh_catalog.agency AS a ON a.agency_id = g.agency_id
		LEFT JOIN dwh_catalog.share_service AS s ON s.service_id = g.service_id
		LEFT JOIN dwh_catalog.share_agreement_version AS v ON v.agreement_id = g.agreement_id
	WHERE c.login_role = current_user;
COMMENT ON VIEW dwh.my_agreements IS 'Thỏa thuận, tài khoản của cơ quan mình | One''s own agreements and accounts';

CREATE OR REPLACE VIEW dwh.my_transfers WITH (security_barrier = true) AS
	SELECT l.share_no, l.stage, l.occurred_at, l.direction, l.kind, l.service_code, l.agreement_id, l.agreement_version, l.request_content,
		l.status, l.reason, l.item_count, l.row_count, l.byte_count, l.content_digest, l.structure_version, l.period_from, l.period_to,
		l.use_term, l.use_until
	FROM dwh_log.share_log AS l
	WHERE l.agency_id IN (SELECT c.agency_id FROM dwh_catalog.connection_account AS c WHERE c.login_role = current_user);
COMMENT ON VIEW dwh.my_transfers IS 'Nhật ký chia sẻ của cơ quan mình | One''s own rows of the log of sharing';

CREATE OR REPLACE VIEW dwh.my_notices WITH (security_barrier = true) AS
	SELECT n.notice_id, n.kind, n.agreement_id, n.share_no, n.period_from, n.period_to, n.subject, n.body, n.made_at, n.due_on, n.sent_on,
		n.answered_on, n.answer
	FROM dwh_catalog.share_notice AS n
	WHERE n.agency_id IN (SELECT c.agency_id FROM dwh_catalog.connection_account AS c WHERE c.login_role = current_user);
COMMENT ON VIEW dwh.my_notices IS 'Thông báo gửi cơ quan mình | Notices to one''s own agency';
COMMENT ON COLUMN dwh.share_monitor.agency_identifier IS 'Mã định danh cơ quan | Identifier of the agency';
COMMENT ON COLUMN dwh.share_monitor.agreement_id IS 'Thỏa thuận | Agreement';
COMMENT ON COLUMN dwh.share_monitor.service_code IS 'Dịch vụ | Service';
COMMENT ON COLUMN dwh.share_monitor.kind IS 'Loại thỏa thuận | Kind of the agreement';
COMMENT ON COLUMN dwh.share_monitor.state IS 'Trạng thái | State';
COMMENT ON COLUMN dwh.share_monitor.is_suspended IS 'Đang tạm ngừng | Suspended now';
COMMENT ON COLUMN dwh.share_monitor.last_supplied_at IS 'Lần cung cấp gần nhất | Last supply';
COMMENT ON COLUMN dwh.share_monitor.supplies_24h IS 'Số lần cung cấp trong 24 giờ | Supplies within 24 hours';
COMMENT ON COLUMN dwh.share_monitor.refusals_24h IS 'Số lần từ chối trong 24 giờ | Refusals within 24 hours';
COMMENT ON COLUMN dwh.share_monitor.failures_24h IS 'Số lần lỗi trong 24 giờ | Failures within 24 hours';
COMMENT ON COLUMN dwh.share_monitor.last_failure_at IS 'Lỗi gần nhất lúc | Last failure at';
COMMENT ON COLUMN dwh.share_monitor.last_failure IS 'Lỗi gần nhất | Last failure';
COMMENT ON COLUMN dwh.share_monitor.waiting IS 'Số tin chờ gửi | Messages that wait';
COMMENT ON COLUMN dwh.share_monitor.dead IS 'Số tin không gửi được | Messages set aside';
COMMENT ON COLUMN dwh.share_monitor.lag IS 'Tin cũ nhất đã chờ | How long the oldest has waited';
COMMENT ON COLUMN dwh.default_candidates.service_code IS 'Dịch vụ | Service';
COMMENT ON COLUMN dwh.default_candidates.name_vi IS 'Tên tiếng Việt | Name in Vietnamese';
COMMENT ON COLUMN dwh.default_candidates.agency_count IS 'Số cơ quan đã yêu cầu | Agencies that asked for it';
COMMENT ON COLUMN dwh.default_candidates.last_request_on IS 'Ngày yêu cầu gần nhất | Day of the last request';
COMMENT ON COLUMN dwh.my_agreements.agreement_id IS 'Thỏa thuận | Agreement';
COMMENT ON COLUMN dwh.my_agreements.agency_identifier IS 'Mã định danh cơ quan | Identifier of the agency';
COMMENT ON COLUMN dwh.my_agreements.service_code IS 'Dịch vụ | Service';
COMMENT ON COLUMN dwh.my_agreements.kind IS 'Loại | Kind';
COMMENT ON COLUMN dwh.my_agreements.state IS 'Trạng thái | State';
COMMENT ON COLUMN dwh.my_agreements.version IS 'Phiên bản | Version';
COMMENT ON COLUMN dwh.my_agreements.items IS 'Mục dữ liệu | Items';
COMMENT ON COLUMN dwh.my_agreements.unit_ids IS 'Đơn vị; trống là tất cả | Units; empty is all';
COMMENT ON COLUMN dwh.my_agreements.period_from IS 'Tháng đầu | First month';
COMMENT ON COLUMN dwh.my_agreements.period_to IS 'Tháng cuối | Last month';
COMMENT ON COLUMN dwh.my_agreements.frequency IS 'Tần suất | Frequency';
COMMENT ON COLUMN dwh.my_agreements.max_calls IS 'Số lần tối đa mỗi chu kỳ | Most calls in a period';
COMMENT ON COLUMN dwh.my_agreements.method IS 'Phương thức | Method';
COMMENT ON COLUMN dwh.my_agreements.use_term IS 'Thời hạn sử dụng | Use-term';
COMMENT ON COLUMN dwh.my_agreements.use_days IS 'Số ngày của thời hạn | Days of the use-term';
COMMENT ON COLUMN dwh.my_agreements.storage_days IS 'Số ngày được lưu | Days it may be stored';
COMMENT ON COLUMN dwh.my_agreements.content IS 'Nội dung thỏa thuận | Content of the agreement';
COMMENT ON COLUMN dwh.my_agreements.signed_on IS 'Ngày ký | Day it was signed';
COMMENT ON COLUMN dwh.my_agreements.valid_from IS 'Ngày bắt đầu hiệu lực | First valid day';
COMMENT ON COLUMN dwh.my_agreements.valid_to IS 'Ngày hiệu lực cuối cùng | Last valid day';
COMMENT ON COLUMN dwh.my_agreements.holder IS 'Người giữ tài khoản | Holder of the account';
COMMENT ON COLUMN dwh.my_agreements.is_enabled IS 'Tài khoản còn dùng | Whether the account is enabled';
COMMENT ON COLUMN dwh.my_transfers.share_no IS 'Lần chia sẻ | Transfer';
COMMENT ON COLUMN dwh.my_transfers.stage IS 'Bước | Stage';
COMMENT ON COLUMN dwh.my_transfers.occurred_at IS 'Thời điểm | Time';
COMMENT ON COLUMN dwh.my_transfers.direction IS 'Chiều | Direction';
COMMENT ON COLUMN dwh.my_transfers.kind IS 'Loại | Kind';
COMMENT ON COLUMN dwh.my_transfers.service_code IS 'Dịch vụ | Service';
COMMENT ON COLUMN dwh.my_transfers.agreement_id IS 'Thỏa thuận | Agreement';
COMMENT ON COLUMN dwh.my_transfers.agreement_version IS 'Phiên bản thỏa thuận | Version of the agreement';
COMMENT ON COLUMN dwh.my_transfers.request_content IS 'Nội dung yêu cầu | Content of the request';
COMMENT ON COLUMN dwh.my_transfers.status IS 'Tình trạng | Status';
COMMENT ON COLUMN dwh.my_transfers.reason IS 'Lý do | Reason';
COMMENT ON COLUMN dwh.my_transfers.item_count IS 'Số mục | Items';
COMMENT ON COLUMN dwh.my_transfers.row_count IS 'Số dòng | Rows';
COMMENT ON COLUMN dwh.my_transfers.byte_count IS 'Số byte | Bytes';
COMMENT ON COLUMN dwh.my_transfers.content_digest IS 'Giá trị băm SHA-256 | SHA-256 of the content';
COMMENT ON COLUMN dwh.my_transfers.structure_version IS 'Phiên bản cấu trúc | Version of the structure';
COMMENT ON COLUMN dwh.my_transfers.period_from IS 'Tháng đầu | First month';
COMMENT ON COLUMN dwh.my_transfers.period_to IS 'Tháng cuối | Last month';
COMMENT ON COLUMN dwh.my_transfers.use_term IS 'Thời hạn sử dụng | Use-term';
COMMENT ON COLUMN dwh.my_transfers.use_until IS 'Ngày cuối được dùng | Last day of use';
COMMENT ON COLUMN dwh.my_notices.notice_id IS 'Thông báo | Notice';
COMMENT ON COLUMN dwh.my_notices.kind IS 'Loại | Kind';
COMMENT ON COLUMN dwh.my_notices.agreement_id IS 'Thỏa thuận | Agreement';
COMMENT ON COLUMN dwh.my_notices.share_no IS 'Lần cung cấp liên quan | Supply it is about';
COMMENT ON COLUMN dwh.my_notices.period_from IS 'Tháng đầu được đính chính | First month corrected';
COMMENT ON COLUMN dwh.my_notices.period_to IS 'Tháng cuối được đính chính | Last month corrected';
COMMENT ON COLUMN dwh.my_notices.subject IS 'Trích yếu | Subject';
COMMENT ON COLUMN dwh.my_notices.body IS 'Nội dung | Text';
COMMENT ON COLUMN dwh.my_notices.made_at IS 'Thời điểm lập | When it was made';
COMMENT ON COLUMN dwh.my_notices.due_on IS 'Hạn | Due day';
COMMENT ON COLUMN dwh.my_notices.sent_on IS 'Ngày gửi | Day sent';
COMMENT ON COLUMN dwh.my_notices.answered_on IS 'Ngày trả lời | Day answered';
COMMENT ON COLUMN dwh.my_notices.answer IS 'Trả lời | Answer';

-- What is published is no secret for whoever may ask; the view reads as dwh_owner and shows published services only.
CREATE OR REPLACE VIEW dwh.published_services WITH (security_barrier = true) AS
	SELECT s.code, s.kind, s.name_vi, s.name_en, s.description, i.items, s.data_structure, s.structure_version, s.guide,
		s.technical_document, d.code AS database_code, d.regulation, d.log_months, s.use_term, s.use_days, s.published_at,
		o.full_name AS official_name, o.position AS official_position, o.phone AS official_phone, o.email AS official_email,
		translate(regexp_replace(normalize(lower(concat_ws(' ', s.code, s.name_vi, s.name_en, s.description, i.titles)), NFD),
			'[\u0300-\u036F]', '', 'g'), 'đĐ', 'dd') AS search_text
	FROM dwh_catalog.share_service AS s
		JOIN dwh_catalog.share_database AS d ON d.database_id = s.database_id
		CROSS JOIN dwh_catalog.share_host AS h
		LEFT JOIN dwh_catalog.agency_official AS o ON o.agency_id = h.agency_id AND o.valid_from <= dwh.today()
			AND coalesce(o.valid_to >= dwh.today(), true)
		CROSS JOIN LATERAL (SELECT array_agg(c ->> 'name') AS items, string_agg(concat_ws(' ', c ->> 'name', c ->> 'title'), ' ') AS titles
			FROM jsonb_array_elements(s.columns) AS c) AS i
	WHERE s.published_at IS NOT NULL AND coalesce(s.withdrawn_on > dwh.today(), true);
COMMENT ON VIEW dwh.published_services IS 'Dịch vụ chia sẻ đã công bố | Published data-sharing services';
COMMENT ON COLUMN dwh.published_services.code IS 'Mã | Code';
COMMENT ON COLUMN dwh.published_services.kind IS 'Loại: default, special, open, own_data | Kind';
COMMENT ON COLUMN dwh.published_services.name_vi IS 'Tên tiếng Việt | Name in Vietnamese';
COMMENT ON COLUMN dwh.published_services.name_en IS 'Tên tiếng Anh | Name in English';
COMMENT ON COLUMN dwh.published_services.description IS 'Mô tả | Description';
COMMENT ON COLUMN dwh.published_services.items IS 'Các mục dữ liệu | Items';
COMMENT ON COLUMN dwh.published_services.data_structure IS 'Cấu trúc dữ liệu (JSON Schema) | Data structure (JSON Schema)';
COMMENT ON COLUMN dwh.published_services.structure_version IS 'Phiên bản cấu trúc | Version of the structure';
COMMENT ON COLUMN dwh.published_services.guide IS 'Tài liệu hướng dẫn | Guide';
COMMENT ON COLUMN dwh.published_services.technical_document IS 'Tài liệu kỹ thuật | Technical document';
COMMENT ON COLUMN dwh.published_services.database_code IS 'Cơ sở dữ liệu | Database';
COMMENT ON COLUMN dwh.published_services.regulation IS 'Quy chế khai thác, sử dụng | Data-use regulation';
COMMENT ON COLUMN dwh.published_services.log_months IS 'Số tháng giữ nhật ký | Months the log is kept';
COMMENT ON COLUMN dwh.published_services.use_term IS 'Thời hạn sử dụng | Use-term';
COMMENT ON COLUMN dwh.published_services.use_days IS 'Số ngày của thời hạn | Days of the use-term';
COMMENT ON COLUMN dwh.published_services.published_at IS 'Thời điểm công bố | When it was published';
COMMENT ON COLUMN dwh.published_services.official_name IS 'Cán bộ đầu mối | Focal official';
COMMENT ON COLUMN dwh.published_services.official_position IS 'Chức vụ | Position';
COMMENT ON COLUMN dwh.published_services.official_phone IS 'Điện thoại | Phone';
COMMENT ON COLUMN dwh.published_services.official_email IS 'Thư điện tử | E-mail';
COMMENT ON COLUMN dwh.published_services.search_text IS 'Văn bản không dấu để tìm | Text without accents, for searches';

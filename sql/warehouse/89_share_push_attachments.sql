-- The state of the queues, for officers: a view over the warehouse's own tables.
CREATE OR REPLACE VIEW dwh.push_queue AS
	SELECT a.identifier AS agency_identifier, o.agreement_id, count(*) FILTER (WHERE o.state = 'waiting') AS waiting,
		count(*) FILTER (WHERE o.state = 'sending') AS sending, count(*) FILTER (WHERE o.state = 'dead') AS dead,
		min(o.asked_at) FILTER (WHERE o.state <> 'dead') AS oldest_at, max(o.attempts) AS attempts
	FROM dwh_log.share_outbox AS o JOIN dwh_catalog.agency AS a ON a.agency_id = o.agency_id
	GROUP BY a.identifier, o.agreement_id;
COMMENT ON VIEW dwh.push_queue IS 'Hàng đợi gửi theo cơ quan và thỏa thuận | The queues by agency and agreement';
COMMENT ON COLUMN dwh.push_queue.agency_identifier IS 'Mã định danh cơ quan | Identifier of the agency';
COMMENT ON COLUMN dwh.push_queue.agreement_id IS 'Thỏa thuận | Agreement';
COMMENT ON COLUMN dwh.push_queue.waiting IS 'Đang chờ | Waiting';
COMMENT ON COLUMN dwh.push_queue.sending IS 'Đang gửi | Being sent';
COMMENT ON COLUMN dwh.push_queue.dead IS 'Không gửi được | Set aside';
COMMENT ON COLUMN dwh.push_queue.oldest_at IS 'Yêu cầu cũ nhất đang chờ | Oldest request that waits';
COMMENT ON COLUMN dwh.push_queue.attempts IS 'Số lần gửi nhiều nhất | Most attempts of a message';

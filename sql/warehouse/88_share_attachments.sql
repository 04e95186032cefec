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

-- What receivers say of what they got: compared with the log of sharing (2327 Arts. 8, 21.2).
CREATE TABLE dwh_catalog.share_receipt (
	receipt_id		bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT share_receipt_pkey PRIMARY KEY,
	share_no		bigint NOT NULL,
	agreement_id	int NOT NULL CONSTRAINT share_receipt_agreement_id_fkey REFERENCES dwh_catalog.share_agreement,
	row_count		bigint,
	content_digest	text NOT NULL,
	does_agree		boolean NOT NULL,
	recorded_at		timestamptz NOT NULL,
	recorded_by		text NOT NULL,
	CONSTRAINT share_receipt_content_digest_check CHECK (content_digest ~ '^[0-9a-f]{64}$'),
	CONSTRAINT share_receipt_row_count_check CHECK (row_count >= 0)
);
CREATE INDEX share_receipt_share_no_idx ON dwh_catalog.share_receipt (share_no);
CREATE INDEX share_receipt_agreement_id_idx ON dwh_catalog.share_receipt (agreement_id);
COMMENT ON TABLE dwh_catalog.share_receipt IS 'Xác nhận của nơi nhận về dữ liệu đã nhận | What receivers say of what they got';
COMMENT ON COLUMN dwh_catalog.share_receipt.receipt_id IS 'Khóa | Key';
COMMENT ON COLUMN dwh_catalog.share_receipt.share_no IS 'Số của lần cung cấp | Number of the supply';
COMMENT ON COLUMN dwh_catalog.share_receipt.agreement_id IS 'Thỏa thuận | Agreement';
COMMENT ON COLUMN dwh_catalog.share_receipt.row_count IS 'Số dòng nơi nhận đếm được | Rows that the receiver counted';
COMMENT ON COLUMN dwh_catalog.share_receipt.content_digest IS 'SHA-256 của bản đã nhận | SHA-256 of the copy received';
COMMENT ON COLUMN dwh_catalog.share_receipt.does_agree IS 'Khớp với nhật ký chia sẻ | Whether it agrees with the log of sharing';
COMMENT ON COLUMN dwh_catalog.share_receipt.recorded_at IS 'Thời điểm ghi | When it was recorded';
COMMENT ON COLUMN dwh_catalog.share_receipt.recorded_by IS 'Người ghi | Who recorded it';

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

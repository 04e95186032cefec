-- Open data: what was published does not change, and what everybody may read of it; run on creation and again on every rebuild.

CREATE OR REPLACE TRIGGER before_update BEFORE UPDATE ON dwh_catalog.open_data_version
	FOR EACH ROW WHEN (OLD.published_at IS NOT NULL AND (OLD.withdrawn_at IS NOT NULL OR to_jsonb(OLD) - '{withdrawn_at,withdrawn_by,withdrawal_reason,withdrawal_decided_by,withdrawal_document_no}'::text[]
		IS DISTINCT FROM to_jsonb(NEW) - '{withdrawn_at,withdrawn_by,withdrawal_reason,withdrawal_decided_by,withdrawal_document_no}'::text[]))
	EXECUTE FUNCTION dwh_internal.refuse_change();
CREATE OR REPLACE TRIGGER before_delete BEFORE DELETE ON dwh_catalog.open_data_version
	FOR EACH ROW EXECUTE FUNCTION dwh_internal.refuse_change();
ALTER TABLE dwh_catalog.open_data_version ENABLE ALWAYS TRIGGER before_update;
ALTER TABLE dwh_catalog.open_data_version ENABLE ALWAYS TRIGGER before_delete;
DO $$
DECLARE
	v_table text;
BEGIN
	FOREACH v_table IN ARRAY ARRAY['open_data_version', 'open_data_line', 'open_data_cell'] LOOP
		EXECUTE format('CREATE OR REPLACE TRIGGER before_truncate BEFORE TRUNCATE ON dwh_catalog.%I
			FOR EACH STATEMENT EXECUTE FUNCTION dwh_internal.refuse_change()', v_table);
		EXECUTE format('ALTER TABLE dwh_catalog.%I ENABLE ALWAYS TRIGGER before_truncate', v_table);
	END LOOP;
	FOREACH v_table IN ARRAY ARRAY['open_data_line', 'open_data_cell'] LOOP
		EXECUTE format('CREATE OR REPLACE TRIGGER before_change BEFORE UPDATE OR DELETE ON dwh_catalog.%I
			FOR EACH ROW EXECUTE FUNCTION dwh_internal.refuse_change()', v_table);
		EXECUTE format('ALTER TABLE dwh_catalog.%I ENABLE ALWAYS TRIGGER before_change', v_table);
	END LOOP;
END
$$;

-- These read as dwh_owner and show what is published and not withdrawn.
CREATE OR REPLACE VIEW dwh.open_data_versions WITH (security_barrier = true) AS
	SELECT s.code AS dataset, v.version, v.description ->> 'title_vi' AS title_vi, v.description ->> 'title_en' AS title_en,
		v.description ->> 'description_vi' AS description_vi, v.description ->> 'description_en' AS description_en,
		v.description ->> 'citation' AS citation, v.description ->> 'licence' AS licence, v.description ->> 'licence_title' AS licence_title,
		v.description ->> 'periodicity' AS periodicity, v.description ->> 'coverage' AS coverage, v.description ->> 'spatial' AS spatial,
		v.description ->> 'theme' AS theme, v.description -> 'keywords_vi' AS keywords_vi, v.description -> 'keywords_en' AS keywords_en,
		format('%s: %s', l.title_en, b.articles) AS legal_basis, b.is_verified AS is_basis_verified, v.published_at, v.note, v.period_from, v.period_to,
		v.cell_count, v.suppressed_count, v.csv_bytes, v.csv_digest, v.json_bytes, v.json_digest,
		v.version = max(v.version) OVER (PARTITION BY v.service_id) AS is_newest
	FROM dwh_catalog.open_data_version AS v
		JOIN dwh_catalog.share_service AS s ON s.service_id = v.service_id
		JOIN dwh_catalog.open_data_basis AS b ON b.basis_id = v.basis_id
		JOIN dwh_catalog.legal_basis AS l ON l.legal_basis_id = b.legal_basis_id
	WHERE v.published_at IS NOT NULL AND v.withdrawn_at IS NULL AND s.published_at IS NOT NULL AND coalesce(s.withdrawn_on > dwh.today(), true);
COMMENT ON VIEW dwh.open_data_versions IS 'Các phiên bản dữ liệu mở đang công bố | Versions of open data that are published';
COMMENT ON COLUMN dwh.open_data_versions.dataset IS 'Mã bộ dữ liệu | Code of the dataset';
COMMENT ON COLUMN dwh.open_data_versions.version IS 'Phiên bản | Version';
COMMENT ON COLUMN dwh.open_data_versions.title_vi IS 'Tên tiếng Việt | Title in Vietnamese';
COMMENT ON COLUMN dwh.open_data_versions.title_en IS 'Tên tiếng Anh | Title in English';
COMMENT ON COLUMN dwh.open_data_versions.description_vi IS 'Mô tả tiếng Việt | Description in Vietnamese';
COMMENT ON COLUMN dwh.open_data_versions.description_en IS 'Mô tả tiếng Anh | Description in English';
COMMENT ON COLUMN dwh.open_data_versions.citation IS 'Câu trích dẫn nguồn | How the source is cited';
COMMENT ON COLUMN dwh.open_data_versions.licence IS 'Địa chỉ giấy phép | Address of the licence';
COMMENT ON COLUMN dwh.open_data_versions.licence_title IS 'Nội dung giấy phép | Text of the licence';
COMMENT ON COLUMN dwh.open_data_versions.periodicity IS 'Chu kỳ cập nhật | Periodicity of updates';
COMMENT ON COLUMN dwh.open_data_versions.coverage IS 'Phạm vi | Coverage';
COMMENT ON COLUMN dwh.open_data_versions.spatial IS 'Lãnh thổ | Territory';
COMMENT ON COLUMN dwh.open_data_versions.theme IS 'Chủ đề | Theme';
COMMENT ON COLUMN dwh.open_data_versions.keywords_vi IS 'Từ khóa tiếng Việt | Keywords in Vietnamese';
COMMENT ON COLUMN dwh.open_data_versions.keywords_en IS 'Từ khóa tiếng Anh | Keywords in English';
COMMENT ON COLUMN dwh.open_data_versions.legal_basis IS 'Căn cứ pháp lý | Legal basis';
COMMENT ON COLUMN dwh.open_data_versions.is_basis_verified IS 'Căn cứ đã đối chiếu | Whether the basis was verified';
COMMENT ON COLUMN dwh.open_data_versions.published_at IS 'Thời điểm công bố | When it was published';
COMMENT ON COLUMN dwh.open_data_versions.note IS 'Nội dung thay đổi | What has changed';
COMMENT ON COLUMN dwh.open_data_versions.period_from IS 'Ngày đầu của thời kỳ đầu | First day of the first period';
COMMENT ON COLUMN dwh.open_data_versions.period_to IS 'Ngày cuối của thời kỳ cuối | Last day of the last period';
COMMENT ON COLUMN dwh.open_data_versions.cell_count IS 'Số ô | Cells';
COMMENT ON COLUMN dwh.open_data_versions.suppressed_count IS 'Số ô bị che | Cells without figures';
COMMENT ON COLUMN dwh.open_data_versions.csv_bytes IS 'Số byte của tệp CSV | Bytes of the CSV file';
COMMENT ON COLUMN dwh.open_data_versions.csv_digest IS 'SHA-256 của tệp CSV | SHA-256 of the CSV file';
COMMENT ON COLUMN dwh.open_data_versions.json_bytes IS 'Số byte của tệp JSON | Bytes of the JSON file';
COMMENT ON COLUMN dwh.open_data_versions.json_digest IS 'SHA-256 của tệp JSON | SHA-256 of the JSON file';
COMMENT ON COLUMN dwh.open_data_versions.is_newest IS 'Là phiên bản mới nhất | Whether it is the newest';

CREATE OR REPLACE VIEW dwh.open_data_lines WITH (security_barrier = true) AS
	SELECT v.dataset, v.version, l.line_no, l.csv, l.json
	FROM dwh.open_data_versions AS v
		JOIN dwh_catalog.share_service AS s ON s.code = v.dataset
		JOIN dwh_catalog.open_data_version AS n ON n.service_id = s.service_id AND n.version = v.version
		JOIN dwh_catalog.open_data_line AS l ON l.version_id = n.version_id;
COMMENT ON VIEW dwh.open_data_lines IS 'Các dòng của tệp dữ liệu mở đang công bố | Lines of the files that are published';
COMMENT ON COLUMN dwh.open_data_lines.dataset IS 'Mã bộ dữ liệu | Code of the dataset';
COMMENT ON COLUMN dwh.open_data_lines.version IS 'Phiên bản | Version';
COMMENT ON COLUMN dwh.open_data_lines.line_no IS 'Số dòng | Number of the line';
COMMENT ON COLUMN dwh.open_data_lines.csv IS 'Dòng CSV | Line of the CSV file';
COMMENT ON COLUMN dwh.open_data_lines.json IS 'Dòng JSON | Line of the JSON file';

-- For the reviewer: which cells were left out and by which rule, never how large they are.
CREATE OR REPLACE VIEW dwh.open_data_suppressions WITH (security_barrier = true) AS
	SELECT s.code AS dataset, v.version, c.period, c.coordinates, c.state, CASE WHEN c.state = 'primary' THEN c.rule WHEN c.rule = 'earlier' THEN c.rule END AS rule
	FROM dwh_catalog.open_data_cell AS c
		JOIN dwh_catalog.open_data_version AS v ON v.version_id = c.version_id
		JOIN dwh_catalog.share_service AS s ON s.service_id = v.service_id
	WHERE c.state IN ('primary', 'complementary');
COMMENT ON VIEW dwh.open_data_suppressions IS
	'Ô bị che và quy tắc, không có số liệu, cho người rà soát | Cells that were left out and by which rule, without figures, for the reviewer';
COMMENT ON COLUMN dwh.open_data_suppressions.dataset IS 'Mã bộ dữ liệu | Code of the dataset';
COMMENT ON COLUMN dwh.open_data_suppressions.version IS 'Phiên bản | Version';
COMMENT ON COLUMN dwh.open_data_suppressions.period IS 'Thời kỳ | Period';
COMMENT ON COLUMN dwh.open_data_suppressions.coordinates IS 'Đường dẫn theo từng chiều | Path in each dimension';
COMMENT ON COLUMN dwh.open_data_suppressions.state IS 'primary hoặc complementary | primary or complementary';
COMMENT ON COLUMN dwh.open_data_suppressions.rule IS
	'threshold, dominance, p_percent, earlier; trống: để bảo vệ ô khác | threshold, dominance, p_percent, earlier; empty: to protect others';

-- Who publishes: the host, its focal official, where the files are.
CREATE OR REPLACE VIEW dwh.open_data_publisher WITH (security_barrier = true) AS
	SELECT a.identifier, a.name_vi, a.name_en, h.open_data_uri AS uri, o.full_name AS official_name, o.position AS official_position,
		o.phone AS official_phone, o.email AS official_email
	FROM dwh_catalog.share_host AS h
		JOIN dwh_catalog.agency AS a ON a.agency_id = h.agency_id
		LEFT JOIN dwh_catalog.agency_official AS o ON o.agency_id = h.agency_id AND o.valid_from <= dwh.today() AND coalesce(o.valid_to >= dwh.today(), true)
	WHERE h.open_data_uri IS NOT NULL;
COMMENT ON VIEW dwh.open_data_publisher IS 'Cơ quan công bố dữ liệu mở | Who publishes open data';
COMMENT ON COLUMN dwh.open_data_publisher.identifier IS 'Mã định danh | Identifier';
COMMENT ON COLUMN dwh.open_data_publisher.name_vi IS 'Tên tiếng Việt | Name in Vietnamese';
COMMENT ON COLUMN dwh.open_data_publisher.name_en IS 'Tên tiếng Anh | Name in English';
COMMENT ON COLUMN dwh.open_data_publisher.uri IS 'Địa chỉ dữ liệu mở | Address of open data';
COMMENT ON COLUMN dwh.open_data_publisher.official_name IS 'Cán bộ đầu mối | Focal official';
COMMENT ON COLUMN dwh.open_data_publisher.official_position IS 'Chức vụ | Position';
COMMENT ON COLUMN dwh.open_data_publisher.official_phone IS 'Điện thoại | Phone';
COMMENT ON COLUMN dwh.open_data_publisher.official_email IS 'Thư điện tử | E-mail';

-- What users posted does not change; a row leaves its state by an answer only, and is never removed.
CREATE OR REPLACE TRIGGER before_update BEFORE UPDATE ON dwh_catalog.open_data_post
	FOR EACH ROW WHEN (OLD.state IN ('refused', 'withdrawn') OR to_jsonb(OLD) - '{state,answered_at,answered_by,decided_by,document_no,reason}'::text[]
		IS DISTINCT FROM to_jsonb(NEW) - '{state,answered_at,answered_by,decided_by,document_no,reason}'::text[])
	EXECUTE FUNCTION dwh_internal.refuse_change();
CREATE OR REPLACE TRIGGER before_delete BEFORE DELETE ON dwh_catalog.open_data_post
	FOR EACH ROW EXECUTE FUNCTION dwh_internal.refuse_change();
CREATE OR REPLACE TRIGGER before_truncate BEFORE TRUNCATE ON dwh_catalog.open_data_post
	FOR EACH STATEMENT EXECUTE FUNCTION dwh_internal.refuse_change();
ALTER TABLE dwh_catalog.open_data_post ENABLE ALWAYS TRIGGER before_update;
ALTER TABLE dwh_catalog.open_data_post ENABLE ALWAYS TRIGGER before_delete;
ALTER TABLE dwh_catalog.open_data_post ENABLE ALWAYS TRIGGER before_truncate;

-- Reads as dwh_owner: everybody sees what is approved, who posted his own, officers and auditors all of it.
CREATE OR REPLACE VIEW dwh.open_data_posts WITH (security_barrier = true) AS
	SELECT p.post_id, p.title, p.description, p.source, p.licence, p.columns, p.rows, p.row_count, p.digest, p.state, p.posted_at, p.person,
		p.answered_at, p.document_no, p.reason
	FROM dwh_catalog.open_data_post AS p
	WHERE p.state = 'approved' OR p.account_id = dwh.current_account() OR pg_has_role(current_user, 'dwh_share_officer', 'USAGE')
		OR pg_has_role(current_user, 'dwh_auditor', 'USAGE');
COMMENT ON VIEW dwh.open_data_posts IS 'Dữ liệu mở do người sử dụng đăng | Datasets that users posted';
COMMENT ON COLUMN dwh.open_data_posts.post_id IS 'Số | Number';
COMMENT ON COLUMN dwh.open_data_posts.title IS 'Tên | Title';
COMMENT ON COLUMN dwh.open_data_posts.description IS 'Mô tả | Description';
COMMENT ON COLUMN dwh.open_data_posts.source IS 'Nguồn | Source';
COMMENT ON COLUMN dwh.open_data_posts.licence IS 'Giấy phép | Licence';
COMMENT ON COLUMN dwh.open_data_posts.columns IS 'Các cột | Columns';
COMMENT ON COLUMN dwh.open_data_posts.rows IS 'Các dòng | Rows';
COMMENT ON COLUMN dwh.open_data_posts.row_count IS 'Số dòng | Number of rows';
COMMENT ON COLUMN dwh.open_data_posts.digest IS 'SHA-256 của các dòng | SHA-256 of the rows';
COMMENT ON COLUMN dwh.open_data_posts.state IS 'Tình trạng | State';
COMMENT ON COLUMN dwh.open_data_posts.posted_at IS 'Thời điểm đăng | When it was posted';
COMMENT ON COLUMN dwh.open_data_posts.person IS 'Người đăng | Who posted it';
COMMENT ON COLUMN dwh.open_data_posts.answered_at IS 'Thời điểm trả lời | When it was answered';
COMMENT ON COLUMN dwh.open_data_posts.document_no IS 'Văn bản trả lời | Document of the answer';
COMMENT ON COLUMN dwh.open_data_posts.reason IS 'Lý do | Reason';

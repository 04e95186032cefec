-- The log of sharing (Decree 47 Art. 45.2, 2327 Art. 15): one row a stage, only ever appended, monthly partitions. The stages of one
-- transfer carry the same share_no; the state of a transfer is the view dwh.share_transfers.
CREATE SEQUENCE dwh_log.share_no_seq;
COMMENT ON SEQUENCE dwh_log.share_no_seq IS 'Số của các lần chia sẻ | Numbers of transfers';

CREATE TABLE dwh_log.share_log (
	share_id				bigint GENERATED ALWAYS AS IDENTITY,
	month					date NOT NULL,
	share_no				bigint NOT NULL,
	stage					text NOT NULL,
	occurred_at				timestamptz NOT NULL,
	direction				text NOT NULL,
	kind					text NOT NULL,
	requested_at			timestamptz NOT NULL,
	request_form			text NOT NULL,
	supplied_at				timestamptz,
	supply_form				text,
	agency_id				int,
	agency_identifier		text NOT NULL,
	application_identifier	text,
	service_id				int,
	service_code			text,
	agreement_id			int,
	agreement_version		int,
	connection_id			int,
	account_id				int,
	person					text,
	session_user_name		text NOT NULL,
	outer_user_name			text NOT NULL,
	client_address			text,
	gateway					text NOT NULL,
	route					text,
	purpose					text,
	frequency				text,
	request_content			jsonb NOT NULL,
	status					text NOT NULL,
	reason					text,
	item_count				int,
	row_count				bigint,
	byte_count				bigint,
	content_digest			text,
	structure_version		int,
	period_from				date,
	period_to				date,
	use_term				text,
	use_until				date,
	duration_ms				bigint,
	related_share_no		bigint,
	detail					jsonb NOT NULL DEFAULT '{}',
	CONSTRAINT share_log_pkey PRIMARY KEY (share_id, month),
	CONSTRAINT share_log_month_check CHECK (extract(day FROM month) = 1),
	CONSTRAINT share_log_stage_check CHECK (stage IN ('asked', 'intent', 'outcome', 'notice')),
	CONSTRAINT share_log_direction_check CHECK (direction IN ('out', 'in')),
	CONSTRAINT share_log_kind_check CHECK (kind IN ('connect', 'share', 'exploit', 'use')),
	CONSTRAINT share_log_agency_identifier_check CHECK (agency_identifier <> ''),
	CONSTRAINT share_log_status_check CHECK (status IN ('asked', 'intent', 'supplied', 'received', 'refused', 'failed', 'broken_off',
		'invalid', 'undelivered', 'noticed')),
	CONSTRAINT share_log_supplied_check CHECK (status <> 'supplied' OR (supplied_at IS NOT NULL AND supply_form IS NOT NULL)),
	CONSTRAINT share_log_row_count_check CHECK (row_count >= 0 AND row_count <= 1000000000000),
	CONSTRAINT share_log_refused_check CHECK (status <> 'refused' OR coalesce(reason <> '', false))
) PARTITION BY RANGE (month);
CREATE INDEX share_log_share_no_idx ON dwh_log.share_log (share_no);
CREATE INDEX share_log_agreement_id_idx ON dwh_log.share_log (agreement_id, occurred_at);
CREATE INDEX share_log_occurred_at_idx ON dwh_log.share_log (occurred_at);
CREATE INDEX share_log_person_id_idx ON dwh_log.share_log ((detail ->> 'person_id'), occurred_at) WHERE kind = 'exploit';
COMMENT ON TABLE dwh_log.share_log IS
	'Nhật ký chia sẻ dữ liệu, chỉ được thêm dòng, mỗi bước một dòng | Log of sharing, append-only, one row a stage';
COMMENT ON COLUMN dwh_log.share_log.share_id IS
	'Số thứ tự tăng dần, có thể cách quãng | Increasing number, gaps are normal';
COMMENT ON COLUMN dwh_log.share_log.month IS
	'Ngày đầu tháng xảy ra theo múi giờ của kho, khóa phân vùng | '
	'First day of its month in the time zone of the warehouse; partition key';
COMMENT ON COLUMN dwh_log.share_log.share_no IS
	'Số của lần chia sẻ, chung cho các bước | Number of the transfer, the same for its stages';
COMMENT ON COLUMN dwh_log.share_log.stage IS
	'asked: yêu cầu; intent: chuẩn bị gửi; outcome: kết quả; notice: thông báo | asked, intent, outcome or notice';
COMMENT ON COLUMN dwh_log.share_log.occurred_at IS 'Thời điểm của bước | When the stage happened';
COMMENT ON COLUMN dwh_log.share_log.direction IS 'out: cung cấp; in: tiếp nhận | out or in';
COMMENT ON COLUMN dwh_log.share_log.kind IS
	'connect: kết nối; share: chia sẻ; exploit: khai thác; use: sử dụng (2327 Điều 20.5) | '
	'connect, share, exploit or use (2327 Art. 20.5)';
COMMENT ON COLUMN dwh_log.share_log.requested_at IS 'Thời gian yêu cầu | Time of the request';
COMMENT ON COLUMN dwh_log.share_log.request_form IS 'Hình thức yêu cầu | Form of the request';
COMMENT ON COLUMN dwh_log.share_log.supplied_at IS 'Thời gian cung cấp | Time of the supply';
COMMENT ON COLUMN dwh_log.share_log.supply_form IS
	'Hình thức cung cấp: online, sync, package | Form of the supply: online, sync, package';
COMMENT ON COLUMN dwh_log.share_log.agency_id IS 'Cơ quan yêu cầu | Requesting agency';
COMMENT ON COLUMN dwh_log.share_log.agency_identifier IS
	'Mã định danh cơ quan yêu cầu | Identifier of the requesting agency';
COMMENT ON COLUMN dwh_log.share_log.application_identifier IS 'Mã ứng dụng | Identifier of the application';
COMMENT ON COLUMN dwh_log.share_log.service_id IS 'Dịch vụ | Service';
COMMENT ON COLUMN dwh_log.share_log.service_code IS 'Mã dịch vụ | Code of the service';
COMMENT ON COLUMN dwh_log.share_log.agreement_id IS 'Thỏa thuận | Agreement';
COMMENT ON COLUMN dwh_log.share_log.agreement_version IS
	'Phiên bản thỏa thuận có hiệu lực | Version of the agreement in force';
COMMENT ON COLUMN dwh_log.share_log.connection_id IS 'Tài khoản kết nối | Connection account';
COMMENT ON COLUMN dwh_log.share_log.account_id IS 'Tài khoản trong kho | Account of the warehouse';
COMMENT ON COLUMN dwh_log.share_log.person IS 'Người thực hiện | Person who acted';
COMMENT ON COLUMN dwh_log.share_log.session_user_name IS 'Vai trò đã đăng nhập | Role that logged in';
COMMENT ON COLUMN dwh_log.share_log.outer_user_name IS 'Vai trò đang dùng | Role in use';
COMMENT ON COLUMN dwh_log.share_log.client_address IS 'Địa chỉ máy khách hoặc nơi nhận | Address of the client or receiver';
COMMENT ON COLUMN dwh_log.share_log.gateway IS 'Cổng đầu mối (2327 Điều 12.1) | Gateway (2327 Art. 12.1)';
COMMENT ON COLUMN dwh_log.share_log.route IS
	'Nền tảng trung gian; trống là trực tiếp | Intermediary platform; empty is direct';
COMMENT ON COLUMN dwh_log.share_log.purpose IS 'Mục đích | Purpose';
COMMENT ON COLUMN dwh_log.share_log.frequency IS 'Tần suất | Frequency';
COMMENT ON COLUMN dwh_log.share_log.request_content IS 'Nội dung yêu cầu | Content of the request';
COMMENT ON COLUMN dwh_log.share_log.status IS
	'Tình trạng: asked, intent, supplied, received, refused, failed, broken_off, invalid, undelivered, noticed | Status';
COMMENT ON COLUMN dwh_log.share_log.reason IS
	'Lý do từ chối, lỗi; quy tắc bị vi phạm | Reason of a refusal or failure; rule broken';
COMMENT ON COLUMN dwh_log.share_log.item_count IS 'Số mục dữ liệu | Number of items';
COMMENT ON COLUMN dwh_log.share_log.row_count IS 'Số dòng đã cung cấp | Rows supplied';
COMMENT ON COLUMN dwh_log.share_log.byte_count IS 'Số byte đã cung cấp | Bytes supplied';
COMMENT ON COLUMN dwh_log.share_log.content_digest IS
	'Giá trị băm SHA-256 của nội dung đã cung cấp | SHA-256 of what was supplied';
COMMENT ON COLUMN dwh_log.share_log.structure_version IS 'Phiên bản cấu trúc dữ liệu | Version of the data structure';
COMMENT ON COLUMN dwh_log.share_log.period_from IS 'Tháng đầu của dữ liệu cung cấp | First month of the data supplied';
COMMENT ON COLUMN dwh_log.share_log.period_to IS 'Tháng cuối của dữ liệu cung cấp | Last month of the data supplied';
COMMENT ON COLUMN dwh_log.share_log.use_term IS 'Thời hạn sử dụng | Use-term';
COMMENT ON COLUMN dwh_log.share_log.use_until IS 'Ngày cuối của thời hạn sử dụng | Last day of the use-term';
COMMENT ON COLUMN dwh_log.share_log.duration_ms IS 'Thời gian kết nối (mili giây) | Connection time (milliseconds)';
COMMENT ON COLUMN dwh_log.share_log.related_share_no IS
	'Lần chia sẻ liên quan (chuyển tiếp, đính chính) | Related transfer (onward, correction)';
COMMENT ON COLUMN dwh_log.share_log.detail IS 'Nội dung khác để đối soát | Other facts for reconciliation';

SELECT dwh_internal.ensure_log_partitions(greatest(date '2030-12-01', current_date + 4 * 365));

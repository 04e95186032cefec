-- Daily and monthly counts of the log of sharing, so that statistics over years need not read it: see sql/install/78_share_report.sql.
CREATE TABLE dwh_log.share_daily (
	day					date,
	agency_identifier	text,
	service_code		text,
	kind				text,
	direction			text,
	stage				text,
	status				text,
	entry_count			bigint NOT NULL,
	row_count			bigint NOT NULL,
	byte_count			bigint NOT NULL,
	duration_ms			bigint NOT NULL,
	CONSTRAINT share_daily_pkey PRIMARY KEY (day, agency_identifier, service_code, kind, direction, stage, status)
);
COMMENT ON TABLE dwh_log.share_daily IS
	'Số đếm theo ngày của nhật ký chia sẻ, đến dòng ghi trong share_rolled | '
	'Daily counts of the log of sharing, up to the row that share_rolled names';
COMMENT ON COLUMN dwh_log.share_daily.day IS 'Ngày theo múi giờ của kho | Day in the time zone of the warehouse';
COMMENT ON COLUMN dwh_log.share_daily.agency_identifier IS 'Mã định danh cơ quan | Identifier of the agency';
COMMENT ON COLUMN dwh_log.share_daily.service_code IS 'Mã dịch vụ; trống là không có | Code of the service; empty where there is none';
COMMENT ON COLUMN dwh_log.share_daily.kind IS 'connect, share, exploit, use | As in share_log';
COMMENT ON COLUMN dwh_log.share_daily.direction IS 'out, in | As in share_log';
COMMENT ON COLUMN dwh_log.share_daily.stage IS 'asked, intent, outcome, notice | As in share_log';
COMMENT ON COLUMN dwh_log.share_daily.status IS 'Tình trạng | As in share_log';
COMMENT ON COLUMN dwh_log.share_daily.entry_count IS 'Số dòng nhật ký | Rows of the log';
COMMENT ON COLUMN dwh_log.share_daily.row_count IS 'Số dòng dữ liệu | Rows of data';
COMMENT ON COLUMN dwh_log.share_daily.byte_count IS 'Số byte | Bytes';
COMMENT ON COLUMN dwh_log.share_daily.duration_ms IS 'Thời gian kết nối (mili giây) | Connection time (milliseconds)';

CREATE TABLE dwh_log.share_monthly (LIKE dwh_log.share_daily INCLUDING COMMENTS);
ALTER TABLE dwh_log.share_monthly RENAME COLUMN day TO month;
ALTER TABLE dwh_log.share_monthly ADD CONSTRAINT share_monthly_pkey
	PRIMARY KEY (month, agency_identifier, service_code, kind, direction, stage, status);
COMMENT ON TABLE dwh_log.share_monthly IS
	'Số đếm theo tháng, cộng từ share_daily | Monthly counts: the sums of share_daily';
COMMENT ON COLUMN dwh_log.share_monthly.month IS 'Ngày đầu tháng | First day of the month';

CREATE TABLE dwh_log.share_rolled (
	rolled_id	smallint CONSTRAINT share_rolled_pkey PRIMARY KEY,
	rolled_to	bigint NOT NULL,
	CONSTRAINT share_rolled_rolled_id_check CHECK (rolled_id = 1)
);
COMMENT ON TABLE dwh_log.share_rolled IS
	'Dòng nhật ký cuối đã cộng vào share_daily và share_monthly | Last row of the log that share_daily and share_monthly count';
COMMENT ON COLUMN dwh_log.share_rolled.rolled_id IS 'Luôn là 1 | Always 1';
COMMENT ON COLUMN dwh_log.share_rolled.rolled_to IS 'share_id cuối đã cộng | Last share_id counted';
INSERT INTO dwh_log.share_rolled VALUES (1, 0);

-- Pushing and pulling: where agreements send to and fetch from, which hosts may be reached, and the queue of what waits (design section 11).
-- The queue holds what is not settled yet; what became of a message stands in dwh_log.share_log.

CREATE TABLE dwh_catalog.share_push_host (
	host				text NOT NULL,
	port				int NOT NULL,
	scheme				text NOT NULL DEFAULT 'https',
	private_networks	cidr[] NOT NULL DEFAULT '{}',
	platform_id			int CONSTRAINT share_push_host_platform_id_fkey REFERENCES dwh_catalog.share_platform,
	reason				text NOT NULL,
	registered_at		timestamptz NOT NULL DEFAULT now(),
	registered_by		text NOT NULL DEFAULT session_user,
	CONSTRAINT share_push_host_pkey PRIMARY KEY (host, port),
	CONSTRAINT share_push_host_host_check CHECK (host ~ '^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]*[a-z0-9])?$'
		AND length(host) <= 253),
	CONSTRAINT share_push_host_port_check CHECK (port BETWEEN 1 AND 65535),
	-- Plain text never leaves for the internet: http is for listed private networks only.
	CONSTRAINT share_push_host_scheme_check CHECK (scheme IN ('https', 'http')
		AND (scheme = 'https' OR cardinality(private_networks) > 0)),
	-- As many as the worker reads, see DWH_GUARD_NETWORKS.
	CONSTRAINT share_push_host_private_networks_check CHECK (cardinality(private_networks) <= 16 AND array_position(private_networks, NULL) IS NULL),
	CONSTRAINT share_push_host_reason_check CHECK (reason ~ '[^[:space:]]')
);
CREATE INDEX share_push_host_platform_idx ON dwh_catalog.share_push_host (platform_id);
COMMENT ON TABLE dwh_catalog.share_push_host IS
	'Máy chủ được phép gửi dữ liệu tới; ngoài danh sách này không gửi đi đâu | Hosts that data may be sent to; nothing goes elsewhere';
COMMENT ON COLUMN dwh_catalog.share_push_host.host IS 'Tên máy chủ, chữ thường | Name of the host, lower case';
COMMENT ON COLUMN dwh_catalog.share_push_host.port IS 'Cổng | Port';
COMMENT ON COLUMN dwh_catalog.share_push_host.scheme IS
	'https; http chỉ cho mạng riêng đã liệt kê | https; http for listed private networks only';
COMMENT ON COLUMN dwh_catalog.share_push_host.private_networks IS
	'Mạng riêng, nội bộ mà tên này được phép trỏ tới; trống là chỉ địa chỉ công cộng | '
	'Private networks the name may resolve to; empty is public addresses only';
COMMENT ON COLUMN dwh_catalog.share_push_host.platform_id IS
	'Nền tảng trung gian mà máy chủ này thuộc về; trống là máy chủ của bên nhận (NĐ47 Điều 46) | '
	'The intermediary platform that the host is of; empty is the receiver''s own (Art. 46)';
COMMENT ON COLUMN dwh_catalog.share_push_host.reason IS 'Lý do, văn bản | Reason, document';
COMMENT ON COLUMN dwh_catalog.share_push_host.registered_at IS 'Thời điểm đăng ký | When it was registered';
COMMENT ON COLUMN dwh_catalog.share_push_host.registered_by IS 'Người đăng ký | Who registered it';

CREATE TABLE dwh_catalog.share_push_target (
	agreement_id	int NOT NULL CONSTRAINT share_push_target_pkey PRIMARY KEY
		CONSTRAINT share_push_target_agreement_id_fkey REFERENCES dwh_catalog.share_agreement,
	host			text NOT NULL,
	port			int NOT NULL,
	path			text NOT NULL DEFAULT '/',
	credential		text NOT NULL,
	timeout_ms		int NOT NULL DEFAULT 30000,
	max_attempts	int NOT NULL DEFAULT 12,
	retry_base_ms	int NOT NULL DEFAULT 1000,
	retry_cap_ms	int NOT NULL DEFAULT 900000,
	max_bytes_s		bigint,
	is_compressed	boolean NOT NULL DEFAULT false,
	registered_at	timestamptz NOT NULL DEFAULT now(),
	registered_by	text NOT NULL DEFAULT session_user,
	CONSTRAINT share_push_target_host_fkey FOREIGN KEY (host, port) REFERENCES dwh_catalog.share_push_host,
	CONSTRAINT share_push_target_path_check CHECK (path ~ '^/[A-Za-z0-9._~%!$&()*+,;=:@/?-]*$' AND length(path) <= 1024),
	CONSTRAINT share_push_target_credential_check CHECK (credential ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
	CONSTRAINT share_push_target_timeout_ms_check CHECK (timeout_ms BETWEEN 100 AND 600000),
	CONSTRAINT share_push_target_max_attempts_check CHECK (max_attempts BETWEEN 1 AND 1000),
	CONSTRAINT share_push_target_retry_check CHECK (retry_base_ms >= 1 AND retry_base_ms <= retry_cap_ms AND retry_cap_ms <= 86400000),
	CONSTRAINT share_push_target_max_bytes_s_check CHECK (max_bytes_s > 0)
);
CREATE INDEX share_push_target_host_idx ON dwh_catalog.share_push_target (host, port);
COMMENT ON TABLE dwh_catalog.share_push_target IS
	'Nơi nhận của từng thỏa thuận, khi dữ liệu được gửi đi | Where an agreement''s messages are sent';
COMMENT ON COLUMN dwh_catalog.share_push_target.agreement_id IS 'Thỏa thuận | Agreement';
COMMENT ON COLUMN dwh_catalog.share_push_target.host IS 'Máy chủ | Host';
COMMENT ON COLUMN dwh_catalog.share_push_target.port IS 'Cổng | Port';
COMMENT ON COLUMN dwh_catalog.share_push_target.path IS 'Đường dẫn và tham số | Path and query';
COMMENT ON COLUMN dwh_catalog.share_push_target.credential IS
	'Tên tệp khóa trong thư mục dwh_ext.share_credentials (không chứa khóa): TÊN.hmac, TÊN.ca, TÊN.crt, TÊN.key | '
	'Name of the files in folder dwh_ext.share_credentials (never a secret itself): NAME.hmac, NAME.ca, NAME.crt, NAME.key';
COMMENT ON COLUMN dwh_catalog.share_push_target.timeout_ms IS 'Thời gian tối đa mỗi lần gửi | Longest time of an attempt';
COMMENT ON COLUMN dwh_catalog.share_push_target.max_attempts IS
	'Số lần gửi trước khi bỏ vào hàng không gửi được | Attempts before a message is set aside';
COMMENT ON COLUMN dwh_catalog.share_push_target.retry_base_ms IS 'Khoảng chờ gửi lại đầu tiên | First wait before another attempt';
COMMENT ON COLUMN dwh_catalog.share_push_target.retry_cap_ms IS 'Khoảng chờ gửi lại dài nhất | Longest wait';
COMMENT ON COLUMN dwh_catalog.share_push_target.max_bytes_s IS
	'Tốc độ gửi tối đa; trống là không giới hạn | Bytes a second at most; empty is no limit';
COMMENT ON COLUMN dwh_catalog.share_push_target.is_compressed IS
	'Nén nội dung gửi (gzip) | Whether bodies are sent compressed (gzip)';
COMMENT ON COLUMN dwh_catalog.share_push_target.registered_at IS 'Thời điểm đăng ký | When it was registered';
COMMENT ON COLUMN dwh_catalog.share_push_target.registered_by IS 'Người đăng ký | Who registered it';

CREATE TABLE dwh_log.share_outbox (
	outbox_id		bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT share_outbox_pkey PRIMARY KEY,
	share_no		bigint NOT NULL CONSTRAINT share_outbox_share_no_key UNIQUE,
	direction		text NOT NULL DEFAULT 'out',
	agreement_id	int NOT NULL,
	agency_id		int NOT NULL,
	state			text NOT NULL DEFAULT 'waiting',
	attempts		int NOT NULL DEFAULT 0,
	next_at			timestamptz NOT NULL DEFAULT now(),
	last_error		text,
	is_cancelled	boolean NOT NULL DEFAULT false,
	cancel_reason	text,
	idempotency_key	uuid NOT NULL DEFAULT gen_random_uuid(),
	content_type	text NOT NULL,
	body			text NOT NULL,
	ask				jsonb NOT NULL,
	stage			jsonb NOT NULL,
	asked_at		timestamptz NOT NULL DEFAULT clock_timestamp(),
	is_dead			boolean NOT NULL GENERATED ALWAYS AS (state = 'dead') STORED,
	CONSTRAINT share_outbox_direction_check CHECK (direction IN ('out', 'in')),
	CONSTRAINT share_outbox_state_check CHECK (state IN ('waiting', 'sending', 'dead'))
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
-- No index looks at what changes while a message is sent, so that claiming it touches its page only.
CREATE INDEX share_outbox_agreement_id_idx ON dwh_log.share_outbox (agreement_id, outbox_id) WHERE NOT is_dead;
CREATE INDEX share_outbox_cancelled_idx ON dwh_log.share_outbox (outbox_id) WHERE is_cancelled;
COMMENT ON TABLE dwh_log.share_outbox IS
	'Hàng đợi gửi, nhận dữ liệu; xong thì dòng được xóa, kết quả nằm trong nhật ký | '
	'Queue of what is to be sent or fetched; a settled row is removed, its outcome stands in the log';
COMMENT ON COLUMN dwh_log.share_outbox.outbox_id IS
	'Khóa, cũng là thứ tự trong thỏa thuận | Key, and the order within an agreement';
COMMENT ON COLUMN dwh_log.share_outbox.share_no IS 'Số của lần chia sẻ | Number of the transfer';
COMMENT ON COLUMN dwh_log.share_outbox.direction IS 'out: gửi đi; in: lấy về | out: is sent; in: is fetched';
COMMENT ON COLUMN dwh_log.share_outbox.agreement_id IS 'Thỏa thuận | Agreement';
COMMENT ON COLUMN dwh_log.share_outbox.agency_id IS 'Cơ quan nhận | Receiving agency';
COMMENT ON COLUMN dwh_log.share_outbox.state IS
	'waiting: đang chờ; sending: đang gửi; dead: không gửi được, chờ xử lý | waiting, sending, or dead: set aside for a person';
COMMENT ON COLUMN dwh_log.share_outbox.attempts IS 'Số lần đã gửi | Attempts made';
COMMENT ON COLUMN dwh_log.share_outbox.next_at IS 'Không gửi trước thời điểm này | Not sent before';
COMMENT ON COLUMN dwh_log.share_outbox.last_error IS 'Lỗi lần gần nhất | What went wrong last';
COMMENT ON COLUMN dwh_log.share_outbox.is_cancelled IS 'Đã có lệnh hủy | Was cancelled';
COMMENT ON COLUMN dwh_log.share_outbox.cancel_reason IS 'Lý do hủy | Why it was cancelled';
COMMENT ON COLUMN dwh_log.share_outbox.idempotency_key IS
	'Khóa giúp bên nhận nhận ra bản gửi lại | Key by which the receiver knows a repetition';
COMMENT ON COLUMN dwh_log.share_outbox.content_type IS 'Kiểu nội dung | Media type';
COMMENT ON COLUMN dwh_log.share_outbox.body IS
	'Nội dung gửi; khi lấy về là tham số sau dấu hỏi của đường dẫn | What is sent; of what is fetched, the query after the path';
COMMENT ON COLUMN dwh_log.share_outbox.ask IS
	'Mục, đơn vị, thời kỳ của nội dung, kiểm tra lại trước khi gửi | Items, units and period of the content, checked again before sending';
COMMENT ON COLUMN dwh_log.share_outbox.stage IS 'Các trường của nhật ký | The fields of the log';
COMMENT ON COLUMN dwh_log.share_outbox.asked_at IS 'Thời điểm yêu cầu | When it was asked for';
COMMENT ON COLUMN dwh_log.share_outbox.is_dead IS 'Không gửi được, chờ xử lý | Whether it was set aside';

-- What other agencies answered to dwh.pull_share(), byte for byte; loading takes it from here.
CREATE TABLE dwh_landing.share_received (
	landing_id			bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT share_received_pkey PRIMARY KEY,
	share_no			bigint NOT NULL CONSTRAINT share_received_share_no_key UNIQUE,
	agreement_id		int NOT NULL,
	agency_identifier	text NOT NULL,
	received_at			timestamptz NOT NULL DEFAULT clock_timestamp(),
	content_type		text NOT NULL,
	content				bytea NOT NULL,
	content_digest		text NOT NULL
);
CREATE INDEX share_received_content_digest_idx ON dwh_landing.share_received (content_digest);
CREATE INDEX share_received_agreement_id_idx ON dwh_landing.share_received (agreement_id, landing_id);
COMMENT ON TABLE dwh_landing.share_received IS
	'Vùng đệm dữ liệu nhận từ cơ quan khác, giữ nguyên từng byte | Landing of data received from other agencies, byte for byte';
COMMENT ON COLUMN dwh_landing.share_received.landing_id IS 'Thứ tự nhận được | Order of receipt';
COMMENT ON COLUMN dwh_landing.share_received.share_no IS 'Số của lần chia sẻ trong nhật ký | Number of the transfer in the log';
COMMENT ON COLUMN dwh_landing.share_received.agreement_id IS 'Thỏa thuận | Agreement';
COMMENT ON COLUMN dwh_landing.share_received.agency_identifier IS 'Mã định danh cơ quan cung cấp | Identifier of the supplying agency';
COMMENT ON COLUMN dwh_landing.share_received.received_at IS 'Thời điểm nhận | When it was received';
COMMENT ON COLUMN dwh_landing.share_received.content_type IS 'Kiểu nội dung do bên cung cấp ghi | Media type as the supplier says';
COMMENT ON COLUMN dwh_landing.share_received.content IS 'Nội dung, đã giải nén | The content, decompressed';
COMMENT ON COLUMN dwh_landing.share_received.content_digest IS 'SHA-256 của nội dung | SHA-256 of the content';

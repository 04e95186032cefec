-- The warehouse itself, accounts and groups, and the log of events.
-- Triggers, views and whatever else needs the extension's code stand in 80_platform_attachments.sql.

-- The warehouse ---------------------------------------------------------------------------------------------------------

CREATE TABLE dwh_catalog.warehouse (
	warehouse_id	smallint NOT NULL DEFAULT 1 CONSTRAINT warehouse_pkey PRIMARY KEY,
	schema_version	text NOT NULL,
	time_zone		text NOT NULL DEFAULT 'Asia/Ho_Chi_Minh',
	created_at		timestamptz NOT NULL DEFAULT now(),
	created_by		text NOT NULL DEFAULT session_user,
	CONSTRAINT warehouse_warehouse_id_check CHECK (warehouse_id = 1),
	CONSTRAINT warehouse_schema_version_check CHECK (schema_version ~ '^[1-9][0-9]{0,5}$')
);
COMMENT ON TABLE dwh_catalog.warehouse IS 'Kho dữ liệu: đúng một dòng | The warehouse: exactly one row';
COMMENT ON COLUMN dwh_catalog.warehouse.warehouse_id IS 'Luôn bằng 1 | Always 1';
COMMENT ON COLUMN dwh_catalog.warehouse.schema_version IS
	'Phiên bản cấu trúc bảng, do dwh.upgrade_warehouse() nâng | Version of the tables, raised by dwh.upgrade_warehouse()';
COMMENT ON COLUMN dwh_catalog.warehouse.time_zone IS
	'Múi giờ dùng để xét hiệu lực và thời hạn | Time zone in which validity and deadlines are judged';
COMMENT ON COLUMN dwh_catalog.warehouse.created_at IS 'Thời điểm tạo | When it was created';
COMMENT ON COLUMN dwh_catalog.warehouse.created_by IS 'Người dùng phiên đã tạo | Session user who created it';

CREATE TABLE dwh_catalog.warehouse_instance (
	instance_id			smallint NOT NULL DEFAULT 1 CONSTRAINT warehouse_instance_pkey PRIMARY KEY,
	system_identifier	bigint NOT NULL,
	database_oid		bigint NOT NULL,
	started_at			timestamptz NOT NULL DEFAULT now(),
	started_by			text NOT NULL DEFAULT session_user,
	CONSTRAINT warehouse_instance_instance_id_check CHECK (instance_id = 1)
);
COMMENT ON TABLE dwh_catalog.warehouse_instance IS
	'Máy chủ và cơ sở dữ liệu nơi kho đang chạy thật; bản khôi phục ở nơi khác không khớp nên tiến trình nền không ghi gì | '
	'Server and database where the warehouse is live; a copy restored elsewhere does not match, so no worker writes there';
COMMENT ON COLUMN dwh_catalog.warehouse_instance.instance_id IS 'Luôn bằng 1 | Always 1';
COMMENT ON COLUMN dwh_catalog.warehouse_instance.system_identifier IS 'Mã hệ thống của máy chủ | System identifier of the server';
COMMENT ON COLUMN dwh_catalog.warehouse_instance.database_oid IS 'OID của cơ sở dữ liệu | OID of the database';
COMMENT ON COLUMN dwh_catalog.warehouse_instance.started_at IS 'Thời điểm bắt đầu chạy | When it was started';
COMMENT ON COLUMN dwh_catalog.warehouse_instance.started_by IS 'Người dùng phiên đã cho chạy | Session user who started it';

-- Technical parameters: values that the functions read, set by a central administrator (893 Art. 12.1).
CREATE TABLE dwh_catalog.parameter (
	name			text CONSTRAINT parameter_pkey PRIMARY KEY,
	kind			text NOT NULL,
	value			text,
	is_required		boolean NOT NULL,
	lowest			int,
	highest			int,
	description		text NOT NULL,
	set_at			timestamptz,
	set_by			text,
	CONSTRAINT parameter_name_check CHECK (name ~ '^[a-z][a-z0-9_]*$'),
	CONSTRAINT parameter_required_check CHECK (value IS NOT NULL OR NOT is_required),
	CONSTRAINT parameter_value_check CHECK (CASE kind
		WHEN 'integer' THEN CASE WHEN value ~ '^[0-9]{1,9}$' THEN value::int >= lowest AND value::int <= highest ELSE value IS NULL END
		WHEN 'boolean' THEN value IS NULL OR value IN ('true', 'false')
		WHEN 'date' THEN value IS NULL OR value ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'
		WHEN 'text' THEN value IS NULL OR value ~ '[^[:space:]]'
		ELSE false END)
);
COMMENT ON TABLE dwh_catalog.parameter IS 'Tham số kỹ thuật do quản trị Trung ương đặt | Technical parameters, set by central administrators';
COMMENT ON COLUMN dwh_catalog.parameter.name IS 'Tên | Name';
COMMENT ON COLUMN dwh_catalog.parameter.kind IS 'Kiểu: integer, boolean, date, text | Kind: integer, boolean, date, text';
COMMENT ON COLUMN dwh_catalog.parameter.value IS 'Giá trị; trống: chưa đặt | Value; empty: not set';
COMMENT ON COLUMN dwh_catalog.parameter.is_required IS 'Không được để trống | It always has a value';
COMMENT ON COLUMN dwh_catalog.parameter.lowest IS 'Giá trị nhỏ nhất | Lowest value';
COMMENT ON COLUMN dwh_catalog.parameter.highest IS 'Giá trị lớn nhất | Highest value';
COMMENT ON COLUMN dwh_catalog.parameter.description IS 'Ý nghĩa; [own] = quy tắc riêng | What it means; [own] = a rule of ours';
COMMENT ON COLUMN dwh_catalog.parameter.set_at IS 'Thời điểm đặt; trống: giá trị ban đầu | When it was set; empty: as shipped';
COMMENT ON COLUMN dwh_catalog.parameter.set_by IS 'Người dùng phiên đã đặt | Session user who set it';
INSERT INTO dwh_catalog.parameter (name, kind, value, is_required, lowest, highest, description) VALUES
	('access_count_receipt_day', 'boolean', 'false', true, NULL, NULL,
	 '[own] 893 Điều 17.5: ngày nhận văn bản được tính vào thời hạn | whether the day of receipt counts among the working days'),
	('certify_days', 'integer', '90', true, 1, 3650,
	 '[own] Quyền chưa được rà soát lại sau số ngày này thì phải xem xét | days after which a grant is to be certified again'),
	('takeover_until', 'date', NULL, false, NULL, NULL,
	 '[own] Ngày cuối cùng tiếp nhận người sử dụng có sẵn khi đưa hệ thống vào hoạt động; trống: chưa kết thúc | last day on which users that exist at go-live are taken over; empty: not over'),
	('unassigned_hours', 'integer', '24', true, 1, 8760,
	 '[own] 893 Điều 12.7: vướng mắc chưa được giao sau số giờ này thì cảnh báo | hours after which a problem that nobody was assigned is a warning'),
	('safety_level', 'integer', NULL, false, 1, 5, '2327 Điều 5.6: cấp độ an toàn hệ thống thông tin | safety level of the information system'),
	('safety_approval_no', 'text', NULL, false, NULL, NULL, '2327 Điều 5.6: số văn bản phê duyệt cấp độ | number of its approval'),
	('safety_approved_on', 'date', NULL, false, NULL, NULL, '2327 Điều 5.6: ngày phê duyệt cấp độ | day of its approval');

-- Later parts may need the time zone, so the row stands from here on; create_warehouse() sets the version at its end.
INSERT INTO dwh_catalog.warehouse (schema_version) VALUES ('1');

-- Accounts and groups ---------------------------------------------------------------------------------------------------

CREATE TABLE dwh_catalog.account (
	account_id		int GENERATED BY DEFAULT AS IDENTITY CONSTRAINT account_pkey PRIMARY KEY,
	kind			text NOT NULL,
	email			text,
	iam_subject		text,
	full_name		text NOT NULL,
	home_unit_id	int,
	staff_id		int,
	login_role		text,
	is_enabled		boolean NOT NULL DEFAULT true,
	valid_from		date NOT NULL,
	valid_to		date,
	created_at		timestamptz NOT NULL DEFAULT now(),
	created_by		text NOT NULL DEFAULT session_user,
	CONSTRAINT account_iam_subject_key UNIQUE (iam_subject),
	CONSTRAINT account_login_role_key UNIQUE (login_role),
	CONSTRAINT account_staff_id_key UNIQUE (staff_id),
	CONSTRAINT account_kind_check CHECK (kind IN ('sector', 'outside', 'mailbox')),
	CONSTRAINT account_email_check CHECK (email ~ '^[^@[:space:]]+@[^@[:space:]]+$'),
	-- 893 Art. 3.5: inside the sector the right is bound to the e-mail address; outside persons are keyed by IAM.
	CONSTRAINT account_key_check CHECK (CASE kind WHEN 'outside' THEN iam_subject IS NOT NULL AND valid_to IS NOT NULL
		ELSE email IS NOT NULL END),
	CONSTRAINT account_full_name_check CHECK (full_name <> ''),
	CONSTRAINT account_validity_check CHECK (valid_to >= valid_from)
);
CREATE UNIQUE INDEX account_email_key ON dwh_catalog.account (lower(email));
CREATE INDEX account_home_unit_id_idx ON dwh_catalog.account (home_unit_id);
COMMENT ON TABLE dwh_catalog.account IS 'Tài khoản: mỗi người đúng một | Accounts: exactly one for each person';
COMMENT ON COLUMN dwh_catalog.account.account_id IS 'Khóa | Key';
COMMENT ON COLUMN dwh_catalog.account.kind IS
	'sector: người trong ngành; outside: người ngoài ngành; mailbox: hộp thư hỗ trợ của tỉnh | '
	'sector: person of the sector; outside: person from outside; mailbox: support mailbox of a province';
COMMENT ON COLUMN dwh_catalog.account.email IS 'Hộp thư điện tử ngành, không phân biệt hoa thường | Sector e-mail, case ignored';
COMMENT ON COLUMN dwh_catalog.account.iam_subject IS 'Định danh tại hệ thống IAM | Subject in the IAM system';
COMMENT ON COLUMN dwh_catalog.account.full_name IS 'Họ và tên | Full name';
COMMENT ON COLUMN dwh_catalog.account.home_unit_id IS 'Đơn vị công tác | Home unit';
COMMENT ON COLUMN dwh_catalog.account.staff_id IS 'Hồ sơ cán bộ (fact_staff.staff_id) | Staff record (fact_staff.staff_id)';
COMMENT ON COLUMN dwh_catalog.account.login_role IS 'Tên vai trò đăng nhập PostgreSQL | Name of the PostgreSQL login role';
COMMENT ON COLUMN dwh_catalog.account.is_enabled IS 'Đang được dùng | Whether it may be used';
COMMENT ON COLUMN dwh_catalog.account.valid_from IS 'Ngày bắt đầu hiệu lực | First valid day';
COMMENT ON COLUMN dwh_catalog.account.valid_to IS 'Ngày hiệu lực cuối cùng; trống là chưa định | Last valid day; empty is open';
COMMENT ON COLUMN dwh_catalog.account.created_at IS 'Thời điểm tạo | When it was created';
COMMENT ON COLUMN dwh_catalog.account.created_by IS 'Người dùng phiên đã tạo | Session user who created it';

CREATE TABLE dwh_catalog.user_group (
	user_group_id	int GENERATED BY DEFAULT AS IDENTITY CONSTRAINT user_group_pkey PRIMARY KEY,
	code			text NOT NULL,
	name_vi			text NOT NULL,
	name_en			text NOT NULL,
	role_name		text NOT NULL,
	is_seeded		boolean NOT NULL DEFAULT false,
	rights_of		text,
	unit_levels		text[],
	unit_functions	text[],
	employment_kinds	text[],
	document		text,
	valid_from		date NOT NULL DEFAULT '2020-07-10',
	valid_to		date,
	end_document	text,
	created_at		timestamptz NOT NULL DEFAULT now(),
	created_by		text NOT NULL DEFAULT session_user,
	CONSTRAINT user_group_code_key UNIQUE (code),
	CONSTRAINT user_group_role_name_key UNIQUE (role_name),
	CONSTRAINT user_group_code_check CHECK (code ~ '^[a-z][a-z0-9_]*$' AND length(code) <= 50),
	-- 893 Art. 12.4: a group that was made has the rights of one that ships with the warehouse; administrators are no such group.
	CONSTRAINT user_group_rights_of_check CHECK (rights_of IS NULL OR (rights_of IN ('dwh_analyst', 'dwh_national', 'dwh_loader',
		'dwh_share_officer', 'dwh_auditor') AND NOT is_seeded)),
	CONSTRAINT user_group_unit_levels_check CHECK (cardinality(unit_levels) > 0 AND unit_levels <@ ARRAY['centre', 'central_unit', 'region',
		'province', 'defence', 'police', 'division', 'district', 'base']),
	CONSTRAINT user_group_unit_functions_check CHECK (cardinality(unit_functions) > 0
		AND unit_functions <@ ARRAY['it_centre', 'planning', 'it_division']),
	CONSTRAINT user_group_employment_kinds_check CHECK (cardinality(employment_kinds) > 0
		AND employment_kinds <@ ARRAY['civil_servant', 'public_employee', 'contract']),
	CONSTRAINT user_group_validity_check CHECK (valid_to >= valid_from - 1)
);
COMMENT ON TABLE dwh_catalog.user_group IS 'Nhóm người sử dụng | User groups';
COMMENT ON COLUMN dwh_catalog.user_group.user_group_id IS 'Khóa | Key';
COMMENT ON COLUMN dwh_catalog.user_group.code IS 'Mã nhóm | Code of the group';
COMMENT ON COLUMN dwh_catalog.user_group.name_vi IS 'Tên tiếng Việt | Name in Vietnamese';
COMMENT ON COLUMN dwh_catalog.user_group.name_en IS 'Tên tiếng Anh | Name in English';
COMMENT ON COLUMN dwh_catalog.user_group.role_name IS 'Vai trò PostgreSQL mang quyền của nhóm | PostgreSQL role that carries the rights';
COMMENT ON COLUMN dwh_catalog.user_group.is_seeded IS 'Có sẵn khi tạo kho | Shipped with the warehouse';
COMMENT ON COLUMN dwh_catalog.user_group.rights_of IS
	'Nhóm được tạo thêm có quyền của vai trò này; trống: quyền của chính role_name | '
	'Role whose rights a group made later has; empty: those of role_name itself';
COMMENT ON COLUMN dwh_catalog.user_group.unit_levels IS
	'Chỉ người của đơn vị ở các cấp này; trống: mọi cấp | Only for people of units at these levels; empty: any';
COMMENT ON COLUMN dwh_catalog.user_group.unit_functions IS
	'Chỉ người của đơn vị có một trong các chức năng này; trống: không xét | Only for people of units with one of these functions; empty: any';
COMMENT ON COLUMN dwh_catalog.user_group.employment_kinds IS
	'Chỉ loại lao động này: civil_servant, public_employee, contract; trống: mọi loại | Only for these kinds of employment; empty: any';
COMMENT ON COLUMN dwh_catalog.user_group.document IS 'Văn bản lập nhóm | Document by which it was made';
COMMENT ON COLUMN dwh_catalog.user_group.valid_from IS 'Ngày bắt đầu hiệu lực | First valid day';
COMMENT ON COLUMN dwh_catalog.user_group.valid_to IS 'Ngày hiệu lực cuối cùng; trống là chưa định | Last valid day; empty is open';
COMMENT ON COLUMN dwh_catalog.user_group.end_document IS 'Văn bản kết thúc nhóm | Document by which it ended';
COMMENT ON COLUMN dwh_catalog.user_group.created_at IS 'Thời điểm tạo | When it was created';
COMMENT ON COLUMN dwh_catalog.user_group.created_by IS 'Người dùng phiên đã tạo | Session user who created it';

INSERT INTO dwh_catalog.user_group (user_group_id, code, name_vi, name_en, role_name, is_seeded) VALUES
	(1, 'central_admin', 'Quản trị ứng dụng cấp Trung ương', 'Central application administrators', 'dwh_central_admin', true),
	(2, 'province_admin', 'Quản trị ứng dụng cấp tỉnh', 'Province application administrators', 'dwh_province_admin', true),
	(3, 'analyst', 'Khai thác chỉ tiêu, báo cáo', 'Users of indicators and reports', 'dwh_analyst', true),
	(4, 'national', 'Khai thác số liệu toàn quốc', 'Readers of every unit', 'dwh_national', true),
	(5, 'loader', 'Nạp dữ liệu', 'Loaders of data', 'dwh_loader', true),
	(6, 'share_officer', 'Cán bộ chia sẻ dữ liệu', 'Data-sharing officers', 'dwh_share_officer', true),
	(7, 'auditor', 'Kiểm tra, giám sát', 'Auditors', 'dwh_auditor', true),
	(8, 'partner', 'Cơ quan khai thác dữ liệu chia sẻ', 'Partner agencies', 'dwh_partner', true);
ALTER TABLE dwh_catalog.user_group ALTER COLUMN user_group_id RESTART WITH 101;

-- Which account is in which group, for which units and subjects: 52_access_grant.sql.

-- The log of events -----------------------------------------------------------------------------------------------------

CREATE TABLE dwh_log.audit_event (
	event_id			bigint GENERATED ALWAYS AS IDENTITY,
	occurred_at			timestamptz NOT NULL,
	month				date NOT NULL,
	account_id			int,
	person				text,
	session_user_name	text NOT NULL,
	outer_user_name		text NOT NULL,
	client_address		text,
	action				text NOT NULL,
	object				text,
	decision			text NOT NULL,
	detail				jsonb NOT NULL DEFAULT '{}',
	CONSTRAINT audit_event_pkey PRIMARY KEY (event_id, month),
	CONSTRAINT audit_event_month_check CHECK (extract(day FROM month) = 1),
	CONSTRAINT audit_event_action_check CHECK (action <> ''),
	CONSTRAINT audit_event_decision_check CHECK (decision = ANY ('{done,refused,failed}')),
	CONSTRAINT audit_event_detail_check CHECK (jsonb_typeof(detail) = 'object')
) PARTITION BY RANGE (month);
CREATE INDEX audit_event_occurred_at_idx ON dwh_log.audit_event (occurred_at);
CREATE INDEX audit_event_account_id_idx ON dwh_log.audit_event (account_id, occurred_at);
CREATE INDEX audit_event_bypass_idx ON dwh_log.audit_event (occurred_at) WHERE action IN ('bypass', 'records_lost');
-- No foreign key to account: an event must be recordable whatever happens to the row it names.
COMMENT ON TABLE dwh_log.audit_event IS
	'Nhật ký sự kiện, chỉ được thêm dòng | Log of events; rows are only ever appended';
COMMENT ON COLUMN dwh_log.audit_event.event_id IS 'Số thứ tự tăng dần, có thể cách quãng | Increasing number, gaps are normal';
COMMENT ON COLUMN dwh_log.audit_event.occurred_at IS 'Thời điểm xảy ra | When it happened';
COMMENT ON COLUMN dwh_log.audit_event.month IS
	'Ngày đầu tháng xảy ra theo múi giờ của kho, khóa phân vùng | First day of its month in the time zone of the warehouse; partition key';
COMMENT ON COLUMN dwh_log.audit_event.account_id IS 'Tài khoản thực hiện | Account that acted';
COMMENT ON COLUMN dwh_log.audit_event.person IS 'Người thực hiện | Person who acted';
COMMENT ON COLUMN dwh_log.audit_event.session_user_name IS 'Vai trò đã đăng nhập | Role that logged in';
COMMENT ON COLUMN dwh_log.audit_event.outer_user_name IS
	'Vai trò đang dùng, sau SET ROLE nếu có | Role in use, after SET ROLE if any';
COMMENT ON COLUMN dwh_log.audit_event.client_address IS 'Địa chỉ máy khách | Address of the client';
COMMENT ON COLUMN dwh_log.audit_event.action IS 'Hành động | Action';
COMMENT ON COLUMN dwh_log.audit_event.object IS 'Đối tượng | Object acted on';
COMMENT ON COLUMN dwh_log.audit_event.decision IS
	'done: đã làm; refused: bị từ chối; failed: lỗi | done, refused or failed';
COMMENT ON COLUMN dwh_log.audit_event.detail IS 'Chi tiết | Details';
SELECT dwh_internal.ensure_log_partitions(greatest(date '2030-12-01', current_date + 4 * 365));

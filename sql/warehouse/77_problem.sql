-- One register of problems, incidents and requests for change, of all rooms (893 Arts. 8.2, 8.4, 10.3, 12.7, 19.2; 2327 Arts. 21, 23;
-- Decree 47 Art. 49). The tables of problems name people and are granted to nobody: dwh_owner reads them on behalf of whoever asks.

CREATE TABLE dwh_catalog.problem_kind (
	code		text CONSTRAINT problem_kind_pkey PRIMARY KEY,
	is_sharing	boolean NOT NULL,
	name_vi		text NOT NULL,
	name_en		text NOT NULL,
	article		text,
	valid_from	date NOT NULL,
	valid_to	date,
	is_verified	boolean NOT NULL,
	note		text,
	CONSTRAINT problem_kind_valid_check CHECK (valid_to >= valid_from)
);
COMMENT ON TABLE dwh_catalog.problem_kind IS 'Loại vướng mắc, theo thời gian hiệu lực | Kinds of problems, effective-dated';
COMMENT ON COLUMN dwh_catalog.problem_kind.code IS 'Mã | Code';
COMMENT ON COLUMN dwh_catalog.problem_kind.is_sharing IS
	'Vướng mắc trong quản lý, kết nối, chia sẻ dữ liệu (NĐ47 Điều 47) | Of the management, connection and sharing of data (Decree 47 Art. 47)';
COMMENT ON COLUMN dwh_catalog.problem_kind.name_vi IS 'Tên | Name';
COMMENT ON COLUMN dwh_catalog.problem_kind.name_en IS 'Tên tiếng Anh | English name';
COMMENT ON COLUMN dwh_catalog.problem_kind.article IS 'Điều khoản | Article';
COMMENT ON COLUMN dwh_catalog.problem_kind.valid_from IS 'Ngày bắt đầu hiệu lực | First valid day';
COMMENT ON COLUMN dwh_catalog.problem_kind.valid_to IS 'Ngày hiệu lực cuối cùng; trống là chưa định | Last valid day; empty is open';
COMMENT ON COLUMN dwh_catalog.problem_kind.is_verified IS 'Đã đối chiếu với văn bản | Checked against the text';
COMMENT ON COLUMN dwh_catalog.problem_kind.note IS 'Ghi chú | Note';
INSERT INTO dwh_catalog.problem_kind (code, is_sharing, name_vi, name_en, article, valid_from, is_verified, note) VALUES
	('incident', false, 'Sự cố', 'Incident', '893 Art. 10.3', '2020-07-10', true, NULL),
	('support', false, 'Hỗ trợ', 'Support', '893 Art. 12.7', '2020-07-10', true, NULL),
	('data_error', false, 'Sai sót số liệu', 'Error in data', '893 Art. 8.2', '2020-07-10', true, NULL),
	('risk', false, 'Nguy cơ mất an toàn', 'Risk', '893 Art. 17.7', '2020-07-10', true, NULL),
	('change', false, 'Yêu cầu thay đổi nghiệp vụ', 'Request for change', '893 Art. 8.4', '2020-07-10', true, NULL),
	('regulation', false, 'Vướng mắc khi thực hiện quy chế', 'Problem with the regulation', '893 Art. 19.2', '2020-07-10', true, NULL);
INSERT INTO dwh_catalog.problem_kind (code, is_sharing, name_vi, name_en, article, valid_from, is_verified, note)
SELECT v.code, true, v.name_vi, v.name_en, 'ND47 Art. 47', '2020-05-25', false,
	'[own] the article counts six kinds; these words are ours until they are checked against its text'
FROM (VALUES
	('share_competence', 'Thẩm quyền thu thập, quản lý, cung cấp dữ liệu', 'Who collects, manages or supplies data'),
	('share_refusal', 'Từ chối cung cấp, không thống nhất được thỏa thuận', 'Supply refused, no agreement reached'),
	('share_quality', 'Dữ liệu sai, thiếu, không thống nhất', 'Data that is wrong, incomplete or contradictory'),
	('share_connection', 'Kết nối, cấu trúc dữ liệu, kỹ thuật', 'Connection, structure of data, technology'),
	('share_use', 'Phạm vi, mục đích, điều kiện sử dụng', 'Scope, purpose and conditions of use'),
	('share_other', 'Vướng mắc khác khi kết nối, chia sẻ', 'Other problems of connection and sharing')) AS v (code, name_vi, name_en);

CREATE TABLE dwh_catalog.problem_level (
	level_no	int,
	code		text NOT NULL,
	name_vi		text NOT NULL,
	name_en		text NOT NULL,
	article		text NOT NULL,
	valid_from	date,
	valid_to	date,
	is_verified	boolean NOT NULL,
	note		text,
	CONSTRAINT problem_level_pkey PRIMARY KEY (level_no, valid_from),
	CONSTRAINT problem_level_level_no_check CHECK (level_no > 0),
	CONSTRAINT problem_level_valid_check CHECK (valid_to >= valid_from)
);
COMMENT ON TABLE dwh_catalog.problem_level IS
	'Các cấp có thẩm quyền giải quyết vướng mắc khi chia sẻ dữ liệu, từ thấp đến cao, theo thời gian hiệu lực | '
	'Levels competent for problems of sharing, from the lowest up, effective-dated';
COMMENT ON COLUMN dwh_catalog.problem_level.level_no IS 'Thứ tự từ 1 | Order from 1';
COMMENT ON COLUMN dwh_catalog.problem_level.code IS 'Mã | Code';
COMMENT ON COLUMN dwh_catalog.problem_level.name_vi IS 'Tên | Name';
COMMENT ON COLUMN dwh_catalog.problem_level.name_en IS 'Tên tiếng Anh | English name';
COMMENT ON COLUMN dwh_catalog.problem_level.article IS 'Điều khoản | Article';
COMMENT ON COLUMN dwh_catalog.problem_level.valid_from IS 'Ngày bắt đầu hiệu lực | First valid day';
COMMENT ON COLUMN dwh_catalog.problem_level.valid_to IS 'Ngày hiệu lực cuối cùng; trống là chưa định | Last valid day; empty is open';
COMMENT ON COLUMN dwh_catalog.problem_level.is_verified IS 'Đã đối chiếu với văn bản | Checked against the text';
COMMENT ON COLUMN dwh_catalog.problem_level.note IS 'Ghi chú | Note';
INSERT INTO dwh_catalog.problem_level (level_no, code, name_vi, name_en, article, valid_from, valid_to, is_verified, note) VALUES
	(1, 'provider', 'Cơ quan cung cấp dữ liệu', 'Agency that supplies the data', 'ND47 Art. 48', '2020-05-25', NULL, true, NULL),
	(2, 'head', 'Người đứng đầu bộ, cơ quan, địa phương', 'Head of the ministry, agency or province', 'ND47 Art. 48', '2020-05-25', NULL, true,
	 'through the unit in charge of information technology, which answers within the days of Art. 49.2'),
	(3, 'ministry', 'Bộ Thông tin và Truyền thông', 'Ministry of Information and Communications', 'ND47 Art. 48', '2020-05-25', '2025-02-28', true, NULL),
	(3, 'ministry', 'Bộ Khoa học và Công nghệ', 'Ministry of Science and Technology', 'ND47 Art. 48', '2025-03-01', NULL, false,
	 'took the place of the Ministry of Information and Communications on 2025-03-01; whose this is after Decree 278/2025 is not verified'),
	(4, 'prime_minister', 'Thủ tướng Chính phủ', 'Prime Minister', 'ND47 Art. 48', '2020-05-25', NULL, true, NULL);

CREATE TABLE dwh_catalog.problem (
	problem_id			int GENERATED BY DEFAULT AS IDENTITY CONSTRAINT problem_pkey PRIMARY KEY,
	kind				text NOT NULL CONSTRAINT problem_kind_fkey REFERENCES dwh_catalog.problem_kind,
	is_sharing			boolean NOT NULL,
	subject				text NOT NULL,
	description			text NOT NULL,
	object				text,
	article				text,
	channel				text NOT NULL,
	document_no			text,
	received_on			date NOT NULL,
	unit_id				int CONSTRAINT problem_unit_id_fkey REFERENCES dwh_star.dim_unit,
	affected_unit_ids	int[],
	agency_id			int CONSTRAINT problem_agency_id_fkey REFERENCES dwh_catalog.agency,
	service_id			int CONSTRAINT problem_service_id_fkey REFERENCES dwh_catalog.share_service,
	agreement_id		int CONSTRAINT problem_agreement_id_fkey REFERENCES dwh_catalog.share_agreement,
	share_no			bigint,
	to_functions		text[] NOT NULL DEFAULT '{}',
	is_immediate		boolean NOT NULL DEFAULT false,
	state				text NOT NULL DEFAULT 'open',
	due_on				date,
	deadline_id			int CONSTRAINT problem_deadline_id_fkey REFERENCES dwh_catalog.deadline,
	opened_at			timestamptz NOT NULL,
	opened_by			text NOT NULL,
	opened_person		text,
	opened_account_id	int CONSTRAINT problem_opened_account_id_fkey REFERENCES dwh_catalog.account,
	assigned_unit_id	int CONSTRAINT problem_assigned_unit_id_fkey REFERENCES dwh_star.dim_unit,
	assigned_at			timestamptz,
	decided_by			int CONSTRAINT problem_decided_by_fkey REFERENCES dwh_catalog.office_holder,
	decided_on			date,
	decision_no			text,
	answered_on			date,
	closed_at			timestamptz,
	closed_on			date,
	closed_by			text,
	resolution			text,
	CONSTRAINT problem_sharing_check CHECK (is_sharing OR num_nonnulls(agency_id, service_id, agreement_id, share_no) = 0),
	CONSTRAINT problem_text_check CHECK (subject ~ '[^[:space:]]' AND description ~ '[^[:space:]]'),
	-- 2327 Art. 21.1e: the portal, e-mail, or a document with its number; system: the warehouse itself found it.
	CONSTRAINT problem_channel_check CHECK (channel IN ('portal', 'email', 'document', 'system')
		AND (channel <> 'document' OR coalesce(document_no ~ '[^[:space:]]', false))),
	CONSTRAINT problem_state_check CHECK (state IN ('open', 'assigned', 'escalated', 'closed')),
	-- 893 Art. 8.4: a change of the system is assigned by a leader of the sector.
	CONSTRAINT problem_change_check CHECK (kind <> 'change' OR assigned_at IS NULL
		OR (decided_by IS NOT NULL AND decided_on IS NOT NULL AND decision_no IS NOT NULL)),
	CONSTRAINT problem_closed_check CHECK (CASE state WHEN 'closed' THEN closed_at IS NOT NULL AND closed_on IS NOT NULL
		AND coalesce(resolution ~ '[^[:space:]]', false) ELSE closed_at IS NULL AND closed_on IS NULL END)
);
CREATE INDEX problem_received_on_idx ON dwh_catalog.problem (received_on);
CREATE INDEX problem_agency_id_idx ON dwh_catalog.problem (agency_id);
CREATE INDEX problem_agreement_id_idx ON dwh_catalog.problem (agreement_id);
CREATE INDEX problem_service_id_idx ON dwh_catalog.problem (service_id);
COMMENT ON TABLE dwh_catalog.problem IS
	'Sổ vướng mắc, sự cố và yêu cầu thay đổi của mọi bộ phận | Register of problems, incidents and requests for change, of all rooms';
COMMENT ON COLUMN dwh_catalog.problem.problem_id IS 'Số | Number';
COMMENT ON COLUMN dwh_catalog.problem.kind IS 'Loại, xem dwh_catalog.problem_kind | Kind, a code of dwh_catalog.problem_kind';
COMMENT ON COLUMN dwh_catalog.problem.is_sharing IS
	'Vướng mắc khi chia sẻ: theo loại, hoặc liên quan cơ quan, dịch vụ, thỏa thuận, lần chia sẻ | '
	'Of sharing: by its kind, or because it concerns an agency, service, agreement or transfer';
COMMENT ON COLUMN dwh_catalog.problem.subject IS 'Trích yếu | Subject';
COMMENT ON COLUMN dwh_catalog.problem.description IS 'Nội dung | Description';
COMMENT ON COLUMN dwh_catalog.problem.object IS 'Đối tượng: bảng, chỉ tiêu, chức năng | What it is about: a table, indicator, function';
COMMENT ON COLUMN dwh_catalog.problem.article IS 'Điều khoản liên quan, căn cứ | Article concerned, legal basis';
COMMENT ON COLUMN dwh_catalog.problem.channel IS 'portal, email, document hoặc system (hệ thống tự phát hiện) | Channel';
COMMENT ON COLUMN dwh_catalog.problem.document_no IS 'Số văn bản | Number of the document';
COMMENT ON COLUMN dwh_catalog.problem.received_on IS 'Ngày tiếp nhận | Day of receipt';
COMMENT ON COLUMN dwh_catalog.problem.unit_id IS 'Đơn vị phản ánh | Unit that reports it';
COMMENT ON COLUMN dwh_catalog.problem.affected_unit_ids IS 'Các đơn vị bị ảnh hưởng | Units affected';
COMMENT ON COLUMN dwh_catalog.problem.agency_id IS 'Cơ quan đối tác | Partner agency';
COMMENT ON COLUMN dwh_catalog.problem.service_id IS 'Dịch vụ chia sẻ | Sharing service';
COMMENT ON COLUMN dwh_catalog.problem.agreement_id IS 'Thỏa thuận chia sẻ | Agreement of sharing';
COMMENT ON COLUMN dwh_catalog.problem.share_no IS 'Lần chia sẻ trong dwh_log.share_log | Transfer of dwh_log.share_log';
COMMENT ON COLUMN dwh_catalog.problem.to_functions IS
	'Gửi tới đơn vị có chức năng: it_centre, planning | Addressed to the units with these functions';
COMMENT ON COLUMN dwh_catalog.problem.is_immediate IS 'Phải báo ngay (893 Điều 17.7) | To be reported at once (893 Art. 17.7)';
COMMENT ON COLUMN dwh_catalog.problem.state IS
	'open: mới tiếp nhận; assigned: đã giao; escalated: đã chuyển cấp trên; closed: đã xong | open, assigned, escalated, closed';
COMMENT ON COLUMN dwh_catalog.problem.due_on IS 'Hạn trả lời; trống khi quy định không đặt hạn | Due day; empty where no rule sets one';
COMMENT ON COLUMN dwh_catalog.problem.deadline_id IS 'Quy định về hạn | Deadline used';
COMMENT ON COLUMN dwh_catalog.problem.opened_at IS 'Thời điểm vào sổ | When it was entered';
COMMENT ON COLUMN dwh_catalog.problem.opened_by IS 'Vai trò đã vào sổ | Role that entered it';
COMMENT ON COLUMN dwh_catalog.problem.opened_person IS 'Người đã vào sổ | Person who entered it';
COMMENT ON COLUMN dwh_catalog.problem.opened_account_id IS 'Tài khoản đã vào sổ | Account that entered it';
COMMENT ON COLUMN dwh_catalog.problem.assigned_unit_id IS 'Đơn vị được giao | Unit it is assigned to';
COMMENT ON COLUMN dwh_catalog.problem.assigned_at IS 'Thời điểm giao | When it was assigned';
COMMENT ON COLUMN dwh_catalog.problem.decided_by IS 'Lãnh đạo Ngành quyết định (yêu cầu thay đổi) | Leader of the sector who decided (changes)';
COMMENT ON COLUMN dwh_catalog.problem.decided_on IS 'Ngày quyết định | Day of the decision';
COMMENT ON COLUMN dwh_catalog.problem.decision_no IS 'Số quyết định | Number of the decision';
COMMENT ON COLUMN dwh_catalog.problem.answered_on IS 'Ngày trả lời lần đầu | Day of the first answer';
COMMENT ON COLUMN dwh_catalog.problem.closed_at IS 'Thời điểm đóng | When it was closed';
COMMENT ON COLUMN dwh_catalog.problem.closed_on IS 'Ngày đóng | Day it was closed';
COMMENT ON COLUMN dwh_catalog.problem.closed_by IS 'Vai trò đã đóng | Role that closed it';
COMMENT ON COLUMN dwh_catalog.problem.resolution IS 'Kết quả giải quyết | Resolution';

CREATE TABLE dwh_catalog.problem_escalation (
	problem_id		int CONSTRAINT problem_escalation_problem_id_fkey REFERENCES dwh_catalog.problem,
	step			int,
	level_no		int,
	escalated_to	text NOT NULL,
	escalated_on	date NOT NULL,
	escalated_by	text NOT NULL,
	reason			text NOT NULL,
	due_on			date,
	deadline_id		int CONSTRAINT problem_escalation_deadline_id_fkey REFERENCES dwh_catalog.deadline,
	answered_on		date,
	CONSTRAINT problem_escalation_pkey PRIMARY KEY (problem_id, step),
	CONSTRAINT problem_escalation_step_check CHECK (step > 0),
	CONSTRAINT problem_escalation_text_check CHECK (reason ~ '[^[:space:]]' AND escalated_to ~ '[^[:space:]]')
);
COMMENT ON TABLE dwh_catalog.problem_escalation IS 'Các lần chuyển cấp trên giải quyết | The times a problem was passed on to the level above';
COMMENT ON COLUMN dwh_catalog.problem_escalation.problem_id IS 'Số của vướng mắc | Number of the problem';
COMMENT ON COLUMN dwh_catalog.problem_escalation.step IS 'Lần thứ | Which time, from 1';
COMMENT ON COLUMN dwh_catalog.problem_escalation.level_no IS
	'Cấp có thẩm quyền (vướng mắc khi chia sẻ), xem problem_level | Competent level (problems of sharing), see problem_level';
COMMENT ON COLUMN dwh_catalog.problem_escalation.escalated_to IS 'Chuyển tới | To whom';
COMMENT ON COLUMN dwh_catalog.problem_escalation.escalated_on IS 'Ngày chuyển | Day';
COMMENT ON COLUMN dwh_catalog.problem_escalation.escalated_by IS 'Vai trò đã chuyển | Role that passed it on';
COMMENT ON COLUMN dwh_catalog.problem_escalation.reason IS 'Lý do chuyển | Why';
COMMENT ON COLUMN dwh_catalog.problem_escalation.due_on IS 'Hạn trả lời; trống khi quy định không đặt hạn | Due day; empty where no rule sets one';
COMMENT ON COLUMN dwh_catalog.problem_escalation.deadline_id IS 'Quy định về hạn | Deadline used';
COMMENT ON COLUMN dwh_catalog.problem_escalation.answered_on IS 'Ngày trả lời | Day of the answer';

CREATE TABLE dwh_catalog.problem_note (
	note_id		int GENERATED BY DEFAULT AS IDENTITY CONSTRAINT problem_note_pkey PRIMARY KEY,
	problem_id	int NOT NULL CONSTRAINT problem_note_problem_id_fkey REFERENCES dwh_catalog.problem,
	noted_at	timestamptz NOT NULL,
	noted_by	text NOT NULL,
	noted_person text,
	note		text NOT NULL,
	CONSTRAINT problem_note_note_check CHECK (note ~ '[^[:space:]]')
);
CREATE INDEX problem_note_problem_id_idx ON dwh_catalog.problem_note (problem_id);
COMMENT ON TABLE dwh_catalog.problem_note IS
	'Tình trạng và tiến độ khắc phục, thông báo cho các đơn vị (893 Điều 10.3) | Progress, for the units to read (893 Art. 10.3)';
COMMENT ON COLUMN dwh_catalog.problem_note.note_id IS 'Khóa | Key';
COMMENT ON COLUMN dwh_catalog.problem_note.problem_id IS 'Số của vướng mắc, sự cố | Number of the problem';
COMMENT ON COLUMN dwh_catalog.problem_note.noted_at IS 'Thời điểm ghi | When it was noted';
COMMENT ON COLUMN dwh_catalog.problem_note.noted_by IS 'Vai trò đã ghi | Role that noted it';
COMMENT ON COLUMN dwh_catalog.problem_note.noted_person IS 'Người đã ghi | Person who noted it';
COMMENT ON COLUMN dwh_catalog.problem_note.note IS 'Nội dung | Text';

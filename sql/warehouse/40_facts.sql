-- Facts: one grain each, fed by one source system each (Decision 893 Art. 4). Every fact is partitioned by range of month into
-- years; dwh.ensure_partitions() adds years. The default partition of a fact exists to refuse rows with a useful error and never
-- holds any: its CHECK (false) stays when the extension is dropped. Row security is on everywhere and no policy stands here.
--
-- Foreign keys go to every dimension a row names: BI tools draw their joins from them. No fact holds personal content.

CREATE TABLE dwh_log.load_run (
	load_id			int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	source_id		int NOT NULL REFERENCES dwh_star.dim_source,
	batch			text NOT NULL,
	started_at		timestamptz NOT NULL DEFAULT now(),
	finished_at		timestamptz,
	rows_in			bigint NOT NULL DEFAULT 0 CHECK (rows_in >= 0),
	rows_loaded		bigint NOT NULL DEFAULT 0 CHECK (rows_loaded >= 0),
	rows_quarantined bigint NOT NULL DEFAULT 0 CHECK (rows_quarantined >= 0),
	rows_duplicate	bigint NOT NULL DEFAULT 0 CHECK (rows_duplicate >= 0),
	rows_superseded	bigint NOT NULL DEFAULT 0 CHECK (rows_superseded >= 0),
	rows_rejected	bigint NOT NULL DEFAULT 0 CHECK (rows_rejected >= 0),
	status			text NOT NULL DEFAULT 'running' CHECK (status IN ('running', 'done', 'failed', 'skipped')),
	note			text,
	CONSTRAINT load_run_balance_check CHECK (status <> 'done' OR rows_in = rows_loaded + rows_quarantined + rows_duplicate
																		 + rows_superseded + rows_rejected)
);
CREATE INDEX load_run_source_id_idx ON dwh_log.load_run (source_id, started_at);
COMMENT ON TABLE dwh_log.load_run IS
	'Mỗi lần nạp dữ liệu một dòng; vào = nạp + cách ly + trùng + thay thế + từ chối | '
	'One row per load; in = loaded + quarantined + duplicate + superseded + rejected';
COMMENT ON COLUMN dwh_log.load_run.load_id IS
	'Số lần nạp, ghi trên mỗi dòng sự kiện | Number of the load, stands on every fact row it brought';
COMMENT ON COLUMN dwh_log.load_run.source_id IS 'Hệ thống nguồn | Source system';
COMMENT ON COLUMN dwh_log.load_run.batch IS 'Lô dữ liệu | Batch';
COMMENT ON COLUMN dwh_log.load_run.started_at IS 'Bắt đầu | Started';
COMMENT ON COLUMN dwh_log.load_run.finished_at IS 'Kết thúc | Finished';
COMMENT ON COLUMN dwh_log.load_run.rows_in IS 'Số dòng vào | Rows that came in';
COMMENT ON COLUMN dwh_log.load_run.rows_loaded IS 'Số dòng nạp mới | Rows loaded as new facts';
COMMENT ON COLUMN dwh_log.load_run.rows_quarantined IS 'Số dòng cách ly | Rows put into quarantine';
COMMENT ON COLUMN dwh_log.load_run.rows_duplicate IS 'Số dòng trùng | Rows already there with the same content';
COMMENT ON COLUMN dwh_log.load_run.rows_superseded IS
	'Số dòng thay thế dòng cũ | Rows that superseded an earlier content';
COMMENT ON COLUMN dwh_log.load_run.rows_rejected IS 'Số dòng từ chối | Rows rejected';
COMMENT ON COLUMN dwh_log.load_run.status IS 'Trạng thái | Status';
COMMENT ON COLUMN dwh_log.load_run.note IS 'Ghi chú | Remark';

CREATE TABLE dwh_star.fact_participation (
	month		date NOT NULL,
	unit_id		int NOT NULL,
	person_id	int NOT NULL,
	scheme_id	int NOT NULL,
	payer_kind	text NOT NULL CHECK (payer_kind IN ('employer', 'self', 'household', 'budget', 'fund')),
	employer_id	int NOT NULL DEFAULT 0,
	category_id	int NOT NULL DEFAULT 0,
	state		text NOT NULL CHECK (state IN ('active', 'suspended', 'ended')),
	is_main		boolean NOT NULL,
	card_from	date,
	card_to		date,
	salary_base	bigint NOT NULL CHECK (salary_base >= 0),
	sex			text NOT NULL CHECK (sex IN ('F', 'M')),
	age			int NOT NULL CHECK (age BETWEEN 0 AND 150),
	load_id		int NOT NULL,
	PRIMARY KEY (person_id, month, scheme_id, payer_kind, employer_id),
	CONSTRAINT fact_participation_card_check CHECK (card_to >= card_from),
	FOREIGN KEY (person_id) REFERENCES dwh_star.dim_person,
	FOREIGN KEY (scheme_id) REFERENCES dwh_star.dim_scheme,
	FOREIGN KEY (employer_id) REFERENCES dwh_star.dim_employer,
	FOREIGN KEY (category_id) REFERENCES dwh_star.dim_category
) PARTITION BY RANGE (month);
COMMENT ON TABLE dwh_star.fact_participation IS
	'Tham gia: người × tháng × loại hình × bên đóng; nguồn 1 | '
	'Participation: person × month × scheme × payer; source system 1';
COMMENT ON COLUMN dwh_star.fact_participation.payer_kind IS
	'Bên đóng: đơn vị, tự đóng, hộ gia đình, ngân sách, quỹ | Who pays: employer, self, household, budget, fund';
COMMENT ON COLUMN dwh_star.fact_participation.state IS 'Trạng thái cuối tháng | State at the month''s end';
COMMENT ON COLUMN dwh_star.fact_participation.is_main IS
	'Dòng được tính một lần cho mỗi người và loại hình | The one row that counts for the person and scheme';
COMMENT ON COLUMN dwh_star.fact_participation.card_from IS 'Thẻ BHYT có giá trị từ | Health card valid from';
COMMENT ON COLUMN dwh_star.fact_participation.card_to IS 'Thẻ BHYT có giá trị đến | Health card valid to (last day)';
COMMENT ON COLUMN dwh_star.fact_participation.salary_base IS
	'Tiền lương, thu nhập làm căn cứ đóng, đồng | Salary or income that contributions are computed from, in đồng';

CREATE TABLE dwh_star.fact_collection (
	month		date NOT NULL,
	unit_id		int NOT NULL,
	payer_kind	text NOT NULL CHECK (payer_kind IN ('employer', 'self', 'household', 'budget', 'fund')),
	payer_id	int NOT NULL,
	employer_id	int NOT NULL DEFAULT 0,
	scheme_id	int NOT NULL,
	funding_source text NOT NULL CHECK (funding_source IN ('employer', 'employee', 'budget', 'fund', 'self')),
	kind		text NOT NULL CHECK (kind IN ('regular', 'back_payment', 'late_interest')),
	category_id	int NOT NULL DEFAULT 0,
	due			bigint NOT NULL,
	paid		bigint NOT NULL,
	arrears		bigint NOT NULL,
	months_late	int NOT NULL CHECK (months_late >= 0),
	load_id		int NOT NULL,
	PRIMARY KEY (unit_id, month, payer_kind, payer_id, scheme_id, funding_source, kind, category_id),
	FOREIGN KEY (employer_id) REFERENCES dwh_star.dim_employer,
	FOREIGN KEY (scheme_id) REFERENCES dwh_star.dim_scheme,
	FOREIGN KEY (category_id) REFERENCES dwh_star.dim_category
) PARTITION BY RANGE (month);
COMMENT ON TABLE dwh_star.fact_collection IS
	'Thu: bên đóng × tháng × loại hình × nguồn đóng × loại thu × đối tượng; nguồn 1 | '
	'Collection: payer × month × scheme × funding source × kind × category; source system 1';
COMMENT ON COLUMN dwh_star.fact_collection.payer_kind IS
	'Bên đóng: đơn vị, tự đóng, hộ gia đình, ngân sách, quỹ | Who pays: employer, self, household, budget, fund';
COMMENT ON COLUMN dwh_star.fact_collection.payer_id IS
	'Số thay thế của bên đóng, không mang nội dung cá nhân | Surrogate of the payer, no personal content';
COMMENT ON COLUMN dwh_star.fact_collection.funding_source IS
	'Nguồn đóng | Whose money: employer, employee, budget, fund, self';
COMMENT ON COLUMN dwh_star.fact_collection.kind IS
	'Loại thu: trong kỳ, truy thu, lãi chậm đóng | Regular, back payment, late interest';
COMMENT ON COLUMN dwh_star.fact_collection.due IS 'Số phải thu của tháng, đồng | Due for the month, in đồng';
COMMENT ON COLUMN dwh_star.fact_collection.paid IS 'Số đã thu trong tháng, đồng | Paid in the month, in đồng';
COMMENT ON COLUMN dwh_star.fact_collection.arrears IS
	'Số còn chậm đóng cuối tháng, đồng | Outstanding at the month''s end, in đồng';
COMMENT ON COLUMN dwh_star.fact_collection.months_late IS 'Số tháng chậm đóng | Months the payer is late';

CREATE TABLE dwh_star.fact_book_card (
	month		date NOT NULL,
	unit_id		int NOT NULL,
	event_no	bigint NOT NULL,
	event_on	date NOT NULL,
	event		text NOT NULL CHECK (event IN ('opening', 'issued', 'renewed', 'withdrawn')),
	document	text NOT NULL CHECK (document IN ('book', 'card')),
	person_id	int,
	quantity	int NOT NULL CHECK (quantity >= 0),
	load_id		int NOT NULL,
	PRIMARY KEY (month, event_no),
	CONSTRAINT fact_book_card_event_quantity_check CHECK (event = 'opening' OR quantity = 1),
	FOREIGN KEY (person_id) REFERENCES dwh_star.dim_person
) PARTITION BY RANGE (month);
COMMENT ON TABLE dwh_star.fact_book_card IS
	'Sổ BHXH, thẻ BHYT: mỗi sự kiện một dòng; nguồn 1 | Books and cards: one row per event; source system 1';
COMMENT ON COLUMN dwh_star.fact_book_card.event_no IS
	'Số sự kiện trong tháng do nguồn cấp | Number of the event within the month, given by the source';
COMMENT ON COLUMN dwh_star.fact_book_card.event_on IS 'Ngày xảy ra | Day of the event';
COMMENT ON COLUMN dwh_star.fact_book_card.event IS
	'Sự kiện: số đầu kỳ, cấp, cấp lại, thu hồi | Event: opening, issued, renewed, withdrawn';
COMMENT ON COLUMN dwh_star.fact_book_card.document IS 'Sổ (book) hay thẻ (card) | Book or card';
COMMENT ON COLUMN dwh_star.fact_book_card.quantity IS
	'Số lượng: 1, riêng số đầu kỳ mang số tồn | Quantity: 1, but for opening rows, which carry the stock';

CREATE TABLE dwh_star.fact_decision (
	month		date NOT NULL,
	unit_id		int NOT NULL,
	person_id	int NOT NULL,
	benefit_id	int NOT NULL,
	decision	text NOT NULL CHECK (decision IN ('award', 'stop')),
	turns		int NOT NULL CHECK (turns >= 0),
	sex			text NOT NULL CHECK (sex IN ('F', 'M')),
	age			int NOT NULL CHECK (age BETWEEN 0 AND 150),
	load_id		int NOT NULL,
	PRIMARY KEY (person_id, month, benefit_id, decision),
	FOREIGN KEY (person_id) REFERENCES dwh_star.dim_person,
	FOREIGN KEY (benefit_id) REFERENCES dwh_star.dim_benefit
) PARTITION BY RANGE (month);
COMMENT ON TABLE dwh_star.fact_decision IS
	'Quyết định hưởng, dừng: người × tháng quyết định × chế độ; nguồn 2 | '
	'Awards and stops: person × decision month × benefit; source system 2';
COMMENT ON COLUMN dwh_star.fact_decision.decision IS 'Hưởng (award) hay dừng (stop) | Award or stop';
COMMENT ON COLUMN dwh_star.fact_decision.turns IS
	'Số lượt của người trong tháng với chế độ này | Turns of this person, month and benefit';

CREATE TABLE dwh_star.fact_benefit (
	month		date NOT NULL,
	unit_id		int NOT NULL,
	person_id	int NOT NULL,
	benefit_id	int NOT NULL,
	fund_id		int NOT NULL,
	paid_on		date,
	amount		bigint NOT NULL,
	turns		int NOT NULL CHECK (turns >= 0),
	sex			text NOT NULL CHECK (sex IN ('F', 'M')),
	age			int NOT NULL CHECK (age BETWEEN 0 AND 150),
	load_id		int NOT NULL,
	PRIMARY KEY (person_id, month, benefit_id, fund_id),
	FOREIGN KEY (person_id) REFERENCES dwh_star.dim_person,
	FOREIGN KEY (benefit_id) REFERENCES dwh_star.dim_benefit,
	FOREIGN KEY (fund_id) REFERENCES dwh_star.dim_fund
) PARTITION BY RANGE (month);
COMMENT ON TABLE dwh_star.fact_benefit IS
	'Chi trả: người × tháng được hưởng × chế độ × quỹ; nguồn 2 | '
	'Payments: person × entitlement month × benefit × fund; source system 2';
COMMENT ON COLUMN dwh_star.fact_benefit.paid_on IS
	'Ngày chi trả, có thể gộp hai tháng | Day of payment; two months may be paid together';
COMMENT ON COLUMN dwh_star.fact_benefit.amount IS 'Số tiền, đồng; âm = thu hồi | Amount in đồng; negative = recovered';
COMMENT ON COLUMN dwh_star.fact_benefit.turns IS 'Số lượt | Turns';

CREATE TABLE dwh_star.fact_claim (
	month		date NOT NULL,
	unit_id		int NOT NULL,
	card_unit_id int NOT NULL,
	claim_no	bigint NOT NULL,
	person_id	int NOT NULL,
	facility_id	int NOT NULL,
	visit_kind	text NOT NULL CHECK (visit_kind IN ('inpatient', 'outpatient')),
	asked		bigint NOT NULL,
	accepted	bigint NOT NULL,
	sex			text NOT NULL CHECK (sex IN ('F', 'M')),
	age			int NOT NULL CHECK (age BETWEEN 0 AND 150),
	load_id		int NOT NULL,
	PRIMARY KEY (month, claim_no),
	FOREIGN KEY (card_unit_id) REFERENCES dwh_star.dim_unit,
	FOREIGN KEY (person_id) REFERENCES dwh_star.dim_person,
	FOREIGN KEY (facility_id) REFERENCES dwh_star.dim_facility
) PARTITION BY RANGE (month);
COMMENT ON TABLE dwh_star.fact_claim IS
	'Khám chữa bệnh BHYT: mỗi lượt một dòng, theo tháng quyết toán; nguồn 3 | '
	'Health-care claims: one row per visit, by month of settlement; source system 3';
COMMENT ON COLUMN dwh_star.fact_claim.unit_id IS 'Cơ quan BHXH của cơ sở khám chữa bệnh | Office of the facility';
COMMENT ON COLUMN dwh_star.fact_claim.card_unit_id IS 'Cơ quan BHXH phát hành thẻ | Office that issued the card';
COMMENT ON COLUMN dwh_star.fact_claim.claim_no IS
	'Số hồ sơ trong tháng do nguồn cấp | Number of the claim within the month, given by the source';
COMMENT ON COLUMN dwh_star.fact_claim.facility_id IS 'Cơ sở khám chữa bệnh | Facility';
COMMENT ON COLUMN dwh_star.fact_claim.visit_kind IS
	'Nội trú (inpatient) hay ngoại trú (outpatient) | Inpatient or outpatient';
COMMENT ON COLUMN dwh_star.fact_claim.asked IS 'Chi phí đề nghị thanh toán, đồng | Cost asked, in đồng';
COMMENT ON COLUMN dwh_star.fact_claim.accepted IS 'Chi phí được chấp nhận, đồng | Cost accepted, in đồng';

CREATE TABLE dwh_star.fact_ledger (
	month		date NOT NULL,
	unit_id		int NOT NULL,
	account_id	int NOT NULL,
	fund_id		int NOT NULL,
	revenue		bigint NOT NULL,
	expenditure	bigint NOT NULL,
	opening		bigint NOT NULL,
	closing		bigint NOT NULL,
	load_id		int NOT NULL,
	PRIMARY KEY (month, unit_id, account_id, fund_id),
	FOREIGN KEY (account_id) REFERENCES dwh_star.dim_ledger_account,
	FOREIGN KEY (fund_id) REFERENCES dwh_star.dim_fund
) PARTITION BY RANGE (month);
COMMENT ON TABLE dwh_star.fact_ledger IS
	'Sổ cái: tài khoản × quỹ × đơn vị × tháng; nguồn 4 | Ledger: account × fund × unit × month; source system 4';
COMMENT ON COLUMN dwh_star.fact_ledger.account_id IS 'Tài khoản | Ledger account';
COMMENT ON COLUMN dwh_star.fact_ledger.revenue IS 'Thu trong tháng, đồng | Revenue of the month, in đồng';
COMMENT ON COLUMN dwh_star.fact_ledger.expenditure IS 'Chi trong tháng, đồng | Expenditure of the month, in đồng';
COMMENT ON COLUMN dwh_star.fact_ledger.opening IS 'Số dư đầu tháng, đồng | Balance at the month''s beginning, in đồng';
COMMENT ON COLUMN dwh_star.fact_ledger.closing IS 'Số dư cuối tháng, đồng | Balance at the month''s end, in đồng';

CREATE TABLE dwh_star.fact_registration (
	month		date NOT NULL,
	unit_id		int NOT NULL,
	event_no	bigint NOT NULL,
	event_on	date NOT NULL,
	event		text NOT NULL CHECK (event IN ('opening', 'registered', 'matched', 'unmatched', 'merged')),
	person_id	int,
	quantity	int NOT NULL CHECK (quantity >= 0),
	was_matched	boolean NOT NULL,
	load_id		int NOT NULL,
	PRIMARY KEY (month, event_no),
	CONSTRAINT fact_registration_event_quantity_check CHECK (event = 'opening' OR quantity = 1),
	FOREIGN KEY (person_id) REFERENCES dwh_star.dim_person
) PARTITION BY RANGE (month);
-- The last word on a person, see dwh_internal.share_matched_condition().
CREATE INDEX fact_registration_person_id_idx ON dwh_star.fact_registration (person_id, month, event_on, event_no)
	WHERE event IN ('matched', 'unmatched', 'merged');
COMMENT ON TABLE dwh_star.fact_registration IS
	'Mã số BHXH và đối chiếu dân cư: mỗi sự kiện một dòng; nguồn 5 | '
	'Numbers and matching with the population database: one row per event; source system 5';
COMMENT ON COLUMN dwh_star.fact_registration.event_no IS
	'Số sự kiện trong tháng do nguồn cấp | Number of the event within the month, given by the source';
COMMENT ON COLUMN dwh_star.fact_registration.event_on IS 'Ngày xảy ra | Day of the event';
COMMENT ON COLUMN dwh_star.fact_registration.event IS
	'Sự kiện: số đầu kỳ, cấp mã số, khớp, bỏ khớp, gộp | Event: opening, registered, matched, unmatched, merged';
COMMENT ON COLUMN dwh_star.fact_registration.quantity IS
	'Số lượng: 1, riêng số đầu kỳ mang số tồn | Quantity: 1, but for opening rows, which carry the stock';
COMMENT ON COLUMN dwh_star.fact_registration.was_matched IS
	'Trước sự kiện đã khớp hay chưa | Whether the number was matched before the event';

CREATE TABLE dwh_star.fact_staff (
	month		date NOT NULL,
	unit_id		int NOT NULL,
	staff_id	int NOT NULL,
	position_id	int NOT NULL,
	employment_kind text NOT NULL CHECK (employment_kind IN ('civil_servant', 'public_employee', 'contract')),
	load_id		int NOT NULL,
	PRIMARY KEY (month, staff_id),
	FOREIGN KEY (position_id) REFERENCES dwh_star.dim_position
) PARTITION BY RANGE (month);
COMMENT ON TABLE dwh_star.fact_staff IS 'Cán bộ: người × tháng; nguồn 6 | Staff: staff member × month; source system 6';
COMMENT ON COLUMN dwh_star.fact_staff.staff_id IS
	'Số thay thế của cán bộ do nguồn cấp | Surrogate of the staff member, given by the source';
COMMENT ON COLUMN dwh_star.fact_staff.position_id IS 'Chức vụ | Position';
COMMENT ON COLUMN dwh_star.fact_staff.employment_kind IS
	'Công chức, viên chức, hợp đồng | Civil servant, public employee, contract';

CREATE TABLE dwh_star.fact_dossier (
	month		date NOT NULL,
	unit_id		int NOT NULL,
	dossier_no	bigint NOT NULL,
	procedure_id int NOT NULL,
	event		text NOT NULL CHECK (event IN ('received', 'resolved')),
	on_time		boolean,
	load_id		int NOT NULL,
	PRIMARY KEY (month, dossier_no, event),
	CONSTRAINT fact_dossier_on_time_check CHECK ((event = 'resolved') = (on_time IS NOT NULL)),
	FOREIGN KEY (procedure_id) REFERENCES dwh_star.dim_procedure
) PARTITION BY RANGE (month);
COMMENT ON TABLE dwh_star.fact_dossier IS
	'Hồ sơ giao dịch điện tử: hồ sơ × sự kiện, theo tháng của sự kiện; nguồn 7 | '
	'Electronic dossiers: dossier × event, by the month of the event; source system 7';
COMMENT ON COLUMN dwh_star.fact_dossier.dossier_no IS
	'Số hồ sơ do nguồn cấp | Number of the dossier, given by the source';
COMMENT ON COLUMN dwh_star.fact_dossier.procedure_id IS 'Thủ tục | Procedure';
COMMENT ON COLUMN dwh_star.fact_dossier.event IS
	'Tiếp nhận (received) hay giải quyết (resolved) | Received or resolved';
COMMENT ON COLUMN dwh_star.fact_dossier.on_time IS
	'Giải quyết đúng hạn; trống với tiếp nhận | Resolved on time; NULL for received';

CREATE TABLE dwh_star.fact_identity (
	month		date NOT NULL,
	unit_id		int NOT NULL,
	iam_account_id int NOT NULL,
	state		text NOT NULL CHECK (state IN ('active', 'locked', 'closed')),
	last_login	date,
	load_id		int NOT NULL,
	PRIMARY KEY (month, iam_account_id)
) PARTITION BY RANGE (month);
COMMENT ON TABLE dwh_star.fact_identity IS
	'Tài khoản IAM: tài khoản × tháng; nguồn 8 | IAM accounts: account × month; source system 8';
COMMENT ON COLUMN dwh_star.fact_identity.iam_account_id IS
	'Số thay thế của tài khoản IAM | Surrogate of the IAM account';
COMMENT ON COLUMN dwh_star.fact_identity.state IS 'Trạng thái cuối tháng | State at the month''s end';
COMMENT ON COLUMN dwh_star.fact_identity.last_login IS 'Lần đăng nhập cuối | Last login';

-- 893 Art. 14.1: what no source system gives is entered by people. A changed figure is a new revision; nothing is overwritten.
CREATE TABLE dwh_star.fact_manual (
	manual_id	bigint GENERATED ALWAYS AS IDENTITY,
	month		date NOT NULL,
	indicator	text NOT NULL,
	period_type	text NOT NULL CHECK (period_type IN ('month', 'quarter', 'half', 'year', 'ytd', 'point')),
	period_start date NOT NULL,
	as_of		date,
	unit_id		int NOT NULL,
	kind		text NOT NULL CHECK (kind IN ('plan', 'estimate', 'preliminary', 'settlement', 'actual', 'rounded', 'implied')),
	source_id	int NOT NULL,
	source_note	text NOT NULL,
	value		numeric NOT NULL,
	sex			text CHECK (sex IN ('F', 'M')),
	age_group	text CHECK (age_group <> ''),
	scheme_id	int,
	fund_id		int,
	facility_id	int,
	revision	int NOT NULL DEFAULT 1 CHECK (revision >= 1),
	is_current	boolean NOT NULL DEFAULT true,
	entered_at	timestamptz NOT NULL DEFAULT now(),
	entered_by	text NOT NULL DEFAULT session_user,
	approval	text NOT NULL DEFAULT 'approved' CHECK (approval IN ('pending', 'approved', 'rejected')),
	note		text,
	reason		text,
	author		text,
	author_account_id int REFERENCES dwh_catalog.account,
	decided_at	timestamptz,
	decided_by	text,
	decided_account_id int REFERENCES dwh_catalog.account,
	decision_note text,
	load_id		int NOT NULL,
	PRIMARY KEY (month, manual_id),
	CONSTRAINT fact_manual_as_of_check CHECK (period_type NOT IN ('ytd', 'point') OR as_of IS NOT NULL),
	CONSTRAINT fact_manual_period_check CHECK (
		extract(day FROM period_start) = 1
		AND month = period_start
		AND CASE period_type
				WHEN 'quarter' THEN extract(month FROM period_start) IN (1, 4, 7, 10)
				WHEN 'half' THEN extract(month FROM period_start) IN (1, 7)
				WHEN 'year' THEN extract(month FROM period_start) = 1
				WHEN 'ytd' THEN extract(month FROM period_start) = 1
								AND extract(year FROM as_of) = extract(year FROM period_start)
				WHEN 'point' THEN extract(year FROM as_of) = extract(year FROM period_start)
								  AND extract(month FROM as_of) = extract(month FROM period_start)
				ELSE true
			END),
	CONSTRAINT fact_manual_current_check CHECK (approval = 'approved' OR NOT is_current),
	CONSTRAINT fact_manual_entry_check CHECK (author IS NULL OR (note <> '' AND (approval = 'pending') = (decided_at IS NULL))),
	CONSTRAINT fact_manual_value_check CHECK (value NOT IN ('NaN', 'Infinity', '-Infinity')),
	FOREIGN KEY (source_id) REFERENCES dwh_star.dim_source,
	FOREIGN KEY (scheme_id) REFERENCES dwh_star.dim_scheme,
	FOREIGN KEY (fund_id) REFERENCES dwh_star.dim_fund,
	FOREIGN KEY (facility_id) REFERENCES dwh_star.dim_facility
) PARTITION BY RANGE (month);
-- Published figures contradict each other: two sources of one figure stand beside each other, so the note is part of the key.
CREATE UNIQUE INDEX fact_manual_current_key ON dwh_star.fact_manual
	(indicator, month, period_type, period_start, as_of, unit_id, kind, source_id, source_note, sex, age_group, scheme_id, fund_id,
	 facility_id) NULLS NOT DISTINCT WHERE is_current;
-- One proposal at a time for a figure.
CREATE UNIQUE INDEX fact_manual_pending_key ON dwh_star.fact_manual
	(indicator, month, period_type, period_start, as_of, unit_id, kind, source_id, source_note, sex, age_group, scheme_id, fund_id,
	 facility_id) NULLS NOT DISTINCT WHERE approval = 'pending';
COMMENT ON TABLE dwh_star.fact_manual IS
	'Số liệu nhập tay, kế hoạch, số đã công bố: chỉ tiêu × loại kỳ × đầu kỳ × đơn vị × loại số × nguồn (893 Điều 14.1) | '
	'Figures entered by people, plans, published figures: indicator × period type × period start × unit × kind × source (893 Art. 14.1)';
COMMENT ON COLUMN dwh_star.fact_manual.manual_id IS 'Số dòng | Number of the row';
COMMENT ON COLUMN dwh_star.fact_manual.indicator IS 'Mã chỉ tiêu | Indicator code';
COMMENT ON COLUMN dwh_star.fact_manual.period_type IS
	'Loại kỳ: tháng, quý, nửa năm, năm, lũy kế từ đầu năm, thời điểm | '
	'Period type: month, quarter, half, year, year to date, point in time';
COMMENT ON COLUMN dwh_star.fact_manual.period_start IS
	'Ngày đầu kỳ; với thời điểm là ngày đầu của tháng chứa as_of | '
	'First day of the period; for a point, first day of the month of as_of';
COMMENT ON COLUMN dwh_star.fact_manual.as_of IS
	'Số liệu tính đến ngày (bắt buộc với lũy kế và thời điểm) | '
	'Day the figure stands for (required for year-to-date and point)';
COMMENT ON COLUMN dwh_star.fact_manual.kind IS
	'Loại số: kế hoạch, ước, sơ bộ, quyết toán, thực hiện, làm tròn, suy ra | '
	'Kind: plan, estimate, preliminary, settlement, actual, rounded, implied';
COMMENT ON COLUMN dwh_star.fact_manual.source_id IS 'Nguồn | Source';
COMMENT ON COLUMN dwh_star.fact_manual.source_note IS
	'Nguồn cụ thể (văn bản, trang công bố); là một phần của khóa | The very source (document, page); part of the key';
COMMENT ON COLUMN dwh_star.fact_manual.value IS
	'Giá trị theo đơn vị gốc của chỉ tiêu | Value in the base unit of the indicator';
COMMENT ON COLUMN dwh_star.fact_manual.sex IS 'Giới tính, trống = chung | Sex, NULL = all';
COMMENT ON COLUMN dwh_star.fact_manual.age_group IS 'Nhóm tuổi, trống = chung | Age group, NULL = all';
COMMENT ON COLUMN dwh_star.fact_manual.facility_id IS 'Cơ sở khám chữa bệnh, trống = chung | Facility, NULL = all';
COMMENT ON COLUMN dwh_star.fact_manual.revision IS 'Lần sửa, từ 1 | Revision, from 1';
COMMENT ON COLUMN dwh_star.fact_manual.is_current IS
	'Là lần sửa đang dùng: lần mới nhất đã được duyệt | Whether this is the revision that counts: the latest approved one';
COMMENT ON COLUMN dwh_star.fact_manual.approval IS
	'pending: chờ duyệt; approved: đã duyệt hoặc do nạp theo lô; rejected: bị từ chối | '
	'pending, approved (or loaded in a batch), rejected';
COMMENT ON COLUMN dwh_star.fact_manual.note IS 'Ghi chú của người nhập | Note of who entered it';
COMMENT ON COLUMN dwh_star.fact_manual.reason IS 'Lý do sửa số đang có | Why it replaces the figure that stood';
COMMENT ON COLUMN dwh_star.fact_manual.author IS
	'Người nhập, trống nếu nạp theo lô | Person who entered it, empty for a batch';
COMMENT ON COLUMN dwh_star.fact_manual.author_account_id IS 'Tài khoản của người nhập | Account of who entered it';
COMMENT ON COLUMN dwh_star.fact_manual.decided_at IS 'Lúc duyệt hoặc từ chối | When it was approved or rejected';
COMMENT ON COLUMN dwh_star.fact_manual.decided_by IS 'Người duyệt hoặc từ chối | Person who approved or rejected it';
COMMENT ON COLUMN dwh_star.fact_manual.decided_account_id IS
	'Tài khoản của người duyệt hoặc từ chối | Account of who approved or rejected it';
COMMENT ON COLUMN dwh_star.fact_manual.decision_note IS
	'Ghi chú khi duyệt, lý do khi từ chối | Note of the approval, reason of the rejection';
COMMENT ON COLUMN dwh_star.fact_manual.entered_at IS 'Thời điểm nhập | Entered at';
COMMENT ON COLUMN dwh_star.fact_manual.entered_by IS 'Người nhập (vai trò đăng nhập) | Entered by (login role)';

-- Dimensions other than calendar, area and unit, and the reference tables beside them.
--
-- Every dimension has a surrogate key (int, used by the facts), a natural key (code), names in both languages and a validity;
-- valid_to is the last valid day, NULL = open. The same code may stand again with a later valid_from when its meaning changes.
-- Row 0 of dim_employer and dim_category stands for 'none', so that facts never hold NULL in a key and BI tools can join inner.

CREATE TABLE dwh_star.dim_source (
	source_id	int PRIMARY KEY,
	code		text NOT NULL CHECK (code <> ''),
	name_vi		text NOT NULL,
	name_en		text NOT NULL,
	basis		text,
	valid_from	date NOT NULL,
	valid_to	date,
	CONSTRAINT dim_source_code_key UNIQUE (code, valid_from),
	CONSTRAINT dim_source_validity_check CHECK (valid_to >= valid_from)
);
COMMENT ON TABLE dwh_star.dim_source IS
	'Hệ thống nguồn dữ liệu (Điều 4 QĐ 893 và bổ sung) | '
	'Source systems of the data (Decision 893 Art. 4, and further ones)';
COMMENT ON COLUMN dwh_star.dim_source.source_id IS 'Khóa thay thế | Surrogate key';
COMMENT ON COLUMN dwh_star.dim_source.code IS 'Mã riêng, không phải mã chính thức | Own code, not official';
COMMENT ON COLUMN dwh_star.dim_source.basis IS 'Căn cứ | Legal basis';

CREATE TABLE dwh_star.dim_scheme (
	scheme_id	int PRIMARY KEY,
	code		text NOT NULL CHECK (code <> ''),
	name_vi		text NOT NULL,
	name_en		text NOT NULL,
	valid_from	date NOT NULL,
	valid_to	date,
	CONSTRAINT dim_scheme_code_key UNIQUE (code, valid_from),
	CONSTRAINT dim_scheme_validity_check CHECK (valid_to >= valid_from)
);
COMMENT ON TABLE dwh_star.dim_scheme IS 'Loại hình bảo hiểm | Insurance schemes';
COMMENT ON COLUMN dwh_star.dim_scheme.scheme_id IS 'Khóa thay thế | Surrogate key';
COMMENT ON COLUMN dwh_star.dim_scheme.code IS
	'Mã riêng (viết tắt thông dụng), không phải mã chính thức | Own code (common abbreviation), not official';

CREATE TABLE dwh_star.dim_fund (
	fund_id		int PRIMARY KEY,
	code		text NOT NULL CHECK (code <> ''),
	name_vi		text NOT NULL,
	name_en		text NOT NULL,
	fund_group	text NOT NULL CHECK (fund_group IN ('BHXH', 'BHTN', 'BHYT', 'NSNN')),
	valid_from	date NOT NULL,
	valid_to	date,
	CONSTRAINT dim_fund_code_key UNIQUE (code, valid_from),
	CONSTRAINT dim_fund_validity_check CHECK (valid_to >= valid_from)
);
COMMENT ON TABLE dwh_star.dim_fund IS 'Quỹ thành phần và ngân sách nhà nước | Component funds and the state budget';
COMMENT ON COLUMN dwh_star.dim_fund.fund_id IS 'Khóa thay thế | Surrogate key';
COMMENT ON COLUMN dwh_star.dim_fund.code IS 'Mã riêng, không phải mã chính thức | Own code, not official';
COMMENT ON COLUMN dwh_star.dim_fund.fund_group IS
	'Nhóm quỹ: BHXH, BHTN, BHYT, NSNN | Fund group: social insurance, unemployment, health, state budget';

CREATE TABLE dwh_star.dim_category (
	category_id	int PRIMARY KEY,
	code		text NOT NULL CHECK (code <> ''),
	name_vi		text NOT NULL,
	name_en		text NOT NULL,
	scheme_code	text NOT NULL CHECK (scheme_code IN ('BHYT', '*')),
	hi_group	int CHECK (hi_group BETWEEN 1 AND 5),
	hi_group_vi	text,
	hi_group_en	text,
	priority	int,
	source_note	text NOT NULL,
	valid_from	date NOT NULL,
	valid_to	date,
	CONSTRAINT dim_category_code_key UNIQUE (code, valid_from),
	CONSTRAINT dim_category_hi_group_names_check CHECK ((hi_group IS NULL) = (hi_group_vi IS NULL)
												  AND (hi_group IS NULL) = (hi_group_en IS NULL)),
	CONSTRAINT dim_category_validity_check CHECK (valid_to >= valid_from)
);
COMMENT ON TABLE dwh_star.dim_category IS
	'Mã đối tượng tham gia BHYT và nhóm đối tượng; dòng 0 = không phân loại | '
	'Health-insurance object codes and their groups; row 0 = no category';
COMMENT ON COLUMN dwh_star.dim_category.category_id IS
	'Khóa thay thế; 0 = không phân loại | Surrogate key; 0 = no category';
COMMENT ON COLUMN dwh_star.dim_category.code IS 'Mã đối tượng 2 chữ trên thẻ BHYT | Two-letter object code of the card';
COMMENT ON COLUMN dwh_star.dim_category.scheme_code IS
	'Loại hình áp dụng; * = mọi loại hình | Scheme it applies to; * = every scheme';
COMMENT ON COLUMN dwh_star.dim_category.hi_group IS
	'Nhóm đối tượng 1-5 (Điều 12 Luật BHYT) | Group 1-5 (Health Insurance Law Art. 12)';
COMMENT ON COLUMN dwh_star.dim_category.hi_group_vi IS 'Tên nhóm (tiếng Việt) | Name of the group in Vietnamese';
COMMENT ON COLUMN dwh_star.dim_category.hi_group_en IS 'Tên nhóm (tiếng Anh) | Name of the group in English';
COMMENT ON COLUMN dwh_star.dim_category.priority IS
	'Thứ tự ưu tiên khi một người thuộc nhiều đối tượng, theo thứ tự nhóm tại Điều 12; thứ tự trong nhóm là của kho | '
	'Which category counts when a person has several: the groups in the order of Art. 12; the order inside a group is our own';
COMMENT ON COLUMN dwh_star.dim_category.source_note IS 'Nguồn của mã | Where the code was found';

CREATE TABLE dwh_catalog.benefit_level (
	category_id		int NOT NULL REFERENCES dwh_star.dim_category,
	level			int CHECK (level BETWEEN 1 AND 5),
	coverage_pct	numeric CHECK (coverage_pct BETWEEN 0 AND 100),
	valid_from		date NOT NULL,
	valid_to		date,
	source			text NOT NULL,
	PRIMARY KEY (category_id, valid_from),
	CONSTRAINT benefit_level_coverage_check CHECK ((level IS NULL) = (coverage_pct IS NULL)),
	CONSTRAINT benefit_level_validity_check CHECK (valid_to >= valid_from)
);
COMMENT ON TABLE dwh_catalog.benefit_level IS
	'Mức hưởng BHYT theo mã đối tượng và thời gian | Health-insurance benefit level of each object code in time';
COMMENT ON COLUMN dwh_catalog.benefit_level.category_id IS 'Mã đối tượng | Object code';
COMMENT ON COLUMN dwh_catalog.benefit_level.level IS
	'Mức hưởng 1-5, trống = không rõ | Benefit level 1-5, NULL = not known';
COMMENT ON COLUMN dwh_catalog.benefit_level.coverage_pct IS
	'Tỷ lệ quỹ chi trả, %: mức 1, 2, 5 = 100; 3 = 95; 4 = 80 | '
	'Share paid by the fund in per cent: levels 1, 2, 5 = 100; 3 = 95; 4 = 80';
COMMENT ON COLUMN dwh_catalog.benefit_level.source IS 'Nguồn | Source';

CREATE TABLE dwh_star.dim_benefit (
	benefit_id		int PRIMARY KEY,
	code			text NOT NULL CHECK (code <> ''),
	name_vi			text NOT NULL,
	name_en			text NOT NULL,
	branch			text NOT NULL CHECK (branch IN ('BHXH', 'BHTN', 'BHYT')),
	benefit_group	text NOT NULL CHECK (benefit_group IN ('pension', 'lump_sum', 'sickness', 'maternity', 'recovery', 'work_injury',
														   'survivor', 'unemployment', 'care')),
	benefit_type	text NOT NULL CHECK (benefit_type <> ''),
	periodicity		text NOT NULL CHECK (periodicity IN ('monthly', 'one_off')),
	valid_from		date NOT NULL,
	valid_to		date,
	CONSTRAINT dim_benefit_code_key UNIQUE (code, valid_from),
	CONSTRAINT dim_benefit_validity_check CHECK (valid_to >= valid_from)
);
COMMENT ON TABLE dwh_star.dim_benefit IS 'Loại chế độ chi tiết | Benefit types at leaf level';
COMMENT ON COLUMN dwh_star.dim_benefit.benefit_id IS 'Khóa thay thế | Surrogate key';
COMMENT ON COLUMN dwh_star.dim_benefit.code IS 'Mã riêng, không phải mã chính thức | Own code, not official';
COMMENT ON COLUMN dwh_star.dim_benefit.branch IS 'Nhánh: BHXH, BHTN, BHYT | Branch of insurance';
COMMENT ON COLUMN dwh_star.dim_benefit.benefit_group IS 'Nhóm chế độ (từ riêng) | Group of benefits (own word)';
COMMENT ON COLUMN dwh_star.dim_benefit.benefit_type IS 'Loại chế độ (từ riêng) | Type of benefit (own word)';
COMMENT ON COLUMN dwh_star.dim_benefit.periodicity IS 'Hằng tháng hay một lần | Monthly or one-off';

CREATE TABLE dwh_star.dim_ledger_account (
	account_id	int PRIMARY KEY,
	code		text NOT NULL CHECK (code <> ''),
	name_vi		text NOT NULL,
	name_en		text NOT NULL,
	nature		text NOT NULL CHECK (nature IN ('contribution', 'investment income', 'benefit', 'administration', 'balance')),
	fund_id		int REFERENCES dwh_star.dim_fund,
	benefit_id	int REFERENCES dwh_star.dim_benefit,
	valid_from	date NOT NULL,
	valid_to	date,
	CONSTRAINT dim_ledger_account_code_key UNIQUE (code, valid_from),
	CONSTRAINT dim_ledger_account_benefit_check CHECK (benefit_id IS NULL OR nature = 'benefit'),
	CONSTRAINT dim_ledger_account_validity_check CHECK (valid_to >= valid_from)
);
COMMENT ON TABLE dwh_star.dim_ledger_account IS
	'Tài khoản sổ cái theo tính chất, quỹ và chế độ | Ledger accounts by nature, fund and benefit';
COMMENT ON COLUMN dwh_star.dim_ledger_account.account_id IS 'Khóa thay thế | Surrogate key';
COMMENT ON COLUMN dwh_star.dim_ledger_account.code IS
	'Mã riêng, không phải số hiệu tài khoản kế toán chính thức | Own code, not an official account number';
COMMENT ON COLUMN dwh_star.dim_ledger_account.nature IS
	'Tính chất: thu đóng, lãi đầu tư, chi chế độ, chi quản lý, số dư | '
	'Nature: contribution, investment income, benefit, administration, balance';
COMMENT ON COLUMN dwh_star.dim_ledger_account.fund_id IS 'Quỹ | Fund';
COMMENT ON COLUMN dwh_star.dim_ledger_account.benefit_id IS
	'Chế độ (chỉ với tài khoản chi chế độ) | Benefit (accounts of nature benefit only)';

CREATE TABLE dwh_star.dim_procedure (
	procedure_id	int PRIMARY KEY,
	code			text NOT NULL CHECK (code <> ''),
	name_vi			text NOT NULL,
	name_en			text NOT NULL,
	valid_from		date NOT NULL,
	valid_to		date,
	CONSTRAINT dim_procedure_code_key UNIQUE (code, valid_from),
	CONSTRAINT dim_procedure_validity_check CHECK (valid_to >= valid_from)
);
COMMENT ON TABLE dwh_star.dim_procedure IS
	'Thủ tục hành chính của hồ sơ giao dịch | Administrative procedures that dossiers belong to';
COMMENT ON COLUMN dwh_star.dim_procedure.procedure_id IS 'Khóa thay thế | Surrogate key';
COMMENT ON COLUMN dwh_star.dim_procedure.code IS
	'Mã riêng, không phải mã thủ tục chính thức | Own code, not an official procedure code';

CREATE TABLE dwh_star.dim_position (
	position_id	int PRIMARY KEY,
	code		text NOT NULL CHECK (code <> ''),
	name_vi		text NOT NULL,
	name_en		text NOT NULL,
	valid_from	date NOT NULL,
	valid_to	date,
	CONSTRAINT dim_position_code_key UNIQUE (code, valid_from),
	CONSTRAINT dim_position_validity_check CHECK (valid_to >= valid_from)
);
COMMENT ON TABLE dwh_star.dim_position IS 'Chức vụ của cán bộ ngành | Positions of the sector''s staff';
COMMENT ON COLUMN dwh_star.dim_position.position_id IS 'Khóa thay thế | Surrogate key';
COMMENT ON COLUMN dwh_star.dim_position.code IS 'Mã riêng, không phải mã chính thức | Own code, not official';

CREATE TABLE dwh_star.dim_employer (
	employer_id		int PRIMARY KEY,
	code			text NOT NULL CHECK (code <> ''),
	name_vi			text NOT NULL,
	name_en			text NOT NULL,
	economic_type	text NOT NULL CHECK (economic_type IN ('state_enterprise', 'fdi', 'non_state', 'administration', 'armed_forces',
														   'commune_cadre', 'foreign', 'non_public_coop', 'commune_nonpro',
														   'other', 'none')),
	management_type	text NOT NULL CHECK (management_type IN ('central', 'local', 'none')),
	unit_id			int REFERENCES dwh_star.dim_unit,
	valid_from		date NOT NULL,
	valid_to		date,
	CONSTRAINT dim_employer_code_key UNIQUE (code, valid_from),
	CONSTRAINT dim_employer_validity_check CHECK (valid_to >= valid_from)
);
CREATE INDEX dim_employer_unit_id_idx ON dwh_star.dim_employer (unit_id);
COMMENT ON TABLE dwh_star.dim_employer IS 'Đơn vị sử dụng lao động; dòng 0 = không có | Employers; row 0 = no employer';
COMMENT ON COLUMN dwh_star.dim_employer.employer_id IS 'Khóa thay thế; 0 = không có | Surrogate key; 0 = no employer';
COMMENT ON COLUMN dwh_star.dim_employer.code IS 'Mã đơn vị do nguồn cấp | Employer code given by the source';
COMMENT ON COLUMN dwh_star.dim_employer.economic_type IS
	'Loại hình kinh tế theo dòng 02-11 mẫu 001.N/BCS-BHXH (mã riêng) | '
	'Economic type after lines 02-11 of form 001.N/BCS-BHXH (own codes)';
COMMENT ON COLUMN dwh_star.dim_employer.management_type IS
	'Cấp quản lý: trung ương, địa phương (mã riêng) | Managed by the centre or locally (own codes)';
COMMENT ON COLUMN dwh_star.dim_employer.unit_id IS 'Cơ quan BHXH quản lý | Social-insurance office in charge';

CREATE TABLE dwh_star.dim_facility (
	facility_id	int PRIMARY KEY,
	code		text NOT NULL CHECK (code <> ''),
	name_vi		text NOT NULL,
	name_en		text NOT NULL,
	tier		text NOT NULL CHECK (tier IN ('central', 'province', 'district', 'commune', 'initial', 'basic', 'specialised', 'unknown')),
	area_id		int REFERENCES dwh_star.dim_area,
	unit_id		int REFERENCES dwh_star.dim_unit,
	valid_from	date NOT NULL,
	valid_to	date,
	CONSTRAINT dim_facility_code_key UNIQUE (code, valid_from),
	CONSTRAINT dim_facility_validity_check CHECK (valid_to >= valid_from)
);
CREATE INDEX dim_facility_unit_id_idx ON dwh_star.dim_facility (unit_id);
COMMENT ON TABLE dwh_star.dim_facility IS 'Cơ sở khám chữa bệnh | Health-care facilities';
COMMENT ON COLUMN dwh_star.dim_facility.facility_id IS 'Khóa thay thế | Surrogate key';
COMMENT ON COLUMN dwh_star.dim_facility.code IS
	'Mã cơ sở khám chữa bệnh do nguồn cấp | Facility code given by the source';
COMMENT ON COLUMN dwh_star.dim_facility.tier IS
	'Tuyến (trung ương, tỉnh, huyện, xã) hoặc cấp chuyên môn (ban đầu, cơ bản, chuyên sâu); mã riêng | '
	'Tier (central, province, district, commune) or technical level (initial, basic, specialised); own codes';
COMMENT ON COLUMN dwh_star.dim_facility.area_id IS 'Địa bàn | Area it stands in';
COMMENT ON COLUMN dwh_star.dim_facility.unit_id IS
	'Cơ quan BHXH ký hợp đồng | Social-insurance office that has the contract';

-- Facts carry sex and age themselves: nothing but the personal views ever joins this table.
CREATE TABLE dwh_star.dim_person (
	person_id			int PRIMARY KEY,
	social_insurance_no	text,
	identity_no			text,
	full_name			text,
	birth_date			date,
	sex					text CHECK (sex IN ('F', 'M')),
	home_unit_id		int NOT NULL REFERENCES dwh_star.dim_unit,
	valid_from			date NOT NULL,
	valid_to			date,
	CONSTRAINT dim_person_social_insurance_no_key UNIQUE (social_insurance_no, valid_from),
	CONSTRAINT dim_person_person_id_check CHECK (person_id >= 0),
	CONSTRAINT dim_person_validity_check CHECK (valid_to >= valid_from)
);
CREATE INDEX dim_person_home_unit_id_idx ON dwh_star.dim_person (home_unit_id);
CREATE INDEX dim_person_identity_no_idx ON dwh_star.dim_person (identity_no);
ALTER TABLE dwh_star.dim_person ENABLE ROW LEVEL SECURITY;
COMMENT ON TABLE dwh_star.dim_person IS
	'Người tham gia, thụ hưởng (dữ liệu cá nhân) | Insured persons and beneficiaries (personal data)';
COMMENT ON COLUMN dwh_star.dim_person.person_id IS
	'Khóa thay thế, cấp thành khối liền nhau theo đơn vị quản lý; không mang nội dung cá nhân | '
	'Surrogate key, given in dense blocks by home unit; no personal content';
COMMENT ON COLUMN dwh_star.dim_person.social_insurance_no IS
	'Mã số BHXH (dữ liệu cá nhân) | Social-insurance number (personal)';
COMMENT ON COLUMN dwh_star.dim_person.identity_no IS
	'Số định danh cá nhân (dữ liệu cá nhân) | Personal identity number (personal)';
COMMENT ON COLUMN dwh_star.dim_person.full_name IS 'Họ và tên (dữ liệu cá nhân) | Full name (personal)';
COMMENT ON COLUMN dwh_star.dim_person.birth_date IS 'Ngày sinh (dữ liệu cá nhân) | Date of birth (personal)';
COMMENT ON COLUMN dwh_star.dim_person.sex IS
	'Giới tính: F nữ, M nam (dữ liệu cá nhân) | Sex: F female, M male (personal)';
COMMENT ON COLUMN dwh_star.dim_person.home_unit_id IS 'Cơ quan BHXH quản lý | Social-insurance office in charge';

CREATE TABLE dwh_catalog.legal_basis (
	legal_basis_id	int PRIMARY KEY,
	code			text NOT NULL UNIQUE CHECK (code <> ''),
	title_vi		text NOT NULL,
	title_en		text NOT NULL,
	issued_on		date,
	valid_from		date,
	valid_to		date,
	is_verified		boolean NOT NULL,
	source			text NOT NULL,
	review_due_on	date,
	CONSTRAINT legal_basis_validity_check CHECK (valid_to >= valid_from)
);
COMMENT ON TABLE dwh_catalog.legal_basis IS 'Căn cứ pháp lý theo thời gian | Legal bases in time';
COMMENT ON COLUMN dwh_catalog.legal_basis.legal_basis_id IS 'Khóa thay thế | Surrogate key';
COMMENT ON COLUMN dwh_catalog.legal_basis.code IS
	'Mã ngắn dùng trong kho, ví dụ ND47 | Short code used in the warehouse, such as ND47';
COMMENT ON COLUMN dwh_catalog.legal_basis.title_vi IS 'Tên văn bản | Title in Vietnamese';
COMMENT ON COLUMN dwh_catalog.legal_basis.title_en IS
	'Tên văn bản (tiếng Anh, dịch không chính thức) | Title in English, unofficial translation';
COMMENT ON COLUMN dwh_catalog.legal_basis.issued_on IS 'Ngày ban hành | Date of issue';
COMMENT ON COLUMN dwh_catalog.legal_basis.is_verified IS
	'Đã đọc văn bản hay chỉ có nguồn thứ cấp | Whether the text itself was read; false = secondary source only';
COMMENT ON COLUMN dwh_catalog.legal_basis.source IS 'Nguồn và lưu ý | Source and remarks';
COMMENT ON COLUMN dwh_catalog.legal_basis.review_due_on IS
	'Ngày cần rà soát lại hiệu lực | Day by which its force is to be checked again';

CREATE TABLE dwh_catalog.deadline (
	deadline_id		int PRIMARY KEY,
	source			text NOT NULL,
	subject			text NOT NULL,
	value_number	int,
	unit			text NOT NULL CHECK (unit IN ('working_days', 'days', 'months', 'quarters', 'immediate', 'date_of_year', 'none')),
	counted_from	text,
	valid_from		date,
	valid_to		date,
	is_verified		boolean NOT NULL,
	note			text,
	CONSTRAINT deadline_validity_check CHECK (valid_to >= valid_from)
);
COMMENT ON TABLE dwh_catalog.deadline IS
	'Thời hạn theo quy định, có hiệu lực theo thời gian | Deadlines set by the regulations, effective-dated';
COMMENT ON COLUMN dwh_catalog.deadline.deadline_id IS 'Khóa thay thế | Surrogate key';
COMMENT ON COLUMN dwh_catalog.deadline.source IS 'Văn bản, điều khoản | Regulation and article';
COMMENT ON COLUMN dwh_catalog.deadline.subject IS 'Việc phải làm | What is to be done';
COMMENT ON COLUMN dwh_catalog.deadline.value_number IS
	'Số; với date_of_year là tháng × 100 + ngày; trống = văn bản không ghi số | '
	'Number; for date_of_year month × 100 + day; NULL = the source gives no number';
COMMENT ON COLUMN dwh_catalog.deadline.unit IS 'Đơn vị thời gian | Unit of time';
COMMENT ON COLUMN dwh_catalog.deadline.counted_from IS 'Tính từ | Counted from';
COMMENT ON COLUMN dwh_catalog.deadline.is_verified IS
	'false = chỉ có nguồn thứ cấp hoặc không tìm thấy | false = secondary source only, or not found';
COMMENT ON COLUMN dwh_catalog.deadline.note IS 'Ghi chú; [own] = quy tắc riêng | Remark; [own] = a rule of ours';

CREATE TABLE dwh_catalog.contribution_rate (
	contribution_rate_id	int PRIMARY KEY,
	fund					text NOT NULL CHECK (fund IN ('BHXH', 'BHYT', 'BHTN', 'BHXH_TN', 'TOTAL', 'HIST')),
	component_vi			text NOT NULL,
	payer					text NOT NULL CHECK (payer IN ('employee', 'employer', 'state', 'individual', 'employer+employee')),
	rate_pct				numeric NOT NULL CHECK (rate_pct > 0 AND rate_pct <= 100),
	base					text,
	valid_from				date NOT NULL,
	valid_to				date,
	confidence				text NOT NULL CHECK (confidence IN ('found', 'high', 'medium', 'low')),
	note					text,
	CONSTRAINT contribution_rate_natural_key UNIQUE (fund, component_vi, payer, valid_from),
	CONSTRAINT contribution_rate_validity_check CHECK (valid_to >= valid_from)
);
COMMENT ON TABLE dwh_catalog.contribution_rate IS 'Tỷ lệ đóng theo thời gian | Contribution rates in time';
COMMENT ON COLUMN dwh_catalog.contribution_rate.contribution_rate_id IS 'Khóa thay thế | Surrogate key';
COMMENT ON COLUMN dwh_catalog.contribution_rate.fund IS
	'Quỹ; TOTAL = tổng hiện hành để đối chiếu, HIST = tổng các thời kỳ trước | '
	'Fund; TOTAL = present total, for checking; HIST = totals of earlier times';
COMMENT ON COLUMN dwh_catalog.contribution_rate.component_vi IS 'Thành phần | Component (in Vietnamese)';
COMMENT ON COLUMN dwh_catalog.contribution_rate.payer IS 'Bên đóng | Who pays';
COMMENT ON COLUMN dwh_catalog.contribution_rate.rate_pct IS 'Tỷ lệ, % | Rate in per cent';
COMMENT ON COLUMN dwh_catalog.contribution_rate.base IS 'Căn cứ đóng | What the rate is applied to';
COMMENT ON COLUMN dwh_catalog.contribution_rate.confidence IS
	'found = tìm thấy trong nguồn; high, medium, low = hiểu biết chung | '
	'found = found in a source; high, medium, low = general knowledge';
COMMENT ON COLUMN dwh_catalog.contribution_rate.note IS 'Ghi chú | Remark';

-- The columns that mean the same in every table above.
DO $$
DECLARE
	v_table		text;
	v_column	text;
	v_comment	text;
BEGIN
	FOR v_table, v_column, v_comment IN
		SELECT a.attrelid::regclass::text, a.attname, c.comment
		FROM pg_attribute a
		JOIN (VALUES ('name_vi', 'Tên tiếng Việt | Name in Vietnamese'),
					 ('name_en', 'Tên tiếng Anh | Name in English'),
					 ('valid_from', 'Ngày đầu tiên có hiệu lực | First valid day'),
					 ('valid_to', 'Ngày cuối cùng còn hiệu lực, trống = chưa kết thúc | Last valid day, NULL = open')) AS c (name, comment)
			ON c.name = a.attname
		WHERE a.attrelid IN ('dwh_star.dim_source'::regclass, 'dwh_star.dim_scheme'::regclass, 'dwh_star.dim_fund'::regclass,
							 'dwh_star.dim_category'::regclass, 'dwh_catalog.benefit_level'::regclass,
							 'dwh_star.dim_benefit'::regclass, 'dwh_star.dim_ledger_account'::regclass,
							 'dwh_star.dim_procedure'::regclass, 'dwh_star.dim_position'::regclass,
							 'dwh_star.dim_employer'::regclass, 'dwh_star.dim_facility'::regclass,
							 'dwh_star.dim_person'::regclass, 'dwh_catalog.legal_basis'::regclass,
							 'dwh_catalog.deadline'::regclass, 'dwh_catalog.contribution_rate'::regclass)
	LOOP
		EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', v_table, v_column, v_comment);
	END LOOP;
END
$$;

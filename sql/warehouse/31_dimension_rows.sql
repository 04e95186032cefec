-- Rows of the dimensions and of benefit_level. Surrogate keys are fixed numbers, the same at every site. Codes that are our
-- own are marked so in the comments of 30_dimensions.sql.

-- The eight systems of Decision 893 Art. 4, then what people enter and what comes from outside.
INSERT INTO dwh_star.dim_source (source_id, code, name_vi, name_en, basis, valid_from) VALUES
	(1, 'collection', 'Phần mềm Thu và quản lý sổ, thẻ', 'Collection and book/card management',
	 '893 Art. 4(1)', '2020-07-10'),
	(2, 'settlement', 'Phần mềm Xét duyệt chính sách', 'Policy (benefit) settlement',
	 '893 Art. 4(2)', '2020-07-10'),
	(3, 'claims', 'Phần mềm Giám định BHYT', 'Health-insurance claims review',
	 '893 Art. 4(3)', '2020-07-10'),
	(4, 'accounting', 'Phần mềm Kế toán tập trung', 'Central accounting',
	 '893 Art. 4(4)', '2020-07-10'),
	(5, 'numbering', 'Phần mềm Cấp mã số BHXH và quản lý BHYT hộ gia đình', 'Social-insurance number issuing and household health insurance',
	 '893 Art. 4(5)', '2020-07-10'),
	(6, 'personnel', 'Phần mềm Quản lý nhân sự', 'Human-resource management',
	 '893 Art. 4(6)', '2020-07-10'),
	(7, 'etransaction', 'Phần mềm Giao dịch điện tử', 'Electronic transactions',
	 '893 Art. 4(7)', '2020-07-10'),
	(8, 'iam', 'Phần mềm Quản lý định danh và chia sẻ dữ liệu (IAM)', 'Identity management and data sharing (IAM)',
	 '893 Art. 4(8)', '2020-07-10'),
	(9, 'manual', 'Nhập tay', 'Manual entry',
	 '893 Art. 14(1)', '1995-01-01'),
	(10, 'outside', 'Thống kê ngoài ngành', 'Statistics from outside the sector',
	 NULL, '1995-01-01');

-- First days: voluntary insurance and unemployment insurance by the Law of 2006; the others are older than the calendar here.
INSERT INTO dwh_star.dim_scheme (scheme_id, code, name_vi, name_en, valid_from) VALUES
	(1, 'BHXH_BB', 'Bảo hiểm xã hội bắt buộc', 'Compulsory social insurance', '1995-01-01'),
	(2, 'BHXH_TN', 'Bảo hiểm xã hội tự nguyện', 'Voluntary social insurance', '2008-01-01'),
	(3, 'BHTN', 'Bảo hiểm thất nghiệp', 'Unemployment insurance', '2009-01-01'),
	(4, 'TNLD', 'Bảo hiểm tai nạn lao động, bệnh nghề nghiệp', 'Insurance against work accidents and occupational diseases', '1995-01-01'),
	(5, 'BHYT', 'Bảo hiểm y tế', 'Health insurance', '1995-01-01');

INSERT INTO dwh_star.dim_fund (fund_id, code, name_vi, name_en, fund_group, valid_from) VALUES
	(1, 'HTTT', 'Quỹ hưu trí và tử tuất', 'Retirement and survivorship fund', 'BHXH', '1995-01-01'),
	(2, 'ODTS', 'Quỹ ốm đau và thai sản', 'Sickness and maternity fund', 'BHXH', '1995-01-01'),
	(3, 'TNLD', 'Quỹ tai nạn lao động, bệnh nghề nghiệp', 'Work-injury fund', 'BHXH', '1995-01-01'),
	(4, 'TN', 'Quỹ bảo hiểm xã hội tự nguyện', 'Voluntary social-insurance fund', 'BHXH', '2008-01-01'),
	(5, 'BHTN', 'Quỹ bảo hiểm thất nghiệp', 'Unemployment-insurance fund', 'BHTN', '2009-01-01'),
	(6, 'BHYT', 'Quỹ bảo hiểm y tế', 'Health-insurance fund', 'BHYT', '1995-01-01'),
	(7, 'NSNN', 'Ngân sách nhà nước', 'State budget', 'NSNN', '1995-01-01');

-- The 44 object codes of Decision 1351/QĐ-BHXH of 2015, as encoded in one public program; only GD was cross-checked, the amending
-- Decisions 1697/2023 and 1018/2024 were not seen. The day in 2015 is not known: valid_from is the first of that year. LH comes
-- from one secondary text on 2026. Priority follows the groups of Art. 12; the order inside a group is our own.
INSERT INTO dwh_star.dim_category (category_id, code, name_vi, name_en, scheme_code, hi_group, hi_group_vi, hi_group_en, priority,
	source_note, valid_from)
SELECT c.category_id, c.code, c.name_vi, c.name_en, 'BHYT', g.hi_group, g.name_vi, g.name_en, c.category_id,
	'QĐ 1351/QĐ-BHXH 2015, as encoded in one public program', '2015-01-01'
FROM (VALUES
	(1, 'DN', 1, 'Người lao động trong doanh nghiệp',
	 'Employees of enterprises'),
	(2, 'HX', 1, 'Người lao động trong hợp tác xã',
	 'Employees of cooperatives'),
	(3, 'CH', 1, 'Người lao động trong cơ quan nhà nước, đơn vị sự nghiệp, LLVT, tổ chức chính trị',
	 'Employees of state agencies, public service units, armed forces and political bodies'),
	(4, 'NN', 1, 'Người lao động làm cho tổ chức nước ngoài/quốc tế tại VN',
	 'Employees of foreign and international organisations in Viet Nam'),
	(5, 'TK', 1, 'Người lao động trong tổ chức khác có sử dụng lao động',
	 'Employees of other organisations'),
	(6, 'HC', 1, 'Cán bộ, công chức, viên chức',
	 'Cadres, civil servants and public employees'),
	(7, 'XK', 1, 'Người hoạt động không chuyên trách ở xã, phường, thị trấn',
	 'Part-time workers of communes, wards and townships'),
	(8, 'HT', 2, 'Người hưởng lương hưu, trợ cấp mất sức lao động',
	 'Recipients of pensions and of loss-of-capacity benefits'),
	(9, 'TB', 2, 'Người hưởng trợ cấp BHXH hằng tháng do TNLĐ-BNN',
	 'Recipients of monthly work-injury benefits'),
	(10, 'NO', 2, 'Người lao động nghỉ việc hưởng ốm đau dài ngày',
	 'Workers off work on long-term sickness benefit'),
	(11, 'CT', 2, 'Người từ đủ 80 tuổi hưởng trợ cấp tuất hằng tháng',
	 'Persons of 80 and over with a monthly survivor benefit'),
	(12, 'XB', 2, 'Cán bộ xã đã nghỉ việc hưởng trợ cấp BHXH',
	 'Former commune cadres with a social-insurance benefit'),
	(13, 'TN', 2, 'Người đang hưởng trợ cấp thất nghiệp',
	 'Recipients of unemployment benefit'),
	(14, 'CS', 2, 'Công nhân cao su nghỉ việc hưởng trợ cấp',
	 'Former rubber workers with a benefit'),
	(15, 'QN', 3, 'Quân nhân',
	 'Military personnel'),
	(16, 'CA', 3, 'Công an nhân dân',
	 'Peoples police'),
	(17, 'CY', 3, 'Người làm công tác cơ yếu',
	 'Cipher workers'),
	(18, 'XN', 3, 'Cán bộ xã nghỉ việc hưởng trợ cấp từ NSNN',
	 'Former commune cadres with a benefit from the state budget'),
	(19, 'MS', 3, 'Người đã thôi hưởng trợ cấp MSLĐ, hưởng trợ cấp từ NSNN',
	 'Former recipients of loss-of-capacity benefit, now paid by the state budget'),
	(20, 'CC', 3, 'Người có công (nhóm 1)',
	 'People with meritorious services (group 1)'),
	(21, 'CK', 3, 'Người có công (nhóm 2)',
	 'People with meritorious services (group 2)'),
	(22, 'CB', 3, 'Cựu chiến binh',
	 'War veterans'),
	(23, 'KC', 3, 'Người tham gia kháng chiến',
	 'Participants in the resistance wars'),
	(24, 'HD', 3, 'Đại biểu Quốc hội, HĐND đương nhiệm',
	 'Deputies of the National Assembly and Peoples Councils in office'),
	(25, 'TE', 3, 'Trẻ em dưới 6 tuổi',
	 'Children under 6'),
	(26, 'BT', 3, 'Người hưởng trợ cấp bảo trợ xã hội hằng tháng',
	 'Recipients of monthly social assistance'),
	(27, 'HN', 3, 'Người thuộc hộ nghèo',
	 'Members of poor households'),
	(28, 'DT', 3, 'Người DTTS ở vùng khó khăn',
	 'Ethnic minorities in difficult areas'),
	(29, 'DK', 3, 'Người ở vùng đặc biệt khó khăn',
	 'Residents of especially difficult areas'),
	(30, 'XD', 3, 'Người ở xã đảo, huyện đảo',
	 'Residents of island communes and districts'),
	(31, 'TS', 3, 'Thân nhân liệt sĩ',
	 'Relatives of martyrs'),
	(32, 'TC', 3, 'Thân nhân người có công',
	 'Relatives of people with meritorious services'),
	(33, 'TQ', 3, 'Thân nhân quân nhân',
	 'Relatives of military personnel'),
	(34, 'TV', 3, 'Thân nhân CNVC quốc phòng',
	 'Relatives of defence civil servants and workers'),
	(35, 'TA', 3, 'Thân nhân công an',
	 'Relatives of the police'),
	(36, 'TY', 3, 'Thân nhân người làm cơ yếu',
	 'Relatives of cipher workers'),
	(37, 'HG', 3, 'Người hiến bộ phận cơ thể',
	 'Donors of body parts'),
	(38, 'LS', 3, 'Lưu học sinh nước ngoài có học bổng NSNN VN',
	 'Foreign students on a scholarship of the Vietnamese state budget'),
	(39, 'PV', 3, 'Người phục vụ người có công',
	 'Attendants of people with meritorious services'),
	(40, 'CN', 4, 'Người thuộc hộ cận nghèo',
	 'Members of near-poor households'),
	(41, 'HS', 4, 'Học sinh',
	 'Pupils'),
	(42, 'SV', 4, 'Sinh viên',
	 'Students'),
	(43, 'GB', 4, 'Hộ gia đình nông, lâm, ngư, diêm nghiệp mức sống trung bình',
	 'Farming, forestry, fishing and salt-making households of average living standard'),
	(44, 'GD', 5, 'Người tham gia theo hộ gia đình',
	 'Participants by household')) AS c (category_id, code, hi_group, name_vi, name_en)
JOIN (VALUES
	(1, 'Nhóm do NLĐ và NSDLĐ đóng', 'Paid by employees and employers'),
	(2, 'Nhóm do tổ chức BHXH đóng', 'Paid by the social-insurance agency'),
	(3, 'Nhóm do NSNN đóng', 'Paid by the state budget'),
	(4, 'Nhóm được NSNN hỗ trợ mức đóng', 'Subsidised by the state budget'),
	(5, 'Nhóm tham gia theo hộ gia đình', 'Participating by household')) AS g (hi_group, name_vi, name_en) USING (hi_group)
ORDER BY c.category_id;
INSERT INTO dwh_star.dim_category (category_id, code, name_vi, name_en, scheme_code, hi_group, hi_group_vi, hi_group_en, priority,
	source_note, valid_from) VALUES
	(0, 'NONE', 'Không phân loại', 'No category', '*', NULL, NULL, NULL, NULL, 'own', '1995-01-01'),
	(45, 'LH', 'Người từ đủ 75 tuổi (mã mới từ 2026)', 'Persons of 75 and over (new code of 2026)', 'BHYT',
	 NULL, NULL, NULL, 45, 'one secondary text citing Resolution 261/2025/QH15 and CV 38/BYT-BH; its group was not given', '2026-01-01');

-- Levels 1, 2 and 5 pay 100 per cent, 3 pays 95, 4 pays 80 (secondary source). TV is listed without a level. From 2026 the
-- near-poor (CN) and the new code LH have level 2: one secondary text only.
INSERT INTO dwh_catalog.benefit_level (category_id, level, coverage_pct, valid_from, valid_to, source)
SELECT c.category_id, v.level, CASE v.level WHEN 3 THEN 95 WHEN 4 THEN 80 WHEN 1 THEN 100 WHEN 2 THEN 100 WHEN 5 THEN 100 END,
	v.valid_from, v.valid_to, v.source
FROM (
	SELECT unnest(ARRAY['CC', 'TE']), 1, date '2015-01-01', NULL::date,
		'QĐ 1351/QĐ-BHXH 2015, as encoded in one public program'
	UNION ALL
	SELECT unnest(ARRAY['CK', 'CB', 'KC', 'BT', 'HN', 'DT', 'DK', 'XD', 'TS']), 2, date '2015-01-01', NULL::date,
		'QĐ 1351/QĐ-BHXH 2015, as encoded in one public program'
	UNION ALL
	SELECT unnest(ARRAY['HT', 'TC']), 3, date '2015-01-01', NULL::date,
		'QĐ 1351/QĐ-BHXH 2015, as encoded in one public program'
	UNION ALL
	SELECT unnest(ARRAY['DN', 'HX', 'CH', 'NN', 'TK', 'HC', 'XK', 'TB', 'NO', 'CT', 'XB', 'TN', 'CS', 'XN', 'MS', 'HD', 'TQ', 'TA', 'TY', 'HG', 'LS', 'PV', 'HS', 'SV', 'GB', 'GD']), 4, date '2015-01-01', NULL::date,
		'QĐ 1351/QĐ-BHXH 2015, as encoded in one public program'
	UNION ALL
	SELECT unnest(ARRAY['QN', 'CA', 'CY']), 5, date '2015-01-01', NULL::date,
		'QĐ 1351/QĐ-BHXH 2015, as encoded in one public program'
	UNION ALL
	SELECT unnest(ARRAY['TV']), NULL::int, date '2015-01-01', NULL::date,
		'QĐ 1351/QĐ-BHXH 2015, as encoded in one public program'
	UNION ALL
	VALUES
	('CN', 3, date '2015-01-01', date '2025-12-31', 'QĐ 1351/QĐ-BHXH 2015, as encoded in one public program'),
	('CN', 2, date '2026-01-01', NULL, 'secondary source: one text citing Resolution 261/2025/QH15 and CV 38/BYT-BH'),
	('LH', 2, date '2026-01-01', NULL, 'secondary source: one text citing Resolution 261/2025/QH15 and CV 38/BYT-BH')
) AS v (code, level, valid_from, valid_to, source)
JOIN dwh_star.dim_category AS c ON c.code = v.code
ORDER BY c.category_id, v.valid_from;

-- Leaf types of benefits; codes, groups and types are our own words. Validity: as old as the scheme that pays.
INSERT INTO dwh_star.dim_benefit (benefit_id, code, name_vi, name_en, branch, benefit_group, benefit_type, periodicity, valid_from)
VALUES
	(1, 'PENSION', 'Lương hưu', 'Pension',
	 'BHXH', 'pension', 'old_age_pension', 'monthly', '1995-01-01'),
	(2, 'RETIRE_ONE_OFF', 'Trợ cấp một lần khi nghỉ hưu', 'One-off benefit on retirement',
	 'BHXH', 'pension', 'retirement_one_off', 'one_off', '1995-01-01'),
	(3, 'CAPACITY_LOSS', 'Trợ cấp mất sức lao động hằng tháng', 'Monthly loss-of-capacity benefit',
	 'BHXH', 'pension', 'capacity_loss', 'monthly', '1995-01-01'),
	(4, 'COMMUNE_CADRE', 'Trợ cấp cán bộ xã hằng tháng', 'Monthly benefit of former commune cadres',
	 'BHXH', 'pension', 'commune_cadre', 'monthly', '1995-01-01'),
	(5, 'RUBBER_WORKER', 'Trợ cấp công nhân cao su hằng tháng', 'Monthly benefit of former rubber workers',
	 'BHXH', 'pension', 'rubber_worker', 'monthly', '1995-01-01'),
	(6, 'LUMP_SUM', 'Bảo hiểm xã hội một lần', 'Lump-sum withdrawal',
	 'BHXH', 'lump_sum', 'lump_sum', 'one_off', '1995-01-01'),
	(7, 'SICK_SHORT', 'Ốm đau ngắn ngày', 'Short-term sickness',
	 'BHXH', 'sickness', 'sick_short', 'one_off', '1995-01-01'),
	(8, 'SICK_LONG', 'Ốm đau dài ngày', 'Long-term sickness',
	 'BHXH', 'sickness', 'sick_long', 'one_off', '1995-01-01'),
	(9, 'SICK_CHILD', 'Chăm sóc con ốm', 'Care of a sick child',
	 'BHXH', 'sickness', 'sick_child', 'one_off', '1995-01-01'),
	(10, 'ANTENATAL', 'Khám thai', 'Antenatal check-up',
	 'BHXH', 'maternity', 'antenatal', 'one_off', '1995-01-01'),
	(11, 'MISCARRIAGE', 'Sảy thai, nạo, hút thai, thai chết lưu', 'Miscarriage, abortion, stillbirth',
	 'BHXH', 'maternity', 'miscarriage', 'one_off', '1995-01-01'),
	(12, 'CHILDBIRTH', 'Sinh con', 'Childbirth',
	 'BHXH', 'maternity', 'childbirth', 'one_off', '1995-01-01'),
	(13, 'PATERNITY', 'Lao động nam khi vợ sinh con', 'Father when his wife gives birth',
	 'BHXH', 'maternity', 'paternity', 'one_off', '1995-01-01'),
	(14, 'BIRTH_ONE_OFF', 'Trợ cấp một lần khi sinh con hoặc nhận con nuôi', 'One-off benefit on birth or adoption',
	 'BHXH', 'maternity', 'birth_one_off', 'one_off', '1995-01-01'),
	(15, 'ADOPTION', 'Nhận nuôi con nuôi', 'Adoption',
	 'BHXH', 'maternity', 'adoption', 'one_off', '1995-01-01'),
	(16, 'CONTRACEPTION', 'Thực hiện biện pháp tránh thai', 'Contraceptive measures',
	 'BHXH', 'maternity', 'contraception', 'one_off', '1995-01-01'),
	(17, 'RECOVERY_SICK', 'Dưỡng sức, phục hồi sức khỏe sau ốm đau', 'Recovery after sickness',
	 'BHXH', 'recovery', 'recovery_sickness', 'one_off', '1995-01-01'),
	(18, 'RECOVERY_MATERNITY', 'Dưỡng sức, phục hồi sức khỏe sau thai sản', 'Recovery after maternity',
	 'BHXH', 'recovery', 'recovery_maternity', 'one_off', '1995-01-01'),
	(19, 'RECOVERY_INJURY', 'Dưỡng sức, phục hồi sức khỏe sau tai nạn lao động, bệnh nghề nghiệp', 'Recovery after work injury',
	 'BHXH', 'recovery', 'recovery_work_injury', 'one_off', '1995-01-01'),
	(20, 'INJURY_MONTHLY', 'Trợ cấp tai nạn lao động, bệnh nghề nghiệp hằng tháng', 'Monthly work-injury benefit',
	 'BHXH', 'work_injury', 'work_injury_monthly', 'monthly', '1995-01-01'),
	(21, 'INJURY_ATTENDANT', 'Trợ cấp phục vụ hằng tháng', 'Monthly attendants benefit',
	 'BHXH', 'work_injury', 'work_injury_attendant', 'monthly', '1995-01-01'),
	(22, 'INJURY_ONE_OFF', 'Trợ cấp tai nạn lao động, bệnh nghề nghiệp một lần', 'One-off work-injury benefit',
	 'BHXH', 'work_injury', 'work_injury_one_off', 'one_off', '1995-01-01'),
	(23, 'INJURY_DEATH', 'Trợ cấp một lần khi chết do tai nạn lao động, bệnh nghề nghiệp', 'One-off benefit on death by work injury',
	 'BHXH', 'work_injury', 'work_injury_death', 'one_off', '1995-01-01'),
	(24, 'INJURY_AIDS', 'Phương tiện trợ giúp sinh hoạt, dụng cụ chỉnh hình', 'Aids and orthopaedic devices',
	 'BHXH', 'work_injury', 'work_injury_aids', 'one_off', '1995-01-01'),
	(25, 'SURVIVOR_MONTHLY', 'Trợ cấp tuất hằng tháng', 'Monthly survivor benefit',
	 'BHXH', 'survivor', 'survivor_monthly', 'monthly', '1995-01-01'),
	(26, 'SURVIVOR_ONE_OFF', 'Trợ cấp tuất một lần', 'One-off survivor benefit',
	 'BHXH', 'survivor', 'survivor_one_off', 'one_off', '1995-01-01'),
	(27, 'FUNERAL', 'Trợ cấp mai táng', 'Funeral grant',
	 'BHXH', 'survivor', 'funeral', 'one_off', '1995-01-01'),
	(28, 'UI_MONTHLY', 'Trợ cấp thất nghiệp hằng tháng', 'Monthly unemployment benefit',
	 'BHTN', 'unemployment', 'ui_monthly', 'monthly', '2009-01-01'),
	(29, 'UI_ONE_OFF', 'Trợ cấp thất nghiệp một lần', 'One-off unemployment benefit',
	 'BHTN', 'unemployment', 'ui_one_off', 'one_off', '2009-01-01'),
	(30, 'UI_TRAINING', 'Hỗ trợ học nghề', 'Vocational training support',
	 'BHTN', 'unemployment', 'ui_training', 'one_off', '2009-01-01'),
	(31, 'UI_JOB_SUPPORT', 'Hỗ trợ tìm việc làm', 'Job-finding support',
	 'BHTN', 'unemployment', 'ui_job_support', 'one_off', '2009-01-01'),
	(32, 'UI_RETENTION', 'Hỗ trợ đào tạo để duy trì việc làm', 'Training support to keep jobs',
	 'BHTN', 'unemployment', 'ui_retention', 'one_off', '2009-01-01'),
	(33, 'CARE_INPATIENT', 'Khám chữa bệnh nội trú', 'Inpatient care',
	 'BHYT', 'care', 'care_inpatient', 'one_off', '1995-01-01'),
	(34, 'CARE_OUTPATIENT', 'Khám chữa bệnh ngoại trú', 'Outpatient care',
	 'BHYT', 'care', 'care_outpatient', 'one_off', '1995-01-01'),
	(35, 'CARE_DIRECT', 'Thanh toán trực tiếp chi phí khám chữa bệnh', 'Costs paid directly to the insured',
	 'BHYT', 'care', 'care_direct', 'one_off', '1995-01-01'),
	(36, 'CARE_PRIMARY', 'Chăm sóc sức khỏe ban đầu', 'Primary health care',
	 'BHYT', 'care', 'care_primary', 'one_off', '1995-01-01');

-- Ledger accounts: for each fund one account of each nature that it can have, and one for each benefit that it pays. Which fund
-- pays what: general knowledge. Numbers are 100 × fund + 1 contribution, 2 investment income, 3 administration, 4 balance, and
-- 100 × fund + 10 + benefit for benefits.
INSERT INTO dwh_star.dim_ledger_account (account_id, code, name_vi, name_en, nature, fund_id, valid_from)
SELECT 100 * f.fund_id + n.no, n.code || '-' || f.code, n.name_vi || ': ' || f.name_vi, n.name_en || ': ' || f.name_en,
	n.nature, f.fund_id, f.valid_from
FROM dwh_star.dim_fund AS f
CROSS JOIN (VALUES
	(1, 'CONTRIBUTION', 'contribution', 'Thu đóng', 'Contributions'),
	(2, 'INVESTMENT', 'investment income', 'Lãi đầu tư', 'Investment income'),
	(3, 'ADMINISTRATION', 'administration', 'Chi quản lý', 'Administration'),
	(4, 'BALANCE', 'balance', 'Số dư', 'Balance')) AS n (no, code, nature, name_vi, name_en)
WHERE f.code <> 'NSNN' OR n.nature IN ('contribution', 'administration')
ORDER BY f.fund_id, n.no;

INSERT INTO dwh_star.dim_ledger_account (account_id, code, name_vi, name_en, nature, fund_id, benefit_id, valid_from)
SELECT 100 * f.fund_id + 10 + b.benefit_id, 'BENEFIT-' || f.code || '-' || b.code, 'Chi ' || b.name_vi || ': ' || f.name_vi,
	b.name_en || ': ' || f.name_en, 'benefit', f.fund_id, b.benefit_id, greatest(f.valid_from, b.valid_from)
FROM (VALUES
	('HTTT', ARRAY['PENSION', 'RETIRE_ONE_OFF', 'LUMP_SUM', 'SURVIVOR_MONTHLY', 'SURVIVOR_ONE_OFF', 'FUNERAL']),
	('ODTS', ARRAY['SICK_SHORT', 'SICK_LONG', 'SICK_CHILD', 'ANTENATAL', 'MISCARRIAGE', 'CHILDBIRTH', 'PATERNITY', 'BIRTH_ONE_OFF',
				   'ADOPTION', 'CONTRACEPTION', 'RECOVERY_SICK', 'RECOVERY_MATERNITY']),
	('TNLD', ARRAY['INJURY_MONTHLY', 'INJURY_ATTENDANT', 'INJURY_ONE_OFF', 'INJURY_DEATH', 'INJURY_AIDS', 'RECOVERY_INJURY',
				   'SURVIVOR_MONTHLY', 'FUNERAL']),
	('TN', ARRAY['PENSION', 'RETIRE_ONE_OFF', 'LUMP_SUM', 'SURVIVOR_ONE_OFF', 'FUNERAL', 'BIRTH_ONE_OFF']),
	('BHTN', ARRAY['UI_MONTHLY', 'UI_ONE_OFF', 'UI_TRAINING', 'UI_JOB_SUPPORT', 'UI_RETENTION']),
	('BHYT', ARRAY['CARE_INPATIENT', 'CARE_OUTPATIENT', 'CARE_DIRECT', 'CARE_PRIMARY']),
	('NSNN', ARRAY['PENSION', 'RETIRE_ONE_OFF', 'CAPACITY_LOSS', 'COMMUNE_CADRE', 'RUBBER_WORKER', 'LUMP_SUM', 'INJURY_MONTHLY',
				   'INJURY_ATTENDANT', 'SURVIVOR_MONTHLY', 'SURVIVOR_ONE_OFF', 'FUNERAL', 'BIRTH_ONE_OFF'])) AS pays (fund, benefits)
JOIN dwh_star.dim_fund AS f ON f.code = pays.fund
JOIN dwh_star.dim_benefit AS b ON b.code = ANY (pays.benefits)
ORDER BY f.fund_id, b.benefit_id;

-- A few general procedures and positions, so that the facts can point somewhere; a site adds its own.
INSERT INTO dwh_star.dim_procedure (procedure_id, code, name_vi, name_en, valid_from) VALUES
	(1, 'PARTICIPATION', 'Đăng ký, điều chỉnh đóng BHXH, BHYT, BHTN', 'Registering or changing contributions', '1995-01-01'),
	(2, 'BOOK_CARD', 'Cấp, cấp lại sổ BHXH, thẻ BHYT', 'Issuing or renewing books and cards', '1995-01-01'),
	(3, 'SICKNESS_MATERNITY', 'Hưởng chế độ ốm đau, thai sản, dưỡng sức', 'Sickness, maternity and recovery benefits', '1995-01-01'),
	(4, 'PENSION_BENEFIT', 'Hưởng lương hưu, trợ cấp hằng tháng', 'Pensions and monthly benefits', '1995-01-01'),
	(5, 'LUMP_SUM', 'Hưởng BHXH một lần', 'Lump-sum withdrawal', '1995-01-01'),
	(6, 'SURVIVOR', 'Hưởng chế độ tử tuất', 'Survivor benefits', '1995-01-01'),
	(7, 'CARE_DIRECT', 'Thanh toán trực tiếp chi phí khám chữa bệnh BHYT', 'Direct payment of health-care costs', '1995-01-01'),
	(8, 'OTHER', 'Thủ tục khác', 'Other procedures', '1995-01-01');

INSERT INTO dwh_star.dim_position (position_id, code, name_vi, name_en, valid_from) VALUES
	(1, 'UNIT_LEADER', 'Thủ trưởng đơn vị', 'Head of unit', '1995-01-01'),
	(2, 'UNIT_DEPUTY', 'Cấp phó của thủ trưởng đơn vị', 'Deputy head of unit', '1995-01-01'),
	(3, 'DIVISION_HEAD', 'Trưởng phòng', 'Head of division', '1995-01-01'),
	(4, 'DIVISION_DEPUTY', 'Phó trưởng phòng', 'Deputy head of division', '1995-01-01'),
	(5, 'SPECIALIST', 'Chuyên viên', 'Specialist', '1995-01-01'),
	(6, 'SUPPORT', 'Nhân viên phục vụ', 'Support staff', '1995-01-01'),
	(7, 'OTHER', 'Chức vụ khác', 'Other position', '1995-01-01');

INSERT INTO dwh_star.dim_employer (employer_id, code, name_vi, name_en, economic_type, management_type, valid_from) VALUES
	(0, 'NONE', 'Không có đơn vị sử dụng lao động', 'No employer', 'none', 'none', '1995-01-01');

-- Rows of the areas and units. Ids are fixed, so that they are the same at every site: 1 the country and its root unit; for
-- provinces and their offices 100 + code for the first row of a code, 200 + code for the second; regions 301-335.
--
-- Sources: list of provinces of the statistics office to and from 2025-07-01; Resolution 202/2025/QH15 (52 units became 23,
-- 11 unchanged); Resolution 15/2008/QH12 (63 provinces since 2008-08-01, when Hà Tây joined Hà Nội): before that day nothing
-- is claimed about provinces. Tỉnh Thừa Thiên Huế became thành phố Huế on 2025-01-01: a rename, the code 46 stayed.

INSERT INTO dwh_star.dim_area (area_id, code, level, type, name_vi, name_en, short_name_vi, parent_area_id, valid_from,
	source) VALUES
	(1, 'VN', 'country', 'country', 'Cả nước', 'Whole country', 'Việt Nam', NULL, '1995-01-01', 'own start: first month of dim_month');

INSERT INTO dwh_star.dim_area (area_id, code, level, type, name_vi, name_en, short_name_vi, parent_area_id, valid_from,
	valid_to, source)
SELECT v.area_id, v.code, 'province', v.type, CASE v.type WHEN 'municipality' THEN 'Thành phố ' ELSE 'Tỉnh ' END || v.short_vi,
	v.short_en || CASE v.type WHEN 'municipality' THEN ' City' ELSE ' Province' END, v.short_vi, 1, v.valid_from, v.valid_to,
	CASE v.valid_from WHEN '2008-08-01' THEN 'Resolution 15/2008/QH12' WHEN '2025-01-01' THEN 'city since 2025-01-01'
		ELSE 'Resolution 202/2025/QH15' END
FROM (VALUES
	(101, '01', 'municipality', 'Hà Nội', 'Ha Noi', date '2008-08-01', CAST(NULL AS date)),
	(102, '02', 'province', 'Hà Giang', 'Ha Giang', '2008-08-01', '2025-06-30'),
	(104, '04', 'province', 'Cao Bằng', 'Cao Bang', '2008-08-01', NULL),
	(106, '06', 'province', 'Bắc Kạn', 'Bac Kan', '2008-08-01', '2025-06-30'),
	(108, '08', 'province', 'Tuyên Quang', 'Tuyen Quang', '2008-08-01', '2025-06-30'),
	(110, '10', 'province', 'Lào Cai', 'Lao Cai', '2008-08-01', '2025-06-30'),
	(111, '11', 'province', 'Điện Biên', 'Dien Bien', '2008-08-01', NULL),
	(112, '12', 'province', 'Lai Châu', 'Lai Chau', '2008-08-01', NULL),
	(114, '14', 'province', 'Sơn La', 'Son La', '2008-08-01', NULL),
	(115, '15', 'province', 'Yên Bái', 'Yen Bai', '2008-08-01', '2025-06-30'),
	(117, '17', 'province', 'Hoà Bình', 'Hoa Binh', '2008-08-01', '2025-06-30'),
	(119, '19', 'province', 'Thái Nguyên', 'Thai Nguyen', '2008-08-01', '2025-06-30'),
	(120, '20', 'province', 'Lạng Sơn', 'Lang Son', '2008-08-01', NULL),
	(122, '22', 'province', 'Quảng Ninh', 'Quang Ninh', '2008-08-01', NULL),
	(124, '24', 'province', 'Bắc Giang', 'Bac Giang', '2008-08-01', '2025-06-30'),
	(125, '25', 'province', 'Phú Thọ', 'Phu Tho', '2008-08-01', '2025-06-30'),
	(126, '26', 'province', 'Vĩnh Phúc', 'Vinh Phuc', '2008-08-01', '2025-06-30'),
	(127, '27', 'province', 'Bắc Ninh', 'Bac Ninh', '2008-08-01', '2025-06-30'),
	(130, '30', 'province', 'Hải Dương', 'Hai Duong', '2008-08-01', '2025-06-30'),
	(131, '31', 'municipality', 'Hải Phòng', 'Hai Phong', '2008-08-01', '2025-06-30'),
	(133, '33', 'province', 'Hưng Yên', 'Hung Yen', '2008-08-01', '2025-06-30'),
	(134, '34', 'province', 'Thái Bình', 'Thai Binh', '2008-08-01', '2025-06-30'),
	(135, '35', 'province', 'Hà Nam', 'Ha Nam', '2008-08-01', '2025-06-30'),
	(136, '36', 'province', 'Nam Định', 'Nam Dinh', '2008-08-01', '2025-06-30'),
	(137, '37', 'province', 'Ninh Bình', 'Ninh Binh', '2008-08-01', '2025-06-30'),
	(138, '38', 'province', 'Thanh Hóa', 'Thanh Hoa', '2008-08-01', NULL),
	(140, '40', 'province', 'Nghệ An', 'Nghe An', '2008-08-01', NULL),
	(142, '42', 'province', 'Hà Tĩnh', 'Ha Tinh', '2008-08-01', NULL),
	(144, '44', 'province', 'Quảng Bình', 'Quang Binh', '2008-08-01', '2025-06-30'),
	(145, '45', 'province', 'Quảng Trị', 'Quang Tri', '2008-08-01', '2025-06-30'),
	(146, '46', 'province', 'Thừa Thiên Huế', 'Thua Thien Hue', '2008-08-01', '2024-12-31'),
	(246, '46', 'municipality', 'Huế', 'Hue', '2025-01-01', NULL),
	(148, '48', 'municipality', 'Đà Nẵng', 'Da Nang', '2008-08-01', '2025-06-30'),
	(149, '49', 'province', 'Quảng Nam', 'Quang Nam', '2008-08-01', '2025-06-30'),
	(151, '51', 'province', 'Quảng Ngãi', 'Quang Ngai', '2008-08-01', '2025-06-30'),
	(152, '52', 'province', 'Bình Định', 'Binh Dinh', '2008-08-01', '2025-06-30'),
	(154, '54', 'province', 'Phú Yên', 'Phu Yen', '2008-08-01', '2025-06-30'),
	(156, '56', 'province', 'Khánh Hòa', 'Khanh Hoa', '2008-08-01', '2025-06-30'),
	(158, '58', 'province', 'Ninh Thuận', 'Ninh Thuan', '2008-08-01', '2025-06-30'),
	(160, '60', 'province', 'Bình Thuận', 'Binh Thuan', '2008-08-01', '2025-06-30'),
	(162, '62', 'province', 'Kon Tum', 'Kon Tum', '2008-08-01', '2025-06-30'),
	(164, '64', 'province', 'Gia Lai', 'Gia Lai', '2008-08-01', '2025-06-30'),
	(166, '66', 'province', 'Đắk Lắk', 'Dak Lak', '2008-08-01', '2025-06-30'),
	(167, '67', 'province', 'Đắk Nông', 'Dak Nong', '2008-08-01', '2025-06-30'),
	(168, '68', 'province', 'Lâm Đồng', 'Lam Dong', '2008-08-01', '2025-06-30'),
	(170, '70', 'province', 'Bình Phước', 'Binh Phuoc', '2008-08-01', '2025-06-30'),
	(172, '72', 'province', 'Tây Ninh', 'Tay Ninh', '2008-08-01', '2025-06-30'),
	(174, '74', 'province', 'Bình Dương', 'Binh Duong', '2008-08-01', '2025-06-30'),
	(175, '75', 'province', 'Đồng Nai', 'Dong Nai', '2008-08-01', '2025-06-30'),
	(177, '77', 'province', 'Bà Rịa - Vũng Tàu', 'Ba Ria - Vung Tau', '2008-08-01', '2025-06-30'),
	(179, '79', 'municipality', 'Hồ Chí Minh', 'Ho Chi Minh', '2008-08-01', '2025-06-30'),
	(180, '80', 'province', 'Long An', 'Long An', '2008-08-01', '2025-06-30'),
	(182, '82', 'province', 'Tiền Giang', 'Tien Giang', '2008-08-01', '2025-06-30'),
	(183, '83', 'province', 'Bến Tre', 'Ben Tre', '2008-08-01', '2025-06-30'),
	(184, '84', 'province', 'Trà Vinh', 'Tra Vinh', '2008-08-01', '2025-06-30'),
	(186, '86', 'province', 'Vĩnh Long', 'Vinh Long', '2008-08-01', '2025-06-30'),
	(187, '87', 'province', 'Đồng Tháp', 'Dong Thap', '2008-08-01', '2025-06-30'),
	(189, '89', 'province', 'An Giang', 'An Giang', '2008-08-01', '2025-06-30'),
	(191, '91', 'province', 'Kiên Giang', 'Kien Giang', '2008-08-01', '2025-06-30'),
	(192, '92', 'municipality', 'Cần Thơ', 'Can Tho', '2008-08-01', '2025-06-30'),
	(193, '93', 'province', 'Hậu Giang', 'Hau Giang', '2008-08-01', '2025-06-30'),
	(194, '94', 'province', 'Sóc Trăng', 'Soc Trang', '2008-08-01', '2025-06-30'),
	(195, '95', 'province', 'Bạc Liêu', 'Bac Lieu', '2008-08-01', '2025-06-30'),
	(196, '96', 'province', 'Cà Mau', 'Ca Mau', '2008-08-01', '2025-06-30'),
	(208, '08', 'province', 'Tuyên Quang', 'Tuyen Quang', '2025-07-01', NULL),
	(215, '15', 'province', 'Lào Cai', 'Lao Cai', '2025-07-01', NULL),
	(219, '19', 'province', 'Thái Nguyên', 'Thai Nguyen', '2025-07-01', NULL),
	(224, '24', 'province', 'Bắc Ninh', 'Bac Ninh', '2025-07-01', NULL),
	(225, '25', 'province', 'Phú Thọ', 'Phu Tho', '2025-07-01', NULL),
	(231, '31', 'municipality', 'Hải Phòng', 'Hai Phong', '2025-07-01', NULL),
	(233, '33', 'province', 'Hưng Yên', 'Hung Yen', '2025-07-01', NULL),
	(237, '37', 'province', 'Ninh Bình', 'Ninh Binh', '2025-07-01', NULL),
	(244, '44', 'province', 'Quảng Trị', 'Quang Tri', '2025-07-01', NULL),
	(248, '48', 'municipality', 'Đà Nẵng', 'Da Nang', '2025-07-01', NULL),
	(251, '51', 'province', 'Quảng Ngãi', 'Quang Ngai', '2025-07-01', NULL),
	(252, '52', 'province', 'Gia Lai', 'Gia Lai', '2025-07-01', NULL),
	(256, '56', 'province', 'Khánh Hòa', 'Khanh Hoa', '2025-07-01', NULL),
	(266, '66', 'province', 'Đắk Lắk', 'Dak Lak', '2025-07-01', NULL),
	(268, '68', 'province', 'Lâm Đồng', 'Lam Dong', '2025-07-01', NULL),
	(275, '75', 'province', 'Đồng Nai', 'Dong Nai', '2025-07-01', NULL),
	(279, '79', 'municipality', 'Hồ Chí Minh', 'Ho Chi Minh', '2025-07-01', NULL),
	(280, '80', 'province', 'Tây Ninh', 'Tay Ninh', '2025-07-01', NULL),
	(282, '82', 'province', 'Đồng Tháp', 'Dong Thap', '2025-07-01', NULL),
	(286, '86', 'province', 'Vĩnh Long', 'Vinh Long', '2025-07-01', NULL),
	(291, '91', 'province', 'An Giang', 'An Giang', '2025-07-01', NULL),
	(292, '92', 'municipality', 'Cần Thơ', 'Can Tho', '2025-07-01', NULL),
	(296, '96', 'province', 'Cà Mau', 'Ca Mau', '2025-07-01', NULL))
	AS v (area_id, code, type, short_vi, short_en, valid_from, valid_to);
ALTER TABLE dwh_star.dim_area ALTER COLUMN area_id RESTART WITH 1001;

INSERT INTO dwh_catalog.area_succession (predecessor_area_id, successor_area_id, kind, effective_on) VALUES
	(146, 246, 'rename', '2025-01-01');
INSERT INTO dwh_catalog.area_succession (predecessor_area_id, successor_area_id, kind, effective_on)
SELECT 100 + p, 200 + v.new_code, 'merge', '2025-07-01'
FROM (VALUES
	(8, ARRAY[2, 8]), (15, ARRAY[10, 15]), (19, ARRAY[6, 19]), (24, ARRAY[24, 27]), (25, ARRAY[17, 25, 26]),
	(31, ARRAY[30, 31]), (33, ARRAY[33, 34]), (37, ARRAY[35, 36, 37]), (44, ARRAY[44, 45]), (48, ARRAY[48, 49]),
	(51, ARRAY[51, 62]), (52, ARRAY[52, 64]), (56, ARRAY[56, 58]), (66, ARRAY[54, 66]), (68, ARRAY[60, 67, 68]),
	(75, ARRAY[70, 75]), (79, ARRAY[74, 77, 79]), (80, ARRAY[72, 80]), (82, ARRAY[82, 87]),
	(86, ARRAY[83, 84, 86]), (91, ARRAY[89, 91]), (92, ARRAY[92, 93, 94]), (96, ARRAY[95, 96])) AS v (new_code, old_codes),
	unnest(v.old_codes) AS p;

-- The root, and the central units named in Decision 893 (Arts. 3, 9, 12) under own codes. Their names are those of 2020;
-- whether and how they were renamed in 2025 is not verified, so their rows stay open.
INSERT INTO dwh_star.dim_unit (unit_id, code, level, name_vi, name_en, parent_unit_id, area_id, valid_from, source, is_verified)
VALUES
	(1, 'VSS', 'centre', 'Bảo hiểm xã hội Việt Nam', 'Vietnam Social Security', NULL, 1, '1995-01-01',
		'own start: first month of dim_month', true),
	(11, 'VU-KHDT', 'central_unit', 'Vụ Kế hoạch và Đầu tư', 'Planning and Investment Department', 1, NULL, '2020-07-10',
		'Decision 893/QĐ-BHXH 2020; own code; later renaming not verified', false),
	(12, 'TT-CNTT', 'central_unit', 'Trung tâm Công nghệ thông tin', 'Information Technology Centre', 1, NULL, '2020-07-10',
		'Decision 893/QĐ-BHXH 2020; own code; later renaming not verified', false),
	(13, 'VP', 'central_unit', 'Văn phòng', 'Office', 1, NULL, '2020-07-10',
		'Decision 893/QĐ-BHXH 2020; own code; later renaming not verified', false),
	(21, 'QP', 'defence', 'Bảo hiểm xã hội Bộ Quốc phòng', 'Social Insurance of the Ministry of National Defence', 1, NULL,
		'2008-08-01', 'own start, as the provinces', false),
	(22, 'CA', 'police', 'Bảo hiểm xã hội Công an nhân dân', 'Social Insurance of the People''s Public Security', 1, NULL,
		'2008-08-01', 'own start, as the provinces', false);

-- 893 Art. 9.1: the focal point that controls the correctness of indicators. A site whose departments were renamed ends this row.
INSERT INTO dwh_catalog.unit_function (unit_id, function, valid_from, valid_to) VALUES (11, 'planning', '2020-07-10', NULL);

-- One office for each province, in its borders, for as long as they last.
INSERT INTO dwh_star.dim_unit (unit_id, code, level, name_vi, name_en, parent_unit_id, area_id, valid_from, valid_to, source)
SELECT a.area_id, a.code, 'province',
	'Bảo hiểm xã hội ' || CASE a.type WHEN 'municipality' THEN 'thành phố ' ELSE 'tỉnh ' END || a.short_name_vi,
	'Social Insurance of ' || a.name_en, 1, a.area_id, a.valid_from, a.valid_to, a.source
FROM dwh_star.dim_area AS a
WHERE a.level = 'province'
ORDER BY a.area_id;

INSERT INTO dwh_catalog.unit_succession (predecessor_unit_id, successor_unit_id, kind, effective_on)
SELECT predecessor_area_id, successor_area_id, kind, effective_on FROM dwh_catalog.area_succession;

-- The regions of spring 2025: ten began on 2025-04-01, the others on 2025-06-01, all ended with June (Decision 391/QĐ-BTC of
-- 2025-02-26 and press; XVII and XVIII of medium confidence). They group provinces; the provinces' offices keep the figures.
WITH v (region_no, code, began_on, province_ids, is_verified) AS (VALUES
	(1, 'KV-I', date '2025-04-01', ARRAY[101], true),
	(2, 'KV-II', '2025-06-01', ARRAY[179], true),
	(3, 'KV-III', '2025-06-01', ARRAY[192], true),
	(4, 'KV-IV', '2025-04-01', ARRAY[174], true),
	(5, 'KV-V', '2025-06-01', ARRAY[175], true),
	(6, 'KV-VI', '2025-04-01', ARRAY[138], true),
	(7, 'KV-VII', '2025-04-01', ARRAY[140], true),
	(8, 'KV-VIII', '2025-06-01', ARRAY[131, 134], true),
	(9, 'KV-IX', '2025-06-01', ARRAY[120, 104], true),
	(10, 'KV-X', '2025-04-01', ARRAY[119, 106], true),
	(11, 'KV-XI', '2025-04-01', ARRAY[124, 127], true),
	(12, 'KV-XII', '2025-06-01', ARRAY[130, 122], true),
	(13, 'KV-XIII', '2025-06-01', ARRAY[136, 137], true),
	(14, 'KV-XIV', '2025-06-01', ARRAY[133, 135], true),
	(15, 'KV-XV', '2025-06-01', ARRAY[114, 117], true),
	(16, 'KV-XVI', '2025-06-01', ARRAY[111, 112], true),
	(17, 'KV-XVII', '2025-04-01', ARRAY[115, 110], false),
	(18, 'KV-XVIII', '2025-06-01', ARRAY[125, 126], false),
	(19, 'KV-XIX', '2025-04-01', ARRAY[102, 108], true),
	(20, 'KV-XX', '2025-06-01', ARRAY[142, 144], true),
	(21, 'KV-XXI', '2025-06-01', ARRAY[246, 145], true),
	(22, 'KV-XXII', '2025-04-01', ARRAY[148, 149], true),
	(23, 'KV-XXIII', '2025-06-01', ARRAY[152, 151], true),
	(24, 'KV-XXIV', '2025-06-01', ARRAY[156, 154], true),
	(25, 'KV-XXV', '2025-06-01', ARRAY[166, 167], true),
	(26, 'KV-XXVI', '2025-06-01', ARRAY[164, 162], true),
	(27, 'KV-XXVII', '2025-06-01', ARRAY[168, 158], true),
	(28, 'KV-XXVIII', '2025-06-01', ARRAY[177, 160], true),
	(29, 'KV-XXIX', '2025-06-01', ARRAY[172, 170], true),
	(30, 'KV-XXX', '2025-06-01', ARRAY[189, 187], true),
	(31, 'KV-XXXI', '2025-06-01', ARRAY[191, 193], true),
	(32, 'KV-XXXII', '2025-04-01', ARRAY[196, 195], true),
	(33, 'KV-XXXIII', '2025-06-01', ARRAY[194, 184], true),
	(34, 'KV-XXXIV', '2025-06-01', ARRAY[180, 182], true),
	(35, 'KV-XXXV', '2025-06-01', ARRAY[183, 186], true)),
region AS (
	INSERT INTO dwh_star.dim_unit (unit_id, code, level, name_vi, name_en, parent_unit_id, valid_from, valid_to, source,
		is_verified)
	SELECT 300 + region_no, code, 'region', 'Bảo hiểm xã hội khu vực ' || substr(code, 4),
		'Social Insurance of Region ' || substr(code, 4), 1, began_on, '2025-06-30',
		'Decision 391/QĐ-BTC 2025; press', is_verified
	FROM v ORDER BY region_no)
INSERT INTO dwh_catalog.unit_grouping (group_unit_id, unit_id, valid_from, valid_to, is_verified)
SELECT 300 + region_no, p, began_on, '2025-06-30', is_verified
FROM v, unnest(province_ids) AS p ORDER BY region_no, p;

ALTER TABLE dwh_star.dim_unit ALTER COLUMN unit_id RESTART WITH 1001;

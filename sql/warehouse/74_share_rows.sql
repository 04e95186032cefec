-- Gateways and platforms that ship with the warehouse, and the host's row. Decision 2327 binds the former Ministry of Labour, not
-- VSS: its rule set is off until the site switches it on.
INSERT INTO dwh_catalog.share_platform (platform_id, code, kind, name_vi, name_en, is_intermediary, is_ready, is_verified, valid_from,
	note) VALUES
	(1, 'PORTAL', 'portal', 'Cổng dữ liệu của cơ quan chủ quản', 'Data portal of the host agency', true, true, true, '2020-05-25',
	 'the gateway of the host; the site gives it its real name'),
	(2, 'NDXP', 'platform', 'Nền tảng tích hợp, chia sẻ dữ liệu quốc gia', 'National data integration and sharing platform', true, true,
	 true, '2020-05-25', '2327 Art. 12.3'),
	(3, 'NDOP', 'platform', 'Nền tảng chia sẻ, điều phối dữ liệu của Trung tâm Dữ liệu quốc gia',
	 'Data sharing and coordination platform of the National Data Centre', true, false, false, '2025-10-22',
	 'Decree 278/2025, secondary sources only: not ready until the site says so');
ALTER TABLE dwh_catalog.share_platform ALTER COLUMN platform_id RESTART WITH 101;

INSERT INTO dwh_catalog.share_host (gateway_id) VALUES (1);

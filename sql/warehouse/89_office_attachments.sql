-- What offices and user groups need of the extension's code; run on creation and again on every rebuild.
CREATE OR REPLACE TRIGGER before_write_check BEFORE INSERT OR UPDATE ON dwh_catalog.access_grant
	FOR EACH ROW EXECUTE FUNCTION dwh_internal.check_grant();

CREATE OR REPLACE VIEW dwh.user_groups AS
	SELECT g.code, g.name_vi, g.name_en, coalesce(g.rights_of, g.role_name) AS rights_of, g.role_name,
		ARRAY(SELECT s.code FROM dwh_catalog.user_group_subject AS l JOIN dwh_catalog.subject AS s USING (subject_id)
			WHERE l.user_group_id = g.user_group_id ORDER BY s.subject_id) AS subjects,
		g.unit_levels, g.unit_functions, g.employment_kinds, g.is_seeded, g.document, g.valid_from, g.valid_to
	FROM dwh_catalog.user_group AS g;
COMMENT ON VIEW dwh.user_groups IS 'Các nhóm người sử dụng, chủ đề và quyền | User groups with their subjects and rights';
COMMENT ON COLUMN dwh.user_groups.code IS 'Mã nhóm | Code';
COMMENT ON COLUMN dwh.user_groups.name_vi IS 'Tên tiếng Việt | Name in Vietnamese';
COMMENT ON COLUMN dwh.user_groups.name_en IS 'Tên tiếng Anh | Name in English';
COMMENT ON COLUMN dwh.user_groups.rights_of IS 'Vai trò mà nhóm có quyền | Role whose rights the group has';
COMMENT ON COLUMN dwh.user_groups.role_name IS 'Vai trò của nhóm | Role of the group';
COMMENT ON COLUMN dwh.user_groups.subjects IS 'Các chủ đề được khai thác | Subjects that may be read';
COMMENT ON COLUMN dwh.user_groups.unit_levels IS 'Cấp đơn vị được vào nhóm; trống: mọi cấp | Levels of units; empty: any';
COMMENT ON COLUMN dwh.user_groups.unit_functions IS 'Chức năng của đơn vị được vào nhóm; trống: không xét | Functions of units; empty: any';
COMMENT ON COLUMN dwh.user_groups.employment_kinds IS 'Loại lao động được vào nhóm; trống: mọi loại | Kinds of employment; empty: any';
COMMENT ON COLUMN dwh.user_groups.is_seeded IS 'Có sẵn khi tạo kho | Shipped with the warehouse';
COMMENT ON COLUMN dwh.user_groups.document IS 'Văn bản lập nhóm | Document by which it was made';
COMMENT ON COLUMN dwh.user_groups.valid_from IS 'Ngày bắt đầu hiệu lực | First valid day';
COMMENT ON COLUMN dwh.user_groups.valid_to IS 'Ngày hiệu lực cuối cùng; trống là chưa định | Last valid day; empty is open';

-- What row security needs of the extension's code; run on creation and again on every rebuild.

-- Every session drops what it knows of the scope of its caller when one of these tables changes, whoever changed it and however.
DO $$
DECLARE
	v_table text;
BEGIN
	FOREACH v_table IN ARRAY ARRAY['dwh_catalog.user_group_subject', 'dwh_catalog.access_grant',
		'dwh_catalog.access_grant_subject', 'dwh_catalog.user_group_limit'] LOOP
		EXECUTE format('CREATE OR REPLACE TRIGGER after_change_cache AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s
			FOR EACH STATEMENT EXECUTE FUNCTION dwh_internal.invalidate_cache()', v_table);
		EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER after_change_cache', v_table);
	END LOOP;
END
$$;

-- Who sees which rows of the facts and of whatever else is a subject. A leaf partition has row security and no policy: nobody but
-- its owner reads it directly. Tables of other owners keep what create_subject() gave them.
DO $$
DECLARE
	v_subject	record;
BEGIN
	FOR v_subject IN
		SELECT s.relation, s.subject_id, s.unit_column
		FROM dwh_catalog.subject AS s JOIN pg_class AS c ON c.oid = s.relation
		WHERE c.relowner = 'dwh_owner'::regrole AND c.relkind IN ('r', 'p')
		ORDER BY s.subject_id
	LOOP
		PERFORM dwh_internal.protect_relation(v_subject.relation, v_subject.subject_id, v_subject.unit_column);
	END LOOP;
END
$$;
-- Persons are those who take part: subject 1. A person homed elsewhere is not seen, though the facts about him here are.
SELECT dwh_internal.protect_relation('dwh_star.dim_person', 1, 'home_unit_id');

-- A kept value stands for all that counts for its unit, so it is shown to those who may see all of it, and never to who sees the
-- unit's own rows only.
SELECT dwh_internal.protect_relation('dwh_star.indicator_value', NULL);
ALTER POLICY read_scope ON dwh_star.indicator_value USING (dwh.in_scope(unit_id, subject_id) AND dwh.has_whole_unit(unit_id, subject_id));

-- Persons without what is personal, for whoever may not read those columns of the table: NULL, never an empty text or 0.
CREATE OR REPLACE VIEW dwh.masked_person WITH (security_invoker = true, security_barrier = true) AS
SELECT p.person_id, NULL::text AS social_insurance_no, NULL::text AS identity_no, NULL::text AS full_name, NULL::date AS birth_date,
	NULL::text AS sex, p.home_unit_id, p.valid_from, p.valid_to
FROM dwh_star.dim_person AS p;
COMMENT ON VIEW dwh.masked_person IS 'Người tham gia, đã che dữ liệu cá nhân | Insured persons, personal data masked';
COMMENT ON COLUMN dwh.masked_person.person_id IS 'Khóa thay thế | Surrogate key';
COMMENT ON COLUMN dwh.masked_person.social_insurance_no IS 'Mã số BHXH: che | Social-insurance number: masked';
COMMENT ON COLUMN dwh.masked_person.identity_no IS 'Số định danh cá nhân: che | Personal identity number: masked';
COMMENT ON COLUMN dwh.masked_person.full_name IS 'Họ và tên: che | Full name: masked';
COMMENT ON COLUMN dwh.masked_person.birth_date IS 'Ngày sinh: che | Date of birth: masked';
COMMENT ON COLUMN dwh.masked_person.sex IS 'Giới tính: che | Sex: masked';
COMMENT ON COLUMN dwh.masked_person.home_unit_id IS 'Cơ quan BHXH quản lý | Social-insurance office in charge';
COMMENT ON COLUMN dwh.masked_person.valid_from IS 'Ngày bắt đầu hiệu lực | First valid day';
COMMENT ON COLUMN dwh.masked_person.valid_to IS 'Ngày hiệu lực cuối cùng; trống là chưa định | Last valid day; empty is open';

-- What row security needs of the extension's code; run on creation and again on every rebuild.

-- Every session drops what it knows of the scope of its caller when one of these tables changes, whoever changed it and however.
DO $$
DECLARE
	v_table text;
BEGIN
	FOREACH v_table IN ARRAY ARRAY['dwh_catalog.user_group_subject', 'dwh_catalog.access_grant',
		'dwh_catalog.access_grant_subject'] LOOP
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

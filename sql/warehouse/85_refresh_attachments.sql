-- The triggers that mark what changed, run on creation and again on every rebuild. A trigger that was away and comes back has
-- another number: refresh sees by it that nobody watched meanwhile, and takes everything for changed.
SELECT dwh_internal.watch_subject(s.subject_id) FROM dwh_catalog.subject AS s ORDER BY s.subject_id;

CREATE OR REPLACE TRIGGER after_row_mark AFTER INSERT OR UPDATE OR DELETE ON dwh_catalog.subject
	FOR EACH ROW EXECUTE FUNCTION dwh_internal.mark_subject();
CREATE OR REPLACE TRIGGER after_row_mark AFTER INSERT OR UPDATE OR DELETE ON dwh_catalog.subject_dimension
	FOR EACH ROW EXECUTE FUNCTION dwh_internal.mark_subject();
CREATE OR REPLACE TRIGGER after_row_mark AFTER INSERT OR UPDATE OR DELETE ON dwh_catalog.measure
	FOR EACH ROW EXECUTE FUNCTION dwh_internal.mark_subject();
CREATE OR REPLACE TRIGGER after_row_mark AFTER INSERT OR UPDATE ON dwh_catalog.indicator
	FOR EACH ROW EXECUTE FUNCTION dwh_internal.mark_indicator();
CREATE OR REPLACE TRIGGER after_row_mark AFTER INSERT OR UPDATE OR DELETE ON dwh_catalog.indicator_version
	FOR EACH ROW EXECUTE FUNCTION dwh_internal.mark_formula();
CREATE OR REPLACE TRIGGER after_row_mark AFTER INSERT OR UPDATE OR DELETE ON dwh_star.dim_unit
	FOR EACH ROW EXECUTE FUNCTION dwh_internal.mark_units();
CREATE OR REPLACE TRIGGER after_row_mark AFTER INSERT OR UPDATE OR DELETE ON dwh_catalog.unit_succession
	FOR EACH ROW EXECUTE FUNCTION dwh_internal.mark_units();
CREATE OR REPLACE TRIGGER after_row_mark AFTER INSERT OR UPDATE OR DELETE ON dwh_catalog.unit_grouping
	FOR EACH ROW EXECUTE FUNCTION dwh_internal.mark_units();
DO $$
DECLARE
	v_table	text;
BEGIN
	FOREACH v_table IN ARRAY ARRAY['dwh_catalog.subject', 'dwh_catalog.subject_dimension', 'dwh_catalog.measure',
		'dwh_catalog.indicator', 'dwh_catalog.indicator_version', 'dwh_star.dim_unit', 'dwh_catalog.unit_succession',
		'dwh_catalog.unit_grouping'] LOOP
		EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER after_row_mark', v_table);
	END LOOP;
	FOR v_table IN
		SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
		WHERE n.nspname = 'dwh_star' AND c.relkind = 'r' AND c.relname LIKE 'dim\_%'
			AND c.relname NOT IN ('dim_unit', 'dim_month', 'dim_day', 'dim_person')
		ORDER BY c.relname
	LOOP
		EXECUTE format('CREATE OR REPLACE TRIGGER after_update_mark AFTER UPDATE ON %s
			REFERENCING OLD TABLE AS rows_before NEW TABLE AS rows_after
			FOR EACH STATEMENT EXECUTE FUNCTION dwh_internal.mark_dimension()', v_table);
		EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER after_update_mark', v_table);
	END LOOP;
END
$$;

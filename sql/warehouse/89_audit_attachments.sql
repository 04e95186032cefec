-- The tree over the logs is append-only like the logs; run on creation and again on every rebuild.
DO $$
DECLARE
	v_table text;
BEGIN
	FOREACH v_table IN ARRAY ARRAY['audit_leaf', 'audit_node', 'audit_tree_head', 'audit_archive'] LOOP
		EXECUTE format('CREATE OR REPLACE TRIGGER before_change BEFORE UPDATE OR DELETE ON dwh_log.%I
			FOR EACH ROW EXECUTE FUNCTION dwh_internal.refuse_change()', v_table);
		EXECUTE format('ALTER TABLE dwh_log.%I ENABLE ALWAYS TRIGGER before_change', v_table);
		EXECUTE format('CREATE OR REPLACE TRIGGER before_truncate BEFORE TRUNCATE ON dwh_log.%I
			FOR EACH STATEMENT EXECUTE FUNCTION dwh_internal.refuse_change()', v_table);
		EXECUTE format('ALTER TABLE dwh_log.%I ENABLE ALWAYS TRIGGER before_truncate', v_table);
	END LOOP;
END
$$;

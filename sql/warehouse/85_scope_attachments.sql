-- What row security needs of the extension's code; run on creation and again on every rebuild.

-- Every session drops what it knows of the scope of its caller when one of these tables changes, whoever changed it and however.
DO $$
DECLARE
	v_table text;
BEGIN
	FOREACH v_table IN ARRAY ARRAY['dwh_catalog.account', 'dwh_catalog.user_group', 'dwh_catalog.user_group_subject',
		'dwh_catalog.access_grant', 'dwh_catalog.access_grant_subject', 'dwh_catalog.warehouse'] LOOP
		EXECUTE format('CREATE OR REPLACE TRIGGER after_change_cache AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s
			FOR EACH STATEMENT EXECUTE FUNCTION dwh_internal.invalidate_cache()', v_table);
		EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER after_change_cache', v_table);
	END LOOP;
END
$$;

-- What tokens, gateways and limits need of the extension's code; run on creation and again on every rebuild.

-- Every session drops what it keeps of these tables when they change, whoever changed them and however.
DO $$
DECLARE
	v_table text;
BEGIN
	FOREACH v_table IN ARRAY ARRAY['dwh_catalog.token_issuer', 'dwh_catalog.token_key', 'dwh_catalog.gateway'] LOOP
		EXECUTE format('CREATE OR REPLACE TRIGGER after_change_cache AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s
			FOR EACH STATEMENT EXECUTE FUNCTION dwh_internal.invalidate_cache()', v_table);
		EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER after_change_cache', v_table);
	END LOOP;
END
$$;

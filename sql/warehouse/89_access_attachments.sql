-- What the access room needs of the extension's code; run on creation and again on every rebuild.

-- Every session drops what it keeps of holders when they change: who acts through a support mailbox is its holder.
CREATE OR REPLACE TRIGGER after_change_cache AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON dwh_catalog.mailbox_holder
	FOR EACH STATEMENT EXECUTE FUNCTION dwh_internal.invalidate_cache();
ALTER TABLE dwh_catalog.mailbox_holder ENABLE ALWAYS TRIGGER after_change_cache;
-- What comes by logical replication fires no trigger of statements: there, and there alone, each row of a table of any cache tells of itself.
DO $$
DECLARE
	v_table regclass;
BEGIN
	FOR v_table IN SELECT t.tgrelid FROM pg_trigger AS t WHERE t.tgname = 'after_change_cache' AND t.tgfoid = 'dwh_internal.invalidate_cache()'::regprocedure
		ORDER BY t.tgrelid LOOP
		EXECUTE format('CREATE OR REPLACE TRIGGER after_change_replica AFTER INSERT OR UPDATE OR DELETE ON %s
			FOR EACH ROW EXECUTE FUNCTION dwh_internal.invalidate_cache()', v_table);
		EXECUTE format('ALTER TABLE %s ENABLE REPLICA TRIGGER after_change_replica', v_table);
	END LOOP;
END
$$;

-- Who changes these tables with anything but the functions of the extension is in the log, whoever it is.
DO $$
DECLARE
	v_table text;
BEGIN
	FOREACH v_table IN ARRAY ARRAY['account', 'user_group', 'user_group_subject', 'user_group_limit', 'access_grant', 'access_grant_subject',
		'access_path', 'access_request', 'access_request_line', 'access_revocation', 'mailbox_holder', 'office_holder', 'unit_function', 'grant_use', 'account_use',
		'parameter'] LOOP
		EXECUTE format('CREATE OR REPLACE TRIGGER after_change_outside AFTER INSERT OR UPDATE OR DELETE ON dwh_catalog.%I
			FOR EACH ROW EXECUTE FUNCTION dwh_internal.record_outside_change()', v_table);
		EXECUTE format('ALTER TABLE dwh_catalog.%I ENABLE ALWAYS TRIGGER after_change_outside', v_table);
		EXECUTE format('CREATE OR REPLACE TRIGGER after_truncate_outside AFTER TRUNCATE ON dwh_catalog.%I
			FOR EACH STATEMENT EXECUTE FUNCTION dwh_internal.record_outside_change()', v_table);
		EXECUTE format('ALTER TABLE dwh_catalog.%I ENABLE ALWAYS TRIGGER after_truncate_outside', v_table);
	END LOOP;
END
$$;

-- What summaries need of the extension's code: columns of type dwh.id_set and the triggers that notice a changed dimension. A
-- summary that had to be given its columns again has no content until the next dwh.refresh().
DO $$
DECLARE
	v_summary	record;
	v_table		regclass;
	v_column	text;
	v_lookup	text;
	v_is_damaged boolean;
BEGIN
	FOR v_summary IN
		SELECT s.summary_id, s.subject_id, s.relation, s.by_province, s.lookups FROM dwh_catalog.summary AS s
		WHERE EXISTS (SELECT FROM pg_class AS c WHERE c.oid = s.relation AND c.relowner = 'dwh_owner'::regrole)
		ORDER BY s.summary_id
	LOOP
		v_is_damaged := false;
		FOR v_table, v_column IN
			SELECT DISTINCT c.oid, m.column_name FROM dwh_catalog.summary_measure AS m
			JOIN pg_class AS c ON c.oid IN (v_summary.relation, v_summary.by_province) AND c.relowner = 'dwh_owner'::regrole
			WHERE m.summary_id = v_summary.summary_id AND m.aggregate = 'distinct'
				AND NOT EXISTS (SELECT FROM pg_attribute AS a
								WHERE a.attrelid = c.oid AND a.attname = m.column_name AND NOT a.attisdropped)
			ORDER BY 1, 2
		LOOP
			EXECUTE format('ALTER TABLE %s ADD COLUMN %I dwh.id_set', v_table, v_column);
			IF v_table = v_summary.by_province THEN		-- the size went with the set
				EXECUTE format('ALTER TABLE %s ADD COLUMN %I bigint GENERATED ALWAYS AS (dwh.cardinality(%I)) STORED', v_table, '#' || v_column, v_column);
			END IF;
			v_is_damaged := true;
		END LOOP;
		-- without the triggers a changed dimension went unnoticed
		FOREACH v_lookup IN ARRAY v_summary.lookups LOOP
			CONTINUE WHEN to_regclass(v_lookup) IS NULL;
			IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = v_lookup::regclass AND tgname = 'after_change_summary') THEN
				EXECUTE format('CREATE TRIGGER after_change_summary AFTER UPDATE ON %s FOR EACH ROW
					WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION dwh_internal.invalidate_summaries()', v_lookup);
				EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER after_change_summary', v_lookup);
				v_is_damaged := true;
			END IF;
		END LOOP;
		IF v_is_damaged THEN
			UPDATE dwh_catalog.summary SET built_at = NULL, failure = NULL WHERE summary_id = v_summary.summary_id;
		END IF;
		PERFORM dwh_internal.protect_relation(v_summary.relation, v_summary.subject_id);
	END LOOP;
END
$$;

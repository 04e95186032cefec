-- What the facts need of the extension's code: the two errors that say what to do. Run on creation and again on every rebuild.
-- Each has a plain constraint behind it (40_facts.sql) that holds while the extension is away. CHECKs run in the order of their
-- names: fact_x_month_assert explains before fact_x_month_check refuses.
DO $$
DECLARE
	v_fact	text;
BEGIN
	FOR v_fact IN
		SELECT c.relname FROM pg_class AS c
		WHERE c.relnamespace = 'dwh_star'::regnamespace AND c.relkind = 'p' AND c.relname LIKE 'fact\_%'
			AND c.relowner = 'dwh_owner'::regrole
		ORDER BY c.relname
	LOOP
		EXECUTE format('CREATE OR REPLACE TRIGGER before_row BEFORE INSERT OR UPDATE ON dwh_star.%I
			FOR EACH ROW EXECUTE FUNCTION dwh_internal.refuse_outside_partitions()', v_fact || '_default');
		IF NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = format('dwh_star.%I', v_fact)::regclass
					   AND conname = v_fact || '_month_assert') THEN
			EXECUTE format('ALTER TABLE dwh_star.%I ADD CONSTRAINT %I CHECK (dwh_internal.check_month(month))',
						   v_fact, v_fact || '_month_assert');
		END IF;
	END LOOP;
END
$$;

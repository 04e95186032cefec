-- What the calendar and the organisation need of the extension's code; run on creation and again on every rebuild.

-- Every session drops its private copy of these tables when they change, whoever changed them and however.
DO $$
DECLARE
	v_table text;
BEGIN
	FOREACH v_table IN ARRAY ARRAY['dwh_star.dim_day', 'dwh_catalog.holiday', 'dwh_star.dim_unit',
		'dwh_catalog.unit_succession', 'dwh_catalog.unit_grouping', 'dwh_catalog.contribution_rate'] LOOP
		EXECUTE format('CREATE OR REPLACE TRIGGER after_change_cache AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s
			FOR EACH STATEMENT EXECUTE FUNCTION dwh_internal.invalidate_cache()', v_table);
		EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER after_change_cache', v_table);
	END LOOP;
END
$$;

-- A change of the holidays acts on dim_day. Not ALWAYS: a replica gets the days themselves. A dump restores triggers after
-- the rows, so a restore computes nothing.
CREATE OR REPLACE TRIGGER after_change_days AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON dwh_catalog.holiday
	FOR EACH STATEMENT EXECUTE FUNCTION dwh_internal.holiday_changed();
CREATE OR REPLACE TRIGGER after_change_days AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON dwh_catalog.holiday_rule
	FOR EACH STATEMENT EXECUTE FUNCTION dwh_internal.holiday_changed();
-- Holidays entered before the triggers stood; where dim_day is in line already this writes nothing.
SELECT dwh_internal.refresh_calendar();

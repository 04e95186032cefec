-- 893-072 893-049: after any sequence of inserts, updates, deletes, late rows, mergers, revisions and refreshes, what refresh keeps is what comes out
-- from scratch, row for row. Sequences come from a seed; DWH_PROPERTY_SEQUENCES says how many there are, DWH_PROPERTY_FIRST the number of the first. All of
-- them roll back within one transaction, whose dead rows make each slower than the last: a long run is one of many runs of some hundred.
\getenv sequences DWH_PROPERTY_SEQUENCES
\if :{?sequences}
\else
\set sequences 6
\endif
\getenv first DWH_PROPERTY_FIRST
\if :{?first}
\else
\set first 1
\endif
BEGIN;
SELECT plan(2);
\set world_seed 0.65
\o /dev/null
\ir include/random_world.psql
\ir include/refresh.psql
\ir include/refresh_steps.psql

-- One sequence from its seed; everything it does is rolled back. Returns how many rows differ, and what it did.
CREATE FUNCTION pg_temp.sequence(p_number int, OUT differences bigint, OUT steps text) LANGUAGE plpgsql AS $$
DECLARE
	v_steps	text := '';
BEGIN
	PERFORM setseed(((p_number * 7919) % 100000) / 100000.0);
	BEGIN
		FOR i IN 1 .. 5 + tap.upto(8) LOOP
			v_steps := v_steps || tap.step() || '; ';
		END LOOP;
		PERFORM dwh.refresh();
		differences := pg_temp.differences_from_scratch();
		RAISE EXCEPTION '%', differences USING ERRCODE = 'ZZ997';
	EXCEPTION WHEN SQLSTATE 'ZZ997' THEN
		differences := SQLERRM::bigint;
	END;
	steps := v_steps;
END
$$;
\o
SELECT is(pg_temp.differences_from_scratch(), 0::bigint, 'the beginning');
SELECT is_empty(format('SELECT n, s.* FROM generate_series(%s, %s) AS n, pg_temp.sequence(n) AS s WHERE s.differences <> 0', :first, :first + :sequences - 1),
	:'sequences' || ' random sequences: incremental = from scratch');
SELECT * FROM finish();
ROLLBACK;

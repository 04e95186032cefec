-- 893-072 893-049: after any sequence of inserts, updates, deletes, late rows, mergers, revisions and refreshes, what refresh keeps is what comes out
-- from scratch, row for row. Sequences come from a seed; DWH_PROPERTY_SEQUENCES says how many there are (a long run: 1000 and more).
\getenv sequences DWH_PROPERTY_SEQUENCES
\if :{?sequences}
\else
\set sequences 6
\endif
BEGIN;
SELECT plan(2);
\set world_seed 0.65
\o /dev/null
\ir include/random_world.psql
\ir include/refresh.psql
-- Little enough to be made from scratch many times.
DELETE FROM dwh_star.fact_participation WHERE person_id % 3 > 0 OR month NOT BETWEEN '2024-03-01' AND '2025-11-01';
DELETE FROM dwh_star.fact_collection WHERE month NOT BETWEEN '2024-03-01' AND '2025-11-01';
TRUNCATE dwh_star.fact_book_card, dwh_star.fact_decision, dwh_star.fact_benefit, dwh_star.fact_claim, dwh_star.fact_ledger, dwh_star.fact_registration,
	dwh_star.fact_staff, dwh_star.fact_dossier, dwh_star.fact_identity;
SELECT dwh.create_indicator('TAP_BOTH', 'x', 'x', '[B04] / nullif([A01], 0)', 'fact_collection', 'analyst', 'x', '2020-01-01', 'test', p_periods => '{month,quarter,year,ytd}'),
	dwh.create_indicator('TAP_BACK', 'x', 'x', 'growth([TAP_BOTH]) + rolling_sum([B04], 3)', 'fact_collection', 'analyst', 'x', '2020-01-01', 'test', p_periods => '{month,quarter}'),
	dwh.create_indicator('TAP_SHARE', 'x', 'x', '100 * [A01] / national([A01]) + coalesce(parent([B04]), 0)', 'fact_participation', 'analyst', 'x', '2020-01-01', 'test',
		p_periods => '{month,quarter,year}');
UPDATE dwh_catalog.indicator SET is_kept = code IN ('A01', 'B04', 'TAP_BOTH', 'TAP_BACK', 'TAP_SHARE', 'A09', 'X02'), kept_periods = '{month,quarter,year,ytd}',
	kept_levels = '{country,region,province,base}';
SELECT dwh.create_summary('fact_participation', '{sex,scheme}'), dwh.create_summary('fact_collection');
INSERT INTO dwh_star.fact_manual (month, indicator, period_type, period_start, unit_id, kind, source_id, source_note, value, load_id)
SELECT '2024-01-01', 'X02', 'year', '2024-01-01', unit_id, 'actual', 9, 'by hand', 1000 + unit_id, :load_id FROM (SELECT DISTINCT old_id AS unit_id FROM office) u;
SELECT set_config('tap.load_id', :'load_id', true);
SELECT dwh.refresh();

CREATE FUNCTION pg_temp.a_month() RETURNS date LANGUAGE sql VOLATILE AS $$ SELECT (date '2024-03-01' + make_interval(months => pg_temp.upto(21)))::date $$;
CREATE FUNCTION pg_temp.a_unit(p_month date) RETURNS int LANGUAGE sql VOLATILE AS $$ SELECT unit_id FROM place WHERE month = p_month ORDER BY random() LIMIT 1 $$;

-- One random step; returns what it was.
CREATE FUNCTION pg_temp.step() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	v_kind	int := pg_temp.upto(22);
	v_month	date := pg_temp.a_month();
	v_other	date := pg_temp.a_month();
	v_unit	int := pg_temp.a_unit(v_month);
	v_load	int := current_setting('tap.load_id')::int;
	v_leaf	text := 'dwh_star.fact_collection_' || extract(year FROM v_month);
	v_code	text;
	v_new	int;
BEGIN
	CASE v_kind
		WHEN 0 THEN
			INSERT INTO dwh_star.fact_participation (month, unit_id, person_id, scheme_id, payer_kind, employer_id, category_id, state, is_main, salary_base, sex, age, load_id)
			SELECT v_month, v_unit, 970001 + pg_temp.upto(100), 1 + pg_temp.upto(5), 'self', 0, 0, 'active', true, 1, 'F', 40, v_load FROM generate_series(1, 3) ON CONFLICT DO NOTHING;
		WHEN 1 THEN
			INSERT INTO dwh_star.fact_participation (month, unit_id, person_id, scheme_id, payer_kind, employer_id, category_id, state, is_main, salary_base, sex, age, load_id)
			SELECT month, unit_id, person_id, scheme_id, payer_kind, employer_id, category_id, 'active', is_main, 5, sex, age, load_id
			FROM dwh_star.fact_participation WHERE month = v_month AND unit_id = v_unit
			ON CONFLICT (person_id, month, scheme_id, payer_kind, employer_id) DO UPDATE SET state = CASE WHEN random() < 0.5 THEN 'ended' ELSE excluded.state END;
		WHEN 2 THEN UPDATE dwh_star.fact_collection SET paid = pg_temp.upto(1000) WHERE month = v_month AND unit_id = v_unit;
		WHEN 3 THEN EXECUTE format('DELETE FROM %s WHERE month = %L AND unit_id = %s', v_leaf, v_month, v_unit);
		WHEN 4 THEN		-- late, before everything else
			INSERT INTO dwh_star.fact_collection (month, unit_id, payer_kind, payer_id, employer_id, scheme_id, funding_source, kind, category_id, due, paid, arrears, months_late, load_id)
			SELECT '2022-05-01', old_id, 'self', pg_temp.upto(1000000), 0, 1, 'self', 'regular', 0, 100, 50, 5, 0, v_load FROM office ORDER BY random() LIMIT 1;
		WHEN 5 THEN DELETE FROM dwh_star.fact_collection WHERE month < '2024-03-01';
		WHEN 6 THEN		-- across partitions
			UPDATE dwh_star.fact_collection SET month = (month + interval '1 year')::date, payer_id = payer_id + 1000 + pg_temp.upto(1000000) WHERE month = '2024-06-01' AND payer_id % 5 = 0;
		WHEN 7 THEN
			MERGE INTO dwh_star.fact_collection AS f USING (SELECT v_month AS month, v_unit AS unit_id) AS x ON f.month = x.month AND f.unit_id = x.unit_id
			WHEN MATCHED AND f.paid > 500000 THEN DELETE WHEN MATCHED THEN UPDATE SET paid = f.paid + 1;
		WHEN 8 THEN EXECUTE format('TRUNCATE %s', v_leaf);
		WHEN 9 THEN TRUNCATE dwh_star.fact_participation;
		WHEN 10 THEN		-- a merger of what is there, or back
			IF EXISTS (SELECT FROM dwh_star.dim_unit WHERE code = 'TAPM') THEN
				DELETE FROM dwh_catalog.unit_succession WHERE successor_unit_id IN (SELECT unit_id FROM dwh_star.dim_unit WHERE code = 'TAPM');
				UPDATE dwh_star.dim_unit SET valid_to = NULL WHERE unit_id IN (SELECT new_id FROM office WHERE home IN (1, 2));
				UPDATE dwh_star.dim_unit SET valid_to = '2025-09-30' WHERE code = 'TAPM' AND valid_to IS NULL;
			ELSE
				SELECT max(unit_id) + 1 INTO v_new FROM dwh_star.dim_unit;
				UPDATE dwh_star.dim_unit SET valid_to = '2025-08-31' WHERE unit_id IN (SELECT new_id FROM office WHERE home IN (1, 2));
				INSERT INTO dwh_star.dim_unit (unit_id, code, level, name_vi, name_en, parent_unit_id, valid_from)
				SELECT v_new, 'TAPM', 'province', 'x', 'x', parent_unit_id, '2025-09-01' FROM dwh_star.dim_unit WHERE unit_id = (SELECT new_id FROM office WHERE home = 1);
				INSERT INTO dwh_catalog.unit_succession (predecessor_unit_id, successor_unit_id, kind, effective_on) SELECT new_id, v_new, 'merge', '2025-09-01' FROM office WHERE home IN (1, 2);
			END IF;
		WHEN 11 THEN
			SELECT code INTO v_code FROM unnest('{A01,B04,TAP_BOTH,TAP_BACK,TAP_SHARE}'::text[]) AS code ORDER BY random() LIMIT 1;
			BEGIN
				PERFORM dwh.revise_indicator(v_code, format('(%s) * %s', v.formula, 2 + pg_temp.upto(5)), v_month, 'test')
				FROM dwh_catalog.indicator_version AS v JOIN dwh_catalog.indicator AS i USING (indicator_id) WHERE i.code = v_code AND v.valid_to IS NULL;
			EXCEPTION WHEN invalid_parameter_value OR object_not_in_prerequisite_state THEN
				RETURN 'revision refused';		-- not after the beginning of the last version
			END;
		WHEN 12 THEN		-- rolled back
			BEGIN
				UPDATE dwh_star.fact_collection SET paid = 0;
				PERFORM dwh.refresh();
				RAISE EXCEPTION 'back' USING ERRCODE = 'ZZ998';
			EXCEPTION WHEN SQLSTATE 'ZZ998' THEN
				NULL;
			END;
		WHEN 13 THEN
			EXECUTE format('ALTER TABLE dwh_star.fact_collection DETACH PARTITION %s', v_leaf);
			IF random() < 0.5 THEN
				PERFORM dwh.refresh();
			END IF;
			EXECUTE format('DELETE FROM %s WHERE unit_id = %s', v_leaf, v_unit);
			EXECUTE format('ALTER TABLE dwh_star.fact_collection ATTACH PARTITION %s FOR VALUES FROM (%L) TO (%L)', v_leaf, date_trunc('year', v_month)::date,
				(date_trunc('year', v_month) + interval '1 year')::date);
		WHEN 14 THEN UPDATE dwh_catalog.measure SET filter = CASE WHEN filter IS NULL THEN 'paid > 100' END WHERE code = 'K_DUE';
		WHEN 15 THEN UPDATE dwh_star.dim_scheme SET name_vi = name_vi || '.' WHERE scheme_id = 1 + pg_temp.upto(5);
		WHEN 16 THEN PERFORM dwh.keep_indicator(CASE WHEN random() < 0.5 THEN 'TAP_BOTH' ELSE 'B04' END, random() < 0.5);
		WHEN 17 THEN
			UPDATE dwh_star.fact_manual SET value = pg_temp.upto(100000) WHERE indicator = 'X02' AND unit_id = (SELECT old_id FROM office ORDER BY random() LIMIT 1);
		WHEN 18 THEN DELETE FROM dwh_star.fact_manual WHERE indicator = 'X02' AND unit_id = (SELECT old_id FROM office ORDER BY random() LIMIT 1);
		WHEN 19 THEN PERFORM dwh.refresh('fact_participation');
		WHEN 20 THEN PERFORM dwh.refresh('fact_collection');
		ELSE PERFORM dwh.refresh();
	END CASE;
	RETURN v_kind || ' ' || v_month || ' ' || v_unit;
END
$$;

-- One sequence from its seed; everything it does is rolled back. Returns how many rows differ, and what it did.
CREATE FUNCTION pg_temp.sequence(p_number int, OUT differences bigint, OUT steps text) LANGUAGE plpgsql AS $$
DECLARE
	v_steps	text := '';
BEGIN
	PERFORM setseed(((p_number * 7919) % 100000) / 100000.0);
	BEGIN
		FOR i IN 1 .. 5 + pg_temp.upto(8) LOOP
			v_steps := v_steps || pg_temp.step() || '; ';
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
SELECT is_empty(format('SELECT n, s.* FROM generate_series(1, %s) AS n, pg_temp.sequence(n) AS s WHERE s.differences <> 0', :sequences),
	:'sequences' || ' random sequences: incremental = from scratch');
SELECT * FROM finish();
ROLLBACK;

-- 893-072 893-013: what is asked by province, region or country comes from the cells of a summary put together by province, and is what the facts say: on
-- the map of any day, after rows changed, after an office came to belong to another province. Nobody reads these cells himself.
BEGIN;
SELECT plan(27);
\set world_seed 0.13
\o /dev/null
\ir include/random_world.psql
-- Two offices below each province of the old map, one of which ends with it; one that comes with the new map; rows of provinces, of a region's and of the centre stay.
INSERT INTO dwh_star.dim_unit (unit_id, code, level, name_vi, name_en, parent_unit_id, valid_from, valid_to)
SELECT (SELECT max(unit_id) FROM dwh_star.dim_unit) + home * 10 + n, 'SP' || home || n, 'base', 'x', 'x', old_id, '2000-01-01', CASE WHEN n = 2 AND old_id <> new_id THEN date '2025-06-30' END
FROM office, generate_series(1, 2) AS n;
INSERT INTO dwh_star.dim_unit (unit_id, code, level, name_vi, name_en, parent_unit_id, valid_from)
SELECT (SELECT max(unit_id) FROM dwh_star.dim_unit) + home, 'SP' || home || 3, 'base', 'x', 'x', new_id, '2025-07-01' FROM office;
INSERT INTO dwh_catalog.unit_succession (predecessor_unit_id, successor_unit_id, kind, effective_on)
SELECT a.unit_id, b.unit_id, 'merge', '2025-07-01' FROM dwh_star.dim_unit AS a JOIN dwh_star.dim_unit AS b ON b.code = left(a.code, 3) || '3' WHERE a.code ~ '^SP.2$' AND a.valid_to IS NOT NULL;
UPDATE dwh_star.fact_participation AS f SET unit_id = u.unit_id
FROM office AS o CROSS JOIN generate_series(1, 3) AS n JOIN dwh_star.dim_unit AS u ON u.code = 'SP' || o.home || n
WHERE f.unit_id IN (o.old_id, o.new_id) AND f.person_id % 4 = n AND f.month >= u.valid_from AND f.month <= coalesce(u.valid_to, 'infinity');
SELECT dwh.create_measure('SP_ALL', 'fact_participation', 'count'), dwh.create_measure('SP_PAY', 'fact_participation', 'sum', 'salary_base', 'scheme = ''BHXH_BB'''),
	dwh.create_measure('SP_MEAN', 'fact_participation', 'avg', 'age', p_time_behaviour => 'stock'), dwh.create_measure('SP_OLDEST', 'fact_participation', 'max', 'age', p_time_behaviour => 'stock'),
	dwh.create_measure('SP_HEADS', 'fact_participation', 'distinct', 'person_id', p_time_behaviour => 'stock');
SELECT dwh.create_measure(rpad('SP_LONG_', 62, 'X') || n, 'fact_participation', 'distinct', 'employer_id', p_time_behaviour => 'stock') FROM generate_series(1, 2) AS n;
SELECT dwh.create_indicator('SP' || n, 'x', 'x', f, 'fact_participation', 'analyst', 'x', '1995-01-01', 'test', p_periods => '{month,quarter,year,ytd}')
FROM (VALUES (1, '[SP_ALL]'), (2, '[SP_PAY] / nullif([SP_ALL]{sex = ''F''}, 0)'), (3, '[SP_MEAN] + [SP_OLDEST]'), (4, '[SP_HEADS]'),
	(5, 'people([SP_HEADS]{sex = ''F''} | [SP_HEADS]{sex = ''M''})'), (6, '100 * [SP_HEADS] / national([SP_HEADS]) + coalesce(parent([SP_ALL]), 0)'), (7, 'growth([SP_ALL]) + rolling_sum([SP_ALL], 3)'), (8, format('[%s]', rpad('SP_LONG_', 62, 'X') || 2))) AS v (n, f);
SELECT dwh.create_summary('fact_participation', '{sex}');
SELECT dwh.refresh();
SELECT relation AS summary, by_province FROM dwh_catalog.summary WHERE subject_id = 1 \gset

-- Which table answers by province, as the plan says.
CREATE FUNCTION pg_temp.read_from(p_level text DEFAULT 'province', p_indicator text DEFAULT 'SP1') RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(DISTINCT p.read_from, ', ') FROM dwh.explain_plan_values(ARRAY[p_indicator], '2025-01-01', '2025-09-01', 'month', ARRAY[p_level]) AS p WHERE p.measures <> '{}' $$;
-- The answers to many questions; those that are "ok" only for want of the marks are the same.
CREATE FUNCTION pg_temp.answers() RETURNS SETOF text LANGUAGE sql AS $$
	SELECT format('%s %s %s %s: %s', p.kind, l.level, m.map, d.dims, to_jsonb(v))
	FROM (VALUES ('month', date '2023-09-01', date '2025-11-01'), ('quarter', '2023-10-01', '2025-10-01'), ('year', '2024-01-01', '2025-01-01'), ('ytd', '2025-03-01', '2025-09-01')) AS p (kind, first, last)
	CROSS JOIN (VALUES ('country'), ('region'), ('province'), ('base')) AS l (level)
	CROSS JOIN (VALUES (NULL::date), ('2025-12-31')) AS m (map)
	CROSS JOIN (VALUES ('{}'::text[]), ('{sex}')) AS d (dims)
	CROSS JOIN LATERAL dwh.indicator_values('{SP1,SP2,SP3,SP4,SP5,SP6,SP7,SP8}', p.first, p.last, p.kind, l.level || d.dims, '{}', NULL, m.map) AS v
	WHERE d.dims = '{}' OR p.kind = 'month' $$;
-- The same from the facts: a mark pending sends the questions there.
CREATE FUNCTION pg_temp.answers_from_facts() RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO dwh_log.cell_mark (subject_id, unit_id, month_from, month_to) VALUES (1, 0, '-infinity', 'infinity');
	RETURN QUERY SELECT pg_temp.answers();
	DELETE FROM dwh_log.cell_mark WHERE unit_id = 0;
END
$$;
CREATE FUNCTION pg_temp.differences() RETURNS bigint LANGUAGE sql AS $$
	WITH a AS MATERIALIZED (SELECT pg_temp.answers() AS t), b AS MATERIALIZED (SELECT pg_temp.answers_from_facts() AS t)
	SELECT count(*) FROM ((TABLE a EXCEPT ALL TABLE b) UNION ALL (TABLE b EXCEPT ALL TABLE a)) AS d $$;
-- The cells by province that differ from the facts of the units whose parents lead to the province, put together by hand.
CREATE FUNCTION pg_temp.wrong_cells() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	v_table	regclass := (SELECT by_province FROM dwh_catalog.summary WHERE subject_id = 1);
	v_count	bigint;
BEGIN
	EXECUTE format($q$
		WITH RECURSIVE up AS (
			SELECT unit_id, unit_id AS top, level, parent_unit_id FROM dwh_star.dim_unit
			UNION ALL
			SELECT up.unit_id, p.unit_id, p.level, p.parent_unit_id FROM up JOIN dwh_star.dim_unit AS p ON p.unit_id = up.parent_unit_id
			WHERE up.level NOT IN ('province', 'defence', 'police')),
		by_hand AS (
			SELECT f.month, coalesce(up.top, f.unit_id) AS unit_id, f.sex, count(*) AS sp_all, (sum(f.salary_base) FILTER (WHERE s.code = 'BHXH_BB'))::numeric AS sp_pay, sum(f.age)::numeric AS sp_mean,
				max(f.age)::numeric AS sp_oldest, array_agg(DISTINCT f.person_id ORDER BY f.person_id) AS sp_heads
			FROM dwh_star.fact_participation AS f JOIN dwh_star.dim_scheme AS s USING (scheme_id)
			LEFT JOIN up ON up.unit_id = f.unit_id AND up.level IN ('province', 'defence', 'police') GROUP BY 1, 2, 3),
		kept AS (SELECT month, unit_id, sex, sp_all, sp_pay, sp_mean, sp_oldest, dwh.to_array(sp_heads)::bigint[] AS sp_heads FROM %s)
		SELECT count(*) FROM ((SELECT month, unit_id, sex, sp_all, sp_pay, sp_mean, sp_oldest, sp_heads::bigint[] FROM by_hand EXCEPT ALL TABLE kept)
			UNION ALL (TABLE kept EXCEPT ALL SELECT month, unit_id, sex, sp_all, sp_pay, sp_mean, sp_oldest, sp_heads::bigint[] FROM by_hand)) AS d $q$, v_table) INTO v_count;
	RETURN v_count;
END
$$;
\o
SELECT is(pg_temp.read_from(), :'by_province', 'provinces are read from cells by province');
SELECT is(pg_temp.read_from('region'), :'by_province', 'regions, too');
SELECT is(pg_temp.read_from('country'), :'by_province', 'and the country');
SELECT is(pg_temp.read_from('base'), :'summary', 'offices from the summary itself');
SELECT cmp_ok(b.n, '<', a.n, 'they are fewer') FROM (SELECT count(*) AS n FROM :summary) AS a, (SELECT count(*) AS n FROM :by_province) AS b;
SELECT is(pg_temp.wrong_cells(), 0::bigint, 'they are the facts of their province');
SELECT cmp_ok(count(*)::int, '>', 5000, 'many questions') FROM pg_temp.answers();
SELECT is(pg_temp.differences(), 0::bigint, 'answered as from the facts');

SELECT is(pg_temp.read_from(p_indicator => 'SP8'), :'by_province', 'of a measure with a long code, too');
SELECT is_empty(format('SELECT FROM %s WHERE "#sp_heads" IS DISTINCT FROM dwh.cardinality(sp_heads)', :'by_province'), 'sizes stand beside the sets');

-- Rows change.
INSERT INTO dwh_star.fact_participation (month, unit_id, person_id, scheme_id, payer_kind, employer_id, category_id, state, is_main, salary_base, sex, age, load_id)
SELECT m, u.unit_id, 970001 + n, 1, 'self', 970001, 0, 'active', true, 7, 'F', 99, :load_id
FROM dwh_star.dim_unit AS u, generate_series(1, 9) AS n, unnest('{2024-02-01,2025-09-01}'::date[]) AS m WHERE u.code = 'SP23' AND m >= u.valid_from OR u.code = 'SP32' AND m <= u.valid_to ON CONFLICT DO NOTHING;
DELETE FROM dwh_star.fact_participation WHERE month = '2024-05-01' AND unit_id = (SELECT unit_id FROM dwh_star.dim_unit WHERE code = 'SP41');
DELETE FROM dwh_star.fact_participation WHERE month = '2024-06-01' AND unit_id IN (SELECT u.unit_id FROM dwh_star.dim_unit AS u JOIN office AS o ON o.home = 5 AND o.old_id IN (u.unit_id, u.parent_unit_id));
SELECT is(pg_temp.read_from() ~ 'summary', false, 'rows changed: the facts');
SELECT dwh.refresh() AS run \gset
SELECT is(pg_temp.read_from(), :'by_province', 'after a refresh the cells by province');
SELECT is(pg_temp.wrong_cells(), 0::bigint, 'with what changed');
SELECT is_empty(format('SELECT FROM %s WHERE month = %L AND unit_id = (SELECT old_id FROM office WHERE home = 5)', :'by_province', '2024-06-01'), 'a cell without rows is gone');
SELECT is(pg_temp.differences(), 0::bigint, 'and the facts'' answers');
SELECT is(summary_rows, (SELECT count(*) FROM :summary AS s WHERE (s.month, s.unit_id) IN (SELECT '2024-02-01'::date, unit_id FROM dwh_star.dim_unit WHERE code = 'SP32'
	UNION ALL SELECT '2025-09-01', unit_id FROM dwh_star.dim_unit WHERE code = 'SP23')), 'the run counts the cells of the summary') FROM dwh.refresh_runs WHERE run_id = :run;

-- An office comes to belong to another province: who belonged where is no longer what the cells were put together by.
SAVEPOINT a;
UPDATE dwh_star.dim_unit SET parent_unit_id = (SELECT old_id FROM office WHERE home = 1) WHERE code = 'SP21';
SELECT is(pg_temp.read_from(), :'summary', 'a unit moved: the summary itself');
SELECT is(pg_temp.differences(), 0::bigint, 'which says what the facts say');
ROLLBACK TO a;
SELECT is(pg_temp.read_from(), :'by_province', 'rolled back, all is well');
UPDATE dwh_star.dim_unit SET parent_unit_id = (SELECT old_id FROM office WHERE home = 1) WHERE code = 'SP21';
SELECT dwh.refresh() AS run \gset
SELECT is(pg_temp.read_from() || ' ' || pg_temp.wrong_cells(), :'by_province' || ' 0', 'a refresh puts the cells together anew');
SELECT is(pg_temp.differences(), 0::bigint, 'with the facts'' answers');

-- A table without a foreign key has rows of a unit that there is not, then there is.
\o /dev/null
CREATE TABLE public.sp (month date NOT NULL, unit_id int NOT NULL, q int);
ALTER TABLE public.sp OWNER TO dwh_owner;
SELECT dwh.create_subject('sp', 'public.sp', 'x', 'x'), dwh.create_measure('SPQ', 'sp', 'sum', 'q');
SELECT dwh.create_indicator('SPQ_1', 'x', 'x', '[SPQ]', 'sp', 'analyst', 'x', '1995-01-01', 'test', p_periods => '{month}');
INSERT INTO public.sp SELECT date '2025-10-01', unit_id, 5 FROM dwh_star.dim_unit WHERE code = 'SP11' UNION ALL SELECT '2025-10-01', 2000000000, 3 UNION ALL SELECT '2025-10-17', old_id, 100 FROM office WHERE home = 1;
SELECT dwh.create_summary('sp'), dwh.refresh();
\o
CREATE FUNCTION pg_temp.of_province() RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', v.value::int, p.read_from ~ '_by_province$') FROM dwh.indicator_values('{SPQ_1}', '2025-10-01', '2025-10-01', 'month', '{province}', p_units => '{01}') AS v,
		dwh.explain_plan_values('{SPQ_1}', '2025-10-01', '2025-10-01', 'month', '{province}', p_units => '{01}') AS p WHERE p.measures <> '{}' $$;
SELECT is(pg_temp.of_province(), '5 t', 'rows of a unit that there is not count nowhere');
INSERT INTO dwh_star.dim_unit (unit_id, code, level, name_vi, name_en, parent_unit_id, valid_from) SELECT 2000000000, 'SP19', 'base', 'x', 'x', old_id, '2025-01-01' FROM office WHERE home = 1;
SELECT is(pg_temp.of_province(), '8 f', 'there it is: read from the summary itself');
SELECT dwh.refresh() AS run \gset
SELECT is(pg_temp.of_province(), '8 t', 'and by province after a refresh');

-- Who reads them: nobody, and nobody can make a subject of them.
SELECT is_empty(format($$SELECT r.rolname FROM pg_roles AS r WHERE NOT r.rolsuper AND r.rolname NOT IN ('dwh_owner', 'pg_read_all_data') AND has_any_column_privilege(r.rolname, %L, 'SELECT')$$, :'by_province'), 'nobody may read them');
SELECT throws_ok(format($$SELECT dwh.create_subject('sp_cells', %L, 'x', 'x')$$, :'by_province'), '42501', NULL, 'nor make a subject of them');
SELECT is(dwh.drop_summary('fact_participation', '{sex}')::text || coalesce(to_regclass(:'by_province')::text, ''), 'true', 'they go with their summary');
SELECT * FROM finish();
ROLLBACK;

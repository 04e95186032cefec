-- 893-072: random formulas of the functions that look at other periods, other units or sets of people answer what a plain reading of the table answers,
-- written for this test only: months, quarters, halves, years and year-to-date; the country, provinces and offices; months without rows, zero,
-- negative, very large and very small numbers; nested and mixed with arithmetic.
BEGIN;
SELECT plan(6);
SET LOCAL client_min_messages = warning;
SET LOCAL dwh_ext.mark_changes = off;
\set n 240
SELECT setseed(0.893072) AS seeded \gset

-- Three offices under two provinces, and a table of the site.
CREATE TEMPORARY TABLE office AS
SELECT o, 990100 + o AS unit_id, 'OT' || o AS code, u.unit_id AS province_id, u.code AS province
FROM (VALUES (1, '01'), (2, '01'), (3, '38')) AS v (o, p) JOIN dwh_star.dim_unit AS u ON u.code = p AND u.level = 'province' AND u.valid_from <= '2022-01-01' AND u.valid_to IS NULL;
INSERT INTO dwh_star.dim_unit (unit_id, code, level, name_vi, name_en, parent_unit_id, valid_from)
SELECT unit_id, code, 'base', 'x', 'x', province_id, '2020-01-01' FROM office;
CREATE TABLE dwh_star.over_time (month date NOT NULL, unit_id int NOT NULL, person_id int NOT NULL, kind text NOT NULL, amount numeric);
ALTER TABLE dwh_star.over_time OWNER TO dwh_owner;
INSERT INTO dwh_star.over_time
SELECT m, unit_id, floor(random() * 12)::int, CASE WHEN random() < 0.5 THEN 'a' ELSE 'b' END,
	(ARRAY[0, 0, 7, -4, 100, 1e300, 1e-300, 12.5, -0.001, NULL])[1 + floor(random() * 10)::int]
FROM generate_series(date '2022-01-01', '2025-12-01', '1 month') AS m, office, generate_series(1, 3) AS i
WHERE hashint4(o * 100000 + (m::date - date '2020-01-01')) % 4 <> 0;
CREATE TABLE dwh_star.over_time_2 (month date NOT NULL, unit_id int NOT NULL, person_id int NOT NULL);
ALTER TABLE dwh_star.over_time_2 OWNER TO dwh_owner;
INSERT INTO dwh_star.over_time_2 SELECT DISTINCT month, unit_id, (person_id * 5) % 17 FROM dwh_star.over_time WHERE hashint4(unit_id + (month - date '2020-01-01')) % 3 <> 0;
INSERT INTO dwh_catalog.subject (subject_id, code, relation, month_column, unit_column, name_vi, name_en) VALUES
	(991, 'over_time', 'dwh_star.over_time'::regclass, 'month', 'unit_id', 'x', 'x'), (992, 'over_time_2', 'dwh_star.over_time_2'::regclass, 'month', 'unit_id', 'x', 'x');
INSERT INTO dwh_catalog.measure (measure_id, code, subject_id, aggregate, expression, filter, time_behaviour, unit_of_measure) VALUES
	(9911, 'OT_SUM', 991, 'sum', 'amount', NULL, 'flow', 'x'), (9912, 'OT_A', 991, 'count', NULL, 'kind = ''a''', 'flow', 'x'), (9913, 'OT_MAX', 991, 'max', 'amount', NULL, 'flow', 'x'),
	(9914, 'OT_P', 991, 'distinct', 'person_id', NULL, 'distinct', 'x'), (9915, 'OT_PA', 991, 'distinct', 'person_id', 'kind = ''a''', 'distinct', 'x'),
	(9916, 'OT_Q', 992, 'distinct', 'person_id', NULL, 'distinct', 'x');

CREATE FUNCTION pg_temp.pick(VARIADIC p_words text[]) RETURNS text LANGUAGE sql VOLATILE AS
	$$ SELECT p_words[1 + floor(random() * cardinality(p_words))::int] $$;
-- A random formula as a tree: op, n (a number of periods), a, b.
CREATE FUNCTION pg_temp.people_tree(p_depth int) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
	IF p_depth <= 1 THEN
		RETURN jsonb_build_object('op', pg_temp.pick('OT_P', 'OT_PA', 'OT_Q'));
	END IF;
	RETURN jsonb_build_object('op', pg_temp.pick('|', '&', '-'), 'a', pg_temp.people_tree(p_depth - 1), 'b', pg_temp.people_tree(1));
END $$;
CREATE FUNCTION pg_temp.tree(p_depth int) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	v_op	text := pg_temp.pick('prev', 'prev', 'same_period_last_year', 'growth', 'growth', 'ytd', 'rolling_sum', 'rolling_avg', 'average', 'parent', 'national',
		'+', '-', '*', '/', 'coalesce', 'if', 'people');
BEGIN
	IF v_op = 'people' THEN
		RETURN jsonb_build_object('op', 'people', 'a', pg_temp.people_tree(1 + floor(random() * 3)::int));
	ELSIF p_depth <= 1 THEN
		RETURN jsonb_build_object('op', pg_temp.pick('OT_SUM', 'OT_SUM', 'OT_A', 'OT_MAX'));
	ELSIF v_op IN ('+', '-', '*', '/', 'coalesce', 'if') THEN
		RETURN jsonb_build_object('op', v_op, 'a', pg_temp.tree(p_depth - 1), 'b', pg_temp.tree(p_depth - 2));
	END IF;
	RETURN jsonb_build_object('op', v_op, 'n', 1 + floor(random() * 4)::int, 'a', pg_temp.tree(p_depth - 1));
END $$;
-- What the tree is in the language.
CREATE FUNCTION pg_temp.written(t jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	v_op	text := t ->> 'op';
BEGIN
	RETURN CASE
		WHEN v_op LIKE 'OT%' THEN format('[%s]', v_op)
		WHEN v_op IN ('prev', 'rolling_sum', 'rolling_avg') THEN format('%s(%s, %s)', v_op, pg_temp.written(t -> 'a'), t ->> 'n')
		WHEN v_op = 'coalesce' THEN format('coalesce(%s, %s)', pg_temp.written(t -> 'a'), pg_temp.written(t -> 'b'))
		WHEN v_op = 'if' THEN format('if(%s > 0, %s, 3)', pg_temp.written(t -> 'a'), pg_temp.written(t -> 'b'))
		WHEN length(v_op) = 1 THEN format('(%s %s %s)', pg_temp.written(t -> 'a'), v_op, pg_temp.written(t -> 'b'))
		ELSE format('%s(%s)', v_op, pg_temp.written(t -> 'a')) END;
END $$;

-- What it is by plain reading, in the months p_first .. p_last of a period of a kind and a unit by its code; VSS is the country.
CREATE FUNCTION pg_temp.units_of(p_unit text) RETURNS int[] LANGUAGE sql AS $$ SELECT array_agg(unit_id) FROM office WHERE p_unit IN ('VSS', province, code) $$;
CREATE FUNCTION pg_temp.people_of(t jsonb, p_unit text, p_first date, p_last date) RETURNS int[] LANGUAGE plpgsql AS $$
DECLARE
	v_op	text := t ->> 'op';
	a		int[];
	b		int[];
BEGIN
	IF v_op IN ('OT_P', 'OT_PA') THEN
		RETURN (SELECT CASE WHEN count(*) > 0 THEN coalesce(array_agg(DISTINCT person_id) FILTER (WHERE kind = 'a' OR v_op = 'OT_P'), '{}') END FROM dwh_star.over_time
			WHERE unit_id = ANY (pg_temp.units_of(p_unit)) AND month BETWEEN p_first AND p_last);
	ELSIF v_op = 'OT_Q' THEN
		RETURN (SELECT array_agg(DISTINCT person_id) FROM dwh_star.over_time_2 WHERE unit_id = ANY (pg_temp.units_of(p_unit)) AND month BETWEEN p_first AND p_last);
	END IF;
	a := pg_temp.people_of(t -> 'a', p_unit, p_first, p_last);
	b := pg_temp.people_of(t -> 'b', p_unit, p_first, p_last);
	IF a IS NULL OR b IS NULL THEN
		RETURN NULL;
	END IF;
	RETURN CASE v_op WHEN '|' THEN ARRAY(SELECT unnest(a) UNION SELECT unnest(b)) WHEN '&' THEN ARRAY(SELECT unnest(a) INTERSECT SELECT unnest(b))
		ELSE ARRAY(SELECT unnest(a) EXCEPT SELECT unnest(b)) END;
END $$;
CREATE FUNCTION pg_temp.plain(t jsonb, p_unit text, p_type text, p_first date, p_last date) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
	v_op	text := t ->> 'op';
	v_n		int := (t ->> 'n')::int;
	v_step	interval := CASE p_type WHEN 'quarter' THEN interval '3 months' WHEN 'half' THEN interval '6 months' WHEN 'year' THEN interval '1 year' ELSE interval '1 month' END;
	a		numeric;
	b		numeric;
	v_sum	numeric := 0;
	v_count	int := 0;
	v_first	date;
	v_last	date;
BEGIN
	IF v_op LIKE 'OT%' THEN
		RETURN (SELECT CASE WHEN count(*) = 0 THEN NULL WHEN v_op = 'OT_A' THEN count(*) FILTER (WHERE kind = 'a') WHEN v_op = 'OT_MAX' THEN max(amount) ELSE coalesce(sum(amount), 0) END
			FROM dwh_star.over_time WHERE unit_id = ANY (pg_temp.units_of(p_unit)) AND month BETWEEN p_first AND p_last);
	END IF;
	CASE v_op
		WHEN 'people' THEN
			RETURN cardinality(pg_temp.people_of(t -> 'a', p_unit, p_first, p_last));
		WHEN 'parent', 'national' THEN
			IF p_unit = 'VSS' AND v_op = 'parent' THEN
				RETURN NULL;
			END IF;
			RETURN pg_temp.plain(t -> 'a', CASE WHEN p_unit LIKE 'OT%' AND v_op = 'parent' THEN (SELECT province FROM office WHERE code = p_unit) ELSE 'VSS' END, p_type, p_first, p_last);
		WHEN 'ytd' THEN
			RETURN pg_temp.plain(t -> 'a', p_unit, 'ytd', date_trunc('year', p_last)::date, p_last);
		WHEN 'average' THEN
			FOR v_first IN SELECT generate_series(p_first, p_last, '1 month') LOOP
				a := pg_temp.plain(t -> 'a', p_unit, 'month', v_first, v_first);
				v_sum := v_sum + coalesce(a, 0);
				v_count := v_count + (a IS NOT NULL)::int;
			END LOOP;
			RETURN v_sum / nullif(v_count, 0);
		WHEN 'prev', 'rolling_sum', 'rolling_avg' THEN
			FOR i IN CASE v_op WHEN 'prev' THEN v_n ELSE 0 END .. CASE v_op WHEN 'prev' THEN v_n ELSE v_n - 1 END LOOP
				v_last := (p_last - i * v_step)::date;
				v_first := CASE p_type WHEN 'ytd' THEN date_trunc('year', v_last) ELSE p_first - i * v_step END::date;
				v_sum := v_sum + pg_temp.plain(t -> 'a', p_unit, p_type, v_first, v_last);
			END LOOP;
			RETURN CASE v_op WHEN 'rolling_avg' THEN v_sum / v_n ELSE v_sum END;
		WHEN 'same_period_last_year' THEN
			RETURN pg_temp.plain(t -> 'a', p_unit, p_type, (p_first - interval '1 year')::date, (p_last - interval '1 year')::date);
		WHEN 'growth' THEN
			b := pg_temp.plain(t -> 'a', p_unit, p_type, (p_first - interval '1 year')::date, (p_last - interval '1 year')::date);
			RETURN 100 * (pg_temp.plain(t -> 'a', p_unit, p_type, p_first, p_last) - b) / nullif(b, 0);
		ELSE
			a := pg_temp.plain(t -> 'a', p_unit, p_type, p_first, p_last);
			b := pg_temp.plain(t -> 'b', p_unit, p_type, p_first, p_last);
			RETURN CASE v_op WHEN '+' THEN a + b WHEN '-' THEN a - b WHEN '*' THEN a * b WHEN '/' THEN a / nullif(b, 0) WHEN 'coalesce' THEN coalesce(a, b)
				WHEN 'if' THEN CASE WHEN a > 0 THEN b WHEN a <= 0 THEN 3 END END;
	END CASE;
END $$;

CREATE TEMPORARY TABLE formula AS SELECT i, t, pg_temp.written(t) AS f FROM (SELECT i, pg_temp.tree(2 + i % 3) AS t FROM generate_series(1, :n) AS i) AS x;
SELECT is_empty('SELECT f, c.message FROM formula, LATERAL dwh.check_formula(f) AS c WHERE NOT c.is_valid', 'all of them are sound');
SELECT set_eq($$SELECT DISTINCT m[1] FROM formula, regexp_matches(f, '([a-z_]+)\(', 'g') AS m$$,
	'{average,coalesce,growth,if,national,parent,people,prev,rolling_avg,rolling_sum,same_period_last_year,ytd}'::text[], 'with every such function');
INSERT INTO dwh_catalog.indicator (indicator_id, code, name_vi, name_en, indicator_group, base_unit, display_unit, kind, subject_id, breakdowns, periods, source_systems)
SELECT 991000 + i, 'OT' || i, 'x', 'x', 'x', 'x', 'x', 'flow', 991, '{}', '{month,quarter,half,year,ytd}', 'x' FROM formula;
INSERT INTO dwh_catalog.indicator_version (indicator_id, version, formula, valid_from, reason) SELECT 991000 + i, 1, f, '1995-01-01', 'test' FROM formula;
CREATE TEMPORARY TABLE period (type text, label date, first date, last date);
INSERT INTO period VALUES ('month', '2024-03-01', '2024-03-01', '2024-03-01'), ('month', '2025-01-01', '2025-01-01', '2025-01-01'), ('quarter', '2024-10-01', '2024-10-01', '2024-12-01'),
	('half', '2025-01-01', '2025-01-01', '2025-06-01'), ('year', '2024-01-01', '2024-01-01', '2024-12-01'), ('ytd', '2025-02-01', '2025-01-01', '2025-02-01');
CREATE TEMPORARY TABLE outcome AS
SELECT f.i, f.f, p.type, p.label, a.unit_code, a.value AS ours, pg_temp.plain(f.t, a.unit_code, p.type, p.first, p.last) AS plain, a.status
FROM period AS p, LATERAL dwh.indicator_values((SELECT array_agg('OT' || i) FROM formula), p.label, p.label, p.type, '{country,province,base}') AS a JOIN formula AS f ON 'OT' || f.i = a.indicator
WHERE a.unit_code IN ('VSS', '01', '38', 'OT1', 'OT2', 'OT3');
SELECT cmp_ok(count(*), '>', 4000::bigint, 'there are many values') FROM outcome WHERE plain IS NOT NULL;
SELECT is_empty($$SELECT * FROM outcome WHERE ours IS DISTINCT FROM plain LIMIT 20$$, 'each is what plain reading gives');
SELECT is_empty($$SELECT * FROM outcome WHERE (ours IS NULL) <> (status IN ('undefined', 'zero_denominator', 'no_data')) LIMIT 20$$, 'a missing one says why');
SELECT cmp_ok(count(*), '>', 500::bigint, 'some are missing, for more reasons than one') FROM outcome WHERE ours IS NULL HAVING count(DISTINCT status) >= 2;
SELECT * FROM finish();
ROLLBACK;

-- 893-072: 2,000 random formulas, and every operator and function on every edge, answer what a plain translation to SQL answers, written for this test only; their canonical forms are
-- stable and answer the same. Operators and functions meet missing, zero, negative, very large and very small numbers.
BEGIN;
SELECT plan(6);
SET LOCAL client_min_messages = warning;
\set n 2000

-- What the language promises beyond SQL: no error, and NULL where a result does not exist or has 1,000 digits or more.
CREATE FUNCTION pg_temp.cap(x numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS
	$$ SELECT CASE WHEN abs(x) < 1e1000 THEN x END $$;
CREATE FUNCTION pg_temp.power(a numeric, b numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$
SELECT CASE
	WHEN a = 0 AND b < 0 THEN NULL
	WHEN a = 0 THEN a ^ b
	WHEN a < 0 AND b <> trunc(b) THEN NULL
	WHEN abs(b * log(abs(a))) >= 1000 THEN NULL
	ELSE a ^ b END $$;
CREATE FUNCTION pg_temp.exponential(x numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS
	$$ SELECT CASE WHEN x * 0.43429448190325182765 >= 1000 THEN NULL WHEN x * 0.43429448190325182765 <= -1000 THEN 0 ELSE exp(x) END $$;

-- One of several words.
CREATE FUNCTION pg_temp.pick(VARIADIC p_words text[]) RETURNS text LANGUAGE sql VOLATILE AS
	$$ SELECT p_words[1 + floor(random() * cardinality(p_words))::int] $$;

-- A random condition (is_condition) or number: the formula f and its translation s.
CREATE FUNCTION pg_temp.tree(p_depth int, p_is_condition boolean, OUT f text, OUT s text) LANGUAGE plpgsql AS $$
DECLARE
	a record; b record; c record; v_op text; v_n int;
BEGIN
	IF p_is_condition THEN
		v_op := pg_temp.pick('compare', 'compare', 'compare', 'and', 'or', 'not', 'in', 'not in', 'null', 'not null', 'constant');
		IF p_depth <= 1 AND v_op IN ('and', 'or', 'not') THEN
			v_op := 'compare';
		END IF;
		IF v_op = 'constant' THEN
			f := pg_temp.pick('true', 'false');
			s := f;
		ELSIF v_op IN ('and', 'or') THEN
			a := pg_temp.tree(p_depth - 1, true);
			b := pg_temp.tree(p_depth - 1, true);
			f := format('(%s) %s (%s)', a.f, v_op, b.f);
			s := format('((%s) %s (%s))', a.s, v_op, b.s);
		ELSIF v_op = 'not' THEN
			a := pg_temp.tree(p_depth - 1, true);
			f := format('not (%s)', a.f);
			s := format('(NOT (%s))', a.s);
		ELSE
			a := pg_temp.tree(p_depth - 1, false);
			IF v_op = 'compare' THEN
				b := pg_temp.tree(p_depth - 1, false);
				v_op := pg_temp.pick('=', '<>', '<', '<=', '>', '>=');
				f := format('(%s) %s (%s)', a.f, v_op, b.f);
				s := format('((%s) %s (%s))', a.s, v_op, b.s);
			ELSIF v_op IN ('in', 'not in') THEN
				f := format('(%s) %s (7, -4, 0, 2.50)', a.f, v_op);
				s := format('((%s) %s (7, -4, 0, 2.50))', a.s, v_op);
			ELSE
				f := format('(%s) is %s', a.f, v_op);
				s := format('((%s) IS %s)', a.s, v_op);
			END IF;
		END IF;
		RETURN;
	END IF;

	IF p_depth <= 1 OR random() < 0.15 THEN
		CASE floor(random() * 4)::int
			WHEN 0 THEN			-- X01 is 7, X02 is 0, X03 is -4, X04 is missing
				v_n := 1 + floor(random() * 4)::int;
				f := format('[X0%s]', v_n);
				s := (ARRAY['7', '0', '(-4)', 'NULL'])[v_n] || '::numeric';
			WHEN 1 THEN
				f := pg_temp.pick('0', '1', '2', '0.5', '100', '1e12', '1e300', '9e999', '1e-9', '1e-300', '99999999999999999999', '0.1', '3', '12');
				s := f || '::numeric';
			WHEN 2 THEN
				f := round((random() * 2000 - 1000)::numeric, floor(random() * 4)::int)::text;
				s := '(' || f || ')::numeric';
				f := CASE WHEN f LIKE '-%' THEN '(' || f || ')' ELSE f END;
			ELSE
				f := floor(random() * 20)::text;
				s := f || '::numeric';
		END CASE;
		IF random() < 0.02 THEN
			f := 'null';
			s := 'NULL::numeric';
		END IF;
		RETURN;
	END IF;

	v_op := pg_temp.pick('+', '+', '-', '-', '*', '*', '/', '/', '%', '^', 'minus', 'if', 'if', 'coalesce', 'nullif', 'abs', 'round', 'round2', 'floor',
		'ceil', 'sqrt', 'ln', 'exp', 'greatest', 'least', 'plus');
	a := pg_temp.tree(p_depth - 1, false);
	IF v_op IN ('+', '-', '*', '/', '%', '^', 'nullif') THEN
		b := pg_temp.tree(p_depth - 1, false);
	END IF;
	CASE v_op
		WHEN '+', '-', '*' THEN
			f := format('(%s) %s (%s)', a.f, v_op, b.f);
			s := format('pg_temp.cap((%s) %s (%s))', a.s, v_op, b.s);
		WHEN '/', '%' THEN
			f := format('(%s) %s (%s)', a.f, v_op, b.f);
			s := format('pg_temp.cap((%s) %s nullif(%s, 0))', a.s, v_op, b.s);
		WHEN '^' THEN
			IF random() < 0.8 THEN
				SELECT v AS f, v AS s INTO b FROM pg_temp.pick('2', '3', '(-1)', '0.5', '(-2)', '0', '10') AS v;
			END IF;
			f := format('(%s) ^ (%s)', a.f, b.f);
			s := format('pg_temp.cap(pg_temp.power(%s, %s))', a.s, b.s);
		WHEN 'minus' THEN
			f := format('-(%s)', a.f);
			s := format('(0 - (%s))', a.s);
		WHEN 'plus' THEN
			f := format('+(%s)', a.f);
			s := a.s;
		WHEN 'if' THEN
			b := pg_temp.tree(p_depth - 1, true);
			c := pg_temp.tree(p_depth - 1, false);
			f := format('if(%s, %s, %s)', b.f, a.f, c.f);
			s := format('CASE WHEN (%s) IS NULL THEN NULL WHEN %s THEN %s ELSE %s END', b.s, b.s, a.s, c.s);
		WHEN 'coalesce', 'greatest', 'least' THEN
			b := pg_temp.tree(p_depth - 1, false);
			c := pg_temp.tree(p_depth - 2, false);
			f := format('%s(%s, %s, %s)', v_op, a.f, b.f, c.f);
			s := format('%s(%s, %s, %s)', v_op, a.s, b.s, c.s);
		WHEN 'nullif' THEN
			f := format('nullif(%s, %s)', a.f, b.f);
			s := format('nullif(%s, %s)', a.s, b.s);
		WHEN 'abs', 'floor', 'ceil' THEN
			f := format('%s(%s)', v_op, a.f);
			s := format('%s(%s)', v_op, a.s);
		WHEN 'round' THEN
			f := format('round(%s)', a.f);
			s := format('round(%s)', a.s);
		WHEN 'round2' THEN
			v_n := floor(random() * 9)::int - 3;
			f := format('round(%s, %s)', a.f, v_n);
			s := format('round(%s, %s)', a.s, v_n);
		WHEN 'sqrt' THEN
			f := format('sqrt(%s)', a.f);
			s := format('CASE WHEN (%s) >= 0 THEN sqrt(%s) END', a.s, a.s);
		WHEN 'ln' THEN
			f := format('ln(%s)', a.f);
			s := format('CASE WHEN (%s) > 0 THEN ln(%s) END', a.s, a.s);
		WHEN 'exp' THEN
			f := format('exp(%s)', a.f);
			s := format('pg_temp.cap(pg_temp.exponential(%s))', a.s);
	END CASE;
END $$;

CREATE FUNCTION pg_temp.plain(p_sql text) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
	v_result numeric;
BEGIN
	EXECUTE 'SELECT ' || p_sql INTO v_result;
	RETURN v_result;
EXCEPTION WHEN OTHERS THEN
	RAISE EXCEPTION '% %: %', SQLSTATE, SQLERRM, p_sql;
END $$;

SELECT setseed(0.20251122);
CREATE TEMPORARY TABLE formula AS
SELECT i, t.f, t.s FROM generate_series(1, :n) i, LATERAL pg_temp.tree(2 + i % 4, false) t WHERE length(t.f) < 4000;
-- Beside the random ones every operator and function on every edge.
CREATE TEMPORARY TABLE edge (f text, s text);
INSERT INTO edge VALUES ('null', 'NULL::numeric'), ('[X02]', '0::numeric'), ('[X03]', '(-4)::numeric'), ('1', '1::numeric'), ('0.5', '0.5::numeric'), ('2.5', '2.5::numeric'), ('1e-300', '1e-300::numeric'),
	('1e300', '1e300::numeric'), ('9e999', '9e999::numeric'), ('-9e999', '(-9e999)::numeric'), ('[X04]', 'NULL::numeric');
INSERT INTO formula
SELECT :n + row_number() OVER (ORDER BY f, s), f, s FROM (
	SELECT format(o.f, a.f), format(o.s, a.s) FROM edge AS a, (VALUES ('-(%1$s)', '(0 - (%1$s))'), ('+(%1$s)', '(%1$s)'), ('abs(%1$s)', 'abs(%1$s)'), ('round(%1$s)', 'round(%1$s)'),
		('round(%1$s, -2)', 'round(%1$s, -2)'), ('round(%1$s, 1)', 'round(%1$s, 1)'), ('round(%1$s, 400)', 'round(%1$s, 400)'), ('round(%1$s, null)', 'round(%1$s, NULL::int)'),
		('floor(%1$s)', 'floor(%1$s)'), ('ceil(%1$s)', 'ceil(%1$s)'), ('sqrt(%1$s)', 'CASE WHEN (%1$s) >= 0 THEN sqrt(%1$s) END'), ('ln(%1$s)', 'CASE WHEN (%1$s) > 0 THEN ln(%1$s) END'),
		('exp(%1$s)', 'pg_temp.cap(pg_temp.exponential(%1$s))'), ('if((%1$s) is null, 1, 0)', 'CASE WHEN (%1$s) IS NULL THEN 1 ELSE 0 END'),
		('if((%1$s) is not null, 1, 0)', 'CASE WHEN (%1$s) IS NOT NULL THEN 1 ELSE 0 END'), ('if((%1$s) in (0, 1, 2.50), 1, 0)', 'CASE WHEN (%1$s) IS NULL THEN NULL WHEN (%1$s) IN (0, 1, 2.50) THEN 1 ELSE 0 END'),
		('if((%1$s) not in (0, 1, 2.50), 1, 0)', 'CASE WHEN (%1$s) IS NULL THEN NULL WHEN (%1$s) NOT IN (0, 1, 2.50) THEN 1 ELSE 0 END')) AS o (f, s)
	UNION ALL
	SELECT format(o.f, a.f, b.f), format(o.s, a.s, b.s) FROM edge AS a, edge AS b, (VALUES ('(%1$s) + (%2$s)', 'pg_temp.cap((%1$s) + (%2$s))'), ('(%1$s) - (%2$s)', 'pg_temp.cap((%1$s) - (%2$s))'),
		('(%1$s) * (%2$s)', 'pg_temp.cap((%1$s) * (%2$s))'), ('(%1$s) / (%2$s)', 'pg_temp.cap((%1$s) / nullif(%2$s, 0))'), ('(%1$s) %% (%2$s)', 'pg_temp.cap((%1$s) %% nullif(%2$s, 0))'),
		('(%1$s) ^ (%2$s)', 'pg_temp.cap(pg_temp.power(%1$s, %2$s))'), ('nullif(%1$s, %2$s)', 'nullif(%1$s, %2$s)'), ('coalesce(%1$s, %2$s)', 'coalesce(%1$s, %2$s)'),
		('greatest(%1$s, %2$s)', 'greatest(%1$s, %2$s)'), ('least(%1$s, %2$s)', 'least(%1$s, %2$s)')) AS o (f, s)
	UNION ALL
	SELECT format('if((%s) %s (%s), 1, 0)', a.f, o, b.f), format('CASE (%s) %s (%s) WHEN true THEN 1 WHEN false THEN 0 END', a.s, o, b.s)
	FROM edge AS a, edge AS b, unnest('{=,<>,<,<=,>,>=}'::text[]) AS o
	UNION ALL
	SELECT format('if(%s((%s) %s (%s)), 2, 3)', n, a, o, b), format('CASE (%s((%s) %s (%s))) WHEN true THEN 2 WHEN false THEN 3 END', n, a, o, b)
	FROM unnest('{true,false,null = 1}'::text[]) AS a, unnest('{true,false,null = 1}'::text[]) AS b, unnest('{and,or}'::text[]) AS o, (VALUES (''), ('not ')) AS v (n)) AS x (f, s);
ALTER TABLE formula ADD canonical text, ADD message text;
UPDATE formula SET (canonical, message) = (SELECT c.canonical, c.message FROM dwh.check_formula(f) c);
SELECT cmp_ok(count(*)::int, '>=', 3500, 'there are formulas of every kind') FROM formula;
SELECT is_empty('SELECT f, message FROM formula WHERE canonical IS NULL', 'all of them are sound');
SELECT is_empty('SELECT f, canonical FROM formula WHERE (SELECT c.canonical FROM dwh.check_formula(formula.canonical) c) IS DISTINCT FROM canonical',
	'parse, deparse, parse is stable');

-- All at once: each formula and each canonical form is an indicator.
INSERT INTO dwh_log.load_run (source_id, batch, status) VALUES (9, 'formula_oracle', 'done') RETURNING load_id \gset
UPDATE dwh_star.fact_manual SET is_current = false WHERE indicator LIKE 'X0_' AND is_current;
INSERT INTO dwh_star.fact_manual (month, indicator, period_type, period_start, unit_id, kind, source_id, source_note, value, load_id)
SELECT '2024-01-01', i, 'year', '2024-01-01', unit_id, 'actual', 9, 'formula oracle', v, :load_id
FROM (VALUES ('X01', 7), ('X02', 0), ('X03', -4)) AS v (i, v), dwh_star.dim_unit WHERE code = 'VSS';
INSERT INTO dwh_catalog.indicator (indicator_id, code, name_vi, name_en, indicator_group, base_unit, display_unit, kind, subject_id, breakdowns, periods, source_systems)
SELECT 100000 + 10 * i + k, format('Z%s_%s', i, k), 'x', 'x', 'x', 'x', 'x', 'flow', 12, '{}', '{month}', 'x' FROM formula, generate_series(1, 2) k;
INSERT INTO dwh_catalog.indicator_version (indicator_id, version, formula, valid_from, reason)
SELECT 100000 + 10 * i + k, 1, CASE k WHEN 1 THEN f ELSE canonical END, '1995-01-01', 'test' FROM formula, generate_series(1, 2) k;
CREATE TEMPORARY TABLE answer AS
SELECT split_part(substr(indicator, 2), '_', 1)::int AS i, split_part(indicator, '_', 2)::int AS k, value, status
FROM dwh.indicator_values((SELECT array_agg(format('Z%s_%s', i, k)) FROM formula, generate_series(1, 2) k), '2024-01-01', '2024-01-01', 'month', '{country}');
CREATE TEMPORARY TABLE outcome AS
SELECT i, f, a.value AS ours, b.value AS canonical, pg_temp.plain(s) AS plain, a.status FROM formula JOIN answer a USING (i) JOIN answer b USING (i) WHERE a.k = 1 AND b.k = 2;
SELECT is_empty('SELECT * FROM outcome WHERE ours IS DISTINCT FROM plain', 'each formula answers what plain SQL answers');
SELECT is_empty('SELECT * FROM outcome WHERE ours IS DISTINCT FROM canonical', 'so does its canonical form');
SELECT is_empty($$SELECT * FROM outcome WHERE (ours IS NULL) <> (status IN ('undefined', 'zero_denominator', 'no_data', 'no_source'))$$,
	'a missing value says why, one that is there does not');
SELECT * FROM finish();
ROLLBACK;

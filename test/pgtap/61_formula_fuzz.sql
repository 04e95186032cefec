-- 893-072: thousands of damaged formulas: dwh.check_formula() always answers, with an error of the language and a place within the
-- text, or with a canonical form that is stable. No error, no crash, nothing slow.
BEGIN;
SELECT plan(7);
SET LOCAL client_min_messages = warning;
SET LOCAL statement_timeout = '60s';
SELECT setseed(0.893072);

CREATE TEMPORARY TABLE seed AS
SELECT row_number() OVER (ORDER BY f COLLATE "C") AS n, f FROM (
	SELECT formula FROM dwh_catalog.indicator_version
	UNION SELECT filter FROM dwh_catalog.measure WHERE filter IS NOT NULL
	UNION SELECT expression FROM dwh_catalog.subject_dimension
	UNION SELECT format('[A01]{%s}', filter) FROM dwh_catalog.measure WHERE subject_id = 1 AND filter IS NOT NULL
	UNION VALUES ('if([A01] > 0 and not [A02] in (1, -2.5e3), coalesce([A03], null), nullif([A04], 0))'),
		('people(([P_BB] | [P_TN]) - ([BN_CASH]{sex = ''F'', age >= 60} & [P_UI]))'),
		('rolling_avg(growth(ytd([B04]{kind <> ''regular''})), 12) / national(average([A05])) % 7 ^ 2'),
		('[A01]{category.name_vi = ''Người lao động''''s'', employer.economic_type is not null, card_from > ''2024-01-31''}'),
		('round(-[A01] * 1.5e-3, 2) + greatest([A02], least([A03], 9e99)) - exp(ln(sqrt(abs([A04]))))'),
		('[A01]{if(age < 15, ''a'', if(age < 25, ''b'', coalesce(sex, ''c''))) = ''b'', age ^ 2 / 3 % 4 > 0}')) AS v (f);
CREATE TEMPORARY TABLE token AS SELECT row_number() OVER () AS n, t FROM unnest(ARRAY['(', ')', '[', ']', '{', '}', '[A01]', '[P_BB]', '''', '''''', ',', '.', '+', '-', '*', '/', '%',
	'^', '=', '<>', '!=', '!', '<', '>', '|', '&', ';', '--', '/*', '*/', '$$', '\', '"', ':', '::int', '@', '#', '?', ' and ', ' or ', ' not ', ' in ', ' is ', ' null ', ' true ',
	' false ', 'people(', 'if(', 'ytd(', 'prev(', 'parent(', 'national(', 'coalesce(', '1e', '1e5', '1.', '.5', '0x1', '1e99999', '999999999999999999999999', 'sex', 'age', 'scheme',
	'month_end', 'person.full_name', 'unit.parent_unit.code', 'employer.', 'ctid', 'tableoid', 'pg_sleep(1)', 'Đ', 'ữ', E'\u00a0', E'\t', E'\n', E'\x01', E'\x7f', '😀', '‮', repeat('(', 60),
	repeat('[A01]+', 60), repeat('-', 60), repeat('not ', 60), repeat('a', 70), repeat('1', 200), '{sex = ''F''}', '[Z', '[a01]', '[A01 ]', '''2024-02-30''', 'date', 'select']) t;

-- Every level once: the work does not double with each of them.
SELECT clock_timestamp() AS began \gset
SELECT count(*) FROM generate_series(1, 30) AS n, LATERAL dwh.check_formula(repeat('-', n) || '[A01]') AS c \g /dev/null
SELECT cmp_ok(clock_timestamp() - :'began', '<', interval '5 s', 'a formula is checked in no time however deep it is nested');

-- One to six changes: cut out, double, put in a word, change a character, join with another, cut off.
CREATE FUNCTION pg_temp.damage(p_text text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	v text := p_text;
	v_at int;
	v_n int;
	v_other text;
BEGIN
	FOR i IN 1 .. 1 + floor(random() * random() * 6)::int LOOP
		v_at := 1 + floor(random() * (length(v) + 1))::int;
		v_n := 1 + floor(random() * random() * 12)::int;
		SELECT t INTO v_other FROM token WHERE n = 1 + floor(random() * (SELECT count(*) FROM token))::int;
		v := CASE floor(random() * 7)::int
			WHEN 0 THEN overlay(v PLACING '' FROM v_at FOR v_n)
			WHEN 1 THEN overlay(v PLACING substr(v, v_at, v_n) FROM v_at FOR 0)
			WHEN 2 THEN overlay(v PLACING chr(1 + floor(random() * 126)::int) FROM v_at FOR 1)
			WHEN 3 THEN left(v, v_at)
			WHEN 4 THEN overlay(v PLACING (SELECT f FROM seed ORDER BY random() LIMIT 1) FROM v_at FOR 0)
			ELSE overlay(v PLACING coalesce(v_other, '') FROM v_at FOR 0)
		END;
	END LOOP;
	RETURN v;
END $$;
CREATE FUNCTION pg_temp.checked(p_formula text, OUT is_valid boolean, OUT canonical text, OUT code text, OUT at int, OUT message text, OUT raised text)
LANGUAGE plpgsql AS $$
BEGIN
	SELECT c.is_valid, c.canonical, c.error_code, c.error_position, c.message INTO is_valid, canonical, code, at, message FROM dwh.check_formula(p_formula) c;
EXCEPTION WHEN OTHERS THEN
	raised := SQLSTATE || ' ' || SQLERRM;
END $$;

CREATE TEMPORARY TABLE damaged AS
SELECT i, pg_temp.damage(f) AS f FROM generate_series(1, 6000) i JOIN seed ON seed.n = 1 + i % (SELECT count(*) FROM seed);
CREATE TEMPORARY TABLE outcome AS SELECT d.f, c.* FROM damaged d, LATERAL pg_temp.checked(d.f) c;
SELECT is_empty('SELECT f, raised FROM outcome WHERE raised IS NOT NULL', 'no formula raises an error');
SELECT is_empty($$SELECT f, is_valid, code, message FROM outcome
	WHERE is_valid IS NULL OR is_valid <> (canonical IS NOT NULL) OR is_valid = (message IS NOT NULL AND code ~ '^(WH2..|42501|22007|22008)$')$$,
	'it is sound, or the error is one of the language');
SELECT is_empty('SELECT f, at FROM outcome WHERE at NOT BETWEEN 1 AND length(f) + 1', 'the place lies within the text');
SELECT is_empty('SELECT f, canonical FROM outcome WHERE is_valid AND (SELECT c.canonical FROM dwh.check_formula(outcome.canonical) c) IS DISTINCT FROM canonical',
	'a sound one has a stable canonical form');
SELECT cmp_ok(count(*) FILTER (WHERE is_valid)::int, '>', 300, 'some are sound, the others fail in many ways') FROM outcome
HAVING count(DISTINCT message) > 300;

-- What was found sound can be computed: over rows, so that the statements really run.
INSERT INTO dwh_log.load_run (source_id, batch, status) VALUES (1, 'formula_fuzz', 'done') RETURNING load_id \gset
INSERT INTO dwh_star.dim_person (person_id, sex, home_unit_id, valid_from)
SELECT i, 'F', unit_id, '2000-01-01' FROM generate_series(990001, 990003) i, dwh_star.dim_unit WHERE code = 'VSS';
INSERT INTO dwh_star.fact_participation (month, unit_id, person_id, scheme_id, payer_kind, employer_id, category_id, state, is_main, salary_base, sex, age, load_id)
SELECT '2024-01-01', unit_id, i, i % 5 + 1, 'self', 0, 0, 'active', true, 9000000000000000000, 'F', 40, :load_id
FROM generate_series(990001, 990003) i, dwh_star.dim_unit WHERE code = '01' AND level = 'province' AND valid_from <= '2024-01-01' AND (valid_to IS NULL OR valid_to >= '2024-01-31');
INSERT INTO dwh_star.fact_collection (month, unit_id, payer_kind, payer_id, employer_id, scheme_id, funding_source, kind, category_id, due, paid, arrears, months_late, load_id)
SELECT '2024-01-01', unit_id, 'employer', i, 0, i, 'employer', 'regular', 0, 9000000000000000000, 7, 0, 3, :load_id
FROM generate_series(1, 5) i, dwh_star.dim_unit WHERE code = '01' AND level = 'province' AND valid_from <= '2024-01-01' AND (valid_to IS NULL OR valid_to >= '2024-01-31');
CREATE FUNCTION pg_temp.computed(p_formula text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	UPDATE dwh_catalog.indicator_version SET formula = p_formula WHERE indicator_id = (SELECT indicator_id FROM dwh_catalog.indicator WHERE code = 'X09');
	PERFORM * FROM dwh.indicator_values('{X09}', '2024-01-01', '2024-01-01', 'month', '{province}');
	RETURN NULL;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
SELECT is_empty($$SELECT * FROM (SELECT f, pg_temp.computed(f) AS raised FROM outcome WHERE is_valid) x WHERE raised IS NOT NULL AND raised NOT LIKE 'WH205%'$$,
	'what is sound can be computed');
SELECT * FROM finish();
ROLLBACK;

-- 893-077: the README's example of loading manual figures runs as it stands and gives what it says.
BEGIN;
SELECT plan(3);
\set readme `cat README.md`
CREATE TEMPORARY TABLE example AS
SELECT m[1] AS code, m[2] AS result
FROM regexp_match(:'readme', E'21_readme_loading[.]sql -->\n```sql\n(.*?);\n-- ([^\n]*)\n```') AS m;
SELECT ok(code IS NOT NULL, 'the example is there') FROM example;

CREATE FUNCTION pg_temp.outcome() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	v_statements text[] := (SELECT regexp_split_to_array(code, E';\n') FROM example);
	v_result record;
BEGIN
	EXECUTE v_statements[1];
	EXECUTE v_statements[2] INTO STRICT v_result;
	RETURN v_result::text;
END
$$;
SELECT is(pg_temp.outcome(), (SELECT result FROM example), 'it gives the counts that it shows');
SELECT is(count(*)::int, 2, 'and both figures stand')
FROM dwh_star.fact_manual WHERE source_note = 'example, not a published plan' AND is_current;
SELECT * FROM finish();
ROLLBACK;

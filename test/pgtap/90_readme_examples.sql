-- Every example of the README of the form "SELECT ...;  -- result" gives that result.
BEGIN;
SET LOCAL client_min_messages = error;
SET LOCAL datestyle = 'ISO, YMD';
\set readme `cat README.md`
CREATE TEMPORARY TABLE example AS
SELECT row_number() OVER () AS n, m[1] AS statement, m[2] AS result
FROM regexp_split_to_table(:'readme', E'\n') WITH ORDINALITY AS t (line, line_no),
	regexp_match(line, '^(SELECT .*);\s+-- (.*)$') AS m
WHERE m IS NOT NULL ORDER BY line_no;

CREATE FUNCTION pg_temp.outcome(p_statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	v_result text;
BEGIN
	EXECUTE p_statement INTO STRICT v_result;
	RETURN v_result;
END
$$;

SELECT plan(count(*)::int + 1) FROM example;
SELECT cmp_ok(count(*)::int, '>', 0, 'the README has examples') FROM example;
SELECT is(pg_temp.outcome(statement), result, statement) FROM example ORDER BY n;
SELECT * FROM finish();
ROLLBACK;

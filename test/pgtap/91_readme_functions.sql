-- Every function, aggregate and type of schema dwh has its entry in the README (rule of the house: nothing public is unexplained).
BEGIN;
\set readme `cat README.md`
SELECT plan(3);
SELECT cmp_ok(length(:'readme'), '>', 1000, 'the README is read');
SELECT is_empty(format(
	$$ SELECT DISTINCT p.proname FROM pg_proc p WHERE p.pronamespace = 'dwh'::regnamespace
		AND %L !~ ('\mdwh\.' || p.proname || '\M|`' || p.proname || '[`(]') $$, :'readme'),
	'every function of schema dwh is explained in the README');
SELECT is_empty(format(
	$$ SELECT t.typname FROM pg_type t WHERE t.typnamespace = 'dwh'::regnamespace AND t.typtype IN ('b', 'd', 'e')
		AND t.typcategory <> 'A' AND %L !~ ('\mdwh\.' || t.typname || '\M') $$, :'readme'),
	'every type of schema dwh is explained in the README');
SELECT * FROM finish();
ROLLBACK;

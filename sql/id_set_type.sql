-- dwh.id_set: text, binary, casts, errors, order. Design section 7.
\set VERBOSITY terse
SET search_path = dwh, public;

-- Text: ranges of three and more, any order and overlap on input
SELECT s::id_set FROM (VALUES ('{}'), ('{ }'), ('{0}'), ('{2147483647}'), ('{1,2}'), ('{1,2,3}'), ('{9, 1-5}'), ('{5-9,1-6,3}'),
	(E' {\n1 - 3 , 7 }\t'), ('{65535,65536}'), ('{65534-65537}'), ('{3,2,1,2,3}'), ('{0-2147483647}')) AS v(s);
SELECT s, s::id_set::text = s AS round_trip
FROM (VALUES ('{}'), ('{7}'), ('{1-5,9}'), ('{0-65535}'), ('{65536-131071,131073}'), ('{0-2147483646}')) AS v(s);

-- Malformed text gives 22P02 and says where
CREATE FUNCTION pg_temp.outcome(p_sql text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	v_result text; v_detail text; v_hint text;
BEGIN
	EXECUTE p_sql INTO v_result;
	RETURN v_result;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS v_detail = PG_EXCEPTION_DETAIL, v_hint = PG_EXCEPTION_HINT;
	RETURN SQLSTATE || ' ' || SQLERRM || ' / ' || v_detail || ' / ' || v_hint;
END
$$;
SELECT s, pg_temp.outcome(format('SELECT %L::dwh.id_set', s))
FROM (VALUES (''), ('1'), ('{'), ('{1'), ('{1,'), ('{,}'), ('{1,}'), ('{-1}'), ('{1-}'), ('{5-1}'), ('{2147483648}'),
	('{99999999999999999999}'), ('{1-2147483648}'), ('{1 2}'), ('{a}'), ('{1}x'), ('{1-2-3}'), ('{1.5}'), ('{{1}}'), ('{NULL}')) AS v(s);

-- Arrays
SELECT id_set(ARRAY[3, 1, 2, 3, 9]), ARRAY[[1, 2], [3, 4]]::id_set, id_set('{}'::int[]), '{1-3,9}'::id_set::int[], to_array('{}');
SELECT pg_temp.outcome('SELECT dwh.id_set(ARRAY[1, NULL])');
SELECT pg_temp.outcome('SELECT dwh.id_set(ARRAY[1, -1])');
SELECT pg_temp.outcome($$SELECT dwh.to_array('{0-2147483647}')$$);

-- Bytes: the portable Roaring format; what is valid but not the smallest form comes out as the smallest
SELECT s, s::id_set::bytea, s::id_set::bytea::id_set = s::id_set AS round_trip
FROM (VALUES ('{}'), ('{1}'), ('{1,3,5}'), ('{1-10}'), ('{1,65536,2147483647}')) AS v(s);
-- {1-10} as an array container, with a needless run cookie, and as two touching runs
SELECT b::bytea::id_set, b::bytea::id_set::bytea = '{1-10}'::id_set::bytea AS canonical
FROM (VALUES ('\x3a30000001000000000009001000000001000200030004000500060007000800090 00a00'),
	('\x3b3000000000000900010002000300040005000600070008000900 0a00'),
	('\x3b30000001000009000200010004000600 0400')) AS v(raw), replace(raw, ' ', '') AS b;
-- Malformed bytes give 22P03: cut short at every length, and one violation of each rule
SELECT count(*) FILTER (WHERE o LIKE '22P03 %') AS refused, count(*)
FROM (SELECT pg_temp.outcome(format('SELECT %L::bytea::dwh.id_set', substring('{1,5,70000-80000,90000,200000-200009}'::id_set::bytea FOR n))) AS o
	FROM generate_series(0, length('{1,5,70000-80000,90000,200000-200009}'::id_set::bytea) - 1) AS n) AS t;
SELECT what, pg_temp.outcome(format('SELECT %L::bytea::dwh.id_set', b))
FROM (VALUES ('no cookie', '\x0000000000000000'), ('one byte more', '\x3a3000000000000000'),
	('too many containers', '\x3a30000001000100'), ('values out of order', '\x3a3000000100000000000100100000000200 0100'),
	('value twice', '\x3a300000010000000000010010000000020002 00'),
	('wrong offset', '\x3a30000001000000000001001100000001000200'),
	('id beyond the range', '\x3a30000001000000008000001000000001 00'),
	('keys out of order', '\x3a3000000200000001000000000000001800 00001a00000001000100'),
	('no run', '\x3b300000010000000000 00'), ('count of runs', '\x3b3000000100000300010001000400'),
	('runs overlap', '\x3b300000010000050002000100030003000100'), ('run past the end', '\x3b30000001000002000100ffff0200'),
	('mark of no container', '\x3b30000003000002000100010002 00'),
	('bitset with another count', '\x3a3000000100000000000010100000 00' || repeat('ff', 8192))) AS v(what, raw), replace(raw, ' ', '') AS b;
-- Stored, also out of line
CREATE TEMPORARY TABLE sets (id_set_no int, s id_set);
INSERT INTO sets VALUES (1, '{}'), (2, '{1}'), (3, '{1-100000}'), (4, '{2147483647}'), (5, NULL);
INSERT INTO sets SELECT 6, id_set_agg(x * 3) FROM generate_series(1, 50000) AS x;
INSERT INTO sets SELECT 7, id_set_agg((x::bigint * 1000003 % 2147483648)::int) FROM generate_series(1, 5000) AS x;
SELECT id_set_no, cardinality(s), octet_length(s::bytea) AS bytes, pg_column_size(s) > 0 AS stored FROM sets ORDER BY id_set_no;

-- Order: that of the ascending sequences
SELECT s FROM (VALUES ('{1,3}'::id_set), ('{}'), ('{1}'), ('{1-3}'), ('{2}'), ('{1,2}'), ('{1,70000}'), ('{70000}'), ('{1,2,70000}')) AS v(s) ORDER BY s;
SELECT count(*) AS wrong
FROM (VALUES ('{}'), ('{1}'), ('{1,2}'), ('{1,3}'), ('{2}'), ('{0-70000}'), ('{70000}'), ('{1,70000}'), ('{0-65535}')) AS a(t),
	(VALUES ('{}'), ('{1}'), ('{1,2}'), ('{1,3}'), ('{2}'), ('{0-70000}'), ('{70000}'), ('{1,70000}'), ('{0-65535}')) AS b(t),
	LATERAL (SELECT a.t::id_set AS x, b.t::id_set AS y, to_array(a.t::id_set) AS xa, to_array(b.t::id_set) AS ya) AS v
WHERE (x < y, x <= y, x = y, x <> y, x > y, x >= y) IS DISTINCT FROM (xa < ya, xa <= ya, xa = ya, xa <> ya, xa > ya, xa >= ya);

-- Grouping, joining, indexing by equality, sorted and hashed
SET enable_hashagg = off;
SELECT s, count(*) FROM (SELECT id_set(ARRAY[x % 3, 70000]) AS s FROM generate_series(1, 10) AS x) AS v GROUP BY s ORDER BY s;
RESET enable_hashagg;
SET enable_sort = off;
SELECT count(*) FROM (SELECT s FROM (SELECT id_set(ARRAY[x % 3, 70000]) AS s FROM generate_series(1, 10) AS x) AS v GROUP BY s) AS g;
RESET enable_sort;
CREATE UNIQUE INDEX ON sets (s) WHERE id_set_no < 6;
INSERT INTO sets VALUES (0, '{1-100000}');
SELECT count(*) FROM sets AS a JOIN sets AS b ON a.s = b.s;

-- Reading
SELECT contains('{1-5,9}', 9), contains('{1-5,9}', 6), contains('{1}', -1), '{1-5}'::id_set @> 3, 3 <@ '{1-5}'::id_set, 9 <@ '{1-5}'::id_set;
SELECT min_id('{3-9,70000}'), max_id('{3-9,70000}'), min_id('{}'), max_id('{}'), min_id(s), max_id(s) FROM sets WHERE id_set_no = 6;
SELECT rank('{10,20,30}', 9), rank('{10,20,30}', 20), rank('{10,20,30}', 100000), rank('{0-2147483647}', 2147483647), rank('{}', 1), rank('{1}', -5);
SELECT i FROM iterate('{65534-65537,2147483647}') AS i;
SELECT iterate('{0-2147483647}') LIMIT 3;
SELECT count(*), sum(i) FROM iterate('{}') AS i;
SELECT overlap_count('{1-10}', '{5-20}'), jaccard_index('{1-10}', '{5-20}'), jaccard_index('{}', '{}'), jaccard_index('{1}', '{}');
SELECT cardinality(NULL::id_set), NULL::id_set | '{1}';

-- Algebra
SELECT '{1-10}'::id_set | '{5-20}', '{1-10}'::id_set & '{5-20}', '{1-10}'::id_set - '{5-20}', '{1-10}'::id_set # '{5-20}',
	'{1-10}'::id_set @> '{2,5}', '{2,11}'::id_set <@ '{1-10}', '{1-10}'::id_set && '{10,11}', '{1-10}'::id_set && '{11}', '{}'::id_set && '{}';

-- Everyone may use the type, and no support function by name
CREATE ROLE regress_id_set_user;
GRANT CREATE ON SCHEMA public TO regress_id_set_user;
SET ROLE regress_id_set_user;
CREATE TABLE public.id_set_of_user (s dwh.id_set);
INSERT INTO public.id_set_of_user VALUES ('{1-3}'), ('{2-9}');
SELECT cardinality(union_agg(s)), distinct_count(i), max_id(intersect_agg(s)) FROM public.id_set_of_user, iterate(s) AS i;
SELECT s | '{7}' = '{1-3,7}' AS equal, s::bytea::id_set = s AS same FROM public.id_set_of_user ORDER BY s;
SELECT dwh_internal.id_set_merge('{1}', '{2}');
RESET ROLE;
-- Outside an aggregate the support functions refuse to work
SELECT pg_temp.outcome($$SELECT dwh_internal.id_set_merge('{1}', '{2}')$$);
DROP TABLE public.id_set_of_user;
REVOKE CREATE ON SCHEMA public FROM regress_id_set_user;
DROP ROLE regress_id_set_user;
RESET search_path;

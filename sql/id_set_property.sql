-- Property test: thousands of random sets against int[] and SELECT DISTINCT. The seed is fixed; the shapes are those that
-- break set code: empty, dense, runs, sparse over the whole range, the borders of containers, the greatest id.
\set VERBOSITY terse
SET search_path = dwh, public;
SELECT setseed(0.20250701);
CREATE TEMPORARY TABLE random_ids (no int, shape text, x int);
INSERT INTO random_ids
SELECT no, shape,
	CASE shape
		WHEN 'dense' THEN base + floor(random() * 6000)::int
		WHEN 'sparse' THEN floor(random() * 2147483648.0)::bigint::int
		WHEN 'runs' THEN base + (i / 7) * 40 + i % 7
		WHEN 'bitset' THEN base + i * 2
		WHEN 'border' THEN 65536 * floor(random() * 3)::int + (CASE WHEN random() < 0.5 THEN -3 ELSE 65530 END) + floor(random() * 6)::int + 3
		WHEN 'greatest' THEN 2147483647 - floor(random() * 200)::int
		ELSE floor(random() * 50)::int
	END
FROM (SELECT no, (ARRAY['dense', 'sparse', 'runs', 'bitset', 'border', 'greatest', 'few'])[1 + no % 7] AS shape,
		floor(random() * 200000)::int AS base,
		CASE WHEN no % 97 = 0 THEN 9000 WHEN no % 11 = 0 THEN 600 ELSE floor(random() * 40)::int END AS n
	FROM generate_series(1, 2100) AS no) AS v, generate_series(1, n) AS i;
CREATE TEMPORARY TABLE random_sets AS
SELECT no, id_set_agg(x) AS s, array_agg(DISTINCT x ORDER BY x) AS a FROM random_ids GROUP BY no;
INSERT INTO random_sets SELECT no, '{}', '{}' FROM generate_series(-3, 0) AS no;
SELECT count(*) > 2000 AS enough_sets, count(DISTINCT shape) AS shapes FROM random_sets LEFT JOIN random_ids USING (no);

-- One set: every way in and out agrees with the array
SELECT count(*) AS wrong
FROM random_sets
WHERE (to_array(s), cardinality(s), s, s::text::id_set, s::bytea::id_set, min_id(s), max_id(s))
	IS DISTINCT FROM (a, cardinality(a), id_set(a), s, s, a[1], a[cardinality(a)])
	OR (SELECT array_agg(i) FROM iterate(s) AS i) IS DISTINCT FROM nullif(a, '{}')
	OR a <> '{}' AND s <> id_set((SELECT array_agg(i ORDER BY random()) FROM unnest(a || a) AS i));
-- The text form is what the ranges of consecutive ids say
SELECT count(*) AS wrong
FROM random_sets, LATERAL (
	SELECT '{' || coalesce(string_agg(CASE WHEN n > 2 THEN first || '-' || last WHEN n = 2 THEN first || ',' || last ELSE first::text END, ',' ORDER BY first), '') || '}' AS text
	FROM (SELECT min(i) AS first, max(i) AS last, count(*) AS n FROM (SELECT i, i - row_number() OVER (ORDER BY i) AS island FROM unnest(a) AS i) AS v GROUP BY island) AS w) AS t
WHERE s::text <> t.text;
-- Membership and rank at ids in, near and far from the set
SELECT count(*) AS wrong
FROM random_sets, LATERAL (SELECT unnest(a[1:5] || a[cardinality(a) - 3:] || ARRAY[0, 65535, 65536, 2147483647, floor(random() * 300000)::int]) AS i) AS p
WHERE contains(s, i) <> (i = ANY (a)) OR (s @> i) <> (i <@ s) OR contains(s, i) <> (s @> i)
	OR rank(s, i) <> (SELECT count(*) FROM unnest(a) AS x WHERE x <= i);
-- Two sets: each with several others, of the same and of other shapes
CREATE TEMPORARY TABLE pairs AS
SELECT x.no, x.s AS p, x.a AS pa, y.s AS q, y.a AS qa
FROM random_sets AS x, generate_series(1, 3) AS step, LATERAL (SELECT (x.no * 31 + step * 7 + (step = 3)::int) % 2100 AS no) AS other JOIN random_sets AS y USING (no);
INSERT INTO pairs SELECT no, s, a, s, a FROM random_sets WHERE no % 50 = 0;
INSERT INTO pairs SELECT x.no, x.s, x.a, y.s, y.a FROM random_sets AS x, LATERAL (SELECT id_set(array_agg(i)) AS s, array_agg(i) AS a FROM unnest(x.a) WITH ORDINALITY AS t(i, o) WHERE o % 3 > 0) AS y WHERE x.no % 3 = 0 AND y.s IS NOT NULL;
SELECT count(*) > 6000 AS enough_pairs, bool_or(p && q) AND bool_or(NOT p && q) AND bool_or(p @> q) AND bool_or(NOT p @> q) AS both_ways FROM pairs;
SELECT count(*) AS wrong
FROM pairs, LATERAL (
	SELECT ARRAY(SELECT unnest(pa) UNION SELECT unnest(qa) ORDER BY 1) AS u, ARRAY(SELECT unnest(pa) INTERSECT SELECT unnest(qa) ORDER BY 1) AS i,
		ARRAY(SELECT unnest(pa) EXCEPT SELECT unnest(qa) ORDER BY 1) AS d, ARRAY(SELECT unnest(qa) EXCEPT SELECT unnest(pa) ORDER BY 1) AS r) AS o
WHERE (p | q, p & q, p - q, p # q, overlap_count(p, q), p && q, p @> q, p <@ q, p = q, p < q, p >= q)
	IS DISTINCT FROM (id_set(u), id_set(i), id_set(d), id_set(d || r), cardinality(i)::bigint, i <> '{}', r = '{}', d = '{}', pa = qa, pa < qa, pa >= qa)
	OR (p = q) AND dwh_internal.id_set_hash(p) <> dwh_internal.id_set_hash(q);
-- Laws that tie the operators to each other
SELECT count(*) AS wrong FROM pairs
WHERE (p | q) <> (q | p) OR (p & q) <> (q & p) OR (p # q) <> ((p | q) - (p & q)) OR ((p - q) | (p & q)) <> p
	OR cardinality(p | q) <> cardinality(p) + cardinality(q) - overlap_count(p, q) OR NOT (p | q) @> p OR NOT (p & q) <@ p;

-- Aggregates over the sets: groups of all kinds, window frames of random width
SELECT count(*) AS wrong
FROM (SELECT no % 40 AS g, union_agg(s) AS u, union_count(s) AS n FROM random_sets GROUP BY 1) AS v
	JOIN (SELECT g, array_agg(x ORDER BY x) AS a FROM (SELECT DISTINCT no % 40 AS g, unnest(a) AS x FROM random_sets) AS w GROUP BY g) AS o USING (g)
WHERE to_array(u) <> a OR n <> cardinality(a);
SELECT count(*) AS wrong
FROM (SELECT no, union_agg(s) OVER w AS u, distinct_count(a[1]) OVER w AS n, intersect_count(s) OVER w AS c,
		array_agg(no) OVER w AS members, array_agg(a[1]) OVER w AS firsts, array_agg(s) OVER w AS sets
	FROM random_sets WHERE no < 400 WINDOW w AS (ORDER BY no ROWS BETWEEN 3 PRECEDING AND 2 FOLLOWING)) AS v
WHERE to_array(u) <> ARRAY(SELECT DISTINCT unnest(a) FROM random_sets AS r WHERE r.no = ANY (members) ORDER BY 1)
	OR n <> (SELECT count(DISTINCT f) FROM unnest(firsts) AS f)
	OR c <> (SELECT cardinality(intersect_agg(m)) FROM unnest(sets) AS m);
RESET search_path;

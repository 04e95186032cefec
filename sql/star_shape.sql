\pset format unaligned
-- 893-021 893-022 893-023 893-024 893-025 893-026 893-027 893-028: each source system has its facts, in the grain of its rows.
-- The primary key of a fact is its grain.
SELECT c.relname AS fact, string_agg(a.attname, ', ' ORDER BY k.place) AS grain
FROM pg_class AS c
JOIN pg_constraint AS p ON p.conrelid = c.oid AND p.contype = 'p'
CROSS JOIN unnest(p.conkey) WITH ORDINALITY AS k (attnum, place)
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = k.attnum
WHERE c.relnamespace = 'dwh_star'::regnamespace AND c.relname LIKE 'fact\_%' AND NOT c.relispartition
GROUP BY c.relname ORDER BY c.relname COLLATE "C";
-- Foreign keys that a BI tool draws its joins from.
SELECT c.relname AS fact, string_agg(format('%s > %s', a.attname, p.confrelid::regclass), ', ' ORDER BY a.attnum) AS foreign_keys
FROM pg_class AS c
JOIN pg_constraint AS p ON p.conrelid = c.oid AND p.contype = 'f'
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = p.conkey[1]
WHERE c.relnamespace = 'dwh_star'::regnamespace AND c.relname LIKE 'fact\_%' AND NOT c.relispartition
GROUP BY c.relname ORDER BY c.relname COLLATE "C";
-- A key column without a foreign key: the surrogates that come from the source and stand for nothing else.
SELECT c.relname AS fact, a.attname
FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND a.attname LIKE '%\_id'
WHERE c.relnamespace = 'dwh_star'::regnamespace AND c.relkind = 'p' AND c.relname LIKE 'fact\_%'
	AND NOT EXISTS (SELECT FROM pg_constraint AS p WHERE p.conrelid = c.oid AND p.contype = 'f' AND a.attnum = p.conkey[1])
ORDER BY 1, 2;
-- Dimensions: surrogate key, and natural key with validity.
SELECT c.relname AS dimension,
	(SELECT string_agg(a.attname, ', ' ORDER BY k.place) FROM unnest(p.conkey) WITH ORDINALITY AS k (attnum, place)
	 JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = k.attnum) AS key,
	(SELECT string_agg(pg_get_constraintdef(u.oid), '; ') FROM pg_constraint AS u WHERE u.conrelid = c.oid AND u.contype = 'u') AS natural_key
FROM pg_class AS c JOIN pg_constraint AS p ON p.conrelid = c.oid AND p.contype = 'p'
WHERE c.relnamespace = 'dwh_star'::regnamespace AND c.relname LIKE 'dim\_%' ORDER BY c.relname COLLATE "C";
-- Years from 2006 to 2030 and one default partition each.
SELECT DISTINCT min(pg_get_expr(l.relpartbound, l.oid)) FILTER (WHERE pg_get_expr(l.relpartbound, l.oid) <> 'DEFAULT') AS first,
	max(pg_get_expr(l.relpartbound, l.oid)) FILTER (WHERE pg_get_expr(l.relpartbound, l.oid) <> 'DEFAULT') AS last,
	count(*) FILTER (WHERE pg_get_expr(l.relpartbound, l.oid) = 'DEFAULT') AS defaults, count(*) AS leaves
FROM pg_class AS c JOIN pg_inherits AS i ON i.inhparent = c.oid JOIN pg_class AS l ON l.oid = i.inhrelid
WHERE c.relnamespace = 'dwh_star'::regnamespace AND c.relname LIKE 'fact\_%' AND c.relkind = 'p'
GROUP BY c.relname;
-- 893-020: row security stands on every fact, every leaf and dim_person.
SELECT c.relname FROM pg_class AS c
WHERE c.relnamespace = 'dwh_star'::regnamespace AND c.relkind IN ('r', 'p') AND (c.relname LIKE 'fact\_%' OR c.relname = 'dim_person')
	AND NOT c.relrowsecurity;
-- One unit's months are found by an index in every fact.
SELECT c.relname FROM pg_class AS c
WHERE c.relnamespace = 'dwh_star'::regnamespace AND c.relkind = 'p' AND c.relname LIKE 'fact\_%'
	AND NOT EXISTS (SELECT FROM pg_index AS i WHERE i.indrelid = c.oid
		AND pg_get_indexdef(i.indexrelid, 1, false) = 'unit_id' AND pg_get_indexdef(i.indexrelid, 2, false) = 'month');

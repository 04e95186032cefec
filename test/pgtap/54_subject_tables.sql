-- What dwh_owner reads: nothing that another could make run code, nothing of which rows are hidden, lost or unseen, no table of another
-- subject; what was changed afterwards is noticed, reported, and stops no rebuild without a word.
-- 893-031 893-038 2327-082 893-001
SET client_min_messages = error;
BEGIN;
SELECT plan(39);

CREATE ROLE tap_evil LOGIN;
CREATE SCHEMA tap;
GRANT USAGE, CREATE ON SCHEMA tap TO dwh_owner, tap_evil;
\ir include/call.psql
CREATE FUNCTION pg_temp.subject(p_relation text, p_code text DEFAULT 'tap_x') RETURNS text LANGUAGE sql AS $$
	SELECT CASE WHEN r ~ '^[0-9]+$' THEN 'done' ELSE left(r, 5) END
	FROM pg_temp.call(format('dwh.create_subject(%L, %L, ''x'', ''x'')', p_code, p_relation)) AS r
$$;
CREATE FUNCTION pg_temp.value() RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.call($q$concat_ws(' ', round(value), status) FROM dwh.indicator_values('{TAP_N}', '2025-01-01', '2025-01-01', 'month', '{country}')$q$)
$$;
CREATE FUNCTION pg_temp.open() RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(problem || ' ' || object, ', ' ORDER BY problem, object), 'none') FROM dwh.check_scope() WHERE problem NOT IN ('no_index', 'no_policy')
$$;

-- Partitions of others.
CREATE TABLE tap.pt (month date, unit_id int, n int) PARTITION BY RANGE (month);
CREATE TABLE tap.p1 PARTITION OF tap.pt FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
INSERT INTO tap.pt VALUES ('2025-01-01', 1, 7), ('2025-01-01', 1, 2);
ALTER TABLE tap.pt OWNER TO dwh_owner;
ALTER TABLE tap.p1 OWNER TO dwh_owner;
SELECT is(pg_temp.subject('tap.pt', 'tap_pt'), 'done', 'a partitioned table of dwh_owner is a subject');
SELECT dwh.create_measure('TAP_M', 'tap_pt', 'sum', 'n', NULL, 'flow', 'x'), dwh.create_indicator('TAP_N', 'x', 'x', '[TAP_M]', 'tap_pt', 'analyst', 'x', '2020-01-01', 'test') \g /dev/null
SELECT is(pg_temp.value(), '9 ok', 'it is read');
SELECT is(pg_temp.open(), 'none', 'nothing lies open');
SET LOCAL ROLE tap_evil;
CREATE FUNCTION tap.f(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE TABLE tap.p2 (month date, unit_id int, n int);
CREATE INDEX ON tap.p2 ((n + tap.f(0)));
RESET ROLE;
ALTER TABLE tap.pt ATTACH PARTITION tap.p2 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
SET LOCAL ROLE tap_evil;
CREATE OR REPLACE FUNCTION tap.f(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RAISE EXCEPTION 'ran as %', current_user; END$$;
RESET ROLE;
SELECT is(pg_temp.value(), 'no_source', '893-038: a partition that is another''s runs nothing as dwh_owner');
SELECT is(pg_temp.call($$dwh.get_value('TAP_N', '2025-01-01')$$), NULL, 'in any function');
SELECT is(pg_temp.open(), 'foreign_owner tap.p2, no_row_security tap.p2', '2327-082: check_scope() names it');
ALTER TABLE tap.pt DETACH PARTITION tap.p2;
SELECT is(pg_temp.value(), '9 ok', 'it is read again without it');
SAVEPOINT given;
ALTER TABLE tap.p1 OWNER TO tap_evil;
SELECT is(pg_temp.value(), 'no_source', 'nor one that is given away');
ROLLBACK TO given;
SELECT is(pg_temp.value(), '9 ok', 'which was rolled back');
CREATE ROLE tap_super SUPERUSER;
ALTER TABLE tap.p1 OWNER TO tap_super;
SELECT is(pg_temp.value(), '9 ok', 'a superuser has the rights of dwh_owner');
SELECT is(pg_temp.open(), 'foreign_owner tap.p1', 'but the partition stands out');
ALTER ROLE tap_super NOSUPERUSER;
SELECT is(pg_temp.value(), 'no_source', 'until he is none any more');
ALTER TABLE tap.p1 OWNER TO dwh_owner;
SELECT is(pg_temp.value(), '9 ok', 'given back');

-- Hidden rows.
CREATE POLICY tap_some ON tap.pt USING (n > 5);
ALTER TABLE tap.pt FORCE ROW LEVEL SECURITY;
SELECT is(pg_temp.value(), 'no_source', '893-031: row security that holds for dwh_owner makes no figure');
ALTER TABLE tap.pt NO FORCE ROW LEVEL SECURITY;
ALTER TABLE tap.pt OWNER TO CURRENT_USER;
ALTER TABLE tap.pt DISABLE ROW LEVEL SECURITY;
GRANT SELECT ON tap.pt TO dwh_owner;
SELECT is(pg_temp.value(), '9 ok', 'a superuser''s table is read');
ALTER TABLE tap.pt ENABLE ROW LEVEL SECURITY;
SELECT is(pg_temp.value(), 'no_source', 'not with row security, which would make figures too low');
ALTER TABLE tap.pt OWNER TO dwh_owner;
SELECT is(pg_temp.value(), '9 ok', 'that of dwh_owner''s own does not hide them from it');
DROP POLICY tap_some ON tap.pt;

-- Lost rows.
CREATE UNLOGGED TABLE tap.lost (month date, unit_id int);
ALTER TABLE tap.lost OWNER TO dwh_owner;
SELECT is(pg_temp.subject('tap.lost'), '22023', 'an unlogged table is no subject');
CREATE TABLE tap.partly (month date, unit_id int) PARTITION BY RANGE (month);
CREATE UNLOGGED TABLE tap.partly_1 PARTITION OF tap.partly FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
ALTER TABLE tap.partly OWNER TO dwh_owner;
ALTER TABLE tap.partly_1 OWNER TO dwh_owner;
SELECT is(pg_temp.subject('tap.partly'), '22023', 'nor one with an unlogged partition');
ALTER TABLE tap.partly_1 SET LOGGED;
SELECT is(pg_temp.subject('tap.partly', 'tap_partly'), 'done', 'logged it is');
ALTER TABLE tap.partly_1 SET UNLOGGED;
SELECT is(pg_temp.open(), 'not_logged tap.partly_1', 'one that became unlogged is reported');
ALTER TABLE tap.partly_1 SET LOGGED;

-- Unseen rows.
CREATE TABLE tap.parent (month date, unit_id int);
CREATE TABLE tap.child () INHERITS (tap.parent);
ALTER TABLE tap.parent OWNER TO dwh_owner;
ALTER TABLE tap.child OWNER TO dwh_owner;
SELECT is(pg_temp.subject('tap.parent'), '22023', 'a table that others inherit from is no subject');
ALTER TABLE tap.child NO INHERIT tap.parent;
SELECT is(pg_temp.subject('tap.parent', 'tap_parent'), 'done', 'alone it is');
ALTER TABLE tap.child INHERIT tap.parent;
SELECT is(pg_temp.open(), 'inherits tap.child', 'a child that came later is reported');
SELECT dwh.create_measure('TAP_C', 'tap_parent', 'count', NULL, NULL, 'flow', 'x'), dwh.create_indicator('TAP_K', 'x', 'x', '[TAP_C]', 'tap_parent', 'analyst', 'x', '2020-01-01', 'test') \g /dev/null
ALTER TABLE tap.child OWNER TO tap_evil;
SELECT is(status, 'no_source', 'and not read where it is another''s') FROM dwh.indicator_values('{TAP_K}', '2025-01-01', '2025-01-01', 'month', '{country}');
DROP TABLE tap.child;

-- Tables of other subjects.
SELECT dwh.create_summary('fact_staff', '{}') AS summary \gset
SELECT count(*) AS policies, md5(string_agg(polname || pg_get_expr(polqual, polrelid), ',' ORDER BY polrelid, polname)) AS before FROM pg_policy \gset
CREATE TEMPORARY TABLE ours (name) AS SELECT unnest(ARRAY['dwh_star.indicator_value', 'dwh_star.indicator_vintage', 'dwh_star.indicator_value_pending',
	'dwh_star.subject_presence', :'summary', 'dwh_star.fact_staff_2024', 'dwh_star.dim_employer']);
SELECT matches(pg_temp.call(format('dwh.create_subject(''tap_x'', %L, ''x'', ''x'', %L, ''unit_id'')', name, c)), '^(42501|22023) ".*" cannot be registered as a subject$', '893-031: ' || regexp_replace(name, '\d+_staff', 'n_staff') || ' is no subject')
FROM ours, LATERAL (SELECT CASE WHEN name ~ 'indicator_value' THEN 'period_start' ELSE 'month' END) AS x (c);
SELECT is(md5(string_agg(polname || pg_get_expr(polqual, polrelid), ',' ORDER BY polrelid, polname)), :'before', 'and every policy stands') FROM pg_policy;
SELECT is(pg_temp.call($$dwh_internal.protect_relation('dwh_star.fact_staff', 2)$$), '55000 dwh_star.fact_staff has row security for another subject', 'nor does the function that makes them replace them');
SELECT is(pg_temp.call($$dwh_internal.protect_relation('dwh_star.indicator_value', 2)$$), '55000 dwh_star.indicator_value has row security for another subject', 'of whatever table');
SELECT is(pg_temp.call($$dwh_internal.protect_relation('dwh_star.fact_staff', 9)$$), '', 'made again they are the same');

-- A rebuild names the partitions that it cannot work on.
ALTER TABLE dwh_star.fact_staff_2024 OWNER TO CURRENT_USER;
ALTER TABLE dwh_star.fact_claim_2024 OWNER TO CURRENT_USER;
ALTER TABLE dwh_star.fact_claim_2024 SET SCHEMA tap;
SELECT is(pg_temp.open(), 'foreign_owner dwh_star.fact_staff_2024, foreign_owner tap.fact_claim_2024', '2327-082: partitions of superusers are reported');
DROP EXTENSION dwh_ext CASCADE;
CREATE EXTENSION dwh_ext;
CREATE FUNCTION pg_temp.refusal() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	v_detail text;
	v_hint text;
BEGIN
	RETURN dwh.create_warehouse();
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS v_detail = PG_EXCEPTION_DETAIL, v_hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' | ', SQLSTATE, v_detail, v_hint);
END
$$;
SELECT is(pg_temp.refusal(), 'WH002 | To others than dwh_owner belong: dwh_star.fact_staff_2024, tap.fact_claim_2024. | '
	'ALTER TABLE dwh_star.fact_staff_2024 OWNER TO dwh_owner; ALTER TABLE tap.fact_claim_2024 OWNER TO dwh_owner;', '893-001: a rebuild says what has to be done');
ALTER TABLE dwh_star.fact_staff_2024 OWNER TO dwh_owner;
ALTER TABLE tap.fact_claim_2024 OWNER TO dwh_owner;
SELECT matches(pg_temp.refusal(), '^warehouse rebuilt', 'which is all it takes');
SELECT * FROM finish();
ROLLBACK;

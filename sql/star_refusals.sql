-- What a fact refuses, and what the error says. Nothing here stays.
\set ON_ERROR_ROLLBACK on
BEGIN;
INSERT INTO dwh_log.load_run (source_id, batch) VALUES (8, 'refusals') RETURNING load_id IS NOT NULL AS has_id \gset
SELECT max(load_id) AS load FROM dwh_log.load_run \gset
-- A month outside the partitions says what to call; a month before them, or too far ahead, does not.
INSERT INTO dwh_star.fact_identity VALUES ('2055-01-01', 1, 1, 'active', NULL, :load);
\echo :LAST_ERROR_SQLSTATE
INSERT INTO dwh_star.fact_identity VALUES ('1999-01-01', 1, 1, 'active', NULL, :load);
INSERT INTO dwh_star.fact_identity VALUES ('infinity', 1, 1, 'active', NULL, :load);
COPY dwh_star.fact_identity FROM STDIN CSV;
2055-01-01,1,1,active,,1
\.
-- The default partition itself takes nothing either.
INSERT INTO dwh_star.fact_identity_default VALUES ('2055-01-01', 1, 1, 'active', NULL, :load);
-- A date that is no month.
INSERT INTO dwh_star.fact_identity VALUES ('2025-05-17', 1, 1, 'active', NULL, :load);
\echo :LAST_ERROR_SQLSTATE
-- Unknown unit, unknown load, no month at all.
INSERT INTO dwh_star.fact_identity VALUES ('2025-05-01', 999999, 1, 'active', NULL, :load);
\echo :LAST_ERROR_SQLSTATE
INSERT INTO dwh_star.fact_identity VALUES ('2025-05-01', 1, 1, 'active', NULL, -1);
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY terse
INSERT INTO dwh_star.fact_identity VALUES (NULL, 1, 1, 'active', NULL, :load);
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY default
-- A row cannot be moved out of the partitions either.
INSERT INTO dwh_star.fact_identity VALUES ('2025-05-01', 1, 1, 'active', NULL, :load);
UPDATE dwh_star.fact_identity SET month = '2055-01-01';
\echo :LAST_ERROR_SQLSTATE
-- Adding years: once, and for every fact; then the row goes in, since the months grow along.
SELECT dwh.ensure_partitions('2055-06-30') / 25 AS facts;
-- An act of administration is an event; one that changes nothing is none.
SELECT dwh.ensure_partitions('2055-12-31');
SELECT action, decision, detail FROM dwh_log.audit_event ORDER BY event_id DESC LIMIT 1;
INSERT INTO dwh_star.fact_identity VALUES ('2055-01-01', 1, 1, 'active', NULL, :load);
SELECT tableoid::regclass, month FROM dwh_star.fact_identity ORDER BY month;
SELECT c.relrowsecurity, obj_description(c.oid), col_description(c.oid, 4) FROM pg_class AS c WHERE c.oid = 'dwh_star.fact_identity_2055'::regclass;
SELECT max(month) AS last_month, max(month_end) AS last_day FROM dwh_star.dim_month;
-- After an archived year nothing is put into the hole.
ALTER TABLE dwh_star.fact_identity DETACH PARTITION dwh_star.fact_identity_2010;
SELECT dwh.ensure_partitions('2055-12-31');
-- Refused: before the first partition, too far ahead, by the wrong role.
\set VERBOSITY terse
SELECT dwh.ensure_partitions('2005-12-31');
\echo :LAST_ERROR_SQLSTATE
SELECT dwh.ensure_partitions('2999-01-01');
SELECT dwh.ensure_partitions('infinity');
\set VERBOSITY default
SELECT dwh.ensure_partitions(NULL) IS NULL AS null_for_null;
CREATE ROLE dwh_test_reader IN ROLE dwh_analyst;
SET ROLE dwh_test_reader;
SELECT dwh.ensure_partitions('2056-12-31');
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
GRANT EXECUTE ON FUNCTION dwh.ensure_partitions(date) TO dwh_test_reader;
SET ROLE dwh_test_reader;
SELECT dwh.ensure_partitions('2056-12-31');
RESET ROLE;
CREATE ROLE dwh_test_loader IN ROLE dwh_loader;
ALTER ROLE dwh_test_loader INHERIT;
SET ROLE dwh_test_loader;
SELECT dwh.ensure_partitions('2056-12-31') AS facts;
CREATE TABLE dwh_star.fact_x (month date);
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = 'dwh_star.fact_identity_2056'::regclass;
-- A registered subject elsewhere grows along.
CREATE TABLE dwh_log.visits (month date, unit_id int) PARTITION BY RANGE (month);
CREATE TABLE dwh_log.visits_2055 PARTITION OF dwh_log.visits FOR VALUES FROM ('2055-01-01') TO ('2056-01-01');
ALTER TABLE dwh_log.visits OWNER TO dwh_owner;
SELECT dwh.ensure_partitions('2056-12-31') AS none;
INSERT INTO dwh_catalog.subject (subject_id, code, relation, name_vi, name_en) VALUES (999, 'visits', 'dwh_log.visits', 'x', 'x');
SELECT dwh.ensure_partitions('2056-12-31') AS one;
SELECT relrowsecurity FROM pg_class WHERE oid = 'dwh_log.visits_2056'::regclass;
DELETE FROM dwh_catalog.subject WHERE subject_id = 999;
DROP TABLE dwh_log.visits;
-- Without the extension the plain constraints still refuse; with it again the errors explain.
SET LOCAL client_min_messages = error;
DROP EXTENSION dwh_ext CASCADE;
\set VERBOSITY terse
INSERT INTO dwh_star.fact_identity VALUES ('2070-01-01', 1, 1, 'active', NULL, :load);
\echo :LAST_ERROR_SQLSTATE
INSERT INTO dwh_star.fact_identity VALUES ('2025-05-17', 1, 1, 'active', NULL, :load);
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY default
CREATE EXTENSION dwh_ext;
SELECT dwh.create_warehouse();
INSERT INTO dwh_star.fact_identity VALUES ('2070-01-01', 1, 1, 'active', NULL, :load);
INSERT INTO dwh_star.fact_identity VALUES ('2025-05-17', 1, 1, 'active', NULL, :load);
ROLLBACK;

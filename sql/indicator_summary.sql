-- Summaries: what they are made of, what is refused, what becomes of them when the extension or a dimension changes.
-- 893-072
SET client_min_messages = notice;
SELECT dwh.create_summary('fact_participation', '{sex, scheme}');
SELECT a.attname, format_type(a.atttypid, a.atttypmod) AS type FROM pg_attribute AS a
WHERE a.attrelid = 'dwh_star.summary_1_participation'::regclass AND a.attnum > 0 ORDER BY a.attnum;
SELECT relrowsecurity, relowner::regrole FROM pg_class WHERE oid = 'dwh_star.summary_1_participation'::regclass;
SELECT subject, dimensions, relation, measures, built_at IS NOT NULL AS has_content FROM dwh.list_summaries();
SELECT dwh.create_summary('fact_participation', '{scheme, sex}');
SELECT dwh.create_summary('fact_claim');
-- refused, and nothing is left behind
SELECT dwh.create_summary('fact_participatio', '{sex}');
SELECT dwh.create_summary('fact_participation', '{sexx}');
SELECT dwh.create_summary('fact_participation', '{person_id}');
SELECT dwh.create_summary('fact_participation', '{sex, sex}');
SELECT dwh.create_summary('fact_participation', ARRAY[NULL::text]);
SELECT dwh.create_summary('fact_participation', NULL);
SELECT dwh.create_summary(NULL);
SELECT dwh.create_summary('fact_manual', '{sex}');
SELECT dwh.create_summary('quarantine');
BEGIN;
SELECT dwh.create_dimension('fact_participation', 'person_band', 'if(person_id > 5, ''a'', ''b'')', 'Nhóm', 'Band') > 0 AS made;
SELECT dwh.create_summary('fact_participation', '{person_band}');
ROLLBACK;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT dwh.create_summary('fact_staff');
ROLLBACK;
CREATE ROLE summary_reader;
GRANT dwh_analyst TO summary_reader;
SET ROLE summary_reader;
SELECT dwh.create_summary('fact_staff');
SELECT dwh.drop_summary('fact_claim');
SELECT subject, dimensions FROM dwh.list_summaries('fact_claim');
RESET ROLE;
SELECT count(*) FROM dwh.list_summaries();
-- a new measure, and a measure that was changed
BEGIN;
SELECT dwh.create_measure('CL_ASKED_MEAN', 'fact_claim', 'avg', 'asked') > 0 AS made;
SELECT dwh.create_summary('fact_claim');
SELECT measures FROM dwh.list_summaries('fact_claim');
SELECT column_name, count_column_name FROM dwh_catalog.summary_measure WHERE aggregate = 'avg';
ROLLBACK;
-- a dimension that it looks into
BEGIN;
UPDATE dwh_star.dim_scheme SET name_vi = name_vi WHERE scheme_id = 5;
SELECT subject FROM dwh.list_summaries() WHERE built_at IS NULL;
UPDATE dwh_star.dim_scheme SET name_vi = name_vi || ' *' WHERE scheme_id = 5;
SELECT subject FROM dwh.list_summaries() WHERE built_at IS NULL;
SELECT dwh_internal.rebuild_summaries(1);
SELECT subject FROM dwh.list_summaries() WHERE built_at IS NULL;
ROLLBACK;
-- without the extension and with it again
BEGIN;
SET LOCAL client_min_messages = error;
DROP EXTENSION dwh_ext CASCADE;
CREATE EXTENSION dwh_ext;
SELECT dwh.create_warehouse();
SELECT subject, built_at IS NOT NULL AS has_content FROM dwh.list_summaries();
SELECT count(*) FROM pg_attribute WHERE attrelid = 'dwh_star.summary_1_participation'::regclass AND atttypid = 'dwh.id_set'::regtype;
SELECT count(*) AS sets, count(*) FILTER (WHERE x.attname IS NOT NULL) AS sizes
FROM pg_attribute AS a LEFT JOIN pg_attribute AS x ON x.attrelid = a.attrelid AND x.attname = '#' || a.attname AND x.attgenerated = 's'
WHERE a.attrelid = 'dwh_star.summary_1_participation_by_province'::regclass AND a.atttypid = 'dwh.id_set'::regtype;
ROLLBACK;
SELECT dwh.drop_summary('fact_participation', '{sex, scheme}');
SELECT dwh.drop_summary('fact_participation', '{sex, scheme}');
SELECT dwh.drop_summary('fact_claim');
SELECT count(*) FROM dwh.list_summaries();
DROP ROLE summary_reader;

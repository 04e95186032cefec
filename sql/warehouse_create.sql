-- 893-001: the extension holds code only; create_warehouse() makes the tables, once.
-- Runs first: every other test of this list finds the warehouse it leaves.
\set VERBOSITY terse
CREATE EXTENSION dwh_ext;
SELECT nspname FROM pg_namespace WHERE nspname LIKE 'dwh%' ORDER BY nspname COLLATE "C";
SELECT count(*) AS relations_with_rows FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname LIKE 'dwh%' AND c.relkind IN ('r', 'p', 'm', 'f', 'S');
SELECT count(*) AS event_triggers FROM pg_event_trigger;
SELECT dwh.create_warehouse();
SELECT dwh.create_warehouse();
SELECT schema_version, time_zone, created_by = session_user AS by_me, is_live FROM dwh.warehouse_info;
-- The first event is the creation.
SELECT event_id, action, decision, account_id, detail->>'schema_version' AS version, session_user_name = session_user AS by_me,
	month = date_trunc('month', occurred_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date AS month_right
FROM dwh_log.audit_event ORDER BY event_id LIMIT 1;
SELECT count(*) FROM dwh_log.audit_event WHERE action = 'create_warehouse';
-- Group roles carry nothing of their own; everything in the four schemas belongs to dwh_owner.
SELECT rolname, rolcanlogin OR rolsuper OR rolinherit OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls AS has_more,
	starts_with(shobj_description(oid, 'pg_authid'), '[dwh_ext] ') AS is_marked
FROM pg_authid WHERE rolname LIKE 'dwh\_%' ORDER BY rolname COLLATE "C";
SELECT nspname, pg_get_userbyid(nspowner), starts_with(obj_description(oid, 'pg_namespace'), '[dwh_ext] ') AS is_marked
FROM pg_namespace WHERE nspname LIKE 'dwh\_%' ORDER BY nspname COLLATE "C";
SELECT count(*) AS not_of_owner FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname IN ('dwh', 'dwh_catalog', 'dwh_star', 'dwh_landing', 'dwh_log') AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
	AND pg_get_userbyid(c.relowner) <> 'dwh_owner';
-- dwh_owner may create in no schema of the extension once it is done.
SELECT has_schema_privilege('dwh_owner', 'dwh', 'CREATE') AS in_dwh, has_schema_privilege('dwh_owner', 'dwh_internal', 'CREATE') AS in_internal;
-- 893-054: every table and column that is no partition says what it is, in both languages.
SELECT n.nspname, c.relname, a.attname
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
	JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE n.nspname IN ('dwh', 'dwh_catalog', 'dwh_star', 'dwh_landing', 'dwh_log') AND c.relkind IN ('r', 'p', 'v', 'm')
	AND NOT c.relispartition
	AND (coalesce(obj_description(c.oid, 'pg_class'), '') NOT LIKE '%_ | _%' OR coalesce(col_description(c.oid, a.attnum), '') NOT LIKE '%_ | _%')
ORDER BY 1, 2, a.attnum;
-- 893-041: the log is append-only for its owner and a superuser, under replica too, through the parent and through a partition.
\set VERBOSITY sqlstate
BEGIN;
SELECT format('dwh_log.%I', 'audit_event_' || to_char(month, 'YYYY_MM')) AS leaf FROM dwh_log.audit_event ORDER BY event_id LIMIT 1 \gset
SET LOCAL session_replication_role = replica;
SAVEPOINT s;
UPDATE :leaf SET action = 'nothing' WHERE event_id = 1;
ROLLBACK TO s;
DELETE FROM dwh_log.audit_event;
ROLLBACK TO s;
TRUNCATE :leaf;
ROLLBACK TO s;
SET LOCAL ROLE dwh_owner;
DELETE FROM :leaf;
ROLLBACK TO s;
SET LOCAL ROLE dwh_owner;
TRUNCATE dwh_log.audit_event;
ROLLBACK;
-- The extension cannot be dropped while the warehouse uses it.
DROP EXTENSION dwh_ext;

-- 893-001: CREATE EXTENSION brings code only. It makes two schemas and no table.
CREATE EXTENSION dwh_ext;

SELECT nspname FROM pg_namespace WHERE nspname LIKE 'dwh%' ORDER BY nspname COLLATE "C";

SELECT count(*) AS relations_with_rows
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname LIKE 'dwh%' AND c.relkind IN ('r', 'p', 'm', 'f', 'S');

SELECT count(*) AS event_triggers FROM pg_event_trigger;

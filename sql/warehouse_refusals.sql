-- 893-001, 893-041: create_warehouse() adopts nothing of strangers and is not led astray by what they left lying about.
-- What needs a cluster without our roles stands in test/t/010_warehouse_create.pl.
\set SHOW_CONTEXT never
CREATE ROLE regress_plain;
-- 1. Who may call.
SET ROLE regress_plain;
SELECT dwh.create_warehouse();
SELECT dwh.upgrade_warehouse();
SELECT dwh.start_warehouse();
SELECT dwh.ensure_log_partitions('2030-01-01');
SELECT dwh.export_roles();
SELECT * FROM dwh.warehouse_info;
SELECT dwh_internal.audit_append('x', NULL, 'done', '{}');
RESET ROLE;
-- 2. Roles that are not as we made them, each by name.
BEGIN;
SAVEPOINT s;
ALTER ROLE dwh_owner LOGIN;
SELECT dwh.create_warehouse();
\echo :LAST_ERROR_SQLSTATE
ROLLBACK TO s;
ALTER ROLE dwh_analyst CREATEROLE;
SELECT dwh.create_warehouse();
ROLLBACK TO s;
ALTER ROLE dwh_loader BYPASSRLS;
SELECT dwh.create_warehouse();
ROLLBACK TO s;
COMMENT ON ROLE dwh_auditor IS 'mine';
SELECT dwh.create_warehouse();
ROLLBACK TO s;
GRANT dwh_owner TO regress_plain;
SELECT dwh.create_warehouse();
ROLLBACK TO s;
GRANT pg_read_all_data TO dwh_owner;
SELECT dwh.upgrade_warehouse();
ROLLBACK TO s;
-- A member of another group is no stranger once a warehouse stands.
GRANT dwh_analyst TO regress_plain;
SELECT dwh.create_warehouse();
ROLLBACK TO s;
-- 3. Schemas.
ALTER SCHEMA dwh_star OWNER TO regress_plain;
SELECT dwh.create_warehouse();
ROLLBACK TO s;
COMMENT ON SCHEMA dwh_log IS NULL;
SELECT dwh.create_warehouse();
ROLLBACK TO s;
SET LOCAL client_min_messages = warning;
DROP SCHEMA dwh_landing CASCADE;
SELECT dwh.create_warehouse();
ROLLBACK TO s;
-- 4. Tables and functions inside, when there is something to make.
SET LOCAL client_min_messages = warning;
DROP EXTENSION dwh_ext CASCADE;
CREATE EXTENSION dwh_ext;
SAVEPOINT dropped;
CREATE TABLE dwh_star.fact_hostile (x int);
ALTER TABLE dwh_star.fact_hostile OWNER TO regress_plain;
SELECT dwh.create_warehouse();
ROLLBACK TO dropped;
GRANT ALL ON SCHEMA dwh_log TO regress_plain;
CREATE FUNCTION dwh_log.hostile() RETURNS int LANGUAGE sql AS 'SELECT 1';
ALTER FUNCTION dwh_log.hostile() OWNER TO regress_plain;
SELECT dwh.create_warehouse();
ROLLBACK TO dropped;
-- 5. Functions and operators of other people in front of the built-in ones, and settings that change how text is read.
CREATE FUNCTION public.hostile(text, text) RETURNS boolean LANGUAGE plpgsql AS
	$$BEGIN RAISE EXCEPTION 'hostile code ran as %', current_user; END$$;
CREATE OPERATOR public.= (LEFTARG = text, RIGHTARG = text, FUNCTION = public.hostile);
CREATE OPERATOR public.<> (LEFTARG = text, RIGHTARG = text, FUNCTION = public.hostile);
CREATE FUNCTION public.starts_with(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT public.hostile($1, $2)';
CREATE FUNCTION public.format(text, VARIADIC text[]) RETURNS text LANGUAGE sql AS 'SELECT public.hostile($1, $1)::text';
CREATE FUNCTION public.lower(text) RETURNS text LANGUAGE sql AS 'SELECT public.hostile($1, $1)::text';
CREATE FUNCTION public.now() RETURNS timestamptz LANGUAGE sql AS $$SELECT public.hostile('', '')::text::timestamptz$$;
SET LOCAL search_path = public, pg_catalog;
SET LOCAL standard_conforming_strings = off;
SET LOCAL escape_string_warning = off;
SET LOCAL DateStyle = 'SQL, DMY';
SELECT dwh.create_warehouse();
SELECT dwh.create_warehouse();
RESET search_path;
-- 6. A view put in the place of a table by dwh_owner runs its functions as dwh_owner, never as the superuser who calls.
SAVEPOINT view;
CREATE FUNCTION public.spy() RETURNS boolean LANGUAGE plpgsql AS
	$$BEGIN RAISE WARNING 'the view ran as %', current_user; RETURN true; END$$;
ALTER TABLE dwh_catalog.warehouse RENAME TO warehouse_kept;
CREATE VIEW dwh_catalog.warehouse AS SELECT * FROM dwh_catalog.warehouse_kept WHERE public.spy();
ALTER VIEW dwh_catalog.warehouse OWNER TO dwh_owner;
SELECT dwh.create_warehouse();
SELECT dwh.upgrade_warehouse();
ROLLBACK TO view;
ROLLBACK;
DROP ROLE regress_plain;
SELECT dwh.create_warehouse();

-- dwh_ext: install script, made by the build from sql/install/*.sql; do not edit the joined file.
\echo Use "CREATE EXTENSION dwh_ext" to load this file. \quit

SET LOCAL search_path TO pg_catalog, pg_temp;

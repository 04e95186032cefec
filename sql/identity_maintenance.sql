-- 893-031, 893-038: what a table's owner wrote and the server runs while somebody else maintains the table (REFRESH, ANALYZE,
-- REINDEX, autovacuum as superuser) has the owner's identity and rights, not the maintainer's.
\set VERBOSITY terse
BEGIN;
CREATE ROLE regress_eve LOGIN;
GRANT dwh_analyst TO regress_eve;
CREATE SCHEMA regress_eve AUTHORIZATION regress_eve;
INSERT INTO dwh_catalog.account (account_id, kind, email, full_name, login_role, valid_from) VALUES
	(901, 'sector', 'super@vss.example', 'Quản Trị', session_user, dwh.today()),
	(902, 'sector', 'eve@vss.example', 'Ê Va', 'regress_eve', dwh.today());
-- What the superuser is given, so that the zeros below mean something.
SELECT dwh.current_account() AS account, count(*) AS values FROM dwh.indicator_values('{A01}', '2025-01-01', '2025-01-01', p_by => '{country}');

SET LOCAL SESSION AUTHORIZATION regress_eve;
CREATE MATERIALIZED VIEW regress_eve.loot AS
	SELECT dwh.current_account() AS account, count(*) AS values
	FROM dwh.indicator_values('{A01}', '2025-01-01', '2025-01-01', p_by => '{country}') WITH NO DATA;
CREATE MATERIALIZED VIEW regress_eve.revision AS SELECT dwh.revise_indicator('A01', '0', '2030-01-01', 'x') WITH NO DATA;
CREATE MATERIALIZED VIEW regress_eve.partitions AS SELECT dwh.ensure_log_partitions('2060-01-01') WITH NO DATA;
-- ANALYZE evaluates the expression of an index as the owner of the table; a STABLE function may not write, one it calls may.
CREATE TABLE regress_eve.noted (account int, values bigint);
CREATE FUNCTION regress_eve.note() RETURNS void LANGUAGE sql AS $$
	INSERT INTO regress_eve.noted SELECT dwh.current_account(), count(*)
	FROM dwh.indicator_values('{A01}', '2025-01-01', '2025-01-01', p_by => '{country}')$$;
CREATE FUNCTION regress_eve.bait(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$BEGIN PERFORM regress_eve.note(); RETURN $1; END$$;
CREATE TABLE regress_eve.trap (a int);
CREATE INDEX ON regress_eve.trap (regress_eve.bait(a));
INSERT INTO regress_eve.trap VALUES (1);
DELETE FROM regress_eve.noted;
RESET SESSION AUTHORIZATION;
REFRESH MATERIALIZED VIEW regress_eve.loot;
SELECT * FROM regress_eve.loot;
ANALYZE regress_eve.trap;
SELECT DISTINCT * FROM regress_eve.noted;
SAVEPOINT s;
REFRESH MATERIALIZED VIEW regress_eve.partitions;
ROLLBACK TO s;
REFRESH MATERIALIZED VIEW regress_eve.revision;
ROLLBACK;

-- Granting a list of 1,000 users of a province by a letter (request, decision, application, in one transaction), against what an
-- administrator would do by hand: CREATE ROLE, GRANT, the same settings of the role, and plain inserts of the same rows into equal tables.
-- Five rounds, by turns, committed; wall time, and processor time of the session where the system tells. Aim: at most 2 times as long. Beside it the same list through dwh.grant_access() in one call, and as
-- 1,000 calls with one line each.
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS dwh_ext;
\o /dev/null
SELECT dwh.create_warehouse();
DROP SCHEMA IF EXISTS bench_61 CASCADE;
CREATE SCHEMA bench_61;
GRANT USAGE ON SCHEMA bench_61 TO PUBLIC;
\set users 1000

-- An administrator, a director, the IT division's submission, limits of the group.
SELECT NOT EXISTS (SELECT FROM dwh_catalog.account WHERE account_id = 996001) AS is_new \gset
SELECT min(unit_id) AS province FROM dwh_star.dim_unit WHERE level = 'province' AND valid_from <= dwh.today() AND coalesce(valid_to >= dwh.today(), true) \gset
\if :is_new
CREATE ROLE bench_access LOGIN IN ROLE dwh_central_admin;
INSERT INTO dwh_catalog.account (account_id, kind, email, full_name, login_role, home_unit_id, valid_from)
VALUES (996001, 'sector', 'access@bench.invalid', 'Quản Trị', 'bench_access', 12, '2020-07-10');
INSERT INTO dwh_catalog.access_grant (account_id, user_group_id, valid_from, decision_no) VALUES (996001, 1, '2020-07-10', 'x');
INSERT INTO dwh_catalog.office_holder (office_holder_id, person_name, unit_id, office, valid_from, document)
VALUES (996001, 'Giám Đốc', :province, 'province_director', '2020-01-01', 'x');
\endif
SELECT dwh.set_group_limits('analyst', '600 s', '64MB', p_connection_limit => 5);

CREATE FUNCTION bench_61.lines(p_name text, p_from int, p_to int) RETURNS jsonb LANGUAGE sql SECURITY DEFINER AS $$
	SELECT jsonb_agg(jsonb_build_object('full_name', 'Người Dùng ' || n, 'title', 'Chuyên viên', 'email', format('%s-%s@bench.invalid', p_name, n),
		'employment_kind', 'civil_servant', 'unit', (SELECT h.unit_id FROM dwh_catalog.office_holder AS h WHERE h.office_holder_id = 996001), 'group', 'analyst', 'reason', 'first_join') ORDER BY n)
	FROM generate_series(p_from, p_to) AS n
$$;

-- What has been written since, to be written again by hand; into tables that are equal but for their triggers.
DO $$
DECLARE
	v_table text;
	v_key text;
BEGIN
	FOREACH v_table IN ARRAY ARRAY['dwh_catalog.access_request', 'dwh_catalog.access_request_line', 'dwh_catalog.account', 'dwh_catalog.access_grant',
		'dwh_log.audit_event'] LOOP
		EXECUTE format('CREATE TABLE bench_61.%1$s (LIKE %2$s INCLUDING ALL); CREATE TABLE bench_61.%1$s_rows AS TABLE %2$s WITH NO DATA;',
			split_part(v_table, '.', 2), v_table);
		FOR v_key IN SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = v_table::regclass AND contype = 'f' AND conparentid = 0 LOOP
			EXECUTE format('ALTER TABLE bench_61.%s ADD %s', split_part(v_table, '.', 2), v_key);
		END LOOP;
	END LOOP;
END
$$;
CREATE PROCEDURE bench_61.keep_rows(p_request int, p_event bigint) LANGUAGE plpgsql AS $$
BEGIN
	TRUNCATE bench_61.access_request, bench_61.access_request_line, bench_61.account, bench_61.access_grant, bench_61.audit_event;
	TRUNCATE bench_61.access_request_rows, bench_61.access_request_line_rows, bench_61.account_rows, bench_61.access_grant_rows, bench_61.audit_event_rows;
	INSERT INTO bench_61.access_request_rows SELECT * FROM dwh_catalog.access_request WHERE request_id = p_request;
	INSERT INTO bench_61.access_request_line_rows SELECT * FROM dwh_catalog.access_request_line WHERE request_id = p_request;
	INSERT INTO bench_61.account_rows SELECT * FROM dwh_catalog.account WHERE account_id IN (SELECT account_id FROM bench_61.access_request_line_rows);
	INSERT INTO bench_61.access_grant_rows SELECT * FROM dwh_catalog.access_grant WHERE request_line_id IN (SELECT request_line_id FROM bench_61.access_request_line_rows);
	INSERT INTO bench_61.audit_event_rows SELECT * FROM dwh_log.audit_event WHERE event_id > p_event AND action IN
		('grant_access', 'request_access', 'decide_access', 'apply_access');
END
$$;
CREATE PROCEDURE bench_61.by_hand(p_name text, p_users int) LANGUAGE plpgsql AS $$
DECLARE
	v_role text;
	l bench_61.access_request_line;
	a bench_61.account;
	g bench_61.access_grant;
	e bench_61.audit_event;
BEGIN
	INSERT INTO bench_61.access_request SELECT * FROM bench_61.access_request_rows;
	FOR l IN SELECT * FROM bench_61.access_request_line_rows ORDER BY request_line_id LOOP
		INSERT INTO bench_61.access_request_line SELECT l.*;
	END LOOP;
	FOR i IN 1 .. p_users LOOP
		v_role := format('%s-%s@bench.invalid', p_name, i);
		EXECUTE format('CREATE ROLE %I LOGIN CONNECTION LIMIT 5 VALID UNTIL ''infinity''', v_role);
		EXECUTE format('GRANT dwh_analyst TO %I', v_role);
		EXECUTE format('ALTER ROLE %I SET statement_timeout = ''600s''', v_role);
		EXECUTE format('ALTER ROLE %I SET work_mem = ''65536kB''', v_role);
	END LOOP;
	FOR a IN SELECT * FROM bench_61.account_rows LOOP
		INSERT INTO bench_61.account SELECT a.*;
	END LOOP;
	FOR g IN SELECT * FROM bench_61.access_grant_rows LOOP
		INSERT INTO bench_61.access_grant SELECT g.*;
	END LOOP;
	FOR e IN SELECT * FROM bench_61.audit_event_rows LOOP
		INSERT INTO bench_61.audit_event OVERRIDING SYSTEM VALUE SELECT e.*;
	END LOOP;
END
$$;
CREATE TABLE bench_61.took (what text, round int, ms numeric, cpu_ms numeric);
CREATE FUNCTION bench_61.cpu_ms() RETURNS numeric LANGUAGE sql SECURITY DEFINER AS $$
	SELECT split_part(pg_read_file('/proc/self/schedstat', 0, 100, true), ' ', 1)::numeric / 1000000
$$;
CREATE FUNCTION bench_61.note(p_what text, p_round int, p_start timestamptz, p_cpu numeric) RETURNS void LANGUAGE sql SECURITY DEFINER AS $$
	INSERT INTO bench_61.took VALUES (p_what, p_round, 1000 * extract(epoch FROM clock_timestamp() - p_start), bench_61.cpu_ms() - p_cpu)
$$;
\o
SELECT 'b61-' || to_char(clock_timestamp(), 'DDHH24MISS') AS name \gset
-- the first round warms up
\set round 0
\ir include/access_round.psql
\set round 1
\ir include/access_round.psql
\set round 2
\ir include/access_round.psql
\set round 3
\ir include/access_round.psql
\set round 4
\ir include/access_round.psql
\set round 5
\ir include/access_round.psql
SELECT what, round, round(ms) AS ms, round(cpu_ms) AS cpu_ms FROM bench_61.took WHERE round > 0 ORDER BY what, round;
\echo '-- medians, and how many times what is done by hand'
SELECT what, round(m) AS ms, round(m / first_value(m) OVER (ORDER BY what COLLATE "C"), 2) AS times, round(c) AS cpu_ms,
	round(c / first_value(c) OVER (ORDER BY what COLLATE "C"), 2) AS cpu_times
FROM (SELECT what, (percentile_cont(0.5) WITHIN GROUP (ORDER BY ms))::numeric AS m, (percentile_cont(0.5) WITHIN GROUP (ORDER BY cpu_ms))::numeric AS c
	FROM bench_61.took WHERE round > 0 GROUP BY what) AS s ORDER BY what COLLATE "C";
SELECT format('DROP ROLE %I', rolname) FROM pg_roles WHERE rolname LIKE 'b61-%' \gexec

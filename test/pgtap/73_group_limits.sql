-- Limits of groups: what login roles begin with, and that no way of raising them works. 893-039
-- harness: preload
SET client_min_messages = error;
SELECT plan(66);
CREATE EXTENSION IF NOT EXISTS dblink;

CREATE ROLE tap_reader LOGIN IN ROLE dwh_analyst;
CREATE ROLE "tap Two.""x'" LOGIN IN ROLE dwh_analyst, dwh_loader;
CREATE ROLE tap_admin LOGIN IN ROLE dwh_central_admin;
CREATE ROLE tap_auditor LOGIN IN ROLE dwh_auditor;
CREATE ROLE tap_bare LOGIN IN ROLE dwh_central_admin;
\ir include/administrator.psql
SELECT pg_temp.make_administrator('tap_admin') \g (format=unaligned) /dev/null
CREATE ROLE tap_stranger LOGIN;
CREATE ROLE tap_mighty LOGIN SUPERUSER IN ROLE dwh_analyst;
CREATE ROLE tap_gate LOGIN IN ROLE dwh_analyst;
CREATE SCHEMA tap_open;
GRANT ALL ON SCHEMA tap_open TO PUBLIC;
SELECT coalesce(max(event_id), 0) AS before FROM dwh_log.audit_event \gset

-- A session of a role's own, and what it answers: the last row, or the SQLSTATE.
CREATE FUNCTION pg_temp.enter(p_name text, p_role text, p_options text DEFAULT '') RETURNS text LANGUAGE sql AS $$
	SELECT public.dblink_connect(p_name, format('dbname=%s host=%s port=%s user=%s options=%s', quote_literal(current_database()),
		quote_literal(current_setting('unix_socket_directories')), current_setting('port'),
		'''' || replace(replace(p_role, '\', '\\'), '''', '\''') || '''', quote_literal(p_options)))
$$;
CREATE FUNCTION pg_temp.tell(p_name text, p_sql text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	v_result text;
BEGIN
	IF p_sql ~* '^(SELECT|SHOW|EXPLAIN|WITH|EXECUTE|FETCH)' THEN
		SELECT v INTO v_result FROM dblink(p_name, p_sql) AS t (v text);
	ELSE
		v_result := dblink_exec(p_name, p_sql);
	END IF;
	RETURN v_result;
EXCEPTION WHEN OTHERS OR query_canceled THEN
	RETURN SQLSTATE;
END
$$;
-- What the setting is when a statement runs.
CREATE FUNCTION pg_temp.have(p_name text, p_setting text) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.tell(p_name, format('SELECT current_setting(%L)', p_setting))
$$;
CREATE FUNCTION pg_temp.outcome_as(p_role text, p_call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	v_result text;
BEGIN
	EXECUTE format('SET LOCAL ROLE %I', p_role);
	EXECUTE 'SELECT ' || p_call INTO v_result;
	RESET ROLE;
	RETURN v_result;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END
$$;

-- Who may.
SELECT is(pg_temp.outcome_as(r, 'dwh.set_group_limits(''analyst'', ''1 s'')'), '42501', r || ' may not set limits')
FROM unnest(ARRAY['tap_reader', 'tap_auditor', 'tap_bare', 'tap_stranger']) AS r;
SELECT results_eq(format($$SELECT session_user_name, outer_user_name, decision FROM dwh_log.audit_event
	WHERE event_id > %s AND action = 'set_group_limits' ORDER BY event_id$$, :before),
	$$VALUES ('postgres', 'tap_reader', 'refused'), ('postgres', 'tap_auditor', 'refused'), ('postgres', 'tap_bare', 'refused')$$, 'and the refusals are in the log');
SELECT dwh.register_gateway('tap_gate', 'transaction', 'Test') \g (format=unaligned) /dev/null
ALTER ROLE tap_gate CONNECTION LIMIT 50;
SELECT pg_temp.enter('early', 'tap_reader') \g /dev/null

SELECT is(pg_temp.outcome_as('tap_admin', 'dwh.set_group_limits(''analyst'', ''5 s'', ''8MB'', ''16MB'', 3, true)'), '3',
	'a central administrator sets them on every login role of the group, gateways too');
SELECT is(dwh.set_group_limits('loader', interval '2 hours', '64MB', p_read_only => false), 1, 'and so does the owner');
SELECT is((SELECT detail ->> 'work_mem' FROM dwh_log.audit_event WHERE event_id > :before AND action = 'set_group_limits' AND decision = 'done'
	ORDER BY event_id LIMIT 1), '8192', 'the log says what was set');
SELECT throws_ok($$SELECT dwh.set_group_limits('nobody')$$, '42704', NULL, 'a group that is not there');
SELECT throws_ok($$SELECT dwh.set_group_limits('analyst', interval '0.1 s')$$, '22023', NULL, 'less than a second');
SELECT throws_ok($$SELECT dwh.set_group_limits('analyst', interval '1 month')$$, '22023', NULL, 'more than the server takes');
SELECT throws_ok($$SELECT dwh.set_group_limits('analyst', p_work_mem => '8 apples')$$, '22023', NULL, 'no amount of memory');
SELECT throws_ok($$SELECT dwh.set_group_limits('analyst', p_work_mem => '1kB')$$, '22023', NULL, 'too little memory');
SELECT throws_ok($$SELECT dwh.set_group_limits('analyst', p_connection_limit => 0)$$, '22023', NULL, 'no session at all');
SELECT throws_ok($$SELECT dwh.set_group_limits(NULL)$$, '22004', NULL, 'no group');

-- What login roles have: the widest of their groups; superusers and gateways' connections are left alone.
SELECT results_eq($$SELECT rolname::text COLLATE "default", rolconnlimit FROM pg_roles WHERE rolname LIKE 'tap%' AND rolname NOT IN ('tap_admin', 'tap_auditor', 'tap_bare', 'tap_stranger')
	ORDER BY rolname COLLATE "C"$$,
	$$VALUES ('tap Two."x''', 3), ('tap_gate', 50), ('tap_mighty', -1), ('tap_reader', 3)$$, 'connections');
SELECT results_eq($$SELECT s COLLATE "default" FROM pg_db_role_setting, unnest(setconfig) AS s WHERE setrole = 'tap_reader'::regrole ORDER BY 1$$,
	$$VALUES ('default_transaction_read_only=on'), ('statement_timeout=5s'), ('temp_file_limit=16384kB'), ('work_mem=8192kB')$$, 'settings');
SELECT results_eq($$SELECT s COLLATE "default" FROM pg_db_role_setting, unnest(setconfig) AS s WHERE setrole = quote_ident('tap Two."x''')::regrole ORDER BY 1$$,
	$$VALUES ('default_transaction_read_only=off'), ('statement_timeout=7200s'), ('temp_file_limit=16384kB'), ('work_mem=65536kB')$$,
	'a member of two groups has the wider limit of each');
SELECT pg_temp.enter('a', 'tap_reader') \g /dev/null
SELECT pg_temp.enter('b', 'tap_reader') \g /dev/null
SELECT throws_ok($$SELECT pg_temp.enter('c', 'tap_reader')$$, '08001', NULL, 'one connection too many is refused');
SELECT is(pg_temp.have('a', 'statement_timeout') || pg_temp.have('a', 'work_mem') || pg_temp.have('a', 'temp_file_limit') ||
	pg_temp.have('a', 'transaction_read_only'), '5s8MB16MBon', 'a session begins with them');
SELECT is(pg_temp.have('early', 'statement_timeout') || pg_temp.have('early', 'work_mem') || pg_temp.have('early', 'temp_file_limit') ||
	pg_temp.have('early', 'transaction_read_only'), '5s4MB16MBon', 'and one that was there has them at its next statement');

-- No way round. After each attempt the setting is looked at from within the statement that could use it.
SELECT is(pg_temp.tell('a', 'SET work_mem = ''1GB''') || pg_temp.have('a', 'work_mem'), 'SET8MB', 'SET');
SELECT is(pg_temp.tell('a', 'SHOW work_mem'), '8MB', 'SHOW');
SELECT is(pg_temp.tell('a', 'SELECT set_config(''work_mem'', ''1GB'', false)') || pg_temp.have('a', 'work_mem'), '1GB8MB', 'set_config()');
SELECT is(pg_temp.tell('a', 'UPDATE pg_settings SET setting = 1000000 WHERE name = ''work_mem''') || pg_temp.have('a', 'work_mem'), '250068MB',
	'an update of pg_settings is refused in a read-only session');
SELECT is(pg_temp.tell('a', 'BEGIN') || pg_temp.tell('a', 'SET LOCAL work_mem = ''1GB''') || pg_temp.have('a', 'work_mem') || pg_temp.tell('a', 'COMMIT'),
	'BEGINSET8MBCOMMIT', 'SET LOCAL');
SELECT is(pg_temp.tell('a', 'BEGIN') || pg_temp.tell('a', 'SET work_mem = ''1GB''') || pg_temp.tell('a', 'SAVEPOINT s') || pg_temp.have('a', 'work_mem')
	|| pg_temp.tell('a', 'ROLLBACK TO s') || pg_temp.have('a', 'work_mem') || pg_temp.tell('a', 'COMMIT') || pg_temp.have('a', 'work_mem'),
	'BEGINSETSAVEPOINT8MBROLLBACK8MBCOMMIT8MB', 'a savepoint rolled back');
SELECT is(pg_temp.tell('a', 'SET hash_mem_multiplier = 1000') || pg_temp.have('a', 'hash_mem_multiplier'), 'SET2', 'what multiplies work_mem');
SELECT is(pg_temp.tell('a', 'SET temp_file_limit = -1'), '42501', 'temporary files: PostgreSQL refuses');
GRANT SET ON PARAMETER temp_file_limit TO tap_reader;
SELECT is(pg_temp.tell('a', 'SET temp_file_limit = -1') || pg_temp.have('a', 'temp_file_limit'), 'SET16MB', 'who may set it cannot raise it');
SELECT is(pg_temp.tell('a', 'SET work_mem = ''1MB''') || pg_temp.have('a', 'work_mem'), 'SET1MB', 'less is one''s own choice');
SELECT is(pg_temp.tell('a', 'RESET ALL') || pg_temp.have('a', 'work_mem'), 'RESET8MB', 'RESET ALL');
SELECT is(pg_temp.tell('a', 'SET SESSION AUTHORIZATION DEFAULT') || pg_temp.tell('a', 'SET ROLE dwh_analyst') || pg_temp.tell('a', 'SET work_mem = ''1GB''')
	|| pg_temp.have('a', 'work_mem') || pg_temp.tell('a', 'RESET ROLE'), 'SETSETSET8MBRESET', 'another role');

-- Writing.
SELECT is(pg_temp.tell('a', 'CREATE TEMPORARY TABLE x ()'), '25006', 'nothing is written');
SELECT is(pg_temp.tell('a', 'SET default_transaction_read_only = off') || pg_temp.tell('a', 'CREATE TEMPORARY TABLE x ()'), 'SET25006', 'default_transaction_read_only');
SELECT is(pg_temp.tell('a', 'BEGIN READ WRITE') || pg_temp.tell('a', 'CREATE TABLE tap_open.x ()') || pg_temp.tell('a', 'ROLLBACK'), 'BEGIN25006ROLLBACK',
	'BEGIN READ WRITE');
SELECT is(pg_temp.tell('a', 'BEGIN') || pg_temp.tell('a', 'SET TRANSACTION READ WRITE') || pg_temp.tell('a', 'CREATE TABLE tap_open.x ()')
	|| pg_temp.tell('a', 'ROLLBACK'), 'BEGINSET25006ROLLBACK', 'SET TRANSACTION READ WRITE');
SELECT is(pg_temp.tell('a', 'SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE') || pg_temp.tell('a', 'CREATE TABLE tap_open.x ()'), 'SET25006',
	'SET SESSION CHARACTERISTICS');
SELECT is(pg_temp.tell('a', $$DO 'BEGIN SET LOCAL transaction_read_only = off; CREATE TABLE tap_open.x (); END'$$), '25001', 'within DO, where PostgreSQL refuses it');
SELECT is(pg_temp.tell('a', 'BEGIN ISOLATION LEVEL REPEATABLE READ') || pg_temp.tell('a', 'SET TRANSACTION ISOLATION LEVEL SERIALIZABLE')
	|| pg_temp.have('a', 'transaction_isolation') || pg_temp.tell('a', 'COMMIT'), 'BEGINSETserializableCOMMIT',
	'looking takes no snapshot: the first statement may still choose the isolation level');

-- Time.
SELECT is(pg_temp.tell('a', 'ALTER ROLE tap_reader SET statement_timeout = 0'), '25006', 'one''s own role, in a read-only session');
ALTER ROLE tap_reader SET statement_timeout = 0;
ALTER ROLE tap_reader SET work_mem = '1GB';
SELECT dblink_disconnect('b') \g /dev/null
SELECT pg_temp.enter('b', 'tap_reader') \g /dev/null
SELECT is(pg_temp.have('b', 'statement_timeout') || pg_temp.have('b', 'work_mem'), '5s8MB', 'what ALTER ROLE gave does not count');
SELECT dwh.set_group_limits('analyst', '1 s', '8MB', '16MB', 3, true) \g (format=unaligned) /dev/null
SELECT dblink_disconnect('b') \g /dev/null
SELECT pg_temp.enter('b', 'tap_reader', '-c statement_timeout=0 -c work_mem=1GB -c default_transaction_read_only=off') \g /dev/null
SELECT is(pg_temp.have('b', 'statement_timeout') || pg_temp.have('b', 'work_mem') || pg_temp.tell('b', 'CREATE TEMPORARY TABLE x ()'), '1s8MB25006',
	'start-up options');
SELECT is(pg_temp.tell('b', 'SELECT pg_sleep(20)'), '57014', 'and the statement is cancelled');
SELECT is(pg_temp.tell('a', 'SET statement_timeout = 0') || pg_temp.tell('a', 'SELECT pg_sleep(20)'), 'SET57014', 'SET');
SELECT is(pg_temp.tell('a', 'SET statement_timeout = 0; DO ''BEGIN PERFORM pg_sleep(20); END'''), '57014', 'SET before it in one message');
SELECT is(pg_temp.tell('a', $$DO 'BEGIN SET LOCAL statement_timeout = 0; LOOP PERFORM 1; END LOOP; END'$$), '57014', 'SET within it');
SELECT is(pg_temp.tell('a', 'SELECT v::text FROM (SELECT set_config(''statement_timeout'', ''0'', false) OFFSET 0) AS s CROSS JOIN LATERAL (SELECT pg_sleep(20)) AS t (v)'),
	'57014', 'set_config() within it');
SELECT is(pg_temp.tell('a', 'BEGIN') || pg_temp.tell('a', 'DECLARE c CURSOR FOR SELECT pg_sleep(0.4)::text FROM generate_series(1, 90)')
	|| pg_temp.tell('a', 'SET statement_timeout = 0') || pg_temp.tell('a', 'FETCH ALL FROM c') || pg_temp.tell('a', 'ROLLBACK'),
	'BEGINDECLARE CURSORSET57014ROLLBACK', 'a cursor that was opened before');
SELECT is(pg_temp.tell('a', $$PREPARE p AS SELECT pg_sleep(20)::text$$) || pg_temp.tell('a', 'SET statement_timeout = 0')
	|| pg_temp.tell('a', 'EXECUTE p'), 'PREPARESET57014', 'a prepared statement');
SELECT is(pg_temp.tell('a', 'SET statement_timeout = 0') || pg_temp.tell('a', 'EXPLAIN ANALYZE SELECT pg_sleep(20)'), 'SET57014', 'EXPLAIN ANALYZE');
CREATE FUNCTION tap_open.slow() RETURNS int LANGUAGE plpgsql IMMUTABLE SET statement_timeout = 0 SET work_mem = '1GB' AS $$
BEGIN
	PERFORM pg_sleep(20);
	RETURN 1;
END
$$;
SELECT is(pg_temp.tell('a', 'SET statement_timeout = 0') || pg_temp.tell('a', 'SELECT tap_open.slow()'), 'SET57014', 'a function with settings, run by the planner');
CREATE FUNCTION tap_open.memory() RETURNS text LANGUAGE plpgsql SET work_mem = '1GB' AS $$ BEGIN RETURN current_setting('work_mem'); END $$;
CREATE FUNCTION tap_open.memory_of_query() RETURNS text LANGUAGE plpgsql SET work_mem = '1GB' AS $$
DECLARE
	v_work_mem text;
BEGIN
	SELECT current_setting('work_mem') INTO v_work_mem FROM pg_class LIMIT 1;
	RETURN v_work_mem;
END
$$;
SELECT is(pg_temp.tell('a', 'SELECT tap_open.memory_of_query()') || pg_temp.have('a', 'work_mem'), '8MB8MB', 'a query in a function with settings');
SELECT is(pg_temp.tell('a', $$DO 'BEGIN BEGIN PERFORM pg_sleep(20); EXCEPTION WHEN query_canceled THEN NULL; END; LOOP END LOOP; END'$$), '57014',
	'who catches the cancellation is cancelled again');
SELECT is(pg_temp.tell('b', $$DO 'BEGIN LOOP BEGIN LOOP END LOOP; EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; END'$$) IN ('57P01', '08006', 'XX000', '08000'), true,
	'and with the second catch the session ends');
SELECT is(pg_temp.tell('b', 'SELECT 1') <> '1', true, 'it is gone');

-- The log: once a session, and only what somebody chose.
SELECT dblink_disconnect('a') \g /dev/null
SELECT dblink_disconnect('early') \g /dev/null
SELECT pg_sleep(0.5) \g /dev/null
SELECT results_eq(format($$SELECT session_user_name, object, decision, detail - 'reason' - 'sqlstate' FROM dwh_log.audit_event
	WHERE event_id > %s AND action = 'exceed_limit' ORDER BY event_id$$, :before),
	$$SELECT 'tap_reader', 'work_mem', 'refused', '{"value": "1GB", "limit": "8MB"}'::jsonb FROM generate_series(1, 3)$$,
	'the excess of each session that chose one, once');

-- Triggers that wait for the end of the statement, or of the transaction, are of the statement as well: they catch no more than it may.
SELECT dwh.set_group_limits('analyst', '1 s', '8MB', '16MB', 3, false) \g (format=unaligned) /dev/null
CREATE FUNCTION tap_open.catch_all() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1 .. 15 LOOP
		BEGIN PERFORM pg_sleep(2); EXCEPTION WHEN query_canceled THEN NULL; END;
	END LOOP;
	RETURN NULL;
END
$$;
CREATE TABLE tap_open.late (n int);
CREATE TABLE tap_open.after (n int);
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON tap_open.late DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tap_open.catch_all();
CREATE TRIGGER after AFTER INSERT ON tap_open.after FOR EACH ROW EXECUTE FUNCTION tap_open.catch_all();
GRANT INSERT ON tap_open.late, tap_open.after TO tap_reader;
SELECT pg_temp.enter('a', 'tap_reader') \g /dev/null
SELECT is(pg_temp.tell('a', 'INSERT INTO tap_open.after VALUES (1)') IN ('57P01', '08006', 'XX000', '08000'), true, 'a trigger after the statement');
SELECT dblink_disconnect('a') \g /dev/null
SELECT pg_temp.enter('a', 'tap_reader') \g /dev/null
SELECT is(pg_temp.tell('a', 'INSERT INTO tap_open.late VALUES (1)') IN ('57P01', '08006', 'XX000', '08000'), true, 'a trigger at the end of the transaction');
SELECT dblink_disconnect('a') \g /dev/null
SELECT is_empty('SELECT n FROM tap_open.after UNION ALL SELECT n FROM tap_open.late', 'neither has done anything');

-- Taken away, and put on others.
SELECT is(dwh.set_group_limits('analyst'), 3, 'limits are taken away');
SELECT is_empty($$SELECT s COLLATE "default" FROM pg_db_role_setting, unnest(setconfig) AS s WHERE setrole = 'tap_reader'::regrole$$, 'no setting is left');
SELECT pg_temp.enter('a', 'tap_reader', '-c statement_timeout=0 -c work_mem=1GB') \g /dev/null
SELECT is(pg_temp.have('a', 'statement_timeout') || pg_temp.have('a', 'work_mem') || (SELECT rolconnlimit FROM pg_roles WHERE rolname = 'tap_reader'),
	'01GB-1', 'and nothing is held');
SELECT pg_temp.enter('s', 'tap_mighty', '-c work_mem=1GB') \g /dev/null
SELECT is(pg_temp.have('s', 'work_mem'), '1GB', 'superusers have no limits');
SELECT dblink_disconnect('a'), dblink_disconnect('s') \g /dev/null

-- A group that was made: its own limits stand for those of the group whose rights it has.
SELECT dwh.create_user_group('tap_made', 'x', 'x', 'analyst', '{fact_staff}', 'QĐ') AS made \gset
CREATE ROLE tap_trainee LOGIN IN ROLE dwh_group_tap_made;
SELECT dwh.set_group_limits('tap_made', '1 minute', '1MB', p_read_only => true), dwh.set_group_limits('analyst', '2 hours', '64MB', '1GB', p_read_only => false)
\g (format=unaligned) /dev/null
SELECT pg_temp.enter('m', 'tap_trainee', '-c work_mem=1GB -c statement_timeout=0 -c default_transaction_read_only=off') \g /dev/null
SELECT is(pg_temp.have('m', 'statement_timeout') || pg_temp.have('m', 'work_mem') || pg_temp.have('m', 'temp_file_limit') ||
	pg_temp.have('m', 'transaction_read_only'), '1min1MB1GBon', 'narrower ones hold');
GRANT dwh_analyst TO tap_trainee;
SELECT is(pg_temp.have('m', 'statement_timeout') || pg_temp.have('m', 'work_mem') || pg_temp.have('m', 'transaction_read_only'), '2h64MBoff',
	'until the member is in the other group himself');
SELECT dblink_disconnect('m') \g /dev/null
SELECT dwh.set_group_limits('analyst') \g (format=unaligned) /dev/null
SELECT * FROM finish();
SELECT dwh.set_group_limits('loader') \g (format=unaligned) /dev/null
SELECT dwh.retire_gateway('tap_gate', 'Test') \g (format=unaligned) /dev/null
DELETE FROM dwh_catalog.user_group_limit;
DROP ROLE tap_trainee, dwh_group_tap_made;
DELETE FROM dwh_catalog.user_group_subject WHERE user_group_id = :made;
DELETE FROM dwh_catalog.user_group WHERE user_group_id = :made;
DELETE FROM dwh_catalog.access_grant WHERE account_id IN (SELECT account_id FROM dwh_catalog.account WHERE login_role = 'tap_admin');
DELETE FROM dwh_catalog.account WHERE login_role = 'tap_admin';
DROP SCHEMA tap_open CASCADE;
DROP OWNED BY tap_reader;
DROP ROLE tap_reader, "tap Two.""x'", tap_admin, tap_auditor, tap_bare, tap_stranger, tap_mighty, tap_gate;
DROP EXTENSION dblink;

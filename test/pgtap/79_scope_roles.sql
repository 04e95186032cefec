-- Roles of gateways and of made groups, roles of a copy that is not live, rows that come by replication.
-- 893-020 893-039 893-069
SET client_min_messages = error;
BEGIN;
SELECT plan(27);
\ir include/as_role.psql

-- An account on a gateway's role is nobody, whoever is asked; so by hand only, since it is not adopted.
CREATE ROLE tap_gateway LOGIN IN ROLE dwh_analyst;
INSERT INTO dwh_catalog.account (account_id, kind, email, full_name, login_role, home_unit_id, valid_from) VALUES
	(990001, 'sector', 'tap.gateway@example.invalid', 'Gateway', NULL, 231, '2020-01-01'),
	(990002, 'sector', 'tap.plain@example.invalid', 'Plain', NULL, 231, '2020-01-01');
INSERT INTO dwh_catalog.access_grant (account_id, user_group_id, scope_unit_id, valid_from)
SELECT a, user_group_id, 231, '2020-01-01' FROM dwh_catalog.user_group, unnest(ARRAY[990001, 990002]) AS a WHERE code = 'analyst';
SELECT dwh.register_gateway('tap_gateway', 'transaction', 'x') AS gateway \gset
SELECT throws_ok($$SELECT dwh.adopt_login_role('tap.gateway@example.invalid', 'tap_gateway')$$, '42710', NULL, 'a gateway''s role is not adopted');
SELECT is(pg_temp.ask('tap_gateway', 'SELECT dwh.in_scope(231, 9)'), 'false', 'nobody yet');
UPDATE dwh_catalog.account SET login_role = 'tap_gateway' WHERE account_id = 990001;
SELECT is(pg_temp.ask('tap_gateway', 'SELECT dwh.current_account()'), 'none', 'a gateway where nobody is bound has no account');
SELECT is(pg_temp.ask('tap_gateway', 'SELECT dwh.in_scope(231, 9)::text || cardinality(dwh.scope_units(9))'), 'false0', 'and no rows');
SELECT lives_ok($$SELECT dwh.retire_gateway('tap_gateway', 'x')$$, 'retired');
SELECT is(pg_temp.ask('tap_gateway', 'SELECT dwh.in_scope(231, 9)::text || dwh.current_account()'), 'true990001', 'it is the account''s at the next statement');

-- A made group's limits stand for those of the group whose rights it has.
SELECT dwh.create_user_group('tap_trainee', 'x', 'x', 'analyst', '{fact_staff}', 'QĐ') AS made \gset
CREATE ROLE tap_trainee LOGIN IN ROLE dwh_group_tap_trainee;
CREATE ROLE tap_both LOGIN IN ROLE dwh_group_tap_trainee, dwh_analyst;
CREATE FUNCTION pg_temp.limits_of(p_role text) RETURNS text LANGUAGE sql AS $$
	SELECT rolconnlimit || ' ' || array_to_string(ARRAY(SELECT c FROM unnest(rolconfig) AS c ORDER BY c COLLATE "C"), ' ') FROM pg_roles WHERE rolname = p_role
$$;
SELECT is(dwh.set_group_limits('tap_trainee', interval '1 minute', '1MB', p_connection_limit => 1, p_read_only => true), 2, 'limits of a made group');
SELECT cmp_ok(dwh.set_group_limits('analyst', interval '2 hours', '64MB', '1GB', 3, false), '>=', 2, 'and wider ones of the other');
SELECT is(pg_temp.limits_of('tap_trainee'), '1 default_transaction_read_only=on statement_timeout=60s temp_file_limit=1048576kB work_mem=1024kB',
	'a member has the narrower ones, and what it leaves out of the other');
SELECT is(pg_temp.limits_of('tap_both'), '3 default_transaction_read_only=off statement_timeout=7200s temp_file_limit=1048576kB work_mem=65536kB',
	'who is in both, the wider ones');
SELECT lives_ok($$SELECT dwh.set_group_limits('analyst')$$, 'taken away');
SELECT is(pg_temp.limits_of('tap_trainee'), '1 default_transaction_read_only=on statement_timeout=60s work_mem=1024kB', 'from the other group');

-- The role of a group that has ended stays, and a dump may name it.
GRANT SELECT (full_name) ON dwh_star.dim_person TO dwh_group_tap_trainee;
CREATE FUNCTION pg_temp.exported() RETURNS SETOF text LANGUAGE sql AS $$
	SELECT CASE WHEN l LIKE '%GRANT dwh_analyst TO dwh_group_tap_trainee%' THEN 'with rights' ELSE 'role' END
	FROM dwh.export_roles() AS l WHERE l LIKE '%CREATE ROLE dwh_group_tap_trainee %'
$$;
SELECT results_eq('SELECT pg_temp.exported()', $$VALUES ('with rights')$$, 'a made group is exported');
SELECT lives_ok($$SELECT dwh.end_user_group('tap_trainee', 'QĐ')$$, 'ended');
SELECT results_eq('SELECT pg_temp.exported()', $$VALUES ('role')$$, 'its role still, without rights');

-- A row that comes by replication fires no trigger of statements.
SELECT is((SELECT count(*) FROM pg_trigger WHERE tgname = 'after_change_cache'), (SELECT count(*) FROM pg_trigger AS t WHERE tgname = 'after_change_replica'
	AND tgenabled = 'R' AND EXISTS (SELECT FROM pg_trigger AS c WHERE c.tgrelid = t.tgrelid AND c.tgname = 'after_change_cache')), 'each cached table tells row by row there');
ALTER TABLE dwh_catalog.access_grant DISABLE TRIGGER after_change_cache;
SELECT is(pg_temp.ask('tap_gateway', 'SELECT dwh.in_scope(231, 9)'), 'true', 'before');
UPDATE dwh_catalog.access_grant SET revoked_at = now(), valid_to = dwh.today() WHERE account_id = 990001;
SELECT is(pg_temp.ask('tap_gateway', 'SELECT dwh.in_scope(231, 9)'), 'true', 'without any trigger nobody hears of it');
SET LOCAL session_replication_role = replica;
UPDATE dwh_catalog.access_grant SET revoke_reason = 'x' WHERE account_id = 990001;
SET LOCAL session_replication_role = origin;
SELECT is(pg_temp.ask('tap_gateway', 'SELECT dwh.in_scope(231, 9)'), 'false', 'as a replicated row it tells');

-- A copy that is not live leaves the roles of the server alone.
UPDATE dwh_catalog.account SET login_role = 'tap_plain' WHERE account_id = 990002;
CREATE ROLE tap_adopted LOGIN;
UPDATE dwh_catalog.warehouse_instance SET database_oid = 0;
SELECT throws_ok('SELECT dwh_internal.sync_login_role(990002)', '55000', NULL, 'no login role is made');
SELECT is((SELECT count(*) FROM pg_roles WHERE rolname = 'tap_plain'), 0::bigint, 'none');
SELECT throws_ok($$SELECT dwh.adopt_login_role('tap.plain@example.invalid', 'tap_adopted')$$, '55000', NULL, 'none adopted');
SELECT throws_ok($$SELECT dwh.set_group_limits('analyst', interval '1 hour')$$, '55000', NULL, 'none limited');
SELECT throws_ok($$SELECT dwh.create_user_group('tap_other', 'x', 'x', 'analyst', '{fact_staff}', 'QĐ')$$, '55000', NULL, 'no group''s made');
SELECT lives_ok('SELECT dwh.start_warehouse()', 'made live');
SELECT lives_ok('SELECT dwh_internal.sync_login_role(990002)', 'they are');
SELECT is((SELECT count(*) FROM pg_roles WHERE rolname = 'tap_plain' AND rolcanlogin), 1::bigint, 'as the tables have it');
SELECT * FROM finish();
ROLLBACK;

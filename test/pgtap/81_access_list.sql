-- A list of several lines is applied together: in the order of its lines, all of it or nothing, and with every check that one line has.
-- 893-018 893-032 893-068 893-069 893-075 893-090
-- harness: preload
BEGIN;
SELECT plan(30);
\ir include/access.psql
CREATE FUNCTION pg_temp.groups_of(p_role text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(g.rolname, ' ' ORDER BY g.rolname) FROM pg_auth_members AS m JOIN pg_roles AS g ON g.oid = m.roleid
		JOIN pg_roles AS r ON r.oid = m.member WHERE r.rolname = p_role $$;
-- A call with a list of lines, each a change of the usual one.
CREATE FUNCTION pg_temp.list(p_lines jsonb[], p_from int DEFAULT 990102, p_by int DEFAULT 990005, p_rest text DEFAULT
	', ''QĐ 10'', dwh.today(), ''TTr 1'', dwh.today()') RETURNS text LANGUAGE sql AS $$
	SELECT format('dwh.grant_access(%L, ''CV 1'', dwh.today(), dwh.today(), %s, %s%s)',
		(SELECT jsonb_agg(pg_temp.line(l) ORDER BY n) FROM unnest(p_lines) WITH ORDINALITY AS u (l, n)), p_from, p_by, p_rest) $$;
CREATE FUNCTION pg_temp.events(p_request int) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(format('%s %s %s', action, detail ->> 'line', detail ->> 'group'), ', ' ORDER BY event_id) FROM dwh_log.audit_event
	WHERE action IN ('grant_access', 'revoke_access') AND detail ->> 'request' = p_request::text $$;
SELECT dwh.set_group_limits('analyst', '600 s', '64MB', p_connection_limit => 5) + dwh.set_group_limits('share_officer', p_connection_limit => 10)
	+ dwh.set_group_limits('national', '900 s', p_connection_limit => 3) AS limited \g /dev/null

-- New persons, one who has an account, one of another group, one whose right begins later.
SELECT pg_temp.hanoi(pg_temp.list(ARRAY['{"email": "a@tap.invalid", "full_name": "A"}', '{"email": "reader@tap.invalid", "full_name": "Người Đọc", "group": "share_officer", "reason": "added_group"}',
	'{"email": "B@tap.invalid", "full_name": "B", "group": "national"}', '{"email": "c@tap.invalid", "full_name": "C", "effective_on": "2099-01-01"}',
	'{"email": "d@tap.invalid", "full_name": "D"}']::jsonb[])) AS r \gset
SELECT pg_temp.hanoi(pg_temp.list(ARRAY['{"email": "a@tap.invalid", "full_name": "A"}']::jsonb[])) AS alone \gset
SELECT is(:'r'::text, '42710 role "tap_reader" exists and is not the login role of this account', 'a stranger''s role on the list keeps all of it from being applied');
SELECT is((SELECT count(*)::int FROM pg_roles WHERE rolname ~ '@tap.invalid$'), 1, 'so far there is one role of a list, that of the next call');
SELECT dwh.adopt_login_role('reader@tap.invalid', 'tap_reader') \g /dev/null
SELECT pg_temp.hanoi(pg_temp.list(ARRAY['{"email": "n@tap.invalid", "full_name": "N"}', '{"email": "reader@tap.invalid", "full_name": "Người Đọc", "group": "share_officer", "reason": "added_group"}',
	'{"email": "B@tap.invalid", "full_name": "B", "group": "national"}', '{"email": "c@tap.invalid", "full_name": "C", "effective_on": "2099-01-01"}',
	'{"email": "d@tap.invalid", "full_name": "D"}']::jsonb[])) AS r \gset
SELECT matches(:'r'::text, '^\d+$', '893-075 a list is applied');
SELECT is(pg_temp.events(:r), 'grant_access 1 analyst, grant_access 2 share_officer, grant_access 3 national, grant_access 4 analyst, grant_access 5 analyst', '893-075 an event for each line, in their order');
SELECT is((SELECT string_agg(l.line_no || ' ' || a.email || ' ' || l.state, ', ' ORDER BY l.line_no) FROM dwh_catalog.access_request_line AS l JOIN dwh_catalog.account AS a USING (account_id)
	WHERE l.request_id = :r), '1 n@tap.invalid applied, 2 reader@tap.invalid applied, 3 B@tap.invalid applied, 4 c@tap.invalid applied, 5 d@tap.invalid applied', '893-032 each with the account of its person');
SELECT is(concat_ws(', ', pg_temp.groups_of('n@tap.invalid'), pg_temp.groups_of('tap_reader'), pg_temp.groups_of('b@tap.invalid'), pg_temp.groups_of('d@tap.invalid')),
	'dwh_analyst, dwh_analyst dwh_share_officer, dwh_national, dwh_analyst', '893-018 each role in its group');
SELECT is((SELECT count(*)::int FROM pg_roles WHERE rolname = 'c@tap.invalid'), 0, 'none for a right of later');
SELECT is((SELECT string_agg(format('%s %s %s', r.rolname, r.rolconnlimit, s.setconfig), ', ' ORDER BY r.rolname) FROM pg_roles AS r LEFT JOIN pg_db_role_setting AS s ON s.setrole = r.oid
	WHERE r.rolname IN ('n@tap.invalid', 'b@tap.invalid', 'd@tap.invalid', 'tap_reader')),
	'b@tap.invalid 3 {statement_timeout=900s}, d@tap.invalid 5 {statement_timeout=600s,work_mem=65536kB}, n@tap.invalid 5 {statement_timeout=600s,work_mem=65536kB}, tap_reader 10 {statement_timeout=600s,work_mem=65536kB}',
	'each role with the limits of its own groups');
SELECT is((SELECT string_agg(m.grantor::regrole::text, ' ') FROM pg_auth_members AS m WHERE m.member = '"d@tap.invalid"'::regrole), 'postgres', 'one grantor');

-- One person on two lines: the second is judged by what the first has done.
SELECT pg_temp.hanoi(pg_temp.list(ARRAY['{"email": "e@tap.invalid", "full_name": "E"}', '{"email": "f@tap.invalid", "full_name": "F"}', '{"email": "E@tap.invalid", "full_name": "E", "group": "share_officer", "reason": "added_group"}',
	'{"email": "g@tap.invalid", "full_name": "G"}']::jsonb[])) AS r \gset
SELECT matches(:'r'::text, '^\d+$', '893-090 two groups by one list');
SELECT is(pg_temp.events(:r), 'grant_access 1 analyst, grant_access 2 analyst, grant_access 3 share_officer, grant_access 4 analyst', 'in the order of the lines');
SELECT is(pg_temp.groups_of('e@tap.invalid') || ', ' || (SELECT count(*) FROM dwh_catalog.account WHERE lower(email) = 'e@tap.invalid'), 'dwh_analyst dwh_share_officer, 1', '893-032 one account in both groups');
SELECT is((SELECT rolconnlimit FROM pg_roles WHERE rolname = 'e@tap.invalid'), 10, 'with the wider limit');
SELECT matches(pg_temp.central(pg_temp.list(ARRAY['{"email": "h@tap.invalid", "full_name": "H", "unit": 12, "group": "central_admin", "assignment_no": "QĐ 1"}',
	'{"email": "h@tap.invalid", "full_name": "H", "unit": 12, "group": "auditor", "reason": "added_group"}']::jsonb[], 12, 990001, ', ''QĐ 3'', dwh.today()')), '^42501', '893-069 nobody becomes administrator and auditor by one list');
SELECT matches(pg_temp.hanoi(pg_temp.list(ARRAY['{"email": "e@tap.invalid", "full_name": "E"}', '{"email": "i@tap.invalid", "full_name": "I"}']::jsonb[])), '^42501 line 1: E has this right already', '893-032 not twice');
SELECT matches(pg_temp.hanoi(pg_temp.list(ARRAY['{"email": "i@tap.invalid", "full_name": "I"}', '{"email": "e@tap.invalid", "full_name": "E"}']::jsonb[])), '^42501 line 2: E has this right already', 'whichever line it is');
SELECT matches(pg_temp.hanoi(pg_temp.list(ARRAY['{"email": "i@tap.invalid", "full_name": "I"}', '{"email": "e@tap.invalid", "full_name": "Another"}']::jsonb[])), '^42501 line 2: Another is not the person', 'nor somebody else''s account');
SELECT matches(pg_temp.hanoi(pg_temp.list(ARRAY['{"email": "i@tap.invalid", "full_name": "I"}', '{"email": "j@tap.invalid", "full_name": "J", "title": " "}']::jsonb[])), '^22023 line 2: title is missing', 'what is missing is named with its line');
SELECT matches(pg_temp.hanoi(pg_temp.list(ARRAY['{"email": "i@tap.invalid", "full_name": "I"}', '{"email": "j@tap.invalid", "full_name": "J", "login_role": "d@tap.invalid"}']::jsonb[])), '^42501 line 2: the login name of J is another account''s', 'a login name that is taken');
SELECT matches(pg_temp.hanoi(pg_temp.list(ARRAY['{"email": "i@tap.invalid", "full_name": "I", "login_role": "same"}', '{"email": "j@tap.invalid", "full_name": "J", "login_role": "same"}']::jsonb[])), '^42501 line 2: the login name of J is another account''s', 'or is given to two');
SELECT matches(pg_temp.hanoi(pg_temp.list(ARRAY['{"email": "i@tap.invalid", "full_name": "I"}', '{"email": "giu.hop@tap.invalid", "full_name": "Trần Giữ Hộp", "unit": 990101}']::jsonb[], 101)), '^42501 line 2 is the caller''s own', '893-068 nobody has himself on the list');
SELECT matches(pg_temp.hanoi(pg_temp.list(ARRAY['{"email": "i@tap.invalid", "full_name": "I"}', '{"email": "gd@tap.invalid", "full_name": "Giám Đốc Hà Nội", "unit": 101}']::jsonb[], 101)), '^42501 line 2:.*his own', '893-068 nor decides on himself');
SELECT is((SELECT count(*)::int FROM dwh_catalog.account WHERE lower(email) IN ('h@tap.invalid', 'i@tap.invalid', 'j@tap.invalid', 'gd@tap.invalid')), 0, 'of a list that is refused nothing remains');

-- A change of group, of two persons by one letter: what is left ends first.
SELECT pg_temp.hanoi(format($$dwh.request_access('change', 'QĐ 20', dwh.today(), dwh.today(), 990102, %L, p_submission_no => 'T', p_submission_on => dwh.today())$$, jsonb_build_array(
	pg_temp.line('{"email": "f@tap.invalid", "full_name": "F", "action": "group", "from_group": "analyst", "group": "share_officer", "reason": "role_change"}'),
	pg_temp.line('{"email": "g@tap.invalid", "full_name": "G", "action": "group", "from_group": "analyst", "group": "share_officer", "reason": "role_change"}')))) AS r \gset
SELECT is(pg_temp.hanoi(format('dwh.decide_access(%s, true, 990005, ''QĐ 21'')', :r)) || ' ' || pg_temp.hanoi(format('dwh.apply_access(%s)', :r)), '2 2', 'two changes by one letter');
SELECT is(pg_temp.events(:r), 'revoke_access 1 analyst, revoke_access 2 analyst, grant_access 1 share_officer, grant_access 2 share_officer', 'each revoked, then granted');
SELECT is(pg_temp.groups_of('f@tap.invalid') || ', ' || pg_temp.groups_of('g@tap.invalid'), 'dwh_share_officer, dwh_share_officer', 'both have the new group only');

-- Part of a letter is decided on; a line that is refused keeps nobody from being applied.
SELECT pg_temp.central(format($$dwh.request_access('grant', 'CV 30', dwh.today(), dwh.today(), 990102, %L, p_submission_no => 'T', p_submission_on => dwh.today())$$, jsonb_build_array(
	pg_temp.line('{"email": "k@tap.invalid", "full_name": "K"}'), pg_temp.line('{"email": "l@tap.invalid", "full_name": "L"}'), pg_temp.line('{"email": "m@tap.invalid", "full_name": "M"}')))) AS r \gset
SELECT pg_temp.hanoi(format('dwh.decide_access(%s, false, 990005, ''QĐ 31'', p_line_nos => ''{2}'', p_reason => ''x'')', :r)) || pg_temp.hanoi(format('dwh.decide_access(%s, true, 990005, ''QĐ 31'', p_line_nos => ''{1}'')', :r)) AS decided \gset
SELECT matches(pg_temp.hanoi(format('dwh.apply_access(%s)', :r)), '^42501 line 3 has not been decided on', '893-068 a line without its decision');
SELECT is(pg_temp.hanoi(format('dwh.decide_access(%s, true, 990005, ''QĐ 31'')', :r)) || ' ' || pg_temp.hanoi(format('dwh.apply_access(%s)', :r)) || ' ' || pg_temp.events(:r), '1 2 grant_access 1 analyst, grant_access 3 analyst', 'two of three');
SELECT pg_temp.recorded();
SELECT pg_temp.unchanged();
SELECT * FROM finish();
ROLLBACK;

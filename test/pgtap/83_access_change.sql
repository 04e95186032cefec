-- A change of group, of unit or of validity loses nothing and widens nothing; what one gives up oneself is one's own word only.
-- 893-068 893-081 893-090 893-091
-- harness: preload
BEGIN;
SELECT plan(23);
\ir include/access.psql
CREATE FUNCTION pg_temp.grant_call(p_changes jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT format('dwh.grant_access(%L, ''CV 1'', dwh.today(), dwh.today(), 990102, 990005, ''QĐ 10'', dwh.today(), ''TTr 1'', dwh.today())', jsonb_build_array(pg_temp.line(p_changes))) $$;
CREATE FUNCTION pg_temp.change(p_from text, p_to text) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.central(format('dwh.change_group(''an@tap.invalid'', %L, %L, ''QĐ 11'', dwh.today(), NULL, 990005, p_submission_no => ''T'', p_submission_on => dwh.today())', p_from, p_to)) $$;
CREATE FUNCTION pg_temp.letter(p_changes jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	v_id text := pg_temp.central(pg_temp.request(p_changes || '{"reason": "role_change"}', 990102, 'change', ', p_submission_no => ''T'', p_submission_on => dwh.today()'));
BEGIN
	RETURN CASE WHEN v_id ~ '^\d+$' THEN pg_temp.central(format('dwh.decide_access(%s, true, 990005, ''QĐ 1'')', v_id)) || pg_temp.central(format('dwh.apply_access(%s)', v_id)) ELSE v_id END;
END
$$;
CREATE FUNCTION pg_temp.live() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', u.code, g.scope_unit_id, (SELECT string_agg(s.code, '+' ORDER BY s.code) FROM dwh_catalog.access_grant_subject AS i JOIN dwh_catalog.subject AS s USING (subject_id)
		WHERE i.grant_id = g.grant_id), g.valid_to), ', ' ORDER BY u.code, g.scope_unit_id)
	FROM dwh_catalog.access_grant AS g JOIN dwh_catalog.user_group AS u USING (user_group_id) JOIN dwh_catalog.account AS a USING (account_id)
	WHERE a.email = 'an@tap.invalid' AND g.revoked_at IS NULL $$;

-- Two units, each with subjects and an end of its own.
SELECT matches(pg_temp.central(pg_temp.grant_call('{"subjects": ["fact_collection"]}')), '^\d+$', 'one unit');
SELECT matches(pg_temp.central(pg_temp.grant_call('{"reason": "added_group", "scope_unit": 990101, "subjects": ["fact_benefit", "fact_staff"], "valid_to": "2099-06-30"}')), '^\d+$', 'another');
SAVEPOINT two_units;
SELECT matches(pg_temp.change('analyst', 'national'), '^\d+$', '893-091 changed');
SELECT is(pg_temp.live(), 'national 990101 fact_benefit+fact_staff 2099-06-30, national 990102 fact_collection', '893-091 each unit with its subjects and its end');
ROLLBACK TO two_units;
SELECT pg_temp.central($$dwh.create_user_group('tap_two', 'x', 'x', 'analyst', '{fact_collection,fact_benefit}', 'QĐ 1')$$) AS made, pg_temp.change('analyst', 'tap_two') AS changed \g /dev/null
SELECT is(pg_temp.live(), 'tap_two 990101 fact_benefit 2099-06-30, tap_two 990102 fact_collection', '893-091 those of them that the new group has');
ROLLBACK TO two_units;
SELECT pg_temp.central($$dwh.create_user_group('tap_one', 'x', 'x', 'analyst', '{fact_collection}', 'QĐ 1')$$) AS made \g /dev/null
SELECT matches(pg_temp.change('analyst', 'tap_one'), '^22023 .* for unit 990101 cannot be changed as a whole', '893-091 where it has none, lines are asked for');
SELECT is(pg_temp.live(), 'analyst 990101 fact_benefit+fact_staff 2099-06-30, analyst 990102 fact_collection', 'and nothing is changed');
SELECT matches(pg_temp.change('analyst', 'share_officer'), '^\d+$', '893-091 a group without subjects');
SELECT is(pg_temp.live(), 'share_officer 990101 2099-06-30, share_officer 990102', 'has none');
ROLLBACK TO two_units;
SELECT matches(pg_temp.central(pg_temp.grant_call('{"reason": "added_group", "subjects": ["fact_staff"], "valid_to": "2099-01-01"}')), '^\d+$', 'two rights for one unit, with two ends');
SELECT matches(pg_temp.change('analyst', 'national'), '^22023 .* for unit 990102', '893-091 none of them is guessed');
ROLLBACK TO two_units;

-- A letter that changes validity or unit ends the right for the unit that it names, no other.
SELECT is(pg_temp.letter('{"valid_to": "2099-01-01", "subjects": ["fact_collection"]}'), '11', '893-061 another end');
SELECT is(pg_temp.live(), 'analyst 990101 fact_benefit+fact_staff 2099-06-30, analyst 990102 fact_collection 2099-01-01', '893-061 the other unit stays');
SELECT matches(pg_temp.letter('{"scope_unit": 101}'), '22023 .*several units', '893-061 of several units none is guessed');
SELECT is(pg_temp.letter('{"action": "group", "from_group": "analyst", "group": "share_officer", "scope_unit": 990101}'), '11', '893-091 a group at one unit');
SELECT is(pg_temp.live(), 'analyst 990102 fact_collection 2099-01-01, share_officer 990101', '893-091 the other one stays');
SELECT is(pg_temp.letter('{"scope_unit": 101}'), '11', '893-061 the only one moves');
SELECT is(pg_temp.live(), 'analyst 101, share_officer 990101', '893-061 to the unit of the letter');

-- Whoever gives up his own right writes no decision, no letter of another unit, none of another day.
SELECT matches(pg_temp.call_as('tap_reader', format($$dwh.revoke_access('reader@tap.invalid', %L, 'Đơn', %s)$$, r, a)), '^42501 one''s own right', '893-068 ' || r || ' ' || a)
FROM (VALUES ('violation', 'NULL'), ('own_request', 'p_from_unit => 12'), ('own_request', $$p_document_on => '2026-01-02', p_received_on => '2026-01-02'$$)) AS v (r, a);
SELECT matches(pg_temp.call_as('tap_reader', $$dwh.revoke_access('reader@tap.invalid', 'own_request', 'Đơn', p_document_on => dwh.today() - 1)$$), '^\d+$', '893-068 his own word is enough');
SELECT pg_temp.recorded();
SELECT * FROM finish();
ROLLBACK;

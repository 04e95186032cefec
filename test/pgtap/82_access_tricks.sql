-- Ways round the rules of who gives what to whom, and lawful calls that came to nothing.
-- 893-076 893-086
-- harness: preload
BEGIN;
SELECT plan(7);
\ir include/access.psql
-- A grant in one call: a user of Hà Nội by its director unless changed.
CREATE FUNCTION pg_temp.give(p_changes jsonb DEFAULT '{}', p_from int DEFAULT 990102, p_by int DEFAULT 990005, p_on text DEFAULT 'dwh.today()') RETURNS text LANGUAGE sql AS $$
	SELECT format('dwh.grant_access(%L, ''CV 1'', %s, %2$s, %s, %s, ''QĐ 10'', dwh.today(), ''TTr 1'', dwh.today())', jsonb_build_array(pg_temp.line(p_changes)), p_on, p_from, p_by) $$;

-- What is of the whole country no province gives, and no unit: auditors read the log, loaders write figures of every unit.
SELECT matches(pg_temp.call_as(c, pg_temp.give(jsonb_build_object('group', g))), '^42501', format('893-076 no %s by the director of a province, entered by %s', g, c))
FROM unnest(ARRAY['auditor', 'loader']) AS g, unnest(ARRAY['tap_hn_admin', 'tap_central']) AS c;
SELECT matches(pg_temp.central(pg_temp.give('{"group": "auditor", "email": "kt@tap.invalid", "unit": 11}', 11, 990003)), '^42501', 'nor by the head of a central unit');
SELECT pg_temp.central($$dwh.create_user_group('tap_audit', 'Kiểm tra', 'Audit', 'auditor', '{}', 'QĐ')$$) \g /dev/null
SELECT matches(pg_temp.hanoi(pg_temp.give('{"group": "tap_audit"}')), '^42501', 'nor by a group with the rights of auditors');
SELECT matches(pg_temp.central(pg_temp.give('{"group": "auditor", "email": "kt@tap.invalid"}', 990102, 990001)), '^\d+$', 'the leadership of the sector gives it');
SELECT * FROM finish();
ROLLBACK;

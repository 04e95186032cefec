-- Plain readers may ask for days, codes, units and rates, whatever stands in their search_path; everyone else may not, and
-- nobody but the owner's side may write the tables behind the answers.
BEGIN;
SELECT plan(34);

CREATE ROLE tap_analyst LOGIN IN ROLE dwh_analyst INHERIT;
CREATE ROLE tap_stranger LOGIN;
-- A hostile schema with operators of the same names, first in the path.
CREATE SCHEMA evil AUTHORIZATION tap_analyst;
GRANT USAGE ON SCHEMA evil TO PUBLIC;
SET LOCAL ROLE tap_analyst;
CREATE FUNCTION evil.leak(text, text) RETURNS boolean LANGUAGE plpgsql AS
	$$BEGIN RAISE EXCEPTION 'ran as %', current_user USING ERRCODE = 'XX999'; END$$;
CREATE FUNCTION evil.leak(date, date) RETURNS boolean LANGUAGE plpgsql AS
	$$BEGIN RAISE EXCEPTION 'ran as %', current_user USING ERRCODE = 'XX999'; END$$;
CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.leak);
CREATE OPERATOR evil.<= (LEFTARG = date, RIGHTARG = date, FUNCTION = evil.leak);
CREATE OPERATOR evil.>= (LEFTARG = date, RIGHTARG = date, FUNCTION = evil.leak);
CREATE TABLE evil.dim_unit (unit_id int);
RESET ROLE;
SET LOCAL client_min_messages = error;

-- Asked under the hostile path, judged under a clean one: pgTAP itself would fall for it.
SET LOCAL ROLE tap_analyst;
SET LOCAL search_path = evil, public, pg_catalog;
SELECT dwh.add_working_days('2020-07-10', 2) AS due, dwh.working_days_between('2025-04-29', '2025-05-05') AS days,
	(dwh.get_area('52', '2025-06-30')).area_id AS area, (dwh.get_unit('52', '2025-07-01')).unit_id AS unit,
	(SELECT unit_id FROM dwh.list_successors(152)) AS successor, (SELECT count(*) FROM dwh.list_predecessors(252)) AS predecessors,
	dwh.map_unit(152, '2025-07-01') AS mapped, dwh.unit_ancestor(152, 'country') AS root, dwh.unit_at(152, '2025-06-30', 'region') AS region,
	dwh.get_contribution_rate('BHXH', 'employer', '2025-01-01') AS rate, current_user AS who, current_setting('search_path') AS path \gset
SET LOCAL search_path = public, pg_catalog;
SELECT is(date :'due', date '2020-07-14', 'a reader counts working days');
SELECT is(:days, 1, 'and between two days');
SELECT is(:area, 152, 'finds an area');
SELECT is(:unit, 252, 'finds a unit');
SELECT is(:successor, 252, 'lists successors');
SELECT is(:predecessors, 2, 'lists predecessors');
SELECT is(:mapped, 252, 'maps a unit');
SELECT is(:root, 1, 'finds an ancestor');
SELECT is(:region, 323, 'finds a region');
SELECT is(:rate, 17.5, 'asks for a rate');
SELECT is(text :'who', 'tap_analyst', 'the answer leaves the reader who it was');
SELECT is(text :'path', 'evil, public, pg_catalog', 'and its search_path as it was');
SELECT throws_ok($$INSERT INTO dwh_catalog.holiday (on_date, kind, name_vi, name_en, source) VALUES ('2026-08-31', 'decision', 'x', 'x', 'x')$$,
	'42501', NULL, 'a reader cannot enter holidays');
SELECT throws_ok($$UPDATE dwh_star.dim_day SET is_working_day = false$$, '42501', NULL, 'nor change days');
SELECT throws_ok($$UPDATE dwh_star.dim_unit SET valid_to = NULL$$, '42501', NULL, 'nor units');
SELECT throws_ok($$DELETE FROM dwh_catalog.unit_succession$$, '42501', NULL, 'nor successions');
SELECT throws_ok($$SELECT * FROM dwh_catalog.office_holder$$, '42501', NULL, 'office holders are not for readers');
SELECT throws_ok($$SELECT dwh_internal.refresh_calendar()$$, '42501', NULL, 'nor is the inside of the extension');
RESET ROLE;

SET LOCAL ROLE tap_stranger;
SELECT throws_ok(call, '42501', NULL, 'a stranger may not call ' || call) FROM unnest(ARRAY[
	$$SELECT dwh.add_working_days('2020-07-10', 2)$$, $$SELECT dwh.working_days_between('2020-07-10', '2020-07-11')$$,
	$$SELECT dwh.get_area('52')$$, $$SELECT dwh.get_unit('52')$$, $$SELECT dwh.list_successors(152)$$, $$SELECT dwh.list_predecessors(252)$$,
	$$SELECT dwh.map_unit(152, '2025-07-01')$$, $$SELECT dwh.unit_ancestor(152, 'country')$$,
	$$SELECT dwh.unit_at(152, '2025-06-30', 'region')$$, $$SELECT dwh.get_contribution_rate('BHXH', 'employer')$$,
	$$SELECT * FROM dwh_star.dim_unit$$]) AS call;
RESET ROLE;

-- Someone who may write the holidays need not be able to write days: the change acts as dwh_owner.
CREATE ROLE tap_editor LOGIN;
GRANT USAGE ON SCHEMA dwh_catalog, dwh_star TO tap_editor;
GRANT SELECT, INSERT, UPDATE, DELETE ON dwh_catalog.holiday TO tap_editor;
GRANT SELECT ON dwh_star.dim_day TO tap_editor;
SET LOCAL ROLE tap_editor;
SELECT lives_ok($$INSERT INTO dwh_catalog.holiday (on_date, kind, name_vi, name_en, source)
	VALUES ('2026-08-31', 'decision', 'Nghỉ', 'Off', 'x')$$, 'an editor enters a day off');
SELECT is((SELECT is_working_day FROM dwh_star.dim_day WHERE day = '2026-08-31'), false, 'and the day is off');
SELECT is(current_user::text, 'tap_editor', 'and the editor is still the editor');
RESET ROLE;

-- The caches' triggers stand on every table they depend on, whatever session_replication_role says.
SELECT is((SELECT count(*)::int FROM pg_trigger WHERE tgname = 'after_change_cache' AND tgenabled = 'A'
	AND tgrelid IN ('dwh_star.dim_day'::regclass, 'dwh_catalog.holiday'::regclass, 'dwh_star.dim_unit'::regclass,
		'dwh_catalog.unit_succession'::regclass, 'dwh_catalog.unit_grouping'::regclass, 'dwh_catalog.contribution_rate'::regclass)), 6,
	'every table kept in a cache tells of its changes');
SET LOCAL session_replication_role = replica;
UPDATE dwh_star.dim_unit SET valid_to = '2025-12-31' WHERE unit_id = 252;
SELECT is(dwh.map_unit(152, '2026-01-01'), NULL, 'also to a session that applies a replica''s changes');

SELECT * FROM finish();
ROLLBACK;

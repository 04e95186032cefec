-- Months older than the retention go out of the log whole, sealed and intact; their leaves stay, every proof stays valid, and nobody can use
-- dwh_log.audit_archive to hide what he removed.
BEGIN;
SET LOCAL client_min_messages = error;
SELECT plan(39);

-- Events of three old months, and the present ones.
SELECT event_id AS last_before FROM dwh_log.audit_event ORDER BY event_id DESC LIMIT 1 \gset
SET LOCAL ROLE dwh_owner;
CREATE TABLE dwh_log.audit_event_2023_01 PARTITION OF dwh_log.audit_event FOR VALUES FROM ('2023-01-01') TO ('2023-02-01');
CREATE TABLE dwh_log.audit_event_2023_02 PARTITION OF dwh_log.audit_event FOR VALUES FROM ('2023-02-01') TO ('2023-03-01');
CREATE TABLE dwh_log.audit_event_2023_03 PARTITION OF dwh_log.audit_event FOR VALUES FROM ('2023-03-01') TO ('2023-04-01');
INSERT INTO dwh_log.audit_event (occurred_at, month, session_user_name, outer_user_name, action, decision, detail)
SELECT m + interval '10 days', m, 'old', 'old', 'archive_test', 'done', jsonb_build_object('n', n)
FROM (VALUES (date '2023-01-01', 300), (date '2023-02-01', 50), (date '2023-03-01', 5)) AS v (m, c), generate_series(1, c) AS n;
RESET ROLE;
SELECT throws_ok('SELECT dwh.archive_audit()', '55000', 'month 2023-01 of the log is not sealed', 'what is not sealed stays');
SELECT dwh.audit_seal();
SELECT count(dwh_internal.audit_append('archive_test', NULL, 'done', jsonb_build_object('n', n))) FROM generate_series(1, 300) AS n;
SELECT dwh.audit_seal();
SELECT count(*) AS size FROM dwh_log.audit_leaf \gset
SELECT leaf_index AS old_leaf FROM dwh_log.audit_leaf WHERE source_month = '2023-02-01' ORDER BY 1 LIMIT 1 \gset
SELECT dwh.audit_inclusion_proof(:old_leaf, :size) AS old_proof, dwh.audit_tree_head(:size) AS old_root, dwh.export_tree_head() AS old_head \gset

-- Who may, and what may go.
CREATE ROLE regress_archivist LOGIN;
GRANT dwh_central_admin, dwh_auditor TO regress_archivist;
SET LOCAL ROLE regress_archivist;
SELECT throws_ok('SELECT dwh.archive_audit()', '42501', 'permission denied to call dwh.archive_audit()', 'administrators and auditors take nothing out');
RESET ROLE;
SELECT throws_ok(format('SELECT dwh.archive_audit(%L)', date_trunc('month', dwh.today() - interval '24 months')::date), '22023', NULL,
	'what is younger than 24 months stays');
SELECT lives_ok(format('SELECT dwh.archive_audit(%L)', '2022-12-31'), 'an older day is allowed');
SELECT is((SELECT count(*) FROM dwh_log.audit_archive), 0::bigint, 'but there was nothing so old');

-- What was tampered with stays.
CREATE FUNCTION pg_temp.undo(p_do text, p_ask text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	v_table text;
	v_answer text;
BEGIN
	FOREACH v_table IN ARRAY ARRAY['audit_event', 'audit_leaf', 'audit_tree_head', 'audit_archive'] LOOP
		EXECUTE format('ALTER TABLE dwh_log.%I DISABLE TRIGGER USER', v_table);
	END LOOP;
	EXECUTE p_do;
	BEGIN
		EXECUTE p_ask INTO v_answer;
	EXCEPTION WHEN OTHERS THEN
		v_answer := SQLSTATE || ' ' || SQLERRM;
	END;
	RAISE EXCEPTION 'undo' USING ERRCODE = 'TT001', DETAIL = coalesce(v_answer, '');
EXCEPTION WHEN SQLSTATE 'TT001' THEN
	GET STACKED DIAGNOSTICS v_answer = PG_EXCEPTION_DETAIL;
	RETURN v_answer;
END
$$;
SELECT is(pg_temp.undo($$UPDATE dwh_log.audit_event SET action = 'forged' WHERE month = '2023-02-01' AND detail = '{"n": 7}'$$,
	$$SELECT dwh.archive_audit('2023-02-28')$$), 'XX001 month 2023-02 of the log is not intact', 'a month with an edited row is not archived');
SELECT is(pg_temp.undo($$DELETE FROM dwh_log.audit_event WHERE month = '2023-01-01' AND detail = '{"n": 1}'$$,
	$$SELECT dwh.archive_audit('2023-02-28')$$), 'XX001 month 2023-01 of the log is not intact', 'nor one whose first row is gone');
SELECT is(pg_temp.undo($$DELETE FROM dwh_catalog.deadline WHERE subject = 'keep the log of events'$$, 'SELECT dwh.archive_audit()'),
	'55000 no rule says how long the log "audit" is kept', 'without a rule nothing goes');

-- Two months go.
SELECT is(dwh.archive_audit('2023-03-30'), 350::bigint, 'whole months go');
SELECT is((SELECT count(*) FROM dwh_log.audit_event WHERE month IN ('2023-01-01', '2023-02-01')), 0::bigint, 'with their content');
SELECT is(to_regclass('dwh_log.audit_event_2023_01'), NULL, 'and their partition');
SELECT is((SELECT count(*) FROM dwh_log.audit_leaf WHERE source_month IN ('2023-01-01', '2023-02-01')), 350::bigint, 'their leaves stay');
SELECT is((SELECT count(*) FROM dwh_log.audit_event WHERE month = '2023-03-01'), 5::bigint, 'a month that is not whole stays');
SELECT results_eq($$SELECT month::text, row_count, retention_months, is_table_kept, archived_by = session_user FROM dwh_log.audit_archive ORDER BY month$$,
	$$VALUES ('2023-01-01', 300::bigint, 24, false, true), ('2023-02-01', 50, 24, false, true)$$, 'each month has its entry');
SELECT results_eq($$SELECT object, detail ->> 'row_count' FROM dwh_log.audit_event WHERE action = 'archive_log' ORDER BY event_id$$,
	$$VALUES ('dwh_log.audit_event_2023_01', '300'), ('dwh_log.audit_event_2023_02', '50')$$, 'and its event');
SELECT is((SELECT count(*) FROM dwh_log.audit_event AS e WHERE action = 'archive_log' AND EXISTS (SELECT FROM dwh_log.audit_leaf AS l
	WHERE l.source = 'audit' AND l.source_id = e.event_id)), 2::bigint, 'which is sealed');
SELECT results_eq('SELECT is_intact, archived FROM dwh.audit_verify()', 'VALUES (true, 350::bigint)', 'the log verifies, and says what is archived');
SELECT ok(is_intact, 'against a head from before, too') FROM dwh.audit_verify(NULL, NULL, :'old_head');
SELECT results_eq(format('SELECT is_intact, archived FROM dwh.audit_verify(%s, %s)', :old_leaf, :old_leaf + 10), 'VALUES (true, 10::bigint)',
	'so does a part of the archived leaves');
SELECT is(dwh.audit_inclusion_proof(:old_leaf, :size), :'old_proof'::bytea[], 'the proof of an archived leaf is what it was');
SELECT is(dwh.audit_tree_head(:size), :'old_root'::bytea, 'and leads to the same root');
SELECT is(dwh.archive_audit('2023-02-28'), 0::bigint, 'a second time there is nothing to do');
SELECT throws_ok('DELETE FROM dwh_log.audit_archive', '42501', NULL, 'audit_archive is append-only');

-- A table that is kept.
SELECT is(dwh.archive_audit(p_keep_tables => true), 5::bigint, 'the last old month, whose table is kept');
SELECT results_eq($$SELECT relispartition, relowner = 'dwh_owner'::regrole FROM pg_class WHERE oid = to_regclass('dwh_log.audit_event_2023_03')$$,
	$$VALUES (false, true)$$, 'it is a table of its own');
SELECT is((SELECT count(*) FROM dwh_log.audit_event_2023_03), 5::bigint, 'with its rows');
SELECT throws_ok('DELETE FROM dwh_log.audit_event_2023_03', '42501', NULL, 'which nobody deletes');
SELECT throws_ok('TRUNCATE dwh_log.audit_event_2023_03', '42501', NULL, 'or truncates');
SELECT results_eq('SELECT is_intact, archived FROM dwh.audit_verify()', 'VALUES (true, 355::bigint)', 'the log verifies');

-- What a superuser may try, and what verify says.
\set ask 'SELECT CASE WHEN is_intact THEN ''intact'' ELSE format(''%s: %s'', first_bad_leaf, problem) END FROM dwh.audit_verify()'
SELECT leaf_index AS leaf, source_id AS event, source_month AS month FROM dwh_log.audit_leaf ORDER BY leaf_index DESC OFFSET 40 LIMIT 1 \gset
SELECT format('DELETE FROM dwh_log.audit_event WHERE event_id = %s;', :event) AS remove,
	format('INSERT INTO dwh_log.audit_archive SELECT source, %L, 1, retention_months, is_table_kept, event_id, event_month, event_bytes FROM dwh_log.audit_archive WHERE month = ''2023-02-01'';',
		:'month') AS forge \gset
SELECT matches(pg_temp.undo(:'remove' || :'forge', :'ask'),
	format('^%s: row %s of dwh_log.audit_event is missing, and no event that was sealed after it says', :leaf, :event),
	'an entry written to hide a missing row: the event it names speaks of another month');
SELECT matches(pg_temp.undo(:'remove' || :'forge' || $$SELECT dwh_internal.audit_append('archive_log', NULL, 'done', jsonb_build_object('log', 'audit', 'month',
		m, 'row_count', 1, 'retention_months', 24, 'is_table_kept', false)) FROM (SELECT date_trunc('month', dwh.today())::date) AS t (m);
	UPDATE dwh_log.audit_archive AS a SET event_id = e.event_id, event_month = e.month, event_bytes = dwh.canonical_event(e.event_id, e.month)
	FROM (SELECT event_id, month FROM dwh_log.audit_event ORDER BY event_id DESC LIMIT 1) AS e WHERE a.row_count = 1$$, :'ask'),
	format('^%s: row %s .* and no event that was sealed after it says', :leaf, :event), 'nor does an event that is not sealed help');
SELECT matches(pg_temp.undo(:'forge', :'ask'), '^\d+: no sealed event says that month .* was archived', 'an entry that hides nothing is found as well');
SELECT matches(pg_temp.undo($$UPDATE dwh_log.audit_archive SET row_count = 51 WHERE month = '2023-02-01'$$, :'ask'),
	'^\d+: row \d+ .* is missing, and no event', 'a changed number of rows is not what the event says');
SELECT matches(pg_temp.undo($$DELETE FROM dwh_log.audit_archive WHERE month = '2023-02-01'$$, :'ask'), format('^%s: row \d+ .* is missing', :old_leaf),
	'an entry removed');
SELECT matches(pg_temp.undo($$DROP TRIGGER before_change ON dwh_log.audit_event_2023_03;
	ALTER TABLE dwh_log.audit_event ATTACH PARTITION dwh_log.audit_event_2023_03 FOR VALUES FROM ('2023-03-01') TO ('2023-04-01')$$,
	:'ask'), '^\d+: 5 rows of month 2023-03 .* were archived, but 0 are missing', 'rows put back after they were archived');

-- A month that is too young: the event is sealed and says what the row says, and is not believed.
SELECT matches(pg_temp.undo(format($$
	SELECT dwh_internal.audit_append('archive_log', NULL, 'done', jsonb_build_object('log', 'audit', 'month', date %1$L, 'row_count', 1,
		'retention_months', 24, 'is_table_kept', false));
	SELECT dwh.audit_seal();
	INSERT INTO dwh_log.audit_archive (source, month, row_count, retention_months, is_table_kept, event_id, event_month, event_bytes)
	SELECT 'audit', %1$L, 1, 24, false, event_id, month, dwh.canonical_event(event_id, month) FROM dwh_log.audit_event ORDER BY event_id DESC LIMIT 1;
	DELETE FROM dwh_log.audit_event WHERE event_id = %2$s$$, :'month', :event), :'ask'),
	format('^%s: row %s of dwh_log.audit_event is missing: its month was archived before its time', :leaf, :event), 'a month archived too early');
-- No rule of fewer months lets one go.
SELECT matches(pg_temp.undo($$UPDATE dwh_catalog.deadline SET value_number = 0 WHERE deadline_id = 101$$,
	format('SELECT dwh.archive_audit(%L)', date_trunc('month', dwh.today() - interval '24 months')::date)), '^22023 ', 'a rule of no months is no rule');
SELECT is(pg_temp.undo('SET LOCAL standard_conforming_strings = off', $$SELECT (count(*) > 0)::text FROM dwh_internal.log_months('audit')$$), 'true',
	'the months are found however strings are written');
SET LOCAL ROLE dwh_owner;
SELECT throws_ok('INSERT INTO dwh_log.audit_archive SELECT * FROM dwh_log.audit_archive LIMIT 1', '42501', NULL, 'the owner adds no entry');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;

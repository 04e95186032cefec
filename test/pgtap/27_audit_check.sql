-- Checks go on where the last good one ended; what they find is an event, a row, and an alarm.
BEGIN;
SET LOCAL client_min_messages = error;
SELECT plan(28);

SELECT dwh.audit_seal();
SELECT count(*) AS base FROM dwh_log.audit_leaf \gset
SELECT is((SELECT alarm FROM dwh.audit_status), NULL, 'a warehouse that was made just now raises no alarm');
SELECT results_eq('SELECT is_intact, leaf_from, leaf_to FROM dwh.audit_check()', format('VALUES (true, 0::bigint, %s::bigint)', :base), 'the first check looks at everything');
SELECT results_eq('SELECT tree_size, verified_size, last_verified_at > now(), last_full_at > now(), alarm FROM dwh.audit_status',
	format('VALUES (%1$s::bigint, %1$s::bigint, true, true, NULL::text)', :base), 'the view says how far');
SELECT count(dwh_internal.audit_append('check_test', NULL, 'done', jsonb_build_object('n', n))) FROM generate_series(1, 600) AS n;
SELECT dwh.audit_seal();
SELECT results_eq('SELECT tree_size - verified_size FROM dwh.audit_status', 'VALUES (600::bigint)', 'what is sealed later waits for the next check');
SELECT results_eq('SELECT is_intact, leaf_from, leaf_to FROM dwh.audit_check()', format('VALUES (true, %s::bigint, %s::bigint)', :base, :base + 600),
	'which looks at that only');
SELECT results_eq('SELECT is_intact, leaf_from, leaf_to FROM dwh.audit_check()', format('VALUES (true, %1$s::bigint, %1$s::bigint)', :base + 600), 'the next one has nothing to look at');
SELECT is((SELECT root_hash FROM dwh_log.audit_check ORDER BY check_no DESC LIMIT 1), dwh.audit_tree_head(), 'the root is kept');
SELECT throws_ok('DELETE FROM dwh_log.audit_check', '42501', NULL, 'checks are append-only');
SET LOCAL ROLE dwh_owner;
SELECT throws_ok($$INSERT INTO dwh_log.audit_check (checked_at, leaf_from, leaf_to, tree_size, is_intact, root_hash, duration_ms)
	SELECT now(), 0, max(tree_size), max(tree_size), true, sha256('x'), 1 FROM dwh_log.audit_tree_head$$, '42501', NULL, 'nobody writes a good check by hand');
RESET ROLE;

CREATE FUNCTION pg_temp.after(p_do text, p_ask text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	v_table text;
	v_answer text;
BEGIN
	FOREACH v_table IN ARRAY ARRAY['audit_event', 'audit_leaf', 'audit_node', 'audit_tree_head', 'audit_check'] LOOP
		EXECUTE format('ALTER TABLE dwh_log.%I DISABLE TRIGGER USER', v_table);
	END LOOP;
	EXECUTE p_do;
	EXECUTE p_ask INTO v_answer;
	RAISE EXCEPTION 'undo' USING ERRCODE = 'TT001', DETAIL = coalesce(v_answer, '');
EXCEPTION WHEN SQLSTATE 'TT001' THEN
	GET STACKED DIAGNOSTICS v_answer = PG_EXCEPTION_DETAIL;
	RETURN v_answer;
END
$$;
CREATE FUNCTION pg_temp.event(p_leaf bigint) RETURNS bigint LANGUAGE sql AS
	$$ SELECT source_id FROM dwh_log.audit_leaf WHERE leaf_index = p_leaf AND source = 'audit' $$;
\set check 'SELECT CASE WHEN is_intact THEN ''intact'' ELSE format(''%s: %s'', first_bad_leaf, problem) END FROM dwh.audit_check()'
\set full 'SELECT CASE WHEN is_intact THEN ''intact'' ELSE format(''%s: %s'', first_bad_leaf, problem) END FROM dwh.audit_check(true)'
SELECT count(dwh_internal.audit_append('check_test', NULL, 'done', NULL)) FROM generate_series(1, 20) AS n;
SELECT dwh.audit_seal();

-- After the checkpoint: found by the next check. Before it: by a full one.
\set new_leaf :base ' + 605'
\set old_leaf :base ' + 100'
SELECT format('UPDATE dwh_log.audit_event SET action = ''forged'' WHERE event_id = pg_temp.event(%s);', :base + 605) AS edit_new,
	format('UPDATE dwh_log.audit_event SET action = ''forged'' WHERE event_id = pg_temp.event(%s);', :base + 100) AS edit_old,
	format('DELETE FROM dwh_log.audit_event WHERE event_id >= pg_temp.event(%1$s); DELETE FROM dwh_log.audit_leaf WHERE leaf_index >= %1$s;', :base + 590) AS cut,
	format('DELETE FROM dwh_log.audit_leaf WHERE leaf_index = %s;', :base + 590) AS hole \gset
SELECT matches(pg_temp.after(:'edit_new', :'check'), format('^%s: row \d+ .* not the one', :new_leaf), 'an edited new row: the next check');
SELECT is(pg_temp.after(:'edit_old', :'check'), 'intact', 'an edited old row is none of its business');
SELECT matches(pg_temp.after(:'edit_old', :'full'), format('^%s: row \d+ .* not the one', :old_leaf), 'a full check finds it');
SELECT matches(pg_temp.after(:'hole', :'check'), format('^%s: the leaf, or the node above it, is missing', :base + 590), 'a hole right before the checkpoint');
SELECT matches(pg_temp.after(:'cut', :'check'), '^\d+: the leaf, or the node above it, is missing', 'a tail cut off behind the checkpoint: its heads tell');
SELECT matches(pg_temp.after(:'cut' || format('DELETE FROM dwh_log.audit_tree_head WHERE tree_size > %s; UPDATE dwh_log.audit_tree_head
	SET tree_size = %s, root_hash = dwh.audit_tree_head() WHERE tree_size = %1$s', :base + 600, :base + 590), :'check'),
	format('^%s: the last good check has %s leaves, the tree %1$s', :base + 590, :base + 600), 'with its heads the checkpoint tells');
SELECT matches(pg_temp.after(:'edit_old' || format('UPDATE dwh_log.audit_leaf SET leaf_hash = sha256(''\x01'') WHERE leaf_index = %s;', :base + 599), :'check'),
	'^\d+: the tree of \d+ leaves does not have the root of (its head|the last good check)', 'a leaf before the checkpoint whose tile is at hand: the root of the checkpoint tells');

-- The alarm: until a full check finds all intact again.
SELECT is(pg_temp.after(:'edit_new' || :'check', 'SELECT alarm || '' '' || (first_bad_leaf) FROM dwh.audit_status'), 'tampered ' || (:new_leaf), 'what is found raises the alarm');
SELECT is(pg_temp.after(:'edit_new' || :'check', $$SELECT action || ' ' || decision || ' ' || (detail ->> 'first_bad_leaf') FROM dwh_log.audit_event
	ORDER BY event_id DESC LIMIT 1$$), 'audit_check failed ' || (:new_leaf), 'and is an event');
SELECT is(pg_temp.after(:'edit_old' || :'full' || format('; UPDATE dwh_log.audit_event SET action = ''check_test'' WHERE event_id = pg_temp.event(%s);', :old_leaf) || :'check',
	'SELECT alarm FROM dwh.audit_status'), 'tampered', 'a good check of what is new does not end it');
SELECT is(pg_temp.after(:'edit_old' || :'full' || format('; UPDATE dwh_log.audit_event SET action = ''check_test'' WHERE event_id = pg_temp.event(%s);', :old_leaf) || :'full',
	'SELECT alarm FROM dwh.audit_status'), '', 'a good check of everything does');
SELECT is(pg_temp.after(:'edit_old' || :'full' || format('; UPDATE dwh_log.audit_event SET action = ''check_test'' WHERE event_id = pg_temp.event(%s);', :old_leaf) || :'full'
	|| '; UPDATE dwh_log.audit_check SET checked_at = checked_at - interval ''1 hour'' WHERE is_intact',
	'SELECT alarm FROM dwh.audit_status'), 'tampered', 'not one that had begun before');
SELECT is(pg_temp.after($$UPDATE dwh_log.audit_check SET checked_at = checked_at - interval '3 days'$$, 'SELECT alarm FROM dwh.audit_status'), 'overdue',
	'no check for two intervals: overdue');

-- The guards of the logs' tables: to the letter.
SELECT is_empty('SELECT fault FROM dwh_internal.log_guard_faults()', 'every table of the logs has its guards and nothing else');
CREATE OR REPLACE TRIGGER before_change BEFORE UPDATE OR DELETE ON dwh_log.audit_leaf FOR EACH ROW WHEN (false) EXECUTE FUNCTION dwh_internal.refuse_change();
ALTER TABLE dwh_log.share_log DISABLE TRIGGER before_change;
ALTER TABLE dwh_log.share_log ENABLE TRIGGER before_change;
ALTER TABLE dwh_log.audit_archive FORCE ROW LEVEL SECURITY;
SELECT is((SELECT string_agg(fault, '; ' ORDER BY fault) FROM dwh_internal.log_guard_faults() WHERE fault !~ 'share_log_'),
	'dwh_log.audit_archive: row security is forced on its owner; dwh_log.audit_leaf: trigger before_change is missing, disabled or changed; '
	'dwh_log.share_log: trigger before_change is missing, disabled or changed', 'a condition, ENABLE instead of ENABLE ALWAYS, row security');
SELECT dwh.audit_check() \g /dev/null
SELECT matches((SELECT decision || detail FROM dwh_log.audit_event ORDER BY event_id DESC LIMIT 1), '^failed.*audit_leaf: trigger before_change', 'a check makes an event of it');
SELECT throws_ok('SELECT dwh.schedule_audit_check(NULL)', '22004', NULL, 'a schedule must be given');
SELECT throws_ok($$SELECT dwh.schedule_audit_check('30 3 * * 0')$$, '0A000', 'pg_cron is not installed in this database', 'and needs pg_cron');
CREATE ROLE regress_reader LOGIN;
GRANT dwh_analyst TO regress_reader;
SET LOCAL ROLE regress_reader;
SELECT throws_ok('SELECT dwh.audit_check()', '42501', NULL, 'readers do not check the log');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;

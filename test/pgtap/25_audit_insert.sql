-- Events go straight into the partition of their month, and yet as INSERT would have it: whatever is kept of a table follows its changes.
-- 893-041 2327-065
BEGIN;
SET LOCAL client_min_messages = error;
SELECT plan(17);
CREATE FUNCTION pg_temp.append(p_action text, p_decision text DEFAULT 'done', p_detail jsonb DEFAULT '{}') RETURNS dwh_log.audit_event LANGUAGE plpgsql AS $$
DECLARE
	e dwh_log.audit_event;
BEGIN
	PERFORM dwh_internal.audit_append(p_action, 'object', p_decision, p_detail);
	SELECT * INTO e FROM dwh_log.audit_event ORDER BY event_id DESC LIMIT 1;
	RETURN e;
END
$$;
CREATE FUNCTION pg_temp.fails(p_action text, p_decision text DEFAULT 'done', p_detail jsonb DEFAULT '{}') RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM dwh_internal.audit_append(p_action, 'object', p_decision, p_detail);
	RETURN '';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END
$$;
SELECT format('dwh_log.audit_event_%s', to_char(dwh.today(), 'YYYY_MM')) AS partition \gset

SELECT is(format('%s|%s|%s|%s|%s|%s', e.action, e.object, e.decision, e.detail, e.session_user_name, e.month), format('first|object|done|{"n": 1}|%s|%s', session_user, date_trunc('month', dwh.today())::date),
	'893-041 an event has its row') FROM pg_temp.append('first', 'done', '{"n": 1}') AS e;
SELECT is(tableoid::regclass::text, :'partition', 'in the partition of its month') FROM dwh_log.audit_event ORDER BY event_id DESC LIMIT 1;
SELECT ok((b).event_id > (a).event_id, 'its number comes from the table') FROM (SELECT pg_temp.append('a') AS a, pg_temp.append('b') AS b OFFSET 0) AS s;
SELECT is(pg_temp.fails(action, decision, detail), code, w) FROM (VALUES ('', 'done', '{}'::jsonb, '23514', 'an action is named'), ('x', 'perhaps', '{}', '23514', 'a decision is one of three'),
	('x', 'done', '[]', '23514', 'details are an object'), (NULL, 'done', '{}', '23502', 'nothing is left out'), ('x', NULL, '{}', '23502', 'nor the decision')) AS v (action, decision, detail, code, w);
-- What a site adds counts at once.
ALTER TABLE dwh_log.audit_event ADD COLUMN tap_site text NOT NULL DEFAULT 'site';
SELECT is(to_jsonb(pg_temp.append('column')) ->> 'tap_site', 'site', 'a column that a site adds has its default');
ALTER TABLE dwh_log.audit_event ADD CONSTRAINT tap_check CHECK (action <> 'forbidden');
SELECT is(pg_temp.fails('forbidden'), '23514', 'a CHECK that a site adds holds');
ALTER TABLE dwh_log.audit_event DROP CONSTRAINT tap_check;
SELECT is(pg_temp.fails('forbidden'), '', 'until it is dropped');
CREATE UNIQUE INDEX tap_once ON :partition (action) WHERE action = 'once';
SELECT is(pg_temp.fails('once') || pg_temp.fails('once'), '23505', 'a unique index too');
DROP INDEX dwh_log.tap_once;
CREATE TEMPORARY TABLE heard (action text);
GRANT ALL ON heard TO PUBLIC;
CREATE FUNCTION pg_temp.hear() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO heard VALUES (NEW.action); RETURN NEW; END $$;
GRANT EXECUTE ON FUNCTION pg_temp.hear() TO PUBLIC;
CREATE TRIGGER tap_hear AFTER INSERT ON dwh_log.audit_event FOR EACH ROW EXECUTE FUNCTION pg_temp.hear();
SELECT is((pg_temp.append('told')).action, 'told', 'a trigger that a site adds');
SELECT is(string_agg(action, ' '), 'told', 'is run') FROM heard;
DROP TRIGGER tap_hear ON dwh_log.audit_event;
-- Without its partition a month takes no event; with another one, of columns in another order, it does.
SELECT pg_get_expr(relpartbound, oid) AS bound FROM pg_class WHERE oid = :'partition'::regclass \gset
ALTER TABLE dwh_log.audit_event DETACH PARTITION :partition;
SELECT is(pg_temp.fails('nowhere'), '23514', 'where the partition was detached, nothing is recorded');
CREATE TABLE dwh_log.tap_other (tap_site text NOT NULL, detail jsonb NOT NULL, decision text NOT NULL, object text, action text NOT NULL, client_address text, outer_user_name text NOT NULL,
	session_user_name text NOT NULL, person text, account_id int, month date NOT NULL, occurred_at timestamptz NOT NULL, event_id bigint NOT NULL,
	CONSTRAINT audit_event_month_check CHECK (extract(day FROM month) = 1), CONSTRAINT audit_event_action_check CHECK (action <> ''),
	CONSTRAINT audit_event_decision_check CHECK (decision = ANY ('{done,refused,failed}')), CONSTRAINT audit_event_detail_check CHECK (jsonb_typeof(detail) = 'object'));
ALTER TABLE dwh_log.tap_other OWNER TO dwh_owner;
ALTER TABLE dwh_log.audit_event ATTACH PARTITION dwh_log.tap_other :bound;
SELECT is(format('%s|%s|%s', e.action, e.tap_site, e.detail), 'other|site|{"n": 2}', 'another partition takes its place, whatever the order of its columns') FROM pg_temp.append('other', 'done', '{"n": 2}') AS e;
-- A transaction that may not write appends nothing.
SET TRANSACTION READ ONLY;
SELECT is(pg_temp.fails('reading'), '25006', 'a read-only transaction records nothing');
SELECT * FROM finish();
ROLLBACK;

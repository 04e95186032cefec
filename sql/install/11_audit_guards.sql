-- What is wrong with the guards of the logs' tables: see src/audit/guard.c. Every table of them, partitions too, has the first two triggers, those
-- of the tree and its checks the third, and no other trigger, no rule, no row security that its owner must obey; those that are not partitioned have no children.
CREATE FUNCTION dwh_internal.log_guard_faults()
RETURNS TABLE (fault text)
LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
	WITH RECURSIVE log (relation, is_inherited, is_tree) AS (
		SELECT c.oid, false, c.relname NOT IN ('audit_event', 'share_log') FROM pg_class AS c
		WHERE c.relnamespace = 'dwh_log'::regnamespace
			AND c.relname = ANY ('{audit_event,share_log,audit_leaf,audit_node,audit_tree_head,audit_archive,audit_check}')
		UNION ALL
		SELECT i.inhrelid, NOT c.relispartition, l.is_tree FROM log AS l JOIN pg_inherits AS i ON i.inhparent = l.relation JOIN pg_class AS c ON c.oid = i.inhrelid),
	-- Their name, kind (pg_trigger.tgtype) and function, to the letter: a condition, a list of columns or another function is none of ours.
	guard (name, type, enabled) AS (VALUES ('before_change', 27, 'A'), ('before_truncate', 34, 'A'), ('before_insert', 7, 'O')),
	trigger (relation, is_tree, name, parent, is_guard) AS (
		SELECT l.relation, l.is_tree, t.tgname, t.tgparentid, t.tgqual IS NULL AND t.tgattr::text = '' AND p.prosrc = 'dwh_sql_refuse_change'
			AND p.prolang = (SELECT oid FROM pg_language WHERE lanname = 'c') AND (t.tgname, t.tgtype, t.tgenabled) IN (SELECT g.name, g.type, g.enabled FROM guard AS g)
		FROM log AS l JOIN pg_trigger AS t ON t.tgrelid = l.relation JOIN pg_proc AS p ON p.oid = t.tgfoid
		-- Foreign keys and deferred uniqueness are kept by triggers of the server's.
		WHERE NOT (t.tgisinternal AND p.pronamespace = 'pg_catalog'::regnamespace))
	SELECT format('%s: trigger %s is missing, disabled or changed', l.relation::regclass, g.name) FROM log AS l CROSS JOIN guard AS g
		WHERE NOT l.is_inherited AND (l.is_tree OR g.name <> 'before_insert') AND NOT EXISTS (SELECT FROM trigger AS t WHERE t.relation = l.relation AND t.name = g.name AND t.is_guard)
	UNION ALL
	SELECT format('%s: trigger %I is not ours', t.relation::regclass, t.name) FROM trigger AS t
		WHERE t.parent = 0 AND NOT EXISTS (SELECT FROM guard AS g WHERE g.name = t.name AND (t.is_tree OR g.name <> 'before_insert'))
	UNION ALL
	SELECT format('%s: rule %I is not ours', l.relation::regclass, r.rulename) FROM log AS l JOIN pg_rewrite AS r ON r.ev_class = l.relation
	UNION ALL
	SELECT format('%s: a child table that is not ours', l.relation::regclass) FROM log AS l WHERE l.is_inherited
	UNION ALL
	SELECT format('%s: row security is forced on its owner', l.relation::regclass) FROM log AS l JOIN pg_class AS c ON c.oid = l.relation
		WHERE c.relforcerowsecurity
$$;
COMMENT ON FUNCTION dwh_internal.log_guard_faults() IS
	'Các bảng nhật ký thiếu gì hoặc thừa gì so với bảo vệ của chúng | What the tables of the logs lack of their guards, or have beside them';

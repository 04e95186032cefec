-- What lies open: looks for ways around row security. Reads catalogs only, so it says the same in every session.

-- Relations whose rows are a matter of scope, without their partitions. p_subject_id NULL: by a column of the row.
CREATE FUNCTION dwh_internal.scoped_relations()
RETURNS TABLE (relation regclass, unit_column text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE ROWS 20 SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN QUERY
	SELECT s.relation, s.unit_column FROM dwh_catalog.subject AS s JOIN pg_class AS c ON c.oid = s.relation WHERE c.relkind IN ('r', 'p')
	UNION
	SELECT s.relation, 'unit_id' FROM dwh_catalog.summary AS s JOIN pg_class AS c ON c.oid = s.relation
	UNION
	-- whatever else stands among the facts and has a unit
	SELECT c.oid::regclass, CASE c.relname WHEN 'dim_person' THEN 'home_unit_id' ELSE 'unit_id' END
	FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND NOT a.attisdropped
	WHERE c.relnamespace = 'dwh_star'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
		AND (c.relname = 'dim_person' AND a.attname = 'home_unit_id' OR c.relname NOT LIKE E'dim\\_%' AND a.attname = 'unit_id');
END
$$;
COMMENT ON FUNCTION dwh_internal.scoped_relations() IS
	'Các bảng có phạm vi theo đơn vị | The tables whose rows are a matter of scope';

-- Without jit: the query has hundreds of expressions and few rows, and would spend all its time compiling.
CREATE FUNCTION dwh_internal.check_scope()
RETURNS TABLE (problem text, object text, detail text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET jit = off SET quote_all_identifiers = off AS $$
BEGIN
	RETURN QUERY
	WITH RECURSIVE scoped AS MATERIALIZED (
		SELECT r.relation::oid AS oid, r.relation::oid AS top, r.unit_column FROM dwh_internal.scoped_relations() AS r),
	part AS MATERIALIZED (
		SELECT DISTINCT i.inhrelid AS oid, s.top
		FROM scoped AS s CROSS JOIN LATERAL pg_partition_tree(s.oid) AS t JOIN pg_inherits AS i ON i.inhrelid = t.relid
		WHERE t.relid <> s.oid),
	every AS MATERIALIZED (SELECT s.oid FROM scoped AS s UNION SELECT p.oid FROM part AS p),
	-- views over them, and views over those
	over (oid) AS (
		SELECT e.oid FROM every AS e
		UNION
		SELECT r.ev_class FROM over AS o
		JOIN pg_depend AS d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = o.oid AND d.classid = 'pg_rewrite'::regclass
		JOIN pg_rewrite AS r ON r.oid = d.objid),
	-- rights of somebody else than the owner to read, on the table or a column
	reader AS MATERIALIZED (
		SELECT c.oid, a.grantee FROM pg_class AS c, aclexplode(c.relacl) AS a WHERE a.privilege_type = 'SELECT' AND a.grantee <> c.relowner
		UNION
		SELECT c.oid, a.grantee FROM pg_class AS c JOIN pg_attribute AS t ON t.attrelid = c.oid, aclexplode(t.attacl) AS a
		WHERE a.privilege_type = 'SELECT' AND a.grantee <> c.relowner),
	members (member, via) AS (
		SELECT m.member, r.rolname FROM pg_auth_members AS m JOIN pg_roles AS r ON r.oid = m.roleid
		WHERE r.rolname = 'dwh_owner' OR r.rolname IN (SELECT g.role_name FROM dwh_catalog.user_group AS g)
		UNION
		SELECT m.member, b.via FROM members AS b JOIN pg_auth_members AS m ON m.roleid = b.member)
	SELECT x.problem, x.object, x.detail FROM (
		SELECT 'no_row_security', e.oid::regclass::text,
			CASE c.relowner WHEN 'dwh_owner'::regrole THEN '' ELSE 'ALTER TABLE ... OWNER TO dwh_owner, and ' END || 'ALTER TABLE ... ENABLE ROW LEVEL SECURITY'
		FROM every AS e JOIN pg_class AS c ON c.oid = e.oid WHERE NOT c.relrowsecurity
		UNION ALL
		SELECT 'no_policy', s.oid::regclass::text, CASE WHEN c.relrowsecurity THEN 'readers see no row of it' ELSE 'readers see every row of it' END
		FROM scoped AS s JOIN pg_class AS c ON c.oid = s.oid
		WHERE NOT EXISTS (SELECT FROM pg_policy AS p WHERE p.polrelid = s.oid AND p.polcmd IN ('*', 'r'))
			AND EXISTS (SELECT FROM reader AS r WHERE r.oid = s.oid)
		UNION ALL
		-- ours ask for the scope and for nothing else; what narrows it is a restrictive policy
		SELECT 'strange_policy', s.oid::regclass::text, format('policy %I may show more than the scope does', p.polname)
		FROM scoped AS s JOIN pg_policy AS p ON p.polrelid = s.oid
		WHERE p.polpermissive AND p.polcmd IN ('*', 'r')
			AND coalesce(pg_get_expr(p.polqual, p.polrelid) !~ '^[(]?dwh[.](in_scope|has_subject)[(][^()]+[)]( AND dwh[.]has_whole_unit[(][^()]+[)][)])?$', true)
		UNION ALL
		SELECT 'owner_not_forced', s.oid::regclass::text, format('its owner %s sees all rows', c.relowner::regrole)
		FROM scoped AS s JOIN pg_class AS c ON c.oid = s.oid WHERE c.relowner <> 'dwh_owner'::regrole AND NOT c.relforcerowsecurity
		UNION ALL
		-- who owns what dwh_owner reads could have it run code, and a partition that is another's stops a rebuild
		SELECT 'foreign_owner', s.oid::regclass::text, format('it belongs to %s: ALTER TABLE ... OWNER TO dwh_owner', c.relowner::regrole)
		FROM scoped AS s JOIN pg_class AS c ON c.oid = s.oid WHERE NOT pg_has_role(c.relowner, 'dwh_owner', 'USAGE')
		UNION ALL
		SELECT 'foreign_owner', p.oid::regclass::text, format('it belongs to %s: ALTER TABLE ... OWNER TO %s', c.relowner::regrole, t.relowner::regrole)
		FROM part AS p JOIN pg_class AS c ON c.oid = p.oid JOIN pg_class AS t ON t.oid = p.top WHERE c.relowner <> t.relowner
		UNION ALL
		SELECT 'inherits', i.inhrelid::regclass::text, format('its rows are counted in %s, but neither watched nor protected', s.oid::regclass)
		FROM scoped AS s JOIN pg_class AS c ON c.oid = s.oid AND c.relkind = 'r' JOIN pg_inherits AS i ON i.inhparent = s.oid
		UNION ALL
		SELECT 'not_logged', e.oid::regclass::text, 'its rows are gone after a crash: ALTER TABLE ... SET LOGGED'
		FROM every AS e JOIN pg_class AS c ON c.oid = e.oid WHERE c.relkind = 'r' AND c.relpersistence <> 'p'
		UNION ALL
		SELECT 'partition_granted', p.oid::regclass::text, CASE r.grantee WHEN 0 THEN 'PUBLIC' ELSE r.grantee::regrole::text END
		FROM part AS p JOIN reader AS r ON r.oid = p.oid
		UNION ALL
		SELECT 'partition_policy', p.oid::regclass::text, format('policy %I', y.polname) FROM part AS p JOIN pg_policy AS y ON y.polrelid = p.oid
		UNION ALL
		SELECT 'no_index', s.oid::regclass::text, format('CREATE INDEX ON %s (%I, ...)', s.oid::regclass, s.unit_column)
		FROM scoped AS s JOIN pg_attribute AS a ON a.attrelid = s.oid AND a.attname = s.unit_column AND NOT a.attisdropped
		WHERE NOT EXISTS (SELECT FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_am AS m ON m.oid = c.relam
			WHERE i.indrelid = s.oid AND i.indisvalid AND i.indkey[0] = a.attnum AND i.indpred IS NULL AND m.amname = 'btree')
			AND EXISTS (SELECT FROM reader AS r WHERE r.oid = s.oid)
		UNION ALL
		SELECT 'view_without_security_invoker', v.oid::regclass::text, format('it shows the rows of its owner %s', v.relowner::regrole)
		FROM over AS o JOIN pg_class AS v ON v.oid = o.oid AND v.relkind = 'v'
		WHERE NOT coalesce((SELECT p.option_value::boolean FROM pg_options_to_table(v.reloptions) AS p WHERE p.option_name = 'security_invoker'), false)
		UNION ALL
		SELECT 'materialized_view', v.oid::regclass::text,
			format('%s reads the rows of its owner %s', CASE r.grantee WHEN 0 THEN 'PUBLIC' ELSE r.grantee::regrole::text END, v.relowner::regrole)
		FROM over AS o JOIN pg_class AS v ON v.oid = o.oid AND v.relkind = 'm' JOIN reader AS r ON r.oid = v.oid
		UNION ALL
		SELECT 'owner_has_member', b.member::regrole::text, 'a member of dwh_owner sees and changes everything'
		FROM members AS b WHERE b.via = 'dwh_owner'
		UNION ALL
		SELECT 'bypass_member', r.rolname, 'row security does not hold for a role with SUPERUSER or BYPASSRLS'
		FROM pg_roles AS r
		WHERE (r.rolsuper OR r.rolbypassrls) AND (EXISTS (SELECT FROM members AS b WHERE b.member = r.oid AND b.via <> 'dwh_owner')
			OR EXISTS (SELECT FROM dwh_catalog.account AS a WHERE a.login_role = r.rolname)
			OR EXISTS (SELECT FROM dwh_catalog.user_group AS g WHERE g.role_name = r.rolname)
			OR r.rolbypassrls AND NOT r.rolsuper AND EXISTS (SELECT FROM every AS e WHERE has_any_column_privilege(r.oid, e.oid, 'SELECT')))
		UNION ALL
		SELECT 'makes_members', r.rolname, 'up to PostgreSQL 15 a role with CREATEROLE makes itself a member of dwh_owner'
		FROM pg_roles AS r
		WHERE current_setting('server_version_num')::int < 160000 AND r.rolcreaterole AND NOT r.rolsuper
			AND (EXISTS (SELECT FROM members AS b WHERE b.member = r.oid) OR EXISTS (SELECT FROM dwh_catalog.account AS a WHERE a.login_role = r.rolname))
		UNION ALL
		-- a column is given to a group that needs it, never the table, and nothing to everybody
		SELECT 'personal_granted', 'dwh_star.dim_person', CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE x.grantee::regrole::text END
		FROM (SELECT a.grantee FROM pg_class AS c, aclexplode(c.relacl) AS a
				WHERE c.oid = 'dwh_star.dim_person'::regclass AND a.privilege_type = 'SELECT' AND a.grantee <> c.relowner
			UNION
			SELECT a.grantee FROM pg_attribute AS t, aclexplode(t.attacl) AS a WHERE t.attrelid = 'dwh_star.dim_person'::regclass
				AND a.privilege_type = 'SELECT' AND a.grantee = 0
				AND t.attname IN ('social_insurance_no', 'identity_no', 'full_name', 'birth_date', 'sex')) AS x
		UNION ALL
		SELECT 'reads_all_data', r.rolname, 'a member of pg_read_all_data reads accounts, grants and landing'
		FROM pg_roles AS r
		WHERE NOT r.rolsuper AND pg_has_role(r.oid, 'pg_read_all_data', 'MEMBER') AND (EXISTS (SELECT FROM members AS b WHERE b.member = r.oid)
			OR EXISTS (SELECT FROM dwh_catalog.account AS a WHERE a.login_role = r.rolname))
		UNION ALL
		SELECT 'cache_not_told', t.name, 'trigger after_change_cache is missing or not ENABLE ALWAYS, or after_change_replica not ENABLE REPLICA: '
			'sessions keep an old scope'
		FROM unnest(ARRAY['dwh_catalog.account', 'dwh_catalog.user_group', 'dwh_catalog.user_group_subject', 'dwh_catalog.access_grant',
			'dwh_catalog.access_grant_subject', 'dwh_catalog.user_group_limit', 'dwh_catalog.warehouse', 'dwh_star.dim_unit', 'dwh_catalog.unit_succession',
			'dwh_catalog.token_issuer', 'dwh_catalog.token_key', 'dwh_catalog.gateway', 'dwh_catalog.mailbox_holder']) AS t (name)
		WHERE (SELECT count(*) FROM pg_trigger AS g WHERE g.tgrelid = to_regclass(t.name)
			AND (g.tgname = 'after_change_cache' AND g.tgenabled = 'A' OR g.tgname = 'after_change_replica' AND g.tgenabled = 'R')) <> 2
	) AS x (problem, object, detail)
	GROUP BY 1, 2, 3
	ORDER BY x.problem COLLATE "C", x.object COLLATE "C", x.detail COLLATE "C";
END
$$;
COMMENT ON FUNCTION dwh_internal.check_scope() IS 'Phần thân của dwh.check_scope() | What dwh.check_scope() runs';

CREATE FUNCTION dwh.check_scope(OUT problem text, OUT object text, OUT detail text)
RETURNS SETOF record LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_check_scope';
COMMENT ON FUNCTION dwh.check_scope() IS
	'Những chỗ hở của phạm vi: bảng thiếu chính sách dòng, khung nhìn, quyền vượt | '
	'What lies open: tables without row policies, views, roles that bypass them';

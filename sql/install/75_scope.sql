-- Who sees which rows: see src/scope. Policies call in_scope() and has_subject() with the rights of whoever reads.
CREATE FUNCTION dwh_internal.in_scope_support(internal)
RETURNS internal LANGUAGE c STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dwh_sql_in_scope_support';
COMMENT ON FUNCTION dwh_internal.in_scope_support(internal) IS
	'Cho bộ lập kế hoạch biết in_scope() dùng chỉ mục nào và giữ lại bao nhiêu dòng | '
	'Tells the planner which index in_scope() may use and how many rows it keeps';

CREATE FUNCTION dwh.in_scope(p_unit_id int, p_subject_id int)
RETURNS boolean LANGUAGE c STABLE STRICT LEAKPROOF PARALLEL SAFE COST 1 SUPPORT dwh_internal.in_scope_support
AS 'MODULE_PATHNAME', 'dwh_sql_in_scope';
COMMENT ON FUNCTION dwh.in_scope(int, int) IS
	'Người gọi có được xem dòng của đơn vị này trong chủ đề này hay không | Whether the caller may see the unit''s rows of the subject';

CREATE FUNCTION dwh_internal.scoped_unit(p_unit_id int, p_subject_id int)
RETURNS int LANGUAGE c STABLE PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'dwh_sql_scoped_unit';
COMMENT ON FUNCTION dwh_internal.scoped_unit(int, int) IS
	'Đơn vị nếu người gọi được xem, không thì NULL; kế hoạch truy vấn gọi hàm này | The unit if the caller may see it, else NULL; plans call this';

CREATE FUNCTION dwh.has_whole_unit(p_unit_id int, p_subject_id int)
RETURNS boolean LANGUAGE c STABLE STRICT LEAKPROOF PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'dwh_sql_has_whole_unit';
COMMENT ON FUNCTION dwh.has_whole_unit(int, int) IS
	'Người gọi có được xem toàn bộ đơn vị này, kể cả cấp dưới, trong chủ đề này hay không | '
	'Whether the caller may see all that counts for the unit in the subject, what lies under it included';

CREATE FUNCTION dwh.has_subject(p_subject_id int)
RETURNS boolean LANGUAGE c STABLE STRICT LEAKPROOF PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME', 'dwh_sql_has_subject';
COMMENT ON FUNCTION dwh.has_subject(int) IS
	'Người gọi có quyền toàn quốc với chủ đề này hay không | Whether the caller may see the subject''s rows of every unit';

CREATE FUNCTION dwh_internal.has_subject_support(internal)
RETURNS internal LANGUAGE c STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dwh_sql_has_subject_support';
COMMENT ON FUNCTION dwh_internal.has_subject_support(internal) IS
	'Cho bộ lập kế hoạch biết has_subject() theo dòng giữ lại bao nhiêu dòng, và khi nào chỉ cần hỏi một lần | '
	'Tells the planner how many rows has_subject() by row keeps, and when to ask once is enough';

CREATE FUNCTION dwh.has_subject(p_subject_id int, p_unit_id int)
RETURNS boolean LANGUAGE c STABLE LEAKPROOF PARALLEL SAFE COST 1 SUPPORT dwh_internal.has_subject_support
AS 'MODULE_PATHNAME', 'dwh_sql_has_subject_by_row';
COMMENT ON FUNCTION dwh.has_subject(int, int) IS
	'Như has_subject(p_subject_id), hỏi theo từng dòng; đơn vị của dòng không làm thay đổi kết quả | '
	'The same as has_subject(p_subject_id), asked with each row; the row''s unit makes no difference';

CREATE FUNCTION dwh.scope_units(p_subject_id int DEFAULT NULL)
RETURNS int[] LANGUAGE c STABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'dwh_sql_scope_units';
COMMENT ON FUNCTION dwh.scope_units(int) IS
	'Các đơn vị trong phạm vi của người gọi với một chủ đề; NULL: theo mọi quyền đang có hiệu lực | '
	'The units in the caller''s scope in a subject; NULL: of every grant in force';

-- Row security on a relation with a row a unit. Called as its owner, or as dwh_owner. See sql/warehouse/85_scope_attachments.sql.
CREATE FUNCTION dwh_internal.protect_relation(p_relation regclass, p_subject_id int, p_unit_column text DEFAULT 'unit_id')
RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_subject	text := coalesce(p_subject_id::text, 'subject_id');
	v_roles		text;
	v_table		regclass;
	v_policy	text;
	v_other		text;
BEGIN
	IF (SELECT relkind FROM pg_class WHERE oid = p_relation) NOT IN ('r', 'p') THEN
		RETURN;				-- a view shows what its reader, or its owner, may see
	END IF;
	-- A table that readers of another subject see is not opened to those of this one instead. Names are quoted where the session quotes them all.
	SELECT n.subject INTO v_other
	FROM pg_policy AS p CROSS JOIN LATERAL substring(replace(pg_get_expr(p.polqual, p.polrelid), '"', ''), E'dwh\\.has_subject\\(([a-z0-9_]+)[,)]') AS n (subject)
	WHERE p.polrelid = p_relation AND p.polname = 'read_national' AND n.subject <> v_subject
		AND (n.subject = 'subject_id' OR EXISTS (SELECT FROM dwh_catalog.subject AS s WHERE s.subject_id::text = n.subject));
	IF v_other IS NOT NULL THEN
		RAISE EXCEPTION '% has row security for another subject', p_relation
			USING ERRCODE = '55000', DETAIL = format('Its policies name %s, not %s.', v_other, v_subject),
				HINT = 'A table belongs to one subject. Drop its policies read_national and read_scope if it is to belong to another one.';
	END IF;
	FOR v_table IN
		SELECT c.oid
		FROM pg_class AS c
		WHERE (c.oid = p_relation OR c.oid IN (SELECT relid FROM pg_partition_tree(p_relation))) AND c.relkind IN ('r', 'p')
			AND NOT c.relrowsecurity
		ORDER BY c.oid
	LOOP
		EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', v_table);
	END LOOP;
	-- Whoever owns the table sees all of it, so the owner must be nobody's login.
	IF (SELECT relowner <> 'dwh_owner'::regrole AND NOT relforcerowsecurity FROM pg_class WHERE oid = p_relation) THEN
		EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', p_relation);
	END IF;
	FOR v_policy IN SELECT polname FROM pg_policy WHERE polrelid = p_relation AND polname IN ('read_national', 'read_scope') LOOP
		EXECUTE format('DROP POLICY %I ON %s', v_policy, p_relation);
	END LOOP;
	EXECUTE format('CREATE POLICY read_national ON %s TO dwh_national USING (dwh.has_subject(%s, %I))', p_relation, v_subject, p_unit_column);
	SELECT string_agg(quote_ident(r.rolname), ', ' ORDER BY r.rolname) INTO v_roles
	FROM dwh_catalog.user_group AS g JOIN pg_roles AS r ON r.rolname = g.role_name
	WHERE r.rolname NOT IN ('dwh_national', 'dwh_owner') AND g.rights_of IS NULL;	-- else through the role whose rights it has
	IF v_roles IS NOT NULL THEN
		EXECUTE format('CREATE POLICY read_scope ON %s TO %s USING (dwh.in_scope(%I, %s))', p_relation, v_roles, p_unit_column, v_subject);
	END IF;
END
$$;
COMMENT ON FUNCTION dwh_internal.protect_relation(regclass, int, text) IS
	'Đặt chính sách dòng cho một bảng theo chủ đề (NULL: theo cột subject_id của dòng) | '
	'Puts row policies on a table by subject (NULL: by the row''s column subject_id)';

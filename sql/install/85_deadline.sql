-- What is past a legal deadline, and which steps are open; see sql/warehouse/89_deadline_attachments.sql.

-- What the caller may see of what is due: central administrators and auditors all, sharing officers what concerns sharing (of their
-- units where their grants name units), administrators of a province what concerns its units.
CREATE FUNCTION dwh_internal.visible_due_items()
RETURNS TABLE (room text, article text, kind text, object text, subject text, unit_id int, unit_name text, agency text, begun_on date,
	due_on date, done_on date, rule_valid_to date, is_immediate boolean, is_legal boolean)
-- A view over all rooms is dear to plan and cheap to run: compiling it takes longer than running it.
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
	r record;
BEGIN
	PERFORM dwh_internal.require_role(ARRAY['dwh_central_admin', 'dwh_province_admin', 'dwh_share_officer', 'dwh_auditor'], '893 Art. 19.1');
	r := dwh_internal.problem_rights();
	RETURN QUERY
	SELECT i.room, i.article, i.kind, i.object, i.subject, i.unit_id, u.name_vi, y.identifier, i.begun_on, i.due_on, i.done_on, i.rule_valid_to,
		i.is_immediate, i.is_legal
	FROM dwh_catalog.due_item AS i
	LEFT JOIN dwh_star.dim_unit AS u ON u.unit_id = i.unit_id
	LEFT JOIN dwh_catalog.agency AS y ON y.agency_id = i.agency_id
	WHERE r.is_central OR r.is_auditor OR i.unit_id = ANY (r.province_units)
		OR (r.is_officer AND i.room = 'share' AND (r.officer_units IS NULL OR EXISTS (
			SELECT FROM dwh_catalog.share_service AS s JOIN dwh_catalog.share_database_unit AS d USING (database_id)
			WHERE s.service_id = i.service_id AND d.unit_id = ANY (r.officer_units) AND d.valid_from <= dwh.today()
				AND coalesce(d.valid_to >= dwh.today(), true))));
END
$$;
COMMENT ON FUNCTION dwh_internal.visible_due_items() IS 'Các việc có thời hạn mà người gọi được xem | What is due, as far as the caller may see it';

CREATE FUNCTION dwh_internal.overdue(p_on date)
RETURNS TABLE (room text, article text, kind text, object text, subject text, unit_id int, unit_name text, agency text, begun_on date,
	due_on date, days_late int, is_done boolean, is_immediate boolean, is_legal boolean)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	-- of all days the last that can be counted to
	v_on date := least(coalesce(p_on, dwh.today()), '9999-12-31');
BEGIN
	RETURN QUERY
	SELECT i.room, i.article, i.kind, i.object, i.subject, i.unit_id, i.unit_name, i.agency, i.begun_on, i.due_on, v_on - i.due_on,
		i.done_on IS NOT NULL, i.is_immediate, i.is_legal
	FROM dwh_internal.visible_due_items() AS i
	WHERE i.due_on < v_on AND i.begun_on <= v_on AND coalesce(i.done_on > v_on, true) AND coalesce(i.rule_valid_to >= v_on, true)
	ORDER BY i.is_immediate DESC, i.due_on, i.room COLLATE "C", i.kind COLLATE "C", i.object COLLATE "C";
END
$$;
COMMENT ON FUNCTION dwh_internal.overdue(date) IS 'Xem dwh.overdue | See dwh.overdue';

CREATE FUNCTION dwh.overdue(p_on date DEFAULT NULL, OUT room text, OUT article text, OUT kind text, OUT object text, OUT subject text,
	OUT unit_id int, OUT unit_name text, OUT agency text, OUT begun_on date, OUT due_on date, OUT days_late int, OUT is_done boolean,
	OUT is_immediate boolean, OUT is_legal boolean)
RETURNS SETOF record LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_access_list';
COMMENT ON FUNCTION dwh.overdue(date) IS
	'Mọi việc quá hạn vào một ngày (NULL là hôm nay), của mọi bộ phận; việc phải làm ngay đứng trước | '
	'Everything past its deadline on a day (NULL: today), of all rooms; what is due at once comes first';

-- What waits although no rule sets a day: never overdue.
CREATE FUNCTION dwh_internal.open_steps(p_on date)
RETURNS TABLE (room text, article text, kind text, object text, subject text, unit_id int, unit_name text, agency text, begun_on date)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_on date := coalesce(p_on, dwh.today());
BEGIN
	RETURN QUERY
	SELECT i.room, i.article, i.kind, i.object, i.subject, i.unit_id, i.unit_name, i.agency, i.begun_on
	FROM dwh_internal.visible_due_items() AS i
	WHERE i.due_on IS NULL AND i.begun_on <= v_on AND coalesce(i.done_on > v_on, true)
	ORDER BY i.begun_on, i.room COLLATE "C", i.kind COLLATE "C", i.object COLLATE "C";
END
$$;
COMMENT ON FUNCTION dwh_internal.open_steps(date) IS 'Xem dwh.open_steps | See dwh.open_steps';

CREATE FUNCTION dwh.open_steps(p_on date DEFAULT NULL, OUT room text, OUT article text, OUT kind text, OUT object text, OUT subject text,
	OUT unit_id int, OUT unit_name text, OUT agency text, OUT begun_on date)
RETURNS SETOF record LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_access_list';
COMMENT ON FUNCTION dwh.open_steps(date) IS
	'Các bước còn mở mà quy định không đặt hạn: không bao giờ quá hạn | Steps that are open though no rule sets a day: never overdue';

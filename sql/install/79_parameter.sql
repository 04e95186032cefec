-- Technical parameters (893 Art. 12.1; 2327 Art. 5.6): dwh_catalog.parameter holds them, central administrators set them.

CREATE FUNCTION dwh_internal.parameter(p_name text)
RETURNS text LANGUAGE plpgsql STABLE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN (SELECT p.value FROM dwh_catalog.parameter AS p WHERE p.name = p_name);
END
$$;
COMMENT ON FUNCTION dwh_internal.parameter(text) IS 'Giá trị của tham số | Value of a parameter';

CREATE FUNCTION dwh_internal.set_parameter(p_name text, p_value text)
RETURNS text LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	p dwh_catalog.parameter;
BEGIN
	PERFORM dwh_internal.require_role(ARRAY['dwh_central_admin'], '893 Art. 12.1');
	SELECT * INTO p FROM dwh_catalog.parameter AS r WHERE r.name = p_name FOR UPDATE;
	IF p.name IS NULL THEN
		RAISE EXCEPTION 'there is no parameter "%"', coalesce(p_name, 'NULL')
			USING ERRCODE = '42704', DETAIL = '893 Art. 12.1.', HINT = 'dwh_catalog.parameter lists them.';
	END IF;
	BEGIN
		UPDATE dwh_catalog.parameter AS r SET value = CASE p.kind WHEN 'date' THEN p_value::date::text ELSE p_value END,
			set_at = statement_timestamp(), set_by = session_user
		WHERE r.name = p_name;
	EXCEPTION WHEN check_violation OR invalid_datetime_format OR datetime_field_overflow THEN
		RAISE EXCEPTION '"%" is no value of parameter "%"', coalesce(p_value, 'NULL'), p_name
			USING ERRCODE = '22023', DETAIL = format('It is of kind %s%s%s.', p.kind, CASE WHEN p.kind = 'integer' THEN
				format(', from %s to %s', p.lowest, p.highest) END, CASE WHEN p.is_required THEN ', and always has a value' END),
				HINT = 'dwh_catalog.parameter says what it means.';
	END;
	PERFORM dwh_internal.audit_append('change_parameter', p_name, 'done', jsonb_build_object('old', p.value, 'new', dwh_internal.parameter(p_name)));
	RETURN p.value;
END
$$;
COMMENT ON FUNCTION dwh_internal.set_parameter(text, text) IS 'Xem dwh.set_parameter | See dwh.set_parameter';

CREATE FUNCTION dwh.set_parameter(p_name text, p_value text)
RETURNS text LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_access_act';
COMMENT ON FUNCTION dwh.set_parameter(text, text) IS
	'Đặt tham số kỹ thuật (Điều 12.1); trả về giá trị cũ | Sets a technical parameter (Art. 12.1); returns its old value';

-- Supply on request: see src/share/fetch.c.

-- The type that values to be compared with a column are read as: not with its length, nor as its domain, which would cut them.
CREATE FUNCTION dwh_internal.share_value_type(p_relation regclass, p_column text)
RETURNS text LANGUAGE sql STABLE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
	WITH RECURSIVE base AS (
		SELECT t.oid, t.typtype, t.typbasetype FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid
		WHERE a.attrelid = p_relation AND a.attname = p_column
		UNION ALL
		SELECT t.oid, t.typtype, t.typbasetype FROM base AS b JOIN pg_type AS t ON t.oid = b.typbasetype WHERE b.typtype = 'd')
	SELECT format_type(b.oid, -1) FROM base AS b WHERE b.typtype <> 'd'
$$;
COMMENT ON FUNCTION dwh_internal.share_value_type(regclass, text) IS
	'Kiểu của giá trị đem so với một cột | Type of values that are compared with a column';

-- What a partner's call reads under an agreement: the statement, built here of names of the catalogue and quoted literals only; and for services of
-- matched persons another one, which counts those of the request who are withheld, whatever its limit. rule, reason and article say why there
-- is none.
CREATE FUNCTION dwh_internal.share_fetch_statement(p_service_id int, p_agreement_id int, p_params jsonb, p_role text,
	OUT items text[], OUT unit_ids int[], OUT period_from text, OUT period_to text, OUT statement text, OUT rule text, OUT reason text,
	OUT article text, OUT withheld_statement text)
RETURNS record LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD' AS $$
DECLARE
	s dwh_catalog.share_service;
	v dwh_catalog.share_agreement_version;
	v_kind text;
	v_unknown text;
	v_where text[] := '{}';
	v_hidden text[] := '{}';
	v_values text[] := '{}';
	v_units int[];
	v_persons int[];
	v_from date;
	v_to date;
	v_limit bigint;
	v_parameter jsonb;
	v_name text;
	v_value text;
	v_relation regclass;
BEGIN
	SELECT * INTO s FROM dwh_catalog.share_service AS n WHERE n.service_id = p_service_id;
	SELECT a.kind INTO v_kind FROM dwh_catalog.share_agreement AS g JOIN dwh_catalog.agency AS a ON a.agency_id = g.agency_id
	WHERE g.agreement_id = p_agreement_id;
	SELECT * INTO v FROM dwh_catalog.share_agreement_version AS n
	WHERE n.agreement_id = p_agreement_id AND n.signed_on IS NOT NULL AND n.valid_from <= dwh.today()
	ORDER BY n.version DESC LIMIT 1;
	IF v.version IS NULL THEN
		-- Which says whether it is not signed, or has not begun.
		SELECT c.rule, c.reason, c.article INTO rule, reason, article
		FROM dwh_internal.share_check(p_agreement_id, 'out', p_service_id, NULL, NULL, NULL, NULL, NULL, p_role) AS c;
		RETURN;
	END IF;
	v_relation := to_regclass(s.relation);
	IF NOT dwh_internal.share_is_source(v_relation) THEN
		rule := 'source'; article := 'ND47 Art. 24.3';
		reason := 'nguồn của dịch vụ không còn là bảng, khung nhìn của kho | the source of the service is no table or view of the warehouse any more';
		RETURN;
	END IF;

	BEGIN
		SELECT string_agg(k, ', ') INTO v_unknown FROM jsonb_object_keys(p_params) AS k
		WHERE k <> ALL (ARRAY['items', 'unit_ids', 'from', 'to', 'where', 'after', 'limit']);
		IF v_unknown IS NOT NULL THEN
			rule := 'parameter'; article := 'ND47 Art. 24.3';
			reason := format('không có tham số %s | there is no parameter %s', v_unknown, v_unknown);
			RETURN;
		END IF;
		items := CASE WHEN p_params ? 'items' THEN ARRAY(SELECT jsonb_array_elements_text(p_params -> 'items')) ELSE v.items END;
		IF cardinality(items) = 0 THEN
			items := v.items;
		END IF;
		SELECT string_agg(coalesce(i, 'null'), ', ') INTO v_unknown FROM unnest(items) AS i
		WHERE NOT EXISTS (SELECT FROM jsonb_array_elements(s.columns) AS c WHERE c ->> 'name' = i);
		IF v_unknown IS NOT NULL THEN
			rule := 'item'; article := 'ND47 Art. 38';
			reason := format('dịch vụ không có mục %s | the service has no item %s', v_unknown, v_unknown);
			RETURN;
		END IF;
		-- Art. 5.6: organisations and persons get the rows of those who consented to these items.
		IF s.person_column IS NOT NULL AND v_kind IN ('organisation', 'enterprise', 'individual') THEN
			SELECT array_agg(DISTINCT c.person_id) INTO v_persons FROM dwh_catalog.share_consent AS c
				JOIN dwh_catalog.share_agreement AS g ON g.agency_id = c.agency_id
			WHERE g.agreement_id = p_agreement_id AND c.service_id = s.service_id AND share_fetch_statement.items <@ c.items
				AND c.valid_from <= dwh.today() AND c.valid_to >= dwh.today() AND coalesce(c.withdrawn_on > dwh.today(), true);
			IF v_persons IS NULL THEN
				rule := 'consent'; article := 'ND47 Art. 5.6';
				reason := 'chưa có sự đồng ý của chủ thể dữ liệu | the persons'' consent is not recorded';
				RETURN;
			END IF;
			v_where := v_where || format('%I = ANY (%L::int[])', s.person_column, v_persons);
		END IF;
		IF p_params ? 'unit_ids' THEN
			unit_ids := ARRAY(SELECT jsonb_array_elements_text(p_params -> 'unit_ids')::int);
		END IF;
		v_units := coalesce(unit_ids, CASE WHEN v.unit_ids IS NOT NULL THEN dwh_internal.share_units(v.unit_ids) END);
		v_from := coalesce((p_params ->> 'from')::date, v.period_from);
		v_to := coalesce((p_params ->> 'to')::date, v.period_to);
		period_from := v_from; period_to := v_to;
		IF v_units IS NOT NULL THEN
			IF s.unit_column IS NULL THEN
				rule := 'unit'; article := 'ND47 Art. 38'; reason := 'dịch vụ không chia theo đơn vị | the service has no units';
				RETURN;
			END IF;
			v_where := v_where || format('%I = ANY (%L::int[])', s.unit_column, v_units);
		END IF;
		IF v_from IS NOT NULL OR v_to IS NOT NULL THEN
			IF s.month_column IS NULL THEN
				rule := 'period'; article := 'ND47 Art. 38'; reason := 'dịch vụ không chia theo thời kỳ | the service has no periods';
				RETURN;
			END IF;
			v_where := v_where || format('%I BETWEEN %L::date AND %L::date', s.month_column, coalesce(v_from, '-infinity'::date),
				coalesce(v_to, 'infinity'::date));
		END IF;
		FOR v_name IN SELECT jsonb_object_keys(p_params -> 'where') LOOP
			SELECT p INTO v_parameter FROM jsonb_array_elements(s.parameters) AS p WHERE p ->> 'name' = v_name;
			IF v_parameter IS NULL THEN
				rule := 'parameter'; article := 'ND47 Art. 24.3';
				reason := format('không có tham số %s | there is no parameter %s', v_name, v_name);
				RETURN;
			ELSIF v_parameter ->> 'column' <> ALL (v.items) THEN
				v_hidden := v_hidden || (v_parameter ->> 'column');
			END IF;
			v_value := format('%L::%s', p_params -> 'where' ->> v_name, dwh_internal.share_value_type(v_relation, v_parameter ->> 'column'));
			v_values := v_values || v_value;
			v_where := v_where || format('%I = %s', v_parameter ->> 'column', v_value);
		END LOOP;
		IF p_params ? 'after' THEN
			IF jsonb_array_length(p_params -> 'after') <> cardinality(s.key_columns) THEN
				rule := 'parameter'; article := 'ND47 Art. 24.3';
				reason := format('after cần %s giá trị | after takes %s values', cardinality(s.key_columns), cardinality(s.key_columns));
				RETURN;
			END IF;
			v_hidden := v_hidden || ARRAY(SELECT k FROM unnest(s.key_columns) AS k WHERE k <> ALL (v.items));
			SELECT string_agg(format('%L::%s', p_params -> 'after' ->> (k.n - 1)::int, dwh_internal.share_value_type(v_relation, k.name)), ', ' ORDER BY k.n)
			INTO v_value FROM unnest(s.key_columns) WITH ORDINALITY AS k (name, n);
			v_values := v_values || v_value;
			v_where := v_where || format('(%s) > (%s)', (SELECT string_agg(quote_ident(k.name), ', ' ORDER BY k.n)
				FROM unnest(s.key_columns) WITH ORDINALITY AS k (name, n)), v_value);
		END IF;
		-- What one may compare with values of one's own is known after some calls.
		IF v_hidden <> '{}' THEN
			rule := 'item'; article := 'ND47 Art. 38';
			reason := format('lọc theo mục dữ liệu ngoài thỏa thuận: %1$s | rows chosen by items outside the agreement: %1$s',
				array_to_string(v_hidden, ', '));
			RETURN;
		END IF;
		v_limit := least((p_params ->> 'limit')::bigint, s.row_limit);
		IF v_limit < 0 THEN
			RAISE invalid_parameter_value USING MESSAGE = format('limit %s', v_limit);
		END IF;
		-- What is no value of its column is refused here, before the log has an intent.
		IF v_values <> '{}' THEN
			EXECUTE 'SELECT ' || array_to_string(v_values, ', ');
		END IF;
	EXCEPTION WHEN data_exception OR invalid_text_representation OR datetime_field_overflow THEN
		rule := 'parameter'; article := 'ND47 Art. 24.3';
		reason := format('tham số không hợp lệ: %s | a parameter is not valid: %s', SQLERRM, SQLERRM);
		RETURN;
	END;
	IF s.is_verified_only THEN
		withheld_statement := format('SELECT count(DISTINCT coalesce((SELECT p.social_insurance_no FROM dwh_star.dim_person AS p'
			' WHERE p.person_id = s.%1$I), ''person '' || s.%1$I)) FROM %2$s AS s WHERE %3$s', s.person_column, v_relation,
			array_to_string(v_where || ('NOT ' || dwh_internal.share_matched_condition(s.person_column)), ' AND '));
		v_where := v_where || dwh_internal.share_matched_condition(s.person_column);
	END IF;
	-- In the order of the key, so that the next page begins after the last row of this one.
	statement := format('SELECT %s FROM %s AS s%s%s',
		(SELECT string_agg(quote_ident(i), ', ' ORDER BY n) FROM unnest(items) WITH ORDINALITY AS t (i, n)), v_relation,
		CASE WHEN v_where <> '{}' THEN ' WHERE ' || array_to_string(v_where, ' AND ') ELSE '' END,
		CASE WHEN v_limit IS NOT NULL OR p_params ? 'after' THEN ' ORDER BY '
			|| (SELECT string_agg(quote_ident(k), ', ' ORDER BY n) FROM unnest(s.key_columns) WITH ORDINALITY AS t (k, n))
			|| coalesce(' LIMIT ' || v_limit, '') ELSE '' END);
END
$$;
COMMENT ON FUNCTION dwh_internal.share_fetch_statement(int, int, jsonb, text) IS
	'Lời gọi của đối tác đọc những gì theo một thỏa thuận | What a partner''s call reads under an agreement, or why it reads nothing';

-- What a partner's call reads: under the newest of his role's agreements about the service that allows it. Where none does, the newest says why.
CREATE FUNCTION dwh_internal.share_fetch_plan(p_service text, p_params jsonb, p_role text,
	OUT agreement_id int, OUT connection_id int, OUT service_id int, OUT items text[], OUT unit_ids int[], OUT period_from text,
	OUT period_to text, OUT statement text, OUT rule text, OUT reason text, OUT article text, OUT withheld_statement text)
RETURNS record LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_one record;
	v_plan record;
	v_refusal record;
BEGIN
	SELECT n.service_id INTO service_id FROM dwh_catalog.share_service AS n WHERE n.code = p_service AND n.published_at IS NOT NULL;
	IF service_id IS NULL THEN
		rule := 'service'; article := 'ND47 Art. 25'; reason := 'không có dịch vụ này | there is no such published service';
		RETURN;
	END IF;
	rule := 'agreement'; article := '2327 Art. 17.1';
	reason := 'chưa được cấp tài khoản cho dịch vụ này | no account was issued for this service';
	FOR v_one IN SELECT g.agreement_id, c.connection_id, count(*) OVER () > 1 AS has_others
		FROM dwh_catalog.connection_account AS c
			JOIN dwh_catalog.share_agreement AS g ON g.agency_id = c.agency_id AND coalesce(c.agreement_id = g.agreement_id, true)
		WHERE c.login_role = p_role AND g.service_id = share_fetch_plan.service_id
		ORDER BY g.state = 'active' DESC, c.is_enabled DESC, g.agreement_id DESC, c.connection_id
	LOOP
		SELECT * INTO v_plan FROM dwh_internal.share_fetch_statement(service_id, v_one.agreement_id, p_params, p_role);
		-- The only one is checked by the caller anyway.
		SELECT * INTO v_refusal FROM dwh_internal.share_check(v_one.agreement_id, 'out', service_id, v_plan.items, v_plan.unit_ids,
			v_plan.period_from::date, v_plan.period_to::date, NULL, p_role)
		WHERE v_plan.rule IS NULL AND v_one.has_others;
		IF agreement_id IS NULL OR coalesce(v_plan.rule, v_refusal.rule) IS NULL THEN
			agreement_id := v_one.agreement_id; connection_id := v_one.connection_id;
			items := v_plan.items; unit_ids := v_plan.unit_ids; period_from := v_plan.period_from; period_to := v_plan.period_to;
			statement := v_plan.statement; withheld_statement := v_plan.withheld_statement;
			rule := coalesce(v_plan.rule, v_refusal.rule); reason := coalesce(v_plan.reason, v_refusal.reason);
			article := coalesce(v_plan.article, v_refusal.article);
			EXIT WHEN rule IS NULL;
		END IF;
	END LOOP;
END
$$;
COMMENT ON FUNCTION dwh_internal.share_fetch_plan(text, jsonb, text) IS
	'Lời gọi của đối tác đọc những gì | What a partner''s call reads, or why it reads nothing';

CREATE FUNCTION dwh.fetch_share(p_service text, p_params jsonb DEFAULT '{}', p_format text DEFAULT 'csv')
RETURNS SETOF text LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_fetch_share';
COMMENT ON FUNCTION dwh.fetch_share(text, jsonb, text) IS
	'Cung cấp dữ liệu đã thỏa thuận cho đối tác, từng dòng CSV hoặc NDJSON | '
	'Supplies what was agreed to a partner, as lines of CSV or NDJSON';

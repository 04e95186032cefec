-- What is known of the use of rights, and of people who moved while their old rights live on (893 Arts. 13.2, 17.6, 19.1). See src/audit/use.c.

CREATE FUNCTION dwh_internal.is_use_noted()
RETURNS boolean LANGUAGE c STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'dwh_sql_is_use_noted';
COMMENT ON FUNCTION dwh_internal.is_use_noted() IS
	'Máy chủ có ghi nhận việc dùng quyền hay không | Whether this server notes the use of rights';

-- The staff record of a person -----------------------------------------------------------------------------------------

CREATE FUNCTION dwh_internal.link_staff(p_email text, p_staff_id int)
RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_units record := dwh_internal.reviewed_units();
BEGIN
	PERFORM dwh_internal.require_role(ARRAY['dwh_central_admin', 'dwh_province_admin'], '893 Arts. 11.1, 17.6');
	UPDATE dwh_catalog.account SET staff_id = p_staff_id
	WHERE lower(email) = lower(p_email) AND kind = 'sector' AND (v_units.is_all OR home_unit_id = ANY (v_units.unit_ids));
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no account of a person "%" for the caller to change', coalesce(p_email, 'NULL')
			USING ERRCODE = '42704', DETAIL = 'Persons of the sector have staff records; administrators of a province keep those of its units.',
				HINT = 'Correct p_email.';
	END IF;
EXCEPTION
	WHEN unique_violation THEN
		RAISE EXCEPTION 'staff member % has another account', p_staff_id
			USING ERRCODE = '23505', DETAIL = '893 Art. 6.1: mỗi người duy nhất một tài khoản | each person has one account.', HINT = 'Correct p_staff_id.';
END
$$;
COMMENT ON FUNCTION dwh_internal.link_staff(text, int) IS 'Xem dwh.link_staff | See dwh.link_staff';

CREATE FUNCTION dwh.link_staff(p_email text, p_staff_id int)
RETURNS void LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_access_act';
COMMENT ON FUNCTION dwh.link_staff(text, int) IS
	'Gắn tài khoản với hồ sơ cán bộ (fact_staff.staff_id), để biết người đã chuyển đơn vị | '
	'Says which staff record is an account''s (fact_staff.staff_id), so that moves are seen';

-- Art. 17.6: the head of the old unit asks for the revocation at once. Who has moved by his staff record while a grant of before lives on.
CREATE FUNCTION dwh_internal.moved_staff()
RETURNS TABLE (email text, full_name text, old_unit_id int, old_unit_name text, new_unit_id int, new_unit_name text, moved_in date, groups text[],
	requested_on date)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
	v_units record := dwh_internal.reviewed_units();
BEGIN
	RETURN QUERY
	WITH RECURSIVE record AS (
		SELECT f.staff_id, f.month, f.unit_id, first_value(f.unit_id) OVER (PARTITION BY f.staff_id ORDER BY f.month DESC) AS last_unit_id
		FROM dwh_star.fact_staff AS f WHERE f.staff_id IN (SELECT c.staff_id FROM dwh_catalog.account AS c)),
	-- Where each is by his last record, and since the month after the last one elsewhere.
	placed AS (
		SELECT a.account_id, a.email, a.full_name, a.home_unit_id, r.last_unit_id AS unit_id,
			coalesce((max(r.month) FILTER (WHERE r.unit_id <> r.last_unit_id) + interval '1 month')::date, min(r.month)) AS moved_in
		FROM record AS r JOIN dwh_catalog.account AS a USING (staff_id)
		WHERE a.home_unit_id IS NOT NULL AND (v_units.is_all OR a.home_unit_id = ANY (v_units.unit_ids))
		GROUP BY a.account_id, r.last_unit_id),
	-- What the old unit became is no move.
	heir (account_id, unit_id) AS (
		SELECT p.account_id, p.home_unit_id FROM placed AS p
		UNION
		SELECT h.account_id, u.successor_unit_id FROM heir AS h JOIN dwh_catalog.unit_succession AS u
			ON u.predecessor_unit_id = h.unit_id),
	-- A staff record may name the province where the account names its division, and the other way round.
	moved AS (
		SELECT p.* FROM placed AS p
		WHERE NOT (EXISTS (SELECT FROM heir AS h WHERE h.account_id = p.account_id
			AND (dwh_internal.is_unit_within(p.unit_id, h.unit_id) OR dwh_internal.is_unit_within(h.unit_id, p.unit_id)))))
	SELECT m.email, m.full_name, m.home_unit_id, o.name_vi, m.unit_id, n.name_vi, m.moved_in, g.codes,
		(SELECT max(r.received_on) FROM dwh_catalog.access_request_line AS l JOIN dwh_catalog.access_request AS r USING (request_id)
			WHERE l.account_id = m.account_id AND l.action = 'revoke' AND l.state IN ('open', 'approved', 'applied') AND r.received_on >= m.moved_in)
	FROM moved AS m
	JOIN dwh_star.dim_unit AS o ON o.unit_id = m.home_unit_id
	JOIN dwh_star.dim_unit AS n ON n.unit_id = m.unit_id
	CROSS JOIN LATERAL (SELECT array_agg(DISTINCT u.code ORDER BY u.code) AS codes FROM dwh_catalog.access_grant AS a
		JOIN dwh_catalog.user_group AS u USING (user_group_id)
		WHERE a.account_id = m.account_id AND a.revoked_at IS NULL AND coalesce(a.valid_to >= dwh.today(), true)) AS g
	WHERE g.codes IS NOT NULL
	ORDER BY m.moved_in, m.account_id;
END
$$;
COMMENT ON FUNCTION dwh_internal.moved_staff() IS 'Xem dwh.moved_staff | See dwh.moved_staff';

CREATE FUNCTION dwh.moved_staff(OUT email text, OUT full_name text, OUT old_unit_id int, OUT old_unit_name text, OUT new_unit_id int,
	OUT new_unit_name text, OUT moved_in date, OUT groups text[], OUT requested_on date)
RETURNS SETOF record LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_access_list';
COMMENT ON FUNCTION dwh.moved_staff() IS
	'Người đã chuyển đơn vị theo hồ sơ cán bộ mà quyền cũ còn hiệu lực; requested_on trống: đơn vị cũ chưa đề nghị thu hồi (Điều 17.6) | '
	'Who has moved by his staff record and still holds his old rights; requested_on empty: the old unit has not asked to revoke (Art. 17.6)';

-- Activity -------------------------------------------------------------------------------------------------------------

-- Art. 13.2: what an administrator of a province watches without reading the log.
CREATE FUNCTION dwh_internal.account_activity(p_from date, p_to date)
RETURNS TABLE (email text, full_name text, unit_id int, is_enabled boolean, sign_ins bigint, refusals bigint, last_refusal_at timestamptz,
	last_refusal text, last_login_on date, last_used_on date)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
	v_units record := dwh_internal.reviewed_units();
	v_zone text := (SELECT w.time_zone FROM dwh_catalog.warehouse AS w);
	v_from date := coalesce(p_from, dwh.today() - 30);
	v_to date := coalesce(p_to, dwh.today());
BEGIN
	RETURN QUERY
	SELECT coalesce(a.email, a.iam_subject), a.full_name, a.home_unit_id, a.is_enabled, coalesce(e.sign_ins, 0), coalesce(e.refusals, 0),
		e.last_refusal_at, e.last_refusal, l.last_login_on, u.last_used_on
	FROM dwh_catalog.account AS a
	LEFT JOIN (
		SELECT v.account_id, count(*) FILTER (WHERE v.action = 'authenticate' AND v.decision = 'done') AS sign_ins,
			count(*) FILTER (WHERE v.decision = 'refused') AS refusals,
			max(v.occurred_at) FILTER (WHERE v.decision = 'refused') AS last_refusal_at,
			(array_agg(v.action ORDER BY v.occurred_at DESC, v.event_id DESC) FILTER (WHERE v.decision = 'refused'))[1] AS last_refusal
		FROM dwh_log.audit_event AS v
		WHERE v.month >= date_trunc('month', v_from) AND v.month <= v_to AND v.account_id IS NOT NULL
			AND (v.occurred_at AT TIME ZONE v_zone)::date >= v_from AND (v.occurred_at AT TIME ZONE v_zone)::date <= v_to
		GROUP BY v.account_id) AS e USING (account_id)
	LEFT JOIN dwh_catalog.account_use AS l USING (account_id)
	LEFT JOIN LATERAL (SELECT max(g.last_used_on) AS last_used_on FROM dwh_catalog.access_grant AS r
		JOIN dwh_catalog.grant_use AS g USING (grant_id) WHERE r.account_id = a.account_id) AS u ON true
	WHERE v_units.is_all OR a.home_unit_id = ANY (v_units.unit_ids)
	ORDER BY a.account_id;
END
$$;
COMMENT ON FUNCTION dwh_internal.account_activity(date, date) IS 'Xem dwh.account_activity | See dwh.account_activity';

CREATE FUNCTION dwh.account_activity(p_from date DEFAULT NULL, p_to date DEFAULT NULL, OUT email text, OUT full_name text, OUT unit_id int,
	OUT is_enabled boolean, OUT sign_ins bigint, OUT refusals bigint, OUT last_refusal_at timestamptz, OUT last_refusal text, OUT last_login_on date,
	OUT last_used_on date)
RETURNS SETOF record LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_access_list';
COMMENT ON FUNCTION dwh.account_activity(date, date) IS
	'Đăng nhập, bị từ chối, lần dùng cuối của từng tài khoản, mặc định 30 ngày qua; quản trị cấp tỉnh xem tỉnh mình (Điều 13.2) | '
	'Sign-ins, refusals and last use of accounts, of the last 30 days unless given; administrators of a province see theirs (Art. 13.2)';

-- Art. 7.6 [own]: an account that two client addresses used at once may have been lent. A use lasts until the token that began it ends.
CREATE FUNCTION dwh_internal.shared_accounts(p_from date, p_to date)
RETURNS TABLE (email text, full_name text, first_address text, first_at timestamptz, second_address text, second_at timestamptz)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
	v_units record := dwh_internal.reviewed_units();
	v_zone text := (SELECT w.time_zone FROM dwh_catalog.warehouse AS w);
	v_from date := coalesce(p_from, dwh.today() - 30);
	v_to date := coalesce(p_to, dwh.today());
BEGIN
	RETURN QUERY
	WITH use AS (
		SELECT v.account_id, v.client_address, v.occurred_at AS begins_at, to_timestamp((v.detail ->> 'expires_at')::bigint) AS ends_at
		FROM dwh_log.audit_event AS v
		WHERE v.action = 'authenticate' AND v.decision = 'done' AND v.client_address IS NOT NULL AND v.detail ? 'expires_at'
			AND v.month >= date_trunc('month', v_from) AND v.month <= v_to
			AND (v.occurred_at AT TIME ZONE v_zone)::date >= v_from AND (v.occurred_at AT TIME ZONE v_zone)::date <= v_to)
	SELECT DISTINCT ON (a.account_id, o.client_address, t.client_address) coalesce(a.email, a.iam_subject), a.full_name, o.client_address,
		o.begins_at, t.client_address, t.begins_at
	FROM use AS o JOIN use AS t ON t.account_id = o.account_id AND t.client_address <> o.client_address AND t.begins_at >= o.begins_at
		AND t.begins_at < o.ends_at
	JOIN dwh_catalog.account AS a ON a.account_id = o.account_id
	WHERE v_units.is_all OR a.home_unit_id = ANY (v_units.unit_ids)
	ORDER BY a.account_id, o.client_address, t.client_address, o.begins_at, t.begins_at;
END
$$;
COMMENT ON FUNCTION dwh_internal.shared_accounts(date, date) IS 'Xem dwh.shared_accounts | See dwh.shared_accounts';

CREATE FUNCTION dwh.shared_accounts(p_from date DEFAULT NULL, p_to date DEFAULT NULL, OUT email text, OUT full_name text, OUT first_address text,
	OUT first_at timestamptz, OUT second_address text, OUT second_at timestamptz)
RETURNS SETOF record LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_access_list';
COMMENT ON FUNCTION dwh.shared_accounts(date, date) IS
	'Tài khoản được dùng từ hai địa chỉ cùng lúc, mặc định 30 ngày qua (Điều 7.6, tự đặt) | '
	'Accounts used from two addresses at the same time, in the last 30 days unless given (Art. 7.6, our own)';

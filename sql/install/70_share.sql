-- What an agreement allows at this moment. Read by C as dwh_owner, with the latest snapshot. In PL/pgSQL, which keeps its plans: a function
-- in SQL that has settings of its own is planned at every call.
CREATE FUNCTION dwh_internal.share_agreement_today(
	p_agreement_id				int,
	OUT version					int,
	OUT agency_id				int,
	OUT agency_identifier		text,
	OUT application_identifier	text,
	OUT service_id				int,
	OUT service_code			text,
	OUT state					text,
	OUT gateway					text,
	OUT route					text,
	OUT method					text,
	OUT purpose					text,
	OUT frequency				text,
	OUT use_term				text,
	OUT use_until				text,
	OUT structure_version		int,
	OUT items					text[],
	OUT unit_ids				int[],
	OUT period_from				date,
	OUT period_to				date)
RETURNS SETOF record LANGUAGE plpgsql STABLE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
SET datestyle = 'ISO, YMD' AS $$
BEGIN
	RETURN QUERY
		SELECT v.version, g.agency_id, y.identifier, p.identifier, g.service_id, s.code, g.state, w.code, t.code, v.method, r.purpose,
			v.frequency, v.use_term,
			CASE WHEN v.use_term = 'fixed' THEN to_char(dwh.today() + v.use_days, 'YYYY-MM-DD') END,
			v.structure_version, v.items, v.unit_ids, v.period_from, v.period_to
		FROM dwh_catalog.share_agreement AS g
			JOIN dwh_catalog.agency AS y ON y.agency_id = g.agency_id
			JOIN dwh_catalog.share_request AS r ON r.request_id = g.request_id
			LEFT JOIN dwh_catalog.application AS p ON p.application_id = g.application_id
			LEFT JOIN dwh_catalog.share_service AS s ON s.service_id = g.service_id
			-- The newest signed version that has begun; where that one has ended, none is in force.
			LEFT JOIN LATERAL (SELECT * FROM dwh_catalog.share_agreement_version AS n
				WHERE n.agreement_id = g.agreement_id AND n.signed_on IS NOT NULL AND n.valid_from <= dwh.today()
				ORDER BY n.version DESC LIMIT 1) AS v ON coalesce(v.valid_to >= dwh.today(), true)
			LEFT JOIN dwh_catalog.share_platform AS w ON w.platform_id = v.gateway_id
			LEFT JOIN dwh_catalog.share_platform AS t ON t.platform_id = v.route_id
		WHERE g.agreement_id = p_agreement_id;
END
$$;
COMMENT ON FUNCTION dwh_internal.share_agreement_today(int) IS
	'Nội dung thỏa thuận có hiệu lực hôm nay | What is in force for an agreement today';

CREATE FUNCTION dwh_internal.share_is_suspended(p_agency_id int, p_agreement_id int)
RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN EXISTS (SELECT FROM dwh_catalog.share_suspension AS s
		WHERE s.starts_at <= clock_timestamp() AND s.ended_at IS NULL
			AND (s.agency_id IS NULL OR s.agency_id = p_agency_id) AND (s.agreement_id IS NULL OR s.agreement_id = p_agreement_id));
END
$$;
COMMENT ON FUNCTION dwh_internal.share_is_suspended(int, int) IS 'Đang tạm ngừng hay không | Whether sharing is suspended now';

CREATE FUNCTION dwh_internal.share_is_stopped(p_agreement_id int)
RETURNS boolean LANGUAGE plpgsql STABLE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN coalesce((SELECT g.state <> 'active' OR dwh_internal.share_is_suspended(g.agency_id, g.agreement_id)
		FROM dwh_catalog.share_agreement AS g WHERE g.agreement_id = p_agreement_id), true);
END
$$;
COMMENT ON FUNCTION dwh_internal.share_is_stopped(int) IS
	'Thỏa thuận không còn được cung cấp ngay lúc này | Whether an agreement is suspended or over at this moment';

-- Whether a login role speaks for an agency about an agreement: by an account for it, or for all of the agency's, that is in force.
CREATE FUNCTION dwh_internal.share_has_account(p_agency_id int, p_agreement_id int, p_login_role text)
RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN EXISTS (SELECT FROM dwh_catalog.connection_account AS c
		WHERE c.agency_id = p_agency_id AND c.login_role = p_login_role AND c.is_enabled AND coalesce(c.agreement_id = p_agreement_id, true)
			AND c.valid_from <= dwh.today() AND coalesce(c.valid_to >= dwh.today(), true));
END
$$;
COMMENT ON FUNCTION dwh_internal.share_has_account(int, int, text) IS
	'Tài khoản kết nối được cấp cho thỏa thuận và còn hiệu lực | Whether a connection account is issued for the agreement and in force';

-- These units and everything below them.
CREATE FUNCTION dwh_internal.share_units(p_unit_ids int[])
RETURNS int[] LANGUAGE sql STABLE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
	WITH RECURSIVE below AS (
		SELECT u.unit_id FROM dwh_star.dim_unit AS u WHERE u.unit_id = ANY (p_unit_ids)
		UNION
		SELECT u.unit_id FROM below AS b JOIN dwh_star.dim_unit AS u ON u.parent_unit_id = b.unit_id)
	SELECT coalesce(array_agg(unit_id ORDER BY unit_id), '{}') FROM below
$$;
COMMENT ON FUNCTION dwh_internal.share_units(int[]) IS 'Các đơn vị và mọi cấp dưới | These units and all below them';

-- When the present period of a frequency began.
CREATE FUNCTION dwh_internal.share_period_start(p_frequency text)
RETURNS timestamptz LANGUAGE sql STABLE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
	SELECT date_trunc(CASE p_frequency WHEN 'hourly' THEN 'hour' WHEN 'weekly' THEN 'week' WHEN 'monthly' THEN 'month'
		WHEN 'quarterly' THEN 'quarter' WHEN 'yearly' THEN 'year' ELSE 'day' END, statement_timestamp() AT TIME ZONE w.time_zone)
		AT TIME ZONE w.time_zone
	FROM dwh_catalog.warehouse AS w
$$;
COMMENT ON FUNCTION dwh_internal.share_period_start(text) IS
	'Thời điểm bắt đầu chu kỳ hiện tại | When the present period of a frequency began';

-- 2327 Art. 7.3: the condition that the last event about a person was his match with the population database, for a statement over a
-- source AS s. Whoever is only part of an opening stock is not known to be matched. A person is all of his versions, by his insurance number, as
-- far as they have the identity number that he has now: a match of one that was corrected says nothing. Of each version its last event is taken,
-- so that the index is read from its end.
CREATE FUNCTION dwh_internal.share_matched_condition(p_person_column text)
RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
	SELECT format('coalesce((SELECT l.event = ''matched'' FROM dwh_star.dim_person AS p'
		' CROSS JOIN LATERAL (SELECT v.person_id, v.identity_no, first_value(v.identity_no) OVER'
		' (ORDER BY v.valid_from <= dwh.today() DESC, v.valid_from DESC, v.person_id DESC) AS identity_now'
		' FROM dwh_star.dim_person AS v WHERE v.person_id = p.person_id OR v.social_insurance_no = p.social_insurance_no) AS v'
		' CROSS JOIN LATERAL (SELECT e.event, e.month, e.event_on, e.event_no FROM dwh_star.fact_registration AS e WHERE e.person_id = v.person_id'
		' AND e.event IN (''matched'', ''unmatched'', ''merged'') ORDER BY e.month DESC, e.event_on DESC, e.event_no DESC LIMIT 1) AS l'
		' WHERE p.person_id = s.%I AND v.identity_no IS NOT DISTINCT FROM v.identity_now'
		' ORDER BY l.month DESC, l.event_on DESC, l.event_no DESC LIMIT 1), false)', p_person_column)
$$;
COMMENT ON FUNCTION dwh_internal.share_matched_condition(text) IS
	'Điều kiện: người đã khớp CSDL dân cư | Condition that a person is matched with the population database';

-- One row: all NULL where it is allowed, else the first rule that forbids it. Asked for every message, so a condition on a variable stands
-- in an IF of its own around its query: inside the query it would be folded, and the query planned anew at each call.
CREATE FUNCTION dwh_internal.share_check(
	p_agreement_id		int,
	p_direction			text,
	p_service_id		int,
	p_items				text[],
	p_unit_ids			int[],
	p_from				date,
	p_to				date,
	p_structure_version	int,
	p_login_role		text,
	OUT rule			text,
	OUT reason			text,
	OUT article			text)
RETURNS record LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_today date := dwh.today();
	v_is_push boolean := p_direction = 'out' AND p_login_role IS NULL;
	g dwh_catalog.share_agreement;
	v dwh_catalog.share_agreement_version;
	r dwh_catalog.share_request;
	y dwh_catalog.agency;
	p dwh_catalog.application;
	s dwh_catalog.share_service;
	h dwh_catalog.share_host;
	v_items text[];
	v_is_2327 boolean;
BEGIN
	SELECT * INTO g FROM dwh_catalog.share_agreement WHERE agreement_id = p_agreement_id;
	IF g.agreement_id IS NULL THEN
		rule := 'agreement'; article := 'ND47 Art. 35.3';
		reason := 'chưa có yêu cầu hay thỏa thuận được chấp thuận | no accepted request or agreement';
		RETURN;
	END IF;
	SELECT * INTO y FROM dwh_catalog.agency WHERE agency_id = g.agency_id;
	SELECT * INTO r FROM dwh_catalog.share_request WHERE request_id = g.request_id;
	SELECT * INTO h FROM dwh_catalog.share_host;
	-- A message is queued by an officer; sent, it is by the worker, who is of no unit.
	IF p_login_role IS NULL AND dwh.current_account() <> 0 THEN
		IF NOT dwh_internal.share_is_unit_of(g.request_id, dwh_internal.officer_units()) THEN
			rule := 'managing unit'; article := '2327 Arts. 3.6, 6.4';
			reason := 'dữ liệu do đơn vị khác quản lý | the data is managed by another unit';
			RETURN;
		END IF;
	END IF;
	v_is_2327 := h.is_2327_on AND v_today >= h.rules_2327_from;

	IF g.state = 'draft' THEN
		rule := 'unsigned'; article := 'ND47 Art. 37';
		reason := 'thỏa thuận chưa ký hoặc kết nối chưa kích hoạt | the agreement is not signed or its connection is not active';
		RETURN;
	ELSIF g.state = 'ended' THEN
		rule := 'ended'; article := 'ND47 Art. 44';
		reason := 'đã chấm dứt kết nối | sharing was ended';
		RETURN;
	ELSIF g.state = 'suspended' OR dwh_internal.share_is_suspended(g.agency_id, g.agreement_id) THEN
		rule := 'suspended'; article := 'ND47 Art. 43';
		reason := 'đang tạm ngừng kết nối | sharing is suspended';
		RETURN;
	END IF;

	IF y.valid_from > v_today OR y.valid_to < v_today THEN
		rule := 'agency'; article := 'ND47 Art. 35.2';
		reason := 'cơ quan không còn hiệu lực trong danh mục | the agency is not valid today';
		RETURN;
	END IF;
	IF g.application_id IS NOT NULL THEN
		SELECT * INTO p FROM dwh_catalog.application WHERE application_id = g.application_id;
		IF p.approval_no IS NULL OR p.withdrawn_on <= v_today OR p.approval_to < v_today THEN
			rule := 'safety approval'; article := '2327 Art. 4.5';
			reason := 'ứng dụng không có phê duyệt cấp độ an toàn còn hiệu lực | the application has no current safety approval';
			RETURN;
		ELSIF y.kind <> 'unit' AND coalesce(p.safety_level, 0) < h.min_safety_level THEN
			rule := 'safety level'; article := '2327 Art. 12.7';
			reason := format('cấp độ an toàn của ứng dụng thấp hơn %s | the safety level of the application is below %s',
				h.min_safety_level, h.min_safety_level);
			RETURN;
		END IF;
	END IF;

	SELECT * INTO v FROM dwh_catalog.share_agreement_version AS n
	WHERE n.agreement_id = g.agreement_id AND n.signed_on IS NOT NULL AND n.valid_from <= v_today
	ORDER BY n.version DESC LIMIT 1;
	IF v.version IS NULL OR v.valid_to < v_today THEN
		rule := 'term'; article := 'ND47 Art. 23.3';
		reason := 'không có phiên bản thỏa thuận có hiệu lực hôm nay | no version of the agreement is in force today';
		RETURN;
	END IF;
	IF r.use_until < v_today THEN
		rule := 'use period'; article := '2327 Art. 17.3';
		reason := 'đã hết thời gian khai thác | the period of exploitation is over';
		RETURN;
	END IF;
	IF p_direction IS NOT NULL AND NOT p_direction = ANY (v.directions) THEN
		rule := 'direction'; article := '2327 Art. 12.2';
		reason := 'chiều chia sẻ này không được thống nhất | this direction was not agreed';
		RETURN;
	END IF;

	IF p_login_role IS NOT NULL THEN
		IF NOT dwh_internal.share_has_account(g.agency_id, g.agreement_id, p_login_role) THEN
			rule := 'connection account'; article := 'ND47 Art. 40';
			reason := 'tài khoản kết nối không được cấp cho thỏa thuận này hoặc hết hiệu lực | '
				'the connection account is not issued for this agreement, disabled or expired';
			RETURN;
		END IF;
	END IF;

	IF p_service_id IS NOT NULL AND p_service_id IS DISTINCT FROM g.service_id THEN
		rule := 'service'; article := 'ND47 Art. 35.2';
		reason := 'dịch vụ này không thuộc thỏa thuận | this service is not that of the agreement';
		RETURN;
	END IF;
	IF g.service_id IS NOT NULL THEN
		SELECT * INTO s FROM dwh_catalog.share_service WHERE service_id = g.service_id;
		IF s.published_at IS NULL OR s.withdrawn_on <= v_today THEN
			rule := 'service withdrawn'; article := 'ND47 Art. 25';
			reason := 'dịch vụ chưa công bố hoặc đã thôi cung cấp | the service is not published or was withdrawn';
			RETURN;
		ELSIF s.is_verified_only AND v_is_push THEN
			rule := 'verified only'; article := '2327 Art. 7.3';
			reason := 'không kiểm tra được người trong nội dung gửi đã khớp CSDL dân cư | '
				'whether the persons of a pushed body are matched cannot be checked';
			RETURN;
		ELSIF s.person_column IS NOT NULL AND y.kind IN ('organisation', 'enterprise', 'individual') AND v_is_push THEN
			rule := 'consent'; article := 'ND47 Art. 5.6';
			reason := 'không kiểm tra được sự đồng ý của người trong nội dung gửi; bên nhận tự lấy bằng dwh.fetch_share() | '
				'whether the persons of a pushed body consented cannot be checked; the receiver fetches it with dwh.fetch_share()';
			RETURN;
		END IF;
	END IF;

	IF NOT p_items <@ v.items THEN
		SELECT array_agg(coalesce(i, 'null') ORDER BY i COLLATE "C") INTO v_items FROM unnest(p_items) AS i WHERE (i = ANY (v.items)) IS NOT TRUE;
	END IF;
	IF v_items IS NOT NULL THEN
		rule := 'item'; article := 'ND47 Art. 38';
		reason := format('mục dữ liệu ngoài thỏa thuận: %s | items outside the agreement: %s',
			array_to_string(v_items, ', '), array_to_string(v_items, ', '));
		RETURN;
	END IF;
	-- A fetch is cut to the agreement's units and period; what is pushed has to say which it holds, see share_body_fault().
	IF v.unit_ids IS NOT NULL AND coalesce(cardinality(p_unit_ids), 0) = 0 AND v_is_push THEN
		rule := 'unit'; article := 'ND47 Art. 38';
		reason := 'thỏa thuận giới hạn đơn vị, phải nêu đơn vị (p_unit_ids) | the agreement is limited to units, which have to be named (p_unit_ids)';
		RETURN;
	ELSIF coalesce(v.period_from, v.period_to) IS NOT NULL AND (p_from IS NULL OR p_to IS NULL) AND v_is_push THEN
		rule := 'period'; article := 'ND47 Art. 38';
		reason := 'thỏa thuận giới hạn thời kỳ, phải nêu thời kỳ (p_from, p_to) | the agreement is limited to a period, which has to be named (p_from, p_to)';
		RETURN;
	END IF;
	IF p_unit_ids IS NOT NULL AND v.unit_ids IS NOT NULL AND NOT p_unit_ids <@ dwh_internal.share_units(v.unit_ids) THEN
		rule := 'unit'; article := 'ND47 Art. 38';
		reason := 'đơn vị ngoài thỏa thuận | units outside the agreement';
		RETURN;
	END IF;
	IF p_from < v.period_from OR p_to > v.period_to THEN
		rule := 'period'; article := 'ND47 Art. 38';
		reason := 'thời kỳ ngoài thỏa thuận | a period outside the agreement';
		RETURN;
	END IF;
	IF p_structure_version IS NOT NULL AND p_structure_version <> v.structure_version THEN
		rule := 'structure'; article := '2327 Art. 11.2';
		reason := 'phiên bản cấu trúc dữ liệu khác thỏa thuận | another version of the data structure than agreed';
		RETURN;
	END IF;

	IF v_is_2327 AND y.kind <> 'unit' AND v.gateway_id <> h.gateway_id THEN
		rule := 'gateway'; article := '2327 Art. 12.1';
		reason := 'kết nối ra ngoài chỉ qua cổng của cơ quan chủ quản | links to the outside pass the host''s portal only';
		RETURN;
	END IF;
	IF EXISTS (SELECT FROM dwh_catalog.share_platform AS f
		WHERE f.platform_id IN (v.gateway_id, v.route_id) AND (f.valid_from > v_today OR f.valid_to < v_today))
	THEN
		rule := 'platform'; article := '2327 Art. 12.3';
		reason := 'cổng hoặc nền tảng không được phép dùng hôm nay | the gateway or platform is not allowed today';
		RETURN;
	END IF;

	-- A link of our own is for where no platform can carry it; one that is unfit is registered as not ready.
	IF v.route_id IS NULL THEN
		IF EXISTS (SELECT FROM dwh_catalog.share_platform AS f
			WHERE f.kind = 'platform' AND f.is_intermediary AND f.is_ready AND f.is_verified AND f.valid_from <= v_today
				AND coalesce(f.valid_to >= v_today, true))
		THEN
			rule := 'direct link'; article := 'ND47 Art. 46';
			reason := 'kết nối trực tiếp khi nền tảng trung gian đã sẵn sàng | a direct link while an intermediary platform is ready';
			RETURN;
		END IF;
	END IF;
	-- What the worker sends or fetches goes the way that was agreed: to the platform's hosts where they are known, to none of another's.
	IF p_login_role IS NULL AND EXISTS (SELECT FROM dwh_catalog.share_push_target AS t JOIN dwh_catalog.share_push_host AS n USING (host, port)
		WHERE t.agreement_id = g.agreement_id AND n.platform_id IS DISTINCT FROM v.route_id
			AND (n.platform_id IS NOT NULL OR EXISTS (SELECT FROM dwh_catalog.share_push_host AS o WHERE o.platform_id = v.route_id)))
	THEN
		rule := 'route'; article := 'ND47 Art. 46';
		reason := 'máy chủ nhận không thuộc tuyến đã thỏa thuận | the target is no host of the route that was agreed';
		RETURN;
	END IF;

	-- While a fee applies, payments since it began have to reach it.
	IF g.service_id IS NOT NULL THEN
		IF EXISTS (SELECT FROM dwh_catalog.share_fee AS f
			WHERE f.service_id = g.service_id AND f.agency_kind = y.kind AND f.valid_from <= v_today
				AND coalesce(f.valid_to >= v_today, true)
				AND f.amount > (SELECT coalesce(sum(m.amount), 0) FROM dwh_catalog.share_payment AS m
					WHERE m.agreement_id = g.agreement_id AND m.paid_on >= f.valid_from))
		THEN
			rule := 'fee'; article := '2327 Art. 17.4';
			reason := 'chưa nộp phí khai thác | the fee is not paid';
			RETURN;
		END IF;
	END IF;

	IF v.max_calls IS NOT NULL THEN
		-- Another attempt to send a message has an intent of its own, and is no new call.
		IF (SELECT count(DISTINCT l.share_no) FROM dwh_log.share_log AS l
			WHERE l.agreement_id = g.agreement_id AND l.stage = 'intent' AND l.direction = coalesce(p_direction, l.direction)
				AND l.occurred_at >= dwh_internal.share_period_start(v.frequency)
				AND l.month >= (dwh_internal.share_period_start(v.frequency) - interval '32 days')::date) >= v.max_calls
		THEN
			rule := 'frequency'; article := 'ND47 Art. 35.2';
			reason := format('đã đủ %s lần của chu kỳ %s | %s calls were made in this period (%s)', v.max_calls, v.frequency, v.max_calls,
				v.frequency);
			RETURN;
		END IF;
	END IF;
END
$$;
COMMENT ON FUNCTION dwh_internal.share_check(int, text, int, text[], int[], date, date, int, text) IS
	'Thỏa thuận cho phép điều này ngay lúc này hay không; trống là được phép | '
	'Whether an agreement allows this at this moment; all NULL where it does, else the rule that forbids it';

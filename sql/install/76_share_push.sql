-- Pushing: the functions of officers, and what the worker (src/share/worker.c) does in the database, called by it as dwh_owner.
CREATE FUNCTION dwh.register_push_host(
	p_host				text,
	p_port				int,
	p_reason			text,
	p_private_networks	cidr[] DEFAULT '{}',
	p_scheme			text DEFAULT 'https',
	p_platform			text DEFAULT NULL)
RETURNS void LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_register_push_host';
COMMENT ON FUNCTION dwh.register_push_host(text, int, text, cidr[], text, text) IS
	'Cho phép gửi dữ liệu tới một máy chủ | Allows sending to a host';

-- The key of an intermediary platform by its code; NULL where none is named.
CREATE FUNCTION dwh_internal.share_platform_id(p_code text)
RETURNS int LANGUAGE plpgsql STABLE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_id int;
BEGIN
	SELECT platform_id INTO v_id FROM dwh_catalog.share_platform WHERE code = p_code AND kind = 'platform' AND is_intermediary;
	IF v_id IS NULL THEN
		RAISE EXCEPTION 'there is no intermediary platform "%"', p_code
			USING ERRCODE = '42704', DETAIL = 'ND47 Art. 46: a host is a platform''s or the receiver''s own.',
				HINT = 'Platforms stand in dwh_catalog.share_platform; leave p_platform out for a host of the receiver.';
	END IF;
	RETURN v_id;
END
$$;
COMMENT ON FUNCTION dwh_internal.share_platform_id(text) IS 'Khóa của nền tảng trung gian theo mã | Key of an intermediary platform by its code';

CREATE FUNCTION dwh.register_push_target(
	p_agreement_id	int,
	p_host			text,
	p_port			int,
	p_path			text,
	p_credential	text,
	p_timeout_ms	int DEFAULT 30000,
	p_max_attempts	int DEFAULT 12,
	p_retry_base_ms	int DEFAULT 1000,
	p_retry_cap_ms	int DEFAULT 900000,
	p_max_bytes_s	bigint DEFAULT NULL,
	p_is_compressed	boolean DEFAULT false)
RETURNS void LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_register_push_target';
COMMENT ON FUNCTION dwh.register_push_target(int, text, int, text, text, int, int, int, int, bigint, boolean) IS
	'Đặt nơi nhận, hoặc nơi lấy dữ liệu, của một thỏa thuận | Sets where the messages of an agreement are sent, or fetched from';

CREATE FUNCTION dwh.push_share(
	p_agreement_id	int,
	p_content		text,
	p_items			text[],
	p_content_type	text DEFAULT 'application/json',
	p_unit_ids		int[] DEFAULT NULL,
	p_from			date DEFAULT NULL,
	p_to			date DEFAULT NULL,
	p_row_count		bigint DEFAULT NULL,
	p_received_no	bigint DEFAULT NULL)
RETURNS bigint LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_push_share';
COMMENT ON FUNCTION dwh.push_share(int, text, text[], text, int[], date, date, bigint, bigint) IS
	'Đưa một thông điệp dữ liệu vào hàng đợi gửi trong giao dịch hiện tại; trả về share_no | '
	'Queues a data message in the caller''s transaction; returns its share_no';

CREATE FUNCTION dwh.pull_share(
	p_agreement_id	int,
	p_items			text[],
	p_query			text DEFAULT '',
	p_unit_ids		int[] DEFAULT NULL,
	p_from			date DEFAULT NULL,
	p_to			date DEFAULT NULL)
RETURNS bigint LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_pull_share';
COMMENT ON FUNCTION dwh.pull_share(int, text[], text, int[], date, date) IS
	'Đưa yêu cầu lấy dữ liệu của cơ quan khác vào hàng đợi; dữ liệu về vùng đệm dwh_landing.share_received; trả về share_no | '
	'Queues a fetch from another agency into dwh_landing.share_received; returns its share_no';

CREATE FUNCTION dwh.cancel_push(p_share_no bigint, p_reason text)
RETURNS void LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_cancel_push';
COMMENT ON FUNCTION dwh.cancel_push(bigint, text) IS
	'Hủy một thông điệp chưa gửi xong, có hiệu lực trong 1 giây | Cancels a message that is not delivered yet, within a second';

CREATE FUNCTION dwh.requeue_push(p_share_no bigint, p_reason text)
RETURNS void LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_requeue_push';
COMMENT ON FUNCTION dwh.requeue_push(bigint, text) IS
	'Đưa một thông điệp không gửi được trở lại hàng đợi | Puts a message that was set aside back into the queue';

-- Whether a value of an item is none of the units or days that its message names: p_limits has the list or the first and last day of that item.
CREATE FUNCTION dwh_internal.share_is_outside(p_limits jsonb, p_item text, p_value text)
RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN NOT coalesce(CASE jsonb_typeof(p_limits -> p_item)
	WHEN 'array' THEN p_limits -> p_item ? p_value
	WHEN 'object' THEN p_value ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}(T|$)'
		AND left(p_value, 10) COLLATE "C" BETWEEN p_limits -> p_item ->> 'from' AND p_limits -> p_item ->> 'to'
	ELSE true END, false);
COMMENT ON FUNCTION dwh_internal.share_is_outside(jsonb, text, text) IS
	'Giá trị nằm ngoài đơn vị, thời kỳ đã nêu hay không | Whether a value is outside of the units or the period that were named';

-- What is wrong with CSV as RFC 4180 has it: the header names the items, every record has a field for each, of the type of the structure.
CREATE FUNCTION dwh_internal.share_csv_fault(p_structure jsonb, p_items text[], p_content text, p_limits jsonb, OUT fault text, OUT row_count bigint)
RETURNS record LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
	WITH record AS (
		SELECT n, r[1] AS text FROM regexp_matches(p_content, E'((?:[^"\\r\\n]|"(?:[^"]|"")*")+)', 'g') WITH ORDINALITY AS m (r, n)
	), field AS (
		SELECT r.n, f.k, f.m[1] AS raw, CASE WHEN f.m[1] LIKE '"%' THEN replace(substr(f.m[1], 2, length(f.m[1]) - 2), '""', '"') ELSE f.m[1] END AS value
		FROM record AS r CROSS JOIN LATERAL regexp_matches(',' || r.text, ',("(?:[^"]|"")*"|[^,"]*)', 'g') WITH ORDINALITY AS f (m, k)
	), header AS (
		SELECT k, value AS name, p_structure -> 'properties' -> value -> 'type' AS types FROM field WHERE n = 1
	)
	SELECT (SELECT x.fault FROM (
		SELECT 0 AS n, 'the header of the CSV is not that of the items' AS fault
		WHERE (SELECT array_agg(name ORDER BY name) FROM header) IS DISTINCT FROM ARRAY(SELECT i FROM unnest(p_items) AS i ORDER BY 1)
		UNION ALL
		SELECT 1, 'a quotation mark is not closed' WHERE (length(p_content) - length(replace(p_content, '"', ''))) % 2 = 1
		UNION ALL
		SELECT r.n, format('record %s has %s fields', r.n, count(*)) FROM record AS r JOIN field AS f USING (n)
		GROUP BY r.n, r.text HAVING count(*) <> cardinality(p_items) OR sum(length(f.raw) + 1) - 1 <> length(r.text)
		UNION ALL
		SELECT f.n, format('record %s: %s is no %s', f.n, h.name, h.types ->> 0) FROM field AS f JOIN header AS h USING (k)
		WHERE f.n > 1 AND f.value <> '' AND NOT CASE
			WHEN h.types ? 'number' THEN f.value ~ E'^([-+]?[0-9]*\\.?[0-9]+([eE][-+]?[0-9]+)?|NaN|-?Infinity)$'
			WHEN h.types ? 'string' THEN true
			WHEN h.types ? 'integer' THEN f.value ~ '^[-+]?[0-9]+$'
			WHEN h.types ? 'boolean' THEN f.value IN ('true', 'false', 't', 'f')
			ELSE true END
		UNION ALL
		SELECT f.n, format('record %s: %s is outside of what is named', f.n, h.name) FROM field AS f JOIN header AS h USING (k)
		WHERE f.n > 1 AND dwh_internal.share_is_outside(p_limits, h.name, f.value)
	) AS x ORDER BY x.n LIMIT 1), (SELECT count(*) FROM record AS r WHERE r.n > 1)
$$;
COMMENT ON FUNCTION dwh_internal.share_csv_fault(jsonb, text[], text, jsonb) IS
	'Chỗ CSV không đúng cấu trúc dữ liệu, và số dòng | Where CSV does not have the data structure, and its number of rows';

-- Why a message does not have the structure of its service (2327 Art. 11.2); NULL where it has, or where nothing is known of it. Objects of JSON and
-- records of CSV have the items and nothing else, and their types while the agreement is of the service's present structure; units and months
-- lie within those that the message names. And how many rows it has.
CREATE FUNCTION dwh_internal.share_body_fault(p_service_id int, p_structure_version int, p_items text[], p_content_type text, p_content text,
	p_unit_ids int[] DEFAULT NULL, p_from date DEFAULT NULL, p_to date DEFAULT NULL, OUT fault text, OUT row_count bigint)
RETURNS record LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	s dwh_catalog.share_service;
	v_type text := lower(trim(split_part(p_content_type, ';', 1)));
	v_rows json[];
	v_limits jsonb := '{}';
BEGIN
	SELECT * INTO s FROM dwh_catalog.share_service WHERE service_id = p_service_id;
	IF s.unit_column IS NOT NULL AND p_unit_ids IS NOT NULL THEN
		v_limits := jsonb_build_object(s.unit_column, dwh_internal.share_units(p_unit_ids)::text[]);
	END IF;
	IF s.month_column IS NOT NULL AND coalesce(p_from, p_to) IS NOT NULL THEN
		v_limits := v_limits || jsonb_build_object(s.month_column, jsonb_build_object('from', coalesce(to_char(p_from, 'YYYY-MM-DD'), '0001-01-01'),
			'to', coalesce(to_char(p_to, 'YYYY-MM-DD'), '9999-12-31')));
	END IF;
	IF s.service_id IS NULL THEN
		RETURN;
	ELSIF cardinality(p_items) = 0 THEN
		fault := 'no item is named';
		RETURN;
	ELSIF cardinality(p_items) > (SELECT count(DISTINCT i) FROM unnest(p_items) AS i) THEN
		fault := 'an item is named twice';
		RETURN;
	ELSIF v_type = 'text/csv' THEN
		SELECT c.fault, c.row_count INTO fault, row_count
		FROM dwh_internal.share_csv_fault(CASE WHEN s.structure_version = p_structure_version THEN s.data_structure END, p_items, p_content,
			v_limits) AS c;
		RETURN;
	ELSIF v_type <> ALL (ARRAY['application/json', 'application/x-ndjson']) THEN
		fault := 'its media type is none of application/json, application/x-ndjson, text/csv';
		RETURN;
	END IF;
	-- As json, not jsonb: it goes out as it is, with every key.
	BEGIN
		IF v_type = 'application/x-ndjson' THEN
			v_rows := ARRAY(SELECT l::json FROM string_to_table(p_content, E'\n') WITH ORDINALITY AS t (l, n) WHERE l ~ '[^[:space:]]' ORDER BY n);
		ELSE
			v_rows := ARRAY(SELECT a.r FROM json_array_elements(CASE json_typeof(p_content::json) WHEN 'array' THEN p_content::json
				ELSE json_build_array(p_content::json) END) WITH ORDINALITY AS a (r, n) ORDER BY n);
		END IF;
		PERFORM r::jsonb FROM unnest(v_rows) AS r;
	EXCEPTION WHEN data_exception OR statement_too_complex OR program_limit_exceeded THEN
		fault := 'it is no JSON: ' || SQLERRM;
		RETURN;
	END;
	row_count := cardinality(v_rows);
	fault := (SELECT f.fault
		FROM unnest(v_rows) WITH ORDINALITY AS a (r, n)
			CROSS JOIN LATERAL (SELECT CASE json_typeof(a.r) WHEN 'object' THEN a.r ELSE '{}' END AS fields) AS o
			CROSS JOIN LATERAL (
				SELECT format('row %s is no object', a.n) AS fault WHERE json_typeof(a.r) <> 'object'
				UNION ALL
				SELECT format('row %s lacks %s', a.n, i) FROM unnest(p_items) AS i WHERE NOT o.fields::jsonb ? i
				UNION ALL
				SELECT format('row %s has %s', a.n, k) FROM json_object_keys(o.fields) AS k WHERE k <> ALL (p_items)
				UNION ALL
				SELECT format('row %s has %s twice', a.n, k) FROM json_object_keys(o.fields) AS k GROUP BY k HAVING count(*) > 1
				UNION ALL
				SELECT format('row %s: %s is outside of what is named', a.n, e.key) FROM jsonb_each_text(o.fields::jsonb) AS e
				WHERE dwh_internal.share_is_outside(v_limits, e.key, e.value)
				UNION ALL
				SELECT format('row %s: %s is no %s', a.n, e.key, t.types ->> 0)
				FROM jsonb_each(o.fields::jsonb) AS e CROSS JOIN LATERAL (SELECT s.data_structure -> 'properties' -> e.key -> 'type' AS types,
					s.data_structure -> 'properties' -> e.key ->> 'pattern' AS pattern) AS t
				WHERE s.structure_version = p_structure_version AND NOT (coalesce(t.types ? jsonb_typeof(e.value), true)
						AND (jsonb_typeof(e.value) <> 'string' OR coalesce(e.value #>> '{}' ~ t.pattern, true)))
					AND NOT (t.types ? 'integer' AND jsonb_typeof(e.value) = 'number' AND scale(trim_scale((e.value #>> '{}')::numeric)) = 0)) AS f
		LIMIT 1);
END
$$;
COMMENT ON FUNCTION dwh_internal.share_body_fault(int, int, text[], text, text, int[], date, date) IS
	'Vì sao nội dung gửi không đúng cấu trúc dữ liệu, và số dòng | Why a message does not have the structure of its service, and its number of rows';

-- Rows of the log from a common part and what differs, all in one statement, whose plan is kept.
CREATE FUNCTION dwh_internal.share_log_rows(p_rows jsonb[])
RETURNS void LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	INSERT INTO dwh_log.share_log (month, share_no, stage, occurred_at, direction, kind, requested_at, request_form, supplied_at,
		supply_form, agency_id, agency_identifier, application_identifier, service_id, service_code, agreement_id,
		agreement_version, connection_id, account_id, person, session_user_name, outer_user_name, client_address, gateway, route,
		purpose, frequency, request_content, status, reason, item_count, row_count, byte_count, content_digest,
		structure_version, period_from, period_to, use_term, use_until, duration_ms, related_share_no, detail)
	SELECT date_trunc('month', t.now_at AT TIME ZONE w.time_zone)::date, r.share_no, r.stage, t.now_at, r.direction,
		r.kind, r.requested_at, r.request_form, CASE r.status WHEN 'supplied' THEN t.now_at END, r.supply_form, r.agency_id,
		r.agency_identifier, r.application_identifier, r.service_id, r.service_code, r.agreement_id, r.agreement_version,
		r.connection_id, r.account_id, r.person, r.session_user_name, r.outer_user_name, r.client_address, r.gateway, r.route,
		r.purpose, r.frequency, coalesce(r.request_content, '{}'), r.status, r.reason, r.item_count, r.row_count, r.byte_count,
		r.content_digest, r.structure_version, r.period_from, r.period_to, r.use_term, r.use_until, r.duration_ms,
		r.related_share_no, coalesce(r.detail, '{}')
	FROM dwh_catalog.warehouse AS w, (SELECT clock_timestamp() AS now_at) AS t,
		unnest(p_rows) WITH ORDINALITY AS u (row, n), jsonb_populate_record(NULL::dwh_log.share_log, u.row) AS r
	ORDER BY u.n;
END
$$;
COMMENT ON FUNCTION dwh_internal.share_log_rows(jsonb[]) IS 'Ghi nhiều dòng nhật ký | Appends rows to the log of sharing';

-- What every stage has, for an outcome by which nothing was supplied: how much it would have been stands in the rows before it.
CREATE FUNCTION dwh_internal.share_not_supplied(p_stage jsonb)
RETURNS jsonb LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN p_stage - '{row_count,byte_count,content_digest}'::text[];
COMMENT ON FUNCTION dwh_internal.share_not_supplied(jsonb) IS
	'Các trường của nhật ký khi không cung cấp được gì | The fields of the log where nothing was supplied';

-- The worker waits for nobody: a row that an open transaction holds (a person cancels it, puts it back, or ends its agreement) is left for
-- the next turn, by SKIP LOCKED in each of the functions below. And they look for messages by arrays of numbers and by the order of one
-- index, which leaves the planner no other way: its statistics are of a queue that was empty as often as full.

-- What was being sent when a worker ended has an unknown outcome: it is told, and sent again under the same key. p_known is what this worker
-- sends. Returns whether nothing is left.
CREATE FUNCTION dwh_internal.share_push_recover(p_known bigint[])
RETURNS boolean LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_rows jsonb[];
BEGIN
	WITH freed AS (
		UPDATE dwh_log.share_outbox SET state = 'waiting', next_at = clock_timestamp()
		WHERE outbox_id = ANY (ARRAY(SELECT l.outbox_id FROM dwh_log.share_outbox AS l
			WHERE l.state = 'sending' AND l.outbox_id <> ALL (p_known) FOR UPDATE SKIP LOCKED))
		RETURNING outbox_id, attempts, stage)
	SELECT array_agg(dwh_internal.share_not_supplied(stage) || jsonb_build_object('stage', 'outcome', 'status', 'broken_off',
		'reason', 'tiến trình gửi đã dừng, kết quả chưa biết, sẽ gửi lại | the sending process ended, result unknown, will be sent again',
		'detail', jsonb_build_object('attempt', attempts)) ORDER BY outbox_id) INTO v_rows FROM freed;
	PERFORM dwh_internal.share_log_rows(v_rows) WHERE v_rows IS NOT NULL;
	RETURN NOT EXISTS (SELECT FROM dwh_log.share_outbox WHERE state = 'sending' AND outbox_id <> ALL (p_known));
END
$$;
COMMENT ON FUNCTION dwh_internal.share_push_recover(bigint[]) IS
	'Xử lý những gì đang gửi dở khi tiến trình dừng | Frees what was being sent when a worker ended';

-- Becomes the one who counts the calls of an agreement until the transaction ends; false where somebody else does, as a fetch until its intent is committed.
CREATE FUNCTION dwh_internal.share_try_calls(p_agreement_id int)
RETURNS boolean LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_share_try_calls';
COMMENT ON FUNCTION dwh_internal.share_try_calls(int) IS
	'Giữ quyền đếm số lần của một thỏa thuận đến hết giao dịch | Becomes the one who counts the calls of an agreement';

-- Takes up to p_limit messages, one an agreement that is not busy and in its order, p_agencies being those of what is under way; judges
-- them by the agreement as it is now, and writes their intent. What the agreement forbids is settled here; a suspended agreement waits,
-- and so does one that had its calls of this period. Another attempt is no new call, nor is a message that was put back after attempts.
-- p_seen and p_places: agreements of which nothing waits before this outbox_id. Without them, whatever was delivered while somebody's
-- snapshot is open is passed again and again at the head of the queue.
CREATE FUNCTION dwh_internal.share_push_claim(p_limit int, p_agency_limit int, p_busy int[], p_agencies int[], p_seen int[], p_places bigint[])
RETURNS TABLE (
	outbox_id		bigint,
	share_no		bigint,
	agreement_id	int,
	attempt			int,
	idempotency_key	text,
	content_type	text,
	body			text,
	scheme			text,
	host			text,
	port			int,
	path			text,
	credential		text,
	networks		text,
	timeout_ms		int,
	max_bytes_s		bigint,
	is_compressed	boolean,
	direction		text,
	agency_id		int)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	q record;
	c record;
	v_ask record;
	v_is_again boolean;
	v_now timestamptz := clock_timestamp();
	v_rows jsonb[] := '{}';
	v_agencies int[] := p_agencies;
	v_ids bigint[] := '{}';
BEGIN
	FOR q IN
		SELECT o.*
		FROM dwh_catalog.share_push_target AS t
			LEFT JOIN unnest(p_seen, p_places) AS p (agreement_id, outbox_id) ON p.agreement_id = t.agreement_id
			CROSS JOIN LATERAL (SELECT f.outbox_id, f.share_no, f.agreement_id, f.agency_id, f.direction, f.state, f.attempts, f.next_at, f.is_cancelled,
					f.ask, f.stage
				FROM dwh_log.share_outbox AS f
				WHERE (f.agreement_id, f.outbox_id) >= (t.agreement_id, coalesce(p.outbox_id, 0)) AND f.agreement_id <= t.agreement_id
					AND NOT f.is_dead
				ORDER BY f.agreement_id, f.outbox_id LIMIT 1) AS o
		WHERE t.agreement_id <> ALL (p_busy) AND o.state = 'waiting' AND o.next_at <= v_now AND NOT o.is_cancelled
		ORDER BY o.next_at, o.outbox_id
	LOOP
		EXIT WHEN cardinality(v_ids) >= p_limit;
		CONTINUE WHEN cardinality(array_positions(v_agencies, q.agency_id)) >= p_agency_limit;
		CONTINUE WHEN NOT dwh_internal.share_try_calls(q.agreement_id);
		SELECT * INTO v_ask FROM jsonb_to_record(q.ask) AS a (items text[], unit_ids int[], period_from date, period_to date);
		SELECT * INTO c FROM dwh_internal.share_check(q.agreement_id, q.direction, NULL, v_ask.items, v_ask.unit_ids,
			v_ask.period_from, v_ask.period_to, (q.stage ->> 'structure_version')::int, NULL);
		PERFORM FROM dwh_log.share_outbox AS l
		WHERE l.outbox_id = q.outbox_id AND l.state = 'waiting' AND NOT l.is_cancelled FOR UPDATE SKIP LOCKED;
		CONTINUE WHEN NOT FOUND;
		v_is_again := q.attempts > 0;
		IF c.rule = 'frequency' AND NOT v_is_again THEN
			v_is_again := EXISTS (SELECT FROM dwh_log.share_log AS l WHERE l.share_no = q.share_no AND l.stage = 'intent');
		END IF;
		IF c.rule IS NULL OR (c.rule = 'frequency' AND v_is_again) THEN
			v_ids := v_ids || q.outbox_id;
			v_agencies := v_agencies || q.agency_id;
		ELSIF c.rule IN ('suspended', 'frequency') THEN
			UPDATE dwh_log.share_outbox AS u SET last_error = c.reason,
				next_at = v_now + CASE c.rule WHEN 'suspended' THEN interval '1 second' ELSE interval '1 minute' END
			WHERE u.outbox_id = q.outbox_id;
		ELSE
			UPDATE dwh_log.share_outbox AS u SET state = 'dead', last_error = c.reason WHERE u.outbox_id = q.outbox_id;
			v_rows := v_rows || (dwh_internal.share_not_supplied(q.stage) || jsonb_build_object('stage', 'outcome', 'status', 'refused', 'reason', c.reason,
				'detail', jsonb_build_object('rule', c.rule, 'article', c.article)));
		END IF;
	END LOOP;
	FOR q IN
		-- The log names the terms that it goes under, which may be others than on the day it was queued.
		UPDATE dwh_log.share_outbox AS u SET state = 'sending', attempts = u.attempts + 1,
			stage = u.stage || (SELECT jsonb_build_object('agreement_version', a.version, 'supply_form', a.method, 'gateway', a.gateway,
				'route', a.route, 'frequency', a.frequency, 'use_term', a.use_term,
				'use_until', CASE WHEN u.direction = 'out' THEN a.use_until END)
				FROM dwh_internal.share_agreement_today(u.agreement_id) AS a)
		FROM dwh_catalog.share_push_target AS t JOIN dwh_catalog.share_push_host AS h ON h.host = t.host AND h.port = t.port
		WHERE u.outbox_id = ANY (v_ids) AND t.agreement_id = u.agreement_id
		RETURNING u.*, h.scheme, t.host, t.port, t.path, t.credential, h.private_networks, t.timeout_ms, t.max_bytes_s,
			t.is_compressed
	LOOP
		v_rows := v_rows || (q.stage || jsonb_build_object('stage', 'intent', 'status', 'intent',
			'client_address', format('%s://%s:%s', q.scheme, q.host, q.port),
			'detail', jsonb_build_object('attempt', q.attempts, 'idempotency_key', q.idempotency_key)));
		outbox_id := q.outbox_id; share_no := q.share_no; agreement_id := q.agreement_id; attempt := q.attempts;
		idempotency_key := q.idempotency_key; content_type := q.content_type; body := q.body; scheme := q.scheme; host := q.host;
		port := q.port; path := q.path; credential := q.credential; networks := array_to_string(q.private_networks, ' ');
		timeout_ms := q.timeout_ms; max_bytes_s := q.max_bytes_s; is_compressed := q.is_compressed; direction := q.direction;
		agency_id := q.agency_id;
		RETURN NEXT;
	END LOOP;
	IF v_rows <> '{}' THEN
		PERFORM dwh_internal.share_log_rows(v_rows);
	END IF;
END
$$;
COMMENT ON FUNCTION dwh_internal.share_push_claim(int, int, int[], int[], int[], bigint[]) IS
	'Nhận các thông điệp để gửi và ghi ý định | Claims messages to be sent and writes their intent';

-- Records what became of attempts: [{"outbox_id", "result": supplied, retry, fail or stopped, "reason", "http", "duration_ms",
-- "wait_ms" (Retry-After)}]. Returns those whose row is held by somebody: they are to be told again. A wait grows twofold up to the
-- target's cap, half of it at random; what Retry-After asks for counts up to a day.
CREATE FUNCTION dwh_internal.share_push_finish(p_outcomes jsonb)
RETURNS bigint[] LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	r record;
	v_rows jsonb[];
	v_wait bigint;
	v_told bigint[] := ARRAY(SELECT (x ->> 'outbox_id')::bigint FROM jsonb_array_elements(p_outcomes) AS x);
	v_ids bigint[];
BEGIN
	SELECT coalesce(array_agg(l.outbox_id), '{}') INTO v_ids
	FROM (SELECT o.outbox_id FROM dwh_log.share_outbox AS o WHERE o.outbox_id = ANY (v_told) FOR UPDATE SKIP LOCKED) AS l;
	WITH gone AS (
		DELETE FROM dwh_log.share_outbox AS d
		USING jsonb_to_recordset(p_outcomes) AS x (outbox_id bigint, result text, http int, duration_ms bigint)
		WHERE d.outbox_id = x.outbox_id AND x.result = 'supplied' AND d.outbox_id = ANY (v_ids)
		RETURNING d.outbox_id, d.stage, d.attempts, x.http, x.duration_ms)
	SELECT array_agg(g.stage || jsonb_build_object('stage', 'outcome', 'status', 'supplied', 'duration_ms', g.duration_ms,
		'detail', jsonb_build_object('attempt', g.attempts, 'http', g.http)) ORDER BY g.outbox_id) INTO v_rows FROM gone AS g;
	v_rows := coalesce(v_rows, '{}');
	FOR r IN
		SELECT x.*, o.attempts, o.stage, coalesce(t.max_attempts, 12) AS max_attempts,
			coalesce(t.retry_base_ms, 1000) AS retry_base_ms, coalesce(t.retry_cap_ms, 900000) AS retry_cap_ms
		FROM jsonb_to_recordset(p_outcomes) AS x (outbox_id bigint, result text, reason text, http int, duration_ms bigint, wait_ms bigint)
			JOIN dwh_log.share_outbox AS o ON o.outbox_id = x.outbox_id
			LEFT JOIN dwh_catalog.share_push_target AS t ON t.agreement_id = o.agreement_id
		WHERE x.result <> 'supplied' AND o.outbox_id = ANY (v_ids)
	LOOP
		v_rows := v_rows || (dwh_internal.share_not_supplied(r.stage) || jsonb_build_object('stage', 'outcome',
			'status', CASE r.result WHEN 'stopped' THEN 'broken_off' ELSE 'failed' END, 'reason', r.reason, 'duration_ms', r.duration_ms,
			'detail', jsonb_strip_nulls(jsonb_build_object('attempt', r.attempts, 'http', r.http))));
		IF r.result = 'stopped' THEN
			UPDATE dwh_log.share_outbox AS u SET state = 'waiting', last_error = r.reason, next_at = clock_timestamp()
			WHERE u.outbox_id = r.outbox_id;
		ELSIF r.result = 'fail' OR r.attempts >= r.max_attempts THEN
			UPDATE dwh_log.share_outbox AS u SET state = 'dead', last_error = r.reason WHERE u.outbox_id = r.outbox_id;
			v_rows := v_rows || (dwh_internal.share_not_supplied(r.stage) || jsonb_build_object('stage', 'outcome', 'status', 'undelivered', 'reason', r.reason,
				'detail', jsonb_build_object('attempts', r.attempts)));
		ELSE
			v_wait := least(r.retry_cap_ms, r.retry_base_ms * 2.0 ^ least(r.attempts - 1, 30))::bigint;
			v_wait := greatest(v_wait / 2 + (random() * v_wait / 2)::bigint, least(coalesce(r.wait_ms, 0), 86400000));
			UPDATE dwh_log.share_outbox AS u
			SET state = 'waiting', last_error = r.reason, next_at = clock_timestamp() + v_wait * interval '1 millisecond'
			WHERE u.outbox_id = r.outbox_id;
		END IF;
	END LOOP;
	IF v_rows <> '{}' THEN
		PERFORM dwh_internal.share_log_rows(v_rows);
	END IF;
	RETURN ARRAY(SELECT o.outbox_id FROM dwh_log.share_outbox AS o WHERE o.outbox_id = ANY (v_told) AND o.outbox_id <> ALL (v_ids));
END
$$;
COMMENT ON FUNCTION dwh_internal.share_push_finish(jsonb) IS
	'Ghi kết quả các lần gửi | Records what became of attempts';

-- Lands what another agency answered, and records it. Returns false where its row is held by somebody: it is to be told again.
CREATE FUNCTION dwh_internal.share_pull_finish(p_outbox_id bigint, p_content_type text, p_content bytea, p_http int, p_duration_ms bigint)
RETURNS boolean LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	o dwh_log.share_outbox;
	v_digest text := encode(sha256(p_content), 'hex');
BEGIN
	SELECT * INTO o FROM dwh_log.share_outbox AS l WHERE l.outbox_id = p_outbox_id FOR UPDATE SKIP LOCKED;
	IF NOT FOUND THEN
		RETURN NOT EXISTS (SELECT FROM dwh_log.share_outbox AS e WHERE e.outbox_id = p_outbox_id);
	END IF;
	DELETE FROM dwh_log.share_outbox AS d WHERE d.outbox_id = p_outbox_id;
	INSERT INTO dwh_landing.share_received (share_no, agreement_id, agency_identifier, content_type, content, content_digest)
	VALUES (o.share_no, o.agreement_id, o.stage ->> 'agency_identifier', p_content_type, p_content, v_digest);
	PERFORM dwh_internal.share_log_rows(ARRAY[o.stage || jsonb_build_object('stage', 'outcome', 'status', 'received',
		'duration_ms', p_duration_ms, 'byte_count', octet_length(p_content), 'content_digest', v_digest,
		'detail', jsonb_build_object('attempt', o.attempts, 'http', p_http, 'content_type', p_content_type))]);
	RETURN true;
END
$$;
COMMENT ON FUNCTION dwh_internal.share_pull_finish(bigint, text, bytea, int, bigint) IS
	'Đưa dữ liệu nhận được vào vùng đệm và ghi nhật ký | Lands what was received and records it';

-- Of these messages, which may not go on; and settles what was cancelled while it waited. What is being sent is settled by its outcome.
CREATE FUNCTION dwh_internal.share_push_stopped(p_sending bigint[])
RETURNS TABLE (outbox_id bigint, reason text)
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_rows jsonb[];
BEGIN
	WITH gone AS (
		DELETE FROM dwh_log.share_outbox AS o
		WHERE o.outbox_id = ANY (ARRAY(SELECT l.outbox_id FROM dwh_log.share_outbox AS l
			WHERE l.is_cancelled AND l.state <> 'sending' FOR UPDATE SKIP LOCKED))
		RETURNING o.outbox_id, o.stage, o.cancel_reason)
	SELECT array_agg(dwh_internal.share_not_supplied(g.stage) || jsonb_build_object('stage', 'outcome', 'status', 'undelivered', 'reason', g.cancel_reason)
		ORDER BY g.outbox_id) INTO v_rows FROM gone AS g;
	PERFORM dwh_internal.share_log_rows(v_rows) WHERE v_rows IS NOT NULL;
	RETURN QUERY SELECT o.outbox_id, CASE WHEN o.is_cancelled THEN o.cancel_reason
			ELSE 'đang tạm ngừng hoặc đã chấm dứt | sharing is suspended or was ended' END
		FROM dwh_log.share_outbox AS o
		WHERE o.outbox_id = ANY (p_sending) AND (o.is_cancelled OR dwh_internal.share_is_stopped(o.agreement_id));
END
$$;
COMMENT ON FUNCTION dwh_internal.share_push_stopped(bigint[]) IS
	'Thông điệp đang gửi phải dừng | Which of these messages must be stopped';

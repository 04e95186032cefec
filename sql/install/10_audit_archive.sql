-- Taking old months out of the logs: see src/audit/archive.c.
CREATE FUNCTION dwh.canonical_event(p_event_id bigint, p_month date)
RETURNS bytea LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_canonical_event';
COMMENT ON FUNCTION dwh.canonical_event(bigint, date) IS
	'Nội dung chuẩn của một sự kiện, có giá trị băm là lá của nó | Canonical bytes of an event, whose hash is its leaf';

-- Months for which a log is kept at least, counted from the end of the month: the longest of the rules in force; for the log of sharing
-- also of the data-use regulations (Decree 47 Art. 45.3) and of the host's row.
CREATE FUNCTION dwh_internal.log_retention(p_log text)
RETURNS int LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN (SELECT greatest(max(d.value_number), CASE WHEN p_log = 'share' THEN (SELECT max(b.log_months) FROM dwh_catalog.share_database AS b)
			END, CASE WHEN p_log = 'share' THEN (SELECT h.log_months FROM dwh_catalog.share_host AS h) END)
		FROM dwh_catalog.deadline AS d
		WHERE d.subject = CASE p_log WHEN 'audit' THEN 'keep the log of events' ELSE 'keep the log of connection and sharing' END
			AND d.unit = 'months' AND coalesce(d.valid_from <= dwh.today(), true) AND coalesce(d.valid_to >= dwh.today(), true));
END
$$;
COMMENT ON FUNCTION dwh_internal.log_retention(text) IS
	'Số tháng phải giữ nhật ký | Months for which a log is kept at least';

-- The monthly partitions of a log.
CREATE FUNCTION dwh_internal.log_months(p_log text)
RETURNS TABLE (month date, partition regclass) LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD' AS $$
	SELECT b.bound[1]::date, b.relation
	FROM (SELECT c.oid::regclass AS relation,
			regexp_match(pg_get_expr(c.relpartbound, c.oid), 'FROM [(]''([0-9]{4}-[0-9][0-9]-01)''[)] TO [(]''([0-9]{4}-[0-9][0-9]-01)''[)]') AS bound
		FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
		WHERE i.inhparent = format('dwh_log.%I', p_log || CASE p_log WHEN 'audit' THEN '_event' ELSE '_log' END)::regclass) AS b
	WHERE b.bound[2]::date = b.bound[1]::date + interval '1 month'
$$;
COMMENT ON FUNCTION dwh_internal.log_months(text) IS 'Các phân vùng tháng của một nhật ký | The monthly partitions of a log';

/*
 * Archives every whole month of a log up to p_until that is older than the log's retention. A month goes only whole, sealed and intact.
 * Partitions are taken away last, because that locks writers of the log out until the transaction ends. Returns how many rows are gone.
 */
CREATE FUNCTION dwh_internal.archive_log(p_log text, p_until date, p_keep_tables boolean)
RETURNS bigint LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp SET lock_timeout = '10s' AS $$
DECLARE
	v_rule int := dwh_internal.log_retention(p_log);
	-- Shorter than this audit_verify() does not believe, whatever the rows say: MIN_RETENTION_MONTHS of src/audit/archive.c.
	v_retention int := CASE WHEN v_rule IS NOT NULL THEN greatest(v_rule, 24) END;
	v_floor date := date_trunc('month', dwh.today() - make_interval(months => v_retention));
	v_id_column name := CASE p_log WHEN 'audit' THEN 'event_id' ELSE 'share_id' END;
	v_months date[] := '{}';
	v_partitions regclass[] := '{}';
	v_counts bigint[] := '{}';
	v_events bigint[] := '{}';
	v_loose bigint;
	v_found record;
	r record;
BEGIN
	IF v_floor IS NULL THEN
		RAISE EXCEPTION 'no rule says how long the log "%" is kept', p_log
			USING ERRCODE = '55000', DETAIL = 'dwh_catalog.deadline has no row in force for it.', HINT = 'Put the row back.';
	END IF;
	IF p_until >= v_floor THEN
		RAISE EXCEPTION 'events of % are too young to be archived', p_until
			USING ERRCODE = '22023', DETAIL = format('The log is kept for %s months: only what is older than %s may go.', v_retention, v_floor),
				HINT = 'Name an earlier day.';
	END IF;
	-- Verifications read audit_archive first and keep that lock: none is going on from here, and none begins.
	LOCK TABLE dwh_log.audit_archive IN ACCESS EXCLUSIVE MODE;
	LOCK TABLE dwh_log.audit_leaf IN SHARE ROW EXCLUSIVE MODE;
	FOR r IN
		SELECT m.month, m.partition, coalesce(l.leaf_count, 0) AS leaf_count, l.first_leaf, l.last_leaf
		FROM dwh_internal.log_months(p_log) AS m LEFT JOIN (
			SELECT source_month, count(*) AS leaf_count, min(leaf_index) AS first_leaf, max(leaf_index) AS last_leaf
			FROM dwh_log.audit_leaf WHERE source = p_log GROUP BY source_month) AS l ON l.source_month = m.month
		WHERE m.month < v_floor AND coalesce(m.month + interval '1 month' <= p_until + 1, true)
		ORDER BY m.month
	LOOP
		EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', r.partition);
		EXECUTE format('SELECT count(*) FROM %s AS e WHERE NOT EXISTS (SELECT FROM dwh_log.audit_leaf AS l
			WHERE l.source = $1 AND l.source_id = e.%I AND l.source_month = e.month)', r.partition, v_id_column) INTO v_loose USING p_log;
		IF v_loose > 0 THEN
			RAISE EXCEPTION 'month % of the log is not sealed', to_char(r.month, 'YYYY-MM')
				USING ERRCODE = '55000', DETAIL = format('%s of its rows have no leaf.', v_loose), HINT = 'Call dwh.audit_seal() first.';
		END IF;
		IF r.leaf_count > 0 THEN
			SELECT * INTO v_found FROM dwh.audit_verify(r.first_leaf, r.last_leaf + 1);
			IF NOT v_found.is_intact THEN
				RAISE EXCEPTION 'month % of the log is not intact', to_char(r.month, 'YYYY-MM')
					USING ERRCODE = 'XX001', DETAIL = format('Leaf %s: %s.', v_found.first_bad_leaf, v_found.problem),
						HINT = 'What was tampered with is kept.';
			END IF;
		END IF;
		PERFORM dwh_internal.audit_append('archive_log', r.partition::text, 'done', jsonb_build_object('log', p_log,
			'month', r.month, 'row_count', r.leaf_count, 'retention_months', v_retention, 'is_table_kept', p_keep_tables));
		v_months := v_months || r.month;
		v_partitions := v_partitions || r.partition;
		v_counts := v_counts || r.leaf_count;
		v_events := v_events || currval('dwh_log.audit_event_event_id_seq');
	END LOOP;
	PERFORM dwh.audit_seal();
	INSERT INTO dwh_log.audit_archive (source, month, row_count, retention_months, is_table_kept, event_id, event_month, event_bytes)
	SELECT p_log, v_months[i], v_counts[i], v_retention, p_keep_tables, e.event_id, e.month, dwh.canonical_event(e.event_id, e.month)
	FROM generate_subscripts(v_months, 1) AS i JOIN dwh_log.audit_event AS e ON e.event_id = v_events[i];
	FOR i IN 1 .. cardinality(v_partitions) LOOP
		IF NOT p_keep_tables THEN
			EXECUTE format('DROP TABLE %s', v_partitions[i]);
			CONTINUE;
		END IF;
		EXECUTE format('ALTER TABLE dwh_log.%I DETACH PARTITION %s', p_log || CASE p_log WHEN 'audit' THEN '_event' ELSE '_log' END,
			v_partitions[i]);
		-- The parent's trigger went with the parent.
		EXECUTE format('CREATE TRIGGER before_change BEFORE UPDATE OR DELETE ON %s
			FOR EACH ROW EXECUTE FUNCTION dwh_internal.refuse_change()', v_partitions[i]);
		EXECUTE format('DROP TRIGGER IF EXISTS before_truncate ON %s', v_partitions[i]);
		EXECUTE format('CREATE TRIGGER before_truncate BEFORE TRUNCATE ON %s
			FOR EACH STATEMENT EXECUTE FUNCTION dwh_internal.refuse_change()', v_partitions[i]);
		EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER before_change, ENABLE ALWAYS TRIGGER before_truncate', v_partitions[i]);
	END LOOP;
	RETURN coalesce((SELECT sum(n) FROM unnest(v_counts) AS n), 0);
END
$$;
COMMENT ON FUNCTION dwh_internal.archive_log(text, date, boolean) IS
	'Lưu trữ các tháng cũ của một nhật ký; trả về số dòng đã bỏ | Archives old months of a log; returns how many rows are gone';

CREATE FUNCTION dwh.archive_audit(p_until date DEFAULT NULL, p_keep_tables boolean DEFAULT false)
RETURNS bigint LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_archive_audit';
COMMENT ON FUNCTION dwh.archive_audit(date, boolean) IS
	'Bỏ nội dung các tháng nhật ký đã hết thời gian lưu giữ, lá và bằng chứng vẫn còn; trả về số sự kiện đã bỏ | '
	'Takes the content of months older than the retention out of the log, leaves and proofs stay; returns how many events are gone';

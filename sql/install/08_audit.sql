-- The log of events: see src/audit.
CREATE FUNCTION dwh_internal.refuse_change()
RETURNS trigger LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_refuse_change';
COMMENT ON FUNCTION dwh_internal.refuse_change() IS
	'Trigger: bảng chỉ được thêm dòng, không sửa, không xóa | Trigger: rows of this table are only ever appended';

CREATE FUNCTION dwh_internal.audit_append(p_action text, p_object text, p_decision text, p_detail jsonb)
RETURNS void LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_audit_append';
COMMENT ON FUNCTION dwh_internal.audit_append(text, text, text, jsonb) IS
	'Ghi một sự kiện của người gọi trong giao dịch hiện tại | Appends an event of the caller in the current transaction';

CREATE FUNCTION dwh_internal.audit_append_all(p_action text, p_objects text[], p_details jsonb[])
RETURNS void LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_audit_append_all';
COMMENT ON FUNCTION dwh_internal.audit_append_all(text, text[], jsonb[]) IS
	'Ghi mỗi đối tượng một sự kiện đã làm, trong giao dịch hiện tại | Appends an event done for each object, in the current transaction';

-- Every partitioned table of dwh_log is partitioned by month.
CREATE FUNCTION dwh_internal.ensure_log_partitions(p_until date)
RETURNS int LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_first date := date_trunc('month', now() AT TIME ZONE (SELECT time_zone FROM dwh_catalog.warehouse))::date;
	v_month date;
	v_log name;
	v_name text;
	v_made int := 0;
	v_is_locked boolean;
BEGIN
	FOR v_log IN SELECT relname FROM pg_class WHERE relnamespace = 'dwh_log'::regnamespace AND relkind = 'p' ORDER BY relname LOOP
		v_month := v_first;
		v_is_locked := false;
		WHILE v_month <= p_until LOOP
			v_name := format('dwh_log.%I', v_log || to_char(v_month, '_YYYY_MM'));
			IF to_regclass(v_name) IS NULL AND NOT v_is_locked THEN
				-- Whoever waits here finds the partitions of the other session made.
				EXECUTE format('LOCK TABLE dwh_log.%I IN SHARE UPDATE EXCLUSIVE MODE', v_log);
				v_is_locked := true;
			END IF;
			IF to_regclass(v_name) IS NULL THEN
				-- Attached when it is there, which neither readers nor writers of the log notice: CREATE TABLE ... PARTITION OF waits for all
				-- of them, and all that come later wait for it.
				EXECUTE format('CREATE TABLE %s (LIKE dwh_log.%I INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING CONSTRAINTS
					INCLUDING STORAGE INCLUDING COMPRESSION)', v_name, v_log);
				EXECUTE format('ALTER TABLE dwh_log.%I ATTACH PARTITION %s FOR VALUES FROM (%L) TO (%L)',
					v_log, v_name, v_month, (v_month + interval '1 month')::date);
				v_made := v_made + 1;
			ELSIF to_regclass(v_name) NOT IN (SELECT i.inhrelid FROM pg_inherits AS i WHERE i.inhparent = format('dwh_log.%I', v_log)::regclass) THEN
				RAISE WARNING 'table % is there and no partition of the log', v_name
					USING DETAIL = 'Nothing can be written into the log for that month.', HINT = 'Attach it, or move it away and call dwh.ensure_log_partitions().';
			END IF;
			v_month := v_month + interval '1 month';
		END LOOP;
		-- Row triggers come from the parent, this one does not; nor to partitions that a site has made.
		FOR v_name IN SELECT i.inhrelid::regclass FROM pg_inherits AS i WHERE i.inhparent = format('dwh_log.%I', v_log)::regclass
			AND NOT EXISTS (SELECT FROM pg_trigger AS t WHERE t.tgrelid = i.inhrelid AND t.tgname = 'before_truncate') LOOP
			EXECUTE format('CREATE TRIGGER before_truncate BEFORE TRUNCATE ON %s
				FOR EACH STATEMENT EXECUTE FUNCTION dwh_internal.refuse_change()', v_name);
			EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER before_truncate', v_name);
		END LOOP;
	END LOOP;
	RETURN v_made;
END
$$;
COMMENT ON FUNCTION dwh_internal.ensure_log_partitions(date) IS
	'Tạo các phân vùng tháng còn thiếu của các nhật ký | Makes the missing monthly partitions of the logs';

CREATE FUNCTION dwh.ensure_log_partitions(p_until date)
RETURNS int LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_ensure_log_partitions';
COMMENT ON FUNCTION dwh.ensure_log_partitions(date) IS
	'Tạo phân vùng của nhật ký đến tháng chứa ngày này; trả về số phân vùng mới | '
	'Makes partitions of the log up to the month of this day; returns how many are new';

CREATE FUNCTION dwh.get_audit_worker(
	OUT pid int, OUT ring_size int, OUT handed bigint, OUT committed bigint, OUT dropped bigint)
RETURNS record LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'dwh_sql_get_audit_worker';
COMMENT ON FUNCTION dwh.get_audit_worker() IS
	'Tiến trình ghi nhật ký: mã tiến trình, số bản ghi đã nhận, đã ghi, chỉ còn trong nhật ký máy chủ | '
	'The audit worker: process, records handed over, taken out, and left to the server log only';

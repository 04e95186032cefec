-- What the platform's tables need of the extension's code; run on creation and again on every rebuild.

-- The log is append-only even for its owner and under session_replication_role = replica. Row triggers reach the
-- partitions by themselves, TRUNCATE triggers do not.
CREATE OR REPLACE TRIGGER before_change BEFORE UPDATE OR DELETE ON dwh_log.audit_event
	FOR EACH ROW EXECUTE FUNCTION dwh_internal.refuse_change();
ALTER TABLE dwh_log.audit_event ENABLE ALWAYS TRIGGER before_change;
DO $$
DECLARE
	v_table regclass;
BEGIN
	FOR v_table IN SELECT relid FROM pg_partition_tree('dwh_log.audit_event') LOOP
		EXECUTE format('CREATE OR REPLACE TRIGGER before_truncate BEFORE TRUNCATE ON %s
			FOR EACH STATEMENT EXECUTE FUNCTION dwh_internal.refuse_change()', v_table);
		EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER before_truncate', v_table);
	END LOOP;
END
$$;

-- create_warehouse() takes the absence of this view as the sign that DROP EXTENSION ... CASCADE has been here.
CREATE OR REPLACE VIEW dwh.warehouse_info AS
	SELECT w.schema_version, w.time_zone, w.created_at, w.created_by, i.started_at, i.started_by,
		coalesce(i.database_oid = d.oid::bigint AND i.system_identifier = c.system_identifier, false) AS is_live
	FROM dwh_catalog.warehouse AS w
		JOIN pg_database AS d ON d.datname = current_database()
		CROSS JOIN pg_control_system() AS c
		LEFT JOIN dwh_catalog.warehouse_instance AS i ON i.instance_id = w.warehouse_id;
COMMENT ON VIEW dwh.warehouse_info IS
	'Kho dữ liệu: phiên bản, thời điểm tạo, có đang chạy thật hay không | The warehouse: version, creation, whether it is live';
COMMENT ON COLUMN dwh.warehouse_info.schema_version IS 'Phiên bản cấu trúc bảng | Version of the tables';
COMMENT ON COLUMN dwh.warehouse_info.time_zone IS 'Múi giờ của kho | Time zone of the warehouse';
COMMENT ON COLUMN dwh.warehouse_info.created_at IS 'Thời điểm tạo | When it was created';
COMMENT ON COLUMN dwh.warehouse_info.created_by IS 'Người dùng phiên đã tạo | Session user who created it';
COMMENT ON COLUMN dwh.warehouse_info.started_at IS 'Thời điểm bắt đầu chạy | When it was started';
COMMENT ON COLUMN dwh.warehouse_info.started_by IS 'Người dùng phiên đã cho chạy | Session user who started it';
COMMENT ON COLUMN dwh.warehouse_info.is_live IS
	'Đang chạy thật trên máy chủ và cơ sở dữ liệu này | Whether it is live on this server and database';

-- Every session drops what it keeps of these tables when they change, whoever changed them and however.
DO $$
DECLARE
	v_table text;
BEGIN
	FOREACH v_table IN ARRAY ARRAY['dwh_catalog.warehouse', 'dwh_catalog.account', 'dwh_catalog.user_group'] LOOP
		EXECUTE format('CREATE OR REPLACE TRIGGER after_change_cache AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s
			FOR EACH STATEMENT EXECUTE FUNCTION dwh_internal.invalidate_cache()', v_table);
		EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER after_change_cache', v_table);
	END LOOP;
END
$$;

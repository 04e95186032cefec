-- The tree over the logs is append-only like the logs; run on creation and again on every rebuild.
DO $$
DECLARE
	v_table text;
BEGIN
	FOREACH v_table IN ARRAY ARRAY['audit_leaf', 'audit_node', 'audit_tree_head', 'audit_archive', 'audit_check'] LOOP
		EXECUTE format('CREATE OR REPLACE TRIGGER before_change BEFORE UPDATE OR DELETE ON dwh_log.%I
			FOR EACH ROW EXECUTE FUNCTION dwh_internal.refuse_change()', v_table);
		EXECUTE format('ALTER TABLE dwh_log.%I ENABLE ALWAYS TRIGGER before_change', v_table);
		EXECUTE format('CREATE OR REPLACE TRIGGER before_truncate BEFORE TRUNCATE ON dwh_log.%I
			FOR EACH STATEMENT EXECUTE FUNCTION dwh_internal.refuse_change()', v_table);
		EXECUTE format('ALTER TABLE dwh_log.%I ENABLE ALWAYS TRIGGER before_truncate', v_table);
		-- Nobody adds rows by hand, for sealing and checks believe them. Not ALWAYS: logical replication brings them to a copy.
		EXECUTE format('CREATE OR REPLACE TRIGGER before_insert BEFORE INSERT ON dwh_log.%I
			FOR EACH ROW EXECUTE FUNCTION dwh_internal.refuse_change(%s)', v_table, CASE v_table WHEN 'audit_archive' THEN quote_literal('own') END);
	END LOOP;
END
$$;

-- One row: how far the logs are sealed and verified, and whether somebody should look.
CREATE OR REPLACE VIEW dwh.audit_status AS
	WITH setting AS (
		SELECT coalesce(nullif(current_setting('dwh_ext.audit_check_interval', true), '0')::interval, interval '1 day') AS check_interval),
	state AS (
		SELECT (SELECT max(tree_size) FROM dwh_log.audit_tree_head) AS tree_size,
			(SELECT h.sealed_at FROM dwh_log.audit_tree_head AS h ORDER BY h.head_no DESC LIMIT 1) AS last_sealed_at,
			(SELECT max(k.leaf_to) FROM dwh_log.audit_check AS k WHERE k.is_intact) AS verified_size,
			(SELECT max(k.checked_at) FROM dwh_log.audit_check AS k WHERE k.is_intact AND k.leaf_to = k.tree_size) AS last_verified_at,
			(SELECT max(k.checked_at) FROM dwh_log.audit_check AS k
				WHERE k.is_intact AND k.leaf_from = 0 AND k.leaf_to = k.tree_size) AS last_full_at)
	SELECT coalesce(s.tree_size, 0) AS tree_size, s.last_sealed_at, coalesce(s.verified_size, 0) AS verified_size, s.last_verified_at,
		s.last_full_at, l.first_bad_leaf, l.problem,
		CASE WHEN l.problem IS NOT NULL THEN 'tampered'
			WHEN coalesce(s.last_verified_at, w.created_at) <= now() - 2 * i.check_interval THEN 'overdue' END AS alarm
	FROM state AS s CROSS JOIN setting AS i CROSS JOIN dwh_catalog.warehouse AS w
		LEFT JOIN LATERAL (SELECT k.first_bad_leaf, k.problem FROM dwh_log.audit_check AS k
			WHERE NOT k.is_intact AND NOT EXISTS (SELECT FROM dwh_log.audit_check AS f
				WHERE f.checked_at >= k.checked_at + k.duration_ms * interval '1 ms' AND f.is_intact AND f.leaf_from = 0 AND f.leaf_to = f.tree_size)
			ORDER BY k.check_no DESC LIMIT 1) AS l ON true;
COMMENT ON VIEW dwh.audit_status IS
	'Nhật ký đã niêm phong, đã kiểm tra đến đâu; có cần báo động không | How far the logs are sealed and verified; whether there is an alarm';
COMMENT ON COLUMN dwh.audit_status.tree_size IS 'Số lá đã niêm phong | Leaves that are sealed';
COMMENT ON COLUMN dwh.audit_status.last_sealed_at IS 'Lần niêm phong cuối | When it was last sealed';
COMMENT ON COLUMN dwh.audit_status.verified_size IS 'Số lá đã kiểm tra là đúng | Leaves found intact';
COMMENT ON COLUMN dwh.audit_status.last_verified_at IS
	'Lần cuối kiểm tra đúng đến hết cây | When the whole tree was last known to be intact, whether from a checkpoint or from the start';
COMMENT ON COLUMN dwh.audit_status.last_full_at IS 'Lần cuối kiểm tra đúng toàn bộ từ đầu | When all of it was last verified from the start';
COMMENT ON COLUMN dwh.audit_status.first_bad_leaf IS 'Lá sai đầu tiên, đến khi kiểm tra lại toàn bộ thấy đúng | First bad leaf, until all of it is verified and found intact';
COMMENT ON COLUMN dwh.audit_status.problem IS 'Sai ở chỗ nào | What is wrong with it';
COMMENT ON COLUMN dwh.audit_status.alarm IS
	'tampered: nhật ký bị sửa; overdue: quá hai kỳ chưa kiểm tra; trống: bình thường | '
	'tampered: a check found something and no full one has found all intact since; overdue: not verified for two intervals; NULL: all is well';

-- What the privilege watch recorded; whoever may read the log may read it.
CREATE OR REPLACE VIEW dwh.bypass_events WITH (security_invoker = true) AS
	SELECT e.event_id, e.occurred_at, e.account_id, e.person, e.session_user_name, e.outer_user_name, e.client_address,
		e.detail ->> 'command' AS command, e.object, e.detail ->> 'statement' AS statement, coalesce((e.detail ->> 'is_cut')::boolean, false) AS is_cut,
		e.detail ->> 'as' AS executed_as, e.detail ->> 'database' AS other_database
	FROM dwh_log.audit_event AS e
	WHERE e.action = 'bypass';
COMMENT ON VIEW dwh.bypass_events IS
	'Quyền, vai trò, đối tượng của kho bị thay đổi không qua chức năng của hệ thống | '
	'Rights, roles and objects of the warehouse that were changed past its own functions';
COMMENT ON COLUMN dwh.bypass_events.event_id IS 'Sự kiện | Event';
COMMENT ON COLUMN dwh.bypass_events.occurred_at IS 'Thời điểm chạy câu lệnh | When the statement ran';
COMMENT ON COLUMN dwh.bypass_events.account_id IS 'Tài khoản của vai trò đã đăng nhập | Account of the role that logged in';
COMMENT ON COLUMN dwh.bypass_events.person IS 'Người | Person';
COMMENT ON COLUMN dwh.bypass_events.session_user_name IS 'Vai trò đã đăng nhập | Role that logged in';
COMMENT ON COLUMN dwh.bypass_events.outer_user_name IS 'Vai trò đang dùng, sau SET ROLE nếu có | Role in use, after SET ROLE if any';
COMMENT ON COLUMN dwh.bypass_events.client_address IS 'Địa chỉ máy khách | Address of the client';
COMMENT ON COLUMN dwh.bypass_events.command IS 'Loại câu lệnh | Kind of statement';
COMMENT ON COLUMN dwh.bypass_events.object IS 'Vai trò hoặc đối tượng | Roles or objects it is about';
COMMENT ON COLUMN dwh.bypass_events.statement IS 'Câu lệnh, không có mật khẩu | The statement, without passwords';
COMMENT ON COLUMN dwh.bypass_events.is_cut IS 'Câu lệnh dài, bị cắt bớt | Whether it was too long and is cut off';
COMMENT ON COLUMN dwh.bypass_events.executed_as IS
	'Vai trò thực hiện, nếu chạy trong hàm SECURITY DEFINER | Role that executed it, inside of a SECURITY DEFINER function';
COMMENT ON COLUMN dwh.bypass_events.other_database IS
	'Cơ sở dữ liệu khác nơi câu lệnh được chạy | Database it was given in, if another one';

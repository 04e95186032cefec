-- The tree over the logs: see src/audit/tree.h. Everything here is only ever appended.
CREATE TABLE dwh_log.audit_leaf (
	leaf_index		bigint CONSTRAINT audit_leaf_pkey PRIMARY KEY,
	source			text NOT NULL,
	source_id		bigint NOT NULL,
	source_month	date NOT NULL,
	leaf_hash		bytea NOT NULL,
	CONSTRAINT audit_leaf_source_key UNIQUE (source, source_id, source_month),
	CONSTRAINT audit_leaf_leaf_index_check CHECK (leaf_index >= 0),
	CONSTRAINT audit_leaf_source_check CHECK (source IN ('audit', 'share')),
	CONSTRAINT audit_leaf_leaf_hash_check CHECK (octet_length(leaf_hash) = 32)
);
COMMENT ON TABLE dwh_log.audit_leaf IS
	'Lá của cây băm: mỗi dòng nhật ký đã niêm phong một lá | Leaves of the tree: one for each sealed row of the logs';
COMMENT ON COLUMN dwh_log.audit_leaf.leaf_index IS 'Số của lá, từ 0, liên tục | Number of the leaf, from 0, without gaps';
COMMENT ON COLUMN dwh_log.audit_leaf.source IS
	'audit: nhật ký sự kiện; share: nhật ký chia sẻ | audit: log of events; share: log of sharing';
COMMENT ON COLUMN dwh_log.audit_leaf.source_id IS 'event_id hoặc share_id | event_id or share_id';
COMMENT ON COLUMN dwh_log.audit_leaf.source_month IS 'Tháng của dòng nhật ký | Month of the row';
COMMENT ON COLUMN dwh_log.audit_leaf.leaf_hash IS 'SHA-256 của 0x00 và nội dung chuẩn | SHA-256 of 0x00 and the canonical bytes';

CREATE TABLE dwh_log.audit_node (
	level		int,
	node_index	bigint,
	node_hash	bytea NOT NULL,
	CONSTRAINT audit_node_pkey PRIMARY KEY (level, node_index),
	CONSTRAINT audit_node_level_check CHECK (level > 0 AND level % 8 = 0),
	CONSTRAINT audit_node_node_hash_check CHECK (octet_length(node_hash) = 32)
);
COMMENT ON TABLE dwh_log.audit_node IS
	'Nút trong của cây băm, cứ 256 lá (hoặc nút) một nút | Inner nodes of the tree, one over each 256 leaves (or nodes)';
COMMENT ON COLUMN dwh_log.audit_node.level IS 'Mức: nút phủ 2^level lá | Level: the node covers 2^level leaves';
COMMENT ON COLUMN dwh_log.audit_node.node_index IS 'Số của nút trong mức, từ 0 | Number within the level, from 0';
COMMENT ON COLUMN dwh_log.audit_node.node_hash IS 'Giá trị băm | Hash';

CREATE TABLE dwh_log.audit_tree_head (
	head_no			bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT audit_tree_head_pkey PRIMARY KEY,
	tree_size		bigint NOT NULL,
	root_hash		bytea NOT NULL,
	sealed_at		timestamptz NOT NULL,
	audit_drawn		bigint NOT NULL,
	share_drawn		bigint NOT NULL,
	audit_settled	bigint NOT NULL,
	share_settled	bigint NOT NULL,
	running			text[],
	CONSTRAINT audit_tree_head_tree_size_check CHECK (tree_size >= 0),
	CONSTRAINT audit_tree_head_root_hash_check CHECK (octet_length(root_hash) = 32)
);
CREATE INDEX audit_tree_head_tree_size_idx ON dwh_log.audit_tree_head (tree_size);
COMMENT ON TABLE dwh_log.audit_tree_head IS 'Gốc của cây băm sau mỗi lần niêm phong | Roots of the tree after each sealing';
COMMENT ON COLUMN dwh_log.audit_tree_head.head_no IS 'Số thứ tự | Number';
COMMENT ON COLUMN dwh_log.audit_tree_head.tree_size IS 'Số lá | Number of leaves';
COMMENT ON COLUMN dwh_log.audit_tree_head.root_hash IS 'Gốc | Root';
COMMENT ON COLUMN dwh_log.audit_tree_head.sealed_at IS 'Thời điểm niêm phong | When it was sealed';
COMMENT ON COLUMN dwh_log.audit_tree_head.audit_drawn IS
	'event_id lớn nhất đã cấp trước sealed_at | Largest event_id drawn before sealed_at';
COMMENT ON COLUMN dwh_log.audit_tree_head.share_drawn IS
	'share_id lớn nhất đã cấp trước sealed_at | Largest share_id drawn before sealed_at';
COMMENT ON COLUMN dwh_log.audit_tree_head.audit_settled IS
	'Không còn event_id nào đến số này được ghi thêm | No event up to this event_id can still be committed';
COMMENT ON COLUMN dwh_log.audit_tree_head.share_settled IS
	'Không còn share_id nào đến số này được ghi thêm | No row up to this share_id can still be committed';
COMMENT ON COLUMN dwh_log.audit_tree_head.running IS
	'Các giao dịch khác đang chạy lúc đó (mã như trong pg_locks); trống: không biết | '
	'Other transactions that ran then, by their virtual ids as in pg_locks; empty: not known';

CREATE TABLE dwh_log.audit_archive (
	source				text,
	month				date,
	row_count			bigint NOT NULL,
	retention_months	int NOT NULL,
	is_table_kept		boolean NOT NULL,
	event_id			bigint NOT NULL,
	event_month			date NOT NULL,
	event_bytes			bytea NOT NULL,
	archived_at			timestamptz NOT NULL DEFAULT now(),
	archived_by			text NOT NULL DEFAULT session_user,
	CONSTRAINT audit_archive_pkey PRIMARY KEY (source, month),
	CONSTRAINT audit_archive_source_check CHECK (source IN ('audit', 'share')),
	CONSTRAINT audit_archive_row_count_check CHECK (row_count >= 0)
);
COMMENT ON TABLE dwh_log.audit_archive IS
	'Tháng nhật ký đã lưu trữ: nội dung đã bỏ, lá vẫn còn | Archived months of the logs: the content is gone, the leaves stay';
COMMENT ON COLUMN dwh_log.audit_archive.source IS 'audit hoặc share | audit or share';
COMMENT ON COLUMN dwh_log.audit_archive.month IS 'Tháng | Month';
COMMENT ON COLUMN dwh_log.audit_archive.row_count IS 'Số dòng đã bỏ | Rows removed';
COMMENT ON COLUMN dwh_log.audit_archive.retention_months IS
	'Thời gian lưu giữ khi đó (tháng) | Retention in force then, in months';
COMMENT ON COLUMN dwh_log.audit_archive.is_table_kept IS
	'Bảng của tháng được tách ra và giữ lại | Whether the month''s table was detached and kept';
COMMENT ON COLUMN dwh_log.audit_archive.event_id IS 'Sự kiện ghi việc lưu trữ | Event that says so';
COMMENT ON COLUMN dwh_log.audit_archive.event_month IS 'Tháng của sự kiện đó | Month of that event';
COMMENT ON COLUMN dwh_log.audit_archive.event_bytes IS
	'Nội dung chuẩn của sự kiện đó, có lá trong cây | Canonical bytes of that event, whose leaf is in the tree';
COMMENT ON COLUMN dwh_log.audit_archive.archived_at IS 'Thời điểm | When';
COMMENT ON COLUMN dwh_log.audit_archive.archived_by IS 'Người thực hiện | Session user who did it';

-- No regulation sets a time for the log of events: this one is ours.
INSERT INTO dwh_catalog.deadline (deadline_id, source, subject, value_number, unit, counted_from, valid_from, valid_to, is_verified, note)
VALUES (101, 'own', 'keep the log of events', 24, 'months', 'end of the event''s month', '2020-07-10', NULL, true,
	'[own] at least as long as the log of sharing; dwh.archive_audit() leaves younger events alone');

CREATE TABLE dwh_log.audit_check (
	check_no		bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT audit_check_pkey PRIMARY KEY,
	checked_at		timestamptz NOT NULL,
	leaf_from		bigint NOT NULL,
	leaf_to			bigint NOT NULL,
	tree_size		bigint NOT NULL,
	is_intact		boolean NOT NULL,
	first_bad_leaf	bigint,
	problem			text,
	root_hash		bytea,
	duration_ms		bigint NOT NULL,
	checked_by		text NOT NULL DEFAULT session_user,
	CONSTRAINT audit_check_leaf_from_check CHECK (leaf_from >= 0 AND leaf_from <= leaf_to),
	CONSTRAINT audit_check_problem_check CHECK ((problem IS NULL) = is_intact AND (first_bad_leaf IS NULL) = is_intact),
	CONSTRAINT audit_check_root_hash_check CHECK ((root_hash IS NOT NULL) = is_intact)
);
CREATE INDEX audit_check_intact_idx ON dwh_log.audit_check (leaf_to, check_no) WHERE is_intact;
COMMENT ON TABLE dwh_log.audit_check IS
	'Các lần kiểm tra nhật ký; lần sau tiếp tục từ nơi lần đúng trước kết thúc | '
	'Verifications of the logs; the next one goes on where the last good one ended';
COMMENT ON COLUMN dwh_log.audit_check.check_no IS 'Số thứ tự | Number';
COMMENT ON COLUMN dwh_log.audit_check.checked_at IS 'Thời điểm bắt đầu | When it began';
COMMENT ON COLUMN dwh_log.audit_check.leaf_from IS 'Lá đầu tiên đã kiểm tra | First leaf looked at';
COMMENT ON COLUMN dwh_log.audit_check.leaf_to IS 'Sau lá cuối cùng đã kiểm tra | One past the last leaf looked at';
COMMENT ON COLUMN dwh_log.audit_check.tree_size IS 'Số lá của cây khi đó | Leaves of the tree then';
COMMENT ON COLUMN dwh_log.audit_check.is_intact IS 'Nguyên vẹn | Whether all was intact';
COMMENT ON COLUMN dwh_log.audit_check.first_bad_leaf IS 'Lá sai đầu tiên | First bad leaf';
COMMENT ON COLUMN dwh_log.audit_check.problem IS 'Sai ở chỗ nào | What is wrong with it';
COMMENT ON COLUMN dwh_log.audit_check.root_hash IS 'Gốc của cây gồm leaf_to lá | Root of the tree of leaf_to leaves';
COMMENT ON COLUMN dwh_log.audit_check.duration_ms IS 'Thời gian kiểm tra (mili giây) | How long it took, in milliseconds';
COMMENT ON COLUMN dwh_log.audit_check.checked_by IS 'Người dùng phiên đã kiểm tra | Session user who checked';

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

CREATE TABLE dwh_log.audit_archive (
	source		text,
	month		date,
	row_count	bigint NOT NULL,
	archived_at	timestamptz NOT NULL DEFAULT now(),
	archived_by	text NOT NULL DEFAULT session_user,
	CONSTRAINT audit_archive_pkey PRIMARY KEY (source, month),
	CONSTRAINT audit_archive_source_check CHECK (source IN ('audit', 'share'))
);
COMMENT ON TABLE dwh_log.audit_archive IS
	'Tháng nhật ký đã lưu trữ: nội dung đã bỏ, lá vẫn còn | Archived months of the logs: the content is gone, the leaves stay';
COMMENT ON COLUMN dwh_log.audit_archive.source IS 'audit hoặc share | audit or share';
COMMENT ON COLUMN dwh_log.audit_archive.month IS 'Tháng | Month';
COMMENT ON COLUMN dwh_log.audit_archive.row_count IS 'Số dòng đã bỏ | Rows removed';
COMMENT ON COLUMN dwh_log.audit_archive.archived_at IS 'Thời điểm | When';
COMMENT ON COLUMN dwh_log.audit_archive.archived_by IS 'Người thực hiện | Session user who did it';

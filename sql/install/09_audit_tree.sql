-- Sealing and verifying the logs: see src/audit/tree.h.
CREATE FUNCTION dwh.audit_seal()
RETURNS bigint LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_audit_seal';
COMMENT ON FUNCTION dwh.audit_seal() IS
	'Niêm phong mọi dòng nhật ký đã ghi mà chưa có lá; trả về số lá mới | '
	'Seals every committed row of the logs that has no leaf; returns how many leaves are new';

CREATE FUNCTION dwh.audit_tree_head(p_size bigint DEFAULT NULL)
RETURNS bytea LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_audit_tree_head';
COMMENT ON FUNCTION dwh.audit_tree_head(bigint) IS
	'Gốc của cây gồm p_size lá đầu tiên; trống là mọi lá | Root of the tree of the first p_size leaves; NULL is all of them';

CREATE FUNCTION dwh.audit_inclusion_proof(p_leaf bigint, p_size bigint)
RETURNS bytea[] LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_audit_inclusion_proof';
COMMENT ON FUNCTION dwh.audit_inclusion_proof(bigint, bigint) IS
	'Bằng chứng lá nằm trong cây gồm p_size lá (RFC 6962, 2.1.1) | Proof that a leaf is in the tree of p_size leaves (RFC 6962, 2.1.1)';

CREATE FUNCTION dwh.audit_consistency_proof(p_first bigint, p_second bigint)
RETURNS bytea[] LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_audit_consistency_proof';
COMMENT ON FUNCTION dwh.audit_consistency_proof(bigint, bigint) IS
	'Bằng chứng cây nhỏ là phần đầu của cây lớn (RFC 6962, 2.1.2) | '
	'Proof that the first tree is the beginning of the second (RFC 6962, 2.1.2)';

CREATE FUNCTION dwh.audit_verify(p_from bigint DEFAULT NULL, p_to bigint DEFAULT NULL, p_head text DEFAULT NULL,
	OUT is_intact boolean, OUT leaf_from bigint, OUT leaf_to bigint, OUT archived bigint, OUT first_bad_leaf bigint, OUT problem text,
	OUT root_hash bytea)
RETURNS record LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_audit_verify';
COMMENT ON FUNCTION dwh.audit_verify(bigint, bigint, text) IS
	'Kiểm tra các lá từ p_from đến trước p_to và dòng nhật ký của chúng, đối chiếu gốc đã xuất nếu có; chỉ ra lá sai đầu tiên | '
	'Verifies the leaves from p_from to before p_to and their rows, and an exported head if given; names the first bad leaf';

CREATE FUNCTION dwh.export_tree_head(p_size bigint DEFAULT NULL)
RETURNS text LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_export_tree_head';
COMMENT ON FUNCTION dwh.export_tree_head(bigint) IS
	'Gốc của cây để giữ bên ngoài, có chữ ký nếu đã đặt khóa | A head of the tree to keep outside, signed where a key is set';

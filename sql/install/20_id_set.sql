-- dwh.id_set: an exact set of the ids 0 .. 2147483647, stored as the portable Roaring serialisation of its canonical form.
-- Support functions that no user calls stand in dwh_internal; what the operators stand for has a name in dwh only where the
-- name says more than the operator.
CREATE TYPE dwh.id_set;

CREATE FUNCTION dwh_internal.id_set_in(cstring) RETURNS dwh.id_set
	AS 'MODULE_PATHNAME', 'dwh_sql_id_set_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION dwh_internal.id_set_in(cstring) IS 'Đọc dạng văn bản của tập mã | Reads the text form of an id set';

CREATE FUNCTION dwh_internal.id_set_out(dwh.id_set) RETURNS cstring
	AS 'MODULE_PATHNAME', 'dwh_sql_id_set_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION dwh_internal.id_set_out(dwh.id_set) IS 'Ghi dạng văn bản của tập mã | Writes the text form of an id set';

CREATE FUNCTION dwh_internal.id_set_recv(internal) RETURNS dwh.id_set
	AS 'MODULE_PATHNAME', 'dwh_sql_id_set_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION dwh_internal.id_set_recv(internal) IS 'Đọc và kiểm tra dạng nhị phân của tập mã | Reads and checks the binary form of an id set';

CREATE FUNCTION dwh_internal.id_set_send(dwh.id_set) RETURNS bytea
	AS 'MODULE_PATHNAME', 'dwh_sql_id_set_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION dwh_internal.id_set_send(dwh.id_set) IS 'Ghi dạng nhị phân của tập mã | Writes the binary form of an id set';

-- EXTERNAL: the containers do not compress (measured in test/bench), and a header can be read without fetching the rest.
CREATE TYPE dwh.id_set (
	INPUT = dwh_internal.id_set_in,
	OUTPUT = dwh_internal.id_set_out,
	RECEIVE = dwh_internal.id_set_recv,
	SEND = dwh_internal.id_set_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = int4,
	STORAGE = external
);
COMMENT ON TYPE dwh.id_set IS 'Tập chính xác các mã số nguyên không âm, lưu theo định dạng Roaring chuẩn; viết {1-5,9} | Exact set of non-negative integer ids, stored in the portable Roaring format; written {1-5,9}';

-- Making, unmaking
CREATE FUNCTION dwh.id_set(p_ids integer[]) RETURNS dwh.id_set
	AS 'MODULE_PATHNAME', 'dwh_sql_id_set_from_array' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION dwh.id_set(integer[]) IS 'Tập các mã của một mảng; từ chối phần tử NULL và số âm | The set of an array''s ids; NULL elements and negative numbers are refused';

CREATE FUNCTION dwh.to_array(p_set dwh.id_set) RETURNS integer[]
	AS 'MODULE_PATHNAME', 'dwh_sql_id_set_to_array' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION dwh.to_array(dwh.id_set) IS 'Mảng các mã theo thứ tự tăng dần | The ids as an array in ascending order';

CREATE FUNCTION dwh.iterate(p_set dwh.id_set) RETURNS SETOF integer
	AS 'MODULE_PATHNAME', 'dwh_sql_id_set_iterate' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 1000;
COMMENT ON FUNCTION dwh.iterate(dwh.id_set) IS 'Các mã theo thứ tự tăng dần, mỗi mã một dòng | The ids in ascending order, one a row';

CREATE FUNCTION dwh_internal.id_set_from_bytea(bytea) RETURNS dwh.id_set
	AS 'MODULE_PATHNAME', 'dwh_sql_id_set_from_bytea' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION dwh_internal.id_set_from_bytea(bytea) IS 'Kiểm tra và nhận chuỗi byte Roaring | Checks and takes Roaring bytes';

CREATE FUNCTION dwh_internal.id_set_to_bytea(dwh.id_set) RETURNS bytea
	AS 'MODULE_PATHNAME', 'dwh_sql_id_set_to_bytea' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION dwh_internal.id_set_to_bytea(dwh.id_set) IS 'Chuỗi byte Roaring của tập mã | The Roaring bytes of an id set';

-- An array says more than its set (order, repetition), hence explicit; the way back loses nothing.
CREATE CAST (integer[] AS dwh.id_set) WITH FUNCTION dwh.id_set(integer[]);
COMMENT ON CAST (integer[] AS dwh.id_set) IS 'Tập các mã của một mảng | The set of an array''s ids';
CREATE CAST (dwh.id_set AS integer[]) WITH FUNCTION dwh.to_array(dwh.id_set) AS ASSIGNMENT;
COMMENT ON CAST (dwh.id_set AS integer[]) IS 'Mảng các mã theo thứ tự tăng dần | The ids as an array in ascending order';
CREATE CAST (bytea AS dwh.id_set) WITH FUNCTION dwh_internal.id_set_from_bytea(bytea);
COMMENT ON CAST (bytea AS dwh.id_set) IS 'Nhận byte Roaring của phần mềm khác, có kiểm tra | Takes another program''s Roaring bytes, checked';
CREATE CAST (dwh.id_set AS bytea) WITH FUNCTION dwh_internal.id_set_to_bytea(dwh.id_set);
COMMENT ON CAST (dwh.id_set AS bytea) IS 'Byte Roaring cho phần mềm khác | Roaring bytes for another program';

-- Reading
CREATE FUNCTION dwh.cardinality(p_set dwh.id_set) RETURNS bigint
	AS 'MODULE_PATHNAME', 'dwh_sql_id_set_cardinality' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION dwh.cardinality(dwh.id_set) IS 'Số mã trong tập | The number of ids in the set';

CREATE FUNCTION dwh.contains(p_set dwh.id_set, p_id integer) RETURNS boolean
	AS 'MODULE_PATHNAME', 'dwh_sql_id_set_has' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION dwh.contains(dwh.id_set, integer) IS 'Tập có chứa mã này không | Whether the set has the id';

CREATE FUNCTION dwh.min_id(p_set dwh.id_set) RETURNS integer
	AS 'MODULE_PATHNAME', 'dwh_sql_id_set_min' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION dwh.min_id(dwh.id_set) IS 'Mã nhỏ nhất; NULL nếu tập rỗng | The smallest id; NULL of the empty set';

CREATE FUNCTION dwh.max_id(p_set dwh.id_set) RETURNS integer
	AS 'MODULE_PATHNAME', 'dwh_sql_id_set_max' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION dwh.max_id(dwh.id_set) IS 'Mã lớn nhất; NULL nếu tập rỗng | The greatest id; NULL of the empty set';

CREATE FUNCTION dwh.rank(p_set dwh.id_set, p_id integer) RETURNS bigint
	AS 'MODULE_PATHNAME', 'dwh_sql_id_set_rank' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION dwh.rank(dwh.id_set, integer) IS 'Số mã không lớn hơn mã này | The number of ids that are at most the given one';

CREATE FUNCTION dwh.overlap_count(p_a dwh.id_set, p_b dwh.id_set) RETURNS bigint
	AS 'MODULE_PATHNAME', 'dwh_sql_id_set_overlap_count' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION dwh.overlap_count(dwh.id_set, dwh.id_set) IS 'Số mã chung của hai tập, không dựng tập giao | The number of ids that two sets share, without building the intersection';

CREATE FUNCTION dwh.jaccard_index(p_a dwh.id_set, p_b dwh.id_set) RETURNS numeric
	AS 'MODULE_PATHNAME', 'dwh_sql_id_set_jaccard_index' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION dwh.jaccard_index(dwh.id_set, dwh.id_set) IS 'Tỷ lệ mã chung trên mọi mã của hai tập; NULL nếu cả hai rỗng | Shared ids over all ids of two sets; NULL when both are empty';

-- Operators

CREATE FUNCTION dwh_internal.id_set_union(dwh.id_set, dwh.id_set) RETURNS dwh.id_set
	AS 'MODULE_PATHNAME', 'dwh_sql_id_set_union' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION dwh_internal.id_set_union(dwh.id_set, dwh.id_set) IS 'Hợp của hai tập | The union of two sets';

CREATE OPERATOR dwh.| (FUNCTION = dwh_internal.id_set_union, LEFTARG = dwh.id_set, RIGHTARG = dwh.id_set,
	COMMUTATOR = OPERATOR(dwh.|));
COMMENT ON OPERATOR dwh.| (dwh.id_set, dwh.id_set) IS 'Hợp của hai tập | The union of two sets';

CREATE FUNCTION dwh_internal.id_set_intersect(dwh.id_set, dwh.id_set) RETURNS dwh.id_set
	AS 'MODULE_PATHNAME', 'dwh_sql_id_set_intersect' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION dwh_internal.id_set_intersect(dwh.id_set, dwh.id_set) IS 'Giao của hai tập | The intersection of two sets';

CREATE OPERATOR dwh.& (FUNCTION = dwh_internal.id_set_intersect, LEFTARG = dwh.id_set, RIGHTARG = dwh.id_set,
	COMMUTATOR = OPERATOR(dwh.&));
COMMENT ON OPERATOR dwh.& (dwh.id_set, dwh.id_set) IS 'Giao của hai tập | The intersection of two sets';

CREATE FUNCTION dwh_internal.id_set_difference(dwh.id_set, dwh.id_set) RETURNS dwh.id_set
	AS 'MODULE_PATHNAME', 'dwh_sql_id_set_difference' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION dwh_internal.id_set_difference(dwh.id_set, dwh.id_set) IS 'Các mã của tập trái không có trong tập phải | The ids of the left set that the right one lacks';

CREATE OPERATOR dwh.- (FUNCTION = dwh_internal.id_set_difference, LEFTARG = dwh.id_set, RIGHTARG = dwh.id_set);
COMMENT ON OPERATOR dwh.- (dwh.id_set, dwh.id_set) IS 'Các mã của tập trái không có trong tập phải | The ids of the left set that the right one lacks';

CREATE FUNCTION dwh_internal.id_set_symmetric(dwh.id_set, dwh.id_set) RETURNS dwh.id_set
	AS 'MODULE_PATHNAME', 'dwh_sql_id_set_symmetric' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION dwh_internal.id_set_symmetric(dwh.id_set, dwh.id_set) IS 'Các mã chỉ có trong một trong hai tập | The ids that only one of two sets has';

CREATE OPERATOR dwh.# (FUNCTION = dwh_internal.id_set_symmetric, LEFTARG = dwh.id_set, RIGHTARG = dwh.id_set,
	COMMUTATOR = OPERATOR(dwh.#));
COMMENT ON OPERATOR dwh.# (dwh.id_set, dwh.id_set) IS 'Các mã chỉ có trong một trong hai tập | The ids that only one of two sets has';

CREATE FUNCTION dwh_internal.id_set_eq(dwh.id_set, dwh.id_set) RETURNS boolean
	AS 'MODULE_PATHNAME', 'dwh_sql_id_set_eq' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION dwh_internal.id_set_eq(dwh.id_set, dwh.id_set) IS 'Hai tập bằng nhau | Whether two sets are equal';

CREATE OPERATOR dwh.= (FUNCTION = dwh_internal.id_set_eq, LEFTARG = dwh.id_set, RIGHTARG = dwh.id_set,
	COMMUTATOR = OPERATOR(dwh.=), NEGATOR = OPERATOR(dwh.<>), RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES);
COMMENT ON OPERATOR dwh.= (dwh.id_set, dwh.id_set) IS 'Hai tập bằng nhau | Whether two sets are equal';

CREATE FUNCTION dwh_internal.id_set_ne(dwh.id_set, dwh.id_set) RETURNS boolean
	AS 'MODULE_PATHNAME', 'dwh_sql_id_set_ne' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION dwh_internal.id_set_ne(dwh.id_set, dwh.id_set) IS 'Hai tập khác nhau | Whether two sets differ';

CREATE OPERATOR dwh.<> (FUNCTION = dwh_internal.id_set_ne, LEFTARG = dwh.id_set, RIGHTARG = dwh.id_set,
	COMMUTATOR = OPERATOR(dwh.<>), NEGATOR = OPERATOR(dwh.=), RESTRICT = neqsel, JOIN = neqjoinsel);
COMMENT ON OPERATOR dwh.<> (dwh.id_set, dwh.id_set) IS 'Hai tập khác nhau | Whether two sets differ';

CREATE FUNCTION dwh_internal.id_set_lt(dwh.id_set, dwh.id_set) RETURNS boolean
	AS 'MODULE_PATHNAME', 'dwh_sql_id_set_lt' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION dwh_internal.id_set_lt(dwh.id_set, dwh.id_set) IS 'Đứng trước theo thứ tự dãy mã tăng dần | Comes before, as ascending sequences of ids';

CREATE OPERATOR dwh.< (FUNCTION = dwh_internal.id_set_lt, LEFTARG = dwh.id_set, RIGHTARG = dwh.id_set,
	COMMUTATOR = OPERATOR(dwh.>), NEGATOR = OPERATOR(dwh.>=), RESTRICT = scalarltsel, JOIN = scalarltjoinsel);
COMMENT ON OPERATOR dwh.< (dwh.id_set, dwh.id_set) IS 'Đứng trước theo thứ tự dãy mã tăng dần | Comes before, as ascending sequences of ids';

CREATE FUNCTION dwh_internal.id_set_le(dwh.id_set, dwh.id_set) RETURNS boolean
	AS 'MODULE_PATHNAME', 'dwh_sql_id_set_le' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION dwh_internal.id_set_le(dwh.id_set, dwh.id_set) IS 'Không đứng sau theo thứ tự dãy mã tăng dần | Does not come after, as ascending sequences of ids';

CREATE OPERATOR dwh.<= (FUNCTION = dwh_internal.id_set_le, LEFTARG = dwh.id_set, RIGHTARG = dwh.id_set,
	COMMUTATOR = OPERATOR(dwh.>=), NEGATOR = OPERATOR(dwh.>), RESTRICT = scalarlesel, JOIN = scalarlejoinsel);
COMMENT ON OPERATOR dwh.<= (dwh.id_set, dwh.id_set) IS 'Không đứng sau theo thứ tự dãy mã tăng dần | Does not come after, as ascending sequences of ids';

CREATE FUNCTION dwh_internal.id_set_gt(dwh.id_set, dwh.id_set) RETURNS boolean
	AS 'MODULE_PATHNAME', 'dwh_sql_id_set_gt' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION dwh_internal.id_set_gt(dwh.id_set, dwh.id_set) IS 'Đứng sau theo thứ tự dãy mã tăng dần | Comes after, as ascending sequences of ids';

CREATE OPERATOR dwh.> (FUNCTION = dwh_internal.id_set_gt, LEFTARG = dwh.id_set, RIGHTARG = dwh.id_set,
	COMMUTATOR = OPERATOR(dwh.<), NEGATOR = OPERATOR(dwh.<=), RESTRICT = scalargtsel, JOIN = scalargtjoinsel);
COMMENT ON OPERATOR dwh.> (dwh.id_set, dwh.id_set) IS 'Đứng sau theo thứ tự dãy mã tăng dần | Comes after, as ascending sequences of ids';

CREATE FUNCTION dwh_internal.id_set_ge(dwh.id_set, dwh.id_set) RETURNS boolean
	AS 'MODULE_PATHNAME', 'dwh_sql_id_set_ge' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION dwh_internal.id_set_ge(dwh.id_set, dwh.id_set) IS 'Không đứng trước theo thứ tự dãy mã tăng dần | Does not come before, as ascending sequences of ids';

CREATE OPERATOR dwh.>= (FUNCTION = dwh_internal.id_set_ge, LEFTARG = dwh.id_set, RIGHTARG = dwh.id_set,
	COMMUTATOR = OPERATOR(dwh.<=), NEGATOR = OPERATOR(dwh.<), RESTRICT = scalargesel, JOIN = scalargejoinsel);
COMMENT ON OPERATOR dwh.>= (dwh.id_set, dwh.id_set) IS 'Không đứng trước theo thứ tự dãy mã tăng dần | Does not come before, as ascending sequences of ids';

CREATE FUNCTION dwh_internal.id_set_includes(dwh.id_set, dwh.id_set) RETURNS boolean
	AS 'MODULE_PATHNAME', 'dwh_sql_id_set_includes' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION dwh_internal.id_set_includes(dwh.id_set, dwh.id_set) IS 'Tập trái chứa mọi mã của tập phải | Whether the left set has every id of the right one';

CREATE OPERATOR dwh.@> (FUNCTION = dwh_internal.id_set_includes, LEFTARG = dwh.id_set, RIGHTARG = dwh.id_set,
	COMMUTATOR = OPERATOR(dwh.<@), RESTRICT = contsel, JOIN = contjoinsel);
COMMENT ON OPERATOR dwh.@> (dwh.id_set, dwh.id_set) IS 'Tập trái chứa mọi mã của tập phải | Whether the left set has every id of the right one';

CREATE FUNCTION dwh_internal.id_set_included(dwh.id_set, dwh.id_set) RETURNS boolean
	AS 'MODULE_PATHNAME', 'dwh_sql_id_set_included' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION dwh_internal.id_set_included(dwh.id_set, dwh.id_set) IS 'Tập phải chứa mọi mã của tập trái | Whether the right set has every id of the left one';

CREATE OPERATOR dwh.<@ (FUNCTION = dwh_internal.id_set_included, LEFTARG = dwh.id_set, RIGHTARG = dwh.id_set,
	COMMUTATOR = OPERATOR(dwh.@>), RESTRICT = contsel, JOIN = contjoinsel);
COMMENT ON OPERATOR dwh.<@ (dwh.id_set, dwh.id_set) IS 'Tập phải chứa mọi mã của tập trái | Whether the right set has every id of the left one';

CREATE FUNCTION dwh_internal.id_set_intersects(dwh.id_set, dwh.id_set) RETURNS boolean
	AS 'MODULE_PATHNAME', 'dwh_sql_id_set_intersects' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION dwh_internal.id_set_intersects(dwh.id_set, dwh.id_set) IS 'Hai tập có mã chung | Whether two sets share an id';

CREATE OPERATOR dwh.&& (FUNCTION = dwh_internal.id_set_intersects, LEFTARG = dwh.id_set, RIGHTARG = dwh.id_set,
	COMMUTATOR = OPERATOR(dwh.&&), RESTRICT = contsel, JOIN = contjoinsel);
COMMENT ON OPERATOR dwh.&& (dwh.id_set, dwh.id_set) IS 'Hai tập có mã chung | Whether two sets share an id';

CREATE FUNCTION dwh_internal.id_set_in_set(integer, dwh.id_set) RETURNS boolean
	AS 'MODULE_PATHNAME', 'dwh_sql_id_set_in_set' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION dwh_internal.id_set_in_set(integer, dwh.id_set) IS 'Mã có trong tập không | Whether the id is in the set';

CREATE OPERATOR dwh.@> (FUNCTION = dwh.contains, LEFTARG = dwh.id_set, RIGHTARG = integer,
	COMMUTATOR = OPERATOR(dwh.<@), RESTRICT = contsel, JOIN = contjoinsel);
COMMENT ON OPERATOR dwh.@> (dwh.id_set, integer) IS 'Tập có chứa mã này không | Whether the set has the id';
CREATE OPERATOR dwh.<@ (FUNCTION = dwh_internal.id_set_in_set, LEFTARG = integer, RIGHTARG = dwh.id_set,
	COMMUTATOR = OPERATOR(dwh.@>), RESTRICT = contsel, JOIN = contjoinsel);
COMMENT ON OPERATOR dwh.<@ (integer, dwh.id_set) IS 'Mã có trong tập không | Whether the id is in the set';

-- Sorting, grouping, joining
CREATE FUNCTION dwh_internal.id_set_cmp(dwh.id_set, dwh.id_set) RETURNS integer
	AS 'MODULE_PATHNAME', 'dwh_sql_id_set_cmp' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION dwh_internal.id_set_cmp(dwh.id_set, dwh.id_set) IS 'So sánh hai tập cho chỉ mục btree | Compares two sets for btree';

CREATE FUNCTION dwh_internal.id_set_hash(dwh.id_set) RETURNS integer
	AS 'MODULE_PATHNAME', 'dwh_sql_id_set_hash' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION dwh_internal.id_set_hash(dwh.id_set) IS 'Giá trị băm của tập | Hash value of a set';

CREATE FUNCTION dwh_internal.id_set_hash_extended(dwh.id_set, bigint) RETURNS bigint
	AS 'MODULE_PATHNAME', 'dwh_sql_id_set_hash_extended' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION dwh_internal.id_set_hash_extended(dwh.id_set, bigint) IS 'Giá trị băm 64 bit của tập | 64-bit hash value of a set';

CREATE OPERATOR CLASS dwh.id_set_ops DEFAULT FOR TYPE dwh.id_set USING btree AS
	OPERATOR 1 dwh.<, OPERATOR 2 dwh.<=, OPERATOR 3 dwh.=, OPERATOR 4 dwh.>=, OPERATOR 5 dwh.>,
	FUNCTION 1 dwh_internal.id_set_cmp(dwh.id_set, dwh.id_set);
COMMENT ON OPERATOR CLASS dwh.id_set_ops USING btree IS 'Thứ tự của các tập mã | Order of id sets';
CREATE OPERATOR CLASS dwh.id_set_ops DEFAULT FOR TYPE dwh.id_set USING hash AS
	OPERATOR 1 dwh.=,
	FUNCTION 1 dwh_internal.id_set_hash(dwh.id_set),
	FUNCTION 2 dwh_internal.id_set_hash_extended(dwh.id_set, bigint);
COMMENT ON OPERATOR CLASS dwh.id_set_ops USING hash IS 'Băm của các tập mã | Hashing of id sets';

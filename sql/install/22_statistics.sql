-- Statistical aggregates over facts (src/aggregate/statistics.c). Results are numeric; NULL when no row counts. The state is a
-- bytea that only these aggregates write, so that it can move between processes and nodes.

CREATE FUNCTION dwh_internal.balance_end_add(bytea, numeric, date) RETURNS bytea
	AS 'MODULE_PATHNAME', 'dwh_sql_balance_end_add' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION dwh_internal.balance_end_add(bytea, numeric, date) IS 'Thêm một dòng vào trạng thái của dwh.balance_at_end | Adds a row to the state of dwh.balance_at_end';

CREATE FUNCTION dwh_internal.balance_start_add(bytea, numeric, date) RETURNS bytea
	AS 'MODULE_PATHNAME', 'dwh_sql_balance_start_add' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION dwh_internal.balance_start_add(bytea, numeric, date) IS 'Thêm một dòng vào trạng thái của dwh.balance_at_start | Adds a row to the state of dwh.balance_at_start';

CREATE FUNCTION dwh_internal.balance_average_add(bytea, numeric, date) RETURNS bytea
	AS 'MODULE_PATHNAME', 'dwh_sql_balance_average_add' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION dwh_internal.balance_average_add(bytea, numeric, date) IS 'Thêm một dòng vào trạng thái của dwh.average_balance | Adds a row to the state of dwh.average_balance';

CREATE FUNCTION dwh_internal.ratio_add(bytea, numeric, numeric) RETURNS bytea
	AS 'MODULE_PATHNAME', 'dwh_sql_ratio_add' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION dwh_internal.ratio_add(bytea, numeric, numeric) IS 'Thêm một dòng vào trạng thái của dwh.ratio | Adds a row to the state of dwh.ratio';

CREATE FUNCTION dwh_internal.weighted_mean_add(bytea, numeric, numeric) RETURNS bytea
	AS 'MODULE_PATHNAME', 'dwh_sql_weighted_mean_add' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION dwh_internal.weighted_mean_add(bytea, numeric, numeric) IS 'Thêm một dòng vào trạng thái của dwh.weighted_mean | Adds a row to the state of dwh.weighted_mean';

CREATE FUNCTION dwh_internal.growth_add(bytea, numeric, date, date, date) RETURNS bytea
	AS 'MODULE_PATHNAME', 'dwh_sql_growth_add' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION dwh_internal.growth_add(bytea, numeric, date, date, date) IS 'Thêm một dòng vào trạng thái của dwh.growth | Adds a row to the state of dwh.growth';

CREATE FUNCTION dwh_internal.concentration_add(bytea, numeric) RETURNS bytea
	AS 'MODULE_PATHNAME', 'dwh_sql_concentration_add' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION dwh_internal.concentration_add(bytea, numeric) IS 'Thêm một dòng vào trạng thái của dwh.concentration | Adds a row to the state of dwh.concentration';

CREATE FUNCTION dwh_internal.gini_add(bytea, numeric) RETURNS bytea
	AS 'MODULE_PATHNAME', 'dwh_sql_gini_add' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION dwh_internal.gini_add(bytea, numeric) IS 'Thêm một dòng vào trạng thái của dwh.gini | Adds a row to the state of dwh.gini';

CREATE FUNCTION dwh_internal.completeness_add(bytea, boolean) RETURNS bytea
	AS 'MODULE_PATHNAME', 'dwh_sql_completeness_add' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION dwh_internal.completeness_add(bytea, boolean) IS 'Thêm một dòng vào trạng thái của dwh.completeness | Adds a row to the state of dwh.completeness';

CREATE FUNCTION dwh_internal.statistic_merge(bytea, bytea) RETURNS bytea
	AS 'MODULE_PATHNAME', 'dwh_sql_statistic_merge' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION dwh_internal.statistic_merge(bytea, bytea) IS 'Gộp hai trạng thái thống kê, có kiểm tra | Merges two statistical states, checked';

CREATE FUNCTION dwh_internal.statistic_result(bytea) RETURNS numeric
	AS 'MODULE_PATHNAME', 'dwh_sql_statistic_result' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION dwh_internal.statistic_result(bytea) IS 'Kết quả của một trạng thái thống kê | The result of a statistical state';

CREATE AGGREGATE dwh.balance_at_end(p_value numeric, p_at date) (
	SFUNC = dwh_internal.balance_end_add, STYPE = bytea, SSPACE = 256,
	FINALFUNC = dwh_internal.statistic_result, FINALFUNC_MODIFY = READ_ONLY,
	COMBINEFUNC = dwh_internal.statistic_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE dwh.balance_at_end(numeric, date) IS 'Số dư cuối kỳ: tổng giá trị tại ngày muộn nhất | Closing balance: the sum of the values at the latest date';

CREATE AGGREGATE dwh.balance_at_start(p_value numeric, p_at date) (
	SFUNC = dwh_internal.balance_start_add, STYPE = bytea, SSPACE = 256,
	FINALFUNC = dwh_internal.statistic_result, FINALFUNC_MODIFY = READ_ONLY,
	COMBINEFUNC = dwh_internal.statistic_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE dwh.balance_at_start(numeric, date) IS 'Số dư đầu kỳ: tổng giá trị tại ngày sớm nhất | Opening balance: the sum of the values at the earliest date';

CREATE AGGREGATE dwh.average_balance(p_value numeric, p_at date) (
	SFUNC = dwh_internal.balance_average_add, STYPE = bytea, SSPACE = 256,
	FINALFUNC = dwh_internal.statistic_result, FINALFUNC_MODIFY = READ_ONLY,
	COMBINEFUNC = dwh_internal.statistic_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE dwh.average_balance(numeric, date) IS 'Số dư bình quân: cộng theo ngày rồi chia cho số ngày có số liệu | Average balance: the values summed by date, averaged over the dates present';

CREATE AGGREGATE dwh.ratio(p_num numeric, p_den numeric) (
	SFUNC = dwh_internal.ratio_add, STYPE = bytea, SSPACE = 256,
	FINALFUNC = dwh_internal.statistic_result, FINALFUNC_MODIFY = READ_ONLY,
	COMBINEFUNC = dwh_internal.statistic_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE dwh.ratio(numeric, numeric) IS 'Tỷ số của hai tổng; NULL nếu mẫu số bằng 0 | Sum over sum; NULL on a zero denominator';

CREATE AGGREGATE dwh.weighted_mean(p_value numeric, p_weight numeric) (
	SFUNC = dwh_internal.weighted_mean_add, STYPE = bytea, SSPACE = 256,
	FINALFUNC = dwh_internal.statistic_result, FINALFUNC_MODIFY = READ_ONLY,
	COMBINEFUNC = dwh_internal.statistic_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE dwh.weighted_mean(numeric, numeric) IS 'Bình quân gia quyền; NULL nếu tổng trọng số bằng 0 | Weighted mean; NULL when the weights sum to zero';

CREATE AGGREGATE dwh.growth(p_value numeric, p_at date, p_base date, p_current date) (
	SFUNC = dwh_internal.growth_add, STYPE = bytea, SSPACE = 256,
	FINALFUNC = dwh_internal.statistic_result, FINALFUNC_MODIFY = READ_ONLY,
	COMBINEFUNC = dwh_internal.statistic_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE dwh.growth(numeric, date, date, date) IS 'Tốc độ tăng (%) của tổng tại ngày hiện tại so với ngày gốc; NULL nếu gốc bằng 0 hoặc thiếu | Growth in percent of the sum at the current date over that at the base date; NULL when the base is zero or either is missing';

CREATE AGGREGATE dwh.concentration(p_value numeric) (
	SFUNC = dwh_internal.concentration_add, STYPE = bytea, SSPACE = 256,
	FINALFUNC = dwh_internal.statistic_result, FINALFUNC_MODIFY = READ_ONLY,
	COMBINEFUNC = dwh_internal.statistic_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE dwh.concentration(numeric) IS 'Chỉ số tập trung Herfindahl-Hirschman, từ 1/n đến 1 | Herfindahl-Hirschman index of concentration, from 1/n to 1';

CREATE AGGREGATE dwh.gini(p_value numeric) (
	SFUNC = dwh_internal.gini_add, STYPE = bytea, SSPACE = 256,
	FINALFUNC = dwh_internal.statistic_result, FINALFUNC_MODIFY = READ_ONLY,
	COMBINEFUNC = dwh_internal.statistic_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE dwh.gini(numeric) IS 'Hệ số Gini, từ 0 (bằng nhau) đến gần 1 | Gini coefficient, from 0 (all equal) towards 1';

CREATE AGGREGATE dwh.completeness(p_present boolean) (
	SFUNC = dwh_internal.completeness_add, STYPE = bytea, SSPACE = 256,
	FINALFUNC = dwh_internal.statistic_result, FINALFUNC_MODIFY = READ_ONLY,
	COMBINEFUNC = dwh_internal.statistic_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE dwh.completeness(boolean) IS 'Tỷ lệ dòng có đủ, từ 0 đến 1; NULL tính là chưa có | Share of rows that are there, from 0 to 1; NULL counts as not there';

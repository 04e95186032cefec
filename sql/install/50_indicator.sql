-- Formulas and values of indicators.
CREATE FUNCTION dwh.check_formula(
	p_formula			text,
	OUT is_valid		boolean,
	OUT canonical		text,
	OUT refs			text[],
	OUT dimensions		text[],
	OUT error_code		text,
	OUT error_position	int,
	OUT message			text,
	OUT detail			text,
	OUT hint			text)
LANGUAGE C STABLE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dwh_sql_check_formula';
COMMENT ON FUNCTION dwh.check_formula(text) IS
	'Kiểm tra một công thức: chỗ sai, thông báo, gợi ý, hoặc dạng chuẩn và các tham chiếu | '
	'Checks a formula: where it is wrong and why, or its canonical form and what it refers to';

CREATE FUNCTION dwh.indicator_values(
	p_indicators	text[],
	p_from			date,
	p_to			date,
	p_period		text DEFAULT 'month',
	p_by			text[] DEFAULT '{province}',
	p_filter		jsonb DEFAULT '{}',
	p_units			text[] DEFAULT NULL,
	p_map			date DEFAULT NULL,
	p_as_of			timestamptz DEFAULT NULL)
RETURNS TABLE (
	indicator		text,
	period_start	date,
	period			text,
	unit_code		text,
	unit_name		text,
	dims			jsonb,
	value			numeric,
	unit_of_measure	text,
	numerator		numeric,
	denominator		numeric,
	status			text,
	completeness	numeric,
	version			int,
	stage			text)
LANGUAGE C STABLE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dwh_sql_indicator_values';
COMMENT ON FUNCTION dwh.indicator_values(text[], date, date, text, text[], jsonb, text[], date, timestamptz) IS
	'Giá trị các chỉ tiêu theo kỳ, đơn vị và chiều phân tích | Values of indicators by period, unit and dimensions';

CREATE FUNCTION dwh.get_value(
	p_indicator		text,
	p_from			date,
	p_period		text DEFAULT 'month',
	p_unit			text DEFAULT NULL)
RETURNS numeric
LANGUAGE C STABLE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dwh_sql_get_value';
COMMENT ON FUNCTION dwh.get_value(text, date, text, text) IS
	'Một giá trị của một chỉ tiêu, cả nước nếu không nêu đơn vị | One value of one indicator, of the country where no unit is named';

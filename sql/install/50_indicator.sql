-- Formulas and values of indicators.
CREATE FUNCTION dwh_internal.analyse_formula(
	p_formula		text,
	OUT canonical	text,
	OUT refs		text[],
	OUT dimensions	text[])
LANGUAGE C STABLE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dwh_sql_analyse_formula';
COMMENT ON FUNCTION dwh_internal.analyse_formula(text) IS
	'Phân tích một công thức, báo lỗi nếu sai | Analyses a formula, raises what is wrong with it';

CREATE FUNCTION dwh.check_formula(p_formula text)
RETURNS TABLE (
	is_valid		boolean,
	canonical		text,
	refs			text[],
	dimensions		text[],
	error_code		text,
	error_position	int,
	message			text,
	detail			text,
	hint			text)
LANGUAGE plpgsql STABLE STRICT PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_context text;
BEGIN
	SELECT true, a.canonical, a.refs, a.dimensions INTO is_valid, canonical, refs, dimensions
	FROM dwh_internal.analyse_formula(p_formula) AS a;
	RETURN NEXT;
EXCEPTION WHEN OTHERS THEN
	-- what is wrong with the formula is the answer; anything else (no right, cancelled, out of memory) is not ours to swallow
	IF SQLSTATE NOT LIKE 'WH2%' AND SQLSTATE NOT IN ('42501', '22007', '22008') THEN
		RAISE;
	END IF;
	GET STACKED DIAGNOSTICS error_code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
		hint = PG_EXCEPTION_HINT, v_context = PG_EXCEPTION_CONTEXT;
	is_valid := false;
	error_position := coalesce(substring(message FROM ' at position (\d+)'),
		substring(v_context FROM 'position (\d+) of the formula'))::int;
	IF message LIKE 'syntax error at end of formula%' THEN
		error_position := length(p_formula) + 1;
	END IF;
	detail := nullif(detail, '');
	hint := nullif(hint, '');
	RETURN NEXT;
END;
$$;
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

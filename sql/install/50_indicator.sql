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

CREATE FUNCTION dwh.explain_plan_values(
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
	step			int,
	level			text,
	measures		text[],
	read_from		text,
	is_summary		boolean,
	statement		text,
	parameters		text[])
LANGUAGE C STABLE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dwh_sql_explain_plan_values';
COMMENT ON FUNCTION dwh.explain_plan_values(text[], date, date, text, text[], jsonb, text[], date, timestamptz) IS
	'Các câu SQL mà dwh.indicator_values() sẽ chạy, đọc từ bảng nào | The SQL that dwh.indicator_values() would run, and from which tables';

CREATE FUNCTION dwh.get_value(
	p_indicator		text,
	p_from			date,
	p_period		text DEFAULT 'month',
	p_unit			text DEFAULT NULL,
	p_as_of			timestamptz DEFAULT NULL)
RETURNS numeric
LANGUAGE C STABLE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dwh_sql_get_value';
COMMENT ON FUNCTION dwh.get_value(text, date, text, text, timestamptz) IS
	'Một giá trị của một chỉ tiêu, cả nước nếu không nêu đơn vị | One value of one indicator, of the country where no unit is named';

CREATE FUNCTION dwh.explain_value(
	p_indicator		text,
	p_from			date,
	p_period		text DEFAULT 'month',
	p_unit			text DEFAULT NULL,
	p_as_of			timestamptz DEFAULT NULL)
RETURNS TABLE (
	depth			int,
	part			text,
	kind			text,
	formula			text,
	filled_in		text,
	value			numeric,
	status			text,
	completeness	numeric,
	version			int,
	period			text,
	period_start	date,
	unit_code		text,
	detail			jsonb)
LANGUAGE C STABLE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dwh_sql_explain_value';
COMMENT ON FUNCTION dwh.explain_value(text, date, text, text, timestamptz) IS
	'Giải thích một giá trị: công thức, con số, phiên bản, đợt nạp | Where a value comes from: formulas, numbers, versions, loads';

CREATE FUNCTION dwh.explain_value_text(
	p_indicator		text,
	p_from			date,
	p_period		text DEFAULT 'month',
	p_unit			text DEFAULT NULL,
	p_as_of			timestamptz DEFAULT NULL)
RETURNS text
LANGUAGE sql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT string_agg(
		repeat('  ', e.depth) || e.part
			|| CASE WHEN (e.period, e.period_start, e.unit_code) = (e.top_period, e.top_start, e.top_unit) THEN ''
				ELSE format(' (%s %s, %s)', e.period, to_char(e.period_start, 'YYYY-MM'), e.unit_code) END
			|| ' = ' || coalesce(trim_scale(round(e.value, 4))::text, '-')
			|| CASE WHEN e.status = 'ok' THEN '' ELSE format(' (%s, %s complete)', e.status, trim_scale(e.completeness)) END
			|| CASE WHEN e.formula IS NULL THEN '' ELSE ': ' || e.formula END
			|| CASE WHEN e.filled_in IS NULL THEN '' ELSE ' = ' || e.filled_in END
			|| CASE WHEN e.version IS NULL THEN '' ELSE format(', version %s', e.version) END
			|| CASE WHEN e.detail -> 'read_from' IS NULL THEN '' ELSE format(', read from %s', e.detail ->> 'read_from') END
			|| CASE WHEN e.detail -> 'loads' IS NULL THEN '' ELSE ', loads ' || coalesce(
				(SELECT string_agg(l ->> 'load_id', ' ') FROM jsonb_array_elements(e.detail -> 'loads') AS l), 'none') END,
		E'\n' ORDER BY e.n)
	FROM (SELECT x.*, first_value(x.period) OVER w AS top_period, first_value(x.period_start) OVER w AS top_start,
			first_value(x.unit_code) OVER w AS top_unit
		FROM dwh.explain_value(p_indicator, p_from, p_period, p_unit, p_as_of) WITH ORDINALITY
			AS x (depth, part, kind, formula, filled_in, value, status, completeness, version, period, period_start, unit_code, detail, n)
		WINDOW w AS (ORDER BY x.n)) AS e
$$;
COMMENT ON FUNCTION dwh.explain_value_text(text, date, text, text, timestamptz) IS
	'Giải thích một giá trị dưới dạng văn bản thụt dòng | Where a value comes from, as indented text';

-- Open data (2327 Arts. 14, 16; Decree 47 Arts. 17-21 and what follows them): see src/share/act.c for who may call, src/share/disclosure.c for what
-- is left out.

-- Whether a value looks like the number of somebody, whatever separates its digits and stands around them: 9 or 12 digits (identity card), 10 (social
-- insurance, telephone), 84 and 9 or 10 (telephone), two letters and 13 (health-insurance card), 16 (bank card), or like an e-mail address. Dates are none.
-- A whole number in JSON has lost its leading zeros: 10 to 12 digits.
CREATE FUNCTION dwh_internal.open_data_is_personal(p_value jsonb)
RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
	SELECT CASE jsonb_typeof(p_value) WHEN 'number' THEN trim_scale(p_value::numeric)::text ~ E'^\\d{10,12}$'
		WHEN 'string' THEN p_value #>> '{}' ~ E'[^\\s@]@[^\\s@]+\\.' OR (length(p_value #>> '{}') > 8
			AND regexp_replace(regexp_replace(p_value #>> '{}', E'\\m((19|20)\\d\\d[-./]\\d\\d?[-./]\\d\\d?|\\d\\d?[-./]\\d\\d?[-./](19|20)\\d\\d)(?!\\d)', '|', 'g'),
				E'(?<=\\d)[\\s\\u00a0.()-]{1,2}(?=\\d)', '', 'g') ~* E'(?<!\\d)(\\d{9,10}|\\d{12}|\\d{16}|84\\d{9,10}|[a-z]{2}\\s*\\d{13})(?!\\d)')
		ELSE false END
$$;
COMMENT ON FUNCTION dwh_internal.open_data_is_personal(jsonb) IS
	'Giá trị có dạng số định danh, bảo hiểm, điện thoại, thẻ hoặc thư điện tử | Whether a value looks like the number of a person, or an e-mail address';

-- Whether a column is called like one of persons, in English or Vietnamese.
CREATE FUNCTION dwh_internal.open_data_names_person(p_column text)
RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
	SELECT lower(p_column) ~ (E'^(.*_)?(person_id|social_insurance_no|identity_no|(full|first|last|family|given|middle)_?name|birth_?da(te|y)|date_?of_?birth|passport|(tele)?phone|mobile|e?mail'
		'|ho_?(va_?)?ten|ho_?dem|ngay_?sinh|cccd|cmnd|cmt|so_?dinh_?danh|ma_?so_?bhxh|ho_?chieu|dien_?thoai|sdt)(_.*)?$|^(name|ten|(so|ma)?_?(so|the)?_?(bhxh|bhyt|bao_?hiem)(_?\\d+)?)$')
$$;
COMMENT ON FUNCTION dwh_internal.open_data_names_person(text) IS 'Tên cột như của cá nhân | Whether a column is called like one of persons';

-- A dataset is handed on as the JSON of its row in dwh_catalog.open_dataset: the extension's functions exist before the tables.
--
-- Columns of a source that a description names, in order: period, levels, measures, count.
CREATE FUNCTION dwh_internal.open_data_columns(p_dataset jsonb)
RETURNS TABLE (name text, role text) LANGUAGE sql IMMUTABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
	SELECT p_dataset ->> 'period_column', 'period' WHERE p_dataset ->> 'period_column' IS NOT NULL
	UNION ALL SELECT l, 'level' FROM jsonb_array_elements(p_dataset -> 'dimensions') AS m, jsonb_array_elements_text(m -> 'levels') AS l
	UNION ALL SELECT m ->> 'name', 'measure' FROM jsonb_array_elements(p_dataset -> 'measures') AS m
	UNION ALL SELECT p_dataset ->> 'count_column', 'count' WHERE p_dataset ->> 'count_column' IS NOT NULL
	UNION ALL SELECT p_dataset ->> 'contributor_column', 'contributor' WHERE p_dataset ->> 'contributor_column' IS NOT NULL
$$;
COMMENT ON FUNCTION dwh_internal.open_data_columns(jsonb) IS
	'Các cột nguồn của bộ dữ liệu mở | Columns of the source that a dataset names';

CREATE FUNCTION dwh_internal.open_data_refuse(p_message text, p_detail text, p_hint text, p_code text DEFAULT '22023')
RETURNS void LANGUAGE plpgsql IMMUTABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RAISE EXCEPTION '%', p_message USING ERRCODE = p_code, DETAIL = p_detail, HINT = p_hint;
END
$$;
COMMENT ON FUNCTION dwh_internal.open_data_refuse(text, text, text, text) IS 'Từ chối một lời gọi về dữ liệu mở | Refuses a call about open data';

-- The shape of a description: what kinds of columns it names, none of which identifies a person.
CREATE FUNCTION dwh_internal.open_data_check(p_dataset jsonb, p_relation regclass, p_person_column text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	d dwh_catalog.open_dataset := jsonb_populate_record(NULL::dwh_catalog.open_dataset, p_dataset);
	v_bad text;
BEGIN
	IF coalesce(jsonb_typeof(d.dimensions) <> 'array' OR jsonb_array_length(d.dimensions) NOT BETWEEN 1 AND 8 OR EXISTS (
			SELECT FROM jsonb_array_elements(d.dimensions) AS m WHERE coalesce(m ->> 'name' !~ '^[a-z][a-z0-9_]*$', true)
				OR coalesce(jsonb_typeof(m -> 'levels') <> 'array', true) OR jsonb_array_length(m -> 'levels') NOT BETWEEN 1 AND 7), true)
		OR coalesce(jsonb_typeof(d.measures) <> 'array' OR jsonb_array_length(d.measures) NOT BETWEEN 1 AND 16 OR EXISTS (
			SELECT FROM jsonb_array_elements(d.measures) AS m WHERE coalesce(m ->> 'name' = '', true)), true)
		OR (d.tables IS NOT NULL AND (jsonb_typeof(d.tables) <> 'array' OR jsonb_array_length(d.tables) = 0 OR EXISTS (
			SELECT FROM jsonb_array_elements(d.tables) AS t, jsonb_array_elements_text(t) AS n
			WHERE NOT EXISTS (SELECT FROM jsonb_array_elements(d.dimensions) AS m WHERE m ->> 'name' = n))))
	THEN
		PERFORM dwh_internal.open_data_refuse('the shape of the dataset is not described',
			'dimensions: 1 to 8 of {"name", "levels": [columns from coarse to fine]}; measures: 1 to 16 of {"name"}; tables: lists of names of dimensions.',
			'Correct dimensions, measures or tables.');
	END IF;
	SELECT string_agg(c.name, ', ') INTO v_bad FROM dwh_internal.open_data_columns(p_dataset) AS c
	WHERE NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = p_relation AND attname = c.name AND attnum > 0 AND NOT attisdropped);
	IF v_bad IS NOT NULL THEN
		PERFORM dwh_internal.open_data_refuse(format('the source of the service has no column %s', v_bad),
			'A dataset is made of columns of its service''s source.', 'Name columns of it.', '42703');
	END IF;
	SELECT string_agg(c.name, ', ') INTO v_bad FROM dwh_internal.open_data_columns(p_dataset) AS c
	WHERE c.role <> 'contributor' AND (c.name = p_person_column OR dwh_internal.open_data_names_person(c.name));
	IF v_bad IS NOT NULL THEN
		PERFORM dwh_internal.open_data_refuse(format('column %s identifies persons', v_bad),
			'ND47 Arts. 17, 20.1: dữ liệu mở không cho phép định danh cá nhân | open data identifies nobody.', 'Publish figures of groups.');
	END IF;
	SELECT string_agg(c.name, ', ') INTO v_bad
	FROM dwh_internal.open_data_columns(p_dataset) AS c JOIN pg_attribute AS a ON a.attrelid = p_relation AND a.attname = c.name AND NOT a.attisdropped
	WHERE CASE c.role WHEN 'period' THEN a.atttypid <> 'date'::regtype
		WHEN 'level' THEN a.atttypid NOT IN ('text'::regtype, 'varchar'::regtype, 'bpchar'::regtype, 'int2'::regtype, 'int4'::regtype, 'int8'::regtype,
				'bool'::regtype, 'date'::regtype) OR EXISTS (SELECT FROM pg_collation AS n WHERE n.oid = a.attcollation AND NOT n.collisdeterministic)
		WHEN 'measure' THEN a.atttypid NOT IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'numeric'::regtype)
		WHEN 'count' THEN a.atttypid NOT IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'numeric'::regtype) ELSE false END;
	IF v_bad IS NOT NULL THEN
		PERFORM dwh_internal.open_data_refuse(format('column %s is of another kind', v_bad),
			'The period is a date; levels are text (of a deterministic collation), integers, dates or truth values, whose labels are one text in every session; '
			'figures and numbers of people are integers or numeric.', 'Change the source.');
	END IF;
	SELECT string_agg(name, ', ') INTO v_bad FROM (SELECT c.name FROM dwh_internal.open_data_columns(p_dataset) AS c
		WHERE c.role IN ('period', 'level', 'measure') GROUP BY c.name HAVING count(*) > 1 OR c.name = 'status') AS t;
	IF v_bad IS NOT NULL THEN
		PERFORM dwh_internal.open_data_refuse(format('column %s would stand twice in the files', v_bad), 'Their columns are period, levels, measures, status.',
			'Name each column once.');
	END IF;
END
$$;
COMMENT ON FUNCTION dwh_internal.open_data_check(jsonb, regclass, text) IS
	'Kiểm tra mô tả của bộ dữ liệu mở | Checks the shape of a dataset';

CREATE FUNCTION dwh_internal.describe_open_data(p_dataset text, p_definition jsonb)
RETURNS int LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	s dwh_catalog.share_service;
	d dwh_catalog.open_dataset;
	e dwh_catalog.open_dataset;
	v_constraint text;
BEGIN
	SELECT * INTO s FROM dwh_catalog.share_service WHERE service_id = dwh_internal.share_service_id(p_dataset) FOR UPDATE;
	PERFORM dwh_internal.share_check_unit(s.database_id);
	IF s.kind <> 'open' THEN
		PERFORM dwh_internal.open_data_refuse(format('service "%s" is of kind %s', p_dataset, s.kind), '2327 Art. 14: open data has services of its own.',
			'Create a service of kind open.');
	END IF;
	PERFORM dwh_internal.share_require_fields(p_definition, ARRAY['title_vi', 'title_en', 'description_vi', 'description_en', 'citation', 'licence', 'licence_title',
		'periodicity', 'coverage', 'spatial', 'theme', 'keywords_vi', 'keywords_en', 'period_column', 'dimensions', 'measures', 'count_column',
		'contributor_column', 'tables', 'threshold', 'range_percent', 'dominance_n', 'dominance_k', 'p_percent'], 'a dataset has no field', '2327 Art. 14.1.', 'Open data');
	SELECT * INTO e FROM dwh_catalog.open_dataset WHERE service_id = s.service_id;
	d := jsonb_populate_record(e, jsonb_build_object('service_id', s.service_id, 'described_at', statement_timestamp(),
		'described_by', dwh_internal.share_caller())
		|| CASE WHEN e.service_id IS NULL THEN '{"spatial": "http://publications.europa.eu/resource/authority/country/VNM", "theme": "SOCI",
			"keywords_vi": [], "keywords_en": [], "threshold": 10, "range_percent": 50}'::jsonb ELSE '{}' END
		|| p_definition);
	PERFORM dwh_internal.share_require(v, f, a) FROM (VALUES (d.title_vi, 'title_vi', '2327 Art. 14.1'), (d.title_en, 'title_en', '2327 Art. 14.1'),
		(d.description_vi, 'description_vi', '2327 Art. 14.1'), (d.description_en, 'description_en', '2327 Art. 14.1'),
		(d.citation, 'citation', 'ND47 Art. 18'), (d.licence, 'licence', 'ND47 Art. 18'), (d.licence_title, 'licence_title', 'ND47 Art. 18'),
		(d.periodicity, 'periodicity', '2327 Art. 14.1'), (d.coverage, 'coverage', '2327 Art. 14.1'),
		(coalesce(d.count_column, d.contributor_column), 'count_column or contributor_column', 'ND47 Art. 20.1')) AS r (v, f, a);
	PERFORM dwh_internal.open_data_check(to_jsonb(d), s.relation::regclass, s.person_column);
	IF (d.dimensions, d.measures, d.tables, d.period_column) IS DISTINCT FROM (e.dimensions, e.measures, e.tables, e.period_column)
		AND EXISTS (SELECT FROM dwh_catalog.open_data_version WHERE service_id = s.service_id)
	THEN
		PERFORM dwh_internal.open_data_refuse(format('dataset "%s" was published with other dimensions or figures', p_dataset),
			'What was left out of earlier versions could follow from tables of another shape.', 'Publish another dataset, of figures that this one does not hold.',
			'55000');
	END IF;
	DELETE FROM dwh_catalog.open_dataset WHERE service_id = s.service_id
		AND NOT EXISTS (SELECT FROM dwh_catalog.open_data_version AS v WHERE v.service_id = s.service_id);
	INSERT INTO dwh_catalog.open_dataset SELECT d.* ON CONFLICT (service_id) DO UPDATE SET title_vi = excluded.title_vi, title_en = excluded.title_en,
		description_vi = excluded.description_vi, description_en = excluded.description_en, citation = excluded.citation,
		licence = excluded.licence, licence_title = excluded.licence_title, periodicity = excluded.periodicity, coverage = excluded.coverage,
		spatial = excluded.spatial, theme = excluded.theme, keywords_vi = excluded.keywords_vi, keywords_en = excluded.keywords_en,
		count_column = excluded.count_column, contributor_column = excluded.contributor_column, threshold = excluded.threshold,
		range_percent = excluded.range_percent, dominance_n = excluded.dominance_n, dominance_k = excluded.dominance_k,
		p_percent = excluded.p_percent, described_at = excluded.described_at, described_by = excluded.described_by;
	RETURN s.service_id;
EXCEPTION
	WHEN check_violation OR not_null_violation OR invalid_text_representation THEN
		GET STACKED DIAGNOSTICS v_constraint = CONSTRAINT_NAME;
		RAISE EXCEPTION 'dataset "%" is not described as it should be (%)', p_dataset, coalesce(nullif(v_constraint, ''), SQLERRM)
			USING ERRCODE = '22023', DETAIL = 'Addresses are http(s) addresses; periodicity WEEKLY, MONTHLY, QUARTERLY, ANNUAL_2, ANNUAL or IRREG; theme SOCI, '
				'HEAL, GOVE, ECON, REGI or EDUC; threshold at least 3; range_percent and p_percent up to 100; dominance rules need contributor_column.',
				HINT = 'Correct the definition.';
END
$$;
COMMENT ON FUNCTION dwh_internal.describe_open_data(text, jsonb) IS 'Xem dwh.describe_open_data | See dwh.describe_open_data';

CREATE FUNCTION dwh.describe_open_data(p_dataset text, p_definition jsonb)
RETURNS int LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_share_act';
COMMENT ON FUNCTION dwh.describe_open_data(text, jsonb) IS
	'Ghi bộ dữ liệu vào danh mục dữ liệu mở | Enters a dataset into the open-data list, or changes its description';

-- The statement that computes every cell of a dataset from its source, built of quoted names: period, coordinates (a path for each dimension),
-- contributors, figures, and by how much a figure breaks the rules of dominance (at most 0: not at all).
-- Contributors are those who add something to the figure that fewest add to: nobody stands behind a 0.
CREATE FUNCTION dwh_internal.open_data_statement(p_dataset jsonb, p_relation regclass)
RETURNS text LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
	WITH d AS (SELECT * FROM jsonb_populate_record(NULL::dwh_catalog.open_dataset, p_dataset)),
	dimension AS (
		SELECT n, ARRAY(SELECT quote_ident(l) FROM jsonb_array_elements_text(m -> 'levels') AS l) AS levels
		FROM d, jsonb_array_elements(d.dimensions) WITH ORDINALITY AS t (m, n)),
	part AS (
		SELECT string_agg(format('ROLLUP (%s)', array_to_string(levels, ', ')), ', ' ORDER BY n) AS rollups,
			string_agg(format('CASE %s ELSE jsonb_build_array(%s) END', (SELECT string_agg(format('WHEN grouping(%s) = 1 THEN jsonb_build_array(%s)',
					levels[i], (SELECT coalesce(string_agg(l || '::text', ', ' ORDER BY o), '') FROM unnest(levels[1:i - 1]) WITH ORDINALITY AS u (l, o))), ' '
					ORDER BY i) FROM generate_series(1, cardinality(levels)) AS i),
				(SELECT string_agg(l || '::text', ', ' ORDER BY o) FROM unnest(levels) WITH ORDINALITY AS u (l, o))), ', ' ORDER BY n) AS paths
		FROM dimension),
	measure AS (
		SELECT n, quote_ident(m ->> 'name') AS name FROM d, jsonb_array_elements(d.measures) WITH ORDINALITY AS t (m, n)),
	figure AS (
		SELECT string_agg(format('sum(%s)::numeric AS m%s', name, n), ', ' ORDER BY n) AS sums,
			string_agg('m' || n, ', ' ORDER BY n) AS names,
			string_agg(format('sum(m%s)', n), ', ' ORDER BY n) AS outer_sums,
			string_agg(format('nullif(count(*) FILTER (WHERE m%s <> 0), 0)', n), ', ' ORDER BY n) AS contributing,
			string_agg('NULL', ', ') AS nulls,
			string_agg(CASE WHEN d.dominance_n IS NULL THEN 'NULL' ELSE format('(SELECT sum(x) FROM unnest((array_agg(m%1$s ORDER BY m%1$s DESC))[1:%2$s]) AS x)
				* 100 / %3$s - sum(m%1$s)', n, d.dominance_n, d.dominance_k) END, ', ' ORDER BY n) AS dominances,
			string_agg(CASE WHEN d.p_percent IS NULL THEN 'NULL' ELSE format('max(m%1$s) * %2$s / 100 - (sum(m%1$s) - max(m%1$s)
				- coalesce((array_agg(m%1$s ORDER BY m%1$s DESC))[2], 0))', n, d.p_percent) END, ', ' ORDER BY n) AS p_percents
		FROM measure, d)
	SELECT CASE WHEN d.count_column IS NOT NULL THEN
		format('SELECT %1$s AS period, jsonb_build_array(%2$s) AS coordinates, sum(%3$I)::bigint AS contributors, ARRAY[%4$s]::numeric[] AS figures,
			ARRAY[%5$s]::numeric[] AS dominance, ARRAY[%5$s]::numeric[] AS p_percent FROM %6$s GROUP BY %7$s%8$s',
			coalesce(quote_ident(d.period_column), 'NULL::date'), paths, d.count_column,
			(SELECT string_agg(format('sum(%s)', name), ', ' ORDER BY n) FROM measure), nulls, p_relation, quote_ident(d.period_column) || ', ', rollups)
		ELSE
		format('SELECT period, coordinates, coalesce(least(%11$s), count(*)) AS contributors, ARRAY[%1$s]::numeric[] AS figures, ARRAY[%2$s]::numeric[] AS dominance,
			ARRAY[%3$s]::numeric[] AS p_percent
			FROM (SELECT %4$s AS period, jsonb_build_array(%5$s) AS coordinates, %6$s FROM %7$s GROUP BY %8$I, %9$s%10$s) AS c GROUP BY period, coordinates',
			outer_sums, dominances, p_percents, coalesce(quote_ident(d.period_column), 'NULL::date'), paths, sums, p_relation, d.contributor_column,
			quote_ident(d.period_column) || ', ', rollups, contributing)
		END
	FROM d, part, figure
$$;
COMMENT ON FUNCTION dwh_internal.open_data_statement(jsonb, regclass) IS
	'Câu lệnh tính mọi ô của bộ dữ liệu | The statement that computes every cell of a dataset';

-- Refuses sources whose cells are no sums of their leaves. STABLE: it looks at the rows that the statement sees which calls it, so that what is published
-- is what was checked.
CREATE FUNCTION dwh_internal.open_data_check_rows(p_dataset jsonb, p_relation regclass)
RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_bad bigint;
	v_rows bigint;
	v_big text;
	v_person text;
BEGIN
	EXECUTE (SELECT format('SELECT count(*), count(*) FILTER (WHERE %s) FROM %s', string_agg(CASE
			WHEN c.role IN ('measure', 'count') THEN format('%1$I IS NULL OR %1$I < 0 OR %1$I::numeric IN (''NaN'', ''Infinity'') OR scale(trim_scale(%1$I::numeric)) > %2$s',
				c.name, CASE c.role WHEN 'count' THEN 0 ELSE 6 END)
				|| CASE WHEN p_dataset ->> 'count_column' IS NOT NULL THEN format(' OR (%I <> 0 AND %I = 0)', c.name, p_dataset ->> 'count_column') ELSE '' END
			WHEN c.role = 'period' THEN format('%1$I IS NULL OR NOT isfinite(%1$I)', c.name)
			WHEN c.role = 'level' THEN format('%1$I IS NULL OR %1$I::text = ''_T''', c.name)
			ELSE format('%I IS NULL', c.name) END, ' OR '), p_relation)
		FROM dwh_internal.open_data_columns(p_dataset) AS c) INTO v_rows, v_bad;
	IF v_rows = 0 THEN
		PERFORM dwh_internal.open_data_refuse('the source holds no row', 'There is nothing to publish.', 'Load or refresh it first.', '55000');
	ELSIF v_bad > 0 THEN
		PERFORM dwh_internal.open_data_refuse(format('%s rows of the source are no parts of a table of sums', v_bad),
			'Period, levels and contributor are given, a period is finite and no level is called _T, which is a total; figures are numbers from 0 on with at most 6 '
				'decimals, and 0 where nobody is behind them; numbers of people are whole.',
			'Leave such rows out of the source, or give their missing levels a name.');
	END IF;
	-- Labels stand in the files whether their figures do or not.
	EXECUTE (SELECT string_agg(format('SELECT %2$L FROM (SELECT DISTINCT %1$I AS label FROM %3$s) AS l WHERE dwh_internal.open_data_is_personal(to_jsonb(label))', c.name, c.name, p_relation),
		' UNION ALL ') || ' LIMIT 1' FROM dwh_internal.open_data_columns(p_dataset) AS c WHERE c.role = 'level') INTO v_person;
	IF v_person IS NOT NULL THEN
		PERFORM dwh_internal.open_data_refuse(format('labels of column %s look like numbers or addresses of persons', v_person),
			'ND47 Arts. 17, 20.1: dữ liệu mở không cho phép định danh cá nhân | open data identifies nobody.', 'Publish figures of groups.');
	END IF;
	-- Intervals have room beside the figures, which are counted in the smallest decimal of all.
	EXECUTE (SELECT format('SELECT concat_ws('', '', %s) FROM (SELECT %s, 10::numeric ^ greatest(0, %s) AS step FROM %s) AS t',
			string_agg(format('CASE WHEN s%s * step > 72057594037927936 THEN %L END', c.n, c.name), ', '),
			string_agg(format('sum(%I::numeric) AS s%s', c.name, c.n), ', '),
			string_agg(format('max(scale(trim_scale(%I::numeric)))', c.name), ', '), p_relation)
		FROM dwh_internal.open_data_columns(p_dataset) WITH ORDINALITY AS c (name, role, n) WHERE c.role IN ('measure', 'count')) INTO v_big;
	IF v_big <> '' THEN
		PERFORM dwh_internal.open_data_refuse(format('the figures of %s are too big', v_big),
			'The sum of a column, counted in the smallest decimal that a figure of the dataset has, is 2^56 (about 7.2 * 10^16) at most.',
			'Publish thousands or millions, or fewer decimals or periods.', '54000');
	END IF;
	RETURN true;
END
$$;
COMMENT ON FUNCTION dwh_internal.open_data_check_rows(jsonb, regclass) IS
	'Kiểm tra các dòng nguồn; luôn đúng khi không báo lỗi | Checks the rows of a source; true unless it raises';

-- Computes the cells of a version, with what is left out and why. Settings: labels are the same text in every session, or cells would have no history.
CREATE FUNCTION dwh_internal.open_data_fill_cells(p_version_id int, p_dataset jsonb, p_relation regclass, p_previous_id int)
RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD' AS $fill$
DECLARE
	d dwh_catalog.open_dataset := jsonb_populate_record(NULL::dwh_catalog.open_dataset, p_dataset);
BEGIN
	-- Numbers of nodes are by the whole version; suppression is by period. Figures enter it as integers. Apart from the join with the cells, where plans were
	-- seen that handed it arrays of different periods. A period that is as in the version before is left out as it was; another one is looked at together with
	-- whatever was published of it.
	EXECUTE format($statement$
	WITH computed AS MATERIALIZED (%s),
	before AS MATERIALIZED (
		SELECT coalesce(period, '-infinity') AS period, coordinates, figures, rule, low, high, state FROM dwh_catalog.open_data_cell WHERE version_id = $2),
	present AS MATERIALIZED (
		SELECT row_number() OVER (ORDER BY c.period, c.coordinates)::int AS cell_no, coalesce(c.period, '-infinity') AS period, c.coordinates, c.contributors,
			c.figures, c.dominance, c.p_percent, CASE WHEN c.contributors < $3 THEN 'threshold'
				WHEN 0 < ANY (c.dominance) THEN 'dominance' WHEN 0 < ANY (c.p_percent) THEN 'p_percent' END AS rule
		FROM computed AS c WHERE c.contributors > 0 AND (SELECT dwh_internal.open_data_check_rows($9, $10))),
	changed AS MATERIALIZED (
		SELECT coalesce(c.period, p.period) AS period
		FROM present AS c FULL JOIN before AS p ON p.period = c.period AND p.coordinates = c.coordinates
		GROUP BY 1 HAVING NOT bool_and(coalesce(p.figures = c.figures AND (c.rule IS NULL OR coalesce(p.rule, 'earlier') <> 'earlier'), false))),
	earlier AS MATERIALIZED (
		SELECT c.version_id, coalesce(c.period, '-infinity') AS period, c.coordinates, c.contributors, c.figures, c.low, c.high, c.state
		FROM dwh_catalog.open_data_version AS v JOIN dwh_catalog.open_data_cell AS c USING (version_id)
		WHERE v.service_id = $8 AND v.published_at IS NOT NULL AND coalesce(c.period, '-infinity') IN (SELECT period FROM changed)),
	layer AS MATERIALIZED (
		SELECT period, min(version_id) AS version_id, row_number() OVER (PARTITION BY period ORDER BY min(version_id) DESC)::int AS layer
		FROM (SELECT period, version_id, sum(hashtextextended(concat_ws(' ', coordinates, contributors = 1, figures, low, high, state), 0)) AS digest FROM earlier GROUP BY 1, 2) AS t
		GROUP BY period, digest),
	place AS (
		SELECT coalesce(max(scale(trim_scale(f))), 0) AS places
		FROM (SELECT figures FROM present UNION ALL SELECT figures FROM earlier) AS c, unnest(figures) AS f),
	cell AS MATERIALIZED (
		SELECT c.cell_no, c.period, c.coordinates, c.contributors, c.figures, c.rule, x.low, x.high
		FROM present AS c CROSS JOIN place
			CROSS JOIN LATERAL (
				SELECT array_agg(CASE WHEN h.high = 0 THEN 0 WHEN f.name = $4 THEN f.figure ELSE least(h.high, f.figure) END ORDER BY f.n) AS low, array_agg(h.high ORDER BY f.n) AS high
				FROM (SELECT t.figure, t.n, m ->> 'name' AS name, t.dominance, t.p_percent, 10::numeric ^ -place.places AS step
					FROM unnest(c.figures, c.dominance, c.p_percent) WITH ORDINALITY AS t (figure, dominance, p_percent, n)
						JOIN jsonb_array_elements($5) WITH ORDINALITY AS j (m, n) ON j.n = t.n) AS f
					CROSS JOIN LATERAL (SELECT CASE WHEN c.rule IS NULL THEN 0
						WHEN f.name = $4 THEN CASE WHEN c.rule = 'threshold' THEN greatest($3 - f.figure, 1) ELSE 0 END
						ELSE greatest(ceil(greatest(f.figure * $6 / 100, f.dominance, f.p_percent) / f.step) * f.step, f.step) END AS high) AS h) AS x),
	entry AS MATERIALIZED (
		SELECT row_number() OVER () AS entry_no, t.*
		FROM (SELECT cell_no, 0 AS layer, period, coordinates, contributors, figures, low, high, (rule IS NOT NULL)::int AS asked
				FROM cell WHERE period IN (SELECT period FROM changed)
			UNION ALL SELECT NULL, l.layer, e.period, e.coordinates, e.contributors, e.figures, e.low, e.high,
				CASE e.state WHEN 'primary' THEN 1 WHEN 'complementary' THEN 2 ELSE 0 END
				FROM earlier AS e JOIN layer AS l USING (period, version_id)) AS t),
	path AS MATERIALIZED (
		SELECT n, path, row_number() OVER (PARTITION BY n ORDER BY jsonb_array_length(path), path)::int - 1 AS node
		FROM (SELECT DISTINCT t.n, t.path FROM entry, jsonb_array_elements(entry.coordinates) WITH ORDINALITY AS t (path, n)) AS t),
	tree AS (
		SELECT (SELECT array_agg(size ORDER BY n) FROM (SELECT n, count(*)::int AS size FROM path GROUP BY n) AS s) AS sizes,
			(SELECT array_agg(coalesce(u.node, -1) ORDER BY p.n, p.node) FROM path AS p LEFT JOIN path AS u ON u.n = p.n AND jsonb_array_length(p.path) > 0
				AND u.path = p.path - -1) AS parents),
	given AS (
		SELECT period, array_agg(cell_no ORDER BY entry_no) AS numbers, array_agg(contributors ORDER BY entry_no) AS counts, array_agg(asked ORDER BY entry_no) AS asked,
			array_agg(layer ORDER BY entry_no) AS layers
		FROM entry GROUP BY period),
	node AS (
		SELECT e.period, array_agg(p.node ORDER BY e.entry_no, p.n) AS coordinates
		FROM entry AS e, jsonb_array_elements(e.coordinates) WITH ORDINALITY AS t (path, n) JOIN path AS p ON p.n = t.n AND p.path = t.path GROUP BY e.period),
	figure AS (
		SELECT e.period, array_agg((f.figure * 10::numeric ^ places)::bigint ORDER BY e.entry_no, f.n) AS figures,
			array_agg((f.low * 10::numeric ^ places)::bigint ORDER BY e.entry_no, f.n) AS low, array_agg((f.high * 10::numeric ^ places)::bigint ORDER BY e.entry_no, f.n) AS high
		FROM entry AS e CROSS JOIN place, unnest(e.figures, e.low, e.high) WITH ORDINALITY AS f (figure, low, high, n) GROUP BY e.period),
	outcome AS MATERIALIZED (
		SELECT u.cell_no, u.state FROM given AS g JOIN node USING (period) JOIN figure AS f USING (period) CROSS JOIN tree,
			unnest(g.numbers, dwh_internal.suppress_cells(sizes, parents, $7, coordinates, counts, figures, low, high, asked, layers)) AS u (cell_no, state)
		WHERE u.cell_no IS NOT NULL)
	INSERT INTO dwh_catalog.open_data_cell (version_id, cell_no, period, coordinates, contributors, figures, low, high, rule, state)
	SELECT $1, c.cell_no, nullif(c.period, '-infinity'), c.coordinates, c.contributors, c.figures, c.low, c.high, CASE WHEN o.state = 4 THEN 'earlier' ELSE c.rule END,
		(ARRAY['published', 'primary', 'complementary', 'hidden', 'complementary'])[o.state + 1]
	FROM cell AS c JOIN outcome AS o USING (cell_no)
	UNION ALL
	SELECT $1, c.cell_no, nullif(c.period, '-infinity'), c.coordinates, c.contributors, c.figures, p.low, p.high, CASE WHEN p.state = 'complementary' THEN 'earlier' ELSE p.rule END, p.state
	FROM cell AS c JOIN before AS p USING (period, coordinates) WHERE NOT EXISTS (SELECT FROM changed AS n WHERE n.period = c.period)$statement$,
		dwh_internal.open_data_statement(p_dataset, p_relation))
	USING p_version_id, p_previous_id, d.threshold, d.count_column, d.measures, d.range_percent,
		-- the tables as bits of dimensions
		coalesce((SELECT array_agg(bits) FROM (SELECT (SELECT coalesce(sum(1 << (m.n - 1)::int), 0)::int FROM jsonb_array_elements(d.dimensions) WITH ORDINALITY AS m (v, n)
			WHERE t ? (m.v ->> 'name')) AS bits FROM jsonb_array_elements(d.tables) AS t) AS b), ARRAY[(1 << jsonb_array_length(d.dimensions)) - 1]), d.service_id,
		p_dataset, p_relation;
END
$fill$;
COMMENT ON FUNCTION dwh_internal.open_data_fill_cells(int, jsonb, regclass, int) IS
	'Tính các ô của một phiên bản và ô phải che | Computes the cells of a version, and which of them are left out';

CREATE FUNCTION dwh_internal.open_data_csv(p_values text[])
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
	SELECT string_agg(CASE WHEN v ~ E'[",\\r\\n]' OR v = '' THEN '"' || replace(v, '"', '""') || '"' ELSE coalesce(v, '') END, ',' ORDER BY n)
	FROM unnest(p_values) WITH ORDINALITY AS t (v, n)
$$;
COMMENT ON FUNCTION dwh_internal.open_data_csv(text[]) IS 'Một dòng CSV | A line of CSV';

-- The lines of both files of a version. _T stands for a total, as in SDMX; a figure that is left out is empty, with status "suppressed".
CREATE FUNCTION dwh_internal.open_data_fill_lines(p_version_id int, p_code text, p_version int, p_dataset jsonb)
RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD' AS $$
DECLARE
	d dwh_catalog.open_dataset := jsonb_populate_record(NULL::dwh_catalog.open_dataset, p_dataset);
	v_names text[] := ARRAY(SELECT name FROM dwh_internal.open_data_columns(p_dataset) WHERE role IN ('period', 'level', 'measure'));
	v_last int;
BEGIN
	INSERT INTO dwh_catalog.open_data_line (version_id, line_no, csv, json)
	SELECT p_version_id, 1, dwh_internal.open_data_csv(v_names || 'status'::text), format(
		'{"dataset": %s, "version": %s, "title_vi": %s, "title_en": %s, "citation": %s, "licence": %s, "licence_title": %s, "columns": %s, "rows": [',
		to_json(p_code), p_version, to_json(d.title_vi), to_json(d.title_en), to_json(d.citation), to_json(d.licence), to_json(d.licence_title),
		(SELECT json_agg(json_strip_nulls(json_build_object('name', c.name, 'role', c.role, 'title_vi', m ->> 'title_vi', 'title_en', m ->> 'title_en')) ORDER BY c.n)
			FROM (SELECT * FROM dwh_internal.open_data_columns(p_dataset) WITH ORDINALITY AS t (name, role, n) WHERE role IN ('period', 'level', 'measure')
				UNION ALL SELECT 'status', 'status', 1000) AS c LEFT JOIN jsonb_array_elements(d.measures) AS m ON c.role = 'measure' AND m ->> 'name' = c.name));
	INSERT INTO dwh_catalog.open_data_line (version_id, line_no, csv, json)
	SELECT p_version_id, c.n + 1, dwh_internal.open_data_csv(x.labels || x.figures || x.status),
		(SELECT '{' || string_agg(format('%s: %s', to_json(e.name), CASE WHEN e.n > cardinality(x.labels) THEN coalesce(e.v, 'null') ELSE to_json(e.v)::text END), ', ' ORDER BY e.n)
			FROM unnest(v_names, x.labels || x.figures) WITH ORDINALITY AS e (name, v, n)) || format(', "status": %s}%s', to_json(x.status),
			CASE WHEN c.n < c.total THEN ',' END)
	FROM (SELECT row_number() OVER (ORDER BY cell_no)::int AS n, count(*) OVER () AS total, period, coordinates, figures, state = 'published' AS is_published
			FROM dwh_catalog.open_data_cell WHERE version_id = p_version_id AND state <> 'hidden') AS c
		CROSS JOIN LATERAL (SELECT CASE WHEN d.period_column IS NOT NULL THEN ARRAY[c.period::text] ELSE '{}' END
				|| ARRAY(SELECT coalesce(c.coordinates -> (m.n - 1)::int ->> (l - 1), '_T') FROM jsonb_array_elements(d.dimensions) WITH ORDINALITY AS m (v, n),
					generate_series(1, jsonb_array_length(m.v -> 'levels')) AS l ORDER BY m.n, l) AS labels,
			ARRAY(SELECT CASE WHEN c.is_published THEN trim_scale(f)::text END FROM unnest(c.figures) WITH ORDINALITY AS t (f, n) ORDER BY n) AS figures,
			CASE WHEN c.is_published THEN 'ok' ELSE 'suppressed' END AS status) AS x;
	GET DIAGNOSTICS v_last = ROW_COUNT;
	INSERT INTO dwh_catalog.open_data_line (version_id, line_no, json) VALUES (p_version_id, v_last + 2, ']}');
END
$$;
COMMENT ON FUNCTION dwh_internal.open_data_fill_lines(int, text, int, jsonb) IS
	'Lập các dòng của tệp CSV và JSON | Makes the lines of the files in CSV and JSON';

-- The last day of the last period, of which the first days are known: it is as long as the periodicity, or as the shortest way from one to the next.
CREATE FUNCTION dwh_internal.open_data_last_day(p_periods date[], p_periodicity text)
RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
	SELECT coalesce((max(day) + least(CASE p_periodicity WHEN 'WEEKLY' THEN interval '7 days' WHEN 'MONTHLY' THEN interval '1 month' WHEN 'QUARTERLY' THEN interval '3 months'
			WHEN 'ANNUAL_2' THEN interval '6 months' WHEN 'ANNUAL' THEN interval '1 year' END,
		CASE WHEN min(gap) < 7 THEN interval '1 day' WHEN min(gap) < 28 THEN interval '7 days' WHEN min(gap) < 90 THEN interval '1 month'
			WHEN min(gap) < 181 THEN interval '3 months' WHEN min(gap) < 365 THEN interval '6 months' WHEN min(gap) >= 365 THEN interval '1 year' END))::date - 1, max(day))
	FROM (SELECT day, day - lag(day) OVER (ORDER BY day) AS gap FROM (SELECT DISTINCT day FROM unnest(p_periods) AS day) AS d) AS t
$$;
COMMENT ON FUNCTION dwh_internal.open_data_last_day(date[], text) IS 'Ngày cuối của thời kỳ cuối | The last day of the last period';

-- The legal basis that is named, or the one in force: refused where it has ended, or nobody read it and the caller does not say that he knows.
CREATE FUNCTION dwh_internal.open_data_basis(p_code text, p_is_unverified_accepted boolean)
RETURNS int LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	b dwh_catalog.open_data_basis;
BEGIN
	SELECT * INTO b FROM dwh_catalog.open_data_basis
	WHERE CASE WHEN p_code IS NULL THEN valid_from <= dwh.today() AND coalesce(valid_to >= dwh.today(), true) ELSE code = p_code END
	ORDER BY is_verified DESC, valid_from DESC LIMIT 1;
	IF b.basis_id IS NULL THEN
		PERFORM dwh_internal.open_data_refuse(coalesce(format('there is no legal basis "%s" of open data', p_code), 'no legal basis of open data is in force'),
			'2327 Art. 14.2.', 'dwh_catalog.open_data_basis lists them.', '42704');
	ELSIF b.valid_from > dwh.today() OR b.valid_to < dwh.today() THEN
		PERFORM dwh_internal.open_data_refuse(format('legal basis "%s" of open data is not in force', b.code),
			format('2327 Art. 14.2: %s, từ %s đến %s | valid from %2$s to %3$s.', b.articles, b.valid_from, coalesce(b.valid_to::text, '...')),
			'Leave p_basis out for the basis in force, or enter its successor into dwh_catalog.open_data_basis.', '55000');
	ELSIF NOT b.is_verified AND p_is_unverified_accepted IS NOT TRUE THEN
		PERFORM dwh_internal.open_data_refuse(format('legal basis "%s" of open data is not verified', b.code),
			format('2327 Art. 14.2: chưa đối chiếu nội dung | %s.', b.source),
			'Read it and set is_verified, or say p_is_unverified_accepted => true, which is recorded.', '55000');
	END IF;
	RETURN b.basis_id;
END
$$;
COMMENT ON FUNCTION dwh_internal.open_data_basis(text, boolean) IS
	'Căn cứ pháp lý để công bố hôm nay | The legal basis of a publication today';

-- A label that stands under another one than in an earlier version of the period is another cell to the proof, but not to a reader: what was left
-- out under the old one may follow from what is published under the new one.
CREATE FUNCTION dwh_internal.open_data_check_moved(p_version_id int, p_service_id int)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	x record;
BEGIN
	WITH cell AS MATERIALIZED (
		SELECT c.version_id, coalesce(c.period, '-infinity') AS period, c.coordinates, c.state IN ('primary', 'complementary') AS is_left_out
		FROM dwh_catalog.open_data_cell AS c JOIN dwh_catalog.open_data_version AS v USING (version_id) WHERE v.service_id = p_service_id),
	path AS MATERIALIZED (
		SELECT DISTINCT c.version_id, c.period, t.n, t.path
		FROM cell AS c CROSS JOIN LATERAL jsonb_array_elements(c.coordinates) WITH ORDINALITY AS t (path, n) WHERE jsonb_array_length(t.path) > 1)
	SELECT n.path AS now, o.path AS before, nullif(n.period, '-infinity') AS period INTO x
	FROM path AS n JOIN path AS o ON o.version_id <> n.version_id AND o.period = n.period AND o.n = n.n AND o.path <> n.path
		AND jsonb_array_length(o.path) = jsonb_array_length(n.path) AND o.path -> -1 = n.path -> -1
	WHERE n.version_id = p_version_id
		AND NOT EXISTS (SELECT FROM path AS p WHERE p.version_id = n.version_id AND p.period = n.period AND p.n = n.n AND p.path = o.path)
		AND NOT EXISTS (SELECT FROM path AS p WHERE p.version_id = o.version_id AND p.period = n.period AND p.n = n.n AND p.path = n.path)
		AND EXISTS (SELECT FROM cell AS c WHERE c.version_id IN (n.version_id, o.version_id) AND c.period = n.period AND c.is_left_out)
	ORDER BY n.period, n.path LIMIT 1;
	IF x.now IS NOT NULL THEN
		PERFORM dwh_internal.open_data_refuse(format('%s was %s in an earlier version of the period%s', x.now, x.before, ' ' || x.period),
			'What was left out there would follow from both: ND47 Art. 20.1.', 'Publish the period as it was divided then; later periods may be divided anew.', '55000');
	END IF;
END
$$;
COMMENT ON FUNCTION dwh_internal.open_data_check_moved(int, int) IS
	'Nhãn không chuyển sang nhóm khác trong cùng thời kỳ | No label stands under another one than in an earlier version of the period';

CREATE FUNCTION dwh_internal.publish_open_data(p_dataset text, p_decided_by int, p_document_no text, p_document_on date, p_basis text,
	p_is_unverified_accepted boolean, p_note text)
RETURNS int LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	s dwh_catalog.share_service;
	d dwh_catalog.open_dataset;
	h dwh_catalog.share_host;
	v dwh_catalog.open_data_version;
	v_previous dwh_catalog.open_data_version;
BEGIN
	SELECT * INTO s FROM dwh_catalog.share_service WHERE service_id = dwh_internal.share_service_id(p_dataset);
	PERFORM dwh_internal.share_check_unit(s.database_id);
	SELECT * INTO d FROM dwh_catalog.open_dataset WHERE service_id = s.service_id FOR UPDATE;
	SELECT * INTO h FROM dwh_catalog.share_host;
	IF d.service_id IS NULL THEN
		PERFORM dwh_internal.open_data_refuse(format('dataset "%s" is not in the open-data list', p_dataset), '2327 Art. 14.1.',
			'Describe it with dwh.describe_open_data().', '42704');
	ELSIF s.published_at IS NULL OR s.withdrawn_on <= dwh.today() THEN
		PERFORM dwh_internal.open_data_refuse(format('service "%s" is not published', p_dataset), 'ND47 Art. 25: open data belongs to a published service.',
			'dwh.publish_service() comes first.', '55000');
	ELSIF h.agency_id IS NULL OR h.open_data_uri IS NULL THEN
		PERFORM dwh_internal.open_data_refuse('the host has no agency or no address of open data', 'The catalogue names the publisher and where files are.',
			'Set agency_id and open_data_uri of dwh_catalog.share_host.', '55000');
	ELSIF EXISTS (SELECT FROM dwh_catalog.share_fee AS f WHERE f.service_id = s.service_id AND coalesce(f.valid_to >= dwh.today(), true)) THEN
		PERFORM dwh_internal.open_data_refuse(format('service "%s" has a fee', p_dataset), 'ND47 Art. 17: dữ liệu mở miễn phí | open data is free.',
			'End the fee first.', '55000');
	END IF;
	v.basis_id := dwh_internal.open_data_basis(p_basis, p_is_unverified_accepted);
	PERFORM dwh_internal.share_check_decider(p_decided_by, p_document_no);
	IF coalesce(p_document_on > dwh.today(), true) THEN
		PERFORM dwh_internal.share_require(NULL, 'document_on', '2327 Art. 18');
	END IF;
	PERFORM dwh_internal.share_check_relation(s.relation::regclass);
	PERFORM dwh_internal.open_data_check(to_jsonb(d), s.relation::regclass, s.person_column);

	SELECT * INTO v_previous FROM dwh_catalog.open_data_version WHERE service_id = s.service_id ORDER BY version DESC LIMIT 1;
	v.version := coalesce(v_previous.version, 0) + 1;
	INSERT INTO dwh_catalog.open_data_version (service_id, version, decided_by, document_no, document_on, basis_id, is_unverified_accepted, description, note)
	VALUES (s.service_id, v.version, p_decided_by, p_document_no, p_document_on, v.basis_id, coalesce(p_is_unverified_accepted, false),
		to_jsonb(d) - '{described_at,described_by}'::text[], p_note)
	RETURNING version_id, description INTO v.version_id, v.description;
	PERFORM dwh_internal.open_data_fill_cells(v.version_id, v.description, s.relation::regclass, v_previous.version_id);
	PERFORM dwh_internal.open_data_check_moved(v.version_id, s.service_id);
	PERFORM dwh_internal.open_data_fill_lines(v.version_id, p_dataset, v.version, v.description);
	SELECT encode(sha256(csv), 'hex'), length(csv), encode(sha256(json), 'hex'), length(json)
	INTO v.csv_digest, v.csv_bytes, v.json_digest, v.json_bytes
	FROM (SELECT convert_to(string_agg(csv || E'\n', '' ORDER BY line_no), 'UTF8') AS csv, convert_to(string_agg(json || E'\n', '' ORDER BY line_no), 'UTF8') AS json
		FROM dwh_catalog.open_data_line WHERE version_id = v.version_id) AS t;
	IF v.csv_digest = v_previous.csv_digest AND v.description = v_previous.description AND v_previous.withdrawn_at IS NULL THEN
		PERFORM dwh_internal.open_data_refuse(format('nothing has changed since version %s of dataset "%s"', v_previous.version, p_dataset),
			'A version is published when figures or description were revised.', 'Publish again when the source has changed.', '55000');
	END IF;
	UPDATE dwh_catalog.open_data_version AS n SET published_at = statement_timestamp(), published_by = dwh_internal.share_caller(),
		(period_from, period_to, cell_count, suppressed_count) = (SELECT min(period), dwh_internal.open_data_last_day(array_agg(DISTINCT period), d.periodicity), count(*), count(*) FILTER (WHERE state <> 'published')
			FROM dwh_catalog.open_data_cell WHERE version_id = v.version_id AND state <> 'hidden'),
		csv_digest = v.csv_digest, csv_bytes = v.csv_bytes, json_digest = v.json_digest, json_bytes = v.json_bytes
	WHERE n.version_id = v.version_id;
	RETURN v.version;
END
$$;
COMMENT ON FUNCTION dwh_internal.publish_open_data(text, int, text, date, text, boolean, text) IS 'Xem dwh.publish_open_data | See dwh.publish_open_data';

CREATE FUNCTION dwh.publish_open_data(p_dataset text, p_decided_by int, p_document_no text, p_document_on date, p_basis text DEFAULT NULL,
	p_is_unverified_accepted boolean DEFAULT false, p_note text DEFAULT NULL)
RETURNS int LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_share_act';
COMMENT ON FUNCTION dwh.publish_open_data(text, int, text, date, text, boolean, text) IS
	'Công bố một phiên bản dữ liệu mở sau khi che các ô nhạy cảm; trả về số phiên bản | '
	'Publishes a version of open data after disclosure control; returns its number';

CREATE FUNCTION dwh_internal.withdraw_open_data(p_dataset text, p_reason text, p_decided_by int, p_document_no text, p_version int)
RETURNS int LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	s dwh_catalog.share_service;
	v_count int;
BEGIN
	SELECT * INTO s FROM dwh_catalog.share_service WHERE service_id = dwh_internal.share_service_id(p_dataset);
	PERFORM dwh_internal.share_check_unit(s.database_id);
	PERFORM dwh_internal.share_require(p_reason, 'reason', 'ND47 Art. 25');
	PERFORM dwh_internal.share_check_decider(p_decided_by, p_document_no);
	UPDATE dwh_catalog.open_data_version SET withdrawn_at = statement_timestamp(), withdrawn_by = dwh_internal.share_caller(), withdrawal_reason = p_reason,
		withdrawal_decided_by = p_decided_by, withdrawal_document_no = p_document_no
	WHERE service_id = s.service_id AND published_at IS NOT NULL AND withdrawn_at IS NULL AND coalesce(version = p_version, true);
	GET DIAGNOSTICS v_count = ROW_COUNT;
	IF v_count = 0 THEN
		PERFORM dwh_internal.open_data_refuse(format('dataset "%s" has no such version to withdraw', p_dataset), 'It is not published, or was withdrawn already.',
			'dwh.open_data_versions lists what is published.', '42704');
	END IF;
	INSERT INTO dwh_catalog.share_notice (kind, service_id, subject, body, due_on)
	VALUES ('service_change', s.service_id, format('Thu hồi dữ liệu mở %s | Open data %s withdrawn', p_dataset, p_dataset), p_reason, dwh.today());
	RETURN v_count;
END
$$;
COMMENT ON FUNCTION dwh_internal.withdraw_open_data(text, text, int, text, int) IS 'Xem dwh.withdraw_open_data | See dwh.withdraw_open_data';

CREATE FUNCTION dwh.withdraw_open_data(p_dataset text, p_reason text, p_decided_by int, p_document_no text, p_version int DEFAULT NULL)
RETURNS int LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_share_act';
COMMENT ON FUNCTION dwh.withdraw_open_data(text, text, int, text, int) IS
	'Thu hồi một hoặc mọi phiên bản, kèm thông báo; trả về số phiên bản bị thu hồi | '
	'Withdraws one version or all of them, with a notice; returns how many';

-- Reading, with the caller's rights on the views of sql/warehouse/88_open_data_attachments.sql.
CREATE FUNCTION dwh.get_open_data_version(p_dataset text, p_version int DEFAULT NULL, p_format text DEFAULT 'csv')
RETURNS int LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_version int;
BEGIN
	IF coalesce(p_format NOT IN ('csv', 'json'), true) THEN
		RAISE EXCEPTION 'there is no format "%"', p_format
			USING ERRCODE = '22023', DETAIL = 'ND47 Art. 17: định dạng mở | open data is in open formats.', HINT = 'Give ''csv'' or ''json''.';
	END IF;
	SELECT max(version) INTO v_version FROM dwh.open_data_versions WHERE dataset = p_dataset AND coalesce(version = p_version, true);
	IF v_version IS NULL THEN
		RAISE EXCEPTION 'dataset "%" is not published', p_dataset
			USING ERRCODE = '42704', DETAIL = 'It was never published in this version, or was withdrawn.', HINT = 'dwh.open_data_versions lists what is published.';
	END IF;
	RETURN v_version;
END
$$;
COMMENT ON FUNCTION dwh.get_open_data_version(text, int, text) IS
	'Phiên bản đang công bố: phiên bản nêu hoặc mới nhất | The version that is published: the one named or the newest';

-- In SQL, so that lines leave as they are read.
CREATE FUNCTION dwh.open_data(p_dataset text, p_format text DEFAULT 'csv', p_version int DEFAULT NULL)
RETURNS SETOF text LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
	SELECT CASE p_format WHEN 'csv' THEN l.csv ELSE l.json END FROM dwh.open_data_lines AS l
	WHERE l.dataset = p_dataset AND l.version = dwh.get_open_data_version(p_dataset, p_version, p_format)
		AND CASE p_format WHEN 'csv' THEN l.csv ELSE l.json END IS NOT NULL
	ORDER BY l.line_no
$$;
COMMENT ON FUNCTION dwh.open_data(text, text, int) IS
	'Tệp dữ liệu mở, từng dòng CSV hoặc JSON | A file of open data, as lines of CSV or JSON';

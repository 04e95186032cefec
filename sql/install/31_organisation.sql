-- Areas and units in time: see src/star/codes.c, units.c and successions.c.
CREATE FUNCTION dwh.get_area(p_code text, p_on date DEFAULT NULL, p_level text DEFAULT 'province',
	OUT area_id int, OUT code text, OUT level text, OUT name_vi text, OUT name_en text, OUT valid_from date, OUT valid_to date)
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'dwh_sql_get_area';
COMMENT ON FUNCTION dwh.get_area(text, date, text) IS
	'Đơn vị hành chính mang mã đã cho vào ngày đã cho (NULL là hôm nay); báo khi mã có nghĩa khác ở thời gian khác | '
	'The area that has a code on a day (NULL: today); a notice says where the code means something else at another time';

CREATE FUNCTION dwh.get_unit(p_code text, p_on date DEFAULT NULL, p_level text DEFAULT NULL,
	OUT unit_id int, OUT code text, OUT level text, OUT name_vi text, OUT name_en text, OUT valid_from date, OUT valid_to date)
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'dwh_sql_get_unit';
COMMENT ON FUNCTION dwh.get_unit(text, date, text) IS
	'Đơn vị của ngành mang mã đã cho vào ngày đã cho (NULL là hôm nay); báo khi mã có nghĩa khác ở thời gian khác | '
	'The unit that has a code on a day (NULL: today); a notice says where the code means something else at another time';

CREATE FUNCTION dwh.list_successors(p_unit_id int)
RETURNS TABLE (unit_id int, code text, name_vi text, name_en text, kind text, effective_on date, depth int)
LANGUAGE c STABLE STRICT PARALLEL SAFE ROWS 5 AS 'MODULE_PATHNAME', 'dwh_sql_list_successors';
COMMENT ON FUNCTION dwh.list_successors(int) IS
	'Các đơn vị kế thừa, trực tiếp và gián tiếp | Units that came after a unit, directly and further on';

CREATE FUNCTION dwh.list_predecessors(p_unit_id int)
RETURNS TABLE (unit_id int, code text, name_vi text, name_en text, kind text, effective_on date, depth int)
LANGUAGE c STABLE STRICT PARALLEL SAFE ROWS 5 AS 'MODULE_PATHNAME', 'dwh_sql_list_predecessors';
COMMENT ON FUNCTION dwh.list_predecessors(int) IS
	'Các đơn vị tiền thân, trực tiếp và gián tiếp | Units that came before a unit, directly and further back';

CREATE FUNCTION dwh.map_unit(p_unit_id int, p_on date)
RETURNS int LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dwh_sql_map_unit';
COMMENT ON FUNCTION dwh.map_unit(int, date) IS
	'Đơn vị chịu trách nhiệm thay cho đơn vị này vào ngày đã cho, theo đổi tên và sáp nhập; NULL khi bị chia tách hoặc hỏi ngược sáp nhập | '
	'The unit that answers for a unit on a day, through renames and merges; NULL through a split, or backwards through a merge';

CREATE FUNCTION dwh.unit_ancestor(p_unit_id int, p_level text)
RETURNS int LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dwh_sql_unit_ancestor';
COMMENT ON FUNCTION dwh.unit_ancestor(int, text) IS
	'Chính đơn vị hoặc đơn vị cấp trên ở cấp đã cho; province gồm cả quốc phòng và công an, country là gốc | '
	'The unit itself or its ancestor at a level; province takes in defence and police, country is the root';

CREATE FUNCTION dwh.unit_at(p_unit_id int, p_on date, p_level text)
RETURNS int LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dwh_sql_unit_at';
COMMENT ON FUNCTION dwh.unit_at(int, date, text) IS
	'Đơn vị đại diện trên bản đồ của ngày đã cho, ở cấp country, region, province hoặc base; NULL khi không có | '
	'The unit that stands for a unit on the map of a day at level country, region, province or base; NULL for none';

-- Contribution rates: see src/star/rates.c.
CREATE FUNCTION dwh.get_contribution_rate(p_fund text, p_payer text, p_on date DEFAULT NULL, p_component text DEFAULT NULL)
RETURNS numeric LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'dwh_sql_get_contribution_rate';
COMMENT ON FUNCTION dwh.get_contribution_rate(text, text, date, text) IS
	'Tỷ lệ đóng (%) của một bên vào một quỹ tại một ngày (NULL là hôm nay): tổng các thành phần, hoặc một thành phần | '
	'Rate in per cent that a payer owes to a fund on a day (NULL: today): the sum of the components, or one of them';

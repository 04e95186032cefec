-- Marks of what changed: by the rows of subjects, by the catalogue and by the map of units. See src/indicator/mark.c.
CREATE FUNCTION dwh_internal.mark_row()
RETURNS trigger LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_mark_row';
COMMENT ON FUNCTION dwh_internal.mark_row() IS
	'Trigger AFTER each row: marks its month and unit; arguments: subject_id, month column, unit column, further unit columns';

CREATE FUNCTION dwh_internal.mark_truncate()
RETURNS trigger LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_mark_truncate';
COMMENT ON FUNCTION dwh_internal.mark_truncate() IS 'Trigger AFTER TRUNCATE: marks all months of the table; argument: subject_id';

CREATE FUNCTION dwh_internal.marks_changes()
RETURNS boolean LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'dwh_sql_marks_changes';
COMMENT ON FUNCTION dwh_internal.marks_changes() IS 'WHEN of the row triggers: the setting dwh_ext.mark_changes';

-- The tables that a formula over the rows of a table can look into: see compile_path() in src/formula/row.c. is_direct: by a column of the
-- table itself, which is named; else through another table. key_name: what is referred to. What marks itself (units) or stands in no formula (persons, logs) is left out.
CREATE FUNCTION dwh_internal.list_lookups(p_relation regclass)
RETURNS TABLE (lookup regclass, is_direct boolean, column_name name, key_name name) LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	WITH RECURSIVE reference AS (
		SELECT k.conrelid, k.confrelid, a.attname AS column_name, r.attname AS key_name, n.nspname || '.' || c.relname AS lookup_name
		FROM pg_constraint AS k
		JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
		JOIN pg_attribute AS r ON r.attrelid = k.confrelid AND r.attnum = k.confkey[1]
		JOIN pg_class AS c ON c.oid = k.confrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
		WHERE k.contype = 'f' AND cardinality(k.conkey) = 1 AND a.attname LIKE E'%\\_id' AND n.nspname NOT IN ('dwh_catalog', 'dwh_log')
			AND c.relname <> 'dim_person'
	), reached AS (
		SELECT confrelid, true AS is_direct, column_name, key_name, lookup_name FROM reference WHERE conrelid = p_relation
		UNION
		SELECT f.confrelid, false, NULL, f.key_name, f.lookup_name FROM reached AS r JOIN reference AS f ON f.conrelid = r.confrelid
	)
	SELECT confrelid, is_direct, column_name, key_name FROM reached WHERE lookup_name <> 'dwh_star.dim_unit'
$$;
COMMENT ON FUNCTION dwh_internal.list_lookups(regclass) IS 'The tables that formulas over the rows of a table can look into';

-- Puts the trigger that marks on every table that formulas over a subject can look into. As with subjects, tables that are not the
-- caller's are not watched.
CREATE FUNCTION dwh_internal.watch_lookups(p_subject_id int DEFAULT NULL)
RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_table	regclass;
BEGIN
	FOR v_table IN
		SELECT DISTINCT c.oid
		FROM dwh_catalog.subject AS s JOIN pg_class AS r ON r.oid = s.relation CROSS JOIN dwh_internal.list_lookups(r.oid) AS l
		JOIN pg_class AS c ON c.oid = l.lookup
		WHERE (s.subject_id = p_subject_id OR p_subject_id IS NULL) AND c.relkind IN ('r', 'p') AND NOT c.relispartition
			AND pg_has_role(c.relowner, 'USAGE')
			AND NOT EXISTS (SELECT FROM pg_trigger AS t WHERE t.tgrelid = c.oid AND t.tgname = 'after_update_mark')
	LOOP
		EXECUTE format('CREATE TRIGGER after_update_mark AFTER UPDATE ON %s
			REFERENCING OLD TABLE AS rows_before NEW TABLE AS rows_after
			FOR EACH STATEMENT EXECUTE FUNCTION dwh_internal.mark_dimension()', v_table);
		EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER after_update_mark', v_table);
	END LOOP;
END
$$;
COMMENT ON FUNCTION dwh_internal.watch_lookups(int) IS
	'Puts the triggers that mark changes on the tables that formulas look into, of one subject or of all';

-- Puts the triggers on a subject's table and its leaves, or renews their arguments. A view, or a table that is not the caller's, is
-- not watched: who changes it marks by dwh.mark_dirty().
CREATE FUNCTION dwh_internal.watch_subject(p_subject_id int)
RETURNS boolean LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_subject	record;
	v_arguments	text[];
	v_stands	boolean;
	v_table		regclass;
BEGIN
	PERFORM dwh_internal.watch_lookups(p_subject_id);
	SELECT s.*, c.relkind, c.relispartition INTO v_subject
	FROM dwh_catalog.subject AS s JOIN pg_class AS c ON c.oid = s.relation
	WHERE s.subject_id = p_subject_id AND c.relkind IN ('r', 'p') AND pg_has_role(c.relowner, 'USAGE');
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	v_arguments := ARRAY[p_subject_id::text, v_subject.month_column, v_subject.unit_column] || ARRAY(
		SELECT m.unit_column FROM dwh_catalog.measure AS m
		WHERE m.subject_id = p_subject_id AND m.unit_column <> v_subject.unit_column
		GROUP BY m.unit_column ORDER BY min(m.measure_id));
	-- Left alone where it stands: making it anew locks out writers, and tells refresh that nobody watched.
	SELECT true INTO v_stands FROM pg_trigger AS t
	WHERE t.tgrelid = v_subject.relation AND t.tgname = 'after_row_mark' AND t.tgenabled = 'A'
		AND t.tgargs = (SELECT string_agg(convert_to(a, getdatabaseencoding()) || decode('00', 'hex'), '' ORDER BY n)
			FROM unnest(v_arguments) WITH ORDINALITY AS u (a, n));
	IF v_stands IS NULL THEN
		IF EXISTS (SELECT FROM pg_trigger AS t WHERE t.tgrelid = v_subject.relation AND t.tgname = 'after_row_mark') THEN
			EXECUTE format('DROP TRIGGER after_row_mark ON %s', v_subject.relation);
		END IF;
		EXECUTE format('CREATE TRIGGER after_row_mark AFTER INSERT OR UPDATE OR DELETE ON %s
			FOR EACH ROW WHEN (dwh_internal.marks_changes()) EXECUTE FUNCTION dwh_internal.mark_row(%s)', v_subject.relation,
			(SELECT string_agg(quote_literal(a), ', ' ORDER BY n) FROM unnest(v_arguments) WITH ORDINALITY AS u (a, n)));
		EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER after_row_mark', v_subject.relation);
	END IF;
	-- A leaf whose trigger somebody disabled on its own.
	FOR v_table IN
		SELECT c.oid FROM pg_partition_tree(v_subject.relation) AS p JOIN pg_class AS c ON c.oid = p.relid
		JOIN pg_trigger AS t ON t.tgrelid = c.oid AND t.tgname = 'after_row_mark' AND t.tgenabled <> 'A'
		WHERE pg_has_role(c.relowner, 'USAGE')
	LOOP
		EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER after_row_mark', v_table);
	END LOOP;
	-- ATTACH PARTITION clones the triggers on rows, not this one. A leaf of somebody else's stays without: refresh knows what that means.
	FOR v_table IN
		SELECT c.oid FROM (SELECT v_subject.relation UNION SELECT t.relid FROM pg_partition_tree(v_subject.relation) AS t) AS r (relid)
		JOIN pg_class AS c ON c.oid = r.relid
		WHERE c.oid NOT IN (SELECT t.tgrelid FROM pg_trigger AS t WHERE t.tgname = 'after_truncate_mark' AND t.tgenabled = 'A')
			AND pg_has_role(c.relowner, 'USAGE')
	LOOP
		IF NOT (EXISTS (SELECT FROM pg_trigger AS t WHERE t.tgrelid = v_table AND t.tgname = 'after_truncate_mark')) THEN
			EXECUTE format('CREATE TRIGGER after_truncate_mark AFTER TRUNCATE ON %s
				FOR EACH STATEMENT EXECUTE FUNCTION dwh_internal.mark_truncate(%L)', v_table, p_subject_id);
		END IF;
		EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER after_truncate_mark', v_table);
	END LOOP;
	RETURN true;
END
$$;
COMMENT ON FUNCTION dwh_internal.watch_subject(int) IS
	'Puts the triggers that mark changes on the table of a subject; false where it cannot be watched';

-- The catalogue. A mark with with_dependents reaches the indicators whose formulas lead to the changed one.
CREATE FUNCTION dwh_internal.mark_formula()
RETURNS trigger LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF TG_OP <> 'DELETE' AND NEW.formula LIKE '%{%' THEN
		PERFORM dwh_internal.watch_lookups();	-- a foreign key may be younger than its subject
	END IF;
	IF TG_OP = 'UPDATE' AND NEW.formula = OLD.formula AND NEW.valid_from = OLD.valid_from AND NEW.indicator_id = OLD.indicator_id
		AND NEW.version = OLD.version THEN
		IF NEW.valid_to IS DISTINCT FROM OLD.valid_to THEN
			INSERT INTO dwh_log.value_mark (indicator_id, with_dependents, period_start)
			VALUES (NEW.indicator_id, true, least(NEW.valid_to, OLD.valid_to) + 1);
		END IF;
		RETURN NULL;
	END IF;
	IF TG_OP <> 'INSERT' THEN
		INSERT INTO dwh_log.value_mark (indicator_id, with_dependents, period_start) VALUES (OLD.indicator_id, true, OLD.valid_from);
	END IF;
	IF TG_OP <> 'DELETE' THEN
		INSERT INTO dwh_log.value_mark (indicator_id, with_dependents, period_start) VALUES (NEW.indicator_id, true, NEW.valid_from);
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION dwh_internal.mark_formula() IS
	'Trigger on versions of formulas: marks the values of the indicator and its dependents, from the first period on';

CREATE FUNCTION dwh_internal.mark_indicator()
RETURNS trigger LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF TG_OP = 'INSERT' OR (NEW.is_kept, NEW.kept_periods, NEW.kept_levels, NEW.periods, NEW.subject_id, NEW.is_public, NEW.code)
		IS DISTINCT FROM (OLD.is_kept, OLD.kept_periods, OLD.kept_levels, OLD.periods, OLD.subject_id, OLD.is_public, OLD.code) THEN
		INSERT INTO dwh_log.value_mark (indicator_id, with_dependents) VALUES (NEW.indicator_id, TG_OP = 'UPDATE' AND NEW.code <> OLD.code);
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION dwh_internal.mark_indicator() IS 'Trigger on indicators: marks their values when what is kept changes';

-- What every row of a subject is read by: all of its cells are marked.
CREATE FUNCTION dwh_internal.mark_subject()
RETURNS trigger LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF TG_TABLE_NAME = 'subject' AND TG_OP = 'UPDATE' THEN
		IF (NEW.relation, NEW.month_column, NEW.unit_column, NEW.code)
			IS NOT DISTINCT FROM (OLD.relation, OLD.month_column, OLD.unit_column, OLD.code) THEN
			RETURN NULL;
		END IF;
	ELSIF TG_TABLE_NAME = 'subject_dimension' AND TG_OP = 'INSERT' THEN
		PERFORM dwh_internal.watch_lookups(NEW.subject_id);
		RETURN NULL;			-- no formula names it yet
	ELSIF TG_TABLE_NAME = 'measure' AND TG_OP = 'INSERT' THEN
		IF NEW.unit_column IS NULL THEN
			PERFORM dwh_internal.watch_lookups(NEW.subject_id);
			RETURN NULL;
		END IF;
	END IF;
	IF TG_OP <> 'INSERT' THEN
		INSERT INTO dwh_log.cell_mark (subject_id, month_from, month_to) VALUES (OLD.subject_id, '-infinity', 'infinity');
	END IF;
	IF TG_OP <> 'DELETE' THEN
		INSERT INTO dwh_log.cell_mark (subject_id, month_from, month_to) VALUES (NEW.subject_id, '-infinity', 'infinity');
		IF TG_TABLE_NAME <> 'subject_dimension' THEN
			PERFORM dwh_internal.watch_subject(NEW.subject_id);
		END IF;
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION dwh_internal.mark_subject() IS
	'Trigger on subjects, their dimensions and measures: marks every cell of the subject and watches its table';

-- Units, successions, groupings: figures of periods from the first day on that the change can be seen on the map. Of all periods where
-- a unit comes or goes whose rows may have stood in a subject without a foreign key, counting for nobody, and where a formula names what
-- was changed.
CREATE FUNCTION dwh_internal.mark_units()
RETURNS trigger LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_old	jsonb := CASE WHEN TG_OP = 'INSERT' THEN '{}' ELSE to_jsonb(OLD) END;
	v_new	jsonb := CASE WHEN TG_OP = 'DELETE' THEN '{}' ELSE to_jsonb(NEW) END;
	v_named	boolean := false;
	v_from	date;
BEGIN
	IF TG_TABLE_NAME = 'dim_unit' AND TG_OP = 'UPDATE' THEN
		SELECT EXISTS (
			SELECT FROM jsonb_object_keys(v_new) AS k (name)
			JOIN (SELECT v.formula FROM dwh_catalog.indicator_version AS v WHERE v.formula LIKE '%.%'
				UNION SELECT d.expression FROM dwh_catalog.subject_dimension AS d
				UNION SELECT concat_ws(' ', m.expression, m.filter, m.opening_filter) FROM dwh_catalog.measure AS m) AS f (text)
				ON f.text ~ (E'\\.\\s*' || k.name || E'\\M')
			WHERE v_new -> k.name <> v_old -> k.name) INTO v_named;
	END IF;
	IF v_old - '{name_vi,name_en}'::text[] = v_new - '{name_vi,name_en}'::text[] AND NOT v_named THEN
		RETURN NULL;
	END IF;
	IF v_named OR (TG_TABLE_NAME = 'dim_unit' AND TG_OP <> 'UPDATE' AND EXISTS (
		SELECT FROM (SELECT s.relation, s.unit_column FROM dwh_catalog.subject AS s
			UNION SELECT s.relation, m.unit_column FROM dwh_catalog.measure AS m JOIN dwh_catalog.subject AS s USING (subject_id)) AS u
		JOIN pg_attribute AS a ON a.attrelid = u.relation AND a.attname = u.unit_column
		WHERE NOT EXISTS (SELECT FROM pg_constraint AS k WHERE k.conrelid = u.relation AND k.contype = 'f' AND k.conkey = ARRAY[a.attnum]
			AND k.confrelid = TG_RELID))) THEN
		v_from := '-infinity';
	ELSIF TG_TABLE_NAME = 'unit_succession' THEN
		SELECT CASE WHEN 'rename' IN (v_old ->> 'kind', v_new ->> 'kind') THEN '-infinity'
			ELSE least(min(s.effective_on), min(p.valid_to) + 1, min(u.valid_from)) END INTO v_from
		FROM (VALUES ((v_old ->> 'effective_on')::date, (v_old ->> 'predecessor_unit_id')::int, (v_old ->> 'successor_unit_id')::int),
				((v_new ->> 'effective_on')::date, (v_new ->> 'predecessor_unit_id')::int, (v_new ->> 'successor_unit_id')::int))
			AS s (effective_on, predecessor_unit_id, successor_unit_id)
		LEFT JOIN dwh_star.dim_unit AS p ON p.unit_id = s.predecessor_unit_id
		LEFT JOIN dwh_star.dim_unit AS u ON u.unit_id = s.successor_unit_id;
	ELSIF TG_OP = 'UPDATE' AND v_old - 'valid_to' = v_new - 'valid_to' THEN
		v_from := least((v_old ->> 'valid_to')::date, (v_new ->> 'valid_to')::date) + 1;
	ELSIF TG_OP = 'UPDATE' AND v_old - '{valid_from,valid_to}'::text[] <> v_new - '{valid_from,valid_to}'::text[] THEN
		v_from := '-infinity';
	ELSE
		v_from := least((v_old ->> 'valid_from')::date, (v_new ->> 'valid_from')::date);
	END IF;
	-- every kept indicator, also one that somebody has kept meanwhile
	INSERT INTO dwh_log.value_mark (period_start) VALUES (coalesce(v_from, '-infinity'));
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION dwh_internal.mark_units() IS
	'Trigger on units, successions and groupings: marks the values of periods that the change reaches';

-- An attribute of a dimension changed: the cells whose rows refer to it, directly or through another dimension. Which these are the next
-- refresh looks up, when it sees the change: facts that are loaded until then belong to them.
CREATE FUNCTION dwh_internal.mark_dimension()
RETURNS trigger LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_mark_dimension';
COMMENT ON FUNCTION dwh_internal.mark_dimension() IS
	'Trigger on dimensions: marks the cells of facts that refer to a changed row';

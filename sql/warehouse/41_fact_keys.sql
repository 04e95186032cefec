-- What every fact has: keys to month, unit and load, the index for one unit's months, row security, and the default partition.
DO $$
DECLARE
	v_fact		text;
	v_column	text;
	v_comment	text;
BEGIN
	FOR v_fact IN
		SELECT c.relname FROM pg_class AS c
		WHERE c.relnamespace = 'dwh_star'::regnamespace AND c.relkind = 'p' AND c.relname LIKE 'fact\_%'
		ORDER BY c.relname
	LOOP
		EXECUTE format('ALTER TABLE dwh_star.%1$I
			ADD CONSTRAINT %2$I CHECK (extract(day FROM month) = 1),
			ADD FOREIGN KEY (month) REFERENCES dwh_star.dim_month,
			ADD FOREIGN KEY (unit_id) REFERENCES dwh_star.dim_unit,
			ADD FOREIGN KEY (load_id) REFERENCES dwh_log.load_run', v_fact, v_fact || '_month_check');
		EXECUTE format('ALTER TABLE dwh_star.%I ENABLE ROW LEVEL SECURITY', v_fact);
		IF v_fact <> 'fact_collection' THEN		-- its primary key begins with unit and month
			EXECUTE format('CREATE INDEX %I ON dwh_star.%I (unit_id, month)', v_fact || '_unit_id_month_idx', v_fact);
		END IF;
		FOR v_column, v_comment IN
			SELECT a.attname, c.comment
			FROM pg_attribute AS a
			JOIN (VALUES
					('month', 'Tháng (ngày đầu tháng) | Month (its first day)'),
					('unit_id', 'Cơ quan BHXH của dòng | Social-insurance office of the row'),
					('load_id', 'Lần nạp đã mang dòng này vào | Load that brought the row'),
					('person_id', 'Người (khóa thay thế) | Person (surrogate key)'),
					('scheme_id', 'Loại hình bảo hiểm | Insurance scheme'),
					('employer_id', 'Đơn vị sử dụng lao động, 0 = không có | Employer, 0 = none'),
					('category_id', 'Đối tượng tham gia, 0 = không phân loại | Participant category, 0 = none'),
					('benefit_id', 'Chế độ | Benefit'),
					('fund_id', 'Quỹ | Fund'),
					('sex', 'Giới tính: F nữ, M nam | Sex: F female, M male'),
					('age', 'Tuổi tròn cuối tháng | Full years at the month''s end')) AS c (name, comment) ON c.name = a.attname
			WHERE a.attrelid = format('dwh_star.%I', v_fact)::regclass AND col_description(a.attrelid, a.attnum) IS NULL
		LOOP
			EXECUTE format('COMMENT ON COLUMN dwh_star.%I.%I IS %L', v_fact, v_column, v_comment);
		END LOOP;
		EXECUTE format('CREATE TABLE dwh_star.%1$I (LIKE dwh_star.%2$I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING COMMENTS,
			CONSTRAINT %3$I CHECK (false))', v_fact || '_default', v_fact, v_fact || '_default_check');
		EXECUTE format('ALTER TABLE dwh_star.%I ENABLE ROW LEVEL SECURITY', v_fact || '_default');
		EXECUTE format('COMMENT ON TABLE dwh_star.%I IS %L', v_fact || '_default',
					   'Phân vùng mặc định của ' || v_fact || ', từ chối mọi dòng | Default partition of ' || v_fact
					   || ', refuses every row');
		EXECUTE format('ALTER TABLE dwh_star.%I ATTACH PARTITION dwh_star.%I DEFAULT', v_fact, v_fact || '_default');
	END LOOP;
END
$$;

SELECT dwh.ensure_partitions('2030-12-31');

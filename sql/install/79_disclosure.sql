-- Disclosure control: see src/share/disclosure.c.

CREATE FUNCTION dwh_internal.suppress_cells(p_sizes int[], p_parents int[], p_tables int[], p_coordinates int[], p_counts bigint[],
	p_figures bigint[], p_low bigint[], p_high bigint[], p_asked int[], p_layers int[] DEFAULT '{}')
RETURNS int[] LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dwh_sql_suppress_cells';
COMMENT ON FUNCTION dwh_internal.suppress_cells(int[], int[], int[], int[], bigint[], bigint[], bigint[], bigint[], int[], int[]) IS
	'Ô nào của một bảng tổng phải che để không suy ra được ô nhạy cảm | '
	'Which cells of a table of sums are left out, so that no sensitive one can be worked out';

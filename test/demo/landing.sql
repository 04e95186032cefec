-- landing.sql: the published figures enter as all manual figures do, by COPY into landing and dwh.load_manual_figures().
--
-- To be run by psql in this folder. The files have the columns of the landing table; a figure that stands already is no news.
\set ON_ERROR_STOP 1
SET client_min_messages = warning;
\copy dwh_landing.manual_figure (batch, line, indicator, period_type, period_start, as_of, unit_code, kind, source_code, source_note, value) from 'published_national.csv' with (format csv, header match)
\copy dwh_landing.manual_figure (batch, line, indicator, period_type, period_start, as_of, unit_code, kind, source_code, source_note, value) from 'outside_series.csv' with (format csv, header match)
SELECT batch, rows_in AS lines, rows_loaded AS loaded, rows_superseded AS superseded, rows_duplicate AS duplicate
FROM (VALUES ('demo published national'), ('demo outside series')) AS b (batch)
CROSS JOIN LATERAL dwh.load_manual_figures(b.batch) AS l;

-- Working days: see src/star/calendar.c and src/star/holidays.c.
CREATE FUNCTION dwh.add_working_days(p_from date, p_days int)
RETURNS date LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dwh_sql_add_working_days';
COMMENT ON FUNCTION dwh.add_working_days(date, int) IS
	'Ngày hết hạn sau số ngày làm việc đã cho; ngày sau p_from là ngày thứ 1, số âm đếm lùi, 0 trả lại p_from | '
	'Day on which a term of working days ends; the day after p_from is day 1, negative counts back, 0 gives p_from';

CREATE FUNCTION dwh.working_days_between(p_from date, p_to date)
RETURNS int LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dwh_sql_working_days_between';
COMMENT ON FUNCTION dwh.working_days_between(date, date) IS
	'Số ngày làm việc sau p_from đến hết p_to; âm khi p_to trước p_from | '
	'Working days after p_from up to and including p_to; negative where p_to lies before p_from';

CREATE FUNCTION dwh_internal.refresh_calendar()
RETURNS int LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_refresh_calendar';
COMMENT ON FUNCTION dwh_internal.refresh_calendar() IS
	'Đưa các bảng ngày lễ vào dim_day, trả về số ngày đã đổi | Lays the tables of holidays over dim_day; returns how many days changed';

CREATE FUNCTION dwh_internal.holiday_changed()
RETURNS trigger LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_holiday_changed';
COMMENT ON FUNCTION dwh_internal.holiday_changed() IS
	'Trigger: bảng ngày lễ đổi thì dim_day đổi theo | Trigger: a change of the holidays acts on dim_day';

CREATE FUNCTION dwh_internal.invalidate_cache()
RETURNS trigger LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dwh_sql_invalidate_cache';
COMMENT ON FUNCTION dwh_internal.invalidate_cache() IS
	'Trigger: báo cho mọi phiên bỏ bản sao riêng của bảng | Trigger: tells every session to drop its private copy of the table';

-- Limits of groups (893 Art. 7.3): an account has, of each limit, the widest that its groups name. Set by dwh.set_group_limits().

CREATE TABLE dwh_catalog.user_group_limit (
	user_group_id		int NOT NULL CONSTRAINT user_group_limit_pkey PRIMARY KEY
		CONSTRAINT user_group_limit_user_group_id_fkey REFERENCES dwh_catalog.user_group,
	connection_limit	int,
	statement_timeout	int,
	work_mem			int,
	temp_file_limit		int,
	is_read_only		boolean,
	set_at				timestamptz NOT NULL DEFAULT now(),
	set_by				text NOT NULL DEFAULT session_user,
	CONSTRAINT user_group_limit_connection_limit_check CHECK (connection_limit >= 1),
	CONSTRAINT user_group_limit_statement_timeout_check CHECK (statement_timeout >= 1 AND statement_timeout <= 2147483),
	CONSTRAINT user_group_limit_work_mem_check CHECK (work_mem >= 64),
	CONSTRAINT user_group_limit_temp_file_limit_check CHECK (temp_file_limit >= 0)
);
COMMENT ON TABLE dwh_catalog.user_group_limit IS
	'Giới hạn của nhóm (tự đặt); tài khoản hưởng mức rộng nhất | Limits of a group (our own); an account has the widest';
COMMENT ON COLUMN dwh_catalog.user_group_limit.user_group_id IS 'Nhóm | Group';
COMMENT ON COLUMN dwh_catalog.user_group_limit.connection_limit IS 'Số phiên cùng lúc | Sessions at a time';
COMMENT ON COLUMN dwh_catalog.user_group_limit.statement_timeout IS
	'Thời gian tối đa của một câu lệnh, giây | Longest run of a statement, in seconds';
COMMENT ON COLUMN dwh_catalog.user_group_limit.work_mem IS
	'Bộ nhớ của một bước sắp xếp hoặc băm, kB | Memory of one sort or hash, in kB';
COMMENT ON COLUMN dwh_catalog.user_group_limit.temp_file_limit IS
	'Dung lượng tệp tạm của một phiên, kB | Temporary files of a session, in kB';
COMMENT ON COLUMN dwh_catalog.user_group_limit.is_read_only IS 'Chỉ được đọc | Whether nothing may be written';
COMMENT ON COLUMN dwh_catalog.user_group_limit.set_at IS 'Thời điểm đặt | When they were set';
COMMENT ON COLUMN dwh_catalog.user_group_limit.set_by IS 'Người dùng phiên đã đặt | Session user who set them';

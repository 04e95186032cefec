-- The two schemas that the extension owns. Tables of the warehouse live elsewhere (dwh_catalog, dwh_star, dwh_landing,
-- dwh_log), so that DROP EXTENSION never takes data along.
CREATE SCHEMA dwh;
COMMENT ON SCHEMA dwh IS 'Hàm, kiểu dữ liệu, hàm tổng hợp và khung nhìn của kho dữ liệu | Functions, types, aggregates and views of the warehouse';

CREATE SCHEMA dwh_internal;
COMMENT ON SCHEMA dwh_internal IS 'Điểm vào C và hàm trigger, không dành cho người dùng | C entry points and trigger functions, not for users';

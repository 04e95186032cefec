-- Privileges, last: nothing of ours is open to PUBLIC but the names in schema dwh; each right is given one by one.
REVOKE ALL ON SCHEMA dwh, dwh_internal FROM PUBLIC;
GRANT USAGE ON SCHEMA dwh TO PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA dwh, dwh_internal FROM PUBLIC;
-- These check their caller themselves, to be able to say who may call them.
GRANT EXECUTE ON FUNCTION dwh.create_warehouse(), dwh.upgrade_warehouse(), dwh.start_warehouse(),
	dwh.ensure_log_partitions(date) TO PUBLIC;

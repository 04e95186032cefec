-- generate.sql: made-up person-level facts, scaled to published national figures. Run by psql in a database with a warehouse.
--
--   psql -v ON_ERROR_STOP=1 [-v size=1000000] -f test/demo/generate.sql
--
-- size is the wanted number of fact rows (about; from 150,000). NOTHING here is real but the national levels it is scaled to:
-- persons, employers, offices' shares and amounts are made by rules written down in these files. One generated person stands
-- for N real ones (demo.param.n, follows from size), and one generated đồng for N đồng.
--
-- Deterministic: the same size gives the same rows, whatever the machine. A second run changes nothing and says so; a run with
-- another size over the same warehouse is refused. After the first part the others may run at the same time in several sessions.
\ir generate_base.sql
\set batch 'participation 2025'
\ir generate_participation.sql
\set batch 'participation to 2024'
\ir generate_participation.sql
\ir generate_flows.sql
ANALYZE dwh_star.fact_participation;

-- 893-041: who writes facts, and that what was sealed cannot be altered unseen.
BEGIN;
SET LOCAL client_min_messages = error;
SELECT plan(76);

-- Facts are changed by loads alone.
SELECT is_empty($$SELECT g.role_name, c.oid::regclass, p FROM dwh_catalog.user_group AS g, pg_class AS c, unnest(ARRAY['UPDATE', 'DELETE']) AS p
	WHERE c.relnamespace = 'dwh_star'::regnamespace AND c.relname LIKE 'fact%' AND c.relkind IN ('r', 'p') AND g.role_name <> 'dwh_loader'
		AND has_table_privilege(g.role_name, c.oid, p)$$, 'no group but the loaders may update or delete facts');
CREATE ROLE regress_admin LOGIN;
GRANT dwh_central_admin, dwh_national TO regress_admin;
SET LOCAL ROLE regress_admin;
SELECT throws_ok('DELETE FROM dwh_star.fact_ledger', '42501', NULL, 'not even administrators');
RESET ROLE;

-- The tree of the published test vectors of Certificate Transparency (RFC 6962): 8 leaves given by their bytes.
CREATE FUNCTION pg_temp.vectors() RETURNS TABLE (what text, value text) LANGUAGE plpgsql AS $$
BEGIN
	ALTER TABLE dwh_log.audit_leaf DISABLE TRIGGER ALL;
	DELETE FROM dwh_log.audit_leaf;
	INSERT INTO dwh_log.audit_leaf SELECT n - 1, 'audit', -n, date '2026-01-01', sha256('\x00'::bytea || leaf)
	FROM unnest(ARRAY['\x', '\x00', '\x10', '\x2021', '\x3031', '\x40414243', '\x5051525354555657',
		'\x606162636465666768696a6b6c6d6e6f']::bytea[]) WITH ORDINALITY AS t (leaf, n);
	CREATE TEMPORARY TABLE vector ON COMMIT DROP AS
	SELECT 'root ' || n AS what, encode(dwh.audit_tree_head(n), 'hex') AS value FROM generate_series(0, 8) AS n
	UNION ALL SELECT format('inclusion %s in %s', leaf, size),
		coalesce((SELECT string_agg(left(encode(h, 'hex'), 8), ' ' ORDER BY o) FROM unnest(dwh.audit_inclusion_proof(leaf, size)) WITH ORDINALITY AS t (h, o)), '')
		FROM (VALUES (0, 1), (0, 8), (5, 8), (2, 3), (1, 5)) AS v (leaf, size)
	UNION ALL SELECT format('consistency %s to %s', first, second),
		coalesce((SELECT string_agg(left(encode(h, 'hex'), 8), ' ' ORDER BY o) FROM unnest(dwh.audit_consistency_proof(first, second)) WITH ORDINALITY AS t (h, o)), '')
		FROM (VALUES (1, 1), (1, 8), (6, 8), (2, 5), (8, 8)) AS v (first, second);
	RAISE EXCEPTION 'undo' USING ERRCODE = 'TT001', DETAIL = (SELECT json_agg(v) FROM vector AS v);
EXCEPTION WHEN SQLSTATE 'TT001' THEN
	DECLARE
		v_detail text;
	BEGIN
		GET STACKED DIAGNOSTICS v_detail = PG_EXCEPTION_DETAIL;
		RETURN QUERY SELECT r.what, r.value FROM json_to_recordset(v_detail::json) AS r (what text, value text);
	END;
END
$$;
SELECT is(v.value, e.value, 'RFC 6962: ' || e.what)
FROM (VALUES
	('root 0', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'),
	('root 1', '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d'),
	('root 2', 'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125'),
	('root 3', 'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77'),
	('root 4', 'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7'),
	('root 5', '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4'),
	('root 6', '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef'),
	('root 7', 'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c'),
	('root 8', '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328'),
	('inclusion 0 in 1', ''),
	('inclusion 0 in 8', '96a296d2 5f083f0a 6b47aaf2'),
	('inclusion 5 in 8', 'bc1a0643 ca854ea1 d37ee418'),
	('inclusion 2 in 3', 'fac54203'),
	('inclusion 1 in 5', '6e340b9c 5f083f0a bc1a0643'),
	('consistency 1 to 1', ''),
	('consistency 1 to 8', '96a296d2 5f083f0a 6b47aaf2'),
	('consistency 6 to 8', '0ebc5d34 ca854ea1 d37ee418'),
	('consistency 2 to 5', '5f083f0a bc1a0643'),
	('consistency 8 to 8', '')) AS e (what, value)
	LEFT JOIN pg_temp.vectors() AS v USING (what);

-- A log of some size, sealed in pieces.
SELECT dwh.audit_seal();
SELECT count(*) AS base FROM dwh_log.audit_leaf \gset
SELECT is((SELECT action FROM dwh_log.audit_event JOIN dwh_log.audit_leaf ON source_id = event_id WHERE leaf_index = 0), 'create_warehouse',
	'the creation of the warehouse is the first leaf');
SELECT count(dwh_internal.audit_append('tree_test', 'Đối tượng ' || n, 'done', jsonb_build_object('n', n))) FROM generate_series(1, 700) AS n;
INSERT INTO dwh_log.share_log (month, share_no, stage, occurred_at, direction, kind, requested_at, request_form, agency_identifier,
	session_user_name, outer_user_name, gateway, request_content, status)
SELECT date_trunc('month', dwh.today())::date, -n, 'asked', now(), 'out', 'share', now(), 'online', 'G01', 'x', 'x', 'x', '{"a": [1, null]}', 'asked'
FROM generate_series(1, 5) AS n;
SELECT is(dwh.audit_seal(), 705::bigint, 'every row of both logs gets a leaf');
SELECT is(dwh.audit_seal(), 0::bigint, 'once');
SELECT count(dwh_internal.audit_append('tree_test', NULL, 'failed', NULL)) FROM generate_series(1, 9) AS n;
SELECT is(dwh.audit_seal(), 9::bigint, 'what came later is sealed later');
SELECT count(*) AS size FROM dwh_log.audit_leaf \gset
SELECT is((SELECT count(*) FROM dwh_log.audit_node), (:size / 256)::bigint, 'every 256 leaves have a node');
SELECT is(root_hash, dwh.audit_tree_head(), 'the head is the root') FROM dwh_log.audit_tree_head ORDER BY head_no DESC LIMIT 1;
SELECT ok(is_intact AND leaf_to = :size AND first_bad_leaf IS NULL, 'the log verifies') FROM dwh.audit_verify();
SELECT ok(is_intact, 'and a part of it does') FROM dwh.audit_verify(300, 555);
SELECT throws_ok('SELECT dwh.audit_inclusion_proof(5, 100000000)', '22023', NULL, 'no proof in a tree that is larger than ours');
SELECT throws_ok('SELECT dwh.audit_verify(NULL, NULL, ''nonsense'')', '22023', NULL, 'what is no head is refused');

-- The canonical bytes, written down here a second time by the README's table.
CREATE FUNCTION pg_temp.field(p_bytes bytea) RETURNS bytea LANGUAGE sql AS
$$ SELECT CASE WHEN p_bytes IS NULL THEN '\xffffffff'::bytea ELSE int4send(length(p_bytes)) || p_bytes END $$;
CREATE FUNCTION pg_temp.utf8(p_text text) RETURNS bytea LANGUAGE sql AS $$ SELECT pg_temp.field(convert_to(p_text, 'UTF8')) $$;
SELECT is_empty($$
	SELECT event_id FROM dwh_log.audit_event AS e JOIN dwh_log.audit_leaf AS l ON l.source = 'audit' AND l.source_id = e.event_id
	WHERE leaf_hash IS DISTINCT FROM sha256('\x00'::bytea || '\x0101'::bytea || '\x000c'::bytea || pg_temp.field(int8send(event_id))
		|| pg_temp.field(int4send(month - date '1970-01-01'))
		|| pg_temp.field(int8send((extract(epoch FROM occurred_at) * 1000000)::bigint)) || pg_temp.field(int4send(account_id))
		|| pg_temp.utf8(person) || pg_temp.utf8(session_user_name) || pg_temp.utf8(outer_user_name) || pg_temp.utf8(client_address)
		|| pg_temp.utf8(action) || pg_temp.utf8(object) || pg_temp.utf8(decision) || pg_temp.utf8(detail::text))$$,
	'a leaf is the hash of the canonical bytes');

-- Proofs, checked by an implementation that shares nothing with the one in C.
CREATE FUNCTION pg_temp.root_of(p_hash bytea, p_leaf bigint, p_size bigint, p_proof bytea[]) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
	fn bigint := p_leaf;
	sn bigint := p_size - 1;
	r bytea := p_hash;
	p bytea;
BEGIN
	FOREACH p IN ARRAY p_proof LOOP
		IF fn & 1 = 1 OR fn = sn THEN
			r := sha256('\x01'::bytea || p || r);
			WHILE fn & 1 = 0 AND fn <> 0 LOOP
				fn := fn >> 1;
				sn := sn >> 1;
			END LOOP;
		ELSE
			r := sha256('\x01'::bytea || r || p);
		END IF;
		fn := fn >> 1;
		sn := sn >> 1;
	END LOOP;
	RETURN CASE WHEN sn = 0 THEN r END;
END
$$;
SELECT is_empty(format($$SELECT leaf_index, s FROM dwh_log.audit_leaf, unnest(ARRAY[257, 512, 700, %s]) AS s WHERE leaf_index < s
	AND pg_temp.root_of(leaf_hash, leaf_index, s, dwh.audit_inclusion_proof(leaf_index, s)) IS DISTINCT FROM dwh.audit_tree_head(s)$$, :size),
	'the inclusion of every leaf is proved, in trees of several sizes');

-- What is done to the log, and which leaf verify names. A head is exported first; the database alone must do where it can.
SELECT format(E'test\n%s\n%s\n', tree_size, encode(root_hash, 'base64')) AS head FROM dwh_log.audit_tree_head ORDER BY head_no DESC LIMIT 1 \gset
CREATE FUNCTION pg_temp.after(p_do text, p_head text DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	v_table text;
	v_found text;
BEGIN
	BEGIN
		FOREACH v_table IN ARRAY ARRAY['audit_event', 'share_log', 'audit_leaf', 'audit_node', 'audit_tree_head'] LOOP
			EXECUTE format('ALTER TABLE dwh_log.%I DISABLE TRIGGER USER', v_table);
		END LOOP;
		EXECUTE p_do;
		SELECT CASE WHEN is_intact THEN 'intact' ELSE format('%s: %s', first_bad_leaf, problem) END INTO v_found
		FROM dwh.audit_verify(NULL, NULL, p_head);
		RAISE EXCEPTION 'undo' USING ERRCODE = 'TT001';
	EXCEPTION WHEN SQLSTATE 'TT001' THEN
		RETURN v_found;
	END;
END
$$;
-- The event of a leaf, and its new leaf hash.
CREATE FUNCTION pg_temp.event(p_leaf bigint) RETURNS bigint LANGUAGE sql AS
	$$ SELECT source_id FROM dwh_log.audit_leaf WHERE leaf_index = p_leaf AND source = 'audit' $$;
SELECT is(pg_temp.after('SELECT 1'), 'intact', 'nothing done, nothing found');
SELECT is(pg_temp.after('SELECT 1', :'head'), 'intact', 'nor against the exported head');
SELECT matches(pg_temp.after('UPDATE dwh_log.audit_event SET detail = ''{"n": 0}'' WHERE event_id = pg_temp.event(400)'), '^400: row \d+ .* not the one',
	'an edited row');
SELECT matches(pg_temp.after('UPDATE dwh_log.audit_event SET occurred_at = occurred_at - interval ''1 microsecond'' WHERE event_id = pg_temp.event(256)'),
	'^256: ', 'a changed clock');
SELECT matches(pg_temp.after('DELETE FROM dwh_log.audit_event WHERE event_id = pg_temp.event(401)'), '^401: row \d+ .* is missing', 'a deleted row');
SELECT matches(pg_temp.after('UPDATE dwh_log.share_log SET status = ''noticed'' WHERE share_no = -3'), '^\d+: row \d+ of dwh_log.share_log',
	'an edited row of the share log');
SELECT matches(pg_temp.after('DELETE FROM dwh_log.audit_leaf WHERE leaf_index = 402'), '^402: the leaf is missing', 'a deleted leaf');
SELECT matches(pg_temp.after('DELETE FROM dwh_log.audit_event WHERE event_id = pg_temp.event(403);
	DELETE FROM dwh_log.audit_leaf WHERE leaf_index = 403;
	UPDATE dwh_log.audit_leaf SET leaf_index = -1 - leaf_index WHERE false'), '^403: ', 'a deleted row with its leaf');
SELECT matches(pg_temp.after('UPDATE dwh_log.audit_event AS e SET detail = o.detail FROM dwh_log.audit_event AS o
	WHERE (e.event_id, o.event_id) IN ((pg_temp.event(404), pg_temp.event(405)), (pg_temp.event(405), pg_temp.event(404)))'), '^404: ', 'two rows swapped');
SELECT matches(pg_temp.after('CREATE TEMPORARY TABLE swapped AS SELECT * FROM dwh_log.audit_leaf WHERE leaf_index IN (406, 407);
	DELETE FROM dwh_log.audit_leaf WHERE leaf_index IN (406, 407);
	INSERT INTO dwh_log.audit_leaf SELECT 813 - leaf_index, source, source_id, source_month, leaf_hash FROM swapped'), '^256: leaves 256 to 511 ',
	'leaves in another order');
SELECT is(pg_temp.after('ALTER TABLE dwh_log.audit_leaf DROP CONSTRAINT audit_leaf_pkey;
	INSERT INTO dwh_log.audit_leaf SELECT leaf_index, source, -999999, source_month, leaf_hash FROM dwh_log.audit_leaf WHERE leaf_index = 402'),
	'402: there is a second leaf of this number', 'a second leaf of a number');
-- A row inserted among those that are settled, without a leaf.
SELECT matches(pg_temp.after('CREATE TEMPORARY TABLE gone AS SELECT * FROM dwh_log.audit_event WHERE event_id = pg_temp.event(0);
	INSERT INTO dwh_log.audit_event OVERRIDING SYSTEM VALUE SELECT -5, occurred_at, month, account_id, person, session_user_name, outer_user_name,
		client_address, ''forged'', object, decision, detail FROM gone'), '^\d+: row -5 of .* inserted', 'an inserted row');
-- A second row with the number of a sealed one, which lies behind it.
SELECT matches(pg_temp.after('ALTER TABLE dwh_log.audit_event DROP CONSTRAINT audit_event_pkey;
	INSERT INTO dwh_log.audit_event (event_id, occurred_at, month, account_id, person, session_user_name, outer_user_name, client_address, action, object, decision,
		detail) OVERRIDING SYSTEM VALUE SELECT event_id, occurred_at, month, account_id, person, session_user_name, outer_user_name, client_address, ''forged'',
		object, decision, detail FROM dwh_log.audit_event WHERE event_id = pg_temp.event(408);
	UPDATE dwh_log.audit_event SET detail = detail WHERE event_id = pg_temp.event(408) AND action <> ''forged'''), '^408: row \d+ .* not the one', 'a forged row beside the sealed one');
-- Edited, and hashed again from there on: leaf, nodes, then heads.
CREATE FUNCTION pg_temp.forge(p_leaf bigint) RETURNS void LANGUAGE sql AS $$
	UPDATE dwh_log.audit_event SET action = 'forged' WHERE event_id = pg_temp.event(p_leaf);
	UPDATE dwh_log.audit_leaf AS l SET leaf_hash = sha256('\x00'::bytea || '\x0101'::bytea || '\x000c'::bytea || pg_temp.field(int8send(event_id))
		|| pg_temp.field(int4send(month - date '1970-01-01'))
		|| pg_temp.field(int8send((extract(epoch FROM occurred_at) * 1000000)::bigint)) || pg_temp.field(int4send(account_id))
		|| pg_temp.utf8(person) || pg_temp.utf8(session_user_name) || pg_temp.utf8(outer_user_name) || pg_temp.utf8(client_address)
		|| pg_temp.utf8(action) || pg_temp.utf8(object) || pg_temp.utf8(decision) || pg_temp.utf8(detail::text))
	FROM dwh_log.audit_event AS e WHERE e.event_id = l.source_id AND l.source = 'audit' AND l.leaf_index = p_leaf
$$;
CREATE FUNCTION pg_temp.rehash() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	v_node bigint;
	v_hashes bytea[];
BEGIN
	FOR v_node IN SELECT node_index FROM dwh_log.audit_node WHERE level = 8 LOOP
		v_hashes := ARRAY(SELECT leaf_hash FROM dwh_log.audit_leaf WHERE leaf_index / 256 = v_node ORDER BY leaf_index);
		WHILE cardinality(v_hashes) > 1 LOOP
			v_hashes := ARRAY(SELECT sha256('\x01'::bytea || v_hashes[2 * i - 1] || v_hashes[2 * i]) FROM generate_series(1, cardinality(v_hashes) / 2) AS i);
		END LOOP;
		UPDATE dwh_log.audit_node SET node_hash = v_hashes[1] WHERE level = 8 AND node_index = v_node;
	END LOOP;
END
$$;
SELECT matches(pg_temp.after('SELECT pg_temp.forge(300)'), '^256: leaves 256 to 511', 'an edited row with a new leaf: the node tells');
SELECT matches(pg_temp.after('SELECT pg_temp.forge(300); SELECT pg_temp.rehash()'), '^\d+: the tree of \d+ leaves does not have the root of its head',
	'with new nodes: the head tells');
SELECT is(pg_temp.after('SELECT pg_temp.forge(300); SELECT pg_temp.rehash();
	UPDATE dwh_log.audit_tree_head SET root_hash = dwh.audit_tree_head(tree_size)'), 'intact', 'with new heads the database alone cannot tell');
SELECT matches(pg_temp.after('SELECT pg_temp.forge(300); SELECT pg_temp.rehash();
	UPDATE dwh_log.audit_tree_head SET root_hash = dwh.audit_tree_head(tree_size)', :'head'), '^\d+: the tree of \d+ leaves does not have the root of its head',
	'the exported head does');
-- The end cut off.
\set cut 'DELETE FROM dwh_log.audit_event WHERE event_id >= pg_temp.event(' :size ' - 9); DELETE FROM dwh_log.audit_leaf WHERE leaf_index >= ' :size ' - 9'
SELECT matches(pg_temp.after(:'cut'), '^\d+: the leaf is missing', 'a cut tail: the head tells');
SELECT matches(pg_temp.after(:'cut' || '; DELETE FROM dwh_log.audit_tree_head WHERE tree_size = ' || :size, :'head'),
	'^\d+: the exported head has \d+ leaves, the tree \d+', 'a cut tail with its head, or an old backup: the exported head tells');
-- An old backup that went on by itself.
\set fork :cut '; DELETE FROM dwh_log.audit_tree_head WHERE tree_size = ' :size '; DELETE FROM dwh_log.audit_node WHERE (node_index + 1) * 256 > ' :size ' - 9; SELECT count(dwh_internal.audit_append(''other'', NULL, ''done'', NULL)) FROM generate_series(1, 20); SELECT dwh.audit_seal()'
SELECT is(pg_temp.after(:'fork'), 'intact', 'an old backup that went on: the database alone cannot tell');
SELECT matches(pg_temp.after(:'fork', :'head'), '^\d+: the tree of \d+ leaves does not have the root of its head', 'the exported head does');
-- A partition taken away.
SELECT format('ALTER TABLE dwh_log.audit_event DETACH PARTITION dwh_log.audit_event_%s', to_char(month, 'YYYY_MM')) AS detach
FROM dwh_log.audit_event ORDER BY event_id LIMIT 1 \gset
SELECT matches(pg_temp.after(:'detach'), '^0: row \d+ .* is missing', 'a partition detached');

-- A hash taken away or cut short (the table altered for it) is a finding, not a crash of whoever verifies.
\set loose 'ALTER TABLE dwh_log.audit_leaf ALTER leaf_hash DROP NOT NULL, DROP CONSTRAINT audit_leaf_leaf_hash_check; '
SELECT is(pg_temp.after(:'loose' || 'UPDATE dwh_log.audit_leaf SET leaf_hash = NULL WHERE leaf_index = 300'), '300: the leaf has no hash', 'a leaf without its hash');
SELECT is(pg_temp.after(:'loose' || 'UPDATE dwh_log.audit_leaf SET leaf_hash = ''\x00'' WHERE leaf_index = 300'), '300: the leaf has no hash', 'with a piece of one');
SELECT is(pg_temp.after(:'loose' || 'ALTER TABLE dwh_log.audit_leaf ALTER leaf_hash TYPE int USING 7'), '0: the leaf has no hash', 'with something else');
SELECT throws_ok(format($$SELECT pg_temp.after('%s UPDATE dwh_log.audit_leaf SET leaf_hash = NULL WHERE leaf_index = %s - 1;
	SELECT dwh_internal.audit_append(''x'', NULL, ''done'', NULL); SELECT dwh.audit_seal()')$$, :'loose', :size), 'XX001', NULL, 'nothing is sealed over it');
SELECT throws_ok($$SELECT pg_temp.after('ALTER TABLE dwh_log.audit_node RENAME TO aside; CREATE VIEW dwh_log.audit_node AS SELECT * FROM dwh_log.aside;
	SELECT dwh_internal.audit_append(''x'', NULL, ''done'', NULL); SELECT dwh.audit_seal()')$$, '55000', NULL, 'nor into a view');
-- Heads that were not made here: marks of rows that were never drawn are named, and end no sealing.
\set head_by_hand 'INSERT INTO dwh_log.audit_tree_head (tree_size, root_hash, sealed_at, audit_drawn, share_drawn, audit_settled, share_settled) SELECT tree_size, root_hash, now(), '
\set last_head ' FROM dwh_log.audit_tree_head ORDER BY head_no DESC LIMIT 1; '
SELECT matches(pg_temp.after(:'head_by_hand' || '0, 0, 9e17, 9e17' || :'last_head'), '^\d+: head \d+ of the tree speaks of rows that had not been drawn',
	'a head that settles what was never drawn');
SELECT matches(pg_temp.after(:'head_by_hand' || '9e17, 9e17, 0, 0' || :'last_head'), '^\d+: head \d+ of the tree speaks of rows that had not been drawn',
	'one that has seen it');
SELECT matches(pg_temp.after(:'head_by_hand' || '0, 0, 9e17, 9e17' || :'last_head' || $x$DO $a$ BEGIN
	PERFORM dwh_internal.audit_append('x', NULL, 'done', NULL);
	IF dwh.audit_seal() = 0 THEN RAISE EXCEPTION 'nothing was sealed'; END IF; END $a$$x$), '^\d+: head \d+ of the tree', 'sealing goes on after it');
SET LOCAL ROLE dwh_owner;
SELECT throws_ok(:'head_by_hand' || '0, 0, 9e17, 9e17' || :'last_head', '42501', NULL, 'the owner adds no head');
SELECT throws_ok(format('INSERT INTO dwh_log.%1$I SELECT * FROM dwh_log.%1$I LIMIT 1', t), '42501', NULL, 'nor a row of ' || t)
FROM unnest(ARRAY['audit_leaf', 'audit_node']) AS t;
RESET ROLE;
-- What is asked for must be there; a head is looked at wherever it lies.
SELECT throws_ok(format('SELECT dwh.audit_verify(0, %s + 1)', :size), '22023', NULL, 'leaves beyond the end are no finding');
SELECT results_eq(format('SELECT is_intact, problem FROM dwh.audit_verify(0, 1, E''dwh\n%s\n%s=\n'')', :size, repeat('A', 43)),
	format($$VALUES (false, 'the tree of %s leaves does not have the root of the exported head')$$, :size), 'a head beyond the leaves that are looked at counts');
SELECT ok(is_intact, 'also a good one') FROM dwh.audit_verify(0, 1, :'head');

-- What a site has added: columns with a default, indexes of every kind.
SAVEPOINT site;
\o /dev/null
ALTER TABLE dwh_log.audit_leaf ADD COLUMN site int NOT NULL DEFAULT 7;
CREATE INDEX ON dwh_log.audit_leaf ((leaf_index % 2));
CREATE INDEX site_share_idx ON dwh_log.audit_leaf (source_id) WHERE source = 'share';
SELECT dwh_internal.audit_append('site', NULL, 'done', '{}');
\o
SELECT cmp_ok(dwh.audit_seal(), '>', 0::bigint, 'sealing goes on');
SELECT is(site, 7, 'a column of the site gets its default') FROM dwh_log.audit_leaf ORDER BY leaf_index DESC LIMIT 1;
SET LOCAL enable_seqscan = off;
SELECT is((SELECT count(*) FROM dwh_log.audit_leaf WHERE source = 'share' AND source_id > 0),
	(SELECT count(*) FROM dwh_log.audit_leaf AS l WHERE CASE l.source WHEN 'share' THEN l.source_id > 0 ELSE false END), 'its indexes hold what they ought to');
ROLLBACK TO site;

-- Nobody changes the tree by ordinary means.
SELECT throws_ok(format('%s dwh_log.%I %s', c[1], t, c[2]), '42501', NULL, format('%s %s is refused to the owner', c[1], t))
FROM unnest(ARRAY['audit_leaf', 'audit_tree_head']) AS t, (VALUES (ARRAY['DELETE FROM', '']), (ARRAY['TRUNCATE', ''])) AS v (c);

SELECT * FROM finish();
ROLLBACK;

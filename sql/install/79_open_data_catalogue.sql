-- The catalogue of open data as DCAT-AP 3 (SEMIC, 2024) in JSON-LD, with the context inside: nothing has to be fetched to read it. It reads
-- the views of sql/warehouse/88_open_data_attachments.sql with the caller's rights.

CREATE FUNCTION dwh.open_data_catalogue()
RETURNS jsonb LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
	WITH publisher AS (
		SELECT p.*, jsonb_strip_nulls(jsonb_build_object('@id', p.uri || 'publisher', '@type', 'foaf:Agent', 'dct:identifier', p.identifier,
			'foaf:name', jsonb_strip_nulls(jsonb_build_object('vi', p.name_vi, 'en', p.name_en)))) AS agent,
			jsonb_strip_nulls(jsonb_build_object('@id', p.uri || 'contact', '@type', 'vcard:Organization', 'vcard:fn', coalesce(p.official_name, p.name_vi),
				'vcard:hasEmail', CASE WHEN p.official_email IS NOT NULL THEN jsonb_build_object('@id', 'mailto:' || p.official_email) END,
				'vcard:title', p.official_position)) AS contact
		FROM dwh.open_data_publisher AS p),
	distribution AS (
		SELECT v.dataset, f.n, jsonb_build_object('@id', x.uri, '@type', 'dcat:Distribution',
			'dct:title', jsonb_build_object('vi', format('%s (%s)', v.title_vi, upper(f.format)), 'en', format('%s (%s)', v.title_en, upper(f.format))),
			'dcat:accessURL', jsonb_build_object('@id', p.uri || v.dataset), 'dcat:downloadURL', jsonb_build_object('@id', x.uri),
			'dct:format', jsonb_build_object('@id', 'http://publications.europa.eu/resource/authority/file-type/' || upper(f.format), '@type', 'dct:MediaTypeOrExtent'),
			'dcat:mediaType', jsonb_build_object('@id', 'https://www.iana.org/assignments/media-types/' || f.media_type, '@type', 'dct:MediaType'),
			'dct:license', jsonb_build_object('@id', v.licence, '@type', 'dct:LicenseDocument', 'dct:title', v.licence_title),
			'dct:rights', jsonb_build_object('@type', 'dct:RightsStatement', 'rdfs:label', v.citation),
			'dcat:byteSize', jsonb_build_object('@value', f.bytes::text, '@type', 'xsd:nonNegativeInteger'),
			'spdx:checksum', jsonb_build_object('@type', 'spdx:Checksum', 'spdx:algorithm', jsonb_build_object('@id', 'spdx:checksumAlgorithm_sha256',
				'@type', 'spdx:ChecksumAlgorithm'), 'spdx:checksumValue', jsonb_build_object('@value', f.digest, '@type', 'xsd:hexBinary')),
			'dct:issued', jsonb_build_object('@value', to_char(v.published_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), '@type', 'xsd:dateTime'),
			'dcatap:availability', jsonb_build_object('@id', 'http://publications.europa.eu/resource/authority/planned-availability/AVAILABLE')) AS node
		FROM dwh.open_data_versions AS v CROSS JOIN publisher AS p
			CROSS JOIN LATERAL (VALUES (1, 'csv', 'text/csv', v.csv_bytes, v.csv_digest), (2, 'json', 'application/json', v.json_bytes, v.json_digest))
				AS f (n, format, media_type, bytes, digest)
			CROSS JOIN LATERAL (SELECT format('%s%s/%s.%s', p.uri, v.dataset, v.version, f.format) AS uri) AS x
		WHERE v.is_newest),
	dataset AS (
		SELECT v.dataset, jsonb_strip_nulls(jsonb_build_object('@id', p.uri || v.dataset, '@type', 'dcat:Dataset', 'dct:identifier', v.dataset,
			'dct:title', jsonb_build_object('vi', v.title_vi, 'en', v.title_en),
			'dct:description', jsonb_build_object('vi', format('%s. Phạm vi: %s', rtrim(v.description_vi, '.'), v.coverage), 'en', v.description_en),
			'dcat:keyword', nullif((SELECT jsonb_agg(jsonb_build_object('@value', k, '@language', l)) FROM (
				SELECT k, 'vi' AS l FROM jsonb_array_elements_text(v.keywords_vi) AS k UNION ALL SELECT k, 'en' FROM jsonb_array_elements_text(v.keywords_en) AS k) AS w), '[]'),
			'dct:publisher', jsonb_build_object('@id', p.uri || 'publisher'), 'dcat:contactPoint', p.contact,
			'dcat:theme', jsonb_build_object('@id', 'http://publications.europa.eu/resource/authority/data-theme/' || v.theme),
			'dct:accrualPeriodicity', jsonb_build_object('@id', 'http://publications.europa.eu/resource/authority/frequency/' || v.periodicity, '@type', 'dct:Frequency'),
			'dct:accessRights', jsonb_build_object('@id', 'http://publications.europa.eu/resource/authority/access-right/PUBLIC', '@type', 'dct:RightsStatement'),
			'dct:spatial', jsonb_build_object('@id', v.spatial, '@type', 'dct:Location'),
			'dct:temporal', CASE WHEN v.period_from IS NOT NULL THEN jsonb_build_object('@type', 'dct:PeriodOfTime',
				'dcat:startDate', jsonb_build_object('@value', to_char(v.period_from, 'YYYY-MM-DD'), '@type', 'xsd:date'),
				'dcat:endDate', jsonb_build_object('@value', to_char(v.period_to, 'YYYY-MM-DD'), '@type', 'xsd:date')) END,
			'dct:language', jsonb_build_object('@id', 'http://publications.europa.eu/resource/authority/language/VIE', '@type', 'dct:LinguisticSystem'),
			'dct:provenance', jsonb_build_object('@type', 'dct:ProvenanceStatement', 'rdfs:label', format('%s%s', v.legal_basis,
				CASE WHEN v.is_basis_verified THEN '' ELSE ' (not verified)' END)),
			'dcat:version', v.version::text, 'adms:versionNotes', v.note,
			'dct:issued', jsonb_build_object('@value', to_char((SELECT min(o.published_at) FROM dwh.open_data_versions AS o WHERE o.dataset = v.dataset)
				AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), '@type', 'xsd:dateTime'),
			'dct:modified', jsonb_build_object('@value', to_char(v.published_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), '@type', 'xsd:dateTime'),
			'dcat:distribution', (SELECT jsonb_agg(d.node ORDER BY d.n) FROM distribution AS d WHERE d.dataset = v.dataset))) AS node, v.published_at
		FROM dwh.open_data_versions AS v CROSS JOIN publisher AS p
		WHERE v.is_newest)
	SELECT jsonb_strip_nulls(jsonb_build_object(
		'@context', '{"dcat": "http://www.w3.org/ns/dcat#", "dct": "http://purl.org/dc/terms/", "foaf": "http://xmlns.com/foaf/0.1/", "adms": "http://www.w3.org/ns/adms#",
			"dcatap": "http://data.europa.eu/r5r/", "rdfs": "http://www.w3.org/2000/01/rdf-schema#", "skos": "http://www.w3.org/2004/02/skos/core#",
			"spdx": "http://spdx.org/rdf/terms#", "vcard": "http://www.w3.org/2006/vcard/ns#", "xsd": "http://www.w3.org/2001/XMLSchema#",
			"dct:title": {"@container": "@language"}, "dct:description": {"@container": "@language"}, "foaf:name": {"@container": "@language"}}'::jsonb,
		'@id', p.uri, '@type', 'dcat:Catalog',
		'dct:title', jsonb_build_object('vi', format('Dữ liệu mở của %s', p.name_vi), 'en', format('Open data of %s', coalesce(p.name_en, p.name_vi))),
		'dct:description', jsonb_build_object('vi', format('Danh mục dữ liệu mở của %s', p.name_vi), 'en', format('List of the open data of %s', coalesce(p.name_en, p.name_vi))),
		'dct:publisher', p.agent, 'dct:language', jsonb_build_object('@id', 'http://publications.europa.eu/resource/authority/language/VIE', '@type', 'dct:LinguisticSystem'),
		'foaf:homepage', jsonb_build_object('@id', p.uri, '@type', 'foaf:Document'),
		'dcat:themeTaxonomy', jsonb_build_object('@id', 'http://publications.europa.eu/resource/authority/data-theme', '@type', 'skos:ConceptScheme',
			'dct:title', jsonb_build_object('en', 'Data theme')),
		'dct:modified', (SELECT jsonb_build_object('@value', to_char(max(d.published_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), '@type', 'xsd:dateTime') FROM dataset AS d
			HAVING count(*) > 0),
		'dcat:dataset', coalesce((SELECT jsonb_agg(d.node ORDER BY d.dataset COLLATE "C") FROM dataset AS d), '[]')))
	FROM publisher AS p
$$;
COMMENT ON FUNCTION dwh.open_data_catalogue() IS
	'Danh mục dữ liệu mở theo DCAT-AP 3 (JSON-LD); trống khi chưa đặt địa chỉ | '
	'The catalogue of open data as DCAT-AP 3 (JSON-LD); NULL until its address is set';

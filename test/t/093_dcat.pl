# The catalogue of open data as others read it: by the JSON-LD processor of npm, and by SHACL.
# 2327-005 2327-061
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Warehouse;

my $tools = PostgreSQL::Test::Utils::tempdir();
plan skip_all => 'catalogue read by others: npm is absent' if system('npm --version >/dev/null 2>&1') != 0;
sub install { return system("cd '$tools' && timeout 60 npm install --silent --no-fund --no-audit --no-save @_ >/dev/null 2>&1") == 0 }
my $has_shacl = install('jsonld@8', 'rdf-validate-shacl@0.5', 'n3@1');
plan skip_all => 'catalogue read by others: npm cannot install jsonld' unless $has_shacl or install('jsonld@8');

my $node = new_node('dcat');
$node->safe_psql('postgres', 'CREATE EXTENSION dwh_ext');
$node->safe_psql('postgres', 'SELECT dwh.create_warehouse()');
$node->safe_psql('postgres', <<'SQL');
INSERT INTO dwh_catalog.office_holder (office_holder_id, person_name, unit_id, office, valid_from, document) VALUES
	(990093, 'Nguyễn Văn A', 1, 'sector_leadership', '2020-01-01', 'QĐ 1');
CREATE TABLE dwh_star.dcat_open AS SELECT date '2026-01-01' AS month, p AS province, s AS sex, 10 * n AS persons
FROM unnest(ARRAY['01', '79', '92']) WITH ORDINALITY AS t (p, n), unnest(ARRAY['F', 'M']) AS s;
ALTER TABLE dwh_star.dcat_open OWNER TO dwh_owner;
CREATE ROLE dcat_officer LOGIN IN ROLE dwh_share_officer;
SET ROLE dcat_officer;
SELECT dwh.register_agency('unit', 'G24.93', 'BHXH Việt Nam', 'Vietnam Social Security', 1),
	dwh.register_official('G24.93', 'Lê B', 'Phó', 'CNTT', '024', 'b@example.invalid'),
	dwh.register_database('DCAT', 1, '{"system_vi": "Kho", "name_vi": "Số", "purpose": "p", "scope": "s", "content": "c", "mechanism": "m", "source": "s",
		"items": [{"name": "persons", "mark": "open"}], "decision_no": "QĐ 5", "decision_on": "2020-01-01", "regulation": "Quy chế"}');
SELECT dwh.create_service(code, 'open', 'DCAT', 'dwh_star.dcat_open', '{"name_vi": "Thử", "description": "x", "technical_document": "TL", "guide": "HD", "use_term": "immediate",
	"key_columns": ["province"], "columns": [{"name": "province"}], "responsible": {"collecting": "a", "managing": "b", "connecting": "c", "sharing": "d", "using": "e"},
	"standardised_on": "2020-07-08", "listed_on": "2020-07-09", "built_on": "2020-07-10"}') FROM unnest(ARRAY['dcat_one', 'dcat_two']) AS code;
RESET ROLE;
UPDATE dwh_catalog.share_host SET agency_id = (SELECT agency_id FROM dwh_catalog.agency), open_data_uri = 'https://data.example.invalid/open/';
SET ROLE dcat_officer;
SELECT dwh.publish_service(code), dwh.describe_open_data(code, '{"title_vi": "Người tham gia", "title_en": "Participants", "description_vi": "Số người", "description_en": "Number of people",
	"citation": "BHXH Việt Nam", "licence": "https://creativecommons.org/licenses/by/4.0/", "licence_title": "CC BY 4.0", "periodicity": "QUARTERLY", "coverage": "cả nước",
	"period_column": "month", "keywords_vi": ["bảo hiểm"], "count_column": "persons", "measures": [{"name": "persons"}],
	"dimensions": [{"name": "province", "levels": ["province"]}, {"name": "sex", "levels": ["sex"]}]}'),
	dwh.publish_open_data(code, 990093, 'QĐ 9', dwh.today(), p_is_unverified_accepted => true) FROM unnest(ARRAY['dcat_one', 'dcat_two']) AS code;
SQL
my $file = $node->basedir . '/catalogue.jsonld';
append_to_file($file, $node->safe_psql('postgres', 'SET ROLE dcat_officer; SELECT dwh.open_data_catalogue()'));

# What a script says of the catalogue.
sub read_catalogue
{
	my ($input, @shapes) = @_;
	my $answer = "$file.out";
	my $status = system("NODE_PATH='$tools/node_modules' node '$tools/dcat.cjs' @shapes <'$input' >'$answer' 2>&1");
	return ($status, slurp_file($answer));
}
# Modules are looked for beside the script.
system("cp '$FindBin::Bin/../interop/dcat.cjs' '$tools/dcat.cjs'") == 0 or die;
my $shapes = "$FindBin::Bin/../interop/dcat_shapes.ttl";
my ($status, $said) = read_catalogue($file);
is($status, 0, 'the JSON-LD processor reads it without fetching or dropping anything') or diag($said);
like($said, qr{^type http://www.w3.org/ns/dcat#Catalog 1$}m, 'a catalogue');
like($said, qr{^type http://www.w3.org/ns/dcat#Dataset 2$}m, 'with two datasets');
like($said, qr{^type http://www.w3.org/ns/dcat#Distribution 4$}m, 'and two files of each');
SKIP:
{
	skip 'SHACL: npm cannot install rdf-validate-shacl', 2 unless $has_shacl;
	($status, $said) = read_catalogue($file, $shapes);
	like($said, qr/^shacl conforms$/m, 'the shapes of DCAT-AP hold') or diag($said);
	(my $broken = slurp_file($file)) =~ s/"dct:publisher"/"dct:creator"/g;
	append_to_file("$file.broken", $broken);
	($status, $said) = read_catalogue("$file.broken", $shapes);
	like($said, qr/^shacl violated$/m, 'a catalogue without publisher breaks them');
}

$node->stop;
done_testing();

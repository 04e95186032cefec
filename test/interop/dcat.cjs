// dcat.cjs: reads a catalogue in JSON-LD with the processor of its standard (npm jsonld) and checks it by SHACL (npm rdf-validate-shacl).
//
// stdin: the catalogue. argv: a file of shapes in Turtle, or nothing to leave SHACL out. stdout: "quads N", "type T N" for each class,
// "shacl conforms" or a line for each violation.
const jsonld = require('jsonld');
const fs = require('fs');

async function main() {
	const document = JSON.parse(fs.readFileSync(0, 'utf8'));
	// Nothing may have to be fetched.
	const documentLoader = (url) => { throw new Error('the catalogue asks for ' + url); };
	// safe: whatever would be dropped silently is an error
	const nquads = await jsonld.toRDF(document, { format: 'application/n-quads', documentLoader, safe: true });
	const types = {};
	for (const [, type] of nquads.matchAll(/rdf-syntax-ns#type> <([^>]*)>/g)) types[type] = (types[type] || 0) + 1;
	console.log('quads ' + nquads.split('\n').filter(Boolean).length);
	for (const type of Object.keys(types).sort()) console.log('type ' + type + ' ' + types[type]);
	if (!process.argv[2]) return;
	const { Parser, Store } = require('n3');
	const { default: Validator } = await import('rdf-validate-shacl');
	const shapes = new Store(new Parser().parse(fs.readFileSync(process.argv[2], 'utf8')));
	const report = await new Validator(shapes).validate(new Store(new Parser({ format: 'N-Quads' }).parse(nquads)));
	console.log('shacl ' + (report.conforms ? 'conforms' : 'violated'));
	for (const r of report.results) console.log(['violation', r.focusNode && r.focusNode.value, r.path && r.path.value, r.message.map((m) => m.value)].join(' '));
}
main().catch((error) => { console.error(error.message); process.exit(1); });

// roaring.cjs: reads sets with another Roaring implementation (npm roaring-wasm) and writes its own for PostgreSQL to read.
//
// stdin: a line a set, "LABEL HEX", the portable bytes. stdout: a line a set, "LABEL CARDINALITY SUM MIN MAX HEX", where HEX is
// the same set written by this library: as it came out, and once more after its run optimisation under the label LABEL+runs.
const { RoaringBitmap32, SerializationFormat, roaringLibraryInitialize } = require('roaring-wasm');

async function main() {
	if (roaringLibraryInitialize) await roaringLibraryInitialize();
	const lines = require('fs').readFileSync(0, 'utf8').split('\n').filter(Boolean);
	for (const line of lines) {
		const [label, hex] = line.split(' ');
		const set = RoaringBitmap32.deserialize(SerializationFormat.portable, Buffer.from(hex, 'hex'));
		let sum = 0n;
		for (const id of set) sum += BigInt(id);
		const say = (name) => console.log([name, set.size, sum, set.isEmpty ? '-' : set.minimum(), set.isEmpty ? '-' : set.maximum(),
			Buffer.from(set.serialize(SerializationFormat.portable)).toString('hex')].join(' '));
		set.removeRunCompression();
		say(label);
		set.runOptimize();
		say(label + '+runs');
	}
}
main().catch((error) => { console.error(error); process.exit(1); });

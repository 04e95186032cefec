#!/usr/bin/env bash
#
# test/fuzz/run.sh
#
# Fuzzes the byte-level code of dwh.id_set (receive, text input, deserialisation, every operator, the aggregates' state) with
# libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer. Called by `make fuzz`; needs clang with its runtime and
# libroaring, no server. Works in a scratch folder; new inputs that reach new code are left in $DWH_FUZZ_CORPUS if set.
#
# DWH_FUZZ_RUNS (default 1000000): inputs to try. DWH_FUZZ_SEED (default 893). A failing input is kept in /tmp and named.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd -P)
src=$here/../../src
runs=${DWH_FUZZ_RUNS:-1000000}

clang=
for c in ${CC_FUZZ:-clang clang-19 clang-18 clang-17 clang-16 clang-15 clang-14}; do
	command -v "$c" >/dev/null && { clang=$c; break; }
done
[ -n "$clang" ] || { echo "make fuzz: clang is missing (Debian: clang libclang-rt-14-dev)" >&2; exit 1; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# comparisons are not traced: it costs half the speed, and the corpus knows the cookies
"$clang" -std=gnu99 -g -O2 -fno-omit-frame-pointer -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
	-fno-sanitize-coverage=trace-cmp \
	-DDWH_NO_CLONES -I"$here/shim" -I"$src" -o "$scratch/fuzz" \
	"$here/fuzz_id_set.c" "$src"/aggregate/id_set_{bytes,algebra,text,state}.c -lroaring ||
	{ echo "make fuzz: cannot build (Debian: clang libclang-rt-14-dev libroaring-dev)" >&2; exit 1; }

mkdir "$scratch/new"
[ -z "${DWH_FUZZ_CORPUS:-}" ] || { mkdir -p "$DWH_FUZZ_CORPUS"; ln -sfn "$(cd "$DWH_FUZZ_CORPUS" && pwd -P)" "$scratch/kept"; }
corpus=$scratch/new
[ -z "${DWH_FUZZ_CORPUS:-}" ] || corpus=$scratch/kept
cd "$scratch"
# everything is freed after each input: nothing to quarantine for long, no leak to look for, and giving pages back to the kernel each
# time would cost seconds on some machines
ASAN_OPTIONS=quarantine_size_mb=4:allocator_release_to_os_interval_ms=-1:detect_leaks=0 ./fuzz -runs="$runs" -seed="${DWH_FUZZ_SEED:-893}" -max_len=200 -detect_leaks=0 -timeout=10 -rss_limit_mb=4096 -print_final_stats=1 \
	-verbosity=1 -artifact_prefix="${TMPDIR:-/tmp}/id_set-" "$corpus" "$here/corpus" 2>"$scratch/log" || {
	tail -60 "$scratch/log" >&2
	echo "fuzz: failed" >&2
	exit 1
}
grep -E '^stat::(number_of_executed_units|average_exec_per_sec|peak_rss_mb)|^INFO: seed corpus' "$scratch/log" || true
echo "fuzz: $runs inputs, no crash, no sanitizer report"

#!/usr/bin/env bash
# run.sh SECONDS [TARGET…]: runs the seeds of each target, then fuzzes it for so long. Stops at the first finding, whose input stays in build/fuzz.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=${LETHE_FUZZ_BUILD:-$here/../../build/fuzz}
seconds=${1:?"run.sh SECONDS [TARGET…]"}
shift
[ $# -gt 0 ] || set -- safetensors config data chat_template tokenizer_json tokenizer_model
export ASAN_OPTIONS=${ASAN_OPTIONS:-allocator_may_return_null=1:detect_stack_use_after_return=0}
for target in "$@"; do
    program=$build/tests/fuzz/fuzz_$target
    [ -x "$program" ] || program=$build/bin/fuzz_$target
    limits=(-timeout=20 -rss_limit_mb=1500 -max_len=8192 -print_final_stats=1 "-artifact_prefix=$build/$target-")
    echo "== $target: seeds" >&2
    "$program" "${limits[@]}" -runs=0 "$here/corpus/$target"
    [ "$seconds" -gt 0 ] || continue
    mkdir -p "$build/corpus/$target"
    echo "== $target: $seconds s" >&2
    "$program" "${limits[@]}" -max_total_time="$seconds" "-dict=$here/$target.dict" "$build/corpus/$target" "$here/corpus/$target"
done

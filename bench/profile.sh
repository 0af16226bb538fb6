#!/usr/bin/env bash
# Instructions of an operation, layer by layer: one side of a case under callgrind.
# Usage: bench/profile.sh [CASE] [--other-side] [--duration MS]; for all functions see the file that it names.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

case=async-512
if (($# > 0)) && [[ $1 != --* ]]; then
    case=$1
    shift
fi
command -v valgrind >/dev/null || {
    echo "profile.sh: valgrind is not installed" >&2
    exit 2
}
dir=build/profile
out=$dir/callgrind.$case

# The release build with line tables: code that is inlined counts for the file that it was written in.
cmake --preset release -B $dir -DCMAKE_CXX_FLAGS_RELEASE="-O2 -DNDEBUG -g" >/dev/null
cmake --build $dir --target redoubt-bench -j "${JOBS:-2}" >/dev/null
said=$(valgrind --quiet --tool=callgrind --instr-atstart=no --callgrind-out-file="$out" \
    $dir/bench/redoubt-bench --profile "$case" --duration 3000 "$@")
echo "$said" | head -1
callgrind_annotate --threshold=100 --auto=no "$out" |
    awk -v operations="$(sed -n 's/^.*: \([0-9]*\) operations,.*/\1/p' <<<"$said")" -f bench/profile_layers.awk
echo "all functions: callgrind_annotate --auto=no $out"

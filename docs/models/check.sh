#!/usr/bin/env bash
# Checks reader_token.pml in every configuration of configurations.txt; `./dev model` calls it. Needs spin and gcc.
# One line each. Exit status 1: a violation where there must be none, a seeded bug that was not found, or a search
# that did not come to its end.
# check.sh [NAME...]: these only. SECONDS_MAX bounds one search (default 900), JOBS their number at a time (default 2).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=${MODEL_DIR:-$here/../../build/model}
mkdir -p "$work"
work=$(cd "$work" && pwd)
export here work SECONDS_MAX=${SECONDS_MAX:-900}

# check_one NAME EXPECTED FLAGS...: EXPECTED is `holds`, or `bug` for a seeded one that must be found.
check_one() {
    local name=$1 expected=$2 dir=$work/$1 start=$EPOCHREALTIME defines=("${@:3}") states errors verdict level=-O1
    [[ $expected == holds ]] || level=-O0 # the compiler takes longer than the search
    rm -rf "$dir" && mkdir -p "$dir" && cd "$dir"
    if ! spin "${defines[@]}" -a "$here/reader_token.pml" >spin.log 2>&1 ||
        ! gcc $level -w -DSAFETY -DCOLLAPSE -DVECTORSZ=1024 -o pan pan.c >gcc.log 2>&1; then
        printf '%-24s could not be built: see %s\n' "$name" "$dir"
        return 1
    fi
    timeout "$SECONDS_MAX" ./pan -m1000000 -w24 >pan.log 2>&1 || true
    states=$(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' pan.log)
    errors=$(sed -n 's/.*errors: \([0-9]*\)$/\1/p' pan.log)
    if [[ -z $errors ]] || { [[ $errors == 0 ]] && grep -q 'Search not completed\|max search depth too small' pan.log; }; then
        verdict="NOT COMPLETE"
    elif [[ $expected == bug ]]; then
        if [[ $errors == 0 ]]; then verdict="THE SEEDED BUG WAS NOT FOUND"; else verdict="found"; fi
    elif [[ $errors == 0 ]]; then
        verdict="holds"
    else
        verdict="VIOLATED: $(sed -n 's/^pan:[0-9]*: //p' pan.log | head -n 1); trace: spin ${defines[*]} -t -p $here/reader_token.pml in $dir"
    fi
    printf '%-24s %12s states %6.1f s  %s\n' "$name" "${states:-?}" \
        "$(awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { print b - a }')" "$verdict"
    [[ $verdict == holds || $verdict == found ]]
}
export -f check_one

chosen() {
    sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$here/configurations.txt" | while read -r name rest; do
        if (($# == 0)) || [[ " $* " == *" $name "* ]]; then echo "$name $rest"; fi
    done
}
list=$(chosen "$@")
if [[ -z $list ]]; then
    echo "check.sh: no such configuration" >&2
    exit 2
fi
xargs -P "${JOBS:-2}" -L 1 bash -c 'check_one "$@"' _ <<<"$list" || {
    echo "model: not every configuration came out as it must" >&2
    exit 1
}

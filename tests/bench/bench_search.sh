#!/usr/bin/env bash
# How long searches in a case take: cold (root only: the page cache is emptied first) and warm, the best of RUNS (default 3).
# Usage: tests/bench/bench_search.sh CASE [QUERY...]
# CONSTAT: the program (default build/release/constat). bench_case.c makes cases of any size.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
constat=${CONSTAT:-$root/build/release/constat}
case=${1:?usage: bench_search.sh CASE [QUERY...]}
shift
[ $# -gt 0 ] || set -- 'nosuchword' 'mimikatz' 'powershell*enc' 'administrator' 'code:4688' 'user:administrator' \
    'source.ip:10.0.0.0/8' 'action:log-clear' 'host:nosuchhost' 'time:2020-03-04 logon' 'привет'

# Wall and processor seconds of one run, how many rows, and how many segments were passed over.
measure() { # query
    local log
    log=$({ TIMEFORMAT='%R %U %S'; time "$constat" search --case "$case" --no-color "$@" -o /dev/null 2>&1; } 2>&1)
    awk '/^Search/ { rows = $2; over = $4; of = $6 } END { printf "%s %.2f %s %s/%s\n", $1, $2 + $3, rows, over, of }' <<<"$log"
}

printf '%-44s %8s %8s %8s %10s  %s\n' query cold warm cpu rows 'segments passed over'
for query; do
    cold=-
    if [ -w /proc/sys/vm/drop_caches ]; then
        sync
        echo 3 >/proc/sys/vm/drop_caches
        cold=$(measure "$query" | cut -d ' ' -f 1)
    fi
    best=$(for ((i = 0; i < ${RUNS:-3}; i++)); do measure "$query"; done | sort -n | head -n 1)
    read -r wall cpu rows over <<<"$best"
    printf '%-44s %8s %8s %8s %10s  %s\n' "$query" "$cold" "$wall" "$cpu" "$rows" "$over"
    [ -z "${LIMIT:-}" ] || printf '%-44s %8s %8s\n' "  the first $LIMIT" '' "$(measure "$query" --limit "$LIMIT" | cut -d ' ' -f 1)"
done

#!/bin/bash
# Speed of `constat dump --format evtx-jsonl` against evtx_dump, one thread each, on at least 1 GB of used chunk bytes.
#
#   bench_evtx.sh WORK-DIR [SOURCE-DIR…]      makes the copies in WORK-DIR when they are not there, then measures
#
# Two forms: "files", the thousands of files as they are, and "one", all their chunks in one file. evtx_dump takes one file a process
# and no folder, so that in the first form half of its time is starting processes; the second is the form most favourable to it.
# Environment: CONSTAT (default: constat), EVTX_DUMP (default: evtx_dump), CONSTAT_SHARED (default: ../shared beside the repository),
# RUNS (default 5), COPIES (default 9). BENCH=reference measures evtx_dump alone. See README.md.
set -euo pipefail
export LC_ALL=C

if [ $# -lt 1 ]; then
    sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
work=$1
shift
here=$(cd "$(dirname "$0")" && pwd)
shared=${CONSTAT_SHARED:-$here/../../../shared}
constat=${CONSTAT:-constat}
evtx_dump=${EVTX_DUMP:-evtx_dump}
runs=${RUNS:-5}
copies=${COPIES:-9}
bench=${BENCH:-both}

need() {
    command -v "$1" >/dev/null || { echo "bench_evtx: $1 not found (see README.md)" >&2; exit 2; }
}
need /usr/bin/time
need "$evtx_dump"
[ "$bench" = reference ] || need "$constat"

if [ ! -f "$work/copies.txt" ]; then
    [ $# -gt 0 ] || { echo "bench_evtx: no copies in $work, and no SOURCE-DIR to make them from" >&2; exit 2; }
    [ -f "$shared/tools/evtx_copies.py" ] || { echo "bench_evtx: no $shared/tools/evtx_copies.py; set CONSTAT_SHARED" >&2; exit 2; }
    mkdir -p "$work"
    python3 "$shared/tools/evtx_copies.py" "$work/copies" "$copies" "$@" > "$work/copies.txt.new"
    mv "$work/copies.txt.new" "$work/copies.txt"
    rm -f "$work/one/all.evtx"
fi
find "$work/copies" -type f -name '*.evtx' -print0 | sort -z > "$work/files.nul"
if [ ! -f "$work/one/all.evtx" ]; then
    mkdir -p "$work/one"
    python3 - "$work/files.nul" "$work/one/all.evtx.new" <<'PYTHON'
import sys
names = [name for name in open(sys.argv[1], "rb").read().split(b"\0") if name]
with open(sys.argv[2], "wb") as out:
    for i, name in enumerate(names):
        data = open(name, "rb").read()
        if i == 0:
            out.write(data[:4096])
        for at in range(4096, len(data) - 65535, 65536):
            if data[at:at + 8] == b"ElfChnk\0":
                out.write(data[at:at + 65536])
PYTHON
    mv "$work/one/all.evtx.new" "$work/one/all.evtx"
fi
echo "copies: $(cat "$work/copies.txt"); in one file: $(stat -c %s "$work/one/all.evtx") bytes"
used=$(sed -n 's/.* \([0-9]*\) MB used.*/\1/p' "$work/copies.txt")
[ "$used" -ge 1000 ] || echo "bench_evtx: only $used MB used, less than 1 GB: raise COPIES" >&2
{ xargs -0 cat < "$work/files.nul"; cat "$work/one/all.evtx"; } > /dev/null      # warm: the page cache holds all before the first run

# timed NAME COMMAND…: appends "wall cpu" in seconds to WORK-DIR/NAME.times. Exit code 1 of constat is "done, some bytes of damaged
# files were not readable", 123 of xargs the same for evtx_dump.
timed() {
    local name=$1 code=0
    shift
    /usr/bin/time -f '%e %U %S' -o "$work/one.time" "$@" > /dev/null 2> "$work/$name.stderr" || code=$?
    case $name:$code in
        *:0 | constat-*:1 | evtx_dump-files:123) ;;
        *) echo "bench_evtx: $name: exit code $code" >&2; tail -n 3 "$work/$name.stderr" >&2; exit 1 ;;
    esac
    awk '/^[0-9.]+ [0-9.]+ [0-9.]+$/ { printf "%.2f %.2f\n", $1, $2 + $3 }' "$work/one.time" >> "$work/$name.times"
}

# A program that prints less is not faster: constat must give every record of the copies, before anything is timed. (evtx_dump also
# prints what follows damage, as live: accepted.json, evtx-dump-after-damage.)
records=$(sed -n 's/.* \([0-9]*\) records.*/\1/p' "$work/copies.txt")
if [ "$bench" != reference ]; then
    for form in copies one/all.evtx; do
        ours=$({ "$constat" dump --format evtx-jsonl --workers 1 "$work/$form" 2> /dev/null || true; } | wc -l)
        echo "records in $form: constat $ours of $records"
        [ "$ours" -eq "$records" ] || { echo "bench_evtx: constat does not give the records there are; not measured" >&2; exit 1; }
    done
fi

rm -f "$work"/*.times
for ((run = 0; run < runs; run++)); do
    [ "$bench" = reference ] || timed constat-files "$constat" dump --format evtx-jsonl --workers 1 "$work/copies"
    timed evtx_dump-files xargs -0 -n1 "$evtx_dump" -o jsonl -t 1 -- < "$work/files.nul"
    [ "$bench" = reference ] || timed constat-one "$constat" dump --format evtx-jsonl --workers 1 "$work/one/all.evtx"
    timed evtx_dump-one "$evtx_dump" -o jsonl -t 1 -- "$work/one/all.evtx"
done

echo "$runs runs, alternating, output to /dev/null, MB/s of used chunk bytes:"
python3 - "$work" "$used" <<'PYTHON'
import os
import statistics
import sys
work, used = sys.argv[1], float(sys.argv[2])
for form in ("files", "one"):
    medians = {}
    for program in ("constat", "evtx_dump"):
        path = os.path.join(work, "%s-%s.times" % (program, form))
        if not os.path.exists(path):
            continue
        wall, cpu = zip(*[tuple(map(float, line.split())) for line in open(path)])
        medians[program] = (min(wall), statistics.median(wall), min(cpu), statistics.median(cpu))
        print("%-6s %-10s wall min %6.2f median %6.2f s (%6.1f MB/s)   cpu min %6.2f median %6.2f s (%6.1f MB/s)" % (
            (form, program) + medians[program][:2] + (used / medians[program][1],) + medians[program][2:] + (used / medians[program][3],)))
    if len(medians) == 2:
        ratios = tuple(theirs / ours for ours, theirs in zip(medians["constat"], medians["evtx_dump"]))
        print("%-6s ratio evtx_dump/constat, above 1 constat is faster: wall min %.2f median %.2f, cpu min %.2f median %.2f" % ((form,) + ratios))
PYTHON

#!/bin/sh
# However the evidence came into a case, the content is the same: in two steps, split at random; in runs that were
# killed at random moments. CONSTAT_SPLITS and CONSTAT_KILLS: how often (default 6 and 12); CONSTAT_SEED.
. "$CONSTAT_SOURCE/tests/cli/common"
splits=${CONSTAT_SPLITS:-6}
kills=${CONSTAT_KILLS:-12}
seed=${CONSTAT_SEED:-1}

random() { # below: the next number, in $number
    seed=$(((seed * 1103515245 + 12345) % 2147483648))
    number=$((seed / 65536 % $1))
}

content_of() { # case
    constat investigate -q all --case "$1" --json 2>err | sed -n 's/.*"content":"\([0-9a-f]*\)".*/\1/p'
}

add() { # evidence case
    constat investigate -q "$1" --case "$2" 2>err || [ $? -eq 1 ] || fail "investigate $1"
}

same_as_undisturbed() { # case
    [ "$(content_of "$1")" = "$content" ] || fail "the content differs: $what"
    constat timeline -q --case "$1" -t jsonl >rows
    same undisturbed rows
    expect 0 "$CONSTAT" verify -q --case "$1"
}

# Files, twins of some, an archive, members of which are twins as well.
mkdir all all/copies
cp "$logs"/*.evtx all
cp -r "$court/evidence/windows/FS01" all
cp "$logs/Security.evtx" all/copies
archive=$CONSTAT_SHARED/evidence/evtx-attack-samples.tar.zst
if [ -f "$archive" ]; then
    cp "$archive" all
else
    echo "small evidence only: $archive is not there (CONSTAT_SHARED)"
fi
tar cf all/copies/logs.tar -C "$logs" .
content=$(content_of whole)
[ ${#content} -eq 64 ] || fail 'no content'
constat timeline -q --case whole -t jsonl >undisturbed
(cd all && find . -type f | sort) >files

for split in $(seq "$splits"); do
    what="split $split"
    rm -rf case later
    mkdir later
    : >moved
    while read -r file; do
        random 2
        if [ "$number" -eq 0 ]; then
            mkdir -p "later/$(dirname "$file")"
            mv "all/$file" "later/$file"
            echo "$file" >>moved
        fi
    done <files
    what="$what, later: $(tr '\n' ' ' <moved)"
    add all case
    while read -r file; do
        mv "later/$file" "all/$file"
    done <moved
    add all case
    same_as_undisturbed case
done

# As long as a run takes, in milliseconds.
start=$(date +%s%N)
add all timed
took=$((($(date +%s%N) - start) / 1000000))
landed=0
rm -rf case
for kill in $(seq "$kills"); do
    random "$took"
    what="kill $kill after $number ms"
    "$CONSTAT" investigate --knowledge "$CONSTAT_SOURCE/knowledge" -q all --case case >out 2>err &
    program=$!
    sleep "$(printf '%d.%03d' $((number / 1000)) $((number % 1000)))"
    random 3
    if [ "$number" -eq 0 ]; then signal=INT; else signal=KILL; fi
    kill -$signal $program 2>/dev/null && landed=$((landed + 1))
    wait $program || true
    # Every third case is completed; the others are killed again.
    random 3
    if [ "$number" -eq 0 ] || [ "$kill" -eq "$kills" ]; then
        same_as_undisturbed case
        rm -rf case
    fi
done
[ "$landed" -gt 0 ] || fail 'no run was killed'
echo "$splits splits, $landed of $kills runs killed"

#!/bin/sh
# The same on the shared collection of real Windows event logs.
. "$CONSTAT_SOURCE/tests/cli/common"
archive=$CONSTAT_SHARED/evidence/evtx-attack-samples.tar.zst
if [ ! -f "$archive" ]; then
    echo "skipped: $archive is not there (CONSTAT_SHARED)"
    exit 77
fi

mkdir logs
zstd -dc --long=27 "$archive" | tar xf - -C logs
cd logs
find . -name '*.evtx' | sort >../files
[ "$(lines ../files)" -gt 100 ] || fail 'few logs in the archive'
for format in csv jsonl; do
    constat timeline -q --workers 1 -t $format . >../one 2>../err || [ $? -eq 1 ] || fail "$format"
    for workers in 2 7; do
        constat timeline -q --workers $workers -t $format . >../more 2>../err || [ $? -eq 1 ] || fail "$format"
        same ../one ../more
    done
    # Named one by one, backwards.
    sort -r ../files | tr '\n' '\0' | xargs -0 "$CONSTAT" timeline --knowledge "$CONSTAT_SOURCE/knowledge" -q -t $format \
        >../more 2>../err || [ $? -eq 123 ] || fail "$format, named backwards"
    same ../one ../more
    [ "$(wc -l <../one)" -gt 5000 ] || fail 'few events'
done

#!/bin/sh
# Same input, same bytes: whatever the number of workers and the order of what is named.
. "$CONSTAT_SOURCE/tests/cli/common"

check() { # format evidence… : one worker is the measure
    format=$1
    shift
    constat timeline -q --workers 1 -t "$format" "$@" >one 2>err || [ $? -eq 1 ] || fail "$format"
    [ -s one ] || fail "no output as $format"
    for workers in 2 7; do
        constat timeline -q --workers $workers -t "$format" "$@" >more 2>err || [ $? -eq 1 ] || fail "$format"
        same one more
    done
}

for format in csv jsonl timesketch l2tcsv bodyfile; do
    check $format "$court"
done
constat timeline -q -t jsonl "$court" >forward
constat timeline -q -t jsonl "$court/evidence/zeek" "$court/evidence/windows" "$court/context" "$court/evidence/windows" \
    "$court" >permuted
same forward permuted

# Copies, so that twins must be chosen.
mkdir twins
cp "$logs"/*.evtx twins/
mkdir twins/again
cp "$logs"/*.evtx twins/again/
constat timeline -q -t jsonl twins twins/again >forward
constat timeline -q -t jsonl --workers 7 twins/again twins >permuted
same forward permuted
[ "$(lines forward)" -eq "$(constat timeline -q -t jsonl "$logs" | wc -l)" ] || fail 'copies are counted'
[ "$(grep -c '"twins":\[{"item":"twins/again/' forward)" -eq "$(lines forward)" ] || fail 'copies are not listed'

for format in jsonl evtx-jsonl; do
    constat dump -q --workers 1 -t $format "$court" >one
    constat dump -q --workers 7 -t $format "$court" >more
    same one more
done

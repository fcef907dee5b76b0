#!/bin/sh
# The timeline of a case is that of its evidence, however it came in.
. "$CONSTAT_SOURCE/tests/cli/common"

cp -r "$court/evidence/windows" evidence
mkdir copies
cp evidence/RDS01/Security.evtx copies/again.evtx
expect 0 constat investigate -q copies evidence/MGT01 --case case
expect 0 constat investigate -q evidence --case case
for format in csv jsonl timesketch l2tcsv bodyfile; do
    constat timeline -q -t $format evidence copies >wanted
    expect 0 constat timeline -q -t $format --case case
    same out wanted
done
constat timeline -q --from 2026-05-27 --to 2026-05-28 evidence copies >wanted
expect 0 constat timeline -q --from 2026-05-27 --to 2026-05-28 --case case
same out wanted
expect 0 constat timeline --case case -o timeline.csv
says "$(($(lines timeline.csv) - 1)) events"

expect 2 constat timeline --case case evidence
says 'either evidence is read, or the case'
expect 2 constat timeline --case case --recover
says '--recover is for evidence'
expect 2 constat timeline --case evidence
says 'there is no case in evidence'

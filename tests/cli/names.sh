#!/bin/sh
# File names are evidence too: hostile ones harm neither terminal nor spreadsheet, and none is lost.
. "$CONSTAT_SOURCE/tests/cli/common"

mkdir names
raw=$(printf 'caf\351')
cp "$sysmon" "names/$raw.evtx"
cp "$sysmon" "names/=cmd.evtx"
cp "$sysmon" "names/$(printf 'line\nbreak').evtx"
cp "$sysmon" "names/$(printf 'esc\033[2Jape').evtx"
cp "$sysmon" "names/$(printf 'rtl\342\200\256cod').evtx"
cp "$sysmon" 'names/quo"te,comma.evtx'
cp "$sysmon" names/-dash.evtx
count=$(find names -type f -exec printf 'x' ';' | wc -c)
[ "$count" -eq 7 ] || fail 'names were not made'
one=$(constat dump -q "$sysmon" | wc -l)

# All are read; the same records are counted once, and all places are listed.
cd names
expect 0 constat timeline -t jsonl .
[ "$(lines out)" -eq "$one" ] || fail 'twins in files with strange names'
head -n 1 out | grep -qF '{"bytes":"' || fail 'the name that is not UTF-8 is not exact'
head -n 1 out | grep -qF 'line\nbreak.evtx"' || fail 'line break'
head -n 1 out | grep -qiF 'esc\u001b[2Jape.evtx"' || fail 'escape'
[ "$(head -n 1 out | grep -o '"offset":' | wc -l)" -eq "$count" ] || fail 'places of the twins'

# Each by itself, in every format.
rm -f out err # they are no evidence
for file in *; do
    for format in csv timesketch l2tcsv bodyfile jsonl; do
        constat timeline -q -t $format "./$file" >../out 2>../err || fail "$format of a strange name"
        cat ../out ../err >../both
        [ "$(tr -d '\n' <../both | tr -d '[:print:]\200-\377' | wc -c)" -eq 0 ] || fail "control bytes in $format"
        rows=$(wc -l <../out)
        [ $((rows - one)) -le 1 ] || fail "$format: $rows lines for $one events"
    done
    constat dump -q -- "$file" >../out
    [ "$(wc -l <../out)" -eq "$one" ] || fail 'dump of a strange name'
done
constat timeline -q -- '=cmd.evtx' >../out
grep -q ",'=cmd.evtx," ../out || fail 'formula in a file name'
constat timeline -q -- -dash.evtx >../out
grep -q ",'-dash.evtx," ../out || fail 'formula in a file name that begins with a dash'
cd ..

# Messages are harmless too.
mkdir "$(printf 'evil\033[31m')"
echo unknown >"$(printf 'evil\033[31m')/$(printf 'a\nconstat: all is well')"
expect 0 constat timeline "$(printf 'evil\033[31m')"
! grep -q "$(printf '\033')" err || fail 'a terminal code in a message'
! grep -q '^constat: all is well' err || fail 'a file name that makes a message'
says 'evil\x1b[31m/a\nconstat: all is well: not read'

# Links: a named one is followed, one on the way is not, a loop does no harm.
mkdir tree
cp "$sysmon" tree/real.evtx
ln -s real.evtx tree/link.evtx
ln -s . tree/loop
ln -s ../tree tree/up
ln -s /nonexistent tree/dangling
mkfifo tree/pipe
expect 0 constat dump tree
[ "$(lines out)" -eq "$one" ] || fail 'links'
says 'tree/link.evtx'
says 'tree/loop'
says 'tree/pipe'
expect 0 constat dump -q tree/link.evtx
[ "$(lines out)" -eq "$one" ] || fail 'a named link'
expect 0 constat dump -q tree tree/real.evtx ./tree
[ "$(lines out)" -eq "$one" ] || fail 'the same file named three times'

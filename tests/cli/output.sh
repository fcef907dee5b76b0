#!/bin/sh
# Where data goes: files complete or not at all, nothing overwritten unasked, every failed write told.
. "$CONSTAT_SOURCE/tests/cli/common"

constat timeline -q "$sysmon" >expected
[ "$(lines expected)" -gt 10 ] || fail 'little data'

# A file, and the refusal to overwrite it.
expect 0 constat timeline -q "$sysmon" -o result.csv
[ ! -s out ] || fail 'data on standard output beside -o'
same result.csv expected
[ ! -e result.csv.part ] || fail 'the unfinished file stays'
echo precious >kept.csv
expect 2 constat timeline "$sysmon" -o kept.csv
says 'kept.csv exists; --force overwrites it'
[ "$(cat kept.csv)" = precious ] || fail 'overwritten unasked'
expect 0 constat timeline -q "$sysmon" -o kept.csv --force
same kept.csv expected
echo stale >new.csv.part
expect 2 constat timeline "$sysmon" -o new.csv
says 'new.csv.part exists'
expect 0 constat timeline -q "$sysmon" -o new.csv -C
same new.csv expected

# A link stays a link; "-" is standard output; a missing folder is told.
echo old >target.csv
ln -s target.csv link.csv
expect 0 constat timeline -q "$sysmon" -o link.csv --force
[ -L link.csv ] || fail 'the link was replaced'
same target.csv expected
expect 0 constat timeline -q "$sysmon" -o -
same out expected
expect 2 constat timeline "$sysmon" -o nowhere/result.csv
says 'nowhere/result.csv'
mkdir folder
expect 2 constat timeline "$sysmon" -o folder
says 'is a folder'
expect 2 constat timeline -t timesketch "$sysmon" -o result.txt
says 'ends in .csv'
expect 0 constat timeline -q -t timesketch "$sysmon" -o -

# Devices and pipes are written as they stand.
expect 0 constat timeline -q "$sysmon" -o /dev/null
[ -c /dev/null ] || fail '/dev/null was replaced'
mkfifo pipe
cat pipe >from-pipe &
expect 0 constat timeline -q "$sysmon" -o pipe
wait
same from-pipe expected

# A full disk and a closed pipe are failures with a reason.
if [ -c /dev/full ]; then
    for command in timeline dump; do
        status=0
        constat $command -q "$sysmon" >/dev/full 2>err || status=$?
        [ $status -eq 2 ] || fail "$command > /dev/full: exit code $status"
        says 'No space left on device'
    done
    expect 2 constat timeline -q "$sysmon" -o /dev/full
    says 'No space left on device'
    status=0
    "$CONSTAT" --help >/dev/full 2>err || status=$?
    [ $status -eq 2 ] || fail "--help > /dev/full: exit code $status"
else
    echo 'no /dev/full here: the full disk was not tried'
fi
mkfifo go
for command in timeline dump; do
    {
        read -r word <go # the reader has left
        status=0
        constat $command -q "$sysmon" 2>err || status=$?
        echo $status >status
    } | {
        exec <&-
        echo left >go
    }
    [ "$(cat status)" -eq 2 ] || fail "$command, closed pipe: exit code $(cat status)"
    says 'the reader has closed it'
done
constat dump -q "$logs" 2>err | head -n 1 >first
[ "$(lines first)" -eq 1 ] || fail 'the first line of a pipe'
status=0
constat timeline -q "$sysmon" >&- 2>err || status=$?
[ $status -eq 2 ] || fail "closed standard output: exit code $status"
says 'standard output'

# Evidence is not read while it is written, and never replaced.
mkdir case
cp "$sysmon" case/a.evtx
(cd case && constat timeline . >all.csv 2>../err)
says 'all.csv: is the output; not read'
[ "$(lines case/all.csv)" -eq "$(lines expected)" ] || fail 'the output among the evidence changes the result'
expect 0 constat timeline -q case/a.evtx -o case/new.csv
expect 2 constat timeline case -o case/a.evtx --force
says 'is evidence of this run and will not be overwritten'
same case/a.evtx "$sysmon"

# Nor is evidence that stands, by any name, where the unfinished file has to be.
mkdir parts
cp "$sysmon" parts/x.csv.part
expect 2 constat timeline parts -o parts/x.csv --force
says 'is evidence of this run and will not be overwritten'
same parts/x.csv.part "$sysmon"
ln case/a.evtx y.csv.part
expect 2 constat timeline case -o y.csv --force
same case/a.evtx "$sysmon"
expect 0 constat timeline -q "$sysmon" -o y.csv --force
same y.csv expected
same case/a.evtx "$sysmon"
ln -s case/a.evtx z.csv.part
expect 2 constat timeline "$sysmon" -o z.csv --force
says 'z.csv.part exists and is not a file'

# A run that could read nothing leaves an older result alone.
expect 2 constat timeline missing.evtx -o kept.csv --force
same kept.csv expected
expect 2 constat timeline missing.evtx -o never.csv
[ ! -e never.csv ] && [ ! -e never.csv.part ] || fail 'a result of nothing'

#!/bin/sh
# 0 done, 1 done with damage (each named), 2 could not, 3 interrupted.
. "$CONSTAT_SOURCE/tests/cli/common"

# Fine, and what is only worth a note.
expect 0 constat timeline "$logs"
expect 0 constat dump "$sysmon"
mkdir mixed
cp "$sysmon" mixed/
echo 'nothing that anybody knows' >mixed/unknown.txt
: >mixed/empty.evtx
expect 0 constat timeline mixed
says 'mixed/unknown.txt: not read: no known format'
says 'mixed/empty.evtx: '
[ "$(lines out)" -gt 10 ] || fail 'a strange file hides the others'
expect 0 constat timeline mixed/unknown.txt
expect 0 constat dump -t evtx-jsonl mixed
mkdir nothing
expect 0 constat timeline nothing
says 'there are no files in the evidence'

# Damage: the rest is still there, and the place is named.
cp "$sysmon" damaged.evtx
printf 'XXXXXXXX' | dd of=damaged.evtx bs=1 seek=4096 conv=notrunc 2>/dev/null
expect 1 constat timeline damaged.evtx
says 'damaged.evtx: byte 4096: '
expect 1 constat dump -q damaged.evtx "$sysmon"
says 'damaged.evtx: byte 4096: '
[ "$(lines out)" -ge "$(constat dump -q "$sysmon" | wc -l)" ] || fail 'damage in one file hides another'
size=$(wc -c <"$sysmon")
head -c $((size - 30000)) "$sysmon" >short.evtx
expect 1 constat timeline -q short.evtx
says 'short.evtx: byte '

# Evidence that is not there: all of it, a part of it.
expect 2 constat timeline missing.evtx
says 'missing.evtx'
says 'nothing of the evidence could be read'
expect 1 constat timeline -q missing.evtx "$sysmon"
says 'missing.evtx'
[ "$(lines out)" -gt 10 ] || fail 'a missing file hides the others'

# A file that may not be read. root may read everything and becomes somebody else for this.
cp "$sysmon" secret.evtx
chmod 000 secret.evtx
as_user=
if [ "$(id -u)" -eq 0 ]; then
    chmod 755 .
    as_user='setpriv --reuid=65534 --regid=65534 --clear-groups'
    cp "$CONSTAT" ./program && chmod 755 program
    cp -r "$CONSTAT_SOURCE/knowledge" tables && chmod -R a+rX tables
fi
if [ -z "$as_user" ]; then
    expect 2 constat timeline secret.evtx
    says 'secret.evtx'
elif $as_user ./program --version >/dev/null 2>&1; then
    expect 2 $as_user ./program timeline --knowledge tables secret.evtx
    says 'secret.evtx'
    says 'Permission denied'
else
    echo 'this machine does not let root become somebody else: the unreadable file was not tried'
fi

# Interrupted while writing to a reader that does not read.
mkfifo pipe
sleep 20 <pipe &
reader=$!
for i in 1 2 3 4 5 6 7 8; do cp -r "$logs" "copy$i"; done
"$CONSTAT" dump --knowledge "$CONSTAT_SOURCE/knowledge" -q copy* >pipe 2>err &
program=$!
sleep 2
kill -TERM $program 2>/dev/null || fail 'the program did not wait for its reader'
status=0
wait $program || status=$?
kill $reader
[ $status -eq 3 ] || fail "interrupted: exit code $status"
says 'interrupted'

# Of a file that was interrupted nothing stays.
"$CONSTAT" timeline --knowledge "$CONSTAT_SOURCE/knowledge" -q -o result.csv copy* 2>err &
program=$!
until [ -e result.csv.part ]; do # no sleep: it must not be done before we look
    kill -0 $program 2>/dev/null || fail 'no unfinished file came'
done
kill -TERM $program 2>/dev/null || fail 'the program was done too soon'
status=0
wait $program || status=$?
[ $status -eq 3 ] || fail "interrupted, -o: exit code $status"
says 'interrupted'
[ ! -e result.csv ] && [ ! -e result.csv.part ] || fail 'an interrupted file stays'

#!/bin/sh
# Searching a case: what is found, in which shapes, page by page, and what is said of wrong queries.
. "$CONSTAT_SOURCE/tests/cli/common"

cp -r "$court/evidence/windows" evidence
mkdir copy
cp -r evidence/RDS01 copy/RDS01
expect 0 constat investigate -q evidence copy --case case
constat timeline -q -t jsonl evidence copy >whole

# Everything: the bytes of the timeline, and an id before each line.
expect 0 constat search -q --case case -t jsonl '*'
sed 's/^{"id":"[0-9a-f]\{32\}-[0-9]*",/{/' out >without
same without whole
grep -q '"twins":\[{"item":"evidence/RDS01/' out || grep -q '"twins":\[{"item":"copy/RDS01/' out || fail 'no twins in jsonl'
cp out all
for format in csv timesketch l2tcsv bodyfile; do
    expect 0 constat search -q --case case -t $format '*'
    cp out found
    constat timeline -q -t $format evidence copy >wanted
    same found wanted
done

# A word, a field, operators: as grep finds them in the lines, whose fields hold all values.
count() { # query
    constat search -q --case case -t jsonl "$@" | wc -l
}
grep -ci 'lsass' all >wanted || true
[ "$(count lsass)" -eq "$(cat wanted)" ] || fail 'a word'
grep -c '"event.action":"logon"' all >wanted
[ "$(cat wanted)" -gt 0 ] || fail 'nothing to find'
[ "$(count action:logon)" -eq "$(cat wanted)" ] || fail 'action'
[ "$(count ACTION:Logon)" -eq "$(cat wanted)" ] || fail 'case'
[ "$(count NOT action:logon)" -eq $(($(lines all) - $(cat wanted))) ] || fail NOT
[ "$(count action:logon OR NOT action:logon)" -eq "$(lines all)" ] || fail OR
[ "$(count action:logon AND NOT action:logon)" -eq 0 ] || fail AND
[ "$(count 'action:(logon OR nothing)')" -eq "$(cat wanted)" ] || fail group
[ "$(count action:logon code:4624)" -eq "$(count 'action:logon AND EventID:0x1210')" ] || fail numbers
[ "$(count 'host:rds01*')" -eq "$(grep -c '"host.name":"rds01' all)" ] || fail host
[ "$(count 'item:*Security.jsonl')" -eq "$(grep -c 'Security.jsonl","offset' all)" ] || fail item
day=$(sed -n '1s/.*"datetime":"\(..........\)T.*/\1/p' all)
[ "$(count "time:$day")" -eq "$(grep -c "\"datetime\":\"$day" all)" ] || fail time
[ "$(count --to "$day" '*')" -eq 0 ] || fail --to
[ "$(count --from "$day" "time:$day")" -eq "$(count "time:$day")" ] || fail --from

# The same bytes with any number of workers.
expect 0 constat search -q --case case --workers 1 -t jsonl 'logon OR code:1'
cp out one
expect 0 constat search -q --case case --workers 3 -t jsonl 'code:1 OR logon'
same out one

# Pages.
: >pages
set --
while :; do
    expect 0 constat search --case case -t jsonl --limit 100 "$@" '*'
    cat out >>pages
    id=$(sed -n 's/.*they follow with --after //p' err)
    [ -n "$id" ] || break
    [ "$(tail -n 1 out | cut -c 8-$((7 + ${#id})))" = "$id" ] || fail 'the id is not that of the last line'
    set -- --after "$id"
done
same pages all
expect 0 constat search -q --case case --limit 0 -t jsonl '*'
same out all

# A terminal gets the first thousand only.
if command -v script >/dev/null; then
    mkdir many
    i=0
    while [ $i -lt 1003 ]; do
        i=$((i + 1))
        printf '{"Event":{"System":{"Provider":{"#attributes":{"Name":"P"}},"EventID":1,"TimeCreated":{"#attributes":{"SystemTime":"2026-03-04T09:12:07.000000Z"}},'
        printf '"EventRecordID":%s,"Channel":"System","Computer":"PC"},"EventData":{"Number":"n%s"}}}\n' $i $i
    done >many/events.jsonl
    expect 0 constat investigate -q many --case many/case
    [ "$(constat search -q --case many/case '*' | wc -l)" -eq 1004 ] || fail 'all in a pipe'
    script -qec "'$CONSTAT' search --knowledge '$CONSTAT_SOURCE/knowledge' -q --case many/case '*'" /dev/null >shown </dev/null
    [ "$(lines shown)" -eq 1001 ] || fail "$(lines shown) lines on a terminal"
    script -qec "'$CONSTAT' search --knowledge '$CONSTAT_SOURCE/knowledge' -q --case many/case --limit 0 '*'" /dev/null >shown </dev/null
    [ "$(lines shown)" -eq 1004 ] || fail '--limit 0 on a terminal'
fi

# Output files.
expect 0 constat search --case case logon -o found.csv
says 'Search '
[ "$(head -c 8 found.csv)" = datetime ] || fail 'file'
expect 2 constat search --case case logon -o found.csv
says 'found.csv exists'
expect 0 constat search -q --case case logon -o found.csv --force
[ ! -s err ] || fail '-q is not quiet'
expect 2 constat search --case case logon -o case/case.sqlite --force
says 'is of the case and will not be overwritten'
expect 2 constat search --case case logon -t timesketch -o found.txt
says '.csv'

# What is wrong, and where.
expect 2 constat search logon
says '--case DIR is needed'
expect 2 constat search --case case
says 'no query given'
expect 2 constat search --case nowhere logon
says 'there is no case in nowhere'
expect 2 constat search --case case 'user:alice AND'
says 'query: character 15: a term was expected here'
expect 2 constat search --case case '"user'
says 'character 1: these quotes do not end'
expect 2 constat search --case case 'C:\Windows'
says 'quoted'
expect 2 constat search --case case --limit many logon
says '--limit'
expect 2 constat search --case case --after x logon
says 'is not the id of an event'
expect 2 constat search --case case --after 0123456789abcdef0123456789abcdef-7 logon
says 'no item of the case has'
[ ! -s out ] || fail 'data in spite of errors'
expect 0 constat search --case case 'alice and bob'
says 'operators are AND, OR, NOT in capitals'

# The case may stand where nothing can be written.
cp -r case fixed
chmod 500 fixed
chmod 400 fixed/case.sqlite
expect 0 constat search -q --case fixed -t jsonl '*'
same out all

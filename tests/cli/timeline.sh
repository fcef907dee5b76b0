#!/bin/sh
# What a timeline holds: columns, order, window, twins, what each format demands.
. "$CONSTAT_SOURCE/tests/cli/common"

expect 0 constat timeline -q "$logs"
[ "$(head -n 1 out)" = 'datetime,timestamp_desc,time_quality,message,host.name,user.name,event.action,source,item,offset,record_id,sha256' ] ||
    fail 'columns of csv'
sed 1d out >rows
cut -d , -f 1 rows >times
sort -c times || fail 'not in order of time'
! grep -qvE '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{7}Z$' times || fail 'times are not RFC 3339 with 7 decimals'
sum=$(sha256sum "$sysmon" | cut -d ' ' -f 1)
grep -qF ",$sysmon," rows || fail 'item'
grep -F ",$sysmon," rows | grep -qvE ",[0-9]+,[0-9]+,$sum\$" && fail 'offset, record id, hash'
grep -qF ',windows/sysmon,' rows || fail 'source'

# As many events as dump has, and the offsets of the records.
constat dump -q "$sysmon" >dumped
[ "$(grep -cF ",$sysmon," rows)" -eq "$(lines dumped)" ] || fail 'events of dump and timeline'
sed -n 's/.*"offset":\([0-9]*\).*/\1/p' dumped | sort >one
grep -F ",$sysmon," rows | sed 's/.*,\([0-9]*\),[0-9]*,[0-9a-f]*$/\1/' | sort >two
same one two

# jsonl has the same columns and more.
expect 0 constat timeline -q -t jsonl "$logs"
cp out shape
expect 0 constat timeline -q -t csv --json "$logs"
same out shape
[ "$(lines out)" -eq "$(lines rows)" ] || fail 'rows of csv and jsonl'
for key in datetime timestamp_desc time_quality message host.name user.name event.action source item offset record_id sha256 fields ecs; do
    [ "$(grep -cF "\"$key\":" out)" -eq "$(lines out)" ] || fail "jsonl without $key"
done
! grep -qF '"twins":' out || fail 'twins where there are none'

# The window: from inclusive, to exclusive; together with the rest it is everything.
middle=$(sed -n "$(($(lines times) / 2))p" times)
constat timeline -q --to "$middle" "$logs" | sed 1d >before
constat timeline -q --from "$middle" "$logs" | sed 1d >after
cat before after >both
same both rows
[ -s before ] && [ -s after ] || fail 'an empty half'
[ "$(head -n 1 after | cut -d , -f 1)" = "$middle" ] || fail '--from is inclusive'
constat dump -q --from "$middle" "$logs" >out
[ "$(lines out)" -eq "$(lines after)" ] || fail '--from of dump'
constat timeline -q --from 2026-05-27 --to 2026-05-28 "$logs" | sed 1d | cut -c 1-10 | sort -u >days
[ "$(cat days)" = 2026-05-27 ] || fail 'a day'

# The other shapes.
expect 0 constat timeline -q -t timesketch "$logs"
head -n 1 out | grep -q '^message,datetime,timestamp_desc,' || fail 'columns of timesketch'
sed 1d out | grep -qvE '[0-9]T[0-9:]{8}\.[0-9]{6}\+00:00,' && fail 'times of timesketch'
expect 0 constat timeline -q -t l2tcsv "$logs"
[ "$(head -n 1 out)" = 'date,time,timezone,MACB,source,sourcetype,type,user,host,short,desc,version,filename,inode,notes,format,extra' ] ||
    fail 'columns of l2tcsv'
sed 1d out | grep -qvE '^[0-9]{2}/[0-9]{2}/[0-9]{4},[0-9:]{8},UTC,[M.][A.][C.][B.],EVT,windows/' && fail 'rows of l2tcsv'
expect 0 constat timeline -q -t bodyfile "$logs"
awk -F '|' 'NF != 11 || $1 != "0" { bad = 1; print } END { exit bad }' out >bad || fail 'rows of bodyfile'

# The same record in two files is one event with two places; an altered copy stays beside it.
mkdir twins
cp "$sysmon" twins/a.evtx
cp "$sysmon" twins/b.evtx
expect 0 constat timeline -t jsonl twins
one=$(lines dumped)
[ "$(lines out)" -eq "$one" ] || fail 'a copy is counted'
says "$one more were the same records in other places"
[ "$(grep -cF '"item":"twins/a.evtx"' out)" -eq "$one" ] || fail 'the first place is not the first'
[ "$(grep -cF '"twins":[{"item":"twins/b.evtx","offset":' out)" -eq "$one" ] || fail 'the other place is not told'

# The host of an item that does not tell it: where it lies, else --host. Content goes first.
mkdir -p collected/linux/WS-9 collected/other
cp "$sysmon" collected/other/named.evtx
printf '{"EventID":7045,"Channel":"System","@timestamp":"2026-05-01T10:00:00Z"}\n' >collected/linux/WS-9/a.jsonl
cp collected/linux/WS-9/a.jsonl collected/other/b.jsonl
expect 0 constat timeline -q --host 'collected/*=GIVEN' --host 'other/*=LATER' collected
grep -F 'collected/linux/WS-9/a.jsonl' out | grep -q ',WS-9,' || fail 'the host of a folder is not taken'
grep -F 'collected/other/b.jsonl' out | grep -q ',GIVEN,' || fail '--host is not taken'
grep -F 'collected/other/named.evtx' out | grep -q ',GIVEN,' && fail '--host goes before content'
expect 2 constat timeline --host NAME collected
says 'is not GLOB=NAME'

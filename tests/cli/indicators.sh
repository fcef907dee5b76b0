#!/bin/sh
# Indicators of every format of feed: what is found, named, counted; the same for any number of workers.
. "$CONSTAT_SOURCE/tests/cli/common"

event() { # record id, second, command line (as JSON)
    printf '{"Event":{"System":{"Provider":{"#attributes":{"Name":"Microsoft-Windows-Security-Auditing"}},"EventID":4688,'
    printf '"TimeCreated":{"#attributes":{"SystemTime":"2026-03-04T09:10:%s.000000Z"}},"EventRecordID":%s,' "$2" "$1"
    printf '"Channel":"Security","Computer":"PC1.example"},"EventData":{"NewProcessName":"C:\\\\Windows\\\\cmd.exe","CommandLine":"%s"}}}\n' "$3"
}

mkdir logs feeds
{
    event 1 01 'ping c2.evil.test'
    event 2 02 'ping notevil.test 110.0.0.12'
    event 3 03 'curl http://[2001:db8:0::1]:8080/x'
    event 4 04 'certutil SHA1=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA,MD5=0'
    event 5 05 'net use 10.7.0.9'
} >logs/a.jsonl
printf 'a dropped file' >logs/dropped.bin
hash=$(sha256sum logs/dropped.bin | cut -c 1-64)

printf '# ours\nevil[.]test\n010.0.0.1\n' >feeds/list.txt
printf 'type,value,level,tags\nipv6,2001:0DB8::0001,critical,"c2,ours"\ncidr,10.7.0.0/16,low,\n' >feeds/table.csv
cat >feeds/bundle.json <<FEED
{"type":"bundle","id":"bundle--1","objects":[{"type":"indicator","id":"indicator--7","name":"Dropper","confidence":90,
"pattern":"[file:hashes.'SHA-256' = '$hash']"},{"type":"indicator","id":"indicator--8","pattern":"[file:size = 3]"}]}
FEED
cat >feeds/event.json <<'FEED'
{"Event":{"info":"Case","threat_level_id":"3","Attribute":[{"uuid":"u-1","type":"filename|sha1","to_ids":true,
"value":"a.exe|aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}]}}
FEED
cat >feeds/tool.ioc <<'FEED'
<ioc id="ioc-1"><short_description>Tool</short_description><definition><Indicator operator="OR">
<IndicatorItem id="item-1" condition="contains"><Context search="ProcessItem/path"/><Content>ertutil sha1</Content></IndicatorItem>
</Indicator></definition></ioc>
FEED
all=''
for file in list.txt table.csv bundle.json event.json tool.ioc; do
    all="$all --indicators feeds/$file"
done

expect 1 constat hunt --rules none $all -t csv logs
[ "$(lines out)" -eq 7 ] || fail "$(lines out) lines"
for row in ",sha256 $hash (Dropper),high,,,,,File of 14 bytes with SHA-256 $hash,indicator--7,feeds/bundle.json,logs/dropped.bin,," \
    '2026-03-04T09:10:01.0000000Z,domain evil.test,medium,PC1.example,Security,4688,1,' \
    '2026-03-04T09:10:03.0000000Z,address 2001:db8::1,critical,PC1.example,Security,4688,3,' \
    '2026-03-04T09:10:04.0000000Z,sha1 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa (Case),low,PC1.example,' \
    '2026-03-04T09:10:04.0000000Z,path ertutil sha1 (Tool),medium,PC1.example,' \
    '2026-03-04T09:10:05.0000000Z,network 10.7.0.0/16,low,PC1.example,'; do
    grep -qF "$row" out || fail "no row: $row"
done
grep -q ',feeds/table.csv,logs/a.jsonl,c2 ¦ ours,' out || fail 'tags and files'
says 'feeds/list.txt: line 3: indicator refused: 010.0.0.1: not an address'
says 'feeds/bundle.json: byte '
says 'not compared: file:size: this object path is not compared'
says '6 loaded (sha256 1, sha1 1, address 1, network 1, domain 1, path 1), 0 below the level, 1 entries refused, 1 not comparable; 6 matched'

# Beside Sigma rules, from a level on, within a time.
expect 0 constat hunt -q -t jsonl --indicators feeds/table.csv logs
grep -qF '"RuleTitle":"address 2001:db8::1","Level":"critical"' out || fail 'beside rules'
expect 0 constat hunt -q -t jsonl -r none --min-level high --indicators feeds/table.csv logs
[ "$(lines out)" -eq 1 ] || fail 'the level'
expect 0 constat hunt -q -t jsonl -r none --from 2026-03-04T09:10:04Z --indicators feeds/table.csv logs
[ "$(lines out)" -eq 1 ] || fail 'the time'

# The same for any number of workers; members of archives are items too.
tar -cf one.tar logs
for format in csv json table; do
    constat hunt -q -t $format -r builtin $all --workers 1 one.tar logs "$logs" >one 2>err || [ $? -eq 1 ] || fail "$format"
    grep -qF 'one.tar!logs/dropped.bin' one || fail 'a member by its hash'
    for workers in 2 7; do
        constat hunt -q -t $format -r builtin $all --workers $workers "$logs" logs one.tar >more 2>err || [ $? -eq 1 ] || fail "$format"
        same one more
    done
done

# Feeds that are damaged, missing or nothing of the kind end the run.
printf '{"type":"bundle","objects":[' >cut.json
printf '<?xml version="1.0"?><!DOCTYPE a SYSTEM "file:///etc/passwd"><ioc/>' >entity.ioc
printf '{"a":1}' >other.json
for bad in cut.json entity.ioc other.json missing.txt feeds; do
    expect 2 constat hunt -r none --indicators $bad logs
    says "$bad"
    [ ! -s out ] || fail "data in spite of $bad"
done
expect 2 constat hunt -r none logs
says 'there are no rules'

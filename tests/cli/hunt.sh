#!/bin/sh
# What rules find: rows, order, columns, choice of rules, tuning, correlations; the same for any
# number of workers and any order of files.
. "$CONSTAT_SOURCE/tests/cli/common"

event() { # record id, second, code, user (as JSON), command line (as JSON)
    printf '{"Event":{"System":{"Provider":{"#attributes":{"Name":"Microsoft-Windows-Security-Auditing"}},"EventID":%s,' "$3"
    printf '"TimeCreated":{"#attributes":{"SystemTime":"2026-03-04T09:%s.000000Z"}},"EventRecordID":%s,' "$2" "$1"
    printf '"Channel":"Security","Computer":"PC1.example"},"EventData":{"TargetUserName":"%s","SubjectUserName":"%s",' "$4" "$4"
    printf '"NewProcessName":"C:\\\\\\\\Windows\\\\\\\\cmd.exe","CommandLine":"%s","IpAddress":"10.0.0.1"}}}\n' "$5" | sed 's/\\\\\\\\/\\\\/g'
}

mkdir rules logs
cat >rules/shell.yml <<'RULE'
title: A shell with whoami
id: 11111111-1111-4111-8111-111111111111
status: stable
level: high
tags: [attack.discovery, attack.t1033, attack.execution, attack.t1059.003]
logsource: {product: windows, category: process_creation}
detection: {sel: {Image|endswith: '\cmd.exe', CommandLine|contains: whoami}, condition: sel}
RULE
cat >rules/failed.yml <<'RULE'
title: A logon failed
id: 22222222-2222-4222-8222-222222222222
name: failed_logon
status: test
level: low
tags: [attack.credential-access]
logsource: {product: windows, service: security}
detection: {sel: {EventID: 4625}, condition: sel}
RULE
cat >rules/many.yml <<'RULE'
title: Many logons failed
id: 00000000-0000-4000-8000-000000000000
status: test
level: critical
correlation:
  type: event_count
  rules: [failed_logon]
  group-by: [TargetUserName]
  timespan: 1m
  condition: {gte: 5}
  generate: true
RULE
cat >rules/old.yml <<'RULE'
title: A rule of the past
id: 33333333-3333-4333-8333-333333333333
status: deprecated
level: medium
logsource: {product: windows, service: security}
detection: {sel: {EventID: 4688}, condition: sel}
RULE
cat >rules/other.yml <<'RULE'
title: A rule for something else
id: 44444444-4444-4444-8444-444444444444
logsource: {product: no_such_product}
detection: {sel: {a: b}, condition: sel}
RULE
{
    event 9 '12:59' 4688 anna 'cmd /c dir'
    event 7 '12:30' 4688 anna 'cmd /c whoami /all'
    event 8 '12:30' 4688 '=1+1' '=whoami \u001b[2J, \"x\"\r\n'
} >logs/b.jsonl
for n in 1 2 3; do event $n "10:0$n" 4625 bob -; done >logs/a.jsonl
for n in 4 5 6; do event $n "10:0$n" 4625 Bob -; done >logs/c.jsonl

# Columns and order.
expect 0 constat hunt -q -t csv --rules rules logs
[ "$(head -n 1 out)" = 'Timestamp,RuleTitle,Level,Computer,Channel,EventID,RecordID,Details,RuleID,RuleFile,EvidenceFile,Tags,Events' ] ||
    fail 'columns of csv'
sed 1d out >rows
[ "$(lines rows)" -eq 9 ] || fail "$(lines rows) rows"
cut -d , -f 1 rows >times
sort -c times || fail 'not in order of time'
! grep -qvE '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{7}Z$' times || fail 'times are not RFC 3339 with 7 decimals'
grep -q '^2026-03-04T09:12:30.0000000Z,A shell with whoami,high,PC1.example,Security,4688,7,' rows || fail 'a detection'
grep -qF ',11111111-1111-4111-8111-111111111111,rules/shell.yml,logs/b.jsonl,attack.discovery ' rows || fail 'rule and evidence'
[ "$(lines out)" -eq 10 ] && [ "$(tr -d '\n' <out | tr -d '[:print:]\200-\377' | wc -c)" -eq 0 ] || fail 'control bytes'
! grep -qF ',=' rows || fail 'a formula'
sed -n '/A shell/p' rows | cut -d , -f 7 >ids
[ "$(cat ids)" = "$(printf '7\n8')" ] || fail 'order of record numbers'

# The correlation: at the fifth event, over two files, citing them; names do not depend on case.
grep '^2026-03-04T09:10:05.0000000Z,Many logons failed,critical,PC1.example,,,,' rows >many || fail 'correlation'
[ "$(lines many)" -eq 1 ] || fail 'correlation more than once'
grep -qF 'logs/a.jsonl#1 ' many && grep -qF 'logs/c.jsonl#5' many || fail 'citations'
grep -q '^2026-03-04T09:10:05.0000000Z,A logon failed' rows || fail 'a row of the rule that is generated too'
expect 0 constat hunt -q -t jsonl --rules rules logs
[ "$(lines out)" -eq 9 ] || fail 'rows of jsonl'
grep '"Many logons failed"' out >many
grep -qF '"RecordID":null' many && grep -qF '"EventID":null' many || fail 'numbers of a correlation'
grep -qF '"Events":[{"EvidenceFile":"logs/a.jsonl","Offset":0,"RecordID":1,"Timestamp":"2026-03-04T09:10:01.0000000Z"},' many || fail 'Events'
grep -qF '"Tags":["attack.discovery","attack.t1033","attack.execution","attack.t1059.003"]' out || fail 'tags'
grep -v '"Many logons failed"' out | grep -qF '"Events"' && fail 'Events of a rule on events'
sed 's/^/,/; 1s/^,//' out | { printf '[\n'; sed 's/^,//; $!s/$/,/'; printf ']\n'; } >array
expect 0 constat hunt -q --json --rules rules logs
same out array

# A copy of a log: rows for each, but a logon that failed is one.
mkdir copies
cp logs/a.jsonl copies/x.jsonl
cp logs/a.jsonl copies/y.jsonl
expect 0 constat hunt -t csv --rules rules copies
[ "$(grep -c 'A logon failed' out)" -eq 6 ] || fail 'rows of copies'
! grep -q 'Many logons failed' out || fail 'copies are counted'
says '3 more were the same records in other places'

# The table, and what it comes to.
expect 0 constat hunt --rules rules logs
head -n 1 out | grep -q '^Timestamp .*RuleTitle.*Details' || fail 'head of the table'
for text in '3 loaded, 1 off, 0 refused, 1 not applicable; 3 evaluated, 3 matched' '9 by 3 rules' \
    '2026-03-04 (6)' 'First       2026-03-04T09:10:01.0000000Z' 'PC1.example (6)' 'discovery (2)' 'execution (2)' 'credential-access (6)'; do
    grep -qF "$text" out || fail "the summary does not say: $text"
done
grep -qE '^  critical +1 +1$' out && grep -qE '^  high +2 +1$' out && grep -qE '^  low +6 +1$' out || fail 'levels'
says 'Memory '
expect 0 constat hunt -q --rules rules logs
! grep -q Detections out || fail 'a summary in spite of -q'
[ ! -s err ] || fail 'messages in spite of -q'
expect 0 constat hunt -t csv --rules rules logs
says '9 by 3 rules'

# Which rules.
rows() { # number of rows, options…
    wanted=$1
    shift
    expect 0 constat hunt -q -t jsonl --rules rules "$@" logs
    [ "$(lines out)" -eq "$wanted" ] || fail "$(lines out) rows instead of $wanted: $*"
}
rows 3 --min-level high
rows 2 --status stable
rows 3 --status deprecated
rows 8 --status stable,test --tag 'attack.*'
rows 2 --tag attack.t1059
rows 0 --tag attack.t10
rows 6 --include 'A logon*'
rows 2 --include shell.yml
rows 7 --exclude '11111111-*'
rows 2 --from 2026-03-04T09:12:00Z
rows 7 --to 2026-03-04T09:12:00Z
printf '# ours\nA shell with whoami\tlow\tadministrators do that\nfailed_logon\tmute\tnoise\n' >tune.tsv
rows 3 --tune tune.tsv
grep 'A shell' out | grep -qF '"Level":"low"' || fail 'tuned level'
expect 0 constat hunt --rules rules --tune tune.tsv logs
grep -A 1 '^Muted' out | grep -qF '6  A logon failed' || fail 'the muting is not counted'
grep -qF '1 rules have another level' out || fail 'the change of a level is not told'

# What is refused is named, and the rest runs.
printf 'title: [\n' >rules/broken.yml
expect 1 constat hunt -q -t jsonl --rules rules logs
[ "$(lines out)" -eq 9 ] || fail 'rows beside a refused rule'
says 'rules/broken.yml: line 2: rule refused:'
rm rules/broken.yml
for bad in --min-level=severe --status=fresh --rules=/nonexistent --format=xml --tune=/nonexistent --value-lists=/nonexistent; do
    expect 2 constat hunt --rules rules "$bad" logs
    says "${bad%%=*}"
    [ ! -s out ] || fail "data in spite of $bad"
done
mkdir empty
expect 2 constat hunt --rules empty logs
says 'there are no rules'
printf 'no tab\n' >bad.tsv
expect 2 constat hunt --rules rules --tune bad.tsv logs
says 'bad.tsv: line 1'

# Placeholders.
mkdir lists with
cat >with/list.yml <<'RULE'
title: Somebody of a list
logsource: {product: windows, service: security}
detection: {sel: {TargetUserName|expand: '%people%'}, condition: sel}
RULE
expect 1 constat hunt -q --rules with logs
says 'people'
printf 'anna\n' >lists/people.txt
expect 0 constat hunt -q -t jsonl --rules with --value-lists lists logs
[ "$(lines out)" -eq 2 ] || fail 'a list for a placeholder'

# The same for any number of workers and any order, also out of archives.
tar -cf one.tar logs copies
cat >rules/chain.yml <<'RULE'
title: Failed, then a shell
level: medium
correlation:
  type: temporal_ordered
  rules: [failed_logon, 11111111-1111-4111-8111-111111111111]
  group-by: [Computer]
  timespan: 5m
  generate: true
RULE
for format in csv json table; do
    constat hunt -q -t $format --rules rules --workers 1 logs copies one.tar "$logs" >one || fail "$format"
    [ "$(lines one)" -gt 20 ] || fail "few rows as $format"
    for workers in 2 7; do
        constat hunt -q -t $format --rules rules --workers $workers "$logs" one.tar copies logs/c.jsonl logs >more || fail "$format"
        same one more
    done
done
grep -q 'Failed, then a shell' one || fail 'no chain'
constat hunt -t table --rules rules --workers 1 logs one.tar 2>err >one || fail 'summary'
constat hunt -t table --rules rules --workers 7 one.tar logs 2>err >more || fail 'summary'
same one more

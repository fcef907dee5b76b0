#!/bin/sh
# constat rules: the fate of each rule; and rules that are hostile.
. "$CONSTAT_SOURCE/tests/cli/common"

mkdir rules rules/sub
rule() { # file, title, more lines…
    file=$1
    title=$2
    shift 2
    printf 'title: %s\nlogsource: {product: windows, category: process_creation}\n' "$title" >"$file"
    printf '%s\n' "$@" >>"$file"
}
rule rules/good.yml 'Good' 'id: 11111111-1111-4111-8111-111111111111' 'level: high' 'status: test' \
    'tags: [attack.t1059.001, attack.execution, attack.T1033]' "detection: {s: {Image: 'x'}, condition: s}"
rule rules/sub/second.yaml 'Second' 'tags: [attack.t1059.001]' "detection: {s: {Image: 'y'}, condition: s}"
rule rules/old.yml 'Old' 'status: unsupported' "detection: {s: {Image: 'z'}, condition: s}"
rule rules/bad.yml 'Bad' "detection: {s: {Image|no_such_modifier: 'z'}, condition: s}"
cat >rules/elsewhere.yml <<'RULE'
title: Elsewhere
logsource: {product: no_such_product}
detection: {s: {a: b}, condition: s}
RULE

expect 1 constat rules check rules
grep -qF 'rules/bad.yml:3: refused: ' out || fail 'refused'
grep -qF 'rules/old.yml' out && grep -qF 'off: status unsupported' out || fail 'off'
grep -qF 'rules/elsewhere.yml:2: not-applicable: ' out || grep -qF 'not-applicable' out || fail 'not applicable'
grep -qF '5 rules, 0 correlations, 0 filters: 2 loaded, 1 off, 1 refused, 1 not applicable' out || fail 'counts'
says 'rules/bad.yml: line 3: rule refused'

expect 1 constat rules check --json rules
[ "$(lines out)" -eq 5 ] || fail 'a line for each rule'
! grep -qvE '^\{"file":".*","id":".*","title":".*","status":"(loaded|off|refused|not-applicable)","reason":".*","line":[0-9]+\}$' out ||
    fail 'shape of a line'
grep -qF '{"file":"rules/good.yml","id":"11111111-1111-4111-8111-111111111111","title":"Good","status":"loaded","reason":"",' out || fail 'loaded'
rm rules/bad.yml
expect 0 constat rules check --json rules
expect 0 constat rules list rules
grep -qE '^loaded +high +test +rule +11111111-1111-4111-8111-111111111111 +Good \(rules/good\.yml\)$' out || fail 'list'
expect 0 constat rules coverage rules
grep -qF '{"techniqueID":"T1059.001","score":2,' out && grep -qF '{"techniqueID":"T1033","score":1,' out || fail 'techniques'
grep -qF '"domain":"enterprise-attack"' out || fail 'layer'
! grep -qF 'execution' out || fail 'a tactic among techniques'
expect 0 constat rules coverage --rules rules -o layer.json
[ -s layer.json ] || fail 'output file'
expect 2 constat rules
says 'check, list or coverage'
expect 2 constat rules frob rules
expect 2 constat rules check /nonexistent
expect 2 constat rules check -t csv rules
says '--format'
expect 0 constat rules list builtin
[ "$("$CONSTAT" __complete rules '' | sed -n '/^check/p')" ] || fail 'completion'

# Hostile rules: each refused with its reason, the good one beside them runs, in bounded time and memory.
mkdir hostile
cp rules/good.yml hostile
head -c 65536 /dev/urandom >hostile/random.yml
{
    printf 'a: &a [x,x,x,x,x,x,x,x,x]\n'
    for step in 'b a' 'c b' 'd c' 'e d' 'f e' 'g f' 'h g' 'i h'; do
        set -- $step
        printf '%s: &%s [*%s,*%s,*%s,*%s,*%s,*%s,*%s,*%s,*%s]\n' "$1" "$1" "$2" "$2" "$2" "$2" "$2" "$2" "$2" "$2" "$2"
    done
} >hostile/bomb.yml
awk 'BEGIN { for (i = 0; i < 100000; i++) printf "["; print "" }' >hostile/deep.yml
printf 'title: "unclosed\n' >hostile/open.yml
: >hostile/empty.yml
mkfifo hostile/pipe.yml
ln -s /dev/zero hostile/zero.yml
rule hostile/regex.yml 'Bad expression' "detection: {s: {Image|re: '(('}, condition: s}"
(
    limit_memory 4000000
    ulimit -t 60
    expect 1 constat rules check --json hostile
) || fail 'hostile rules'
for name in random bomb deep open regex; do
    grep "\"file\":\"hostile/$name.yml\"" out | grep -q '"status":"refused","reason":".' || fail "$name is not refused"
done
grep '"file":"hostile/good.yml"' out | grep -q '"status":"loaded"' || fail 'the good one among them'

# A literal of 64 KiB, an expression that explodes on a value of 1 MB.
mkdir heavy
long=$(awk 'BEGIN { for (i = 0; i < 65536; i++) printf "b" }')
rule heavy/long.yml 'Long' "detection: {s: {CommandLine|contains: '$long'}, condition: s}"
rule heavy/explode.yml 'Explodes' "detection: {s: {CommandLine|re: '(a+)+\$'}, condition: s}"
rule heavy/plain.yml 'Plain' "detection: {s: {CommandLine|contains: 'aaab'}, condition: s}"
{
    printf '{"Event":{"System":{"Provider":{"#attributes":{"Name":"Microsoft-Windows-Security-Auditing"}},"EventID":4688,'
    printf '"TimeCreated":{"#attributes":{"SystemTime":"2026-03-04T09:00:00.000000Z"}},"EventRecordID":1,'
    printf '"Channel":"Security","Computer":"PC"},"EventData":{"CommandLine":"'
    awk 'BEGIN { for (i = 0; i < 1000000; i++) printf "a" }'
    printf 'b"}}}\n'
} >value.jsonl
expect 0 timeout 60 "$CONSTAT" hunt --knowledge "$CONSTAT_SOURCE/knowledge" --rules heavy value.jsonl
grep -qF ' Plain ' out || fail 'the rule beside the expression'
grep -A 1 '^Undecided' out | grep -qF 'Explodes' || fail 'an expression that gave up is not told'

# A hundred thousand rules.
mkdir many
awk 'BEGIN {
    for (i = 0; i < 100000; i++) {
        file = "many/" int(i / 1000) ".yml"
        printf "---\ntitle: R%d\nid: %08x-0000-4000-8000-000000000000\n", i, i >file
        printf "logsource: {product: windows, category: process_creation}\n" >file
        printf "detection: {s: {CommandLine|contains: \"word%d x\", Image|endswith: \"\\\\%d.exe\"}, condition: s}\n", i, i % 977 >file
    }
}'
(
    limit_memory 8000000
    expect 0 timeout 120 "$CONSTAT" hunt --knowledge "$CONSTAT_SOURCE/knowledge" --rules many value.jsonl
) || fail 'many rules'
grep -qF '100000 loaded' out || fail 'many rules are not loaded'

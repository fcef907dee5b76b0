#!/bin/sh
# What rules find in a case: as hunt finds it, the same for any number of workers and any order,
# replaced by the next run, protected, told by the report without the rules.
. "$CONSTAT_SOURCE/tests/cli/common"

value() { # name: of the summary in `out`
    sed -n 's/.*"'"$1"'":"\{0,1\}\([0-9a-z]*\).*/\1/p' out
}

page() { # case: its report without the data of the run
    sed '/<!-- run data: begin -->/,/<!-- run data: end -->/d' "$1/report.en.html"
}

matched() { # case: rules that matched and how often, by its report
    sed -n '/<section id="detections"/,/<\/section>/p' "$1/report.en.html" |
        sed '/Correlations and the events/,$d' |
        sed -n -e 's/.*<strong><bdi>\(.*\)<\/bdi><\/strong>.*/\1/p' -e 's/^<p>\([0-9,]*\) detections\{0,1\}, .*/\1/p' |
        sed 's/,//g' | paste -d '\t' - - | sort
}

mkdir rules
cat >rules/logon.yml <<'RULE'
title: A logon
id: 11111111-1111-4111-8111-111111111111
name: logon
status: test
level: low
tags: [attack.t1078, attack.initial-access]
logsource: {product: windows, service: security}
detection: {sel: {EventID: 4624}, condition: sel}
---
title: Many logons
id: 22222222-2222-4222-8222-222222222222
status: test
level: critical
correlation:
  type: event_count
  rules: [logon]
  group-by: [Computer]
  timespan: 30d
  condition: {gte: 3}
  generate: true
RULE
cat >rules/process.yml <<'RULE'
title: A process
id: 33333333-3333-4333-8333-333333333333
status: test
level: high
tags: [attack.t1059]
logsource: {product: windows, category: process_creation}
detection: {sel: {Image: '*'}, condition: sel}
RULE
mkdir evidence
cp "$logs"/*.evtx evidence

# As hunt finds it.
constat hunt -q evidence -r rules -t jsonl >hits
[ -s hits ] || fail 'the rules find nothing'
expect 0 constat investigate evidence --case case -r rules --json
for level in critical high low; do
    [ "$(value $level)" -eq "$(grep -c '"Level":"'$level'"' hits)" ] || fail "detections of level $level"
done
[ "$(value loaded)" -eq 3 ] && [ "$(value matched)" -eq 3 ] && [ "$(value evaluated)" -eq 3 ] || fail 'rules'
content=$(value content)
for part in Rules Detected; do
    grep -q "^$part " err || fail "no $part in the panel"
done
sed 's/.*"RuleTitle":"\([^"]*\)".*/\1/' hits | sort | uniq -c | sed 's/ *\([0-9]*\) \(.*\)/\2\t\1/' | sort >expected
matched case >found
same expected found
grep -q '<code>T1078</code>' case/report.en.html || fail 'no technique'
grep -q 'accès initial' case/report.fr.html || fail 'no tactic in French'

# Any number of workers, any order.
page case >first
again() { # name workers evidence…
    name=$1 workers=$2
    shift 2
    expect 0 constat investigate --workers "$workers" "$@" --case "$name" -r rules -q
    page "$name" >more
    same first more
}
set --
for file in evidence/*; do
    set -- "$file" "$@"
done
for workers in 1 2 7; do
    again "again$workers" $workers evidence
    again "backwards$workers" $workers "$@"
done
if command -v sqlite3 >/dev/null; then
    for folder in case again1 again7 backwards2; do
        sqlite3 $folder/case.sqlite "SELECT body FROM ledger WHERE kind = 'analysis'"
    done | sort -u >digests
    [ "$(lines digests)" -eq 1 ] || fail 'other detections in another order'
fi

# The report is made again without the rules; other rules take the place of those before.
mkdir other
sed 's/title: A process/title: Another process/' rules/process.yml >other/process.yml
expect 0 constat report --case case
page case >more
same first more
expect 0 constat investigate evidence --case case -r other --json
[ "$(value content)" = "$content" ] || fail 'the content depends on the rules'
[ "$(value loaded)" -eq 1 ] && [ "$(value low)" -eq 0 ] || fail 'rules of the run before'
matched case | grep -q '^Another process' || fail 'the new rule is not in the report'
matched case | grep -q '^A logon' && fail 'a rule of the run before is in the report'
expect 0 "$CONSTAT" verify -q --case case

# Options of the choice of rules, as hunt has them; mutes are told.
printf '11111111-1111-4111-8111-111111111111\tmute\tknown\n' >tune.tsv
expect 0 constat investigate evidence --case case -r rules --tune tune.tsv --json
[ "$(value low)" -eq 0 ] || fail 'a muted rule is counted'
grep -q 'Matches that are not shown' case/report.en.html || fail 'the muted rule is not told of'
expect 0 constat investigate evidence --case case -r rules --min-level critical --json
[ "$(value high)" -eq 0 ] && [ "$(value critical)" -gt 0 ] || fail '--min-level'
expect 2 constat investigate evidence --case case -r nowhere
says nowhere
mkdir empty
expect 2 constat investigate evidence --case case -r empty
says 'there are no rules'

# A refused rule: named, in the report, and in the exit code.
mkdir bad
printf 'title: Bad\nlogsource: {product: windows}\ndetection: {s: {a: b}, condition: t}\n' >bad/bad.yml
expect 1 constat investigate evidence --case case -r rules -r bad --json
says bad/bad.yml
[ "$(value refused)" -eq 1 ] || fail 'the refused rule'
grep -q 'nothing is called t' case/report.en.html || fail 'the reason is not in the report'

# Without --rules: Constat's own.
expect 0 constat investigate evidence --case own --json
[ "$(value loaded)" -gt 50 ] || fail 'the rules that come with Constat'

# Copies count once.
mkdir twice
cp -r evidence twice/one
cp -r evidence twice/two
expect 0 constat investigate twice --case copies -r rules --json
matched copies >found
same expected found

# Evidence that came after the rules: what they found before is not shown.
cp -r again1 stale
if command -v sqlite3 >/dev/null; then
    expect 0 constat investigate evidence "$court/evidence/zeek" --case grown -r rules -q || :
    sqlite3 stale/case.sqlite "ATTACH 'grown/case.sqlite' AS grown;
        DELETE FROM analysis; INSERT INTO analysis SELECT * FROM grown.analysis"
    expect 0 constat report --case stale -o stale.html
    grep -q 'rules were last held against this case' stale.html || fail 'detections of other evidence are shown'
    # … and verify names rows that were altered.
    expect 1 "$CONSTAT" verify --case stale
    grep -q 'analysis' out || fail 'verify does not name the analysis'
    sqlite3 again2/case.sqlite 'UPDATE analysis SET bytes = x'"'28b52ffd2000010000'"' WHERE number = 2'
    expect 1 "$CONSTAT" verify --case again2
    grep -q 'table analysis, number 2' out || fail 'verify does not name the row'
    expect 2 constat report --case again2 -o damaged.html
fi

# Encrypted: the same, and unreadable without the key.
"$CONSTAT" keygen --holder holder.key --passphrase-file /dev/null 2>/dev/null
expect 0 constat investigate evidence --case sealed -r rules --key holder.key --passphrase-file /dev/null --json
mkdir opened
expect 0 constat report --case sealed --key holder.key --passphrase-file /dev/null -o opened/report.en.html
matched opened >found
same expected found
! grep -q 'Many logons' sealed/case.sqlite || fail 'a title of a rule stands in an encrypted case'
expect 0 "$CONSTAT" verify -q --case sealed --key holder.key --passphrase-file /dev/null

#!/bin/sh
# Values of events are hostile: they become neither formulas, nor rows, nor terminal codes.
. "$CONSTAT_SOURCE/tests/cli/common"

event() { # record id, computer, user (both as JSON)
    printf '{"Event":{"System":{"Provider":{"#attributes":{"Name":"Microsoft-Windows-Security-Auditing"}},"EventID":4688,'
    printf '"TimeCreated":{"#attributes":{"SystemTime":"2026-03-04T09:12:0%s.000000Z"}},"EventRecordID":%s,' "$1" "$1"
    printf '"Channel":"Security","Computer":"%s"},"EventData":{"SubjectUserName":"%s","CommandLine":"%s"}}}\n' "$2" "$3" "$3"
}
{
    event 1 '=HYPERLINK(\"http://x.example\")' '@SUM(1+1)*cmd|calc!A0'
    event 2 '\t=1+1' 'a,b\"c\r\nd,=2'
    event 3 '\u001b[2J\u009b31m' '\u202eexe.cod'
    event 4 '\ud800x' '+1'
    event 5 'PC\u0000\u0001\u0002\u0003' '-1'
} >events.jsonl

for format in csv timesketch l2tcsv; do
    expect 0 constat timeline -q -t $format events.jsonl
    [ "$(lines out)" -eq 6 ] || fail "$format: $(lines out) lines for 5 events"
    [ "$(tr -d '\n' <out | tr -d '[:print:]\200-\377' | wc -c)" -eq 0 ] || fail "control bytes in $format"
    # A cell begins at the line's beginning or after a comma outside quotes.
    awk '{
        inside = 0; start = 1
        for (i = 1; i <= length($0); i++) {
            c = substr($0, i, 1)
            if (start) {
                first = c == "\"" ? substr($0, i + 1, 1) : c
                if (index("=+-@", first) && first != "") { print "formula: " $0; exit 1 }
            }
            start = 0
            if (c == "\"") inside = !inside
            else if (c == "," && !inside) start = 1
        }
        if (inside) { print "open quote: " $0; exit 1 }
    }' out >found || fail "$format: $(cat found)"
done
expect 0 constat timeline -q events.jsonl
grep -qF "'=hyperlink(" out || grep -qF "'=HYPERLINK(" out || fail 'the computer name is lost'
grep -qF ",'@SUM(1+1)*cmd|calc!A0," out || fail 'the user name is lost'
expect 0 constat timeline -q -t bodyfile events.jsonl
awk -F '|' 'NF != 11 { exit 1 }' out || fail 'a column of bodyfile was made by a value'
for format in jsonl; do
    expect 0 constat timeline -q -t $format events.jsonl
    [ "$(lines out)" -eq 5 ] || fail "$format: lines"
    grep -qiF '\ud800x' out || fail 'the lone surrogate is lost'
done

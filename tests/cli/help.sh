#!/bin/sh
# Help texts, unknown words, and the agreement of help, manual page and program.
. "$CONSTAT_SOURCE/tests/cli/common"
manual=$CONSTAT_SOURCE/docs/constat.1

expect 2 "$CONSTAT"
says 'constat --help'
[ ! -s out ] || fail 'data without a command'

expect 0 "$CONSTAT" --help
cp out overview
expect 0 "$CONSTAT" -h
same out overview
expect 0 "$CONSTAT" help
same out overview
expect 0 "$CONSTAT" --version
grep -qE '^constat [0-9]+\.[0-9]+\.[0-9]+$' out || fail 'version'

constat investigate -q --case case "$sysmon" || fail 'no case'
mkdir rules
cat >rules/any.yml <<'RULE'
title: A process starts
logsource: {product: windows, category: process_creation}
detection: {sel: {Image: '*'}, condition: sel}
RULE
commands=$(sed -n '/^Commands/,/^$/s/^  \([a-z-]*\) .*/\1/p' overview)
[ "$(echo "$commands" | wc -w)" -ge 3 ] || fail "few commands: $commands"
for command in $commands; do
    grep -q "^\.It Cm $command\$" "$manual" || fail "the manual page does not tell of $command"
    [ "$command" != help ] || continue
    expect 0 "$CONSTAT" help "$command"
    cp out help.txt
    for flag in --help -h; do
        expect 0 "$CONSTAT" "$command" $flag
        same out help.txt
    done
    for part in Usage: Options Examples 'Exit codes'; do
        grep -q "^$part" help.txt || fail "help of $command has no part $part"
    done
    awk 'length > 110 { print; bad = 1 } END { exit bad }' help.txt || fail "long lines in the help of $command"

    # Every option stands in the manual page under the same letter, and has a description.
    sed -n '/^Options/,/^$/s/^  \(-\(.\), \|    \)--\([a-z-]*\).*/\3 \2/p' help.txt >options.txt
    [ "$(lines options.txt)" -ge 5 ] || fail "few options of $command"
    while read -r name letter; do
        wanted=".It Fl -$name"
        [ -z "$letter" ] || wanted=".It Fl $letter , Fl -$name"
        grep -qF -- "$wanted" "$manual" || fail "the manual page has no line: $wanted"
        echo "$name" >>known.txt
    done <options.txt

    # Every format named by the help is taken, and stands in the manual page.
    case $command in
    search) set -- --case case '*' ;;
    hunt) set -- --rules rules "$sysmon" ;;
    rules) set -- check rules ;;
    *) set -- "$sysmon" ;;
    esac
    sed -n '/^Formats/,/^$/s/^  \([a-z0-9-][a-z0-9-]*\) .*/\1/p' help.txt >formats.txt
    [ -s formats.txt ] || ! grep -q '^Formats' help.txt || fail "no formats of $command"
    while read -r format; do
        case $command in
        verify) expect 0 "$CONSTAT" verify -q --case case --format "$format" ;;
        *) expect 0 constat "$command" -q --format "$format" "$@" ;;
        esac
        grep -q "^\.It Cm $format\$" "$manual" || fail "the manual page does not tell of $format"
    done <formats.txt
done

# And the other way round: nothing in the manual page that the program does not know.
sed -n '/^\.Sh OPTIONS/,/^\.Sh FORMATS/s/^\.It .*Fl -\([a-z-]*\).*/\1/p' "$manual" >documented.txt
[ "$(lines documented.txt)" -ge 10 ] || fail 'few options in the manual page'
while read -r name; do
    grep -qx -- "$name" known.txt || fail "no command has the option --$name of the manual page"
done <documented.txt
if command -v mandoc >/dev/null; then
    mandoc -Tlint -Wwarning "$manual" >out || fail 'mandoc finds faults in the manual page'
else
    echo 'mandoc is not installed: the manual page was not checked for faults of form'
fi

# Aliases.
constat timeline -q -t csv "$sysmon" >csv
constat csv-timeline -q "$sysmon" >out
same out csv
constat timeline -q --json "$sysmon" >jsonl
constat json-timeline -q "$sysmon" >out
same out jsonl
constat timeline -q -t json "$sysmon" >out
same out jsonl
constat json-timeline -q -t csv "$sysmon" >out
same out csv

# Words that are wrong.
expect 2 "$CONSTAT" timelime
says 'did you mean timeline?'
expect 2 "$CONSTAT" frobnicate
says 'unknown command frobnicate'
expect 2 "$CONSTAT" help timelin
says 'did you mean timeline?'
expect 2 constat timeline --worker 2 "$sysmon"
says 'did you mean --workers?'
expect 2 constat timeline --fromat csv "$sysmon"
says 'did you mean --format?'
expect 2 constat timeline --xyzzy "$sysmon"
says 'unknown option --xyzzy'
expect 2 constat timeline -Z "$sysmon"
says 'unknown option -Z'
expect 2 constat timeline --quiet=yes "$sysmon"
says 'takes no value'
expect 2 "$CONSTAT" timeline "$sysmon" -o
says '--output needs FILE'
expect 2 constat timeline
says 'no evidence given'
for bad in --workers=0 --workers=999 --workers=two --from=yesterday --to=2026-13-01 --timezone=Mars/Base --timezone=+25:00 \
    --format=xml --knowledge=/nonexistent; do
    expect 2 constat timeline "$bad" "$sysmon"
    says "${bad%%=*}"
    [ ! -s out ] || fail "data in spite of $bad"
done
expect 2 constat timeline --from 2026-05-02 --to 2026-05-01 "$sysmon"
says '--from must be before --to'
expect 2 constat dump -t evtx-jsonl --from 2026-05-01 "$sysmon"
says 'need --format jsonl'

# What later versions will understand is refused, not ignored.
for later in --context=. --records=x --persons=x; do
    expect 2 constat timeline "$later" "$sysmon"
    says 'is not in this version'
done
for later in watch diff respond; do
    expect 2 "$CONSTAT" $later "$sysmon"
    says "$later is not in this version"
done

# Ways to write options.
constat timeline -qtjsonl "$sysmon" >out
same out jsonl
constat timeline --format=jsonl -q -- "$sysmon" >out
same out jsonl
constat timeline "$sysmon" -q --format jsonl >out
same out jsonl
constat timeline -q --format jsonl -f "$sysmon" >out
same out jsonl
constat timeline -q --format jsonl --dir "$sysmon" >out
same out jsonl

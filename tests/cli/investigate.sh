#!/bin/sh
# The main job: a case that is made, added to, refused, summed up.
. "$CONSTAT_SOURCE/tests/cli/common"

events() { # of the case
    constat timeline -q --case case -t jsonl | wc -l
}

value() { # name: of the summary in `out`, the first of that name
    grep -o "\"$1\":\"\{0,1\}[0-9a-z]*" out | sed -n '1s/.*[":]//p'
}

# A new case, with reports and a summary.
mkdir evidence
cp "$logs"/*.evtx evidence
expect 0 constat investigate evidence --case case --json
[ "$(lines out)" -eq 1 ] || fail 'the summary is not one line'
[ "$(value total)" -eq "$(ls evidence | wc -l)" ] || fail 'items'
[ "$(value new)" = "$(value total)" ] || fail 'new items'
[ "$(value events)" -eq "$(events)" ] || fail 'events'
[ "$(value content)" = "$(sed -n 's/^Content *//p' err)" ] || fail 'content'
for part in Case Content Ledger Signed Findings Report Duration; do
    grep -q "^$part " err || fail "no $part in the panel"
done
for report in case/report.en.html case/report.fr.html; do
    says $report
    [ -s $report ] || fail "no $report"
done
content=$(value content)

# Again: nothing is new, the content is the same.
expect 0 constat investigate evidence --case case --json
[ "$(value new)" -eq 0 ] && [ "$(value read)" -eq 0 ] || fail 'known items were read'
[ "$(value known)" = "$(value total)" ] || fail 'known items'
[ "$(value content)" = "$content" ] || fail 'the content changed'
silent_about 'other options'

# In another spelling of its path an item is the same one; what is not there does not hide what is.
expect 0 constat investigate ./evidence// --case case --json
[ "$(value new)" -eq 0 ] || fail 'another spelling made new items'
expect 1 constat investigate evidence nowhere --case case --json
[ "$(value known)" = "$(value total)" ] || fail 'known items beside one that is missing'

# With other options known items stay as they are, which is told.
expect 0 constat investigate evidence --case case --recover
says 'were read before with other options'

# The case among the evidence is not evidence.
mv case evidence/case
expect 0 constat investigate evidence --case evidence/case --json
[ "$(value new)" -eq 0 ] || fail 'the case was taken for evidence'
mv evidence/case case

# Whoever searches sees a case that is being written; two cannot write.
cp case/case.sqlite before
expect 0 constat search -q --case case '*' --limit 1

# The case itself is no evidence.
expect 2 constat investigate case --case case
says 'is the case itself'

# A newer version, no case, something else, not writable.
cp -r case newer
sqlite3 newer/case.sqlite 'PRAGMA user_version = 99' 2>/dev/null || echo 'sqlite3 is not installed: newer versions not tested'
if command -v sqlite3 >/dev/null; then
    expect 2 constat investigate evidence --case newer
    says newer
    expect 2 constat search --case newer '*'
fi
expect 2 constat investigate evidence
says '--case DIR is needed'
expect 2 constat investigate --case case
says 'no evidence given'
mkdir not-a-case
echo 'something else' >not-a-case/case.sqlite
expect 2 constat investigate evidence --case not-a-case
says not-a-case
[ "$(cat not-a-case/case.sqlite)" = 'something else' ] || fail 'somebody else'"'"'s file was changed'
expect 2 constat investigate evidence --case evidence/Security.evtx
if [ "$(id -u)" -ne 0 ]; then
    mkdir closed
    chmod a-w closed
    expect 2 constat investigate evidence --case closed/case
    cp -r case still
    chmod -R a-w still
    expect 2 constat investigate evidence --case still
    expect 0 constat search -q --case still '*' --limit 1
fi

# A full disk: a clear message, and the next run completes the case.
(
    ulimit -f 40
    trap '' XFSZ
    expect 2 constat investigate evidence --case full
) || exit 1
expect 0 constat investigate evidence --case full --json
[ "$(value content)" = "$content" ] || fail 'another content after a full disk'
expect 0 "$CONSTAT" verify -q --case full

# Damage: named in the summary and by the exit code.
head -c 30000 evidence/Security.evtx >cut.evtx
expect 1 constat investigate cut.evtx --case damaged --json
[ "$(value defective)" -eq 1 ] || fail 'no defective item'
[ "$(value defects)" -gt 0 ] || fail 'no defect'
expect 1 constat investigate cut.evtx --case damaged --json
[ "$(value defective)" -eq 1 ] || fail 'a known defective item is not told'

#!/bin/sh
# The report of a case: both languages, the same for the same evidence, refused where it must be.
. "$CONSTAT_SOURCE/tests/cli/common"

body() { # file: without the data of the run
    sed '/<!-- run data: begin -->/,/<!-- run data: end -->/d' "$1"
}

constat investigate -q "$logs" --case case || [ $? -eq 1 ] || fail investigate
rm -f case/report.*.html
expect 0 constat report --case case
says case/report.en.html
says case/report.fr.html
[ ! -s out ] || fail 'data without -o'
grep -q '<html lang="en">' case/report.en.html || fail English
grep -q '<html lang="fr">' case/report.fr.html || fail French
[ ! -e case/report.en.html.part ] || fail 'a part was left'
body case/report.en.html >first.en
body case/report.fr.html >first.fr

# Again, by another number of workers: only the data of the run differ.
expect 0 constat report --case case --workers 1 -q
[ ! -s err ] || fail 'messages in spite of -q'
body case/report.en.html >again
same first.en again
body case/report.fr.html >again
same first.fr again
grep -q 'constat report' case/report.en.html || fail 'the command is not told'

# Another case of the same evidence, added in two steps.
constat investigate -q "$sysmon" --case other || fail investigate
constat investigate -q "$logs" --case other || [ $? -eq 1 ] || fail investigate
expect 0 constat report --case other --workers 3
body other/report.en.html >again
same first.en again

# One language; a file; standard output; a case that is only read.
rm case/report.en.html case/report.fr.html
expect 0 constat report --case case --lang fr
[ -e case/report.fr.html ] && [ ! -e case/report.en.html ] || fail '--lang fr'
chmod a-w case
expect 0 constat report --case case --lang fr -o rapport.html
body rapport.html >again
same first.fr again
expect 0 constat report --case case -o -
body out >again
same first.en again
chmod u+w case
expect 2 constat report --case case -o rapport.html
says '--force'
expect 0 constat report --case case -o rapport.html --force
body rapport.html >again
same first.en again

# Nothing of the case is overwritten.
for file in case.sqlite case.seal report.fr.html; do
    cp case/$file kept
    expect 2 constat report --case case -o case/$file --force
    says 'is of the case and will not be overwritten'
    same kept case/$file
done

# In an encrypted case nothing readable is laid beside it.
"$CONSTAT" keygen -q --holder h.key --passphrase-file /dev/null >/dev/null
expect 0 constat investigate "$sysmon" --case sealed --key h.key --passphrase-file /dev/null --json
says 'the case is encrypted'
grep -q '"reports":\[\]' out || fail 'reports of an encrypted case'
[ ! -e sealed/report.en.html ] || fail 'a readable report in an encrypted case'
expect 2 constat report --case sealed --key h.key --passphrase-file /dev/null
says '-o FILE'
expect 0 constat report --case sealed --key h.key --passphrase-file /dev/null -o sealed.html
[ -s sealed.html ] || fail 'no report of an encrypted case'
expect 2 constat investigate "$sysmon" --case case --key h.key --passphrase-file /dev/null
says 'is not encrypted'

# Texts can be replaced.
mkdir tables
sed 's/^doc.title\t.*/doc.title\t\tA title of our own/' "$CONSTAT_SOURCE/knowledge/report.en.tsv" >tables/report.en.tsv
expect 0 "$CONSTAT" report --case case -o - --knowledge tables
grep -q '<h1>A title of our own</h1>' out || fail 'a catalogue of our own'
sed '/^doc.title\t/d' "$CONSTAT_SOURCE/knowledge/report.en.tsv" >tables/report.en.tsv
expect 2 "$CONSTAT" report --case case -o - --knowledge tables
says 'there is no text for doc.title'
[ ! -s out ] || fail 'a page with a hole'

# What cannot be.
expect 2 constat report
says '--case DIR is needed'
expect 2 constat report --case nowhere
says 'no case'
expect 2 constat report --case case --lang de
says 'is not one of en, fr'
expect 2 constat report --case case evidence
says 'from the case alone'
expect 2 constat report --case case --from 2026-01-01

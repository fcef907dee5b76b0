#!/bin/sh
# verify: intact, content equal, altered, each at its place; what it cannot do.
. "$CONSTAT_SOURCE/tests/cli/common"

cp -r "$logs" evidence
chmod -R u+w evidence
"$CONSTAT" keygen -q --signing s.key --passphrase-file /dev/null >public
"$CONSTAT" keygen -q --holder h.key --passphrase-file /dev/null >/dev/null
expect 0 constat investigate --case case --signing s.key evidence
hash=$(sed -n 's/.*Ledger *entry [0-9]*, //p' err)
[ ${#hash} -eq 64 ] || fail 'no hash of the ledger was printed'
verify() {
    "$CONSTAT" verify --case case "$@"
}
verdict() {
    [ "$(tail -n 1 out)" = "verdict: $1" ] || fail "another verdict than $1: $(tail -n 1 out)"
}
finds() { # line in out
    grep -qE -- "$1" out || fail "no finding: $1"
}

# Intact, whatever is asked.
expect 0 verify
verdict intact
expect 0 verify evidence --public-key s.key.pub --ledger-hash "$hash"
verdict intact
[ "$(lines out)" -eq 1 ] || fail 'findings in an intact case'
expect 0 verify --public-key "$(cat public)"
expect 0 verify -q --json
grep -q '^{"verdict":"intact","complete":true,"altered":0,' out || fail 'verdict as JSON'

# It changes nothing, and works where nothing can be changed.
cp -r case before
expect 0 verify
diff -r case before || fail 'verify changes the case'
chmod 500 case
expect 0 verify
chmod 700 case

# Evidence: a byte, its end, all of it.
file=evidence/$(basename "$sysmon")
cp "$file" kept
printf 'X' | dd of="$file" bs=1 seek=70000 conv=notrunc 2>/dev/null
expect 1 verify
verdict altered
finds "^altered: evidence: $file: bytes 0-[0-9]*: differ from what was read"
[ "$(grep -cv ^note out)" -eq 2 ] || fail 'more than one finding for a byte'
head -c 66000 kept >"$file"
expect 1 verify
finds "^altered: evidence: $file: bytes 66000-[0-9]*: are missing at its end"
(cat kept; echo more) >"$file"
expect 1 verify
finds "^altered: evidence: $file: bytes [0-9]*-[0-9]*: were added at its end"
rm "$file"
expect 0 verify
finds "^note: evidence: $file: is not there"
expect 1 verify evidence
finds "^altered: evidence: $file: is not there"
cp kept "$file"
echo new >evidence/new.txt
expect 0 verify evidence
finds '^note: evidence: evidence/new.txt: is not in the case'
rm evidence/new.txt

# Evidence that lies elsewhere now.
mkdir -p moved/to
mv evidence moved/to/
expect 0 verify
finds '^note: evidence: .*is not there'
expect 0 verify moved/to/evidence
[ "$(grep -cv ^note out)" -eq 1 ] || fail 'moved evidence is not recognised'
printf 'X' | dd of="moved/to/$file" bs=1 seek=70000 conv=notrunc 2>/dev/null
expect 1 verify moved/to/evidence
finds "^altered: evidence: $file: bytes 0-"
cp kept "moved/to/$file"
expect 0 verify "moved/to/$file"
expect 1 verify elsewhere
finds '^altered: evidence: elsewhere: was named, but nothing in the case comes from there'
mv moved/to/evidence .

# A log that grew between two collections: both states are in the case.
cp -r evidence grown
cp "$CONSTAT_SOURCE/examples/court/evidence/windows/FS01/System.jsonl" grown/System.jsonl
constat investigate -q grown --case growing || fail 'growing'
tail -n 3 grown/System.jsonl >more
cat more >>grown/System.jsonl
expect 1 "$CONSTAT" verify --case growing
finds '^altered: evidence: grown/System.jsonl: bytes [0-9]*-[0-9]*: were added at its end'
! grep -q 'differ from what was read' out || fail 'what was not changed is said to differ'
constat investigate -q grown --case growing || fail 'grown'
expect 0 "$CONSTAT" verify --case growing
finds '^note: evidence: grown/System.jsonl: is there in another state'

# The ledger: another hash, another key, cut short.
expect 1 verify --ledger-hash "$(cat public)"
finds '^altered: ledger: the hash that was given is not in the chain'
expect 1 verify --public-key "$(echo "$hash")"
finds '^altered: ledger, entry [0-9]*: is not signed by the public key'
if command -v sqlite3 >/dev/null; then
    sqlite3 case/case.sqlite "DELETE FROM ledger WHERE number >= (SELECT number FROM ledger WHERE kind = 'end')"
    expect 1 verify
    finds '^altered: ledger, entry [0-9]*: the last entry that case.seal knows is not in the chain'
    rm -r case && cp -r before case

    # Entries behind the end of a run are signed too: who takes their signatures away could write others.
    sqlite3 case/case.sqlite "UPDATE ledger SET signature = x'' WHERE number > (SELECT max(number) FROM ledger WHERE kind = 'end')"
    rm case/case.seal
    expect 1 verify --public-key s.key.pub
    finds '^altered: ledger, entry [0-9]*: is not signed by the public key'
    rm -r case && cp -r before case

    # An encrypted case that says it is none.
    constat investigate -q --case disguised --key h.key --passphrase-file /dev/null evidence || fail 'disguised'
    sqlite3 disguised/case.sqlite "UPDATE meta SET value = CAST('none' AS BLOB) WHERE name = 'cipher'"
    expect 1 "$CONSTAT" verify --case disguised --key h.key --passphrase-file /dev/null
    finds '^altered: table meta'

    # A row, with its digest made to fit: the ledger tells.
    sqlite3 case/case.sqlite "UPDATE item SET host = x'6f74686572', digest = x'00' WHERE number = 1"
    expect 1 verify
    finds '^altered: table item, number 1: evidence/'
    rm -r case && cp -r before case
    sqlite3 case/case.sqlite 'DELETE FROM defect; DELETE FROM segment WHERE item = 2'
    expect 1 verify
    finds '^altered: table item, number 2: evidence/.*: its rows are not those that entry'
    rm -r case && cp -r before case

    # The same content in another file.
    sqlite3 case/case.sqlite 'VACUUM'
    expect 0 verify
    verdict 'file differs but content equal'
    finds '^file: case.sqlite: '
    rm -r case && cp -r before case
else
    echo 'sqlite3 is not installed: rows were not changed'
fi

# The file, the seal.
printf '\377' | dd of=case/case.sqlite bs=1 seek=100 count=1 conv=notrunc 2>/dev/null
status=0
verify >out 2>err || status=$?
finds '^file: case.sqlite: bytes 0-65535: differ from what the last run left'
rm -r case && cp -r before case
head -c 100 before/case.seal >case/case.seal
expect 0 verify
finds '^file: case.seal: '
verdict 'file differs but content equal'
rm case/case.seal
expect 0 verify
finds '^note: case.seal: is not there'
mkfifo case/case.seal
expect 0 verify
finds '^file: case.seal: is not a file'
rm case/case.seal
rm case/report.en.html
ln -s /dev/zero case/report.en.html
expect 1 verify
finds '^altered: .*report.en.html'
rm -r case && cp -r before case

# Encrypted: without the key the chain, with it everything.
expect 0 constat investigate -q --case sealed --key h.key --signing s.key evidence
! grep -qaF evidence/ sealed/case.sqlite || fail 'a path stands in an encrypted case'
expect 0 "$CONSTAT" verify --case sealed
finds 'without --key its content cannot be verified'
finds '^verdict: intact, as far as it can be told without the key'
expect 0 "$CONSTAT" verify --case sealed --key h.key --passphrase-file /dev/null --public-key s.key.pub
verdict intact
expect 2 "$CONSTAT" verify --case sealed evidence
"$CONSTAT" keygen -q --holder other.key --passphrase-file /dev/null >/dev/null
expect 2 "$CONSTAT" verify --case sealed --key other.key
says 'was not encrypted for this key'

# What cannot be done.
expect 2 "$CONSTAT" verify
says '--case DIR names the case'
mkdir empty
expect 2 "$CONSTAT" verify --case empty
says 'there is no case in empty'
expect 2 "$CONSTAT" verify --case nowhere
expect 2 verify --ledger-hash 12
says 'is not 64 hexadecimal digits'
expect 2 verify --public-key missing
expect 2 verify --format xml
if command -v sqlite3 >/dev/null; then
    cp -r case newer && rm newer/case.seal
    sqlite3 newer/case.sqlite 'PRAGMA user_version = 99'
    expect 2 "$CONSTAT" verify --case newer
    says 'made by a newer Constat (format 99; this one knows'
    expect 2 constat investigate -q --case newer evidence
    says 'made by a newer Constat'
fi

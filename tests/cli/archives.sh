#!/bin/sh
# Evidence in archives gives the same events as the files themselves; what cannot be read is named.
. "$CONSTAT_SOURCE/tests/cli/common"

command -v python3 >/dev/null || { echo 'python3 makes the archives'; exit 77; }

# The evidence of the sample court, as a folder, and packed.
mkdir plain
cp -R "$court/evidence" plain/
pack() { # kind file: the folder plain/ without its name
    (cd plain && python3 - "$1" "../$2" <<'END'
import os, sys, tarfile, zipfile
kind, path = sys.argv[1:]
files = sorted(os.path.join(f, n) for f, _, names in os.walk('evidence') for n in names)
if kind == 'zip':
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as z:
        for f in reversed(files):
            z.write(f)
else:
    with tarfile.open(path, kind) as t:
        for f in reversed(files):
            t.add(f)
END
    )
}

events() { # evidence: the events without the places that they were found in
    constat dump -q --workers 2 "$1" >dumped || [ $? -eq 1 ] || fail "dump $1"
    sed 's/"item":"[^"]*"/"item":""/' dumped | sort
}

check() { # file prefix: timeline and dump are those of the folder
    for format in jsonl csv; do
        constat timeline -q -t $format --workers 1 "$1" >one 2>err || [ $? -eq 1 ] || fail "$1 as $format"
        sed "s|$2|plain/|g" one >unpacked
        same unpacked plain.$format
    done
    for workers in 2 7; do
        constat timeline -q -t csv --workers $workers "$1" >more || [ $? -eq 1 ] || fail "$1 with $workers workers"
        same one more
    done
    events "$1" >packed
    same packed plain.events
    constat dump -q --workers 1 "$1" >one || [ $? -eq 1 ] || fail "dump $1"
    constat dump -q --workers 7 "$1" >more || [ $? -eq 1 ] || fail "dump $1"
    same one more
}

events plain >plain.events
for format in jsonl csv; do
    constat timeline -q -t $format plain >plain.$format || [ $? -eq 1 ] || fail "the folder as $format"
done
pack zip court.zip
check court.zip 'court.zip!'
pack w:gz court.tar.gz
check court.tar.gz 'court.tar.gz!'
if command -v 7z >/dev/null; then
    (cd plain && 7z a ../court.7z evidence >/dev/null)
    check court.7z 'court.7z!'
fi

# Every kind of compression within the sandbox.
for tool in gzip bzip2 xz zstd; do
    command -v $tool >/dev/null || continue
    $tool -c <"$sysmon" >one.evtx.packed
    constat dump -q one.evtx.packed | sed 's/"item":"[^"]*"/"item":""/' >one
    constat dump -q "$sysmon" | sed 's/"item":"[^"]*"/"item":""/' >more
    same one more
done

# Archives in archives, each file of the folder compressed by itself.
mkdir nested
cp -R plain/evidence nested/
find nested -type f -exec gzip -n {} \;
(cd nested && tar cf ../inner.tar evidence)
xz -k inner.tar 2>/dev/null || cp inner.tar inner.tar.xz
zip -q0 outer.zip inner.tar.xz 2>/dev/null || python3 -c "
import zipfile
zipfile.ZipFile('outer.zip', 'w').write('inner.tar.xz')"
events outer.zip >packed
same packed plain.events
grep -q '"item":"outer.zip!inner.tar.xz!evidence/windows/RDS01/Security.evtx.gz!Security.evtx"' dumped ||
    fail 'the way to a member'
rm -r nested

# The same record in an archive and beside it is counted once.
mkdir both
cp court.zip both/
cp -R plain/evidence both/
constat timeline -q -t jsonl both >out || [ $? -eq 1 ] || fail 'an archive beside its content'
[ "$(grep -c '"provider":"Microsoft-Windows-Security-Auditing"' out)" -eq \
    "$(grep -c '"provider":"Microsoft-Windows-Security-Auditing"' plain.jsonl)" ] || fail 'records are counted twice'
rm -r both

# Damage: a byte in a member, the end gone, a sum that does not fit.
python3 - "$sysmon" <<'END'
import gzip, sys, zipfile
log = open(sys.argv[1], 'rb').read()
with zipfile.ZipFile('bad.zip', 'w') as z:
    z.writestr('first.evtx', log)
    z.writestr('second.evtx', log)
bad = bytearray(open('bad.zip', 'rb').read())
bad[len(log) - 100] ^= 1
open('bad.zip', 'wb').write(bad)
open('cut.zip', 'wb').write(bad[:len(log) * 2])
packed = bytearray(gzip.compress(log))
open('cut.evtx.gz', 'wb').write(packed[:-2000])
packed[-8] ^= 1
open('sum.evtx.gz', 'wb').write(packed)
END
expect 1 constat dump bad.zip
says 'bad.zip: byte '
says 'first.evtx: after '
says 'ZIP bad CRC'
[ "$(lines out)" -eq "$((2 * $(constat dump -q "$sysmon" | wc -l)))" ] || fail 'events of a damaged archive'
expect 1 constat dump cut.zip
says 'its directory cannot be read'
says 'second.evtx: after '
expect 1 constat dump cut.evtx.gz
says 'ends within compressed data'
[ "$(lines out)" -gt 0 ] || fail 'what comes before the damage is lost'
expect 1 constat dump sum.evtx.gz
says 'its CRC is '

# A bomb is refused, and the run goes on.
python3 - <<'END'
import gzip
open('bomb.gz', 'wb').write(gzip.compress(bytes(32 << 20), 9) * 33)
END
expect 1 constat dump bomb.gz "$sysmon"
says 'as in a decompression bomb'
[ "$(lines out)" -eq "$(constat dump -q "$sysmon" | wc -l)" ] || fail 'a file beside a bomb'

# Passwords.
if command -v zip >/dev/null; then
    cp "$sysmon" log.evtx
    zip -q -P 'open sesame ' secret.zip log.evtx
    expect 1 constat dump secret.zip
    says 'log.evtx: after 0 bytes: Passphrase required for this entry'
    [ ! -s out ] || fail 'events without a password'
    printf 'wrong\r\nopen sesame \n\n' >passwords
    expect 0 constat dump --password-file passwords secret.zip
    [ "$(lines out)" -eq "$(constat dump -q "$sysmon" | wc -l)" ] || fail 'with a password'
    silent_about 'open sesame'
    printf '\357\273\277open sesame ' >marked
    expect 0 constat dump --password-file passwords --password-file marked secret.zip
    expect 0 constat dump --password-file marked secret.zip
fi
if command -v 7z >/dev/null; then
    7z a -tzip -mem=AES256 '-popen sesame ' aes.zip "$sysmon" >/dev/null
    printf 'open sesame \n' >passwords
    expect 0 constat dump --password-file passwords aes.zip
    [ "$(lines out)" -eq "$(constat dump -q "$sysmon" | wc -l)" ] || fail 'with a password, AES'
    7z a -psecret secret.7z "$sysmon" >/dev/null
    expect 1 constat dump --password-file passwords secret.7z
    says 'encrypted, but currently not supported'
fi
expect 2 constat dump --password-file missing bad.zip
says 'missing: No such file'

# No room for what is in an archive: named, and the rest is read.
TMPDIR=/nonexistent/folder
expect 1 constat dump court.zip "$sysmon"
says 'court.zip: '
says 'cannot make a temporary file in /nonexistent/folder'
[ "$(lines out)" -eq "$(constat dump -q "$sysmon" | wc -l)" ] || fail 'a file beside an archive without room'
TMPDIR=$PWD

# Options that go by place know the ways into archives.
mkdir pc
cp "$CONSTAT_SOURCE/tests/golden/evtx_csv/viewer_en_us.csv" pc/
tar cf pc.tar pc
constat timeline -q -t csv --timezone 'pc/*=Asia/Tokyo' pc >folder || [ $? -eq 1 ]
constat timeline -q -t csv --timezone 'pc/*=Asia/Tokyo' pc.tar | sed 's/pc\.tar!//' >packed || [ $? -eq 1 ]
same folder packed
constat timeline -q -t csv pc >folder || [ $? -eq 1 ]
! cmp -s folder packed || fail 'the time zone makes no difference'

# Names of members are evidence: kept as they are, and harmless in each output.
python3 - "$sysmon" <<'END'
import io, sys, tarfile
log = open(sys.argv[1], 'rb').read()
names = [b'caf\351.evtx', b'../../=cmd.evtx', b'/abs/esc\033[2J.evtx', b'line\nbreak.evtx', b'rtl\342\200\256cod.evtx']
with open('names.tar', 'wb') as out:
    for name in names:
        info = tarfile.TarInfo('x')
        info.size = len(log)
        header = bytearray(info.tobuf(tarfile.USTAR_FORMAT))
        header[:100] = name.ljust(100, b'\0')
        header[148:156] = b' ' * 8
        header[148:156] = b'%06o\0 ' % sum(header)
        out.write(header + log + b'\0' * (-len(log) % 512))
    out.write(b'\0' * 1024)
END
expect 0 constat timeline -t jsonl names.tar
head -n 1 out | grep -qF '{"bytes":"' || fail 'a name that is not UTF-8 is not exact'
head -n 1 out | grep -qF '"names.tar!../../=cmd.evtx"' || fail 'a name that leads elsewhere'
head -n 1 out | grep -qiF 'names.tar!abs/esc\u001b[2J.evtx' || fail 'escape'
[ "$(head -n 1 out | grep -o '"offset":' | wc -l)" -eq 5 ] || fail 'all five'
for format in csv timesketch l2tcsv bodyfile; do
    constat timeline -q -t $format names.tar >out 2>err || fail "$format of strange names"
    [ "$(tr -d '\n' <out | tr -d '[:print:]\200-\377' | wc -c)" -eq 0 ] || fail "control bytes in $format"
done
constat timeline -q names.tar >out
grep -qF 'names.tar!' out || fail 'names in CSV'

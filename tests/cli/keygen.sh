#!/bin/sh
# Key pairs: what is made, what is refused, what opens what.
. "$CONSTAT_SOURCE/tests/cli/common"
umask 022
keygen() {
    "$CONSTAT" keygen "$@"
}

expect 0 keygen --signing s.key --passphrase-file /dev/null
grep -qE '^[0-9a-f]{64}$' out || fail 'the public half is not printed'
[ "$(stat -c %a s.key)" = 600 ] || fail 'others can read the private half'
grep -q '^constat signing key 1$' s.key || fail 'form of the private half'
grep -q '^constat signing public key 1$' s.key.pub || fail 'form of the public half'
! grep -qF "$(sed -n 's/^secret //p' s.key)" s.key.pub || fail 'the secret is in the public file'
[ "$(sed -n 's/^public //p' s.key)" = "$(sed -n 's/^public //p' s.key.pub)" ] || fail 'halves differ'
expect 0 keygen --holder h.key --passphrase-file /dev/null
grep -q '^constat holder key 1$' h.key || fail 'form of a holder key'
cp out first

# With a passphrase the secret does not stand in the file.
echo 'correct horse' >phrase
echo 'wrong horse' >wrong
expect 0 keygen --holder p.key --passphrase-file phrase
! grep -q '^secret' p.key || fail 'a secret in spite of a passphrase'
grep -q '^argon2id ' p.key || fail 'no passphrase'
expect 0 constat investigate -q --case sealed --key p.key --passphrase-file phrase "$sysmon"
expect 2 "$CONSTAT" verify --case sealed --key p.key --passphrase-file wrong
says 'passphrase is not the right one'
expect 0 "$CONSTAT" verify --case sealed --key p.key --passphrase-file phrase
expect 2 "$CONSTAT" verify --case sealed --key p.key
says 'no terminal to ask at'

# Nothing is overwritten unawares.
expect 2 keygen --signing s.key --passphrase-file /dev/null
says 's.key exists; --force overwrites it'
expect 2 keygen --holder s.key --passphrase-file /dev/null
cp s.key before
rm s.key
expect 2 keygen --signing s.key --passphrase-file /dev/null
says 's.key.pub exists'
[ ! -e s.key ] || fail 'half a pair was made'
cp before s.key
expect 0 keygen --signing s.key --passphrase-file /dev/null --force
! cmp -s s.key before || fail 'the same key again'
[ "$(stat -c %a s.key)" = 600 ] || fail 'rights after --force'

# What cannot be.
expect 2 keygen
says 'either --signing FILE or --holder FILE'
expect 2 keygen --signing a --holder b --passphrase-file /dev/null
expect 2 keygen --signing a.key extra --passphrase-file /dev/null
expect 2 keygen --signing no/such/folder/a.key --passphrase-file /dev/null
expect 2 keygen --signing a.key --passphrase-file missing
says 'missing'
head -c 2000 /dev/zero | tr '\0' x >long
expect 2 keygen --signing a.key --passphrase-file long
says 'at most 1024 bytes'
[ ! -e a.key ] || fail 'a key in spite of a failure'

# Keys of the wrong kind, or damaged, are said to be.
expect 2 constat investigate -q --case other --signing h.key "$sysmon"
says 'is a holder key; a signing key is needed'
expect 2 constat investigate -q --case other --signing s.key.pub "$sysmon"
says 'is a public key'
sed 's/^secret ./secret A/' s.key >bad.key
cmp -s bad.key s.key || expect 2 constat investigate -q --case other --signing bad.key "$sysmon"
echo nonsense >bad.key
expect 2 constat investigate -q --case other --signing bad.key "$sysmon"
says 'is not a key file of Constat'
mkdir inside
cp s.key inside/
expect 2 constat investigate -q --case inside --signing inside/s.key "$sysmon"
says 'keep it elsewhere'

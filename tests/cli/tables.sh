#!/bin/sh
# Where the tables come from: --knowledge, then beside the program; a clear word when they are nowhere.
. "$CONSTAT_SOURCE/tests/cli/common"
tables=$CONSTAT_SOURCE/knowledge

# Installed, and in a source tree.
mkdir -p prefix/bin prefix/share/constat tree/build/release
cp "$CONSTAT" prefix/bin/constat
cp "$CONSTAT" tree/build/release/constat
cp -r "$tables" prefix/share/constat/knowledge
cp -r "$tables" tree/knowledge
constat timeline -q "$sysmon" >expected
expect 0 prefix/bin/constat timeline -q "$sysmon"
same out expected
expect 0 tree/build/release/constat timeline -q "$sysmon"
same out expected

# A link to the program leads to its own tables.
ln -s prefix/bin/constat constat
expect 0 ./constat timeline -q "$sysmon"
same out expected

# File by file.
mkdir mine
head -n 1 "$tables/actions.tsv" >mine/actions.tsv
expect 0 prefix/bin/constat timeline -q -t jsonl --knowledge mine "$sysmon"
[ "$(grep -c '"event.action":null' out)" -eq "$(lines out)" ] || fail 'the own table was not used'
grep -q '"host.name":"' out || fail 'the installed tables were not used for the rest'

# Damaged and missing.
printf 'no\tcolumns\n' >mine/ecs.tsv
expect 2 prefix/bin/constat timeline -q --knowledge mine "$sysmon"
says 'mine/ecs.tsv'
mkdir alone
cp "$CONSTAT" alone/constat
expect 2 alone/constat timeline -q "$sysmon"
says '--knowledge'

#!/bin/sh
# Rules of YARA on files of all kinds: what is found, refused, named; the same for any number of workers.
. "$CONSTAT_SOURCE/tests/cli/common"

mkdir rules rules/more items
printf 'a dropped file, dropped twice' >items/dropped.bin
printf '{"a":"dropped"}\n' >items/log.jsonl
printf 'nothing to see' >items/other.txt
: >items/empty
cp "$sysmon" items/sysmon.evtx
tar -cf items/inner.tar items/dropped.bin items/other.txt
tar -cf one.tar items
cat >rules/a.yar <<'RULE'
rule Dropped : apt { meta: severity = "critical" id = "Y-1" strings: $a = "dropped" $b = "file" condition: $a and $b }
rule IsLog { meta: score = 45 strings: $a = "ElfFile" condition: $a at 0 }
RULE
cat >rules/more/modules.yara <<'RULE'
import "hash"
import "pe"
import "math"
import "elf"
import "dotnet"
import "time"
rule Modules { condition: hash.sha256(0, filesize) contains "a" and hash.md5(0, filesize) != "" and hash.crc32(0, filesize) >= 0 and
    math.entropy(0, filesize) > 0 and time.now() > 0 and not defined pe.number_of_sections and not defined elf.type }
RULE
expect 0 constat hunt -r none --yara rules -t csv items
for row in ',Dropped,critical,,,,,"$a at 0x2, 0x10; $b at 0xa",Y-1,rules/a.yar,items/dropped.bin,apt,' \
    ',IsLog,medium,,,,,$a at 0x0,IsLog,rules/a.yar,items/sysmon.evtx,,' \
    ',Modules,high,,,,,"by its condition, without strings",Modules,rules/more/modules.yara,items/other.txt,,' \
    ',Y-1,rules/a.yar,items/inner.tar!items/dropped.bin,apt,' ',Y-1,rules/a.yar,items/inner.tar,apt,'; do
    grep -qF -- "$row" out || fail "no row: $row"
done
! grep -F 'items/log.jsonl' out | grep -q Dropped || fail 'a string without the other'
says '3 rules loaded, 0 files refused; 3 matched'
expect 0 constat hunt -q -r none --yara rules/a.yar --min-level high -t jsonl items
! grep -q IsLog out || fail 'the level'
grep -qF '"Timestamp":null,"RuleTitle":"Dropped","Level":"critical"' out || fail 'jsonl'

# Rows of events are as without.
constat hunt -q -r builtin -t csv items >without || fail 'rules'
constat hunt -q -r builtin --yara rules -t csv items | grep -vE ',(Dropped|IsLog|Modules),' >with || fail 'rules and yara'
same with without

for format in csv json table; do
    constat hunt -q -t $format -r builtin --yara rules --workers 1 items one.tar 2>err >one || [ $? -eq 1 ] || fail "$format"
    for workers in 2 7; do
        constat hunt -q -t $format -r builtin --yara rules --workers $workers one.tar items 2>err >more || [ $? -eq 1 ] || fail "$format"
        same one more
    done
done

# A file that cannot be compiled is named, and the others run.
printf 'include "/etc/passwd"\nrule X { condition: true }\n' >rules/bad.yar
printf 'import "magic"\nrule X { condition: magic.type() contains "a" }\n' >rules/magic.yar
expect 1 constat hunt -q -r none --yara rules -t csv items
says 'rules/bad.yar: line 1: rule refused: includes are disabled'
says 'rules/magic.yar: rule refused: the modules magic and cuckoo'
grep -q ',Dropped,' out || fail 'rules beside a refused file'
expect 2 constat hunt -r none --yara /nonexistent items
says '--yara'

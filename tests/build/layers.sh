#!/bin/sh
# A folder sees itself and the folders before it, and nothing after it.
set -eu

folders='base event format evidence detect engine store analysis report web app'
checked=0
allowed=''
for user in $folders; do
    allowed="$allowed $user"
    [ -d "$CONSTAT_SOURCE/src/$user" ] || continue
    for used in $folders; do
        header=$(find "$CONSTAT_SOURCE/src/$used" -name '*.h' 2>/dev/null | LC_ALL=C sort | head -n 1)
        [ -n "$header" ] || continue
        header=${header#"$CONSTAT_SOURCE/src/"}
        found=no
        if echo "#include \"$header\"" | "$CC" -M -I "$CONSTAT_BUILD/include/$user" -x c - >out.txt 2>&1; then
            found=yes
        elif ! grep -qE "$header.*(No such file|file not found)" out.txt; then
            # It was found, and what it includes in turn was not: its own folder's business.
            found=yes
        fi
        expected=no
        case " $allowed " in
        *" $used "*) expected=yes ;;
        esac
        if [ "$found" != "$expected" ]; then
            echo "src/$user includes \"$header\": found $found, expected $expected"
            cat out.txt
            exit 1
        fi
        checked=$((checked + 1))
    done
done
echo "$checked pairs of folders"
[ "$checked" -gt 1 ]

# What the links cannot stop, the check of the include lines does.
mkdir -p src/base
for line in '#include "../event/batch.h"' '# include "batch.h"' '#include <../event/batch.h>' '#include "event/../app/options.h"'; do
    echo "$line" >src/base/bad.c
    if "$CONSTAT_SOURCE/scripts/check-includes" src 2>/dev/null; then
        echo "check-includes lets pass: $line"
        exit 1
    fi
done
printf '#include <stdio.h>\n#include <sys/stat.h>\n#include "base/span.h"\n' >src/base/bad.c
"$CONSTAT_SOURCE/scripts/check-includes" src

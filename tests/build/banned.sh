#!/bin/sh
# Every name on the list of banned functions stops the compiler, and ordinary code is not stopped.
set -eu

compile() { # flags in $1, source on standard input
    # shellcheck disable=SC2086
    "$CC" -std=c17 -D_GNU_SOURCE $1 -include "$CONSTAT_SOURCE/src/base/banned.h" -x c -c -o /dev/null - 2>out.txt
}

names=$(sed -n 's/^#pragma GCC poison //p' "$CONSTAT_SOURCE/src/base/banned.h")
for name in strcpy strcat strncpy strncat strtok strtok_r sprintf vsprintf sscanf gets atoi atol atof alloca; do
    case " $(echo $names) " in
    *" $name "*) ;;
    *) echo "$name is not on the list of banned.h"; exit 1 ;;
    esac
done

for flags in '-O0' '-O2 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3'; do
    compile "$flags -Wall -Wpedantic -Wundef -Werror" <<'END' || { echo "ordinary code is refused ($flags):"; cat out.txt; exit 1; }
#include <alloca.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
int f(char *s);
int f(char *s) { return snprintf(s, 2, "%zu", strlen(s)); }
END
    for name in $names; do
        if echo "void *p; void f(void); void f(void) { p = (void *)$name; }" | compile "$flags" || ! grep -q poisoned out.txt; then
            echo "$name is not refused ($flags)"
            cat out.txt
            exit 1
        fi
    done
done

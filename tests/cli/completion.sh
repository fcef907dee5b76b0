#!/bin/sh
# The program knows what fits; the scripts hand it on.
. "$CONSTAT_SOURCE/tests/cli/common"
completion=$CONSTAT_SOURCE/completion

offers() { # words…, the last one incomplete
    "$CONSTAT" __complete "$@" | sed '/^:/d; s/\t.*//' | sort
}
last() {
    "$CONSTAT" __complete "$@" | sed -n '/^:/p'
}

"$CONSTAT" --help | sed -n '/^Commands/,/^$/s/^  \([a-z-]*\) .*/\1/p' | sort >commands
offers '' >offered
same offered commands
for command in $(grep -vx help commands); do
    "$CONSTAT" help "$command" | sed -n '/^Options/,/^$/s/^  \(-., \|    \)\(--[a-z-]*\).*/\2/p' | sort >options
    [ "$(lines options)" -ge 1 ] || fail "$command has no options"
    offers "$command" -- >offered
    same offered options
    "$CONSTAT" help "$command" | sed -n '/^Formats/,/^$/s/^  \([a-z0-9-][a-z0-9-]*\) .*/\1/p' | sort >formats
    offers "$command" -t '' >offered
    same offered formats
done

[ "$(offers time)" = timeline ] || fail command
[ "$(offers help time)" = timeline ] || fail 'help on a command'
[ "$(offers timeline --work)" = --workers ] || fail option
[ "$(offers timeline x --format l2)" = l2tcsv ] || fail format
[ "$(last timeline '')" = :files ] || fail evidence
[ "$(last search '')" = :nothing ] || fail 'a query is no file'
[ "$(last timeline --knowledge '')" = :folders ] || fail folder
[ "$(last timeline -o '')" = :files ] || fail 'file of an option'
[ "$(last timeline --from '')" = :nothing ] || fail 'value that nobody knows'
[ "$(last no-such-command '')" = :nothing ] || fail 'unknown command'
"$CONSTAT" __complete >offered || fail 'no words'

for shell in bash zsh fish; do
    if command -v "$shell" >/dev/null; then
        "$shell" -n "$completion/constat.$shell" || fail "$shell does not accept its completion"
    else
        echo "$shell is not installed: its completion was not run"
    fi
done

# bash can be asked.
command -v bash >/dev/null || exit 0
ask() { # words…, the last one incomplete
    bash -c '. "$0"; compopt() { :; }
        COMP_WORDS=("$CONSTAT" "$@"); COMP_CWORD=$#; _constat constat "${@: -1}" x
        printf "%s\n" "${COMPREPLY[@]}"' "$completion/constat.bash" "$@" | sort
}
[ "$(ask time)" = timeline ] || fail 'bash: command'
[ "$(ask timeline --work)" = --workers ] || fail 'bash: option'
[ "$(ask dump -t '')" = "$(printf 'evtx-jsonl\njsonl')" ] || fail 'bash: formats of dump'
: >evidence.evtx
[ "$(ask timeline evid)" = evidence.evtx ] || fail 'bash: file'

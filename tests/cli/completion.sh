#!/bin/sh
# The completions know the commands, options and formats of the program, and no others.
. "$CONSTAT_SOURCE/tests/cli/common"
completion=$CONSTAT_SOURCE/completion

"$CONSTAT" --help | sed -n '/^Commands/,/^$/s/^  \([a-z-]*\) .*/\1/p' >commands
for command in timeline dump; do
    "$CONSTAT" help "$command" >help.txt
    sed -n '/^Formats/,/^$/s/^  \([a-z0-9-][a-z0-9-]*\) .*/\1/p' help.txt >"formats.$command"
done
for command in timeline dump; do
    "$CONSTAT" help "$command" | sed -n '/^Options/,/^$/s/^  \(-., \|    \)--\([a-z-]*\).*/\2/p'
done | sort -u >options
[ "$(lines options)" -ge 10 ] || fail 'few options'

sed -n "/local options=/,/'\$/p" "$completion/constat.bash" | grep -o -- '--[a-z-]*' | sed 's/^--//' | sort -u >bash.options
same bash.options options
sed -n '/^    options=(/,/^    )/p' "$completion/constat.zsh" | grep -oE "(^ *'\*?|,)--[a-z-]*" | sed 's/.*--//' |
    sort -u >zsh.options
same zsh.options options
grep 'seen_subcommand_from' "$completion/constat.fish" | grep -oE -- '-l [a-z-]+' | sed 's/^-l //' | sort -u >fish.options
same fish.options options

for shell in bash zsh fish; do
    for command in $(cat commands); do
        grep -qw -- "$command" "$completion/constat.$shell" || fail "$shell does not know the command $command"
    done
    for command in timeline dump; do
        formats=$(tr '\n' ' ' <"formats.$command")
        grep -qF -- "${formats% }" "$completion/constat.$shell" || fail "$shell does not know the formats $formats"
    done
    if command -v "$shell" >/dev/null; then
        "$shell" -n "$completion/constat.$shell" || fail "$shell does not accept its completion"
    else
        echo "$shell is not installed: its completion was compared but not run"
    fi
done

# bash can be asked.
command -v bash >/dev/null || exit 0
ask() { # words…, the last one incomplete
    bash -c '. "$0"; compopt() { :; }
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _constat constat "${@: -1}" "${@: -2:1}"
        printf "%s\n" "${COMPREPLY[@]}"' "$completion/constat.bash" "$@" | sort
}
[ "$(ask constat time)" = timeline ] || fail 'bash: command'
[ "$(ask constat timeline --work)" = --workers ] || fail 'bash: option'
[ "$(ask constat timeline --format l2)" = l2tcsv ] || fail 'bash: format'
[ "$(ask constat dump -t '')" = "$(printf 'evtx-jsonl\njsonl')" ] || fail 'bash: formats of dump'
: >evidence.evtx
[ "$(ask constat timeline evid)" = evidence.evtx ] || fail 'bash: file'

# Completion of constat(1) for bash. The lists of options are checked against the program by
# tests/cli/completion.sh.

_constat()
{
    local word=$2 previous=$3 command=${COMP_WORDS[1]}
    local commands='timeline dump help csv-timeline json-timeline'
    local options='--file --dir --format --json --output --force --from --to --timezone --password-file
        --recover --knowledge --workers --quiet --verbose --no-color --help'
    COMPREPLY=()

    if [ "$COMP_CWORD" -eq 1 ]; then
        mapfile -t COMPREPLY < <(compgen -W "$commands --help --version" -- "$word")
        return
    fi
    case $previous in
    -t | --format)
        local formats='csv jsonl timesketch l2tcsv bodyfile'
        [ "$command" = dump ] && formats='jsonl evtx-jsonl'
        mapfile -t COMPREPLY < <(compgen -W "$formats" -- "$word")
        return
        ;;
    --knowledge)
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -d -- "$word")
        return
        ;;
    --timezone)
        mapfile -t COMPREPLY < <(cd "${TZDIR:-/usr/share/zoneinfo}" 2>/dev/null && compgen -f -- "$word")
        return
        ;;
    --from | --to | --workers)
        return
        ;;
    esac
    if [ "$command" = help ]; then
        mapfile -t COMPREPLY < <(compgen -W 'timeline dump' -- "$word")
    elif [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
    else
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
    fi
}

complete -F _constat constat

# Completion of constat(1) for bash: the program knows what fits.

_constat()
{
    local word=$2 line last=:nothing
    COMPREPLY=()
    while IFS= read -r line; do
        case $line in
        :*) last=$line ;;
        *) COMPREPLY+=("${line%%$'\t'*}") ;;
        esac
    done < <("${COMP_WORDS[0]}" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
    case $last in
    :files)
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        ;;
    :folders)
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -d -- "$word")
        ;;
    esac
}

complete -F _constat constat

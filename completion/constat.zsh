#compdef constat
# Completion of constat(1) for zsh: the program knows what fits.

_constat() {
    local -a offers
    local line last=:nothing
    while IFS= read -r line; do
        case $line in
        :*) last=$line ;;
        *) offers+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}") ;;
        esac
    done < <($words[1] __complete "${(@)words[2,CURRENT]}" 2>/dev/null)
    case $last in
    :files) _files ;;
    :folders) _files -/ ;;
    *) (( $#offers )) && _describe constat offers ;;
    esac
}

_constat "$@"

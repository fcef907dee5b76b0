#compdef constat
# Completion of constat(1) for zsh. The lists of options are checked against the program by
# tests/cli/completion.sh.

_constat() {
    local -a commands options formats
    commands=(
        'timeline:every event of the evidence, in order of time'
        'dump:the events of files as they are, in file order'
        'help:help on a command'
        'csv-timeline:timeline --format csv'
        'json-timeline:timeline --format jsonl'
    )
    if (( CURRENT == 2 )); then
        _describe command commands
        _arguments '--help[help]' '--version[version of this program]'
        return
    fi
    formats=(csv jsonl timesketch l2tcsv bodyfile)
    case $words[2] in
    help)
        _values command timeline dump
        return
        ;;
    dump)
        formats=(jsonl evtx-jsonl)
        ;;
    esac
    options=(
        '*'{-f,--file}'[a file or folder to read]:evidence:_files'
        '*'{-d,--dir}'[a file or folder to read]:evidence:_files'
        {-t,--format}"[shape of the output]:format:($formats)"
        '--json[the same as --format jsonl]'
        {-o,--output}'[write to a file]:file:_files'
        {-C,--force}'[overwrite the file if it exists]'
        '--from[only events at or after a time]:time:'
        '--to[only events before a time]:time:'
        '*--timezone[zone of local times]:[glob=]zone:_time_zone'
        '*--password-file[passwords of archives, one a line]:file:_files'
        '--recover[also records from unused space and damaged parts]'
        '--knowledge[tables that replace the installed ones]:folder:_files -/'
        '--workers[number of worker processes]:number:'
        {-q,--quiet}'[no notes, no progress, no summary]'
        {-v,--verbose}'[all notes]'
        {-K,--no-color}'[no colours]'
        {-h,--help}'[help on the command]'
    )
    shift words
    (( CURRENT-- ))
    _arguments -s $options '*:evidence:_files'
}

_constat "$@"

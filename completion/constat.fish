# Completion of constat(1) for fish: the program knows what fits.

function __constat_offers
    set -l words (commandline -opc) (commandline -ct)
    set -l program $words[1]
    for line in ($program __complete $words[2..-1] 2>/dev/null)
        switch $line
            case ':files'
                __fish_complete_path (commandline -ct)
            case ':folders'
                __fish_complete_directories (commandline -ct)
            case ':nothing'
            case '*'
                echo $line
        end
    end
end

complete -c constat -f -a '(__constat_offers)'

# Completion of changeover for fish: asks the command itself what may come next.
function __changeover_complete
    set -l words (commandline -opc)
    set -l word (commandline -ct)
    set -l lines (changeover complete -- $words[2..-1] "$word" 2>/dev/null)
    if test "$lines[1]" = :files
        # In "--file=na" only "na" is the beginning of a file's name.
        set -l option (string match -r -- '^--[^=]+=' $word)
        for path in (complete -C "'' "(string replace -- "$option" "" $word))
            echo "$option$path"
        end
        return
    end
    string join \n -- $lines
end
complete -c changeover -f -a '(__changeover_complete)'

# Completion of @PROGRAM@ in fish: a file ~/.config/fish/completions/@PROGRAM@.fish, or: @PROGRAM@ completion fish | source
function __@PROGRAM@_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program (string replace -r '^~' $HOME -- $words[1])
    set -l lines ($program __complete $words[2..-1] "$current" 2>/dev/null)
    if test (count $lines) -gt 0
        printf '%s\n' $lines
    else
        __fish_complete_path "$current"
    end
end
complete -c @PROGRAM@ -f -a '(__@PROGRAM@_complete)'

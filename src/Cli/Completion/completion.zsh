#compdef @PROGRAM@
# Completion of @PROGRAM@ in zsh: a file named _@PROGRAM@ in a directory of $fpath, or: source <(@PROGRAM@ completion zsh)
_@PROGRAM@() {
    local line program=${words[1]/#\~/$HOME}
    local -a described
    for line in "${(@f)$("$program" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
        [[ -n $line ]] && described+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
    done
    if (( ${#described} )); then
        _describe -t values @PROGRAM@ described
    else
        _files
    fi
}
if [[ $funcstack[1] == _@PROGRAM@ ]]; then
    _@PROGRAM@
else
    compdef _@PROGRAM@ @PROGRAM@
fi

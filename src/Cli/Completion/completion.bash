# Completion of @PROGRAM@ in bash. For this shell: source <(@PROGRAM@ completion bash)
_@PROGRAM@() {
    local program=${COMP_WORDS[0]/#\~/$HOME} value
    COMPREPLY=()
    while IFS=$'\t' read -r value _; do
        COMPREPLY+=("$value")
    done < <("$program" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o bashdefault -o default -F _@PROGRAM@ @PROGRAM@

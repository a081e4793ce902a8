# Completion of changeover for bash: asks the command itself what may come next. Needs no other package.
_changeover() {
  local line=${COMP_LINE:0:COMP_POINT} words word candidate taken
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  word=${words[${#words[@]} - 1]}
  # Bash takes what stands before a "=" or ":" for a word of its own, and wants only the rest.
  local breaks=${COMP_WORDBREAKS//[^=:]/}
  taken=""
  [[ -n $breaks ]] && taken=${word%"${word##*["$breaks"]}"}
  COMPREPLY=()
  while IFS=$'\t' read -r candidate _; do
    if [[ $candidate == :files ]]; then
      compopt -o default
      COMPREPLY=()
      return
    fi
    COMPREPLY+=("${candidate#"$taken"}")
  done < <(changeover complete -- "${words[@]:1}" 2>/dev/null)
}
complete -F _changeover changeover

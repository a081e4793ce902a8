#compdef changeover
# Completion of changeover for zsh: asks the command itself what may come next.
_changeover() {
  local -a lines candidates
  local line
  lines=("${(@f)$(changeover complete -- "${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ $lines[1] == :files ]]; then
    [[ $PREFIX == -*=* ]] && compset -P '*='
    _files
    return
  fi
  for line in $lines; do
    # A ":" parts what is typed from what it means.
    candidates+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
  done
  _describe changeover candidates
}
# Read from a folder of $fpath this file is the function itself; else it is to be registered.
if [[ ${funcstack[1]} == _changeover ]]; then
  _changeover
else
  compdef _changeover changeover
fi

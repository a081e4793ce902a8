
# FILES: made beside, then renamed while the lock is held, so that a refused change leaves nothing.

put_files() { # path, octal mode and bytes, of each
  parts=
  trap 'IFS=$newline; set -f; rm -f -- $parts' EXIT
  while [ "$#" -gt 0 ]; do
    case $1 in */*) [ -d "${1%/*}" ] || mkdir -p -- "${1%/*}" ;; esac
    part=$1.changeover-$$
    parts=$parts${parts:+$newline}$part
    if [ "$#" -gt 3 ]; then receive "$part" "$3" more; else receive "$part" "$3"; fi
    chmod "$2" "$part" || refuse "failed cannot write $1"
    shift 3
  done
  IFS=$newline
  set -f
  set -- $parts
  unset IFS
  sync -- "$@" || refuse 'failed cannot write to the disk'
  fence "$state"
  for part; do mv -T -- "$part" "${part%.changeover-*}" || refuse "failed cannot replace ${part%.changeover-*}"; done
  trap - EXIT
}

# The folder is missing for an instant between two renames; a crash there is healed by doing it again.
put_tree() { # path, -z for a compressed one
  part=$1.changeover-$$
  mkdir -p -- "$part"
  trap 'rm -rf -- "$part" "$part.tar" "$part-old"' EXIT
  receive "$part.tar"
  tar -x --no-same-owner ${2:+"$2"} -f "$part.tar" -C "$part" || refuse "failed cannot unpack into $1"
  fence "$state"
  [ ! -e "$1" ] || mv -T -- "$1" "$part-old" || refuse "failed cannot replace $1"
  mv -T -- "$part" "$1" || refuse "failed cannot replace $1"
}

read_file() {
  if [ ! -e "$1" ]; then
    [ -e "$state/id" ] && [ ! -e "$state/retired" ] || refuse not-found
    exit 114
  fi
  exec cat -- "$1"
}

remove() {
  fence "$state"
  rm -rf -- "$1"
}


# FILES: made beside, then renamed while the lock is held, so that a refused change leaves nothing.

put_file() {
  part=$1.changeover-$$
  case $1 in */*) mkdir -p -- "${1%/*}" ;; esac
  receive "$part"
  trap 'rm -f -- "$part"' EXIT
  chmod "$2" "$part" && sync "$part" || refuse "failed cannot write $1"
  fence "$state"
  mv -T -- "$part" "$1" || refuse "failed cannot replace $1"
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
  [ -e "$1" ] || refuse not-found
  exec cat -- "$1"
}

remove() {
  fence "$state"
  rm -rf -- "$1"
}

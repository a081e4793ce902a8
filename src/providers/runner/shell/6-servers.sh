
# SERVERS: folders of an environment. These verbs are given the environment's folder, which has a token of its own.

launch() { # name, id, "alone" where this machine is to hold no other server, and one that may be there; the record by stdin
  mkdir -p "$state" && chmod 700 "$state"
  part=$state/launch-$$
  mkdir -p "$part/$state" && chmod 700 "$part/$state"
  trap 'rm -rf "$part"' EXIT
  receive "$part/server.json"
  cp "$part/server.json" "$part/$state/launched.json"
  printf '%s\n' "$2" >"$part/$state/id"
  mkdir "$part/$state/jobs" "$part/$state/services" "$part/$state/leases"
  : >"$part/$state/lock"
  fence "$state"
  [ "${3-}" != alone ] || only_here "$1" "${4-$1}"
  [ -d "$1" ] || mv -T "$part" "$1" || refuse "failed cannot make $1"
  cat "$1/$state/launched.json" "$1/server.json"
}

# Whatever its environment: the lock is one for the whole machine, and is kept on descriptor 8.
only_here() { # name, the one that may be beside it
  mkdir -p "../$state"
  exec 8>>"../$state/lock"
  flock -w 30 8 || refuse busy
  for other in ../*/*/server.json; do
    [ -e "$other" ] || continue
    other=${other#../}
    case ${other%/server.json} in
      "${PWD##*/}/$1" | "${PWD##*/}/$2") ;;
      *) refuse "occupied ${other%/server.json}" ;;
    esac
  done
}

# From here on no older control plane launches, relabels or retires anything of this environment on this machine.
claim_environment() {
  mkdir -p "$state" && chmod 700 "$state" || refuse "failed cannot write $folder"
  fence "$state"
}

list_servers() { # the records' files
  [ -e "$1" ] || exit 0
  # All at once; where one was retired in between, one by one.
  if records=$(cat -- "$@" 2>/dev/null); then
    printf '%s\n' "$records"
    exit 0
  fi
  for record; do [ ! -e "$record" ] || cat "$record"; done
}

open_server() {
  [ -e "$1/server.json" ] || refuse not-found
  cat "$1/server.json"
}

relabel() { # name; the record by stdin
  part=$state/relabel-$$
  receive "$part"
  trap 'rm -f "$part"' EXIT
  fence "$state"
  unfence
  cd "$1" 2>/dev/null || refuse not-found
  fence "$state"
  mv -T "../$part" server.json
}

# Killed, then moved out of sight, then killed again: nobody can start anything in between, because the lock is ours.
retire() { # name
  mkdir -p "$state"
  fence "$state"
  unfence
  if [ -d "$1" ]; then
    cd "$1"
    fence "$state"
    mark
    sweep family "CHANGEOVER_SERVER=$server_id"
    : >"$state/retired"
    # Where its sockets lie when this folder is too deep for them: src/model/socket-folder.ts
    rm -rf "/tmp/changeover-$(printf %s "$PWD" | sha256sum | cut -c1-16)"
    cd ..
    mv -T "$1" "$state/retired-$1-$server_id" || refuse "failed cannot move $1"
    sweep family "CHANGEOVER_SERVER=$server_id"
  fi
  for rest in "$state/retired-$1-"*; do
    [ ! -d "$rest" ] || rm -rf "$rest" || { sleep 0.1; rm -rf "$rest"; } || refuse "failed cannot remove $rest"
  done
}

# Who listens, which addresses are ours, and from which port on an ordinary user may listen.
listeners() {
  echo "ports $(cat /proc/sys/net/ipv4/ip_unprivileged_port_start) $(id -u)"
  awk '/\|-- /{ address = $2 } /host LOCAL/ { print "local", address }' /proc/net/fib_trie
  awk '$4 == "0A" { print "listener", $2, $10 }' /proc/net/tcp /proc/net/tcp6 2>/dev/null
}

# The names of the programs that hold this socket open; only its owner and root may see them.
socket_owner() { # inode
  for path in $(find /proc/[0-9]*/fd -lname "socket:\[$1\]" 2>/dev/null); do
    path=${path#/proc/}
    read -r program <"/proc/${path%%/*}/comm" && echo "$program (process ${path%%/*})"
  done
}

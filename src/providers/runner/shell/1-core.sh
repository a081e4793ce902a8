# Runs on the host, started once for each request: sh runner.sh VERB FOLDER TOKEN BYTES [ARGUMENT...]; BYTES of stdin.
# Needs a POSIX shell, /proc, util-linux (flock, setsid) and GNU coreutils, grep and tar; nothing stays installed.
set -u
runner=$0 verb=$1 folder=$2 token=$3 bytes=$4
shift 4
PATH="${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin"
state=.changeover
newline='
'

# The only way out with a reason; the control plane reads this line.
refuse() {
  printf 'changeover refused: %s\n' "$*" >&2
  exit 113
}

# Keeps the input, or so many bytes of it, in a file. A control plane that dies while it sends leaves half of it, which
# nobody may use.
receive() { # path, bytes, and whether more is to follow
  (umask 077; if [ -n "${3-}" ]; then head -c "$2"; else cat; fi >"$1") && [ "$(stat -c %s "$1")" -eq "${2-$bytes}" ] && return
  rm -f -- "$1"
  refuse 'failed the input was cut short or could not be written'
}

# Tells the starter that the work is registered, and lets go of its locks; the starter may have died meanwhile.
announce() {
  trap '' PIPE
  echo begun 2>/dev/null
  trap - PIPE
  exec 8>&- 9>&- >/dev/null 2>&1
}

# Takes the lock of a folder (kept on descriptor 9) and refuses a control plane that a newer one has replaced.
fence() {
  [ -d "$1" ] || refuse not-found
  exec 9>>"$1/lock"
  flock -w 30 9 || refuse busy
  [ ! -e "$1/retired" ] && [ -e "$1/lock" ] || refuse not-found
  newest=0
  [ ! -e "$1/token" ] || read -r newest <"$1/token"
  [ "$token" -ge "$newest" ] || refuse "stale-token $newest"
  [ "$token" -eq "$newest" ] || { printf '%s\n' "$token" >"$1/token.new" && mv "$1/token.new" "$1/token"; }
}
unfence() { exec 9>&-; }

# One long change of a service or a lease at a time (kept on descriptor 8), without keeping others from the server.
turn() {
  exec 8>>"$1/lock"
  flock -w 90 8 || refuse busy
}

# Sets `now` to hundredths of a second since the host was started: no clock correction moves it, and nothing is forked.
uptime() {
  read -r now _ </proc/uptime
  now=${now%.*}${now#*.}
}
wall_clock() { date +%s%3N; }

# Sets `identity`: a pid may come back, a pid with its start time in this boot can not. A zombie is dead.
identify() {
  identity=
  read -r line 2>/dev/null <"/proc/$1/stat" || return 1
  line=${line##*) }
  case $line in [ZXx]*) return 1 ;; esac
  read -r boot </proc/sys/kernel/random/boot_id
  pid=$1
  set -- $line
  identity="$pid ${20} $boot"
}
# True when this very process still lives; sets `pid` to it.
is_alive() {
  wanted=$1
  [ -n "$wanted" ] && identify "${wanted%% *}" && [ "$identity" = "$wanted" ]
}
# The same for the process that wrote its identity into a file.
lives() {
  [ -e "$1" ] && read -r written 2>/dev/null <"$1" && is_alive "$written"
}

# Pids of the processes that were started with this in their environment; daemons keep it whatever session they join.
marked() {
  for path in $(grep -lszxF -- "$1" /proc/[0-9]*/environ); do
    path=${path#/proc/}
    printf '%s ' "${path%/environ}"
  done
}
# The same, with everything below them: some programs overwrite or clear their environment.
family() {
  found=$(marked "$1")
  [ -z "$found" ] || cat /proc/[0-9]*/stat 2>/dev/null | sed 's/^\([0-9]*\) (.*) . \([0-9]*\) .*/\1 \2/' | awk -v found="$found" '
    BEGIN { count = split(found, roots, " "); for (i = 1; i <= count; i++) in_family[roots[i]] = 1 }
    { parent[$1] = $2 }
    END {
      do { grown = 0; for (pid in parent) if (!(pid in in_family) && (parent[pid] in in_family)) { in_family[pid] = 1; grown = 1 } } while (grown)
      for (pid in in_family) printf "%s ", pid
    }'
}
# Kills all that `marked` or `family` finds, until it finds none.
sweep() {
  rounds=0
  while targets=$("$1" "$2") && [ -n "$targets" ]; do
    # Stopped first, all of them: a shell whose child is killed would go on with its next command until its own turn.
    kill -STOP $targets 2>/dev/null
    kill -KILL $targets 2>/dev/null
    rounds=$((rounds + 1))
    [ "$rounds" -lt 300 ] || refuse "unkillable $targets"
    [ "$rounds" -lt 3 ] || sleep 0.02
  done
}

# Waits until no process of the list lives, at most so many hundredths of a second.
await_end() {
  uptime
  deadline=$((now + $1))
  shift
  for watched; do
    while identify "$watched"; do
      uptime
      [ "$now" -lt "$deadline" ] || return 1
      sleep 0.02
    done
  done
}

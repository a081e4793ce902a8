
# SERVICES: a supervisor of its own for each, which is the first to be ended and the only one to restart anything.

service_start() { # name
  service=$state/services/$1
  definition=$state/definition-$$
  receive "$definition"
  trap 'rm -f "$definition"' EXIT
  fence "$state"
  unfence
  ! mkdir "$service" 2>/dev/null || fresh=yes
  turn "$service"
  fence "$state"
  mark
  if [ ! -e "$service/stopped" ] && lives "$service/supervisor" && cmp -s "$definition" "$service/definition"; then exit 0; fi
  mv "$definition" "$service/definition"
  unfence
  # Looking for what is left of an earlier start means a look at every process.
  [ -n "${fresh-}" ] || end_service "$1" 1000
  # Ending took a while, and somebody newer may have come.
  fence "$state"
  rm -f "$service/stopped"
  begun=$(CHANGEOVER_SERVER=$server_id CHANGEOVER_SUPERVISOR=$server_id/$1 \
    setsid -f sh "$runner" service-run "$folder" "$token" 0 "$1" </dev/null 2>&1)
  [ "$begun" = begun ] || refuse "failed the service did not begin: $begun"
}

service_stop() { # name, grace in hundredths of a second
  service=$state/services/$1
  fence "$state"
  [ -d "$service" ] || exit 0
  unfence
  turn "$service"
  fence "$state"
  mark
  : >"$service/stopped"
  unfence
  end_service "$1" "$2"
}

end_service() {
  sweep marked "CHANGEOVER_SUPERVISOR=$server_id/$1"
  members=$(family "CHANGEOVER_SERVICE=$server_id/$1")
  [ -n "$members" ] || return 0
  kill -TERM $members 2>/dev/null
  await_end "$2" $members || :
  sweep family "CHANGEOVER_SERVICE=$server_id/$1"
}

service_run() {
  service=$state/services/$1
  mark
  identify $$
  (umask 077; : >>"$service/log")
  restarts=0 short=0 pause=0.1
  (exec 8>&- 9>&- >/dev/null 2>&1; while sleep 10; do trim "$service/log"; done) &
  while :; do
    (
      exec 8>&- 9>&- >>"$service/log" 2>&1 </dev/null
      export CHANGEOVER_SERVICE="$server_id/$1"
      . "$service/definition"
      cd "$changeover_cwd" || exit 125
      # A background process of a shell begins with these two ignored, and would not hear them.
      exec env -u CHANGEOVER_SUPERVISOR --default-signal=INT --default-signal=QUIT sh -c "$changeover_command"
    ) &
    child=$!
    uptime
    begun_at=$now
    identify "$child" || :
    # One line, read at once: facts of two runs must not be mixed.
    printf '%s %s %s %s\n' "$restarts" "$short" "$begun_at" "$identity" >"$service/run.new"
    mv "$service/run.new" "$service/run"
    if [ "$restarts" -eq 0 ]; then
      identify $$
      printf '%s\n' "$identity" >"$service/supervisor.new" && mv "$service/supervisor.new" "$service/supervisor"
      announce
    fi
    wait "$child"
    uptime
    if [ $((now - begun_at)) -lt 200 ]; then short=$((short + 1)); else short=0; fi
    case $short in 0 | 1) pause=0.1 ;; 2) pause=0.2 ;; 3) pause=0.4 ;; 4) pause=0.8 ;; 5) pause=1.6 ;; *) pause=2 ;; esac
    sleep "$pause"
    restarts=$((restarts + 1))
  done
}

# Services append, so that cutting the file in place is safe; the end of what is cut stays beside it.
trim() {
  size=$(stat -c %s "$1") && [ "$size" -gt 8388608 ] || return 0
  (umask 077; tail -c 1048576 "$1" >"$1.old")
  tail -c 65536 "$1.old" >"$1"
}

service_state() {
  service=$state/services/$1
  [ -e "$service/definition" ] || { echo absent - 0; exit; }
  restarts=0 short=0 begun_at=0 process='' what=failing child=- left=''
  [ ! -e "$service/run" ] || read -r restarts short begun_at process <"$service/run"
  if [ -e "$service/stopped" ]; then
    mark
    # The supervisor first: once it is gone, nothing new comes.
    left=$(marked "CHANGEOVER_SUPERVISOR=$server_id/$1")$(family "CHANGEOVER_SERVICE=$server_id/$1")
    [ -n "$left" ] || what=stopped
  elif lives "$service/supervisor" && is_alive "$process"; then
    # What died at once a moment ago has to prove itself for two seconds.
    uptime
    [ "$short" -gt 0 ] && [ $((now - begun_at)) -lt 200 ] || { what=running child=$pid; }
  fi
  echo "$what $child $restarts"
  [ ! -e "$service/log" ] || tail -c 8192 "$service/log"
  [ -z "$left" ] || printf '\nchangeover: asked to stop, but still alive: %s\n' "$left"
}

# Answers: how many lines match, where the next look begins (inode:offset), whether more was written than was looked at.
count_lines() { # path, where the last look ended or -, most bytes, bytes that a cut in place leaves, pattern
  [ -f "$1" ] || { echo '0 0:0 whole'; exit; }
  set -- "$@" $(stat -c '%i %s' "$1")
  inode=$6 size=$7 start=$7 how=whole
  case $2 in
  -) ;;
  "$inode":*) start=${2#*:} ;;
  *) start=0 ;;
  esac
  # It was cut, as `trim` does: its beginning is what was there before.
  [ "$start" -le "$size" ] || { start=$4 how=least; }
  [ "$start" -le "$size" ] || start=$size
  [ $((size - start)) -le "$3" ] || { start=$((size - $3)) how=least; }
  piece() { tail -c "+$((start + 1))" -- "$1" | head -c $((size - start)); }
  if [ "$size" -gt "$start" ] && [ "$(piece "$1" | tail -c 1 | wc -l)" -eq 0 ]; then
    rest=$(piece "$1" | tail -n 1 | wc -c)
    # A line that is longer than what is looked at is no line.
    [ "$rest" -ge "$3" ] || size=$((size - rest))
  fi
  lines=$(piece "$1" | LC_ALL=C timeout 5 grep -aEc -e "$5")
  case $? in 0 | 1) ;; *) refuse "failed the pattern can't be used: $5" ;; esac
  echo "$lines $inode:$size $how"
}
service_lines() { # name and the rest
  service=$1
  shift
  # 65536 is what `trim` leaves.
  count_lines "$state/services/$service/log" "$1" "$2" 65536 "$3"
}

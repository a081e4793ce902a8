
# WORK: exec, and jobs that outlive whoever started them. A definition is shell text: exports, then changeover_*.

mark() { read -r server_id <"$state/id"; }

# A definition's own variables may have any name, so nothing of ours is used after it is read.
run_definition() {
  cd "$changeover_cwd" || exit 125
  exec timeout -s KILL "$changeover_seconds" sh -c "$changeover_command"
}
was_killed_in_time() {
  uptime
  [ "$1" -eq 137 ] && [ "$now" -ge $(($2 - 2)) ]
}

exec_once() { # bytes of the definition, limit in hundredths of a second; fence, or look for what changes nothing
  changeover_definition=$(head -c "$1")
  case $changeover_definition in *changeover_whole=yes) ;; *) refuse 'failed the input was cut short' ;; esac
  bytes=$((bytes - $1))
  exec 3</dev/null
  if [ "$bytes" -gt 0 ]; then
    receive "$state/input-$$"
    exec 3<"$state/input-$$"
    rm -f "$state/input-$$"
  fi
  if [ "$3" = look ]; then
    [ -e "$state/id" ] && [ ! -e "$state/retired" ] || refuse not-found
  else
    fence "$state"
    unfence
  fi
  mark
  uptime
  deadline=$((now + $2))
  marker="CHANGEOVER_EXEC=$server_id/$$-$now"
  exec 4>&2 2>/dev/null
  (exec <&3 2>&4 3<&- 4>&-; export CHANGEOVER_SERVER="$server_id" "$marker"; eval "$changeover_definition"; run_definition)
  code=$?
  was_killed_in_time "$code" "$deadline" || exit "$code"
  sweep family "$marker"
  printf 'changeover: killed after its limit\n' >&4
  exit 124
}

# The lock is handed to the job's own process, which lets go of it when it has registered itself. So whoever holds the
# lock and sees no `process` knows that the job never began, however the one who made the folder ended.
job_start() { # id, limit in hundredths of a second
  job=$state/jobs/$1
  definition=$state/definition-$$
  receive "$definition"
  trap 'rm -f "$definition"' EXIT
  fence "$state"
  [ ! -e "$job/process" ] && [ ! -e "$job/cancelled" ] || exit 0
  mark
  mkdir -p "$job" && mv "$definition" "$job/definition" || refuse "failed cannot write $job"
  begun=$(CHANGEOVER_SERVER=$server_id CHANGEOVER_KEEPER=$server_id/$1 \
    setsid -f sh "$runner" job-run "$folder" "$token" 0 "$1" "$2" </dev/null 2>&1)
  [ "$begun" = begun ] || refuse "failed the job did not begin: $begun"
}

job_run() {
  job=$state/jobs/$1
  mark
  identify $$
  wall_clock >"$job/since"
  printf '%s\n' "$identity" >"$job/process.new" && mv "$job/process.new" "$job/process" || exit 1
  announce
  uptime
  deadline=$((now + $2))
  marker="CHANGEOVER_JOB=$server_id/$1"
  (umask 077; : >"$job/output")
  (exec >>"$job/output" 2>&1 </dev/null; export "$marker"; . "$job/definition"; run_definition)
  code=$?
  timed_out=false
  ! was_killed_in_time "$code" "$deadline" || { timed_out=true; sweep family "$marker"; }
  printf '%s %s false\n' "$code" "$timed_out" >"$job/result.new" && mv "$job/result.new" "$job/result"
}

job_state() {
  job=$state/jobs/$1
  if [ -d "$job" ] && [ ! -e "$job/process" ] && [ ! -e "$job/cancelled" ]; then
    # Somebody is starting it right now, or was killed while doing so: when the lock is free, we know.
    exec 9>>"$state/lock"
    flock -w 30 9 || refuse busy
    unfence
  fi
  [ -e "$job/process" ] || [ -e "$job/cancelled" ] || { echo absent; exit; }
  mark
  # The result may come between two looks, so it is looked for again after the process was found gone.
  if [ ! -e "$job/result" ] && { lives "$job/process" || [ -n "$(marked "CHANGEOVER_JOB=$server_id/$1")" ]; }; then
    read -r since <"$job/since"
    echo "running $since"
    exit
  fi
  began=false
  [ ! -e "$job/process" ] || began=true
  if [ -e "$job/result" ]; then
    read -r code timed_out cancelled <"$job/result"
    echo "done $code $timed_out $cancelled $began"
  elif [ -e "$job/cancelled" ]; then
    echo "done 137 false true $began"
  else
    echo lost
  fi
  [ ! -e "$job/output" ] || tail -c 65536 "$job/output"
}

# Also an id that never began is taken: a start that was on its way finds a cancelled job.
job_cancel() {
  job=$state/jobs/$1
  fence "$state"
  [ ! -e "$job/result" ] || exit 0
  mark
  mkdir -p "$job" && : >"$job/cancelled" || refuse "failed cannot write $job"
  ! lives "$job/process" || { kill -KILL "$pid"; await_end 500 "$pid"; }
  # By what its keeper began with, so that also a child is found that was about to become the command.
  sweep family "CHANGEOVER_KEEPER=$server_id/$1"
  [ -e "$job/result" ] || { echo 137 false true >"$job/result.new" && mv "$job/result.new" "$job/result"; }
}

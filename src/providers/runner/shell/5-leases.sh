
# LEASES: a deadline by the time since the host was started, and a watcher that acts when it has passed.

lease_set() { # name, hundredths of a second
  lease=$state/leases/$1
  definition=$state/definition-$$
  receive "$definition"
  trap 'rm -f "$definition"' EXIT
  fence "$state"
  unfence
  mkdir -p "$lease"
  turn "$lease"
  fence "$state"
  mv "$definition" "$lease/definition"
  rm -f "$lease/lapsed" "$lease/lapsing"
  uptime
  read -r boot </proc/sys/kernel/random/boot_id
  printf '%s %s\n' "$((now + $2))" "$boot" >"$lease/deadline.new" && mv "$lease/deadline.new" "$lease/deadline"
  watch_lease "$1"
}

watch_lease() {
  lives "$lease/watcher" && return
  mark
  begun=$(CHANGEOVER_SERVER=$server_id setsid -f sh "$runner" lease-watch "$folder" "$token" 0 "$1" </dev/null 2>&1)
  [ "$begun" = begun ] || refuse "failed the lease has no watcher: $begun"
}

# Sets `left`; nothing is left of a deadline from before the host was restarted.
time_left() {
  left=0
  read -r at boot_then 2>/dev/null <"$lease/deadline" || return 1
  read -r boot </proc/sys/kernel/random/boot_id
  uptime
  [ "$boot" != "$boot_then" ] || [ "$at" -le "$now" ] || left=$((at - now))
}

lease_watch() {
  lease=$state/leases/$1
  identify $$
  printf '%s\n' "$identity" >"$lease/watcher.new" && mv "$lease/watcher.new" "$lease/watcher" || exit 1
  announce
  while :; do
    if time_left && [ "$left" -gt 0 ]; then
      [ "$left" -lt 25 ] || left=25
      sleep "0.$((left / 10))$((left % 10))"
      continue
    fi
    turn "$lease"
    # Renewed or ended while we waited for our turn?
    if time_left && [ "$left" -gt 0 ]; then
      exec 8>&-
      continue
    fi
    [ ! -e "$lease/deadline" ] || [ -e "$state/retired" ] || lapse
    # Whoever has the next turn must not take us for alive.
    rm -f "$lease/watcher"
    exit 0
  done
}

# Said before it is done: nobody renews what has begun to lapse. Done again if the host died in it.
lapse() {
  : >"$lease/lapsing"
  (exec 8>&- >"$lease/output" 2>&1 </dev/null; . "$lease/definition"; run_definition)
  mv "$lease/lapsing" "$lease/lapsed"
}

lease_state() {
  lease=$state/leases/$1
  if [ -e "$lease/deadline" ] && [ ! -e "$lease/lapsed" ] && ! lives "$lease/watcher"; then
    # The host was restarted: the promise is kept as soon as anybody looks.
    turn "$lease"
    [ ! -e "$lease/deadline" ] || [ -e "$lease/lapsed" ] || watch_lease "$1"
  fi
  if [ -e "$lease/lapsed" ] || [ -e "$lease/lapsing" ]; then
    echo lapsed
  elif time_left; then
    echo "held $((left * 10))"
  else
    echo absent
  fi
}

lease_end() {
  lease=$state/leases/$1
  fence "$state"
  [ -d "$lease" ] || exit 0
  unfence
  turn "$lease"
  fence "$state"
  rm -f "$lease/deadline" "$lease/lapsed" "$lease/lapsing" "$lease/definition"
}

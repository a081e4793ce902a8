#!/bin/sh
# Installs the named Debian packages without starting or enabling what they bring; runs as root.
set -eu
umask 022
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
export PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

# Kept in a file until the end: a reader that dies must not break the pipe under dpkg.
log=$(mktemp)
exec 3>&1 >"$log" 2>&1

policy=/usr/sbin/policy-rc.d
mark="# changeover: only while it installs packages"
ours=""

forbid_starts() {
  # A file with our mark was left by an installation that was killed: it is ours to remove.
  if [ -e "$policy" ] || [ -L "$policy" ]; then
    grep -qsF "$mark" "$policy" || return 0
  fi
  ours=yes
  printf '#!/bin/sh\n%s\nexit 101\n' "$mark" >"$policy"
  chmod 755 "$policy"
}

services=""
# Also after a signal: apt finishes the package it is at, and that one must not start with the machine either.
cleanup() {
  for service in $services; do
    if command -v systemctl >/dev/null 2>&1; then systemctl disable "$service" >/dev/null 2>&1 || true; fi
  done
  [ -z "$ours" ] || rm -f "$policy"
  cat "$log" >&3 || true
  rm -f "$log"
}
trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# One at a time: a second start must not remove the policy under the first one's feet.
exec 9>/run/changeover-install.lock
flock -w 600 9 || { echo "another installation by changeover is still running"; exit 1; }

installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

install() {
  apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 "$@" </dev/null 9>&-
}

# apt waits for dpkg's lock by itself, but not for the one over the package lists.
refresh() {
  tries=0
  while [ "$tries" -lt 40 ]; do
    tries=$((tries + 1))
    said=$(apt-get update 2>&1 </dev/null 9>&-) && return 0
    case "$said" in
      *"Could not get lock"*) sleep 3 ;;
      *) break ;;
    esac
  done
  echo "$said"
}

for package in "$@"; do
  case "$package" in
    haproxy) installed haproxy || services="$services haproxy.service" ;;
    knot) installed knot || services="$services knot.service" ;;
    openssh-server) installed openssh-server || services="$services ssh.service ssh.socket" ;;
  esac
done

forbid_starts
# What an older list names may be gone from the mirror, and a bare system has no list: look again, then try once more.
if ! install "$@"; then
  refresh
  install "$@"
fi

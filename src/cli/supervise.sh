#!/bin/sh
# Keeps one control plane of a home running: started again when it is killed, ended when it ends by itself.
home=$1
shift
exec 9>"$home/supervisor.lock"
flock -n 9 || exit 0
echo $$ >"$home/supervisor.pid"
trap 'exit 0' TERM INT
wait_ms=0.2
while :; do
  "$@" 9>&- &
  child=$!
  wait $child
  code=$?
  [ $code -eq 0 ] && exit 0
  echo "$(date -u +%FT%TZ) the control plane ended with $code, starting it again"
  sleep $wait_ms
  [ $wait_ms = 0.2 ] && wait_ms=1
done

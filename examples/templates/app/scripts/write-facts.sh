#!/bin/sh
# Writes down what the server is: facts.txt in its folder, for people who look at it later.
set -eu
memory=$(awk '/^MemTotal:/ { printf "%d", $2 / 1024 }' /proc/meminfo)
cat >"$SERVER_FOLDER/facts.txt.new" <<FACTS
server       $SERVER_NAME of $ENVIRONMENT at $HOST
template     $TEMPLATE
machine      $(uname -m), $(getconf _NPROCESSORS_ONLN) cores, $memory MiB of memory
booted       $(date -u +%Y-%m-%dT%H:%M:%SZ)
rehearsal    ${REHEARSAL:-no}
FACTS
mv "$SERVER_FOLDER/facts.txt.new" "$SERVER_FOLDER/facts.txt"

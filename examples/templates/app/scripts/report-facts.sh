#!/bin/sh
# Prints what was written down at boot, and what the server has left now.
set -eu
cat "$SERVER_FOLDER/facts.txt"
df -Pm "$SERVER_FOLDER" | awk 'END { print "free         " $4 " MiB on " $6 }'
awk '{ print "load         " $1 " " $2 " " $3 }' /proc/loadavg

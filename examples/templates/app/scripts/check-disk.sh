#!/bin/sh
# Stops the boot where the server's disk is too full to begin with.
set -eu
free=$(df -Pm "$SERVER_FOLDER" | awk 'END { print $4 }')
echo "$free MiB are free, $FREE_MIB are needed"
[ "$free" -ge "$FREE_MIB" ]

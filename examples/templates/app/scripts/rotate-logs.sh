#!/bin/sh
# Packs each log of the folder and begins it anew. What writes to it goes on writing to the same file; a line that is
# written between the two may be lost.
set -eu
case $KEEP in '' | *[!0-9]*) echo "KEEP must be a number, not \"$KEEP\"" && exit 2 ;; esac
cd "$SERVER_FOLDER/$LOGS" 2>/dev/null || { echo "there is no folder $LOGS: nothing to do" && exit 0; }
for log in *.log; do
  [ -s "$log" ] || continue
  packed=$log.$(date -u +%Y%m%dT%H%M%SZ).gz
  gzip -c "$log" >"$packed.new"
  : >"$log"
  mv "$packed.new" "$packed"
  echo "packed $log"
  # Their names sort by their time.
  ls -r "$log".*.gz | awk -v keep="$KEEP" 'NR > keep' | while read -r old; do
    rm -f -- "$old"
    echo "removed $old"
  done
done

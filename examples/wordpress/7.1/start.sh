#!/bin/bash
# Runs PHP and nginx until TERM, which lets both finish the requests they have; when one ends by itself, so does the other.
set -eu
cd "$(dirname "$0")"
. ./settings.sh
mkdir -p run

# Sockets and paths are relative to this folder: that of a Unix socket may have 107 characters.
for file in nginx.conf php-fpm.conf; do
  sed -e "s|@HOST@|$HOST|" -e "s|@PORT@|$PORT|" -e "s|@USER@|$(id -un)|" -e "s|@GROUP@|$(id -gn)|" \
    -e "s|@FOLDER@|$PWD|" "$file" > "run/$file"
done
as_root=
[ "$(id -u)" != 0 ] || as_root=--allow-to-run-as-root

# Each in a group of its own: what a killed master leaves behind would keep the socket.
code=0
trap 'code=143' TERM INT
setsid "$php_fpm" $as_root --nodaemonize --force-stderr --prefix . --fpm-config run/php-fpm.conf &
php=$!
setsid nginx -e stderr -p "$PWD" -c run/nginx.conf &
nginx=$!
wait -n "$php" "$nginx" || [ "$code" != 0 ] || code=1

# First who takes requests, then who answers them. Their own configuration says how long they may take.
for ending in "$nginx" "$php"; do
  kill -QUIT "$ending" 2>/dev/null || :
  while kill -0 "$ending" 2>/dev/null; do wait "$ending" || :; done
  kill -KILL -- "-$ending" 2>/dev/null || :
done
exit "$code"

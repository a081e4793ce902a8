#!/bin/sh
# Says whether this server has what WordPress runs on.
set -eu
cd "$(dirname "$0")"
. ./settings.sh
missing=
[ -n "$php_fpm" ] || missing="$missing php-fpm"
command -v nginx >/dev/null || missing="$missing nginx"
command -v php >/dev/null || missing="$missing php-cli"
php -m 2>/dev/null | grep -qx mysqli || missing="$missing php-mysql"
[ -z "$missing" ] || { echo "missing:$missing; apt-get install$missing" >&2; exit 1; }

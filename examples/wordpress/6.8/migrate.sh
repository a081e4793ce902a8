#!/bin/sh
# Brings the schema to this release by WordPress' own functions; on an empty database it also makes the first site.
set -eu
cd "$(dirname "$0")"
. ./settings.sh
exec php migrate.php

#!/bin/sh
# Brings the schema to this release by Directus' own command; on an empty database it also makes the first administrator.
set -eu
cd "$(dirname "$0")"
. ./settings.sh
exec node directus.js bootstrap

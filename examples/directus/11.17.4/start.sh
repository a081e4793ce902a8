#!/bin/sh
# Starts Directus and becomes it, so that TERM reaches it.
set -eu
cd "$(dirname "$0")"
. ./settings.sh
mkdir -p uploads extensions
exec node directus.js start

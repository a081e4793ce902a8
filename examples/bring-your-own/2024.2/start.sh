#!/bin/sh
# Starts the notice board and becomes it, so that TERM reaches it.
set -eu
cd "$(dirname "$0")"
. ./settings.sh
exec node board.mjs
